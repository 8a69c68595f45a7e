/* Pairs as training text. See export.h; the words of a prompt are generate/'s. */
#include "learn/export.h"

#include "base/jw.h"
#include "check/check.h"
#include "generate/prompt.h"
#include "learn/dataset.h"
#include "retrieve/retrieve.h"

static const char STAGE[] = "learn";
enum { WORK_BYTES = 256 << 20 };

bool learn_format_find(str name, learn_format *out) {
  static const char *const names[] = {"emend", "chat", "sharegpt", "alpaca"};
  for (int i = 0; i < 4; i++)
    if (str_eq(name, str_from(names[i]))) {
      *out = (learn_format)i;
      return true;
    }
  return false;
}

/* What is sent, and what is to come back. */
typedef struct exchange {
  gen_prompt prompt;
  str reply;
} exchange;

static const char *role_in(learn_format format, llm_role role) {
  bool system = role == LLM_SYSTEM;
  if (format == LEARN_SHAREGPT) return system ? "system" : "human";
  return system ? "system" : "user";
}

static void write_turn(jw *w, learn_format format, const char *role, str text) {
  jw_object(w, NULL);
  jw_text(w, format == LEARN_SHAREGPT ? "from" : "role", role);
  jw_str(w, format == LEARN_SHAREGPT ? "value" : "content", text);
  jw_object_end(w);
}

static void write_turns(jw *w, learn_format format, const exchange *x) {
  jw_array(w, format == LEARN_SHAREGPT ? "conversations" : "messages");
  for (size_t i = 0; i < x->prompt.n; i++)
    write_turn(w, format, role_in(format, x->prompt.messages[i].role),
               x->prompt.messages[i].text);
  write_turn(w, format, format == LEARN_SHAREGPT ? "gpt" : "assistant", x->reply);
  jw_array_end(w);
}

/* Alpaca knows no roles: the system's words are the instruction, the user's the input. */
static void write_alpaca(jw *w, const exchange *x) {
  str last = x->prompt.n ? x->prompt.messages[x->prompt.n - 1].text : (str){0};
  jw_str(w, "instruction", x->prompt.n > 1 ? x->prompt.messages[0].text : (str){0});
  jw_str(w, "input", last);
  jw_str(w, "output", x->reply);
}

static void write_exchange(buf *out, learn_format format, const exchange *x) {
  jw w;
  jw_begin(&w, out);
  jw_object(&w, NULL);
  if (format == LEARN_ALPACA)
    write_alpaca(&w, x);
  else
    write_turns(&w, format, x);
  jw_object_end(&w);
  buf_add_c(out, '\n');
}

static emend_rc build(const gen_request *req, str sql, arena *a, exchange *x, emend_error *err) {
  gen_prompt_options opt = {.form = GEN_FORM_SQL};
  gen_context context;
  emend_rc rc = gen_context_build(req, &opt, a, &context, err);
  if (!rc) rc = gen_prompt_build(req, &context, &opt, req->failed, a, &x->prompt, err);
  if (!rc) x->reply = gen_prompt_completion(opt.form, sql, a);
  return rc || !arena_failed(a) ? rc : err_nomem(err, STAGE);
}

/* The first turn, and that of correction where the checks turn the wrong answer down. */
static emend_rc export_one(const learn_about *about, const learn_pair *p, learn_format format,
                           buf *out, arena *a, emend_error *err) {
  retrieve_result context;
  exchange x;
  check_report report;
  check_options check = {.dialect = about->cat->dialect};
  gen_request req = {.question = p->question, .cat = about->cat, .context = &context, .round = 1};
  emend_rc rc = retrieve_rank(&about->cat, 1, p->question, a, &context, err);
  if (!rc) rc = build(&req, p->sql, a, &x, err);
  if (rc) return rc;
  write_exchange(out, format, &x);
  if (p->wrong_sql.len == 0) return EMEND_OK;
  rc = check_sql(p->wrong_sql, about->cat, &check, a, &report, err);
  if (rc || report.ok) return rc;
  req.round = 2;
  req.failed = p->wrong_sql;
  req.diags = &report.diags;
  rc = build(&req, p->sql, a, &x, err);
  if (!rc) write_exchange(out, format, &x);
  return rc;
}

emend_rc learn_export(const learn_about *about, const learn_pairs *pairs, learn_format format,
                      buf *out, emend_error *err) {
  arena *a = arena_create(WORK_BYTES);
  emend_rc rc = a ? EMEND_OK : err_nomem(err, STAGE);
  for (size_t i = 0; !rc && i < pairs->len; i++) {
    arena_reset(a);
    if (format == LEARN_EMEND) {
      learn_pair_write(&pairs->items[i], out);
      buf_add_c(out, '\n');
    } else {
      rc = export_one(about, &pairs->items[i], format, out, a, err);
    }
    if (!rc && out->failed)
      rc = err_set(err, EMEND_ELIMIT, STAGE, "the data set is too large for one file");
  }
  arena_destroy(a);
  return rc;
}
