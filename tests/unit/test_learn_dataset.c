/* learn/dataset: versions come back as they were written, and say so when they are not. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "learn/dataset.h"
#include "support/learning.h"

static learning_shop x;
static emend_error err;

static int set_up(void **state) {
  (void)state;
  return learning_open(&x) ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  learning_close(&x);
  return 0;
}

static void write_version(char id[STORE_ID_MAX]) {
  learn_pairs in = {0}, out;
  learn_cleaning report;
  learn_pair p = learning_pair(LEARN_FEEDBACK, "fb_1", "how \"many\" \n customers",
                               "SELECT count(*) FROM customer");
  p.wrong_sql = STR("SELECT 1");
  assert_true(vec_push(x.d.a, &in, p));
  assert_int_equal(learn_pairs_clean(&x.about, &in, x.d.a, &out, &report, &err), EMEND_OK);
  assert_int_equal(learn_dataset_write(x.state, &x.about, &out, &report, id, &err), EMEND_OK);
}

static void a_version_comes_back_without_names(void **state) {
  (void)state;
  char id[STORE_ID_MAX];
  learn_dataset d;
  write_version(id);
  assert_int_equal(learn_dataset_read(x.state, STR("shop"), STR(""), x.d.a, &d, &err), EMEND_OK);
  assert_true(str_eq(d.id, str_from(id)));
  assert_int_equal(d.train.len + d.reserved.len, 1);
  const learn_pair *p = d.train.len ? d.train.items : d.reserved.items;
  assert_true(str_eq(p->question, STR("how \"many\" \n customers")));
  assert_true(str_eq(p->wrong_sql, STR("SELECT 1")) && str_eq(p->parent, STR("fb_1")));
  assert_int_equal(p->by.len, 0);
  assert_int_equal(p->origin, LEARN_FEEDBACK);
}

static void a_changed_file_is_noticed(void **state) {
  (void)state;
  char id[STORE_ID_MAX], command[1024];
  learn_dataset d;
  write_version(id);
  snprintf(command, sizeof command,
           "for f in '%s/state.sqlite.learn/datasets/%s'/*.jsonl; do "
           "echo >> $f; done",
           x.d.dir, id);
  assert_int_equal(system(command), 0);
  assert_int_equal(learn_dataset_read(x.state, STR("shop"), str_from(id), x.d.a, &d, &err),
                   EMEND_EFORMAT);
}

static void what_is_not_there_says_how_to_make_it(void **state) {
  (void)state;
  learn_dataset d;
  assert_int_equal(learn_dataset_read(x.state, STR("shop"), STR(""), x.d.a, &d, &err),
                   EMEND_ENOTFOUND);
  assert_non_null(strstr(err.msg, "emend learn dataset"));
  assert_int_equal(learn_dataset_read(x.state, STR("shop"), STR("ds_x"), x.d.a, &d, &err),
                   EMEND_ENOTFOUND);
}

static void a_bad_line_is_named(void **state) {
  (void)state;
  learn_pairs pairs;
  assert_int_equal(
      learn_pairs_read(STR("\n{\"origin\":\"manual\",\"question\":\"q\",\"sql\":\"s\"}"
                           "\n{\"origin\":\"nobody\",\"question\":\"q\",\"sql\":\"s\"}"),
                       "file", x.d.a, &pairs, &err),
      EMEND_EFORMAT);
  assert_non_null(strstr(err.msg, "line 3"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(a_version_comes_back_without_names),
      CASE(a_changed_file_is_noticed),
      CASE(what_is_not_there_says_how_to_make_it),
      CASE(a_bad_line_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
