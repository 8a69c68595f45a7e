/* Fuzz: any bytes as a question, an identifier and a stored value. Words lie in order inside the
 * question, and so do periods; folded text is valid UTF-8, and normalising twice changes nothing.
 */
#include <stdlib.h>

#include "base/utf8.h"
#include "text/period.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good) {
  if (!good) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  str s = {(const char *)data, size}, names[12];
  text_words words;
  arena *a = arena_create((size_t)1 << 28);
  if (!a) return 0;
  must(text_tokenize(s, a, &words));
  for (size_t i = 0; i < words.len; i++) {
    const text_word *w = &words.items[i];
    must(w->from < w->to && w->to <= size && (i == 0 || w->from >= words.items[i - 1].to));
    must(w->raw.ptr == s.ptr + w->from && w->raw.len == w->to - w->from);
    must(utf8_valid(w->lower) && utf8_valid(w->stem));
  }
  text_period periods[TEXT_MAX_PERIODS];
  int found = text_periods(&words, INT64_C(1750000000), periods);
  for (int i = 0; i < found; i++) {
    const text_period *p = &periods[i];
    must(p->n_words > 0 && p->word + p->n_words <= words.len && (p->from || p->to));
    must(!p->to || p->from <= p->to || p->part);
    must(i == 0 || p->word >= p[-1].word + p[-1].n_words);
  }
  int n = text_split_name(s, a, names, 12);
  must(n >= 0 && n <= 12);
  for (int i = 0; i < n; i++) must(names[i].len > 0 && utf8_valid(names[i]));
  str once = text_normalise(a, s), twice = text_normalise(a, once);
  must(utf8_valid(once) && str_eq(once, twice));
  must(text_edit_distance(s, once, 10) == text_edit_distance(once, s, 10));
  double like = text_trigram_similarity(s, once);
  must(like >= 0 && like <= 1);
  arena_destroy(a);
  return 0;
}
