/* grain: "per month" in a question, the years that the network is asked of in its place, and the
 * months that its query is grouped by then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "generate/generate.h"
#include "generate/grain.h"
#include "support/schema.h"
#include "text/grain.h"

static int set_up(void **state) {
  (void)state;
  return open_schema(
      "CREATE TABLE sale (id INTEGER PRIMARY KEY, at TEXT, title TEXT, state TEXT,"
      "  kept_at TEXT);"
      "CREATE TABLE budget (id INTEGER PRIMARY KEY, quarter TEXT, returns REAL);"
      "CREATE TABLE returns (id INTEGER PRIMARY KEY, sale_id INT REFERENCES sale (id));"
      "CREATE VIEW monthly AS SELECT substr(at, 1, 7) AS month, count(*) AS sales FROM sale "
      "GROUP BY month;"
      "INSERT INTO sale VALUES (1, '2024-05-01 08:00:00', 'a', 'new', '2024-05-02 08:00:00'), "
      "  (2, '2025-06-14 10:00:00', 'b', 'old', "
      "  '2025-06-15 10:00:00');",
      NULL);
}

static char grain_of(const char *question) {
  text_words words;
  text_grain g;
  assert_true(text_tokenize(str_from(question), mem, &words));
  return text_find_grain(&words, &g) ? g.grain : '-';
}

static void words_say_the_pieces_of_time(void **state) {
  (void)state;
  assert_int_equal(grain_of("sales per month"), 'm');
  assert_int_equal(grain_of("sales by week and state"), 'w');
  assert_int_equal(grain_of("each day of last week, how many sales?"), 'd');
  assert_int_equal(grain_of("Monthly sales, month by month"), 'm');
  assert_int_equal(grain_of("quarterly and every quarter"), 'q');
  assert_int_equal(grain_of("annual sales"), 'y');
  assert_int_equal(grain_of("sales per day of the week in 2025"), 'D');
  assert_int_equal(grain_of("sales by weekday"), 'D');
  assert_int_equal(grain_of("which months had sales?"), 'm');
}

static void what_divides_no_time_is_none(void **state) {
  static const char *const none[] = {
      "sales ordered by month",  "sales last month",    "sales on each day of the month",
      "sales by week 3",         "hours per week",      "sales by month and per day",
      "the month of \"by day\"", "who is 3 months old", ""};
  (void)state;
  for (size_t i = 0; i < sizeof none / sizeof *none; i++)
    if (grain_of(none[i]) != '-') fail_msg("%s", none[i]);
}

static void is_read_as(const char *question, const char *want) {
  gen_grain g;
  assert_true(gen_grain_read(str_from(question), cat, mem, &g));
  if (!str_eq(g.question, str_from(want))) fail_msg("%s: %.*s", question, STR_ARG(g.question));
  assert_true((g.grain != 0) == (g.note.len > 0));
}

static void the_network_is_asked_of_years(void **state) {
  (void)state;
  is_read_as("sales per month in 2025", "sales per year in 2025");
  is_read_as("Sales by week?", "Sales per year?");
  is_read_as("sales per day of the week in 2025", "sales per year in 2025");
  is_read_as("sales grouped by week", "sales grouped by year");
  is_read_as("How many sales were there each day?", "How many sales were there each year?");
  is_read_as("Show monthly sale totals in 2025", "Show sale totals per year in 2025");
}

static void other_questions_stay_to_the_byte(void **state) {
  static const char *const same[] = {"sales per year",
                                     "budget per quarter",
                                     "which month is best?",
                                     "average monthly sales",
                                     "sales",
                                     ""};
  (void)state;
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) is_read_as(same[i], same[i]);
}

static void becomes(char grain, const char *sql, const char *want) {
  gen_grain g = {.grain = grain};
  str got = gen_grain_write(&g, str_from(sql), cat, mem);
  if (!str_eq(got, str_from(want))) fail_msg("%s: %.*s", sql, STR_ARG(got));
}

#define YEARS "CAST(strftime('%Y', at) AS INTEGER)"

static void groups_of_years_are_divided(void **state) {
  (void)state;
  static const char by_year[] =
      "SELECT " YEARS ", COUNT(*) FROM sale WHERE " YEARS " = 2025 GROUP BY " YEARS;
  becomes('m', by_year,
          "SELECT strftime('%Y-%m', at), COUNT(*) FROM sale WHERE " YEARS
          " = 2025 GROUP BY strftime('%Y-%m', at)");
  becomes('d', "SELECT COUNT(*) FROM sale GROUP BY strftime('%Y', at) ORDER BY " YEARS,
          "SELECT COUNT(*) FROM sale GROUP BY date(at) ORDER BY date(at)");
  becomes(
      'w', "SELECT AVG(n) FROM (SELECT COUNT(*) AS n FROM sale GROUP BY " YEARS ") AS t",
      "SELECT AVG(n) FROM (SELECT COUNT(*) AS n FROM sale GROUP BY strftime('%Y-%W', at)) AS t");
  becomes('d', "SELECT at, COUNT(*) FROM sale GROUP BY at",
          "SELECT date(at), COUNT(*) FROM sale GROUP BY date(at)");
  becomes('D', "SELECT COUNT(*) FROM sale GROUP BY " YEARS,
          "SELECT COUNT(*) FROM sale GROUP BY strftime('%w', at)");
  becomes('q', "SELECT COUNT(*) FROM sale GROUP BY " YEARS,
          "SELECT COUNT(*) FROM sale GROUP BY "
          "strftime('%Y', at) || '-Q' || ((strftime('%m', at) + 2) / 3)");
}

static void one_period_is_of_one_date(void **state) {
  (void)state;
  static const char by_two[] =
      "SELECT COUNT(*) FROM sale WHERE strftime('%Y', kept_at) = '2025' GROUP BY " YEARS;
  gen_grain g = {.grain = 'm', .question = STR("sales per year in 2025")};
  str got = gen_grain_write(&g, STR(by_two), cat, mem);
  assert_true(str_eq(got, STR("SELECT COUNT(*) FROM sale WHERE strftime('%Y', at) = '2025' "
                              "GROUP BY strftime('%Y-%m', at)")));
  g.question = STR("sales per year that were kept in 2025");
  got = gen_grain_write(&g, STR(by_two), cat, mem);
  assert_true(str_find(got, STR("kept_at"), 0) != SIZE_MAX);
}

static void other_queries_stay_to_the_byte(void **state) {
  (void)state;
  static const char *const same[] = {"SELECT  " YEARS " FROM sale",
                                     "SELECT  count(*) FROM sale GROUP BY state",
                                     "SELECT  count(*) FROM sale GROUP BY strftime('%Y', title)",
                                     "SELECT  at FROM sale", "SELECT GROUP BY"};
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) becomes('m', same[i], same[i]);
  becomes(0, "SELECT  1 FROM sale GROUP BY " YEARS, "SELECT  1 FROM sale GROUP BY " YEARS);
}

static void counts_as(const char *question, const char *want) {
  str got = gen_name_counts(str_from(question), cat, mem);
  if (!str_eq(got, str_from(want))) fail_msg("%s: %.*s", question, STR_ARG(got));
}

static void rows_per_something_are_counted(void **state) {
  (void)state;
  counts_as("sales per state in 2025", "number of sales per state in 2025");
  counts_as("Show me all sales per year", "Show me number of sales per year");
  counts_as("Sales each year in 2025", "number of Sales each year in 2025");
  static const char *const same[] = {"titles per state",
                                     "sales of a title per state",
                                     "returns per sale",
                                     "how many sales per state",
                                     "average sale per day",
                                     "sales by state",
                                     "per sale",
                                     ""};
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) counts_as(same[i], same[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(words_say_the_pieces_of_time),
      cmocka_unit_test(what_divides_no_time_is_none),
      cmocka_unit_test(the_network_is_asked_of_years),
      cmocka_unit_test(other_questions_stay_to_the_byte),
      cmocka_unit_test(groups_of_years_are_divided),
      cmocka_unit_test(one_period_is_of_one_date),
      cmocka_unit_test(other_queries_stay_to_the_byte),
      cmocka_unit_test(rows_per_something_are_counted),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
