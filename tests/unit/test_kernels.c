/* kernels: whatever instruction set is chosen agrees with plain loops, at awkward sizes too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/rng.h"
#include "nn/kernels.h"

static arena *mem;
static rng dice;

static float *noise(size_t n) {
  float *x = ARENA_ARRAY(mem, float, n + 1);
  assert_non_null(x);
  for (size_t i = 0; i < n; i++) x[i] = (float)rng_normal(&dice);
  return x;
}

static void near(double got, double want, double tolerance) {
  if (fabs(got - want) > tolerance * (1 + fabs(want))) fail_msg("got %.8g, wanted %.8g", got, want);
}

static void check_gemm(size_t m, size_t n, size_t k) {
  size_t ldx = k + 3, ldy = n + 5;
  float *x = noise(m * ldx), *w = noise(n * k), *wt = noise(k * n), *b = noise(n);
  float *y = noise(m * ldy), *z = noise(m * ldy);
  float *panels = ARENA_ARRAY(mem, float, panel_size(n, k) + 1);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < k; j++) wt[j * n + i] = w[i * k + j];
  float guard = y[n];
  double tolerance = 2e-5 * (1 + sqrt((double)k)); /* rounding grows as a random walk */
  panel_pack_rows(w, k, n, k, panels);
  panel_gemm(m, n, k, x, ldx, panels, b, y, ldy);
  panel_pack_cols(wt, n, k, n, panels);
  panel_gemm(m, n, k, x, ldx, panels, NULL, z, ldy);
  panel_gemm_add(m, n, k, x, ldx, panels, b, z, ldy);
  for (size_t r = 0; r < m; r++)
    for (size_t c = 0; c < n; c++) {
      double want = 0;
      for (size_t i = 0; i < k; i++) want += (double)x[r * ldx + i] * w[c * k + i];
      near(y[r * ldy + c], want + b[c], tolerance);
      near(z[r * ldy + c], 2 * want + b[c], tolerance);
    }
  assert_true(y[n] == guard); /* nothing is written past a row's n */
}

static void products_agree_at_every_row_count_and_width(void **state) {
  (void)state;
  for (size_t m = 1; m <= 25; m++) check_gemm(m, 48, 9);
  for (size_t n = 1; n <= 50; n++) check_gemm(5, n, 7);
  check_gemm(13, 33, 1);
  check_gemm(50, 256, 1024);
}

static void softmaxes_agree_and_honour_minus_infinity(void **state) {
  (void)state;
  for (size_t n = 1; n < 70; n++) {
    float *x = noise(n), *y = noise(n), *p = noise(9);
    uint8_t rel[70];
    double e[70], f[70], sum = 0, total = 0;
    for (size_t i = 0; i < n; i++) rel[i] = (uint8_t)rng_below(&dice, 9);
    x[n - 1] *= 60;
    if (n > 2) x[n / 2] = -INFINITY;
    for (size_t i = 0; i < n; i++) {
      sum += e[i] = exp((double)x[i] * 0.5);
      total += f[i] = exp((double)(y[i] + p[rel[i]]) * 0.25);
    }
    kernel_softmax(x, n, 0.5f);
    kernel_relation_softmax(y, rel, p, n, 0.25f);
    for (size_t i = 0; i < n; i++) {
      near(x[i], e[i] / sum, 2e-6);
      near(y[i], f[i] / total, 2e-6);
    }
    if (n > 2) assert_true(x[n / 2] == 0.0f);
  }
}

static void bins_hold_every_weight(void **state) {
  (void)state;
  for (size_t n = 1; n < 40; n++) {
    float *x = noise(n), bins[256];
    uint8_t rel[40];
    double want[256] = {0};
    for (size_t i = 0; i < n; i++) {
      rel[i] = (uint8_t)(rng_below(&dice, 3) * 127);
      want[rel[i]] += x[i];
    }
    kernel_relation_bins(x, rel, n, bins, 256);
    for (size_t r = 0; r < 256; r++) near(bins[r], want[r], 1e-5);
  }
}

static void layer_norm_agrees(void **state) {
  (void)state;
  for (size_t n = 3; n < 70; n += 11) {
    float *x = noise(2 * n), *g = noise(n), *b = noise(n), *y = noise(2 * n), m[2], r[2];
    kernel_layernorm(2, n, x, g, b, y, m, r);
    for (size_t row = 0; row < 2; row++) {
      double mean = 0, var = 0;
      for (size_t i = 0; i < n; i++) mean += (double)x[row * n + i] / (double)n;
      for (size_t i = 0; i < n; i++) var += pow(x[row * n + i] - mean, 2) / (double)n;
      near(m[row], mean, 1e-5);
      near(r[row], 1 / sqrt(var + 1e-5), 1e-5);
      for (size_t i = 0; i < n; i++)
        near(y[row * n + i], (x[row * n + i] - mean) / sqrt(var + 1e-5) * g[i] + b[i], 1e-5);
    }
    kernel_layernorm(2, n, x, g, b, x, NULL, NULL);
    assert_memory_equal(x, y, 2 * n * sizeof *x);
  }
}

static void vectors_agree(void **state) {
  (void)state;
  for (size_t n = 0; n < 70; n++) {
    float *a = noise(n), *b = noise(n), *c = noise(n);
    double dot = 0;
    for (size_t i = 0; i < n; i++) dot += (double)a[i] * b[i];
    near(kernel_dot(a, b, n), dot, 1e-5);
    memcpy(c, b, n * sizeof *c);
    kernel_axpy(0.5f, a, c, n);
    for (size_t i = 0; i < n; i++) near(c[i], b[i] + 0.5 * a[i], 1e-6);
  }
}

static void products_of_codes_are_exact(void **state) {
  (void)state;
  int8_t a[771] = {0}, b[771] = {0};
  for (size_t n = 0; n < sizeof a; n += n < 70 ? 1 : 77) {
    int32_t want = 0;
    for (size_t i = 0; i < n; i++) { /* every third the most that there is: no sum overflows */
      a[i] = (int8_t)(i % 3 ? (int)rng_below(&dice, 127) - KERNEL_MOST_CODE : -KERNEL_MOST_CODE);
      b[i] = (int8_t)(n % 2 ? (int)rng_below(&dice, 127) - KERNEL_MOST_CODE : KERNEL_MOST_CODE);
      want += a[i] * b[i];
    }
    assert_int_equal(kernel_dot_codes(a, b, n), want);
    memset(a, KERNEL_MOST_CODE, sizeof a);
    assert_int_equal(kernel_dot_codes(a, a, n), (int)n * KERNEL_MOST_CODE * KERNEL_MOST_CODE);
  }
}

static void dropout_is_fair_and_repeats(void **state) {
  (void)state;
  enum { N = 20000 };
  static const uint64_t keys[5] = {0, 1, 1ull << 32, 0x123456789abcdefull, UINT64_MAX};
  float *x = noise(N), *y = noise(N);
  for (int key = 0; key < 5; key++) {
    size_t dropped = 0, pairs = 0;
    for (int i = 0; i < N; i++) x[i] = y[i] = 1;
    kernel_dropout(x, N, 0.2f, keys[key]);
    kernel_dropout(y, N, 0.2f, keys[key]);
    assert_memory_equal(x, y, N * sizeof *x);
    for (int i = 0; i < N; i++) {
      assert_true(x[i] == 0 || fabsf(x[i] - 1.25f) < 1e-6f);
      dropped += x[i] == 0;
      pairs += i > 0 && x[i] == 0 && x[i - 1] == 0;
    }
    assert_in_range(dropped, N / 5 - 250, N / 5 + 250); /* 4 standard deviations */
    assert_in_range(pairs, N / 25 - 150, N / 25 + 150);
  }
}

static void adamw_follows_its_formula(void **state) {
  (void)state;
  enum { N = 37 };
  float *p = noise(N), *g = noise(N), *m = noise(N), *v = noise(N), old[4][N];
  for (int i = 0; i < N; i++) v[i] = fabsf(v[i]);
  memcpy(old[0], p, sizeof old[0]);
  memcpy(old[2], m, sizeof old[2]);
  memcpy(old[3], v, sizeof old[3]);
  adamw_step s = {0.9f, 0.98f, 1e-9f, 1e-3f, 1.5f, 1e-4f, 0.5f};
  kernel_adamw(&s, p, g, m, v, N);
  for (int i = 0; i < N; i++) {
    double grad = 0.5 * g[i], mm = 0.9 * old[2][i] + 0.1 * grad;
    double vv = 0.98 * old[3][i] + 0.02 * grad * grad;
    near(m[i], mm, 1e-5);
    near(v[i], vv, 1e-5);
    near(p[i], old[0][i] - 1e-3 * mm / (sqrt(vv) * 1.5 + 1e-9) - 1e-4 * old[0][i], 1e-5);
  }
}

static int setup(void **state) {
  (void)state;
  mem = arena_create((size_t)1 << 28);
  rng_seed(&dice, 7);
  return mem ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  arena_destroy(mem);
  return 0;
}

/* All tests once for each instruction set that this machine has. */
int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(products_agree_at_every_row_count_and_width),
      cmocka_unit_test(softmaxes_agree_and_honour_minus_infinity),
      cmocka_unit_test(bins_hold_every_weight),
      cmocka_unit_test(layer_norm_agrees),
      cmocka_unit_test(vectors_agree),
      cmocka_unit_test(products_of_codes_are_exact),
      cmocka_unit_test(dropout_is_fair_and_repeats),
      cmocka_unit_test(adamw_follows_its_formula),
  };
  static const char *const levels[] = {"avx512", "avx2", "baseline"};
  int failed = 0;
  for (int i = 0; i < 3; i++) {
    bool here = kernel_select(levels[i]);
    print_message("%s: %s\n", levels[i], here ? "tested" : "SKIP, this machine lacks it");
    if (here) failed += cmocka_run_group_tests(tests, setup, teardown);
  }
  return failed;
}
