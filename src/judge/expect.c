/* The question's words held against the query. Sees no result. */
#include <math.h>

#include "judge/facts.h"
#include "judge/signal.h"
#include "text/grain.h"

typedef struct expecting {
  const judge_intent *in;
  const check_report *report;
  judge_facts f;
  arena *a;
  judge_signals *out;
  str question; /* normalised */
  judge_periods periods;
} expecting;

#define SIGNAL(x, code, ...) judge_add((x)->out, (x)->a, JUDGE_##code, 1, __VA_ARGS__)

/* ---- numbers and texts of one side, looked for on the other ---- */

static bool close_to(double x, double y) { return fabs(x - y) <= 1.0 + 1e-9; }

/* "> 3" may be written ">= 4", so that a neighbour will do; "= 2013" is not "in 2014". */
static bool means(const judge_facts *f, const sql_expr *e, double said) {
  double v = judge_number_value(e);
  return judge_is_bound(f, e) ? close_to(v, said) : fabs(v - said) < 1e-9;
}

static bool contains(str text, str part) { return str_find(text, part, 0) != SIZE_MAX; }

/* The word of measure that goes with the number at word i: "5 minutes", "2 to 3 minutes". */
static str unit_of(const judge_intent *in, size_t i) {
  static const char *const between[] = {"and", "or", "to", NULL};
  str next = i + 1 < in->words.len ? in->words.items[i + 1].lower : STR("");
  if (i + 3 < in->words.len && in->words.items[i + 2].is_number && str_is_any(next, between))
    return in->words.items[i + 3].lower;
  return next;
}

/* Is `v` what the question's number is in the unit that a column of the query is named by: 300000
 * Milliseconds for "5 minutes"? */
static bool is_converted(const expecting *x, const judge_number *n, double v) {
  enum { MOST = 12 };
  text_dimension said, held;
  double factor, other;
  if (!text_unit(unit_of(x->in, n->word), &said, &factor)) return false;
  for (size_t i = 0; i < x->f.names.len; i++) {
    str words[MOST];
    int k = text_split_name(x->f.names.items[i], x->a, words, MOST);
    if (k > 0 && text_unit(words[k - 1], &held, &other) && held == said &&
        fabs(n->value * factor / other - v) <= 1e-9 * fabs(v))
      return true;
  }
  return false;
}

static bool query_has_converted(const expecting *x, const judge_number *n) {
  for (size_t i = 0; i < x->f.numbers.len; i++)
    if (is_converted(x, n, judge_number_value(x->f.numbers.items[i]))) return true;
  return false;
}

/* As a number, in a date or a code ('2014-01-01', 201401), or in a name ("Enrollment K-12"). */
static bool query_has_number(const expecting *x, double v) {
  str digits = str_from(arena_printf(x->a, "%.15g", fabs(v)));
  for (size_t i = 0; i < x->f.numbers.len; i++)
    if (means(&x->f, x->f.numbers.items[i], fabs(v)) ||
        (digits.len >= 4 && contains(x->f.numbers.items[i]->text, digits)))
      return true;
  for (size_t i = 0; digits.len && i < x->f.strings.len; i++)
    if (contains(x->f.strings.items[i]->text, digits) &&
        (digits.len >= 4 || !judge_names_period(&x->periods, x->f.strings.items[i]->text)))
      return true;
  for (size_t i = 0; digits.len && i < x->f.names.len; i++)
    if (contains(x->f.names.items[i], digits)) return true;
  return x->f.limit && close_to(judge_number_value(x->f.limit), v);
}

/* "third" of third_party, "billion" of sales_billion */
static bool is_of_a_name(const expecting *x, const text_word *w) {
  if (ascii_is_digit(w->lower.ptr[0])) return false;
  for (size_t i = 0; i < x->f.names.len; i++)
    if (contains(text_fold(x->a, x->f.names.items[i]), w->lower)) return true;
  for (size_t i = 0; i < x->report->tables.len; i++)
    if (contains(text_fold(x->a, x->report->tables.items[i]), w->lower)) return true;
  return false;
}

static bool question_has_number(const expecting *x, const sql_expr *e) {
  for (size_t i = 0; i < x->in->numbers.len; i++) {
    double said = x->in->numbers.items[i].value;
    str digits = str_from(arena_printf(x->a, "%.15g", fabs(said)));
    if (means(&x->f, e, fabs(said)) || (digits.len >= 4 && contains(e->text, digits)) ||
        is_converted(x, &x->in->numbers.items[i], judge_number_value(e)))
      return true;
  }
  return contains(x->in->question, e->text); /* quoted, or part of a code */
}

static bool query_has_text(const expecting *x, str quoted) {
  str plain = text_normalise(x->a, quoted);
  for (size_t i = 0; i < x->f.strings.len; i++) {
    str literal = text_normalise(x->a, x->f.strings.items[i]->text);
    if (literal.len &&
        (str_find(plain, literal, 0) != SIZE_MAX || str_find(literal, plain, 0) != SIZE_MAX))
      return true;
  }
  for (size_t i = 0; i < x->f.names.len; i++) /* a quoted column's name */
    if (str_eq_nocase(x->f.names.items[i], quoted)) return true;
  return plain.len == 0;
}

/* ---- one question after another ---- */

/* The extreme is a column's own: "the maximum temperature" of max_temperature_f. */
static bool reads_extreme(const expecting *x, str word) {
  str root = str_slice(word, 0, str_ends(word, STR("est")) ? word.len - 3 : 3);
  if (!str_ends(word, STR("est")) && !str_eq(root, STR("max")) && !str_eq(root, STR("min")))
    return false;
  for (size_t i = 0; i < x->f.names.len; i++)
    if (contains(text_fold(x->a, x->f.names.items[i]), root)) return true;
  return false;
}

static bool misses_extreme(const expecting *x) {
  if (x->f.order_by || x->f.extreme || x->f.window) return false;
  for (size_t i = 0; i < x->in->superlatives.len; i++)
    if (!reads_extreme(x, x->in->words.items[x->in->superlatives.items[i]].lower)) return true;
  return false;
}

static bool expect_rows_wanted(const expecting *x) {
  int k = x->in->top_k;
  double limit = x->f.limit ? judge_number_value(x->f.limit) : -1;
  bool limited = x->f.limit ? close_to(limit, k) && limit >= k : x->f.has_limit;
  if (k > 0 && !limited && !x->f.window && !(k == 1 && x->f.extreme))
    return SIGNAL(x, top_k_mismatch,
                  "The question asks for %d row%s, the query does not limit itself so.", k,
                  str_s((size_t)k));
  if (!k && limit > 1 && !question_has_number(x, x->f.limit))
    return SIGNAL(x, limit_unasked, "The query stops after %.0f rows, which nobody asked for.",
                  limit);
  if (!k && misses_extreme(x))
    return SIGNAL(x, superlative_missing,
                  "The question asks for an extreme, the query neither orders nor takes one.");
  return true;
}

/* (month + 2) / 3 is its quarter */
static bool is_of_quarters(const expecting *x, const sql_expr *e) {
  text_grain g;
  double v = judge_number_value(e);
  return v >= 3 && v <= 12 && text_find_grain(&x->in->words, &g) && g.grain == 'q';
}

static bool expect_numbers(const expecting *x) {
  for (size_t i = 0; i < x->in->numbers.len; i++) {
    const judge_number *n = &x->in->numbers.items[i];
    if (n->is_k || query_has_number(x, n->value) || query_has_converted(x, n) ||
        judge_in_period(&x->periods, n->word, false))
      continue;
    const text_word *w = &x->in->words.items[n->word];
    if (n->value <= 2 && w->lower.ptr[0] >= 'a') continue; /* "first", "two" */
    if (is_of_a_name(x, w)) continue;
    if (!SIGNAL(x, number_missing, "The question says %.15g, the query does not.", n->value))
      return false;
  }
  for (size_t i = 0; i < x->f.numbers.len; i++) {
    double v = judge_number_value(x->f.numbers.items[i]);
    if (v == 0 || v == 1 || v == 2 || (v == 100 && x->f.division) ||
        question_has_number(x, x->f.numbers.items[i]) || is_of_quarters(x, x->f.numbers.items[i]) ||
        judge_names_period(&x->periods, x->f.numbers.items[i]->text))
      continue;
    if (!SIGNAL(x, number_unasked, "The query says %.15g, the question does not.", v)) return false;
  }
  return true;
}

static bool expect_texts(const expecting *x) {
  for (size_t i = 0; i < x->in->quoted.len; i++)
    if (!query_has_text(x, x->in->quoted.items[i]) &&
        !SIGNAL(x, quoted_missing, "The question quotes \"%.*s\", the query does not use it.",
                STR_ARG(str_slice(x->in->quoted.items[i], 0, 80))))
      return false;
  for (size_t i = 0; i < x->f.strings.len; i++)
    if (!judge_says_alike(x->in, x->question, x->f.strings.items[i]->text, x->a) &&
        !judge_names_period(&x->periods, x->f.strings.items[i]->text) &&
        !SIGNAL(x, literal_unasked, "The query looks for '%.*s', which the question does not name.",
                STR_ARG(str_slice(x->f.strings.items[i]->text, 0, 80))))
      return false;
  return true;
}

/* ---- months ---- */

/* 1 to 12 when the i-th word names a month as such: "March", "in may", not "may" and "march". */
static int month_at(const judge_intent *in, size_t i) {
  static const char *const before[] = {"in",    "of",   "since", "before", "after", "during",
                                       "until", "from", "month", "by",     NULL};
  const text_word *w = &in->words.items[i];
  bool whole = w->lower.len > 3 || str_eq(w->lower, STR("may")); /* Jan is a name */
  int month = whole && !w->quoted ? text_month(w->lower) : 0;
  if (!month || i == 0) return 0;
  if (w->capital) return month;
  for (const char *const *p = before; *p; p++)
    if (str_eq(in->words.items[i - 1].lower, str_from(*p))) return month;
  return 0;
}

static bool has_digits_of(str text, int month) {
  for (size_t i = 0; i < text.len; i++) {
    int v = 0;
    size_t from = i;
    while (i < text.len && ascii_is_digit(text.ptr[i])) v = v * 10 + (text.ptr[i++] - '0') % 100000;
    if (i > from && (v == month || (i - from >= 6 && v / 100 % 100 == month))) return true;
  }
  return false;
}

/* 'Mar', '03/2010', 20100315; a month of its own, for functions that take one */
static bool query_has_month(const expecting *x, int month, str name) {
  str abbreviated = str_slice(name, 0, 3);
  for (size_t i = 0; i < x->f.strings.len; i++) {
    str text = x->f.strings.items[i]->text;
    if (has_digits_of(text, month) || contains(text_fold(x->a, text), abbreviated)) return true;
  }
  for (size_t i = 0; i < x->f.numbers.len; i++)
    if (has_digits_of(x->f.numbers.items[i]->text, month)) return true;
  for (size_t i = 0; i < x->f.names.len; i++)
    if (contains(text_fold(x->a, x->f.names.items[i]), abbreviated)) return true;
  return false;
}

static bool expect_months(const expecting *x) {
  for (size_t i = 0; i < x->in->words.len; i++) {
    const text_word *w = &x->in->words.items[i];
    int month = month_at(x->in, i);
    if (month && !judge_in_period(&x->periods, i, false) && !query_has_month(x, month, w->lower))
      return SIGNAL(x, month_missing, "The question says \"%.*s\", the query does not.",
                    STR_ARG(w->raw));
  }
  return true;
}

/* A column may hold what an aggregate would compute: "average_attendance". */
static bool reads_name_with(const expecting *x, const char *const *parts) {
  for (size_t i = 0; i < x->f.names.len; i++) {
    str name = text_fold(x->a, x->f.names.items[i]);
    for (const char *const *p = parts; *p; p++)
      if (str_find(name, str_from(*p), 0) != SIZE_MAX) return true;
  }
  return false;
}

/* "How many cylinders" may be a column's own value: cars.cylinders. */
static bool reads_counted(const expecting *x) {
  if (x->in->counted >= x->in->words.len) return false;
  str stem = x->in->words.items[x->in->counted].stem;
  for (size_t i = 0; i < x->f.names.len; i++)
    if (str_find(text_fold(x->a, x->f.names.items[i]), stem, 0) != SIZE_MAX) return true;
  return false;
}

static bool expect_aggregates(const expecting *x) {
  static const char *const averages[] = {"av", "mean", NULL};
  static const char *const counts[] = {"num",    "count", "total",    "how",
                                       "amount", "qty",   "quantity", NULL};
  static const char *const ratios[] = {"percent", "rate", "ratio", "share", "pct", NULL};
  const judge_intent *in = x->in;
  if (in->average && !x->f.average && !(x->f.division && (x->f.sum || x->f.count)) &&
      !reads_name_with(x, averages) &&
      !SIGNAL(x, average_missing, "The question asks for an average, the query takes none."))
    return false;
  if (in->count && !x->f.count && !x->f.sum && !reads_name_with(x, counts) && !reads_counted(x) &&
      !SIGNAL(x, count_missing, "The question asks how many, the query counts nothing."))
    return false;
  if (in->percentage && !x->f.division && !x->f.average && !reads_name_with(x, ratios) &&
      !SIGNAL(x, ratio_missing, "The question asks for a share, the query divides nothing."))
    return false;
  bool aggregated = x->f.count || x->f.average || x->f.sum;
  if (in->per_group && aggregated && !x->f.group_by && !x->f.window && !x->f.subquery &&
      !SIGNAL(x, group_missing, "The question asks for a figure each, the query does not group."))
    return false;
  return true;
}

static bool expect_form(const expecting *x) {
  const judge_intent *in = x->in;
  if (in->negated && !x->f.excludes &&
      !SIGNAL(x, negation_missing, "The question excludes something, the query does not."))
    return false;
  if (in->distinct && !x->f.distinct && !x->f.group_by && !x->f.set_op && !x->f.count &&
      !SIGNAL(x, distinct_missing, "The question asks for different ones, the query may repeat."))
    return false;
  if (in->listed > 0 && x->f.n_items >= 0 && x->f.n_items < in->listed &&
      !SIGNAL(x, columns_missing, "The question lists %d things, the query selects %d.", in->listed,
              x->f.n_items))
    return false;
  if (in->listed > 0 && x->f.n_items > in->listed + 1 &&
      !SIGNAL(x, columns_unasked, "The question lists %d things, the query selects %d.", in->listed,
              x->f.n_items))
    return false;
  return true;
}

/* A warning's weight is the share of its firings that were faults; what that adds to the log odds,
 * over the share of queries that are wrong anyway. */
static double evidence(double weight) {
  static const double wrong_anyway = 0.26;
  double odds = log(weight / (1 - weight)) - log(wrong_anyway / (1 - wrong_anyway));
  return odds > 0 ? odds : 0;
}

static bool add_warnings(const expecting *x, const check_report *report) {
  for (size_t i = 0; i < report->diags.len; i++) {
    const diag *d = &report->diags.items[i];
    if (d->severity != DIAG_WARNING || d->weight <= 0 || d->weight >= 1) continue;
    if (str_eq(str_from(d->code), STR("dq_string"))) continue; /* mended before it runs */
    if (!judge_add(x->out, x->a, JUDGE_check_warning, 1, "%.*s", STR_ARG(d->message))) return false;
    judge_signal *s = &x->out->items[x->out->len - 1];
    s->code = d->code;
    s->hand_set = evidence(d->weight);
  }
  return true;
}

#define QUIET(x, code, value) judge_add_quiet((x)->out, (x)->a, JUDGE_##code, (value))

/* Longer queries go wrong more often, and some forms more than others. */
static bool add_size(const expecting *x, const check_report *report) {
  const judge_facts *f = &x->f;
  size_t tables = report->tables.len;
  bool joined = tables > 1 && !f->subquery && !f->set_op;
  bool folded = f->group_by || f->count || f->sum || f->average || f->extreme;
  bool one = f->limit && judge_number_value(f->limit) < 1.5;
  return QUIET(x, joins, tables > 1 ? (double)tables - 1 : 0) && QUIET(x, nested, f->subquery) &&
         QUIET(x, set_operation, f->set_op) && QUIET(x, grouped, f->group_by) &&
         QUIET(x, conditions, (double)(f->strings.len + f->numbers.len)) &&
         QUIET(x, plain_join, joined && !f->distinct && !folded && !f->has_limit) &&
         QUIET(x, count_over_join, joined && f->count && !f->distinct && !f->group_by) &&
         QUIET(x, count_distinct, f->count && f->distinct) &&
         QUIET(x, distinct, f->distinct && !f->count) && QUIET(x, ordered, f->order_by) &&
         QUIET(x, one_row, one) && QUIET(x, divides, f->division) &&
         QUIET(x, items, f->n_items > 1 ? f->n_items - 1 : 0) && QUIET(x, star, f->n_items < 0);
}

/* What kind of question it is: some are harder than others. */
static bool add_question(const expecting *x) {
  const judge_intent *in = x->in;
  int sentences = 0;
  for (size_t i = 0; i + 1 < in->words.len; i++)
    sentences +=
        in->words.items[i].is_punct && !in->words.items[i].quoted &&
        (str_eq(in->words.items[i].raw, STR(".")) || str_eq(in->words.items[i].raw, STR("?")));
  return QUIET(x, sentences, sentences) && QUIET(x, ask_count, in->count) &&
         QUIET(x, ask_extreme, in->superlative) && QUIET(x, ask_average, in->average) &&
         QUIET(x, ask_total, in->total) && QUIET(x, ask_negated, in->negated) &&
         QUIET(x, ask_distinct, in->distinct) && QUIET(x, ask_each, in->per_group) &&
         QUIET(x, ask_share, in->percentage) &&
         QUIET(x, ask_several, in->listed > 1 ? in->listed - 1 : 0);
}

/* The words of a text stand in the question, and a capitalised one right before or after them, as
 * if only a part of the name was taken: 'Fresno' of "Fresno County". */
static bool is_cut(const expecting *x, str literal) {
  const text_words *q = &x->in->words;
  text_words words;
  if (!text_tokenize(literal, x->a, &words) || words.len == 0) return false;
  for (size_t i = 0; i + words.len <= q->len; i++) {
    size_t n = 0;
    while (n < words.len && str_eq(q->items[i + n].lower, words.items[n].lower)) n++;
    if (n < words.len) continue;
    const text_word *after = i + n < q->len ? &q->items[i + n] : NULL;
    const text_word *before = i > 1 ? &q->items[i - 1] : NULL;
    return q->items[i].capital && ((after && after->capital && !after->is_punct) ||
                                   (before && before->capital && !before->is_punct));
  }
  return false;
}

/* "French" for 'France' */
static bool is_like_a_text(const expecting *x, str word) {
  for (size_t i = 0; i < x->f.strings.len; i++) {
    text_words words;
    if (!text_tokenize(x->f.strings.items[i]->text, x->a, &words)) return true;
    for (size_t k = 0; k < words.len; k++)
      if (text_trigram_similarity(words.items[k].lower, word) >= 0.2) return true;
  }
  return false;
}

/* Words of texts that the question has not, to the letter; names in it that the query has not. */
static bool add_strays(const expecting *x) {
  int stray = 0, missing = 0, cut = 0;
  const text_word *left_out = NULL;
  buf all;
  buf_init(&all, 1 << 20);
  for (size_t i = 0; i < x->f.strings.len; i++) {
    str plain = text_normalise(x->a, x->f.strings.items[i]->text);
    cut += is_cut(x, x->f.strings.items[i]->text);
    buf_add(&all, plain);
    buf_add_c(&all, ' ');
    if (judge_names_period(&x->periods, x->f.strings.items[i]->text)) continue;
    for (size_t from = 0; from < plain.len;) {
      size_t to = str_find(plain, STR(" "), from);
      if (to == SIZE_MAX) to = plain.len;
      str word = str_slice(plain, from, to);
      stray += word.len > 1 && str_find(x->question, word, 0) == SIZE_MAX;
      from = to + 1;
    }
  }
  for (size_t i = 0; i < x->f.names.len; i++) {
    buf_add(&all, text_normalise(x->a, x->f.names.items[i]));
    buf_add_c(&all, ' ');
  }
  for (size_t i = 1; i < x->in->words.len; i++) {
    const text_word *w = &x->in->words.items[i];
    const text_word *before = &x->in->words.items[i - 1];
    bool begins = before->is_punct && !before->quoted && before->raw.len == 1 &&
                  (before->raw.ptr[0] == '.' || before->raw.ptr[0] == '?');
    if (!w->capital || w->is_punct || w->quoted || begins || w->lower.len < 3 ||
        judge_in_period(&x->periods, i, true))
      continue;
    int month = text_month(w->lower);
    if (month && query_has_month(x, month, w->lower)) continue;
    str part = w->stem.len < w->lower.len ? w->stem : w->lower;
    if (all.failed || str_find(buf_str(&all), part, 0) != SIZE_MAX) continue;
    missing++;
    if (!is_like_a_text(x, w->lower)) left_out = w;
  }
  bool full = all.failed;
  buf_free(&all);
  if (left_out && !full &&
      !SIGNAL(x, name_left_out, "The question names \"%.*s\", the query does not look for it.",
              STR_ARG(left_out->raw)))
    return false;
  return !full && QUIET(x, stray_words, stray < 4 ? stray : 4) &&
         QUIET(x, names_missing, missing < 4 ? missing : 4) && QUIET(x, literal_cut, cut);
}

emend_rc judge_sql(const judge_intent *in, const check_report *report, arena *a, judge_signals *out,
                   emend_error *err) {
  if (!report->query) return EMEND_OK;
  expecting x = {
      .in = in, .report = report, .a = a, .out = out, .question = text_normalise(a, in->question)};
  judge_find_periods(in, &x.periods);
  bool ok = judge_read_facts(report->query, a, &x.f) && add_size(&x, report) && add_question(&x) &&
            expect_rows_wanted(&x) && expect_numbers(&x) && expect_texts(&x) && expect_months(&x) &&
            judge_hold_periods(in, report, &x.f, &x.periods, a, out) &&
            judge_hold_grain(in, report, &x.f, a, out) &&
            judge_hold_said(in, report, &x.f, a, out) && add_strays(&x) && expect_aggregates(&x) &&
            expect_form(&x) && add_warnings(&x, report);
  return ok && !arena_failed(a) ? EMEND_OK : err_nomem(err, "judge");
}
