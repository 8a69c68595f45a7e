/* What train.c, train_sample.c and train_checkpoint.c share: the whole state of a run. */
#ifndef MODEL_TRAIN_STATE_H
#define MODEL_TRAIN_STATE_H

#include "base/rng.h"
#include "model/train.h"
#include "nn/kernels.h"
#include "nn/ops.h"
#include "nn/team.h"

/* A data set and how far its examples have been drawn. */
typedef struct source {
  train_data *data;
  str path;
  double weight, from, to;
  uint32_t *base, *order; /* examples that may be drawn; those in this epoch's order */
  size_t n, at;
  uint64_t epoch;
} source;

typedef struct worker {
  graph *g;
  float *grad;
  weights_view view;   /* into grad */
  size_t first, count; /* its part of the batch */
  graph_result result;
  emend_rc rc;
} worker;

/* A stretch of parameters that one thread updates. */
typedef struct chunk {
  size_t offset, n;
  bool decays;
  double square; /* of its gradient */
} chunk;

struct trainer {
  train_options opt; /* its pointers are not used: see sources */
  arena *mem;
  source sources[TRAIN_MAX_SOURCES];
  size_t n_sources, unusable;
  weights *w;
  float *m, *v, *average;
  team *team;
  worker *workers; /* [opt.threads] */
  graph_item *items;
  size_t n_items;
  chunk *chunks;
  size_t n_chunks;
  long done;
  graph_options graph_opt;
  adamw_step adamw;
  float average_rate;
};

/* ---- train_sample.c ---- */

/** Lists the examples of every source that may be drawn, in their first epoch's order. */
emend_rc sample_begin(trainer *t, emend_error *err);
/** The order of s->epoch: depends on the seed, the source and the epoch alone. */
void sample_shuffle(const trainer *t, source *s);
/** Fills t->items with the next batch; returns its nodes. EMEND_EUSAGE when no source is in use. */
emend_rc sample_batch(trainer *t, int *nodes, emend_error *err);
/** Divides t->items among the workers by their nodes. */
void sample_divide(trainer *t);

/* ---- train.c ---- */

/** The arrays, threads and chunks for t->w. */
emend_rc trainer_prepare(trainer *t, emend_error *err);
emend_rc trainer_check(const train_options *opt, emend_error *err);
/** An empty trainer with opt's sources open. */
emend_rc trainer_open(const train_options *opt, trainer **out, emend_error *err);

#endif
