/* What people taught, in memory: corrections and examples by source, and which of them are near
 * to a question. Readers take no lock and never wait; one writer brings in what is new. What is
 * kept on disk is store's. */
#ifndef RECALL_TAUGHT_H
#define RECALL_TAUGHT_H

#include "retrieve/link.h"
#include "store/feedback.h"

typedef struct recall_taught recall_taught;

/** Turns a question into a vector of length 1 (zero: it has no words). */
typedef struct recall_embedder {
  size_t dim;
  emend_rc (*embed)(void *self, str question, arena *a, float *out, emend_error *err);
  void *self;
  /** Told of the vector of an example that came without one. False when out of memory. May be
   *  NULL. */
  bool (*made)(void *self, str id, const float *vector);
} recall_embedder;

/** Owns: the caller, until recall_taught_free; what `e` points to must live as long. */
emend_rc recall_taught_create(const recall_embedder *e, recall_taught **out, emend_error *err);
void recall_taught_free(recall_taught *t); /* NULL is harmless */

/** Brings in changes, in the order of their seq; what was taken back is found no more. An example
 *  with a vector of `dim` floats is not embedded again.
 *  Owns: copies what it keeps. Threads: one at a time, while others read. */
emend_rc recall_taught_update(recall_taught *t, const store_examples *changes, emend_error *err);
/** The seq up to which it is up to date. */
int64_t recall_taught_seq(const recall_taught *t);
/** How many are known for source `of`, taken back ones included. */
size_t recall_taught_count(const recall_taught *t, str of);
/** Waits until large sets have their graph; without it they are searched exactly meanwhile. */
void recall_taught_settle(recall_taught *t);

/** A question on its way to what is like it. */
typedef struct recall_probe {
  str question;
  str masked; /* its words, values left out */
  link_question words;
  link_schema schema; /* empty without a catalog */
  link_values values;
  uint64_t shape; /* of a first draft of its query (recall_shape); 0: not known */
} recall_probe;

/** NULL: `cat` may be (then only numbers and quoted words count as values). Owns: all in `a`. */
emend_rc recall_probe_read(str question, const catalog *cat, arena *a, recall_probe *out,
                           emend_error *err);
/** What a query is made of (clauses, aggregates, comparisons), without names and values: a bit
 *  each. */
uint64_t recall_shape(str sql);

typedef struct recall_near {
  store_example example;
  double similarity;            /* 0..1, of all below together */
  double cosine, common, shape; /* of the vectors; shared words; shared shape (0: not known) */
} recall_near;
typedef VEC(recall_near) recall_nears;

/** The `k` of source `of` that are nearest, nearest first. `exact` looks at every one.
 *  Owns: copies, in `a`. Threads: any number at once. */
emend_rc recall_similar(const recall_taught *t, str of, const recall_probe *probe, size_t k,
                        bool exact, arena *a, recall_nears *out, emend_error *err);

#endif
