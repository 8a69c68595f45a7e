/* A question into words, numbers and punctuation, in one pass and linear time.
 * Splits by character class only; it knows no grammar and no schema. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "base/utf8.h"
#include "text/text.h"

enum { LONGEST_NUMBER = 40, LONGEST_ACRONYM = 8 };

typedef enum char_class { SPACE, LETTER, MARK, DIGIT, IDEOGRAPH, PUNCT } char_class;

typedef struct tokenizer {
  str text;
  arena *a;
  text_words *out;
  size_t quote_end;       /* words that start before it are quoted */
  bool no_more_quotes[6]; /* of QUOTES: no closing one is left */
} tokenizer;

typedef struct quote_pair {
  const char *open, *close;
} quote_pair;

static const quote_pair QUOTES[] = {{"'", "'"}, {"\"", "\""}, {"`", "`"},
                                    {"“", "”"}, {"‘", "’"},   {"«", "»"}};
enum { N_QUOTES = sizeof QUOTES / sizeof *QUOTES };

static bool is_ideograph(uint32_t c) {
  return (c >= 0x3400 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x20000 && c <= 0x3FFFF);
}

static char_class class_of(uint32_t c) {
  if (c < 0x80) {
    char ch = (char)c;
    if (ascii_is_digit(ch)) return DIGIT;
    if (ascii_is_alpha(ch)) return LETTER;
    return ascii_is_space(ch) || ch == 0 ? SPACE : PUNCT;
  }
  if (is_ideograph(c)) return IDEOGRAPH;
  utf8proc_category_t k = utf8proc_category((utf8proc_int32_t)c);
  if (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO) return LETTER;
  if (k >= UTF8PROC_CATEGORY_MN && k <= UTF8PROC_CATEGORY_ME) return MARK;
  if (k >= UTF8PROC_CATEGORY_ND && k <= UTF8PROC_CATEGORY_NO) return LETTER;
  if (k >= UTF8PROC_CATEGORY_ZS && k <= UTF8PROC_CATEGORY_CF) return SPACE;
  return PUNCT;
}

static char_class class_at(str s, size_t at) {
  return at < s.len ? class_of(utf8_next(s, &at)) : SPACE;
}

static bool is_wordish(char_class c) { return c != SPACE && c != PUNCT; }

static bool digit_at(str s, size_t i) { return i < s.len && ascii_is_digit(s.ptr[i]); }

static bool starts_at(str s, size_t at, const char *what) {
  return at <= s.len && str_starts(str_slice(s, at, s.len), str_from(what));
}

/* Length of the apostrophe at `at`, or 0. */
static size_t apostrophe_at(str s, size_t at) {
  if (starts_at(s, at, "'")) return 1;
  return starts_at(s, at, "’") ? strlen("’") : 0;
}

/* ---- numbers ---- */

static size_t digits_end(str s, size_t i) {
  while (digit_at(s, i)) i++;
  return i;
}

/* The end of "2014-03-05", "3/5/2014", "05.03.2014", "2014-03", "10:30:00" or of a date with a
 * time after 'T'; `from` when there is none. */
static size_t date_end(str s, size_t from) {
  size_t len[3] = {0}, i = from;
  int parts = 0;
  char sep = 0;
  while (parts < 3) {
    size_t end = digits_end(s, i);
    len[parts++] = end - i;
    i = end;
    bool more = digit_at(s, i + 1) && parts < 3 &&
                (sep ? s.ptr[i] == sep : strchr("-/.:", s.ptr[i]) != NULL && s.ptr[i]);
    if (!more) break;
    sep = s.ptr[i++];
  }
  bool clock = sep == ':' && len[0] <= 2 && len[1] == 2 && (parts == 2 || len[2] == 2);
  bool year_first = parts == 3 && len[0] == 4 && len[1] <= 2 && len[2] <= 2;
  bool year_last = parts == 3 && len[0] <= 2 && len[1] <= 2 && (len[2] == 4 || len[2] == 2);
  bool month = parts == 2 && sep == '-' && len[0] == 4 && len[1] == 2 && s.ptr[from + 5] <= '1' &&
               (s.ptr[from + 5] == '0' || s.ptr[from + 6] <= '2');
  if (sep == ':' ? !clock : !year_first && !year_last && !month) return from;
  if (sep != ':' && i < s.len && s.ptr[i] == 'T' && digit_at(s, i + 1)) {
    size_t time = date_end(s, i + 1);
    if (time > i + 1) i = time;
    if (i < s.len && s.ptr[i] == 'Z') i++;
  }
  return i;
}

/* The end of the digits at `from` with their thousands separators and decimals; *value is set
 * unless it is a chain such as 192.168.0.1. */
static size_t number_end(str s, size_t from, double *value, bool *is_number) {
  char digits[LONGEST_NUMBER + 1];
  size_t n = 0, i = from;
  int points = 0;
  while (i < s.len) {
    char c = s.ptr[i];
    bool thousands = c == ',' && points == 0 && i > from && digits_end(s, i + 1) == i + 4;
    bool point = c == '.' && digit_at(s, i + 1);
    if (!ascii_is_digit(c) && !thousands && !point) break;
    points += point;
    if (c != ',' && n < LONGEST_NUMBER) digits[n++] = c;
    i++;
  }
  digits[n] = 0;
  *is_number = points <= 1 && n < LONGEST_NUMBER;
  *value = *is_number ? strtod(digits, NULL) : 0;
  return i;
}

/* Letters right after digits: "1990s", "20th" and "10k" are still numbers, "3D" is a word. */
static size_t number_suffix(str s, size_t from, size_t end, double *value, bool *is_number) {
  size_t i = end;
  while (i < s.len && ascii_is_alnum(s.ptr[i])) i++;
  str suffix = str_slice(s, end, i);
  if (suffix.len == 0) return end;
  char lower[8] = {0};
  str whole = str_slice(s, from, i);
  if (suffix.len == 1 && strchr("sS", suffix.ptr[0])) return i;
  if (suffix.len == 1 && strchr("kK", suffix.ptr[0])) {
    *value *= 1000;
    return i;
  }
  bool small = whole.len < sizeof lower;
  for (size_t k = 0; small && k < whole.len; k++) lower[k] = ascii_lower(whole.ptr[k]);
  if (!small || !text_number_word((str){lower, whole.len}, NULL, NULL)) *is_number = false;
  return i;
}

/* ---- words ---- */

/* The end of "U.S." or "U.S.A"; `from` when single letters and points do not alternate, or do so
 * for longer than any acronym. */
static size_t acronym_end(str s, size_t from) {
  size_t i = from;
  int letters = 0;
  while (i + 1 < s.len && ascii_is_alpha(s.ptr[i]) && s.ptr[i + 1] == '.') {
    if (++letters > LONGEST_ACRONYM) return from;
    i += 2;
  }
  bool letter_last = i < s.len && ascii_is_alpha(s.ptr[i]) && !is_wordish(class_at(s, i + 1));
  if (letters && letter_last) return i + 1;
  if (letters < 2 || is_wordish(class_at(s, i))) return from;
  return i;
}

/* Whether the apostrophe at `at` (of `n` bytes) ends the word there, as in "singer's". */
static bool is_possessive(str s, size_t at, size_t n) {
  return at + n < s.len && ascii_lower(s.ptr[at + n]) == 's' &&
         !is_wordish(class_at(s, at + n + 1));
}

/* The end of letters, marks and digits, with apostrophes inside ("O'Brien", "don't"). */
static size_t word_end(str s, size_t from) {
  size_t i = from;
  if (class_at(s, i) == IDEOGRAPH) return utf8_next(s, &i), i;
  while (i < s.len) {
    size_t next = i, mark = apostrophe_at(s, i);
    char_class c = class_of(utf8_next(s, &next));
    if (c == LETTER || c == DIGIT || c == MARK) {
      i = next;
    } else if (mark && i > from && !is_possessive(s, i, mark) && class_at(s, i + mark) == LETTER) {
      i += mark;
    } else {
      break;
    }
  }
  return i > from ? i : (utf8_next(s, &i), i);
}

/* A whole "twenty-one" counts as one word; `end` when there is none. */
static size_t hyphen_number_end(str s, size_t from, size_t end) {
  if (end >= s.len || s.ptr[end] != '-' || end - from > 8) return end;
  size_t i = end + 1;
  while (i < s.len && i - end < 12 && ascii_is_alpha(s.ptr[i])) i++;
  char lower[24];
  size_t n = i - from;
  if (n > sizeof lower) return end;
  for (size_t k = 0; k < n; k++) lower[k] = ascii_lower(s.ptr[from + k]);
  return text_number_word((str){lower, n}, NULL, NULL) ? i : end;
}

static bool is_upper_at(str s, size_t at) {
  utf8proc_category_t k = utf8proc_category((utf8proc_int32_t)utf8_next(s, &at));
  return k == UTF8PROC_CATEGORY_LU || k == UTF8PROC_CATEGORY_LT;
}

/* ---- words out ---- */

static bool push(tokenizer *t, size_t from, size_t to, text_word w) {
  w.raw = str_slice(t->text, from, to);
  w.from = (uint32_t)from;
  w.to = (uint32_t)to;
  w.quoted = from < t->quote_end && !w.is_punct;
  w.capital = !w.is_punct && is_upper_at(t->text, from);
  if (!w.lower.ptr) w.lower = text_fold(t->a, w.raw);
  if (!w.lower.ptr) return false;
  bool plain = w.is_punct || w.is_date || w.is_number || apostrophe_at(w.lower, 0);
  w.stem = plain ? w.lower : text_stem(t->a, w.lower);
  return w.stem.ptr && vec_push(t->a, t->out, w);
}

/* Digits that are not ASCII ("１２") have become so by folding. */
static bool folded_number(str lower, double *value) {
  bool is_number = false;
  if (!digit_at(lower, 0)) return false;
  return number_end(lower, 0, value, &is_number) == lower.len && is_number;
}

static bool push_word(tokenizer *t, size_t from, size_t *end) {
  str s = t->text;
  size_t to = acronym_end(s, from);
  if (to == from) {
    to = word_end(s, from);
    to = hyphen_number_end(s, from, to);
  }
  *end = to;
  text_word w = {.lower = text_fold(t->a, str_slice(s, from, to))};
  if (!w.lower.ptr) return false;
  w.is_number = text_number_word(w.lower, &w.number, NULL) || folded_number(w.lower, &w.number);
  if (!push(t, from, to, w)) return false;
  size_t mark = apostrophe_at(s, to);
  if (!mark || !is_possessive(s, to, mark)) return true;
  *end = to + mark + 1;
  return push(t, to, *end, (text_word){.lower = STR("'s")});
}

/* A number or date at `from`, which is a digit, or a sign or point before one. */
static bool push_number(tokenizer *t, size_t from, size_t *end) {
  str s = t->text;
  bool negative = s.ptr[from] == '-';
  size_t at = from + negative;
  text_word w = {0};
  size_t to = negative ? at : date_end(s, at);
  if (to > at && !is_wordish(class_at(s, to))) {
    w.is_date = true;
  } else {
    to = number_end(s, at, &w.number, &w.is_number);
    to = number_suffix(s, at, to, &w.number, &w.is_number);
    if (negative) w.number = -w.number;
  }
  *end = to;
  return push(t, from, to, w);
}

/* The multiplier that a word stands for: "hundred", "thousand", "million". */
static double scale_of(const text_word *w) {
  bool ordinal = true;
  double v = 0;
  if (!text_number_word(w->lower, &v, &ordinal) || ordinal) return 0;
  return v >= 100 ? v : 0;
}

/* "two" + "hundred", "2" + "million", "three" + "dozen": one number, its words one word. */
static bool merge_scale(tokenizer *t) {
  if (t->out->len < 2) return true;
  text_word *last = &t->out->items[t->out->len - 1], *before = last - 1;
  double scale = scale_of(last);
  if (scale == 0 && str_eq(last->lower, STR("dozen"))) scale = 12;
  if (scale == 0 || !before->is_number || before->to + 1 != last->from) return true;
  if (before->number >= scale && before->number != 100) return true;
  text_word w = *before;
  w.to = last->to;
  w.raw = str_slice(t->text, w.from, w.to);
  w.number *= scale;
  w.lower = w.stem = text_fold(t->a, w.raw);
  if (!w.lower.ptr) return false;
  *before = w;
  t->out->len--;
  return true;
}

/* ---- quotes ---- */

/* Where the quote that opens before `from` closes, or SIZE_MAX. A straight ' closes only after
 * a word and before none, so that the one in "Rock 'n' Roll's" does not mislead. */
static size_t find_close(str s, size_t from, const char *close) {
  str mark = str_from(close);
  for (size_t i = from; (i = str_find(s, mark, i)) != SIZE_MAX; i += mark.len) {
    bool apostrophe = apostrophe_at(s, i) != 0;
    if (i == from || (apostrophe && ascii_is_space(s.ptr[i - 1]))) continue;
    if (!apostrophe || !is_wordish(class_at(s, i + mark.len))) return i;
  }
  return SIZE_MAX;
}

static void open_quote(tokenizer *t, size_t at) {
  bool after_word = t->out->len > 0 && t->out->items[t->out->len - 1].to == at &&
                    !t->out->items[t->out->len - 1].is_punct;
  if (at < t->quote_end || (after_word && apostrophe_at(t->text, at))) return;
  for (size_t q = 0; q < N_QUOTES; q++) {
    size_t from = at + strlen(QUOTES[q].open);
    if (t->no_more_quotes[q] || !starts_at(t->text, at, QUOTES[q].open)) continue;
    if (from >= t->text.len || ascii_is_space(t->text.ptr[from])) continue;
    size_t close = find_close(t->text, from, QUOTES[q].close);
    if (close == SIZE_MAX)
      t->no_more_quotes[q] = true;
    else
      t->quote_end = close + 1;
    return;
  }
}

/* A hyphen or underscore between two words joins them and is not punctuation. */
static bool is_joiner(const tokenizer *t, size_t at) {
  char c = t->text.ptr[at];
  if (c == '_') return true;
  if (c != '-' || t->out->len == 0) return false;
  const text_word *before = &t->out->items[t->out->len - 1];
  return before->to == at && !before->is_punct && is_wordish(class_at(t->text, at + 1));
}

static bool starts_number(const tokenizer *t, size_t at) {
  str s = t->text;
  if (ascii_is_digit(s.ptr[at])) return true;
  bool after_space = at == 0 || ascii_is_space(s.ptr[at - 1]) || strchr("(=<>", s.ptr[at - 1]);
  if (!after_space || (s.ptr[at] != '-' && s.ptr[at] != '.')) return false;
  return digit_at(s, at + 1) ||
         (s.ptr[at] == '-' && starts_at(s, at + 1, ".") && digit_at(s, at + 2));
}

static bool step(tokenizer *t, size_t *at) {
  size_t from = *at, next = from;
  char_class c = class_of(utf8_next(t->text, &next));
  *at = next;
  if (c == SPACE) return true;
  if (starts_number(t, from)) return push_number(t, from, at);
  if (c != PUNCT) return push_word(t, from, at) && merge_scale(t);
  if (is_joiner(t, from)) return true;
  open_quote(t, from);
  return push(t, from, next, (text_word){.is_punct = true});
}

bool text_tokenize(str question, arena *a, text_words *out) {
  tokenizer t = {.text = question, .a = a, .out = out};
  *out = (text_words){0};
  if (question.len > UINT32_MAX) return false;
  for (size_t at = 0; at < question.len;)
    if (!step(&t, &at)) return false;
  return true;
}
