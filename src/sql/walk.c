/* Visiting a tree in source order. Depth is bounded by what the parser builds. */
#include "sql/sql.h"

static bool walk_exprs(const sql_exprs *list, const sql_visitor *v) {
  for (size_t i = 0; i < list->len; i++)
    if (!sql_walk_expr(list->items[i], v)) return false;
  return true;
}

static bool walk_orders(const sql_orders *list, const sql_visitor *v) {
  for (size_t i = 0; i < list->len; i++)
    if (!sql_walk_expr(list->items[i].expr, v)) return false;
  return true;
}

static bool walk_window(const sql_window *w, const sql_visitor *v) {
  return walk_exprs(&w->partition_by, v) && walk_orders(&w->order_by, v) &&
         walk_exprs(&w->frame_args, v);
}

bool sql_walk_expr(sql_expr *e, const sql_visitor *v) {
  if (!e) return true;
  sql_walk_next next = v->expr ? v->expr(v->ctx, e) : SQL_WALK_ON;
  if (next != SQL_WALK_ON) return next == SQL_WALK_SKIP;
  if (!walk_exprs(&e->args, v) || !sql_walk_query(e->query, v) || !walk_orders(&e->order_by, v))
    return false;
  if (!sql_walk_expr(e->filter, v)) return false;
  return !e->over || walk_window(e->over, v);
}

bool sql_walk_from(sql_from *f, const sql_visitor *v) {
  if (!f) return true;
  sql_walk_next next = v->from ? v->from(v->ctx, f) : SQL_WALK_ON;
  if (next != SQL_WALK_ON) return next == SQL_WALK_SKIP;
  return sql_walk_from(f->left, v) && sql_walk_from(f->right, v) && sql_walk_query(f->query, v) &&
         sql_walk_expr(f->call, v) && sql_walk_expr(f->on, v);
}

static bool walk_body(sql_query *q, const sql_visitor *v) {
  if (!sql_walk_query(q->left, v) || !sql_walk_query(q->right, v)) return false;
  if (!walk_exprs(&q->distinct_on, v)) return false;
  for (size_t i = 0; i < q->items.len; i++)
    if (!sql_walk_expr(q->items.items[i].expr, v)) return false;
  if (!sql_walk_from(q->from, v) || !sql_walk_expr(q->where, v) || !walk_exprs(&q->group_by, v))
    return false;
  if (!sql_walk_expr(q->having, v)) return false;
  for (size_t i = 0; i < q->windows.len; i++)
    if (!walk_window(q->windows.items[i], v)) return false;
  return sql_walk_expr(q->qualify, v) && walk_exprs(&q->rows, v);
}

bool sql_walk_query(sql_query *q, const sql_visitor *v) {
  if (!q) return true;
  sql_walk_next next = v->query ? v->query(v->ctx, q) : SQL_WALK_ON;
  if (next != SQL_WALK_ON) return next == SQL_WALK_SKIP;
  for (size_t i = 0; i < q->ctes.len; i++)
    if (!sql_walk_query(q->ctes.items[i]->query, v)) return false;
  return walk_body(q, v) && walk_orders(&q->order_by, v) && sql_walk_expr(q->by_limit, v) &&
         walk_exprs(&q->limit_by, v) && sql_walk_expr(q->limit, v) && sql_walk_expr(q->offset, v);
}
