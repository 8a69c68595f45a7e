/* From signals to one suspicion: a logistic sum, and the bands it falls into. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "judge/signal.h"

/* The log odds that a query without any signal is wrong, and where the bands begin. */
static const double bias = -1.7;
static const double warn_from = 0.45, correct_from = 0.70;
static const double most = 5; /* log odds: an error alone is certain */

static const struct {
  const char *code;
  double log_odds;
} table[JUDGE_N_CODES] = {
#define JUDGE_SIGNAL(code, log_odds) {#code, log_odds},
#include "judge/signals.def"
#undef JUDGE_SIGNAL
};

bool judge_add(judge_signals *out, arena *a, judge_code code, double factor, const char *fmt, ...) {
  char text[400];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  judge_signal s = {table[code].code, table[code].log_odds * factor, arena_str(a, str_from(text))};
  return s.message.ptr && vec_push(a, out, s);
}

bool judge_add_unsure(judge_signals *out, arena *a, double confidence) {
  return judge_add(out, a, JUDGE_unsure, 1,
                   "Other readings of the question are about as likely: %.0f%% sure of this one.",
                   confidence * 100);
}

static double logistic(double x) { return 1 / (1 + exp(-x)); }

/* A kind of signal counts once, however often it was raised. */
static bool is_repeated(const judge_signals *signals, size_t i) {
  for (size_t j = 0; j < i; j++)
    if (strcmp(signals->items[j].code, signals->items[i].code) == 0) return true;
  return false;
}

double judge_suspicion(const judge_signals *signals) {
  double sum = bias;
  for (size_t i = 0; i < signals->len; i++)
    if (!is_repeated(signals, i)) sum += signals->items[i].log_odds;
  return logistic(sum < most ? sum : most);
}

double judge_signal_weight(const judge_signal *s) { return logistic(bias + s->log_odds); }

judge_band judge_band_of(double suspicion) {
  return suspicion >= correct_from ? JUDGE_CORRECT
         : suspicion >= warn_from  ? JUDGE_WARN
                                   : JUDGE_DELIVER;
}
