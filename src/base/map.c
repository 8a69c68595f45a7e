/* Open addressing over an insertion-ordered entry array. See map.h. */
#include "base/map.h"

#include <string.h>

#include "base/vec.h"

struct map {
  arena *a;
  bool nocase;
  VEC(map_entry) entries;
  uint32_t *slots; /* entry index + 1; 0 is free */
  size_t n_slots;  /* a power of two */
};

map *map_create(arena *a, bool nocase) {
  map *m = ARENA_NEW(a, map);
  if (!m) return NULL;
  m->a = a;
  m->nocase = nocase;
  m->n_slots = 16;
  m->slots = ARENA_ARRAY(a, uint32_t, m->n_slots);
  return m->slots ? m : NULL;
}

static uint32_t key_hash(const map *m, str key) {
  if (!m->nocase) return str_hash(key);
  uint32_t h = 2166136261u;
  for (size_t i = 0; i < key.len; i++)
    h = (h ^ (unsigned char)ascii_lower(key.ptr[i])) * 16777619u;
  return h;
}

static size_t probe(const map *m, str key, uint32_t hash) {
  size_t mask = m->n_slots - 1, i = hash & mask;
  for (; m->slots[i]; i = (i + 1) & mask) {
    const map_entry *e = &m->entries.items[m->slots[i] - 1];
    if (e->hash == hash && (m->nocase ? str_eq_nocase(e->key, key) : str_eq(e->key, key))) break;
  }
  return i;
}

static bool rehash(map *m) {
  size_t n = m->n_slots * 2, mask = n - 1;
  uint32_t *slots = ARENA_ARRAY(m->a, uint32_t, n);
  if (!slots) return false;
  for (size_t e = 0; e < m->entries.len; e++) {
    size_t i = m->entries.items[e].hash & mask;
    while (slots[i]) i = (i + 1) & mask;
    slots[i] = (uint32_t)e + 1;
  }
  m->slots = slots;
  m->n_slots = n;
  return true;
}

bool map_put(map *m, str key, void *value) {
  uint32_t hash = key_hash(m, key);
  size_t i = probe(m, key, hash);
  if (m->slots[i]) {
    m->entries.items[m->slots[i] - 1].value = value;
    return true;
  }
  if ((m->entries.len + 1) * 4 > m->n_slots * 3) {
    if (!rehash(m)) return false;
    i = probe(m, key, hash);
  }
  if (!vec_push(m->a, &m->entries, ((map_entry){key, value, hash}))) return false;
  m->slots[i] = (uint32_t)m->entries.len;
  return true;
}

static const map_entry *find(const map *m, str key) {
  size_t i = probe(m, key, key_hash(m, key));
  return m->slots[i] ? &m->entries.items[m->slots[i] - 1] : NULL;
}

void *map_get(const map *m, str key) {
  const map_entry *e = find(m, key);
  return e ? e->value : NULL;
}

bool map_has(const map *m, str key) { return find(m, key) != NULL; }
size_t map_len(const map *m) { return m->entries.len; }
const map_entry *map_at(const map *m, size_t i) { return &m->entries.items[i]; }
