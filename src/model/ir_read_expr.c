/* From SQL to IR: expressions, conditions and literals.
 * What grammar forbids (an aggregate in WHERE) is found out at the end, by ir_read. */
#include "model/ir_read.h"

/* ---- literals ---- */

bool ir_read_is_literal(const sql_expr *e, str *text, bool *is_text) {
  *text = e->text;
  *is_text = true;
  switch (e->kind) {
    case SQL_STRING:
      return true;
    case SQL_NUMBER:
    case SQL_BOOL:
      *is_text = false;
      return true;
    case SQL_COLUMN: /* SQLite reads "word" as text when it names nothing */
      *text = e->name.text;
      return e->name.quote == '"' && !e->table.text.ptr && !e->bound.item && !e->bound.alias;
    case SQL_TYPED:
      if (e->args.len != 1 || e->text.len > 0 || e->args.items[0]->kind != SQL_STRING) return false;
      *text = e->args.items[0]->text;
      return true;
    default:
      return false;
  }
}

static bool is_minus_number(const sql_expr *e) {
  return e->kind == SQL_UNARY && e->op == SQL_OP_NEG && e->args.items[0]->kind == SQL_NUMBER;
}

static bool is_value(const sql_expr *e) {
  str text;
  bool is_text;
  return is_minus_number(e) || ir_read_is_literal(e, &text, &is_text);
}

static bool add_own(ir_reader *r, str text) {
  ir_value v = {.text = text};
  v.is_number = ir_parse_number(text, &v.number);
  for (size_t i = 0; i < r->own->len; i++)
    if (str_eq(r->own->items[i].text, text)) return true;
  return vec_push(r->a, r->own, v);
}

bool ir_read_literal(ir_reader *r, str text, bool is_text, int beside) {
  if (text.len == 0) return ir_read_token(r, IR_V_EMPTY);
  if (r->own && !add_own(r, text)) return false;
  const ir_value *values = r->own ? r->own->items : r->values;
  int found = -1;
  if (!ir_value_find(text, beside, values, r->own ? r->own->len : r->n_values, r->a, &found))
    return false;
  if (found >= 0) return ir_read_emit(r, (ir_step){IR_STEP_VALUE, found});
  ir_token t = ir_value_constant(text, is_text, beside, r->cat);
  if (t == IR_V_UNKNOWN) r->out->n_unknown++;
  return ir_read_token(r, t);
}

static bool read_value(ir_reader *r, const sql_expr *e, int beside) {
  str text;
  bool is_text;
  if (e->kind == SQL_BOOL) {
    bool yes = str_eq_nocase(e->text, STR("TRUE"));
    return ir_read_token(r, yes ? IR_V_TRUE : IR_V_FALSE);
  }
  if (is_minus_number(e)) {
    char *minus = arena_printf(r->a, "-%.*s", STR_ARG(e->args.items[0]->text));
    return minus && ir_read_literal(r, str_from(minus), false, beside);
  }
  return ir_read_is_literal(e, &text, &is_text) && ir_read_literal(r, text, is_text, beside);
}

/* ---- references ---- */

static bool read_output(ir_reader *r, int column) {
  const sql_query *q = r->select->derived;
  while (q && q->kind == SQL_COMPOUND) q = q->left;
  if (!q || q->kind != SQL_SELECT || column < 0 || column > 2 || (size_t)column >= q->items.len)
    return ir_read_fail(r, "a column of a derived table past its third");
  for (int i = 0; i <= column; i++)
    if (q->items.items[i].expr->kind == SQL_STAR)
      return ir_read_fail(r, "a column of a derived table's *");
  return ir_read_token(r, (ir_token)(IR_OUT_1 + column));
}

/* An alias stands for its expression, which may use further aliases where a dialect lets it. */
static bool read_alias(ir_reader *r, const sql_item *item, int *gives) {
  enum { MAX_ALIASES = 20 };
  if (r->aliases >= MAX_ALIASES) return ir_read_fail(r, "an alias of an alias of an alias");
  r->aliases++;
  bool ok = ir_read_expr(r, item->expr, IR_NO_COLUMN, gives);
  r->aliases--;
  return ok;
}

static bool read_column(ir_reader *r, const sql_expr *e, int *gives) {
  const sql_binding *b = &e->bound;
  if (b->alias) return read_alias(r, b->alias, gives);
  if (!b->item) return ir_read_fail(r, "a name that is not known");
  if (b->depth > 1) return ir_read_fail(r, "a column of a query further out than the next");
  ir_select *s = b->depth == 0 ? r->select : r->select->outer;
  size_t i = s ? ir_read_instance_of(s, b->item) : SIZE_MAX;
  if (i == SIZE_MAX && b->depth == 0 && s && s->derived) return read_output(r, b->column);
  if (i == SIZE_MAX || b->column < 0) return ir_read_fail(r, "a column of something else");
  ir_ref t;
  int column = b->column;
  ir_read_follow_key(r, s, &i, &column);
  if (!ir_read_mention(r, s, i, &t)) return false;
  if (b->depth == 1 && !ir_read_token(r, IR_OUTER)) return false;
  if (ir_ref_second(t) && !ir_read_token(r, IR_ALT)) return false;
  *gives = column;
  return ir_read_emit(r, (ir_step){IR_STEP_COLUMN, column});
}

static bool read_table_star(ir_reader *r, const sql_expr *e) {
  ir_select *s = r->select;
  size_t found = SIZE_MAX;
  for (size_t i = 0; i < s->instances.len; i++) {
    const sql_from *f = s->instances.items[i].item;
    str name = f->alias.text.ptr ? f->alias.text : f->name.text;
    if (!e->table.text.ptr || str_eq_nocase(name, e->table.text)) found = i;
  }
  if (found == SIZE_MAX) return ir_read_fail(r, "* of something else than a table");
  ir_ref t;
  return ir_read_mention(r, s, found, &t) && ir_read_token(r, IR_STAR) &&
         (!ir_ref_second(t) || ir_read_token(r, IR_ALT)) &&
         ir_read_emit(r, (ir_step){IR_STEP_TABLE, ir_ref_id(t)});
}

/* t.*, or * over one table, is STAR; * over several, or over a derived table, is STAR_ALL. */
static bool read_star(ir_reader *r, const sql_expr *e) {
  if (e->table.text.ptr ? r->select->derived == NULL : r->select->instances.len == 1)
    return read_table_star(r, e);
  return ir_read_token(r, IR_STAR_ALL);
}

/* ---- calls ---- */

static bool read_count_rows(ir_reader *r) {
  ir_select *s = r->select;
  if (s->derived) return ir_read_token(r, IR_COUNT_ROWS);
  /* Which table it counts is known when the whole query has been read. */
  return ir_read_token(r, IR_COUNT_STAR) && vec_push(r->a, &s->counts, r->steps.len) &&
         vec_push(r->a, &s->mentioned, IR_COUNTED) && ir_read_emit(r, (ir_step){IR_STEP_TABLE, 0});
}

static bool read_unary(ir_reader *r, ir_token t, const sql_expr *arg, int *gives) {
  int inner = IR_NO_COLUMN;
  if (!ir_read_token(r, t) || !ir_read_expr(r, arg, IR_NO_COLUMN, &inner)) return false;
  if (t == IR_MIN || t == IR_MAX || t == IR_LOWER || t == IR_UPPER) *gives = inner;
  return true;
}

/* Number of EXTRACT's or strftime's part; IR_BOS for others. */
static ir_token date_part(str name) {
  static const struct {
    const char *name;
    ir_token token;
  } parts[] = {{"YEAR", IR_YEAR}, {"%Y", IR_YEAR}, {"MONTH", IR_MONTH},   {"%m", IR_MONTH},
               {"DAY", IR_DAY},   {"%d", IR_DAY},  {"DAYOFMONTH", IR_DAY}};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (parts[i].name[0] == '%' ? str_eq(name, str_from(parts[i].name))
                                : str_eq_nocase(name, str_from(parts[i].name)))
      return parts[i].token;
  return IR_BOS;
}

/* YEAR(x), EXTRACT(YEAR FROM x), strftime('%Y', x), date_part('year', x): IR_BOS for others. */
static ir_token read_date_call(const sql_expr *e, const sql_expr **arg) {
  size_t n = e->args.len;
  str name = e->name.text, suffix = STR(" FROM %");
  if (n == 1) {
    *arg = e->args.items[0];
    if (!str_eq_nocase(name, STR("EXTRACT"))) return date_part(name);
    if (!str_ends(e->text, suffix)) return IR_BOS;
    return date_part(str_slice(e->text, 0, e->text.len - suffix.len));
  }
  if (n != 2 || e->args.items[0]->kind != SQL_STRING) return IR_BOS;
  *arg = e->args.items[1];
  bool known = str_eq_nocase(name, STR("strftime")) || str_eq_nocase(name, STR("date_part"));
  return known ? date_part(e->args.items[0]->text) : IR_BOS;
}

static ir_token aggregate_named(const sql_expr *e) {
  static const struct {
    const char *name;
    ir_token token;
  } names[] = {
      {"COUNT", IR_COUNT}, {"SUM", IR_SUM}, {"AVG", IR_AVG}, {"MIN", IR_MIN}, {"MAX", IR_MAX}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (str_eq_nocase(e->name.text, str_from(names[i].name))) return names[i].token;
  return IR_BOS;
}

static ir_token function_named(const sql_expr *e) {
  static const struct {
    const char *name;
    ir_token token;
  } names[] = {{"LENGTH", IR_LENGTH}, {"LEN", IR_LENGTH},  {"CHAR_LENGTH", IR_LENGTH},
               {"ABS", IR_ABS},       {"ROUND", IR_ROUND}, {"LOWER", IR_LOWER},
               {"LCASE", IR_LOWER},   {"UPPER", IR_UPPER}, {"UCASE", IR_UPPER}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (str_eq_nocase(e->name.text, str_from(names[i].name))) return names[i].token;
  return IR_BOS;
}

/* A column of one of this FROM's tables that is never NULL: counting it counts rows. */
static bool is_never_null(const ir_reader *r, const sql_expr *e) {
  const sql_binding *b = &e->bound;
  if (e->kind != SQL_COLUMN || !b->item || b->depth != 0 || b->column < 0) return false;
  size_t i = ir_read_instance_of(r->select, b->item);
  if (i == SIZE_MAX || r->select->instances.items[i].left) return false;
  int column = b->column;
  ir_read_follow_key(r, r->select, &i, &column);
  return r->cat->columns[column].pk > 0 || r->cat->columns[column].not_null;
}

static bool counts_rows(const ir_reader *r, const sql_expr *e) {
  if (e->distinct) return false;
  return e->star ||
         (e->args.len == 1 && (is_value(e->args.items[0]) || is_never_null(r, e->args.items[0])));
}

static bool read_aggregate(ir_reader *r, ir_token t, const sql_expr *e, int *gives) {
  if (t == IR_COUNT && counts_rows(r, e)) return read_count_rows(r);
  if (e->args.len != 1 || e->star) return ir_read_fail(r, "an aggregate of several things");
  if (e->distinct && t == IR_COUNT)
    t = IR_COUNT_DISTINCT;
  else if (e->distinct && t != IR_MIN && t != IR_MAX)
    return ir_read_fail(r, "SUM or AVG of DISTINCT values");
  return read_unary(r, t, e->args.items[0], gives);
}

static bool read_call(ir_reader *r, const sql_expr *e, int *gives) {
  const sql_expr *arg = NULL;
  if (e->filter || e->over || e->order_by.len > 0) return ir_read_fail(r, "a window or a filter");
  ir_token t = aggregate_named(e);
  if (t != IR_BOS) return read_aggregate(r, t, e, gives);
  t = read_date_call(e, &arg);
  if (t != IR_BOS) return read_unary(r, t, arg, gives);
  t = function_named(e);
  if (t == IR_ROUND && (e->args.len == 1 || e->args.len == 2)) {
    if (!read_unary(r, t, e->args.items[0], gives)) return false;
    return e->args.len == 1 ? ir_read_token(r, IR_V_ZERO)
                            : ir_read_expr(r, e->args.items[1], IR_NO_COLUMN, NULL);
  }
  if (t == IR_BOS || e->args.len != 1) return ir_read_fail(r, "a function the IR does not have");
  return read_unary(r, t, e->args.items[0], gives);
}

/* ---- expressions ---- */

static bool read_arithmetic(ir_reader *r, const sql_expr *e) {
  ir_token t = e->op == SQL_OP_ADD   ? IR_ADD
               : e->op == SQL_OP_SUB ? IR_SUB
               : e->op == SQL_OP_MUL ? IR_MUL
               : e->op == SQL_OP_DIV ? IR_DIV
                                     : IR_BOS;
  if (t == IR_BOS) return ir_read_fail(r, "an operator the IR does not have");
  return ir_read_token(r, t) && ir_read_expr(r, e->args.items[0], IR_NO_COLUMN, NULL) &&
         ir_read_expr(r, e->args.items[1], IR_NO_COLUMN, NULL);
}

/* CAST(strftime('%Y', x) AS INTEGER) is what ir_write makes of YEAR. */
static bool read_cast(ir_reader *r, const sql_expr *e, int *gives) {
  const sql_expr *arg, *inner = e->args.items[0];
  if (inner->kind != SQL_CALL || cat_type_of(e->text) != CAT_INTEGER ||
      read_date_call(inner, &arg) == IR_BOS)
    return ir_read_fail(r, "a CAST");
  return read_call(r, inner, gives);
}

bool ir_read_expr(ir_reader *r, const sql_expr *e, int beside, int *gives) {
  int ignored, *mine = gives ? gives : &ignored;
  *mine = IR_NO_COLUMN;
  if (is_value(e)) return read_value(r, e, beside);
  switch (e->kind) {
    case SQL_COLUMN:
      return read_column(r, e, mine);
    case SQL_STAR:
      return read_star(r, e);
    case SQL_CALL:
      return read_call(r, e, mine);
    case SQL_BINARY:
      return read_arithmetic(r, e);
    case SQL_CAST:
      return read_cast(r, e, mine);
    case SQL_SUBQUERY:
      return ir_read_token(r, IR_SUBQUERY) && ir_read_query(r, e->query, false);
    case SQL_NULL:
      return ir_read_fail(r, "NULL as a value");
    case SQL_CASE:
      return ir_read_fail(r, "CASE");
    default:
      return ir_read_fail(r, "an expression the IR does not have");
  }
}

/* ---- conditions ---- */

static const sql_expr *without_not(const sql_expr *e, bool *negated) {
  while (e->kind == SQL_UNARY && e->op == SQL_OP_NOT) {
    *negated = !*negated;
    e = e->args.items[0];
  }
  return e;
}

static bool is_in_list(const sql_expr *e) {
  return e->kind == SQL_IN && !e->query && e->args.len > 2;
}

/* AND or OR when `e`, or its negation, is a chain of that; else SQL_OP_NONE. x IN (a, b) is one. */
static sql_op chain_op(const sql_expr *e, bool negated) {
  bool logic = e->kind == SQL_BINARY && (e->op == SQL_OP_AND || e->op == SQL_OP_OR);
  if (!logic && !is_in_list(e)) return SQL_OP_NONE;
  bool all = logic ? e->op == SQL_OP_AND : e->negated;
  return all != negated ? SQL_OP_AND : SQL_OP_OR;
}

bool ir_read_operands(ir_reader *r, const sql_expr *e, bool negated, sql_op op, ir_operands *out) {
  e = without_not(e, &negated);
  if (out->len > IR_MAX_STEPS) return ir_read_fail(r, "too long");
  if (chain_op(e, negated) != op) return vec_push(r->a, out, (ir_operand){e, 0, negated});
  if (e->kind == SQL_BINARY)
    return ir_read_operands(r, e->args.items[0], negated, op, out) &&
           ir_read_operands(r, e->args.items[1], negated, op, out);
  for (size_t i = 1; i < e->args.len && i <= IR_MAX_STEPS; i++)
    if (!vec_push(r->a, out, (ir_operand){e, i, negated})) return false;
  return true;
}

static ir_token comparison(sql_op op) {
  switch (op) {
    case SQL_OP_EQ:
    case SQL_OP_IS:
      return IR_EQ;
    case SQL_OP_NE:
      return IR_NE;
    case SQL_OP_LT:
      return IR_LT;
    case SQL_OP_LE:
      return IR_LE;
    case SQL_OP_GT:
      return IR_GT;
    case SQL_OP_GE:
      return IR_GE;
    default:
      return IR_BOS;
  }
}

static ir_token opposite(ir_token t) {
  switch (t) {
    case IR_EQ:
      return IR_NE;
    case IR_NE:
      return IR_EQ;
    case IR_LT:
      return IR_GE;
    case IR_GE:
      return IR_LT;
    case IR_GT:
      return IR_LE;
    default:
      return IR_GT;
  }
}

static ir_token mirrored(ir_token t) {
  switch (t) {
    case IR_LT:
      return IR_GT;
    case IR_GT:
      return IR_LT;
    case IR_LE:
      return IR_GE;
    case IR_GE:
      return IR_LE;
    default:
      return t;
  }
}

/* What is compared stands left, what it is compared with right. */
static bool read_compared(ir_reader *r, ir_token t, const sql_expr *left, const sql_expr *right) {
  bool left_given = is_value(left) || left->kind == SQL_SUBQUERY;
  bool right_given = is_value(right) || right->kind == SQL_SUBQUERY;
  if (left_given && !right_given) {
    const sql_expr *swap = left;
    left = right, right = swap;
    t = mirrored(t);
  }
  int beside;
  return ir_read_token(r, t) && ir_read_expr(r, left, IR_NO_COLUMN, &beside) &&
         ir_read_expr(r, right, beside, NULL);
}

/* The pattern without the % around it, and the token that says where they were. */
static ir_token like_form(str pattern, str *text) {
  bool before = str_starts(pattern, STR("%"));
  bool after = pattern.len > 1 && str_ends(pattern, STR("%"));
  *text = str_slice(pattern, before ? 1 : 0, pattern.len - (after ? 1 : 0));
  bool plain = text->len > 0 && str_find(*text, STR("%"), 0) == SIZE_MAX &&
               str_find(*text, STR("_"), 0) == SIZE_MAX;
  if (plain && before && after) return IR_LIKE_CONTAINS;
  if (plain && after) return IR_LIKE_STARTS;
  if (plain && before) return IR_LIKE_ENDS;
  *text = pattern;
  return IR_LIKE_RAW;
}

static bool read_like(ir_reader *r, const sql_expr *e, bool negated) {
  str pattern, text;
  bool is_text;
  if (e->args.len > 2) return ir_read_fail(r, "LIKE with ESCAPE");
  if (!ir_read_is_literal(e->args.items[1], &pattern, &is_text) || pattern.len == 0)
    return ir_read_fail(r, "LIKE something that is no text");
  ir_token t = like_form(pattern, &text);
  if (negated && !ir_read_token(r, IR_NOT)) return false;
  return ir_read_token(r, t) && ir_read_expr(r, e->args.items[0], IR_NO_COLUMN, NULL) &&
         ir_read_literal(r, text, true, IR_NO_COLUMN);
}

static bool read_binary_cond(ir_reader *r, const sql_expr *e, bool negated) {
  if (e->op == SQL_OP_LIKE || e->op == SQL_OP_ILIKE) return read_like(r, e, negated != e->negated);
  ir_token t = comparison(e->op);
  if (t == IR_BOS) return ir_read_fail(r, "a comparison the IR does not have");
  if (e->op == SQL_OP_IS && !is_value(e->args.items[1])) return ir_read_fail(r, "IS");
  if (negated != e->negated) t = opposite(t);
  return read_compared(r, t, e->args.items[0], e->args.items[1]);
}

static bool read_in(ir_reader *r, const sql_expr *e, bool negated) {
  const sql_expr *x = e->args.items[0];
  if (e->query)
    return ir_read_token(r, negated ? IR_NOT_IN : IR_IN) &&
           ir_read_expr(r, x, IR_NO_COLUMN, NULL) && ir_read_query(r, e->query, false);
  if (e->args.len != 2) return ir_read_fail(r, "IN an empty list");
  return read_compared(r, negated ? IR_NE : IR_EQ, x, e->args.items[1]);
}

static bool read_between(ir_reader *r, const sql_expr *e, bool negated) {
  int beside;
  if (negated && !ir_read_token(r, IR_NOT)) return false;
  return ir_read_token(r, IR_BETWEEN) && ir_read_expr(r, e->args.items[0], IR_NO_COLUMN, &beside) &&
         ir_read_expr(r, e->args.items[1], beside, NULL) &&
         ir_read_expr(r, e->args.items[2], beside, NULL);
}

/* A truth value by itself: a flag column. */
static bool read_truth(ir_reader *r, const sql_expr *e, bool negated) {
  const sql_binding *b = &e->bound;
  if (e->kind != SQL_COLUMN || !b->item || b->table < 0 || b->column < 0 ||
      r->cat->columns[b->column].type != CAT_BOOLEAN)
    return ir_read_fail(r, "a condition the IR does not have");
  return ir_read_token(r, IR_EQ) && ir_read_expr(r, e, IR_NO_COLUMN, NULL) &&
         ir_read_token(r, negated ? IR_V_FALSE : IR_V_TRUE);
}

static bool read_operand(ir_reader *r, const ir_operand *o) {
  const sql_expr *e = o->e;
  bool negated = o->negated != e->negated; /* NOT IN, NOT LIKE, …: those that carry it */
  if (o->element > 0)
    return read_compared(r, negated ? IR_NE : IR_EQ, e->args.items[0], e->args.items[o->element]);
  if (chain_op(e, o->negated) != SQL_OP_NONE) return ir_read_cond(r, e, o->negated);
  switch (e->kind) {
    case SQL_BINARY:
      return read_binary_cond(r, e, o->negated);
    case SQL_IN:
      return read_in(r, e, negated);
    case SQL_BETWEEN:
      return read_between(r, e, negated);
    case SQL_IS_NULL:
      return ir_read_token(r, negated ? IR_NOT_NULL : IR_IS_NULL) &&
             ir_read_expr(r, e->args.items[0], IR_NO_COLUMN, NULL);
    case SQL_EXISTS:
      return ir_read_token(r, negated ? IR_NOT_EXISTS : IR_EXISTS) &&
             ir_read_query(r, e->query, true);
    default:
      return read_truth(r, e, o->negated);
  }
}

static bool read_chain(ir_reader *r, ir_token t, const ir_operands *operands) {
  for (size_t i = 0; i < operands->len; i++) {
    if (i + 1 < operands->len && !ir_read_token(r, t)) return false;
    if (!read_operand(r, &operands->items[i])) return false;
  }
  return true;
}

bool ir_read_all_of(ir_reader *r, const ir_operands *operands) {
  return read_chain(r, IR_AND, operands);
}

bool ir_read_cond(ir_reader *r, const sql_expr *e, bool negated) {
  e = without_not(e, &negated);
  sql_op op = chain_op(e, negated);
  ir_operand alone = {e, 0, negated};
  if (op == SQL_OP_NONE) return read_operand(r, &alone);
  ir_operands operands = {0};
  return ir_read_operands(r, e, negated, op, &operands) &&
         read_chain(r, op == SQL_OP_OR ? IR_OR : IR_AND, &operands);
}
