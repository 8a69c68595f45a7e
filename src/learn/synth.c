/* The grammar of synthesised questions: patterns over tables, columns, keys and values. See
 * synth.h. */
#include "learn/synth.h"

#include <string.h>

#include "base/vec.h"

typedef VEC(int) ids;
typedef VEC(str) texts;

/* What the columns of one table are good for in a question. */
typedef struct table_parts {
  ids texts, measures, categories, dates;
  int label; /* the column that names a row, or -1 */
} table_parts;

struct synth {
  const catalog *cat;
  table_parts *parts;
  ids usable;    /* tables with something to ask about */
  texts *values; /* [columns]: stored values */
};

/* A question and its SQL while they are written. */
typedef struct draft {
  const synth *s;
  rng *r;
  buf q, sql;
} draft;

/* ---- reading the schema ---- */

static bool has_word(const cat_column *c, const char *word) {
  for (int i = 0; i < c->n_words; i++)
    if (str_eq(c->words[i], str_from(word))) return true;
  return false;
}

static bool looks_like_id(const cat_column *c) {
  return c->pk || c->is_fkey || has_word(c, "id") || has_word(c, "code") || has_word(c, "number");
}

static bool names_a_row(const cat_column *c) {
  return has_word(c, "name") || has_word(c, "title") || has_word(c, "last");
}

static bool add_column(table_parts *p, const catalog *cat, const cat_column *c, arena *a) {
  const cat_profile *f = &c->profile;
  if (c->values_private) return true;
  if (catalog_is_date(c)) return vec_push(a, &p->dates, c->id);
  if ((c->type == CAT_INTEGER || c->type == CAT_REAL) && !looks_like_id(c))
    return vec_push(a, &p->measures, c->id);
  if (c->type != CAT_TEXT) return true;
  bool few = f->known && f->distinct > 1 && f->distinct <= 40 && f->distinct * 2 < f->rows;
  if (p->label < 0 || (names_a_row(c) && !names_a_row(&cat->columns[p->label]))) p->label = c->id;
  return vec_push(a, &p->texts, c->id) && (!few || vec_push(a, &p->categories, c->id));
}

synth *synth_create(const catalog *cat, arena *a) {
  enum { VALUES = 200, LONGEST = 40 };
  synth *s = ARENA_NEW(a, synth);
  if (!s) return NULL;
  s->cat = cat;
  s->parts = ARENA_ARRAY(a, table_parts, (size_t)cat->n_tables);
  s->values = ARENA_ARRAY(a, texts, (size_t)cat->n_columns);
  if (!s->parts || !s->values) return NULL;
  for (int t = 0; t < cat->n_tables; t++) {
    table_parts *p = &s->parts[t];
    p->label = -1;
    for (int i = 0; i < cat->tables[t].n_columns; i++)
      if (!add_column(p, cat, &cat->columns[cat->tables[t].first_column + i], a)) return NULL;
    if (p->texts.len + p->measures.len && !vec_push(a, &s->usable, t)) return NULL;
  }
  for (size_t i = 0; cat->values && i < map_len(cat->values); i++)
    for (const cat_value *v = map_at(cat->values, i)->value; v; v = v->next)
      if (s->values[v->column].len < VALUES && v->text.len < LONGEST &&
          !vec_push(a, &s->values[v->column], v->text))
        return NULL;
  return s;
}

/* ---- writing ---- */

static const char *pick(draft *d, const char *const *words, size_t n) {
  return words[rng_below(d->r, (uint32_t)n)];
}
#define ANY(d, ...)                             \
  pick((d), (const char *const[]){__VA_ARGS__}, \
       sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static bool one_in(draft *d, uint32_t n) { return rng_below(d->r, n) == 0; }

static void say(draft *d, const char *text) { buf_add_cstr(&d->q, text); }

static void say_words(draft *d, const str *words, int n, bool plural) {
  for (int i = 0; i < n; i++) {
    str w = words[i];
    if (i) say(d, " ");
    bool s = plural && i == n - 1 && w.len > 1 && !str_ends(w, STR("s"));
    bool y = s && str_ends(w, STR("y")) && !strchr("aeiou", w.ptr[w.len - 2]);
    buf_add(&d->q, y ? str_slice(w, 0, w.len - 1) : w);
    if (s) say(d, y ? "ies" : "s");
  }
}

static void say_table(draft *d, int t, bool plural) {
  say_words(d, d->s->cat->tables[t].words, d->s->cat->tables[t].n_words, plural);
}

/* The column's words, sometimes without those of its table in front. */
static void say_column(draft *d, int c) {
  const cat_column *col = &d->s->cat->columns[c];
  const cat_table *t = &d->s->cat->tables[col->table];
  int skip = 0;
  if (col->n_words > t->n_words && one_in(d, 2))
    while (skip < t->n_words && str_eq(col->words[skip], t->words[skip])) skip++;
  if (skip < t->n_words) skip = 0;
  say_words(d, col->words + skip, col->n_words - skip, false);
}

static void say_value(draft *d, str v) {
  bool quoted = one_in(d, 5);
  if (quoted) say(d, "\"");
  buf_add(&d->q, v);
  if (quoted) say(d, "\"");
}

static void emit(draft *d, const char *text) { buf_add_cstr(&d->sql, text); }

static void emit_name(draft *d, str name) {
  emit(d, "\"");
  buf_add(&d->sql, name);
  emit(d, "\"");
}

static void emit_column(draft *d, int c) {
  const cat_column *col = &d->s->cat->columns[c];
  emit_name(d, d->s->cat->tables[col->table].name);
  emit(d, ".");
  emit_name(d, col->name);
}

static void emit_text(draft *d, str text) {
  emit(d, "'");
  for (size_t i = 0; i < text.len; i++) {
    if (text.ptr[i] == '\'') emit(d, "'");
    buf_add_c(&d->sql, text.ptr[i]);
  }
  emit(d, "'");
}

static void emit_from(draft *d, int t) {
  emit(d, " FROM ");
  emit_name(d, d->s->cat->tables[t].name);
}

/* FROM the referenced table JOIN the referencing one. */
static void emit_join(draft *d, const cat_fkey *k) {
  emit_from(d, k->to_table);
  emit(d, " JOIN ");
  emit_name(d, d->s->cat->tables[k->from_table].name);
  emit(d, " ON ");
  emit_column(d, k->to[0]);
  emit(d, " = ");
  emit_column(d, k->from[0]);
}

static void emit_aggregate(draft *d, const char *fn, int column) {
  buf_printf(&d->sql, "%s(", fn);
  emit_column(d, column);
  emit(d, ")");
}

static void emit_equals(draft *d, int column, str value) {
  emit(d, " WHERE ");
  emit_column(d, column);
  emit(d, " = ");
  emit_text(d, value);
}

static void emit_group(draft *d, int column) {
  emit(d, " GROUP BY ");
  emit_column(d, column);
}

static void emit_time(draft *d, const char *format, int column) {
  buf_printf(&d->sql, "strftime('%s', ", format);
  emit_column(d, column);
  emit(d, ")");
}

/* ---- drawing parts; -1 or NULL where the schema has none ---- */

static int draw(draft *d, const ids *of) {
  return of->len ? of->items[rng_below(d->r, (uint32_t)of->len)] : -1;
}

/* A table with all that is asked for: bits of NEED_*. */
enum { NEED_LABEL = 1, NEED_MEASURE = 2, NEED_CATEGORY = 4, NEED_DATE = 8 };

static const table_parts *draw_table(draft *d, int need, int *t) {
  *t = draw(d, &d->s->usable);
  if (*t < 0) return NULL;
  const table_parts *p = &d->s->parts[*t];
  bool ok = (!(need & NEED_LABEL) || p->label >= 0) &&
            (!(need & NEED_MEASURE) || p->measures.len) &&
            (!(need & NEED_CATEGORY) || p->categories.len) && (!(need & NEED_DATE) || p->dates.len);
  return ok ? p : NULL;
}

/* A single-column key between two tables, the referenced one with a label. */
static const cat_fkey *draw_key(draft *d) {
  const catalog *c = d->s->cat;
  if (c->n_fkeys == 0) return NULL;
  const cat_fkey *k = &c->fkeys[rng_below(d->r, (uint32_t)c->n_fkeys)];
  bool ok = k->n == 1 && k->from_table != k->to_table && d->s->parts[k->to_table].label >= 0;
  return ok ? k : NULL;
}

static const str *draw_value(draft *d, int column) {
  if (column < 0 || d->s->values[column].len == 0) return NULL;
  return &d->s->values[column].items[rng_below(d->r, (uint32_t)d->s->values[column].len)];
}

static double cell_number(cell c, double otherwise) {
  return c.kind == CELL_INT ? (double)c.i : c.kind == CELL_REAL ? c.r : otherwise;
}

static long draw_number(draft *d, int column) {
  const cat_profile *p = &d->s->cat->columns[column].profile;
  double lo = cell_number(p->min, 1), hi = cell_number(p->max, 100);
  double x = lo + (hi - lo) * rng_unit(d->r);
  return x > -1e9 && x < 1e9 ? (long)x : 10;
}

/* ---- pieces that several patterns share ---- */

static const struct {
  const char *sql, *words[5];
} aggregates[] = {
    {"AVG", {"average", "mean", "average", "typical", "avg"}},
    {"SUM", {"total", "overall", "sum of the", "combined", "total"}},
    {"MAX", {"maximum", "highest", "largest", "biggest", "max"}},
    {"MIN", {"minimum", "lowest", "smallest", "least", "min"}},
};

static const char *say_aggregate(draft *d) {
  size_t i = rng_below(d->r, 4);
  say(d, aggregates[i].words[rng_below(d->r, 5)]);
  say(d, " ");
  return aggregates[i].sql;
}

/* "How many Ts …" with COUNT(*), or "Which Ts …" with the label. */
static void ask_rows(draft *d, int t, bool count, int label) {
  if (count) {
    say(d, ANY(d, "How many ", "Count the ", "What is the number of "));
  } else if (one_in(d, 2)) {
    say(d, ANY(d, "List the ", "Show the ", "What are the "));
    say_column(d, label);
    say(d, " of ");
  } else {
    say(d, ANY(d, "Which ", "Show ", "List all ", "Find the "));
  }
  say_table(d, t, true);
  emit(d, "SELECT ");
  if (count)
    emit(d, "COUNT(*)");
  else
    emit_column(d, label);
}

/* "How many Ts" with COUNT(*), or "the total M" with its aggregate (m >= 0). The SQL's part is
 * left to the caller: returns the function, NULL for COUNT(*). */
static const char *ask_figure(draft *d, int t, int m) {
  if (m < 0) {
    say(d, ANY(d, "How many ", "Number of ", "Count of ", "What is the number of "));
    say_table(d, t, true);
    return NULL;
  }
  say(d, ANY(d, "What is the ", "Show the ", "", "Give the "));
  const char *fn = say_aggregate(d);
  say_column(d, m);
  if (one_in(d, 3)) say(d, " of "), say_table(d, t, true);
  return fn;
}

static void emit_figure(draft *d, const char *fn, int m) {
  if (fn)
    emit_aggregate(d, fn, m);
  else
    emit(d, "COUNT(*)");
}

static unsigned say_top(draft *d, bool most) {
  unsigned k = rng_below(d->r, 3) ? 1 : 2 + rng_below(d->r, 9);
  if (k == 1)
    say(d, ANY(d, "Which ", "What is the "));
  else
    buf_printf(&d->q, "%s %u ",
               most ? ANY(d, "Top", "The top", "Show the top") : ANY(d, "Bottom", "The bottom"), k);
  return k;
}

/* ---- patterns; each returns false where the schema does not offer its parts ---- */

static bool ask_count(draft *d) {
  int t;
  if (!draw_table(d, 0, &t)) return false;
  say(d,
      ANY(d, "How many ", "Count the ", "What is the number of ", "Give me the total number of "));
  say_table(d, t, true);
  say(d, ANY(d, " are there", " do we have", "", " exist"));
  emit(d, "SELECT COUNT(*)");
  emit_from(d, t);
  return true;
}

static bool ask_list(draft *d) {
  int t;
  const table_parts *p = draw_table(d, NEED_LABEL, &t);
  if (!p) return false;
  int c = draw(d, &p->texts), second = draw(d, &p->measures);
  bool distinct = one_in(d, 3), two = !distinct && second >= 0 && one_in(d, 2);
  say(d, ANY(d, "List the ", "Show the ", "What are the ", "Give the ", "Find the "));
  if (distinct) say(d, ANY(d, "different ", "distinct ", "unique "));
  say_column(d, c);
  if (two) say(d, " and "), say_column(d, second);
  say(d, ANY(d, " of all ", " of the ", " for every ", " of "));
  say_table(d, t, true);
  emit(d, distinct ? "SELECT DISTINCT " : "SELECT ");
  emit_column(d, c);
  if (two) emit(d, ", "), emit_column(d, second);
  emit_from(d, t);
  return true;
}

static bool ask_aggregate(draft *d) {
  int t;
  const table_parts *p = draw_table(d, NEED_MEASURE, &t);
  if (!p) return false;
  int m = draw(d, &p->measures);
  say(d, ANY(d, "What is the ", "Find the ", "Show me the ", "Give the ", "What's the "));
  emit(d, "SELECT ");
  emit_aggregate(d, say_aggregate(d), m);
  say_column(d, m);
  say(d, ANY(d, " of all ", " of the ", " across ", " of "));
  say_table(d, t, true);
  emit_from(d, t);
  return true;
}

static bool ask_where_value(draft *d) {
  int t;
  const table_parts *p = draw_table(d, NEED_LABEL, &t);
  int c = p ? draw(d, &p->texts) : -1;
  const str *v = draw_value(d, c);
  if (!v) return false;
  ask_rows(d, t, one_in(d, 2), p->label);
  if (one_in(d, 2)) {
    say(d, ANY(d, " whose ", " with ", " where the "));
    say_column(d, c);
    say(d, ANY(d, " is ", " equals ", " "));
  } else {
    say(d, ANY(d, " from ", " in ", " with ", " for "));
  }
  say_value(d, *v);
  emit_from(d, t);
  emit_equals(d, c, *v);
  return true;
}

static bool ask_where_number(draft *d) {
  static const struct {
    const char *sql, *words[4];
  } ops[] = {{">", {" more than ", " over ", " greater than ", " above "}},
             {"<", {" less than ", " under ", " below ", " smaller than "}},
             {">=", {" at least ", " no less than ", " at least ", " of at least "}},
             {"<=", {" at most ", " no more than ", " at most ", " up to "}}};
  int t;
  const table_parts *p = draw_table(d, NEED_LABEL | NEED_MEASURE, &t);
  if (!p) return false;
  int m = draw(d, &p->measures);
  size_t k = rng_below(d->r, 4);
  long n = draw_number(d, m);
  ask_rows(d, t, one_in(d, 2), p->label);
  say(d, ANY(d, " with ", " whose ", " that have "));
  say_column(d, m);
  say(d, ops[k].words[rng_below(d->r, 4)]);
  buf_printf(&d->q, "%ld", n);
  emit_from(d, t);
  emit(d, " WHERE ");
  emit_column(d, m);
  buf_printf(&d->sql, " %s %ld", ops[k].sql, n);
  return true;
}

static bool ask_above_average(draft *d) {
  int t;
  const table_parts *p = draw_table(d, NEED_LABEL | NEED_MEASURE, &t);
  if (!p) return false;
  int m = draw(d, &p->measures);
  bool above = one_in(d, 2);
  ask_rows(d, t, one_in(d, 3), p->label);
  say(d, ANY(d, " with ", " whose ", " that have "));
  say(d, above ? ANY(d, "above average ", "higher than average ", "more than the average ")
               : ANY(d, "below average ", "lower than average ", "less than the average "));
  say_column(d, m);
  emit_from(d, t);
  emit(d, " WHERE ");
  emit_column(d, m);
  emit(d, above ? " > (SELECT " : " < (SELECT ");
  emit_aggregate(d, "AVG", m);
  emit_from(d, t);
  emit(d, ")");
  return true;
}

static bool ask_group(draft *d) {
  int t;
  const table_parts *p = draw_table(d, NEED_CATEGORY, &t);
  if (!p) return false;
  int c = draw(d, &p->categories), m = one_in(d, 2) ? -1 : draw(d, &p->measures);
  const char *fn = ask_figure(d, t, m);
  say(d, ANY(d, " by ", " per ", " for each ", " in each "));
  say_column(d, c);
  emit(d, "SELECT ");
  emit_column(d, c);
  emit(d, ", ");
  emit_figure(d, fn, m);
  emit_from(d, t);
  emit_group(d, c);
  return true;
}

static bool ask_superlative(draft *d) {
  int t;
  const table_parts *p = draw_table(d, NEED_LABEL | NEED_MEASURE, &t);
  if (!p) return false;
  int m = draw(d, &p->measures);
  bool most = !one_in(d, 3);
  unsigned k = say_top(d, most);
  say_table(d, t, k > 1);
  if (k > 1)
    say(d, ANY(d, " by ", " by ", " ranked by "));
  else if (most)
    say(d, ANY(d, " has the highest ", " with the largest ", " with the most "));
  else
    say(d, ANY(d, " has the lowest ", " with the smallest ", " has the least "));
  say_column(d, m);
  emit(d, "SELECT ");
  emit_column(d, p->label);
  emit_from(d, t);
  emit(d, " ORDER BY ");
  emit_column(d, m);
  buf_printf(&d->sql, " %s LIMIT %u", most ? "DESC" : "ASC", k);
  return true;
}

static const struct {
  const char *format, *adverb, *words[4];
} grains[] = {{"%Y", "yearly ", {" per year", " by year", " each year", " for each year"}},
              {"%m", "monthly ", {" per month", " by month", " each month", " for each month"}}};

static bool ask_per_time(draft *d) {
  int t;
  const table_parts *p = draw_table(d, NEED_DATE, &t);
  if (!p) return false;
  int c = draw(d, &p->dates), m = one_in(d, 2) ? -1 : draw(d, &p->measures);
  size_t g = one_in(d, 3);
  bool adverb = m >= 0 && one_in(d, 4);
  const char *fn;
  if (adverb) {
    say(d, ANY(d, "What is the ", "Show the ", ""));
    say(d, grains[g].adverb);
    fn = say_aggregate(d);
    say_column(d, m);
  } else {
    fn = ask_figure(d, t, m);
    say(d, grains[g].words[rng_below(d->r, 4)]);
  }
  emit(d, "SELECT ");
  emit_time(d, grains[g].format, c);
  emit(d, ", ");
  emit_figure(d, fn, m);
  emit_from(d, t);
  emit(d, " GROUP BY ");
  emit_time(d, grains[g].format, c);
  return true;
}

static bool ask_in_year(draft *d) {
  int t;
  const table_parts *p = draw_table(d, NEED_DATE, &t);
  if (!p) return false;
  int c = draw(d, &p->dates), m = one_in(d, 2) ? -1 : draw(d, &p->measures);
  unsigned year = 1990 + rng_below(d->r, 36);
  const char *fn = ask_figure(d, t, m);
  buf_printf(&d->q, "%s%u", ANY(d, " in ", " during ", " in the year ", " for "), year);
  emit(d, "SELECT ");
  emit_figure(d, fn, m);
  emit_from(d, t);
  emit(d, " WHERE ");
  emit_time(d, "%Y", c);
  buf_printf(&d->sql, " = '%u'", year);
  return true;
}

static bool ask_children_count(draft *d) {
  const cat_fkey *k = draw_key(d);
  if (!k) return false;
  int label = d->s->parts[k->to_table].label;
  if (one_in(d, 2)) {
    say(d, "How many ");
    say_table(d, k->from_table, true);
    say(d, ANY(d, " does each ", " belong to each ", " are there for each ", " per "));
    say_table(d, k->to_table, false);
    say(d, ANY(d, " have", "", ""));
  } else {
    say(d, ANY(d, "Show each ", "For each ", "List the "));
    say_table(d, k->to_table, false);
    say(d, ANY(d, " with its number of ", ", the number of ", " and how many "));
    say_table(d, k->from_table, true);
  }
  emit(d, "SELECT ");
  emit_column(d, label);
  emit(d, ", COUNT(*)");
  emit_join(d, k);
  emit_group(d, label);
  return true;
}

static bool ask_most_children(draft *d) {
  const cat_fkey *k = draw_key(d);
  if (!k) return false;
  int label = d->s->parts[k->to_table].label;
  int m = one_in(d, 2) ? -1 : draw(d, &d->s->parts[k->from_table].measures);
  bool most = !one_in(d, 4);
  unsigned n = say_top(d, most);
  say_table(d, k->to_table, n > 1);
  if (n > 1)
    say(d, " by ");
  else
    say(d, most ? ANY(d, " has the most ", " with the most ", " has the highest ")
                : ANY(d, " has the fewest ", " with the least "));
  if (m >= 0) {
    say(d, ANY(d, "total ", "overall "));
    say_column(d, m);
    if (one_in(d, 2)) say(d, " of "), say_table(d, k->from_table, true);
  } else {
    if (n > 1) say(d, "number of ");
    say_table(d, k->from_table, true);
  }
  emit(d, "SELECT ");
  emit_column(d, label);
  emit_join(d, k);
  emit_group(d, label);
  emit(d, " ORDER BY ");
  emit_figure(d, m >= 0 ? "SUM" : NULL, m);
  buf_printf(&d->sql, " %s LIMIT %u", most ? "DESC" : "ASC", n);
  return true;
}

static bool ask_join_total(draft *d) {
  const cat_fkey *k = draw_key(d);
  int m = k ? draw(d, &d->s->parts[k->from_table].measures) : -1;
  if (m < 0) return false;
  int label = d->s->parts[k->to_table].label;
  const char *fn = ask_figure(d, k->from_table, m);
  say(d, ANY(d, " for each ", " per ", " by "));
  say_table(d, k->to_table, false);
  emit(d, "SELECT ");
  emit_column(d, label);
  emit(d, ", ");
  emit_aggregate(d, fn, m);
  emit_join(d, k);
  emit_group(d, label);
  return true;
}

static bool ask_without_children(draft *d) {
  const cat_fkey *k = draw_key(d);
  if (!k) return false;
  say(d, ANY(d, "Which ", "List the ", "Show the ", "Find "));
  say_table(d, k->to_table, true);
  say(d, ANY(d, " have no ", " without any ", " that do not have any ", " with no "));
  say_table(d, k->from_table, true);
  emit(d, "SELECT ");
  emit_column(d, d->s->parts[k->to_table].label);
  emit_from(d, k->to_table);
  emit(d, " WHERE ");
  emit_column(d, k->to[0]);
  emit(d, " NOT IN (SELECT ");
  emit_column(d, k->from[0]);
  emit_from(d, k->from_table);
  emit(d, ")");
  return true;
}

static bool ask_many_children(draft *d) {
  const cat_fkey *k = draw_key(d);
  if (!k) return false;
  int label = d->s->parts[k->to_table].label;
  bool least = one_in(d, 2);
  unsigned n = 1 + rng_below(d->r, 9);
  say(d, ANY(d, "Which ", "List the ", "Show ", "Find the "));
  say_table(d, k->to_table, true);
  say(d, ANY(d, " have ", " with ", " that have "));
  buf_printf(&d->q, "%s%u ",
             least ? ANY(d, "at least ", "no fewer than ") : ANY(d, "more than ", "over "), n);
  say_table(d, k->from_table, true);
  emit(d, "SELECT ");
  emit_column(d, label);
  emit_join(d, k);
  emit_group(d, label);
  buf_printf(&d->sql, " HAVING COUNT(*) %s %u", least ? ">=" : ">", n);
  return true;
}

static bool ask_children_of_value(draft *d) {
  const cat_fkey *k = draw_key(d);
  int of = k ? draw(d, &d->s->parts[k->to_table].texts) : -1;
  int label = k ? d->s->parts[k->from_table].label : -1;
  const str *v = draw_value(d, of);
  if (!v || label < 0) return false;
  ask_rows(d, k->from_table, one_in(d, 2), label);
  say(d, ANY(d, " of ", " by ", " for ", " from ", " in "));
  if (one_in(d, 3)) say(d, "the "), say_table(d, k->to_table, false), say(d, " ");
  say_value(d, *v);
  emit_join(d, k);
  emit_equals(d, of, *v);
  return true;
}

static bool ask_in_order(draft *d) {
  int t;
  const table_parts *p = draw_table(d, NEED_LABEL | NEED_MEASURE, &t);
  if (!p) return false;
  int m = draw(d, &p->measures);
  bool desc = one_in(d, 2);
  ask_rows(d, t, false, p->label);
  say(d, ANY(d, " sorted by ", " ordered by ", " in order of "));
  say_column(d, m);
  if (desc) say(d, ANY(d, " descending", " from highest to lowest", " in descending order"));
  emit_from(d, t);
  emit(d, " ORDER BY ");
  emit_column(d, m);
  if (desc) emit(d, " DESC");
  return true;
}

static const struct {
  const char *kind;
  bool (*ask)(draft *d);
  uint32_t weight;
} patterns[] = {
    {"count", ask_count, 3},
    {"list", ask_list, 5},
    {"aggregate", ask_aggregate, 6},
    {"where_value", ask_where_value, 10},
    {"where_number", ask_where_number, 7},
    {"above_average", ask_above_average, 3},
    {"group", ask_group, 8},
    {"superlative", ask_superlative, 8},
    {"per_time", ask_per_time, 10},
    {"in_year", ask_in_year, 8},
    {"children_count", ask_children_count, 7},
    {"most_children", ask_most_children, 9},
    {"join_total", ask_join_total, 8},
    {"without_children", ask_without_children, 4},
    {"many_children", ask_many_children, 4},
    {"children_of_value", ask_children_of_value, 12},
    {"in_order", ask_in_order, 3},
};

bool synth_next(const synth *s, rng *r, arena *a, synth_pair *out) {
  enum { N = sizeof patterns / sizeof *patterns, TEXT_MAX = 1 << 16 };
  draft d = {.s = s, .r = r};
  uint32_t total = 0, i = 0;
  for (size_t k = 0; k < N; k++) total += patterns[k].weight;
  uint32_t at = rng_below(r, total);
  while (at >= patterns[i].weight) at -= patterns[i++].weight;
  buf_init(&d.q, TEXT_MAX);
  buf_init(&d.sql, TEXT_MAX);
  *out = (synth_pair){.kind = patterns[i].kind};
  bool ok = patterns[i].ask(&d);
  if (ok) say(&d, ANY(&d, "?", "?", ".", ""));
  ok = ok && !d.q.failed && !d.sql.failed && d.q.len;
  if (ok && one_in(&d, 4)) d.q.ptr[0] = ascii_lower(d.q.ptr[0]);
  if (ok) {
    out->question = arena_str(a, str_trim(buf_str(&d.q)));
    out->sql = arena_str(a, buf_str(&d.sql));
  }
  buf_free(&d.q);
  buf_free(&d.sql);
  return ok && out->question.ptr && out->sql.ptr;
}
