/* Days and periods in the words of a question. See dates.h. */
#include "recall/dates.h"

#include <stdio.h>
#include <string.h>

/* ---- the calendar (Howard Hinnant's days-from-civil) ---- */

int64_t wording_days(int32_t date) {
  int64_t y = date / 10000, m = date / 100 % 100, d = date % 100;
  y -= m <= 2;
  int64_t era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400;
  int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

int32_t wording_date(int64_t days) {
  int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
  int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, y = yoe + era * 400;
  int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  int64_t d = doy - (153 * mp + 2) / 5 + 1, m = mp < 10 ? mp + 3 : mp - 9;
  return (int32_t)((y + (m <= 2)) * 10000 + m * 100 + d);
}

static int days_in(int year, int month) {
  static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : DAYS[month - 1];
}

static bool is_day(int y, int m, int d) {
  return y >= 1000 && y <= 9999 && m >= 1 && m <= 12 && d >= 1 && d <= days_in(y, m);
}

static recall_period day_of(int32_t date, bool relative) {
  return (recall_period){date, date, 'd', relative};
}

static recall_period month_of(int y, int m, bool relative) {
  return (recall_period){y * 10000 + m * 100 + 1, y * 10000 + m * 100 + days_in(y, m), 'm',
                         relative};
}

static recall_period year_of(int y, bool relative) {
  return (recall_period){y * 10000 + 101, y * 10000 + 1231, 'y', relative};
}

/* ---- digits ---- */

/* "2014-03-05", "2014/3/5" and, of others, only what can be read in one way: "25/3/2014". */
static bool read_digits(str s, int32_t *out) {
  int part[3] = {0}, width[3] = {0}, n = 0;
  for (size_t i = 0; i < s.len; i++) {
    if (ascii_is_digit(s.ptr[i])) {
      part[n] = part[n] * 10 + (s.ptr[i] - '0');
      if (++width[n] > 4) return false;
    } else if ((s.ptr[i] == '-' || s.ptr[i] == '/' || s.ptr[i] == '.') && n < 2 && width[n]) {
      n++;
    } else {
      return false;
    }
  }
  if (n != 2 || !width[2]) return false;
  int y = part[0], m = part[1], d = part[2];
  if (width[0] < 4) {
    y = part[2];
    m = part[0] > 12 ? part[1] : part[0];
    d = part[0] > 12 ? part[0] : part[1];
    if (part[0] <= 12 && part[1] <= 12 && part[0] != part[1]) return false;
  }
  if (!is_day(y, m, d)) return false;
  *out = y * 10000 + m * 100 + d;
  return true;
}

bool dates_of_literal(str text, recall_period *out) {
  int y, m, d, used = 0;
  char s[32];
  if (text.len < 4 || text.len >= sizeof s) return false;
  memcpy(s, text.ptr, text.len);
  s[text.len] = 0;
  for (size_t i = 0; i < text.len && i < 4; i++)
    if (!ascii_is_digit(s[i])) return false;
  if (sscanf(s, "%4d-%2d-%2d%n", &y, &m, &d, &used) == 3) {
    bool rest = s[used] == 0 || s[used] == ' ' || s[used] == 'T';
    if (!rest || !is_day(y, m, d)) return false;
    *out = day_of(y * 10000 + m * 100 + d, false);
    return true;
  }
  if (sscanf(s, "%4d-%2d%n", &y, &m, &used) == 2 && !s[used] && is_day(y, m, 1)) {
    *out = month_of(y, m, false);
    return true;
  }
  if (text.len == 4 && sscanf(s, "%4d", &y) == 1 && y >= 1000) {
    *out = year_of(y, false);
    return true;
  }
  return false;
}

bool dates_like(const recall_period *p, bool last, str style, char out[32]) {
  recall_period old;
  if (!dates_of_literal(style, &old)) return false;
  int32_t date = last ? p->to : p->from;
  int y = date / 10000, m = date / 100 % 100, d = date % 100;
  bool narrow = (old.grain == 'y' && p->grain != 'y') || (old.grain == 'm' && p->grain == 'd');
  bool wide = (old.grain == 'm' && p->grain == 'y');
  if (narrow || wide) return false;
  if (old.grain == 'y')
    snprintf(out, 32, "%04d", y);
  else if (old.grain == 'm')
    snprintf(out, 32, "%04d-%02d", y, m);
  else if (style.len <= 21)
    snprintf(out, 32, "%04d-%02d-%02d%.*s", y, m, d, (int)style.len - 10, style.ptr + 10);
  else
    return false;
  return true;
}

/* ---- words ---- */

static int month_name(const text_word *w) { return w->capital ? text_month(w->lower) : 0; }

static bool is_year(const text_word *w) {
  return w->is_number && w->raw.len == 4 && w->number >= 1000 && w->number <= 2999;
}

static int day_number(const text_word *w) {
  bool digits = w->is_number && ascii_is_digit(w->raw.ptr[0]) && w->raw.len <= 4;
  return digits && w->number >= 1 && w->number <= 31 ? (int)w->number : 0;
}

/* "March 5, 2014", "5th of March 2014", "March 2014". */
static size_t named_date(const text_word *w, size_t n, recall_period *out) {
  size_t of = n > 1 && str_eq(w[1].lower, STR("of"));
  int m = month_name(&w[0]), d = 0;
  if (m && n > 1 && is_year(&w[1])) {
    *out = month_of((int)w[1].number, m, false);
    return 2;
  }
  if (m && n > 2 && (d = day_number(&w[1])) && is_year(&w[2]) && is_day((int)w[2].number, m, d)) {
    *out = day_of((int)w[2].number * 10000 + m * 100 + d, false);
    return 3;
  }
  if (!m && n > 2 + of && (d = day_number(&w[0])) && (m = month_name(&w[1 + of])) &&
      is_year(&w[2 + of]) && is_day((int)w[2 + of].number, m, d)) {
    *out = day_of((int)w[2 + of].number * 10000 + m * 100 + d, false);
    return 3 + of;
  }
  return 0;
}

static recall_period months_away(int32_t today, int months) {
  int at = today / 10000 * 12 + today / 100 % 100 - 1 + months;
  return month_of(at / 12, at % 12 + 1, true);
}

/* "today", "yesterday", "this month", "last year", "3 days ago". */
static size_t relative_date(const text_word *w, size_t n, int64_t now, recall_period *out) {
  int64_t days = now / 86400 - (now % 86400 < 0);
  int32_t today = wording_date(days);
  if (str_eq(w[0].lower, STR("today"))) return *out = day_of(today, true), 1;
  if (str_eq(w[0].lower, STR("yesterday"))) return *out = day_of(wording_date(days - 1), true), 1;
  if (str_eq(w[0].lower, STR("tomorrow"))) return *out = day_of(wording_date(days + 1), true), 1;
  if (n < 2) return 0;
  bool this = str_eq(w[0].lower, STR("this")) || str_eq(w[0].lower, STR("current"));
  bool last = str_eq(w[0].lower, STR("last")) || str_eq(w[0].lower, STR("previous"));
  int step = this ? 0 : last ? -1 : str_eq(w[0].lower, STR("next")) ? 1 : 2;
  bool ago = n > 2 && w[0].is_number && w[0].number < 1000 && str_eq(w[2].lower, STR("ago"));
  if (ago) step = -(int)w[0].number;
  if (step == 2) return 0;
  size_t taken = ago ? 3 : 2;
  if (str_eq(w[1].stem, STR("year"))) return *out = year_of(today / 10000 + step, true), taken;
  if (str_eq(w[1].stem, STR("month"))) return *out = months_away(today, step), taken;
  if (ago && str_eq(w[1].stem, STR("day")))
    return *out = day_of(wording_date(days + step), true), taken;
  return 0;
}

size_t dates_at(const text_word *words, size_t n, size_t i, int64_t now, recall_period *out) {
  const text_word *w = &words[i];
  int32_t date;
  if (w->quoted) return 0;
  if (w->is_date && read_digits(w->raw, &date)) return *out = day_of(date, false), 1;
  size_t taken = named_date(w, n - i, out);
  return taken ? taken : relative_date(w, n - i, now, out);
}
