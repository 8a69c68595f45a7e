/* How probable a given query is under a question. See model.h. */
#include <math.h>

#include "base/err.h"
#include "check/check.h"
#include "model/beam.h"
#include "model/model_parts.h"

static const char STAGE[] = "score";

/* The query as IR; out->ok is false for whatever has none. */
static emend_rc read_sql(str sql, const catalog *cat, const reading *r, arena *a, ir_reading *out,
                         emend_error *err) {
  sql_parsed p;
  *out = (ir_reading){.ok = false};
  emend_rc rc = sql_parse(sql, cat->dialect, a, &p, err);
  if (rc != EMEND_OK) return rc;
  if (p.statements.len != 1 || p.statements.items[0].kind != SQL_STMT_QUERY) return EMEND_OK;
  sql_query *query = p.statements.items[0].query;
  rc = check_bind(query, cat, cat->dialect, a, NULL, err);
  if (rc != EMEND_OK) return rc;
  return ir_from_sql(query, cat, r->values, (size_t)r->v.n, a, out, err);
}

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

static emend_rc score_steps(const model *m, const reading *r, const example *e, arena *a,
                            double *out, emend_error *err) {
  int n_tokens = network_shape(m->net)->tokens;
  size_t width = (size_t)n_tokens + (size_t)r->f.n, n = (size_t)e->n_steps;
  uint8_t *allowed = arena_calloc(a, n, width);
  scored_step *steps = ARENA_ARRAY(a, scored_step, n);
  float *logp = ARENA_ARRAY(a, float, n);
  if (!allowed || !steps || !logp) return err_nomem(err, STAGE);
  for (size_t i = 0; i < n; i++)
    steps[i] = (scored_step){e->steps[i].kind, e->steps[i].state, e->steps[i].id};
  allow(r, e, n_tokens, allowed);
  emend_rc rc = network_score(m->net, r->enc, e->n_steps, steps, allowed, a, logp, err);
  *out = 0;
  for (size_t i = 0; i < n; i++) *out += (double)logp[i];
  return rc;
}

static emend_rc score_one(const model *m, const reading *r, const catalog *cat, str sql, arena *a,
                          double *out, emend_error *err) {
  ir_reading ir;
  example e;
  emend_rc rc = read_sql(sql, cat, r, a, &ir, err);
  if (rc != EMEND_OK || !ir.ok) return rc == EMEND_ENOMEM ? rc : EMEND_OK;
  rc = example_build(&r->f, &r->s, ir.seq.steps, ir.seq.n, a, &e);
  if (rc != EMEND_OK) return rc == EMEND_ENOMEM ? err_nomem(err, STAGE) : EMEND_OK;
  return score_steps(m, r, &e, a, out, err);
}

emend_rc model_score(const model *m, const catalog *cat, str question, const model_options *opt,
                     const str *sqls, size_t n, arena *a, double *logprob, emend_error *err) {
  reading r;
  for (size_t i = 0; i < n; i++) logprob[i] = -INFINITY;
  if (cat->n_columns == 0 || n == 0) return EMEND_OK;
  emend_rc rc = model_read(m, cat, question, opt, a, &r, err);
  if (rc != EMEND_OK || r.q.n == 0) return rc;
  for (size_t i = 0; rc == EMEND_OK && i < n; i++)
    rc = score_one(m, &r, cat, sqls[i], a, &logprob[i], err);
  return rc;
}
