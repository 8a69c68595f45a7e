/* support/case_file: what is written in a .case file is what the tests see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/case_file.h"

static case_list parse(arena *a, const char *text) {
  case_list out = {0};
  const char *wrong = case_parse(a, "x.case", str_from(text), &out);
  assert_null(wrong);
  return out;
}

static void sections_hold_their_lines(void **state) {
  (void)state;
  arena *a = arena_create(1 << 20);
  case_list l = parse(a, "# c\n--- one thing\n>>> dialect sqlite\n>>> input\na\n\n b\n\n"
                         "<<< expected\n# kept\n--- two\n>>> input\n");
  assert_int_equal(l.len, 2);
  assert_true(str_eq(l.items[0].name, STR("one thing")));
  assert_int_equal(l.items[0].line, 2);
  assert_string_equal(case_get(&l.items[0], "dialect").ptr, "sqlite");
  assert_string_equal(case_get(&l.items[0], "input").ptr, "a\n\n b");
  assert_string_equal(case_get(&l.items[0], "expected").ptr, "# kept");
  assert_null(case_get(&l.items[0], "nothing").ptr);
  assert_int_equal(case_get(&l.items[1], "input").len, 0);
  assert_non_null(case_get(&l.items[1], "input").ptr);
  arena_destroy(a);
}

static void escaped_markers_are_text(void **state) {
  (void)state;
  arena *a = arena_create(1 << 20);
  case_list l = parse(a, "--- n\r\n>>> input\r\n\\--- SQL comment\r\n\\\\x\r\n\\d\r\n");
  assert_string_equal(case_get(&l.items[0], "input").ptr, "--- SQL comment\n\\x\n\\d");
  arena_destroy(a);
}

static void malformed_files_are_named_with_their_line(void **state) {
  (void)state;
  static const char *const bad[][2] = {
      {">>> input\n", "x.case:1: a section before any case"},
      {"\n---\n", "x.case:2: a case without a name"},
      {"--- n\n>>>\n", "x.case:2: a section without a name"},
      {"--- n\nstray\n", "x.case:2: text outside a section"},
      {"--- n\n>>> a\nx\ny\n<<< a\n", "x.case:5: section given twice"},
  };
  arena *a = arena_create(1 << 20);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    case_list out = {0};
    const char *wrong = case_parse(a, "x.case", str_from(bad[i][0]), &out);
    assert_non_null(wrong);
    assert_string_equal(wrong, bad[i][1]);
  }
  arena_destroy(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sections_hold_their_lines),
      cmocka_unit_test(escaped_markers_are_text),
      cmocka_unit_test(malformed_files_are_named_with_their_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
