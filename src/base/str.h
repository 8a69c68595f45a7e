/* Text as pointer + length, and a growable text buffer with a stated maximum.
 * Views own nothing; a `buf` owns its bytes. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A view of `len` bytes; not NUL-terminated unless said so. {NULL, 0} is the empty text. */
typedef struct str {
  const char *ptr;
  size_t len;
} str;

#define STR(literal) ((str){(literal), sizeof(literal) - 1})
#define STR_ARG(s) (int)(s).len, (s).ptr /* for "%.*s" */

/** View of a C string; NULL gives the empty text. */
str str_from(const char *cstr);
str str_slice(str s, size_t from, size_t to);
str str_trim(str s);
bool str_eq(str a, str b);
/** ASCII case folded; bytes above 127 compare exactly. */
bool str_eq_nocase(str a, str b);
/** Is it, exactly, one of a list that NULL ends? */
bool str_is_any(str s, const char *const *list);
/** "s" after all numbers but one: "%zu row%s". */
const char *str_s(size_t n);
int str_cmp(str a, str b);
int str_cmp_nocase(str a, str b);
bool str_starts(str s, str prefix);
bool str_starts_nocase(str s, str prefix);
bool str_ends(str s, str suffix);
/** Offset of the first `needle` at or after `from`, or SIZE_MAX. */
size_t str_find(str s, str needle, size_t from);
/** FNV-1a, 32 bits. The value is part of the weights' file format: never change it. */
uint32_t str_hash(str s);
uint64_t str_hash64(str s);

char ascii_lower(char c);
char ascii_upper(char c);
bool ascii_is_alpha(char c);
bool ascii_is_digit(char c);
bool str_is_ascii(str s);
bool ascii_is_alnum(char c);
bool ascii_is_space(char c);

/**
 * A growable, always NUL-terminated text. Errors are sticky: after a failed
 * append `failed` is set and later appends do nothing, so check once at the end.
 *
 * Owns: its bytes, until buf_free. Threads: one at a time.
 */
typedef struct buf {
  char *ptr;
  size_t len, cap, max;
  bool failed;
} buf;

void buf_init(buf *b, size_t max_bytes);
void buf_free(buf *b);
void buf_clear(buf *b);
bool buf_add(buf *b, str s);
bool buf_add_c(buf *b, char c);
bool buf_add_cstr(buf *b, const char *s);
bool buf_printf(buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool buf_vprintf(buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
str buf_str(const buf *b);

#endif
