/* engine: sources by name, what the state remembers of them, check, judge and retrieve in public.
 */
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
#include <jansson.h>
#include <sqlite3.h>

#include "base/mem.h"
#include "engine/engine.h"

static char dir[64], db[128], state[128];
static emend_error err;

static void run_sql(const char *path, const char *sql) {
  sqlite3 *h;
  assert_int_equal(sqlite3_open(path, &h), SQLITE_OK);
  assert_int_equal(sqlite3_exec(h, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(h);
}

static int set_up(void **unused) {
  (void)unused;
  strcpy(dir, "/tmp/emend-engine-XXXXXX");
  assert_non_null(mkdtemp(dir));
  snprintf(db, sizeof db, "%s/pets.sqlite", dir);
  snprintf(state, sizeof state, "%s/state.sqlite", dir);
  run_sql(
      db,
      "CREATE TABLE owner (id INTEGER PRIMARY KEY, name TEXT, city TEXT);"
      "CREATE TABLE pet (id INTEGER PRIMARY KEY, name TEXT, owner_id INT REFERENCES owner (id));"
      "INSERT INTO owner VALUES (1, 'Ann', 'Oslo'), (2, 'Bob', 'Rome');"
      "INSERT INTO pet VALUES (1, 'Rex', 1), (2, 'Tom', 1);");
  return 0;
}

static int tear_down(void **unused) {
  (void)unused;
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", dir);
  return system(command) != 0;
}

static emend_engine *open_engine(void) {
  emend_engine *e = NULL;
  emend_options opt = EMEND_OPTIONS_INIT;
  opt.state = state;
  assert_int_equal(emend_open(&opt, &e, &err), EMEND_OK);
  return e;
}

static void ok(emend_rc rc) {
  if (rc) fail_msg("%s", err.msg);
}

static void back_ends_are_known_by_name(void **unused) {
  (void)unused;
  emend_engine *e = NULL;
  emend_options opt = EMEND_OPTIONS_INIT;
  opt.backend = "oracle-of-delphi";
  assert_int_equal(emend_open(&opt, &e, &err), EMEND_EUSAGE);
  assert_non_null(strstr(err.msg, "ollama"));
  opt.backend = "embedded";
  opt.model = "gemma3";
  assert_int_equal(emend_open(&opt, &e, &err), EMEND_EUSAGE);
  opt.model = NULL;
  opt.answer_model = "gemma3";
  assert_int_equal(emend_open(&opt, &e, &err), EMEND_EUSAGE);
  assert_null(e);
  opt.answer_model = NULL;
  ok(emend_open(&opt, &e, &err));
  emend_close(e);
  opt.backend = "ollama"; /* touches no network */
  opt.model = "gemma3";
  ok(emend_open(&opt, &e, &err));
  emend_close(e);
  emend_close(NULL);
}

static void sources_have_names_of_their_own(void **unused) {
  (void)unused;
  emend_engine *e = open_engine();
  char spec[256];
  emend_source_list *list = NULL;
  ok(emend_source_add(e, db, &err));
  ok(emend_source_add(e, db, &err)); /* a bare URL gives way */
  snprintf(spec, sizeof spec, "zoo=sqlite:%s", db);
  ok(emend_source_add(e, spec, &err));
  assert_int_equal(emend_source_add(e, spec, &err), EMEND_EUSAGE);
  assert_int_equal(emend_source_add(e, "", &err), EMEND_EUSAGE);
  assert_int_equal(emend_source_add(e, "gopher://x/y", &err), EMEND_EUSAGE);
  assert_int_equal(emend_source_add(e, "x=/none/such.sqlite", &err), EMEND_ENOTFOUND);
  ok(emend_sources(e, &list, &err));
  assert_int_equal(list->n, 3);
  assert_string_equal(list->items[0].name, "pets");
  assert_string_equal(list->items[1].name, "pets2");
  assert_string_equal(list->items[2].name, "zoo");
  assert_string_equal(list->items[2].dialect, "sqlite");
  assert_false(list->items[2].registered);
  emend_source_list_free(list);
  emend_report *r = NULL;
  const emend_check_options unknown = {.source = "horses"};
  assert_int_equal(emend_check(e, "SELECT 1", &unknown, &r, &err), EMEND_ENOTFOUND);
  assert_non_null(strstr(err.msg, "pets2"));
  assert_int_equal(emend_source_refresh(e, "horses", NULL, &err), EMEND_ENOTFOUND);
  assert_int_equal(emend_source_refresh(e, NULL, NULL, &err), EMEND_EUSAGE); /* which one? */
  ok(emend_check(e, "SELECT name FROM pet", NULL, &r, &err)); /* the first that has its tables */
  assert_string_equal(r->source, "pets");
  emend_report_free(r);
  emend_close(e);
}

static void no_source_at_all_is_known_by_a_name(void **unused) {
  (void)unused;
  emend_engine *e = open_engine();
  emend_schema *s = NULL;
  const emend_annotation note = {
      .source = "horses", .table = "pet", .comment = "ours", .values_private = -1};
  assert_int_equal(emend_schema_read(e, "horses", &s, &err), EMEND_ENOTFOUND);
  assert_non_null(strstr(err.msg, "horses"));
  assert_int_equal(emend_source_annotate(e, &note, &err), EMEND_ENOTFOUND);
  assert_int_equal(emend_schema_read(e, NULL, &s, &err), EMEND_EUSAGE);
  emend_close(e);
}

static void the_state_is_made_only_when_something_is_remembered(void **unused) {
  (void)unused;
  emend_engine *e = open_engine();
  emend_report *r = NULL;
  ok(emend_source_add(e, db, &err));
  ok(emend_check(e, "SELECT name FROM pet", NULL, &r, &err));
  assert_true(access(state, F_OK) != 0);
  emend_report_free(r);
  ok(emend_source_register(e, db, &err));
  assert_int_equal(access(state, F_OK), 0);
  emend_close(e);
}

static void registered_sources_come_back(void **unused) {
  (void)unused;
  char spec[256];
  size_t n = 0;
  emend_engine *e = open_engine();
  snprintf(spec, sizeof spec, "zoo=%s", db);
  ok(emend_source_register(e, spec, &err));
  emend_close(e);
  e = open_engine();
  emend_source_list *list = NULL;
  ok(emend_sources(e, &list, &err));
  assert_int_equal(list->n, 1);
  assert_true(list->items[0].registered && list->items[0].dialect == NULL);
  char *json = emend_source_list_json(list);
  json_t *back = json_loads(json, 0, NULL);
  assert_string_equal(json_string_value(json_object_get(json_array_get(back, 0), "url")), db);
  json_decref(back);
  emend_free(json);
  emend_source_list_free(list);
  ok(emend_source_add_registered(e, &n, &err));
  assert_int_equal(n, 1);
  ok(emend_source_add_registered(e, &n, &err));
  assert_int_equal(n, 0);
  ok(emend_source_remove(e, "zoo", &err));
  assert_int_equal(emend_source_remove(e, "zoo", &err), EMEND_ENOTFOUND);
  emend_close(e);
}

static const emend_column *find_column(const emend_schema *s, const char *table,
                                       const char *column) {
  for (size_t i = 0; i < s->n_tables; i++)
    for (size_t c = 0; c < s->tables[i].n_columns; c++)
      if (strcmp(s->tables[i].name, table) == 0 &&
          strcmp(s->tables[i].columns[c].name, column) == 0)
        return &s->tables[i].columns[c];
  fail_msg("no column %s.%s", table, column);
  return NULL;
}

static void an_annotation_holds_wherever_the_database_is_opened(void **unused) {
  (void)unused;
  char spec[256];
  emend_engine *e = open_engine();
  emend_schema *s = NULL;
  snprintf(spec, sizeof spec, "zoo=%s", db);
  ok(emend_source_register(e, spec, &err));
  ok(emend_schema_read(e, "zoo", &s, &err));
  assert_true(find_column(s, "owner", "city")->n_samples > 0);
  assert_int_equal(s->n_keys, 1);
  assert_string_equal(s->keys[0].to_table, "owner");
  emend_schema_free(s);

  emend_annotation note = {
      .source = "zoo", .table = "owner", .column = "city", .comment = "home", .values_private = 1};
  ok(emend_source_annotate(e, &note, &err));
  note.column = "town";
  assert_int_equal(emend_source_annotate(e, &note, &err), EMEND_ENOTFOUND);
  note.table = "cat";
  assert_int_equal(emend_source_annotate(e, &note, &err), EMEND_ENOTFOUND);
  note = (emend_annotation){.source = "zoo", .table = "owner", .values_private = 1};
  assert_int_equal(emend_source_annotate(e, &note, &err), EMEND_EUSAGE);
  ok(emend_schema_read(e, "zoo", &s, &err));
  assert_string_equal(find_column(s, "owner", "city")->comment, "home");
  emend_schema_free(s);
  emend_close(e);

  e = open_engine(); /* by another name, in another engine */
  ok(emend_source_add(e, db, &err));
  ok(emend_schema_read(e, NULL, &s, &err));
  assert_string_equal(s->source, "pets");
  assert_true(find_column(s, "owner", "city")->values_private);
  assert_int_equal(find_column(s, "owner", "city")->n_samples, 0);
  char *json = emend_schema_json(s);
  assert_null(strstr(json, "Oslo"));
  emend_free(json);
  emend_schema_free(s);
  emend_close(e);
}

static void a_refresh_tells_whether_the_schema_changed(void **unused) {
  (void)unused;
  bool changed = true;
  emend_engine *e = open_engine();
  ok(emend_source_add(e, db, &err));
  ok(emend_source_refresh(e, "pets", &changed, &err));
  assert_false(changed);
  emend_close(e);
}

static void check_reports_faults_and_the_mended_text(void **unused) {
  (void)unused;
  emend_engine *e = open_engine();
  emend_report *r = NULL;
  ok(emend_source_add(e, db, &err));
  ok(emend_check(e, "SELECT nmae FROM pet", NULL, &r, &err));
  assert_false(r->ok);
  assert_true(r->safe);
  assert_string_equal(r->diagnostics[0].code, "unknown_column");
  assert_string_equal(r->diagnostics[0].suggestions[0].text, "name");
  assert_string_equal(r->repaired, "SELECT name FROM pet");
  char *json = emend_report_json(r);
  json_t *back = json_loads(json, 0, NULL);
  assert_true(json_is_false(json_object_get(back, "ok")));
  json_t *d = json_array_get(json_object_get(back, "diagnostics"), 0);
  static const char *const keys[] = {"code", "severity", "weight",     "message",
                                     "span", "expected", "suggestions"};
  for (size_t i = 0; i < 7; i++) assert_non_null(json_object_get(d, keys[i]));
  json_decref(back);
  emend_free(json);
  emend_report_free(r);

  emend_check_options opt = EMEND_CHECK_OPTIONS_INIT;
  opt.dialect = "klingon";
  assert_int_equal(emend_check(e, "SELECT 1", &opt, &r, &err), EMEND_EUSAGE);
  assert_int_equal(emend_check(e, "  ", NULL, &r, &err), EMEND_EUSAGE);
  ok(emend_check(e, "DELETE FROM pet", NULL, &r, &err));
  assert_true(!r->ok && !r->safe && !r->repaired);
  emend_report_free(r);
  emend_close(e);
}

static void a_schema_file_serves_without_a_database(void **unused) {
  (void)unused;
  char path[128], spec[256];
  snprintf(path, sizeof path, "%s/tables.json", dir);
  FILE *f = fopen(path, "w");
  fputs(
      "[{\"db_id\":\"zoo\",\"table_names_original\":[\"pet\"],\"table_names\":[\"pet\"],"
      "\"column_names_original\":[[-1,\"*\"],[0,\"id\"],[0,\"name\"]],"
      "\"column_names\":[[-1,\"*\"],[0,\"id\"],[0,\"name\"]],"
      "\"column_types\":[\"text\",\"number\",\"text\"],\"primary_keys\":[1],"
      "\"foreign_keys\":[]}]",
      f);
  fclose(f);
  emend_engine *e = open_engine();
  emend_report *r = NULL;
  emend_judgement *j = NULL;
  snprintf(spec, sizeof spec, "schema:%s", path);
  assert_int_equal(emend_source_add(e, spec, &err), EMEND_EUSAGE); /* which database? */
  snprintf(spec, sizeof spec, "schema:%s#zoo", path);
  ok(emend_source_add(e, spec, &err));
  ok(emend_check(e, "SELECT name FROM pet", NULL, &r, &err));
  assert_true(r->ok);
  emend_report_free(r);
  ok(emend_judge(e, NULL, "What are the names of the 3 oldest pets?", "SELECT name FROM pet", &j,
                 &err));
  assert_true(j->n_signals > 0 && j->suspicion > 0.1);
  assert_string_equal(j->signals[0].code, "top_k_mismatch");
  emend_judgement_free(j);
  emend_close(e);
}

static int keep_band(void *ctx, size_t i, const emend_judgement *j) {
  ((emend_band *)ctx)[i] = j->band;
  return 0;
}

static void judging_runs_the_query_where_it_can(void **unused) {
  (void)unused;
  char path[128];
  emend_band bands[3] = {0};
  emend_judgement *j = NULL;
  emend_engine *e = open_engine();
  ok(emend_source_add(e, db, &err));
  ok(emend_judge(e, NULL, "Which owners live in Oslo?",
                 "SELECT name FROM owner WHERE city = 'Oslo'", &j, &err));
  assert_int_equal(j->band, EMEND_DELIVER);
  emend_judgement_free(j);
  ok(emend_judge(e, NULL, "Which owners live in Oslo?", "SELECT nope FROM owner", &j, &err));
  assert_true(j->band == EMEND_CORRECT && j->suspicion >= 1);
  char *json = emend_judgement_json(j);
  assert_non_null(strstr(json, "\"band\":\"correct\""));
  emend_free(json);
  emend_judgement_free(j);

  snprintf(path, sizeof path, "%s/items.json", dir);
  FILE *f = fopen(path, "w");
  fputs(
      "[{\"question\":\"How many pets?\",\"sql\":\"SELECT count(*) FROM pet\"},"
      "{\"question\":\"How many pets?\",\"query\":\"DROP TABLE pet\"}]",
      f);
  fclose(f);
  ok(emend_judge_each(e, path, NULL, keep_band, bands, &err));
  assert_true(bands[0] == EMEND_DELIVER && bands[1] == EMEND_CORRECT);
  assert_int_equal(emend_judge_each(e, "/none.json", NULL, keep_band, bands, &err),
                   EMEND_ENOTFOUND);
  assert_int_equal(emend_judge_each(e, db, NULL, keep_band, bands, &err), EMEND_EFORMAT);
  emend_close(e);
}

static void retrieve_finds_tables_and_stored_values(void **unused) {
  (void)unused;
  emend_engine *e = open_engine();
  emend_ranking *r = NULL;
  assert_int_equal(emend_retrieve(e, "Which pets?", &r, &err), EMEND_EUSAGE); /* no source */
  ok(emend_source_add(e, db, &err));
  ok(emend_retrieve(e, "Which pets live in Rome?", &r, &err));
  assert_true(r->n_tables >= 1 && r->n_values >= 1);
  assert_string_equal(r->values[0].stored, "Rome");
  assert_string_equal(r->values[0].column, "city");
  char *json = emend_ranking_json(r);
  json_t *back = json_loads(json, 0, NULL);
  static const char *const keys[] = {"sources", "tables", "columns", "values"};
  for (size_t i = 0; i < 4; i++) assert_true(json_is_array(json_object_get(back, keys[i])));
  json_decref(back);
  emend_free(json);
  emend_ranking_free(r);
  assert_int_equal(emend_retrieve(e, " ", &r, &err), EMEND_EUSAGE);
  emend_close(e);
}

static void missing_weights_say_what_to_do(void **unused) {
  (void)unused;
  emend_engine *e = NULL;
  emend_answer *a = NULL;
  emend_options opt = EMEND_OPTIONS_INIT;
  opt.no_state = true;
  opt.weights = "/none/such.emt";
  ok(emend_open(&opt, &e, &err));
  ok(emend_source_add(e, db, &err));
  assert_int_not_equal(emend_ask(e, "How many pets are there?", NULL, &a, &err), EMEND_OK);
  assert_non_null(strstr(err.msg, "such.emt"));
  emend_close(e);
}

static void no_memory_is_an_error_at_every_point(void **unused) {
  (void)unused;
  emend_rc rc = EMEND_ENOMEM;
  for (long at = 1; rc; at += at < 300 ? 1 : 29) {
    emend_engine *e = NULL;
    emend_schema *s = NULL;
    emend_report *r = NULL;
    emend_ranking *k = NULL;
    emend_source_list *l = NULL;
    emend_options opt = EMEND_OPTIONS_INIT;
    opt.state = state;
    mem_fail_at(at);
    rc = emend_open(&opt, &e, &err);
    if (!rc) rc = emend_source_add(e, db, &err);
    if (!rc) rc = emend_sources(e, &l, &err);
    if (!rc) rc = emend_schema_read(e, NULL, &s, &err);
    if (!rc) rc = emend_check(e, "SELECT nmae FROM pet", NULL, &r, &err);
    if (!rc) rc = emend_retrieve(e, "Which pets live in Rome?", &k, &err);
    mem_fail_at(0);
    if (rc) assert_int_equal(rc, EMEND_ENOMEM);
    emend_source_list_free(l);
    emend_schema_free(s);
    emend_report_free(r);
    emend_ranking_free(k);
    emend_close(e);
    assert_true(at < 1000000);
  }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(back_ends_are_known_by_name),
      CASE(sources_have_names_of_their_own),
      CASE(no_source_at_all_is_known_by_a_name),
      CASE(the_state_is_made_only_when_something_is_remembered),
      CASE(registered_sources_come_back),
      CASE(an_annotation_holds_wherever_the_database_is_opened),
      CASE(a_refresh_tells_whether_the_schema_changed),
      CASE(check_reports_faults_and_the_mended_text),
      CASE(a_schema_file_serves_without_a_database),
      CASE(judging_runs_the_query_where_it_can),
      CASE(retrieve_finds_tables_and_stored_values),
      CASE(missing_weights_say_what_to_do),
      CASE(no_memory_is_an_error_at_every_point),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
