/* Words that are used alike. See near.h. */
#include "near.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "model/train_vectors.h"
#include "nn/kernels.h"
#include "text/text.h"

/* How many are drawn from, what counts as near, and how much likelier the nearer are: 0.1 nearer,
 * 1.8 times. */
enum { MOST = 12 };
static const float NEAR = 0.5F, SHARPNESS = 6.0F;

typedef struct neighbours {
  int n, word[MOST];
  float cosine[MOST];
} neighbours;

struct near_words {
  arena *mem;
  train_vectors v; /* rows of length 1 */
  map *index;      /* word → its place + 1 */
  map *known;      /* word → neighbours *, of the words that were asked for */
};

static void make_unit(train_vectors *v, float *rows) {
  for (int i = 0; i + 1 < v->n; i++) {
    float *row = rows + (size_t)i * (size_t)v->size;
    float length = sqrtf(kernel_dot(row, row, (size_t)v->size));
    for (int k = 0; k < v->size && length > 0; k++) row[k] /= length;
  }
  v->rows = rows;
}

emend_rc near_open(const char *path, near_words **out, emend_error *err) {
  arena *a = arena_create((size_t)1 << 30);
  near_words *n = a ? ARENA_NEW(a, near_words) : NULL;
  *out = NULL;
  if (!n) return arena_destroy(a), EMEND_ENOMEM;
  n->mem = a;
  n->index = map_create(a, false);
  n->known = map_create(a, false);
  emend_rc rc = train_vectors_read(path, a, &n->v, err);
  size_t count = rc == EMEND_OK ? (size_t)(n->v.n - 1) * (size_t)n->v.size : 0;
  float *rows = ARENA_ARRAY(a, float, count);
  if (rc == EMEND_OK && rows) {
    memcpy(rows, n->v.rows, count * sizeof *rows);
    make_unit(&n->v, rows);
    for (int i = 1; i < n->v.n; i++) map_put(n->index, n->v.words[i], (void *)((uintptr_t)i + 1));
  }
  if (rc == EMEND_OK && arena_failed(a)) rc = EMEND_ENOMEM;
  if (rc != EMEND_OK) return near_close(n), rc;
  *out = n;
  return EMEND_OK;
}

void near_close(near_words *n) {
  if (n) arena_destroy(n->mem);
}

static const float *row_of(const near_words *n, str word) {
  uintptr_t at = n ? (uintptr_t)map_get(n->index, word) : 0;
  return at ? n->v.rows + (size_t)(at - 2) * (size_t)n->v.size : NULL;
}

float near_cosine(const near_words *n, str a, str b) {
  const float *x = row_of(n, a), *y = row_of(n, b);
  return x && y ? kernel_dot(x, y, (size_t)n->v.size) : 1.0F;
}

/* "name" is no other word for "names", nor "surname" for it. */
static bool same_word(str a, str b) {
  str shorter = a.len < b.len ? a : b, longer = a.len < b.len ? b : a;
  size_t stem = shorter.len > 4 ? shorter.len - 1 : shorter.len;
  return strncmp(longer.ptr, shorter.ptr, stem) == 0;
}

static void insert(neighbours *found, int word, float cosine) {
  int at = found->n < MOST ? found->n++ : MOST;
  if (at == MOST && cosine <= found->cosine[--at]) return;
  for (; at > 0 && found->cosine[at - 1] < cosine; at--) {
    found->word[at] = found->word[at - 1];
    found->cosine[at] = found->cosine[at - 1];
  }
  found->word[at] = word;
  found->cosine[at] = cosine;
}

static const neighbours *neighbours_of(near_words *n, str word) {
  neighbours *found = map_get(n->known, word);
  const float *row = row_of(n, word);
  if (found || !row) return found;
  found = ARENA_NEW(n->mem, neighbours);
  str key = arena_str(n->mem, word);
  if (!found || !key.ptr || !map_put(n->known, key, found)) return NULL;
  for (int i = 1; i < n->v.n; i++) {
    float cosine =
        kernel_dot(row, n->v.rows + (size_t)(i - 1) * (size_t)n->v.size, (size_t)n->v.size);
    str other = n->v.words[i];
    if (cosine >= NEAR && !same_word(word, other) && !text_is_stopword(other))
      insert(found, i, cosine);
  }
  return found;
}

str near_random(near_words *n, str word, rng *r) {
  const neighbours *found = n ? neighbours_of(n, word) : NULL;
  double weight[MOST], sum = 0;
  if (!found || found->n == 0) return (str){NULL, 0};
  for (int i = 0; i < found->n; i++) {
    weight[i] = exp(SHARPNESS * (double)(found->cosine[i] - found->cosine[0]));
    sum += weight[i];
  }
  double at = rng_unit(r) * sum;
  int i = 0;
  while (i + 1 < found->n && (at -= weight[i]) > 0) i++;
  return n->v.words[found->word[i]];
}
