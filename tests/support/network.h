/* A small network `m` that answers for a schema that a test file makes up, its weights in a folder.
 */
#ifndef SUPPORT_NETWORK_H
#define SUPPORT_NETWORK_H

#include "model/model.h"
#include "support/database.h"
#include "support/small_model.h"

static arena *mem;
static catalog *cat;
static const char *folder, *weights_path;
static model *m;

/** For a test file's set-up. 0 when all is there. */
static int open_network(const char *statements, uint64_t seed) {
  mem = arena_create((size_t)1 << 28);
  cat = database_catalog(statements, NULL);
  folder = mem ? folder_make(mem) : NULL;
  weights_path = folder ? folder_path(mem, folder, "w.emt") : NULL;
  if (!cat || !weights_path) return -1;
  if (small_model_write(weights_path, small_model_shape(), seed) != EMEND_OK) return -1;
  return model_load(weights_path, &m, NULL) == EMEND_OK ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  model_free(m);
  folder_remove(folder);
  catalog_unref(cat);
  arena_destroy(mem);
  return 0;
}

#endif
