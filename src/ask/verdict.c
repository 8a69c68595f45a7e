/* One query on its own: checked, run, held against a second opinion. Generates no
 * answer and corrects nothing. */
#include "ask/verdict.h"

#include "base/clock.h"

static emend_rc try_queries(ask_question *q, const str *sqls, size_t n, ask_verdict *out, bool *any,
                            emend_error *err) {
  for (size_t i = 0; i < n; i++) {
    ask_try *t = ARENA_NEW(q->work, ask_try);
    if (!t || !vec_push(q->work, &out->tries, t)) return err_nomem(err, "judge");
    *t = (ask_try){.sql = sqls[i], .generator = "draft", .share = 1, .round = 1};
    emend_rc rc = ask_try_run(q, t, err);
    if (rc) return rc;
    *any |= !t->failed || (t->repaired && !t->repaired->failed);
  }
  return EMEND_OK;
}

emend_rc ask_verdict_on(ask_context *ctx, const char *question, const str *sqls, size_t n,
                        double timeout_ms, arena *work, ask_verdict *out, emend_error *err) {
  static const emend_ask_options defaults = EMEND_ASK_OPTIONS_INIT;
  ask_question q = {.ctx = ctx,
                    .opt = &defaults,
                    .work = work,
                    .cat = ctx->sources[0].cat,
                    .started = clock_ms(),
                    .time_parts = 1};
  bool any = false;
  *out = (ask_verdict){0};
  q.deadline = timeout_ms > 0 ? q.started + timeout_ms : 0;
  if (ctx->cancels) q.cancels_before = atomic_load(ctx->cancels);
  emend_rc rc = judge_read(str_from(question), work, &q.intent, err);
  if (!rc) rc = ctx->connect(ctx->ctx, 0, &q.db, err);
  if (!rc) rc = try_queries(&q, sqls, n, out, &any, err);
  if (rc || !any) return rc; /* faults need no opinion */
  rc = ask_second_ask(&q, str_from(question), &out->second, err);
  return rc ? rc : ask_second_hold(&q, str_from(question), &out->tries, &out->second, err);
}
