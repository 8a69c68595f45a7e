/* The stages of a round, and the round as a whole. See round.h. */
#include "learn/round.h"

#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sha256.h"
#include "learn/dataset.h"
#include "learn/files.h"
#include "learn/gather.h"
#include "learn/train.h"

static const char STAGE[] = "learn";
enum { ALL_BYTES = 1 << 30, MOST_FAILED = 100, LEAST_SUITE = 20, SUITE_MADE_UP = 300 };

/* ---- material ---- */

typedef struct heard {
  const learn_context *x;
  const char *stage;
  double began;
} heard;

static int tell_count(void *ctx, size_t done, size_t total) {
  heard *h = ctx;
  double part = total ? (double)done / (double)total : 1;
  double spent = (clock_ms() - h->began) / 1000;
  double left = part > 0.02 ? spent * (1 - part) / part : -1;
  return h->x->on_progress ? h->x->on_progress(h->x->ctx, h->stage, part, left) : 0;
}

static emend_rc make_up(const learn_context *x, size_t count, uint64_t seed, bool reserved,
                        const learn_pairs *people, arena *a, learn_pairs *out,
                        learn_cleaning *report, emend_error *err) {
  store_failed_list failed = {0};
  heard h = {x, "synthesis", clock_ms()};
  emend_rc rc = reserved ? EMEND_OK
                         : store_failed_questions(x->state, str_from(x->about.name), MOST_FAILED, a,
                                                  &failed, err);
  learn_synthesis what = {.count = count,
                          .seed = seed,
                          .reserved = reserved,
                          .failed = &failed,
                          .people = people,
                          .teacher = reserved ? NULL : x->teacher,
                          .on_progress = tell_count,
                          .ctx = &h};
  return rc ? rc : learn_synthesise(&x->about, &what, a, out, report, err);
}

emend_rc learn_make_up(const learn_context *x, size_t count, arena *a, learn_pairs *out,
                       learn_cleaning *report, emend_error *err) {
  learn_pairs people = {0};
  size_t n_opted_out;
  emend_rc rc = learn_gather(x->state, str_from(x->about.name), a, &people, &n_opted_out, err);
  return rc ? rc : make_up(x, count, 1, false, &people, a, out, report, err);
}

emend_rc learn_make_dataset(const learn_context *x, char id[STORE_ID_MAX], emend_error *err) {
  arena *a = arena_create(ALL_BYTES);
  learn_pairs all = {0}, made_up = {0}, clean;
  learn_cleaning made = {0}, report;
  size_t n_opted_out = 0;
  if (!a) return err_nomem(err, STAGE);
  emend_rc rc = learn_gather(x->state, str_from(x->about.name), a, &all, &n_opted_out, err);
  if (!rc) rc = make_up(x, x->synthetic, 1, false, &all, a, &made_up, &made, err);
  for (size_t i = 0; !rc && i < made_up.len; i++)
    if (!vec_push(a, &all, made_up.items[i])) rc = err_nomem(err, STAGE);
  if (!rc && all.len == 0)
    rc = err_set(err, EMEND_ENOTFOUND, STAGE,
                 "there is nothing to learn from yet: no verified feedback, no confirmed question, "
                 "no example, and \"%s\" offers nothing to make questions of",
                 x->about.name);
  if (!rc) rc = learn_pairs_clean(&x->about, &all, a, &clean, &report, err);
  if (!rc) rc = learn_dataset_write(x->state, &x->about, &clean, &report, id, err);
  arena_destroy(a);
  return rc;
}

/* ---- training ---- */

char *learn_model_path(const store *s, str model_id, arena *a) {
  char *folder = store_learn_folder(s, a);
  return folder ? arena_printf(a, "%s/models/%.*s.adapter", folder, STR_ARG(model_id)) : NULL;
}

static emend_rc record_model(const learn_context *x, const learn_dataset *d, const char *id,
                             const char *path, str figures, arena *a, emend_error *err) {
  char now[32], hash[SHA256_HEX];
  str bytes;
  emend_rc rc = files_read(path, ALL_BYTES / 2, a, &bytes, err);
  if (rc) return rc;
  sha256_hex(bytes, hash);
  clock_iso(clock_now(), now);
  store_model m = {.id = str_from(id),
                   .source = str_from(x->about.name),
                   .dataset_id = d->id,
                   .base = str_from(model_name(x->net)),
                   .made_at = str_from(now),
                   .hash = str_from(hash),
                   .status = STR("trained"),
                   .reason = STR("not measured yet"),
                   .figures = figures};
  return store_model_put(x->state, &m, err);
}

static emend_rc train_in(const learn_context *x, str dataset_id, char id[STORE_ID_MAX], arena *a,
                         emend_error *err) {
  learn_dataset d;
  buf figures;
  char *folder = store_learn_folder(x->state, a), *models, *path;
  emend_rc rc = learn_dataset_read(x->state, str_from(x->about.name), dataset_id, a, &d, err);
  if (rc) return rc;
  store_new_id("md_", id);
  models = folder ? arena_printf(a, "%s/models", folder) : NULL;
  path = learn_model_path(x->state, str_from(id), a);
  char *checkpoint =
      folder ? arena_printf(a, "%s/models/%.*s.checkpoint", folder, STR_ARG(d.id)) : NULL;
  if (!models || !path || !checkpoint) return err_nomem(err, STAGE);
  buf_init(&figures, 1 << 16);
  rc = files_make_folder(models, err);
  learn_training t = {.about = &x->about,
                      .net = x->net,
                      .dataset = &d,
                      .threads = x->threads,
                      .steps = x->steps,
                      .checkpoint = checkpoint,
                      .out = path,
                      .on_progress = x->on_progress,
                      .ctx = x->ctx};
  if (!rc) rc = learn_train_adapter(&t, &figures, err);
  if (!rc) rc = record_model(x, &d, id, path, buf_str(&figures), a, err);
  buf_free(&figures);
  return rc;
}

emend_rc learn_train(const learn_context *x, str dataset_id, char id[STORE_ID_MAX],
                     emend_error *err) {
  arena *a = arena_create(ALL_BYTES);
  if (!a) return err_nomem(err, STAGE);
  emend_rc rc = train_in(x, dataset_id, id, a, err);
  arena_destroy(a);
  return rc;
}

/* ---- measuring ---- */

static void write_figures(jw *w, const char *key, const learn_figures *f) {
  jw_object(w, key);
  jw_int(w, "n", (int64_t)f->n);
  jw_int(w, "right", (int64_t)f->right);
  jw_int(w, "n_people", (int64_t)f->n_people);
  jw_int(w, "right_people", (int64_t)f->right_people);
  jw_int(w, "delivered", (int64_t)f->delivered);
  jw_int(w, "wrong_delivered", (int64_t)f->wrong_unwarned);
  jw_int(w, "unsafe", (int64_t)f->unsafe);
  jw_fixed(w, "p50_ms", f->p50_ms, 2);
  jw_object_end(w);
}

static void write_verdict(jw *w, const learn_context *x, const learn_verdict *v) {
  jw_str(w, "against", x->running_id);
  jw_bool(w, "promote", v->promote);
  jw_text(w, "reason", v->reason);
  jw_int(w, "gained", (int64_t)v->all.gained);
  jw_int(w, "lost", (int64_t)v->all.lost);
  jw_fixed(w, "difference", v->all.difference, 4);
  jw_fixed(w, "low", v->all.low, 4);
  jw_fixed(w, "high", v->all.high, 4);
  write_figures(w, "before", &v->before);
  write_figures(w, "now", &v->now);
}

/* The version's figures so far, with the verdict beside them. */
static bool add_verdict(const learn_context *x, const learn_verdict *v, str so_far, buf *out) {
  json_error_t why;
  jw w;
  json_t *old = json_loadb(so_far.ptr, so_far.len, 0, &why);
  char training[1024];
  json_t *trained = json_object_get(old, "training");
  size_t n = trained ? json_dumpb(trained, training, sizeof training, JSON_COMPACT) : 0;
  jw_begin(&w, out);
  jw_object(&w, NULL);
  if (n > 0 && n <= sizeof training) jw_raw(&w, "training", (str){training, n});
  jw_object(&w, "measured");
  write_verdict(&w, x, v);
  jw_object_end(&w);
  jw_object_end(&w);
  json_decref(old);
  return !out->failed;
}

static emend_rc load_suite(const learn_context *x, str dataset_id, arena *a, learn_pairs *suite,
                           emend_error *err) {
  learn_dataset d;
  learn_pairs made_up;
  learn_cleaning report;
  /* Two questions for each pair learnt from tell a gain of three points from luck. */
  size_t most = 2 * x->synthetic < SUITE_MADE_UP ? 2 * x->synthetic : SUITE_MADE_UP;
  if (most < LEAST_SUITE) most = LEAST_SUITE;
  emend_rc rc = learn_dataset_read(x->state, str_from(x->about.name), dataset_id, a, &d, err);
  if (!rc) rc = make_up(x, most, 2, true, NULL, a, &made_up, &report, err);
  return rc ? rc
            : learn_suite_load(x->state, &x->about, &d.reserved, &made_up, most, a, suite, err);
}

static emend_rc measure(const learn_context *x, const store_model *m, arena *a, learn_verdict *out,
                        emend_error *err) {
  learn_pairs suite;
  learn_mark *before, *now;
  model_adapter *trained = NULL;
  heard h = {x, "evaluation", clock_ms()};
  learn_suite_run_options opt = {.gen = x->gen, .on_progress = tell_count, .ctx = &h};
  char *path = learn_model_path(x->state, m->id, a);
  emend_rc rc = path ? model_adapter_load(x->net, path, &trained, err) : err_nomem(err, STAGE);
  if (!rc) rc = load_suite(x, m->dataset_id, a, &suite, err);
  opt.adapter = x->running;
  if (!rc) rc = learn_suite_run(&x->about, &suite, &opt, a, &before, err);
  opt.adapter = trained;
  h = (heard){x, "evaluation of the new version", clock_ms()};
  if (!rc) rc = learn_suite_run(&x->about, &suite, &opt, a, &now, err);
  if (!rc) *out = learn_suite_judge(&suite, before, now, a);
  model_adapter_free(trained);
  return rc;
}

static emend_rc find_model(const learn_context *x, str model_id, arena *a, store_model *m,
                           emend_error *err) {
  emend_rc rc = store_model_get(x->state, model_id, a, m, err);
  if (!rc && !str_eq(m->source, str_from(x->about.name)))
    rc = err_set(err, EMEND_EUSAGE, STAGE, "%.*s was trained for \"%.*s\", not for \"%s\"",
                 STR_ARG(model_id), STR_ARG(m->source), x->about.name);
  return rc;
}

emend_rc learn_evaluate(const learn_context *x, str model_id, learn_verdict *out,
                        emend_error *err) {
  store_model m;
  buf figures;
  arena *a = arena_create(ALL_BYTES);
  buf_init(&figures, 1 << 20);
  emend_rc rc = a ? find_model(x, model_id, a, &m, err) : err_nomem(err, STAGE);
  if (!rc) rc = measure(x, &m, a, out, err);
  if (!rc && !add_verdict(x, out, m.figures, &figures)) rc = err_nomem(err, STAGE);
  if (!rc) {
    m.figures = buf_str(&figures);
    m.reason = str_from(out->reason);
    if (!out->promote && !str_eq(m.status, STR("promoted"))) m.status = STR("rejected");
    rc = store_model_put(x->state, &m, err);
  }
  buf_free(&figures);
  arena_destroy(a);
  return rc;
}

/* ---- promotion ---- */

/* Was it measured against what answers now, and found better? */
static emend_rc look_at_verdict(const learn_context *x, const store_model *m, emend_error *err) {
  json_error_t why;
  json_t *figures = json_loadb(m->figures.ptr, m->figures.len, 0, &why);
  json_t *measured = json_object_get(figures, "measured");
  const char *against = json_string_value(json_object_get(measured, "against"));
  const char *reason = json_string_value(json_object_get(measured, "reason"));
  emend_rc rc = EMEND_OK;
  if (!against || !str_eq(str_from(against), x->running_id))
    rc = err_set(err, EMEND_EREFUSED, STAGE,
                 "%.*s was not measured against what answers now; run: emend learn evaluate %.*s",
                 STR_ARG(m->id), STR_ARG(m->id));
  else if (!json_is_true(json_object_get(measured, "promote")))
    rc = err_set(err, EMEND_EREFUSED, STAGE, "%.*s is not promoted: %s", STR_ARG(m->id),
                 reason ? reason : "it was not found better");
  json_decref(figures);
  return rc;
}

emend_rc learn_promote(const learn_context *x, str model_id, emend_error *err) {
  store_model m;
  arena *a = arena_create(1 << 24);
  emend_rc rc = a ? find_model(x, model_id, a, &m, err) : err_nomem(err, STAGE);
  if (!rc && !str_eq(x->running_id, model_id)) rc = look_at_verdict(x, &m, err);
  if (!rc) rc = store_promote(x->state, str_from(x->about.name), model_id, x->user, m.reason, err);
  arena_destroy(a);
  return rc;
}

/* ---- the round ---- */

/* Held while a process is at a round of this source. */
static emend_rc take_lock(const learn_context *x, arena *a, int *fd, emend_error *err) {
  char *folder = store_learn_folder(x->state, a);
  char *path = folder ? arena_printf(a, "%s/%s.lock", folder, x->about.name) : NULL;
  *fd = -1;
  if (!path) return err_nomem(err, STAGE);
  emend_rc rc = files_make_folder(folder, err);
  return rc ? rc : files_lock(path, fd, err);
}

/* What a round has made so far: its record's detail. */
static void read_detail(const store_round *r, learn_round_report *out) {
  json_error_t why;
  json_t *detail = json_loadb(r->detail.ptr, r->detail.len, 0, &why);
  const char *dataset = json_string_value(json_object_get(detail, "dataset"));
  const char *version = json_string_value(json_object_get(detail, "model"));
  snprintf(out->dataset, sizeof out->dataset, "%s", dataset ? dataset : "");
  snprintf(out->model, sizeof out->model, "%s", version ? version : "");
  json_decref(detail);
}

static emend_rc put_round(const learn_context *x, store_round *r, const learn_round_report *out,
                          const char *stage, emend_error *err) {
  char now[32], detail[256];
  clock_iso(clock_now(), now);
  int n = snprintf(detail, sizeof detail, "{\"dataset\":\"%s\",\"model\":\"%s\",\"promoted\":%s}",
                   out->dataset, out->model, out->promoted ? "true" : "false");
  r->stage = str_from(stage);
  r->detail = (str){detail, n > 0 ? (size_t)n : 0};
  r->updated_at = str_from(now);
  r->outcome = str_from(out->outcome);
  emend_rc rc = store_round_put(x->state, r, err);
  r->detail = r->updated_at = (str){0};
  return rc;
}

/* The stage that `r` stands at, and then the next one. */
static emend_rc run_stage(const learn_context *x, store_round *r, learn_round_report *out,
                          const char **next, emend_error *err) {
  emend_rc rc = EMEND_OK;
  if (str_eq(r->stage, STR("dataset"))) {
    *next = "train";
    rc = learn_make_dataset(x, out->dataset, err);
  } else if (str_eq(r->stage, STR("train"))) {
    *next = "evaluate";
    rc = learn_train(x, str_from(out->dataset), out->model, err);
  } else if (str_eq(r->stage, STR("evaluate"))) {
    learn_verdict v;
    rc = learn_evaluate(x, str_from(out->model), &v, err);
    *next = "promote";
  } else {
    *next = "done";
    emend_error why;
    rc = learn_promote(x, str_from(out->model), &why);
    out->promoted = rc == EMEND_OK;
    if (rc == EMEND_OK)
      snprintf(out->outcome, sizeof out->outcome, "%s answers now", out->model);
    else if (rc == EMEND_EREFUSED)
      snprintf(out->outcome, sizeof out->outcome, "%.240s", why.msg);
    else if (err)
      *err = why;
    if (rc == EMEND_EREFUSED) rc = EMEND_OK;
  }
  return rc;
}

static emend_rc begin_round(const learn_context *x, const char *cause, arena *a, store_round *r,
                            learn_round_report *out, emend_error *err) {
  char now[32];
  emend_rc rc = store_round_open(x->state, str_from(x->about.name), a, r, err);
  if (rc) return rc;
  out->resumed = r->id.len > 0;
  if (out->resumed) {
    snprintf(out->id, sizeof out->id, "%.*s", STR_ARG(r->id));
    read_detail(r, out);
    return EMEND_OK;
  }
  store_new_id("rd_", out->id);
  clock_iso(clock_now(), now);
  *r = (store_round){.id = str_from(out->id),
                     .source = str_from(x->about.name),
                     .cause = str_from(cause),
                     .started_at = arena_str(a, str_from(now))};
  return put_round(x, r, out, "dataset", err);
}

emend_rc learn_round(const learn_context *x, const char *cause, learn_round_report *out,
                     emend_error *err) {
  store_round r;
  emend_error why;
  arena *a = arena_create(1 << 24);
  *out = (learn_round_report){0};
  if (!a) return err_nomem(err, STAGE);
  int lock;
  emend_rc rc = take_lock(x, a, &lock, &why);
  if (!rc) rc = begin_round(x, cause, a, &r, out, &why);
  while (!rc && !str_eq(r.stage, STR("done"))) {
    const char *next;
    rc = run_stage(x, &r, out, &next, &why);
    if (!rc) rc = put_round(x, &r, out, next, &why);
  }
  /* What cannot be done at all ends the round; what was only cut off leaves it open. */
  if (rc && lock >= 0 &&
      (rc == EMEND_ENOTFOUND || rc == EMEND_EUSAGE || rc == EMEND_EFORMAT ||
       rc == EMEND_EVERSION)) {
    snprintf(out->outcome, sizeof out->outcome, "%.240s", why.msg);
    put_round(x, &r, out, "done", NULL);
  }
  if (rc && err) *err = why;
  if (lock >= 0) close(lock);
  arena_destroy(a);
  return rc;
}

emend_rc learn_is_due(store *s, str about, int64_t threshold, double hours, const char **cause,
                      emend_error *err) {
  int64_t failures;
  store_rounds rounds;
  char since[32];
  arena *a = arena_create(1 << 26);
  *cause = NULL;
  if (!a) return err_nomem(err, STAGE);
  emend_rc rc = store_failures_since_round(s, about, &failures, err);
  if (!rc) rc = store_round_list(s, about, a, &rounds, err);
  if (!rc && failures > threshold) *cause = "failures";
  if (!rc && !*cause && hours > 0) {
    clock_iso(clock_now() - (int64_t)(hours * 3600), since);
    bool recent = rounds.len && str_cmp(rounds.items[0].started_at, str_from(since)) > 0;
    if (!recent) *cause = "schedule";
  }
  if (!rc && rounds.len && !str_eq(rounds.items[0].stage, STR("done"))) *cause = "resumed";
  arena_destroy(a);
  return rc;
}
