/* Queries as text of a dialect, on one line: clauses, joins, the dialect's form of LIMIT.
 * Expressions are in print_expr.c. */
#include "sql/print.h"

enum { MAX_PRINTED = 256 * 1024 * 1024 };

/* ── FROM ─────────────────────────────────────────────────────────────────────── */

static void put_from(sql_printer *p, const sql_from *f, bool operand);

static const char *join_text(const sql_printer *p, const sql_from *f, bool operand) {
  bool apply = f->lateral && (p->d->has & SQL_HAS_APPLY) && !(p->d->has & SQL_HAS_LATERAL);
  switch (f->join) {
    case SQL_JOIN_COMMA:
      if (f->on || f->using_names.len) return p->d->comma_is_join ? ", " : " JOIN ";
      return operand && !p->d->comma_is_join ? " CROSS JOIN " : ", ";
    case SQL_JOIN_LEFT:
      return apply ? " OUTER APPLY " : " LEFT JOIN ";
    case SQL_JOIN_RIGHT:
      return " RIGHT JOIN ";
    case SQL_JOIN_FULL:
      return " FULL JOIN ";
    case SQL_JOIN_CROSS:
      return apply ? " CROSS APPLY " : " CROSS JOIN ";
    case SQL_JOIN_INNER:
      break;
  }
  return " JOIN ";
}

/* Commas may stand in ( ) where they bind like joins, and in MySQL. */
static bool commas_in_paren(const sql_printer *p) { return p->d->comma_is_join || p->d->mysql; }

static void put_using(sql_printer *p, const sql_from *f) {
  sql_put(p, " USING ");
  sql_put_names(p, &f->using_names);
  if (!f->using_alias.text.ptr) return;
  sql_put(p, " AS ");
  sql_put_name(p, &f->using_alias);
}

/* A join is the operand of another one unless it stands alone or among commas. */
static void put_join(sql_printer *p, const sql_from *f, bool operand) {
  bool inside = operand || f->join != SQL_JOIN_COMMA;
  put_from(p, f->left, inside);
  const char *join = join_text(p, f, operand);
  if (f->natural || f->asof) {
    sql_put(p, f->natural ? " NATURAL" : " ASOF");
  }
  sql_put(p, join);
  bool paren = f->right->kind == SQL_FROM_JOIN && !f->right->alias.text.ptr;
  bool apply = f->lateral && join[1] != 'L' && join[1] != 'J' && !(p->d->has & SQL_HAS_LATERAL);
  if (f->right->lateral && !apply) sql_put(p, "LATERAL ");
  if (paren) sql_put(p, "(");
  put_from(p, f->right, !paren || !commas_in_paren(p));
  if (paren) sql_put(p, ")");
  if (f->on)
    sql_put(p, " ON "), sql_put_expr(p, f->on);
  else if (f->using_names.len)
    put_using(p, f);
  else if (f->lateral && f->join == SQL_JOIN_LEFT && (p->d->has & SQL_HAS_LATERAL))
    sql_put(p, " ON TRUE");
}

/* AS t (a int, b text); or AS (a int, b text). */
static void put_definitions(sql_printer *p, const sql_from *f) {
  sql_put(p, f->alias.text.ptr ? "(" : " AS (");
  for (size_t i = 0; i < f->column_aliases.len; i++) {
    if (i) sql_put(p, ", ");
    sql_put_name(p, &f->column_aliases.items[i]);
    if (f->column_types.items[i].len) sql_put(p, " "), buf_add(&p->out, f->column_types.items[i]);
  }
  sql_put(p, ")");
}

static void put_alias(sql_printer *p, const sql_from *f) {
  if (f->ordinality) sql_put(p, " WITH ORDINALITY");
  if (f->alias.text.ptr) {
    sql_put(p, p->d->has & SQL_HAS_TABLE_AS ? " AS " : " ");
    sql_put_name(p, &f->alias);
  }
  if (f->column_types.len == f->column_aliases.len && f->column_types.len)
    put_definitions(p, f);
  else if (f->alias.text.ptr && f->column_aliases.len)
    sql_put_names(p, &f->column_aliases);
  if (f->indexed_by.text.ptr && p->d->id == SQL_SQLITE) {
    sql_put(p, " INDEXED BY ");
    sql_put_name(p, &f->indexed_by);
  }
  if (f->not_indexed && p->d->id == SQL_SQLITE) sql_put(p, " NOT INDEXED");
}

static void put_from(sql_printer *p, const sql_from *f, bool operand) {
  if (!sql_put_enter(p)) return;
  switch (f->kind) {
    case SQL_FROM_TABLE:
      if (f->database.text.ptr) sql_put_name(p, &f->database), sql_put(p, ".");
      if (f->schema.text.ptr) sql_put_name(p, &f->schema);
      if (f->schema.text.ptr || f->database.text.ptr) sql_put(p, ".");
      sql_put_name(p, &f->name);
      break;
    case SQL_FROM_QUERY:
    case SQL_FROM_VALUES_:
      sql_put(p, "(");
      sql_put_query(p, f->query);
      sql_put(p, ")");
      break;
    case SQL_FROM_CALL:
      sql_put_expr(p, f->call);
      break;
    case SQL_FROM_JOIN:
      if (f->alias.text.ptr) sql_put(p, "(");
      put_join(p, f, f->alias.text.ptr ? !commas_in_paren(p) : operand);
      if (f->alias.text.ptr) sql_put(p, ")");
      break;
    case SQL_FROM_UNKNOWN:
      buf_add(&p->out, f->text);
      break;
  }
  put_alias(p, f);
  p->depth--;
}

/* ── LIMIT ────────────────────────────────────────────────────────────────────── */

static bool is_top(const sql_printer *p, const sql_query *q) {
  return (p->d->has & SQL_HAS_TOP) && q->kind == SQL_SELECT && q->limit && !q->offset;
}

static void put_top(sql_printer *p, const sql_query *q) {
  bool number = q->limit->kind == SQL_NUMBER;
  sql_put(p, number ? "TOP " : "TOP (");
  sql_put_expr(p, q->limit);
  sql_put(p, number ? " " : ") ");
  if (q->limit_percent) sql_put(p, "PERCENT ");
  if (q->limit_ties) sql_put(p, "WITH TIES ");
}

static void put_fetch(sql_printer *p, const sql_query *q) {
  if (p->d->id == SQL_TSQL && !q->order_by.len) sql_put(p, " ORDER BY (SELECT NULL)");
  if (q->offset || p->d->id == SQL_TSQL) {
    sql_put(p, " OFFSET ");
    if (q->offset)
      sql_put_level(p, q->offset, sql_bind_level(p->d, SQL_BIND_POSTFIX));
    else
      sql_put(p, "0");
    sql_put(p, " ROWS");
  }
  if (!q->limit) return;
  sql_put(p, " FETCH FIRST ");
  sql_put_level(p, q->limit, sql_bind_level(p->d, SQL_BIND_POSTFIX));
  if (q->limit_percent) sql_put(p, " PERCENT");
  sql_put(p, q->limit_ties ? " ROWS WITH TIES" : " ROWS ONLY");
}

/* An offset without a limit, where LIMIT cannot be left out. */
static const char *no_limit(const sql_printer *p) {
  if (p->d->id == SQL_SQLITE) return " LIMIT -1";
  return p->d->mysql ? " LIMIT 18446744073709551615" : "";
}

static void put_limit(sql_printer *p, const sql_query *q) {
  bool fetch =
      (p->d->has & SQL_HAS_FETCH) && (!(p->d->has & SQL_HAS_LIMIT) || !q->limit || q->limit_ties ||
                                      (q->limit_percent && p->d->id != SQL_DUCKDB));
  if (q->by_limit) {
    sql_put(p, " LIMIT "), sql_put_expr(p, q->by_limit);
    sql_put(p, " BY "), sql_put_exprs(p, &q->limit_by, 0);
  }
  if ((!q->limit && !q->offset) || is_top(p, q)) return;
  if (fetch) {
    put_fetch(p, q);
    return;
  }
  bool offset_first = p->d->id == SQL_TRINO;
  if (q->offset && offset_first) sql_put(p, " OFFSET "), sql_put_expr(p, q->offset);
  if (q->limit) sql_put(p, " LIMIT "), sql_put_expr(p, q->limit);
  if (q->limit_percent && p->d->id == SQL_DUCKDB) sql_put(p, "%");
  if (!q->limit) sql_put(p, no_limit(p));
  if (q->offset && !offset_first) sql_put(p, " OFFSET "), sql_put_expr(p, q->offset);
}

/* ── SELECT, VALUES, set operations ───────────────────────────────────────────── */

static void put_items(sql_printer *p, const sql_query *q) {
  for (size_t i = 0; i < q->items.len; i++) {
    const sql_item *item = &q->items.items[i];
    if (i) sql_put(p, ", ");
    sql_put_expr(p, item->expr);
    if (item->alias.text.ptr) sql_put(p, " AS "), sql_put_name(p, &item->alias);
  }
}

static bool is_rollup(const sql_query *q) {
  const sql_expr *e = q->group_by.len == 1 ? q->group_by.items[0] : NULL;
  return e && e->kind == SQL_CALL && str_eq_nocase(e->name.text, STR("ROLLUP"));
}

static void put_group_by(sql_printer *p, const sql_query *q) {
  bool with = is_rollup(q) && p->d->mysql;
  const sql_exprs *list = with ? &q->group_by.items[0]->args : &q->group_by;
  sql_put(p, " GROUP BY ");
  for (size_t i = 0; i < list->len; i++) {
    const sql_expr *e = list->items[i];
    if (i) sql_put(p, ", ");
    if (p->shape && e->kind == SQL_NUMBER)
      buf_add(&p->out, e->text); /* an ordinal */
    else
      sql_put_expr(p, e);
  }
  if (with) sql_put(p, " WITH ROLLUP");
}

static void put_windows(sql_printer *p, const sql_query *q) {
  for (size_t i = 0; i < q->windows.len; i++) {
    sql_put(p, i ? ", " : " WINDOW ");
    sql_put_name(p, &q->windows.items[i]->name);
    sql_put(p, " AS ");
    sql_put_window(p, q->windows.items[i]);
  }
}

static void put_select(sql_printer *p, const sql_query *q) {
  sql_put(p, "SELECT ");
  if (q->distinct) sql_put(p, "DISTINCT ");
  if (q->distinct_on.len) {
    sql_put(p, "ON (");
    sql_put_exprs(p, &q->distinct_on, 0);
    sql_put(p, ") ");
  }
  if (is_top(p, q)) put_top(p, q);
  put_items(p, q);
  if (q->from) {
    sql_put(p, " FROM ");
    if (q->from->lateral && q->from->kind != SQL_FROM_JOIN) sql_put(p, "LATERAL ");
    put_from(p, q->from, false);
  } else if (p->d->id == SQL_ORACLE) {
    sql_put(p, " FROM DUAL");
  }
  if (q->where) sql_put(p, " WHERE "), sql_put_expr(p, q->where);
  if (q->group_by.len) put_group_by(p, q);
  if (q->having) sql_put(p, " HAVING "), sql_put_expr(p, q->having);
  put_windows(p, q);
  if (q->qualify) sql_put(p, " QUALIFY "), sql_put_expr(p, q->qualify);
}

static bool all_values(const sql_query *q) {
  for (size_t i = 0; i < q->rows.len; i++)
    for (size_t k = 0; k < q->rows.items[i]->args.len; k++)
      if (q->rows.items[i]->args.items[k]->args.len ||
          q->rows.items[i]->args.items[k]->kind > SQL_PARAM)
        return false;
  return true;
}

static void put_values(sql_printer *p, const sql_query *q) {
  sql_put(p, "VALUES ");
  size_t n = p->shape && all_values(q) && q->rows.len ? 1 : q->rows.len; /* however many rows */
  for (size_t i = 0; i < n; i++) {
    if (i) sql_put(p, ", ");
    sql_put(p, p->d->id == SQL_MYSQL ? "ROW(" : "(");
    sql_put_exprs(p, &q->rows.items[i]->args, 0);
    sql_put(p, ")");
  }
}

static const char *set_op_text(const sql_printer *p, sql_set_op op) {
  bool minus = p->d->id == SQL_ORACLE;
  switch (op) {
    case SQL_UNION:
      return p->d->id == SQL_CLICKHOUSE ? " UNION DISTINCT " : " UNION ";
    case SQL_UNION_ALL:
      return " UNION ALL ";
    case SQL_INTERSECT:
      return " INTERSECT ";
    case SQL_EXCEPT:
      return minus ? " MINUS " : " EXCEPT ";
    case SQL_INTERSECT_ALL:
      return " INTERSECT ALL ";
    case SQL_EXCEPT_ALL:
      return minus ? " MINUS ALL " : " EXCEPT ALL ";
  }
  return " UNION ";
}

static bool binds_first(const sql_printer *p, const sql_query *q) {
  return p->d->intersect_first && (q->set_op == SQL_INTERSECT || q->set_op == SQL_INTERSECT_ALL);
}

/* An operand needs parentheses for a tail or a WITH of its own, or to keep its place in the
 * order of operations. */
static bool needs_paren(const sql_printer *p, const sql_query *parent, const sql_query *q,
                        bool right) {
  if (q->ctes.len || q->order_by.len || q->limit || q->offset) return true;
  if (q->kind != SQL_COMPOUND) return false;
  if (binds_first(p, q) && !binds_first(p, parent)) return false;
  return right || (binds_first(p, parent) && !binds_first(p, q));
}

static void put_operand(sql_printer *p, const sql_query *parent, const sql_query *q, bool right) {
  bool paren = needs_paren(p, parent, q, right);
  if (paren) sql_put(p, p->d->has & SQL_HAS_PAREN_SET ? "(" : "SELECT * FROM (");
  sql_put_query(p, q);
  if (paren) sql_put(p, ")");
}

static void put_ctes(sql_printer *p, const sql_query *q) {
  bool word = p->d->id != SQL_TSQL && p->d->id != SQL_ORACLE;
  for (size_t i = 0; i < q->ctes.len; i++) {
    const sql_cte *c = q->ctes.items[i];
    sql_put(p, i ? ", " : q->recursive && word ? "WITH RECURSIVE " : "WITH ");
    if (c->scalar) {
      sql_put_expr(p, c->query->items.items[0].expr);
      sql_put(p, " AS ");
      sql_put_name(p, &c->name);
      continue;
    }
    sql_put_name(p, &c->name);
    if (c->columns.len) sql_put(p, " "), sql_put_names(p, &c->columns);
    sql_put(p, " AS ");
    bool hint = p->d->id == SQL_SQLITE || p->d->id == SQL_POSTGRES || p->d->id == SQL_DUCKDB;
    if (c->materialized && hint)
      sql_put(p, c->materialized == 1 ? "MATERIALIZED " : "NOT MATERIALIZED ");
    sql_put(p, "(");
    sql_put_query(p, c->query);
    sql_put(p, ")");
  }
  if (q->ctes.len) sql_put(p, " ");
}

void sql_put_query(sql_printer *p, const sql_query *q) {
  if (!sql_put_enter(p)) return;
  put_ctes(p, q);
  switch (q->kind) {
    case SQL_SELECT:
      put_select(p, q);
      break;
    case SQL_VALUES:
      put_values(p, q);
      break;
    case SQL_COMPOUND:
      put_operand(p, q, q->left, false);
      sql_put(p, set_op_text(p, q->set_op));
      put_operand(p, q, q->right, true);
      break;
  }
  if (q->order_by.len) sql_put(p, " ORDER BY "), sql_put_orders(p, &q->order_by);
  put_limit(p, q);
  p->depth--;
}

/* ── entry ────────────────────────────────────────────────────────────────────── */

static sql_printer start(sql_dialect_id dialect) {
  sql_printer p = {.d = sql_dialect_get(dialect)};
  buf_init(&p.out, MAX_PRINTED);
  return p;
}

static str finish(sql_printer *p, arena *a) {
  str s = p->out.failed ? (str){NULL, 0} : arena_str(a, buf_str(&p->out));
  buf_free(&p->out);
  return s;
}

str sql_print(const sql_query *q, sql_dialect_id dialect, arena *a) {
  sql_printer p = start(dialect);
  sql_put_query(&p, q);
  return finish(&p, a);
}

str sql_print_expr(const sql_expr *e, sql_dialect_id dialect, arena *a) {
  sql_printer p = start(dialect);
  sql_put_expr(&p, e);
  return finish(&p, a);
}
