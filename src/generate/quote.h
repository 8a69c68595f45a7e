/* Text from a database, from people and from models, made fit for a prompt: quoted, capped, on one
 * line, or masked. Private to generate/. */
#ifndef GENERATE_QUOTE_H
#define GENERATE_QUOTE_H

#include "catalog/catalog.h"
#include "source/source.h"

/** `s` between single quotes, at most `most` bytes of it, control characters as blanks. */
void quote_text(buf *b, str s, size_t most);
/** `s` as it is, but on one line and at most `most` bytes of it. */
void quote_line(buf *b, str s, size_t most);
/** A cell: text quoted, numbers as they are. */
void quote_cell(buf *b, const cell *c, size_t most);
/** A name as the dialect writes it. {NULL,0} when out of memory. */
str quote_name(str name, sql_dialect_id dialect, arena *a);

/** What a text may hold although no row may leave the machine. */
typedef struct quote_known {
  const catalog *cat; /* names in it are no secret */
  str question, said; /* nor what the person asked and the model wrote itself */
} quote_known;

/** A database's or checker's message with every literal masked that is not known: quoted text as
 *  '…', numbers as #. {NULL,0} when out of memory. */
str quote_mask_message(str message, const quote_known *known, arena *a);
/** The same for a query, whose names are left alone. */
str quote_mask_sql(str sql, const quote_known *known, arena *a);

#endif
