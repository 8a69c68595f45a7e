/* How near a name is to what was written, and the best few of many. */
#ifndef CHECK_SUGGEST_H
#define CHECK_SUGGEST_H

#include "check/context.h"

enum { SUGGEST_WORDS = 12, SUGGEST_MOST = 5, SUGGEST_LONGEST = 128 };

/** A name that was written, made ready for comparison. */
typedef struct suggest_name {
  str text;
  str words[SUGGEST_WORDS];
  uint64_t groups[SUGGEST_WORDS]; /* of synonyms that a word is in */
  int n_words;
  char squashed[SUGGEST_LONGEST]; /* letters and digits alone */
  size_t squashed_len;
  uint64_t letters;
  bool near_only; /* look for slips of the pen alone: quicker over many names */
} suggest_name;

/** Words are left out when memory runs out. */
suggest_name suggest_prepare(arena *a, str name);
/** 0..1: by edits, and by shared, abbreviated or synonymous words. `words` are those of `name`. */
double suggest_score(const suggest_name *wanted, str name, const str *words, int n_words);
/** As suggest_score, for a name whose words are not at hand. */
double suggest_score_name(arena *a, const suggest_name *wanted, str name);

/** The best few candidates for one place. */
typedef struct suggest_pick {
  str text, why;
  sql_span span;
  double score;
} suggest_pick;
typedef struct suggest_list {
  suggest_pick items[SUGGEST_MOST];
  int n;
} suggest_list;

/** Enters a candidate, unless it is too far off, not among the best, or there already. */
void suggest_enter(suggest_list *l, str text, sql_span span, double score, str why);
/** Hands the list to the diagnostic. */
void suggest_give(check_ctx *c, const suggest_list *l, diag *d);

/** `name` as it must be written in the dialect: quoted where it is no plain word. */
str suggest_ident(check_ctx *c, str name);
/** `name` in the dialect's quotes. */
str suggest_quoted(check_ctx *c, str name);
/** "JOIN b ON a.x = b.y …": the keys by which `table` is reached from the tables of `s`;
 *  {NULL,0} when there is no way. */
str suggest_join(check_ctx *c, const check_scope *s, const cat_table *table);

#endif
