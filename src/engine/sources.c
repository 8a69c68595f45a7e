/* The sources of an engine: their names, connections and catalogs. What the state
 * remembers of them is registry.c's. */
#define _GNU_SOURCE
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/registry.h"

enum { LONGEST_NAME = 64 };

/* ---- names and URLs ---- */

static bool is_name(str s) {
  if (s.len == 0 || s.len > LONGEST_NAME) return false;
  for (size_t i = 0; i < s.len; i++)
    if (!ascii_is_alnum(s.ptr[i]) && s.ptr[i] != '_' && s.ptr[i] != '-' && s.ptr[i] != '.')
      return false;
  return true;
}

/* "name=URL" → both; a bare URL leaves `name` empty. */
static void split_spec(const char *spec, str *name, const char **url) {
  const char *equals = strchr(spec, '=');
  *name = (str){0};
  *url = spec;
  if (!equals || !is_name((str){spec, (size_t)(equals - spec)})) return;
  *name = (str){spec, (size_t)(equals - spec)};
  *url = equals + 1;
}

/* Files by their absolute path, so that a remembered source is found from anywhere. */
static char *absolute(const char *url, arena *a) {
  str u = str_from(url), scheme = {0}, rest = u;
  if (str_starts_nocase(u, STR("sqlite:")))
    rest = str_slice(u, 7, u.len);
  else if (str_starts_nocase(u, STR("schema:")))
    scheme = STR("schema:"), rest = str_slice(u, 7, u.len);
  else if (str_find(u, STR(":"), 0) != SIZE_MAX &&
           str_find(u, STR("/"), 0) > str_find(u, STR(":"), 0))
    return arena_strndup(a, u.ptr, u.len); /* some other scheme */
  if (str_starts(rest, STR("//"))) rest = str_slice(rest, 2, rest.len);
  size_t hash = scheme.len ? str_find(rest, STR("#"), 0) : SIZE_MAX;
  str tail = hash == SIZE_MAX ? (str){0} : str_slice(rest, hash, rest.len);
  char *path = arena_strndup(a, rest.ptr, rest.len - tail.len),
       *full = arena_alloc(a, PATH_MAX + 1);
  if (!path || !full || !realpath(path, full)) return path ? arena_strndup(a, u.ptr, u.len) : NULL;
  return arena_printf(a, "%.*s%s%.*s", STR_ARG(scheme), full, STR_ARG(tail));
}

/* "shop" of /data/shop.sqlite, of schema:tables.json#shop, of …/shop. */
static str name_of_url(const char *url, arena *a) {
  const char *hash = strrchr(url, '#');
  char *copy = arena_strndup(a, url, strlen(url));
  if (!copy) return (str){0};
  char *base = hash ? copy + (hash - url) + 1 : basename(copy);
  str name = str_from(base);
  size_t dot = name.len;
  while (dot > 1 && name.ptr[dot - 1] != '.') dot--;
  if (dot > 1 && !hash) name.len = dot - 1;
  if (name.len > LONGEST_NAME) name.len = LONGEST_NAME;
  for (size_t i = 0; i < name.len; i++)
    if (!is_name((str){base + i, 1})) base[i] = '_';
  return name.len ? name : STR("database");
}

static engine_source *find_source(emend_engine *e, str name) {
  for (engine_source *s = atomic_load(&e->sources); s; s = s->next)
    if (!atomic_load(&s->removed) && str_eq(str_from(s->name), name)) return s;
  return NULL;
}

/* A bare URL's name gives way to one that is taken: shop, shop2, shop3. */
static str free_name(emend_engine *e, str wish, arena *a) {
  str name = wish;
  for (int i = 2; find_source(e, name) && i < 1000; i++)
    name = str_from(arena_printf(a, "%.*s%d", STR_ARG(wish), i));
  return name;
}

/* ---- making and freeing ---- */

static char *heap_text(str s) {
  char *p = mem_alloc(s.len + 1);
  if (p && s.len) memcpy(p, s.ptr, s.len);
  return p;
}

static void free_source(engine_source *s) {
  if (!s) return;
  for (engine_connection *c = atomic_load(&s->connections); c;) {
    engine_connection *next = c->next;
    source_close(c->db);
    mem_free(c);
    c = next;
  }
  engine_adapter_drop(s->learned);
  catalog_unref(s->cat);
  mem_free(s->stamp);
  mem_free(s->name);
  mem_free(s->url);
  mem_free(s->spec);
  pthread_mutex_destroy(&s->learning);
  pthread_mutex_destroy(&s->lock);
  mem_free(s);
}

void engine_source_free_all(emend_engine *e) {
  for (engine_source *s = atomic_load(&e->sources); s;) {
    engine_source *next = s->next;
    free_source(s);
    s = next;
  }
  atomic_store(&e->sources, NULL);
}

static emend_rc new_source(str name, const char *spec, engine_source **out, emend_error *err) {
  engine_source *s = mem_alloc(sizeof *s);
  if (!s) return err_nomem(err, "open");
  pthread_mutex_init(&s->lock, NULL);
  pthread_mutex_init(&s->learning, NULL);
  s->name = heap_text(name);
  s->spec = heap_text(str_from(spec));
  s->is_schema = str_starts_nocase(str_from(spec), STR("schema:"));
  if (!s->name || !s->spec) {
    free_source(s);
    return err_nomem(err, "open");
  }
  *out = s;
  return EMEND_OK;
}

/* ---- connections ---- */

emend_rc engine_take(emend_engine *e, engine_source *s, engine_connection **out, emend_error *err) {
  (void)e;
  *out = NULL;
  if (s->is_schema) return EMEND_OK;
  for (engine_connection *c = atomic_load(&s->connections); c; c = c->next) {
    bool idle = false;
    if (atomic_compare_exchange_strong(&c->busy, &idle, true)) {
      *out = c;
      return EMEND_OK;
    }
  }
  engine_connection *c = mem_alloc(sizeof *c);
  if (!c) return err_nomem(err, "open");
  emend_rc rc = source_open(s->spec, &c->db, err);
  if (rc) {
    mem_free(c);
    return rc;
  }
  atomic_store(&c->busy, true);
  c->next = atomic_load(&s->connections);
  while (!atomic_compare_exchange_weak(&s->connections, &c->next, c)) continue;
  *out = c;
  return EMEND_OK;
}

void engine_give(engine_connection *c) {
  if (c) atomic_store(&c->busy, false);
}

/* ---- adding ---- */

/* Opens it once, so that what is wrong with it is said now. */
static emend_rc open_first(emend_engine *e, engine_source *s, emend_error *err) {
  if (s->is_schema) {
    s->url = heap_text(str_from(s->spec));
    return s->url ? engine_registry_load(e, s, NULL, &s->cat, err) : err_nomem(err, "open");
  }
  engine_connection *c = NULL;
  emend_rc rc = engine_take(e, s, &c, err);
  if (rc) return rc;
  s->dialect = source_dialect(c->db);
  s->url = heap_text(str_from(source_url(c->db)));
  engine_give(c);
  return s->url ? EMEND_OK : err_nomem(err, "open");
}

static emend_rc add_named(emend_engine *e, str name, bool bare, const char *spec, arena *a,
                          engine_source **out, emend_error *err) {
  engine_source *s = NULL;
  emend_rc rc = new_source(name, spec, &s, err);
  if (!rc) rc = open_first(e, s, err);
  if (rc) {
    free_source(s);
    return rc;
  }
  pthread_mutex_lock(&e->lock);
  if (find_source(e, name)) {
    str other = bare ? free_name(e, name, a) : (str){0};
    char *renamed = other.len ? heap_text(other) : NULL;
    if (renamed) {
      mem_free(s->name);
      s->name = renamed;
    } else {
      rc = err_set(err, EMEND_EUSAGE, "open",
                   "two sources are called \"%.*s\"; name one with "
                   "NAME=URL",
                   STR_ARG(name));
    }
  }
  if (!rc) {
    s->next = atomic_load(&e->sources);
    atomic_store(&e->sources, s);
  }
  pthread_mutex_unlock(&e->lock);
  if (rc)
    free_source(s);
  else if (out)
    *out = s;
  return rc;
}

emend_rc engine_source_add(emend_engine *e, const char *spec, engine_source **out,
                           emend_error *err) {
  if (!spec || !spec[0]) return err_set(err, EMEND_EUSAGE, "open", "the database's URL is empty");
  arena *a = arena_create(1 << 16);
  if (!a) return err_nomem(err, "open");
  str name;
  const char *url;
  split_spec(spec, &name, &url);
  bool bare = name.len == 0;
  char *full = absolute(url, a);
  if (bare && full) name = name_of_url(full, a);
  emend_rc rc =
      !full || !name.len ? err_nomem(err, "open") : add_named(e, name, bare, full, a, out, err);
  arena_destroy(a);
  return rc;
}

EMEND_API emend_rc emend_source_add(emend_engine *e, const char *spec, emend_error *err) {
  return engine_source_add(e, spec, NULL, err);
}

/* ---- finding ---- */

emend_rc engine_source_all(emend_engine *e, arena *a, engine_source ***out, size_t *n,
                           emend_error *err) {
  *n = 0;
  engine_source *first = atomic_load(&e->sources);
  for (engine_source *s = first; s; s = s->next) *n += !atomic_load(&s->removed);
  size_t left = *n;
  *out = ARENA_ARRAY(a, engine_source *, *n ? *n : 1);
  if (!*out) return err_nomem(err, "open");
  for (engine_source *s = first; s && left; s = s->next)
    if (!atomic_load(&s->removed)) (*out)[--left] = s;
  return EMEND_OK;
}

emend_rc engine_source_find(emend_engine *e, const char *name, engine_source **out,
                            emend_error *err) {
  *out = NULL;
  size_t n = 0;
  buf known;
  buf_init(&known, 512);
  for (engine_source *s = atomic_load(&e->sources); s; s = s->next) {
    if (atomic_load(&s->removed)) continue;
    if (n++ < 8) buf_printf(&known, "%s%s", known.len ? ", " : "", s->name);
    if (!name || str_eq(str_from(s->name), str_from(name))) *out = s;
  }
  emend_rc rc = EMEND_OK;
  if (name && !*out)
    rc = err_set(err, EMEND_ENOTFOUND, "open", "there is no source \"%.64s\"; there are: %s", name,
                 known.ptr ? known.ptr : "none");
  else if (n == 0)
    rc = err_set(err, EMEND_EUSAGE, "open", "there is no database to ask; name one with --db");
  else if (!name && n > 1)
    rc = err_set(err, EMEND_EUSAGE, "open", "there are several sources, say which one: %s",
                 known.ptr ? known.ptr : "");
  buf_free(&known);
  return rc;
}

/* ---- catalogs ---- */

static emend_rc read_stamp(source *db, arena *a, str *out, emend_error *err) {
  *out = STR("");
  return db ? source_stamp(db, a, out, err) : EMEND_OK;
}

/* With the source's lock held: reads the catalog again when the schema's stamp differs. */
static emend_rc bring_up_to_date(emend_engine *e, engine_source *s, source *db, arena *a,
                                 emend_error *err) {
  str stamp;
  emend_rc rc = read_stamp(db, a, &stamp, err);
  if (rc || (s->cat && (!db || str_eq(stamp, str_from(s->stamp))))) return rc;
  catalog *fresh = NULL;
  rc = engine_registry_load(e, s, db, &fresh, err);
  if (rc) return rc;
  char *copy = heap_text(stamp);
  if (!copy) {
    catalog_unref(fresh);
    return err_nomem(err, "open");
  }
  catalog_unref(s->cat);
  mem_free(s->stamp);
  s->cat = fresh;
  s->stamp = copy;
  return EMEND_OK;
}

emend_rc engine_catalog(emend_engine *e, engine_source *s, catalog **out, emend_error *err) {
  *out = NULL;
  engine_connection *c = NULL;
  arena *a = arena_create(1 << 16);
  emend_rc rc = a ? engine_take(e, s, &c, err) : err_nomem(err, "open");
  if (!rc) {
    pthread_mutex_lock(&s->lock);
    rc = bring_up_to_date(e, s, c ? c->db : NULL, a, err);
    if (!rc) *out = catalog_ref(s->cat);
    pthread_mutex_unlock(&s->lock);
  }
  engine_give(c);
  arena_destroy(a);
  return rc;
}

void engine_source_forget(engine_source *s) {
  pthread_mutex_lock(&s->lock);
  catalog_unref(s->cat);
  s->cat = NULL;
  pthread_mutex_unlock(&s->lock);
}
