/* A question as recall reads it: its words sorted into content, operations ("at
 * least", "oldest"), filler, numbers and dates. Knows no schema and no SQL.
 * Private to this folder. */
#ifndef RECALL_WORDING_H
#define RECALL_WORDING_H

#include "base/arena.h"
#include "base/str.h"

/** What a word or phrase does with rows; the table is words.def. */
typedef enum recall_op {
  OP_NONE,
  OP_NOTHING, /* kept apart from words, and says nothing */
  OP_COUNT,
  OP_AMOUNT,
  OP_SUM,
  OP_AVG,
  OP_MEDIAN,
  OP_SHARE,
  OP_HIGH,
  OP_LOW,
  OP_SOME,
  OP_FROM,
  OP_UPTO,
  OP_MORE,
  OP_LESS,
  OP_EXACTLY,
  OP_BETWEEN,
  OP_NOT,
  OP_NOR,
  OP_AND,
  OP_OR,
  OP_EITHER,
  OP_BOTH,
  OP_ONLY,
  OP_EACH,
  OP_DISTINCT,
  OP_ORDER,
  OP_ASCENDING,
  OP_DESCENDING,
  OP_ALPHABETICAL,
  OP_BEGINS,
  OP_ENDS,
  OP_CONTAINS,
  OP_N
} recall_op;

typedef enum word_kind {
  WORD_CONTENT,
  WORD_WEAK,   /* says little, but may name something: "known", "located" */
  WORD_FILLER, /* says nothing: "the", "please" */
  WORD_OP,
  WORD_NUMBER,
  WORD_DATE /* a day, month or period: `date` */
} word_kind;

/** A period of days; `from` and `to` (its last day) as yyyymmdd. */
typedef struct recall_period {
  int32_t from, to;
  char grain;    /* 'd', 'm' or 'y'; of what is counted from today as in text_period */
  bool relative; /* counted from today */
} recall_period;

/** The day of a period that a literal is: "in March" is before April. */
typedef enum recall_edge { RECALL_FIRST, RECALL_LAST, RECALL_AFTER } recall_edge;

typedef struct recall_word {
  uint64_t stem;  /* hash; of an operation its dimension's, 0: any */
  uint64_t lower; /* hash of the word itself */
  double number;
  uint32_t from, to; /* bytes of the question */
  uint8_t kind, op;
  bool capital, quoted;
  bool light;    /* weak only where the schema has no such word: "studying in" */
  bool generic;  /* beside another word it says little: "enrollment size" */
  bool ordinal;  /* "first": a number only where a value wants one */
  bool numeric;  /* `number` is set, also where the kind is another */
  uint16_t date; /* 1 + index into periods; 0: none */
} recall_word;

typedef struct recall_wording {
  str text; /* the question, as asked */
  str key;  /* equal for wordings that differ in case, punctuation and filler alone */
  recall_word *words;
  recall_period *periods;
  uint16_t n, n_periods;
  bool relative; /* speaks of "last year" or the like */
} recall_wording;

enum { WORDING_MAX_WORDS = 200 };

/** Reads `question`, with `now` (seconds since 1970 UTC) for relative dates.
 *  Owns: in `a`; text points into `question`. False when out of memory. */
bool wording_read(str question, int64_t now, arena *a, recall_wording *out);

/** The words' hash, as `stem` holds it. 0 when out of memory. */
uint64_t wording_stem(arena *a, str lower_word);
/** Is the word itself one of `words`, in small letters, which NULL ends? */
bool wording_is_any(const recall_word *w, const char *const *words);

#endif
