/* "Per month" held against the pieces of time that a query tells apart, and "orders per status"
 * against what it counts. Sees no result. */
#include "text/grain.h"

#include "judge/facts.h"
#include "judge/signal.h"

enum { NAME_WORDS = 12 };

/* Which pieces of time a query tells apart, a bit each. */
enum { YEAR = 1, QUARTER = 2, MONTH = 4, WEEK = 8, DAY = 16, WEEKDAY = 32 };

typedef struct telling {
  arena *a;
  unsigned by_call, by_name; /* what functions make of dates; what columns and tables are named */
} telling;

static unsigned bit_of(char grain) {
  return grain == 'y'   ? YEAR
         : grain == 'q' ? QUARTER
         : grain == 'm' ? MONTH
         : grain == 'w' ? WEEK
         : grain == 'd' ? DAY
         : grain == 'D' ? WEEKDAY
                        : 0;
}

/* "yearid" and "hoursperweek" too */
static unsigned bits_of_name(str name, arena *a) {
  static const char *const units[] = {"year", "quarter", "month", "week", "day"};
  str words[NAME_WORDS], whole = text_fold(a, name);
  unsigned bits = 0;
  int n = text_split_name(name, a, words, NAME_WORDS);
  for (int i = 0; i < n; i++) bits |= bit_of(text_grain_word(words[i]));
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (judge_contains(whole, units[i])) bits |= bit_of(units[i][0]);
  if (bits & DAY) bits |= WEEKDAY; /* its name, perhaps */
  return bits;
}

/* '%Y-%m', 'YYYY-MM', 'month', "YEAR FROM %" */
static unsigned bits_of_format(str format, arena *a) {
  static const struct {
    const char *part;
    unsigned bits;
  } parts[] = {{"%y", YEAR},   {"yyyy", YEAR},   {"year", YEAR}, {"quarter", QUARTER},
               {"q", QUARTER}, {"%m", MONTH},    {"%b", MONTH},  {"mm", MONTH},
               {"mon", MONTH}, {"dow", WEEKDAY}, {"%u", WEEK},   {"%v", WEEK},
               {"week", WEEK}, {"iw", WEEK},     {"ww", WEEK},   {"%d", DAY},
               {"%e", DAY},    {"%j", DAY},      {"dd", DAY},    {"day", DAY}};
  str text = text_fold(a, format);
  unsigned bits = judge_contains(format, "%W") ? WEEK : judge_contains(format, "%w") ? WEEKDAY : 0;
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (judge_contains(text, parts[i].part)) bits |= parts[i].bits;
  return bits;
}

static bool is_cut(str name) {
  return str_eq(name, STR("substr")) || str_eq(name, STR("substring")) || str_eq(name, STR("left"));
}

/* substr(x, 1, 7) is of months where x is a date. */
static unsigned bits_of_cut(const sql_expr *e) {
  const sql_expr *last = e->args.len ? e->args.items[e->args.len - 1] : NULL;
  int n = last && last->kind == SQL_NUMBER ? (int)judge_number_value(last) : 0;
  const sql_expr *from = e->args.len == 3 ? e->args.items[1] : NULL;
  int at = from && from->kind == SQL_NUMBER ? (int)judge_number_value(from) : 1;
  if (at == 1)
    return n == 4 ? YEAR : n == 6 || n == 7 ? YEAR | MONTH : n == 8 || n == 10 ? DAY | MONTH : 0;
  return at == 5 || at == 6 ? MONTH : DAY;
}

static bool is_of_dates(str name) {
  static const char *const names[] = {
      "strftime", "date_format", "to_char", "format",         "datename", "date_trunc", "datetrunc",
      "datepart", "date_part",   "extract", "formatdatetime", "trunc",    NULL};
  return str_is_any(name, names);
}

static sql_walk_next see_expr(void *ctx, sql_expr *e) {
  telling *t = ctx;
  if (e->kind == SQL_COLUMN) t->by_name |= bits_of_name(e->name.text, t->a);
  if (e->kind == SQL_CAST && str_eq_nocase(e->text, STR("date"))) t->by_call |= DAY;
  if (e->kind != SQL_CALL) return SQL_WALK_ON;
  str name = text_fold(t->a, e->name.text);
  if (str_eq(name, STR("date"))) t->by_call |= DAY;
  if (is_cut(name)) t->by_call |= bits_of_cut(e);
  if (!is_of_dates(name)) {
    if (!is_cut(name)) t->by_call |= bits_of_name(e->name.text, t->a);
    return SQL_WALK_ON;
  }
  if (e->text.len) t->by_call |= bits_of_format(e->text, t->a);
  for (size_t i = 0; i < e->args.len; i++) {
    const sql_expr *arg = e->args.items[i];
    if (arg->kind == SQL_STRING) t->by_call |= bits_of_format(arg->text, t->a);
    if (arg->kind == SQL_COLUMN && arg->bound.column < 0)
      t->by_call |=
          bit_of(text_grain_word(text_fold(t->a, arg->name.text))); /* datepart(month, x) */
  }
  return SQL_WALK_ON;
}

static bool is_date_name(str name, arena *a) {
  str text = text_fold(a, name);
  return judge_contains(text, "date") || judge_contains(text, "time") ||
         str_ends(text, STR("_at")) || str_ends(text, STR("_on"));
}

/* A date of its own is a day apart from others where it is shown or grouped by. */
static sql_walk_next see_query(void *ctx, sql_query *q) {
  telling *t = ctx;
  for (size_t i = 0; i < q->group_by.len; i++)
    if (q->group_by.items[i]->kind == SQL_COLUMN &&
        is_date_name(q->group_by.items[i]->name.text, t->a))
      t->by_name |= DAY;
  for (size_t i = 0; i < q->items.len && !q->group_by.len; i++) {
    const sql_expr *e = q->items.items[i].expr;
    if (e && e->kind == SQL_COLUMN && is_date_name(e->name.text, t->a)) t->by_name |= DAY;
  }
  return SQL_WALK_ON;
}

static bool hold_pieces(const judge_intent *in, const check_report *report, arena *a,
                        judge_signals *out) {
  text_grain g;
  telling t = {.a = a};
  if (!text_find_grain(&in->words, &g)) return true;
  sql_walk_query(report->query, &(sql_visitor){see_expr, see_query, NULL, &t});
  for (size_t i = 0; i < report->tables.len; i++)
    t.by_name |= bits_of_name(report->tables.items[i], a);
  unsigned asked = bit_of(g.grain);
  if (asked == QUARTER && (t.by_call & MONTH)) return true; /* (month + 2) / 3 */
  bool other = t.by_call && !((t.by_call | t.by_name) & asked);
  bool none = g.form == TEXT_GRAIN_EACH && !((t.by_call | t.by_name) & asked);
  const text_word *first = &in->words.items[g.word];
  str said = str_slice(in->question, first->from, first[g.n_words - 1].to);
  if (!other && !none) return true;
  return judge_add(out, a, JUDGE_grain_other, 1,
                   "The question says \"%.*s\", the query does not tell these apart.",
                   STR_ARG(said));
}

/* ---- "orders per status" ---- */

static bool reads(const judge_facts *f, str stem, arena *a) {
  str words[NAME_WORDS];
  for (size_t i = 0; i < f->names.len; i++) {
    int n = text_split_name(f->names.items[i], a, words, NAME_WORDS);
    for (int k = 0; k < n; k++)
      if (str_eq(text_stem(a, words[k]), stem) || str_eq(words[k], STR("per"))) return true;
  }
  return false;
}

/* "Orders each day", not what "for each day" says of them */
static bool divides_time(const text_words *q, size_t i) {
  static const char *const before[] = {"for", "in", "of", "on", "at", "during", NULL};
  text_grain g;
  return !str_eq(q->items[i].lower, STR("by")) && !str_is_any(q->items[i - 1].lower, before) &&
         text_grain_at(q->items, q->len, i, &g) && g.form == TEXT_GRAIN_EACH;
}

/* Something per something, and neither a figure is taken nor a column read that is named so. */
static bool hold_figure(const judge_intent *in, const judge_facts *f, arena *a,
                        judge_signals *out) {
  if (f->count || f->sum || f->average || f->extreme || f->division || f->group_by ||
      f->n_items < 0)
    return true;
  for (size_t i = 1; i + 1 < in->words.len; i++) {
    const text_word *w = &in->words.items[i];
    bool per = in->per_group && !w->quoted && str_eq(w->lower, STR("per"));
    if ((!per && !divides_time(&in->words, i)) || reads(f, w[-1].stem, a)) continue;
    return judge_add(out, a, JUDGE_figure_missing, 1,
                     "The question says \"%.*s\", the query counts and adds up nothing.",
                     STR_ARG(str_slice(in->question, w[-1].from, w[1].to)));
  }
  return true;
}

bool judge_hold_grain(const judge_intent *in, const check_report *report, const judge_facts *f,
                      arena *a, judge_signals *out) {
  return hold_pieces(in, report, a, out) && hold_figure(in, f, a, out);
}
