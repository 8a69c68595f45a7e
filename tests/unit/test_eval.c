/* learn: execution accuracy's comparison, Spider's hardness, and the figures of an evaluation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

#include "base/mem.h"
#include "learn/eval.h"
#include "learn/hardness.h"
#include "learn/rows.h"
#include "support/case_file.h"
#include "support/public_data.h"
#include "support/scripted.h"

static char dir[64];
static emend_error err;

static void path_of(char *out, const char *name) { snprintf(out, 128, "%s/%s", dir, name); }

static void write_file(const char *name, const char *text) {
  char path[128];
  path_of(path, name);
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
}

static int set_up(void **state) {
  (void)state;
  char path[128];
  sqlite3 *h;
  strcpy(dir, "/tmp/emend-eval-XXXXXX");
  assert_non_null(mkdtemp(dir));
  path_of(path, "pets");
  assert_int_equal(mkdir(path, 0700), 0);
  path_of(path, "pets/pets.sqlite");
  assert_int_equal(sqlite3_open(path, &h), SQLITE_OK);
  assert_int_equal(sqlite3_exec(h,
                                "CREATE TABLE pet (id INTEGER PRIMARY KEY, name TEXT, weight REAL);"
                                "INSERT INTO pet VALUES (1, 'Rex', 12.5), (2, 'Tom', 4), "
                                "(3, 'Kit', 3.25);",
                                NULL, NULL, NULL),
                   SQLITE_OK);
  sqlite3_close(h);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", dir);
  return system(command) != 0;
}

/* ---- comparing ---- */

static bool same(const char *gold_sql, const char *got_sql, bool ordered) {
  sqlite3 *db;
  rows gold, got;
  char path[128];
  path_of(path, "pets/pets.sqlite");
  assert_int_equal(rows_open(path, &db, &err), EMEND_OK);
  arena *a = arena_create(8 << 20);
  assert_true(rows_run(db, str_from(gold_sql), NULL, a, &gold));
  bool ok = rows_run(db, str_from(got_sql), NULL, a, &got) && rows_match(&gold, &got, ordered);
  arena_destroy(a);
  sqlite3_close(db);
  return ok;
}

static void results_compare_as_execution_accuracy_says(void **state) {
  (void)state;
  assert_true(same("SELECT id, name FROM pet", "SELECT name, id FROM pet ORDER BY id DESC", false));
  assert_false(same("SELECT id, name FROM pet", "SELECT name, id FROM pet ORDER BY id DESC", true));
  assert_true(same("SELECT 'ABC '", "SELECT 'abc'", false));
  assert_true(same("SELECT '12.50'", "SELECT 12.5", false));
  assert_true(same("SELECT 1.004", "SELECT 1.0", false));
  assert_false(same("SELECT 1.02", "SELECT 1.0", false));
  assert_false(same("SELECT '0x10'", "SELECT 16", false));
  assert_true(same("SELECT '1_000'", "SELECT 1000", false));
  assert_true(same("SELECT NULL", "SELECT NULL", false));
  assert_false(same("SELECT NULL", "SELECT 0", false));
  assert_false(same("SELECT id FROM pet", "SELECT id, name FROM pet", false));
  assert_false(same("SELECT id FROM pet", "SELECT id FROM pet UNION ALL SELECT 3", false));
  assert_false(same("SELECT 1 UNION ALL SELECT 1 UNION ALL SELECT 2",
                    "SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 2", false));
  assert_true(same("SELECT id FROM pet WHERE 0", "SELECT id, name FROM pet WHERE 0", false));
  assert_true(same("SELECT 1, 1, 2", "SELECT 2, 1, 1", false));
  assert_true(same("SELECT '\xc3\x89t\xc3\xa9'", "SELECT '\xc3\xa9t\xc3\xa9'", false));
}

static void what_is_no_single_reading_statement_does_not_run(void **state) {
  (void)state;
  static const char *const bad[] = {"",
                                    "SELECT",
                                    "SELECT nope FROM pet",
                                    "SELECT 1; SELECT 2",
                                    "DELETE FROM pet",
                                    "ATTACH '/tmp/x' AS y",
                                    "PRAGMA journal_mode",
                                    "CREATE TABLE x (y)",
                                    "SELECT load_extension('x')"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(same("SELECT 1", bad[i], false));
  assert_true(same("SELECT 1", "SELECT 1 ;  ", false));
  assert_true(same("SELECT 1", "SELECT 1; -- done", false));
}

static void hardness_is_spiders(void **state) {
  (void)state;
  arena *a = arena_create(64 << 20);
  case_list cases = case_load(a, "learn");
  for (size_t i = 0; i < cases.len; i++) {
    sql_parsed p;
    assert_int_equal(sql_parse(case_get(&cases.items[i], "sql"), SQL_SQLITE, a, &p, &err),
                     EMEND_OK);
    case_expect(&cases.items[i], "level",
                str_from(hardness_name(hardness_of(p.statements.items[0].query))));
  }
  arena_destroy(a);
}

/* ---- evaluating ---- */

static const char questions[] =
    "[{\"db_id\":\"pets\",\"question\":\"How many pets are there?\","
    "\"query\":\"SELECT count(*) FROM pet\"},"
    "{\"db_id\":\"pets\",\"question\":\"What are the names of the pets?\","
    "\"query\":\"SELECT name FROM pet\"},"
    "{\"db_id\":\"pets\",\"question\":\"Which gold is broken?\",\"query\":\"SELECT no FROM "
    "where\"},"
    "{\"db_id\":\"pets\",\"question\":\"Who is heaviest?\","
    "\"query\":\"SELECT name FROM pet ORDER BY weight DESC LIMIT 1\"}]";

static emend_eval_report evaluate(const emend_eval_options *opt, generator *g, arena *a) {
  learn_eval_context ctx = {.gen = g};
  emend_eval_report r;
  emend_rc rc = learn_eval(&ctx, opt, a, &r, &err);
  if (rc) fail_msg("%s", err.msg);
  return r;
}

static void predictions_are_scored(void **state) {
  (void)state;
  char data[128], preds[128];
  write_file("q.json", questions);
  write_file("p.sql", "SELECT COUNT(id) FROM pet\nSELECT nmae FROM pet\nSELECT 1\n\n");
  path_of(data, "q.json");
  path_of(preds, "p.sql");
  arena *a = arena_create(1 << 20);
  emend_eval_options opt = {.data = data, .db_dir = dir, .predictions = preds};
  emend_eval_report r = evaluate(&opt, NULL, a);
  assert_int_equal(r.n, 3); /* the broken gold does not count */
  assert_true(r.ex > .333 && r.ex < .334 && r.ex == r.ex_first);
  assert_true(r.valid < .334 && r.delivered > .66 && r.delivered < .67);
  assert_true(r.wrong_delivered > .333 && r.wrong_delivered < .334);
  assert_int_equal(r.n_dbs, 1);
  assert_string_equal(r.by_db[0].name, "pets");
  assert_int_equal(r.by_db[0].n, 3);
  arena_destroy(a);
}

static void drafts_go_through_the_loop(void **state) {
  (void)state;
  char data[128], preds[128], out[128], log[128];
  write_file("q.json", questions);
  write_file("p.sql", "SELECT COUNT(id) FROM pet\nSELECT nmae FROM pet\n\nSELECT zzz FROM qqq\n");
  path_of(data, "q.json");
  path_of(preds, "p.sql");
  path_of(out, "out.sql");
  path_of(log, "log.jsonl");
  script s = {.sql = {{"SELECT 1"},
                      {"SELECT name -- the heaviest\nFROM pet ORDER BY weight DESC\nLIMIT 1"}}};
  generator *g = scripted_generator(&s);
  arena *a = arena_create(1 << 20);
  emend_eval_options opt = {
      .data = data, .db_dir = dir, .predictions = preds, .repair = true, .out = out, .log = log};
  emend_eval_report r = evaluate(&opt, g, a);
  assert_true(r.ex == 1 && r.ex_first > .333 && r.ex_first < .334);
  gen_free(g);
  arena_destroy(a);

  char line[256];
  FILE *f = fopen(out, "r");
  assert_non_null(fgets(line, sizeof line, f));
  assert_string_equal(line, "SELECT COUNT(id) FROM pet\n");
  assert_non_null(fgets(line, sizeof line, f));
  assert_string_equal(line, "SELECT name FROM pet\n");
  assert_non_null(fgets(line, sizeof line, f));
  assert_non_null(fgets(line, sizeof line, f));
  assert_string_equal(line, "SELECT name FROM pet ORDER BY weight DESC LIMIT 1\n");
  assert_null(fgets(line, sizeof line, f));
  fclose(f);
  f = fopen(log, "r");
  char text[4096];
  for (int i = 0; i < 4; i++) {
    assert_non_null(fgets(text, sizeof text, f));
    json_t *j = json_loads(text, 0, NULL);
    assert_non_null(json_object_get(j, "status"));
    assert_non_null(json_object_get(j, "first_sql"));
    json_decref(j);
  }
  fclose(f);
}

static void wrong_files_are_told(void **state) {
  (void)state;
  char data[128], preds[128];
  arena *a = arena_create(1 << 20);
  learn_eval_context ctx = {0};
  emend_eval_report r;
  path_of(data, "none.json");
  emend_eval_options opt = {.data = data, .db_dir = dir};
  assert_int_equal(learn_eval(&ctx, &opt, a, &r, &err), EMEND_ENOTFOUND);
  write_file("q.json", "{\"a\": 1}");
  path_of(data, "q.json");
  assert_int_equal(learn_eval(&ctx, &opt, a, &r, &err), EMEND_EFORMAT);
  write_file("q.json", questions);
  write_file("p.sql", "SELECT 1\n");
  path_of(preds, "p.sql");
  opt.predictions = preds;
  assert_int_equal(learn_eval(&ctx, &opt, a, &r, &err), EMEND_EFORMAT);
  assert_non_null(strstr(err.msg, "1 line for 4 questions"));
  opt.predictions = NULL;
  opt.repair = true;
  assert_int_equal(learn_eval(&ctx, &opt, a, &r, &err), EMEND_EUSAGE);
  write_file("q.json", "[{\"db_id\":\"gone\",\"question\":\"x\",\"query\":\"SELECT 1\"}]");
  write_file("p.sql", "SELECT 1\n");
  opt.predictions = preds;
  opt.repair = false;
  assert_int_equal(learn_eval(&ctx, &opt, a, &r, &err), EMEND_ENOTFOUND);
  arena_destroy(a);
}

/* Gold scored against itself is right throughout, on other people's queries. */
static void gold_queries_match_themselves(void **state) {
  (void)state;
  arena *a = arena_create(1 << 20);
  const char *data = public_data_path(a, "spider/dev_public.json");
  const char *dbs = public_data_path(a, "spider/database");
  json_t *all = public_data_json(a, "spider/dev_public.json");
  if (!data || !dbs || !all) skip();
  char preds[128];
  path_of(preds, "gold.sql");
  FILE *f = fopen(preds, "w");
  for (size_t i = 0; i < json_array_size(all); i++)
    fprintf(f, "%s\n", json_string_value(json_object_get(json_array_get(all, i), "query")));
  fclose(f);
  emend_eval_options opt = {.data = data, .db_dir = dbs, .predictions = preds};
  emend_eval_report r = evaluate(&opt, NULL, a);
  assert_int_equal(r.n, json_array_size(all));
  assert_true(r.ex == 1 && r.wrong_delivered == 0);
  assert_int_equal(r.n_hardness, 4);
  arena_destroy(a);
  json_decref(all);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(results_compare_as_execution_accuracy_says),
      CASE(what_is_no_single_reading_statement_does_not_run),
      cmocka_unit_test(hardness_is_spiders),
      CASE(predictions_are_scored),
      CASE(drafts_go_through_the_loop),
      CASE(wrong_files_are_told),
      CASE(gold_queries_match_themselves),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
