/* Beam search over the grammar, with what the schema rules out left out. */
#ifndef MODEL_BEAM_H
#define MODEL_BEAM_H

#include "model/example.h"
#include "model/network.h"

/** BEAM_HOPELESS: a beginning that is worth so much less (natural logarithm) than the best is let
 * go. Steps cost by the row, and what ends up chosen is all but always within 2 of the
 * likeliest. */
enum { BEAM_MAX_WIDTH = 32, BEAM_MAX_MEMBERS = 2, BEAM_HOPELESS = 4 };

/** A network, and what it made of the question. All members have the same tokens, states and nodes.
 */
typedef struct beam_member {
  const network *net;
  const encoded *enc;
} beam_member;

typedef struct beam_hypothesis {
  ir_seq seq; /* pointers are node numbers */
  double logprob;
  double worth; /* logprob and what beam.c adds for its steps, so that short ones do not win */
} beam_hypothesis;

/**
 * The `width` whole sequences of most worth at most, the best first, none hopeless beside it. At
 * each step the members' beliefs are averaged.
 *
 * out [width]: filled up to *n. Owns: scratch in `a`. Returns: EMEND_OK (*n may be 0),
 * EMEND_ENOMEM.
 */
emend_rc beam_search(const beam_member *members, int n_members, const features *f,
                     const link_values *values, int width, arena *a, beam_hypothesis *out, int *n,
                     emend_error *err);

/** logp [n], of n_members networks one after the other: their average in the first n places. */
void beam_average(float *logp, int n_members, size_t n);

/** Fills allowed [tokens + f->n] for where `g` stands after `seq`. */
void beam_allow(const features *f, const link_values *values, const ir_automaton *g,
                const ir_seq *seq, int n_tokens, uint8_t *allowed);

#endif
