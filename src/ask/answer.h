/* Copying what came of a question into the answer that the caller keeps, and
 * into the history. Private to ask/. */
#ifndef ASK_ANSWER_H
#define ASK_ANSWER_H

#include "ask/choose.h"

/** An answer and the memory that all of it lives in; `pub` comes first. */
typedef struct ask_answer {
  emend_answer pub;
  arena *mem;
  ask_words_fate words; /* whose words pub.text is in */
  double words_ms;
} ask_answer;

/** A new answer that says who asked what. NULL when out of memory. */
ask_answer *ask_answer_new(str question);

/** What the person is told: the rows of `best` with what speaks against them. */
emend_rc ask_answer_deliver(ask_answer *a, ask_question *q, const ask_try *judged,
                            emend_error *err);
/** The rows of `r`. */
void ask_answer_rows(ask_answer *a, const source_result *r);
/** What the query of `report` reads. */
void ask_answer_reads(ask_answer *a, const check_report *report);
/** No rows: refused or failed, and why. */
emend_rc ask_answer_without(ask_answer *a, emend_status status, str reason, emend_error *err);
/** What was tried, the trace, the provenance and the times. `best` may be NULL. */
emend_rc ask_answer_finish(ask_answer *a, ask_question *q, const ask_tries *tries,
                           const ask_try *best, emend_error *err);

/** Queues the question, its attempts and, with a kind, its failure for the history. */
emend_rc ask_record(const ask_answer *a, const ask_question *q, const char *failure_kind,
                    emend_error *err);

#endif
