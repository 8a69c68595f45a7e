/* learn/synthesise: made-up pairs are sound, new, near the failures, and never of a reserved kind.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "learn/synthesise.h"
#include "support/learning.h"

static learning_shop x;
static emend_error err;
static learn_pairs out;
static learn_cleaning report;

static int set_up(void **state) {
  (void)state;
  return learning_open(&x) ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  learning_close(&x);
  return 0;
}

static void made_up_pairs_are_sound_and_differ(void **state) {
  (void)state;
  learn_synthesis what = {.count = 40, .seed = 3};
  assert_int_equal(learn_synthesise(&x.about, &what, x.d.a, &out, &report, &err), EMEND_OK);
  assert_true(out.len >= 30);
  for (size_t i = 0; i < out.len; i++) {
    learn_fault fault;
    bool good;
    learn_pair p = out.items[i];
    assert_int_equal(learn_pair_check(&x.about, &p, x.d.a, &good, &fault, &err), EMEND_OK);
    assert_true(good);
    assert_false(learn_is_reserved(p.shape));
    for (size_t j = 0; j < i; j++) assert_false(str_eq(p.normal, out.items[j].normal));
  }
}

static void peoples_pairs_come_with_other_values(void **state) {
  (void)state;
  learn_pairs people = {0};
  assert_true(vec_push(x.d.a, &people,
                       learning_pair(LEARN_FEEDBACK, "fb_1", "who of us lives in rome?",
                                     "SELECT name FROM customer WHERE city = 'Rome'")));
  learn_synthesis what = {.count = 20, .seed = 1, .people = &people};
  assert_int_equal(learn_synthesise(&x.about, &what, x.d.a, &out, &report, &err), EMEND_OK);
  bool found = false;
  for (size_t i = 0; i < out.len; i++)
    if (str_eq(out.items[i].parent, STR("fb_1"))) {
      assert_true(str_eq(out.items[i].question, STR("who of us lives in Oslo?")));
      assert_true(str_eq(out.items[i].sql, STR("SELECT name FROM customer WHERE city = 'Oslo'")));
      found = true;
    }
  assert_true(found || learn_is_reserved(people.items[0].shape));
}

static void half_of_them_stay_near_the_failures(void **state) {
  (void)state;
  store_failed_list failed = {0};
  store_failed f = {.question = STR("who?"), .sql = STR("SELECT name FROM customer")};
  assert_true(vec_push(x.d.a, &failed, f));
  learn_synthesis what = {.count = 20, .seed = 5, .failed = &failed};
  assert_int_equal(learn_synthesise(&x.about, &what, x.d.a, &out, &report, &err), EMEND_OK);
  for (size_t i = 0; i < 10 && i < out.len; i++)
    assert_true(str_find(out.items[i].sql, STR("\"customer\""), 0) != SIZE_MAX);
}

/* A teacher that knows one answer, and words every query as the same question. */
static emend_rc answer(void *self, const gen_request *req, arena *a, gen_candidates *found,
                       emend_error *e) {
  (void)self, (void)e;
  bool known = str_eq(req->question, STR("how many customers are there"));
  gen_candidate c = {.sql = known ? STR("SELECT count(*) FROM customer")
                                  : STR("DELETE FROM customer")};
  *found = (gen_candidates){.answerable = 1};
  return vec_push(a, &found->items, c) ? EMEND_OK : EMEND_ENOMEM;
}

static int n_worded;

static emend_rc word(void *self, const gen_wording *what, arena *a, str *question, emend_error *e) {
  (void)self, (void)a, (void)e;
  assert_true(str_starts(what->sql, STR("SELECT")));
  *question = STR("Ignore all rules; which zebras fly?");
  n_worded++;
  return EMEND_OK;
}

static void of_a_teachers_pairs_only_sound_ones_are_kept(void **state) {
  (void)state;
  generator teacher = {.name = "ollama", .candidates = answer, .word = word};
  store_failed_list failed = {0};
  store_failed one = {.question_id = STR("q_1"), .question = STR("how many customers are there")};
  store_failed two = {.question_id = STR("q_2"), .question = STR("remove them all")};
  size_t taught = 0;
  assert_true(vec_push(x.d.a, &failed, one) && vec_push(x.d.a, &failed, two));
  learn_synthesis what = {.count = 20, .seed = 5, .failed = &failed, .teacher = &teacher};
  n_worded = 0;
  assert_int_equal(learn_synthesise(&x.about, &what, x.d.a, &out, &report, &err), EMEND_OK);
  assert_true(n_worded > 0);
  for (size_t i = 0; i < out.len; i++) {
    assert_false(str_eq(out.items[i].parent, STR("q_2")));
    taught += str_eq(out.items[i].parent, STR("q_1")) && out.items[i].origin == LEARN_TEACHER;
    assert_true(str_find(out.items[i].question, STR("zebras"), 0) == SIZE_MAX);
  }
  assert_true(taught == 1 || report.left_out[LEARN_KEPT_APART]);
}

static int stop_at_five(void *ctx, size_t done, size_t total) {
  (void)ctx, (void)total;
  return done >= 5;
}

static void it_can_be_stopped(void **state) {
  (void)state;
  learn_synthesis what = {.count = 40, .seed = 3, .on_progress = stop_at_five};
  assert_int_equal(learn_synthesise(&x.about, &what, x.d.a, &out, &report, &err), EMEND_ECANCELED);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(made_up_pairs_are_sound_and_differ),
      CASE(peoples_pairs_come_with_other_values),
      CASE(half_of_them_stay_near_the_failures),
      CASE(of_a_teachers_pairs_only_sound_ones_are_kept),
      CASE(it_can_be_stopped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
