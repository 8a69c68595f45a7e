/* Low-rank changes of a network's attention and pointer matrices: W + B A, with B [rows, rank] and
 * A [rank, columns] (Hu et al. 2022). Arithmetic over one block of factors; knows neither files
 * nor training. */
#ifndef MODEL_LOWRANK_H
#define MODEL_LOWRANK_H

#include "model/weights.h"

enum { LOWRANK_MAX_RANK = 64 };

typedef struct lowrank_part {
  weights_tensor of; /* the matrix that it changes */
  size_t b, a;       /* where its factors begin in a block */
} lowrank_part;

typedef struct lowrank {
  int rank;
  lowrank_part *parts;
  size_t n_parts;
  float *block; /* all factors */
  size_t n;     /* floats in it; gradients and moments have the same layout */
} lowrank;

/** All factors zero: changes nothing. Owns: *l until lowrank_free. rank: 1 to LOWRANK_MAX_RANK.
 *  False when memory is exhausted. */
bool lowrank_create(const weights *w, int rank, lowrank *l);
/** Zeroed and empty ones are harmless. */
void lowrank_free(lowrank *l);
/** A random, B zero: changes nothing yet, and can learn. */
void lowrank_randomise(lowrank *l, uint64_t seed);

/** to = from + B A for every matrix that has a part; both are blocks of w's layout, and may be the
 *  same. The other parameters are not touched. */
void lowrank_apply(const lowrank *l, const float *from, float *to);
/** From the gradient by the weights (a block of w's layout) that by the factors, into d [l->n]. */
void lowrank_gradient(const lowrank *l, const float *dw, float *d);

#endif
