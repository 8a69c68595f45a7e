/* A grammar (GBNF, as llama.cpp reads it) of SELECTs over given tables: a decoder held to it can
 * neither misspell a name nor write anything else. Each table has one fixed alias, its own name
 * (table_2 and table_3 where it is used again), so that a context-free grammar can tie columns to
 * tables. That a column's table stands in FROM is left to check. */
#ifndef GENERATE_GRAMMAR_H
#define GENERATE_GRAMMAR_H

#include "catalog/catalog.h"
#include "sql/sql.h"

enum { GRAMMAR_MAX_INSTANCES = 3 };

/** The grammar of one SELECT over `tables` (catalog ids), or the words CANNOT ANSWER.
 *  {NULL,0} when out of memory. Owns: in `a`. */
str gen_grammar(const catalog *cat, const int *tables, int n_tables, arena *a);

/** The one way in which the grammar writes `q`, which must be bound to `cat` and is changed: fixed
 *  aliases, every column qualified. {NULL,0} when out of memory, or when a table is used more
 *  than GRAMMAR_MAX_INSTANCES times. */
str gen_grammar_canonical(sql_query *q, const catalog *cat, arena *a);

#endif
