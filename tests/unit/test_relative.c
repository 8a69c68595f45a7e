/* relative: a period is a year in the question that the network reads, and days, as the column
 * spells them, in the query that it wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "generate/relative.h"
#include "support/schema.h"

static int set_up(void **state) {
  (void)state;
  return open_schema(
      "CREATE TABLE sale (id INTEGER PRIMARY KEY, at TEXT, day TEXT, month TEXT, year INT, "
      "  year_text TEXT, style TEXT, last_week REAL, title TEXT);"
      "INSERT INTO sale VALUES "
      "  (1, '2024-05-01 08:00:00', '2024-05-01', '2024-05', 2024, '2024', '5/1/2024', 9, 'Today'),"
      "  (2, '2025-06-14 23:59:59', '2025-06-14', '2025-06', 2025, '2025', '6/14/2025', 8, 'x'),"
      "  (3, '2025-06-15 00:00:00', '2025-06-15', '2025-05', 2025, '2023', '6/15/2025', 7, 'y');",
      NULL);
}

static gen_periods periods_of(const char *question) {
  gen_periods p;
  assert_true(gen_periods_read(str_from(question), cat, 20254 * INT64_C(86400), mem, &p));
  return p;
}

static void is_read_as(const char *question, const char *want) {
  gen_periods p = periods_of(question);
  if (!str_eq(p.question, str_from(want))) fail_msg("%s: %.*s", question, STR_ARG(p.question));
}

/* `where`, the condition that was written for the question as read, becomes `want`. */
static void becomes(const char *question, const char *where, const char *want) {
  gen_periods p = periods_of(question);
  char sql[256], expected[256];
  snprintf(sql, sizeof sql, "SELECT id FROM sale WHERE %s", where);
  snprintf(expected, sizeof expected, "SELECT id FROM sale WHERE %s", want);
  str got = gen_periods_write(&p, str_from(sql), cat, mem);
  if (!str_eq(got, str_from(expected))) fail_msg("%s, %s: %.*s", question, where, STR_ARG(got));
}

static void the_network_is_asked_of_a_year(void **state) {
  (void)state;
  is_read_as("sales last month", "sales in 2025");
  is_read_as("How many sales were there in the past 30 days?",
             "How many sales were there in 2025?");
  is_read_as("yesterday's sales?", " sales in 2025?");
  is_read_as("Last year, how many sales?", "in 2024, how many sales?");
  is_read_as("sales since last month of 2025", "sales since last month of 2025");
  is_read_as("sales of last month and of 2025", "sales in 2024 and of 2025");
  is_read_as("sales in March 2025", "sales in March 2025"); /* there is a column of months */
  is_read_as("sales in Q2 2025 or 2024", "sales in 2025 or 2024");
  is_read_as("sales before this year", "sales in 2024");
}

static void what_has_no_period_stays_to_the_byte(void **state) {
  (void)state;
  static const char *const questions[] = {"the last sale", "sales  in 2024 ?", "",
                                          "sales early last year"};
  for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
    gen_periods p = periods_of(questions[i]);
    assert_int_equal(p.n, 0);
    assert_ptr_equal(p.question.ptr, questions[i]);
    assert_int_equal(p.note.len, 0);
    static const char sql[] = "SELECT  id FROM sale WHERE year = 2024";
    assert_ptr_equal(gen_periods_write(&p, STR(sql), cat, mem).ptr, sql);
  }
}

static void names_and_values_are_no_periods(void **state) {
  (void)state;
  is_read_as("the last year of each sale", "the last year of each sale");
  is_read_as("show last week for each sale", "show last week for each sale");
  is_read_as("the sale with title today", "the sale with title today");
}

static void days_are_spelt_as_the_column_does(void **state) {
  (void)state;
  becomes("sales last month", "CAST(strftime('%Y', at) AS INTEGER) = 2025",
          "at >= '2025-05-01' AND at < '2025-06-01'");
  becomes("sales last month", "at LIKE '%2025%'", "at >= '2025-05-01' AND at < '2025-06-01'");
  becomes("sales last month", "day = '2025'", "day >= '2025-05-01' AND day < '2025-06-01'");
  becomes("sales last month", "month = '2025'", "month = '2025-05'");
  becomes("sales in the last 3 months", "month = '2025'",
          "month >= '2025-03' AND month <= '2025-06'");
  becomes("sales of yesterday", "strftime('%Y', at) = '2025'",
          "at >= '2025-06-14' AND at < '2025-06-15'");
  becomes("sales in the last 5 years", "year - 2020 = 2020", "year - 2020 = 2020");
  becomes("sales in the last 5 years", "style = '2020'", "style = '2020'");
  becomes("sales in the second quarter of 2025", "strftime('%Y', at) = '2025'",
          "at >= '2025-04-01' AND at < '2025-07-01'");
  becomes("sales of yesterday", "day = 2025", "day = '2025-06-14'");
  becomes("sales in the last 3 years", "year = 2022", "year >= 2022 AND year <= 2025");
  becomes("sales in the last 3 years", "year_text = '2022'",
          "year_text >= '2022' AND year_text <= '2025'");
}

static void open_periods_have_one_end(void **state) {
  (void)state;
  becomes("sales since last month", "at > '2025'", "at >= '2025-05-01'");
  becomes("sales before this month", "day < '2025'", "day < '2025-06-01'");
  becomes("sales since last year", "year = 2024", "year >= 2024");
  becomes("sales after last year", "year > 2025", "year >= 2025");
  becomes("sales until last year", "year BETWEEN 2024 AND 2024", "year <= 2024");
}

static void what_is_excluded_stays_so(void **state) {
  (void)state;
  becomes("sales not made last month", "CAST(strftime('%Y', day) AS INTEGER) <> 2025",
          "NOT (day >= '2025-05-01' AND day < '2025-06-01')");
  becomes("sales not made last month", "id > 3 OR NOT day LIKE '%2025%'",
          "id > 3 OR NOT (day >= '2025-05-01' AND day < '2025-06-01')");
}

static void the_last_day_of_each_is_compared_too(void **state) {
  (void)state;
  becomes("sales last made before this month",
          "id > 1 GROUP BY title HAVING CAST(strftime('%Y', MAX(at)) AS INTEGER) < 2025",
          "id > 1 GROUP BY title HAVING MAX(at) < '2025-06-01'");
  static const char count[] = "id > 1 GROUP BY title HAVING COUNT(at) = 2025";
  becomes("sales last month", count, count);
}

/* A year is looked for as one that was said; a month of a column of years, or a day of one in
 * another form, cannot be. */
static void the_rest_stays_as_it_was_written(void **state) {
  (void)state;
  static const char *const where[] = {"strftime('%Y', at) = '2024'", "year = 2024"};
  for (size_t i = 0; i < 2; i++) becomes("sales last year", where[i], where[i]);
  becomes("sales last month", "year = 2025", "year = 2025");
  becomes("sales of yesterday", "month = '2025'", "month = '2025'");
  becomes("sales last month", "style = '2025'", "style = '2025'");
  becomes("sales last month", "id = 2024", "id = 2024");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_network_is_asked_of_a_year),
      cmocka_unit_test(what_has_no_period_stays_to_the_byte),
      cmocka_unit_test(names_and_values_are_no_periods),
      cmocka_unit_test(days_are_spelt_as_the_column_does),
      cmocka_unit_test(open_periods_have_one_end),
      cmocka_unit_test(what_is_excluded_stays_so),
      cmocka_unit_test(the_last_day_of_each_is_compared_too),
      cmocka_unit_test(the_rest_stays_as_it_was_written),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
