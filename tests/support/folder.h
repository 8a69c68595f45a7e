/* Throw-away folders for tests, and what lies in them: names and bytes. */
#ifndef SUPPORT_FOLDER_H
#define SUPPORT_FOLDER_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"

static inline const char *folder_make(arena *a) {
  const char *tmp = getenv("TMPDIR");
  char *path = arena_printf(a, "%s/emend-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
  return path ? mkdtemp(path) : NULL;
}

static inline const char *folder_path(arena *a, const char *folder, const char *name) {
  return arena_printf(a, "%s/%s", folder, name);
}

static inline void folder_remove(const char *folder) {
  struct dirent **names = NULL;
  chmod(folder, 0700);
  int n = scandir(folder, &names, NULL, NULL);
  for (int i = 0; i < n; i++) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
    unlink(path);
    free(names[i]);
  }
  free(names);
  rmdir(folder);
}

/* The whole of a file as a hash; 0 when it cannot be read. */
static inline uint64_t folder_hash(const char *path) {
  uint64_t h = 1469598103934665603u;
  FILE *f = fopen(path, "rb");
  if (!f) return 0;
  for (int c; (c = getc(f)) != EOF;) h = (h ^ (uint64_t)c) * 1099511628211u;
  fclose(f);
  return h;
}

/* "name:hash" of every file, in order. A -shm is scratch memory that every reader of a WAL
 * database writes: its presence counts, its bytes do not. */
static inline const char *folder_listing(arena *a, const char *folder) {
  struct dirent **names = NULL;
  const char *out = "";
  int n = scandir(folder, &names, NULL, alphasort);
  for (int i = 0; i < n; i++) {
    const char *name = names[i]->d_name;
    size_t len = strlen(name);
    bool shm = len > 4 && strcmp(name + len - 4, "-shm") == 0;
    uint64_t hash = shm || name[0] == '.' ? 0 : folder_hash(folder_path(a, folder, name));
    out = arena_printf(a, "%s%s:%llx ", out, name, (unsigned long long)hash);
    free(names[i]);
  }
  free(names);
  return out;
}

#endif
