/* Which of the tried candidates is the answer: no error first, then the generator's belief against
 * what check and judge noticed. Runs nothing. */
#include "ask/choose.h"

#include <math.h>
#include <string.h>

enum { MOST_UNUSED = 5 };
static const struct {
  const char *name;
  double weight;
} cores[] = {
#define RANK_CORE(name, weight) {#name, weight},
#define RANK(signal, weight)
#include "ask/rank.def"
#undef RANK_CORE
#undef RANK
};
_Static_assert(sizeof cores / sizeof *cores == ASK_N_CORE, "a weight for each");
static const struct {
  const char *signal;
  double weight;
} ranks[] = {
#define RANK_CORE(name, weight)
#define RANK(signal, weight) {#signal, weight},
#include "ask/rank.def"
#undef RANK_CORE
#undef RANK
    /* set by hand: public questions hardly have them */
    {"end_turned", 2},    {"end_counted", 2},    {"year_elsewhere", 2},
    {"groups_of_one", 2}, {"amount_missing", 2}, {"key_missing", 2},
};
const ask_margin ask_margin_used = {
#define ASK_MARGIN(name, value) .name = value,
#include "ask/margin.def"
#undef ASK_MARGIN
};

/* A repair takes the place of what it mends where that failed, or where it is less suspicious. */
ask_try *ask_final_form(ask_try *t) {
  ask_try *r = t->repaired;
  return r && !r->failed && (t->failed || r->suspicion < t->suspicion) ? r : t;
}

double ask_agreement(const ask_tries *tries, const ask_try *t) {
  double same = 0, all = 0;
  for (size_t i = 0; i < tries->len; i++) {
    const ask_try *x = ask_final_form(tries->items[i]);
    all += x->share;
    if (x == t || (x->ran && t->ran && x->digest.rows == t->digest.rows)) same += x->share;
  }
  return all > 0 ? same / (all > 1 ? all : 1) : 0;
}

static double signal_weight(const char *code) {
  for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++)
    if (strcmp(ranks[i].signal, code) == 0) return ranks[i].weight;
  return 0;
}

const char *ask_core_name(int i) { return cores[i].name; }

void ask_core_features(const ask_tries *tries, const ask_try *t, double *out) {
  int unused = t->linked_unused < MOST_UNUSED ? t->linked_unused : MOST_UNUSED;
  out[ASK_CORE_SHARE] = log(t->share + 1e-4);
  out[ASK_CORE_SAME_ROWS] = log(ask_agreement(tries, t) + 1e-3);
  out[ASK_CORE_LEFT_ASIDE] = unused;
  out[ASK_CORE_CROSS_JOIN] = t->cross_join;
}

/* Nobody names the value that a word was taught to mean, so that it seems unasked; what else the
 * judge has against a query of the network's own stays. */
double ask_taught_of(const ask_try *t, size_t i) {
  const char *code = t->signals.items[i].code;
  if (!t->changed) return t->trust;
  if (strcmp(code, "literal_unasked") != 0 && strcmp(code, "number_unasked") != 0) return 0;
  for (size_t k = 0; k < i; k++) /* one value is taught */
    if (strcmp(t->signals.items[k].code, code) == 0) return 0;
  return 1;
}

static double score(const ask_tries *tries, const ask_try *t) {
  double core[ASK_N_CORE], x = 0;
  ask_core_features(tries, t, core);
  for (int i = 0; i < ASK_N_CORE; i++) x += cores[i].weight * core[i];
  for (size_t i = 0; i < t->n_alone; i++)
    x -= (1 - ask_taught_of(t, i)) * signal_weight(t->signals.items[i].code);
  return x;
}

ask_try *ask_choose(const ask_tries *tries) {
  ask_try *best = NULL;
  double best_score = 0;
  for (size_t i = 0; i < tries->len; i++) {
    ask_try *t = ask_final_form(tries->items[i]);
    if (t->failed) continue;
    double s = score(tries, t);
    if (best && s <= best_score) continue;
    best = t;
    best_score = s;
  }
  return best;
}

bool ask_is_doubted(const ask_margin *m, const ask_try *t) {
  return t->failed || t->suspicion >= m->doubted_from;
}

bool ask_outdoes(const ask_margin *m, const ask_try *better, const ask_try *than) {
  if (!better || better->failed) return false;
  if (!than || than->failed) return true;
  return better->suspicion <= m->most_suspicion &&
         judge_log_odds(than->suspicion) - judge_log_odds(better->suspicion) >= m->least_gain;
}
