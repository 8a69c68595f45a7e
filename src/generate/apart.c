/* Groups that are what the question means. "How many sales has each clerk?": two clerks of one name
 * are two, told apart by the key, unless the question is of names. "Which composer has most
 * tracks?": the tracks without one are no composer's. */
#include "generate/generate.h"
#include "text/text.h"

/* "each name", "the most common first name": then those of one name are one. */
static bool asks_for_names(const text_words *q, const cat_column *name, arena *a) {
  static const char *const before[] = {"each",      "every",    "per",    "same",    "common",
                                       "different", "distinct", "unique", "popular", NULL};
  for (size_t i = 1; i < q->len; i++) {
    size_t first = i;
    int k = name->n_words - 1;
    while (k >= 0 && str_eq(q->items[first].stem, text_stem(a, name->words[k])) && first > 0) {
      first--;
      k--;
    }
    if (first < i && str_is_any(q->items[first].lower, before)) return true;
  }
  return false;
}

static bool names(const text_words *q, const cat_table *t, arena *a) {
  for (int k = 0; k < t->n_words; k++) {
    str stem = text_stem(a, t->words[k]);
    bool found = false;
    for (size_t i = 0; i < q->len && !found; i++) found = str_eq(q->items[i].stem, stem);
    if (!found) return false;
  }
  return t->n_words > 0;
}

static bool has_none(const cat_column *c) { return c->profile.known && c->profile.nulls > 0; }

/* "The most …" of groups by a column: the group without a value is none of them. *ok: false when
 * out of memory. */
static bool leave_out_none(sql_query *q, const catalog *cat, arena *a, bool *ok) {
  const sql_expr *by = q->group_by.len == 1 ? q->group_by.items[0] : NULL;
  if (q->kind != SQL_SELECT || !by || by->kind != SQL_COLUMN || !by->bound.item ||
      by->bound.table < 0 || by->bound.column < 0 || q->where || !q->limit || !q->order_by.len ||
      !has_none(&cat->columns[by->bound.column]))
    return false;
  sql_expr *column = sql_new_column(a, by->table.text, by->name.text);
  sql_expr *there = sql_new_expr(a, SQL_IS_NULL);
  *ok = column && there && vec_push(a, &there->args, column);
  if (!*ok) return false;
  there->negated = true;
  q->where = there;
  return true;
}

str gen_tell_apart(str question, str sql, const catalog *cat, arena *a) {
  sql_parsed p;
  text_words words;
  if (str_find(sql, STR("GROUP BY"), 0) == SIZE_MAX) return sql;
  if (sql_parse(sql, cat->dialect, a, &p, NULL) || p.statements.len != 1 ||
      p.statements.items[0].kind != SQL_STMT_QUERY)
    return sql;
  sql_query *q = p.statements.items[0].query;
  if (check_bind(q, cat, cat->dialect, a, NULL, NULL)) return sql;
  bool ok = true, left_out = leave_out_none(q, cat, a, &ok);
  if (!ok || !text_tokenize(question, a, &words)) return (str){0};
  sql_expr *key = check_merged_key(q, cat);
  const sql_binding *by = key ? &q->group_by.items[0]->bound : NULL;
  bool apart = by && !asks_for_names(&words, &cat->columns[by->column], a) &&
               names(&words, &cat->tables[by->table], a);
  if (apart && !vec_push(a, &q->group_by, key)) return (str){0};
  return apart || left_out ? sql_print(q, cat->dialect, a) : sql;
}
