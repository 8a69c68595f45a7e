/* The SQL tree: what a parsed query is made of, in every dialect.
 * Nodes live in the arena given to the parser; text in them points into the
 * SQL that was parsed or into that arena. Nothing here knows a schema: the
 * `bound` fields are filled in by check/bind. */
#ifndef SQL_AST_H
#define SQL_AST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/vec.h"

/** Bytes [from, to) of the SQL text; {0,0} on nodes that were built, not parsed. The span of a
 *  parenthesised expression or query covers its parentheses. */
typedef struct sql_span {
  uint32_t from, to;
} sql_span;

/** An identifier: `text` is decoded (quotes off, doubled quotes single). */
typedef struct sql_name {
  str text; /* ptr NULL: absent */
  sql_span span;
  char quote; /* 0, '"', '`' or '[' as it was written; '\'' where SQLite lets a string be a name */
} sql_name;
typedef VEC(sql_name) sql_names;

typedef struct sql_expr sql_expr;
typedef struct sql_query sql_query;
typedef struct sql_from sql_from;

typedef VEC(sql_expr *) sql_exprs;

typedef enum sql_op {
  SQL_OP_NONE,
  /* unary */
  SQL_OP_NOT,
  SQL_OP_NEG,
  SQL_OP_POS,
  SQL_OP_BITNOT,
  /* binary, arithmetic and text */
  SQL_OP_ADD,
  SQL_OP_SUB,
  SQL_OP_MUL,
  SQL_OP_DIV,
  SQL_OP_MOD,
  SQL_OP_CONCAT,
  SQL_OP_BITAND,
  SQL_OP_BITOR,
  SQL_OP_SHL,
  SQL_OP_SHR,
  SQL_OP_JSON,
  SQL_OP_JSON_TEXT, /* -> and ->> */
  /* comparison */
  SQL_OP_EQ,
  SQL_OP_NE,
  SQL_OP_LT,
  SQL_OP_LE,
  SQL_OP_GT,
  SQL_OP_GE,
  SQL_OP_IS, /* x IS y, IS NOT (negated); IS DISTINCT FROM: SQL_OP_DISTINCT_FROM */
  SQL_OP_DISTINCT_FROM,
  /* pattern; a third argument is ESCAPE */
  SQL_OP_LIKE,
  SQL_OP_ILIKE,
  SQL_OP_GLOB,
  SQL_OP_REGEXP,
  SQL_OP_MATCH,
  SQL_OP_SIMILAR,
  /* logic */
  SQL_OP_AND,
  SQL_OP_OR,
  SQL_OP_OTHER /* an operator of a dialect; its spelling is in `text`: "~*", "AT TIME ZONE", "DIV";
                * "[]" is a subscript, "(+)" Oracle's outer mark, which follows its operand */
} sql_op;

typedef enum sql_expr_kind {
  SQL_NULL,
  SQL_BOOL,       /* text: TRUE or FALSE */
  SQL_NUMBER,     /* text as written */
  SQL_STRING,     /* text decoded; quote is '\'' or, where a dialect reads "…" as text, '"' */
  SQL_BLOB,       /* text as written: X'…' */
  SQL_PARAM,      /* text as written: ?, ?1, :name, @name, $1 */
  SQL_TYPED,      /* DATE '2024-01-01', INTERVAL '1' DAY: name = type, args[0], text = unit words */
  SQL_COLUMN,     /* [[schema.]table.]name */
  SQL_STAR,       /* * or table.* */
  SQL_UNARY,      /* op args[0] */
  SQL_BINARY,     /* args[0] op args[1] [ESCAPE args[2]]; `negated` for NOT LIKE, IS NOT */
  SQL_IS_NULL,    /* args[0] IS [NOT] NULL, ISNULL, NOTNULL */
  SQL_BETWEEN,    /* args[0] [NOT] BETWEEN args[1] AND args[2] */
  SQL_IN,         /* args[0] [NOT] IN (args[1..]) or, with query set, IN (query) */
  SQL_EXISTS,     /* [NOT] EXISTS (query) */
  SQL_SUBQUERY,   /* (query) as a value */
  SQL_QUANTIFIED, /* op ANY/ALL/SOME (query or args[1]): args[0] op; text = the word */
  SQL_CASE,       /* CASE [base] (WHEN THEN)* [ELSE] END, args in that order; has_base, has_else */
  SQL_CAST,    /* CAST(args[0] AS type) and x::type; type in `text`; name: TRY_CAST or the like */
  SQL_CALL,    /* [schema.[table.]]name(args) with distinct, star, filter, over, order_by;
                * or, with query set, name(query). Where words stand between the arguments,
                * `text` is their pattern with % for each argument: EXTRACT is "YEAR FROM %",
                * TRIM "BOTH % FROM %"; arguments past the pattern follow after commas:
                * DATEADD is "DAY". "SEPARATOR": the last argument is what follows that word.
                * quote '[': name[args], as in ARRAY[1, 2] */
  SQL_COLLATE, /* args[0] COLLATE name */
  SQL_ROW,     /* (a, b, …), at least two */
  SQL_UNKNOWN  /* a span that the parser does not know; `text` is its raw text, and what it
                * understood inside is in `args` */
} sql_expr_kind;

typedef struct sql_order {
  sql_expr *expr;
  bool desc;
  int nulls; /* 0 unsaid, 1 FIRST, 2 LAST */
  sql_span span;
} sql_order;
typedef VEC(sql_order) sql_orders;

typedef struct sql_window {
  sql_name name; /* in WINDOW name AS (…), or OVER name */
  sql_name base; /* OVER (base …) */
  sql_exprs partition_by;
  sql_orders order_by;
  str frame; /* ROWS/RANGE/GROUPS …, with % for each of frame_args; empty without */
  sql_exprs frame_args;
  sql_span span;
} sql_window;
typedef VEC(sql_window *) sql_windows;

/** Where a column reference leads; filled in by check_bind.
 *  With `alias` set the word names that item of a select list and `item` is NULL. */
typedef struct sql_binding {
  sql_from *item; /* NULL: not resolved, or an alias */
  int table;      /* table index in the catalog, or -1 for a derived table or CTE */
  int column;     /* column index in the catalog; for a derived table its output ordinal; or -1
                     (rowid, or a table whose columns are not known) */
  int depth;      /* 0: own query; 1: the query around it; … */
  struct sql_item *alias;
} sql_binding;

struct sql_expr {
  sql_expr_kind kind;
  sql_op op;
  sql_span span;
  sql_span op_span;
  /* SQL_COLUMN, SQL_STAR (table only), SQL_CALL, SQL_COLLATE, SQL_TYPED */
  sql_name schema, table, name;
  str text;
  char quote;
  bool negated, distinct, star; /* star: f(*) */
  bool has_base, has_else;
  bool parenthesized; /* was written inside its own ( ) */
  bool bare;          /* a call written without ( ): CURRENT_DATE */
  uint16_t height;    /* levels of nodes below, counted by the parser */
  int nulls;          /* inside a call: 0 unsaid, 1 IGNORE NULLS, 2 RESPECT NULLS */
  sql_exprs args;
  sql_query *query;
  sql_orders order_by; /* inside an aggregate call */
  bool within_group;   /* that order_by came as WITHIN GROUP (…) */
  sql_expr *filter;
  sql_window *over;
  sql_binding bound;
};

typedef struct sql_item { /* one of the select list */
  sql_expr *expr;
  sql_name alias; /* text.ptr NULL: none */
  sql_span span;
} sql_item;

typedef enum sql_from_kind {
  SQL_FROM_TABLE,
  SQL_FROM_QUERY,
  SQL_FROM_CALL,
  SQL_FROM_JOIN,
  SQL_FROM_VALUES_, /* VALUES (…) without parentheses around it: `query` */
  SQL_FROM_UNKNOWN  /* raw text; what was understood of it in `call` or `left` */
} sql_from_kind;

typedef enum sql_join_kind {
  SQL_JOIN_COMMA,
  SQL_JOIN_INNER,
  SQL_JOIN_LEFT,
  SQL_JOIN_RIGHT,
  SQL_JOIN_FULL,
  SQL_JOIN_CROSS
} sql_join_kind;

struct sql_cte;
struct sql_from {
  sql_from_kind kind;
  sql_span span;
  sql_name database, schema, name; /* SQL_FROM_TABLE; T-SQL's database..table has no schema */
  sql_name alias;                  /* also of a parenthesised join */
  sql_names column_aliases;
  VEC(str) column_types; /* PostgreSQL: AS t (a int, b text), as written; empty without */
  sql_query *query;      /* SQL_FROM_QUERY */
  bool lateral;
  sql_expr *call;     /* SQL_FROM_CALL */
  sql_join_kind join; /* SQL_FROM_JOIN, left-deep as written */
  bool natural;
  sql_from *left, *right;
  sql_expr *on;
  sql_names using_names;
  sql_name using_alias; /* PostgreSQL: USING (…) AS name */
  sql_span join_span;   /* the join's keywords or comma */
  sql_name indexed_by;  /* SQLite: INDEXED BY name */
  bool not_indexed;     /* SQLite: NOT INDEXED */
  bool ordinality;      /* WITH ORDINALITY */
  bool asof;            /* ASOF JOIN */
  uint16_t height;
  str text;            /* SQL_FROM_UNKNOWN: raw */
  int table;           /* bound: index in the catalog, or -1 */
  struct sql_cte *cte; /* bound: the CTE that the name means, or NULL */
};

typedef struct sql_cte {
  sql_name name;
  sql_names columns;
  sql_query *query;
  int materialized; /* 0 unsaid, 1 MATERIALIZED, 2 NOT MATERIALIZED */
  bool more;        /* gives columns that its query does not: SEARCH, CYCLE */
  bool scalar;      /* ClickHouse's WITH expr AS name: SELECT expr, whose name is a value */
  sql_span span;
} sql_cte;

typedef enum sql_query_kind { SQL_SELECT, SQL_VALUES, SQL_COMPOUND } sql_query_kind;
typedef enum sql_set_op {
  SQL_UNION,
  SQL_UNION_ALL,
  SQL_INTERSECT,
  SQL_EXCEPT,
  SQL_INTERSECT_ALL,
  SQL_EXCEPT_ALL
} sql_set_op;
typedef enum sql_limit_form {
  SQL_LIMIT_NONE,
  SQL_LIMIT_WORD,
  SQL_LIMIT_COMMA,
  SQL_LIMIT_TOP,
  SQL_LIMIT_FETCH
} sql_limit_form;

struct sql_query {
  sql_query_kind kind;
  sql_span span;
  bool parenthesized;
  /* WITH */
  bool recursive;
  VEC(sql_cte *) ctes;
  /* SQL_COMPOUND: left-associative as the dialect parses it */
  sql_set_op set_op;
  sql_span op_span;
  sql_query *left, *right;
  /* SQL_SELECT */
  bool distinct;
  sql_exprs distinct_on;
  VEC(sql_item) items;
  sql_from *from; /* NULL: no FROM */
  sql_expr *where;
  sql_exprs group_by;
  sql_span group_span;
  sql_expr *having;
  sql_windows windows;
  sql_expr *qualify;
  /* SQL_VALUES: each a SQL_ROW */
  sql_exprs rows;
  /* all kinds */
  sql_orders order_by;
  sql_expr *limit, *offset;
  sql_limit_form limit_form;
  bool limit_percent, limit_ties; /* TOP n PERCENT WITH TIES, FETCH FIRST n ROWS WITH TIES */
  sql_exprs limit_by;             /* ClickHouse: LIMIT by_limit BY …, before the other LIMIT */
  sql_expr *by_limit;
  uint16_t height;
  sql_span limit_span;
  struct check_scope *scope; /* bound: what its names mean; check's own, opaque elsewhere */
};

/** First word decides; what is not a query keeps only its verb and span. */
typedef enum sql_statement_kind {
  SQL_STMT_QUERY,   /* SELECT, VALUES, WITH … SELECT */
  SQL_STMT_WRITE,   /* INSERT, UPDATE, DELETE, REPLACE, MERGE, CREATE, DROP, ALTER, TRUNCATE,
                       WITH … DELETE */
  SQL_STMT_SESSION, /* SET, PRAGMA, ATTACH, BEGIN, COMMIT, GRANT, CALL, EXPLAIN, … */
  SQL_STMT_UNKNOWN  /* anything else, prose included */
} sql_statement_kind;

typedef struct sql_statement {
  sql_statement_kind kind;
  str verb; /* the word that decided, as written */
  sql_span span;
  sql_query *query; /* SQL_STMT_QUERY; never NULL then, even after syntax errors */
} sql_statement;

/** Something the parser noticed. Wrong input still yields a tree. */
typedef enum sql_issue_kind {
  SQL_ISSUE_SYNTAX,  /* cannot be right in this dialect: `message` says what was expected */
  SQL_ISSUE_UNKNOWN, /* not understood; the database decides */
  SQL_ISSUE_DIALECT, /* understood, but it is another dialect's form: `hint` is ours */
  SQL_ISSUE_TOO_DEEP,
  SQL_ISSUE_WRITE /* a write, lock or session keyword inside a query: SELECT INTO,
                     FOR UPDATE, DML in a CTE */
} sql_issue_kind;

typedef struct sql_issue {
  sql_issue_kind kind;
  sql_span span;
  const char *message; /* static or in the arena */
  const char *hint;    /* what to write instead, or NULL */
} sql_issue;

typedef struct sql_parsed {
  str text;
  VEC(sql_statement) statements; /* empty ones (a trailing ;) left out */
  VEC(sql_issue) issues;         /* in source order */
} sql_parsed;

#endif
