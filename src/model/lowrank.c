/* Low-rank factors over a block of weights. See lowrank.h. */
#include "model/lowrank.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "nn/kernels.h"

/* Attention of encoder and decoder, and everything that points. */
static bool is_changed(const char *name) {
  static const char *const in_layers[] = {"wq", "wk", "wv", "wo", "sq", "sk",
                                          "sv", "so", "cq", "ck", "cv", "co"};
  static const char *const pointers[] = {"out.pq.0", "out.pq.1", "out.pq.2", "out.pk",
                                         "dec.ptr_in"};
  for (size_t i = 0; i < sizeof pointers / sizeof *pointers; i++)
    if (strcmp(name, pointers[i]) == 0) return true;
  const char *last = strrchr(name, '.');
  if (!last || (strncmp(name, "enc.", 4) != 0 && strncmp(name, "dec.", 4) != 0)) return false;
  for (size_t i = 0; i < sizeof in_layers / sizeof *in_layers; i++)
    if (strcmp(last + 1, in_layers[i]) == 0) return true;
  return false;
}

bool lowrank_create(const weights *w, int rank, lowrank *l) {
  *l = (lowrank){.rank = rank};
  l->parts = mem_alloc(w->n_tensors * sizeof *l->parts);
  if (!l->parts) return false;
  for (size_t i = 0; i < w->n_tensors; i++) {
    const weights_tensor *t = &w->tensors[i];
    if (!is_changed(t->name)) continue;
    lowrank_part *p = &l->parts[l->n_parts++];
    *p = (lowrank_part){.of = *t, .b = l->n, .a = l->n + t->rows * (size_t)rank};
    l->n = p->a + t->columns * (size_t)rank;
  }
  l->block = mem_alloc((l->n + 1) * sizeof *l->block);
  if (l->block) return true;
  lowrank_free(l);
  return false;
}

void lowrank_free(lowrank *l) {
  mem_free(l->parts);
  mem_free(l->block);
  *l = (lowrank){0};
}

void lowrank_randomise(lowrank *l, uint64_t seed) {
  rng r;
  rng_seed(&r, seed);
  memset(l->block, 0, l->n * sizeof *l->block);
  for (size_t i = 0; i < l->n_parts; i++) {
    const lowrank_part *p = &l->parts[i];
    double spread = 1 / sqrt((double)p->of.columns);
    for (size_t k = 0; k < p->of.columns * (size_t)l->rank; k++)
      l->block[p->a + k] = (float)(rng_normal(&r) * spread);
  }
}

void lowrank_apply(const lowrank *l, const float *from, float *to) {
  size_t rank = (size_t)l->rank;
  for (size_t i = 0; i < l->n_parts; i++) {
    const lowrank_part *p = &l->parts[i];
    const float *b = l->block + p->b, *a = l->block + p->a;
    size_t columns = p->of.columns, at = p->of.offset;
    if (from != to) memcpy(to + at, from + at, p->of.rows * columns * sizeof *to);
    for (size_t row = 0; row < p->of.rows; row++)
      for (size_t r = 0; r < rank; r++)
        kernel_axpy(b[row * rank + r], a + r * columns, to + at + row * columns, columns);
  }
}

void lowrank_gradient(const lowrank *l, const float *dw, float *d) {
  size_t rank = (size_t)l->rank;
  memset(d, 0, l->n * sizeof *d);
  for (size_t i = 0; i < l->n_parts; i++) {
    const lowrank_part *p = &l->parts[i];
    const float *b = l->block + p->b, *a = l->block + p->a;
    size_t columns = p->of.columns;
    for (size_t row = 0; row < p->of.rows; row++) {
      const float *dw_row = dw + p->of.offset + row * columns;
      for (size_t r = 0; r < rank; r++) {
        d[p->b + row * rank + r] = kernel_dot(dw_row, a + r * columns, columns);
        kernel_axpy(b[row * rank + r], dw_row, d + p->a + r * columns, columns);
      }
    }
  }
}
