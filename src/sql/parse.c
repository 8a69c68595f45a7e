/* The parser's entry: statements, tokens with look-ahead, issues, recovery, nodes, names.
 * The grammar is in parse_query.c, parse_from.c, parse_expr.c and parse_call.c. */
#include "sql/parse.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"

/* ── tokens ───────────────────────────────────────────────────────────────────── */

static const sql_lexeme END_LEXEME = {{SQL_TOK_END, {0, 0}, {NULL, 0}}, SQL_W_NONE, 0};

const sql_lexeme *sql_peek(sql_parser *p, unsigned n) {
  if (p->no_memory || p->too_long) return &END_LEXEME;
  while (p->count <= n) {
    p->ahead[(p->head + p->count) % SQL_LOOKAHEAD] = sql_next_lexeme(p->text, p->d, &p->pos);
    p->count++;
  }
  return &p->ahead[(p->head + n) % SQL_LOOKAHEAD];
}

sql_lexeme sql_take(sql_parser *p) {
  sql_lexeme t = *sql_peek(p, 0);
  if (t.token.kind == SQL_TOK_END) return t;
  p->head = (p->head + 1) % SQL_LOOKAHEAD;
  p->count--;
  p->last_end = t.token.span.to;
  if (++p->taken == SQL_MAX_TOKENS) {
    sql_report(p, SQL_ISSUE_TOO_DEEP, t.token.span, "more words and signs than any query needs",
               NULL);
    p->deep = p->too_long = true;
  }
  return t;
}

bool sql_accept_word(sql_parser *p, sql_word w) {
  if (sql_peek(p, 0)->word != w) return false;
  sql_take(p);
  return true;
}

bool sql_accept_op(sql_parser *p, uint32_t op) {
  if (sql_peek(p, 0)->op != op) return false;
  sql_take(p);
  return true;
}

bool sql_expect_word(sql_parser *p, sql_word w, const char *what) {
  if (sql_accept_word(p, w)) return true;
  sql_report_here(p, what);
  return false;
}

bool sql_expect_op(sql_parser *p, uint32_t op, const char *what) {
  if (sql_accept_op(p, op)) return true;
  sql_report_here(p, what);
  return false;
}

uint32_t sql_here(sql_parser *p) { return sql_peek(p, 0)->token.span.from; }

/* ── issues ───────────────────────────────────────────────────────────────────── */

str sql_raw(const sql_parser *p, sql_span span) {
  if (span.to > p->text.len || span.from >= span.to) return (str){p->text.ptr, 0};
  return (str){p->text.ptr + span.from, span.to - span.from};
}

str sql_format(sql_parser *p, const char *fmt, ...) {
  char line[256];
  va_list ap;
  va_start(ap, fmt);
  int n = vsnprintf(line, sizeof line, fmt, ap);
  va_end(ap);
  if (n < 0) n = 0;
  if ((size_t)n >= sizeof line) n = (int)sizeof line - 1;
  char *s = arena_strndup(p->a, line, (size_t)n);
  if (!s) p->no_memory = true;
  return s ? (str){s, (size_t)n} : STR("");
}

void sql_report(sql_parser *p, sql_issue_kind kind, sql_span span, const char *message,
                const char *hint) {
  size_t n = p->out->issues.len;
  sql_issue issue = {kind, span, message, hint};
  if (n >= SQL_MAX_ISSUES) return;
  if (n == SQL_MAX_ISSUES - 1)
    issue =
        (sql_issue){SQL_ISSUE_TOO_DEEP, span, "too many problems; the rest are not listed", NULL};
  if (!vec_push(p->a, &p->out->issues, issue)) p->no_memory = true;
}

/* What none of the dialects has: text that ends too early, or a word or sign that ends things
 * where something must stand. The rest may be a form that we do not know; SQLite's and
 * PostgreSQL's grammars are held against the engines' own. */
static bool is_certain(const sql_parser *p, const sql_lexeme *t, const char *message) {
  if (p->d->id == SQL_SQLITE || p->d->id == SQL_POSTGRES) return true;
  if (!str_starts(str_from(message), STR("expected"))) return true;
  if (t->token.kind == SQL_TOK_END || t->token.kind == SQL_TOK_BAD) return true;
  bool compares = t->op == OP1('=') || t->op == OP2('<', '>') || t->op == OP2('<', '=') ||
                  t->op == OP2('>', '=') || t->op == OP2('!', '=');
  return compares || t->op == OP1(')') || t->op == OP1(',') || t->op == OP1(';') ||
         sql_word_marked(t->word, '!');
}

void sql_report_here(sql_parser *p, const char *message) {
  const sql_lexeme here = *sql_peek(p, 0);
  const sql_token t = here.token;
  if (p->quiet_at == t.span.from + 1) return;
  if (!is_certain(p, &here, message) || (p->doubt && p->doubt_at <= t.span.from)) {
    p->quiet_at = t.span.from + 1;
    if (p->doubt) return;
    p->doubt = message;
    p->doubt_at = t.span.from;
    return;
  }
  p->quiet_at = p->said_at = t.span.from + 1;
  if (t.kind == SQL_TOK_END)
    message = sql_format(p, "%s at the end", message).ptr;
  else if (t.raw.len <= 40 && utf8_valid(t.raw))
    message = sql_format(p, "%s at \"%.*s\"", message, STR_ARG(t.raw)).ptr;
  sql_report(p, SQL_ISSUE_SYNTAX, t.span, message, NULL);
}

void sql_need(sql_parser *p, unsigned has, sql_span span, const char *message, const char *hint) {
  if (!(p->d->has & has)) sql_report(p, SQL_ISSUE_DIALECT, span, message, hint);
}

bool sql_enter(sql_parser *p) {
  if (p->depth < SQL_MAX_DEPTH) {
    p->depth++;
    return true;
  }
  if (!p->deep) {
    sql_span here = sql_peek(p, 0)->token.span;
    sql_report(p, SQL_ISSUE_TOO_DEEP, here, "nested too deeply", NULL);
    p->deep = true;
  }
  return false;
}

/* ── words that begin statements ────────────────────────────────────────────────── */

bool sql_is_write_word(sql_word w) { return sql_word_marked(w, 'w'); }

static bool is_session_word(sql_word w) { return sql_word_marked(w, 's'); }

/* T-SQL needs no ; between statements. */
bool sql_starts_statement(const sql_parser *p, const sql_lexeme *t) {
  return p->d->id == SQL_TSQL && sql_word_reserved(p->d, t->word) && t->word != SQL_W_END &&
         t->word != SQL_W_DESC && t->word != SQL_W_FETCH &&
         (t->word == SQL_W_SELECT || sql_is_write_word(t->word) || is_session_word(t->word));
}

/* ── recovery ─────────────────────────────────────────────────────────────────── */

static void report_bad(sql_parser *p, const sql_token *t) {
  str raw = t->raw;
  char c = raw.ptr[0];
  if (raw.len > 1 && c == '/')
    sql_report(p, raw.ptr[raw.len - 1] == '/' ? SQL_ISSUE_WRITE : SQL_ISSUE_SYNTAX, t->span,
               raw.ptr[raw.len - 1] == '/' ? "a comment that the server executes"
                                           : "a comment without its end",
               NULL);
  else if (memchr("'\"`[$", c, 5) && raw.len > 0)
    sql_report(p, SQL_ISSUE_SYNTAX, t->span, "a quotation without its end", NULL);
  else
    sql_report(p, SQL_ISSUE_SYNTAX, t->span, "not a token of SQL", NULL);
}

/* A word that begins a clause in some dialects only stops a skip, but may also be its start. */
static bool stops_skip(sql_parser *p, const sql_lexeme *t, bool comma, bool first) {
  if (t->token.kind == SQL_TOK_END || t->op == OP1(')') || t->op == OP1(';')) return true;
  if (comma && t->op == OP1(',')) return true;
  switch (t->word) {
    case SQL_W_FROM:
    case SQL_W_WHERE:
    case SQL_W_GROUP:
    case SQL_W_HAVING:
    case SQL_W_ORDER:
    case SQL_W_LIMIT:
    case SQL_W_UNION:
    case SQL_W_INTERSECT:
    case SQL_W_EXCEPT:
      return true;
    default:
      return (!first && sql_at_clause(p)) || sql_starts_statement(p, t);
  }
}

/* Takes tokens to a stop, whole parentheses at a time; reports the bad ones. */
static void skip(sql_parser *p, bool comma, bool clauses) {
  size_t open = 0;
  for (bool first = true;; first = false) {
    const sql_lexeme *t = sql_peek(p, 0);
    if (t->token.kind == SQL_TOK_END || t->op == OP1(';')) return;
    if (open == 0 && (clauses ? stops_skip(p, t, comma, first) : t->op == OP1(')'))) return;
    if (t->op == OP1('(')) open++;
    if (t->op == OP1(')') && open) open--;
    if (t->token.kind == SQL_TOK_BAD) report_bad(p, &t->token);
    sql_take(p);
  }
}

/* Is this token wrong after a complete expression, or may some form that we do not know begin
 * with it? Only SQLite's grammar is known in full. */
static bool is_wrong(const sql_parser *p, const sql_lexeme *t) {
  if (p->d->id == SQL_SQLITE) return true;
  switch (t->token.kind) {
    case SQL_TOK_WORD:
      return sql_word_marked(t->word, '!');
    case SQL_TOK_OP:
      return false;
    case SQL_TOK_STRING: /* in PostgreSQL any call may be a type, and a type may precede it */
    case SQL_TOK_PARAM:
      return p->d->id != SQL_POSTGRES && p->d->id != SQL_CLICKHOUSE;
    default:
      return true;
  }
}

sql_span sql_skip_unknown(sql_parser *p, bool comma, const char *message) {
  const sql_lexeme t = *sql_peek(p, 0);
  uint32_t from = t.token.span.from;
  bool said = p->said_at == from + 1, known = said || is_wrong(p, &t);
  if (!said && p->quiet_at == from + 1 && p->d->id != SQL_SQLITE) known = false; /* none unsaid */
  if (known && t.token.kind != SQL_TOK_BAD) sql_report_here(p, message);
  skip(p, comma, true);
  sql_span span = sql_span_from(p, from);
  if (!known && span.to > span.from) sql_report_unknown(p, from);
  p->quiet_at = sql_here(p) + 1;
  return span;
}

sql_expr *sql_swallow(sql_parser *p, sql_expr *e, const char *message) {
  sql_span rest = sql_skip_unknown(p, true, message);
  if (rest.to <= rest.from || p->d->id == SQL_SQLITE) return e;
  return sql_wrap_unknown(p, e);
}

sql_expr *sql_wrap_unknown(sql_parser *p, sql_expr *e) {
  sql_expr *whole = sql_unknown_expr(p, sql_span_from(p, e->span.from));
  sql_push_expr(p, &whole->args, e);
  return sql_close_expr(p, whole);
}

void sql_report_unknown(sql_parser *p, uint32_t from) {
  sql_report(p, SQL_ISSUE_UNKNOWN, sql_span_from(p, from), "not understood; the database decides",
             NULL);
}

void sql_skip_brackets(sql_parser *p, uint32_t close) {
  for (size_t open = 0;; sql_take(p)) {
    const sql_lexeme *t = sql_peek(p, 0);
    if (t->token.kind == SQL_TOK_END || t->op == OP1(';')) return;
    if (t->op == OP1('(') || t->op == OP1('[') || t->op == OP1('{')) open++;
    if (t->op != OP1(')') && t->op != OP1(']') && t->op != OP1('}')) continue;
    if (open == 0 && (t->op == close || t->op == OP1(')'))) return;
    if (open) open--;
  }
}

void sql_skip_to_close(sql_parser *p) { skip(p, false, false); }

/* ── nodes ────────────────────────────────────────────────────────────────────── */

/* A new node from the arena, or the spare one, emptied. */
#define MAKE(p, type, spare)         \
  type *n = ARENA_NEW((p)->a, type); \
  if (!n) {                          \
    (p)->no_memory = true;           \
    n = &(p)->spare;                 \
    *n = (type){0};                  \
  }

sql_expr *sql_make_expr(sql_parser *p, sql_expr_kind kind, uint32_t from) {
  MAKE(p, sql_expr, spare_expr)
  n->kind = kind;
  n->span = (sql_span){from, from};
  n->bound.table = n->bound.column = -1;
  return n;
}

sql_query *sql_make_query(sql_parser *p, sql_query_kind kind, uint32_t from) {
  MAKE(p, sql_query, spare_query)
  n->kind = kind;
  n->span = (sql_span){from, from};
  return n;
}

sql_from *sql_make_from(sql_parser *p, sql_from_kind kind, uint32_t from) {
  MAKE(p, sql_from, spare_from)
  n->kind = kind;
  n->span = (sql_span){from, from};
  n->table = -1;
  return n;
}

sql_expr *sql_unknown_expr(sql_parser *p, sql_span span) {
  sql_expr *e = sql_make_expr(p, SQL_UNKNOWN, span.from);
  e->span = span;
  e->text = sql_raw(p, span);
  return e;
}

void sql_push_expr(sql_parser *p, sql_exprs *list, sql_expr *e) {
  if (!vec_push(p->a, list, e)) p->no_memory = true;
}

void sql_push_star(sql_parser *p, sql_query *q) {
  sql_item star = {.expr = sql_make_expr(p, SQL_STAR, q->span.from), .span = q->span};
  star.expr->height = 1;
  if (!vec_push(p->a, &q->items, star)) p->no_memory = true;
}

static bool too_tall(sql_parser *p, unsigned height, sql_span span) {
  if (height < SQL_MAX_HEIGHT) return false;
  if (!p->deep)
    sql_report(p, SQL_ISSUE_TOO_DEEP, span, "too long a chain, or nested too deeply", NULL);
  p->deep = true;
  return true;
}

static unsigned taller(unsigned h, const sql_exprs *list) {
  for (size_t i = 0; i < list->len; i++)
    if (list->items[i]->height > h) h = list->items[i]->height;
  return h;
}

static unsigned taller_orders(unsigned h, const sql_orders *list) {
  for (size_t i = 0; i < list->len; i++)
    if (list->items[i].expr->height > h) h = list->items[i].expr->height;
  return h;
}

static unsigned taller_window(unsigned h, const sql_window *w) {
  return taller(taller_orders(taller(h, &w->partition_by), &w->order_by), &w->frame_args);
}

sql_expr *sql_close_expr(sql_parser *p, sql_expr *e) {
  unsigned h = taller_orders(taller(0, &e->args), &e->order_by);
  if (e->query && e->query->height > h) h = e->query->height;
  if (e->filter && e->filter->height > h) h = e->filter->height;
  if (e->over) h = taller_window(h, e->over);
  if (p->last_end > e->span.to) e->span.to = p->last_end;
  e->height = (uint16_t)(h + 1);
  return too_tall(p, h + 1, e->span) ? sql_unknown_expr(p, e->span) : e;
}

sql_from *sql_close_from(sql_parser *p, sql_from *f) {
  unsigned h = f->query ? f->query->height : 0;
  if (f->call && f->call->height > h) h = f->call->height;
  if (f->on && f->on->height > h) h = f->on->height;
  if (f->left && f->left->height > h) h = f->left->height;
  if (f->right && f->right->height > h) h = f->right->height;
  if (p->last_end > f->span.to) f->span.to = p->last_end;
  f->height = (uint16_t)(h + 1);
  if (!too_tall(p, h + 1, f->span)) return f;
  sql_from *flat = sql_make_from(p, SQL_FROM_UNKNOWN, f->span.from);
  flat->span = f->span;
  flat->text = sql_raw(p, f->span);
  return flat;
}

static unsigned taller_expr(unsigned h, const sql_expr *e) {
  return e && e->height > h ? e->height : h;
}

static unsigned query_height(const sql_query *q) {
  unsigned h = q->left && q->left->height > 0 ? q->left->height : 0;
  if (q->right && q->right->height > h) h = q->right->height;
  if (q->from && q->from->height > h) h = q->from->height;
  for (size_t i = 0; i < q->ctes.len; i++)
    if (q->ctes.items[i]->query && q->ctes.items[i]->query->height > h)
      h = q->ctes.items[i]->query->height;
  for (size_t i = 0; i < q->items.len; i++) h = taller_expr(h, q->items.items[i].expr);
  for (size_t i = 0; i < q->windows.len; i++) h = taller_window(h, q->windows.items[i]);
  h = taller(taller(taller(taller(h, &q->distinct_on), &q->group_by), &q->rows), &q->limit_by);
  h = taller_expr(taller_expr(taller_expr(h, q->where), q->having), q->qualify);
  h = taller_expr(taller_expr(taller_expr(h, q->limit), q->offset), q->by_limit);
  return taller_orders(h, &q->order_by);
}

sql_query *sql_close_query(sql_parser *p, sql_query *q) {
  unsigned h = query_height(q) + 1;
  if (p->last_end > q->span.to) q->span.to = p->last_end;
  q->height = (uint16_t)h;
  if (!too_tall(p, h, q->span)) return q;
  sql_query *flat = sql_make_query(p, SQL_SELECT, q->span.from);
  sql_item item = {sql_unknown_expr(p, q->span), {{NULL, 0}, {0, 0}, 0}, q->span};
  if (!vec_push(p->a, &flat->items, item)) p->no_memory = true;
  flat->span = q->span;
  flat->height = 2;
  return flat;
}

/* ── names ────────────────────────────────────────────────────────────────────── */

bool sql_is_name(const sql_parser *p, const sql_lexeme *t) {
  switch (t->token.kind) {
    case SQL_TOK_QUOTED:
      return true;
    case SQL_TOK_STRING:
      return p->d->id == SQL_SQLITE && t->token.raw.ptr[0] == '\'';
    case SQL_TOK_WORD:
      break;
    default:
      return false;
  }
  if (t->word == SQL_W_NONE) return true;
  if (sql_word_marked(t->word, '!')) return false;
  if (p->d->bare_names && (sql_word_marked(t->word, 'j') || sql_word_marked(t->word, 'n')))
    return true;
  return !sql_word_reserved(p->d, t->word);
}

sql_name sql_take_name(sql_parser *p) {
  sql_lexeme t = sql_take(p);
  sql_name name = {t.token.raw, t.token.span, 0};
  if (t.token.kind == SQL_TOK_END) return (sql_name){0};
  if (t.token.kind != SQL_TOK_QUOTED && t.token.kind != SQL_TOK_STRING) return name;
  name.text = sql_decode_token(&t.token, p->d, p->a);
  name.quote = t.token.raw.ptr[0];
  if (!name.text.ptr) p->no_memory = true;
  if (t.token.raw.len > 1 && t.token.raw.ptr[1] == '&' && sql_peek_word(p, 0) == SQL_W_UESCAPE) {
    sql_take(p);
    sql_take(p); /* its sign */
    sql_report_unknown(p, name.span.from);
  }
  bool backtick = name.quote == '`' && p->d->quote != '`' && p->d->id != SQL_SQLITE;
  bool bracket = name.quote == '[' && p->d->quote != '[' && p->d->id != SQL_SQLITE;
  if (backtick || bracket)
    sql_report(p, SQL_ISSUE_DIALECT, name.span, "names are not quoted so here",
               p->d->quote == '['   ? "write [name]"
               : p->d->quote == '`' ? "write `name`"
                                    : "write \"name\"");
  return name;
}

bool sql_at_bracket_name(sql_parser *p) {
  sql_dialect_id d = p->d->id;
  if (sql_peek_op(p, 0) != OP1('[')) return false;
  if (d != SQL_POSTGRES && d != SQL_ORACLE && d != SQL_TRINO) return false;
  return sql_peek(p, 1)->token.kind == SQL_TOK_WORD &&
         (sql_peek_op(p, 2) == OP1(']') || sql_peek_op(p, 3) == OP1(']'));
}

sql_name sql_take_bracket_name(sql_parser *p) {
  uint32_t from = sql_take(p).token.span.from;
  while (sql_peek_op(p, 0) != OP1(']') && sql_peek(p, 0)->token.kind != SQL_TOK_END) sql_take(p);
  sql_name name = {{NULL, 0}, {from, from}, '['};
  name.text = sql_raw(p, sql_span_from(p, from + 1));
  sql_accept_op(p, OP1(']'));
  name.span = sql_span_from(p, from);
  sql_report(p, SQL_ISSUE_DIALECT, name.span, "names are not quoted so here", "write \"name\"");
  return name;
}

sql_name sql_expect_name(sql_parser *p, const char *what) {
  if (sql_at_bracket_name(p)) return sql_take_bracket_name(p);
  const sql_lexeme *t = sql_peek(p, 0);
  if (sql_is_name(p, t)) return sql_take_name(p);
  sql_report_here(p, what);
  if (t->token.kind == SQL_TOK_WORD && !sql_word_marked(t->word, '!') && !sql_at_clause(p))
    return sql_take_name(p); /* a reserved word meant as a name */
  return (sql_name){0};
}

void sql_parse_names(sql_parser *p, sql_names *list) {
  do {
    sql_name name = sql_expect_name(p, "expected a name");
    if (name.text.ptr && !vec_push(p->a, list, name)) p->no_memory = true;
  } while (sql_accept_op(p, OP1(',')));
  sql_expect_op(p, OP1(')'), "expected )");
}

static bool may_be_bare_alias(sql_parser *p, const sql_lexeme *t) {
  if (!sql_is_name(p, t) || sql_at_clause(p)) return false;
  return t->token.kind != SQL_TOK_WORD || !sql_word_marked(t->word, 'j');
}

/* After AS. A reserved word is taken as the alias that it is meant to be, when what follows
 * shows it: `a AS order, b`; else the alias is missing: `a AS FROM t`. */
static sql_name alias_after_as(sql_parser *p, bool column) {
  const sql_lexeme t = *sql_peek(p, 0), next = *sql_peek(p, 1);
  if (t.token.kind == SQL_TOK_STRING) return sql_take_name(p);
  if (t.token.kind != SQL_TOK_WORD || sql_is_name(p, &t))
    return sql_expect_name(p, "expected a name after AS");
  bool ends = next.token.kind == SQL_TOK_END || next.op == OP1(',') || next.op == OP1(')') ||
              next.op == OP1(';') || next.word == SQL_W_FROM || next.word == SQL_W_WHERE ||
              next.word == SQL_W_ON || next.word == SQL_W_JOIN;
  if (!ends || (t.word == SQL_W_FROM && next.token.kind != SQL_TOK_END))
    return sql_expect_name(p, "expected a name after AS");
  if (!column || !p->d->any_label) sql_report_here(p, "a reserved word, to be quoted as a name");
  return sql_take_name(p);
}

/* In PostgreSQL most keywords are a column's alias without AS, when the item ends there. */
static bool is_bare_label(sql_parser *p, const sql_lexeme *t) {
  bool join = sql_word_marked(t->word, 'j') || t->word == SQL_W_JOIN;
  if (!p->d->any_label || t->token.kind != SQL_TOK_WORD) return false;
  if (!join && sql_at_clause(p)) return false;
  const sql_lexeme *next = sql_peek(p, 1);
  return next->word == SQL_W_FROM || next->op == OP1(',') || next->op == OP1(')') ||
         next->token.kind == SQL_TOK_END;
}

sql_name sql_parse_alias(sql_parser *p, bool column) {
  if (sql_accept_word(p, SQL_W_AS)) return alias_after_as(p, column);
  const sql_lexeme *t = sql_peek(p, 0);
  if (may_be_bare_alias(p, t) || (t->token.kind == SQL_TOK_STRING && p->d->mysql) ||
      (column && is_bare_label(p, t)))
    return sql_take_name(p);
  return (sql_name){0};
}

/* ── statements ───────────────────────────────────────────────────────────────── */

static bool at_statement_end(sql_parser *p) {
  const sql_lexeme *t = sql_peek(p, 0);
  return t->token.kind == SQL_TOK_END || t->op == OP1(';') || sql_starts_statement(p, t);
}

static void parse_statement(sql_parser *p) {
  const sql_lexeme first = *sql_peek(p, 0);
  uint32_t from = first.token.span.from;
  sql_statement s = {SQL_STMT_UNKNOWN, first.token.raw, {from, from}, NULL};
  p->quiet_at = p->said_at = 0;
  p->doubt = NULL;
  if (sql_at_query_start(p, 0) || first.word == SQL_W_WITH || first.op == OP1('(')) {
    sql_query *with = NULL;
    if (first.word == SQL_W_WITH) {
      with = sql_make_query(p, SQL_SELECT, from);
      sql_parse_with(p, with);
    }
    const sql_lexeme verb = *sql_peek(p, 0);
    if (first.op == OP1('(')) s.verb = STR("SELECT");
    if (first.word == SQL_W_WITH) s.verb = verb.token.raw;
    if (first.word == SQL_W_WITH && sql_is_write_word(verb.word)) {
      s.kind = SQL_STMT_WRITE;
    } else {
      s.kind = SQL_STMT_QUERY;
      s.query = sql_parse_query_body(p, with);
    }
  } else if (first.token.kind == SQL_TOK_WORD) {
    if (sql_is_write_word(first.word))
      s.kind = SQL_STMT_WRITE;
    else if (is_session_word(first.word))
      s.kind = SQL_STMT_SESSION;
  }
  if (s.kind == SQL_STMT_QUERY && !at_statement_end(p))
    sql_report_here(p, "expected the end of the query");
  /* The verb itself may be a word that ends the statement before it. */
  if (s.kind != SQL_STMT_QUERY) sql_take(p);
  while (!at_statement_end(p)) sql_take(p);
  s.span = sql_span_from(p, from);
  /* From there on nothing is certain, so that all of it is looked through for what may do harm. */
  if (p->doubt && s.kind == SQL_STMT_QUERY) sql_report_unknown(p, p->doubt_at);
  if (!vec_push(p->a, &p->out->statements, s)) p->no_memory = true;
}

static void sort_issues(sql_parsed *out) {
  sql_issue *v = out->issues.items;
  for (size_t i = 1; i < out->issues.len; i++)
    for (size_t k = i; k > 0 && v[k].span.from < v[k - 1].span.from; k--) {
      sql_issue t = v[k];
      v[k] = v[k - 1];
      v[k - 1] = t;
    }
}

emend_rc sql_parse(str text, sql_dialect_id dialect, arena *a, sql_parsed *out, emend_error *err) {
  sql_parser p = {.text = text, .d = sql_dialect_get(dialect), .a = a, .out = out};
  *out = (sql_parsed){.text = text};
  if (text.len > SQL_MAX_TEXT)
    return err_set(err, EMEND_ELIMIT, "sql", "the statement is longer than %d MiB",
                   SQL_MAX_TEXT / (1024 * 1024));
  const char *nul = text.len ? memchr(text.ptr, 0, text.len) : NULL;
  if (nul) {
    uint32_t at = (uint32_t)(nul - text.ptr);
    sql_report(&p, SQL_ISSUE_SYNTAX, (sql_span){at, at + 1}, "a zero byte", NULL);
  }
  while (sql_peek(&p, 0)->token.kind != SQL_TOK_END) {
    if (!sql_accept_op(&p, OP1(';'))) parse_statement(&p);
  }
  sort_issues(out);
  return p.no_memory ? err_nomem(err, "sql") : EMEND_OK;
}
