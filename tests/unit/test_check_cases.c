/* check over the cases of tests/cases/check: which diagnostics a statement has, where each points,
 * what it suggests first, whether it may run, and what deterministic repair makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "base/mem.h"
#include "check/check.h"
#include "support/case_file.h"
#include "support/folder.h"

static arena *memory;
static const char *folder;
static catalog *shop;

static str read_file(const char *path) {
  FILE *f = fopen(path, "rb");
  char *text = arena_alloc(memory, 1 << 16);
  assert_non_null(f);
  size_t n = fread(text, 1, (1 << 16) - 1, f);
  fclose(f);
  return (str){text, n};
}

static int set_up(void **state) {
  (void)state;
  sqlite3 *db = NULL;
  source *s = NULL;
  memory = arena_create((size_t)1 << 30);
  folder = folder_make(memory);
  const char *path = folder_path(memory, folder, "shop.sqlite");
  str schema = read_file(EMEND_SOURCE_DIR "/tests/cases/check/shop.sql");
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, schema.ptr, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
  assert_int_equal(source_open(path, &s, NULL), EMEND_OK);
  assert_int_equal(catalog_load(s, STR("shop"), NULL, &shop, NULL), EMEND_OK);
  source_close(s);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  catalog_unref(shop);
  folder_remove(folder);
  arena_destroy(memory);
  return 0;
}

/* ---- the cases ---- */

static void print_diag(buf *b, str sql, const diag *d) {
  static const char *const severities[] = {"error", "warning", "info"};
  str at = str_slice(sql, d->span.from, d->span.to);
  buf_printf(b, "%s %s [%.*s]", severities[d->severity], d->code, STR_ARG(at));
  if (d->suggestions.len) {
    const diag_suggestion *s = &d->suggestions.items[0];
    str old = str_slice(sql, s->span.from, s->span.to);
    buf_printf(b, " %.*s -> %.*s", STR_ARG(old), STR_ARG(s->text));
  }
  buf_add_c(b, '\n');
}

static void every_case_has_the_diagnostics_written_down(void **state) {
  (void)state;
  case_list cases = case_load(memory, "check");
  for (size_t i = 0; i < cases.len; i++) {
    const case_item *k = &cases.items[i];
    str sql = case_get(k, "sql"), dialect = case_get(k, "dialect"), out;
    check_options opt = {.dialect = SQL_SQLITE};
    check_report r;
    buf b;
    int n;
    buf_init(&b, 1 << 20);
    if (dialect.ptr) assert_true(sql_dialect_find(dialect, &opt.dialect));
    assert_int_equal(check_sql(sql, shop, &opt, memory, &r, NULL), EMEND_OK);
    for (size_t d = 0; d < r.diags.len; d++) print_diag(&b, sql, &r.diags.items[d]);
    if (!r.safe) buf_add_cstr(&b, "unsafe\n");
    case_expect(k, "diagnostics", buf_str(&b));
    buf_free(&b);
    assert_int_equal(check_repair(sql, &r, shop, opt.dialect, memory, &out, &n, NULL), EMEND_OK);
    assert_int_equal(n > 0, case_get(k, "repaired").ptr != NULL);
    if (n) case_expect(k, "repaired", out);
  }
}

/* ---- properties of all diagnostics ---- */

static void weight_is_one_for_errors_and_spans_lie_in_the_text(void **state) {
  (void)state;
  case_list cases = case_load(memory, "check");
  for (size_t i = 0; i < cases.len; i++) {
    str sql = case_get(&cases.items[i], "sql");
    check_report r;
    assert_int_equal(check_sql(sql, shop, NULL, memory, &r, NULL), EMEND_OK);
    for (size_t d = 0; d < r.diags.len; d++) {
      const diag *x = &r.diags.items[d];
      assert_int_equal(x->severity == DIAG_ERROR, x->weight >= 1);
      assert_true(x->span.from <= x->span.to && x->span.to <= sql.len);
      assert_true(x->message.len > 0);
      if (d) assert_true(x->span.from >= r.diags.items[d - 1].span.from);
      for (size_t s = 0; s < x->suggestions.len; s++)
        assert_true(x->suggestions.items[s].span.to <= sql.len);
    }
  }
}

static void check_without_a_catalog_finds_syntax_and_safety_only(void **state) {
  (void)state;
  check_report r;
  assert_int_equal(check_sql(STR("SELECT nope FROM nowhere"), NULL, NULL, memory, &r, NULL),
                   EMEND_OK);
  assert_true(r.ok && r.safe);
  assert_int_equal(check_sql(STR("SELECT load_extension('x')"), NULL, NULL, memory, &r, NULL),
                   EMEND_OK);
  assert_false(r.ok || r.safe);
}

static void report_lists_what_the_query_uses(void **state) {
  (void)state;
  check_report r;
  str sql =
      STR("SELECT UPPER(c.name), count(*) FROM customers c JOIN (SELECT * FROM tickets) t "
          "ON t.customer_id = c.id GROUP BY c.id");
  assert_int_equal(check_sql(sql, shop, NULL, memory, &r, NULL), EMEND_OK);
  assert_int_equal(r.tables.len, 2);
  assert_true(str_eq(r.tables.items[0], STR("customers")));
  assert_int_equal(r.functions.len, 2);
  assert_true(str_eq(r.functions.items[0], STR("upper")));
  assert_int_equal(r.columns.len, 2 + 5);
}

static void administrators_functions_are_allowed_by_their_full_name(void **state) {
  (void)state;
  const str extra[] = {STR("slug"), STR("geo.distance")};
  const check_options opt = {
      .dialect = SQL_POSTGRES, .extra_functions = extra, .n_extra_functions = 2};
  static const struct {
    const char *sql;
    bool safe;
  } cases[] = {{"SELECT slug(name) FROM customers", true},
               {"SELECT geo.distance(1, 2)", true},
               {"SELECT distance(1, 2)", false},
               {"SELECT other.slug(name) FROM customers", false},
               {"SELECT pg_catalog.lower(name) FROM customers", true},
               {"SELECT other.lower(name) FROM customers", false}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    check_report r;
    assert_int_equal(check_sql(str_from(cases[i].sql), shop, &opt, memory, &r, NULL), EMEND_OK);
    if (r.safe != cases[i].safe) fail_msg("%s", cases[i].sql);
  }
}

static const diag *only_error(const check_report *r) {
  const diag *found = NULL;
  for (size_t i = 0; i < r->diags.len; i++)
    if (r->diags.items[i].severity == DIAG_ERROR) {
      assert_null(found);
      found = &r->diags.items[i];
    }
  assert_non_null(found);
  return found;
}

static void case_counts_where_the_engine_folds_it(void **state) {
  (void)state;
  catalog postgres = *shop;
  check_report r;
  postgres.dialect = SQL_POSTGRES;
  assert_int_equal(check_sql(STR("SELECT NAME FROM Customers"), &postgres, NULL, memory, &r, NULL),
                   EMEND_OK);
  assert_true(r.ok);
  assert_int_equal(
      check_sql(STR("SELECT \"Name\" FROM customers"), &postgres, NULL, memory, &r, NULL),
      EMEND_OK);
  assert_string_equal(only_error(&r)->code, "name_case");
  assert_true(str_eq(only_error(&r)->suggestions.items[0].text, STR("name")));
}

static void a_table_of_another_source_is_said_to_be_there(void **state) {
  (void)state;
  catalog *small = NULL;
  check_report r;
  const catalog *const others[] = {shop};
  const check_options opt = {.dialect = SQL_SQLITE, .others = others, .n_others = 1};
  assert_int_equal(
      catalog_from_json(EMEND_SOURCE_DIR "/tests/fuzz/schema.json", STR("shop"), &small, NULL),
      EMEND_OK);
  assert_int_equal(check_sql(STR("SELECT cost FROM tickets"), small, &opt, memory, &r, NULL),
                   EMEND_OK);
  assert_string_equal(only_error(&r)->code, "other_source");
  catalog_unref(small);
}

static bool has_code(const check_report *r, const char *code) {
  for (size_t i = 0; i < r->diags.len; i++)
    if (strcmp(r->diags.items[i].code, code) == 0) return true;
  return false;
}

static void a_product_of_large_tables_is_told_beforehand(void **state) {
  (void)state;
  static const struct {
    const char *sql;
    bool huge;
  } cases[] = {
      {"SELECT COUNT(*) FROM customers, orders", true},
      {"SELECT COUNT(*) FROM customers CROSS JOIN orders", true},
      {"SELECT COUNT(*) FROM customers c JOIN orders o ON c.id > 3 AND o.id > 3", true},
      {"SELECT COUNT(*) FROM customers c JOIN orders o ON o.customer_id = c.id", false},
      {"SELECT COUNT(*) FROM customers c, orders o WHERE o.customer_id = c.id", false},
      {"SELECT COUNT(*) FROM customers CROSS JOIN categories", false},
      {"SELECT COUNT(*) FROM customers c CROSS JOIN (SELECT MAX(total) m FROM orders) o", false},
  };
  int64_t rows[64];
  for (int i = 0; i < shop->n_tables; i++) {
    rows[i] = shop->tables[i].row_count;
    bool small = str_eq(shop->tables[i].name, STR("categories"));
    shop->tables[i].row_count = small ? 30 : 2000000;
  }
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    check_report r;
    assert_int_equal(check_sql(str_from(cases[i].sql), shop, NULL, memory, &r, NULL), EMEND_OK);
    if (has_code(&r, "huge_product") != cases[i].huge) fail_msg("%s", cases[i].sql);
  }
  for (int i = 0; i < shop->n_tables; i++) shop->tables[i].row_count = rows[i];
}

static void every_failed_allocation_is_reported(void **state) {
  (void)state;
  str sql =
      STR("WITH x AS (SELECT nam FROM custmers) SELECT \"text\", YEAR(t.opened_on), c.total "
          "FROM tickets t JOIN customers c USING (customer_id) WHERE c.city = 'paris'");
  for (long n = 1; n < 2000; n++) {
    arena *a = arena_create(1 << 22);
    check_report r;
    str out;
    int mends;
    emend_error err;
    assert_non_null(a);
    mem_fail_at(n);
    emend_rc rc = check_sql(sql, shop, NULL, a, &r, &err);
    if (rc == EMEND_OK) rc = check_repair(sql, &r, shop, SQL_SQLITE, a, &out, &mends, &err);
    bool failed = mem_requests() >= n;
    mem_fail_at(0);
    arena_destroy(a);
    if (rc != EMEND_OK) assert_int_equal(rc, EMEND_ENOMEM);
    if (!failed) {
      assert_int_equal(rc, EMEND_OK);
      return;
    }
  }
  fail();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_case_has_the_diagnostics_written_down),
      cmocka_unit_test(weight_is_one_for_errors_and_spans_lie_in_the_text),
      cmocka_unit_test(check_without_a_catalog_finds_syntax_and_safety_only),
      cmocka_unit_test(report_lists_what_the_query_uses),
      cmocka_unit_test(administrators_functions_are_allowed_by_their_full_name),
      cmocka_unit_test(case_counts_where_the_engine_folds_it),
      cmocka_unit_test(a_table_of_another_source_is_said_to_be_there),
      cmocka_unit_test(a_product_of_large_tables_is_told_beforehand),
      cmocka_unit_test(every_failed_allocation_is_reported),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
