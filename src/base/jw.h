/* Writing JSON on one line into a growable text. Commas and escapes are its job;
 * that begin and end match is the caller's. Reading JSON is jansson's. */
#ifndef BASE_JW_H
#define BASE_JW_H

#include "base/str.h"

enum { JW_MAX_DEPTH = 64 };

typedef struct jw {
  buf *out; /* its `failed` tells of exhausted memory or cap */
  int depth;
  bool filled[JW_MAX_DEPTH]; /* something stands at this level already */
} jw;

void jw_begin(jw *w, buf *out);

/** `key` is NULL inside an array and at the top. Past JW_MAX_DEPTH `out` is marked failed. */
void jw_object(jw *w, const char *key);
void jw_object_end(jw *w);
void jw_array(jw *w, const char *key);
void jw_array_end(jw *w);

/** Bad UTF-8 becomes U+FFFD. */
void jw_str(jw *w, const char *key, str value);
/** null when `value` is NULL. */
void jw_text(jw *w, const char *key, const char *value);
void jw_int(jw *w, const char *key, int64_t value);
/** The shortest digits that read back equal; what JSON cannot hold (NaN, infinity) as text. */
void jw_real(jw *w, const char *key, double value);
/** Rounded to `places` digits after the point: for figures such as milliseconds. */
void jw_fixed(jw *w, const char *key, double value, int places);
void jw_bool(jw *w, const char *key, bool value);
void jw_null(jw *w, const char *key);
/** {"base64":"…"} */
void jw_blob(jw *w, const char *key, str bytes);
/** `json` is already JSON. */
void jw_raw(jw *w, const char *key, str json);

/** The shortest text of `value` that reads back equal, with ".0" on whole numbers;
 *  "NaN", "Infinity", "-Infinity". Returns its length; out holds at least 32 bytes. */
size_t jw_format_real(double value, char out[32]);

#endif
