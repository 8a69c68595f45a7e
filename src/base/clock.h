/* Time: a monotonic clock for durations, the wall clock (fixed by EMEND_NOW) for dates. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/** Milliseconds on a clock that never goes back. */
double clock_ms(void);
/** Milliseconds that the calling thread has computed for: what it waited is not in it. */
double clock_thread_ms(void);
/** Seconds since 1970 UTC; EMEND_NOW (ISO 8601, UTC) takes its place when set and valid. */
int64_t clock_now(void);
/** "2026-11-20T12:34:56Z" of `seconds`; out holds at least 21 bytes. */
void clock_iso(int64_t seconds, char out[32]);

#endif
