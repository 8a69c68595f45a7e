/* From IR to SQL: expressions and conditions, in the catalog's dialect.
 * The sequence is known to be grammatical, and its ids to exist. */
#include "model/ir_write.h"

sql_expr *ir_write_both(ir_writer *w, sql_op op, sql_expr *left, sql_expr *right) {
  return left && right ? sql_new_binary(w->a, op, left, right) : NULL;
}

/* ---- references ---- */

static bool next_is_second(ir_writer *w) {
  bool second = ir_write_peek(w) == IR_ALT;
  if (second) w->pos++;
  return second;
}

ir_ref ir_write_table(ir_writer *w) {
  bool second = next_is_second(w);
  ir_ref t = ir_ref_make(ir_write_next(w).id, second);
  return ir_refs_add(w->a, &w->scope->mentioned, t) ? t : -1;
}

ir_ref ir_write_column_ref(ir_writer *w, ir_scope *scope) {
  bool second = next_is_second(w);
  ir_ref c = ir_ref_make(ir_write_next(w).id, second);
  return ir_refs_add(w->a, &scope->mentioned, ir_ref_table(w->cat, c)) ? c : -1;
}

static sql_expr *write_column(ir_writer *w, ir_scope *scope, int *gives) {
  ir_ref c = ir_write_column_ref(w, scope);
  if (c < 0) return NULL;
  *gives = ir_ref_id(c);
  ir_use use = {.table = ir_ref_table(w->cat, c), .nested = scope != w->scope};
  use.expr = sql_new_column(w->a, (str){NULL, 0}, w->cat->columns[ir_ref_id(c)].name);
  return use.expr && vec_push(w->a, &scope->uses, use) ? use.expr : NULL;
}

static sql_expr *write_outer(ir_writer *w, int *gives) {
  ir_scope *around = w->scope->outer;
  if (!around) return ir_write_fail(w, "a column of the query around, where there is none");
  if (w->scope->sorting) return ir_write_fail(w, "sorted by a column of the query around");
  sql_expr *e = write_column(w, around, gives);
  if (!e) return NULL;
  ir_ref t = around->uses.items[around->uses.len - 1].table;
  return ir_refs_add(w->a, &w->scope->borrowed, t) ? e : NULL;
}

static sql_expr *write_output(ir_writer *w, int k) {
  ir_use use = {.output = k};
  use.expr = sql_new_column(w->a, (str){NULL, 0}, (str){NULL, 0});
  return use.expr && vec_push(w->a, &w->scope->uses, use) ? use.expr : NULL;
}

static sql_expr *write_star(ir_writer *w, ir_token t) {
  ir_use use = {.expr = sql_new_expr(w->a, SQL_STAR)};
  if (t == IR_STAR_ALL) {
    w->scope->needs_rows = true;
    return use.expr;
  }
  use.table = ir_write_table(w);
  bool ok = use.expr && use.table >= 0 && vec_push(w->a, &w->scope->uses, use);
  return ok ? use.expr : NULL;
}

/* ---- aggregates and functions ---- */

static sql_expr *write_count_rows(ir_writer *w, ir_token t) {
  if (t == IR_COUNT_STAR && ir_write_table(w) < 0) return NULL;
  if (t == IR_COUNT_ROWS) w->scope->counts_derived = true;
  return sql_new_call(w->a, STR("COUNT"), NULL);
}

static sql_expr *write_aggregate(ir_writer *w, ir_token t, int *gives) {
  const char *name = t == IR_SUM   ? "SUM"
                     : t == IR_AVG ? "AVG"
                     : t == IR_MIN ? "MIN"
                     : t == IR_MAX ? "MAX"
                                   : "COUNT";
  int inner = IR_NO_COLUMN;
  sql_expr *arg = ir_write_expr(w, IR_NO_COLUMN, &inner);
  sql_expr *e = arg ? sql_new_call(w->a, str_from(name), arg) : NULL;
  if (e) e->distinct = t == IR_COUNT_DISTINCT;
  if (t == IR_MIN || t == IR_MAX) *gives = inner;
  return e;
}

/* strftime gives text with leading zeros; the other dialects' functions give numbers. */
static sql_expr *sqlite_date_part(ir_writer *w, str format, sql_expr *arg) {
  sql_expr *f = sql_new_string(w->a, format);
  sql_expr *call = f ? sql_new_call(w->a, STR("strftime"), f) : NULL;
  sql_expr *cast = sql_new_expr(w->a, SQL_CAST);
  if (!call || !cast || !vec_push(w->a, &call->args, arg)) return NULL;
  cast->text = STR("INTEGER");
  return vec_push(w->a, &cast->args, call) ? cast : NULL;
}

static sql_expr *write_date_part(ir_writer *w, ir_token t, sql_expr *arg) {
  static const struct {
    str name, extract, format;
  } parts[] = {{{"YEAR", 4}, {"YEAR FROM %", 11}, {"%Y", 2}},
               {{"MONTH", 5}, {"MONTH FROM %", 12}, {"%m", 2}},
               {{"DAY", 3}, {"DAY FROM %", 10}, {"%d", 2}}};
  int part = t == IR_YEAR ? 0 : t == IR_MONTH ? 1 : 2;
  sql_dialect_id d = w->cat->dialect;
  if (d == SQL_SQLITE) return sqlite_date_part(w, parts[part].format, arg);
  bool extract = d == SQL_POSTGRES || d == SQL_ORACLE;
  sql_expr *e = sql_new_call(w->a, extract ? STR("EXTRACT") : parts[part].name, arg);
  if (e && extract) e->text = parts[part].extract;
  return e;
}

static sql_expr *write_round(ir_writer *w, sql_expr *arg) {
  bool none = ir_write_peek(w) == IR_V_ZERO;
  sql_expr *digits = ir_write_expr(w, IR_NO_COLUMN, NULL);
  sql_expr *e = digits ? sql_new_call(w->a, STR("ROUND"), arg) : NULL;
  if (!e || (none && w->cat->dialect != SQL_TSQL)) return e;
  return vec_push(w->a, &e->args, digits) ? e : NULL;
}

static sql_expr *write_function(ir_writer *w, ir_token t, int *gives) {
  int inner = IR_NO_COLUMN;
  sql_expr *arg = ir_write_expr(w, IR_NO_COLUMN, &inner);
  if (t == IR_LOWER || t == IR_UPPER) *gives = inner;
  if (!arg) return NULL;
  switch (t) {
    case IR_ABS:
      return sql_new_call(w->a, STR("ABS"), arg);
    case IR_LOWER:
      return sql_new_call(w->a, STR("LOWER"), arg);
    case IR_UPPER:
      return sql_new_call(w->a, STR("UPPER"), arg);
    case IR_LENGTH:
      return sql_new_call(w->a, w->cat->dialect == SQL_TSQL ? STR("LEN") : STR("LENGTH"), arg);
    case IR_ROUND:
      return write_round(w, arg);
    default:
      return write_date_part(w, t, arg);
  }
}

static sql_expr *write_arithmetic(ir_writer *w, ir_token t) {
  sql_op op = t == IR_ADD   ? SQL_OP_ADD
              : t == IR_SUB ? SQL_OP_SUB
              : t == IR_MUL ? SQL_OP_MUL
                            : SQL_OP_DIV;
  sql_expr *left = ir_write_expr(w, IR_NO_COLUMN, NULL);
  sql_expr *right = left ? ir_write_expr(w, IR_NO_COLUMN, NULL) : NULL;
  return ir_write_both(w, op, left, right);
}

static sql_expr *write_subquery(ir_writer *w) {
  int arity = 0;
  sql_query *q = ir_write_query(w, &arity);
  if (q && arity != 1) return ir_write_fail(w, "a nested query that gives several columns");
  sql_expr *e = q ? sql_new_expr(w->a, SQL_SUBQUERY) : NULL;
  if (e) e->query = q;
  return e;
}

static sql_expr *write_constant(ir_writer *w, ir_token t, int beside) {
  bool guessed, unknown;
  sql_expr *e = ir_constant_write(t, beside, w->cat, w->a, &guessed, &unknown);
  if (!e && unknown) return ir_write_fail(w, "a value that is not known");
  w->out->n_guessed += guessed;
  return e;
}

sql_expr *ir_write_expr(ir_writer *w, int beside, int *gives) {
  int ignored, *mine = gives ? gives : &ignored;
  *mine = IR_NO_COLUMN;
  ir_token t = ir_write_peek(w);
  if (t == IR_BOS && w->seq->steps[w->pos].kind == IR_STEP_VALUE)
    return ir_value_write(&w->values[ir_write_next(w).id], beside, w->cat, w->a);
  if (t == IR_BOS || t == IR_ALT) return write_column(w, w->scope, mine);
  w->pos++;
  switch (t) {
    case IR_COUNT:
    case IR_COUNT_DISTINCT:
    case IR_SUM:
    case IR_AVG:
    case IR_MIN:
    case IR_MAX:
      return write_aggregate(w, t, mine);
    case IR_COUNT_STAR:
    case IR_COUNT_ROWS:
      return write_count_rows(w, t);
    case IR_STAR:
    case IR_STAR_ALL:
      return write_star(w, t);
    case IR_ADD:
    case IR_SUB:
    case IR_MUL:
    case IR_DIV:
      return write_arithmetic(w, t);
    case IR_OUTER:
      return write_outer(w, mine);
    case IR_OUT_1:
      return write_output(w, 1);
    case IR_OUT_2:
      return write_output(w, 2);
    case IR_OUT_3:
      return write_output(w, 3);
    case IR_SUBQUERY:
      return write_subquery(w);
    case IR_V_ONE:
    case IR_V_ZERO:
    case IR_V_TRUE:
    case IR_V_FALSE:
    case IR_V_EMPTY:
    case IR_V_UNKNOWN:
      return write_constant(w, t, beside);
    default:
      return write_function(w, t, mine);
  }
}

/* ---- conditions ---- */

static sql_expr *write_comparison(ir_writer *w, sql_op op) {
  int beside;
  sql_expr *left = ir_write_expr(w, IR_NO_COLUMN, &beside);
  sql_expr *right = left ? ir_write_expr(w, beside, NULL) : NULL;
  return ir_write_both(w, op, left, right);
}

static bool has_ilike(sql_dialect_id d) {
  return d == SQL_POSTGRES || d == SQL_DUCKDB || d == SQL_CLICKHOUSE;
}

/* Case does not count, as in SQLite and MySQL, wherever the dialect has a word for it. */
static sql_expr *write_like(ir_writer *w, ir_token t) {
  int beside;
  sql_expr *left = ir_write_expr(w, IR_NO_COLUMN, &beside);
  if (!left) return NULL;
  str text;
  if (ir_write_peek(w) == IR_V_UNKNOWN) {
    sql_expr *value = ir_write_expr(w, beside, NULL);
    if (!value) return NULL;
    text = value->text;
  } else {
    text = w->values[ir_write_next(w).id].text;
  }
  bool before = t == IR_LIKE_CONTAINS || t == IR_LIKE_ENDS;
  bool after = t == IR_LIKE_CONTAINS || t == IR_LIKE_STARTS;
  char *pattern =
      arena_printf(w->a, "%s%.*s%s", before ? "%" : "", STR_ARG(text), after ? "%" : "");
  sql_expr *right = pattern ? sql_new_string(w->a, str_from(pattern)) : NULL;
  sql_op op = has_ilike(w->cat->dialect) ? SQL_OP_ILIKE : SQL_OP_LIKE;
  return ir_write_both(w, op, left, right);
}

/* IN, EXISTS, IS NULL and their negations: a node with at most one operand and one query. */
static sql_expr *write_test(ir_writer *w, ir_token t) {
  bool in = t == IR_IN || t == IR_NOT_IN, exists = t == IR_EXISTS || t == IR_NOT_EXISTS;
  sql_expr *e = sql_new_expr(w->a, in ? SQL_IN : exists ? SQL_EXISTS : SQL_IS_NULL);
  if (!e) return NULL;
  e->negated = t == IR_NOT_IN || t == IR_NOT_EXISTS || t == IR_NOT_NULL;
  if (!exists) {
    sql_expr *left = ir_write_expr(w, IR_NO_COLUMN, NULL);
    if (!left || !vec_push(w->a, &e->args, left)) return NULL;
  }
  if (!in && !exists) return e;
  int arity = 0;
  e->query = ir_write_query(w, &arity);
  if (e->query && in && arity != 1)
    return ir_write_fail(w, "a nested query that gives several columns");
  return e->query ? e : NULL;
}

static sql_expr *write_between(ir_writer *w) {
  int beside = IR_NO_COLUMN;
  sql_expr *e = sql_new_expr(w->a, SQL_BETWEEN);
  for (int i = 0; e && i < 3; i++) {
    sql_expr *arg = ir_write_expr(w, beside, i == 0 ? &beside : NULL);
    if (!arg || !vec_push(w->a, &e->args, arg)) return NULL;
  }
  return e;
}

static sql_expr *write_not(ir_writer *w) {
  sql_expr *inner = ir_write_cond(w);
  if (!inner) return NULL;
  bool like = inner->kind == SQL_BINARY && (inner->op == SQL_OP_LIKE || inner->op == SQL_OP_ILIKE);
  if (like || inner->kind == SQL_BETWEEN) {
    inner->negated = !inner->negated;
    return inner;
  }
  sql_expr *e = sql_new_expr(w->a, SQL_UNARY);
  if (!e) return NULL;
  e->op = SQL_OP_NOT;
  return vec_push(w->a, &e->args, inner) ? e : NULL;
}

static bool is_literal(const sql_expr *e) { return e->kind == SQL_NUMBER || e->kind == SQL_STRING; }

/* The two steps after EQ (or NE): enough to tell [ALT] column. */
static bool same_left(const ir_writer *w, int x, int y) {
  const ir_step *a = w->seq->steps + x + 1, *b = w->seq->steps + y + 1;
  bool second = a[0].kind == IR_STEP_TOKEN && a[0].id == IR_ALT;
  if (a[0].kind != b[0].kind || a[0].id != b[0].id) return false;
  return second ? a[1].id == b[1].id : a[0].kind == IR_STEP_COLUMN;
}

/** The operands of an AND or OR chain; `at` is the step where the last one begins. */
typedef struct chain {
  sql_exprs operands;
  int at;
} chain;

static bool compares(const sql_expr *e, sql_op op) {
  return e->kind == SQL_BINARY && e->op == op && is_literal(e->args.items[1]);
}

/* x = a OR x = b becomes x IN (a, b); x <> a AND x <> b becomes x NOT IN (a, b): `e`, which begins
 * at step `at`, joins the last operand when that compares the same column. False: no memory. */
static bool add_operand(ir_writer *w, chain *c, sql_op op, sql_expr *e, int at) {
  sql_expr **last = c->operands.len > 0 ? &c->operands.items[c->operands.len - 1] : NULL;
  bool list = last && (*last)->kind == SQL_IN && !(*last)->query;
  if (!last || !compares(e, op) || !(list || compares(*last, op)) || !same_left(w, c->at, at)) {
    c->at = at;
    return vec_push(w->a, &c->operands, e);
  }
  if (!list) {
    sql_expr *in = sql_new_expr(w->a, SQL_IN);
    if (!in) return false;
    in->negated = op == SQL_OP_NE;
    in->args = (*last)->args;
    *last = in;
  }
  return vec_push(w->a, &(*last)->args, e->args.items[1]);
}

/* AND x AND y z is x AND y AND z. */
static sql_expr *write_chain(ir_writer *w, ir_token t) {
  chain c = {.at = 0};
  for (bool more = true, first = true; more; first = false) {
    more = first || ir_write_peek(w) == t;
    if (more && !first) w->pos++;
    int at = w->pos;
    sql_expr *e = ir_write_cond(w);
    if (!e || !add_operand(w, &c, t == IR_OR ? SQL_OP_EQ : SQL_OP_NE, e, at)) return NULL;
  }
  sql_expr *all = c.operands.items[0];
  for (size_t i = 1; i < c.operands.len; i++)
    all = ir_write_both(w, t == IR_OR ? SQL_OP_OR : SQL_OP_AND, all, c.operands.items[i]);
  return all;
}

sql_expr *ir_write_cond(ir_writer *w) {
  ir_token t = (ir_token)ir_write_next(w).id;
  switch (t) {
    case IR_AND:
    case IR_OR:
      return write_chain(w, t);
    case IR_NOT:
      return write_not(w);
    case IR_EQ:
      return write_comparison(w, SQL_OP_EQ);
    case IR_NE:
      return write_comparison(w, SQL_OP_NE);
    case IR_LT:
      return write_comparison(w, SQL_OP_LT);
    case IR_LE:
      return write_comparison(w, SQL_OP_LE);
    case IR_GT:
      return write_comparison(w, SQL_OP_GT);
    case IR_GE:
      return write_comparison(w, SQL_OP_GE);
    case IR_LIKE_CONTAINS:
    case IR_LIKE_STARTS:
    case IR_LIKE_ENDS:
    case IR_LIKE_RAW:
      return write_like(w, t);
    case IR_BETWEEN:
      return write_between(w);
    default:
      return write_test(w, t);
  }
}
