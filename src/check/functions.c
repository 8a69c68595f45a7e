/* Looking functions up in functions.def and equivalents.def. */
#include "check/functions.h"

#include <string.h>

enum {
  FN_UNKNOWN = CAT_UNKNOWN,
  FN_TEXT = CAT_TEXT,
  FN_INTEGER = CAT_INTEGER,
  FN_REAL = CAT_REAL,
  FN_BOOLEAN = CAT_BOOLEAN,
  FN_DATE = CAT_DATE,
  FN_TIME = CAT_TIME,
  FN_TIMESTAMP = CAT_TIMESTAMP,
  FN_BLOB = CAT_BLOB,
  FN_JSON = CAT_JSON
};

static const check_function functions[] = {
#define FN(name, class, min, max, result, dialects) \
  {#name, FN_##class, min, max, FN_##result, dialects},
#include "check/functions.def"
#undef FN
};

typedef struct equivalent {
  const char *name;
  int n;
  const char *dialects;
  bool exact;
  const char *text;
} equivalent;

static const equivalent equivalents[] = {
#define EQ(name, n, dialects, exact, text) {name, n, dialects, exact, text},
#include "check/equivalents.def"
#undef EQ
};

enum {
  N_FUNCTIONS = sizeof functions / sizeof *functions,
  N_EQUIVALENTS = sizeof equivalents / sizeof *equivalents
};

static const char letters[SQL_N_DIALECTS] = {
    [SQL_SQLITE] = 'S',  [SQL_POSTGRES] = 'P',   [SQL_MYSQL] = 'M',
    [SQL_MARIADB] = 'A', [SQL_TSQL] = 'T',       [SQL_ORACLE] = 'O',
    [SQL_DUCKDB] = 'D',  [SQL_CLICKHOUSE] = 'C', [SQL_TRINO] = 'R'};

char function_letter(sql_dialect_id d) { return letters[d]; }

bool function_in(const check_function *f, sql_dialect_id d) {
  return strchr(f->dialects, letters[d]) != NULL;
}

const check_function *function_at(size_t i) { return i < N_FUNCTIONS ? &functions[i] : NULL; }

/** The first row whose name is not below `name`. */
static size_t lower_bound(str name) {
  size_t lo = 0, hi = N_FUNCTIONS;
  while (lo < hi) {
    size_t mid = lo + (hi - lo) / 2;
    if (str_cmp_nocase(str_from(functions[mid].name), name) < 0)
      lo = mid + 1;
    else
      hi = mid;
  }
  return lo;
}

static const check_function *find_row(sql_dialect_id d, str name, size_t n) {
  const check_function *first = NULL;
  for (size_t i = lower_bound(name); i < N_FUNCTIONS; i++) {
    const check_function *f = &functions[i];
    if (!str_eq_nocase(str_from(f->name), name)) break;
    if (!function_in(f, d)) continue;
    if (!first) first = f;
    if (n >= (size_t)f->min && (f->max < 0 || n <= (size_t)f->max)) return f;
  }
  return first;
}

/** ClickHouse's sumIf, uniqMerge, quantilesStateIf: an aggregate and what changes it. */
static const check_function *find_combined(sql_dialect_id d, str name) {
  static const char *const endings[] = {"If",     "Array",     "Merge",   "State", "Distinct",
                                        "OrNull", "OrDefault", "ForEach", "Map",   "SimpleState"};
  static const check_function combined = {.name = "aggregate",
                                          .class = FN_AGGREGATE,
                                          .min = 0,
                                          .max = -1,
                                          .result = FN_ANY,
                                          .dialects = "C"};
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    str end = str_from(endings[i]);
    if (name.len <= end.len || !str_eq(str_slice(name, name.len - end.len, name.len), end))
      continue;
    str stem = str_slice(name, 0, name.len - end.len);
    const check_function *f = find_row(d, stem, 1);
    if ((f && f->class == FN_AGGREGATE) || find_combined(d, stem)) return &combined;
  }
  return NULL;
}

const check_function *function_find(sql_dialect_id d, str name, size_t n) {
  const check_function *f = find_row(d, name, n);
  return f || d != SQL_CLICKHOUSE ? f : find_combined(d, name);
}

bool function_is_aggregate(sql_dialect_id d, const sql_expr *call) {
  if (call->kind != SQL_CALL || call->over) return false;
  const check_function *f = function_find(d, call->name.text, call->args.len);
  return f && (f->class == FN_AGGREGATE || call->within_group);
}

bool function_is_grouping(const sql_expr *call) {
  static const char *const names[] = {"ROLLUP", "CUBE", "GROUPING SETS", "ALL"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (call->kind == SQL_CALL && !call->schema.text.len &&
        str_eq_nocase(call->name.text, str_from(names[i])))
      return true;
  return false;
}

/* ---- equivalents ---- */

/** "extract year" of EXTRACT(YEAR FROM x), "date_trunc month" of DATE_TRUNC('month', x), else the
 *  name alone; in lower case. */
static str call_key(const sql_expr *e, char out[64]) {
  size_t n = 0;
  for (size_t i = 0; i < e->name.text.len && n < 40; i++)
    out[n++] = ascii_lower(e->name.text.ptr[i]);
  str word = e->text;
  bool quoted = e->args.len == 2 && e->args.items[0]->kind == SQL_STRING &&
                (str_eq_nocase(e->name.text, STR("date_trunc")) ||
                 str_eq_nocase(e->name.text, STR("date_part")));
  if (quoted) word = e->args.items[0]->text;
  if (word.len && ascii_is_alpha(word.ptr[0])) {
    out[n++] = ' ';
    for (size_t i = 0; i < word.len && n < 60 && ascii_is_alpha(word.ptr[i]); i++)
      out[n++] = ascii_lower(word.ptr[i]);
  }
  return (str){out, n};
}

static str argument(str sql, const sql_expr *e, size_t i) {
  if (i >= e->args.len) return STR("");
  sql_span s = e->args.items[i]->span;
  return s.to <= sql.len && s.from < s.to ? str_slice(sql, s.from, s.to) : STR("");
}

static void fill(buf *b, const char *template, str sql, const sql_expr *e) {
  for (const char *p = template; *p; p++) {
    if (p[0] == '{' && ascii_is_digit(p[1]) && p[2] == '}') {
      buf_add(b, argument(sql, e, (size_t)(p[1] - '0')));
      p += 2;
    } else if (p[0] == '{' && p[1] == '*') {
      const char *end = strchr(p, '}');
      str between = {p + 2, (size_t)(end - p) - 2};
      for (size_t i = 0; i < e->args.len; i++) {
        if (i) buf_add(b, between);
        buf_add(b, argument(sql, e, i));
      }
      p = end;
    } else {
      buf_add_c(b, *p);
    }
  }
}

str function_equivalent(check_ctx *c, str sql, const sql_expr *e, bool *exact) {
  char key_text[64];
  str key = call_key(e, key_text), made = NO_STR;
  if (e->distinct || e->over || e->filter || e->star) return made;
  *exact = true;
  made = function_format_equivalent(c, sql, e);
  if (!made.ptr) made = function_interval_equivalent(c, sql, e);
  if (made.ptr) return made;
  for (size_t i = 0; i < N_EQUIVALENTS; i++) {
    const equivalent *q = &equivalents[i];
    if (!str_eq(str_from(q->name), key) || !strchr(q->dialects, letters[c->dialect])) continue;
    if (q->n >= 0 ? (size_t)q->n != e->args.len : e->args.len == 0) continue;
    buf b;
    buf_init(&b, 1 << 20);
    fill(&b, q->text, sql, e);
    made = b.failed ? NO_STR : arena_str(c->a, buf_str(&b));
    buf_free(&b);
    *exact = q->exact;
    break;
  }
  return made;
}
