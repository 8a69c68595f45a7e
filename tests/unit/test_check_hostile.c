/* check against hostile statements, and against harmless ones that look like them: the lists in
 * tests/cases/check, and calls off the list in every place where an expression can stand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/utf8.h"
#include "check/check.h"

static arena *memory;

static int set_up(void **state) {
  (void)state;
  memory = arena_create((size_t)256 << 20);
  return memory ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  arena_destroy(memory);
  return 0;
}

static check_report check_in(str sql, sql_dialect_id d) {
  check_report r = {0};
  const check_options opt = {.dialect = d};
  arena_reset(memory);
  emend_rc rc = check_sql(sql, NULL, &opt, memory, &r, NULL);
  assert_true(rc == EMEND_OK || rc == EMEND_ELIMIT || rc == EMEND_ENOMEM);
  if (rc != EMEND_OK) r = (check_report){0};
  return r;
}

typedef void judge(str sql, sql_dialect_id d, int line);

/* "\n" in a line of the list is a new line. */
static str unescape(const char *text, char *out) {
  size_t n = 0;
  for (const char *p = text; *p; p++) {
    if (p[0] == '\\' && p[1] == 'n' && (p[2] == ' ' || p[2] == 'S')) {
      out[n++] = '\n';
      p++;
    } else {
      out[n++] = *p;
    }
  }
  return (str){out, n};
}

static int each_line(const char *file, judge *fn) {
  char path[4096], line[4096], text[4096];
  int n = 0, at = 0;
  snprintf(path, sizeof path, "%s/tests/cases/check/%s", EMEND_SOURCE_DIR, file);
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  while (fgets(line, sizeof line, f)) {
    at++;
    line[strcspn(line, "\n")] = 0;
    char *space = strchr(line, ' ');
    if (line[0] == '#' || !space) continue;
    *space = 0;
    str sql = unescape(space + 1, text);
    sql_dialect_id d = SQL_SQLITE;
    bool all = strcmp(line, "*") == 0;
    if (!all) assert_true(sql_dialect_find(str_from(line), &d));
    for (int k = all ? 0 : (int)d; k < (all ? SQL_N_DIALECTS : (int)d + 1); k++) {
      fn(sql, (sql_dialect_id)k, at);
      n++;
    }
  }
  fclose(f);
  return n;
}

static void expect_unsafe(str sql, sql_dialect_id d, int line) {
  check_report r = check_in(sql, d);
  if (r.safe || r.ok)
    fail_msg("hostile.list:%d (%s): let through: %.*s", line, sql_dialect_name(d), STR_ARG(sql));
}

static void expect_no_error(str sql, sql_dialect_id d, int line) {
  check_report r = check_in(sql, d);
  for (size_t i = 0; i < r.diags.len; i++)
    if (r.diags.items[i].severity == DIAG_ERROR)
      fail_msg("harmless.list:%d (%s): %s: %.*s: %.*s", line, sql_dialect_name(d),
               r.diags.items[i].code, STR_ARG(r.diags.items[i].message), STR_ARG(sql));
  assert_true(r.ok && r.safe);
}

static void no_hostile_statement_is_let_through(void **state) {
  (void)state;
  assert_true(each_line("hostile.list", expect_unsafe) >= 600);
}

static void no_harmless_statement_is_refused(void **state) {
  (void)state;
  assert_true(each_line("harmless.list", expect_no_error) >= 600);
}

/* Every place of a SELECT where an expression can stand; %s is the call. */
static const char *const places[] = {
    "SELECT %s",
    "SELECT DISTINCT %s FROM t",
    "SELECT a FROM t WHERE %s = 1",
    "SELECT a FROM t WHERE NOT (%s IS NULL)",
    "SELECT a FROM t WHERE a IN (1, %s)",
    "SELECT a FROM t WHERE a BETWEEN %s AND 2",
    "SELECT a FROM t WHERE a LIKE %s",
    "SELECT a FROM t WHERE EXISTS (SELECT %s)",
    "SELECT a FROM t WHERE a = (SELECT MAX(%s) FROM u)",
    "SELECT a FROM t GROUP BY a, %s",
    "SELECT a FROM t GROUP BY a HAVING MAX(%s) > 1",
    "SELECT a FROM t ORDER BY %s",
    "SELECT t.a FROM t JOIN u ON t.a = %s",
    "SELECT x.a FROM (SELECT %s AS a) x",
    "WITH x AS (SELECT %s AS a) SELECT a FROM x",
    "SELECT 1 UNION SELECT %s",
    "SELECT CASE WHEN %s = 1 THEN 2 ELSE 3 END",
    "SELECT CASE WHEN 1 = 1 THEN %s END",
    "SELECT CAST(%s AS INTEGER)",
    "SELECT COALESCE(1, %s)",
    "SELECT UPPER(LOWER(%s))",
    "SELECT SUM(%s) OVER (PARTITION BY a) FROM t",
    "SELECT SUM(a) OVER (PARTITION BY %s) FROM t",
    "SELECT SUM(a) OVER (ORDER BY %s) FROM t",
    "SELECT 1 + 2 * -(%s)",
    "SELECT ((((%s))))",
    "SELECT a FROM t /* ok */ WHERE /* ok */ %s /* ok */ = 1 -- ok",
    "VALUES (%s)",
};

static const struct {
  sql_dialect_id dialect;
  const char *call;
} calls[] = {
    {SQL_SQLITE, "load_extension('x')"}, {SQL_SQLITE, "readfile('x')"},
    {SQL_POSTGRES, "pg_read_file('x')"}, {SQL_POSTGRES, "pg_catalog.pg_sleep(1)"},
    {SQL_POSTGRES, "lo_import('x')"},    {SQL_POSTGRES, "my_schema.lower('x')"},
    {SQL_MYSQL, "LOAD_FILE('x')"},       {SQL_MYSQL, "SLEEP(1)"},
    {SQL_MARIADB, "SLEEP(1)"},           {SQL_TSQL, "dbo.anything(1)"},
    {SQL_ORACLE, "utl_http.request(1)"}, {SQL_DUCKDB, "getenv('x')"},
    {SQL_CLICKHOUSE, "sleep(1)"},        {SQL_TRINO, "no_such_thing(1)"},
};

static void a_call_off_the_list_is_found_in_every_place(void **state) {
  (void)state;
  char sql[512];
  for (size_t i = 0; i < sizeof places / sizeof *places; i++)
    for (size_t k = 0; k < sizeof calls / sizeof *calls; k++) {
      const char *hole = strstr(places[i], "%s");
      int before = (int)(hole - places[i]);
      snprintf(sql, sizeof sql, "%.*s%s%s", before, places[i], calls[k].call, hole + 2);
      expect_unsafe(str_from(sql), calls[k].dialect, (int)i);
    }
}

/* Twenty megabytes of `piece` after `head`. */
static str long_text(const char *head, const char *piece, const char *tail) {
  enum { LENGTH = 20 << 20 };
  static char text[LENGTH + 4096];
  size_t n = (size_t)snprintf(text, 1024, "%s", head), k = strlen(piece);
  while (n + k < LENGTH) {
    memcpy(text + n, piece, k);
    n += k;
  }
  n += (size_t)snprintf(text + n, 1024, "%s", tail);
  return (str){text, n};
}

/* Sanitizers slow memory down several times over; the bound is for what users run. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const double most_seconds = 40;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
static const double most_seconds = 40;
#else
static const double most_seconds = 5;
#endif
#else
static const double most_seconds = 5;
#endif

static void long_statements_take_seconds_at_most(void **state) {
  (void)state;
  static const struct {
    const char *head, *piece, *tail;
  } texts[] = {{"SELECT ", "(", ""},
               {"SELECT ", "((1) + ", "1"},
               {"SELECT 1", " OR 1", ""},
               {"SELECT '", "x", "'"},
               {"SELECT 1 /* ", "x;", "*/"},
               {"SELECT a", ", a", " FROM t"},
               {"SELECT 1", " UNION SELECT 1", ""},
               {"SELECT * FROM t", " JOIN t USING (a)", ""},
               {"SELECT * FROM t", ", t", ""},
               {"SELECT ", "nope(", "load_extension('x')"},
               {"SELECT a FROM t WHERE a IN (1", ", 1", ")"},
               {"WITH x AS (SELECT 1)", ", x AS (SELECT 1)", " SELECT 1"},
               {"SELECT ", "-", "1"},
               {"SELECT ", "NOT ", "1"},
               {"SELECT ", "\"a\".", "a"},
               {"", ";", "SELECT 1"},
               {"SELECT ", "CASE WHEN ", "1"}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    str sql = long_text(texts[i].head, texts[i].piece, texts[i].tail);
    clock_t start = clock();
    check_in(sql, SQL_SQLITE);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    if (seconds > most_seconds) fail_msg("%s%s…: %.1f s", texts[i].head, texts[i].piece, seconds);
  }
}

static void a_message_is_short_however_long_what_it_names(void **state) {
  (void)state;
  static const char *const heads[] = {"", "SELECT 1; ", "SELECT nope FROM t WHERE nope."};
  for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
    check_report r = check_in(long_text(heads[i], "\xc3\xa9", ""), SQL_SQLITE);
    assert_true(i > 1 || r.diags.len > 0);
    for (size_t k = 0; k < r.diags.len; k++) {
      assert_true(r.diags.items[k].message.len < 1024);
      assert_true(utf8_valid(r.diags.items[k].message));
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_hostile_statement_is_let_through),
      cmocka_unit_test(no_harmless_statement_is_refused),
      cmocka_unit_test(a_call_off_the_list_is_found_in_every_place),
      cmocka_unit_test(a_message_is_short_however_long_what_it_names),
      cmocka_unit_test(long_statements_take_seconds_at_most),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
