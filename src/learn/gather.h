/* What people gave of a source, as pairs to learn from. Private to learn/. */
#ifndef LEARN_GATHER_H
#define LEARN_GATHER_H

#include "learn/pairs.h"
#include "store/store.h"

/**
 * Verified and applied corrections, confirmed questions, and examples that people wrote or brought
 * in, of the source `about`. What people who opted out gave is passed over: *n_opted_out counts it.
 *
 * Owns:    *out in `a`.
 */
emend_rc learn_gather(store *s, str about, arena *a, learn_pairs *out, size_t *n_opted_out,
                      emend_error *err);

#endif
