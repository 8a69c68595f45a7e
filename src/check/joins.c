/* Joins: tables that nothing connects, that are joined off their keys, that are joined for nothing,
 * and LEFT JOINs that WHERE turns into plain ones. */
#include "check/facts.h"
#include "check/suggest.h"

enum { MAX_ITEMS = 32 };
static const double HUGE_ROWS = 1e8; /* what no answer needs, and minutes of work */

static str label(const query_facts *f, size_t item) {
  const scope_item *i = &f->scope->items.items[item];
  return i->name.len ? i->name : STR("the derived table");
}

/* ---- which items an expression touches ---- */

typedef struct touched {
  const query_facts *f;
  uint64_t items; /* a bit for each */
  size_t depth;   /* of subqueries entered */
} touched;

static sql_walk_next note(void *ctx, sql_expr *e) {
  touched *t = ctx;
  fact_column k;
  if (e->kind == SQL_COLUMN && e->bound.item) {
    if (facts_column(t->f, e, &k)) t->items |= (uint64_t)1 << k.item;
    for (size_t i = 0; i < t->f->scope->items.len; i++) /* rowid, and columns not known */
      if (t->f->scope->items.items[i].from == e->bound.item) t->items |= (uint64_t)1 << i;
  }
  return SQL_WALK_ON;
}

static uint64_t items_in(const query_facts *f, sql_expr *e) {
  touched t = {.f = f};
  const sql_visitor v = {.expr = note, .ctx = &t};
  sql_walk_expr(e, &v);
  return t.items;
}

/* ---- connection ---- */

/** One row at most, or rows made from the others': pairing with it repeats nothing. */
static bool stands_alone(const query_facts *f, size_t i) {
  const scope_item *item = &f->scope->items.items[i];
  if (item->from->lateral || item->from->kind == SQL_FROM_CALL || item->open) return true;
  return facts_unique(f, i, NULL, 0) == FACT_UNIQUE;
}

static const sql_from *join_of(const sql_from *f, const sql_from *leaf) {
  for (; f && f->kind == SQL_FROM_JOIN; f = f->left)
    if (f->right == leaf || (f->left == leaf && f->left->kind != SQL_FROM_JOIN)) return f;
  return NULL;
}

static void check_connected(const query_facts *f) {
  size_t n = f->scope->items.len;
  uint64_t seen = 1, before = 0;
  while (seen != before) {
    before = seen;
    for (size_t i = 0; i < f->conds.len; i++) {
      uint64_t t = items_in(f, f->conds.items[i].expr);
      if (t & seen) seen |= t;
    }
    for (size_t i = 0; i < f->equals.len; i++) {
      const fact_equal *e = &f->equals.items[i];
      uint64_t t = (uint64_t)1 << e->x.item | (uint64_t)1 << e->y.item;
      if (t & seen) seen |= t;
    }
  }
  if (stands_alone(f, 0)) return;
  for (size_t i = 1; i < n; i++) {
    const sql_from *join = join_of(f->query->from, f->scope->items.items[i].from);
    if (seen >> i & 1 || stands_alone(f, i) || (join && join->join == SQL_JOIN_CROSS)) continue;
    diag *d = diag_add(f->c, CHECK_NOT_CONNECTED, f->scope->items.items[i].from->span, label(f, i),
                       NO_STR, NO_STR);
    const cat_table *t = f->scope->items.items[i].table;
    str way = d && t ? suggest_join(f->c, f->scope, t) : NO_STR;
    if (way.ptr) d->expected = way;
    return;
  }
}

/* ---- how much it would make ---- */

/** The rows of an item, where they are known; else 1. */
static double rows_of(const query_facts *f, size_t i) {
  const cat_table *t = f->scope->items.items[i].table;
  return t && t->row_count > 1 ? (double)t->row_count : 1;
}

/** Puts the items into groups that conditions tie together: group[i] is the first of i's. */
static void tie_items(const query_facts *f, size_t *group) {
  size_t n = f->scope->items.len;
  for (size_t i = 0; i < n; i++) group[i] = i;
  for (size_t k = 0; k < f->conds.len + f->equals.len; k++) {
    uint64_t t;
    if (k < f->conds.len) {
      t = items_in(f, f->conds.items[k].expr);
    } else {
      const fact_equal *e = &f->equals.items[k - f->conds.len];
      t = (uint64_t)1 << e->x.item | (uint64_t)1 << e->y.item;
    }
    size_t first = n;
    for (size_t i = 0; i < n; i++) {
      if (!(t >> i & 1)) continue;
      if (first == n) {
        first = group[i];
        continue;
      }
      size_t from = group[i] > first ? group[i] : first, to = group[i] > first ? first : group[i];
      for (size_t m = 0; m < n; m++)
        if (group[m] == from) group[m] = to;
      first = to;
    }
  }
}

/** Groups that nothing ties together make the product of their rows, whoever wrote CROSS JOIN. A
 *  group has at least the rows of one row of its largest table's. */
static void check_product(const query_facts *f) {
  size_t group[MAX_ITEMS], n = f->scope->items.len, largest = 0;
  double product = 1, most = 1, size[MAX_ITEMS];
  tie_items(f, group);
  for (size_t i = 0; i < n; i++) size[i] = 1;
  for (size_t i = 0; i < n; i++)
    if (rows_of(f, i) > size[group[i]]) size[group[i]] = rows_of(f, i);
  for (size_t i = 0; i < n; i++) {
    product *= size[i];
    if (size[i] > most) {
      most = size[i];
      largest = i;
    }
  }
  if (product < HUGE_ROWS || product < most * 1000) return;
  for (size_t i = 0; i < n; i++)
    if (group[i] == i && i != largest && size[i] > 1) {
      diag_add(f->c, CHECK_HUGE_PRODUCT, f->scope->items.items[i].from->span, label(f, largest),
               label(f, i), str_from(arena_printf(f->c->a, "%.0e", product)));
      return;
    }
}

/* ---- keys ---- */

static bool pair_in(const cat_fkey *k, int x, int y) {
  for (int i = 0; i < k->n; i++)
    if ((k->from[i] == x && k->to[i] == y) || (k->from[i] == y && k->to[i] == x)) return true;
  return false;
}

/** The column that `column` refers to; -1 without. */
static int refers_to(const catalog *cat, int column) {
  for (int i = 0; i < cat->n_fkeys; i++)
    for (int k = 0; k < cat->fkeys[i].n; k++)
      if (cat->fkeys[i].from[k] == column) return cat->fkeys[i].to[k];
  return -1;
}

/** Do the two columns hold the same thing, by the keys? */
static bool belong_together(const catalog *cat, int x, int y) {
  for (int i = 0; i < cat->n_fkeys; i++)
    if (pair_in(&cat->fkeys[i], x, y)) return true;
  int rx = refers_to(cat, x), ry = refers_to(cat, y);
  return (rx >= 0 && (rx == ry || rx == y)) || (ry >= 0 && ry == x);
}

static const cat_fkey *key_between(const catalog *cat, int x, int y) {
  for (int i = 0; i < cat->n_fkeys; i++) {
    const cat_fkey *k = &cat->fkeys[i];
    if ((k->from_table == x && k->to_table == y) || (k->from_table == y && k->to_table == x))
      return k;
  }
  return NULL;
}

/** "a.x = b.y" as the key would have it, for items x and y. */
static str key_text(const query_facts *f, const cat_fkey *k, const fact_equal *e) {
  check_ctx *c = f->c;
  const scope_item *x = &f->scope->items.items[e->x.item], *y = &f->scope->items.items[e->y.item];
  int cx = x->table->id == k->from_table ? k->from[0] : k->to[0];
  int cy = x->table->id == k->from_table ? k->to[0] : k->from[0];
  str nx = suggest_ident(c, c->cat->columns[cx].name);
  str ny = suggest_ident(c, c->cat->columns[cy].name);
  str lx = suggest_ident(c, x->name), ly = suggest_ident(c, y->name);
  return str_from(arena_printf(c->a, "%.*s.%.*s = %.*s.%.*s", STR_ARG(lx), STR_ARG(nx), STR_ARG(ly),
                               STR_ARG(ny)));
}

/** A figure or name of a view, joined with a table's key: the count that it calls "orders". */
static bool is_no_key(const query_facts *f, const fact_equal *e) {
  static const char *const keys[] = {"id", "key", "code", "no", "number", "nr", "uuid", NULL};
  const catalog *cat = f->c->cat;
  for (int side = 0; side < 2; side++) {
    const cat_column *x = &cat->columns[side ? e->y.column : e->x.column];
    const cat_column *y = &cat->columns[side ? e->x.column : e->y.column];
    if (!cat->tables[x->table].is_view || y->pk != 1 || y->type != CAT_INTEGER || x->n_words == 0)
      continue;
    return !str_is_any(x->words[x->n_words - 1], keys) && !str_eq_nocase(x->name, y->name);
  }
  return false;
}

static void check_key(const query_facts *f, const fact_equal *e) {
  check_ctx *c = f->c;
  const scope_item *x = &f->scope->items.items[e->x.item], *y = &f->scope->items.items[e->y.item];
  if (!e->expr || !x->table || !y->table || x->table == y->table) return;
  if (belong_together(c->cat, e->x.column, e->y.column)) return;
  const cat_fkey *key = key_between(c->cat, x->table->id, y->table->id);
  for (size_t i = 0; i < f->equals.len; i++) { /* beside a key, a further condition is welcome */
    const fact_equal *o = &f->equals.items[i];
    bool same = (o->x.item == e->x.item && o->y.item == e->y.item) ||
                (o->x.item == e->y.item && o->y.item == e->x.item);
    if (same && o != e && belong_together(c->cat, o->x.column, o->y.column)) return;
  }
  if (!key && !is_no_key(f, e)) return;
  str nx = c->cat->columns[e->x.column].name, ny = c->cat->columns[e->y.column].name;
  diag *d = diag_add(c, CHECK_OFF_KEY, e->expr->span, nx, ny, NO_STR);
  if (key)
    diag_suggest(c, d, key_text(f, key, e), e->expr->span, STR("the key of these tables"), 0.8);
}

/* ---- use ---- */

/** Items that anything but a joining equality touches. */
static uint64_t items_used(const query_facts *f) {
  sql_query *q = f->query;
  uint64_t used = 0;
  for (size_t i = 0; i < q->items.len; i++) {
    const sql_expr *e = q->items.items[i].expr;
    if (e && e->kind == SQL_STAR) return ~(uint64_t)0;
    used |= items_in(f, q->items.items[i].expr);
  }
  for (size_t i = 0; i < f->conds.len; i++) {
    sql_expr *e = f->conds.items[i].expr;
    bool joins = false;
    for (size_t k = 0; k < f->equals.len; k++) joins = joins || f->equals.items[k].expr == e;
    if (!joins) used |= items_in(f, e);
  }
  for (size_t i = 0; i < q->group_by.len; i++) used |= items_in(f, q->group_by.items[i]);
  for (size_t i = 0; i < q->order_by.len; i++) used |= items_in(f, q->order_by.items[i].expr);
  for (size_t i = 0; i < q->windows.len; i++) return ~(uint64_t)0;
  return used | items_in(f, q->having) | items_in(f, q->qualify);
}

/** Does a row of `partner` always find its row of `item`? Its columns refer to that one's. */
static bool always_matches(const query_facts *f, size_t item, size_t partner) {
  const catalog *cat = f->c->cat;
  for (size_t i = 0; i < f->equals.len; i++) {
    const fact_equal *e = &f->equals.items[i];
    bool forth = e->x.item == partner && e->y.item == item;
    bool back = e->x.item == item && e->y.item == partner;
    int from = forth ? e->x.column : e->y.column, to = forth ? e->y.column : e->x.column;
    if ((forth || back) && !f->scope->items.items[partner].table) return false;
    for (int k = 0; (forth || back) && k < cat->n_fkeys; k++)
      if (cat->fkeys[k].n == 1 && cat->fkeys[k].from[0] == from && cat->fkeys[k].to[0] == to)
        return true;
  }
  return false;
}

/** A leaf of the joins that repeats nothing, and of which nothing is asked. */
static void check_used(const query_facts *f) {
  uint64_t used = items_used(f);
  for (size_t i = 0; i < f->scope->items.len; i++) {
    const scope_item *item = &f->scope->items.items[i];
    size_t partner = f->scope->items.len;
    bool leaf = item->table != NULL && !(used >> i & 1);
    for (size_t k = 0; k < f->equals.len && leaf; k++) {
      const fact_equal *e = &f->equals.items[k];
      if (e->x.item != i && e->y.item != i) continue;
      size_t other = e->x.item == i ? e->y.item : e->x.item;
      leaf = partner == f->scope->items.len || partner == other;
      partner = other;
    }
    int columns[16];
    if (!leaf || partner == f->scope->items.len) continue;
    size_t n = facts_joined(f, i, partner, columns, 16);
    if (facts_unique(f, i, columns, n) == FACT_UNIQUE)
      diag_add(f->c, always_matches(f, i, partner) ? CHECK_UNUSED_JOIN : CHECK_FILTER_JOIN,
               item->from->span, label(f, i), NO_STR, NO_STR);
  }
}

/* ---- LEFT JOIN ---- */

/** Items on the right of a LEFT JOIN. */
static uint64_t outer_items(const query_facts *f, const sql_from *from) {
  uint64_t out = 0;
  for (; from && from->kind == SQL_FROM_JOIN; from = from->left)
    for (size_t i = 0; i < f->scope->items.len; i++)
      if (from->join == SQL_JOIN_LEFT && from->right == f->scope->items.items[i].from)
        out |= (uint64_t)1 << i;
  return out;
}

/** The item of which the condition wants a value: column = …, column IN …; false for others. */
static bool wants_value(const query_facts *f, const sql_expr *e, fact_column *out) {
  bool compares = e->kind == SQL_BINARY && ((e->op >= SQL_OP_EQ && e->op <= SQL_OP_GE) ||
                                            (e->op >= SQL_OP_LIKE && e->op <= SQL_OP_SIMILAR));
  if (!compares && e->kind != SQL_IN && e->kind != SQL_BETWEEN) return false;
  if (e->args.len && facts_column(f, e->args.items[0], out)) return true;
  return compares && e->args.len > 1 && facts_column(f, e->args.items[1], out);
}

static void check_left(const query_facts *f) {
  uint64_t outer = outer_items(f, f->query->from);
  for (size_t i = 0; i < f->conds.len && outer; i++) {
    fact_column k;
    const fact_cond *cond = &f->conds.items[i];
    if (cond->join || !wants_value(f, cond->expr, &k) || !(outer >> k.item & 1)) continue;
    diag_add(f->c, CHECK_LEFT_UNDONE, cond->expr->span, label(f, k.item), NO_STR, NO_STR);
    outer &= ~((uint64_t)1 << k.item);
  }
}

void joins_check(query_facts *f) {
  if (f->scope->items.len < 2 || f->scope->items.len > MAX_ITEMS) return;
  check_connected(f);
  if (f->c->cat) {
    check_product(f);
    for (size_t i = 0; i < f->equals.len; i++) check_key(f, &f->equals.items[i]);
    check_used(f);
  }
  check_left(f);
}
