/* The history of questions, and what was asked back: queued by whoever asks, written in groups by
 * one thread, so that no answer waits for the disk, nor its program's end for another process that
 * holds the state. Sources are in sources.c. */
#define _GNU_SOURCE
#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/rows.h"

enum { GROUP_MS = 100, RECORD_BYTES = 64 << 20, MAX_QUEUED = 10000 };
/* The history may lose what a lock keeps out for longer; what people decide may not. */
static const double brief_ms = 1000;

typedef struct record {
  struct record *next;
  arena *mem;
  store_question q;
  store_asked_back back; /* with a question_id: this, and no question */
} record;

typedef struct history_queue {
  pthread_mutex_t lock; /* guards what follows; never held while the store's is */
  pthread_cond_t wake, written;
  record *first, **last;
  size_t n;
  bool started, stop, writing, idle; /* idle: waits to be woken */
  double held_up;                    /* since when a lock keeps all of it out; 0: none does */
  pthread_t writer;
} history_queue;

/* ---- writing ---- */

static emend_rc write_attempts(store *s, const store_question *q, emend_error *err) {
  for (size_t i = 0; i < q->attempts.len; i++) {
    const store_attempt *at = &q->attempts.items[i];
    sqlite3_stmt *stmt = store_db_stmt(s, STORE_ATTEMPT_ADD, err);
    if (!stmt) return store_db_error(s, err);
    store_db_bind_text(stmt, 1, q->id);
    sqlite3_bind_int(stmt, 2, at->n);
    store_db_bind_text(stmt, 3, at->sql);
    store_db_bind_text(stmt, 4, at->generator);
    store_db_bind_text(stmt, 5, at->diagnostics);
    sqlite3_bind_double(stmt, 6, at->ms);
    emend_rc rc = store_db_done(s, stmt, err);
    if (rc) return rc;
  }
  return EMEND_OK;
}

static emend_rc write_failure(store *s, str question, str kind, str detail, str at,
                              emend_error *err) {
  char id[STORE_ID_MAX];
  store_new_id("fail_", id);
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_FAILURE_ADD, err);
  if (!stmt) return store_db_error(s, err);
  store_db_bind_text(stmt, 1, str_from(id));
  store_db_bind_text(stmt, 2, question);
  store_db_bind_text(stmt, 3, kind);
  store_db_bind_text(stmt, 4, detail);
  store_db_bind_text(stmt, 5, at);
  return store_db_done(s, stmt, err);
}

static emend_rc write_question(store *s, const store_question *q, emend_error *err) {
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_QUESTION_ADD, err);
  if (!stmt) return store_db_error(s, err);
  store_db_bind_text(stmt, 1, q->id);
  store_db_bind_text(stmt, 2, q->asked_at);
  store_db_bind(stmt, 3, q->user);
  store_db_bind(stmt, 4, q->source);
  store_db_bind_text(stmt, 5, q->question);
  store_db_bind_text(stmt, 6, q->status);
  store_db_bind(stmt, 7, q->sql);
  store_db_bind(stmt, 8, q->answer);
  sqlite3_bind_double(stmt, 9, q->confidence);
  if (q->row_count >= 0) sqlite3_bind_int64(stmt, 10, q->row_count);
  sqlite3_bind_double(stmt, 11, q->total_ms);
  sqlite3_bind_double(stmt, 12, q->db_ms);
  store_db_bind(stmt, 13, q->model);
  store_db_bind(stmt, 14, q->schema_version);
  store_db_bind_text(stmt, 15, q->warnings);
  store_db_bind_text(stmt, 16, q->trace);
  emend_rc rc = store_db_done(s, stmt, err);
  if (!rc) rc = write_attempts(s, q, err);
  if (rc || !q->failure_kind.len) return rc;
  return write_failure(s, q->id, q->failure_kind, q->failure_detail, q->asked_at, err);
}

static emend_rc write_record(store *s, const record *r, emend_error *err) {
  return r->back.question_id.len ? store_rows_put_asked_back(s, &r->back, err)
                                 : write_question(s, &r->q, err);
}

static emend_rc write_group(store *s, const record *first, int patience_ms, emend_error *err) {
  pthread_mutex_lock(&s->lock);
  sqlite3_busy_timeout(s->db, patience_ms);
  emend_rc rc = store_db_run(s, STORE_BEGIN, err);
  for (const record *r = first; r && !rc; r = r->next) rc = write_record(s, r, err);
  if (!rc) rc = store_db_run(s, STORE_COMMIT, err);
  if (rc && !sqlite3_get_autocommit(s->db)) store_db_run(s, STORE_ROLLBACK, NULL);
  sqlite3_busy_timeout(s->db, STORE_PATIENCE_MS);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

static void free_records(record *r) {
  while (r) {
    record *next = r->next;
    arena_destroy(r->mem); /* the record itself lives in it */
    r = next;
  }
}

/* What is left of the brief wait for a lock. */
static int brief_wait(const history_queue *h) {
  double left = h->held_up > 0 ? brief_ms - (clock_ms() - h->held_up) : brief_ms;
  return left > 0 ? (int)left : 0;
}

/* Writes what is queued. Called with the queue's lock, which is let go while the
 * disk works, so that askers do not wait for it; one group at a time. What cannot
 * be written goes back to the head of the queue for the next try. */
static emend_rc drain(store *s, bool briefly, emend_error *err) {
  history_queue *h = s->queue;
  while (h->writing) pthread_cond_wait(&h->written, &h->lock);
  if (!h->first) return EMEND_OK;
  record *group = h->first, **end = h->last;
  size_t n = h->n;
  h->first = NULL;
  h->last = &h->first;
  h->n = 0;
  h->writing = true;
  int patience_ms = briefly ? brief_wait(h) : STORE_PATIENCE_MS;
  pthread_mutex_unlock(&h->lock);
  double since = clock_ms();
  emend_rc rc = write_group(s, group, patience_ms, err);
  if (!rc) free_records(group);
  pthread_mutex_lock(&h->lock);
  if (rc != EMEND_EBUSY)
    h->held_up = 0;
  else if (!(h->held_up > 0))
    h->held_up = since;
  h->writing = false;
  pthread_cond_broadcast(&h->written);
  if (rc) {
    *end = h->first;
    if (!h->first) h->last = end;
    h->first = group;
    h->n += n;
  }
  return rc;
}

/* Waits for the first record of a group, lets others join it, writes. */
static void *writer_main(void *arg) {
  store *s = arg;
  history_queue *h = s->queue;
  pthread_mutex_lock(&h->lock);
  while (!h->stop) {
    if (!h->first) {
      h->idle = true;
      pthread_cond_wait(&h->wake, &h->lock);
      h->idle = false;
      continue;
    }
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (GROUP_MS / 2) * 1000000L;
    if (until.tv_nsec >= 1000000000L) until.tv_sec++, until.tv_nsec -= 1000000000L;
    while (!h->stop && pthread_cond_timedwait(&h->wake, &h->lock, &until) != ETIMEDOUT) continue;
    emend_error err;
    if (!h->stop && drain(s, true, &err)) log_write(LOG_WARN, "history: %s", err.msg);
  }
  pthread_mutex_unlock(&h->lock);
  return NULL;
}

/* ---- queueing ---- */

static bool copy_attempts(arena *a, store_question *to, const store_question *from) {
  to->attempts.items = NULL;
  to->attempts.len = to->attempts.cap = 0;
  for (size_t i = 0; i < from->attempts.len; i++) {
    store_attempt at = from->attempts.items[i];
    at.sql = arena_str(a, at.sql);
    at.generator = arena_str(a, at.generator);
    at.diagnostics = arena_str(a, at.diagnostics);
    if (!vec_push(a, &to->attempts, at)) return false;
  }
  return !arena_failed(a);
}

static record *new_record(void) {
  arena *a = arena_create(RECORD_BYTES);
  record *r = a ? ARENA_NEW(a, record) : NULL;
  if (r)
    r->mem = a;
  else
    arena_destroy(a);
  return r;
}

static emend_rc queue(store *s, record *r, emend_error *err) {
  history_queue *h = s->queue;
  pthread_mutex_lock(&h->lock);
  emend_rc rc = EMEND_OK;
  if (h->n >= MAX_QUEUED)
    rc = drain(s, true, err); /* a disk that stays away must not fill memory */
  if (rc) {
    arena_destroy(r->mem);
  } else {
    *h->last = r;
    h->last = &r->next;
    h->n++;
    if (!h->started) h->started = pthread_create(&h->writer, NULL, writer_main, s) == 0;
    if (!h->started)
      rc = drain(s, true, err);
    else if (h->idle) /* else it gathers, and looks again by itself */
      pthread_cond_signal(&h->wake);
  }
  pthread_mutex_unlock(&h->lock);
  return rc;
}

/* Copies the texts that the record's fields point to, and queues it. */
static emend_rc queue_copied(store *s, record *r, str *const *texts, size_t n, emend_error *err) {
  for (size_t i = 0; i < n; i++) *texts[i] = arena_str(r->mem, *texts[i]);
  if (!arena_failed(r->mem)) return queue(s, r, err);
  arena_destroy(r->mem);
  return err_nomem(err, "state");
}

emend_rc store_question_add(store *s, const store_question *q, emend_error *err) {
  record *r = new_record();
  if (!r) return err_nomem(err, "state");
  r->q = *q;
  str *const texts[] = {&r->q.id,           &r->q.asked_at,       &r->q.user,  &r->q.source,
                        &r->q.question,     &r->q.status,         &r->q.sql,   &r->q.answer,
                        &r->q.model,        &r->q.schema_version, &r->q.trace, &r->q.warnings,
                        &r->q.failure_kind, &r->q.failure_detail};
  if (copy_attempts(r->mem, &r->q, q))
    return queue_copied(s, r, texts, sizeof texts / sizeof *texts, err);
  arena_destroy(r->mem);
  return err_nomem(err, "state");
}

emend_rc store_asked_back_add(store *s, const store_asked_back *b, emend_error *err) {
  record *r = new_record();
  if (!r) return err_nomem(err, "state");
  r->back = *b;
  str *const texts[] = {&r->back.question_id, &r->back.finalized_id, &r->back.url,
                        &r->back.question, &r->back.query};
  return queue_copied(s, r, texts, sizeof texts / sizeof *texts, err);
}

static emend_rc flush(store *s, bool briefly, emend_error *err) {
  pthread_mutex_lock(&s->queue->lock);
  emend_rc rc = drain(s, briefly, err);
  pthread_mutex_unlock(&s->queue->lock);
  return rc;
}

emend_rc store_flush(store *s, emend_error *err) { return flush(s, false, err); }

emend_rc store_flush_briefly(store *s, emend_error *err) { return flush(s, true, err); }

emend_rc store_history_open(store *s, emend_error *err) {
  s->queue = mem_alloc(sizeof *s->queue);
  if (!s->queue) return err_nomem(err, "state");
  s->queue->last = &s->queue->first;
  pthread_mutex_init(&s->queue->lock, NULL);
  pthread_cond_init(&s->queue->wake, NULL);
  pthread_cond_init(&s->queue->written, NULL);
  return EMEND_OK;
}

void store_history_close(store *s) {
  history_queue *h = s->queue;
  if (!h) return;
  pthread_mutex_lock(&h->lock);
  h->stop = true;
  pthread_cond_signal(&h->wake);
  bool started = h->started;
  pthread_mutex_unlock(&h->lock);
  if (started) pthread_join(h->writer, NULL);
  emend_error err;
  if (store_flush_briefly(s, &err)) log_write(LOG_ERROR, "history is lost: %s", err.msg);
  free_records(h->first);
  pthread_cond_destroy(&h->wake);
  pthread_cond_destroy(&h->written);
  pthread_mutex_destroy(&h->lock);
  mem_free(h);
  s->queue = NULL;
}

/* ---- reading ---- */

static emend_rc read_attempts(store *s, arena *a, store_question *q, emend_error *err) {
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_ATTEMPT_LIST, err);
  if (!stmt) return store_db_error(s, err);
  store_db_bind_text(stmt, 1, q->id);
  int row;
  while ((row = store_db_row(s, stmt, err)) == 1) {
    store_attempt at = {.n = sqlite3_column_int(stmt, 0), .ms = sqlite3_column_double(stmt, 4)};
    if (!store_db_text(stmt, 1, a, &at.sql) || !store_db_text(stmt, 2, a, &at.generator) ||
        !store_db_text(stmt, 3, a, &at.diagnostics) || !vec_push(a, &q->attempts, at)) {
      sqlite3_reset(stmt);
      return err_nomem(err, "state");
    }
  }
  return row < 0 ? store_db_error(s, err) : EMEND_OK;
}

static emend_rc read_failure(store *s, arena *a, store_question *q, emend_error *err) {
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_FAILURE_FOR, err);
  if (!stmt) return store_db_error(s, err);
  store_db_bind_text(stmt, 1, q->id);
  int row = store_db_row(s, stmt, err);
  if (row < 0) return store_db_error(s, err);
  bool ok = !row || (store_db_text(stmt, 0, a, &q->failure_kind) &&
                     store_db_text(stmt, 1, a, &q->failure_detail));
  sqlite3_reset(stmt);
  return ok ? EMEND_OK : err_nomem(err, "state");
}

static bool read_columns(sqlite3_stmt *stmt, arena *a, store_question *q) {
  str *const texts[] = {&q->id,       &q->asked_at, &q->user, &q->source,
                        &q->question, &q->status,   &q->sql,  &q->answer};
  for (int i = 0; i < 8; i++)
    if (!store_db_text(stmt, i, a, texts[i])) return false;
  q->confidence = sqlite3_column_double(stmt, 8);
  q->row_count = sqlite3_column_type(stmt, 9) == SQLITE_NULL ? -1 : sqlite3_column_int64(stmt, 9);
  q->total_ms = sqlite3_column_double(stmt, 10);
  q->db_ms = sqlite3_column_double(stmt, 11);
  return store_db_text(stmt, 12, a, &q->model) && store_db_text(stmt, 13, a, &q->schema_version) &&
         store_db_text(stmt, 14, a, &q->warnings) && store_db_text(stmt, 15, a, &q->trace);
}

static emend_rc read_question(store *s, str id, arena *a, store_question *q, emend_error *err) {
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_QUESTION_GET, err);
  if (!stmt) return store_db_error(s, err);
  store_db_bind_text(stmt, 1, id);
  int row = store_db_row(s, stmt, err);
  if (row < 0) return store_db_error(s, err);
  if (row == 0)
    return err_set(err, EMEND_ENOTFOUND, "state", "no answer is known as \"%.*s\"", STR_ARG(id));
  bool ok = read_columns(stmt, a, q);
  sqlite3_reset(stmt);
  if (!ok) return err_nomem(err, "state");
  emend_rc rc = read_attempts(s, a, q, err);
  return rc ? rc : read_failure(s, a, q, err);
}

emend_rc store_question_get(store *s, str id, arena *a, store_question *out, emend_error *err) {
  *out = (store_question){0};
  emend_rc rc = store_flush(s, err);
  if (rc) return rc;
  pthread_mutex_lock(&s->lock);
  rc = read_question(s, id, a, out, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_failure_add(store *s, str question_id, str kind, str detail, emend_error *err) {
  char now[32];
  clock_iso(clock_now(), now);
  emend_rc rc = store_flush(s, err); /* the question may still be queued */
  if (rc) return rc;
  pthread_mutex_lock(&s->lock);
  rc = write_failure(s, question_id, kind, detail, str_from(now), err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_failure_list(store *s, size_t max, arena *a, store_failures *out, emend_error *err) {
  *out = (store_failures){0};
  emend_rc rc = store_flush(s, err);
  if (rc) return rc;
  pthread_mutex_lock(&s->lock);
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_FAILURE_LIST, err);
  if (stmt)
    sqlite3_bind_int64(stmt, 1, (sqlite3_int64)(max < 1000000 ? max : 1000000));
  else
    rc = store_db_error(s, err);
  int row = 0;
  while (!rc && (row = store_db_row(s, stmt, err)) == 1) {
    store_failure f = {0};
    if (!store_db_text(stmt, 0, a, &f.id) || !store_db_text(stmt, 1, a, &f.question_id) ||
        !store_db_text(stmt, 2, a, &f.kind) || !store_db_text(stmt, 3, a, &f.detail) ||
        !store_db_text(stmt, 4, a, &f.at) || !vec_push(a, out, f)) {
      sqlite3_reset(stmt);
      rc = err_nomem(err, "state");
    }
  }
  if (row < 0) rc = store_db_error(s, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}
