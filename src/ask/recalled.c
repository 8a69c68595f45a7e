/* Confirmed questions: run what was confirmed, or ask whether it is meant. Which
 * question is which is recall's to say. */
#include "ask/recalled.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

emend_rc ask_connect(ask_question *q, emend_error *err) {
  return q->db ? EMEND_OK : q->ctx->connect(q->ctx->ctx, q->chosen, &q->db, err);
}

double ask_given_confidence(bool adapted) { return adapted ? 0.97 : 0.99; }

static const char *copy(arena *a, str s) { return s.ptr ? arena_strndup(a, s.ptr, s.len) : NULL; }

static void copy_provenance(ask_answer *a, const recall_match *m) {
  emend_provenance *p = &a->pub.provenance;
  p->finalized_id = copy(a->mem, m->id);
  p->confirmed_by = m->by.len ? copy(a->mem, m->by) : NULL;
  p->confirmed_at = copy(a->mem, m->at);
  emend_rebound *out = ARENA_ARRAY(a->mem, emend_rebound, m->rebound.len + 1);
  for (size_t i = 0; out && i < m->rebound.len; i++) {
    const recall_rebound *r = &m->rebound.items[i];
    out[i] = (emend_rebound){copy(a->mem, r->slot), copy(a->mem, r->from), copy(a->mem, r->to)};
  }
  p->rebound = out;
  p->n_rebound = out ? m->rebound.len : 0;
}

/* The tables and columns that the query reads, for the provenance. */
static emend_rc tell_reads(ask_question *q, ask_answer *a, const recall_match *m,
                           emend_error *err) {
  ask_known_question *k = q->known;
  if (k && str_eq(k->sql, m->sql) && strcmp(k->version, m->cat->version) == 0) {
    ask_answer_reads(a, &k->reads);
    return EMEND_OK;
  }
  check_options opt = {.dialect = m->cat->dialect,
                       .extra_functions = q->ctx->functions,
                       .n_extra_functions = q->ctx->n_functions};
  check_report report;
  emend_rc rc = check_sql(m->sql, m->cat, &opt, q->work, &report, err);
  if (rc) return rc;
  ask_answer_reads(a, &report);
  ask_known_keep(q->ctx->known, q->intent.question, m->sql, m->cat->version, &report);
  return EMEND_OK;
}

/* Says whose query this is: confirmed only when no value of it was changed. */
static str add_origin(ask_answer *a, str sentence, const recall_match *m) {
  char *text;
  if (m->rebound.len == 0)
    text = arena_printf(a->mem, "%.*s (confirmed by %.*s on %.*s)", STR_ARG(sentence),
                        STR_ARG(m->by.len ? m->by : STR("a person")),
                        STR_ARG(str_slice(m->at, 0, m->at.len < 10 ? m->at.len : 10)));
  else
    text = arena_printf(a->mem, "%.*s (a confirmed query with %.*s in place of %.*s)",
                        STR_ARG(sentence), STR_ARG(m->rebound.items[0].to),
                        STR_ARG(m->rebound.items[0].from));
  return str_from(text);
}

static emend_rc deliver(ask_question *q, ask_answer *a, const recall_match *m,
                        const source_result *r, emend_error *err) {
  emend_rc rc = tell_reads(q, a, m, err);
  if (rc) return rc;
  a->pub.status = EMEND_FINALIZED;
  a->pub.sql = copy(a->mem, m->sql);
  a->pub.confidence = ask_given_confidence(m->rebound.len > 0);
  ask_answer_rows(a, r);
  str sentence = ask_verbalise(&q->intent, r, q->work);
  if (sentence.ptr) sentence = add_origin(a, sentence, m);
  a->pub.text = sentence.ptr;
  copy_provenance(a, m);
  return arena_failed(a->mem) || !sentence.ptr ? err_nomem(err, "recall") : EMEND_OK;
}

/* Errors that say that the query does not fit its database any more. */
static bool is_broken(emend_rc rc) { return rc == EMEND_EDB || rc == EMEND_EREFUSED; }

static emend_rc run_confirmed(ask_question *q, ask_answer *a, const recall_match *m, bool *done,
                              emend_error *err) {
  source_limits limits = {.max_rows = q->opt->max_rows ? q->opt->max_rows : 1000};
  source_result result;
  emend_error e;
  emend_rc rc = ask_connect(q, err);
  if (rc || !q->db) return rc; /* a schema alone has no rows to give */
  if (q->deadline > 0) limits.timeout_ms = q->deadline - clock_ms();
  if (q->deadline > 0 && limits.timeout_ms < 1) limits.timeout_ms = 1;
  double since = clock_ms();
  rc = source_run(q->db, m->sql, &limits, q->work, &result, &e);
  q->db_ms += clock_ms() - since;
  if (is_broken(rc)) {
    if (q->ctx->recall->broken) q->ctx->recall->broken(q->ctx->recall->self, m, e.msg);
    return ask_trace(q, "recall", since, err, "%.*s no longer runs", STR_ARG(m->id));
  }
  if (rc) {
    if (err) *err = e;
    return rc;
  }
  *done = true;
  rc = ask_trace(q, "execute", since, err, "%zu row%s", result.n_rows, str_s(result.n_rows));
  return rc ? rc : deliver(q, a, m, &result, err);
}

static emend_rc ask_back(ask_question *q, ask_answer *a, const recall_match *m, emend_error *err) {
  emend_candidate *c = ARENA_NEW(a->mem, emend_candidate);
  const char **differs = ARENA_ARRAY(a->mem, const char *, m->differs.len + 1);
  if (!c || !differs) return err_nomem(err, "recall");
  for (size_t i = 0; i < m->differs.len; i++) differs[i] = copy(a->mem, m->differs.items[i]);
  *c = (emend_candidate){.finalized_id = copy(a->mem, m->id),
                         .question = copy(a->mem, m->question),
                         .sql = copy(a->mem, m->sql),
                         .differs = differs,
                         .n_differs = m->differs.len};
  a->pub.candidate = c;
  char *text = arena_printf(q->work, "Did you mean: %.*s", STR_ARG(m->question));
  return text ? ask_answer_without(a, EMEND_CONFIRM, str_from(text), err)
              : err_nomem(err, "recall");
}

static const char *verdict_name(recall_verdict v) {
  return v == RECALL_HIT ? "is" : v == RECALL_NEAR ? "is near to" : "is not";
}

emend_rc ask_recalled(ask_question *q, ask_answer *a, bool *done, emend_error *err) {
  const ask_recall *r = q->ctx->recall;
  recall_match m = {0};
  *done = false;
  if (!r || q->ctx->draft) return EMEND_OK;
  double since = clock_ms();
  emend_rc rc = r->match(r->self, q->ctx, str_from(a->pub.question), q->work, &m, err);
  if (rc) return rc;
  bool near = m.verdict == RECALL_NEAR && !q->opt->no_confirm;
  if (m.verdict != RECALL_HIT && !near) return EMEND_OK;
  q->chosen = m.source;
  q->cat = m.cat;
  rc = ask_trace(q, "recall", since, err, "%s %.*s", verdict_name(m.verdict), STR_ARG(m.id));
  if (rc) return rc;
  if (m.verdict == RECALL_HIT) return run_confirmed(q, a, &m, done, err);
  *done = true;
  return ask_back(q, a, &m, err);
}
