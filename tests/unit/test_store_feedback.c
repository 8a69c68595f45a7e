/* store: feedback's steps and trail, what they teach, what people allow; nothing acknowledged is
 * lost when a process is killed. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "store/db.h"
#include "store/feedback.h"

static char dir[64], path[128];
static emend_error err;
static store *s;
static arena *mem;

static int set_up(void **state) {
  (void)state;
  strcpy(dir, "/tmp/emend-store-XXXXXX");
  assert_non_null(mkdtemp(dir));
  snprintf(path, sizeof path, "%s/state.sqlite", dir);
  mem = arena_create(64 << 20);
  return (int)store_open(path, &s, &err);
}

static int tear_down(void **state) {
  (void)state;
  char command[128];
  store_close(s);
  arena_destroy(mem);
  snprintf(command, sizeof command, "rm -rf %s", dir);
  return system(command) != 0;
}

static store_feedback sample(const char *id, const char *user) {
  return (store_feedback){.id = str_from(id),
                          .source = STR("shop"),
                          .user = str_from(user),
                          .question = STR("How many clubs?"),
                          .wrong_sql = STR("SELECT 1"),
                          .sql = STR("SELECT 2"),
                          .topic = STR("how many clubs"),
                          .shape = STR("SELECT 2"),
                          .rating = 5,
                          .differs = 1};
}

static const store_example taught = {.id = {"ex_1", 4},
                                     .source = {"shop", 4},
                                     .question = {"How many clubs?", 15},
                                     .sql = {"SELECT 2", 8},
                                     .origin = {"feedback", 8},
                                     .parent = {"fb_1", 4},
                                     .user = {"ann", 3}};

static emend_rc step(const char *id, store_feedback_status from, store_feedback_status to,
                     const store_example *example) {
  store_step one = {
      .id = str_from(id), .from = from, .to = to, .by = STR("rev"), .example = example};
  return store_feedback_steps(s, &one, 1, &err);
}

static size_t active(void) {
  store_examples list;
  assert_int_equal(store_example_list(s, (str){0}, (str){0}, mem, &list, &err), EMEND_OK);
  return list.len;
}

static void every_step_leaves_a_line_with_who_and_when(void **state) {
  (void)state;
  store_feedback f = sample("fb_1", "ann");
  store_logs log;
  assert_int_equal(store_feedback_add(s, &f, &err), EMEND_OK);
  const store_step two[] = {
      {.id = f.id, .from = STORE_PENDING, .to = STORE_VERIFIED, .by = STR("rev")},
      {.id = f.id,
       .from = STORE_VERIFIED,
       .to = STORE_APPLIED,
       .by = STR("rev"),
       .example = &taught}};
  assert_int_equal(store_feedback_steps(s, two, 2, &err), EMEND_OK);
  assert_int_equal(store_feedback_log(s, f.id, mem, &log, &err), EMEND_OK);
  assert_int_equal(log.len, 3);
  assert_true(str_eq(log.items[0].by, STR("ann")));
  assert_true(str_eq(log.items[2].to, STR("applied")));
  assert_true(str_eq(log.items[2].by, STR("rev")));
  assert_int_equal(log.items[1].at.len, 20);
  assert_int_equal(active(), 1);
}

static void what_the_judge_made_of_it_is_kept_and_so_is_that_it_was_not_asked(void **state) {
  (void)state;
  store_feedback f = sample("fb_1", "ann"), got;
  f.suspicion = 0.875;
  f.wrong_suspicion = -1;
  assert_int_equal(store_feedback_add(s, &f, &err), EMEND_OK);
  assert_int_equal(store_feedback_get(s, f.id, mem, &got, &err), EMEND_OK);
  assert_true(got.suspicion == 0.875 && got.wrong_suspicion < 0);
  f.suspicion = -1;
  f.wrong_suspicion = 0;
  assert_int_equal(store_feedback_edit(s, &f, STR("rev"), &err), EMEND_OK);
  assert_int_equal(store_feedback_get(s, f.id, mem, &got, &err), EMEND_OK);
  assert_true(got.suspicion < 0 && got.wrong_suspicion == 0);
}

static void a_state_is_neither_skipped_nor_entered_twice(void **state) {
  (void)state;
  store_feedback f = sample("fb_1", "ann");
  assert_int_equal(store_feedback_add(s, &f, &err), EMEND_OK);
  assert_int_equal(step("fb_1", STORE_VERIFIED, STORE_APPLIED, &taught), EMEND_EBUSY);
  assert_int_equal(active(), 0); /* nothing of the step is left */
  assert_int_equal(step("fb_1", STORE_PENDING, STORE_VERIFIED, NULL), EMEND_OK);
  assert_int_equal(step("fb_1", STORE_PENDING, STORE_VERIFIED, NULL), EMEND_EBUSY);
  assert_int_equal(step("fb_1", STORE_VERIFIED, STORE_APPLIED, &taught), EMEND_OK);
}

static void what_is_rejected_later_takes_back_what_it_taught(void **state) {
  (void)state;
  store_feedback f = sample("fb_1", "ann");
  store_examples news;
  int64_t before, after;
  assert_int_equal(store_feedback_add(s, &f, &err), EMEND_OK);
  assert_int_equal(step("fb_1", STORE_PENDING, STORE_VERIFIED, NULL), EMEND_OK);
  assert_int_equal(step("fb_1", STORE_VERIFIED, STORE_APPLIED, &taught), EMEND_OK);
  assert_int_equal(store_example_last(s, &before, &err), EMEND_OK);
  assert_int_equal(step("fb_1", STORE_APPLIED, STORE_REJECTED, NULL), EMEND_OK);
  assert_int_equal(store_example_last(s, &after, &err), EMEND_OK);
  assert_true(after > before); /* others notice */
  assert_int_equal(store_example_since(s, before, STR("net"), mem, &news, &err), EMEND_OK);
  assert_int_equal(news.len, 1);
  assert_false(news.items[0].active);
  assert_int_equal(news.items[0].question.len, 0);
}

static void a_vector_is_kept_for_its_maker_and_goes_with_its_example(void **state) {
  (void)state;
  const float numbers[] = {1, -2.5f, 3};
  store_vector v = {STR("ex_1"), {(const char *)numbers, sizeof numbers}};
  store_vector gone = {STR("ex_2"), {(const char *)numbers, sizeof numbers}};
  store_vectors both = {0};
  store_examples news;
  assert_true(vec_push(mem, &both, v) && vec_push(mem, &both, gone));
  assert_int_equal(store_example_add(s, &taught, &err), EMEND_OK);
  assert_int_equal(store_example_keep_vectors(s, STR("net"), &both, &err), EMEND_OK);
  assert_int_equal(store_example_since(s, 0, STR("net"), mem, &news, &err), EMEND_OK);
  assert_int_equal(news.len, 1);
  assert_true(str_eq(news.items[0].vector, v.bytes));
  assert_int_equal(store_example_since(s, 0, STR("other"), mem, &news, &err), EMEND_OK);
  assert_int_equal(news.items[0].vector.len, 0);
  assert_int_equal(store_example_drop(s, STR("ex_1"), &err), EMEND_OK);
  assert_int_equal(store_example_keep_vectors(s, STR("net"), &both, &err), EMEND_OK);
  assert_int_equal(store_example_since(s, 0, STR("net"), mem, &news, &err), EMEND_OK);
  assert_int_equal(news.items[0].vector.len, 0);
}

static void figures_count_shown_chosen_changed_and_confirmed(void **state) {
  (void)state;
  const store_use uses[] = {{STR("q_1"), STR("fb_1"), STR("correction"), .9, true},
                            {STR("q_1"), STR("ex_2"), STR("example"), .4, false},
                            {STR("q_2"), STR("fb_1"), STR("correction"), .8, true}};
  store_figures got;
  assert_int_equal(store_use_add(s, uses, 3, &err), EMEND_OK);
  assert_int_equal(store_use_changed(s, STR("q_1"), true, &err), EMEND_OK);
  assert_int_equal(store_use_confirm(s, STR("q_2"), &err), EMEND_OK);
  assert_int_equal(store_use_figures(s, STR("fb_1"), &got, &err), EMEND_OK);
  assert_int_equal(got.shown, 2);
  assert_int_equal(got.chosen, 2);
  assert_int_equal(got.changed, 1);
  assert_int_equal(got.confirmed, 1);
}

/* Is `word` anywhere in the state's files? */
static bool on_disk(const char *word) {
  char command[300];
  snprintf(command, sizeof command, "grep -aqr '%s' '%s'", word, dir);
  return system(command) == 0;
}

static void forgetting_leaves_no_byte_behind(void **state) {
  (void)state;
  store_feedback f = sample("fb_1", "ann-zanzibar");
  store_example e = taught;
  store_person was;
  char copy[400];
  e.question = f.question = STR("What did quetzalcoatl buy?");
  e.user = STR("ann-zanzibar");
  assert_int_equal(store_feedback_add(s, &f, &err), EMEND_OK);
  assert_int_equal(step("fb_1", STORE_PENDING, STORE_VERIFIED, NULL), EMEND_OK);
  assert_int_equal(step("fb_1", STORE_VERIFIED, STORE_APPLIED, &e), EMEND_OK);
  store_question q = {.id = STR("q_1"),
                      .asked_at = STR("2026-01-01T00:00:00Z"),
                      .user = STR("ann-zanzibar"),
                      .question = f.question,
                      .status = STR("answered"),
                      .warnings = STR("[]"),
                      .trace = STR("[]"),
                      .row_count = -1};
  assert_int_equal(store_question_add(s, &q, &err), EMEND_OK);
  snprintf(copy, sizeof copy, "cp %s %s.v1.bak", path, path);
  assert_int_equal(store_flush(s, &err), EMEND_OK);
  assert_int_equal(system(copy), 0);
  assert_true(on_disk("quetzalcoatl"));
  assert_int_equal(store_person_forget(s, STR("ann-zanzibar"), &was, &err), EMEND_OK);
  assert_int_equal(was.questions, 1);
  assert_int_equal(was.feedback, 1);
  assert_int_equal(was.examples, 1);
  assert_false(on_disk("quetzalcoatl"));
  assert_false(on_disk("zanzibar"));
  assert_int_equal(store_person_show(s, STR("ann-zanzibar"), &was, &err), EMEND_OK);
  assert_int_equal(was.questions + was.feedback + was.examples, 0);
}

static void an_opt_out_is_remembered(void **state) {
  (void)state;
  bool out = true;
  assert_int_equal(store_person_opted_out(s, STR("bob"), &out, &err), EMEND_OK);
  assert_false(out);
  assert_int_equal(store_person_opt(s, STR("bob"), true, &err), EMEND_OK);
  assert_int_equal(store_person_opted_out(s, STR("bob"), &out, &err), EMEND_OK);
  assert_true(out);
  assert_int_equal(store_person_opt(s, STR("bob"), false, &err), EMEND_OK);
  assert_int_equal(store_person_opted_out(s, STR("bob"), &out, &err), EMEND_OK);
  assert_false(out);
}

/* Adds and applies without end, writing the id of each that was acknowledged into `fd`. */
static void apply_for_ever(int fd, int round) {
  store *mine = NULL;
  if (store_open(path, &mine, &err)) _exit(1);
  for (int i = 0;; i++) {
    char id[40], ex[40], line[48];
    snprintf(id, sizeof id, "fb_%d_%d", round, i);
    snprintf(ex, sizeof ex, "ex_%d_%d", round, i);
    store_feedback f = sample(id, "ann");
    store_example e = taught;
    e.id = str_from(ex);
    e.parent = f.id;
    const store_step two[] = {
        {.id = f.id, .from = STORE_PENDING, .to = STORE_VERIFIED},
        {.id = f.id, .from = STORE_VERIFIED, .to = STORE_APPLIED, .example = &e}};
    if (store_feedback_add(mine, &f, &err) || store_feedback_steps(mine, two, 2, &err)) _exit(2);
    int n = snprintf(line, sizeof line, "%s\n", id);
    if (write(fd, line, (size_t)n) != n) _exit(3);
  }
}

static void check_life(const store_feedback *f) {
  store_logs log;
  assert_int_equal(store_feedback_log(s, f->id, mem, &log, &err), EMEND_OK);
  /* either only added, or verified and applied, each once and in order */
  assert_int_equal(log.len, f->status == STORE_PENDING ? 1 : 3);
  assert_true(f->status == STORE_PENDING || f->status == STORE_APPLIED);
  if (log.len == 3) assert_true(str_eq(log.items[1].to, STR("verified")));
}

static void killed_at_any_moment_nothing_acknowledged_is_lost(void **state) {
  (void)state;
  const char *told = getenv("EMEND_KILLS");
  int kills = told ? atoi(told) : 6;
  for (int round = 0; round < kills; round++) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) apply_for_ever(ends[1], round);
    close(ends[1]);
    usleep(20000 + 13000 * (unsigned)round % 70000);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    FILE *acknowledged = fdopen(ends[0], "r");
    char line[64];
    while (fgets(line, sizeof line, acknowledged)) {
      store_feedback f;
      line[strcspn(line, "\n")] = 0;
      assert_int_equal(store_feedback_get(s, str_from(line), mem, &f, &err), EMEND_OK);
      assert_int_equal(f.status, STORE_APPLIED);
    }
    fclose(acknowledged);
  }
  store_feedbacks all;
  const store_feedback_filter any = {.status = STORE_N_STATUS};
  size_t applied = 0;
  assert_int_equal(store_feedback_list(s, &any, mem, &all, &err), EMEND_OK);
  for (size_t i = 0; i < all.len; i++) {
    check_life(&all.items[i]);
    applied += all.items[i].status == STORE_APPLIED;
  }
  assert_int_equal(active(), applied);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(every_step_leaves_a_line_with_who_and_when, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(
          what_the_judge_made_of_it_is_kept_and_so_is_that_it_was_not_asked, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_state_is_neither_skipped_nor_entered_twice, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(what_is_rejected_later_takes_back_what_it_taught, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(a_vector_is_kept_for_its_maker_and_goes_with_its_example,
                                      set_up, tear_down),
      cmocka_unit_test_setup_teardown(figures_count_shown_chosen_changed_and_confirmed, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(forgetting_leaves_no_byte_behind, set_up, tear_down),
      cmocka_unit_test_setup_teardown(an_opt_out_is_remembered, set_up, tear_down),
      cmocka_unit_test_setup_teardown(killed_at_any_moment_nothing_acknowledged_is_lost, set_up,
                                      tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
