/* ask/taught: how far what people taught is suspected. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ask/recalled.h"
#include "ask/taught.h"

/* Is `suspicion` what `t` is left with after people's word was put in for it? */
static bool leaves(ask_try t, double suspicion) {
  ask_try *items[] = {&t};
  const ask_tries tries = {items, 1, 1};
  ask_taught_trust(&tries);
  return fabs(t.suspicion - suspicion) < 1e-9;
}

static void trust_takes_its_part_of_a_suspicion(void **state) {
  (void)state;
  ask_try t = {.taught = 1, .trust = 0.5, .surest = 0.97, .suspicion = 0.4};
  assert_true(leaves(t, 0.2));
  t.trust = 0; /* a value without a place */
  assert_true(leaves(t, 0.4));
  t = (ask_try){.trust = 0.9, .suspicion = 0.4}; /* nobody taught it */
  assert_true(leaves(t, 0.4));
  t = (ask_try){.taught = 1, .trust = 0.9, .surest = 0.97, .failed = true, .suspicion = 1};
  assert_true(leaves(t, 1));
}

static void what_is_taught_is_no_surer_than_what_is_confirmed(void **state) {
  (void)state;
  const double same = ask_given_confidence(false), adapted = ask_given_confidence(true);
  assert_true(adapted < same && same < 1);
  ask_try t = {.taught = 1, .trust = 0.9999, .surest = adapted, .suspicion = 0.4};
  assert_true(leaves(t, 1 - adapted));
  t.surest = same;
  assert_true(leaves(t, 1 - same));
  t.suspicion = 0.003; /* the judge's own opinion stays */
  assert_true(leaves(t, 0.003));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(trust_takes_its_part_of_a_suspicion),
      cmocka_unit_test(what_is_taught_is_no_surer_than_what_is_confirmed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
