/* What people mean by a word beside what the schema calls by it: of "official" languages their
 * queries ask IsOfficial = 'T', of "British" ones country = 'UK'. A condition whose value is not in
 * the question is held against the words of the questions that had it; where a new question has
 * such a word, the network's own queries are tried with the condition as well. Runs nothing. */
#ifndef RECALL_HABITS_H
#define RECALL_HABITS_H

#include "recall/weigh.h"

/**
 * Appends to `out` what `own` becomes with such conditions, each with `instead` and a belief that
 * counts for it against that query.
 *
 * Owns:    what is appended in `a`.
 * Threads: any number at once.
 * Returns: EMEND_OK or EMEND_ENOMEM.
 */
emend_rc recall_habits(const catalog *cat, str question, const recall_nears *nears,
                       const recall_own *own, arena *a, recall_candidates *out, emend_error *err);

#endif
