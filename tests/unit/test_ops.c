/* ops: every operator's gradient against finite differences of its own forward. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/rng.h"
#include "nn/kernels.h"
#include "nn/ops.h"

static arena *mem;
static rng dice;

static float *zeros(size_t n) {
  float *x = ARENA_ARRAY(mem, float, n);
  assert_non_null(x);
  return x;
}

static float *noise(size_t n) {
  float *x = zeros(n);
  for (size_t i = 0; i < n; i++) x[i] = (float)rng_normal(&dice);
  return x;
}

/* A function of some arrays, summed into one number by fixed random weights. */
typedef double (*objective)(void *arg);

static double weigh(const float *y, const float *c, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += (double)y[i] * c[i];
  return sum;
}

/* Every element of x: the slope of f against the gradient claimed. */
static void check_gradient(const char *what, objective f, void *arg, float *x, const float *dx,
                           size_t n) {
  const float step = 4e-3f;
  for (size_t i = 0; i < n; i++) {
    float old = x[i];
    x[i] = old + step;
    double up = f(arg);
    x[i] = old - step;
    double down = f(arg);
    x[i] = old;
    double slope = (up - down) / (2 * (double)step);
    if (fabs(slope - dx[i]) > 4e-3 * (1 + fabs(slope)))
      fail_msg("%s[%zu]: slope %.6f, gradient %.6f", what, i, slope, dx[i]);
  }
}

/* ---- linear ---- */

typedef struct linear_case {
  size_t rows, in, out;
  float *x, *w, *b, *y, *c, *scratch;
} linear_case;

static double linear_value(void *arg) {
  linear_case *t = arg;
  op_linear(t->rows, t->in, t->out, t->x, t->w, t->b, t->y, t->scratch);
  return weigh(t->y, t->c, t->rows * t->out);
}

static void linear_gradients_match(void **state) {
  (void)state;
  linear_case t = {3,         5,         4,
                   noise(15), noise(20), noise(4),
                   zeros(12), noise(12), zeros(op_linear_scratch(5, 4))};
  float *dx = noise(15), *dw = zeros(20), *db = zeros(4), *before = zeros(15);
  memcpy(before, dx, 15 * sizeof *dx);
  op_linear_backward(3, 5, 4, t.x, t.w, t.c, dx, true, dw, db, t.scratch);
  for (int i = 0; i < 15; i++) dx[i] -= before[i];
  check_gradient("x, added", linear_value, &t, t.x, dx, 15);
  check_gradient("w", linear_value, &t, t.w, dw, 20);
  check_gradient("b", linear_value, &t, t.b, db, 4);
  op_linear_backward(3, 5, 4, t.x, t.w, t.c, dx, false, dw, NULL, t.scratch);
  check_gradient("x, set", linear_value, &t, t.x, dx, 15);
}

/* ---- layer norm ---- */

typedef struct norm_case {
  size_t rows, n;
  float *x, *g, *b, *y, *c, *mean, *rstd;
} norm_case;

static double norm_value(void *arg) {
  norm_case *t = arg;
  kernel_layernorm(t->rows, t->n, t->x, t->g, t->b, t->y, t->mean, t->rstd);
  return weigh(t->y, t->c, t->rows * t->n);
}

static void layernorm_gradients_match(void **state) {
  (void)state;
  norm_case t = {2, 19, noise(38), noise(19), noise(19), zeros(38), noise(38), zeros(2), zeros(2)};
  float *dx = zeros(38), *dg = zeros(19), *db = zeros(19);
  norm_value(&t);
  kernel_layernorm_backward(2, 19, t.x, t.mean, t.rstd, t.g, t.c, dx, dg, db);
  check_gradient("x", norm_value, &t, t.x, dx, 38);
  check_gradient("g", norm_value, &t, t.g, dg, 19);
  check_gradient("b", norm_value, &t, t.b, db, 19);
}

/* ---- attention ---- */

typedef struct attention_case {
  attention s;
  float *q, *k, *v, *rk, *rv, *rb, *a, *o, *c, *scratch;
} attention_case;

static double attention_value(void *arg) {
  attention_case *t = arg;
  op_attention(&t->s, t->q, t->k, t->v, t->a, t->o, t->scratch);
  return weigh(t->o, t->c, t->s.queries * 6);
}

static attention_case attention_make(size_t queries, size_t keys, bool causal, size_t relations) {
  attention_case t = {.s = {.queries = queries,
                            .keys = keys,
                            .heads = 2,
                            .dh = 3,

                            .causal = causal,
                            .relations = relations}};
  t.q = noise(queries * 6);
  t.k = noise(keys * 6);
  t.v = noise(keys * 6);
  t.a = zeros(2 * queries * keys);
  t.o = zeros(queries * 6);
  t.c = noise(queries * 6);
  if (relations) {
    uint8_t *rel = ARENA_ARRAY(mem, uint8_t, queries * keys);
    for (size_t i = 0; i < queries * keys; i++)
      rel[i] = (uint8_t)rng_below(&dice, (uint32_t)relations);
    t.s.rel = rel;
    t.s.rk = t.rk = noise(relations * 3);
    t.s.rv = t.rv = noise(relations * 3);
    t.s.rb = t.rb = noise(relations * 2);
  }
  t.scratch = zeros(op_attention_scratch(&t.s));
  return t;
}

static void check_attention(attention_case t) {
  size_t nq = t.s.queries * 6, nk = t.s.keys * 6, nr = t.s.relations;
  attention_grad g = {zeros(nq),         zeros(nk),         zeros(nk),
                      zeros(nr * 3 + 1), zeros(nr * 3 + 1), zeros(nr * 2 + 1)};
  attention_value(&t);
  op_attention_backward(&t.s, t.q, t.k, t.v, t.a, t.c, &g, t.scratch);
  check_gradient("q", attention_value, &t, t.q, g.dq, nq);
  check_gradient("k", attention_value, &t, t.k, g.dk, nk);
  check_gradient("v", attention_value, &t, t.v, g.dv, nk);
  if (!nr) return;
  check_gradient("rk", attention_value, &t, t.rk, g.drk, nr * 3);
  check_gradient("rv", attention_value, &t, t.rv, g.drv, nr * 3);
  check_gradient("rb", attention_value, &t, t.rb, g.drb, nr * 2);
}

static void attention_gradients_match(void **state) {
  (void)state;
  check_attention(attention_make(4, 7, false, 0));
}

static void causal_attention_gradients_match(void **state) {
  (void)state;
  check_attention(attention_make(5, 5, true, 0));
}

static void relation_attention_gradients_match(void **state) {
  (void)state;
  check_attention(attention_make(6, 6, false, 4));
  check_attention(attention_make(1, 1, false, 1));
}

/* The formula of the header, written out with its queries × keys × dh terms. */
static void relation_attention_follows_its_formula(void **state) {
  (void)state;
  attention_case t = attention_make(5, 5, false, 3);
  attention_value(&t);
  for (size_t h = 0; h < 2; h++)
    for (size_t i = 0; i < 5; i++) {
      double e[5], sum = 0;
      for (size_t j = 0; j < 5; j++) {
        size_t r = t.s.rel[i * 5 + j];
        e[j] = t.rb[r * 2 + h];
        for (size_t x = 0; x < 3; x++)
          e[j] += (double)t.q[i * 6 + h * 3 + x] * (t.k[j * 6 + h * 3 + x] + t.rk[r * 3 + x]);
        sum += e[j] = exp(e[j] / sqrt(3));
      }
      for (size_t x = 0; x < 3; x++) {
        double o = 0;
        for (size_t j = 0; j < 5; j++)
          o += e[j] / sum * (t.v[j * 6 + h * 3 + x] + t.rv[t.s.rel[i * 5 + j] * 3 + x]);
        assert_true(fabs(o - t.o[i * 6 + h * 3 + x]) < 1e-5);
      }
    }
}

static void causal_attention_sees_no_later_key(void **state) {
  (void)state;
  attention_case t = attention_make(4, 4, true, 0);
  attention_value(&t);
  float first[6];
  memcpy(first, t.o, sizeof first);
  for (size_t i = 6; i < 24; i++) t.k[i] = t.v[i] = 100;
  attention_value(&t);
  assert_memory_equal(first, t.o, sizeof first);
}

/* ---- losses ---- */

typedef struct entropy_case {
  float *logits;
  const uint8_t *allowed;
  size_t n, gold;
} entropy_case;

static double entropy_value(void *arg) {
  entropy_case *t = arg;
  float copy[16];
  size_t best = 0;
  memcpy(copy, t->logits, t->n * sizeof *copy);
  return (double)op_cross_entropy(copy, t->allowed, t->n, t->gold, 0.1f, &best);
}

static void cross_entropy_gradient_matches_and_is_masked(void **state) {
  (void)state;
  static const uint8_t allowed[9] = {1, 0, 1, 1, 0, 1, 1, 1, 0};
  entropy_case t = {noise(9), allowed, 9, 3};
  t.logits[1] = 50; /* not allowed: must not matter */
  t.logits[5] = 4;
  float d[9];
  size_t best = 0;
  memcpy(d, t.logits, sizeof d);
  op_cross_entropy(d, allowed, 9, 3, 0.1f, &best);
  assert_int_equal(best, 5);
  float total = 0;
  for (int i = 0; i < 9; i++) total += expf(d[i]);
  assert_true(fabsf(total - 1) < 1e-5f);
  op_cross_entropy_backward(d, allowed, 9, 3, 0.1f, 1.0f);
  check_gradient("logits", entropy_value, &t, t.logits, d, 9);
  for (int i = 0; i < 9; i++)
    if (!allowed[i]) assert_true(d[i] == 0.0f);
}

static void cross_entropy_of_one_choice_is_nothing(void **state) {
  (void)state;
  static const uint8_t allowed[3] = {0, 1, 0};
  float x[3] = {5, -80, 7};
  size_t best = 0;
  assert_true(fabsf(op_cross_entropy(x, allowed, 3, 1, 0.1f, &best)) < 1e-6f);
  op_cross_entropy_backward(x, allowed, 3, 1, 0.1f, 1.0f);
  assert_true(fabsf(x[1]) < 1e-6f);
}

static double binary_value(void *arg) {
  float d;
  return (double)op_binary_entropy(*(float *)arg, true, &d);
}

static void binary_entropy_gradient_matches(void **state) {
  (void)state;
  for (float x = -6; x <= 6; x += 1.5f) {
    float d, at = x;
    op_binary_entropy(at, true, &d);
    check_gradient("logit", binary_value, &at, &at, &d, 1);
    assert_true(fabsf(op_binary_entropy(x, false, &d) - op_binary_entropy(-x, true, &d)) < 1e-5f);
  }
  float d;
  assert_true(isfinite(op_binary_entropy(-500, true, &d)) && fabsf(d + 1) < 1e-6f);
}

/* ---- the rest ---- */

static void relu_passes_gradient_where_it_was_positive(void **state) {
  (void)state;
  float x[4] = {-1, 2, 0, 3}, d[4] = {5, 6, 7, 8};
  op_relu(x, 4);
  op_relu_backward(x, d, 4);
  assert_true(x[0] == 0 && x[1] == 2 && x[3] == 3);
  assert_true(d[0] == 0 && d[1] == 6 && d[2] == 0 && d[3] == 8);
}

static int setup(void **state) {
  (void)state;
  ops_single_thread();
  mem = arena_create((size_t)1 << 26);
  rng_seed(&dice, 11);
  return mem ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  arena_destroy(mem);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(linear_gradients_match),
      cmocka_unit_test(layernorm_gradients_match),
      cmocka_unit_test(attention_gradients_match),
      cmocka_unit_test(causal_attention_gradients_match),
      cmocka_unit_test(relation_attention_gradients_match),
      cmocka_unit_test(relation_attention_follows_its_formula),
      cmocka_unit_test(causal_attention_sees_no_later_key),
      cmocka_unit_test(cross_entropy_gradient_matches_and_is_masked),
      cmocka_unit_test(cross_entropy_of_one_choice_is_nothing),
      cmocka_unit_test(binary_entropy_gradient_matches),
      cmocka_unit_test(relu_passes_gradient_where_it_was_positive),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
