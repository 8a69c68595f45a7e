/* Word vectors made elsewhere as a network's words. See train_vectors.h. */
#include "model/train_vectors.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "nn/kernels.h"

static const char STAGE[] = "vectors";
enum { MAX_WORDS = 1 << 20, MAX_SIZE = 4096 };

static emend_rc not_vectors(const char *path, emend_error *err) {
  return err_set(err, EMEND_EFORMAT, STAGE, "%s holds no word vectors", path);
}

static emend_rc read_words(const char *path, json_t *list, size_t n, arena *a, train_vectors *out,
                           emend_error *err) {
  if (!json_is_array(list) || json_array_size(list) != n) return not_vectors(path, err);
  str *words = ARENA_ARRAY(a, str, n + 1);
  if (!words) return err_nomem(err, STAGE);
  words[0] = STR("<unk>");
  for (size_t i = 0; i < n; i++) {
    const json_t *word = json_array_get(list, i);
    if (!json_is_string(word)) return not_vectors(path, err);
    words[i + 1] = arena_str(a, (str){json_string_value(word), json_string_length(word)});
  }
  if (arena_failed(a)) return err_nomem(err, STAGE);
  out->words = words;
  out->n = (int)n + 1;
  return EMEND_OK;
}

static emend_rc read_rows(const char *path, const tensor_file *f, arena *a, train_vectors *out,
                          emend_error *err) {
  const tensor *t = tensor_file_find(f, STR("vectors"));
  if (!t || t->dtype != TENSOR_F32 || t->ndim != 2 || t->dims[0] < 1 || t->dims[0] > MAX_WORDS ||
      t->dims[1] < 1 || t->dims[1] > MAX_SIZE)
    return not_vectors(path, err);
  float *rows = ARENA_ARRAY(a, float, (size_t)t->count);
  if (!rows) return err_nomem(err, STAGE);
  memcpy(rows, t->data, (size_t)t->count * sizeof *rows);
  out->rows = rows;
  out->size = (int)t->dims[1];
  str text = tensor_file_meta(f);
  json_t *meta = json_loadb(text.ptr, text.len, 0, NULL);
  emend_rc rc = read_words(path, json_object_get(meta, "words"), (size_t)t->dims[0], a, out, err);
  json_decref(meta);
  return rc;
}

emend_rc train_vectors_read(const char *path, arena *a, train_vectors *out, emend_error *err) {
  tensor_file *f = NULL;
  *out = (train_vectors){0};
  emend_rc rc = tensor_file_open(path, &f, err);
  if (rc == EMEND_OK) rc = read_rows(path, f, a, out, err);
  tensor_file_close(f);
  return rc;
}

/* [size, width] with orthogonal rows of length one: Gram and Schmidt over random ones. */
static void make_isometry(size_t size, size_t width, uint64_t seed, float *out) {
  rng r;
  rng_seed(&r, seed);
  for (size_t i = 0; i < size; i++) {
    float *row = out + i * width;
    for (size_t j = 0; j < width; j++) row[j] = (float)rng_normal(&r);
    for (size_t k = 0; k < i; k++)
      kernel_axpy(-kernel_dot(row, out + k * width, width), out + k * width, row, width);
    float length = sqrtf(kernel_dot(row, row, width));
    for (size_t j = 0; j < width; j++) row[j] /= length;
  }
}

emend_rc train_vectors_place(const train_vectors *v, uint64_t seed, weights *w, emend_error *err) {
  size_t size = (size_t)v->size, width = (size_t)w->shape.width;
  if (size > width)
    return err_set(err, EMEND_EUSAGE, STAGE, "vectors of %d numbers do not fit a width of %d",
                   v->size, w->shape.width);
  float *isometry = mem_alloc(size * width * sizeof *isometry);
  if (!isometry) return err_nomem(err, STAGE);
  make_isometry(size, width, seed, isometry);
  memset(w->p.emb_word, 0, (size_t)v->n * width * sizeof *w->p.emb_word);
  for (size_t i = 1; i < (size_t)v->n; i++)
    for (size_t k = 0; k < size; k++)
      kernel_axpy(v->rows[(i - 1) * size + k], isometry + k * width, w->p.emb_word + i * width,
                  width);
  mem_free(isometry);
  return EMEND_OK;
}
