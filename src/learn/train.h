/* A data set to an adapter of the network, in the background if need be. Private to learn/. */
#ifndef LEARN_TRAIN_H
#define LEARN_TRAIN_H

#include "base/jw.h"
#include "learn/dataset.h"
#include "model/adapter.h"

typedef struct learn_training {
  const learn_about *about;
  const model *net;
  const learn_dataset *dataset;
  int threads;            /* 0: 2 */
  long steps;             /* 0: by the number of pairs */
  const char *checkpoint; /* where a training that is cut off goes on from */
  const char *out;        /* where the adapter goes */
  int (*on_progress)(void *ctx, const char *stage, double done, double seconds_left);
  void *ctx;
} learn_training;

/**
 * Pairs of people, their variants and a teacher's are taught; the grammar's are the replay.
 * The same data set gives the same adapter.
 *
 * `figures` gets {"training":{…}}.
 * Returns: EMEND_OK; EMEND_ECANCELED, with the checkpoint written; as model_adapter_train.
 */
emend_rc learn_train_adapter(const learn_training *t, buf *figures, emend_error *err);

#endif
