/* A database: connect, introspect, run read-only. One vtable a driver.
 * Never writes, by any path; keeps nothing about the database itself. */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "sql/sql.h"

typedef struct source source;

/** Open `url` (contracts: a path, sqlite:PATH, postgresql://…) read-only.
 *  Errors say what to do: no such file, a directory, not a database, no rights.
 *  Owns: the caller, until source_close. Threads: one question at a time, except source_cancel. */
emend_rc source_open(const char *url, source **out, emend_error *err);
void source_close(source *s);
sql_dialect_id source_dialect(const source *s);
const char *source_url(const source *s); /* secrets left out */

/** Stops what runs now, from any thread or a signal handler; what runs ends with EMEND_ECANCELED.
 */
void source_cancel(source *s);
/** How often source_cancel was called: what consists of many runs compares it between them. */
unsigned source_cancels(const source *s);

/** "integer", "real", "text", "blob", "boolean", "date", "time", "timestamp", "json" or "": what a
 *  declared type such as "VARCHAR(20)" or "timestamp with time zone" comes to. */
const char *source_type_name(str declared);

/* ---- introspection ---- */

typedef struct source_column {
  str name, type, comment, default_value;
  bool not_null;
  int pk;      /* place in the primary key from 1, or 0 */
  bool hidden; /* the engine's own (of a virtual table): not in SELECT * */
} source_column;
typedef struct source_fkey {
  str to_schema, to_table;
  VEC(str) from_columns, to_columns; /* to_columns empty: the other's primary key */
} source_fkey;
typedef struct source_index {
  str name;
  bool unique;
  VEC(str) columns;
} source_index;
typedef struct source_table {
  str schema, name, comment;
  bool is_view;
  int64_t row_count; /* -1: not known */
  VEC(source_column) columns;
  VEC(source_fkey) fkeys;
  VEC(source_index) indexes;
} source_table;
typedef struct source_schema {
  VEC(source_table) tables; /* tables and views, the engine's own left out, in creation order */
} source_schema;

/** Tables, views, columns, keys, indexes, row counts. All in `a`. */
emend_rc source_describe(source *s, arena *a, source_schema *out, emend_error *err);
/** A cheap text that changes when the schema does (SQLite: schema_version and file). */
emend_rc source_stamp(source *s, arena *a, str *out, emend_error *err);

/* ---- running ---- */

typedef enum cell_kind {
  CELL_NULL,
  CELL_INT,
  CELL_REAL,
  CELL_TEXT,
  CELL_BLOB,
  CELL_BOOL
} cell_kind;
typedef struct cell {
  cell_kind kind;
  int64_t i; /* CELL_INT, CELL_BOOL */
  double r;  /* CELL_REAL */
  str text;  /* CELL_TEXT, CELL_BLOB; CELL_TEXT also for numbers too wide for the above */
} cell;

typedef struct source_result {
  size_t n_columns, n_rows;
  str *names;     /* [n_columns] */
  str *types;     /* [n_columns]: integer, real, text, blob, boolean, date, … ("" when unknown) */
  cell *cells;    /* [n_rows * n_columns], row by row */
  bool truncated; /* the row cap was reached and more rows were there */
  double ms;
  uint64_t work; /* thousands of the engine's own steps; 0: not counted */
} source_result;

typedef struct source_limits {
  double timeout_ms; /* 0: none */
  size_t max_rows;   /* 0: 1000 */
  size_t max_bytes;  /* of the result, 0: 64 MiB */
  uint64_t
      max_work; /* 0: none. In thousands of the engine's own steps, the same whatever else the
                   machine does; past it, as past the timeout. Engines that do not count: none */
} source_limits;

/** Run one read-only SELECT. The engine itself enforces it (authorizer, READ ONLY) beside our
 *  checks. `limits` may be NULL.
 *
 *  Owns:    *out lives in `a`.
 *  Returns: EMEND_OK; EMEND_EDB with the database's own message, to the letter, in err->msg and
 *           err->pos where it is known; EMEND_EREFUSED when the engine's guard stopped a write;
 *           EMEND_ETIMEOUT, EMEND_ECANCELED, EMEND_ELIMIT, EMEND_EBUSY. */
emend_rc source_run(source *s, str sql, const source_limits *limits, arena *a, source_result *out,
                    emend_error *err);

/** Where rows go, one at a time. What the callbacks are given is valid only during the call. */
typedef struct source_sink {
  /** Before the rows; again, to start over, when the database changed underneath. May be NULL. */
  void (*columns)(void *ctx, size_t n, const str *names, const str *types);
  /** False ends the run early, which is no error. */
  bool (*row)(void *ctx, const cell *cells, size_t n);
  void *ctx;
} source_sink;

/** As source_run, without keeping anything; of `limits` only timeout and work count. */
emend_rc source_each(source *s, str sql, const source_limits *limits, const source_sink *sink,
                     emend_error *err);

/* ---- drivers ---- */

typedef struct source_driver {
  const char *scheme; /* "sqlite" */
  sql_dialect_id dialect;
  /** `where` is the URL; for a driver of files, the path in it. Sets s->handle. */
  emend_rc (*open)(const char *where, source *s, emend_error *err);
  void (*close)(source *s);
  void (*cancel)(source *s); /* s->cancels has been raised before */
  emend_rc (*describe)(source *s, arena *a, source_schema *out, emend_error *err);
  emend_rc (*stamp)(source *s, arena *a, str *out, emend_error *err);
  /** Counts s->work where it can. */
  emend_rc (*each)(source *s, str sql, const source_limits *limits, const source_sink *sink,
                   emend_error *err);
} source_driver;

struct source {
  const source_driver *driver;
  sql_dialect_id dialect;
  char *url;
  atomic_uint cancels;
  uint64_t work; /* of the last statement, as in source_limits.max_work */
  void *handle;  /* the driver's own */
};

extern const source_driver source_sqlite;

#endif
