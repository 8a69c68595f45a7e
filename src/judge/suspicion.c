/* From signals to one suspicion: a logistic sum, calibrated, and the bands it falls into. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "judge/signal.h"

/* Where the bands begin. The highest is for what alone suffices (below) and for sums that hardly
 * any right query has: mere disagreement with other readings stays in the middle. */
static const double band_from[JUDGE_N_SETTINGS][JUDGE_CORRECT + 1] = {
#define JUDGE_BAND(setting, band, from) [JUDGE_##setting][JUDGE_##band] = from,
#include "judge/fitted.def"
};

static const struct {
  const char *code;
  double log_odds;
} hand_set[JUDGE_N_CODES] = {
#define JUDGE_SIGNAL(code, log_odds) {#code, log_odds},
#include "judge/signals.def"
#undef JUDGE_SIGNAL
};

/* ---- what was fitted ---- */

typedef struct fitted_weight {
  judge_setting setting;
  const char *code;
  double weight;
} fitted_weight;

static const fitted_weight weights[] = {
#define JUDGE_FIT(setting, code, weight) {JUDGE_##setting, #code, weight},
#include "judge/fitted.def"
};

static const double bias[JUDGE_N_SETTINGS] = {
#define JUDGE_BIAS(setting, log_odds) [JUDGE_##setting] = log_odds,
#include "judge/fitted.def"
};

/* The sum of log odds, and the share of queries with that sum that were wrong: ascending. */
static const struct {
  judge_setting setting;
  double sum, wrong;
} knots[] = {
#define JUDGE_KNOT(setting, sum, wrong) {JUDGE_##setting, sum, wrong},
#include "judge/fitted.def"
};

/* What alone suffices, whatever else speaks for a query: from such a value on, the share of
 * queries that were wrong. */
static const struct {
  judge_setting setting;
  const char *code;
  double least, wrong;
} evidence[] = {
#define JUDGE_EVIDENCE(setting, code, least, wrong) {JUDGE_##setting, #code, least, wrong},
#include "judge/fitted.def"
    {JUDGE_TEXT, NULL, 0, 0}};

static double least_suspicion(const judge_signal *s, judge_setting setting) {
  for (size_t i = 0; evidence[i].code; i++)
    if (evidence[i].setting == setting && s->value >= evidence[i].least &&
        strcmp(evidence[i].code, s->code) == 0)
      return evidence[i].wrong;
  return 0;
}

static double weight_of(const judge_signal *s, judge_setting setting) {
  for (size_t i = 0; i < sizeof weights / sizeof *weights; i++)
    if (weights[i].setting == setting && strcmp(weights[i].code, s->code) == 0)
      return weights[i].weight;
  return s->hand_set;
}

/* ---- adding ---- */

bool judge_add(judge_signals *out, arena *a, judge_code code, double value, const char *fmt, ...) {
  char text[400];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  judge_signal s = {hand_set[code].code, value, hand_set[code].log_odds,
                    arena_str(a, str_from(text))};
  return s.message.ptr && vec_push(a, out, s);
}

bool judge_add_quiet(judge_signals *out, arena *a, judge_code code, double value) {
  judge_signal s = {hand_set[code].code, value, hand_set[code].log_odds, {0}};
  return fabs(value) < 1e-9 || vec_push(a, out, s);
}

bool judge_add_unsure(judge_signals *out, arena *a, double confidence) {
  return judge_add(out, a, JUDGE_unsure, 1,
                   "Other readings of the question are about as likely: %.0f%% sure of this one.",
                   confidence * 100);
}

bool judge_add_left_aside(judge_signals *out, arena *a, int words) {
  return judge_add_quiet(out, a, JUDGE_left_aside, words);
}

/* ---- adding up ---- */

static double logistic(double x) { return 1 / (1 + exp(-x)); }

/* A kind of signal counts once, however often it was raised. */
static bool is_repeated(const judge_signals *signals, size_t i) {
  for (size_t j = 0; j < i; j++)
    if (strcmp(signals->items[j].code, signals->items[i].code) == 0) return true;
  return false;
}

/* Between two knots a straight line; without knots, or past the last, the logistic itself. */
static double calibrate(double sum, judge_setting setting) {
  size_t below = SIZE_MAX;
  for (size_t i = 0; i < sizeof knots / sizeof *knots; i++) {
    if (knots[i].setting != setting) continue;
    if (knots[i].sum >= sum) {
      if (below == SIZE_MAX) return knots[i].wrong;
      double span = knots[i].sum - knots[below].sum;
      double part = span > 0 ? (sum - knots[below].sum) / span : 1;
      return knots[below].wrong + part * (knots[i].wrong - knots[below].wrong);
    }
    below = i;
  }
  return below == SIZE_MAX ? logistic(sum) : knots[below].wrong;
}

double judge_suspicion(const judge_signals *signals, judge_setting setting) {
  double sum = bias[setting], least = 0;
  bool left_out = false;
  for (size_t i = 0; i < signals->len; i++) {
    double alone = least_suspicion(&signals->items[i], setting);
    if (alone > least) least = alone;
    left_out |= strcmp(signals->items[i].code, "name_left_out") == 0;
    if (!is_repeated(signals, i))
      sum += weight_of(&signals->items[i], setting) * signals->items[i].value;
  }
  double p = calibrate(sum, setting);
  if (p < least) p = least;
  /* The network has only what is stored to choose from: an answer that leaves out what was named,
   * or puts another in its place, is never passed off in silence. */
  double warned = band_from[setting][JUDGE_WARN];
  return setting == JUDGE_OWN && left_out && p < warned ? warned : p;
}

double judge_signal_weight(const judge_signal *s, judge_setting setting) {
  double alone = least_suspicion(s, setting);
  double p = logistic(-1.7 + fabs(weight_of(s, setting) * s->value));
  return p > alone ? p : alone;
}

double judge_log_odds(double p) {
  p = p < 0.005 ? 0.005 : p > 0.995 ? 0.995 : p;
  return log(p / (1 - p));
}

judge_band judge_band_of(double suspicion, judge_setting setting) {
  const double *from = band_from[setting];
  return suspicion >= from[JUDGE_CORRECT] ? JUDGE_CORRECT
         : suspicion >= from[JUDGE_WARN]  ? JUDGE_WARN
                                          : JUDGE_DELIVER;
}
