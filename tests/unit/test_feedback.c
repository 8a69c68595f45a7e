/* learn/feedback, learn/doubt, learn/review: what the judge speaks against waits for a closer look,
 * and stands in nobody's way. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "learn/doubt.h"
#include "learn/review.h"
#include "support/learning.h"

static const char QUESTION[] = "How many customers are there?",
                  WAS[] = "SELECT count(*) FROM customer";
static const char RIGHT[] = "SELECT count(*) FROM customer WHERE name <> 'Eco'";
static const char ODD[] = "SELECT city FROM customer WHERE name = 'Berg'";

static learning_shop x;
static emend_error err;
static emend_rc critic_rc;

/* Suspects whatever reads cities, and nothing else. */
static emend_rc suspect(void *self, str question, const str *sqls, size_t n, arena *a, double *out,
                        emend_error *e) {
  (void)self, (void)question, (void)a, (void)e;
  for (size_t i = 0; i < n && !critic_rc; i++)
    out[i] = str_find(sqls[i], STR("city"), 0) == SIZE_MAX ? 0.1 : 0.97;
  return critic_rc;
}

static int set_up(void **state) {
  (void)state;
  critic_rc = EMEND_OK;
  return learning_open(&x) ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  learning_close(&x);
  return 0;
}

static learn_taken take_about(const char *user, const char *question, const char *was,
                              const char *sql) {
  const learn_critic critic = {NULL, suspect};
  const learn_subject s = {.name = STR("shop"), .cat = x.cat, .db = x.db, .critic = &critic};
  const store_feedback in = {.user = str_from(user),
                             .question = str_from(question),
                             .wrong_sql = str_from(was),
                             .sql = str_from(sql)};
  learn_taken taken;
  assert_int_equal(learn_feedback_take(x.state, &s, &in, x.d.a, &taken, &err), EMEND_OK);
  assert_true(taken.row.id.len > 0);
  return taken;
}

static learn_taken take(const char *user, const char *sql) {
  return take_about(user, QUESTION, WAS, sql);
}

static store_feedback_status status_of(const learn_taken *t) {
  store_feedback f;
  assert_int_equal(store_feedback_get(x.state, t->row.id, x.d.a, &f, &err), EMEND_OK);
  return f.status;
}

static learn_bulk verify_all(void) {
  learn_bulk done;
  assert_int_equal(
      learn_bulk_verify(x.state, (str){0}, NULL, 0, STR("rev"), false, x.d.a, &done, &err),
      EMEND_OK);
  return done;
}

static void a_correction_that_the_judge_speaks_against_waits_for_a_closer_look(void **state) {
  (void)state;
  learn_taken odd = take("ann", ODD);
  learn_bulk done = verify_all();
  assert_int_equal(done.len, 1);
  assert_true(str_find(done.items[0].why, STR("judge suspects it"), 0) != SIZE_MAX);
  assert_int_equal(status_of(&odd), STORE_PENDING);
  str why;
  assert_int_equal(learn_feedback_move(x.state, odd.row.id, STORE_VERIFIED, STR("rev"), (str){0},
                                       x.d.a, &why, &err),
                   EMEND_OK); /* somebody looked */
  assert_int_equal(status_of(&odd), STORE_APPLIED);
}

static void one_that_it_does_not_suspect_is_verified_in_bulk(void **state) {
  (void)state;
  learn_taken right = take("ann", RIGHT);
  assert_int_equal(verify_all().items[0].why.len, 0);
  assert_int_equal(status_of(&right), STORE_APPLIED);
}

static void what_it_suspects_as_much_of_the_answer_itself_is_no_doubt(void **state) {
  (void)state;
  learn_taken t = take_about("ann", QUESTION, "SELECT city FROM customer", ODD);
  assert_false(learn_doubted(&t.row));
  verify_all();
  assert_int_equal(status_of(&t), STORE_APPLIED);
}

static void it_is_by_how_much_more_it_suspects_the_correction_that_tells(void **state) {
  const struct {
    double correction, answer;
    bool doubted;
  } cases[] = {{0.99, 0.74, true}, {0.9, 0.1, true},    {0.9, 0.4, false},
               {0.72, 0.05, true}, {0.68, 0.01, false}, {0.97, -1, false}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_int_equal(learn_doubted(&(store_feedback){.suspicion = cases[i].correction,
                                                     .wrong_suspicion = cases[i].answer}),
                     cases[i].doubted);
}

static void a_second_person_who_says_the_same_lifts_the_doubt(void **state) {
  (void)state;
  learn_taken first = take("ann", ODD);
  verify_all();
  assert_int_equal(status_of(&first), STORE_PENDING);
  take("bea", ODD);
  verify_all();
  assert_int_equal(status_of(&first), STORE_APPLIED);
}

static void what_is_doubted_does_not_stand_in_the_way_of_what_is_not(void **state) {
  (void)state;
  learn_taken odd = take("ann", ODD), right = take("bea", RIGHT);
  verify_all();
  assert_int_equal(status_of(&odd), STORE_PENDING);
  assert_int_equal(status_of(&right), STORE_APPLIED);
}

static void whose_word_is_mostly_turned_down_is_looked_at_closer(void **state) {
  static const char *const questions[] = {"One?", "Two?", "Three?"};
  str why;
  (void)state;
  for (int i = 0; i < FEEDBACK_TURNED_DOWN; i++) {
    learn_taken t = take_about("tom", questions[i], WAS, RIGHT);
    assert_int_equal(learn_feedback_move(x.state, t.row.id, STORE_REJECTED, STR("rev"), (str){0},
                                         x.d.a, &why, &err),
                     EMEND_OK);
  }
  learn_taken from_tom = take("tom", RIGHT), from_ann = take_about("ann", "Four?", WAS, RIGHT);
  learn_bulk done = verify_all();
  assert_true(str_find(done.items[0].why, STR("3 was turned down and 0 held"), 0) != SIZE_MAX);
  assert_int_equal(status_of(&from_tom), STORE_PENDING);
  assert_int_equal(status_of(&from_ann), STORE_APPLIED);
  take("bea", RIGHT); /* the same by somebody else */
  verify_all();
  assert_int_equal(status_of(&from_tom), STORE_APPLIED);
}

static void a_judge_that_fails_says_nothing(void **state) {
  (void)state;
  critic_rc = EMEND_ETIMEOUT;
  learn_taken odd = take("ann", ODD);
  assert_true(odd.row.suspicion < 0 && odd.row.wrong_suspicion < 0);
  verify_all();
  assert_int_equal(status_of(&odd), STORE_APPLIED);
}

static void an_edited_correction_is_judged_anew(void **state) {
  (void)state;
  const learn_critic critic = {NULL, suspect};
  const learn_subject s = {.name = STR("shop"), .cat = x.cat, .db = x.db, .critic = &critic};
  learn_taken odd = take("ann", ODD), edited;
  assert_true(learn_doubted(&odd.row));
  assert_int_equal(learn_feedback_edit(x.state, &s, odd.row.id, str_from(RIGHT), 0, STR("rev"),
                                       x.d.a, &edited, &err),
                   EMEND_OK);
  assert_false(learn_doubted(&edited.row));
  assert_true(edited.row.suspicion > 0.09 && edited.row.suspicion < 0.11);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
      T(a_correction_that_the_judge_speaks_against_waits_for_a_closer_look),
      T(one_that_it_does_not_suspect_is_verified_in_bulk),
      T(what_it_suspects_as_much_of_the_answer_itself_is_no_doubt),
      T(it_is_by_how_much_more_it_suspects_the_correction_that_tells),
      T(a_second_person_who_says_the_same_lifts_the_doubt),
      T(what_is_doubted_does_not_stand_in_the_way_of_what_is_not),
      T(whose_word_is_mostly_turned_down_is_looked_at_closer),
      T(a_judge_that_fails_says_nothing),
      T(an_edited_correction_is_judged_anew),
#undef T
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
