/* A database that a test file asks: `db`, its catalog `cat`, and `mem` for what is made of it. */
#ifndef SUPPORT_OPENED_H
#define SUPPORT_OPENED_H

#include "base/mem.h"
#include "catalog/catalog.h"
#include "support/database.h"

static database files;
static source *db;
static catalog *cat;
static arena *mem;
static emend_error err;

/** For a test file's set-up: the statements' database, called `name`. 0 when all is there. */
static int open_database(const char *name, const char *statements) {
  if (!database_create(&files, statements)) return -1;
  if (source_open(files.path, &db, &err) != EMEND_OK ||
      catalog_load(db, str_from(name), NULL, &cat, &err) != EMEND_OK)
    return -1;
  mem = arena_create(64 << 20);
  return mem == NULL;
}

static int tear_down(void **state) {
  (void)state;
  arena_destroy(mem);
  catalog_unref(cat);
  source_close(db);
  database_drop(&files);
  return 0;
}

#endif
