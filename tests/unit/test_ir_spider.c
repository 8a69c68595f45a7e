/* SQL → IR → SQL gives equal results for the public gold queries: at least 97 in a hundred of what
 * SQLite runs, in the training set and in the development set; and what comes back is the same
 * IR. Needs EMEND_DATA; without it, it says SKIP. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "check/check.h"
#include "model/ir.h"
#include "model/ir_value.h"

/* ---- comparing results: the rules of the usual execution accuracy ---- */

enum { MAX_ROWS = 200000 };

typedef struct result {
  int n_columns;
  VEC(str *) rows; /* of n_columns cells */
} result;

/* A cell as text that is equal for equal cells: numbers to two places, text without case. */
static str cell_key(arena *a, sqlite3_stmt *st, int i) {
  const void *bytes = sqlite3_column_blob(st, i);
  double x = sqlite3_column_double(st, i);
  int type = sqlite3_column_type(st, i);
  if (type == SQLITE_NULL) return STR("NULL");
  str text = str_trim((str){bytes, (size_t)sqlite3_column_bytes(st, i)});
  if (type == SQLITE_INTEGER || type == SQLITE_FLOAT || ir_parse_number(text, &x))
    return str_from(arena_printf(a, "%.2f", x == 0 ? 0.0 : x));
  char *lower = arena_printf(a, "'%.*s", STR_ARG(text));
  for (char *p = lower; p && *p; p++) *p = ascii_lower(*p);
  return str_from(lower);
}

static int by_text(const void *x, const void *y) {
  return str_cmp(*(const str *)x, *(const str *)y);
}

/* One text a row; sorted when the order does not count. Columns may come in any order where
 * `any_column_order` (a * over joined tables). */
static str *row_keys(arena *a, const result *r, bool ordered, bool any_column_order) {
  size_t width = (size_t)r->n_columns;
  str *rows = ARENA_ARRAY(a, str, r->rows.len + 1);
  for (size_t i = 0; i < r->rows.len; i++) {
    buf b;
    buf_init(&b, (size_t)1 << 24);
    if (any_column_order) qsort(r->rows.items[i], width, sizeof(str), by_text);
    for (size_t c = 0; c < width; c++) {
      buf_add(&b, r->rows.items[i][c]);
      buf_add_c(&b, '\x1f');
    }
    rows[i] = arena_str(a, buf_str(&b));
    buf_free(&b);
  }
  if (!ordered) qsort(rows, r->rows.len, sizeof *rows, by_text);
  return rows;
}

static bool same_result(arena *a, const result *x, const result *y, bool ordered, bool star) {
  if (x->rows.len != y->rows.len) return false;
  if (x->rows.len == 0) return true;
  if (x->n_columns != y->n_columns) return false;
  str *xs = row_keys(a, x, ordered, star), *ys = row_keys(a, y, ordered, star);
  for (size_t i = 0; i < x->rows.len; i++)
    if (!str_eq(xs[i], ys[i])) return false;
  return true;
}

/* ---- the corpus ---- */

typedef struct tally {
  int n, run_by_sqlite, read, same, stable, steps, longest, over_16;
} tally;

typedef struct corpus {
  char dir[1024];
  char name[128]; /* of the database that is open */
  sqlite3 *db;
  source *source;
  catalog *cat;
} corpus;

static const char *data_dir(void) {
  const char *env = getenv("EMEND_DATA");
  return env && *env ? env : EMEND_SOURCE_DIR "/../shared/data";
}

static void close_db(corpus *c) {
  catalog_unref(c->cat);
  source_close(c->source);
  sqlite3_close(c->db);
  c->cat = NULL;
  c->source = NULL;
  c->db = NULL;
}

static bool open_db(corpus *c, const char *name) {
  emend_error err;
  char path[2048];
  if (c->cat && strcmp(c->name, name) == 0) return true;
  close_db(c);
  snprintf(c->name, sizeof c->name, "%s", name);
  snprintf(path, sizeof path, "%s/spider/database/%s/%s.sqlite", c->dir, name, name);
  catalog_options opt = {.no_profiles = true, .no_values = true};
  return sqlite3_open_v2(path, &c->db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
         source_open(path, &c->source, &err) == EMEND_OK &&
         catalog_load(c->source, str_from(name), &opt, &c->cat, &err) == EMEND_OK;
}

/* Gold queries write text in double quotes, which a `source` does not take: SQLite itself runs
 * them. False when it does not. */
static bool run_sql(sqlite3 *db, str sql, arena *a, result *out) {
  sqlite3_stmt *st;
  *out = (result){0};
  if (sqlite3_prepare_v2(db, sql.ptr, (int)sql.len, &st, NULL) != SQLITE_OK) return false;
  out->n_columns = sqlite3_column_count(st);
  int rc;
  while ((rc = sqlite3_step(st)) == SQLITE_ROW && out->rows.len < MAX_ROWS) {
    str *cells = ARENA_ARRAY(a, str, (size_t)out->n_columns);
    for (int i = 0; i < out->n_columns; i++) cells[i] = cell_key(a, st, i);
    assert_true(vec_push(a, &out->rows, cells));
  }
  sqlite3_finalize(st);
  return rc == SQLITE_DONE || rc == SQLITE_ROW;
}

static bool has_word(str sql, const char *word) {
  for (size_t i = 0; i < sql.len; i++)
    if (str_starts_nocase(str_slice(sql, i, sql.len), str_from(word))) return true;
  return false;
}

/* `sql` as a sequence over `values`, which become its own literals when `own`. False, with the
 * reason, when it is not one query that the IR can say. */
static bool read_sql(corpus *c, str sql, arena *a, bool own, ir_values *values, ir_seq *out,
                     const char **why) {
  emend_error err;
  sql_parsed parsed;
  ir_reading r;
  assert_int_equal(sql_parse(sql, SQL_SQLITE, a, &parsed, &err), EMEND_OK);
  *why = "not one query";
  if (parsed.statements.len != 1 || !parsed.statements.items[0].query) return false;
  sql_query *q = parsed.statements.items[0].query;
  assert_int_equal(check_bind(q, c->cat, SQL_SQLITE, a, NULL, &err), EMEND_OK);
  emend_rc rc = own ? ir_from_sql_alone(q, c->cat, a, values, &r, &err)
                    : ir_from_sql(q, c->cat, values->items, values->len, a, &r, &err);
  assert_int_equal(rc, EMEND_OK);
  *why = r.reason;
  *out = r.seq;
  return r.ok;
}

/* One gold query there and back; false when it went wrong, with what came of it in *why. */
static bool round_trip(corpus *c, str sql, arena *a, tally *t, str *back, const char **why) {
  emend_error err;
  result gold, mine;
  ir_seq seq, again;
  ir_writing writing;
  ir_values values;
  t->n++;
  if (!run_sql(c->db, sql, a, &gold)) return true;
  t->run_by_sqlite++;
  if (!read_sql(c, sql, a, true, &values, &seq, why)) return false;
  t->read++;
  t->steps += seq.n;
  t->over_16 += seq.n > 16;
  if (seq.n > t->longest) t->longest = seq.n;
  assert_int_equal(ir_to_sql(&seq, c->cat, values.items, values.len, a, &writing, &err), EMEND_OK);
  *why = writing.reason;
  if (!writing.query) return false;
  *back = sql_print(writing.query, SQL_SQLITE, a);
  *why = "an error";
  if (!run_sql(c->db, *back, a, &mine)) return false;
  *why = "another result";
  if (!same_result(a, &gold, &mine, has_word(sql, "order by"), has_word(sql, "*"))) return false;
  t->same++;
  *why = "another sequence";
  if (!read_sql(c, *back, a, false, &values, &again, why) || !ir_equal(&seq, &again)) return false;
  t->stable++;
  return true;
}

/* Each distinct query of a file once. EMEND_IR_LOG names a file for what went wrong. */
static void run_file(corpus *c, const char *name, tally *t) {
  char path[2048];
  const char *log_path = getenv("EMEND_IR_LOG");
  FILE *log = log_path ? fopen(log_path, "a") : NULL;
  arena *a = arena_create((size_t)2 << 30), *keys = arena_create((size_t)1 << 28);
  map *seen = map_create(keys, false);
  snprintf(path, sizeof path, "%s/spider/%s", c->dir, name);
  json_t *items = json_load_file(path, 0, NULL), *item;
  size_t i;
  assert_non_null(items);
  json_array_foreach(items, i, item) {
    const char *sql = json_string_value(json_object_get(item, "query"));
    const char *db = json_string_value(json_object_get(item, "db_id"));
    str key = str_from(arena_printf(keys, "%s:%s", db, sql));
    if (map_has(seen, key)) continue;
    assert_true(map_put(seen, key, seen));
    if (!open_db(c, db)) continue; /* two are published without their database */
    str back = {NULL, 0};
    const char *why = "?";
    arena_reset(a);
    if (!round_trip(c, str_from(sql), a, t, &back, &why) && log)
      fprintf(log, "%s\t%s\t%s\t%.*s\n", why, db, sql, STR_ARG(back));
  }
  json_decref(items);
  arena_destroy(keys);
  arena_destroy(a);
  if (log) fclose(log);
}

static void expect_97_in_100(const char *name, const tally *t) {
  printf(
      "%s: %d queries, %d run; of these %d are read, %d come back with equal results (%.1f%%), %d "
      "as the same sequence when read again; steps: mean %.1f, longest %d, over 16: %d\n",
      name, t->n, t->run_by_sqlite, t->read, t->same, 100.0 * t->same / t->run_by_sqlite, t->stable,
      (double)t->steps / t->read, t->longest, t->over_16);
  assert_true(t->run_by_sqlite > 100);
  assert_true(100 * t->same >= 97 * t->run_by_sqlite);
  assert_true(100 * t->stable >= 99 * t->same);
}

static bool data_is_there(void) {
  char path[2048];
  snprintf(path, sizeof path, "%s/spider/dev_public.json", data_dir());
  if (access(path, R_OK) == 0) return true;
  print_message("SKIP: no %s; set EMEND_DATA to the folder of public data\n", path);
  return false;
}

static void run_corpus(const char *name, const char *const *files) {
  if (!data_is_there()) skip();
  corpus c = {.db = NULL};
  tally t = {0};
  snprintf(c.dir, sizeof c.dir, "%s", data_dir());
  for (; *files; files++) run_file(&c, *files, &t);
  close_db(&c);
  expect_97_in_100(name, &t);
}

static void training_queries_come_back_with_equal_results(void **state) {
  (void)state;
  run_corpus("train", (const char *const[]){"train_spider.json", "train_others.json", NULL});
}

static void development_queries_come_back_with_equal_results(void **state) {
  (void)state;
  run_corpus("dev", (const char *const[]){"dev_public.json", NULL});
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(training_queries_come_back_with_equal_results),
      cmocka_unit_test(development_queries_come_back_with_equal_results),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
