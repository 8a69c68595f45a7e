/* Grouping and ordering feedback for reviewers; bulk verification. See review.h. */
#include "learn/review.h"

#include <math.h>
#include <stdlib.h>

#include "learn/doubt.h"
#include "text/text.h"

enum { MOST_OF_ONE = 3, HISTORY = 50000 };

/* ---- groups ---- */

static bool belongs(const learn_review *r, const store_feedback *f) {
  if (!str_eq(r->source_name, f->source)) return false;
  for (size_t i = 0; i < r->items.len; i++) {
    const store_feedback *x = &r->items.items[i];
    if (str_eq(x->topic, f->topic)) return true;
    if (f->shape.len && str_eq(x->shape, f->shape)) return true; /* one lesson in other words */
  }
  return false;
}

static bool add_to_groups(learn_reviews *groups, const store_feedback *f, arena *a) {
  for (size_t i = 0; i < groups->len; i++)
    if (belongs(&groups->items[i], f)) return vec_push(a, &groups->items[i].items, *f);
  learn_review fresh = {.source_name = f->source, .question = f->question};
  return vec_push(a, &fresh.items, *f) && vec_push(a, groups, fresh);
}

/* ---- impact ---- */

static bool asks_it(const learn_review *r, str source_name, str topic) {
  if (!str_eq(r->source_name, source_name)) return false;
  for (size_t i = 0; i < r->items.len; i++)
    if (str_eq(r->items.items[i].topic, topic)) return true;
  return false;
}

/* How often each group's question was asked, of one person a few times at most. */
static emend_rc count_asked(store *st, str source_name, learn_reviews *groups, arena *a,
                            emend_error *err) {
  store_askings asked;
  emend_rc rc = store_question_askings(st, source_name, HISTORY, a, &asked, err);
  if (rc || groups->len == 0) return rc;
  str *topics = ARENA_ARRAY(a, str, asked.len + 1);
  if (!topics) return err_nomem(err, "feedback");
  for (size_t i = 0; i < asked.len; i++) topics[i] = text_normalise(a, asked.items[i].question);
  for (size_t g = 0; g < groups->len; g++)
    for (size_t i = 0; i < asked.len; i++) { /* one row a person and wording, with its count */
      if (!asks_it(&groups->items[g], asked.items[i].source_name, topics[i])) continue;
      int64_t n = asked.items[i].n;
      groups->items[g].asked += n < MOST_OF_ONE ? n : MOST_OF_ONE;
    }
  return arena_failed(a) ? err_nomem(err, "feedback") : EMEND_OK;
}

static void weigh(learn_review *r) {
  double rating = 0;
  size_t rated = 0, corrected = 0;
  for (size_t i = 0; i < r->items.len; i++) {
    const store_feedback *f = &r->items.items[i];
    bool again = false;
    for (size_t k = 0; k < i; k++) {
      again = again || str_eq(r->items.items[k].user, f->user);
      if (f->sql.len && r->items.items[k].sql.len && !str_eq(r->items.items[k].shape, f->shape))
        r->contradiction = true;
    }
    r->people += !again;
    corrected += f->sql.len > 0;
    if (f->rating) rating += f->rating, rated++;
  }
  double sure = rated ? rating / (5.0 * (double)rated) : 0.8;
  if (!corrected) sure *= 0.5;
  if (r->contradiction) sure *= 0.7;
  r->impact = (1 + log2(1 + (double)r->asked) + 2 * (double)(r->people - 1)) * sure;
}

static int by_impact(const void *x, const void *y) {
  double a = ((const learn_review *)x)->impact, b = ((const learn_review *)y)->impact;
  return a < b ? 1 : a > b ? -1 : 0;
}

emend_rc learn_review_list(store *st, str source_name, arena *a, learn_reviews *out,
                           emend_error *err) {
  *out = (learn_reviews){0};
  for (int status = STORE_PENDING; status <= STORE_VERIFIED; status++) {
    store_feedbacks some;
    const store_feedback_filter filter = {.source = source_name,
                                          .status = (store_feedback_status)status};
    emend_rc rc = store_feedback_list(st, &filter, a, &some, err);
    if (rc) return rc;
    for (size_t i = 0; i < some.len; i++)
      if (!add_to_groups(out, &some.items[i], a)) return err_nomem(err, "feedback");
  }
  emend_rc rc = count_asked(st, source_name, out, a, err);
  if (rc) return rc;
  for (size_t i = 0; i < out->len; i++) weigh(&out->items[i]);
  if (out->len) qsort(out->items, out->len, sizeof *out->items, by_impact);
  return EMEND_OK;
}

/* ---- in bulk ---- */

static emend_rc pick(store *st, str source_name, const str *ids, size_t n, arena *a,
                     store_feedbacks *out, emend_error *err) {
  if (n == 0) {
    const store_feedback_filter filter = {.source = source_name, .status = STORE_PENDING};
    return store_feedback_list(st, &filter, a, out, err);
  }
  *out = (store_feedbacks){0};
  for (size_t i = 0; i < n; i++) {
    store_feedback f;
    emend_rc rc = store_feedback_get(st, ids[i], a, &f, err);
    if (rc) return rc;
    if (!vec_push(a, out, f)) return err_nomem(err, "feedback");
  }
  return EMEND_OK;
}

static str why_not(const store_feedbacks *all, const learn_bulk *done, size_t at) {
  const store_feedback *f = &all->items[at];
  size_t of_one = 0;
  if (f->status != STORE_PENDING) return STR("it is not pending");
  for (size_t i = 0; i < all->len; i++) {
    const store_feedback *x = &all->items[i];
    if (i != at && str_eq(x->source, f->source) && str_eq(x->topic, f->topic) && x->sql.len &&
        !str_eq(x->shape, f->shape) && (!learn_doubted(x) || learn_doubted(f)))
      return STR("others say something else; decide by hand");
  }
  for (size_t i = 0; i < done->len; i++)
    of_one += !done->items[i].why.len && str_eq(done->items[i].row.user, f->user);
  return of_one < LEARN_BULK_OF_ONE ? (str){0} : STR("this person's share of a bulk is used up");
}

emend_rc learn_bulk_verify(store *st, str source_name, const str *ids, size_t n, str by, bool dry,
                           arena *a, learn_bulk *out, emend_error *err) {
  store_feedbacks all;
  *out = (learn_bulk){0};
  emend_rc rc = pick(st, source_name, ids, n, a, &all, err);
  for (size_t i = 0; i < all.len && !rc; i++) {
    learn_bulk_item it = {.row = all.items[i], .why = why_not(&all, out, i)};
    if (!it.why.len) rc = learn_feedback_judge(st, &it.row, a, &it.why, NULL, err);
    if (!rc && !it.why.len) rc = learn_feedback_doubt(st, &it.row, a, &it.why, err);
    if (!rc && !it.why.len && !dry) {
      rc = learn_feedback_move(st, it.row.id, STORE_VERIFIED, by, STR("in bulk"), a, &it.why, err);
      if (!rc) rc = store_feedback_get(st, it.row.id, a, &it.row, err);
    }
    if (!rc && !vec_push(a, out, it)) rc = err_nomem(err, "feedback");
  }
  return rc;
}
