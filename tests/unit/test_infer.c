/* Undeclared keys are inferred where names, types and values agree, and nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "support/database.h"

static bool everything(void *ctx, str table, str column) {
  (void)ctx;
  (void)table;
  (void)column;
  return true;
}

/* The keys of a database made by `sql`; without its values when `opt` keeps them private. */
static void expect(const char *sql, const catalog_options *opt, const char *keys) {
  arena *a = arena_create(1 << 20);
  catalog *c = database_catalog(sql, opt);
  assert_non_null(c);
  assert_string_equal(database_keys(a, c), keys);
  for (int i = 0; i < c->n_fkeys; i++) assert_true(c->columns[c->fkeys[i].from[0]].is_fkey);
  catalog_unref(c);
  arena_destroy(a);
}

static const catalog_options NAMES_ONLY = {.is_private = everything};

#define CUSTOMERS                                              \
  "CREATE TABLE customers(id INTEGER PRIMARY KEY, name TEXT);" \
  "INSERT INTO customers VALUES (1, 'a'), (2, 'b'), (3, 'c');"

static void a_column_named_after_a_table_points_to_its_key(void **state) {
  (void)state;
  const char *key = "orders.customer_id ->? customers.id";
  expect(CUSTOMERS "CREATE TABLE orders(id INTEGER PRIMARY KEY, customer_id INT)", NULL, key);
  expect(CUSTOMERS "CREATE TABLE orders(id INTEGER PRIMARY KEY, customer_id INT)", &NAMES_ONLY,
         key);
  expect(CUSTOMERS "CREATE TABLE orders(CustomerID INT)", NULL,
         "orders.CustomerID ->? customers.id");
  expect(CUSTOMERS "CREATE TABLE orders(customer INT); INSERT INTO orders VALUES (1), (2)", NULL,
         "orders.customer ->? customers.id");
}

static void the_same_name_as_a_key_points_to_it(void **state) {
  (void)state;
  expect("CREATE TABLE student(stuid INTEGER PRIMARY KEY); CREATE TABLE pet(p INT, stuid INT)",
         NULL, "pet.stuid ->? student.stuid");
  /* Two tables whose key has the name: the one that it is named after. */
  expect(
      "CREATE TABLE student(student_id INTEGER PRIMARY KEY);"
      "CREATE TABLE address(student_id INTEGER PRIMARY KEY, street TEXT)",
      NULL, "address.student_id ->? student.student_id");
  expect(
      "CREATE TABLE a(stuid INTEGER PRIMARY KEY); CREATE TABLE b(stuid INTEGER PRIMARY KEY);"
      "CREATE TABLE c(stuid INT)",
      NULL, "");
}

static void names_that_every_table_has_say_nothing(void **state) {
  (void)state;
  expect(
      "CREATE TABLE a(id INTEGER PRIMARY KEY); CREATE TABLE b(id INT, code TEXT);"
      "CREATE TABLE c(code TEXT PRIMARY KEY); CREATE TABLE d(name TEXT PRIMARY KEY);"
      "CREATE TABLE e(name TEXT)",
      NULL, "");
}

static void roles_need_the_values_word(void **state) {
  (void)state;
  const char *sql =
      "CREATE TABLE team(id INTEGER PRIMARY KEY); INSERT INTO team VALUES (1), (2), (3);"
      "CREATE TABLE game(home_team_id INT, guest_team INT, lost_team_id INT);"
      "INSERT INTO game VALUES (1, 2, 7), (2, 3, 8)";
  expect(sql, NULL, "game.home_team_id ->? team.id; game.guest_team ->? team.id");
  expect(sql, &NAMES_ONLY, "");
  expect(
      "CREATE TABLE part(id INTEGER PRIMARY KEY, parent_id INT);"
      "INSERT INTO part VALUES (1, NULL), (2, 1), (3, 2)",
      NULL, "part.parent_id ->? part.id");
}

static void values_that_disagree_forbid_a_key(void **state) {
  (void)state;
  expect(CUSTOMERS
         "CREATE TABLE orders(customer_id INT);"
         "INSERT INTO orders VALUES (7), (8), (9), (1)",
         NULL, "");
}

static void types_may_differ_only_if_values_agree(void **state) {
  (void)state;
  expect(CUSTOMERS "CREATE TABLE orders(customer_id TEXT); INSERT INTO orders VALUES ('1'), ('2')",
         NULL, "orders.customer_id ->? customers.id");
  expect(CUSTOMERS "CREATE TABLE orders(customer_id TEXT); INSERT INTO orders VALUES ('1'), ('x')",
         NULL, "");
  expect(CUSTOMERS "CREATE TABLE orders(customer_id TEXT)", NULL, "");
}

static void a_declared_key_is_never_doubled(void **state) {
  (void)state;
  expect(CUSTOMERS
         "CREATE TABLE clients(id INTEGER PRIMARY KEY);"
         "CREATE TABLE orders(customer_id INT REFERENCES clients(id))",
         NULL, "orders.customer_id -> clients.id");
}

static void a_table_without_a_declared_key_may_have_one_in_fact(void **state) {
  (void)state;
  expect(
      "CREATE TABLE dorm(dormid INT, name TEXT); INSERT INTO dorm VALUES (1, 'a'), (2, 'b');"
      "CREATE TABLE lives_in(stuid INT, dormid INT); INSERT INTO lives_in VALUES (1, 1), (2, 1), "
      "(3, 2)",
      NULL, "lives_in.dormid ->? dorm.dormid");
}

static void a_composite_key_is_no_target(void **state) {
  (void)state;
  expect(
      "CREATE TABLE line(order_id INT, line_id INT, PRIMARY KEY(order_id, line_id));"
      "CREATE TABLE note(line_id INT)",
      NULL, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_column_named_after_a_table_points_to_its_key),
      cmocka_unit_test(the_same_name_as_a_key_points_to_it),
      cmocka_unit_test(names_that_every_table_has_say_nothing),
      cmocka_unit_test(roles_need_the_values_word),
      cmocka_unit_test(values_that_disagree_forbid_a_key),
      cmocka_unit_test(types_may_differ_only_if_values_agree),
      cmocka_unit_test(a_declared_key_is_never_doubled),
      cmocka_unit_test(a_table_without_a_declared_key_may_have_one_in_fact),
      cmocka_unit_test(a_composite_key_is_no_target),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
