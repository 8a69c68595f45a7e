/* The state's connection and its prepared statements: the only place of store/
 * that calls SQLite. Private to this folder. */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <pthread.h>
#include <sqlite3.h>

#include "store/store.h"

typedef enum store_sql {
#define STORE_SQL(name, text) STORE_##name,
#include "store/statements.def"
#undef STORE_SQL
  STORE_N_SQL
} store_sql;

/* How long a call waits for another process that writes. */
enum { STORE_PATIENCE_MS = 5000 };

struct history_queue;

struct store {
  sqlite3 *db;
  char *path;
  sqlite3_stmt *stmts[STORE_N_SQL]; /* prepared when first used */
  pthread_mutex_t lock;             /* guards db and stmts */
  struct history_queue *queue;
};

typedef struct store_migration {
  int n;
  const char *name, *sql;
} store_migration;

/** Bring `s` to the last of `steps`; see migrations.def. */
emend_rc store_migrate(store *s, const store_migration *steps, size_t n, emend_error *err);

/** The statement, reset and ready to bind; NULL after filling `err`. The lock must be held. */
sqlite3_stmt *store_db_stmt(store *s, store_sql which, emend_error *err);
void store_db_bind(sqlite3_stmt *stmt, int i, str text);      /* the empty view is NULL */
void store_db_bind_text(sqlite3_stmt *stmt, int i, str text); /* the empty view is '' */
/** Column `i` of the row, copied into `a`; the empty text for NULL. False when out of memory. */
bool store_db_text(sqlite3_stmt *stmt, int i, arena *a, str *out);
/** Step a statement that returns no row, and reset it. */
emend_rc store_db_done(store *s, sqlite3_stmt *stmt, emend_error *err);
/** 1: a row, 0: no more (and reset), -1: failed (reset, `err` filled). */
int store_db_row(store *s, sqlite3_stmt *stmt, emend_error *err);
emend_rc store_db_run(store *s, store_sql which, emend_error *err);
emend_rc store_db_error(store *s, emend_error *err);

/** history.c: the queue of what is not yet on disk. */
emend_rc store_history_open(store *s, emend_error *err);
void store_history_close(store *s);

#endif
