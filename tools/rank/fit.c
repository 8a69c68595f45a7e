/* The weights of the choice: listwise logistic regression, towards the generator's own belief. See
 * rank.h. */
#define _GNU_SOURCE
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ask/choose.h"
#include "base/arena.h"
#include "base/map.h"
#include "json_lines.h"
#include "rank.h"

enum { MOST_FEATURES = 128, LEAST_SEEN = 30, STEPS = 400 };

typedef struct candidate {
  bool right;
  double *x; /* [n_features] */
} candidate;

typedef struct question {
  int group, n, n_right;
  candidate *items;
} question;

typedef struct fitting {
  arena *mem;
  map *features, *groups; /* name → number + 1 */
  VEC(question) questions;
  const char *names[MOST_FEATURES];
  double scale[MOST_FEATURES]; /* a feature's deviation; 0: it is left out */
  int n_features, n_groups;
  double ridge;
} fitting;

static int number_of(map *names, str name, arena *a, int *n) {
  uintptr_t at = (uintptr_t)map_get(names, name);
  if (at) return (int)at - 1;
  str key = arena_str(a, name);
  if (!key.ptr || !map_put(names, key, (void *)(uintptr_t)(*n + 1))) return -1;
  return (*n)++;
}

/* ---- reading ---- */

static bool read_candidate(fitting *f, json_t *from, candidate *to) {
  const char *name;
  json_t *value;
  to->right = json_is_true(json_object_get(from, "right"));
  to->x = ARENA_ARRAY(f->mem, double, MOST_FEATURES);
  if (!to->x) return false;
  json_object_foreach(json_object_get(from, "x"), name, value) {
    int at = number_of(f->features, str_from(name), f->mem, &f->n_features);
    if (at < 0 || at >= MOST_FEATURES) return false;
    if (!f->names[at]) f->names[at] = arena_strndup(f->mem, name, strlen(name));
    to->x[at] = json_number_value(value);
  }
  return true;
}

static bool read_question(void *ctx, json_t *line) {
  fitting *f = ctx;
  json_t *list = json_object_get(line, "candidates");
  const char *group = json_string_value(json_object_get(line, "group"));
  question q = {.n = (int)json_array_size(list)};
  if (!group) return false;
  q.group = number_of(f->groups, str_from(group), f->mem, &f->n_groups);
  q.items = ARENA_ARRAY(f->mem, candidate, (size_t)q.n + 1);
  if (!q.items) return false;
  for (int i = 0; i < q.n; i++) {
    if (!read_candidate(f, json_array_get(list, (size_t)i), &q.items[i])) return false;
    q.n_right += q.items[i].right;
  }
  return vec_push(f->mem, &f->questions, q);
}

/* ---- fitting ---- */

static void measure_scales(fitting *f) {
  for (int k = 0; k < f->n_features; k++) {
    double n = 0, sum = 0, squares = 0;
    int seen = 0;
    for (size_t i = 0; i < f->questions.len; i++)
      for (int c = 0; c < f->questions.items[i].n; c++) {
        double x = f->questions.items[i].items[c].x[k];
        n++;
        sum += x;
        squares += x * x;
        seen += fabs(x) > 1e-12;
      }
    double variance = n > 0 ? squares / n - sum / n * (sum / n) : 0;
    f->scale[k] = seen >= LEAST_SEEN && variance > 1e-9 ? sqrt(variance) : 0;
  }
}

static double score(const fitting *f, const double *w, const candidate *c) {
  double sum = 0;
  for (int k = 0; k < f->n_features; k++)
    if (f->scale[k] > 0) sum += w[k] * c->x[k] / f->scale[k];
  return sum;
}

/* Adds the gradient of −log of the summed probability of a question's right candidates. */
static void add_question(const fitting *f, const question *q, const double *w, double *scratch,
                         double *gradient) {
  double most = -INFINITY, all = 0, right = 0;
  for (int i = 0; i < q->n; i++) {
    scratch[i] = score(f, w, &q->items[i]);
    if (scratch[i] > most) most = scratch[i];
  }
  for (int i = 0; i < q->n; i++) {
    scratch[i] = exp(scratch[i] - most);
    all += scratch[i];
    if (q->items[i].right) right += scratch[i];
  }
  for (int i = 0; i < q->n; i++) {
    double pull = scratch[i] / all - (q->items[i].right ? scratch[i] / right : 0);
    for (int k = 0; k < f->n_features; k++)
      if (f->scale[k] > 0) gradient[k] += pull * q->items[i].x[k] / f->scale[k];
  }
}

/* Full-batch Adam: convex, and small enough that nothing better is needed. Weights are those of
 * scaled features. */
static bool fit_weights(const fitting *f, int left_out, double *w) {
  double m[MOST_FEATURES] = {0}, v[MOST_FEATURES] = {0}, prior[MOST_FEATURES] = {0};
  int most = 1, n = 0;
  for (size_t i = 0; i < f->questions.len; i++)
    if (f->questions.items[i].n > most) most = f->questions.items[i].n;
  double *scratch = calloc((size_t)most, sizeof *scratch);
  if (!scratch) return false;
  for (int k = 0; k < f->n_features; k++)
    w[k] = prior[k] = strcmp(f->names[k], "share") == 0 ? f->scale[k] : 0;
  for (int step = 1; step <= STEPS; step++) {
    double g[MOST_FEATURES] = {0}, rate = 0.05 * (1 - (step - 1) / (double)STEPS);
    n = 0;
    for (size_t i = 0; i < f->questions.len; i++) {
      const question *q = &f->questions.items[i];
      if (q->group == left_out || q->n_right == 0 || q->n_right == q->n) continue;
      add_question(f, q, w, scratch, g);
      n++;
    }
    for (int k = 0; n && k < f->n_features; k++) {
      double d = g[k] / n + 2 * f->ridge * (w[k] - prior[k]);
      m[k] = 0.9 * m[k] + 0.1 * d;
      v[k] = 0.99 * v[k] + 0.01 * d * d;
      w[k] -= rate * (m[k] / (1 - pow(0.9, step))) / (sqrt(v[k] / (1 - pow(0.99, step))) + 1e-8);
    }
  }
  free(scratch);
  return true;
}

static bool chooses_right(const fitting *f, const question *q, const double *w) {
  int best = -1;
  double best_score = 0;
  for (int i = 0; i < q->n; i++) {
    double s = score(f, w, &q->items[i]);
    if (best >= 0 && s <= best_score) continue;
    best = i;
    best_score = s;
  }
  return best >= 0 && q->items[best].right;
}

static bool cross_validate(const fitting *f) {
  double w[MOST_FEATURES];
  size_t right = 0, first = 0, any = 0;
  for (int g = 0; g < f->n_groups; g++) {
    if (!fit_weights(f, g, w)) return false;
    for (size_t i = 0; i < f->questions.len; i++) {
      const question *q = &f->questions.items[i];
      if (q->group != g) continue;
      right += chooses_right(f, q, w);
      first += q->n && q->items[0].right;
      any += q->n_right > 0;
    }
  }
  double n = (double)f->questions.len;
  fprintf(stderr,
          "%zu questions, %d databases: the likeliest right %.4f, chosen without the database "
          "%.4f, any %.4f\n",
          f->questions.len, f->n_groups, (double)first / n, (double)right / n, (double)any / n);
  return true;
}

/* ---- the table ---- */

static bool is_core(const char *name) {
  for (int i = 0; i < ASK_N_CORE; i++)
    if (strcmp(name, ask_core_name(i)) == 0) return true;
  return false;
}

/* A signal speaks against a candidate; one that would speak for it is chance, and left out. */
static void write_table(const fitting *f, const double *w, FILE *out) {
  static const char head[] =
      "/* By what one of several candidates is chosen: RANK_CORE(feature, weight) for what "
      "choose.c\n"
      " * computes, RANK(signal, weight) for how much a signal of judge or check counts against a\n"
      " * candidate, in units of log probability. Written by emend-rank (tools/rank), fitted on\n"
      " * questions over databases that the network had not seen. Signals that are not here do "
      "not\n"
      " * tell candidates apart. */\n";
  bool done[MOST_FEATURES] = {false};
  fputs(head, out);
  for (int i = 0; i < ASK_N_CORE; i++) {
    double weight = 0; /* of what was never seen */
    for (int k = 0; k < f->n_features; k++)
      if (f->scale[k] > 0 && strcmp(f->names[k], ask_core_name(i)) == 0)
        weight = w[k] / f->scale[k];
    fprintf(out, "RANK_CORE(%s, %.2f)\n", ask_core_name(i), weight);
  }
  for (;;) {
    int best = -1;
    for (int k = 0; k < f->n_features; k++) {
      if (done[k] || f->scale[k] <= 0 || is_core(f->names[k])) continue;
      if (best < 0 || -w[k] / f->scale[k] > -w[best] / f->scale[best]) best = k;
    }
    if (best < 0 || -w[best] / f->scale[best] < 0.005) break;
    done[best] = true;
    fprintf(out, "RANK(%s, %.2f)\n", f->names[best], -w[best] / f->scale[best]);
  }
}

emend_rc rank_fit(const char *const *paths, int n_paths, double ridge, FILE *out,
                  emend_error *err) {
  fitting f = {.mem = arena_create((size_t)1 << 32), .ridge = ridge};
  double w[MOST_FEATURES];
  if (!f.mem || !(f.features = map_create(f.mem, false)) || !(f.groups = map_create(f.mem, false)))
    return err_nomem(err, "rank");
  emend_rc rc = EMEND_OK;
  for (int i = 0; !rc && i < n_paths; i++)
    if (!json_lines_each(paths[i], read_question, &f))
      rc =
          err_set(err, EMEND_EFORMAT, "rank", "%s: cannot be read as rows of candidates", paths[i]);
  if (!rc && f.questions.len == 0) rc = err_set(err, EMEND_EFORMAT, "rank", "no rows to fit on");
  if (!rc) {
    measure_scales(&f);
    if (!cross_validate(&f) || !fit_weights(&f, -1, w)) rc = err_nomem(err, "rank");
  }
  if (!rc) write_table(&f, w, out);
  arena_destroy(f.mem);
  return rc;
}
