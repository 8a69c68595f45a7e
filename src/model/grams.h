/* Character 3-grams of a word as hash buckets: how the network sees words it never met. */
#ifndef MODEL_GRAMS_H
#define MODEL_GRAMS_H

#include "base/str.h"

enum { GRAMS_BUCKETS = 8192, GRAMS_MAX = 64 };

/**
 * Buckets str_hash(gram) % buckets of the 3-grams, over UTF-8 characters, of "<word>"; of the
 * whole when it has fewer than 3 characters. Words past 64 characters count by their first 64.
 * Part of the weights' format: never change it.
 *
 * Returns: how many, 1 to GRAMS_MAX. buckets is 1 to 65536.
 */
size_t grams_of(str word, uint32_t buckets, uint16_t out[GRAMS_MAX]);

#endif
