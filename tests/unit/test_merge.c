/* merge: which groups take several of one name for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "check/check.h"
#include "support/schema.h"

static int set_up(void **state) {
  (void)state;
  return open_schema(
      "CREATE TABLE clerk (id INTEGER PRIMARY KEY, clerk_name TEXT, first_name TEXT, badge TEXT);"
      "CREATE TABLE sale (id INTEGER PRIMARY KEY, clerk_id INT REFERENCES clerk (id), boss INT);"
      "CREATE TABLE shop (id INTEGER PRIMARY KEY, name TEXT);"
      "INSERT INTO clerk VALUES (1,'Ann','Ann','x'),(2,'Bob','Bob','x'),(3,'Ann','Ann','z');"
      "INSERT INTO sale VALUES (1,1,1),(2,3,1); INSERT INTO shop VALUES (1,'Corner');",
      NULL);
}

/* The key that the groups of `sql` are without, as text; "" when there is none. */
static const char *key_of(const char *sql) {
  sql_parsed p;
  emend_error err;
  assert_int_equal(sql_parse(str_from(sql), cat->dialect, mem, &p, &err), EMEND_OK);
  sql_query *q = p.statements.items[0].query;
  assert_int_equal(check_bind(q, cat, cat->dialect, mem, NULL, &err), EMEND_OK);
  sql_expr *key = check_merged_key(q, cat);
  str text = key ? sql_print_expr(key, cat->dialect, mem) : STR("");
  return arena_strndup(mem, text.ptr, text.len);
}

static void a_shared_name_lacks_the_key_that_the_join_has(void **state) {
  (void)state;
  assert_string_equal(key_of("SELECT c.clerk_name, count(*) FROM clerk AS c JOIN sale AS s "
                             "ON c.id = s.clerk_id GROUP BY c.clerk_name"),
                      "c.id");
  assert_string_equal(key_of("SELECT clerk_name FROM sale AS s JOIN clerk AS c "
                             "ON s.clerk_id = c.id GROUP BY clerk_name HAVING count(*) > 1"),
                      "c.id");
}

static void a_half_of_a_name_is_one_too(void **state) {
  (void)state;
  assert_string_equal(key_of("SELECT c.first_name FROM clerk AS c JOIN sale AS s "
                             "ON c.id = s.clerk_id GROUP BY c.first_name"),
                      "c.id");
}

static void others_lack_none(void **state) {
  (void)state;
  static const char *const whole[] = {
      "SELECT clerk_name FROM clerk",
      "SELECT clerk_name, count(*) FROM clerk GROUP BY clerk_name", /* the question may be of names
                                                                     */
      "SELECT c.badge FROM clerk AS c JOIN sale AS s ON c.id = s.clerk_id GROUP BY c.badge",
      ("SELECT c.clerk_name FROM clerk AS c JOIN sale AS s ON c.id = s.clerk_id "
       "GROUP BY c.clerk_name, c.id"),
      "SELECT h.name FROM shop AS h JOIN sale AS s ON h.id = s.boss GROUP BY h.name"};
  for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
    assert_string_equal(key_of(whole[i]), "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_shared_name_lacks_the_key_that_the_join_has),
      cmocka_unit_test(a_half_of_a_name_is_one_too),
      cmocka_unit_test(others_lack_none),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
