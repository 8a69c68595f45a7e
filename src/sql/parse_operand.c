/* Operands: literals, names, parentheses, CASE, CAST, arrays. Calls are in parse_call.c. */
#include "sql/parse.h"

#include <string.h>

static sql_expr *missing(sql_parser *p, const char *message) {
  uint32_t at = p->last_end;
  sql_report_here(p, message);
  return sql_close_expr(p, sql_unknown_expr(p, (sql_span){at, at}));
}

/* ── literals ─────────────────────────────────────────────────────────────────── */

static sql_expr *literal(sql_parser *p, sql_expr_kind kind) {
  const sql_lexeme t = sql_take(p);
  sql_expr *e = sql_make_expr(p, kind, t.token.span.from);
  e->text = t.token.raw;
  return sql_close_expr(p, e);
}

/* 'a' 'b' is one string in MySQL; in PostgreSQL when a line ends between them. */
static bool string_goes_on(sql_parser *p) {
  const sql_token *t = &sql_peek(p, 0)->token;
  if (t->kind != SQL_TOK_STRING) return false;
  str gap = sql_raw(p, (sql_span){p->last_end, t->span.from});
  return p->d->mysql || (p->d->id == SQL_POSTGRES && gap.len && memchr(gap.ptr, '\n', gap.len));
}

/* U&'…' UESCAPE '!': another sign than \ before the code points. */
static sql_expr *take_uescape(sql_parser *p, sql_expr *e) {
  if (sql_peek_word(p, 0) != SQL_W_UESCAPE || sql_peek(p, 1)->token.kind != SQL_TOK_STRING)
    return e;
  sql_take(p);
  sql_take(p);
  sql_report_unknown(p, e->span.from);
  return sql_close_expr(p, sql_unknown_expr(p, sql_span_from(p, e->span.from)));
}

sql_expr *sql_parse_string(sql_parser *p) {
  const sql_lexeme t = sql_take(p);
  sql_expr *e = sql_make_expr(p, SQL_STRING, t.token.span.from);
  e->quote = t.token.raw.ptr[0] == '"' ? '"' : '\'';
  e->text = sql_decode_token(&t.token, p->d, p->a);
  if (!e->text.ptr) p->no_memory = true;
  while (string_goes_on(p)) {
    const sql_lexeme more = sql_take(p);
    str tail = sql_decode_token(&more.token, p->d, p->a);
    char *both = arena_alloc(p->a, e->text.len + tail.len + 1);
    if (!both || !tail.ptr) {
      p->no_memory = true;
      break;
    }
    memcpy(both, e->text.ptr, e->text.len);
    memcpy(both + e->text.len, tail.ptr, tail.len);
    e->text = (str){both, e->text.len + tail.len};
  }
  if (t.token.raw.len > 1 && t.token.raw.ptr[1] == '&') return take_uescape(p, e);
  return sql_close_expr(p, e);
}

/* "2 DAYS" is a unit too, in the plural. */
bool sql_is_unit(const sql_lexeme *t) {
  str raw = t->token.raw;
  if (t->token.kind != SQL_TOK_WORD) return false;
  if (sql_word_marked(t->word, 'u')) return true;
  return raw.len > 1 && ascii_lower(raw.ptr[raw.len - 1]) == 's' &&
         sql_word_marked(sql_word_find(str_slice(raw, 0, raw.len - 1)), 'u');
}

/* The (n) of DAY(3), SECOND(2, 3). */
static void take_precision(sql_parser *p) {
  if (sql_peek_op(p, 0) != OP1('(') || sql_peek(p, 1)->token.kind != SQL_TOK_NUMBER) return;
  sql_take(p);
  sql_skip_to_close(p);
  sql_expect_op(p, OP1(')'), "expected )");
}

/* INTERVAL '1' DAY, INTERVAL 1 DAY, INTERVAL '1-2' YEAR TO MONTH, INTERVAL '1 day'. */
static sql_expr *parse_interval(sql_parser *p) {
  sql_expr *e = sql_make_expr(p, SQL_TYPED, sql_here(p));
  const sql_lexeme *next = sql_peek(p, 1);
  bool quoted = next->token.kind == SQL_TOK_STRING;
  e->name = sql_take_name(p);
  sql_need(
      p, SQL_HAS_INTERVAL, e->name.span, "INTERVAL is not in this dialect",
      p->d->id == SQL_SQLITE ? "use a modifier: DATE(x, '+1 day')" : "use DATEADD(unit, n, x)");
  if (!quoted && (p->d->id == SQL_POSTGRES || p->d->id == SQL_ORACLE || p->d->id == SQL_TRINO))
    sql_report(p, SQL_ISSUE_DIALECT, e->name.span, "INTERVAL takes a string in this dialect",
               "write INTERVAL '1' DAY");
  sql_push_expr(
      p, &e->args,
      quoted ? sql_parse_string(p) : sql_parse_level(p, sql_bind_level(p->d, SQL_BIND_ADD)));
  if (sql_is_unit(sql_peek(p, 0))) {
    uint32_t from = sql_here(p);
    sql_take(p);
    take_precision(p);
    if (sql_peek_word(p, 0) == SQL_W_TO && sql_is_unit(sql_peek(p, 1))) {
      sql_take(p);
      sql_take(p);
      take_precision(p);
    }
    e->text = sql_raw(p, sql_span_from(p, from));
  }
  return sql_close_expr(p, e);
}

/* `SELECT date 'x' FROM t` gives a column an alias where no type may stand before a string. */
static bool string_is_alias(sql_parser *p) {
  const sql_lexeme *after = sql_peek(p, 2);
  return p->alias_next && (after->token.kind == SQL_TOK_END || after->word == SQL_W_FROM ||
                           after->op == OP1(',') || after->op == OP1(')') || after->op == OP1(';'));
}

static bool at_interval(sql_parser *p) {
  const sql_lexeme *t = sql_peek(p, 1);
  bool any = p->d->has & SQL_HAS_INTERVAL && p->d->id != SQL_POSTGRES; /* INTERVAL x DAY */
  switch (t->token.kind) {
    case SQL_TOK_STRING:
      return (p->d->has & SQL_HAS_INTERVAL) || !string_is_alias(p);
    case SQL_TOK_NUMBER:
    case SQL_TOK_PARAM:
      return true;
    case SQL_TOK_WORD:
      return any && sql_is_name(p, t) && sql_is_unit(sql_peek(p, 2));
    default:
      return any && (t->op == OP1('(') || (t->op == OP1('-') && p->d->mysql));
  }
}

/* N'…' and E'…' where the dialect does not have them. */
static bool at_prefixed(sql_parser *p, const sql_lexeme *t) {
  char c = ascii_lower(t->token.raw.ptr[0]);
  if (t->token.raw.len != 1 || (c != 'n' && c != 'e')) return false;
  const sql_token *next = &sql_peek(p, 1)->token;
  return next->kind == SQL_TOK_STRING && next->span.from == t->token.span.to;
}

/* TIMESTAMP WITH TIME ZONE '…': in an operand's place these words can be nothing else. */
static bool at_zoned(sql_parser *p, const sql_lexeme *t) {
  sql_word next = sql_peek_word(p, 1);
  return (t->word == SQL_W_TIMESTAMP || t->word == SQL_W_TIME) && (p->d->has & SQL_HAS_TYPED) &&
         (next == SQL_W_WITH || next == SQL_W_WITHOUT) && sql_peek_word(p, 2) == SQL_W_TIME &&
         sql_peek_word(p, 3) == SQL_W_ZONE;
}

/* DATE '2024-01-01', and in MySQL _utf8'x'. */
static bool at_typed(sql_parser *p, const sql_lexeme *t) {
  if (at_zoned(p, t)) return true;
  if (sql_peek(p, 1)->token.kind != SQL_TOK_STRING) return false;
  if (p->d->any_type_prefix && sql_is_name(p, t)) return true;
  if (!(p->d->has & SQL_HAS_TYPED) && string_is_alias(p)) return false;
  if (sql_word_marked(t->word, 't') || at_prefixed(p, t)) return true;
  return t->token.raw.ptr[0] == '_' && p->d->mysql;
}

static sql_expr *parse_typed(sql_parser *p) {
  sql_expr *e = sql_make_expr(p, SQL_TYPED, sql_here(p));
  if (!p->d->any_type_prefix && at_prefixed(p, sql_peek(p, 0))) {
    sql_report(p, SQL_ISSUE_DIALECT, sql_take(p).token.span, "no letter before a string here",
               "write the string alone");
    e = sql_parse_string(p);
    e->span.from--;
    return e;
  }
  bool zoned = at_zoned(p, sql_peek(p, 0));
  e->name = sql_take_name(p);
  if (zoned) {
    for (int i = 0; i < 3; i++) sql_take(p); /* WITH TIME ZONE */
    e->name.text = sql_raw(p, sql_span_from(p, e->name.span.from));
  }
  sql_need(p, SQL_HAS_TYPED, e->name.span, "no type before a string in this dialect",
           "write the string alone");
  if (sql_peek(p, 0)->token.kind == SQL_TOK_STRING)
    sql_push_expr(p, &e->args, sql_parse_string(p));
  else
    sql_push_expr(p, &e->args, missing(p, "expected a string"));
  return sql_close_expr(p, e);
}

/* ── ( … ) ────────────────────────────────────────────────────────────────────── */

/* After a query in parentheses: is it the left part of a longer query? */
static bool query_goes_on(sql_parser *p) {
  sql_word w = sql_peek_word(p, 0);
  return sql_at_set_op(p) || w == SQL_W_ORDER || w == SQL_W_LIMIT || w == SQL_W_OFFSET ||
         w == SQL_W_FETCH;
}

static sql_expr *subquery_expr(sql_parser *p, sql_query *q, uint32_t from) {
  sql_expr *e = sql_make_expr(p, SQL_SUBQUERY, from);
  e->query = q;
  sql_parse_query_close(p, q, from);
  return sql_close_expr(p, e);
}

/* What is in ( … ) and no query: one expression or several. */
static sql_expr *paren_rest(sql_parser *p, sql_expr *first, uint32_t from) {
  sql_expr *e = first;
  if (sql_peek_op(p, 0) == OP1(',')) {
    e = sql_make_expr(p, SQL_ROW, from);
    sql_push_expr(p, &e->args, first);
    sql_take(p);
    sql_parse_expr_list(p, &e->args);
  } else if (sql_peek_op(p, 0) != OP1(')') && !sql_at_query_end(p) && !sql_at_clause(p)) {
    sql_skip_unknown(p, false, "expected )");
  }
  sql_expect_op(p, OP1(')'), "expected )");
  e = sql_close_expr(p, e);
  e->parenthesized = e->kind != SQL_SUBQUERY && e->kind != SQL_ROW;
  return e;
}

static sql_expr *parse_paren(sql_parser *p) {
  uint32_t from = sql_take(p).token.span.from;
  sql_expr *e;
  bool alias = p->alias_next;
  p->alias_next = false;
  if (sql_at_query_start(p, 0) && sql_peek_op(p, 0) != OP1('(')) {
    e = subquery_expr(p, sql_parse_query(p), from);
  } else if (sql_peek_op(p, 0) == OP1(')') && p->d->id != SQL_SQLITE) { /* an empty grouping set */
    sql_take(p);
    e = sql_close_expr(p, sql_make_expr(p, SQL_ROW, from));
  } else {
    e = sql_parse_expr(p);
    if (e->kind == SQL_SUBQUERY && query_goes_on(p))
      e = subquery_expr(p, sql_parse_query_rest(p, e->query), from);
    else
      e = paren_rest(p, e, from);
  }
  p->alias_next = alias;
  e->span = sql_span_from(p, from);
  return e;
}

/* ── CASE, CAST, EXISTS ───────────────────────────────────────────────────────── */

static sql_expr *parse_case(sql_parser *p) {
  sql_expr *e = sql_make_expr(p, SQL_CASE, sql_here(p));
  bool alias = p->alias_next;
  p->alias_next = false;
  sql_take(p);
  if (sql_peek_word(p, 0) != SQL_W_WHEN) {
    e->has_base = true;
    sql_push_expr(p, &e->args, sql_parse_expr(p));
  }
  if (sql_peek_word(p, 0) != SQL_W_WHEN) sql_report_here(p, "expected WHEN");
  while (sql_accept_word(p, SQL_W_WHEN)) {
    sql_push_expr(p, &e->args, sql_parse_expr(p));
    sql_expect_word(p, SQL_W_THEN, "expected THEN");
    sql_push_expr(p, &e->args, sql_parse_expr(p));
  }
  if (sql_accept_word(p, SQL_W_ELSE)) {
    e->has_else = true;
    sql_push_expr(p, &e->args, sql_parse_expr(p));
  }
  sql_expect_word(p, SQL_W_END, "expected END, which closes CASE");
  p->alias_next = alias;
  return sql_close_expr(p, e);
}

/* Elsewhere than in SQLite a type is one word and few others may follow it. */
static bool goes_on_with(sql_parser *p, const sql_lexeme *t) {
  switch (t->word) {
    case SQL_W_PRECISION:
    case SQL_W_VARYING:
    case SQL_W_UNSIGNED:
    case SQL_W_CHARACTER:
    case SQL_W_INTEGER:
    case SQL_W_CHAR:
    case SQL_W_CHARSET:
      return true;
    case SQL_W_WITH:
    case SQL_W_WITHOUT:
      return sql_peek_word(p, 1) == SQL_W_TIME && sql_peek_word(p, 2) == SQL_W_ZONE;
    case SQL_W_TIME:
      return sql_peek_word(p, 1) == SQL_W_ZONE;
    default:
      return t->op == OP1('.') || (t->op == OP1('[') && sql_peek_op(p, 1) == OP1(']'));
  }
}

/* (n), (n, m); elsewhere also (type, …). */
static void take_type_arguments(sql_parser *p) {
  if (!sql_accept_op(p, OP1('('))) return;
  if (p->d->id != SQL_SQLITE) {
    sql_skip_to_close(p);
  } else {
    do {
      if (!sql_accept_op(p, OP1('-'))) sql_accept_op(p, OP1('+'));
      if (sql_peek(p, 0)->token.kind == SQL_TOK_NUMBER)
        sql_take(p);
      else
        sql_report_here(p, "expected a number");
    } while (sql_accept_op(p, OP1(',')));
  }
  sql_expect_op(p, OP1(')'), "expected )");
}

/* INTERVAL DAY TO MINUTE: is the type that began at `from` an interval? */
static bool is_interval(const sql_parser *p, uint32_t from) {
  return str_eq_nocase(sql_raw(p, sql_span_from(p, from)), STR("interval"));
}

str sql_parse_type(sql_parser *p) {
  uint32_t from = sql_here(p);
  const sql_lexeme *t = sql_peek(p, 0);
  bool lite = p->d->id == SQL_SQLITE;
  if (lite ? !sql_is_name(p, t)
           : t->token.kind != SQL_TOK_WORD && t->token.kind != SQL_TOK_QUOTED) {
    if (!lite || t->op != OP1(')')) sql_report_here(p, "expected a type"); /* CAST(x AS) is legal */
    return STR("");
  }
  sql_take(p);
  while (lite && sql_is_name(p, sql_peek(p, 0)) && !sql_word_marked(sql_peek_word(p, 0), 'j'))
    sql_take(p);
  if (p->d->id == SQL_POSTGRES && is_interval(p, from) && sql_is_unit(sql_peek(p, 0))) {
    sql_take(p);
    if (sql_peek_word(p, 0) == SQL_W_TO && sql_is_unit(sql_peek(p, 1))) {
      sql_take(p);
      sql_take(p);
    }
  }
  take_type_arguments(p);
  while (!lite && goes_on_with(p, sql_peek(p, 0))) {
    sql_lexeme word = sql_take(p);
    if (word.word == SQL_W_CHARACTER && sql_accept_word(p, SQL_W_SET)) sql_take(p); /* its name */
    if (word.word == SQL_W_CHARSET || word.op == OP1('.')) sql_take(p);
    if (sql_peek_op(p, 0) == OP1(']') || sql_peek_word(p, 0) == SQL_W_ZONE) sql_take(p);
    take_type_arguments(p);
  }
  return sql_raw(p, sql_span_from(p, from));
}

static sql_expr *parse_cast(sql_parser *p) {
  const sql_lexeme word = *sql_peek(p, 0);
  sql_expr *e = sql_make_expr(p, SQL_CAST, word.token.span.from);
  sql_name name = sql_take_name(p);
  if (word.word != SQL_W_CAST) {
    e->name = name;
    sql_need(p, SQL_HAS_TRY_CAST, name.span, "this cast is not in this dialect", "use CAST");
  }
  sql_take(p); /* ( */
  sql_push_expr(p, &e->args, sql_parse_expr(p));
  if (p->d->id == SQL_CLICKHOUSE && sql_accept_op(p, OP1(','))) { /* CAST(x, 'type') */
    e->kind = SQL_CALL;
    e->name = name;
    sql_push_expr(p, &e->args, sql_parse_expr(p));
  } else if (sql_expect_word(p, SQL_W_AS, "expected AS and a type")) {
    e->text = sql_parse_type(p);
  }
  if (sql_peek_op(p, 0) != OP1(')')) sql_skip_unknown(p, false, "expected )");
  sql_expect_op(p, OP1(')'), "expected )");
  return sql_close_expr(p, e);
}

static sql_expr *parse_exists(sql_parser *p) {
  sql_expr *e = sql_make_expr(p, SQL_EXISTS, sql_here(p));
  sql_take(p);
  uint32_t open = sql_take(p).token.span.from;
  e->query = sql_parse_query(p);
  sql_parse_query_close(p, e->query, open);
  return sql_close_expr(p, e);
}

/* ── names ────────────────────────────────────────────────────────────────────── */

/* After a dot any word is a name, in most dialects. */
static sql_name name_after_dot(sql_parser *p) {
  const sql_lexeme t = *sql_peek(p, 0);
  if (t.token.kind == SQL_TOK_WORD && !sql_is_name(p, &t) && p->d->id != SQL_SQLITE)
    return sql_take_name(p);
  if (t.token.kind == SQL_TOK_WORD && t.token.span.from == p->last_end) {
    if (!sql_is_name(p, &t)) sql_report_here(p, "a reserved word, to be quoted as a name");
    return sql_take_name(p);
  }
  return sql_expect_name(p, "expected a name after the dot");
}

static void push_part(sql_expr *e, sql_name part) {
  e->schema = e->table;
  e->table = e->name;
  e->name = part;
}

static sql_expr *call_of(sql_parser *p, sql_expr *e) {
  e->kind = SQL_CALL;
  if (e->table.text.ptr && !e->schema.text.ptr) {
    e->schema = e->table;
    e->table = (sql_name){0};
  }
  if (e->schema.text.ptr && p->d->id == SQL_SQLITE)
    sql_report(p, SQL_ISSUE_SYNTAX, e->schema.span, "a function takes no schema here", NULL);
  return sql_parse_call(p, e);
}

/* Items of a select list apart, * stands in f(*) alone; but t.* is a value outside SQLite. */
static void check_star(sql_parser *p, uint32_t from, int parts) {
  if (parts > 0 && p->d->id != SQL_SQLITE) return;
  if (p->star_at == from + 1 && parts < 2) return;
  sql_report(p, SQL_ISSUE_SYNTAX, sql_span_from(p, from), "* cannot stand here", NULL);
}

static sql_expr *parse_name(sql_parser *p) {
  sql_expr *e = sql_make_expr(p, SQL_COLUMN, sql_here(p));
  int parts = 1;
  e->name = sql_at_bracket_name(p) ? sql_take_bracket_name(p) : sql_take_name(p);
  while (sql_peek_op(p, 0) == OP1('.')) {
    sql_take(p);
    if (sql_accept_op(p, OP1('*'))) {
      check_star(p, e->span.from, parts);
      e->kind = SQL_STAR;
      push_part(e, (sql_name){0});
      break;
    }
    if (++parts > 3) {
      while (sql_peek(p, 0)->token.kind == SQL_TOK_WORD ||
             sql_peek(p, 0)->token.kind == SQL_TOK_QUOTED) {
        sql_take(p);
        if (!sql_accept_op(p, OP1('.'))) break;
      }
      sql_span span = sql_span_from(p, e->span.from);
      sql_report(p, SQL_ISSUE_UNKNOWN, span, "a name of more than three parts", NULL);
      return sql_close_expr(p, sql_unknown_expr(p, span));
    }
    push_part(e, name_after_dot(p));
  }
  if (e->kind == SQL_COLUMN && sql_peek_op(p, 0) == OP1('(') &&
      !(p->d->id == SQL_ORACLE && sql_peek_op(p, 1) == OP1('+')))
    return call_of(p, e);
  return sql_close_expr(p, e);
}

/* CURRENT_DATE is one everywhere that matters; USER only where it is reserved. */
static bool is_bare_call(const sql_parser *p, sql_word w) {
  return sql_word_marked(w, 'b') && sql_word_reserved(p->d, w);
}

static sql_expr *parse_bare_call(sql_parser *p) {
  sql_expr *e = sql_make_expr(p, SQL_CALL, sql_here(p));
  e->name = sql_take_name(p);
  if (sql_peek_op(p, 0) == OP1('(')) return sql_parse_call(p, e);
  e->bare = true;
  return sql_close_expr(p, e);
}

static sql_expr *parse_star(sql_parser *p) {
  sql_expr *e = sql_make_expr(p, SQL_STAR, sql_here(p));
  sql_take(p);
  check_star(p, e->span.from, 0);
  return sql_close_expr(p, e);
}

/* ARRAY[1, 2], ARRAY[[1], [2]]; in some dialects [1, 2]. */
static sql_expr *parse_array(sql_parser *p, bool inside) {
  sql_expr *e = sql_make_expr(p, SQL_CALL, sql_here(p));
  bool bare = sql_peek_op(p, 0) == OP1('[');
  if (bare && !inside && p->d->id != SQL_DUCKDB && p->d->id != SQL_CLICKHOUSE)
    sql_report(p, SQL_ISSUE_DIALECT, (sql_span){e->span.from, e->span.from + 1},
               "[ begins no value here", "write \"name\", or ARRAY[…]");
  if (!bare) e->name = sql_take_name(p);
  e->quote = '[';
  sql_take(p);
  bool deep = !sql_enter(p);
  if (deep) sql_skip_to_close(p);
  if (!deep && sql_peek_op(p, 0) != OP1(']')) {
    do {
      bool array = sql_peek_op(p, 0) == OP1('[');
      sql_push_expr(p, &e->args, array ? parse_array(p, true) : sql_parse_expr(p));
    } while (sql_accept_op(p, OP1(',')));
  }
  if (!deep) sql_leave(p);
  uint32_t rest = sql_here(p);
  bool odd = sql_peek_op(p, 0) != OP1(']') && p->d->id == SQL_DUCKDB; /* [x FOR x IN list] */
  while (odd && sql_peek_op(p, 0) != OP1(']') && !sql_at_query_end(p)) sql_take(p);
  if (odd) sql_report_unknown(p, rest);
  sql_expect_op(p, OP1(']'), "expected ]");
  e = sql_close_expr(p, e);
  return odd ? sql_wrap_unknown(p, e) : e;
}

/* ── the operand ──────────────────────────────────────────────────────────────── */

static sql_expr *parse_query_operand(sql_parser *p) {
  sql_expr *e = sql_make_expr(p, SQL_SUBQUERY, sql_here(p));
  sql_report_here(p, "expected ( around the query");
  e->query = sql_parse_query(p);
  return sql_close_expr(p, e);
}

/* A reserved word where an operand belongs: a function or type that it may name all the same,
 * a name that lacks its quotes, or no operand at all. */
static sql_expr *parse_reserved(sql_parser *p, const sql_lexeme *t) {
  const sql_lexeme *next = sql_peek(p, 1);
  bool callable = sql_word_marked(t->word, 'c') && (t->word != SQL_W_VALUES || p->d->mysql) &&
                  (t->word != SQL_W_TABLE || p->d->id != SQL_SQLITE);
  bool type = p->d->id == SQL_POSTGRES && sql_word_marked(t->word, 'f');
  if (next->op == OP1('(') && (callable || type)) return parse_name(p);
  if (t->word == SQL_W_BETWEEN && p->d->id == SQL_POSTGRES) return parse_name(p); /* legal there */
  if (next->token.kind == SQL_TOK_STRING && type) return parse_typed(p);
  bool lone = (t->word == SQL_W_ORDER || t->word == SQL_W_GROUP) && sql_peek_word(p, 1) != SQL_W_BY;
  if (!lone && (sql_word_marked(t->word, '!') || sql_at_clause(p)))
    return missing(p, "expected an expression");
  if (t->word == SQL_W_DEFAULT && p->d->id != SQL_SQLITE)
    sql_report(p, SQL_ISSUE_UNKNOWN, t->token.span, "DEFAULT outside a write", NULL);
  else if (lone || p->d->id == SQL_SQLITE || p->d->id == SQL_POSTGRES)
    sql_report_here(p, "a reserved word, to be quoted as a name");
  return parse_name(p);
}

/* PostgreSQL: COLLATION FOR (x). */
static sql_expr *parse_collation_for(sql_parser *p) {
  uint32_t from = sql_here(p);
  sql_take(p);
  sql_take(p);
  sql_expr *e = sql_parse_primary(p);
  e->span.from = from;
  sql_report_unknown(p, from);
  return sql_wrap_unknown(p, e);
}

static sql_expr *parse_word(sql_parser *p, const sql_lexeme *t) {
  const sql_lexeme *next = sql_peek(p, 1);
  bool opens = next->op == OP1('(');
  sql_expr *special;
  if (t->word == SQL_W_NONE) return at_typed(p, t) ? parse_typed(p) : parse_name(p);
  switch (t->word) {
    case SQL_W_NULL:
      return literal(p, SQL_NULL);
    case SQL_W_TRUE:
    case SQL_W_FALSE:
      if (next->op == OP1('.') || opens) break;
      sql_need(p, SQL_HAS_BOOL, t->token.span, "TRUE and FALSE are not in this dialect",
               "use 1 and 0");
      return literal(p, SQL_BOOL);
    case SQL_W_CASE:
      return parse_case(p);
    case SQL_W_CAST:
    case SQL_W_TRY_CAST:
    case SQL_W_SAFE_CAST:
      if (opens) return parse_cast(p);
      break;
    case SQL_W_EXISTS:
      if (opens) return parse_exists(p);
      break;
    case SQL_W_INTERVAL:
      if (at_interval(p)) return parse_interval(p);
      break;
    case SQL_W_ARRAY:
      if (next->op == OP1('[')) return parse_array(p, false);
      break;
    case SQL_W_SELECT:
      return parse_query_operand(p);
    case SQL_W_COLLATION:
      if (p->d->id == SQL_POSTGRES && next->word == SQL_W_FOR && sql_peek_op(p, 2) == OP1('('))
        return parse_collation_for(p);
      break;
    default:
      break;
  }
  if (at_typed(p, t)) return parse_typed(p);
  if (is_bare_call(p, t->word)) return parse_bare_call(p);
  if (opens && (special = sql_parse_special_call(p))) return special;
  if (p->d->bare_names && opens && sql_word_marked(t->word, 'j') && !sql_word_marked(t->word, 'c'))
    sql_report_here(p, "not a function");
  return sql_is_name(p, t) ? parse_name(p) : parse_reserved(p, t);
}

sql_expr *sql_parse_primary(sql_parser *p) {
  const sql_lexeme t = *sql_peek(p, 0);
  switch (t.token.kind) {
    case SQL_TOK_NUMBER:
      return literal(p, SQL_NUMBER);
    case SQL_TOK_STRING:
      if (sql_peek_op(p, 1) == OP1('.') && p->d->id == SQL_SQLITE) return parse_name(p);
      return sql_parse_string(p);
    case SQL_TOK_BLOB:
      return literal(p, SQL_BLOB);
    case SQL_TOK_PARAM:
      return literal(p, SQL_PARAM);
    case SQL_TOK_QUOTED:
      return parse_name(p);
    case SQL_TOK_WORD:
      return parse_word(p, &t);
    case SQL_TOK_OP:
      break;
    case SQL_TOK_BAD: {
      sql_span span = sql_skip_unknown(p, true, "expected an expression");
      return sql_close_expr(p, sql_unknown_expr(p, span));
    }
    case SQL_TOK_END:
      return missing(p, "expected an expression");
  }
  if (t.op == OP1('(')) return parse_paren(p);
  if (t.op == OP1('*')) return parse_star(p);
  if (sql_at_bracket_name(p)) return parse_name(p);
  if (t.op == OP1('[')) return parse_array(p, false);
  if (t.op == OP1('{')) {
    uint32_t from = sql_here(p);
    sql_take(p);
    sql_skip_brackets(p, OP1('}'));
    sql_expect_op(p, OP1('}'), "expected }");
    sql_span span = sql_span_from(p, from);
    sql_report_unknown(p, from);
    return sql_close_expr(p, sql_unknown_expr(p, span));
  }
  return missing(p, "expected an expression");
}
