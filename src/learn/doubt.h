/* What the judge makes of a correction: does it look less like an answer than what it corrects?
 * Private to learn/ and engine/. */
#ifndef LEARN_DOUBT_H
#define LEARN_DOUBT_H

#include "learn/feedback.h"

/** Fills the suspicions of `f`, where `s` has a critic and a database: below 0 where nothing can be
 *  said. `f` was checked. Returns: EMEND_ENOMEM alone; a judge that fails says nothing. */
emend_rc learn_doubt_judge(const learn_subject *s, store_feedback *f, arena *a, emend_error *err);

/** Does the judge speak so clearly against `f` that a reviewer should look closer? */
bool learn_doubted(const store_feedback *f);

/** The same in words, in `a`; empty where it does not. ptr NULL: out of memory. */
str learn_doubt_text(const store_feedback *f, arena *a);

#endif
