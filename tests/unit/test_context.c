/* context: what of a database a prompt shows, and what goes first when there is little room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "generate/prompt.h"
#include "support/schema.h"

static const char SCHEMA[] =
    "CREATE TABLE owner (id INTEGER PRIMARY KEY, name TEXT, city TEXT);"
    "CREATE TABLE pet (id INTEGER PRIMARY KEY, name TEXT, weight REAL, note TEXT, "
    "  owner_id INTEGER REFERENCES owner (id));"
    "CREATE TABLE visit (id INTEGER PRIMARY KEY, day TEXT, pet_id INTEGER REFERENCES pet (id));"
    "CREATE TABLE ledger (id INTEGER PRIMARY KEY, "
    "entry_of_day_00 REAL, entry_of_day_01 REAL, entry_of_day_02 REAL, entry_of_day_03 REAL, "
    "entry_of_day_04 REAL, entry_of_day_05 REAL, entry_of_day_06 REAL, entry_of_day_07 REAL, "
    "entry_of_day_08 REAL, entry_of_day_09 REAL, entry_of_day_10 REAL, entry_of_day_11 REAL, "
    "entry_of_day_12 REAL, entry_of_day_13 REAL, entry_of_day_14 REAL, entry_of_day_15 REAL, "
    "entry_of_day_16 REAL, entry_of_day_17 REAL, entry_of_day_18 REAL, entry_of_day_19 REAL, "
    "entry_of_day_20 REAL, entry_of_day_21 REAL, entry_of_day_22 REAL, entry_of_day_23 REAL, "
    "entry_of_day_24 REAL, entry_of_day_25 REAL, entry_of_day_26 REAL, entry_of_day_27 REAL, "
    "entry_of_day_28 REAL, entry_of_day_29 REAL, "
    "amount REAL);"
    "INSERT INTO owner VALUES (1,'Ann','Oslo'),(2,'Bob','Rome');"
    "INSERT INTO pet VALUES (1,'Rex',12.5,'it''s\nold',1);";

static emend_error err;

static bool is_note(void *ctx, str table, str column) {
  (void)ctx;
  return str_eq(table, STR("pet")) && str_eq(column, STR("note"));
}

static int set_up(void **state) {
  (void)state;
  catalog_options opt = {.is_private = is_note};
  return open_schema(SCHEMA, &opt);
}

static const retrieve_result *retrieved(const char *question) {
  retrieve_result *r = ARENA_NEW(mem, retrieve_result);
  const catalog *cats[] = {cat};
  assert_int_equal(retrieve_rank(cats, 1, str_from(question), mem, r, &err), EMEND_OK);
  return r;
}

static gen_request request(const char *question) {
  return (gen_request){.question = str_from(question),
                       .cat = cat,
                       .context = retrieved(question),
                       .round = 1,
                       .privacy = EMEND_PRIVACY_FULL};
}

static gen_context build(const gen_request *req, size_t tokens) {
  gen_context c;
  gen_prompt_options opt = {.tokens = tokens};
  assert_int_equal(gen_context_build(req, &opt, mem, &c, &err), EMEND_OK);
  return c;
}

static bool has(str text, const char *part) {
  return str_find(text, str_from(part), 0) != SIZE_MAX;
}

static void everything_is_shown_where_there_is_room(void **state) {
  (void)state;
  gen_request req = request("Which pets live in Oslo?");
  gen_context c = build(&req, 0);
  assert_int_equal(c.n_tables, 4);
  assert_int_equal(c.note.len, 0);
  assert_true(str_starts(c.text, STR("The database, in SQLite:\nTABLE owner\n")));
  assert_true(has(c.text, "  city TEXT -- such as 'Oslo', 'Rome'\n"));
  assert_true(has(c.text, "Keys:\npet.owner_id = owner.id\n"));
  assert_true(has(c.text, "owner.city = 'Oslo'\n"));
}

static void private_values_and_plain_keys_have_no_samples(void **state) {
  (void)state;
  gen_request req = request("Which pets are old?");
  gen_context c = build(&req, 0);
  assert_true(has(c.text, "  note TEXT\n"));
  assert_true(has(c.text, "  owner_id INTEGER\n"));
  assert_true(has(c.text, "  id INTEGER PRIMARY KEY\n"));
}

static void schema_only_shows_no_stored_value_nor_example(void **state) {
  (void)state;
  gen_example e = {.question = STR("Who is Quince?"), .sql = STR("SELECT 1")};
  gen_request req = request("Which pets live in Oslo?");
  req.privacy = EMEND_PRIVACY_SCHEMA_ONLY;
  req.examples = &e;
  req.n_examples = 1;
  gen_context c = build(&req, 0);
  assert_false(has(c.text, "such as"));
  assert_false(has(c.text, "Oslo"));
  assert_false(has(c.text, "Quince"));
  assert_int_equal(c.n_examples, 0);
}

static void examples_are_quoted_data_of_one_line(void **state) {
  (void)state;
  gen_example e[] = {{.question = STR("What's\nold?"), .sql = STR("SELECT\n1")},
                     {.question = STR("And new?"),
                      .sql = STR("SELECT 2"),
                      .is_correction = true,
                      .wrong_sql = STR("SELECT 3"),
                      .note = STR("not 'that'")}};
  gen_request req = request("Which pets are old?");
  req.examples = e;
  req.n_examples = 2;
  gen_context c = build(&req, 0);
  assert_int_equal(c.n_examples, 2);
  assert_true(has(c.text, "Question: 'What''s old?'\nSQL: SELECT 1\n"));
  assert_true(has(c.text,
                  "Corrected question: 'And new?'\nTurned down: SELECT 3\nSQL: SELECT 2\n"
                  "Note: 'not ''that'''\n"));
}

static void little_room_keeps_what_the_question_is_about(void **state) {
  (void)state;
  gen_request req = request("What is the weight of each pet?");
  gen_context c = build(&req, 1);
  assert_true(has(c.text, "TABLE pet\n"));
  assert_true(has(c.text, "weight REAL"));
  assert_true(has(c.text, "more columns)"));
  assert_false(has(c.text, "entry_of_day_07"));
  assert_true(has(c.note, "schema cut to"));
}

static void what_nothing_ranks_is_left_out_where_there_is_little_room(void **state) {
  (void)state;
  gen_request req = request("What is the weight of each pet?");
  req.context = NULL;
  gen_context c = build(&req, 1);
  assert_int_equal(c.n_tables, 1);
  assert_true(has(c.note, "schema cut to 1 of 4 tables"));
}

static void an_unknown_name_brings_the_table_that_has_it(void **state) {
  (void)state;
  gen_request req = request("What is the weight of each pet?");
  req.context = NULL;
  gen_context c = build(&req, 1);
  diag_list diags = {0};
  req.failed = STR("SELECT amount FROM pet");
  diag d = {.code = "unknown_column", .severity = DIAG_ERROR, .span = {7, 13}};
  assert_true(vec_push(mem, &diags, d));
  req.diags = &diags;
  gen_prompt_options opt = {.tokens = 4000};
  assert_int_equal(gen_context_widen(&req, &opt, mem, &c, &err), EMEND_OK);
  assert_true(str_starts(c.widened, STR("More tables of it:\nTABLE ledger\n")));
  assert_true(c.n_tables > 1);
}

static void widening_ends_when_all_is_shown(void **state) {
  (void)state;
  gen_request req = request("Which pets are old?");
  gen_context c = build(&req, 0);
  gen_prompt_options opt = {0};
  assert_int_equal(gen_context_widen(&req, &opt, mem, &c, &err), EMEND_OK);
  assert_int_equal(c.widened.len, 0);
}

static void the_same_request_gives_the_same_bytes(void **state) {
  (void)state;
  gen_request req = request("Which pets live in Oslo?");
  assert_true(str_eq(build(&req, 0).text, build(&req, 0).text));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(everything_is_shown_where_there_is_room),
      cmocka_unit_test(private_values_and_plain_keys_have_no_samples),
      cmocka_unit_test(schema_only_shows_no_stored_value_nor_example),
      cmocka_unit_test(examples_are_quoted_data_of_one_line),
      cmocka_unit_test(little_room_keeps_what_the_question_is_about),
      cmocka_unit_test(what_nothing_ranks_is_left_out_where_there_is_little_room),
      cmocka_unit_test(an_unknown_name_brings_the_table_that_has_it),
      cmocka_unit_test(widening_ends_when_all_is_shown),
      cmocka_unit_test(the_same_request_gives_the_same_bytes),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
