/* Word vectors made elsewhere as a network's words: what it then reads of a word that no training
 * question held is near to what it reads of the words that are used like it. */
#ifndef MODEL_TRAIN_VECTORS_H
#define MODEL_TRAIN_VECTORS_H

#include "model/weights.h"

/** A table of words and their vectors. */
typedef struct train_vectors {
  const str *words;  /* [n], "<unk>" first */
  const float *rows; /* [n - 1, size]: of words[1] and on */
  int n, size;
} train_vectors;

/**
 * Read a tensor file of `{"kind":"vectors","words":[…]}` and one f32 tensor "vectors" [words,
 * size].
 *
 * Owns:    *out lives in `a`.
 * Returns: as tensor_file_open; EMEND_EFORMAT for anything else in the file; EMEND_ENOMEM.
 */
emend_rc train_vectors_read(const char *path, arena *a, train_vectors *out, emend_error *err);

/**
 * Make the vectors the rows of w's emb.word, whose vocabulary is theirs; the unknown word's is
 * zero. They are turned into w's width by a random isometry, so angles between words stay.
 *
 * Returns: EMEND_OK; EMEND_EUSAGE when they are wider than w; EMEND_ENOMEM.
 */
emend_rc train_vectors_place(const train_vectors *v, uint64_t seed, weights *w, emend_error *err);

#endif
