/* One number for all queries that differ in their values alone: the query printed with its
 * literals as ?, its names and types in lower case, and hashed. */
#include <inttypes.h>
#include <string.h>

#include "sql/print.h"

enum { MAX_SHAPE = 64 * 1024 * 1024 };

emend_rc sql_fingerprint(const sql_query *q, arena *a, char out[17]) {
  sql_printer p = {.d = sql_dialect_get(SQL_SQLITE), .shape = true};
  buf_init(&p.out, MAX_SHAPE);
  sql_put_query(&p, q);
  if (p.saw_bound && p.saw_text) { /* then "x" without a binding is a value: again, knowing it */
    buf_clear(&p.out);
    p.bound = true;
    sql_put_query(&p, q);
  }
  char *hex = p.out.failed ? NULL : arena_printf(a, "%016" PRIx64, str_hash64(buf_str(&p.out)));
  buf_free(&p.out);
  if (!hex) return EMEND_ENOMEM;
  memcpy(out, hex, 17);
  return EMEND_OK;
}
