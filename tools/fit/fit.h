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
  bool fold;            /* only databases that the shipped network was not trained on */
  const char *variants; /* DIR/<db_id>/<i>.sqlite: what is right must be right there too */
  const char *labels;   /* a file that remembers which queries were right; may be NULL */
  const char *reworded; /* faults beside questions in other words: what suffices alone is chosen on
                         * them too; may be NULL */
  const char *words;    /* faults in databases that the network was trained on: what of the words
                         * suffices alone is chosen on them too; may be NULL */
  const char *read;     /* faults in what is counted: told, never fitted on; may be NULL */
  const char *systems[FIT_MOST_FILES + 1]; /* names of who wrote the drafts; NULL ends them */
} fit_options;

/** Questions with gold queries (Spider's format), everybody's drafts for each and the embedded
 *  network's own answer: one JSON object a line for each,
 *  {"group","item","kind","system","right","failed","suspicion","sql","x":{signal: value}}. */
emend_rc fit_extract(const fit_options *opt, const generator *gen, FILE *out, emend_error *err);
/** Right queries with faults put in, likewise: "kind" is "fault", "system" which fault; and the
 *  embedded network's own answer there, "fold_own". Only those of fold 0 of 10 of the databases
 *  when `opt->fold` is set; a fault that changes no row or cannot be run is left out. Prints how
 * many of each kind the shipped tables would warn of to standard error. */
emend_rc fit_extract_faults(const fit_options *opt, const generator *gen, FILE *out,
                            emend_error *err);

enum {
  FIT_FAULT_NONE,
  FIT_FAULT_FAN_OUT,
  FIT_FAULT_FILTER,
  FIT_FAULT_GROUP,
  FIT_FAULT_AND_OR,
  FIT_FAULT_YEAR,
  FIT_FAULT_DISTINCT,
  FIT_N_FAULTS
};
const char *fit_fault_name(int kind);
/** `gold` with that fault; empty where there is no place for it, or the query is not understood.
 *  In `a`. */
str fit_fault(int kind, str gold, const catalog *cat, uint64_t seed, arena *a);

/** Labelled queries over schemas without databases (NL2SQL-Bugs' format), likewise: "text", or with
 *  `opt->fold` "fold_text", which is fitted on and never counted. */
emend_rc fit_extract_text(const fit_options *opt, const generator *gen, FILE *out,
                          emend_error *err);

/** Where fit_tables writes. */
typedef struct fit_output {
  FILE *tables; /* src/judge/fitted.def */
  FILE *margin; /* src/ask/margin.def; may be NULL */
  FILE *scores; /* a line a row: setting, database, item, system, right, suspicion; may be NULL */
} fit_output;

/** Reads such rows, prints to standard error what weights fitted without a database are worth on
 *  it, and writes the tables, fitted on all but `opt->read`. */
emend_rc fit_tables(const char *const *paths, int n_paths, const fit_options *opt,
                    const fit_output *to, emend_error *err);

#endif
