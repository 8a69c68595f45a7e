/* Case folding, normalisation and stems: utf8proc and Snowball behind arenas.
 * Does not split text into words. */
#include <stdatomic.h>
#include <string.h>

#include <libstemmer.h>
#include <utf8proc.h>

#include "base/utf8.h"
#include "text/text.h"

enum { SHORT_TEXT = 256, LONGEST_STEMMED = 64, SPARE_STEMMERS = 16 };

static const str NONE = {NULL, 0};

static str fold_ascii(arena *a, str s) {
  char *out = arena_alloc(a, s.len + 1);
  if (!out) return NONE;
  for (size_t i = 0; i < s.len; i++) out[i] = ascii_lower(s.ptr[i]);
  return (str){out, s.len};
}

/* Code points of `s` after decomposition; *out is `small` when they fit, else in `a`.
 * -1 when out of memory. One code point decomposes to at most 18, so two passes suffice. */
static utf8proc_ssize_t decompose(arena *a, str s, utf8proc_option_t options,
                                  utf8proc_int32_t small[SHORT_TEXT], utf8proc_int32_t **out) {
  const utf8proc_uint8_t *text = (const utf8proc_uint8_t *)s.ptr;
  utf8proc_ssize_t len = (utf8proc_ssize_t)s.len;
  utf8proc_ssize_t n = utf8proc_decompose(text, len, small, SHORT_TEXT - 1, options);
  *out = small;
  if (n < SHORT_TEXT) return n;
  utf8proc_int32_t *wide = ARENA_ARRAY(a, utf8proc_int32_t, (size_t)n + 1);
  if (!wide) return -1;
  *out = wide;
  return utf8proc_decompose(text, len, wide, n, options);
}

/* The code points as UTF-8 in `a`. utf8proc re-encodes in place and wants room for a NUL. */
static str encode(arena *a, utf8proc_int32_t *points, utf8proc_ssize_t n) {
  n = utf8proc_reencode(points, n, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
  return n < 0 ? NONE : arena_str(a, (str){(const char *)points, (size_t)n});
}

str text_fold(arena *a, str s) {
  if (str_is_ascii(s)) return fold_ascii(a, s);
  utf8proc_int32_t small[SHORT_TEXT], *points;
  if (!utf8_valid(s)) s = utf8_mend(a, s);
  if (!s.ptr) return NONE;
  utf8proc_ssize_t n =
      decompose(a, s, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD,
                small, &points);
  return n < 0 ? NONE : encode(a, points, n);
}

/* Accents, but not the vowel signs that other scripts write as combining marks. */
static bool is_accent(utf8proc_int32_t c) {
  return (c >= 0x300 && c <= 0x36F) || (c >= 0x1AB0 && c <= 0x1AFF) ||
         (c >= 0x1DC0 && c <= 0x1DFF) || (c >= 0x20D0 && c <= 0x20FF) ||
         (c >= 0xFE20 && c <= 0xFE2F);
}

/* Whether `c` only separates: white space, punctuation, controls. "+" and "€" mean something. */
static bool is_separator(utf8proc_int32_t c) {
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      return false;
  }
}

static str normalise_ascii(arena *a, str s) {
  char *out = arena_alloc(a, s.len + 1);
  if (!out) return NONE;
  size_t n = 0;
  for (size_t i = 0; i < s.len; i++) {
    char c = ascii_lower(s.ptr[i]);
    if (ascii_is_alnum(c) || (c && strchr("$+<=>|~", c))) {
      out[n++] = c;
    } else if (n && out[n - 1] != ' ') {
      out[n++] = ' ';
    }
  }
  while (n && out[n - 1] == ' ') n--;
  return (str){out, n};
}

str text_normalise(arena *a, str s) {
  if (str_is_ascii(s)) return normalise_ascii(a, s);
  utf8proc_int32_t small[SHORT_TEXT], *points;
  if (!utf8_valid(s)) s = utf8_mend(a, s);
  if (!s.ptr) return NONE;
  utf8proc_ssize_t n =
      decompose(a, s, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD,
                small, &points);
  if (n < 0) return NONE;
  utf8proc_ssize_t kept = 0;
  for (utf8proc_ssize_t i = 0; i < n; i++) {
    if (is_accent(points[i])) continue;
    if (!is_separator(points[i]))
      points[kept++] = points[i];
    else if (kept && points[kept - 1] != ' ')
      points[kept++] = ' ';
  }
  while (kept && points[kept - 1] == ' ') kept--;
  return encode(a, points, kept);
}

/* ---- stems ---- */

/* A Snowball stemmer serves one thread at a time: a call borrows one and hands it back. */
static _Atomic(struct sb_stemmer *) spare[SPARE_STEMMERS];

static struct sb_stemmer *borrow_stemmer(void) {
  for (int i = 0; i < SPARE_STEMMERS; i++) {
    struct sb_stemmer *s = atomic_exchange(&spare[i], NULL);
    if (s) return s;
  }
  return sb_stemmer_new("english", "UTF_8");
}

static void return_stemmer(struct sb_stemmer *s) {
  for (int i = 0; i < SPARE_STEMMERS; i++) {
    struct sb_stemmer *none = NULL;
    if (atomic_compare_exchange_strong(&spare[i], &none, s)) return;
  }
  sb_stemmer_delete(s);
}

/* At exit, or when a program unloads the library. */
__attribute__((destructor)) static void free_stemmers(void) {
  for (int i = 0; i < SPARE_STEMMERS; i++) sb_stemmer_delete(atomic_exchange(&spare[i], NULL));
}

str text_stem(arena *a, str lower_word) {
  if (lower_word.len == 0 || lower_word.len > LONGEST_STEMMED) return arena_str(a, lower_word);
  struct sb_stemmer *s = borrow_stemmer();
  if (!s) return NONE;
  const sb_symbol *stem =
      sb_stemmer_stem(s, (const sb_symbol *)lower_word.ptr, (int)lower_word.len);
  str out = NONE;
  if (stem) out = arena_str(a, (str){(const char *)stem, (size_t)sb_stemmer_length(s)});
  return_stemmer(s);
  return out;
}
