/* What training left in the state: data sets, model versions, which of them answers for a source,
 * and rounds under way. Each change is on disk when its call returns. The files that the records
 * speak of are learn/'s. */
#ifndef STORE_LEARNING_H
#define STORE_LEARNING_H

#include "store/store.h"

/** The folder for what is too large for a table, "STATE.learn". In `a`; NULL when out of memory. */
char *store_learn_folder(const store *s, arena *a);

/* ---- data sets: immutable once added ---- */

typedef struct store_dataset {
  str id, source, made_at, hash, manifest; /* hash of the manifest's text, which is JSON */
} store_dataset;
typedef VEC(store_dataset) store_datasets;

emend_rc store_dataset_add(store *s, const store_dataset *d, emend_error *err);
/** Newest first; an empty `source` lists all. */
emend_rc store_dataset_list(store *s, str source, arena *a, store_datasets *out, emend_error *err);

/** The record; one that is not there is no error. The files are the caller's to remove. */
emend_rc store_dataset_remove(store *s, str id, emend_error *err);

/* ---- model versions ---- */

typedef struct store_model {
  str id, source, dataset_id, base, made_at, hash; /* base: the name of the weights beneath */
  str status;  /* "trained", "promoted", "rejected", "retired" */
  str reason;  /* why it has that status, in words */
  str figures; /* JSON */
} store_model;
typedef VEC(store_model) store_models;

/** Adds it, or gives a known id its new status, reason and figures. */
emend_rc store_model_put(store *s, const store_model *m, emend_error *err);
/** EMEND_ENOTFOUND when there is no such id. */
emend_rc store_model_get(store *s, str id, arena *a, store_model *out, emend_error *err);
/** Newest first; an empty `source` lists all. */
emend_rc store_model_list(store *s, str source, arena *a, store_models *out, emend_error *err);

/** The record, and that there was a version to go back to. It must not be the one that answers. */
emend_rc store_model_remove(store *s, str id, emend_error *err);

/* ---- which version answers ---- */

typedef struct store_promotion {
  str source, model_id, previous_id; /* an empty id: the weights as shipped */
  str kind;                          /* "promote" or "rollback" */
  str at, by, reason;
} store_promotion;
typedef VEC(store_promotion) store_promotions;

/** From now on `model_id` (empty: none) answers for `source`. */
emend_rc store_promote(store *s, str source, str model_id, str by, str reason, emend_error *err);
/** Back to what answered before; *out is its id, empty for the weights as shipped. EMEND_ENOTFOUND
 *  when nothing was promoted. */
emend_rc store_rollback(store *s, str source, str by, arena *a, str *out, emend_error *err);
/** What answers for `source` now; empty: the weights as shipped. */
emend_rc store_promoted(store *s, str source, arena *a, str *out, emend_error *err);
/** Newest first. */
emend_rc store_promotion_list(store *s, str source, arena *a, store_promotions *out,
                              emend_error *err);
/** A number that every promotion and rollback raises: cheap to ask for before each question. */
emend_rc store_promotion_stamp(store *s, int64_t *out, emend_error *err);

/* ---- rounds ---- */

typedef struct store_round {
  str id, source, cause; /* cause: "asked", "failures", "schedule" */
  str stage;             /* the stage that comes next; "done" when it is over */
  str detail;            /* JSON: what the stages before have left for those after */
  str outcome;           /* in words, once it is over */
  str started_at, updated_at;
} store_round;
typedef VEC(store_round) store_rounds;

/** Adds it, or moves a known one on. */
emend_rc store_round_put(store *s, const store_round *r, emend_error *err);
/** The round of `source` that is not over; its id is empty when there is none. */
emend_rc store_round_open(store *s, str source, arena *a, store_round *out, emend_error *err);
/** Newest first; an empty `source` lists all. */
emend_rc store_round_list(store *s, str source, arena *a, store_rounds *out, emend_error *err);

/** Failed questions of `source` since its last round began. */
emend_rc store_failures_since_round(store *s, str source, int64_t *out, emend_error *err);

typedef struct store_failed {
  str question_id, question, sql, kind, at; /* sql: the last that was tried, may be empty */
} store_failed;
typedef VEC(store_failed) store_failed_list;
/** The failed questions of `source`, latest first, at most `max`. */
emend_rc store_failed_questions(store *s, str source, size_t max, arena *a, store_failed_list *out,
                                emend_error *err);

#endif
