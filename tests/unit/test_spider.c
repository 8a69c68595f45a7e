/* Schemas without a database are read in both forms, and any other file gives an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "base/mem.h"
#include "support/database.h"
#include "support/public_data.h"

static arena *A;
static const char *dir, *path;

static int setup(void **state) {
  (void)state;
  A = arena_create((size_t)1 << 28);
  dir = A ? folder_make(A) : NULL;
  path = dir ? folder_path(A, dir, "tables.json") : NULL;
  return path ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  folder_remove(dir);
  arena_destroy(A);
  return 0;
}

static void write_json(const char *text) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
}

static const char *const TABLES =
    "[{\"db_id\": \"other\"}, {\"db_id\": \"shop\","
    " \"table_names_original\": [\"Customer\", \"ord_item\"], \"table_names\": [\"customer\", "
    "\"order item\"],"
    " \"column_names_original\": [[-1, \"*\"], [0, \"id\"], [0, \"FName\"], [1, \"customer_id\"],"
    " [1, \"made\"], [1, \"n\"], [1, \"line\"]],"
    " \"column_names\": [[-1, \"*\"], [0, \"id\"], [0, \"first name\"], [1, \"customer id\"],"
    " [1, \"made\"], [1, \"n\"], [1, \"line\"]],"
    " \"column_types\": [\"text\", \"number\", \"text\", \"number\", \"time\", \"others\", "
    "\"boolean\"],"
    " \"primary_keys\": [1, [3, 6], 99, -4], \"foreign_keys\": [[3, 1], [3, 77], [-1, 1], [0, "
    "0]]}]";

static void spiders_form_is_read(void **state) {
  (void)state;
  catalog *c;
  write_json(TABLES);
  assert_int_equal(catalog_from_json(path, STR("shop"), &c, NULL), EMEND_OK);
  assert_true(c->n_tables == 2 && c->n_columns == 6);
  assert_true(str_eq(c->source_name, STR("shop")) && !c->values && !c->has_values);
  assert_string_equal(database_keys(A, c), "ord_item.customer_id -> Customer.id");
  assert_true(str_eq(c->tables[1].comment, STR("order item")));
  assert_int_equal(c->tables[0].comment.len, 0);
  assert_true(str_eq(c->columns[1].comment, STR("first name")));
  assert_int_equal(c->columns[2].comment.len, 0);
  const cat_type types[] = {CAT_REAL, CAT_TEXT, CAT_REAL, CAT_TIMESTAMP, CAT_UNKNOWN, CAT_BOOLEAN};
  const int pks[] = {1, 0, 1, 0, 0, 2};
  for (int i = 0; i < 6; i++) {
    assert_int_equal(c->columns[i].type, types[i]);
    assert_int_equal(c->columns[i].pk, pks[i]);
    assert_false(c->columns[i].profile.known);
  }
  assert_true(c->columns[0].unique && !c->columns[2].unique);
  assert_int_equal(c->tables[0].row_count, -1);
  assert_null(catalog_value(c, STR("x")));
  catalog_unref(c);
}

static void the_form_of_nl2sql_bugs_is_read(void **state) {
  (void)state;
  catalog *c;
  write_json(
      "{\"shop\": {\"db_id\": \"shop\", \"tables\": {"
      "\"user\": {\"name\": \"user\", \"columns\": [{\"name\": \"Id\", \"type\": \"INTEGER\","
      " \"notnull\": true, \"default\": null}, {\"name\": \"Up\", \"type\": \"TEXT\", \"notnull\": "
      "false}],"
      " \"primary_keys\": [\"Id\"], \"foreign_keys\": [],"
      " \"enhanced_ddl\": \"CREATE TABLE user (\\n  Id INTEGER not null,\\n `Up` TEXT null -- "
      "votes up,\\n)\"},"
      "\"post\": {\"name\": \"post\", \"columns\": [{\"name\": \"UserId\", \"type\": \"INTEGER\"}],"
      " \"primary_keys\": [], \"foreign_keys\": [{\"from\": \"UserId\", \"to_table\": \"user\","
      " \"to_column\": \"Id\"}]}}}}");
  assert_int_equal(catalog_from_json(path, STR("shop"), &c, NULL), EMEND_OK);
  assert_string_equal(database_keys(A, c), "post.UserId -> user.Id");
  assert_true(c->columns[0].not_null && c->columns[0].pk == 1);
  assert_true(str_eq(c->columns[1].comment, STR("votes up")));
  assert_int_equal(c->columns[0].comment.len, 0);
  catalog_unref(c);
}

static emend_error fails(const char *db) {
  catalog *c;
  emend_error err = {0};
  emend_rc rc = catalog_from_json(path, str_from(db), &c, &err);
  assert_int_equal(rc, err.code);
  assert_null(c);
  assert_int_not_equal(err.code, EMEND_OK);
  return err;
}

static void what_is_wrong_is_said(void **state) {
  (void)state;
  assert_int_equal(fails("shop").code, EMEND_EIO);
  write_json(TABLES);
  emend_error err = fails("nope");
  assert_int_equal(err.code, EMEND_ENOTFOUND);
  assert_non_null(strstr(err.msg, "other, shop"));
  assert_int_equal(fails("other").code, EMEND_EFORMAT);
  write_json("[{\"db_id\": \"x\"");
  err = fails("x");
  assert_int_equal(err.code, EMEND_EFORMAT);
  assert_non_null(strstr(err.msg, "line 1"));
  write_json("");
  assert_int_equal(fails("x").code, EMEND_EFORMAT);
}

/* Every value of a good file replaced in turn by every other kind of value. */
static void malformed_files_never_crash(void **state) {
  (void)state;
  const char *pieces[] = {"\"shop\"",    "[\"Customer\", \"ord_item\"]",
                          "[0, \"id\"]", "\"FName\"",
                          "[-1, \"*\"]", "\"number\"",
                          "[3, 6]",      "99",
                          "[3, 1]",      "[0, 0]"};
  const char *others[] = {"null", "[]", "{}", "\"x\"", "-1", "1e99", "[[[1]]]", "123456789012"};
  for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
    for (size_t o = 0; o < sizeof others / sizeof *others; o++) {
      const char *at = strstr(TABLES, pieces[p]);
      assert_non_null(at);
      write_json(arena_printf(A, "%.*s%s%s", (int)(at - TABLES), TABLES, others[o],
                              at + strlen(pieces[p])));
      catalog *c = NULL;
      catalog_from_json(path, STR("shop"), &c, NULL);
      catalog_unref(c);
    }
  }
}

static void memory_failure_is_reported(void **state) {
  (void)state;
  write_json(TABLES);
  bool done = false;
  for (long n = 1; !done && n < 200; n++) {
    catalog *c;
    mem_fail_at(n);
    emend_rc rc = catalog_from_json(path, STR("shop"), &c, NULL);
    done = mem_requests() < n;
    mem_fail_at(0);
    assert_int_equal(rc, done ? EMEND_OK : EMEND_ENOMEM);
    catalog_unref(c);
  }
  assert_true(done);
}

/* All schemas of a public file load; the file is read here once more for their names. */
static void load_all(const char *file, size_t expected) {
  const char *full = public_data_path(A, file);
  json_t *root = public_data_json(A, file), *value;
  if (!root) skip();
  size_t n = 0, index;
  const char *key;
  if (json_is_array(root)) {
    json_array_foreach(root, index, value) {
      catalog *c;
      str id = str_from(json_string_value(json_object_get(value, "db_id")));
      assert_int_equal(catalog_from_json(full, id, &c, NULL), EMEND_OK);
      assert_true(c->n_tables > 0);
      catalog_unref(c);
      if (++n == 10) break; /* the file is large and read whole each time */
    }
  } else {
    json_object_foreach(root, key, value) {
      catalog *c;
      assert_int_equal(catalog_from_json(full, str_from(key), &c, NULL), EMEND_OK);
      assert_true(c->n_tables > 0);
      catalog_unref(c);
      n++;
    }
  }
  json_decref(root);
  assert_int_equal(n, expected);
}

static void public_schemas_load(void **state) {
  (void)state;
  load_all("spider/tables.json", 10);
  load_all("nl2sql-bugs/schema_dev.json", 11);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(spiders_form_is_read),       TEST(the_form_of_nl2sql_bugs_is_read),
      TEST(what_is_wrong_is_said),      TEST(malformed_files_never_crash),
      TEST(memory_failure_is_reported), TEST(public_schemas_load),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
