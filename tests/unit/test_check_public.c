/* check against public queries: what SQLite accepts has no error, what it rejects for a name has
 * one, and the names that mutations break are found again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "check/check.h"
#include "support/public_data.h"

/* One database, kept open while its queries come one after another. */
typedef struct bench {
  arena *a, *scratch;
  char db_id[128];
  sqlite3 *db;
  catalog *cat;
} bench;

static void bench_start(bench *b) {
  *b = (bench){.a = arena_create(1 << 28), .scratch = arena_create(1 << 26)};
}

static void bench_stop(bench *b) {
  sqlite3_close(b->db);
  catalog_unref(b->cat);
  arena_destroy(b->scratch);
  arena_destroy(b->a);
}

/* False when the database is not there. */
static bool bench_use(bench *b, const char *db_id) {
  if (strcmp(b->db_id, db_id) == 0) return b->cat != NULL;
  snprintf(b->db_id, sizeof b->db_id, "%s", db_id);
  sqlite3_close(b->db);
  catalog_unref(b->cat);
  b->db = NULL;
  b->cat = NULL;
  const char *path = public_data_spider_db(b->a, db_id);
  if (!path) return false;
  assert_int_equal(sqlite3_open_v2(path, &b->db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
  b->cat = public_data_schema(path);
  return b->cat != NULL;
}

/* SQLite's complaint, or NULL when it accepts the one statement. */
static const char *complaint(bench *b, const char *sql) {
  sqlite3_stmt *s = NULL;
  const char *tail = NULL;
  int rc = sqlite3_prepare_v2(b->db, sql, -1, &s, &tail);
  bool one = rc == SQLITE_OK && s && str_trim(str_from(tail)).len == 0;
  sqlite3_finalize(s);
  return rc != SQLITE_OK ? sqlite3_errmsg(b->db) : one ? NULL : "not one statement";
}

static check_report check_it(arena *a, const catalog *cat, const char *sql) {
  check_report r;
  const check_options opt = {.dialect = SQL_SQLITE};
  arena_reset(a);
  assert_int_equal(check_sql(str_from(sql), cat, &opt, a, &r, NULL), EMEND_OK);
  return r;
}

static void expect_no_error(const check_report *r, const char *where, const char *sql) {
  for (size_t i = 0; i < r->diags.len; i++)
    if (r->diags.items[i].severity == DIAG_ERROR)
      fail_msg("%s: %s: %.*s\n  in %s", where, r->diags.items[i].code,
               STR_ARG(r->diags.items[i].message), sql);
  assert_true(r->ok);
  assert_true(r->safe);
}

static void no_error_in_spider_gold_that_sqlite_accepts(void **state) {
  (void)state;
  static const char *const files[] = {"spider/train_spider.json", "spider/train_others.json",
                                      "spider/dev_public.json"};
  bench b;
  int accepted = 0, seen = 0;
  bench_start(&b);
  for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
    json_t *all = public_data_json(b.a, files[f]), *item;
    size_t i;
    if (!all) break;
    json_array_foreach(all, i, item) {
      const char *sql = json_string_value(json_object_get(item, "query"));
      if (!bench_use(&b, json_string_value(json_object_get(item, "db_id")))) continue;
      seen++;
      if (complaint(&b, sql)) continue;
      accepted++;
      check_report r = check_it(b.scratch, b.cat, sql);
      expect_no_error(&r, b.db_id, sql);
    }
    json_decref(all);
  }
  bench_stop(&b);
  if (!seen) skip();
  printf("checked %d of %d gold queries; SQLite rejects the rest\n", accepted, seen);
  assert_true(accepted > 9000);
}

static void no_error_in_right_queries_over_bird_schemas(void **state) {
  (void)state;
  arena *a = arena_create(1 << 26), *scratch = arena_create(1 << 26);
  json_t *all = public_data_json(a, "nl2sql-bugs/bugs_public.json"), *item;
  const char *schemas = public_data_path(a, "nl2sql-bugs/schema_dev.json");
  char db_id[128] = "";
  catalog *cat = NULL;
  size_t i, n = 0;
  if (all && schemas) json_array_foreach(all, i, item) {
      const char *db = json_string_value(json_object_get(item, "db_id"));
      const char *sql = json_string_value(json_object_get(item, "sql"));
      if (!json_is_true(json_object_get(item, "label"))) continue;
      if (strcmp(db, db_id) != 0) {
        snprintf(db_id, sizeof db_id, "%s", db);
        catalog_unref(cat);
        assert_int_equal(catalog_from_json(schemas, str_from(db), &cat, NULL), EMEND_OK);
      }
      check_report r = check_it(scratch, cat, sql);
      expect_no_error(&r, db, sql);
      n++;
    }
  json_decref(all);
  catalog_unref(cat);
  arena_destroy(scratch);
  arena_destroy(a);
  if (!n) skip();
  assert_true(n > 500);
}

/* Is it a name, function or aggregate that SQLite complains of? */
static bool is_naming(const char *message) {
  static const char *const parts[] = {"no such",      "ambiguous", "misuse",
                                      "wrong number", "columns",   "may not be used",
                                      "ORDER BY",     "GROUP BY",  "HAVING"};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (strstr(message, parts[i])) return true;
  return false;
}

/* What SQLite complains of: the text behind the last ": ". */
static str complained_of(const char *message) {
  const char *last = NULL;
  for (const char *p = message; (p = strstr(p, ": ")); p += 2) last = p + 2;
  return last ? str_from(last) : (str){0};
}

/* Does an error stand at that very name, or at its qualifier? */
static bool names_it(const check_report *r, const char *sql, const char *message) {
  str name = complained_of(message), qualifier = {0};
  if (!strstr(message, "no such") || !name.len) return !r->ok; /* it says no name */
  for (size_t i = name.len; i > 0 && !qualifier.ptr; i--)
    if (name.ptr[i - 1] == '.') {
      qualifier = str_slice(name, 0, i - 1);
      name = str_slice(name, i, name.len);
    }
  for (size_t i = 0; i < r->diags.len; i++) {
    const diag *d = &r->diags.items[i];
    str at = {sql + d->span.from, d->span.to - d->span.from};
    if (d->severity != DIAG_ERROR) continue;
    if (str_find(at, name, 0) != SIZE_MAX || (qualifier.ptr && str_eq(at, qualifier))) return true;
  }
  return false;
}

static void drafts_are_judged_as_sqlite_judges_them(void **state) {
  (void)state;
  static const char *const files[] = {"chess_gpt-3.5-turbo",   "dea-sql_gpt-3.5-turbo",
                                      "dea-sql_gpt-4o",        "din-sql_gpt-3.5-turbo",
                                      "mac-sql_gpt-3.5-turbo", "mac-sql_gpt-4o"};
  bench b;
  int accepted = 0, rejected = 0, caught = 0, named = 0;
  bench_start(&b);
  for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
    json_t *all = public_data_json(b.a, arena_printf(b.a, "llm-drafts/%s.json", files[f])), *item;
    size_t i;
    if (!all) break;
    json_array_foreach(all, i, item) {
      const char *sql = json_string_value(json_object_get(item, "pred"));
      if (!bench_use(&b, json_string_value(json_object_get(item, "db_id")))) continue;
      const char *why = complaint(&b, sql);
      check_report r = check_it(b.scratch, b.cat, sql);
      if (!why) {
        accepted++;
        expect_no_error(&r, b.db_id, sql);
      } else if (is_naming(why)) {
        rejected++;
        caught += !r.ok;
        named += names_it(&r, sql, why);
      }
    }
    json_decref(all);
  }
  bench_stop(&b);
  if (!accepted) skip();
  printf("%d drafts accepted; of %d rejected for a name, %d caught, %d at the name\n", accepted,
         rejected, caught, named);
  assert_true(accepted > 3000 && rejected > 100);
  assert_true(caught * 100 >= rejected * 99);
  assert_true(named * 100 >= rejected * 99);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_error_in_spider_gold_that_sqlite_accepts),
      cmocka_unit_test(no_error_in_right_queries_over_bird_schemas),
      cmocka_unit_test(drafts_are_judged_as_sqlite_judges_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
