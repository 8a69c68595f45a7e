/* Making trees by hand. A built node's span is {0,0}, which tells the printer that its names
 * are exact, to be quoted where the dialect would otherwise fold their case. */
#include "sql/sql.h"

#include <string.h>

sql_expr *sql_new_expr(arena *a, sql_expr_kind kind) {
  sql_expr *e = ARENA_NEW(a, sql_expr);
  if (!e) return NULL;
  e->kind = kind;
  e->bound.table = e->bound.column = -1;
  return e;
}

sql_query *sql_new_query(arena *a, sql_query_kind kind) {
  sql_query *q = ARENA_NEW(a, sql_query);
  if (q) q->kind = kind;
  return q;
}

sql_from *sql_new_from(arena *a, sql_from_kind kind) {
  sql_from *f = ARENA_NEW(a, sql_from);
  if (!f) return NULL;
  f->kind = kind;
  f->table = -1;
  return f;
}

sql_expr *sql_new_column(arena *a, str table, str name) {
  sql_expr *e = sql_new_expr(a, SQL_COLUMN);
  if (!e) return NULL;
  e->table.text = table.len ? table : (str){NULL, 0};
  e->name.text = name;
  return e;
}

sql_expr *sql_new_number(arena *a, str text) {
  sql_expr *e = sql_new_expr(a, SQL_NUMBER);
  if (!e) return NULL;
  if (text.len && text.ptr[0] == '-') { /* as the parser reads it */
    sql_expr *minus = sql_new_expr(a, SQL_UNARY);
    e->text = str_slice(text, 1, text.len);
    if (!minus || !vec_push(a, &minus->args, e)) return NULL;
    minus->op = SQL_OP_NEG;
    return minus;
  }
  e->text = text;
  return e;
}

sql_expr *sql_new_string(arena *a, str text) {
  sql_expr *e = sql_new_expr(a, SQL_STRING);
  if (!e) return NULL;
  e->text = text;
  e->quote = '\'';
  return e;
}

sql_expr *sql_new_call(arena *a, str name, sql_expr *arg) {
  sql_expr *e = sql_new_expr(a, SQL_CALL);
  if (!e) return NULL;
  e->name.text = name;
  e->star = !arg;
  return !arg || vec_push(a, &e->args, arg) ? e : NULL;
}

sql_expr *sql_new_binary(arena *a, sql_op op, sql_expr *left, sql_expr *right) {
  sql_expr *e = sql_new_expr(a, SQL_BINARY);
  if (!e) return NULL;
  e->op = op;
  return vec_push(a, &e->args, left) && vec_push(a, &e->args, right) ? e : NULL;
}
