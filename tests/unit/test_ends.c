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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(so_many_of_the_last_are_the_latest, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_is_no_end_of_time_stays_to_the_byte, set_up, tear_down),
      cmocka_unit_test_setup_teardown(without_dates_nothing_is_latest, set_up_timeless, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
