/* reply: the statement is found in whatever a model wrote around it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "generate/prompt.h"
#include "support/memory.h"

static gen_reply read_text(const char *text) {
  gen_reply r;
  emend_error err;
  assert_int_equal(gen_reply_read(str_from(text), mem, &r, &err), EMEND_OK);
  return r;
}

static void reads(const char *text, const char *sql, bool closed) {
  gen_reply r = read_text(text);
  if (!str_eq(r.sql, str_from(sql)) || r.closed != closed || r.refused)
    fail_msg("%s gave %.*s, %s%s", text, STR_ARG(r.sql), r.closed ? "closed" : "open",
             r.refused ? ", refused" : "");
}

static void a_bare_statement_is_itself(void **state) {
  (void)state;
  reads("SELECT 1", "SELECT 1", false);
  reads(" \n(SELECT 1) UNION SELECT 2 ", "(SELECT 1) UNION SELECT 2", false);
  reads("SQL: SELECT 1", "SELECT 1", false);
  reads("-- the pets\nSELECT 1", "SELECT 1", false);
  reads("WITH x AS (SELECT 1) SELECT * FROM x", "WITH x AS (SELECT 1) SELECT * FROM x", false);
}

static void a_semicolon_marks_the_end_and_prose_behind_it_goes(void **state) {
  (void)state;
  reads("SELECT 1;", "SELECT 1", true);
  reads("SELECT 1;\nThis counts the pets.", "SELECT 1", true);
  reads("SELECT ';' AS x; done", "SELECT ';' AS x", true);
}

/* check is to see it and refuse it. */
static void what_may_be_another_statement_stays(void **state) {
  (void)state;
  reads("SELECT 1; DROP TABLE pet", "SELECT 1; DROP TABLE pet", true);
  reads("DROP TABLE pet", "DROP TABLE pet", false);
}

static void fences_and_thoughts_are_taken_off(void **state) {
  (void)state;
  reads("Here:\n```sql\nSELECT 1\n```\nas asked", "SELECT 1", true);
  reads("```\nSELECT 1\n```\nor rather\n```\nSELECT 2\n```", "SELECT 2", true);
  reads("```SELECT 1```", "SELECT 1", true);
  reads("```sql\nSELECT 1", "SELECT 1", false);
  reads("<think>SELECT 9?</think>SELECT 1", "SELECT 1", false);
  reads("<think>a</think><think>b</think>\nSELECT 1", "SELECT 1", false);
  reads("<think>SELECT 9 is all I have", "", false);
}

static void a_statement_in_prose_begins_a_line_or_follows_a_colon(void **state) {
  (void)state;
  reads("The query is: SELECT 1", "SELECT 1", false);
  reads("Sure.\nSELECT 1;", "SELECT 1", true);
  gen_reply r = read_text("You could select the pets by name.");
  assert_int_equal(r.sql.len, 0);
  assert_true(str_starts(r.text, STR("You could")));
}

static void json_gives_its_statement(void **state) {
  (void)state;
  reads("{\"sql\": \"SELECT 1\", \"reason\": null}", "SELECT 1", true);
  reads("```json\n{\"sql\": \" SELECT 1 \"}\n```", "SELECT 1", true);
  reads("{\"sql\": \"SELECT 1\"} and words", "SELECT 1", true);
  reads("{\"query\": \"SELECT 1\"}", "", false);
}

static void a_refusal_has_its_reason(void **state) {
  (void)state;
  static const char *const refusals[] = {"CANNOT ANSWER: no weather", "cannot answer. no weather",
                                         "{\"sql\": null, \"reason\": \"no weather\"}",
                                         "{\"sql\": \"\", \"reason\": \"no weather\"}",
                                         "{\"sql\": \"CANNOT ANSWER: no weather\"}"};
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    gen_reply r = read_text(refusals[i]);
    assert_true(r.refused);
    assert_int_equal(r.sql.len, 0);
    assert_true(str_eq(r.text, STR("no weather")));
  }
}

static void prose_is_kept_short_and_whole_characters(void **state) {
  (void)state;
  char text[1001] = {0};
  for (size_t i = 0; i + 1 < sizeof text; i += 2) memcpy(text + i, "é", 2);
  gen_reply r = read_text(text);
  assert_int_equal(r.sql.len, 0);
  assert_true(r.text.len >= 300 && r.text.len <= 304 && r.text.len % 2 == 0);
}

static void stray_bytes_are_mended(void **state) {
  (void)state;
  reads("SELECT '\xFF'", "SELECT '\xEF\xBF\xBD'", false);
  assert_int_equal(read_text("").sql.len, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_bare_statement_is_itself),
      cmocka_unit_test(a_semicolon_marks_the_end_and_prose_behind_it_goes),
      cmocka_unit_test(what_may_be_another_statement_stays),
      cmocka_unit_test(fences_and_thoughts_are_taken_off),
      cmocka_unit_test(a_statement_in_prose_begins_a_line_or_follows_a_colon),
      cmocka_unit_test(json_gives_its_statement),
      cmocka_unit_test(a_refusal_has_its_reason),
      cmocka_unit_test(prose_is_kept_short_and_whole_characters),
      cmocka_unit_test(stray_bytes_are_mended),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
