/* One pass over each table: figures for every column, and the index of stored values.
 * Private columns are never named in a query. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "catalog/build.h"
#include "text/text.h"

enum {
  DEFAULT_VALUES = 20000,
  DEFAULT_CHARS = 80,
  DEFAULT_BUDGET_MS = 20000,
  MOST_VALUES = 1000000, /* in the index, and in the scan of one table */
  MANY_ROWS = 500000,    /* larger tables are sampled evenly */
  VIEW_BUDGET_MS = 100   /* a view may take any time */
};

/* What the texts of a column look like. */
typedef struct text_shapes {
  int64_t filled, integers, reals, dates, timestamps, times, json;
} text_shapes;

typedef struct column_scan {
  cat_column *column;
  value_set values;
  text_shapes shapes;
  int64_t nulls, n_int, n_real, n_text, n_blob;
  cell min, max; /* text in the scan's arena */
} column_scan;

typedef struct profiler {
  catalog *c;
  source *s;
  const catalog_options *opt;
  size_t max_values, max_chars, indexed;
  double end;
  unsigned cancels;
  arena *scan;    /* one table's */
  arena *scratch; /* one value's normalised form */
} profiler;

typedef struct table_scan {
  profiler *p;
  cat_table *table;
  column_scan *columns;
  size_t n;
  int64_t rows;
  bool sampled, out_of_memory;
} table_scan;

/* ---- the shape of a text ---- */

/* Whether `s` matches a pattern of digits (9) and exact characters; "?" ends it anywhere after. */
static bool matches(str s, const char *pattern) {
  size_t i = 0;
  for (; pattern[i]; i++) {
    if (pattern[i] == '?') return true;
    if (i >= s.len) return false;
    bool good = pattern[i] == '9' ? ascii_is_digit(s.ptr[i]) : s.ptr[i] == pattern[i];
    if (!good) return false;
  }
  return i == s.len;
}

/* Digits with a sign and a point; codes such as "007" are not numbers. */
static bool is_number(str s, bool *integer) {
  size_t i = 0, digits = 0, points = 0;
  if (i < s.len && (s.ptr[i] == '-' || s.ptr[i] == '+')) i++;
  size_t first = i;
  for (; i < s.len; i++) {
    if (ascii_is_digit(s.ptr[i]))
      digits++;
    else if (s.ptr[i] == '.')
      points++;
    else
      return false;
  }
  *integer = points == 0;
  bool padded = digits > 1 && s.ptr[first] == '0' && first + 1 < s.len && s.ptr[first + 1] != '.';
  return digits > 0 && points <= 1 && !padded;
}

static void note_shape(text_shapes *t, str s) {
  bool integer;
  s = str_trim(s);
  if (s.len == 0) return;
  t->filled++;
  if (is_number(s, &integer))
    t->integers += integer, t->reals += !integer;
  else if (matches(s, "9999-99-99"))
    t->dates++;
  else if (matches(s, "9999-99-99 99:99?") || matches(s, "9999-99-99T99:99?"))
    t->timestamps++;
  else if (matches(s, "99:99") || matches(s, "99:99:99") || matches(s, "99:99:99.?"))
    t->times++;
  else if ((str_starts(s, STR("{")) && str_ends(s, STR("}"))) ||
           (str_starts(s, STR("[")) && str_ends(s, STR("]"))))
    t->json++;
}

/* Nine in ten make a shape; the rest are its "n/a". */
static bool most(int64_t some, int64_t all) { return all > 0 && some * 10 >= all * 9; }

static cat_type value_type(const column_scan *x) {
  const text_shapes *t = &x->shapes;
  int64_t numbers = t->integers + t->reals;
  if (x->n_text > 0) {
    if (most(t->dates, t->filled)) return CAT_DATE;
    if (most(t->dates + t->timestamps, t->filled)) return CAT_TIMESTAMP;
    if (most(t->times, t->filled)) return CAT_TIME;
    if (most(t->json, t->filled)) return CAT_JSON;
    if (!most(numbers + x->n_int + x->n_real, t->filled + x->n_int + x->n_real)) return CAT_TEXT;
    return t->reals + x->n_real ? CAT_REAL : CAT_INTEGER;
  }
  if (x->n_blob > 0) return CAT_BLOB;
  if (x->n_real > 0) return CAT_REAL;
  return x->n_int > 0 ? CAT_INTEGER : CAT_UNKNOWN;
}

/* ---- one row ---- */

static int kind_rank(cell_kind k) { return k == CELL_TEXT ? 1 : k == CELL_BLOB ? 2 : 0; }

static double number_of(const cell *c) { return c->kind == CELL_REAL ? c->r : (double)c->i; }

static int compare_cells(const cell *x, const cell *y) {
  int rank = kind_rank(x->kind) - kind_rank(y->kind);
  if (rank) return rank;
  if (kind_rank(x->kind) > 0) return str_cmp(x->text, y->text);
  double a = number_of(x), b = number_of(y);
  return (a > b) - (a < b);
}

/* Keeps `c` in *bound when it lies beyond it; a text's start is enough to show it. */
static bool widen_bound(profiler *p, cell *bound, const cell *c, int direction) {
  cell short_one = *c;
  if (c->kind == CELL_BLOB) return true;
  if (c->kind == CELL_TEXT && c->text.len > p->max_chars) {
    size_t n = p->max_chars;
    while (n && ((unsigned char)c->text.ptr[n] & 0xC0) == 0x80) n--;
    short_one.text = str_slice(c->text, 0, n);
  }
  if (bound->kind != CELL_NULL && compare_cells(&short_one, bound) * direction <= 0) return true;
  if (c->kind == CELL_TEXT) short_one.text = arena_str(p->scan, short_one.text);
  *bound = short_one;
  return c->kind != CELL_TEXT || short_one.text.ptr;
}

static bool scan_cell(profiler *p, column_scan *x, const cell *c) {
  switch (c->kind) {
    case CELL_NULL:
      x->nulls++;
      return true;
    case CELL_INT:
    case CELL_BOOL:
      x->n_int++;
      break;
    case CELL_REAL:
      x->n_real++;
      break;
    case CELL_BLOB:
      x->n_blob++;
      break;
    case CELL_TEXT:
      x->n_text++;
      note_shape(&x->shapes, c->text);
      break;
  }
  return value_set_add(&x->values, c) && widen_bound(p, &x->min, c, -1) &&
         widen_bound(p, &x->max, c, 1);
}

static bool scan_row(void *ctx, const cell *cells, size_t n) {
  table_scan *t = ctx;
  for (size_t i = 0; i < n && i < t->n; i++)
    if (!scan_cell(t->p, &t->columns[i], &cells[i])) return t->out_of_memory = true, false;
  t->rows++;
  return true;
}

/* Also when the database changed meanwhile: all starts over. */
static void scan_start(void *ctx, size_t n, const str *names, const str *types) {
  table_scan *t = ctx;
  (void)n;
  (void)names;
  (void)types;
  size_t most = MOST_VALUES / t->n;
  t->rows = 0;
  if (most > t->p->max_values) most = t->p->max_values;
  for (size_t i = 0; i < t->n; i++) {
    column_scan *x = &t->columns[i];
    *x = (column_scan){.column = x->column};
    if (!value_set_init(&x->values, t->p->scan, most, t->p->max_chars)) t->out_of_memory = true;
  }
}

/* ---- one table ---- */

/* "SELECT columns FROM table", with one row in `every` when there are very many. A column of
 * blobs is read as whether it is NULL. */
static void build_select(const table_scan *t, int64_t every, buf *sql) {
  const catalog *c = t->p->c;
  buf_add_cstr(sql, "SELECT ");
  for (size_t i = 0; i < t->n; i++) {
    const cat_column *col = t->columns[i].column;
    if (i) buf_add_cstr(sql, ", ");
    if (col->type == CAT_BLOB) buf_add_cstr(sql, "CASE WHEN ");
    catalog_quote(c, col->name, sql);
    if (col->type == CAT_BLOB) buf_add_cstr(sql, " IS NOT NULL THEN 1 END");
  }
  buf_add_cstr(sql, " FROM ");
  if (t->table->schema.len) {
    catalog_quote(c, t->table->schema, sql);
    buf_add_c(sql, '.');
  }
  catalog_quote(c, t->table->name, sql);
  /* The row's number is scattered first (Knuth's multiplier): stored data is often periodic. */
  if (every > 1)
    buf_printf(sql, " WHERE ((rowid & 2147483647) * 2654435761 >> 16) %% %lld = 0",
               (long long)every);
}

static emend_rc scan_table(table_scan *t, int64_t every, double ms, emend_error *err) {
  buf sql;
  buf_init(&sql, 1 << 20);
  build_select(t, every, &sql);
  source_sink sink = {scan_start, scan_row, t};
  emend_rc rc = sql.failed ? err_nomem(err, "open")
                           : source_each(t->p->s, buf_str(&sql), &(source_limits){.timeout_ms = ms},
                                         &sink, err);
  buf_free(&sql);
  if (!rc && t->out_of_memory) rc = err_nomem(err, "open");
  t->sampled = every > 1 || rc == EMEND_ETIMEOUT;
  return rc == EMEND_ETIMEOUT && t->rows > 0 ? EMEND_OK : rc;
}

static bool copy_cell(arena *a, cell *out, const cell *from) {
  *out = *from;
  if (from->kind == CELL_TEXT) out->text = arena_str(a, from->text);
  return from->kind != CELL_TEXT || out->text.ptr;
}

static str cell_text(arena *a, const cell *c) {
  const char *text = NULL;
  if (c->kind == CELL_TEXT) return arena_str(a, c->text);
  if (c->kind == CELL_REAL)
    text = arena_printf(a, "%.15g", c->r);
  else
    text = arena_printf(a, "%lld", (long long)c->i);
  return str_from(text);
}

/* The most frequent values, the earlier one first when equally frequent. */
static bool keep_samples(catalog *c, const column_scan *x, cat_profile *p) {
  size_t best[5];
  int n = 0;
  for (size_t i = 0; i < x->values.entries.len; i++) {
    const value_entry *e = &x->values.entries.items[i];
    if (e->value.kind == CELL_BLOB) continue;
    int at = n;
    while (at > 0 && x->values.entries.items[best[at - 1]].count < e->count) at--;
    if (at >= 5) continue;
    if (n < 5) n++;
    memmove(&best[at + 1], &best[at], (size_t)(n - 1 - at) * sizeof *best);
    best[at] = i;
  }
  for (int i = 0; i < n; i++) {
    p->samples[i] = cell_text(c->mem, &x->values.entries.items[best[i]].value);
    if (!p->samples[i].ptr) return false;
  }
  p->n_samples = n;
  return true;
}

static bool keep_profile(const table_scan *t, const column_scan *x) {
  catalog *c = t->p->c;
  cat_column *col = x->column;
  cat_profile *p = &col->profile;
  bool blob = col->type == CAT_BLOB;
  *p = (cat_profile){.known = true, .sampled = t->sampled, .rows = t->rows, .nulls = x->nulls};
  p->distinct = blob ? -1 : value_set_distinct(&x->values);
  p->value_type = blob ? CAT_BLOB : value_type(x);
  p->numeric_text = x->n_text > 0 && (p->value_type == CAT_INTEGER || p->value_type == CAT_REAL);
  if (col->type == CAT_UNKNOWN) col->type = p->value_type;
  return blob || (copy_cell(c->mem, &p->min, &x->min) && copy_cell(c->mem, &p->max, &x->max) &&
                  keep_samples(c, x, p));
}

/* ---- the value index ---- */

/* Puts `v` into its chain, which runs from frequent to rare. */
static bool index_value(profiler *p, cat_value *v) {
  arena_reset(p->scratch);
  str key = text_normalise(p->scratch, v->text);
  if (!key.ptr) return false;
  if (key.len == 0) return true;
  cat_value *head = map_get(p->c->values, key), **at = &head;
  bool known = head != NULL;
  while (*at && (*at)->count >= v->count) at = &(*at)->next;
  v->next = *at;
  *at = v;
  if (known && head != v) return true;
  if (!known) key = arena_str(p->c->mem, key);
  return key.ptr && map_put(p->c->values, key, head);
}

static bool keep_values(profiler *p, const column_scan *x) {
  for (size_t i = 0; i < x->values.entries.len && p->indexed < MOST_VALUES; i++) {
    const value_entry *e = &x->values.entries.items[i];
    bool integer;
    if (e->value.kind != CELL_TEXT || e->full_len > p->max_chars) continue;
    if (x->column->profile.numeric_text && is_number(str_trim(e->value.text), &integer)) continue;
    cat_value *v = ARENA_NEW(p->c->mem, cat_value);
    if (!v) return false;
    *v = (cat_value){
        .text = arena_str(p->c->mem, e->value.text), .column = x->column->id, .count = e->count};
    if (!v->text.ptr || !index_value(p, v)) return false;
    p->indexed++;
  }
  return true;
}

/* ---- all tables ---- */

static bool choose_columns(table_scan *t) {
  t->columns = ARENA_ARRAY(t->p->scan, column_scan, (size_t)t->table->n_columns + 1);
  if (!t->columns) return false;
  for (int i = 0; i < t->table->n_columns; i++) {
    cat_column *col = &t->p->c->columns[t->table->first_column + i];
    if (!col->values_private && !col->hidden) t->columns[t->n++].column = col;
  }
  return true;
}

/* OK also when the table could not be read: it stays unprofiled. */
static emend_rc profile_table(profiler *p, cat_table *table, double ms, emend_error *err) {
  table_scan t = {.p = p, .table = table};
  arena_reset(p->scan);
  if (!choose_columns(&t)) return err_nomem(err, "open");
  if (t.n == 0) return EMEND_OK;
  bool many = table->row_count > MANY_ROWS && p->c->dialect == SQL_SQLITE;
  emend_rc rc = scan_table(&t, many ? table->row_count / MANY_ROWS + 1 : 1, ms, err);
  if (many && rc == EMEND_EDB) rc = scan_table(&t, 1, ms, err); /* no rowid */
  if (rc == EMEND_ENOMEM || rc == EMEND_ECANCELED || rc == EMEND_EBUSY) return rc;
  if (rc) return EMEND_OK;
  for (size_t i = 0; i < t.n; i++) {
    if (!keep_profile(&t, &t.columns[i])) return err_nomem(err, "open");
    if (p->c->values && !table->is_view && !keep_values(p, &t.columns[i]))
      return err_nomem(err, "open");
    if (p->opt->no_profiles) t.columns[i].column->profile = (cat_profile){0};
  }
  return EMEND_OK;
}

static emend_rc profile_all(profiler *p, emend_error *err) {
  emend_rc rc = EMEND_OK;
  for (int i = 0; i < p->c->n_tables && !rc; i++) {
    cat_table *t = &p->c->tables[i];
    double left = p->end - clock_ms(), share = left / (p->c->n_tables - i) * 4;
    if (share > left) share = left;
    if (t->is_view && share > VIEW_BUDGET_MS) share = VIEW_BUDGET_MS;
    if (left > 1) rc = profile_table(p, t, share, err);
    if (!rc && source_cancels(p->s) != p->cancels)
      rc = err_set(err, EMEND_ECANCELED, "open", "canceled");
  }
  return rc;
}

emend_rc catalog_profile(catalog *c, source *s, const catalog_options *opt, unsigned cancels,
                         emend_error *err) {
  double budget = opt->budget_ms > 0 ? opt->budget_ms : DEFAULT_BUDGET_MS;
  profiler p = {
      .c = c,
      .s = s,
      .opt = opt,
      .max_values = opt->max_values_per_column ? opt->max_values_per_column : DEFAULT_VALUES,
      .max_chars = opt->max_value_chars ? opt->max_value_chars : DEFAULT_CHARS,
      .end = clock_ms() + budget,
      .cancels = cancels,
      .scan = arena_create((size_t)1 << 30)};
  p.scratch = arena_create(p.max_chars * 64 + 4096);
  if (!opt->no_values) c->values = map_create(c->mem, false);
  bool room = p.scan && p.scratch && (opt->no_values || c->values);
  emend_rc rc = room ? profile_all(&p, err) : err_nomem(err, "open");
  c->has_values = c->values != NULL;
  arena_destroy(p.scan);
  arena_destroy(p.scratch);
  return rc;
}
