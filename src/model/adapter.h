/* What one database teaches the network: a low-rank change of its attention and pointers (Hu et
 * al. 2022), trained on pairs of questions and SQL, kept in a file of its own. The weights beneath
 * are never written to, so every other database is answered as before, to the byte. */
#ifndef MODEL_ADAPTER_H
#define MODEL_ADAPTER_H

#include <stdatomic.h>

#include "model/model.h"

/* model_adapter is declared in model.h: model_options takes one. */

/** A question and the query that answers it. */
typedef struct model_pair {
  const catalog *cat;
  str question, sql;
} model_pair;

/** How far a training is. */
typedef struct model_adapter_progress {
  long step, steps;
  double loss;       /* mean of the step's examples; lower is better */
  double elapsed_ms; /* of this call */
} model_adapter_progress;

typedef struct model_adapter_options {
  int rank;      /* 0: 8 */
  long steps;    /* 0: by the number of pairs */
  double rate;   /* 0: the measured best */
  double replay; /* share of examples that are taken from `replay`, when there is any; 0: half */
  int threads;   /* 0: 2 */
  uint64_t seed;
  /* NULL: none. Written every few seconds; where it is there already, and of the same pairs,
   * options and weights, the training goes on from it, to the same bits. Removed at the end. */
  const char *checkpoint;
  /* NULL: none. Called after every step, on the calling thread. */
  void (*progress)(void *arg, const model_adapter_progress *now);
  void *arg;
  const atomic_bool *stop; /* NULL: none. Once true, the training ends, its checkpoint written. */
} model_adapter_options;

typedef struct model_adapter_report {
  size_t pairs, unusable; /* taught; left out because no IR says their query */
  size_t replayed, replay_unusable;
  long steps;
  bool resumed;
  double first_loss, last_loss; /* means over the first and the last tenth of the steps */
  double elapsed_ms;
} model_adapter_report;

/**
 * Train an adapter on `pairs`, all of one catalog, mixed with `replay`: pairs of any catalog that
 * are right already and are to stay so (what people confirmed; synthesised questions).
 *
 * About 200 pairs take some two minutes on two cores.
 *
 * Owns:    *out until model_adapter_free; it does not outlive `m`.
 * NULL:    `replay` when n_replay is 0; `opt` and `report` may be NULL.
 * Threads: one call at a time uses `opt->threads` threads; `m` may answer questions meanwhile.
 * Returns: EMEND_OK; EMEND_EUSAGE when no pair is usable; EMEND_ECANCELED after `stop`;
 *          EMEND_EIO (checkpoint); EMEND_EVERSION when the file that `m` was loaded from is no
 *          longer the same; EMEND_ENOMEM.
 */
emend_rc model_adapter_train(const model *m, const model_pair *pairs, size_t n,
                             const model_pair *replay, size_t n_replay,
                             const model_adapter_options *opt, model_adapter **out,
                             model_adapter_report *report, emend_error *err);

/** Atomic. Returns: EMEND_OK, EMEND_EIO, EMEND_ENOMEM. */
emend_rc model_adapter_save(const model_adapter *ad, const char *path, emend_error *err);

/**
 * Owns:    *out until model_adapter_free; it does not outlive `m`.
 * Threads: immutable; may serve any number of threads.
 * Returns: EMEND_OK; EMEND_EVERSION when it was made for other weights than m's; as
 *          tensor_file_open; EMEND_EFORMAT for what is no adapter; EMEND_ENOMEM.
 */
emend_rc model_adapter_load(const model *m, const char *path, model_adapter **out,
                            emend_error *err);
/** NULL is harmless. */
void model_adapter_free(model_adapter *ad);

#endif
