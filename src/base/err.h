/* Filling an emend_error. A NULL `err` is allowed everywhere. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <emend/emend.h>

/** Fills `err` and returns `code`, so that a caller can `return err_set(...)`. */
emend_rc err_set(emend_error *err, emend_rc code, const char *stage, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/** As err_set, with the byte offset where it happened. */
emend_rc err_set_at(emend_error *err, emend_rc code, const char *stage, int64_t pos,
                    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/** "out of memory" in `stage`. */
emend_rc err_nomem(emend_error *err, const char *stage);
void err_clear(emend_error *err);
/** "ok", "out of memory", … : the name of a code for logs. */
const char *err_name(emend_rc code);

#endif
