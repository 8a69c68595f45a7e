/* A process that confirms questions from eight threads is killed at any moment: what it had
 * acknowledged is there, and nothing is half written. EMEND_KILLS says how often (12; CI's long
 * form 200). */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <emend/emend.h>

#include "base/map.h"
#include "base/rng.h"
#include "support/database.h"

enum { THREADS = 8, ID_BYTES = 29, MOST_ACKNOWLEDGED = 100000 };

typedef struct worker {
  emend_engine *e;
  int number, round, pipe;
} worker;

/* Confirms one question after another, and says so only when the call has returned. */
static void *confirm_on(void *arg) {
  const worker *w = arg;
  for (int i = 0;; i++) {
    char question[80], sql[80], *id = NULL;
    emend_error err;
    snprintf(question, sizeof question, "how many rows have n = %d%d%05d", w->round + 1, w->number,
             i);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM t WHERE n = %d%d%05d", w->round + 1, w->number,
             i);
    emend_finalize_options opt = {.question = question, .sql = sql, .user = "ana"};
    if (emend_finalize(w->e, &opt, &id, &err)) _exit(3);
    if (write(w->pipe, id, ID_BYTES) != ID_BYTES) _exit(4);
    emend_free(id);
  }
  return NULL;
}

static void run_child(const char *db, const char *state, int round, int to) {
  emend_options opt = {.state = state};
  emend_engine *e = NULL;
  worker workers[THREADS];
  pthread_t threads[THREADS];
  if (emend_open(&opt, &e, NULL) || emend_source_add(e, db, NULL)) _exit(2);
  for (int i = 0; i < THREADS; i++) {
    workers[i] = (worker){e, i, round, to};
    if (pthread_create(&threads[i], NULL, confirm_on, &workers[i])) _exit(2);
  }
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  _exit(0);
}

/* Everything acknowledged is there, and what is there is whole. */
static size_t check(const char *state, const map *acknowledged) {
  emend_options opt = {.state = state};
  emend_engine *e = NULL;
  emend_finalized_list *all = NULL;
  emend_error err;
  assert_int_equal(emend_open(&opt, &e, &err), EMEND_OK);
  assert_int_equal(emend_finalized_read(e, NULL, &all, &err), EMEND_OK);
  size_t found = 0, n = all->n;
  for (size_t i = 0; i < all->n; i++) {
    const emend_finalized *f = &all->items[i];
    found += map_has(acknowledged, str_from(f->id));
    assert_true(f->n_wordings == 1 && strcmp(f->wordings[0].text, f->question) == 0);
    assert_string_equal(strrchr(f->question, ' '), strrchr(f->sql, ' '));
  }
  assert_int_equal(found, map_len(acknowledged));
  emend_finalized_list_free(all);
  emend_close(e);
  return n;
}

/* Reads what the child acknowledges until it has been killed after `ms`. */
static void kill_after(pid_t child, int from, unsigned ms, arena *a, map *acknowledged) {
  char id[ID_BYTES];
  size_t have = 0;
  ssize_t n;
  usleep(ms * 1000);
  kill(child, SIGKILL);
  while ((n = read(from, id + have, ID_BYTES - have)) > 0) {
    have += (size_t)n;
    if (have < ID_BYTES) continue;
    str copy = arena_str(a, (str){id, ID_BYTES});
    assert_true(map_put(acknowledged, copy, id));
    have = 0;
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFSIGNALED(status)) fail_msg("the child ended by itself: %d", WEXITSTATUS(status));
}

static void what_was_acknowledged_survives(void **state) {
  (void)state;
  const char *told = getenv("EMEND_KILLS");
  int kills = told ? atoi(told) : 12;
  database d;
  rng r;
  assert_true(database_create(&d, "CREATE TABLE t (n INTEGER)"));
  const char *path = folder_path(d.a, d.dir, "state.sqlite");
  map *acknowledged = map_create(d.a, false);
  rng_seed(&r, 7);
  size_t kept = 0;
  for (int round = 0; round < kills; round++) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      run_child(d.path, path, round, ends[1]);
    }
    close(ends[1]);
    kill_after(child, ends[0], 20 + rng_below(&r, 180), d.a, acknowledged);
    close(ends[0]);
    kept = check(path, acknowledged);
  }
  print_message("%zu acknowledged, %zu kept, %d kills\n", map_len(acknowledged), kept, kills);
  assert_true(map_len(acknowledged) > 0);
  database_drop(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(what_was_acknowledged_survives)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
