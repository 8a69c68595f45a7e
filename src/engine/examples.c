/* Examples by hand, in and out of files; what is similar to a question. */
#include <jansson.h>

#include "engine/feedback.h"
#include "learn/anonymise.h"
#include "learn/feedback_check.h"

/* ---- adding ---- */

static emend_rc add_checked(store *st, const learn_subject *s, str question, str sql, str user,
                            const char *origin, arena *a, str *id, diag_list *faults,
                            emend_error *err) {
  store_feedback f = {.question = str_trim(question), .sql = str_trim(sql), .user = user};
  bool opted_out = false, sound = false;
  *id = (str){0};
  emend_rc rc = learn_feedback_fits(&f, err);
  if (!rc && (!f.question.len || !f.sql.len))
    rc = err_set(err, EMEND_EUSAGE, "examples", "an example is a question and its SQL");
  if (!rc) rc = store_person_opted_out(st, user, &opted_out, err);
  if (!rc && opted_out)
    rc = err_set(err, EMEND_EUSAGE, "examples",
                 "this person has opted out of learning; nothing was kept");
  if (!rc) rc = learn_feedback_check(s, &f, a, faults, &sound, err);
  if (rc || !sound) return rc;
  char fresh[STORE_ID_MAX];
  store_new_id("ex_", fresh);
  *id = arena_str(a, str_from(fresh));
  const store_example e = {.id = *id,
                           .source = s->name,
                           .question = f.question,
                           .sql = f.sql,
                           .origin = str_from(origin),
                           .user = user};
  return id->ptr ? store_example_add(st, &e, err) : err_nomem(err, "examples");
}

static emend_rc heap_copy(str s, char **out, emend_error *err) {
  buf b;
  buf_init(&b, STORE_ID_MAX);
  buf_add(&b, s);
  *out = ask_json_text(&b);
  return *out ? EMEND_OK : err_nomem(err, "examples");
}

EMEND_API emend_rc emend_example_add(emend_engine *e, const char *source_name, const char *question,
                                     const char *sql, const char *user, char **id,
                                     emend_report **refused, emend_error *err) {
  arena *a = NULL;
  store *st = NULL;
  engine_subject s = {0};
  diag_list faults = {0};
  str fresh = {0};
  *id = NULL;
  *refused = NULL;
  emend_report *r = engine_handout(sizeof *r, &a);
  emend_rc rc = r ? engine_state_needed(e, &st, err) : err_nomem(err, "examples");
  if (!rc) rc = engine_subject_open(e, source_name, a, &s, err);
  if (!rc)
    rc = add_checked(st, &s.it, str_from(question), str_from(sql), str_from(user), "manual", a,
                     &fresh, &faults, err);
  engine_subject_close(&s);
  if (!rc && faults.len) {
    r->n_diagnostics = faults.len;
    r->diagnostics = ask_diagnostics(&faults, a);
    *refused = r;
    return EMEND_OK;
  }
  if (!rc) rc = heap_copy(fresh, id, err);
  engine_handout_free(r);
  return rc;
}

EMEND_API emend_rc emend_example_remove(emend_engine *e, const char *id, emend_error *err) {
  store *st = NULL;
  emend_rc rc = engine_state_needed(e, &st, err);
  return rc ? rc : store_example_drop(st, str_from(id), err);
}

/* ---- listing ---- */

static void show_example(emend_example *to, const store_example *from, arena *a) {
  *to = (emend_example){.id = engine_text(a, from->id),
                        .source = engine_text(a, from->source),
                        .question = engine_text(a, from->question),
                        .sql = engine_text(a, from->sql),
                        .origin = engine_text(a, from->origin),
                        .parent = from->parent.len ? engine_text(a, from->parent) : NULL,
                        .user = from->user.len ? engine_text(a, from->user) : NULL,
                        .created_at = engine_text(a, from->created_at)};
}

static emend_rc list(emend_engine *e, const char *source_name, const char *origin,
                     emend_example_list *out, arena *a, emend_error *err) {
  store *st = NULL;
  store_examples rows;
  emend_rc rc = engine_state_needed(e, &st, err);
  if (!rc) rc = store_example_list(st, str_from(source_name), str_from(origin), a, &rows, err);
  if (rc) return rc;
  emend_example *items = ARENA_ARRAY(a, emend_example, rows.len + 1);
  for (size_t i = 0; items && i < rows.len; i++) show_example(&items[i], &rows.items[i], a);
  out->items = items;
  out->n = rows.len;
  return arena_failed(a) ? err_nomem(err, "examples") : EMEND_OK;
}

EMEND_API emend_rc emend_examples(emend_engine *e, const char *source_name, const char *origin,
                                  emend_example_list **out, emend_error *err) {
  arena *a = NULL;
  *out = NULL;
  emend_example_list *l = engine_handout(sizeof *l, &a);
  emend_rc rc = l ? list(e, source_name, origin, l, a, err) : err_nomem(err, "examples");
  if (rc)
    engine_handout_free(l);
  else
    *out = l;
  return rc;
}

EMEND_API void emend_example_list_free(emend_example_list *l) { engine_handout_free(l); }

/* ---- files ---- */

static bool export_one(buf *b, const store_example *e, bool no_literals, arena *a) {
  str question, sql;
  jw w;
  if (!learn_anonymise(e->question, e->sql, SQL_SQLITE, no_literals, a, &question, &sql))
    return false;
  jw_begin(&w, b);
  jw_object(&w, NULL);
  jw_str(&w, "source", e->source);
  jw_str(&w, "question", question);
  jw_str(&w, "sql", sql);
  jw_str(&w, "origin", e->origin);
  jw_object_end(&w);
  return buf_add_c(b, '\n');
}

EMEND_API emend_rc emend_examples_export(emend_engine *e, const char *source_name, bool no_literals,
                                         char **out, emend_error *err) {
  store *st = NULL;
  store_examples rows;
  buf b;
  *out = NULL;
  arena *a = arena_create((size_t)1 << 30);
  emend_rc rc = a ? engine_state_needed(e, &st, err) : err_nomem(err, "examples");
  if (!rc) rc = store_example_list(st, str_from(source_name), (str){0}, a, &rows, err);
  buf_init(&b, (size_t)1 << 30);
  buf_add(&b, STR(""));
  for (size_t i = 0; !rc && i < rows.len; i++)
    if (!export_one(&b, &rows.items[i], no_literals, a)) rc = err_nomem(err, "examples");
  arena_destroy(a);
  if (rc) {
    buf_free(&b);
    return rc;
  }
  if (!b.ptr) buf_printf(&b, "%s", "");
  *out = ask_json_text(&b);
  return *out ? EMEND_OK : err_nomem(err, "examples");
}

/* One line of a file: kept when it is a pair that fits and runs. */
static emend_rc import_line(store *st, const learn_subject *s, str line, str user, arena *a,
                            bool *kept, emend_error *err) {
  diag_list faults = {0};
  str id;
  json_t *o = json_loadb(line.ptr, line.len, 0, NULL);
  const char *question = json_string_value(json_object_get(o, "question"));
  const char *sql = json_string_value(json_object_get(o, "sql"));
  *kept = false;
  emend_rc rc = EMEND_OK;
  if (question && sql) {
    rc =
        add_checked(st, s, str_from(question), str_from(sql), user, "manual", a, &id, &faults, err);
    if (rc == EMEND_EUSAGE)
      rc = EMEND_OK;
    else
      *kept = !rc && id.len;
  }
  json_decref(o);
  return rc;
}

EMEND_API emend_rc emend_examples_import(emend_engine *e, const char *source_name,
                                         const char *lines, const char *user, size_t *n,
                                         size_t *skipped, emend_error *err) {
  enum { LONGEST_LINE = 256 * 1024 };
  store *st = NULL;
  engine_subject s = {0};
  *n = *skipped = 0;
  arena *a = arena_create((size_t)1 << 30), *work = arena_create((size_t)256 << 20);
  emend_rc rc = a && work ? engine_state_needed(e, &st, err) : err_nomem(err, "examples");
  if (!rc) rc = engine_subject_open(e, source_name, a, &s, err);
  for (str left = str_from(lines); !rc && left.len;) {
    size_t end = str_find(left, STR("\n"), 0);
    str line = str_trim(str_slice(left, 0, end == SIZE_MAX ? left.len : end));
    left = end == SIZE_MAX ? (str){0} : str_slice(left, end + 1, left.len);
    if (line.len == 0) continue;
    bool kept = false;
    if (line.len <= LONGEST_LINE)
      rc = import_line(st, &s.it, line, str_from(user), work, &kept, err);
    *n += kept;
    *skipped += !kept;
    arena_reset(work);
  }
  engine_subject_close(&s);
  arena_destroy(work);
  arena_destroy(a);
  return rc;
}

/* ---- what is similar ---- */

static emend_rc similar(emend_engine *e, const char *source_name, const char *question, size_t k,
                        emend_similar_list *out, arena *a, emend_error *err) {
  recall_nears nears;
  engine_source *s = NULL;
  catalog *cat = NULL;
  emend_rc rc = engine_source_find(e, source_name, &s, err);
  if (!rc) rc = engine_catalog(e, s, &cat, err);
  if (!rc) rc = engine_similar(e, str_from(s->name), cat, str_from(question), k, a, &nears, err);
  catalog_unref(cat);
  if (rc) return rc;
  emend_similar *items = ARENA_ARRAY(a, emend_similar, nears.len + 1);
  for (size_t i = 0; items && i < nears.len; i++) {
    show_example(&items[i].example, &nears.items[i].example, a);
    items[i].similarity = nears.items[i].similarity;
  }
  out->items = items;
  out->n = nears.len;
  return arena_failed(a) ? err_nomem(err, "examples") : EMEND_OK;
}

EMEND_API emend_rc emend_find_similar(emend_engine *e, const char *source_name,
                                      const char *question, size_t k, emend_similar_list **out,
                                      emend_error *err) {
  arena *a = NULL;
  *out = NULL;
  emend_similar_list *l = engine_handout(sizeof *l, &a);
  emend_rc rc = l ? similar(e, source_name, question, k, l, a, err) : err_nomem(err, "examples");
  if (rc)
    engine_handout_free(l);
  else
    *out = l;
  return rc;
}

EMEND_API void emend_similar_list_free(emend_similar_list *l) { engine_handout_free(l); }
