/* store: rights, versions, foreign files, history in groups. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "store/db.h"
#include "store/feedback.h"
#include "store/finalized.h"

static char dir[64], path[128];
static emend_error err;

static int set_up(void **state) {
  (void)state;
  strcpy(dir, "/tmp/emend-store-XXXXXX");
  assert_non_null(mkdtemp(dir));
  snprintf(path, sizeof path, "%s/a/b/state.sqlite", dir);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", dir);
  return system(command) != 0;
}

static mode_t mode_of(const char *p) {
  struct stat st;
  assert_int_equal(stat(p, &st), 0);
  return st.st_mode & 0777;
}

static void write_file(const char *p, const char *text) {
  FILE *f = fopen(p, "w");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
}

static void run_sql(const char *p, const char *sql) {
  sqlite3 *db;
  assert_int_equal(sqlite3_open(p, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
}

static void a_new_state_is_readable_by_its_owner_alone(void **state) {
  (void)state;
  store *s = NULL;
  assert_int_equal(store_open(path, &s, &err), EMEND_OK);
  assert_int_equal(mode_of(path), 0600);
  char wal[160], folder[128];
  snprintf(wal, sizeof wal, "%s-wal", path);
  assert_int_equal(mode_of(wal), 0600);
  snprintf(folder, sizeof folder, "%s/a", dir);
  assert_int_equal(mode_of(folder), 0700);
  store_close(s);
}

static void the_default_path_follows_xdg_then_home(void **state) {
  (void)state;
  arena *a = arena_create(4096);
  setenv("XDG_DATA_HOME", "/x/data", 1);
  assert_string_equal(store_default_path(a), "/x/data/emend/state.sqlite");
  setenv("XDG_DATA_HOME", "relative", 1); /* the standard says: ignore it */
  setenv("HOME", "/home/me", 1);
  assert_string_equal(store_default_path(a), "/home/me/.local/share/emend/state.sqlite");
  unsetenv("XDG_DATA_HOME");
  unsetenv("HOME");
  assert_null(store_default_path(a));
  arena_destroy(a);
}

static void what_is_not_a_state_is_left_alone(void **state) {
  (void)state;
  char p[128];
  store *s = NULL;
  snprintf(p, sizeof p, "%s/shop.sqlite", dir);
  run_sql(p, "CREATE TABLE customer (id); INSERT INTO customer VALUES (1)");
  struct stat before, after;
  stat(p, &before);
  assert_int_equal(store_open(p, &s, &err), EMEND_EFORMAT);
  assert_non_null(strstr(err.msg, "not emend's state"));
  stat(p, &after);
  assert_int_equal(before.st_size, after.st_size);
  snprintf(p, sizeof p, "%s/notes.txt", dir);
  write_file(p,
             "just some text that is longer than a header, to be sure of it: "
             "one hundred bytes and more of it in one line");
  assert_int_equal(store_open(p, &s, &err), EMEND_EFORMAT);
  assert_int_equal(store_open(dir, &s, &err), EMEND_EIO);
  assert_int_equal(store_open("", &s, &err), EMEND_EUSAGE);
  assert_int_equal(store_open("postgresql://h/db", &s, &err), EMEND_EUSAGE);
  assert_null(s);
}

static void an_empty_file_becomes_a_state(void **state) {
  (void)state;
  char p[128];
  store *s = NULL;
  snprintf(p, sizeof p, "%s/empty", dir);
  write_file(p, "");
  assert_int_equal(store_open(p, &s, &err), EMEND_OK);
  store_close(s);
}

static void a_damaged_state_says_so(void **state) {
  (void)state;
  store *s = NULL;
  assert_int_equal(store_open(path, &s, &err), EMEND_OK);
  assert_int_equal(store_source_put(s, STR("shop"), STR("sqlite:/shop"), &err), EMEND_OK);
  store_close(s);
  FILE *f = fopen(path, "r+");
  fseek(f, 100, SEEK_SET);
  for (int i = 0; i < 30000; i++) fputc(0x5a, f);
  fclose(f);
  assert_int_equal(store_open(path, &s, &err), EMEND_EFORMAT);
  assert_non_null(strstr(err.msg, "damaged"));
}

static void a_newer_state_is_refused(void **state) {
  (void)state;
  store *s = NULL;
  assert_int_equal(store_open(path, &s, &err), EMEND_OK);
  store_close(s);
  run_sql(path, "UPDATE meta SET value = '99' WHERE name = 'version'");
  assert_int_equal(store_open(path, &s, &err), EMEND_EVERSION);
  assert_non_null(strstr(err.msg, "newer emend"));
}

static int count_rows(const char *p, const char *sql) {
  sqlite3 *db;
  sqlite3_stmt *stmt = NULL;
  assert_int_equal(sqlite3_open(p, &db), SQLITE_OK);
  int n = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL)
              ? -1
              : (sqlite3_step(stmt), sqlite3_column_int(stmt, 0));
  sqlite3_finalize(stmt);
  sqlite3_close(db);
  return n;
}

static void a_migration_copies_the_state_first_and_is_all_or_nothing(void **state) {
  (void)state;
  store *s = NULL;
  assert_int_equal(store_open(path, &s, &err), EMEND_OK);
  int version = count_rows(path, "SELECT value FROM meta WHERE name = 'version'");
  assert_int_equal(store_source_put(s, STR("shop"), STR("sqlite:/shop"), &err), EMEND_OK);
  store_migration bad[] = {{version, "known", ""},
                           {version + 1, "good", "CREATE TABLE extra (x)"},
                           {version + 2, "bad", "CREATE TABLE broken ("}};
  assert_int_not_equal(store_migrate(s, bad, 3, &err), EMEND_OK);
  assert_int_equal(count_rows(path, "SELECT count(*) FROM sqlite_master WHERE name = 'extra'"), 0);
  assert_int_equal(store_migrate(s, bad, 2, &err), EMEND_OK);
  assert_int_equal(count_rows(path, "SELECT count(*) FROM sqlite_master WHERE name = 'extra'"), 1);
  assert_int_equal(count_rows(path, "SELECT max(n) FROM migrations"), version + 1);
  char copy[160];
  snprintf(copy, sizeof copy, "%s.v%d.bak", path, version);
  assert_int_equal(mode_of(copy), 0600);
  assert_int_equal(count_rows(copy, "SELECT count(*) FROM sources WHERE name = 'shop'"), 1);
  assert_int_equal(count_rows(copy, "SELECT count(*) FROM sqlite_master WHERE name = 'extra'"), 0);
  store_close(s);
}

static void sources_and_annotations_come_back(void **state) {
  (void)state;
  arena *a = arena_create(1 << 20);
  store *s = NULL;
  assert_int_equal(store_open(path, &s, &err), EMEND_OK);
  assert_int_equal(store_annotate(s, STR("shop"), STR("t"), STR("c"), "x", -1, STR(""), &err),
                   EMEND_ENOTFOUND);
  assert_int_equal(store_source_put(s, STR("shop"), STR("sqlite:/one"), &err), EMEND_OK);
  assert_int_equal(store_source_put(s, STR("shop"), STR("sqlite:/two"), &err), EMEND_OK);
  assert_int_equal(store_source_put(s, STR("bank"), STR("sqlite:/three"), &err), EMEND_OK);
  assert_int_equal(store_annotate(s, STR("shop"), STR("t"), STR("c"), "net", -1, STR("ann"), &err),
                   EMEND_OK);
  assert_int_equal(store_annotate(s, STR("shop"), STR("t"), STR("c"), NULL, 1, STR("bob"), &err),
                   EMEND_OK);
  store_close(s);
  assert_int_equal(store_open(path, &s, &err), EMEND_OK);
  store_sources list;
  assert_int_equal(store_source_list(s, a, &list, &err), EMEND_OK);
  assert_int_equal(list.len, 2);
  assert_string_equal(list.items[0].name.ptr, "bank");
  assert_string_equal(list.items[1].url.ptr, "sqlite:/two");
  store_annotations notes;
  assert_int_equal(store_annotation_list(s, STR("shop"), a, &notes, &err), EMEND_OK);
  assert_int_equal(notes.len, 1);
  assert_string_equal(notes.items[0].comment.ptr, "net"); /* kept by the second call */
  assert_true(notes.items[0].values_private);
  assert_int_equal(store_source_remove(s, STR("shop"), &err), EMEND_OK);
  assert_int_equal(store_source_remove(s, STR("shop"), &err), EMEND_ENOTFOUND);
  assert_int_equal(store_annotation_list(s, STR("shop"), a, &notes, &err), EMEND_OK);
  assert_int_equal(notes.len, 0);
  store_close(s);
  arena_destroy(a);
}

static void ids_sort_by_time_and_differ(void **state) {
  (void)state;
  char one[STORE_ID_MAX], two[STORE_ID_MAX], later[STORE_ID_MAX];
  store_new_id("q_", one);
  store_new_id("q_", two);
  usleep(3000);
  store_new_id("q_", later);
  assert_int_equal(strlen(one), 28);
  assert_int_equal(strncmp(one, "q_", 2), 0);
  assert_string_not_equal(one, two);
  assert_true(strcmp(one, later) < 0 && strcmp(two, later) < 0);
}

/* Lists are ordered by them: what was written later must come later, however soon. */
static void ids_of_one_millisecond_keep_their_order(void **state) {
  (void)state;
  char before[STORE_ID_MAX], id[STORE_ID_MAX];
  store_new_id("q_", before);
  for (int i = 0; i < 20000; i++) {
    store_new_id("q_", id);
    assert_true(strcmp(before, id) < 0);
    memcpy(before, id, sizeof id);
  }
}

static store_question sample(arena *a, const char *id) {
  store_question q = {.id = str_from(id),
                      .asked_at = STR("2026-11-20T00:00:00Z"),
                      .question = STR("How many?"),
                      .status = STR("failed"),
                      .sql = STR("SELECT 1"),
                      .warnings = STR("[]"),
                      .trace = STR("[]"),
                      .confidence = 0.25,
                      .row_count = -1,
                      .failure_kind = STR("attempts_spent"),
                      .failure_detail = STR("no such column")};
  vec_push(a, &q.attempts, ((store_attempt){1, STR("SELECT x"), STR("embedded"), STR("[]"), 2.5}));
  vec_push(a, &q.attempts, ((store_attempt){2, STR("SELECT 1"), STR("repair"), STR("[]"), 0.5}));
  return q;
}

static void a_question_comes_back_whole(void **state) {
  (void)state;
  arena *a = arena_create(1 << 20);
  store *s = NULL;
  assert_int_equal(store_open(path, &s, &err), EMEND_OK);
  store_question q = sample(a, "q_1"), back;
  assert_int_equal(store_question_add(s, &q, &err), EMEND_OK);
  assert_int_equal(store_question_get(s, STR("q_1"), a, &back, &err), EMEND_OK);
  assert_string_equal(back.question.ptr, "How many?");
  assert_int_equal(back.user.len, 0);
  assert_true(back.confidence == 0.25 && back.row_count == -1);
  assert_int_equal(back.attempts.len, 2);
  assert_string_equal(back.attempts.items[1].generator.ptr, "repair");
  assert_string_equal(back.failure_kind.ptr, "attempts_spent");
  assert_int_equal(store_question_get(s, STR("q_2"), a, &back, &err), EMEND_ENOTFOUND);
  store_failures failures;
  assert_int_equal(store_failure_list(s, 10, a, &failures, &err), EMEND_OK);
  assert_int_equal(failures.len, 1);
  assert_string_equal(failures.items[0].question_id.ptr, "q_1");
  assert_int_equal(store_failure_add(s, STR("q_1"), STR("wrong"), STR("wrong_rows"), &err),
                   EMEND_OK);
  assert_int_equal(store_failure_list(s, 10, a, &failures, &err), EMEND_OK);
  assert_int_equal(failures.len, 2); /* the latest first */
  assert_string_equal(failures.items[0].kind.ptr, "wrong");
  assert_string_equal(failures.items[0].detail.ptr, "wrong_rows");
  store_close(s);
  arena_destroy(a);
}

static void history_reaches_the_disk_by_itself(void **state) {
  (void)state;
  arena *a = arena_create(1 << 20);
  store *s = NULL;
  assert_int_equal(store_open(path, &s, &err), EMEND_OK);
  for (int i = 0; i < 20; i++) {
    store_question q = sample(a, arena_printf(a, "q_%02d", i));
    assert_int_equal(store_question_add(s, &q, &err), EMEND_OK);
  }
  int n = 0;
  for (int tries = 0; n < 20 && tries < 200; tries++) {
    usleep(10000);
    n = count_rows(path, "SELECT count(*) FROM questions");
  }
  assert_int_equal(n, 20);
  store_question q = sample(a, "q_last");
  assert_int_equal(store_question_add(s, &q, &err), EMEND_OK);
  store_close(s); /* must not lose what is queued */
  assert_int_equal(count_rows(path, "SELECT count(*) FROM questions WHERE id = 'q_last'"), 1);
  arena_destroy(a);
}

/* Another process holds the write lock for longer than anybody waits for the history's sake. */
static void history_that_a_lock_keeps_out_stays_queued(void **state) {
  (void)state;
  arena *a = arena_create(1 << 20);
  store *s = NULL;
  store_question back, q = sample(a, "q_held");
  sqlite3 *other = NULL;
  assert_int_equal(store_open(path, &s, &err), EMEND_OK);
  assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
  assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(store_question_add(s, &q, &err), EMEND_OK);
  const store_asked_back asked = {STR("q_held"), STR("fz_1"), STR("u"), STR("how?"),
                                  STR("SELECT 1")};
  assert_int_equal(store_asked_back_add(s, &asked, &err), EMEND_OK);
  assert_int_equal(store_flush_briefly(s, &err), EMEND_EBUSY);
  assert_non_null(strstr(err.msg, "locked"));
  store_vector v = {STR("ex_1"), STR("1234")};
  const store_vectors vectors = {&v, 1, 1};
  assert_int_equal(store_example_keep_vectors(s, STR("m"), &vectors, &err), EMEND_EBUSY);
  assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(store_flush_briefly(s, &err), EMEND_OK);
  assert_int_equal(store_question_get(s, STR("q_held"), a, &back, &err), EMEND_OK);
  assert_int_equal(back.attempts.len, 2);
  store_asked_back kept;
  assert_int_equal(store_asked_back_get(s, STR("q_held"), a, &kept, &err), EMEND_OK);
  assert_true(str_eq(kept.question, asked.question) && str_eq(kept.query, asked.query));
  sqlite3_close(other);
  store_close(s);
  arena_destroy(a);
}

static void *ask_many(void *arg) {
  store *s = arg;
  arena *a = arena_create(8 << 20);
  char id[STORE_ID_MAX];
  for (int i = 0; i < 200; i++) {
    store_new_id("q_", id);
    store_question q = sample(a, id);
    assert_int_equal(store_question_add(s, &q, NULL), EMEND_OK);
    if (i % 50 == 0) assert_int_equal(store_flush(s, NULL), EMEND_OK);
  }
  arena_destroy(a);
  return NULL;
}

static void threads_share_a_store(void **state) {
  (void)state;
  store *s = NULL;
  assert_int_equal(store_open(path, &s, &err), EMEND_OK);
  pthread_t t[4];
  for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&t[i], NULL, ask_many, s), 0);
  for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
  store_close(s);
  assert_int_equal(count_rows(path, "SELECT count(*) FROM questions"), 800);
  assert_int_equal(count_rows(path, "SELECT count(*) FROM attempts"), 1600);
}

/* A failed request at any point gives ENOMEM, never a crash or a broken state. */
static void no_memory_is_an_error_at_every_point(void **state) {
  (void)state;
  arena *a = arena_create(1 << 20);
  store_question q = sample(a, "q_1"), back;
  emend_rc rc = EMEND_ENOMEM;
  for (long at = 1; rc && at < 200; at++) {
    store *s = NULL;
    arena *mem = arena_create(1 << 20);
    mem_fail_at(at);
    rc = store_open(path, &s, &err);
    if (!rc) rc = store_question_add(s, &q, &err);
    if (!rc) rc = store_question_get(s, STR("q_1"), mem, &back, &err);
    mem_fail_at(0);
    if (rc) assert_int_equal(rc, EMEND_ENOMEM);
    store_close(s);
    arena_destroy(mem);
    if (rc && !access(path, F_OK))
      run_sql(path, "DELETE FROM attempts; DELETE FROM failures; DELETE FROM questions");
  }
  assert_int_equal(rc, EMEND_OK);
  arena_destroy(a);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(a_new_state_is_readable_by_its_owner_alone),
      CASE(the_default_path_follows_xdg_then_home),
      CASE(what_is_not_a_state_is_left_alone),
      CASE(an_empty_file_becomes_a_state),
      CASE(a_damaged_state_says_so),
      CASE(a_newer_state_is_refused),
      CASE(a_migration_copies_the_state_first_and_is_all_or_nothing),
      CASE(sources_and_annotations_come_back),
      CASE(ids_sort_by_time_and_differ),
      CASE(ids_of_one_millisecond_keep_their_order),
      CASE(a_question_comes_back_whole),
      CASE(history_reaches_the_disk_by_itself),
      CASE(history_that_a_lock_keeps_out_stays_queued),
      CASE(threads_share_a_store),
      CASE(no_memory_is_an_error_at_every_point),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
