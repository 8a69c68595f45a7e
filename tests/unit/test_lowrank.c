/* lowrank: nothing changes before anything is learnt, only attention and pointers ever do, and the
 * gradient by the factors is what finite differences say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/rng.h"
#include "model/lowrank.h"
#include "support/small_model.h"

static weights *w;
static float *direction; /* of a made-up loss: Σ direction · weights */

static int set_up(void **state) {
  (void)state;
  static const str words[] = {{"<unk>", 5}, {"singer", 6}, {"how", 3}};
  weights_shape shape = small_model_shape();
  emend_error err;
  rng r;
  if (weights_create(&shape, words, &w, &err) != EMEND_OK) return -1;
  weights_randomise(w, 1);
  direction = mem_alloc(w->n * sizeof *direction);
  rng_seed(&r, 2);
  for (size_t i = 0; direction && i < w->n; i++) direction[i] = (float)rng_normal(&r);
  return direction ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  weights_free(w);
  mem_free(direction);
  return 0;
}

static double loss_of(const lowrank *l, float *scratch) {
  double sum = 0;
  memcpy(scratch, w->block, w->n * sizeof *scratch);
  lowrank_apply(l, w->block, scratch);
  for (size_t i = 0; i < w->n; i++) sum += (double)direction[i] * (double)scratch[i];
  return sum;
}

static void an_untrained_change_changes_nothing(void **state) {
  (void)state;
  lowrank l;
  float *to = mem_alloc(w->n * sizeof *to);
  assert_true(lowrank_create(w, 4, &l));
  lowrank_randomise(&l, 3);
  memcpy(to, w->block, w->n * sizeof *to);
  lowrank_apply(&l, w->block, to);
  assert_memory_equal(to, w->block, w->n * sizeof *to);
  mem_free(to);
  lowrank_free(&l);
}

static void only_attention_and_pointers_change(void **state) {
  (void)state;
  lowrank l;
  float *to = mem_alloc(w->n * sizeof *to);
  assert_true(lowrank_create(w, 4, &l));
  /* one encoder layer, one decoder layer of two attentions, three queries, a key and an input */
  assert_int_equal(l.n_parts, 4 + 8 + 5);
  for (size_t i = 0; i < l.n; i++) l.block[i] = 1;
  memcpy(to, w->block, w->n * sizeof *to);
  lowrank_apply(&l, w->block, to);
  for (size_t i = 0; i < w->n_tensors; i++) {
    const weights_tensor *t = &w->tensors[i];
    bool changed = memcmp(to + t->offset, w->block + t->offset, t->rows * t->columns * 4) != 0;
    bool part = false;
    for (size_t p = 0; p < l.n_parts; p++) part |= l.parts[p].of.offset == t->offset;
    assert_int_equal(changed, part);
    if (strncmp(t->name, "emb.", 4) == 0 || strstr(t->name, ".w1")) assert_false(changed);
  }
  mem_free(to);
  lowrank_free(&l);
}

static void the_gradient_is_that_of_finite_differences(void **state) {
  (void)state;
  lowrank l;
  rng r;
  float *scratch = mem_alloc(w->n * sizeof *scratch);
  assert_true(lowrank_create(w, 3, &l));
  float *d = mem_alloc(l.n * sizeof *d);
  rng_seed(&r, 4);
  for (size_t i = 0; i < l.n; i++) l.block[i] = (float)rng_normal(&r);
  lowrank_gradient(&l, direction, d);
  for (int k = 0; k < 40; k++) {
    const float h = 1.0f / 16;
    size_t i = rng_below(&r, (uint32_t)l.n);
    float was = l.block[i];
    l.block[i] = was + h;
    double up = loss_of(&l, scratch);
    l.block[i] = was - h;
    double down = loss_of(&l, scratch), slope = (up - down) / (2 * (double)h);
    l.block[i] = was;
    assert_true(fabs(slope - (double)d[i]) <= 1e-3 * (1 + fabs(slope)));
  }
  mem_free(d);
  mem_free(scratch);
  lowrank_free(&l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_untrained_change_changes_nothing),
      cmocka_unit_test(only_attention_and_pointers_change),
      cmocka_unit_test(the_gradient_is_that_of_finite_differences),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
