/* What holds of one SELECT's rows: conditions that all rows meet, columns that are equal, columns
 * that are fixed, and which sets of columns name at most one row of a table. The checks of meaning
 * reason from these. */
#ifndef CHECK_FACTS_H
#define CHECK_FACTS_H

#include "check/context.h"

/** One AND-ed condition of WHERE (join NULL) or of a join's ON. */
typedef struct fact_cond {
  sql_expr *expr;
  const sql_from *join;
} fact_cond;

/** A column of the SELECT's own FROM: which item, and its column as in sql_binding. */
typedef struct fact_column {
  size_t item;
  int column;
} fact_column;

typedef struct fact_equal {
  fact_column x, y;
  const sql_expr *expr; /* x = y; NULL for USING and NATURAL */
  const sql_from *join; /* NULL: in WHERE */
} fact_equal;

typedef struct query_facts {
  check_ctx *c;
  const check_scope *scope;
  sql_query *query;
  VEC(fact_cond) conds;
  VEC(fact_equal) equals;
  VEC(fact_column) fixed; /* equal to a literal, a parameter or a column of an outer query */
} query_facts;

/** False when out of memory. `q` is a bound SELECT. */
bool facts_gather(check_ctx *c, sql_query *q, query_facts *out);

/** The item of the scope that a column reference of this very SELECT leads to; false for others. */
bool facts_column(const query_facts *f, const sql_expr *e, fact_column *out);
/** The catalog's column behind it, through derived tables too; NULL when there is none. */
const cat_column *facts_cat_column(const query_facts *f, const fact_column *k);
/** As facts_cat_column, for any bound column reference. */
const cat_column *facts_column_behind(check_ctx *c, const sql_expr *e);

typedef enum fact_unique { FACT_UNKNOWN, FACT_MANY, FACT_UNIQUE } fact_unique;
/** Do the columns, all of one item, name at most one of its rows? */
fact_unique facts_unique(const query_facts *f, size_t item, const int *columns, size_t n);
/** Columns of `item` that are fixed or equated with one of `from`; at most `max`; returns how many.
 */
size_t facts_joined(const query_facts *f, size_t item, size_t from, int *out, size_t max);

/** The expression in which derived columns and aliases are followed to what they stand for. */
const sql_expr *facts_follow(const sql_expr *e);

/** Calls `fn` on every expression of the SELECT, ON included, nested queries left out. */
void facts_each_expr(const query_facts *f, sql_walk_next (*fn)(void *ctx, sql_expr *e), void *ctx);
/** For sql_visitor.query: nested queries are looked at in their own turn. */
sql_walk_next facts_skip_query(void *ctx, sql_query *q);

/* ---- checks that reason from them ---- */

void group_check(query_facts *f);                        /* grouping */
void fanout_check(query_facts *f);                       /* sums over repeated rows */
void joins_check(query_facts *f);                        /* how tables are joined */
void values_check(query_facts *f);                       /* literals against what is stored */
void logic_check_ctes(check_ctx *c, const sql_query *q); /* recursion that ends */
void logic_check(query_facts *f); /* conditions that cannot mean what they say */
/** `whole` is `column op lit`, or the same the other way round: has the column the text in
 *  other spellings too; is it a date against a bare year? */
void spellings_check(const query_facts *f, const sql_expr *whole, const sql_expr *column, sql_op op,
                     const sql_expr *lit);
void years_check(const query_facts *f, const sql_expr *whole, const sql_expr *column, sql_op op,
                 const sql_expr *lit);

#endif
