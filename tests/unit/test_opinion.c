/* opinion: what holding a query against other readings of the question adds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "judge/judge.h"
#include "support/opened.h"

static int set_up(void **state) {
  (void)state;
  return open_database("shops",
                       "CREATE TABLE shop (id INTEGER PRIMARY KEY, city TEXT, rent INT);"
                       "CREATE TABLE sale (id INTEGER PRIMARY KEY, kind TEXT, "
                       "  shop_id INT REFERENCES shop (id));"
                       "INSERT INTO shop VALUES (1, 'Oslo', 10), (2, 'Rome', 30);"
                       "INSERT INTO sale VALUES (1, 'a', 1), (2, 'a', 1), (3, 'b', 2);");
}

typedef struct looked {
  check_report report;
  judge_digest digest;
} looked;

static looked look(const char *sql) {
  looked out;
  source_result r;
  check_options opt = {.dialect = cat->dialect};
  assert_int_equal(check_sql(str_from(sql), cat, &opt, mem, &out.report, &err), EMEND_OK);
  if (source_run(db, str_from(sql), NULL, mem, &r, &err)) fail_msg("%s: %s", sql, err.msg);
  assert_true(judge_digest_of(&r, mem, &out.digest));
  return out;
}

/* What `sql` raises beside two other readings, of which the first is believed thrice as much. */
static judge_signals hold_beside(const char *question, const char *sql, const char *first,
                                 const char *second, const model_view *view) {
  judge_intent in;
  judge_signals out = {0};
  judge_probes probes;
  looked mine = look(sql), x = look(first), y = look(second);
  judge_reading items[] = {{&x.report, x.digest, 0.75, false}, {&y.report, y.digest, 0.25, false}};
  judge_readings others = {items, 2, 0};
  assert_int_equal(judge_read(str_from(question), mem, &in, &err), EMEND_OK);
  assert_true(judge_find_probes(&in, &mine.report, cat, mem, &probes));
  for (size_t i = 0; i < probes.len; i++) {
    const char *probe = arena_strndup(mem, probes.items[i].sql.ptr, probes.items[i].sql.len);
    probes.items[i].ran = true;
    probes.items[i].differs = look(probe).digest.rows != mine.digest.rows;
  }
  assert_int_equal(
      judge_opinion(&in, &mine.report, &mine.digest, &probes, &others, view, 0, mem, &out, &err),
      EMEND_OK);
  return out;
}

static judge_signals hold(const char *question, const char *sql, const char *first,
                          const char *second) {
  return hold_beside(question, sql, first, second, NULL);
}

static double value(const judge_signals *s, const char *code) {
  for (size_t i = 0; i < s->len; i++)
    if (strcmp(s->items[i].code, code) == 0) return s->items[i].value;
  return 0;
}

static void agreement_of_rows_counts_whatever_the_words(void **state) {
  (void)state;
  judge_signals s = hold("Which shops are in Oslo?", "SELECT id FROM shop WHERE city = 'Oslo'",
                         "SELECT id FROM shop WHERE rent < 20", "SELECT id FROM shop");
  assert_true(value(&s, "same_rows") > 1);
  assert_true(value(&s, "other_rows") <= 0);
  assert_true(value(&s, "rival_share") > 0.2 && value(&s, "rival_share") < 0.3);
}

static void a_condition_that_readings_have_is_missed(void **state) {
  (void)state;
  judge_signals s = hold("Which shops are in Oslo?", "SELECT id FROM shop",
                         "SELECT id FROM shop WHERE city = 'Oslo'", "SELECT id FROM shop");
  assert_true(value(&s, "filter_left_out") > 0.7);
  assert_true(value(&s, "condition_left_out") > 0.7);
  s = hold("Which shops are dearer than the average?", "SELECT id FROM shop",
           "SELECT id FROM shop WHERE rent > (SELECT avg(rent) FROM shop)", "SELECT id FROM shop");
  assert_true(value(&s, "filter_left_out") <= 0);
  assert_true(value(&s, "condition_left_out") > 0.7);
}

static void one_that_stands_in_other_words_is_not(void **state) {
  (void)state;
  judge_signals s = hold("Which shops are in Oslo?", "SELECT id FROM shop WHERE city LIKE '%Oslo%'",
                         "SELECT id FROM shop WHERE city = 'Oslo'", "SELECT id FROM shop");
  assert_true(value(&s, "filter_left_out") <= 0);
  assert_true(value(&s, "condition_left_out") <= 0);
  assert_true(value(&s, "value_left_out") <= 0);
}

static void a_condition_that_a_reading_made_up_is_not_missed(void **state) {
  (void)state;
  judge_signals s = hold("Which shops have sales?", "SELECT shop_id FROM sale",
                         "SELECT shop_id FROM sale WHERE kind = 'a'", "SELECT shop_id FROM sale");
  assert_true(value(&s, "filter_left_out") <= 0);
  assert_true(value(&s, "condition_left_out") <= 0);
}

static void what_picks_no_rows_lacks_what_readings_ask(void **state) {
  (void)state;
  const char *question = "Which sales are of the first kind?", *all = "SELECT shop_id FROM sale";
  judge_signals s = hold(question, all, "SELECT shop_id FROM sale WHERE kind = 'a'", all);
  assert_true(value(&s, "unfiltered") > 0.7); /* though it is nobody's word */
  s = hold(question, "SELECT shop_id FROM sale WHERE id < 3",
           "SELECT shop_id FROM sale WHERE kind = 'b' AND id < 3", all);
  assert_true(value(&s, "unfiltered") <= 0);
  s = hold(question, "SELECT shop_id FROM sale ORDER BY kind LIMIT 1",
           "SELECT shop_id FROM sale WHERE kind = 'b'", all);
  assert_true(value(&s, "unfiltered") <= 0);
}

static void a_text_in_other_words_is_looked_for(void **state) {
  (void)state;
  const char *all = "SELECT id FROM shop", *roman = "SELECT id FROM shop WHERE city = 'Rome'";
  judge_signals s = hold("Which shops are Romes?", all, roman, all);
  assert_true(value(&s, "alike_left_out") > 0.7);
  s = hold("Which shops are there?", all, roman, all);
  assert_true(value(&s, "alike_left_out") <= 0);
  s = hold("Which shops are Romes?", "SELECT id FROM shop WHERE city LIKE '%Rom%'", roman, all);
  assert_true(value(&s, "alike_left_out") <= 0);
}

static void a_table_that_nothing_is_asked_of_is_asked_something_elsewhere(void **state) {
  (void)state;
  static const char idle[] = "SELECT s.city FROM shop AS s JOIN sale AS t ON s.id = t.shop_id";
  const char *question = "In which cities is something of the first kind sold?";
  judge_signals s = hold(
      question, idle,
      "SELECT s.city FROM shop AS s JOIN sale AS t ON s.id = t.shop_id WHERE t.kind = 'b'", idle);
  assert_true(value(&s, "idle_wanted") > 0.7);
  s = hold(question, idle, "SELECT city FROM shop WHERE rent > 15", idle);
  assert_true(value(&s, "idle_wanted") <= 0);
  s = hold(question, idle,
           "SELECT s.city, t.kind FROM shop AS s JOIN sale AS t ON s.id = t.shop_id", idle);
  assert_true(value(&s, "idle_wanted") <= 0); /* it shows more, and picks no other rows */
}

static void a_part_of_a_word_is_not_the_word(void **state) {
  (void)state;
  judge_signals s = hold("Which shops have apples?", "SELECT shop_id FROM sale",
                         "SELECT shop_id FROM sale WHERE kind = 'a'", "SELECT shop_id FROM sale");
  assert_true(value(&s, "filter_left_out") <= 0);
}

static void an_extreme_is_no_condition(void **state) {
  (void)state;
  judge_signals s =
      hold("Which shop has the lowest rent?", "SELECT id FROM shop ORDER BY rent LIMIT 1",
           "SELECT id FROM shop WHERE rent = (SELECT min(rent) FROM shop) AND rent > 1",
           "SELECT city FROM shop WHERE rent = (SELECT min(rent) FROM shop)");
  assert_true(value(&s, "condition_left_out") < 0.8);
  s = hold("Which shop has the lowest rent?", "SELECT id FROM shop ORDER BY rent DESC LIMIT 1",
           "SELECT id FROM shop WHERE rent = (SELECT min(rent) FROM shop)",
           "SELECT city FROM shop WHERE rent = (SELECT min(rent) FROM shop)");
  assert_true(value(&s, "condition_left_out") <= 0);
}

static void a_value_that_nothing_stands_for_is_forgotten(void **state) {
  (void)state;
  link_cell stored = {.stored = STR("Oslo")};
  link_value oslo = {.text = STR("Oslo"), .flags = LINK_VAL_STORED, .cells = &stored, .n_cells = 1};
  model_view view = {.known = true, .forgotten = {&oslo}, .n_forgotten = 1};
  const char *question = "Which shops are in Oslo?", *all = "SELECT id FROM shop";
  judge_signals s =
      hold_beside(question, all, "SELECT id FROM shop WHERE city = 'Oslo'", all, &view);
  assert_true(value(&s, "value_forgotten") > 0.7);
  s = hold_beside(question, all, "SELECT id FROM shop WHERE rent < 20", all, &view);
  assert_true(value(&s, "value_forgotten") <= 0); /* no reading takes it for a value */
  view.n_forgotten = 0;
  s = hold_beside(question, all, "SELECT id FROM shop WHERE city = 'Oslo'", all, &view);
  assert_true(value(&s, "value_forgotten") <= 0);
}

static void a_join_that_nobody_asked_for_is_suspected_when_it_counts(void **state) {
  (void)state;
  const char *joined = "SELECT count(*) FROM shop AS s JOIN sale AS t ON s.id = t.shop_id";
  judge_signals s = hold("How many shops are there?", joined, "SELECT count(*) FROM shop",
                         "SELECT count(id) FROM shop");
  assert_true(value(&s, "join_unasked") > 0.9);
  s = hold("How many sales of shops are there?", joined, joined, "SELECT count(*) FROM sale");
  assert_true(value(&s, "join_unasked") < 0.5);
}

static void one_of_several_is_not_each_of_them(void **state) {
  (void)state;
  judge_signals s =
      hold("Which shops in Oslo cost 30?", "SELECT id FROM shop WHERE city = 'Oslo' OR rent = 30",
           "SELECT id FROM shop WHERE city = 'Oslo' AND rent = 30",
           "SELECT id FROM shop WHERE city = 'Oslo' AND rent > 30");
  assert_true(value(&s, "either_extra") > 0.9);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(agreement_of_rows_counts_whatever_the_words),
      cmocka_unit_test(a_condition_that_readings_have_is_missed),
      cmocka_unit_test(one_that_stands_in_other_words_is_not),
      cmocka_unit_test(a_condition_that_a_reading_made_up_is_not_missed),
      cmocka_unit_test(what_picks_no_rows_lacks_what_readings_ask),
      cmocka_unit_test(a_text_in_other_words_is_looked_for),
      cmocka_unit_test(a_table_that_nothing_is_asked_of_is_asked_something_elsewhere),
      cmocka_unit_test(a_part_of_a_word_is_not_the_word),
      cmocka_unit_test(an_extreme_is_no_condition),
      cmocka_unit_test(a_value_that_nothing_stands_for_is_forgotten),
      cmocka_unit_test(a_join_that_nobody_asked_for_is_suspected_when_it_counts),
      cmocka_unit_test(one_of_several_is_not_each_of_them)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
