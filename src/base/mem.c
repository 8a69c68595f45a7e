/* Memory requests and the fail-nth hook. See mem.h. */
#include "base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>

static atomic_long requests;
static atomic_long fail_at;

static int should_fail(void) {
  long n = atomic_fetch_add_explicit(&requests, 1, memory_order_relaxed) + 1;
  long at = atomic_load_explicit(&fail_at, memory_order_relaxed);
  return at != 0 && n == at;
}

void *mem_alloc(size_t size) {
  if (should_fail()) return NULL;
  return calloc(1, size ? size : 1);
}

void *mem_realloc(void *p, size_t size) {
  if (should_fail()) return NULL;
  return realloc(p, size ? size : 1);
}

void mem_free(void *p) { free(p); }

void mem_fail_at(long n) {
  atomic_store(&requests, 0);
  atomic_store(&fail_at, n);
}

long mem_requests(void) { return atomic_load(&requests); }
