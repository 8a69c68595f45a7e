/* quote: text from outside is one quoted line in a prompt, and what is not known is masked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "generate/quote.h"
#include "support/schema.h"

static int set_up(void **state) {
  (void)state;
  return open_schema("CREATE TABLE pet (id INTEGER PRIMARY KEY, name TEXT, weight REAL);", NULL);
}

static void quoted(const char *text, size_t most, const char *want) {
  buf b;
  buf_init(&b, 1 << 16);
  quote_text(&b, str_from(text), most);
  assert_string_equal(buf_str(&b).ptr, want);
  buf_free(&b);
}

static void text_cannot_end_its_quotes_nor_its_line(void **state) {
  (void)state;
  quoted("O'Hara", 40, "'O''Hara'");
  quoted("one\ntwo\r\tthree", 40, "'one two  three'");
  quoted("a\xE2\x80\xA8z", 40, "'a z'"); /* a line separator */
  quoted("bell\x07", 40, "'bell '");
}

static void text_is_cut_between_characters(void **state) {
  (void)state;
  quoted("abcdef", 3, "'abc…'");
  quoted("aéé", 4, "'aé…'"); /* the second é would end at 5 */
  quoted("abc", 3, "'abc'");
}

static void bytes_that_are_no_text_are_marked(void **state) {
  (void)state;
  quoted("a\xFFz", 40, "'a\xEF\xBF\xBDz'");
}

static void cells_are_written_as_what_they_are(void **state) {
  (void)state;
  const struct {
    cell c;
    const char *want;
  } cases[] = {{{.kind = CELL_NULL}, "NULL"},
               {{.kind = CELL_INT, .i = -7}, "-7"},
               {{.kind = CELL_BOOL, .i = 1}, "TRUE"},
               {{.kind = CELL_REAL, .r = 2.5}, "2.5"},
               {{.kind = CELL_TEXT, .text = STR("it's")}, "'it''s'"},
               {{.kind = CELL_BLOB, .text = STR("\x01\x02")}, "(2 bytes)"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    buf b;
    buf_init(&b, 1 << 16);
    quote_cell(&b, &cases[i].c, 40);
    assert_string_equal(buf_str(&b).ptr, cases[i].want);
    buf_free(&b);
  }
}

static void a_name_is_quoted_where_the_dialect_needs_it(void **state) {
  (void)state;
  assert_true(str_eq(quote_name(STR("pet"), SQL_SQLITE, mem), STR("pet")));
  assert_true(str_eq(quote_name(STR("order"), SQL_SQLITE, mem), STR("\"order\"")));
  assert_true(str_eq(quote_name(STR("pet name"), SQL_MYSQL, mem), STR("`pet name`")));
}

/* The person asked about Rex, and the model wrote 12 itself. */
static void message(const char *text, const char *want) {
  quote_known known = {
      .cat = cat, .question = STR("Is Rex here?"), .said = STR("WHERE weight > 12")};
  str got = quote_mask_message(str_from(text), &known, mem);
  if (!str_eq(got, str_from(want))) fail_msg("%s became %.*s", text, STR_ARG(got));
}

static void a_message_shows_names_and_what_was_said_and_nothing_else(void **state) {
  (void)state;
  message("there is no \"pet.name\", perhaps \"weight\"",
          "there is no \"pet.name\", perhaps \"weight\"");
  message("'Rex' is not stored, 'Tomasin' is", "'Rex' is not stored, '…' is");
  message("12 is below 99.5", "12 is below #");
  message("it's `secret`", "it's '…'");
  message("'never closed", "'…'");
  message("column3 of 3", "column3 of #");
}

static void a_part_of_a_known_word_is_not_known(void **state) {
  (void)state;
  message("'Re' and 1", "'…' and #");
}

static void sql(const char *text, const char *want) {
  quote_known known = {.cat = cat, .question = STR("Is Rex here?"), .said = STR("")};
  str got = quote_mask_sql(str_from(text), &known, mem);
  if (!str_eq(got, str_from(want))) fail_msg("%s became %.*s", text, STR_ARG(got));
}

static void a_query_keeps_its_form_without_its_literals(void **state) {
  (void)state;
  sql("SELECT name FROM pet WHERE name = 'Rex' AND weight > 17 LIMIT 1",
      "SELECT name FROM pet WHERE name = 'Rex' AND weight > # LIMIT 1");
  sql("SELECT 'Tomasin' /* Bobby */ FROM pet -- Quince\n", "SELECT '…' FROM pet");
  sql("SELECT \"weight\", \"Tomasin\", x'00ff' FROM pet", "SELECT \"weight\", '…', '…' FROM pet");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_cannot_end_its_quotes_nor_its_line),
      cmocka_unit_test(text_is_cut_between_characters),
      cmocka_unit_test(bytes_that_are_no_text_are_marked),
      cmocka_unit_test(cells_are_written_as_what_they_are),
      cmocka_unit_test(a_name_is_quoted_where_the_dialect_needs_it),
      cmocka_unit_test(a_message_shows_names_and_what_was_said_and_nothing_else),
      cmocka_unit_test(a_part_of_a_known_word_is_not_known),
      cmocka_unit_test(a_query_keeps_its_form_without_its_literals),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
