/* emend_privacy_*: one person's data. What is kept where is told in docs/privacy.md. */
#include "engine/feedback.h"
#include "learn/forget.h"

static emend_rc fits(const char *user, emend_error *err) {
  size_t n = str_from(user).len;
  if (n == 0) return err_set(err, EMEND_EUSAGE, "privacy", "say whose data: name the user");
  if (n > FEEDBACK_MAX_NAME)
    return err_set(err, EMEND_EUSAGE, "privacy", "a user's name is at most %d bytes",
                   FEEDBACK_MAX_NAME);
  return EMEND_OK;
}

static void show(const store_person *from, emend_person *to) {
  *to = (emend_person){.opted_out = from->opted_out,
                       .questions = from->questions,
                       .feedback = from->feedback,
                       .examples = from->examples,
                       .confirmed = from->confirmed};
}

EMEND_API emend_rc emend_privacy_show(emend_engine *e, const char *user, emend_person *out,
                                      emend_error *err) {
  store *st = NULL;
  store_person p;
  emend_rc rc = fits(user, err);
  if (!rc) rc = engine_state_needed(e, &st, err);
  if (!rc) rc = store_person_show(st, str_from(user), &p, err);
  if (!rc) show(&p, out);
  return rc;
}

EMEND_API emend_rc emend_privacy_opt(emend_engine *e, const char *user, bool out,
                                     emend_error *err) {
  store *st = NULL;
  emend_rc rc = fits(user, err);
  if (!rc) rc = engine_state_needed(e, &st, err);
  return rc ? rc : store_person_opt(st, str_from(user), out, err);
}

EMEND_API emend_rc emend_privacy_forget(emend_engine *e, const char *user, emend_person *out,
                                        emend_error *err) {
  store *st = NULL;
  store_person p;
  learn_forgotten made;
  emend_rc rc = fits(user, err);
  if (!rc) rc = engine_state_needed(e, &st, err);
  if (!rc) rc = learn_forget(st, str_from(user), &made, err);
  if (!rc) rc = store_person_forget(st, str_from(user), &p, err);
  if (rc) return rc;
  engine_lessons_drop(e); /* what is in memory is made anew from what is left */
  show(&p, out);
  out->datasets = (int64_t)made.datasets;
  out->models = (int64_t)made.models;
  return EMEND_OK;
}
