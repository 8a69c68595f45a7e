/* A model server on the loopback for tests: Ollama's protocol and OpenAI's at once, misbehaving as
 * the name of the model that is asked for says. Keeps every byte that it was sent. */
#ifndef SUPPORT_MODEL_SERVER_H
#define SUPPORT_MODEL_SERVER_H

#include <stddef.h>

/* The models, each named after what it does:
 *   right, wrong            one of the two queries
 *   wrong-then-right        the wrong one first, the right one to every correction
 *   prose, empty            no SQL
 *   fences, think, json     the right query in a fence, behind a think block, in JSON
 *   drop, two               DROP TABLE; the right query and then a DROP TABLE
 *   cannot                  CANNOT ANSWER, with a reason
 *   truncated               the connection ends in the middle of the reply
 *   cut                     the reply ends at its token limit
 *   error                   HTTP 500;  error-late: an error line after a good beginning
 *   busy-then-right         429 once;  busy: 503 always
 *   slow                    nothing for a minute;  stalls: silence in the middle
 *   endless, huge           tokens without end; one line of 100 MB
 *   bad-utf8                the right query in a comment of stray bytes
 *   html                    a web page with status 200
 *   narrow                  counts a fifth of the prompt's tokens, as a server that cuts it
 *   no-shape                turns down formats with status 400
 *   held                    says that it is llama.cpp: takes grammars
 *   gemma-right             as right
 *   invents                 the right query; figures of its own when it is to put rows in words
 *   unanswered              the right query; NOT ANSWERED for words
 * Any other name is not there (404). */

typedef struct model_server_options {
  const char *right, *wrong; /* the two queries */
  const char *words;         /* what results are put in; NULL: nothing but a full stop */
  const char *key;           /* asked for under /v1; NULL: none */
  int port;                  /* 0: any */
} model_server_options;

typedef struct model_server model_server;

/** NULL when it cannot listen. Texts must outlive it. */
model_server *model_server_start(const model_server_options *opt);
void model_server_stop(model_server *s); /* NULL is harmless */
int model_server_port(const model_server *s);

/** How many requests for a chat came in. */
int model_server_chats(model_server *s);
/** Everything received so far, heads and bodies, NUL-terminated; the caller frees it. */
char *model_server_received(model_server *s);
/** The user's text in chat number `i` from 0, as it was before JSON; NULL past the last. The caller
 *  frees it. */
char *model_server_user_text(model_server *s, int i);
void model_server_forget(model_server *s);

#endif
