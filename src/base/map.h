/* A hash map from text to pointer, in an arena. Insert and look up; no removal. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/arena.h"
#include "base/str.h"

typedef struct map map;
typedef struct map_entry {
  str key; /* not copied: must outlive the map */
  void *value;
  uint32_t hash;
} map_entry;

/** `nocase` folds ASCII case in keys. NULL when memory is exhausted. */
map *map_create(arena *a, bool nocase);
/** Sets `key` (which is not copied); false when memory is exhausted. */
bool map_put(map *m, str key, void *value);
/** NULL when absent. */
void *map_get(const map *m, str key);
bool map_has(const map *m, str key);
size_t map_len(const map *m);
/** Entries in insertion order: i < map_len. */
const map_entry *map_at(const map *m, size_t i);

#endif
