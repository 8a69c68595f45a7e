/* Made-up pairs for one database: from our own grammar, from people's pairs with other values in
 * them, and from a teacher. Only pairs that the checks pass, that run, and that the judge believes
 * are kept. */
#ifndef LEARN_SYNTHESISE_H
#define LEARN_SYNTHESISE_H

#include "generate/generate.h"
#include "learn/pairs.h"
#include "store/learning.h"

typedef struct learn_synthesis {
  size_t count;                    /* pairs wanted */
  uint64_t seed;                   /* the same seed and database give the same pairs */
  bool reserved;                   /* only of templates that are set aside, to measure with */
  const store_failed_list *failed; /* half of the pairs stay near these; may be NULL */
  const learn_pairs *people;       /* varied: the same with other values; may be NULL */
  const generator *teacher; /* SQL for what failed, words for the grammar's SQL; may be NULL */
  /** Called now and then; not 0 cancels. May be NULL. */
  int (*on_progress)(void *ctx, size_t done, size_t total);
  void *ctx;
} learn_synthesis;

/** Owns: *out in `a`. Fewer than wanted is no error. Returns: EMEND_OK; EMEND_ECANCELED;
 *  EMEND_ENOMEM; what the teacher failed with. */
emend_rc learn_synthesise(const learn_about *about, const learn_synthesis *what, arena *a,
                          learn_pairs *out, learn_cleaning *report, emend_error *err);

#endif
