/* model_score: a candidate scores what the search gave it, and what has no IR scores nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "model/model.h"
#include "support/network.h"

static const char *const SCHEMA =
    "CREATE TABLE singer (singer_id INTEGER PRIMARY KEY, name TEXT, age INTEGER, country TEXT);"
    "CREATE TABLE song (song_id INTEGER PRIMARY KEY, singer_id INTEGER REFERENCES"
    "  singer(singer_id), title TEXT, sales REAL);"
    "INSERT INTO singer VALUES (1,'Ann',30,'Chile'),(2,'Bo',40,'Peru'),(3,'Cy',50,'Chile');";
static const str QUESTION = {"How many singers from Chile are older than 35?", 46};

/* Random weights seldom write anything; these do. */
enum { SEED = 29 };

static int set_up(void **state) {
  (void)state;
  return open_network(SCHEMA, SEED);
}

static double score(const char *sql, const model_options *opt) {
  double logprob = 1;
  emend_error err;
  str text = str_from(sql);
  assert_int_equal(model_score(m, cat, QUESTION, opt, &text, 1, mem, &logprob, &err), EMEND_OK);
  return logprob;
}

/* Other sequences may mean the same SQL, and the search adds those up. */
static void a_candidate_scores_what_the_search_gave_it(void **state) {
  (void)state;
  model_candidates c;
  emend_error err;
  size_t same = 0;
  str sqls[16];
  double logprob[16];
  assert_int_equal(model_generate(m, cat, QUESTION, NULL, mem, &c, &err), EMEND_OK);
  assert_in_range(c.items.len, 1, 16);
  for (size_t i = 0; i < c.items.len; i++) sqls[i] = c.items.items[i].sql;
  assert_int_equal(model_score(m, cat, QUESTION, NULL, sqls, c.items.len, mem, logprob, &err),
                   EMEND_OK);
  for (size_t i = 0; i < c.items.len; i++) {
    assert_true(logprob[i] <= 1e-3);
    same += fabs(logprob[i] - c.items.items[i].logprob) < 1e-3;
  }
  assert_true(same > 0);
}

static void what_has_no_ir_scores_nothing(void **state) {
  (void)state;
  static const char *const none[] = {"",
                                     "SELECT",
                                     "DROP TABLE singer",
                                     "SELECT nothing FROM singer",
                                     "SELECT 1; SELECT 2",
                                     "SELECT name FROM singer WHERE age > (((("};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++)
    assert_true(isinf(score(none[i], NULL)) && score(none[i], NULL) < 0);
}

static void a_query_is_scored_though_the_search_would_not_write_it(void **state) {
  (void)state;
  assert_true(isfinite(score("SELECT SUM(name) FROM singer", NULL)));
  assert_true(isfinite(score("SELECT name FROM singer WHERE country = 'Nowhere'", NULL)));
}

static void spelling_and_aliases_of_sql_do_not_matter(void **state) {
  (void)state;
  double plain = score("SELECT COUNT(*) FROM singer WHERE country = 'Chile'", NULL);
  assert_true(isfinite(plain));
  assert_true(score("select count(*) from Singer as T1 where T1.Country = 'Chile'", NULL) == plain);
}

static void a_taught_alias_changes_what_is_read(void **state) {
  (void)state;
  const char *sql = "SELECT name FROM singer ORDER BY age";
  link_alias alias = {.column = cat->n_columns - 1, .table = -1};
  assert_int_equal(link_name_read(STR("older"), mem, &alias.phrase), EMEND_OK);
  model_options opt = {.aliases = &alias, .n_aliases = 1};
  assert_true(score(sql, NULL) != score(sql, &opt));
}

/* A model of two networks: weights of `seed`, and of `other` beside them. */
static model *two_networks(uint64_t seed, uint64_t other, weights_shape shape, emend_error *err) {
  model *out = NULL;
  const char *path = folder_path(mem, folder, "two.emt");
  const char *beside = folder_path(mem, folder, "two-partner.emt");
  assert_int_equal(small_model_write(path, small_model_shape(), seed), EMEND_OK);
  assert_int_equal(small_model_write(beside, shape, other), EMEND_OK);
  (void)model_load(path, &out, err);
  return out;
}

static double score_by(const model *by, str sql) {
  double logprob = 1;
  emend_error err;
  assert_int_equal(model_score(by, cat, QUESTION, NULL, &sql, 1, mem, &logprob, &err), EMEND_OK);
  return logprob;
}

static void a_partner_has_half_of_the_say(void **state) {
  (void)state;
  emend_error err;
  str sql = STR("SELECT COUNT(*) FROM singer WHERE country = 'Chile'");
  model *same = two_networks(SEED, SEED, small_model_shape(), &err);
  model *mixed = two_networks(SEED, SEED + 1, small_model_shape(), &err);
  model *turned = two_networks(SEED + 1, SEED, small_model_shape(), &err);
  assert_true(same && mixed && turned);
  double alone = score_by(m, sql);
  assert_true(fabs(score_by(same, sql) - alone) < 1e-4);
  assert_true(fabs(score_by(mixed, sql) - alone) > 1e-4);
  assert_true(fabs(score_by(mixed, sql) - score_by(turned, sql)) < 1e-4);
  model_free(same);
  model_free(mixed);
  model_free(turned);
}

static void a_partner_for_another_version_is_named(void **state) {
  (void)state;
  emend_error err;
  weights_shape other = small_model_shape();
  other.relations--;
  assert_null(two_networks(SEED, SEED, other, &err));
  assert_int_equal(err.code, EMEND_EVERSION);
  assert_non_null(strstr(err.msg, "two-partner.emt"));
}

static void running_out_of_memory_is_reported(void **state) {
  (void)state;
  str sql = STR("SELECT COUNT(*) FROM singer WHERE country = 'Chile'");
  for (long n = 1; n < 3000; n++) {
    arena *a = arena_create((size_t)1 << 26);
    double logprob;
    emend_error err;
    mem_fail_at(n);
    emend_rc rc = model_score(m, cat, QUESTION, NULL, &sql, 1, a, &logprob, &err);
    long made = mem_requests();
    mem_fail_at(0);
    arena_destroy(a);
    assert_true(rc == EMEND_OK || rc == EMEND_ENOMEM);
    if (made < n) return;
  }
  fail_msg("never finished");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_candidate_scores_what_the_search_gave_it),
      cmocka_unit_test(what_has_no_ir_scores_nothing),
      cmocka_unit_test(a_query_is_scored_though_the_search_would_not_write_it),
      cmocka_unit_test(spelling_and_aliases_of_sql_do_not_matter),
      cmocka_unit_test(a_taught_alias_changes_what_is_read),
      cmocka_unit_test(a_partner_has_half_of_the_say),
      cmocka_unit_test(a_partner_for_another_version_is_named),
      cmocka_unit_test(running_out_of_memory_is_reported),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
