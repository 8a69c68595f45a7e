/* What people confirmed: finalised questions in memory, shared by every thread
 * without a lock on the way in; which of them a question is, in whatever words.
 * What is kept on disk is store's. */
#ifndef RECALL_RECALL_H
#define RECALL_RECALL_H

#include "catalog/catalog.h"

typedef enum recall_verdict {
  RECALL_MISS,
  RECALL_HIT, /* the confirmed question itself, perhaps with other values */
  RECALL_NEAR /* "did you mean …?" */
} recall_verdict;

/** A value that the question changed. */
typedef struct recall_rebound {
  str slot; /* "table.column", or "limit" */
  str from, to;
} recall_rebound;

/** What was found for a question. */
typedef struct recall_match {
  recall_verdict verdict;
  size_t source; /* index into the sources that were asked about */
  const catalog *cat;
  str id, question, sql;
  str by, at; /* who confirmed it, and when; `by` may be empty */
  VEC(recall_rebound) rebound;
  VEC(str) differs; /* with RECALL_NEAR: what is not the same, in words */
} recall_match;

#endif
