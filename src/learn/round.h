/* A round of learning: data set, training, measuring, promotion. Each stage leaves what it made on
 * disk and the round's record beside it, so that a round that was killed goes on where it was. */
#ifndef LEARN_ROUND_H
#define LEARN_ROUND_H

#include "learn/suite.h"
#include "learn/synthesise.h"
#include "model/adapter.h"

typedef struct learn_context {
  store *state;
  learn_about about;
  const generator *gen;                /* the network as a generator */
  const model *net;                    /* … and itself */
  const struct model_adapter *running; /* what answers for this source now; NULL: as shipped */
  str running_id;                      /* empty: as shipped */
  const generator *teacher;            /* a language model that helps; may be NULL */
  size_t synthetic;                    /* made-up pairs wanted */
  int threads;                         /* of training; 0: 2 */
  long steps;                          /* of training; 0: by the number of pairs */
  str user;                            /* who asked for it; may be empty */
  /** `done` 0 to 1; `seconds_left` below 0: not known. Not 0 cancels. May be NULL. */
  int (*on_progress)(void *ctx, const char *stage, double done, double seconds_left);
  void *ctx;
} learn_context;

/** Gathers, makes up and cleans pairs, and writes them as a new version. */
emend_rc learn_make_dataset(const learn_context *x, char id[STORE_ID_MAX], emend_error *err);

/** Made-up pairs alone. Owns: *out in `a`. */
emend_rc learn_make_up(const learn_context *x, size_t count, arena *a, learn_pairs *out,
                       learn_cleaning *report, emend_error *err);

/**
 * Trains on the data set `dataset_id` (empty: the newest). A training of the same data set that
 * was cut off goes on. The version `id` is recorded as "trained".
 */
emend_rc learn_train(const learn_context *x, str dataset_id, char id[STORE_ID_MAX],
                     emend_error *err);

/** Measures the version `model_id` and what answers now on the source's suite; the figures and the
 *  verdict are recorded. */
emend_rc learn_evaluate(const learn_context *x, str model_id, learn_verdict *out, emend_error *err);

/** Lets `model_id` answer, when it was measured against what answers now and found better.
 *  EMEND_EREFUSED, with the reason, when not. */
emend_rc learn_promote(const learn_context *x, str model_id, emend_error *err);

typedef struct learn_round_report {
  char id[STORE_ID_MAX], dataset[STORE_ID_MAX], model[STORE_ID_MAX];
  bool promoted, resumed;
  char outcome[256];
} learn_round_report;

/** A whole round; one that was cut off goes on. EMEND_EBUSY while another process is at one. */
emend_rc learn_round(const learn_context *x, const char *cause, learn_round_report *out,
                     emend_error *err);

/** Where the adapter of a version lies. In `a`; NULL when out of memory. */
char *learn_model_path(const store *s, str model_id, arena *a);

/** Is it time for a round: more than `threshold` failures since the last, or `hours` (0: no
 *  schedule) since it began? *cause is "failures", "schedule", or NULL. */
emend_rc learn_is_due(store *s, str about, int64_t threshold, double hours, const char **cause,
                      emend_error *err);

#endif
