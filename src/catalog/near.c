/* Stored values that a word may mean without being spelt so: "Asian" for Asia, one typing error.
 * Keys of the value index in order, so that what starts alike is found by halving. */
#include <stdlib.h>

#include "catalog/build.h"
#include "text/text.h"

enum { PREFIX = 3, SHORTEST = 4, LONGEST = 40, MOST_TRIED = 400 };

static int by_key(const void *x, const void *y) {
  return str_cmp(*(const str *)x, *(const str *)y);
}

bool catalog_sort_values(catalog *c) {
  if (!c->values) return true;
  c->sorted = ARENA_ARRAY(c->mem, str, map_len(c->values));
  if (!c->sorted) return false;
  for (size_t i = 0; i < map_len(c->values); i++) {
    str key = map_at(c->values, i)->key;
    if (key.len >= SHORTEST && key.len <= LONGEST) c->sorted[c->n_sorted++] = key;
  }
  if (c->n_sorted) qsort(c->sorted, c->n_sorted, sizeof *c->sorted, by_key);
  return true;
}

/* "asian" of "asia", "italian" of "italy", "japanese" of "japan": a name and who belongs to it. */
static bool is_demonym(str word, str name) {
  static const str ENDINGS[] = {{"n", 1},   {"an", 2},  {"ian", 3}, {"ean", 3},
                                {"ese", 3}, {"ish", 3}, {"i", 1},   {"ic", 2}};
  char last = name.ptr[name.len - 1];
  size_t stems[2] = {name.len, name.len - 1};
  bool vowel = last == 'a' || last == 'e' || last == 'o' || last == 'y';
  for (int s = 0; s < (vowel ? 2 : 1); s++) {
    str stem = str_slice(name, 0, stems[s]);
    if (stem.len < PREFIX || !str_starts(word, stem)) continue;
    str rest = str_slice(word, stem.len, word.len);
    for (size_t i = 0; i < sizeof ENDINGS / sizeof *ENDINGS; i++)
      if (str_eq(rest, ENDINGS[i])) return true;
  }
  return false;
}

/* One digit more or less is another day, another number: no typing error. */
static bool same_digits(str x, str y) {
  size_t i = 0, k = 0;
  for (;;) {
    while (i < x.len && !ascii_is_digit(x.ptr[i])) i++;
    while (k < y.len && !ascii_is_digit(y.ptr[k])) k++;
    if (i == x.len || k == y.len) return i == x.len && k == y.len;
    if (x.ptr[i++] != y.ptr[k++]) return false;
  }
}

static int distance(str word, str key) {
  int most = word.len >= 8 ? 2 : word.len >= 6 ? 1 : 0;
  size_t gap = word.len > key.len ? word.len - key.len : key.len - word.len;
  if (is_demonym(word, key)) return 0;
  if (most == 0 || gap > (size_t)most || !same_digits(word, key)) return -1;
  int d = text_edit_distance(word, key, most);
  return d <= most ? d : -1;
}

const cat_value *catalog_value_near(const catalog *c, str text) {
  arena *a = arena_create(text.len * 32 + 4096);
  str word = a ? text_normalise(a, text) : (str){0};
  const cat_value *found = NULL;
  int best = 3;
  if (c->sorted && word.len >= SHORTEST && word.len <= LONGEST) {
    str head = str_slice(word, 0, PREFIX);
    size_t lo = 0, hi = c->n_sorted;
    while (lo < hi) {
      size_t mid = lo + (hi - lo) / 2;
      if (str_cmp(c->sorted[mid], head) < 0)
        lo = mid + 1;
      else
        hi = mid;
    }
    for (size_t i = lo; i < c->n_sorted && i < lo + MOST_TRIED; i++) {
      if (!str_starts(c->sorted[i], head)) break;
      int d = distance(word, c->sorted[i]);
      if (d < 0 || d >= best) continue;
      best = d;
      found = map_get(c->values, c->sorted[i]);
    }
  }
  arena_destroy(a);
  return found;
}
