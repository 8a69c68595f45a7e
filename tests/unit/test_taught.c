/* recall/taught: what people taught in memory; near ones by source, taken back ones no more, and a
 * graph that finds what looking at every one finds. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "recall/taught.h"

enum { DIM = 32 };
static emend_error err;

/* Words as random directions: questions that share words are near. */
static emend_rc embed(void *self, str question, arena *a, float *out, emend_error *e) {
  (void)self, (void)a, (void)e;
  float sum = 0;
  memset(out, 0, DIM * sizeof *out);
  for (size_t from = 0; from < question.len;) {
    size_t to = str_find(question, STR(" "), from);
    if (to == SIZE_MAX) to = question.len;
    rng r;
    rng_seed(&r, str_hash64(str_slice(question, from, to)));
    for (int i = 0; i < DIM; i++) out[i] += (float)rng_normal(&r);
    from = to + 1;
  }
  for (int i = 0; i < DIM; i++) sum += out[i] * out[i];
  for (int i = 0; i < DIM && sum > 0; i++) out[i] /= sqrtf(sum);
  return EMEND_OK;
}

static recall_taught *t;
static arena *mem;
static int n_made;

static bool count_made(void *self, str id, const float *vector) {
  (void)self, (void)id, (void)vector;
  n_made++;
  return true;
}

static int set_up(void **state) {
  (void)state;
  const recall_embedder e = {DIM, embed, NULL, count_made};
  mem = arena_create(256 << 20);
  return (int)recall_taught_create(&e, &t, &err);
}

static int tear_down(void **state) {
  (void)state;
  recall_taught_free(t);
  arena_destroy(mem);
  return 0;
}

static store_example example(const char *id, const char *of, const char *question, int64_t seq) {
  return (store_example){.id = str_from(id),
                         .source = str_from(of),
                         .question = str_from(question),
                         .sql = STR("SELECT count(*) FROM t WHERE c = 'Oslo'"),
                         .origin = STR("feedback"),
                         .active = true,
                         .seq = seq};
}

static void update(store_example *items, size_t n) {
  const store_examples changes = {items, n, n};
  assert_int_equal(recall_taught_update(t, &changes, &err), EMEND_OK);
}

static recall_nears near(const char *of, const char *question, size_t k, bool exact) {
  recall_probe probe;
  recall_nears out;
  assert_int_equal(recall_probe_read(str_from(question), NULL, mem, &probe, &err), EMEND_OK);
  assert_int_equal(recall_similar(t, str_from(of), &probe, k, exact, mem, &out, &err), EMEND_OK);
  return out;
}

static void the_nearest_of_its_own_source_comes_first(void **state) {
  (void)state;
  store_example items[] = {example("ex_1", "shop", "how many parcels went astray", 1),
                           example("ex_2", "shop", "names of keen buyers", 2),
                           example("ex_3", "zoo", "how many parcels were lost", 3)};
  update(items, 3);
  recall_nears got = near("shop", "how many parcels were lost", 3, false);
  assert_int_equal(got.len, 2);
  assert_true(str_eq(got.items[0].example.id, STR("ex_1")));
  assert_true(got.items[0].similarity > got.items[1].similarity);
  assert_int_equal(near("nowhere", "how many parcels", 3, false).len, 0);
  assert_int_equal(recall_taught_seq(t), 3);
}

static void what_was_taken_back_is_found_no_more(void **state) {
  (void)state;
  store_example one = example("ex_1", "shop", "how many parcels went astray", 1);
  update(&one, 1);
  assert_int_equal(near("shop", "parcels astray", 1, false).len, 1);
  store_example gone = {.id = STR("ex_1"), .source = STR("shop"), .seq = 2};
  update(&gone, 1);
  assert_int_equal(near("shop", "parcels astray", 1, false).len, 0);
  assert_int_equal(recall_taught_seq(t), 2);
}

static void a_vector_that_an_example_brings_is_not_made_again(void **state) {
  (void)state;
  float vector[DIM] = {1};
  store_example items[] = {example("ex_1", "shop", "how many parcels went astray", 1),
                           example("ex_2", "shop", "names of keen buyers", 2),
                           example("ex_3", "shop", "orders of last year", 3)};
  items[1].vector = (str){(const char *)vector, sizeof vector};
  items[2].vector = (str){(const char *)vector, sizeof vector - 4}; /* of another network */
  n_made = 0;
  update(items, 3);
  assert_int_equal(n_made, 2);
  assert_int_equal(near("shop", "parcels astray", 3, false).len, 3);
}

static void values_do_not_make_questions_near(void **state) {
  (void)state;
  store_example items[] = {example("ex_1", "shop", "how many buyers live in Oslo", 1)};
  update(items, 1);
  recall_nears got = near("shop", "how many buyers live in \"Bergen\"", 1, false);
  assert_true(got.items[0].cosine > 0.99); /* the town of either is left out */
}

static void a_large_set_is_searched_by_a_graph_that_misses_little(void **state) {
  (void)state;
  enum { N = 5000, ASKED = 100 };
  store_example *items = ARENA_ARRAY(mem, store_example, N);
  rng r;
  rng_seed(&r, 7);
  for (int i = 0; i < N; i++)
    items[i] = example(arena_printf(mem, "ex_%d", i), "s",
                       arena_printf(mem, "w%u w%u w%u w%u", rng_below(&r, 300), rng_below(&r, 300),
                                    rng_below(&r, 300), rng_below(&r, 300)),
                       i + 1);
  update(items, N);
  recall_taught_settle(t);
  int same = 0;
  for (int i = 0; i < ASKED; i++) {
    const char *q = arena_printf(mem, "w%u w%u w%u", rng_below(&r, 300), rng_below(&r, 300),
                                 rng_below(&r, 300));
    recall_nears fast = near("s", q, 1, false), all = near("s", q, 1, true);
    same += str_eq(fast.items[0].example.question, all.items[0].example.question);
  }
  assert_true(same >= 95);
}

static void a_shape_says_what_a_query_is_made_of(void **state) {
  (void)state;
  assert_int_equal(recall_shape(STR("SELECT a FROM t WHERE b = 1")),
                   recall_shape(STR("select x from y where z = 'q'")));
  assert_int_not_equal(recall_shape(STR("SELECT a FROM t")),
                       recall_shape(STR("SELECT count(*) FROM t")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(the_nearest_of_its_own_source_comes_first, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_was_taken_back_is_found_no_more, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_vector_that_an_example_brings_is_not_made_again, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(values_do_not_make_questions_near, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_large_set_is_searched_by_a_graph_that_misses_little, set_up,
                                      tear_down),
      cmocka_unit_test(a_shape_says_what_a_query_is_made_of),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
