/* Execution accuracy's two steps: run a query as it is written, compare what two
 * of them gave. Uses its own plain connection, because a gold query must run just
 * as other people's tools run it; still nothing can be written through it. */
#include "learn/rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utf8proc.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "base/vec.h"

#define SCRATCH_BYTES ((size_t)1 << 32)

enum {
  LIMIT_MS = 20000,
  LIMIT_ROWS = 200000,
  LIMIT_COLUMNS = 2000,
  PROGRESS_OPS = 100000,
  MOST_PERMUTED = 8, /* columns; wider results are compared in their order */
  MOST_TRIED = 5000  /* assignments of columns */
};

/* ---- running ---- */

static int allow_reading(void *ctx, int action, const char *x, const char *y, const char *z,
                         const char *w) {
  (void)ctx, (void)x, (void)z, (void)w;
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      return y && strcmp(y, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
    default:
      return SQLITE_DENY;
  }
}

emend_rc rows_open(const char *path, sqlite3 **out, emend_error *err) {
  char uri[4096], wal[4096];
  buf b;
  *out = NULL;
  buf_init(&b, sizeof uri - 1);
  buf_add_cstr(&b, "file:");
  for (const char *p = path; *p; p++)
    if (ascii_is_alnum(*p) || strchr("/._-", *p))
      buf_add_c(&b, *p);
    else
      buf_printf(&b, "%%%02x", (unsigned)(unsigned char)*p);
  snprintf(wal, sizeof wal, "%s-wal", path);
  /* without a log beside it the file is all there is, and no side file need be made */
  buf_add_cstr(&b, access(wal, F_OK) == 0 ? "?mode=ro" : "?mode=ro&immutable=1");
  snprintf(uri, sizeof uri, "%s", b.ptr ? b.ptr : "");
  bool fits = !b.failed;
  buf_free(&b);
  int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
  if (!fits || access(path, R_OK) != 0 || sqlite3_open_v2(uri, out, flags, NULL) != SQLITE_OK) {
    sqlite3_close(*out);
    *out = NULL;
    return err_set(err, EMEND_ENOTFOUND, "eval", "the database %s cannot be opened", path);
  }
  sqlite3_set_authorizer(*out, allow_reading, NULL);
  return EMEND_OK;
}

/* When a run must end: its time is up, or somebody said stop. */
typedef struct run_end {
  double deadline;
  const atomic_uint *cancels;
  unsigned before;
} run_end;

static int must_end(void *ctx) {
  const run_end *e = ctx;
  return clock_ms() > e->deadline || (e->cancels && atomic_load(e->cancels) != e->before);
}

/* What Python's float() takes: digits with single underscores between them, no hexadecimal. */
static bool parse_number(str s, double *out) {
  char plain[512];
  size_t n = 0, i = 0, digits = 0;
  s = str_trim(s);
  if (s.len == 0 || s.len >= sizeof plain) return false;
  if (s.ptr[0] == '+' || s.ptr[0] == '-') plain[n++] = s.ptr[i++];
  for (int part = 0; i < s.len; i++) {
    char c = s.ptr[i];
    if (ascii_is_digit(c))
      digits++;
    else if (c == '_' && i && ascii_is_digit(s.ptr[i - 1]) && i + 1 < s.len &&
             ascii_is_digit(s.ptr[i + 1]))
      continue;
    else if (c == '.' && part == 0)
      part = 1;
    else if ((c == 'e' || c == 'E') && digits && part < 2) {
      part = 2;
      digits = 0;
      if (i + 1 < s.len && (s.ptr[i + 1] == '+' || s.ptr[i + 1] == '-'))
        plain[n++] = c, c = s.ptr[++i];
    } else {
      return false;
    }
    plain[n++] = c;
  }
  plain[n] = 0;
  *out = strtod(plain, NULL);
  return digits > 0 && isfinite(*out);
}

static double to_hundredths(double v) {
  char text[512];
  snprintf(text, sizeof text, "%.2f", v);
  return strtod(text, NULL);
}

static rows_cell text_cell(str s, arena *a) {
  double v;
  if (parse_number(s, &v)) return (rows_cell){.kind = ROWS_NUMBER, .number = to_hundredths(v)};
  buf b;
  buf_init(&b, SIZE_MAX / 2);
  s = str_trim(s);
  for (size_t pos = 0; pos < s.len;) {
    char bytes[4];
    uint32_t c = (uint32_t)utf8proc_tolower((utf8proc_int32_t)utf8_next(s, &pos));
    buf_add(&b, (str){bytes, utf8_put(c, bytes)});
  }
  rows_cell out = {.kind = ROWS_TEXT, .text = arena_str(a, buf_str(&b))};
  buf_free(&b);
  return out;
}

static rows_cell read_cell(sqlite3_stmt *stmt, int i, arena *a) {
  switch (sqlite3_column_type(stmt, i)) {
    case SQLITE_NULL:
      return (rows_cell){.kind = ROWS_NULL};
    case SQLITE_INTEGER:
      return (rows_cell){.kind = ROWS_NUMBER, .number = (double)sqlite3_column_int64(stmt, i)};
    case SQLITE_FLOAT: {
      double v = sqlite3_column_double(stmt, i);
      if (isfinite(v)) return (rows_cell){.kind = ROWS_NUMBER, .number = to_hundredths(v)};
      return (rows_cell){.kind = ROWS_TEXT, .text = v > 0 ? STR("inf") : STR("-inf")};
    }
    default: {
      const char *p = sqlite3_column_blob(stmt, i);
      return text_cell((str){p, p ? (size_t)sqlite3_column_bytes(stmt, i) : 0}, a);
    }
  }
}

static bool read_rows(sqlite3_stmt *stmt, arena *a, rows *out) {
  VEC(rows_cell) cells = {0};
  int rc = SQLITE_DONE;
  out->width = (size_t)sqlite3_column_count(stmt);
  while (out->n < LIMIT_ROWS && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
    for (size_t c = 0; c < out->width; c++)
      if (!vec_push(a, &cells, read_cell(stmt, (int)c, a))) return false;
    out->n++;
  }
  out->cells = cells.items;
  return (rc == SQLITE_DONE || rc == SQLITE_ROW) && !arena_failed(a);
}

bool rows_run(sqlite3 *db, str sql, const atomic_uint *cancels, arena *a, rows *out) {
  *out = (rows){0};
  sqlite3_stmt *stmt = NULL;
  const char *tail = NULL;
  run_end end = {clock_ms() + LIMIT_MS, cancels, cancels ? atomic_load(cancels) : 0};
  sql = str_trim(sql);
  if (sql.len == 0 || sql.len > 1 << 20) return false;
  sqlite3_progress_handler(db, PROGRESS_OPS, must_end, &end);
  bool ok = sqlite3_prepare_v2(db, sql.ptr, (int)sql.len, &stmt, &tail) == SQLITE_OK && stmt;
  if (ok) { /* a second statement is refused, a final semicolon is not */
    str rest = str_trim((str){tail, (size_t)(sql.ptr + sql.len - tail)});
    sqlite3_stmt *second = NULL;
    if (rest.len) ok = sqlite3_prepare_v2(db, rest.ptr, (int)rest.len, &second, NULL) == SQLITE_OK;
    if (second) ok = false;
    sqlite3_finalize(second);
  }
  ok = ok && read_rows(stmt, a, out);
  sqlite3_finalize(stmt);
  sqlite3_progress_handler(db, 0, NULL, NULL);
  return ok;
}

static rows_cell take_cell(const cell *c, arena *a) {
  switch (c->kind) {
    case CELL_NULL:
      return (rows_cell){.kind = ROWS_NULL};
    case CELL_INT:
    case CELL_BOOL:
      return (rows_cell){.kind = ROWS_NUMBER, .number = (double)c->i};
    case CELL_REAL:
      if (isfinite(c->r)) return (rows_cell){.kind = ROWS_NUMBER, .number = to_hundredths(c->r)};
      return (rows_cell){.kind = ROWS_TEXT, .text = c->r > 0 ? STR("inf") : STR("-inf")};
    default:
      return text_cell(c->text, a);
  }
}

bool rows_of(const source_result *r, arena *a, rows *out) {
  *out = (rows){r->n_rows, r->n_columns, ARENA_ARRAY(a, rows_cell, r->n_rows * r->n_columns + 1)};
  for (size_t i = 0; out->cells && i < r->n_rows * r->n_columns; i++)
    out->cells[i] = take_cell(&r->cells[i], a);
  return !arena_failed(a);
}

/* ---- comparing ---- */

static int compare_cells(const rows_cell *x, const rows_cell *y) {
  if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
  if (x->kind == ROWS_NUMBER) return x->number < y->number ? -1 : x->number > y->number ? 1 : 0;
  return x->kind == ROWS_TEXT ? str_cmp(x->text, y->text) : 0;
}

static bool near_cells(const rows_cell *x, const rows_cell *y) {
  if (x->kind != y->kind) return false;
  if (x->kind == ROWS_NUMBER) return fabs(x->number - y->number) <= 0.011;
  return x->kind != ROWS_TEXT || str_eq(x->text, y->text);
}

/* Some columns of a result, as rows of pointers that can be sorted. */
typedef struct view {
  size_t n, width;
  rows_cell *cells;
} view;

static bool make_view(const rows *r, const size_t *columns, size_t width, arena *a, view *out) {
  *out = (view){r->n, width, ARENA_ARRAY(a, rows_cell, r->n * width + 1)};
  if (!out->cells) return false;
  for (size_t i = 0; i < r->n; i++)
    for (size_t c = 0; c < width; c++)
      out->cells[i * width + c] = r->cells[i * r->width + columns[c]];
  return true;
}

static int compare_rows(const rows_cell *x, const rows_cell *y, size_t width) {
  for (size_t c = 0; c < width; c++) {
    int d = compare_cells(&x[c], &y[c]);
    if (d) return d;
  }
  return 0;
}

/* Merge sort, because qsort cannot be told the width. */
static void sort_view(view *v, rows_cell *scratch) {
  size_t w = v->width;
  rows_cell *from = v->cells, *to = scratch;
  for (size_t run = 1; run < v->n; run *= 2) {
    for (size_t lo = 0; lo < v->n; lo += 2 * run) {
      size_t mid = lo + run < v->n ? lo + run : v->n,
             hi = lo + 2 * run < v->n ? lo + 2 * run : v->n;
      for (size_t i = lo, j = mid, k = lo; k < hi; k++) {
        bool left = i < mid && (j >= hi || compare_rows(&from[i * w], &from[j * w], w) <= 0);
        memcpy(&to[k * w], &from[(left ? i++ : j++) * w], w * sizeof *to);
      }
    }
    rows_cell *swap = from;
    from = to;
    to = swap;
  }
  if (from != v->cells) memcpy(v->cells, from, v->n * w * sizeof *from);
}

static bool same_views(view *x, view *y, bool ordered, arena *a) {
  if (!ordered) {
    rows_cell *scratch = ARENA_ARRAY(a, rows_cell, x->n * x->width + 1);
    if (!scratch) return false;
    sort_view(x, scratch);
    sort_view(y, scratch);
  }
  for (size_t i = 0; i < x->n * x->width; i++)
    if (!near_cells(&x->cells[i], &y->cells[i])) return false;
  return true;
}

static bool same_rows(const rows *x, const size_t *x_columns, const rows *y,
                      const size_t *y_columns, size_t width, bool ordered) {
  view vx, vy;
  arena *a = arena_create(SCRATCH_BYTES);
  bool same = a && make_view(x, x_columns, width, a, &vx) &&
              make_view(y, y_columns, width, a, &vy) && same_views(&vx, &vy, ordered, a);
  arena_destroy(a);
  return same;
}

/* Every way to give each gold column one of those that hold the same values, in order. */
static bool some_assignment(const rows *gold, const rows *got, bool ordered,
                            const size_t fits[][MOST_PERMUTED], const size_t *n_fits) {
  size_t n = gold->width, at[MOST_PERMUTED] = {0}, identity[MOST_PERMUTED], p[MOST_PERMUTED] = {0};
  for (size_t i = 0; i < n; i++) {
    identity[i] = i;
    if (n_fits[i] == 0) return false;
  }
  for (int tried = 0; tried < MOST_TRIED; tried++) {
    bool distinct = true;
    for (size_t i = 0; i < n; i++) {
      p[i] = fits[i][at[i]];
      for (size_t j = 0; j < i; j++) distinct = distinct && p[j] != p[i];
    }
    if (distinct && same_rows(gold, identity, got, p, n, ordered)) return true;
    size_t i = n;
    while (i > 0 && ++at[i - 1] == n_fits[i - 1]) at[--i] = 0;
    if (i == 0) return false;
  }
  return false;
}

bool rows_match(const rows *gold, const rows *got, bool ordered) {
  if (gold->n != got->n) return false;
  if (gold->n == 0) return true;
  if (gold->width != got->width) return false;
  if (gold->width > MOST_PERMUTED) {
    size_t in_order[LIMIT_COLUMNS];
    for (size_t i = 0; i < gold->width && i < LIMIT_COLUMNS; i++) in_order[i] = i;
    return gold->width <= LIMIT_COLUMNS &&
           same_rows(gold, in_order, got, in_order, gold->width, ordered);
  }
  size_t fits[MOST_PERMUTED][MOST_PERMUTED], n_fits[MOST_PERMUTED] = {0};
  for (size_t i = 0; i < gold->width; i++)
    for (size_t j = 0; j < got->width; j++)
      if (same_rows(gold, &i, got, &j, 1, false)) fits[i][n_fits[i]++] = j;
  return some_assignment(gold, got, ordered, (const size_t(*)[MOST_PERMUTED])fits, n_fits);
}
