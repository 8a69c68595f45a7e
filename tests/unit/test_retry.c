/* retry: who is asked again, and after how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "http/http.h"

static void only_what_says_later_is_asked_again(void **state) {
  (void)state;
  static const int later[] = {429, 503}, never[] = {0, 200, 301, 400, 401, 404, 500, 502, 504};
  for (size_t i = 0; i < sizeof later / sizeof *later; i++) assert_true(http_is_busy(later[i]));
  for (size_t i = 0; i < sizeof never / sizeof *never; i++) assert_false(http_is_busy(never[i]));
}

static void waits_double_up_to_a_longest(void **state) {
  (void)state;
  double most = 400;
  for (int next = 2; next < 12; next++) {
    double wait = http_backoff_ms(next, 0);
    assert_true(wait >= most / 2 && wait <= most);
    most = most * 2 < 8000 ? most * 2 : 8000;
  }
}

static void the_wait_that_a_server_asks_for_is_kept(void **state) {
  (void)state;
  for (int i = 0; i < 20; i++) {
    double wait = http_backoff_ms(2, 3000);
    assert_true(wait >= 3000 && wait <= 3040);
  }
}

static void clients_do_not_come_back_together(void **state) {
  (void)state;
  double first = http_backoff_ms(5, 0);
  bool differs = false;
  for (int i = 0; i < 20; i++) {
    double wait = http_backoff_ms(5, 0);
    differs |= wait < first || wait > first;
  }
  assert_true(differs);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(only_what_says_later_is_asked_again),
      cmocka_unit_test(waits_double_up_to_a_longest),
      cmocka_unit_test(the_wait_that_a_server_asks_for_is_kept),
      cmocka_unit_test(clients_do_not_come_back_together),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
