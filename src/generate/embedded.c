/* The embedded network as a generator. A correction forbids what was tried and looks further down a
 * wider beam; periods counted from today are years to it. Knows nothing of why a candidate failed.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "generate/generate.h"
#include "generate/grain.h"
#include "generate/relative.h"

enum { BEAM = 10, WIDEST = 40 };

typedef struct embedded {
  generator face; /* first: freed as the generator */
  model *m;
  char label[80];
} embedded;

static bool is_forbidden(const gen_request *req, str sql) {
  for (size_t i = 0; i < req->n_forbidden; i++)
    if (str_eq_nocase(str_trim(req->forbidden[i]), sql)) return true;
  return false;
}

/* Belief in a query that was written in two ways; false: it is a new one. */
static bool add_belief(const model_candidate *c, str sql, gen_candidates *out) {
  for (size_t i = 0; i < out->items.len; i++) {
    if (!str_eq(out->items.items[i].sql, sql)) continue;
    out->items.items[i].share += c->share;
    return true;
  }
  return false;
}

/* A question in words that the network's training has, and what its queries get in their place. */
typedef struct wording {
  gen_periods periods;
  gen_grain grain;
  str question, note;
} wording;

/* What was put otherwise, for the trace. */
static str add_note(str notes, str more, arena *a) {
  if (!notes.len || !more.len) return more.len ? more : notes;
  return str_from(arena_printf(a, "%.*s; %.*s", STR_ARG(notes), STR_ARG(more)));
}

static bool put_in_its_words(str question, const catalog *cat, arena *a, wording *w) {
  if (!gen_periods_read(question, cat, clock_now(), a, &w->periods) ||
      !gen_grain_read(w->periods.question, cat, a, &w->grain))
    return false;
  str ends = gen_name_ends(w->grain.question, cat, a);
  str counts = ends.ptr ? gen_name_counts(ends, cat, a) : (str){0};
  if (!counts.ptr) return false;
  w->question = counts;
  w->note = add_note(w->periods.note, w->grain.note, a);
  if (!str_eq(counts, w->grain.question))
    w->note =
        add_note(w->note, str_from(arena_printf(a, "read as \"%.*s\"", STR_ARG(w->question))), a);
  return w->note.ptr;
}

/* A query of the network as the question's own. {NULL,0} when out of memory. */
static str as_meant(const wording *w, str question, str sql, const catalog *cat, arena *a) {
  sql = gen_periods_write(&w->periods, sql, cat, a);
  if (sql.ptr) sql = gen_grain_write(&w->grain, sql, cat, a);
  if (sql.ptr) sql = gen_take_ends(question, sql, cat, a);
  return sql.ptr ? gen_tell_apart(question, sql, cat, a) : sql;
}

static emend_rc embedded_candidates(void *self, const gen_request *req, arena *a,
                                    gen_candidates *out, emend_error *err) {
  embedded *e = self;
  *out = (gen_candidates){0};
  int beam = BEAM << (req->round > 1 ? req->round - 1 : 0);
  model_options opt = {
      .beam = beam < WIDEST ? beam : WIDEST, .max_candidates = beam, .adapter = req->adapter};
  model_candidates found = {0};
  wording w = {0};
  if (!put_in_its_words(req->question, req->cat, a, &w)) return err_nomem(err, "generate");
  emend_rc rc = model_generate(e->m, req->cat, w.question, &opt, a, &found, err);
  if (rc) return rc;
  out->answerable = found.answerable;
  out->note = w.note;
  for (size_t i = 0; i < found.items.len; i++) {
    const model_candidate *c = &found.items.items[i];
    str sql = as_meant(&w, req->question, c->sql, req->cat, a);
    if (!sql.ptr) return err_nomem(err, "generate");
    if (is_forbidden(req, sql) || ((w.periods.n || w.grain.grain) && add_belief(c, sql, out)))
      continue;
    gen_candidate it = {.sql = sql,
                        .share = c->share,
                        .logprob = c->logprob,
                        .cross_join = c->cross_join,
                        .linked_unused = c->linked_unused,
                        .stored_unused = c->stored_unused};
    if (!vec_push(a, &out->items, it)) return err_nomem(err, "generate");
  }
  return EMEND_OK;
}

static emend_rc embedded_witness(void *self, const gen_request *req, const model_query *queries,
                                 size_t n, arena *a, model_view *out, emend_error *err) {
  embedded *e = self;
  return model_witness(e->m, req->cat, req->question, NULL, queries, n, a, out, err);
}

static void embedded_destroy(void *self) { model_free(((embedded *)self)->m); }

emend_rc gen_embedded(model *m, generator **out, emend_error *err) {
  embedded *e = mem_alloc(sizeof *e);
  if (!e) {
    model_free(m);
    return err_nomem(err, "generate");
  }
  e->m = m;
  snprintf(e->label, sizeof e->label, "embedded@%.60s", model_name(m));
  e->face = (generator){.name = "embedded",
                        .model = e->label,
                        .self = e,
                        .candidates = embedded_candidates,
                        .witness = embedded_witness,
                        .destroy = embedded_destroy};
  *out = &e->face;
  return EMEND_OK;
}

const model *gen_network(const generator *g) {
  return g && g->candidates == embedded_candidates ? ((const embedded *)g->self)->m : NULL;
}
