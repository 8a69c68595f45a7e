/* The frozen suite of a source: questions with known answers that a version is measured on before
 * it may answer, the same for every version. */
#ifndef LEARN_SUITE_H
#define LEARN_SUITE_H

#include "ask/ask.h"
#include "learn/compare.h"
#include "learn/pairs.h"
#include "store/learning.h"

/**
 * The suite of the source: what it held before, then those of `reserved` and `made_up` that are
 * not in it yet. What was once in it stays, unless its SQL no longer runs; made-up questions are
 * added only until there are `most_made_up`.
 *
 * Owns:    *out in `a`.
 * Returns: EMEND_OK; EMEND_EIO; EMEND_EFORMAT; EMEND_ENOMEM.
 */
emend_rc learn_suite_load(store *s, const learn_about *about, const learn_pairs *reserved,
                          const learn_pairs *made_up, size_t most_made_up, arena *a,
                          learn_pairs *out, emend_error *err);

/** What one version made of one question. */
typedef struct learn_mark {
  unsigned char right, delivered, warned, unsafe;
  double ms; /* computed, not waited: what else runs on the machine is not in it */
} learn_mark;

typedef struct learn_suite_run_options {
  const generator *gen;
  const struct model_adapter *adapter;                      /* NULL: the weights as shipped */
  int (*on_progress)(void *ctx, size_t done, size_t total); /* not 0 cancels; may be NULL */
  void *ctx;
} learn_suite_run_options;

/** Every question through the whole loop, without recall and examples; marks [suite->len] in `a`.
 *  Right is execution accuracy against the suite's SQL. */
emend_rc learn_suite_run(const learn_about *about, const learn_pairs *suite,
                         const learn_suite_run_options *opt, arena *a, learn_mark **out,
                         emend_error *err);

/** One version's figures. */
typedef struct learn_figures {
  size_t n, right, delivered, wrong_unwarned, unsafe;
  size_t n_people, right_people; /* of them from people: feedback, finalised, manual */
  double p50_ms;
} learn_figures;

typedef struct learn_verdict {
  bool promote;
  const char *reason; /* one sentence, static text */
  compare_pair all, people;
  learn_figures before, now;
} learn_verdict;

/**
 * May the version with the marks `now` take the place of that with `before`? Only on a gain whose
 * lower bound is above zero, with people's own questions no worse, not more wrong answers
 * delivered without a warning, nothing unsafe, and no slower answers.
 */
learn_verdict learn_suite_judge(const learn_pairs *suite, const learn_mark *before,
                                const learn_mark *now, arena *a);

#endif
