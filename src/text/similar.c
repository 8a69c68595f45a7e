/* How alike two short texts are: edit distance and 3-grams. ASCII case folded, no memory asked. */
#include <string.h>

#include "text/text.h"

enum { LONGEST = 255 };

static int min_int(int a, int b) { return a < b ? a : b; }

static bool same(char a, char b) { return ascii_lower(a) == ascii_lower(b); }

/* What both begin or end with costs nothing and is cut off. */
static void trim_common(str *a, str *b) {
  while (a->len && b->len && same(a->ptr[0], b->ptr[0])) {
    *a = str_slice(*a, 1, a->len);
    *b = str_slice(*b, 1, b->len);
  }
  while (a->len && b->len && same(a->ptr[a->len - 1], b->ptr[b->len - 1])) {
    a->len--;
    b->len--;
  }
}

/* One row of the table, from the two before it; returns its least entry. Cells farther than
 * `max` from the diagonal stay at `max` + 1. */
static int distance_row(str a, str b, int i, int max, const int *before, const int *last,
                        int *row) {
  int n = (int)b.len, from = i - max > 1 ? i - max : 1, to = i + max < n ? i + max : n;
  int least = row[0] = i;
  if (from > 1) row[from - 1] = max + 1;
  for (int j = from; j <= to; j++) {
    bool equal = same(a.ptr[i - 1], b.ptr[j - 1]);
    int best = last[j - 1] + !equal;
    best = min_int(best, row[j - 1] + 1);
    best = min_int(best, last[j] + 1);
    if (i > 1 && j > 1 && same(a.ptr[i - 1], b.ptr[j - 2]) && same(a.ptr[i - 2], b.ptr[j - 1]))
      best = min_int(best, before[j - 2] + 1);
    row[j] = best;
    least = min_int(least, best);
  }
  if (to < n) row[to + 1] = max + 1;
  return least;
}

int text_edit_distance(str a, str b, int max) {
  trim_common(&a, &b);
  if (max < 0) return 0;
  size_t apart = a.len > b.len ? a.len - b.len : b.len - a.len;
  if (apart > (size_t)max) return max + 1;
  if (a.len == 0 || b.len == 0) return (int)apart;
  if (a.len > LONGEST || b.len > LONGEST) return max + 1;
  if (max > LONGEST) max = LONGEST;
  int rows[3][LONGEST + 2], *before = rows[0], *last = rows[1], *row = rows[2];
  for (int j = 0; j <= (int)b.len + 1; j++) before[j] = last[j] = row[j] = min_int(j, max + 1);
  for (int i = 1; i <= (int)a.len; i++) {
    if (distance_row(a, b, i, max, before, last, row) > max) return max + 1;
    int *oldest = before;
    before = last;
    last = row;
    row = oldest;
  }
  return min_int(last[b.len], max + 1);
}

/* The distinct 3-grams of "  text ", in ascending order; at most LONGEST + 1. */
static int trigrams(str s, uint32_t out[LONGEST + 1]) {
  int n = 0;
  uint32_t gram = ' ' << 8 | ' ';
  size_t len = s.len < LONGEST ? s.len : LONGEST;
  for (size_t i = 0; i <= len; i++) {
    unsigned char c = i < len ? (unsigned char)ascii_lower(s.ptr[i]) : ' ';
    gram = (gram << 8 | c) & 0xFFFFFF;
    int at = n;
    while (at > 0 && out[at - 1] > gram) at--;
    if (at > 0 && out[at - 1] == gram) continue;
    memmove(&out[at + 1], &out[at], (size_t)(n - at) * sizeof *out);
    out[at] = gram;
    n++;
  }
  return n;
}

double text_trigram_similarity(str a, str b) {
  if (a.len == 0 || b.len == 0) return a.len == b.len ? 1 : 0;
  uint32_t x[LONGEST + 1], y[LONGEST + 1];
  int nx = trigrams(a, x), ny = trigrams(b, y), shared = 0;
  for (int i = 0, j = 0; i < nx && j < ny;) {
    if (x[i] == y[j])
      shared++, i++, j++;
    else if (x[i] < y[j])
      i++;
    else
      j++;
  }
  return (double)shared / (double)(nx + ny - shared);
}
