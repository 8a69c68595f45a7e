/* sql/print, equal, fingerprint, build, walk: trees come back from their text; equality and
 * fingerprints see what matters and nothing else. */
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
  memory = arena_create((size_t)64 << 20);
  return memory ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  arena_destroy(memory);
  return 0;
}

static sql_query *parse(str text, sql_dialect_id d) {
  sql_parsed out;
  emend_error err;
  assert_int_equal(sql_parse(text, d, memory, &out, &err), EMEND_OK);
  if (out.issues.len) fail_msg("%.*s: %s", STR_ARG(text), out.issues.items[0].message);
  assert_int_equal(out.statements.len, 1);
  assert_non_null(out.statements.items[0].query);
  return out.statements.items[0].query;
}

static sql_query *lite(const char *text) { return parse(str_from(text), SQL_SQLITE); }

static sql_dialect_id dialect_in(const case_item *c, const char *section) {
  sql_dialect_id d;
  assert_true(sql_dialect_find(case_get(c, section), &d));
  return d;
}

static void every_case_prints_as_expected(void **state) {
  (void)state;
  case_list cases = case_load(memory, "sql");
  for (size_t i = 0; i < cases.len; i++) {
    const case_item *c = &cases.items[i];
    sql_dialect_id from = dialect_in(c, "from"), to = dialect_in(c, "to");
    sql_query *q = parse(case_get(c, "input"), from);
    str text = sql_print(q, to, memory);
    case_expect(c, "expected", text);
    if (from == to) assert_true(sql_equal(q, parse(text, to)));
  }
}

static void equality_ignores_how_it_was_written(void **state) {
  (void)state;
  assert_true(sql_equal(lite("select A from \"T\" where ((a)) = 1 limit 5, 2"),
                        lite("SELECT a FROM t WHERE a = 1 LIMIT 2 OFFSET 5")));
  assert_true(sql_equal(lite("SELECT CAST(a AS INT ) FROM t x"),
                        lite("SELECT cast(a as /* */ int) FROM t AS x")));
}

static void equality_sees_every_part(void **state) {
  (void)state;
  static const char *const DIFFERENT[] = {"SELECT a FROM t",
                                          "SELECT b FROM t",
                                          "SELECT DISTINCT a FROM t",
                                          "SELECT a AS b FROM t",
                                          "SELECT a FROM t AS u",
                                          "SELECT a FROM t, u",
                                          "SELECT a FROM t JOIN u",
                                          "SELECT a FROM t LEFT JOIN u",
                                          "SELECT a FROM t NATURAL JOIN u",
                                          "SELECT a FROM t JOIN u USING (x)",
                                          "SELECT a FROM t JOIN u ON x",
                                          "SELECT a FROM t WHERE x",
                                          "SELECT a FROM t GROUP BY x",
                                          "SELECT a FROM t GROUP BY x HAVING y",
                                          "SELECT a FROM t ORDER BY x",
                                          "SELECT a FROM t ORDER BY x DESC",
                                          "SELECT a FROM t ORDER BY x NULLS LAST",
                                          "SELECT a FROM t LIMIT 1",
                                          "SELECT a FROM t LIMIT 1 OFFSET 1",
                                          "SELECT a FROM t UNION SELECT a FROM t",
                                          "SELECT a FROM t UNION ALL SELECT a FROM t",
                                          "WITH t AS (SELECT 1) SELECT a FROM t",
                                          "WITH t(a) AS (SELECT 1) SELECT a FROM t",
                                          "WITH RECURSIVE t AS (SELECT 1) SELECT a FROM t",
                                          "SELECT a FROM (SELECT 1)",
                                          "SELECT a FROM t()",
                                          "SELECT a FROM main.t",
                                          "SELECT a FROM t INDEXED BY i",
                                          "SELECT a FROM t NOT INDEXED",
                                          "VALUES (1)",
                                          "SELECT t.a FROM t",
                                          "SELECT 'a' FROM t",
                                          "SELECT 'A' FROM t",
                                          "SELECT 1 FROM t",
                                          "SELECT ?1 FROM t",
                                          "SELECT x'61' FROM t",
                                          "SELECT a + 1 FROM t",
                                          "SELECT a - 1 FROM t",
                                          "SELECT -a FROM t",
                                          "SELECT a LIKE b FROM t",
                                          "SELECT a NOT LIKE b FROM t",
                                          "SELECT a LIKE b ESCAPE c FROM t",
                                          "SELECT a IS b FROM t",
                                          "SELECT a IS NULL FROM t",
                                          "SELECT a IS NOT NULL FROM t",
                                          "SELECT a IN (1) FROM t",
                                          "SELECT a NOT IN (1) FROM t",
                                          "SELECT a IN (SELECT 1) FROM t",
                                          "SELECT EXISTS (SELECT 1) FROM t",
                                          "SELECT NOT EXISTS (SELECT 1) FROM t",
                                          "SELECT a BETWEEN 1 AND 2 FROM t",
                                          "SELECT a NOT BETWEEN 1 AND 2 FROM t",
                                          "SELECT CASE WHEN a THEN b END FROM t",
                                          "SELECT CASE a WHEN a THEN b END FROM t",
                                          "SELECT CASE WHEN a THEN b ELSE c END FROM t",
                                          "SELECT CAST(a AS int) FROM t",
                                          "SELECT CAST(a AS text) FROM t",
                                          "SELECT a COLLATE x FROM t",
                                          "SELECT a COLLATE y FROM t",
                                          "SELECT f(a) FROM t",
                                          "SELECT f(DISTINCT a) FROM t",
                                          "SELECT f(*) FROM t",
                                          "SELECT f() FROM t",
                                          "SELECT f(a) FILTER (WHERE b) FROM t",
                                          "SELECT f(a) OVER () FROM t",
                                          "SELECT f(a) OVER (PARTITION BY b) FROM t",
                                          "SELECT f(a) OVER (ORDER BY b) FROM t",
                                          "SELECT f(a) OVER (ORDER BY b ROWS 1 PRECEDING) FROM t",
                                          "SELECT f(a) OVER (ORDER BY b ROWS 2 PRECEDING) FROM t",
                                          "SELECT f(a) OVER w FROM t WINDOW w AS ()",
                                          "SELECT (a, b) FROM t",
                                          "SELECT CURRENT_DATE FROM t",
                                          "SELECT TRUE FROM t",
                                          "SELECT * FROM t",
                                          "SELECT t.* FROM t",
                                          "SELECT (SELECT a) FROM t"};
  enum { N = sizeof DIFFERENT / sizeof *DIFFERENT };
  sql_query *trees[N];
  for (size_t i = 0; i < N; i++) trees[i] = lite(DIFFERENT[i]);
  for (size_t i = 0; i < N; i++)
    for (size_t k = 0; k < N; k++)
      if (sql_equal(trees[i], trees[k]) != (i == k))
        fail_msg("%s against %s", DIFFERENT[i], DIFFERENT[k]);
}

static bool same_shape(const char *x, const char *y) {
  char a[17], b[17];
  assert_int_equal(sql_fingerprint(lite(x), memory, a), EMEND_OK);
  assert_int_equal(sql_fingerprint(lite(y), memory, b), EMEND_OK);
  assert_int_equal(strlen(a), 16);
  return strcmp(a, b) == 0;
}

static void fingerprints_drop_values_and_keep_names(void **state) {
  (void)state;
  assert_true(same_shape("SELECT a FROM t WHERE b = 'x' AND c > -5 LIMIT 3",
                         "select A from T where B='why'  and c > 7 limit 10"));
  assert_true(
      same_shape("SELECT a FROM t WHERE b IN (1, 2, 3)", "SELECT a FROM t WHERE b IN ('x')"));
  assert_true(same_shape("SELECT a FROM t WHERE b BETWEEN 1 AND 2",
                         "SELECT a FROM t WHERE b BETWEEN ?1 AND :x"));
  assert_false(same_shape("SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE c = 1"));
  assert_false(same_shape("SELECT a FROM t", "SELECT a FROM u"));
  assert_false(same_shape("SELECT a FROM t ORDER BY 1", "SELECT a FROM t ORDER BY 2"));
  assert_false(same_shape("SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE b > 1"));
  assert_false(same_shape("SELECT a FROM t WHERE b IS NULL", "SELECT a FROM t WHERE b IS 1"));
  assert_false(same_shape("SELECT a FROM t WHERE b IN (1)", "SELECT a FROM t WHERE b IN (c)"));
}

/* In a bound tree a lone "x" that no column answers to is a value; in an unbound one it may be
 * a column. */
static void fingerprints_tell_quoted_text_from_columns(void **state) {
  (void)state;
  char a[17], b[17];
  sql_query *x = lite("SELECT a FROM t WHERE b = \"Bob\""),
            *y = lite("SELECT a FROM t WHERE b = \"Al\"");
  assert_int_equal(sql_fingerprint(x, memory, a), EMEND_OK);
  assert_int_equal(sql_fingerprint(y, memory, b), EMEND_OK);
  assert_string_not_equal(a, b);
  x->items.items[0].expr->bound.item = x->from;
  y->items.items[0].expr->bound.item = y->from;
  assert_int_equal(sql_fingerprint(x, memory, a), EMEND_OK);
  assert_int_equal(sql_fingerprint(y, memory, b), EMEND_OK);
  assert_string_equal(a, b);
}

static void built_trees_print_and_come_back(void **state) {
  (void)state;
  sql_query *q = sql_new_query(memory, SQL_SELECT);
  sql_item count = {.expr = sql_new_call(memory, STR("count"), NULL)};
  sql_item column = {.expr = sql_new_column(memory, STR("t"), STR("Two Words"))};
  assert_true(vec_push(memory, &q->items, count) && vec_push(memory, &q->items, column));
  q->from = sql_new_from(memory, SQL_FROM_TABLE);
  q->from->name.text = STR("T");
  q->where = sql_new_binary(memory, SQL_OP_EQ, sql_new_column(memory, (str){0}, STR("order")),
                            sql_new_binary(memory, SQL_OP_OR, sql_new_string(memory, STR("it's")),
                                           sql_new_number(memory, STR("-5"))));
  str text = sql_print(q, SQL_SQLITE, memory);
  assert_string_equal(text.ptr,
                      "SELECT count(*), t.\"Two Words\" FROM T WHERE \"order\" = ('it''s' OR -5)");
  assert_true(sql_equal(q, parse(text, SQL_SQLITE)));
  text = sql_print(q, SQL_POSTGRES, memory); /* built names are exact */
  assert_string_equal(
      text.ptr, "SELECT count(*), t.\"Two Words\" FROM \"T\" WHERE \"order\" = ('it''s' OR -5)");
  text = sql_print(q, SQL_MYSQL, memory);
  assert_string_equal(text.ptr,
                      "SELECT count(*), t.`Two Words` FROM T WHERE `order` = ('it''s' OR -5)");
  assert_string_equal(sql_print_expr(q->where, SQL_TSQL, memory).ptr, "[order] = ('it''s' OR -5)");
}

typedef struct visit {
  char seen[64];
  size_t n;
  sql_walk_next on_query;
} visit;

static sql_walk_next note_expr(void *ctx, sql_expr *e) {
  visit *v = ctx;
  if (e->kind == SQL_COLUMN && v->n + 1 < sizeof v->seen) v->seen[v->n++] = e->name.text.ptr[0];
  return e->kind == SQL_COLUMN && e->name.text.ptr[0] == '!' ? SQL_WALK_STOP : SQL_WALK_ON;
}

static sql_walk_next note_query(void *ctx, sql_query *q) {
  const visit *v = ctx;
  return q->parenthesized ? v->on_query : SQL_WALK_ON;
}

static void walks_visit_in_source_order(void **state) {
  (void)state;
  sql_query *q = lite(
      "WITH c AS (SELECT a) SELECT b, f(c) FILTER (WHERE d) OVER (PARTITION BY e ORDER BY f ROWS g "
      "PRECEDING) "
      "FROM t JOIN (SELECT h) ON i WHERE j IN (SELECT k) GROUP BY l HAVING m WINDOW w AS (ORDER BY "
      "n) "
      "ORDER BY o LIMIT p OFFSET q");
  visit v = {.on_query = SQL_WALK_ON};
  sql_visitor visitor = {.expr = note_expr, .query = note_query, .ctx = &v};
  assert_true(sql_walk_query(q, &visitor));
  assert_string_equal(v.seen, "abcdefghijklmnopq");
  v = (visit){.on_query = SQL_WALK_SKIP};
  assert_true(sql_walk_query(q, &visitor));
  assert_string_equal(v.seen, "bcdefgijlmnopq");
  v = (visit){.on_query = SQL_WALK_STOP};
  assert_false(sql_walk_query(q, &visitor));
  assert_string_equal(v.seen, "");
}

static void running_out_of_memory_is_reported(void **state) {
  (void)state;
  sql_query *q = lite("SELECT 'a' FROM t WHERE b IN (1, 2) ORDER BY c LIMIT 1");
  for (long n = 1;; n++) {
    char hex[17];
    arena *a = arena_create(1 << 20);
    mem_fail_at(n);
    str text = sql_print(q, SQL_SQLITE, a);
    bool failed = !text.ptr;
    mem_fail_at(n);
    failed |= sql_fingerprint(q, a, hex) != EMEND_OK;
    mem_fail_at(0);
    arena_destroy(a);
    if (!failed) break;
    assert_true(n < 100);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_case_prints_as_expected),
      cmocka_unit_test(equality_ignores_how_it_was_written),
      cmocka_unit_test(equality_sees_every_part),
      cmocka_unit_test(fingerprints_drop_values_and_keep_names),
      cmocka_unit_test(fingerprints_tell_quoted_text_from_columns),
      cmocka_unit_test(built_trees_print_and_come_back),
      cmocka_unit_test(walks_visit_in_source_order),
      cmocka_unit_test(running_out_of_memory_is_reported),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
