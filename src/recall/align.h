/* Is this question that confirmed one in other words? Holds their words, values
 * and operations against each other. Private to this folder. */
#ifndef RECALL_ALIGN_H
#define RECALL_ALIGN_H

#include "recall/entry.h"
#include "recall/lexicon.h"
#include "text/synonyms.h"

/** Pairs of words that people confirmed to mean the same, as hashes of stems. */
typedef struct recall_taught {
  const uint64_t (*pairs)[2]; /* in order */
  size_t n;
} recall_taught;

/** What alignment looks things up in; each may be NULL. */
typedef struct align_context {
  const catalog *cat;
  const recall_lexicon *lexicon;
  const synonyms *synonyms;
  const recall_taught *taught;
} align_context;

/** What keeps two questions apart. */
typedef enum align_fault {
  FAULT_VALUE = 1 << 0, /* a value has no counterpart */
  FAULT_NOT = 1 << 1,
  FAULT_OR = 1 << 2,
  FAULT_END = 1 << 3, /* highest against lowest */
  FAULT_COMPARE = 1 << 4,
  FAULT_AGGREGATE = 1 << 5,
  FAULT_GROUP = 1 << 6,
  FAULT_DISTINCT = 1 << 7,
  FAULT_ORDER = 1 << 8,
  FAULT_TEXT = 1 << 9,         /* begins against contains */
  FAULT_OTHER_NAME = 1 << 10,  /* names something of the schema that the query does not use */
  FAULT_OTHER_VALUE = 1 << 11, /* names a stored value that the query does not use */
  FAULT_PLACES = 1 << 12       /* the same words in other places */
} align_fault;

typedef struct alignment {
  recall_evidence is; /* faults are align_fault, together */
  slots_filling fill;
} alignment;

/** Aligns the question `q` with wording `w` of `e`. With `reasons` (may be NULL) what differs is
 *  told in words. Owns: in `a`. False when out of memory. */
bool align_wordings(const recall_entry *e, const entry_wording *w, const recall_wording *q,
                    const align_context *ctx, arena *a, alignment *out, recall_match *reasons);

/** As align_wordings, and says which words have a counterpart or need none: q_done and w_done hold
 *  WORDING_MAX_WORDS each. */
bool align_words(const recall_entry *e, const entry_wording *w, const recall_wording *q,
                 const align_context *ctx, arena *a, alignment *out, bool *q_done, bool *w_done);

#endif
