/* Expressions: precedence climbing over the dialect's levels, and what is written after or
 * between operands. Literals, names and calls are in parse_call.c. */
#include "sql/parse.h"

#include <string.h>

typedef enum infix_form {
  PLAIN,
  IS,
  ISNULL,
  BETWEEN,
  IN,
  LIKE,
  COLLATE,
  CAST,
  SUBSCRIPT,
  AT_ZONE,
  OUTER_MARK,
  FIELD
} infix_form;

/* An operator that may follow an operand. */
typedef struct infix {
  infix_form form;
  sql_op op;
  sql_bind bind;
  bool negated, unknown;
  str text; /* SQL_OP_OTHER: its spelling */
} infix;

static bool plain_op(infix *f, sql_op op) {
  f->form = PLAIN;
  f->op = op;
  f->bind = sql_op_bind(op, f->text);
  return true;
}

static bool other_op(infix *f, str text) {
  f->text = text;
  return plain_op(f, SQL_OP_OTHER);
}

static bool formed(infix *f, infix_form form, sql_op op, sql_bind bind) {
  f->form = form;
  f->op = op;
  f->bind = bind;
  return true;
}

/* Operators that are the same everywhere. */
static const struct {
  uint32_t symbol;
  sql_op op;
} SYMBOLS[] = {
    {OP1('='), SQL_OP_EQ},        {OP1('<'), SQL_OP_LT},
    {OP1('>'), SQL_OP_GT},        {OP2('<', '='), SQL_OP_LE},
    {OP2('>', '='), SQL_OP_GE},   {OP2('<', '>'), SQL_OP_NE},
    {OP2('!', '='), SQL_OP_NE},   {OP2('=', '='), SQL_OP_EQ},
    {OP2('^', '='), SQL_OP_NE},   {OP2('!', '>'), SQL_OP_LE},
    {OP2('!', '<'), SQL_OP_GE},   {OP1('+'), SQL_OP_ADD},
    {OP1('-'), SQL_OP_SUB},       {OP1('*'), SQL_OP_MUL},
    {OP1('/'), SQL_OP_DIV},       {OP1('%'), SQL_OP_MOD},
    {OP1('&'), SQL_OP_BITAND},    {OP1('|'), SQL_OP_BITOR},
    {OP2('<', '<'), SQL_OP_SHL},  {OP2('>', '>'), SQL_OP_SHR},
    {OP2('-', '>'), SQL_OP_JSON}, {OP3('-', '>', '>'), SQL_OP_JSON_TEXT},
};

static bool symbol_infix(const sql_parser *p, const sql_lexeme *t, infix *f) {
  bool pg = p->d->id == SQL_POSTGRES, mysql = p->d->mysql;
  for (size_t i = 0; i < sizeof SYMBOLS / sizeof *SYMBOLS; i++)
    if (SYMBOLS[i].symbol == t->op) return plain_op(f, SYMBOLS[i].op);
  switch (t->op) {
    case OP2('|', '|'):
      return plain_op(f, mysql ? SQL_OP_OR : SQL_OP_CONCAT);
    case OP2('&', '&'):
      return mysql ? plain_op(f, SQL_OP_AND) : other_op(f, STR("&&"));
    case OP3('<', '=', '>'): /* a distance in PostgreSQL */
      f->negated = !pg;
      return pg ? other_op(f, t->token.raw) : plain_op(f, SQL_OP_DISTINCT_FROM);
    case OP1('~'):
      return pg ? plain_op(f, SQL_OP_REGEXP) : p->d->id == SQL_DUCKDB && other_op(f, STR("~"));
    case OP2('!', '~'):
      f->negated = true;
      return pg ? plain_op(f, SQL_OP_REGEXP) : other_op(f, STR("!~"));
    case OP2(':', ':'):
      return formed(f, CAST, SQL_OP_NONE, SQL_BIND_POSTFIX);
    case OP1('.'):
      return p->d->id != SQL_SQLITE && formed(f, FIELD, SQL_OP_OTHER, SQL_BIND_POSTFIX);
    case OP1('['):
      return formed(f, SUBSCRIPT, SQL_OP_OTHER, SQL_BIND_POSTFIX);
    case OP1('('):
      return p->d->id == SQL_ORACLE && formed(f, OUTER_MARK, SQL_OP_OTHER, SQL_BIND_POSTFIX);
    default:
      if (t->token.raw.len == 1 && memchr(",)]}{;:!", t->token.raw.ptr[0], 8)) return false;
      return other_op(f, t->token.raw);
  }
}

/* Words that are operators in some dialect and plain names in others: an operator only when an
 * operand follows. */
static bool operand_follows(sql_parser *p, unsigned n) {
  const sql_lexeme *t = sql_peek(p, n);
  switch (t->token.kind) {
    case SQL_TOK_STRING:
    case SQL_TOK_NUMBER:
    case SQL_TOK_PARAM:
    case SQL_TOK_QUOTED:
    case SQL_TOK_BLOB:
      return true;
    case SQL_TOK_OP:
      return t->op == OP1('(') || t->op == OP1('-');
    case SQL_TOK_WORD:
      return sql_is_name(p, t) || t->word == SQL_W_CASE || t->word == SQL_W_NULL;
    default:
      return false;
  }
}

/* x SOUNDS LIKE y, x CONTAINS y: where no alias may stand, a word between two operands is an
 * operator that we do not know. */
static bool unknown_infix(sql_parser *p, const sql_lexeme *t, infix *f, unsigned *n) {
  if (p->d->id == SQL_SQLITE || p->alias_next || t->token.kind != SQL_TOK_WORD) return false;
  bool pair = (t->word == SQL_W_SOUNDS && sql_peek_word(p, 1) == SQL_W_LIKE) ||
              (t->word == SQL_W_MEMBER && sql_peek_word(p, 1) == SQL_W_OF);
  if (!operand_follows(p, 1 + pair)) return false;
  *n = 1 + pair;
  f->unknown = true;
  return other_op(f, sql_raw(p, (sql_span){t->token.span.from, sql_peek(p, pair)->token.span.to}));
}

static bool word_infix(sql_parser *p, sql_word w, sql_word next, infix *f) {
  switch (w) {
    case SQL_W_AND:
      return plain_op(f, SQL_OP_AND);
    case SQL_W_OR:
      return plain_op(f, SQL_OP_OR);
    case SQL_W_XOR:
      return p->d->mysql && other_op(f, STR("XOR"));
    case SQL_W_DIV:
      return p->d->mysql && other_op(f, STR("DIV"));
    case SQL_W_MOD:
      return p->d->mysql && plain_op(f, SQL_OP_MOD);
    case SQL_W_IS:
      return formed(f, IS, SQL_OP_IS, SQL_BIND_IS);
    case SQL_W_ISNULL:
      return formed(f, ISNULL, SQL_OP_NONE, SQL_BIND_IS);
    case SQL_W_NOTNULL:
      f->negated = true;
      return formed(f, ISNULL, SQL_OP_NONE, SQL_BIND_IS);
    case SQL_W_BETWEEN:
      return formed(f, BETWEEN, SQL_OP_NONE, SQL_BIND_IN);
    case SQL_W_GLOBAL:
      return p->d->id == SQL_CLICKHOUSE && next == SQL_W_IN &&
             formed(f, IN, SQL_OP_NONE, SQL_BIND_IN);
    case SQL_W_IN:
      return formed(f, IN, SQL_OP_NONE, SQL_BIND_IN);
    case SQL_W_LIKE:
      return formed(f, LIKE, SQL_OP_LIKE, SQL_BIND_IN);
    case SQL_W_GLOB:
      return formed(f, LIKE, SQL_OP_GLOB, SQL_BIND_IN);
    case SQL_W_MATCH:
      return formed(f, LIKE, SQL_OP_MATCH, SQL_BIND_IN);
    case SQL_W_REGEXP:
    case SQL_W_RLIKE:
      return formed(f, LIKE, SQL_OP_REGEXP, SQL_BIND_IN);
    case SQL_W_ILIKE:
      return formed(f, LIKE, SQL_OP_ILIKE, SQL_BIND_IN);
    case SQL_W_SIMILAR:
      return next == SQL_W_TO && formed(f, LIKE, SQL_OP_SIMILAR, SQL_BIND_IN);
    case SQL_W_COLLATE:
      return formed(f, COLLATE, SQL_OP_NONE, SQL_BIND_COLLATE);
    case SQL_W_AT:
      f->text = STR("AT TIME ZONE");
      return next == SQL_W_TIME && sql_peek_word(p, 2) == SQL_W_ZONE &&
             formed(f, AT_ZONE, SQL_OP_OTHER, SQL_BIND_AT);
    default:
      return false;
  }
}

/* The operator that comes next, if one does; *n is how many tokens it is made of. */
static bool find_infix(sql_parser *p, infix *f, unsigned *n) {
  const sql_lexeme t = *sql_peek(p, 0);
  *f = (infix){0};
  *n = 1;
  if (t.token.kind == SQL_TOK_OP) return symbol_infix(p, &t, f);
  if (t.token.kind == SQL_TOK_PARAM && t.token.raw.len == 1 && p->d->id == SQL_POSTGRES)
    return other_op(f, STR("?"));
  bool tuple = t.token.kind == SQL_TOK_NUMBER && t.token.raw.ptr[0] == '.';
  if (tuple && p->d->id == SQL_CLICKHOUSE && t.token.span.from == p->last_end) {
    f->text = t.token.raw; /* (1, 2).1 */
    return formed(f, FIELD, SQL_OP_OTHER, SQL_BIND_POSTFIX);
  }
  if (t.word == SQL_W_NONE || t.word == SQL_W_OVERLAPS || t.word == SQL_W_SOUNDS ||
      t.word == SQL_W_MEMBER)
    return unknown_infix(p, &t, f, n);
  if (t.word == SQL_W_NOT) {
    sql_word w = sql_peek_word(p, 1);
    f->negated = true;
    *n = 2;
    if (w == SQL_W_NULL) return formed(f, ISNULL, SQL_OP_NONE, SQL_BIND_IS);
    if (!word_infix(p, w, sql_peek_word(p, 2), f)) return false;
    if (f->form == LIKE && f->op == SQL_OP_SIMILAR) *n = 3;
    return f->form == BETWEEN || f->form == IN || f->form == LIKE;
  }
  sql_word next = sql_peek_word(p, 1);
  if (!word_infix(p, t.word, next, f)) return false;
  if (f->form == AT_ZONE) *n = 3;
  if (t.word == SQL_W_GLOBAL || (f->form == LIKE && f->op == SQL_OP_SIMILAR)) *n = 2;
  bool ilike = f->op == SQL_OP_ILIKE && !(p->d->has & SQL_HAS_ILIKE);
  if (ilike || (t.word == SQL_W_RLIKE && !p->d->mysql)) return operand_follows(p, 1);
  return true;
}

static void take_operator(sql_parser *p, sql_expr *e, const infix *f, unsigned n) {
  uint32_t from = sql_here(p);
  while (n-- > 0) sql_take(p);
  e->op = f->op;
  e->negated = f->negated;
  e->op_span = sql_span_from(p, from);
  if (f->op == SQL_OP_OTHER) e->text = f->text;
}

/* ── right-hand sides ─────────────────────────────────────────────────────────── */

/* Operators that not every dialect has; the dialects that do, by their letters. */
static const struct {
  sql_op op;
  const char *dialects, *message, *hint;
} LIMITED[] = {
    {SQL_OP_CONCAT, "SPODCR", "|| is not in this dialect", "write + or CONCAT(a, b)"},
    {SQL_OP_MOD, "SPMATDCR", "% is not in this dialect", "write MOD(a, b)"},
    {SQL_OP_ILIKE, "PDC", "ILIKE is not in this dialect",
     "write LIKE, around LOWER(…) where it minds case"},
    {SQL_OP_GLOB, "SD", "GLOB is not in this dialect", "write LIKE"},
    {SQL_OP_MATCH, "S", "MATCH is not an operator in this dialect", NULL},
    {SQL_OP_REGEXP, "SPMA", "REGEXP is not an operator in this dialect", "write REGEXP_LIKE(a, b)"},
    {SQL_OP_SIMILAR, "PD", "SIMILAR TO is not in this dialect", "write LIKE"},
    {SQL_OP_JSON, "SPMADCR", "-> is not in this dialect", "write JSON_QUERY(a, path)"},
    {SQL_OP_JSON_TEXT, "SPMADCR", "->> is not in this dialect", "write JSON_VALUE(a, path)"},
    {SQL_OP_OTHER, "PMATODCR", "an operator that SQLite does not have", NULL},
};

static void check_operator(sql_parser *p, const sql_expr *e) {
  for (size_t i = 0; i < sizeof LIMITED / sizeof *LIMITED; i++)
    if (LIMITED[i].op == e->op && !strchr(LIMITED[i].dialects, p->d->letter))
      sql_report(p, SQL_ISSUE_DIALECT, e->op_span, LIMITED[i].message, LIMITED[i].hint);
  if (e->op == SQL_OP_OTHER && str_eq(e->text, STR(":=")) && p->d->id != SQL_POSTGRES &&
      p->d->id != SQL_DUCKDB) /* which name arguments so */
    sql_report(p, SQL_ISSUE_WRITE, e->op_span, "a variable is set", NULL);
}

static sql_expr *parse_quantified(sql_parser *p, sql_expr *e) {
  const sql_lexeme word = sql_take(p);
  e->kind = SQL_QUANTIFIED;
  e->text = word.token.raw;
  sql_need(p, SQL_HAS_QUANTIFIED, word.token.span, "ANY and ALL are not in this dialect",
           "use EXISTS, or compare with (SELECT MIN(…)) or (SELECT MAX(…))");
  uint32_t open = sql_take(p).token.span.from;
  if (sql_at_query_start(p, 0)) {
    e->query = sql_parse_query(p);
    sql_parse_query_close(p, e->query, open);
    return e;
  }
  sql_push_expr(p, &e->args, sql_parse_expr(p));
  sql_expect_op(p, OP1(')'), "expected )");
  return e;
}

static bool at_quantifier(sql_parser *p) {
  sql_word w = sql_peek_word(p, 0);
  return (w == SQL_W_ANY || w == SQL_W_ALL || w == SQL_W_SOME) && sql_peek_op(p, 1) == OP1('(');
}

static sql_expr *parse_binary(sql_parser *p, sql_expr *e, const infix *f) {
  bool compares = f->bind == SQL_BIND_EQ || f->bind == SQL_BIND_LT || f->form == LIKE;
  check_operator(p, e);
  if (f->unknown) sql_report_unknown(p, e->op_span.from);
  if (compares && at_quantifier(p)) return parse_quantified(p, e);
  sql_push_expr(p, &e->args, sql_parse_level(p, sql_bind_level(p->d, f->bind) + 1));
  if (f->form == LIKE && sql_accept_word(p, SQL_W_ESCAPE))
    sql_push_expr(p, &e->args, sql_parse_level(p, sql_bind_level(p->d, f->bind) + 1));
  return e;
}

/* x IS JSON, x IS OF (type), x IS NFC NORMALIZED: words that we do not know. */
static sql_expr *parse_is_words(sql_parser *p) {
  uint32_t from = sql_here(p);
  if (str_eq_nocase(sql_peek(p, 1)->token.raw, STR("NORMALIZED"))) sql_take(p);
  sql_take(p);
  while (!p->alias_next && sql_peek(p, 0)->token.kind == SQL_TOK_WORD &&
         (sql_peek_word(p, 0) == SQL_W_NONE || sql_peek_word(p, 0) == SQL_W_TYPE))
    sql_take(p);
  if (sql_accept_op(p, OP1('('))) {
    sql_skip_to_close(p);
    sql_expect_op(p, OP1(')'), "expected )");
  }
  sql_report_unknown(p, from);
  return sql_close_expr(p, sql_unknown_expr(p, sql_span_from(p, from)));
}

/* SQLite compares any values with IS; elsewhere a few words may follow. */
static sql_expr *parse_is_right(sql_parser *p, const sql_expr *e) {
  const sql_lexeme t = *sql_peek(p, 0);
  if (e->op == SQL_OP_DISTINCT_FROM || p->d->id == SQL_SQLITE)
    return sql_parse_level(p, sql_bind_level(p->d, SQL_BIND_IS) + 1);
  if (t.word == SQL_W_NULL || t.word == SQL_W_TRUE || t.word == SQL_W_FALSE)
    return sql_parse_primary(p);
  if (t.word == SQL_W_UNKNOWN) { /* of a truth value: NULL */
    sql_take(p);
    return sql_make_expr(p, SQL_NULL, t.token.span.from);
  }
  bool word = t.token.kind == SQL_TOK_WORD && (sql_is_name(p, &t) || t.word == SQL_W_OF);
  if (word && sql_peek_op(p, 1) != OP1('.')) return parse_is_words(p);
  sql_report(p, SQL_ISSUE_DIALECT, e->op_span, "IS compares with NULL, TRUE and FALSE only",
             p->d->mysql ? "write <=>" : "write IS NOT DISTINCT FROM");
  return sql_parse_level(p, sql_bind_level(p->d, SQL_BIND_IS) + 1);
}

static sql_expr *parse_is(sql_parser *p, sql_expr *e) {
  e->negated = sql_accept_word(p, SQL_W_NOT);
  if (sql_peek_word(p, 0) == SQL_W_DISTINCT && sql_peek_word(p, 1) == SQL_W_FROM) {
    sql_take(p);
    sql_take(p);
    e->op = SQL_OP_DISTINCT_FROM;
  }
  e->op_span.to = p->last_end;
  sql_expr *right = parse_is_right(p, e);
  if (e->op == SQL_OP_IS && right->kind == SQL_NULL) {
    e->kind = SQL_IS_NULL;
    e->op = SQL_OP_NONE;
    e->op_span.to = p->last_end;
  } else {
    sql_push_expr(p, &e->args, right);
  }
  return e;
}

static sql_expr *parse_between(sql_parser *p, sql_expr *e) {
  e->kind = SQL_BETWEEN;
  if (sql_accept_word(p, SQL_W_SYMMETRIC))
    e->text = STR("SYMMETRIC");
  else if (p->d->id == SQL_POSTGRES)
    sql_accept_word(p, SQL_W_ASYMMETRIC);
  bool loose = p->d->id == SQL_SQLITE; /* its lower bound takes all but AND and OR */
  int level = loose ? sql_bind_level(p->d, SQL_BIND_NOT) : sql_bind_level(p->d, SQL_BIND_IN) + 1;
  sql_push_expr(p, &e->args, sql_parse_level(p, level));
  if (sql_expect_word(p, SQL_W_AND, "expected AND, the upper bound of BETWEEN"))
    sql_push_expr(p, &e->args, sql_parse_level(p, sql_bind_level(p->d, SQL_BIND_IN) + 1));
  else
    sql_push_expr(p, &e->args, sql_unknown_expr(p, (sql_span){p->last_end, p->last_end}));
  return e;
}

/* x IN name and x IN name(args) stand for x IN (SELECT * FROM …). */
static sql_query *parse_in_table(sql_parser *p) {
  uint32_t from = sql_here(p);
  sql_query *q = sql_make_query(p, SQL_SELECT, from);
  sql_from *f = sql_make_from(p, SQL_FROM_TABLE, from);
  f->name = sql_take_name(p);
  if (sql_accept_op(p, OP1('.'))) {
    f->schema = f->name;
    f->name = sql_expect_name(p, "expected a table's name");
  }
  if (sql_peek_op(p, 0) == OP1('(')) sql_become_call(p, f);
  q->from = sql_close_from(p, f);
  sql_push_star(p, q);
  return sql_close_query(p, q);
}

/* What is in the parentheses of IN; the ( is taken. SQLite reads ((SELECT …)) as a list of one
 * value, the others as a query. */
static void parse_in_list(sql_parser *p, sql_expr *e) {
  if (sql_peek_op(p, 0) == OP1(')')) {
    if (p->d->id != SQL_SQLITE)
      sql_report(p, SQL_ISSUE_DIALECT, sql_span_from(p, e->op_span.from), "an empty list",
                 "use a condition that is never true");
    return;
  }
  if (sql_peek_op(p, 0) != OP1('(') && sql_at_query_start(p, 0)) {
    e->query = sql_parse_query(p);
    return;
  }
  bool paren = sql_peek_op(p, 0) == OP1('(');
  sql_expr *first = sql_parse_expr(p);
  if (paren && first->kind == SQL_SUBQUERY) {
    if (sql_at_set_op(p) || sql_peek_word(p, 0) == SQL_W_ORDER ||
        sql_peek_word(p, 0) == SQL_W_LIMIT)
      e->query = sql_parse_query_rest(p, first->query);
    else if (p->d->id != SQL_SQLITE && sql_peek_op(p, 0) == OP1(')'))
      e->query = first->query;
    if (e->query) return;
  }
  sql_push_expr(p, &e->args, first);
  if (sql_accept_op(p, OP1(','))) sql_parse_expr_list(p, &e->args);
}

static sql_expr *parse_in(sql_parser *p, sql_expr *e) {
  e->kind = SQL_IN;
  const sql_lexeme t = *sql_peek(p, 0);
  if (sql_accept_op(p, OP1('('))) {
    parse_in_list(p, e);
    if (e->query) {
      sql_parse_query_close(p, e->query, t.token.span.from);
      return e;
    }
    if (sql_peek_op(p, 0) != OP1(')') && !sql_at_query_end(p) && !sql_at_clause(p))
      sql_skip_unknown(p, false, "expected , or )");
    sql_expect_op(p, OP1(')'), "expected )");
    return e;
  }
  if ((p->d->id == SQL_SQLITE || p->d->id == SQL_CLICKHOUSE) && sql_is_name(p, &t)) {
    e->query = parse_in_table(p);
  } else {
    bool array = t.op == OP1('[') && p->d->id == SQL_CLICKHOUSE;
    bool value =
        t.token.kind == SQL_TOK_PARAM || array || (sql_is_name(p, &t) && p->d->id != SQL_POSTGRES);
    if (!value) sql_report_here(p, "expected ( after IN");
    sql_push_expr(p, &e->args, sql_parse_level(p, sql_bind_level(p->d, SQL_BIND_IN) + 1));
  }
  return e;
}

static sql_expr *parse_collate(sql_parser *p, sql_expr *e) {
  e->kind = SQL_COLLATE;
  e->name = sql_expect_name(p, "expected a collation's name");
  while (sql_peek_op(p, 0) == OP1('.') && p->d->id != SQL_SQLITE) {
    sql_take(p);
    e->schema = e->name;
    e->name = sql_expect_name(p, "expected a collation's name");
  }
  return e;
}

static sql_expr *parse_cast_colons(sql_parser *p, sql_expr *e) {
  e->kind = SQL_CAST;
  sql_need(p, SQL_HAS_CAST_COLONS, e->op_span, ":: is not in this dialect",
           "write CAST(x AS type)");
  e->text = sql_parse_type(p);
  return e;
}

static sql_expr *parse_subscript(sql_parser *p, sql_expr *e) {
  e->text = STR("[]");
  uint32_t from = sql_here(p);
  bool open = sql_peek_op(p, 0) == OP1(':') || sql_peek_op(p, 0) == OP1(']') ||
              sql_peek_op(p, 0) == OP2(':', '-'); /* [:2] */
  sql_expr *at = open ? NULL : sql_parse_expr(p);
  if (open || sql_peek_op(p, 0) != OP1(']')) { /* a slice, or worse */
    sql_skip_brackets(p, OP1(']'));
    at = sql_unknown_expr(p, sql_span_from(p, from));
    sql_report_unknown(p, from);
  }
  sql_push_expr(p, &e->args, at);
  sql_expect_op(p, OP1(']'), "expected ]");
  return e;
}

/* (row).field, f(x).*, a[1].b: we have no name for what they lead to. */
static sql_expr *parse_field(sql_parser *p, sql_expr *left, const infix *f) {
  bool word = sql_peek(p, 0)->token.kind == SQL_TOK_WORD; /* any will do */
  if (!f->text.len && word)
    sql_take(p);
  else if (!f->text.len && !sql_accept_op(p, OP1('*')))
    sql_expect_name(p, "expected a field's name");
  sql_report_unknown(p, left->span.from);
  return sql_wrap_unknown(p, left);
}

static sql_expr *parse_right(sql_parser *p, sql_expr *left, const infix *f, unsigned n) {
  sql_expr *e = sql_make_expr(p, SQL_BINARY, left->span.from);
  sql_push_expr(p, &e->args, left);
  take_operator(p, e, f, n);
  switch (f->form) {
    case PLAIN:
    case LIKE:
      return parse_binary(p, e, f);
    case IS:
      return parse_is(p, e);
    case ISNULL:
      e->kind = SQL_IS_NULL;
      return e;
    case BETWEEN:
      return parse_between(p, e);
    case IN:
      return parse_in(p, e);
    case COLLATE:
      return parse_collate(p, e);
    case CAST:
      return parse_cast_colons(p, e);
    case SUBSCRIPT:
      return parse_subscript(p, e);
    case AT_ZONE:
      sql_push_expr(p, &e->args, sql_parse_level(p, sql_bind_level(p->d, SQL_BIND_AT) + 1));
      return e;
    case FIELD:
      return parse_field(p, left, f);
    case OUTER_MARK:
      e->kind = SQL_UNARY;
      e->text = STR("(+)");
      sql_take(p);
      sql_take(p);
      return e;
  }
  return e;
}

/* ── operands ─────────────────────────────────────────────────────────────────── */

static sql_op prefix_op(const sql_parser *p, const sql_lexeme *t) {
  if (t->word == SQL_W_NOT) return SQL_OP_NOT;
  switch (t->op) {
    case OP1('-'):
      return SQL_OP_NEG;
    case OP1('+'):
      return SQL_OP_POS;
    case OP1('~'):
      return SQL_OP_BITNOT;
    case OP1('!'):
      return p->d->mysql ? SQL_OP_NOT : SQL_OP_NONE;
    default:
      return SQL_OP_NONE;
  }
}

/* PostgreSQL's @ x, |/ x, !! x, and VARIADIC x. */
static bool at_other_prefix(const sql_parser *p, const sql_lexeme *t) {
  if (t->word == SQL_W_BINARY) return p->d->mysql;
  if (p->d->id == SQL_ORACLE && t->token.kind == SQL_TOK_WORD)
    return t->word == SQL_W_PRIOR || str_eq_nocase(t->token.raw, STR("CONNECT_BY_ROOT"));
  if (t->word == SQL_W_VARIADIC) return p->d->id == SQL_POSTGRES || p->d->id == SQL_DUCKDB;
  if (p->d->id == SQL_DUCKDB) return t->op == OP1('@') || t->op == OP1('#');
  if (t->token.kind != SQL_TOK_OP || !(p->d->lex & SQL_LEX_PG_OPERATORS)) return false;
  switch (t->op) {
    case OP2('<', '='):
    case OP2('>', '='):
    case OP2('<', '>'):
    case OP2('!', '='):
    case OP2('=', '>'):
    case OP2(':', '='):
    case OP2(':', ':'):
      return false;
    default:
      return t->token.raw.len > 1 || memchr("@|!#&?", t->token.raw.ptr[0], 6);
  }
}

static sql_expr *parse_other_prefix(sql_parser *p) {
  const sql_lexeme t = sql_take(p);
  sql_expr *e = sql_make_expr(p, SQL_UNARY, t.token.span.from);
  e->op = SQL_OP_OTHER;
  e->op_span = t.token.span;
  e->text = t.token.raw;
  sql_push_expr(p, &e->args, sql_parse_level(p, sql_bind_level(p->d, SQL_BIND_OTHER)));
  return sql_close_expr(p, e);
}

static sql_expr *parse_prefix(sql_parser *p) {
  const sql_lexeme t = *sql_peek(p, 0);
  sql_op op = prefix_op(p, &t);
  if (op == SQL_OP_NONE)
    return at_other_prefix(p, &t) ? parse_other_prefix(p) : sql_parse_primary(p);
  sql_bind bind = op == SQL_OP_NOT && t.word ? SQL_BIND_NOT : SQL_BIND_UNARY;
  sql_take(p);
  sql_expr *arg = sql_parse_level(p, sql_bind_level(p->d, bind));
  if (op == SQL_OP_NOT && arg->kind == SQL_EXISTS && !arg->negated) {
    arg->negated = true;
    arg->parenthesized = false;
    arg->span.from = t.token.span.from;
    return arg;
  }
  sql_expr *e = sql_make_expr(p, SQL_UNARY, t.token.span.from);
  e->op = op;
  e->op_span = t.token.span;
  sql_push_expr(p, &e->args, arg);
  return sql_close_expr(p, e);
}

/* Oracle's mark is ( + ), three tokens. */
static bool is_outer_mark(sql_parser *p) {
  return sql_peek_op(p, 1) == OP1('+') && sql_peek_op(p, 2) == OP1(')');
}

/* `a AND FROM t`: where any word may be an alias, one that no operand follows is one. */
static bool is_label(sql_parser *p, unsigned n) {
  if (!p->alias_next || !p->d->any_label || n != 1 || !sql_peek_word(p, 0)) return false;
  const sql_lexeme *next = sql_peek(p, 1);
  return next->word == SQL_W_FROM || next->op == OP1(',');
}

/* a = b = c: comparisons of truth values, which these dialects do not have without ( ). */
static void check_chain(sql_parser *p, const sql_expr *left, const infix *f) {
  bool compares = f->bind == SQL_BIND_EQ || f->bind == SQL_BIND_LT;
  sql_bind before = left->kind == SQL_BINARY ? sql_op_bind(left->op, left->text) : SQL_BIND_POSTFIX;
  if (!compares || left->parenthesized || (before != SQL_BIND_EQ && before != SQL_BIND_LT)) return;
  sql_dialect_id id = p->d->id;
  if (id == SQL_POSTGRES || id == SQL_DUCKDB || id == SQL_TRINO || id == SQL_TSQL ||
      id == SQL_ORACLE)
    sql_report_here(p, "comparisons do not chain here: write AND, or parentheses");
}

sql_expr *sql_parse_level(sql_parser *p, int level) {
  if (!sql_enter(p)) {
    uint32_t from = sql_here(p);
    sql_skip_to_close(p);
    return sql_unknown_expr(p, sql_span_from(p, from));
  }
  sql_expr *left = parse_prefix(p);
  infix f;
  unsigned n;
  while (find_infix(p, &f, &n)) {
    if (sql_bind_level(p->d, f.bind) < level) break;
    if (f.form == OUTER_MARK && !is_outer_mark(p)) break;
    if (is_label(p, n)) break;
    check_chain(p, left, &f);
    left = sql_close_expr(p, parse_right(p, left, &f, n));
  }
  sql_leave(p);
  return left;
}

sql_expr *sql_parse_expr(sql_parser *p) { return sql_parse_level(p, 1); }

void sql_parse_open_list(sql_parser *p, sql_exprs *list) {
  do {
    sql_push_expr(p, list, sql_parse_expr(p));
  } while (sql_accept_op(p, OP1(',')));
}

void sql_parse_expr_list(sql_parser *p, sql_exprs *list) {
  do {
    sql_push_expr(p, list, sql_parse_expr(p));
    const sql_lexeme *t = sql_peek(p, 0);
    if (t->op == OP1(',') || t->op == OP1(')') || sql_at_query_end(p) || sql_at_clause(p)) continue;
    list->items[list->len - 1] = sql_swallow(p, list->items[list->len - 1], "expected , or )");
  } while (sql_accept_op(p, OP1(',')));
}
