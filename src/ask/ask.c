/* The loop of a question: is it one, what is it about, candidates, the trial of
 * each, correction, delivery. What happens to one candidate is try.c's, which of
 * them wins choose.c's, what the person sees answer.c's. */
#include "ask/ask.h"

#include <stdio.h>
#include <string.h>

#include "ask/answer.h"
#include "ask/change.h"
#include "ask/recalled.h"
#include "ask/request.h"
#include "ask/second.h"
#include "ask/taught.h"
#include "base/clock.h"
#include "base/utf8.h"

enum { WORK_BYTES = 1 << 30 };
/* Other candidates are run for their agreement only while that costs no more than this; where the
 * engine counts its work (source_limits) by that, which a busy machine does not change. One that
 * would pass it is stopped. */
static const double agreement_budget_ms = 150;
enum { AGREEMENT_WORK = 400 };
/* Tables that no key connects may multiply without end: while others wait to be tried, such a
 * candidate gets one part in this many of the time left. Elsewhere a slow query is slow, not
 * wrong, and a less likely one must not take its place. */
static const double slice_of_time = 3;
/* Below this belief of the generator that the schema can answer at all, it is not asked to. */
static const double least_answerable = 0.02;

/* A draft says nothing of its own belief; this is about what drafts are worth. */
static const double draft_belief = 0.75;

typedef struct outcome {
  ask_tries tries;     /* of all generations, in order */
  ask_second second;   /* what somebody else answered */
  ask_try *best;       /* NULL: all failed */
  const char *failure; /* its kind for the log; NULL: none */
} outcome;

/* ---- before generating ---- */

static emend_rc refuse_bad_text(const char *question, emend_error *err) {
  size_t n = question ? strnlen(question, ASK_MAX_QUESTION + 1) : 0;
  if (str_trim((str){question, n}).len == 0)
    return err_set(err, EMEND_EUSAGE, "ask", "the question is empty; ask something");
  if (n > ASK_MAX_QUESTION)
    return err_set(err, EMEND_EUSAGE, "ask",
                   "the question is longer than %d bytes; ask in fewer "
                   "words",
                   ASK_MAX_QUESTION);
  if (!utf8_valid((str){question, n}))
    return err_set(err, EMEND_EUSAGE, "ask",
                   "the question is not valid UTF-8; send it in that encoding");
  return EMEND_OK;
}

static emend_rc prepare(ask_question *q, emend_error *err) {
  if (!q->ctx->prepare) return EMEND_OK;
  double since = clock_ms();
  emend_rc rc = q->ctx->prepare(q->ctx->ctx, q->ctx, err);
  return rc ? rc
            : ask_trace(q, "open", since, err, "%zu source%s", q->ctx->n_sources,
                        str_s(q->ctx->n_sources));
}

/* The source that the question's words fit best. */
static emend_rc choose_source(ask_question *q, str question, emend_error *err) {
  double since = clock_ms();
  const ask_context *ctx = q->ctx;
  const catalog **cats = ARENA_ARRAY(q->work, const catalog *, ctx->n_sources);
  if (!cats) return err_nomem(err, "retrieve");
  for (size_t i = 0; i < ctx->n_sources; i++) cats[i] = ctx->sources[i].cat;
  emend_rc rc = retrieve_rank(cats, ctx->n_sources, question, q->work, &q->context, err);
  if (rc) return rc;
  q->chosen = q->context.sources.len ? (size_t)q->context.sources.items[0].source : 0;
  q->cat = ctx->sources[q->chosen].cat;
  return ask_trace(q, "retrieve", since, err, "%s: %zu table%s, %zu value%s",
                   ctx->sources[q->chosen].name, q->context.tables.len,
                   str_s(q->context.tables.len), q->context.values.len,
                   str_s(q->context.values.len));
}

/* ---- one generation ---- */

static bool is_tried(const ask_tries *tries, str sql) {
  for (size_t i = 0; i < tries->len; i++)
    if (str_eq_nocase(str_trim(tries->items[i]->sql), str_trim(sql))) return true;
  return false;
}

static emend_rc generate(ask_question *q, str question, int round, const outcome *o,
                         gen_candidates *out, emend_error *err) {
  const generator *g = q->ctx->gen;
  double since = clock_ms();
  *out = (gen_candidates){.answerable = 1};
  if (q->ctx->draft && round == 1) {
    gen_candidate draft = {.sql = str_from(q->ctx->draft), .share = draft_belief};
    return vec_push(q->work, &out->items, draft) ? EMEND_OK : err_nomem(err, "generate");
  }
  const ask_try *last = o->best ? o->best : o->tries.len ? o->tries.items[o->tries.len - 1] : NULL;
  gen_request req;
  emend_error e = {0};
  emend_rc rc = ask_request(q, question, round, &o->tries, last, &req, err);
  if (!rc) ask_taught_show(q, &req);
  if (rc) return rc;
  rc = g->candidates(g->self, &req, q->work, out, &e);
  ask_request_done(q, out);
  if (!rc && round == 1) rc = ask_taught_join(q, question, out, &e);
  if (rc && o->best && ask_request_spares(rc))
    return ask_trace(q, "generate", since, err, "%s: %s", g->name, e.msg);
  if (rc && err) *err = e;
  if (rc) return rc;
  return ask_trace(q, "generate", since, err, "%s: %zu candidate%s%s%.*s", g->name, out->items.len,
                   str_s(out->items.len), out->note.len ? "; " : "", STR_ARG(out->note));
}

/* Enough is known when the best so far is not suspected and looking further costs too much. What is
 * left for the next candidate goes to q->max_work: the first, and any after a suspected one, may do
 * as much as it likes. */
static bool is_enough(ask_question *q, const ask_tries *tries, uint64_t work, double db_ms_before) {
  const ask_try *best = tries->len ? ask_choose(tries) : NULL;
  bool stands = best && judge_band_of(best->suspicion, best->setting) != JUDGE_CORRECT;
  q->max_work = stands && work < AGREEMENT_WORK ? AGREEMENT_WORK - work : 0;
  return stands && (work >= AGREEMENT_WORK || q->db_ms - db_ms_before >= agreement_budget_ms);
}

/* Tries the candidates of one generation. *fresh counts those not tried before. */
static emend_rc try_all(ask_question *q, const gen_candidates *c, int round, outcome *o,
                        size_t *fresh, emend_error *err) {
  double since = clock_ms(), db_ms_before = q->db_ms;
  uint64_t work = 0; /* of the candidates after the first */
  size_t failed = 0;
  *fresh = 0;
  for (size_t i = 0; i < c->items.len; i++) {
    const gen_candidate *it = &c->items.items[i];
    if (is_tried(&o->tries, it->sql)) continue;
    if (is_enough(q, &o->tries, work, db_ms_before)) break;
    ask_try *t = ARENA_NEW(q->work, ask_try);
    if (!t || !vec_push(q->work, &o->tries, t)) return err_nomem(err, "ask");
    *t = (ask_try){.sql = it->sql,
                   .share = it->share,
                   .logprob = it->logprob,
                   .linked_unused = it->linked_unused,
                   .stored_unused = it->stored_unused,
                   .cross_join = it->cross_join,
                   .no_sql = it->fault,
                   .no_sql_text = it->fault_text,
                   .round = round,
                   .taught = ask_taught_place(q, it->sql),
                   .generator = q->ctx->draft && round == 1 ? "draft" : q->ctx->gen->name};
    if (t->taught) {
      t->generator = ask_taught_name(q, t->taught);
      t->trust = q->taught.items[t->taught - 1].trust;
      t->surest = ask_given_confidence(!q->taught.items[t->taught - 1].same);
      t->changed = q->taught.items[t->taught - 1].instead.len > 0;
    }
    ++*fresh;
    q->time_parts = it->cross_join && i + 1 < c->items.len ? slice_of_time : 1;
    emend_rc rc = ask_still_wanted(q, err);
    if (!rc) rc = ask_try_run(q, t, err);
    if (rc == EMEND_ETIMEOUT && o->tries.len > 1) break; /* what is known is delivered */
    if (rc) return rc;
    failed += t->failed;
    if (i > 0) work += t->result.work;
    if (t->final) break;
  }
  o->best = ask_choose(&o->tries);
  return ask_trace(q, "try", since, err, "%zu candidate%s, %zu with faults, suspicion %.2f", *fresh,
                   str_s(*fresh), failed, o->best ? o->best->suspicion : 1.0);
}

static bool ends_here(const outcome *o) {
  for (size_t i = 0; i < o->tries.len; i++)
    if (o->tries.items[i]->final) return true;
  return false;
}

static bool is_suspect(const ask_try *t) {
  return !t || judge_band_of(t->suspicion, t->setting) == JUDGE_CORRECT;
}

/* Did any of a correction's candidates give rows that none before it gave? Without, more of them
 * are no use: it is the same answer in other words. */
static bool has_new_rows(const ask_tries *tries, int round) {
  for (size_t i = 0; i < tries->len; i++) {
    const ask_try *t = ask_final_form(tries->items[i]);
    bool known = false;
    if (t->round != round) continue;
    if (!t->ran) return true;
    for (size_t k = 0; k < i && !known; k++) {
      const ask_try *old = ask_final_form(tries->items[k]);
      known = old->round < round && old->ran && old->digest.rows == t->digest.rows;
    }
    if (!known) return true;
  }
  return false;
}

/* The second opinion takes the place of what is suspected, if it is less so itself. What it gives
 * is an attempt like any other. */
static emend_rc take_second(ask_question *q, outcome *o, emend_error *err) {
  ask_try *rival = ask_choose(&o->second.tries);
  if (o->best && !ask_is_doubted(&ask_margin_used, o->best)) return EMEND_OK;
  if (!rival || !ask_outdoes(&ask_margin_used, rival, o->best)) return EMEND_OK;
  for (size_t i = 0; i < o->second.tries.len; i++) {
    ask_try *t = o->second.tries.items[i];
    if (t != rival && t->repaired != rival) continue;
    t->round = 2;
    if (!vec_push(q->work, &o->tries, t)) return err_nomem(err, "ask");
  }
  double since = clock_ms();
  const ask_try *old = o->best;
  o->best = rival;
  str what = old ? ask_change_note(old, rival, q->cat->dialect, q->work) : STR("nothing stood");
  if (!what.ptr) return err_nomem(err, "ask");
  return ask_trace(q, "correct", since, err,
                   "suspicion %.2f to %.2f: the second opinion's query; %.*s",
                   old ? old->suspicion : 1.0, rival->suspicion, STR_ARG(what));
}

/* What a correction changed of the query that stood, or of the one that it was asked to correct. */
static emend_rc tell_change(ask_question *q, const ask_try *before, const outcome *o,
                            emend_error *err) {
  const ask_try *old = before;
  if (!o->best || o->best == before || (o->best->round < 2 && o->best->generator[0] != 'r'))
    return EMEND_OK;
  for (size_t i = 0; i < o->tries.len && !old; i++)
    if (o->tries.items[i]->round < o->best->round || o->tries.items[i]->repaired == o->best)
      old = o->tries.items[i];
  if (!old) return EMEND_OK;
  str what = ask_change_note(old, o->best, q->cat->dialect, q->work);
  if (!what.ptr) return err_nomem(err, "ask");
  return ask_trace(q, "correct", clock_ms(), err, "%s: %.*s", o->best->generator, STR_ARG(what));
}

/* Settles which of all tries stands. A correction replaces what stood only by outdoing it. */
static emend_rc settle(ask_question *q, str question, ask_try *before, outcome *o,
                       emend_error *err) {
  emend_rc rc = ask_second_hold(q, question, &o->tries, &o->second, err);
  if (rc) return rc;
  ask_taught_trust(&o->tries);
  o->best = ask_choose(&o->tries);
  if (before && o->best != before && !ask_outdoes(&ask_margin_used, o->best, before))
    o->best = before;
  rc = tell_change(q, before, o, err);
  if (rc) return rc;
  return o->second.asked ? take_second(q, o, err) : EMEND_OK;
}

static emend_rc run_rounds(ask_question *q, str question, outcome *o, double *answerable,
                           emend_error *err) {
  int most = q->opt->attempts > 0 && q->opt->attempts < ASK_MAX_GENERATIONS ? q->opt->attempts
                                                                            : ASK_MAX_GENERATIONS;
  bool others = q->ctx->second && (q->ctx->draft || q->ctx->gen != q->ctx->second);
  for (int round = 1; round <= most; round++) {
    gen_candidates candidates;
    size_t fresh = 0;
    emend_rc rc = generate(q, question, round, o, &candidates, err);
    if (rc) return rc;
    if (round == 1) *answerable = candidates.answerable;
    if (*answerable < least_answerable) return EMEND_OK;
    ask_try *before = o->best;
    rc = try_all(q, &candidates, round, o, &fresh, err);
    if (!rc && ends_here(o)) return settle(q, question, before, o, err);
    if (!rc && round == 1 && others) rc = ask_second_ask(q, question, &o->second, err);
    if (!rc) rc = settle(q, question, before, o, err);
    if (rc) return rc;
    if (fresh == 0 || !is_suspect(o->best)) break;
    if (round > 1 && !has_new_rows(&o->tries, round)) break;
    /* Its best few have been looked at: what it gives further down is no better. */
    if (o->second.asked && o->best && q->ctx->gen == q->ctx->second) break;
  }
  return EMEND_OK;
}

/* ---- the end ---- */

static emend_rc conclude(ask_question *q, outcome *o, double answerable, ask_answer *a,
                         emend_error *err) {
  if (o->best) {
    if (o->best->ran && o->best->result.n_rows == 0) o->failure = "empty";
    emend_rc rc = ask_use_source(q, o->best->source, err);
    if (!rc) rc = ask_answer_deliver(a, q, o->best, err);
    if (q->words == ASK_WORDS_NOT_ANSWERING) o->failure = "not_answering";
    return rc;
  }
  if (o->tries.len == 0) {
    o->failure = "not_answerable";
    return ask_answer_without(
        a, EMEND_REFUSED,
        q->refusal.len ? q->refusal
        : answerable < least_answerable
            ? STR("Nothing in this schema seems to answer that question.")
            : STR("No query over this schema was found for that question; say it in other words."),
        err);
  }
  const ask_try *last = o->tries.items[o->tries.len - 1];
  str why = last->faults.len ? last->faults.items[0].message : STR("unknown");
  o->failure = "attempts_spent";
  char *reason = arena_printf(q->work, "No query that was tried can be run: %.*s.", STR_ARG(why));
  if (!reason) return err_nomem(err, "ask");
  return ask_answer_without(a, EMEND_FAILED, str_from(reason), err);
}

static emend_rc read_intent(ask_question *q, str question, emend_error *err) {
  q->known = ask_known_find(q->ctx->known, question);
  if (!q->known) return judge_read(question, q->work, &q->intent, err);
  q->intent = q->known->intent;
  return EMEND_OK;
}

static emend_rc answer_question(ask_question *q, ask_answer *a, outcome *o, emend_error *err) {
  str question = str_from(a->pub.question);
  emend_rc rc = read_intent(q, question, err);
  if (rc) return rc;
  if (q->intent.request != JUDGE_QUESTION) {
    o->failure = "refused";
    return ask_answer_without(a, EMEND_REFUSED, q->intent.reason, err);
  }
  bool done = false;
  rc = ask_recalled(q, a, &done, err);
  if (rc || done) return rc;
  rc = prepare(q, err);
  if (!rc) rc = choose_source(q, question, err);
  if (rc) return rc;
  if (q->cat->n_tables == 0) {
    o->failure = "not_answerable";
    return ask_answer_without(a, EMEND_REFUSED, STR("This database has no tables to ask about."),
                              err);
  }
  rc = ask_connect(q, err);
  double answerable = 1;
  if (!rc) rc = ask_taught_find(q, question, err);
  if (!rc) rc = run_rounds(q, question, o, &answerable, err);
  return rc ? rc : conclude(q, o, answerable, a, err);
}

emend_rc ask_run(ask_context *ctx, const char *question, const emend_ask_options *opt,
                 emend_answer **out, emend_error *err) {
  *out = NULL;
  emend_rc rc = refuse_bad_text(question, err);
  if (rc) return rc;
  ask_question q = {.ctx = ctx, .opt = opt, .started = clock_ms()};
  if (ctx->cancels) q.cancels_before = atomic_load(ctx->cancels);
  double limit_s = opt->timeout_s > 0 ? opt->timeout_s : opt->timeout_s < 0 ? 0 : 30;
  q.deadline = limit_s > 0 ? q.started + limit_s * 1e3 : 0;
  q.work = arena_create(WORK_BYTES);
  ask_answer *a = ask_answer_new(str_from(question));
  outcome o = {0};
  if (!q.work || !a) rc = err_nomem(err, "ask");
  if (!rc) rc = answer_question(&q, a, &o, err);
  if (!rc) rc = ask_taught_tell(a, &q, &o.tries, o.best, err);
  if (!rc) rc = ask_answer_finish(a, &q, &o.tries, o.best, err);
  if (!rc && ctx->state) rc = ask_record(a, &q, o.failure, err);
  ask_known_unref(q.known);
  arena_destroy(q.work);
  if (rc)
    emend_answer_free(a ? &a->pub : NULL);
  else
    *out = &a->pub;
  return rc;
}
