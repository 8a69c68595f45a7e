/* The ends of the network in training: embedded nodes and steps at the beginning, probabilities
 * and losses at the end. See train_parts.h. */
#include <math.h>
#include <string.h>

#include "model/input.h"
#include "model/train_parts.h"
#include "nn/kernels.h"

/* ---- nodes ---- */

/* Calls for one node: where each vector that its embedding sums lives, and its weight. */
typedef void (*part_fn)(float weight, float *table_row, float *node_row, size_t d);

static void gather(float weight, float *table_row, float *node_row, size_t d) {
  kernel_axpy(weight, table_row, node_row, d);
}

static void scatter(float weight, float *table_row, float *node_row, size_t d) {
  kernel_axpy(weight, node_row, table_row, d);
}

/* Is the i-th word of an example taken as unknown this time? */
static bool word_dropped(const graph *g, const graph_item *item, uint64_t i) {
  if (g->opt->word_dropout <= 0) return false;
  uint64_t h = op_mix(op_mix(item->key, SITE_WORDS), i);
  return (double)(h >> 11) * 0x1.0p-53 < (double)g->opt->word_dropout;
}

static void node_parts(const graph *g, const weights_view *p, const graph_item *item, int node,
                       float *row, part_fn part) {
  const train_example *e = &item->example;
  const train_data *data = e->data;
  size_t d = g->d, kind = e->kind[node];
  int64_t from = e->word_off[node], to = e->word_off[node + 1];
  for (int64_t i = from; i < to; i++) {
    int32_t word = data->node_words[i], id = data->word_id[word];
    float share = 1.0f / (float)(to - from);
    if (word_dropped(g, item, (uint64_t)(i - e->word_off[0]))) id = 0;
    part(share, p->emb_word + (size_t)id * d, row, d);
    int32_t first = data->word_gram_off[word], last = data->word_gram_off[word + 1];
    for (int32_t k = first; k < last; k++)
      part(share / (float)(last - first), p->emb_gram + data->word_grams[k] * d, row, d);
  }
  part(1, p->emb_kind + kind * d, row, d);
  for (size_t f = 0; f < WEIGHTS_FLAGS; f++)
    if (e->flags[node] >> f & 1) part(1, p->emb_flag + (kind * WEIGHTS_FLAGS + f) * d, row, d);
}

static void all_node_parts(graph *g, const weights_view *p, float *x, part_fn part) {
  for (size_t i = 0; i < g->n; i++)
    for (int node = 0; node < g->items[i].example.nodes; node++)
      node_parts(g, p, &g->items[i], node, x + (g->row[i] + (size_t)node) * g->d, part);
}

void embed_forward(graph *g, const weights_view *p) {
  memset(g->x0, 0, g->rows * g->d * sizeof(float));
  all_node_parts(g, p, g->x0, gather);
  kernel_layernorm(g->rows, g->d, g->x0, p->emb_ln_g, p->emb_ln_b, g->emb.y, g->emb.mean,
                   g->emb.rstd);
  graph_drop(g, g->emb.y, false, g->d, SITE_EMBED);
}

void embed_backward(graph *g, const weights_view *p, const weights_view *dp) {
  graph_drop(g, g->dx, false, g->d, SITE_EMBED);
  memset(g->d_h, 0, g->rows * g->d * sizeof(float));
  kernel_layernorm_backward(g->rows, g->d, g->x0, g->emb.mean, g->emb.rstd, p->emb_ln_g, g->dx,
                            g->d_h, dp->emb_ln_g, dp->emb_ln_b);
  if (dp->emb_word) all_node_parts(g, dp, g->d_h, scatter);
}

/* ---- steps ---- */

/* The token that a step is told of, or -1 where it is a node. */
static int32_t token_before(const train_example *e, int step) {
  if (step == 0) return 0;
  return e->step_kind[step - 1] == 0 ? e->step_id[step - 1] : -1;
}

static void step_parts(graph *g, const weights_view *p, float *y, part_fn part) {
  size_t d = g->d;
  for (size_t i = 0; i < g->n; i++) {
    const train_example *e = &g->items[i].example;
    for (int t = 0; t < e->steps; t++) {
      float *row = y + (g->step[i] + (size_t)t) * d;
      int32_t token = token_before(e, t);
      if (token >= 0)
        part(1, p->dec_tok + (size_t)token * d, row, d);
      else
        part(1, p->dec_ptr_kind + (e->step_kind[t - 1] - 1u) * d, row, d);
      part(1, p->dec_state + e->step_state[t] * d, row, d);
      part(1, p->dec_pos + (size_t)t * d, row, d);
    }
  }
}

void steps_forward(graph *g, const weights_view *p) {
  size_t d = g->d, n = g->n_pointers;
  float *mapped = g->scratch;
  memset(g->y0, 0, g->steps * d * sizeof(float));
  step_parts(g, p, g->y0, gather);
  for (size_t i = 0; i < n; i++)
    memcpy(g->pointer_in + i * d, g->memory.y + g->pointed[i] * d, d * sizeof(float));
  op_linear(n, d, d, g->pointer_in, p->dec_ptr_in, NULL, mapped, g->panels);
  for (size_t i = 0; i < n; i++) kernel_axpy(1, mapped + i * d, g->y0 + g->pointing[i] * d, d);
  graph_drop(g, g->y0, true, d, SITE_DECODER_IN);
}

void steps_backward(graph *g, const weights_view *p, const weights_view *dp) {
  size_t d = g->d, n = g->n_pointers;
  float *d_mapped = g->scratch;
  graph_drop(g, g->dx, true, d, SITE_DECODER_IN);
  step_parts(g, dp, g->dx, scatter);
  for (size_t i = 0; i < n; i++)
    memcpy(d_mapped + i * d, g->dx + g->pointing[i] * d, d * sizeof(float));
  op_linear_backward(n, d, d, g->pointer_in, p->dec_ptr_in, d_mapped, g->d_pointer, false,
                     dp->dec_ptr_in, NULL, g->panels);
  for (size_t i = 0; i < n; i++) kernel_axpy(1, g->d_pointer + i * d, g->dm + g->pointed[i] * d, d);
}

/* ---- probabilities ---- */

/* What step t of example i may be: [tokens + nodes] into g->allowed. */
static void fill_allowed(graph *g, const train_example *e, int t) {
  const train_data *data = e->data;
  const uint8_t *mask = data->state_mask + e->step_state[t] * (g->tokens + 3);
  memcpy(g->allowed, mask, g->tokens);
  for (int k = 0; k < INPUT_KINDS; k++)
    memset(g->allowed + g->tokens + e->first[k], k ? mask[g->tokens + (size_t)k - 1] : 0,
           (size_t)(e->first[k + 1] - e->first[k]));
}

static size_t gold_of(const graph *g, const train_example *e, int t) {
  return (size_t)e->step_id[t] + (e->step_kind[t] ? g->tokens : 0);
}

/* Calls that multiply queries and keys of one example and kind, forward and backward. */
typedef struct block_of {
  size_t steps, nodes, width; /* width: row stride of logits */
  float *logits;              /* of the first node */
  size_t q, k;                /* float offsets of its queries and keys */
} block_of;

static block_of pointer_block(const graph *g, size_t i, int kind) {
  const train_example *e = &g->items[i].example;
  size_t from = (size_t)e->first[kind];
  return (block_of){.steps = (size_t)e->steps,
                    .nodes = (size_t)e->first[kind + 1] - from,
                    .width = g->tokens + (size_t)e->nodes,
                    .logits = g->logits + g->logit[i] + g->tokens + from,
                    .q = g->step[i] * g->d,
                    .k = (g->row[i] + from) * g->d};
}

static void pointer_logits(graph *g, size_t i) {
  float scale = 1.0f / sqrtf((float)g->d);
  for (int kind = 1; kind < INPUT_KINDS; kind++) {
    block_of b = pointer_block(g, i, kind);
    for (size_t t = 0; t < b.steps; t++)
      for (size_t j = 0; j < b.nodes; j++)
        b.logits[t * b.width + j] =
            scale * kernel_dot(g->zq[kind - 1] + b.q + t * g->d, g->mk + b.k + j * g->d, g->d);
  }
}

static void step_losses(graph *g, size_t i, const float *token_logits, graph_result *out) {
  const train_example *e = &g->items[i].example;
  size_t width = g->tokens + (size_t)e->nodes;
  double sum = 0;
  int right = 0;
  for (int t = 0; t < e->steps; t++) {
    float *x = g->logits + g->logit[i] + (size_t)t * width;
    size_t best = 0, gold = gold_of(g, e, t);
    memcpy(x, token_logits + (g->step[i] + (size_t)t) * g->tokens, g->tokens * sizeof *x);
    fill_allowed(g, e, t);
    sum += (double)op_cross_entropy(x, g->allowed, width, gold, g->opt->smoothing, &best);
    right += best == gold;
  }
  out->step += sum / e->steps;
  out->right += right;
  out->steps += e->steps;
  out->exact += right == e->steps;
  out->examples++;
}

/* "Is this item used": over schema and value nodes; "what for": over columns. */
static void auxiliary_losses(graph *g, size_t i, graph_result *out) {
  static const uint8_t all[WEIGHTS_ROLES] = {1, 1, 1, 1, 1, 1, 1, 1};
  const train_example *e = &g->items[i].example;
  int from = e->first[INPUT_COLUMN], columns = e->first[INPUT_TABLE] - from;
  double used = 0, role = 0;
  for (int j = from; j < e->nodes; j++) {
    float d;
    used += (double)op_binary_entropy(g->used_logit[g->row[i] + (size_t)j], e->used[j], &d);
  }
  for (int j = from; j < from + columns; j++) {
    size_t best;
    role += (double)op_cross_entropy(g->role_logit + (g->row[i] + (size_t)j) * WEIGHTS_ROLES, all,
                                     WEIGHTS_ROLES, e->role[j], 0, &best);
  }
  if (e->nodes > from) out->used += used / (e->nodes - from);
  if (columns) out->role += role / columns;
}

void heads_forward(graph *g, const weights_view *p, graph_result *out) {
  size_t d = g->d;
  *out = (graph_result){0};
  op_linear(g->rows, d, 1, g->memory.y, p->used_w, p->used_b, g->used_logit, g->panels);
  op_linear(g->rows, d, WEIGHTS_ROLES, g->memory.y, p->role_w, p->role_b, g->role_logit, g->panels);
  op_linear(g->rows, d, d, g->memory.y, p->out_pk, NULL, g->mk, g->panels);
  for (int k = 0; k < 3; k++)
    op_linear(g->steps, d, d, g->z.y, p->out_pq[k], NULL, g->zq[k], g->panels);
  float *token_logits = g->scratch;
  op_linear(g->steps, d, g->tokens, g->z.y, p->out_tok_w, p->out_tok_b, token_logits, g->panels);
  for (size_t i = 0; i < g->n; i++) {
    pointer_logits(g, i);
    step_losses(g, i, token_logits, out);
    auxiliary_losses(g, i, out);
  }
  out->loss =
      out->step + (double)g->opt->used_weight * out->used + (double)g->opt->role_weight * out->role;
}

/* ---- and back ---- */

/* Log-probabilities of example i become gradients of its logits. */
static void step_gradients(graph *g, size_t i, float *d_token_logits) {
  const train_example *e = &g->items[i].example;
  size_t width = g->tokens + (size_t)e->nodes;
  for (int t = 0; t < e->steps; t++) {
    float *x = g->logits + g->logit[i] + (size_t)t * width;
    fill_allowed(g, e, t);
    op_cross_entropy_backward(x, g->allowed, width, gold_of(g, e, t), g->opt->smoothing,
                              g->opt->scale / (float)e->steps);
    memcpy(d_token_logits + (g->step[i] + (size_t)t) * g->tokens, x, g->tokens * sizeof *x);
  }
}

/* One kind's share of d zq (in g->dq) and d mk (in g->dk), both added to. */
static void pointer_gradients(graph *g, size_t i, int kind) {
  float scale = 1.0f / sqrtf((float)g->d);
  block_of b = pointer_block(g, i, kind);
  for (size_t t = 0; t < b.steps; t++)
    for (size_t j = 0; j < b.nodes; j++) {
      float x = scale * b.logits[t * b.width + j];
      if (x == 0) continue; /* not allowed in this step: most are not */
      size_t q = b.q + t * g->d, k = b.k + j * g->d;
      kernel_axpy(x, g->mk + k, g->dq + q, g->d);
      kernel_axpy(x, g->zq[kind - 1] + q, g->dk + k, g->d);
    }
}

/* d used in place of its logits, d role likewise (those hold log-probabilities). */
static void auxiliary_gradients(graph *g, size_t i) {
  static const uint8_t all[WEIGHTS_ROLES] = {1, 1, 1, 1, 1, 1, 1, 1};
  const train_example *e = &g->items[i].example;
  int from = e->first[INPUT_COLUMN], columns = e->first[INPUT_TABLE] - from;
  float used_scale = g->opt->scale * g->opt->used_weight / (float)(e->nodes - from);
  float role_scale = g->opt->scale * g->opt->role_weight / (float)columns;
  for (int j = 0; j < e->nodes; j++) {
    float d = 0, *used = g->used_logit + g->row[i] + j;
    float *role = g->role_logit + (g->row[i] + (size_t)j) * WEIGHTS_ROLES;
    if (j >= from) op_binary_entropy(*used, e->used[j], &d);
    *used = d != 0 ? d * used_scale : 0;
    if (j >= from && j < from + columns)
      op_cross_entropy_backward(role, all, WEIGHTS_ROLES, e->role[j], 0, role_scale);
    else
      memset(role, 0, WEIGHTS_ROLES * sizeof *role);
  }
}

void heads_backward(graph *g, const weights_view *p, const weights_view *dp) {
  size_t d = g->d;
  float *d_tokens = g->scratch;
  for (size_t i = 0; i < g->n; i++) {
    step_gradients(g, i, d_tokens);
    auxiliary_gradients(g, i);
  }
  op_linear_backward(g->steps, d, g->tokens, g->z.y, p->out_tok_w, d_tokens, g->dx, false,
                     dp->out_tok_w, dp->out_tok_b, g->panels);
  op_linear_backward(g->rows, d, 1, g->memory.y, p->used_w, g->used_logit, g->dm, false, dp->used_w,
                     dp->used_b, g->panels);
  op_linear_backward(g->rows, d, WEIGHTS_ROLES, g->memory.y, p->role_w, g->role_logit, g->dm, true,
                     dp->role_w, dp->role_b, g->panels);
  memset(g->dk, 0, g->rows * d * sizeof(float));
  for (int kind = 1; kind < INPUT_KINDS; kind++) {
    memset(g->dq, 0, g->steps * d * sizeof(float));
    for (size_t i = 0; i < g->n; i++) pointer_gradients(g, i, kind);
    op_linear_backward(g->steps, d, d, g->z.y, p->out_pq[kind - 1], g->dq, g->dx, true,
                       dp->out_pq[kind - 1], NULL, g->panels);
  }
  op_linear_backward(g->rows, d, d, g->memory.y, p->out_pk, g->dk, g->dm, true, dp->out_pk, NULL,
                     g->panels);
}
