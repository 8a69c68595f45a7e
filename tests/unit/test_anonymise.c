/* learn/anonymise: nothing that points at a person leaves in an export. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "learn/anonymise.h"

static void check(const char *question, const char *sql, bool no_literals, const char *q,
                  const char *s) {
  arena *a = arena_create(1 << 20);
  str got_q, got_s;
  assert_true(learn_anonymise(str_from(question), str_from(sql), SQL_SQLITE, no_literals, a, &got_q,
                              &got_s));
  assert_string_equal(got_q.ptr, q);
  assert_string_equal(got_s.ptr, s);
  arena_destroy(a);
}

static void mails_and_long_numbers_go(void **state) {
  (void)state;
  check("What did ann.b@shop.example buy?", "SELECT x FROM t WHERE mail = 'ann.b@shop.example'",
        false, "What did <mail_1> buy?", "SELECT x FROM t WHERE mail = '<mail_1>'");
  check("Whose phone is +49 170 1234567?", "SELECT x FROM t WHERE p = '+49 170 1234567'", false,
        "Whose phone is <number_1>?", "SELECT x FROM t WHERE p = '<number_1>'");
}

static void names_go_from_question_and_query_alike(void **state) {
  (void)state;
  check("What did Greta Corrigan order?", "SELECT x FROM t WHERE n = 'Greta Corrigan'", false,
        "What did <name_1> order?", "SELECT x FROM t WHERE n = '<name_1>'");
}

static void dates_and_small_numbers_stay(void **state) {
  (void)state;
  check("Orders after 2025-01-31 over 100", "SELECT x FROM t WHERE d > '2025-01-31' AND n > 100",
        false, "Orders after 2025-01-31 over 100",
        "SELECT x FROM t WHERE d > '2025-01-31' AND n > 100");
}

static void every_literal_goes_when_asked_to(void **state) {
  (void)state;
  check("Orders over 100 from France", "SELECT x FROM t WHERE n > 100 AND c = 'France'", true,
        "Orders over <value_1> from <text_2>",
        "SELECT x FROM t WHERE n > <value_1> AND c = '<text_2>'");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(mails_and_long_numbers_go),
      cmocka_unit_test(names_go_from_question_and_query_alike),
      cmocka_unit_test(dates_and_small_numbers_stay),
      cmocka_unit_test(every_literal_goes_when_asked_to),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
