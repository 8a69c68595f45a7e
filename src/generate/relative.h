/* Periods counted from today, and months of a year, for a network that knows years: it is asked of
 * a year, and where it looks for that year the query gets the days that are meant. Private to this
 * folder. */
#ifndef GENERATE_RELATIVE_H
#define GENERATE_RELATIVE_H

#include "catalog/catalog.h"
#include "text/period.h"

typedef struct gen_periods {
  text_period items[TEXT_MAX_PERIODS];
  int years[TEXT_MAX_PERIODS]; /* what each is called in `question` */
  int n;
  str question; /* "orders last month" as "orders in 2025"; as asked where n is 0 */
  str note;     /* for the trace: which days are meant; empty where n is 0 */
} gen_periods;

/** Reads the periods of `question`, counted from `now`, but for names and values of `cat` that
 *  sound like one. Owns: in `a`. False when out of memory. */
bool gen_periods_read(str question, const catalog *cat, int64_t now, arena *a, gen_periods *out);

/** `sql`, which answers p->question, with the days of each period where it looks for its year, as
 *  the column spells them. A whole year stays as it is, and so does what the column cannot tell.
 *  In `a`; {NULL,0} when out of memory. */
str gen_periods_write(const gen_periods *p, str sql, const catalog *cat, arena *a);

#endif
