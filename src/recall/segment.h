/* Some confirmed questions with what finds them: by exact key, and by the words of
 * their wordings. Immutable. Private to this folder. */
#ifndef RECALL_SEGMENT_H
#define RECALL_SEGMENT_H

#include "recall/entry.h"

typedef struct recall_segment {
  atomic_int refs;
  size_t n; /* wordings */
  struct segment_item {
    recall_entry *entry;
    uint16_t wording;
  } * items;
  uint8_t *lengths;              /* words of each, 255 at most */
  uint64_t *keys;                /* hash set over keys, texts and sources, open addressing */
  uint32_t *key_items;           /* 1 + item */
  size_t n_keys;                 /* a power of two */
  uint64_t *terms;               /* hash table: stem */
  uint32_t *term_from, *term_to; /* its range in postings */
  size_t n_terms;                /* a power of two */
  uint32_t *postings;            /* items */
  size_t bytes;
} recall_segment;

/** Over all wordings of `entries` that are not gone; holds their batches.
 *  NULL when out of memory. One reference is the caller's. */
recall_segment *segment_make(recall_entry *const *entries, size_t n);
void segment_ref(recall_segment *s);
void segment_unref(recall_segment *s); /* NULL is harmless */

/** The hash under which a wording is found exactly: of its key, or of its text. */
uint64_t segment_key(uint64_t url_hash, str key_or_text);

/** Calls `each` for the items whose key or text hashes to `key`, until it returns false. */
void segment_exact(const recall_segment *s, uint64_t key,
                   bool (*each)(void *ctx, const struct segment_item *item), void *ctx);

enum { SEGMENT_POOL = 128, SEGMENT_TOUCHED = 20000 };

typedef struct segment_found {
  float score;
  uint32_t item;
} segment_found;

/** What a search works in: all scores are 0 before it and after it. */
typedef struct segment_scratch {
  size_t n; /* items that it has room for */
  float *score;
  uint32_t touched[SEGMENT_TOUCHED];
} segment_scratch;

/** Owns: the caller, until segment_scratch_free. NULL when out of memory. */
segment_scratch *segment_scratch_make(size_t n);
void segment_scratch_free(segment_scratch *s); /* NULL is harmless */

/** The items that share most with `stems`, rare words counting for more: at most SEGMENT_POOL, in
 *  no order. `scratch` has room for all of `s`. Returns how many. */
size_t segment_search(const recall_segment *s, const uint64_t *stems, size_t n,
                      segment_scratch *scratch, segment_found out[SEGMENT_POOL]);

#endif
