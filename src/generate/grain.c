/* "Per month" as years for the network, and as months in what it groups by. See grain.h. */
#include "generate/grain.h"

#include "check/check.h"
#include "text/grain.h"

/* ---- reading ---- */

bool gen_names_grain(const catalog *cat, char grain) {
  for (int i = 0; i < cat->n_columns; i++) {
    const cat_column *c = &cat->columns[i];
    for (int k = 0; k < c->n_words && !cat->tables[c->table].is_view; k++)
      if (text_grain_word(c->words[k]) == grain) return true;
  }
  return false;
}

/* "The average monthly sum" is one of sums. */
static bool is_of_figures(const text_words *q, const text_grain *g) {
  static const char *const figures[] = {"average", "mean",    "median",  "highest",
                                        "lowest",  "maximum", "minimum", NULL};
  return g->word > 0 && str_is_any(q->items[g->word - 1].lower, figures);
}

/* Where the things end of which "monthly" is said: "monthly sales revenue | in 2025". */
static size_t end_of_things(const text_words *q, size_t i) {
  while (i < q->len && !q->items[i].is_punct && !text_is_stopword(q->items[i].lower) &&
         !q->items[i].is_number)
    i++;
  return i;
}

static void add_years(str question, const text_words *q, const text_grain *g, buf *b) {
  static const char *const grouping[] = {"grouped", "group", "down", "split", NULL};
  const text_word *w = &q->items[g->word];
  buf_add(b, str_slice(question, 0, w->from));
  if (g->form == TEXT_GRAIN_LY) {
    size_t end = end_of_things(q, g->word + 1);
    if (end > g->word + 1)
      buf_add(b, str_slice(question, q->items[g->word + 1].from, q->items[end - 1].to));
    buf_add_cstr(b, end > g->word + 1 ? " per year" : "per year");
    buf_add(b, str_slice(question, end > g->word + 1 ? q->items[end - 1].to : w->to, question.len));
    return;
  }
  bool grouped = g->word > 0 && str_is_any(w[-1].lower, grouping);
  bool per = str_eq(w->lower, STR("by")) && !grouped;
  buf_add(b, per ? STR("per") : w->raw);
  buf_add_cstr(b, " year");
  buf_add(b, str_slice(question, w[g->n_words - 1].to, question.len));
}

bool gen_grain_read(str question, const catalog *cat, arena *a, gen_grain *out) {
  text_words q;
  text_grain g;
  *out = (gen_grain){.question = question};
  if (!text_tokenize(question, a, &q)) return false;
  if (cat->dialect != SQL_SQLITE || !text_find_grain(&q, &g) || g.grain == 'y' ||
      g.form == TEXT_GRAIN_WHICH || is_of_figures(&q, &g) || !catalog_tells_days(cat) ||
      gen_names_grain(cat, g.grain))
    return true;
  const text_word *first = &q.items[g.word];
  str said = str_slice(question, first->from, first[g.n_words - 1].to);
  buf b;
  buf_init(&b, 1 << 20);
  add_years(question, &q, &g, &b);
  out->grain = g.grain;
  out->question = b.failed ? (str){0} : arena_str(a, buf_str(&b));
  out->note =
      str_from(arena_printf(a, "\"%.*s\" is read as of years, and divided further", STR_ARG(said)));
  buf_free(&b);
  return out->question.ptr && out->note.ptr;
}

/* ---- writing ---- */

typedef struct dividing {
  char grain;
  text_words words;     /* of the question */
  const sql_expr *date; /* that the groups are of; NULL before they are met */
  const catalog *cat;
  arena *a;
  bool ok, changed;
} dividing;

/* The date that is grouped by, or whose year is: strftime('%Y', x), as a number too. NULL: it is no
 * such thing, or as fine as asked for. */
static sql_expr *date_of(const dividing *d, sql_expr *e) {
  sql_expr *x = e->kind == SQL_CAST && e->args.len ? e->args.items[0] : e;
  bool year = x->kind == SQL_CALL && str_eq_nocase(x->name.text, STR("strftime")) &&
              x->args.len == 2 && x->args.items[0]->kind == SQL_STRING &&
              str_eq(x->args.items[0]->text, STR("%Y"));
  if (year) x = x->args.items[1];
  if (x->kind != SQL_COLUMN || !x->bound.item || x->bound.table < 0 || x->bound.column < 0)
    return NULL;
  const cat_column *c = &d->cat->columns[x->bound.column];
  bool days = !year && d->grain == 'd' && c->profile.value_type == CAT_DATE;
  return catalog_is_date(c) && !days ? x : NULL;
}

static sql_expr *part(const dividing *d, const char *format, sql_expr *date) {
  sql_expr *f = sql_new_string(d->a, str_from(format));
  sql_expr *call = f ? sql_new_call(d->a, STR("strftime"), f) : NULL;
  return call && vec_push(d->a, &call->args, date) ? call : NULL;
}

static sql_expr *joined(const dividing *d, sql_op op, sql_expr *x, sql_expr *y) {
  return x && y ? sql_new_binary(d->a, op, x, y) : NULL;
}

/* '2025-Q2' */
static sql_expr *quarter(const dividing *d, sql_expr *date) {
  sql_expr *month = joined(d, SQL_OP_ADD, part(d, "%m", date), sql_new_number(d->a, STR("2")));
  sql_expr *number = joined(d, SQL_OP_DIV, month, sql_new_number(d->a, STR("3")));
  sql_expr *year = part(d, "%Y", date);
  return joined(d, SQL_OP_CONCAT, joined(d, SQL_OP_CONCAT, year, sql_new_string(d->a, STR("-Q"))),
                number);
}

static sql_expr *divided(const dividing *d, sql_expr *date) {
  return d->grain == 'd'   ? sql_new_call(d->a, STR("date"), date)
         : d->grain == 'q' ? quarter(d, date)
                           : part(d,
                                  d->grain == 'w'   ? "%Y-%W"
                                  : d->grain == 'D' ? "%w"
                                                    : "%Y-%m",
                                  date);
}

static void divide(dividing *d, sql_expr **e) {
  sql_expr *date = *e ? date_of(d, *e) : NULL, *made = date ? divided(d, date) : NULL;
  if (!date || !d->ok) return;
  d->ok = made != NULL;
  if (made) *e = made;
  d->changed = true;
}

static bool is_named(const dividing *d, const cat_column *c) {
  static const char *const times[] = {"at", "on", "date", "time", "day", NULL};
  for (int k = 0; k < c->n_words; k++)
    for (size_t i = 0; i < d->words.len && !str_is_any(c->words[k], times); i++)
      if (str_eq(d->words.items[i].stem, text_stem(d->a, c->words[k]))) return true;
  return false;
}

/* "Each month of 2025" is of one date: what picks by another of the same rows, which the question
 * does not name, picks by that which is grouped by. */
static sql_walk_next see_condition(void *ctx, sql_expr *e) {
  dividing *d = ctx;
  const sql_binding *to = &d->date->bound;
  if (e->kind != SQL_COLUMN || e->bound.item != to->item || e->bound.table < 0 ||
      e->bound.column < 0 || e->bound.column == to->column)
    return SQL_WALK_ON;
  const cat_column *c = &d->cat->columns[e->bound.column];
  if (!catalog_is_date(c) || is_named(d, c) ||
      c->profile.value_type != d->cat->columns[to->column].profile.value_type)
    return SQL_WALK_ON;
  e->name = d->date->name;
  e->bound = d->date->bound;
  d->changed = true;
  return SQL_WALK_ON;
}

static sql_walk_next see_query(void *ctx, sql_query *q) {
  dividing *d = ctx;
  d->date = NULL;
  for (size_t i = 0; i < q->group_by.len && !d->date; i++)
    d->date = date_of(d, q->group_by.items[i]);
  if (!d->date) return SQL_WALK_ON;
  sql_walk_expr(q->where, &(sql_visitor){see_condition, NULL, NULL, d});
  for (size_t i = 0; i < q->items.len; i++) divide(d, &q->items.items[i].expr);
  for (size_t i = 0; i < q->group_by.len; i++) divide(d, &q->group_by.items[i]);
  for (size_t i = 0; i < q->order_by.len; i++) divide(d, &q->order_by.items[i].expr);
  return d->ok ? SQL_WALK_ON : SQL_WALK_STOP;
}

str gen_grain_write(const gen_grain *g, str sql, const catalog *cat, arena *a) {
  sql_parsed p;
  dividing d = {.grain = g->grain, .cat = cat, .a = a, .ok = true};
  if (!g->grain || str_find(sql, STR("GROUP BY"), 0) == SIZE_MAX) return sql;
  if (sql_parse(sql, cat->dialect, a, &p, NULL) || p.statements.len != 1 ||
      p.statements.items[0].kind != SQL_STMT_QUERY)
    return sql;
  sql_query *q = p.statements.items[0].query;
  if (!text_tokenize(g->question, a, &d.words)) return (str){0};
  if (check_bind(q, cat, cat->dialect, a, NULL, NULL)) return sql;
  sql_walk_query(q, &(sql_visitor){NULL, see_query, NULL, &d});
  if (!d.ok) return (str){0};
  return d.changed ? sql_print(q, cat->dialect, a) : sql;
}
