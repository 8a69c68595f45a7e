/* What people allow, and forgetting one of them: rows, file and copies. */
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/rows.h"

emend_rc store_person_opt(store *s, str user, bool out, emend_error *err) {
  char now[32];
  clock_iso(clock_now(), now);
  pthread_mutex_lock(&s->lock);
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_PERSON_PUT, err);
  if (stmt) {
    store_db_bind(stmt, 1, user);
    sqlite3_bind_int(stmt, 2, out);
    store_db_bind(stmt, 3, str_from(now));
  }
  emend_rc rc = stmt ? store_db_done(s, stmt, err) : store_db_error(s, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

/* With the lock held. */
static emend_rc read_opt(store *s, str user, bool *out, emend_error *err) {
  *out = false;
  if (!user.len) return EMEND_OK;
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_PERSON_GET, err);
  if (!stmt) return store_db_error(s, err);
  store_db_bind(stmt, 1, user);
  int row = store_db_row(s, stmt, err);
  if (row < 0) return store_db_error(s, err);
  if (row == 1) {
    *out = sqlite3_column_int(stmt, 0) != 0;
    sqlite3_reset(stmt);
  }
  return EMEND_OK;
}

emend_rc store_person_opted_out(store *s, str user, bool *out, emend_error *err) {
  pthread_mutex_lock(&s->lock);
  emend_rc rc = read_opt(s, user, out, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

static emend_rc read_person(store *s, str user, store_person *out, emend_error *err) {
  *out = (store_person){0};
  emend_rc rc = read_opt(s, user, &out->opted_out, err);
  sqlite3_stmt *stmt = rc ? NULL : store_db_stmt(s, STORE_PERSON_COUNTS, err);
  if (!stmt) return rc ? rc : store_db_error(s, err);
  store_db_bind(stmt, 1, user);
  if (store_db_row(s, stmt, err) != 1) return store_db_error(s, err);
  out->questions = sqlite3_column_int64(stmt, 0);
  out->feedback = sqlite3_column_int64(stmt, 1);
  out->examples = sqlite3_column_int64(stmt, 2);
  out->confirmed = sqlite3_column_int64(stmt, 3);
  sqlite3_reset(stmt);
  return EMEND_OK;
}

emend_rc store_person_show(store *s, str user, store_person *out, emend_error *err) {
  emend_rc rc = store_flush(s, err);
  if (rc) return rc;
  pthread_mutex_lock(&s->lock);
  rc = read_person(s, user, out, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

/* ---- forgetting ---- */

emend_rc store_person_material(store *s, str user, arena *a, store_person_ids *out,
                               emend_error *err) {
  *out = (store_person_ids){0};
  emend_rc rc = store_flush(s, err);
  if (rc) return rc;
  pthread_mutex_lock(&s->lock);
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_PERSON_MATERIAL, err);
  if (stmt) store_db_bind(stmt, 1, user);
  int row = stmt ? 0 : -1;
  while (stmt && (row = store_db_row(s, stmt, err)) == 1) {
    str id;
    if (store_db_text(stmt, 0, a, &id) && vec_push(a, out, id)) continue;
    sqlite3_reset(stmt);
    rc = err_nomem(err, "state");
    break;
  }
  if (row < 0) rc = store_db_error(s, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

static emend_rc delete_rows(store *s, str user, emend_error *err) {
  static const store_sql steps[] = {STORE_PERSON_ASKED_BACK, STORE_PERSON_WORDINGS,
                                    STORE_PERSON_WORDS,      STORE_PERSON_CONFIRMED,
                                    STORE_PERSON_WORK_LINKS, STORE_PERSON_USES,
                                    STORE_PERSON_FEEDBACK,   STORE_PERSON_QUESTIONS,
                                    STORE_PERSON_REVIEWS,    STORE_PERSON_ANNOTATIONS};
  emend_rc rc = store_rows_drop_all(s, STORE_PERSON_EXAMPLE, user, err);
  for (size_t i = 0; i < sizeof steps / sizeof *steps && !rc; i++)
    rc = store_rows_run(s, steps[i], &user, 1, err);
  return rc ? rc : store_db_run(s, STORE_FINALIZED_CHANGED, err);
}

/* The copies that migrations made hold what the state held then. */
static void delete_copies(const store *s) {
  enum { MOST_VERSIONS = 1000 };
  char path[4096];
  for (int n = 0; n < MOST_VERSIONS; n++) {
    int len = snprintf(path, sizeof path, "%s.v%d.bak", s->path, n);
    if (len > 0 && (size_t)len < sizeof path) unlink(path);
  }
}

/* Deleted rows are overwritten as they go (secure_delete); what the log still holds goes here. */
static emend_rc rewrite_file(store *s, emend_error *err) {
  static const char sql[] =
      "PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE)";
  return sqlite3_exec(s->db, sql, NULL, NULL, NULL) ? store_db_error(s, err) : EMEND_OK;
}

emend_rc store_person_forget(store *s, str user, store_person *out, emend_error *err) {
  emend_rc rc = store_flush(s, err);
  if (rc) return rc;
  pthread_mutex_lock(&s->lock);
  rc = store_rows_begin(s, err);
  if (!rc) rc = read_person(s, user, out, err);
  if (!rc) rc = delete_rows(s, user, err);
  rc = store_rows_end(s, rc, err);
  if (!rc) rc = rewrite_file(s, err);
  if (!rc) delete_copies(s);
  pthread_mutex_unlock(&s->lock);
  return rc;
}
