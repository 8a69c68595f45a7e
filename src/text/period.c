/* Periods counted from today, and the calendar that they are of. See period.h. */
#include "text/period.h"

/* ---- the calendar (Howard Hinnant's days-from-civil) ---- */

int64_t text_days(int32_t date) {
  int64_t y = date / 10000, m = date / 100 % 100, d = date % 100;
  y -= m <= 2;
  int64_t era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400;
  int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

int32_t text_date(int64_t days) {
  int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
  int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, y = yoe + era * 400;
  int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  int64_t d = doy - (153 * mp + 2) / 5 + 1, m = mp < 10 ? mp + 3 : mp - 9;
  return (int32_t)((y + (m <= 2)) * 10000 + m * 100 + d);
}

int text_days_in(int year, int month) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : days[month - 1];
}

int32_t text_day(const text_word *w) {
  static const char shape[] = "9999-99-99";
  int32_t date = 0;
  if (!w->is_date || w->quoted || w->raw.len != sizeof shape - 1) return 0;
  for (size_t i = 0; i < w->raw.len; i++) {
    bool digit = ascii_is_digit(w->raw.ptr[i]);
    if (shape[i] == '9' ? !digit : w->raw.ptr[i] != shape[i]) return 0;
    if (digit) date = date * 10 + (w->raw.ptr[i] - '0');
  }
  int month = date / 100 % 100, day = date % 100;
  bool real = date >= 10000000 && month >= 1 && month <= 12 && day >= 1;
  return real && day <= text_days_in(date / 10000, month) ? date : 0;
}

/* `n` units of the calendar away; the 31st of a shorter month is its last day. */
static int32_t away(int32_t date, char unit, int n) {
  if (unit == 'd' || unit == 'w') return text_date(text_days(date) + n * (unit == 'w' ? 7 : 1));
  int months = n * (unit == 'y' ? 12 : unit == 'q' ? 3 : 1);
  int at = date / 10000 * 12 + date / 100 % 100 - 1 + months, y = at / 12, m = at % 12 + 1;
  int d = date % 100, most = text_days_in(y, m);
  return y * 10000 + m * 100 + (d < most ? d : most);
}

static int weekday(int32_t date) { return (int)((text_days(date) + 3) % 7); } /* 0: Monday */

/* The year, quarter, month, week or day that `date` is in. */
static text_period around(int32_t date, char unit) {
  int32_t from = unit == 'y' ? date / 10000 * 10000 + 101
                 : unit == 'q'
                     ? date / 10000 * 10000 + ((date / 100 % 100 - 1) / 3 * 3 + 1) * 100 + 1
                 : unit == 'm' ? date / 100 * 100 + 1
                 : unit == 'w' ? away(date, 'd', -weekday(date))
                               : date;
  return (text_period){.from = from, .to = away(away(from, unit, 1), 'd', -1), .grain = unit};
}

/* ---- words ---- */

enum { PAST = 2, COMING, NO_STEP };

typedef enum lead { IN, FROM, AFTER, BEFORE, UPTO, NO_LEAD } lead;

static const struct {
  const char *word;
  int step;
} steps[] = {
#define PERIOD_STEP(word, step) {word, step},
#include "text/period.def"
};

static const struct {
  const char *word;
  lead how;
} leads[] = {
#define PERIOD_LEAD(word, how) {word, how},
#include "text/period.def"
};

static const char *const parts[] = {
#define PERIOD_PART(word) word,
#include "text/period.def"
    NULL};

typedef struct reader {
  const text_word *words;
  size_t n;
  int32_t today;
  bool fixed; /* those too that are not counted from today */
} reader;

/* The word in small letters; empty past either end, for i may be below 0, and for quoted ones. */
static str at(const reader *r, size_t i) {
  return i < r->n && !r->words[i].quoted ? r->words[i].lower : STR("");
}

static bool is(const reader *r, size_t i, const char *word) {
  return str_eq(at(r, i), str_from(word));
}

#define IS_ANY(r, i, ...) str_is_any(at(r, i), (const char *const[]){__VA_ARGS__, NULL})

static char unit_at(const reader *r, size_t i, bool many) {
  static const char *const one[] = {"year", "quarter", "month", "week", "day"};
  static const char *const several[] = {"years", "quarters", "months", "weeks", "days"};
  for (int k = 0; k < 5; k++)
    if (is(r, i, one[k]) || (many && is(r, i, several[k]))) return one[k][0];
  return 0;
}

static int step_at(const reader *r, size_t i) {
  for (size_t k = 0; k < sizeof steps / sizeof *steps; k++)
    if (is(r, i, steps[k].word)) return steps[k].step;
  return NO_STEP;
}

/* "3", "three", and "a" where that stands for one; 0: no number. */
static int count_at(const reader *r, size_t i, bool article) {
  if (article && IS_ANY(r, i, "a", "an")) return 1;
  if (i >= r->n || !r->words[i].is_number || r->words[i].quoted) return 0;
  double v = r->words[i].number;
  return v >= 1 && v < 1000 && v == (double)(int)v ? (int)v : 0;
}

static int weekday_at(const reader *r, size_t i) {
  static const char *const names[] = {"monday", "tuesday",  "wednesday", "thursday",
                                      "friday", "saturday", "sunday"};
  for (int k = 0; k < 7; k++)
    if (is(r, i, names[k])) return k;
  return -1;
}

static text_period rolling(int32_t today, char unit, int n, bool ahead) {
  int32_t other = away(today, unit, ahead ? n : -n);
  return (text_period){.from = ahead ? today : other, .to = ahead ? other : today, .grain = 'r'};
}

/* ---- one period ---- */

/* "today", "yesterday", "the day before yesterday", "the week before last" */
static size_t read_named(const reader *r, size_t i, text_period *out) {
  bool begins = i == 0 || r->words[i - 1].is_punct; /* "Yesterday" elsewhere is a title */
  int days = is(r, i, "today")       ? 0
             : is(r, i, "yesterday") ? -1
             : is(r, i, "tomorrow")  ? 1
                                     : NO_STEP;
  char unit = unit_at(r, i, false);
  if (days != NO_STEP) {
    if (r->words[i].capital && !begins) return 0;
    *out = around(away(r->today, 'd', days), 'd');
    return 1;
  }
  if (!unit) return 0;
  bool before = is(r, i + 1, "before");
  if (before && is(r, i + 2, "last")) return *out = around(away(r->today, unit, -2), unit), 3;
  if (unit == 'd' && before && is(r, i + 2, "yesterday"))
    return *out = around(away(r->today, 'd', -2), 'd'), 3;
  if (unit == 'd' && is(r, i + 1, "after") && is(r, i + 2, "tomorrow"))
    return *out = around(away(r->today, 'd', 2), 'd'), 3;
  return 0;
}

/* "3 months ago": that month. */
static size_t read_ago(const reader *r, size_t i, text_period *out) {
  int n = count_at(r, i, true);
  char unit = unit_at(r, i + 1, true);
  if (!n || !unit || !is(r, i + 2, "ago")) return 0;
  *out = around(away(around(r->today, unit).from, unit, -n), unit);
  return 3;
}

/* "last Monday", "since Monday" */
static size_t read_weekday(const reader *r, size_t i, text_period *out) {
  int step = step_at(r, i), day = weekday_at(r, step == NO_STEP ? i : i + 1);
  bool since = step == NO_STEP && i > 0 && is(r, i - 1, "since");
  if (day < 0 || (step == NO_STEP && !since) || step == COMING) return 0;
  int ahead = (day - weekday(r->today) + 7) % 7; /* 0: today is one */
  int days = step == 1   ? (ahead ? ahead : 7)
             : step == 0 ? day - weekday(r->today)
             : since     ? (ahead ? ahead - 7 : 0)
                         : ahead - 7;
  *out = around(away(r->today, 'd', days), 'd');
  return since ? 1 : 2;
}

/* "March last year", "May of this year", "since March" */
static size_t read_month(const reader *r, size_t i, text_period *out) {
  int month = text_month(at(r, i)), this = r->today / 10000;
  size_t k = i + 1 + is(r, i + 1, "of");
  int step = step_at(r, k);
  if (!month) return 0;
  if (step <= 1 && unit_at(r, k + 1, false) == 'y') {
    *out = around((this + step) * 10000 + month * 100 + 1, 'm');
    return k + 2 - i;
  }
  k += is(r, k, ",");
  bool dated = k < r->n && r->words[k].is_number; /* "March 2010", "March of 2010", "March 5" */
  if (i == 0 || !is(r, i - 1, "since") || dated) return 0;
  *out = around((month > r->today / 100 % 100 ? this - 1 : this) * 10000 + month * 100 + 1, 'm');
  return 1;
}

/* "last year", "the past 3 months"; the last year of something is none. */
static size_t read_step(const reader *r, size_t i, text_period *out) {
  int step = step_at(r, i), n = count_at(r, i + 1, false);
  size_t taken = n ? 3 : 2;
  char unit = unit_at(r, i + taken - 1, n > 0);
  bool of = is(r, i + taken, "of") && !is(r, i + taken + 1, "today");
  if (step == NO_STEP || !unit || of || (n && step == 0)) return 0;
  if (!n && unit == 'd' && step != PAST) return 0; /* "the last day" */
  if (n || step == PAST || step == COMING)
    *out = rolling(r->today, unit, n ? n : 1, step == 1 || step == COMING);
  else
    *out = around(away(around(r->today, unit).from, unit, step), unit);
  return taken;
}

/* ---- months and more of a year that is said ---- */

static int year_at(const reader *r, size_t i) {
  if (i >= r->n || !r->words[i].is_number || r->words[i].quoted || r->words[i].raw.len != 4)
    return 0;
  double v = r->words[i].number;
  return v >= 1900 && v < 2200 && v == (double)(int)v ? (int)v : 0;
}

/* Which one of so many: "first", "2nd", "last"; 0: none. */
static int ordinal_at(const reader *r, size_t i, int of) {
  double v;
  bool ordinal;
  if (is(r, i, "last")) return of;
  bool said = i < r->n && text_number_word(at(r, i), &v, &ordinal) && ordinal;
  return said && v >= 1 && v <= of ? (int)v : 0;
}

/* So many months of a year, from the first-th on. */
static text_period months_of(int year, int first, int n) {
  int last = first + n - 1;
  return (text_period){.from = year * 10000 + first * 100 + 1,
                       .to = year * 10000 + last * 100 + text_days_in(year, last),
                       .grain = n == 1   ? 'm'
                                : n == 3 ? 'q'
                                         : 'r',
                       .fixed = true};
}

/* "March 2025", "March of 2025", "Q2 2025", "the second quarter of 2025", "first half of 2025" */
static size_t read_fixed(const reader *r, size_t i, text_period *out) {
  static const char *const quarters[] = {"q1", "q2", "q3", "q4"};
  int month = at(r, i).len >= 3 && r->words[i].capital ? text_month(at(r, i)) : 0,
      n = month ? 1 : 0;
  size_t k = i + 1;
  for (int q = 0; q < 4; q++)
    if (is(r, i, quarters[q])) month = q * 3 + 1, n = 3;
  int half = is(r, i + 1, "half") ? ordinal_at(r, i, 2) : 0;
  int quarter = is(r, i + 1, "quarter") ? ordinal_at(r, i, 4) : 0;
  if (half) month = half * 6 - 5, n = 6, k = i + 2;
  if (quarter) month = quarter * 3 - 2, n = 3, k = i + 2;
  if (is(r, k, "of") || is(r, k, ",")) k++;
  int year = n ? year_at(r, k) : 0;
  size_t before = is(r, i - 1, "of") || IS_ANY(r, i - 1, "to", "and", "or", "until", "through", "-")
                      ? i - 2
                      : i - 1; /* "5 March", "the 5th of March", "March to May" are others' */
  bool other = before < i && ((r->words[before].is_number && r->words[before].number <= 31) ||
                              text_month(at(r, before)));
  if (!year || (n == 1 && other)) return 0;
  *out = months_of(year, month, n);
  return k + 1 - i;
}

static size_t read_core(const reader *r, size_t i, text_period *out) {
  static size_t (*const forms[])(const reader *, size_t, text_period *) = {
      read_named, read_ago, read_weekday, read_month, read_step};
  size_t n = 0;
  if (i >= r->n || r->words[i].quoted) return 0;
  for (size_t k = 0; n == 0 && k < sizeof forms / sizeof *forms; k++) n = forms[k](r, i, out);
  if (n == 0 && r->fixed) n = read_fixed(r, i, out);
  out->word = i;
  out->n_words = n;
  return n;
}

static int32_t today_of(int64_t now) { return text_date(now / 86400 - (now % 86400 < 0)); }

size_t text_period_at(const text_word *words, size_t n, size_t i, int64_t now, text_period *out) {
  const reader r = {words, n, today_of(now), false};
  *out = (text_period){0};
  return read_core(&r, i, out);
}

/* ---- with what leads to it ---- */

/* "up to", "prior to", "earlier than", "more than 3 days ago" */
static lead two_words(const reader *r, size_t i, bool ago) {
  if (is(r, i, "up") && is(r, i + 1, "to")) return UPTO;
  if (is(r, i, "prior") && is(r, i + 1, "to")) return BEFORE;
  if (!is(r, i + 1, "than")) return NO_LEAD;
  if (IS_ANY(r, i, "earlier", "older") || (ago && IS_ANY(r, i, "more", "longer"))) return BEFORE;
  if (IS_ANY(r, i, "later", "newer")) return AFTER;
  return ago && IS_ANY(r, i, "less", "fewer") ? FROM : NO_LEAD;
}

/* What leads to the period that begins at word `core`; *from is where that begins, "the" included.
 * Words before `least` are another's. */
static lead lead_of(const reader *r, size_t core, size_t least, bool ago, size_t *from) {
  size_t k = core;
  if (k > least && is(r, k - 1, "the")) k--;
  *from = k;
  if (k >= least + 2) {
    lead how = two_words(r, k - 2, ago);
    if (how != NO_LEAD) return *from = k - 2, how;
  }
  for (size_t i = 0; k > least && i < sizeof leads / sizeof *leads; i++)
    if (is(r, k - 1, leads[i].word)) {
      *from = k - 1;
      return ago && is(r, k - 1, "over") ? BEFORE : leads[i].how;
    }
  return NO_LEAD;
}

static void open_ends(text_period *p, lead how) {
  if (how == AFTER) p->from = away(p->to, 'd', 1);
  if (how == BEFORE) p->to = away(p->from, 'd', -1);
  if (how == FROM || how == AFTER) p->to = 0;
  if (how == BEFORE || how == UPTO) p->from = 0;
}

/* "The first half of last year", "early this month"; not "per month this year". */
static bool is_part(const reader *r, size_t from, lead how) {
  if (how != NO_LEAD && !is(r, from, "of")) return false;
  return from > 0 && str_is_any(at(r, from - 1), parts) &&
         !IS_ANY(r, from - 2, "per", "by", "each", "every", "a");
}

/* "between last month" and "today": does the second go on where the first ends? */
static bool goes_on(const reader *r, const text_period *first, size_t core) {
  size_t k = first->word + first->n_words;
  if (core != k + 1 && !(core == k + 2 && is(r, k + 1, "the"))) return false;
  if (is(r, first->word, "between")) return is(r, k, "and");
  return is(r, first->word, "from") && IS_ANY(r, k, "to", "until", "till", "through");
}

/* What stands at its other end: "between 2020 and last year" is left to others, as is "2020 or last
 * year"; "between 2025-03-01 and today" begins on that day. True where it is not understood. */
static bool read_other_end(const reader *r, text_period *p) {
  size_t k = p->word + p->n_words;
  if (IS_ANY(r, p->word, "between", "from") && IS_ANY(r, k, "and", "to", "until", "through"))
    return true;
  size_t end = p->word - (IS_ANY(r, p->word, "until", "till", "through") ? 1
                          : IS_ANY(r, p->word - 1, "and", "to", "or")    ? 2
                                                                         : 0);
  if (end >= p->word || !(r->words[end].is_number || r->words[end].is_date)) return false;
  int32_t day = text_day(&r->words[end]);
  if (!day || day > p->to || !IS_ANY(r, end - 1, "between", "from")) return true;
  *p = (text_period){
      .word = end - 1, .n_words = k - end + 1, .from = day, .to = p->to, .grain = 'r'};
  return false;
}

static void add(const reader *r, text_period p, text_period *out, int *n) {
  text_period *last = *n ? &out[*n - 1] : NULL;
  size_t core = p.word, end = core + p.n_words, least = last ? last->word + last->n_words : 0;
  if (last && goes_on(r, last, core)) {
    if (p.to < last->from)
      last->from = p.from; /* "between today and last month" */
    else
      last->to = p.to;
    last->grain = 'r';
    last->n_words = end - last->word;
    return;
  }
  bool ago = is(r, end - 1, "ago");
  lead how = lead_of(r, core, least, ago, &p.word);
  if (ago && how != IN && how != NO_LEAD)
    p.from = p.to = away(r->today, unit_at(r, core + 1, true), -count_at(r, core, true));
  if (is(r, p.word, "from") && IS_ANY(r, end, "on", "onward", "onwards")) how = FROM, end++;
  open_ends(&p, how);
  if (how == FROM && IS_ANY(r, p.word, "less", "fewer")) p.to = r->today;
  p.n_words = end + is(r, end, "'s") - p.word;
  p.part = is_part(r, p.word, how);
  if (last && least == core) p.part = last->part = true; /* "this month last year" */
  if (*n < TEXT_MAX_PERIODS) out[(*n)++] = p;
}

static int read_all(const reader *r, text_period *out) {
  int n = 0;
  for (size_t i = 0; i < r->n;) {
    text_period p = {0};
    size_t taken = read_core(r, i, &p);
    if (taken) add(r, p, out, &n);
    i += taken ? taken : 1;
  }
  for (int k = 0; k < n; k++) out[k].part = out[k].part || read_other_end(r, &out[k]);
  return n;
}

int text_periods(const text_words *words, int64_t now, text_period *out) {
  return read_all(&(reader){words->items, words->len, today_of(now), false}, out);
}

int text_all_periods(const text_words *words, int64_t now, text_period *out) {
  return read_all(&(reader){words->items, words->len, today_of(now), true}, out);
}

/* ---- an end of time that no days are said of ---- */

bool text_asks_for_end(const text_word *words, size_t n, size_t i) {
  static const char *const others[] = {"time",    "times", "letter", "letters",   "digit",
                                       "digits",  "word",  "words",  "character", "characters",
                                       "char",    "chars", "of",     "or",        "and",
                                       "percent", "place", "places", NULL};
  const reader r = {words, n, 0, false};
  text_dimension dimension;
  double factor;
  if (i + 2 >= n || words[i].quoted) return false;
  const text_word *number = &words[i + 1], *things = &words[i + 2];
  bool count = number->is_number && !number->quoted && number->number >= 1 &&
               number->number <= 1e6 && number->number == (double)(int)number->number;
  return IS_ANY(&r, i, "last", "first") && count && !things->is_punct && !things->is_number &&
         !str_is_any(things->lower, others) && !unit_at(&r, i + 2, true) &&
         !text_unit(things->lower, &dimension, &factor);
}

int text_asks_for_own_end(const text_words *words, size_t *word) {
  const reader r = {words->items, words->len, 0, false};
  for (size_t i = 1; i + 1 < r.n; i++) {
    bool recent = is(&r, i, "most") && IS_ANY(&r, i + 1, "recent", "recently");
    bool first = IS_ANY(&r, i, "first", "earliest");
    size_t last = recent ? i + 1 : i; /* its last word */
    text_period p;
    if ((!recent && !first && !IS_ANY(&r, i, "last", "latest")) ||
        IS_ANY(&r, i + 1, "name", "names", "and", "or", "letter", "letters", "digit", "digits") ||
        text_period_at(r.words, r.n, i, 0, &p) || text_asks_for_end(r.words, r.n, i))
      continue;
    bool owned = IS_ANY(&r, i - 1, "whose", "'s", "their", "his", "her", "its");
    bool done = !IS_ANY(&r, i - 1, "the", "a", "an", "at", "of", "by", "and", "in") &&
                (str_ends(at(&r, last + 1), STR("ed")) ||
                 IS_ANY(&r, last + 1, "bought", "sold", "paid", "came", "met", "seen", "left"));
    *word = i;
    if (owned || done) return first ? -1 : 1;
  }
  return 0;
}
