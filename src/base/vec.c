/* Growth of arena arrays. See vec.h. */
#include "base/vec.h"

#include <string.h>

bool vec_grow(arena *a, void *items, size_t len, size_t *cap, size_t item_size) {
  size_t want = *cap ? *cap * 2 : 8;
  void *old, *grown = arena_calloc(a, want, item_size);
  if (!grown) return false;
  memcpy(&old, items, sizeof old);
  if (len) memcpy(grown, old, len * item_size);
  memcpy(items, &grown, sizeof grown);
  *cap = want;
  return true;
}
