/* Beam search over the grammar, with what the schema rules out left out. */
#ifndef MODEL_BEAM_H
#define MODEL_BEAM_H

#include "model/example.h"
#include "model/network.h"

enum { BEAM_MAX_WIDTH = 32 };

typedef struct beam_hypothesis {
  ir_seq seq; /* pointers are node numbers */
  double logprob;
} beam_hypothesis;

/**
 * The best `width` whole sequences, most probable first.
 *
 * out [width]: filled up to *n. Owns: scratch in `a`. Returns: EMEND_OK (*n may be 0),
 * EMEND_ENOMEM.
 */
emend_rc beam_search(const network *net, const encoded *enc, const features *f,
                     const link_values *values, int width, arena *a, beam_hypothesis *out, int *n,
                     emend_error *err);

/** Fills allowed [tokens + f->n] for where `g` stands after `seq`. */
void beam_allow(const features *f, const link_values *values, const ir_automaton *g,
                const ir_seq *seq, int n_tokens, uint8_t *allowed);

#endif
