/* What waits for a reviewer: feedback on one question, or to one effect, together, by impact. */
#ifndef LEARN_REVIEW_H
#define LEARN_REVIEW_H

#include "learn/feedback.h"

typedef struct learn_review {
  str source_name, question;
  double impact;
  int64_t asked;
  size_t people;
  bool contradiction;
  store_feedbacks items;
} learn_review;
typedef VEC(learn_review) learn_reviews;

/** Pending and verified feedback of a source (empty: of all), greatest impact first. In `a`. */
emend_rc learn_review_list(store *st, str source_name, arena *a, learn_reviews *out,
                           emend_error *err);

/** What of a bulk is verified, and why the rest is not. */
typedef struct learn_bulk_item {
  store_feedback row;
  str why; /* empty: it is, or would be, verified and applied */
} learn_bulk_item;
typedef VEC(learn_bulk_item) learn_bulk;

enum { LEARN_BULK_OF_ONE = 20 }; /* one person's share of a bulk */

/** `n` 0: everything that is pending (of `source_name`). With `dry` nothing is changed. In `a`. */
emend_rc learn_bulk_verify(store *st, str source_name, const str *ids, size_t n, str by, bool dry,
                           arena *a, learn_bulk *out, emend_error *err);

#endif
