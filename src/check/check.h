/* Static checks: does this SQL fit this schema, is it safe, is it what was meant.
 * Findings are diagnostics, which are data. Touches no database. */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include "catalog/catalog.h"
#include "sql/sql.h"

typedef enum diag_severity { DIAG_ERROR, DIAG_WARNING, DIAG_INFO } diag_severity;

typedef struct diag_suggestion {
  str text; /* what to put in the place of `span` */
  sql_span span;
  str why;
  double score; /* 0..1, the ranking figure */
} diag_suggestion;

typedef struct diag {
  const char *code; /* from the table in check/codes.def: "unknown_column", … */
  diag_severity severity;
  double weight; /* 1 if and only if it is an error */
  sql_span span;
  str message, expected;
  VEC(diag_suggestion) suggestions; /* best first */
  bool safety;                      /* never repaired */
} diag;
typedef VEC(diag) diag_list;

/** Resolve every name of `q` against `cat`: fills `bound`, `table`, `cte` in the tree.
 *  Unresolved names stay unresolved, except that in SQLite a "word" that
 *  names nothing becomes a string; naming faults are appended to `diags` unless it is NULL. */
emend_rc check_bind(sql_query *q, const catalog *cat, sql_dialect_id dialect, arena *a,
                    diag_list *diags, emend_error *err);

typedef struct check_options {
  sql_dialect_id dialect;
  const catalog *const *others; /* the other sources' catalogs, for attribution; may be NULL */
  size_t n_others;
  const str *extra_functions; /* an administrator's additions to the allow-list */
  size_t n_extra_functions;
} check_options;

typedef struct check_report {
  check_options options; /* as they were given */
  bool ok;               /* no error */
  bool safe;             /* one read-only statement, allowed functions only */
  sql_parsed parsed;
  sql_query *query; /* bound tree, or NULL when there is no single query */
  diag_list diags;  /* all of them, in source order */
  /* "table", "table.column", lower-case function names; each once */
  VEC(str) tables, columns, functions;
} check_report;

/**
 * Parse, bind and check `sql` (one statement expected).
 *
 * Wrong SQL is not an error: the call returns EMEND_OK and the report holds one
 * diagnostic per fault, in source order. What the parser does not know is
 * "unknown_syntax", weight 0: the database decides.
 *
 * Owns:    the report lives in `a`, points into `sql` and `cat`.
 * NULL:    `cat` may be NULL (syntax and safety only).
 * Returns: EMEND_OK, EMEND_ENOMEM, EMEND_ELIMIT.
 */
emend_rc check_sql(str sql, const catalog *cat, const check_options *opt, arena *a,
                   check_report *out, emend_error *err);

/** Where `q`, which is bound, groups by nothing but a name that several rows of a table have, and
 *  that table is joined by its key: the key, as the join writes it. NULL: it does not. */
sql_expr *check_merged_key(const sql_query *q, const catalog *cat);

/** SQLite reads a "word" that names nothing as text. The bound tree holds such words as strings;
 *  this writes '…' for them in the text that `report` is of, so that it runs where the engine's
 *  leniency is off. *n is 0 and *out is `sql` without any. */
emend_rc check_mend_dq_text(str sql, const check_report *report, arena *a, str *out, int *n,
                            emend_error *err);

/** The faults that have one clearly best mend, mended: *out is the new text, *n how many.
 *  *n is 0 and *out is `sql` when nothing could be mended. A statement with a
 *  safety fault is left as it is. */
emend_rc check_repair(str sql, const check_report *report, const catalog *cat,
                      sql_dialect_id dialect, arena *a, str *out, int *n, emend_error *err);

#endif
