/* A SQLite file is read in whatever state it is found, and neither it nor its folder changes. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "base/mem.h"
#include "source/source.h"
#include "support/folder.h"

static arena *A;
static const char *dir, *path;

static int setup(void **state) {
  (void)state;
  A = arena_create((size_t)256 << 20);
  dir = A ? folder_make(A) : NULL;
  path = dir ? folder_path(A, dir, "shop.db") : NULL;
  return path ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  folder_remove(dir);
  arena_destroy(A);
  return 0;
}

static void run_sql(sqlite3 *db, const char *sql) {
  if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK) return;
  fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
  abort();
}

static void make_db(const char *sql) {
  sqlite3 *db;
  if (sqlite3_open(path, &db) != SQLITE_OK) abort();
  run_sql(db, sql);
  sqlite3_close(db);
}

/* Another process that has run `sql` on the database and holds it open. */
typedef struct writer {
  pid_t pid;
  int go; /* write to it, or close it, to let the process on */
  int done;
} writer;

static writer start_writer(const char *sql, const char *later, bool crash) {
  int go[2], done[2];
  if (pipe(go) || pipe(done)) abort();
  writer w = {.pid = fork(), .go = go[1], .done = done[0]};
  if (w.pid == 0) {
    sqlite3 *db;
    char c;
    close(go[1]);
    if (sqlite3_open(path, &db) != SQLITE_OK) abort();
    run_sql(db, sql);
    if (write(done[1], "x", 1) != 1) abort();
    if (read(go[0], &c, 1) == 1 && later) {
      run_sql(db, later);
      if (write(done[1], "x", 1) != 1 || read(go[0], &c, 1) < 0) abort();
    }
    if (!crash) sqlite3_close(db);
    _exit(0);
  }
  close(go[0]);
  close(done[1]);
  char c;
  assert_int_equal(read(w.done, &c, 1), 1);
  return w;
}

static void continue_writer(writer *w) {
  char c;
  assert_int_equal(write(w->go, "x", 1), 1);
  assert_int_equal(read(w->done, &c, 1), 1);
}

static void end_writer(writer *w) {
  int status = 0;
  close(w->go);
  waitpid(w->pid, &status, 0);
  close(w->done);
  assert_int_equal(status, 0);
}

static source *open_source(void) {
  source *s;
  emend_error err = {0};
  if (source_open(path, &s, &err)) fail_msg("%s", err.msg);
  return s;
}

static int64_t count_rows(source *s) {
  source_result r;
  emend_error err = {0};
  if (source_run(s, STR("SELECT count(*), total(x) FROM t"), NULL, A, &r, &err))
    fail_msg("%s", err.msg);
  return r.cells[0].i;
}

/* Opens, reads, describes and closes; the folder must be byte for byte what it was. */
static int64_t read_and_compare(void) {
  const char *before = folder_listing(A, dir);
  source *s = open_source();
  int64_t n = count_rows(s);
  source_schema schema;
  str stamp;
  assert_int_equal(source_describe(s, A, &schema, NULL), EMEND_OK);
  assert_int_equal(source_stamp(s, A, &stamp, NULL), EMEND_OK);
  assert_int_equal(schema.tables.len, 1);
  assert_string_equal(folder_listing(A, dir), before);
  source_close(s);
  assert_string_equal(folder_listing(A, dir), before);
  return n;
}

static void a_plain_database_is_left_as_it_was(void **state) {
  (void)state;
  make_db("CREATE TABLE t(x); INSERT INTO t VALUES (1), (2)");
  assert_int_equal(read_and_compare(), 2);
}

static void a_read_only_folder_is_enough(void **state) {
  (void)state;
  make_db("PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1)");
  chmod(path, 0444);
  chmod(dir, 0555);
  assert_int_equal(read_and_compare(), 1);
  chmod(dir, 0755);
}

static void a_wal_database_at_rest_gets_no_side_files(void **state) {
  (void)state;
  make_db("PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1), (2), (3)");
  assert_int_equal(access(folder_path(A, dir, "shop.db-wal"), F_OK), -1);
  assert_int_equal(read_and_compare(), 3);
}

static void a_live_writers_commits_are_seen(void **state) {
  (void)state;
  writer w = start_writer(
      "PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1), (2);"
      "BEGIN; INSERT INTO t VALUES (3)",
      "COMMIT", false);
  assert_int_equal(read_and_compare(), 2);
  source *s = open_source();
  assert_int_equal(count_rows(s), 2);
  continue_writer(&w);
  assert_int_equal(count_rows(s), 3);
  end_writer(&w);
  /* The writer could tidy up although the source is still open. */
  assert_int_equal(access(folder_path(A, dir, "shop.db-wal"), F_OK), -1);
  assert_int_equal(access(folder_path(A, dir, "shop.db-shm"), F_OK), -1);
  assert_int_equal(count_rows(s), 3);
  assert_int_equal(access(folder_path(A, dir, "shop.db-wal"), F_OK), -1);
  source_close(s);
}

static void an_idle_writer_that_starts_to_write_is_followed(void **state) {
  (void)state;
  make_db("PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1)");
  writer w = start_writer("SELECT * FROM t", "INSERT INTO t VALUES (2)", false);
  assert_int_equal(read_and_compare(), 1);
  source *s = open_source();
  assert_int_equal(count_rows(s), 1);
  continue_writer(&w);
  assert_int_equal(count_rows(s), 2);
  source_close(s);
  end_writer(&w);
}

static void a_crashed_wal_writers_commits_are_seen(void **state) {
  (void)state;
  make_db("PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1)");
  writer w = start_writer("INSERT INTO t VALUES (2); BEGIN; INSERT INTO t VALUES (3)", NULL, true);
  end_writer(&w);
  assert_int_equal(access(folder_path(A, dir, "shop.db-wal"), F_OK), 0);
  assert_int_equal(read_and_compare(), 2);
  unlink(folder_path(A, dir, "shop.db-shm"));
  assert_int_equal(read_and_compare(), 2);
  chmod(dir, 0555);
  assert_int_equal(read_and_compare(), 2);
}

static void a_hot_journal_is_rolled_back_in_a_copy(void **state) {
  (void)state;
  make_db(
      "CREATE TABLE t(x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n LIMIT 2000)"
      " INSERT INTO t SELECT hex(randomblob(100)) FROM n");
  writer w = start_writer(
      "PRAGMA cache_size=5; PRAGMA cache_spill=1; BEGIN; DELETE FROM t;"
      "INSERT INTO t VALUES (1)",
      NULL, true);
  end_writer(&w);
  assert_int_equal(access(folder_path(A, dir, "shop.db-journal"), F_OK), 0);
  assert_int_equal(read_and_compare(), 2000);
  source *s = open_source();
  for (int i = 0; i < 3; i++) assert_int_equal(count_rows(s), 2000);
  make_db("SELECT * FROM t; INSERT INTO t VALUES (1)"); /* someone recovers it in place */
  assert_int_equal(count_rows(s), 2001);
  source_close(s);
}

static void private_copies_leave_nothing_behind(void **state) {
  (void)state;
  const char *tmp = folder_make(A);
  setenv("TMPDIR", tmp, 1);
  make_db("PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1)");
  writer w = start_writer("INSERT INTO t VALUES (2)", NULL, true);
  end_writer(&w);
  unlink(folder_path(A, dir, "shop.db-shm"));
  const char *empty = folder_listing(A, tmp);
  source *s = open_source();
  assert_string_equal(folder_listing(A, tmp), empty); /* even while it is open */
  for (int i = 0; i < 3; i++) assert_int_equal(count_rows(s), 2);
  source_close(s);
  assert_string_equal(folder_listing(A, tmp), empty);
  setenv("TMPDIR", "/nonexistent", 1);
  emend_error err = {0};
  assert_int_equal(source_open(path, &s, &err), EMEND_EIO);
  assert_non_null(strstr(err.msg, "/nonexistent"));
  unsetenv("TMPDIR");
  folder_remove(tmp);
}

static void a_writer_that_has_not_committed_does_not_hinder(void **state) {
  (void)state;
  make_db("CREATE TABLE t(x); INSERT INTO t VALUES (1)");
  writer w = start_writer("BEGIN IMMEDIATE; INSERT INTO t VALUES (2)", "COMMIT", false);
  assert_int_equal(read_and_compare(), 1);
  source *s = open_source();
  assert_int_equal(count_rows(s), 1);
  continue_writer(&w);
  assert_int_equal(count_rows(s), 2);
  source_close(s);
  end_writer(&w);
}

static void a_lock_is_waited_for_and_then_named(void **state) {
  (void)state;
  make_db("CREATE TABLE t(x)");
  writer w = start_writer("BEGIN EXCLUSIVE", NULL, false);
  source *s;
  emend_error err = {0};
  double start = clock_ms();
  assert_int_equal(source_open(path, &s, &err), EMEND_EBUSY);
  assert_true(clock_ms() - start < 15000);
  assert_null(s);
  assert_non_null(strstr(err.msg, "locked"));
  end_writer(&w);
}

static void a_replaced_file_is_noticed(void **state) {
  (void)state;
  make_db("CREATE TABLE t(x); INSERT INTO t VALUES (1)");
  source *s = open_source();
  assert_int_equal(count_rows(s), 1);
  str before, after;
  assert_int_equal(source_stamp(s, A, &before, NULL), EMEND_OK);
  const char *other = folder_path(A, dir, "other.db"), *real = path;
  path = other;
  make_db("CREATE TABLE t(x); INSERT INTO t VALUES (1), (2)");
  path = real;
  assert_int_equal(rename(other, path), 0);
  assert_int_equal(count_rows(s), 2);
  assert_int_equal(source_stamp(s, A, &after, NULL), EMEND_OK);
  assert_false(str_eq(before, after));
  unlink(path);
  source_result r;
  emend_error err = {0};
  assert_int_equal(source_run(s, STR("SELECT 1"), NULL, A, &r, &err), EMEND_ENOTFOUND);
  source_close(s);
}

static void a_changed_schema_changes_the_stamp(void **state) {
  (void)state;
  make_db("CREATE TABLE t(x)");
  source *s = open_source();
  str a, b, c;
  assert_int_equal(source_stamp(s, A, &a, NULL), EMEND_OK);
  make_db("INSERT INTO t VALUES (1)");
  assert_int_equal(source_stamp(s, A, &b, NULL), EMEND_OK);
  make_db("CREATE TABLE u(y)");
  assert_int_equal(source_stamp(s, A, &c, NULL), EMEND_OK);
  assert_true(str_eq(a, b) && !str_eq(b, c));
  source_close(s);
}

/* The stamp is looked up without a lock: what a writer has not committed must not show in it. */
static void a_schema_that_is_not_committed_does_not_change_the_stamp(void **state) {
  (void)state;
  make_db("CREATE TABLE t(x)");
  source *s = open_source();
  str before, during, after;
  assert_int_equal(source_stamp(s, A, &before, NULL), EMEND_OK);
  writer w = start_writer("BEGIN EXCLUSIVE; CREATE TABLE u(y)", "ROLLBACK", false);
  assert_int_equal(source_stamp(s, A, &during, NULL), EMEND_OK);
  continue_writer(&w);
  end_writer(&w);
  assert_int_equal(source_stamp(s, A, &after, NULL), EMEND_OK);
  assert_true(str_eq(before, during) && str_eq(before, after));
  w = start_writer("BEGIN EXCLUSIVE; CREATE TABLE v(y)", "COMMIT", false);
  continue_writer(&w);
  end_writer(&w);
  assert_int_equal(source_stamp(s, A, &after, NULL), EMEND_OK);
  assert_false(str_eq(before, after));
  source_close(s);
}

/* A statement stays compiled between two runs of it. */
static void a_query_that_ran_before_follows_the_schema(void **state) {
  (void)state;
  make_db("CREATE TABLE t(x); INSERT INTO t VALUES (1)");
  source *s = open_source();
  source_result r;
  emend_error err = {0};
  const str all = STR("SELECT * FROM t");
  for (int i = 0; i < 2; i++) assert_int_equal(source_run(s, all, NULL, A, &r, &err), EMEND_OK);
  assert_int_equal(r.n_columns, 1);
  make_db("ALTER TABLE t ADD COLUMN y TEXT DEFAULT 'new'");
  assert_int_equal(source_run(s, all, NULL, A, &r, &err), EMEND_OK);
  assert_int_equal(r.n_columns, 2);
  assert_true(str_eq(r.names[1], STR("y")) && str_eq(r.cells[1].text, STR("new")));
  make_db("DROP TABLE t");
  assert_int_equal(source_run(s, all, NULL, A, &r, &err), EMEND_EDB);
  assert_non_null(strstr(err.msg, "no such table"));
  make_db("CREATE VIEW t AS SELECT 7 AS z");
  assert_int_equal(source_run(s, all, NULL, A, &r, &err), EMEND_OK);
  assert_int_equal(r.cells[0].i, 7);
  source_close(s);
}

static void between_queries_no_lock_is_held(void **state) {
  (void)state;
  make_db("CREATE TABLE t(x); INSERT INTO t VALUES (1), (2)");
  source *s = open_source();
  source_result r;
  const source_limits one = {.max_rows = 1};
  assert_int_equal(source_run(s, STR("SELECT x FROM t"), &one, A, &r, NULL), EMEND_OK);
  assert_true(r.truncated);
  assert_int_equal(count_rows(s), 2);
  writer w = start_writer("BEGIN EXCLUSIVE; INSERT INTO t VALUES (3)", "COMMIT", false);
  continue_writer(&w);
  end_writer(&w);
  assert_int_equal(count_rows(s), 3);
  source_close(s);
}

static emend_rc open_fails(const char *url, const char *word) {
  source *s;
  emend_error err = {0};
  emend_rc rc = source_open(url, &s, &err);
  assert_null(s);
  assert_string_equal(err.stage, "open");
  if (!strstr(err.msg, word)) fail_msg("no \"%s\" in: %s", word, err.msg);
  return rc;
}

static void write_file(const char *name, const char *text, size_t n) {
  FILE *f = fopen(name, "wb");
  if (!f || fwrite(text, 1, n, f) != n) abort();
  fclose(f);
}

static void what_is_no_database_is_said_clearly(void **state) {
  (void)state;
  char text[3000];
  memset(text, 'a', sizeof text);
  assert_int_equal(open_fails(folder_path(A, dir, "none.db"), "no such file"), EMEND_ENOTFOUND);
  assert_int_equal(open_fails(dir, "directory"), EMEND_EFORMAT);
  const size_t sizes[] = {2, 10, 99, 100, 512, sizeof text};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    write_file(path, text, sizes[i]);
    assert_int_equal(open_fails(path, "not a SQLite database"), EMEND_EFORMAT);
  }
  assert_int_equal(open_fails("", "no database given"), EMEND_EUSAGE);
  assert_int_equal(open_fails(NULL, "no database given"), EMEND_EUSAGE);
  assert_int_equal(open_fails("/dev/null", "not a regular file"), EMEND_EFORMAT);
  assert_int_equal(open_fails("oracle://host/db", "sqlite:"), EMEND_EUSAGE);
  assert_int_equal(open_fails("odbc:DSN=x", "\"odbc:\""), EMEND_EUSAGE);
  char *longest = arena_alloc(A, 20001);
  memset(longest, 'x', 20000);
  assert_int_equal(open_fails(longest, "too long"), EMEND_EUSAGE);
}

static void an_empty_file_is_an_empty_database(void **state) {
  (void)state;
  write_file(path, "", 0);
  const char *before = folder_listing(A, dir);
  source *s = open_source();
  source_schema schema;
  assert_int_equal(source_describe(s, A, &schema, NULL), EMEND_OK);
  assert_int_equal(schema.tables.len, 0);
  source_close(s);
  assert_string_equal(folder_listing(A, dir), before);
}

static void damage_is_an_error_and_never_a_crash(void **state) {
  (void)state;
  make_db(
      "CREATE TABLE t(x, y); CREATE INDEX i ON t(y); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
      " SELECT i+1 FROM n LIMIT 3000) INSERT INTO t SELECT i, hex(randomblob(50)) FROM n");
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  static char whole[1 << 20];
  size_t n = fread(whole, 1, sizeof whole, f);
  fclose(f);
  uint32_t seed = 1;
  for (int round = 0; round < 60; round++) {
    static char bad[1 << 20];
    memcpy(bad, whole, n);
    for (int k = 0; k < 200; k++) {
      seed = seed * 1664525u + 1013904223u;
      bad[(round % 2 ? 0 : 4096) + (seed >> 8) % (round % 2 ? 4096 : n - 4096)] = (char)(seed >> 3);
    }
    memcpy(bad, whole, 16);
    write_file(path, bad, round % 7 == 6 ? n / 2 : n);
    source *s;
    source_schema schema;
    source_result r;
    if (source_open(path, &s, NULL)) continue;
    source_describe(s, A, &schema, NULL);
    source_run(s, STR("SELECT count(*), sum(x), max(y) FROM t"), NULL, A, &r, NULL);
    source_close(s);
  }
  write_file(path, whole, 5000);
  source *s;
  emend_error err = {0};
  emend_rc rc = source_open(path, &s, &err);
  source_result r;
  if (!rc) rc = source_run(s, STR("SELECT sum(x) FROM t"), NULL, A, &r, &err);
  assert_true(rc == EMEND_EDB || rc == EMEND_EFORMAT);
  source_close(s);
}

static void odd_paths_and_urls_open(void **state) {
  (void)state;
  const char *names[] = {"a b.db", "50%.db", "what?.db", "a#b.db", "é.db", "'q\".db", "a%20b.db"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    path = folder_path(A, dir, names[i]);
    make_db("CREATE TABLE t(x); INSERT INTO t VALUES (1)");
    source *s = open_source();
    assert_int_equal(count_rows(s), 1);
    assert_string_equal(source_url(s), path);
    source_close(s);
    const char *forms[] = {"sqlite:%s", "sqlite://%s", "SQLITE:%s"};
    for (int k = 0; k < 3; k++) {
      char url[4096];
      size_t head = strlen(forms[k]) - 2;
      memcpy(url, forms[k], head);
      strcpy(url + head, path);
      assert_int_equal(source_open(url, &s, NULL), EMEND_OK);
      source_close(s);
    }
  }
  const char *link = folder_path(A, dir, "link.db");
  assert_int_equal(symlink(path, link), 0);
  path = link;
  source *s = open_source();
  assert_int_equal(count_rows(s), 1);
  source_close(s);
}

/* As nobody, since root may read everything. */
static void a_file_without_rights_is_said_to_be_so(void **state) {
  (void)state;
  make_db("CREATE TABLE t(x)");
  chmod(dir, 0755);
  chmod(path, 0);
  pid_t pid = fork();
  if (pid == 0) {
    if (geteuid() == 0 && setuid(65534) != 0) _exit(3);
    source *s;
    emend_error err = {0};
    emend_rc rc = source_open(path, &s, &err);
    _exit(rc == EMEND_EIO && strstr(err.msg, "no permission") ? 0 : 1);
  }
  int status = -1;
  waitpid(pid, &status, 0);
  assert_int_equal(status, 0);
}

/* A connection of our own must not drop the locks of another one in the same process. */
static void locks_of_the_same_process_survive(void **state) {
  (void)state;
  sqlite3 *db;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  run_sql(db,
          "CREATE TABLE t(x); INSERT INTO t VALUES (1); BEGIN IMMEDIATE; INSERT INTO t VALUES (2)");
  source *s = open_source();
  assert_int_equal(count_rows(s), 1);
  source_close(s);
  pid_t pid = fork();
  if (pid == 0) {
    sqlite3 *other;
    sqlite3_open(path, &other);
    _exit(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_BUSY ? 0 : 1);
  }
  int status = -1;
  waitpid(pid, &status, 0);
  assert_int_equal(status, 0);
  run_sql(db, "COMMIT");
  sqlite3_close(db);
}

static void memory_failure_while_opening_is_reported(void **state) {
  (void)state;
  make_db("PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1)");
  writer w = start_writer("INSERT INTO t VALUES (2)", NULL, true);
  end_writer(&w);
  unlink(folder_path(A, dir, "shop.db-shm"));
  const char *before = folder_listing(A, dir);
  bool done = false;
  for (long n = 1; !done && n < 100; n++) {
    source *s = NULL;
    mem_fail_at(n);
    emend_rc rc = source_open(path, &s, NULL);
    done = mem_requests() < n;
    mem_fail_at(0);
    assert_int_equal(rc, done ? EMEND_OK : EMEND_ENOMEM);
    source_close(s);
  }
  assert_true(done);
  assert_string_equal(folder_listing(A, dir), before);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  const struct CMUnitTest tests[] = {
      TEST(a_plain_database_is_left_as_it_was),
      TEST(a_read_only_folder_is_enough),
      TEST(a_wal_database_at_rest_gets_no_side_files),
      TEST(a_live_writers_commits_are_seen),
      TEST(an_idle_writer_that_starts_to_write_is_followed),
      TEST(a_crashed_wal_writers_commits_are_seen),
      TEST(a_hot_journal_is_rolled_back_in_a_copy),
      TEST(private_copies_leave_nothing_behind),
      TEST(a_writer_that_has_not_committed_does_not_hinder),
      TEST(a_lock_is_waited_for_and_then_named),
      TEST(a_replaced_file_is_noticed),
      TEST(a_changed_schema_changes_the_stamp),
      TEST(a_schema_that_is_not_committed_does_not_change_the_stamp),
      TEST(a_query_that_ran_before_follows_the_schema),
      TEST(between_queries_no_lock_is_held),
      TEST(what_is_no_database_is_said_clearly),
      TEST(an_empty_file_is_an_empty_database),
      TEST(damage_is_an_error_and_never_a_crash),
      TEST(odd_paths_and_urls_open),
      TEST(a_file_without_rights_is_said_to_be_so),
      TEST(locks_of_the_same_process_survive),
      TEST(memory_failure_while_opening_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
