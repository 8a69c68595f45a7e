/* Periods that a question counts from today: "last month", "the past 30 days", "since Monday". */
#ifndef TEXT_PERIOD_H
#define TEXT_PERIOD_H

#include "text/text.h"

/** Days are numbers yyyymmdd, weeks begin on Monday. */
typedef struct text_period {
  size_t word, n_words; /* where the question says it */
  int32_t from, to;     /* its first and last day; 0: no end on that side */
  char grain; /* one year, quarter, month, week or day of the calendar: 'y', 'q', 'm', 'w',
                 'd'; 'r': several: up to today, from today on, half a year */
  bool part;  /* only some of it is meant, and not clear which: "early last year" */
  bool fixed; /* not counted from today: "March 2025" */
} text_period;

enum { TEXT_MAX_PERIODS = 4 };

/** The day so many days after 1970-01-01, and back. */
int32_t text_date(int64_t days);
int64_t text_days(int32_t date);
int text_days_in(int year, int month);
/** The day that a word says in digits, "2025-05-31"; 0: none, or it is quoted. */
int32_t text_day(const text_word *w);

/** The period that begins at word `i`, counted from `now` (seconds since 1970 UTC), without what
 *  leads to it ("since"). How many words it takes; 0: none begins there. */
size_t text_period_at(const text_word *words, size_t n, size_t i, int64_t now, text_period *out);

/** All periods of a question, at most TEXT_MAX_PERIODS, with the words that lead to them: "since
 *  last month" has no end, "between last month and today" is one. Returns how many. */
int text_periods(const text_words *words, int64_t now, text_period *out);
/** The same and those that no day changes: "in March 2025", "Q2 2025", "the first half of 2025". */
int text_all_periods(const text_words *words, int64_t now, text_period *out);

/** "last 3 orders", "first ten customers": are so many things from one end of time asked for, where
 *  words[i] is "last" or "first"? Not "last 3 days", nor "first 3 letters". */
bool text_asks_for_end(const text_word *words, size_t n, size_t i);

/** "Whose last order was in May", "who first ordered …": is one end of each thing's time meant? 1:
 *  the last, -1: the first, 0: none. *word is where it is said. */
int text_asks_for_own_end(const text_words *words, size_t *word);

#endif
