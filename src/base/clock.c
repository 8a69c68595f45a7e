/* Clocks. See clock.h. */
#define _GNU_SOURCE
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

double clock_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

double clock_thread_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int64_t clock_now(void) {
  const char *fixed = getenv("EMEND_NOW");
  int y, mo, d, h = 0, mi = 0, s = 0;
  if (fixed && sscanf(fixed, "%d-%d-%d%*1[T ]%d:%d:%d", &y, &mo, &d, &h, &mi, &s) >= 3) {
    struct tm tm = {.tm_year = y - 1900, .tm_mon = mo - 1, .tm_mday = d,
                    .tm_hour = h, .tm_min = mi, .tm_sec = s};
    return (int64_t)timegm(&tm);
  }
  return (int64_t)time(NULL);
}

void clock_iso(int64_t seconds, char out[32]) {
  time_t t = (time_t)seconds;
  struct tm tm;
  gmtime_r(&t, &tm);
  strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}
