/* Text views and the growable buffer. See str.h. */
#include "base/str.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

str str_from(const char *cstr) { return cstr ? (str){cstr, strlen(cstr)} : (str){NULL, 0}; }

str str_slice(str s, size_t from, size_t to) {
  if (to > s.len) to = s.len;
  if (from >= to) return (str){NULL, 0};
  return (str){s.ptr + from, to - from};
}

str str_trim(str s) {
  while (s.len && ascii_is_space(s.ptr[0])) s.ptr++, s.len--;
  while (s.len && ascii_is_space(s.ptr[s.len - 1])) s.len--;
  return s;
}

bool str_eq(str a, str b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_eq_nocase(str a, str b) { return a.len == b.len && str_cmp_nocase(a, b) == 0; }

bool str_is_any(str s, const char *const *list) {
  for (; *list; list++)
    if (str_eq(s, str_from(*list))) return true;
  return false;
}

const char *str_s(size_t n) { return n == 1 ? "" : "s"; }

int str_cmp(str a, str b) {
  size_t n = a.len < b.len ? a.len : b.len;
  int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
  if (c) return c;
  return a.len < b.len ? -1 : a.len > b.len;
}

int str_cmp_nocase(str a, str b) {
  size_t n = a.len < b.len ? a.len : b.len;
  for (size_t i = 0; i < n; i++) {
    int x = (unsigned char)ascii_lower(a.ptr[i]), y = (unsigned char)ascii_lower(b.ptr[i]);
    if (x != y) return x - y;
  }
  return a.len < b.len ? -1 : a.len > b.len;
}

bool str_starts(str s, str prefix) {
  return s.len >= prefix.len && str_eq((str){s.ptr, prefix.len}, prefix);
}

bool str_starts_nocase(str s, str prefix) {
  return s.len >= prefix.len && str_eq_nocase((str){s.ptr, prefix.len}, prefix);
}

bool str_ends(str s, str suffix) {
  return s.len >= suffix.len && str_eq((str){s.ptr + (s.len - suffix.len), suffix.len}, suffix);
}

size_t str_find(str s, str needle, size_t from) {
  if (needle.len == 0) return from <= s.len ? from : SIZE_MAX;
  for (size_t i = from; i + needle.len <= s.len; i++) {
    const char *p = memchr(s.ptr + i, needle.ptr[0], s.len - needle.len - i + 1);
    if (!p) return SIZE_MAX;
    i = (size_t)(p - s.ptr);
    if (memcmp(p, needle.ptr, needle.len) == 0) return i;
  }
  return SIZE_MAX;
}

uint32_t str_hash(str s) {
  uint32_t h = 2166136261u;
  for (size_t i = 0; i < s.len; i++) h = (h ^ (unsigned char)s.ptr[i]) * 16777619u;
  return h;
}

uint64_t str_hash64(str s) {
  uint64_t h = 14695981039346656037u;
  for (size_t i = 0; i < s.len; i++) h = (h ^ (unsigned char)s.ptr[i]) * 1099511628211u;
  return h;
}

char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }
char ascii_upper(char c) { return c >= 'a' && c <= 'z' ? (char)(c - 32) : c; }
bool ascii_is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool ascii_is_digit(char c) { return c >= '0' && c <= '9'; }
bool ascii_is_alnum(char c) { return ascii_is_alpha(c) || ascii_is_digit(c); }
bool ascii_is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

bool str_is_ascii(str s) {
  unsigned char any = 0;
  for (size_t i = 0; i < s.len; i++) any |= (unsigned char)s.ptr[i];
  return any < 0x80;
}

void buf_init(buf *b, size_t max_bytes) { *b = (buf){.max = max_bytes}; }

void buf_free(buf *b) {
  mem_free(b->ptr);
  *b = (buf){.max = b->max};
}

void buf_clear(buf *b) {
  b->len = 0;
  b->failed = false;
  if (b->ptr) b->ptr[0] = 0;
}

static bool reserve(buf *b, size_t extra) {
  if (b->failed) return false;
  if (extra > b->max || b->len > b->max - extra) return b->failed = true, false;
  size_t need = b->len + extra + 1;
  if (need <= b->cap) return true;
  size_t cap = b->cap ? b->cap * 2 : 64;
  if (cap < need) cap = need;
  char *p = mem_realloc(b->ptr, cap);
  if (!p) return b->failed = true, false;
  b->ptr = p;
  b->cap = cap;
  return true;
}

bool buf_add(buf *b, str s) {
  if (!reserve(b, s.len)) return false;
  if (s.len) memcpy(b->ptr + b->len, s.ptr, s.len);
  b->len += s.len;
  b->ptr[b->len] = 0;
  return true;
}

bool buf_add_c(buf *b, char c) { return buf_add(b, (str){&c, 1}); }
bool buf_add_cstr(buf *b, const char *s) { return buf_add(b, str_from(s)); }

bool buf_vprintf(buf *b, const char *fmt, va_list ap) {
  va_list again;
  va_copy(again, ap);
  int n = vsnprintf(NULL, 0, fmt, ap);
  bool ok = n >= 0 && reserve(b, (size_t)n);
  if (ok) {
    vsnprintf(b->ptr + b->len, (size_t)n + 1, fmt, again);
    b->len += (size_t)n;
  }
  va_end(again);
  return ok;
}

bool buf_printf(buf *b, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  bool ok = buf_vprintf(b, fmt, ap);
  va_end(ap);
  return ok;
}

str buf_str(const buf *b) { return (str){b->ptr ? b->ptr : "", b->len}; }
