/* SQL text to tree and back. Knows syntax and dialects, no schema. */
#ifndef SQL_SQL_H
#define SQL_SQL_H

#include "base/arena.h"
#include "base/err.h"
#include "sql/ast.h"

typedef enum sql_dialect_id {
  SQL_SQLITE,
  SQL_POSTGRES,
  SQL_MYSQL,
  SQL_MARIADB,
  SQL_TSQL,
  SQL_ORACLE,
  SQL_DUCKDB,
  SQL_CLICKHOUSE,
  SQL_TRINO,
  SQL_N_DIALECTS
} sql_dialect_id;

/** By name or alias ("postgresql", "sqlserver", "mssql"), any case; false when unknown. */
bool sql_dialect_find(str name, sql_dialect_id *out);
const char *sql_dialect_name(sql_dialect_id d);
/** "…", `…` or […] as the dialect quotes identifiers. */
char sql_dialect_quote(sql_dialect_id d);
bool sql_is_reserved(sql_dialect_id d, str word);

/** Deepest nesting of expressions and queries that the parser follows; tallest tree that it
 *  builds, so that walks may recurse (a chain of a thousand ORs is a thousand high; SQLite's
 *  own limit is 1000); most issues that it lists; longest text, and most tokens, that
 *  it reads: what is longer is reported as too deep, and nothing behind it is read. */
enum {
  SQL_MAX_DEPTH = 200,
  SQL_MAX_HEIGHT = 1200,
  SQL_MAX_ISSUES = 200,
  SQL_MAX_TEXT = 32 * 1024 * 1024,
  SQL_MAX_TOKENS = 300 * 1000
};

/**
 * Read `text` whole. Wrong SQL is not an error: the tree holds what was
 * understood, `out->issues` what was not.
 *
 * Owns:    the tree lives in `a`, and points into `text`, which must outlive it.
 * Returns: EMEND_OK; EMEND_ENOMEM; EMEND_ELIMIT when `text` passes 32 MiB.
 */
emend_rc sql_parse(str text, sql_dialect_id dialect, arena *a, sql_parsed *out, emend_error *err);

/** The tree as text of `dialect`; identifiers are quoted only where they must be, and what the
 *  dialect spells otherwise is respelled (LIMIT, TOP, FETCH; ||, CONCAT; …). {NULL,0} when out
 *  of memory. Where parsing noted no issue, parsing the text again gives an equal tree; with
 *  issues, hints and other text that was not understood may be gone from it. */
str sql_print(const sql_query *q, sql_dialect_id dialect, arena *a);
str sql_print_expr(const sql_expr *e, sql_dialect_id dialect, arena *a);

/** The statement on one line, comments left out; a string that holds line breaks keeps them.
 *  {NULL,0} when out of memory. */
str sql_one_line(str text, sql_dialect_id dialect, arena *a);

/** Structural equality, spans and redundant parentheses ignored, identifiers case-folded. */
bool sql_equal(const sql_query *x, const sql_query *y);

/** Literals out, names kept, case and spacing folded: equal for queries that differ in
 *  values alone. 64 bits of it as 16 hex digits in `out`. */
emend_rc sql_fingerprint(const sql_query *q, arena *a, char out[17]);

/** What a walk does after visiting a node. */
typedef enum sql_walk_next { SQL_WALK_ON, SQL_WALK_SKIP, SQL_WALK_STOP } sql_walk_next;

/** Callbacks may be NULL. Each node is visited before its children, in source order
 *  (CTEs, select list, FROM with ON, WHERE, GROUP BY, HAVING, windows, ORDER BY, LIMIT). */
typedef struct sql_visitor {
  sql_walk_next (*expr)(void *ctx, sql_expr *e);
  sql_walk_next (*query)(void *ctx, sql_query *q);
  sql_walk_next (*from)(void *ctx, sql_from *f);
  void *ctx;
} sql_visitor;

/** False when a callback stopped it. Nested queries are entered unless skipped. */
bool sql_walk_query(sql_query *q, const sql_visitor *v);
bool sql_walk_expr(sql_expr *e, const sql_visitor *v);
bool sql_walk_from(sql_from *f, const sql_visitor *v);

/** Builders, for trees that are made rather than parsed. NULL when out of memory. */
sql_expr *sql_new_expr(arena *a, sql_expr_kind kind);
sql_expr *sql_new_column(arena *a, str table, str name);
sql_expr *sql_new_number(arena *a, str text);
sql_expr *sql_new_string(arena *a, str text);
sql_expr *sql_new_call(arena *a, str name, sql_expr *arg); /* arg NULL: name(*) */
sql_expr *sql_new_binary(arena *a, sql_op op, sql_expr *left, sql_expr *right);
sql_query *sql_new_query(arena *a, sql_query_kind kind);
sql_from *sql_new_from(arena *a, sql_from_kind kind);

/** Tokens, for highlighting, fingerprints and safety scans. */
typedef enum sql_token_kind {
  SQL_TOK_END,
  SQL_TOK_WORD,
  SQL_TOK_QUOTED,
  SQL_TOK_NUMBER,
  SQL_TOK_STRING,
  SQL_TOK_BLOB,
  SQL_TOK_PARAM,
  SQL_TOK_OP,
  SQL_TOK_BAD
} sql_token_kind;
typedef struct sql_token {
  sql_token_kind kind;
  sql_span span;
  str raw; /* as written, quotes included */
} sql_token;
/** The token at or after `*pos`, comments and white space passed over; advances *pos. */
sql_token sql_next_token(str text, sql_dialect_id dialect, size_t *pos);

#endif
