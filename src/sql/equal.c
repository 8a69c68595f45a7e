/* Structural equality: what was written differently but means the same tree is equal. Spans,
 * bindings, redundant parentheses, quoting and the spelling of LIMIT do not count. */
#include "sql/sql.h"

static bool equal_expr(const sql_expr *x, const sql_expr *y);
static bool equal_from(const sql_from *x, const sql_from *y);

static bool equal_name(const sql_name *x, const sql_name *y) {
  return !x->text.ptr == !y->text.ptr && str_eq_nocase(x->text, y->text);
}

static bool equal_names(const sql_names *x, const sql_names *y) {
  if (x->len != y->len) return false;
  for (size_t i = 0; i < x->len; i++)
    if (!equal_name(&x->items[i], &y->items[i])) return false;
  return true;
}

static bool equal_exprs(const sql_exprs *x, const sql_exprs *y) {
  if (x->len != y->len) return false;
  for (size_t i = 0; i < x->len; i++)
    if (!equal_expr(x->items[i], y->items[i])) return false;
  return true;
}

static bool equal_orders(const sql_orders *x, const sql_orders *y) {
  if (x->len != y->len) return false;
  for (size_t i = 0; i < x->len; i++) {
    const sql_order *a = &x->items[i], *b = &y->items[i];
    if (a->desc != b->desc || a->nulls != b->nulls || !equal_expr(a->expr, b->expr)) return false;
  }
  return true;
}

static bool equal_window(const sql_window *x, const sql_window *y) {
  if (!x || !y) return x == y;
  return equal_name(&x->name, &y->name) && equal_name(&x->base, &y->base) &&
         equal_exprs(&x->partition_by, &y->partition_by) &&
         equal_orders(&x->order_by, &y->order_by) && str_eq(x->frame, y->frame) &&
         equal_exprs(&x->frame_args, &y->frame_args);
}

/* Raw text is equal when its tokens are. */
static bool equal_tokens(str x, str y) {
  size_t i = 0, k = 0;
  for (;;) {
    sql_token a = sql_next_token(x, SQL_SQLITE, &i), b = sql_next_token(y, SQL_SQLITE, &k);
    if (a.kind != b.kind || !str_eq_nocase(a.raw, b.raw)) return false;
    if (a.kind == SQL_TOK_END) return true;
  }
}

static bool equal_text(const sql_expr *x, const sql_expr *y) {
  switch (x->kind) {
    case SQL_STRING:
    case SQL_PARAM:
      return str_eq(x->text, y->text);
    case SQL_CAST:
    case SQL_UNKNOWN:
    case SQL_CALL:
    case SQL_TYPED:
      return equal_tokens(x->text, y->text);
    default:
      return str_eq_nocase(x->text, y->text);
  }
}

static bool equal_expr(const sql_expr *x, const sql_expr *y) {
  if (!x || !y) return x == y;
  return x->kind == y->kind && x->op == y->op && x->negated == y->negated &&
         x->distinct == y->distinct && x->star == y->star && x->has_base == y->has_base &&
         x->has_else == y->has_else && x->within_group == y->within_group && x->bare == y->bare &&
         x->nulls == y->nulls && equal_text(x, y) && equal_name(&x->schema, &y->schema) &&
         equal_name(&x->table, &y->table) && equal_name(&x->name, &y->name) &&
         equal_exprs(&x->args, &y->args) && sql_equal(x->query, y->query) &&
         equal_orders(&x->order_by, &y->order_by) && equal_expr(x->filter, y->filter) &&
         equal_window(x->over, y->over);
}

static bool equal_types(const sql_from *x, const sql_from *y) {
  if (x->column_types.len != y->column_types.len) return false;
  for (size_t i = 0; i < x->column_types.len; i++)
    if (!equal_tokens(x->column_types.items[i], y->column_types.items[i])) return false;
  return true;
}

static bool equal_from(const sql_from *x, const sql_from *y) {
  if (!x || !y) return x == y;
  return x->kind == y->kind && x->join == y->join && x->natural == y->natural &&
         x->lateral == y->lateral && x->asof == y->asof && x->ordinality == y->ordinality &&
         x->not_indexed == y->not_indexed && equal_name(&x->indexed_by, &y->indexed_by) &&
         equal_name(&x->database, &y->database) && equal_name(&x->schema, &y->schema) &&
         equal_name(&x->name, &y->name) && equal_name(&x->alias, &y->alias) &&
         equal_names(&x->column_aliases, &y->column_aliases) && equal_types(x, y) &&
         equal_names(&x->using_names, &y->using_names) &&
         equal_name(&x->using_alias, &y->using_alias) && equal_tokens(x->text, y->text) &&
         sql_equal(x->query, y->query) && equal_expr(x->call, y->call) &&
         equal_from(x->left, y->left) && equal_from(x->right, y->right) && equal_expr(x->on, y->on);
}

static bool equal_ctes(const sql_query *x, const sql_query *y) {
  if (x->ctes.len != y->ctes.len || x->recursive != y->recursive) return false;
  for (size_t i = 0; i < x->ctes.len; i++) {
    const sql_cte *a = x->ctes.items[i], *b = y->ctes.items[i];
    if (!equal_name(&a->name, &b->name) || !equal_names(&a->columns, &b->columns) ||
        a->materialized != b->materialized || a->scalar != b->scalar ||
        !sql_equal(a->query, b->query))
      return false;
  }
  return true;
}

static bool equal_items(const sql_query *x, const sql_query *y) {
  if (x->items.len != y->items.len) return false;
  for (size_t i = 0; i < x->items.len; i++)
    if (!equal_expr(x->items.items[i].expr, y->items.items[i].expr) ||
        !equal_name(&x->items.items[i].alias, &y->items.items[i].alias))
      return false;
  return true;
}

static bool equal_windows(const sql_query *x, const sql_query *y) {
  if (x->windows.len != y->windows.len) return false;
  for (size_t i = 0; i < x->windows.len; i++)
    if (!equal_window(x->windows.items[i], y->windows.items[i])) return false;
  return true;
}

bool sql_equal(const sql_query *x, const sql_query *y) {
  if (!x || !y) return x == y;
  return x->kind == y->kind && x->set_op == y->set_op && x->distinct == y->distinct &&
         x->limit_percent == y->limit_percent && x->limit_ties == y->limit_ties &&
         equal_ctes(x, y) && sql_equal(x->left, y->left) && sql_equal(x->right, y->right) &&
         equal_exprs(&x->distinct_on, &y->distinct_on) && equal_items(x, y) &&
         equal_from(x->from, y->from) && equal_expr(x->where, y->where) &&
         equal_exprs(&x->group_by, &y->group_by) && equal_expr(x->having, y->having) &&
         equal_windows(x, y) && equal_expr(x->qualify, y->qualify) &&
         equal_exprs(&x->rows, &y->rows) && equal_orders(&x->order_by, &y->order_by) &&
         equal_expr(x->limit, y->limit) && equal_expr(x->offset, y->offset) &&
         equal_expr(x->by_limit, y->by_limit) && equal_exprs(&x->limit_by, &y->limit_by);
}
