/* The language of questions: words, stems, numbers, similarity. English first, others pass through. */
#ifndef TEXT_TEXT_H
#define TEXT_TEXT_H

#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"

typedef struct text_word {
  str raw;        /* as written, pointing into the question */
  str lower;      /* Unicode lower case, NFKC */
  str stem;       /* Snowball English stem of `lower` */
  uint32_t from, to; /* byte span in the question */
  bool capital;   /* starts with an upper-case letter */
  bool quoted;    /* stands between quotes */
  bool is_number; /* digits, decimals, thousands separators, or a number word */
  double number;  /* its value when is_number */
  bool is_punct;
} text_word;
typedef VEC(text_word) text_words;

/** Words, numbers ("3", "1,000", "2.5", "three", "20th", "$50" → symbol and number) and punctuation of a question, in order.
 *  Keeps inner apostrophes out ("singer's" → singer, 's). Owns: in `a`, raw points into `question`.
 *  False when out of memory. */
bool text_tokenize(str question, arena *a, text_words *out);

/** An identifier or header as lower-case words: "customerId", "CUSTOMER_ID", "Customer ID", "tblCust2" …
 *  At most `max`; returns how many, -1 when out of memory. */
int text_split_name(str name, arena *a, str *out, int max);

/** Unicode NFKC + case fold. */
str text_fold(arena *a, str s);
/** Lower case, accents off, each run of white space and punctuation one space, trimmed. */
str text_normalise(arena *a, str s);
str text_stem(arena *a, str lower_word);
/** "three" → 3, "twenty-one" → 21, "first" → 1 (ordinal set), "dozen" → 12. */
bool text_number_word(str lower, double *value, bool *ordinal);
bool text_is_stopword(str lower);

/** Damerau-Levenshtein (optimal string alignment) over bytes, ASCII case folded; gives up past `max`
 *  and returns max + 1. */
int text_edit_distance(str a, str b, int max);
/** 0..1: Jaccard of padded character 3-grams, ASCII case folded. */
double text_trigram_similarity(str a, str b);

#endif
