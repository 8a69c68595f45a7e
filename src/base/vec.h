/* A growable array in an arena, typed by the field it is declared as:
 *   VEC(int) v = {0};   if (!vec_push(a, &v, 7)) return EMEND_ENOMEM;   v.items[0]
 * Old storage is abandoned to the arena when it grows. */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

#define VEC(type) \
  struct {        \
    type *items;  \
    size_t len;   \
    size_t cap;   \
  }

/** Appends; false (and unchanged) when the arena is exhausted. */
#define vec_push(a, v, ...)                                                                 \
  (((v)->len < (v)->cap || vec_grow((a), (void *)&(v)->items, (v)->len, &(v)->cap,          \
                                    sizeof *(v)->items))                                    \
       ? ((v)->items[(v)->len++] = (__VA_ARGS__), true)                                     \
       : false)

/** `items` is the address of a typed pointer. */
bool vec_grow(arena *a, void *items, size_t len, size_t *cap, size_t item_size);

#endif
