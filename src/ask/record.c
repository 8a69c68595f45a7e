/* A finished question into the history. The answer does not wait for the disk. */
#include "ask/answer.h"
#include "base/clock.h"

static str diagnostics_json(const emend_diagnostic *d, size_t n, arena *a) {
  buf b;
  jw w;
  buf_init(&b, 16 << 20);
  jw_begin(&w, &b);
  ask_json_diagnostics(&w, NULL, d, n);
  str out = b.failed ? (str){0} : arena_str(a, buf_str(&b));
  buf_free(&b);
  return out;
}

static str trace_json(const emend_answer *p, arena *a) {
  buf b;
  jw w;
  buf_init(&b, 16 << 20);
  jw_begin(&w, &b);
  ask_json_trace(&w, NULL, p);
  str out = b.failed ? (str){0} : arena_str(a, buf_str(&b));
  buf_free(&b);
  return out;
}

/* Did the query read a table with a column that a person keeps private? Its values stay out of the
 * history then, and so does the sentence that may hold them. */
static bool reads_private(const emend_answer *p, const catalog *cat) {
  for (size_t i = 0; cat && i < p->provenance.n_tables; i++) {
    const cat_table *t = catalog_table(cat, str_from(p->provenance.tables[i]));
    for (int c = 0; t && c < t->n_columns; c++)
      if (cat->columns[t->first_column + c].values_private) return true;
  }
  return false;
}

emend_rc ask_record(const ask_answer *answer, const ask_question *q, const char *failure_kind,
                    emend_error *err) {
  const emend_answer *p = &answer->pub;
  /* "Did you mean …?" quotes the question of somebody who may want to be forgotten */
  bool unsaid = p->status == EMEND_CONFIRM || reads_private(p, q->cat);
  char now[32];
  clock_iso(clock_now(), now);
  store_question row = {.id = str_from(p->id),
                        .asked_at = str_from(now),
                        .user = str_from(q->opt->user),
                        .source = str_from(p->source),
                        .question = str_from(p->question),
                        .status = str_from(emend_status_name(p->status)),
                        .sql = str_from(p->sql),
                        .answer = unsaid ? (str){0} : str_from(p->text),
                        .model = str_from(p->provenance.model),
                        .schema_version = str_from(p->provenance.schema_version),
                        .warnings = diagnostics_json(p->warnings, p->n_warnings, q->work),
                        .trace = trace_json(p, q->work),
                        .confidence = p->confidence,
                        .total_ms = p->total_ms,
                        .db_ms = p->db_ms,
                        .row_count = p->has_rows ? (int64_t)p->n_rows : -1,
                        .failure_kind = str_from(failure_kind),
                        .failure_detail = failure_kind ? str_from(p->text) : (str){0}};
  for (size_t i = 0; i < p->n_attempts; i++) {
    const emend_attempt *at = &p->attempts[i];
    store_attempt copy = {at->n, str_from(at->sql), str_from(at->generator),
                          diagnostics_json(at->diagnostics, at->n_diagnostics, q->work), at->ms};
    if (!vec_push(q->work, &row.attempts, copy)) return err_nomem(err, "state");
  }
  if (arena_failed(q->work)) return err_nomem(err, "state");
  return store_question_add(q->ctx->state, &row, err);
}
