/* Which of the tried candidates is the answer, and how sure that is. Private to ask/. */
#ifndef ASK_CHOOSE_H
#define ASK_CHOOSE_H

#include "ask/try.h"

typedef VEC(ask_try *) ask_tries;

/** The best of `tries` or of their repairs; NULL when all of them failed. */
ask_try *ask_choose(const ask_tries *tries);
/** Summed belief, 0..1, of all that gave the same rows as `t`. */
double ask_agreement(const ask_tries *tries, const ask_try *t);
/** 0..1 that `t` answers the question. */
double ask_confidence(const ask_tries *tries, const ask_try *t);

#endif
