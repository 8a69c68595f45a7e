/* Beam search. Hypotheses are rows of the decoder; a step keeps the best continuations of all. */
#include "model/beam.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "model/sense.h"

/* What a step adds to a sequence's worth beside its log-probability, and one that names something
 * of the schema or the question once more. Training spreads a tenth of each step's probability, so
 * that every step costs 0.1 even where nothing else is in question; and what is easiest left out of
 * a query, a column or a condition, costs the most. Without them two in ten wrong queries select
 * too little, and the right one is seldom among the ten. */
static const double STEP = 0.1, NAMED = 0.3;

typedef struct live {
  ir_seq seq;
  ir_automaton g;
  double logprob, worth;
  int parent; /* row of the step before */
} live;

typedef struct candidate {
  double logprob, worth;
  int row, alternative; /* token, or tokens + node */
} candidate;

/* ---- what the schema rules out ---- */

static bool number_column(const feature_node *n) {
  return (n->flags & (LINK_COL_NUMBER | LINK_COL_NUMERIC_TEXT | LINK_COL_OTHER)) != 0;
}

static int last_token(const ir_seq *s) {
  if (s->n == 0 || s->steps[s->n - 1].kind != IR_STEP_TOKEN) return -1;
  return s->steps[s->n - 1].id;
}

static bool column_fits(const feature_node *n, int after) {
  if (after == IR_SUM || after == IR_AVG) return number_column(n);
  if (after == IR_YEAR || after == IR_MONTH || after == IR_DAY)
    return (n->flags & (LINK_COL_TIME | LINK_COL_TEXT)) != 0;
  return true;
}

static bool value_fits(const link_value *v, ir_state state) {
  return state != IR_S_LIMIT_VALUE || (v->flags & LINK_VAL_NUMBER);
}

/* Allows the columns of a kind; all of them when the schema has none that fits. */
static void allow_columns(const features *f, int after, uint8_t *nodes) {
  bool any = false;
  for (int i = 0; i < f->n_columns; i++)
    any |= column_fits(&f->nodes[features_column(f, i)], after);
  for (int i = 0; i < f->n_columns; i++) {
    int at = features_column(f, i);
    nodes[at] = !any || column_fits(&f->nodes[at], after);
  }
}

void beam_allow(const features *f, const link_values *values, const ir_automaton *g,
                const ir_seq *seq, int n_tokens, uint8_t *allowed) {
  uint8_t *nodes = allowed + n_tokens;
  ir_state state = ir_current(g);
  memset(allowed, 0, (size_t)n_tokens + (size_t)f->n);
  for (int t = 0; t < n_tokens; t++) allowed[t] = ir_can(g, t);
  if (ir_can(g, IR_ALT_COLUMN)) allow_columns(f, last_token(seq), nodes);
  if (ir_can(g, IR_ALT_TABLE))
    for (int i = 0; i < f->n_tables; i++) nodes[features_table(f, i)] = 1;
  if (ir_can(g, IR_ALT_VALUE))
    for (int i = 0; i < f->n_values; i++)
      nodes[features_value(f, i)] = value_fits(&values->items[i], state);
  sense_forbid(f, seq, state, n_tokens, allowed);
}

static bool any_allowed(const uint8_t *allowed, size_t n) { return memchr(allowed, 1, n) != NULL; }

/* ---- the search ---- */

typedef struct search {
  const features *f;
  const link_values *values;
  int n_tokens, width;
  size_t alternatives;
  decoder *dec[BEAM_MAX_MEMBERS];
  int n_members;
  live *now, *next;
  int n_now;
  uint8_t *allowed;
  float *logp;     /* [members][width, alternatives]; their average in the first */
  candidate *best; /* [width * 2], a heap with the worst on top */
  int n_best;
  beam_hypothesis *out;
  int n_out;
} search;

static ir_step step_of(const search *s, int alternative) {
  if (alternative < s->n_tokens) return (ir_step){IR_STEP_TOKEN, alternative};
  int node = alternative - s->n_tokens;
  return (ir_step){(uint8_t)s->f->nodes[node].kind, node};
}

static void keep(search *s, candidate c) {
  int i = s->n_best < s->width ? s->n_best++ : s->n_best;
  if (i == s->width) {
    if (c.worth <= s->best[s->width - 1].worth) return;
    i = s->width - 1;
  }
  while (i > 0 && s->best[i - 1].worth < c.worth) {
    s->best[i] = s->best[i - 1];
    i--;
  }
  s->best[i] = c;
}

static void finish(search *s, const live *h) {
  int i = s->n_out < s->width ? s->n_out++ : s->width - 1;
  if (i == s->width - 1 && s->n_out == s->width && s->out[i].seq.n && s->out[i].worth >= h->worth)
    return;
  while (i > 0 && s->out[i - 1].worth < h->worth) {
    s->out[i] = s->out[i - 1];
    i--;
  }
  s->out[i] = (beam_hypothesis){h->seq, h->logprob, h->worth};
}

void beam_average(float *logp, int n_members, size_t n) {
  for (int m = 1; m < n_members; m++)
    for (size_t i = 0; i < n; i++) {
      float x = logp[i], y = logp[(size_t)m * n + i], top = x > y ? x : y, low = x > y ? y : x;
      if (top > -INFINITY) logp[i] = top + log1pf(expf(low - top)) - 0.693147181f;
    }
}

static emend_rc run_decoder(search *s, emend_error *err) {
  decoder_row rows[BEAM_MAX_WIDTH];
  for (int i = 0; i < s->n_now; i++) {
    const live *h = &s->now[i];
    uint8_t *allowed = s->allowed + (size_t)i * s->alternatives;
    beam_allow(s->f, s->values, &h->g, &h->seq, s->n_tokens, allowed);
    /* A dead end (no table, no value) keeps one row valid and is dropped afterwards. */
    if (!any_allowed(allowed, s->alternatives)) allowed[IR_END] = 1;
    rows[i] = (decoder_row){.parent = h->parent, .state = (uint8_t)ir_current(&h->g)};
    if (h->seq.n) {
      rows[i].kind = h->seq.steps[h->seq.n - 1].kind;
      rows[i].id = h->seq.steps[h->seq.n - 1].id;
    }
  }
  size_t each = (size_t)s->n_now * s->alternatives;
  for (int i = 0; i < s->n_members; i++) {
    emend_rc rc =
        decoder_step(s->dec[i], s->n_now, rows, s->allowed, s->logp + (size_t)i * each, err);
    if (rc != EMEND_OK) return rc;
  }
  beam_average(s->logp, s->n_members, each);
  return EMEND_OK;
}

/* What the hopeless are measured by: the best of the whole ones and of those that still grow. */
static double lead(const search *s) {
  double best = s->n_best ? s->best[0].worth : -INFINITY;
  return s->n_out && s->out[0].worth > best ? s->out[0].worth : best;
}

static void expand(search *s) {
  s->n_best = 0;
  for (int i = 0; i < s->n_now; i++) {
    const float *logp = s->logp + (size_t)i * s->alternatives;
    const live *h = &s->now[i];
    for (size_t k = 0; k < s->alternatives; k++) {
      if (logp[k] <= -30.0f) continue;
      double more = (double)logp[k], bonus = STEP + (k < (size_t)s->n_tokens ? 0 : NAMED);
      keep(s, (candidate){h->logprob + more, h->worth + more + bonus, i, (int)k});
    }
  }
  double least = lead(s) - BEAM_HOPELESS;
  while (s->n_best && s->best[s->n_best - 1].worth < least) s->n_best--;
}

static void advance(search *s) {
  int n = 0;
  for (int i = 0; i < s->n_best; i++) {
    const candidate *c = &s->best[i];
    live h = s->now[c->row];
    ir_step step = step_of(s, c->alternative);
    if (!ir_advance(&h.g, step) || h.seq.n == IR_MAX_STEPS) continue;
    h.seq.steps[h.seq.n++] = step;
    h.logprob = c->logprob;
    h.worth = c->worth;
    h.parent = c->row;
    if (ir_done(&h.g))
      finish(s, &h);
    else
      s->next[n++] = h;
  }
  live *t = s->now;
  s->now = s->next;
  s->next = t;
  s->n_now = n;
}

/* Nothing that is still growing is worth what is finished. */
static bool settled(const search *s) {
  if (s->n_now == 0) return true;
  return s->n_out == s->width && s->now[0].worth <= s->out[s->width - 1].worth;
}

emend_rc beam_search(const beam_member *members, int n_members, const features *f,
                     const link_values *values, int width, arena *a, beam_hypothesis *out, int *n,
                     emend_error *err) {
  search s = {
      .f = f, .values = values, .n_tokens = network_shape(members[0].net)->tokens, .out = out};
  emend_rc rc = EMEND_OK;
  *n = 0;
  s.width = width < 1 ? 1 : width > BEAM_MAX_WIDTH ? BEAM_MAX_WIDTH : width;
  s.alternatives = (size_t)s.n_tokens + (size_t)f->n;
  s.now = ARENA_ARRAY(a, live, (size_t)s.width);
  s.next = ARENA_ARRAY(a, live, (size_t)s.width);
  s.allowed = arena_calloc(a, (size_t)s.width, s.alternatives);
  s.logp = ARENA_ARRAY(a, float, (size_t)n_members *(size_t)s.width *s.alternatives);
  s.n_members = n_members;
  s.best = ARENA_ARRAY(a, candidate, (size_t)s.width + 1);
  if (!s.now || !s.next || !s.allowed || !s.logp || !s.best) return err_nomem(err, "generate");
  for (int i = 0; rc == EMEND_OK && i < n_members; i++)
    rc = decoder_create(members[i].net, members[i].enc, s.width, a, &s.dec[i], err);
  ir_start(&s.now[0].g);
  s.n_now = 1;
  while (rc == EMEND_OK && !settled(&s) && decoder_steps(s.dec[0]) < IR_MAX_STEPS) {
    rc = run_decoder(&s, err);
    if (rc != EMEND_OK) break;
    expand(&s);
    advance(&s);
  }
  while (s.n_out && s.out[s.n_out - 1].worth < s.out[0].worth - BEAM_HOPELESS) s.n_out--;
  *n = s.n_out;
  return rc;
}
