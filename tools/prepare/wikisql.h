/* WikiSQL as a source of training samples: one table a question, no contents. */
#ifndef PREPARE_WIKISQL_H
#define PREPARE_WIKISQL_H

#include "augment.h"

typedef struct wikisql_options {
  const char *path; /* train_dev.jsonl: a template with column names, and the variables' values */
  int shard, shards;
  link_name **table_names; /* a name for the nameless tables is drawn from these */
  size_t *n_table_names;
} wikisql_options;

/** False ends the reading. `a` is the sample's own and goes when the call returns. */
typedef bool (*wikisql_each)(void *ctx, sample *x, arena *a, int row, str table);

/** Calls `each` for every training question whose values stand in it. */
emend_rc wikisql_read(const wikisql_options *o, rng *r, wikisql_each each, void *ctx,
                      emend_error *err);

#endif
