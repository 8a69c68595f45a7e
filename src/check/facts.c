/* Gathering what holds of one SELECT's rows. See facts.h. */
#include "check/facts.h"

enum { MAX_FOLLOW = 16 };

/* ---- columns ---- */

bool facts_column(const query_facts *f, const sql_expr *e, fact_column *out) {
  if (!e || e->kind != SQL_COLUMN || !e->bound.item || e->bound.column < 0) return false;
  for (size_t i = 0; i < f->scope->items.len; i++)
    if (f->scope->items.items[i].from == e->bound.item) {
      *out = (fact_column){i, e->bound.column};
      return true;
    }
  return false;
}

/** What the column of a derived table or WITH query is computed from; NULL past its end. */
static const check_output *output_behind(check_ctx *c, const sql_from *from, int column) {
  sql_query *q = from->cte ? from->cte->query : from->query;
  bool open = false;
  const check_outputs *out = q && q->scope ? scope_outputs(c, q, &open) : NULL;
  return out && column >= 0 && (size_t)column < out->len ? &out->items[column] : NULL;
}

static const cat_column *behind(check_ctx *c, sql_binding b) {
  for (int i = 0; i < MAX_FOLLOW; i++) {
    if (b.alias) {
      const sql_expr *e = b.alias->expr;
      if (!e || e->kind != SQL_COLUMN) return NULL;
      b = e->bound;
      continue;
    }
    if (!b.item) return NULL;
    if (b.table >= 0) return b.column >= 0 ? &c->cat->columns[b.column] : NULL;
    const check_output *o = output_behind(c, b.item, b.column);
    if (!o || (o->expr && o->expr->kind != SQL_COLUMN)) return NULL;
    b = o->expr ? o->expr->bound : o->bound;
  }
  return NULL;
}

const cat_column *facts_column_behind(check_ctx *c, const sql_expr *e) {
  return e && e->kind == SQL_COLUMN && c->cat ? behind(c, e->bound) : NULL;
}

const cat_column *facts_cat_column(const query_facts *f, const fact_column *k) {
  const scope_item *item = &f->scope->items.items[k->item];
  if (!f->c->cat) return NULL;
  return behind(f->c,
                (sql_binding){item->from, item->table ? item->table->id : -1, k->column, 0, NULL});
}

const sql_expr *facts_follow(const sql_expr *e) {
  for (int i = 0; i < MAX_FOLLOW && e && e->kind == SQL_COLUMN && e->bound.alias; i++)
    e = e->bound.alias->expr;
  return e;
}

/* ---- gathering ---- */

static bool is_constant(const query_facts *f, const sql_expr *e) {
  fact_column own;
  switch (e->kind) {
    case SQL_NULL:
    case SQL_BOOL:
    case SQL_NUMBER:
    case SQL_STRING:
    case SQL_BLOB:
    case SQL_PARAM:
    case SQL_TYPED:
      return true;
    case SQL_SUBQUERY:
      return true; /* one value for each row of the outer query */
    case SQL_COLUMN:
      return !facts_column(f, e, &own) && !e->bound.alias;
    case SQL_UNARY:
    case SQL_CAST:
      return e->args.len == 1 && is_constant(f, e->args.items[0]);
    default:
      return false;
  }
}

static bool add_equality(query_facts *f, const fact_cond *k) {
  const sql_expr *e = k->expr;
  arena *a = f->c->a;
  if (e->kind != SQL_BINARY || (e->op != SQL_OP_EQ && e->op != SQL_OP_IS) || e->negated ||
      e->args.len < 2)
    return true;
  fact_column x, y;
  bool left = facts_column(f, e->args.items[0], &x), right = facts_column(f, e->args.items[1], &y);
  if (left && right)
    return x.item == y.item || vec_push(a, &f->equals, ((fact_equal){x, y, e, k->join}));
  if (left && is_constant(f, e->args.items[1])) return vec_push(a, &f->fixed, x);
  if (right && is_constant(f, e->args.items[0])) return vec_push(a, &f->fixed, y);
  return true;
}

static bool add_conds(query_facts *f, sql_expr *e, const sql_from *join) {
  if (!e) return true;
  if (e->kind == SQL_BINARY && e->op == SQL_OP_AND && e->args.len == 2)
    return add_conds(f, e->args.items[0], join) && add_conds(f, e->args.items[1], join);
  fact_cond k = {e, join};
  return vec_push(f->c->a, &f->conds, k) && add_equality(f, &k);
}

static bool add_joins(query_facts *f, const sql_from *from) {
  if (!from || from->kind != SQL_FROM_JOIN || from->alias.text.ptr) return true;
  return add_joins(f, from->left) && add_joins(f, from->right) && add_conds(f, from->on, from);
}

static bool merge(query_facts *f, size_t item, const scope_merge *m, str name) {
  int y = scope_find(f->c, &f->scope->items.items[item], name);
  for (size_t i = m->left; i < m->right && y >= 0; i++) {
    int x = scope_find(f->c, &f->scope->items.items[i], name);
    if (x < 0) continue;
    fact_equal e = {{i, x}, {item, y}, NULL, m->join};
    return vec_push(f->c->a, &f->equals, e);
  }
  return true;
}

/** Equalities that USING and NATURAL make. */
static bool add_merges(query_facts *f) {
  for (size_t i = 0; i < f->scope->items.len; i++)
    for (const scope_merge *m = f->scope->items.items[i].merges; m; m = m->next) {
      for (size_t k = 0; k < m->join->using_names.len; k++)
        if (!merge(f, i, m, m->join->using_names.items[k].text)) return false;
      sql_binding bound;
      str name;
      for (size_t k = 0; m->join->natural; k++) {
        name = scope_column_name(f->c, &f->scope->items.items[i], k, &bound);
        if (!name.ptr) break;
        if (!merge(f, i, m, name)) return false;
      }
    }
  return true;
}

bool facts_gather(check_ctx *c, sql_query *q, query_facts *out) {
  *out = (query_facts){.c = c, .scope = q->scope, .query = q};
  bool ok = add_joins(out, q->from) && add_merges(out) && add_conds(out, q->where, NULL);
  if (!ok) c->failed = true;
  return ok;
}

/* ---- uniqueness ---- */

static bool has(const int *columns, size_t n, int column) {
  for (size_t i = 0; i < n; i++)
    if (columns[i] == column) return true;
  return false;
}

/** What a declared key refers to is unique, or the key would not stand. */
static bool is_referred_to(const catalog *cat, int column) {
  for (int i = 0; i < cat->n_fkeys && !cat->fkeys[i].inferred; i++)
    if (cat->fkeys[i].n == 1 && cat->fkeys[i].to[0] == column) return true;
  return false;
}

static fact_unique table_unique(const check_ctx *c, const cat_table *t, const int *columns,
                                size_t n) {
  bool keyed = false, whole = true, repeats = n == 1;
  for (int i = 0; i < t->n_columns; i++) {
    const cat_column *col = &c->cat->columns[t->first_column + i];
    const cat_profile *p = &col->profile;
    bool in = has(columns, n, col->id);
    keyed = keyed || col->pk > 0;
    if (col->pk > 0 && !in) whole = false;
    if (in && col->unique) return FACT_UNIQUE;
    bool counted = p->known && !p->sampled && p->distinct >= 0;
    if (in && counted && p->rows > 0 && p->distinct == p->rows - p->nulls) return FACT_UNIQUE;
    if (in && counted && p->distinct >= p->rows - p->nulls) repeats = false;
    if (in && !counted && !keyed) repeats = false;
  }
  if (keyed && whole) return FACT_UNIQUE;
  for (size_t i = 0; i < n; i++)
    if (is_referred_to(c->cat, columns[i])) return FACT_UNIQUE;
  return keyed || repeats ? FACT_MANY : FACT_UNKNOWN;
}

/** A grouped query has one row for each of its groups; one that only aggregates has one row. */
static fact_unique query_unique(check_ctx *c, sql_query *q, const int *columns, size_t n) {
  bool open = false;
  if (!q || q->kind != SQL_SELECT || !q->scope) return FACT_UNKNOWN;
  const check_outputs *out = scope_outputs(c, q, &open);
  if (!out || open) return FACT_UNKNOWN;
  if (q->scope->aggregate && !q->group_by.len) return FACT_UNIQUE;
  bool all = q->distinct;
  for (size_t i = 0; i < out->len && all; i++) all = has(columns, n, (int)i);
  if (all) return FACT_UNIQUE;
  if (!q->group_by.len) return FACT_UNKNOWN;
  for (size_t g = 0; g < q->group_by.len; g++) {
    bool found = false;
    for (size_t i = 0; i < out->len && !found; i++)
      found = has(columns, n, (int)i) && out->items[i].expr &&
              check_same_expr(out->items[i].expr, q->group_by.items[g]);
    if (!found) return FACT_UNKNOWN;
  }
  return FACT_UNIQUE;
}

fact_unique facts_unique(const query_facts *f, size_t item, const int *columns, size_t n) {
  const scope_item *it = &f->scope->items.items[item];
  if (it->table) return table_unique(f->c, it->table, columns, n);
  if (it->from->cte) return query_unique(f->c, it->from->cte->query, columns, n);
  return query_unique(f->c, it->from->query, columns, n);
}

size_t facts_joined(const query_facts *f, size_t item, size_t from, int *out, size_t max) {
  size_t n = 0;
  for (size_t i = 0; i < f->equals.len && n < max; i++) {
    const fact_equal *e = &f->equals.items[i];
    if (e->x.item == item && e->y.item == from)
      out[n++] = e->x.column;
    else if (e->y.item == item && e->x.item == from)
      out[n++] = e->y.column;
  }
  for (size_t i = 0; i < f->fixed.len && n < max; i++)
    if (f->fixed.items[i].item == item) out[n++] = f->fixed.items[i].column;
  return n;
}

/* ---- walking ---- */

sql_walk_next facts_skip_query(void *ctx, sql_query *q) {
  (void)ctx;
  (void)q;
  return SQL_WALK_SKIP;
}

void facts_each_expr(const query_facts *f, sql_walk_next (*fn)(void *ctx, sql_expr *e), void *ctx) {
  const sql_visitor v = {.expr = fn, .query = facts_skip_query, .ctx = ctx};
  const sql_query *q = f->query;
  for (size_t i = 0; i < q->items.len; i++) sql_walk_expr(q->items.items[i].expr, &v);
  sql_walk_from(q->from, &v);
  sql_walk_expr(q->where, &v);
  for (size_t i = 0; i < q->group_by.len; i++) sql_walk_expr(q->group_by.items[i], &v);
  sql_walk_expr(q->having, &v);
  for (size_t i = 0; i < q->order_by.len; i++) sql_walk_expr(q->order_by.items[i].expr, &v);
}
