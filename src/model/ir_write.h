/* What the two halves of ir_to_sql share: queries and FROM (ir_write), expressions and conditions
 * (ir_write_expr). Not for others. */
#ifndef MODEL_IR_WRITE_H
#define MODEL_IR_WRITE_H

#include "model/ir.h"
#include "model/ir_join.h"
#include "model/ir_value.h"

/** A node whose qualifier or name is only known once its query's FROM is. */
typedef struct ir_use {
  sql_expr *expr; /* SQL_COLUMN, or SQL_STAR of a table */
  ir_ref table;   /* that it belongs to; unused for an output of the derived query */
  int output;     /* 1..3: that column of the derived query; else 0 */
  bool nested;    /* it stands in a query inside: always qualified */
} ir_use;

/** One SELECT while it is written. */
typedef struct ir_scope {
  struct ir_scope *outer;
  int depth;
  ir_refs mentioned, left;
  ir_refs borrowed; /* tables of the query around that this one names */
  ir_edges forced;
  VEC(ir_use) uses;
  sql_query *derived;
  int derived_arity;
  bool needs_rows;     /* STAR_ALL stands in it */
  bool counts_derived; /* COUNT_ROWS stands in it */
  bool sorting;        /* its GROUP BY or ORDER BY is being written */
} ir_scope;

typedef struct ir_writer {
  const catalog *cat;
  const ir_value *values;
  arena *a;
  const ir_seq *seq;
  int pos;
  ir_scope *scope;
  ir_writing *out;
} ir_writer;

/** Gives up for a reason that the caller is told; NULL, of any type. */
void *ir_write_fail(ir_writer *w, const char *reason);
/** The next step, which is passed over; its kind and id were checked before. */
ir_step ir_write_next(ir_writer *w);
/** The next token, or IR_BOS before a pointer; not passed over. */
ir_token ir_write_peek(const ir_writer *w);

/* These return NULL after ir_write_fail, or, without a reason, when out of memory. */
sql_query *ir_write_query(ir_writer *w, int *arity);
/** An expression that is compared with column `beside`, or IR_NO_COLUMN; *gives, unless NULL, is
 * the column whose values it gives itself. */
sql_expr *ir_write_expr(ir_writer *w, int beside, int *gives);
sql_expr *ir_write_cond(ir_writer *w);
/** [ALT] table: mentioned by the current query. -1 when out of memory. */
ir_ref ir_write_table(ir_writer *w);
/** [ALT] column of `scope`: mentioned there. -1 when out of memory. */
ir_ref ir_write_column_ref(ir_writer *w, ir_scope *scope);
sql_expr *ir_write_both(ir_writer *w, sql_op op, sql_expr *left, sql_expr *right);

#endif
