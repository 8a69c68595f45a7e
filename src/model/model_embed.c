/* A question as a vector, by three views of its words, each of length one before they are joined:
 * the network's word vectors, the same words after the encoder has read them together, and their
 * stems as hashed signs. Measured on Spider (docs/network.md), each alone finds the other wording
 * of a question less often than the three together. See model.h. */
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "model/model_parts.h"
#include "nn/kernels.h"
#include "nn/ops.h"

static const char STAGE[] = "embed";
enum { PART = MODEL_EMBED_DIM / 3 };
static const float STOP_WORD = 0.2f, WORDS = 0.7f, READ = 1.0f, STEMS = 0.7f;

/* The vocabulary stands by frequency, and frequency falls with rank (Zipf): the logarithm of the
 * rank is an inverse document frequency that needs no counts. */
static float weight_of(const model *m, const link_word *w, int32_t id) {
  int32_t rank = id > 0 ? id : network_shape(m->net)->vocab;
  float weight = logf(1.0f + (float)rank);
  return w->flags & LINK_WORD_STOP ? STOP_WORD * weight : weight;
}

/* out [PART] = weight * x / |x|; a network wider than PART is folded. */
static void put_part(const float *x, size_t n, float weight, float *out) {
  for (size_t i = 0; i < n; i++) out[i % PART] += x[i];
  float length = sqrtf(kernel_dot(out, out, PART));
  for (size_t i = 0; length > 0 && i < PART; i++) out[i] *= weight / length;
}

static uint64_t hash_of(str s) {
  uint64_t h = 1469598103934665603u;
  for (size_t i = 0; i < s.len; i++) h = (h ^ (unsigned char)s.ptr[i]) * 1099511628211u;
  return h;
}

/* A stem is four signs at four places, so that two seldom look alike. */
static void add_stem(str stem, float weight, float *x) {
  enum { PLACES = 4 };
  uint64_t h = hash_of(stem);
  for (uint64_t i = 0; i < PLACES; i++) {
    uint64_t z = op_mix(h, i);
    x[(z >> 8) % PART] += z & 1 ? weight : -weight;
  }
}

/* The encoder over the words, without a schema beside them. */
static emend_rc read_words(const model *m, const link_question *q, const model_word *words,
                           arena *a, encoded **out, emend_error *err) {
  link_schema none = {0};
  link_values *values = ARENA_NEW(a, link_values);
  link_result links = {0};
  features f;
  uint8_t *kind = arena_alloc(a, (size_t)q->n);
  uint16_t *flags = ARENA_ARRAY(a, uint16_t, (size_t)q->n);
  int32_t *off = ARENA_ARRAY(a, int32_t, (size_t)q->n + 1);
  if (!values || !kind || !flags || !off ||
      features_build(q, &none, values, &links, a, &f) != EMEND_OK)
    return err_nomem(err, STAGE);
  for (int i = 0; i < q->n; i++) {
    flags[i] = q->words[i].flags;
    off[i + 1] = i + 1;
  }
  model_input in = {q->n, kind, flags, off, words, f.rel};
  return network_encode(m->net, &in, a, out, err);
}

emend_rc model_embed(const model *m, str question, arena *a, float *out, emend_error *err) {
  size_t d = (size_t)network_shape(m->net)->width;
  link_question q;
  encoded *enc;
  memset(out, 0, MODEL_EMBED_DIM * sizeof *out);
  if (link_question_read(question, a, &q) != EMEND_OK) return err_nomem(err, STAGE);
  if (q.n == 0) return EMEND_OK;
  model_word *words = ARENA_ARRAY(a, model_word, (size_t)q.n);
  float *sums = ARENA_ARRAY(a, float, 2 * d + PART);
  if (!words || !sums) return err_nomem(err, STAGE);
  for (int i = 0; i < q.n; i++)
    if (!network_word(m->net, q.words[i].lower, a, &words[i])) return err_nomem(err, STAGE);
  emend_rc rc = read_words(m, &q, words, a, &enc, err);
  if (rc != EMEND_OK) return rc;
  for (int i = 0; i < q.n; i++) {
    float weight = weight_of(m, &q.words[i], words[i].id);
    network_add_word(m->net, &words[i], weight, sums);
    kernel_axpy(weight, enc->memory + (size_t)i * d, sums + d, d);
    add_stem(q.words[i].stem, weight, sums + 2 * d);
  }
  put_part(sums, d, WORDS, out);
  put_part(sums + d, d, READ, out + PART);
  put_part(sums + 2 * d, PART, STEMS, out + 2 * (size_t)PART);
  float length = sqrtf(kernel_dot(out, out, MODEL_EMBED_DIM));
  for (size_t i = 0; length > 0 && i < MODEL_EMBED_DIM; i++) out[i] /= length;
  return EMEND_OK;
}
