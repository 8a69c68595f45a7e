/* UTF-8 decoding after RFC 3629: overlong forms and surrogates are bad. See utf8.h. */
#include "base/utf8.h"

#include <string.h>

static const uint32_t BAD = 0xFFFD;

uint32_t utf8_next(str s, size_t *pos) {
  const unsigned char *p = (const unsigned char *)s.ptr + *pos;
  size_t left = s.len - *pos, n = 0;
  uint32_t c = p[0], least = 0;
  *pos += 1;
  if (c < 0x80) return c;
  if (c >= 0xC2 && c <= 0xDF) n = 1, c &= 0x1F, least = 0x80;
  else if (c >= 0xE0 && c <= 0xEF) n = 2, c &= 0x0F, least = 0x800;
  else if (c >= 0xF0 && c <= 0xF4) n = 3, c &= 0x07, least = 0x10000;
  else return BAD;
  if (left <= n) return BAD;
  for (size_t i = 1; i <= n; i++) {
    if ((p[i] & 0xC0) != 0x80) return BAD;
    c = (c << 6) | (p[i] & 0x3Fu);
  }
  if (c < least || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return BAD;
  *pos += n;
  return c;
}

bool utf8_valid(str s) {
  for (size_t i = 0; i < s.len;) {
    size_t at = i;
    if (utf8_next(s, &i) == BAD && i == at + 1) return false;
  }
  return true;
}

size_t utf8_put(uint32_t c, char out[4]) {
  if (c < 0x80) return out[0] = (char)c, 1;
  if (c < 0x800) {
    out[0] = (char)(0xC0 | c >> 6);
    out[1] = (char)(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = (char)(0xE0 | c >> 12);
    out[1] = (char)(0x80 | (c >> 6 & 0x3F));
    out[2] = (char)(0x80 | (c & 0x3F));
    return 3;
  }
  out[0] = (char)(0xF0 | c >> 18);
  out[1] = (char)(0x80 | (c >> 12 & 0x3F));
  out[2] = (char)(0x80 | (c >> 6 & 0x3F));
  out[3] = (char)(0x80 | (c & 0x3F));
  return 4;
}

str utf8_mend(arena *a, str s) {
  if (s.len > SIZE_MAX / 8) return (str){NULL, 0};
  char *out = arena_alloc(a, s.len * 3 + 1);
  if (!out) return (str){NULL, 0};
  size_t n = 0;
  for (size_t i = 0; i < s.len;) n += utf8_put(utf8_next(s, &i), out + n);
  return (str){out, n};
}

size_t utf8_length(str s) {
  size_t n = 0;
  for (size_t i = 0; i < s.len; n++) utf8_next(s, &i);
  return n;
}
