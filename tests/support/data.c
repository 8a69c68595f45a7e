/* See data.h. */
#define _GNU_SOURCE
#include "support/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *data_path(const char *name) {
  static char path[1024];
  const char *root = getenv("EMEND_DATA");
  snprintf(path, sizeof path, "%s/%s", root ? root : EMEND_SOURCE_DIR "/../shared/data", name);
  if (access(path, R_OK) == 0) return path;
  printf("SKIP: %s is not there; set EMEND_DATA to the folder of public data\n", path);
  return NULL;
}

json_t *data_json(const char *name) {
  const char *path = data_path(name);
  return path ? json_load_file(path, 0, NULL) : NULL;
}
