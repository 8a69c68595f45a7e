/* Does this query, and what came back, look like an answer to this question?
 * Reads intent from the words, holds SQL and result against it, and adds the
 * signals up to one suspicion. Runs nothing. */
#ifndef JUDGE_JUDGE_H
#define JUDGE_JUDGE_H

#include "check/check.h"
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
  str reason;          /* why it is refused, as a sentence; empty for a question */
  bool count;          /* "how many", "number of" */
  size_t counted;      /* with count: the word after it */
  bool average, total; /* asked for as such */
  bool superlative;    /* "most", "youngest" */
  bool negated;        /* "not", "without", "never" */
  bool distinct;       /* "different", "unique" */
  bool per_group;      /* "for each", "per" */
  bool percentage;     /* "what percentage", "ratio" */
  int top_k;           /* "the 3 youngest": 3; 0: unsaid */
  int listed;          /* things asked for side by side, "name, country and age": 3; 0: unclear */
  VEC(judge_number) numbers;
  VEC(str) quoted; /* what stands between quotes */
} judge_intent;

/** Owns: in `a`, pointing into `question`. Returns EMEND_OK or EMEND_ENOMEM. */
emend_rc judge_read(str question, arena *a, judge_intent *out, emend_error *err);

/* ---- signals ---- */

typedef struct judge_signal {
  const char *code; /* from the table in judge/signals.def */
  double log_odds;  /* what it adds to the suspicion */
  str message;
} judge_signal;
typedef VEC(judge_signal) judge_signals;

/** Holds a parsed query against the intent; what check warned of counts as well.
 *  `report` comes from check_sql; nothing is added when it has no query. */
emend_rc judge_sql(const judge_intent *in, const check_report *report, arena *a, judge_signals *out,
                   emend_error *err);

/** Holds a result against the intent and the query. `q` may be NULL. */
emend_rc judge_result(const judge_intent *in, sql_query *q, const source_result *r, arena *a,
                      judge_signals *out, emend_error *err);

/** Appends that other readings of the question were about as likely. False when out of memory. */
bool judge_add_unsure(judge_signals *out, arena *a, double confidence);

/** 0..1 that the query does not answer the question: logistic over the signals. */
double judge_suspicion(const judge_signals *signals);
/** The suspicion that `s` alone would raise: 0..1. */
double judge_signal_weight(const judge_signal *s);

typedef enum judge_band { JUDGE_DELIVER, JUDGE_WARN, JUDGE_CORRECT } judge_band;
judge_band judge_band_of(double suspicion);

#endif
