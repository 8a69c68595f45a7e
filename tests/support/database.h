/* A throw-away SQLite database, and its catalog, for tests. */
#ifndef SUPPORT_DATABASE_H
#define SUPPORT_DATABASE_H

#include <sqlite3.h>

#include "catalog/catalog.h"
#include "support/folder.h"

typedef struct database {
  arena *a;
  const char *dir, *path;
} database;

static inline bool database_create(database *d, const char *sql) {
  sqlite3 *db = NULL;
  d->a = arena_create((size_t)1 << 28);
  d->dir = d->a ? folder_make(d->a) : NULL;
  d->path = d->dir ? folder_path(d->a, d->dir, "shop.db") : NULL;
  bool good = d->path && sqlite3_open(d->path, &db) == SQLITE_OK &&
              sqlite3_exec(db, "PRAGMA synchronous=OFF", NULL, NULL, NULL) == SQLITE_OK &&
              sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
  if (!good && db) fprintf(stderr, "%s\n", sqlite3_errmsg(db));
  sqlite3_close(db);
  return good;
}

static inline void database_drop(database *d) {
  if (d->dir) folder_remove(d->dir);
  arena_destroy(d->a);
}

static inline emend_rc database_load(const database *d, const catalog_options *opt, catalog **out,
                                     emend_error *err) {
  source *s;
  *out = NULL;
  emend_rc rc = source_open(d->path, &s, err);
  if (!rc) rc = catalog_load(s, STR("shop"), opt, out, err);
  source_close(s);
  return rc;
}

/* The catalog of a database made by `sql`, which is gone by the time it returns; NULL: failed. */
static inline catalog *database_catalog(const char *sql, const catalog_options *opt) {
  database d;
  catalog *c = NULL;
  emend_error err = {0};
  if (database_create(&d, sql) && database_load(&d, opt, &c, &err))
    fprintf(stderr, "%s\n", err.msg);
  database_drop(&d);
  return c;
}

/* "from.column -> to.column" of every key, an inferred one with "?", joined by "; ". */
static inline const char *database_keys(arena *a, const catalog *c) {
  const char *out = "";
  for (int i = 0; i < c->n_fkeys; i++) {
    const cat_fkey *k = &c->fkeys[i];
    for (int p = 0; p < k->n; p++)
      out = arena_printf(a, "%s%s%.*s.%.*s ->%s %.*s.%.*s", out, p ? " & " : (i ? "; " : ""),
                         STR_ARG(c->tables[k->from_table].name),
                         STR_ARG(c->columns[k->from[p]].name), k->inferred ? "?" : "",
                         STR_ARG(c->tables[k->to_table].name), STR_ARG(c->columns[k->to[p]].name));
  }
  return out;
}

#endif
