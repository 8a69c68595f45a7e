/* What the makers of the judge's tables share: the rows, and what was chosen from them. Private to
 * tools/fit. */
#ifndef FIT_TABLES_H
#define FIT_TABLES_H

#include <jansson.h>

#include "ask/choose.h"
#include "base/vec.h"
#include "fit.h"
#include "judge/judge.h"

enum { MOST_SIGNALS = 256, MOST_GROUPS = 256 };

/** What a row is for. */
typedef enum fit_use {
  FIT_USE_ALL,
  FIT_USE_EVIDENCE, /* only to choose what suffices alone: see evidence.c */
  FIT_USE_WORDS,    /* … and only of words */
  FIT_USE_READ      /* what is worth is told, nothing is chosen by it */
} fit_use;

typedef struct fit_row {
  int group, item;
  int system; /* whose draft; for a fault its kind */
  judge_setting setting;
  bool wrong, failed;
  bool aside; /* of a training database: fitted on, never counted */
  fit_use use;
  bool left_out_name; /* an own answer without a name that was asked for */
  double out_of_fold; /* the sum of log odds by weights that never saw its database */
  double suspicion;   /* calibrated without its database too */
  bool alone;         /* it has what suffices alone, found without its database */
  double shipped;     /* by the tables that are written, which may have seen it */
  double *x;          /* [n_signals] */
} fit_row;

typedef struct fitting {
  arena *mem;
  VEC(fit_row) rows;
  VEC(json_t *) signals; /* a row's, until all names are known */
  const char *codes[MOST_SIGNALS];
  int n_codes;
  const char *groups[MOST_GROUPS];
  int n_groups;
  double ridge[JUDGE_N_SETTINGS];
  fit_use use; /* of the file's rows that is read */
} fitting;

enum { FIT_N_EVIDENCE = 18 };

/** Signals that suffice alone, for drafts; in evidence.c. */
typedef struct fit_evidence {
  double from[FIT_N_EVIDENCE];  /* 0: never */
  double wrong[FIT_N_EVIDENCE]; /* the share of queries with so much of it that were wrong */
  int at[FIT_N_EVIDENCE];       /* where in a row's x; -1: no row has it */
} fit_evidence;

const char *fit_evidence_code(int e);
/** Chosen on all rows but those of one database (-1: of none). False when out of memory. */
bool fit_find_evidence(const fitting *f, int left_out, fit_evidence *out);
/** The suspicion that suffices alone; 0: nothing does. */
double fit_alone(const fit_evidence *v, const fit_row *r);

/** Where the bands begin (the highest at the same for all), and the margin for replacing. */
typedef struct fit_choice {
  double warn_from[JUDGE_N_SETTINGS], correct_from;
  ask_margin margin;
} fit_choice;

/** What came of drafts. */
typedef struct fit_outcomes {
  double right, broken, warned_right, wrong, fixed, warned_wrong;
} fit_outcomes;

/** The drafts of each system (last: of all) under choices that were made without that system and
 *  without the database that is scored. In bands.c; false when out of memory. */
bool fit_choose(const fitting *f, fit_choice *out, fit_outcomes left_out[FIT_MOST_FILES + 1]);

/** Prints what left-out suspicions, those of the written tables, and the choice are worth. */
void fit_print_worth(const fitting *f, const fit_choice *c, const fit_outcomes *left_out,
                     const char *const *systems, FILE *out);

#endif
