/* Lists of feedback, the review queue, and verifying in bulk. */
#include "learn/review.h"

#include "engine/feedback.h"

static emend_rc list(emend_engine *e, const emend_feedback_filter *filter, emend_feedback_list *out,
                     arena *a, emend_error *err) {
  store *st = NULL;
  store_feedbacks rows;
  store_figures figures;
  const store_feedback_filter which = {.source = str_from(filter->source),
                                       .user = str_from(filter->user),
                                       .status = filter->status < EMEND_FEEDBACK_REFUSED
                                                     ? (store_feedback_status)filter->status
                                                     : STORE_N_STATUS};
  emend_rc rc = engine_state_needed(e, &st, err);
  if (!rc) rc = store_feedback_list(st, &which, a, &rows, err);
  if (!rc) rc = store_feedback_counts(st, out->n_by_status, err);
  if (!rc) rc = store_use_figures(st, (str){0}, &figures, err);
  if (rc) return rc;
  emend_feedback *items = ARENA_ARRAY(a, emend_feedback, rows.len + 1);
  for (size_t i = 0; items && i < rows.len; i++) engine_show_feedback(&items[i], &rows.items[i], a);
  out->items = items;
  out->n = rows.len;
  out->shown = figures.shown;
  out->answers = figures.answers;
  out->chosen = figures.chosen;
  out->changed = figures.changed;
  out->confirmed = figures.confirmed;
  return arena_failed(a) ? err_nomem(err, "feedback") : EMEND_OK;
}

EMEND_API emend_rc emend_feedbacks(emend_engine *e, const emend_feedback_filter *filter,
                                   emend_feedback_list **out, emend_error *err) {
  arena *a = NULL;
  *out = NULL;
  emend_feedback_list *l = engine_handout(sizeof *l, &a);
  emend_rc rc = l ? list(e, filter, l, a, err) : err_nomem(err, "feedback");
  if (rc)
    engine_handout_free(l);
  else
    *out = l;
  return rc;
}

EMEND_API void emend_feedback_list_free(emend_feedback_list *l) { engine_handout_free(l); }

/* ---- the queue ---- */

static emend_rc queue(emend_engine *e, const char *source_name, emend_review_queue *out, arena *a,
                      emend_error *err) {
  store *st = NULL;
  learn_reviews groups;
  emend_rc rc = engine_state_needed(e, &st, err);
  if (!rc) rc = learn_review_list(st, str_from(source_name), a, &groups, err);
  if (rc) return rc;
  emend_review *items = ARENA_ARRAY(a, emend_review, groups.len + 1);
  for (size_t i = 0; items && i < groups.len; i++) {
    const learn_review *g = &groups.items[i];
    emend_feedback *rows = ARENA_ARRAY(a, emend_feedback, g->items.len);
    for (size_t k = 0; rows && k < g->items.len; k++)
      engine_show_feedback(&rows[k], &g->items.items[k], a);
    items[i] = (emend_review){.source = engine_text(a, g->source_name),
                              .question = engine_text(a, g->question),
                              .impact = g->impact,
                              .asked = g->asked,
                              .people = g->people,
                              .contradiction = g->contradiction,
                              .n = g->items.len,
                              .items = rows};
  }
  out->items = items;
  out->n = groups.len;
  return arena_failed(a) ? err_nomem(err, "feedback") : EMEND_OK;
}

EMEND_API emend_rc emend_reviews(emend_engine *e, const char *source_name, emend_review_queue **out,
                                 emend_error *err) {
  arena *a = NULL;
  *out = NULL;
  emend_review_queue *q = engine_handout(sizeof *q, &a);
  emend_rc rc = q ? queue(e, source_name, q, a, err) : err_nomem(err, "feedback");
  if (rc)
    engine_handout_free(q);
  else
    *out = q;
  return rc;
}

EMEND_API void emend_review_queue_free(emend_review_queue *q) { engine_handout_free(q); }

/* ---- in bulk ---- */

static emend_rc bulk(emend_engine *e, const emend_bulk_options *opt, emend_feedback_list *out,
                     arena *a, emend_error *err) {
  store *st = NULL;
  learn_bulk done;
  str *ids = ARENA_ARRAY(a, str, opt->n_ids + 1);
  if (!ids) return err_nomem(err, "feedback");
  for (size_t i = 0; i < opt->n_ids; i++) ids[i] = str_from(opt->ids[i]);
  emend_rc rc = engine_state_needed(e, &st, err);
  if (!rc)
    rc = learn_bulk_verify(st, str_from(opt->source), ids, opt->n_ids, str_from(opt->by),
                           opt->dry_run, a, &done, err);
  if (!rc) rc = store_feedback_counts(st, out->n_by_status, err);
  if (rc) return rc;
  emend_feedback *items = ARENA_ARRAY(a, emend_feedback, done.len + 1);
  for (size_t i = 0; items && i < done.len; i++) {
    engine_show_feedback(&items[i], &done.items[i].row, a);
    if (done.items[i].why.len) items[i].why = engine_text(a, done.items[i].why);
  }
  out->items = items;
  out->n = done.len;
  return arena_failed(a) ? err_nomem(err, "feedback") : EMEND_OK;
}

EMEND_API emend_rc emend_feedback_bulk_verify(emend_engine *e, const emend_bulk_options *opt,
                                              emend_feedback_list **out, emend_error *err) {
  arena *a = NULL;
  *out = NULL;
  emend_feedback_list *l = engine_handout(sizeof *l, &a);
  emend_rc rc = l ? bulk(e, opt, l, a, err) : err_nomem(err, "feedback");
  if (rc)
    engine_handout_free(l);
  else
    *out = l;
  return rc;
}
