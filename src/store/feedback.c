/* Feedback with its audit trail: every step and what it teaches in one transaction. Which steps
 * there may be is not decided here. */
#include "store/feedback.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store/db.h"
#include "store/rows.h"

static const char *const status_names[] = {"pending", "verified", "applied", "rejected"};

const char *store_status_name(store_feedback_status status) {
  return status < STORE_N_STATUS ? status_names[status] : "unknown";
}

bool store_status_find(str name, store_feedback_status *out) {
  for (int i = 0; i < STORE_N_STATUS; i++)
    if (str_eq(name, str_from(status_names[i]))) return *out = (store_feedback_status)i, true;
  return false;
}

/* ---- transactions ---- */

emend_rc store_rows_begin(store *s, emend_error *err) {
  return store_db_run(s, STORE_BEGIN_WRITE, err);
}

emend_rc store_rows_end(store *s, emend_rc rc, emend_error *err) {
  if (!rc) rc = store_db_run(s, STORE_COMMIT, err);
  if (rc && !sqlite3_get_autocommit(s->db)) store_db_run(s, STORE_ROLLBACK, NULL);
  return rc;
}

emend_rc store_rows_run(store *s, store_sql which, const str *texts, int n, emend_error *err) {
  sqlite3_stmt *stmt = store_db_stmt(s, which, err);
  if (!stmt) return store_db_error(s, err);
  for (int i = 0; i < n; i++) store_db_bind(stmt, i + 1, texts[i]);
  return store_db_done(s, stmt, err);
}

/* ---- adding ---- */

static emend_rc add_log(store *s, str id, str now, str by, const char *from, const char *to,
                        str note, emend_error *err) {
  const str texts[] = {id, now, by, str_from(from), str_from(to), note};
  return store_rows_run(s, STORE_FEEDBACK_LOG_ADD, texts, 6, err);
}

/* Parameters from..from+1: NULL where the judge was not asked. */
static void bind_suspicions(sqlite3_stmt *stmt, int from, const store_feedback *f) {
  if (f->suspicion >= 0) sqlite3_bind_double(stmt, from, f->suspicion);
  if (f->wrong_suspicion >= 0) sqlite3_bind_double(stmt, from + 1, f->wrong_suspicion);
}

static double read_suspicion(sqlite3_stmt *stmt, int column) {
  bool asked = sqlite3_column_type(stmt, column) != SQLITE_NULL;
  return asked ? sqlite3_column_double(stmt, column) : -1;
}

static emend_rc insert(store *s, const store_feedback *f, str now, emend_error *err) {
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_FEEDBACK_ADD, err);
  if (!stmt) return store_db_error(s, err);
  const str texts[] = {f->id,       f->source,    f->user, f->question_id,
                       f->question, f->wrong_sql, f->sql};
  for (int i = 0; i < 7; i++) store_db_bind(stmt, i + 1, texts[i]);
  if (f->rating) sqlite3_bind_int(stmt, 8, f->rating);
  store_db_bind(stmt, 9, f->comment);
  store_db_bind(stmt, 10, f->reason);
  store_db_bind(stmt, 11, str_from(store_status_name(f->status)));
  store_db_bind(stmt, 12, now);
  store_db_bind(stmt, 13, f->schema_version);
  store_db_bind_text(stmt, 14, f->topic);
  store_db_bind_text(stmt, 15, f->shape);
  sqlite3_bind_int(stmt, 16, f->differs);
  store_db_bind(stmt, 17, f->wrong_result);
  store_db_bind(stmt, 18, f->result);
  bind_suspicions(stmt, 19, f);
  return store_db_done(s, stmt, err);
}

emend_rc store_feedback_add(store *s, const store_feedback *f, emend_error *err) {
  char now[32];
  clock_iso(clock_now(), now);
  pthread_mutex_lock(&s->lock);
  emend_rc rc = store_rows_begin(s, err);
  if (!rc) rc = insert(s, f, str_from(now), err);
  if (!rc)
    rc = add_log(s, f->id, str_from(now), f->user, NULL, store_status_name(f->status), (str){0},
                 err);
  rc = store_rows_end(s, rc, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

/* ---- steps ---- */

static emend_rc withdraw(store *s, const store_step *step, str now, emend_error *err) {
  size_t n = step->against ? step->against->len : 0;
  char text[64];
  snprintf(text, sizeof text, "corrected by %.*s", STR_ARG(step->id));
  emend_rc rc = EMEND_OK;
  for (size_t i = 0; i < n && !rc; i++)
    rc = store_rows_withdraw(s, &step->against->items[i], str_from(text), step->by, now, err);
  return n && !rc ? store_db_run(s, STORE_FINALIZED_CHANGED, err) : rc;
}

emend_rc store_feedback_withdraw(store *s, const store_step *step, emend_error *err) {
  char now[32];
  if (!step->against || step->against->len == 0) return EMEND_OK;
  clock_iso(clock_now(), now);
  pthread_mutex_lock(&s->lock);
  emend_rc rc = store_rows_begin(s, err);
  if (!rc) rc = withdraw(s, step, str_from(now), err);
  rc = store_rows_end(s, rc, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

static emend_rc take_step(store *s, const store_step *step, str now, emend_error *err) {
  const char *from = store_status_name(step->from), *to = store_status_name(step->to);
  const str texts[] = {step->id, str_from(from), str_from(to), now};
  emend_rc rc = store_rows_run(s, STORE_FEEDBACK_MOVE, texts, 4, err);
  if (!rc && sqlite3_changes(s->db) == 0)
    rc = err_set(err, EMEND_EBUSY, "state", "%.*s is not %s any more; look at it again",
                 STR_ARG(step->id), from);
  if (!rc) rc = add_log(s, step->id, now, step->by, from, to, step->note, err);
  if (!rc && step->from == STORE_APPLIED)
    rc = store_rows_drop_all(s, STORE_EXAMPLE_NEXT_OF, step->id, err);
  if (!rc && step->example) rc = store_rows_add_example(s, step->example, now, err);
  return rc ? rc : withdraw(s, step, now, err);
}

emend_rc store_feedback_steps(store *s, const store_step *steps, size_t n, emend_error *err) {
  char now[32];
  clock_iso(clock_now(), now);
  pthread_mutex_lock(&s->lock);
  emend_rc rc = store_rows_begin(s, err);
  for (size_t i = 0; i < n && !rc; i++) rc = take_step(s, &steps[i], str_from(now), err);
  rc = store_rows_end(s, rc, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

static emend_rc edit(store *s, const store_feedback *f, str now, str by, emend_error *err) {
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_FEEDBACK_EDIT, err);
  if (!stmt) return store_db_error(s, err);
  store_db_bind(stmt, 1, f->id);
  store_db_bind(stmt, 2, f->sql);
  store_db_bind_text(stmt, 3, f->shape);
  sqlite3_bind_int(stmt, 4, f->differs);
  store_db_bind(stmt, 5, f->result);
  if (f->rating) sqlite3_bind_int(stmt, 6, f->rating);
  store_db_bind(stmt, 7, now);
  bind_suspicions(stmt, 8, f);
  emend_rc rc = store_db_done(s, stmt, err);
  if (!rc && sqlite3_changes(s->db) == 0)
    rc = err_set(err, EMEND_EBUSY, "state", "%.*s can no longer be edited", STR_ARG(f->id));
  const char *status = store_status_name(f->status);
  return rc ? rc : add_log(s, f->id, now, by, status, status, STR("edited"), err);
}

emend_rc store_feedback_edit(store *s, const store_feedback *f, str by, emend_error *err) {
  char now[32];
  clock_iso(clock_now(), now);
  pthread_mutex_lock(&s->lock);
  emend_rc rc = store_rows_begin(s, err);
  if (!rc) rc = edit(s, f, str_from(now), by, err);
  rc = store_rows_end(s, rc, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

/* ---- reading ---- */

static bool read_columns(sqlite3_stmt *stmt, arena *a, store_feedback *f) {
  str *const texts[] = {&f->id,       &f->source,     &f->user,         &f->question_id,
                        &f->question, &f->wrong_sql,  &f->sql,          &f->comment,
                        &f->reason,   &f->created_at, &f->updated_at,   &f->schema_version,
                        &f->topic,    &f->shape,      &f->wrong_result, &f->result};
  enum { N = sizeof texts / sizeof *texts };
  for (int i = 0; i < N; i++)
    if (!store_db_text(stmt, i, a, texts[i])) return false;
  str status;
  if (!store_db_text(stmt, N, a, &status) || !store_status_find(status, &f->status)) return false;
  f->rating = sqlite3_column_int(stmt, N + 1);
  f->differs = sqlite3_column_int(stmt, N + 2);
  f->suspicion = read_suspicion(stmt, N + 3);
  f->wrong_suspicion = read_suspicion(stmt, N + 4);
  return true;
}

emend_rc store_feedback_get(store *s, str id, arena *a, store_feedback *out, emend_error *err) {
  *out = (store_feedback){0};
  pthread_mutex_lock(&s->lock);
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_FEEDBACK_GET, err);
  emend_rc rc = stmt ? EMEND_OK : store_db_error(s, err);
  if (stmt) {
    store_db_bind(stmt, 1, id);
    int row = store_db_row(s, stmt, err);
    if (row < 0) rc = store_db_error(s, err);
    if (row == 0)
      rc = err_set(err, EMEND_ENOTFOUND, "state", "no feedback is known as \"%.60s\"", id.ptr);
    if (row == 1 && !read_columns(stmt, a, out)) rc = err_nomem(err, "state");
    sqlite3_reset(stmt);
  }
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_feedback_list(store *s, const store_feedback_filter *filter, arena *a,
                             store_feedbacks *out, emend_error *err) {
  *out = (store_feedbacks){0};
  pthread_mutex_lock(&s->lock);
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_FEEDBACK_LIST, err);
  emend_rc rc = stmt ? EMEND_OK : store_db_error(s, err);
  if (stmt) {
    store_db_bind(stmt, 1, filter->source);
    if (filter->status < STORE_N_STATUS)
      store_db_bind(stmt, 2, str_from(store_status_name(filter->status)));
    store_db_bind(stmt, 3, filter->topic);
    store_db_bind(stmt, 4, filter->user);
    sqlite3_bind_int64(stmt, 5, filter->max ? (sqlite3_int64)filter->max : -1);
  }
  int row = 0;
  while (!rc && (row = store_db_row(s, stmt, err)) == 1) {
    store_feedback f = {0};
    if (!read_columns(stmt, a, &f) || !vec_push(a, out, f)) {
      sqlite3_reset(stmt);
      rc = err_nomem(err, "state");
    }
  }
  if (row < 0) rc = store_db_error(s, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_feedback_log(store *s, str id, arena *a, store_logs *out, emend_error *err) {
  *out = (store_logs){0};
  pthread_mutex_lock(&s->lock);
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_FEEDBACK_LOG_LIST, err);
  emend_rc rc = stmt ? EMEND_OK : store_db_error(s, err);
  if (stmt) store_db_bind(stmt, 1, id);
  int row = 0;
  while (!rc && (row = store_db_row(s, stmt, err)) == 1) {
    store_log it = {0};
    if (!store_db_text(stmt, 0, a, &it.at) || !store_db_text(stmt, 1, a, &it.by) ||
        !store_db_text(stmt, 2, a, &it.from) || !store_db_text(stmt, 3, a, &it.to) ||
        !store_db_text(stmt, 4, a, &it.note) || !vec_push(a, out, it)) {
      sqlite3_reset(stmt);
      rc = err_nomem(err, "state");
    }
  }
  if (row < 0) rc = store_db_error(s, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_feedback_counts(store *s, size_t out[STORE_N_STATUS], emend_error *err) {
  memset(out, 0, STORE_N_STATUS * sizeof *out);
  pthread_mutex_lock(&s->lock);
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_FEEDBACK_COUNTS, err);
  emend_rc rc = stmt ? EMEND_OK : store_db_error(s, err);
  int row = 0;
  while (!rc && (row = store_db_row(s, stmt, err)) == 1) {
    store_feedback_status status;
    const char *name = (const char *)sqlite3_column_text(stmt, 0);
    if (store_status_find(str_from(name), &status))
      out[status] = (size_t)sqlite3_column_int64(stmt, 1);
  }
  if (row < 0) rc = store_db_error(s, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_question_askings(store *s, str source_name, size_t max, arena *a, store_askings *out,
                                emend_error *err) {
  *out = (store_askings){0};
  emend_rc rc = store_flush(s, err);
  if (rc) return rc;
  pthread_mutex_lock(&s->lock);
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_QUESTION_ASKINGS, err);
  if (stmt) {
    store_db_bind(stmt, 1, source_name);
    sqlite3_bind_int64(stmt, 2, (sqlite3_int64)max);
  } else {
    rc = store_db_error(s, err);
  }
  int row = 0;
  while (!rc && (row = store_db_row(s, stmt, err)) == 1) {
    store_asking it = {.n = sqlite3_column_int64(stmt, 3)};
    if (!store_db_text(stmt, 0, a, &it.source_name) || !store_db_text(stmt, 1, a, &it.user) ||
        !store_db_text(stmt, 2, a, &it.question) || !vec_push(a, out, it)) {
      sqlite3_reset(stmt);
      rc = err_nomem(err, "state");
    }
  }
  if (row < 0) rc = store_db_error(s, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}
