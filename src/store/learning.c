/* The records of learning: data sets, model versions, promotions, rounds. See learning.h. */
#include "store/learning.h"

#include "base/clock.h"
#include "store/db.h"

enum { MOST_FIELDS = 9 };

char *store_learn_folder(const store *s, arena *a) { return arena_printf(a, "%s.learn", s->path); }

/* A record in a list; every column of its row is text, and in the order of the record's fields. */
typedef bool (*record_reader)(const str *fields, arena *a, void *list);

static void bind_all(sqlite3_stmt *stmt, const str *fields, int n) {
  for (int i = 0; i < n; i++) store_db_bind_text(stmt, i + 1, fields[i]);
}

/* With the lock held. */
static emend_rc write_record(store *s, store_sql which, const str *fields, int n,
                             emend_error *err) {
  sqlite3_stmt *stmt = store_db_stmt(s, which, err);
  if (!stmt) return store_db_error(s, err);
  bind_all(stmt, fields, n);
  return store_db_done(s, stmt, err);
}

static emend_rc put_record(store *s, store_sql which, const str *fields, int n, emend_error *err) {
  pthread_mutex_lock(&s->lock);
  emend_rc rc = write_record(s, which, fields, n, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

/* With the lock held: every row of `which` to `read`. */
static emend_rc read_records(store *s, sqlite3_stmt *stmt, arena *a, record_reader read, void *list,
                             emend_error *err) {
  int row = 0;
  while ((row = store_db_row(s, stmt, err)) == 1) {
    str fields[MOST_FIELDS] = {0};
    int n = sqlite3_column_count(stmt);
    bool ok = n <= MOST_FIELDS;
    for (int i = 0; ok && i < n; i++) ok = store_db_text(stmt, i, a, &fields[i]);
    if (!ok || !read(fields, a, list)) {
      sqlite3_reset(stmt);
      return err_nomem(err, "state");
    }
  }
  return row < 0 ? store_db_error(s, err) : EMEND_OK;
}

static emend_rc list_records(store *s, store_sql which, str key, arena *a, record_reader read,
                             void *list, emend_error *err) {
  emend_rc rc = EMEND_OK;
  pthread_mutex_lock(&s->lock);
  sqlite3_stmt *stmt = store_db_stmt(s, which, err);
  if (!stmt) {
    rc = store_db_error(s, err);
  } else {
    store_db_bind(stmt, 1, key);
    rc = read_records(s, stmt, a, read, list, err);
  }
  pthread_mutex_unlock(&s->lock);
  return rc;
}

/* ---- data sets ---- */

static bool read_dataset(const str *f, arena *a, void *list) {
  store_dataset d = {f[0], f[1], f[2], f[3], f[4]};
  return vec_push(a, (store_datasets *)list, d);
}

emend_rc store_dataset_add(store *s, const store_dataset *d, emend_error *err) {
  const str fields[] = {d->id, d->source, d->made_at, d->hash, d->manifest};
  return put_record(s, STORE_DATASET_ADD, fields, 5, err);
}

emend_rc store_dataset_list(store *s, str source, arena *a, store_datasets *out, emend_error *err) {
  *out = (store_datasets){0};
  return list_records(s, STORE_DATASET_LIST, source, a, read_dataset, out, err);
}

emend_rc store_dataset_remove(store *s, str id, emend_error *err) {
  return put_record(s, STORE_DATASET_REMOVE, &id, 1, err);
}

/* ---- model versions ---- */

static bool read_model(const str *f, arena *a, void *list) {
  store_model m = {f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8]};
  return vec_push(a, (store_models *)list, m);
}

emend_rc store_model_put(store *s, const store_model *m, emend_error *err) {
  const str fields[] = {m->id,   m->source, m->dataset_id, m->base,   m->made_at,
                        m->hash, m->status, m->reason,     m->figures};
  return put_record(s, STORE_MODEL_PUT, fields, 9, err);
}

emend_rc store_model_get(store *s, str id, arena *a, store_model *out, emend_error *err) {
  store_models found = {0};
  emend_rc rc = list_records(s, STORE_MODEL_GET, id, a, read_model, &found, err);
  if (!rc && found.len == 0)
    rc = err_set(err, EMEND_ENOTFOUND, "learn", "there is no model version \"%.*s\"", STR_ARG(id));
  if (!rc) *out = found.items[0];
  return rc;
}

emend_rc store_model_list(store *s, str source, arena *a, store_models *out, emend_error *err) {
  *out = (store_models){0};
  return list_records(s, STORE_MODEL_LIST, source, a, read_model, out, err);
}

emend_rc store_model_remove(store *s, str id, emend_error *err) {
  emend_rc rc = put_record(s, STORE_PROMOTION_FORGET, &id, 1, err);
  return rc ? rc : put_record(s, STORE_MODEL_REMOVE, &id, 1, err);
}

/* ---- promotions ---- */

static bool read_promotion(const str *f, arena *a, void *list) {
  store_promotion p = {f[0], f[1], f[2], f[3], f[4], f[5], f[6]};
  return vec_push(a, (store_promotions *)list, p);
}

static bool read_pair(const str *f, arena *a, void *out) {
  (void)a;
  ((str *)out)[0] = f[0];
  ((str *)out)[1] = f[1];
  return true;
}

/* With the lock held: what answers now, and what did before; both empty without a promotion. */
static emend_rc read_now(store *s, str source, arena *a, str now[2], emend_error *err) {
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_PROMOTION_NOW, err);
  if (!stmt) return store_db_error(s, err);
  store_db_bind_text(stmt, 1, source);
  now[0] = now[1] = (str){0};
  return read_records(s, stmt, a, read_pair, now, err);
}

/* With the lock held, inside a transaction: the log's line, and the status of both versions. */
static emend_rc write_promotion(store *s, str source, str from, str to, str before,
                                const char *kind, str by, str reason, emend_error *err) {
  char now[32];
  clock_iso(clock_now(), now);
  const str line[] = {source, to, before, str_from(kind), str_from(now), by, reason};
  const str retired[] = {from, STR("retired")}, promoted[] = {to, STR("promoted")};
  emend_rc rc = write_record(s, STORE_PROMOTION_ADD, line, 7, err);
  if (!rc && from.len) rc = write_record(s, STORE_MODEL_STATUS, retired, 2, err);
  if (!rc && to.len) rc = write_record(s, STORE_MODEL_STATUS, promoted, 2, err);
  return rc;
}

/* With the lock held: ends a transaction in which `rc` came about. */
static emend_rc end_transaction(store *s, emend_rc rc, emend_error *err) {
  if (!rc) rc = store_db_run(s, STORE_COMMIT, err);
  if (rc && !sqlite3_get_autocommit(s->db)) store_db_run(s, STORE_ROLLBACK, NULL);
  return rc;
}

emend_rc store_promote(store *s, str source, str model_id, str by, str reason, emend_error *err) {
  arena *a = arena_create(1 << 16);
  str now[2];
  if (!a) return err_nomem(err, "state");
  pthread_mutex_lock(&s->lock);
  emend_rc rc = store_db_run(s, STORE_BEGIN, err);
  if (!rc) rc = read_now(s, source, a, now, err);
  if (!rc && !str_eq(now[0], model_id))
    rc = write_promotion(s, source, now[0], model_id, now[0], "promote", by, reason, err);
  rc = end_transaction(s, rc, err);
  pthread_mutex_unlock(&s->lock);
  arena_destroy(a);
  return rc;
}

/* With the lock held: what answered before `model_id` was first promoted. */
static emend_rc read_before(store *s, str source, str model_id, arena *a, str *out,
                            emend_error *err) {
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_PROMOTION_BEFORE, err);
  str found[2] = {{0}, {0}};
  if (!stmt) return store_db_error(s, err);
  store_db_bind_text(stmt, 1, source);
  store_db_bind_text(stmt, 2, model_id);
  emend_rc rc = read_records(s, stmt, a, read_pair, found, err);
  *out = found[0];
  return rc;
}

emend_rc store_rollback(store *s, str source, str by, arena *a, str *out, emend_error *err) {
  str now[2], before = {0};
  pthread_mutex_lock(&s->lock);
  emend_rc rc = store_db_run(s, STORE_BEGIN, err);
  if (!rc) rc = read_now(s, source, a, now, err);
  if (!rc && now[0].len == 0)
    rc = err_set(err, EMEND_ENOTFOUND, "learn",
                 "nothing was promoted for \"%.*s\": the weights as shipped answer already",
                 STR_ARG(source));
  if (!rc && now[1].len) rc = read_before(s, source, now[1], a, &before, err);
  if (!rc) rc = write_promotion(s, source, now[0], now[1], before, "rollback", by, (str){0}, err);
  rc = end_transaction(s, rc, err);
  pthread_mutex_unlock(&s->lock);
  if (!rc) *out = now[1];
  return rc;
}

emend_rc store_promoted(store *s, str source, arena *a, str *out, emend_error *err) {
  str now[2];
  pthread_mutex_lock(&s->lock);
  emend_rc rc = read_now(s, source, a, now, err);
  pthread_mutex_unlock(&s->lock);
  *out = rc ? (str){0} : now[0];
  return rc;
}

emend_rc store_promotion_list(store *s, str source, arena *a, store_promotions *out,
                              emend_error *err) {
  *out = (store_promotions){0};
  return list_records(s, STORE_PROMOTION_LIST, source, a, read_promotion, out, err);
}

/* With the lock held: one number, `key` bound where the statement has a place for it. */
static emend_rc read_number(store *s, store_sql which, str key, int64_t *out, emend_error *err) {
  sqlite3_stmt *stmt = store_db_stmt(s, which, err);
  if (!stmt) return store_db_error(s, err);
  store_db_bind(stmt, 1, key);
  int row = store_db_row(s, stmt, err);
  *out = row == 1 ? sqlite3_column_int64(stmt, 0) : 0;
  sqlite3_reset(stmt);
  return row < 0 ? store_db_error(s, err) : EMEND_OK;
}

emend_rc store_promotion_stamp(store *s, int64_t *out, emend_error *err) {
  pthread_mutex_lock(&s->lock);
  emend_rc rc = read_number(s, STORE_PROMOTION_STAMP, (str){0}, out, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

/* ---- rounds ---- */

static bool read_round(const str *f, arena *a, void *list) {
  store_round r = {f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7]};
  return vec_push(a, (store_rounds *)list, r);
}

emend_rc store_round_put(store *s, const store_round *r, emend_error *err) {
  const str fields[] = {r->id,     r->source,  r->cause,      r->stage,
                        r->detail, r->outcome, r->started_at, r->updated_at};
  return put_record(s, STORE_ROUND_PUT, fields, 8, err);
}

emend_rc store_round_open(store *s, str source, arena *a, store_round *out, emend_error *err) {
  store_rounds found = {0};
  *out = (store_round){0};
  emend_rc rc = list_records(s, STORE_ROUND_OPEN, source, a, read_round, &found, err);
  if (!rc && found.len) *out = found.items[0];
  return rc;
}

emend_rc store_round_list(store *s, str source, arena *a, store_rounds *out, emend_error *err) {
  *out = (store_rounds){0};
  return list_records(s, STORE_ROUND_LIST, source, a, read_round, out, err);
}

/* ---- failures ---- */

static bool read_failed(const str *f, arena *a, void *list) {
  store_failed it = {f[0], f[1], f[2], f[3], f[4]};
  return vec_push(a, (store_failed_list *)list, it);
}

emend_rc store_failures_since_round(store *s, str source, int64_t *out, emend_error *err) {
  emend_rc rc = store_flush(s, err);
  if (rc) return rc;
  pthread_mutex_lock(&s->lock);
  rc = read_number(s, STORE_FAILURES_SINCE_ROUND, source, out, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_failed_questions(store *s, str source, size_t max, arena *a, store_failed_list *out,
                                emend_error *err) {
  *out = (store_failed_list){0};
  emend_rc rc = store_flush(s, err);
  if (rc) return rc;
  pthread_mutex_lock(&s->lock);
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_FAILED_QUESTIONS, err);
  if (!stmt) {
    rc = store_db_error(s, err);
  } else {
    store_db_bind_text(stmt, 1, source);
    sqlite3_bind_int64(stmt, 2, (sqlite3_int64)max);
    rc = read_records(s, stmt, a, read_failed, out, err);
  }
  pthread_mutex_unlock(&s->lock);
  return rc;
}
