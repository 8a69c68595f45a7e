/* Identifiers and headers as words: snake, camel, CAPS, digits, dots. Does not expand
 * abbreviations. */
#include <utf8proc.h>

#include "base/utf8.h"
#include "text/text.h"

typedef enum char_class { SEPARATOR, DIGIT, LOWER, UPPER } char_class;

/* Letters without case (and marks) count as lower. */
static char_class class_of(uint32_t c) {
  if (c < 0x80) {
    char ch = (char)c;
    if (ascii_is_digit(ch)) return DIGIT;
    if (!ascii_is_alpha(ch)) return SEPARATOR;
    return ch >= 'a' ? LOWER : UPPER;
  }
  utf8proc_category_t k = utf8proc_category((utf8proc_int32_t)c);
  if (k == UTF8PROC_CATEGORY_LU || k == UTF8PROC_CATEGORY_LT) return UPPER;
  if (k >= UTF8PROC_CATEGORY_LL && k <= UTF8PROC_CATEGORY_ME) return LOWER;
  return k == UTF8PROC_CATEGORY_ND ? DIGIT : SEPARATOR;
}

/* "ids" of "IDs", "nd" of "2nd": lower-case letters that end a word and belong to what is
 * before them. */
static bool is_ending(str name, size_t from, char_class before) {
  size_t i = from;
  while (i < name.len && ascii_is_alpha(name.ptr[i]) && name.ptr[i] >= 'a') i++;
  size_t next = i;
  if (next < name.len && class_of(utf8_next(name, &next)) == LOWER) return false;
  str end = str_slice(name, from, i);
  if (before == UPPER) return str_eq(end, STR("s"));
  return str_eq(end, STR("st")) || str_eq(end, STR("nd")) || str_eq(end, STR("rd")) ||
         str_eq(end, STR("th"));
}

/* The end of the word that starts at `from`, which is not a separator. */
static size_t word_end(str name, size_t from) {
  size_t i = from, last = from;
  char_class prev = class_of(utf8_next(name, &i));
  bool only_upper = prev == UPPER;
  size_t letters = 1;
  while (i < name.len) {
    size_t at = i;
    char_class c = class_of(utf8_next(name, &i));
    if (c == SEPARATOR || (c == DIGIT) != (prev == DIGIT)) {
      return prev == DIGIT && c == LOWER && is_ending(name, at, DIGIT) ? at + 2 : at;
    }
    if (c == UPPER && prev == LOWER) return at;
    if (c == LOWER && prev == UPPER && only_upper && letters > 1)
      return is_ending(name, at, UPPER) ? at + 1 : last;
    only_upper = only_upper && c == UPPER;
    letters++;
    last = at;
    prev = c;
  }
  return name.len;
}

int text_split_name(str name, arena *a, str *out, int max) {
  int n = 0;
  for (size_t i = 0; i < name.len && n < max;) {
    size_t from = i;
    if (class_of(utf8_next(name, &i)) == SEPARATOR) continue;
    i = word_end(name, from);
    out[n] = text_fold(a, str_slice(name, from, i));
    if (!out[n].ptr) return -1;
    n++;
  }
  return n;
}
