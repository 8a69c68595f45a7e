/* Which version of the network answers for a source: looked up when the promotions have changed,
 * loaded once, kept while a question uses it. */
#include "model/adapter.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "learn/round.h"

void engine_adapter_drop(engine_adapter *x) {
  if (!x || atomic_fetch_sub(&x->refs, 1) != 1) return;
  model_adapter_free(x->it);
  mem_free(x);
}

/* What cannot be used is said once, and the weights as shipped answer. */
static emend_rc load(emend_engine *e, const store *state, str id, engine_adapter **out,
                     emend_error *err) {
  const generator *gen = NULL;
  emend_error why;
  *out = NULL;
  if (id.len == 0 || id.len >= STORE_ID_MAX) return EMEND_OK;
  emend_rc rc = engine_generator(e, &gen, err);
  const model *net = gen_network(gen);
  if (rc || !net) return rc;
  arena *a = arena_create(1 << 16);
  char *path = a ? learn_model_path(state, id, a) : NULL;
  engine_adapter *x = path ? mem_alloc(sizeof *x) : NULL;
  if (!x) {
    arena_destroy(a);
    return err_nomem(err, "learn");
  }
  rc = model_adapter_load(net, path, &x->it, &why);
  if (rc == EMEND_OK) {
    memcpy(x->id, id.ptr, id.len);
    atomic_init(&x->refs, 1);
    *out = x;
  } else {
    mem_free(x);
    log_write(LOG_WARN, "%.*s does not answer, the weights as shipped do: %s", STR_ARG(id),
              why.msg);
    if (rc == EMEND_ENOMEM && err) *err = why;
  }
  arena_destroy(a);
  return rc == EMEND_ENOMEM ? rc : EMEND_OK;
}

/* With the source's learning lock held. */
static emend_rc bring_up_to_date(emend_engine *e, engine_source *s, store *state,
                                 emend_error *err) {
  int64_t stamp;
  str id = {0};
  emend_rc rc = store_promotion_stamp(state, &stamp, err);
  if (rc || stamp == s->learned_stamp) return rc;
  arena *a = arena_create(1 << 16);
  rc = a ? store_promoted(state, str_from(s->name), a, &id, err) : err_nomem(err, "learn");
  bool same = !rc && str_eq(id, str_from(s->learned ? s->learned->id : ""));
  engine_adapter *fresh = NULL;
  if (!rc && !same) rc = load(e, state, id, &fresh, err);
  if (!rc && !same) {
    engine_adapter_drop(s->learned);
    s->learned = fresh;
  }
  if (!rc) s->learned_stamp = stamp;
  arena_destroy(a);
  return rc;
}

emend_rc engine_adapter_take(emend_engine *e, engine_source *s, engine_adapter **out,
                             emend_error *err) {
  store *state = NULL;
  *out = NULL;
  emend_rc rc = engine_state(e, false, &state, err);
  if (rc || !state) return rc;
  pthread_mutex_lock(&s->learning);
  rc = bring_up_to_date(e, s, state, err);
  if (!rc && s->learned) {
    atomic_fetch_add(&s->learned->refs, 1);
    *out = s->learned;
  }
  pthread_mutex_unlock(&s->learning);
  return rc;
}
