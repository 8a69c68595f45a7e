/* GROUP BY: columns that are neither grouped by, nor determined by what is, nor aggregated. An
 * error where the dialect says so, a warning where it shows the value of some row instead. */
#include "check/facts.h"
#include "check/functions.h"
#include "check/suggest.h"

enum { MAX_ITEMS = 64, LEAST_ROWS = 20 /* fewer may differ by chance */ };

typedef struct grouping {
  query_facts *f;
  VEC(const sql_expr *) terms; /* what is grouped by, ordinals and aliases followed */
  VEC(fact_column) known;      /* columns that a group has one value of */
  bool whole[MAX_ITEMS];       /* items of which a group has one row */
  bool all;                    /* GROUP BY ALL: by whatever is not aggregated */
  bool strict, min_or_max;
  check_code code;
} grouping;

static bool is_known(const grouping *g, const fact_column *k) {
  if (!check_spend(g->f->c, g->known.len)) return true;
  if (k->item < MAX_ITEMS && g->whole[k->item]) return true;
  for (size_t i = 0; i < g->known.len; i++)
    if (g->known.items[i].item == k->item && g->known.items[i].column == k->column) return true;
  return false;
}

static bool learn(grouping *g, fact_column k) {
  if (is_known(g, &k)) return false;
  if (!vec_push(g->f->c->a, &g->known, k)) g->f->c->failed = true;
  return true;
}

/** Does the dialect itself reason that a table's key determines its columns? */
static bool reasons_from_keys(sql_dialect_id d) {
  return d == SQL_SQLITE || d == SQL_POSTGRES || d == SQL_MYSQL || d == SQL_MARIADB;
}

static bool learn_items(grouping *g) {
  bool more = false;
  for (size_t i = 0; i < g->f->scope->items.len && i < MAX_ITEMS; i++) {
    int columns[32];
    size_t n = 0;
    for (size_t k = 0; k < g->known.len && n < 32; k++)
      if (g->known.items[k].item == i) columns[n++] = g->known.items[k].column;
    if (g->whole[i] || facts_unique(g->f, i, columns, n) != FACT_UNIQUE) continue;
    g->whole[i] = more = true;
  }
  return more;
}

static void close_over(grouping *g) {
  const query_facts *f = g->f;
  bool follow = f->c->dialect != SQL_POSTGRES; /* which looks at keys in GROUP BY alone */
  if (!reasons_from_keys(f->c->dialect)) return;
  for (size_t i = 0; i < f->fixed.len && follow; i++) learn(g, f->fixed.items[i]);
  for (bool more = true; more && !f->c->failed;) {
    more = learn_items(g);
    for (size_t i = 0; i < f->equals.len && follow; i++) {
      const fact_equal *e = &f->equals.items[i];
      if (is_known(g, &e->x)) more = learn(g, e->y) || more;
      if (is_known(g, &e->y)) more = learn(g, e->x) || more;
    }
  }
}

/** The select item that an ordinal names; NULL when it came out of a star, whose column is then
 *  learnt, and `e` itself when it is none. */
static const sql_expr *group_term(grouping *g, const sql_expr *e) {
  bool open = false;
  if (e->kind != SQL_NUMBER || e->text.len != 1) return facts_follow(e);
  const check_outputs *out = scope_outputs(g->f->c, g->f->query, &open);
  size_t n = (size_t)(e->text.ptr[0] - '0');
  if (!out || n < 1 || n > out->len) return e;
  const check_output *o = &out->items[n - 1];
  if (o->expr) return facts_follow(o->expr);
  for (size_t i = 0; i < g->f->scope->items.len; i++)
    if (g->f->scope->items.items[i].from == o->bound.item)
      learn(g, (fact_column){i, o->bound.column});
  return NULL;
}

static void gather_terms(grouping *g, const sql_exprs *list) {
  for (size_t i = 0; i < list->len; i++) {
    const sql_expr *e = group_term(g, list->items[i]);
    fact_column k;
    if (!e) continue;
    if (e->kind == SQL_ROW || function_is_grouping(e)) gather_terms(g, &e->args);
    if (e->kind == SQL_CALL && e->bare && function_is_grouping(e)) g->all = true;
    if (!vec_push(g->f->c->a, &g->terms, e)) g->f->c->failed = true;
    if (facts_column(g->f, e, &k)) learn(g, k);
  }
}

static bool is_term(const grouping *g, const sql_expr *e) {
  if (!check_spend(g->f->c, g->terms.len)) return true;
  for (size_t i = 0; i < g->terms.len; i++)
    if (check_same_expr(g->terms.items[i], e)) return true;
  return false;
}

/** Offers the column as one more term of GROUP BY. */
static void offer(grouping *g, diag *d, const sql_expr *e) {
  const sql_exprs *terms = &g->f->query->group_by;
  check_ctx *c = g->f->c;
  if (!d || !terms->len || e->span.to <= e->span.from || e->span.to > c->sql.len) return;
  uint32_t at = terms->items[terms->len - 1]->span.to;
  str column = str_slice(c->sql, e->span.from, e->span.to);
  str text = str_from(arena_printf(c->a, ", %.*s", STR_ARG(column)));
  diag_suggest(c, d, text, (sql_span){at, at}, STR("one more column to group by"), 0.95);
}

static sql_walk_next look(void *ctx, sql_expr *e) {
  grouping *g = ctx;
  fact_column k;
  if (is_term(g, e) || function_is_aggregate(g->f->c->dialect, e)) return SQL_WALK_SKIP;
  if (e->kind == SQL_COLUMN && facts_column(g->f, e, &k) && !is_known(g, &k))
    offer(g, diag_add(g->f->c, g->code, e->span, e->name.text, NO_STR, NO_STR), e);
  return SQL_WALK_ON;
}

static sql_walk_next find_extreme(void *ctx, sql_expr *e) {
  grouping *g = ctx;
  if (e->kind == SQL_CALL && !e->over && e->args.len == 1 &&
      (str_eq_nocase(e->name.text, STR("min")) || str_eq_nocase(e->name.text, STR("max"))))
    g->min_or_max = true;
  return SQL_WALK_ON;
}

static void each_output(grouping *g, const sql_visitor *v) {
  const sql_query *q = g->f->query;
  for (size_t i = 0; i < q->items.len; i++) sql_walk_expr(q->items.items[i].expr, v);
  sql_walk_expr(q->having, v);
  for (size_t i = 0; i < q->order_by.len; i++) sql_walk_expr(q->order_by.items[i].expr, v);
}

/** A term that names nothing: what is grouped by is not known, and that fault is told already. */
static bool has_unknown_term(const sql_exprs *list) {
  for (size_t i = 0; i < list->len; i++) {
    const sql_expr *e = list->items[i];
    if (e->kind == SQL_COLUMN && !e->bound.item && !e->bound.alias) return true;
  }
  return false;
}

static sql_walk_next find_count(void *ctx, sql_expr *e) {
  const sql_expr **found = ctx;
  if (e->kind == SQL_CALL && !e->over && !e->distinct && str_eq_nocase(e->name.text, STR("count")))
    *found = e;
  return *found ? SQL_WALK_STOP : SQL_WALK_ON;
}

/* Groups of one row each, told apart or put in order by how many rows they have. */
static void groups_of_one(const grouping *g) {
  const query_facts *f = g->f;
  const sql_query *q = f->query;
  const sql_expr *count = NULL;
  const sql_visitor v = {.expr = find_count, .query = facts_skip_query, .ctx = &count};
  if (f->scope->items.len != 1 || !g->whole[0] || !q->group_by.len) return;
  sql_walk_expr(q->having, &v);
  for (size_t i = 0; i < q->order_by.len && !count; i++)
    sql_walk_expr(q->order_by.items[i].expr, &v);
  const cat_table *t = f->scope->items.items[0].table;
  bool declared = false;
  for (size_t i = 0; i < g->known.len && !declared; i++) {
    const cat_column *col = facts_cat_column(f, &g->known.items[i]);
    declared = col && col->unique;
  }
  if (!count || !t || (!declared && t->row_count < LEAST_ROWS)) return;
  diag_add(f->c, CHECK_GROUPS_OF_ONE, count->span, t->name, NO_STR, NO_STR);
}

void group_check(query_facts *f) {
  check_ctx *c = f->c;
  if (has_unknown_term(&f->query->group_by)) return;
  if (!f->scope->aggregate || f->scope->items.len > MAX_ITEMS) return;
  grouping g = {.f = f, .strict = c->dialect != SQL_SQLITE && c->dialect != SQL_MARIADB};
  g.code = g.strict ? CHECK_UNGROUPED_COLUMN : CHECK_BARE_COLUMN;
  gather_terms(&g, &f->query->group_by);
  if (g.all) return;
  close_over(&g);
  groups_of_one(&g);
  const sql_visitor extremes = {.expr = find_extreme, .query = facts_skip_query, .ctx = &g};
  each_output(&g, &extremes);
  if (g.min_or_max && c->dialect == SQL_SQLITE) return; /* the row of the extreme is shown */
  const sql_visitor v = {.expr = look, .query = facts_skip_query, .ctx = &g};
  each_output(&g, &v);
}
