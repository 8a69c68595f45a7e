/* The judge on corrections; see doubt.h. What a person says weighs more than what the judge
 * suspects: only where the correction is suspected strongly, and far more than what it replaces, is
 * it left to a closer look. */
#include "learn/doubt.h"

#include "judge/judge.h"

/* So much, and so much more in log odds. Chosen on the databases that were kept from the network
 * (bench/doubts), and a wrong one that is applied costs more than a look. */
static const double strongly = 0.7, far_more = 3.5;

emend_rc learn_doubt_judge(const learn_subject *s, store_feedback *f, arena *a, emend_error *err) {
  const str both[] = {f->sql, f->wrong_sql};
  double out[] = {-1, -1};
  size_t n = str_trim(f->wrong_sql).len ? 2 : 1;
  f->suspicion = f->wrong_suspicion = -1;
  if (!s->critic || !s->db || !f->sql.len) return EMEND_OK;
  emend_rc rc = s->critic->suspect(s->critic->self, f->question, both, n, a, out, NULL);
  if (rc == EMEND_ENOMEM) return err_nomem(err, "feedback");
  if (rc) return EMEND_OK;
  f->suspicion = out[0];
  f->wrong_suspicion = out[1];
  return EMEND_OK;
}

bool learn_doubted(const store_feedback *f) {
  return f->suspicion >= strongly && f->wrong_suspicion >= 0 &&
         judge_log_odds(f->suspicion) - judge_log_odds(f->wrong_suspicion) >= far_more;
}

str learn_doubt_text(const store_feedback *f, arena *a) {
  if (!learn_doubted(f)) return STR("");
  return str_from(arena_printf(a,
                               "the judge suspects it (%.2f) far more than the answer that it "
                               "replaces (%.2f); look closer",
                               f->suspicion, f->wrong_suspicion));
}
