/* Days of the question, and periods that it counts from today, held against the query. Sees no
 * result. */
#include <stdio.h>

#include "base/clock.h"
#include "judge/facts.h"
#include "judge/signal.h"

void judge_find_periods(const judge_intent *in, judge_periods *out) {
  out->n = text_all_periods(&in->words, clock_now(), out->items);
}

bool judge_in_period(const judge_periods *p, size_t word, bool fixed) {
  for (int i = 0; i < p->n; i++)
    if ((fixed || !p->items[i].fixed) && word >= p->items[i].word &&
        word < p->items[i].word + p->items[i].n_words)
      return true;
  return false;
}

/* ---- literals ---- */

static bool begins_as(str literal, int32_t date, size_t n) {
  char day[16];
  snprintf(day, sizeof day, "%04d-%02d-%02d", date / 10000 % 10000, date / 100 % 100, date % 100);
  return str_eq(str_slice(literal, 0, n), (str){day, n});
}

/* How exactly the literal names the end `date` of a period: 10 for that day or the one beside it,
 * outside, 7 for its month, 4 for its year; 0: it does not. */
static size_t names_day(int32_t date, int outside, str s) {
  while (s.len && s.ptr[0] == '%') s = str_slice(s, 1, s.len);
  while (s.len && s.ptr[s.len - 1] == '%') s = str_slice(s, 0, s.len - 1);
  size_t n = s.len > 10 ? 10 : s.len;
  if (!date || (n != 4 && n != 7 && n != 10)) return 0;
  bool is = begins_as(s, date, n) || begins_as(s, text_date(text_days(date) + outside), n);
  return is ? n : 0;
}

bool judge_names_period(const judge_periods *p, str literal) {
  for (int i = 0; i < p->n; i++)
    if (names_day(p->items[i].from, -1, literal) || names_day(p->items[i].to, 1, literal))
      return true;
  return false;
}

/* ---- the query ---- */

static bool reads_name_with(const judge_facts *f, const char *const *parts, arena *a) {
  for (size_t i = 0; i < f->names.len; i++) {
    str name = text_fold(a, f->names.items[i]);
    for (const char *const *p = parts; *p; p++)
      if (judge_contains(name, *p)) return true;
  }
  return false;
}

/* Any time at all, where it is not clear what of the period is meant. */
static bool tells_something(const judge_facts *f) {
  for (size_t i = 0; i < f->strings.len; i++) {
    str text = f->strings.items[i]->text;
    size_t digits = 0;
    for (size_t k = 0; k < text.len; k++) digits += ascii_is_digit(text.ptr[k]);
    if (digits >= 4) return true;
  }
  for (size_t i = 0; i < f->numbers.len; i++)
    if (judge_number_value(f->numbers.items[i]) >= 1000) return true;
  return false;
}

/* Does it count from today by itself, or look at a column that is of a period: is_current_month? */
static bool counts_itself(const text_period *p, const check_report *report, const judge_facts *f,
                          arena *a) {
  static const char *const now[] = {
      "now", "current_date", "current_timestamp", "getdate", "curdate", "sysdate", "today", NULL};
  static const char *const current[] = {"current_date", "current_timestamp", NULL};
  static const char *const units[] = {"month", "week", "quarter", "today", "last", NULL};
  static const char *const year[] = {"year", NULL};
  for (size_t i = 0; i < f->strings.len; i++)
    if (judge_contains(text_fold(a, f->strings.items[i]->text), "now")) return true;
  for (size_t i = 0; i < report->functions.len; i++)
    if (str_is_any(text_fold(a, report->functions.items[i]), now)) return true;
  return reads_name_with(f, current, a) ||
         (f->filtered.len &&
          (reads_name_with(f, units, a) ||
           (p->grain == 'y' && !tells_something(f) && reads_name_with(f, year, a))));
}

/* A number, or a text of digits, that is the month in which the period begins. */
static bool names_month(const text_period *p, const judge_facts *f) {
  int month = (p->from ? p->from : p->to) / 100 % 100;
  for (size_t i = 0; i < f->numbers.len; i++)
    if ((int)judge_number_value(f->numbers.items[i]) == month) return true;
  for (size_t i = 0; i < f->strings.len; i++)
    if (f->strings.items[i]->text.len <= 2 && (int)judge_number_value(f->strings.items[i]) == month)
      return true;
  return false;
}

/* Has it both ends of the period, as exactly as the period has them? What goes up to today needs
 * none there. */
static bool tells(const text_period *p, const judge_facts *f) {
  size_t from = p->from ? 0 : 10, to = p->to ? 0 : 10;
  for (size_t i = 0; i < f->strings.len + f->numbers.len; i++) {
    const sql_expr *e =
        i < f->strings.len ? f->strings.items[i] : f->numbers.items[i - f->strings.len];
    size_t low = names_day(p->from, -1, e->text), high = names_day(p->to, 1, e->text);
    if (low > from) from = low;
    if (high > to) to = high;
  }
  size_t least = from < to || p->grain == 'r' ? from : to;
  bool years = p->grain == 'y' || (p->grain == 'r' && text_days(p->to) - text_days(p->from) >= 365);
  bool months = years || p->grain == 'q' || p->grain == 'm' || p->grain == 'r';
  return least == 10 || (least == 7 && months) || (least == 4 && (years || names_month(p, f)));
}

static bool tells_day(int32_t day, const judge_facts *f) {
  for (size_t i = 0; i < f->strings.len; i++) {
    str text = f->strings.items[i]->text;
    if (names_day(day, -1, text) == 10 || names_day(day, 1, text) == 10) return true;
  }
  return false;
}

/* A day that is said in digits is looked for. */
static bool hold_days(const judge_intent *in, const judge_facts *f, arena *a, judge_signals *out) {
  for (size_t i = 0; i < in->words.len; i++) {
    const text_word *w = &in->words.items[i];
    int32_t day = text_day(w);
    if (day && !tells_day(day, f))
      return judge_add(out, a, JUDGE_number_missing, 1,
                       "The question says %.*s, the query does not.", STR_ARG(w->raw));
  }
  return true;
}

static str as_text(int32_t date, arena *a) {
  if (!date) return STR("…");
  return str_from(arena_printf(a, "%04d-%02d-%02d", date / 10000, date / 100 % 100, date % 100));
}

bool judge_hold_periods(const judge_intent *in, const check_report *report, const judge_facts *f,
                        const judge_periods *periods, arena *a, judge_signals *out) {
  for (int i = 0; i < periods->n; i++) {
    const text_period *p = &periods->items[i];
    if (p->fixed && p->grain == 'm') continue; /* month and year are looked for as such */
    if (counts_itself(p, report, f, a) || (p->part ? tells_something(f) : tells(p, f))) continue;
    const text_word *first = &in->words.items[p->word];
    str said = str_slice(in->question, first->from, first[p->n_words - 1].to);
    if (!tells_something(f))
      return judge_add(out, a, JUDGE_period_missing, 1,
                       "The question says \"%.*s\", the query looks for no time.", STR_ARG(said));
    return judge_add(out, a, JUDGE_period_missing, 1,
                     "The question says \"%.*s\", which is %.*s to %.*s; the query looks for "
                     "another time.",
                     STR_ARG(said), STR_ARG(as_text(p->from, a)), STR_ARG(as_text(p->to, a)));
  }
  return hold_days(in, f, a, out);
}
