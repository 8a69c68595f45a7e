/* Prepared statements of the state database. See db.h. Does not know what the
 * tables hold. */
#include "store/db.h"

#include <limits.h>

static const char *const sql_texts[] = {
#define STORE_SQL(name, text) text,
#include "store/statements.def"
#undef STORE_SQL
};

emend_rc store_db_error(store *s, emend_error *err) {
  const char *what = sqlite3_errmsg(s->db);
  switch (sqlite3_errcode(s->db) & 0xff) {
    case SQLITE_NOMEM:
      return err_nomem(err, "state");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return err_set(err, EMEND_EBUSY, "state",
                     "the state %s is locked by another process; try again", s->path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return err_set(err, EMEND_EFORMAT, "state",
                     "the state %s is damaged (%s); restore a copy of it, or move it away and a "
                     "new one is made",
                     s->path, what);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_FULL:
    case SQLITE_IOERR:
      return err_set(err, EMEND_EIO, "state",
                     "cannot write the state %s (%s); name another with "
                     "--state",
                     s->path, what);
    default:
      return err_set(err, EMEND_EFORMAT, "state", "the state %s cannot be used: %s", s->path, what);
  }
}

sqlite3_stmt *store_db_stmt(store *s, store_sql which, emend_error *err) {
  sqlite3_stmt **at = &s->stmts[which];
  if (!*at &&
      sqlite3_prepare_v3(s->db, sql_texts[which], -1, SQLITE_PREPARE_PERSISTENT, at, NULL)) {
    store_db_error(s, err);
    return NULL;
  }
  sqlite3_reset(*at);
  sqlite3_clear_bindings(*at);
  return *at;
}

void store_db_bind_text(sqlite3_stmt *stmt, int i, str text) {
  int n = text.len > INT_MAX ? INT_MAX : (int)text.len;
  sqlite3_bind_text(stmt, i, text.ptr ? text.ptr : "", n, SQLITE_TRANSIENT);
}

void store_db_bind(sqlite3_stmt *stmt, int i, str text) {
  if (text.len) store_db_bind_text(stmt, i, text);
}

bool store_db_text(sqlite3_stmt *stmt, int i, arena *a, str *out) {
  const char *p = (const char *)sqlite3_column_text(stmt, i);
  *out = arena_str(a, (str){p, p ? (size_t)sqlite3_column_bytes(stmt, i) : 0});
  return out->ptr != NULL;
}

int store_db_row(store *s, sqlite3_stmt *stmt, emend_error *err) {
  int rc = sqlite3_step(stmt);
  if (rc == SQLITE_ROW) return 1;
  if (rc != SQLITE_DONE) store_db_error(s, err);
  sqlite3_reset(stmt);
  return rc == SQLITE_DONE ? 0 : -1;
}

emend_rc store_db_done(store *s, sqlite3_stmt *stmt, emend_error *err) {
  int rc = sqlite3_step(stmt);
  emend_rc result = rc == SQLITE_DONE || rc == SQLITE_ROW ? EMEND_OK : store_db_error(s, err);
  sqlite3_reset(stmt);
  return result;
}

emend_rc store_db_run(store *s, store_sql which, emend_error *err) {
  sqlite3_stmt *stmt = store_db_stmt(s, which, err);
  return stmt ? store_db_done(s, stmt, err) : store_db_error(s, err);
}
