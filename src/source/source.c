/* Databases by URL: finds the driver, keeps the caps on what comes back.
 * Knows nothing of any one engine; that is in the drivers. */
#include "source/source.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

enum { DEFAULT_ROWS = 1000, DEFAULT_BYTES = 64 << 20 };

static const source_driver *const DRIVERS[] = {&source_sqlite};
enum { N_DRIVERS = sizeof DRIVERS / sizeof *DRIVERS };

/* ---- opening ---- */

/* The scheme of "postgresql://host/db" or "sqlite:shop.db"; empty for a plain path. */
static str url_scheme(str url) {
  size_t n = 0;
  while (n < url.len && (ascii_is_alnum(url.ptr[n]) || strchr("+-", url.ptr[n]))) n++;
  if (n < 2 || n >= url.len || url.ptr[n] != ':' || !ascii_is_alpha(url.ptr[0])) return STR("");
  return str_slice(url, 0, n);
}

static const source_driver *find_driver(str scheme) {
  for (size_t i = 0; i < N_DRIVERS; i++)
    if (str_eq_nocase(scheme, str_from(DRIVERS[i]->scheme))) return DRIVERS[i];
  return NULL;
}

static emend_rc unknown_scheme(str scheme, emend_error *err) {
  buf known;
  buf_init(&known, 256);
  for (size_t i = 0; i < N_DRIVERS; i++)
    buf_printf(&known, "%s%s:", i ? ", " : "", DRIVERS[i]->scheme);
  emend_rc rc = err_set(err, EMEND_EUSAGE, "open",
                        "no driver for \"%.*s:\"; give the path of a SQLite file, or one of: %s",
                        STR_ARG(str_slice(scheme, 0, scheme.len < 40 ? scheme.len : 40)),
                        known.ptr ? known.ptr : "sqlite:");
  buf_free(&known);
  return rc;
}

/* The driver for `url`, and in *where what it is to open. */
static emend_rc resolve(const char *url, const source_driver **driver, const char **where,
                        emend_error *err) {
  str scheme = url_scheme(str_from(url));
  *driver = &source_sqlite;
  *where = url;
  if (scheme.len == 0) return EMEND_OK;
  const source_driver *found = find_driver(scheme);
  const char *rest = url + scheme.len + 1;
  if (!found) return unknown_scheme(scheme, err);
  *driver = found;
  if (found == &source_sqlite) *where = strncmp(rest, "//", 2) == 0 ? rest + 2 : rest;
  return EMEND_OK;
}

static char *copy_cstr(const char *s) {
  size_t n = strlen(s) + 1;
  char *p = mem_alloc(n);
  if (p) memcpy(p, s, n);
  return p;
}

emend_rc source_open(const char *url, source **out, emend_error *err) {
  *out = NULL;
  const source_driver *driver;
  const char *where;
  if (!url || !*url)
    return err_set(err, EMEND_EUSAGE, "open", "no database given: pass a path or a URL");
  emend_rc rc = resolve(url, &driver, &where, err);
  if (rc) return rc;
  source *s = mem_alloc(sizeof *s);
  if (!s) return err_nomem(err, "open");
  s->url = copy_cstr(url);
  if (!s->url) {
    mem_free(s);
    return err_nomem(err, "open");
  }
  s->driver = driver;
  s->dialect = driver->dialect;
  rc = driver->open(where, s, err);
  if (rc)
    source_close(s);
  else
    *out = s;
  return rc;
}

void source_close(source *s) {
  if (!s) return;
  if (s->handle) s->driver->close(s);
  mem_free(s->url);
  mem_free(s);
}

sql_dialect_id source_dialect(const source *s) { return s->dialect; }
const char *source_url(const source *s) { return s->url; }

void source_cancel(source *s) {
  atomic_fetch_add(&s->cancels, 1);
  s->driver->cancel(s);
}

unsigned source_cancels(const source *s) { return atomic_load(&s->cancels); }

emend_rc source_describe(source *s, arena *a, source_schema *out, emend_error *err) {
  *out = (source_schema){0};
  return s->driver->describe(s, a, out, err);
}

emend_rc source_stamp(source *s, arena *a, str *out, emend_error *err) {
  *out = (str){0};
  return s->driver->stamp(s, a, out, err);
}

/* ---- running ---- */

typedef struct collector {
  arena *a;
  source_result *out;
  VEC(cell) cells;
  size_t bytes, max_bytes, max_rows;
  emend_rc rc;
} collector;

static void collect_columns(void *ctx, size_t n, const str *names, const str *types) {
  collector *c = ctx;
  source_result *r = c->out;
  *r = (source_result){.n_columns = n};
  c->cells.len = 0;
  c->bytes = 0;
  r->names = ARENA_ARRAY(c->a, str, n);
  r->types = ARENA_ARRAY(c->a, str, n);
  if (!r->names || !r->types) {
    c->rc = EMEND_ENOMEM;
    return;
  }
  for (size_t i = 0; i < n; i++) {
    r->names[i] = arena_str(c->a, names[i]);
    r->types[i] = types[i]; /* a constant */
    if (!r->names[i].ptr) c->rc = EMEND_ENOMEM;
  }
}

static bool collect_row(void *ctx, const cell *cells, size_t n) {
  collector *c = ctx;
  if (c->rc) return false;
  if (c->out->n_rows == c->max_rows) {
    c->out->truncated = true;
    return false;
  }
  for (size_t i = 0; i < n; i++) {
    cell copy = cells[i];
    bool has_text = copy.kind == CELL_TEXT || copy.kind == CELL_BLOB;
    c->bytes += sizeof copy + (has_text ? copy.text.len : 0);
    if (c->bytes > c->max_bytes) return c->rc = EMEND_ELIMIT, false;
    if (has_text) copy.text = arena_str(c->a, copy.text);
    if ((has_text && !copy.text.ptr) || !vec_push(c->a, &c->cells, copy))
      return c->rc = EMEND_ENOMEM, false;
  }
  c->out->n_rows++;
  return true;
}

static str kind_type(cell_kind k) {
  switch (k) {
    case CELL_INT:
      return STR("integer");
    case CELL_REAL:
      return STR("real");
    case CELL_TEXT:
      return STR("text");
    case CELL_BLOB:
      return STR("blob");
    case CELL_BOOL:
      return STR("boolean");
    case CELL_NULL:
      break;
  }
  return STR("");
}

/* A column that is an expression has no declared type: its first value tells. */
static void fill_types(source_result *r) {
  for (size_t i = 0; i < r->n_columns; i++)
    for (size_t row = 0; row < r->n_rows && r->types[i].len == 0; row++)
      r->types[i] = kind_type(r->cells[row * r->n_columns + i].kind);
}

emend_rc source_each(source *s, str sql, const source_limits *limits, const source_sink *sink,
                     emend_error *err) {
  static const source_limits none = {0};
  s->work = 0;
  return s->driver->each(s, sql, limits ? limits : &none, sink, err);
}

emend_rc source_run(source *s, str sql, const source_limits *limits, arena *a, source_result *out,
                    emend_error *err) {
  *out = (source_result){0};
  collector c = {.a = a, .out = out, .max_rows = DEFAULT_ROWS, .max_bytes = DEFAULT_BYTES};
  if (limits && limits->max_rows) c.max_rows = limits->max_rows;
  if (limits && limits->max_bytes) c.max_bytes = limits->max_bytes;
  source_sink sink = {collect_columns, collect_row, &c};
  double start = clock_ms();
  emend_rc rc = source_each(s, sql, limits, &sink, err);
  out->work = s->work;
  if (rc) return rc;
  if (c.rc == EMEND_ENOMEM) return err_nomem(err, "execute");
  if (c.rc)
    return err_set(err, c.rc, "execute", "the result passes %zu MiB: ask for fewer rows or columns",
                   c.max_bytes >> 20);
  out->cells = c.cells.items;
  out->ms = clock_ms() - start;
  fill_types(out);
  return EMEND_OK;
}

/* ---- declared types ---- */

typedef struct type_rule {
  const char *part, *type;
} type_rule;

/* The first part found in the declared type decides; after SQLite's affinity rules
 * (https://www.sqlite.org/datatype3.html, 3.1) and the names other engines use. */
static const type_rule TYPE_RULES[] = {
    {"bool", "boolean"},       {"timestamp", "timestamp"},
    {"datetime", "timestamp"}, {"date", "date"},
    {"interval", "text"},      {"time", "time"},
    {"json", "json"},          {"point", "text"},
    {"int", "integer"},        {"serial", "integer"},
    {"year", "integer"},       {"char", "text"},
    {"clob", "text"},          {"text", "text"},
    {"string", "text"},        {"uuid", "text"},
    {"enum", "text"},          {"xml", "text"},
    {"blob", "blob"},          {"binary", "blob"},
    {"bytea", "blob"},         {"image", "blob"},
    {"real", "real"},          {"floa", "real"},
    {"doub", "real"},          {"num", "real"},
    {"dec", "real"},           {"money", "real"},
    {"bit", "boolean"},
};

static bool contains_nocase(str s, str part) {
  for (size_t i = 0; i + part.len <= s.len; i++)
    if (str_eq_nocase(str_slice(s, i, i + part.len), part)) return true;
  return false;
}

const char *source_type_name(str declared) {
  size_t paren = str_find(declared, STR("("), 0);
  if (paren != SIZE_MAX) declared = str_slice(declared, 0, paren);
  for (size_t i = 0; i < sizeof TYPE_RULES / sizeof *TYPE_RULES; i++)
    if (contains_nocase(declared, str_from(TYPE_RULES[i].part))) return TYPE_RULES[i].type;
  return "";
}
