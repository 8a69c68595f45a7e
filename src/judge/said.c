/* Words of time and money held against the query: the other end of time, a year taken for a code,
 * euros compared with cents. Sees no result. */
#include "judge/facts.h"
#include "judge/signal.h"
#include "text/grain.h"

#define IN(word, ...) str_is_any((word), (const char *const[]){__VA_ARGS__, NULL})

typedef struct saying {
  const judge_intent *in;
  const check_report *report;
  const judge_facts *f;
  arena *a;
} saying;

static str word_at(const saying *x, size_t i) {
  const text_words *w = &x->in->words;
  return i < w->len && !w->items[i].quoted ? w->items[i].lower : STR("");
}

static bool reads_name_with(const saying *x, const char *const *parts) {
  for (size_t i = 0; i < x->f->names.len; i++) {
    str name = text_fold(x->a, x->f->names.items[i]);
    for (const char *const *p = parts; *p; p++)
      if (judge_contains(name, *p)) return true;
  }
  return false;
}

/* ---- the first and the last ---- */

static bool is_time_name(str name) {
  static const char *const PARTS[] = {"date",  "time",  "year", "created", "updated",
                                      "hired", "birth", "_at",  "_on",     NULL};
  for (const char *const *p = PARTS; *p; p++)
    if (judge_contains(name, *p)) return true;
  return false;
}

/* -1: the earliest is asked for, 1: the latest, 0: neither, or it is not clear. */
static int end_of_time(const saying *x) {
  bool first = false, last = false;
  for (size_t i = 0; i < x->in->words.len; i++) {
    str w = word_at(x, i), next = word_at(x, i + 1);
    if (IN(w, "order", "ordered", "sort", "sorted", "ascending", "descending", "chronological") &&
        (i == 0 || !IN(word_at(x, i - 1), "first", "last", "latest", "recent", "earliest")))
      return 0;
    text_period p; /* "last year" is no end */
    if (text_period_at(x->in->words.items, x->in->words.len, i, 0, &p) || IN(next, "name", "names"))
      continue;
    first |= IN(w, "first", "earliest", "oldest");
    last |= IN(w, "last", "latest", "newest", "youngest") ||
            (IN(w, "most") && IN(next, "recent", "recently"));
  }
  return first == last ? 0 : last ? 1 : -1;
}

/* The same of what the query takes: ORDER BY a time with a LIMIT, or the extreme of one. */
static int end_taken(const saying *x) {
  const sql_query *q = x->f->outer;
  if (!q || x->f->set_op || x->f->subquery) return 0;
  if (x->f->has_limit && q->order_by.len) {
    const sql_order *o = &q->order_by.items[0];
    bool time = o->expr->kind == SQL_COLUMN && is_time_name(text_fold(x->a, o->expr->name.text));
    return time ? (o->desc ? 1 : -1) : 0;
  }
  if (q->items.len != 1 || q->group_by.len) return 0;
  const sql_expr *e = q->items.items[0].expr;
  if (!e || e->kind != SQL_CALL || e->args.len != 1 || e->args.items[0]->kind != SQL_COLUMN)
    return 0;
  if (!is_time_name(text_fold(x->a, e->args.items[0]->name.text))) return 0;
  if (str_eq_nocase(e->name.text, STR("max"))) return 1;
  return str_eq_nocase(e->name.text, STR("min")) ? -1 : 0;
}

static bool asks_for_end(const saying *x) {
  const text_words *w = &x->in->words;
  for (size_t i = 0; i < w->len; i++)
    if (IN(word_at(x, i), "latest", "newest", "earliest") ||
        (IN(word_at(x, i), "most") && IN(word_at(x, i + 1), "recent", "recently")) ||
        text_asks_for_end(w->items, w->len, i))
      return true;
  return false;
}

/* "The oldest": of time, or of ages. */
static bool asks_for_age(const saying *x) {
  for (size_t i = 0; i < x->in->words.len; i++)
    if (IN(word_at(x, i), "oldest", "youngest")) return true;
  return false;
}

/* Whatever there is most of, or least: ORDER BY count(*) with a LIMIT; sums and averages too, where
 * not only what is counted is meant. */
static bool takes_most(const saying *x, bool counted) {
  const sql_query *q = x->f->outer;
  if (!q || !x->f->has_limit || !q->order_by.len) return false;
  const sql_expr *e = q->order_by.items[0].expr;
  if (e->kind != SQL_CALL) return false;
  str name = text_fold(x->a, e->name.text);
  return str_eq(name, STR("count")) || (!counted && IN(name, "sum", "avg"));
}

/* Nothing tells one row's end from its others, no column of that name and no place in an order. */
static bool takes_any(const saying *x) {
  static const char *const said[] = {"first", "last", "latest", "recent", NULL};
  const judge_facts *f = x->f;
  bool placed = false;
  for (size_t i = 0; i < f->numbers.len; i++) placed |= str_eq(f->numbers.items[i]->text, STR("1"));
  return !f->extreme && !f->window && !f->has_limit && !f->subquery && !f->set_op && !f->order_by &&
         !placed && !reads_name_with(x, said);
}

static bool hold_end(const saying *x, judge_signals *out) {
  int asked = end_of_time(x), taken = end_taken(x);
  size_t end;
  if (text_asks_for_own_end(&x->in->words, &end) && takes_any(x))
    return judge_add(out, x->a, JUDGE_end_missing, 1,
                     "The question says \"%.*s\", the query takes any.",
                     STR_ARG(str_slice(x->in->question, x->in->words.items[end].from,
                                       x->in->words.items[end + 1].to)));
  if (asks_for_end(x) ? takes_most(x, false) : asks_for_age(x) && takes_most(x, true))
    return judge_add(out, x->a, JUDGE_end_counted, 1,
                     "The question asks for an end of time, the query orders by an amount.");
  if (!asked || !taken || asked == taken) return true;
  return judge_add(out, x->a, JUDGE_end_turned, 1,
                   "The question asks for the %s, the query takes the %s.",
                   asked > 0 ? "latest" : "earliest", taken > 0 ? "latest" : "earliest");
}

/* ---- a year that is taken for a code ---- */

static bool is_code_name(str name, arena *a) {
  enum { MOST = 12 };
  str words[MOST];
  int n = text_split_name(name, a, words, MOST);
  for (int i = 0; i < n; i++)
    if (text_is_code(words[i])) return true;
  return false;
}

typedef struct looking {
  const saying *x;
  str year; /* its digits */
  bool found;
} looking;

static const char *const AMOUNTS[] = {"spen",  "paid",     "pay",   "amount", "total",   "price",
                                      "cost",  "sum",      "fee",   "earn",   "revenue", "salary",
                                      "value", "turnover", "money", "budget", NULL};

static bool is_amount_name(const saying *x, str name) {
  static const char *const TIMES[] = {"date", "year", "time", "_at", "_on", NULL};
  str text = text_fold(x->a, name);
  bool amount = false;
  for (const char *const *p = AMOUNTS; *p; p++) amount |= judge_contains(text, *p);
  for (const char *const *p = TIMES; *p; p++) amount = amount && !judge_contains(text, *p);
  return amount;
}

/* A count, a sum or a column of amounts: "in 2012" is none. */
static bool is_amount(const saying *x, const sql_expr *e) {
  if (e->kind == SQL_CALL) return IN(text_fold(x->a, e->name.text), "count", "sum", "avg");
  return e->kind == SQL_COLUMN && is_amount_name(x, e->name.text);
}

static sql_walk_next see_code(void *ctx, sql_expr *e) {
  looking *l = ctx;
  if (e->kind != SQL_BINARY || e->op < SQL_OP_EQ || e->op > SQL_OP_GE || e->args.len != 2)
    return SQL_WALK_ON;
  for (size_t i = 0; i < 2; i++) {
    const sql_expr *column = e->args.items[i], *lit = e->args.items[1 - i];
    bool literal = lit->kind == SQL_STRING || lit->kind == SQL_NUMBER;
    if (!literal || !str_eq(lit->text, l->year)) continue;
    l->found |= is_amount(l->x, column) || (e->op == SQL_OP_EQ && column->kind == SQL_COLUMN &&
                                            is_code_name(column->name.text, l->x->a));
  }
  return l->found ? SQL_WALK_STOP : SQL_WALK_ON;
}

/* "In 2010" as a postal code or a number of rows; "more than 2010" is a number. */
static bool hold_years(const saying *x, judge_signals *out) {
  for (size_t i = 1; i < x->in->words.len; i++) {
    const text_word *w = &x->in->words.items[i];
    if (!w->is_number || w->quoted || w->raw.len != 4 || w->number < 1800 || w->number >= 2200 ||
        !(IN(word_at(x, i - 1), "in", "during", "since", "before", "after", "until", "year") ||
          text_month(word_at(x, i - 1))))
      continue;
    looking l = {x, w->raw, false};
    const sql_visitor v = {.expr = see_code, .ctx = &l};
    sql_walk_query(x->report->query, &v);
    if (l.found)
      return judge_add(out, x->a, JUDGE_year_elsewhere, 1,
                       "The question says the year %.*s, the query takes it for something else.",
                       STR_ARG(w->raw));
  }
  return true;
}

/* ---- euros and cents ---- */

/* Is the i-th word an amount of whole money: "100 euros", "$100"? */
static bool is_money(const saying *x, size_t i) {
  if (!x->in->words.items[i].is_number) return false;
  str after = word_at(x, i + 1), before = i ? word_at(x, i - 1) : STR("");
  return IN(after, "euro", "euros", "eur", "€", "dollar", "dollars", "usd", "pounds", "gbp") ||
         IN(before, "€", "$", "£", "eur", "usd");
}

static bool hold_money(const saying *x, judge_signals *out) {
  static const char *const CENTS[] = {"cents", "_cent", NULL};
  if (!reads_name_with(x, CENTS) || x->f->division) return true;
  for (size_t i = 0; i < x->in->words.len; i++) {
    double said = x->in->words.items[i].number;
    if (!is_money(x, i)) continue;
    for (size_t k = 0; k < x->f->numbers.len; k++) {
      double v = judge_number_value(x->f->numbers.items[k]);
      if (v < said || v > said) continue;
      return judge_add(out, x->a, JUDGE_unit_other, 1,
                       "The question says %.15g of money, the query compares cents with it.", said);
    }
  }
  return true;
}

static bool is_time(str word) {
  text_dimension dimension;
  double factor;
  return str_eq(word, STR("time")) || text_grain_word(word) ||
         (text_unit(word, &dimension, &factor) && dimension == TEXT_TIME);
}

/* "Who spent the most", and all that the query does is count, or not even that. */
static bool hold_amount(const saying *x, judge_signals *out) {
  const judge_facts *f = x->f;
  if (f->sum || f->average || f->extreme || f->n_items < 0 || reads_name_with(x, AMOUNTS))
    return true;
  bool times = false; /* "spent the most weeks on top", not "spent this year" */
  judge_periods periods;
  judge_find_periods(x->in, &periods);
  for (size_t i = 0; i < x->in->words.len; i++)
    times |= is_time(word_at(x, i)) && !judge_in_period(&periods, i, true);
  for (size_t i = 0; i < x->in->words.len; i++) {
    str w = word_at(x, i);
    bool said = IN(w, "spent", "spend", "spends", "spending", "revenue", "turnover");
    if (said ? f->count || !times
             : f->count && IN(w, "paid", "pay", "pays", "earned", "earns", "earnings"))
      return judge_add(out, x->a, JUDGE_amount_missing, 1,
                       "The question says \"%.*s\", the query %sadds up nothing.", STR_ARG(w),
                       f->count ? "counts and " : "");
  }
  return true;
}

bool judge_hold_said(const judge_intent *in, const check_report *report, const judge_facts *f,
                     arena *a, judge_signals *out) {
  const saying x = {in, report, f, a};
  return hold_end(&x, out) && hold_years(&x, out) && hold_money(&x, out) && hold_amount(&x, out);
}
