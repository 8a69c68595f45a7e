/* What is seen of each candidate, and whether it is right. See rank.h. */
#include <jansson.h>
#include <string.h>

#include "ask/second.h"
#include "base/clock.h"
#include "base/map.h"
#include "learn/rows.h"
#include "rank.h"

enum { QUESTION_BYTES = 1 << 30, HELD_OUT_OF = 10 };

typedef struct labelled_db {
  source *db;
  catalog *cat;
  sqlite3 *rows;
} labelled_db;

typedef struct extracting {
  const rank_options *opt;
  const generator *gen;
  FILE *out;
  arena *mem;
  map *dbs;
} extracting;

static labelled_db *open_db(extracting *x, const char *id) {
  labelled_db *d = map_get(x->dbs, str_from(id));
  if (d) return d->cat ? d : NULL;
  d = ARENA_NEW(x->mem, labelled_db);
  if (!d || !map_put(x->dbs, arena_str(x->mem, str_from(id)), d)) return NULL;
  char *path = arena_printf(x->mem, "%s/%s/%s.sqlite", x->opt->db_dir, id, id);
  if (!path || rows_open(path, &d->rows, NULL) || source_open(path, &d->db, NULL)) return NULL;
  if (catalog_load(d->db, str_from(id), NULL, &d->cat, NULL)) d->cat = NULL;
  return d->cat ? d : NULL;
}

static emend_rc give_connection(void *ctx, size_t i, source **out, emend_error *err) {
  (void)i, (void)err;
  *out = ctx;
  return EMEND_OK;
}

/* ---- one question ---- */

static void put(json_t *x, const char *name, double value) {
  json_object_set_new(x, name, json_real(value));
}

static json_t *features(const ask_tries *tries, const ask_try *t) {
  json_t *x = json_object();
  double core[ASK_N_CORE];
  ask_core_features(tries, t, core);
  for (int i = 0; i < ASK_N_CORE; i++) put(x, ask_core_name(i), core[i]);
  for (size_t i = 0; i < t->n_alone; i++) put(x, t->signals.items[i].code, 1);
  return x;
}

static emend_rc extract_one(extracting *x, const char *db, str question, str gold, arena *a,
                            emend_error *err) {
  static const emend_ask_options defaults = EMEND_ASK_OPTIONS_INIT;
  labelled_db *d = open_db(x, db);
  rows want, got;
  if (!d || !rows_run(d->rows, gold, NULL, a, &want)) return EMEND_OK;
  ask_source only = {.name = db, .cat = d->cat};
  ask_context ctx = {
      .sources = &only, .n_sources = 1, .connect = give_connection, .ctx = d->db, .second = x->gen};
  ask_question q = {
      .ctx = &ctx, .opt = &defaults, .work = a, .cat = d->cat, .db = d->db, .time_parts = 1};
  q.started = clock_ms();
  q.deadline = q.started + 20e3;
  ask_second own;
  emend_rc rc = judge_read(question, a, &q.intent, err);
  if (!rc) rc = ask_second_ask(&q, question, &own, err);
  if (rc) return rc;
  char *lower = arena_strndup(a, gold.ptr, gold.len);
  for (char *p = lower; p && *p; p++) *p = ascii_lower(*p);
  bool ordered = lower && strstr(lower, "order by");
  json_t *list = json_array();
  for (size_t i = 0; i < own.tries.len; i++) {
    ask_try *t = ask_final_form(own.tries.items[i]);
    if (t->failed) continue;
    bool right = rows_run(d->rows, t->sql, NULL, a, &got) && rows_match(&want, &got, ordered);
    json_array_append_new(list,
                          json_pack("{s:b, s:o}", "right", right, "x", features(&own.tries, t)));
  }
  json_t *line = json_pack("{s:s, s:o}", "group", db, "candidates", list);
  if (json_dumpf(line, x->out, JSON_COMPACT) || fputc('\n', x->out) == EOF)
    rc = err_set(err, EMEND_EIO, "rank", "the rows cannot be written");
  json_decref(line);
  return rc;
}

static const char *text_of(json_t *item, const char *key) {
  return json_string_value(json_object_get(item, key));
}

static emend_rc extract_item(extracting *x, json_t *item, emend_error *err) {
  const char *db = text_of(item, "db_id"), *gold = text_of(item, "query");
  const char *question = text_of(item, "question");
  if (!question) question = text_of(item, "SpiderSynQuestion");
  if (!db || !gold || !question) return err_set(err, EMEND_EFORMAT, "rank", "not such an item");
  if (x->opt->fold && str_hash(str_from(db)) % HELD_OUT_OF != 0) return EMEND_OK;
  arena *a = arena_create(QUESTION_BYTES);
  if (!a) return err_nomem(err, "rank");
  emend_rc rc = extract_one(x, db, str_from(question), str_from(gold), a, err);
  arena_destroy(a);
  return rc == EMEND_ETIMEOUT ? EMEND_OK : rc;
}

emend_rc rank_extract(const rank_options *opt, const generator *gen, FILE *out, emend_error *err) {
  extracting x = {.opt = opt, .gen = gen, .out = out, .mem = arena_create((size_t)1 << 30)};
  if (!x.mem || !(x.dbs = map_create(x.mem, false))) return err_nomem(err, "rank");
  json_t *data = json_load_file(opt->data, 0, NULL);
  size_t n = json_array_size(data);
  emend_rc rc = n ? EMEND_OK : err_set(err, EMEND_EFORMAT, "rank", "%s: no questions", opt->data);
  for (size_t i = 0; !rc && i < n; i++) {
    rc = extract_item(&x, json_array_get(data, i), err);
    if (i % 50 == 0) fprintf(stderr, "\r%zu of %zu", i, n);
  }
  for (size_t i = 0; i < map_len(x.dbs); i++) {
    labelled_db *d = map_at(x.dbs, i)->value;
    sqlite3_close(d->rows);
    catalog_unref(d->cat);
    source_close(d->db);
  }
  json_decref(data);
  arena_destroy(x.mem);
  return rc;
}
