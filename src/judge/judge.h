/* Does this query, and what came back, look like an answer to this question?
 * Reads intent from the words, holds SQL and result against it, and adds the
 * signals up to one suspicion. Runs nothing. */
#ifndef JUDGE_JUDGE_H
#define JUDGE_JUDGE_H

#include "check/check.h"
#include "model/model.h"
#include "source/source.h"
#include "text/text.h"

/* ---- intent ---- */

typedef enum judge_request {
  JUDGE_QUESTION,
  JUDGE_EMPTY, /* no word in it */
  JUDGE_WRITE, /* asks to change data or schema */
  JUDGE_OTHER  /* not a request for data at all */
} judge_request;

typedef struct judge_number {
  double value;
  size_t word; /* index into intent.words */
  bool is_k;   /* how many rows are wanted: "top 3" */
} judge_number;

/** What the words of a question ask for. A field that is false or 0 says nothing. */
typedef struct judge_intent {
  str question;
  text_words words;
  judge_request request;
  str reason;               /* why it is refused, as a sentence; empty for a question */
  bool count;               /* "how many", "number of" */
  size_t counted;           /* with count: the word after it */
  bool average, total;      /* asked for as such */
  bool superlative;         /* "most", "youngest" */
  VEC(size_t) superlatives; /* which words these are */
  bool negated;             /* "not", "without", "never" */
  bool distinct;            /* "different", "unique" */
  bool per_group;           /* "for each", "per" */
  bool percentage;          /* "what percentage", "ratio" */
  int top_k;                /* "the 3 youngest": 3; 0: unsaid */
  int listed; /* things asked for side by side, "name, country and age": 3; 0: unclear */
  VEC(judge_number) numbers;
  VEC(str) quoted; /* what stands between quotes */
} judge_intent;

/** Owns: in `a`, pointing into `question`. Returns EMEND_OK or EMEND_ENOMEM. */
emend_rc judge_read(str question, arena *a, judge_intent *out, emend_error *err);

/* ---- signals ---- */

typedef struct judge_signal {
  const char *code; /* from the table in judge/signals.def, or check's */
  double value;     /* how much of it: 1 for what is there or is not */
  double hand_set;  /* what one of it adds to the log odds where nothing was fitted */
  str message;      /* empty: evidence that only counts, and is not shown */
} judge_signal;
typedef VEC(judge_signal) judge_signals;

/** Holds a parsed query against the intent; what check warned of counts as well.
 *  `report` comes from check_sql; nothing is added when it has no query. */
emend_rc judge_sql(const judge_intent *in, const check_report *report, arena *a, judge_signals *out,
                   emend_error *err);

/** Holds a parsed query against what the question says of columns that hold yes or no: "inactive".
 */
emend_rc judge_flags(const judge_intent *in, const check_report *report, const catalog *cat,
                     arena *a, judge_signals *out, emend_error *err);

/** Holds a result against the intent and the query. `q` may be NULL. */
emend_rc judge_result(const judge_intent *in, sql_query *q, const source_result *r, arena *a,
                      judge_signals *out, emend_error *err);

/** Appends that other readings of the question were about as likely. False when out of memory. */
bool judge_add_unsure(judge_signals *out, arena *a, double confidence);

/** Appends how many linked words of the question a generator's candidate leaves aside. */
bool judge_add_left_aside(judge_signals *out, arena *a, int words);

/* ---- probes ---- */

enum { JUDGE_MOST_PROBES = 3, JUDGE_PROBE_ROWS = 200 };

typedef enum judge_probe_kind {
  JUDGE_PROBE_WITHOUT, /* the query without a table of which nothing is asked */
  JUDGE_PROBE_ONCE,    /* a figure over the rows that it is of, each once */
  JUDGE_PROBE_APART    /* names and keys of the rows grouped by name: does one have several? */
} judge_probe_kind;

/** A query to run beside another: do its rows differ? */
typedef struct judge_probe {
  judge_probe_kind kind;
  str sql;
  str against;       /* whose rows are compared with its own; empty: the query's */
  str table;         /* joined without use; whose rows are repeated; that has the names */
  bool figure;       /* an aggregate is taken over that join */
  bool named;        /* the question has the table's name; or those of all that repeat the rows */
  bool once;         /* no row is repeated by it, for it is joined by a key of its own */
  int column;        /* where the query selects the name that it groups by; -1: nowhere */
  bool ran, differs; /* filled in by who runs it */
} judge_probe;
typedef VEC(judge_probe) judge_probes;

/** The probes that a query calls for: most call for none. In `a`; false when out of memory. */
bool judge_find_probes(const judge_intent *in, const check_report *report, const catalog *cat,
                       arena *a, judge_probes *out);
/** What the rows of a JUDGE_PROBE_APART show of the query's own rows: sets ran and differs. False
 *  when out of memory (scratch is taken from `a`). */
bool judge_read_pairs(judge_probe *p, const source_result *own, const source_result *pairs,
                      arena *a);
/** Adds what those that ran have shown, and takes back what they refute. */
bool judge_probed(const judge_probes *probes, arena *a, judge_signals *out);

/* ---- a second opinion ---- */

enum { JUDGE_DIGEST_COLUMNS = 8 };

/** A result, told from others without its cells; the order of rows and columns does not count. */
typedef struct judge_digest {
  bool known; /* false: the query was not run */
  size_t n_rows, n_columns;
  uint64_t rows;                          /* equal for equal results */
  uint64_t columns[JUDGE_DIGEST_COLUMNS]; /* of the first columns, each by itself */
  uint64_t sets[JUDGE_DIGEST_COLUMNS];    /* … without repetitions */
} judge_digest;

/** False when out of memory (scratch is taken from `a`). */
bool judge_digest_of(const source_result *r, arena *a, judge_digest *out);

/** One answer that somebody else gave to the question. */
typedef struct judge_reading {
  const check_report *report;
  judge_digest digest;
  double share; /* belief in it, 0..1 over all of theirs */
  bool failed;  /* could not be run */
} judge_reading;

typedef struct judge_readings {
  const judge_reading *items;
  size_t n;
  size_t top; /* the one that they would give; n: none */
} judge_readings;

/**
 * Holds a query and its rows against what an independent generator answered. `view`, what the
 * network says of the query itself, may be NULL; `best_logprob` is that of its own best. `probes`
 * are the query's, with what they have shown.
 *
 * Owns: what is added is in `a`. Returns: EMEND_OK or EMEND_ENOMEM.
 */
emend_rc judge_opinion(const judge_intent *in, const check_report *mine, const judge_digest *digest,
                       const judge_probes *probes, const judge_readings *others,
                       const model_view *view, double best_logprob, arena *a, judge_signals *out,
                       emend_error *err);

/** The columns and tables of `cat` that the query of `report` reads, for model_witness. In `a`;
 *  false when out of memory. */
bool judge_reads(const check_report *report, const catalog *cat, arena *a, model_query *out);

/* ---- suspicion ---- */

/** What is known when judging; each setting has fitted weights of its own (fitted.def). */
typedef enum judge_setting {
  JUDGE_OWN,   /* the embedded network's answer among its other candidates, all of them run */
  JUDGE_DRAFT, /* somebody's query, run, beside the embedded network's answers */
  JUDGE_TEXT   /* a schema without a database: nothing was run */
} judge_setting;
enum { JUDGE_N_SETTINGS = 3 };

/** 0..1 that the query does not answer the question: logistic over the signals, calibrated. */
double judge_suspicion(const judge_signals *signals, judge_setting setting);
/** Of a suspicion, by which two are held against each other; 0.005 to 0.995 count apart. */
double judge_log_odds(double suspicion);
/** The suspicion that `s` alone would raise: 0..1. */
double judge_signal_weight(const judge_signal *s, judge_setting setting);

typedef enum judge_band { JUDGE_DELIVER, JUDGE_WARN, JUDGE_CORRECT } judge_band;
/** Where they begin depends on what was known: fitted.def. */
judge_band judge_band_of(double suspicion, judge_setting setting);

#endif
