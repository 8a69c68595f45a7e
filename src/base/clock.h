/* Time: a monotonic clock for durations, the wall clock (fixed by EMEND_NOW) for dates. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/** Milliseconds on a clock that never goes back. */
double clock_ms(void);
/** Milliseconds that the calling thread has computed for: what it waited is not in it. */
double clock_thread_ms(void);
/** Seconds since 1970 UTC of a date or time in ISO 8601: "2025-06-15", "2025-06-15T12:00",
 *  "2025-06-15 12:00:00Z". False, and *seconds as it was, for anything else. */
bool clock_read(const char *text, int64_t *seconds);
/** EMEND_EUSAGE where EMEND_NOW is set to what clock_read cannot read; the empty text is unset. */
emend_rc clock_check(emend_error *err);
/** Seconds since 1970 UTC; EMEND_NOW takes its place where it is such a time. */
int64_t clock_now(void);
/** "2026-11-20T12:34:56Z" of `seconds`; out holds at least 21 bytes. */
void clock_iso(int64_t seconds, char out[32]);

#endif
