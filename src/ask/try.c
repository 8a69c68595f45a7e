/* One candidate on its way: check, deterministic mends, execute, judge. Which of
 * several is delivered is choose.c's to say. */
#include "ask/try.h"

#include <stdarg.h>
#include <stdio.h>

#include "ask/probing.h"
#include "base/clock.h"
#include "base/utf8.h"

enum { MOST_UNUSED = 5 }; /* words left aside: more are not worse */

emend_rc ask_still_wanted(const ask_question *q, emend_error *err) {
  if (q->ctx->cancels && atomic_load(q->ctx->cancels) != q->cancels_before)
    return err_set(err, EMEND_ECANCELED, "ask", "canceled");
  if (q->deadline > 0 && clock_ms() >= q->deadline)
    return err_set(err, EMEND_ETIMEOUT, "ask", "the time allowed for the question ran out");
  return EMEND_OK;
}

emend_rc ask_trace(ask_question *q, const char *stage, double since, emend_error *err,
                   const char *fmt, ...) {
  char note[256];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(note, sizeof note, fmt, ap);
  va_end(ap);
  str copy =
      arena_str(q->work, utf8_mend(q->work, str_from(note))); /* cut within a character, perhaps */
  emend_step step = {stage, clock_ms() - since, copy.ptr};
  if (!copy.ptr || !vec_push(q->work, &q->trace, step)) return err_nomem(err, "ask");
  if (q->opt->on_step && q->opt->on_step(q->opt->ctx, &step))
    return err_set(err, EMEND_ECANCELED, "ask", "canceled");
  return EMEND_OK;
}

/* ---- faults ---- */

static bool add_fault(ask_question *q, ask_try *t, const char *code, const char *message,
                      int64_t pos) {
  uint32_t at = pos >= 0 && (size_t)pos <= t->sql.len ? (uint32_t)pos : 0;
  diag d = {.code = code, .severity = DIAG_ERROR, .weight = 1, .span = {at, at}};
  d.message = arena_str(q->work, str_from(message));
  t->failed = true;
  return d.message.ptr && vec_push(q->work, &t->faults, d);
}

static emend_rc collect_errors(ask_question *q, ask_try *t, emend_error *err) {
  for (size_t i = 0; i < t->report.diags.len; i++) {
    const diag *d = &t->report.diags.items[i];
    if (d->severity != DIAG_ERROR) continue;
    t->failed = true;
    if (!vec_push(q->work, &t->faults, *d)) return err_nomem(err, "check");
  }
  if (!t->report.safe && !t->failed &&
      !add_fault(q, t, "unsafe", "this cannot be shown to only read", -1))
    return err_nomem(err, "check");
  return EMEND_OK;
}

/* ---- check and mend ---- */

static emend_rc check_again(ask_question *q, str sql, check_report *out, emend_error *err) {
  check_options opt = {.dialect = q->cat->dialect,
                       .extra_functions = q->ctx->functions,
                       .n_extra_functions = q->ctx->n_functions};
  const catalog **others;
  emend_rc rc = ask_other_catalogs(q, &others, &opt.n_others, err);
  opt.others = others;
  return rc ? rc : check_sql(sql, q->cat, &opt, q->work, out, err);
}

/* A double-quoted word that is text in this engine is written '…' before it runs: not a fault of
 * the query, so not a repair. */
static emend_rc mend_quotes(ask_question *q, ask_try *t, emend_error *err) {
  str mended;
  int n = 0;
  emend_rc rc = check_mend_dq_text(t->sql, &t->report, q->work, &mended, &n, err);
  if (rc || n == 0) return rc;
  t->sql = mended;
  return check_again(q, mended, &t->report, err);
}

/* Faults with one best mend give another candidate, `t->repaired`. */
static emend_rc repair(ask_question *q, ask_try *t, emend_error *err) {
  str mended;
  int n = 0;
  if (str_eq(str_from(t->generator), STR("repair"))) return EMEND_OK;
  emend_rc rc =
      check_repair(t->sql, &t->report, q->cat, q->cat->dialect, q->work, &mended, &n, err);
  if (rc || n == 0) return rc;
  t->repaired = ARENA_NEW(q->work, ask_try);
  if (!t->repaired) return err_nomem(err, "repair");
  *t->repaired = (ask_try){.sql = mended,
                           .generator = "repair",
                           .share = t->share,
                           .logprob = t->logprob,
                           .round = t->round,
                           .linked_unused = t->linked_unused,
                           .stored_unused = t->stored_unused,
                           .cross_join = t->cross_join};
  return EMEND_OK;
}

/* ---- execute ---- */

/* Which of the engine's answers says something of the query, and which ends the question. */
static emend_rc take_engine_error(ask_question *q, ask_try *t, emend_rc rc, const emend_error *e,
                                  emend_error *err) {
  const char *code = "database_error";
  switch (rc) {
    case EMEND_EDB:
      break;
    case EMEND_EREFUSED:
      code = "engine_refused";
      t->final = true;
      break;
    case EMEND_ETIMEOUT:
      code = "timeout"; /* another candidate may be quicker, while there is time */
      t->final = q->deadline > 0 && clock_ms() >= q->deadline - 1;
      break;
    case EMEND_ELIMIT:
      code = "result_too_large";
      break;
    default:
      if (err) *err = *e;
      return rc; /* cancelled, locked, unreadable, no memory */
  }
  return add_fault(q, t, code, e->msg, e->pos) ? EMEND_OK : err_nomem(err, "execute");
}

/* So many rows are read however few are wanted: whoever wants 10 is to get the same answer. */
static size_t rows_judged(const ask_question *q) {
  return q->opt->max_rows > ASK_ROWS_JUDGED ? q->opt->max_rows : ASK_ROWS_JUDGED;
}

static emend_rc execute(ask_question *q, ask_try *t, emend_error *err) {
  source_limits limits = {.max_rows = rows_judged(q), .max_work = q->max_work};
  if (q->deadline > 0) {
    limits.timeout_ms = (q->deadline - clock_ms()) / q->time_parts;
    if (limits.timeout_ms < 1) limits.timeout_ms = 1;
  }
  emend_error e;
  double since = clock_ms();
  emend_rc rc = source_run(q->db, t->sql, &limits, q->work, &t->result, &e);
  q->db_ms += clock_ms() - since;
  if (rc) return take_engine_error(q, t, rc, &e, err);
  t->ran = true;
  return judge_digest_of(&t->result, q->work, &t->digest) ? EMEND_OK : err_nomem(err, "execute");
}

static emend_rc probe(ask_question *q, ask_try *t, emend_error *err) {
  if (!judge_find_probes(&q->intent, &t->report, q->cat, q->work, &t->probes))
    return err_nomem(err, "judge");
  emend_rc rc = t->probes.len ? ask_still_wanted(q, err) : EMEND_OK;
  if (rc) return rc;
  ask_probing with = {.db = q->db,
                      .own = &t->result,
                      .digest = &t->digest,
                      .max_rows = rows_judged(q),
                      .time_left = -1};
  if (q->deadline > 0) with.time_left = (q->deadline - clock_ms()) / q->time_parts;
  double since = clock_ms();
  bool ok = ask_run_probes(&with, &t->probes, q->work);
  if (t->probes.len) q->db_ms += clock_ms() - since;
  return ok && judge_probed(&t->probes, q->work, &t->signals) ? EMEND_OK : err_nomem(err, "judge");
}

static emend_rc judge_try(ask_question *q, ask_try *t, emend_error *err) {
  emend_rc rc = judge_sql(&q->intent, &t->report, q->work, &t->signals, err);
  if (!rc) rc = judge_flags(&q->intent, &t->report, q->cat, q->work, &t->signals, err);
  if (!rc && t->ran)
    rc = judge_result(&q->intent, t->report.query, &t->result, q->work, &t->signals, err);
  if (!rc && t->ran) rc = probe(q, t, err);
  int unused = t->linked_unused + t->stored_unused;
  if (unused > MOST_UNUSED) unused = MOST_UNUSED;
  if (!rc && !judge_add_left_aside(&t->signals, q->work, unused)) rc = err_nomem(err, "judge");
  t->n_alone = t->signals.len;
  t->setting = q->db ? JUDGE_OWN : JUDGE_TEXT;
  t->suspicion = judge_suspicion(&t->signals, t->setting);
  return rc;
}

static emend_rc run_attributed(ask_question *q, ask_try *t, emend_error *err) {
  double since = clock_ms();
  if (t->no_sql) {
    t->suspicion = 1;
    const char *why = arena_strndup(q->work, t->no_sql_text.ptr, t->no_sql_text.len);
    return why && add_fault(q, t, t->no_sql, why, -1) ? EMEND_OK : err_nomem(err, "check");
  }
  emend_rc rc = check_again(q, t->sql, &t->report, err);
  if (!rc) rc = mend_quotes(q, t, err);
  if (!rc) rc = repair(q, t, err);
  if (!rc) rc = collect_errors(q, t, err);
  if (!rc && !t->failed && q->db) rc = execute(q, t, err);
  if (!rc && !t->failed) rc = judge_try(q, t, err);
  if (t->failed) t->suspicion = 1;
  t->ms = clock_ms() - since;
  if (!rc && t->repaired) {
    t->repaired->source = t->source;
    rc = run_attributed(q, t->repaired, err);
  }
  return rc;
}

emend_rc ask_try_run(ask_question *q, ask_try *t, emend_error *err) {
  size_t asked = q->chosen;
  emend_rc rc = ask_attribute(q, t, err);
  if (!rc) rc = run_attributed(q, t, err);
  emend_rc back = ask_use_source(q, asked, rc ? NULL : err); /* for the next generation */
  return rc ? rc : back;
}
