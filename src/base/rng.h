/* A small seeded generator (xoshiro256**, Blackman and Vigna 2018) for training,
 * sampling and tests. Not for secrets. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdint.h>

typedef struct rng {
  uint64_t s[4];
} rng;

void rng_seed(rng *r, uint64_t seed);
uint64_t rng_next(rng *r);
/** Uniform in [0, n); n > 0. */
uint32_t rng_below(rng *r, uint32_t n);
/** Uniform in [0, 1). */
double rng_unit(rng *r);
/** Standard normal. */
double rng_normal(rng *r);

#endif
