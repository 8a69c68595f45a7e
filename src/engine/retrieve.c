/* emend_retrieve: what a question is about, over all sources. */
#include "engine/engine.h"

typedef struct ranked {
  engine_source **sources;
  catalog **cats;
  size_t n;
} ranked;

static const char *source_name(const ranked *x, int i, arena *a) {
  return engine_text(a, str_from(x->sources[i]->name));
}

static const char *table_name(const ranked *x, int i, int table, arena *a) {
  return engine_text(a, x->cats[i]->tables[table].name);
}

static void fill_value(emend_value_hit *to, const ranked *x, const retrieve_value *v, arena *a) {
  const cat_column *c = &x->cats[v->source]->columns[v->column];
  *to = (emend_value_hit){.source = source_name(x, v->source, a),
                          .table = table_name(x, v->source, c->table, a),
                          .column = engine_text(a, c->name),
                          .text = engine_text(a, v->text),
                          .stored = engine_text(a, v->stored),
                          .span = {v->from, v->to},
                          .score = v->score};
}

static emend_rc fill(emend_ranking *out, const ranked *x, const retrieve_result *r, arena *a,
                     emend_error *err) {
  emend_hit *sources = ARENA_ARRAY(a, emend_hit, r->sources.len + 1),
            *tables = ARENA_ARRAY(a, emend_hit, r->tables.len + 1),
            *columns = ARENA_ARRAY(a, emend_hit, r->columns.len + 1);
  emend_value_hit *values = ARENA_ARRAY(a, emend_value_hit, r->values.len + 1);
  if (!sources || !tables || !columns || !values) return err_nomem(err, "retrieve");
  for (size_t i = 0; i < r->sources.len; i++)
    sources[i] = (emend_hit){.source = source_name(x, r->sources.items[i].source, a),
                             .score = r->sources.items[i].score};
  for (size_t i = 0; i < r->tables.len; i++) {
    const retrieve_hit *h = &r->tables.items[i];
    tables[i] = (emend_hit){.source = source_name(x, h->source, a),
                            .table = table_name(x, h->source, h->id, a),
                            .score = h->score};
  }
  for (size_t i = 0; i < r->columns.len; i++) {
    const retrieve_hit *h = &r->columns.items[i];
    const cat_column *c = &x->cats[h->source]->columns[h->id];
    columns[i] = (emend_hit){source_name(x, h->source, a), table_name(x, h->source, c->table, a),
                             engine_text(a, c->name), h->score};
  }
  for (size_t i = 0; i < r->values.len; i++) fill_value(&values[i], x, &r->values.items[i], a);
  *out = (emend_ranking){r->sources.len, r->tables.len, r->columns.len, r->values.len,
                         sources,        tables,        columns,        values};
  return arena_failed(a) ? err_nomem(err, "retrieve") : EMEND_OK;
}

static emend_rc rank(emend_engine *e, const char *question, ranked *x, emend_ranking *out,
                     arena *work, arena *a, emend_error *err) {
  retrieve_result r = {0};
  emend_rc rc = engine_source_all(e, work, &x->sources, &x->n, err);
  if (!rc && x->n == 0) return engine_source_find(e, NULL, x->sources, err);
  if (!rc) x->cats = ARENA_ARRAY(work, catalog *, x->n);
  if (!rc && !x->cats) rc = err_nomem(err, "retrieve");
  for (size_t i = 0; !rc && i < x->n; i++) rc = engine_catalog(e, x->sources[i], &x->cats[i], err);
  if (!rc)
    rc = retrieve_rank((const catalog *const *)x->cats, x->n, str_from(question), work, &r, err);
  return rc ? rc : fill(out, x, &r, a, err);
}

EMEND_API emend_rc emend_retrieve(emend_engine *e, const char *question, emend_ranking **out,
                                  emend_error *err) {
  *out = NULL;
  if (!question || str_trim(str_from(question)).len == 0)
    return err_set(err, EMEND_EUSAGE, "retrieve", "the question is empty");
  arena *a = NULL, *work = arena_create(256 << 20);
  emend_ranking *r = engine_handout(sizeof *r, &a);
  ranked x = {0};
  emend_rc rc = r && work ? rank(e, question, &x, r, work, a, err) : err_nomem(err, "retrieve");
  for (size_t i = 0; x.cats && i < x.n; i++) catalog_unref(x.cats[i]);
  arena_destroy(work);
  if (rc)
    engine_handout_free(r);
  else
    *out = r;
  return rc;
}

EMEND_API void emend_ranking_free(emend_ranking *r) { engine_handout_free(r); }

static void write_hits(jw *w, const char *key, const emend_hit *hits, size_t n) {
  jw_array(w, key);
  for (size_t i = 0; i < n; i++) {
    jw_object(w, NULL);
    jw_text(w, "source", hits[i].source);
    if (hits[i].table) jw_text(w, "table", hits[i].table);
    if (hits[i].column) jw_text(w, "column", hits[i].column);
    jw_fixed(w, "score", hits[i].score, 4);
    jw_object_end(w);
  }
  jw_array_end(w);
}

EMEND_API char *emend_ranking_json(const emend_ranking *r) {
  buf b;
  jw w;
  buf_init(&b, 64 << 20);
  jw_begin(&w, &b);
  jw_object(&w, NULL);
  write_hits(&w, "sources", r->sources, r->n_sources);
  write_hits(&w, "tables", r->tables, r->n_tables);
  write_hits(&w, "columns", r->columns, r->n_columns);
  jw_array(&w, "values");
  for (size_t i = 0; i < r->n_values; i++) {
    const emend_value_hit *v = &r->values[i];
    jw_object(&w, NULL);
    jw_text(&w, "source", v->source);
    jw_text(&w, "table", v->table);
    jw_text(&w, "column", v->column);
    jw_text(&w, "text", v->text);
    jw_text(&w, "stored", v->stored);
    jw_array(&w, "span");
    jw_int(&w, NULL, v->span.from);
    jw_int(&w, NULL, v->span.to);
    jw_array_end(&w);
    jw_fixed(&w, "score", v->score, 4);
    jw_object_end(&w);
  }
  jw_array_end(&w);
  jw_object_end(&w);
  return ask_json_text(&b);
}
