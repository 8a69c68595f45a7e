/* learn/synth: what is made from a schema is a question, with SQL that the checks pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "check/check.h"
#include "learn/synth.h"
#include "support/database.h"

static const char *const SHOP =
    "CREATE TABLE customer (customer_id INTEGER PRIMARY KEY, name TEXT, city TEXT);"
    "CREATE TABLE \"order line\" (line_id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES"
    "  customer(customer_id), ordered_on DATE, amount REAL, state TEXT, note TEXT);"
    "INSERT INTO customer VALUES (1,'O''Hara','Oslo'),(2,'Berg','Rome'),(3,'Cole','Rome'),"
    "  (4,'Dahl','Rome'),(5,'Eco','Oslo');"
    "INSERT INTO \"order line\" VALUES (1,1,'2024-01-01',5.5,'open','a'),"
    "  (2,1,'2024-02-01',7,'open','b'),(3,2,'2025-01-01',9,'done','c'),"
    "  (4,2,'2025-01-02',9,'done','d'),(5,3,'2025-01-03',1,'done','e');";

static void pairs_pass_the_checks(void **state) {
  (void)state;
  catalog *cat = database_catalog(SHOP, NULL);
  arena *a = arena_create((size_t)1 << 28);
  rng r;
  assert_non_null(cat);
  rng_seed(&r, 7);
  const synth *s = synth_create(cat, a);
  map *kinds = map_create(a, false);
  int made = 0;
  for (int i = 0; i < 2000; i++) {
    synth_pair p;
    check_report report;
    emend_error err;
    check_options opt = {.dialect = SQL_SQLITE};
    if (!synth_next(s, &r, a, &p)) continue;
    made++;
    assert_true(p.question.len > 5);
    map_put(kinds, str_from(p.kind), a);
    assert_int_equal(check_sql(p.sql, cat, &opt, a, &report, &err), EMEND_OK);
    if (!report.ok) fail_msg("%.*s: %.*s", STR_ARG(p.sql), STR_ARG(report.diags.items[0].message));
  }
  assert_true(made > 1000);
  assert_int_equal(map_len(kinds), 17); /* every pattern fits this schema */
  arena_destroy(a);
  catalog_unref(cat);
}

static void the_same_seed_makes_the_same_pairs(void **state) {
  (void)state;
  catalog *cat = database_catalog(SHOP, NULL);
  arena *a = arena_create((size_t)1 << 26);
  rng x, y;
  rng_seed(&x, 3);
  rng_seed(&y, 3);
  const synth *s = synth_create(cat, a);
  for (int i = 0; i < 200; i++) {
    synth_pair p, q;
    bool one = synth_next(s, &x, a, &p), two = synth_next(s, &y, a, &q);
    assert_int_equal(one, two);
    if (one) assert_true(str_eq(p.question, q.question) && str_eq(p.sql, q.sql));
  }
  arena_destroy(a);
  catalog_unref(cat);
}

static void a_schema_with_little_in_it_is_no_trouble(void **state) {
  (void)state;
  catalog *cat = database_catalog("CREATE TABLE t (x BLOB); CREATE TABLE u (y)", NULL);
  arena *a = arena_create((size_t)1 << 24);
  rng r;
  rng_seed(&r, 1);
  const synth *s = synth_create(cat, a);
  assert_non_null(s);
  for (int i = 0; i < 500; i++) {
    synth_pair p;
    synth_next(s, &r, a, &p);
  }
  arena_destroy(a);
  catalog_unref(cat);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pairs_pass_the_checks),
      cmocka_unit_test(the_same_seed_makes_the_same_pairs),
      cmocka_unit_test(a_schema_with_little_in_it_is_no_trouble),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
