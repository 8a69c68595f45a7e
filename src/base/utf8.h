/* UTF-8: decode, validate, mend. No normalisation (that is text/). */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/arena.h"
#include "base/str.h"

/** Decodes the character at s[*pos], advances *pos past it; U+FFFD for a bad byte (which
 *  advances by one). *pos must be below s.len. */
uint32_t utf8_next(str s, size_t *pos);
bool utf8_valid(str s);
/** Writes `c` to out (at most 4 bytes), returns the count. */
size_t utf8_put(uint32_t c, char out[4]);
/** A copy with every bad byte replaced by U+FFFD; {NULL,0} when out of memory. */
str utf8_mend(arena *a, str s);
/** Characters, counting each bad byte as one. */
size_t utf8_length(str s);

#endif
