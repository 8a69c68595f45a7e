/* Introspection of SQLite: what is declared is found, in order, and odd schemas do not stop it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "base/mem.h"
#include "source/source.h"
#include "support/folder.h"

static arena *A;
static const char *dir, *path;

static int setup(void **state) {
  (void)state;
  A = arena_create((size_t)1 << 28);
  dir = A ? folder_make(A) : NULL;
  path = dir ? folder_path(A, dir, "shop.db") : NULL;
  return path ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  folder_remove(dir);
  arena_destroy(A);
  return 0;
}

static void make_db(const char *sql) {
  sqlite3 *db;
  char *msg = NULL;
  if (sqlite3_open(path, &db) || sqlite3_exec(db, sql, NULL, NULL, &msg)) fail_msg("%s", msg);
  sqlite3_close(db);
}

static source_schema describe(void) {
  source *s;
  source_schema schema = {0};
  emend_error err = {0};
  if (source_open(path, &s, &err) || source_describe(s, A, &schema, &err)) fail_msg("%s", err.msg);
  source_close(s);
  return schema;
}

static const source_table *table(const source_schema *s, const char *name) {
  for (size_t i = 0; i < s->tables.len; i++)
    if (str_eq(s->tables.items[i].name, str_from(name))) return &s->tables.items[i];
  fail_msg("no table %s", name);
  return NULL;
}

static void tables_columns_and_keys_are_found(void **state) {
  (void)state;
  make_db(
      "CREATE TABLE b(id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'x', UNIQUE(name));"
      "CREATE TABLE a(x INT, y INT, z REAL, PRIMARY KEY(y, x), FOREIGN KEY(x) REFERENCES b(id),"
      " FOREIGN KEY(y) REFERENCES b) WITHOUT ROWID;"
      "CREATE INDEX az ON a(z, x); CREATE UNIQUE INDEX part ON a(z) WHERE z > 1;"
      "CREATE INDEX expr ON a(z + 1); CREATE VIEW v AS SELECT name AS n, 1 AS one FROM b;"
      "INSERT INTO b(name) VALUES ('p'), ('q'); INSERT INTO a VALUES (1, 2, 3.0);");
  source_schema s = describe();
  assert_int_equal(s.tables.len, 3);
  const source_table *b = &s.tables.items[0], *a = table(&s, "a"), *v = table(&s, "v");
  assert_true(str_eq(b->name, STR("b")));
  assert_int_equal(b->row_count, 2);
  assert_int_equal(a->row_count, 1);
  assert_true(v->is_view && v->row_count == -1 && v->columns.len == 2);
  const source_column *name = &b->columns.items[1];
  assert_true(name->not_null && str_eq(name->type, STR("TEXT")));
  assert_true(str_eq(name->default_value, STR("'x'")));
  assert_int_equal(b->columns.items[0].pk, 1);
  assert_int_equal(a->columns.items[0].pk, 2);
  assert_int_equal(a->columns.items[1].pk, 1);
  assert_int_equal(a->fkeys.len, 2);
  assert_true(str_eq(a->fkeys.items[0].from_columns.items[0], STR("x")));
  assert_true(str_eq(a->fkeys.items[0].to_columns.items[0], STR("id")));
  assert_true(str_eq(a->fkeys.items[1].from_columns.items[0], STR("y")));
  assert_int_equal(a->fkeys.items[1].to_columns.len, 0);
  assert_int_equal(b->indexes.len, 1);
  assert_true(b->indexes.items[0].unique);
  int partial = 0, wide = 0;
  for (size_t i = 0; i < a->indexes.len; i++) {
    const source_index *x = &a->indexes.items[i];
    partial += str_eq(x->name, STR("part")) && !x->unique;
    wide += str_eq(x->name, STR("az")) && x->columns.len == 2;
    assert_false(str_eq(x->name, STR("expr")));
  }
  assert_true(partial == 1 && wide == 1);
}

static void odd_names_survive(void **state) {
  (void)state;
  make_db(
      "CREATE TABLE \"a \"\"b\"(\"select\" INT, \"x y\" TEXT, [w] INT, `q``r` INT, 'it''s' INT);"
      "CREATE TABLE \"表\"(\"名前\" TEXT); INSERT INTO \"表\" VALUES ('x');"
      "CREATE TABLE \"order\"(\"group\" INT REFERENCES \"a \"\"b\"(\"select\"));"
      "CREATE TABLE \"%s%n\"(\"\" INT)");
  source_schema s = describe();
  assert_int_equal(s.tables.len, 4);
  assert_int_equal(table(&s, "a \"b")->columns.len, 5);
  assert_int_equal(table(&s, "表")->row_count, 1);
  assert_true(str_eq(table(&s, "order")->fkeys.items[0].to_table, STR("a \"b")));
  assert_int_equal(table(&s, "%s%n")->row_count, 0);
}

static void the_engines_own_tables_are_left_out(void **state) {
  (void)state;
  make_db(
      "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, x); CREATE INDEX i ON t(x);"
      "INSERT INTO t(x) VALUES (1); ANALYZE; CREATE VIRTUAL TABLE docs USING fts5(title, body);"
      "INSERT INTO docs VALUES ('a', 'b'), ('c', 'd'); CREATE VIRTUAL TABLE r USING rtree(id, a, "
      "b);"
      "CREATE VIRTUAL TABLE old USING fts4(x);");
  source_schema s = describe();
  assert_int_equal(s.tables.len, 4);
  const source_table *docs = table(&s, "docs");
  assert_int_equal(docs->row_count, 2);
  int hidden = 0;
  for (size_t i = 0; i < docs->columns.len; i++) hidden += docs->columns.items[i].hidden;
  assert_int_equal((int)docs->columns.len - hidden, 2);
  assert_int_equal(hidden, 2);
}

static void generated_columns_are_ordinary_ones(void **state) {
  (void)state;
  make_db(
      "CREATE TABLE t(a INT, b INT AS (a * 2) VIRTUAL, c INT AS (a * 3) STORED);"
      "INSERT INTO t(a) VALUES (1)");
  source_schema s = describe();
  assert_int_equal(s.tables.items[0].columns.len, 3);
  for (size_t i = 0; i < 3; i++) assert_false(s.tables.items[0].columns.items[i].hidden);
}

static void what_no_longer_works_is_left_out(void **state) {
  (void)state;
  make_db(
      "CREATE TABLE t(x); CREATE TABLE gone(y); CREATE VIEW good AS SELECT x FROM t;"
      "CREATE VIEW bad AS SELECT y FROM gone; CREATE VIEW worse AS SELECT nope(x) FROM t;"
      "CREATE VIEW loop AS SELECT * FROM loop; PRAGMA legacy_alter_table = 1; DROP TABLE gone;"
      "PRAGMA writable_schema = 1; INSERT INTO sqlite_schema VALUES ('table', 'alien', 'alien', 0,"
      " 'CREATE VIRTUAL TABLE alien USING no_such_module(x)')");
  source_schema s = describe();
  assert_int_equal(s.tables.len, 2);
  assert_true(str_eq(s.tables.items[0].name, STR("t")));
  assert_true(str_eq(s.tables.items[1].name, STR("good")));
}

static void keys_to_nowhere_and_to_itself_are_listed(void **state) {
  (void)state;
  make_db(
      "CREATE TABLE t(id INTEGER PRIMARY KEY, parent INT REFERENCES t(id), g INT REFERENCES "
      "ghost(id),"
      " p INT, q INT, FOREIGN KEY(p, q) REFERENCES pair(p, q));"
      "CREATE TABLE pair(p INT, q INT, PRIMARY KEY(p, q))");
  source_schema s = describe();
  const source_table *t = table(&s, "t");
  assert_int_equal(t->fkeys.len, 3);
  assert_true(str_eq(t->fkeys.items[0].to_table, STR("t")));
  assert_true(str_eq(t->fkeys.items[1].to_table, STR("ghost")));
  assert_int_equal(t->fkeys.items[2].from_columns.len, 2);
}

static void five_hundred_tables_take_well_under_a_second(void **state) {
  (void)state;
  sqlite3 *db;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
  for (int i = 0; i < 500; i++) {
    char *sql = sqlite3_mprintf(
        "CREATE TABLE t%d(id INTEGER PRIMARY KEY, a TEXT, b INT REFERENCES t%d)", i, i / 2);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_free(sql);
  }
  sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
  sqlite3_close(db);
  double start = clock_ms();
  source_schema s = describe();
  assert_int_equal(s.tables.len, 500);
  assert_true(clock_ms() - start < 2000);
  assert_true(str_eq(s.tables.items[499].name, STR("t499")));
}

static void memory_failure_is_reported(void **state) {
  (void)state;
  make_db("CREATE TABLE a(x INT UNIQUE, y REFERENCES b(z)); CREATE TABLE b(z INTEGER PRIMARY KEY)");
  source *s;
  assert_int_equal(source_open(path, &s, NULL), EMEND_OK);
  bool done = false;
  for (size_t cap = 16; !done && cap < 100000; cap += 64) {
    arena *a = arena_create(cap);
    source_schema schema;
    emend_rc rc = source_describe(s, a, &schema, NULL);
    done = rc == EMEND_OK;
    assert_true(done || rc == EMEND_ENOMEM);
    arena_destroy(a);
  }
  assert_true(done);
  source_close(s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(tables_columns_and_keys_are_found),
      TEST(odd_names_survive),
      TEST(the_engines_own_tables_are_left_out),
      TEST(generated_columns_are_ordinary_ones),
      TEST(what_no_longer_works_is_left_out),
      TEST(keys_to_nowhere_and_to_itself_are_listed),
      TEST(five_hundred_tables_take_well_under_a_second),
      TEST(memory_failure_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
