/* Question–SQL pairs made from a schema and its stored values by our own grammar: what an analyst
 * would ask of it. Reads the catalog only; the SQL is checked and run by whoever uses the pairs. */
#ifndef LEARN_SYNTH_H
#define LEARN_SYNTH_H

#include "base/rng.h"
#include "catalog/catalog.h"

typedef struct synth_pair {
  str question, sql;
  const char *kind; /* the pattern it came from: "count", "join_total", "per_time", … */
} synth_pair;

typedef struct synth synth;

/** What of `cat` can be asked about. Owns: in `a`; keeps `cat`. NULL when memory is exhausted. */
synth *synth_create(const catalog *cat, arena *a);

/** One pair at random; false when the pattern drawn does not fit this schema (try again) or memory
 *  is exhausted (arena_failed tells). Owns: text in `a`. */
bool synth_next(const synth *s, rng *r, arena *a, synth_pair *out);

#endif
