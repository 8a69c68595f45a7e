/* Values of a query found in the words of questions, and changed with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "recall/slots.h"
#include "support/case_file.h"

/* "limit: 3 -> 5; city: Bath -> Wells; sql" or "no". */
static str describe(arena *a, const slots_result *r) {
  buf b;
  buf_init(&b, 1 << 16);
  if (!r->aligned) return STR("no");
  for (size_t i = 0; i < r->changes.len; i++) {
    const recall_rebound *c = &r->changes.items[i];
    buf_printf(&b, "%.*s: %.*s -> %.*s; ", STR_ARG(c->slot), STR_ARG(c->from), STR_ARG(c->to));
  }
  buf_add(&b, r->sql);
  str out = arena_str(a, buf_str(&b));
  buf_free(&b);
  return out;
}

static void values_change_one_for_one(void **state) {
  (void)state;
  setenv("EMEND_NOW", "2025-06-15T12:00:00Z", 1);
  arena *a = arena_create(64 << 20);
  case_list cases = case_load(a, "slots");
  assert_true(cases.len >= 12);
  for (size_t i = 0; i < cases.len; i++) {
    const case_item *c = &cases.items[i];
    slots_result r;
    assert_int_equal(slots_reslot(case_get(c, "stored"), case_get(c, "sql"), case_get(c, "input"),
                                  NULL, a, &r, NULL),
                     EMEND_OK);
    str got = describe(a, &r), want = case_get(c, "expect");
    if (!str_eq(got, want))
      fail_msg("%.*s: got \"%.*s\", not \"%.*s\"", STR_ARG(c->name), STR_ARG(got), STR_ARG(want));
  }
  unsetenv("EMEND_NOW");
  arena_destroy(a);
}

static void what_the_query_cannot_take_is_counted(void **state) {
  (void)state;
  arena *a = arena_create(1 << 20);
  slots_result r;
  assert_int_equal(
      slots_reslot(STR("students older than 20"), STR("SELECT name FROM student WHERE age > 20"),
                   STR("students older than 20 with 3 pets"), NULL, a, &r, NULL),
      EMEND_OK);
  assert_true(r.aligned);
  assert_int_equal(r.n_kept, 1);
  assert_int_equal(r.n_loose, 1);
  arena_destroy(a);
}

static void wrong_sql_does_not_align(void **state) {
  (void)state;
  arena *a = arena_create(1 << 20);
  slots_result r;
  assert_int_equal(slots_reslot(STR("x 1"), STR("DELETE FROM t"), STR("x 2"), NULL, a, &r, NULL),
                   EMEND_OK);
  assert_false(r.aligned);
  arena_destroy(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_change_one_for_one),
      cmocka_unit_test(what_the_query_cannot_take_is_counted),
      cmocka_unit_test(wrong_sql_does_not_align),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
