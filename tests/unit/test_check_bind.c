/* check/bind: where each name of a query leads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "base/mem.h"
#include "check/check.h"
#include "support/folder.h"

static arena *memory;
static const char *folder;
static catalog *cat;

static int set_up(void **state) {
  (void)state;
  static const char schema[] =
      "CREATE TABLE a (id INTEGER PRIMARY KEY, x, y);"
      "CREATE TABLE b (id INTEGER PRIMARY KEY, a_id REFERENCES a (id), y, z);"
      "CREATE TABLE c (id INTEGER PRIMARY KEY, z);";
  sqlite3 *db = NULL;
  source *s = NULL;
  memory = arena_create((size_t)1 << 28);
  folder = folder_make(memory);
  const char *path = folder_path(memory, folder, "abc.sqlite");
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, schema, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
  assert_int_equal(source_open(path, &s, NULL), EMEND_OK);
  assert_int_equal(catalog_load(s, STR("abc"), NULL, &cat, NULL), EMEND_OK);
  source_close(s);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  catalog_unref(cat);
  folder_remove(folder);
  arena_destroy(memory);
  return 0;
}

static sql_query *bind(const char *sql) {
  sql_parsed p;
  diag_list diags = {0};
  assert_int_equal(sql_parse(str_from(sql), SQL_SQLITE, memory, &p, NULL), EMEND_OK);
  assert_int_equal(p.issues.len, 0);
  sql_query *q = p.statements.items[0].query;
  assert_int_equal(check_bind(q, cat, SQL_SQLITE, memory, &diags, NULL), EMEND_OK);
  if (diags.len) fail_msg("%s: %.*s", sql, STR_ARG(diags.items[0].message));
  return q;
}

static const sql_expr *item(const sql_query *q, size_t i) { return q->items.items[i].expr; }

static void expect_column(const sql_expr *e, const char *table, const char *column, int depth) {
  assert_non_null(e->bound.item);
  assert_int_equal(e->bound.depth, depth);
  assert_true(e->bound.table >= 0 && e->bound.column >= 0);
  assert_true(str_eq(cat->tables[e->bound.table].name, str_from(table)));
  assert_true(str_eq(cat->columns[e->bound.column].name, str_from(column)));
}

static void columns_lead_to_the_table_that_has_them(void **state) {
  (void)state;
  const sql_query *q = bind("SELECT x, B.Z, t.\"y\", main.b.y FROM a AS t JOIN b ON a_id = t.id");
  expect_column(item(q, 0), "a", "x", 0);
  expect_column(item(q, 1), "b", "z", 0);
  expect_column(item(q, 2), "a", "y", 0);
  expect_column(item(q, 3), "b", "y", 0);
  assert_ptr_equal(item(q, 0)->bound.item, q->from->left);
  expect_column(q->from->on->args.items[0], "b", "a_id", 0);
  assert_int_equal(q->from->left->table, catalog_table(cat, STR("a"))->id);
  assert_int_equal(q->from->table, -1);
}

static void rowid_is_a_column_without_a_number(void **state) {
  (void)state;
  const sql_expr *e = item(bind("SELECT _rowid_ FROM a"), 0);
  assert_non_null(e->bound.item);
  assert_true(e->bound.table >= 0);
  assert_int_equal(e->bound.column, -1);
}

static void depth_counts_the_queries_between(void **state) {
  (void)state;
  const sql_query *q = bind("SELECT (SELECT (SELECT x FROM c) FROM b) FROM a");
  const sql_query *inner = item(item(q, 0)->query, 0)->query;
  expect_column(item(inner, 0), "a", "x", 2);
}

static void derived_columns_go_by_their_place(void **state) {
  (void)state;
  const sql_query *q = bind("SELECT n, d.x, id FROM (SELECT a.*, 1 AS n FROM a) AS d");
  const int places[] = {3, 1, 0};
  for (size_t i = 0; i < 3; i++) {
    assert_ptr_equal(item(q, i)->bound.item, q->from);
    assert_int_equal(item(q, i)->bound.table, -1);
    assert_int_equal(item(q, i)->bound.column, places[i]);
  }
}

static void with_queries_hide_tables_and_see_themselves(void **state) {
  (void)state;
  const sql_query *q = bind(
      "WITH RECURSIVE a (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a "
      "WHERE n < 9) SELECT n, main.a.x FROM a JOIN main.a ON n = x");
  assert_ptr_equal(q->from->left->cte, q->ctes.items[0]);
  assert_int_equal(item(q, 0)->bound.column, 0);
  expect_column(item(q, 1), "a", "x", 0);
}

static void aliases_are_bound_to_their_item(void **state) {
  (void)state;
  const sql_query *q = bind("SELECT x + 1 AS n, y AS x FROM a WHERE n > 2 ORDER BY x, n");
  assert_ptr_equal(q->where->args.items[0]->bound.alias, &q->items.items[0]);
  assert_null(q->where->args.items[0]->bound.item);
  assert_ptr_equal(q->order_by.items[0].expr->bound.alias, &q->items.items[1]);
}

static void a_column_comes_before_an_alias_in_where(void **state) {
  (void)state;
  const sql_query *q = bind("SELECT y AS x FROM a WHERE x > 2");
  expect_column(q->where->args.items[0], "a", "x", 0);
}

static void merged_columns_are_those_of_the_left(void **state) {
  (void)state;
  const sql_query *q = bind("SELECT id, y, z FROM a JOIN b USING (id, y)");
  expect_column(item(q, 0), "a", "id", 0);
  expect_column(item(q, 1), "a", "y", 0);
  expect_column(item(q, 2), "b", "z", 0);
}

static void a_compound_is_ordered_by_its_columns(void **state) {
  (void)state;
  const sql_query *q = bind("SELECT x AS n FROM a UNION SELECT z FROM c ORDER BY n, 1");
  assert_ptr_equal(q->order_by.items[0].expr->bound.alias, &q->left->items.items[0]);
}

static void a_word_in_double_quotes_that_names_nothing_becomes_text(void **state) {
  (void)state;
  sql_parsed p;
  diag_list diags = {0};
  assert_int_equal(sql_parse(STR("SELECT \"it's\", \"x\" FROM a"), SQL_SQLITE, memory, &p, NULL),
                   EMEND_OK);
  sql_query *q = p.statements.items[0].query;
  assert_int_equal(check_bind(q, cat, SQL_SQLITE, memory, &diags, NULL), EMEND_OK);
  assert_int_equal(diags.len, 1);
  assert_int_equal(item(q, 0)->kind, SQL_STRING);
  expect_column(item(q, 1), "a", "x", 0);
  assert_true(str_eq(sql_print(q, SQL_SQLITE, memory), STR("SELECT 'it''s', x FROM a")));
}

static void binding_twice_gives_the_same(void **state) {
  (void)state;
  sql_query *q = bind(
      "SELECT d.n, (SELECT max(z) FROM b WHERE b.id = d.n) FROM "
      "(SELECT id AS n FROM a) d ORDER BY n");
  diag_list diags = {0};
  assert_int_equal(check_bind(q, cat, SQL_SQLITE, memory, &diags, NULL), EMEND_OK);
  assert_int_equal(diags.len, 0);
  assert_int_equal(item(q, 0)->bound.column, 0);
}

static void every_failed_allocation_is_reported(void **state) {
  (void)state;
  str sql =
      STR("WITH w AS (SELECT * FROM a NATURAL JOIN b) SELECT x, nope, u.nope FROM w JOIN "
          "(SELECT id FROM c UNION SELECT 1) u USING (id) ORDER BY x");
  for (long n = 1; n < 1000; n++) {
    arena *a = arena_create(1 << 22);
    sql_parsed p;
    diag_list diags = {0};
    assert_non_null(a);
    assert_int_equal(sql_parse(sql, SQL_SQLITE, a, &p, NULL), EMEND_OK);
    mem_fail_at(n);
    emend_rc rc = check_bind(p.statements.items[0].query, cat, SQL_SQLITE, a, &diags, NULL);
    bool failed = mem_requests() >= n;
    mem_fail_at(0);
    arena_destroy(a);
    if (!failed) {
      assert_int_equal(rc, EMEND_OK);
      return;
    }
    if (rc != EMEND_OK) assert_int_equal(rc, EMEND_ENOMEM);
  }
  fail();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(columns_lead_to_the_table_that_has_them),
      cmocka_unit_test(rowid_is_a_column_without_a_number),
      cmocka_unit_test(depth_counts_the_queries_between),
      cmocka_unit_test(derived_columns_go_by_their_place),
      cmocka_unit_test(with_queries_hide_tables_and_see_themselves),
      cmocka_unit_test(aliases_are_bound_to_their_item),
      cmocka_unit_test(a_column_comes_before_an_alias_in_where),
      cmocka_unit_test(merged_columns_are_those_of_the_left),
      cmocka_unit_test(a_compound_is_ordered_by_its_columns),
      cmocka_unit_test(a_word_in_double_quotes_that_names_nothing_becomes_text),
      cmocka_unit_test(binding_twice_gives_the_same),
      cmocka_unit_test(every_failed_allocation_is_reported),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
