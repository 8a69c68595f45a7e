/* The answer in a language model's words, when it holds to what came back. Private to ask/ and to
 * tests. */
#ifndef ASK_WORDS_H
#define ASK_WORDS_H

#include "ask/try.h"

/** Is every number, name and other word of weight in `text` one of the question, the result or its
 *  columns? Otherwise *offender (which may be NULL) is the first that is not. False also when out
 *  of memory. */
bool ask_words_hold(str text, str question, const source_result *r, arena *a, str *offender);

/** Puts the result of `best` in the generator's words, where it has any and they hold; *sentence,
 *  which is ours, stays otherwise. What a model may not see is not told. */
emend_rc ask_words(ask_question *q, const ask_try *best, arena *a, str *sentence, emend_error *err);

#endif
