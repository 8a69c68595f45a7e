/* Number words, ordinals and stop words of English. Digits in text are tokenize.c's. */
#include <stdlib.h>
#include <string.h>

#include "text/text.h"

typedef struct number_word {
  const char *word;
  double value;
  bool ordinal;
} number_word;

/* In ascending order of the word, for a binary search. */
static const number_word NUMBERS[] = {
    {"billion", 1e9, false},  {"dozen", 12, false},      {"eight", 8, false},
    {"eighteen", 18, false},  {"eighteenth", 18, true},  {"eighth", 8, true},
    {"eightieth", 80, true},  {"eighty", 80, false},     {"eleven", 11, false},
    {"eleventh", 11, true},   {"fifteen", 15, false},    {"fifteenth", 15, true},
    {"fifth", 5, true},       {"fiftieth", 50, true},    {"fifty", 50, false},
    {"first", 1, true},       {"five", 5, false},        {"fortieth", 40, true},
    {"forty", 40, false},     {"four", 4, false},        {"fourteen", 14, false},
    {"fourteenth", 14, true}, {"fourth", 4, true},       {"hundred", 100, false},
    {"hundredth", 100, true}, {"million", 1e6, false},   {"millionth", 1e6, true},
    {"nine", 9, false},       {"nineteen", 19, false},   {"nineteenth", 19, true},
    {"ninetieth", 90, true},  {"ninety", 90, false},     {"ninth", 9, true},
    {"once", 1, false},       {"one", 1, false},         {"second", 2, true},
    {"seven", 7, false},      {"seventeen", 17, false},  {"seventeenth", 17, true},
    {"seventh", 7, true},     {"seventieth", 70, true},  {"seventy", 70, false},
    {"six", 6, false},        {"sixteen", 16, false},    {"sixteenth", 16, true},
    {"sixth", 6, true},       {"sixtieth", 60, true},    {"sixty", 60, false},
    {"ten", 10, false},       {"tenth", 10, true},       {"third", 3, true},
    {"thirteen", 13, false},  {"thirteenth", 13, true},  {"thirtieth", 30, true},
    {"thirty", 30, false},    {"thousand", 1000, false}, {"thousandth", 1000, true},
    {"three", 3, false},      {"thrice", 3, false},      {"trillion", 1e12, false},
    {"twelfth", 12, true},    {"twelve", 12, false},     {"twentieth", 20, true},
    {"twenty", 20, false},    {"twice", 2, false},       {"two", 2, false},
    {"zero", 0, false},
};

/* In ascending order, for a binary search. */
static const char *const STOP_WORDS[] = {
    "'s",     "a",      "about",   "all",     "also",   "am",    "an",    "and",     "any",
    "are",    "aren't", "as",      "at",      "be",     "been",  "being", "both",    "but",
    "by",     "can",    "could",   "did",     "didn't", "do",    "does",  "doesn't", "doing",
    "don't",  "each",   "every",   "find",    "for",    "from",  "give",  "had",     "has",
    "hasn't", "have",   "haven't", "having",  "he",     "her",   "hers",  "him",     "his",
    "how",    "i",      "if",      "in",      "into",   "is",    "isn't", "it",      "its",
    "just",   "let",    "list",    "many",    "me",     "more",  "most",  "much",    "my",
    "no",     "nor",    "not",     "of",      "on",     "or",    "our",   "out",     "over",
    "please", "return", "same",    "she",     "should", "show",  "so",    "some",    "such",
    "tell",   "than",   "that",    "the",     "their",  "them",  "then",  "there",   "these",
    "they",   "this",   "those",   "to",      "too",    "under", "us",    "very",    "was",
    "wasn't", "we",     "were",    "weren't", "what",   "when",  "where", "which",   "who",
    "whom",   "whose",  "why",     "will",    "with",   "would", "you",   "your",
};

static int compare_word(const void *key, const void *item) {
  const str *word = key;
  const char *const *entry = item;
  return str_cmp(*word, str_from(*entry));
}

static int compare_number(const void *key, const void *item) {
  const str *word = key;
  const number_word *entry = item;
  return str_cmp(*word, str_from(entry->word));
}

static const number_word *find_number(str word) {
  return bsearch(&word, NUMBERS, sizeof NUMBERS / sizeof *NUMBERS, sizeof *NUMBERS, compare_number);
}

/* "20th", "1st", "3rd": at most nine digits and their ending. */
static bool digit_ordinal(str s, double *value) {
  size_t n = 0;
  double v = 0;
  for (; n < s.len && ascii_is_digit(s.ptr[n]); n++) v = v * 10 + (s.ptr[n] - '0');
  if (n == 0 || n > 9 || s.len != n + 2) return false;
  str end = str_slice(s, n, s.len);
  if (!str_eq(end, STR("st")) && !str_eq(end, STR("nd")) && !str_eq(end, STR("rd")) &&
      !str_eq(end, STR("th")))
    return false;
  *value = v;
  return true;
}

/* "twenty-one", "thirty-first". */
static bool tens_and_unit(str s, double *value, bool *ordinal) {
  size_t dash = str_find(s, STR("-"), 0);
  if (dash == SIZE_MAX) return false;
  const number_word *tens = find_number(str_slice(s, 0, dash));
  const number_word *unit = find_number(str_slice(s, dash + 1, s.len));
  if (!tens || !unit || tens->ordinal || tens->value < 20 || tens->value > 90) return false;
  if (unit->value < 1 || unit->value > 9) return false;
  *value = tens->value + unit->value;
  *ordinal = unit->ordinal;
  return true;
}

bool text_number_word(str lower, double *value, bool *ordinal) {
  double v = 0;
  bool o = false;
  const number_word *n = find_number(lower);
  if (n)
    v = n->value, o = n->ordinal;
  else if (digit_ordinal(lower, &v))
    o = true;
  else if (!tens_and_unit(lower, &v, &o))
    return false;
  if (value) *value = v;
  if (ordinal) *ordinal = o;
  return true;
}

bool text_is_stopword(str lower) {
  return bsearch(&lower, STOP_WORDS, sizeof STOP_WORDS / sizeof *STOP_WORDS, sizeof *STOP_WORDS,
                 compare_word) != NULL;
}

bool text_is_negation(str lower) {
  static const char *const words[] = {"not",    "without", "never",     "neither",
                                      "nor",    "except",  "excluding", "no",
                                      "nobody", "none",    "nothing"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (str_eq(lower, str_from(words[i]))) return true;
  return str_ends(lower, STR("n't"));
}

str text_denied(str lower) {
  enum { LEAST = 3 };
  static const char *const prefixes[] = {"un", "in", "im", "ir", "il", "non", "dis"};
  for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
    str prefix = str_from(prefixes[i]);
    if (str_starts(lower, prefix) && lower.len >= prefix.len + LEAST)
      return str_slice(lower, prefix.len, lower.len);
  }
  return STR("");
}
