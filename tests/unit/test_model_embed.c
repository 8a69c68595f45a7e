/* model_embed: a question's vector has length one, does not depend on how it is spelt, and is
 * nearer to a rewording than to another question. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <cmocka.h>

#include "base/mem.h"
#include "model/model.h"

static arena *mem;
static model *m;

static int set_up(void **state) {
  (void)state;
  emend_error err;
  mem = arena_create((size_t)1 << 28);
  if (!mem) return -1;
  return model_load(EMEND_SOURCE_DIR "/models/emend.emt", &m, &err) == EMEND_OK ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  model_free(m);
  arena_destroy(mem);
  return 0;
}

static void embed(const char *question, float out[MODEL_EMBED_DIM]) {
  emend_error err;
  assert_int_equal(model_embed(m, str_from(question), mem, out, &err), EMEND_OK);
}

static double dot(const float *x, const float *y) {
  double sum = 0;
  for (int i = 0; i < MODEL_EMBED_DIM; i++) sum += (double)x[i] * (double)y[i];
  return sum;
}

static void a_question_is_a_vector_of_length_one(void **state) {
  (void)state;
  float x[MODEL_EMBED_DIM], y[MODEL_EMBED_DIM];
  embed("How many singers are there?", x);
  embed("How  many singers are there", y);
  assert_true(fabs(dot(x, x) - 1) < 1e-5);
  assert_true(fabs(dot(x, y) - 1) < 1e-5);
  embed("Titles of songs by sales", y);
  assert_true(dot(x, y) < 0.95);
}

static void a_question_without_words_is_zero(void **state) {
  (void)state;
  float x[MODEL_EMBED_DIM];
  embed("", x);
  assert_true(dot(x, x) == 0);
  embed("\xff\xfe", x);
  assert_true(dot(x, x) < 1.001);
}

static void a_rewording_is_nearer_than_another_question(void **state) {
  (void)state;
  float x[MODEL_EMBED_DIM], y[MODEL_EMBED_DIM], z[MODEL_EMBED_DIM];
  embed("How many customers come from France?", x);
  embed("Count the customers of France", y);
  embed("What is the average price of the products?", z);
  assert_true(dot(x, y) > dot(x, z) + 0.2);
}

static void running_out_of_memory_is_reported(void **state) {
  (void)state;
  for (long n = 1; n < 3000; n++) {
    arena *a = arena_create((size_t)1 << 26);
    float x[MODEL_EMBED_DIM];
    emend_error err;
    mem_fail_at(n);
    emend_rc rc = model_embed(m, STR("singers of Chile"), a, x, &err);
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
      cmocka_unit_test(a_question_is_a_vector_of_length_one),
      cmocka_unit_test(a_question_without_words_is_zero),
      cmocka_unit_test(a_rewording_is_nearer_than_another_question),
      cmocka_unit_test(running_out_of_memory_is_reported),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
