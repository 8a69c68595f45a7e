/* Adding a signal to a list. Private to judge/. */
#ifndef JUDGE_SIGNAL_H
#define JUDGE_SIGNAL_H

#include "judge/judge.h"

typedef enum judge_code {
#define JUDGE_SIGNAL(code, log_odds) JUDGE_##code,
#include "judge/signals.def"
#undef JUDGE_SIGNAL
  JUDGE_N_CODES
} judge_code;

/** Appends signal `code`, `value` times. False when out of memory. */
bool judge_add(judge_signals *out, arena *a, judge_code code, double value, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/** Appends one that counts and is not shown; nothing for a value of 0. */
bool judge_add_quiet(judge_signals *out, arena *a, judge_code code, double value);

#endif
