/* The tables of a FROM and the keys that join them, from the tables that are mentioned.
 * Builds no SQL and reads none. */
#include "model/ir_join.h"

#include <string.h>

ir_ref ir_ref_table(const catalog *cat, ir_ref column) {
  return ir_ref_make(cat->columns[ir_ref_id(column)].table, ir_ref_second(column));
}

bool ir_refs_has(const ir_refs *set, ir_ref r) {
  for (size_t i = 0; i < set->len; i++)
    if (set->items[i] == r) return true;
  return false;
}

bool ir_refs_add(arena *a, ir_refs *set, ir_ref r) {
  return ir_refs_has(set, r) || vec_push(a, set, r);
}

/* ---- equalities ---- */

static bool edges_touch(const ir_edges *edges, ir_ref column) {
  for (size_t i = 0; i < edges->len; i++)
    if (edges->items[i].from == column || edges->items[i].to == column) return true;
  return false;
}

/* Whether `to` can be reached from `from`, by edges not yet walked. Each edge is walked once, so
 * the recursion is never deeper than there are edges: a query has no more than it has steps. */
static bool reaches(const ir_edges *edges, ir_ref from, ir_ref to, uint64_t *walked) {
  if (from == to) return true;
  for (size_t i = 0; i < edges->len && i < 64; i++) {
    const ir_edge *e = &edges->items[i];
    if (*walked >> i & 1u || (e->from != from && e->to != from)) continue;
    *walked |= (uint64_t)1 << i;
    if (reaches(edges, e->from == from ? e->to : e->from, to, walked)) return true;
  }
  return false;
}

bool ir_edges_imply(const ir_edges *edges, ir_edge e) {
  uint64_t walked = 0;
  return reaches(edges, e.from, e.to, &walked);
}

bool ir_edges_same(const ir_edges *x, const ir_edges *y) {
  for (size_t i = 0; i < x->len; i++)
    if (!ir_edges_imply(y, x->items[i])) return false;
  for (size_t i = 0; i < y->len; i++)
    if (!ir_edges_imply(x, y->items[i])) return false;
  return true;
}

const cat_fkey *ir_join_key(const catalog *cat, ir_ref column) {
  const cat_fkey *several = NULL;
  for (int i = 0; i < cat->n_fkeys; i++) {
    const cat_fkey *k = &cat->fkeys[i];
    for (int c = 0; c < k->n; c++) {
      if (k->from[c] != ir_ref_id(column)) continue;
      if (k->n == 1) return k;
      if (!several) several = k;
    }
  }
  return several;
}

/* ---- growing a join ---- */

typedef struct joiner {
  const catalog *cat;
  arena *a;
  ir_refs tables;
  ir_edges edges;
  int *group;  /* by table instance: which connected group it is in; itself at first */
  int *path;   /* scratch of catalog_join_tree */
  bool far;    /* keys do lead from some table to another, but too far round */
  bool failed; /* out of memory */
} joiner;

static void add_table(joiner *j, ir_ref t) {
  if (!ir_refs_add(j->a, &j->tables, t)) j->failed = true;
}

static bool connected(const joiner *j, ir_ref x, ir_ref y) { return j->group[x] == j->group[y]; }

static void add_edge(joiner *j, ir_edge e) {
  ir_ref x = ir_ref_table(j->cat, e.from), y = ir_ref_table(j->cat, e.to);
  add_table(j, x);
  add_table(j, y);
  if (!vec_push(j->a, &j->edges, e)) j->failed = true;
  int gone = j->group[y], stays = j->group[x];
  for (int t = 0; t < 2 * j->cat->n_tables; t++)
    if (j->group[t] == gone) j->group[t] = stays;
}

/* All column pairs of a key, between the given instances of its two tables. */
static void add_key(joiner *j, const cat_fkey *k, bool from_second, bool to_second) {
  for (int i = 0; i < k->n; i++)
    add_edge(j, (ir_edge){ir_ref_make(k->from[i], from_second), ir_ref_make(k->to[i], to_second),
                          k->inferred});
}

/* A join that goes through more tables than this, none of them asked about, was not meant. */
enum { MAX_TABLES_BETWEEN = 5 };

/* catalog_join_tree into j->path: how many keys, or -1. */
static int find_tree(joiner *j, const int *tables, int n) {
  int n_keys = catalog_join_tree(j->cat, tables, n, j->path);
  if (n_keys < -1) j->failed = true;
  if (n_keys <= n - 1 + MAX_TABLES_BETWEEN) return n_keys;
  j->far = true;
  return -1;
}

/* First instances together, by one tree over all of them. */
static bool connect_by_tree(joiner *j) {
  int *tables = ARENA_ARRAY(j->a, int, j->tables.len);
  if (!tables) {
    j->failed = true;
    return false;
  }
  int n = 0;
  for (size_t i = 0; i < j->tables.len; i++)
    if (!ir_ref_second(j->tables.items[i])) tables[n++] = ir_ref_id(j->tables.items[i]);
  if (n < 2) return true;
  int n_keys = find_tree(j, tables, n);
  for (int i = 0; i < n_keys; i++) add_key(j, &j->cat->fkeys[j->path[i]], false, false);
  return n_keys >= 0;
}

static double path_cost(joiner *j, int x, int y) {
  int ends[2] = {x, y};
  int n = find_tree(j, ends, 2);
  if (n <= 0) return 1e9;
  double cost = 0;
  for (int i = 0; i < n; i++) cost += j->cat->fkeys[j->path[i]].inferred ? 1.5 : 1;
  return cost;
}

/* The cheapest path between a first instance connected to `from` and one connected to `to`. */
static void connect_by_path(joiner *j, ir_ref from, ir_ref to) {
  double best = 1e9;
  int ends[2] = {0, 0};
  for (size_t x = 0; x < j->tables.len; x++)
    for (size_t y = 0; y < j->tables.len; y++) {
      ir_ref tx = j->tables.items[x], ty = j->tables.items[y];
      if (ir_ref_second(tx) || ir_ref_second(ty) || !connected(j, tx, from) ||
          !connected(j, ty, to))
        continue;
      double cost = path_cost(j, ir_ref_id(tx), ir_ref_id(ty));
      if (cost < best) best = cost, ends[0] = ir_ref_id(tx), ends[1] = ir_ref_id(ty);
    }
  if (best >= 1e9) return;
  int n = find_tree(j, ends, 2);
  for (int i = 0; i < n; i++) {
    const cat_fkey *k = &j->cat->fkeys[j->path[i]];
    if (!connected(j, ir_ref_make(k->from_table, false), ir_ref_make(k->to_table, false)))
      add_key(j, k, false, false);
  }
}

/* A second instance: as the parent of a key that the first instance has not used, or as another
 * child of a parent that is there. */
static void connect_second(joiner *j, ir_ref second) {
  const catalog *cat = j->cat;
  for (int i = 0; i < cat->n_fkeys; i++) {
    const cat_fkey *k = &cat->fkeys[i];
    if (k->to_table == ir_ref_id(second) && k->n > 0 &&
        ir_refs_has(&j->tables, ir_ref_make(k->from_table, false)) &&
        !edges_touch(&j->edges, ir_ref_make(k->from[0], false))) {
      add_key(j, k, false, true);
      return;
    }
  }
  for (int i = 0; i < cat->n_fkeys; i++) {
    const cat_fkey *k = &cat->fkeys[i];
    if (k->from_table == ir_ref_id(second) && k->n > 0 &&
        ir_refs_has(&j->tables, ir_ref_make(k->to_table, false))) {
      add_key(j, k, true, false);
      return;
    }
  }
}

/* ---- keys that nobody declared ---- */

static bool is_key_word(str w) {
  static const char *const words[] = {"id", "ids", "code", "key", "no", "num", "number", "uid"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (str_eq(w, str_from(words[i]))) return true;
  return false;
}

static bool is_named_like(const cat_column *c, const cat_table *t) {
  int n = c->n_words;
  if (n > 1 && is_key_word(c->words[n - 1])) n--;
  if (n == 0 || n != t->n_words) return false;
  for (int i = 0; i < n; i++)
    if (!str_eq(c->words[i], t->words[i])) return false;
  return true;
}

static const cat_column *only_key(const catalog *cat, const cat_table *t) {
  const cat_column *key = NULL;
  for (int i = 0; i < t->n_columns; i++) {
    const cat_column *c = &cat->columns[t->first_column + i];
    if (c->pk > 1) return NULL;
    if (c->pk == 1) key = c;
  }
  return key;
}

/* How much joining x on y looks like a key; 0: not at all. */
static int likeness(const catalog *cat, const cat_column *x, const cat_column *y) {
  const cat_table *ty = &cat->tables[y->table];
  bool same_name = str_eq_nocase(x->name, y->name);
  if (same_name && (x->pk == 1 || y->pk == 1)) return 4;
  if (same_name && (x->unique || y->unique)) return 3;
  if (is_named_like(x, ty) && y == only_key(cat, ty)) return 2;
  return same_name && x->n_words > 0 && is_key_word(x->words[x->n_words - 1]) ? 1 : 0;
}

/* Joins two groups on the columns that look most like a key of both; false without any. */
static bool connect_by_name(joiner *j, ir_ref from, ir_ref to) {
  const catalog *cat = j->cat;
  int best = 0;
  ir_edge edge = {0, 0, true};
  for (size_t x = 0; x < j->tables.len; x++)
    for (size_t y = 0; y < j->tables.len; y++) {
      ir_ref tx = j->tables.items[x], ty = j->tables.items[y];
      if (!connected(j, tx, from) || !connected(j, ty, to) || ir_ref_id(tx) == ir_ref_id(ty))
        continue;
      const cat_table *a = &cat->tables[ir_ref_id(tx)], *b = &cat->tables[ir_ref_id(ty)];
      for (int m = 0; m < a->n_columns; m++)
        for (int n = 0; n < b->n_columns; n++) {
          const cat_column *ca = &cat->columns[a->first_column + m];
          const cat_column *cb = &cat->columns[b->first_column + n];
          int one = likeness(cat, ca, cb), other = likeness(cat, cb, ca);
          int score = one > other ? one : other;
          if (score <= best) continue;
          best = score;
          edge.from = ir_ref_make(ca->id, ir_ref_second(tx));
          edge.to = ir_ref_make(cb->id, ir_ref_second(ty));
        }
    }
  if (best > 0) add_edge(j, edge);
  return best > 0;
}

/* ---- order ---- */

static bool joins_placed(const joiner *j, const ir_refs *placed, ir_ref t) {
  for (size_t i = 0; i < j->edges.len; i++) {
    ir_ref x = ir_ref_table(j->cat, j->edges.items[i].from);
    ir_ref y = ir_ref_table(j->cat, j->edges.items[i].to);
    if ((x == t && ir_refs_has(placed, y)) || (y == t && ir_refs_has(placed, x))) return true;
  }
  return false;
}

/* Tables as mentioned, but each after one that it joins, where there is one. */
static void put_in_order(joiner *j, ir_join *out) {
  ir_refs placed = {0};
  while (placed.len < j->tables.len && !j->failed) {
    ir_ref next = -1;
    bool joined = false;
    for (size_t i = 0; i < j->tables.len && !joined; i++) {
      ir_ref t = j->tables.items[i];
      if (ir_refs_has(&placed, t)) continue;
      joined = joins_placed(j, &placed, t);
      if (joined || next < 0) next = t;
    }
    if (placed.len > 0 && !joined) out->n_cross++;
    if (!vec_push(j->a, &placed, next)) j->failed = true;
  }
  out->tables = placed;
  out->edges = j->edges;
}

static void connect_first_instances(joiner *j, bool some_forced) {
  if (!some_forced && (connect_by_tree(j) || j->failed)) return;
  for (size_t i = 1; i < j->tables.len && !j->failed; i++) {
    ir_ref t = j->tables.items[i];
    if (!ir_ref_second(t) && !connected(j, j->tables.items[0], t))
      connect_by_path(j, j->tables.items[0], t);
  }
}

bool ir_join_make(const catalog *cat, const ir_refs *mentioned, const ir_edges *forced, arena *a,
                  ir_join *out) {
  memset(out, 0, sizeof *out);
  joiner j = {.cat = cat, .a = a};
  size_t n_refs = 2 * (size_t)cat->n_tables;
  j.group = ARENA_ARRAY(a, int, n_refs);
  j.path = ARENA_ARRAY(a, int, n_refs);
  if (!j.group || !j.path) return false;
  for (size_t t = 0; t < n_refs; t++) j.group[t] = (int)t;
  for (size_t i = 0; i < mentioned->len; i++) add_table(&j, mentioned->items[i]);
  for (size_t i = 0; i < forced->len; i++) add_edge(&j, forced->items[i]);
  connect_first_instances(&j, forced->len > 0);
  for (size_t i = 0; i < j.tables.len && !j.failed; i++) {
    ir_ref t = j.tables.items[i];
    bool alone = true;
    for (size_t k = 0; k < j.tables.len; k++)
      if (k != i && connected(&j, j.tables.items[k], t)) alone = false;
    if (ir_ref_second(t) && alone) connect_second(&j, t);
  }
  for (size_t i = 1; i < j.tables.len && !j.failed && !j.far; i++)
    if (!connected(&j, j.tables.items[0], j.tables.items[i]))
      connect_by_name(&j, j.tables.items[0], j.tables.items[i]);
  if (!j.failed) put_in_order(&j, out);
  return !j.failed;
}
