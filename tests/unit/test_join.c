/* The join tree is connected, has no edge too many, costs the least, and does not depend on the
 * order of what it joins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/rng.h"
#include "catalog/catalog.h"

enum { MAX_TABLES = 600, MAX_KEYS = 1200 };

static cat_table tables[MAX_TABLES];
static cat_fkey keys[MAX_KEYS];

static catalog graph(int n_tables) {
  for (int i = 0; i < n_tables; i++) tables[i] = (cat_table){.id = i};
  return (catalog){.tables = tables, .n_tables = n_tables, .fkeys = keys};
}

static void join(catalog *c, int from, int to, bool inferred) {
  keys[c->n_fkeys++] = (cat_fkey){.from_table = from, .to_table = to, .n = 1, .inferred = inferred};
}

static int find(int *group, int x) {
  while (group[x] != x) x = group[x];
  return x;
}

/* Twice the cost of the edges, or -1 when they leave the terminals apart or close a ring. */
static int cost_of(const catalog *c, const int *terminals, int k, const int *edges, int n) {
  int group[MAX_TABLES], cost = 0;
  for (int i = 0; i < c->n_tables; i++) group[i] = i;
  for (int i = 0; i < n; i++) {
    int x = find(group, keys[edges[i]].from_table), y = find(group, keys[edges[i]].to_table);
    if (x == y) return -1;
    group[x] = y;
    cost += keys[edges[i]].inferred ? 3 : 2;
  }
  for (int i = 1; i < k; i++)
    if (find(group, terminals[i]) != find(group, terminals[0])) return -1;
  return cost;
}

/* The least cost over all sets of edges. */
static int least_cost(const catalog *c, const int *terminals, int k) {
  int best = -1;
  for (int set = 0; set < 1 << c->n_fkeys; set++) {
    int edges[16], n = 0;
    for (int e = 0; e < c->n_fkeys; e++)
      if (set >> e & 1) edges[n++] = e;
    int cost = cost_of(c, terminals, k, edges, n);
    if (cost >= 0 && (best < 0 || cost < best)) best = cost;
  }
  return best;
}

static void random_trees_cost_the_least(void **state) {
  (void)state;
  rng r;
  rng_seed(&r, 11);
  for (int round = 0; round < 400; round++) {
    catalog c = graph(2 + (int)rng_below(&r, 7));
    int n_keys = (int)rng_below(&r, 11), terminals[8], out[8], k = 1 + (int)rng_below(&r, 5);
    for (int i = 0; i < n_keys; i++)
      join(&c, (int)rng_below(&r, (uint32_t)c.n_tables), (int)rng_below(&r, (uint32_t)c.n_tables),
           rng_below(&r, 3) == 0);
    for (int i = 0; i < k; i++) terminals[i] = (int)rng_below(&r, (uint32_t)c.n_tables);
    int n = catalog_join_tree(&c, terminals, k, out), least = least_cost(&c, terminals, k);
    if (least < 0) {
      assert_int_equal(n, -1);
      continue;
    }
    assert_true(n >= 0);
    assert_int_equal(cost_of(&c, terminals, k, out, n), least);
    int backwards[8], again[8];
    for (int i = 0; i < k; i++) backwards[i] = terminals[k - 1 - i];
    assert_int_equal(catalog_join_tree(&c, backwards, k, again), n);
    assert_memory_equal(out, again, (size_t)n * sizeof *out);
  }
}

static void trees_pass_through_tables_that_were_not_asked_for(void **state) {
  (void)state;
  catalog c = graph(3);
  int out[3];
  join(&c, 1, 0, false);
  join(&c, 1, 2, false);
  assert_int_equal(catalog_join_tree(&c, (int[]){0, 2}, 2, out), 2);
  assert_int_equal(catalog_join_tree(&c, (int[]){0}, 1, out), 0);
  assert_int_equal(catalog_join_tree(&c, (int[]){0, 0}, 2, out), 0);
  assert_int_equal(catalog_join_tree(&c, NULL, 0, out), 0);
}

static void declared_keys_come_before_inferred_and_lower_before_higher(void **state) {
  (void)state;
  catalog c = graph(2);
  int out[2];
  join(&c, 0, 1, true);
  join(&c, 0, 1, false);
  join(&c, 0, 1, false);
  join(&c, 0, 0, false);
  assert_int_equal(catalog_join_tree(&c, (int[]){0, 1}, 2, out), 1);
  assert_int_equal(out[0], 1);
}

static void what_no_key_reaches_is_not_joined(void **state) {
  (void)state;
  catalog c = graph(3);
  int out[3];
  join(&c, 0, 1, false);
  assert_int_equal(catalog_join_tree(&c, (int[]){0, 2}, 2, out), -1);
  assert_int_equal(catalog_join_tree(&c, (int[]){0, 1, 2}, 3, out), -1);
}

static void many_tables_in_a_large_schema_are_joined(void **state) {
  (void)state;
  rng r;
  rng_seed(&r, 5);
  catalog c = graph(MAX_TABLES);
  int out[MAX_TABLES], terminals[40];
  for (int i = 1; i < MAX_TABLES; i++)
    join(&c, i, (int)rng_below(&r, (uint32_t)i), rng_below(&r, 4) == 0);
  for (int i = 0; i < 300; i++) join(&c, (int)rng_below(&r, 600), (int)rng_below(&r, 600), false);
  for (int k = 2; k <= 40; k += 2) {
    for (int i = 0; i < k; i++) terminals[i] = (int)rng_below(&r, MAX_TABLES);
    int n = catalog_join_tree(&c, terminals, k, out);
    assert_true(n >= 0 && n < MAX_TABLES);
    assert_true(cost_of(&c, terminals, k, out, n) >= 0);
  }
}

static void memory_failure_gives_no_tree(void **state) {
  (void)state;
  catalog c = graph(3);
  int out[3];
  join(&c, 0, 1, false);
  join(&c, 1, 2, false);
  bool done = false;
  for (long n = 1; !done; n++) {
    mem_fail_at(n);
    int edges = catalog_join_tree(&c, (int[]){0, 2}, 2, out);
    done = mem_requests() < n;
    mem_fail_at(0);
    assert_int_equal(edges, done ? 2 : -2);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_trees_cost_the_least),
      cmocka_unit_test(trees_pass_through_tables_that_were_not_asked_for),
      cmocka_unit_test(declared_keys_come_before_inferred_and_lower_before_higher),
      cmocka_unit_test(what_no_key_reaches_is_not_joined),
      cmocka_unit_test(many_tables_in_a_large_schema_are_joined),
      cmocka_unit_test(memory_failure_gives_no_tree),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
