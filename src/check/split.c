/* A query that mixes sources, taken apart: each source is asked for the columns that the query
 * needs of its tables, under the conditions that are its tables' own; the rest of the conditions
 * say how the parts meet. Grouping and order are left for when they have met. */
#include "check/split.h"

#include "base/err.h"

enum { MAX_TABLES = 32 };

typedef struct splitting {
  const catalog *const *cats;
  arena *a;
  const split_tables *tables; /* the first `n` of them are taken apart */
  size_t n;
  size_t source[MAX_TABLES];         /* of each table */
  size_t group[MAX_TABLES];          /* tables of one group are joined in one part */
  const sql_query *home[MAX_TABLES]; /* the SELECT in whose FROM the table stands */
  const sql_query *now;              /* … that is being looked at */
  VEC(sql_expr *) conds;             /* AND-ed conditions of all FROMs and WHEREs */
  VEC(const sql_query *) cond_homes; /* and the SELECT of each */
  sql_exprs wanted[MAX_TABLES];
  uint64_t optional; /* tables on the right of a LEFT JOIN */
  bool failed;
} splitting;

/* ---- whose is it? ---- */

static const sql_name *label_of(const splitting *s, size_t i) {
  const sql_from *f = s->tables->items[i].from;
  return f->alias.text.ptr ? &f->alias : &f->name;
}

static str label(const splitting *s, size_t i) { return label_of(s, i)->text; }

static bool has_column(const splitting *s, size_t i, str name) {
  const catalog *cat = s->cats[s->source[i]];
  const cat_table *t = catalog_table(cat, s->tables->items[i].from->name.text);
  return t && catalog_column(cat, t, name);
}

/** The table that the column is of, of those in the FROM at hand or of `all`; s->n when that is not
 *  clear. */
static size_t owner_among(const splitting *s, const sql_expr *e, bool all) {
  size_t found = s->n;
  for (size_t i = 0; i < s->n; i++) {
    bool named = e->table.text.ptr && str_eq_nocase(label(s, i), e->table.text);
    if (!all && s->home[i] != s->now) continue;
    if (e->table.text.ptr ? !named : !has_column(s, i, e->name.text)) continue;
    if (found < s->n) return s->n;
    found = i;
  }
  return found;
}

static size_t owner_of(const splitting *s, const sql_expr *e) {
  size_t own = owner_among(s, e, false);
  return own < s->n ? own : owner_among(s, e, true);
}

typedef struct touched {
  const splitting *s;
  uint64_t tables;
  bool odd; /* holds a subquery, or a column of none of the tables */
} touched;

static sql_walk_next touch(void *ctx, sql_expr *e) {
  touched *t = ctx;
  if (e->query) t->odd = true;
  if (e->kind != SQL_COLUMN) return SQL_WALK_ON;
  size_t i = owner_of(t->s, e);
  if (i < t->s->n)
    t->tables |= (uint64_t)1 << i;
  else
    t->odd = true;
  return SQL_WALK_ON;
}

/** What the `k`th condition is about. */
static touched touched_by(splitting *s, size_t k) {
  touched t = {.s = s};
  const sql_visitor v = {.expr = touch, .ctx = &t};
  s->now = s->cond_homes.items[k];
  sql_walk_expr(s->conds.items[k], &v);
  return t;
}

/* ---- gathering ---- */

static void choose_sources(splitting *s, size_t n_sources, size_t first) {
  uint64_t left = 0;
  for (size_t i = 0; i < s->n; i++) left |= (uint64_t)1 << i;
  for (size_t pick = first; left;) {
    size_t most = 0;
    for (size_t k = 0; k < n_sources; k++) {
      size_t held = 0;
      for (size_t i = 0; i < s->n; i++)
        held += (left >> i & 1) && (s->tables->items[i].sources >> k & 1);
      if (held > most || (held == most && most && k == first)) {
        most = held;
        pick = k;
      }
    }
    if (!most) return;
    for (size_t i = 0; i < s->n; i++)
      if ((left >> i & 1) && (s->tables->items[i].sources >> pick & 1)) {
        s->source[i] = pick;
        left &= ~((uint64_t)1 << i);
      }
  }
}

static void add_conds(splitting *s, sql_expr *e) {
  if (!e) return;
  if (e->kind == SQL_BINARY && e->op == SQL_OP_AND && e->args.len == 2) {
    add_conds(s, e->args.items[0]);
    add_conds(s, e->args.items[1]);
  } else if (!vec_push(s->a, &s->conds, e) || !vec_push(s->a, &s->cond_homes, s->now)) {
    s->failed = true;
  }
}

static void want(splitting *s, size_t i, sql_expr *e) {
  for (size_t k = 0; k < s->wanted[i].len; k++)
    if (str_eq_nocase(s->wanted[i].items[k]->name.text, e->name.text)) return;
  sql_expr *copy = sql_new_column(s->a, (str){0}, e->name.text);
  if (!copy) {
    s->failed = true;
    return;
  }
  copy->name = e->name;
  copy->table = *label_of(s, i);
  if (!vec_push(s->a, &s->wanted[i], copy)) s->failed = true;
}

static sql_walk_next gather_column(void *ctx, sql_expr *e) {
  splitting *s = ctx;
  size_t i = e->kind == SQL_COLUMN ? owner_of(s, e) : s->n;
  if (i < s->n) want(s, i, e);
  return SQL_WALK_ON;
}

static sql_walk_next skip_query(void *ctx, sql_query *q) {
  (void)ctx;
  (void)q;
  return SQL_WALK_SKIP;
}

static void settle_from(splitting *s, const sql_from *f) {
  for (; f; f = f->left) {
    for (size_t i = 0; i < s->n; i++) {
      if (s->tables->items[i].from == f) s->home[i] = s->now;
      if (f->join == SQL_JOIN_LEFT && f->right == s->tables->items[i].from)
        s->optional |= (uint64_t)1 << i;
    }
    settle_from(s, f->right);
  }
}

static sql_walk_next settle_query(void *ctx, sql_query *q) {
  splitting *s = ctx;
  s->now = q;
  settle_from(s, q->from);
  return SQL_WALK_ON;
}

/** Conditions of the joins; commas and derived tables have none of their own. */
static void add_join_conds(splitting *s, const sql_from *f) {
  for (; f && f->kind == SQL_FROM_JOIN; f = f->left) {
    add_conds(s, f->on);
    add_join_conds(s, f->right);
  }
}

/** Columns and conditions of one SELECT, those of the queries in it left for their own turn. */
static sql_walk_next gather_query(void *ctx, sql_query *q) {
  splitting *s = ctx;
  const sql_visitor v = {.expr = gather_column, .query = skip_query, .ctx = s};
  s->now = q;
  for (size_t i = 0; i < q->items.len; i++) sql_walk_expr(q->items.items[i].expr, &v);
  sql_walk_from(q->from, &v);
  sql_walk_expr(q->where, &v);
  for (size_t i = 0; i < q->group_by.len; i++) sql_walk_expr(q->group_by.items[i], &v);
  sql_walk_expr(q->having, &v);
  for (size_t i = 0; i < q->order_by.len; i++) sql_walk_expr(q->order_by.items[i].expr, &v);
  add_join_conds(s, q->from);
  add_conds(s, q->where);
  return SQL_WALK_ON;
}

/** Tables of one source that a condition ties together are of one group. */
static void group_tables(splitting *s) {
  for (size_t i = 0; i < s->n; i++) s->group[i] = i;
  for (size_t k = 0; k < s->conds.len; k++) {
    touched t = touched_by(s, k);
    if (t.odd) continue;
    for (size_t i = 0; i < s->n; i++)
      for (size_t j = i + 1; j < s->n; j++) {
        bool tied = (t.tables >> i & 1) && (t.tables >> j & 1) && s->source[i] == s->source[j];
        size_t from = s->group[j], to = s->group[i];
        for (size_t m = 0; tied && m < s->n; m++)
          if (s->group[m] == from) s->group[m] = to;
      }
  }
}

static uint64_t members(const splitting *s, size_t group) {
  uint64_t bits = 0;
  for (size_t i = 0; i < s->n; i++)
    if (s->group[i] == group) bits |= (uint64_t)1 << i;
  return bits;
}

/* ---- writing ---- */

static sql_expr *both(splitting *s, sql_expr *x, sql_expr *y) {
  if (!x) return y;
  sql_expr *e = sql_new_binary(s->a, SQL_OP_AND, x, y);
  if (!e) s->failed = true;
  return e ? e : x;
}

static sql_from *leaf(splitting *s, size_t i) {
  sql_from *f = sql_new_from(s->a, SQL_FROM_TABLE);
  if (!f) {
    s->failed = true;
    return NULL;
  }
  f->schema = s->tables->items[i].from->schema;
  f->name = s->tables->items[i].from->name;
  f->alias = s->tables->items[i].from->alias;
  return f;
}

/** Adds table `i` to the FROM, with the conditions that tie it to what is there. */
static void join_table(splitting *s, sql_query *q, size_t i, uint64_t *there, bool *used) {
  sql_from *f = leaf(s, i), *join = q->from ? sql_new_from(s->a, SQL_FROM_JOIN) : NULL;
  *there |= (uint64_t)1 << i;
  if (!f || (q->from && !join)) {
    s->failed = true;
    return;
  }
  if (!join) {
    q->from = f;
    return;
  }
  join->join = SQL_JOIN_INNER;
  join->left = q->from;
  join->right = f;
  for (size_t k = 0; k < s->conds.len; k++) {
    touched t = touched_by(s, k);
    if (used[k] || t.odd || (t.tables & ~*there) || !(t.tables >> i & 1) ||
        !(t.tables & (t.tables - 1)))
      continue;
    used[k] = true;
    join->on = both(s, join->on, s->conds.items[k]);
  }
  if (!join->on)
    join->join = SQL_JOIN_CROSS;
  else if (s->optional >> i & 1)
    join->join = SQL_JOIN_LEFT;
  q->from = join;
}

static void write_part(splitting *s, size_t group, bool *used, check_attribution *out) {
  uint64_t all = members(s, group), there = 0;
  sql_query *q = sql_new_query(s->a, SQL_SELECT);
  if (!q) {
    s->failed = true;
    return;
  }
  for (size_t i = 0; i < s->n; i++)
    for (size_t k = 0; (all >> i & 1) && k < s->wanted[i].len; k++)
      if (!vec_push(s->a, &q->items, ((sql_item){.expr = s->wanted[i].items[k]}))) s->failed = true;
  for (size_t i = 0; i < s->n; i++)
    if (all >> i & 1) join_table(s, q, i, &there, used);
  for (size_t k = 0; k < s->conds.len; k++) {
    touched t = touched_by(s, k);
    if (used[k] || t.odd || !t.tables || (t.tables & ~all)) continue;
    used[k] = true;
    q->where = both(s, q->where, s->conds.items[k]);
  }
  if (!q->items.len) {
    sql_expr *star = sql_new_expr(s->a, SQL_STAR);
    if (!star || !vec_push(s->a, &q->items, ((sql_item){.expr = star}))) s->failed = true;
  }
  check_part part = {s->source[group], sql_print(q, s->cats[s->source[group]]->dialect, s->a)};
  if (s->failed || !part.sql.ptr || !vec_push(s->a, &out->parts, part)) s->failed = true;
}

static void write_rest(splitting *s, const bool *used, sql_dialect_id d, check_attribution *out) {
  buf b;
  buf_init(&b, 1 << 20);
  for (size_t k = 0; k < s->conds.len; k++)
    if (!used[k])
      buf_printf(&b, "%s%.*s", b.len ? " and " : "",
                 STR_ARG(sql_print_expr(s->conds.items[k], d, s->a)));
  out->rest = b.failed ? (str){0} : arena_str(s->a, buf_str(&b));
  buf_free(&b);
}

emend_rc split_query(sql_query *q, const split_tables *tables, const catalog *const *cats, size_t n,
                     check_attribution *out, arena *a, emend_error *err) {
  splitting *s = ARENA_NEW(a, splitting);
  if (!s) return err_nomem(err, "check");
  *s = (splitting){.cats = cats, .a = a, .tables = tables, .n = tables->len};
  if (s->n > MAX_TABLES) s->n = MAX_TABLES;
  choose_sources(s, n, out->source);
  const sql_visitor homes = {.query = settle_query, .ctx = s};
  const sql_visitor all = {.query = gather_query, .ctx = s};
  sql_walk_query(q, &homes);
  sql_walk_query(q, &all);
  group_tables(s);
  bool *used = ARENA_ARRAY(a, bool, s->conds.len + 1);
  if (!used || s->failed) return err_nomem(err, "check");
  for (size_t i = 0; i < s->n; i++)
    if (s->group[i] == i) write_part(s, i, used, out);
  write_rest(s, used, cats[out->source]->dialect, out);
  return s->failed || arena_failed(a) ? err_nomem(err, "check") : EMEND_OK;
}
