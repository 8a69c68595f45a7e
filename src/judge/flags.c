/* Words of the question that say yes or no of a column, held against what the query does with it:
 * "inactive" where it does not look at "active", "which are discontinued" where it only shows that
 * column. Knows the schema; sees no result. */
#include "judge/facts.h"
#include "judge/signal.h"

/* A column that says yes or no, or little more. */
enum { MOST_VALUES = 4, LEAST_ROWS = 10, SHORTEST_BASE = 4 };

typedef struct flags {
  const judge_intent *in;
  const judge_facts *f;
  const catalog *cat;
  arena *a;
} flags;

/* Does the column's name have the word? */
static bool is_in_name(const flags *x, const cat_column *col, str stem) {
  for (int i = 0; i < col->n_words; i++)
    if (str_eq(text_stem(x->a, col->words[i]), stem)) return true;
  return false;
}

/* A condition on it, a sum or groups of it; not where it is only shown or counted. */
static bool looks_at(const flags *x, str stem) {
  for (size_t i = 0; i < x->f->filtered.len; i++) {
    int column = x->f->filtered.items[i];
    if (column >= 0 && column < x->cat->n_columns && is_in_name(x, &x->cat->columns[column], stem))
      return true;
  }
  if (!x->f->sum && !x->f->group_by) return false;
  for (size_t i = 0; i < x->f->names.len; i++) {
    str words[12];
    int n = text_split_name(x->f->names.items[i], x->a, words, 12);
    for (int k = 0; k < n; k++)
      if (str_eq(text_stem(x->a, words[k]), stem)) return true;
  }
  return false;
}

/* ---- "inactive" ---- */

/* The word without what negates it; empty where nothing does. */
static str base_of(str word) {
  static const char *const PREFIXES[] = {"un", "in", "non", "dis"};
  for (size_t i = 0; i < sizeof PREFIXES / sizeof *PREFIXES; i++) {
    str prefix = str_from(PREFIXES[i]);
    if (str_starts(word, prefix) && word.len >= prefix.len + SHORTEST_BASE)
      return str_slice(word, prefix.len, word.len);
  }
  return STR("");
}

/* A flag column of that name, and none that is named by the whole word. */
static bool negates_column(const flags *x, str word, str base) {
  str whole = text_stem(x->a, word), stem = text_stem(x->a, base);
  bool found = false;
  for (int i = 0; i < x->cat->n_columns; i++) {
    const cat_column *col = &x->cat->columns[i];
    if (is_in_name(x, col, whole)) return false;
    const cat_profile *p = &col->profile;
    found |= p->known && p->distinct > 0 && p->distinct <= MOST_VALUES && is_in_name(x, col, stem);
  }
  return found && !looks_at(x, stem);
}

static bool hold_negated(const flags *x, judge_signals *out) {
  for (size_t i = 0; i < x->in->words.len; i++) {
    const text_word *w = &x->in->words.items[i];
    str base = w->quoted || w->is_punct ? STR("") : base_of(w->lower);
    if (!base.len || catalog_value(x->cat, w->raw) || !negates_column(x, w->lower, base)) continue;
    return judge_add(out, x->a, JUDGE_flag_missing, 1,
                     "The question says \"%.*s\", the query does not look at \"%.*s\".",
                     STR_ARG(w->raw), STR_ARG(base));
  }
  return true;
}

/* ---- "which are discontinued?" ---- */

/* The only column that the query gives of a table's rows, all of them; NULL for other queries. */
static const cat_column *lone_column(const flags *x) {
  const sql_query *q = x->f->outer;
  if (!q || x->f->set_op || q->items.len != 1 || q->where || q->having || q->group_by.len ||
      x->f->has_limit)
    return NULL;
  const sql_expr *e = q->items.items[0].expr;
  if (!e || e->kind != SQL_COLUMN || e->bound.table < 0 || e->bound.column < 0 ||
      e->bound.column >= x->cat->n_columns)
    return NULL;
  return &x->cat->columns[e->bound.column];
}

static bool hold_shown(const flags *x, judge_signals *out) {
  const cat_column *col = lone_column(x);
  const cat_profile *p = col ? &col->profile : NULL;
  if (!p || !p->known || p->rows < LEAST_ROWS || p->distinct < 1 || p->distinct > MOST_VALUES)
    return true;
  const text_words *w = &x->in->words;
  for (size_t i = 2; i + 1 < w->len; i++) {
    bool be =
        str_is_any(w->items[i].lower, (const char *const[]){"are", "is", "were", "was", NULL});
    bool asks = str_is_any(w->items[i - 1].lower,
                           (const char *const[]){"what", "which", "who", "how", NULL});
    if (!be || asks || !is_in_name(x, col, w->items[i + 1].stem)) continue;
    return judge_add(out, x->a, JUDGE_flag_shown, 1,
                     "The question asks which are \"%.*s\", the query shows that column of all.",
                     STR_ARG(w->items[i + 1].raw));
  }
  return true;
}

emend_rc judge_flags(const judge_intent *in, const check_report *report, const catalog *cat,
                     arena *a, judge_signals *out, emend_error *err) {
  if (!report->query || !cat) return EMEND_OK;
  judge_facts f;
  bool ok = judge_read_facts(report->query, a, &f);
  const flags x = {in, &f, cat, a};
  ok = ok && hold_negated(&x, out) && hold_shown(&x, out);
  return ok && !arena_failed(a) ? EMEND_OK : err_nomem(err, "judge");
}
