/* Conditions and clauses that cannot mean what they say: = NULL, NOT IN over NULLs, AND beside OR,
 * whole-number division, LIMIT in no order, a subquery of many rows taken for one, more than the
 * most, keys of different things. */
#include "check/facts.h"
#include "check/functions.h"
#include "check/types.h"

static void equals_null(const query_facts *f, const sql_expr *e) {
  check_ctx *c = f->c;
  const sql_expr *x = e->args.items[0], *y = e->args.items[1];
  if ((e->op != SQL_OP_EQ && e->op != SQL_OP_NE) || y->kind != SQL_NULL) return;
  bool equal = e->op == SQL_OP_EQ;
  diag *d = diag_add(c, CHECK_EQUALS_NULL, e->span, equal ? STR("=") : STR("<>"), NO_STR, NO_STR);
  diag_suggest(c, d, equal ? STR(" IS NULL") : STR(" IS NOT NULL"),
               (sql_span){x->span.to, y->span.to}, STR("true of NULL"), 0.97);
}

static void integer_division(const query_facts *f, const sql_expr *e) {
  if (e->op != SQL_OP_DIV || f->c->dialect == SQL_MYSQL || f->c->dialect == SQL_MARIADB ||
      f->c->dialect == SQL_ORACLE || f->c->dialect == SQL_CLICKHOUSE || f->c->dialect == SQL_DUCKDB)
    return;
  const sql_expr *x = e->args.items[0], *y = e->args.items[1];
  bool whole = types_of(f->c, x) == CAT_INTEGER && types_of(f->c, y) == CAT_INTEGER;
  bool literals = x->kind == SQL_NUMBER || y->kind == SQL_NUMBER; /* age / 10: meant */
  if (whole && !literals)
    diag_add(f->c, CHECK_INTEGER_DIVISION, e->op_span, NO_STR, NO_STR, NO_STR);
}

static void mixed(const query_facts *f, const sql_expr *e) {
  if (e->op != SQL_OP_OR) return;
  for (size_t i = 0; i < e->args.len; i++) {
    const sql_expr *x = e->args.items[i];
    if (x->kind != SQL_BINARY || x->op != SQL_OP_AND || x->parenthesized) continue;
    diag_add(f->c, CHECK_MIXED_AND_OR, e->op_span, NO_STR, NO_STR, NO_STR);
    return;
  }
}

/** What the query's one column is computed from; NULL when there is not one, or not known. */
static const sql_expr *single_output(check_ctx *c, sql_query *q) {
  bool open = false;
  const check_outputs *out = q && q->scope ? scope_outputs(c, q, &open) : NULL;
  return out && out->len == 1 ? out->items[0].expr : NULL;
}

/** Does some condition keep NULLs of the column out? Any comparison of it does. */
static bool keeps_nulls_out(check_ctx *c, sql_query *q, const sql_expr *e) {
  query_facts f;
  fact_column wanted, k;
  if (!facts_gather(c, q, &f) || !facts_column(&f, e, &wanted)) return true;
  for (size_t i = 0; i < f.conds.len; i++) {
    const sql_expr *x = f.conds.items[i].expr;
    for (size_t n = 0; n < x->args.len; n++)
      if (facts_column(&f, x->args.items[n], &k) && k.item == wanted.item &&
          k.column == wanted.column)
        return true;
  }
  return false;
}

static void not_in(const query_facts *f, const sql_expr *e) {
  check_ctx *c = f->c;
  if (!e->negated || !e->query || e->query->kind != SQL_SELECT) return;
  const sql_expr *out = single_output(c, e->query);
  const cat_column *col = out ? facts_column_behind(c, out) : NULL;
  if (!col || !types_may_be_null(c, out)) return;
  bool holds_null = col->profile.known && col->profile.nulls > 0;
  if (keeps_nulls_out(c, e->query, out)) return;
  diag *d = diag_add(c, CHECK_NOT_IN_NULLABLE, e->span, col->name, NO_STR, NO_STR);
  if (d && holds_null) d->weight = 0.8; /* not only could: it does */
}

/** At most one row: it aggregates without grouping, says LIMIT 1, or fixes a key. */
static bool gives_one_row(check_ctx *c, sql_query *q) {
  if (q->kind != SQL_SELECT || !q->scope) return true;
  if (q->scope->aggregate && !q->group_by.len) return true;
  if (q->limit) return true;
  if (!q->from || q->group_by.len) return !q->from;
  query_facts f;
  if (!facts_gather(c, q, &f)) return true;
  int columns[32];
  size_t n = 0;
  if (f.scope->items.len != 1) return true; /* not reasoned about */
  for (size_t i = 0; i < f.fixed.len && n < 32; i++) columns[n++] = f.fixed.items[i].column;
  return facts_unique(&f, 0, columns, n) != FACT_MANY;
}

static void many_rows(const query_facts *f, const sql_expr *e) {
  if (e->op < SQL_OP_EQ || e->op > SQL_OP_GE) return;
  for (size_t i = 0; i < 2; i++) {
    const sql_expr *x = e->args.items[i];
    if (x->kind == SQL_SUBQUERY && x->query && !gives_one_row(f->c, x->query))
      diag_add(f->c, CHECK_MANY_ROWS, x->span, NO_STR, NO_STR, NO_STR);
  }
}

/** max(x) of all rows of the table that has x; or min. NULL: it is no such query. */
static const cat_column *extreme_of_all(check_ctx *c, const sql_query *q, const char *name) {
  if (!q || q->kind != SQL_SELECT || q->items.len != 1 || q->where || q->group_by.len || !q->from ||
      q->from->kind != SQL_FROM_TABLE || q->from->cte)
    return NULL;
  const sql_expr *e = q->items.items[0].expr;
  bool called = e && e->kind == SQL_CALL && e->args.len == 1 && !e->filter && !e->over &&
                str_eq_nocase(e->name.text, str_from(name));
  return called ? facts_column_behind(c, e->args.items[0]) : NULL;
}

/** x > (SELECT max(x) FROM its table), in either order */
static void beyond_extreme(const query_facts *f, const sql_expr *e) {
  if (e->op != SQL_OP_GT && e->op != SQL_OP_LT) return;
  for (size_t i = 0; i < 2; i++) {
    const sql_expr *x = e->args.items[i], *y = e->args.items[1 - i];
    bool above = (e->op == SQL_OP_GT) == (i == 0);
    const cat_column *own = y->kind == SQL_SUBQUERY ? facts_column_behind(f->c, x) : NULL;
    if (own && own == extreme_of_all(f->c, y->query, above ? "max" : "min"))
      diag_add(f->c, CHECK_BEYOND_EXTREME, e->span, own->name,
               above ? STR("highest") : STR("lowest"), NO_STR);
  }
}

/** The table whose rows a key names: what it refers to, in the end, or its own; -1: it is none. */
static int rows_named(const catalog *cat, const cat_column *col) {
  enum { MOST_STEPS = 4 };
  bool key = col->pk > 0 && col->unique;
  for (int step = 0; step < MOST_STEPS; step++) {
    const cat_column *to = NULL;
    for (int i = 0; i < cat->n_fkeys && !to; i++)
      for (int k = 0; k < cat->fkeys[i].n; k++)
        if (cat->fkeys[i].from[k] == col->id) to = &cat->columns[cat->fkeys[i].to[k]];
    if (!to || to == col) break;
    key = true;
    col = to;
  }
  return key ? col->table : -1;
}

/** playlist_id [NOT] IN (SELECT track_id …) */
static void other_keys(const query_facts *f, const sql_expr *e) {
  check_ctx *c = f->c;
  const sql_expr *out = c->cat && e->query ? single_output(c, e->query) : NULL;
  const cat_column *x = out && e->args.len ? facts_column_behind(c, e->args.items[0]) : NULL;
  const cat_column *y = x ? facts_column_behind(c, out) : NULL;
  if (!y || str_eq_nocase(x->name, y->name)) return;
  int rx = rows_named(c->cat, x), ry = rows_named(c->cat, y);
  if (rx >= 0 && ry >= 0 && rx != ry)
    diag_add(c, CHECK_OTHER_KEYS, e->span, x->name, y->name, NO_STR);
}

static sql_walk_next on_expr(void *ctx, sql_expr *e) {
  const query_facts *f = ctx;
  if (e->kind == SQL_BINARY && e->args.len >= 2) {
    equals_null(f, e);
    integer_division(f, e);
    mixed(f, e);
    many_rows(f, e);
    beyond_extreme(f, e);
  }
  if (e->kind == SQL_IN) {
    not_in(f, e);
    other_keys(f, e);
  }
  return SQL_WALK_ON;
}

static void unordered_limit(const query_facts *f) {
  const sql_query *q = f->query;
  bool one_row = f->scope->aggregate && !q->group_by.len;
  if (!q->limit || q->order_by.len || one_row || !q->from) return;
  bool one = q->limit->kind == SQL_NUMBER && str_eq(q->limit->text, STR("1"));
  diag_add(f->c, CHECK_LIMIT_UNORDERED, q->limit_span, one ? STR("row") : STR("rows"), NO_STR,
           NO_STR);
}

void logic_check(query_facts *f) {
  facts_each_expr(f, on_expr, f);
  unordered_limit(f);
}

/* ---- WITH ---- */

/** A recursive part that takes its rows from itself alone, and drops none. */
static bool only_repeats(const sql_query *arm, const sql_cte *cte) {
  const sql_from *f = arm->kind == SQL_SELECT ? arm->from : NULL;
  return f && f->kind == SQL_FROM_TABLE && f->cte == cte && !arm->where && !arm->limit;
}

void logic_check_ctes(check_ctx *c, const sql_query *q) {
  for (size_t i = 0; i < q->ctes.len; i++) {
    const sql_cte *cte = q->ctes.items[i];
    const sql_query *body = cte->query;
    if (!body || body->kind != SQL_COMPOUND || body->set_op != SQL_UNION_ALL) continue;
    if (body->limit || q->limit || !body->right || !only_repeats(body->right, cte)) continue;
    diag_add(c, CHECK_ENDLESS_RECURSION, cte->name.span, cte->name.text, NO_STR, NO_STR);
  }
}
