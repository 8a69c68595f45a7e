/* Judging a query that somebody brings along with the question. */
#ifndef ASK_VERDICT_H
#define ASK_VERDICT_H

#include "ask/second.h"

typedef struct ask_verdict {
  ask_tries tries;   /* one a query, in order */
  ask_second second; /* what they were held against */
} ask_verdict;

/**
 * Check, run (where the first source has a database) and judge each of n queries as an answer to
 * `question`, with the second opinion of `ctx`, which is asked once.
 *
 * Owns:    *out lives in `work`. A try's faults say why it failed.
 * Returns: EMEND_OK also for wrong SQL; otherwise as ask_try_run.
 */
emend_rc ask_verdict_on(ask_context *ctx, const char *question, const str *sqls, size_t n,
                        double timeout_ms, arena *work, ask_verdict *out, emend_error *err);
#endif
