/* Spider's hardness (Yu et al., 2018): a query is judged by its clauses and joins,
 * its nested queries, and how many aggregates, columns and conditions it has. */
#include "learn/hardness.h"

const char *hardness_name(hardness h) {
  static const char *const names[] = {"easy", "medium", "hard", "extra"};
  return h < HARD_N ? names[h] : "unknown";
}

typedef struct parts {
  int conditions, ors, likes, nots, nested; /* of the conditions */
} parts;

enum { DEEPEST = 100 };

/* The units of a condition joined by AND and OR. */
static void count_conditions(const sql_expr *e, parts *p, int depth) {
  if (!e || depth > DEEPEST) return;
  if (e->kind == SQL_BINARY && (e->op == SQL_OP_AND || e->op == SQL_OP_OR)) {
    p->ors += e->op == SQL_OP_OR;
    for (size_t i = 0; i < e->args.len; i++) count_conditions(e->args.items[i], p, depth + 1);
    return;
  }
  if (e->kind == SQL_UNARY && e->op == SQL_OP_NOT && e->args.len) {
    p->nots++;
    count_conditions(e->args.items[0], p, depth + 1);
    return;
  }
  p->conditions++;
  p->nots += e->negated;
  p->likes += e->op == SQL_OP_LIKE;
  p->nested += e->query != NULL;
  for (size_t i = 0; i < e->args.len; i++) p->nested += e->args.items[i]->query != NULL;
}

static void count_from(const sql_from *f, int *tables, parts *on, int depth) {
  if (!f || depth > DEEPEST) return;
  if (f->kind != SQL_FROM_JOIN) {
    ++*tables;
    return;
  }
  count_from(f->left, tables, on, depth + 1);
  count_from(f->right, tables, on, depth + 1);
  count_conditions(f->on, on, depth + 1);
}

static bool is_aggregate(const sql_expr *e) {
  if (!e || e->kind != SQL_CALL) return false;
  static const char *const names[] = {"count", "sum", "avg", "min", "max"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (str_eq_nocase(e->name.text, str_from(names[i]))) return true;
  return false;
}

/* One, or the two sides of an arithmetic. */
static int count_aggregates(const sql_expr *e) {
  if (!e) return 0;
  int n = is_aggregate(e);
  if (e->kind == SQL_BINARY)
    for (size_t i = 0; i < e->args.len; i++) n += is_aggregate(e->args.items[i]);
  return n;
}

hardness hardness_of(const sql_query *q) {
  int nested = 0;
  while (q->kind == SQL_COMPOUND && q->left) {
    nested++; /* one further query each */
    q = q->left;
  }
  parts on = {0}, where = {0}, having = {0};
  int tables = 0;
  count_from(q->from, &tables, &on, 0);
  count_conditions(q->where, &where, 0);
  count_conditions(q->having, &having, 0);
  nested += on.nested + where.nested + having.nested;

  int first = (q->where != NULL) + (q->group_by.len > 0) + (q->order_by.len > 0) +
              (q->limit != NULL) + (tables > 1 ? tables - 1 : 0) + on.ors + where.ors + having.ors +
              on.likes + where.likes + having.likes;

  int aggregates = where.nots + having.nots;
  for (size_t i = 0; i < q->items.len; i++) aggregates += is_aggregate(q->items.items[i].expr);
  for (size_t i = 0; i < q->order_by.len; i++)
    aggregates += count_aggregates(q->order_by.items[i].expr);
  int others =
      (aggregates > 1) + (q->items.len > 1) + (where.conditions > 1) + (q->group_by.len > 1);

  if (first <= 1 && others == 0 && nested == 0) return HARD_EASY;
  if (nested == 0 && ((others <= 2 && first <= 1) || (first <= 2 && others < 2)))
    return HARD_MEDIUM;
  if ((nested == 0 && others > 2 && first <= 2) || (nested == 0 && first == 3 && others <= 2) ||
      (first <= 1 && others == 0 && nested <= 1))
    return HARD_HARD;
  return HARD_EXTRA;
}
