/* The only place that asks the C library for memory, so that tests can make
 * any single request fail. Does not own anything itself. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/** As malloc, but zeroed; NULL when memory is exhausted or a failure is injected. */
void *mem_alloc(size_t size);

/** As realloc; the old block stays valid when NULL is returned. Growth is not zeroed. */
void *mem_realloc(void *p, size_t size);

/** As free; NULL is harmless. */
void mem_free(void *p);

/** Test hook: the n-th request from now (1 is the next) fails; 0 turns it off.
 *  Process-wide; not for use while other threads allocate. */
void mem_fail_at(long n);

/** How many requests were made since the last mem_fail_at. */
long mem_requests(void);

#endif
