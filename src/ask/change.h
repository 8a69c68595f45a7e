/* What a correction changed of a query. Private to ask/. */
#ifndef ASK_CHANGE_H
#define ASK_CHANGE_H

#include "ask/try.h"

typedef struct ask_change {
  str clauses;  /* "WHERE, ORDER BY"; empty: none, or one of the queries was not understood */
  int changed;  /* how many these are */
  int of;       /* … of so many that either query has */
  int beyond;   /* … in which no fault of the old query lies */
  bool touches; /* the old query had a fault with a place */
} ask_change;

/** Clause by clause, as the trees print: spacing, quotes and spelling of keywords do not count. In
 *  `a`; false when out of memory. */
bool ask_change_of(const ask_try *before, const ask_try *after, sql_dialect_id dialect, arena *a,
                   ask_change *out);

/** The same as a sentence: "changed WHERE, ORDER BY (2 of 4 clauses, 1 beyond the fault)". */
str ask_change_note(const ask_try *before, const ask_try *after, sql_dialect_id dialect, arena *a);

#endif
