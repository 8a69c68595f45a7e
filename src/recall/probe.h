/* What taught.c compares: words without values, shapes of queries. Private to recall/. */
#ifndef RECALL_PROBE_H
#define RECALL_PROBE_H

#include "recall/taught.h"

/** A stored question's words, those of its query's literals left out; {NULL,0}: out of memory. */
str recall_mask_stored(str question, str sql, arena *a);

/** Hashes of the stems of words with content, sorted. */
typedef struct recall_stems {
  uint32_t *items;
  size_t n;
} recall_stems;
bool recall_stems_read(str masked, arena *a, recall_stems *out); /* false: out of memory */
size_t recall_stems_shared(const recall_stems *x, const recall_stems *y);

/** 0..1; 0 when either is not known. */
double recall_shape_similarity(uint64_t x, uint64_t y);

#endif
