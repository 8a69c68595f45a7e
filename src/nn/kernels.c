/* Choosing an instruction set, packing, and the kernels that need no registers. See kernels.h. */
#include "nn/kernels.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

typedef struct kernel_table {
  void (*gemm)(size_t m, size_t n, size_t k, const float *x, size_t ldx, const float *panels,
               const float *bias, int add, float *y, size_t ldy);
  void (*softmax)(float *x, size_t n, float scale);
  void (*relation_softmax)(float *x, const uint8_t *rel, const float *p, size_t n, float scale);
  float (*dot)(const float *a, const float *b, size_t n);
  int32_t (*dot_codes)(const int8_t *a, const int8_t *b, size_t n);
  void (*axpy)(float alpha, const float *x, float *y, size_t n);
  void (*softmax_backward)(const float *a, float *da, size_t n, float scale);
  void (*layernorm)(size_t rows, size_t n, const float *x, const float *g, const float *b, float *y,
                    float *mean, float *rstd);
  void (*layernorm_backward)(size_t rows, size_t n, const float *x, const float *mean,
                             const float *rstd, const float *g, const float *dy, float *dx,
                             float *dg, float *db);
  void (*adamw)(const adamw_step *s, float *p, const float *grad, float *m, float *v, size_t n);
  void (*dropout)(float *x, size_t n, float p, uint64_t key);
} kernel_table;

/* Floats of the left operand that the second cache holds beside all else. */
enum { CACHED = 1 << 14 };

#define LANES 4
#define ROWS 3
#define SPAN 1
#define TARGET
#define FN(name) name##_baseline
#include "nn/kernels_impl.h"

#if defined(__x86_64__)
#define LANES 8
#define ROWS 6
#define SPAN 1
#define TARGET __attribute__((target("avx2,fma")))
#define FN(name) name##_avx2
#include "nn/kernels_impl.h"

#define LANES 16
#define ROWS 12
#define SPAN 2
#define TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma")))
#define FN(name) name##_avx512
#include "nn/kernels_impl.h"
#endif

/* Best first; the last runs everywhere. */
static const struct level {
  const char *name;
  const kernel_table *table;
} levels[] = {
#if defined(__x86_64__)
    {"avx512", &table_avx512},
    {"avx2", &table_avx2},
#endif
    {"baseline", &table_baseline},
};
enum { N_LEVELS = sizeof levels / sizeof *levels };

static bool supported(const struct level *l) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (l->table == &table_avx512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  if (l->table == &table_avx2)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
  return l->table == &table_baseline;
}

static _Atomic(const struct level *) chosen;

/* Every thread that comes first finds the same answer, so no lock is needed. */
static const struct level *level(void) {
  const struct level *l = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (l) return l;
  for (l = levels; !supported(l);) l++;
  atomic_store_explicit(&chosen, l, memory_order_relaxed);
  return l;
}

static const kernel_table *kernels(void) { return level()->table; }

const char *kernel_level(void) { return level()->name; }

bool kernel_select(const char *name) {
  for (int i = 0; i < N_LEVELS; i++)
    if (strcmp(levels[i].name, name) == 0 && supported(&levels[i])) {
      atomic_store_explicit(&chosen, &levels[i], memory_order_relaxed);
      return true;
    }
  return false;
}

/* ---- panels ---- */

size_t panel_size(size_t n, size_t k) { return (n + PANEL - 1) / PANEL * PANEL * k; }

void panel_pack_rows(const float *w, size_t ld, size_t n, size_t k, float *panels) {
  for (size_t c = 0; c < n; c += PANEL, panels += PANEL * k)
    if (n - c >= PANEL)
      for (size_t i = 0; i < k; i++)
        for (size_t q = 0; q < PANEL; q++) panels[i * PANEL + q] = w[(c + q) * ld + i];
    else
      for (size_t i = 0; i < k; i++)
        for (size_t q = 0; q < PANEL; q++)
          panels[i * PANEL + q] = c + q < n ? w[(c + q) * ld + i] : 0.0f;
}

void panel_pack_cols(const float *w, size_t ld, size_t k, size_t n, float *panels) {
  for (size_t c = 0; c < n; c += PANEL) {
    size_t width = n - c < PANEL ? n - c : PANEL;
    for (size_t i = 0; i < k; i++, panels += PANEL) {
      memcpy(panels, w + i * ld + c, width * sizeof *panels);
      memset(panels + width, 0, (PANEL - width) * sizeof *panels);
    }
  }
}

void panel_gemm(size_t m, size_t n, size_t k, const float *x, size_t ldx, const float *panels,
                const float *bias, float *y, size_t ldy) {
  kernels()->gemm(m, n, k, x, ldx, panels, bias, 0, y, ldy);
}

void panel_gemm_add(size_t m, size_t n, size_t k, const float *x, size_t ldx, const float *panels,
                    const float *bias, float *y, size_t ldy) {
  kernels()->gemm(m, n, k, x, ldx, panels, bias, 1, y, ldy);
}

/* ---- rows ---- */

void kernel_layernorm(size_t rows, size_t n, const float *x, const float *g, const float *b,
                      float *y, float *mean, float *rstd) {
  kernels()->layernorm(rows, n, x, g, b, y, mean, rstd);
}

void kernel_layernorm_backward(size_t rows, size_t n, const float *x, const float *mean,
                               const float *rstd, const float *g, const float *dy, float *dx,
                               float *dg, float *db) {
  kernels()->layernorm_backward(rows, n, x, mean, rstd, g, dy, dx, dg, db);
}

void kernel_softmax(float *x, size_t n, float scale) { kernels()->softmax(x, n, scale); }

void kernel_relation_softmax(float *x, const uint8_t *rel, const float *p, size_t n, float scale) {
  kernels()->relation_softmax(x, rel, p, n, scale);
}

void kernel_relation_add(float *x, const uint8_t *rel, const float *p, size_t n) {
  for (size_t j = 0; j < n; j++) x[j] += p[rel[j]];
}

/* Four sets of bins, so that a run of one relation is not a chain of dependent additions. */
void kernel_relation_bins(const float *x, const uint8_t *rel, size_t n, float *bins,
                          size_t n_bins) {
  float other[3][256];
  memset(bins, 0, n_bins * sizeof *bins);
  for (int i = 0; i < 3; i++) memset(other[i], 0, n_bins * sizeof *bins);
  size_t j = 0;
  for (; j + 4 <= n; j += 4) {
    bins[rel[j]] += x[j];
    other[0][rel[j + 1]] += x[j + 1];
    other[1][rel[j + 2]] += x[j + 2];
    other[2][rel[j + 3]] += x[j + 3];
  }
  for (; j < n; j++) bins[rel[j]] += x[j];
  for (size_t r = 0; r < n_bins; r++) bins[r] += other[0][r] + other[1][r] + other[2][r];
}

void kernel_softmax_backward(const float *a, float *da, size_t n, float scale) {
  kernels()->softmax_backward(a, da, n, scale);
}

float kernel_dot(const float *a, const float *b, size_t n) { return kernels()->dot(a, b, n); }

int32_t kernel_dot_codes(const int8_t *a, const int8_t *b, size_t n) {
  return kernels()->dot_codes(a, b, n);
}

void kernel_axpy(float alpha, const float *x, float *y, size_t n) {
  kernels()->axpy(alpha, x, y, n);
}

void kernel_adamw(const adamw_step *s, float *p, const float *grad, float *m, float *v, size_t n) {
  kernels()->adamw(s, p, grad, m, v, n);
}

void kernel_dropout(float *x, size_t n, float p, uint64_t key) { kernels()->dropout(x, n, p, key); }
