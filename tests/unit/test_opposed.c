/* recall/opposed: questions that vectors hold for near and that ask for opposite things. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/str.h"
#include "recall/opposed.h"
#include "text/text.h"

static arena *mem;
static recall_stems names;

static int by_value(const void *x, const void *y) {
  uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
  return (a > b) - (a < b);
}

static int set_up(void **state) {
  static const char *const NAMES[] = {"active", "customer", "order", "paid"};
  (void)state;
  mem = arena_create(4 << 20);
  names = (recall_stems){ARENA_ARRAY(mem, uint32_t, 4), 4};
  for (size_t i = 0; i < 4; i++) names.items[i] = str_hash(text_stem(mem, str_from(NAMES[i])));
  qsort(names.items, names.n, sizeof *names.items, by_value);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  arena_destroy(mem);
  return 0;
}

/* `x_masked` and `y_masked` are the words without those of values. */
static bool masked_opposed(const char *x, const char *x_masked, const char *y,
                           const char *y_masked) {
  recall_wording w[4];
  const char *const texts[4] = {x, x_masked, y, y_masked};
  for (size_t i = 0; i < 4; i++) assert_true(wording_read(str_from(texts[i]), 0, mem, &w[i]));
  const opposed_side one = {&w[0], &w[1]}, other = {&w[2], &w[3]};
  bool forth = recall_opposed(&one, &other, &names, mem);
  assert_int_equal(recall_opposed(&other, &one, &names, mem), forth);
  return forth;
}

static bool opposed(const char *x, const char *y) {
  str low_x = text_fold(mem, str_from(x)), low_y = text_fold(mem, str_from(y));
  return masked_opposed(x, low_x.ptr, y, low_y.ptr);
}

static void the_other_end_is_opposed(void **state) {
  (void)state;
  assert_true(opposed("When was the last order placed?", "When was the first order placed?"));
  assert_true(opposed("When was the latest order placed?", "When was the first order placed?"));
  assert_true(opposed("Which product is the cheapest?", "Which product is the most expensive?"));
  assert_true(opposed("Customers by age ascending", "Customers by age descending"));
  assert_true(opposed("Orders of more than 5 items", "Orders of at most 5 items"));
  assert_true(opposed("Orders before 2020", "Orders after 2020"));
  assert_false(opposed("When was the last order placed?", "When was the latest order placed?"));
  assert_false(opposed("The highest price", "The greatest price"));
  assert_false(opposed("Which orders have no fewer than 5 items?", "Orders of at least 5 items"));
}

static void what_is_about_another_thing_is_not_opposed(void **state) {
  (void)state;
  assert_false(opposed("Customers older than 30", "Customers born before 1990"));
  assert_false(opposed("The oldest customer's last name", "The last name of the eldest customer"));
  assert_false(
      opposed("First and last order of each customer", "The first order of each customer"));
}

static void a_negation_is_opposed(void **state) {
  (void)state;
  assert_true(opposed("Which products are discontinued?", "Which products are not discontinued?"));
  assert_true(opposed("Customers with orders", "Customers without orders"));
  assert_true(opposed("Who has ordered?", "Who has never ordered?"));
  assert_true(opposed("Who has ordered?", "Who hasn't ordered?"));
  assert_false(opposed("Customers without orders", "Which customers have no order?"));
  assert_false(opposed("Customers who don't order", "Customers that never order"));
}

static void a_prefix_negates_where_what_follows_is_known(void **state) {
  (void)state;
  assert_true(opposed("How many inactive customers are there?", "How many active customers?"));
  assert_true(opposed("How many inactive customers are there?", "How many customers are there?"));
  assert_true(opposed("Which orders are unpaid?", "Which orders are paid?"));
  assert_false(opposed("How many inactive customers?", "How many customers are not active?"));
  assert_false(opposed("How many inactive customers?", "Count the inactive customers"));
  assert_true(opposed("Customers who are not inactive", "Customers who are not active"));
  assert_false(opposed("The income of customers", "What do customers earn?"));
}

static void what_stands_in_a_value_turns_nothing_round(void **state) {
  (void)state;
  assert_false(masked_opposed("Albums by No Doubt", "albums by", "Albums by Queen", "albums by"));
  assert_false(masked_opposed("Orders that are open", "orders that are", "Orders that are closed",
                              "orders that are"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(the_other_end_is_opposed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_is_about_another_thing_is_not_opposed, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(a_negation_is_opposed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_prefix_negates_where_what_follows_is_known, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(what_stands_in_a_value_turns_nothing_round, set_up,
                                      tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
