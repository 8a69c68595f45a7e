/* Layout, reading and writing of the network's parameters. See weights.h. */
#define _DEFAULT_SOURCE
#include "model/weights.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "model/ir.h"

enum { ARENA_CAP = 256 << 20, I8_MIN_COLUMNS = 64, FORMAT = 1 };
static const char STAGE[] = "weights";

/* ---- layout ---- */

static bool shape_ok(const weights_shape *s) {
  return s->width >= 1 && s->width <= 4096 && s->heads >= 1 && s->heads <= s->width &&
         s->width % s->heads == 0 && s->enc >= 1 && s->enc <= WEIGHTS_MAX_LAYERS && s->dec >= 1 &&
         s->dec <= WEIGHTS_MAX_LAYERS && s->ff >= 1 && s->ff <= 16384 && s->vocab >= 1 &&
         s->vocab <= 1 << 20 && s->grams >= 1 && s->grams <= 65536 && s->relations >= 1 &&
         s->relations <= 256 && s->tokens >= 1 && s->tokens <= 4096 && s->states >= 1 &&
         s->states <= 256;
}

enum { MODEL_TENSORS = 25, ENC_TENSORS = 19, DEC_TENSORS = 26 };

static void add_tensor(weights *w, const char *prefix, const char *name, int rows, int columns) {
  weights_tensor *t = &w->tensors[w->n_tensors++];
  snprintf(t->name, sizeof t->name, "%s%s", prefix, name);
  t->ndim = columns ? 2 : 1;
  t->rows = (size_t)rows;
  t->columns = columns ? (size_t)columns : 1;
  t->offset = w->n;
  w->n += (t->rows * t->columns + 15) / 16 * 16; /* each begins on a cache line */
}

#define D (s->width)
#define FF (s->ff)
#define DH (s->width / s->heads)
#define H (s->heads)

static void lay_out(weights *w) {
  const weights_shape *s = &w->shape;
  char prefix[12];
#define MODEL_TENSOR(field, name, rows, columns) add_tensor(w, "", name, rows, columns);
#include "model/weights.def"
  for (int l = 0; l < s->enc; l++) {
    snprintf(prefix, sizeof prefix, "enc.%hhu.", (unsigned char)l);
#define ENC_TENSOR(field, name, rows, columns) add_tensor(w, prefix, name, rows, columns);
#include "model/weights.def"
  }
  for (int l = 0; l < s->dec; l++) {
    snprintf(prefix, sizeof prefix, "dec.%hhu.", (unsigned char)l);
#define DEC_TENSOR(field, name, rows, columns) add_tensor(w, prefix, name, rows, columns);
#include "model/weights.def"
  }
}

#undef D
#undef FF
#undef DH
#undef H

void weights_bind(const weights *w, float *block, weights_view *out) {
  const weights_tensor *t = w->tensors;
#define MODEL_TENSOR(field, name, rows, columns) out->field = block + (t++)->offset;
#include "model/weights.def"
  for (int l = 0; l < w->shape.enc; l++) {
#define ENC_TENSOR(field, name, rows, columns) out->enc[l].field = block + (t++)->offset;
#include "model/weights.def"
  }
  for (int l = 0; l < w->shape.dec; l++) {
#define DEC_TENSOR(field, name, rows, columns) out->dec[l].field = block + (t++)->offset;
#include "model/weights.def"
  }
}

static emend_rc take_words(weights *w, const str *words, emend_error *err) {
  size_t n = (size_t)w->shape.vocab;
  w->words = ARENA_ARRAY(w->mem, str, n);
  w->ids = map_create(w->mem, false);
  if (!w->words || !w->ids) return err_nomem(err, STAGE);
  for (size_t i = 0; i < n; i++) {
    w->words[i] = arena_str(w->mem, words[i]);
    if (!w->words[i].ptr) return err_nomem(err, STAGE);
    if (i > 0 && !map_put(w->ids, w->words[i], &w->words[i])) return err_nomem(err, STAGE);
  }
  return EMEND_OK;
}

/* All but the block. */
static emend_rc describe(const weights_shape *shape, const str *words, weights **out,
                         emend_error *err) {
  if (!shape_ok(shape)) return err_set(err, EMEND_EUSAGE, STAGE, "impossible network shape");
  weights *w = mem_alloc(sizeof *w);
  if (!w) return err_nomem(err, STAGE);
  w->shape = *shape;
  w->ir_version = IR_VERSION;
  size_t most = MODEL_TENSORS + (size_t)shape->enc * ENC_TENSORS + (size_t)shape->dec * DEC_TENSORS;
  w->mem = arena_create(ARENA_CAP);
  w->tensors = w->mem ? ARENA_ARRAY(w->mem, weights_tensor, most) : NULL;
  emend_rc rc = w->tensors ? take_words(w, words, err) : err_nomem(err, STAGE);
  if (rc != EMEND_OK) {
    weights_free(w);
    return rc;
  }
  lay_out(w);
  *out = w;
  return EMEND_OK;
}

/* Large pages, where the system has them, halve the time that loading takes. */
static emend_rc make_block(weights *w, emend_error *err) {
  const size_t size = w->n * sizeof *w->block, page = (size_t)2 << 20;
  const size_t align = size > 4 * page ? page : 64;
  w->memory = mem_alloc(size + align);
  if (!w->memory) return err_nomem(err, STAGE);
  char *at = w->memory;
  at += (align - (uintptr_t)at % align) % align;
  w->block = (float *)(void *)at;
#ifdef MADV_HUGEPAGE
  if (align == page) (void)madvise(at, size / page * page, MADV_HUGEPAGE);
#endif
  weights_bind(w, w->block, &w->p);
  return EMEND_OK;
}

emend_rc weights_create(const weights_shape *shape, const str *words, weights **out,
                        emend_error *err) {
  weights *w = NULL;
  *out = NULL;
  emend_rc rc = describe(shape, words, &w, err);
  if (rc == EMEND_OK) rc = make_block(w, err);
  if (rc == EMEND_OK)
    *out = w;
  else
    weights_free(w);
  return rc;
}

void weights_free(weights *w) {
  if (!w) return;
  mem_free(w->memory);
  arena_destroy(w->mem);
  mem_free(w);
}

int32_t weights_word(const weights *w, str word) {
  const str *at = map_get(w->ids, word);
  return at ? (int32_t)(at - w->words) : 0;
}

/* ---- a random start ---- */

static bool ends(const char *name, const char *suffix) {
  return str_ends(str_from(name), str_from(suffix));
}

/* Standard deviation of a normal start; 0: not normal. */
static double normal_start(const weights_tensor *t, int width) {
  static const struct {
    const char *name;
    double by_width, fixed;
  } table[] = {{"emb.word", 1, 0}, {"emb.gram", 2, 0},     {"emb.kind", 1, 0},
               {"emb.flag", 1, 0}, {"dec.tok", 0, .3},     {"dec.state", 0, .3},
               {"dec.pos", 0, .1}, {"dec.ptr_kind", 0, .3}};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (strcmp(t->name, table[i].name) == 0)
      return table[i].fixed + table[i].by_width / sqrt((double)width);
  return ends(t->name, ".rk") || ends(t->name, ".rv") ? 0.1 : 0;
}

void weights_randomise(weights *w, uint64_t seed) {
  rng r;
  rng_seed(&r, seed);
  for (size_t i = 0; i < w->n_tensors; i++) {
    const weights_tensor *t = &w->tensors[i];
    float *x = w->block + t->offset;
    size_t n = t->rows * t->columns;
    double normal = normal_start(t, w->shape.width);
    double bound = sqrt(6.0 / (double)(t->rows + t->columns));
    for (size_t j = 0; j < n; j++) {
      if (normal > 0)
        x[j] = (float)(normal * rng_normal(&r));
      else if (t->ndim == 2 && !ends(t->name, ".rb"))
        x[j] = (float)((rng_unit(&r) * 2 - 1) * bound);
      else
        x[j] = ends(t->name, ".g") ? 1.0f : 0.0f;
    }
  }
}

/* ---- reading ---- */

/* The field as an int, or -1: no shape is that. */
static int meta_int(const json_t *meta, const char *key) {
  const json_t *v = json_object_get(meta, key);
  json_int_t n = json_is_integer(v) ? json_integer_value(v) : -1;
  return n >= 0 && n <= INT32_MAX ? (int)n : -1;
}

static str json_text(const json_t *v) {
  return json_is_string(v) ? (str){json_string_value(v), json_string_length(v)} : (str){NULL, 0};
}

static emend_rc read_vocab(const json_t *list, str **words, int *n, emend_error *err) {
  size_t len = json_is_array(list) ? json_array_size(list) : 0;
  if (len == 0 || len > 1 << 20)
    return err_set(err, EMEND_EFORMAT, STAGE, "the weights have no vocabulary");
  *words = mem_alloc(len * sizeof **words);
  if (!*words) return err_nomem(err, STAGE);
  *n = (int)len;
  for (size_t i = 0; i < len; i++) (*words)[i] = json_text(json_array_get(list, i));
  return EMEND_OK;
}

/* The text of `v` ("{}" when it is absent) in `a`. */
static str keep_json(arena *a, const json_t *v) {
  size_t len = v ? json_dumpb(v, NULL, 0, JSON_COMPACT) : 0;
  if (len == 0) return arena_str(a, STR("{}"));
  char *text = arena_alloc(a, len + 1);
  if (!text) return (str){NULL, 0};
  return (str){text, json_dumpb(v, text, len, JSON_COMPACT)};
}

static emend_rc read_meta(const json_t *meta, weights **out, emend_error *err) {
  if (meta_int(meta, "format") > FORMAT)
    return err_set(err, EMEND_EVERSION, STAGE,
                   "these weights have format %d; this program reads format %d",
                   meta_int(meta, "format"), FORMAT);
  weights_shape s = {
      .width = meta_int(meta, "d"),
      .heads = meta_int(meta, "heads"),
      .enc = meta_int(meta, "enc"),
      .dec = meta_int(meta, "dec"),
      .ff = meta_int(meta, "ff"),
      .grams = meta_int(meta, "n_grams"),
      .relations = meta_int(meta, "n_relations"),
      .tokens = meta_int(meta, "n_tokens"),
      .states = meta_int(meta, "n_states"),
  };
  str *words = NULL;
  emend_rc rc = read_vocab(json_object_get(meta, "vocab"), &words, &s.vocab, err);
  if (rc == EMEND_OK) rc = describe(&s, words, out, err);
  mem_free(words);
  if (rc != EMEND_OK)
    return rc == EMEND_EUSAGE ? err_set(err, EMEND_EFORMAT, STAGE, "impossible network shape") : rc;

  weights *w = *out;
  w->ir_version = meta_int(meta, "ir_version");
  w->name = arena_str(w->mem, json_text(json_object_get(meta, "name")));
  w->training = keep_json(w->mem, json_object_get(meta, "training"));
  return w->name.ptr && w->training.ptr ? EMEND_OK : err_nomem(err, STAGE);
}

static bool fits(const tensor *t, const weights_tensor *want) {
  return t->ndim == want->ndim && t->dims[0] == want->rows &&
         (t->ndim == 1 || t->dims[1] == want->columns);
}

/* The tensor that the file has for `want`; NULL, with the error, when it has none that fits. */
static const tensor *find_tensor(const tensor_file *f, const char *prefix,
                                 const weights_tensor *want, emend_error *err) {
  char name[64];
  int len = snprintf(name, sizeof name, "%s%s", prefix, want->name);
  const tensor *t = len < 64 ? tensor_file_find(f, (str){name, (size_t)len}) : NULL;
  if (t && fits(t, want)) return t;
  err_set(err, EMEND_EFORMAT, STAGE, "tensor \"%s%s\" is missing or has another shape", prefix,
          want->name);
  return NULL;
}

emend_rc weights_read_block(const weights *w, const tensor_file *f, const char *prefix,
                            float *block, emend_error *err) {
  for (size_t i = 0; i < w->n_tensors; i++) {
    const tensor *t = find_tensor(f, prefix, &w->tensors[i], err);
    if (!t) return EMEND_EFORMAT;
    if (!tensor_to_f32(t, block + w->tensors[i].offset))
      return err_set(err, EMEND_EFORMAT, STAGE, "tensor \"%s%s\" holds no numbers of a network",
                     prefix, w->tensors[i].name);
  }
  return EMEND_OK;
}

static emend_rc read_all(const tensor_file *f, const json_t *meta, const char *prefix,
                         weights **out, emend_error *err) {
  weights *w = NULL;
  emend_rc rc = read_meta(meta, &w, err);
  /* The tensors first: their sizes bound what the text may claim and we allocate. */
  for (size_t i = 0; rc == EMEND_OK && i < w->n_tensors; i++)
    if (!find_tensor(f, prefix, &w->tensors[i], err)) rc = EMEND_EFORMAT;
  if (rc == EMEND_OK) rc = make_block(w, err);
  if (rc == EMEND_OK) rc = weights_read_block(w, f, prefix, w->block, err);
  if (rc == EMEND_OK) w->checksum = tensor_file_checksum(f);
  if (rc == EMEND_OK)
    *out = w;
  else
    weights_free(w);
  return rc;
}

emend_rc weights_read(const tensor_file *f, str meta, const char *prefix, weights **out,
                      emend_error *err) {
  *out = NULL;
  json_t *json = json_loadb(meta.ptr, meta.len, 0, NULL);
  emend_rc rc = read_all(f, json, prefix, out, err);
  json_decref(json);
  return rc;
}

emend_rc weights_load(const char *path, weights **out, emend_error *err) {
  *out = NULL;
  tensor_file *f = NULL;
  json_t *meta = NULL;
  emend_rc rc = tensor_file_open(path, &f, err);
  if (rc != EMEND_OK) return rc;
  meta = json_loadb(tensor_file_meta(f).ptr, tensor_file_meta(f).len, 0, NULL);
  if (!str_eq(json_text(json_object_get(meta, "kind")), STR("weights")))
    rc = err_set(err, EMEND_EFORMAT, STAGE, "%s does not hold weights", path);
  else
    rc = read_all(f, meta, "", out, err);
  json_decref(meta);
  tensor_file_close(f);
  return rc;
}

/* ---- writing ---- */

static int append(const char *bytes, size_t n, void *out) {
  return buf_add(out, (str){bytes, n}) ? 0 : -1;
}

static json_t *vocab_json(const weights *w) {
  json_t *list = json_array();
  for (int i = 0; list && i < w->shape.vocab; i++)
    json_array_append_new(list, json_stringn(w->words[i].ptr, w->words[i].len));
  return list;
}

bool weights_meta(const weights *w, buf *out) {
  const weights_shape *s = &w->shape;
  str training = w->training.len ? w->training : STR("{}");
  json_t *meta = json_pack(
      "{s:s,s:i,s:s%,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:o,s:o}", "kind", "weights", "format",
      FORMAT, "name", w->name.ptr ? w->name.ptr : "", w->name.len, "ir_version", w->ir_version, "d",
      s->width, "heads", s->heads, "enc", s->enc, "dec", s->dec, "ff", s->ff, "n_relations",
      s->relations, "n_tokens", s->tokens, "n_states", s->states, "n_grams", s->grams, "training",
      json_loadb(training.ptr, training.len, 0, NULL), "vocab", vocab_json(w));
  bool ok = meta && json_dump_callback(meta, append, out, JSON_COMPACT) == 0;
  json_decref(meta);
  return ok && !out->failed;
}

/* i8 rows and their scales, one after another in *bytes (freed by the caller). */
static emend_rc quantise_all(const weights *w, const float *block, tensor *out, void **bytes,
                             emend_error *err) {
  size_t size = 0;
  for (size_t i = 0; i < w->n_tensors; i++)
    size += (w->tensors[i].columns + 8) * w->tensors[i].rows + 64;
  unsigned char *at = *bytes = mem_alloc(size);
  if (!at) return err_nomem(err, STAGE);
  for (size_t i = 0; i < w->n_tensors; i++) {
    const weights_tensor *t = &w->tensors[i];
    out[i] = (tensor){str_from(t->name), TENSOR_F32, t->ndim, {t->rows, t->columns}, 0,
                      block + t->offset, NULL};
    if (t->ndim != 2 || t->columns < I8_MIN_COLUMNS) continue;
    float *scales = (float *)(void *)at;
    int8_t *q = (int8_t *)(scales + t->rows);
    tensor_quantise(block + t->offset, t->rows, t->columns, q, scales);
    out[i].dtype = TENSOR_I8;
    out[i].data = q;
    out[i].scales = scales;
    at += (t->rows * (t->columns + sizeof *scales) + 15) / 16 * 16;
  }
  return EMEND_OK;
}

emend_rc weights_export(const weights *w, const float *block, const char *path, emend_error *err) {
  buf meta;
  void *bytes = NULL;
  buf_init(&meta, 64 << 20);
  tensor *tensors = mem_alloc(w->n_tensors * sizeof *tensors);
  emend_rc rc = EMEND_OK;
  if (!tensors || !weights_meta(w, &meta)) rc = err_nomem(err, STAGE);
  if (rc == EMEND_OK) rc = quantise_all(w, block ? block : w->block, tensors, &bytes, err);
  if (rc == EMEND_OK) rc = tensor_file_write(path, buf_str(&meta), tensors, w->n_tensors, err);
  mem_free(bytes);
  mem_free(tensors);
  buf_free(&meta);
  return rc;
}
