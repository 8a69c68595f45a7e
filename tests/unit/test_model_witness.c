/* model_witness: what the links say of a query as the answer to a question, whatever the weights.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "check/check.h"
#include "judge/judge.h"
#include "support/network.h"

static const char SCHEMA[] =
    "CREATE TABLE singer (id INTEGER PRIMARY KEY, name TEXT, age INT, country TEXT, line_2 TEXT);"
    "INSERT INTO singer VALUES (1,'Ann',30,'Chile','x'),(2,'Bo',40,'Peru','y');";

static emend_error err;

static int set_up(void **state) {
  (void)state;
  return open_network(SCHEMA, 29);
}

static model_view look(const char *question, const char *sql) {
  check_report report;
  check_options opt = {.dialect = cat->dialect};
  model_query q;
  model_view out;
  assert_int_equal(check_sql(str_from(sql), cat, &opt, mem, &report, &err), EMEND_OK);
  assert_true(judge_reads(&report, cat, mem, &q));
  q.sql = str_from(sql);
  assert_int_equal(model_witness(m, cat, str_from(question), NULL, &q, 1, mem, &out, &err),
                   EMEND_OK);
  return out;
}

static bool forgets(const model_view *v, const char *text) {
  for (int i = 0; i < v->n_forgotten; i++)
    if (str_eq(v->forgotten[i]->text, str_from(text))) return true;
  return false;
}

static const char older[] = "How many singers from Chile are older than 35?";

static void values_that_a_query_leaves_out_are_told(void **state) {
  (void)state;
  model_view v = look(older, "SELECT count(*) FROM singer");
  assert_int_equal(v.unused_values, 1);
  assert_int_equal(v.unused_numbers, 1);
  assert_true(forgets(&v, "Chile") && forgets(&v, "35"));
  v = look(older, "SELECT count(*) FROM singer WHERE country = 'Chile'");
  assert_int_equal(v.unused_values, 0);
  assert_true(!forgets(&v, "Chile") && forgets(&v, "35"));
}

static void values_in_other_words_are_not_left_out(void **state) {
  (void)state;
  static const char *const whole[] = {
      "SELECT count(*) FROM singer WHERE country = 'Chile' AND age > 35",
      "SELECT count(*) FROM singer WHERE country LIKE '%chile%' AND age >= 36",
      "SELECT count(*) FROM singer WHERE country = 'Republic of Chile' AND age > 35"};
  for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
    model_view v = look(older, whole[i]);
    assert_int_equal(v.unused_values + v.unused_numbers + v.n_forgotten, 0);
  }
}

static void what_a_query_groups_by_is_not_forgotten(void **state) {
  (void)state;
  model_view v = look("How many singers are from Chile and how many from Peru?",
                      "SELECT country, count(*) FROM singer GROUP BY country");
  assert_int_equal(v.unused_values, 2);
  assert_int_equal(v.n_forgotten, 0);
}

static void one_of_two_values_of_a_column_may_be_forgotten(void **state) {
  (void)state;
  static const char question[] = "How many singers are neither from Chile nor from Peru?";
  model_view v = look(question, "SELECT count(*) FROM singer WHERE country <> 'Chile'");
  assert_true(forgets(&v, "Peru") && !forgets(&v, "Chile"));
  /* … but a text that nobody said may stand for both */
  v = look(question, "SELECT count(*) FROM singer WHERE country = 'elsewhere'");
  assert_int_equal(v.n_forgotten, 0);
}

static void a_number_of_a_name_is_not_forgotten(void **state) {
  (void)state;
  model_view v = look("What is the line 2 of each singer?", "SELECT line_2 FROM singer");
  assert_int_equal(v.n_forgotten, 0);
}

static void columns_that_nothing_asks_for_are_counted(void **state) {
  (void)state;
  model_view asked = look("What are the names of the singers?", "SELECT name FROM singer");
  model_view unasked = look("What are the names of the singers?", "SELECT name, age FROM singer");
  assert_int_equal(asked.unasked_columns, 0);
  assert_int_equal(unasked.unasked_columns, 1);
  assert_int_equal(unasked.unasked_selected, 1);
}

static void words_that_nothing_read_explains_are_counted(void **state) {
  (void)state;
  model_view v = look("What is the age and country of each singer?", "SELECT age FROM singer");
  assert_int_equal(v.unused_words, 1);
  assert_int_equal(v.unexplained_words, 1);
  assert_true(v.better_sibling > 0 || v.most_unused > -10);
}

static void a_query_beyond_the_representation_is_seen_but_not_scored(void **state) {
  (void)state;
  model_view v = look(older, "SELECT count(*) FILTER (WHERE age > 35) FROM singer");
  assert_true(v.known);
  assert_true(isinf(v.logprob));
  assert_true(look(older, "SELECT count(*) FROM singer").logprob > -1e300);
}

static void a_question_without_words_says_nothing(void **state) {
  (void)state;
  model_view v = look(" ", "SELECT count(*) FROM singer");
  assert_false(v.known);
  assert_int_equal(v.n_forgotten, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_that_a_query_leaves_out_are_told),
      cmocka_unit_test(values_in_other_words_are_not_left_out),
      cmocka_unit_test(what_a_query_groups_by_is_not_forgotten),
      cmocka_unit_test(one_of_two_values_of_a_column_may_be_forgotten),
      cmocka_unit_test(a_number_of_a_name_is_not_forgotten),
      cmocka_unit_test(columns_that_nothing_asks_for_are_counted),
      cmocka_unit_test(words_that_nothing_read_explains_are_counted),
      cmocka_unit_test(a_query_beyond_the_representation_is_seen_but_not_scored),
      cmocka_unit_test(a_question_without_words_says_nothing),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
