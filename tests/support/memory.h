/* `mem`: an arena for what one test file's calls make. */
#ifndef SUPPORT_MEMORY_H
#define SUPPORT_MEMORY_H

#include "base/arena.h"

static arena *mem;

static int set_up(void **state) {
  (void)state;
  mem = arena_create(64 << 20);
  return !mem;
}

static int tear_down(void **state) {
  (void)state;
  arena_destroy(mem);
  return 0;
}

#endif
