/* What a server can do with a model: asked once, remembered, and never assumed where the server
 * does not say. A server that does not answer such questions is used plainly. */
#include <stdio.h>
#include <string.h>

#include "llm/client.h"

enum { LIST_BYTES = 8 << 20 };

static bool holds_nocase(str s, str part) {
  for (size_t i = 0; i + part.len <= s.len; i++)
    if (str_eq_nocase(str_slice(s, i, i + part.len), part)) return true;
  return false;
}

static void limit_context(llm_abilities *can, json_int_t n) {
  if (n >= 512 && (size_t)n < can->context_tokens) can->context_tokens = (size_t)n;
}

/* A refusal that concerns every question, not this one alone. */
static bool is_shut(const http_response *r) { return r->status == 401 || r->status == 403; }

/* ---- Ollama ---- */

static void read_show(const json_t *j, llm_abilities *can) {
  const json_t *info = json_object_get(j, "model_info");
  const char *kind = json_string_value(json_object_get(info, "general.architecture"));
  const char *key;
  json_t *value;
  if (kind && holds_nocase(str_from(kind), STR("gemma"))) can->no_system_role = true;
  json_object_foreach((json_t *)(uintptr_t)info, key, value) {
    if (str_ends(str_from(key), STR(".context_length")))
      limit_context(can, json_integer_value(value));
  }
}

static emend_rc probe_ollama(llm_client *c, const llm_limits *limits, llm_known *k, arena *a,
                             emend_error *err) {
  buf b;
  jw w;
  http_response r;
  buf_init(&b, 4096);
  jw_begin(&w, &b);
  jw_object(&w, NULL);
  jw_str(&w, "model", str_from(k->model));
  jw_object_end(&w);
  http_request req = llm_request(c, "/api/show", arena_str(a, buf_str(&b)), limits, a);
  bool failed = b.failed || !req.url || !req.body.ptr;
  buf_free(&b);
  if (failed) return err_nomem(err, "generate");
  req.max_bytes = LIST_BYTES;
  emend_rc rc = http_send(&req, a, &r, err);
  if (rc || is_shut(&r) || (r.status >= 300 && r.status < 400))
    return rc ? rc : llm_refusal(c, k->model, &r, err);
  k->can.json_schema = true;
  json_t *j = r.status == 200 ? llm_json_of(c, &r, a, NULL) : NULL;
  if (j) read_show(j, &k->can);
  json_decref(j);
  return EMEND_OK;
}

/* ---- OpenAI-compatible ---- */

/* owned_by and the lengths are where vLLM and llama.cpp say who they are. */
static void read_model(const json_t *m, llm_known *k) {
  const char *owner = json_string_value(json_object_get(m, "owned_by"));
  const json_t *meta = json_object_get(m, "meta");
  str who = str_from(owner);
  if (str_eq_nocase(who, STR("vllm"))) k->can.grammar = k->vllm = true;
  if (str_eq_nocase(who, STR("llamacpp"))) k->can.grammar = true;
  limit_context(&k->can, json_integer_value(json_object_get(m, "max_model_len")));
  limit_context(&k->can, json_integer_value(json_object_get(meta, "n_ctx")));
  limit_context(&k->can, json_integer_value(json_object_get(meta, "n_ctx_train")));
}

static emend_rc probe_openai(llm_client *c, const llm_limits *limits, llm_known *k, arena *a,
                             emend_error *err) {
  http_response r;
  http_request req = llm_request(c, "/models", (str){0}, limits, a);
  if (!req.url) return err_nomem(err, "generate");
  req.max_bytes = LIST_BYTES;
  emend_rc rc = http_send(&req, a, &r, err);
  if (rc || is_shut(&r) || (r.status >= 300 && r.status < 400))
    return rc ? rc : llm_refusal(c, k->model, &r, err);
  k->can.json_schema = true;
  if (str_starts_nocase(str_from(r.server), STR("llama.cpp"))) k->can.grammar = true;
  json_t *j = r.status == 200 ? llm_json_of(c, &r, a, NULL) : NULL;
  const json_t *list = json_object_get(j, "data");
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *m = json_array_get(list, i);
    const char *id = json_string_value(json_object_get(m, "id"));
    if (json_array_size(list) == 1 || (id && strcmp(id, k->model) == 0)) read_model(m, k);
  }
  json_decref(j);
  return EMEND_OK;
}

emend_rc llm_probe(llm_client *c, const char *model, const llm_limits *limits, llm_abilities *out,
                   emend_error *err) {
  llm_known k = llm_recall(c, model);
  if (k.probed) {
    *out = k.can;
    return EMEND_OK;
  }
  arena *a = arena_create(4 * LIST_BYTES);
  if (!a) return err_nomem(err, "generate");
  k.can = (llm_abilities){.context_tokens = c->opt.context_tokens,
                          .no_system_role = holds_nocase(str_from(model), STR("gemma"))};
  emend_rc rc = c->opt.protocol == LLM_OLLAMA ? probe_ollama(c, limits, &k, a, err)
                                              : probe_openai(c, limits, &k, a, err);
  arena_destroy(a);
  if (rc) return rc;
  k.probed = true;
  llm_remember(c, &k);
  *out = k.can;
  return EMEND_OK;
}

/* ---- the models that are there ---- */

emend_rc llm_models(llm_client *c, const llm_limits *limits, arena *a, llm_names *out,
                    emend_error *err) {
  bool ollama = c->opt.protocol == LLM_OLLAMA;
  http_response r;
  http_request req = llm_request(c, ollama ? "/api/tags" : "/models", (str){0}, limits, a);
  *out = (llm_names){0};
  if (!req.url) return err_nomem(err, "generate");
  req.max_bytes = LIST_BYTES;
  emend_rc rc = http_send(&req, a, &r, err);
  if (rc) return rc;
  if (r.status < 200 || r.status >= 300) return llm_refusal(c, NULL, &r, err);
  json_t *j = llm_json_of(c, &r, a, err);
  if (!j) return EMEND_EFORMAT;
  const json_t *list = json_object_get(j, ollama ? "models" : "data");
  out->items = ARENA_ARRAY(a, str, json_array_size(list) + 1);
  for (size_t i = 0; out->items && i < json_array_size(list); i++) {
    const json_t *name = json_object_get(json_array_get(list, i), ollama ? "name" : "id");
    if (!json_is_string(name) || json_string_length(name) >= LLM_MAX_NAME) continue;
    out->items[out->n++] = arena_str(a, str_from(json_string_value(name)));
  }
  json_decref(j);
  return arena_failed(a) ? err_nomem(err, "generate") : EMEND_OK;
}
