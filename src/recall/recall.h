/* What people confirmed: finalised questions in memory, shared by every thread
 * without a lock on the way in; which of them a question is, in whatever words.
 * What is kept on disk is store's. */
#ifndef RECALL_RECALL_H
#define RECALL_RECALL_H

#include "catalog/catalog.h"
#include "text/synonyms.h"

typedef enum recall_verdict {
  RECALL_MISS,
  RECALL_HIT, /* the confirmed question itself, perhaps with other values */
  RECALL_NEAR /* "did you mean …?" */
} recall_verdict;

/** A value that the question changed. */
typedef struct recall_rebound {
  str slot; /* the column, or "limit" */
  str from, to;
} recall_rebound;

/** How far the words of the question and the confirmed one are apart. */
typedef struct recall_evidence {
  unsigned faults; /* what must not differ and does: align.h */
  double cost;     /* of words without a counterpart */
  double margin;   /* to the next confirmed question that does something else */
  /* how many words of the question, and of the confirmed one, have none: that the schema does not
   * use, that only name a table, that name what the query uses, that say little */
  int q_unknown, q_table, q_used, q_again, q_weak, w_unknown, w_table, w_used, w_again, w_weak;
  int q_spelt, w_spelt; /* says in so many words what the other leaves to the query */
  int q_heads;          /* names what the query uses, and asks for it: "names of" */
  int q_repeated;       /* names a table or what is asked for once more than the other does */
  int w_foreign; /* of the confirmed question's unknown ones, those that the schema has not */
  int q_modifiers, w_modifiers; /* of the unknown ones, those that narrow: "female students" */
  int q_generic; /* of the question's unknown ones, those that narrow little: "enrollment size" */
  bool unsaid;   /* the query holds a value that its own question does not speak of */
  int related, misspelt; /* that have one by a dictionary, by a typing error */
  int ends;              /* "oldest" against no age */
  bool replaced;         /* a word stands in the place of another */
  bool same_ops;         /* both ask for the same operations, each as often */
  bool witnessed;        /* the network's own best query */
  bool moved;            /* words that both have stand in another order */
  int n_words, n_same, n_changed;
} recall_evidence;

/** What was found for a question. */
typedef struct recall_match {
  recall_verdict verdict;
  size_t source; /* index into the sources that were asked about */
  const catalog *cat;
  str id, question, sql;
  str by, at; /* who confirmed it, and when; `by` may be empty */
  VEC(recall_rebound) rebound;
  VEC(str) differs; /* with RECALL_NEAR: what is not the same, in words */
  recall_evidence evidence;
  str drifted; /* why the entry `id` must be reviewed before it runs again; then a miss */
} recall_match;

/** A confirmed question, as it is kept. */
typedef struct recall_record {
  str id, url; /* the source's URL: a question is confirmed for one source */
  str question, sql, by, at;
  str facts; /* from recall_describe, when it was confirmed */
  sql_dialect_id dialect;
  bool review;                   /* waits for a person: never matched */
  const str *wordings, *refused; /* other wordings; questions that it was said not to be */
  size_t n_wordings, n_refused;
} recall_record;

typedef struct recall recall;

/** Owns: *out until recall_free. */
emend_rc recall_create(recall **out, emend_error *err);
void recall_free(recall *r); /* NULL is harmless; no call may be running */

/** Adds records; one with a known id takes its place. What is not SQL that can be read is kept for
 *  its exact wording alone.
 *  Threads: any; readers go on with what they have. */
emend_rc recall_put(recall *r, const recall_record *records, size_t n, emend_error *err);
/** From now on it is not found. */
void recall_remove(recall *r, str id);
/** As recall_put, and what is not among `records` is not found any more. */
emend_rc recall_replace(recall *r, const recall_record *records, size_t n, emend_error *err);
bool recall_is_empty(recall *r);
/** Two words that a person confirmed to mean the same, for the source at `url`. */
emend_rc recall_teach(recall *r, str url, str word, str other, emend_error *err);

typedef struct recall_source {
  str url;
  const catalog *cat;
} recall_source;

/** The embedded network beside the words: would it have written the query itself? */
typedef struct recall_witness {
  void *self;
  /** *gap: by how much the log-probability of `sql` is below that of the network's own best query
   *  for `question`; 0 when it is that one. False when it has nothing to say. */
  bool (*doubt)(void *self, const catalog *cat, str question, str sql, arena *a, double *gap);
} recall_witness;

typedef struct recall_options {
  const synonyms *synonyms;      /* may be NULL */
  const recall_witness *witness; /* may be NULL */
  bool exact_only;               /* in its own words, whatever case, punctuation and courtesy */
} recall_options;

/**
 * Which confirmed question is this? A miss where two might be meant.
 *
 * Owns:    *out in `a`.
 * Threads: any number at once; takes no lock once a catalog was seen.
 * Returns: EMEND_OK, also for a miss; EMEND_ENOMEM.
 */
emend_rc recall_find(recall *r, const recall_source *sources, size_t n, str question,
                     const recall_options *opt, arena *a, recall_match *out, emend_error *err);

/** Words of `question` that stand for words of the confirmed question `id`, one for one, as far as
 *  that is clear: what a "yes" teaches. In `a`; false when out of memory or unknown. */
typedef struct recall_word_pair {
  str word, other;
} recall_word_pair;
typedef VEC(recall_word_pair) recall_word_pairs;
bool recall_compare(recall *r, str id, str question, const catalog *cat, const recall_options *opt,
                    arena *a, recall_word_pairs *out);

/** What must stay as it is for a query to stay confirmed: the tables that it reads, and which of
 *  its values are stored. In `a`. */
emend_rc recall_describe(str sql, const catalog *cat, arena *a, str *out, emend_error *err);
/** What of that is no longer so, in words; the empty text: nothing. In `a`; {NULL,0} when out of
 *  memory. */
str recall_drift(str facts, const catalog *cat, arena *a);

/** The key under which a wording is kept; equal for those that differ in case, punctuation and
 *  courtesy alone. In `a`; {NULL,0} when out of memory. */
str recall_key(str question, arena *a);

typedef struct recall_figures {
  size_t entries, wordings, bytes;
} recall_figures;
void recall_measure(recall *r, recall_figures *out);

#endif
