/* sql against PostgreSQL's own grammar (libpg_query): nothing that it accepts is called wrong, or
 * another dialect's; most of what it rejects is noticed; what we print, it accepts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <jansson.h>

#include "base/rng.h"
#include "sql/sql.h"
#include "support/case_file.h"

#if defined(__has_include) && __has_include(<pg_query.h>)
#include <pg_query.h>

typedef enum verdict { REJECTED, OTHER, QUERY } verdict;

static verdict judge(const char *sql) {
  PgQueryParseResult r = pg_query_parse(sql);
  verdict v = r.error ? REJECTED : strstr(r.parse_tree, "\"SelectStmt\"") ? QUERY : OTHER;
  pg_query_free_parse_result(r);
  return v;
}

typedef struct tally {
  long accepted, alarms, unknown, rejected, missed, bad_print;
} tally;

static bool has_issue(const sql_parsed *p, sql_issue_kind kind) {
  for (size_t i = 0; i < p->issues.len; i++)
    if (p->issues.items[i].kind == kind) return true;
  return false;
}

static void compare(str text, arena *a, tally *n) {
  sql_parsed p;
  verdict v = judge(text.ptr);
  assert_int_equal(sql_parse(text, SQL_POSTGRES, a, &p, NULL), EMEND_OK);
  for (size_t i = 0; i < p.statements.len; i++)
    if (p.statements.items[i].kind != SQL_STMT_QUERY) return;
  if (!p.statements.len) return;
  n->rejected += v == REJECTED;
  n->missed += v == REJECTED && p.issues.len == 0;
  if (v != QUERY) return;
  n->accepted++;
  n->unknown += has_issue(&p, SQL_ISSUE_UNKNOWN);
  if (has_issue(&p, SQL_ISSUE_SYNTAX) || has_issue(&p, SQL_ISSUE_DIALECT)) {
    n->alarms++;
    print_error("false alarm: %s\n  %s\n", text.ptr, p.issues.items[0].message);
  }
  if (p.issues.len || p.statements.len > 1) return;
  str printed = sql_print(p.statements.items[0].query, SQL_POSTGRES, a);
  if (judge(printed.ptr) == QUERY) return;
  n->bad_print++;
  print_error("rejected: %s\n", printed.ptr);
}

static void postgres_cases_are_postgres(void **state) {
  (void)state;
  arena *a = arena_create((size_t)64 << 20);
  case_list cases = case_load(a, "sql");
  tally n = {0};
  for (size_t i = 0; i < cases.len; i++) {
    const case_item *c = &cases.items[i];
    if (!str_eq(case_get(c, "to"), STR("postgres"))) continue;
    if (judge(case_get(c, "expected").ptr) != QUERY)
      fail_msg("%s:%d: PostgreSQL rejects %s", c->file, c->line, case_get(c, "expected").ptr);
    compare(case_get(c, "expected"), a, &n);
  }
  assert_true(n.accepted > 30);
  assert_int_equal(n.alarms + n.bad_print, 0);
  arena_destroy(a);
}

static const char *const SPARE[] = {",",
                                    "(",
                                    ")",
                                    "AND",
                                    "OR",
                                    "NOT",
                                    "SELECT",
                                    "FROM",
                                    "WHERE",
                                    "GROUP BY",
                                    "ORDER BY",
                                    "LIMIT 1",
                                    "x",
                                    "'s'",
                                    "1",
                                    ".",
                                    "*",
                                    "=",
                                    "<",
                                    "IN",
                                    "IS",
                                    "NULL",
                                    "LIKE",
                                    "CASE",
                                    "WHEN",
                                    "END",
                                    "JOIN",
                                    "LEFT JOIN",
                                    "ON",
                                    "USING (x)",
                                    "AS",
                                    "DISTINCT",
                                    "UNION",
                                    "ALL",
                                    "-",
                                    "||",
                                    "COLLATE \"C\"",
                                    "OVER ()",
                                    "FILTER (WHERE true)",
                                    "t.",
                                    "(SELECT 1)",
                                    "VALUES (1)",
                                    "NATURAL",
                                    "CROSS JOIN",
                                    "ISNULL",
                                    "DESC",
                                    "NULLS FIRST",
                                    "OFFSET 1",
                                    "->",
                                    "::int",
                                    "$1",
                                    "%",
                                    "NOT IN",
                                    "ILIKE",
                                    "HAVING",
                                    "WINDOW w AS ()",
                                    "1e3",
                                    "date",
                                    "count(*)",
                                    "row",
                                    "key",
                                    "IS DISTINCT FROM",
                                    ";",
                                    "FETCH FIRST ROW ONLY",
                                    "INTERVAL '1' DAY",
                                    "DATE '1'",
                                    "current_date",
                                    "true",
                                    "LATERAL (SELECT 1) z",
                                    "ANY (ARRAY[1])",
                                    "ARRAY[1, 2]",
                                    "[1]",
                                    "AT TIME ZONE 'x'",
                                    "EXTRACT(YEAR FROM x)",
                                    "SUBSTRING(x FROM 1 FOR 2)",
                                    "TRIM(BOTH FROM x)",
                                    "WITHIN GROUP (ORDER BY x)",
                                    "SIMILAR TO",
                                    "BETWEEN SYMMETRIC 1 AND 2",
                                    "E'a\\'b'",
                                    "$$x$$",
                                    "@>",
                                    "#>>",
                                    "!~*",
                                    "FOR UPDATE",
                                    "ONLY",
                                    "TABLESAMPLE SYSTEM (1)",
                                    "GROUPING SETS ((a), ())",
                                    "ROLLUP (a)",
                                    "DISTINCT ON (a)",
                                    "float8 '1'",
                                    "int[]",
                                    "double precision",
                                    "OVERLAPS",
                                    "IS UNKNOWN",
                                    "user",
                                    "value",
                                    "VARIADIC x",
                                    "x => 1",
                                    "NULLIF(a, b)",
                                    "LIMIT ALL",
                                    "CAST(x AS int)",
                                    "WITH ORDINALITY"};

/* Tokens of `sql` with one or two dropped, doubled or swapped, or others in their place. */
static str mutate(rng *r, arena *a, str sql) {
  VEC(str) parts = {0};
  buf out;
  for (size_t pos = 0;;) {
    sql_token t = sql_next_token(sql, SQL_POSTGRES, &pos);
    if (t.kind == SQL_TOK_END) break;
    vec_push(a, &parts, t.raw);
  }
  for (uint32_t edits = rng_below(r, 3); edits > 0 && parts.len > 1; edits--) {
    size_t i = rng_below(r, (uint32_t)parts.len), k = rng_below(r, (uint32_t)parts.len);
    str spare = str_from(SPARE[rng_below(r, sizeof SPARE / sizeof *SPARE)]), was = parts.items[i];
    switch (rng_below(r, 4)) {
      case 0:
        parts.items[i] = STR("");
        break;
      case 1:
        parts.items[i] = parts.items[k], parts.items[k] = was;
        break;
      case 2:
        parts.items[i] = spare;
        break;
      default:
        parts.items[i] = str_from(arena_printf(a, "%.*s %.*s", STR_ARG(was), STR_ARG(spare)));
    }
  }
  buf_init(&out, 1 << 20);
  for (size_t i = 0; i < parts.len; i++) buf_add(&out, parts.items[i]), buf_add_c(&out, ' ');
  str text = arena_str(a, buf_str(&out));
  buf_free(&out);
  return text;
}

static void verdicts_agree_with_postgres(void **state) {
  (void)state;
  const char *env = getenv("EMEND_DATA");
  char path[4096];
  json_error_t why;
  snprintf(path, sizeof path, "%s/spider/train_spider.json",
           env && *env ? env : EMEND_SOURCE_DIR "/../shared/data");
  if (access(path, R_OK) != 0) {
    fprintf(stderr, "SKIP: no %s (set EMEND_DATA); PostgreSQL's verdicts were NOT compared\n",
            path);
    skip();
  }
  json_t *list = json_load_file(path, 0, &why);
  assert_non_null(list);
  arena *a = arena_create((size_t)64 << 20);
  rng r;
  tally n = {0};
  rng_seed(&r, 11);
  for (long i = 0; i < 8000; i++) {
    json_t *item = json_array_get(list, rng_below(&r, (uint32_t)json_array_size(list)));
    arena_reset(a);
    compare(mutate(&r, a, str_from(json_string_value(json_object_get(item, "query")))), a, &n);
  }
  arena_destroy(a);
  json_decref(list);
  print_message(
      "%ld accepted: %ld reported, %ld not understood in part; %ld rejected: %ld missed\n",
      n.accepted, n.alarms, n.unknown, n.rejected, n.missed);
  assert_true(n.accepted > 2000 && n.rejected > 2000);
  assert_int_equal(n.alarms, 0);
  assert_int_equal(n.bad_print, 0);
  assert_true((double)n.missed < 0.01 * (double)n.rejected);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(postgres_cases_are_postgres),
      cmocka_unit_test(verdicts_agree_with_postgres),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) {
  const char *ci = getenv("CI");
  fprintf(stderr, "SKIP: libpg_query is not here, so PostgreSQL's verdicts were NOT compared\n");
  return ci && strcmp(ci, "true") == 0; /* there it must be */
}

#endif
