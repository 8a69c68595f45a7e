/* What people taught, in the loop: shown to whoever writes SQL, tried beside what they wrote, and
 * named in the answer. Private to ask/. */
#ifndef ASK_TAUGHT_H
#define ASK_TAUGHT_H

#include "ask/answer.h"

/** Before the first generation: what is near to the question. */
emend_rc ask_taught_find(ask_question *q, str question, emend_error *err);
/** Into the request: the nearest, for a language model to see. */
void ask_taught_show(ask_question *q, gen_request *req);
/** After it: stored queries that may be the answer join `c`, each side's shares made smaller by
 *  what the other is believed. */
emend_rc ask_taught_join(ask_question *q, str question, gen_candidates *c, emend_error *err);
/** Once all are judged: what people taught is suspected only as far as it is not believed, but no
 *  less than what they confirmed (recalled.h): believed 0.99 and hardly suspected, the query of
 *  another question came out at 100%. */
void ask_taught_trust(const ask_tries *tries);
/** The place + 1 in q->taught of the candidate `sql`; 0: nobody taught it. */
size_t ask_taught_place(const ask_question *q, str sql);
/** "correction" or "example" for a place that is not 0. */
const char *ask_taught_name(const ask_question *q, size_t place);
/** What had a part in the answer, in its provenance, and whom it learned from. */
emend_rc ask_taught_tell(ask_answer *a, const ask_question *q, const ask_tries *tries,
                         const ask_try *best, emend_error *err);

#endif
