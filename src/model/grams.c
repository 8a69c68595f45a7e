/* Character 3-grams. See grams.h. */
#include "model/grams.h"

#include <string.h>

#include "base/utf8.h"

/* Bytes of `word` in its first `most` characters. */
static size_t clipped(str word, size_t most) {
  size_t at = 0;
  for (size_t n = 0; at < word.len && n < most; n++) utf8_next(word, &at);
  return at;
}

size_t grams_of(str word, uint32_t buckets, uint16_t out[GRAMS_MAX]) {
  char text[4 * GRAMS_MAX + 2];
  size_t bytes = clipped(word, GRAMS_MAX);
  text[0] = '<';
  if (bytes) memcpy(text + 1, word.ptr, bytes);
  text[bytes + 1] = '>';
  str whole = {text, bytes + 2};

  size_t starts[GRAMS_MAX + 2], chars = 0;
  for (size_t at = 0; at < whole.len; utf8_next(whole, &at)) starts[chars++] = at;
  if (chars < 3) return out[0] = (uint16_t)(str_hash(whole) % buckets), 1;
  for (size_t i = 0; i + 2 < chars; i++) {
    size_t end = i + 3 < chars ? starts[i + 3] : whole.len;
    out[i] = (uint16_t)(str_hash(str_slice(whole, starts[i], end)) % buckets);
  }
  return chars - 2;
}
