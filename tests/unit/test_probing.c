/* probing: what is run beside a query costs no more than it may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "ask/probing.h"
#include "base/mem.h"
#include "support/opened.h"

static int set_up(void **state) {
  (void)state;
  return open_database(
      "shops",
      "CREATE TABLE clerk (id INTEGER PRIMARY KEY, name TEXT);"
      "CREATE TABLE sold (id INTEGER PRIMARY KEY, price INT, clerk_id INT REFERENCES clerk (id));"
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) "
      "INSERT INTO clerk SELECT i, 'Ann ' || (i % 50) FROM n;"
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000) "
      "INSERT INTO sold SELECT i, i % 7, i % 4000 + 1 FROM n;");
}

typedef struct probed {
  uint64_t query, probes; /* what they cost, in thousands of steps */
  judge_probes all;
} probed;

/* Each probe by itself, so that the source says what it cost. */
static probed probe(const char *sql) {
  probed out = {0};
  check_report report;
  check_options opt = {.dialect = cat->dialect};
  judge_intent in;
  judge_digest digest;
  source_result own;
  assert_int_equal(judge_read(STR("How many are there?"), mem, &in, &err), EMEND_OK);
  assert_int_equal(check_sql(str_from(sql), cat, &opt, mem, &report, &err), EMEND_OK);
  assert_int_equal(source_run(db, str_from(sql), NULL, mem, &own, &err), EMEND_OK);
  assert_true(judge_digest_of(&own, mem, &digest));
  assert_true(judge_find_probes(&in, &report, cat, mem, &out.all));
  ask_probing with = {.db = db, .own = &own, .digest = &digest, .time_left = -1};
  assert_true(ask_run_probes(&with, &out.all, mem));
  out.query = own.work;
  out.probes = db->work;
  return out;
}

/* What groups 40,000 rows is not run a second time to see whether two people are taken for one. */
static void a_shared_name_is_found_in_the_first_rows(void **state) {
  (void)state;
  probed p = probe(
      "SELECT c.name, sum(s.price) FROM clerk AS c JOIN sold AS s ON c.id = s.clerk_id "
      "GROUP BY c.name");
  assert_int_equal(p.all.len, 1);
  assert_true(p.all.items[0].ran && p.all.items[0].differs);
  assert_true(p.query > 100);
  assert_true(p.probes <= ASK_PROBE_WORK);
}

static void a_probe_costs_little_more_than_the_query_did(void **state) {
  (void)state;
  probed p = probe("SELECT count(*) FROM clerk AS c JOIN sold AS s ON c.id = s.clerk_id");
  assert_int_equal(p.all.items[0].kind, JUDGE_PROBE_WITHOUT);
  assert_true(p.all.items[0].ran);
  assert_true(p.probes <= ASK_PROBE_SHARE * p.query + ASK_PROBE_WORK);
}

static void where_there_is_no_time_left_nothing_is_run(void **state) {
  (void)state;
  judge_probe one = {.kind = JUDGE_PROBE_WITHOUT, .sql = STR("SELECT 1")};
  judge_probes all = {0};
  source_result own = {.work = 3};
  judge_digest digest = {.known = true};
  assert_true(vec_push(mem, &all, one));
  ask_probing with = {.db = db, .own = &own, .digest = &digest, .time_left = 0};
  assert_true(ask_run_probes(&with, &all, mem));
  assert_false(all.items[0].ran);
  with.time_left = -1;
  assert_true(ask_run_probes(&with, &all, mem));
  assert_true(all.items[0].ran);
}

/* All of them together: the second and third find nothing left. */
static void what_one_used_up_the_next_has_not(void **state) {
  (void)state;
  static const char costly[] = "SELECT count(*) FROM sold AS a, clerk AS b WHERE a.price > b.id";
  judge_probe one = {.kind = JUDGE_PROBE_WITHOUT, .sql = str_from(costly)};
  judge_probe cheap = {.kind = JUDGE_PROBE_WITHOUT, .sql = STR("SELECT 1")};
  judge_probes all = {0};
  source_result own = {.work = 3};
  judge_digest digest = {.known = true};
  assert_true(vec_push(mem, &all, one) && vec_push(mem, &all, cheap));
  ask_probing with = {.db = db, .own = &own, .digest = &digest, .time_left = -1};
  assert_true(ask_run_probes(&with, &all, mem));
  assert_false(all.items[0].ran);
  assert_false(all.items[1].ran);
  assert_true(db->work <= ASK_PROBE_SHARE * own.work + ASK_PROBE_WORK + 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_shared_name_is_found_in_the_first_rows),
                                     cmocka_unit_test(a_probe_costs_little_more_than_the_query_did),
                                     cmocka_unit_test(where_there_is_no_time_left_nothing_is_run),
                                     cmocka_unit_test(what_one_used_up_the_next_has_not)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
