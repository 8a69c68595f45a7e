/* The types of expressions, as far as the checks reason from them. */
#ifndef CHECK_TYPES_H
#define CHECK_TYPES_H

#include "check/context.h"

/** CAT_UNKNOWN where it cannot be told. */
cat_type types_of(check_ctx *c, const sql_expr *e);
static inline bool types_is_number(cat_type t) { return t == CAT_INTEGER || t == CAT_REAL; }

/** Could the value be NULL? True when in doubt: a column not declared NOT NULL, unless its profile
 *  shows that it holds none. */
bool types_may_be_null(check_ctx *c, const sql_expr *e);

#endif
