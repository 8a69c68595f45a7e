/* Words of the question that say yes or no of a column, held against what the query does with it:
 * "inactive" where it does not look at "active", "which are discontinued" where it only shows that
 * column; who reports to whom, where it does not look at the key that says so; "without a phone"
 * where it does not look whether there is one. Knows the schema; sees no result. */
#include "judge/facts.h"
#include "judge/signal.h"

/* A column that says yes or no, or little more; and a name that a word denies, no "age" of
 * "image". */
enum { MOST_VALUES = 4, LEAST_ROWS = 10, SHORTEST_BASE = 4 };

typedef struct flags {
  const judge_intent *in;
  const judge_facts *f;
  const catalog *cat;
  arena *a;
} flags;

/* Is it a word of the name? */
static bool is_among(const flags *x, const str *words, int n, str stem) {
  for (int i = 0; i < n; i++)
    if (str_eq(text_stem(x->a, words[i]), stem)) return true;
  return false;
}

static bool is_in_name(const flags *x, const cat_column *col, str stem) {
  return is_among(x, col->words, col->n_words, stem);
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
    if (is_among(x, words, n, stem)) return true;
  }
  return false;
}

/* ---- "inactive" ---- */

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
    str base = w->quoted || w->is_punct ? STR("") : text_denied(w->lower);
    if (base.len < SHORTEST_BASE || catalog_value(x->cat, w->raw) ||
        !negates_column(x, w->lower, base))
      continue;
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

/* ---- "who reports to Ann?" ---- */

typedef struct key_search {
  str name;
  bool compared;
} key_search;

static sql_walk_next see_comparison(void *ctx, sql_expr *e) {
  key_search *k = ctx;
  bool within = e->kind == SQL_BINARY || e->kind == SQL_IN || e->kind == SQL_IS_NULL;
  for (size_t i = 0; within && i < e->args.len; i++)
    k->compared |=
        e->args.items[i]->kind == SQL_COLUMN && str_eq_nocase(e->args.items[i]->name.text, k->name);
  return k->compared ? SQL_WALK_STOP : SQL_WALK_ON;
}

/* Compared or joined by; where nothing is counted it may also be shown or grouped by. */
static bool looks_at_key(const flags *x, const check_report *report, str name) {
  key_search k = {name, false};
  const sql_visitor v = {.expr = see_comparison, .ctx = &k};
  sql_walk_query(report->query, &v);
  for (size_t i = 0; i < x->f->names.len && (!x->f->count || x->f->group_by); i++)
    k.compared |= str_eq_nocase(x->f->names.items[i], name);
  return k.compared;
}

/* "Her boss", of a key reports_to or manager_id */
static bool is_superior(const cat_column *key, str w) {
  static const char *const said[] = {"boss",        "bosses",       "superior",
                                     "superiors",   "supervisor",   "supervisors",
                                     "subordinate", "subordinates", NULL};
  static const char *const named[] = {"report", "reports", "manager", "boss", "supervisor", NULL};
  bool of_people = false;
  for (int i = 0; i < key->n_words; i++) of_people |= str_is_any(key->words[i], named);
  return of_people && str_is_any(w, said);
}

/* A word of the question is in the name of a key from the table to itself: "report" in ReportsTo.
 */
static const text_word *says_key(const flags *x, const cat_column *key) {
  for (size_t i = 0; i < x->in->words.len; i++) {
    const text_word *w = &x->in->words.items[i];
    if (w->is_punct || w->is_number || text_is_stopword(w->lower) || text_is_code(w->lower))
      continue;
    if (is_in_name(x, key, w->stem) || is_superior(key, w->lower)) return w;
  }
  return NULL;
}

static bool hold_own_key(const flags *x, const check_report *report, judge_signals *out) {
  for (int i = 0; i < x->cat->n_fkeys; i++) {
    const cat_fkey *k = &x->cat->fkeys[i];
    const cat_table *table = &x->cat->tables[k->from_table];
    const cat_column *from = &x->cat->columns[k->from[0]];
    bool used = false;
    for (size_t t = 0; t < report->tables.len; t++)
      used |= str_eq_nocase(report->tables.items[t], table->name);
    if (k->from_table != k->to_table || !used || looks_at_key(x, report, from->name)) continue;
    const text_word *w = says_key(x, from);
    if (!w || is_among(x, table->words, table->n_words, w->stem)) continue;
    return judge_add(out, x->a, JUDGE_key_missing, 1,
                     "The question says \"%.*s\", the query does not look at %.*s.",
                     STR_ARG(w->raw), STR_ARG(from->name));
  }
  return true;
}

/* ---- "without a promo code" ---- */

/* Words from `i` on that are the column's name: how many; 0: they are not. */
static size_t says_name(const flags *x, const cat_column *col, size_t i) {
  const text_words *q = &x->in->words;
  if (col->n_words == 0 || i + (size_t)col->n_words > q->len) return 0;
  for (int k = 0; k < col->n_words; k++) {
    const text_word *w = &q->items[i + (size_t)k];
    if (w->quoted || !str_eq(w->stem, text_stem(x->a, col->words[k]))) return 0;
  }
  return (size_t)col->n_words;
}

static bool names_table(const flags *x, size_t i) {
  for (int t = 0; t < x->cat->n_tables; t++)
    for (int k = 0; k < x->cat->tables[t].n_words; k++)
      if (str_eq(text_stem(x->a, x->cat->tables[t].words[k]), x->in->words.items[i].stem))
        return true;
  return false;
}

/* A column that some rows leave empty, of a table of the query; NULL: none is named there. */
static const cat_column *named_optional(const flags *x, const check_report *report, size_t i) {
  for (int c = 0; c < x->cat->n_columns; c++) {
    const cat_column *col = &x->cat->columns[c];
    if (!col->profile.known || col->profile.nulls == 0 || col->pk) continue;
    for (size_t t = 0; t < report->tables.len; t++)
      if (str_eq_nocase(report->tables.items[t], x->cat->tables[col->table].name) &&
          says_name(x, col, i) && !names_table(x, i))
        return col;
  }
  return NULL;
}

static bool hold_absent(const flags *x, const check_report *report, judge_signals *out) {
  static const char *const absent[] = {"without", "no", "lacking", "missing", NULL};
  static const char *const articles[] = {"a", "an", "any", "the", "their", NULL};
  const text_words *q = &x->in->words;
  for (size_t i = 0; i + 1 < q->len; i++) {
    if (q->items[i].quoted || !str_is_any(q->items[i].lower, absent)) continue;
    size_t at = i + 1 + str_is_any(q->items[i + 1].lower, articles);
    const cat_column *col = at < q->len ? named_optional(x, report, at) : NULL;
    bool looked = false;
    for (size_t k = 0; col && k < x->f->filtered.len; k++)
      looked |= x->f->filtered.items[k] == col->id;
    if (!col || looked) continue;
    return judge_add(
        out, x->a, JUDGE_null_missing, 1,
        "The question says \"%.*s %.*s\", the query does not look whether that is there.",
        STR_ARG(q->items[i].raw), STR_ARG(q->items[at].raw));
  }
  return true;
}

emend_rc judge_flags(const judge_intent *in, const check_report *report, const catalog *cat,
                     arena *a, judge_signals *out, emend_error *err) {
  if (!report->query || !cat) return EMEND_OK;
  judge_facts f;
  bool ok = judge_read_facts(report->query, a, &f);
  const flags x = {in, &f, cat, a};
  ok = ok && hold_negated(&x, out) && hold_shown(&x, out) && hold_own_key(&x, report, out) &&
       hold_absent(&x, report, out);
  return ok && !arena_failed(a) ? EMEND_OK : err_nomem(err, "judge");
}
