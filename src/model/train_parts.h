/* What train_graph.c, train_layers.c and train_heads.c share: the tape of one forward pass.
 * Rows are packed: the nodes of all examples one after another ("rows"), likewise their steps. */
#ifndef MODEL_TRAIN_PARTS_H
#define MODEL_TRAIN_PARTS_H

#include "model/train_graph.h"
#include "nn/ops.h"

/* Layer norm, its input and what its backward needs. */
typedef struct norm_tape {
  const float *x;
  float *y, *mean, *rstd;
} norm_tape;

typedef struct attn_tape {
  norm_tape ln;
  float *q, *k, *v, *weights, *o, *out;
} attn_tape;

typedef struct ffn_tape {
  norm_tape ln;
  float *hidden, *out;
} ffn_tape;

/* Weights, or their gradients, of a sublayer. */
typedef struct attn_params {
  float *ln_g, *ln_b, *q, *qb, *k, *kb, *v, *vb, *o, *ob;
  float *rk, *rv, *rb; /* NULL: no relations */
} attn_params;
typedef struct ffn_params {
  float *ln_g, *ln_b, *w1, *b1, *w2, *b2;
} ffn_params;

typedef enum attn_kind { ATTN_ENCODER, ATTN_CAUSAL, ATTN_CROSS } attn_kind;

struct graph {
  const weights *w;
  size_t d, dh, heads, ff, tokens;
  float *block;
  size_t used, size;
  size_t *index; /* the offsets below, in one piece */
  size_t n_index;

  const graph_item *items;
  const graph_options *opt;
  size_t n;
  size_t *row, *step, *logit; /* [n + 1] offsets of each example */
  size_t *pointed;            /* rows that steps before point at [n_pointers] */
  size_t *pointing;           /* the steps after them */
  size_t rows, steps, n_pointers;

  float *x0, *y0, *pointer_in; /* embedded nodes and steps; memory of the rows pointed at */
  norm_tape emb, memory, z;
  attn_tape enc_attn[WEIGHTS_MAX_LAYERS], self[WEIGHTS_MAX_LAYERS], cross[WEIGHTS_MAX_LAYERS];
  ffn_tape enc_ffn[WEIGHTS_MAX_LAYERS], dec_ffn[WEIGHTS_MAX_LAYERS];
  float *zq[3], *mk; /* queries and keys of pointers */
  float *logits, *used_logit, *role_logit;
  uint8_t *allowed; /* of one step */

  /* of the backward */
  float *dx, *dm, *d_h, *dq, *dk, *dv, *d_o, *d_hidden, *d_pointer, *scratch;
  float *panels; /* of one product's weights, both ways */
};

/* Where dropout happens; with the layer it makes a key of its own. */
enum { SITE_EMBED, SITE_DECODER_IN, SITE_WORDS, SITE_LAYERS };
uint64_t graph_site(int decoder, int layer, int place);
/** Dropout of x [rows or steps, width], each example by its own key. */
void graph_drop(const graph *g, float *x, bool steps, size_t width, uint64_t site);

void attn_forward(graph *g, attn_kind kind, const attn_params *p, attn_tape *t, uint64_t site);
/** g->dx: gradient by t->out in, by t->ln.x out. g->dm is added to by ATTN_CROSS. */
void attn_backward(graph *g, attn_kind kind, const attn_params *p, const attn_params *dp,
                   const attn_tape *t, uint64_t site);
void ffn_forward(graph *g, bool steps, const ffn_params *p, ffn_tape *t, uint64_t site);
void ffn_backward(graph *g, bool steps, const ffn_params *p, const ffn_params *dp,
                  const ffn_tape *t, uint64_t site);

void embed_forward(graph *g, const weights_view *p);
void embed_backward(graph *g, const weights_view *p, const weights_view *dp);
void steps_forward(graph *g, const weights_view *p);
void steps_backward(graph *g, const weights_view *p, const weights_view *dp);
/** Logits, log-probabilities and losses into *out. */
void heads_forward(graph *g, const weights_view *p, graph_result *out);
/** From the losses to g->dx (gradient by z) and g->dm (by memory), which are set. */
void heads_backward(graph *g, const weights_view *p, const weights_view *dp);

#endif
