/* docs/diagnostics.md says what check/codes.def says. EMEND_UPDATE_DOCS=1 writes it anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "check/functions.h"

static const char PATH[] = EMEND_SOURCE_DIR "/docs/diagnostics.md";

static const struct {
  const char *group, *title;
} groups[] = {{"SYNTAX", "Syntax and dialect"},
              {"SAFETY", "Safety (never mended)"},
              {"NAMES", "Names"},
              {"CALLS", "Functions and aggregates"},
              {"SHAPE", "Numbers of columns"},
              {"GROUPING", "Grouping"},
              {"JOINS", "Joins"},
              {"VALUES", "Values"},
              {"LOGIC", "Conditions and clauses"}};

static const char HEAD[] =
    "# Diagnostics\n"
    "\n"
    "Written from `src/check/codes.def`; do not edit (`EMEND_UPDATE_DOCS=1 ctest -R check_docs`).\n"
    "\n"
    "An error has weight 1: the statement is not run. A warning's weight is how likely it is that\n"
    "the statement does not mean what was meant. `{0}`, `{1}`, `{2}` are filled in where the "
    "fault\n"
    "is found. *Mended* says whether `emend` itself puts the first suggestion in place when it is\n"
    "well ahead of the next; every mend is shown as a correction and checked again.\n"
    "\n"
    "SQLite's rules are tested against the library. For MySQL, MariaDB, SQL Server, Oracle, "
    "DuckDB,\n"
    "ClickHouse and Trino they come from the manuals, since no such server runs in the tests\n"
    "(and MariaDB is not MySQL 8).\n";

static void write_group(buf *b, const char *group, const char *title) {
  buf_printf(b, "\n## %s\n\n| code | severity | weight | mended | message | what to do |\n", title);
  buf_add_cstr(b, "|---|---|---|---|---|---|\n");
  for (int i = 0; i < CHECK_N_CODES; i++) {
    const check_code_info *k = check_code_of((check_code)i);
    if (strcmp(k->group, group) != 0) continue;
    buf_printf(b, "| `%s` | %s | %g | %s | %s | %s |\n", k->code,
               k->severity == DIAG_ERROR ? "error" : "warning", k->weight,
               k->mend > 0 ? "yes" : "no", k->message, k->hint);
  }
}

static str read_whole(arena *a, const char *path) {
  FILE *f = fopen(path, "rb");
  char *text = arena_alloc(a, 1 << 18);
  assert_non_null(text);
  if (!f) return STR("");
  size_t n = fread(text, 1, 1 << 18, f);
  fclose(f);
  return (str){text, n};
}

static void diagnostics_page_is_up_to_date(void **state) {
  (void)state;
  arena *a = arena_create(1 << 20);
  buf b;
  buf_init(&b, 1 << 18);
  buf_add_cstr(&b, HEAD);
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
    write_group(&b, groups[i].group, groups[i].title);
  assert_false(b.failed);
  if (getenv("EMEND_UPDATE_DOCS")) {
    FILE *f = fopen(PATH, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(b.ptr, 1, b.len, f), b.len);
    fclose(f);
  }
  if (!str_eq(read_whole(a, PATH), buf_str(&b)))
    fail_msg("docs/diagnostics.md is stale: run EMEND_UPDATE_DOCS=1 ctest -R check_docs");
  buf_free(&b);
  arena_destroy(a);
}

static void every_code_is_unique_and_in_a_group_that_is_shown(void **state) {
  (void)state;
  for (int i = 0; i < CHECK_N_CODES; i++) {
    const check_code_info *k = check_code_of((check_code)i);
    bool shown = false;
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++)
      shown = shown || strcmp(groups[g].group, k->group) == 0;
    assert_true(shown);
    assert_ptr_equal(check_code_named(k->code), k);
    assert_int_equal(k->severity == DIAG_ERROR, k->weight >= 1);
    assert_true(k->mend == 0 || strcmp(k->group, "SAFETY") != 0);
  }
}

static void functions_are_in_order_of_name(void **state) {
  (void)state;
  for (size_t i = 1; function_at(i); i++) {
    int order = str_cmp_nocase(str_from(function_at(i - 1)->name), str_from(function_at(i)->name));
    if (order > 0) fail_msg("%s stands after %s", function_at(i)->name, function_at(i - 1)->name);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(diagnostics_page_is_up_to_date),
      cmocka_unit_test(every_code_is_unique_and_in_a_group_that_is_shown),
      cmocka_unit_test(functions_are_in_order_of_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
