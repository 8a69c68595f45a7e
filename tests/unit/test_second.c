/* second: another generator's answers, run, and a query held against them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "ask/second.h"
#include "base/mem.h"
#include "support/opened.h"
#include "support/scripted.h"

static int set_up(void **state) {
  (void)state;
  return open_database("pets",
                       "CREATE TABLE pet (id INTEGER PRIMARY KEY, name TEXT, weight REAL);"
                       "INSERT INTO pet VALUES (1,'Rex',12.5),(2,'Tom',4),(3,'Kit',3.25);");
}

static const char heavy[] = "Which pets are heavier than 10?";
static const emend_ask_options defaults = EMEND_ASK_OPTIONS_INIT;

typedef struct asking {
  script s;
  generator *g;
  ask_source only;
  ask_context ctx;
  ask_question q;
} asking;

static emend_rc give_db(void *ctx, size_t i, source **out, emend_error *e) {
  (void)ctx, (void)i, (void)e;
  *out = db;
  return EMEND_OK;
}

static void begin(asking *x) {
  x->g = scripted_generator(&x->s);
  x->only = (ask_source){.name = "pets", .cat = cat};
  x->ctx = (ask_context){.sources = &x->only, .n_sources = 1, .connect = give_db, .second = x->g};
  x->q = (ask_question){
      .ctx = &x->ctx, .opt = &defaults, .work = mem, .cat = cat, .db = db, .time_parts = 1};
  assert_int_equal(judge_read(str_from(heavy), mem, &x->q.intent, &err), EMEND_OK);
}

static ask_try *tried(asking *x, const char *sql) {
  ask_try *t = ARENA_NEW(mem, ask_try);
  *t = (ask_try){.sql = str_from(sql), .generator = "draft", .share = 1, .round = 1};
  assert_int_equal(ask_try_run(&x->q, t, &err), EMEND_OK);
  return t;
}

/* The suspicion of `sql` beside what the script says. */
static ask_try *held(asking *x, const char *sql) {
  ask_second second;
  ask_tries tries = {0};
  ask_try *t = tried(x, sql);
  assert_true(vec_push(mem, &tries, t));
  assert_int_equal(ask_second_ask(&x->q, str_from(heavy), &second, &err), EMEND_OK);
  assert_int_equal(ask_second_hold(&x->q, str_from(heavy), &tries, &second, &err), EMEND_OK);
  return t;
}

static bool raises(const ask_try *t, const char *code) {
  for (size_t i = 0; i < t->signals.len; i++)
    if (strcmp(t->signals.items[i].code, code) == 0) return true;
  return false;
}

static void without_a_second_generator_nobody_is_asked(void **state) {
  (void)state;
  asking x = {.s = {.sql = {{"SELECT 1"}}}};
  ask_second second;
  begin(&x);
  x.ctx.second = NULL;
  assert_int_equal(ask_second_ask(&x.q, str_from(heavy), &second, &err), EMEND_OK);
  assert_false(second.asked);
  assert_int_equal(x.s.rounds, 0);
  gen_free(x.g);
}

static void every_candidate_of_it_is_run(void **state) {
  (void)state;
  asking x = {
      .s = {.sql = {{"SELECT name FROM pet WHERE weight > 10", "SELECT nothing FROM pet"}}}};
  ask_second second;
  begin(&x);
  assert_int_equal(ask_second_ask(&x.q, str_from(heavy), &second, &err), EMEND_OK);
  assert_true(second.asked);
  assert_int_equal(second.tries.len, 2);
  assert_true(second.tries.items[0]->ran);
  assert_true(second.tries.items[1]->failed);
  assert_string_equal(second.tries.items[0]->generator, "scripted");
  assert_string_equal(x.q.trace.items[0].stage, "second opinion");
  gen_free(x.g);
}

static void the_same_rows_are_less_suspected_than_others(void **state) {
  (void)state;
  asking same = {.s = {.sql = {{"SELECT name FROM pet WHERE weight > 10"}}}};
  asking other = {.s = {.sql = {{"SELECT weight FROM pet WHERE name = 'Tom'"}}}};
  begin(&same);
  begin(&other);
  const char *sql = "SELECT name FROM pet WHERE weight > 10.0";
  const ask_try *agreed = held(&same, sql), *alone = held(&other, sql);
  assert_int_equal(agreed->setting, JUDGE_DRAFT);
  assert_false(raises(agreed, "other_rows"));
  assert_true(raises(alone, "other_rows") && raises(alone, "nobody_agrees"));
  assert_true(agreed->suspicion < alone->suspicion);
  gen_free(same.g);
  gen_free(other.g);
}

static void an_opinion_that_failed_says_nothing_of_rows(void **state) {
  (void)state;
  asking x = {.s = {.sql = {{"SELECT nothing FROM pet"}}}};
  begin(&x);
  const ask_try *t = held(&x, "SELECT name FROM pet WHERE weight > 10");
  assert_false(raises(t, "other_rows"));
  gen_free(x.g);
}

static void holding_twice_counts_once(void **state) {
  (void)state;
  asking x = {.s = {.sql = {{"SELECT weight FROM pet"}}}};
  ask_second second;
  ask_tries tries = {0};
  begin(&x);
  ask_try *t = tried(&x, "SELECT name FROM pet WHERE weight > 10");
  assert_true(vec_push(mem, &tries, t));
  assert_int_equal(ask_second_ask(&x.q, str_from(heavy), &second, &err), EMEND_OK);
  assert_int_equal(ask_second_hold(&x.q, str_from(heavy), &tries, &second, &err), EMEND_OK);
  size_t n = t->signals.len;
  assert_int_equal(ask_second_hold(&x.q, str_from(heavy), &tries, &second, &err), EMEND_OK);
  assert_int_equal(t->signals.len, n);
  gen_free(x.g);
}

static void without_an_opinion_tries_are_held_against_each_other(void **state) {
  (void)state;
  asking x = {0};
  ask_second none = {0};
  ask_tries tries = {0};
  begin(&x);
  ask_try *first = tried(&x, "SELECT name FROM pet WHERE weight > 10");
  ask_try *second = tried(&x, "SELECT name FROM pet WHERE weight > 11");
  assert_true(vec_push(mem, &tries, first) && vec_push(mem, &tries, second));
  assert_int_equal(ask_second_hold(&x.q, str_from(heavy), &tries, &none, &err), EMEND_OK);
  assert_int_equal(first->setting, JUDGE_OWN);
  assert_true(raises(first, "same_rows"));
  gen_free(x.g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_a_second_generator_nobody_is_asked),
      cmocka_unit_test(every_candidate_of_it_is_run),
      cmocka_unit_test(the_same_rows_are_less_suspected_than_others),
      cmocka_unit_test(an_opinion_that_failed_says_nothing_of_rows),
      cmocka_unit_test(holding_twice_counts_once),
      cmocka_unit_test(without_an_opinion_tries_are_held_against_each_other),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
