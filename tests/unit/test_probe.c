/* probe: which queries are run beside another, and what their rows say of it. */
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
                       "CREATE TABLE sign (id INTEGER PRIMARY KEY, shop_id INT UNIQUE NOT NULL "
                       "  REFERENCES shop (id));"
                       "CREATE TABLE clerk (id INTEGER PRIMARY KEY, name TEXT, badge TEXT);"
                       "CREATE TABLE sold (id INTEGER PRIMARY KEY, clerk_id INT REFERENCES clerk "
                       "  (id));"
                       "INSERT INTO clerk VALUES (1, 'Ann', 'x'), (2, 'Bob', 'y'), (3, 'Ann', 'z');"
                       "INSERT INTO sold VALUES (1, 1), (2, 1), (3, 3), (4, 2);"
                       "INSERT INTO shop VALUES (1, 'Oslo', 10), (2, 'Rome', 30);"
                       "INSERT INTO sale VALUES (1, 'a', 1), (2, 'a', 1), (3, 'b', 2);"
                       "INSERT INTO sign VALUES (1, 1), (2, 2);");
}

static source_result rows_of(str sql) {
  source_result r;
  if (source_run(db, sql, NULL, mem, &r, &err)) fail_msg("%.*s: %s", STR_ARG(sql), err.msg);
  return r;
}

static uint64_t digest_of(str sql) {
  source_result r = rows_of(sql);
  judge_digest d;
  assert_true(judge_digest_of(&r, mem, &d));
  return d.rows;
}

static judge_probes find_for(const char *question, const char *sql, check_report *report) {
  check_options opt = {.dialect = cat->dialect};
  judge_probes out;
  judge_intent in;
  assert_int_equal(judge_read(str_from(question), mem, &in, &err), EMEND_OK);
  assert_int_equal(check_sql(str_from(sql), cat, &opt, mem, report, &err), EMEND_OK);
  str before = sql_print(report->query, cat->dialect, mem);
  assert_true(judge_find_probes(&in, report, cat, mem, &out));
  str after = sql_print(report->query, cat->dialect, mem);
  assert_true(str_eq(before, after)); /* the tree is as it was */
  for (size_t i = 0; i < out.len; i++) {
    judge_probe *p = &out.items[i];
    if (p->kind == JUDGE_PROBE_APART) {
      source_result own = rows_of(str_from(sql)), pairs = rows_of(p->sql);
      assert_true(judge_read_pairs(p, &own, &pairs, mem));
      continue;
    }
    p->ran = true;
    p->differs = digest_of(p->against.ptr ? p->against : str_from(sql)) != digest_of(p->sql);
  }
  return out;
}

static judge_probes find(const char *sql, check_report *report) {
  return find_for("How many shops are in Oslo?", sql, report);
}

static double signal_in(const judge_signals *s, const char *code) {
  for (size_t i = 0; i < s->len; i++)
    if (strcmp(s->items[i].code, code) == 0) return s->items[i].value;
  return 0;
}

static double names_merged(const char *sql) {
  check_report report;
  judge_signals out = {0};
  judge_probes probes = find(sql, &report);
  assert_true(judge_probed(&probes, mem, &out));
  return signal_in(&out, "names_merged");
}

static judge_signals shown_by(const char *sql, size_t n_probes) {
  check_report report;
  judge_signals out = {0};
  judge_probes probes = find(sql, &report);
  assert_int_equal(probes.len, n_probes);
  judge_signal feared = {.code = "fan_out", .value = 1};
  assert_true(vec_push(mem, &out, feared));
  assert_true(judge_probed(&probes, mem, &out));
  return out;
}

static void a_table_joined_for_nothing_that_repeats_what_is_counted(void **state) {
  (void)state;
  judge_signals s =
      shown_by("SELECT count(*) FROM shop AS s JOIN sale AS t ON s.id = t.shop_id", 2);
  assert_true(signal_in(&s, "join_counts") > 0);
  s = shown_by(
      "SELECT s.city, count(*) FROM shop AS s JOIN sale AS t ON s.id = t.shop_id "
      "GROUP BY s.city",
      1);
  assert_true(signal_in(&s, "join_counts") > 0);
  s = shown_by("SELECT s.city FROM sale AS t JOIN shop AS s ON t.shop_id = s.id", 1);
  assert_true(signal_in(&s, "join_changes") > 0);
}

static void one_that_changes_nothing_is_only_idle(void **state) {
  (void)state;
  judge_signals s =
      shown_by("SELECT count(*) FROM shop AS s JOIN sign AS t ON s.id = t.shop_id", 2);
  assert_true(signal_in(&s, "idle_join") > 0);
  assert_true(signal_in(&s, "join_counts") <= 0);
}

static void a_sum_over_repeated_rows_is_compared_with_each_row_once(void **state) {
  (void)state;
  judge_signals s = shown_by(
      "SELECT sum(s.rent) FROM shop AS s JOIN sale AS t ON s.id = t.shop_id WHERE t.kind = 'a'", 1);
  assert_true(signal_in(&s, "inflated") > 0);
  assert_true(signal_in(&s, "fan_out") > 0);
  s = shown_by(
      "SELECT avg(s.rent) FROM shop AS s JOIN sale AS t ON s.id = t.shop_id WHERE t.kind = 'a'", 1);
  assert_true(signal_in(&s, "inflated") <= 0); /* the average of one rent, twice */
  assert_true(signal_in(&s, "fan_out") <= 0);
}

static void an_average_over_what_the_question_names_may_be_meant(void **state) {
  (void)state;
  static const char sql[] = "SELECT avg(s.rent) FROM shop AS s JOIN sale AS t ON s.id = t.shop_id";
  check_report report;
  judge_signals meant = {0}, unmeant = {0};
  judge_probes probes = find_for("What is the average rent over all sales?", sql, &report);
  assert_true(judge_probed(&probes, mem, &meant));
  probes = find_for("What is the average rent?", sql, &report);
  assert_true(judge_probed(&probes, mem, &unmeant));
  assert_true(signal_in(&meant, "inflated") < 0.5);
  assert_true(signal_in(&unmeant, "inflated") > 0.5);
}

static void a_table_joined_by_its_own_key_repeats_nothing(void **state) {
  (void)state;
  check_report report;
  judge_probes probes =
      find_for("How many signs have a shop?",
               "SELECT count(*) FROM shop AS s JOIN sign AS t ON s.id = t.shop_id WHERE s.rent > 5",
               &report);
  assert_int_equal(probes.len, 1);
  assert_true(probes.items[0].once && probes.items[0].named);
  probes = find(
      "SELECT count(*) FROM shop AS s JOIN sale AS t ON s.id = t.shop_id "
      "WHERE s.rent > 5",
      &report);
  assert_int_equal(probes.len, 1);
  assert_false(probes.items[0].once);
}

/* 'Ann' sold three times as two people of that name. */
static void groups_by_a_name_that_several_have_are_taken_apart(void **state) {
  (void)state;
  static const char *const merged[] = {
      "SELECT c.name, count(*) FROM clerk AS c JOIN sold AS t ON c.id = t.clerk_id GROUP BY c.name",
      "SELECT c.name FROM sold AS t JOIN clerk AS c ON t.clerk_id = c.id GROUP BY c.name "
      "HAVING count(*) > 2"};
  for (size_t i = 0; i < sizeof merged / sizeof *merged; i++)
    assert_true(names_merged(merged[i]) > 0);
  static const char *const apart[] = {
      "SELECT c.name, count(*) FROM clerk AS c JOIN sold AS t ON c.id = t.clerk_id GROUP BY c.id",
      "SELECT badge, count(*) FROM clerk JOIN sold ON clerk.id = clerk_id GROUP BY badge",
      "SELECT name, count(*) FROM clerk GROUP BY name"};
  for (size_t i = 0; i < sizeof apart / sizeof *apart; i++)
    assert_true(names_merged(apart[i]) <= 0);
}

static void a_shared_name_that_is_not_shown_says_nothing(void **state) {
  (void)state;
  assert_true(names_merged("SELECT c.name FROM sold AS t JOIN clerk AS c ON t.clerk_id = c.id "
                           "GROUP BY c.name HAVING count(*) < 2") <= 0); /* Bob alone */
  assert_true(names_merged("SELECT count(*) FROM sold AS t JOIN clerk AS c ON t.clerk_id = c.id "
                           "GROUP BY c.name") > 0); /* which of them is which is not said */
  assert_true(names_merged("SELECT c.name, count(*) FROM sold AS t JOIN clerk AS c "
                           "ON t.clerk_id = c.id WHERE t.id < 3 GROUP BY c.name") <= 0);
}

/* The first rows may have no two of one name, and what comes after them is not known. */
static void of_rows_that_were_not_read_nothing_is_known(void **state) {
  (void)state;
  static cell cells[2 * JUDGE_PROBE_ROWS];
  source_result own = {0}, pairs = {.n_columns = 2, .n_rows = JUDGE_PROBE_ROWS, .cells = cells};
  judge_probe p = {.kind = JUDGE_PROBE_APART, .column = -1};
  for (int i = 0; i < JUDGE_PROBE_ROWS; i++) {
    cells[2 * i] = (cell){.kind = CELL_INT, .i = i};
    cells[2 * i + 1] = (cell){.kind = CELL_INT, .i = i};
  }
  assert_true(judge_read_pairs(&p, &own, &pairs, mem));
  assert_true(!p.ran && !p.differs);
  pairs.n_rows--;
  assert_true(judge_read_pairs(&p, &own, &pairs, mem));
  assert_true(p.ran && !p.differs);
}

static void what_is_used_needs_no_probe(void **state) {
  (void)state;
  static const char *const plain[] = {
      "SELECT count(*) FROM shop",
      "SELECT city FROM shop WHERE rent > 5",
      "SELECT s.city, t.kind FROM shop AS s JOIN sale AS t ON s.id = t.shop_id",
      "SELECT * FROM shop AS s JOIN sale AS t ON s.id = t.shop_id",
      "SELECT count(*) FROM shop, sale",
      "SELECT s.city FROM shop AS s JOIN sale AS t ON s.id = t.shop_id AND t.kind = 'a'",
      "SELECT count(*) FROM shop AS s LEFT JOIN sale AS t ON s.id = t.shop_id "
      "WHERE t.id IS NULL",
      "SELECT s.city FROM shop AS s JOIN sale AS t ON s.id = t.shop_id ORDER BY t.kind",
      "SELECT a.city, c.id FROM shop AS a JOIN sale AS b ON a.id = b.shop_id "
      "JOIN sign AS c ON c.shop_id = b.shop_id"};
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
    check_report report;
    judge_probes probes = find(plain[i], &report);
    if (probes.len) fail_msg("%s: %.*s", plain[i], STR_ARG(probes.items[0].sql));
  }
}

static void a_probe_that_did_not_run_shows_nothing(void **state) {
  (void)state;
  check_report report;
  judge_signals out = {0};
  judge_probes probes =
      find("SELECT count(*) FROM shop AS s JOIN sale AS t ON s.id = t.shop_id", &report);
  for (size_t i = 0; i < probes.len; i++) probes.items[i].ran = false;
  assert_true(judge_probed(&probes, mem, &out));
  assert_int_equal(out.len, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_table_joined_for_nothing_that_repeats_what_is_counted),
      cmocka_unit_test(one_that_changes_nothing_is_only_idle),
      cmocka_unit_test(a_sum_over_repeated_rows_is_compared_with_each_row_once),
      cmocka_unit_test(an_average_over_what_the_question_names_may_be_meant),
      cmocka_unit_test(a_table_joined_by_its_own_key_repeats_nothing),
      cmocka_unit_test(groups_by_a_name_that_several_have_are_taken_apart),
      cmocka_unit_test(a_shared_name_that_is_not_shown_says_nothing),
      cmocka_unit_test(of_rows_that_were_not_read_nothing_is_known),
      cmocka_unit_test(what_is_used_needs_no_probe),
      cmocka_unit_test(a_probe_that_did_not_run_shows_nothing)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
