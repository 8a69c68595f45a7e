/* From SQL to IR: whole queries, their clauses, compounds; and the last word of the grammar.
 * FROM is in ir_read_from, expressions and conditions in ir_read_expr. */
#include "model/ir_read.h"

#include <string.h>

/* Room to work in: what is longer than IR_MAX_STEPS in the end is turned away. */
enum { MAX_WORKING_STEPS = 256 };

bool ir_read_fail(ir_reader *r, const char *reason) {
  if (!r->out->reason) r->out->reason = reason;
  return false;
}

bool ir_read_emit(ir_reader *r, ir_step step) {
  if (r->steps.len >= MAX_WORKING_STEPS) return ir_read_fail(r, "too long");
  return vec_push(r->a, &r->steps, step);
}

bool ir_read_token(ir_reader *r, ir_token t) { return ir_read_emit(r, ir_tok(t)); }

/* ---- clauses ---- */

/* GROUP BY 2 and ORDER BY 2 mean the second item; NULL with a reason when there is none. */
static const sql_expr *by_ordinal(ir_reader *r, const sql_query *q, const sql_expr *e) {
  double number;
  if (e->kind != SQL_NUMBER || !ir_parse_number(e->text, &number)) return e;
  for (size_t i = 0; i < q->items.len; i++)
    if (number == (double)(i + 1) && q->items.items[i].expr->kind != SQL_STAR)
      return q->items.items[i].expr;
  ir_read_fail(r, "a clause by a constant");
  return NULL;
}

static bool read_group(ir_reader *r, const sql_query *q) {
  if (q->group_by.len > 0 && !ir_read_token(r, IR_GROUP)) return false;
  for (size_t i = 0; i < q->group_by.len; i++) {
    const sql_expr *e = by_ordinal(r, q, q->group_by.items[i]);
    if (!e || !ir_read_expr(r, e, IR_NO_COLUMN, NULL)) return false;
  }
  if (!q->having) return true;
  return ir_read_token(r, IR_HAVING) && ir_read_cond(r, q->having, false);
}

/* LIMIT 1 is V_ONE whether or not a candidate says 1. */
static bool read_limit(ir_reader *r, const sql_query *q) {
  if (q->offset) return ir_read_fail(r, "OFFSET");
  if (!q->limit) return true;
  if (!ir_read_token(r, IR_LIMIT)) return false;
  if (q->limit->kind != SQL_NUMBER) return ir_read_fail(r, "a LIMIT that is no number");
  if (str_eq(q->limit->text, STR("1"))) return ir_read_token(r, IR_V_ONE);
  return ir_read_literal(r, q->limit->text, false, IR_NO_COLUMN);
}

/* The item of a compound that one of its ORDER BY terms names, by ordinal or by a name that the
 * first part gives it; SIZE_MAX when none. */
static size_t compound_item(const sql_query *compound, const sql_expr *e) {
  const sql_query *first = compound;
  while (first->kind == SQL_COMPOUND) first = first->left;
  double number;
  for (size_t i = 0; i < first->items.len; i++) {
    const sql_item *item = &first->items.items[i];
    str name = item->alias.text.ptr ? item->alias.text : item->expr->name.text;
    bool named = e->kind == SQL_COLUMN && name.ptr && str_eq_nocase(name, e->name.text);
    bool counted =
        e->kind == SQL_NUMBER && ir_parse_number(e->text, &number) && number == (double)(i + 1);
    if (named || counted || e == item->expr) return i;
  }
  return SIZE_MAX;
}

/* The ORDER BY and LIMIT of `tail`: `q` itself, or the compound whose last part it is. */
static bool read_tail(ir_reader *r, const sql_query *q, const sql_query *tail) {
  for (size_t i = 0; i < tail->order_by.len; i++) {
    const sql_order *o = &tail->order_by.items[i];
    const sql_expr *e = o->expr;
    if (o->nulls != 0) return ir_read_fail(r, "NULLS FIRST or LAST");
    if (tail == q) {
      e = by_ordinal(r, q, e);
    } else {
      size_t k = compound_item(tail, e);
      if (k >= q->items.len || q->items.items[k].expr->kind == SQL_STAR)
        return ir_read_fail(r, "a compound ordered by what is no column of it");
      e = q->items.items[k].expr;
    }
    if (!e || !ir_read_token(r, o->desc ? IR_ORDER_DESC : IR_ORDER_ASC) ||
        !ir_read_expr(r, e, IR_NO_COLUMN, NULL))
      return false;
  }
  return read_limit(r, tail);
}

/* ---- queries ---- */

static const char *unsupported(const sql_query *q) {
  if (q->kind == SQL_VALUES) return "VALUES";
  if (q->recursive) return "a recursive query";
  if (q->limit_percent || q->limit_ties || q->limit_by.len > 0) return "a LIMIT of another kind";
  if (q->kind != SQL_SELECT) return NULL;
  if (q->distinct_on.len > 0) return "DISTINCT ON";
  if (q->windows.len > 0 || q->qualify) return "a window";
  if (q->having && q->group_by.len == 0) return "HAVING without GROUP BY";
  return q->items.len == 0 ? "a query of no columns" : NULL;
}

/* EXISTS does not look at columns: any select list is *. */
static bool read_items(ir_reader *r, const sql_query *q, bool exists) {
  static const sql_expr star = {.kind = SQL_STAR};
  if (exists) return ir_read_expr(r, &star, IR_NO_COLUMN, NULL);
  for (size_t i = 0; i < q->items.len; i++)
    if (!ir_read_expr(r, q->items.items[i].expr, IR_NO_COLUMN, NULL)) return false;
  return true;
}

static bool read_parts(ir_reader *r, const sql_query *q, const sql_query *tail, bool exists) {
  ir_select *s = r->select;
  bool distinct = q->distinct && !exists;
  if (!ir_read_from(r, q) || !ir_read_token(r, distinct ? IR_SELECT_DISTINCT : IR_SELECT) ||
      !read_items(r, q, exists))
    return false;
  s->n_item_mentions = s->mentioned.len;
  size_t from = r->steps.len;
  if (s->derived && !(ir_read_token(r, IR_FROM_QUERY) && ir_read_query(r, s->derived, false)))
    return false;
  if (s->conditions.len > 0 && !(ir_read_token(r, IR_WHERE) && ir_read_all_of(r, &s->conditions)))
    return false;
  return read_group(r, q) && read_tail(r, q, tail) && ir_read_token(r, IR_END) &&
         ir_read_close_from(r, from);
}

static bool read_select(ir_reader *r, const sql_query *q, const sql_query *tail, bool exists) {
  ir_select select = {.outer = r->select, .query = q};
  int depth = 0;
  for (const ir_select *s = r->select; s; s = s->outer) depth++;
  if (depth > IR_MAX_STEPS) return ir_read_fail(r, "nested too deep");
  r->select = &select;
  bool ok = read_parts(r, q, tail, exists);
  r->select = select.outer;
  return ok;
}

static bool has_tail(const sql_query *q) { return q->order_by.len > 0 || q->limit || q->offset; }

/* SELECT * FROM (q): a part of a compound that has a tail of its own, or is a compound. */
static bool read_wrapped(ir_reader *r, const sql_query *q) {
  return ir_read_token(r, IR_SELECT) && ir_read_token(r, IR_STAR_ALL) &&
         ir_read_token(r, IR_FROM_QUERY) && ir_read_query(r, q, false) && ir_read_token(r, IR_END);
}

static bool read_compound(ir_reader *r, const sql_query *q) {
  ir_token t = q->set_op == SQL_UNION       ? IR_UNION
               : q->set_op == SQL_UNION_ALL ? IR_UNION_ALL
               : q->set_op == SQL_INTERSECT ? IR_INTERSECT
               : q->set_op == SQL_EXCEPT    ? IR_EXCEPT
                                            : IR_BOS;
  if (t == IR_BOS) return ir_read_fail(r, "INTERSECT ALL or EXCEPT ALL");
  if (!ir_read_token(r, t) || !ir_read_query(r, q->left, false)) return false;
  const char *reason = unsupported(q->right);
  if (reason) return ir_read_fail(r, reason);
  if (q->right->kind == SQL_SELECT && !has_tail(q->right))
    return read_select(r, q->right, q, false);
  return has_tail(q) ? ir_read_fail(r, "an ordered compound of ordered parts")
                     : read_wrapped(r, q->right);
}

bool ir_read_query(ir_reader *r, const sql_query *q, bool exists) {
  const char *reason = unsupported(q);
  if (reason) return ir_read_fail(r, reason);
  return q->kind == SQL_SELECT ? read_select(r, q, q, exists) : read_compound(r, q);
}

/* ---- the whole ---- */

/* Copies the steps out, if they are a sequence of the grammar. */
static void conclude(ir_reader *r) {
  ir_automaton m;
  ir_start(&m);
  if (r->steps.len > IR_MAX_STEPS) {
    ir_read_fail(r, "too long");
    return;
  }
  for (size_t i = 0; i < r->steps.len; i++)
    if (!ir_advance(&m, r->steps.items[i])) {
      ir_read_fail(r, "an expression where the IR has none");
      return;
    }
  r->out->ok = true;
  r->out->seq.n = (int)r->steps.len;
  memcpy(r->out->seq.steps, r->steps.items, r->steps.len * sizeof *r->steps.items);
}

static emend_rc read_whole(ir_reader *r, const sql_query *q, emend_error *err) {
  memset(r->out, 0, sizeof *r->out);
  if (ir_read_query(r, q, false)) conclude(r);
  return r->out->ok || r->out->reason ? EMEND_OK : err_nomem(err, "model");
}

emend_rc ir_from_sql(const sql_query *q, const catalog *cat, const ir_value *values,
                     size_t n_values, arena *a, ir_reading *out, emend_error *err) {
  ir_reader r = {.cat = cat, .values = values, .n_values = n_values, .a = a, .out = out};
  return read_whole(&r, q, err);
}

emend_rc ir_from_sql_alone(const sql_query *q, const catalog *cat, arena *a, ir_values *values,
                           ir_reading *out, emend_error *err) {
  memset(values, 0, sizeof *values);
  ir_reader r = {.cat = cat, .own = values, .a = a, .out = out};
  return read_whole(&r, q, err);
}
