/* The language of questions: words, stems, numbers, similarity. English first, others pass
 * through. */
#ifndef TEXT_TEXT_H
#define TEXT_TEXT_H

#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"

typedef struct text_word {
  str raw;           /* as written, pointing into the question */
  str lower;         /* Unicode lower case, NFKC */
  str stem;          /* Snowball English stem of `lower` */
  uint32_t from, to; /* byte span in the question */
  bool capital;      /* starts with an upper-case letter */
  bool quoted;       /* stands between quotes */
  bool is_number;    /* digits, decimals, thousands separators, or a number word */
  double number;     /* its value when is_number */
  bool is_date;      /* a date or time of day in digits: 2014-03-05, 3/5/2014, 10:30 */
  bool is_punct;
} text_word;
typedef VEC(text_word) text_words;

/** Words, numbers ("3", "1,000", "-2.5", "three", "two hundred", "20th", "1990s", "10k"; "$50" is
 *  a symbol and a number), dates and punctuation of a question, in order. "singer's" gives singer
 *  and 's, "full-time" full and time, "U.S." one word; each Chinese character is a word.
 *  Linear in its length. Bad UTF-8 is taken as punctuation, byte by byte.
 *
 *  Owns:    in `a`; raw points into `question`.
 *  Returns: false when out of memory, or past 4 GiB. */
bool text_tokenize(str question, arena *a, text_words *out);

/** An identifier or header as lower-case words: "customerId", "CUSTOMER_ID", "Customer ID",
 *  "tblCust2" …
 *  "IDs" and "2nd" stay whole.
 *  At most `max`; returns how many, -1 when out of memory. */
int text_split_name(str name, arena *a, str *out, int max);

/** Unicode NFKC + case fold; bad bytes become U+FFFD. {NULL,0} when out of memory. */
str text_fold(arena *a, str s);
/** Lower case, accents off, each run of white space and punctuation one space, trimmed.
 *  Symbols such as + and € stay. {NULL,0} when out of memory. */
str text_normalise(arena *a, str s);
/** Snowball English; words past 64 bytes pass through. {NULL,0} when out of memory. Thread-safe. */
str text_stem(arena *a, str lower_word);
/** "three" → 3, "twenty-one" → 21, "first" and "1st" → 1 (ordinal set), "dozen" → 12.
 *  `value` and `ordinal` may be NULL. */
bool text_number_word(str lower, double *value, bool *ordinal);
/** English words that name nothing in a schema: articles, pronouns, "show", "how", "'s". */
bool text_is_stopword(str lower);
/** A word of a name whose values tell things apart and measure nothing: "id", "zip", "phone". */
bool text_is_code(str lower);

typedef enum text_dimension { TEXT_TIME, TEXT_LENGTH, TEXT_MASS, TEXT_MONEY } text_dimension;

/** "minutes" → TEXT_TIME, 60. *factor: how many seconds, metres, grams or whole units of money one
 *  is. False for other words; both are left alone then. */
bool text_unit(str lower, text_dimension *dimension, double *factor);

/** "march", "mar", "sept" → 3, 3, 9; 0: no month. */
int text_month(str lower);

/** "not", "never", "without", "isn't" … */
bool text_is_negation(str lower);
/** What a word denies by its prefix: "active" of "inactive", "fit" of "unfit"; empty where none
 *  stands before three letters. A guess from letters: "image" gives "age". */
str text_denied(str lower);

/** Damerau-Levenshtein (optimal string alignment) over bytes, ASCII case folded; gives up past
 *  `max` and returns max + 1, as it does when more than 255 bytes differ. */
int text_edit_distance(str a, str b, int max);
/** 0..1: Jaccard of padded character 3-grams of the first 255 bytes, ASCII case folded. */
double text_trigram_similarity(str a, str b);

#endif
