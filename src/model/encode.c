/* The encoder: nodes to memory, and from memory what the decoder needs. See network.h. */
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "model/network_parts.h"
#include "nn/kernels.h"

static const char STAGE[] = "encode";

/* Scratch of one call, all rows [n, …]. */
typedef struct work {
  arena *mem;
  float *x, *h, *q, *k, *v, *o, *hidden;
  float *scores; /* [n, n] of one head */
  float *by_rel; /* [n, relations] of one head: scores, then bins */
  float *panels; /* of one head's keys, then its values */
} work;

/* ---- checks ---- */

static emend_rc check_input(const network *net, const model_input *in, emend_error *err) {
  if (in->n < 1 || in->n > INPUT_MAX_NODES)
    return err_set(err, EMEND_ELIMIT, STAGE, "%d nodes; %d is the most", in->n, INPUT_MAX_NODES);
  const weights_shape *s = &net->shape;
  for (int i = 0; i < in->n; i++) {
    if (in->kind[i] >= INPUT_KINDS || (i && in->kind[i] < in->kind[i - 1]))
      return err_set(err, EMEND_EUSAGE, STAGE, "node %d is out of order", i);
    if (in->word_off[i + 1] < in->word_off[i])
      return err_set(err, EMEND_EUSAGE, STAGE, "node %d has impossible words", i);
  }
  for (int32_t w = in->word_off[0]; w < in->word_off[in->n]; w++) {
    const model_word *word = &in->words[w];
    bool ok = word->id >= 0 && word->id < s->vocab && word->n_grams >= 1;
    for (int32_t g = 0; ok && g < word->n_grams; g++) ok = word->grams[g] < s->grams;
    if (!ok) return err_set(err, EMEND_EUSAGE, STAGE, "word %d is out of range", (int)w);
  }
  size_t pairs = (size_t)in->n * (size_t)in->n;
  for (size_t i = 0; i < pairs; i++)
    if (in->rel[i] >= s->relations)
      return err_set(err, EMEND_EUSAGE, STAGE, "a relation is out of range");
  return EMEND_OK;
}

static bool make_work(const network *net, size_t n, work *w) {
  size_t d = net->d;
  w->mem = arena_create(SIZE_MAX / 4);
  if (!w->mem) return false;
  size_t panels = panel_size(n, net->dh), values = panel_size(net->dh, n);
  w->x = floats_alloc(w->mem, n * d);
  w->h = floats_alloc(w->mem, n * d);
  w->q = floats_alloc(w->mem, n * d);
  w->k = floats_alloc(w->mem, n * d);
  w->v = floats_alloc(w->mem, n * d);
  w->o = floats_alloc(w->mem, n * d);
  w->hidden = floats_alloc(w->mem, n * (size_t)net->shape.ff);
  w->scores = floats_alloc(w->mem, n * n);
  w->by_rel = floats_alloc(w->mem, n * (size_t)net->shape.relations);
  w->panels = floats_alloc(w->mem, panels > values ? panels : values);
  return !arena_failed(w->mem);
}

/* ---- layers ---- */

static void embed(const network *net, const model_input *in, float *x) {
  size_t d = net->d;
  for (int i = 0; i < in->n; i++) {
    float *row = x + (size_t)i * d;
    int32_t from = in->word_off[i], to = in->word_off[i + 1];
    float share = to > from ? 1.0f / (float)(to - from) : 0;
    for (int32_t w = from; w < to; w++) network_add_word(net, &in->words[w], share, row);
    kernel_axpy(1, net->w->p.emb_kind + in->kind[i] * d, row, d);
    for (size_t f = 0; f < WEIGHTS_FLAGS; f++)
      if (in->flags[i] >> f & 1)
        kernel_axpy(1, net->w->p.emb_flag + (in->kind[i] * (size_t)WEIGHTS_FLAGS + f) * d, row, d);
  }
  kernel_layernorm((size_t)in->n, d, x, net->emb_ln.g, net->emb_ln.b, x, NULL, NULL);
}

/* One head's output into w->o; relations are looked up in q rkᵀ and binned before rv. */
static void attend(const network *net, const enc_layer *l, const model_input *in, size_t head,
                   work *w) {
  size_t n = (size_t)in->n, d = net->d, dh = net->dh, at = head * dh;
  size_t relations = (size_t)net->shape.relations;
  float scale = 1.0f / sqrtf((float)dh);
  panel_pack_rows(w->k + at, d, n, dh, w->panels);
  panel_gemm(n, n, dh, w->q + at, d, w->panels, NULL, w->scores, n);
  panel_gemm(n, relations, dh, w->q + at, d, l->rk, l->rb + head * relations, w->by_rel, relations);
  for (size_t i = 0; i < n; i++) {
    float *row = w->scores + i * n, *by_rel = w->by_rel + i * relations;
    kernel_relation_softmax(row, in->rel + i * n, by_rel, n, scale);
    kernel_relation_bins(row, in->rel + i * n, n, by_rel, relations);
  }
  panel_pack_cols(w->v + at, d, n, dh, w->panels);
  panel_gemm(n, dh, n, w->scores, n, w->panels, NULL, w->o + at, d);
  panel_gemm_add(n, dh, relations, w->by_rel, relations, l->rv, NULL, w->o + at, d);
}

static void encode_layer(const network *net, const enc_layer *l, const model_input *in, work *w) {
  size_t n = (size_t)in->n;
  kernel_layernorm(n, net->d, w->x, l->ln1.g, l->ln1.b, w->h, NULL, NULL);
  linear_apply(&l->q, n, w->h, w->q);
  linear_apply(&l->k, n, w->h, w->k);
  linear_apply(&l->v, n, w->h, w->v);
  for (size_t h = 0; h < (size_t)net->shape.heads; h++) attend(net, l, in, h, w);
  linear_add(&l->o, n, w->o, w->x);
  feed_forward(net, &l->ln2, &l->w1, &l->w2, n, w->x, w->h, w->hidden);
}

/* ---- what comes out ---- */

static bool auxiliary(const network *net, const model_input *in, const float *m, arena *a,
                      encoded *e) {
  size_t n = (size_t)in->n;
  float *used = ARENA_ARRAY(a, float, n), *role = ARENA_ARRAY(a, float, n *WEIGHTS_ROLES);
  if (!used || !role) return false;
  linear_apply(&net->used, n, m, used);
  linear_apply(&net->role, n, m, role);
  for (size_t i = 0; i < n; i++) {
    float *roles = role + i * WEIGHTS_ROLES;
    used[i] = in->kind[i] == INPUT_WORD ? 0 : 1.0f / (1.0f + expf(-used[i]));
    if (in->kind[i] == INPUT_COLUMN)
      kernel_softmax(roles, WEIGHTS_ROLES, 1);
    else
      memset(roles, 0, WEIGHTS_ROLES * sizeof *roles);
  }
  e->used = used;
  e->role = role;
  return true;
}

/* Keys for pointers: each kind's nodes through that kind's matrix; and the nodes as inputs. */
static bool pointer_keys(const network *net, const model_input *in, const float *m, arena *a,
                         work *w, encoded_keys *k) {
  size_t n = (size_t)in->n, d = net->d;
  uint8_t *kind = arena_alloc(a, n);
  float *input = floats_alloc(a, n * d);
  k->first_node = 0;
  while (k->first_node < in->n && in->kind[k->first_node] == INPUT_WORD) k->first_node++;
  size_t first = (size_t)k->first_node;
  float *pointer = floats_alloc(a, panel_size(n - first, d));
  if (!kind || !input || !pointer) return false;
  memcpy(kind, in->kind, n);
  for (size_t from = first, to; from < n; from = to) {
    for (to = from; to < n && kind[to] == kind[from];) to++;
    linear_apply(&net->ptr_key[kind[from] - 1], to - from, m + from * d, w->h + from * d);
  }
  panel_pack_rows(w->h + first * d, d, n - first, d, pointer);
  linear_apply(&net->ptr_in, n - first, m + first * d, input + first * d);
  for (size_t i = first; i < n; i++)
    kernel_axpy(1, net->w->p.dec_ptr_kind + (kind[i] - 1u) * d, input + i * d, d);
  k->kind = kind;
  k->input = input;
  k->pointer = pointer;
  return true;
}

static bool cross_keys(const network *net, size_t n, const float *m, arena *a, work *w,
                       encoded_keys *keys) {
  size_t d = net->d, dh = net->dh, heads = (size_t)net->shape.heads;
  keys->k_size = panel_size(n, dh);
  keys->v_size = panel_size(dh, n);
  for (int l = 0; l < net->shape.dec; l++) {
    float *k = floats_alloc(a, heads * keys->k_size), *v = floats_alloc(a, heads * keys->v_size);
    if (!k || !v) return false;
    linear_apply(&net->dec[l].ck, n, m, w->k);
    linear_apply(&net->dec[l].cv, n, m, w->v);
    for (size_t h = 0; h < heads; h++) {
      panel_pack_rows(w->k + h * dh, d, n, dh, k + h * keys->k_size);
      panel_pack_cols(w->v + h * dh, d, n, dh, v + h * keys->v_size);
    }
    keys->layer[l].k = k;
    keys->layer[l].v = v;
  }
  return true;
}

emend_rc network_encode(const network *net, const model_input *in, arena *a, encoded **out,
                        emend_error *err) {
  *out = NULL;
  emend_rc rc = check_input(net, in, err);
  if (rc != EMEND_OK) return rc;
  size_t n = (size_t)in->n;
  work w = {0};
  encoded *e = ARENA_NEW(a, encoded);
  encoded_keys *keys = ARENA_NEW(a, encoded_keys);
  float *memory = floats_alloc(a, n * net->d);
  bool ok = e && keys && memory && make_work(net, n, &w);
  if (ok) {
    embed(net, in, w.x);
    for (int l = 0; l < net->shape.enc; l++) encode_layer(net, &net->enc[l], in, &w);
    kernel_layernorm(n, net->d, w.x, net->enc_ln.g, net->enc_ln.b, memory, NULL, NULL);
    *e = (encoded){.n = in->n, .memory = memory, .keys = keys};
    ok = auxiliary(net, in, memory, a, e) && pointer_keys(net, in, memory, a, &w, keys) &&
         cross_keys(net, n, memory, a, &w, keys);
  }
  arena_destroy(w.mem);
  if (!ok) return err_nomem(err, STAGE);
  *out = e;
  return EMEND_OK;
}
