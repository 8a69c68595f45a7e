/* emend_eval: measuring, with the engine's generator. */
#include "engine/engine.h"
#include "learn/eval.h"

EMEND_API emend_rc emend_eval(emend_engine *e, const emend_eval_options *opt,
                              emend_eval_report **out, emend_error *err) {
  *out = NULL;
  arena *a = NULL;
  emend_eval_report *r = engine_handout(sizeof *r, &a);
  if (!r) return err_nomem(err, "eval");
  learn_eval_context ctx = {.cancels = &e->cancels};
  emend_rc rc = EMEND_OK;
  if (!opt->predictions || opt->repair) rc = engine_generator(e, &ctx.gen, err);
  if (!rc && ctx.gen) rc = engine_second(e, &ctx.second, err);
  if (!rc) rc = learn_eval(&ctx, opt, a, r, err);
  if (rc)
    engine_handout_free(r);
  else
    *out = r;
  return rc;
}

EMEND_API void emend_eval_report_free(emend_eval_report *r) { engine_handout_free(r); }

static void write_groups(jw *w, const char *key, const emend_eval_group *g, size_t n) {
  jw_object(w, key);
  for (size_t i = 0; i < n; i++) jw_fixed(w, g[i].name, g[i].ex, 4);
  jw_object_end(w);
}

EMEND_API char *emend_eval_report_json(const emend_eval_report *r) {
  buf b;
  jw w;
  buf_init(&b, 64 << 20);
  jw_begin(&w, &b);
  jw_object(&w, NULL);
  jw_int(&w, "n", (int64_t)r->n);
  jw_fixed(&w, "ex", r->ex, 4);
  jw_fixed(&w, "ex_first", r->ex_first, 4);
  jw_fixed(&w, "valid", r->valid, 4);
  jw_fixed(&w, "delivered", r->delivered, 4);
  jw_fixed(&w, "wrong_delivered", r->wrong_delivered, 4);
  jw_fixed(&w, "attempts_mean", r->attempts_mean, 3);
  jw_fixed(&w, "p50_ms", r->p50_ms, 3);
  jw_fixed(&w, "p95_ms", r->p95_ms, 3);
  jw_object(&w, "words");
  jw_int(&w, "n", (int64_t)r->n_worded);
  jw_fixed(&w, "held", r->words, 4);
  jw_fixed(&w, "turned_down", r->words_turned_down, 4);
  jw_fixed(&w, "not_answering", r->not_answering, 4);
  jw_fixed(&w, "mean_ms", r->words_mean_ms, 3);
  jw_object_end(&w);
  write_groups(&w, "by_db", r->by_db, r->n_dbs);
  write_groups(&w, "by_hardness", r->by_hardness, r->n_hardness);
  jw_object_end(&w);
  return ask_json_text(&b);
}
