/* emend_learn: a source, its connection and the network, handed to learn/'s stages; and what came
 * of them as JSON. */
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"
#include "learn/dataset.h"
#include "learn/export.h"
#include "learn/files.h"
#include "learn/round.h"

enum { SYNTHETIC = 200, THRESHOLD = 10, EXPORT_BYTES = 512 << 20, MOST_LISTED = 50 };

/* A call: what it works with, and the report that it fills. */
typedef struct learning {
  emend_engine *e;
  const emend_learn_options *opt;
  arena *mem; /* the report's */
  emend_learn_report *report;
  buf json;
  jw w;
  store *state;
  engine_source *source; /* NULL: no one source is meant */
  catalog *cat;
  engine_connection *taken;
  engine_adapter *running;
  learn_context ctx;
} learning;

/* ---- what is worked with ---- */

static emend_rc open_source(learning *x, bool needed, emend_error *err) {
  engine_source **all;
  size_t n;
  emend_rc rc = engine_source_all(x->e, x->mem, &all, &n, err);
  if (rc || (!needed && !x->opt->source && n != 1)) return rc;
  rc = engine_source_find(x->e, x->opt->source, &x->source, err);
  return rc;
}

static emend_rc open_database(learning *x, emend_error *err) {
  emend_rc rc = engine_catalog(x->e, x->source, &x->cat, err);
  if (!rc) rc = engine_take(x->e, x->source, &x->taken, err);
  return rc;
}

static emend_rc open_network(learning *x, emend_error *err) {
  emend_rc rc = x->e->backend.is_server ? engine_second(x->e, &x->ctx.gen, err)
                                        : engine_generator(x->e, &x->ctx.gen, err);
  if (!rc && !(x->ctx.net = x->ctx.gen ? gen_network(x->ctx.gen) : NULL))
    rc = err_set(err, EMEND_EUSAGE, "learn",
                 "only the embedded network learns in this process, and its weights are not there "
                 "(for a language model: emend learn dataset --format chat, and tools/trainers)");
  if (!rc) rc = engine_adapter_take(x->e, x->source, &x->running, err);
  return rc;
}

static void fill_context(learning *x) {
  x->ctx.state = x->state;
  x->ctx.about = (learn_about){.name = x->source->name,
                               .cat = x->cat,
                               .db = x->taken ? x->taken->db : NULL,
                               .cancels = &x->e->cancels};
  x->ctx.running = x->running ? x->running->it : NULL;
  x->ctx.running_id = str_from(x->running ? x->running->id : "");
  x->ctx.synthetic = x->opt->synthetic ? x->opt->synthetic : SYNTHETIC;
  x->ctx.threads = x->opt->threads;
  x->ctx.steps = x->opt->steps;
  x->ctx.user = str_from(x->opt->user);
  x->ctx.on_progress = x->opt->on_progress;
  x->ctx.ctx = x->opt->ctx;
}

/* The model server that a back end names writes no answers here: it teaches. */
static emend_rc find_teacher(learning *x, emend_error *err) {
  return x->e->backend.is_server ? engine_generator(x->e, &x->ctx.teacher, err) : EMEND_OK;
}

/* ---- the report ---- */

static void say(learning *x, const char *id, const char *text) {
  x->report->id = id && id[0] ? engine_text(x->mem, str_from(id)) : NULL;
  x->report->text = engine_text(x->mem, str_from(text));
}

static void write_record(jw *w, const char *key, str json) {
  if (json.len)
    jw_raw(w, key, json);
  else
    jw_null(w, key);
}

static emend_rc write_datasets(learning *x, str about, emend_error *err) {
  store_datasets all;
  emend_rc rc = store_dataset_list(x->state, about, x->mem, &all, err);
  jw_array(&x->w, "datasets");
  for (size_t i = 0; !rc && i < all.len && i < MOST_LISTED; i++)
    jw_raw(&x->w, NULL, all.items[i].manifest);
  jw_array_end(&x->w);
  return rc;
}

static void write_model(jw *w, const char *key, const store_model *m) {
  jw_object(w, key);
  jw_str(w, "id", m->id);
  jw_str(w, "source", m->source);
  jw_str(w, "dataset", m->dataset_id);
  jw_str(w, "base", m->base);
  jw_str(w, "made_at", m->made_at);
  jw_str(w, "sha256", m->hash);
  jw_str(w, "status", m->status);
  jw_str(w, "reason", m->reason);
  write_record(w, "figures", m->figures);
  jw_object_end(w);
}

static emend_rc write_models(learning *x, str about, emend_error *err) {
  store_models all;
  emend_rc rc = store_model_list(x->state, about, x->mem, &all, err);
  jw_array(&x->w, "models");
  for (size_t i = 0; !rc && i < all.len && i < MOST_LISTED; i++)
    write_model(&x->w, NULL, &all.items[i]);
  jw_array_end(&x->w);
  return rc;
}

static emend_rc write_rounds(learning *x, str about, emend_error *err) {
  store_rounds all;
  emend_rc rc = store_round_list(x->state, about, x->mem, &all, err);
  jw_array(&x->w, "rounds");
  for (size_t i = 0; !rc && i < all.len && i < MOST_LISTED; i++) {
    const store_round *r = &all.items[i];
    jw_object(&x->w, NULL);
    jw_str(&x->w, "id", r->id);
    jw_str(&x->w, "source", r->source);
    jw_str(&x->w, "cause", r->cause);
    jw_str(&x->w, "stage", r->stage);
    jw_str(&x->w, "outcome", r->outcome);
    jw_str(&x->w, "started_at", r->started_at);
    jw_str(&x->w, "updated_at", r->updated_at);
    jw_object_end(&x->w);
  }
  jw_array_end(&x->w);
  return rc;
}

static emend_rc write_promotions(learning *x, str about, emend_error *err) {
  store_promotions all = {0};
  emend_rc rc = about.len ? store_promotion_list(x->state, about, x->mem, &all, err) : EMEND_OK;
  jw_array(&x->w, "promotions");
  for (size_t i = 0; !rc && i < all.len && i < MOST_LISTED; i++) {
    const store_promotion *p = &all.items[i];
    jw_object(&x->w, NULL);
    jw_text(&x->w, "model", p->model_id.len ? engine_text(x->mem, p->model_id) : NULL);
    jw_str(&x->w, "kind", p->kind);
    jw_str(&x->w, "at", p->at);
    jw_str(&x->w, "by", p->by);
    jw_str(&x->w, "reason", p->reason);
    jw_object_end(&x->w);
  }
  jw_array_end(&x->w);
  return rc;
}

static long threshold_of(const learning *x) {
  return x->opt->threshold > 0 ? x->opt->threshold : THRESHOLD;
}

/* ---- the actions ---- */

/* "shop: md_… answers; 3 failures since the last round (11 start one)". */
static emend_rc run_status(learning *x, emend_error *err) {
  str about = str_from(x->source ? x->source->name : NULL), running = {0};
  int64_t failures = 0;
  const char *cause = NULL;
  emend_rc rc = EMEND_OK;
  if (about.len) {
    rc = store_promoted(x->state, about, x->mem, &running, err);
    if (!rc) rc = store_failures_since_round(x->state, about, &failures, err);
    if (!rc) rc = learn_is_due(x->state, about, threshold_of(x), x->opt->every_hours, &cause, err);
  }
  jw_text(&x->w, "source", about.len ? about.ptr : NULL);
  jw_text(&x->w, "running", running.len ? engine_text(x->mem, running) : NULL);
  jw_int(&x->w, "failures", failures);
  jw_int(&x->w, "threshold", threshold_of(x));
  jw_text(&x->w, "due", cause);
  if (!rc) rc = write_datasets(x, about, err);
  if (!rc) rc = write_models(x, about, err);
  if (!rc) rc = write_rounds(x, about, err);
  if (!rc) rc = write_promotions(x, about, err);
  if (rc) return rc;
  char text[512] = "everything that was learnt, of all sources";
  if (about.len)
    snprintf(text, sizeof text,
             "%.64s: %.*s; %lld failure%s since the last round (more than %ld start one)",
             about.ptr, running.len ? (int)running.len : 34,
             running.len ? running.ptr : "the weights as shipped answer here", (long long)failures,
             failures == 1 ? "" : "s", threshold_of(x));
  say(x, NULL, text);
  return EMEND_OK;
}

static emend_rc write_pairs(learning *x, const learn_pairs *pairs, emend_error *err) {
  learn_format format = LEARN_EMEND;
  const char *name = x->opt->format ? x->opt->format : "emend";
  buf out;
  if (!x->opt->out) return EMEND_OK;
  if (!learn_format_find(str_from(name), &format))
    return err_set(err, EMEND_EUSAGE, "learn",
                   "there is no format \"%.32s\"; there are emend, chat, sharegpt and alpaca",
                   name);
  buf_init(&out, EXPORT_BYTES);
  emend_rc rc = learn_export(&x->ctx.about, pairs, format, &out, err);
  if (!rc) rc = files_write(x->opt->out, buf_str(&out), err);
  buf_free(&out);
  return rc;
}

static emend_rc run_dataset(learning *x, emend_error *err) {
  char id[STORE_ID_MAX], text[256];
  learn_dataset d;
  emend_rc rc = EMEND_OK;
  if (x->opt->id)
    snprintf(id, sizeof id, "%s", x->opt->id);
  else
    rc = learn_make_dataset(&x->ctx, id, err);
  if (!rc)
    rc = learn_dataset_read(x->state, str_from(x->source->name), str_from(id), x->mem, &d, err);
  if (!rc) rc = write_pairs(x, &d.train, err);
  if (rc) return rc;
  store_datasets all;
  rc = store_dataset_list(x->state, str_from(x->source->name), x->mem, &all, err);
  for (size_t i = 0; !rc && i < all.len; i++)
    if (str_eq(all.items[i].id, str_from(id))) jw_raw(&x->w, "dataset", all.items[i].manifest);
  snprintf(text, sizeof text, "%s: %zu pair%s to train on, %zu set aside to measure with", id,
           d.train.len, str_s(d.train.len), d.reserved.len);
  say(x, id, text);
  return rc;
}

static emend_rc run_synth(learning *x, emend_error *err) {
  learn_pairs made;
  learn_cleaning report;
  buf line;
  char text[128];
  emend_rc rc = learn_make_up(&x->ctx, x->ctx.synthetic, x->mem, &made, &report, err);
  if (!rc) rc = write_pairs(x, &made, err);
  if (rc) return rc;
  buf_init(&line, 1 << 24);
  jw_array(&x->w, "pairs");
  for (size_t i = 0; i < made.len; i++) {
    buf_clear(&line);
    learn_pair_write(&made.items[i], &line);
    if (!line.failed) jw_raw(&x->w, NULL, buf_str(&line));
  }
  jw_array_end(&x->w);
  buf_free(&line);
  snprintf(text, sizeof text, "%zu made-up question%s whose SQL checks, runs and looks right",
           made.len, str_s(made.len));
  say(x, NULL, text);
  return EMEND_OK;
}

static emend_rc show_model(learning *x, const char *id, emend_error *err) {
  store_model m;
  emend_rc rc = store_model_get(x->state, str_from(id), x->mem, &m, err);
  if (!rc) write_model(&x->w, "model", &m);
  return rc;
}

static emend_rc run_train(learning *x, emend_error *err) {
  char id[STORE_ID_MAX], text[256];
  emend_rc rc = learn_train(&x->ctx, str_from(x->opt->id), id, err);
  if (rc) return rc;
  snprintf(text, sizeof text, "%s is trained; measure it with: emend learn evaluate %s", id, id);
  say(x, id, text);
  return show_model(x, id, err);
}

/* The version that is meant: as named, or the newest. */
static emend_rc name_version(learning *x, const char **id, emend_error *err) {
  store_models all;
  *id = x->opt->id;
  if (*id) return EMEND_OK;
  emend_rc rc = store_model_list(x->state, str_from(x->source->name), x->mem, &all, err);
  if (!rc && all.len == 0)
    rc = err_set(err, EMEND_ENOTFOUND, "learn",
                 "\"%s\" has no trained version yet; make one with: emend learn train",
                 x->source->name);
  if (!rc) *id = engine_text(x->mem, all.items[0].id);
  return rc;
}

static emend_rc run_evaluate(learning *x, emend_error *err) {
  const char *id = NULL;
  learn_verdict v;
  char text[512];
  emend_rc rc = name_version(x, &id, err);
  if (!rc) rc = learn_evaluate(&x->ctx, str_from(id), &v, err);
  if (rc) return rc;
  snprintf(text, sizeof text,
           "%s: %zu of %zu right, %zu before; difference %+.1f points (from %+.1f to %+.1f): %s",
           id, v.now.right, v.now.n, v.before.right, 100 * v.all.difference, 100 * v.all.low,
           100 * v.all.high, v.reason);
  x->report->done = v.promote;
  say(x, id, text);
  return show_model(x, id, err);
}

static emend_rc run_promote(learning *x, emend_error *err) {
  const char *id = NULL;
  emend_error why;
  emend_rc rc = name_version(x, &id, err);
  if (rc) return rc;
  rc = learn_promote(&x->ctx, str_from(id), &why);
  x->report->done = rc == EMEND_OK;
  if (rc == EMEND_OK)
    say(x, id, arena_printf(x->mem, "%s answers now", id));
  else if (rc == EMEND_EREFUSED)
    say(x, id, why.msg);
  else if (err)
    *err = why;
  return rc && rc != EMEND_EREFUSED ? rc : show_model(x, id, err);
}

static emend_rc run_rollback(learning *x, emend_error *err) {
  str now = {0};
  emend_rc rc = store_rollback(x->state, str_from(x->source->name), x->ctx.user, x->mem, &now, err);
  if (rc) return rc;
  const char *id = engine_text(x->mem, now.len ? now : STR("the weights as shipped"));
  jw_text(&x->w, "running", now.len ? id : NULL);
  say(x, now.len ? id : NULL, arena_printf(x->mem, "back to %s", id));
  return EMEND_OK;
}

static emend_rc run_round(learning *x, emend_error *err) {
  learn_round_report r;
  const char *cause = "asked";
  emend_rc rc = EMEND_OK;
  if (x->opt->if_due)
    rc = learn_is_due(x->state, str_from(x->source->name), threshold_of(x), x->opt->every_hours,
                      &cause, err);
  if (rc) return rc;
  if (!cause) {
    x->report->done = false;
    jw_bool(&x->w, "due", false);
    say(x, NULL, "it is not time for a round");
    return EMEND_OK;
  }
  rc = learn_round(&x->ctx, cause, &r, err);
  if (rc) return rc;
  jw_text(&x->w, "round", r.id);
  jw_text(&x->w, "dataset", r.dataset);
  jw_bool(&x->w, "promoted", r.promoted);
  jw_bool(&x->w, "resumed", r.resumed);
  jw_text(&x->w, "outcome", r.outcome);
  say(x, r.id, r.outcome);
  return show_model(x, r.model, err);
}

/* ---- the call ---- */

static emend_rc run(learning *x, emend_learn_action action, emend_error *err) {
  static emend_rc (*const actions[])(learning *, emend_error *) = {
      run_status,   run_dataset, run_synth,    run_train,
      run_evaluate, run_promote, run_rollback, run_round};
  bool status = action == EMEND_LEARN_STATUS, rollback = action == EMEND_LEARN_ROLLBACK;
  bool network = action >= EMEND_LEARN_TRAIN && !rollback;
  emend_rc rc = engine_state(x->e, true, &x->state, err);
  if (!rc && !x->state)
    rc = err_set(err, EMEND_EUSAGE, "learn", "learning needs a state; this engine keeps none");
  if (!rc) rc = open_source(x, !status, err);
  if (!rc && !status && !rollback) rc = open_database(x, err);
  if (!rc && network) rc = open_network(x, err);
  if (!rc && !status && !rollback) rc = find_teacher(x, err);
  if (!rc && x->source) fill_context(x);
  if (rc) return rc;
  x->report->done = true;
  jw_begin(&x->w, &x->json);
  jw_object(&x->w, NULL);
  rc = actions[action](x, err);
  if (rc) return rc;
  jw_bool(&x->w, "done", x->report->done);
  jw_text(&x->w, "text", x->report->text);
  jw_object_end(&x->w);
  x->report->json = x->json.failed ? NULL : engine_text(x->mem, buf_str(&x->json));
  return x->report->json && x->report->text ? EMEND_OK : err_nomem(err, "learn");
}

EMEND_API emend_rc emend_learn(emend_engine *e, emend_learn_action action,
                               const emend_learn_options *opt, emend_learn_report **out,
                               emend_error *err) {
  static const emend_learn_options defaults = EMEND_LEARN_OPTIONS_INIT;
  learning x = {.e = e, .opt = opt ? opt : &defaults};
  *out = NULL;
  if ((int)action < 0 || action > EMEND_LEARN_RUN)
    return err_set(err, EMEND_EUSAGE, "learn", "there is no such action");
  x.report = engine_handout(sizeof *x.report, &x.mem);
  if (!x.report) return err_nomem(err, "learn");
  buf_init(&x.json, 128 << 20);
  emend_rc rc = run(&x, action, err);
  buf_free(&x.json);
  engine_adapter_drop(x.running);
  engine_give(x.taken);
  catalog_unref(x.cat);
  if (rc)
    engine_handout_free(x.report);
  else
    *out = x.report;
  return rc;
}

EMEND_API void emend_learn_report_free(emend_learn_report *report) { engine_handout_free(report); }
