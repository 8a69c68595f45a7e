/* Ids that sort by time: a prefix, 48 bits of milliseconds, 79 random bits, in Crockford's base 32
 * in lower case (the ULID layout). Those that a process makes in one millisecond keep their order:
 * each adds a random number to the one before, as lists are ordered by them. */
#define _GNU_SOURCE
#include <pthread.h>
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

enum { TIME_DIGITS = 10, RANDOM_DIGITS = 16, STEP_DIGITS = 8 };

/* The last id that this process made: its time, and its random part in digits of five bits. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t last_ms;
static unsigned char last[RANDOM_DIGITS];

/* last += 1 + a random number of STEP_DIGITS digits. */
static void step(const unsigned char *random) {
  unsigned carry = 1;
  for (int i = RANDOM_DIGITS - 1; i >= 0; i--) {
    unsigned sum = last[i] + carry + (i >= RANDOM_DIGITS - STEP_DIGITS ? random[i] & 31u : 0);
    last[i] = sum & 31;
    carry = sum >> 5;
  }
}

void store_new_id(const char *prefix, char out[STORE_ID_MAX]) {
  static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  uint64_t ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
  unsigned char r[RANDOM_DIGITS];
  char body[TIME_DIGITS + RANDOM_DIGITS + 1];
  random_bytes(r, sizeof r);
  pthread_mutex_lock(&lock);
  if (ms > last_ms) {
    last_ms = ms;
    for (int i = 0; i < RANDOM_DIGITS; i++) last[i] = r[i] & 31;
    last[0] &= 15; /* room to step up within the millisecond */
  } else {
    ms = last_ms; /* or later than the clock, which may have been set back */
    step(r);
  }
  for (int i = 0; i < RANDOM_DIGITS; i++) body[TIME_DIGITS + i] = digits[last[i]];
  pthread_mutex_unlock(&lock);
  for (int i = TIME_DIGITS - 1; i >= 0; i--, ms >>= 5) body[i] = digits[ms & 31];
  body[TIME_DIGITS + RANDOM_DIGITS] = 0;
  snprintf(out, STORE_ID_MAX, "%.12s%s", prefix, body);
}
