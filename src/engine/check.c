/* emend_check: one statement held against a source. */

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
  /* What is unsafe is not offered in a better spelling. */
  emend_rc rc = cat && c->safe ? check_repair(sql, c, cat, dialect, a, &mended, &n, err) : EMEND_OK;
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
