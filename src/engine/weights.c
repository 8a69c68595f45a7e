/* Where the weights of the embedded network are. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/engine.h"

#define WEIGHTS_FILE "emend.emt"

/* PREFIX/share/emend/models beside PREFIX/bin, wherever that was moved to. */
static const char *beside_program(arena *a) {
  char *path = arena_alloc(a, PATH_MAX + 1);
  if (!path) return NULL;
  ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);
  if (n <= 0) return NULL;
  path[n] = 0;
  return arena_printf(a, "%s/../share/emend/models/" WEIGHTS_FILE, dirname(path));
}

/* The same beside PREFIX/lib, or `deep` PREFIX/lib/TRIPLET, where a program of somebody else has
 * loaded us from. */
static const char *beside_library(arena *a, bool deep) {
  static const char here = 0;
  Dl_info info;
  if (!dladdr(&here, &info) || !info.dli_fname) return NULL;
  char *path = arena_strndup(a, info.dli_fname, strlen(info.dli_fname));
  if (!path) return NULL;
  return arena_printf(a, "%s/%s/share/emend/models/" WEIGHTS_FILE, dirname(path),
                      deep ? "../.." : "..");
}

emend_rc engine_weights_path(const emend_engine *e, arena *a, const char **out, emend_error *err) {
  const char *told = e->weights ? e->weights : getenv("EMEND_MODEL");
  if (told && told[0]) {
    *out = told;
    return EMEND_OK;
  }
  const char *const places[] = {beside_program(a), beside_library(a, false),
                                beside_library(a, true), EMEND_MODEL_DIR "/" WEIGHTS_FILE,
                                EMEND_INSTALL_MODEL_DIR "/" WEIGHTS_FILE};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++)
    if (places[i] && access(places[i], R_OK) == 0) {
      *out = places[i];
      return EMEND_OK;
    }
  return err_set(err, EMEND_ENOTFOUND, "model",
                 "the embedded network's weights are not at %s; reinstall emend, or name the file "
                 "with EMEND_MODEL",
                 EMEND_INSTALL_MODEL_DIR "/" WEIGHTS_FILE);
}
