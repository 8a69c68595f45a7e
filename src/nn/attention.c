/* Attention and its backward, head by head: relations are looked up in q rkᵀ and binned before rv
 * (Shaw et al. 2018, Wang et al. 2020, without the tensor of their equations). See ops.h. */
#include <cblas.h>
#include <math.h>
#include <string.h>

#include "nn/kernels.h"
#include "nn/ops.h"

/* c [m,n] (+)= a [m,k] · b, transposed where said. */
static void product(bool ta, bool tb, size_t m, size_t n, size_t k, const float *a, size_t lda,
                    const float *b, size_t ldb, bool add, float *c, size_t ldc) {
  cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, (int)m,
              (int)n, (int)k, 1.0f, a, (int)lda, b, (int)ldb, add ? 1.0f : 0.0f, c, (int)ldc);
}

/* One array of queries × keys, two of queries × relations. */
size_t op_attention_scratch(const attention *s) {
  return s->queries * s->keys + (s->rel ? 2 * s->queries * s->relations : 0);
}

/* looked_up [queries, relations] = q rkᵀ + rb[:, head] */
static void relation_scores(const attention *s, const float *q, size_t head, float *looked_up) {
  size_t n = s->relations;
  for (size_t i = 0; i < s->queries; i++)
    for (size_t r = 0; r < n; r++) looked_up[i * n + r] = s->rb[r * s->heads + head];
  product(false, true, s->queries, n, s->dh, q, s->ld, s->rk, s->dh, true, looked_up, n);
}

static void bin_rows(const attention *s, const float *x, float *bins) {
  for (size_t i = 0; i < s->queries; i++)
    kernel_relation_bins(x + i * s->keys, s->rel + i * s->keys, s->keys, bins + i * s->relations,
                         s->relations);
}

static void one_head(const attention *s, size_t head, const float *q, const float *k,
                     const float *v, float *a, float *o, float *scratch) {
  float scale = 1.0f / sqrtf((float)s->dh);
  product(false, true, s->queries, s->keys, s->dh, q, s->ld, k, s->ld, false, a, s->keys);
  if (s->rel) relation_scores(s, q, head, scratch);
  for (size_t i = 0; i < s->queries; i++) {
    float *row = a + i * s->keys;
    size_t seen = s->causal ? i + 1 : s->keys;
    if (s->rel)
      kernel_relation_softmax(row, s->rel + i * s->keys, scratch + i * s->relations, s->keys,
                              scale);
    else
      kernel_softmax(row, seen, scale);
    memset(row + seen, 0, (s->keys - seen) * sizeof *row);
  }
  product(false, false, s->queries, s->dh, s->keys, a, s->keys, v, s->ld, false, o, s->ld);
  if (!s->rel) return;
  bin_rows(s, a, scratch);
  product(false, false, s->queries, s->dh, s->relations, scratch, s->relations, s->rv, s->dh, true,
          o, s->ld);
}

void op_attention(const attention *s, const float *q, const float *k, const float *v,
                  float *weights, float *o, float *scratch) {
  for (size_t h = 0; h < s->heads; h++) {
    size_t at = h * s->dh;
    one_head(s, h, q + at, k + at, v + at, weights + h * s->queries * s->keys, o + at, scratch);
  }
}

/* d_looked_up: the gradient of the relation scores, binned from de. */
static void relation_backward(const attention *s, size_t head, const float *q,
                              const float *d_looked_up, float *dq, const attention_grad *g) {
  size_t n = s->relations;
  product(false, false, s->queries, s->dh, n, d_looked_up, n, s->rk, s->dh, true, dq, s->ld);
  product(true, false, n, s->dh, s->queries, d_looked_up, n, q, s->ld, true, g->drk, s->dh);
  for (size_t i = 0; i < s->queries; i++)
    for (size_t r = 0; r < n; r++) g->drb[r * s->heads + head] += d_looked_up[i * n + r];
}

static void one_head_backward(const attention *s, size_t head, const float *q, const float *k,
                              const float *v, const float *a, const float *d_o, float *dq,
                              float *dk, float *dv, const attention_grad *g, float *scratch) {
  size_t n = s->relations;
  float *de = scratch, *bins = de + s->queries * s->keys, *d_bins = bins + s->queries * n;
  product(false, true, s->queries, s->keys, s->dh, d_o, s->ld, v, s->ld, false, de, s->keys);
  product(true, false, s->keys, s->dh, s->queries, a, s->keys, d_o, s->ld, true, dv, s->ld);
  if (s->rel) {
    bin_rows(s, a, bins);
    product(true, false, n, s->dh, s->queries, bins, n, d_o, s->ld, true, g->drv, s->dh);
    product(false, true, s->queries, n, s->dh, d_o, s->ld, s->rv, s->dh, false, d_bins, n);
    for (size_t i = 0; i < s->queries; i++)
      for (size_t j = 0; j < s->keys; j++)
        de[i * s->keys + j] += d_bins[i * n + s->rel[i * s->keys + j]];
  }
  for (size_t i = 0; i < s->queries; i++)
    kernel_softmax_backward(a + i * s->keys, de + i * s->keys, s->keys, 1.0f / sqrtf((float)s->dh));
  product(false, false, s->queries, s->dh, s->keys, de, s->keys, k, s->ld, true, dq, s->ld);
  product(true, false, s->keys, s->dh, s->queries, de, s->keys, q, s->ld, true, dk, s->ld);
  if (!s->rel) return;
  bin_rows(s, de, bins);
  relation_backward(s, head, q, bins, dq, g);
}

void op_attention_backward(const attention *s, const float *q, const float *k, const float *v,
                           const float *weights, const float *d_o, const attention_grad *g,
                           float *scratch) {
  for (size_t h = 0; h < s->heads; h++) {
    size_t at = h * s->dh;
    one_head_backward(s, h, q + at, k + at, v + at, weights + h * s->queries * s->keys, d_o + at,
                      g->dq + at, g->dk + at, g->dv + at, g, scratch);
  }
}
