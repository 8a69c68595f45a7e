/* Errors as data. See err.h. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 5, 0))) static void fill(emend_error *err, emend_rc code,
                                                       const char *stage, int64_t pos,
                                                       const char *fmt, va_list ap) {
  if (!err) return;
  err->code = code;
  err->pos = pos;
  snprintf(err->stage, sizeof err->stage, "%s", stage ? stage : "");
  vsnprintf(err->msg, sizeof err->msg, fmt, ap);
}

emend_rc err_set(emend_error *err, emend_rc code, const char *stage, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  fill(err, code, stage, -1, fmt, ap);
  va_end(ap);
  return code;
}

emend_rc err_set_at(emend_error *err, emend_rc code, const char *stage, int64_t pos,
                    const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  fill(err, code, stage, pos, fmt, ap);
  va_end(ap);
  return code;
}

emend_rc err_nomem(emend_error *err, const char *stage) {
  return err_set(err, EMEND_ENOMEM, stage, "out of memory");
}

void err_clear(emend_error *err) {
  if (err) *err = (emend_error){.pos = -1};
}

const char *err_name(emend_rc code) {
  static const char *const names[] = {
      "ok",      "out of memory", "usage",    "not found", "i/o",     "format",  "database",
      "busy",    "timeout",       "canceled", "limit",     "refused", "version", "internal",
  };
  return (size_t)code < sizeof names / sizeof *names ? names[code] : "unknown";
}
