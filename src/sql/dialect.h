/* What one SQL dialect does differently: its reserved words, quoting, lexical forms, operator
 * levels and clauses, as data. Internal to sql/. */
#ifndef SQL_DIALECT_H
#define SQL_DIALECT_H

#include "sql/sql.h"

typedef enum sql_word {
  SQL_W_NONE,
#define W(word, marks) SQL_W_##word,
#include "sql/words.def"
#undef W
  SQL_N_WORDS
} sql_word;

/** The keyword that `s` spells in any case, or SQL_W_NONE. */
sql_word sql_word_find(str s);
/** Has the word this mark? See words.def. */
bool sql_word_marked(sql_word w, char mark);

/* Lexical forms. */
enum {
  SQL_LEX_BRACKET_NAME = 1 << 0,   /* [name] */
  SQL_LEX_DQUOTE_STRING = 1 << 1,  /* "text" */
  SQL_LEX_BACKSLASH = 1 << 2,      /* \ escapes in '…' */
  SQL_LEX_HASH_COMMENT = 1 << 3,   /* # to the end of the line */
  SQL_LEX_NESTED_COMMENT = 1 << 4, /* comments inside comments */
  SQL_LEX_DOLLAR_QUOTE = 1 << 5,   /* $tag$…$tag$ */
  SQL_LEX_E_STRING = 1 << 6,       /* E'…' */
  SQL_LEX_N_STRING = 1 << 7,       /* N'…' */
  SQL_LEX_Q_STRING = 1 << 8,       /* q'[…]' */
  SQL_LEX_B_STRING = 1 << 9,       /* b'0101' */
  SQL_LEX_DASH_SPACE = 1 << 10,    /* -- needs a space after it */
  SQL_LEX_HASH_NAME = 1 << 11,     /* #temporary */
  SQL_LEX_STRICT_NUMBER = 1 << 12, /* 1x is an error */
  SQL_LEX_DIGIT_NAME = 1 << 13,    /* 1x is a name */
  SQL_LEX_PG_OPERATORS = 1 << 14,  /* any run of operator characters is an operator */
  SQL_LEX_CODE_COMMENT = 1 << 15,  /* the text of a comment that opens with ! is executed */
  SQL_LEX_OPEN_COMMENT = 1 << 16,  /* a comment may end with the text */
  SQL_LEX_U_STRING = 1 << 17       /* U&'…', U&"…" */
};

/* Forms that a dialect has; what it lacks is understood and reported with a hint. */
enum {
  SQL_HAS_LIMIT = 1 << 0,       /* LIMIT n */
  SQL_HAS_LIMIT_COMMA = 1 << 1, /* LIMIT m, n */
  SQL_HAS_TOP = 1 << 2,         /* SELECT TOP n */
  SQL_HAS_FETCH = 1 << 3,       /* OFFSET m ROWS FETCH FIRST n ROWS ONLY */
  SQL_HAS_ILIKE = 1 << 4,
  SQL_HAS_CAST_COLONS = 1 << 5, /* x::type */
  SQL_HAS_QUALIFY = 1 << 6,
  SQL_HAS_DISTINCT_ON = 1 << 7,
  SQL_HAS_LATERAL = 1 << 8,
  SQL_HAS_TYPED = 1 << 9, /* DATE '2024-01-01' */
  SQL_HAS_INTERVAL = 1 << 10,
  SQL_HAS_APPLY = 1 << 11,       /* CROSS APPLY, OUTER APPLY */
  SQL_HAS_PAREN_SET = 1 << 12,   /* (SELECT …) UNION (SELECT …) */
  SQL_HAS_QUANTIFIED = 1 << 13,  /* x > ALL (SELECT …) */
  SQL_HAS_BOOL = 1 << 14,        /* TRUE, FALSE */
  SQL_HAS_FILTER = 1 << 15,      /* count(*) FILTER (WHERE …) */
  SQL_HAS_NULLS_ORDER = 1 << 16, /* ORDER BY x NULLS LAST */
  SQL_HAS_FULL_JOIN = 1 << 17,
  SQL_HAS_USING = 1 << 18,
  SQL_HAS_NATURAL = 1 << 19,
  SQL_HAS_MINUS = 1 << 20,         /* SELECT … MINUS SELECT … */
  SQL_HAS_GROUPING = 1 << 21,      /* GROUP BY ROLLUP (…), CUBE, GROUPING SETS */
  SQL_HAS_SPECIAL_CALLS = 1 << 22, /* EXTRACT(x FROM y), SUBSTRING(x FROM y), POSITION(x IN y) */
  SQL_HAS_ORDER_IN_CALL = 1 << 23, /* f(x ORDER BY y) */
  SQL_HAS_WITHIN_GROUP = 1 << 24,
  SQL_HAS_TRY_CAST = 1 << 25,
  SQL_HAS_TABLE_AS = 1 << 26, /* FROM t AS x */
  SQL_HAS_SET_ALL = 1 << 27   /* INTERSECT ALL, EXCEPT ALL */
};

/* How tightly things bind; one row of levels for a family of dialects. */
typedef enum sql_bind {
  SQL_BIND_OR,
  SQL_BIND_XOR,
  SQL_BIND_AND,
  SQL_BIND_NOT,
  SQL_BIND_IS,
  SQL_BIND_EQ,
  SQL_BIND_LT,
  SQL_BIND_IN, /* IN: also BETWEEN, LIKE and its kin */
  SQL_BIND_OTHER,
  SQL_BIND_BITOR,
  SQL_BIND_BITAND,
  SQL_BIND_SHIFT,
  SQL_BIND_ADD,
  SQL_BIND_MUL,
  SQL_BIND_POWER,
  SQL_BIND_CONCAT,
  SQL_BIND_JSON,
  SQL_BIND_AT,
  SQL_BIND_COLLATE,
  SQL_BIND_UNARY,
  SQL_BIND_POSTFIX,
  SQL_N_BINDS
} sql_bind;

typedef enum sql_fold { SQL_FOLD_NONE, SQL_FOLD_LOWER, SQL_FOLD_UPPER } sql_fold;

typedef struct sql_dialect {
  sql_dialect_id id;
  const char *name;
  const char *aliases; /* space-separated */
  char letter;         /* its mark in words.def */
  char quote;
  sql_fold fold; /* of unquoted names */
  bool mysql; /* MySQL or MariaDB: || is OR, XOR, DIV, <=>, SEPARATOR, GROUP BY … WITH ROLLUP */
  bool comma_is_join;   /* a comma binds as JOIN does; elsewhere it binds looser */
  bool intersect_first; /* INTERSECT binds tighter than UNION and EXCEPT */
  bool bare_names;      /* words marked j or n are names */
  bool any_type_prefix; /* any name before a string is its type */
  bool any_label;       /* after AS any word is a column's alias */
  unsigned lex, has;
  const uint8_t *binds;
} sql_dialect;

const sql_dialect *sql_dialect_get(sql_dialect_id id);
/** Does `d` reserve the word? */
bool sql_word_reserved(const sql_dialect *d, sql_word w);
/** The level of an operator; 0 is the loosest. */
static inline int sql_bind_level(const sql_dialect *d, sql_bind b) { return d->binds[b]; }
/** How the operator binds; `text` is the spelling of SQL_OP_OTHER. */
sql_bind sql_op_bind(sql_op op, str text);

#endif
