/* The tape's layout and the order of a pass. See train_graph.h. */
#include "model/train_graph.h"

#include <string.h>

#include "base/mem.h"
#include "model/input.h"
#include "model/train_parts.h"
#include "nn/kernels.h"

graph *graph_create(const weights *w) {
  graph *g = mem_alloc(sizeof *g);
  if (!g) return NULL;
  g->w = w;
  g->d = (size_t)w->shape.width;
  g->heads = (size_t)w->shape.heads;
  g->dh = g->d / g->heads;
  g->ff = (size_t)w->shape.ff;
  g->tokens = (size_t)w->shape.tokens;
  g->allowed = mem_alloc(g->tokens + INPUT_MAX_NODES);
  if (g->allowed) return g;
  graph_free(g);
  return NULL;
}

void graph_free(graph *g) {
  if (!g) return;
  mem_free(g->block);
  mem_free(g->index);
  mem_free(g->allowed);
  mem_free(g);
}

/* ---- the batch ---- */

static bool index_batch(graph *g, const graph_item *items, size_t n) {
  size_t steps = 0;
  for (size_t i = 0; i < n; i++) steps += (size_t)items[i].example.steps;
  size_t need = 3 * (n + 1) + 2 * steps;
  if (need > g->n_index) {
    mem_free(g->index);
    g->index = mem_alloc(need * 2 * sizeof *g->index);
    g->n_index = g->index ? need * 2 : 0;
    if (!g->index) return false;
  }
  g->items = items;
  g->n = n;
  g->row = g->index;
  g->step = g->row + n + 1;
  g->logit = g->step + n + 1;
  g->pointed = g->logit + n + 1;
  g->pointing = g->pointed + steps;
  g->row[0] = g->step[0] = g->logit[0] = g->n_pointers = 0;
  for (size_t i = 0; i < n; i++) {
    const train_example *e = &items[i].example;
    g->row[i + 1] = g->row[i] + (size_t)e->nodes;
    g->step[i + 1] = g->step[i] + (size_t)e->steps;
    g->logit[i + 1] = g->logit[i] + (size_t)e->steps * (g->tokens + (size_t)e->nodes);
    for (int t = 1; t < e->steps; t++) {
      if (e->step_kind[t - 1] == 0) continue;
      g->pointed[g->n_pointers] = g->row[i] + (size_t)e->step_id[t - 1];
      g->pointing[g->n_pointers++] = g->step[i] + (size_t)t;
    }
  }
  g->rows = g->row[n];
  g->steps = g->step[n];
  return true;
}

/* ---- the tape ---- */

/* With no block yet it only counts. */
static float *take(graph *g, size_t n) {
  size_t at = g->used;
  g->used += (n + 15) / 16 * 16;
  return g->block ? g->block + at : NULL;
}

static norm_tape take_norm(graph *g, const float *x, size_t rows) {
  return (norm_tape){x, take(g, rows * g->d), take(g, rows), take(g, rows)};
}

static size_t pairs(const graph *g, attn_kind kind) {
  size_t sum = 0;
  for (size_t i = 0; i < g->n; i++) {
    size_t nodes = g->row[i + 1] - g->row[i], steps = g->step[i + 1] - g->step[i];
    sum += (kind == ATTN_ENCODER ? nodes : steps) * (kind == ATTN_CAUSAL ? steps : nodes);
  }
  return sum;
}

/* The tape of one sublayer over x; returns its output. */
static const float *take_attn(graph *g, attn_kind kind, const float *x, attn_tape *t) {
  size_t rows = kind == ATTN_ENCODER ? g->rows : g->steps;
  size_t keys = kind == ATTN_CAUSAL ? g->steps : g->rows;
  t->ln = take_norm(g, x, rows);
  t->q = take(g, rows * g->d);
  t->k = take(g, keys * g->d);
  t->v = take(g, keys * g->d);
  t->weights = take(g, g->heads * pairs(g, kind));
  t->o = take(g, rows * g->d);
  return t->out = take(g, rows * g->d);
}

static const float *take_ffn(graph *g, size_t rows, const float *x, ffn_tape *t) {
  t->ln = take_norm(g, x, rows);
  t->hidden = take(g, rows * g->ff);
  return t->out = take(g, rows * g->d);
}

static size_t scratch_size(const graph *g) {
  size_t most = g->steps * (g->tokens > g->d ? g->tokens : g->d);
  for (size_t i = 0; i < g->n; i++) {
    const train_example *e = &g->items[i].example;
    size_t nodes = (size_t)e->nodes, steps = (size_t)e->steps;
    attention kinds[] = {{.queries = nodes, .keys = nodes, .rel = e->rel},
                         {.queries = steps, .keys = steps},
                         {.queries = steps, .keys = nodes}};
    for (size_t k = 0; k < 3; k++) {
      kinds[k].heads = g->heads;
      kinds[k].dh = g->dh;
      kinds[k].relations = (size_t)g->w->shape.relations;
      size_t need = op_attention_scratch(&kinds[k]);
      most = need > most ? need : most;
    }
  }
  return most;
}

/* The largest of the weights that products are made with. */
static size_t panels_size(const graph *g) {
  size_t inner = op_linear_scratch(g->d, g->ff), all = op_linear_scratch(g->d, g->d);
  size_t tokens = op_linear_scratch(g->d, g->tokens);
  all = inner > all ? inner : all;
  return tokens > all ? tokens : all;
}

static void lay_out(graph *g, bool backward) {
  size_t d = g->d, most = g->rows > g->steps ? g->rows : g->steps;
  g->used = 0;
  g->x0 = take(g, g->rows * d);
  g->emb = take_norm(g, g->x0, g->rows);
  const float *x = g->emb.y;
  for (int l = 0; l < g->w->shape.enc; l++) {
    x = take_attn(g, ATTN_ENCODER, x, &g->enc_attn[l]);
    x = take_ffn(g, g->rows, x, &g->enc_ffn[l]);
  }
  g->memory = take_norm(g, x, g->rows);
  g->pointer_in = take(g, g->n_pointers * d);
  x = g->y0 = take(g, g->steps * d);
  for (int l = 0; l < g->w->shape.dec; l++) {
    x = take_attn(g, ATTN_CAUSAL, x, &g->self[l]);
    x = take_attn(g, ATTN_CROSS, x, &g->cross[l]);
    x = take_ffn(g, g->steps, x, &g->dec_ffn[l]);
  }
  g->z = take_norm(g, x, g->steps);
  for (int k = 0; k < 3; k++) g->zq[k] = take(g, g->steps * d);
  g->mk = take(g, g->rows * d);
  g->logits = take(g, g->logit[g->n]);
  g->used_logit = take(g, g->rows);
  g->role_logit = take(g, g->rows * WEIGHTS_ROLES);
  g->scratch = take(g, scratch_size(g));
  g->panels = take(g, panels_size(g));
  if (!backward) return;
  g->dx = take(g, most * d);
  g->dm = take(g, g->rows * d);
  g->d_h = take(g, most * d);
  g->dq = take(g, most * d);
  g->dk = take(g, most * d);
  g->dv = take(g, most * d);
  g->d_o = take(g, most * d);
  g->d_hidden = take(g, most * g->ff);
  g->d_pointer = take(g, g->n_pointers * d);
}

static bool make_tape(graph *g, bool backward) {
  float *block = g->block;
  g->block = NULL;
  lay_out(g, backward);
  if (g->used > g->size) {
    mem_free(block);
    g->size = g->used + g->used / 4;
    block = mem_alloc(g->size * sizeof *block);
    if (!block) g->size = 0;
  }
  g->block = block;
  if (!block) return false;
  lay_out(g, backward);
  return true;
}

/* ---- a pass ---- */

static attn_params enc_attn_of(const enc_view *v) {
  return (attn_params){v->ln1_g, v->ln1_b, v->wq, v->bq, v->wk, v->bk, v->wv,
                       v->bv,    v->wo,    v->bo, v->rk, v->rv, v->rb};
}

static attn_params self_of(const dec_view *v) {
  return (attn_params){v->ln1_g, v->ln1_b, v->sq,  v->sqb, v->sk, v->skb, v->sv,
                       v->svb,   v->so,    v->sob, NULL,   NULL,  NULL};
}

static attn_params cross_of(const dec_view *v) {
  return (attn_params){v->ln2_g, v->ln2_b, v->cq,  v->cqb, v->ck, v->ckb, v->cv,
                       v->cvb,   v->co,    v->cob, NULL,   NULL,  NULL};
}

static ffn_params enc_ffn_of(const enc_view *v) {
  return (ffn_params){v->ln2_g, v->ln2_b, v->w1, v->b1, v->w2, v->b2};
}

static ffn_params dec_ffn_of(const dec_view *v) {
  return (ffn_params){v->ln3_g, v->ln3_b, v->w1, v->b1, v->w2, v->b2};
}

static void forward(graph *g, const weights_view *p, graph_result *out) {
  embed_forward(g, p);
  for (int l = 0; l < g->w->shape.enc; l++) {
    attn_params a = enc_attn_of(&p->enc[l]);
    ffn_params f = enc_ffn_of(&p->enc[l]);
    attn_forward(g, ATTN_ENCODER, &a, &g->enc_attn[l], graph_site(0, l, 0));
    ffn_forward(g, false, &f, &g->enc_ffn[l], graph_site(0, l, 2));
  }
  kernel_layernorm(g->rows, g->d, g->memory.x, p->enc_ln_g, p->enc_ln_b, g->memory.y,
                   g->memory.mean, g->memory.rstd);
  steps_forward(g, p);
  for (int l = 0; l < g->w->shape.dec; l++) {
    attn_params s = self_of(&p->dec[l]), c = cross_of(&p->dec[l]);
    ffn_params f = dec_ffn_of(&p->dec[l]);
    attn_forward(g, ATTN_CAUSAL, &s, &g->self[l], graph_site(1, l, 0));
    attn_forward(g, ATTN_CROSS, &c, &g->cross[l], graph_site(1, l, 1));
    ffn_forward(g, true, &f, &g->dec_ffn[l], graph_site(1, l, 2));
  }
  kernel_layernorm(g->steps, g->d, g->z.x, p->dec_ln_g, p->dec_ln_b, g->z.y, g->z.mean, g->z.rstd);
  heads_forward(g, p, out);
}

/* From the gradient of a norm's output in g->dx to that of its input, in g->dx. */
static void norm_backward(graph *g, size_t rows, const norm_tape *t, const float *gain, float *dg,
                          float *db) {
  memcpy(g->d_h, g->dx, rows * g->d * sizeof(float));
  memset(g->dx, 0, rows * g->d * sizeof(float));
  kernel_layernorm_backward(rows, g->d, t->x, t->mean, t->rstd, gain, g->d_h, g->dx, dg, db);
}

static void backward(graph *g, const weights_view *p, const weights_view *dp) {
  heads_backward(g, p, dp);
  norm_backward(g, g->steps, &g->z, p->dec_ln_g, dp->dec_ln_g, dp->dec_ln_b);
  for (int l = g->w->shape.dec - 1; l >= 0; l--) {
    attn_params s = self_of(&p->dec[l]), c = cross_of(&p->dec[l]);
    attn_params ds = self_of(&dp->dec[l]), dc = cross_of(&dp->dec[l]);
    ffn_params f = dec_ffn_of(&p->dec[l]), df = dec_ffn_of(&dp->dec[l]);
    ffn_backward(g, true, &f, &df, &g->dec_ffn[l], graph_site(1, l, 2));
    attn_backward(g, ATTN_CROSS, &c, &dc, &g->cross[l], graph_site(1, l, 1));
    attn_backward(g, ATTN_CAUSAL, &s, &ds, &g->self[l], graph_site(1, l, 0));
  }
  steps_backward(g, p, dp);
  memcpy(g->dx, g->dm, g->rows * g->d * sizeof(float));
  norm_backward(g, g->rows, &g->memory, p->enc_ln_g, dp->enc_ln_g, dp->enc_ln_b);
  for (int l = g->w->shape.enc - 1; l >= 0; l--) {
    attn_params a = enc_attn_of(&p->enc[l]), da = enc_attn_of(&dp->enc[l]);
    ffn_params f = enc_ffn_of(&p->enc[l]), df = enc_ffn_of(&dp->enc[l]);
    ffn_backward(g, false, &f, &df, &g->enc_ffn[l], graph_site(0, l, 2));
    attn_backward(g, ATTN_ENCODER, &a, &da, &g->enc_attn[l], graph_site(0, l, 0));
  }
  embed_backward(g, p, dp);
}

emend_rc graph_run(graph *g, const weights_view *p, const graph_item *items, size_t n,
                   const graph_options *opt, const weights_view *grads, graph_result *out) {
  g->opt = opt;
  *out = (graph_result){0};
  if (n == 0) return EMEND_OK;
  if (!index_batch(g, items, n) || !make_tape(g, grads != NULL)) return EMEND_ENOMEM;
  forward(g, p, out);
  if (grads) backward(g, p, grads);
  return EMEND_OK;
}

const float *graph_memory(const graph *g, size_t i) { return g->memory.y + g->row[i] * g->d; }
const float *graph_logp(const graph *g, size_t i) { return g->logits + g->logit[i]; }
