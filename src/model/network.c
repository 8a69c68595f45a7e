/* Loading the network: weights packed for fast products, and the vocabulary. See network.h. */
#include "model/network.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/grams.h"
#include "model/network_parts.h"
#include "nn/kernels.h"

static const char STAGE[] = "network";

/* Panels take the place of the matrix where they have its size, so that loading touches little
 * memory. `w` is spent. */
static linear pack(network *net, size_t out, size_t in, float *w, const float *b) {
  float *panels = w;
  if (out % PANEL == 0) {
    for (size_t row = 0; row < out; row += PANEL) {
      memcpy(net->spare, w + row * in, PANEL * in * sizeof *w);
      panel_pack_rows(net->spare, in, PANEL, in, w + row * in);
    }
  } else {
    panels = floats_alloc(net->mem, panel_size(out, in));
    if (panels) panel_pack_rows(w, in, out, in, panels);
  }
  return (linear){in, out, panels, b};
}

static void pack_relations(network *net, const enc_view *p, enc_layer *l) {
  size_t n = (size_t)net->shape.relations, heads = (size_t)net->shape.heads;
  float *rv = floats_alloc(net->mem, panel_size(net->dh, n));
  float *rb = floats_alloc(net->mem, heads * n);
  if (!rv || !rb) return;
  panel_pack_cols(p->rv, net->dh, n, net->dh, rv);
  for (size_t h = 0; h < heads; h++)
    for (size_t r = 0; r < n; r++) rb[h * n + r] = p->rb[r * heads + h];
  l->rk = pack(net, n, net->dh, p->rk, NULL).panels;
  l->rv = rv;
  l->rb = rb;
}

static void pack_enc(network *net, const enc_view *p, enc_layer *l) {
  size_t d = net->d, ff = (size_t)net->shape.ff;
  l->ln1 = (norm){p->ln1_g, p->ln1_b};
  l->ln2 = (norm){p->ln2_g, p->ln2_b};
  l->q = pack(net, d, d, p->wq, p->bq);
  l->k = pack(net, d, d, p->wk, p->bk);
  l->v = pack(net, d, d, p->wv, p->bv);
  l->o = pack(net, d, d, p->wo, p->bo);
  l->w1 = pack(net, ff, d, p->w1, p->b1);
  l->w2 = pack(net, d, ff, p->w2, p->b2);
  pack_relations(net, p, l);
}

static void pack_dec(network *net, const dec_view *p, dec_layer *l) {
  size_t d = net->d, ff = (size_t)net->shape.ff;
  l->ln1 = (norm){p->ln1_g, p->ln1_b};
  l->ln2 = (norm){p->ln2_g, p->ln2_b};
  l->ln3 = (norm){p->ln3_g, p->ln3_b};
  l->sq = pack(net, d, d, p->sq, p->sqb);
  l->sk = pack(net, d, d, p->sk, p->skb);
  l->sv = pack(net, d, d, p->sv, p->svb);
  l->so = pack(net, d, d, p->so, p->sob);
  l->cq = pack(net, d, d, p->cq, p->cqb);
  l->ck = pack(net, d, d, p->ck, p->ckb);
  l->cv = pack(net, d, d, p->cv, p->cvb);
  l->co = pack(net, d, d, p->co, p->cob);
  l->w1 = pack(net, ff, d, p->w1, p->b1);
  l->w2 = pack(net, d, ff, p->w2, p->b2);
}

/* A pointer's logit is (pq z)·(pk m) / sqrt(d) = z·(pqᵀ pk m / sqrt(d)): one matrix for each kind,
 * applied to the nodes once, instead of three products a step. */
static bool pack_pointers(network *net, const weights_view *p) {
  size_t d = net->d;
  float *pq = mem_alloc(d * d * sizeof *pq), *pk = mem_alloc(panel_size(d, d) * sizeof *pk);
  bool ok = pq && pk;
  float scale = 1.0f / sqrtf((float)d);
  if (ok) panel_pack_cols(p->out_pk, d, d, d, pk);
  for (int kind = 0; ok && kind < 3; kind++) {
    for (size_t i = 0; i < d; i++)
      for (size_t j = 0; j < d; j++) pq[j * d + i] = p->out_pq[kind][i * d + j] * scale;
    panel_gemm(d, d, d, pq, d, pk, NULL, p->out_pq[kind], d);
    net->ptr_key[kind] = pack(net, d, d, p->out_pq[kind], NULL);
  }
  mem_free(pk);
  mem_free(pq);
  return ok;
}

static bool pack_all(network *net) {
  const weights_view *p = &net->w->p;
  const weights_shape *s = &net->shape;
  size_t d = net->d, widest = s->ff > s->width ? (size_t)s->ff : d;
  net->spare = mem_alloc(PANEL * widest * sizeof *net->spare);
  if (!net->spare) return false;
  net->emb_ln = (norm){p->emb_ln_g, p->emb_ln_b};
  net->enc_ln = (norm){p->enc_ln_g, p->enc_ln_b};
  net->dec_ln = (norm){p->dec_ln_g, p->dec_ln_b};
  for (int l = 0; l < s->enc; l++) pack_enc(net, &p->enc[l], &net->enc[l]);
  for (int l = 0; l < s->dec; l++) pack_dec(net, &p->dec[l], &net->dec[l]);
  net->used = pack(net, 1, d, p->used_w, p->used_b);
  net->role = pack(net, WEIGHTS_ROLES, d, p->role_w, p->role_b);
  net->out_tok = pack(net, (size_t)s->tokens, d, p->out_tok_w, p->out_tok_b);
  net->ptr_in = pack(net, d, d, p->dec_ptr_in, NULL);
  bool ok = pack_pointers(net, p) && !arena_failed(net->mem);
  mem_free(net->spare);
  return ok;
}

emend_rc network_create(weights *w, network **out, emend_error *err) {
  *out = NULL;
  arena *mem = arena_create(SIZE_MAX / 4);
  network *net = mem ? ARENA_NEW(mem, network) : NULL;
  if (!net) {
    arena_destroy(mem);
    weights_free(w);
    return err_nomem(err, STAGE);
  }
  *net = (network){.shape = w->shape,
                   .d = (size_t)w->shape.width,
                   .dh = (size_t)(w->shape.width / w->shape.heads),
                   .mem = mem,
                   .w = w};
  if (!pack_all(net)) {
    network_free(net);
    return err_nomem(err, STAGE);
  }
  *out = net;
  return EMEND_OK;
}

emend_rc network_load(const char *path, network **out, emend_error *err) {
  weights *w = NULL;
  *out = NULL;
  emend_rc rc = weights_load(path, &w, err);
  return rc == EMEND_OK ? network_create(w, out, err) : rc;
}

void network_free(network *net) {
  if (!net) return;
  weights_free(net->w);
  arena_destroy(net->mem);
}

const weights_shape *network_shape(const network *net) { return &net->shape; }
str network_name(const network *net) { return net->w->name; }
int network_ir_version(const network *net) { return net->w->ir_version; }
uint64_t network_checksum(const network *net) { return net->w->checksum; }

bool network_word(const network *net, str lower, arena *a, model_word *out) {
  uint16_t grams[GRAMS_MAX];
  size_t n = grams_of(lower, (uint32_t)net->shape.grams, grams);
  uint16_t *kept = ARENA_ARRAY(a, uint16_t, n);
  if (!kept) return false;
  memcpy(kept, grams, n * sizeof *kept);
  *out = (model_word){weights_word(net->w, lower), (int32_t)n, kept};
  return true;
}

void network_add_word(const network *net, const model_word *w, float weight, float *x) {
  size_t d = net->d;
  float each = weight / (float)w->n_grams;
  kernel_axpy(weight, net->w->p.emb_word + (size_t)w->id * d, x, d);
  for (int32_t g = 0; g < w->n_grams; g++)
    kernel_axpy(each, net->w->p.emb_gram + w->grams[g] * d, x, d);
}

/* ---- shared arithmetic ---- */

float *floats_alloc(arena *a, size_t n) {
  if (n > SIZE_MAX / 8) return NULL;
  char *p = arena_alloc(a, n * sizeof(float) + 64);
  return p ? (float *)(void *)(p + (64 - (uintptr_t)p % 64) % 64) : NULL;
}

void linear_apply(const linear *l, size_t rows, const float *x, float *y) {
  panel_gemm(rows, l->out, l->in, x, l->in, l->panels, l->bias, y, l->out);
}

void linear_add(const linear *l, size_t rows, const float *x, float *y) {
  panel_gemm_add(rows, l->out, l->in, x, l->in, l->panels, l->bias, y, l->out);
}

void feed_forward(const network *net, const norm *ln, const linear *w1, const linear *w2,
                  size_t rows, float *x, float *h, float *hidden) {
  kernel_layernorm(rows, net->d, x, ln->g, ln->b, h, NULL, NULL);
  linear_apply(w1, rows, h, hidden);
  for (size_t i = 0; i < rows * w1->out; i++) hidden[i] = hidden[i] > 0 ? hidden[i] : 0;
  linear_add(w2, rows, hidden, x);
}
