/* What the parts of ir_from_sql share: queries (ir_read), their FROM (ir_read_from), expressions
 * and conditions (ir_read_expr). Not for others. */
#ifndef MODEL_IR_READ_H
#define MODEL_IR_READ_H

#include "model/ir.h"
#include "model/ir_join.h"
#include "model/ir_value.h"

/** A table of a FROM. */
typedef struct ir_instance {
  const sql_from *item;
  int table;
  int ordinal; /* 0 first, 1 second instance of its table, in order of mention; -1: not yet */
  bool left;   /* left-joined */
} ir_instance;

/** Two columns of instances (indexes into ir_select.instances) that a join makes equal. */
typedef struct ir_equality {
  size_t x, y;
  int x_column, y_column;
} ir_equality;

/** One operand of an AND or OR chain: a condition, or its `element`-th value of an IN list. */
typedef struct ir_operand {
  const sql_expr *e;
  size_t element; /* 0: the condition as a whole */
  bool negated;
} ir_operand;
typedef VEC(ir_operand) ir_operands;

/** One SELECT while it is read. */
typedef struct ir_select {
  struct ir_select *outer;
  const sql_query *query;
  VEC(ir_instance) instances;
  VEC(ir_equality) equalities;
  ir_operands conditions; /* of ON and WHERE, those that became equalities left out */
  const sql_query *derived;
  ir_refs mentioned;      /* in order of mention; COUNTED where a COUNT(*) stands */
  size_t n_item_mentions; /* of them, by the select list */
  VEC(size_t) counts;     /* the steps to fill in: COUNT(*)'s table */
} ir_select;
enum { IR_COUNTED = -1 };

typedef struct ir_reader {
  const catalog *cat;
  const ir_value *values;
  size_t n_values;
  ir_values *own; /* instead: the candidates grow with the literals; or NULL */
  arena *a;
  ir_reading *out;
  VEC(ir_step) steps;
  ir_select *select;
  int aliases; /* that are being followed */
} ir_reader;

/** Gives up for a reason that the caller is told. Always false. */
bool ir_read_fail(ir_reader *r, const char *reason);
/* These return false after ir_read_fail, or, without a reason, when out of memory. */
bool ir_read_emit(ir_reader *r, ir_step step);
bool ir_read_token(ir_reader *r, ir_token t);
bool ir_read_query(ir_reader *r, const sql_query *q, bool exists);
/** An expression that is compared with column `beside`, or IR_NO_COLUMN; *gives, unless NULL, is
 * the column whose values it gives itself. */
bool ir_read_expr(ir_reader *r, const sql_expr *e, int beside, int *gives);
/** A whole condition, or the operands of an AND chain. */
bool ir_read_cond(ir_reader *r, const sql_expr *e, bool negated);
bool ir_read_all_of(ir_reader *r, const ir_operands *operands);
/** `e` taken apart into the operands of one chain of `op` (AND or OR). */
bool ir_read_operands(ir_reader *r, const sql_expr *e, bool negated, sql_op op, ir_operands *out);
/** A literal that is compared with `beside`, as a candidate or constant. */
bool ir_read_literal(ir_reader *r, str text, bool is_text, int beside);
/** The text of a literal (a word in double quotes that names nothing is one); false: it is none. */
bool ir_read_is_literal(const sql_expr *e, str *text, bool *is_text);

/** The instance that `item` is in `s`, or SIZE_MAX. */
size_t ir_read_instance_of(const ir_select *s, const sql_from *item);
/** Notes that instance `i` is mentioned: its reference in *out. */
bool ir_read_mention(ir_reader *r, ir_select *s, size_t i, ir_ref *out);
/** A column that a join makes equal to the key it refers to becomes that key's column: people write
 *  either, and with GROUP BY only the key's lets stricter databases show the table's other columns.
 */
void ir_read_follow_key(const ir_reader *r, const ir_select *s, size_t *instance, int *column);
/** Fills the current select's instances, equalities, conditions and derived query. */
bool ir_read_from(ir_reader *r, const sql_query *q);
/** Fills in what COUNT(*) counts, and inserts at step `at` what of the FROM restoration would not
 *  find by itself. */
bool ir_read_close_from(ir_reader *r, size_t at);

#endif
