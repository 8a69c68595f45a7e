/* Which of the tried candidates is the answer, and how sure that is. Private to ask/. */
#ifndef ASK_CHOOSE_H
#define ASK_CHOOSE_H

#include "ask/try.h"

typedef VEC(ask_try *) ask_tries;

/** The best of `tries` or of their repairs; NULL when all of them failed. */
ask_try *ask_choose(const ask_tries *tries);
/** How much of signal `i`, of those that the judge has of `t` alone, what people taught answers
 * for: 0..1. */
double ask_taught_of(const ask_try *t, size_t i);
/** Summed belief, 0..1, of all that gave the same rows as `t`. */
double ask_agreement(const ask_tries *tries, const ask_try *t);
/** What counts in choosing beside the signals: belief, agreement of results, words of the question
 *  that are left aside, tables that no key connects. In the order of rank.def. */
enum { ASK_CORE_SHARE, ASK_CORE_SAME_ROWS, ASK_CORE_LEFT_ASIDE, ASK_CORE_CROSS_JOIN, ASK_N_CORE };
const char *ask_core_name(int i);
void ask_core_features(const ask_tries *tries, const ask_try *t, double *out);
/** The candidate, or its repair where that is to stand for it. */
ask_try *ask_final_form(ask_try *t);

/** What lets one candidate take another's place. */
typedef struct ask_margin {
  double doubted_from;   /* from this suspicion on something better is looked for */
  double most_suspicion; /* what takes its place has no more */
  double least_gain;     /* … and so much less, in log odds */
} ask_margin;
extern const ask_margin ask_margin_used; /* margin.def, by tools/fit */

/** Is it worth a look whether the second opinion is far less suspicious? */
bool ask_is_doubted(const ask_margin *m, const ask_try *t);
/** May `better` (NULL: no) take the place of `than` (NULL: nothing stands)? Only what runs where
 *  the other fails, or is less suspicious by that margin. */
bool ask_outdoes(const ask_margin *m, const ask_try *better, const ask_try *than);

#endif
