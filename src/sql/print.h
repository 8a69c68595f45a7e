/* The printer's state, shared by its two files and the fingerprint. Internal to sql/. */
#ifndef SQL_PRINT_H
#define SQL_PRINT_H

#include "sql/dialect.h"

typedef struct sql_printer {
  buf out;
  const sql_dialect *d;
  bool shape;               /* for the fingerprint: literals as ?, names in lower case */
  bool bound;               /* the tree has bindings, so that an unbound "x" is known to be text */
  bool saw_bound, saw_text; /* a bound column, an unbound "x" */
  int depth;
} sql_printer;

void sql_put(sql_printer *p, const char *text);
/** False when the tree is deeper than any parser builds; the print then fails. */
bool sql_put_enter(sql_printer *p);
void sql_put_name(sql_printer *p, const sql_name *n);
void sql_put_names(sql_printer *p, const sql_names *list); /* (a, b) */
void sql_put_expr(sql_printer *p, const sql_expr *e);
/** In parentheses when it binds looser than `level`. */
void sql_put_level(sql_printer *p, const sql_expr *e, int level);
void sql_put_exprs(sql_printer *p, const sql_exprs *list, size_t from);
void sql_put_orders(sql_printer *p, const sql_orders *list);
void sql_put_window(sql_printer *p, const sql_window *w);
void sql_put_query(sql_printer *p, const sql_query *q);

#endif
