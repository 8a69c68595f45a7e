/* "Last month" as a year for the network, and as days in what it writes. See relative.h. */
#include "generate/relative.h"

#include <stdio.h>

#include "check/check.h"
#include "generate/grain.h"

/* ---- how a column tells time ---- */

typedef enum form { FORM_NONE, FORM_YEAR, FORM_YEAR_TEXT, FORM_MONTH, FORM_DAY, FORM_TIME } form;

/* "2025-06-14 …" is '9999-99-99' and more. */
static bool has_shape(str s, const char *shape) {
  size_t i = 0;
  for (; shape[i]; i++)
    if (i >= s.len || (shape[i] == '9' ? !ascii_is_digit(s.ptr[i]) : s.ptr[i] != shape[i]))
      return false;
  return i == s.len || (i == 10 && (s.ptr[i] == ' ' || s.ptr[i] == 'T'));
}

static bool all_have_shape(const cat_profile *p, const char *shape) {
  return p->n_samples && has_shape(p->samples[0], shape) && p->min.kind == CELL_TEXT &&
         has_shape(p->min.text, shape) && p->max.kind == CELL_TEXT && has_shape(p->max.text, shape);
}

static form form_of(const cat_column *c) {
  const cat_profile *p = &c->profile;
  if (!p->known || !p->n_samples) {
    bool year =
        c->type == CAT_INTEGER && c->n_words && str_eq(c->words[c->n_words - 1], STR("year"));
    return c->type == CAT_DATE        ? FORM_DAY
           : c->type == CAT_TIMESTAMP ? FORM_TIME
           : year                     ? FORM_YEAR
                                      : FORM_NONE;
  }
  if (p->min.kind == CELL_INT && p->max.kind == CELL_INT && p->min.i > 1500 && p->max.i < 2200)
    return FORM_YEAR;
  if (all_have_shape(p, "9999")) return FORM_YEAR_TEXT;
  if (all_have_shape(p, "9999-99")) return FORM_MONTH;
  if (all_have_shape(p, "9999-99-99")) return p->value_type == CAT_DATE ? FORM_DAY : FORM_TIME;
  return FORM_NONE;
}

/* Whole dates, and no column of months: "March 2025" are days there. */
static bool tells_days(const catalog *cat, char grain) {
  bool days = false;
  for (int i = 0; i < cat->n_columns; i++) days |= form_of(&cat->columns[i]) >= FORM_DAY;
  return days && !gen_names_grain(cat, grain == 'r' ? 'm' : grain);
}

/* ---- reading ---- */

/* A column last_year, a table yesterday. */
static bool is_of_name(const str *name, int n_name, const text_word *words, size_t n) {
  size_t most = n < 2 ? n : 2; /* the last two words say what it is: "in the past year" */
  for (int i = 0; i + (int)most <= n_name; i++) {
    size_t k = 0;
    while (k < most && str_eq(name[i + (int)k], words[n - most + k].lower)) k++;
    if (k == most) return true;
  }
  return false;
}

static bool is_known_otherwise(const text_period *p, const text_words *words, const catalog *cat) {
  const text_word *first = &words->items[p->word];
  for (int i = 0; i < cat->n_columns; i++)
    if (is_of_name(cat->columns[i].words, cat->columns[i].n_words, first, p->n_words)) return true;
  for (int i = 0; i < cat->n_tables; i++)
    if (is_of_name(cat->tables[i].words, cat->tables[i].n_words, first, p->n_words)) return true;
  return p->n_words == 1 && catalog_value(cat, first->raw);
}

static bool is_said(const gen_periods *p, const text_period *it, const text_words *words,
                    int year) {
  for (size_t i = 0; i < words->len; i++)
    if ((i < it->word || i >= it->word + it->n_words) && words->items[i].is_number &&
        (int)words->items[i].number == year)
      return true;
  for (int i = 0; i < p->n; i++)
    if (p->years[i] == year) return true;
  return false;
}

static bool is_year(const text_period *p) {
  return p->grain == 'y' && p->from % 10000 == 101 && p->to == p->from / 10000 * 10000 + 1231;
}

/* The year that it begins in, or one that nothing else in the question is called. */
static int name_year(const gen_periods *p, const text_period *it, const text_words *words) {
  int year = (it->from ? it->from : it->to) / 10000;
  while (!is_year(it) && is_said(p, it, words, year)) year--;
  return year;
}

static void add_day(buf *b, int32_t date) {
  buf_printf(b, "%04d-%02d-%02d", date / 10000, date / 100 % 100, date % 100);
}

static void add_note(buf *b, const text_period *p, str said) {
  buf_printf(b, "%s\"%.*s\" is", b->len ? "; " : "", STR_ARG(said));
  if (p->from) buf_add_cstr(b, p->from == p->to ? " " : " from "), add_day(b, p->from);
  if (p->to && p->to != p->from) buf_add_cstr(b, " to "), add_day(b, p->to);
}

/* "last month's orders" are "orders in 2025". */
static void add_question(const gen_periods *p, str question, const text_words *words, buf *b) {
  size_t at = 0, end = question.len;
  const text_word *last = &words->items[words->len - 1];
  if (last->is_punct && last->from > 0) end = last->from;
  for (int i = 0; i < p->n; i++) {
    const text_period *it = &p->items[i];
    const text_word *first = &words->items[it->word], *until = first + it->n_words - 1;
    bool owns = str_eq(until->lower, STR("'s"));
    buf_add(b, str_slice(question, at, first->from));
    if (!owns) buf_printf(b, "in %d", p->years[i]);
    at = until->to;
  }
  buf_add(b, str_slice(question, at, end));
  for (int i = 0; i < p->n; i++) {
    const text_period *it = &p->items[i];
    if (str_eq(words->items[it->word + it->n_words - 1].lower, STR("'s")))
      buf_printf(b, " in %d", p->years[i]);
  }
  buf_add(b, str_slice(question, end, question.len));
}

bool gen_periods_read(str question, const catalog *cat, int64_t now, arena *a, gen_periods *out) {
  text_words words;
  text_period found[TEXT_MAX_PERIODS];
  *out = (gen_periods){.question = question};
  if (!text_tokenize(question, a, &words)) return false;
  int n = text_all_periods(&words, now, found);
  buf text, note;
  buf_init(&text, 1 << 20);
  buf_init(&note, 1 << 16);
  for (int i = 0; i < n; i++) {
    const text_period *p = &found[i];
    if (p->part || is_known_otherwise(p, &words, cat) || (p->fixed && !tells_days(cat, p->grain)))
      continue;
    const text_word *first = &words.items[p->word];
    add_note(&note, p, str_slice(question, first->from, first[p->n_words - 1].to));
    out->years[out->n] = name_year(out, p, &words);
    out->items[out->n++] = *p;
  }
  if (out->n) add_question(out, question, &words, &text);
  if (out->n) out->question = text.failed ? (str){0} : arena_str(a, buf_str(&text));
  out->note = note.failed ? (str){0} : arena_str(a, buf_str(&note));
  buf_free(&text);
  buf_free(&note);
  return out->question.ptr && out->note.ptr;
}

/* Can years, months tell it? Many years or months up to today are counted from the first one. */
static bool fits(const text_period *p, form f) {
  if (f == FORM_NONE) return false;
  if (f == FORM_DAY || f == FORM_TIME) return true;
  int64_t days = p->from && p->to ? text_days(p->to) - text_days(p->from) : 0;
  bool year = f == FORM_YEAR || f == FORM_YEAR_TEXT;
  if (p->grain == 'r' && days >= (year ? 365 : 28)) return true;
  bool begins = !p->from || (year ? p->from % 10000 == 101 : p->from % 100 == 1);
  int last = p->to ? text_days_in(p->to / 10000, p->to / 100 % 100) : 0;
  bool ends = !p->to || (year ? p->to % 10000 == 1231 : p->to % 100 == last);
  return begins && ends;
}

/* ---- writing ---- */

typedef struct writer {
  const gen_periods *p;
  const catalog *cat;
  arena *a;
  bool ok, changed;
} writer;

static sql_expr *literal(const writer *w, int32_t date, form f) {
  size_t n = f == FORM_YEAR || f == FORM_YEAR_TEXT ? 4 : f == FORM_MONTH ? 7 : 10;
  char *day = arena_printf(w->a, "%04d-%02d-%02d", date / 10000, date / 100 % 100, date % 100);
  if (!day) return NULL;
  return f == FORM_YEAR ? sql_new_number(w->a, (str){day, n}) : sql_new_string(w->a, (str){day, n});
}

static sql_expr *compare(const writer *w, sql_expr *column, sql_op op, int32_t date, form f) {
  sql_expr *lit = literal(w, date, f);
  return lit ? sql_new_binary(w->a, op, column, lit) : NULL;
}

/* Is `column` in the period? A day with its times ends where the next one begins. */
static sql_expr *condition(const writer *w, sql_expr *column, const text_period *p, form f) {
  bool days = f == FORM_DAY || f == FORM_TIME;
  bool one = f == FORM_DAY ? p->from == p->to : f == FORM_MONTH && p->from / 100 == p->to / 100;
  if (one) return compare(w, column, SQL_OP_EQ, p->from, f);
  sql_expr *low = p->from ? compare(w, column, SQL_OP_GE, p->from, f) : NULL;
  sql_expr *high = !p->to ? NULL
                   : days ? compare(w, column, SQL_OP_LT, text_date(text_days(p->to) + 1), f)
                          : compare(w, column, SQL_OP_LE, p->to, f);
  if (!p->from || !p->to) return p->from ? low : high;
  return low && high ? sql_new_binary(w->a, SQL_OP_AND, low, high) : NULL;
}

/* The period whose year the literal is, as 2025, '2025' or '%2025%'. */
static const text_period *period_of(const gen_periods *p, const sql_expr *e) {
  if (e->kind != SQL_NUMBER && e->kind != SQL_STRING) return NULL;
  str s = e->text;
  while (s.len && s.ptr[0] == '%') s = str_slice(s, 1, s.len);
  while (s.len && s.ptr[s.len - 1] == '%') s = str_slice(s, 0, s.len - 1);
  for (int i = 0; s.len == 4 && i < p->n; i++) {
    char year[16];
    snprintf(year, sizeof year, "%04d", p->years[i]);
    if (str_eq(s, str_from(year))) return &p->items[i];
  }
  return NULL;
}

static bool is_call_of(const sql_expr *e, const char *const *names) {
  for (; e->kind == SQL_CALL && e->args.len && *names; names++)
    if (str_eq_nocase(e->name.text, str_from(*names))) return true;
  return false;
}

/* What is to be compared with days where its year was with a year: a column, or its first or last
 * value. *column is where that is stored. NULL: neither. */
static sql_expr *without_year(sql_expr *e, const sql_expr **column) {
  static const char *const parts[] = {"year", "strftime", "extract", NULL};
  static const char *const ends[] = {"min", "max", NULL};
  while (e->kind == SQL_CAST || is_call_of(e, parts)) e = e->args.items[e->args.len - 1];
  *column = is_call_of(e, ends) ? e->args.items[0] : e;
  const sql_binding *to = &(*column)->bound;
  bool stored = to->item && to->table >= 0 && to->column >= 0;
  return (*column)->kind == SQL_COLUMN && stored ? e : NULL;
}

/* Writes the period's days in the place of `e`, which compares `side` with its year. */
static void replace(writer *w, sql_expr *e, sql_expr *side, const text_period *p) {
  const sql_expr *column;
  sql_expr *compared = without_year(side, &column);
  form f = compared ? form_of(&w->cat->columns[column->bound.column]) : FORM_NONE;
  if (is_year(p) || !fits(p, f)) return;
  bool not = e->negated || e->op == SQL_OP_NE;
  sql_expr *made = condition(w, compared, p, f), *whole = made;
  if (made && not &&(whole = sql_new_expr(w->a, SQL_UNARY))) {
    whole->op = SQL_OP_NOT;
    w->ok = w->ok && vec_push(w->a, &whole->args, made);
  }
  if (!whole) w->ok = false;
  if (!w->ok) return;
  *e = *whole;
  w->changed = true;
}

static sql_walk_next see_expr(void *ctx, sql_expr *e) {
  writer *w = ctx;
  const text_period *p = NULL;
  bool compares = e->kind == SQL_BINARY && e->args.len == 2 &&
                  ((e->op >= SQL_OP_EQ && e->op <= SQL_OP_GE) || e->op == SQL_OP_LIKE);
  for (size_t i = 0; compares && !p && i < 2; i++)
    if ((p = period_of(w->p, e->args.items[i]))) replace(w, e, e->args.items[1 - i], p);
  if (e->kind == SQL_BETWEEN && (p = period_of(w->p, e->args.items[1])) &&
      p == period_of(w->p, e->args.items[2]))
    replace(w, e, e->args.items[0], p);
  return !w->ok ? SQL_WALK_STOP : p ? SQL_WALK_SKIP : SQL_WALK_ON;
}

str gen_periods_write(const gen_periods *p, str sql, const catalog *cat, arena *a) {
  sql_parsed parsed;
  writer w = {p, cat, a, true, false};
  if (p->n == 0) return sql;
  if (sql_parse(sql, cat->dialect, a, &parsed, NULL) || parsed.statements.len != 1 ||
      parsed.statements.items[0].kind != SQL_STMT_QUERY)
    return sql;
  sql_query *q = parsed.statements.items[0].query;
  if (check_bind(q, cat, cat->dialect, a, NULL, NULL)) return sql;
  sql_walk_query(q, &(sql_visitor){see_expr, NULL, NULL, &w});
  if (!w.ok) return (str){0};
  return w.changed ? sql_print(q, cat->dialect, a) : sql;
}
