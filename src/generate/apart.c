/* "How many sales has each clerk?": two clerks of one name are two. Groups by such a name are told
 * apart by the key, unless the question is of names. */
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

str gen_tell_apart(str question, str sql, const catalog *cat, arena *a) {
  sql_parsed p;
  text_words words;
  if (str_find(sql, STR("GROUP BY"), 0) == SIZE_MAX) return sql;
  if (sql_parse(sql, cat->dialect, a, &p, NULL) || p.statements.len != 1 ||
      p.statements.items[0].kind != SQL_STMT_QUERY)
    return sql;
  sql_query *q = p.statements.items[0].query;
  if (check_bind(q, cat, cat->dialect, a, NULL, NULL)) return sql;
  sql_expr *key = check_merged_key(q, cat);
  if (!key) return sql;
  const sql_binding *by = &q->group_by.items[0]->bound;
  const cat_column *name = &cat->columns[by->column];
  if (!text_tokenize(question, a, &words)) return (str){0};
  if (asks_for_names(&words, name, a) || !names(&words, &cat->tables[by->table], a)) return sql;
  return vec_push(a, &q->group_by, key) ? sql_print(q, cat->dialect, a) : (str){0};
}
