/* The network's parameters: one block of floats, named tensors in it, and the vocabulary.
 * Gradients and averages are further blocks of the same layout. Computes nothing. */
#ifndef MODEL_WEIGHTS_H
#define MODEL_WEIGHTS_H

#include "base/map.h"
#include "nn/tensor_file.h"

enum {
  WEIGHTS_MAX_LAYERS = 16,
  WEIGHTS_MAX_STEPS = 64, /* rows of dec.pos */
  WEIGHTS_ROLES = 8,
  WEIGHTS_FLAGS = 16, /* for each kind of node */
};

typedef struct weights_shape {
  int width, heads, enc, dec, ff; /* layers of encoder and decoder; inner width */
  int vocab, grams, relations, tokens, states;
} weights_shape;

/* Where each tensor is in one block. */
typedef struct enc_view {
#define ENC_TENSOR(field, name, rows, columns) float *field;
#include "model/weights.def"
} enc_view;
typedef struct dec_view {
#define DEC_TENSOR(field, name, rows, columns) float *field;
#include "model/weights.def"
} dec_view;
typedef struct weights_view {
  float *emb_word, *emb_gram, *emb_kind, *emb_flag, *emb_ln_g, *emb_ln_b;
  float *enc_ln_g, *enc_ln_b, *used_w, *used_b, *role_w, *role_b;
  float *dec_tok, *dec_ptr_in, *dec_ptr_kind, *dec_state, *dec_pos, *dec_ln_g, *dec_ln_b;
  float *out_tok_w, *out_tok_b, *out_pq[3], *out_pk;
  enc_view enc[WEIGHTS_MAX_LAYERS];
  dec_view dec[WEIGHTS_MAX_LAYERS];
} weights_view;

typedef struct weights_tensor {
  char name[24];
  int ndim;                     /* 1 or 2 */
  size_t rows, columns, offset; /* columns 1 when ndim is 1; offset in floats */
} weights_tensor;

typedef struct weights {
  weights_shape shape;
  weights_tensor *tensors;
  size_t n_tensors;
  size_t n;       /* floats in a block */
  float *block;   /* on a cache line's beginning */
  weights_view p; /* into block */
  str *words;     /* the vocabulary: shape.vocab of them, "<unk>" first */
  map *ids;       /* word → &words[id] */
  str name;       /* "emend-m1" */
  str training;   /* JSON: how it was trained */
  int ir_version;
  uint64_t checksum; /* of the file that they came from; 0: none */
  arena *mem;
  void *memory; /* that block lies in */
} weights;

/** Zeroed weights of this shape. `words` [shape->vocab] are copied.
 *  Owns: *out until weights_free. Returns: EMEND_OK, EMEND_EUSAGE (a shape that cannot be),
 *  EMEND_ENOMEM. */
emend_rc weights_create(const weights_shape *shape, const str *words, weights **out,
                        emend_error *err);
/** NULL is harmless. */
void weights_free(weights *w);

/** Random start: Xavier matrices, unit norms, small embeddings, zero biases. */
void weights_randomise(weights *w, uint64_t seed);

/**
 * Weights from a file: shipped ones (i8 becomes float here) or a checkpoint's. Every tensor must
 * be there with the shape that the file's text claims.
 *
 * Owns:    *out until weights_free.
 * Returns: as tensor_file_open; EMEND_EFORMAT for a text or tensors that do not fit.
 */
emend_rc weights_load(const char *path, weights **out, emend_error *err);
/** The same from an open file whose tensors are called `prefix` + name, with `meta` as the text. */
emend_rc weights_read(const tensor_file *f, str meta, const char *prefix, weights **out,
                      emend_error *err);
/** Fills a block of w's layout from the tensors `prefix` + name. */
emend_rc weights_read_block(const weights *w, const tensor_file *f, const char *prefix,
                            float *block, emend_error *err);

/** The pointers of `out` into `block`, which has w's layout. */
void weights_bind(const weights *w, float *block, weights_view *out);

/** 0, the unknown word, when absent. */
int32_t weights_word(const weights *w, str word);

/** The text that describes `w`; free with buf_free. False when out of memory. */
bool weights_meta(const weights *w, buf *out);

/** Shipped form of `block` (NULL: w's own): matrices of at least 64 columns as i8. Atomic. */
emend_rc weights_export(const weights *w, const float *block, const char *path, emend_error *err);

#endif
