/* recall/habits: conditions that go with a word, learnt of people's queries and put into the
 * network's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "recall/habits.h"
#include "support/schema.h"

static const char SCHEMA[] =
    "CREATE TABLE country (code TEXT PRIMARY KEY, name TEXT, origin TEXT);"
    "CREATE TABLE language (country TEXT REFERENCES country (code), tongue TEXT, is_official TEXT);"
    "INSERT INTO country VALUES ('NLD', 'Netherlands', 'EU');"
    "INSERT INTO language VALUES ('NLD', 'Dutch', 'T'), ('NLD', 'English', 'F');";

static recall_nears taught;
static recall_candidates found;

static int set_up(void **state) {
  (void)state;
  return open_schema(SCHEMA, NULL);
}

static int forget(void **state) {
  (void)state;
  taught = (recall_nears){0};
  return 0;
}

static void teach(const char *question, const char *sql) {
  const recall_near near = {.example = {.question = str_from(question), .sql = str_from(sql)}};
  assert_true(vec_push(mem, &taught, near));
}

/* What becomes of the network's own query; itself where nothing does. */
static const char *changed(const char *question, const char *sql) {
  const str own[] = {str_from(sql)};
  const double share[] = {1};
  const recall_own network = {own, share, 1};
  found = (recall_candidates){0};
  assert_int_equal(recall_habits(cat, str_from(question), &taught, &network, mem, &found, NULL),
                   EMEND_OK);
  if (!found.len) return sql;
  assert_true(str_eq(found.items[0].instead, own[0]));
  return arena_strndup(mem, found.items[0].sql.ptr, found.items[0].sql.len);
}

static void teach_official(void) {
  teach("Which official languages has the Netherlands?",
        "SELECT l.tongue FROM country AS c JOIN language AS l ON c.code = l.country "
        "WHERE c.name = 'Netherlands' AND l.is_official = \"T\"");
}

static void a_word_of_the_columns_name_is_a_reason_at_once(void **state) {
  (void)state;
  teach_official();
  assert_string_equal(
      changed("How many official languages are there?", "SELECT COUNT(*) FROM language"),
      "SELECT COUNT(*) FROM language WHERE is_official = 'T'");
  assert_true(found.items[0].belief > 0.7 && found.items[0].trust > 0.7);
  assert_int_equal(found.items[0].near, 0);
}

static void it_stands_in_every_part_that_reads_the_table(void **state) {
  (void)state;
  teach_official();
  assert_string_equal(
      changed("Which countries have an official tongue of Dutch or English?",
              "SELECT name FROM country WHERE code IN (SELECT country FROM language "
              "WHERE tongue = 'Dutch' OR tongue = 'English')"),
      "SELECT name FROM country WHERE code IN (SELECT country FROM language "
      "WHERE (tongue = 'Dutch' OR tongue = 'English') AND is_official = 'T')");
  assert_string_equal(
      changed("Names of countries with official Dutch",
              "SELECT c.name FROM country AS c JOIN language AS l ON c.code = l.country "
              "WHERE l.tongue = 'Dutch'"),
      "SELECT c.name FROM country AS c JOIN language AS l ON c.code = l.country "
      "WHERE l.tongue = 'Dutch' AND l.is_official = 'T'");
}

static void a_word_of_other_names_too_is_no_reason(void **state) {
  const char *own = "SELECT code FROM country";
  (void)state;
  teach("Which country has Dutch?", "SELECT country FROM language WHERE is_official = 'T'");
  teach("Where is the country?", "SELECT name FROM country WHERE origin = 'EU'");
  assert_string_equal(changed("Codes by country", own), own);
}

static void what_asks_of_the_column_stays(void **state) {
  const char *own = "SELECT tongue FROM language WHERE is_official = 'F'";
  (void)state;
  teach_official();
  assert_string_equal(changed("Which languages are not official?", own), own);
  own = "SELECT tongue FROM language";
  assert_string_equal(changed("Which languages are not official?", own), own);
  own = "SELECT name FROM country";
  assert_string_equal(changed("Countries with official names", own), own);
}

static void without_the_word_nothing_is_put_in(void **state) {
  const char *own = "SELECT COUNT(*) FROM language";
  (void)state;
  teach_official();
  assert_string_equal(changed("How many languages has the Netherlands?", own), own);
}

static void other_words_need_two_queries_or_stand_alone(void **state) {
  const char *own = "SELECT name FROM country",
             *with = "SELECT name FROM country WHERE origin = 'EU'";
  (void)state;
  teach("Names of all European countries", "SELECT name FROM country WHERE origin = 'EU'");
  assert_string_equal(changed("Name each European country", own), with);
  taught = (recall_nears){0};
  teach("Names of modern European countries", "SELECT name FROM country WHERE origin = 'EU'");
  assert_string_equal(changed("Name each European country", own), own);
  teach("How many modern European countries are there?",
        "SELECT COUNT(*) FROM country WHERE origin = 'EU'");
  assert_string_equal(changed("Name each European country", own), with);
}

static void a_query_without_the_condition_speaks_against_it(void **state) {
  const char *own = "SELECT name FROM country";
  (void)state;
  teach("Names of all European countries", "SELECT name FROM country WHERE origin = 'EU'");
  teach("Codes of European countries", "SELECT code FROM country");
  assert_string_equal(changed("Name each European country", own), own);
}

static void a_value_that_the_question_says_is_no_habit(void **state) {
  const char *own = "SELECT country FROM language";
  (void)state;
  teach("Which countries speak Dutch?", "SELECT country FROM language WHERE tongue = 'Dutch'");
  assert_string_equal(changed("Which countries speak English?", own), own);
}

static void a_value_in_other_words_is_written_as_people_write_it(void **state) {
  (void)state;
  teach("Names of all European countries", "SELECT name FROM country WHERE origin = 'EU'");
  assert_string_equal(changed("How many European countries are there?",
                              "SELECT COUNT(*) FROM country WHERE origin = 'European'"),
                      "SELECT COUNT(*) FROM country WHERE origin = 'EU'");
  const char *own = "SELECT COUNT(*) FROM country WHERE origin = 'Asian'";
  assert_string_equal(changed("How many countries are European or Asian?", own), own);
}

static void what_cannot_be_read_teaches_nothing(void **state) {
  const char *own = "SELECT COUNT(*) FROM language";
  (void)state;
  teach("Official languages", "SELECT nothing FROM nowhere WHERE is_official = 'T'");
  teach("Official languages", "not SQL");
  assert_string_equal(changed("How many official languages?", own), own);
  teach_official();
  assert_string_equal(changed("How many official languages?", "not SQL"), "not SQL");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(a_word_of_the_columns_name_is_a_reason_at_once, forget),
      cmocka_unit_test_setup(it_stands_in_every_part_that_reads_the_table, forget),
      cmocka_unit_test_setup(a_word_of_other_names_too_is_no_reason, forget),
      cmocka_unit_test_setup(what_asks_of_the_column_stays, forget),
      cmocka_unit_test_setup(without_the_word_nothing_is_put_in, forget),
      cmocka_unit_test_setup(other_words_need_two_queries_or_stand_alone, forget),
      cmocka_unit_test_setup(a_query_without_the_condition_speaks_against_it, forget),
      cmocka_unit_test_setup(a_value_that_the_question_says_is_no_habit, forget),
      cmocka_unit_test_setup(a_value_in_other_words_is_written_as_people_write_it, forget),
      cmocka_unit_test_setup(what_cannot_be_read_teaches_nothing, forget),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
