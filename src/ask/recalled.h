/* An answer that a person confirmed before, and the question whether one of those
 * was meant. Private to ask/. */
#ifndef ASK_RECALLED_H
#define ASK_RECALLED_H

#include "ask/answer.h"

/** A connection to the chosen source; one that is there already stays. */
emend_rc ask_connect(ask_question *q, emend_error *err);

/** How sure a query can be that a person gave: for this question as it is, or (`adapted`) for
 *  another, with this one's values. */
double ask_given_confidence(bool adapted);

/** Runs the confirmed query that the question is, or asks back. *done is false when neither was
 *  the case, and the question goes on as if nothing had been taught. */
emend_rc ask_recalled(ask_question *q, ask_answer *a, bool *done, emend_error *err);

#endif
