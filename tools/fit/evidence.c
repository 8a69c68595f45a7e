/* Which signals suffice alone, and from which value on. A sum lets much that speaks for a query
 * outweigh one definite fault: something that was asked for and is not there, or a join that nobody
 * asked for. See tables.h. */
#include <stdlib.h>
#include <string.h>

#include "tables.h"

/* Each names such a fault. What is read from the words of question and query alone can be chosen on
 * all training databases; what the network's readings say of a database that it was trained on is
 * too sure. */
static const struct {
  const char *code;
  bool of_words;
} evidence[FIT_N_EVIDENCE] = {
    {"number_missing", true},      {"quoted_missing", true},      {"month_missing", true},
    {"name_left_out", true},       {"superlative_missing", true}, {"top_k_mismatch", true},
    {"negation_missing", true},    {"average_missing", true},     {"group_missing", true},
    {"value_forgotten", false},    {"filter_left_out", false},    {"alike_left_out", false},
    {"condition_left_out", false}, {"unfiltered", false},         {"idle_wanted", false},
    {"exclusion_left_out", false}, {"join_unasked", false},       {"inflated", false}};

/* From where on: the more careful first, and kept where the next finds hardly more. A belief below
 * a half speaks rather for the query. */
static const double levels[] = {.95, .9, .8, .7, .6, .5};
enum { N_LEVELS = sizeof levels / sizeof *levels };

/* A share of the faults that nothing else finds must be so many times the share of right queries
 * that are accused; and be so many at least, or it may be chance. What finds so much more of the
 * faults in all than it accuses is taken too, though others find these as well: elsewhere they may
 * not. */
static const double alarm_cost = 4, least_faults = 2, step_worth = 1.5;
static const double alarm_cost_in_all = 20, least_in_all = 5;
/* What is known of few is drawn towards what is known of all: by so many. */
static const double drawn_by = 8;
/* Of all queries with it, those of language models too, so many were wrong. */
static const double least_share = 0.9;

const char *fit_evidence_code(int e) { return evidence[e].code; }

/* What is looked at: the faults that such evidence is for, and right queries. */
typedef struct looking {
  const fitting *f;
  VEC(const fit_row *) rows;
  bool *found;                        /* [rows.len]: by what was chosen so far */
  double n_faults[2], n_untouched[2]; /* of databases that are left out of training; and of all */
  double n_drafts;
} looking;

static bool is_looked_for(int kind) {
  return kind == FIT_FAULT_FAN_OUT || kind == FIT_FAULT_FILTER || kind == FIT_FAULT_YEAR;
}

static bool is_looked_at(const fit_row *r, int left_out) {
  if (r->setting != JUDGE_DRAFT || r->failed || r->group == left_out) return false;
  if (r->use == FIT_USE_READ) return false;
  return r->aside ? r->system == FIT_FAULT_NONE || is_looked_for(r->system) : !r->wrong;
}

static double value_of(const fit_evidence *v, const fit_row *r, int e) {
  return v->at[e] < 0 ? 0 : r->x[v->at[e]];
}

/* What one more piece of evidence would bring: faults found, less right queries accused; `anew`:
 * faults that nothing else finds. */
static double gain_of(const looking *l, const fit_evidence *v, int e, double from, bool anew) {
  double faults = 0, untouched = 0, drafts = 0;
  for (size_t i = 0; i < l->rows.len; i++) {
    const fit_row *r = l->rows.items[i];
    if ((r->use == FIT_USE_WORDS && !evidence[e].of_words) || value_of(v, r, e) < from) continue;
    if (r->wrong)
      faults += !(anew && l->found[i]);
    else if (!l->found[i])
      *(r->aside ? &untouched : &drafts) += 1;
  }
  bool all = evidence[e].of_words;
  double accused = untouched / l->n_untouched[all] + drafts / l->n_drafts;
  if (faults < (anew ? least_faults : least_in_all)) return 0;
  return faults / l->n_faults[all] - (anew ? alarm_cost : alarm_cost_in_all) * accused;
}

/* The next piece of evidence; false where none brings anything. */
static bool choose_next(looking *l, fit_evidence *v, bool anew) {
  int best = -1;
  double most = 0, from = 0;
  for (int e = 0; e < FIT_N_EVIDENCE; e++) {
    if (!anew && v->from[e] > 0) continue;
    for (int k = 0; k < N_LEVELS; k++) {
      double gain = gain_of(l, v, e, levels[k], anew);
      if (gain <= most + (best == e ? step_worth / l->n_faults[evidence[e].of_words] : 0)) continue;
      best = e, most = gain, from = levels[k];
      if (!anew) break; /* others find these already: the most careful will do */
    }
  }
  if (best < 0) return false;
  v->from[best] = from;
  for (size_t i = 0; i < l->rows.len; i++)
    l->found[i] = l->found[i] || value_of(v, l->rows.items[i], best) >= from;
  return true;
}

/* The share of all queries with it that were wrong. */
static void measure(const fitting *f, int left_out, fit_evidence *out) {
  double n[FIT_N_EVIDENCE] = {0}, wrong[FIT_N_EVIDENCE] = {0}, all = 1, all_wrong = 0.5;
  for (size_t i = 0; i < f->rows.len; i++) {
    const fit_row *r = &f->rows.items[i];
    if (r->setting != JUDGE_DRAFT || r->failed || r->use != FIT_USE_ALL || r->group == left_out)
      continue;
    for (int e = 0; e < FIT_N_EVIDENCE; e++) {
      if (out->from[e] <= 0 || value_of(out, r, e) < out->from[e]) continue;
      n[e]++, wrong[e] += r->wrong;
      all++, all_wrong += r->wrong;
    }
  }
  for (int e = 0; e < FIT_N_EVIDENCE; e++) {
    if (out->from[e] <= 0) continue;
    out->wrong[e] = (wrong[e] + drawn_by * all_wrong / all) / (n[e] + drawn_by);
    if (out->wrong[e] < least_share) out->from[e] = 0;
  }
}

bool fit_find_evidence(const fitting *f, int left_out, fit_evidence *out) {
  looking l = {.f = f, .n_faults = {1, 1}, .n_untouched = {1, 1}, .n_drafts = 1};
  *out = (fit_evidence){0};
  for (int e = 0; e < FIT_N_EVIDENCE; e++) {
    out->at[e] = -1;
    for (int k = 0; k < f->n_codes; k++)
      if (strcmp(f->codes[k], evidence[e].code) == 0) out->at[e] = k;
  }
  for (size_t i = 0; i < f->rows.len; i++) {
    const fit_row *r = &f->rows.items[i];
    if (!is_looked_at(r, left_out)) continue;
    if (!vec_push(f->mem, &l.rows, r)) return false;
    if (!r->aside) l.n_drafts++;
    for (int all = r->use == FIT_USE_WORDS; all < 2 && r->aside; all++)
      *(r->wrong ? &l.n_faults[all] : &l.n_untouched[all]) += 1;
  }
  l.found = calloc(l.rows.len + 1, sizeof *l.found);
  if (!l.found) return false;
  while (choose_next(&l, out, true)) continue;
  while (choose_next(&l, out, false)) continue;
  measure(f, left_out, out);
  free(l.found);
  return true;
}

double fit_alone(const fit_evidence *v, const fit_row *r) {
  double most = 0;
  for (int e = 0; e < FIT_N_EVIDENCE; e++)
    if (v->from[e] > 0 && v->wrong[e] > most && value_of(v, r, e) >= v->from[e]) most = v->wrong[e];
  return most;
}
