/* What people taught, in the loop; see taught.h. What is near, and how likely it is the answer, is
 * recall's to say. */
#include "ask/taught.h"

#include <string.h>

#include "ask/choose.h"
#include "base/clock.h"

/* A correction that gives the same rows confirms an answer when it is believed this much. */
static const double confirming_belief = 0.5;

enum { SHOWN = 4 }; /* examples in a prompt; more say little and cost much */

static bool is_correction(const store_example *e) { return str_eq(e->origin, STR("feedback")); }

emend_rc ask_taught_find(ask_question *q, str question, emend_error *err) {
  const ask_lessons *l = q->ctx->lessons;
  double since = clock_ms();
  if (!l || q->opt->no_learning) return EMEND_OK;
  str name = str_from(q->ctx->sources[q->chosen].name);
  emend_rc rc = l->similar(l->self, name, q->cat, question, q->work, &q->nears, err);
  if (rc || q->nears.len == 0) return rc;
  return ask_trace(q, "recall", since, err, "%zu taught question%s near, the nearest at %.2f",
                   q->nears.len, q->nears.len == 1 ? " is" : "s are", q->nears.items[0].similarity);
}

void ask_taught_show(ask_question *q, gen_request *req) {
  size_t n = q->nears.len < SHOWN ? q->nears.len : SHOWN;
  gen_example *out = n ? ARENA_ARRAY(q->work, gen_example, n) : NULL;
  for (size_t i = 0; out && i < n; i++) {
    const store_example *e = &q->nears.items[i].example;
    bool correction = is_correction(e);
    out[i] = (gen_example){.id = correction && e->parent.len ? e->parent : e->id,
                           .question = e->question,
                           .sql = e->sql,
                           .is_correction = correction,
                           .wrong_sql = e->wrong_sql,
                           .note = e->note};
  }
  req->examples = out;
  req->n_examples = out ? n : 0;
  q->nears_shown = out && !gen_network(q->ctx->gen);
}

static emend_rc weigh(ask_question *q, str question, const gen_candidates *c, emend_error *err) {
  str *sqls = ARENA_ARRAY(q->work, str, c->items.len + 1);
  double *shares = ARENA_ARRAY(q->work, double, c->items.len + 1);
  if (!sqls || !shares) return err_nomem(err, "recall");
  for (size_t i = 0; i < c->items.len; i++) {
    sqls[i] = c->items.items[i].sql;
    shares[i] = c->items.items[i].share;
  }
  const recall_own own = {sqls, shares, c->items.len};
  const ask_lessons *l = q->ctx->lessons;
  return l->weigh(l->self, q->cat, question, &q->nears, &own, q->work, &q->taught, err);
}

/* Puts `x` into the list; the same query is not there twice. */
static emend_rc insert(ask_question *q, gen_candidates *c, gen_candidate x, emend_error *err) {
  for (size_t i = 0; i < c->items.len; i++)
    if (str_eq_nocase(str_trim(c->items.items[i].sql), str_trim(x.sql))) {
      x.share += c->items.items[i].share;
      memmove(&c->items.items[i], &c->items.items[i + 1],
              (c->items.len - i - 1) * sizeof *c->items.items);
      c->items.len--;
      break;
    }
  return vec_push(q->work, &c->items, x) ? EMEND_OK : err_nomem(err, "recall");
}

static void sort_by_share(gen_candidates *c) {
  for (size_t i = 1; i < c->items.len; i++)
    for (size_t k = i; k > 0 && c->items.items[k - 1].share < c->items.items[k].share; k--) {
      gen_candidate swap = c->items.items[k];
      c->items.items[k] = c->items.items[k - 1];
      c->items.items[k - 1] = swap;
    }
}

/* Stored queries: together they take from the others what the best of them is believed. */
static emend_rc join_stored(ask_question *q, gen_candidates *c, emend_error *err) {
  double total = 0, best = 0;
  double own = c->items.len ? c->items.items[0].logprob : 0;
  emend_rc rc = EMEND_OK;
  for (size_t i = 0; i < q->taught.len; i++) {
    const recall_candidate *t = &q->taught.items[i];
    if (t->instead.len) continue;
    total += t->belief;
    if (t->belief > best) best = t->belief;
  }
  for (size_t i = 0; i < c->items.len; i++) c->items.items[i].share *= 1 - best;
  for (size_t i = 0; i < q->taught.len && !rc; i++) {
    const recall_candidate *t = &q->taught.items[i];
    gen_candidate x = {.sql = t->sql,
                       .share = t->belief * (best / total),
                       .logprob = own + t->features[WEIGH_FIT]};
    if (!t->instead.len) rc = insert(q, c, x, err);
  }
  if (best > c->answerable) c->answerable = best;
  return rc;
}

/* The network's own queries with a condition that people have: each takes from what it changes. */
static emend_rc join_changed(ask_question *q, gen_candidates *c, emend_error *err) {
  emend_rc rc = EMEND_OK;
  for (size_t i = 0; i < q->taught.len && !rc; i++) {
    const recall_candidate *t = &q->taught.items[i];
    gen_candidate *own = NULL;
    for (size_t k = 0; k < c->items.len && t->instead.len; k++)
      if (str_eq(c->items.items[k].sql, t->instead)) own = &c->items.items[k];
    if (!own) continue;
    gen_candidate x = *own;
    x.sql = t->sql;
    x.share *= t->belief;
    x.linked_unused -= x.linked_unused > 0; /* the word that it is for */
    own->share *= 1 - t->belief;
    rc = insert(q, c, x, err);
  }
  return rc;
}

emend_rc ask_taught_join(ask_question *q, str question, gen_candidates *c, emend_error *err) {
  if (q->nears.len == 0) return EMEND_OK;
  emend_rc rc = weigh(q, question, c, err);
  if (!rc && q->taught.len) rc = join_stored(q, c, err);
  if (!rc && q->taught.len) rc = join_changed(q, c, err);
  if (!rc) sort_by_share(c);
  return rc;
}

/* Where one condition alone is taught: has the judge anything to say of the rest? */
static bool is_blamed(const ask_try *t) {
  for (size_t i = 0; i < t->n_alone; i++)
    if (t->signals.items[i].message.len && ask_taught_of(t, i) < 1) return true;
  return false;
}

void ask_taught_trust(const ask_tries *tries) {
  for (size_t i = 0; i < tries->len; i++) {
    ask_try *t = tries->items[i];
    double least = 1 - t->surest;
    if (!t->taught || t->failed || (t->changed && is_blamed(t)) || t->suspicion <= least) continue;
    t->suspicion *= 1 - t->trust;
    if (t->suspicion < least) t->suspicion = least;
  }
}

size_t ask_taught_place(const ask_question *q, str sql) {
  for (size_t i = 0; i < q->taught.len; i++)
    if (str_eq_nocase(str_trim(q->taught.items[i].sql), str_trim(sql))) return i + 1;
  return 0;
}

static const store_example *example_at(const ask_question *q, size_t place) {
  return &q->nears.items[q->taught.items[place - 1].near].example;
}

const char *ask_taught_name(const ask_question *q, size_t place) {
  return is_correction(example_at(q, place)) ? "correction" : "example";
}

/* ---- in the answer ---- */

static const char *copy(arena *a, str s) { return s.ptr ? arena_strndup(a, s.ptr, s.len) : NULL; }

static void list_parts(ask_answer *a, const ask_question *q) {
  emend_provenance *p = &a->pub.provenance;
  const char **examples = ARENA_ARRAY(a->mem, const char *, q->nears.len + 1);
  const char **corrections = ARENA_ARRAY(a->mem, const char *, q->nears.len + 1);
  for (size_t i = 0; examples && corrections && i < q->nears.len; i++) {
    const store_example *e = &q->nears.items[i].example;
    bool tried = q->nears_shown && i < SHOWN;
    for (size_t k = 0; k < q->taught.len && !tried; k++) tried = q->taught.items[k].near == i;
    if (!tried) continue;
    if (is_correction(e))
      corrections[p->n_corrections++] = copy(a->mem, e->parent.len ? e->parent : e->id);
    else
      examples[p->n_examples++] = copy(a->mem, e->id);
  }
  p->examples = examples;
  p->corrections = corrections;
}

/* The correction that the answer is, or that confirms it by giving the same rows. */
static const store_example *teacher(const ask_question *q, const ask_tries *tries,
                                    const ask_try *best) {
  const store_example *found = NULL;
  for (size_t i = 0; best && i < tries->len; i++) {
    const ask_try *t = tries->items[i];
    if (!t->taught || !is_correction(example_at(q, t->taught))) continue;
    if (t == best || t->repaired == best) return example_at(q, t->taught);
    bool same = t->ran && best->ran && t->digest.rows == best->digest.rows;
    if (same && !found && q->taught.items[t->taught - 1].belief >= confirming_belief)
      found = example_at(q, t->taught);
  }
  return found;
}

emend_rc ask_taught_tell(ask_answer *a, const ask_question *q, const ask_tries *tries,
                         const ask_try *best, emend_error *err) {
  if (q->nears.len == 0) return EMEND_OK;
  list_parts(a, q);
  const store_example *e = teacher(q, tries, best);
  if (e) {
    emend_lesson *l = ARENA_NEW(a->mem, emend_lesson);
    if (!l) return err_nomem(err, "recall");
    *l = (emend_lesson){.feedback_id = copy(a->mem, e->parent.len ? e->parent : e->id),
                        .question = copy(a->mem, e->question),
                        .by = e->user.len ? copy(a->mem, e->user) : NULL,
                        .when = copy(a->mem, e->created_at)};
    a->pub.learned_from = l;
  }
  return arena_failed(a->mem) ? err_nomem(err, "recall") : EMEND_OK;
}
