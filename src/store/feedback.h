/* Feedback and what is learned of it, as rows: feedback with its audit trail, examples, which of
 * them had a part in which answer, and what people allow. What the texts mean,
 * and when a step may be taken, is learn/'s to say. Every change is on disk when its call
 * returns. */
#ifndef STORE_FEEDBACK_H
#define STORE_FEEDBACK_H

#include "store/store.h"

typedef enum store_feedback_status {
  STORE_PENDING,
  STORE_VERIFIED,
  STORE_APPLIED,
  STORE_REJECTED,
  STORE_N_STATUS
} store_feedback_status;

const char *store_status_name(store_feedback_status status); /* "pending", … */
/** False when there is no such status. */
bool store_status_find(str name, store_feedback_status *out);

typedef struct store_feedback {
  str id, source, user;      /* user empty: nobody said */
  str question_id, question; /* question_id empty: not about one answer */
  str wrong_sql, sql;        /* what was generated; the correction. Either may be empty */
  str comment, reason;
  str created_at, updated_at, schema_version;
  str topic;                /* equal for wordings that are one question but for spelling */
  str shape;                /* the correction in one spelling: equal means the same query */
  str wrong_result, result; /* the first rows of either, as JSON; may be empty */
  store_feedback_status status;
  int rating;  /* 1..5 of the corrected SQL; 0: unsaid */
  int differs; /* do the two results? 1, 0; -1: not known */
  /* how likely the judge finds it that either is wrong, 0 to 1; below 0: it was not asked */
  double suspicion, wrong_suspicion;
} store_feedback;
typedef VEC(store_feedback) store_feedbacks;

/** Where something that teaches came from. */
typedef struct store_example {
  str id, source, question, sql;
  str wrong_sql, note; /* of a correction: what was wrong before, its reason; may be empty */
  str origin;          /* "manual", "feedback", "finalised", "synthetic" */
  str parent, user, created_at; /* parent: the id that it was made from; may be empty */
  bool active;                  /* false: taken back; the texts are gone */
  int64_t seq;                  /* grows with every change of any example */
  str vector;                   /* bytes, as they were put; only from store_example_since */
} store_example;
typedef VEC(store_example) store_examples;

/* ---- feedback ---- */

/** Adds it as it is, with the first line of its trail. `f->id` must be new ("fb_…"). */
emend_rc store_feedback_add(store *s, const store_feedback *f, emend_error *err);
/** EMEND_ENOTFOUND when there is no such id. */
emend_rc store_feedback_get(store *s, str id, arena *a, store_feedback *out, emend_error *err);

/** What to list: empty texts do not choose; `status` STORE_N_STATUS neither. By time. */
typedef struct store_feedback_filter {
  str source, topic, user;
  store_feedback_status status;
  size_t max; /* 0: all */
} store_feedback_filter;
emend_rc store_feedback_list(store *s, const store_feedback_filter *filter, arena *a,
                             store_feedbacks *out, emend_error *err);

/** A confirmed question, or one wording of it, that a correction speaks against. */
typedef struct store_withdrawal {
  str finalized_id;
  str wording, key; /* said not to be that question; empty: the whole is put up for review */
  str by;           /* who confirmed it; may be empty */
} store_withdrawal;
typedef VEC(store_withdrawal) store_withdrawals;

/** One step of a feedback's life. */
typedef struct store_step {
  str id;
  store_feedback_status from, to;
  str by, note;
  const store_example *example;     /* to STORE_APPLIED: what it teaches; may be NULL */
  const store_withdrawals *against; /* … and what it speaks against; may be NULL */
} store_step;

/** Takes all steps, or none: one transaction, each with its line in the trail. A step away from
 *  STORE_APPLIED takes back what the feedback taught.
 *  Returns: EMEND_EBUSY when one is no longer in the state that it is to leave. */
emend_rc store_feedback_steps(store *s, const store_step *steps, size_t n, emend_error *err);

/** What `step` is against goes, and nothing else of it is done: it was taken before. */
emend_rc store_feedback_withdraw(store *s, const store_step *step, emend_error *err);

/** Puts another correction (sql, shape, differs, result, rating, suspicions of `f`) into a feedback
 *  that is pending or verified, with a line in the trail. EMEND_EBUSY when it is neither any more.
 */
emend_rc store_feedback_edit(store *s, const store_feedback *f, str by, emend_error *err);

typedef struct store_log {
  str at, by, from, to, note;
} store_log;
typedef VEC(store_log) store_logs;
/** The trail of one feedback, oldest first. */
emend_rc store_feedback_log(store *s, str id, arena *a, store_logs *out, emend_error *err);
/** How many there are of each status. */
emend_rc store_feedback_counts(store *s, size_t out[STORE_N_STATUS], emend_error *err);

/** How often one person asked one wording of one source. */
typedef struct store_asking {
  str source_name, user, question;
  int64_t n;
} store_asking;
typedef VEC(store_asking) store_askings;
/** Of a source (empty: of all), at most `max` wordings, the latest first. */
emend_rc store_question_askings(store *s, str source_name, size_t max, arena *a, store_askings *out,
                                emend_error *err);

/* ---- examples ---- */

/** `id` must be new ("ex_…"); active and seq are set by the call. */
emend_rc store_example_add(store *s, const store_example *e, emend_error *err);
emend_rc store_example_get(store *s, str id, arena *a, store_example *out, emend_error *err);
/** Takes it back and empties its row. EMEND_ENOTFOUND when there is none that is active. */
emend_rc store_example_drop(store *s, str id, emend_error *err);
/** Those that are active; an empty source or origin does not choose. */
emend_rc store_example_list(store *s, str source, str origin, arena *a, store_examples *out,
                            emend_error *err);
/** Every example changed after `seq`, in order; taken back ones too. With the vectors that
 *  `made_by` made. */
emend_rc store_example_since(store *s, int64_t seq, str made_by, arena *a, store_examples *out,
                             emend_error *err);

/** An example as numbers, so that the next process need not work them out. */
typedef struct store_vector {
  str id, bytes;
} store_vector;
typedef VEC(store_vector) store_vectors;
/** Those of examples that are still active, in place of older ones. `made_by` names what made them,
 *  which the texts of this folder leave open. EMEND_EBUSY at once where another process writes. */
emend_rc store_example_keep_vectors(store *s, str made_by, const store_vectors *vectors,
                                    emend_error *err);
/** The greatest seq; microseconds, so that every question can ask whether there is news. */
emend_rc store_example_last(store *s, int64_t *out, emend_error *err);

/* ---- influence ---- */

/** A correction ("fb_…") or example ("ex_…") that was before an answer's writer. */
typedef struct store_use {
  str question_id, ref, kind; /* kind: "correction" or "example" */
  double similarity;
  bool chosen; /* the answer is its query, or gives its rows */
} store_use;
emend_rc store_use_add(store *s, const store_use *uses, size_t n, emend_error *err);
/** Asked again without them: was the answer another one? */
emend_rc store_use_changed(store *s, str question_id, bool changed, emend_error *err);
/** A person confirmed that answer. Harmless when nothing had a part in it. */
emend_rc store_use_confirm(store *s, str question_id, emend_error *err);

typedef struct store_figures {
  int64_t shown, answers, chosen, changed, confirmed;
} store_figures;
/** Over all, or with `ref` of one. */
emend_rc store_use_figures(store *s, str ref, store_figures *out, emend_error *err);

/* ---- people ---- */

emend_rc store_person_opt(store *s, str user, bool out, emend_error *err);
emend_rc store_person_opted_out(store *s, str user, bool *out, emend_error *err);

typedef struct store_person {
  bool opted_out;
  int64_t questions, feedback, examples;
  int64_t confirmed; /* questions that they confirmed, or said another to be or not to be */
} store_person;
emend_rc store_person_show(store *s, str user, store_person *out, emend_error *err);

typedef VEC(str) store_person_ids;
/** The ids of what this person asked, said, confirmed and gave. In `a`. */
emend_rc store_person_material(store *s, str user, arena *a, store_person_ids *out,
                               emend_error *err);

/** Deletes what this person asked and said and what was derived from it, with every copy of an
 *  older state, and rewrites the file so that no deleted byte stays in it. What they reviewed
 *  stays, without their name; so does an opt-out, as nothing else would keep it in force.
 *  *out is what there was. */
emend_rc store_person_forget(store *s, str user, store_person *out, emend_error *err);

#endif
