/* Equality of bound expressions: by what they mean, not how they are spelt. */
#include "check/context.h"

enum { MAX_COMPARE_DEPTH = 64 }; /* past it two expressions count as different */

bool check_same_column(const sql_expr *e, const sql_binding *b) {
  return e->kind == SQL_COLUMN && e->bound.item && e->bound.item == b->item &&
         e->bound.column == b->column && e->bound.column >= 0;
}

static bool same(const sql_expr *x, const sql_expr *y, int depth);

static const sql_expr *meant(const sql_expr *e) {
  for (int i = 0; i < 8 && e->kind == SQL_COLUMN && e->bound.alias && e->bound.alias->expr; i++)
    e = e->bound.alias->expr;
  return e;
}

static bool same_list(const sql_exprs *x, const sql_exprs *y, int depth) {
  if (x->len != y->len) return false;
  for (size_t i = 0; i < x->len; i++)
    if (!same(x->items[i], y->items[i], depth)) return false;
  return true;
}

static bool same_optional(const sql_expr *x, const sql_expr *y, int depth) {
  return (!x && !y) || (x && y && same(x, y, depth));
}

static bool same_name(const sql_name *x, const sql_name *y) {
  return str_eq_nocase(x->text, y->text);
}

static bool same(const sql_expr *x, const sql_expr *y, int depth) {
  if (depth > MAX_COMPARE_DEPTH) return false;
  x = meant(x);
  y = meant(y);
  if (x == y) return true;
  if (x->kind != y->kind || x->op != y->op || x->negated != y->negated) return false;
  if (x->kind == SQL_COLUMN) {
    if (x->bound.item && x->bound.column >= 0) return check_same_column(y, &x->bound);
    return x->bound.item == y->bound.item && same_name(&x->name, &y->name) &&
           same_name(&x->table, &y->table);
  }
  if (x->distinct != y->distinct || x->star != y->star || x->has_base != y->has_base ||
      x->has_else != y->has_else)
    return false;
  bool words = x->kind == SQL_STRING ? str_eq(x->text, y->text) : str_eq_nocase(x->text, y->text);
  if (!words || !same_name(&x->name, &y->name) || !same_name(&x->table, &y->table)) return false;
  if (x->over || y->over || x->order_by.len || y->order_by.len) return false;
  if ((x->query || y->query) && !(x->query && y->query && sql_equal(x->query, y->query)))
    return false;
  return same_optional(x->filter, y->filter, depth + 1) && same_list(&x->args, &y->args, depth + 1);
}

bool check_same_expr(const sql_expr *x, const sql_expr *y) { return same(x, y, 0); }
