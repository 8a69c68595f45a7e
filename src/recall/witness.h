/* The embedded network's word on a confirmed query. Private to recall/ and those above it. */
#ifndef RECALL_WITNESS_H
#define RECALL_WITNESS_H

#include "model/model.h"

/**
 * By how much the log-probability of `sql` under `question` is below that of the network's own best
 * query: 0 when it is that one.
 *
 * Threads: as model_generate. Scratch memory is taken from `a`.
 * Returns: false when the network finds nothing, cannot write `sql`, or memory is exhausted.
 */
bool recall_doubt(const model *net, const catalog *cat, str question, str sql, arena *a,
                  double *gap);

#endif
