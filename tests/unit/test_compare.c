/* learn/compare: a gain counts only when its lower bound is above zero. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "learn/compare.h"

static compare_pair compare(size_t n, size_t gained, size_t lost) {
  unsigned char before[400] = {0}, now[400] = {0};
  for (size_t i = 0; i < gained; i++) now[i] = 1;
  for (size_t i = gained; i < gained + lost; i++) before[i] = 1;
  return compare_right(before, now, n);
}

static void five_gains_without_loss_are_no_luck_and_four_may_be(void **state) {
  (void)state;
  assert_true(compare(40, 5, 0).low > 0);
  assert_true(compare(40, 4, 0).low < 0);
  assert_true(compare(40, 10, 5).low < 0);
  assert_true(compare(300, 30, 10).low > 0);
}

static void the_bounds_are_around_the_difference(void **state) {
  (void)state;
  compare_pair c = compare(100, 12, 4);
  assert_int_equal(c.gained, 12);
  assert_int_equal(c.lost, 4);
  assert_float_equal(c.difference, 0.08, 1e-9);
  assert_true(c.low < 0.08 && c.high > 0.08);
  c = compare(100, 0, 9);
  assert_true(c.high < 0);
  c = compare(100, 0, 0);
  assert_true(c.low <= 0 && c.high >= 0 && c.difference == 0);
}

static void clopper_and_pearson(void **state) {
  (void)state;
  assert_float_equal(compare_low(5, 5), 0.5493, 1e-4); /* 0.05 ^ (1/5) */
  assert_float_equal(compare_high(0, 3000), 0.000998, 1e-5);
  assert_float_equal(compare_low(0, 10), 0, 1e-12);
  assert_float_equal(compare_high(10, 10), 1, 1e-12);
}

static void the_middle_one(void **state) {
  (void)state;
  double x[] = {3, 1, 2};
  assert_float_equal(compare_median(x, 3), 2, 0);
  assert_float_equal(compare_median(NULL, 0), 0, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(five_gains_without_loss_are_no_luck_and_four_may_be),
      cmocka_unit_test(the_bounds_are_around_the_difference),
      cmocka_unit_test(clopper_and_pearson),
      cmocka_unit_test(the_middle_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
