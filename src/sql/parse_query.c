/* Queries: WITH, VALUES, set operations, ORDER BY and LIMIT in its forms, and what must not
 * stand in a query. SELECT is in parse_select.c. */
#include "sql/parse.h"

/* ── WITH ─────────────────────────────────────────────────────────────────────── */

/* DML where a query belongs: noted, passed over, and kept as an unknown. */
static sql_query *skip_write(sql_parser *p) {
  sql_query *q = sql_make_query(p, SQL_SELECT, sql_here(p));
  sql_span verb = sql_peek(p, 0)->token.span;
  sql_report(p, SQL_ISSUE_WRITE, verb, "a write inside a query", NULL);
  sql_skip_to_close(p);
  sql_item item = {
      sql_unknown_expr(p, sql_span_from(p, verb.from)), {{NULL, 0}, {0, 0}, 0}, {0, 0}};
  item.span = item.expr->span;
  if (!vec_push(p->a, &q->items, item)) p->no_memory = true;
  return sql_close_query(p, q);
}

void sql_parse_query_close(sql_parser *p, sql_query *q, uint32_t from) {
  if (sql_peek_op(p, 0) != OP1(')') && !sql_at_query_end(p) && !sql_at_clause(p))
    sql_skip_unknown(p, false, "expected )");
  sql_expect_op(p, OP1(')'), "expected )");
  q->parenthesized = true;
  q->span = sql_span_from(p, from);
}

static sql_cte *make_cte(sql_parser *p) {
  sql_cte *c = ARENA_NEW(p->a, sql_cte);
  if (c) return c;
  p->no_memory = true;
  p->spare_cte = (sql_cte){0};
  return &p->spare_cte;
}

/* ClickHouse: WITH expr AS name, in the place of name AS (query). */
static bool at_scalar_cte(sql_parser *p) {
  if (p->d->id != SQL_CLICKHOUSE) return false;
  return !sql_is_name(p, sql_peek(p, 0)) || sql_peek_word(p, 1) != SQL_W_AS ||
         sql_peek_op(p, 2) != OP1('(');
}

static void parse_scalar_cte(sql_parser *p, sql_cte *c) {
  uint32_t from = sql_here(p);
  c->scalar = true;
  c->query = sql_make_query(p, SQL_SELECT, from);
  sql_item item = {.expr = sql_parse_expr(p)};
  item.span = item.expr->span;
  if (!vec_push(p->a, &c->query->items, item)) p->no_memory = true;
  c->query = sql_close_query(p, c->query);
  sql_expect_word(p, SQL_W_AS, "expected AS");
  c->name = sql_expect_name(p, "expected a name");
  c->span = sql_span_from(p, from);
}

/* SEARCH DEPTH FIRST BY a SET b, CYCLE a SET b USING c: columns more than the query gives. */
static bool skip_search_and_cycle(sql_parser *p) {
  uint32_t from = sql_here(p);
  bool any = false;
  if (p->d->id == SQL_SQLITE) return false;
  while (str_eq_nocase(sql_peek(p, 0)->token.raw, STR("search")) ||
         str_eq_nocase(sql_peek(p, 0)->token.raw, STR("cycle"))) {
    any = true;
    do {
      sql_take(p);
      while (sql_accept_op(p, OP1(','))) sql_take(p);
    } while (sql_peek(p, 0)->token.kind != SQL_TOK_END && sql_peek_op(p, 0) != OP1(',') &&
             sql_peek_op(p, 0) != OP1(')') && !sql_at_query_start(p, 0));
  }
  if (any) sql_report_unknown(p, from);
  return any;
}

static sql_cte *parse_cte(sql_parser *p) {
  sql_cte *c = make_cte(p);
  uint32_t from = sql_here(p);
  if (at_scalar_cte(p)) {
    parse_scalar_cte(p, c);
    return c;
  }
  c->name = sql_expect_name(p, "expected the name of a WITH query");
  if (sql_accept_op(p, OP1('('))) sql_parse_names(p, &c->columns);
  sql_expect_word(p, SQL_W_AS, "expected AS");
  if (sql_peek_word(p, 0) == SQL_W_NOT && sql_peek_word(p, 1) == SQL_W_MATERIALIZED) {
    sql_take(p);
    sql_take(p);
    c->materialized = 2;
  } else if (sql_accept_word(p, SQL_W_MATERIALIZED)) {
    c->materialized = 1;
  }
  uint32_t open = sql_here(p);
  sql_expect_op(p, OP1('('), "expected (");
  c->query = sql_is_write_word(sql_peek_word(p, 0)) ? skip_write(p) : sql_parse_query(p);
  sql_parse_query_close(p, c->query, open);
  c->more = skip_search_and_cycle(p);
  c->span = sql_span_from(p, from);
  return c;
}

void sql_parse_with(sql_parser *p, sql_query *into) {
  sql_take(p); /* WITH */
  const sql_lexeme *next = sql_peek(p, 1);
  if (sql_peek_word(p, 0) == SQL_W_RECURSIVE && next->word != SQL_W_AS && next->op != OP1('(')) {
    sql_take(p);
    into->recursive = true;
  }
  do {
    sql_cte *c = parse_cte(p);
    if (!vec_push(p->a, &into->ctes, c)) p->no_memory = true;
    if (!sql_accept_op(p, OP1(','))) return;
  } while (sql_peek_word(p, 0) != SQL_W_SELECT);
  sql_report_here(p, "expected another WITH query after the comma");
}

/* ── VALUES, set operations ───────────────────────────────────────────────────── */

static sql_query *parse_values(sql_parser *p) {
  sql_query *q = sql_make_query(p, SQL_VALUES, sql_here(p));
  sql_take(p);
  do {
    sql_expr *row = sql_make_expr(p, SQL_ROW, sql_here(p));
    if (p->d->mysql) sql_accept_word(p, SQL_W_ROW);
    if (p->d->id == SQL_TRINO && sql_peek_op(p, 0) != OP1('(')) { /* VALUES 1, 2 */
      sql_push_expr(p, &row->args, sql_parse_expr(p));
    } else {
      if (!sql_expect_op(p, OP1('('), "expected (")) break;
      sql_parse_expr_list(p, &row->args);
      sql_expect_op(p, OP1(')'), "expected )");
    }
    sql_push_expr(p, &q->rows, sql_close_expr(p, row));
  } while (sql_accept_op(p, OP1(',')));
  return q;
}

static sql_query *empty_query(sql_parser *p) {
  sql_query *q = sql_make_query(p, SQL_SELECT, p->last_end);
  sql_report_here(p, "expected SELECT");
  q->height = 1;
  return q;
}

static sql_query *parse_table_query(sql_parser *p) {
  sql_query *q = sql_make_query(p, SQL_SELECT, sql_here(p));
  sql_take(p);
  sql_push_star(p, q);
  q->from = sql_parse_from_list(p);
  return q;
}

static sql_query *parse_term(sql_parser *p) {
  uint32_t from = sql_here(p);
  const sql_lexeme t = *sql_peek(p, 0);
  if (t.word == SQL_W_SELECT) return sql_close_query(p, sql_parse_select(p));
  if (t.word == SQL_W_VALUES) return sql_close_query(p, parse_values(p));
  if (t.word == SQL_W_FROM && sql_at_query_start(p, 0))
    return sql_close_query(p, sql_parse_from_first(p));
  if (t.word == SQL_W_TABLE && sql_at_query_start(p, 0))
    return sql_close_query(p, parse_table_query(p));
  if (t.op != OP1('(')) return empty_query(p);
  sql_take(p);
  sql_query *q = sql_parse_query(p);
  sql_parse_query_close(p, q, from);
  sql_need(p, SQL_HAS_PAREN_SET, (sql_span){from, from + 1},
           "a query in parentheses cannot stand here", "write SELECT * FROM (…)");
  return q;
}

static sql_set_op take_set_op(sql_parser *p) {
  const sql_lexeme t = sql_take(p);
  bool all = sql_accept_word(p, SQL_W_ALL);
  if (!all && sql_peek_word(p, 0) == SQL_W_DISTINCT) {
    sql_take(p);
    sql_need(p, SQL_HAS_PAREN_SET, t.token.span, "DISTINCT cannot follow here", "leave it out");
  }
  if (p->d->id == SQL_DUCKDB && sql_peek_word(p, 0) == SQL_W_BY &&
      sql_peek_word(p, 1) == SQL_W_NAME) {
    uint32_t from = sql_take(p).token.span.from;
    sql_take(p);
    sql_report_unknown(p, from);
  }
  if (t.word == SQL_W_MINUS)
    sql_need(p, SQL_HAS_MINUS, t.token.span, "MINUS is not in this dialect", "write EXCEPT");
  if (t.word == SQL_W_UNION) return all ? SQL_UNION_ALL : SQL_UNION;
  if (all) sql_need(p, SQL_HAS_SET_ALL, t.token.span, "only UNION takes ALL in this dialect", NULL);
  if (t.word == SQL_W_INTERSECT) return all ? SQL_INTERSECT_ALL : SQL_INTERSECT;
  return all ? SQL_EXCEPT_ALL : SQL_EXCEPT;
}

static bool binds_first(const sql_parser *p, sql_word w) {
  return w == SQL_W_INTERSECT && p->d->intersect_first;
}

/* `left`, and the set operations that follow it; with `tight` only those that bind first. */
static sql_query *parse_set(sql_parser *p, sql_query *left, bool tight) {
  while (sql_at_set_op(p)) {
    if (tight && !binds_first(p, sql_peek_word(p, 0))) break;
    sql_query *q = sql_make_query(p, SQL_COMPOUND, left->span.from);
    uint32_t from = sql_here(p);
    bool now = tight || binds_first(p, sql_peek_word(p, 0)) || !p->d->intersect_first;
    q->left = left;
    q->set_op = take_set_op(p);
    q->op_span = sql_span_from(p, from);
    q->right = parse_term(p);
    if (!now) q->right = parse_set(p, q->right, true);
    left = sql_close_query(p, q);
  }
  return left;
}

/* ── ORDER BY, LIMIT and what else may end a query ────────────────────────────── */

static void limit_twice(sql_parser *p, const sql_query *q) {
  if (q->limit_form != SQL_LIMIT_NONE && q->limit) sql_report_here(p, "a second limit");
}

/* DuckDB's LIMIT 10%. */
static bool at_percent(sql_parser *p) {
  return p->d->id == SQL_DUCKDB && sql_peek(p, 0)->token.kind == SQL_TOK_NUMBER &&
         sql_peek_op(p, 1) == OP1('%') && sql_peek(p, 2)->token.kind != SQL_TOK_NUMBER;
}

static void parse_limit(sql_parser *p, sql_query *q) {
  uint32_t from = sql_here(p);
  limit_twice(p, q);
  sql_take(p);
  sql_expr *first = NULL;
  if (at_percent(p)) {
    first = sql_parse_primary(p);
    sql_take(p);
    q->limit_percent = true;
  } else if (!sql_accept_word(p, SQL_W_ALL))
    first = sql_parse_expr(p);
  else if (p->d->id != SQL_POSTGRES && p->d->id != SQL_DUCKDB && p->d->id != SQL_TRINO)
    sql_report(p, SQL_ISSUE_DIALECT, sql_span_from(p, from), "LIMIT ALL is not in this dialect",
               "leave it out");
  if (sql_peek_word(p, 0) == SQL_W_BY && first) {
    sql_take(p);
    q->by_limit = first;
    sql_parse_open_list(p, &q->limit_by);
    if (p->d->id != SQL_CLICKHOUSE)
      sql_report(p, SQL_ISSUE_DIALECT, sql_span_from(p, from), "LIMIT BY is not in this dialect",
                 "use ROW_NUMBER() OVER (PARTITION BY …)");
    return;
  }
  q->limit = first;
  q->limit_form = SQL_LIMIT_WORD;
  if (sql_accept_op(p, OP1(','))) {
    q->offset = q->limit;
    q->limit = sql_parse_expr(p);
    q->limit_form = SQL_LIMIT_COMMA;
    sql_need(p, SQL_HAS_LIMIT_COMMA, sql_span_from(p, from), "LIMIT m, n is not in this dialect",
             "write LIMIT n OFFSET m");
  } else if (sql_accept_word(p, SQL_W_OFFSET)) {
    q->offset = sql_parse_expr(p);
  }
  if (p->d->id == SQL_CLICKHOUSE && sql_peek_word(p, 0) == SQL_W_WITH &&
      sql_peek_word(p, 1) == SQL_W_TIES) {
    sql_take(p);
    sql_take(p);
    q->limit_ties = true;
  }
  q->limit_span = sql_span_from(p, from);
  sql_need(p, SQL_HAS_LIMIT, q->limit_span, "LIMIT is not in this dialect",
           p->d->has & SQL_HAS_TOP ? "write SELECT TOP n" : "write FETCH FIRST n ROWS ONLY");
}

/* OFFSET n [ROWS] and FETCH FIRST n ROWS ONLY, in either order. */
static void parse_fetch(sql_parser *p, sql_query *q) {
  uint32_t from = q->limit_span.to ? q->limit_span.from : sql_here(p);
  if (p->d->id == SQL_TSQL && !q->order_by.len)
    sql_report(p, SQL_ISSUE_DIALECT, sql_peek(p, 0)->token.span,
               "OFFSET and FETCH need ORDER BY in this dialect", "write SELECT TOP n, or ORDER BY");
  if (sql_accept_word(p, SQL_W_OFFSET)) {
    q->offset = sql_parse_expr(p);
    if (!sql_accept_word(p, SQL_W_ROWS)) sql_accept_word(p, SQL_W_ROW);
    if (q->limit_form == SQL_LIMIT_NONE)
      q->limit_form = p->d->has & SQL_HAS_TOP ? SQL_LIMIT_FETCH : SQL_LIMIT_WORD;
    if (p->d->id == SQL_SQLITE || p->d->id == SQL_MYSQL)
      sql_report(p, SQL_ISSUE_DIALECT, sql_span_from(p, from), "OFFSET needs LIMIT before it",
                 "write LIMIT n OFFSET m");
  } else {
    limit_twice(p, q);
    sql_take(p);
    sql_take(p); /* FIRST or NEXT */
    sql_word w = sql_peek_word(p, 0);
    q->limit = w == SQL_W_ROW || w == SQL_W_ROWS ? NULL : sql_parse_primary(p);
    if (!q->limit) {
      q->limit = sql_make_expr(p, SQL_NUMBER, p->last_end);
      q->limit->text = STR("1");
    }
    q->limit_percent = sql_accept_word(p, SQL_W_PERCENT);
    if (!sql_accept_word(p, SQL_W_ROWS)) sql_expect_word(p, SQL_W_ROW, "expected ROWS");
    q->limit_form = SQL_LIMIT_FETCH;
    if (sql_accept_word(p, SQL_W_WITH))
      q->limit_ties = sql_expect_word(p, SQL_W_TIES, "expected TIES");
    else
      sql_expect_word(p, SQL_W_ONLY, "expected ONLY");
    sql_need(p, SQL_HAS_FETCH, sql_span_from(p, from), "FETCH FIRST is not in this dialect",
             "write LIMIT n");
  }
  q->limit_span = sql_span_from(p, from);
}

/* FOR UPDATE, LOCK IN SHARE MODE; FOR XML and OPTION (…), which we do not know. */
static void parse_lock(sql_parser *p, sql_word w) {
  uint32_t from = sql_here(p);
  sql_word next = sql_peek_word(p, 1);
  bool harmless = w == SQL_W_OPTION || next == SQL_W_XML || next == SQL_W_JSON ||
                  next == SQL_W_BROWSE || next == SQL_W_READ;
  sql_take(p);
  sql_take(p);
  while (!sql_at_query_end(p) && !(sql_peek_word(p, 0) == w)) {
    if (sql_peek_op(p, 0) == OP1('(')) {
      sql_take(p);
      sql_skip_to_close(p);
    }
    sql_take(p);
  }
  if (w == SQL_W_OPTION) sql_accept_op(p, OP1(')'));
  sql_span span = sql_span_from(p, from);
  if (harmless)
    sql_report_unknown(p, from);
  else
    sql_report(p, SQL_ISSUE_WRITE, span, "a lock inside a query", NULL);
}

static void parse_order_by(sql_parser *p, sql_query *q) {
  if (q->order_by.len) sql_report_here(p, "a second ORDER BY");
  sql_take(p);
  if (p->d->id == SQL_ORACLE) sql_accept_word(p, SQL_W_SIBLINGS);
  sql_expect_word(p, SQL_W_BY, "expected BY");
  sql_parse_order_list(p, &q->order_by);
  if (q->kind == SQL_VALUES && p->d->id == SQL_SQLITE)
    sql_report(p, SQL_ISSUE_DIALECT, q->order_by.items[0].span, "VALUES takes no ORDER BY here",
               "write SELECT * FROM (VALUES …) ORDER BY …");
}

/* An ORDER BY or LIMIT of its own. TOP does not count: it stands before all else. */
static bool has_tail(const sql_query *q) {
  return q->order_by.len || (q->limit && q->limit_form != SQL_LIMIT_TOP) || q->offset;
}

static sql_query *rightmost(sql_query *q) {
  while (q->kind == SQL_COMPOUND && q->right) q = q->right;
  return q;
}

static bool at_fetch(sql_parser *p, sql_word w) {
  if (w == SQL_W_FETCH) return sql_at_clause(p);
  return w == SQL_W_OFFSET && !sql_at_query_end(p);
}

static void parse_tail(sql_parser *p, sql_query *q) {
  while (!sql_at_query_end(p)) {
    sql_word w = sql_peek_word(p, 0);
    uint32_t before = sql_here(p);
    if (w == SQL_W_ORDER) {
      if (has_tail(q) && !q->order_by.len) sql_report_here(p, "ORDER BY must come before LIMIT");
      parse_order_by(p, q);
    } else if (w == SQL_W_LIMIT) {
      parse_limit(p, q);
    } else if (at_fetch(p, w)) {
      parse_fetch(p, q);
    } else if (w == SQL_W_FOR || w == SQL_W_LOCK || w == SQL_W_OPTION) {
      if (!sql_at_clause(p))
        sql_skip_unknown(p, false, "expected the end of the query");
      else
        parse_lock(p, w);
    } else if (w == SQL_W_SETTINGS && p->d->id == SQL_CLICKHOUSE) {
      sql_report(p, SQL_ISSUE_WRITE, sql_peek(p, 0)->token.span, "a session setting inside a query",
                 NULL);
      sql_skip_to_close(p);
    } else if (w == SQL_W_USING && sql_peek_word(p, 1) == SQL_W_SAMPLE) { /* DuckDB */
      sql_take(p);
      sql_skip_unknown(p, false, "expected the end of the query");
    } else if (rightmost(q)->from && sql_at_join(p)) {
      sql_report_here(p, "JOIN comes before WHERE, GROUP BY and ORDER BY");
      rightmost(q)->from = sql_parse_joins(p, rightmost(q)->from);
    } else if (sql_clause_rank(p, w)) {
      if (rightmost(q)->kind != SQL_SELECT) sql_report_here(p, "VALUES takes no such clause");
      if (w != SQL_W_INTO && has_tail(q))
        sql_report_here(
            p, "a clause out of order: WHERE, GROUP BY and HAVING come before ORDER BY and LIMIT");
      sql_parse_clause(p, rightmost(q), w);
    } else {
      sql_skip_unknown(p, false, "expected the end of the query");
    }
    if (sql_here(p) == before) return;
  }
}

/* A query in parentheses that something follows: its own ORDER BY and LIMIT stay inside. */
static sql_query *open_operand(sql_parser *p, sql_query *q) {
  if (!has_tail(q)) {
    q->parenthesized = false;
    return q;
  }
  sql_query *outer = sql_make_query(p, SQL_SELECT, q->span.from);
  sql_push_star(p, outer);
  outer->from = sql_make_from(p, SQL_FROM_QUERY, q->span.from);
  outer->from->query = q;
  outer->from = sql_close_from(p, outer->from);
  return outer;
}

/* Set operations, then the tail, as often as they come: an ORDER BY before a UNION is an
 * error, but no reason to stop reading. */
static sql_query *parse_rest(sql_parser *p, sql_query *q) {
  for (;;) {
    q = parse_set(p, q, false);
    if (q->parenthesized && !sql_at_query_end(p)) q = open_operand(p, q);
    parse_tail(p, q);
    q = sql_close_query(p, q);
    if (!sql_at_set_op(p)) return q;
    if (has_tail(q) && p->d->id != SQL_CLICKHOUSE)
      sql_report_here(
          p, "ORDER BY and LIMIT come after the last query of a set operation, not before");
  }
}

sql_query *sql_parse_query_rest(sql_parser *p, sql_query *left) {
  sql_need(p, SQL_HAS_PAREN_SET, (sql_span){left->span.from, left->span.from + 1},
           "a query in parentheses cannot stand here", "write SELECT * FROM (…)");
  return parse_rest(p, left);
}

/* The CTEs of `with` before those that a query in parentheses brought along. */
static void add_ctes(sql_parser *p, sql_query *q, sql_query *with) {
  for (size_t i = 0; i < q->ctes.len; i++)
    if (!vec_push(p->a, &with->ctes, q->ctes.items[i])) p->no_memory = true;
  q->ctes = with->ctes;
  q->recursive |= with->recursive;
  q->span.from = with->span.from;
}

sql_query *sql_parse_query_body(sql_parser *p, sql_query *with) {
  sql_query *q =
      sql_is_write_word(sql_peek_word(p, 0)) ? skip_write(p) : parse_rest(p, parse_term(p));
  if (with) add_ctes(p, q, with);
  return sql_close_query(p, q);
}

sql_query *sql_parse_query(sql_parser *p) {
  sql_query *with = NULL, *q;
  if (!sql_enter(p)) {
    q = sql_make_query(p, SQL_SELECT, sql_here(p));
    sql_skip_to_close(p);
    return sql_close_query(p, q);
  }
  if (sql_peek_word(p, 0) == SQL_W_WITH) {
    with = sql_make_query(p, SQL_SELECT, sql_here(p));
    sql_parse_with(p, with);
  }
  q = sql_parse_query_body(p, with);
  sql_leave(p);
  return q;
}
