/* Examples, and which of them had a part in which answer. What is taken back keeps
 * an emptied row, so that every process that shares the state notices. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store/rows.h"

emend_rc store_rows_add_example(store *s, const store_example *e, str now, emend_error *err) {
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_EXAMPLE_ADD, err);
  if (!stmt) return store_db_error(s, err);
  const str texts[] = {e->id,   e->source, e->question, e->sql,  e->wrong_sql,
                       e->note, e->origin, e->parent,   e->user, now};
  for (int i = 0; i < 10; i++) store_db_bind(stmt, i + 1, texts[i]);
  return store_db_done(s, stmt, err);
}

static emend_rc drop_one(store *s, str id, bool *any, emend_error *err) {
  emend_rc rc = store_rows_run(s, STORE_EXAMPLE_DROP, &id, 1, err);
  *any = !rc && sqlite3_changes(s->db) > 0;
  return rc ? rc : store_rows_run(s, STORE_EXAMPLE_VECTOR_DROP, &id, 1, err);
}

emend_rc store_rows_drop_all(store *s, store_sql which, str of, emend_error *err) {
  for (;;) {
    sqlite3_stmt *stmt = store_db_stmt(s, which, err);
    if (!stmt) return store_db_error(s, err);
    store_db_bind(stmt, 1, of);
    int row = store_db_row(s, stmt, err);
    if (row <= 0) return row ? store_db_error(s, err) : EMEND_OK;
    char id[STORE_ID_MAX];
    const char *text = (const char *)sqlite3_column_text(stmt, 0);
    snprintf(id, sizeof id, "%s", text ? text : "");
    sqlite3_reset(stmt);
    bool any;
    emend_rc rc = drop_one(s, str_from(id), &any, err);
    if (rc || !any) return rc;
  }
}

emend_rc store_example_add(store *s, const store_example *e, emend_error *err) {
  char now[32];
  clock_iso(clock_now(), now);
  pthread_mutex_lock(&s->lock);
  emend_rc rc = store_rows_begin(s, err);
  if (!rc) rc = store_rows_add_example(s, e, str_from(now), err);
  rc = store_rows_end(s, rc, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_example_drop(store *s, str id, emend_error *err) {
  bool any = false;
  pthread_mutex_lock(&s->lock);
  emend_rc rc = store_rows_begin(s, err);
  if (!rc) rc = drop_one(s, id, &any, err);
  rc = store_rows_end(s, rc, err);
  pthread_mutex_unlock(&s->lock);
  if (!rc && !any)
    rc = err_set(err, EMEND_ENOTFOUND, "state", "no example is known as \"%.*s\"",
                 (int)(id.len < 60 ? id.len : 60), id.ptr);
  return rc;
}

/* ---- reading ---- */

/* Column `i`, where the statement has it. */
static bool read_bytes(sqlite3_stmt *stmt, int i, arena *a, str *out) {
  if (i >= sqlite3_column_count(stmt) || sqlite3_column_type(stmt, i) != SQLITE_BLOB) return true;
  const void *bytes = sqlite3_column_blob(stmt, i);
  size_t n = (size_t)sqlite3_column_bytes(stmt, i);
  float *copy = ARENA_ARRAY(a, float, n / sizeof(float) + 1); /* aligned for numbers */
  if (!copy) return false;
  if (n) memcpy(copy, bytes, n);
  *out = (str){(const char *)copy, n};
  return true;
}

static bool read_columns(sqlite3_stmt *stmt, arena *a, store_example *e) {
  str *const texts[] = {&e->id,   &e->source, &e->question, &e->sql,  &e->wrong_sql,
                        &e->note, &e->origin, &e->parent,   &e->user, &e->created_at};
  enum { N = sizeof texts / sizeof *texts };
  for (int i = 0; i < N; i++)
    if (!store_db_text(stmt, i, a, texts[i])) return false;
  e->active = sqlite3_column_int(stmt, N) != 0;
  e->seq = sqlite3_column_int64(stmt, N + 1);
  return read_bytes(stmt, N + 2, a, &e->vector);
}

/* The rows of a statement that is bound already. With the lock held. */
static emend_rc read_all(store *s, sqlite3_stmt *stmt, arena *a, store_examples *out,
                         emend_error *err) {
  int row;
  *out = (store_examples){0};
  while ((row = store_db_row(s, stmt, err)) == 1) {
    store_example e = {0};
    if (!read_columns(stmt, a, &e) || !vec_push(a, out, e)) {
      sqlite3_reset(stmt);
      return err_nomem(err, "state");
    }
  }
  return row < 0 ? store_db_error(s, err) : EMEND_OK;
}

emend_rc store_example_get(store *s, str id, arena *a, store_example *out, emend_error *err) {
  store_examples found;
  pthread_mutex_lock(&s->lock);
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_EXAMPLE_GET, err);
  if (stmt) store_db_bind(stmt, 1, id);
  emend_rc rc = stmt ? read_all(s, stmt, a, &found, err) : store_db_error(s, err);
  pthread_mutex_unlock(&s->lock);
  if (rc) return rc;
  if (found.len == 0)
    return err_set(err, EMEND_ENOTFOUND, "state", "no example is known as \"%.*s\"",
                   (int)(id.len < 60 ? id.len : 60), id.ptr);
  *out = found.items[0];
  return EMEND_OK;
}

emend_rc store_example_list(store *s, str source, str origin, arena *a, store_examples *out,
                            emend_error *err) {
  pthread_mutex_lock(&s->lock);
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_EXAMPLE_LIST, err);
  if (stmt) {
    store_db_bind(stmt, 1, source);
    store_db_bind(stmt, 2, origin);
  }
  emend_rc rc = stmt ? read_all(s, stmt, a, out, err) : store_db_error(s, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_example_since(store *s, int64_t seq, str made_by, arena *a, store_examples *out,
                             emend_error *err) {
  pthread_mutex_lock(&s->lock);
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_EXAMPLE_SINCE, err);
  if (stmt) {
    sqlite3_bind_int64(stmt, 1, seq);
    store_db_bind(stmt, 2, made_by);
  }
  emend_rc rc = stmt ? read_all(s, stmt, a, out, err) : store_db_error(s, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

static emend_rc put_vector(store *s, str made_by, const store_vector *v, emend_error *err) {
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_EXAMPLE_VECTOR_PUT, err);
  if (!stmt) return store_db_error(s, err);
  store_db_bind(stmt, 1, v->id);
  store_db_bind(stmt, 2, made_by);
  sqlite3_bind_blob(stmt, 3, v->bytes.ptr, (int)v->bytes.len, SQLITE_STATIC);
  return store_db_done(s, stmt, err);
}

emend_rc store_example_keep_vectors(store *s, str made_by, const store_vectors *vectors,
                                    emend_error *err) {
  pthread_mutex_lock(&s->lock);
  sqlite3_busy_timeout(s->db, 0);
  emend_rc rc = store_rows_begin(s, err);
  for (size_t i = 0; i < vectors->len && !rc; i++)
    rc = put_vector(s, made_by, &vectors->items[i], err);
  rc = store_rows_end(s, rc, err);
  sqlite3_busy_timeout(s->db, STORE_PATIENCE_MS);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_example_last(store *s, int64_t *out, emend_error *err) {
  *out = 0;
  pthread_mutex_lock(&s->lock);
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_EXAMPLE_LAST, err);
  int row = stmt ? store_db_row(s, stmt, err) : -1;
  emend_rc rc = row < 0 ? store_db_error(s, err) : EMEND_OK;
  if (row == 1) {
    *out = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
  }
  pthread_mutex_unlock(&s->lock);
  return rc;
}

/* ---- influence ---- */

static emend_rc add_use(store *s, const store_use *u, str now, emend_error *err) {
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_USE_ADD, err);
  if (!stmt) return store_db_error(s, err);
  store_db_bind(stmt, 1, u->question_id);
  store_db_bind(stmt, 2, u->ref);
  store_db_bind(stmt, 3, u->kind);
  sqlite3_bind_double(stmt, 4, u->similarity);
  sqlite3_bind_int(stmt, 5, u->chosen);
  store_db_bind(stmt, 6, now);
  return store_db_done(s, stmt, err);
}

emend_rc store_use_add(store *s, const store_use *uses, size_t n, emend_error *err) {
  char now[32];
  clock_iso(clock_now(), now);
  if (n == 0) return EMEND_OK;
  pthread_mutex_lock(&s->lock);
  emend_rc rc = store_rows_begin(s, err);
  for (size_t i = 0; i < n && !rc; i++) rc = add_use(s, &uses[i], str_from(now), err);
  rc = store_rows_end(s, rc, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_use_changed(store *s, str question_id, bool changed, emend_error *err) {
  pthread_mutex_lock(&s->lock);
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_USE_CHANGED, err);
  if (stmt) {
    store_db_bind(stmt, 1, question_id);
    sqlite3_bind_int(stmt, 2, changed);
  }
  emend_rc rc = stmt ? store_db_done(s, stmt, err) : store_db_error(s, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_use_confirm(store *s, str question_id, emend_error *err) {
  pthread_mutex_lock(&s->lock);
  emend_rc rc = store_rows_run(s, STORE_USE_CONFIRM, &question_id, 1, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_use_figures(store *s, str ref, store_figures *out, emend_error *err) {
  *out = (store_figures){0};
  pthread_mutex_lock(&s->lock);
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_USE_FIGURES, err);
  if (stmt) store_db_bind(stmt, 1, ref);
  int row = stmt ? store_db_row(s, stmt, err) : -1;
  emend_rc rc = row < 0 ? store_db_error(s, err) : EMEND_OK;
  if (row == 1) {
    int64_t *const figures[] = {&out->shown, &out->answers, &out->chosen, &out->changed,
                                &out->confirmed};
    for (int i = 0; i < 5; i++) *figures[i] = sqlite3_column_int64(stmt, i);
    sqlite3_reset(stmt);
  }
  pthread_mutex_unlock(&s->lock);
  return rc;
}
