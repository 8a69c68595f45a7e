/* Pairs out of the state. See gather.h. */
#include "learn/gather.h"

#include "store/feedback.h"
#include "store/finalized.h"

static const char STAGE[] = "learn";

typedef struct gathering {
  store *s;
  arena *a;
  map *people; /* name → allowed or not */
  learn_pairs *out;
  size_t *n_opted_out;
} gathering;

static emend_rc may_use(gathering *g, str user, bool *out, emend_error *err) {
  static const char yes[] = "yes", no[] = "no";
  const char *known = user.len ? map_get(g->people, user) : yes;
  emend_rc rc = EMEND_OK;
  if (!known) {
    bool opted_out = false;
    rc = store_person_opted_out(g->s, user, &opted_out, err);
    known = opted_out ? no : yes;
    if (!rc && !map_put(g->people, user, (void *)(uintptr_t)known)) rc = err_nomem(err, STAGE);
  }
  *out = known == yes;
  return rc;
}

static emend_rc add(gathering *g, learn_pair p, emend_error *err) {
  bool allowed;
  if (p.sql.len == 0 || p.question.len == 0) return EMEND_OK;
  emend_rc rc = may_use(g, p.by, &allowed, err);
  if (rc) return rc;
  if (!allowed) {
    ++*g->n_opted_out;
    return EMEND_OK;
  }
  return vec_push(g->a, g->out, p) ? EMEND_OK : err_nomem(err, STAGE);
}

static emend_rc add_feedback(gathering *g, str about, store_feedback_status status,
                             emend_error *err) {
  store_feedback_filter filter = {.source = about, .status = status};
  store_feedbacks all;
  emend_rc rc = store_feedback_list(g->s, &filter, g->a, &all, err);
  for (size_t i = 0; !rc && i < all.len; i++) {
    const store_feedback *f = &all.items[i];
    learn_pair p = {.origin = LEARN_FEEDBACK,
                    .parent = f->id,
                    .question = f->question,
                    .sql = f->sql,
                    .wrong_sql = f->wrong_sql,
                    .by = f->user,
                    .at = f->created_at};
    rc = add(g, p, err);
  }
  return rc;
}

/* Every wording that was confirmed to be the question. */
static emend_rc add_finalized(gathering *g, str about, emend_error *err) {
  store_finalizeds all;
  emend_rc rc = store_finalized_list(g->s, (str){0}, g->a, &all, err);
  for (size_t i = 0; !rc && i < all.len; i++) {
    const store_finalized *f = &all.items[i];
    if (!str_eq(f->source, about) || f->review.len) continue;
    learn_pair p = {.origin = LEARN_FINALIZED,
                    .parent = f->id,
                    .question = f->question,
                    .sql = f->query,
                    .by = f->by,
                    .at = f->at};
    rc = add(g, p, err);
    for (size_t j = 0; !rc && j < f->wordings.len; j++) {
      const store_wording *w = &f->wordings.items[j];
      if (w->refused || str_eq(w->wording, f->question)) continue;
      p.question = w->wording;
      p.by = w->by;
      p.at = w->at;
      rc = add(g, p, err);
    }
  }
  return rc;
}

/* Examples that were made of feedback or of a confirmed question are these already. */
static emend_rc add_examples(gathering *g, str about, emend_error *err) {
  store_examples all;
  emend_rc rc = store_example_list(g->s, about, (str){0}, g->a, &all, err);
  for (size_t i = 0; !rc && i < all.len; i++) {
    const store_example *e = &all.items[i];
    bool manual = str_eq(e->origin, STR("manual")), made = str_eq(e->origin, STR("synthetic"));
    if (!manual && !made) continue;
    learn_pair p = {.origin = manual ? LEARN_MANUAL : LEARN_SYNTHETIC,
                    .parent = e->id,
                    .question = e->question,
                    .sql = e->sql,
                    .by = e->user,
                    .at = e->created_at};
    rc = add(g, p, err);
  }
  return rc;
}

emend_rc learn_gather(store *s, str about, arena *a, learn_pairs *out, size_t *n_opted_out,
                      emend_error *err) {
  gathering g = {s, a, map_create(a, false), out, n_opted_out};
  *out = (learn_pairs){0};
  *n_opted_out = 0;
  if (!g.people) return err_nomem(err, STAGE);
  emend_rc rc = add_feedback(&g, about, STORE_APPLIED, err);
  if (!rc) rc = add_feedback(&g, about, STORE_VERIFIED, err);
  if (!rc) rc = add_finalized(&g, about, err);
  if (!rc) rc = add_examples(&g, about, err);
  return rc;
}
