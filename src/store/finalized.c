/* Confirmed questions in the state. See finalized.h. */
#include "store/finalized.h"

#include "base/clock.h"
#include "store/rows.h"

static str now_text(char out[32]) {
  clock_iso(clock_now(), out);
  return str_from(out);
}

/* ---- changing ---- */

static emend_rc put_wording(store *s, str id, const store_wording *w, str now, emend_error *err) {
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_FINALIZED_WORDING_PUT, err);
  if (!stmt) return store_db_error(s, err);
  store_db_bind_text(stmt, 1, id);
  store_db_bind_text(stmt, 2, w->key);
  store_db_bind_text(stmt, 3, w->wording);
  sqlite3_bind_int(stmt, 4, w->refused);
  store_db_bind(stmt, 5, w->by);
  store_db_bind_text(stmt, 6, w->at.len ? w->at : now);
  emend_rc rc = store_db_done(s, stmt, err);
  if (!rc && sqlite3_changes(s->db) == 0)
    rc = err_set(err, EMEND_ENOTFOUND, "state", "there is no confirmed question \"%.*s\"",
                 STR_ARG(id));
  return rc;
}

static emend_rc read_id_column(store *s, store_sql which, const str *texts, int n, arena *a,
                               store_ids *out, emend_error *err) {
  sqlite3_stmt *stmt = store_db_stmt(s, which, err);
  if (!stmt) return store_db_error(s, err);
  for (int i = 0; i < n; i++) store_db_bind_text(stmt, i + 1, texts[i]);
  int row;
  while ((row = store_db_row(s, stmt, err)) == 1) {
    str id;
    if (store_db_text(stmt, 0, a, &id) && vec_push(a, out, id)) continue;
    sqlite3_reset(stmt);
    return err_nomem(err, "state");
  }
  return row < 0 ? store_db_error(s, err) : EMEND_OK;
}

static emend_rc ids_by_key(store *s, str url, str key, arena *a, store_ids *out, emend_error *err) {
  const str texts[] = {key, url};
  return read_id_column(s, STORE_FINALIZED_BY_KEY, texts, 2, a, out, err);
}

/* Another answer to the same question takes the place of the old one, unless it waits itself. */
static emend_rc drop_same(store *s, const store_finalized *f, arena *a, store_ids *removed,
                          emend_error *err) {
  store_ids same = {0};
  if (f->wordings.len == 0 || f->review.len) return EMEND_OK;
  emend_rc rc = ids_by_key(s, f->url, f->wordings.items[0].key, a, &same, err);
  for (size_t i = 0; !rc && i < same.len; i++) {
    if (str_eq(same.items[i], f->id)) continue;
    rc = store_rows_run(s, STORE_FINALIZED_REMOVE, &same.items[i], 1, err);
    if (!rc) rc = store_rows_drop_all(s, STORE_EXAMPLE_NEXT_OF, same.items[i], err);
    if (!rc && removed && !vec_push(a, removed, same.items[i])) rc = err_nomem(err, "state");
  }
  return rc;
}

static emend_rc teach_by_example(store *s, const store_finalized *f, str now, emend_error *err) {
  char id[STORE_ID_MAX];
  store_new_id("ex_", id);
  const store_example e = {.id = str_from(id),
                           .source = f->source,
                           .question = f->question,
                           .sql = f->query,
                           .origin = STR("finalised"),
                           .parent = f->id,
                           .user = f->by};
  return store_rows_add_example(s, &e, now, err);
}

static emend_rc put_one(store *s, const store_finalized *f, arena *a, store_ids *removed, str now,
                        emend_error *err) {
  const str texts[] = {f->id,        f->url,
                       f->source,    f->question,
                       f->query,     f->dialect,
                       f->by,        f->at.len ? f->at : now,
                       f->answer_id, f->schema_version,
                       f->facts,     f->profile,
                       f->review};
  emend_rc rc = drop_same(s, f, a, removed, err);
  if (!rc) rc = store_rows_run(s, STORE_FINALIZED_PUT, texts, 13, err);
  for (size_t i = 0; !rc && i < f->wordings.len; i++)
    rc = put_wording(s, f->id, &f->wordings.items[i], now, err);
  if (!rc) rc = store_rows_drop_all(s, STORE_EXAMPLE_NEXT_OF, f->id, err);
  return rc || !f->teaches ? rc : teach_by_example(s, f, now, err);
}

/* Every change of what is confirmed is counted, so that other processes notice. */
static emend_rc end_change(store *s, emend_rc rc, emend_error *err) {
  if (!rc) rc = store_db_run(s, STORE_FINALIZED_CHANGED, err);
  return store_rows_end(s, rc, err);
}

emend_rc store_finalized_put(store *s, const store_finalized *items, size_t n, arena *a,
                             store_ids *removed, emend_error *err) {
  char text[32];
  str now = now_text(text);
  pthread_mutex_lock(&s->lock);
  emend_rc rc = store_rows_begin(s, err);
  for (size_t i = 0; !rc && i < n; i++) rc = put_one(s, &items[i], a, removed, now, err);
  rc = end_change(s, rc, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_finalized_remove(store *s, str id, emend_error *err) {
  pthread_mutex_lock(&s->lock);
  emend_rc rc = store_rows_begin(s, err);
  if (!rc) rc = store_rows_run(s, STORE_FINALIZED_REMOVE, &id, 1, err);
  if (!rc && sqlite3_changes(s->db) == 0)
    rc = err_set(err, EMEND_ENOTFOUND, "state", "there is no confirmed question \"%.*s\"",
                 STR_ARG(id));
  if (!rc) rc = store_rows_run(s, STORE_FINALIZED_WORDS_REMOVE, &id, 1, err);
  if (!rc) rc = store_rows_drop_all(s, STORE_EXAMPLE_NEXT_OF, id, err);
  rc = end_change(s, rc, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_finalized_review(store *s, str id, str why, emend_error *err) {
  const str texts[] = {id, why.len ? why : STR("it must be looked at")};
  pthread_mutex_lock(&s->lock);
  emend_rc rc = store_rows_begin(s, err);
  if (!rc) rc = store_rows_run(s, STORE_FINALIZED_REVIEW, texts, 2, err);
  if (!rc) rc = store_rows_drop_all(s, STORE_EXAMPLE_NEXT_OF, id, err);
  rc = end_change(s, rc, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_rows_withdraw(store *s, const store_withdrawal *w, str why, str by, str now,
                             emend_error *err) {
  const str texts[] = {w->finalized_id, why};
  const store_wording refused = {.wording = w->wording, .key = w->key, .by = by, .refused = true};
  if (w->key.len) return put_wording(s, w->finalized_id, &refused, now, err);
  emend_rc rc = store_rows_run(s, STORE_FINALIZED_REVIEW, texts, 2, err);
  return rc ? rc : store_rows_drop_all(s, STORE_EXAMPLE_NEXT_OF, w->finalized_id, err);
}

static emend_rc put_words(store *s, str id, const store_word_pair *p, str by, str now,
                          emend_error *err) {
  bool ordered = str_cmp(p->word, p->other) <= 0;
  const str texts[] = {p->url, ordered ? p->word : p->other, ordered ? p->other : p->word, id, by,
                       now};
  return store_rows_run(s, STORE_FINALIZED_WORDS_PUT, texts, 6, err);
}

emend_rc store_finalized_teach(store *s, str id, const store_wording *w,
                               const store_word_pair *words, size_t n, emend_error *err) {
  char text[32];
  str now = now_text(text);
  pthread_mutex_lock(&s->lock);
  emend_rc rc = store_rows_begin(s, err);
  if (!rc) rc = put_wording(s, id, w, now, err);
  for (size_t i = 0; !rc && i < n; i++) rc = put_words(s, id, &words[i], w->by, now, err);
  rc = end_change(s, rc, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

/* ---- reading ---- */

static bool read_row(sqlite3_stmt *stmt, arena *a, store_finalized *f) {
  str *const texts[] = {&f->id,      &f->url,     &f->source, &f->question,  &f->query,
                        &f->dialect, &f->by,      &f->at,     &f->answer_id, &f->schema_version,
                        &f->facts,   &f->profile, &f->review};
  for (int i = 0; i < 13; i++)
    if (!store_db_text(stmt, i, a, texts[i])) return false;
  return true;
}

/* Hands out the wordings to the questions that they belong to; both are in order of id. */
static emend_rc read_wordings(store *s, arena *a, store_finalizeds *out, emend_error *err) {
  if (out->len == 0) return EMEND_OK;
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_FINALIZED_WORDING_LIST, err);
  if (!stmt) return store_db_error(s, err);
  store_db_bind_text(stmt, 1, out->items[0].id);
  store_db_bind_text(stmt, 2, out->items[out->len - 1].id);
  size_t at = 0;
  int row;
  while ((row = store_db_row(s, stmt, err)) == 1) {
    store_wording w = {.refused = sqlite3_column_int(stmt, 2) != 0};
    str owner;
    bool ok = store_db_text(stmt, 0, a, &owner) && store_db_text(stmt, 1, a, &w.wording) &&
              store_db_text(stmt, 3, a, &w.by) && store_db_text(stmt, 4, a, &w.at);
    while (ok && at < out->len && str_cmp(out->items[at].id, owner) < 0) at++;
    if (ok && at < out->len && str_eq(out->items[at].id, owner))
      ok = vec_push(a, &out->items[at].wordings, w);
    if (ok) continue;
    sqlite3_reset(stmt);
    return err_nomem(err, "state");
  }
  return row < 0 ? store_db_error(s, err) : EMEND_OK;
}

/* At most `most` (-1: all) from `from` on; as far as `to`, unless that is empty. */
static emend_rc read_some(store *s, str from, str to, int most, arena *a, store_finalizeds *out,
                          emend_error *err) {
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_FINALIZED_LIST, err);
  if (!stmt) return store_db_error(s, err);
  store_db_bind_text(stmt, 1, from);
  store_db_bind(stmt, 2, to);
  sqlite3_bind_int(stmt, 3, most);
  int row;
  while ((row = store_db_row(s, stmt, err)) == 1) {
    store_finalized f = {0};
    if (read_row(stmt, a, &f) && vec_push(a, out, f)) continue;
    sqlite3_reset(stmt);
    return err_nomem(err, "state");
  }
  return row < 0 ? store_db_error(s, err) : read_wordings(s, a, out, err);
}

static emend_rc read_ids(store *s, const store_ids *ids, arena *a, store_finalizeds *out,
                         emend_error *err) {
  emend_rc rc = EMEND_OK;
  for (size_t i = 0; !rc && i < ids->len; i++) {
    store_finalizeds one = {0};
    rc = read_some(s, ids->items[i], ids->items[i], 1, a, &one, err);
    if (!rc && one.len && !vec_push(a, out, one.items[0])) rc = err_nomem(err, "state");
  }
  return rc;
}

emend_rc store_finalized_list(store *s, str id, arena *a, store_finalizeds *out, emend_error *err) {
  *out = (store_finalizeds){0};
  pthread_mutex_lock(&s->lock);
  emend_rc rc = read_some(s, id, id, -1, a, out, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_finalized_page(store *s, str after, size_t most, arena *a, store_finalizeds *out,
                              emend_error *err) {
  char *from = arena_printf(a, "%.*s ", STR_ARG(after)); /* below any longer id: none has a blank */
  *out = (store_finalizeds){0};
  if (!from) return err_nomem(err, "state");
  pthread_mutex_lock(&s->lock);
  emend_rc rc = read_some(s, str_from(from), (str){0}, (int)most, a, out, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_finalized_by_key(store *s, str url, str key, arena *a, store_finalizeds *out,
                                emend_error *err) {
  store_ids ids = {0};
  *out = (store_finalizeds){0};
  pthread_mutex_lock(&s->lock);
  emend_rc rc = ids_by_key(s, url, key, a, &ids, err);
  if (!rc) rc = read_ids(s, &ids, a, out, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_finalized_about(store *s, const store_finalized *like, str key, arena *a,
                               store_finalizeds *out, emend_error *err) {
  const str texts[] = {like->source, key, like->query};
  store_ids ids = {0};
  *out = (store_finalizeds){0};
  pthread_mutex_lock(&s->lock);
  emend_rc rc = read_id_column(s, STORE_FINALIZED_ABOUT, texts, 3, a, &ids, err);
  if (!rc) rc = read_ids(s, &ids, a, out, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

static emend_rc read_number(store *s, store_sql which, int64_t *out, emend_error *err) {
  *out = 0;
  pthread_mutex_lock(&s->lock);
  sqlite3_stmt *stmt = store_db_stmt(s, which, err);
  int row = stmt ? store_db_row(s, stmt, err) : -1;
  if (row == 1) *out = sqlite3_column_int64(stmt, 0);
  if (row == 1) sqlite3_reset(stmt);
  emend_rc rc = row < 0 ? store_db_error(s, err) : EMEND_OK;
  pthread_mutex_unlock(&s->lock);
  return rc;
}

emend_rc store_finalized_count(store *s, int64_t *out, emend_error *err) {
  return read_number(s, STORE_FINALIZED_COUNT, out, err);
}

emend_rc store_finalized_changes(store *s, int64_t *out, emend_error *err) {
  return read_number(s, STORE_FINALIZED_CHANGES, out, err);
}

static emend_rc read_words(store *s, arena *a, store_word_pairs *out, emend_error *err) {
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_FINALIZED_WORDS_LIST, err);
  if (!stmt) return store_db_error(s, err);
  int row;
  while ((row = store_db_row(s, stmt, err)) == 1) {
    store_word_pair p;
    if (store_db_text(stmt, 0, a, &p.url) && store_db_text(stmt, 1, a, &p.word) &&
        store_db_text(stmt, 2, a, &p.other) && vec_push(a, out, p))
      continue;
    sqlite3_reset(stmt);
    return err_nomem(err, "state");
  }
  return row < 0 ? store_db_error(s, err) : EMEND_OK;
}

emend_rc store_finalized_words(store *s, arena *a, store_word_pairs *out, emend_error *err) {
  *out = (store_word_pairs){0};
  pthread_mutex_lock(&s->lock);
  emend_rc rc = read_words(s, a, out, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

/* ---- what was asked back ---- */

emend_rc store_rows_put_asked_back(store *s, const store_asked_back *b, emend_error *err) {
  char text[32];
  const str texts[] = {b->question_id, b->finalized_id, b->url,
                       b->question,    b->query,        now_text(text)};
  return store_rows_run(s, STORE_ASKED_BACK_PUT, texts, 6, err);
}

static emend_rc read_asked_back(store *s, str id, arena *a, store_asked_back *out,
                                emend_error *err) {
  sqlite3_stmt *stmt = store_db_stmt(s, STORE_ASKED_BACK_GET, err);
  if (!stmt) return store_db_error(s, err);
  store_db_bind_text(stmt, 1, id);
  int row = store_db_row(s, stmt, err);
  if (row < 0) return store_db_error(s, err);
  if (row == 0)
    return err_set(err, EMEND_ENOTFOUND, "state",
                   "\"%.*s\" is no answer that asked \"did you mean …?\"", STR_ARG(id));
  bool ok = store_db_text(stmt, 0, a, &out->finalized_id) && store_db_text(stmt, 1, a, &out->url) &&
            store_db_text(stmt, 2, a, &out->question) && store_db_text(stmt, 3, a, &out->query);
  sqlite3_reset(stmt);
  return ok ? EMEND_OK : err_nomem(err, "state");
}

emend_rc store_asked_back_get(store *s, str question_id, arena *a, store_asked_back *out,
                              emend_error *err) {
  *out = (store_asked_back){.question_id = question_id};
  emend_rc rc = store_flush(s, err); /* it may still be queued */
  if (rc) return rc;
  pthread_mutex_lock(&s->lock);
  rc = read_asked_back(s, question_id, a, out, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}
