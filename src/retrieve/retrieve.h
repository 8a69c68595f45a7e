/* What of the schemas and their stored values a question is about: BM25 over names, comments and
 * values, value matches, foreign-key closure. */
#ifndef RETRIEVE_RETRIEVE_H
#define RETRIEVE_RETRIEVE_H

#include "catalog/catalog.h"

typedef struct retrieve_hit {
  int source; /* index into the catalogs given */
  int id;     /* table or column id in that catalog; unused for sources */
  double score;
} retrieve_hit;

typedef struct retrieve_value {
  int source, column;
  str text, stored;  /* as in the question; as stored */
  uint32_t from, to; /* where in the question, bytes */
  double score;
} retrieve_value;

typedef struct retrieve_result {
  VEC(retrieve_hit) sources, tables, columns; /* best first */
  VEC(retrieve_value) values;
} retrieve_result;

/** Rank everything in `cats` for `question`. Tables needed to join the best ones are closed over.
 *  Owns: all in `a`. */
emend_rc retrieve_rank(const catalog *const *cats, size_t n_cats, str question, arena *a,
                       retrieve_result *out, emend_error *err);

#endif
