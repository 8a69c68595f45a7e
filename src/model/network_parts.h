/* What network.c, encode.c and decode.c share: weights as panels, encoded nodes as keys. */
#ifndef MODEL_NETWORK_PARTS_H
#define MODEL_NETWORK_PARTS_H

#include "model/network.h"

/* y = x wᵀ + b: w as panels. */
typedef struct linear {
  size_t in, out;
  const float *panels, *bias; /* bias NULL: none */
} linear;

typedef struct norm {
  const float *g, *b;
} norm;

typedef struct enc_layer {
  norm ln1, ln2;
  linear q, k, v, o, w1, w2;
  const float *rk, *rv; /* panels for q rkᵀ and bins · rv */
  const float *rb;      /* [heads, relations] */
} enc_layer;

typedef struct dec_layer {
  norm ln1, ln2, ln3;
  linear sq, sk, sv, so, cq, ck, cv, co, w1, w2;
} dec_layer;

struct network {
  weights_shape shape;
  size_t d, dh;
  arena *mem;
  weights *w;   /* its matrices are panels now; embeddings and vectors are as they were */
  float *spare; /* while packing */
  norm emb_ln, enc_ln, dec_ln;
  enc_layer enc[WEIGHTS_MAX_LAYERS];
  dec_layer dec[WEIGHTS_MAX_LAYERS];
  linear used, role, out_tok, ptr_in;
  linear ptr_key[3]; /* pqᵀ pk of each kind: a node's memory to its key for z */
};

/* Keys and values of the nodes, made once for all steps. */
typedef struct encoded_keys {
  int first_node;       /* the first that is not a word */
  const uint8_t *kind;  /* [n] */
  const float *input;   /* [n, d]: what a pointer to the node feeds to the next step */
  const float *pointer; /* panels of the nodes from first_node: z to pointer logits */
  struct {
    const float *k, *v; /* panels of each head, k_size and v_size floats apart */
  } layer[WEIGHTS_MAX_LAYERS];
  size_t k_size, v_size;
} encoded_keys;

/** n zeroed floats on a cache line's beginning; NULL when out of memory. */
float *floats_alloc(arena *a, size_t n);
/** y [rows,out] = x wᵀ + b. */
void linear_apply(const linear *l, size_t rows, const float *x, float *y);
/** y [rows,out] += x wᵀ + b. */
void linear_add(const linear *l, size_t rows, const float *x, float *y);
/** x += w2 relu(w1 norm(x) + b1) + b2; h [rows,d] and hidden [rows,ff] are scratch. */
void feed_forward(const network *net, const norm *ln, const linear *w1, const linear *w2,
                  size_t rows, float *x, float *h, float *hidden);

#endif
