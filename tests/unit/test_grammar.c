/* generate/grammar: what the decoding grammar of a schema accepts, and the form that it writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "check/check.h"
#include "generate/grammar.h"
#include "support/schema.h"
#include "support/gbnf.h"
#include "support/library_db.h"
#include "support/public_data.h"

static int set_up(void **state) {
  (void)state;
  return open_schema(LIBRARY_SCHEMA LIBRARY_ROWS, NULL);
}

static gbnf *grammar_of(const catalog *c, const int *tables, int n) {
  const char *why = NULL;
  str text = gen_grammar(c, tables, n, mem);
  assert_non_null(text.ptr);
  gbnf *g = gbnf_read(text, mem, &why);
  if (!g) fail_msg("not a grammar: %s\n%.*s", why ? why : "", STR_ARG(text));
  return g;
}

static gbnf *whole_grammar(const catalog *c) {
  int *tables = ARENA_ARRAY(mem, int, (size_t)c->n_tables + 1);
  for (int i = 0; i < c->n_tables; i++) tables[i] = i;
  return grammar_of(c, tables, c->n_tables);
}

static str canonical(const catalog *c, const char *sql) {
  check_report report;
  check_options opt = {.dialect = c->dialect};
  assert_int_equal(check_sql(str_from(sql), c, &opt, mem, &report, NULL), EMEND_OK);
  return report.query ? gen_grammar_canonical(report.query, c, mem) : (str){0};
}

static bool takes(const gbnf *g, const char *sql) {
  size_t reached;
  return gbnf_match(g, str_from(sql), &reached);
}

static void names_of_the_schema_and_no_others_are_taken(void **unused) {
  (void)unused;
  gbnf *g = whole_grammar(cat);
  assert_true(takes(g, "SELECT author.name FROM author"));
  assert_true(takes(g, "SELECT COUNT(*) FROM author WHERE author.country = 'Peru'"));
  assert_true(takes(g, "CANNOT ANSWER"));
  assert_false(takes(g, "SELECT author.nmae FROM author"));
  assert_false(takes(g, "SELECT author.title FROM author"));
  assert_false(takes(g, "SELECT name FROM author"));
  assert_false(takes(g, "DELETE FROM author"));
  assert_false(takes(g, "SELECT author.name FROM author; DROP TABLE author"));
  assert_false(takes(g, "SELECT author.name FROM author -- and more"));
  assert_false(takes(g, "SELECT LOAD_EXTENSION('x')"));
  assert_false(takes(g, "Certainly! SELECT author.name FROM author"));
}

static void a_table_has_the_same_alias_wherever_it_stands(void **unused) {
  (void)unused;
  gbnf *g = whole_grammar(cat);
  assert_true(takes(g,
                    "SELECT member_2.name FROM member JOIN member AS member_2 ON "
                    "member.mentor_id = member_2.member_id"));
  assert_false(takes(g, "SELECT m.name FROM member AS m"));
  assert_false(takes(g, "SELECT author_2.name FROM member AS author_2"));
}

static void tables_that_were_not_retrieved_are_not_there(void **unused) {
  (void)unused;
  int only[] = {0};
  gbnf *g = grammar_of(cat, only, 1);
  assert_true(takes(g, "SELECT author.name FROM author"));
  assert_false(takes(g, "SELECT book.title FROM book"));
  g = grammar_of(cat, NULL, 0);
  assert_true(takes(g, "CANNOT ANSWER"));
}

static void the_canonical_form_says_the_same_with_fixed_aliases(void **unused) {
  (void)unused;
  static const char *const pairs[][2] = {
      {"select NAME from Author", "SELECT author.name FROM author"},
      {"SELECT T1.name, count(*) FROM author AS T1 JOIN book AS T2 ON T1.author_id = T2.author_id "
       "GROUP BY T1.name",
       "SELECT author.name, COUNT(*) FROM author JOIN book ON author.author_id = book.author_id "
       "GROUP BY author.name"},
      {"SELECT b.name FROM member a JOIN member b ON a.mentor_id = b.member_id",
       "SELECT member_2.name FROM member JOIN member AS member_2 ON member.mentor_id = "
       "member_2.member_id"},
      {"SELECT name FROM author WHERE author_id NOT IN (SELECT author_id FROM book)",
       "SELECT author.name FROM author WHERE author.author_id NOT IN (SELECT book.author_id FROM "
       "book)"},
      {"SELECT name FROM author x WHERE EXISTS (SELECT 1 FROM author y WHERE y.born > x.born)",
       "SELECT author.name FROM author WHERE EXISTS (SELECT 1 FROM author AS author_2 WHERE "
       "author_2.born > author.born)"}};
  gbnf *g = whole_grammar(cat);
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    str got = canonical(cat, pairs[i][0]);
    assert_non_null(got.ptr);
    assert_string_equal(got.ptr, pairs[i][1]);
    if (!takes(g, got.ptr)) fail_msg("not taken: %s", got.ptr);
  }
}

static void names_that_need_quotes_have_them(void **unused) {
  (void)unused;
  catalog *c = database_catalog(
      "CREATE TABLE \"Order Details\" (\"a \"\"b\"\" \\ c\" INT, \"group\" TEXT)", NULL);
  assert_non_null(c);
  gbnf *g = whole_grammar(c);
  str got = canonical(c, "SELECT \"group\", \"a \"\"b\"\" \\ c\" FROM \"Order Details\"");
  assert_non_null(got.ptr);
  if (!takes(g, got.ptr)) fail_msg("not taken: %s", got.ptr);
  catalog_unref(c);
}

/* The tables that a query reads: the least that retrieve must have found. */
static gbnf *grammar_of_query(const catalog *c, const check_report *report) {
  int *tables = ARENA_ARRAY(mem, int, report->tables.len + 1);
  int n = 0;
  for (size_t i = 0; i < report->tables.len; i++) {
    const cat_table *t = catalog_table(c, report->tables.items[i]);
    if (t) tables[n++] = t->id;
  }
  return grammar_of(c, tables, n);
}

static bool gold_is_taken(const catalog *c, const char *db, const char *sql) {
  check_report report;
  check_options opt = {.dialect = SQL_SQLITE};
  size_t reached = 0;
  arena_reset(mem);
  assert_int_equal(check_sql(str_from(sql), c, &opt, mem, &report, NULL), EMEND_OK);
  gbnf *g = grammar_of_query(c, &report);
  str got = report.query ? gen_grammar_canonical(report.query, c, mem) : (str){0};
  if (got.ptr && gbnf_match(g, got, &reached)) return true;
  printf("not taken in %s: %s\n  canonical: %s\n  up to byte %zu\n", db, sql,
         got.ptr ? got.ptr : "(none)", reached);
  return false;
}

static void every_public_gold_query_is_taken(void **unused) {
  (void)unused;
  arena *paths = arena_create(1 << 20);
  json_t *rows = public_data_json(paths, "spider/dev_public.json");
  const char *last_db = "", *last_sql = "";
  catalog *c = NULL;
  size_t n = 0, taken = 0;
  for (size_t i = 0; i < json_array_size(rows); i++) {
    json_t *row = json_array_get(rows, i);
    const char *db = json_string_value(json_object_get(row, "db_id"));
    const char *sql = json_string_value(json_object_get(row, "query"));
    if (strcmp(sql, last_sql) == 0) continue;
    last_sql = sql;
    if (strcmp(db, last_db) != 0) {
      const char *path = public_data_spider_db(paths, db);
      catalog_unref(c);
      c = path ? public_data_schema(path) : NULL;
      last_db = db;
    }
    if (!c) continue;
    n++;
    taken += gold_is_taken(c, db, sql);
  }
  catalog_unref(c);
  json_decref(rows);
  arena_destroy(paths);
  if (n) printf("%zu of %zu gold queries are taken\n", taken, n);
  assert_int_equal(taken, n);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_of_the_schema_and_no_others_are_taken),
      cmocka_unit_test(a_table_has_the_same_alias_wherever_it_stands),
      cmocka_unit_test(tables_that_were_not_retrieved_are_not_there),
      cmocka_unit_test(the_canonical_form_says_the_same_with_fixed_aliases),
      cmocka_unit_test(names_that_need_quotes_have_them),
      cmocka_unit_test(every_public_gold_query_is_taken),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
