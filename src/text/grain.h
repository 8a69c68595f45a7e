/* What pieces of time a question wants its figures for: "per month", "by week", "daily". */
#ifndef TEXT_GRAIN_H
#define TEXT_GRAIN_H

#include "text/text.h"

typedef enum text_grain_form {
  TEXT_GRAIN_EACH,  /* "per month", "by month", "each month" */
  TEXT_GRAIN_LY,    /* "monthly" */
  TEXT_GRAIN_WHICH, /* "which month" */
} text_grain_form;

typedef struct text_grain {
  size_t word, n_words; /* where the question says it */
  char grain;           /* 'y', 'q', 'm', 'w', 'd', as in text_period; 'D': day of the week */
  text_grain_form form;
} text_grain;

/** The grain that words[i] begins. How many words it takes; 0: none begins there. "Day of the
 *  month" and "ordered by month" are none. */
size_t text_grain_at(const text_word *words, size_t n, size_t i, text_grain *out);

/** The only grain of a question; false where it says none, or several that differ. */
bool text_find_grain(const text_words *words, text_grain *out);

/** "month", "months" or "monthly", or short for it in a column's name: 'm'; 0: no such word. */
char text_grain_word(str lower);

#endif
