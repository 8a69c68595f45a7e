/* Days and periods in the words of a question. See dates.h. */
#include "recall/dates.h"

#include <stdio.h>
#include <string.h>

#include "text/period.h"

static bool is_day(int y, int m, int d) {
  return y >= 1000 && y <= 9999 && m >= 1 && m <= 12 && d >= 1 && d <= text_days_in(y, m);
}

static recall_period day_of(int32_t date) { return (recall_period){date, date, 'd', false}; }

static recall_period month_of(int y, int m) {
  return (recall_period){y * 10000 + m * 100 + 1, y * 10000 + m * 100 + text_days_in(y, m), 'm',
                         false};
}

static recall_period year_of(int y) {
  return (recall_period){y * 10000 + 101, y * 10000 + 1231, 'y', false};
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
    *out = day_of(y * 10000 + m * 100 + d);
    return true;
  }
  if (sscanf(s, "%4d-%2d%n", &y, &m, &used) == 2 && !s[used] && is_day(y, m, 1)) {
    *out = month_of(y, m);
    return true;
  }
  if (text.len == 4 && sscanf(s, "%4d", &y) == 1 && y >= 1000) {
    *out = year_of(y);
    return true;
  }
  return false;
}

bool dates_like(const recall_period *p, recall_edge edge, str style, char out[32]) {
  recall_period old;
  if (!dates_of_literal(style, &old)) return false;
  int32_t date = edge == RECALL_FIRST ? p->from : p->to;
  if (edge == RECALL_AFTER) date = text_date(text_days(date) + 1);
  int y = date / 10000, m = date / 100 % 100, d = date % 100;
  if (old.grain != 'd' && old.grain != p->grain) return false;
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
    *out = month_of((int)w[1].number, m);
    return 2;
  }
  if (m && n > 2 && (d = day_number(&w[1])) && is_year(&w[2]) && is_day((int)w[2].number, m, d)) {
    *out = day_of((int)w[2].number * 10000 + m * 100 + d);
    return 3;
  }
  if (!m && n > 2 + of && (d = day_number(&w[0])) && (m = month_name(&w[1 + of])) &&
      is_year(&w[2 + of]) && is_day((int)w[2 + of].number, m, d)) {
    *out = day_of((int)w[2 + of].number * 10000 + m * 100 + d);
    return 3 + of;
  }
  return 0;
}

size_t dates_at(const text_word *words, size_t n, size_t i, int64_t now, recall_period *out) {
  const text_word *w = &words[i];
  int32_t date;
  if (w->quoted) return 0;
  if (w->is_date && read_digits(w->raw, &date)) return *out = day_of(date), 1;
  size_t taken = named_date(w, n - i, out);
  if (taken) return taken;
  text_period p;
  taken = text_period_at(words, n, i, now, &p);
  if (taken) *out = (recall_period){p.from, p.to, p.grain, true};
  return taken;
}
