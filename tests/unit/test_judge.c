/* judge: which signals are raised, and what they add up to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "judge/judge.h"
#include "support/case_file.h"
#include "support/database.h"

static catalog *cat;
static emend_error err;

static int load_schema(void **state) {
  (void)state;
  cat = database_catalog(
      "CREATE TABLE singer (id INTEGER PRIMARY KEY, name TEXT, country TEXT, age INT);"
      "CREATE TABLE concert (id INTEGER PRIMARY KEY, title TEXT, year TEXT, "
      "singer_id INT REFERENCES singer (id), max_guests INT, high_note TEXT, held_on TEXT);",
      NULL);
  return cat == NULL;
}

static int drop_schema(void **state) {
  (void)state;
  catalog_unref(cat);
  return 0;
}

static cell read_cell(arena *a, str s) {
  if (str_eq(s, STR("NULL"))) return (cell){.kind = CELL_NULL};
  if (!str_starts(s, STR("i:"))) return (cell){.kind = CELL_TEXT, .text = s};
  return (cell){.kind = CELL_INT, .i = strtoll(arena_strndup(a, s.ptr + 2, s.len - 2), NULL, 10)};
}

/* Rows of "a|b"; "none" is no row. */
static source_result read_result(arena *a, str rows) {
  source_result r = {.n_columns = 1};
  VEC(cell) cells = {0};
  for (size_t i = 0; i < rows.len && rows.ptr[i] != '\n'; i++) r.n_columns += rows.ptr[i] == '|';
  for (size_t from = 0, to = 0; from < rows.len && !str_eq(rows, STR("none")); from = to + 1) {
    for (to = from; to < rows.len && rows.ptr[to] != '|' && rows.ptr[to] != '\n';) to++;
    vec_push(a, &cells, read_cell(a, str_slice(rows, from, to)));
  }
  r.n_rows = cells.len / r.n_columns;
  r.cells = cells.items;
  r.names = ARENA_ARRAY(a, str, r.n_columns);
  for (size_t i = 0; i < r.n_columns; i++) r.names[i] = STR("x");
  return r;
}

static emend_rc judge_case(str question, str sql, str rows, arena *a, judge_signals *out) {
  judge_intent in;
  check_report report;
  check_options opt = {.dialect = SQL_SQLITE};
  emend_rc rc = check_sql(sql, cat, &opt, a, &report, &err);
  if (!rc) rc = judge_read(question, a, &in, &err);
  if (!rc) rc = judge_sql(&in, &report, a, out, &err);
  source_result r = read_result(a, rows);
  if (!rc && rows.len) rc = judge_result(&in, report.query, &r, a, out, &err);
  return rc;
}

static void signals_are_those_of_the_cases(void **state) {
  (void)state;
  arena *a = arena_create(64 << 20);
  case_list cases = case_load(a, "judge");
  int seen = 0;
  setenv("EMEND_NOW", "2025-06-15T12:00:00Z", 1);
  for (size_t i = 0; i < cases.len; i++) {
    const case_item *c = &cases.items[i];
    if (!case_get(c, "signals").ptr) continue;
    judge_signals signals = {0};
    buf b;
    assert_int_equal(
        judge_case(case_get(c, "question"), case_get(c, "sql"), case_get(c, "rows"), a, &signals),
        EMEND_OK);
    buf_init(&b, 4096);
    for (size_t s = 0; s < signals.len; s++)
      if (signals.items[s].message.len) buf_printf(&b, b.len ? " %s" : "%s", signals.items[s].code);
    case_expect(c, "signals", buf_str(&b));
    buf_free(&b);
    seen++;
  }
  assert_true(seen > 20);
  unsetenv("EMEND_NOW");
  arena_destroy(a);
}

static void what_is_shown_never_lowers_the_suspicion(void **state) {
  (void)state;
  arena *a = arena_create(8 << 20);
  judge_signals none = {0}, some = {0}, quiet = {0};
  assert_int_equal(judge_case(STR("How many singers are there?"),
                              STR("SELECT count(*) FROM singer"), STR(""), a, &none),
                   EMEND_OK);
  assert_int_equal(
      judge_case(STR("What are the 3 oldest singers from \"Peru\"?"),
                 STR("SELECT name FROM singer WHERE country = 'Denmark'"), STR("none"), a, &some),
      EMEND_OK);
  for (int setting = 0; setting < JUDGE_N_SETTINGS; setting++) {
    double least = judge_suspicion(&none, (judge_setting)setting);
    assert_true(least > 0 && judge_band_of(least, (judge_setting)setting) == JUDGE_DELIVER);
    quiet.len = 0;
    for (size_t i = 0; i < some.len; i++)
      if (!some.items[i].message.len) assert_true(vec_push(a, &quiet, some.items[i]));
    double before = judge_suspicion(&quiet, (judge_setting)setting);
    size_t shown = 0;
    for (size_t i = 0; i < some.len; i++) {
      if (!some.items[i].message.len) continue;
      assert_true(vec_push(a, &quiet, some.items[i]));
      double now = judge_suspicion(&quiet, (judge_setting)setting);
      assert_true(now >= before && now < 1);
      before = now;
      shown++;
    }
    assert_true(shown >= 4 && before > least);
  }
  arena_destroy(a);
}

static void no_memory_is_an_error_at_every_point(void **state) {
  (void)state;
  emend_rc rc = EMEND_ENOMEM;
  for (long at = 1; rc && at < 2000; at++) {
    judge_signals signals = {0};
    arena *a = arena_create(8 << 20);
    mem_fail_at(at);
    rc = judge_case(STR("What are the 3 oldest singers from \"Peru\"?"),
                    STR("SELECT name FROM singer WHERE country = 'Denmark'"), STR(""), a, &signals);
    mem_fail_at(0);
    assert_true(rc == EMEND_OK || rc == EMEND_ENOMEM);
    arena_destroy(a);
  }
  assert_int_equal(rc, EMEND_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(signals_are_those_of_the_cases),
      cmocka_unit_test(what_is_shown_never_lowers_the_suspicion),
      cmocka_unit_test(no_memory_is_an_error_at_every_point),
  };
  return cmocka_run_group_tests(tests, load_schema, drop_schema);
}
