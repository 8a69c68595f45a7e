/* A second opinion on a question: another generator's answers, run like any other
 * candidate, and what holding a query against them says. Private to ask/. */
#ifndef ASK_SECOND_H
#define ASK_SECOND_H

#include "ask/choose.h"

typedef struct ask_second {
  ask_tries tries; /* most believed first */
  bool asked;
} ask_second;

/** Asks `ctx->second` and tries what it gives; nothing where there is none. */
emend_rc ask_second_ask(ask_question *q, str question, ask_second *out, emend_error *err);

/**
 * Holds every one of `tries` (and their repairs) that runs against the second opinion, or where
 * none was asked for against each other, and settles how suspicious each is.
 */
emend_rc ask_second_hold(ask_question *q, str question, const ask_tries *tries,
                         const ask_second *second, emend_error *err);

#endif
