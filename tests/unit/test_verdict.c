/* verdict: queries that somebody brings along, each judged, and none of them corrected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "ask/verdict.h"
#include "base/mem.h"
#include "support/opened.h"
#include "support/scripted.h"

static int set_up(void **state) {
  (void)state;
  return open_database("pets",
                       "CREATE TABLE pet (id INTEGER PRIMARY KEY, name TEXT, weight REAL);"
                       "INSERT INTO pet VALUES (1,'Rex',12.5),(2,'Tom',4),(3,'Kit',3.25);");
}

/* `ctx` is the database, or NULL for a schema alone. */
static emend_rc connect_to(void *ctx, size_t i, source **out, emend_error *e) {
  (void)i, (void)e;
  *out = ctx;
  return EMEND_OK;
}

static const char heavy[] = "Which pets are heavier than 10?";

static ask_verdict judged(script *s, source *on, const char *const *sqls, size_t n) {
  ask_verdict v;
  generator *g = scripted_generator(s);
  ask_source only = {.name = "pets", .cat = cat};
  ask_context ctx = {
      .sources = &only, .n_sources = 1, .connect = connect_to, .ctx = on, .second = g};
  str *texts = ARENA_ARRAY(mem, str, n);
  for (size_t i = 0; i < n; i++) texts[i] = str_from(sqls[i]);
  emend_rc rc = ask_verdict_on(&ctx, heavy, texts, n, 0, mem, &v, &err);
  if (rc) fail_msg("%s", err.msg);
  gen_free(g);
  return v;
}

static void each_query_is_tried_in_order_and_the_opinion_asked_once(void **state) {
  (void)state;
  static const char *const sqls[] = {"SELECT name FROM pet WHERE weight > 10",
                                     "SELECT name FROM pet", "SELECT nowhere FROM pet"};
  script s = {.sql = {{"SELECT name FROM pet WHERE weight > 10"}}};
  ask_verdict v = judged(&s, db, sqls, 3);
  assert_int_equal(s.rounds, 1);
  assert_int_equal(v.tries.len, 3);
  assert_int_equal(v.tries.items[0]->result.n_rows, 1);
  assert_int_equal(v.tries.items[1]->result.n_rows, 3);
  assert_true(v.tries.items[2]->failed);
}

static void the_right_query_is_suspected_less_than_one_without_its_filter(void **state) {
  (void)state;
  static const char *const sqls[] = {"SELECT name FROM pet WHERE weight > 10",
                                     "SELECT name FROM pet"};
  script s = {.sql = {{"SELECT name FROM pet WHERE weight > 10"}}};
  ask_verdict v = judged(&s, db, sqls, 2);
  assert_int_equal(judge_band_of(v.tries.items[0]->suspicion, JUDGE_DRAFT), JUDGE_DELIVER);
  assert_int_equal(judge_band_of(v.tries.items[1]->suspicion, JUDGE_DRAFT), JUDGE_CORRECT);
}

static void nothing_is_corrected(void **state) {
  (void)state;
  static const char *const sqls[] = {"SELECT name FROM pet"};
  script s = {.sql = {{"SELECT name FROM pet WHERE weight > 10"}, {"SELECT 1"}}};
  ask_verdict v = judged(&s, db, sqls, 1);
  assert_int_equal(s.rounds, 1);
  assert_int_equal(v.tries.len, 1);
  assert_true(str_eq(v.tries.items[0]->sql, STR("SELECT name FROM pet")));
}

static void faults_alone_need_no_opinion(void **state) {
  (void)state;
  static const char *const sqls[] = {"DROP TABLE pet", "SELECT 1; SELECT 2", "not a query"};
  script s = {.sql = {{"SELECT name FROM pet"}}};
  ask_verdict v = judged(&s, db, sqls, 3);
  assert_int_equal(s.rounds, 0);
  for (size_t i = 0; i < 3; i++) {
    assert_true(v.tries.items[i]->failed && v.tries.items[i]->faults.len > 0);
    assert_true(v.tries.items[i]->suspicion > 0.99);
  }
}

static void a_schema_without_a_database_runs_nothing(void **state) {
  (void)state;
  static const char *const sqls[] = {"SELECT name FROM pet WHERE weight > 10"};
  script s = {.sql = {{"SELECT name FROM pet WHERE weight > 10"}}};
  ask_verdict v = judged(&s, NULL, sqls, 1);
  assert_false(v.tries.items[0]->ran);
  assert_false(v.tries.items[0]->failed);
  assert_int_equal(v.tries.items[0]->setting, JUDGE_TEXT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_query_is_tried_in_order_and_the_opinion_asked_once),
      cmocka_unit_test(the_right_query_is_suspected_less_than_one_without_its_filter),
      cmocka_unit_test(nothing_is_corrected),
      cmocka_unit_test(faults_alone_need_no_opinion),
      cmocka_unit_test(a_schema_without_a_database_runs_nothing),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
