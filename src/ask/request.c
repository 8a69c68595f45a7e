/* The request to a generator: what is known of the question, and of the try that is
 * to be corrected. */
#include "ask/request.h"

bool ask_reads_private(const catalog *cat, const check_report *report) {
  for (size_t i = 0; i < report->tables.len; i++) {
    const cat_table *t = catalog_table(cat, report->tables.items[i]);
    for (int c = 0; t && c < t->n_columns; c++)
      if (cat->columns[t->first_column + c].values_private) return true;
  }
  return false;
}

bool ask_request_spares(emend_rc rc) {
  return rc == EMEND_EIO || rc == EMEND_EBUSY || rc == EMEND_ETIMEOUT || rc == EMEND_EFORMAT ||
         rc == EMEND_ENOTFOUND;
}

/* What speaks against a try that ran, as sentences. */
static emend_rc add_suspicion(ask_question *q, const ask_try *last, gen_request *out,
                              emend_error *err) {
  str *why = ARENA_ARRAY(q->work, str, last->signals.len + 1);
  if (!why) return err_nomem(err, "generate");
  for (size_t i = 0; i < last->signals.len; i++) why[i] = last->signals.items[i].message;
  out->suspicions = why;
  out->n_suspicions = last->signals.len;
  out->result = last->ran ? &last->result : NULL;
  out->result_private = ask_reads_private(q->cat, &last->report);
  return EMEND_OK;
}

emend_rc ask_request(ask_question *q, str question, int round, const ask_tries *tries,
                     const ask_try *last, gen_request *out, emend_error *err) {
  const ask_context *ctx = q->ctx;
  *out = (gen_request){.question = question,
                       .cat = q->cat,
                       .context = &q->context,
                       .round = round,
                       .adapter = ctx->sources[q->chosen].adapter,
                       .privacy = q->opt->privacy,
                       .deadline_ms = q->deadline,
                       .cancels = ctx->cancels,
                       .cancels_before = q->cancels_before,
                       .memo = &q->gen_memo};
  if (!last) return EMEND_OK;
  out->failed = last->sql;
  out->diags = &last->faults;
  str *forbidden = ARENA_ARRAY(q->work, str, tries->len + 1);
  if (!forbidden) return err_nomem(err, "generate");
  for (size_t i = 0; i < tries->len; i++) forbidden[i] = tries->items[i]->sql;
  out->forbidden = forbidden;
  out->n_forbidden = tries->len;
  return last->failed ? EMEND_OK : add_suspicion(q, last, out, err);
}

void ask_request_done(ask_question *q, const gen_candidates *c) {
  q->llm_ms += c->llm_ms;
  if (c->refusal.len) q->refusal = c->refusal;
}
