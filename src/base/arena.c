/* Block-list arena with a byte cap. See arena.h. */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_BLOCK = 4096, LARGEST_STEP = 1 << 20, ALIGN = 16 };

typedef struct block {
  struct block *next;
  size_t size, used; /* of the bytes that follow the header */
} block;

typedef struct cleanup {
  struct cleanup *next;
  void (*fn)(void *);
  void *arg;
} cleanup;

struct arena {
  block *head;
  cleanup *cleanups;
  size_t max, total;
  size_t next_size;
  bool failed;
};

static size_t header_size(void) { return (sizeof(block) + ALIGN - 1) & ~(size_t)(ALIGN - 1); }

static block *new_block(size_t size) {
  block *b = mem_alloc(header_size() + size);
  if (b) b->size = size;
  return b;
}

arena *arena_create(size_t max_bytes) {
  arena *a = mem_alloc(sizeof *a);
  if (!a) return NULL;
  a->max = max_bytes;
  a->next_size = FIRST_BLOCK;
  return a;
}

static void run_cleanups(arena *a) {
  while (a->cleanups) {
    cleanup *c = a->cleanups;
    a->cleanups = c->next;
    c->fn(c->arg);
  }
}

void arena_destroy(arena *a) {
  if (!a) return;
  run_cleanups(a);
  for (block *b = a->head; b;) {
    block *next = b->next;
    mem_free(b);
    b = next;
  }
  mem_free(a);
}

void arena_reset(arena *a) {
  run_cleanups(a);
  block *keep = NULL;
  for (block *b = a->head; b;) {
    block *next = b->next;
    if (!next) keep = b;
    else mem_free(b);
    b = next;
  }
  if (keep) {
    memset((char *)keep + header_size(), 0, keep->used);
    keep->used = 0;
  }
  a->head = keep;
  a->total = 0;
  a->next_size = FIRST_BLOCK * 2;
  a->failed = false;
}

void *arena_alloc(arena *a, size_t size) {
  if (size > SIZE_MAX / 2) return a->failed = true, NULL;
  size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
  if (size == 0) size = ALIGN;
  if (size > a->max || a->total > a->max - size) return a->failed = true, NULL;
  block *b = a->head;
  if (!b || b->size - b->used < size) {
    size_t want = a->next_size > size ? a->next_size : size;
    b = new_block(want);
    if (!b) return a->failed = true, NULL;
    b->next = a->head;
    a->head = b;
    if (a->next_size < LARGEST_STEP) a->next_size *= 2;
  }
  void *p = (char *)b + header_size() + b->used;
  b->used += size;
  a->total += size;
  return p;
}

void *arena_calloc(arena *a, size_t n, size_t size) {
  if (size && n > SIZE_MAX / 2 / size) return a->failed = true, NULL;
  return arena_alloc(a, n * size);
}

char *arena_strndup(arena *a, const char *s, size_t n) {
  if (n >= SIZE_MAX / 2) return a->failed = true, NULL;
  char *p = arena_alloc(a, n + 1);
  if (p && n) memcpy(p, s, n);
  return p;
}

str arena_str(arena *a, str s) {
  char *p = arena_strndup(a, s.ptr, s.len);
  return p ? (str){p, s.len} : (str){NULL, 0};
}

char *arena_printf(arena *a, const char *fmt, ...) {
  va_list ap, again;
  va_start(ap, fmt);
  va_copy(again, ap);
  int n = vsnprintf(NULL, 0, fmt, ap);
  char *p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
  if (p) vsnprintf(p, (size_t)n + 1, fmt, again);
  va_end(again);
  va_end(ap);
  return p;
}

bool arena_on_destroy(arena *a, void (*fn)(void *), void *arg) {
  cleanup *c = ARENA_NEW(a, cleanup);
  if (!c) return false;
  *c = (cleanup){a->cleanups, fn, arg};
  a->cleanups = c;
  return true;
}

size_t arena_used(const arena *a) { return a->total; }
bool arena_failed(const arena *a) { return a->failed; }
