/* What a query does, read from its tree once. Private to judge/. */
#ifndef JUDGE_FACTS_H
#define JUDGE_FACTS_H

#include "judge/judge.h"
#include "text/period.h"

typedef struct judge_facts {
  const sql_query *outer;            /* the leftmost SELECT of a compound */
  int n_items;                       /* of its select list; -1 with a star */
  bool count, average, sum, extreme; /* aggregates anywhere */
  bool group_by, order_by, window, distinct, set_op, subquery, division, excludes;
  bool either;           /* OR, IN of several, UNION: one of several will do */
  const sql_expr *limit; /* the largest number of rows that a LIMIT names; NULL: none does */
  bool has_limit;        /* though perhaps not as a plain number */
  VEC(const sql_expr *) strings, numbers; /* literals anywhere, LIMIT apart */
  VEC(const sql_expr *) bounds;           /* numbers compared with by < or > */
  VEC(int) groups;                        /* columns grouped by, as in sql_binding */
  VEC(int) filtered;                      /* columns that WHERE or HAVING compares, likewise */
  int n_conditions; /* comparisons there, of columns joined and extremes apart; EXCEPT, INTERSECT */
  VEC(str) names;   /* column names read */
} judge_facts;

/** The value of a SQL_NUMBER; 0 when it is not a plain one. */
double judge_number_value(const sql_expr *e);

bool judge_contains(str text, const char *part);
/** Is this literal a bound, for which a neighbour may stand: "> 3" is ">= 4"? */
bool judge_is_bound(const judge_facts *f, const sql_expr *e);

/** Periods of the question, most of them counted from today (period.c). */
typedef struct judge_periods {
  text_period items[TEXT_MAX_PERIODS];
  int n;
} judge_periods;

void judge_find_periods(const judge_intent *in, judge_periods *out);
/** Is it one of a period's words? Of "March 2025" only with `fixed`. */
bool judge_in_period(const judge_periods *p, size_t word, bool fixed);
/** Is the literal a day, month or year that a period begins or ends with? */
bool judge_names_period(const judge_periods *p, str literal);
/** Periods, and days in digits, that the query leaves out. False when out of memory. */
bool judge_hold_periods(const judge_intent *in, const check_report *report, const judge_facts *f,
                        const judge_periods *periods, arena *a, judge_signals *out);

/** The pieces of time that the question divides by, against those of the query (grain.c). False
 *  when out of memory. */
bool judge_hold_grain(const judge_intent *in, const check_report *report, const judge_facts *f,
                      arena *a, judge_signals *out);

/** Words of time and money against the query (said.c). False when out of memory. */
bool judge_hold_said(const judge_intent *in, const check_report *report, const judge_facts *f,
                     arena *a, judge_signals *out);

/** Is half of the literal's words in the question (`question`: normalised), or much like one there?
 *  So is every code of up to three letters. */
bool judge_says_alike(const judge_intent *in, str question, str literal, arena *a);

/** False when out of memory. */
bool judge_read_facts(sql_query *q, arena *a, judge_facts *out);

#endif
