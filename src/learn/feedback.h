/* The life of feedback: taken in after its SQL was checked and run, verified by a reviewer, applied
 * when it is good enough, or rejected. What applied feedback teaches becomes an example. */
#ifndef LEARN_FEEDBACK_H
#define LEARN_FEEDBACK_H

#include "check/check.h"
#include "store/feedback.h"

enum {
  FEEDBACK_MAX_QUESTION = 4096,
  FEEDBACK_MAX_SQL = 64 * 1024,
  FEEDBACK_MAX_COMMENT = 4096,
  FEEDBACK_MAX_NAME = 256,
  FEEDBACK_GOOD_RATING = 4, /* applied by itself from here on; unrated SQL is vouched for */
  FEEDBACK_TURNED_DOWN = 3  /* so often, and more often than not: this person is looked at closer */
};

/** Says how likely it is that queries are wrong as answers to a question. The engine fills it. */
typedef struct learn_critic {
  void *self;
  /** `out` gets n figures of 0 to 1; one below 0 where nothing can be said. */
  emend_rc (*suspect)(void *self, str question, const str *sqls, size_t n, arena *a, double *out,
                      emend_error *err);
} learn_critic;

/** The database that feedback is about. */
typedef struct learn_subject {
  str name;
  const catalog *cat;
  source *db;                   /* NULL: a schema alone, nothing is run */
  const catalog *const *others; /* the engine's other sources, for attribution */
  size_t n_others;
  const learn_critic *critic; /* NULL: corrections are not judged */
} learn_subject;

typedef struct learn_taken {
  store_feedback row; /* id empty: refused, nothing was kept */
  str why;            /* of a refusal or a duplicate; else empty */
  bool known;         /* this person has said the same before: `row` is that */
  diag_list faults;   /* of the SQL */
} learn_taken;

/**
 * Takes `in` (what a person said: texts, rating) as feedback about `s`, or says what is wrong
 * with it. SQL is checked and run, read-only, beside what was generated.
 *
 * Owns:    *out in `a`.
 * Returns: EMEND_OK also for refused feedback; EMEND_EUSAGE for what is no feedback at all; what
 *          reading the database or the state failed with.
 */
emend_rc learn_feedback_take(store *st, const learn_subject *s, const store_feedback *in, arena *a,
                             learn_taken *out, emend_error *err);
/** What is wrong with the texts and figures of `in`, before any of it is looked at. */
emend_rc learn_feedback_fits(const store_feedback *in, emend_error *err);

/** Takes a feedback one step on, as a reviewer `by` says. Verifying applies as well when the
 *  thresholds hold; *why then says why not, or is empty. A step that was taken before is no error.
 *  Returns: EMEND_EUSAGE for a step that this feedback cannot take; EMEND_ENOTFOUND; EMEND_EBUSY.
 */
emend_rc learn_feedback_move(store *st, str id, store_feedback_status to, str by, str note,
                             arena *a, str *why, emend_error *err);

/** Replaces the SQL (checked and run as above) and, above 0, the rating. */
emend_rc learn_feedback_edit(store *st, const learn_subject *s, str id, str sql, int rating, str by,
                             arena *a, learn_taken *out, emend_error *err);

/** Why `f` would not be applied by itself once verified; empty: it would. `contradicts` (may be
 *  NULL) gets the ids of applied feedback that it would replace. */
emend_rc learn_feedback_judge(store *st, const store_feedback *f, arena *a, str *why,
                              store_feedbacks *contradicts, emend_error *err);

/** Why a reviewer should look closer before `f` is verified: the judge speaks against it, or the
 *  fate of what this person said before, and one person alone for it. Empty: nothing does. */
emend_rc learn_feedback_doubt(store *st, const store_feedback *f, arena *a, str *why,
                              emend_error *err);

#endif
