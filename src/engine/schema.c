/* What is known of a source, and what a question is about, in the public shapes. */
#include <string.h>

#include "engine/engine.h"

/* ---- emend_schema_read ---- */

static const char *const *column_names(const catalog *c, const int *ids, int n, arena *a) {
  const char **out = ARENA_ARRAY(a, const char *, n > 0 ? (size_t)n : 1);
  for (int i = 0; out && i < n; i++) out[i] = engine_text(a, c->columns[ids[i]].name);
  return out;
}

static void fill_column(emend_column *to, const cat_column *from, arena *a) {
  const cat_profile *p = &from->profile;
  *to = (emend_column){.name = engine_text(a, from->name),
                       .type = engine_text(a, from->decl_type),
                       .comment = from->comment.len ? engine_text(a, from->comment) : NULL,
                       .not_null = from->not_null,
                       .values_private = from->values_private,
                       .primary_key = from->pk,
                       .distinct = p->known ? p->distinct : -1,
                       .nulls = p->known ? p->nulls : -1};
  const char **samples = ARENA_ARRAY(a, const char *, 5);
  for (int i = 0; samples && p->known && i < p->n_samples && i < 5; i++)
    samples[to->n_samples++] = engine_text(a, p->samples[i]);
  to->samples = samples;
}

static void fill_tables(emend_schema *s, const catalog *c, arena *a) {
  emend_table *tables = ARENA_ARRAY(a, emend_table, (size_t)c->n_tables + 1);
  for (int i = 0; tables && i < c->n_tables; i++) {
    const cat_table *t = &c->tables[i];
    emend_column *columns = ARENA_ARRAY(a, emend_column, (size_t)t->n_columns + 1);
    tables[i] = (emend_table){.name = engine_text(a, t->name),
                              .comment = t->comment.len ? engine_text(a, t->comment) : NULL,
                              .is_view = t->is_view,
                              .row_count = t->row_count,
                              .n_columns = (size_t)t->n_columns,
                              .columns = columns};
    for (int j = 0; columns && j < t->n_columns; j++)
      fill_column(&columns[j], &c->columns[t->first_column + j], a);
  }
  s->n_tables = (size_t)c->n_tables;
  s->tables = tables;
}

static void fill_keys(emend_schema *s, const catalog *c, arena *a) {
  emend_key *keys = ARENA_ARRAY(a, emend_key, (size_t)c->n_fkeys + 1);
  for (int i = 0; keys && i < c->n_fkeys; i++) {
    const cat_fkey *k = &c->fkeys[i];
    keys[i] = (emend_key){engine_text(a, c->tables[k->from_table].name),
                          engine_text(a, c->tables[k->to_table].name),
                          (size_t)k->n,
                          column_names(c, k->from, k->n, a),
                          column_names(c, k->to, k->n, a),
                          k->inferred};
  }
  s->n_keys = (size_t)c->n_fkeys;
  s->keys = keys;
}

EMEND_API emend_rc emend_schema_read(emend_engine *e, const char *name, emend_schema **out,
                                     emend_error *err) {
  arena *a = NULL;
  engine_source *from = NULL;
  catalog *c = NULL;
  *out = NULL;
  emend_schema *s = engine_handout(sizeof *s, &a);
  emend_rc rc = s ? engine_source_find(e, name, &from, err) : err_nomem(err, "schema");
  if (!rc) rc = engine_catalog(e, from, &c, err);
  if (!rc) {
    s->source = engine_text(a, str_from(from->name));
    s->dialect = sql_dialect_name(c->dialect);
    s->version = engine_text(a, str_from(c->version));
    fill_tables(s, c, a);
    fill_keys(s, c, a);
    if (arena_failed(a)) rc = err_nomem(err, "schema");
  }
  catalog_unref(c);
  if (rc)
    engine_handout_free(s);
  else
    *out = s;
  return rc;
}

EMEND_API void emend_schema_free(emend_schema *schema) { engine_handout_free(schema); }

static void write_texts(jw *w, const char *key, const char *const *items, size_t n) {
  jw_array(w, key);
  for (size_t i = 0; i < n; i++) jw_text(w, NULL, items[i]);
  jw_array_end(w);
}

static void write_known(jw *w, const char *key, int64_t n) {
  if (n < 0)
    jw_null(w, key);
  else
    jw_int(w, key, n);
}

static void write_table(jw *w, const emend_table *t) {
  jw_object(w, NULL);
  jw_text(w, "name", t->name);
  jw_text(w, "comment", t->comment);
  jw_bool(w, "is_view", t->is_view);
  write_known(w, "row_count", t->row_count);
  jw_array(w, "columns");
  for (size_t i = 0; i < t->n_columns; i++) {
    const emend_column *c = &t->columns[i];
    jw_object(w, NULL);
    jw_text(w, "name", c->name);
    jw_text(w, "type", c->type);
    jw_text(w, "comment", c->comment);
    jw_bool(w, "not_null", c->not_null);
    jw_int(w, "primary_key", c->primary_key);
    jw_bool(w, "values_private", c->values_private);
    write_known(w, "distinct", c->distinct);
    write_known(w, "nulls", c->nulls);
    write_texts(w, "samples", c->samples, c->n_samples);
    jw_object_end(w);
  }
  jw_array_end(w);
  jw_object_end(w);
}

EMEND_API char *emend_schema_json(const emend_schema *s) {
  buf b;
  jw w;
  buf_init(&b, 512 << 20);
  jw_begin(&w, &b);
  jw_object(&w, NULL);
  jw_text(&w, "source", s->source);
  jw_text(&w, "dialect", s->dialect);
  jw_text(&w, "version", s->version);
  jw_array(&w, "tables");
  for (size_t i = 0; i < s->n_tables; i++) write_table(&w, &s->tables[i]);
  jw_array_end(&w);
  jw_array(&w, "keys");
  for (size_t i = 0; i < s->n_keys; i++) {
    const emend_key *k = &s->keys[i];
    jw_object(&w, NULL);
    jw_text(&w, "from_table", k->from_table);
    write_texts(&w, "from_columns", k->from_columns, k->n);
    jw_text(&w, "to_table", k->to_table);
    write_texts(&w, "to_columns", k->to_columns, k->n);
    jw_bool(&w, "inferred", k->inferred);
    jw_object_end(&w);
  }
  jw_array_end(&w);
  jw_object_end(&w);
  return ask_json_text(&b);
}
