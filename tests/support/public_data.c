/* Finding and reading the public data. See public_data.h. */
#include "support/public_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static const char *path_of(arena *a, const char *file) {
  const char *root = getenv("EMEND_DATA");
  if (!root || !*root) root = EMEND_SOURCE_DIR "/../shared/data";
  const char *path = arena_printf(a, "%s/%s", root, file);
  return path && access(path, R_OK) == 0 ? path : NULL;
}

const char *public_data_path(arena *a, const char *file) {
  const char *path = path_of(a, file);
  if (!path) printf("SKIP: no public data: set EMEND_DATA to the folder that holds %s\n", file);
  return path;
}

json_t *public_data_json(arena *a, const char *file) {
  const char *path = public_data_path(a, file);
  if (!path) return NULL;
  json_t *root = json_load_file(path, 0, NULL);
  assert_non_null(root);
  return root;
}

const char *public_data_spider_db(arena *a, const char *db_id) {
  return path_of(a, arena_printf(a, "spider/database/%s/%s.sqlite", db_id, db_id));
}

catalog *public_data_schema(const char *path) {
  const catalog_options opt = {.no_profiles = true, .no_values = true};
  source *s = NULL;
  catalog *c = NULL;
  if (source_open(path, &s, NULL) == EMEND_OK) catalog_load(s, STR("spider"), &opt, &c, NULL);
  source_close(s);
  return c;
}
