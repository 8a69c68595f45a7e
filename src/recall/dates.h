/* Days and periods in the words of a question: "2014-03-05", "March 2014", "last
 * year". Knows English month names; private to this folder. */
#ifndef RECALL_DATES_H
#define RECALL_DATES_H

#include "recall/wording.h"
#include "text/text.h"

/** The period that begins at word `i`, counted from `now` where it is relative; how many words it
 *  takes, 0 when none begins there. A bare year is a number, not a period. */
size_t dates_at(const text_word *words, size_t n, size_t i, int64_t now, recall_period *out);

/** Reads a stored date: "2014-03-05", with a time or without, "2014-03", "2014".
 *  False for anything else. */
bool dates_of_literal(str text, recall_period *out);

/** The edge of a period as text: `style` is a literal that it takes the place of, whose form it
 *  gets. False when they do not fit (a day has no place in '2014'). */
bool dates_like(const recall_period *p, recall_edge edge, str style, char out[32]);

#endif
