/* Which value candidate a literal is, and how a candidate is spelt beside a column.
 * Finds no candidates in questions. */
#include "model/ir_value.h"

#include <inttypes.h>
#include <math.h>

/* ---- numbers ---- */

static size_t skip_digits(str s, size_t i, double *value) {
  for (; i < s.len && ascii_is_digit(s.ptr[i]); i++) *value = *value * 10 + (s.ptr[i] - '0');
  return i;
}

bool ir_parse_number(str text, double *out) {
  double mantissa = 0, exponent = 0;
  size_t i = text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+') ? 1 : 0, from = i;
  bool minus = i > 0 && text.ptr[0] == '-';
  i = skip_digits(text, i, &mantissa);
  size_t n_digits = i - from, n_decimals = 0;
  if (i < text.len && text.ptr[i] == '.') {
    size_t point = ++i;
    i = skip_digits(text, i, &mantissa);
    n_decimals = i - point;
  }
  if (n_digits + n_decimals == 0 || text.len > 40) return false;
  if (i < text.len && (text.ptr[i] == 'e' || text.ptr[i] == 'E')) {
    bool down = ++i < text.len && text.ptr[i] == '-';
    if (i < text.len && (text.ptr[i] == '-' || text.ptr[i] == '+')) i++;
    size_t e = skip_digits(text, i, &exponent);
    if (e == i || exponent > 300) return false;
    i = e;
    if (down) exponent = -exponent;
  }
  if (i != text.len) return false;
  double scale = exponent - (double)n_decimals;
  *out = scale < 0 ? mantissa / pow(10, -scale) : mantissa * pow(10, scale);
  if (minus) *out = -*out;
  return isfinite(*out);
}

/* As a SQL literal, whatever the locale. */
static str format_number(double x, arena *a) {
  bool whole = x == floor(x) && fabs(x) < 1e15;
  char *text = whole ? arena_printf(a, "%" PRId64, (int64_t)x) : arena_printf(a, "%.15g", x);
  for (char *c = text; c && *c; c++)
    if (*c == ',') *c = '.';
  return str_from(text);
}

/* True when a number may stand in SQL as it is written: no sign of "+", no leading zeros. */
static bool is_sql_number(str text) {
  double x;
  if (!ir_parse_number(text, &x) || text.ptr[0] == '+') return false;
  size_t i = text.ptr[0] == '-' ? 1 : 0;
  return !(text.ptr[i] == '0' && i + 1 < text.len && ascii_is_digit(text.ptr[i + 1]));
}

/* ---- from literal to candidate ---- */

static str spelling_in(const ir_value *v, int column) {
  for (int i = 0; i < v->n_spellings; i++)
    if (v->spellings[i].column == column) return v->spellings[i].text;
  return (str){NULL, 0};
}

/* True when `text` reads as `normal` does; *failed when out of memory. */
static bool reads_as(str text, str normal, arena *a, bool *failed) {
  str mine = catalog_normalise(a, text);
  if (!mine.ptr) *failed = true;
  return normal.len > 0 && str_eq(mine, normal);
}

/* How surely `literal` is `v`; 0: it is not. */
static int sureness(str literal, str normal, int column, const ir_value *v, arena *a,
                    bool *failed) {
  str spelling = spelling_in(v, column);
  double number;
  if (str_eq(v->text, literal)) return spelling.ptr ? 6 : 5;
  if (spelling.ptr && str_eq_nocase(spelling, literal)) return 4;
  if (v->is_number && is_sql_number(literal) && ir_parse_number(literal, &number) &&
      number == v->number)
    return 3;
  if (reads_as(v->text, normal, a, failed)) return 2;
  return spelling.ptr && reads_as(spelling, normal, a, failed) ? 1 : 0;
}

bool ir_value_find(str literal, int column, const ir_value *values, size_t n_values, arena *a,
                   int *out) {
  int best = 0;
  str normal = catalog_normalise(a, literal);
  bool failed = !normal.ptr;
  *out = -1;
  for (size_t i = 0; i < n_values && !failed; i++) {
    int s = sureness(literal, normal, column, &values[i], a, &failed);
    if (s > best) best = s, *out = (int)i;
  }
  return !failed;
}

/* ---- flags ---- */

static bool is_one_of(str s, const char *const *words) {
  for (; *words; words++)
    if (str_eq_nocase(s, str_from(*words))) return true;
  return false;
}

/* 1 affirmative, -1 negative, 0 neither. */
static int affirmation(str s) {
  static const char *const yes[] = {"t", "true", "y", "yes", "1", "on", NULL};
  static const char *const no[] = {"f", "false", "n", "no", "0", "off", NULL};
  return is_one_of(s, yes) ? 1 : is_one_of(s, no) ? -1 : 0;
}

enum { MAX_FLAG_VALUES = 3 }; /* yes, no, and one for "not known" */

/* A column whose stored values, as far as they are known, are a yes, a no and little else. */
static bool is_flag(const cat_column *c) {
  const cat_profile *p = &c->profile;
  if (c->type == CAT_BOOLEAN) return true;
  if (!p->known || p->distinct <= 0) return c->type == CAT_TEXT || c->type == CAT_UNKNOWN;
  if (p->distinct > MAX_FLAG_VALUES) return false;
  for (int i = 0; i < p->n_samples; i++)
    if (affirmation(p->samples[i]) != 0) return true;
  return false;
}

ir_token ir_value_constant(str literal, bool is_text, int column, const catalog *cat) {
  bool is_digit = str_eq(literal, STR("1")) || str_eq(literal, STR("0"));
  int yes = affirmation(literal);
  if (yes != 0 && column >= 0) {
    const cat_column *c = &cat->columns[column];
    bool seen = c->type == CAT_BOOLEAN || (c->profile.known && c->profile.distinct > 0);
    if (is_flag(c) && (seen || !is_digit)) return yes > 0 ? IR_V_TRUE : IR_V_FALSE;
  }
  if (is_digit) return str_eq(literal, STR("1")) ? IR_V_ONE : IR_V_ZERO;
  return literal.len == 0 && is_text ? IR_V_EMPTY : IR_V_UNKNOWN;
}

/* ---- from candidate to literal ---- */

static bool holds_numbers(const cat_column *c) {
  cat_type t = c->type == CAT_UNKNOWN && c->profile.known ? c->profile.value_type : c->type;
  return t == CAT_INTEGER || t == CAT_REAL || t == CAT_BOOLEAN || t == CAT_UNKNOWN;
}

static sql_expr *number_literal(str text, arena *a) {
  bool minus = text.len > 0 && text.ptr[0] == '-';
  sql_expr *e = text.ptr ? sql_new_number(a, str_slice(text, minus ? 1 : 0, text.len)) : NULL;
  sql_expr *neg = e && minus ? sql_new_expr(a, SQL_UNARY) : NULL;
  if (!neg) return minus ? NULL : e;
  neg->op = SQL_OP_NEG;
  return vec_push(a, &neg->args, e) ? neg : NULL;
}

sql_expr *ir_value_write(const ir_value *v, int column, const catalog *cat, arena *a) {
  str spelling = spelling_in(v, column), text = spelling.ptr ? spelling : v->text;
  double spelt;
  bool number = spelling.ptr ? ir_parse_number(spelling, &spelt) : v->is_number;
  if (number && (column < 0 || holds_numbers(&cat->columns[column]))) {
    if (is_sql_number(text)) return number_literal(text, a);
    return number_literal(format_number(spelling.ptr ? spelt : v->number, a), a);
  }
  if (number && !spelling.ptr && !ir_parse_number(text, &spelt)) text = format_number(v->number, a);
  return text.ptr ? sql_new_string(a, text) : NULL;
}

/* The most frequent stored value that says yes (or no); {NULL,0} when none is known to. */
static str stored_flag(const cat_column *c, int yes) {
  for (int i = 0; c->profile.known && i < c->profile.n_samples; i++)
    if (affirmation(c->profile.samples[i]) == yes) return c->profile.samples[i];
  return (str){NULL, 0};
}

/* Where 1 is no truth value, the text 'true' is one. */
static bool has_true(const cat_column *c, sql_dialect_id d) {
  return c->type == CAT_BOOLEAN && (d == SQL_POSTGRES || d == SQL_DUCKDB || d == SQL_TRINO);
}

sql_expr *ir_constant_write(ir_token t, int column, const catalog *cat, arena *a, bool *guessed,
                            bool *unknown) {
  const cat_column *c = column >= 0 ? &cat->columns[column] : NULL;
  ir_spelling spelling = {column, {NULL, 0}};
  ir_value v = {.text = {NULL, 0}, .spellings = &spelling, .n_spellings = 0};
  *guessed = *unknown = false;
  switch (t) {
    case IR_V_EMPTY:
      return sql_new_string(a, STR(""));
    case IR_V_ONE:
      v = (ir_value){.text = STR("1"), .is_number = true, .number = 1};
      break;
    case IR_V_ZERO:
      v = (ir_value){.text = STR("0"), .is_number = true};
      break;
    case IR_V_TRUE:
    case IR_V_FALSE: {
      bool yes = t == IR_V_TRUE;
      if (c) spelling.text = stored_flag(c, yes ? 1 : -1);
      *guessed = !spelling.text.ptr;
      v.n_spellings = spelling.text.ptr != NULL;
      v.is_number = !c || (holds_numbers(c) && !has_true(c, cat->dialect));
      v.number = yes;
      v.text = v.is_number ? yes ? STR("1") : STR("0") : yes ? STR("true") : STR("false");
      break;
    }
    default: /* V_UNKNOWN: any value that is there */
      *guessed = true;
      if (!c || !c->profile.known || c->profile.n_samples == 0 || c->values_private) {
        *unknown = true;
        return NULL;
      }
      v.text = spelling.text = c->profile.samples[0];
      v.n_spellings = 1;
  }
  return ir_value_write(&v, column, cat, a);
}
