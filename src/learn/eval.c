/* Measuring: each question of a file through the loop (or a prediction in its
 * place), run beside its gold query, counted. Scoring is rows.c's. */
#include "learn/eval.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "learn/hardness.h"
#include "learn/report.h"
#include "learn/rows.h"

enum { ROW_BYTES = 1 << 30, ALL_BYTES = 1 << 30 };

/* One database under test: for the loop, and plainly for scoring. */
typedef struct tested_db {
  source *db;
  catalog *cat;
  sqlite3 *plain;
} tested_db;

typedef struct evaluating {
  const learn_eval_context *ctx;
  const emend_eval_options *opt;
  arena *mem; /* for the whole run */
  json_t *data;
  map *dbs; /* db_id → tested_db * */
  VEC(str) predictions;
  str prediction_text;
  FILE *out, *log;
  report_rows results;
} evaluating;

/* ---- files ---- */

static emend_rc read_file(const char *path, arena *a, str *out, emend_error *err) {
  FILE *f = fopen(path, "rb");
  if (!f) return err_set(err, EMEND_ENOTFOUND, "eval", "cannot read %s", path);
  buf b;
  char chunk[65536];
  size_t n;
  buf_init(&b, 512 << 20);
  while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) buf_add(&b, (str){chunk, n});
  bool failed = ferror(f) != 0;
  fclose(f);
  *out = b.failed ? (str){0} : arena_str(a, buf_str(&b));
  bool full = !out->ptr;
  buf_free(&b);
  if (failed) return err_set(err, EMEND_EIO, "eval", "reading %s failed", path);
  return full ? err_set(err, EMEND_ELIMIT, "eval", "%s is too large", path) : EMEND_OK;
}

static emend_rc read_data(evaluating *x, emend_error *err) {
  json_error_t e;
  x->data = json_load_file(x->opt->data, 0, &e);
  if (!x->data && e.line < 1) return err_set(err, EMEND_ENOTFOUND, "eval", "%s", e.text);
  if (!x->data)
    return err_set(err, EMEND_EFORMAT, "eval", "cannot read %s as JSON: %s (line %d)", x->opt->data,
                   e.text, e.line);
  if (!json_is_array(x->data) || json_array_size(x->data) == 0)
    return err_set(err, EMEND_EFORMAT, "eval",
                   "%s is not Spider's format: a list of objects with db_id, question, query",
                   x->opt->data);
  for (size_t i = 0; i < json_array_size(x->data); i++) {
    json_t *row = json_array_get(x->data, i);
    if (!json_is_string(json_object_get(row, "db_id")) ||
        !json_is_string(json_object_get(row, "question")) ||
        !json_is_string(json_object_get(row, "query")))
      return err_set(err, EMEND_EFORMAT, "eval", "item %zu of %s lacks db_id, question or query", i,
                     x->opt->data);
  }
  return EMEND_OK;
}

/* One query a line; as many as there are questions. */
static emend_rc read_predictions(evaluating *x, emend_error *err) {
  if (!x->opt->predictions) return EMEND_OK;
  emend_rc rc = read_file(x->opt->predictions, x->mem, &x->prediction_text, err);
  if (rc) return rc;
  str text = x->prediction_text;
  for (size_t from = 0; from < text.len;) {
    size_t to = str_find(text, STR("\n"), from);
    if (to == SIZE_MAX) to = text.len;
    if (!vec_push(x->mem, &x->predictions, str_slice(text, from, to)))
      return err_nomem(err, "eval");
    from = to + 1;
  }
  if (x->predictions.len != json_array_size(x->data))
    return err_set(err, EMEND_EFORMAT, "eval", "%s has %zu line%s for %zu question%s",
                   x->opt->predictions, x->predictions.len, str_s(x->predictions.len),
                   json_array_size(x->data), str_s(json_array_size(x->data)));
  return EMEND_OK;
}

static emend_rc open_output(const char *path, FILE **out, emend_error *err) {
  if (!path) return EMEND_OK;
  *out = fopen(path, "wb");
  return *out ? EMEND_OK : err_set(err, EMEND_EIO, "eval", "cannot write %s", path);
}

/* ---- databases ---- */

static void close_db(tested_db *t) {
  catalog_unref(t->cat);
  if (t->db) source_close(t->db);
  sqlite3_close(t->plain);
}

static emend_rc open_db(evaluating *x, str id, tested_db **out, emend_error *err) {
  *out = map_get(x->dbs, id);
  if (*out) return EMEND_OK;
  char *path =
      arena_printf(x->mem, "%s/%.*s/%.*s.sqlite", x->opt->db_dir, STR_ARG(id), STR_ARG(id));
  tested_db *t = ARENA_NEW(x->mem, tested_db);
  if (!path || !t || !map_put(x->dbs, id, t)) return err_nomem(err, "eval");
  emend_rc rc = rows_open(path, &t->plain, err);
  if (!rc && x->ctx->gen) rc = source_open(path, &t->db, err);
  if (!rc && x->ctx->gen) rc = catalog_load(t->db, id, NULL, &t->cat, err);
  *out = t;
  return rc;
}

static emend_rc give_connection(void *ctx, size_t i, source **out, emend_error *err) {
  (void)i, (void)err;
  *out = ((tested_db *)ctx)->db;
  return EMEND_OK;
}

/* ---- one line a query ---- */

/* Comments go, white space between tokens is one blank, a newline inside a text is spelt out:
 * the line that is left runs as the query did. */
static str fold_line(str sql, arena *a) {
  buf b;
  size_t pos = 0, end = 0;
  buf_init(&b, 4 << 20);
  for (sql_token t; (t = sql_next_token(sql, SQL_SQLITE, &pos)).kind != SQL_TOK_END;) {
    if (b.len && t.span.from > end) buf_add_c(&b, ' ');
    end = t.span.to;
    for (size_t i = 0; i < t.raw.len; i++)
      if (t.raw.ptr[i] != '\n' && t.raw.ptr[i] != '\r')
        buf_add_c(&b, t.raw.ptr[i]);
      else if (t.kind == SQL_TOK_STRING)
        buf_printf(&b, "'||char(%d)||'", t.raw.ptr[i]);
      else
        buf_add_c(&b, ' ');
  }
  str out = b.failed ? (str){0} : arena_str(a, buf_str(&b));
  buf_free(&b);
  return out;
}

/* ---- one question ---- */

/* Takes the loop's answer over into a row of the report. */
static void take_answer(const emend_answer *answer, report_row *r, arena *a) {
  r->delivered = answer->has_rows;
  r->status = emend_status_name(answer->status);
  r->warned = answer->n_warnings > 0;
  r->confidence = answer->confidence;
  r->attempts = (int)answer->n_attempts;
  r->ms = answer->total_ms;
  r->words = ask_words_of(answer, &r->words_ms);
  if (answer->has_rows) r->sql = fold_line(str_from(answer->sql), a);
  if (answer->n_attempts) r->first_sql = fold_line(str_from(answer->attempts[0].sql), a);
}

static emend_rc ask_loop(evaluating *x, tested_db *t, const char *db_id, const char *question,
                         const char *draft, report_row *r, emend_error *err) {
  ask_source only = {.name = db_id, .cat = t->cat};
  ask_context ctx = {.sources = &only,
                     .n_sources = 1,
                     .gen = x->ctx->gen,
                     .second = x->ctx->second                  ? x->ctx->second
                               : draft && x->ctx->gen->witness ? x->ctx->gen
                                                               : NULL,
                     .draft = draft,
                     .connect = give_connection,
                     .ctx = t,
                     .cancels = x->ctx->cancels};
  emend_ask_options how = EMEND_ASK_OPTIONS_INIT;
  emend_answer *answer = NULL;
  emend_error e;
  double since = clock_ms();
  emend_rc rc = ask_run(&ctx, question, &how, &answer, &e);
  if (rc == EMEND_ECANCELED || rc == EMEND_ENOMEM) {
    if (err) *err = e;
    return rc;
  }
  r->status = "failed";
  r->ms = clock_ms() - since;
  if (rc) return EMEND_OK; /* this question's own misfortune: nothing was delivered */
  take_answer(answer, r, x->mem);
  emend_answer_free(answer);
  return EMEND_OK;
}

/* A prediction as it stands. */
static void take_prediction(str line, report_row *r) {
  str sql = str_trim(line);
  r->delivered = sql.len > 0;
  r->status = r->delivered ? "answered" : "failed";
  r->sql = r->first_sql = line;
  r->attempts = r->delivered;
}

static void score_row(const evaluating *x, report_row *r, sqlite3 *db, str gold_sql,
                      bool same_first) {
  const atomic_uint *cancels = x->ctx->cancels;
  arena *a = arena_create((size_t)ROW_BYTES * 4);
  rows gold, got, first;
  if (!a) return;
  r->counted = rows_run(db, gold_sql, cancels, a, &gold);
  char *lower = arena_strndup(a, gold_sql.ptr, gold_sql.len);
  for (char *p = lower; p && *p; p++) *p = ascii_lower(*p);
  bool ordered = lower && strstr(lower, "order by");
  if (r->counted) {
    r->valid = r->sql.len && rows_run(db, r->sql, cancels, a, &got);
    r->right = r->valid && rows_match(&gold, &got, ordered);
    r->first_right = same_first
                         ? r->right
                         : r->first_sql.len && rows_run(db, r->first_sql, cancels, a, &first) &&
                               rows_match(&gold, &first, ordered);
  }
  arena_destroy(a);
}

static hardness read_hardness(str sql) {
  arena *a = arena_create(64 << 20);
  sql_parsed parsed;
  hardness h = HARD_EXTRA;
  if (a && sql_parse(sql, SQL_SQLITE, a, &parsed, NULL) == EMEND_OK && parsed.statements.len &&
      parsed.statements.items[0].query)
    h = hardness_of(parsed.statements.items[0].query);
  arena_destroy(a);
  return h;
}

static emend_rc evaluate_one(evaluating *x, size_t i, report_row *r, emend_error *err) {
  json_t *row = json_array_get(x->data, i);
  const char *db_id = json_string_value(json_object_get(row, "db_id"));
  const char *question = json_string_value(json_object_get(row, "question"));
  str gold = str_from(json_string_value(json_object_get(row, "query")));
  tested_db *t = NULL;
  *r = (report_row){.db_id = str_from(db_id), .question = str_from(question)};
  emend_rc rc = open_db(x, str_from(db_id), &t, err);
  if (rc) return rc;
  str line = x->opt->predictions ? x->predictions.items[i] : (str){0};
  bool loop = x->ctx->gen && (!x->opt->predictions || x->opt->repair);
  if (loop) {
    char *draft = str_trim(line).len ? arena_strndup(x->mem, line.ptr, line.len) : NULL;
    rc = ask_loop(x, t, db_id, question, draft, r, err);
  } else {
    take_prediction(line, r);
  }
  if (rc) return rc;
  r->level = hardness_name(read_hardness(gold));
  double since = clock_ms();
  score_row(x, r, t->plain, gold, str_eq(r->sql, r->first_sql));
  if (!loop) r->ms = clock_ms() - since;
  return EMEND_OK;
}

static emend_rc write_row(evaluating *x, const report_row *r, emend_error *err) {
  if (x->out && (fprintf(x->out, "%.*s\n", STR_ARG(r->sql)) < 0 || fflush(x->out) != 0))
    return err_set(err, EMEND_EIO, "eval", "cannot write %s", x->opt->out);
  if (!x->log) return EMEND_OK;
  buf b;
  buf_init(&b, 16 << 20);
  report_log_line(r, &b);
  bool bad = b.failed || fprintf(x->log, "%s\n", b.ptr) < 0 || fflush(x->log) != 0;
  buf_free(&b);
  return bad ? err_set(err, EMEND_EIO, "eval", "cannot write %s", x->opt->log) : EMEND_OK;
}

static emend_rc evaluate_all(evaluating *x, emend_error *err) {
  size_t n = json_array_size(x->data);
  emend_rc rc = EMEND_OK;
  unsigned before = x->ctx->cancels ? atomic_load(x->ctx->cancels) : 0;
  for (size_t i = 0; i < n && !rc; i++) {
    report_row r;
    bool stop = x->opt->on_progress && x->opt->on_progress(x->opt->ctx, i, n);
    if (!stop) rc = evaluate_one(x, i, &r, err);
    if (stop || (x->ctx->cancels && atomic_load(x->ctx->cancels) != before))
      return err_set(err, EMEND_ECANCELED, "eval", "canceled");
    if (!rc) rc = write_row(x, &r, err);
    if (!rc && !vec_push(x->mem, &x->results, r)) rc = err_nomem(err, "eval");
  }
  if (!rc && x->opt->on_progress) x->opt->on_progress(x->opt->ctx, n, n);
  return rc;
}

emend_rc learn_eval(const learn_eval_context *ctx, const emend_eval_options *opt, arena *a,
                    emend_eval_report *out, emend_error *err) {
  if (!opt->data || !opt->db_dir)
    return err_set(err, EMEND_EUSAGE, "eval",
                   "measuring needs questions and a folder of databases");
  if (opt->repair && !opt->predictions)
    return err_set(err, EMEND_EUSAGE, "eval", "only predictions can be repaired; name their file");
  evaluating x = {.ctx = ctx, .opt = opt, .mem = arena_create(ALL_BYTES)};
  if (!x.mem || !(x.dbs = map_create(x.mem, false))) {
    arena_destroy(x.mem);
    return err_nomem(err, "eval");
  }
  emend_rc rc = read_data(&x, err);
  if (!rc) rc = read_predictions(&x, err);
  if (!rc) rc = open_output(opt->out, &x.out, err);
  if (!rc) rc = open_output(opt->log, &x.log, err);
  if (!rc) rc = evaluate_all(&x, err);
  if (!rc && !report_sum_up(&x.results, a, out)) rc = err_nomem(err, "eval");
  if (x.out) fclose(x.out);
  if (x.log) fclose(x.log);
  for (size_t i = 0; i < map_len(x.dbs); i++) close_db(map_at(x.dbs, i)->value);
  json_decref(x.data);
  arena_destroy(x.mem);
  return rc;
}
