/* Word relations from WordNet: is a word another name for, derived from, or a kind of another?
 * Reads models/synonyms.bin, which tools/make_synonyms.py writes. Knows English words, and nouns of
 * two or three words joined by '_': "given_name". */
#ifndef TEXT_SYNONYMS_H
#define TEXT_SYNONYMS_H

#include <emend/emend.h>

#include "base/str.h"

/* Closest first. */
typedef enum synonyms_kind {
  SYNONYMS_NONE = 0,
  SYNONYMS_SYNONYM = 1,    /* "client", "customer"; also two forms of one word: "men", "man" */
  SYNONYMS_DERIVATION = 2, /* "sing", "singer"; "tall", "height" */
  SYNONYMS_HYPERNYM = 3,   /* "car", "vehicle", either way round, near sisters: "town", "city" */
} synonyms_kind;

typedef struct synonyms synonyms;

enum { SYNONYMS_MAX_LEMMAS = 6 };

/** The lemmas that a word may be a form of: numbers within one `synonyms`. */
typedef struct synonyms_word {
  uint16_t lemma[SYNONYMS_MAX_LEMMAS];
  int n;    /* 0 when the word is unknown */
  int sure; /* the first `sure` are its lemmas; the others only its origin ("singer": "sing") */
} synonyms_word;

/**
 * Read the table at `path` and check every number in it, and its checksum.
 *
 * A file that is not there is no error: *out is NULL, which every function here takes as an
 * empty table.
 *
 * Owns:    *out until synonyms_close.
 * NULL:    `err` may be NULL.
 * Threads: immutable once open; may be shared.
 * Returns: EMEND_OK, EMEND_EIO, EMEND_EFORMAT (damage), EMEND_EVERSION, EMEND_ENOMEM.
 */
emend_rc synonyms_open(const char *path, synonyms **out, emend_error *err);

/** As synonyms_open, over `n` bytes in memory that are copied. */
emend_rc synonyms_parse(const void *bytes, size_t n, synonyms **out, emend_error *err);

/** NULL is harmless. */
void synonyms_close(synonyms *s);

/** How many words the table knows; 0 for NULL. */
size_t synonyms_len(const synonyms *s);

/** The lemmas of `lower_word`, a lower-case word in any inflection. `s` may be NULL. */
synonyms_word synonyms_find(const synonyms *s, str lower_word);

/** The closest relation between two words that synonyms_find gave. `s` may be NULL. */
synonyms_kind synonyms_between(const synonyms *s, const synonyms_word *a, const synonyms_word *b);

/** Up to `room` lemmas that stand to `w` in the relation `kind`; how many. `s` may be NULL. */
int synonyms_list(const synonyms *s, const synonyms_word *w, synonyms_kind kind, uint16_t *out,
                  int room);

/** Up to `room` lemmas that `w` is a kind of, "dog" for "puppy"; how many. `s` may be NULL. */
int synonyms_more_general(const synonyms *s, const synonyms_word *w, uint16_t *out, int room);

/** The text of a lemma, inside `s`. */
str synonyms_text(const synonyms *s, uint16_t lemma);

/** Both steps for one pair of lower-case words. `s` may be NULL. */
synonyms_kind synonyms_relation(const synonyms *s, str word_a, str word_b);

#endif
