/* What align.c, places.c and rest.c share: two questions at work. Private to these three. */
#ifndef RECALL_ALIGNER_H
#define RECALL_ALIGNER_H

#include "recall/align.h"
#include "recall/operations.h"

typedef struct aligner {
  const recall_entry *e;
  const entry_wording *ew;
  const recall_wording *w, *q; /* the confirmed question's words, and the asked one's */
  const align_context *ctx;
  arena *a;
  alignment *out;
  recall_match *reasons;
  bool w_done[WORDING_MAX_WORDS], q_done[WORDING_MAX_WORDS]; /* has a counterpart or needs none */
  bool w_taken[WORDING_MAX_WORDS]; /* part of a value; the question's are out->fill.taken */
} aligner;

/** The text of word `i`. */
str align_text(const recall_wording *w, size_t i);
/** Adds to what differs, where that is wanted. */
void align_tell(aligner *x, const char *before, str what, const char *after);
/** The roles in which the query uses a name with this word. */
unsigned align_roles(const recall_facts *f, uint64_t stem);
/** Whether any word of `w` has this stem. */
bool align_speaks_of(const recall_wording *w, uint64_t stem);
bool align_has_op(const recall_wording *w, recall_op op);
size_t align_count_op(const recall_wording *w, recall_op op);
/** The word "of": "type of product" is one thing as "product type" is. */
bool align_is_of(const recall_word *w);

/** Counts and prices the words on both sides that have no counterpart. */
void rest_charge(aligner *x);
/** Faults of the same words in other places, before words are matched; `w_taken` marks the
 *  confirmed question's words that are part of values. */
void places_compare(aligner *x);
/** The same once it is known which words have no counterpart. */
void places_compare_rest(aligner *x);

#endif
