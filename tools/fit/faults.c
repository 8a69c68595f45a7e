/* Faults put into right queries, one kind at a time. See fit.h. */
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "fit.h"

static const char *const names[FIT_N_FAULTS] = {
    "none", "fan_out", "dropped_filter", "wrong_group", "and_or", "year", "no_distinct"};

const char *fit_fault_name(int kind) { return names[kind]; }

typedef struct finding {
  sql_expr *year;   /* a literal that is a year */
  sql_expr *and_or; /* an AND or OR */
  sql_query *filtered, *grouped, *distinct, *figures;
  sql_expr *counted; /* COUNT(DISTINCT …) */
} finding;

static bool is_year(str s) {
  if (s.len != 4 || !(s.ptr[0] == '1' || s.ptr[0] == '2')) return false;
  if (s.ptr[0] == '1' && s.ptr[1] < '7') return false;
  for (size_t i = 0; i < 4; i++)
    if (!ascii_is_digit(s.ptr[i])) return false;
  return true;
}

static sql_walk_next see_expr(void *ctx, sql_expr *e) {
  finding *f = ctx;
  if ((e->kind == SQL_NUMBER || e->kind == SQL_STRING) && is_year(e->text)) f->year = e;
  if (e->kind == SQL_BINARY && (e->op == SQL_OP_AND || e->op == SQL_OP_OR)) f->and_or = e;
  if (e->kind == SQL_CALL && e->distinct) f->counted = e;
  return SQL_WALK_ON;
}

static bool has_aggregate(const sql_query *q) {
  for (size_t i = 0; i < q->items.len; i++) {
    const sql_expr *e = q->items.items[i].expr;
    if (e && e->kind == SQL_CALL && (e->star || e->args.len == 1) && !e->distinct) return true;
  }
  return false;
}

static sql_walk_next see_query(void *ctx, sql_query *q) {
  finding *f = ctx;
  if (q->kind != SQL_SELECT) return SQL_WALK_ON;
  if (q->where) f->filtered = q;
  if (q->group_by.len) f->grouped = q;
  if (q->distinct) f->distinct = q;
  if (has_aggregate(q) && q->from && q->from->kind == SQL_FROM_TABLE) f->figures = q;
  return SQL_WALK_ON;
}

/* ---- one fault each; false where the query has no place for it ---- */

static bool drop_filter(finding *f) {
  if (!f->filtered) return false;
  sql_expr *w = f->filtered->where;
  f->filtered->where = w->kind == SQL_BINARY && w->op == SQL_OP_AND ? w->args.items[0] : NULL;
  return true;
}

static bool change_year(finding *f, rng *r, arena *a) {
  if (!f->year) return false;
  int by = 1 + (int)rng_below(r, 4), year = atoi(arena_strndup(a, f->year->text.ptr, 4));
  f->year->text = str_from(arena_printf(a, "%d", rng_below(r, 2) ? year + by : year - by));
  return true;
}

static bool swap_and_or(finding *f) {
  if (!f->and_or) return false;
  f->and_or->op = f->and_or->op == SQL_OP_AND ? SQL_OP_OR : SQL_OP_AND;
  return true;
}

static bool drop_distinct(finding *f) {
  if (f->distinct)
    f->distinct->distinct = false;
  else if (f->counted)
    f->counted->distinct = false;
  return f->distinct || f->counted;
}

/* Groups by another column of the same table. */
static bool change_group(finding *f, const catalog *cat, rng *r) {
  if (!f->grouped) return false;
  sql_expr *e = f->grouped->group_by.items[0];
  if (e->kind != SQL_COLUMN || e->bound.table < 0 || e->bound.column < 0) return false;
  const cat_table *t = &cat->tables[e->bound.table];
  if (t->n_columns < 2) return false;
  int c = t->first_column + (int)rng_below(r, (uint32_t)t->n_columns);
  if (c == e->bound.column) c = c == t->first_column ? c + 1 : t->first_column;
  e->name.text = cat->columns[c].name;
  return true;
}

/* Joins a table that has many rows for one of the aggregated table's. */
static bool fan_out(finding *f, const catalog *cat, arena *a) {
  sql_query *q = f->figures;
  if (!q || q->from->table < 0) return false;
  for (int k = 0; k < cat->n_fkeys; k++) {
    const cat_fkey *key = &cat->fkeys[k];
    if (key->to_table != q->from->table || key->from_table == key->to_table || key->n != 1)
      continue;
    if (!q->from->alias.text.len) q->from->alias.text = STR("one_side");
    str one = q->from->alias.text;
    sql_from *many = sql_new_from(a, SQL_FROM_TABLE), *join = sql_new_from(a, SQL_FROM_JOIN);
    if (!many || !join) return false;
    many->name.text = cat->tables[key->from_table].name;
    many->alias.text = STR("many_side");
    join->join = SQL_JOIN_INNER;
    join->left = q->from;
    join->right = many;
    join->on = sql_new_binary(a, SQL_OP_EQ, sql_new_column(a, one, cat->columns[key->to[0]].name),
                              sql_new_column(a, STR("many_side"), cat->columns[key->from[0]].name));
    q->from = join;
    return join->on != NULL;
  }
  return false;
}

typedef struct qualifying {
  str alias;
  const sql_from *item;
} qualifying;

/* Columns of the aggregated table get its alias, so that the join makes none ambiguous. */
static sql_walk_next qualify(void *ctx, sql_expr *e) {
  const qualifying *x = ctx;
  if (e->kind == SQL_COLUMN && e->bound.item == x->item) e->table.text = x->alias;
  return SQL_WALK_ON;
}

str fit_fault(int kind, str gold, const catalog *cat, uint64_t seed, arena *a) {
  sql_parsed p;
  finding f = {0};
  rng r;
  rng_seed(&r, seed);
  if (kind == FIT_FAULT_NONE) return gold;
  if (sql_parse(gold, cat->dialect, a, &p, NULL) || p.statements.len != 1 ||
      p.statements.items[0].kind != SQL_STMT_QUERY)
    return (str){0};
  sql_query *q = p.statements.items[0].query;
  if (check_bind(q, cat, cat->dialect, a, NULL, NULL)) return (str){0};
  const sql_visitor v = {see_expr, see_query, NULL, &f};
  sql_walk_query(q, &v);
  bool done = false;
  switch (kind) {
    case FIT_FAULT_FAN_OUT: {
      qualifying x = {f.figures ? f.figures->from->alias.text : STR(""),
                      f.figures ? f.figures->from : NULL};
      if (!x.alias.len) x.alias = STR("one_side");
      const sql_visitor names_visitor = {qualify, NULL, NULL, &x};
      done = fan_out(&f, cat, a);
      if (done) sql_walk_query(q, &names_visitor);
      break;
    }
    case FIT_FAULT_FILTER:
      done = drop_filter(&f);
      break;
    case FIT_FAULT_GROUP:
      done = change_group(&f, cat, &r);
      break;
    case FIT_FAULT_AND_OR:
      done = swap_and_or(&f);
      break;
    case FIT_FAULT_YEAR:
      done = change_year(&f, &r, a);
      break;
    default:
      done = drop_distinct(&f);
      break;
  }
  return done ? sql_print(q, cat->dialect, a) : (str){0};
}
