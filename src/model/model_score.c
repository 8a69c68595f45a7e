/* How probable a given query is under a question. See model.h. */
#include <math.h>

#include "base/err.h"
#include "model/beam.h"
#include "model/model_parts.h"

static const char STAGE[] = "score";

/* What the search would have allowed before each step, and the step itself: the search rules some
 * out (SUM of a text) that a query may hold nevertheless. */
static void allow(const reading *r, const example *e, int n_tokens, uint8_t *allowed) {
  size_t width = (size_t)n_tokens + (size_t)r->f.n;
  ir_automaton g;
  ir_seq seq = {.n = 0};
  ir_start(&g);
  for (int i = 0; i < e->n_steps; i++, allowed += width) {
    ir_step step = {e->steps[i].kind, e->steps[i].id};
    beam_allow(&r->f, &r->v, &g, &seq, n_tokens, allowed);
    allowed[step.id + (step.kind == IR_STEP_TOKEN ? 0 : n_tokens)] = 1;
    seq.steps[seq.n++] = step;
    (void)ir_advance(&g, step);
  }
}

static emend_rc score_steps(const reading *r, const example *e, arena *a, double *out,
                            emend_error *err) {
  int n_tokens = network_shape(r->members[0].net)->tokens;
  size_t width = (size_t)n_tokens + (size_t)r->f.n, n = (size_t)e->n_steps;
  uint8_t *allowed = arena_calloc(a, n, width);
  scored_step *steps = ARENA_ARRAY(a, scored_step, n);
  float *logp = ARENA_ARRAY(a, float, (size_t)r->n_members *n);
  if (!allowed || !steps || !logp) return err_nomem(err, STAGE);
  for (size_t i = 0; i < n; i++)
    steps[i] = (scored_step){e->steps[i].kind, e->steps[i].state, e->steps[i].id};
  allow(r, e, n_tokens, allowed);
  for (int m = 0; m < r->n_members; m++) {
    emend_rc rc = network_score(r->members[m].net, r->members[m].enc, e->n_steps, steps, allowed, a,
                                logp + (size_t)m * n, err);
    if (rc != EMEND_OK) return rc;
  }
  beam_average(logp, r->n_members, n);
  *out = 0;
  for (size_t i = 0; i < n; i++) *out += (double)logp[i];
  return EMEND_OK;
}

emend_rc model_score_read(const reading *r, const catalog *cat, str sql, arena *a, double *logprob,
                          emend_error *err) {
  example e;
  bool ok;
  emend_rc rc = model_answer(cat, r, sql, a, &e, &ok, err);
  return rc == EMEND_OK && ok ? score_steps(r, &e, a, logprob, err) : rc;
}

emend_rc model_score(const model *m, const catalog *cat, str question, const model_options *opt,
                     const str *sqls, size_t n, arena *a, double *logprob, emend_error *err) {
  reading r;
  emend_rc rc = EMEND_OK;
  for (size_t i = 0; i < n; i++) logprob[i] = -INFINITY;
  if (cat->n_columns == 0 || n == 0) return EMEND_OK;
  bool *kept = ARENA_ARRAY(a, bool, (size_t)cat->n_columns);
  if (!kept) return err_nomem(err, STAGE);
  for (size_t i = 0; rc == EMEND_OK && i < n; i++)
    rc = model_keep_columns(cat, sqls[i], a, kept, err);
  if (rc == EMEND_OK) rc = model_link(m, cat, question, opt, kept, a, &r, err);
  if (rc != EMEND_OK || r.q.n == 0) return rc;
  rc = model_encode(m, opt, a, &r, err);
  for (size_t i = 0; rc == EMEND_OK && i < n; i++)
    rc = model_score_read(&r, cat, sqls[i], a, &logprob[i], err);
  return rc;
}
