/* Ids that sort by time: a prefix, 48 bits of milliseconds, 80 random bits, in
 * Crockford's base 32 in lower case (the ULID layout). */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "store/store.h"

static void random_bytes(unsigned char *out, size_t n) {
  if (getrandom(out, n, 0) == (ssize_t)n) return;
  struct timespec t; /* no random device: the clock's nanoseconds still differ */
  for (size_t i = 0; i < n; i++) {
    clock_gettime(CLOCK_MONOTONIC, &t);
    out[i] = (unsigned char)((unsigned long)t.tv_nsec * 2654435761u >> 24);
  }
}

void store_new_id(const char *prefix, char out[STORE_ID_MAX]) {
  static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  uint64_t ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
  unsigned char r[16];
  random_bytes(r, sizeof r);
  char body[27];
  for (int i = 9; i >= 0; i--, ms >>= 5) body[i] = digits[ms & 31];
  for (int i = 0; i < 16; i++) body[10 + i] = digits[r[i] & 31];
  body[26] = 0;
  snprintf(out, STORE_ID_MAX, "%.12s%s", prefix, body);
}
