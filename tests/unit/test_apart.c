/* apart: those of one name are told apart, where the question means them and not their names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "generate/generate.h"
#include "support/schema.h"

static int set_up(void **state) {
  (void)state;
  return open_schema(
      "CREATE TABLE clerk (id INTEGER PRIMARY KEY, name TEXT, badge TEXT, first_name TEXT);"
      "CREATE TABLE shop (id INTEGER PRIMARY KEY, name TEXT);"
      "CREATE TABLE sale (id INTEGER PRIMARY KEY, clerk_id INT REFERENCES clerk (id), "
      "  shop_id INT REFERENCES shop (id));"
      "INSERT INTO clerk VALUES (1,'Ann','x','A'),(2,'Bob','x','B'),(3,'Ann',NULL,'A');"
      "INSERT INTO shop VALUES (1,'Corner'),(2,'Market');"
      "INSERT INTO sale VALUES (1,1,1),(2,3,2);",
      NULL);
}

static void becomes(const char *question, const char *sql, const char *want) {
  str got = gen_tell_apart(str_from(question), str_from(sql), cat, mem);
  if (!str_eq(got, str_from(want))) fail_msg("%s: %.*s", question, STR_ARG(got));
}

static const char by_name[] =
    "SELECT clerk.name, COUNT(*) FROM clerk JOIN sale ON clerk.id = sale.clerk_id "
    "GROUP BY clerk.name";

static void those_of_one_name_are_told_apart_by_the_key(void **state) {
  (void)state;
  becomes("How many sales has each clerk?", by_name,
          "SELECT clerk.name, COUNT(*) FROM clerk JOIN sale ON clerk.id = sale.clerk_id "
          "GROUP BY clerk.name, clerk.id");
}

static void a_question_of_names_keeps_them(void **state) {
  (void)state;
  becomes("How many sales are there for each name of a clerk?", by_name, by_name);
  becomes("Which clerks of the same name sold most?", by_name, by_name);
  becomes("How many sales by person?", by_name, by_name); /* no word for the table */
}

static void a_half_of_a_name_is_a_name(void **state) {
  (void)state;
  static const char by_half[] =
      "SELECT clerk.first_name, COUNT(*) FROM clerk JOIN sale ON clerk.id = sale.clerk_id "
      "GROUP BY clerk.first_name";
  becomes("What is the first name of each clerk, and how many sales?", by_half,
          "SELECT clerk.first_name, COUNT(*) FROM clerk JOIN sale ON clerk.id = sale.clerk_id "
          "GROUP BY clerk.first_name, clerk.id");
  becomes("What is the most common first name among clerks with sales?", by_half, by_half);
}

static void the_most_of_what_has_no_value_is_none(void **state) {
  (void)state;
  becomes("Which badge has the most clerks?",
          "SELECT badge FROM clerk GROUP BY badge ORDER BY COUNT(*) DESC LIMIT 1",
          "SELECT badge FROM clerk WHERE badge IS NOT NULL GROUP BY badge ORDER BY COUNT(*) DESC "
          "LIMIT 1");
  static const char *const as_they_are[] = {
      "SELECT badge, COUNT(*) FROM clerk GROUP BY badge",
      "SELECT first_name FROM clerk GROUP BY first_name ORDER BY COUNT(*) DESC LIMIT 1",
      "SELECT badge FROM clerk WHERE badge > 'a' GROUP BY badge ORDER BY COUNT(*) LIMIT 1"};
  for (size_t i = 0; i < sizeof as_they_are / sizeof *as_they_are; i++)
    becomes("Which badge has the most clerks?", as_they_are[i], as_they_are[i]);
}

static void names_that_nobody_shares_need_no_key(void **state) {
  (void)state;
  static const char sql[] =
      "SELECT shop.name, COUNT(*) FROM shop JOIN sale ON shop.id = sale.shop_id "
      "GROUP BY shop.name";
  becomes("How many sales has each shop?", sql, sql);
}

static void what_is_no_name_or_has_its_key_stays(void **state) {
  (void)state;
  static const char *const as_they_are[] = {
      "SELECT clerk.badge, COUNT(*) FROM clerk JOIN sale ON clerk.id = sale.clerk_id "
      "GROUP BY clerk.badge",
      "SELECT clerk.name, COUNT(*) FROM clerk JOIN sale ON clerk.id = sale.clerk_id "
      "GROUP BY clerk.id",
      "SELECT name, COUNT(*) FROM clerk GROUP BY name", "SELECT name FROM clerk",
      "SELECT broken GROUP BY"};
  for (size_t i = 0; i < sizeof as_they_are / sizeof *as_they_are; i++)
    becomes("How many sales has each clerk?", as_they_are[i], as_they_are[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(those_of_one_name_are_told_apart_by_the_key),
      cmocka_unit_test(a_question_of_names_keeps_them),
      cmocka_unit_test(a_half_of_a_name_is_a_name),
      cmocka_unit_test(the_most_of_what_has_no_value_is_none),
      cmocka_unit_test(names_that_nobody_shares_need_no_key),
      cmocka_unit_test(what_is_no_name_or_has_its_key_stays),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
