/* The answer that the caller keeps: rows, sentence, warnings, what was tried,
 * provenance and times, copied out of the question's memory. Decides nothing. */
#include "ask/answer.h"

#include <stdlib.h>
#include <string.h>

#include "ask/words.h"
#include "base/clock.h"

enum { ANSWER_BYTES = 512 << 20, SHOWN_ATTEMPTS = 3 };

ask_answer *ask_answer_new(str question) {
  arena *mem = arena_create(ANSWER_BYTES);
  ask_answer *a = mem ? ARENA_NEW(mem, ask_answer) : NULL;
  char id[STORE_ID_MAX];
  store_new_id("q_", id);
  if (a) {
    a->mem = mem;
    a->pub.id = arena_strndup(mem, id, strlen(id));
    a->pub.question = arena_strndup(mem, question.ptr, question.len);
    a->pub.provenance.time_zone = "UTC";
  }
  if (!a || !a->pub.id || !a->pub.question) {
    arena_destroy(mem);
    return NULL;
  }
  return a;
}

static const char *copy_text(arena *a, str s) { return arena_strndup(a, s.ptr, s.len); }

static const char *const *copy_texts(arena *a, const str *items, size_t n) {
  const char **out = ARENA_ARRAY(a, const char *, n ? n : 1);
  for (size_t i = 0; out && i < n; i++) out[i] = copy_text(a, items[i]);
  return out;
}

/* ---- diagnostics ---- */

static emend_diagnostic copy_diag(const diag *d, arena *a) {
  emend_diagnostic out = {.code = d->code,
                          .weight = d->weight,
                          .span = {d->span.from, d->span.to},
                          .severity = d->severity == DIAG_ERROR     ? EMEND_ERROR
                                      : d->severity == DIAG_WARNING ? EMEND_WARNING
                                                                    : EMEND_INFO,
                          .message = copy_text(a, d->message),
                          .expected = d->expected.len ? copy_text(a, d->expected) : NULL,
                          .n_suggestions = d->suggestions.len};
  emend_suggestion *s = ARENA_ARRAY(a, emend_suggestion, out.n_suggestions + 1);
  for (size_t i = 0; s && i < out.n_suggestions; i++) {
    const diag_suggestion *from = &d->suggestions.items[i];
    s[i] = (emend_suggestion){
        copy_text(a, from->text), {from->span.from, from->span.to}, copy_text(a, from->why)};
  }
  out.suggestions = s;
  return out;
}

const emend_diagnostic *ask_diagnostics(const diag_list *diags, arena *a) {
  emend_diagnostic *out = diags->len ? ARENA_ARRAY(a, emend_diagnostic, diags->len) : NULL;
  for (size_t i = 0; out && i < diags->len; i++) out[i] = copy_diag(&diags->items[i], a);
  return arena_failed(a) ? NULL : out;
}

static int heavier_first(const void *x, const void *y) {
  double a = ((const emend_diagnostic *)x)->weight, b = ((const emend_diagnostic *)y)->weight;
  return a < b ? 1 : a > b ? -1 : 0;
}

const emend_diagnostic *ask_signals(const judge_signals *signals, judge_setting setting, arena *a,
                                    size_t *n) {
  emend_diagnostic *out = signals->len ? ARENA_ARRAY(a, emend_diagnostic, signals->len) : NULL;
  *n = 0;
  for (size_t i = 0; out && i < signals->len; i++) {
    const judge_signal *s = &signals->items[i];
    if (s->message.len == 0) continue;
    out[(*n)++] = (emend_diagnostic){.code = s->code,
                                     .severity = EMEND_WARNING,
                                     .weight = judge_signal_weight(s, setting),
                                     .message = copy_text(a, s->message)};
  }
  if (*n) qsort(out, *n, sizeof *out, heavier_first);
  return arena_failed(a) ? NULL : out;
}

static bool keep_shown(arena *a, const judge_signals *from, judge_signals *out) {
  for (size_t i = 0; i < from->len; i++)
    if (from->items[i].message.len && !vec_push(a, out, from->items[i])) return false;
  return true;
}

/* ---- rows ---- */

static emend_cell copy_cell(const cell *c, arena *a) {
  switch (c->kind) {
    case CELL_INT:
      return (emend_cell){.kind = EMEND_CELL_INT, .i = c->i};
    case CELL_BOOL:
      return (emend_cell){.kind = EMEND_CELL_BOOL, .i = c->i};
    case CELL_REAL:
      return (emend_cell){.kind = EMEND_CELL_REAL, .r = c->r};
    case CELL_TEXT:
      return (emend_cell){
          .kind = EMEND_CELL_TEXT, .text = copy_text(a, c->text), .len = c->text.len};
    case CELL_BLOB:
      return (emend_cell){
          .kind = EMEND_CELL_BLOB, .text = copy_text(a, c->text), .len = c->text.len};
    case CELL_NULL:
      break;
  }
  return (emend_cell){.kind = EMEND_CELL_NULL};
}

void ask_answer_rows(ask_answer *a, const source_result *r) {
  size_t n = r->n_rows * r->n_columns;
  emend_cell *cells = ARENA_ARRAY(a->mem, emend_cell, n ? n : 1);
  for (size_t i = 0; cells && i < n; i++) cells[i] = copy_cell(&r->cells[i], a->mem);
  a->pub.cells = cells;
  a->pub.n_rows = r->n_rows;
  a->pub.n_columns = r->n_columns;
  a->pub.columns = copy_texts(a->mem, r->names, r->n_columns);
  a->pub.types = copy_texts(a->mem, r->types, r->n_columns);
  a->pub.truncated = r->truncated;
  a->pub.has_rows = true;
}

/* What of the rows was asked for; more may have been read. */
static ask_try as_wanted(const ask_question *q, const ask_try *best) {
  ask_try t = *best;
  if (q->opt->max_rows && t.result.n_rows > q->opt->max_rows) {
    t.result.n_rows = q->opt->max_rows;
    t.result.truncated = true;
  }
  return t;
}

emend_rc ask_answer_deliver(ask_answer *a, ask_question *q, const ask_try *judged,
                            emend_error *err) {
  const ask_try wanted = as_wanted(q, judged), *best = &wanted;
  a->pub.status = EMEND_ANSWERED;
  ask_answer_rows(a, &best->result);
  str sentence = ask_verbalise(&q->intent, &best->result, a->mem);
  emend_rc rc = ask_words(q, best, a->mem, &sentence, err);
  if (rc) return rc;
  a->words = q->words;
  a->words_ms = q->words_ms;
  a->pub.text = sentence.ptr;
  a->pub.confidence = 1 - best->suspicion;
  judge_signals against = {0};
  if (judge_band_of(best->suspicion, best->setting) != JUDGE_DELIVER) {
    if (!keep_shown(q->work, &best->signals, &against)) return err_nomem(err, "ask");
    if (against.len == 0 && !judge_add_unsure(&against, q->work, a->pub.confidence))
      return err_nomem(err, "ask");
  }
  a->pub.warnings = ask_signals(&against, best->setting, a->mem, &a->pub.n_warnings);
  return arena_failed(a->mem) || !sentence.ptr ? err_nomem(err, "ask") : EMEND_OK;
}

ask_words_fate ask_words_of(const emend_answer *answer, double *ms) {
  const ask_answer *a = (const ask_answer *)answer;
  *ms = a->words_ms;
  return a->words;
}

emend_rc ask_answer_without(ask_answer *a, emend_status status, str reason, emend_error *err) {
  a->pub.status = status;
  a->pub.text = copy_text(a->mem, reason);
  return a->pub.text ? EMEND_OK : err_nomem(err, "ask");
}

/* ---- what was tried ---- */

static bool is_suspected(const ask_try *t) {
  return !t->failed && judge_band_of(t->suspicion, t->setting) != JUDGE_DELIVER;
}

/* What led to the answer, in order: the first candidate, those that were turned down for a reason
 * before the winner, and the winner last; at most three generated ones, repairs between. A repair
 * that was turned down in favour of what it mends led to nothing. */
static size_t pick_attempts(const ask_tries *tries, const ask_try *best, const ask_try **out) {
  size_t n = 0, generated = 0;
  const ask_try *winner = NULL;
  for (size_t i = 0; i < tries->len && best; i++)
    if (tries->items[i] == best || tries->items[i]->repaired == best) winner = tries->items[i];
  for (size_t i = 0; i < tries->len && generated < SHOWN_ATTEMPTS; i++) {
    const ask_try *t = tries->items[i];
    bool last_place = winner && generated == SHOWN_ATTEMPTS - 1;
    if (t != winner && (last_place || (i > 0 && !t->failed && !is_suspected(t)))) continue;
    out[n++] = t;
    if (t->repaired && t != best) out[n++] = t->repaired;
    generated++;
    if (t == winner) break;
  }
  return n;
}

static void copy_attempt(emend_attempt *to, const ask_try *t, int n, arena *a) {
  *to = (emend_attempt){.n = n,
                        .sql = copy_text(a, t->sql),
                        .generator = copy_text(a, str_from(t->generator)),
                        .ms = t->ms};
  if (t->failed) {
    to->n_diagnostics = t->faults.len;
    to->diagnostics = ask_diagnostics(&t->faults, a);
  } else if (is_suspected(t)) {
    to->diagnostics = ask_signals(&t->signals, t->setting, a, &to->n_diagnostics);
  }
}

static void copy_attempts(ask_answer *a, const ask_tries *tries, const ask_try *best) {
  const ask_try *picked[2 * SHOWN_ATTEMPTS];
  size_t n = pick_attempts(tries, best, picked);
  emend_attempt *out = ARENA_ARRAY(a->mem, emend_attempt, n ? n : 1);
  for (size_t i = 0; out && i < n; i++) copy_attempt(&out[i], picked[i], (int)i + 1, a->mem);
  a->pub.attempts = out;
  a->pub.n_attempts = n;
  if (n) a->pub.sql = out[n - 1].sql;
}

static void copy_trace(ask_answer *a, const ask_question *q) {
  emend_step *out = ARENA_ARRAY(a->mem, emend_step, q->trace.len ? q->trace.len : 1);
  for (size_t i = 0; out && i < q->trace.len; i++) {
    out[i] = q->trace.items[i];
    out[i].note = copy_text(a->mem, str_from(out[i].note));
  }
  a->pub.trace = out;
  a->pub.n_steps = q->trace.len;
}

void ask_answer_reads(ask_answer *a, const check_report *report) {
  emend_provenance *p = &a->pub.provenance;
  p->n_tables = report->tables.len;
  p->tables = copy_texts(a->mem, report->tables.items, p->n_tables);
  p->n_columns = report->columns.len;
  p->columns = copy_texts(a->mem, report->columns.items, p->n_columns);
}

/* "embedded@emend-m1", and what it learnt of this source: "embedded@emend-m1+md_…". */
static const char *name_model(ask_answer *a, const ask_question *q) {
  const char *learned = q->cat ? q->ctx->sources[q->chosen].adapter_id : NULL;
  if (!learned) return copy_text(a->mem, str_from(q->ctx->gen->model));
  return arena_printf(a->mem, "%s+%s", q->ctx->gen->model, learned);
}

static void copy_provenance(ask_answer *a, const ask_question *q, const ask_try *best) {
  emend_provenance *p = &a->pub.provenance;
  if (q->cat) {
    a->pub.source = copy_text(a->mem, str_from(q->ctx->sources[q->chosen].name));
    a->pub.dialect = sql_dialect_name(q->cat->dialect);
    p->schema_version = copy_text(a->mem, str_from(q->cat->version));
  }
  if (a->pub.n_attempts && q->ctx->gen) p->model = name_model(a, q);
  if (best) ask_answer_reads(a, &best->report);
}

emend_rc ask_answer_finish(ask_answer *a, ask_question *q, const ask_tries *tries,
                           const ask_try *best, emend_error *err) {
  copy_attempts(a, tries, best);
  copy_trace(a, q);
  copy_provenance(a, q, best);
  a->pub.total_ms = clock_ms() - q->started;
  a->pub.db_ms = q->db_ms;
  a->pub.llm_ms = q->llm_ms;
  return arena_failed(a->mem) ? err_nomem(err, "ask") : EMEND_OK;
}

EMEND_API void emend_answer_free(emend_answer *answer) {
  if (answer) arena_destroy(((ask_answer *)answer)->mem);
}
