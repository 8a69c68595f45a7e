/* What came of each question of an evaluation, and the figures over all. Private to learn/. */
#ifndef LEARN_REPORT_H
#define LEARN_REPORT_H

#include "base/jw.h"
#include "base/vec.h"
#include "ask/ask.h"

typedef struct report_row {
  str db_id, question;
  str sql, first_sql; /* on one line each; sql empty: nothing was delivered */
  const char *status, *level;
  double confidence, ms;
  int attempts;
  ask_words_fate words;
  double words_ms; /* 0: no model was asked for words */
  bool counted;    /* the gold query runs; only such rows count */
  bool delivered, warned, valid, right, first_right;
} report_row;
typedef VEC(report_row) report_rows;

/** The figures, in `a`. False when out of memory. */
bool report_sum_up(const report_rows *rows, arena *a, emend_eval_report *out);
/** One line of the log, without its newline. */
void report_log_line(const report_row *r, buf *b);

#endif
