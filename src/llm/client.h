/* What the files of llm/ share. Private to this folder. */
#ifndef LLM_CLIENT_H
#define LLM_CLIENT_H

#include <jansson.h>
#include <pthread.h>

#include "base/jw.h"
#include "http/http.h"
#include "llm/llm.h"

enum {
  LLM_MAX_MODELS = 16, /* whose abilities are remembered */
  LLM_MAX_NAME = 200,
  LLM_MAX_TEXT = 64 << 10, /* of a reply */
  LLM_MAX_REQUEST = 16 << 20,
  LLM_DEFAULT_CONTEXT = 8192,
  LLM_DEFAULT_REPLY = 2048
};

/** What is known of a server's way with one model. */
typedef struct llm_known {
  char model[LLM_MAX_NAME];
  bool probed;
  llm_abilities can;
  bool vllm; /* a grammar goes into structured_outputs */
  /* what the server turned down, and is not sent again */
  bool no_shape, no_temperature, no_usage, completion_tokens;
} llm_known;

struct llm_client {
  llm_options opt;
  char *url, *key;
  pthread_mutex_t lock; /* guards known */
  llm_known known[LLM_MAX_MODELS];
  size_t n_known;
};

/** A copy of what is known of `model`. */
llm_known llm_recall(llm_client *c, const char *model);
/** Remembers it, in the place of the oldest when there are too many. */
void llm_remember(llm_client *c, const llm_known *k);

/** A request to `path` (below the client's address) with the client's deadlines. In `a`. */
http_request llm_request(llm_client *c, const char *path, str body, const llm_limits *limits,
                         arena *a);
/** What an answer that is not 2xx comes to, in words that say what to do. */
emend_rc llm_refusal(llm_client *c, const char *model, const http_response *r, emend_error *err);
/** What a server says went wrong: its JSON's message, or the beginning of its text; one line, the
 *  key blotted out. */
void llm_message_of(const llm_client *c, str body, char *out, size_t size);
/** The JSON of a whole answer; NULL with `err` filled. The caller decrefs it. */
json_t *llm_json_of(llm_client *c, const http_response *r, arena *a, emend_error *err);

/** A reply as it comes in. */
typedef struct llm_stream {
  const llm_client *c;
  arena *a;
  buf line, text;
  llm_reply *out;
  bool sse;       /* server-sent events were seen */
  bool done, bad; /* the end was announced; something came that is not the protocol */
  bool failed;    /* the server reports an error: `message` */
  size_t thought; /* bytes of thinking, which nobody keeps */
  char message[300];
} llm_stream;

void llm_stream_begin(llm_stream *s, const llm_client *c, arena *a, llm_reply *out);
/** For http_request.on_data. */
http_next llm_stream_take(void *s, str piece);
/** The last line, when nothing ended it; then what all of it came to. Frees the buffers. */
emend_rc llm_stream_end(llm_stream *s, const http_response *r, emend_error *err);

#endif
