/* A second opinion: asked, run, and held against. What follows from it is ask.c's to say. */
#include "ask/second.h"

#include "base/clock.h"

/* A second opinion may take this part of the question's time. */
static const double part_of_time = 4;

static emend_rc try_candidates(ask_question *q, const gen_candidates *c, ask_second *out,
                               emend_error *err) {
  for (size_t i = 0; i < c->items.len; i++) {
    const gen_candidate *it = &c->items.items[i];
    ask_try *t = ARENA_NEW(q->work, ask_try);
    if (!t || !vec_push(q->work, &out->tries, t)) return err_nomem(err, "second opinion");
    *t = (ask_try){.sql = it->sql,
                   .share = it->share,
                   .logprob = it->logprob,
                   .linked_unused = it->linked_unused,
                   .stored_unused = it->stored_unused,
                   .cross_join = it->cross_join,
                   .round = 1,
                   .generator = q->ctx->second->name};
    q->time_parts = part_of_time;
    emend_rc rc = ask_still_wanted(q, err);
    if (!rc) rc = ask_try_run(q, t, err);
    if (rc) return rc;
    if (t->final) break;
  }
  return EMEND_OK;
}

emend_rc ask_second_ask(ask_question *q, str question, ask_second *out, emend_error *err) {
  const generator *g = q->ctx->second;
  *out = (ask_second){0};
  if (!g) return EMEND_OK;
  double since = clock_ms();
  gen_request req = {.question = question, .cat = q->cat, .context = &q->context, .round = 1};
  gen_candidates candidates = {0};
  emend_rc rc = g->candidates(g->self, &req, q->work, &candidates, err);
  if (!rc) rc = try_candidates(q, &candidates, out, err);
  out->asked = out->tries.len > 0;
  return rc ? rc
            : ask_trace(q, "second opinion", since, err, "%s: %zu candidate%s", g->name,
                        out->tries.len, str_s(out->tries.len));
}

/* ---- holding ---- */

typedef VEC(ask_try *) held; /* every try that is to be held, repairs included */

static bool collect(arena *a, const ask_tries *tries, held *out) {
  for (size_t i = 0; i < tries->len; i++) {
    ask_try *t = tries->items[i];
    if (!t->failed && !vec_push(a, out, t)) return false;
    if (t->repaired && !t->repaired->failed && !vec_push(a, out, t->repaired)) return false;
  }
  return true;
}

static emend_rc read_opinions(ask_question *q, const ask_tries *from, judge_readings *out,
                              emend_error *err) {
  judge_reading *items = ARENA_ARRAY(q->work, judge_reading, from->len + 1);
  if (!items) return err_nomem(err, "judge");
  const ask_try *top = ask_choose(from);
  *out = (judge_readings){.items = items, .n = from->len, .top = from->len};
  for (size_t i = 0; i < from->len; i++) {
    const ask_try *t = ask_final_form(from->items[i]);
    items[i] = (judge_reading){&t->report, t->digest, t->share, t->failed};
    if (t == top) out->top = i;
  }
  return EMEND_OK;
}

/* What the second generator says of the queries themselves; *out stays NULL where it says
 * nothing. */
static emend_rc view_all(ask_question *q, str question, const ask_tries *tries, model_view **out,
                         emend_error *err) {
  const generator *g = q->ctx->second;
  held all = {0};
  *out = NULL;
  if (!collect(q->work, tries, &all)) return err_nomem(err, "judge");
  if (!g || !g->witness || !all.len) return EMEND_OK;
  model_query *queries = ARENA_ARRAY(q->work, model_query, all.len);
  model_view *views = ARENA_ARRAY(q->work, model_view, all.len);
  if (!queries || !views) return err_nomem(err, "judge");
  for (size_t i = 0; i < all.len; i++) {
    if (!judge_reads(&all.items[i]->report, q->cat, q->work, &queries[i]))
      return err_nomem(err, "judge");
    queries[i].sql = all.items[i]->sql;
  }
  gen_request req = {.question = question, .cat = q->cat, .context = &q->context, .round = 1};
  emend_rc rc = g->witness(g->self, &req, queries, all.len, q->work, views, err);
  *out = rc ? NULL : views;
  return rc;
}

static double best_logprob(const ask_tries *tries) {
  double best = -1e9;
  for (size_t i = 0; i < tries->len; i++)
    if (tries->items[i]->logprob > best) best = tries->items[i]->logprob;
  return tries->len ? best : 0;
}

static emend_rc hold_all(ask_question *q, const ask_tries *tries, const judge_readings *readings,
                         judge_setting setting, const model_view *views, double best,
                         emend_error *err) {
  held all = {0};
  if (!collect(q->work, tries, &all)) return err_nomem(err, "judge");
  for (size_t i = 0; i < all.len; i++) {
    ask_try *t = all.items[i];
    t->signals.len = t->n_alone;
    emend_rc rc = judge_opinion(&q->intent, &t->report, &t->digest, &t->probes, readings,
                                views ? &views[i] : NULL, best, q->work, &t->signals, err);
    if (rc) return rc;
    t->setting = setting;
    t->suspicion = judge_suspicion(&t->signals, setting);
  }
  return EMEND_OK;
}

emend_rc ask_second_hold(ask_question *q, str question, const ask_tries *tries,
                         const ask_second *second, emend_error *err) {
  const ask_tries *from = second->asked ? &second->tries : tries;
  judge_setting own = q->db ? JUDGE_OWN : JUDGE_TEXT, drafts = q->db ? JUDGE_DRAFT : JUDGE_TEXT;
  judge_readings readings;
  model_view *views = NULL;
  emend_rc rc = read_opinions(q, from, &readings, err);
  if (!rc && second->asked) rc = view_all(q, question, tries, &views, err);
  if (!rc)
    rc =
        hold_all(q, tries, &readings, second->asked ? drafts : own, views, best_logprob(from), err);
  if (!rc && second->asked)
    rc = hold_all(q, &second->tries, &readings, own, NULL, best_logprob(from), err);
  return rc;
}
