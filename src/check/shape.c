/* Shape: how many columns and rows' values stand where so many are wanted. */
#include "check/functions.h"

static str count_of(check_ctx *c, size_t n, const char *what) {
  return str_from(arena_printf(c->a, "%zu %s%s", n, what, n == 1 ? "" : "s"));
}

/** How many columns `q` gives; false when that is not known. */
static bool width_of(check_ctx *c, sql_query *q, size_t *n) {
  bool open = false;
  const check_outputs *out = q ? scope_outputs(c, q, &open) : NULL;
  if (!out || open) return false;
  *n = out->len;
  return true;
}

static void subquery(check_ctx *c, sql_query *q, size_t wanted) {
  size_t n;
  if (!width_of(c, q, &n) || n == wanted) return;
  diag_add(c, CHECK_SUBQUERY_ARITY, q->span, count_of(c, n, "column"),
           str_from(arena_printf(c->a, "%zu %s", wanted, wanted == 1 ? "is" : "are")), NO_STR);
}

/** How many values `e` is: a row's parts, a subquery's columns, else one. */
static bool degree(check_ctx *c, const sql_expr *e, size_t *n) {
  *n = 1;
  if (e->kind == SQL_ROW) *n = e->args.len;
  if (e->kind == SQL_SUBQUERY) return width_of(c, e->query, n);
  return e->kind != SQL_UNKNOWN && (e->kind != SQL_COLUMN || c->dialect == SQL_SQLITE);
}

/** `e` stands where one value is wanted. */
static void one_value(check_ctx *c, const sql_expr *e) {
  if (!e) return;
  if (e->kind == SQL_SUBQUERY) subquery(c, e->query, 1);
  if (e->kind == SQL_ROW && c->dialect == SQL_SQLITE)
    diag_add(c, CHECK_ROW_MISUSE, e->span, NO_STR, NO_STR, NO_STR);
}

static void compared(check_ctx *c, const sql_expr *x, const sql_expr *y) {
  size_t n, m;
  bool left = degree(c, x, &n), right = degree(c, y, &m);
  if (x->kind == SQL_SUBQUERY && (right || y->kind == SQL_COLUMN))
    subquery(c, x->query, m);
  else if (y->kind == SQL_SUBQUERY && (left || x->kind == SQL_COLUMN))
    subquery(c, y->query, n);
  else if ((x->kind == SQL_ROW) != (y->kind == SQL_ROW) && left && right && n != m)
    diag_add(c, CHECK_ROW_MISUSE, x->kind == SQL_ROW ? x->span : y->span, NO_STR, NO_STR, NO_STR);
}

void shape_check_expr(check_ctx *c, const sql_expr *e) {
  switch (e->kind) {
    case SQL_IN: {
      const sql_expr *x = e->args.len ? e->args.items[0] : NULL;
      if (!e->query || !x || x->kind == SQL_SUBQUERY) break;
      subquery(c, e->query, x->kind == SQL_ROW ? x->args.len : 1);
      break;
    }
    case SQL_BINARY:
      if (e->args.len < 2) break;
      if (e->op >= SQL_OP_EQ && e->op <= SQL_OP_DISTINCT_FROM) {
        compared(c, e->args.items[0], e->args.items[1]);
        break;
      }
      for (size_t i = 0; i < e->args.len; i++) one_value(c, e->args.items[i]);
      break;
    case SQL_UNARY:
    case SQL_CAST:
    case SQL_CALL:
      for (size_t i = 0; i < e->args.len; i++) one_value(c, e->args.items[i]);
      break;
    default:
      break;
  }
}

/** The integer that an ordinal is written as; false for any other expression. */
static bool ordinal_of(const sql_expr *e, long *n) {
  bool minus = false;
  while (e && e->kind == SQL_COLLATE && e->args.len) e = e->args.items[0];
  if (e && e->kind == SQL_UNARY && e->op == SQL_OP_NEG && e->args.len) {
    minus = true;
    e = e->args.items[0];
  }
  if (!e || e->kind != SQL_NUMBER || !e->text.len || e->text.len > 9) return false;
  *n = 0;
  for (size_t i = 0; i < e->text.len; i++) {
    if (!ascii_is_digit(e->text.ptr[i])) return false;
    *n = *n * 10 + (e->text.ptr[i] - '0');
  }
  if (minus) *n = -*n;
  return true;
}

static void ordinal(check_ctx *c, const sql_expr *e, const char *clause, size_t width) {
  long n;
  if (!ordinal_of(e, &n) || (n >= 1 && (size_t)n <= width)) return;
  diag_add(c, CHECK_ORDINAL_RANGE, e->span, str_from(clause),
           str_from(arena_printf(c->a, "%ld", n)), count_of(c, width, "column"));
}

static void compound(check_ctx *c, sql_query *q) {
  size_t left, right;
  if (!q->left || !q->right || !width_of(c, q->left, &left) || !width_of(c, q->right, &right))
    return;
  if (left != right)
    diag_add(c, CHECK_COMPOUND_ARITY, q->op_span, count_of(c, left, "column"),
             count_of(c, right, "column"), NO_STR);
}

static void values(check_ctx *c, const sql_query *q) {
  for (size_t i = 1; i < q->rows.len; i++) {
    const sql_expr *first = q->rows.items[0], *row = q->rows.items[i];
    size_t want = first->kind == SQL_ROW ? first->args.len : 1;
    size_t have = row->kind == SQL_ROW ? row->args.len : 1;
    if (have != want)
      diag_add(c, CHECK_VALUES_ARITY, row->span, count_of(c, have, "value"),
               count_of(c, want, "value"), NO_STR);
  }
}

static void ctes(check_ctx *c, const sql_query *q) {
  for (size_t i = 0; i < q->ctes.len; i++) {
    const sql_cte *cte = q->ctes.items[i];
    size_t n;
    if (!cte->columns.len || !width_of(c, cte->query, &n) || n == cte->columns.len) continue;
    diag_add(c, CHECK_CTE_ARITY, cte->name.span, cte->name.text,
             count_of(c, cte->columns.len, "column"), count_of(c, n, "column"));
  }
}

static sql_walk_next stop(void *ctx, sql_query *q) {
  (void)ctx;
  (void)q;
  return SQL_WALK_STOP;
}

/** A subquery in HAVING may hold an aggregate that is the outer query's own. */
static bool has_subquery(sql_expr *e) {
  const sql_visitor v = {.query = stop};
  return !sql_walk_expr(e, &v);
}

static sql_walk_next find_aggregate(void *ctx, sql_expr *e) {
  const check_ctx *c = ctx;
  return function_is_aggregate(c->dialect, e) ? SQL_WALK_STOP : SQL_WALK_ON;
}

/** May the query have HAVING? It must group or aggregate; for SQLite, in what it selects. */
static bool may_have(check_ctx *c, sql_query *q) {
  const sql_visitor v = {.expr = find_aggregate, .ctx = c};
  if (q->group_by.len) return true;
  if (c->dialect != SQL_SQLITE) return q->scope->aggregate || has_subquery(q->having);
  for (size_t i = 0; i < q->items.len; i++)
    if (!sql_walk_expr(q->items.items[i].expr, &v)) return true;
  return false;
}

void shape_check(check_ctx *c, sql_query *q) {
  size_t width;
  ctes(c, q);
  if (q->kind == SQL_COMPOUND) compound(c, q);
  if (q->kind == SQL_VALUES) values(c, q);
  if (width_of(c, q, &width)) {
    for (size_t i = 0; i < q->order_by.len; i++)
      ordinal(c, q->order_by.items[i].expr, "ORDER BY", width);
    for (size_t i = 0; i < q->group_by.len; i++)
      ordinal(c, q->group_by.items[i], "GROUP BY", width);
  }
  if (q->kind != SQL_SELECT) return;
  bool selects = q->scope && !q->scope->under_exists;
  for (size_t i = 0; i < q->items.len && selects; i++) one_value(c, q->items.items[i].expr);
  for (size_t i = 0; i < q->order_by.len; i++) one_value(c, q->order_by.items[i].expr);
  for (size_t i = 0; i < q->group_by.len; i++) one_value(c, q->group_by.items[i]);
  one_value(c, q->where);
  for (size_t i = 0; i < q->items.len && !q->from; i++) {
    const sql_expr *e = q->items.items[i].expr;
    if (e && e->kind == SQL_STAR && !e->table.text.ptr)
      diag_add(c, CHECK_NO_FROM, e->span, NO_STR, NO_STR, NO_STR);
  }
  if (q->having && q->scope && !may_have(c, q))
    diag_add(c, CHECK_HAVING_WITHOUT_GROUP, q->having->span, NO_STR, NO_STR, NO_STR);
}
