/* A language model as a generator: what it can do decides the form of the reply, what it replies
 * is read as a stranger's text, and what it said before is kept for the length of a question. */
#include "llm/llm.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "generate/grammar.h"
#include "generate/prompt.h"

enum { LONGEST_MODEL = 190, MOST_SAMPLES = 10, LEAST_REPLY = 512, LONGEST_TELLING = 1000 };
static const double sample_temperature = 0.7;

static const char json_shape[] =
    "{\"type\":\"object\",\"properties\":{\"sql\":{\"type\":[\"string\",\"null\"]},\"reason\":"
    "{\"type\":[\"string\",\"null\"]}},\"required\":[\"sql\",\"reason\"],"
    "\"additionalProperties\":false}";

typedef struct writer {
  generator face; /* first: freed as the generator */
  llm_client *client;
  pthread_mutex_t lock; /* guards the names while they are found out */
  char model[LONGEST_MODEL + 1], answer_model[LONGEST_MODEL + 1];
  char label[LONGEST_MODEL + 16];
} writer;

/* What is kept of one question from round to round. */
typedef struct memo {
  gen_context context;
  gen_prompt_options opt;
  str grammar;
  str said; /* all replies so far */
  bool sent, cut;
} memo;

/* ---- which model ---- */

/* Without a name the server's only model is meant; with several, a person has to say. */
static emend_rc find_model(writer *w, const llm_limits *limits, arena *a, emend_error *err) {
  llm_names names = {0};
  emend_rc rc = llm_models(w->client, limits, a, &names, err);
  if (rc) return rc;
  if (names.n == 1 && names.items[0].len <= LONGEST_MODEL) {
    snprintf(w->model, sizeof w->model, "%.*s", STR_ARG(names.items[0]));
    snprintf(w->label, sizeof w->label, "%s@%s", w->face.name, w->model);
    return EMEND_OK;
  }
  char have[300] = "none";
  size_t n = 0;
  for (size_t i = 0; i < names.n && i < 8 && n < sizeof have; i++)
    n += (size_t)snprintf(have + n, sizeof have - n, "%s%.*s", i ? ", " : "",
                          STR_ARG(names.items[i]));
  return err_set(err, EMEND_EUSAGE, "generate", "which model? name one with --model; there is: %s",
                 have);
}

static emend_rc settle_model(writer *w, const llm_limits *limits, arena *a, emend_error *err) {
  emend_rc rc = EMEND_OK;
  pthread_mutex_lock(&w->lock);
  if (!w->model[0]) rc = find_model(w, limits, a, err);
  if (!rc && !w->answer_model[0]) memcpy(w->answer_model, w->model, sizeof w->model);
  pthread_mutex_unlock(&w->lock);
  return rc;
}

/* ---- what a question keeps ---- */

static gen_form form_of(const llm_abilities *can) {
  return can->grammar ? GEN_FORM_GRAMMAR : can->json_schema ? GEN_FORM_JSON : GEN_FORM_SQL;
}

static size_t reply_tokens(const llm_abilities *can) {
  size_t n = can->context_tokens / 4;
  return n < LEAST_REPLY ? LEAST_REPLY : n > 2048 ? 2048 : n;
}

static emend_rc make_context(const gen_request *req, memo *m, arena *a, emend_error *err) {
  emend_rc rc = gen_context_build(req, &m->opt, a, &m->context, err);
  if (rc || m->opt.form != GEN_FORM_GRAMMAR) return rc;
  m->grammar = gen_grammar(req->cat, m->context.tables, m->context.n_tables, a);
  return m->grammar.ptr ? EMEND_OK : err_nomem(err, "generate");
}

static emend_rc open_memo(const gen_request *req, const llm_abilities *can, arena *a, memo **out,
                          emend_error *err) {
  memo *m = req->memo ? *req->memo : NULL;
  *out = m;
  if (m) return EMEND_OK;
  *out = m = ARENA_NEW(a, memo);
  if (!m) return err_nomem(err, "generate");
  size_t reply = reply_tokens(can);
  m->opt.form = form_of(can);
  m->opt.tokens = can->context_tokens > reply + 512 ? can->context_tokens - reply : 512;
  if (req->memo) *req->memo = m;
  return make_context(req, m, a, err);
}

/* Faults that more of the schema could cure. */
static bool misses_a_name(const gen_request *req) {
  static const char *const codes[] = {"unknown_column", "unknown_table", "wrong_alias",
                                      "unknown_alias", "database_error"};
  for (size_t i = 0; req->diags && i < req->diags->len; i++)
    for (size_t k = 0; k < sizeof codes / sizeof *codes; k++)
      if (strcmp(req->diags->items[i].code, codes[k]) == 0) return true;
  return false;
}

static emend_rc widen(const gen_request *req, memo *m, arena *a, emend_error *err) {
  int before = m->context.n_tables;
  if (!req->failed.len || !misses_a_name(req)) return EMEND_OK;
  emend_rc rc = gen_context_widen(req, &m->opt, a, &m->context, err);
  if (rc || m->context.n_tables == before || m->opt.form != GEN_FORM_GRAMMAR) return rc;
  m->grammar = gen_grammar(req->cat, m->context.tables, m->context.n_tables, a);
  return m->grammar.ptr ? EMEND_OK : err_nomem(err, "generate");
}

static bool keep_said(memo *m, str text, arena *a) {
  char *all = arena_printf(a, "%.*s\n%.*s", STR_ARG(m->said), STR_ARG(text));
  m->said = str_from(all);
  return all != NULL;
}

/* ---- one reply ---- */

static llm_limits limits_of(const gen_request *req) {
  return (llm_limits){.deadline_ms = req->deadline_ms,
                      .cancels = req->cancels,
                      .cancels_before = req->cancels_before};
}

static llm_shape shape_of(const memo *m, str *text) {
  *text = m->opt.form == GEN_FORM_GRAMMAR ? m->grammar : STR(json_shape);
  return m->opt.form == GEN_FORM_GRAMMAR ? LLM_GRAMMAR
         : m->opt.form == GEN_FORM_JSON  ? LLM_JSON_SCHEMA
                                         : LLM_FREE;
}

static emend_rc ask_model(writer *w, const gen_request *req, memo *m, size_t max_tokens, int sample,
                          arena *a, llm_reply *out, emend_error *err) {
  gen_prompt p;
  emend_rc rc = gen_prompt_build(req, &m->context, &m->opt, m->said, a, &p, err);
  if (rc) return rc;
  llm_call call = {.model = w->model,
                   .messages = p.messages,
                   .n_messages = p.n,
                   .temperature = sample ? sample_temperature : 0,
                   .seed = (unsigned)sample + 1,
                   .max_tokens = max_tokens,
                   .limits = limits_of(req)};
  call.shape = shape_of(m, &call.shape_text);
  return llm_chat(w->client, &call, a, out, err);
}

/* The same with less of the schema, when the server did not read all of the prompt: only while
 * nothing was answered yet, so that later rounds see the same bytes as the first. */
static emend_rc ask_within_window(writer *w, const gen_request *req, memo *m, size_t max_tokens,
                                  int sample, arena *a, llm_reply *out, emend_error *err) {
  emend_rc rc = ask_model(w, req, m, max_tokens, sample, a, out, err);
  if (rc || !out->prompt_cut || m->sent) {
    m->sent = true;
    return rc;
  }
  m->sent = m->cut = true;
  m->opt.tokens /= 2;
  rc = make_context(req, m, a, err);
  return rc ? rc : ask_model(w, req, m, max_tokens, sample, a, out, err);
}

/* ---- replies to candidates ---- */

static void read_fault(const llm_reply *r, const gen_reply *g, gen_candidate *c) {
  if (r->finish != LLM_DONE && !g->closed) {
    c->fault = "reply_cut";
    c->fault_text = r->finish == LLM_CUT ? STR("the model's reply was too long and was cut")
                                         : STR("the model's reply broke off before its end");
  } else if (g->sql.len == 0) {
    c->fault = "no_sql";
    c->fault_text = STR("the model's reply holds no SQL");
  }
}

static emend_rc add_candidate(gen_candidates *out, gen_candidate c, double share, arena *a,
                              emend_error *err) {
  for (size_t i = 0; i < out->items.len; i++) {
    if (!str_eq(out->items.items[i].sql, c.sql)) continue;
    out->items.items[i].share += share;
    return EMEND_OK;
  }
  c.share = share;
  return vec_push(a, &out->items, c) ? EMEND_OK : err_nomem(err, "generate");
}

static emend_rc take_reply(memo *m, const llm_reply *r, double share, arena *a, gen_candidates *out,
                           emend_error *err) {
  gen_reply g;
  emend_rc rc = gen_reply_read(r->text, a, &g, err);
  if (rc) return rc;
  out->llm_ms += r->ms;
  if (!keep_said(m, r->text, a)) return err_nomem(err, "generate");
  if (g.refused) {
    out->refusal = g.text.len ? g.text : STR("the model finds no answer in these tables");
    return EMEND_OK;
  }
  gen_candidate c = {.sql = g.sql.len ? g.sql : g.text};
  read_fault(r, &g, &c);
  return add_candidate(out, c, share, a, err);
}

static void more_likely_first(gen_candidates *c) {
  for (size_t i = 1; i < c->items.len; i++)
    for (size_t k = i; k > 0 && c->items.items[k].share > c->items.items[k - 1].share; k--) {
      gen_candidate x = c->items.items[k];
      c->items.items[k] = c->items.items[k - 1];
      c->items.items[k - 1] = x;
    }
}

static emend_rc write_note(const memo *m, const llm_reply *r, gen_candidates *out, arena *a,
                           emend_error *err) {
  static const char *const forms[] = {"", ", held to a JSON schema", ", held to a grammar"};
  char *text =
      arena_printf(a, "%zu of %zu prompt tokens%s%s%.*s%s", r->prompt_tokens, m->opt.tokens,
                   forms[m->opt.form], m->context.note.len ? ", " : "", STR_ARG(m->context.note),
                   m->cut ? ", the server read less than it was sent: halved" : "");
  out->note = str_from(text);
  return text ? EMEND_OK : err_nomem(err, "generate");
}

static emend_rc llm_candidates(void *self, const gen_request *req, arena *a, gen_candidates *out,
                               emend_error *err) {
  writer *w = self;
  llm_limits limits = limits_of(req);
  llm_abilities can;
  memo *m;
  *out = (gen_candidates){.answerable = 1};
  emend_rc rc = settle_model(w, &limits, a, err);
  if (!rc) rc = llm_probe(w->client, w->model, &limits, &can, err);
  if (!rc) rc = open_memo(req, &can, a, &m, err);
  if (!rc) rc = widen(req, m, a, err);
  if (rc) return rc;
  int n = req->samples < 1 ? 1 : req->samples > MOST_SAMPLES ? MOST_SAMPLES : req->samples;
  llm_reply r = {0};
  for (int i = 0; i < n && !rc; i++) {
    rc = ask_within_window(w, req, m, reply_tokens(&can), i, a, &r, err);
    if (!rc) rc = take_reply(m, &r, 1.0 / n, a, out, err);
  }
  if (rc) return rc;
  if (out->refusal.len && out->items.len == 0) out->answerable = 0;
  more_likely_first(out);
  return write_note(m, &r, out, a, err);
}

/* ---- in words ---- */

/* One paragraph, without thoughts, fences and what a terminal would obey. */
static str one_paragraph(str text, arena *a) {
  size_t thought = str_find(text, STR("</think>"), 0);
  if (thought != SIZE_MAX) text = str_slice(text, thought + 8, text.len);
  text = str_trim(text);
  if (text.len > LONGEST_TELLING) return (str){0};
  size_t end = str_find(text, STR("\n\n"), 0);
  str copy = arena_str(a, str_slice(text, 0, end == SIZE_MAX ? text.len : end));
  for (size_t i = 0; i < copy.len; i++)
    if ((unsigned char)copy.ptr[i] < ' ') ((char *)(uintptr_t)copy.ptr)[i] = ' ';
  return copy;
}

/* What the model says to the prompt; *out stays as it is when it did not come to an end. */
static emend_rc ask_words(writer *w, llm_call *call, const gen_prompt *p, double *llm_ms, arena *a,
                          str *out, emend_error *err) {
  llm_reply r = {0};
  call->messages = p->messages;
  call->n_messages = p->n;
  call->max_tokens = LEAST_REPLY;
  emend_rc rc = llm_chat(w->client, call, a, &r, err);
  *llm_ms = r.ms;
  if (!rc && r.finish == LLM_DONE && !r.prompt_cut) *out = one_paragraph(r.text, a);
  return rc;
}

static emend_rc llm_tell(void *self, const gen_telling *what, arena *a, str *out, double *llm_ms,
                         emend_error *err) {
  writer *w = self;
  gen_prompt p;
  llm_limits limits = {what->deadline_ms, what->cancels, what->cancels_before};
  *out = (str){0};
  emend_rc rc = settle_model(w, &limits, a, err);
  if (!rc) rc = gen_prompt_tell(what, a, &p, err);
  if (rc) return rc;
  llm_call call = {.model = w->answer_model, .seed = 1, .limits = limits};
  return ask_words(w, &call, &p, llm_ms, a, out, err);
}

static emend_rc llm_word(void *self, const gen_wording *what, arena *a, str *out,
                         emend_error *err) {
  writer *w = self;
  gen_prompt p;
  double ms;
  llm_limits limits = {what->deadline_ms, what->cancels, what->cancels_before};
  *out = (str){0};
  emend_rc rc = settle_model(w, &limits, a, err);
  if (!rc) rc = gen_prompt_word(what, a, &p, err);
  if (rc) return rc;
  llm_call call = {.model = w->model,
                   .temperature = sample_temperature,
                   .seed = (unsigned)str_hash(what->sql),
                   .limits = limits};
  return ask_words(w, &call, &p, &ms, a, out, err);
}

/* ---- making one ---- */

static void llm_destroy(void *self) {
  writer *w = self;
  llm_close(w->client);
  pthread_mutex_destroy(&w->lock);
}

emend_rc gen_llm(const llm_options *server, const char *sql_model, const char *answer_model,
                 generator **out, emend_error *err) {
  *out = NULL;
  if ((sql_model && strlen(sql_model) > LONGEST_MODEL) ||
      (answer_model && strlen(answer_model) > LONGEST_MODEL))
    return err_set(err, EMEND_EUSAGE, "open", "a model's name has at most %d bytes", LONGEST_MODEL);
  writer *w = mem_alloc(sizeof *w);
  if (!w) return err_nomem(err, "open");
  emend_rc rc = llm_open(server, &w->client, err);
  if (rc) {
    mem_free(w);
    return rc;
  }
  pthread_mutex_init(&w->lock, NULL);
  snprintf(w->model, sizeof w->model, "%s", sql_model ? sql_model : "");
  snprintf(w->answer_model, sizeof w->answer_model, "%s", answer_model ? answer_model : "");
  w->face = (generator){.name = server->protocol == LLM_OLLAMA ? "ollama" : "openai",
                        .model = w->label,
                        .self = w,
                        .candidates = llm_candidates,
                        .tell = llm_tell,
                        .word = llm_word,
                        .destroy = llm_destroy};
  snprintf(w->label, sizeof w->label, "%s@%s", w->face.name, w->model);
  *out = &w->face;
  return EMEND_OK;
}
