/* Variations of a training example: other names, other values, other columns around it.
 * A sample is linked anew after augmentation, so the features always fit what it says. */
#ifndef PREPARE_AUGMENT_H
#define PREPARE_AUGMENT_H

#include "base/rng.h"
#include "model/example.h"

enum { SAMPLE_MAX_ALIASES = 4, SAMPLE_MAX_NODES = 220 };

typedef struct sample {
  link_question q;
  link_schema s;
  link_values v;
  ir_seq target;
  link_alias aliases[SAMPLE_MAX_ALIASES];
  int n_aliases;
} sample;

typedef VEC(str) augment_values;

/** Names to rename to, by what kind of column they fit, and stored values by column. */
typedef struct augment_names {
  VEC(link_name) text, number, any;
} augment_names;

typedef struct augment_context {
  const catalog *cat;           /* of the sample's database; NULL: none */
  const augment_values *values; /* [catalog columns]; NULL: none */
  const augment_names *names;
  const synonyms *synonyms;     /* may be NULL */
  const synonyms *sayings;      /* may be NULL */
  const link_schema *strangers; /* another database, for tables that do not belong; may be NULL */
} augment_context;

/** Changes `x` in place at random; its arrays are copied into `a` first, what it came from stays.
 */
emend_rc augment_sample(sample *x, const augment_context *c, rng *r, arena *a);

/** Leaves out unused columns at random until at most SAMPLE_MAX_NODES nodes are left. */
emend_rc augment_shrink(sample *x, rng *r, arena *a);

/** Where `part`'s words stand in `q`, or -1. */
int sample_find_words(const link_question *q, const link_question *part);
/** The candidate over words [from, to), made when linking did not find it; -1: no room. */
int sample_value_at(sample *s, int from, int to);
/** Marks candidate k as stored in `column`, as the value index of a database with rows would have
 *  (and now and then in another one besides). False when out of memory. */
bool sample_pretend_stored(sample *x, int k, int column, rng *r, arena *a);

#endif
