/* One candidate on its way: checked, mended, run, judged. Private to ask/. */
#ifndef ASK_TRY_H
#define ASK_TRY_H

#include "ask/ask.h"
#include "ask/known.h"

/** What a question carries from stage to stage. */
typedef struct ask_question {
  ask_context *ctx;
  const emend_ask_options *opt;
  arena *work; /* this question's; the answer has its own */
  judge_intent intent;
  ask_known_question *known; /* the same words, served before; NULL: they were read anew */
  retrieve_result context;
  size_t chosen; /* index of the source */
  const catalog *cat;
  source *db;               /* NULL: a schema alone */
  double started, deadline; /* clock_ms; deadline 0: none */
  double db_ms, llm_ms;
  void *gen_memo;       /* the generator's own */
  str refusal;          /* why a language model finds no answer; empty: it did not say so */
  ask_words_fate words; /* whose words the answer is in */
  double words_ms;      /* a model took over them */
  double time_parts;    /* a candidate gets this part of the time that is left */
  uint64_t max_work;    /* … and may do this much; 0: any (see source_limits) */
  unsigned cancels_before;
  VEC(emend_step) trace;
  recall_nears nears;       /* what people taught that is near */
  recall_candidates taught; /* … and may be the answer */
  bool nears_shown;         /* a language model was shown the nearest */
} ask_question;

enum { ASK_ROWS_JUDGED = 1000 };

typedef struct ask_try {
  str sql;                          /* as it runs: double-quoted text mended */
  const char *generator;            /* "embedded", "repair", "draft" */
  double share;                     /* the generator's own belief */
  double logprob;                   /* … before it was shared out; 0: unknown */
  int linked_unused, stored_unused; /* as gen_candidate has them */
  bool cross_join;
  const char *no_sql; /* what came is no SQL: the code of that fault; NULL: it is */
  str no_sql_text;
  int round;     /* the generation that it came from */
  size_t source; /* index of the source that it was asked of */
  size_t taught; /* 1 + its place in the question's `taught`; 0: nobody taught it */
  double trust;  /* in what is taught: so much less is a suspicion worth; 0: nobody taught it */
  double surest; /* … and the answer no surer than this */
  bool changed;  /* taught is only one condition of it (recall/habits.h) */
  check_report report;
  diag_list faults; /* errors, the database's own included */
  judge_signals signals;
  size_t n_alone;        /* so many of the signals are of this query and its rows alone */
  judge_setting setting; /* what was known when it was judged */
  double suspicion;
  source_result result;
  bool ran, failed;         /* failed: there is an error among the faults */
  bool final;               /* an error that no other query cures: rights, time */
  judge_digest digest;      /* of the result */
  judge_probes probes;      /* queries that were run beside it */
  struct ask_try *repaired; /* this one's deterministic repair, when it was tried */
  double ms;
} ask_try;

/** False, with `err` filled, when the question was cancelled or its time is up. */
emend_rc ask_still_wanted(const ask_question *q, emend_error *err);

/** Adds a stage that began at `since` (clock_ms) to the trace and tells the caller's callback. */
emend_rc ask_trace(ask_question *q, const char *stage, double since, emend_error *err,
                   const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* ---- source attribution (attribute.c) ---- */

/** Asks `source` from here on: its catalog and connection take the place of the present ones. */
emend_rc ask_use_source(ask_question *q, size_t i, emend_error *err);
/** The catalogs of all sources but the present one, for the check to say where a table is. */
emend_rc ask_other_catalogs(const ask_question *q, const catalog ***out, size_t *n,
                            emend_error *err);
/** Where the tables of `t->sql` are in another source alone, that one is asked, in its dialect; a
 *  query that mixes sources becomes a fault, with the split that would work. */
emend_rc ask_attribute(ask_question *q, ask_try *t, emend_error *err);

/**
 * Check, mend, run and judge `t->sql`. Where check has errors that have one best
 * mend, `t->repaired` is the mended query, treated likewise.
 *
 * Returns: EMEND_OK also for wrong SQL; otherwise what ends the question: cancelled, no memory,
 *          a database that cannot be read.
 */
emend_rc ask_try_run(ask_question *q, ask_try *t, emend_error *err);

#endif
