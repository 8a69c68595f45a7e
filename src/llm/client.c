/* A model server's address and key, what was learnt of it, and what its refusals
 * mean. Sends nothing. */
#include "llm/client.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

static const char ollama_url[] = "http://127.0.0.1:11434";
static const char openai_url[] = "https://api.openai.com/v1";

/* ---- making one ---- */

static bool copy_text(char **to, str s) {
  *to = mem_alloc(s.len + 1);
  if (*to && s.len) memcpy(*to, s.ptr, s.len);
  return *to != NULL;
}

/* As Ollama reads OLLAMA_HOST: "host", "host:port", ":port"; 0.0.0.0 is where a server listens, and
 * this machine to whoever asks. */
static void complete_host(str given, char *out, size_t size) {
  if (str_starts_nocase(given, STR("http://")) || str_starts_nocase(given, STR("https://"))) {
    snprintf(out, size, "%.*s", STR_ARG(given));
    return;
  }
  size_t colon = given.len;
  while (colon > 0 && ascii_is_digit(given.ptr[colon - 1])) colon--;
  bool port = colon > 0 && colon < given.len && given.ptr[colon - 1] == ':';
  str host = port ? str_slice(given, 0, colon - 1) : given;
  if (host.len == 0 || str_eq(host, STR("0.0.0.0"))) host = STR("127.0.0.1");
  snprintf(out, size, "http://%.*s:%.*s", STR_ARG(host),
           STR_ARG(port ? str_slice(given, colon, given.len) : STR("11434")));
}

static emend_rc read_url(const llm_options *opt, char *out, size_t size, emend_error *err) {
  bool ollama = opt->protocol == LLM_OLLAMA;
  str given = str_trim(str_from(opt->url));
  if (given.len == 0) given = ollama ? str_from(ollama_url) : str_from(openai_url);
  while (given.len && given.ptr[given.len - 1] == '/') given.len--;
  for (size_t i = 0; i < given.len; i++)
    if ((unsigned char)given.ptr[i] <= ' ')
      return err_set(err, EMEND_EUSAGE, "open", "the model server's address holds a blank");
  if (given.len + 40 > size)
    return err_set(err, EMEND_EUSAGE, "open", "the model server's address is too long");
  if (ollama)
    complete_host(given, out, size);
  else
    snprintf(out, size, "%.*s", STR_ARG(given));
  str url = str_from(out);
  if (!str_starts_nocase(url, STR("http://")) && !str_starts_nocase(url, STR("https://")))
    return err_set(err, EMEND_EUSAGE, "open",
                   "the model server's address \"%.200s\" does not begin with http:// or https://",
                   out);
  return EMEND_OK;
}

/* A line end in a key would be a header of its own. */
static emend_rc check_key(const char *key, emend_error *err) {
  for (const char *p = key; p && *p; p++)
    if ((unsigned char)*p <= ' ' || *p == 127)
      return err_set(err, EMEND_EUSAGE, "open",
                     "the key for the model server holds a blank or a line end");
  return EMEND_OK;
}

emend_rc llm_open(const llm_options *opt, llm_client **out, emend_error *err) {
  char url[2048];
  *out = NULL;
  emend_rc rc = read_url(opt, url, sizeof url, err);
  if (!rc) rc = check_key(opt->key, err);
  if (rc) return rc;
  llm_client *c = mem_alloc(sizeof *c);
  if (!c) return err_nomem(err, "open");
  pthread_mutex_init(&c->lock, NULL);
  c->opt = *opt;
  if (!copy_text(&c->url, str_from(url)) ||
      (opt->key && opt->key[0] && !copy_text(&c->key, str_from(opt->key)))) {
    llm_close(c);
    return err_nomem(err, "open");
  }
  c->opt.url = c->url;
  c->opt.key = c->key;
  if (!c->opt.context_tokens) c->opt.context_tokens = LLM_DEFAULT_CONTEXT;
  if (c->opt.connect_ms <= 0) c->opt.connect_ms = 5e3;
  if (c->opt.first_token_ms <= 0) c->opt.first_token_ms = 60e3;
  if (c->opt.idle_ms <= 0) c->opt.idle_ms = 20e3;
  *out = c;
  return EMEND_OK;
}

void llm_close(llm_client *c) {
  if (!c) return;
  pthread_mutex_destroy(&c->lock);
  mem_free(c->url);
  mem_free(c->key);
  mem_free(c);
}

/* ---- what is known ---- */

static llm_known *find_known(llm_client *c, const char *model) {
  for (size_t i = 0; i < c->n_known; i++)
    if (strcmp(c->known[i].model, model) == 0) return &c->known[i];
  return NULL;
}

llm_known llm_recall(llm_client *c, const char *model) {
  llm_known out = {0};
  snprintf(out.model, sizeof out.model, "%s", model);
  pthread_mutex_lock(&c->lock);
  const llm_known *k = find_known(c, out.model);
  if (k) out = *k;
  pthread_mutex_unlock(&c->lock);
  return out;
}

void llm_remember(llm_client *c, const llm_known *k) {
  pthread_mutex_lock(&c->lock);
  llm_known *to = find_known(c, k->model);
  if (!to && c->n_known == LLM_MAX_MODELS) {
    memmove(&c->known[0], &c->known[1], sizeof *k * (LLM_MAX_MODELS - 1));
    c->n_known--;
  }
  if (!to) to = &c->known[c->n_known++];
  *to = *k;
  pthread_mutex_unlock(&c->lock);
}

/* ---- asking ---- */

http_request llm_request(llm_client *c, const char *path, str body, const llm_limits *limits,
                         arena *a) {
  return (http_request){.url = arena_printf(a, "%s%s", c->url, path),
                        .key = c->key,
                        .body = body,
                        .connect_ms = c->opt.connect_ms,
                        .first_ms = c->opt.first_token_ms,
                        .idle_ms = c->opt.idle_ms,
                        .deadline_ms = limits->deadline_ms,
                        .cancels = limits->cancels,
                        .cancels_before = limits->cancels_before};
}

/* ---- refusals ---- */

static const char *message_in(const json_t *j) {
  const json_t *e = json_object_get(j, "error");
  if (json_is_string(e)) return json_string_value(e);
  if (json_is_object(e)) return json_string_value(json_object_get(e, "message"));
  const char *other = json_string_value(json_object_get(j, "message"));
  return other ? other : json_string_value(json_object_get(j, "detail"));
}

/* One line of printable text; what equals the key is not shown. */
static void copy_shown(const llm_client *c, str from, char *out, size_t size) {
  size_t n = 0;
  str key = str_from(c->key);
  for (size_t pos = 0; pos < from.len && n + 5 < size;) {
    if (key.len && str_starts(str_slice(from, pos, from.len), key)) {
      n += (size_t)snprintf(out + n, size - n, "***");
      pos += key.len;
      continue;
    }
    uint32_t ch = utf8_next(from, &pos);
    n += utf8_put(ch < ' ' || ch == 127 ? ' ' : ch, out + n);
  }
  out[n] = 0;
}

void llm_message_of(const llm_client *c, str body, char *out, size_t size) {
  json_t *j = json_loadb(body.ptr ? body.ptr : "", body.len, JSON_ALLOW_NUL, NULL);
  const char *message = message_in(j);
  copy_shown(c, str_trim(message ? str_from(message) : body), out, size);
  json_decref(j);
}

static bool mentions(const char *message, const char *word) {
  return str_find(str_from(message), str_from(word), 0) != SIZE_MAX;
}

/* The names that the server has, for somebody who misspelt one. */
static void list_models(llm_client *c, char *out, size_t size) {
  arena *a = arena_create(8 << 20);
  llm_limits limits = {0};
  llm_names names = {0};
  size_t n = 0;
  out[0] = 0;
  if (a && llm_models(c, &limits, a, &names, NULL) == EMEND_OK)
    for (size_t i = 0; i < names.n && i < 8 && n + 1 < size; i++)
      n += (size_t)snprintf(out + n, size - n, "%s%.*s", i ? ", " : "; it has ",
                            STR_ARG(str_slice(names.items[i], 0, names.items[i].len)));
  arena_destroy(a);
}

static emend_rc no_model(llm_client *c, const char *model, const char *message, emend_error *err) {
  char have[240];
  list_models(c, have, sizeof have);
  if (c->opt.protocol == LLM_OLLAMA)
    return err_set(err, EMEND_ENOTFOUND, "generate",
                   "%.120s has no model \"%.80s\"%.240s; fetch it with: ollama pull %.80s", c->url,
                   model, have, model);
  return err_set(err, EMEND_ENOTFOUND, "generate", "%.120s has no model \"%.80s\"%.240s (%.80s)",
                 c->url, model, have, message);
}

emend_rc llm_refusal(llm_client *c, const char *model, const http_response *r, emend_error *err) {
  char message[240];
  llm_message_of(c, r->body, message, sizeof message);
  const char *variable = c->opt.protocol == LLM_OPENAI ? "OPENAI_API_KEY" : "the server's key";
  if (r->status >= 300 && r->status < 400)
    return err_set(err, EMEND_EIO, "generate",
                   "%.160s leads elsewhere, to %.160s: it was not followed, for the key's sake; "
                   "name that address instead",
                   c->url, r->location[0] ? r->location : "an address that it does not say");
  if (r->status == 401 || r->status == 403)
    return err_set(err, EMEND_EIO, "generate", "%.160s refuses %s (status %d): %.160s; set %s",
                   c->url, c->key ? "the key" : "to answer without a key", r->status, message,
                   variable);
  if (r->status == 404 && model && (mentions(message, "model") || mentions(message, model)))
    return no_model(c, model, message, err);
  if (r->status == 404)
    return err_set(err, EMEND_ENOTFOUND, "generate",
                   "%.160s is no %s server (status 404: %.120s); look at its address%s", c->url,
                   c->opt.protocol == LLM_OLLAMA ? "Ollama" : "OpenAI-compatible", message,
                   c->opt.protocol == LLM_OPENAI ? ", which mostly ends in /v1" : "");
  return err_set(err, EMEND_EIO, "generate", "%.160s answered with status %d: %.200s", c->url,
                 r->status, message);
}

json_t *llm_json_of(llm_client *c, const http_response *r, arena *a, emend_error *err) {
  str body = utf8_valid(r->body) ? r->body : utf8_mend(a, r->body);
  json_t *j = r->full ? NULL : json_loadb(body.ptr ? body.ptr : "", body.len, JSON_ALLOW_NUL, NULL);
  if (j) return j;
  char begin[120];
  copy_shown(c, body, begin, sizeof begin);
  err_set(err, EMEND_EFORMAT, "generate",
          "%.160s does not speak %s protocol; its answer begins: %.120s", c->url,
          c->opt.protocol == LLM_OLLAMA ? "Ollama's" : "OpenAI's", begin);
  return NULL;
}
