/* team: every worker does its part of every round, and rounds do not overlap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "nn/team.h"

enum { WORKERS = 5, ROUNDS = 300 };

static void add_own_number(void *arg, int worker) { ((long *)arg)[worker * 16] += worker + 1; }

static void every_worker_runs_in_every_round(void **state) {
  (void)state;
  long sums[WORKERS * 16] = {0}; /* a cache line each */
  team *t = team_create(WORKERS);
  assert_non_null(t);
  assert_int_equal(team_workers(t), WORKERS);
  for (int i = 0; i < ROUNDS; i++) {
    team_run(t, add_own_number, sums);
    for (int w = 0; w < WORKERS; w++) assert_int_equal(sums[w * 16], (i + 1) * (w + 1));
  }
  team_free(t);
}

static void a_team_of_one_needs_no_thread(void **state) {
  (void)state;
  long sum[16] = {0};
  team *t = team_create(1);
  team_run(t, add_own_number, sum);
  assert_int_equal(sum[0], 1);
  team_free(t);
  team_free(NULL);
}

static void impossible_teams_are_refused(void **state) {
  (void)state;
  assert_null(team_create(0));
  assert_null(team_create(65));
  mem_fail_at(1);
  assert_null(team_create(2));
  mem_fail_at(0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_worker_runs_in_every_round),
      cmocka_unit_test(a_team_of_one_needs_no_thread),
      cmocka_unit_test(impossible_teams_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
