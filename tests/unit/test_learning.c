/* store/learning: data sets, versions, promotion and rollback, rounds. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "support/learning.h"

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

static void put_model(const char *id) {
  store_model m = {.id = str_from(id),
                   .source = STR("shop"),
                   .dataset_id = STR("ds_1"),
                   .base = STR("emend-m1"),
                   .made_at = STR("2026-01-01T00:00:00Z"),
                   .status = STR("trained"),
                   .figures = STR("{}")};
  assert_int_equal(store_model_put(x.state, &m, &err), EMEND_OK);
}

static const char *promoted(void) {
  str id;
  assert_int_equal(store_promoted(x.state, STR("shop"), x.d.a, &id, &err), EMEND_OK);
  return arena_strndup(x.d.a, id.ptr ? id.ptr : "", id.len);
}

static const char *roll_back(void) {
  str id;
  assert_int_equal(store_rollback(x.state, STR("shop"), STR("ann"), x.d.a, &id, &err), EMEND_OK);
  return arena_strndup(x.d.a, id.ptr ? id.ptr : "", id.len);
}

static const char *status_of(const char *id) {
  store_model m;
  assert_int_equal(store_model_get(x.state, str_from(id), x.d.a, &m, &err), EMEND_OK);
  return arena_strndup(x.d.a, m.status.ptr, m.status.len);
}

static void rollback_goes_back_step_by_step(void **state) {
  (void)state;
  int64_t before, after;
  put_model("md_1");
  put_model("md_2");
  assert_string_equal(promoted(), "");
  assert_int_equal(store_promotion_stamp(x.state, &before, &err), EMEND_OK);
  assert_int_equal(store_promote(x.state, STR("shop"), STR("md_1"), STR("ann"), STR("why"), &err),
                   EMEND_OK);
  assert_int_equal(store_promote(x.state, STR("shop"), STR("md_2"), STR("ann"), STR("why"), &err),
                   EMEND_OK);
  assert_int_equal(store_promotion_stamp(x.state, &after, &err), EMEND_OK);
  assert_true(after > before);
  assert_string_equal(promoted(), "md_2");
  assert_string_equal(status_of("md_1"), "retired");
  assert_string_equal(status_of("md_2"), "promoted");
  assert_string_equal(roll_back(), "md_1");
  assert_string_equal(status_of("md_1"), "promoted");
  assert_string_equal(status_of("md_2"), "retired");
  assert_string_equal(roll_back(), "");
  assert_string_equal(promoted(), "");
  str none;
  assert_int_equal(store_rollback(x.state, STR("shop"), STR("ann"), x.d.a, &none, &err),
                   EMEND_ENOTFOUND);
}

static void what_was_promoted_is_there_after_reopening(void **state) {
  (void)state;
  put_model("md_1");
  assert_int_equal(store_promote(x.state, STR("shop"), STR("md_1"), STR(""), STR(""), &err),
                   EMEND_OK);
  store_close(x.state);
  assert_int_equal(store_open(folder_path(x.d.a, x.d.dir, "state.sqlite"), &x.state, &err),
                   EMEND_OK);
  assert_string_equal(promoted(), "md_1");
  store_promotions log;
  assert_int_equal(store_promotion_list(x.state, STR("shop"), x.d.a, &log, &err), EMEND_OK);
  assert_int_equal(log.len, 1);
}

static void a_source_has_one_open_round(void **state) {
  (void)state;
  store_round r = {.id = STR("rd_1"),
                   .source = STR("shop"),
                   .cause = STR("asked"),
                   .stage = STR("dataset"),
                   .detail = STR("{}"),
                   .started_at = STR("2026-01-01T00:00:00Z")},
              found;
  assert_int_equal(store_round_put(x.state, &r, &err), EMEND_OK);
  r.stage = STR("train");
  r.detail = STR("{\"dataset\":\"ds_1\"}");
  assert_int_equal(store_round_put(x.state, &r, &err), EMEND_OK);
  assert_int_equal(store_round_open(x.state, STR("shop"), x.d.a, &found, &err), EMEND_OK);
  assert_true(str_eq(found.stage, STR("train")) && str_eq(found.detail, r.detail));
  store_round other = r;
  other.id = STR("rd_2");
  assert_int_not_equal(store_round_put(x.state, &other, &err), EMEND_OK);
  r.stage = STR("done");
  assert_int_equal(store_round_put(x.state, &r, &err), EMEND_OK);
  assert_int_equal(store_round_open(x.state, STR("shop"), x.d.a, &found, &err), EMEND_OK);
  assert_int_equal(found.id.len, 0);
}

static void ask_and_fail(const char *id, const char *at) {
  store_question q = {.id = str_from(id),
                      .asked_at = str_from(at),
                      .source = STR("shop"),
                      .question = STR("who?"),
                      .status = STR("failed"),
                      .sql = STR("SELECT 1"),
                      .warnings = STR("[]"),
                      .trace = STR("[]"),
                      .row_count = -1,
                      .failure_kind = STR("attempts")};
  assert_int_equal(store_question_add(x.state, &q, &err), EMEND_OK);
}

static void failures_count_from_the_last_round_on(void **state) {
  (void)state;
  int64_t n;
  ask_and_fail("q_1", "2026-01-01T00:00:00Z");
  ask_and_fail("q_2", "2026-03-01T00:00:00Z");
  assert_int_equal(store_failures_since_round(x.state, STR("shop"), &n, &err), EMEND_OK);
  assert_int_equal(n, 2);
  store_round r = {.id = STR("rd_1"),
                   .source = STR("shop"),
                   .cause = STR("asked"),
                   .stage = STR("done"),
                   .detail = STR("{}"),
                   .started_at = STR("2026-02-01T00:00:00Z")};
  assert_int_equal(store_round_put(x.state, &r, &err), EMEND_OK);
  assert_int_equal(store_failures_since_round(x.state, STR("shop"), &n, &err), EMEND_OK);
  assert_int_equal(n, 1);
  store_failed_list failed;
  assert_int_equal(store_failed_questions(x.state, STR("shop"), 10, x.d.a, &failed, &err),
                   EMEND_OK);
  assert_int_equal(failed.len, 2);
  assert_true(str_eq(failed.items[0].question, STR("who?")));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(rollback_goes_back_step_by_step),
      CASE(what_was_promoted_is_there_after_reopening),
      CASE(a_source_has_one_open_round),
      CASE(failures_count_from_the_last_round_on),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
