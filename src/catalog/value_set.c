/* The distinct values of one column, counted; past a cap only their number, estimated by
 * HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007). Knows no catalog. */
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "catalog/build.h"

enum { REGISTER_BITS = 10, N_REGISTERS = 1 << REGISTER_BITS };

/* FNV leaves the high bits of short input poor; this spreads them (MurmurHash3's finaliser). */
static uint64_t spread(uint64_t h) {
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdu;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53u;
  return h ^ (h >> 33);
}

static str bytes_of(const void *p, size_t n) { return (str){p, n}; }

/* Equal for what SQL calls equal: 1 and 1.0. */
static uint64_t hash_cell(const cell *c) {
  double r = c->r;
  switch (c->kind) {
    case CELL_TEXT:
    case CELL_BLOB:
      return spread(str_hash64(c->text) + c->kind);
    case CELL_REAL:
      if (!(r >= -9e15 && r <= 9e15 && r == (double)(int64_t)r))
        return spread(str_hash64(bytes_of(&r, sizeof r)) ^ 1);
      return spread((uint64_t)(int64_t)r);
    default:
      return spread((uint64_t)c->i);
  }
}

bool value_set_init(value_set *v, arena *a, size_t max_values, size_t max_text) {
  *v = (value_set){.a = a, .max_values = max_values, .max_text = max_text, .n_slots = 64};
  v->slots = ARENA_ARRAY(a, uint32_t, v->n_slots);
  return v->slots != NULL;
}

static size_t probe(const value_set *v, uint64_t hash) {
  size_t mask = v->n_slots - 1, i = hash & mask;
  while (v->slots[i] && v->entries.items[v->slots[i] - 1].hash != hash) i = (i + 1) & mask;
  return i;
}

static bool widen(value_set *v) {
  size_t n = v->n_slots * 2;
  uint32_t *slots = ARENA_ARRAY(v->a, uint32_t, n);
  if (!slots) return false;
  v->slots = slots;
  v->n_slots = n;
  for (size_t e = 0; e < v->entries.len; e++)
    slots[probe(v, v->entries.items[e].hash)] = (uint32_t)e + 1;
  return true;
}

static void sketch(value_set *v, uint64_t hash) {
  uint64_t rest = hash << REGISTER_BITS | 1u << (REGISTER_BITS - 1);
  unsigned char rank = (unsigned char)(__builtin_clzll(rest) + 1);
  unsigned char *r = &v->registers[hash >> (64 - REGISTER_BITS)];
  if (*r < rank) *r = rank;
}

static bool start_sketch(value_set *v) {
  v->registers = ARENA_ARRAY(v->a, unsigned char, N_REGISTERS);
  if (!v->registers) return false;
  for (size_t i = 0; i < v->entries.len; i++) sketch(v, v->entries.items[i].hash);
  return true;
}

/* The start of a text, at most `max` bytes and no character cut in two. */
static str cut(str s, size_t max) {
  if (s.len <= max) return s;
  while (max && ((unsigned char)s.ptr[max] & 0xC0) == 0x80) max--;
  return str_slice(s, 0, max);
}

bool value_set_add(value_set *v, const cell *value) {
  uint64_t hash = hash_cell(value);
  size_t slot = probe(v, hash);
  if (v->slots[slot]) {
    v->entries.items[v->slots[slot] - 1].count++;
    return true;
  }
  if (v->entries.len >= v->max_values) {
    if (!v->registers && !start_sketch(v)) return false;
    sketch(v, hash);
    return true;
  }
  if ((v->entries.len + 1) * 4 > v->n_slots * 3) {
    if (!widen(v)) return false;
    slot = probe(v, hash);
  }
  value_entry e = {.hash = hash, .value = *value, .full_len = value->text.len, .count = 1};
  if (value->kind == CELL_TEXT) {
    e.value.text = arena_str(v->a, cut(value->text, v->max_text));
    if (!e.value.text.ptr) return false;
  } else if (value->kind == CELL_BLOB) {
    e.value.text = STR("");
  }
  if (!vec_push(v->a, &v->entries, e)) return false;
  v->slots[slot] = (uint32_t)v->entries.len;
  return true;
}

int64_t value_set_distinct(const value_set *v) {
  if (!v->registers) return (int64_t)v->entries.len;
  double sum = 0, m = N_REGISTERS;
  for (int i = 0; i < N_REGISTERS; i++) sum += ldexp(1, -v->registers[i]);
  double estimate = 0.7213 / (1 + 1.079 / m) * m * m / sum;
  return estimate > (double)v->max_values ? (int64_t)estimate : (int64_t)v->max_values;
}
