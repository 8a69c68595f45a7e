/* Training operators but attention. See ops.h. */
#include "nn/ops.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

#include "nn/kernels.h"

void ops_single_thread(void) { openblas_set_num_threads(1); }

size_t op_linear_scratch(size_t in, size_t out) {
  size_t forward = panel_size(out, in), backward = panel_size(in, out);
  return forward > backward ? forward : backward;
}

void op_linear(size_t rows, size_t in, size_t out, const float *x, const float *w, const float *b,
               float *y, float *scratch) {
  if (rows == 0) return;
  panel_pack_rows(w, in, out, in, scratch);
  panel_gemm(rows, out, in, x, in, scratch, b, y, out);
}

void op_linear_backward(size_t rows, size_t in, size_t out, const float *x, const float *w,
                        const float *dy, float *dx, bool add, float *dw, float *db,
                        float *scratch) {
  if (rows == 0) return;
  if (dw)
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)out, (int)in, (int)rows, 1.0f, dy,
                (int)out, x, (int)in, 1.0f, dw, (int)in);
  if (db)
    for (size_t r = 0; r < rows; r++) kernel_axpy(1.0f, dy + r * out, db, out);
  if (!dx) return;
  panel_pack_cols(w, in, out, in, scratch);
  if (add)
    panel_gemm_add(rows, in, out, dy, out, scratch, NULL, dx, in);
  else
    panel_gemm(rows, in, out, dy, out, scratch, NULL, dx, in);
}

void op_relu(float *x, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] = x[i] > 0 ? x[i] : 0;
}

void op_relu_backward(const float *y, float *dy, size_t n) {
  for (size_t i = 0; i < n; i++) dy[i] = y[i] > 0 ? dy[i] : 0;
}

uint64_t op_mix(uint64_t key, uint64_t counter) {
  uint64_t z = key ^ (counter + 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

float op_cross_entropy(float *x, const uint8_t *allowed, size_t n, size_t gold, float smoothing,
                       size_t *best) {
  float most = -INFINITY;
  double sum = 0, total = 0;
  size_t count = 0;
  for (size_t i = 0; i < n; i++) {
    if (!allowed[i]) continue;
    if (x[i] > most) most = x[i], *best = i;
    count++;
  }
  for (size_t i = 0; i < n; i++)
    if (allowed[i]) sum += exp((double)(x[i] - most));
  float log_sum = most + (float)log(sum);
  for (size_t i = 0; i < n; i++) {
    x[i] = allowed[i] ? x[i] - log_sum : -INFINITY;
    if (allowed[i]) total += x[i];
  }
  return -(1 - smoothing) * x[gold] - smoothing * (float)(total / (double)count);
}

void op_cross_entropy_backward(float *x, const uint8_t *allowed, size_t n, size_t gold,
                               float smoothing, float scale) {
  size_t count = 0;
  for (size_t i = 0; i < n; i++) count += allowed[i] != 0;
  float even = smoothing / (float)count;
  for (size_t i = 0; i < n; i++) x[i] = allowed[i] ? scale * (expf(x[i]) - even) : 0.0f;
  x[gold] -= scale * (1 - smoothing);
}

float op_binary_entropy(float logit, bool target, float *d) {
  float p = 1.0f / (1.0f + expf(-logit));
  *d = p - (target ? 1.0f : 0.0f);
  float positive = logit > 0 ? logit : 0; /* log(1 + e^x) without overflow */
  return positive + log1pf(expf(-fabsf(logit))) - (target ? logit : 0.0f);
}
