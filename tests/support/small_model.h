/* Weights small enough to be made in a test: random, for the real grammar and relations. */
#ifndef SUPPORT_SMALL_MODEL_H
#define SUPPORT_SMALL_MODEL_H

#include "model/weights.h"

weights_shape small_model_shape(void);
/** Random weights of `shape` into a file; the same seed gives the same ones. */
emend_rc small_model_write(const char *path, weights_shape shape, uint64_t seed);

#endif
