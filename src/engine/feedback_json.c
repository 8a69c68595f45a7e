/* Feedback, reviews and examples as JSON. */
#include "engine/feedback.h"

EMEND_API const char *emend_feedback_status_name(emend_feedback_status status) {
  return status == EMEND_FEEDBACK_REFUSED ? "refused"
                                          : store_status_name((store_feedback_status)status);
}

static void write_json(jw *w, const char *key, const char *json) {
  if (json)
    jw_raw(w, key, str_from(json));
  else
    jw_null(w, key);
}

static void write_trail(jw *w, const emend_feedback *f) {
  jw_array(w, "trail");
  for (size_t i = 0; i < f->n_trail; i++) {
    jw_object(w, NULL);
    jw_text(w, "at", f->trail[i].at);
    jw_text(w, "by", f->trail[i].by);
    jw_text(w, "from", f->trail[i].from);
    jw_text(w, "to", f->trail[i].to);
    jw_text(w, "note", f->trail[i].note);
    jw_object_end(w);
  }
  jw_array_end(w);
}

void engine_json_feedback(jw *w, const emend_feedback *f) {
  jw_object(w, NULL);
  jw_text(w, "id", f->id);
  jw_text(w, "status", emend_feedback_status_name(f->status));
  jw_text(w, "why", f->why);
  jw_text(w, "doubt", f->doubt);
  jw_text(w, "source", f->source);
  jw_text(w, "question", f->question);
  jw_text(w, "answer_id", f->answer);
  jw_text(w, "wrong_sql", f->wrong_sql);
  jw_text(w, "sql", f->sql);
  if (f->rating)
    jw_int(w, "rating", f->rating);
  else
    jw_null(w, "rating");
  if (f->differs >= 0)
    jw_bool(w, "differs", f->differs > 0);
  else
    jw_null(w, "differs");
  jw_text(w, "comment", f->comment);
  jw_text(w, "reason", f->reason);
  jw_text(w, "user", f->user);
  jw_text(w, "created_at", f->created_at);
  jw_text(w, "updated_at", f->updated_at);
  write_json(w, "wrong_result", f->wrong_result);
  write_json(w, "result", f->result);
  ask_json_diagnostics(w, "diagnostics", f->faults, f->n_faults);
  write_trail(w, f);
  jw_object(w, "use");
  jw_int(w, "shown", f->shown);
  jw_int(w, "chosen", f->chosen);
  jw_int(w, "changed", f->changed);
  jw_int(w, "confirmed", f->confirmed);
  jw_object_end(w);
  jw_object_end(w);
}

void engine_json_example(jw *w, const emend_example *e) {
  jw_object(w, NULL);
  jw_text(w, "id", e->id);
  jw_text(w, "source", e->source);
  jw_text(w, "question", e->question);
  jw_text(w, "sql", e->sql);
  jw_text(w, "origin", e->origin);
  jw_text(w, "parent", e->parent);
  jw_text(w, "user", e->user);
  jw_text(w, "created_at", e->created_at);
}

EMEND_API char *emend_feedback_json(const emend_feedback *f) {
  buf b;
  jw w;
  buf_init(&b, 64 << 20);
  jw_begin(&w, &b);
  engine_json_feedback(&w, f);
  return ask_json_text(&b);
}

EMEND_API char *emend_feedback_list_json(const emend_feedback_list *list) {
  buf b;
  jw w;
  buf_init(&b, 512 << 20);
  jw_begin(&w, &b);
  jw_object(&w, NULL);
  jw_object(&w, "counts");
  for (int i = 0; i < STORE_N_STATUS; i++)
    jw_int(&w, store_status_name((store_feedback_status)i), (int64_t)list->n_by_status[i]);
  jw_object_end(&w);
  jw_object(&w, "use");
  jw_int(&w, "shown", list->shown);
  jw_int(&w, "answers", list->answers);
  jw_int(&w, "chosen", list->chosen);
  jw_int(&w, "changed", list->changed);
  jw_int(&w, "confirmed", list->confirmed);
  jw_object_end(&w);
  jw_array(&w, "items");
  for (size_t i = 0; i < list->n; i++) engine_json_feedback(&w, &list->items[i]);
  jw_array_end(&w);
  jw_object_end(&w);
  return ask_json_text(&b);
}

EMEND_API char *emend_review_queue_json(const emend_review_queue *queue) {
  buf b;
  jw w;
  buf_init(&b, 512 << 20);
  jw_begin(&w, &b);
  jw_array(&w, NULL);
  for (size_t i = 0; i < queue->n; i++) {
    const emend_review *r = &queue->items[i];
    jw_object(&w, NULL);
    jw_text(&w, "source", r->source);
    jw_text(&w, "question", r->question);
    jw_fixed(&w, "impact", r->impact, 3);
    jw_int(&w, "asked", r->asked);
    jw_int(&w, "people", (int64_t)r->people);
    jw_bool(&w, "contradiction", r->contradiction);
    jw_array(&w, "items");
    for (size_t k = 0; k < r->n; k++) engine_json_feedback(&w, &r->items[k]);
    jw_array_end(&w);
    jw_object_end(&w);
  }
  jw_array_end(&w);
  return ask_json_text(&b);
}

EMEND_API char *emend_example_list_json(const emend_example_list *list) {
  buf b;
  jw w;
  buf_init(&b, 512 << 20);
  jw_begin(&w, &b);
  jw_array(&w, NULL);
  for (size_t i = 0; i < list->n; i++) {
    engine_json_example(&w, &list->items[i]);
    jw_object_end(&w);
  }
  jw_array_end(&w);
  return ask_json_text(&b);
}

EMEND_API char *emend_similar_list_json(const emend_similar_list *list) {
  buf b;
  jw w;
  buf_init(&b, 64 << 20);
  jw_begin(&w, &b);
  jw_array(&w, NULL);
  for (size_t i = 0; i < list->n; i++) {
    engine_json_example(&w, &list->items[i].example);
    jw_fixed(&w, "similarity", list->items[i].similarity, 4);
    jw_object_end(&w);
  }
  jw_array_end(&w);
  return ask_json_text(&b);
}
