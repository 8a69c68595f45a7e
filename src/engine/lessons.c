/* What people taught, in memory for as long as the engine lives: read from the state when first
 * needed, and again whenever the state has news. Lends recall's findings to a question. */
#include "engine/lessons.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "llm/llm.h"
#include "nn/kernels.h"
#include "recall/habits.h"

/* MASKING: counts the ways in which questions were read before they became vectors. */
enum { NEAR = 8, NEWS_BYTES = 1 << 30, EMBED_BYTES = 256 << 20, EMBED_MS = 5000, MASKING = 1 };

struct engine_lessons {
  emend_engine *e;
  const model *net;
  pthread_mutex_t lock; /* one brings in news at a time */
  recall_taught *taught;
  llm_client *server; /* makes the vectors; NULL: the network does */
  size_t dim;
  char made_by[256]; /* of vectors: who makes them, and how questions are read for it */
  arena *work;       /* while news is brought in: `made` lives here */
  store_vectors made;
};

static emend_rc embed(void *self, str question, arena *a, float *out, emend_error *err) {
  const engine_lessons *l = self;
  return model_embed(l->net, question, a, out, err);
}

/* A server that fails costs nearness by meaning, not the answer: the vector stays zero. */
static emend_rc embed_by_server(void *self, str question, arena *a, float *out, emend_error *err) {
  const engine_lessons *l = self;
  const llm_limits limits = {.deadline_ms = clock_ms() + EMBED_MS};
  float *v = NULL;
  size_t dim = 0;
  emend_error why;
  memset(out, 0, l->dim * sizeof *out);
  if (question.len == 0) return EMEND_OK;
  emend_rc rc =
      llm_embed(l->server, l->e->backend.embed_model, &question, 1, &limits, a, &v, &dim, &why);
  if (rc == EMEND_ENOMEM) return err_nomem(err, "recall");
  if (rc || dim != l->dim) {
    log_write(LOG_WARN, "similar questions: %s", rc ? why.msg : "the model gives other vectors");
    return EMEND_OK;
  }
  float length = sqrtf(kernel_dot(v, v, dim));
  for (size_t i = 0; i < dim && length > 0; i++) out[i] = v[i] / length;
  return EMEND_OK;
}

/* To be kept, so that the next process need not make it. */
static bool keep(void *self, str id, const float *vector) {
  engine_lessons *l = self;
  store_vector v = {id, {(const char *)vector, l->dim * sizeof *vector}};
  return kernel_dot(vector, vector, l->dim) <= 0 || vec_push(l->work, &l->made, v);
}

/* The server that is named for it, where it answers; else the network. */
static emend_rc choose_embedder(engine_lessons *l, recall_embedder *out, emend_error *err) {
  const str word = STR("question");
  const llm_limits limits = {.deadline_ms = clock_ms() + EMBED_MS};
  float *v;
  emend_error why;
  *out = (recall_embedder){MODEL_EMBED_DIM, embed, l, keep};
  l->dim = MODEL_EMBED_DIM;
  snprintf(l->made_by, sizeof l->made_by, "%016" PRIx64 ".%d", model_checksum(l->net), MASKING);
  emend_rc rc = engine_embed_client(l->e, &l->server, err);
  if (rc || !l->server) return rc;
  const char *name = l->e->backend.embed_model;
  arena *a = arena_create(EMBED_BYTES);
  if (!a) return err_nomem(err, "recall");
  if (llm_embed(l->server, name, &word, 1, &limits, a, &v, &l->dim, &why)) {
    log_write(LOG_WARN, "similar questions are found by the network: %s", why.msg);
    l->dim = MODEL_EMBED_DIM;
  } else {
    *out = (recall_embedder){l->dim, embed_by_server, l, keep};
    snprintf(l->made_by, sizeof l->made_by, "%.190s/%zu.%d", name, l->dim, MASKING);
  }
  arena_destroy(a);
  return EMEND_OK;
}

static emend_rc create(emend_engine *e, engine_lessons **out, emend_error *err) {
  engine_lessons *l = mem_alloc(sizeof *l);
  if (!l) return err_nomem(err, "recall");
  pthread_mutex_init(&l->lock, NULL);
  l->e = e;
  emend_rc rc = engine_model(e, &l->net, err);
  if (!rc && !l->net) { /* beside a model server, without weights: nothing can be found near */
    engine_lessons_free(l);
    return EMEND_OK;
  }
  recall_embedder embedder;
  if (!rc) rc = choose_embedder(l, &embedder, err);
  if (!rc) rc = recall_taught_create(&embedder, &l->taught, err);
  if (rc) {
    engine_lessons_free(l);
    return rc;
  }
  *out = l;
  return EMEND_OK;
}

void engine_lessons_free(engine_lessons *l) {
  if (!l) return;
  recall_taught_free(l->taught);
  llm_close(l->server);
  pthread_mutex_destroy(&l->lock);
  mem_free(l);
}

void engine_lessons_drop(emend_engine *e) {
  pthread_mutex_lock(&e->lock);
  engine_lessons *l = e->lessons;
  e->lessons = NULL;
  pthread_mutex_unlock(&e->lock);
  engine_lessons_free(l);
}

/* The engine's, made when there is anything to keep in it. */
static emend_rc need(emend_engine *e, engine_lessons **out, emend_error *err) {
  pthread_mutex_lock(&e->lock);
  *out = e->lessons;
  pthread_mutex_unlock(&e->lock);
  if (*out) return EMEND_OK;
  engine_lessons *fresh = NULL;
  emend_rc rc = create(e, &fresh, err);
  if (rc || !fresh) return rc;
  pthread_mutex_lock(&e->lock);
  if (!e->lessons) {
    e->lessons = fresh;
    fresh = NULL;
  }
  *out = e->lessons;
  pthread_mutex_unlock(&e->lock);
  engine_lessons_free(fresh);
  return EMEND_OK;
}

static emend_rc bring_news(engine_lessons *l, store *state, emend_error *err) {
  arena *a = arena_create(NEWS_BYTES);
  if (!a) return err_nomem(err, "recall");
  store_examples news;
  pthread_mutex_lock(&l->lock);
  l->work = a;
  l->made = (store_vectors){0};
  str made_by = str_from(l->made_by);
  emend_rc rc = store_example_since(state, recall_taught_seq(l->taught), made_by, a, &news, err);
  if (!rc) rc = recall_taught_update(l->taught, &news, err);
  emend_error ignored; /* what is not kept is made again */
  if (!rc && l->made.len) store_example_keep_vectors(state, made_by, &l->made, &ignored);
  pthread_mutex_unlock(&l->lock);
  arena_destroy(a);
  return rc;
}

/* *out stays NULL while nothing was ever taught. */
static emend_rc up_to_date(emend_engine *e, engine_lessons **out, emend_error *err) {
  store *state = NULL;
  int64_t last = 0;
  *out = NULL;
  emend_rc rc = engine_state(e, false, &state, err);
  if (rc || !state) return rc;
  rc = store_example_last(state, &last, err);
  if (rc || last == 0) return rc;
  rc = need(e, out, err);
  if (!rc && *out && recall_taught_seq((*out)->taught) != last) rc = bring_news(*out, state, err);
  return rc;
}

/* ---- for a question ---- */

static emend_rc find(const engine_lessons *l, str source_name, const catalog *cat, str question,
                     size_t k, arena *a, recall_nears *out, emend_error *err) {
  recall_probe probe;
  *out = (recall_nears){0};
  if (recall_taught_count(l->taught, source_name) == 0) return EMEND_OK;
  emend_rc rc = recall_probe_read(question, cat, a, &probe, err);
  return rc ? rc : recall_similar(l->taught, source_name, &probe, k, false, a, out, err);
}

static emend_rc similar(void *self, str source_name, const catalog *cat, str question, arena *a,
                        recall_nears *out, emend_error *err) {
  return engine_similar(self, source_name, cat, question, NEAR, a, out, err);
}

static emend_rc weigh(void *self, const catalog *cat, str question, const recall_nears *nears,
                      const recall_own *own, arena *a, recall_candidates *out, emend_error *err) {
  engine_lessons *l = NULL;
  recall_probe probe;
  *out = (recall_candidates){0};
  emend_rc rc = need(self, &l, err);
  if (rc || !l) return rc;
  rc = recall_probe_read(question, cat, a, &probe, err);
  if (!rc) rc = recall_weigh(l->net, cat, &probe, nears, own, a, out, err);
  return rc ? rc : recall_habits(cat, question, nears, own, a, out, err);
}

emend_rc engine_lessons_open(emend_engine *e, ask_context *ctx, const emend_ask_options *opt,
                             ask_lessons *out, emend_error *err) {
  bool opted_out = false;
  if (!ctx->state) return EMEND_OK;
  emend_rc rc = store_person_opted_out(ctx->state, str_from(opt->user), &opted_out, err);
  if (rc) return rc;
  if (opted_out) ctx->state = NULL;
  *out = (ask_lessons){e, similar, weigh};
  ctx->lessons = out;
  return EMEND_OK;
}

emend_rc engine_similar(emend_engine *e, str source_name, const catalog *cat, str question,
                        size_t k, arena *a, recall_nears *out, emend_error *err) {
  engine_lessons *l = NULL;
  *out = (recall_nears){0};
  emend_rc rc = up_to_date(e, &l, err);
  return rc || !l ? rc : find(l, source_name, cat, question, k, a, out, err);
}
