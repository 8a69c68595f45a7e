/* Chat and embeddings over Ollama and OpenAI-compatible servers. Knows nothing of SQL: messages
 * in, text out, with every deadline kept and every reply taken for a stranger's. */
#ifndef LLM_LLM_H
#define LLM_LLM_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/err.h"

typedef enum llm_protocol { LLM_OLLAMA, LLM_OPENAI } llm_protocol;

/** Zero is the default of every field but `protocol`. Texts are copied. */
typedef struct llm_options {
  llm_protocol protocol;
  const char *url;       /* NULL: http://127.0.0.1:11434, https://api.openai.com/v1 */
  const char *key;       /* sent as a bearer token; NULL: none */
  size_t context_tokens; /* 0: 8192; a model that has fewer gets fewer */
  double connect_ms, first_token_ms, idle_ms; /* 0: 5 s, 60 s, 20 s */
} llm_options;

typedef struct llm_client llm_client;

/** Touches no network. Owns: *out is the caller's until llm_close.
 *  Threads: any number at once. Returns: EMEND_EUSAGE for a URL that is none, EMEND_ENOMEM. */
emend_rc llm_open(const llm_options *opt, llm_client **out, emend_error *err);
void llm_close(llm_client *c); /* NULL is harmless */

typedef enum llm_role { LLM_SYSTEM, LLM_USER, LLM_ASSISTANT } llm_role;
typedef struct llm_message {
  llm_role role;
  str text;
} llm_message;

/** What the server holds a reply to. */
typedef enum llm_shape { LLM_FREE, LLM_JSON_SCHEMA, LLM_GRAMMAR } llm_shape;

/** What a server can do with one model; asked once and remembered. */
typedef struct llm_abilities {
  bool json_schema, grammar; /* held to by the decoder */
  bool no_system_role;       /* Gemma: the system text goes before the first user's */
  size_t context_tokens;     /* as will be used */
} llm_abilities;

/** When and by whom a call ends early. */
typedef struct llm_limits {
  double deadline_ms;         /* on clock_ms; 0: none */
  const atomic_uint *cancels; /* NULL: nobody can */
  unsigned cancels_before;
} llm_limits;

/**
 * What `model` can do. EMEND_ENOTFOUND, naming models that are there, when the server has not got
 * it; otherwise what llm_chat returns.
 */
emend_rc llm_probe(llm_client *c, const char *model, const llm_limits *limits, llm_abilities *out,
                   emend_error *err);

typedef struct llm_call {
  const char *model;
  const llm_message *messages;
  size_t n_messages;
  double temperature;
  unsigned seed;
  size_t max_tokens; /* of the reply; 0: 1024 */
  llm_shape shape;
  str shape_text; /* the schema or the grammar */
  llm_limits limits;
} llm_call;

typedef enum llm_finish {
  LLM_UNFINISHED, /* not yet: never in what is handed out */
  LLM_DONE,
  LLM_CUT,       /* the server ended it at max_tokens, or we at our cap */
  LLM_BROKEN_OFF /* the stream ended before it was done */
} llm_finish;

typedef struct llm_reply {
  str text; /* valid UTF-8, at most 1 MiB */
  llm_finish finish;
  size_t prompt_tokens, reply_tokens; /* as the server counts; 0: it did not say */
  bool prompt_cut; /* the server's count says that it read less than it was sent */
  int tries;
  double ms, first_token_ms;
} llm_reply;

/**
 * One reply, streamed.
 *
 * Owns:    *out lives in `a`.
 * Returns: EMEND_OK, also for a reply that was cut; EMEND_ETIMEOUT, EMEND_ECANCELED; EMEND_EIO when
 *          the server cannot be reached, fails, or refuses the key; EMEND_EBUSY when it stays
 *          busy; EMEND_ENOTFOUND without the model; EMEND_EFORMAT when it speaks another protocol.
 */
emend_rc llm_chat(llm_client *c, const llm_call *call, arena *a, llm_reply *out, emend_error *err);

/** A vector a text, [n][*dim], in `a`, as the server gives them. Returns: as llm_chat. */
emend_rc llm_embed(llm_client *c, const char *model, const str *texts, size_t n,
                   const llm_limits *limits, arena *a, float **out, size_t *dim, emend_error *err);

/** Names of the models that the server has, in `a`. */
typedef struct llm_names {
  str *items;
  size_t n;
} llm_names;
emend_rc llm_models(llm_client *c, const llm_limits *limits, arena *a, llm_names *out,
                    emend_error *err);

#endif
