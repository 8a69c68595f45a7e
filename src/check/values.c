/* Literals against what the columns hold: spellings, values of another column, numbers kept as
 * text, dates of another format, bounds and conditions that no value meets. */
#include <stdlib.h>

#include "check/facts.h"
#include "check/suggest.h"
#include "check/types.h"

/* Wider columns may hold values that the index was not given. */
enum { MOST_DISTINCT = 10000, LONGEST_VALUE = 80 };

static str quoted(check_ctx *c, str text) {
  char *out = arena_alloc(c->a, text.len * 2 + 3);
  size_t n = 0;
  if (!out) return NO_STR;
  out[n++] = '\'';
  for (size_t i = 0; i < text.len; i++) {
    if (text.ptr[i] == '\'') out[n++] = '\'';
    out[n++] = text.ptr[i];
  }
  out[n++] = '\'';
  return (str){out, n};
}

static str column_label(check_ctx *c, const cat_column *col) {
  str t = c->cat->tables[col->table].name;
  return str_from(arena_printf(c->a, "%.*s.%.*s", STR_ARG(t), STR_ARG(col->name)));
}

/* ---- is it stored? ---- */

/** Are all values of the column in the catalog's index? */
static bool is_indexed(const check_ctx *c, const cat_column *col) {
  const cat_profile *p = &col->profile;
  return c->cat->has_values && p->known && !p->sampled && !col->values_private &&
         !p->numeric_text && p->value_type == CAT_TEXT && p->distinct > 0 &&
         p->distinct <= MOST_DISTINCT && !c->cat->tables[col->table].is_view;
}

/** Another column of the query's tables that holds exactly this; NULL without. */
static const cat_column *other_holder(const query_facts *f, const cat_value *chain, str text,
                                      const cat_column *col) {
  for (const cat_value *v = chain; v; v = v->next)
    for (size_t i = 0; i < f->scope->items.len; i++) {
      const cat_table *t = f->scope->items.items[i].table;
      const cat_column *other = &f->c->cat->columns[v->column];
      if (t && other->table == t->id && other != col && str_eq(v->text, text)) return other;
    }
  return NULL;
}

static void not_stored(const query_facts *f, const sql_expr *e, const sql_expr *lit,
                       const cat_column *col, const cat_value *chain) {
  check_ctx *c = f->c;
  str label = column_label(c, col), text = quoted(c, lit->text);
  const cat_column *other = other_holder(f, chain, lit->text, col);
  if (other) {
    diag *d = diag_add(c, CHECK_VALUE_ELSEWHERE, lit->span, label, text, column_label(c, other));
    sql_span name = e->name.span;
    if (col->table == other->table && name.to > name.from)
      diag_suggest(c, d, suggest_ident(c, other->name), name, STR("the column that holds it"), 0.8);
    return;
  }
  diag *d = diag_add(c, CHECK_VALUE_NOT_STORED, lit->span, label, text, NO_STR);
  suggest_name wanted = suggest_prepare(c->a, lit->text);
  suggest_list l = {0};
  for (int i = 0; i < col->profile.n_samples; i++) {
    str sample = col->profile.samples[i];
    double score = suggest_score_name(c->a, &wanted, sample);
    suggest_enter(&l, quoted(c, sample), lit->span, score * 0.8, STR("a frequent value"));
  }
  suggest_give(c, &l, d);
}

/** `e` is the column, `lit` what it is compared with. */
static void check_stored(const query_facts *f, const sql_expr *e, const sql_expr *lit,
                         const cat_column *col, bool any_case) {
  check_ctx *c = f->c;
  if (!is_indexed(c, col) || lit->text.len > LONGEST_VALUE || !lit->text.len) return;
  const cat_value *chain = catalog_value(c->cat, lit->text), *near = NULL;
  for (const cat_value *v = chain; v; v = v->next) {
    if (v->column != col->id) continue;
    if (any_case ? str_eq_nocase(v->text, lit->text) : str_eq(v->text, lit->text)) return;
    if (!near) near = v;
  }
  if (!near) {
    not_stored(f, e, lit, col, chain);
    return;
  }
  str stored = quoted(c, near->text);
  diag *d = diag_add(c, CHECK_STORED_SPELLING, lit->span, column_label(c, col), stored,
                     quoted(c, lit->text));
  diag_suggest(c, d, stored, lit->span, STR("the stored spelling"), 0.97);
}

/* ---- dates ---- */

/** "2024-01-31" → "9999-99-99": what of it is digits; false when there are no two groups of them.
 */
static bool shape_of(str s, char out[24]) {
  size_t groups = 0;
  if (s.len < 6 || s.len > 23) return false;
  for (size_t i = 0; i < s.len; i++) {
    bool digit = ascii_is_digit(s.ptr[i]);
    if (digit && (i == 0 || !ascii_is_digit(s.ptr[i - 1]))) groups++;
    if (!digit && ascii_is_alpha(s.ptr[i]) && s.ptr[i] != 'T') return false;
    out[i] = digit ? '9' : s.ptr[i];
  }
  out[s.len] = 0;
  return groups >= 3;
}

static bool is_date_shape(str shape) {
  return str_starts(shape, STR("9999-99-99")) || str_starts(shape, STR("9999/99/99")) ||
         str_starts(shape, STR("99/99/9999")) || str_starts(shape, STR("99-99-9999")) ||
         str_starts(shape, STR("9/9/9999")) || str_starts(shape, STR("9999-9-9")) ||
         str_starts(shape, STR("9/99/9999")) || str_starts(shape, STR("99/9/9999"));
}

static void check_date(const query_facts *f, const sql_expr *lit, const cat_column *col) {
  char want[24], have[24], other[24];
  const cat_profile *p = &col->profile;
  if (!p->known || !p->n_samples || p->min.kind != CELL_TEXT || p->max.kind != CELL_TEXT) return;
  if (!shape_of(lit->text, want) || !shape_of(p->samples[0], have) ||
      !shape_of(p->min.text, other) || !str_eq(str_from(have), str_from(other)) ||
      !shape_of(p->max.text, other) || !str_eq(str_from(have), str_from(other)))
    return;
  size_t n = sizeof "9999-99-99" - 1;
  bool dates = is_date_shape(str_from(want)) && is_date_shape(str_from(have));
  if (!dates || str_eq(str_slice(str_from(want), 0, n), str_slice(str_from(have), 0, n))) return;
  diag_add(f->c, CHECK_DATE_FORMAT, lit->span, column_label(f->c, col), quoted(f->c, p->samples[0]),
           quoted(f->c, lit->text));
}

static void check_end_of_day(const query_facts *f, const sql_expr *bound, const cat_column *col) {
  char shape[24];
  if (!col || bound->kind != SQL_STRING || !shape_of(bound->text, shape)) return;
  if (col->profile.value_type != CAT_TIMESTAMP || !str_eq(str_from(shape), STR("9999-99-99")))
    return;
  diag_add(f->c, CHECK_END_OF_DAY, bound->span, column_label(f->c, col), quoted(f->c, bound->text),
           NO_STR);
}

/* ---- types ---- */

static bool is_numeric(str s) {
  char text[64];
  char *end;
  s = str_trim(s);
  if (!s.len || s.len >= sizeof text) return false;
  for (size_t i = 0; i < s.len; i++) text[i] = s.ptr[i];
  text[s.len] = 0;
  strtod(text, &end);
  return end == text + s.len;
}

static void numeric_text(const query_facts *f, const sql_expr *e, const cat_column *col,
                         const char *what) {
  check_ctx *c = f->c;
  if (!col || !col->profile.known || !col->profile.numeric_text || col->type != CAT_TEXT) return;
  const char *type = col->profile.value_type == CAT_REAL ? "REAL" : "INTEGER";
  diag *d = diag_add(c, CHECK_NUMERIC_TEXT, e->span, column_label(c, col), str_from(what), NO_STR);
  if (!d || e->span.to > c->sql.len || e->span.from >= e->span.to) return;
  str text = str_slice(c->sql, e->span.from, e->span.to);
  diag_suggest(c, d, str_from(arena_printf(c->a, "CAST(%.*s AS %s)", STR_ARG(text), type)), e->span,
               STR("compared as a number"), 0.9);
}

static bool orders(sql_op op) {
  return op == SQL_OP_LT || op == SQL_OP_LE || op == SQL_OP_GT || op == SQL_OP_GE;
}

/** column op literal. */
static void check_pair(const query_facts *f, sql_op op, const sql_expr *e, const sql_expr *lit) {
  const cat_column *col = facts_column_behind(f->c, e);
  if (!col) return;
  if (lit->kind == SQL_STRING) {
    if (op == SQL_OP_EQ || op == SQL_OP_NE || op == SQL_OP_IS) check_stored(f, e, lit, col, false);
    check_date(f, lit, col);
    if (op == SQL_OP_LE) check_end_of_day(f, lit, col);
    bool number = types_is_number(types_of(f->c, e)) &&
                  (!col->profile.known || types_is_number(col->profile.value_type));
    if (number && !is_numeric(lit->text))
      diag_add(f->c, CHECK_TYPE_MISMATCH, lit->span, column_label(f->c, col), STR("a number"),
               quoted(f->c, lit->text));
  } else if (lit->kind == SQL_NUMBER && orders(op)) {
    numeric_text(f, e, col, "comparing");
  }
}

/* ---- one expression ---- */

static sql_op mirrored(sql_op op) {
  switch (op) {
    case SQL_OP_LT:
      return SQL_OP_GT;
    case SQL_OP_LE:
      return SQL_OP_GE;
    case SQL_OP_GT:
      return SQL_OP_LT;
    case SQL_OP_GE:
      return SQL_OP_LE;
    default:
      return op;
  }
}

static str source_text(const check_ctx *c, const sql_expr *e) {
  bool inside = e->span.from < e->span.to && e->span.to <= c->sql.len;
  return inside ? str_slice(c->sql, e->span.from, e->span.to) : e->text;
}

/* ---- what an engine refuses to compare ---- */

/** These convert no operand from text to number or back; the others do, silently. */
static bool compares_strictly(sql_dialect_id d) {
  return d == SQL_POSTGRES || d == SQL_TRINO || d == SQL_DUCKDB || d == SQL_CLICKHOUSE;
}

/** PostgreSQL and Trino have no boolean = integer; DuckDB and ClickHouse have. */
static bool has_numeric_booleans(sql_dialect_id d) {
  return d == SQL_DUCKDB || d == SQL_CLICKHOUSE;
}

/** How `number` is written as what the other side is; empty when that cannot be told. */
static str converted(check_ctx *c, const sql_expr *number, cat_type other) {
  str text = source_text(c, number);
  if (other == CAT_BOOLEAN) {
    if (number->kind != SQL_NUMBER) return STR("");
    return str_eq(text, STR("1")) ? STR("TRUE") : str_eq(text, STR("0")) ? STR("FALSE") : STR("");
  }
  if (number->kind == SQL_NUMBER) return str_from(arena_printf(c->a, "'%.*s'", STR_ARG(text)));
  const char *type = c->dialect == SQL_CLICKHOUSE ? "String"
                     : c->dialect == SQL_POSTGRES ? "TEXT"
                                                  : "VARCHAR";
  return str_from(arena_printf(c->a, "CAST(%.*s AS %s)", STR_ARG(text), type));
}

/** A literal in quotes takes the other side's type, so it is never at fault here. */
static void check_operands(check_ctx *c, const sql_expr *e, const sql_expr *x, const sql_expr *y) {
  if (!compares_strictly(c->dialect) || x->kind == SQL_STRING || y->kind == SQL_STRING) return;
  cat_type tx = types_of(c, x), ty = types_of(c, y);
  if (types_is_number(tx) == types_is_number(ty)) return;
  const sql_expr *number = types_is_number(tx) ? x : y;
  cat_type other = types_is_number(tx) ? ty : tx;
  bool at_fault = other == CAT_TEXT || (other == CAT_BOOLEAN && !has_numeric_booleans(c->dialect));
  if (!at_fault) return;
  str name = other == CAT_TEXT ? STR("text") : STR("a truth value");
  diag *d = diag_add(c, CHECK_OPERAND_TYPES, e->span, source_text(c, e), name, STR("a number"));
  str mend = converted(c, number, other);
  double sure = number->kind == SQL_NUMBER ? 0.95 : 0.7; /* columns may be joined off their keys */
  if (mend.len) diag_suggest(c, d, mend, number->span, STR("the other side's type"), sure);
}

static bool has_wildcard(str pattern) {
  for (size_t i = 0; i < pattern.len; i++)
    if (pattern.ptr[i] == '%' || pattern.ptr[i] == '_') return true;
  return false;
}

static void check_binary(const query_facts *f, const sql_expr *e) {
  const sql_expr *x = e->args.items[0], *y = e->args.items[1];
  if (e->op == SQL_OP_LIKE && y->kind == SQL_STRING && !has_wildcard(y->text)) {
    const cat_column *col = facts_column_behind(f->c, x);
    if (col) check_stored(f, x, y, col, true);
  }
  if (e->op < SQL_OP_EQ || e->op > SQL_OP_IS) return;
  check_operands(f->c, e, x, y);
  spellings_check(f, e, x, e->op, y);
  spellings_check(f, e, y, e->op, x);
  years_check(f, e, x, e->op, y);
  years_check(f, e, y, mirrored(e->op), x);
  if (x->kind == SQL_COLUMN) check_pair(f, e->op, x, y);
  if (y->kind == SQL_COLUMN) check_pair(f, mirrored(e->op), y, x);
}

static bool number_of(const sql_expr *e, double *out) {
  char text[64];
  bool minus = e->kind == SQL_UNARY && e->op == SQL_OP_NEG && e->args.len == 1;
  if (minus) e = e->args.items[0];
  if (e->kind != SQL_NUMBER || e->text.len >= sizeof text) return false;
  for (size_t i = 0; i < e->text.len; i++) text[i] = e->text.ptr[i];
  text[e->text.len] = 0;
  *out = strtod(text, NULL);
  if (minus) *out = -*out;
  return true;
}

static void check_between(const query_facts *f, const sql_expr *e) {
  const sql_expr *x = e->args.items[0], *low = e->args.items[1], *high = e->args.items[2];
  check_ctx *c = f->c;
  double a, b;
  bool numbers = number_of(low, &a) && number_of(high, &b);
  bool texts = low->kind == SQL_STRING && high->kind == SQL_STRING;
  if ((numbers && a > b) || (texts && str_cmp(low->text, high->text) > 0)) {
    str lo = source_text(c, low), hi = source_text(c, high);
    diag *d = diag_add(c, CHECK_BETWEEN_REVERSED, (sql_span){low->span.from, high->span.to}, lo, hi,
                       NO_STR);
    str swapped = str_from(arena_printf(c->a, "%.*s AND %.*s", STR_ARG(hi), STR_ARG(lo)));
    diag_suggest(c, d, swapped, (sql_span){low->span.from, high->span.to},
                 STR("the lower bound first"), 0.97);
  }
  const cat_column *col = facts_column_behind(c, x);
  if (!col) return;
  if (low->kind == SQL_STRING) check_date(f, low, col);
  if (high->kind == SQL_STRING) check_end_of_day(f, high, col);
  if (numbers) numeric_text(f, x, col, "comparing");
}

static sql_walk_next on_expr(void *ctx, sql_expr *e) {
  const query_facts *f = ctx;
  if (e->kind == SQL_BINARY && e->args.len >= 2) check_binary(f, e);
  if (e->kind == SQL_BETWEEN && e->args.len == 3) check_between(f, e);
  if (e->kind == SQL_IN && e->args.len > 1) {
    const cat_column *col = facts_column_behind(f->c, e->args.items[0]);
    for (size_t i = 1; i < e->args.len && col; i++)
      if (e->args.items[i]->kind == SQL_STRING)
        check_stored(f, e->args.items[0], e->args.items[i], col, false);
  }
  bool extreme =
      e->kind == SQL_CALL && e->args.len == 1 && !e->over &&
      (str_eq_nocase(e->name.text, STR("max")) || str_eq_nocase(e->name.text, STR("min")));
  if (extreme) {
    const sql_expr *x = e->args.items[0];
    numeric_text(f, x, facts_column_behind(f->c, x), "the extreme");
  }
  return SQL_WALK_ON;
}

/* ---- conditions together ---- */

/** column = literal of a condition; false for others. */
static bool equals_literal(const query_facts *f, const fact_cond *k, fact_column *column,
                           const sql_expr **lit) {
  const sql_expr *e = k->expr;
  if (e->kind != SQL_BINARY || e->op != SQL_OP_EQ || e->args.len != 2) return false;
  for (size_t i = 0; i < 2; i++) {
    *lit = e->args.items[1 - i];
    if (((*lit)->kind == SQL_STRING || (*lit)->kind == SQL_NUMBER) &&
        facts_column(f, e->args.items[i], column))
      return true;
  }
  return false;
}

static void check_contradictions(const query_facts *f) {
  for (size_t i = 0; i < f->conds.len; i++) {
    fact_column x, y;
    const sql_expr *a, *b;
    if (!equals_literal(f, &f->conds.items[i], &x, &a)) continue;
    for (size_t k = 0; k < i; k++) {
      if (!equals_literal(f, &f->conds.items[k], &y, &b) || x.item != y.item ||
          x.column != y.column || a->kind != b->kind || str_eq(a->text, b->text))
        continue;
      const cat_column *col = facts_cat_column(f, &x);
      if (a->kind == SQL_STRING || (col && types_is_number(col->type)))
        diag_add(f->c, CHECK_CONTRADICTION, f->conds.items[i].expr->span,
                 col ? col->name : STR("the column"), source_text(f->c, b), source_text(f->c, a));
      return;
    }
  }
}

void values_check(query_facts *f) {
  check_contradictions(f);
  if (!f->c->cat) return;
  facts_each_expr(f, on_expr, f);
  for (size_t i = 0; i < f->query->order_by.len; i++) {
    const sql_expr *e = f->query->order_by.items[i].expr;
    numeric_text(f, e, facts_column_behind(f->c, e), "the order");
  }
}
