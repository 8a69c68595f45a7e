/* What the tables are worth, printed as docs/accuracy.md shows it. See tables.h. */
#include <math.h>
#include <stdlib.h>

#include "tables.h"

enum { BINS = 10 };

/* ---- suspicions that left the database out ---- */

typedef struct scored {
  double p, sum;
  bool wrong;
} scored;

static int by_suspicion(const void *x, const void *y) {
  double a = ((const scored *)x)->p, b = ((const scored *)y)->p;
  return (a < b) - (a > b);
}

/* One table's sums order as its suspicions do, without the steps that each left-out database
 * calibrates differently. */
static int by_score(const void *x, const void *y) {
  double a = ((const scored *)x)->sum, b = ((const scored *)y)->sum;
  return (a < b) - (a > b);
}

static size_t collect(const fitting *f, int setting, scored *out) {
  size_t n = 0;
  for (size_t i = 0; i < f->rows.len; i++) {
    const fit_row *r = &f->rows.items[i];
    bool asked = setting < 0 ? r->setting != JUDGE_TEXT : (int)r->setting == setting;
    if (!asked || r->aside) continue;
    out[n++] = (scored){r->suspicion, r->failed ? 1e9 : r->out_of_fold, r->wrong};
  }
  qsort(out, n, sizeof *out, setting < 0 ? by_suspicion : by_score);
  return n;
}

static void print_suspicion(const fitting *f, const char *name, int setting, FILE *out) {
  scored *s = calloc(f->rows.len + 1, sizeof *s);
  size_t n = s ? collect(f, setting, s) : 0;
  double wrong = 0, brier = 0, pairs = 0, ece = 0, noise = 0, found = 0, false_alarms = 0;
  for (size_t i = 0; i < n; i++) {
    wrong += s[i].wrong;
    brier += (s[i].p - s[i].wrong) * (s[i].p - s[i].wrong);
  }
  double right = (double)n - wrong, seen_wrong = 0;
  for (size_t i = 0; i < n; i++) {
    if (s[i].wrong) {
      seen_wrong++;
      if (false_alarms <= 0.05 * right) found = seen_wrong / wrong;
    } else {
      pairs += seen_wrong;
      false_alarms++;
    }
  }
  if (s) qsort(s, n, sizeof *s, by_suspicion);
  for (int b = 0; b < BINS; b++) { /* of equal count; less what chance alone would show */
    size_t from = n * (size_t)b / BINS, to = n * (size_t)(b + 1) / BINS;
    double p = 0, y = 0, m = (double)(to - from), variance = 0;
    for (size_t i = from; i < to; i++) p += s[i].p, y += s[i].wrong;
    if (m < 1) continue;
    variance = (y / m) * (1 - y / m) / m;
    ece += m / (double)n * fabs(p / m - y / m);
    noise += m / (double)n * sqrt(2 * variance / 3.14159265358979);
  }
  double base = wrong / (double)n * (1 - wrong / (double)n);
  if (n)
    fprintf(out, "| %s | %zu | %.1f | %.3f | %.1f | %.3f | %.3f | %.3f |\n", name, n,
            100 * wrong / (double)n, pairs / (wrong * right), 100 * found,
            1 - brier / (double)n / base, ece, ece > noise ? ece - noise : 0);
  free(s);
}

/* ---- the loop over drafts ---- */

static void print_outcomes(const char *name, const fit_outcomes *o, FILE *out) {
  double n = o->right + o->wrong;
  if (o->right < 1 || o->wrong < 1) return;
  fprintf(out, "| %s | %.1f | %.1f | %.2f | %.1f | %.1f | %.1f (%+.1f) |\n", name,
          100 * o->right / n, 100 * (o->broken + o->warned_right) / o->right,
          100 * o->broken / o->right, 100 * (o->fixed + o->warned_wrong) / o->wrong,
          100 * o->fixed / o->wrong, 100 * (o->right - o->broken + o->fixed) / n,
          100 * (o->fixed - o->broken) / n);
}

/* ---- faults ---- */

typedef struct fault_shares {
  double n, warned, alarmed;
} fault_shares;

static fault_shares shares_of(const fitting *f, const fit_choice *c, int kind, fit_use use,
                              bool shipped) {
  fault_shares s = {0};
  for (size_t i = 0; i < f->rows.len; i++) {
    const fit_row *r = &f->rows.items[i];
    if (r->setting != JUDGE_DRAFT || !r->aside || r->use != use || r->system != kind) continue;
    double p = shipped ? r->shipped : r->suspicion;
    s.n++;
    s.warned += p >= c->warn_from[JUDGE_DRAFT];
    s.alarmed += p >= c->correct_from;
  }
  if (s.n > 0) s.warned *= 100 / s.n, s.alarmed *= 100 / s.n;
  return s;
}

static void print_faults(const fitting *f, const fit_choice *c, fit_use use, FILE *out) {
  fprintf(out,
          "\nfaults in %s: fault, n, by tables that left the database out warned of and in the "
          "highest band, by those written warned of and in the highest band\n",
          use == FIT_USE_READ ? "what is counted" : "training databases");
  for (int kind = 0; kind < FIT_N_FAULTS; kind++) {
    fault_shares left = shares_of(f, c, kind, use, false);
    fault_shares shipped = shares_of(f, c, kind, use, true);
    if (left.n > 0)
      fprintf(out, "| %s | %.0f | %.1f | %.1f | %.1f | %.1f |\n", fit_fault_name(kind), left.n,
              left.warned, left.alarmed, shipped.warned, shipped.alarmed);
  }
}

/* Own answers: warned of though right, and wrong without a warning. */
static void print_own(const fitting *f, const fit_choice *c, bool aside, FILE *out) {
  double right = 0, n = 0, bothered = 0, silent = 0;
  for (size_t i = 0; i < f->rows.len; i++) {
    const fit_row *r = &f->rows.items[i];
    bool warned = r->suspicion >= c->warn_from[JUDGE_OWN] || r->left_out_name;
    if (r->setting != JUDGE_OWN || r->use != FIT_USE_ALL || r->aside != aside) continue;
    n++;
    right += !r->wrong;
    bothered += !r->wrong && warned;
    silent += r->wrong && !warned;
  }
  if (n > 0)
    fprintf(out,
            "own answers%s, left out: %.0f; of right ones warned of %.1f; wrong and not warned of "
            "%.1f of all\n",
            aside ? " on training databases" : "", n, 100 * bothered / right, 100 * silent / n);
}

void fit_print_worth(const fitting *f, const fit_choice *c, const fit_outcomes *left_out,
                     const char *const *systems, FILE *out) {
  fprintf(out,
          "warned of from %.2f (own answers %.3f, schema alone %.3f), to be corrected from %.4f; "
          "looked for something better from %.2f, "
          "taken up to %.2f and with a gain of %.2f\n",
          c->warn_from[JUDGE_DRAFT], c->warn_from[JUDGE_OWN], c->warn_from[JUDGE_TEXT],
          c->correct_from, c->margin.doubted_from, c->margin.most_suspicion, c->margin.least_gain);
  fprintf(out,
          "\ndrafts, left out with the choice: system, right at first, harmed, broken, helped, "
          "fixed, right afterwards\n");
  bool named = true;
  for (int s = 0; s < FIT_MOST_FILES; s++) {
    char number[16];
    named = named && systems[s];
    snprintf(number, sizeof number, "%d", s);
    print_outcomes(named ? systems[s] : number, &left_out[s], out);
  }
  print_outcomes("all", &left_out[FIT_MOST_FILES], out);
  fprintf(out,
          "\nsuspicion, left out: of, n, wrong, AUC, recall at 5%% false alarms, Brier skill, "
          "ECE, debiased\n");
  print_suspicion(f, "drafts", JUDGE_DRAFT, out);
  print_suspicion(f, "own answers", JUDGE_OWN, out);
  print_suspicion(f, "both", -1, out);
  print_suspicion(f, "schema alone", JUDGE_TEXT, out);
  print_faults(f, c, FIT_USE_READ, out);
  print_faults(f, c, FIT_USE_ALL, out);
  fputc('\n', out);
  print_own(f, c, false, out);
  print_own(f, c, true, out);
}
