/* An engine's beginning and end, and what it makes when first needed: the state
 * and the generator. */
#include "engine/engine.h"
#include "ask/known.h"
#include "engine/influence.h"
#include "engine/lessons.h"
#include "engine/recall.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

enum { HANDOUT_BYTES = 256 << 20 };

EMEND_API const char *emend_version(void) { return EMEND_VERSION; }

static bool copy_option(char **to, const char *from) {
  if (!from) return true;
  size_t n = strlen(from) + 1;
  *to = mem_alloc(n);
  if (*to) memcpy(*to, from, n);
  return *to != NULL;
}

EMEND_API emend_rc emend_open(const emend_options *opt, emend_engine **out, emend_error *err) {
  static const emend_options defaults = EMEND_OPTIONS_INIT;
  if (!opt) opt = &defaults;
  *out = NULL;
  emend_rc rc = engine_check_backend(opt, err);
  if (!rc) rc = clock_check(err);
  if (rc) return rc;
  emend_engine *e = mem_alloc(sizeof *e);
  if (!e) return err_nomem(err, "open");
  pthread_mutex_init(&e->lock, NULL);
  e->no_state = opt->no_state;
  e->known = ask_known_create();
  if (!copy_option(&e->state_path, opt->state) || !copy_option(&e->weights, opt->weights)) {
    emend_close(e);
    return err_nomem(err, "open");
  }
  rc = engine_keep_backend(e, opt, err);
  if (rc) {
    emend_close(e);
    return rc;
  }
  *out = e;
  return EMEND_OK;
}

EMEND_API void emend_close(emend_engine *e) {
  if (!e) return;
  engine_influence_free(e);
  engine_recall_free(e);
  ask_known_free(e->known);
  engine_lessons_free(e->lessons); /* may still write to the state and ask the network */
  store_close(e->state);
  engine_source_free_all(e); /* before the network: what it learnt of them is its own */
  gen_free(e->gen);
  engine_free_backend(e);
  pthread_mutex_destroy(&e->lock);
  mem_free(e->state_path);
  mem_free(e->weights);
  engine_functions_free(e);
  mem_free(e);
}

EMEND_API emend_rc emend_flush(emend_engine *e, emend_error *err) {
  pthread_mutex_lock(&e->lock);
  store *s = e->state;
  pthread_mutex_unlock(&e->lock);
  emend_rc rc = s ? store_flush_briefly(s, err) : EMEND_OK;
  return rc ? rc : engine_influence_settle(e, err);
}

/* Called in signal handlers too: walks lists that only ever grow, takes no lock. */
EMEND_API void emend_cancel(emend_engine *e) {
  atomic_fetch_add(&e->cancels, 1);
  for (engine_source *s = atomic_load(&e->sources); s; s = s->next)
    for (engine_connection *c = atomic_load(&s->connections); c; c = c->next)
      if (atomic_load(&c->busy)) source_cancel(c->db);
}

/* ---- made when first needed ---- */

static emend_rc open_state(emend_engine *e, bool create, emend_error *err) {
  arena *a = arena_create(1 << 16);
  if (!a) return err_nomem(err, "state");
  const char *path = e->state_path ? e->state_path : store_default_path(a);
  emend_rc rc = EMEND_OK;
  if (!path && create)
    rc = err_set(err, EMEND_EIO, "state",
                 "there is no home folder to keep the state in; name a file with --state");
  else if (path && (create || access(path, F_OK) == 0))
    rc = store_open(path, &e->state, err);
  arena_destroy(a);
  return rc;
}

emend_rc engine_state(emend_engine *e, bool create, store **out, emend_error *err) {
  emend_rc rc = EMEND_OK;
  pthread_mutex_lock(&e->lock);
  if (!e->state && !e->no_state) rc = open_state(e, create, err);
  *out = e->state;
  pthread_mutex_unlock(&e->lock);
  return rc;
}

emend_rc engine_model(emend_engine *e, const model **out, emend_error *err) {
  const generator *g = NULL;
  *out = NULL;
  emend_rc rc = engine_generator(e, &g, err);
  if (!rc && !gen_network(g)) rc = engine_second(e, &g, err);
  if (!rc) *out = gen_network(g);
  return rc;
}

emend_rc engine_generator(emend_engine *e, const generator **out, emend_error *err) {
  emend_rc rc = EMEND_OK;
  pthread_mutex_lock(&e->lock);
  if (!e->gen) rc = engine_make_generator(e, &e->gen, err);
  *out = e->gen;
  pthread_mutex_unlock(&e->lock);
  return rc;
}

void engine_set_generator(emend_engine *e, generator *g) {
  pthread_mutex_lock(&e->lock);
  gen_free(e->gen);
  e->gen = g;
  pthread_mutex_unlock(&e->lock);
}

/* ---- what is handed out ---- */

/* The arena's pointer stands in the 16 bytes before what is handed out. */
enum { HEAD = 16 };

void *engine_handout(size_t size, arena **mem) {
  arena *a = arena_create(HANDOUT_BYTES);
  char *p = a ? arena_alloc(a, HEAD + size) : NULL;
  if (!p) {
    arena_destroy(a);
    return NULL;
  }
  memcpy(p, &a, sizeof a);
  *mem = a;
  return p + HEAD;
}

void engine_handout_free(void *p) {
  if (!p) return;
  arena *a;
  memcpy(&a, (char *)p - HEAD, sizeof a);
  arena_destroy(a);
}

const char *engine_text(arena *a, str s) { return s.ptr ? arena_strndup(a, s.ptr, s.len) : NULL; }
