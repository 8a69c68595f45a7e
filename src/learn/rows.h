/* Running a query as it is and comparing two results the way that execution
 * accuracy is counted. Private to learn/. */
#ifndef LEARN_ROWS_H
#define LEARN_ROWS_H

#include <stdatomic.h>
#include <sqlite3.h>

#include "base/arena.h"
#include "base/err.h"
#include "source/source.h"

typedef enum rows_kind { ROWS_NUMBER, ROWS_TEXT, ROWS_NULL } rows_kind; /* in sorting order */

typedef struct rows_cell {
  rows_kind kind;
  double number; /* rounded to hundredths */
  str text;      /* trimmed, lower case */
} rows_cell;

typedef struct rows {
  size_t n, width;
  rows_cell *cells; /* [n * width] */
} rows;

/** Opens the SQLite file at `path` for reading, as a user's own tools would read it. */
emend_rc rows_open(const char *path, sqlite3 **out, emend_error *err);

/** Runs one statement as written, for at most 20 s and 200,000 rows.
 *  False when it fails in any way, is no single statement, would write, or `*cancels` (NULL: nobody
 *  can stop it) changes meanwhile. */
bool rows_run(sqlite3 *db, str sql, const atomic_uint *cancels, arena *a, rows *out);

/** What came through a source, in the form in which results are compared. False when memory is
 *  exhausted. */
bool rows_of(const source_result *r, arena *a, rows *out);

/** Equal as multisets of rows (as lists when `ordered`), columns in any order, numbers within
 *  0.01. False also when memory is exhausted. */
bool rows_match(const rows *gold, const rows *got, bool ordered);

#endif
