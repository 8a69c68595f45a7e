/* emend_check and emend_judge: one statement held against a source. */
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"

/* ---- check ---- */

static const char *const *copy_texts(arena *a, const str *items, size_t n) {
  const char **out = ARENA_ARRAY(a, const char *, n ? n : 1);
  for (size_t i = 0; out && i < n; i++) out[i] = engine_text(a, items[i]);
  return out;
}

static emend_rc dialect_of(const char *name, const catalog *cat, sql_dialect_id *out,
                           emend_error *err) {
  *out = cat ? cat->dialect : SQL_SQLITE;
  if (!name || sql_dialect_find(str_from(name), out)) return EMEND_OK;
  buf known;
  buf_init(&known, 256);
  for (int i = 0; i < SQL_N_DIALECTS; i++)
    buf_printf(&known, " %s", sql_dialect_name((sql_dialect_id)i));
  emend_rc rc = err_set(err, EMEND_EUSAGE, "check", "there is no dialect \"%.40s\"; there are:%s",
                        name, known.ptr ? known.ptr : "");
  buf_free(&known);
  return rc;
}

/* The catalogs of the other sources, so that a table is found where it really is. */
static emend_rc other_catalogs(emend_engine *e, const engine_source *mine, arena *a, catalog ***out,
                               size_t *n, emend_error *err) {
  engine_source **all;
  size_t n_all;
  emend_rc rc = engine_source_all(e, a, &all, &n_all, err);
  if (rc) return rc;
  *out = ARENA_ARRAY(a, catalog *, n_all ? n_all : 1);
  if (!*out) return err_nomem(err, "check");
  for (size_t i = 0; !rc && i < n_all; i++)
    if (all[i] != mine && !(rc = engine_catalog(e, all[i], &(*out)[*n], err))) ++*n;
  return rc;
}

static emend_rc fill_report(emend_report *r, const check_report *c, str sql, const catalog *cat,
                            sql_dialect_id dialect, arena *a, emend_error *err) {
  r->ok = c->ok;
  r->safe = c->safe;
  r->n_diagnostics = c->diags.len;
  r->diagnostics = ask_diagnostics(&c->diags, a);
  r->n_tables = c->tables.len;
  r->tables = copy_texts(a, c->tables.items, c->tables.len);
  r->n_columns = c->columns.len;
  r->columns = copy_texts(a, c->columns.items, c->columns.len);
  r->n_functions = c->functions.len;
  r->functions = copy_texts(a, c->functions.items, c->functions.len);
  str mended = sql;
  int n = 0;
  emend_rc rc = cat ? check_repair(sql, c, cat, dialect, a, &mended, &n, err) : EMEND_OK;
  if (!rc && n) r->repaired = engine_text(a, mended);
  return rc ? rc : arena_failed(a) ? err_nomem(err, "check") : EMEND_OK;
}

/* With catalogs at hand; `cat` is NULL for syntax and safety alone. */
static emend_rc check_one(const char *sql, const catalog *cat, const check_options *opt,
                          emend_report *out, arena *a, emend_error *err) {
  check_report report;
  str text = arena_str(a, str_from(sql));
  if (!text.ptr) return err_nomem(err, "check");
  emend_rc rc = check_sql(text, cat, opt, a, &report, err);
  return rc ? rc : fill_report(out, &report, text, cat, opt->dialect, a, err);
}

EMEND_API emend_rc emend_check(emend_engine *e, const char *sql, const emend_check_options *opt,
                               emend_report **out, emend_error *err) {
  static const emend_check_options defaults = EMEND_CHECK_OPTIONS_INIT;
  if (!opt) opt = &defaults;
  *out = NULL;
  if (!sql || str_trim(str_from(sql)).len == 0)
    return err_set(err, EMEND_EUSAGE, "check", "there is no SQL to check");
  arena *a = NULL;
  emend_report *r = engine_handout(sizeof *r, &a);
  if (!r) return err_nomem(err, "check");
  engine_source *s = NULL;
  catalog *cat = NULL, **others = NULL;
  check_options how = {0};
  emend_rc rc = EMEND_OK;
  if (opt->source || atomic_load(&e->sources)) rc = engine_source_find(e, opt->source, &s, err);
  if (!rc && s) rc = engine_catalog(e, s, &cat, err);
  if (!rc) rc = dialect_of(opt->dialect, cat, &how.dialect, err);
  if (!rc) rc = other_catalogs(e, s, a, &others, &how.n_others, err);
  how.others = (const catalog *const *)others;
  if (!rc) rc = check_one(sql, cat, &how, r, a, err);
  for (size_t i = 0; i < how.n_others; i++) catalog_unref(others[i]);
  catalog_unref(cat);
  if (rc)
    engine_handout_free(r);
  else
    *out = r;
  return rc;
}

EMEND_API void emend_report_free(emend_report *report) { engine_handout_free(report); }

static void write_texts(jw *w, const char *key, const char *const *items, size_t n) {
  jw_array(w, key);
  for (size_t i = 0; i < n; i++) jw_text(w, NULL, items[i]);
  jw_array_end(w);
}

EMEND_API char *emend_report_json(const emend_report *r) {
  buf b;
  jw w;
  buf_init(&b, 256 << 20);
  jw_begin(&w, &b);
  jw_object(&w, NULL);
  jw_bool(&w, "ok", r->ok);
  ask_json_diagnostics(&w, "diagnostics", r->diagnostics, r->n_diagnostics);
  write_texts(&w, "tables", r->tables, r->n_tables);
  write_texts(&w, "columns", r->columns, r->n_columns);
  write_texts(&w, "functions", r->functions, r->n_functions);
  jw_text(&w, "repaired", r->repaired);
  jw_object_end(&w);
  return ask_json_text(&b);
}

/* ---- judge ---- */

typedef struct judging {
  const char *question, *sql;
  const catalog *cat;
  source *db; /* NULL: the text alone */
  arena *work;
  judge_signals signals;
} judging;

/* A query that check or the engine turns down answers nothing: the fault is the one signal. */
static emend_rc turn_down(const char *code, str message, emend_judgement *out, arena *a,
                          emend_error *err) {
  emend_diagnostic *d = ARENA_NEW(a, emend_diagnostic);
  if (!d) return err_nomem(err, "judge");
  *d = (emend_diagnostic){
      .code = code, .severity = EMEND_ERROR, .weight = 1, .message = engine_text(a, message)};
  *out = (emend_judgement){.suspicion = 1, .band = EMEND_CORRECT, .n_signals = 1, .signals = d};
  return d->message ? EMEND_OK : err_nomem(err, "judge");
}

static emend_rc judge_it(judging *x, emend_judgement *out, arena *a, emend_error *err) {
  check_report report;
  judge_intent intent;
  source_result result;
  source_limits limits = {.timeout_ms = 30000};
  check_options opt = {.dialect = x->cat->dialect};
  str sql = str_from(x->sql), mended = sql;
  int n = 0;
  emend_rc rc = check_sql(sql, x->cat, &opt, x->work, &report, err);
  if (!rc && report.ok) /* double-quoted text is mended before it runs */
    rc = check_repair(sql, &report, x->cat, opt.dialect, x->work, &mended, &n, err);
  if (rc) return rc;
  for (size_t i = 0; i < report.diags.len; i++)
    if (report.diags.items[i].severity == DIAG_ERROR)
      return turn_down(report.diags.items[i].code, report.diags.items[i].message, out, a, err);
  rc = judge_read(str_from(x->question), x->work, &intent, err);
  if (!rc) rc = judge_sql(&intent, &report, x->work, &x->signals, err);
  if (!rc && x->db) {
    emend_error e;
    rc = source_run(x->db, mended, &limits, x->work, &result, &e);
    if (rc == EMEND_EDB || rc == EMEND_EREFUSED || rc == EMEND_ETIMEOUT || rc == EMEND_ELIMIT)
      return turn_down("database_error", str_from(e.msg), out, a, err);
    if (rc && err) *err = e;
    if (!rc) rc = judge_result(&intent, report.query, &result, x->work, &x->signals, err);
  }
  if (rc) return rc;
  out->suspicion = judge_suspicion(&x->signals);
  out->band = (emend_band)judge_band_of(out->suspicion);
  out->n_signals = x->signals.len;
  out->signals = ask_signals(&x->signals, a);
  return out->n_signals && !out->signals ? err_nomem(err, "judge") : EMEND_OK;
}

EMEND_API emend_rc emend_judge(emend_engine *e, const char *source_name, const char *question,
                               const char *sql, emend_judgement **out, emend_error *err) {
  *out = NULL;
  if (!question || !question[0] || !sql || !sql[0])
    return err_set(err, EMEND_EUSAGE, "judge", "judging needs a question and a SQL");
  arena *a = NULL;
  emend_judgement *j = engine_handout(sizeof *j, &a);
  judging x = {.question = question, .sql = sql, .work = arena_create(256 << 20)};
  engine_source *s = NULL;
  engine_connection *c = NULL;
  catalog *cat = NULL;
  emend_rc rc = j && x.work ? engine_source_find(e, source_name, &s, err) : err_nomem(err, "judge");
  if (!rc) rc = engine_catalog(e, s, &cat, err);
  if (!rc) rc = engine_take(e, s, &c, err);
  x.cat = cat;
  x.db = c ? c->db : NULL;
  if (!rc) rc = judge_it(&x, j, a, err);
  engine_give(c);
  catalog_unref(cat);
  arena_destroy(x.work);
  if (rc)
    engine_handout_free(j);
  else
    *out = j;
  return rc;
}

EMEND_API void emend_judgement_free(emend_judgement *j) { engine_handout_free(j); }

EMEND_API const char *emend_band_name(emend_band band) {
  static const char *const names[] = {"deliver", "warn", "correct"};
  return (size_t)band < sizeof names / sizeof *names ? names[band] : "unknown";
}

EMEND_API char *emend_judgement_json(const emend_judgement *j) {
  buf b;
  jw w;
  buf_init(&b, 64 << 20);
  jw_begin(&w, &b);
  jw_object(&w, NULL);
  jw_fixed(&w, "suspicion", j->suspicion, 4);
  jw_text(&w, "band", emend_band_name(j->band));
  ask_json_diagnostics(&w, "signals", j->signals, j->n_signals);
  jw_object_end(&w);
  return ask_json_text(&b);
}
