/* `cat`, the catalog of a database that a test file makes up, and `mem` for what is made of it. */
#ifndef SUPPORT_SCHEMA_H
#define SUPPORT_SCHEMA_H

#include "support/database.h"

static arena *mem;
static catalog *cat;

/** For a test file's set-up. 0 when all is there. */
static int open_schema(const char *statements, const catalog_options *opt) {
  mem = arena_create((size_t)1 << 28);
  cat = database_catalog(statements, opt);
  return !mem || !cat;
}

static int tear_down(void **state) {
  (void)state;
  catalog_unref(cat);
  arena_destroy(mem);
  return 0;
}

#endif
