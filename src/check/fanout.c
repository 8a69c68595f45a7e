/* Fan-out: a join with the many side of a key repeats rows, and what is added up over them counts
 * them again. Reasoned from keys, equalities, fixed and grouped columns, not from names. */
#include "check/facts.h"
#include "check/functions.h"

enum { MAX_ITEMS = 32, MAX_COLUMNS = 32 };

typedef struct fan {
  query_facts *f;
  size_t n;
  fact_unique cross[MAX_ITEMS][MAX_ITEMS]; /* from row: how many of column's rows; UNKNOWN also
                                              where the two are not joined */
  bool edge[MAX_ITEMS][MAX_ITEMS];
} fan;

static size_t grouped_columns(const fan *n, size_t item, int *out, size_t at) {
  const sql_query *q = n->f->query;
  for (size_t i = 0; i < q->group_by.len && at < MAX_COLUMNS; i++) {
    fact_column k;
    if (facts_column(n->f, facts_follow(q->group_by.items[i]), &k) && k.item == item)
      out[at++] = k.column;
  }
  return at;
}

static void measure(fan *n) {
  for (size_t i = 0; i < n->f->equals.len; i++) {
    const fact_equal *e = &n->f->equals.items[i];
    n->edge[e->x.item][e->y.item] = n->edge[e->y.item][e->x.item] = true;
  }
  for (size_t from = 0; from < n->n; from++)
    for (size_t to = 0; to < n->n; to++) {
      int columns[MAX_COLUMNS];
      if (!n->edge[from][to]) continue;
      size_t some = facts_joined(n->f, to, from, columns, MAX_COLUMNS);
      some = grouped_columns(n, to, columns, some);
      n->cross[from][to] = facts_unique(n->f, to, columns, some);
    }
}

/** An item that repeats the rows of `from`; n->n when there is none. */
static size_t repeater(const fan *n, size_t from) {
  bool seen[MAX_ITEMS] = {false};
  size_t queue[MAX_ITEMS], head = 0, tail = 0;
  queue[tail++] = from;
  seen[from] = true;
  while (head < tail) {
    size_t at = queue[head++];
    for (size_t to = 0; to < n->n; to++) {
      if (seen[to] || !n->edge[at][to]) continue;
      if (n->cross[at][to] == FACT_MANY) return to;
      seen[to] = true;
      queue[tail++] = to;
    }
  }
  return n->n;
}

static str label(const fan *n, size_t item) {
  str name = n->f->scope->items.items[item].name;
  return name.len ? name : STR("the derived table");
}

typedef struct owner {
  const query_facts *f;
  size_t item;
  bool any, many;
} owner;

static sql_walk_next find_owner(void *ctx, sql_expr *e) {
  owner *o = ctx;
  fact_column k;
  if (!facts_column(o->f, e, &k)) return SQL_WALK_ON;
  if (o->any && o->item != k.item) o->many = true;
  o->any = true;
  o->item = k.item;
  return SQL_WALK_ON;
}

static str call_text(const fan *n, const sql_expr *e) {
  const check_ctx *c = n->f->c;
  if (e->span.to > c->sql.len || e->span.from >= e->span.to) return e->name.text;
  return str_slice(c->sql, e->span.from, e->span.to);
}

/** Rows that no one item has one of each: two many-sides meet. */
static void count_of_pairs(fan *n, const sql_expr *e, const owner *o) {
  for (size_t i = 0; i < n->n; i++)
    if (repeater(n, i) == n->n) return;
  size_t item = o->any ? o->item : 0, other = repeater(n, item);
  diag_add(n->f->c, CHECK_FAN_OUT_COUNT, e->span, call_text(n, e), label(n, item), label(n, other));
}

/** SUM(CASE WHEN … THEN 1 ELSE 0 END) counts. */
static bool counts(const sql_expr *arg) {
  if (arg->kind != SQL_CASE) return false;
  size_t n = arg->args.len;
  for (size_t i = arg->has_base ? 2 : 1; i < n; i += 2)
    if (arg->args.items[i]->kind != SQL_NUMBER) return false;
  return !arg->has_else || arg->args.items[n - 1]->kind == SQL_NUMBER ||
         arg->args.items[n - 1]->kind == SQL_NULL;
}

static bool is_named(const sql_expr *e, const char *name) {
  return str_eq_nocase(e->name.text, str_from(name));
}

static sql_walk_next on_call(void *ctx, sql_expr *e) {
  fan *n = ctx;
  if (e->kind != SQL_CALL || e->over || e->distinct) return SQL_WALK_ON;
  owner o = {.f = n->f};
  const sql_visitor v = {.expr = find_owner, .query = facts_skip_query, .ctx = &o};
  for (size_t i = 0; i < e->args.len; i++) sql_walk_expr(e->args.items[i], &v);
  bool sum = is_named(e, "sum") || is_named(e, "avg") || is_named(e, "total");
  if (is_named(e, "count") || (sum && e->args.len == 1 && counts(e->args.items[0]))) {
    count_of_pairs(n, e, &o);
  } else if (sum && o.any && !o.many) {
    size_t other = repeater(n, o.item);
    if (other < n->n)
      diag_add(n->f->c, CHECK_FAN_OUT, e->span, call_text(n, e), label(n, o.item), label(n, other));
  }
  return SQL_WALK_ON;
}

void fanout_check(query_facts *f) {
  const sql_query *q = f->query;
  if (!f->scope->aggregate || f->scope->items.len < 2 || f->scope->items.len > MAX_ITEMS) return;
  fan *n = ARENA_NEW(f->c->a, fan);
  if (!n) {
    f->c->failed = true;
    return;
  }
  n->f = f;
  n->n = f->scope->items.len;
  measure(n);
  const sql_visitor v = {.expr = on_call, .query = facts_skip_query, .ctx = n};
  for (size_t i = 0; i < q->items.len; i++) sql_walk_expr(q->items.items[i].expr, &v);
  sql_walk_expr(q->having, &v);
  for (size_t i = 0; i < q->order_by.len; i++) sql_walk_expr(q->order_by.items[i].expr, &v);
}
