/* Source attribution: a query whose tables are in another source is asked of that one, written in
 * its dialect, before anything runs; one that mixes sources is a fault that says how to split it.
 */
#include "ask/try.h"
#include "base/clock.h"
#include "check/attribute.h"

emend_rc ask_use_source(ask_question *q, size_t i, emend_error *err) {
  if (q->chosen == i) return EMEND_OK;
  emend_rc rc = q->ctx->connect(q->ctx->ctx, i, &q->db, err);
  if (rc) return rc;
  q->chosen = i;
  q->cat = q->ctx->sources[i].cat;
  return EMEND_OK;
}

emend_rc ask_other_catalogs(const ask_question *q, const catalog ***out, size_t *n,
                            emend_error *err) {
  *n = 0;
  *out = ARENA_ARRAY(q->work, const catalog *, q->ctx->n_sources);
  if (!*out) return err_nomem(err, "check");
  for (size_t i = 0; i < q->ctx->n_sources; i++)
    if (i != q->chosen) (*out)[(*n)++] = q->ctx->sources[i].cat;
  return EMEND_OK;
}

static emend_rc all_catalogs(const ask_question *q, const catalog ***out, emend_error *err) {
  *out = ARENA_ARRAY(q->work, const catalog *, q->ctx->n_sources);
  if (!*out) return err_nomem(err, "check");
  for (size_t i = 0; i < q->ctx->n_sources; i++) (*out)[i] = q->ctx->sources[i].cat;
  return EMEND_OK;
}

static emend_rc refuse_mixed(ask_question *q, ask_try *t, const check_attribution *at,
                             const catalog **cats, emend_error *err) {
  diag d;
  emend_rc rc = check_mixed_diag(at, cats, t->sql, q->work, &d, err);
  if (rc) return rc;
  t->failed = true;
  return vec_push(q->work, &t->faults, d) ? EMEND_OK : err_nomem(err, "check");
}

emend_rc ask_attribute(ask_question *q, ask_try *t, emend_error *err) {
  check_attribution at;
  const catalog **cats;
  t->source = q->chosen;
  if (q->ctx->n_sources < 2) return EMEND_OK;
  double since = clock_ms();
  emend_rc rc = all_catalogs(q, &cats, err);
  if (!rc)
    rc = check_attribute(t->sql, q->cat->dialect, cats, q->ctx->n_sources, q->chosen, q->work, &at,
                         err);
  if (rc == EMEND_ELIMIT || rc == EMEND_EUSAGE) return EMEND_OK; /* the check will say so */
  if (rc) return rc;
  if (at.place == CHECK_MIXED) return refuse_mixed(q, t, &at, cats, err);
  if (at.place == CHECK_UNPLACED || !at.mechanical) return EMEND_OK;
  t->sql = at.sql;
  if (at.place == CHECK_AT_HOME) return EMEND_OK;
  rc = ask_use_source(q, at.source, err);
  if (rc) return rc;
  t->source = at.source;
  return ask_trace(q, "attribute", since, err, "%.*s is in %s: asked there", STR_ARG(at.moved),
                   q->ctx->sources[at.source].name);
}
