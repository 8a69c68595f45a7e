/* Bringing a state to this version's schema, a step at a time, with a copy of the
 * file made first. Never goes back, and never touches a newer state. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/db.h"

static emend_rc has_tables(store *s, bool *out, emend_error *err) {
  sqlite3_stmt *stmt = NULL;
  if (sqlite3_prepare_v2(s->db, "SELECT 1 FROM sqlite_master WHERE name = 'meta'", -1, &stmt, NULL))
    return store_db_error(s, err);
  int rc = sqlite3_step(stmt);
  sqlite3_finalize(stmt);
  *out = rc == SQLITE_ROW;
  return rc == SQLITE_ROW || rc == SQLITE_DONE ? EMEND_OK : store_db_error(s, err);
}

/* 0 for a state that holds nothing yet. */
static emend_rc read_version(store *s, int *version, emend_error *err) {
  bool any = false;
  *version = 0;
  emend_rc rc = has_tables(s, &any, err);
  if (rc || !any) return rc;
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_META_GET, err);
  if (!stmt) return store_db_error(s, err);
  store_db_bind(stmt, 1, STR("version"));
  int row = store_db_row(s, stmt, err);
  if (row < 0) return store_db_error(s, err);
  if (row) *version = sqlite3_column_int(stmt, 0);
  sqlite3_reset(stmt);
  if (*version < 1)
    return err_set(err, EMEND_EFORMAT, "state",
                   "the state %s does not say its version; restore a copy of it, or move it away",
                   s->path);
  return EMEND_OK;
}

/* Copies the whole state to PATH.v<version>.bak, which an earlier attempt may have left. */
static emend_rc back_up(store *s, int version, emend_error *err) {
  char path[4096];
  int n = snprintf(path, sizeof path, "%s.v%d.bak", s->path, version);
  if (n < 0 || (size_t)n >= sizeof path)
    return err_set(err, EMEND_EIO, "state", "the state's path is too long to copy it");
  sqlite3 *copy = NULL;
  unlink(path);
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) close(fd);
  int rc = sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE, NULL);
  sqlite3_backup *b = rc ? NULL : sqlite3_backup_init(copy, "main", s->db, "main");
  if (b) {
    sqlite3_backup_step(b, -1);
    rc = sqlite3_backup_finish(b);
  } else if (!rc) {
    rc = SQLITE_ERROR;
  }
  sqlite3_close(copy);
  return rc ? err_set(err, EMEND_EIO, "state",
                      "cannot copy the state to %s before changing it; nothing was changed", path)
            : EMEND_OK;
}

static emend_rc record(store *s, const store_migration *m, emend_error *err) {
  char now[32], n[16];
  clock_iso(clock_now(), now);
  snprintf(n, sizeof n, "%d", m->n);
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_MIGRATION_ADD, err);
  if (!stmt) return store_db_error(s, err);
  sqlite3_bind_int(stmt, 1, m->n);
  store_db_bind(stmt, 2, str_from(m->name));
  store_db_bind(stmt, 3, str_from(now));
  emend_rc rc = store_db_done(s, stmt, err);
  if (rc) return rc;
  stmt = store_db_stmt(s, STORE_META_PUT, err);
  if (!stmt) return store_db_error(s, err);
  store_db_bind(stmt, 1, STR("version"));
  store_db_bind(stmt, 2, str_from(n));
  return store_db_done(s, stmt, err);
}

/* All steps from `version` on, in the transaction that is open. */
static emend_rc apply(store *s, const store_migration *steps, size_t n, int version,
                      emend_error *err) {
  for (size_t i = 0; i < n; i++) {
    if (steps[i].n <= version) continue;
    if (sqlite3_exec(s->db, steps[i].sql, NULL, NULL, NULL)) return store_db_error(s, err);
    emend_rc rc = record(s, &steps[i], err);
    if (rc) return rc;
  }
  return EMEND_OK;
}

emend_rc store_migrate(store *s, const store_migration *steps, size_t n, emend_error *err) {
  int latest = n ? steps[n - 1].n : 0, version = 0;
  emend_rc rc = read_version(s, &version, err);
  if (rc || version == latest) return rc;
  if (version > latest)
    return err_set(err, EMEND_EVERSION, "state",
                   "the state %s was written by a newer emend (its version %d, ours %d); use that "
                   "one, or name another with --state",
                   s->path, version, latest);
  if (version > 0 && (rc = back_up(s, version, err))) return rc;
  /* The lock is taken first, so that two processes do not migrate at once. */
  if (sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL)) return store_db_error(s, err);
  rc = read_version(s, &version, err);
  if (!rc) rc = apply(s, steps, n, version, err);
  if (!rc && sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL)) rc = store_db_error(s, err);
  if (rc) sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
  return rc;
}
