/* check/attribute: a query goes to the source that has its tables, in that one's dialect; one that
 * mixes sources is split into queries that each read one. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "base/mem.h"
#include "check/attribute.h"
#include "engine/engine.h"
#include "support/scripted.h"

static char dir[64], shop_path[128], desk_path[128], state_path[128];
static catalog *shop, *desk;
static arena *memory;
static emend_error err;

static void make(const char *path, const char *sql) {
  sqlite3 *h;
  assert_int_equal(sqlite3_open(path, &h), SQLITE_OK);
  assert_int_equal(sqlite3_exec(h, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(h);
}

static catalog *load(const char *path, str name) {
  source *s = NULL;
  catalog *c = NULL;
  assert_int_equal(source_open(path, &s, &err), EMEND_OK);
  assert_int_equal(catalog_load(s, name, NULL, &c, &err), EMEND_OK);
  source_close(s);
  return c;
}

static int set_up(void **unused) {
  (void)unused;
  strcpy(dir, "/tmp/emend-attribute-XXXXXX");
  if (!mkdtemp(dir)) return -1;
  snprintf(shop_path, sizeof shop_path, "%s/shop.sqlite", dir);
  snprintf(desk_path, sizeof desk_path, "%s/desk.sqlite", dir);
  snprintf(state_path, sizeof state_path, "%s/state.sqlite", dir);
  make(shop_path,
       "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, city TEXT);"
       "CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL,"
       " customer_id INTEGER REFERENCES customers (id));"
       "INSERT INTO customers VALUES (1, 'Ann', 'Oslo'), (2, 'Bob', 'Rome');");
  make(desk_path,
       "CREATE TABLE tickets (id INTEGER PRIMARY KEY, customer_id INTEGER, cost REAL,"
       " opened_on DATE);"
       "INSERT INTO tickets VALUES (1, 1, 5, '2024-01-02'), (2, 1, 7, '2024-01-03');");
  shop = load(shop_path, STR("shop"));
  desk = load(desk_path, STR("desk"));
  memory = arena_create((size_t)1 << 26);
  return memory ? 0 : -1;
}

static int tear_down(void **unused) {
  (void)unused;
  char command[128];
  catalog_unref(shop);
  catalog_unref(desk);
  arena_destroy(memory);
  snprintf(command, sizeof command, "rm -rf %s", dir);
  return system(command) != 0;
}

static check_attribution place(const char *sql, size_t asked) {
  const catalog *const cats[] = {shop, desk};
  check_attribution at;
  assert_int_equal(check_attribute(str_from(sql), SQL_SQLITE, cats, 2, asked, memory, &at, &err),
                   EMEND_OK);
  return at;
}

static void expect(str got, const char *want) {
  if (!str_eq(got, str_from(want))) fail_msg("got  %.*s\nwant %s", STR_ARG(got), want);
}

static void a_query_belongs_where_its_tables_are(void **unused) {
  (void)unused;
  check_attribution at = place("SELECT name FROM customers", 0);
  assert_int_equal(at.place, CHECK_AT_HOME);
  at = place("SELECT cost FROM tickets", 0);
  assert_int_equal(at.place, CHECK_MOVED);
  assert_int_equal(at.source, 1);
  assert_true(at.mechanical);
  expect(at.sql, "SELECT cost FROM tickets");
  expect(at.moved, "tickets");
  at = place("SELECT cost FROM tickets", 2); /* nobody said which */
  assert_int_equal(at.place, CHECK_AT_HOME);
  assert_int_equal(at.source, 1);
  assert_int_equal(place("SELECT a FROM nowhere", 0).place, CHECK_UNPLACED);
  assert_int_equal(place("not a query", 0).place, CHECK_UNPLACED);
  assert_int_equal(place("SELECT 1", 0).place, CHECK_AT_HOME);
  at = place("WITH tickets AS (SELECT id FROM customers) SELECT id FROM tickets", 0);
  assert_int_equal(at.place, CHECK_AT_HOME); /* a WITH query is no table */
}

static void the_name_of_a_source_is_no_schema(void **unused) {
  (void)unused;
  check_attribution at = place("SELECT t.cost FROM desk.tickets AS t", 0);
  assert_int_equal(at.place, CHECK_MOVED);
  expect(at.sql, "SELECT t.cost FROM tickets AS t");
  at = place("SELECT name FROM shop.customers", 0);
  assert_int_equal(at.place, CHECK_AT_HOME);
  expect(at.sql, "SELECT name FROM customers");
}

static void a_moved_query_speaks_the_dialect_of_its_source(void **unused) {
  (void)unused;
  catalog postgres = *desk;
  postgres.dialect = SQL_TSQL;
  const catalog *const cats[] = {shop, &postgres};
  check_attribution at;
  str sql = STR("SELECT cost FROM tickets WHERE strftime('%Y', opened_on) = '2024' LIMIT 3");
  assert_int_equal(check_attribute(STR("SELECT `cost` || 'x' FROM tickets LIMIT 3"), SQL_SQLITE,
                                   cats, 2, 0, memory, &at, &err),
                   EMEND_OK);
  assert_int_equal(at.place, CHECK_MOVED);
  assert_true(at.mechanical);
  expect(at.sql, "SELECT TOP 3 cost + 'x' FROM tickets");
  assert_int_equal(check_attribute(STR("SELECT json_group_array(cost) FROM tickets"), SQL_SQLITE,
                                   cats, 2, 0, memory, &at, &err),
                   EMEND_OK);
  assert_false(at.mechanical); /* that has no equal there */
  assert_int_equal(check_attribute(sql, SQL_SQLITE, cats, 2, 0, memory, &at, &err), EMEND_OK);
  assert_int_equal(at.place, CHECK_MOVED);
}

static void a_query_over_two_sources_is_split(void **unused) {
  (void)unused;
  check_attribution at = place(
      "SELECT c.name, SUM(t.cost) FROM customers c JOIN orders o ON o.customer_id = c.id "
      "JOIN tickets t ON t.customer_id = c.id WHERE t.cost > 5 AND c.city = 'Oslo' "
      "GROUP BY c.name",
      0);
  assert_int_equal(at.place, CHECK_MIXED);
  assert_int_equal(at.parts.len, 2);
  assert_int_equal(at.parts.items[0].source, 0);
  expect(at.parts.items[0].sql,
         "SELECT c.name, c.id, c.city, o.customer_id FROM customers AS c "
         "JOIN orders AS o ON o.customer_id = c.id WHERE c.city = 'Oslo'");
  assert_int_equal(at.parts.items[1].source, 1);
  expect(at.parts.items[1].sql, "SELECT t.cost, t.customer_id FROM tickets AS t WHERE t.cost > 5");
  expect(at.rest, "t.customer_id = c.id");
}

static void a_nested_query_of_another_source_is_a_part(void **unused) {
  (void)unused;
  check_attribution at = place(
      "SELECT name FROM customers WHERE id IN (SELECT customer_id FROM tickets WHERE id > 1)", 0);
  assert_int_equal(at.place, CHECK_MIXED);
  expect(at.parts.items[0].sql, "SELECT customers.name, customers.id FROM customers");
  expect(at.parts.items[1].sql, "SELECT tickets.customer_id, tickets.id FROM tickets WHERE id > 1");
}

static void a_mixed_query_is_a_fault_with_its_parts(void **unused) {
  (void)unused;
  const catalog *const cats[] = {shop, desk};
  str sql = STR("SELECT c.name FROM customers c JOIN tickets t ON t.customer_id = c.id");
  check_attribution at = place(sql.ptr, 0);
  diag d;
  assert_int_equal(check_mixed_diag(&at, cats, sql, memory, &d, &err), EMEND_OK);
  assert_string_equal(d.code, "mixed_sources");
  assert_int_equal(d.severity, DIAG_ERROR);
  assert_int_equal(d.suggestions.len, 2);
  assert_true(str_find(d.message, STR("shop, desk"), 0) != SIZE_MAX);
}

static void every_failed_allocation_is_reported(void **unused) {
  (void)unused;
  const catalog *const cats[] = {shop, desk};
  for (long n = 1; n < 500; n++) {
    arena *a = arena_create(1 << 22);
    check_attribution at;
    mem_fail_at(n);
    emend_rc rc = check_attribute(STR("SELECT c.name FROM shop.customers c JOIN desk.tickets t "
                                      "ON t.customer_id = c.id WHERE t.cost > 2"),
                                  SQL_SQLITE, cats, 2, 0, a, &at, &err);
    bool failed = mem_requests() >= n;
    mem_fail_at(0);
    arena_destroy(a);
    if (rc != EMEND_OK) assert_int_equal(rc, EMEND_ENOMEM);
    if (!failed) return;
  }
  fail();
}

/* ---- in the loop ---- */

static emend_answer *ask(const char *question, const char *sql) {
  script s = {.sql = {{sql}}};
  emend_engine *e = NULL;
  emend_answer *a = NULL;
  emend_options opt = EMEND_OPTIONS_INIT;
  opt.state = state_path;
  assert_int_equal(emend_open(&opt, &e, &err), EMEND_OK);
  engine_set_generator(e, scripted_generator(&s));
  assert_int_equal(emend_source_add(e, shop_path, &err), EMEND_OK);
  assert_int_equal(emend_source_add(e, desk_path, &err), EMEND_OK);
  assert_int_equal(emend_ask(e, question, NULL, &a, &err), EMEND_OK);
  emend_close(e);
  return a;
}

static void an_answer_comes_from_the_source_that_has_the_tables(void **unused) {
  (void)unused;
  emend_answer *a =
      ask("What are the names and cities of all customers?", "SELECT SUM(cost) FROM desk.tickets");
  assert_int_equal(a->status, EMEND_ANSWERED);
  assert_string_equal(a->source, "desk");
  assert_string_equal(a->sql, "SELECT SUM(cost) FROM tickets");
  assert_true(a->cells[0].r == 12);
  bool told = false;
  for (size_t i = 0; i < a->n_steps; i++) told |= strcmp(a->trace[i].stage, "attribute") == 0;
  assert_true(told);
  emend_answer_free(a);
}

static void a_mixed_query_is_not_run(void **unused) {
  (void)unused;
  emend_answer *a = ask("Which customers of which cities have tickets?",
                        "SELECT c.name FROM customers c JOIN tickets t ON t.customer_id = c.id");
  assert_int_equal(a->status, EMEND_FAILED);
  assert_non_null(strstr(a->text, "several sources"));
  emend_answer_free(a);
}

static void functions_are_allowed_by_name(void **unused) {
  (void)unused;
  emend_engine *e = NULL;
  emend_report *r = NULL;
  emend_options opt = EMEND_OPTIONS_INIT;
  opt.no_state = true;
  assert_int_equal(emend_open(&opt, &e, &err), EMEND_OK);
  assert_int_equal(emend_source_add(e, shop_path, &err), EMEND_OK);
  assert_int_equal(emend_function_allow(e, "net_price", &err), EMEND_OK);
  assert_int_equal(emend_function_allow(e, "NET_price", &err), EMEND_OK);
  assert_int_equal(emend_function_allow(e, "load_extension", &err), EMEND_OK);
  static const char *const bad[] = {"", "a b", "f(", ".f", "f.", "x;y"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(emend_function_allow(e, bad[i], &err), EMEND_EUSAGE);
  assert_int_equal(emend_function_allow(e, NULL, &err), EMEND_EUSAGE);
  assert_int_equal(emend_check(e, "SELECT net_price(total) FROM orders", NULL, &r, &err), EMEND_OK);
  assert_true(r->ok && r->safe);
  emend_report_free(r);
  assert_int_equal(emend_check(e, "SELECT load_extension('x')", NULL, &r, &err), EMEND_OK);
  assert_false(r->safe); /* what is denied stays denied */
  emend_report_free(r);
  emend_close(e);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_query_belongs_where_its_tables_are),
      cmocka_unit_test(the_name_of_a_source_is_no_schema),
      cmocka_unit_test(a_moved_query_speaks_the_dialect_of_its_source),
      cmocka_unit_test(a_query_over_two_sources_is_split),
      cmocka_unit_test(a_nested_query_of_another_source_is_a_part),
      cmocka_unit_test(a_mixed_query_is_a_fault_with_its_parts),
      cmocka_unit_test(every_failed_allocation_is_reported),
      cmocka_unit_test(an_answer_comes_from_the_source_that_has_the_tables),
      cmocka_unit_test(a_mixed_query_is_not_run),
      cmocka_unit_test(functions_are_allowed_by_name),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
