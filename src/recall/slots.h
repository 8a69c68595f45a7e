/* Values: those written in a query, where a question speaks of them, and the same
 * query with another question's values in their places. A value is a number, a
 * date, how many rows are wanted, or a stored text. */
#ifndef RECALL_SLOTS_H
#define RECALL_SLOTS_H

#include "recall/facts.h"
#include "recall/recall.h"
#include "recall/wording.h"

/** One value of a query; it may stand there more than once. */
typedef struct recall_slot {
  uint16_t literal;       /* the first; others have the same value and column */
  uint16_t word, n_words; /* where the wording speaks of it; n_words 0: it does not */
  uint8_t kind;           /* literal_kind */
  bool period;            /* spoken of as a period, … */
  uint8_t edge;           /* … of which this is the day: recall_edge */
} recall_slot;

typedef struct recall_slots {
  recall_slot *items;
  uint16_t n;
  uint16_t *of_literal; /* [n_literals]: its slot */
} recall_slots;

/** Finds where `w` speaks of the query's values. Owns: in `a`. False when out of memory. */
bool slots_find(const recall_facts *f, const recall_wording *w, arena *a, recall_slots *out);

/** How another question fills the slots. */
typedef struct slots_filling {
  bool aligned; /* each slot that the first question speaks of has one value in the other */
  bool *taken;  /* [words of the other question]: part of a slot's value */
  recall_slot *mentions; /* [n slots]: where the other question speaks of it */
  str *values;           /* [n slots]: new text where it differs; ptr NULL: as it was */
  int n_changed;
  int n_loose; /* numbers, dates and quoted texts of the other question that no slot took */
} slots_filling;

/** Fills the slots from `q`. `cat` (may be NULL) gives the stored values; without it only what is
 *  quoted or capitalised counts as text. Owns: in `a`. False when out of memory. */
bool slots_fill(const recall_facts *f, const recall_slots *s, const recall_wording *w,
                const recall_wording *q, const catalog *cat, arena *a, slots_filling *out);

/** The query with the changed values written in, and the list of changes.
 *  {NULL,0} when out of memory. */
str slots_write(str sql, const recall_facts *f, const recall_slots *s, const slots_filling *fill,
                arena *a, recall_match *changes);

/* ---- for others ---- */

typedef struct slots_result {
  bool aligned; /* false: the questions differ in more than values, or it is not clear how */
  str sql;      /* of the stored query, with the new question's values */
  VEC(recall_rebound) changes;
  int n_kept, n_loose; /* values found unchanged; values of the new question that had no place */
} slots_result;

/**
 * Re-slot a stored pair for another question: its SQL with the numbers, dates,
 * top-k and stored values of `new_question` one for one in the places of its own.
 * Only values are compared: that the questions ask for the same is not looked at.
 *
 * Owns:    *out in `a`.
 * NULL:    `cat` may be NULL (no stored values), then `dialect` is SQLite's.
 * Returns: EMEND_OK, also when they do not align; EMEND_ENOMEM.
 */
emend_rc slots_reslot(str question, str sql, str new_question, const catalog *cat, arena *a,
                      slots_result *out, emend_error *err);

#endif
