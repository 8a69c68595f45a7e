/* emend_ask: hands the loop its sources, catalogs, connection and generator. */
#include "engine/influence.h"
#include "engine/lessons.h"
#include "engine/recall.h"

typedef struct asking {
  emend_engine *e;
  arena *mem;
  engine_source **sources;
  catalog **cats;            /* a reference each */
  engine_adapter **adapters; /* … and one of these, once something is to be generated */
  ask_source *asked;
  size_t n;
  engine_connection **taken; /* [n], made when first needed */
} asking;

static emend_rc connect_to(void *ctx, size_t i, source **out, emend_error *err) {
  asking *x = ctx;
  emend_rc rc = EMEND_OK;
  if (!x->taken) x->taken = ARENA_ARRAY(x->mem, engine_connection *, x->n);
  if (!x->taken) return err_nomem(err, "ask");
  if (!x->taken[i]) rc = engine_take(x->e, x->sources[i], &x->taken[i], err);
  *out = x->taken[i] ? x->taken[i]->db : NULL;
  return rc;
}

/* The source that was named, or all of them: the question's words choose. */
static emend_rc list_sources(asking *x, const char *name, emend_error *err) {
  engine_source *only = NULL;
  emend_rc rc = engine_source_all(x->e, x->mem, &x->sources, &x->n, err);
  if (!rc && (name || x->n == 0)) {
    rc = engine_source_find(x->e, name, &only, err);
    x->n = 1;
    x->sources[0] = only;
  }
  return rc;
}

static emend_rc load_catalogs(asking *x, ask_context *ask, emend_error *err) {
  x->cats = ARENA_ARRAY(x->mem, catalog *, x->n);
  x->asked = ARENA_ARRAY(x->mem, ask_source, x->n);
  if (!x->cats || !x->asked) return err_nomem(err, "ask");
  for (size_t i = 0; i < x->n; i++) {
    emend_rc rc = engine_catalog(x->e, x->sources[i], &x->cats[i], err);
    if (rc) return rc;
    x->asked[i] = (ask_source){.name = x->sources[i]->name, .cat = x->cats[i]};
  }
  ask->sources = x->asked;
  ask->n_sources = x->n;
  return EMEND_OK;
}

/* What the network learnt of each source. */
static emend_rc take_adapters(asking *x, emend_error *err) {
  x->adapters = ARENA_ARRAY(x->mem, engine_adapter *, x->n);
  if (!x->adapters) return err_nomem(err, "ask");
  for (size_t i = 0; i < x->n; i++) {
    emend_rc rc = engine_adapter_take(x->e, x->sources[i], &x->adapters[i], err);
    if (rc) return rc;
    x->asked[i].adapter = x->adapters[i] ? x->adapters[i]->it : NULL;
    x->asked[i].adapter_id = x->adapters[i] ? x->adapters[i]->id : NULL;
  }
  return EMEND_OK;
}

static emend_rc prepare(void *ctx, ask_context *ask, emend_error *err) {
  asking *x = ctx;
  emend_rc rc = ask->sources ? EMEND_OK : load_catalogs(x, ask, err);
  if (!rc) rc = take_adapters(x, err);
  if (!rc) rc = engine_generator(x->e, &ask->gen, err);
  return rc ? rc : engine_second(x->e, &ask->second, err);
}

/* ---- confirmed questions ---- */

static emend_rc match(void *self, ask_context *ask, str question, arena *a, recall_match *out,
                      emend_error *err) {
  asking *x = self;
  recall *memory = NULL;
  bool ready = true;
  emend_rc rc = engine_recall_try(x->e, &memory, &ready, err);
  if (rc || !memory || (ready && recall_is_empty(memory))) return rc;
  if (!ask->sources) rc = load_catalogs(x, ask, err);
  return rc ? rc : engine_recall_match(x->e, x->sources, ask->sources, x->n, question, a, out, err);
}

static void broken(void *self, const recall_match *m, const char *why) {
  engine_recall_broken(((asking *)self)->e, m->id, why);
}

/* What was asked back is kept, so that it can be answered. */
static emend_rc keep_asked_back(asking *x, store *state, const emend_answer *a, emend_error *err) {
  if (!state || a->status != EMEND_CONFIRM) return EMEND_OK;
  const char *url = "";
  for (size_t i = 0; i < x->n; i++)
    if (a->source && str_eq(str_from(x->sources[i]->name), str_from(a->source)))
      url = x->sources[i]->url;
  const store_asked_back b = {str_from(a->id), str_from(a->candidate->finalized_id), str_from(url),
                              str_from(a->question), str_from(a->candidate->sql)};
  return store_asked_back_add(state, &b, err);
}

static emend_rc ask_with(emend_engine *e, const char *question, const emend_ask_options *opt,
                         bool recorded, emend_answer **out, emend_error *err) {
  *out = NULL;
  asking x = {.e = e, .mem = arena_create(1 << 20)};
  if (!x.mem) return err_nomem(err, "ask");
  const ask_recall taught = {.self = &x, .match = match, .broken = broken};
  ask_context ctx = {.prepare = prepare,
                     .connect = connect_to,
                     .ctx = &x,
                     .recall = e->no_state ? NULL : &taught,
                     .known = e->known,
                     .cancels = &e->cancels};
  unsigned before = atomic_load(&e->cancels);
  emend_rc rc = list_sources(&x, opt->source, err);
  if (!rc) rc = engine_state(e, true, &ctx.state, err);
  if (!recorded) ctx.state = NULL;
  if (!rc) rc = engine_functions(e, x.mem, &ctx.functions, &ctx.n_functions, err);
  ask_lessons lessons;
  if (!rc) rc = engine_lessons_open(e, &ctx, opt, &lessons, err);
  if (!rc && atomic_load(&e->cancels) != before) /* said while the state was opened */
    rc = err_set(err, EMEND_ECANCELED, "ask", "canceled");
  if (!rc) rc = ask_run(&ctx, question, opt, out, err);
  if (!rc) rc = keep_asked_back(&x, ctx.state, *out, err);
  for (size_t i = 0; x.taken && i < x.n; i++) engine_give(x.taken[i]);
  for (size_t i = 0; x.cats && i < x.n; i++) catalog_unref(x.cats[i]);
  for (size_t i = 0; x.adapters && i < x.n; i++) engine_adapter_drop(x.adapters[i]);
  arena_destroy(x.mem);
  if (!rc && ctx.state) engine_influence_note(e, *out);
  return rc;
}

EMEND_API emend_rc emend_ask(emend_engine *e, const char *question, const emend_ask_options *opt,
                             emend_answer **out, emend_error *err) {
  static const emend_ask_options defaults = EMEND_ASK_OPTIONS_INIT;
  return ask_with(e, question, opt ? opt : &defaults, true, out, err);
}

emend_rc engine_ask_unrecorded(emend_engine *e, const char *question, const emend_ask_options *opt,
                               emend_answer **out, emend_error *err) {
  return ask_with(e, question, opt, false, out, err);
}
