/* learn/suite: what was once measured with stays, answers are run and compared, and only a sure
 * gain is promoted. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "learn/suite.h"
#include "support/learning.h"
#include "support/scripted.h"

static learning_shop x;
static emend_error err;

static int set_up(void **state) {
  (void)state;
  return learning_open(&x) ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  learning_close(&x);
  return 0;
}

static void a_suite_only_grows(void **state) {
  (void)state;
  learn_pairs first = {0}, second = {0}, none = {0}, suite;
  assert_true(vec_push(
      x.d.a, &first, learning_pair(LEARN_FEEDBACK, "1", "all names", "SELECT name FROM customer")));
  assert_true(
      vec_push(x.d.a, &second,
               learning_pair(LEARN_SYNTHETIC, "2", "List the city", "SELECT city FROM customer")));
  assert_true(vec_push(
      x.d.a, &second,
      learning_pair(LEARN_SYNTHETIC, "3", "How many customers", "SELECT count(*) FROM customer")));
  assert_int_equal(learn_suite_load(x.state, &x.about, &first, &none, 1, x.d.a, &suite, &err),
                   EMEND_OK);
  assert_int_equal(suite.len, 1);
  assert_int_equal(learn_suite_load(x.state, &x.about, &none, &second, 1, x.d.a, &suite, &err),
                   EMEND_OK);
  assert_int_equal(suite.len, 2); /* one made-up question, no more */
  assert_int_equal(learn_suite_load(x.state, &x.about, &first, &second, 1, x.d.a, &suite, &err),
                   EMEND_OK);
  assert_int_equal(suite.len, 2);
}

static void right_is_what_gives_the_same_rows(void **state) {
  (void)state;
  script s = {.sql = {{"SELECT c.name FROM customer AS c WHERE c.city = 'Rome'"},
                      {"SELECT name FROM customer WHERE city = 'Oslo'"}}};
  generator *g = scripted_generator(&s);
  learn_pairs suite = {0};
  for (int i = 0; i < 2; i++)
    assert_true(vec_push(x.d.a, &suite,
                         learning_pair(LEARN_FEEDBACK, "1", "Which customers have the city Rome?",
                                       "SELECT name FROM customer WHERE city = 'Rome'")));
  learn_suite_run_options opt = {.gen = g};
  learn_mark *marks;
  assert_int_equal(learn_suite_run(&x.about, &suite, &opt, x.d.a, &marks, &err), EMEND_OK);
  assert_true(marks[0].right && marks[0].delivered && !marks[0].unsafe);
  assert_false(marks[1].right);
  gen_free(g);
}

typedef struct outcome {
  learn_pairs suite;
  learn_mark before[60], now[60];
} outcome;

/* 40 made-up questions and 20 of people: so many gained and lost of each. */
static learn_verdict judge(int gained, int lost, int people_gained, int people_lost) {
  static outcome o;
  memset(&o, 0, sizeof o);
  for (int i = 0; i < 60; i++) {
    bool people = i >= 40;
    int at = people ? i - 40 : i, plus = people ? people_gained : gained,
        minus = people ? people_lost : lost;
    assert_true(vec_push(x.d.a, &o.suite,
                         learning_pair(people ? LEARN_FEEDBACK : LEARN_SYNTHETIC, "1", "q", "s")));
    o.before[i] = o.now[i] = (learn_mark){.right = 1, .delivered = 1};
    if (at < plus) o.before[i].right = 0;
    if (at >= plus && at < plus + minus) o.now[i].right = 0;
  }
  return learn_suite_judge(&o.suite, o.before, o.now, x.d.a);
}

static void only_a_sure_gain_is_promoted(void **state) {
  (void)state;
  assert_true(judge(8, 0, 2, 0).promote);
  assert_false(judge(0, 0, 0, 0).promote);
  assert_false(judge(3, 0, 1, 0).promote);  /* may be luck */
  assert_false(judge(0, 8, 0, 2).promote);  /* worse */
  assert_false(judge(20, 0, 0, 1).promote); /* worse for people */
  assert_false(judge(10, 8, 0, 0).promote);
}

/* Nothing that people are said to have confirmed is ever right: they, not the answers, are wrong.
 */
static void poisoned_material_promotes_nothing(void **state) {
  (void)state;
  learn_mark before[60] = {{0}}, now[60] = {{0}};
  learn_pairs suite = {0};
  for (int i = 0; i < 60; i++) {
    learn_origin from = i < 10 ? LEARN_FEEDBACK : LEARN_SYNTHETIC;
    assert_true(vec_push(x.d.a, &suite, learning_pair(from, "1", "q", "s")));
    now[i] = (learn_mark){.right = i >= 10, .delivered = 1};
  }
  assert_false(learn_suite_judge(&suite, before, now, x.d.a).promote);
  for (int i = 0; i < 5; i++) now[i].right = before[i].right = 1;
  for (int i = 0; i < 60; i++) before[i].delivered = 1;
  assert_true(learn_suite_judge(&suite, before, now, x.d.a).promote);
}

static void an_unsafe_version_is_never_promoted(void **state) {
  (void)state;
  learn_mark before[10] = {{0}}, now[10] = {{0}};
  learn_pairs suite = {0};
  for (int i = 0; i < 10; i++) {
    assert_true(vec_push(x.d.a, &suite, learning_pair(LEARN_FEEDBACK, "1", "q", "s")));
    now[i] = (learn_mark){.right = 1, .delivered = 1};
  }
  assert_true(learn_suite_judge(&suite, before, now, x.d.a).promote);
  now[3].unsafe = 1;
  assert_false(learn_suite_judge(&suite, before, now, x.d.a).promote);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(a_suite_only_grows),
      CASE(right_is_what_gives_the_same_rows),
      CASE(only_a_sure_gain_is_promoted),
      CASE(poisoned_material_promotes_nothing),
      CASE(an_unsafe_version_is_never_promoted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
