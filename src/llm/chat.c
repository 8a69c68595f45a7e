/* One reply: the request in either protocol, and the same again without whatever
 * the server turned down. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "llm/client.h"

enum { MOST_ADJUSTMENTS = 4, FEWEST_TOKENS_OF_BYTES = 9 };

/* ---- the request ---- */

static void write_messages(jw *w, const llm_call *call, bool no_system_role, arena *a) {
  static const char *const roles[] = {"system", "user", "assistant"};
  str system = {0};
  jw_array(w, "messages");
  for (size_t i = 0; i < call->n_messages; i++) {
    const llm_message *m = &call->messages[i];
    str text = m->text;
    if (no_system_role && m->role == LLM_SYSTEM) {
      system = text;
      continue;
    }
    if (system.len && m->role == LLM_USER) {
      text = str_from(arena_printf(a, "%.*s\n\n%.*s", STR_ARG(system), STR_ARG(text)));
      system = (str){0};
    }
    jw_object(w, NULL);
    jw_str(w, "role", str_from(roles[m->role]));
    jw_str(w, "content", text);
    jw_object_end(w);
  }
  jw_array_end(w);
}

static size_t reply_tokens(const llm_call *call) {
  return call->max_tokens ? call->max_tokens : LLM_DEFAULT_REPLY;
}

static void write_ollama(jw *w, const llm_call *call, const llm_known *k) {
  if (call->shape == LLM_JSON_SCHEMA && !k->no_shape) jw_raw(w, "format", call->shape_text);
  jw_object(w, "options");
  jw_int(w, "num_ctx", (int64_t)k->can.context_tokens);
  jw_int(w, "num_predict", (int64_t)reply_tokens(call));
  jw_fixed(w, "temperature", call->temperature, 2);
  jw_int(w, "seed", call->seed);
  jw_object_end(w);
}

static void write_shape(jw *w, const llm_call *call, const llm_known *k) {
  if (call->shape == LLM_JSON_SCHEMA) {
    jw_object(w, "response_format");
    jw_str(w, "type", STR("json_schema"));
    jw_object(w, "json_schema");
    jw_str(w, "name", STR("reply"));
    jw_bool(w, "strict", true);
    jw_raw(w, "schema", call->shape_text);
    jw_object_end(w);
    jw_object_end(w);
  } else if (call->shape == LLM_GRAMMAR && k->vllm) {
    jw_object(w, "structured_outputs");
    jw_str(w, "grammar", call->shape_text);
    jw_object_end(w);
  } else if (call->shape == LLM_GRAMMAR) {
    jw_str(w, "grammar", call->shape_text);
  }
}

static void write_openai(jw *w, const llm_call *call, const llm_known *k) {
  jw_int(w, k->completion_tokens ? "max_completion_tokens" : "max_tokens",
         (int64_t)reply_tokens(call));
  if (!k->no_temperature) {
    jw_fixed(w, "temperature", call->temperature, 2);
    jw_int(w, "seed", call->seed);
  }
  if (!k->no_usage) {
    jw_object(w, "stream_options");
    jw_bool(w, "include_usage", true);
    jw_object_end(w);
  }
  if (!k->no_shape) write_shape(w, call, k);
}

static str write_body(const llm_client *c, const llm_call *call, const llm_known *k, arena *a) {
  buf b;
  jw w;
  buf_init(&b, LLM_MAX_REQUEST);
  jw_begin(&w, &b);
  jw_object(&w, NULL);
  jw_str(&w, "model", str_from(call->model));
  write_messages(&w, call, k->can.no_system_role, a);
  jw_bool(&w, "stream", true);
  if (c->opt.protocol == LLM_OLLAMA)
    write_ollama(&w, call, k);
  else
    write_openai(&w, call, k);
  jw_object_end(&w);
  str out = b.failed ? (str){0} : arena_str(a, buf_str(&b));
  buf_free(&b);
  return out;
}

/* ---- what was turned down ---- */

static bool has(const char *message, const char *word) {
  return str_find(str_from(message), str_from(word), 0) != SIZE_MAX;
}

/* A status of 400 or 422 that names something we can leave out or say otherwise. True when the
 * request differs the next time. */
static bool adjust(const llm_client *c, const llm_call *call, const http_response *r,
                   llm_known *k) {
  char m[300];
  if (r->status != 400 && r->status != 422 && r->status != 501) return false;
  llm_message_of(c, r->body, m, sizeof m);
  llm_known before = *k;
  if (has(m, "max_tokens"))
    k->completion_tokens = true;
  else if (has(m, "temperature") || has(m, "seed"))
    k->no_temperature = true;
  else if (has(m, "stream_options"))
    k->no_usage = true;
  else if (call->shape != LLM_FREE && (has(m, "format") || has(m, "schema") || has(m, "grammar") ||
                                       has(m, "structured") || has(m, "guided")))
    k->no_shape = true;
  return memcmp(&before, k, sizeof before) != 0;
}

/* ---- the reply ---- */

static size_t bytes_of(const llm_call *call) {
  size_t n = 0;
  for (size_t i = 0; i < call->n_messages; i++) n += call->messages[i].text.len;
  return n;
}

/* Servers cut what does not fit without a word; their own count tells. */
static bool is_prompt_cut(const llm_client *c, const llm_call *call, const llm_known *k,
                          const llm_reply *r) {
  if (r->prompt_tokens == 0) return false;
  if (r->prompt_tokens < bytes_of(call) / FEWEST_TOKENS_OF_BYTES) return true;
  return c->opt.protocol == LLM_OLLAMA && r->prompt_tokens + 1 >= k->can.context_tokens;
}

static emend_rc chat_once(llm_client *c, const llm_call *call, const llm_known *k, arena *a,
                          llm_reply *out, http_response *r, emend_error *err) {
  llm_stream s;
  str body = write_body(c, call, k, a);
  const char *path = c->opt.protocol == LLM_OLLAMA ? "/api/chat" : "/chat/completions";
  http_request req = llm_request(c, path, body, &call->limits, a);
  if (!body.ptr || !req.url) return err_nomem(err, "generate");
  llm_stream_begin(&s, c, a, out);
  req.on_data = llm_stream_take;
  req.ctx = &s;
  req.max_bytes = 16 << 20;
  emend_rc rc = http_send(&req, a, r, err);
  bool good = !rc && r->status >= 200 && r->status < 300;
  emend_rc ended = llm_stream_end(&s, r, good ? err : NULL);
  out->tries = r->tries;
  out->first_token_ms = r->first_ms;
  return rc ? rc : good ? ended : EMEND_OK;
}

emend_rc llm_chat(llm_client *c, const llm_call *call, arena *a, llm_reply *out, emend_error *err) {
  double since = clock_ms();
  llm_abilities can;
  emend_rc rc = llm_probe(c, call->model, &call->limits, &can, err);
  if (rc) return rc;
  llm_known k = llm_recall(c, call->model);
  k.can = can;
  for (int i = 0;; i++) {
    http_response r = {0};
    *out = (llm_reply){0};
    rc = chat_once(c, call, &k, a, out, &r, err);
    out->ms = clock_ms() - since;
    if (rc) return rc;
    if (r.status >= 200 && r.status < 300) break;
    if (i >= MOST_ADJUSTMENTS || !adjust(c, call, &r, &k))
      return llm_refusal(c, call->model, &r, err);
    if (k.no_shape) k.can.json_schema = k.can.grammar = false;
    llm_remember(c, &k);
  }
  out->prompt_cut = is_prompt_cut(c, call, &k, out);
  return EMEND_OK;
}
