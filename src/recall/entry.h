/* One confirmed question in memory: its wordings read, its query's facts, who
 * confirmed it. Immutable but for its state. Private to this folder. */
#ifndef RECALL_ENTRY_H
#define RECALL_ENTRY_H

#include <stdatomic.h>

#include "recall/slots.h"

typedef enum entry_state { ENTRY_ACTIVE, ENTRY_REVIEW, ENTRY_GONE } entry_state;

/** A way to put the question that a person confirmed. */
typedef struct entry_wording {
  recall_wording words;
  recall_slots slots;
} entry_wording;

enum { ENTRY_MAX_WORDINGS = 64 };

struct entry_batch;
typedef struct recall_entry {
  struct entry_batch *batch; /* which memory it lives in */
  atomic_int state;          /* entry_state */
  uint64_t url_hash;
  str id, url, question, sql, by, at;
  str tables; /* what the query's tables looked like when it was confirmed */
  sql_dialect_id dialect;
  bool has_facts; /* the query is of a kind that facts.c can read */
  recall_facts facts;
  entry_wording *wordings;
  uint16_t n_wordings, n_refused;
  uint64_t *refused; /* hashes of the keys of questions that it was said not to be */
} recall_entry;

/** Entries that were read together, in one piece of memory that lives until nobody uses it. */
typedef struct entry_batch {
  atomic_int refs;
  arena *mem;
  recall_entry *entries;
  size_t n;
} entry_batch;

/** Reads records. Owns: *out, one reference. */
emend_rc entry_batch_read(const recall_record *records, size_t n, entry_batch **out,
                          emend_error *err);
void entry_batch_ref(entry_batch *b);
void entry_batch_unref(entry_batch *b); /* NULL is harmless */

#endif
