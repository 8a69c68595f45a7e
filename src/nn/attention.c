/* Attention and its backward: relations are looked up in q rkᵀ and binned before rv (Shaw et al.
 * 2018, Wang et al. 2020, without the tensor of their equations). What concerns relations is done
 * for all heads at once, since they share rk and rv; the rest head by head. See ops.h. */
#include <cblas.h>
#include <math.h>
#include <string.h>

#include "nn/kernels.h"
#include "nn/ops.h"

static size_t most(size_t x, size_t y) { return x > y ? x : y; }

static size_t panels_size(const attention *s) {
  size_t keys = most(panel_size(s->keys, s->dh), panel_size(s->dh, s->keys));
  size_t relations = most(panel_size(s->relations, s->dh), panel_size(s->dh, s->relations));
  return s->rel ? most(keys, relations) : keys;
}

/* Where the arrays of both directions lie in the scratch. */
typedef struct workspace {
  float *panels, *de;   /* de [queries, keys] of one head */
  float *bins, *d_bins; /* [queries, heads, relations] */
  float *by_head;       /* [heads, relations] */
} workspace;

size_t op_attention_scratch(const attention *s) {
  size_t by_head = s->rel ? s->heads * s->relations : 0;
  return panels_size(s) + s->queries * s->keys + (2 * s->queries + 1) * by_head;
}

static workspace place(const attention *s, float *scratch) {
  size_t by_head = s->rel ? s->heads * s->relations : 0;
  workspace w = {.panels = scratch};
  w.de = w.panels + panels_size(s);
  w.bins = w.de + s->queries * s->keys;
  w.d_bins = w.bins + s->queries * by_head;
  w.by_head = w.d_bins + s->queries * by_head;
  return w;
}

/* y [m,n] += aᵀ b for a [k,m], b [k,n]. */
static void transposed(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                       size_t ldb, float *y, size_t ldy) {
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)m, (int)n, (int)k, 1.0f, a, (int)lda, b,
              (int)ldb, 1.0f, y, (int)ldy);
}

/* ---- forward ---- */

/* looked_up [queries, heads, relations] = q rkᵀ + rb */
static void relation_scores(const attention *s, const float *q, workspace *w) {
  size_t n = s->relations;
  for (size_t r = 0; r < n; r++)
    for (size_t h = 0; h < s->heads; h++) w->by_head[h * n + r] = s->rb[r * s->heads + h];
  panel_pack_rows(s->rk, s->dh, n, s->dh, w->panels);
  panel_gemm(s->queries * s->heads, n, s->dh, q, s->dh, w->panels, NULL, w->bins, n);
  for (size_t i = 0; i < s->queries; i++)
    kernel_axpy(1, w->by_head, w->bins + i * s->heads * n, s->heads * n);
}

/* Scores of one head to weights; where there are relations, looked-up scores become bins. */
static void weigh(const attention *s, size_t head, float *a, workspace *w) {
  float scale = 1.0f / sqrtf((float)s->dh);
  for (size_t i = 0; i < s->queries; i++) {
    float *row = a + i * s->keys, *bins = w->bins + (i * s->heads + head) * s->relations;
    size_t seen = s->causal ? i + 1 : s->keys;
    if (s->rel) {
      const uint8_t *rel = s->rel + i * s->keys;
      kernel_relation_softmax(row, rel, bins, s->keys, scale);
      kernel_relation_bins(row, rel, s->keys, bins, s->relations);
    } else {
      kernel_softmax(row, seen, scale);
    }
    memset(row + seen, 0, (s->keys - seen) * sizeof *row);
  }
}

void op_attention(const attention *s, const float *q, const float *k, const float *v,
                  float *weights, float *o, float *scratch) {
  size_t width = s->heads * s->dh;
  workspace w = place(s, scratch);
  if (s->rel) relation_scores(s, q, &w);
  for (size_t h = 0; h < s->heads; h++) {
    size_t at = h * s->dh;
    float *a = weights + h * s->queries * s->keys;
    panel_pack_rows(k + at, width, s->keys, s->dh, w.panels);
    panel_gemm(s->queries, s->keys, s->dh, q + at, width, w.panels, NULL, a, s->keys);
    weigh(s, h, a, &w);
    panel_pack_cols(v + at, width, s->keys, s->dh, w.panels);
    panel_gemm(s->queries, s->dh, s->keys, a, s->keys, w.panels, NULL, o + at, width);
  }
  if (!s->rel) return;
  panel_pack_cols(s->rv, s->dh, s->relations, s->dh, w.panels);
  panel_gemm_add(s->queries * s->heads, s->dh, s->relations, w.bins, s->relations, w.panels, NULL,
                 o, s->dh);
}

/* ---- backward ---- */

/* By rv, and what every bin's gradient is. */
static void bins_backward(const attention *s, const float *weights, const float *d_o,
                          const attention_grad *g, workspace *w) {
  size_t n = s->relations, rows = s->queries * s->heads;
  for (size_t h = 0; h < s->heads; h++)
    for (size_t i = 0; i < s->queries; i++)
      kernel_relation_bins(weights + (h * s->queries + i) * s->keys, s->rel + i * s->keys, s->keys,
                           w->bins + (i * s->heads + h) * n, n);
  transposed(n, s->dh, rows, w->bins, n, d_o, s->dh, g->drv, s->dh);
  panel_pack_rows(s->rv, s->dh, n, s->dh, w->panels);
  panel_gemm(rows, n, s->dh, d_o, s->dh, w->panels, NULL, w->d_bins, n);
}

/* From the gradient of the looked-up scores, in w->bins, to those of q, rk and rb. */
static void scores_backward(const attention *s, const float *q, const attention_grad *g,
                            workspace *w) {
  size_t n = s->relations, rows = s->queries * s->heads;
  panel_pack_cols(s->rk, s->dh, n, s->dh, w->panels);
  panel_gemm_add(rows, s->dh, n, w->bins, n, w->panels, NULL, g->dq, s->dh);
  transposed(n, s->dh, rows, w->bins, n, q, s->dh, g->drk, s->dh);
  memset(w->by_head, 0, s->heads * n * sizeof *w->by_head);
  for (size_t i = 0; i < s->queries; i++)
    kernel_axpy(1, w->bins + i * s->heads * n, w->by_head, s->heads * n);
  for (size_t r = 0; r < n; r++)
    for (size_t h = 0; h < s->heads; h++) g->drb[r * s->heads + h] += w->by_head[h * n + r];
}

/* de, the gradient by the weights of one head, becomes that by its scores. */
static void weigh_backward(const attention *s, size_t head, const float *a, workspace *w) {
  float scale = 1.0f / sqrtf((float)s->dh);
  for (size_t i = 0; i < s->queries; i++) {
    float *de = w->de + i * s->keys;
    size_t at = (i * s->heads + head) * s->relations;
    if (s->rel) {
      const uint8_t *rel = s->rel + i * s->keys;
      kernel_relation_add(de, rel, w->d_bins + at, s->keys);
      kernel_softmax_backward(a + i * s->keys, de, s->keys, scale);
      kernel_relation_bins(de, rel, s->keys, w->bins + at, s->relations);
    } else {
      kernel_softmax_backward(a + i * s->keys, de, s->keys, scale);
    }
  }
}

void op_attention_backward(const attention *s, const float *q, const float *k, const float *v,
                           const float *weights, const float *d_o, const attention_grad *g,
                           float *scratch) {
  size_t width = s->heads * s->dh;
  workspace w = place(s, scratch);
  if (s->rel) bins_backward(s, weights, d_o, g, &w);
  for (size_t h = 0; h < s->heads; h++) {
    size_t at = h * s->dh;
    const float *a = weights + h * s->queries * s->keys;
    panel_pack_rows(v + at, width, s->keys, s->dh, w.panels);
    panel_gemm(s->queries, s->keys, s->dh, d_o + at, width, w.panels, NULL, w.de, s->keys);
    transposed(s->keys, s->dh, s->queries, a, s->keys, d_o + at, width, g->dv + at, width);
    weigh_backward(s, h, a, &w);
    panel_pack_cols(k + at, width, s->keys, s->dh, w.panels);
    panel_gemm_add(s->queries, s->dh, s->keys, w.de, s->keys, w.panels, NULL, g->dq + at, width);
    transposed(s->keys, s->dh, s->queries, w.de, s->keys, q + at, width, g->dk + at, width);
  }
  if (s->rel) scores_backward(s, q, g, &w);
}
