/* check/functions.def against the SQLite that is linked: what we let through is there, takes what
 * we say it takes, and is the kind of function that we say it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "check/functions.h"

static int prepare(sqlite3 *db, const char *name, int n, const char *after) {
  char sql[512];
  int at = snprintf(sql, sizeof sql, "SELECT %s(", name);
  for (int i = 0; i < n; i++)
    at += snprintf(sql + at, sizeof sql - (size_t)at, "%sNULL", i ? "," : "");
  snprintf(sql + at, sizeof sql - (size_t)at, ")%s", after);
  sqlite3_stmt *s = NULL;
  int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
  sqlite3_finalize(s);
  return rc;
}

/* Full-text functions need a full-text table; words are no calls. */
static bool needs_more(const check_function *f) {
  static const char *const names[] = {"bm25", "highlight", "snippet"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(f->name, names[i]) == 0) return true;
  return f->class == FN_WORD || f->class == FN_TABLE;
}

static void allowed_functions_are_those_of_the_library(void **state) {
  (void)state;
  sqlite3 *db = NULL;
  const check_function *f;
  int tried = 0;
  bool known_version =
      sqlite3_libversion_number() < 3042000; /* later ones take more here and there */
  assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
  for (size_t i = 0; (f = function_at(i)); i++) {
    if (!function_in(f, SQL_SQLITE) || f->class == FN_DENIED || needs_more(f)) continue;
    const char *over = f->class == FN_WINDOW ? " OVER ()" : "";
    bool pair = function_find(SQL_SQLITE, str_from(f->name), (size_t)f->min + 50) != f;
    if (strcmp(f->name, "likelihood") == 0) continue; /* wants a number */
    if (prepare(db, f->name, f->min, over) != SQLITE_OK && f->min > 0)
      fail_msg("%s with %d arguments: %s", f->name, f->min, sqlite3_errmsg(db));
    if (f->max >= 0 && prepare(db, f->name, f->max, over) != SQLITE_OK)
      fail_msg("%s with %d arguments: %s", f->name, f->max, sqlite3_errmsg(db));
    if (known_version && f->max >= 0 && !pair &&
        prepare(db, f->name, f->max + 1, over) == SQLITE_OK)
      fail_msg("%s takes more than %d arguments", f->name, f->max);
    bool rows = f->class == FN_AGGREGATE || f->class == FN_WINDOW;
    bool over_works = prepare(db, f->name, f->min, " OVER ()") == SQLITE_OK;
    if (rows != over_works) fail_msg("%s: scalar or aggregate?", f->name);
    tried++;
  }
  sqlite3_close(db);
  assert_true(tried > 90);
}

static void arguments_choose_the_row(void **state) {
  (void)state;
  assert_int_equal(function_find(SQL_SQLITE, STR("MAX"), 1)->class, FN_AGGREGATE);
  assert_int_equal(function_find(SQL_SQLITE, STR("max"), 3)->class, FN_SCALAR);
  assert_null(function_find(SQL_SQLITE, STR("year"), 1));
  assert_non_null(function_find(SQL_MYSQL, STR("year"), 1));
  assert_null(function_find(SQL_SQLITE, STR(""), 0));
  assert_null(function_find(SQL_SQLITE, STR("zzz"), 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(allowed_functions_are_those_of_the_library),
      cmocka_unit_test(arguments_choose_the_row),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
