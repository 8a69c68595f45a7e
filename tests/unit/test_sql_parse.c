/* sql/parse: what is right parses without an issue into the tree that it means; what is wrong
 * gives the right issue at the right place, and still a tree; nothing takes it down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "sql/sql.h"
#include "support/case_file.h"

static arena *memory;

static int set_up(void **state) {
  (void)state;
  memory = arena_create((size_t)1 << 30);
  return memory ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  arena_destroy(memory);
  return 0;
}

static sql_parsed parse(str text, sql_dialect_id d) {
  sql_parsed out;
  emend_error err;
  assert_int_equal(sql_parse(text, d, memory, &out, &err), EMEND_OK);
  return out;
}

static sql_parsed lite(const char *text) { return parse(str_from(text), SQL_SQLITE); }

static sql_query *query_of(const sql_parsed *p) {
  assert_int_equal(p->statements.len, 1);
  assert_int_equal(p->statements.items[0].kind, SQL_STMT_QUERY);
  assert_non_null(p->statements.items[0].query);
  return p->statements.items[0].query;
}

static sql_query *clean(const char *text) {
  sql_parsed p = lite(text);
  if (p.issues.len) fail_msg("%s: %s", text, p.issues.items[0].message);
  return query_of(&p);
}

static void assert_span(const char *text, sql_span span, const char *part) {
  const char *at = strstr(text, part);
  assert_non_null(at);
  assert_int_equal(span.from, at - text);
  assert_int_equal(span.to - span.from, strlen(part));
}

static void every_sqlite_form_is_accepted(void **state) {
  (void)state;
  static const char *const FORMS[] = {
      "SELECT * FROM a, b LEFT JOIN c USING (x, y) NATURAL JOIN d CROSS JOIN e FULL OUTER JOIN f "
      "ON a.x = f.y",
      "SELECT * FROM a LEFT NATURAL OUTER JOIN b, c ON a.x = c.x RIGHT JOIN d",
      "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c), d AS NOT MATERIALIZED "
      "(SELECT 2) SELECT * FROM c, d",
      "WITH recursive AS (SELECT 1) SELECT * FROM recursive",
      "SELECT a FROM (SELECT 1 AS a) x JOIN (b JOIN c ON b.i = c.i) ON x.a = b.a, (d), (e, f) AS g",
      "SELECT sum(x) FILTER (WHERE y > 1) OVER w, rank() OVER (PARTITION BY a ORDER BY b DESC "
      "NULLS LAST ROWS BETWEEN 1 "
      "PRECEDING AND CURRENT ROW EXCLUDE TIES) FROM t WINDOW w AS (ORDER BY z), w2 AS (w ROWS "
      "UNBOUNDED PRECEDING)",
      "SELECT (a, b) = (1, 2), x IN t, y NOT IN main.t, z IN (VALUES (1)), a IN (), b ISNULL, c "
      "NOTNULL, d NOT NULL FROM t",
      "SELECT a IS NOT DISTINCT FROM b, a IS DISTINCT FROM b, a IS b, a IS NOT b, a IS NULL, a IS "
      "NOT NULL FROM t",
      "SELECT 'a'.'b', \"x\"\"y\", `z`, [w w], 0xFF, 1_000, 1.5e-3, .5, 5., x'00ff', NULL, TRUE, "
      "?, ?1, :a, @b, $c",
      "SELECT json -> '$.a' ->> 'b', a || b COLLATE nocase, -a, ~b, NOT c, NOT EXISTS (SELECT 1) "
      "FROM t INDEXED BY i, u NOT INDEXED",
      "SELECT 1 FROM t WHERE x LIKE 'a' ESCAPE '\\' AND y GLOB 'b' AND z REGEXP 'c' AND w MATCH "
      "'d' OR x NOT BETWEEN 1 AND 2",
      "SELECT a x, b 'y', c \"z\", d AS [w] FROM t AS 'tt', u 'uu' LIMIT 5, 10",
      "VALUES (1, 2), (3, 4) UNION ALL SELECT * FROM t ORDER BY 1 LIMIT 2 OFFSET 1",
      "SELECT * FROM json_each('[1]') AS j, pragma_table_info('x') p WHERE j.value = p.cid",
      "SELECT CASE a WHEN 1 THEN 2 ELSE 3 END, CASE WHEN a THEN b END, CAST(a AS DECIMAL(10, 2)), "
      "CAST(b AS unsigned big int)",
      "SELECT left, right, key, end, year, month, offset, top, fetch, window, filter, over, rows, "
      "replace(a, b, c) FROM t",
      "SELECT date 'x', n'y' FROM t",
      "SELECT ((SELECT 1) + 1), ((1)), (((SELECT 2))) FROM ((SELECT 1))",
      "SELECT /* c */ 1 -- end",
      "\xEF\xBB\xBFSELECT 1 /* open",
      "SELECT * FROM t WHERE 1 = NOT 0 AND x BETWEEN 1 = 1 AND 2",
  };
  for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++) clean(FORMS[i]);
}

static void operators_bind_as_in_sqlite(void **state) {
  (void)state;
  sql_expr *e = clean("SELECT NOT a = b + c * d || e OR f")->items.items[0].expr;
  assert_int_equal(e->op, SQL_OP_OR);
  e = e->args.items[0];
  assert_int_equal(e->op, SQL_OP_NOT);
  e = e->args.items[0];
  assert_int_equal(e->op, SQL_OP_EQ);
  e = e->args.items[1];
  assert_int_equal(e->op, SQL_OP_ADD);
  e = e->args.items[1];
  assert_int_equal(e->op, SQL_OP_MUL);
  assert_int_equal(e->args.items[1]->op, SQL_OP_CONCAT);
}

static void spans_are_exact(void **state) {
  (void)state;
  const char *text =
      "SELECT (a.b) AS x FROM t LEFT JOIN \"u v\" AS w ON t.i <> w.i ORDER BY 1 LIMIT 3";
  sql_query *q = clean(text);
  assert_span(text, q->items.items[0].span, "(a.b) AS x");
  assert_span(text, q->items.items[0].expr->span, "(a.b)");
  assert_span(text, q->items.items[0].expr->name.span, "b");
  assert_true(q->items.items[0].expr->parenthesized);
  assert_span(text, q->from->join_span, "LEFT JOIN");
  assert_span(text, q->from->span, "t LEFT JOIN \"u v\" AS w ON t.i <> w.i");
  assert_span(text, q->from->right->name.span, "\"u v\"");
  assert_true(str_eq(q->from->right->name.text, STR("u v")));
  assert_span(text, q->from->on->op_span, "<>");
  assert_span(text, q->limit_span, "LIMIT 3");
  assert_int_equal(q->span.from, 0);
  assert_int_equal(q->span.to, strlen(text));
}

static void faults_are_named_where_they_are(void **state) {
  (void)state;
  static const struct {
    const char *text, *at;
    sql_issue_kind kind;
  } CASES[] = {
      {"SELECT a, FROM t", "FROM", SQL_ISSUE_SYNTAX},
      {"SELECT a b c FROM t", "c", SQL_ISSUE_SYNTAX},
      {"SELECT a FROM t WHERE AND x", "AND", SQL_ISSUE_SYNTAX},
      {"SELECT a FROM t WHERE x = 'abc", "'abc", SQL_ISSUE_SYNTAX},
      {"SELECT (a FROM t", "FROM", SQL_ISSUE_SYNTAX},
      {"SELECT a) FROM t", ")", SQL_ISSUE_SYNTAX},
      {"SELECT * FROM t ORDER BY a WHERE b", "WHERE", SQL_ISSUE_SYNTAX},
      {"SELECT * FROM t LIMIT 1 UNION SELECT 2", "UNION", SQL_ISSUE_SYNTAX},
      {"SELECT order FROM t", "order", SQL_ISSUE_SYNTAX},
      {"SELECT 1x FROM t", "1x", SQL_ISSUE_SYNTAX},
      {"SELECT count(* FROM t", "FROM", SQL_ISSUE_SYNTAX},
      {"SELECT * FROM a JOIN ON x = y", "ON", SQL_ISSUE_SYNTAX},
      {"SELECT TOP 5 a FROM t", "TOP 5", SQL_ISSUE_DIALECT},
      {"SELECT a FROM t FETCH FIRST 5 ROWS ONLY", "FETCH FIRST 5 ROWS ONLY", SQL_ISSUE_DIALECT},
      {"SELECT a::int FROM t", "::", SQL_ISSUE_DIALECT},
      {"SELECT a FROM t WHERE a ILIKE 'x'", "ILIKE", SQL_ISSUE_DIALECT},
      {"SELECT a FROM t QUALIFY x = 1", "QUALIFY", SQL_ISSUE_DIALECT},
      {"SELECT a INTO x FROM t", "INTO x", SQL_ISSUE_WRITE},
      {"SELECT a FROM t FOR UPDATE", "FOR UPDATE", SQL_ISSUE_WRITE},
      {"WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", "DELETE", SQL_ISSUE_WRITE},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    sql_parsed p = lite(CASES[i].text);
    query_of(&p);
    if (p.issues.len != 1) fail_msg("%s: %zu issues", CASES[i].text, p.issues.len);
    assert_int_equal(p.issues.items[0].kind, CASES[i].kind);
    assert_span(CASES[i].text, p.issues.items[0].span, CASES[i].at);
  }
}

/* One line an issue: its kind, and the text that it is about. */
static void every_case_has_its_issues(void **state) {
  (void)state;
  static const char *const KINDS[] = {"SYNTAX", "UNKNOWN", "DIALECT", "TOO_DEEP", "WRITE"};
  case_list cases = case_load(memory, "sql_issues");
  for (size_t i = 0; i < cases.len; i++) {
    const case_item *c = &cases.items[i];
    sql_dialect_id d;
    assert_true(sql_dialect_find(case_get(c, "from"), &d));
    str text = case_get(c, "input");
    sql_parsed p = parse(text, d);
    query_of(&p);
    buf lines;
    buf_init(&lines, 1 << 20);
    for (size_t k = 0; k < p.issues.len; k++) {
      sql_span s = p.issues.items[k].span;
      buf_printf(&lines, "%s %.*s\n", KINDS[p.issues.items[k].kind], (int)(s.to - s.from),
                 text.ptr + s.from);
    }
    case_expect(c, "expected", buf_str(&lines));
    buf_free(&lines);
  }
}

static void statements_are_listed_and_classed(void **state) {
  (void)state;
  sql_parsed p = lite(
      "SELECT 1;; insert into t values (1); PRAGMA x; WITH a AS (SELECT 1) DELETE FROM a; Here it "
      "is: SELECT 1;");
  static const sql_statement_kind KINDS[] = {SQL_STMT_QUERY, SQL_STMT_WRITE, SQL_STMT_SESSION,
                                             SQL_STMT_WRITE, SQL_STMT_UNKNOWN};
  static const char *const VERBS[] = {"SELECT", "insert", "PRAGMA", "DELETE", "Here"};
  assert_int_equal(p.statements.len, 5);
  for (size_t i = 0; i < 5; i++) {
    assert_int_equal(p.statements.items[i].kind, KINDS[i]);
    assert_true(str_eq(p.statements.items[i].verb, str_from(VERBS[i])));
  }
}

static str repeated(const char *head, const char *unit, size_t bytes) {
  size_t h = strlen(head), u = strlen(unit);
  char *text = arena_alloc(memory, bytes + h + u);
  assert_non_null(text);
  memcpy(text, head, h);
  size_t n = h;
  while (n + u <= bytes) {
    memcpy(text + n, unit, u);
    n += u;
  }
  return (str){text, n};
}

/* Twenty megabytes of the worst: linear, and no deeper than the limits. */
static void hostile_texts_end_soon(void **state) {
  (void)state;
  static const char *const UNITS[] = {
      "(",    ")",    "/*",  "'", "CASE ",       "NOT ",     "-",     "x.",
      "[",    "$a$ ", "\"",  ";", "FOR UPDATE ", "(SELECT ", "JOIN ", "WITH a AS (",
      "\xff", ",",    "::a", "`", "INTO ",       "x("};
  for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++) {
    for (int d = 0; d < SQL_N_DIALECTS; d += 4) {
      sql_parsed out;
      emend_error err;
      arena_reset(memory);
      str text = repeated("SELECT ", UNITS[i], (size_t)1 << 20);
      emend_rc rc = sql_parse(text, (sql_dialect_id)d, memory, &out, &err);
      assert_true(rc == EMEND_OK || rc == EMEND_ENOMEM);
      assert_true(out.issues.len <= SQL_MAX_ISSUES);
    }
  }
  sql_parsed out;
  emend_error err;
  arena_reset(memory);
  str huge = repeated("", "SELECT 1 ", (size_t)SQL_MAX_TEXT + 1000);
  assert_int_equal(sql_parse(huge, SQL_SQLITE, memory, &out, &err), EMEND_ELIMIT);
}

static void long_chains_stay_within_the_height(void **state) {
  (void)state;
  sql_parsed p = parse(repeated("SELECT 1", " OR 1", 5000), SQL_SQLITE);
  assert_int_equal(p.issues.len, 0);
  assert_true(query_of(&p)->height > 900);
  p = parse(repeated("SELECT 1", " OR 1", 500000), SQL_SQLITE);
  assert_int_equal(p.issues.len, 1);
  assert_int_equal(p.issues.items[0].kind, SQL_ISSUE_TOO_DEEP);
  assert_true(query_of(&p)->height <= SQL_MAX_HEIGHT);
  p = parse(repeated("SELECT 1", " UNION SELECT 1", 500000), SQL_SQLITE);
  assert_true(query_of(&p)->height <= SQL_MAX_HEIGHT);
  p = parse(repeated("SELECT * FROM a", ", a", 500000), SQL_POSTGRES);
  assert_true(query_of(&p)->height <= SQL_MAX_HEIGHT);
}

static void zero_bytes_are_a_fault(void **state) {
  (void)state;
  sql_parsed p = parse((str){"SELECT 'a\0b'", 12}, SQL_SQLITE);
  assert_int_equal(p.issues.len, 1);
  assert_int_equal(p.issues.items[0].kind, SQL_ISSUE_SYNTAX);
  assert_int_equal(p.issues.items[0].span.from, 9);
}

static void running_out_of_memory_is_reported(void **state) {
  (void)state;
  static const char TEXT[] =
      "WITH c AS (SELECT 'it''s' AS a) SELECT sum(c.a) OVER (ORDER BY b ROWS 1 PRECEDING), "
      "\"q\"\"r\" FROM c "
      "JOIN (d, e) USING (x) WHERE a IN (1, 2) AND EXISTS (SELECT 1) GROUP BY a ORDER BY b LIMIT 1 "
      "2 3";
  bool done = false;
  for (size_t cap = 0; !done; cap += 64) {
    sql_parsed out;
    emend_error err;
    arena *a = arena_create(cap);
    assert_non_null(a);
    emend_rc rc = sql_parse(STR(TEXT), SQL_SQLITE, a, &out, &err);
    done = rc == EMEND_OK;
    if (!done) assert_int_equal(rc, EMEND_ENOMEM);
    arena_destroy(a);
    assert_true(cap < 1 << 20);
  }
  for (long n = 1;; n++) {
    sql_parsed out;
    emend_error err;
    mem_fail_at(n);
    arena *a = arena_create(1 << 24);
    emend_rc rc = a ? sql_parse(STR(TEXT), SQL_SQLITE, a, &out, &err) : EMEND_ENOMEM;
    mem_fail_at(0);
    arena_destroy(a);
    if (rc == EMEND_OK) break;
    assert_int_equal(rc, EMEND_ENOMEM);
  }
}

/* Words come sorted, or look-up misses them. */
static void every_word_is_found(void **state) {
  (void)state;
  static const char *const WORDS[] = {
#define W(word, marks) #word,
#include "sql/words.def"
#undef W
  };
  for (size_t i = 1; i < sizeof WORDS / sizeof *WORDS; i++)
    assert_true(strcmp(WORDS[i - 1], WORDS[i]) < 0);
  assert_true(sql_is_reserved(SQL_SQLITE, STR("select")));
  assert_true(sql_is_reserved(SQL_ORACLE, STR("Level")));
  assert_false(sql_is_reserved(SQL_SQLITE, STR("level")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_sqlite_form_is_accepted),
      cmocka_unit_test(operators_bind_as_in_sqlite),
      cmocka_unit_test(spans_are_exact),
      cmocka_unit_test(faults_are_named_where_they_are),
      cmocka_unit_test(every_case_has_its_issues),
      cmocka_unit_test(statements_are_listed_and_classed),
      cmocka_unit_test(hostile_texts_end_soon),
      cmocka_unit_test(long_chains_stay_within_the_height),
      cmocka_unit_test(zero_bytes_are_a_fault),
      cmocka_unit_test(running_out_of_memory_is_reported),
      cmocka_unit_test(every_word_is_found),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
