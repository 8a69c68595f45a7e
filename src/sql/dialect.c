/* The table of dialects and the table of words. Facts only; the parser and the printer act
 * on them. Sources: each system's manual (SQLite 3.40, PostgreSQL 16, MySQL 8, MariaDB 10.11,
 * SQL Server 2022, Oracle 19c, DuckDB 1, ClickHouse 24, Trino 440). */
#include "sql/dialect.h"

#include <string.h>

enum {
  STANDARD = SQL_HAS_TYPED | SQL_HAS_INTERVAL | SQL_HAS_PAREN_SET | SQL_HAS_QUANTIFIED |
             SQL_HAS_FULL_JOIN | SQL_HAS_USING | SQL_HAS_NATURAL | SQL_HAS_NULLS_ORDER |
             SQL_HAS_GROUPING | SQL_HAS_SPECIAL_CALLS | SQL_HAS_TABLE_AS | SQL_HAS_BOOL,
  MYSQL = SQL_HAS_LIMIT | SQL_HAS_LIMIT_COMMA | SQL_HAS_TYPED | SQL_HAS_INTERVAL |
          SQL_HAS_PAREN_SET | SQL_HAS_QUANTIFIED | SQL_HAS_BOOL | SQL_HAS_USING | SQL_HAS_NATURAL |
          SQL_HAS_SPECIAL_CALLS | SQL_HAS_ORDER_IN_CALL | SQL_HAS_TABLE_AS | SQL_HAS_SET_ALL,
  MYSQL_LEX = SQL_LEX_BRACKET_NAME | SQL_LEX_DQUOTE_STRING | SQL_LEX_BACKSLASH |
              SQL_LEX_HASH_COMMENT | SQL_LEX_N_STRING | SQL_LEX_B_STRING | SQL_LEX_DASH_SPACE |
              SQL_LEX_DIGIT_NAME | SQL_LEX_CODE_COMMENT
};

/* How tightly operators bind, loosest 1, in the order of sql_bind: OR XOR AND NOT, IS EQ LT IN,
 * OTHER BITOR BITAND SHIFT, ADD MUL POWER CONCAT JSON, AT COLLATE UNARY POSTFIX. */
typedef uint8_t binds[SQL_N_BINDS];
static const binds SQLITE_BINDS = {1, 1, 2, 3, 4, 4, 5,  4,  9,  6, 6,
                                   6, 7, 8, 9, 9, 9, 10, 10, 11, 12};
static const binds PG_BINDS = {1, 1, 2, 3, 4, 5, 5, 6, 7, 7, 7, 7, 8, 9, 10, 7, 7, 11, 12, 13, 14};
static const binds MYSQL_BINDS = {1, 2,  3,  4,  5, 5,  5,  6,  10, 7, 8,
                                  9, 10, 11, 12, 1, 15, 13, 14, 13, 16};
static const binds TSQL_BINDS = {1, 1, 2, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5, 6, 5, 5, 5, 8, 8, 7, 9};
static const binds ORACLE_BINDS = {1, 1, 2, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5, 6, 7, 5, 5, 8, 8, 7, 9};

static const sql_dialect DIALECTS[SQL_N_DIALECTS] = {
    {.id = SQL_SQLITE,
     .name = "sqlite",
     .aliases = "sqlite3",
     .letter = 'S',
     .quote = '"',
     .comma_is_join = true,
     .bare_names = true,
     .lex = SQL_LEX_BRACKET_NAME | SQL_LEX_STRICT_NUMBER | SQL_LEX_OPEN_COMMENT,
     .has = SQL_HAS_LIMIT | SQL_HAS_LIMIT_COMMA | SQL_HAS_BOOL | SQL_HAS_FILTER |
            SQL_HAS_NULLS_ORDER | SQL_HAS_FULL_JOIN | SQL_HAS_USING | SQL_HAS_NATURAL |
            SQL_HAS_TABLE_AS,
     .binds = SQLITE_BINDS},
    {.id = SQL_POSTGRES,
     .name = "postgres",
     .aliases = "postgresql pg cockroachdb redshift yugabytedb",
     .letter = 'P',
     .quote = '"',
     .fold = SQL_FOLD_LOWER,
     .intersect_first = true,
     .any_type_prefix = true,
     .any_label = true,
     .lex = SQL_LEX_NESTED_COMMENT | SQL_LEX_DOLLAR_QUOTE | SQL_LEX_E_STRING | SQL_LEX_N_STRING |
            SQL_LEX_B_STRING | SQL_LEX_STRICT_NUMBER | SQL_LEX_PG_OPERATORS | SQL_LEX_U_STRING,
     .has = STANDARD | SQL_HAS_LIMIT | SQL_HAS_FETCH | SQL_HAS_ILIKE | SQL_HAS_CAST_COLONS |
            SQL_HAS_DISTINCT_ON | SQL_HAS_LATERAL | SQL_HAS_FILTER | SQL_HAS_ORDER_IN_CALL |
            SQL_HAS_WITHIN_GROUP | SQL_HAS_SET_ALL,
     .binds = PG_BINDS},
    {.id = SQL_MYSQL,
     .name = "mysql",
     .aliases = "tidb singlestore starrocks doris",
     .letter = 'M',
     .quote = '`',
     .mysql = true,
     .intersect_first = true,
     .lex = MYSQL_LEX,
     .has = MYSQL | SQL_HAS_LATERAL,
     .binds = MYSQL_BINDS},
    {.id = SQL_MARIADB,
     .name = "mariadb",
     .aliases = "",
     .letter = 'A',
     .quote = '`',
     .mysql = true,
     .intersect_first = true,
     .lex = MYSQL_LEX,
     .has = MYSQL | SQL_HAS_FETCH,
     .binds = MYSQL_BINDS},
    {.id = SQL_TSQL,
     .name = "tsql",
     .aliases = "sqlserver mssql t-sql azuresql synapse",
     .letter = 'T',
     .quote = '[',
     .intersect_first = true,
     .lex = SQL_LEX_BRACKET_NAME | SQL_LEX_N_STRING | SQL_LEX_NESTED_COMMENT | SQL_LEX_HASH_NAME,
     .has = SQL_HAS_TOP | SQL_HAS_FETCH | SQL_HAS_APPLY | SQL_HAS_PAREN_SET | SQL_HAS_QUANTIFIED |
            SQL_HAS_FULL_JOIN | SQL_HAS_GROUPING | SQL_HAS_WITHIN_GROUP | SQL_HAS_TRY_CAST |
            SQL_HAS_TABLE_AS,
     .binds = TSQL_BINDS},
    {.id = SQL_ORACLE,
     .name = "oracle",
     .aliases = "oracledb",
     .letter = 'O',
     .quote = '"',
     .fold = SQL_FOLD_UPPER,
     .lex = SQL_LEX_N_STRING | SQL_LEX_Q_STRING | SQL_LEX_HASH_NAME,
     .has = (STANDARD & ~(SQL_HAS_TABLE_AS | SQL_HAS_BOOL)) | SQL_HAS_FETCH | SQL_HAS_LATERAL |
            SQL_HAS_APPLY | SQL_HAS_MINUS | SQL_HAS_WITHIN_GROUP,
     .binds = ORACLE_BINDS},
    {.id = SQL_DUCKDB,
     .name = "duckdb",
     .aliases = "motherduck",
     .letter = 'D',
     .quote = '"',
     .intersect_first = true,
     .any_label = true,
     .lex = SQL_LEX_NESTED_COMMENT | SQL_LEX_DOLLAR_QUOTE | SQL_LEX_E_STRING | SQL_LEX_B_STRING,
     .has = STANDARD | SQL_HAS_LIMIT | SQL_HAS_ILIKE | SQL_HAS_CAST_COLONS | SQL_HAS_QUALIFY |
            SQL_HAS_DISTINCT_ON | SQL_HAS_LATERAL | SQL_HAS_FILTER | SQL_HAS_ORDER_IN_CALL |
            SQL_HAS_WITHIN_GROUP | SQL_HAS_TRY_CAST | SQL_HAS_FETCH | SQL_HAS_SET_ALL,
     .binds = PG_BINDS},
    {.id = SQL_CLICKHOUSE,
     .name = "clickhouse",
     .aliases = "",
     .letter = 'C',
     .quote = '`',
     .intersect_first = true,
     .any_label = true,
     .lex = SQL_LEX_BACKSLASH | SQL_LEX_HASH_COMMENT | SQL_LEX_DOLLAR_QUOTE,
     .has = STANDARD | SQL_HAS_LIMIT | SQL_HAS_LIMIT_COMMA | SQL_HAS_ILIKE | SQL_HAS_CAST_COLONS |
            SQL_HAS_QUALIFY | SQL_HAS_DISTINCT_ON | SQL_HAS_FILTER | SQL_HAS_FETCH |
            SQL_HAS_SET_ALL,
     .binds = PG_BINDS},
    {.id = SQL_TRINO,
     .name = "trino",
     .aliases = "presto athena",
     .letter = 'R',
     .quote = '"',
     .intersect_first = true,
     .any_type_prefix = true,
     .lex = SQL_LEX_U_STRING,
     .has = STANDARD | SQL_HAS_LIMIT | SQL_HAS_FETCH | SQL_HAS_LATERAL | SQL_HAS_FILTER |
            SQL_HAS_ORDER_IN_CALL | SQL_HAS_WITHIN_GROUP | SQL_HAS_TRY_CAST | SQL_HAS_SET_ALL,
     .binds = PG_BINDS},
};

const sql_dialect *sql_dialect_get(sql_dialect_id id) {
  return &DIALECTS[(unsigned)id < SQL_N_DIALECTS ? id : SQL_SQLITE];
}

const char *sql_dialect_name(sql_dialect_id d) { return sql_dialect_get(d)->name; }

char sql_dialect_quote(sql_dialect_id d) { return sql_dialect_get(d)->quote; }

static bool listed(const char *list, str name) {
  for (str rest = str_from(list); rest.len;) {
    size_t end = str_find(rest, STR(" "), 0);
    if (end > rest.len) end = rest.len;
    if (str_eq_nocase(str_slice(rest, 0, end), name)) return true;
    rest = str_slice(rest, end < rest.len ? end + 1 : end, rest.len);
  }
  return false;
}

bool sql_dialect_find(str name, sql_dialect_id *out) {
  for (int i = 0; i < SQL_N_DIALECTS; i++) {
    if (!str_eq_nocase(str_from(DIALECTS[i].name), name) && !listed(DIALECTS[i].aliases, name))
      continue;
    *out = DIALECTS[i].id;
    return true;
  }
  return false;
}

/* ── words ─────────────────────────────────────────────────────────────────── */

static const struct {
  const char *text, *marks;
  uint8_t len;
} WORDS[SQL_N_WORDS] = {
    {"", "", 0},
#define W(word, marks) {#word, marks, sizeof(#word) - 1},
#include "sql/words.def"
#undef W
};

enum { LONGEST_WORD = 20 };

/* First word at or after each letter, so that a search looks at one letter's words only. */
static const uint16_t FIRST[27] = {
    SQL_W_ABORT,    SQL_W_BACKUP,    SQL_W_CALL,      SQL_W_DATABASE,   SQL_W_EACH,
    SQL_W_FALSE,    SQL_W_GENERATED, SQL_W_HANDLER,   SQL_W_IDENTIFIED, SQL_W_JOIN,
    SQL_W_KEEP,     SQL_W_LABEL,     SQL_W_MATCH,     SQL_W_NAME,       SQL_W_OF,
    SQL_W_PAGLOCK,  SQL_W_QUALIFY,   SQL_W_RAISERROR, SQL_W_SAFE_CAST,  SQL_W_TABLE,
    SQL_W_UESCAPE,  SQL_W_VACUUM,    SQL_W_WAITFOR,   SQL_W_XLOCK,      SQL_W_YEAR,
    SQL_W_ZEROFILL, SQL_N_WORDS};

sql_word sql_word_find(str s) {
  char up[LONGEST_WORD];
  if (s.len < 2 || s.len > LONGEST_WORD || !ascii_is_alpha(s.ptr[0])) return SQL_W_NONE;
  for (size_t i = 0; i < s.len; i++) {
    char c = ascii_upper(s.ptr[i]);
    if (!(c >= 'A' && c <= 'Z') && c != '_' && !ascii_is_digit(c)) return SQL_W_NONE;
    up[i] = c;
  }
  size_t low = FIRST[up[0] - 'A'], high = FIRST[up[0] - 'A' + 1];
  while (low < high) {
    size_t mid = (low + high) / 2, n = WORDS[mid].len < s.len ? WORDS[mid].len : s.len;
    int order = memcmp(WORDS[mid].text, up, n);
    if (order == 0) order = (int)WORDS[mid].len - (int)s.len;
    if (order == 0) return (sql_word)mid;
    if (order < 0)
      low = mid + 1;
    else
      high = mid;
  }
  return SQL_W_NONE;
}

bool sql_word_marked(sql_word w, char mark) { return strchr(WORDS[w].marks, mark) != NULL; }

bool sql_word_reserved(const sql_dialect *d, sql_word w) { return sql_word_marked(w, d->letter); }

bool sql_is_reserved(sql_dialect_id d, str word) {
  return sql_word_reserved(sql_dialect_get(d), sql_word_find(word));
}

sql_bind sql_op_bind(sql_op op, str text) {
  switch (op) {
    case SQL_OP_OR:
      return SQL_BIND_OR;
    case SQL_OP_AND:
      return SQL_BIND_AND;
    case SQL_OP_NOT:
      return SQL_BIND_NOT;
    case SQL_OP_NEG:
    case SQL_OP_POS:
    case SQL_OP_BITNOT:
      return SQL_BIND_UNARY;
    case SQL_OP_ADD:
    case SQL_OP_SUB:
      return SQL_BIND_ADD;
    case SQL_OP_MUL:
    case SQL_OP_DIV:
    case SQL_OP_MOD:
      return SQL_BIND_MUL;
    case SQL_OP_CONCAT:
      return SQL_BIND_CONCAT;
    case SQL_OP_BITAND:
      return SQL_BIND_BITAND;
    case SQL_OP_BITOR:
      return SQL_BIND_BITOR;
    case SQL_OP_SHL:
    case SQL_OP_SHR:
      return SQL_BIND_SHIFT;
    case SQL_OP_JSON:
    case SQL_OP_JSON_TEXT:
      return SQL_BIND_JSON;
    case SQL_OP_EQ:
    case SQL_OP_NE:
      return SQL_BIND_EQ;
    case SQL_OP_LT:
    case SQL_OP_LE:
    case SQL_OP_GT:
    case SQL_OP_GE:
      return SQL_BIND_LT;
    case SQL_OP_IS:
    case SQL_OP_DISTINCT_FROM:
      return SQL_BIND_IS;
    case SQL_OP_LIKE:
    case SQL_OP_ILIKE:
    case SQL_OP_GLOB:
    case SQL_OP_REGEXP:
    case SQL_OP_MATCH:
    case SQL_OP_SIMILAR:
      return SQL_BIND_IN;
    case SQL_OP_NONE:
    case SQL_OP_OTHER:
      break;
  }
  if (str_eq(text, STR("XOR"))) return SQL_BIND_XOR;
  if (str_eq(text, STR("DIV")) || str_eq(text, STR("//"))) return SQL_BIND_MUL;
  if (str_eq(text, STR("^")) || str_eq(text, STR("**"))) return SQL_BIND_POWER;
  if (str_eq(text, STR("AT TIME ZONE"))) return SQL_BIND_AT;
  if (str_eq(text, STR("[]")) || str_eq(text, STR("(+)"))) return SQL_BIND_POSTFIX;
  if (str_eq(text, STR("=>")) || str_eq(text, STR(":="))) return SQL_BIND_OR;
  return SQL_BIND_OTHER;
}
