/* How hard a query is, by Spider's own definition. Private to learn/. */
#ifndef LEARN_HARDNESS_H
#define LEARN_HARDNESS_H

#include "sql/sql.h"

typedef enum hardness { HARD_EASY, HARD_MEDIUM, HARD_HARD, HARD_EXTRA, HARD_N } hardness;

/** "easy", "medium", "hard", "extra". */
const char *hardness_name(hardness h);
/** From the parsed query: counts of clauses, of nested queries, of aggregates and columns. */
hardness hardness_of(const sql_query *q);

#endif
