/* Who writes SQL: the embedded network, or a model server as options and
 * environment name it; and the network beside such a server, as a second opinion. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/engine.h"
#include "llm/llm.h"

/* ---- options ---- */

static bool is_kind(const char *backend, const char *kind) {
  return backend && strcmp(backend, kind) == 0;
}

emend_rc engine_check_backend(const emend_options *opt, emend_error *err) {
  bool server = is_kind(opt->backend, "ollama") || is_kind(opt->backend, "openai");
  if (opt->backend && !server && !is_kind(opt->backend, "embedded"))
    return err_set(err, EMEND_EUSAGE, "open",
                   "there is no back end \"%.40s\"; there are embedded, ollama and openai",
                   opt->backend);
  if (server) return EMEND_OK;
  if (opt->model)
    return err_set(err, EMEND_EUSAGE, "open",
                   "the embedded network has no models to choose from; leave \"%.40s\" out, or "
                   "name a server with --backend ollama or openai",
                   opt->model);
  if (opt->answer_model)
    return err_set(err, EMEND_EUSAGE, "open",
                   "the embedded network writes no words; \"%.40s\" needs --backend ollama or "
                   "openai",
                   opt->answer_model);
  return EMEND_OK;
}

static bool copy_option(char **to, const char *from) {
  if (!from || !from[0]) return true;
  size_t n = strlen(from) + 1;
  *to = mem_alloc(n);
  if (*to) memcpy(*to, from, n);
  return *to != NULL;
}

/* An option, else what the environment says under the name that it has everywhere. */
static const char *or_env(const char *option, const char *name) {
  return option && option[0] ? option : getenv(name);
}

emend_rc engine_keep_backend(emend_engine *e, const emend_options *opt, emend_error *err) {
  engine_backend *b = &e->backend;
  bool ollama = is_kind(opt->backend, "ollama"), openai = is_kind(opt->backend, "openai");
  b->is_server = ollama || openai;
  b->is_ollama = ollama;
  b->context_tokens = opt->context_tokens;
  b->connect_s = opt->connect_s;
  b->first_token_s = opt->first_token_s;
  b->idle_s = opt->idle_s;
  if (!b->is_server) return EMEND_OK;
  const char *url = or_env(opt->server, ollama ? "OLLAMA_HOST" : "OPENAI_BASE_URL");
  const char *key = ollama ? opt->api_key : or_env(opt->api_key, "OPENAI_API_KEY");
  const char *name = ollama ? opt->model : or_env(opt->model, "OPENAI_MODEL");
  if (copy_option(&b->server, url) && copy_option(&b->key, key) && copy_option(&b->model, name) &&
      copy_option(&b->answer_model, opt->answer_model) &&
      copy_option(&b->embed_model, opt->embed_model))
    return engine_make_generator(e, &e->gen, err); /* no network yet: a bad address shows now */
  return err_nomem(err, "open");
}

void engine_free_backend(emend_engine *e) {
  engine_backend *b = &e->backend;
  gen_free(b->second);
  mem_free(b->server);
  mem_free(b->model);
  mem_free(b->answer_model);
  mem_free(b->embed_model);
  for (size_t i = 0; b->key && b->key[i]; i++) ((volatile char *)b->key)[i] = 0;
  mem_free(b->key);
}

/* ---- making them ---- */

static emend_rc load_embedded(const emend_engine *e, generator **out, emend_error *err) {
  arena *a = arena_create(1 << 16);
  if (!a) return err_nomem(err, "model");
  const char *path = NULL;
  model *m = NULL;
  emend_rc rc = engine_weights_path(e, a, &path, err);
  if (!rc) rc = model_load(path, &m, err);
  if (!rc) rc = gen_embedded(m, out, err);
  arena_destroy(a);
  return rc;
}

static llm_options options_of(const engine_backend *b) {
  return (llm_options){.protocol = b->is_ollama ? LLM_OLLAMA : LLM_OPENAI,
                       .url = b->server,
                       .key = b->key,
                       .context_tokens = b->context_tokens,
                       .connect_ms = b->connect_s * 1e3,
                       .first_token_ms = b->first_token_s * 1e3,
                       .idle_ms = b->idle_s * 1e3};
}

emend_rc engine_embed_client(const emend_engine *e, llm_client **out, emend_error *err) {
  *out = NULL;
  if (!e->backend.embed_model) return EMEND_OK;
  const llm_options server = options_of(&e->backend);
  return llm_open(&server, out, err);
}

emend_rc engine_make_generator(const emend_engine *e, generator **out, emend_error *err) {
  const engine_backend *b = &e->backend;
  if (!b->is_server) return load_embedded(e, out, err);
  const llm_options server = options_of(b);
  return gen_llm(&server, b->model, b->answer_model, out, err);
}

emend_rc engine_second(emend_engine *e, const generator **out, emend_error *err) {
  emend_rc rc = EMEND_OK;
  *out = NULL;
  if (!e->backend.is_server) return EMEND_OK;
  pthread_mutex_lock(&e->lock);
  engine_backend *b = &e->backend;
  if (!b->second) rc = load_embedded(e, &b->second, err);
  if (rc == EMEND_ENOTFOUND) rc = EMEND_OK; /* without weights nobody gives a second opinion */
  *out = b->second;
  pthread_mutex_unlock(&e->lock);
  return rc;
}
