/* ends: "the last 3 orders" are the latest 3 to the network, where something tells time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "generate/generate.h"
#include "support/schema.h"

static int set_up(void **state) {
  (void)state;
  return open_schema(
      "CREATE TABLE sale (id INTEGER PRIMARY KEY, sold_on TEXT, title TEXT);"
      "INSERT INTO sale VALUES (1, '2024-05-01', 'a'), (2, '2025-06-14', 'b');",
      NULL);
}

static int set_up_timeless(void **state) {
  (void)state;
  return open_schema(
      "CREATE TABLE sale (id INTEGER PRIMARY KEY, title TEXT);"
      "INSERT INTO sale VALUES (1, 'a'), (2, 'b');",
      NULL);
}

static void is_read_as(const char *question, const char *want) {
  str got = gen_name_ends(str_from(question), cat, mem);
  if (!str_eq(got, str_from(want))) fail_msg("%s: %.*s", question, STR_ARG(got));
}

static void so_many_of_the_last_are_the_latest(void **state) {
  (void)state;
  is_read_as("Show the last 3 sales", "Show the latest 3 sales");
  is_read_as("First two sales, last two sales?", "earliest two sales, latest two sales?");
}

static void what_is_no_end_of_time_stays_to_the_byte(void **state) {
  static const char *const same[] = {
      "sales of the last 3 days",   "the first 3 letters of titles", "the last sale",
      "the first 5 sales by title", "the last 3 sales, ordered",     ""};
  (void)state;
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) is_read_as(same[i], same[i]);
}

static void without_dates_nothing_is_latest(void **state) {
  (void)state;
  is_read_as("Show the last 3 sales", "Show the last 3 sales");
}

static int set_up_owned(void **state) {
  (void)state;
  return open_schema(
      "CREATE TABLE clerk (id INTEGER PRIMARY KEY, name TEXT, hired_on TEXT);"
      "CREATE TABLE sale (id INTEGER PRIMARY KEY, clerk_id INT REFERENCES clerk (id), sold_on TEXT,"
      "  sum REAL);"
      "INSERT INTO clerk VALUES (1, 'Ann', '2020-01-01'), (2, 'Bob', '2021-01-01');"
      "INSERT INTO sale VALUES (1, 1, '2024-05-01', 5), (2, 2, '2025-06-14', 6);",
      NULL);
}

static void ends_as(const char *question, const char *sql, const char *want) {
  str got = gen_take_ends(str_from(question), str_from(sql), cat, mem);
  if (!str_eq(got, str_from(want))) fail_msg("%s: %.*s", question, STR_ARG(got));
}

#define JOIN " FROM clerk JOIN sale ON clerk.id = sale.clerk_id"

static void the_last_of_each_is_looked_at(void **state) {
  (void)state;
  ends_as("clerks whose last sale was before 2025",
          "SELECT DISTINCT clerk.name" JOIN " WHERE sale.sold_on < '2025-01-01'",
          "SELECT clerk.name" JOIN " GROUP BY clerk.id HAVING MAX(sale.sold_on) < '2025-01-01'");
  ends_as("clerks who last sold before 2025",
          "SELECT clerk.name" JOIN
          " WHERE sale.sold_on < '2025' ORDER BY sale.sold_on DESC LIMIT 1",
          "SELECT clerk.name" JOIN
          " GROUP BY clerk.id HAVING strftime('%Y', MAX(sale.sold_on)) < '2025'");
  ends_as("clerks who first sold in 2025 for 6", "SELECT clerk.name" JOIN,
          "SELECT clerk.name" JOIN);
  ends_as(
      "clerks whose first sale was in 2025 and is of 6",
      "SELECT clerk.name, clerk.hired_on" JOIN
      " WHERE strftime('%Y', sale.sold_on) = '2025' AND sale.sum = 6",
      "SELECT clerk.name, clerk.hired_on" JOIN
      " WHERE sale.sum = 6 GROUP BY clerk.id HAVING strftime('%Y', MIN(sale.sold_on)) = '2025'");
  ends_as("clerks whose most recent sale was in May 2025",
          "SELECT clerk.name" JOIN
          " WHERE sale.sold_on >= '2025-05-01' AND sale.sold_on < '2025-06-01'",
          "SELECT clerk.name" JOIN
          " GROUP BY clerk.id HAVING MAX(sale.sold_on) >= '2025-05-01' AND "
          "MAX(sale.sold_on) < '2025-06-01'");
}

static void other_queries_stay_to_the_byte(void **state) {
  (void)state;
  static const char *const same[] = {
      "SELECT  clerk.name" JOIN " WHERE clerk.hired_on < '2025-01-01'",
      "SELECT  sale.id" JOIN " WHERE sale.sold_on < '2025-01-01'",
      "SELECT  clerk.name" JOIN " WHERE sale.sold_on < '2025' ORDER BY sale.sum DESC LIMIT 1",
      "SELECT  clerk.name" JOIN " WHERE sale.sold_on < '2025' LIMIT 1",
      "SELECT  count(*)" JOIN " WHERE sale.sold_on < '2025'",
      "SELECT  name FROM clerk",
      "SELECT ("};
  for (size_t i = 0; i < sizeof same / sizeof *same; i++)
    ends_as("clerks whose last sale was before 2025", same[i], same[i]);
  static const char any[] = "SELECT  clerk.name" JOIN " WHERE sale.sold_on < '2025-01-01'";
  ends_as("clerks with a sale before 2025", any, any);
  ends_as("clerks whose last name is Ann", any, any);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(so_many_of_the_last_are_the_latest, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_is_no_end_of_time_stays_to_the_byte, set_up, tear_down),
      cmocka_unit_test_setup_teardown(without_dates_nothing_is_latest, set_up_timeless, tear_down),
      cmocka_unit_test_setup_teardown(the_last_of_each_is_looked_at, set_up_owned, tear_down),
      cmocka_unit_test_setup_teardown(other_queries_stay_to_the_byte, set_up_owned, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
