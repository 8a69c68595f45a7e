/* emend_judge: a question and its SQL, one or a file of them. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "ask/verdict.h"
#include "engine/feedback.h"
#include "engine/registry.h"

typedef struct judging {
  engine_source *source;
  catalog *cat;
  source *db; /* NULL: the text alone */
} judging;

static emend_rc give_connection(void *ctx, size_t i, source **out, emend_error *err) {
  (void)i, (void)err;
  *out = ((judging *)ctx)->db;
  return EMEND_OK;
}

/* A query that check or the engine turns down answers nothing: its fault is the one signal. */
static emend_rc turn_down(const ask_try *t, emend_judgement *out, arena *a, emend_error *err) {
  diag_list first = {.items = t->faults.items, .len = 1};
  *out = (emend_judgement){.suspicion = 1, .band = EMEND_CORRECT, .n_signals = 1};
  out->signals = ask_diagnostics(&first, a);
  return out->signals ? EMEND_OK : err_nomem(err, "judge");
}

static emend_rc verdict_on(emend_engine *e, judging *x, const char *question, const str *sqls,
                           size_t n, arena *work, ask_verdict *out, emend_error *err) {
  static const double patience_ms = 30000;
  ask_source only = {.name = x->source->name, .cat = x->cat};
  ask_context ctx = {.sources = &only,
                     .n_sources = 1,
                     .connect = give_connection,
                     .ctx = x,
                     .cancels = &e->cancels};
  emend_rc rc = e->backend.is_server ? engine_second(e, &ctx.second, err)
                                     : engine_generator(e, &ctx.second, err);
  if (!rc) rc = engine_functions(e, work, &ctx.functions, &ctx.n_functions, err);
  return rc ? rc : ask_verdict_on(&ctx, question, sqls, n, patience_ms, work, out, err);
}

static emend_rc judge_it(emend_engine *e, judging *x, const char *question, const char *sql,
                         arena *work, emend_judgement *out, arena *a, emend_error *err) {
  const str query = str_from(sql);
  ask_verdict verdict;
  emend_rc rc = verdict_on(e, x, question, &query, 1, work, &verdict, err);
  if (rc) return rc;
  const ask_try *t = verdict.tries.items[0];
  if (t->failed) return turn_down(t, out, a, err);
  out->suspicion = t->suspicion;
  out->band = (emend_band)judge_band_of(out->suspicion, t->setting);
  out->signals = ask_signals(&t->signals, t->setting, a, &out->n_signals);
  return out->n_signals && !out->signals ? err_nomem(err, "judge") : EMEND_OK;
}

emend_rc engine_suspect(void *self, str question, const str *sqls, size_t n, arena *a, double *out,
                        emend_error *err) {
  const engine_subject *s = self;
  judging x = {s->source, s->cat, s->it.db};
  char *text = arena_strndup(a, question.ptr, question.len);
  ask_verdict verdict;
  if (!text) return err_nomem(err, "judge");
  emend_rc rc = verdict_on(s->engine, &x, text, sqls, n, a, &verdict, err);
  for (size_t i = 0; i < n && !rc; i++) out[i] = verdict.tries.items[i]->suspicion;
  return rc;
}

EMEND_API emend_rc emend_judge(emend_engine *e, const char *source_name, const char *question,
                               const char *sql, emend_judgement **out, emend_error *err) {
  *out = NULL;
  if (!question || !question[0] || !sql || !sql[0])
    return err_set(err, EMEND_EUSAGE, "judge", "judging needs a question and a SQL");
  arena *a = NULL, *work = arena_create(256 << 20);
  emend_judgement *j = engine_handout(sizeof *j, &a);
  judging x = {0};
  engine_connection *c = NULL;
  emend_rc rc =
      j && work ? engine_source_find(e, source_name, &x.source, err) : err_nomem(err, "judge");
  if (!rc) rc = engine_catalog(e, x.source, &x.cat, err);
  if (!rc) rc = engine_take(e, x.source, &c, err);
  x.db = c ? c->db : NULL;
  if (!rc) rc = judge_it(e, &x, question, sql, work, j, a, err);
  engine_give(c);
  catalog_unref(x.cat);
  arena_destroy(work);
  if (rc)
    engine_handout_free(j);
  else
    *out = j;
  return rc;
}

EMEND_API void emend_judgement_free(emend_judgement *j) { engine_handout_free(j); }

EMEND_API const char *emend_band_name(emend_band band) {
  static const char *const names[] = {"deliver", "warn", "correct"};
  return (size_t)band < sizeof names / sizeof *names ? names[band] : "unknown";
}

EMEND_API char *emend_judgement_json(const emend_judgement *j) {
  buf b;
  jw w;
  buf_init(&b, 64 << 20);
  jw_begin(&w, &b);
  jw_object(&w, NULL);
  jw_fixed(&w, "suspicion", j->suspicion, 4);
  jw_text(&w, "band", emend_band_name(j->band));
  ask_json_diagnostics(&w, "signals", j->signals, j->n_signals);
  jw_object_end(&w);
  return ask_json_text(&b);
}

/* ---- a file of them ---- */

typedef struct judge_items {
  emend_engine *e;
  const char *schema;
  json_t *items;
} judge_items;

/* The source of an item: with a schema file the one of its db_id, added when first met. */
static emend_rc source_of(const judge_items *x, json_t *item, const char **name, emend_error *err) {
  const char *db = json_string_value(json_object_get(item, "db_id"));
  char spec[4096];
  *name = NULL;
  if (!x->schema) return EMEND_OK;
  if (!db) return err_set(err, EMEND_EFORMAT, "judge", "an item has no db_id");
  *name = db;
  for (engine_source *s = atomic_load(&x->e->sources); s; s = s->next)
    if (strcmp(s->name, db) == 0) return EMEND_OK;
  int n = snprintf(spec, sizeof spec, "%s=schema:%s#%s", db, x->schema, db);
  if (n < 0 || (size_t)n >= sizeof spec)
    return err_set(err, EMEND_EUSAGE, "judge", "the schema's path is too long");
  return engine_source_add(x->e, spec, NULL, err);
}

static emend_rc judge_item(const judge_items *x, size_t i, emend_judgement **out,
                           emend_error *err) {
  json_t *item = json_array_get(x->items, i), *sql = json_object_get(item, "sql");
  const char *name = NULL, *question = json_string_value(json_object_get(item, "question"));
  if (!json_is_string(sql)) sql = json_object_get(item, "query");
  if (!question || !json_is_string(sql))
    return err_set(err, EMEND_EFORMAT, "judge", "item %zu has no question or no sql", i);
  emend_rc rc = source_of(x, item, &name, err);
  return rc ? rc : emend_judge(x->e, name, question, json_string_value(sql), out, err);
}

EMEND_API emend_rc emend_judge_each(emend_engine *e, const char *data, const char *schema,
                                    int (*on_item)(void *ctx, size_t i, const emend_judgement *j),
                                    void *ctx, emend_error *err) {
  json_error_t why;
  judge_items x = {e, schema, json_load_file(data, 0, &why)};
  if (!json_is_array(x.items)) {
    bool unread = !x.items && why.line < 1;
    json_decref(x.items);
    return unread ? err_set(err, EMEND_ENOTFOUND, "judge", "cannot read %s: %s", data, why.text)
                  : err_set(err, EMEND_EFORMAT, "judge", "%s is no JSON list of questions", data);
  }
  unsigned before = atomic_load(&e->cancels);
  emend_rc rc = EMEND_OK;
  for (size_t i = 0; !rc && i < json_array_size(x.items); i++) {
    emend_judgement *j = NULL;
    rc = judge_item(&x, i, &j, err);
    if (!rc && (on_item(ctx, i, j) || atomic_load(&e->cancels) != before))
      rc = err_set(err, EMEND_ECANCELED, "judge", "canceled");
    emend_judgement_free(j);
  }
  json_decref(x.items);
  return rc;
}
