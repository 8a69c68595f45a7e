/* Questions that ask for opposite things. See opposed.h. */
#include "recall/opposed.h"

#include <stdlib.h>

#include "text/text.h"

typedef struct opposite {
  const char *side[2];
} opposite;

static const opposite OPPOSITES[] = {
#define RECALL_OPPOSITE(one, other) {{one, other}},
#include "recall/opposites.def"
#undef RECALL_OPPOSITE
};
enum { N_OPPOSITES = sizeof OPPOSITES / sizeof *OPPOSITES };

/* ---- words of the table ---- */

/* One of `words`, which blanks part? */
static bool is_among(uint64_t lower, const char *words) {
  str list = str_from(words);
  while (list.len) {
    size_t blank = str_find(list, STR(" "), 0);
    size_t end = blank == SIZE_MAX ? list.len : blank;
    if (str_hash64(str_slice(list, 0, end)) == lower) return true;
    list = str_slice(list, blank == SIZE_MAX ? end : end + 1, list.len);
  }
  return false;
}

static bool has_lower(const recall_wording *w, uint64_t lower) {
  for (size_t i = 0; i < w->n; i++)
    if (w->words[i].lower == lower) return true;
  return false;
}

/* Does the question have one of the words: anywhere, or (`free`) outside its values? "First" is a
 * number as well, and so none of the masked words. */
static bool says(const opposed_side *x, const char *words, bool free) {
  for (size_t i = 0; i < x->whole->n; i++) {
    const recall_word *w = &x->whole->words[i];
    if (is_among(w->lower, words) && (!free || w->ordinal || has_lower(x->masked, w->lower)))
      return true;
  }
  return false;
}

static bool has_opposites(const opposed_side *x, const opposed_side *y) {
  for (size_t i = 0; i < N_OPPOSITES; i++)
    for (int k = 0; k < 2; k++) {
      const char *one = OPPOSITES[i].side[k], *other = OPPOSITES[i].side[1 - k];
      if (says(x, one, true) && says(y, other, true) && !says(x, other, false) &&
          !says(y, one, false))
        return true;
    }
  return false;
}

/* ---- operations ---- */

/* Is one of the two operations asked for, and what is it about? */
static bool asks(const recall_wording *w, const recall_op ops[2], uint64_t *about) {
  for (size_t i = 0; i < w->n; i++)
    if (w->words[i].kind == WORD_OP && (w->words[i].op == ops[0] || w->words[i].op == ops[1])) {
      *about = w->words[i].stem;
      return true;
    }
  return false;
}

/* Where both are about something, it must be the same: "older than 30" and "born before 1990" say
 * nothing of one another. */
static bool turns_operation(const opposed_side *x, const opposed_side *y) {
  static const recall_op ENDS[][2][2] = {
      {{OP_HIGH, OP_HIGH}, {OP_LOW, OP_LOW}},
      {{OP_MORE, OP_FROM}, {OP_LESS, OP_UPTO}},
      {{OP_ASCENDING, OP_ASCENDING}, {OP_DESCENDING, OP_DESCENDING}},
  };
  for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++)
    for (int k = 0; k < 2; k++) {
      const recall_op *one = ENDS[i][k], *other = ENDS[i][1 - k];
      uint64_t about_x = 0, about_y = 0, unused;
      if (asks(x->masked, one, &about_x) && asks(y->masked, other, &about_y) &&
          !asks(x->whole, other, &unused) && !asks(y->whole, one, &unused) &&
          (about_x == about_y || !about_x || !about_y))
        return true;
    }
  return false;
}

/* ---- negation ---- */

static bool has_word(const recall_wording *w, uint64_t stem) {
  for (size_t i = 0; i < w->n; i++)
    if (w->words[i].kind != WORD_OP && w->words[i].stem == stem) return true;
  return false;
}

static int by_value(const void *x, const void *y) {
  uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
  return (a > b) - (a < b);
}

static bool is_name(const recall_stems *names, str stem) {
  uint32_t hash = str_hash(stem);
  return names->n && bsearch(&hash, names->items, names->n, sizeof hash, by_value);
}

/* "Inactive" where the other says "active", or where that is a column's name. */
static bool is_negated(str word, const recall_wording *other, const recall_stems *names, arena *a) {
  str base = text_denied(word);
  str stem = base.len ? text_stem(a, base) : (str){0};
  return stem.ptr && (is_name(names, stem) || has_word(other, str_hash64(stem)));
}

/* Does the question say "not" an odd number of times, by a word or by a prefix? */
static bool negates(const opposed_side *x, const opposed_side *y, const recall_stems *names,
                    arena *a) {
  bool no = false, prefix = false;
  for (size_t i = 0; i < x->masked->n; i++) {
    const recall_word *w = &x->masked->words[i];
    if (w->kind == WORD_OP) {
      no = no || w->op == OP_NOT || w->op == OP_NOR;
    } else if (!has_word(y->whole, w->stem)) {
      str word = str_slice(x->masked->text, w->from, w->to); /* masked: in small letters */
      prefix = prefix || is_negated(word, y->whole, names, a);
    }
  }
  return no != prefix;
}

bool recall_opposed(const opposed_side *x, const opposed_side *y, const recall_stems *names,
                    arena *a) {
  return negates(x, y, names, a) != negates(y, x, names, a) || turns_operation(x, y) ||
         has_opposites(x, y);
}
