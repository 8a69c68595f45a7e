/* The words that a schema's names are made of. Private to this folder. */
#ifndef RECALL_LEXICON_H
#define RECALL_LEXICON_H

#include "catalog/catalog.h"

typedef struct recall_lexicon {
  arena *mem;
  uint64_t *stems; /* a hash set, open addressing; 0: empty */
  size_t size;     /* a power of two */
} recall_lexicon;

/** Owns: *out's memory, until lexicon_free. False when out of memory. */
bool lexicon_make(const catalog *cat, recall_lexicon *out);
void lexicon_free(recall_lexicon *l);
/** Whether a word with this stem is part of a table's or column's name. */
bool lexicon_has(const recall_lexicon *l, uint64_t stem);
/** Whether it is part of a table's name. */
bool lexicon_has_table(const recall_lexicon *l, uint64_t stem);
/** Whether the word itself, by the hash of its lower case, is part of a name. */
bool lexicon_has_form(const recall_lexicon *l, uint64_t lower);

#endif
