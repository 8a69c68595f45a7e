/* A data set of examples (docs/network.md), mapped and checked: everything that training reads
 * from it afterwards is known to be in range. Written by dataset.h. */
#ifndef MODEL_TRAIN_DATA_H
#define MODEL_TRAIN_DATA_H

#include "model/weights.h"

enum { TRAIN_NEVER_HELD_OUT = 255 };

typedef struct train_data {
  tensor_file *file;
  int relations, tokens, states, grams;
  size_t n, n_words; /* examples; distinct words */
  const char *word_text;
  const int32_t *word_off, *word_count, *word_gram_off;
  const uint16_t *word_grams;
  const int64_t *ex_node, *ex_rel, *ex_step;
  const uint8_t *ex_fold;
  const uint8_t *node_kind, *node_used, *node_role;
  const uint16_t *node_flags;
  const int64_t *node_word_off;
  const int32_t *node_words;
  const uint8_t *rel, *step_kind, *step_state;
  const int32_t *step_id;
  const uint8_t *state_mask; /* [states, tokens + 3] */
  int32_t *word_id;          /* in a vocabulary; NULL before train_data_bind */
} train_data;

/** One example, pointing into its data set. */
typedef struct train_example {
  const train_data *data;
  int nodes, steps;
  int first[5]; /* nodes of kind k: first[k] to first[k + 1] - 1 */
  const uint8_t *kind, *used, *role, *rel;
  const uint16_t *flags;
  const int64_t *word_off; /* [nodes + 1], into data->node_words */
  const uint8_t *step_kind, *step_state;
  const int32_t *step_id;
} train_example;

/**
 * Owns:    *out until train_data_close.
 * Threads: immutable after train_data_bind; may be shared.
 * Returns: as tensor_file_open; EMEND_EFORMAT naming what is out of range.
 */
emend_rc train_data_open(const char *path, train_data **out, emend_error *err);
/** NULL is harmless. */
void train_data_close(train_data *d);

/** i < d->n. */
train_example train_data_at(const train_data *d, size_t i);

/** True when the example can be learnt: it has 1 to WEIGHTS_MAX_STEPS steps, and the mask allows
 *  every one of them. */
bool train_data_usable(const train_data *d, size_t i);

/** May step `kind` (0 token, 1 to 3 a node of that kind) with `id` follow `state`? */
bool train_data_allows(const train_data *d, uint8_t state, uint8_t kind, int32_t id);

/** Finds every word in w's vocabulary. Returns: EMEND_OK; EMEND_EUSAGE when data set and weights
 *  differ in relations, tokens, states or grams; EMEND_ENOMEM. */
emend_rc train_data_bind(train_data *d, const weights *w, emend_error *err);

/**
 * The words that occur at least `min_count` times in all of `sets`, most frequent first, after
 * "<unk>".
 *
 * Owns:    *out in `a`, pointing into the data sets.
 * Returns: EMEND_OK or EMEND_ENOMEM.
 */
emend_rc train_data_vocabulary(train_data *const *sets, size_t n_sets, int min_count, arena *a,
                               str **out, int *n, emend_error *err);

#endif
