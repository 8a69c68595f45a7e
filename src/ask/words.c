/* The answer in a language model's words. The model sees the rows that are shown
 * and nothing else, and what it writes is held, word by word, against the result
 * and the question: what is in neither is turned down, and our own sentence stands. */
#include "ask/words.h"

#include <math.h>
#include <string.h>

#include "ask/request.h"
#include "base/clock.h"
#include "base/map.h"

/* With less time than this left no model is asked for words. */
static const double least_ms = 300;

enum { NAME_WORDS = 16, LONGEST_CELL = 4096 };

typedef struct known_words {
  arena *a;
  map *words; /* stems and lower-case words */
  VEC(double) numbers;
  bool failed;
} known_words;

/* ---- what may be said ---- */

static void know_word(known_words *k, str word) {
  if (word.len && !map_has(k->words, word) && !map_put(k->words, word, k)) k->failed = true;
}

static void know_number(known_words *k, double n) {
  if (!vec_push(k->a, &k->numbers, n)) k->failed = true;
}

static void know_text(known_words *k, str text) {
  text_words w = {0};
  if (text.len > LONGEST_CELL) text.len = LONGEST_CELL;
  if (!text_tokenize(text, k->a, &w)) k->failed = true;
  for (size_t i = 0; i < w.len; i++) {
    const text_word *x = &w.items[i];
    know_word(k, x->lower);
    know_word(k, x->stem);
    if (x->is_number) know_number(k, x->number);
  }
}

static void know_column(known_words *k, str name) {
  str words[NAME_WORDS];
  int n = text_split_name(name, k->a, words, NAME_WORDS);
  if (n < 0) k->failed = true;
  for (int i = 0; i < n; i++) {
    know_word(k, words[i]);
    know_word(k, text_stem(k->a, words[i]));
  }
  know_text(k, name);
}

static void know_cell(known_words *k, const cell *c) {
  if (c->kind == CELL_INT || c->kind == CELL_BOOL) know_number(k, (double)c->i);
  if (c->kind == CELL_REAL) know_number(k, c->r);
  if (c->kind == CELL_TEXT) know_text(k, c->text);
}

static void know_all(known_words *k, str question, const source_result *r) {
  know_text(k, question);
  for (size_t c = 0; c < r->n_columns; c++) know_column(k, r->names[c]);
  for (size_t i = 0; i < r->n_rows * r->n_columns && !k->failed; i++) know_cell(k, &r->cells[i]);
  if (!r->truncated) know_number(k, (double)r->n_rows);
}

/* ---- what is said ---- */

static bool is_known_number(const known_words *k, double n) {
  for (size_t i = 0; i < k->numbers.len; i++) {
    double x = k->numbers.items[i];
    if (fabs(x - n) <= 1e-9 * fabs(n) || fabs(x + n) <= 1e-9 * fabs(n)) return true;
  }
  return false;
}

static bool is_filler(str stem) {
  static const char *const fillers[] = {
#define WORD(stem) #stem,
#include "ask/words.def"
#undef WORD
  };
  for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++)
    if (str_eq(stem, str_from(fillers[i]))) return true;
  return false;
}

/* Signs that give a number a meaning: a currency, a share. */
static bool is_sign(str raw) {
  static const char *const signs[] = {"%", "$", "€", "£", "¥", "°"};
  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
    if (str_eq(raw, str_from(signs[i]))) return true;
  return false;
}

static bool is_held(const known_words *k, const text_word *w) {
  if (map_has(k->words, w->lower)) return true;
  if (w->is_number) return is_known_number(k, w->number);
  if (w->is_punct) return !is_sign(w->raw);
  if (w->is_date || w->quoted) return false;
  return map_has(k->words, w->stem) || text_is_stopword(w->lower) || is_filler(w->stem);
}

bool ask_words_hold(str text, str question, const source_result *r, arena *a, str *offender) {
  known_words k = {.a = a, .words = map_create(a, false)};
  text_words said = {0};
  if (offender) *offender = (str){0};
  if (!k.words) return false;
  know_all(&k, question, r);
  if (k.failed || !text_tokenize(text, a, &said)) return false;
  for (size_t i = 0; i < said.len; i++) {
    if (is_held(&k, &said.items[i])) continue;
    if (offender) *offender = said.items[i].raw;
    return false;
  }
  return true;
}

/* ---- asking for it ---- */

static bool may_tell(const ask_question *q, const ask_try *best) {
  const generator *g = q->ctx->gen;
  return g && g->tell && !q->ctx->draft && best->result.n_rows > 0 &&
         q->opt->privacy == EMEND_PRIVACY_FULL && !ask_reads_private(q->cat, &best->report) &&
         (q->deadline <= 0 || q->deadline - clock_ms() > least_ms);
}

emend_rc ask_words(ask_question *q, const ask_try *best, arena *a, str *sentence,
                   emend_error *err) {
  emend_error e;
  str told = {0}, offender = {0};
  double since = clock_ms(), llm_ms = 0;
  if (!may_tell(q, best)) return EMEND_OK;
  gen_telling what = {.question = q->intent.question,
                      .result = &best->result,
                      .deadline_ms = q->deadline,
                      .cancels = q->ctx->cancels,
                      .cancels_before = q->cancels_before};
  emend_rc rc = q->ctx->gen->tell(q->ctx->gen->self, &what, q->work, &told, &llm_ms, &e);
  q->llm_ms += llm_ms;
  q->words_ms += llm_ms;
  if (rc && !ask_request_spares(rc)) {
    if (err) *err = e;
    return rc;
  }
  if (rc) return ask_trace(q, "words", since, err, "our own: %s", e.msg);
  if (str_starts_nocase(told, STR("NOT ANSWERED"))) {
    q->words = ASK_WORDS_NOT_ANSWERING;
    return ask_trace(q, "words", since, err, "our own: the model finds the question not answered");
  }
  if (told.len == 0) return ask_trace(q, "words", since, err, "our own: the model had none");
  if (!ask_words_hold(told, q->intent.question, &best->result, q->work, &offender)) {
    q->words = ASK_WORDS_TURNED_DOWN;
    return ask_trace(q, "words", since, err,
                     "our own: the model's hold \"%.*s\", which is in neither result nor question",
                     STR_ARG(offender));
  }
  *sentence = arena_str(a, told);
  if (!sentence->ptr) return err_nomem(err, "words");
  q->words = ASK_WORDS_MODELS;
  return ask_trace(q, "words", since, err, "the model's");
}
