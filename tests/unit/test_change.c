/* change: what a correction changed of a query, and how much of that beyond the fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ask/change.h"
#include "base/mem.h"

static ask_try read_query(arena *a, const char *sql, const char *fault) {
  ask_try t = {.sql = str_from(sql)};
  assert_int_equal(sql_parse(t.sql, SQL_SQLITE, a, &t.report.parsed, NULL), EMEND_OK);
  t.report.query = t.report.parsed.statements.items[0].query;
  if (fault) {
    uint32_t at = (uint32_t)(strstr(sql, fault) - sql);
    diag d = {.code = "unknown_column", .span = {at, at + (uint32_t)strlen(fault)}};
    assert_true(vec_push(a, &t.faults, d));
  }
  return t;
}

static void expect_change(const char *before, const char *fault, const char *after,
                          const char *note) {
  arena *a = arena_create(8 << 20);
  ask_try x = read_query(a, before, fault), y = read_query(a, after, NULL);
  str got = ask_change_note(&x, &y, SQL_SQLITE, a);
  if (!str_eq(got, str_from(note))) fail_msg("%s: %.*s", note, STR_ARG(got));
  arena_destroy(a);
}

static void only_the_fault_was_changed(void **state) {
  (void)state;
  expect_change("SELECT nmae FROM pet WHERE id = 1", "nmae", "SELECT name FROM pet WHERE id = 1",
                "changed SELECT (1 of 3 clauses, 0 beyond the fault)");
}

static void more_than_the_fault_was_changed(void **state) {
  (void)state;
  expect_change("SELECT nmae FROM pet WHERE id = 1 LIMIT 1", "nmae",
                "SELECT name FROM pet WHERE id = 2 ORDER BY 1 LIMIT 1",
                "changed SELECT, WHERE, ORDER BY (3 of 5 clauses, 2 beyond the fault)");
}

static void what_is_only_suspected_has_no_place(void **state) {
  (void)state;
  expect_change("SELECT name FROM pet", NULL, "SELECT DISTINCT name FROM pet GROUP BY name",
                "changed SELECT, GROUP BY (2 of 3 clauses)");
}

static void spelling_is_no_change(void **state) {
  (void)state;
  expect_change("select  name from pet where (id = 1)", NULL, "SELECT name FROM pet WHERE id = 1",
                "changed nothing that shows");
}

static void a_set_operation_counts_as_one(void **state) {
  (void)state;
  expect_change("SELECT 1 UNION SELECT 2", NULL, "SELECT 1 UNION SELECT 3",
                "changed set operation (1 of 1 clause)");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(only_the_fault_was_changed),
                                     cmocka_unit_test(more_than_the_fault_was_changed),
                                     cmocka_unit_test(what_is_only_suspected_has_no_place),
                                     cmocka_unit_test(spelling_is_no_change),
                                     cmocka_unit_test(a_set_operation_counts_as_one)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
