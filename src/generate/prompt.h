/* The words that a language model is sent, and how its reply is read. Datasets for training are
 * made by the same calls: training text is inference text, byte for byte. */
#ifndef GENERATE_PROMPT_H
#define GENERATE_PROMPT_H

#include "generate/generate.h"
#include "llm/llm.h"

/** The form of the reply that is asked for. */
typedef enum gen_form {
  GEN_FORM_SQL,    /* the statement alone */
  GEN_FORM_JSON,   /* {"sql": "…"}: for servers that hold replies to a JSON schema */
  GEN_FORM_GRAMMAR /* the statement alone, under the grammar of grammar.h */
} gen_form;

typedef struct gen_prompt_options {
  gen_form form;
  size_t tokens; /* what the whole prompt may take; 0: 6000 */
} gen_prompt_options;

/** What of a database a prompt shows: the same bytes in every round of a question. */
typedef struct gen_context {
  str text;
  int *tables; /* catalog ids of those shown, in order */
  int n_tables;
  size_t n_examples; /* shown, of those in the request */
  str widened;       /* appended after `text`; empty: nothing */
  str note;          /* what was left out, for the trace; empty: nothing */
} gen_context;

typedef struct gen_prompt {
  llm_message messages[2]; /* system, user */
  size_t n;
} gen_prompt;

/** What the model may see of `req`'s database: tables, keys, values, examples, cut to the budget
 *  by what retrieve ranks. Owns: in `a`. Returns: EMEND_OK, EMEND_ENOMEM. */
emend_rc gen_context_build(const gen_request *req, const gen_prompt_options *opt, arena *a,
                           gen_context *out, emend_error *err);
/** After an unknown name: appends to `c` tables that were left out and have it, or the best
 *  ranked of them. */
emend_rc gen_context_widen(const gen_request *req, const gen_prompt_options *opt, arena *a,
                           gen_context *c, emend_error *err);
/** The messages of a first request, or (with req->failed) of a correction: its six parts in the
 *  order of docs/prompts.md. `said` is what the model wrote before in this question, which
 *  schema-only privacy need not mask. */
emend_rc gen_prompt_build(const gen_request *req, const gen_context *c,
                          const gen_prompt_options *opt, str said, arena *a, gen_prompt *out,
                          emend_error *err);
/** What a model that was trained on that prompt is to reply. {NULL,0} when out of memory. */
str gen_prompt_completion(gen_form form, str sql, arena *a);

typedef struct gen_reply {
  str sql;      /* without fences, think blocks, JSON; empty: there is none */
  bool closed;  /* its end is marked: by a fence, a semicolon, a closing brace */
  bool refused; /* "CANNOT ANSWER" */
  str text;     /* what it said instead, or the reason */
} gen_reply;

/** Reads a reply of any form. Wrong text is not an error. Owns: in `a`, valid UTF-8. */
emend_rc gen_reply_read(str text, arena *a, gen_reply *out, emend_error *err);

/** The messages that ask for a result in words. */
emend_rc gen_prompt_tell(const gen_telling *what, arena *a, gen_prompt *out, emend_error *err);

/** The messages that ask for the question behind a query. */
emend_rc gen_prompt_word(const gen_wording *what, arena *a, gen_prompt *out, emend_error *err);

/** A cautious estimate of how many tokens a text is. */
size_t gen_tokens(str text);

#endif
