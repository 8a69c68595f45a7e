/* Confirmed questions in the state: their wordings, the words they taught, and what
 * was asked back. Every change is on disk when its call returns. */
#ifndef STORE_FINALIZED_H
#define STORE_FINALIZED_H

#include "store/store.h"

typedef struct store_wording {
  str wording, key, by, at;
  bool refused; /* it was said not to be this question */
} store_wording;

typedef struct store_finalized {
  str id, url, source, question, query, dialect, by, at, answer_id, schema_version;
  str facts, profile;          /* of whoever confirms; opaque here */
  str review;                  /* why it must be looked at before it runs again; empty: it runs */
  VEC(store_wording) wordings; /* its own question's first */
  bool teaches;                /* to be put: it becomes an example as well, as long as it stays */
} store_finalized;
typedef VEC(store_finalized) store_finalizeds;
typedef VEC(str) store_ids;

/** Adds all of them or none; one with a known id takes its place, wordings included, and one that
 *  has the same question (by key) of the same source goes. `removed` (may be NULL) lists, in `a`,
 *  the ids that went. */
emend_rc store_finalized_put(store *s, const store_finalized *items, size_t n, arena *a,
                             store_ids *removed, emend_error *err);
/** EMEND_ENOTFOUND when there is none. The words that it taught go with it. */
emend_rc store_finalized_remove(store *s, str id, emend_error *err);
/** One, or all for the empty id, by id. In `a`. */
emend_rc store_finalized_list(store *s, str id, arena *a, store_finalizeds *out, emend_error *err);
/** The first `most` after the id `after` (empty: from the beginning), so that who reads all of many
 *  leaves others their turn between. In `a`. */
emend_rc store_finalized_page(store *s, str after, size_t most, arena *a, store_finalizeds *out,
                              emend_error *err);
/** Those of the source at `url` that have a wording with this key. In `a`. */
emend_rc store_finalized_by_key(store *s, str url, str key, arena *a, store_finalizeds *out,
                                emend_error *err);
/** Those of `like->source` that run for a question of this key, or that give `like->query` (empty:
 *  none do) whatever the question. In `a`. */
emend_rc store_finalized_about(store *s, const store_finalized *like, str key, arena *a,
                               store_finalizeds *out, emend_error *err);
/** Puts it up for review. */
emend_rc store_finalized_review(store *s, str id, str why, emend_error *err);
/** Whether there is none, some or many (1000 and more). */
emend_rc store_finalized_count(store *s, int64_t *out, emend_error *err);
/** Rises with every change, whoever makes it. */
emend_rc store_finalized_changes(store *s, int64_t *out, emend_error *err);

typedef struct store_word_pair {
  str url, word, other;
} store_word_pair;
typedef VEC(store_word_pair) store_word_pairs;

/** A wording of the question `id`, or one that it is said not to be, and the words that it
 *  teaches. EMEND_ENOTFOUND when the question is gone. */
emend_rc store_finalized_teach(store *s, str id, const store_wording *w,
                               const store_word_pair *words, size_t n, emend_error *err);
emend_rc store_finalized_words(store *s, arena *a, store_word_pairs *out, emend_error *err);

typedef struct store_asked_back {
  str question_id, finalized_id, url, question, query;
} store_asked_back;
/** Queues a copy beside the history of questions, with which it is written. */
emend_rc store_asked_back_add(store *s, const store_asked_back *b, emend_error *err);
/** EMEND_ENOTFOUND when that answer asked nothing back. */
emend_rc store_asked_back_get(store *s, str question_id, arena *a, store_asked_back *out,
                              emend_error *err);

#endif
