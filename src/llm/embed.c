/* Embeddings of texts, in either protocol. What comes back is checked for count and length before
 * anything is believed. */
#include <string.h>

#include "llm/client.h"

enum { MOST_TEXTS = 4096, MOST_DIMENSIONS = 65536, ANSWER_BYTES = 128 << 20 };

static str write_body(const char *model, const str *texts, size_t n, arena *a) {
  buf b;
  jw w;
  buf_init(&b, LLM_MAX_REQUEST);
  jw_begin(&w, &b);
  jw_object(&w, NULL);
  jw_str(&w, "model", str_from(model));
  jw_array(&w, "input");
  for (size_t i = 0; i < n; i++) jw_str(&w, NULL, texts[i]);
  jw_array_end(&w);
  jw_object_end(&w);
  str out = b.failed ? (str){0} : arena_str(a, buf_str(&b));
  buf_free(&b);
  return out;
}

/* The i-th vector; OpenAI's say themselves which one they are. */
static const json_t *vector_of(const json_t *j, size_t i) {
  const json_t *list = json_object_get(j, "embeddings");
  if (list) return json_array_get(list, i);
  list = json_object_get(j, "data");
  for (size_t k = 0; k < json_array_size(list); k++) {
    const json_t *item = json_array_get(list, k), *index = json_object_get(item, "index");
    if (index ? json_integer_value(index) == (json_int_t)i : k == i)
      return json_object_get(item, "embedding");
  }
  return NULL;
}

static bool read_vectors(const json_t *j, size_t n, arena *a, float **out, size_t *dim) {
  *dim = json_array_size(vector_of(j, 0));
  if (*dim == 0 || *dim > MOST_DIMENSIONS) return false;
  *out = ARENA_ARRAY(a, float, n **dim);
  for (size_t i = 0; *out && i < n; i++) {
    const json_t *v = vector_of(j, i);
    if (json_array_size(v) != *dim) return false;
    for (size_t d = 0; d < *dim; d++) {
      const json_t *x = json_array_get(v, d);
      if (!json_is_number(x)) return false;
      (*out)[i * *dim + d] = (float)json_number_value(x);
    }
  }
  return *out != NULL;
}

emend_rc llm_embed(llm_client *c, const char *model, const str *texts, size_t n,
                   const llm_limits *limits, arena *a, float **out, size_t *dim, emend_error *err) {
  http_response r;
  *out = NULL;
  *dim = 0;
  if (n == 0 || n > MOST_TEXTS)
    return err_set(err, EMEND_EUSAGE, "embed", "embed 1 to %d texts at once, not %zu", MOST_TEXTS,
                   n);
  str body = write_body(model, texts, n, a);
  const char *path = c->opt.protocol == LLM_OLLAMA ? "/api/embed" : "/embeddings";
  http_request req = llm_request(c, path, body, limits, a);
  if (!body.ptr || !req.url) return err_nomem(err, "embed");
  req.max_bytes = ANSWER_BYTES;
  emend_rc rc = http_send(&req, a, &r, err);
  if (rc) return rc;
  if (r.status < 200 || r.status >= 300) return llm_refusal(c, model, &r, err);
  json_t *j = llm_json_of(c, &r, a, err);
  if (!j) return EMEND_EFORMAT;
  bool good = read_vectors(j, n, a, out, dim);
  json_decref(j);
  if (arena_failed(a)) return err_nomem(err, "embed");
  return good ? EMEND_OK
              : err_set(err, EMEND_EFORMAT, "embed",
                        "%.160s did not give %zu vectors of one length", c->url, n);
}
