/* emend_feedback_*: what learn/ does with one feedback, as public calls. */
#include "engine/feedback.h"

#include <string.h>

#include "engine/influence.h"
#include "engine/recall.h"
#include "learn/doubt.h"

emend_rc engine_state_needed(emend_engine *e, store **out, emend_error *err) {
  emend_rc rc = engine_state(e, true, out, err);
  if (!rc && !*out)
    rc = err_set(err, EMEND_EUSAGE, "state", "this engine was opened to remember nothing");
  return rc;
}

/* ---- the database that it is about ---- */

static emend_rc open_others(emend_engine *e, engine_subject *s, arena *a, emend_error *err) {
  engine_source **all;
  size_t n;
  emend_rc rc = engine_source_all(e, a, &all, &n, err);
  s->others = rc ? NULL : ARENA_ARRAY(a, catalog *, n + 1);
  if (!s->others) return rc ? rc : err_nomem(err, "feedback");
  for (size_t i = 0; !rc && i < n; i++)
    if (all[i] != s->source && !(rc = engine_catalog(e, all[i], &s->others[s->it.n_others], err)))
      s->it.n_others++;
  s->it.others = (const catalog *const *)s->others;
  return rc;
}

emend_rc engine_subject_open(emend_engine *e, const char *name, arena *a, engine_subject *out,
                             emend_error *err) {
  *out = (engine_subject){.engine = e, .critic = {out, engine_suspect}};
  out->it.critic = &out->critic;
  emend_rc rc = engine_source_find(e, name, &out->source, err);
  if (!rc) rc = engine_catalog(e, out->source, &out->cat, err);
  if (!rc) rc = engine_take(e, out->source, &out->taken, err);
  if (rc) return rc;
  out->it.name = str_from(out->source->name);
  out->it.cat = out->cat;
  out->it.db = out->taken ? out->taken->db : NULL;
  return open_others(e, out, a, err);
}

void engine_subject_close(engine_subject *s) {
  for (size_t i = 0; s->others && i < s->it.n_others; i++) catalog_unref(s->others[i]);
  engine_give(s->taken);
  catalog_unref(s->cat);
}

/* ---- what is shown ---- */

static const char *text_or_null(arena *a, str s) { return s.len ? engine_text(a, s) : NULL; }

void engine_show_feedback(emend_feedback *to, const store_feedback *from, arena *a) {
  *to = (emend_feedback){.id = text_or_null(a, from->id),
                         .status = (emend_feedback_status)from->status,
                         .source = text_or_null(a, from->source),
                         .user = text_or_null(a, from->user),
                         .answer = text_or_null(a, from->question_id),
                         .question = text_or_null(a, from->question),
                         .wrong_sql = text_or_null(a, from->wrong_sql),
                         .sql = text_or_null(a, from->sql),
                         .comment = text_or_null(a, from->comment),
                         .reason = text_or_null(a, from->reason),
                         .created_at = text_or_null(a, from->created_at),
                         .updated_at = text_or_null(a, from->updated_at),
                         .rating = from->rating,
                         .differs = from->differs,
                         .wrong_result = text_or_null(a, from->wrong_result),
                         .result = text_or_null(a, from->result),
                         .doubt = text_or_null(a, learn_doubt_text(from, a))};
}

static emend_rc add_trail(store *st, emend_feedback *f, arena *a, emend_error *err) {
  store_logs log;
  store_figures figures;
  emend_rc rc = store_feedback_log(st, str_from(f->id), a, &log, err);
  if (!rc) rc = store_use_figures(st, str_from(f->id), &figures, err);
  if (rc) return rc;
  emend_trail *out = ARENA_ARRAY(a, emend_trail, log.len + 1);
  for (size_t i = 0; out && i < log.len; i++)
    out[i] = (emend_trail){text_or_null(a, log.items[i].at), text_or_null(a, log.items[i].by),
                           text_or_null(a, log.items[i].from), text_or_null(a, log.items[i].to),
                           text_or_null(a, log.items[i].note)};
  f->trail = out;
  f->n_trail = log.len;
  f->shown = figures.shown;
  f->chosen = figures.chosen;
  f->changed = figures.changed;
  f->confirmed = figures.confirmed;
  return arena_failed(a) ? err_nomem(err, "feedback") : EMEND_OK;
}

static emend_rc show(store *st, const char *id, emend_feedback *out, arena *a, emend_error *err) {
  store_feedback row;
  emend_rc rc = store_feedback_get(st, str_from(id), a, &row, err);
  if (rc) return rc;
  engine_show_feedback(out, &row, a);
  return add_trail(st, out, a, err);
}

static emend_rc show_taken(store *st, const learn_taken *t, emend_feedback *out, arena *a,
                           emend_error *err) {
  emend_rc rc = EMEND_OK;
  engine_show_feedback(out, &t->row, a);
  if (!t->row.id.len) out->status = EMEND_FEEDBACK_REFUSED;
  out->why = text_or_null(a, t->why);
  out->n_faults = t->faults.len;
  out->faults = ask_diagnostics(&t->faults, a);
  if (out->id) rc = add_trail(st, out, a, err);
  return rc ? rc : arena_failed(a) ? err_nomem(err, "feedback") : EMEND_OK;
}

/* ---- the calls ---- */

/* What was asked and generated, of the answer that the feedback is about. */
static emend_rc read_answer(store *st, const emend_feedback_new *what, store_feedback *in,
                            const char **source_name, arena *a, emend_error *err) {
  store_question q;
  if (!what->answer) return EMEND_OK;
  emend_rc rc = store_question_get(st, str_from(what->answer), a, &q, err);
  if (rc) return rc;
  in->question_id = q.id;
  in->question = q.question;
  in->wrong_sql = q.sql;
  if (!*source_name && q.source.len) *source_name = engine_text(a, q.source);
  return EMEND_OK;
}

/* A person finds the answer wrong: it was another query, or no better than two of five. */
static bool says_wrong(const store_feedback *f) {
  return f->sql.len ? !str_eq(f->sql, str_trim(f->wrong_sql)) : f->rating > 0 && f->rating <= 2;
}

static emend_rc add(emend_engine *e, const emend_feedback_new *what, emend_feedback *out, arena *a,
                    emend_error *err) {
  store *st = NULL;
  learn_taken taken;
  engine_subject s = {0};
  const char *source_name = what->source;
  store_feedback in = {.user = str_from(what->user),
                       .question = str_from(what->question),
                       .sql = str_trim(str_from(what->sql)),
                       .comment = str_from(what->comment),
                       .reason = str_from(what->reason),
                       .rating = what->rating};
  emend_rc rc = engine_state_needed(e, &st, err);
  if (!rc) rc = learn_feedback_fits(&in, err);
  if (!rc) rc = read_answer(st, what, &in, &source_name, a, err);
  if (!rc && !str_trim(in.question).len)
    rc = err_set(err, EMEND_EUSAGE, "feedback", "say which answer or question it is about");
  if (!rc) rc = engine_subject_open(e, source_name, a, &s, err);
  if (!rc && in.question_id.len) rc = engine_influence_write(e, in.question_id, err);
  if (!rc) rc = learn_feedback_take(st, &s.it, &in, a, &taken, err);
  engine_recall_look(e);
  if (!rc && in.question_id.len && says_wrong(&in))
    rc = store_failure_add(st, in.question_id, STR("wrong"), in.reason, err);
  if (!rc) rc = show_taken(st, &taken, out, a, err);
  engine_subject_close(&s);
  return rc;
}

EMEND_API emend_rc emend_feedback_add(emend_engine *e, const emend_feedback_new *what,
                                      emend_feedback **out, emend_error *err) {
  arena *a = NULL;
  *out = NULL;
  if (!what->answer == !what->question)
    return err_set(err, EMEND_EUSAGE, "feedback",
                   "say either which answer it is about, or which question");
  emend_feedback *f = engine_handout(sizeof *f, &a);
  emend_rc rc = f ? add(e, what, f, a, err) : err_nomem(err, "feedback");
  if (rc)
    engine_handout_free(f);
  else
    *out = f;
  return rc;
}

EMEND_API emend_rc emend_feedback_get(emend_engine *e, const char *id, emend_feedback **out,
                                      emend_error *err) {
  arena *a = NULL;
  store *st = NULL;
  *out = NULL;
  emend_feedback *f = engine_handout(sizeof *f, &a);
  emend_rc rc = f ? engine_state_needed(e, &st, err) : err_nomem(err, "feedback");
  if (!rc) rc = show(st, id, f, a, err);
  if (rc)
    engine_handout_free(f);
  else
    *out = f;
  return rc;
}

EMEND_API emend_rc emend_feedback_move(emend_engine *e, const char *id, emend_feedback_status to,
                                       const char *by, const char *note, emend_feedback **out,
                                       emend_error *err) {
  arena *a = NULL;
  store *st = NULL;
  str why = {0};
  *out = NULL;
  if (to != EMEND_FEEDBACK_VERIFIED && to != EMEND_FEEDBACK_APPLIED &&
      to != EMEND_FEEDBACK_REJECTED)
    return err_set(err, EMEND_EUSAGE, "feedback", "feedback is verified, applied or rejected");
  emend_feedback *f = engine_handout(sizeof *f, &a);
  emend_rc rc = f ? engine_state_needed(e, &st, err) : err_nomem(err, "feedback");
  if (!rc)
    rc = learn_feedback_move(st, str_from(id), (store_feedback_status)to, str_from(by),
                             str_from(note), a, &why, err);
  engine_recall_look(e);
  if (!rc) rc = show(st, id, f, a, err);
  if (!rc) f->why = text_or_null(a, why);
  if (rc)
    engine_handout_free(f);
  else
    *out = f;
  return rc;
}

static emend_rc edit(emend_engine *e, const char *id, const char *sql, int rating, const char *by,
                     emend_feedback *out, arena *a, emend_error *err) {
  store *st = NULL;
  store_feedback row;
  learn_taken taken;
  engine_subject s = {0};
  emend_rc rc = engine_state_needed(e, &st, err);
  if (!rc) rc = store_feedback_get(st, str_from(id), a, &row, err);
  if (!rc) rc = engine_subject_open(e, engine_text(a, row.source), a, &s, err);
  if (!rc)
    rc = learn_feedback_edit(st, &s.it, str_from(id), str_trim(str_from(sql)), rating, str_from(by),
                             a, &taken, err);
  if (!rc) rc = show_taken(st, &taken, out, a, err);
  engine_subject_close(&s);
  return rc;
}

EMEND_API emend_rc emend_feedback_edit(emend_engine *e, const char *id, const char *sql, int rating,
                                       const char *by, emend_feedback **out, emend_error *err) {
  arena *a = NULL;
  *out = NULL;
  emend_feedback *f = engine_handout(sizeof *f, &a);
  emend_rc rc = f ? edit(e, id, sql, rating, by, f, a, err) : err_nomem(err, "feedback");
  if (rc)
    engine_handout_free(f);
  else
    *out = f;
  return rc;
}

EMEND_API void emend_feedback_free(emend_feedback *f) { engine_handout_free(f); }
