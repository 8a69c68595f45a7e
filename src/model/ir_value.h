/* Literals of SQL against value candidates: which candidate a literal is, and how a candidate is
 * spelt where it is compared. Internal to model/. */
#ifndef MODEL_IR_VALUE_H
#define MODEL_IR_VALUE_H

#include "model/ir.h"

/** Where a value is compared with something else than a column. */
enum { IR_NO_COLUMN = -1 };

/** `text` as a plain decimal number ("-1.50", "2e3"), whole; false when it is none. */
bool ir_parse_number(str text, double *out);

/** The candidate that `literal` is, compared with `column`, or -1. False when out of memory. */
bool ir_value_find(str literal, int column, const ir_value *values, size_t n_values, arena *a,
                   int *out);

/** V_TRUE or V_FALSE when `literal` is a flag column's affirmative or negative value, V_ONE, V_ZERO
 *  or V_EMPTY when it is that, else V_UNKNOWN. */
ir_token ir_value_constant(str literal, bool is_text, int column, const catalog *cat);

/** A literal for `v`, compared with `column`: the stored spelling, a number, or text. NULL: no
 *  memory. */
sql_expr *ir_value_write(const ir_value *v, int column, const catalog *cat, arena *a);

/** A literal for a constant token. *guessed is set when nothing stored says how it is spelt.
 *  NULL with *unknown set when nothing at all is known, otherwise when out of memory. */
sql_expr *ir_constant_write(ir_token t, int column, const catalog *cat, arena *a, bool *guessed,
                            bool *unknown);

#endif
