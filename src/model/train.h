/* Training: batches drawn from data sets, gradients by several threads, AdamW, averaged weights,
 * checkpoints from which a run continues as if it had not stopped, and held-out evaluation. The
 * same seed, data and number of threads give the same weights, bit for bit. */
#ifndef MODEL_TRAIN_H
#define MODEL_TRAIN_H

#include "model/train_graph.h"

enum { TRAIN_MAX_SOURCES = 16, TRAIN_NO_FOLD = -1 };

/** A data set's part in the mixture: its share while from ≤ step / steps < to. */
typedef struct train_source {
  const char *path;
  double weight;   /* relative to the others in use */
  double from, to; /* 0 to 1 */
} train_source;

typedef struct train_options {
  const train_source *sources;
  size_t n_sources;
  int fold; /* examples of this fold are held out; TRAIN_NO_FOLD: none */
  long steps;
  int batch_nodes; /* a batch ends when it has this many nodes */
  int threads;     /* 1 to 64 */
  uint64_t seed;
  double rate, warm_up, decay, clip, average; /* peak; part of steps; AdamW's; norm; EMA's */
  double dropout, word_dropout, smoothing, used_weight, role_weight;
  int min_count; /* words rarer than this are unknown */
  int width, heads, enc, dec, ff;
  int fixed_words;  /* not 0: emb.word stays as it began, as vectors made elsewhere must */
  const char *init; /* weights to start from, with their shape and vocabulary; NULL: random */
  const char
      *vectors; /* without init: words and their vectors (train_vectors.h), kept fixed; or NULL */
} train_options;

/** Defaults of docs/network.md: model M, 20,000 steps, 2 threads. */
train_options train_defaults(void);

typedef struct trainer trainer;

/**
 * Open the data sets, build the vocabulary and the weights.
 *
 * Owns:    *out until trainer_free; nothing of `opt` is kept by address.
 * Returns: EMEND_EUSAGE for impossible options; else as train_data_open and weights_load.
 */
emend_rc trainer_create(const train_options *opt, trainer **out, emend_error *err);
/** Continue from a checkpoint, with the options that it holds. `threads` 0: as before. */
emend_rc trainer_resume(const char *checkpoint, int threads, trainer **out, emend_error *err);
/** NULL is harmless. */
void trainer_free(trainer *t);

/** What one step did; means over its examples. */
typedef struct train_report {
  long step;
  int examples, nodes;
  double loss, step_loss, exact, norm, rate; /* exact: share of whole sequences right */
} train_report;

/** One batch, one update. Returns: EMEND_OK; EMEND_EINTERNAL when the gradient is not finite;
 *  EMEND_ENOMEM. */
emend_rc trainer_step(trainer *t, train_report *out, emend_error *err);
/** Steps done, and to do in all. */
long trainer_done(const trainer *t);
long trainer_total(const trainer *t);
/** Examples that may be drawn; those that no training can use. */
size_t trainer_examples(const trainer *t);
size_t trainer_unusable(const trainer *t);

typedef struct train_scores {
  size_t examples;
  double loss, exact, steps_right; /* means; exact and steps_right are shares */
} train_scores;

/** Averaged weights on the held-out fold of all sources: teacher forcing, no smoothing. */
emend_rc trainer_evaluate(trainer *t, train_scores *out, emend_error *err);
/** The same on all usable examples of another data set. */
emend_rc trainer_evaluate_on(trainer *t, const char *path, train_scores *out, emend_error *err);

/** Everything that trainer_resume needs, atomically. */
emend_rc trainer_checkpoint(const trainer *t, const char *path, emend_error *err);
/** The averaged weights in shipped form, called `name`. */
emend_rc trainer_export(trainer *t, const char *name, const char *path, emend_error *err);

/** Weights and averages as they are now; for tests. */
const weights *trainer_weights(const trainer *t);
const float *trainer_average(const trainer *t);

#endif
