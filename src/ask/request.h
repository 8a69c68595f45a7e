/* What a generator is asked, and what is made of its words beside its candidates. Private to ask/.
 */
#ifndef ASK_REQUEST_H
#define ASK_REQUEST_H

#include "ask/choose.h"

/** The request of generation `round`; after the first, a correction of `last` (NULL: none). */
emend_rc ask_request(ask_question *q, str question, int round, const ask_tries *tries,
                     const ask_try *last, gen_request *out, emend_error *err);

/** Keeps the time, the note and the refusal of a generation. */
void ask_request_done(ask_question *q, const gen_candidates *c);

/** Is an error of the generator one after which an answer that is there already may be given? */
bool ask_request_spares(emend_rc rc);

/** Could a result of the query of `report` hold values that a person keeps private? */
bool ask_reads_private(const catalog *cat, const check_report *report);

#endif
