/* Snapshots: loading one, sharing it, looking things up in it. */
#include "catalog/catalog.h"

#include <stdio.h>
#include <string.h>

#include "catalog/build.h"
#include "text/text.h"

static const size_t LARGEST_CATALOG = (size_t)1 << 30, LARGEST_SCHEMA = (size_t)256 << 20;

/* ---- lifetime ---- */

catalog *catalog_create(void) {
  arena *a = arena_create(LARGEST_CATALOG);
  catalog *c = a ? ARENA_NEW(a, catalog) : NULL;
  if (!c) {
    arena_destroy(a);
    return NULL;
  }
  c->mem = a;
  atomic_init(&c->refs, 1);
  return c;
}

catalog *catalog_ref(catalog *c) {
  if (c) atomic_fetch_add(&c->refs, 1);
  return c;
}

void catalog_unref(catalog *c) {
  if (c && atomic_fetch_sub(&c->refs, 1) == 1) arena_destroy(c->mem);
}

/* ---- loading ---- */

static emend_rc load_into(catalog *c, source *s, const catalog_options *opt, arena *scratch,
                          emend_error *err) {
  source_schema schema;
  unsigned cancels = source_cancels(s);
  emend_rc rc = source_describe(s, scratch, &schema, err);
  if (rc) return rc;
  if (schema.tables.len == 0)
    return err_set(err, EMEND_ENOTFOUND, "open",
                   "the database has no tables: %s (is this the right file?)", source_url(s));
  if (!catalog_fill(c, &schema, opt) || !catalog_seal(c)) return err_nomem(err, "open");
  if (!opt->no_profiles || !opt->no_values) rc = catalog_profile(c, s, opt, cancels, err);
  if (!rc && !catalog_sort_values(c)) rc = err_nomem(err, "open");
  if (!rc) rc = catalog_infer_keys(c, s, cancels, err);
  return rc;
}

emend_rc catalog_load(source *s, str name, const catalog_options *opt, catalog **out,
                      emend_error *err) {
  static const catalog_options DEFAULTS = {0};
  *out = NULL;
  arena *scratch = arena_create(LARGEST_SCHEMA);
  catalog *c = scratch ? catalog_create() : NULL;
  emend_rc rc = c ? EMEND_OK : err_nomem(err, "open");
  if (!rc) {
    c->dialect = source_dialect(s);
    c->source_name = arena_str(c->mem, name);
    rc = c->source_name.ptr ? load_into(c, s, opt ? opt : &DEFAULTS, scratch, err)
                            : err_nomem(err, "open");
  }
  arena_destroy(scratch);
  if (rc)
    catalog_unref(c);
  else
    *out = c;
  return rc;
}

/* ---- the version ---- */

static uint64_t hash_in(uint64_t h, const void *bytes, size_t n) {
  const unsigned char *p = bytes;
  for (size_t i = 0; i < n; i++) h = (h ^ p[i]) * 1099511628211u;
  return h;
}

static uint64_t hash_text(uint64_t h, str s) {
  uint64_t n = s.len;
  return hash_in(hash_in(h, &n, sizeof n), s.ptr, s.len);
}

static uint64_t hash_number(uint64_t h, int64_t n) { return hash_in(h, &n, sizeof n); }

static void hash_schema(catalog *c) {
  uint64_t h = hash_number(1469598103934665603u, c->dialect);
  for (int i = 0; i < c->n_tables; i++) {
    const cat_table *t = &c->tables[i];
    h = hash_number(hash_text(hash_text(h, t->schema), t->name), t->is_view);
    for (int k = 0; k < t->n_columns; k++) {
      const cat_column *col = &c->columns[t->first_column + k];
      h = hash_text(hash_text(h, col->name), col->decl_type);
      h = hash_number(hash_number(h, col->pk), col->not_null | col->unique << 1);
    }
  }
  for (int i = 0; i < c->n_fkeys; i++)
    for (int k = 0; k < c->fkeys[i].n; k++)
      h = hash_number(hash_number(h, c->fkeys[i].from[k]), c->fkeys[i].to[k]);
  snprintf(c->version, sizeof c->version, "%016llx", (unsigned long long)h);
}

/* By "name" and "schema.name"; of two equal names the first one counts. */
static bool index_tables(catalog *c) {
  c->table_by_name = map_create(c->mem, true);
  if (!c->table_by_name) return false;
  for (int i = 0; i < c->n_tables; i++) {
    cat_table *t = &c->tables[i];
    if (!map_has(c->table_by_name, t->name) && !map_put(c->table_by_name, t->name, t)) return false;
    if (t->schema.len == 0) continue;
    char *full = arena_printf(c->mem, "%.*s.%.*s", STR_ARG(t->schema), STR_ARG(t->name));
    if (!full || !map_put(c->table_by_name, str_from(full), t)) return false;
  }
  return true;
}

bool catalog_seal(catalog *c) {
  hash_schema(c);
  return index_tables(c);
}

/* ---- look-ups ---- */

const cat_table *catalog_table(const catalog *c, str name) {
  return map_get(c->table_by_name, name);
}

bool catalog_is_date(const cat_column *c) {
  cat_type stored = c->profile.value_type;
  return c->type == CAT_DATE || c->type == CAT_TIMESTAMP || stored == CAT_DATE ||
         stored == CAT_TIMESTAMP;
}

bool catalog_tells_days(const catalog *c) {
  for (int i = 0; i < c->n_columns; i++)
    if (catalog_is_date(&c->columns[i])) return true;
  return false;
}

const cat_column *catalog_column(const catalog *c, const cat_table *t, str name) {
  for (int i = 0; i < t->n_columns; i++) {
    const cat_column *col = &c->columns[t->first_column + i];
    if (str_eq_nocase(col->name, name)) return col;
  }
  return NULL;
}

const cat_value *catalog_value(const catalog *c, str text) {
  if (!c->values) return NULL;
  arena *a = arena_create(text.len * 32 + 4096);
  str key = a ? text_normalise(a, text) : (str){0};
  const cat_value *v = key.ptr ? map_get(c->values, key) : NULL;
  arena_destroy(a);
  return v;
}

str catalog_normalise(arena *a, str text) { return text_normalise(a, text); }

/* ---- types ---- */

static const char *const TYPE_NAMES[] = {"",     "text", "integer",   "real", "boolean",
                                         "date", "time", "timestamp", "blob", "json"};

const char *cat_type_name(cat_type t) {
  return (size_t)t < sizeof TYPE_NAMES / sizeof *TYPE_NAMES ? TYPE_NAMES[t] : "";
}

cat_type cat_type_of(str decl_type) {
  const char *name = source_type_name(decl_type);
  for (size_t i = 0; i < sizeof TYPE_NAMES / sizeof *TYPE_NAMES; i++)
    if (strcmp(name, TYPE_NAMES[i]) == 0) return (cat_type)i;
  return CAT_UNKNOWN;
}

void catalog_quote(const catalog *c, str name, buf *out) {
  char open = sql_dialect_quote(c->dialect), close = open == '[' ? ']' : open;
  buf_add_c(out, open);
  for (size_t i = 0; i < name.len; i++) {
    if (name.ptr[i] == close) buf_add_c(out, close);
    buf_add_c(out, name.ptr[i]);
  }
  buf_add_c(out, close);
}
