/* Registered sources and people's annotations of them. Each change is on disk
 * when its call returns. */
#include "base/clock.h"
#include "store/db.h"

emend_rc store_source_put(store *s, str name, str url, emend_error *err) {
  char now[32];
  clock_iso(clock_now(), now);
  pthread_mutex_lock(&s->lock);
  emend_rc rc;
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_SOURCE_PUT, err);
  if (!stmt) {
    rc = store_db_error(s, err);
  } else {
    store_db_bind_text(stmt, 1, name);
    store_db_bind_text(stmt, 2, url);
    store_db_bind_text(stmt, 3, str_from(now));
    rc = store_db_done(s, stmt, err);
  }
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_source_remove(store *s, str name, emend_error *err) {
  pthread_mutex_lock(&s->lock);
  emend_rc rc;
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_SOURCE_REMOVE, err);
  if (!stmt) {
    rc = store_db_error(s, err);
  } else { /* its annotations go with it: ON DELETE CASCADE */
    store_db_bind_text(stmt, 1, name);
    rc = store_db_done(s, stmt, err);
    if (!rc && sqlite3_changes(s->db) == 0)
      rc = err_set(err, EMEND_ENOTFOUND, "state", "no source is registered as \"%.*s\"",
                   STR_ARG(name));
  }
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_source_list(store *s, arena *a, store_sources *out, emend_error *err) {
  *out = (store_sources){0};
  pthread_mutex_lock(&s->lock);
  emend_rc rc = EMEND_OK;
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_SOURCE_LIST, err);
  if (!stmt) rc = store_db_error(s, err);
  int row = 0;
  while (!rc && (row = store_db_row(s, stmt, err)) == 1) {
    store_source it = {0};
    if (!store_db_text(stmt, 0, a, &it.name) || !store_db_text(stmt, 1, a, &it.url) ||
        !store_db_text(stmt, 2, a, &it.added_at) || !vec_push(a, out, it)) {
      sqlite3_reset(stmt);
      rc = err_nomem(err, "state");
    }
  }
  if (row < 0) rc = store_db_error(s, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

static emend_rc put_annotation(store *s, str source, str table, str column, const char *comment,
                               int values_private, str user, emend_error *err) {
  char now[32];
  clock_iso(clock_now(), now);
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_ANNOTATION_PUT, err);
  if (!stmt) return store_db_error(s, err);
  store_db_bind_text(stmt, 1, source);
  store_db_bind_text(stmt, 2, table);
  store_db_bind_text(stmt, 3, column);
  if (comment) store_db_bind_text(stmt, 4, str_from(comment));
  if (values_private >= 0) sqlite3_bind_int(stmt, 5, values_private > 0);
  store_db_bind_text(stmt, 6, str_from(now));
  store_db_bind(stmt, 7, user);
  int step = sqlite3_step(stmt);
  emend_rc rc = EMEND_OK;
  if (step == SQLITE_CONSTRAINT)
    rc = err_set(err, EMEND_ENOTFOUND, "state",
                 "no source is registered as \"%.*s\"; add it with: emend source add %.*s=URL",
                 STR_ARG(source), STR_ARG(source));
  else if (step != SQLITE_DONE)
    rc = store_db_error(s, err);
  sqlite3_reset(stmt);
  return rc;
}

emend_rc store_annotate(store *s, str source, str table, str column, const char *comment,
                        int values_private, str user, emend_error *err) {
  pthread_mutex_lock(&s->lock);
  emend_rc rc = put_annotation(s, source, table, column, comment, values_private, user, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_annotation_list(store *s, str source, arena *a, store_annotations *out,
                               emend_error *err) {
  *out = (store_annotations){0};
  pthread_mutex_lock(&s->lock);
  emend_rc rc = EMEND_OK;
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_ANNOTATION_LIST, err);
  if (stmt)
    store_db_bind_text(stmt, 1, source);
  else
    rc = store_db_error(s, err);
  int row = 0;
  while (!rc && (row = store_db_row(s, stmt, err)) == 1) {
    store_annotation it = {.values_private = sqlite3_column_int(stmt, 4) != 0};
    if (!store_db_text(stmt, 0, a, &it.source) || !store_db_text(stmt, 1, a, &it.table) ||
        !store_db_text(stmt, 2, a, &it.column) || !store_db_text(stmt, 3, a, &it.comment) ||
        !vec_push(a, out, it)) {
      sqlite3_reset(stmt);
      rc = err_nomem(err, "state");
    }
  }
  if (row < 0) rc = store_db_error(s, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}
