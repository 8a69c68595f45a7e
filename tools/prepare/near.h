/* Words that are used alike, by the vectors that training starts from (tools/make_vectors.py):
 * "vocalist" and "musician" for a "singer". */
#ifndef PREPARE_NEAR_H
#define PREPARE_NEAR_H

#include <emend/emend.h>

#include "base/rng.h"
#include "base/str.h"

typedef struct near_words near_words;

/** Read a file of vectors. Owns: *out until near_close. Returns: as train_vectors_read. */
emend_rc near_open(const char *path, near_words **out, emend_error *err);

/** NULL is harmless. */
void near_close(near_words *n);

/** One of the words nearest to the lower-case `word`, the nearer the likelier; .len 0: none is
 *  near, or the word is unknown. `n` may be NULL. Points into `n`. */
str near_random(near_words *n, str word, rng *r);

/** The cosine of two words' vectors; 1 when one is unknown. `n` may be NULL. */
float near_cosine(const near_words *n, str a, str b);

#endif
