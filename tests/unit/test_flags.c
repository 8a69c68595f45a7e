/* judge/flags: words that say yes or no of a column, and queries that do not look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "judge/judge.h"
#include "support/database.h"

static catalog *cat;
static arena *mem;
static emend_error err;

static int set_up(void **state) {
  (void)state;
  char sql[2048] =
      "CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT, active INT, city "
      "TEXT, note TEXT, regular INT, age INT, phone_number TEXT);"
      "CREATE TABLE product (id INTEGER PRIMARY KEY, name TEXT, discontinued TEXT);"
      "CREATE TABLE employee (id INTEGER PRIMARY KEY, name TEXT, reports_to INT REFERENCES "
      "employee(id));";
  for (int i = 0; i < 12; i++) {
    size_t n = strlen(sql);
    snprintf(sql + n, sizeof sql - n,
             "INSERT INTO customer VALUES (%d, 'c%d', %d, 'Oslo', '%s', 1, 30, NULL);"
             "INSERT INTO product VALUES (%d, 'p%d', '%s');",
             i, i, i % 2, i ? "" : "unnamed", i, i, i % 3 ? "N" : "Y");
  }
  cat = database_catalog(sql, NULL);
  mem = arena_create(8 << 20);
  return !cat || !mem;
}

static int tear_down(void **state) {
  (void)state;
  catalog_unref(cat);
  arena_destroy(mem);
  return 0;
}

/* The code of the one signal that is raised; "" without. */
static const char *raised(const char *question, const char *sql) {
  judge_intent in;
  judge_signals out = {0};
  check_report report;
  const check_options opt = {.dialect = cat->dialect};
  assert_int_equal(check_sql(str_from(sql), cat, &opt, mem, &report, &err), EMEND_OK);
  assert_int_equal(judge_read(str_from(question), mem, &in, &err), EMEND_OK);
  assert_int_equal(judge_flags(&in, &report, cat, mem, &out, &err), EMEND_OK);
  assert_true(out.len <= 1);
  return out.len ? out.items[0].code : "";
}

static void a_negated_flag_must_be_looked_at(void **state) {
  (void)state;
  static const char question[] = "How many inactive customers are there?";
  assert_string_equal(raised(question, "SELECT count(*) FROM customer"), "flag_missing");
  assert_string_equal(raised(question, "SELECT count(*) FROM customer WHERE active = 0"), "");
  assert_string_equal(raised(question, "SELECT count(DISTINCT active) FROM customer"),
                      "flag_missing");
  assert_string_equal(raised(question, "SELECT sum(NOT active) FROM customer"), "");
  assert_string_equal(raised("Which customers are irregular?", "SELECT name FROM customer"),
                      "flag_missing");
}

static void words_that_only_begin_like_a_negation_say_nothing(void **state) {
  (void)state;
  assert_string_equal(raised("Which unnamed customers are there?", "SELECT id FROM customer"), "");
  assert_string_equal(raised("In which city is the institute?", "SELECT city FROM customer"), "");
  assert_string_equal(raised("Show each customer's image", "SELECT note FROM customer"), "");
  assert_string_equal(raised("How many discontinued products?", "SELECT count(*) FROM product"),
                      "");
}

static void who_asks_which_are_it_does_not_want_the_flag_of_all(void **state) {
  (void)state;
  static const char question[] = "Which products are discontinued?";
  assert_string_equal(raised(question, "SELECT discontinued FROM product"), "flag_shown");
  assert_string_equal(raised(question, "SELECT DISTINCT discontinued FROM product"), "flag_shown");
  assert_string_equal(raised(question, "SELECT name FROM product WHERE discontinued = 'Y'"), "");
  assert_string_equal(raised("What is discontinued?", "SELECT discontinued FROM product"), "");
  assert_string_equal(raised("Which customers are named so?", "SELECT name FROM customer"), "");
}

static void what_may_be_absent_is_looked_for(void **state) {
  (void)state;
  static const char question[] = "Which customers have no phone number?";
  assert_string_equal(raised(question, "SELECT name FROM customer"), "null_missing");
  assert_string_equal(raised(question, "SELECT name FROM customer WHERE phone_number IS NULL"), "");
  assert_string_equal(raised("customers without a name", "SELECT name FROM customer"), "");
  assert_string_equal(raised("customers with a phone number", "SELECT name FROM customer"), "");
}

static void who_reports_to_whom_is_looked_up(void **state) {
  (void)state;
  static const char question[] = "How many employees report to Ann?";
  assert_string_equal(raised(question, "SELECT count(*) FROM employee WHERE name = 'Ann'"),
                      "key_missing");
  assert_string_equal(raised(question,
                             "SELECT count(*) FROM employee a JOIN employee b ON "
                             "a.reports_to = b.id WHERE b.name = 'Ann'"),
                      "");
  assert_string_equal(
      raised(question, "SELECT count(DISTINCT reports_to) FROM employee WHERE name = 'Ann'"),
      "key_missing");
  assert_string_equal(
      raised("Who does Ann report to?", "SELECT reports_to FROM employee WHERE name = 'Ann'"), "");
  assert_string_equal(raised("Who is the boss of Ann?", "SELECT name FROM employee WHERE id = 1"),
                      "key_missing");
  assert_string_equal(raised("How many employees are named Ann?", "SELECT count(*) FROM employee"),
                      "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_may_be_absent_is_looked_for),
      cmocka_unit_test(who_reports_to_whom_is_looked_up),
      cmocka_unit_test(a_negated_flag_must_be_looked_at),
      cmocka_unit_test(words_that_only_begin_like_a_negation_say_nothing),
      cmocka_unit_test(who_asks_which_are_it_does_not_want_the_flag_of_all),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
