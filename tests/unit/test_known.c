/* What was read of a question that was served before is used again for the same words alone, and an
 * answer that it had a part in says what a fresh one would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <emend/emend.h>
#include <pthread.h>

#include "ask/known.h"
#include "base/mem.h"
#include "support/database.h"
#include "support/folder.h"
#include "support/library_db.h"

#define QUESTION STR("How many books are there?")
#define QUERY STR("SELECT count(*) FROM book")

static check_report report_of(arena *a, const char *table, const char *column) {
  check_report r = {0};
  assert_true(vec_push(a, &r.tables, str_from(table)));
  assert_true(vec_push(a, &r.columns, str_from(column)));
  return r;
}

static void the_same_words_are_known(void **state) {
  (void)state;
  arena *a = arena_create(1 << 20);
  ask_known *known = ask_known_create();
  check_report r = report_of(a, "book", "book.title");
  assert_non_null(known);
  assert_null(ask_known_find(known, QUESTION));
  assert_null(ask_known_find(NULL, QUESTION));
  ask_known_keep(known, QUESTION, QUERY, "v1", &r);
  ask_known_question *q = ask_known_find(known, QUESTION);
  assert_non_null(q);
  assert_true(str_eq(q->sql, QUERY) && strcmp(q->version, "v1") == 0);
  assert_true(q->intent.count && q->intent.request == JUDGE_QUESTION);
  assert_true(str_eq(q->reads.tables.items[0], STR("book")));
  assert_true(str_eq(q->reads.columns.items[0], STR("book.title")));
  assert_null(ask_known_find(known, STR("how many books are there?")));
  ask_known_keep(known, QUESTION, QUERY, "v2", &r);
  ask_known_question *newer = ask_known_find(known, QUESTION);
  assert_string_equal(newer->version, "v2");
  assert_string_equal(q->version, "v1"); /* what was lent stays */
  ask_known_free(known);
  assert_true(str_eq(newer->intent.question, QUESTION));
  ask_known_unref(q);
  ask_known_unref(newer);
  ask_known_unref(NULL);
  arena_destroy(a);
}

static void without_memory_nothing_is_kept(void **state) {
  (void)state;
  arena *a = arena_create(1 << 20);
  ask_known *known = ask_known_create();
  check_report r = report_of(a, "book", "book.title");
  bool done = false;
  for (long n = 1; !done && n < 50; n++) {
    mem_fail_at(n);
    ask_known_keep(known, QUESTION, QUERY, "v", &r);
    done = mem_requests() < n;
    mem_fail_at(0);
    ask_known_question *q = ask_known_find(known, QUESTION);
    assert_true(done == (q != NULL));
    ask_known_unref(q);
  }
  assert_true(done);
  ask_known_free(known);
  arena_destroy(a);
}

static void *ask_on(void *arg) {
  arena *a = arena_create(1 << 20);
  check_report r = report_of(a, "book", "book.title");
  for (int i = 0; i < 3000; i++) {
    ask_known_question *q = ask_known_find(arg, QUESTION);
    if (q && (!str_eq(q->sql, QUERY) || !q->intent.count)) abort();
    if (!q || i % 7 == 0) ask_known_keep(arg, QUESTION, QUERY, "v", &r);
    ask_known_unref(q);
  }
  arena_destroy(a);
  return NULL;
}

static void threads_share_it(void **state) {
  (void)state;
  ask_known *known = ask_known_create();
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, ask_on, known), 0);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  ask_known_free(known);
}

/* ---- in an engine ---- */

static emend_answer *ask(emend_engine *e, str question) {
  static const emend_ask_options opt = {.no_confirm = true};
  emend_answer *a = NULL;
  emend_error err;
  if (emend_ask(e, question.ptr, &opt, &a, &err)) fail_msg("%s", err.msg);
  return a;
}

static void change(const database *d, const char *sql) {
  sqlite3 *db = NULL;
  assert_int_equal(sqlite3_open(d->path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
}

static void answers_follow_the_schema(void **state) {
  (void)state;
  database db;
  assert_true(database_create(&db, LIBRARY_SCHEMA LIBRARY_ROWS));
  const char *dir = folder_make(db.a);
  const emend_options opt = {.state = folder_path(db.a, dir, "state.db")};
  const emend_finalize_options it = {.question = QUESTION.ptr, .sql = QUERY.ptr};
  emend_engine *e = NULL;
  emend_error err;
  if (emend_open(&opt, &e, &err) || emend_source_add(e, db.path, &err) ||
      emend_finalize(e, &it, NULL, &err))
    fail_msg("%s", err.msg);
  char version[64] = "";
  for (int i = 0; i < 4; i++) {
    if (i == 2) change(&db, "ALTER TABLE member ADD COLUMN extra TEXT");
    emend_answer *a = ask(e, QUESTION);
    assert_int_equal(a->status, EMEND_FINALIZED);
    assert_int_equal(a->provenance.n_tables, 1);
    assert_string_equal(a->provenance.tables[0], "book");
    assert_non_null(strstr(a->text, "There are"));
    assert_true((i == 1 || i == 3) == (strcmp(version, a->provenance.schema_version) == 0));
    snprintf(version, sizeof version, "%s", a->provenance.schema_version);
    emend_answer_free(a);
  }
  change(&db, "ALTER TABLE book ADD COLUMN extra TEXT");
  emend_answer *a = ask(e, QUESTION);
  assert_null(a->provenance.finalized_id);
  emend_answer_free(a);
  emend_close(e);
  folder_remove(dir);
  database_drop(&db);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_same_words_are_known),
      cmocka_unit_test(without_memory_nothing_is_kept),
      cmocka_unit_test(threads_share_it),
      cmocka_unit_test(answers_follow_the_schema),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
