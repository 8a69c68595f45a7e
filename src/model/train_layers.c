/* The two sublayers that the network is made of, forward and backward. See train_parts.h. */
#include <string.h>

#include "model/train_parts.h"
#include "nn/kernels.h"

uint64_t graph_site(int decoder, int layer, int place) {
  return (uint64_t)(SITE_LAYERS + ((layer * 2 + decoder) * 8 + place));
}

void graph_drop(const graph *g, float *x, bool steps, size_t width, uint64_t site) {
  if (g->opt->dropout <= 0) return;
  const size_t *off = steps ? g->step : g->row;
  for (size_t i = 0; i < g->n; i++)
    kernel_dropout(x + off[i] * width, (off[i + 1] - off[i]) * width, g->opt->dropout,
                   op_mix(g->items[i].key, site));
}

static void norm_forward(size_t rows, size_t d, const float *g, const float *b,
                         const norm_tape *t) {
  kernel_layernorm(rows, d, t->x, g, b, t->y, t->mean, t->rstd);
}

/* ---- attention ---- */

static attention attention_of(const graph *g, attn_kind kind, const attn_params *p, size_t i) {
  size_t nodes = g->row[i + 1] - g->row[i], steps = g->step[i + 1] - g->step[i];
  attention s = {.queries = kind == ATTN_ENCODER ? nodes : steps,
                 .keys = kind == ATTN_CAUSAL ? steps : nodes,
                 .heads = g->heads,
                 .dh = g->dh,
                 .causal = kind == ATTN_CAUSAL};
  if (kind == ATTN_ENCODER) {
    s.rel = g->items[i].example.rel;
    s.relations = (size_t)g->w->shape.relations;
    s.rk = p->rk;
    s.rv = p->rv;
    s.rb = p->rb;
  }
  return s;
}

static size_t query_rows(const graph *g, attn_kind kind) {
  return kind == ATTN_ENCODER ? g->rows : g->steps;
}

static size_t key_rows(const graph *g, attn_kind kind) {
  return kind == ATTN_CAUSAL ? g->steps : g->rows;
}

void attn_forward(graph *g, attn_kind kind, const attn_params *p, attn_tape *t, uint64_t site) {
  size_t rows = query_rows(g, kind), keys = key_rows(g, kind), d = g->d;
  const float *source = kind == ATTN_CROSS ? g->memory.y : t->ln.y;
  const size_t *q_off = kind == ATTN_ENCODER ? g->row : g->step;
  const size_t *k_off = kind == ATTN_CAUSAL ? g->step : g->row;
  float *each = t->weights;
  norm_forward(rows, d, p->ln_g, p->ln_b, &t->ln);
  op_linear(rows, d, d, t->ln.y, p->q, p->qb, t->q, g->panels);
  op_linear(keys, d, d, source, p->k, p->kb, t->k, g->panels);
  op_linear(keys, d, d, source, p->v, p->vb, t->v, g->panels);
  for (size_t i = 0; i < g->n; i++) {
    attention s = attention_of(g, kind, p, i);
    size_t q = q_off[i] * d, k = k_off[i] * d;
    op_attention(&s, t->q + q, t->k + k, t->v + k, each, t->o + q, g->scratch);
    each += s.heads * s.queries * s.keys;
  }
  op_linear(rows, d, d, t->o, p->o, p->ob, t->out, g->panels);
  graph_drop(g, t->out, kind != ATTN_ENCODER, d, site);
  kernel_axpy(1, t->ln.x, t->out, rows * d);
}

/* dq, dk and dv of all examples from d_o. */
static void weights_backward(graph *g, attn_kind kind, const attn_params *p, const attn_params *dp,
                             const attn_tape *t) {
  const size_t *q_off = kind == ATTN_ENCODER ? g->row : g->step;
  const size_t *k_off = kind == ATTN_CAUSAL ? g->step : g->row;
  const float *each = t->weights;
  memset(g->dq, 0, query_rows(g, kind) * g->d * sizeof(float));
  memset(g->dk, 0, key_rows(g, kind) * g->d * sizeof(float));
  memset(g->dv, 0, key_rows(g, kind) * g->d * sizeof(float));
  for (size_t i = 0; i < g->n; i++) {
    attention s = attention_of(g, kind, p, i);
    size_t q = q_off[i] * g->d, k = k_off[i] * g->d;
    attention_grad grad = {g->dq + q, g->dk + k, g->dv + k, dp->rk, dp->rv, dp->rb};
    op_attention_backward(&s, t->q + q, t->k + k, t->v + k, each, g->d_o + q, &grad, g->scratch);
    each += s.heads * s.queries * s.keys;
  }
}

void attn_backward(graph *g, attn_kind kind, const attn_params *p, const attn_params *dp,
                   const attn_tape *t, uint64_t site) {
  size_t rows = query_rows(g, kind), keys = key_rows(g, kind), d = g->d;
  memcpy(g->d_h, g->dx, rows * d * sizeof(float));
  graph_drop(g, g->d_h, kind != ATTN_ENCODER, d, site);
  op_linear_backward(rows, d, d, t->o, p->o, g->d_h, g->d_o, false, dp->o, dp->ob, g->panels);
  weights_backward(g, kind, p, dp, t);
  op_linear_backward(rows, d, d, t->ln.y, p->q, g->dq, g->d_h, false, dp->q, dp->qb, g->panels);
  const float *source = kind == ATTN_CROSS ? g->memory.y : t->ln.y;
  float *d_source = kind == ATTN_CROSS ? g->dm : g->d_h;
  op_linear_backward(keys, d, d, source, p->k, g->dk, d_source, true, dp->k, dp->kb, g->panels);
  op_linear_backward(keys, d, d, source, p->v, g->dv, d_source, true, dp->v, dp->vb, g->panels);
  kernel_layernorm_backward(rows, d, t->ln.x, t->ln.mean, t->ln.rstd, p->ln_g, g->d_h, g->dx,
                            dp->ln_g, dp->ln_b);
}

/* ---- feed-forward ---- */

void ffn_forward(graph *g, bool steps, const ffn_params *p, ffn_tape *t, uint64_t site) {
  size_t rows = steps ? g->steps : g->rows, d = g->d;
  norm_forward(rows, d, p->ln_g, p->ln_b, &t->ln);
  op_linear(rows, d, g->ff, t->ln.y, p->w1, p->b1, t->hidden, g->panels);
  op_relu(t->hidden, rows * g->ff);
  graph_drop(g, t->hidden, steps, g->ff, site);
  op_linear(rows, g->ff, d, t->hidden, p->w2, p->b2, t->out, g->panels);
  graph_drop(g, t->out, steps, d, site + 1);
  kernel_axpy(1, t->ln.x, t->out, rows * d);
}

void ffn_backward(graph *g, bool steps, const ffn_params *p, const ffn_params *dp,
                  const ffn_tape *t, uint64_t site) {
  size_t rows = steps ? g->steps : g->rows, d = g->d;
  memcpy(g->d_h, g->dx, rows * d * sizeof(float));
  graph_drop(g, g->d_h, steps, d, site + 1);
  op_linear_backward(rows, g->ff, d, t->hidden, p->w2, g->d_h, g->d_hidden, false, dp->w2, dp->b2,
                     g->panels);
  graph_drop(g, g->d_hidden, steps, g->ff, site);
  op_relu_backward(t->hidden, g->d_hidden, rows * g->ff);
  op_linear_backward(rows, d, g->ff, t->ln.y, p->w1, g->d_hidden, g->d_h, false, dp->w1, dp->b1,
                     g->panels);
  kernel_layernorm_backward(rows, d, t->ln.x, t->ln.mean, t->ln.rstd, p->ln_g, g->d_h, g->dx,
                            dp->ln_g, dp->ln_b);
}
