/* Answers and diagnostics as JSON, in the shapes that the contract gives. */
#include <math.h>

#include "ask/answer.h"
#include "base/mem.h"

EMEND_API const char *emend_status_name(emend_status status) {
  static const char *const names[] = {"answered", "finalized", "confirm", "refused", "failed"};
  return (size_t)status < sizeof names / sizeof *names ? names[status] : "unknown";
}

EMEND_API const emend_cell *emend_answer_cell(const emend_answer *a, size_t row, size_t column) {
  return a && row < a->n_rows && column < a->n_columns ? &a->cells[row * a->n_columns + column]
                                                       : NULL;
}

static void write_span(jw *w, emend_span span) {
  jw_array(w, "span");
  jw_int(w, NULL, span.from);
  jw_int(w, NULL, span.to);
  jw_array_end(w);
}

static void write_diagnostic(jw *w, const emend_diagnostic *d) {
  static const char *const severities[] = {"error", "warning", "info"};
  jw_object(w, NULL);
  jw_text(w, "code", d->code);
  jw_text(w, "severity", severities[d->severity]);
  jw_real(w, "weight", round(d->weight * 1000) / 1000);
  jw_text(w, "message", d->message);
  write_span(w, d->span);
  jw_text(w, "expected", d->expected);
  jw_array(w, "suggestions");
  for (size_t i = 0; i < d->n_suggestions; i++) {
    jw_object(w, NULL);
    jw_text(w, "text", d->suggestions[i].text);
    write_span(w, d->suggestions[i].span);
    jw_text(w, "why", d->suggestions[i].why);
    jw_object_end(w);
  }
  jw_array_end(w);
  jw_object_end(w);
}

void ask_json_diagnostics(jw *w, const char *key, const emend_diagnostic *diags, size_t n) {
  jw_array(w, key);
  for (size_t i = 0; i < n; i++) write_diagnostic(w, &diags[i]);
  jw_array_end(w);
}

static void write_texts(jw *w, const char *key, const char *const *items, size_t n) {
  jw_array(w, key);
  for (size_t i = 0; i < n; i++) jw_text(w, NULL, items[i]);
  jw_array_end(w);
}

static void write_cell(jw *w, const emend_cell *c) {
  switch (c->kind) {
    case EMEND_CELL_NULL:
      jw_null(w, NULL);
      break;
    case EMEND_CELL_INT:
      jw_int(w, NULL, c->i);
      break;
    case EMEND_CELL_BOOL:
      jw_bool(w, NULL, c->i != 0);
      break;
    case EMEND_CELL_REAL:
      jw_real(w, NULL, c->r);
      break;
    case EMEND_CELL_TEXT:
      jw_str(w, NULL, (str){c->text, c->len});
      break;
    case EMEND_CELL_BLOB:
      jw_blob(w, NULL, (str){c->text, c->len});
      break;
  }
}

static void write_rows(jw *w, const emend_answer *a) {
  write_texts(w, "columns", a->columns, a->n_columns);
  write_texts(w, "types", a->types, a->n_columns);
  if (!a->has_rows) {
    jw_null(w, "rows");
  } else {
    jw_array(w, "rows");
    for (size_t i = 0; i < a->n_rows; i++) {
      jw_array(w, NULL);
      for (size_t c = 0; c < a->n_columns; c++) write_cell(w, emend_answer_cell(a, i, c));
      jw_array_end(w);
    }
    jw_array_end(w);
  }
  jw_int(w, "row_count", (int64_t)a->n_rows);
  jw_bool(w, "truncated", a->truncated);
}

static void write_attempts(jw *w, const emend_answer *a) {
  jw_array(w, "attempts");
  for (size_t i = 0; i < a->n_attempts; i++) {
    const emend_attempt *at = &a->attempts[i];
    jw_object(w, NULL);
    jw_int(w, "n", at->n);
    jw_text(w, "sql", at->sql);
    jw_text(w, "generator", at->generator);
    ask_json_diagnostics(w, "diagnostics", at->diagnostics, at->n_diagnostics);
    jw_fixed(w, "ms", at->ms, 3);
    jw_object_end(w);
  }
  jw_array_end(w);
}

static void write_provenance(jw *w, const emend_provenance *p) {
  jw_object(w, "provenance");
  jw_text(w, "finalized_id", p->finalized_id);
  jw_text(w, "confirmed_by", p->confirmed_by);
  jw_text(w, "confirmed_at", p->confirmed_at);
  jw_array(w, "rebound");
  for (size_t i = 0; i < p->n_rebound; i++) {
    jw_object(w, NULL);
    jw_text(w, "slot", p->rebound[i].slot);
    jw_text(w, "from", p->rebound[i].from);
    jw_text(w, "to", p->rebound[i].to);
    jw_object_end(w);
  }
  jw_array_end(w);
  write_texts(w, "examples", p->examples, p->n_examples);
  write_texts(w, "corrections", p->corrections, p->n_corrections);
  jw_text(w, "model", p->model);
  jw_text(w, "schema_version", p->schema_version);
  jw_text(w, "time_zone", p->time_zone);
  write_texts(w, "tables", p->tables, p->n_tables);
  write_texts(w, "columns", p->columns, p->n_columns);
  jw_object_end(w);
}

static void write_candidate(jw *w, const emend_candidate *c) {
  if (!c) {
    jw_null(w, "candidate");
    return;
  }
  jw_object(w, "candidate");
  jw_text(w, "finalized_id", c->finalized_id);
  jw_text(w, "question", c->question);
  jw_text(w, "sql", c->sql);
  write_texts(w, "differs", c->differs, c->n_differs);
  jw_object_end(w);
}

static void write_lesson(jw *w, const emend_lesson *l) {
  if (!l) {
    jw_null(w, "learned_from");
    return;
  }
  jw_object(w, "learned_from");
  jw_text(w, "feedback_id", l->feedback_id);
  jw_text(w, "question", l->question);
  jw_text(w, "by", l->by);
  jw_text(w, "when", l->when);
  jw_object_end(w);
}

void ask_json_trace(jw *w, const char *key, const emend_answer *a) {
  jw_array(w, key);
  for (size_t i = 0; i < a->n_steps; i++) {
    jw_object(w, NULL);
    jw_text(w, "stage", a->trace[i].stage);
    jw_fixed(w, "ms", a->trace[i].ms, 3);
    jw_text(w, "note", a->trace[i].note);
    jw_object_end(w);
  }
  jw_array_end(w);
}

void ask_json_answer(jw *w, const emend_answer *a) {
  jw_object(w, NULL);
  jw_text(w, "id", a->id);
  jw_text(w, "status", emend_status_name(a->status));
  jw_text(w, "question", a->question);
  jw_text(w, "source", a->source);
  jw_text(w, "dialect", a->dialect);
  jw_text(w, "sql", a->sql);
  write_rows(w, a);
  jw_text(w, "answer", a->text);
  jw_fixed(w, "confidence", a->confidence, 4);
  write_attempts(w, a);
  ask_json_diagnostics(w, "warnings", a->warnings, a->n_warnings);
  write_provenance(w, &a->provenance);
  write_lesson(w, a->learned_from);
  write_candidate(w, a->candidate);
  ask_json_trace(w, "trace", a);
  jw_object(w, "timing");
  jw_fixed(w, "total_ms", a->total_ms, 3);
  jw_fixed(w, "llm_ms", a->llm_ms, 3);
  jw_fixed(w, "db_ms", a->db_ms, 3);
  jw_object_end(w);
  jw_object_end(w);
}

char *ask_json_text(buf *b) {
  if (b->failed) {
    buf_free(b);
    return NULL;
  }
  return b->ptr; /* the buffer's bytes become the caller's */
}

EMEND_API char *emend_answer_json(const emend_answer *a) {
  buf b;
  jw w;
  buf_init(&b, (size_t)1 << 30);
  jw_begin(&w, &b);
  ask_json_answer(&w, a);
  return ask_json_text(&b);
}

EMEND_API void emend_free(void *text) { mem_free(text); }
