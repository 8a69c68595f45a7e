/* Figures per month, week, day or quarter, for a network that divides by years: it is asked of
 * years, and what it groups by a year is grouped by what was said. Private to this folder. */
#ifndef GENERATE_GRAIN_H
#define GENERATE_GRAIN_H

#include "catalog/catalog.h"

typedef struct gen_grain {
  char grain; /* 'q', 'm', 'w', 'd' or 'D' (of the week, 0 is Sunday); 0: the question is as it was
                 asked */
  str question; /* "orders per month" as "orders per year" */
  str note;     /* for the trace; empty where grain is 0 */
} gen_grain;

/** A column month, or monthly_rate? A view that has one sums up what tables hold, and does not
 *  count. */
bool gen_names_grain(const catalog *cat, char grain);

/** Reads by what pieces of time `question` divides, unless a column of `cat` is named so. Owns: in
 *  `a`. False when out of memory. */
bool gen_grain_read(str question, const catalog *cat, arena *a, gen_grain *out);

/** `sql`, which answers g->question, grouped by the pieces that are meant where it is grouped by
 *  a date or its year. Only as SQLite writes it; other dialects' queries stay as they are. In `a`;
 *  {NULL,0} when out of memory. */
str gen_grain_write(const gen_grain *g, str sql, const catalog *cat, arena *a);

#endif
