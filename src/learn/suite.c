/* Keeping and running a source's suite, and the verdict of it. See suite.h. */
#include "learn/suite.h"

#include <string.h>

#include "base/clock.h"
#include "learn/dataset.h"
#include "learn/files.h"
#include "learn/rows.h"

static const char STAGE[] = "learn";
enum { FILE_BYTES = 64 << 20, WORK_BYTES = 1 << 30, MOST_ROWS = 200000, RUN_MS = 20000 };

/* ---- the file ---- */

/* A source's name is a word of letters, digits, _, - and . */
static char *suite_path(const store *s, const char *source_name, arena *a) {
  char *folder = store_learn_folder(s, a);
  return folder ? arena_printf(a, "%s/suites/%s.jsonl", folder, source_name) : NULL;
}

static emend_rc add_new(const learn_about *about, const learn_pairs *from, size_t most, map *known,
                        arena *a, learn_pairs *out, size_t *added, emend_error *err) {
  for (size_t i = 0; i < from->len && *added < most; i++) {
    learn_pair p = from->items[i];
    learn_fault fault;
    bool good;
    emend_rc rc = learn_pair_check(about, &p, a, &good, &fault, err);
    if (rc) return rc;
    if (!good || map_has(known, p.normal)) continue;
    if (!map_put(known, p.normal, known) || !vec_push(a, out, p)) return err_nomem(err, STAGE);
    ++*added;
  }
  return EMEND_OK;
}

static emend_rc save(const char *path, const learn_pairs *suite, arena *a, emend_error *err) {
  buf b;
  buf_init(&b, FILE_BYTES);
  for (size_t i = 0; i < suite->len; i++) {
    learn_pair_write(&suite->items[i], &b);
    buf_add_c(&b, '\n');
  }
  char *folder = arena_strndup(a, path, (size_t)(strrchr(path, '/') - path));
  emend_rc rc = b.failed || !folder ? err_nomem(err, STAGE) : files_make_folder(folder, err);
  if (!rc) rc = files_write(path, buf_str(&b), err);
  buf_free(&b);
  return rc;
}

emend_rc learn_suite_load(store *s, const learn_about *about, const learn_pairs *reserved,
                          const learn_pairs *made_up, size_t most_made_up, arena *a,
                          learn_pairs *out, emend_error *err) {
  learn_pairs old = {0};
  str text = {0};
  size_t n_old = 0, n_new = 0, n_made_up = 0;
  map *known = map_create(a, false);
  char *path = suite_path(s, about->name, a);
  *out = (learn_pairs){0};
  if (!known || !path) return err_nomem(err, STAGE);
  emend_rc rc = files_read(path, FILE_BYTES, a, &text, err);
  if (rc == EMEND_ENOTFOUND) rc = EMEND_OK;
  if (!rc) rc = learn_pairs_read(text, path, a, &old, err);
  if (!rc) rc = add_new(about, &old, SIZE_MAX, known, a, out, &n_old, err);
  for (size_t i = 0; i < out->len; i++) n_made_up += out->items[i].origin >= LEARN_TEACHER;
  if (!rc) rc = add_new(about, reserved, SIZE_MAX, known, a, out, &n_new, err);
  if (!rc && n_made_up < most_made_up)
    rc = add_new(about, made_up, most_made_up - n_made_up, known, a, out, &n_new, err);
  if (!rc && (n_new || n_old != old.len)) rc = save(path, out, a, err);
  return rc;
}

/* ---- running it ---- */

typedef struct running {
  const learn_about *about;
  const learn_suite_run_options *opt;
} running;

static emend_rc give_connection(void *ctx, size_t i, source **out, emend_error *err) {
  (void)i, (void)err;
  *out = ((running *)ctx)->about->db;
  return EMEND_OK;
}

/* The rows of `sql` in the form in which results are compared; false when it does not run. */
static bool run_query(const learn_about *about, str sql, arena *a, rows *out) {
  check_report report;
  check_options opt = {.dialect = about->cat->dialect};
  source_limits limits = {.timeout_ms = RUN_MS, .max_rows = MOST_ROWS};
  source_result r;
  str mended;
  int n;
  emend_error err;
  return check_sql(sql, about->cat, &opt, a, &report, &err) == EMEND_OK && report.safe &&
         check_mend_dq_text(sql, &report, a, &mended, &n, &err) == EMEND_OK &&
         source_run(about->db, mended, &limits, a, &r, &err) == EMEND_OK && rows_of(&r, a, out);
}

static bool is_ordered(str sql) {
  for (size_t i = 0; i + 8 <= sql.len; i++)
    if (str_eq_nocase(str_slice(sql, i, i + 8), STR("order by"))) return true;
  return false;
}

static bool is_right(const learn_about *about, const learn_pair *p, str sql) {
  arena *a = arena_create(WORK_BYTES);
  rows gold, got;
  bool right = a && run_query(about, p->sql, a, &gold) && run_query(about, sql, a, &got) &&
               rows_match(&gold, &got, is_ordered(p->sql));
  arena_destroy(a);
  return right;
}

static void take_mark(const learn_about *about, const learn_pair *p, const emend_answer *answer,
                      learn_mark *out) {
  out->delivered = answer->has_rows;
  out->warned = answer->n_warnings > 0;
  if (!answer->has_rows) return;
  check_report report;
  check_options opt = {.dialect = about->cat->dialect};
  emend_error err;
  arena *a = arena_create(64 << 20);
  out->unsafe =
      !a || check_sql(str_from(answer->sql), about->cat, &opt, a, &report, &err) || !report.safe;
  arena_destroy(a);
  out->right = !out->unsafe && is_right(about, p, str_from(answer->sql));
}

static emend_rc run_one(running *x, const learn_pair *p, learn_mark *out, emend_error *err) {
  ask_source only = {.name = x->about->name, .cat = x->about->cat, .adapter = x->opt->adapter};
  ask_context ctx = {.sources = &only,
                     .n_sources = 1,
                     .gen = x->opt->gen,
                     .connect = give_connection,
                     .ctx = x,
                     .cancels = x->about->cancels};
  emend_ask_options how = EMEND_ASK_OPTIONS_INIT;
  emend_answer *answer = NULL;
  emend_error why;
  arena *a = arena_create(1 << 16);
  char *question = a ? arena_strndup(a, p->question.ptr, p->question.len) : NULL;
  double since = clock_thread_ms();
  emend_rc rc = question ? ask_run(&ctx, question, &how, &answer, &why) : err_nomem(&why, STAGE);
  out->ms = clock_thread_ms() - since;
  if (!rc) take_mark(x->about, p, answer, out);
  if (!rc) emend_answer_free(answer);
  arena_destroy(a);
  if (rc != EMEND_ECANCELED && rc != EMEND_ENOMEM) return EMEND_OK; /* not answered: not right */
  if (err) *err = why;
  return rc;
}

emend_rc learn_suite_run(const learn_about *about, const learn_pairs *suite,
                         const learn_suite_run_options *opt, arena *a, learn_mark **out,
                         emend_error *err) {
  running x = {about, opt};
  *out = ARENA_ARRAY(a, learn_mark, suite->len + 1);
  if (!*out) return err_nomem(err, STAGE);
  if (!about->db)
    return err_set(err, EMEND_EUSAGE, STAGE,
                   "a version is measured by running queries: \"%s\" is a schema without a "
                   "database",
                   about->name);
  for (size_t i = 0; i < suite->len; i++) {
    if (opt->on_progress && opt->on_progress(opt->ctx, i, suite->len))
      return err_set(err, EMEND_ECANCELED, STAGE, "canceled");
    emend_rc rc = run_one(&x, &suite->items[i], &(*out)[i], err);
    if (rc) return rc;
  }
  return EMEND_OK;
}

/* ---- the verdict ---- */

static bool is_of_people(const learn_pair *p) { return p->origin < LEARN_TEACHER; }

static learn_figures sum_up(const learn_pairs *suite, const learn_mark *marks, arena *a) {
  learn_figures f = {.n = suite->len};
  double *ms = ARENA_ARRAY(a, double, suite->len + 1);
  for (size_t i = 0; i < suite->len; i++) {
    const learn_mark *m = &marks[i];
    f.right += m->right;
    f.delivered += m->delivered;
    f.unsafe += m->unsafe;
    f.wrong_unwarned += m->delivered && !m->right && !m->warned;
    f.n_people += is_of_people(&suite->items[i]);
    f.right_people += is_of_people(&suite->items[i]) && m->right;
    if (ms) ms[i] = m->ms;
  }
  f.p50_ms = ms ? compare_median(ms, suite->len) : 0;
  return f;
}

static compare_pair compare_marks(const learn_pairs *suite, const learn_mark *before,
                                  const learn_mark *now, bool people_only, arena *a) {
  unsigned char *x = arena_alloc(a, suite->len + 1), *y = arena_alloc(a, suite->len + 1);
  size_t n = 0;
  for (size_t i = 0; x && y && i < suite->len; i++) {
    if (people_only && !is_of_people(&suite->items[i])) continue;
    x[n] = before[i].right;
    y[n++] = now[i].right;
  }
  return compare_right(x, y, n);
}

/* NULL when nothing speaks against it. */
static const char *objection(const learn_verdict *v) {
  enum { SLOWER_MS = 20, ENOUGH_PEOPLE = 5 };
  if (v->now.n == 0) return "there is nothing to measure it with";
  if (v->now.unsafe) return "it wrote a query that is not safe";
  if (v->all.gained <= v->all.lost) return "it answers no more questions than before";
  if (v->all.low <= 0) return "its gain may be luck: the lower bound is not above zero";
  if (v->people.lost > v->people.gained) return "it is worse on what people asked";
  if (v->now.n_people >= ENOUGH_PEOPLE && v->now.right_people * 4 < v->now.n_people)
    return "what people gave contradicts what it answers: not one in four of the questions that "
           "were set aside is right";
  if (v->now.wrong_unwarned > v->before.wrong_unwarned)
    return "it delivers more wrong answers without a warning";
  if (v->now.p50_ms > 1.5 * v->before.p50_ms + SLOWER_MS) return "it is slower";
  return NULL;
}

learn_verdict learn_suite_judge(const learn_pairs *suite, const learn_mark *before,
                                const learn_mark *now, arena *a) {
  learn_verdict v = {.all = compare_marks(suite, before, now, false, a),
                     .people = compare_marks(suite, before, now, true, a),
                     .before = sum_up(suite, before, a),
                     .now = sum_up(suite, now, a)};
  v.reason = objection(&v);
  v.promote = !v.reason;
  if (v.promote) v.reason = "it answers more questions, and the gain is no luck";
  return v;
}
