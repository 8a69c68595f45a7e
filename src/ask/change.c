/* How much a correction changed of a query, and how much of that beyond the fault that it was to
 * correct: who corrects one thing should not turn over another. */
#include "ask/change.h"

enum { N_CLAUSES = 8 };
static const char *const names[N_CLAUSES] = {"set operation", "SELECT", "FROM",     "WHERE",
                                             "GROUP BY",      "HAVING", "ORDER BY", "LIMIT"};

/* One clause alone in a query, so that it prints by itself; empty where the query has none. */
static str clause_text(const sql_query *q, int k, sql_dialect_id dialect, arena *a) {
  sql_query *alone = sql_new_query(a, SQL_SELECT);
  sql_item one = {.expr = sql_new_number(a, STR("1"))};
  if (!alone || !one.expr) return (str){0};
  bool there = false;
  switch (k) {
    case 0:
      return q->kind == SQL_COMPOUND ? sql_print(q, dialect, a) : STR("");
    case 1:
      there = q->items.len > 0;
      alone->distinct = q->distinct;
      for (size_t i = 0; i < q->items.len; i++)
        if (!vec_push(a, &alone->items, q->items.items[i])) return (str){0};
      return there ? sql_print(alone, dialect, a) : STR("");
    case 2:
      there = q->from != NULL;
      alone->from = q->from;
      break;
    case 3:
      there = q->where != NULL;
      alone->where = q->where;
      break;
    case 4:
      there = q->group_by.len > 0;
      alone->group_by = q->group_by;
      break;
    case 5:
      there = q->having != NULL;
      alone->having = q->having;
      break;
    case 6:
      there = q->order_by.len > 0;
      alone->order_by = q->order_by;
      break;
    default:
      there = q->limit || q->offset;
      alone->limit = q->limit;
      alone->offset = q->offset;
      alone->limit_form = q->limit_form;
      break;
  }
  if (!vec_push(a, &alone->items, one)) return (str){0};
  return there ? sql_print(alone, dialect, a) : STR("");
}

static void widen(sql_span *s, sql_span by) {
  if (by.to <= by.from) return;
  if (s->to == 0 || by.from < s->from) s->from = by.from;
  if (by.to > s->to) s->to = by.to;
}

static sql_span clause_span(const sql_query *q, int k) {
  sql_span s = {0, 0};
  if (k == 0 && q->kind == SQL_COMPOUND) s = q->span;
  for (size_t i = 0; k == 1 && i < q->items.len; i++) widen(&s, q->items.items[i].span);
  if (k == 2 && q->from) s = q->from->span;
  if (k == 3 && q->where) s = q->where->span;
  for (size_t i = 0; k == 4 && i < q->group_by.len; i++) widen(&s, q->group_by.items[i]->span);
  if (k == 5 && q->having) s = q->having->span;
  for (size_t i = 0; k == 6 && i < q->order_by.len; i++) widen(&s, q->order_by.items[i].span);
  if (k == 7) s = q->limit_span;
  return s;
}

static bool has_fault(const ask_try *t, sql_span s, bool *any) {
  bool found = false;
  for (size_t i = 0; i < t->faults.len; i++) {
    sql_span at = t->faults.items[i].span;
    if (at.to == 0) continue; /* without a place */
    *any = true;
    found |= at.from >= s.from && at.from < s.to;
  }
  return found;
}

bool ask_change_of(const ask_try *before, const ask_try *after, sql_dialect_id dialect, arena *a,
                   ask_change *out) {
  *out = (ask_change){0};
  const sql_query *x = before->report.query, *y = after->report.query;
  if (!x || !y) return true;
  buf b;
  buf_init(&b, 4096);
  for (int k = 0; k < N_CLAUSES; k++) {
    str old = clause_text(x, k, dialect, a), new = clause_text(y, k, dialect, a);
    if (!old.ptr || !new.ptr) break;
    if (old.len || new.len) out->of++;
    if (str_eq(old, new)) continue;
    out->changed++;
    if (!has_fault(before, clause_span(x, k), &out->touches)) out->beyond++;
    buf_printf(&b, "%s%s", b.len ? ", " : "", names[k]);
  }
  out->clauses = b.failed ? (str){0} : arena_str(a, buf_str(&b));
  buf_free(&b);
  return !arena_failed(a);
}

str ask_change_note(const ask_try *before, const ask_try *after, sql_dialect_id dialect, arena *a) {
  ask_change c;
  if (!ask_change_of(before, after, dialect, a, &c)) return (str){0};
  if (c.changed == 0) return STR("changed nothing that shows");
  const char *beyond = c.touches ? arena_printf(a, ", %d beyond the fault", c.beyond) : "";
  return str_from(arena_printf(a, "changed %.*s (%d of %d clause%s%s)", STR_ARG(c.clauses),
                               c.changed, c.of, str_s((size_t)c.of), beyond));
}
