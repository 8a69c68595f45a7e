/* ask: the loop over a scripted generator: what is delivered, refused, corrected, remembered. */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>
#include <sqlite3.h>

#include "ask/answer.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "support/scripted.h"

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
  strcpy(dir, "/tmp/emend-ask-XXXXXX");
  assert_non_null(mkdtemp(dir));
  snprintf(db, sizeof db, "%s/pets.sqlite", dir);
  snprintf(state, sizeof state, "%s/state.sqlite", dir);
  run_sql(db,
          "CREATE TABLE owner (id INTEGER PRIMARY KEY, name TEXT, city TEXT);"
          "CREATE TABLE pet (id INTEGER PRIMARY KEY, name TEXT, weight REAL, "
          "  owner_id INTEGER REFERENCES owner (id));"
          "INSERT INTO owner VALUES (1, 'Ann', 'Oslo'), (2, 'Bob', 'Rome'), (3, 'Cid', 'Oslo');"
          "INSERT INTO pet VALUES (1, 'Rex', 12.5, 1), (2, 'Tom', 4, 1), (3, 'Kit', 3.25, 2);");
  return 0;
}

static int tear_down(void **unused) {
  (void)unused;
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", dir);
  return system(command) != 0;
}

static emend_engine *open_with(script *s) {
  emend_engine *e = NULL;
  emend_options opt = EMEND_OPTIONS_INIT;
  opt.state = state;
  assert_int_equal(emend_open(&opt, &e, &err), EMEND_OK);
  engine_set_generator(e, scripted_generator(s));
  assert_int_equal(emend_source_add(e, db, &err), EMEND_OK);
  return e;
}

static emend_answer *ask(emend_engine *e, const char *question) {
  emend_answer *a = NULL;
  emend_rc rc = emend_ask(e, question, NULL, &a, &err);
  if (rc) fail_msg("%s: %s", question, err.msg);
  return a;
}

static void the_first_sound_candidate_is_delivered(void **unused) {
  (void)unused;
  script s = {.sql = {{"SELECT count(*) FROM pet"}}};
  emend_engine *e = open_with(&s);
  emend_answer *a = ask(e, "How many pets are there?");
  assert_int_equal(a->status, EMEND_ANSWERED);
  assert_int_equal(emend_answer_cell(a, 0, 0)->i, 3);
  assert_null(emend_answer_cell(a, 1, 0));
  assert_null(emend_answer_cell(NULL, 0, 0));
  assert_string_equal(a->text, "There are 3 pets.");
  assert_string_equal(a->sql, "SELECT count(*) FROM pet");
  assert_int_equal(a->n_attempts, 1);
  assert_string_equal(a->attempts[0].generator, "scripted");
  assert_int_equal(a->n_warnings, 0);
  assert_string_equal(a->provenance.model, "scripted@1");
  assert_int_equal(a->provenance.n_tables, 1);
  assert_string_equal(a->provenance.tables[0], "pet");
  assert_true(a->confidence > 0.3 && a->confidence < 1);
  assert_int_equal(s.rounds, 1);
  emend_answer_free(a);
  emend_close(e);
}

static void a_repair_that_was_turned_down_is_not_shown_as_what_ran(void **unused) {
  (void)unused;
  ask_context ctx = {0};
  arena *work = arena_create(1 << 20);
  ask_question q = {.ctx = &ctx, .work = work};
  ask_try mend = {.sql = STR("SELECT 2"), .generator = "repair", .ran = true};
  ask_try ran = {.sql = STR("SELECT 1"), .generator = "embedded", .ran = true, .repaired = &mend};
  ask_try *list[] = {&ran};
  const ask_tries tries = {.items = list, .len = 1};
  ask_answer *a = ask_answer_new(STR("One?"));
  assert_int_equal(ask_answer_finish(a, &q, &tries, &ran, &err), EMEND_OK);
  assert_string_equal(a->pub.sql, "SELECT 1");
  emend_answer_free(&a->pub);
  a = ask_answer_new(STR("One?"));
  assert_int_equal(ask_answer_finish(a, &q, &tries, &mend, &err), EMEND_OK);
  assert_string_equal(a->pub.sql, "SELECT 2");
  assert_int_equal(a->pub.n_attempts, 2);
  emend_answer_free(&a->pub);
  arena_destroy(work);
}

static void a_misspelt_name_is_repaired_without_another_generation(void **unused) {
  (void)unused;
  script s = {.sql = {{"SELECT nmae FROM pet WHERE id = 1"}}};
  emend_engine *e = open_with(&s);
  emend_answer *a = ask(e, "What is the name of pet 1?");
  assert_int_equal(a->status, EMEND_ANSWERED);
  assert_int_equal(a->n_attempts, 2);
  assert_string_equal(a->attempts[0].diagnostics[0].code, "unknown_column");
  assert_string_equal(a->attempts[1].generator, "repair");
  assert_string_equal(a->sql, a->attempts[1].sql);
  assert_int_equal(s.rounds, 1);
  emend_answer_free(a);
  emend_close(e);
}

static void the_next_candidate_takes_the_place_of_a_broken_one(void **unused) {
  (void)unused;
  script s = {.sql = {{"SELECT zzzz FROM qqqq", "SELECT name FROM owner WHERE city = 'Oslo'"}}};
  emend_engine *e = open_with(&s);
  emend_answer *a = ask(e, "Which owners live in Oslo?");
  assert_int_equal(a->status, EMEND_ANSWERED);
  assert_int_equal(a->n_rows, 2);
  assert_int_equal(a->n_attempts, 2);
  assert_true(a->attempts[0].n_diagnostics > 0);
  assert_int_equal(a->attempts[1].n, 2);
  assert_string_equal(a->text, "The answers are Ann and Cid.");
  emend_answer_free(a);
  emend_close(e);
}

static void an_empty_result_gives_way_to_one_that_is_not(void **unused) {
  (void)unused;
  script s = {.sql = {{"SELECT name FROM owner WHERE city = 'Atlantis' AND name = 'Nobody'",
                       "SELECT name FROM owner WHERE city = 'Oslo'"}}};
  emend_engine *e = open_with(&s);
  emend_answer *a = ask(e, "Which owners live in Oslo?");
  assert_string_equal(a->sql, "SELECT name FROM owner WHERE city = 'Oslo'");
  assert_int_equal(a->n_attempts, 2);
  emend_answer_free(a);
  emend_close(e);
}

static void a_correction_carries_the_fault_and_what_was_tried(void **unused) {
  (void)unused;
  script s = {.sql = {{"SELECT zzzz FROM qqqq", "SELECT yyyy FROM qqqq"},
                      {"SELECT name FROM owner ORDER BY name"}}};
  emend_engine *e = open_with(&s);
  emend_answer *a = ask(e, "List the names of the owners");
  assert_int_equal(a->status, EMEND_ANSWERED);
  assert_int_equal(s.rounds, 2);
  assert_int_equal(s.forbidden[1], 2);
  assert_string_equal(s.failed[1], "SELECT yyyy FROM qqqq");
  assert_true(s.fault[1][0] != 0);
  assert_int_equal(a->n_attempts, 3);
  emend_answer_free(a);
  emend_close(e);
}

static void a_repeated_candidate_ends_the_loop(void **unused) {
  (void)unused;
  script s = {.sql = {{"SELECT zzzz FROM qqqq"}, {"select zzzz from qqqq"}, {"SELECT 1"}}};
  emend_engine *e = open_with(&s);
  emend_answer *a = ask(e, "List the names of the owners");
  assert_int_equal(a->status, EMEND_FAILED);
  assert_int_equal(s.rounds, 2);
  assert_false(a->has_rows);
  assert_true(a->n_attempts == 1 && a->attempts[0].n_diagnostics > 0);
  emend_answer_free(a);
  emend_close(e);
}

static emend_rc give_db(void *ctx, size_t i, source **out, emend_error *e) {
  (void)i, (void)e;
  *out = ctx;
  return EMEND_OK;
}

/* Each leaves out what the question asks for, in other words. */
static void a_correction_with_the_rows_of_before_ends_the_loop(void **unused) {
  (void)unused;
  script s = {.sql = {{"SELECT name FROM pet"},
                      {"SELECT name FROM pet WHERE 1 = 1"},
                      {"SELECT name FROM pet WHERE weight > 10"}}};
  script other = {.sql = {{"SELECT nothing FROM pet"}}};
  emend_ask_options opt = EMEND_ASK_OPTIONS_INIT;
  source *conn;
  catalog *cat;
  emend_answer *a;
  assert_int_equal(source_open(db, &conn, &err), EMEND_OK);
  assert_int_equal(catalog_load(conn, STR("pets"), NULL, &cat, &err), EMEND_OK);
  ask_source only = {.name = "pets", .cat = cat};
  ask_context ctx = {.sources = &only,
                     .n_sources = 1,
                     .gen = scripted_generator(&s),
                     .second = scripted_generator(&other),
                     .connect = give_db,
                     .ctx = conn};
  assert_int_equal(ask_run(&ctx, "Which pets are heavier than 10?", &opt, &a, &err), EMEND_OK);
  assert_int_equal(s.rounds, 2);
  assert_int_equal(a->n_rows, 3);
  assert_true(a->n_warnings > 0);
  emend_answer_free(a);
  gen_free((generator *)(uintptr_t)ctx.gen);
  gen_free((generator *)(uintptr_t)ctx.second);
  catalog_unref(cat);
  source_close(conn);
}

static void three_generations_are_the_most(void **unused) {
  (void)unused;
  script s = {.sql = {{"SELECT a1 FROM qqqq"},
                      {"SELECT b2 FROM qqqq"},
                      {"SELECT c3 FROM qqqq"},
                      {"SELECT name FROM owner"}}};
  emend_engine *e = open_with(&s);
  emend_answer *a = ask(e, "List the names of the owners");
  assert_int_equal(a->status, EMEND_FAILED);
  assert_int_equal(s.rounds, 3);
  assert_int_equal(a->n_attempts, 3);
  emend_answer_free(a);
  emend_close(e);
}

static void what_would_write_never_runs(void **unused) {
  (void)unused;
  static const char *const bad[] = {"DELETE FROM pet", "SELECT 1; DROP TABLE pet",
                                    "SELECT load_extension('x')", "ATTACH 'x' AS y",
                                    "SELECT writefile('/tmp/x', name) FROM pet"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    script s = {.sql = {{bad[i]}}};
    emend_engine *e = open_with(&s);
    emend_answer *a = ask(e, "How many pets are there?");
    assert_int_equal(a->status, EMEND_FAILED);
    assert_false(a->has_rows);
    emend_answer_free(a);
    emend_close(e);
  }
}

static void a_request_to_change_data_is_refused_before_generating(void **unused) {
  (void)unused;
  script s = {.sql = {{"SELECT 1"}}};
  emend_engine *e = open_with(&s);
  emend_answer *a = ask(e, "Delete all pets");
  assert_int_equal(a->status, EMEND_REFUSED);
  assert_int_equal(s.rounds, 0);
  assert_non_null(strstr(a->text, "change data"));
  char *json = emend_answer_json(a);
  json_t *back = json_loads(json, 0, NULL);
  assert_true(json_is_null(json_object_get(back, "rows")));
  assert_true(json_is_null(json_object_get(back, "sql")));
  json_decref(back);
  emend_free(json);
  emend_answer_free(a);
  emend_close(e);
}

static void what_the_schema_cannot_answer_is_refused(void **unused) {
  (void)unused;
  script s = {.sql = {{"SELECT name FROM owner"}}, .answerable = 1e-6};
  emend_engine *e = open_with(&s);
  emend_answer *a = ask(e, "Will it rain tomorrow?");
  assert_int_equal(a->status, EMEND_REFUSED);
  emend_answer_free(a);
  script none = {.sql = {{NULL}}};
  engine_set_generator(e, scripted_generator(&none));
  a = ask(e, "Will it rain tomorrow?");
  assert_int_equal(a->status, EMEND_REFUSED);
  emend_answer_free(a);
  emend_close(e);
}

static void a_suspected_answer_carries_its_reasons(void **unused) {
  (void)unused;
  script s = {.sql = {{"SELECT name FROM owner WHERE city = 'Atlantis'"}}};
  emend_engine *e = open_with(&s);
  emend_answer *a = ask(e, "What are the 2 heaviest pets?");
  assert_int_equal(a->status, EMEND_ANSWERED);
  assert_true(a->n_warnings > 0);
  for (size_t i = 1; i < a->n_warnings; i++)
    assert_true(a->warnings[i - 1].weight >= a->warnings[i].weight);
  assert_true(a->confidence < 0.5);
  emend_answer_free(a);
  emend_close(e);
}

static void the_answer_is_remembered_with_its_attempts(void **unused) {
  (void)unused;
  script s = {.sql = {{"SELECT zzzz FROM qqqq", "SELECT count(*) FROM pet"}, {NULL}}};
  emend_engine *e = open_with(&s);
  emend_answer *a = ask(e, "How many pets are there?");
  emend_answer *bad = ask(e, "Drop the pets");
  store *st = NULL;
  arena *m = arena_create(1 << 20);
  store_question q;
  assert_int_equal(engine_state(e, false, &st, &err), EMEND_OK);
  assert_int_equal(store_question_get(st, str_from(a->id), m, &q, &err), EMEND_OK);
  assert_string_equal(q.sql.ptr, "SELECT count(*) FROM pet");
  assert_string_equal(q.status.ptr, "answered");
  assert_int_equal(q.attempts.len, 2);
  assert_int_equal(q.row_count, 1);
  json_t *diags = json_loads(q.attempts.items[0].diagnostics.ptr, 0, NULL);
  assert_true(json_array_size(diags) > 0);
  json_decref(diags);
  assert_int_equal(store_question_get(st, str_from(bad->id), m, &q, &err), EMEND_OK);
  assert_string_equal(q.failure_kind.ptr, "refused");
  arena_destroy(m);
  emend_answer_free(a);
  emend_answer_free(bad);
  emend_close(e);
}

static void values_of_a_private_column_are_not_remembered(void **unused) {
  (void)unused;
  script s = {.sql = {{"SELECT city FROM owner WHERE id = 2"}, {"SELECT * FROM owner"}}};
  emend_engine *e = NULL;
  emend_options opt = EMEND_OPTIONS_INIT;
  opt.state = state;
  assert_int_equal(emend_open(&opt, &e, &err), EMEND_OK);
  engine_set_generator(e, scripted_generator(&s));
  assert_int_equal(emend_source_register(e, db, &err), EMEND_OK);
  emend_annotation note = {
      .source = "pets", .table = "owner", .column = "city", .values_private = 1};
  assert_int_equal(emend_source_annotate(e, &note, &err), EMEND_OK);
  static const char *const questions[] = {"What is the city of owner 2?", "Show the owners"};
  for (int i = 0; i < 2; i++) {
    emend_answer *a = ask(e, questions[i]);
    store *st = NULL;
    arena *m = arena_create(1 << 20);
    store_question q;
    if (i == 0) assert_non_null(strstr(a->text, "Rome")); /* the person may see it */
    assert_int_equal(engine_state(e, false, &st, &err), EMEND_OK);
    assert_int_equal(store_question_get(st, str_from(a->id), m, &q, &err), EMEND_OK);
    assert_int_equal(q.answer.len, 0);
    arena_destroy(m);
    emend_answer_free(a);
  }
  emend_close(e);
}

static void the_json_is_the_contracts(void **unused) {
  (void)unused;
  script s = {.sql = {{"SELECT name, weight, x'00ff' AS raw, NULL AS none FROM pet ORDER BY id"}}};
  emend_engine *e = open_with(&s);
  emend_answer *a = ask(e, "Show name and weight of the pets");
  char *text = emend_answer_json(a);
  assert_null(strchr(text, '\n'));
  json_t *j = json_loads(text, 0, NULL);
  assert_non_null(j);
  static const char *const keys[] = {
      "id",       "status",     "question",     "source",    "dialect", "sql",        "columns",
      "types",    "rows",       "row_count",    "truncated", "answer",  "confidence", "attempts",
      "warnings", "provenance", "learned_from", "candidate", "trace",   "timing"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (!json_object_get(j, keys[i])) fail_msg("no %s", keys[i]);
  json_t *row = json_array_get(json_object_get(j, "rows"), 0);
  assert_string_equal(json_string_value(json_array_get(row, 0)), "Rex");
  assert_true(json_real_value(json_array_get(row, 1)) == 12.5);
  assert_string_equal(json_string_value(json_object_get(json_array_get(row, 2), "base64")), "AP8=");
  assert_true(json_is_null(json_array_get(row, 3)));
  json_decref(j);
  emend_free(text);
  emend_answer_free(a);
  emend_close(e);
}

static void texts_that_are_no_question_are_usage_errors(void **unused) {
  (void)unused;
  script s = {0};
  emend_engine *e = open_with(&s);
  emend_answer *a = NULL;
  char *huge = mem_alloc(1 << 20);
  memset(huge, 'a', (1 << 20) - 1);
  assert_int_equal(emend_ask(e, "", NULL, &a, &err), EMEND_EUSAGE);
  assert_int_equal(emend_ask(e, " \n ", NULL, &a, &err), EMEND_EUSAGE);
  assert_int_equal(emend_ask(e, "caf\xe9?", NULL, &a, &err), EMEND_EUSAGE);
  assert_int_equal(emend_ask(e, huge, NULL, &a, &err), EMEND_EUSAGE);
  assert_null(a);
  mem_free(huge);
  emend_close(e);
}

static void rows_are_capped_and_said_to_be(void **unused) {
  (void)unused;
  script s = {.sql = {{"SELECT name FROM pet"}}};
  emend_engine *e = open_with(&s);
  emend_ask_options how = EMEND_ASK_OPTIONS_INIT;
  emend_answer *a = NULL;
  how.max_rows = 2;
  assert_int_equal(emend_ask(e, "What are the names of all pets?", &how, &a, &err), EMEND_OK);
  assert_int_equal(a->n_rows, 2);
  assert_true(a->truncated);
  assert_non_null(strstr(a->text, "there are more"));
  emend_answer_free(a);
  emend_close(e);
}

static void how_many_rows_are_wanted_changes_no_answer(void **unused) {
  (void)unused;
  script s = {.sql = {{"SELECT name FROM pet"}}};
  emend_engine *e = open_with(&s);
  emend_ask_options how = EMEND_ASK_OPTIONS_INIT;
  emend_answer *few = NULL, *all = ask(e, "What are the names of all pets?");
  how.max_rows = 1;
  s.rounds = 0;
  assert_int_equal(emend_ask(e, "What are the names of all pets?", &how, &few, &err), EMEND_OK);
  assert_int_equal(few->n_rows, 1);
  assert_true(few->truncated);
  assert_false(all->truncated);
  assert_true(few->confidence >= all->confidence && few->confidence <= all->confidence);
  emend_answer_free(few);
  emend_answer_free(all);
  emend_close(e);
}

static int stop_at_once(void *ctx, const emend_step *step) {
  (void)ctx, (void)step;
  return 1;
}

static const char endless[] =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n, pet";

static void a_callback_cancels(void **unused) {
  (void)unused;
  script s = {.sql = {{endless}}};
  emend_engine *e = open_with(&s);
  emend_ask_options how = EMEND_ASK_OPTIONS_INIT;
  emend_answer *a = NULL;
  how.on_step = stop_at_once;
  assert_int_equal(emend_ask(e, "How many pets?", &how, &a, &err), EMEND_ECANCELED);
  assert_null(a);
  emend_close(e);
}

typedef struct canceller {
  emend_engine *e;
  atomic_bool generated, done; /* the query runs next; the call is back */
} canceller;

static int note_generate(void *ctx, const emend_step *step) {
  canceller *c = ctx;
  if (strcmp(step->stage, "generate") == 0) atomic_store(&c->generated, true);
  return 0;
}

/* From when the query is about to run, until the call is back: no load makes it come too early. */
static void *cancel_soon(void *ctx) {
  canceller *c = ctx;
  while (!atomic_load(&c->done)) {
    usleep(50000);
    if (atomic_load(&c->generated)) emend_cancel(c->e);
  }
  return NULL;
}

static void another_thread_cancels_a_running_query(void **unused) {
  (void)unused;
  script s = {.sql = {{endless}}};
  canceller c = {.e = open_with(&s)};
  emend_ask_options how = EMEND_ASK_OPTIONS_INIT;
  emend_answer *a = NULL;
  pthread_t t;
  how.on_step = note_generate;
  how.ctx = &c;
  assert_int_equal(pthread_create(&t, NULL, cancel_soon, &c), 0);
  emend_rc rc = emend_ask(c.e, "How many pets?", &how, &a, &err);
  atomic_store(&c.done, true);
  pthread_join(t, NULL);
  assert_int_equal(rc, EMEND_ECANCELED);
  emend_close(c.e);
}

static void a_query_past_its_time_fails(void **unused) {
  (void)unused;
  script s = {.sql = {{endless}}};
  emend_engine *e = open_with(&s);
  emend_ask_options how = EMEND_ASK_OPTIONS_INIT;
  emend_answer *a = NULL;
  how.timeout_s = 0.2;
  assert_int_equal(emend_ask(e, "How many pets?", &how, &a, &err), EMEND_OK);
  assert_int_equal(a->status, EMEND_FAILED);
  assert_string_equal(a->attempts[0].diagnostics[0].code, "timeout");
  emend_answer_free(a);
  emend_close(e);
}

static void a_slow_query_is_not_replaced_by_a_less_likely_one(void **unused) {
  (void)unused;
  script s = {.sql = {{endless, "SELECT count(*) FROM pet"}}};
  emend_engine *e = open_with(&s);
  emend_ask_options how = EMEND_ASK_OPTIONS_INIT;
  emend_answer *a = NULL;
  how.timeout_s = 0.3;
  assert_int_equal(emend_ask(e, "How many pets are there?", &how, &a, &err), EMEND_OK);
  assert_int_equal(a->status, EMEND_FAILED);
  emend_answer_free(a);
  emend_close(e);
}

static void an_unconnected_join_leaves_time_for_the_next(void **unused) {
  (void)unused;
  script s = {.sql = {{endless, "SELECT count(*) FROM pet"}}, .cross_joins = 1};
  emend_engine *e = open_with(&s);
  emend_ask_options how = EMEND_ASK_OPTIONS_INIT;
  emend_answer *a = NULL;
  how.timeout_s = 1;
  assert_int_equal(emend_ask(e, "How many pets are there?", &how, &a, &err), EMEND_OK);
  assert_int_equal(a->status, EMEND_ANSWERED);
  assert_int_equal(emend_answer_cell(a, 0, 0)->i, 3);
  assert_string_equal(a->attempts[0].diagnostics[0].code, "timeout");
  emend_answer_free(a);
  emend_close(e);
}

typedef struct asker {
  emend_engine *e;
  int right;
} asker;

static void *ask_often(void *arg) {
  asker *x = arg;
  for (int i = 0; i < 20; i++) {
    emend_answer *a = NULL;
    if (emend_ask(x->e, "How many pets are there?", NULL, &a, NULL) == EMEND_OK && a->n_rows == 1)
      x->right += emend_answer_cell(a, 0, 0)->i == 3;
    emend_answer_free(a);
  }
  return NULL;
}

static emend_rc always_count(void *self, const gen_request *req, arena *a, gen_candidates *out,
                             emend_error *e) {
  (void)self, (void)req;
  *out = (gen_candidates){.answerable = 1};
  gen_candidate c = {.sql = STR("SELECT count(*) FROM pet"), .share = 1};
  return vec_push(a, &out->items, c) ? EMEND_OK : err_nomem(e, "generate");
}

static void threads_share_an_engine(void **unused) {
  (void)unused;
  script s = {0};
  emend_engine *e = open_with(&s);
  generator *g = mem_alloc(sizeof *g);
  *g = (generator){.name = "count", .model = "count@1", .candidates = always_count};
  engine_set_generator(e, g);
  pthread_t t[4];
  asker x[4];
  for (int i = 0; i < 4; i++) {
    x[i] = (asker){e, 0};
    assert_int_equal(pthread_create(&t[i], NULL, ask_often, &x[i]), 0);
  }
  for (int i = 0; i < 4; i++) {
    pthread_join(t[i], NULL);
    assert_int_equal(x[i].right, 20);
  }
  emend_close(e);
}

static void a_changed_schema_is_noticed(void **unused) {
  (void)unused;
  script s = {.sql = {{"SELECT count(*) FROM pet"}, {NULL}}};
  emend_engine *e = open_with(&s);
  emend_answer *a = ask(e, "How many pets are there?");
  char before[32];
  snprintf(before, sizeof before, "%s", a->provenance.schema_version);
  emend_answer_free(a);
  run_sql(db, "ALTER TABLE pet ADD COLUMN colour TEXT");
  script later = {.sql = {{"SELECT count(colour) FROM pet"}}};
  engine_set_generator(e, scripted_generator(&later));
  a = ask(e, "How many pets have a colour?");
  assert_int_equal(a->status, EMEND_ANSWERED);
  assert_string_not_equal(a->provenance.schema_version, before);
  emend_answer_free(a);
  emend_close(e);
}

static void no_memory_is_an_error_at_every_point(void **unused) {
  (void)unused;
  emend_rc rc = EMEND_ENOMEM;
  for (long at = 1; rc; at += at < 400 ? 1 : 37) {
    script s = {.sql = {{"SELECT nmae FROM pet", "SELECT name FROM pet"}}};
    emend_engine *e = open_with(&s);
    emend_answer *a = NULL;
    mem_fail_at(at);
    rc = emend_ask(e, "What are the names of the pets?", NULL, &a, &err);
    mem_fail_at(0);
    if (rc) assert_int_equal(rc, EMEND_ENOMEM);
    emend_answer_free(a);
    emend_close(e);
    assert_true(at < 1000000);
  }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(the_first_sound_candidate_is_delivered),
      CASE(a_repair_that_was_turned_down_is_not_shown_as_what_ran),
      CASE(a_misspelt_name_is_repaired_without_another_generation),
      CASE(the_next_candidate_takes_the_place_of_a_broken_one),
      CASE(an_empty_result_gives_way_to_one_that_is_not),
      CASE(a_correction_carries_the_fault_and_what_was_tried),
      CASE(a_repeated_candidate_ends_the_loop),
      CASE(a_correction_with_the_rows_of_before_ends_the_loop),
      CASE(three_generations_are_the_most),
      CASE(what_would_write_never_runs),
      CASE(a_request_to_change_data_is_refused_before_generating),
      CASE(what_the_schema_cannot_answer_is_refused),
      CASE(a_suspected_answer_carries_its_reasons),
      CASE(the_answer_is_remembered_with_its_attempts),
      CASE(values_of_a_private_column_are_not_remembered),
      CASE(the_json_is_the_contracts),
      CASE(texts_that_are_no_question_are_usage_errors),
      CASE(rows_are_capped_and_said_to_be),
      CASE(how_many_rows_are_wanted_changes_no_answer),
      CASE(a_callback_cancels),
      CASE(another_thread_cancels_a_running_query),
      CASE(a_query_past_its_time_fails),
      CASE(a_slow_query_is_not_replaced_by_a_less_likely_one),
      CASE(an_unconnected_join_leaves_time_for_the_next),
      CASE(threads_share_an_engine),
      CASE(a_changed_schema_is_noticed),
      CASE(no_memory_is_an_error_at_every_point),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
