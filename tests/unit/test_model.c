/* model: with any weights at all, what comes out is well-formed SQL, best first; data sets hold
 * what was put in; weights that do not fit are refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "check/check.h"
#include "model/beam.h"
#include "model/dataset.h"
#include "model/model.h"
#include "support/database.h"
#include "support/folder.h"
#include "support/small_model.h"

static const char *const SCHEMA =
    "CREATE TABLE singer (singer_id INTEGER PRIMARY KEY, name TEXT, age INTEGER, country TEXT);"
    "CREATE TABLE song (song_id INTEGER PRIMARY KEY, singer_id INTEGER REFERENCES"
    "  singer(singer_id), title TEXT, released DATE, sales REAL);"
    "INSERT INTO singer VALUES (1,'Ann',30,'Chile'),(2,'Bo',40,'Peru'),(3,'Cy',50,'Chile');"
    "INSERT INTO song VALUES (1,1,'Sun','2020-01-01',5.5),(2,1,'Moon','2021-01-01',7);";

static arena *mem;
static catalog *cat;
static const char *folder, *weights_path;

static int set_up(void **state) {
  (void)state;
  mem = arena_create((size_t)1 << 28);
  cat = database_catalog(SCHEMA, NULL);
  folder = mem ? folder_make(mem) : NULL;
  weights_path = folder ? folder_path(mem, folder, "w.emt") : NULL;
  return cat && weights_path && small_model_write(weights_path, small_model_shape(), 1) == EMEND_OK
             ? 0
             : -1;
}

static int tear_down(void **state) {
  (void)state;
  folder_remove(folder);
  catalog_unref(cat);
  arena_destroy(mem);
  return 0;
}

static const char *const QUESTIONS[] = {"How many singers from Chile are older than 35?",
                                        "Names and ages",
                                        "song",
                                        "top 3 singers by sales",
                                        "¿Cuántas canciones?",
                                        "\xff\xff \xf0",
                                        "a",
                                        "'",
                                        "2020-01-01 5"};

static void whatever_the_weights_the_sql_is_well_formed(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 4; seed++) {
    model *m;
    emend_error err;
    assert_int_equal(small_model_write(weights_path, small_model_shape(), seed), EMEND_OK);
    assert_int_equal(model_load(weights_path, &m, &err), EMEND_OK);
    for (size_t i = 0; i < sizeof QUESTIONS / sizeof *QUESTIONS; i++) {
      arena *a = arena_create((size_t)1 << 26);
      model_candidates c;
      assert_int_equal(model_generate(m, cat, str_from(QUESTIONS[i]), NULL, a, &c, &err), EMEND_OK);
      double total = 0;
      for (size_t k = 0; k < c.items.len; k++) {
        sql_parsed p;
        const model_candidate *x = &c.items.items[k];
        assert_int_equal(sql_parse(x->sql, SQL_SQLITE, a, &p, &err), EMEND_OK);
        assert_int_equal(p.statements.len, 1);
        assert_int_equal(p.statements.items[0].kind, SQL_STMT_QUERY);
        assert_int_equal(p.issues.len, 0);
        total += x->share;
        for (size_t j = 0; j < k; j++) assert_false(str_eq(x->sql, c.items.items[j].sql));
      }
      if (c.items.len) assert_true(total > 0.999 && total < 1.001);
      assert_true(c.answerable >= 0 && c.answerable <= 1);
      arena_destroy(a);
    }
    model_free(m);
  }
}

static void what_is_hopeless_beside_the_likeliest_is_no_candidate(void **state) {
  (void)state;
  model *m;
  emend_error err;
  model_candidates c;
  const char *shipped =
      EMEND_SOURCE_DIR "/models/emend.emt"; /* random ones find nothing so unlikely */
  const model_options wide = {.beam = BEAM_MAX_WIDTH, .max_candidates = BEAM_MAX_WIDTH};
  if (model_load(shipped, &m, &err) != EMEND_OK) {
    puts("SKIP: there is no models/emend.emt: what is hopeless was not looked for");
    skip();
  }
  for (size_t i = 0; i < sizeof QUESTIONS / sizeof *QUESTIONS; i++) {
    assert_int_equal(model_generate(m, cat, str_from(QUESTIONS[i]), &wide, mem, &c, &err),
                     EMEND_OK);
    /* Sequences that write one query add up, the likeliest's too: here twice as much at most. */
    for (size_t k = 0; k < c.items.len; k++)
      assert_true(c.items.items[k].worth >= c.items.items[0].worth - BEAM_HOPELESS - log(2));
  }
  model_free(m);
}

static void the_same_question_gets_the_same_candidates(void **state) {
  (void)state;
  model *m;
  emend_error err;
  model_candidates x, y;
  assert_int_equal(model_load(weights_path, &m, &err), EMEND_OK);
  assert_int_equal(model_generate(m, cat, str_from(QUESTIONS[0]), NULL, mem, &x, &err), EMEND_OK);
  assert_int_equal(model_generate(m, cat, str_from(QUESTIONS[0]), NULL, mem, &y, &err), EMEND_OK);
  assert_int_equal(x.items.len, y.items.len);
  for (size_t i = 0; i < x.items.len; i++)
    assert_true(str_eq(x.items.items[i].sql, y.items.items[i].sql));
  model_free(m);
}

/* How many candidates leave the one value of `question` out; those that do count it in `left`. */
static int leave_the_value_out(const model *m, const char *question, int *left, int *stored) {
  model_candidates c;
  emend_error err;
  int n = 0;
  *left = *stored = 0;
  assert_int_equal(model_generate(m, cat, str_from(question), NULL, mem, &c, &err), EMEND_OK);
  for (size_t k = 0; k < c.items.len; k++) {
    const model_candidate *x = &c.items.items[k];
    bool out = str_find(x->sql, STR("Chile"), 0) == SIZE_MAX;
    assert_int_equal(x->linked_unused + x->stored_unused, out);
    n += out;
    *left += x->linked_unused;
    *stored += x->stored_unused;
  }
  return n;
}

static void what_is_stored_by_chance_is_left_aside_for_the_judge_alone(void **state) {
  (void)state;
  int plain = 0, believed = 0;
  for (uint64_t seed = 1; seed <= 16; seed++) {
    model *m;
    emend_error err;
    int left, stored, n;
    assert_int_equal(small_model_write(weights_path, small_model_shape(), seed), EMEND_OK);
    assert_int_equal(model_load(weights_path, &m, &err), EMEND_OK);
    n = leave_the_value_out(m, "What is \"Chile\"?", &left, &stored);
    assert_int_equal(left, n);
    n = leave_the_value_out(m, "What is chile?", &left, &stored);
    plain += stored; /* by what these weights believe */
    believed += left;
    assert_int_equal(left + stored, n);
    model_free(m);
  }
  assert_true(plain > 0 && believed > 0);
}

static void words_that_mean_nothing_here_are_not_answerable(void **state) {
  (void)state;
  model *m;
  emend_error err;
  model_candidates c;
  assert_int_equal(model_load(weights_path, &m, &err), EMEND_OK);
  assert_int_equal(model_generate(m, cat, STR("What is the weather?"), NULL, mem, &c, &err),
                   EMEND_OK);
  assert_true(c.answerable == 0);
  model_free(m);
}

static void weights_for_another_grammar_are_refused(void **state) {
  (void)state;
  model *m;
  emend_error err;
  weights_shape other = small_model_shape();
  other.tokens--;
  const char *path = folder_path(mem, folder, "other.emt");
  assert_int_equal(small_model_write(path, other, 1), EMEND_OK);
  assert_int_equal(model_load(path, &m, &err), EMEND_EVERSION);
  assert_non_null(strstr(err.msg, path));
  assert_null(m);
  assert_int_equal(model_load(folder_path(mem, folder, "none.emt"), &m, &err), EMEND_ENOTFOUND);
}

/* ---- examples and data sets ---- */

static example read_example(const char *question, const char *sql) {
  link_question q;
  link_schema s;
  link_values v;
  link_result links;
  features f;
  sql_parsed p;
  ir_reading r;
  example e;
  emend_error err;
  assert_int_equal(link_question_read(str_from(question), mem, &q), EMEND_OK);
  assert_int_equal(link_schema_read(cat, mem, &s), EMEND_OK);
  assert_int_equal(link_values_find(&q, &s, cat, NULL, mem, &v), EMEND_OK);
  assert_int_equal(link_names_find(&q, &s, &v, NULL, mem, &links), EMEND_OK);
  assert_int_equal(features_build(&q, &s, &v, &links, mem, &f), EMEND_OK);
  assert_int_equal(sql_parse(str_from(sql), SQL_SQLITE, mem, &p, &err), EMEND_OK);
  sql_query *query = p.statements.items[0].query;
  assert_int_equal(check_bind(query, cat, SQL_SQLITE, mem, NULL, &err), EMEND_OK);
  ir_value *values = example_values(&v, &s, mem);
  assert_int_equal(ir_from_sql(query, cat, values, (size_t)v.n, mem, &r, &err), EMEND_OK);
  assert_true(r.ok);
  assert_int_equal(r.n_unknown, 0);
  assert_int_equal(example_build(&f, &s, r.seq.steps, r.seq.n, mem, &e), EMEND_OK);
  return e;
}

static void an_example_labels_what_its_query_uses(void **state) {
  (void)state;
  example e = read_example("Names of singers from Chile by age",
                           "SELECT name FROM singer WHERE country = 'Chile' ORDER BY age");
  const uint8_t *role = e.role + e.f.n_words, *used = e.used + e.f.n_words;
  assert_int_equal(role[1], ROLE_SELECT); /* singer.name */
  assert_int_equal(role[2], ROLE_ORDER);
  assert_int_equal(role[3], ROLE_WHERE);
  assert_int_equal(used[0], 0);
  assert_int_equal(e.used[features_value(&e.f, 0)], 1);
  assert_int_equal(e.steps[0].id, IR_SELECT);
  assert_int_equal(e.steps[e.n_steps - 1].id, IR_END);
}

static void a_data_set_holds_what_was_put_in(void **state) {
  (void)state;
  dataset *d = dataset_create();
  emend_error err;
  const char *path = folder_path(mem, folder, "d.emt");
  example one = read_example("How many songs are there?", "SELECT COUNT(*) FROM song");
  example two = read_example("Singers older than 35", "SELECT name FROM singer WHERE age > 35");
  assert_int_equal(dataset_add(d, &one, STR("music"), ORIGIN_SPIDER, 7, 2), EMEND_OK);
  assert_int_equal(dataset_add(d, &two, STR("music"), ORIGIN_DEV, 8, 255), EMEND_OK);
  assert_int_equal(dataset_len(d), 2);
  assert_int_equal(dataset_write(d, path, &err), EMEND_OK);
  dataset_free(d);

  tensor_file *f;
  const void *data;
  uint64_t n;
  assert_int_equal(tensor_file_open(path, &f, &err), EMEND_OK);
  assert_int_equal(tensor_file_need(f, "ex_node", TENSOR_I64, 3, &data, NULL, &err), EMEND_OK);
  assert_int_equal(((const int64_t *)data)[1], one.f.n);
  assert_int_equal(((const int64_t *)data)[2], one.f.n + two.f.n);
  assert_int_equal(tensor_file_need(f, "rel", TENSOR_U8, UINT64_MAX, &data, &n, &err), EMEND_OK);
  assert_int_equal(n, one.f.n * one.f.n + two.f.n * two.f.n);
  assert_memory_equal(data, one.f.rel, (size_t)(one.f.n * one.f.n));
  assert_int_equal(tensor_file_need(f, "ex_fold", TENSOR_U8, 2, &data, NULL, &err), EMEND_OK);
  assert_int_equal(((const uint8_t *)data)[1], 255);
  assert_int_equal(tensor_file_need(f, "step_id", TENSOR_I32, UINT64_MAX, &data, &n, &err),
                   EMEND_OK);
  assert_int_equal(n, one.n_steps + two.n_steps);
  assert_int_equal(((const int32_t *)data)[0], IR_SELECT);
  tensor_file_close(f);
}

static void running_out_of_memory_is_reported(void **state) {
  (void)state;
  model *m;
  emend_error err;
  assert_int_equal(model_load(weights_path, &m, &err), EMEND_OK);
  for (long n = 1; n < 3000; n++) {
    arena *a = arena_create((size_t)1 << 26);
    model_candidates c;
    mem_fail_at(n);
    emend_rc rc = model_generate(m, cat, STR("singers of Chile"), NULL, a, &c, &err);
    long made = mem_requests();
    mem_fail_at(0);
    arena_destroy(a);
    assert_true(rc == EMEND_OK || rc == EMEND_ENOMEM);
    if (made < n) {
      model_free(m);
      return;
    }
  }
  fail_msg("never finished");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whatever_the_weights_the_sql_is_well_formed),
      cmocka_unit_test(what_is_hopeless_beside_the_likeliest_is_no_candidate),
      cmocka_unit_test(the_same_question_gets_the_same_candidates),
      cmocka_unit_test(what_is_stored_by_chance_is_left_aside_for_the_judge_alone),
      cmocka_unit_test(words_that_mean_nothing_here_are_not_answerable),
      cmocka_unit_test(weights_for_another_grammar_are_refused),
      cmocka_unit_test(an_example_labels_what_its_query_uses),
      cmocka_unit_test(a_data_set_holds_what_was_put_in),
      cmocka_unit_test(running_out_of_memory_is_reported),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
