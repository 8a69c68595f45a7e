/* emend_check: one statement held against a source, or the one of several that it belongs to. */
#include <string.h>

#include "check/attribute.h"
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

/* The sources that a check looks at, a reference to each one's catalog. */
typedef struct checking {
  emend_engine *e;
  arena *a;
  engine_source **sources;
  catalog **cats;
  size_t n;            /* catalogs held */
  size_t asked;        /* index of the source that was meant; n: none was, or there is none */
  const char *dialect; /* as the caller named it; may be NULL */
  check_options how;
} checking;

static emend_rc load_sources(checking *k, const char *name, emend_error *err) {
  size_t n = 0;
  engine_source *named = NULL;
  emend_rc rc = engine_source_all(k->e, k->a, &k->sources, &n, err);
  if (!rc && name) rc = engine_source_find(k->e, name, &named, err);
  if (rc) return rc;
  k->cats = ARENA_ARRAY(k->a, catalog *, n ? n : 1);
  if (!k->cats) return err_nomem(err, "check");
  k->asked = n;
  for (size_t i = 0; i < n; i++) {
    rc = engine_catalog(k->e, k->sources[i], &k->cats[k->n], err);
    if (rc) return rc;
    k->n++;
    if (k->sources[i] == named || n == 1) k->asked = i;
  }
  return EMEND_OK;
}

/* The dialect that the text is read in, for source `i`. */
static emend_rc text_dialect(const checking *k, size_t i, sql_dialect_id *out, emend_error *err) {
  return dialect_of(k->dialect, i < k->n ? k->cats[i] : NULL, out, err);
}

/* Where the text belongs: the source asked, or with none the one that has its tables when it is
 * read in that one's dialect. */
static emend_rc attribute(const checking *k, str sql, check_attribution *out, emend_error *err) {
  const catalog *const *cats = (const catalog *const *)k->cats;
  sql_dialect_id d;
  size_t first = k->asked < k->n ? k->asked : 0;
  emend_rc rc = text_dialect(k, first, &d, err);
  if (!rc) rc = check_attribute(sql, d, cats, k->n, k->asked, k->a, out, err);
  for (size_t i = 0; !rc && k->asked >= k->n && i < k->n; i++) {
    check_attribution other;
    rc = text_dialect(k, i, &d, err);
    if (!rc) rc = check_attribute(sql, d, cats, k->n, k->asked, k->a, &other, err);
    if (!rc && other.place == CHECK_AT_HOME && other.source == i) *out = other;
  }
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
  /* What is unsafe is not offered in a better spelling; check_repair sees to that. */
  bool mixed = c->diags.len && strcmp(c->diags.items[c->diags.len - 1].code, "mixed_sources") == 0;
  emend_rc rc =
      cat && !mixed ? check_repair(sql, c, cat, dialect, a, &mended, &n, err) : EMEND_OK;
  if (!rc && n) r->repaired = engine_text(a, sql_one_line(mended, dialect, a));
  return rc ? rc : arena_failed(a) ? err_nomem(err, "check") : EMEND_OK;
}

/* What several sources have to say: the move to another one, or the split between them. */
static emend_rc add_attribution(const checking *k, str sql, const check_attribution *at,
                                check_report *r, emend_error *err) {
  const catalog *const *cats = (const catalog *const *)k->cats;
  if (at->place == CHECK_MIXED) {
    size_t n = 0;
    for (size_t i = 0; i < r->diags.len; i++) /* its other faults come of the mixing */
      if (r->diags.items[i].safety) r->diags.items[n++] = r->diags.items[i];
    r->diags.len = n;
    diag d;
    emend_rc rc = check_mixed_diag(at, cats, sql, k->a, &d, err);
    if (rc) return rc;
    r->ok = false;
    return vec_push(k->a, &r->diags, d) ? EMEND_OK : err_nomem(err, "check");
  }
  for (size_t i = 0; at->place == CHECK_MOVED && i < r->diags.len; i++) {
    diag *d = &r->diags.items[i];
    if (strcmp(d->code, "other_source") != 0) continue;
    const char *why = arena_printf(k->a, "asked of %.*s%s", STR_ARG(cats[at->source]->source_name),
                                   at->mechanical ? "" : ", where parts have no equal");
    diag_suggestion s = {at->sql, {0, (uint32_t)sql.len}, str_from(why), at->mechanical ? 1 : 0.5};
    if (!why || !vec_push(k->a, &d->suggestions, s)) return err_nomem(err, "check");
    return EMEND_OK;
  }
  return EMEND_OK;
}

/* With catalogs at hand; without any the check is of syntax and safety alone. */
static emend_rc check_one(checking *k, const char *sql, emend_report *out, emend_error *err) {
  check_report report;
  check_attribution at = {.place = CHECK_UNPLACED};
  str text = arena_str(k->a, str_from(sql));
  if (!text.ptr) return err_nomem(err, "check");
  emend_rc rc = k->n > 1 ? attribute(k, text, &at, err) : EMEND_OK;
  size_t home = k->asked < k->n ? k->asked : k->n > 1 ? at.source : k->n;
  const catalog *cat = home < k->n ? k->cats[home] : NULL;
  if (!rc) rc = text_dialect(k, home, &k->how.dialect, err);
  if (rc) return rc;
  const catalog **others = ARENA_ARRAY(k->a, const catalog *, k->n + 1);
  if (!others) return err_nomem(err, "check");
  for (size_t i = 0; i < k->n; i++)
    if (i != home) others[k->how.n_others++] = k->cats[i];
  k->how.others = others;
  if (at.place == CHECK_AT_HOME && !k->dialect) text = at.sql; /* without the sources' names */
  rc = check_sql(text, cat, &k->how, k->a, &report, err);
  if (!rc && k->n > 1) rc = add_attribution(k, text, &at, &report, err);
  if (!rc) rc = fill_report(out, &report, text, cat, k->how.dialect, k->a, err);
  out->dialect = sql_dialect_name(k->how.dialect);
  if (home < k->n) out->source = engine_text(k->a, str_from(k->sources[home]->name));
  return rc;
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
  checking k = {.e = e, .a = a, .dialect = opt->dialect};
  emend_rc rc = load_sources(&k, opt->source, err);
  if (!rc) rc = engine_functions(e, a, &k.how.extra_functions, &k.how.n_extra_functions, err);
  if (!rc) rc = check_one(&k, sql, r, err);
  for (size_t i = 0; i < k.n; i++) catalog_unref(k.cats[i]);
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
  jw_text(&w, "source", r->source);
  jw_text(&w, "dialect", r->dialect);
  ask_json_diagnostics(&w, "diagnostics", r->diagnostics, r->n_diagnostics);
  write_texts(&w, "tables", r->tables, r->n_tables);
  write_texts(&w, "columns", r->columns, r->n_columns);
  write_texts(&w, "functions", r->functions, r->n_functions);
  jw_text(&w, "repaired", r->repaired);
  jw_object_end(&w);
  return ask_json_text(&b);
}
