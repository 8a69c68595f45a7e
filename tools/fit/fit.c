/* Logistic weights over signals, fitted leaving each database out, and the tables. See fit.h. */
#define _GNU_SOURCE
#include "fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json_lines.h"
#include "tables.h"

enum { STEPS = 30, LEAST_ROWS = 8, MOST_STEPS = 12 };

static const char *const setting_names[] = {"OWN", "DRAFT", "TEXT"};

/* Without rows there is little to tell many signals apart by: these have a reason each, and held
 * up on databases left out. */
static const char *const for_text[] = {"literal_cut",      "joins",
                                       "idle_tables",      "off_key",
                                       "filter_join",      "fan_out",
                                       "fan_out_count",    "number_missing",
                                       "quoted_missing",   "top_k_mismatch",
                                       "mixed_and_or",     "negation_missing",
                                       "bare_column",      "names_missing",
                                       "conditions",       "score_gap",
                                       "score_none",       "columns_unlikely",
                                       "least_table",      "table_support",
                                       "literal_extra",    "literal_left_out",
                                       "column_left_out",  "unused_words",
                                       "unasked_selected", "items_extra",
                                       "items_left_out",   "sentences",
                                       "ask_average",      "ask_share",
                                       "grouped",          "distinct",
                                       "value_forgotten",  NULL};

static bool is_for(const char *code, judge_setting setting) {
  if (setting != JUDGE_TEXT) return true;
  for (const char *const *p = for_text; *p; p++)
    if (strcmp(*p, code) == 0) return true;
  return false;
}

/* What people are shown speaks against a query, or says nothing. */
static bool is_accusation(const char *code) {
  static const struct {
    const char *code;
    double log_odds;
  } table[] = {
#define JUDGE_SIGNAL(code, log_odds) {#code, log_odds},
#include "judge/signals.def"
#undef JUDGE_SIGNAL
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (strcmp(table[i].code, code) == 0) return table[i].log_odds > 0;
  return true; /* a code of check's */
}

/* ---- rows ---- */

static int index_of(const char **names, int *n, int most, const char *name, arena *a) {
  for (int i = 0; i < *n; i++)
    if (strcmp(names[i], name) == 0) return i;
  if (*n == most) return -1;
  names[*n] = arena_strndup(a, name, strlen(name));
  return names[*n] ? (*n)++ : -1;
}

static bool read_row(void *ctx, json_t *row) {
  fitting *f = ctx;
  const char *kind = json_string_value(json_object_get(row, "kind"));
  const char *group = json_string_value(json_object_get(row, "group"));
  json_t *signals = json_object_get(row, "x");
  if (!kind || !group || !json_is_object(signals)) return false;
  fit_row r = {.group = index_of(f->groups, &f->n_groups, MOST_GROUPS, group, f->mem),
               .item = (int)json_integer_value(json_object_get(row, "item")),
               .system = (int)json_integer_value(json_object_get(row, "system")),
               .setting = strcmp(kind, "own") == 0 || strcmp(kind, "fold_own") == 0 ? JUDGE_OWN
                          : strcmp(kind, "text") == 0 || strcmp(kind, "fold_text") == 0
                              ? JUDGE_TEXT
                              : JUDGE_DRAFT,
               .aside = strcmp(kind, "fault") == 0 || strncmp(kind, "fold_", 5) == 0,
               .use = f->use,
               .left_out_name = json_number_value(json_object_get(signals, "name_left_out")) > 0,
               .wrong = !json_is_true(json_object_get(row, "right")),
               .failed = json_is_true(json_object_get(row, "failed"))};
  const char *code;
  json_t *value;
  json_object_foreach(signals, code, value) {
    if (index_of(f->codes, &f->n_codes, MOST_SIGNALS, code, f->mem) < 0) return false;
  }
  return r.group >= 0 && vec_push(f->mem, &f->rows, r) &&
         vec_push(f->mem, &f->signals, json_incref(signals));
}

static bool fill_matrix(fitting *f) {
  for (size_t i = 0; i < f->rows.len; i++) {
    fit_row *r = &f->rows.items[i];
    r->x = ARENA_ARRAY(f->mem, double, (size_t)f->n_codes);
    if (!r->x) return false;
    for (int k = 0; k < f->n_codes; k++)
      r->x[k] = json_number_value(json_object_get(f->signals.items[i], f->codes[k]));
    json_decref(f->signals.items[i]);
  }
  return true;
}

/* ---- logistic regression with a ridge, by Newton's steps ---- */

typedef struct fitted {
  double weight[MOST_SIGNALS], bias;
} fitted;

static bool is_used(const fit_row *r, judge_setting setting, int left_out) {
  return r->setting == setting && !r->failed && r->use == FIT_USE_ALL && r->group != left_out;
}

/* Scales to unit variance; 0 for a signal that is too rare or always the same. */
static void measure_scales(const fitting *f, judge_setting setting, int left_out, double *scale) {
  for (int k = 0; k < f->n_codes; k++) {
    double n = 0, sum = 0, squares = 0;
    int there = 0;
    for (size_t i = 0; i < f->rows.len; i++) {
      const fit_row *r = &f->rows.items[i];
      if (!is_used(r, setting, left_out)) continue;
      n++;
      sum += r->x[k];
      squares += r->x[k] * r->x[k];
      there += fabs(r->x[k]) > 1e-12;
    }
    double variance = n > 0 ? squares / n - (sum / n) * (sum / n) : 0;
    bool fit = there >= LEAST_ROWS && variance > 1e-6 && is_for(f->codes[k], setting);
    scale[k] = fit ? 1 / sqrt(variance) : 0;
  }
}

/* Solves h x = g in place by Cholesky's factors; h is [n][n] and positive. */
static void solve(double *h, double *g, int n) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j <= i; j++) {
      double sum = h[i * n + j];
      for (int k = 0; k < j; k++) sum -= h[i * n + k] * h[j * n + k];
      h[i * n + j] = i == j ? sqrt(sum > 1e-12 ? sum : 1e-12) : sum / h[j * n + j];
    }
  for (int i = 0; i < n; i++) {
    for (int k = 0; k < i; k++) g[i] -= h[i * n + k] * g[k];
    g[i] /= h[i * n + i];
  }
  for (int i = n - 1; i >= 0; i--) {
    for (int k = i + 1; k < n; k++) g[i] -= h[k * n + i] * g[k];
    g[i] /= h[i * n + i];
  }
}

/* Faults that were put in are plainer than those that people and models make, what is right on
 * training databases was never tried on other contents, and drafts over other schemas are of other
 * people's questions. */
static const double aside_weight[JUDGE_N_SETTINGS] = {0.3, 0.3, 0.1};

static double logistic(double x) { return 1 / (1 + exp(-x)); }

static double sum_of(const fitting *f, const fitted *w, const fit_row *r) {
  double sum = w->bias;
  for (int k = 0; k < f->n_codes; k++) sum += w->weight[k] * r->x[k];
  return sum;
}

static bool newton_step(const fitting *f, judge_setting setting, int left_out, const double *scale,
                        fitted *w, double *moved) {
  int n = f->n_codes + 1;
  double *h = calloc((size_t)(n * n), sizeof *h), *g = calloc((size_t)n, sizeof *g);
  double *z = calloc((size_t)n, sizeof *z);
  if (!h || !g || !z) return free(h), free(g), free(z), false;
  for (size_t i = 0; i < f->rows.len; i++) {
    const fit_row *r = &f->rows.items[i];
    if (!is_used(r, setting, left_out)) continue;
    double p = logistic(sum_of(f, w, r)), weight = r->aside ? aside_weight[setting] : 1;
    double error = weight * (p - r->wrong), curve = weight * p * (1 - p);
    for (int k = 0; k < f->n_codes; k++) z[k] = r->x[k] * scale[k];
    z[n - 1] = 1;
    for (int a = 0; a < n; a++) {
      if (fabs(z[a]) < 1e-12) continue;
      g[a] += error * z[a];
      for (int b = 0; b <= a; b++) h[a * n + b] += curve * z[a] * z[b];
    }
  }
  for (int k = 0; k < n; k++) {
    double ridge = k < n - 1 ? f->ridge[setting] : 1e-6;
    h[k * n + k] += ridge;
    if (k < n - 1 && scale[k] > 0) g[k] += ridge * w->weight[k] / scale[k];
  }
  solve(h, g, n);
  *moved = 0;
  for (int k = 0; k < n; k++) {
    if (fabs(g[k]) > *moved) *moved = fabs(g[k]);
    if (k < n - 1)
      w->weight[k] -= g[k] * scale[k];
    else
      w->bias -= g[k];
  }
  free(h), free(g), free(z);
  return true;
}

static bool fit_weights(const fitting *f, judge_setting setting, int left_out, fitted *out) {
  double scale[MOST_SIGNALS];
  measure_scales(f, setting, left_out, scale);
  for (bool again = true; again;) {
    double moved = 1;
    memset(out, 0, sizeof *out);
    for (int step = 0; step < STEPS && moved > 1e-6; step++)
      if (!newton_step(f, setting, left_out, scale, out, &moved)) return false;
    again = false;
    for (int k = 0; k < f->n_codes; k++)
      if (out->weight[k] < 0 && is_accusation(f->codes[k])) {
        scale[k] = 0;
        again = true;
      }
  }
  return true;
}

/* ---- calibration: the nearest rising steps to what was seen ---- */

typedef struct step {
  double sum, wrong, n;
} step;

static int by_sum(const void *x, const void *y) {
  double a = ((const step *)x)->sum, b = ((const step *)y)->sum;
  return (a > b) - (a < b);
}

/* Bins of equal count, pooled until they rise; at most `most`. Returns how many. */
static int calibrate(const fitting *f, judge_setting setting, int left_out, step *out, int most) {
  step *all = calloc(f->rows.len + 1, sizeof *all);
  int n = 0, steps = 0;
  if (!all) return 0;
  for (size_t i = 0; i < f->rows.len; i++)
    if (is_used(&f->rows.items[i], setting, left_out) && !f->rows.items[i].aside)
      all[n++] = (step){f->rows.items[i].out_of_fold, f->rows.items[i].wrong, 1};
  qsort(all, (size_t)n, sizeof *all, by_sum);
  for (int b = 0; b < most; b++) {
    int from = (int)((long)n * b / most), to = (int)((long)n * (b + 1) / most);
    step s = {0, 0, to - from};
    for (int i = from; i < to; i++) s.sum += all[i].sum, s.wrong += all[i].wrong;
    if (to == from) continue;
    out[steps++] = s;
    while (steps > 1 &&
           out[steps - 2].wrong / out[steps - 2].n >= out[steps - 1].wrong / out[steps - 1].n) {
      out[steps - 2].sum += out[steps - 1].sum;
      out[steps - 2].wrong += out[steps - 1].wrong;
      out[steps - 2].n += out[steps - 1].n;
      steps--;
    }
  }
  double first = n ? all[0].sum : 0, last = n ? all[n - 1].sum : 0;
  free(all);
  for (int i = 0; i < steps; i++) {
    out[i].sum /= out[i].n;
    out[i].wrong = (out[i].wrong + 0.5) / (out[i].n + 1);
  }
  if (!steps) return 0;
  /* Beyond the means of the outermost bins it goes on, more slowly: no two sums look alike. */
  memmove(out + 1, out, (size_t)steps * sizeof *out);
  out[0] = (step){first - 2, out[1].wrong * 0.3, 0};
  out[steps + 1] = (step){last + 2, 1 - (1 - out[steps].wrong) * 0.4, 0};
  return steps + 2;
}

static double calibrated(const step *steps, int n, double sum) {
  if (n == 0) return logistic(sum);
  if (sum <= steps[0].sum) return steps[0].wrong;
  for (int i = 1; i < n; i++)
    if (sum <= steps[i].sum) {
      double part = (sum - steps[i - 1].sum) / (steps[i].sum - steps[i - 1].sum);
      return steps[i - 1].wrong + part * (steps[i].wrong - steps[i - 1].wrong);
    }
  return steps[n - 1].wrong;
}

/* Every row's suspicion by weights and steps that never saw its database. */
static bool cross_validate(fitting *f, judge_setting setting) {
  step steps[MOST_STEPS + 2];
  for (int g = 0; g < f->n_groups; g++) {
    fitted w;
    if (!fit_weights(f, setting, g, &w)) return false;
    for (size_t i = 0; i < f->rows.len; i++)
      if (f->rows.items[i].setting == setting && f->rows.items[i].group == g)
        f->rows.items[i].out_of_fold = sum_of(f, &w, &f->rows.items[i]);
  }
  for (int g = 0; g < f->n_groups; g++) {
    int n = calibrate(f, setting, g, steps, MOST_STEPS);
    fit_evidence alone = {.from = {0}};
    if (setting == JUDGE_DRAFT && !fit_find_evidence(f, g, &alone)) return false;
    for (size_t i = 0; i < f->rows.len; i++) {
      fit_row *r = &f->rows.items[i];
      if (r->setting != setting || r->group != g) continue;
      double least = fit_alone(&alone, r), p = calibrated(steps, n, r->out_of_fold);
      r->alone = least > 0 && !r->failed;
      r->suspicion = r->failed ? 1 : p > least ? p : least;
    }
  }
  return true;
}

/* ---- the tables ---- */

/* What suffices alone is an alarm, however many others are. */
static double in_highest(double share, double correct_from) {
  return share > 0 && share < correct_from ? correct_from : share;
}

/* Fitted on all that may be fitted on, written, and every row's suspicion by it. */
static bool write_setting(fitting *f, judge_setting setting, double correct_from, FILE *out) {
  step steps[MOST_STEPS + 2];
  fitted w;
  if (!fit_weights(f, setting, -1, &w)) return false;
  int n = calibrate(f, setting, -1, steps, MOST_STEPS);
  bool seen[MOST_SIGNALS] = {false}; /* often enough to be told to weigh nothing */
  for (int k = 0; k < f->n_codes; k++) {
    int there = 0;
    for (size_t i = 0; i < f->rows.len; i++)
      there += is_used(&f->rows.items[i], setting, -1) && fabs(f->rows.items[i].x[k]) > 1e-12;
    seen[k] = there >= LEAST_ROWS;
  }
  fprintf(out, "\nJUDGE_BIAS(%s, %.4f)\n", setting_names[setting], w.bias);
  for (int k = 0; k < f->n_codes; k++)
    if (fabs(w.weight[k]) > 0 || !is_for(f->codes[k], setting) || seen[k])
      fprintf(out, "JUDGE_FIT(%s, %s, %.4f)\n", setting_names[setting], f->codes[k], w.weight[k]);
  fit_evidence alone = {.from = {0}};
  if (setting == JUDGE_DRAFT && !fit_find_evidence(f, -1, &alone)) return false;
  for (int e = 0; e < FIT_N_EVIDENCE; e++)
    if (alone.from[e] > 0)
      fprintf(out, "JUDGE_EVIDENCE(%s, %s, %.2f, %.4f)\n", setting_names[setting],
              fit_evidence_code(e), alone.from[e], in_highest(alone.wrong[e], correct_from));
  for (int i = 0; i < n; i++)
    fprintf(out, "JUDGE_KNOT(%s, %.4f, %.4f)\n", setting_names[setting], steps[i].sum,
            steps[i].wrong);
  for (size_t i = 0; i < f->rows.len; i++) {
    fit_row *r = &f->rows.items[i];
    if (r->setting != setting) continue;
    double least = in_highest(fit_alone(&alone, r), correct_from);
    double p = calibrated(steps, n, sum_of(f, &w, r));
    r->shipped = r->failed ? 1 : p > least ? p : least;
  }
  return true;
}

static const char head[] =
    "/* What emend-fit found: where the bands begin, and for each setting the log odds that a "
    "query\n"
    " * without any signal is wrong, what one of each signal adds, the share of queries that were\n"
    " * wrong where the sum was such, and what suffices alone. Written by tools/fit;\n"
    " * docs/accuracy.md says what came of it. */\n"
    "#ifndef JUDGE_FIT\n#define JUDGE_FIT(setting, code, weight)\n#endif\n"
    "#ifndef JUDGE_BIAS\n#define JUDGE_BIAS(setting, log_odds)\n#endif\n"
    "#ifndef JUDGE_EVIDENCE\n#define JUDGE_EVIDENCE(setting, code, least, wrong)\n#endif\n"
    "#ifndef JUDGE_BAND\n#define JUDGE_BAND(setting, band, from)\n#endif\n"
    "#ifndef JUDGE_KNOT\n#define JUDGE_KNOT(setting, sum, wrong)\n#endif\n";
static const char tail[] =
    "\n#undef JUDGE_FIT\n#undef JUDGE_BIAS\n#undef JUDGE_EVIDENCE\n#undef JUDGE_BAND\n"
    "#undef JUDGE_KNOT\n";

static void write_margin(const ask_margin *m, FILE *out) {
  fprintf(out,
          "/* When one candidate takes another's place: see ask_margin. Written by tools/fit;\n"
          " * docs/accuracy.md says by what it was chosen. */\n"
          "ASK_MARGIN(doubted_from, %.2f)\nASK_MARGIN(most_suspicion, %.2f)\n"
          "ASK_MARGIN(least_gain, %.2f)\n",
          m->doubted_from, m->most_suspicion, m->least_gain);
}

static void write_scores(const fitting *f, FILE *out) {
  for (size_t i = 0; i < f->rows.len; i++) {
    const fit_row *r = &f->rows.items[i];
    if (!r->aside)
      fprintf(out, "%s\t%s\t%d\t%d\t%d\t%.5f\n", setting_names[r->setting], f->groups[r->group],
              r->item, r->system, !r->wrong, r->suspicion);
  }
}

static bool make_tables(fitting *f, const fit_options *opt, const fit_output *to) {
  fit_choice choice;
  fit_outcomes left_out[FIT_MOST_FILES + 1];
  for (int s = 0; s < JUDGE_N_SETTINGS; s++)
    if (!cross_validate(f, (judge_setting)s)) return false;
  if (!fit_choose(f, &choice, left_out)) return false;
  for (size_t i = 0; i < f->rows.len; i++)
    if (f->rows.items[i].alone)
      f->rows.items[i].suspicion = in_highest(f->rows.items[i].suspicion, choice.correct_from);
  fputs(head, to->tables);
  fputc('\n', to->tables);
  for (int s = 0; s < JUDGE_N_SETTINGS; s++)
    fprintf(to->tables, "JUDGE_BAND(%s, WARN, %.4f)\nJUDGE_BAND(%s, CORRECT, %.4f)\n",
            setting_names[s], choice.warn_from[s], setting_names[s], choice.correct_from);
  for (int s = 0; s < JUDGE_N_SETTINGS; s++)
    if (!write_setting(f, (judge_setting)s, choice.correct_from, to->tables)) return false;
  fputs(tail, to->tables);
  if (to->margin) write_margin(&choice.margin, to->margin);
  if (to->scores) write_scores(f, to->scores);
  fit_print_worth(f, &choice, left_out, opt->systems, stderr);
  return true;
}

emend_rc fit_tables(const char *const *paths, int n_paths, const fit_options *opt,
                    const fit_output *to, emend_error *err) {
  fitting f = {.mem = arena_create((size_t)2 << 30), .ridge = {50, 100, 60}};
  bool ok = f.mem != NULL;
  for (int i = 0; ok && i < n_paths; i++) ok = json_lines_each(paths[i], read_row, &f);
  const char *const others[] = {
      [FIT_USE_EVIDENCE] = opt->reworded, [FIT_USE_WORDS] = opt->words, [FIT_USE_READ] = opt->read};
  for (fit_use use = FIT_USE_EVIDENCE; ok && use <= FIT_USE_READ; use++) {
    f.use = use;
    if (others[use]) ok = json_lines_each(others[use], read_row, &f);
  }
  ok = ok && fill_matrix(&f) && make_tables(&f, opt, to);
  arena_destroy(f.mem);
  return ok ? EMEND_OK
            : err_set(err, EMEND_EFORMAT, "fit", "the rows cannot be read, or memory is exhausted");
}
