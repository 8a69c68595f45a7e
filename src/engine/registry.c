/* Sources that the state remembers: registering, listing, annotating; and reading
 * catalogs so that people's comments and opt-outs hold. */
#include "engine/registry.h"

#include <stdlib.h>
#include <string.h>

/* ---- annotations into a catalog ---- */

static const store_annotation *find_note(const store_annotations *notes, str table, str column) {
  for (size_t i = 0; i < notes->len; i++)
    if (str_eq_nocase(notes->items[i].table, table) &&
        str_eq_nocase(notes->items[i].column, column))
      return &notes->items[i];
  return NULL;
}

static bool is_private(void *ctx, str table, str column) {
  const store_annotation *n = find_note(ctx, table, column);
  return n && n->values_private;
}

static str comment_of(void *ctx, str table, str column) {
  const store_annotation *n = find_note(ctx, table, column);
  return n ? n->comment : STR("");
}

/* The registered source with this one's URL, whatever it is called here, gives the notes. */
static emend_rc read_notes(emend_engine *e, const engine_source *s, arena *a,
                           store_annotations *out, emend_error *err) {
  store *state = NULL;
  store_sources known = {0};
  *out = (store_annotations){0};
  emend_rc rc = engine_state(e, false, &state, err);
  if (rc || !state) return rc;
  rc = store_source_list(state, a, &known, err);
  for (size_t i = 0; !rc && i < known.len; i++)
    if (str_eq(known.items[i].url, str_from(s->url)))
      return store_annotation_list(state, known.items[i].name, a, out, err);
  return rc;
}

static emend_rc load_schema_file(const engine_source *s, catalog **out, emend_error *err) {
  const char *path = s->spec + strlen("schema:"), *hash = strrchr(path, '#');
  arena *a = arena_create(1 << 16);
  if (!a) return err_nomem(err, "open");
  char *file = arena_strndup(a, path, hash ? (size_t)(hash - path) : strlen(path));
  emend_rc rc;
  if (!file)
    rc = err_nomem(err, "open");
  else if (!hash)
    rc = err_set(err, EMEND_EUSAGE, "open", "say which database of %s: FILE#DB", path);
  else
    rc = catalog_from_json(file, str_from(hash + 1), out, err);
  arena_destroy(a);
  return rc;
}

emend_rc engine_registry_load(emend_engine *e, engine_source *s, source *db, catalog **out,
                              emend_error *err) {
  if (s->is_schema) return load_schema_file(s, out, err);
  arena *a = arena_create(16 << 20);
  if (!a) return err_nomem(err, "open");
  store_annotations notes;
  emend_rc rc = read_notes(e, s, a, &notes, err);
  catalog_options opt = {.is_private = is_private, .comment = comment_of, .ctx = &notes};
  if (!rc) rc = catalog_load(db, str_from(s->name), &opt, out, err);
  arena_destroy(a);
  return rc;
}

/* ---- the public calls ---- */

static emend_rc need_state(emend_engine *e, store **out, emend_error *err) {
  emend_rc rc = engine_state(e, true, out, err);
  if (!rc && !*out)
    rc = err_set(err, EMEND_EUSAGE, "state", "this engine was opened to remember nothing");
  return rc;
}

EMEND_API emend_rc emend_source_register(emend_engine *e, const char *spec, emend_error *err) {
  store *state = NULL;
  engine_source *s = NULL;
  emend_rc rc = need_state(e, &state, err);
  if (!rc) rc = engine_source_add(e, spec, &s, err);
  if (!rc) rc = store_source_put(state, str_from(s->name), str_from(s->url), err);
  return rc;
}

static bool is_open(emend_engine *e, str name) {
  for (engine_source *s = atomic_load(&e->sources); s; s = s->next)
    if (!atomic_load(&s->removed) && str_eq(str_from(s->name), name)) return true;
  return false;
}

static emend_rc add_registered(emend_engine *e, store *state, arena *a, size_t *n,
                               emend_error *err) {
  store_sources known;
  emend_rc rc = store_source_list(state, a, &known, err);
  for (size_t i = 0; !rc && i < known.len; i++) {
    if (is_open(e, known.items[i].name)) continue;
    char *spec =
        arena_printf(a, "%.*s=%.*s", STR_ARG(known.items[i].name), STR_ARG(known.items[i].url));
    rc = spec ? emend_source_add(e, spec, err) : err_nomem(err, "state");
    *n += !rc;
  }
  return rc;
}

EMEND_API emend_rc emend_source_add_registered(emend_engine *e, size_t *n, emend_error *err) {
  size_t added = 0;
  store *state = NULL;
  emend_rc rc = engine_state(e, false, &state, err);
  if (!rc && state) {
    arena *a = arena_create(16 << 20);
    rc = a ? add_registered(e, state, a, &added, err) : err_nomem(err, "state");
    arena_destroy(a);
  }
  if (n) *n = added;
  return rc;
}

EMEND_API emend_rc emend_source_remove(emend_engine *e, const char *name, emend_error *err) {
  bool here = false;
  for (engine_source *s = atomic_load(&e->sources); s; s = s->next)
    if (!atomic_load(&s->removed) && str_eq(str_from(s->name), str_from(name))) {
      atomic_store(&s->removed, true);
      here = true;
    }
  store *state = NULL;
  emend_rc rc = engine_state(e, false, &state, err);
  if (!rc && state)
    rc = store_source_remove(state, str_from(name), err);
  else if (!rc && !here)
    rc = err_set(err, EMEND_ENOTFOUND, "state", "there is no source \"%.64s\"", name);
  return rc == EMEND_ENOTFOUND && here ? EMEND_OK : rc;
}

EMEND_API emend_rc emend_source_refresh(emend_engine *e, const char *name, bool *changed,
                                        emend_error *err) {
  engine_source *s = NULL;
  catalog *before = NULL, *after = NULL;
  emend_rc rc = engine_source_find(e, name, &s, err);
  if (!rc) rc = engine_catalog(e, s, &before, err);
  if (!rc) {
    engine_source_forget(s);
    rc = engine_catalog(e, s, &after, err);
  }
  if (!rc && changed) *changed = strcmp(before->version, after->version) != 0;
  catalog_unref(before);
  catalog_unref(after);
  return rc;
}

/* A remark about what is not there would never be seen again. */
static emend_rc check_target(const emend_annotation *n, const catalog *c, emend_error *err) {
  const cat_table *t = catalog_table(c, str_from(n->table));
  if (!t)
    return err_set(err, EMEND_ENOTFOUND, "state", "%s has no table \"%.64s\"", n->source, n->table);
  if (n->column && !catalog_column(c, t, str_from(n->column)))
    return err_set(err, EMEND_ENOTFOUND, "state", "%s.%s has no column \"%.64s\"", n->source,
                   n->table, n->column);
  return EMEND_OK;
}

EMEND_API emend_rc emend_source_annotate(emend_engine *e, const emend_annotation *n,
                                         emend_error *err) {
  if (!n->source || !n->table)
    return err_set(err, EMEND_EUSAGE, "state", "say which source and table the remark is about");
  if (n->values_private >= 0 && !n->column)
    return err_set(err, EMEND_EUSAGE, "state", "values are kept out column by column; name one");
  store *state = NULL;
  engine_source *s = NULL;
  catalog *c = NULL;
  emend_rc rc = need_state(e, &state, err);
  if (!rc) rc = engine_source_find(e, n->source, &s, err);
  if (!rc) rc = engine_catalog(e, s, &c, err);
  if (!rc) rc = check_target(n, c, err);
  if (!rc)
    rc = store_annotate(state, str_from(n->source), str_from(n->table), str_from(n->column),
                        n->comment, n->values_private, str_from(n->user), err);
  if (!rc) engine_source_forget(s);
  catalog_unref(c);
  return rc;
}

/* ---- the list ---- */

typedef VEC(emend_source_info) info_list;

static bool list_has(const info_list *list, str name) {
  for (size_t i = 0; i < list->len; i++)
    if (str_eq(str_from(list->items[i].name), name)) return true;
  return false;
}

static int by_name(const void *x, const void *y) {
  return strcmp(((const emend_source_info *)x)->name, ((const emend_source_info *)y)->name);
}

static emend_rc fill_list(emend_engine *e, arena *a, info_list *list, emend_error *err) {
  store *state = NULL;
  store_sources known = {0};
  emend_rc rc = engine_state(e, false, &state, err);
  if (!rc && state) rc = store_source_list(state, a, &known, err);
  if (rc) return rc;
  for (engine_source *s = atomic_load(&e->sources); s; s = s->next) {
    if (atomic_load(&s->removed)) continue;
    emend_source_info it = {engine_text(a, str_from(s->name)), engine_text(a, str_from(s->url)),
                            sql_dialect_name(s->dialect), false};
    for (size_t i = 0; i < known.len; i++)
      if (str_eq(known.items[i].url, str_from(s->url))) it.registered = true;
    if (!vec_push(a, list, it)) return err_nomem(err, "state");
  }
  for (size_t i = 0; i < known.len; i++) {
    emend_source_info it = {engine_text(a, known.items[i].name), engine_text(a, known.items[i].url),
                            NULL, true};
    if (!list_has(list, known.items[i].name) && !vec_push(a, list, it))
      return err_nomem(err, "state");
  }
  if (list->len) qsort(list->items, list->len, sizeof *list->items, by_name);
  return arena_failed(a) ? err_nomem(err, "state") : EMEND_OK;
}

EMEND_API emend_rc emend_sources(emend_engine *e, emend_source_list **out, emend_error *err) {
  arena *a = NULL;
  info_list list = {0};
  *out = engine_handout(sizeof **out, &a);
  if (!*out) return err_nomem(err, "state");
  emend_rc rc = fill_list(e, a, &list, err);
  (*out)->n = list.len;
  (*out)->items = list.items;
  if (rc) {
    engine_handout_free(*out);
    *out = NULL;
  }
  return rc;
}

EMEND_API void emend_source_list_free(emend_source_list *list) { engine_handout_free(list); }

EMEND_API char *emend_source_list_json(const emend_source_list *list) {
  buf b;
  jw w;
  buf_init(&b, 64 << 20);
  jw_begin(&w, &b);
  jw_array(&w, NULL);
  for (size_t i = 0; i < list->n; i++) {
    jw_object(&w, NULL);
    jw_text(&w, "name", list->items[i].name);
    jw_text(&w, "url", list->items[i].url);
    jw_text(&w, "dialect", list->items[i].dialect);
    jw_bool(&w, "registered", list->items[i].registered);
    jw_object_end(&w);
  }
  jw_array_end(&w);
  return ask_json_text(&b);
}
