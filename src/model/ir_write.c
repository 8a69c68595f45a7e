/* From IR to SQL: whole queries, compounds, and the FROM that the IR leaves out.
 * Expressions and conditions are in ir_write_expr. */
#include "model/ir_write.h"

#include <string.h>

void *ir_write_fail(ir_writer *w, const char *reason) {
  if (!w->out->reason) w->out->reason = reason;
  return NULL;
}

ir_step ir_write_next(ir_writer *w) { return w->seq->steps[w->pos++]; }

ir_token ir_write_peek(const ir_writer *w) {
  ir_step s = w->seq->steps[w->pos];
  return s.kind == IR_STEP_TOKEN ? (ir_token)s.id : IR_BOS;
}

/* ---- FROM ---- */

/* What an instance is called. A nested query must not call a table of its own as the query around
 * calls one that it names. */
static str instance_name(ir_writer *w, const ir_scope *sc, ir_ref t) {
  const cat_table *table = &w->cat->tables[ir_ref_id(t)];
  bool taken = false;
  for (size_t i = 0; i < sc->borrowed.len; i++)
    taken = taken || ir_ref_id(sc->borrowed.items[i]) == ir_ref_id(t);
  if (!taken && !ir_ref_second(t)) return table->name;
  int n = 2 * sc->depth + (ir_ref_second(t) ? 2 : 1);
  char *name = arena_printf(w->a, "%.*s_%d", STR_ARG(table->name), n);
  while (name && catalog_table(w->cat, str_from(name))) name = arena_printf(w->a, "%s_", name);
  return str_from(name);
}

/* The schemas that names need not mention. */
static bool is_default_schema(str schema) {
  return schema.len == 0 || str_eq(schema, STR("main")) || str_eq(schema, STR("public")) ||
         str_eq(schema, STR("dbo"));
}

static sql_from *table_from(ir_writer *w, const ir_scope *sc, ir_ref t) {
  const cat_table *table = &w->cat->tables[ir_ref_id(t)];
  sql_from *f = sql_new_from(w->a, SQL_FROM_TABLE);
  str name = instance_name(w, sc, t);
  if (!f || !name.ptr) return NULL;
  f->name.text = table->name;
  if (!is_default_schema(table->schema)) f->schema.text = table->schema;
  if (name.ptr != table->name.ptr) f->alias.text = name;
  f->table = table->id;
  return f;
}

static sql_expr *qualified(ir_writer *w, const ir_scope *sc, ir_ref column) {
  str table = instance_name(w, sc, ir_ref_table(w->cat, column));
  return table.ptr ? sql_new_column(w->a, table, w->cat->columns[ir_ref_id(column)].name) : NULL;
}

/* The equalities between `t` and the tables before it; *on stays NULL when there are none. */
static bool join_condition(ir_writer *w, const ir_scope *sc, const ir_join *join,
                           const ir_refs *before, ir_ref t, sql_expr **on) {
  *on = NULL;
  for (size_t i = 0; i < join->edges.len; i++) {
    ir_ref near = join->edges.items[i].from, far = join->edges.items[i].to;
    if (ir_ref_table(w->cat, far) == t) {
      ir_ref swap = near;
      near = far, far = swap;
    }
    if (ir_ref_table(w->cat, near) != t || !ir_refs_has(before, ir_ref_table(w->cat, far)))
      continue;
    sql_expr *equal = ir_write_both(w, SQL_OP_EQ, qualified(w, sc, far), qualified(w, sc, near));
    if (!equal) return false;
    *on = *on ? ir_write_both(w, SQL_OP_AND, *on, equal) : equal;
    if (!*on) return false;
    w->out->n_inferred += join->edges.items[i].inferred;
  }
  return true;
}

/* Inner tables before left-joined ones, which keep their order. */
static bool arrange(ir_writer *w, const ir_scope *sc, const ir_join *join, ir_refs *out) {
  for (int left = 0; left < 2; left++)
    for (size_t i = 0; i < join->tables.len; i++) {
      ir_ref t = join->tables.items[i];
      if (ir_refs_has(&sc->left, t) == left && !vec_push(w->a, out, t)) return false;
    }
  return true;
}

static sql_from *join_tables(ir_writer *w, const ir_scope *sc, const ir_join *join) {
  ir_refs order = {0}, before = {0};
  if (!arrange(w, sc, join, &order)) return NULL;
  sql_from *all = NULL;
  for (size_t i = 0; i < order.len; i++) {
    ir_ref t = order.items[i];
    sql_from *one = table_from(w, sc, t);
    if (one && all) {
      sql_from *both = sql_new_from(w->a, SQL_FROM_JOIN);
      if (!both || !join_condition(w, sc, join, &before, t, &both->on)) return NULL;
      both->left = all;
      both->right = one;
      both->join = !both->on                   ? SQL_JOIN_CROSS
                   : ir_refs_has(&sc->left, t) ? SQL_JOIN_LEFT
                                               : SQL_JOIN_INNER;
      one = both;
    }
    all = one;
    if (!all || !vec_push(w->a, &before, t)) return NULL;
  }
  w->out->n_tables += (int)order.len;
  w->out->n_cross += join->n_cross;
  return all;
}

/* Columns and stars get their table's name, where it says more than nothing. */
static bool qualify_uses(ir_writer *w, const ir_scope *sc, bool several) {
  for (size_t i = 0; i < sc->uses.len; i++) {
    const ir_use *u = &sc->uses.items[i];
    if (!several && !u->nested) continue;
    u->expr->table.text = instance_name(w, sc, u->table);
    if (!u->expr->table.text.ptr) return false;
  }
  return true;
}

/* The columns of the derived query that are named from outside get aliases. */
static bool name_outputs(ir_writer *w, const ir_scope *sc) {
  sql_query *q = sc->derived;
  while (q->kind == SQL_COMPOUND) q = q->left;
  for (size_t i = 0; i < sc->uses.len; i++) {
    const ir_use *u = &sc->uses.items[i];
    size_t k = (size_t)u->output;
    bool plain = k > 0 && k <= q->items.len;
    for (size_t n = 0; plain && n < k; n++) plain = q->items.items[n].expr->kind != SQL_STAR;
    if (!plain) return ir_write_fail(w, "a column that the derived query does not give") != NULL;
    char *name = arena_printf(w->a, "col_%d", u->output);
    if (!name) return false;
    q->items.items[k - 1].alias.text = u->expr->name.text = str_from(name);
  }
  return true;
}

static bool write_derived(ir_writer *w, const ir_scope *sc, sql_query *q) {
  if (sc->mentioned.len > 0) return ir_write_fail(w, "tables beside a derived query") != NULL;
  q->from = sql_new_from(w->a, SQL_FROM_QUERY);
  if (!q->from) return false;
  q->from->query = sc->derived;
  q->from->alias.text = STR("sub");
  q->from->table = -1;
  return name_outputs(w, sc);
}

/* Gives `q` its FROM; *width is how many columns it has. False when that failed. */
static bool write_from(ir_writer *w, ir_scope *sc, sql_query *q, int *width) {
  *width = sc->derived_arity;
  if (sc->derived) return write_derived(w, sc, q);
  if (sc->counts_derived) return ir_write_fail(w, "COUNT_ROWS without FROM_QUERY") != NULL;
  for (size_t i = 0; i < sc->uses.len; i++)
    if (sc->uses.items[i].output > 0)
      return ir_write_fail(w, "an output column without FROM_QUERY") != NULL;
  if (sc->mentioned.len == 0)
    return !sc->needs_rows || ir_write_fail(w, "nothing to select from") != NULL;
  ir_join join;
  if (!ir_join_make(w->cat, &sc->mentioned, &sc->forced, w->a, &join)) return false;
  for (size_t i = 0; i < join.tables.len; i++)
    *width += w->cat->tables[ir_ref_id(join.tables.items[i])].n_columns;
  q->from = join_tables(w, sc, &join);
  return q->from && qualify_uses(w, sc, join.tables.len > 1 || sc->borrowed.len > 0);
}

/* ---- one SELECT ---- */

/** Where in the sequence a query's items and ORDER BY terms stand; each ends where the next
 *  begins. For compounds, whose ORDER BY must name a column. */
typedef struct query_shape {
  int arity, n_items, n_orders;
  bool has_star;
  uint8_t item[IR_MAX_STEPS + 1], order[IR_MAX_STEPS + 1];
} query_shape;

static bool is_clause(ir_token t) {
  switch (t) {
    case IR_FROM:
    case IR_LEFT:
    case IR_VIA:
    case IR_ON:
    case IR_FROM_QUERY:
    case IR_WHERE:
    case IR_GROUP:
    case IR_HAVING:
    case IR_ORDER_ASC:
    case IR_ORDER_DESC:
    case IR_LIMIT:
    case IR_END:
      return true;
    default:
      return false;
  }
}

static bool write_items(ir_writer *w, sql_query *q, query_shape *shape) {
  while (!is_clause(ir_write_peek(w))) {
    shape->item[shape->n_items++] = (uint8_t)w->pos;
    ir_token t = ir_write_peek(w);
    sql_item item = {.expr = ir_write_expr(w, IR_NO_COLUMN, NULL)};
    if (!item.expr || !vec_push(w->a, &q->items, item)) return false;
    if (t == IR_STAR)
      shape->arity += w->cat->tables[w->seq->steps[w->pos - 1].id].n_columns;
    else if (t != IR_STAR_ALL)
      shape->arity++;
    shape->has_star = shape->has_star || t == IR_STAR || t == IR_STAR_ALL;
  }
  shape->item[shape->n_items] = (uint8_t)w->pos;
  return true;
}

static bool write_on(ir_writer *w) {
  ir_edge e = {.from = ir_write_column_ref(w, w->scope)};
  if (e.from < 0) return false;
  e.to = ir_write_column_ref(w, w->scope);
  if (e.to < 0) return false;
  if (ir_ref_table(w->cat, e.from) == ir_ref_table(w->cat, e.to))
    return ir_write_fail(w, "a join of a table with itself alone") != NULL;
  return vec_push(w->a, &w->scope->forced, e);
}

static bool write_via(ir_writer *w) {
  ir_ref column = ir_write_column_ref(w, w->scope);
  const cat_fkey *k = column >= 0 ? ir_join_key(w->cat, column) : NULL;
  if (column >= 0 && !k) return ir_write_fail(w, "a column that refers to no table") != NULL;
  bool ok = k && ir_refs_add(w->a, &w->scope->mentioned, ir_ref_make(k->to_table, false));
  for (int i = 0; ok && i < k->n; i++) {
    ir_edge e = {ir_ref_make(k->from[i], ir_ref_second(column)), ir_ref_make(k->to[i], false),
                 k->inferred};
    if (ir_ref_table(w->cat, e.from) == ir_ref_table(w->cat, e.to))
      return ir_write_fail(w, "a join of a table with itself alone") != NULL;
    ok = vec_push(w->a, &w->scope->forced, e);
  }
  return ok;
}

static bool write_from_element(ir_writer *w, ir_token t) {
  if (t == IR_ON) return write_on(w);
  if (t == IR_VIA) return write_via(w);
  if (t == IR_FROM_QUERY) {
    if (w->scope->derived) return ir_write_fail(w, "two derived queries") != NULL;
    w->scope->derived = ir_write_query(w, &w->scope->derived_arity);
    return w->scope->derived != NULL;
  }
  ir_ref table = ir_write_table(w);
  return table >= 0 && (t != IR_LEFT || ir_refs_add(w->a, &w->scope->left, table));
}

static bool write_group(ir_writer *w, sql_query *q) {
  while (!is_clause(ir_write_peek(w))) {
    sql_expr *e = ir_write_expr(w, IR_NO_COLUMN, NULL);
    if (!e || !vec_push(w->a, &q->group_by, e)) return false;
  }
  return true;
}

static bool write_order(ir_writer *w, sql_query *q, query_shape *shape, bool desc) {
  shape->order[shape->n_orders++] = (uint8_t)w->pos;
  sql_order o = {.expr = ir_write_expr(w, IR_NO_COLUMN, NULL), .desc = desc};
  shape->order[shape->n_orders] = (uint8_t)w->pos;
  return o.expr && vec_push(w->a, &q->order_by, o);
}

static bool write_limit(ir_writer *w, sql_query *q) {
  ir_step s = w->seq->steps[w->pos];
  const ir_value *v = s.kind == IR_STEP_VALUE ? &w->values[s.id] : NULL;
  if (v && (!v->is_number || v->number < 0 || v->number > 1e9 ||
            v->number != (double)(int64_t)v->number))
    return ir_write_fail(w, "a LIMIT that is no whole number") != NULL;
  q->limit = ir_write_expr(w, IR_NO_COLUMN, NULL);
  sql_dialect_id d = w->cat->dialect;
  q->limit_form = d == SQL_TSQL     ? SQL_LIMIT_TOP
                  : d == SQL_ORACLE ? SQL_LIMIT_FETCH
                                    : SQL_LIMIT_WORD;
  return q->limit != NULL;
}

static bool write_clause(ir_writer *w, sql_query *q, query_shape *shape) {
  ir_token t = (ir_token)ir_write_next(w).id;
  /* There SQLite sees no columns of the query around, and nobody needs them. */
  w->scope->sorting = t == IR_GROUP || t == IR_ORDER_ASC || t == IR_ORDER_DESC;
  switch (t) {
    case IR_WHERE:
      return (q->where = ir_write_cond(w)) != NULL;
    case IR_GROUP:
      return write_group(w, q);
    case IR_HAVING:
      return (q->having = ir_write_cond(w)) != NULL;
    case IR_ORDER_ASC:
      return write_order(w, q, shape, false);
    case IR_ORDER_DESC:
      return write_order(w, q, shape, true);
    case IR_LIMIT:
      return write_limit(w, q);
    default:
      return write_from_element(w, t);
  }
}

static bool write_parts(ir_writer *w, sql_query *q, query_shape *shape) {
  if (!write_items(w, q, shape)) return false;
  while (ir_write_peek(w) != IR_END)
    if (!write_clause(w, q, shape)) return false;
  w->pos++;
  int width = 0;
  if (!write_from(w, w->scope, q, &width)) return false;
  for (size_t i = 0; i < q->items.len; i++) /* STAR_ALL: all of the FROM's columns */
    if (w->seq->steps[shape->item[i]].kind == IR_STEP_TOKEN &&
        w->seq->steps[shape->item[i]].id == IR_STAR_ALL)
      shape->arity += width;
  return true;
}

static sql_query *write_select(ir_writer *w, query_shape *shape) {
  ir_scope scope = {.outer = w->scope, .depth = w->scope ? w->scope->depth + 1 : 0};
  sql_query *q = sql_new_query(w->a, SQL_SELECT);
  if (!q) return NULL;
  q->distinct = ir_write_next(w).id == IR_SELECT_DISTINCT;
  w->scope = &scope;
  bool ok = write_parts(w, q, shape);
  w->scope = scope.outer;
  return ok ? q : NULL;
}

/* ---- compounds ---- */

/* SELECT * FROM (q): where a part of a compound may not stand bare. */
static sql_query *wrapped(ir_writer *w, sql_query *q) {
  sql_query *outer = sql_new_query(w->a, SQL_SELECT);
  sql_item item = {.expr = sql_new_expr(w->a, SQL_STAR)};
  sql_from *from = sql_new_from(w->a, SQL_FROM_QUERY);
  if (!outer || !item.expr || !from || !vec_push(w->a, &outer->items, item)) return NULL;
  from->query = q;
  from->alias.text = STR("sub");
  from->table = -1;
  outer->from = from;
  return outer;
}

static bool same_steps(const ir_seq *s, int from, int to, int other_from, int other_to) {
  if (to - from != other_to - other_from) return false;
  for (int i = 0; i < to - from; i++)
    if (s->steps[from + i].kind != s->steps[other_from + i].kind ||
        s->steps[from + i].id != s->steps[other_from + i].id)
      return false;
  return true;
}

/* Moves the last part's ORDER BY and LIMIT to the compound, its terms as ordinals. */
static bool lift_tail(ir_writer *w, sql_query *compound, const query_shape *shape) {
  sql_query *part = compound->right;
  for (int k = 0; k < shape->n_orders; k++) {
    int column = 0;
    /* Between two terms stands the next one's ORDER token. */
    int from = shape->order[k], to = shape->order[k + 1] - (k + 1 < shape->n_orders ? 1 : 0);
    for (int i = 0; i < shape->n_items && column == 0 && !shape->has_star; i++)
      if (same_steps(w->seq, from, to, shape->item[i], shape->item[i + 1])) column = i + 1;
    if (column == 0)
      return ir_write_fail(w, "a compound ordered by what is no column of it") != NULL;
    char *ordinal = arena_printf(w->a, "%d", column);
    sql_order o = {.desc = part->order_by.items[k].desc};
    o.expr = ordinal ? sql_new_number(w->a, str_from(ordinal)) : NULL;
    if (!o.expr || !vec_push(w->a, &compound->order_by, o)) return false;
  }
  memset(&part->order_by, 0, sizeof part->order_by);
  compound->limit = part->limit;
  compound->limit_form = part->limit_form;
  part->limit = NULL;
  part->limit_form = SQL_LIMIT_NONE;
  return true;
}

static bool has_tail(const sql_query *q) { return q->order_by.len > 0 || q->limit; }

/* INTERSECT binds closer than the others, except in SQLite. */
static bool stands_bare_left(const ir_writer *w, const sql_query *left, sql_set_op op) {
  if (has_tail(left)) return false;
  return left->kind != SQL_COMPOUND || w->cat->dialect == SQL_SQLITE || op != SQL_INTERSECT ||
         left->set_op == SQL_INTERSECT;
}

static sql_query *write_shaped(ir_writer *w, query_shape *shape);

static sql_query *write_compound(ir_writer *w, query_shape *shape) {
  static const sql_set_op ops[] = {SQL_UNION, SQL_UNION_ALL, SQL_INTERSECT, SQL_EXCEPT};
  sql_query *q = sql_new_query(w->a, SQL_COMPOUND);
  if (!q) return NULL;
  q->set_op = ops[ir_write_next(w).id - IR_UNION];
  query_shape left = {0}, right = {0};
  q->left = write_shaped(w, &left);
  q->right = q->left ? write_shaped(w, &right) : NULL;
  if (!q->right) return NULL;
  if (left.arity != right.arity)
    return ir_write_fail(w, "the parts of a compound give different columns");
  shape->arity = left.arity;
  if (!stands_bare_left(w, q->left, q->set_op)) q->left = wrapped(w, q->left);
  if (!q->left) return NULL;
  if (q->right->kind == SQL_COMPOUND) {
    q->right = wrapped(w, q->right);
    return q->right ? q : NULL;
  }
  return lift_tail(w, q, &right) ? q : NULL;
}

static sql_query *write_shaped(ir_writer *w, query_shape *shape) {
  ir_token t = ir_write_peek(w);
  return t == IR_SELECT || t == IR_SELECT_DISTINCT ? write_select(w, shape)
                                                   : write_compound(w, shape);
}

sql_query *ir_write_query(ir_writer *w, int *arity) {
  query_shape shape = {0};
  sql_query *q = write_shaped(w, &shape);
  *arity = shape.arity;
  return q;
}

/* ---- the whole ---- */

/* NULL when the sequence is grammatical, whole, and every id exists; else what is wrong. */
static const char *fault_of(const ir_seq *s, const catalog *cat, size_t n_values) {
  ir_automaton m;
  ir_start(&m);
  if (s->n < 0 || s->n > IR_MAX_STEPS) return "too many steps";
  for (int i = 0; i < s->n; i++) {
    ir_step step = s->steps[i];
    int64_t n = step.kind == IR_STEP_COLUMN  ? cat->n_columns
                : step.kind == IR_STEP_TABLE ? cat->n_tables
                : step.kind == IR_STEP_VALUE ? (int64_t)n_values
                                             : IR_N_TOKENS;
    if (step.id < 0 || step.id >= n) return "a pointer to what does not exist";
    if (!ir_advance(&m, step)) return "not grammatical";
  }
  return ir_done(&m) ? NULL : "not whole";
}

emend_rc ir_to_sql(const ir_seq *s, const catalog *cat, const ir_value *values, size_t n_values,
                   arena *a, ir_writing *out, emend_error *err) {
  memset(out, 0, sizeof *out);
  out->reason = fault_of(s, cat, n_values);
  if (out->reason) return EMEND_OK;
  ir_writer w = {.cat = cat, .values = values, .a = a, .seq = s, .out = out};
  int arity;
  out->query = ir_write_query(&w, &arity);
  return out->query || out->reason ? EMEND_OK : err_nomem(err, "model");
}
