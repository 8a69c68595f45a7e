/* What is known of functions: which may be called, with what, and what they give. */
#ifndef CHECK_FUNCTIONS_H
#define CHECK_FUNCTIONS_H

#include "check/context.h"

typedef enum function_class {
  FN_SCALAR,
  FN_AGGREGATE,
  FN_WINDOW,
  FN_TABLE,
  FN_WORD,
  FN_DENIED
} function_class;

/** Results beside the cat_types. */
enum { FN_ANY = 100, FN_ARG, FN_NUM };

typedef struct check_function {
  const char *name;
  function_class class;
  int min, max; /* arguments; max -1: any number */
  int result;   /* a cat_type, or one of the above */
  const char *dialects;
} check_function;

/** The row of the dialect's function `name` that takes `n` arguments; without one that does, the
 *  first row of that name; NULL when the dialect has no such function. */
const check_function *function_find(sql_dialect_id d, str name, size_t n);
/** The `i`th of all rows, in order of name; NULL past the last. */
const check_function *function_at(size_t i);
bool function_in(const check_function *f, sql_dialect_id d);
/** Is the call an aggregate over rows (not a window, not min(a, b))? */
bool function_is_aggregate(sql_dialect_id d, const sql_expr *call);

/** ROLLUP (…), CUBE (…), GROUPING SETS (…) of a GROUP BY, or its ALL. */
bool function_is_grouping(const sql_expr *call);

/** The dialect's mark in functions.def. */
char function_letter(sql_dialect_id d);

/** A call that writes a date in a format, as c's dialect has it; {NULL,0} without an equal. */
str function_format_equivalent(check_ctx *c, str sql, const sql_expr *e);
/** DATE_ADD and DATE_SUB of an interval, for SQLite. */
str function_interval_equivalent(check_ctx *c, str sql, const sql_expr *e);

/** How dialect `d` writes the call `e` of another dialect, from the text of its arguments in `sql`;
 *  {NULL,0} when no equivalent is known. *exact: it means the same. */
str function_equivalent(check_ctx *c, str sql, const sql_expr *e, bool *exact);

#endif
