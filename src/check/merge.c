/* Groups that take several for one: a query that groups by a name which more than one row of its
 * table has. */
#include "check/check.h"

static bool is_column(const sql_expr *e) {
  return e->kind == SQL_COLUMN && e->bound.item && e->bound.table >= 0 && e->bound.column >= 0;
}

/* By its profile several rows have one of its values, and by its own name these are names. A half
 * of a name is one like any other: Spider's training queries that select a first or last name over
 * a join group by the key in 43 cases and by that half in 5, in none of which two rows share it. */
static bool has_shared_names(const cat_column *c) {
  static const char *const last[] = {"name",  "title",     "label",    "fullname", "fname",
                                     "lname", "firstname", "lastname", "surname",  NULL};
  const cat_profile *p = &c->profile;
  if (c->n_words == 0 || c->unique || !p->known || p->distinct < 0) return false;
  return p->distinct + p->nulls < p->rows && str_is_any(c->words[c->n_words - 1], last);
}

sql_expr *check_merged_key(const sql_query *q, const catalog *cat) {
  if (q->kind != SQL_SELECT || q->group_by.len != 1) return NULL;
  const sql_expr *by = q->group_by.items[0];
  if (!is_column(by) || !has_shared_names(&cat->columns[by->bound.column])) return NULL;
  for (const sql_from *j = q->from; j && j->kind == SQL_FROM_JOIN; j = j->left) {
    const sql_expr *on = j->on;
    if (!on || on->kind != SQL_BINARY || on->op != SQL_OP_EQ || on->args.len != 2) continue;
    for (size_t k = 0; k < 2; k++) {
      sql_expr *e = on->args.items[k];
      if (is_column(e) && e->bound.item == by->bound.item && cat->columns[e->bound.column].unique)
        return e;
    }
  }
  return NULL;
}
