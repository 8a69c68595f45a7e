/* Pieces of time by which a question divides its figures. See grain.h. */
#include "text/grain.h"

#define IS_ANY(s, ...) str_is_any((s), (const char *const[]){__VA_ARGS__, NULL})

static const struct {
  const char *one, *several, *each, *brief;
} units[] = {{"year", "years", "yearly", "yr"},
             {"quarter", "quarters", "quarterly", "qtr"},
             {"month", "months", "monthly", "mon"},
             {"week", "weeks", "weekly", "wk"},
             {"day", "days", "daily", "dy"}};

static const char *const years[] = {"annual", "annually", NULL};

static str at(const text_word *words, size_t n, size_t i) {
  return i < n && !words[i].quoted ? words[i].lower : STR("");
}

static char unit_of(str w, bool several) {
  for (size_t k = 0; k < sizeof units / sizeof *units; k++)
    if (str_eq(w, str_from(units[k].one)) || (several && str_eq(w, str_from(units[k].several))))
      return units[k].one[0];
  return 0;
}

static char each_of(str w) {
  for (size_t k = 0; k < sizeof units / sizeof *units; k++)
    if (str_eq(w, str_from(units[k].each))) return units[k].one[0];
  return str_is_any(w, years) ? 'y' : 0;
}

char text_grain_word(str lower) {
  char c = unit_of(lower, true);
  for (size_t k = 0; !c && k < sizeof units / sizeof *units; k++)
    if (str_eq(lower, str_from(units[k].brief))) c = units[k].one[0];
  return c ? c : each_of(lower);
}

/* "by month" of "ordered by month" */
static bool says_the_order(str before) {
  return IS_ANY(before, "order", "ordered", "sort", "sorted", "rank", "ranked", "arranged",
                "descending", "ascending");
}

/* "Day of the week" goes on from its first word so far, and is 'w' then. */
static size_t of_unit(const text_word *words, size_t n, size_t i, char *unit) {
  size_t k = i + 1 + str_eq(at(words, n, i + 1), STR("the"));
  *unit = str_eq(at(words, n, i), STR("of")) ? unit_of(at(words, n, k), false) : 0;
  return *unit ? k + 1 - i : 0;
}

/* "Day of the month", "week 3", "year's end": no piece of time as such. */
static bool goes_on(const text_word *words, size_t n, size_t i, char grain) {
  char unit;
  if (i < n && words[i].is_number && grain != 'y') return true;
  return IS_ANY(at(words, n, i), "'s", "end", "old") ||
         (grain == 'd' && of_unit(words, n, i, &unit));
}

/* "hours per week" is a measure */
static bool is_measure(str w, str before) {
  text_dimension dimension;
  double factor;
  return str_eq(w, STR("per")) && text_unit(before, &dimension, &factor);
}

size_t text_grain_at(const text_word *words, size_t n, size_t i, text_grain *out) {
  str w = at(words, n, i), before = i ? at(words, n, i - 1) : STR("");
  bool by = str_eq(w, STR("by")), which = IS_ANY(w, "which", "what");
  *out = (text_grain){.word = i, .n_words = 1, .grain = each_of(w), .form = TEXT_GRAIN_LY};
  if (out->grain) return 1;
  if ((!by && !which && !IS_ANY(w, "per", "each", "every")) || (by && says_the_order(before)))
    return 0;
  if (is_measure(w, before)) return 0;
  out->form = which ? TEXT_GRAIN_WHICH : TEXT_GRAIN_EACH;
  out->grain = unit_of(at(words, n, i + 1), which);
  out->n_words = 2;
  char unit;
  size_t more = out->grain == 'd' ? of_unit(words, n, i + 2, &unit) : 0;
  if (IS_ANY(at(words, n, i + 1), "weekday", "weekdays") || (more && unit == 'w')) {
    out->grain = 'D';
    return out->n_words += more;
  }
  return out->grain && !goes_on(words, n, i + 2, out->grain) ? 2 : 0;
}

bool text_find_grain(const text_words *words, text_grain *out) {
  bool found = false;
  for (size_t i = 0; i < words->len; i++) {
    text_grain it;
    if (!text_grain_at(words->items, words->len, i, &it)) continue;
    if (found && it.grain != out->grain) return false;
    if (!found) *out = it;
    found = true;
    i += it.n_words - 1;
  }
  return found;
}
