/* What answers are worth: questions with gold queries through the loop, or a file
 * of predictions, scored by execution. */
#ifndef LEARN_EVAL_H
#define LEARN_EVAL_H

#include "ask/ask.h"

typedef struct learn_eval_context {
  const generator *gen;       /* NULL: predictions are scored as they are */
  const generator *second;    /* as in ask_context; drafts have `gen` for it where this is NULL */
  const atomic_uint *cancels; /* as in ask_context */
} learn_eval_context;

/** As emend_eval. Owns: what *out points to lives in `a`. */
emend_rc learn_eval(const learn_eval_context *ctx, const emend_eval_options *opt, arena *a,
                    emend_eval_report *out, emend_error *err);

#endif
