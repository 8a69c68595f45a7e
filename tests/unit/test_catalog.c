/* catalog: a snapshot holds the schema and its keys, is shared by count, and its version follows
 * the schema and nothing else. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "support/database.h"

static arena *A;

static int setup(void **state) {
  (void)state;
  A = arena_create((size_t)1 << 28);
  return A ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  arena_destroy(A);
  return 0;
}

static catalog *load(const char *sql, const catalog_options *opt) {
  catalog *c = database_catalog(sql, opt);
  assert_non_null(c);
  return c;
}

static const cat_column *column(const catalog *c, const char *table, const char *name) {
  const cat_table *t = catalog_table(c, str_from(table));
  assert_non_null(t);
  return catalog_column(c, t, str_from(name));
}

static void names_are_found_in_any_case(void **state) {
  (void)state;
  catalog *c =
      load("CREATE TABLE Customer(customerId INTEGER PRIMARY KEY, \"Full Name\" TEXT)", NULL);
  assert_int_equal(c->n_tables, 1);
  assert_int_equal(c->n_columns, 2);
  assert_true(str_eq(c->source_name, STR("shop")));
  assert_ptr_equal(catalog_table(c, STR("CUSTOMER")), &c->tables[0]);
  assert_null(catalog_table(c, STR("customers")));
  const cat_column *id = column(c, "customer", "CUSTOMERID");
  assert_true(id == &c->columns[0] && id->pk == 1 && id->unique && id->type == CAT_INTEGER);
  assert_int_equal(id->n_words, 2);
  assert_true(str_eq(id->words[0], STR("customer")) && str_eq(id->words[1], STR("id")));
  assert_null(column(c, "customer", "id"));
  assert_int_equal(column(c, "customer", "full name")->n_words, 2);
  assert_int_equal(c->tables[0].n_words, 1);
  catalog_unref(c);
}

static void uniqueness_comes_from_single_columns_only(void **state) {
  (void)state;
  catalog *c = load(
      "CREATE TABLE t(a INT, b INT, c TEXT UNIQUE, d INT, e INT, PRIMARY KEY(a, b));"
      "CREATE UNIQUE INDEX de ON t(d, e); CREATE UNIQUE INDEX p ON t(e) WHERE e > 1",
      NULL);
  const bool expected[] = {false, false, true, false, false};
  for (int i = 0; i < 5; i++) assert_int_equal(c->columns[i].unique, expected[i]);
  assert_int_equal(c->columns[1].pk, 2);
  catalog_unref(c);
}

static void declared_keys_are_resolved_and_dangling_ones_dropped(void **state) {
  (void)state;
  catalog *c = load(
      "CREATE TABLE t(id INTEGER PRIMARY KEY, up INT REFERENCES T(ID), g INT REFERENCES ghost(id),"
      " n INT REFERENCES t(nowhere), p INT, q INT, FOREIGN KEY(p, q) REFERENCES pair);"
      "CREATE TABLE pair(x INT, y INT, PRIMARY KEY(y, x))",
      NULL);
  assert_string_equal(database_keys(A, c), "t.up -> t.id; t.p -> pair.y & t.q -> pair.x");
  assert_true(column(c, "t", "up")->is_fkey && column(c, "t", "q")->is_fkey);
  assert_false(column(c, "t", "g")->is_fkey);
  catalog_unref(c);
}

static void the_version_follows_the_schema_alone(void **state) {
  (void)state;
  const char *base = "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT)";
  const char *others[] = {"CREATE TABLE t(id INTEGER PRIMARY KEY, b TEXT)",
                          "CREATE TABLE t(id INTEGER PRIMARY KEY, a INT)",
                          "CREATE TABLE t(id INTEGER, a TEXT)",
                          "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT REFERENCES t)",
                          "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT UNIQUE)",
                          "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT NOT NULL)",
                          "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT); CREATE TABLE u(x)"};
  catalog *c = load(base, NULL);
  assert_int_equal(strlen(c->version), 16);
  catalog *same = load(
      "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT);"
      "INSERT INTO t VALUES (1, 'x'), (2, 'y')",
      NULL);
  assert_string_equal(same->version, c->version);
  catalog_unref(same);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    catalog *other = load(others[i], NULL);
    assert_string_not_equal(other->version, c->version);
    catalog_unref(other);
  }
  catalog_unref(c);
}

static void a_database_without_tables_is_said_to_be_so(void **state) {
  (void)state;
  catalog *c;
  database d;
  emend_error err = {0};
  assert_true(database_create(&d, ""));
  assert_int_equal(database_load(&d, NULL, &c, &err), EMEND_ENOTFOUND);
  assert_null(c);
  assert_non_null(strstr(err.msg, "no tables"));
  database_drop(&d);
}

static void *share(void *arg) {
  for (int i = 0; i < 10000; i++) catalog_unref(catalog_ref(arg));
  catalog_unref(arg);
  return NULL;
}

static void threads_share_a_snapshot(void **state) {
  (void)state;
  catalog *c = load("CREATE TABLE t(x)", NULL);
  pthread_t threads[4];
  for (int i = 0; i < 4; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, share, catalog_ref(c)), 0);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  assert_int_equal(c->refs, 1);
  catalog_unref(c);
  catalog_unref(NULL);
  assert_null(catalog_ref(NULL));
}

static str comment_of(void *ctx, str table, str name) {
  (void)ctx;
  if (name.len == 0) return STR("the table");
  return str_eq(table, STR("t")) && str_eq(name, STR("x")) ? STR("the column") : STR("");
}

static void comments_that_people_gave_are_kept(void **state) {
  (void)state;
  catalog *c = load("CREATE TABLE t(x, y)", &(catalog_options){.comment = comment_of});
  assert_true(str_eq(c->tables[0].comment, STR("the table")));
  assert_true(str_eq(c->columns[0].comment, STR("the column")));
  assert_int_equal(c->columns[1].comment.len, 0);
  catalog_unref(c);
}

static void odd_schemas_load(void **state) {
  (void)state;
  catalog *c = load(
      "CREATE TABLE \"a \"\"b\"(\"select\" INT, \"x y\" TEXT); INSERT INTO \"a \"\"b\" VALUES (1, "
      "'v');"
      "CREATE TABLE \"表\"(\"名前\" TEXT); INSERT INTO \"表\" VALUES ('東京');"
      "CREATE TABLE \"order\"(\"group\" INT) ; CREATE TABLE w(k TEXT PRIMARY KEY, v) WITHOUT ROWID;"
      "INSERT INTO w VALUES ('key', 1); CREATE TABLE g(a INT, b INT AS (a * 2));"
      "INSERT INTO g(a) VALUES (4); CREATE VIRTUAL TABLE docs USING fts5(title);"
      "INSERT INTO docs VALUES ('red fox'); CREATE VIEW good AS SELECT v FROM w;"
      "CREATE VIEW bad AS SELECT * FROM nowhere; CREATE TABLE \"\"(\"\" TEXT)",
      NULL);
  assert_int_equal(c->n_tables, 8);
  assert_non_null(catalog_value(c, STR("東京")));
  assert_true(column(c, "表", "名前")->profile.known);
  assert_int_equal(column(c, "g", "b")->profile.max.i, 8);
  assert_non_null(catalog_value(c, STR("Red Fox")));
  int hidden = 0;
  for (int i = 0; i < c->n_columns; i++) {
    hidden += c->columns[i].hidden;
    if (c->columns[i].hidden) assert_false(c->columns[i].profile.known);
  }
  assert_int_equal(hidden, 2);
  assert_true(column(c, "good", "v")->profile.known);
  catalog_unref(c);
}

static void five_hundred_tables_load_quickly(void **state) {
  (void)state;
  buf sql;
  buf_init(&sql, 1 << 20);
  for (int i = 0; i < 500; i++)
    buf_printf(&sql,
               "CREATE TABLE thing%d(thing%d_id INTEGER PRIMARY KEY, name TEXT, thing%d_id2 INT);",
               i, i, (i + 1) % 500);
  database d;
  catalog *c;
  assert_true(database_create(&d, sql.ptr));
  double start = clock_ms();
  assert_int_equal(database_load(&d, NULL, &c, NULL), EMEND_OK);
  assert_true(clock_ms() - start < 5000); /* 0.2 s in a release build */
  assert_int_equal(c->n_tables, 500);
  catalog_unref(c);
  database_drop(&d);
  buf_free(&sql);
}

static bool cancel_when_asked(void *ctx, str table, str name) {
  (void)name;
  if (str_eq(table, STR("last"))) source_cancel(ctx);
  return false;
}

static void cancelling_ends_the_load(void **state) {
  (void)state;
  database d;
  source *s;
  catalog *c;
  assert_true(
      database_create(&d, "CREATE TABLE t(x); CREATE TABLE last(x); INSERT INTO t VALUES (1)"));
  assert_int_equal(source_open(d.path, &s, NULL), EMEND_OK);
  catalog_options opt = {.is_private = cancel_when_asked, .ctx = s};
  assert_int_equal(catalog_load(s, STR("x"), &opt, &c, NULL), EMEND_ECANCELED);
  assert_null(c);
  assert_int_equal(catalog_load(s, STR("x"), NULL, &c, NULL), EMEND_OK);
  catalog_unref(c);
  source_close(s);
  database_drop(&d);
}

static void types_have_names_and_come_from_declarations(void **state) {
  (void)state;
  assert_int_equal(cat_type_of(STR("VARCHAR(20)")), CAT_TEXT);
  assert_int_equal(cat_type_of(STR("BIGINT")), CAT_INTEGER);
  assert_int_equal(cat_type_of(STR("numeric(5,2)")), CAT_REAL);
  assert_int_equal(cat_type_of(STR("datetime")), CAT_TIMESTAMP);
  assert_int_equal(cat_type_of(STR("jsonb")), CAT_JSON);
  assert_int_equal(cat_type_of(STR("")), CAT_UNKNOWN);
  for (cat_type t = CAT_TEXT; t <= CAT_JSON; t++)
    assert_int_equal(cat_type_of(str_from(cat_type_name(t))), t);
  assert_string_equal(cat_type_name(CAT_UNKNOWN), "");
}

static const char *const SHOP =
    "CREATE TABLE team(id INTEGER PRIMARY KEY, name TEXT UNIQUE, made DATE, logo BLOB);"
    "CREATE TABLE game(id INTEGER PRIMARY KEY, team_id INT, away_team INT, score REAL);"
    "INSERT INTO team VALUES (1, 'Reds', '2001-01-01', x'00'), (2, 'Élan', NULL, NULL);"
    "INSERT INTO game VALUES (1, 1, 2, 1.5), (2, 2, 1, NULL)";

static void memory_failure_is_reported_and_leaks_nothing(void **state) {
  (void)state;
  database d;
  assert_true(database_create(&d, SHOP));
  source *s;
  assert_int_equal(source_open(d.path, &s, NULL), EMEND_OK);
  bool done = false;
  long n = 1;
  for (; !done && n < 1000; n++) {
    catalog *c;
    mem_fail_at(n);
    emend_rc rc = catalog_load(s, STR("x"), NULL, &c, NULL);
    done = mem_requests() < n;
    mem_fail_at(0);
    if (rc != (done ? EMEND_OK : EMEND_ENOMEM)) fail_msg("request %ld: rc %d", n, (int)rc);
    catalog_unref(c);
  }
  assert_true(done && n > 10);
  source_close(s);
  database_drop(&d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(names_are_found_in_any_case),
      TEST(uniqueness_comes_from_single_columns_only),
      TEST(declared_keys_are_resolved_and_dangling_ones_dropped),
      TEST(the_version_follows_the_schema_alone),
      TEST(a_database_without_tables_is_said_to_be_so),
      TEST(threads_share_a_snapshot),
      TEST(comments_that_people_gave_are_kept),
      TEST(odd_schemas_load),
      TEST(five_hundred_tables_load_quickly),
      TEST(cancelling_ends_the_load),
      TEST(types_have_names_and_come_from_declarations),
      TEST(memory_failure_is_reported_and_leaks_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
