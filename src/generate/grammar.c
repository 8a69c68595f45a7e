/* The decoding grammar of a schema, and the one form in which it writes a query. Nesting is spelt
 * out level by level and every list has an end, so that whatever a decoder does it comes to one. */
#include "generate/grammar.h"

#include <stdio.h>

#include "generate/quote.h"

enum { DEEPEST = 3, GRAMMAR_BYTES = 16 << 20 };

/* ---- names ---- */

static void write_literal(buf *b, str text) {
  buf_add_c(b, '"');
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    if (c == '"' || c == '\\')
      buf_printf(b, "\\%c", c);
    else if ((unsigned char)c < ' ' || c == 127)
      buf_printf(b, "\\x%02X", (unsigned)c);
    else
      buf_add_c(b, c);
  }
  buf_add_c(b, '"');
}

/* A table's name the first time, then table_2, table_3. */
static str instance_name(const cat_table *t, int n, arena *a) {
  return n < 2 ? t->name : str_from(arena_printf(a, "%.*s_%d", STR_ARG(t->name), n));
}

static void write_tables(buf *b, const catalog *cat, const int *tables, int n, arena *a) {
  for (int i = 0; i < n; i++) {
    const cat_table *t = &cat->tables[tables[i]];
    str own = quote_name(t->name, cat->dialect, a);
    buf_printf(b, "t%d ::= ", i);
    write_literal(b, own);
    for (int k = 2; k <= GRAMMAR_MAX_INSTANCES; k++) {
      str again = quote_name(instance_name(t, k, a), cat->dialect, a);
      const char *as = cat->dialect == SQL_ORACLE ? "" : "AS ";
      buf_add_cstr(b, " | ");
      write_literal(b, str_from(arena_printf(a, "%.*s %s%.*s", STR_ARG(own), as, STR_ARG(again))));
    }
    buf_printf(b, "\na%d ::= ", i);
    for (int k = 1; k <= GRAMMAR_MAX_INSTANCES; k++) {
      if (k > 1) buf_add_cstr(b, " | ");
      write_literal(b, quote_name(instance_name(t, k, a), cat->dialect, a));
    }
    buf_printf(b, "\nc%d ::= a%d \".\" (", i, i);
    const char *between = "";
    for (int c = 0; c < t->n_columns; c++) {
      const cat_column *col = &cat->columns[t->first_column + c];
      if (col->hidden) continue;
      buf_add_cstr(b, between);
      write_literal(b, quote_name(col->name, cat->dialect, a));
      between = " | ";
    }
    buf_add_cstr(b, ")\n");
  }
  static const char *const lists[][2] = {{"table", "t"}, {"alias", "a"}, {"col", "c"}};
  for (size_t l = 0; l < 3; l++) {
    buf_printf(b, "%s ::=", lists[l][0]);
    for (int i = 0; i < n; i++) buf_printf(b, "%s %s%d", i ? " |" : "", lists[l][1], i);
    buf_add_c(b, '\n');
  }
}

/* ---- what does not depend on the schema ---- */

static const char leaves[] =
    "int ::= [0-9]{1,9}\n"
    "number ::= \"-\"? [0-9]{1,15} (\".\" [0-9]{1,10})?\n"
    "string ::= \"'\" ([^'\\n\\r] | \"''\"){0,80} \"'\"\n"
    "literal ::= number | string | \"NULL\" | \"TRUE\" | \"FALSE\"\n"
    "sign ::= \" + \" | \" - \" | \" * \" | \" / \" | \" || \"\n"
    "compare ::= \" = \" | \" <> \" | \" != \" | \" < \" | \" > \" | \" <= \" | \" >= \"\n"
    "like ::= \" LIKE \" | \" NOT LIKE \"\n"
    "type ::= \"INTEGER\" | \"REAL\" | \"TEXT\" | \"NUMERIC\" | \"DECIMAL\" | \"DATE\" | "
    "\"FLOAT\"\n"
    "aggregate ::= \"COUNT(\" | \"SUM(\" | \"AVG(\" | \"MIN(\" | \"MAX(\"\n"
    "simple ::= col | number | string | function | cast\n"
    "plain ::= simple (sign simple){0,2}\n"
    "cast ::= \"CAST(\" col \" AS \" type \")\"\n"
    "inner ::= (col | number | cast | function) (sign (col | number)){0,2}\n"
    "call ::= \"COUNT(*)\" | aggregate (\"DISTINCT \")? inner \")\" | \"ROUND(AVG(\" inner \"), \" "
    "int \")\"\n"
    "set ::= \" UNION \" | \" UNION ALL \" | \" INTERSECT \" | \" EXCEPT \"\n"
    "join ::= \" JOIN \" | \" LEFT JOIN \"\n"
    "on ::= col compare col (\" AND \" col compare (col | literal)){0,2}\n"
    "tables ::= table (join table \" ON \" on | \", \" table){0,6}\n";

/* Functions that a dialect has for dates and text, beside those that all have. */
static const char *functions_of(sql_dialect_id d) {
  switch (d) {
    case SQL_SQLITE:
      return "function ::= (\"LOWER(\" | \"UPPER(\" | \"LENGTH(\" | \"ABS(\" | \"DATE(\" | "
             "\"TRIM(\") col \")\" | \"STRFTIME(\" string \", \" col \")\" | \"SUBSTR(\" col \", "
             "\" "
             "int (\", \" int)? \")\"\n";
    case SQL_POSTGRES:
      return "function ::= (\"LOWER(\" | \"UPPER(\" | \"LENGTH(\" | \"ABS(\" | \"TRIM(\") col "
             "\")\" | \"EXTRACT(\" (\"YEAR\" | \"MONTH\" | \"DAY\") \" FROM \" col \")\" | "
             "\"DATE_TRUNC(\" string \", \" col \")\"\n";
    case SQL_MYSQL:
    case SQL_MARIADB:
    case SQL_TSQL:
    case SQL_DUCKDB:
    case SQL_TRINO:
      return "function ::= (\"LOWER(\" | \"UPPER(\" | \"ABS(\" | \"YEAR(\" | \"MONTH(\" | "
             "\"DAY(\") col \")\"\n";
    case SQL_ORACLE:
    case SQL_CLICKHOUSE:
    case SQL_N_DIALECTS:
      break;
  }
  return "function ::= (\"LOWER(\" | \"UPPER(\" | \"ABS(\") col \")\"\n";
}

/* ---- one level of nesting ---- */

static void write_level(buf *b, int d, sql_dialect_id dialect) {
  char sub[64] = "", in_sub[32] = "", from_sub[64] = "", exists[80] = "";
  if (d + 1 < DEEPEST) {
    snprintf(sub, sizeof sub, " | \"(\" q%d \")\"", d + 1);
    snprintf(in_sub, sizeof in_sub, "q%d | ", d + 1);
    snprintf(from_sub, sizeof from_sub, " | \"(\" q%d \")\" (\" AS \" [a-z])?", d + 1);
    snprintf(exists, sizeof exists, " | \"EXISTS (\" q%d \")\" | \"NOT EXISTS (\" q%d \")\"", d + 1,
             d + 1);
  }
  bool top = dialect == SQL_TSQL, fetch = dialect == SQL_ORACLE;
  buf_printf(b,
             "q%d ::= s%d (set s%d){0,2} (\" ORDER BY \" order%d (\", \" order%d){0,3})?%s\n"
             "order%d ::= value%d (\" ASC\" | \" DESC\")?\n",
             d, d, d, d, d,
             top     ? ""
             : fetch ? " (\" FETCH FIRST \" int \" ROWS ONLY\")?"
                     : " (\" LIMIT \" int (\" OFFSET \" int)?)?",
             d, d);
  buf_printf(b,
             "s%d ::= \"SELECT \" (\"DISTINCT \")? %s(\"*\" | item%d (\", \" item%d){0,11}) "
             "\" FROM \" (tables%s) (\" WHERE \" where%d)? (\" GROUP BY \" plain (\", \" "
             "plain){0,5})? (\" HAVING \" where%d)?\n"
             "item%d ::= value%d | alias \".*\"\n",
             d, top ? "(\"TOP \" int \" \")? " : "", d, d, from_sub, d, d, d, d);
  buf_printf(b,
             "term%d ::= col | call | literal | cast | function%s\n"
             "case%d ::= \"CASE\" (\" WHEN \" test%d \" THEN \" (col | literal)){1,4} (\" ELSE \" "
             "(col | literal))? \" END\"\n"
             "value%d ::= term%d (sign term%d){0,3} | case%d | (\"SUM(\" | \"COUNT(\") case%d "
             "\")\"\n",
             d, sub, d, d, d, d, d, d, d);
  buf_printf(b,
             "test%d ::= value%d compare value%d | value%d (\" BETWEEN \" | \" NOT BETWEEN \") "
             "plain \" AND \" plain | plain like string | plain (\" IN (\" | \" NOT IN (\") "
             "(%sliteral (\", \" literal){0,9}) \")\" | plain (\" IS NULL\" | \" IS NOT "
             "NULL\")%s\n",
             d, d, d, d, in_sub, exists);
  buf_printf(b,
             "group%d ::= (\"NOT \")? \"(\" test%d ((\" AND \" | \" OR \") test%d){0,4} \")\"\n"
             "where%d ::= (test%d | group%d) ((\" AND \" | \" OR \") (test%d | group%d)){0,7}\n",
             d, d, d, d, d, d, d, d);
}

str gen_grammar(const catalog *cat, const int *tables, int n_tables, arena *a) {
  buf b;
  buf_init(&b, GRAMMAR_BYTES);
  buf_add_cstr(&b, n_tables ? "root ::= q0 | \"CANNOT ANSWER\"\n" : "root ::= \"CANNOT ANSWER\"\n");
  if (n_tables) {
    for (int d = 0; d < DEEPEST; d++) write_level(&b, d, cat->dialect);
    buf_add_cstr(&b, leaves);
    buf_add_cstr(&b, functions_of(cat->dialect));
    write_tables(&b, cat, tables, n_tables, a);
  }
  str out = b.failed ? (str){0} : arena_str(a, buf_str(&b));
  buf_free(&b);
  return arena_failed(a) ? (str){0} : out;
}

/* ---- the canonical form ---- */

typedef struct renaming {
  const catalog *cat;
  arena *a;
  int *count;  /* [n_tables]: instances so far */
  bool global; /* counted over the whole statement, for queries that look outwards */
  bool too_many;
} renaming;

static sql_walk_next see_outward(void *ctx, sql_expr *e) {
  renaming *x = ctx;
  if (e->kind == SQL_COLUMN && e->bound.item && e->bound.depth > 0) x->global = true;
  return SQL_WALK_ON;
}

/* Names the tables of one FROM; queries in it are named when they are visited. */
static void name_tables(renaming *x, sql_from *f) {
  if (!f) return;
  if (f->kind == SQL_FROM_JOIN) {
    name_tables(x, f->left);
    name_tables(x, f->right);
  }
  if (f->kind != SQL_FROM_TABLE || f->table < 0) return;
  const cat_table *t = &x->cat->tables[f->table];
  int n = ++x->count[f->table];
  f->name = (sql_name){.text = t->name};
  f->alias = (sql_name){0};
  if (n > GRAMMAR_MAX_INSTANCES) x->too_many = true;
  if (n > 1) f->alias.text = instance_name(t, n, x->a);
}

static sql_walk_next name_query(void *ctx, sql_query *q) {
  renaming *x = ctx;
  for (int i = 0; i < x->cat->n_tables && !x->global; i++) x->count[i] = 0;
  name_tables(x, q->from);
  return SQL_WALK_ON;
}

static sql_walk_next name_column(void *ctx, sql_expr *e) {
  renaming *x = ctx;
  if (e->kind == SQL_CALL)
    for (size_t i = 0; i < e->name.text.len; i++) {
      char *copy = i ? (char *)(uintptr_t)e->name.text.ptr
                     : arena_strndup(x->a, e->name.text.ptr, e->name.text.len);
      if (!copy) return SQL_WALK_STOP;
      copy[i] = ascii_upper(copy[i]);
      e->name.text.ptr = copy;
    }
  if (e->kind == SQL_STAR && e->table.text.len && e->bound.item)
    e->table = e->bound.item->alias.text.len ? e->bound.item->alias : e->bound.item->name;
  if (e->kind != SQL_COLUMN || !e->bound.item || e->bound.table < 0 || e->bound.column < 0)
    return SQL_WALK_ON;
  const sql_from *f = e->bound.item;
  e->schema = (sql_name){0};
  e->table = f->alias.text.len ? f->alias : f->name;
  e->name = (sql_name){.text = x->cat->columns[e->bound.column].name};
  return SQL_WALK_ON;
}

str gen_grammar_canonical(sql_query *q, const catalog *cat, arena *a) {
  renaming x = {.cat = cat, .a = a, .count = ARENA_ARRAY(a, int, (size_t)cat->n_tables + 1)};
  if (!x.count) return (str){0};
  sql_walk_query(q, &(sql_visitor){.expr = see_outward, .ctx = &x});
  sql_walk_query(q, &(sql_visitor){.query = name_query, .ctx = &x});
  bool good = sql_walk_query(q, &(sql_visitor){.expr = name_column, .ctx = &x});
  return good && !x.too_many ? sql_print(q, cat->dialect, a) : (str){0};
}
