/* What is confirmed right now: segments that readers share without a lock, while a
 * writer makes the next state. Private to this folder. */
#ifndef RECALL_SNAPSHOT_H
#define RECALL_SNAPSHOT_H

#include <pthread.h>

#include "recall/align.h"
#include "recall/segment.h"

enum { SNAPSHOT_SEGMENTS = 64, SNAPSHOT_SPARES = 16 };

/** Words that people confirmed to mean the same, for one source. */
typedef struct taught_words {
  uint64_t url_hash;
  uint64_t (*pairs)[2]; /* in order */
  size_t n;
} taught_words;

typedef struct recall_snapshot {
  atomic_int refs;
  size_t n_segments;
  recall_segment *segments[SNAPSHOT_SEGMENTS]; /* largest first */
  taught_words *taught;
  size_t n_taught;
} recall_snapshot;

/** A catalog's words, kept until the end. */
typedef struct lexicon_node {
  struct lexicon_node *next;
  uint64_t url_hash;
  char version[17];
  recall_lexicon words;
} lexicon_node;

struct recall {
  pthread_mutex_t lock; /* one writer at a time */
  _Atomic(recall_snapshot *) now;
  atomic_uint phase, readers[2];                     /* who is just taking a reference */
  _Atomic(lexicon_node *) lexicons;                  /* only ever grows */
  _Atomic(segment_scratch *) spare[SNAPSHOT_SPARES]; /* of searches that are over */
};

/** The state now, with a reference of the caller's own. Takes no lock. */
recall_snapshot *snapshot_take(recall *r);
void snapshot_unref(recall_snapshot *s);

/** The words of `cat`'s names. NULL when out of memory. */
const recall_lexicon *snapshot_lexicon(recall *r, str url, const catalog *cat);
/** Room for a search among `n` items, to be given back. Takes no lock. NULL when out of memory. */
segment_scratch *snapshot_scratch(recall *r, size_t n);
void snapshot_give_back(recall *r, segment_scratch *s);
/** What was taught for a source; NULL: nothing. */
const taught_words *snapshot_taught(const recall_snapshot *s, uint64_t url_hash);

#endif
