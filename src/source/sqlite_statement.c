/* What may run on a SQLite connection: one statement that only reads. The last few are kept
 * compiled, since a confirmed question is asked again and again: at rest they hold neither a lock
 * nor pages, SQLite compiles them anew when the schema has changed, and they go with the
 * connection. */
#include <string.h>

#include "source/sqlite_driver.h"

enum { LONGEST_KEPT = 16 << 10 };

static emend_rc refuse(emend_error *err, const char *why) {
  return err_set(err, EMEND_EREFUSED, "execute", "refused: %s", why);
}

/* Whether anything but white space, comments and semicolons follows the statement. */
static bool has_more(sqlite3 *db, const char *tail, const char *end) {
  while (tail < end) {
    sqlite3_stmt *next = NULL;
    const char *from = tail;
    int rc = sqlite3_prepare_v2(db, tail, (int)(end - tail), &next, &tail);
    bool statement = next != NULL;
    sqlite3_finalize(next);
    if (rc != SQLITE_OK || statement) return true;
    if (tail == from) break;
  }
  return false;
}

static emend_rc compile(sqlite_source *d, str sql, sqlite3_stmt **out, emend_error *err) {
  const char *tail = NULL;
  *out = NULL;
  if (sql.len > SQLITE_LONGEST_SQL)
    return err_set(err, EMEND_ELIMIT, "execute", "the SQL is longer than 1 MiB");
  if (sql.len && memchr(sql.ptr, 0, sql.len)) return refuse(err, "a NUL byte in the SQL");
  int rc = sqlite3_prepare_v2(d->db, sql.len ? sql.ptr : "", (int)sql.len, out, &tail);
  if (rc != SQLITE_OK) return sqlite_fail(d, rc, err);
  if (!*out) return refuse(err, "there is no statement in it");
  if (!sqlite3_stmt_readonly(*out) || sqlite3_column_count(*out) == 0)
    return refuse(err, "only a SELECT may run");
  if (has_more(d->db, tail, sql.ptr + sql.len)) return refuse(err, "more than one statement");
  return EMEND_OK;
}

/* ---- keeping ---- */

emend_rc sqlite_prepare_select(sqlite_source *d, str sql, sqlite3_stmt **out, emend_error *err) {
  for (int i = 0; i < SQLITE_KEPT; i++) {
    if (!d->kept[i] || !str_eq(str_from(sqlite3_sql(d->kept[i])), sql)) continue;
    *out = d->kept[i];
    d->kept[i] = NULL;
    return EMEND_OK;
  }
  return compile(d, sql, out, err);
}

void sqlite_put_back(sqlite_source *d, sqlite3_stmt *stmt) {
  const char *sql = stmt ? sqlite3_sql(stmt) : NULL;
  if (!sql || strlen(sql) > LONGEST_KEPT || sqlite3_reset(stmt) != SQLITE_OK) {
    sqlite3_finalize(stmt);
    return;
  }
  int free = 0;
  while (free < SQLITE_KEPT && d->kept[free]) free++;
  int place = free < SQLITE_KEPT ? free : (int)(d->next_kept++ % SQLITE_KEPT);
  sqlite3_finalize(d->kept[place]);
  d->kept[place] = stmt;
}

void sqlite_forget_statements(sqlite_source *d) {
  for (int i = 0; i < SQLITE_KEPT; i++) {
    sqlite3_finalize(d->kept[i]);
    d->kept[i] = NULL;
  }
}
