/* Clocks. See clock.h. */
#define _GNU_SOURCE
#include "base/clock.h"

#include <stdlib.h>
#include <time.h>

#include "base/str.h"

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

/* `n` digits at *p, which moves behind them. */
static bool read_digits(const char **p, int n, int *out) {
  *out = 0;
  for (; n > 0; n--, ++*p) {
    if (!ascii_is_digit(**p)) return false;
    *out = *out * 10 + (**p - '0');
  }
  return true;
}

static bool read_after(const char **p, char mark, int *out) {
  return *(*p)++ == mark && read_digits(p, 2, out);
}

bool clock_read(const char *text, int64_t *seconds) {
  struct tm tm = {0}, same;
  const char *p = text;
  if (!read_digits(&p, 4, &tm.tm_year) || !read_after(&p, '-', &tm.tm_mon) ||
      !read_after(&p, '-', &tm.tm_mday))
    return false;
  if (*p == 'T' || *p == ' ') {
    p++;
    if (!read_digits(&p, 2, &tm.tm_hour) || !read_after(&p, ':', &tm.tm_min)) return false;
    if (*p == ':' && !read_after(&p, ':', &tm.tm_sec)) return false;
    p += *p == 'Z';
  }
  tm.tm_year -= 1900;
  tm.tm_mon--;
  same = tm;
  time_t t = timegm(&same); /* turns what no calendar or clock has into what it would be */
  if (*p || same.tm_mday != tm.tm_mday || same.tm_mon != tm.tm_mon || same.tm_hour != tm.tm_hour ||
      same.tm_min != tm.tm_min || same.tm_sec != tm.tm_sec)
    return false;
  *seconds = (int64_t)t;
  return true;
}

emend_rc clock_check(emend_error *err) {
  const char *fixed = getenv("EMEND_NOW");
  int64_t ignored;
  if (!fixed || !fixed[0] || clock_read(fixed, &ignored)) return EMEND_OK;
  return err_set(err, EMEND_EUSAGE, "open",
                 "EMEND_NOW is \"%.40s\"; it takes a day or time in UTC, as 2025-06-15 or "
                 "2025-06-15T12:00:00Z",
                 fixed);
}

int64_t clock_now(void) {
  const char *fixed = getenv("EMEND_NOW");
  int64_t now;
  return fixed && clock_read(fixed, &now) ? now : (int64_t)time(NULL);
}

void clock_iso(int64_t seconds, char out[32]) {
  time_t t = (time_t)seconds;
  struct tm tm;
  gmtime_r(&t, &tm);
  strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}
