/* The parser's state and the helpers that its files share. Internal to sql/.
 *
 * No function returns NULL: when memory runs out, a spare node is handed out, the input reads
 * as ended, and sql_parse reports it. */
#ifndef SQL_PARSE_H
#define SQL_PARSE_H

#include "sql/lex.h"

enum { SQL_LOOKAHEAD = 4 };

typedef struct sql_parser {
  str text;
  const sql_dialect *d;
  arena *a;
  sql_parsed *out;
  sql_lexeme ahead[SQL_LOOKAHEAD]; /* ring of tokens read but not taken */
  unsigned head, count;
  size_t pos;        /* where the next token is read from */
  uint32_t last_end; /* end of the last token taken */
  uint32_t quiet_at; /* no syntax issue at this offset + 1: what is there was passed over to */
  uint32_t said_at;  /* … or it has one already */
  const char *doubt; /* what was expected where something else stands, in a dialect whose grammar
                        is not known in full; NULL: nothing */
  uint32_t doubt_at;
  int depth;
  size_t taken; /* tokens so far */
  bool no_memory;
  bool too_long;    /* past SQL_MAX_TOKENS: the rest reads as the end */
  bool deep;        /* SQL_ISSUE_TOO_DEEP was reported */
  bool alias_next;  /* the expression being read may be followed by an alias */
  uint32_t star_at; /* offset + 1 of the item of a select list being read: there * may stand */
  sql_expr spare_expr;
  sql_query spare_query;
  sql_from spare_from;
  sql_window spare_window;
  sql_cte spare_cte;
} sql_parser;

/* ── tokens ── */

/** The token `n` places ahead (0 is next), n < SQL_LOOKAHEAD. */
const sql_lexeme *sql_peek(sql_parser *p, unsigned n);
/** Takes the next token. */
sql_lexeme sql_take(sql_parser *p);
static inline sql_word sql_peek_word(sql_parser *p, unsigned n) { return sql_peek(p, n)->word; }
static inline uint32_t sql_peek_op(sql_parser *p, unsigned n) { return sql_peek(p, n)->op; }
bool sql_accept_word(sql_parser *p, sql_word w);
bool sql_accept_op(sql_parser *p, uint32_t op);
/** Takes it, or reports "expected …". */
bool sql_expect_word(sql_parser *p, sql_word w, const char *what);
bool sql_expect_op(sql_parser *p, uint32_t op, const char *what);
uint32_t sql_here(sql_parser *p);
static inline sql_span sql_span_from(const sql_parser *p, uint32_t from) {
  return (sql_span){from, p->last_end > from ? p->last_end : from};
}

/* ── issues ── */

void sql_report(sql_parser *p, sql_issue_kind kind, sql_span span, const char *message,
                const char *hint);
/** SQL_ISSUE_SYNTAX at the next token, once per place. */
void sql_report_here(sql_parser *p, const char *message);
/** SQL_ISSUE_DIALECT unless the dialect has the form. */
void sql_need(sql_parser *p, unsigned has, sql_span span, const char *message, const char *hint);
/** Text that cannot stand here: passes over it, to the next `,` (when `comma`), `)`, `;` or clause
 *  word of this level, and reports it: a syntax error where the grammar is known in full, else
 *  unknown. */
sql_span sql_skip_unknown(sql_parser *p, bool comma, const char *message);
/** Text after `e` that cannot stand there, as sql_skip_unknown; gives an unknown node over both,
 *  with `e` inside it, where the grammar is not known in full. */
sql_expr *sql_swallow(sql_parser *p, sql_expr *e, const char *message);
/** An unknown node from the start of `e` to here, with `e` inside it. */
sql_expr *sql_wrap_unknown(sql_parser *p, sql_expr *e);
/** SQL_ISSUE_UNKNOWN from there to here. */
void sql_report_unknown(sql_parser *p, uint32_t from);
/** Passes over everything up to the `close` of this level, whole brackets at a time. */
void sql_skip_brackets(sql_parser *p, uint32_t close);
/** Passes over everything up to the `)` that closes the current level, `;` or the end. */
void sql_skip_to_close(sql_parser *p);
/** False, and reported once, when nesting is too deep; else counts one level in. */
bool sql_enter(sql_parser *p);
static inline void sql_leave(sql_parser *p) { p->depth--; }

/* ── nodes ── */

sql_expr *sql_make_expr(sql_parser *p, sql_expr_kind kind, uint32_t from);
sql_query *sql_make_query(sql_parser *p, sql_query_kind kind, uint32_t from);
sql_from *sql_make_from(sql_parser *p, sql_from_kind kind, uint32_t from);
sql_expr *sql_unknown_expr(sql_parser *p, sql_span span);
/** Ends the node's span here, and counts its height; gives an unknown node in its place when
 *  the tree would become too tall. */
sql_expr *sql_close_expr(sql_parser *p, sql_expr *e);
sql_from *sql_close_from(sql_parser *p, sql_from *f);
sql_query *sql_close_query(sql_parser *p, sql_query *q);
void sql_push_expr(sql_parser *p, sql_exprs *list, sql_expr *e);
/** Adds the item * to a query that has none. */
void sql_push_star(sql_parser *p, sql_query *q);
str sql_raw(const sql_parser *p, sql_span span);
str sql_format(sql_parser *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ── names ── */

/** T-SQL needs no ; between statements: does this word begin another one? */
bool sql_starts_statement(const sql_parser *p, const sql_lexeme *t);
/** Could the token be a name here? (A string is one where SQLite takes it.) */
bool sql_is_name(const sql_parser *p, const sql_lexeme *t);
/** Does [name] come next, in a dialect where brackets neither quote nor make arrays? */
bool sql_at_bracket_name(sql_parser *p);
/** Takes it, and reports how names are quoted here. */
sql_name sql_take_bracket_name(sql_parser *p);
/** Takes the next token as a name, reserved or not. */
sql_name sql_take_name(sql_parser *p);
/** Takes a name, or reports "expected …" and gives an absent one. */
sql_name sql_expect_name(sql_parser *p, const char *what);
/** [AS] alias; absent when there is none. `column`: of a column, not of a table. */
sql_name sql_parse_alias(sql_parser *p, bool column);
/** Does a word that begins a clause, of this or another dialect, come next? */
bool sql_at_clause(sql_parser *p);
/** Ends of a query: `)`, `;`, the end, a set operation. */
bool sql_at_query_end(sql_parser *p);
bool sql_at_query_start(sql_parser *p, unsigned n);
bool sql_at_set_op(sql_parser *p);

/* ── grammar ── */

sql_expr *sql_parse_expr(sql_parser *p);
/** An expression of operators that bind at least as tightly as `level`. */
sql_expr *sql_parse_level(sql_parser *p, int level);
sql_expr *sql_parse_primary(sql_parser *p);
/** The string literal that comes next. */
sql_expr *sql_parse_string(sql_parser *p);
/** A unit of time, in the singular or the plural? */
bool sql_is_unit(const sql_lexeme *t);
/** A type's words and its (n, m), as written; the empty text after an issue. */
str sql_parse_type(sql_parser *p);
/** name ( … ) and what may follow it; the name is in `e`, ( is next. */
sql_expr *sql_parse_call(sql_parser *p, sql_expr *e);
/** EXTRACT, TRIM, CAST … when the next tokens are one of these, else NULL. */
sql_expr *sql_parse_special_call(sql_parser *p);
/** Expressions up to a ) */
void sql_parse_expr_list(sql_parser *p, sql_exprs *list);
/** Expressions that any clause may follow. */
void sql_parse_open_list(sql_parser *p, sql_exprs *list);
/** After ORDER BY. */
void sql_parse_order_list(sql_parser *p, sql_orders *list);
/** After OVER, or WINDOW name AS. */
sql_window *sql_parse_window(sql_parser *p);
/** A whole query: WITH, body, set operations, ORDER BY, LIMIT. */
sql_query *sql_parse_query(sql_parser *p);
/** The ) of the query whose ( is at `from`; its span then covers both. */
void sql_parse_query_close(sql_parser *p, sql_query *q, uint32_t from);
/** WITH …; pushes onto q's CTEs. */
void sql_parse_with(sql_parser *p, sql_query *into);
/** The query that goes on after `left`, a query in parentheses that was already read. */
sql_query *sql_parse_query_rest(sql_parser *p, sql_query *left);
/** The body after WITH; its CTEs are in `with`, or NULL. */
sql_query *sql_parse_query_body(sql_parser *p, sql_query *with);
sql_query *sql_parse_select(sql_parser *p);
/** FROM before SELECT, or without one, as DuckDB has it. */
sql_query *sql_parse_from_first(sql_parser *p);
/** Rank of a SELECT clause in the order that they must come in; 0: the word begins none. */
int sql_clause_rank(sql_parser *p, sql_word w);
void sql_parse_clause(sql_parser *p, sql_query *q, sql_word w);
sql_from *sql_parse_from_list(sql_parser *p);
/** Turns the table into the call of a table function of that name; ( is next. */
void sql_become_call(sql_parser *p, sql_from *f);
/** `left` and the joins that follow it. */
sql_from *sql_parse_joins(sql_parser *p, sql_from *left);
bool sql_at_join(sql_parser *p);
/** a, b, c ) */
void sql_parse_names(sql_parser *p, sql_names *list);
bool sql_is_write_word(sql_word w);

#endif
