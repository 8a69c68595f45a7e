/* Calls: functions that exist, take what they are given, and stand where they may. Every call of
 * a query is looked up here once, in whatever position; what is off the list makes it unsafe. */
#include "check/functions.h"
#include "check/suggest.h"

/** The clause being walked: what may stand in it. */
typedef struct clause {
  check_ctx *c;
  check_scope *scope;
  const char *name;                 /* "WHERE" */
  bool aggregates, windows, inside; /* inside: in an aggregate's arguments */
  bool groups;                      /* ROLLUP, CUBE and GROUPING SETS may stand there */
} clause;

static str call_label(check_ctx *c, const sql_expr *e) {
  return str_from(arena_printf(c->a, "%.*s(%s)", STR_ARG(e->name.text),
                               e->args.len ? "…"
                               : e->star   ? "*"
                                           : ""));
}

static str count_of(check_ctx *c, size_t n, const char *what) {
  return str_from(arena_printf(c->a, "%zu %s%s", n, what, n == 1 ? "" : "s"));
}

/* ---- the function itself ---- */

static bool is_extra(const check_ctx *c, const sql_expr *e) {
  const check_options *o = c->options;
  for (size_t i = 0; o && i < o->n_extra_functions; i++) {
    str name = o->extra_functions[i];
    if (!e->schema.text.len && str_eq_nocase(name, e->name.text)) return true;
    size_t dot = e->schema.text.len;
    if (dot && name.len == dot + 1 + e->name.text.len && name.ptr[dot] == '.' &&
        str_eq_nocase(str_slice(name, 0, dot), e->schema.text) &&
        str_eq_nocase(str_slice(name, dot + 1, name.len), e->name.text))
      return true;
  }
  return false;
}

/** The built-in that the call names; a qualified name is one only in the engine's own schema. */
static const check_function *builtin(const check_ctx *c, const sql_expr *e) {
  if (e->schema.text.len &&
      !(c->dialect == SQL_POSTGRES && str_eq_nocase(e->schema.text, STR("pg_catalog"))))
    return NULL;
  return function_find(c->dialect, e->name.text, e->args.len);
}

static void like_functions(check_ctx *c, const sql_expr *e, suggest_list *l) {
  suggest_name wanted = suggest_prepare(c->a, e->name.text);
  wanted.n_words = 0; /* functions go by their spelling */
  const check_function *f;
  for (size_t i = 0; (f = function_at(i)); i++) {
    if (!function_in(f, c->dialect) || f->class == FN_DENIED) continue;
    double score = suggest_score(&wanted, str_from(f->name), NULL, 0);
    bool fits = e->args.len >= (size_t)f->min && (f->max < 0 || e->args.len <= (size_t)f->max);
    suggest_enter(l, str_from(f->name), e->name.span, fits ? score * 1.1 : score * 0.8,
                  STR("a function of like name"));
  }
}

static void unknown_function(check_ctx *c, const sql_expr *e) {
  c->unsafe = true;
  if (!diag_wanted(c)) return;
  suggest_list l = {0};
  bool exact = false;
  str same = function_equivalent(c, c->sql, e, &exact);
  if (same.ptr)
    suggest_enter(&l, same, e->span, exact ? 1 : 0.8,
                  exact ? STR("the same in this dialect") : STR("nearly the same in this dialect"));
  else
    like_functions(c, e, &l);
  suggest_give(c, &l,
               diag_add(c, CHECK_UNKNOWN_FUNCTION, e->name.span, e->name.text,
                        str_from(sql_dialect_name(c->dialect)), NO_STR));
}

static void wrong_arity(check_ctx *c, const sql_expr *e, const check_function *f, size_t n) {
  if (!diag_wanted(c)) return;
  str takes;
  if (f->max < 0)
    takes = str_from(arena_printf(c->a, "%d or more arguments", f->min));
  else if (f->min == f->max)
    takes = count_of(c, (size_t)f->min, "argument");
  else
    takes = str_from(arena_printf(c->a, "%d to %d arguments", f->min, f->max));
  diag_add(c, CHECK_WRONG_ARITY, e->span, e->name.text, takes,
           e->star ? STR("*") : str_from(arena_printf(c->a, "%zu", n)));
}

static bool takes_star(const check_ctx *c, const check_function *f) {
  return f->min == 0 && (f->class == FN_AGGREGATE || c->dialect == SQL_SQLITE);
}

static void check_call(check_ctx *c, const sql_expr *e, const check_function *f) {
  size_t n = e->args.len + (e->query ? 1 : 0);
  if (f->class == FN_DENIED) {
    c->unsafe = true;
    diag_add(c, CHECK_DENIED_FUNCTION, e->name.span, e->name.text, NO_STR, NO_STR);
    return;
  }
  bool fits = n >= (size_t)f->min && (f->max < 0 || n <= (size_t)f->max);
  if (f->class == FN_WINDOW && e->within_group) return; /* rank(3) WITHIN GROUP: an aggregate */
  if (!e->text.len && (!fits || (e->star && !takes_star(c, f)))) wrong_arity(c, e, f, n);
  bool rows = f->class == FN_AGGREGATE || f->class == FN_WINDOW;
  if (e->over && !rows)
    diag_add(c, CHECK_NOT_AGGREGATE, e->name.span, e->name.text, STR("OVER"), NO_STR);
  else if (e->filter && f->class != FN_AGGREGATE && !e->over)
    diag_add(c, CHECK_NOT_AGGREGATE, e->name.span, e->name.text, STR("FILTER"), NO_STR);
  if (f->class == FN_WINDOW && !e->over)
    diag_add(c, CHECK_NEEDS_OVER, e->name.span, e->name.text, NO_STR, NO_STR);
  if (c->dialect == SQL_SQLITE && e->distinct && f->class == FN_AGGREGATE && n != 1 && fits)
    diag_add(c, CHECK_DISTINCT_ARITY, e->span, e->name.text, NO_STR, NO_STR);
}

/* ---- where it stands ---- */

typedef struct found_columns {
  bool own, outer, far; /* of this query, of the one around it, of one further out */
} found_columns;

static sql_walk_next note_column(void *ctx, sql_expr *e) {
  found_columns *f = ctx;
  if (e->kind != SQL_COLUMN) return SQL_WALK_ON;
  if (e->bound.depth == 0) f->own = true;
  if (e->bound.depth == 1) f->outer = true;
  if (e->bound.depth > 1) f->far = true;
  return SQL_WALK_ON;
}

static sql_walk_next skip_query(void *ctx, sql_query *q) {
  (void)ctx;
  (void)q;
  return SQL_WALK_SKIP;
}

static found_columns columns_in(const sql_expr *e) {
  found_columns f = {0};
  const sql_visitor v = {.expr = note_column, .query = skip_query, .ctx = &f};
  for (size_t i = 0; i < e->args.len; i++) sql_walk_expr(e->args.items[i], &v);
  return f;
}

typedef struct found_calls {
  sql_dialect_id dialect;
  bool aggregate, window;
} found_calls;

static sql_walk_next note_call(void *ctx, sql_expr *e) {
  found_calls *f = ctx;
  if (e->kind == SQL_CALL && e->over) {
    f->window = true;
  } else if (function_is_aggregate(f->dialect, e)) {
    found_columns columns = columns_in(e);
    if (columns.own || !(columns.outer || columns.far)) f->aggregate = true;
  }
  return SQL_WALK_ON;
}

/** `e` stands for `meant`, a select item: does that fit into the clause? */
static void check_meant(clause *k, const sql_expr *e, sql_expr *meant, str name) {
  found_calls f = {.dialect = k->c->dialect};
  if (!check_spend(k->c, meant->span.to - meant->span.from)) return;
  const sql_visitor v = {.expr = note_call, .query = skip_query, .ctx = &f};
  sql_walk_expr(meant, &v);
  if (f.window && !k->windows)
    diag_add(k->c, CHECK_WINDOW_MISUSE, e->span, name, str_from(k->name), NO_STR);
  else if (f.aggregate && k->inside)
    diag_add(k->c, CHECK_NESTED_AGGREGATE, e->span, name, NO_STR, NO_STR);
  else if (f.aggregate && !k->aggregates && e->bound.depth == 0)
    diag_add(k->c, CHECK_AGGREGATE_MISUSE, e->span, name, str_from(k->name), NO_STR);
}

static void place_aggregate(clause *k, const sql_expr *e) {
  found_columns f = columns_in(e);
  if (k->inside) {
    diag_add(k->c, CHECK_NESTED_AGGREGATE, e->span, call_label(k->c, e), NO_STR, NO_STR);
  } else if (!f.own && (f.outer || f.far)) { /* it belongs to the query around */
    if (!f.far && k->scope && k->scope->in_condition)
      diag_add(k->c, CHECK_AGGREGATE_MISUSE, e->span, call_label(k->c, e),
               STR("a condition of the query around, whose aggregate it is"), NO_STR);
  } else if (!k->aggregates) {
    diag_add(k->c, CHECK_AGGREGATE_MISUSE, e->span, call_label(k->c, e), str_from(k->name), NO_STR);
  } else if (k->scope) {
    k->scope->aggregate = true;
  }
}

static void walk(clause *k, sql_expr *e);

/** ARRAY[1, 2], [1, 2]: no call. */
static bool is_constructor(const sql_expr *e) { return e->quote == '[' && !e->schema.text.len; }

static void walk_call(clause *k, sql_expr *e) {
  check_ctx *c = k->c;
  const check_function *f = builtin(c, e);
  bool aggregate = f && !e->over && (f->class == FN_AGGREGATE || e->within_group);
  if (f)
    check_call(c, e, f);
  else if (!is_extra(c, e) && !is_constructor(e) && !(k->groups && function_is_grouping(e)))
    unknown_function(c, e);
  if (aggregate) place_aggregate(k, e);
  if (e->over && !k->windows)
    diag_add(c, CHECK_WINDOW_MISUSE, e->span, call_label(c, e), str_from(k->name), NO_STR);
  clause in = *k;
  in.inside = k->inside || aggregate;
  in.windows = k->windows && !aggregate && !e->over;
  for (size_t i = 0; i < e->args.len; i++) walk(&in, e->args.items[i]);
  for (size_t i = 0; i < e->order_by.len; i++) walk(&in, e->order_by.items[i].expr);
  walk(&in, e->filter);
  if (!e->over) return;
  for (size_t i = 0; i < e->over->partition_by.len; i++) walk(&in, e->over->partition_by.items[i]);
  for (size_t i = 0; i < e->over->order_by.len; i++) walk(&in, e->over->order_by.items[i].expr);
  for (size_t i = 0; i < e->over->frame_args.len; i++) walk(&in, e->over->frame_args.items[i]);
}

static sql_walk_next on_expr(void *ctx, sql_expr *e) {
  clause *k = ctx;
  if (k->c->failed) return SQL_WALK_STOP;
  shape_check_expr(k->c, e);
  if (e->kind == SQL_UNKNOWN) safety_scan(k->c, e->span);
  if (e->kind == SQL_CALL) {
    walk_call(k, e);
    return SQL_WALK_SKIP;
  }
  if (e->kind == SQL_COLUMN && e->bound.alias && e->bound.alias->expr)
    check_meant(k, e, e->bound.alias->expr, e->name.text);
  if (e->kind == SQL_BINARY && e->op == SQL_OP_REGEXP && k->c->dialect == SQL_SQLITE) {
    sql_expr call = {.kind = SQL_CALL, .span = e->span, .name = {STR("regexp"), e->op_span, 0}};
    if (!is_extra(k->c, &call)) unknown_function(k->c, &call);
  }
  return SQL_WALK_ON;
}

static void walk(clause *k, sql_expr *e) {
  const sql_visitor v = {.expr = on_expr, .query = skip_query, .ctx = k};
  if (e) sql_walk_expr(e, &v);
}

static void walk_list(clause *k, const sql_exprs *list) {
  for (size_t i = 0; i < list->len; i++) walk(k, list->items[i]);
}

static void walk_orders(clause *k, const sql_orders *list) {
  for (size_t i = 0; i < list->len; i++) walk(k, list->items[i].expr);
}

static void walk_from(clause *k, sql_from *f) {
  for (; f; f = f->left) {
    if (f->kind == SQL_FROM_UNKNOWN) safety_scan(k->c, f->span);
    walk(k, f->call);
    walk(k, f->on);
    walk_from(k, f->right);
  }
}

/** GROUP BY 2, of which the second column is an aggregate. */
static void walk_ordinal(clause *k, sql_query *q, const sql_expr *e) {
  if (e->kind != SQL_NUMBER || e->text.len != 1 || !ascii_is_digit(e->text.ptr[0])) return;
  bool open = false;
  const check_outputs *out = scope_outputs(k->c, q, &open);
  size_t n = (size_t)(e->text.ptr[0] - '0');
  if (out && n >= 1 && n <= out->len && out->items[n - 1].expr)
    check_meant(k, e, out->items[n - 1].expr, e->text);
}

void calls_check(check_ctx *c, sql_query *q) {
  check_scope *s = q->kind == SQL_COMPOUND ? NULL : q->scope;
  clause select = {c, s, "SELECT", true, true, false, false},
         from = {c, s, "a join condition", false, false, false, false},
         where = {c, s, "WHERE", false, false, false, false},
         group = {c, s, "GROUP BY", false, false, false, true},
         having = {c, s, "HAVING", true, false, false, false},
         order = {c, s, "ORDER BY", true, true, false, false},
         limit = {c, NULL, "LIMIT", false, false, false, false};
  walk_list(&select, &q->distinct_on);
  for (size_t i = 0; i < q->items.len; i++) walk(&select, q->items.items[i].expr);
  walk_from(&from, q->from);
  walk(&where, q->where);
  walk_list(&group, &q->group_by);
  for (size_t i = 0; s && i < q->group_by.len; i++) walk_ordinal(&group, q, q->group_by.items[i]);
  if (s && q->group_by.len) s->aggregate = true;
  if (s && c->dialect == SQL_SQLITE) order.aggregates = s->aggregate;
  walk(&having, q->having);
  for (size_t i = 0; i < q->windows.len; i++) {
    walk_list(&select, &q->windows.items[i]->partition_by);
    walk_orders(&select, &q->windows.items[i]->order_by);
    walk_list(&select, &q->windows.items[i]->frame_args);
  }
  walk(&order, q->qualify);
  walk_orders(&order, &q->order_by);
  walk_list(&where, &q->rows);
  walk_list(&order, &q->limit_by);
  walk(&limit, q->by_limit);
  walk(&limit, q->limit);
  walk(&limit, q->offset);
}
