/* learn/pairs: which pairs are good enough, which say the same, which are set aside. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "support/learning.h"

static learning_shop x;
static emend_error err;
static learn_pairs in, out;
static learn_cleaning report;

static int set_up(void **state) {
  (void)state;
  in = out = (learn_pairs){0};
  return learning_open(&x) ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  learning_close(&x);
  return 0;
}

static void add(learn_origin origin, const char *id, const char *question, const char *sql) {
  assert_true(vec_push(x.d.a, &in, learning_pair(origin, id, question, sql)));
}

static void clean(void) {
  assert_int_equal(learn_pairs_clean(&x.about, &in, x.d.a, &out, &report, &err), EMEND_OK);
}

static void bad_pairs_are_counted_by_their_fault(void **state) {
  (void)state;
  add(LEARN_FEEDBACK, "1", " ", "SELECT name FROM customer");
  add(LEARN_FEEDBACK, "2", "bad \xff bytes", "SELECT name FROM customer");
  add(LEARN_FEEDBACK, "3", "which names", "SELECT nam FROM customer");
  add(LEARN_FEEDBACK, "4", "drop it", "DROP TABLE customer");
  add(LEARN_FEEDBACK, "5", "two", "SELECT 1; SELECT 2");
  add(LEARN_FEEDBACK, "6", "all names", "SELECT name FROM customer");
  clean();
  assert_int_equal(out.len, 1);
  assert_int_equal(report.left_out[LEARN_NO_TEXT], 2);
  assert_int_equal(report.left_out[LEARN_NOT_SOUND], 3);
  assert_int_equal(report.kept[LEARN_FEEDBACK], 1);
}

static void the_more_trusted_and_then_the_newer_wins_a_contradiction(void **state) {
  (void)state;
  add(LEARN_MANUAL, "9", "How many customers?", "SELECT count(name) FROM customer");
  add(LEARN_FEEDBACK, "1", "how many customers", "SELECT count(*) FROM customer");
  add(LEARN_FEEDBACK, "2", "how many customers?", "SELECT count(city) FROM customer");
  clean();
  assert_int_equal(out.len, 1);
  assert_true(str_eq(out.items[0].sql, STR("SELECT count(city) FROM customer")));
  assert_int_equal(report.left_out[LEARN_CONTRADICTED], 2);
}

static void nearly_the_same_words_for_the_same_sql_count_once(void **state) {
  (void)state;
  add(LEARN_FEEDBACK, "1", "What are the names of all of the customers in our shop of Rome city",
      "SELECT name FROM customer WHERE city = 'Rome'");
  add(LEARN_FEEDBACK, "2", "What are the names of all of the customers in our shop of Rome city?",
      "select NAME from customer where city='Rome'");
  add(LEARN_FEEDBACK, "3", "Who lives in Rome?", "SELECT name FROM customer WHERE city = 'Rome'");
  clean();
  assert_int_equal(out.len, 2);
  assert_int_equal(report.left_out[LEARN_DUPLICATE], 1);
}

static void a_made_up_pair_must_bring_something_back(void **state) {
  (void)state;
  add(LEARN_SYNTHETIC, "", "names of customers in Nowhere",
      "SELECT name FROM customer WHERE city = 'Nowhere'");
  add(LEARN_FEEDBACK, "1", "names of the customers in Elsewhere",
      "SELECT name FROM customer WHERE city = 'Elsewhere'");
  clean();
  assert_int_equal(out.len, 1);
  assert_int_equal(out.items[0].origin, LEARN_FEEDBACK);
}

/* Twelve templates of one shape of question. */
static void add_templates(learn_origin origin, const char *first) {
  static const char *const what[] = {"name",
                                     "city",
                                     "customer_id",
                                     "upper(name)",
                                     "lower(name)",
                                     "length(name)",
                                     "upper(city)",
                                     "lower(city)",
                                     "length(city)",
                                     "max(name)",
                                     "min(name)",
                                     "max(city)",
                                     "min(city)",
                                     "count(name)",
                                     "count(city)",
                                     "count(DISTINCT city)",
                                     "count(DISTINCT name)",
                                     "trim(name)",
                                     "trim(city)",
                                     "hex(name)"};
  for (size_t i = 0; i < sizeof what / sizeof *what; i++)
    add(origin, arena_printf(x.d.a, "%s%02zu", first, i),
        arena_printf(x.d.a, "%s show %s", first, what[i]),
        arena_printf(x.d.a, "SELECT %s FROM customer", what[i]));
}

static void a_template_is_on_one_side_only_and_stays_there(void **state) {
  (void)state;
  add_templates(LEARN_FEEDBACK, "a");
  add_templates(LEARN_SYNTHETIC, "b");
  clean();
  size_t reserved = report.n_reserved;
  assert_true(reserved > 0 && reserved < 10);
  for (size_t i = 0; i < out.len; i++) {
    assert_int_equal(out.items[i].reserved, learn_is_reserved(out.items[i].shape));
    assert_false(out.items[i].reserved && out.items[i].origin == LEARN_SYNTHETIC);
  }
  assert_true(report.left_out[LEARN_KEPT_APART] + report.left_out[LEARN_UNLIKELY] >= reserved);
}

static void one_person_among_several_has_a_share(void **state) {
  (void)state;
  add_templates(LEARN_FEEDBACK, "a");
  for (size_t i = 0; i < 2; i++) in.items[i].by = i ? STR("bob") : STR("cy");
  clean();
  assert_int_equal(report.left_out[LEARN_OVER_SHARE], 20 - 2 - 8); /* 40 in 100 of 20 are ann's */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(bad_pairs_are_counted_by_their_fault),
      CASE(the_more_trusted_and_then_the_newer_wins_a_contradiction),
      CASE(nearly_the_same_words_for_the_same_sql_count_once),
      CASE(a_made_up_pair_must_bring_something_back),
      CASE(a_template_is_on_one_side_only_and_stays_there),
      CASE(one_person_among_several_has_a_share),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
