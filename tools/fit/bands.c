/* Where the bands begin and what may take another's place, chosen on what was fitted without it.
 * See tables.h. */
#include <stdlib.h>

#include "tables.h"

/* The highest band is an alarm: so many of the untouched queries of training databases may be in
 * it, which is a quarter of what is wanted elsewhere. */
static const double most_alarmed = 0.005;
/* So many of the embedded network's right answers may be warned of, of which a third is wrong, and
 * of the right queries of which only the schema is known. */
static const double most_bothered = 0.1, most_bothered_text = 0.05;
/* Of the right drafts of the other systems on the other databases so many may be harmed, and of
 * none of these systems' more be replaced by something wrong. Elsewhere 5 and 1 in a hundred are
 * wanted. */
static const double most_harmed = 0.035, most_broken = 0.005;
/* In warnings of what is wrong: what it is worth to replace that by a right answer, and what it
 * costs to replace a right one by a wrong one. */
static const double fixed_worth = 2, broken_cost = 20;

/* What is tried: the more careful first, and kept where others are no better. */
static const double warns[] = {.86, .84, .82, .80, .78, .76, .74,
                               .72, .70, .68, .66, .64, .62, .60},
                    doubts[] = {.8, .7, .6, .5}, gains[] = {4, 3.5, 3, 2.5, 2},
                    mosts[] = {.08, .10, .12, .14, .16, .18, .20, .25, .30};
enum {
  N_WARNS = sizeof warns / sizeof *warns,
  N_DOUBTS = sizeof doubts / sizeof *doubts,
  N_GAINS = sizeof gains / sizeof *gains,
  N_MOSTS = sizeof mosts / sizeof *mosts,
  N_CHOICES = N_WARNS * N_DOUBTS * N_GAINS * N_MOSTS
};

static fit_choice choice_of(int i) {
  fit_choice c = {.warn_from = {[JUDGE_DRAFT] = warns[i % N_WARNS]}};
  i /= N_WARNS;
  c.margin.doubted_from = doubts[i % N_DOUBTS];
  i /= N_DOUBTS;
  c.margin.least_gain = gains[i % N_GAINS];
  c.margin.most_suspicion = mosts[i / N_GAINS];
  return c;
}

/* ---- the loop over drafts, as ask.c decides ---- */

typedef struct pairing {
  const fit_row *draft, *own; /* what the network answers itself; NULL: nothing */
} pairing;

typedef VEC(pairing) pairings;

static bool pair_up(const fitting *f, pairings *out) {
  for (size_t i = 0; i < f->rows.len; i++) {
    pairing p = {&f->rows.items[i], NULL};
    if (p.draft->setting != JUDGE_DRAFT || p.draft->aside) continue;
    for (size_t k = 0; k < f->rows.len && !p.own; k++) {
      const fit_row *r = &f->rows.items[k];
      if (r->setting == JUDGE_OWN && !r->aside && r->item == p.draft->item &&
          r->group == p.draft->group)
        p.own = r;
    }
    if (!vec_push(f->mem, out, p)) return false;
  }
  return true;
}

static void decide(const pairing *p, const fit_choice *c, fit_outcomes *o) {
  ask_try mine = {.suspicion = p->draft->suspicion, .failed = p->draft->failed};
  ask_try rival = {.failed = true};
  if (p->own) rival = (ask_try){.suspicion = p->own->suspicion, .failed = p->own->failed};
  if (p->own && p->own->left_out_name) rival.suspicion = 1; /* such a one is warned of */
  bool other = ask_is_doubted(&c->margin, &mine) && ask_outdoes(&c->margin, &rival, &mine);
  const ask_try *best = other ? &rival : &mine;
  bool warned = best->suspicion >= c->warn_from[JUDGE_DRAFT] || best->failed;
  bool wrong = other ? p->own->wrong : p->draft->wrong;
  if (p->draft->wrong) {
    o->wrong++;
    o->fixed += !wrong;
    o->warned_wrong += wrong && warned;
  } else {
    o->right++;
    o->broken += wrong;
    o->warned_right += !wrong && warned;
  }
}

static void add(fit_outcomes *to, const fit_outcomes *o, double sign) {
  to->right += sign * o->right;
  to->broken += sign * o->broken;
  to->warned_right += sign * o->warned_right;
  to->wrong += sign * o->wrong;
  to->fixed += sign * o->fixed;
  to->warned_wrong += sign * o->warned_wrong;
}

/* ---- choosing ---- */

/* Outcomes of one choice by system, and by system and database. */
typedef struct tally {
  fit_outcomes by_system[FIT_MOST_FILES];
  fit_outcomes cells[FIT_MOST_FILES][MOST_GROUPS];
} tally;

static void count(const pairings *pairs, const fit_choice *c, tally *t) {
  *t = (tally){0};
  for (size_t i = 0; i < pairs->len; i++) {
    const fit_row *r = pairs->items[i].draft;
    fit_outcomes one = {0};
    decide(&pairs->items[i], c, &one);
    add(&t->by_system[r->system], &one, 1);
    add(&t->cells[r->system][r->group], &one, 1);
  }
}

/* What a choice is worth to all but a system and a database (-1: to all); no_good where it does too
 * much harm. */
static const double no_good = -1e9, untried = -2e9;

static double value_without(const tally *t, int system, int group) {
  fit_outcomes rest = {0};
  for (int s = 0; s < FIT_MOST_FILES; s++) {
    fit_outcomes one = t->by_system[s];
    if (s == system) continue;
    if (group >= 0) add(&one, &t->cells[s][group], -1);
    if (one.broken > most_broken * one.right) return no_good;
    add(&rest, &one, 1);
  }
  if (rest.broken + rest.warned_right > most_harmed * rest.right) return no_good;
  return fixed_worth * rest.fixed + rest.warned_wrong - broken_cost * rest.broken;
}

typedef struct best_yet {
  double value;
  fit_outcomes there; /* what it does to whom it was chosen without */
} best_yet;

static void take_better(const tally *t, best_yet best[FIT_MOST_FILES][MOST_GROUPS], int n_groups) {
  for (int s = 0; s < FIT_MOST_FILES; s++)
    for (int g = 0; g < n_groups; g++) {
      if (t->cells[s][g].right + t->cells[s][g].wrong < 1) continue;
      double value = value_without(t, s, g);
      if (value > best[s][g].value) best[s][g] = (best_yet){value, t->cells[s][g]};
    }
}

static int descending(const void *x, const void *y) {
  double a = *(const double *)x, b = *(const double *)y;
  return (a < b) - (a > b);
}

/* From where on no more than that share of the right ones is suspected, of those that are `aside`:
 * half-way between the one that is too many and the next more suspicious. What suffices alone is
 * suspected anyway. */
static double level_for(const fitting *f, judge_setting setting, bool aside, double share) {
  double *p = calloc(f->rows.len + 1, sizeof *p), from = 1;
  size_t n = 0, anyway = 0;
  if (!p) return from;
  for (size_t i = 0; i < f->rows.len; i++) {
    const fit_row *r = &f->rows.items[i];
    if (r->setting != setting || r->aside != aside || r->use != FIT_USE_ALL || r->wrong) continue;
    if (r->alone && aside)
      anyway++;
    else
      p[n++] = r->suspicion;
  }
  qsort(p, n, sizeof *p, descending);
  size_t most = (size_t)(share * (double)(n + anyway));
  most = most > anyway ? most - anyway : 0;
  size_t next = most;
  while (n && next > 0 && p[next - 1] <= p[most]) next--;
  if (n) from = (p[most] + (next ? p[next - 1] : 1)) / 2;
  free(p);
  return from;
}

static void set_levels(const fitting *f, fit_choice *c) {
  c->warn_from[JUDGE_OWN] = level_for(f, JUDGE_OWN, false, most_bothered);
  c->warn_from[JUDGE_TEXT] = level_for(f, JUDGE_TEXT, false, most_bothered_text);
  c->correct_from = level_for(f, JUDGE_DRAFT, true, most_alarmed);
  for (int s = 0; s < JUDGE_N_SETTINGS; s++)
    if (c->warn_from[s] > c->correct_from) c->warn_from[s] = c->correct_from;
}

bool fit_choose(const fitting *f, fit_choice *out, fit_outcomes left_out[FIT_MOST_FILES + 1]) {
  pairings pairs = {0};
  tally *t = calloc(1, sizeof *t);
  best_yet(*best)[MOST_GROUPS] = calloc(FIT_MOST_FILES, sizeof *best);
  bool ok = t && best && pair_up(f, &pairs);
  double value = untried;
  for (int s = 0; ok && s < FIT_MOST_FILES; s++)
    for (int g = 0; g < f->n_groups; g++) best[s][g].value = untried;
  for (int i = 0; ok && i < N_CHOICES; i++) {
    fit_choice c = choice_of(i);
    count(&pairs, &c, t);
    take_better(t, best, f->n_groups);
    double all = value_without(t, -1, -1);
    if (all > value) {
      value = all;
      *out = c;
    }
  }
  for (int s = 0; s <= FIT_MOST_FILES; s++) left_out[s] = (fit_outcomes){0};
  for (int s = 0; ok && s < FIT_MOST_FILES; s++)
    for (int g = 0; g < f->n_groups; g++) {
      add(&left_out[s], &best[s][g].there, 1);
      add(&left_out[FIT_MOST_FILES], &best[s][g].there, 1);
    }
  if (ok) set_levels(f, out);
  free(t), free(best);
  return ok;
}
