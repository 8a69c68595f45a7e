/* What was read of confirmed questions that were served before: asked again in the same words, they
 * are not read again. Private to ask/, but for making and freeing it. */
#ifndef ASK_KNOWN_H
#define ASK_KNOWN_H

#include <stdatomic.h>

#include "judge/judge.h"

typedef struct ask_known ask_known;

/** Owns: the caller, until ask_known_free. NULL when out of memory. */
ask_known *ask_known_create(void);
void ask_known_free(ask_known *known); /* NULL is harmless */

/** A question and the query that it was served by. Immutable but for its references. */
typedef struct ask_known_question {
  judge_intent intent; /* its question is the text that was asked */
  str sql;
  const char *version; /* of the schema that `reads` was found in */
  check_report reads;  /* its tables and columns alone */
  atomic_int refs;
  arena *mem; /* all of it */
} ask_known_question;

/** The question in these very words; NULL: not known, or somebody else is looking just now.
 *  Owns: a reference, until ask_known_unref. Threads: any; waits for nobody. */
ask_known_question *ask_known_find(ask_known *known, str question);
void ask_known_unref(ask_known_question *q); /* NULL is harmless */

/** Keeps what was read, in the place of what was asked longer ago. Not kept when out of memory. */
void ask_known_keep(ask_known *known, str question, str sql, const char *version,
                    const check_report *report);

#endif
