/* Calls: arguments, FILTER, OVER, WITHIN GROUP, and the calls that have words between their
 * arguments. */
#include "sql/parse.h"

#include <string.h>

/* ── calls ────────────────────────────────────────────────────────────────────── */

static void parse_filter(sql_parser *p, sql_expr *e) {
  sql_span at = sql_peek(p, 0)->token.span;
  sql_need(p, SQL_HAS_FILTER, at, "FILTER is not in this dialect",
           "use SUM(CASE WHEN … THEN … END)");
  sql_take(p);
  sql_take(p); /* ( */
  if (!sql_accept_word(p, SQL_W_WHERE) && p->d->id != SQL_DUCKDB)
    sql_report_here(p, "expected WHERE");
  e->filter = sql_parse_expr(p);
  sql_expect_op(p, OP1(')'), "expected )");
}

static void parse_within_group(sql_parser *p, sql_expr *e) {
  sql_need(p, SQL_HAS_WITHIN_GROUP, sql_peek(p, 0)->token.span,
           "WITHIN GROUP is not in this dialect", NULL);
  for (int i = 0; i < 3; i++) sql_take(p); /* WITHIN GROUP ( */
  e->within_group = true;
  if (sql_expect_word(p, SQL_W_ORDER, "expected ORDER BY") &&
      sql_expect_word(p, SQL_W_BY, "expected BY"))
    sql_parse_order_list(p, &e->order_by);
  sql_expect_op(p, OP1(')'), "expected )");
}

static bool parse_null_treatment(sql_parser *p, sql_expr *e) {
  sql_word w = sql_peek_word(p, 0);
  if ((w != SQL_W_IGNORE && w != SQL_W_RESPECT) || sql_peek_word(p, 1) != SQL_W_NULLS) return false;
  if (p->d->id == SQL_SQLITE)
    sql_report(p, SQL_ISSUE_DIALECT, sql_peek(p, 0)->token.span, "SQLite has no IGNORE NULLS",
               NULL);
  e->nulls = w == SQL_W_IGNORE ? 1 : 2;
  sql_take(p);
  sql_take(p);
  return true;
}

/* MATCH (a, b) AGAINST (x IN BOOLEAN MODE), MAX(a) KEEP (DENSE_RANK FIRST ORDER BY b). */
static bool skip_after_call(sql_parser *p, const sql_expr *e) {
  sql_word w = sql_peek_word(p, 0);
  bool against = w == SQL_W_AGAINST && sql_word_find(e->name.text) == SQL_W_MATCH;
  if (!against && !(w == SQL_W_KEEP && p->d->id == SQL_ORACLE)) return false;
  if (sql_peek_op(p, 1) != OP1('(')) return false;
  uint32_t from = sql_here(p);
  sql_take(p);
  sql_take(p);
  sql_skip_to_close(p);
  sql_expect_op(p, OP1(')'), "expected )");
  sql_report_unknown(p, from);
  return true;
}

/* What may follow the ) of a call; true when some of it is unknown. */
static bool parse_after_call(sql_parser *p, sql_expr *e) {
  bool odd = false;
  for (;;) {
    const sql_lexeme *next = sql_peek(p, 1);
    sql_word w = sql_peek_word(p, 0);
    if (w == SQL_W_FILTER && next->op == OP1('(')) {
      parse_filter(p, e);
    } else if (w == SQL_W_OVER && (next->op == OP1('(') || sql_is_name(p, next))) {
      sql_take(p);
      e->over = sql_parse_window(p);
      return odd;
    } else if (w == SQL_W_WITHIN && next->word == SQL_W_GROUP) {
      parse_within_group(p, e);
    } else if (skip_after_call(p, e)) {
      odd = true;
    } else if (!parse_null_treatment(p, e)) {
      return odd;
    }
  }
}

/* What may stand after the last argument, inside the parentheses. */
static void parse_arg_tail(sql_parser *p, sql_expr *e) {
  parse_null_treatment(p, e);
  if (sql_peek_word(p, 0) == SQL_W_ORDER && sql_peek_word(p, 1) == SQL_W_BY) {
    sql_need(p, SQL_HAS_ORDER_IN_CALL, sql_peek(p, 0)->token.span,
             "ORDER BY inside a call is not in this dialect",
             "order a subquery, and aggregate that");
    sql_take(p);
    sql_take(p);
    sql_parse_order_list(p, &e->order_by);
  }
  if (sql_peek_word(p, 0) == SQL_W_SEPARATOR) {
    if (!p->d->mysql)
      sql_report(p, SQL_ISSUE_DIALECT, sql_peek(p, 0)->token.span,
                 "SEPARATOR is not in this dialect", "give the separator as the second argument");
    sql_take(p);
    e->text = STR("SEPARATOR");
    sql_push_expr(p, &e->args, sql_parse_expr(p));
  }
}

/* f(*), also when its ) is missing. */
static bool at_star_argument(sql_parser *p) {
  const sql_lexeme *next = sql_peek(p, 1);
  return sql_peek_op(p, 0) == OP1('*') &&
         (next->op == OP1(')') || next->token.kind == SQL_TOK_END ||
          sql_word_marked(next->word, '!'));
}

static void parse_args(sql_parser *p, sql_expr *e) {
  bool alias = p->alias_next, all = false;
  p->alias_next = false;
  if (sql_accept_word(p, SQL_W_DISTINCT))
    e->distinct = true;
  else
    all = sql_accept_word(p, SQL_W_ALL);
  if (at_star_argument(p)) {
    sql_span star = sql_take(p).token.span;
    e->star = true;
    if (all || (e->distinct && p->d->id != SQL_DUCKDB))
      sql_report(p, SQL_ISSUE_SYNTAX, star, "* takes no DISTINCT or ALL", NULL);
  } else if (sql_at_query_start(p, 0) && sql_peek_op(p, 0) != OP1('(')) {
    bool array = sql_word_find(e->name.text) == SQL_W_ARRAY;
    if (!array && p->d->id != SQL_ORACLE && p->d->id != SQL_CLICKHOUSE && p->d->id != SQL_DUCKDB)
      sql_report_here(p, "expected ( around a query that is an argument");
    e->query = sql_parse_query(p);
  } else if (sql_peek_op(p, 0) != OP1(')')) {
    do {
      sql_push_expr(p, &e->args, sql_parse_expr(p));
    } while (sql_accept_op(p, OP1(',')));
    parse_arg_tail(p, e);
  }
  p->alias_next = alias;
}

/* The ) of a call; true when something unknown stood before it. Where the grammar is known in
 * full, a clause word rather shows that the ) is missing. */
static bool close_call(sql_parser *p) {
  const sql_lexeme *t = sql_peek(p, 0);
  bool odd = t->op != OP1(')') && !sql_at_query_end(p);
  if (odd && p->d->id == SQL_SQLITE) {
    sql_skip_unknown(p, false, "expected , or )");
  } else if (odd) {
    uint32_t from = t->token.span.from;
    sql_skip_to_close(p);
    sql_report_unknown(p, from);
  }
  sql_expect_op(p, OP1(')'), "expected )");
  return odd && p->d->id != SQL_SQLITE;
}

/* ClickHouse's quantile(0.5)(x): the first arguments, which are constants, become words of the
 * call's pattern. */
static bool parse_second_args(sql_parser *p, sql_expr *e) {
  bool plain = e->args.len > 0;
  for (size_t i = 0; i < e->args.len; i++) {
    const sql_expr *arg = e->args.items[i];
    plain &= arg->kind == SQL_NUMBER ||
             (arg->kind == SQL_STRING && !memchr(arg->text.ptr, '%', arg->text.len));
  }
  if (plain) {
    uint32_t from = e->args.items[0]->span.from, to = e->args.items[e->args.len - 1]->span.to;
    const char *words = arena_printf(p->a, "%.*s)(", STR_ARG(sql_raw(p, (sql_span){from, to})));
    if (!words) p->no_memory = true;
    e->text = str_from(words);
    e->args = (sql_exprs){0};
  }
  sql_take(p); /* ( */
  parse_args(p, e);
  if (plain && e->args.len) e->text = str_from(arena_printf(p->a, "%.*s%%", STR_ARG(e->text)));
  return close_call(p) || !plain;
}

sql_expr *sql_parse_call(sql_parser *p, sql_expr *e) {
  sql_take(p); /* ( */
  parse_args(p, e);
  bool odd = close_call(p);
  if (p->d->id == SQL_CLICKHOUSE && sql_peek_op(p, 0) == OP1('(')) odd |= parse_second_args(p, e);
  odd |= parse_after_call(p, e);
  e = sql_close_expr(p, e);
  return odd ? sql_wrap_unknown(p, e) : e;
}

/* ── calls with words between their arguments ─────────────────────────────────── */

/* Appends to the pattern in e->text; bounded, since each form has a few words at most. */
static void add_words(sql_parser *p, sql_expr *e, const char *words) {
  e->text = sql_format(p, "%.*s%s", STR_ARG(e->text), words);
}

static void add_arg(sql_parser *p, sql_expr *e, sql_expr *arg) {
  sql_push_expr(p, &e->args, arg);
  add_words(p, e, "%");
}

/* The next token in capitals, at most 40 bytes of it, then a space. */
static void add_token(sql_parser *p, sql_expr *e) {
  const sql_lexeme t = sql_take(p);
  char word[42];
  size_t n = t.token.raw.len < 40 ? t.token.raw.len : 40;
  for (size_t i = 0; i < n; i++) word[i] = ascii_upper(t.token.raw.ptr[i]);
  word[n] = ' ';
  word[n + 1] = 0;
  add_words(p, e, word);
}

static void add_plain_args(sql_parser *p, sql_expr *e) {
  if (sql_accept_op(p, OP1(','))) sql_parse_expr_list(p, &e->args);
}

static void special_extract(sql_parser *p, sql_expr *e) {
  if (sql_peek(p, 0)->token.kind == SQL_TOK_STRING) {
    add_arg(p, e, sql_parse_string(p));
    add_words(p, e, " ");
  } else if (sql_peek(p, 0)->token.kind == SQL_TOK_WORD) {
    add_token(p, e);
  } else {
    sql_report_here(p, "expected a unit of time");
  }
  add_words(p, e, "FROM ");
  sql_expect_word(p, SQL_W_FROM, "expected FROM");
  add_arg(p, e, sql_parse_expr(p));
}

static void special_trim(sql_parser *p, sql_expr *e) {
  sql_word w = sql_peek_word(p, 0);
  if (w == SQL_W_BOTH || w == SQL_W_LEADING || w == SQL_W_TRAILING) add_token(p, e);
  if (sql_peek_word(p, 0) != SQL_W_FROM) {
    add_arg(p, e, sql_parse_expr(p));
    if (sql_peek_word(p, 0) != SQL_W_FROM) {
      add_plain_args(p, e);
      return;
    }
    add_words(p, e, " ");
  }
  add_token(p, e); /* FROM */
  add_arg(p, e, sql_parse_expr(p));
}

/* SUBSTRING(x FROM y FOR z), OVERLAY(x PLACING y FROM a FOR b). */
static void special_words(sql_parser *p, sql_expr *e) {
  add_arg(p, e, sql_parse_expr(p));
  for (int words = 0; words < 3; words++) {
    sql_word w = sql_peek_word(p, 0);
    if (w != SQL_W_FROM && w != SQL_W_FOR && w != SQL_W_PLACING && w != SQL_W_SIMILAR &&
        w != SQL_W_ESCAPE)
      break;
    add_words(p, e, " ");
    add_token(p, e);
    add_arg(p, e, sql_parse_expr(p));
  }
  add_plain_args(p, e);
}

static void special_position(sql_parser *p, sql_expr *e) {
  add_arg(p, e, sql_parse_level(p, sql_bind_level(p->d, SQL_BIND_IN) + 1));
  if (!sql_accept_word(p, SQL_W_IN)) {
    add_plain_args(p, e);
    return;
  }
  add_words(p, e, " IN ");
  add_arg(p, e, sql_parse_expr(p));
}

/* DATEADD(day, 1, x), TIMESTAMPDIFF(MONTH, a, b): the first argument is a word. */
static void special_unit(sql_parser *p, sql_expr *e) {
  add_token(p, e);
  e->text.len--;
  add_plain_args(p, e);
}

static void become_cast(sql_expr *e, sql_expr *arg, str type) {
  e->kind = SQL_CAST;
  e->name = (sql_name){0};
  e->text = type;
  e->args.items[0] = arg;
  e->args.len = 1;
}

/* T-SQL: CONVERT(type, x [, style]); MySQL: CONVERT(x, type) and CONVERT(x USING set). */
static void special_convert(sql_parser *p, sql_expr *e) {
  if (p->d->id == SQL_TSQL) {
    str type = sql_parse_type(p);
    if (!memchr(type.ptr, '%', type.len)) e->text = type;
    add_plain_args(p, e);
    if (e->args.len == 1 && e->name.text.len == 7) become_cast(e, e->args.items[0], type);
    return;
  }
  add_arg(p, e, sql_parse_expr(p));
  if (sql_peek_word(p, 0) == SQL_W_USING) {
    add_words(p, e, " ");
    add_token(p, e);
    add_token(p, e);
    e->text.len--;
  } else if (p->d->mysql && sql_accept_op(p, OP1(','))) {
    become_cast(e, e->args.items[0], sql_parse_type(p));
  } else {
    add_plain_args(p, e);
  }
}

typedef void special_fn(sql_parser *p, sql_expr *e);

static special_fn *find_special(sql_parser *p, sql_word w) {
  switch (w) {
    case SQL_W_EXTRACT:
      return special_extract;
    case SQL_W_TRIM:
      return special_trim;
    case SQL_W_SUBSTRING:
    case SQL_W_SUBSTR:
    case SQL_W_OVERLAY:
      return special_words;
    case SQL_W_POSITION:
      return special_position;
    case SQL_W_CONVERT:
    case SQL_W_TRY_CONVERT:
      return special_convert;
    case SQL_W_DATEADD:
    case SQL_W_DATEDIFF:
    case SQL_W_DATENAME:
    case SQL_W_DATEPART:
    case SQL_W_DATETRUNC:
    case SQL_W_TIMESTAMPADD:
    case SQL_W_TIMESTAMPDIFF:
    case SQL_W_DATE_PART:
    case SQL_W_DATE_TRUNC:
      return sql_is_unit(sql_peek(p, 2)) && sql_peek_op(p, 3) == OP1(',') ? special_unit : NULL;
    default:
      return NULL;
  }
}

sql_expr *sql_parse_special_call(sql_parser *p) {
  const sql_lexeme t = *sql_peek(p, 0);
  special_fn *fn = find_special(p, t.word);
  if (!fn || sql_peek_op(p, 2) == OP1('*')) return NULL;
  sql_expr *e = sql_make_expr(p, SQL_CALL, t.token.span.from);
  e->name = sql_take_name(p);
  bool alias = p->alias_next;
  p->alias_next = false;
  sql_take(p); /* ( */
  if (sql_peek_op(p, 0) != OP1(')')) fn(p, e);
  p->alias_next = alias;
  if (str_eq(e->text, STR("%"))) e->text = (str){NULL, 0}; /* a plain call after all */
  bool trims = fn == special_trim && p->d->id == SQL_TSQL;
  if (e->text.len && e->kind == SQL_CALL && fn != special_unit && fn != special_convert && !trims)
    sql_need(p, SQL_HAS_SPECIAL_CALLS, e->name.span, "this form of the call is not in this dialect",
             "separate the arguments with commas");
  bool odd = close_call(p);
  if (e->kind == SQL_CALL) odd |= parse_after_call(p, e);
  e = sql_close_expr(p, e);
  return odd ? sql_wrap_unknown(p, e) : e;
}
