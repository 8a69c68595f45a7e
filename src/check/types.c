/* Types of expressions: declared types of columns, corrected by what is stored; results of calls.
 */
#include "check/types.h"

#include "check/facts.h"
#include "check/functions.h"

enum { MAX_DEPTH = 64 };

static cat_type type_at(check_ctx *c, const sql_expr *e, int depth);

static cat_type column_type(const cat_column *col) {
  const cat_profile *p = &col->profile;
  if (types_is_number(col->type) && p->known && types_is_number(p->value_type))
    return p->value_type;
  return col->type;
}

/** The wider of two types that meet in CASE, COALESCE or arithmetic. */
static cat_type wider(cat_type x, cat_type y) {
  if (x == y || y == CAT_UNKNOWN) return x;
  if (x == CAT_UNKNOWN) return y;
  return types_is_number(x) && types_is_number(y) ? CAT_REAL : CAT_UNKNOWN;
}

static cat_type first_output(check_ctx *c, sql_query *q, int depth) {
  bool open = false;
  const check_outputs *out = q && q->scope ? scope_outputs(c, q, &open) : NULL;
  if (!out || !out->len) return CAT_UNKNOWN;
  const check_output *o = &out->items[0];
  if (o->expr) return type_at(c, o->expr, depth);
  return o->bound.table >= 0 && o->bound.column >= 0 && c->cat
             ? column_type(&c->cat->columns[o->bound.column])
             : CAT_UNKNOWN;
}

static cat_type reference_type(check_ctx *c, const sql_expr *e, int depth) {
  const cat_column *col = facts_column_behind(c, e);
  if (col) return column_type(col);
  if (e->bound.alias && e->bound.alias->expr) return type_at(c, e->bound.alias->expr, depth);
  sql_from *from = e->bound.item;
  sql_query *q = !from ? NULL : from->cte ? from->cte->query : from->query;
  bool open = false;
  const check_outputs *out = q && q->scope ? scope_outputs(c, q, &open) : NULL;
  if (!out || e->bound.column < 0 || (size_t)e->bound.column >= out->len) return CAT_UNKNOWN;
  const check_output *o = &out->items[e->bound.column];
  return o->expr ? type_at(c, o->expr, depth) : CAT_UNKNOWN;
}

static cat_type arithmetic(check_ctx *c, const sql_expr *e, int depth) {
  cat_type x = type_at(c, e->args.items[0], depth), y = type_at(c, e->args.items[1], depth);
  if (e->op == SQL_OP_DIV && c->dialect != SQL_SQLITE && c->dialect != SQL_POSTGRES &&
      c->dialect != SQL_TSQL && c->dialect != SQL_TRINO)
    return CAT_REAL;
  return types_is_number(x) && types_is_number(y) ? wider(x, y) : CAT_UNKNOWN;
}

static cat_type binary_type(check_ctx *c, const sql_expr *e, int depth) {
  switch (e->op) {
    case SQL_OP_ADD:
    case SQL_OP_SUB:
    case SQL_OP_MUL:
    case SQL_OP_DIV:
    case SQL_OP_MOD:
      return e->args.len == 2 ? arithmetic(c, e, depth) : CAT_UNKNOWN;
    case SQL_OP_CONCAT:
    case SQL_OP_JSON_TEXT:
      return CAT_TEXT;
    case SQL_OP_BITAND:
    case SQL_OP_BITOR:
    case SQL_OP_SHL:
    case SQL_OP_SHR:
      return CAT_INTEGER;
    case SQL_OP_JSON:
      return CAT_JSON;
    case SQL_OP_OTHER:
      return CAT_UNKNOWN;
    default:
      return CAT_BOOLEAN;
  }
}

static cat_type call_type(check_ctx *c, const sql_expr *e, int depth) {
  const check_function *f = function_find(c->dialect, e->name.text, e->args.len);
  if (!f) return CAT_UNKNOWN;
  if (f->result < FN_ANY) return (cat_type)f->result;
  if (f->result == FN_ANY || !e->args.len) return CAT_UNKNOWN;
  cat_type t = type_at(c, e->args.items[0], depth);
  if (f->result == FN_NUM) return types_is_number(t) ? t : CAT_REAL;
  bool all =
      str_eq_nocase(e->name.text, STR("coalesce")) || str_eq_nocase(e->name.text, STR("ifnull"));
  for (size_t i = 1; i < e->args.len && all; i++) t = wider(t, type_at(c, e->args.items[i], depth));
  return t;
}

static cat_type case_type(check_ctx *c, const sql_expr *e, int depth) {
  size_t n = e->args.len, i = e->has_base ? 2 : 1;
  cat_type t = CAT_UNKNOWN;
  for (; i < n - (e->has_else && n ? 1 : 0); i += 2)
    t = wider(t, type_at(c, e->args.items[i], depth));
  return e->has_else && n ? wider(t, type_at(c, e->args.items[n - 1], depth)) : t;
}

static cat_type number_type(str text) {
  bool hex = text.len > 1 && ascii_lower(text.ptr[1]) == 'x';
  for (size_t i = 0; i < text.len && !hex; i++)
    if (text.ptr[i] == '.' || ascii_lower(text.ptr[i]) == 'e') return CAT_REAL;
  return CAT_INTEGER;
}

static cat_type type_at(check_ctx *c, const sql_expr *e, int depth) {
  if (!e || depth > MAX_DEPTH) return CAT_UNKNOWN;
  switch (e->kind) {
    case SQL_NUMBER:
      return number_type(e->text);
    case SQL_STRING:
      return CAT_TEXT;
    case SQL_BLOB:
      return CAT_BLOB;
    case SQL_TYPED:
      return cat_type_of(e->name.text);
    case SQL_CAST:
      return cat_type_of(e->text);
    case SQL_COLUMN:
      return reference_type(c, e, depth + 1);
    case SQL_BINARY:
      return binary_type(c, e, depth + 1);
    case SQL_CALL:
      return call_type(c, e, depth + 1);
    case SQL_CASE:
      return case_type(c, e, depth + 1);
    case SQL_SUBQUERY:
      return first_output(c, e->query, depth + 1);
    case SQL_COLLATE:
      return e->args.len ? type_at(c, e->args.items[0], depth + 1) : CAT_UNKNOWN;
    case SQL_UNARY:
      if (e->op == SQL_OP_NOT) return CAT_BOOLEAN;
      return e->args.len ? type_at(c, e->args.items[0], depth + 1) : CAT_UNKNOWN;
    case SQL_BOOL:
    case SQL_IS_NULL:
    case SQL_BETWEEN:
    case SQL_IN:
    case SQL_EXISTS:
    case SQL_QUANTIFIED:
      return CAT_BOOLEAN;
    default:
      return CAT_UNKNOWN;
  }
}

cat_type types_of(check_ctx *c, const sql_expr *e) { return type_at(c, e, 0); }

bool types_may_be_null(check_ctx *c, const sql_expr *e) {
  if (e->kind == SQL_NUMBER || e->kind == SQL_STRING || e->kind == SQL_BOOL) return false;
  if (e->kind == SQL_CALL && str_eq_nocase(e->name.text, STR("count"))) return false;
  const cat_column *col = facts_column_behind(c, e);
  if (!col) return true;
  bool counted = col->profile.known && !col->profile.sampled;
  return !col->not_null && !col->pk && !(counted && col->profile.nulls == 0);
}
