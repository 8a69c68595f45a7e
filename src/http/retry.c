/* What is tried again, and how long to wait before that. Sends nothing. */
#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "http/http.h"

static const double first_wait_ms = 400, longest_wait_ms = 8000;

bool http_is_busy(int status) { return status == 429 || status == 503; }

/* Many clients that were turned away together must not come back together. */
static double unit_jitter(void) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static rng r;
  static bool seeded;
  pthread_mutex_lock(&lock);
  if (!seeded) rng_seed(&r, (uint64_t)(clock_ms() * 1e3) ^ ((uint64_t)getpid() << 32));
  seeded = true;
  double u = rng_unit(&r);
  pthread_mutex_unlock(&lock);
  return u;
}

double http_backoff_ms(int next, double retry_after_ms) {
  double wait = first_wait_ms;
  for (int i = 2; i < next && wait < longest_wait_ms; i++) wait *= 2;
  if (wait > longest_wait_ms) wait = longest_wait_ms;
  wait *= 0.5 + 0.5 * unit_jitter();
  return retry_after_ms > 0 ? retry_after_ms + 0.1 * wait : wait;
}
