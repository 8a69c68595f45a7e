/* The network at work: encode a question with its schema, then decode step by step, many
 * hypotheses at a time, or score whole sequences. Arithmetic only: knows neither SQL nor grammar;
 * the caller says what is allowed at each step. The mathematics is in docs/network.md. */
#ifndef MODEL_NETWORK_H
#define MODEL_NETWORK_H

#include "model/input.h"
#include "model/weights.h"

typedef struct network network;

/**
 * Load shipped weights and lay them out for fast products.
 *
 * Owns:    *out until network_free.
 * Threads: immutable; any number of threads may encode and decode at once.
 * Returns: as weights_load.
 */
emend_rc network_load(const char *path, network **out, emend_error *err);
/** From weights in memory, which it takes over, also when it fails. Returns: EMEND_OK or
 *  EMEND_ENOMEM. */
emend_rc network_create(weights *w, network **out, emend_error *err);
/** NULL is harmless. */
void network_free(network *net);

const weights_shape *network_shape(const network *net);
str network_name(const network *net);
int network_ir_version(const network *net);
/** Of the weights' file; 0 when they came from none. */
uint64_t network_checksum(const network *net);

/** A word (lower case) as the network sees it; its grams live in `a`. False when out of memory. */
bool network_word(const network *net, str lower, arena *a, model_word *out);
/** x [width] += weight * the word's vector (its own and its grams'). */
void network_add_word(const network *net, const model_word *w, float weight, float *x);

/** A question and schema, encoded. */
typedef struct encoded {
  int n;               /* nodes */
  const float *memory; /* [n, width] */
  const float *used;   /* [n]: probability that a schema or value node is used; 0 for words */
  const float *role;   /* [n, WEIGHTS_ROLES]: of columns, probabilities of column_role; else 0 */
  const struct encoded_keys *keys; /* what the decoder needs of the nodes */
} encoded;

/**
 * Encode `in`.
 *
 * Owns:    **out lives in `a`; `in` is not kept.
 * Threads: one arena a thread; `net` is shared.
 * Returns: EMEND_OK; EMEND_ELIMIT for more than INPUT_MAX_NODES nodes; EMEND_EUSAGE for ids out of
 *          range or nodes out of order; EMEND_ENOMEM.
 */
emend_rc network_encode(const network *net, const model_input *in, arena *a, encoded **out,
                        emend_error *err);

/** What a hypothesis did last, and where that leaves it. */
typedef struct decoder_row {
  int parent;    /* its row in the step before; not read in the first step */
  uint8_t kind;  /* of the step that it took last: 0 token, else INPUT_* of the node */
  int32_t id;    /* the token, or the node; not read in the first step, where it is BOS (0) */
  uint8_t state; /* grammar state now */
} decoder_row;

typedef struct decoder decoder;

/** A decoder for at most `max_rows` hypotheses over `enc`, which stays as it is.
 *  Owns: *out in `a`, as `net` and `enc` long. Returns: EMEND_OK or EMEND_ENOMEM. */
emend_rc decoder_create(const network *net, const encoded *enc, int max_rows, arena *a,
                        decoder **out, emend_error *err);

/** Steps taken so far. */
int decoder_steps(const decoder *d);

/**
 * One step for n ≤ max_rows hypotheses: log-probabilities of everything that may come next.
 * A hypothesis that forks is named as parent by several rows; nothing is copied for it.
 *
 * allowed [n, tokens + nodes]: 1 where the grammar and the schema admit that token or node; each
 * row admits at least one. logp [n, tokens + nodes]: normalised over those; -INFINITY elsewhere.
 *
 * Returns: EMEND_OK; EMEND_ELIMIT past WEIGHTS_MAX_STEPS steps; EMEND_EUSAGE for a row, id or
 *          state out of range; EMEND_ENOMEM.
 */
emend_rc decoder_step(decoder *d, int n, const decoder_row *rows, const uint8_t *allowed,
                      float *logp, emend_error *err);

/** One step of a given sequence. */
typedef struct scored_step {
  uint8_t kind, state; /* of the step, and the grammar state before it */
  int32_t id;          /* token or node */
} scored_step;

/**
 * Log-probability of each step of a given sequence, all steps in one pass.
 *
 * allowed [n, tokens + nodes] as for decoder_step; logp [n]. A step that is not allowed has
 * -INFINITY. Scratch memory is taken from `a`.
 *
 * Returns: as decoder_step.
 */
emend_rc network_score(const network *net, const encoded *enc, int n, const scored_step *steps,
                       const uint8_t *allowed, arena *a, float *logp, emend_error *err);

#endif
