/* Profiles say what a column holds, the value index finds what is stored, and private columns
 * are not read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "catalog/build.h"
#include "support/database.h"
#include "support/public_data.h"

static catalog *load(const char *sql, const catalog_options *opt) {
  catalog *c = database_catalog(sql, opt);
  assert_non_null(c);
  return c;
}

static const cat_profile *profile(const catalog *c, const char *name) {
  const cat_column *x = catalog_column(c, &c->tables[0], str_from(name));
  assert_non_null(x);
  return &x->profile;
}

static void figures_are_exact_for_what_is_read_whole(void **state) {
  (void)state;
  catalog *c = load(
      "CREATE TABLE t(i INT, r REAL, s TEXT, e TEXT);"
      "INSERT INTO t VALUES (3, 1.5, 'b', NULL), (1, 2, 'a', NULL), (3, NULL, 'b', NULL),"
      " (NULL, -1, 'ccc', NULL)",
      NULL);
  const cat_profile *i = profile(c, "i"), *r = profile(c, "r"), *s = profile(c, "s");
  assert_true(i->known && !i->sampled && i->rows == 4 && i->nulls == 1 && i->distinct == 2);
  assert_true(i->min.i == 1 && i->max.i == 3 && i->value_type == CAT_INTEGER);
  assert_true(r->min.r == -1 && r->max.r == 2 && r->value_type == CAT_REAL);
  assert_true(str_eq(s->min.text, STR("a")) && str_eq(s->max.text, STR("ccc")));
  assert_true(s->n_samples == 3 && str_eq(s->samples[0], STR("b")) &&
              str_eq(s->samples[1], STR("a")) && str_eq(s->samples[2], STR("ccc")));
  assert_true(str_eq(i->samples[0], STR("3")));
  const cat_profile *e = profile(c, "e");
  assert_true(e->known && e->nulls == 4 && e->distinct == 0 && e->min.kind == CELL_NULL &&
              e->n_samples == 0 && e->value_type == CAT_UNKNOWN);
  catalog_unref(c);
}

static void the_five_most_frequent_are_the_samples(void **state) {
  (void)state;
  catalog *c = load(
      "CREATE TABLE t(x TEXT); WITH n(i) AS (VALUES (1),(2),(3),(4),(5),(6),(7),(8))"
      " INSERT INTO t SELECT 'v' || a.i FROM n a, n b WHERE b.i <= a.i",
      NULL);
  const cat_profile *p = profile(c, "x");
  const char *expected[] = {"v8", "v7", "v6", "v5", "v4"};
  assert_int_equal(p->n_samples, 5);
  for (int i = 0; i < 5; i++) assert_true(str_eq(p->samples[i], str_from(expected[i])));
  catalog_unref(c);
}

static void text_tells_what_it_holds(void **state) {
  (void)state;
  catalog *c = load(
      "CREATE TABLE t(num TEXT, mix TEXT, code TEXT, day TEXT, at TEXT, clock TEXT, js TEXT, word "
      "TEXT,"
      " any, data BLOB);"
      "INSERT INTO t VALUES ('1', '1.5', '007', '2014-03-05', '2014-03-05 10:30:00', '10:30', "
      "'{\"a\":1}',"
      " 'x', 1, x'00'), ('-20', '3', '010', '2015-01-01', '2014-03-05T10:30', '11:00:59', '[]', '1 "
      "2',"
      " 2, NULL), ('', '1', '1', '', NULL, NULL, NULL, '5', 3, 'text')",
      NULL);
  const struct {
    const char *name;
    cat_type type;
    bool numeric_text;
  } cases[] = {{"num", CAT_INTEGER, true},   {"mix", CAT_REAL, true},
               {"code", CAT_TEXT, false},    {"day", CAT_DATE, false},
               {"at", CAT_TIMESTAMP, false}, {"clock", CAT_TIME, false},
               {"js", CAT_JSON, false},      {"word", CAT_TEXT, false},
               {"any", CAT_INTEGER, false},  {"data", CAT_BLOB, false}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const cat_profile *p = profile(c, cases[i].name);
    if (p->value_type != cases[i].type || p->numeric_text != cases[i].numeric_text)
      fail_msg("%s: %s", cases[i].name, cat_type_name(p->value_type));
  }
  /* An undeclared column takes its type from what it holds. */
  assert_int_equal(catalog_column(c, &c->tables[0], STR("any"))->type, CAT_INTEGER);
  assert_int_equal(profile(c, "data")->distinct, -1);
  assert_int_equal(profile(c, "data")->nulls, 1);
  catalog_unref(c);
}

static void a_few_na_do_not_hide_numbers(void **state) {
  (void)state;
  catalog *c = load(
      "CREATE TABLE t(x TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n"
      " LIMIT 19) INSERT INTO t SELECT i FROM n; INSERT INTO t VALUES ('n/a')",
      NULL);
  assert_true(profile(c, "x")->numeric_text);
  assert_non_null(catalog_value(c, STR("N/A")));
  assert_null(catalog_value(c, STR("7")));
  catalog_unref(c);
}

static void stored_values_are_found_however_they_are_written(void **state) {
  (void)state;
  catalog *c = load(
      "CREATE TABLE t(city TEXT, n INT); CREATE TABLE u(place TEXT);"
      "INSERT INTO t VALUES ('São Paulo', 1), ('sao paulo', 2), ('São Paulo', 3), ('!!', 4);"
      "INSERT INTO u VALUES ('SAO-PAULO'), ('SAO-PAULO'), ('SAO-PAULO'), ('Oslo')",
      NULL);
  assert_true(c->has_values);
  const cat_value *v = catalog_value(c, STR("  sao  PAULO "));
  assert_non_null(v);
  assert_true(str_eq(v->text, STR("SAO-PAULO")) && v->count == 3 && v->column == 2);
  assert_true(str_eq(v->next->text, STR("São Paulo")) && v->next->count == 2);
  assert_true(str_eq(v->next->next->text, STR("sao paulo")));
  assert_null(v->next->next->next);
  assert_null(catalog_value(c, STR("paulo")));
  assert_null(catalog_value(c, STR("1")));
  assert_null(catalog_value(c, STR("")));
  assert_null(catalog_value(c, STR("!!")));
  catalog_unref(c);
}

static void long_texts_are_cut_in_samples_and_left_out_of_the_index(void **state) {
  (void)state;
  catalog *c = load(
      "CREATE TABLE t(x TEXT); INSERT INTO t VALUES (replace(hex(zeroblob(30)), '0', 'é')),"
      " ('short'), (replace(hex(zeroblob(30)), '0', 'é') || 'x')",
      NULL);
  const cat_profile *p = profile(c, "x");
  assert_int_equal(p->distinct, 3);
  for (int i = 0; i < p->n_samples; i++)
    assert_true(p->samples[i].len <= 80 && utf8_valid(p->samples[i]));
  assert_true(p->max.text.len <= 80 && utf8_valid(p->max.text));
  assert_int_equal(map_len(c->values), 1);
  catalog_unref(c);
}

static bool is_secret(void *ctx, str table, str column) {
  *(int *)ctx += str_eq(table, STR("t"));
  return str_eq(column, STR("secret"));
}

static void private_columns_are_not_read(void **state) {
  (void)state;
  int asked = 0;
  /* Reading the generated column fails: that the other is known shows that no query names it. */
  catalog *c = load(
      "CREATE TABLE t(a TEXT); INSERT INTO t VALUES ('x'), ('y');"
      "ALTER TABLE t ADD COLUMN secret TEXT AS (abs(-9223372036854775808))",
      &(catalog_options){.is_private = is_secret, .ctx = &asked});
  assert_int_equal(asked, 2);
  assert_true(profile(c, "a")->known);
  assert_false(profile(c, "secret")->known);
  assert_true(catalog_column(c, &c->tables[0], STR("secret"))->values_private);
  assert_int_equal(profile(c, "secret")->n_samples, 0);
  assert_int_equal(map_len(c->values), 2);
  catalog_unref(c);
  c = load("CREATE TABLE t(secret TEXT); INSERT INTO t VALUES ('x')",
           &(catalog_options){.is_private = is_secret, .ctx = &asked});
  assert_int_equal(map_len(c->values), 0);
  catalog_unref(c);
}

static void a_table_that_cannot_be_read_stays_unprofiled(void **state) {
  (void)state;
  catalog *c = load(
      "CREATE TABLE t(a TEXT); INSERT INTO t VALUES ('x');"
      "ALTER TABLE t ADD COLUMN b TEXT AS (abs(-9223372036854775808));"
      "CREATE TABLE u(x TEXT); INSERT INTO u VALUES ('y')",
      NULL);
  assert_false(profile(c, "a")->known);
  assert_true(c->columns[2].profile.known);
  catalog_unref(c);
}

static void profiles_and_values_can_be_left_out(void **state) {
  (void)state;
  const char *sql = "CREATE TABLE t(x TEXT); INSERT INTO t VALUES ('a')";
  catalog *c = load(sql, &(catalog_options){.no_profiles = true});
  assert_true(!profile(c, "x")->known && catalog_value(c, STR("a")));
  catalog_unref(c);
  c = load(sql, &(catalog_options){.no_values = true});
  assert_true(profile(c, "x")->known && !c->has_values && !c->values);
  assert_null(catalog_value(c, STR("a")));
  catalog_unref(c);
  c = load(sql, &(catalog_options){.no_values = true, .no_profiles = true});
  assert_false(profile(c, "x")->known);
  catalog_unref(c);
}

static void many_distinct_values_are_capped_and_estimated(void **state) {
  (void)state;
  catalog *c = load(
      "CREATE TABLE t(x TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n"
      " LIMIT 50000) INSERT INTO t SELECT 'v' || (i % 30000) FROM n",
      &(catalog_options){.max_values_per_column = 1000});
  const cat_profile *p = profile(c, "x");
  assert_int_equal(map_len(c->values), 1000);
  assert_true(p->distinct > 27000 && p->distinct < 33000);
  assert_int_equal(p->rows, 50000);
  catalog_unref(c);
}

static void very_large_tables_are_sampled_evenly(void **state) {
  (void)state;
  double start = clock_ms();
  catalog *c = load(
      "CREATE TABLE t(x INT, y TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1"
      " FROM n LIMIT 600000) INSERT INTO t SELECT i, i % 8 || 'z' FROM n;"
      "CREATE TABLE w(k INT PRIMARY KEY) WITHOUT ROWID; INSERT INTO w SELECT x FROM t",
      NULL);
  const cat_profile *p = profile(c, "x");
  assert_true(p->sampled && p->rows > 290000 && p->rows < 310000);
  assert_true(p->max.i > 599000 && p->min.i < 1000);
  assert_int_equal(c->tables[0].row_count, 600000);
  assert_int_equal(profile(c, "y")->distinct, 8);
  assert_true(c->columns[2].profile.known && !c->columns[2].profile.sampled);
  assert_true(clock_ms() - start < 20000);
  catalog_unref(c);
}

static void the_time_budget_holds(void **state) {
  (void)state;
  database d;
  catalog *c;
  assert_true(database_create(
      &d,
      "CREATE TABLE t(x TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n LIMIT"
      " 300000) INSERT INTO t SELECT hex(i) FROM n; CREATE VIEW slow AS SELECT count(*) AS n FROM "
      "t a, t b"));
  double start = clock_ms();
  assert_int_equal(database_load(&d, &(catalog_options){.budget_ms = 30}, &c, NULL), EMEND_OK);
  assert_true(clock_ms() - start < 1000);
  assert_true(profile(c, "x")->sampled && profile(c, "x")->rows < 300000);
  assert_false(c->columns[1].profile.known);
  catalog_unref(c);
  start = clock_ms();
  assert_int_equal(database_load(&d, NULL, &c, NULL), EMEND_OK);
  assert_true(clock_ms() - start < 3000);
  assert_false(c->columns[1].profile.known);
  catalog_unref(c);
  database_drop(&d);
}

static void equal_numbers_count_as_one_value(void **state) {
  (void)state;
  arena *a = arena_create(1 << 20);
  value_set v;
  assert_true(value_set_init(&v, a, 100, 10));
  const cell cells[] = {{.kind = CELL_INT, .i = 1},
                        {.kind = CELL_REAL, .r = 1.0},
                        {.kind = CELL_REAL, .r = 1.5},
                        {.kind = CELL_TEXT, .text = STR("1")},
                        {.kind = CELL_BLOB, .text = STR("1")},
                        {.kind = CELL_REAL, .r = 1e300},
                        {.kind = CELL_REAL, .r = 0.0 / 0.0}};
  for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
    assert_true(value_set_add(&v, &cells[i]));
  assert_int_equal(value_set_distinct(&v), 6);
  assert_int_equal(v.entries.items[0].count, 2);
  arena_destroy(a);
}

static void the_public_databases_load_quickly(void **state) {
  (void)state;
  arena *a = arena_create(1 << 20);
  const char *path = public_data_path(a, "chinook/chinook.sqlite");
  source *s;
  if (!path) {
    arena_destroy(a);
    skip();
  }
  catalog *c;
  assert_int_equal(source_open(path, &s, NULL), EMEND_OK);
  double start = clock_ms();
  assert_int_equal(catalog_load(s, STR("chinook"), NULL, &c, NULL), EMEND_OK);
  double took = clock_ms() - start;
  print_message("chinook: %.1f ms\n", took);
  assert_true(took < 1000); /* 15 ms in a release build on one core */
  assert_true(c->n_tables == 11 && c->n_fkeys == 11);
  catalog_unref(c);
  source_close(s);
  arena_destroy(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(figures_are_exact_for_what_is_read_whole),
      cmocka_unit_test(the_five_most_frequent_are_the_samples),
      cmocka_unit_test(text_tells_what_it_holds),
      cmocka_unit_test(a_few_na_do_not_hide_numbers),
      cmocka_unit_test(stored_values_are_found_however_they_are_written),
      cmocka_unit_test(long_texts_are_cut_in_samples_and_left_out_of_the_index),
      cmocka_unit_test(private_columns_are_not_read),
      cmocka_unit_test(a_table_that_cannot_be_read_stays_unprofiled),
      cmocka_unit_test(profiles_and_values_can_be_left_out),
      cmocka_unit_test(many_distinct_values_are_capped_and_estimated),
      cmocka_unit_test(very_large_tables_are_sampled_evenly),
      cmocka_unit_test(the_time_budget_holds),
      cmocka_unit_test(equal_numbers_count_as_one_value),
      cmocka_unit_test(the_public_databases_load_quickly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
