/* The cheapest tree of foreign keys that joins given tables: a Steiner tree, exact for few
 * tables (Dreyfus and Wagner 1971), else grown along shortest paths. Knows no SQL. */
#include <string.h>

#include "base/mem.h"
#include "catalog/build.h"

enum { MAX_EXACT = 6, DECLARED_COST = 2, INFERRED_COST = 3, FAR = 1 << 28 };

/* Distances from one set of tables, and how each was reached. */
typedef struct reach {
  int cost;
  int edge;   /* the key walked last, or -1 */
  int from;   /* the table before it */
  int subset; /* where two trees met: one of them, or 0 */
} reach;

static int edge_cost(const cat_fkey *k) { return k->inferred ? INFERRED_COST : DECLARED_COST; }

/* Lowers every distance that a key from a nearer table can lower, until none can. Keys are taken
 * in their order, so equal costs go to the lower index. */
static void relax(const catalog *c, reach *at) {
  for (bool changed = true; changed;) {
    changed = false;
    for (int e = 0; e < c->n_fkeys; e++) {
      const cat_fkey *k = &c->fkeys[e];
      int ends[2] = {k->from_table, k->to_table};
      for (int side = 0; side < 2; side++) {
        int u = ends[side], v = ends[1 - side], cost = at[u].cost + edge_cost(k);
        if (u == v || at[u].cost >= FAR || cost >= at[v].cost) continue;
        at[v] = (reach){.cost = cost, .edge = e, .from = u};
        changed = true;
      }
    }
  }
}

static void clear(reach *at, int n) {
  for (int i = 0; i < n; i++) at[i] = (reach){.cost = FAR, .edge = -1, .from = -1};
}

static int add_edge(int *out, int n, int edge) {
  for (int i = 0; i < n; i++)
    if (out[i] == edge) return n;
  out[n] = edge;
  return n + 1;
}

/* Walks the tree of `subset` that ends in `table` back to its terminals. */
static int collect(const reach *all, int n_tables, int subset, int table, int *out, int n) {
  for (;;) {
    const reach *r = &all[subset * n_tables + table];
    if (r->edge >= 0) {
      n = add_edge(out, n, r->edge);
      table = r->from;
    } else if (r->subset) {
      n = collect(all, n_tables, r->subset, table, out, n);
      subset &= ~r->subset;
    } else {
      return n;
    }
  }
}

/* all[S * n + v] becomes the cheapest tree over the terminals in S and the table v. */
static int exact_tree(const catalog *c, const int *terminals, int k, reach *all, int *out) {
  int n = c->n_tables, full = (1 << (k - 1)) - 1;
  for (int s = 1; s <= full; s++) {
    reach *at = &all[s * n];
    clear(at, n);
    for (int i = 0; i < k - 1; i++)
      if (s == 1 << i) at[terminals[i]].cost = 0;
    for (int part = (s - 1) & s; part; part = (part - 1) & s) {
      if (part < (s ^ part)) continue; /* each split once */
      for (int v = 0; v < n; v++) {
        int cost = all[part * n + v].cost + all[(s ^ part) * n + v].cost;
        if (cost < at[v].cost) at[v] = (reach){.cost = cost, .edge = -1, .subset = part};
      }
    }
    relax(c, at);
  }
  int last = terminals[k - 1];
  if (all[full * n + last].cost >= FAR) return -1;
  return collect(all, n, full, last, out, 0);
}

/* Joins the terminal nearest to the tree so far, again and again. */
static int grown_tree(const catalog *c, const int *terminals, int k, reach *at, bool *in_tree,
                      int *out) {
  int n = 0;
  in_tree[terminals[0]] = true;
  for (;;) {
    clear(at, c->n_tables);
    for (int v = 0; v < c->n_tables; v++)
      if (in_tree[v]) at[v].cost = 0;
    relax(c, at);
    int next = -1;
    for (int i = 0; i < k; i++) {
      int t = terminals[i];
      if (!in_tree[t] && (next < 0 || at[t].cost < at[next].cost)) next = t;
    }
    if (next < 0) return n;
    if (at[next].cost >= FAR) return -1;
    for (int v = next; !in_tree[v]; v = at[v].from) {
      n = add_edge(out, n, at[v].edge);
      in_tree[v] = true;
    }
  }
}

/* The distinct ones of `tables`, in ascending order so that the tree does not depend on theirs. */
static int distinct_tables(const catalog *c, const int *tables, int n, bool *seen, int *out) {
  int k = 0;
  for (int i = 0; i < n; i++)
    if (tables[i] >= 0 && tables[i] < c->n_tables) seen[tables[i]] = true;
  for (int t = 0; t < c->n_tables; t++)
    if (seen[t]) out[k++] = t;
  return k;
}

int catalog_join_tree(const catalog *c, const int *tables, int n_tables, int *out) {
  size_t n = (size_t)c->n_tables + 1;
  bool *seen = mem_alloc(n * sizeof *seen), *in_tree = mem_alloc(n * sizeof *in_tree);
  int *terminals = mem_alloc(n * sizeof *terminals), result = -2;
  reach *all = NULL;
  if (!seen || !in_tree || !terminals) goto out;
  int k = distinct_tables(c, tables, n_tables, seen, terminals);
  bool exact = k <= MAX_EXACT;
  all = mem_alloc((exact && k > 1 ? (size_t)1 << (k - 1) : 1) * n * sizeof *all);
  if (!all) goto out;
  if (k <= 1)
    result = 0;
  else
    result = exact ? exact_tree(c, terminals, k, all, out)
                   : grown_tree(c, terminals, k, all, in_tree, out);
out:
  mem_free(all);
  mem_free(terminals);
  mem_free(in_tree);
  mem_free(seen);
  return result;
}
