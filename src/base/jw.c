/* Writing JSON. See jw.h. */
#include "base/jw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

void jw_begin(jw *w, buf *out) { *w = (jw){.out = out}; }

static void add_quoted(buf *b, str s) {
  buf_add_c(b, '"');
  for (size_t i = 0; i < s.len;) {
    unsigned char c = (unsigned char)s.ptr[i];
    if (c == '"' || c == '\\') {
      buf_add_c(b, '\\');
      buf_add_c(b, (char)c);
      i++;
    } else if (c == '\n') {
      buf_add(b, STR("\\n"));
      i++;
    } else if (c < 0x20 || c == 0x7f) {
      buf_printf(b, "\\u%04x", c);
      i++;
    } else if (c < 0x80) {
      buf_add_c(b, (char)c);
      i++;
    } else {
      char out[4];
      size_t n = utf8_put(utf8_next(s, &i), out);
      buf_add(b, (str){out, n});
    }
  }
  buf_add_c(b, '"');
}

static void lead_in(jw *w, const char *key) {
  if (w->filled[w->depth]) buf_add_c(w->out, ',');
  w->filled[w->depth] = true;
  if (!key) return;
  add_quoted(w->out, str_from(key));
  buf_add_c(w->out, ':');
}

static void open_level(jw *w, const char *key, char bracket) {
  lead_in(w, key);
  buf_add_c(w->out, bracket);
  if (w->depth + 1 >= JW_MAX_DEPTH) {
    w->out->failed = true;
    return;
  }
  w->filled[++w->depth] = false;
}

static void close_level(jw *w, char bracket) {
  buf_add_c(w->out, bracket);
  if (w->depth > 0) w->depth--;
}

void jw_object(jw *w, const char *key) { open_level(w, key, '{'); }
void jw_object_end(jw *w) { close_level(w, '}'); }
void jw_array(jw *w, const char *key) { open_level(w, key, '['); }
void jw_array_end(jw *w) { close_level(w, ']'); }

void jw_str(jw *w, const char *key, str value) {
  lead_in(w, key);
  add_quoted(w->out, value);
}

void jw_text(jw *w, const char *key, const char *value) {
  if (value)
    jw_str(w, key, str_from(value));
  else
    jw_null(w, key);
}

void jw_int(jw *w, const char *key, int64_t value) {
  lead_in(w, key);
  buf_printf(w->out, "%lld", (long long)value);
}

size_t jw_format_real(double value, char out[32]) {
  if (isnan(value) || isinf(value)) {
    const char *name = isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
    return (size_t)snprintf(out, 32, "%s", name);
  }
  int n = 0;
  for (int digits = 15; digits <= 17; digits++) {
    n = snprintf(out, 32, "%.*g", digits, value);
    if (strtod(out, NULL) == value) break;
  }
  if (!strpbrk(out, ".e")) n += snprintf(out + n, 32 - (size_t)n, ".0");
  return (size_t)n;
}

void jw_real(jw *w, const char *key, double value) {
  char text[32];
  size_t n = jw_format_real(value, text);
  if (isfinite(value))
    jw_raw(w, key, (str){text, n});
  else
    jw_str(w, key, (str){text, n});
}

void jw_fixed(jw *w, const char *key, double value, int places) {
  char text[32];
  if (!isfinite(value) || fabs(value) > 1e15) {
    jw_real(w, key, value);
    return;
  }
  int n = snprintf(text, sizeof text, "%.*f", places < 9 ? places : 9, value);
  if (strchr(text, '.')) {
    while (text[n - 1] == '0') n--;
    if (text[n - 1] == '.') n--;
  }
  str digits = {text, (size_t)n};
  jw_raw(w, key, str_eq(digits, STR("-0")) ? STR("0") : digits);
}

void jw_bool(jw *w, const char *key, bool value) {
  jw_raw(w, key, value ? STR("true") : STR("false"));
}

void jw_null(jw *w, const char *key) { jw_raw(w, key, STR("null")); }

void jw_blob(jw *w, const char *key, str bytes) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  lead_in(w, key);
  buf_add(w->out, STR("{\"base64\":\""));
  for (size_t i = 0; i < bytes.len; i += 3) {
    size_t left = bytes.len - i;
    uint32_t v = (uint32_t)(unsigned char)bytes.ptr[i] << 16;
    if (left > 1) v |= (uint32_t)(unsigned char)bytes.ptr[i + 1] << 8;
    if (left > 2) v |= (unsigned char)bytes.ptr[i + 2];
    buf_add_c(w->out, digits[v >> 18]);
    buf_add_c(w->out, digits[(v >> 12) & 63]);
    buf_add_c(w->out, left > 1 ? digits[(v >> 6) & 63] : '=');
    buf_add_c(w->out, left > 2 ? digits[v & 63] : '=');
  }
  buf_add(w->out, STR("\"}"));
}

void jw_raw(jw *w, const char *key, str json) {
  lead_in(w, key);
  buf_add(w->out, json);
}
