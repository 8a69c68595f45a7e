/* Fitting the choice among candidates (src/ask/rank.def): what is seen of each candidate of
 * questions with known answers, and the weights that choose the right ones. */
#ifndef RANK_RANK_H
#define RANK_RANK_H

#include <stdio.h>

#include "base/err.h"
#include "generate/generate.h"

typedef struct rank_options {
  const char *data;   /* questions with gold queries in Spider's or Spider-Syn's format */
  const char *db_dir; /* DIR/<db_id>/<db_id>.sqlite */
  bool fold;          /* only databases that the shipped network was not trained on */
} rank_options;

/** Asks `gen`, runs every candidate, and writes a line of JSON a question:
 *  {"group": database, "candidates": [{"right", "x": {feature: value}}…]}. */
emend_rc rank_extract(const rank_options *opt, const generator *gen, FILE *out, emend_error *err);

/** Reads such lines, prints to standard error how often the right candidate is chosen by weights
 *  that were fitted without its database, and writes the table of src/ask/rank.def, fitted on all
 *  of them, to `out`. */
emend_rc rank_fit(const char *const *paths, int n_paths, double ridge, FILE *out, emend_error *err);

#endif
