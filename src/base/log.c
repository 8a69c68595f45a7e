/* The log sink. See log.h. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

static log_sink the_sink;
static void *the_arg;

void log_set_sink(log_sink sink, void *arg) {
  the_sink = sink;
  the_arg = arg;
}

void log_write(log_level level, const char *fmt, ...) {
  if (!the_sink) return;
  char line[1024];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(line, sizeof line, fmt, ap);
  va_end(ap);
  the_sink(the_arg, level, line);
}
