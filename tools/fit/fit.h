/* Fitting the judge's weights: rows of signals with known answers out of labelled
 * queries, and the tables of src/judge/fitted.def out of those. */
#ifndef FIT_FIT_H
#define FIT_FIT_H

#include <stdio.h>

#include "base/err.h"
#include "generate/generate.h"

enum { FIT_MOST_FILES = 16 };

typedef struct fit_options {
  const char *data, *db_dir, *schema;
  const char *predictions[FIT_MOST_FILES]; /* one draft a line, in the order of the questions */
  int n_predictions;
  const char *variants; /* DIR/<db_id>/<i>.sqlite: what is right must be right there too */
  const char *labels;   /* a file that remembers which queries were right; may be NULL */
} fit_options;

/** Questions with gold queries (Spider's format), everybody's drafts for each and the embedded
 *  network's own answer: one JSON object a line for each,
 *  {"group","item","kind","system","right","failed","sql","x":{signal: value}}. */
emend_rc fit_extract(const fit_options *opt, const generator *gen, FILE *out, emend_error *err);
/** Labelled queries over schemas without databases (NL2SQL-Bugs' format), likewise. */
emend_rc fit_extract_text(const fit_options *opt, const generator *gen, FILE *out,
                          emend_error *err);

/** Reads such rows, prints to standard error what weights fitted without a database are worth on
 *  it, and writes the tables of src/judge/fitted.def, fitted on all, to `out`. To `scores` (may be
 *  NULL) goes a line a row: setting, database, item, system, right, suspicion. */
emend_rc fit_tables(const char *const *paths, int n_paths, FILE *scores, FILE *out,
                    emend_error *err);

#endif
