/* One dialect's query as another's: the tree printed anew, then what is still foreign mended by the
 * table of equivalents. Only what comes out without an error of its own counts as the same. */
#include <string.h>

#include "base/err.h"
#include "check/attribute.h"
#include "check/context.h"

static bool is_understood(const sql_parsed *p) {
  for (size_t i = 0; i < p->issues.len; i++)
    if (p->issues.items[i].kind != SQL_ISSUE_DIALECT) return false;
  return p->statements.len == 1 && p->statements.items[0].query;
}

static size_t count_errors(const check_report *r) {
  size_t n = 0;
  for (size_t i = 0; i < r->diags.len; i++) n += r->diags.items[i].severity == DIAG_ERROR;
  return n;
}

emend_rc check_translate(str sql, sql_dialect_id from, const catalog *cat, sql_dialect_id to,
                         arena *a, str *out, bool *mechanical, emend_error *err) {
  check_report before, after;
  check_options opt = {.dialect = from};
  int mends;
  *out = sql;
  *mechanical = false;
  emend_rc rc = check_sql(sql, cat, &opt, a, &before, err);
  if (rc || !before.query) return rc;
  str printed = sql_print(before.query, to, a);
  if (!printed.ptr) return err_nomem(err, "check");
  opt.dialect = to;
  rc = check_sql(printed, cat, &opt, a, &after, err);
  if (!rc) rc = check_repair(printed, &after, cat, to, a, out, &mends, err);
  if (!rc && mends) rc = check_sql(*out, cat, &opt, a, &after, err);
  if (rc) return rc;
  *mechanical = is_understood(&before.parsed) && is_understood(&after.parsed) &&
                count_errors(&after) <= (before.ok ? 0 : count_errors(&before));
  return EMEND_OK;
}
