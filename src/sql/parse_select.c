/* SELECT and its clauses, ORDER BY, windows, and what tells where a clause or query begins.
 * Set operations and LIMIT are in parse_query.c, FROM in parse_from.c. */
#include "sql/parse.h"

/* ── where things begin and end ───────────────────────────────────────────────── */

bool sql_at_set_op(sql_parser *p) {
  sql_word w = sql_peek_word(p, 0);
  if (w == SQL_W_UNION || w == SQL_W_INTERSECT || w == SQL_W_EXCEPT) return true;
  return w == SQL_W_MINUS && sql_at_query_start(p, 1);
}

bool sql_at_query_end(sql_parser *p) {
  const sql_lexeme *t = sql_peek(p, 0);
  return t->token.kind == SQL_TOK_END || t->op == OP1(')') || t->op == OP1(';') ||
         sql_at_set_op(p) || sql_starts_statement(p, t);
}

/* After VALUES. */
static bool begins_row(const sql_parser *p, const sql_lexeme *t) {
  if (t->op == OP1('(')) return true;
  if (p->d->mysql) return t->word == SQL_W_ROW;
  return p->d->id == SQL_TRINO &&
         (t->token.kind == SQL_TOK_NUMBER || t->token.kind == SQL_TOK_STRING);
}

bool sql_at_query_start(sql_parser *p, unsigned n) {
  const sql_lexeme *t = sql_peek(p, n);
  switch (t->word) {
    case SQL_W_SELECT:
      return true;
    case SQL_W_VALUES:
      return n + 1 >= SQL_LOOKAHEAD || begins_row(p, sql_peek(p, n + 1));
    case SQL_W_FROM: /* FROM t SELECT a */
      return p->d->id == SQL_DUCKDB || p->d->id == SQL_CLICKHOUSE;
    case SQL_W_TABLE: /* TABLE t: SELECT * FROM t */
      return (p->d->id == SQL_POSTGRES || p->d->id == SQL_MYSQL) && n + 1 < SQL_LOOKAHEAD &&
             sql_is_name(p, sql_peek(p, n + 1));
    case SQL_W_WITH:
      return n + 1 < SQL_LOOKAHEAD && sql_peek_op(p, n + 1) != OP1('(');
    default:
      break;
  }
  if (t->op != OP1('(') || n + 1 >= SQL_LOOKAHEAD) return false;
  return sql_at_query_start(p, n + 1);
}

/* Words that begin a clause in some dialect only; elsewhere a name, so that the next token
 * must agree. */
static bool foreign_clause(sql_parser *p, sql_word w) {
  const sql_lexeme next = *sql_peek(p, 1);
  bool name = sql_is_name(p, &next);
  switch (w) {
    case SQL_W_QUALIFY:
      return name || next.op == OP1('(');
    case SQL_W_FETCH:
      return next.word == SQL_W_FIRST || next.word == SQL_W_NEXT;
    case SQL_W_OFFSET:
      return next.token.kind == SQL_TOK_NUMBER || next.token.kind == SQL_TOK_PARAM ||
             next.op == OP1('(');
    case SQL_W_FOR:
      if (p->d->id != SQL_SQLITE && next.token.kind == SQL_TOK_WORD) return true;
      return next.word == SQL_W_UPDATE || next.word == SQL_W_SHARE || next.word == SQL_W_NO ||
             next.word == SQL_W_KEY || next.word == SQL_W_XML || next.word == SQL_W_JSON ||
             next.word == SQL_W_BROWSE || next.word == SQL_W_READ || next.word == SQL_W_SYSTEM_TIME;
    case SQL_W_WINDOW:
      return name && sql_peek_word(p, 2) == SQL_W_AS;
    case SQL_W_LOCK:
      return next.word == SQL_W_IN;
    case SQL_W_PARTITION:
      return next.op == OP1('(') && (p->d->mysql || p->d->id == SQL_ORACLE);
    case SQL_W_MATCH_RECOGNIZE:
    case SQL_W_PIVOT:
    case SQL_W_UNPIVOT:
    case SQL_W_OPTION:
      return next.op == OP1('(');
    case SQL_W_TABLESAMPLE:
      return name || next.op == OP1('(');
    case SQL_W_SAMPLE:
      return p->d->id == SQL_CLICKHOUSE || (p->d->id == SQL_ORACLE && next.op == OP1('('));
    case SQL_W_PREWHERE:
    case SQL_W_FINAL:
    case SQL_W_SETTINGS:
    case SQL_W_FORMAT:
      return p->d->id == SQL_CLICKHOUSE;
    case SQL_W_CONNECT:
      return next.word == SQL_W_BY;
    case SQL_W_START:
      return next.word == SQL_W_WITH;
    case SQL_W_MINUS:
      return sql_at_query_start(p, 1);
    case SQL_W_LATERAL:
      return next.word == SQL_W_VIEW;
    case SQL_W_OUTER:
    case SQL_W_CROSS:
      return next.word == SQL_W_APPLY || next.word == SQL_W_JOIN;
    case SQL_W_STRAIGHT_JOIN:
      return p->d->mysql;
    case SQL_W_USE:
    case SQL_W_FORCE:
    case SQL_W_IGNORE:
      return next.word == SQL_W_INDEX || next.word == SQL_W_KEY;
    case SQL_W_WITH:
      return next.op == OP1('(') || next.word == SQL_W_ORDINALITY || next.word == SQL_W_NOLOCK ||
             next.word == SQL_W_TIES || next.word == SQL_W_FILL || next.word == SQL_W_TOTALS ||
             next.word == SQL_W_ROLLUP;
    case SQL_W_INDEXED:
      return next.word == SQL_W_BY;
    default:
      return sql_word_marked(w, 'k') && (next.word == SQL_W_JOIN || next.word == SQL_W_LEFT ||
                                         next.word == SQL_W_INNER || next.word == SQL_W_RIGHT);
  }
}

bool sql_at_clause(sql_parser *p) {
  sql_word w = sql_peek_word(p, 0);
  switch (w) {
    case SQL_W_NONE:
      return false;
    case SQL_W_FROM:
    case SQL_W_WHERE:
    case SQL_W_GROUP:
    case SQL_W_HAVING:
    case SQL_W_ORDER:
    case SQL_W_LIMIT:
    case SQL_W_UNION:
    case SQL_W_INTERSECT:
    case SQL_W_EXCEPT:
    case SQL_W_INTO:
    case SQL_W_ON:
    case SQL_W_USING:
    case SQL_W_JOIN:
      return true;
    case SQL_W_LEFT:
    case SQL_W_RIGHT:
    case SQL_W_FULL:
    case SQL_W_INNER:
    case SQL_W_NATURAL:
      return sql_peek_op(p, 1) != OP1('(');
    default:
      return foreign_clause(p, w);
  }
}

/* ── ORDER BY, windows ────────────────────────────────────────────────────────── */

static void parse_nulls_order(sql_parser *p, sql_order *o) {
  sql_word next = sql_peek_word(p, 1);
  if (sql_peek_word(p, 0) != SQL_W_NULLS || (next != SQL_W_FIRST && next != SQL_W_LAST)) return;
  sql_need(p, SQL_HAS_NULLS_ORDER, sql_peek(p, 0)->token.span,
           "NULLS FIRST and LAST are not in this dialect", "order by (x IS NULL) first");
  o->nulls = next == SQL_W_FIRST ? 1 : 2;
  sql_take(p);
  sql_take(p);
}

/* ClickHouse's WITH FILL FROM x TO y STEP z. */
static void skip_fill(sql_parser *p) {
  uint32_t from = sql_here(p);
  if (sql_peek_word(p, 0) != SQL_W_WITH || sql_peek_word(p, 1) != SQL_W_FILL) return;
  sql_take(p);
  sql_take(p);
  for (;;) {
    sql_word w = sql_peek_word(p, 0);
    if (w != SQL_W_FROM && w != SQL_W_TO && w != SQL_W_STEP) break;
    sql_take(p);
    sql_parse_expr(p);
  }
  sql_report_unknown(p, from);
}

/* PostgreSQL's ORDER BY x USING >, OPERATOR(pg_catalog.<): true for the descending one. */
static bool take_using_operator(sql_parser *p) {
  uint32_t from = sql_here(p);
  sql_take(p);
  const sql_lexeme op = sql_take(p);
  if (op.token.kind == SQL_TOK_WORD && sql_accept_op(p, OP1('('))) {
    sql_skip_to_close(p);
    sql_expect_op(p, OP1(')'), "expected )");
  }
  if (op.op != OP1('<') && op.op != OP1('>')) sql_report_unknown(p, from);
  return op.op == OP1('>');
}

void sql_parse_order_list(sql_parser *p, sql_orders *list) {
  do {
    sql_order o = {0};
    uint32_t from = sql_here(p);
    if (sql_peek_word(p, 0) == SQL_W_ALL && p->d->id == SQL_DUCKDB) {
      o.expr = sql_make_expr(p, SQL_CALL, from);
      o.expr->name = sql_take_name(p);
      o.expr->bare = true;
      o.expr = sql_close_expr(p, o.expr);
    } else {
      o.expr = sql_parse_expr(p);
    }
    if (p->d->id == SQL_POSTGRES && sql_peek_word(p, 0) == SQL_W_USING)
      o.desc = take_using_operator(p);
    else if (sql_accept_word(p, SQL_W_DESC))
      o.desc = true;
    else
      sql_accept_word(p, SQL_W_ASC);
    parse_nulls_order(p, &o);
    skip_fill(p);
    o.span = sql_span_from(p, from);
    if (!vec_push(p->a, list, o)) p->no_memory = true;
  } while (sql_accept_op(p, OP1(',')));
}

/* UNBOUNDED PRECEDING | CURRENT ROW | expr FOLLOWING … into the frame's pattern. */
static void parse_bound(sql_parser *p, sql_window *w) {
  sql_word first = sql_peek_word(p, 0);
  const char *start = "%";
  if (first == SQL_W_CURRENT && sql_peek_word(p, 1) == SQL_W_ROW) {
    sql_take(p);
    sql_take(p);
    w->frame = sql_format(p, "%.*s CURRENT ROW", STR_ARG(w->frame));
    return;
  }
  sql_word next = sql_peek_word(p, 1);
  if (first == SQL_W_UNBOUNDED && sql_peek_op(p, 1) != OP1('(') && sql_peek_op(p, 1) != OP1('.') &&
      (next == SQL_W_PRECEDING || next == SQL_W_FOLLOWING || p->d->id != SQL_POSTGRES)) {
    sql_take(p);
    start = "UNBOUNDED";
  } else {
    sql_push_expr(p, &w->frame_args, sql_parse_expr(p));
  }
  const char *end = sql_peek_word(p, 0) == SQL_W_FOLLOWING ? "FOLLOWING" : "PRECEDING";
  if (!sql_accept_word(p, SQL_W_FOLLOWING))
    sql_expect_word(p, SQL_W_PRECEDING, "expected PRECEDING or FOLLOWING");
  w->frame = sql_format(p, "%.*s %s %s", STR_ARG(w->frame), start, end);
}

static void parse_exclude(sql_parser *p, sql_window *w) {
  if (!sql_accept_word(p, SQL_W_EXCLUDE)) return;
  const char *what = "NO OTHERS";
  sql_word first = sql_peek_word(p, 0);
  if (first == SQL_W_CURRENT)
    what = "CURRENT ROW";
  else if (first == SQL_W_GROUP)
    what = "GROUP";
  else if (first == SQL_W_TIES)
    what = "TIES";
  else if (first != SQL_W_NO)
    sql_report_here(p, "expected NO OTHERS, CURRENT ROW, GROUP or TIES");
  sql_take(p);
  if (first == SQL_W_NO) sql_expect_word(p, SQL_W_OTHERS, "expected OTHERS");
  if (first == SQL_W_CURRENT) sql_expect_word(p, SQL_W_ROW, "expected ROW");
  w->frame = sql_format(p, "%.*s EXCLUDE %s", STR_ARG(w->frame), what);
}

static void parse_frame(sql_parser *p, sql_window *w) {
  sql_word unit = sql_peek_word(p, 0);
  if (unit != SQL_W_ROWS && unit != SQL_W_RANGE && unit != SQL_W_GROUPS) return;
  sql_take(p);
  w->frame = unit == SQL_W_ROWS ? STR("ROWS") : unit == SQL_W_RANGE ? STR("RANGE") : STR("GROUPS");
  if (sql_accept_word(p, SQL_W_BETWEEN)) {
    w->frame = sql_format(p, "%.*s BETWEEN", STR_ARG(w->frame));
    parse_bound(p, w);
    sql_expect_word(p, SQL_W_AND, "expected AND");
    w->frame = sql_format(p, "%.*s AND", STR_ARG(w->frame));
  }
  parse_bound(p, w);
  parse_exclude(p, w);
}

static sql_window *make_window(sql_parser *p) {
  sql_window *w = ARENA_NEW(p->a, sql_window);
  if (w) return w;
  p->no_memory = true;
  p->spare_window = (sql_window){0};
  return &p->spare_window;
}

sql_window *sql_parse_window(sql_parser *p) {
  sql_window *w = make_window(p);
  uint32_t from = sql_here(p);
  if (!sql_accept_op(p, OP1('('))) {
    w->name = sql_expect_name(p, "expected ( or a window's name");
    w->span = sql_span_from(p, from);
    return w;
  }
  const sql_lexeme *t = sql_peek(p, 0);
  bool clause = t->word == SQL_W_PARTITION || t->word == SQL_W_ORDER || t->word == SQL_W_ROWS ||
                t->word == SQL_W_RANGE || t->word == SQL_W_GROUPS;
  if (sql_is_name(p, t) && !clause) w->base = sql_take_name(p);
  if (sql_accept_word(p, SQL_W_PARTITION)) {
    sql_expect_word(p, SQL_W_BY, "expected BY");
    sql_parse_open_list(p, &w->partition_by);
  }
  if (sql_accept_word(p, SQL_W_ORDER)) {
    sql_expect_word(p, SQL_W_BY, "expected BY");
    sql_parse_order_list(p, &w->order_by);
  }
  parse_frame(p, w);
  if (sql_peek_op(p, 0) != OP1(')')) sql_skip_unknown(p, false, "expected )");
  sql_expect_op(p, OP1(')'), "expected )");
  w->span = sql_span_from(p, from);
  return w;
}

/* ── SELECT ───────────────────────────────────────────────────────────────────── */

static void parse_top(sql_parser *p, sql_query *q) {
  const sql_lexeme *next = sql_peek(p, 1);
  bool counted = next->token.kind == SQL_TOK_NUMBER || next->token.kind == SQL_TOK_PARAM ||
                 next->op == OP1('(');
  if (sql_peek_word(p, 0) != SQL_W_TOP || !counted) return;
  if (next->op == OP1('(') && !(p->d->has & SQL_HAS_TOP)) return; /* a function named top */
  uint32_t from = sql_here(p);
  sql_take(p);
  if (sql_accept_op(p, OP1('('))) {
    q->limit = sql_parse_expr(p);
    sql_expect_op(p, OP1(')'), "expected )");
  } else {
    q->limit = sql_parse_primary(p);
  }
  q->limit_percent = sql_accept_word(p, SQL_W_PERCENT);
  if (sql_peek_word(p, 0) == SQL_W_WITH && sql_peek_word(p, 1) == SQL_W_TIES) {
    sql_take(p);
    sql_take(p);
    q->limit_ties = true;
  }
  q->limit_form = SQL_LIMIT_TOP;
  q->limit_span = sql_span_from(p, from);
  sql_need(p, SQL_HAS_TOP, q->limit_span, "TOP is not in this dialect",
           p->d->has & SQL_HAS_LIMIT ? "write LIMIT n at the end"
                                     : "write FETCH FIRST n ROWS ONLY at the end");
}

static void parse_distinct(sql_parser *p, sql_query *q) {
  sql_span at = sql_peek(p, 0)->token.span;
  if (sql_accept_word(p, SQL_W_ALL)) return;
  bool unique = p->d->id == SQL_ORACLE && sql_accept_word(p, SQL_W_UNIQUE);
  if (!unique && !sql_accept_word(p, SQL_W_DISTINCT) &&
      !(p->d->mysql && sql_accept_word(p, SQL_W_DISTINCTROW)))
    return;
  q->distinct = true;
  if (sql_peek_word(p, 0) != SQL_W_ON || sql_peek_op(p, 1) != OP1('(')) return;
  sql_take(p);
  sql_take(p);
  at.to = p->last_end;
  sql_need(p, SQL_HAS_DISTINCT_ON, at, "DISTINCT ON is not in this dialect",
           "rank the rows with ROW_NUMBER() and keep the first");
  sql_parse_expr_list(p, &q->distinct_on);
  sql_expect_op(p, OP1(')'), "expected )");
}

/* T-SQL: alias = expression, and @variable = expression. */
static void turn_assignment(sql_parser *p, sql_item *item) {
  sql_expr *e = item->expr;
  if (e->kind != SQL_BINARY || e->op != SQL_OP_EQ || e->parenthesized) return;
  sql_expr *left = e->args.items[0];
  if (left->kind == SQL_PARAM)
    sql_report(p, SQL_ISSUE_WRITE, left->span, "a variable is set", NULL);
  if (left->kind != SQL_COLUMN || left->table.text.ptr || left->parenthesized) return;
  item->alias = left->name;
  item->expr = e->args.items[1];
}

/* * or table.*, as an item. */
static bool at_star(sql_parser *p) {
  if (sql_peek_op(p, 0) == OP1('*')) return true;
  return sql_peek_op(p, 1) == OP1('.') && sql_peek_op(p, 2) == OP1('*') &&
         sql_is_name(p, sql_peek(p, 0));
}

/* * EXCEPT (a), * EXCLUDE a, * REPLACE (x AS a), which we do not know. */
static void skip_star_changes(sql_parser *p) {
  sql_word w = sql_peek_word(p, 0);
  bool set = w == SQL_W_EXCEPT && sql_at_query_start(p, 1);
  bool change = w == SQL_W_EXCEPT || w == SQL_W_EXCLUDE || w == SQL_W_REPLACE || w == SQL_W_RENAME;
  if (!change || set || p->d->id == SQL_SQLITE) return;
  uint32_t from = sql_here(p);
  sql_take(p);
  if (sql_peek_op(p, 0) == OP1('(')) {
    sql_take(p);
    sql_skip_to_close(p);
  }
  sql_take(p);
  sql_report_unknown(p, from);
}

static void parse_item(sql_parser *p, sql_query *q) {
  sql_item item = {0};
  uint32_t from = sql_here(p);
  p->alias_next = true;
  p->star_at = from + 1;
  item.expr = at_star(p) ? sql_parse_primary(p) : sql_parse_expr(p);
  p->alias_next = false;
  if (item.expr->kind == SQL_STAR)
    skip_star_changes(p);
  else
    item.alias = sql_parse_alias(p, true);
  if (p->d->id == SQL_TSQL && !item.alias.text.ptr) turn_assignment(p, &item);
  item.span = sql_span_from(p, from);
  if (item.span.from < item.expr->span.from) item.span.from = item.expr->span.from;
  if (!vec_push(p->a, &q->items, item)) p->no_memory = true;
}

static void parse_items(sql_parser *p, sql_query *q) {
  do {
    if (sql_at_clause(p) && q->items.len > 0 && sql_peek_word(p, 0) == SQL_W_FROM) {
      if (p->d->id != SQL_DUCKDB && p->d->id != SQL_CLICKHOUSE)
        sql_report_here(p, "expected an expression after the comma");
      return;
    }
    parse_item(p, q);
    const sql_lexeme *t = sql_peek(p, 0);
    if (t->op == OP1(',') || sql_at_query_end(p) || sql_at_clause(p)) continue;
    sql_item *item = &q->items.items[q->items.len - 1];
    if (item->alias.text.ptr && t->word == SQL_W_NONE) sql_report_here(p, "expected , or FROM");
    if (item->alias.text.ptr)
      sql_skip_unknown(p, true, "expected , or FROM");
    else
      item->expr = sql_swallow(p, item->expr, "expected , or FROM");
    item->span = sql_span_from(p, item->span.from);
  } while (sql_accept_op(p, OP1(',')));
}

/* INTO is a write: to a table, a file, or variables. */
static void parse_into(sql_parser *p) {
  uint32_t from = sql_here(p);
  sql_take(p);
  while (!sql_at_query_end(p) && !sql_at_clause(p)) sql_take(p);
  sql_report(p, SQL_ISSUE_WRITE, sql_span_from(p, from), "SELECT INTO writes", NULL);
}

static sql_expr *both(sql_parser *p, sql_expr *x, sql_expr *y) {
  if (!x) return y;
  sql_expr *e = sql_make_expr(p, SQL_BINARY, x->span.from);
  e->op = SQL_OP_AND;
  sql_push_expr(p, &e->args, x);
  sql_push_expr(p, &e->args, y);
  return sql_close_expr(p, e);
}

static sql_expr *rollup(sql_parser *p, sql_exprs *list, sql_name name) {
  sql_expr *e = sql_make_expr(p, SQL_CALL, list->len ? list->items[0]->span.from : name.span.from);
  e->name = name;
  e->args = *list;
  return sql_close_expr(p, e);
}

static bool at_grouping_sets(sql_parser *p) {
  return sql_peek_word(p, 0) == SQL_W_GROUPING && sql_peek_word(p, 1) == SQL_W_SETS &&
         sql_peek_op(p, 2) == OP1('(');
}

/* GROUPING SETS ((a, b), (a), ()), which may stand in one another. */
static sql_expr *parse_grouping_sets(sql_parser *p) {
  sql_expr *e = sql_make_expr(p, SQL_CALL, sql_here(p));
  e->name = sql_take_name(p);
  sql_take(p);
  e->name.span.to = p->last_end;
  e->name.text = STR("GROUPING SETS");
  e->name.quote = 0;
  sql_take(p); /* ( */
  bool deep = !sql_enter(p);
  if (deep) sql_skip_to_close(p);
  if (!deep) {
    do {
      sql_push_expr(p, &e->args, at_grouping_sets(p) ? parse_grouping_sets(p) : sql_parse_expr(p));
    } while (sql_accept_op(p, OP1(',')));
    sql_leave(p);
  }
  sql_expect_op(p, OP1(')'), "expected )");
  return sql_close_expr(p, e);
}

static void parse_group_by(sql_parser *p, sql_query *q) {
  uint32_t from = sql_here(p);
  sql_take(p);
  sql_expect_word(p, SQL_W_BY, "expected BY");
  const sql_lexeme *next = sql_peek(p, 1);
  bool quantified = (p->d->id == SQL_POSTGRES || p->d->id == SQL_TRINO) && !sql_at_query_end(p) &&
                    next->token.kind != SQL_TOK_END;
  if (quantified && !sql_accept_word(p, SQL_W_DISTINCT)) sql_accept_word(p, SQL_W_ALL);
  if (sql_peek_word(p, 0) == SQL_W_ALL && p->d->id != SQL_SQLITE) {
    sql_expr *all = sql_make_expr(p, SQL_CALL, sql_here(p));
    all->name = sql_take_name(p);
    all->bare = true;
    sql_push_expr(p, &q->group_by, sql_close_expr(p, all));
  } else {
    do {
      bool sets = at_grouping_sets(p);
      sql_expr *e = sets ? parse_grouping_sets(p) : sql_parse_expr(p);
      sql_word w =
          e->kind == SQL_CALL && !e->schema.text.ptr ? sql_word_find(e->name.text) : SQL_W_NONE;
      if (sets || w == SQL_W_ROLLUP || w == SQL_W_CUBE)
        sql_need(p, SQL_HAS_GROUPING, e->name.span, "grouping sets are not in this dialect",
                 "use a UNION ALL of groupings");
      sql_push_expr(p, &q->group_by, e);
    } while (sql_accept_op(p, OP1(',')));
  }
  if (sql_peek_word(p, 0) == SQL_W_WITH &&
      (sql_peek_word(p, 1) == SQL_W_ROLLUP || sql_peek_word(p, 1) == SQL_W_CUBE)) {
    sql_take(p);
    sql_expr *e = rollup(p, &q->group_by, sql_take_name(p));
    if (!p->d->mysql && p->d->id != SQL_TSQL && p->d->id != SQL_CLICKHOUSE)
      sql_report(p, SQL_ISSUE_DIALECT, e->name.span, "WITH ROLLUP is not in this dialect",
                 "write GROUP BY ROLLUP (…)");
    q->group_by = (sql_exprs){0};
    sql_push_expr(p, &q->group_by, e);
  }
  q->group_span = sql_span_from(p, from);
}

static void parse_windows(sql_parser *p, sql_query *q) {
  sql_take(p);
  do {
    sql_name name = sql_expect_name(p, "expected a window's name");
    sql_expect_word(p, SQL_W_AS, "expected AS");
    sql_window *w = sql_parse_window(p);
    w->base = w->base.text.ptr ? w->base : w->name;
    w->name = name;
    if (name.span.to) w->span.from = name.span.from;
    if (!vec_push(p->a, &q->windows, w)) p->no_memory = true;
  } while (sql_accept_op(p, OP1(',')));
}

int sql_clause_rank(sql_parser *p, sql_word w) {
  switch (w) {
    case SQL_W_INTO:
      return 1;
    case SQL_W_FROM:
      return 2;
    case SQL_W_PREWHERE:
      return foreign_clause(p, w) ? 3 : 0;
    case SQL_W_WHERE:
      return 4;
    case SQL_W_GROUP:
      return 5;
    case SQL_W_HAVING:
      return 6;
    case SQL_W_WINDOW:
      return foreign_clause(p, w) ? 7 : 0;
    case SQL_W_QUALIFY:
      return foreign_clause(p, w) ? 8 : 0;
    default:
      return 0;
  }
}

void sql_parse_clause(sql_parser *p, sql_query *q, sql_word w) {
  sql_span at = sql_peek(p, 0)->token.span;
  switch (w) {
    case SQL_W_INTO:
      parse_into(p);
      return;
    case SQL_W_FROM: {
      sql_take(p);
      sql_from *f = sql_parse_from_list(p);
      if (!q->from) q->from = f;
      return;
    }
    case SQL_W_WHERE:
    case SQL_W_PREWHERE:
      sql_take(p);
      q->where = both(p, q->where, sql_parse_expr(p));
      return;
    case SQL_W_GROUP:
      parse_group_by(p, q);
      return;
    case SQL_W_HAVING:
      sql_take(p);
      q->having = both(p, q->having, sql_parse_expr(p));
      return;
    case SQL_W_WINDOW:
      parse_windows(p, q);
      return;
    default: /* QUALIFY */
      sql_take(p);
      sql_need(p, SQL_HAS_QUALIFY, at, "QUALIFY is not in this dialect",
               "filter in a query around this one");
      q->qualify = both(p, q->qualify, sql_parse_expr(p));
  }
}

static void report_misplaced(sql_parser *p, int rank, int last) {
  if (rank == 1) return; /* INTO may also come late */
  if (rank == last)
    sql_report_here(p, "a clause given twice");
  else if (rank < last)
    sql_report_here(p, "a clause out of order: FROM, WHERE, GROUP BY, HAVING, ORDER BY, LIMIT");
}

static void parse_clauses(sql_parser *p, sql_query *q) {
  int last = 0;
  for (;;) {
    sql_word w = sql_peek_word(p, 0);
    int rank = sql_clause_rank(p, w);
    if (rank) {
      if (rank <= last) report_misplaced(p, rank, last);
      sql_parse_clause(p, q, w);
      if (rank > last) last = rank;
    } else if (sql_at_query_end(p) || sql_at_clause(p)) {
      return;
    } else {
      uint32_t before = sql_here(p);
      sql_skip_unknown(p, false,
                       last >= 4 ? "expected an operator or the next clause" : "expected a clause");
      if (sql_here(p) == before) return;
    }
  }
}

/* SQL_NO_CACHE and its kin. */
static void skip_select_hints(sql_parser *p) {
  while (p->d->mysql && sql_word_marked(sql_peek_word(p, 0), 'h')) {
    uint32_t from = sql_here(p);
    sql_take(p);
    sql_report_unknown(p, from);
  }
}

/* FROM t [SELECT a] … */
sql_query *sql_parse_from_first(sql_parser *p) {
  uint32_t from = sql_take(p).token.span.from;
  sql_from *f = sql_parse_from_list(p);
  sql_query *q;
  if (sql_peek_word(p, 0) == SQL_W_SELECT) {
    q = sql_parse_select(p);
  } else {
    q = sql_make_query(p, SQL_SELECT, from);
    sql_push_star(p, q);
    parse_clauses(p, q);
  }
  if (!q->from) q->from = f;
  q->span.from = from;
  return q;
}

/* SELECT 1 FROM DUAL is how Oracle, and MySQL if asked, spell SELECT 1. */
static bool is_dual(const sql_parser *p, const sql_query *q) {
  const sql_from *f = q->from;
  if (!f || f->kind != SQL_FROM_TABLE || (p->d->id != SQL_ORACLE && !p->d->mysql)) return false;
  for (size_t i = 0; i < q->items.len; i++)
    if (q->items.items[i].expr->kind == SQL_STAR) return false;
  return !f->schema.text.ptr && !f->alias.text.ptr && str_eq_nocase(f->name.text, STR("DUAL"));
}

sql_query *sql_parse_select(sql_parser *p) {
  sql_query *q = sql_make_query(p, SQL_SELECT, sql_here(p));
  sql_take(p);
  skip_select_hints(p);
  parse_distinct(p, q);
  skip_select_hints(p);
  parse_top(p, q);
  if (q->limit && !q->distinct) parse_distinct(p, q); /* TOP 5 DISTINCT, misplaced but clear */
  if (sql_at_query_end(p) || sql_peek_word(p, 0) == SQL_W_FROM) {
    if (p->d->id != SQL_POSTGRES || q->distinct) sql_report_here(p, "expected what to select");
  } else {
    parse_items(p, q);
  }
  parse_clauses(p, q);
  if (is_dual(p, q)) q->from = NULL;
  return q;
}
