/* Texts without what points at a person: for exports that leave the machine. */
#ifndef LEARN_ANONYMISE_H
#define LEARN_ANONYMISE_H

#include "sql/sql.h"

/**
 * A pair with mails, numbers of seven digits and more, and words in literals or in quotes that look
 * like people's names replaced by placeholders, the same in question and SQL. With `no_literals`
 * every literal of the SQL is replaced, and the question's words that equal it.
 *
 * Owns: in `a`. Returns: false when out of memory.
 */
bool learn_anonymise(str question, str sql, sql_dialect_id dialect, bool no_literals, arena *a,
                     str *question_out, str *sql_out);

#endif
