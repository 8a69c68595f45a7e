/* What a corrected SQL is worth: checked, run, held against what was generated. Private to
 * learn/. */
#ifndef LEARN_FEEDBACK_CHECK_H
#define LEARN_FEEDBACK_CHECK_H

#include "learn/feedback.h"

/** Fills shape, result, wrong_result and differs of `f`, and writes its SQL as it runs here.
 *  *sound is false, and `faults` says why, when it has errors or cannot be run. */
emend_rc learn_feedback_check(const learn_subject *s, store_feedback *f, arena *a,
                              diag_list *faults, bool *sound, emend_error *err);

#endif
