/* Memory with one lifetime: allocate freely, release all at once.
 * An arena states its maximum at its making and never passes it. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

typedef struct arena arena;

/** Returns NULL when memory is exhausted. Owns: the caller, until arena_destroy. */
arena *arena_create(size_t max_bytes);

/** Runs the clean-up callbacks, newest first, then frees all. NULL is harmless. */
void arena_destroy(arena *a);

/** As destroy and create, but keeps the first block. */
void arena_reset(arena *a);

/** Zeroed, 16-byte aligned; NULL at the cap or when memory is exhausted. */
void *arena_alloc(arena *a, size_t size);
/** n * size with the overflow checked. */
void *arena_calloc(arena *a, size_t n, size_t size);
/** A copy followed by a NUL; NULL as arena_alloc. */
char *arena_strndup(arena *a, const char *s, size_t n);
/** Copy of a view; {NULL,0} when memory is exhausted (and for the empty text a valid ""). */
str arena_str(arena *a, str s);
char *arena_printf(arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** Call `fn(arg)` when the arena is reset or destroyed; false when out of memory. */
bool arena_on_destroy(arena *a, void (*fn)(void *), void *arg);

size_t arena_used(const arena *a);
/** True once any allocation from it has failed; reset clears it. */
bool arena_failed(const arena *a);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_calloc((a), (n), sizeof(type)))

#endif
