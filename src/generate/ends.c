/* Ends of time. "The last 3 orders" in the words that questions of its training have for it; and
 * the last order of each, where the network's query takes any. */
#include "check/check.h"
#include "generate/generate.h"
#include "text/period.h"

static bool says_the_order(const text_words *q) {
  static const char *const words[] = {"by",     "order",        "ordered",        "sort",
                                      "sorted", "alphabetical", "alphabetically", NULL};
  for (size_t i = 0; i < q->len; i++)
    if (str_is_any(q->items[i].lower, words)) return true;
  return false;
}

str gen_name_ends(str question, const catalog *cat, arena *a) {
  text_words q;
  buf out;
  size_t at = 0;
  if (!text_tokenize(question, a, &q)) return (str){0};
  if (!catalog_tells_days(cat) || says_the_order(&q)) return question;
  buf_init(&out, 1 << 20);
  for (size_t i = 0; i < q.len; i++) {
    const text_word *w = &q.items[i];
    if (!text_asks_for_end(q.items, q.len, i)) continue;
    buf_add(&out, str_slice(question, at, w->from));
    buf_add_cstr(&out, str_eq(w->lower, STR("last")) ? "latest" : "earliest");
    at = w->to;
  }
  buf_add(&out, str_slice(question, at, question.len));
  str said = at == 0 ? question : out.failed ? (str){0} : arena_str(a, buf_str(&out));
  buf_free(&out);
  return said;
}

/* ---- the last of each ---- */

typedef struct ending {
  const catalog *cat;
  arena *a;
  const char *extreme;     /* "MAX" or "MIN" */
  const sql_from *own;     /* whose columns are selected */
  const sql_expr *date;    /* of which the end is taken; NULL before it is found */
  sql_expr *rows, *groups; /* conditions on each row, on all of one's rows */
  bool ok;
} ending;

static bool is_stored(const sql_expr *e) {
  return e && e->kind == SQL_COLUMN && e->bound.item && e->bound.table >= 0 && e->bound.column >= 0;
}

/* Where a comparison with a literal has its date, by itself or its year. NULL: it compares none of
 * another table than x->own, or another one than before. */
static sql_expr **date_in(const ending *x, sql_expr *e) {
  bool compares = e->kind == SQL_BINARY && e->op >= SQL_OP_EQ && e->op <= SQL_OP_GE;
  if ((!compares && e->kind != SQL_BETWEEN) || e->args.len < 2) return NULL;
  for (size_t i = 1; i < e->args.len; i++)
    if (e->args.items[i]->kind != SQL_STRING && e->args.items[i]->kind != SQL_NUMBER) return NULL;
  sql_expr **at = &e->args.items[0];
  while ((*at)->args.len &&
         ((*at)->kind == SQL_CAST ||
          ((*at)->kind == SQL_CALL && str_eq_nocase((*at)->name.text, STR("strftime")))))
    at = &(*at)->args.items[(*at)->args.len - 1];
  const sql_expr *c = *at;
  if (!is_stored(c) || c->bound.item == x->own ||
      !catalog_is_date(&x->cat->columns[c->bound.column]))
    return NULL;
  bool other =
      x->date && (x->date->bound.item != c->bound.item || x->date->bound.column != c->bound.column);
  return other ? NULL : at;
}

static void join_to(ending *x, sql_expr **all, sql_expr *e) {
  *all = *all ? sql_new_binary(x->a, SQL_OP_AND, *all, e) : e;
  x->ok = x->ok && *all;
}

/* d = '2025', which the checks mend of a column */
static bool compares_years(const sql_expr *e) {
  for (size_t i = 1; i < e->args.len; i++)
    if (e->args.items[i]->text.len != 4) return false;
  return true;
}

/* strftime('%Y', *end), and years as texts */
static bool as_years(const ending *x, sql_expr *e, sql_expr **end) {
  sql_expr *format = sql_new_string(x->a, STR("%Y"));
  sql_expr *call = format ? sql_new_call(x->a, STR("strftime"), format) : NULL;
  if (!call || !vec_push(x->a, &call->args, *end)) return false;
  *end = call;
  for (size_t i = 1; i < e->args.len; i++)
    if (!(e->args.items[i] = sql_new_string(x->a, e->args.items[i]->text))) return false;
  return true;
}

/* Parts the conditions of `e`: those on the date are then on its end. */
static void part(ending *x, sql_expr *e) {
  if (e->kind == SQL_BINARY && e->op == SQL_OP_AND) {
    for (size_t i = 0; i < e->args.len && x->ok; i++) part(x, e->args.items[i]);
    return;
  }
  sql_expr **date = date_in(x, e);
  if (!date) {
    join_to(x, &x->rows, e);
    return;
  }
  x->date = *date;
  bool year = date == &e->args.items[0] && compares_years(e);
  sql_expr *end = sql_new_call(x->a, str_from(x->extreme), *date);
  x->ok = x->ok && end && (!year || as_years(x, e, &end));
  *date = end ? end : *date;
  join_to(x, &x->groups, e);
}

/* The key by which the selected things are one each; NULL without one of one column. */
static sql_expr *own_key(const ending *x, const sql_expr *item) {
  const cat_table *t = &x->cat->tables[item->bound.table];
  const cat_column *key = NULL;
  for (int i = 0; i < t->n_columns; i++) {
    const cat_column *c = &x->cat->columns[t->first_column + i];
    if (c->pk > 1) return NULL;
    if (c->pk == 1) key = c;
  }
  return key && item->table.text.len ? sql_new_column(x->a, item->table.text, key->name) : NULL;
}

/* The first of the columns that are selected, all of one table that others are joined to; whoever
 * has the very last of all dates may be taken of them. NULL: it is another query. */
static const sql_expr *plain_item(const ending *x, const sql_query *q) {
  const sql_expr *first = q->items.len ? q->items.items[0].expr : NULL;
  if (q->kind != SQL_SELECT || !q->where || q->group_by.len || q->having || !q->from ||
      q->from->kind != SQL_FROM_JOIN || !is_stored(first))
    return NULL;
  for (size_t i = 1; i < q->items.len; i++) {
    const sql_expr *e = q->items.items[i].expr;
    if (!is_stored(e) || e->bound.item != first->bound.item) return NULL;
  }
  for (size_t i = 0; i < q->order_by.len; i++) {
    const sql_expr *e = q->order_by.items[i].expr;
    if (!is_stored(e) || !catalog_is_date(&x->cat->columns[e->bound.column])) return NULL;
  }
  return q->order_by.len || !q->limit ? first : NULL;
}

str gen_take_ends(str question, str sql, const catalog *cat, arena *a) {
  text_words words;
  sql_parsed p;
  size_t word;
  if (!text_tokenize(question, a, &words)) return (str){0};
  int end = cat->dialect == SQL_SQLITE ? text_asks_for_own_end(&words, &word) : 0;
  if (!end || sql_parse(sql, cat->dialect, a, &p, NULL) || p.statements.len != 1 ||
      p.statements.items[0].kind != SQL_STMT_QUERY)
    return sql;
  sql_query *q = p.statements.items[0].query;
  if (check_bind(q, cat, cat->dialect, a, NULL, NULL)) return sql;
  ending x = {.cat = cat, .a = a, .extreme = end > 0 ? "MAX" : "MIN", .ok = true};
  const sql_expr *item = plain_item(&x, q);
  sql_expr *key = item ? own_key(&x, item) : NULL;
  if (!key) return arena_failed(a) ? (str){0} : sql;
  x.own = item->bound.item;
  part(&x, q->where);
  if (!x.ok) return (str){0};
  if (!x.groups) return sql;
  q->where = x.rows;
  q->having = x.groups;
  q->distinct = false;
  q->order_by.len = 0;
  q->limit = NULL;
  return vec_push(a, &q->group_by, key) ? sql_print(q, cat->dialect, a) : (str){0};
}
