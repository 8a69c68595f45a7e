/* Speed and accuracy of the static checks, as JSON on standard output: a whole check of every
 * public gold query beside SQLite's own prepare of it, and its parse beside libpg_query's (0
 * without that library), in alternating runs; and single checks, right and misspelt, on a schema
 * of 500 tables.
 *
 *   bench-check [DATA]     DATA: the public data's folder, default ../shared/data */
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "base/vec.h"
#include "check/check.h"

#if defined(__has_include)
#if __has_include(<pg_query.h>)
#include <pg_query.h>
#define HAVE_PG_QUERY 1
#endif
#endif

enum { ROUNDS = 5, TABLES = 500, SINGLE = 2000 };

static arena *mem, *scratch;

static void die(const char *what) {
  fprintf(stderr, "bench-check: %s\n", what);
  exit(3);
}

static int by_size(const void *x, const void *y) {
  double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

/* The value that the share `q` of `n` lies below. */
static double quantile(double *x, size_t n, double q) {
  qsort(x, n, sizeof *x, by_size);
  return n ? x[(size_t)((double)(n - 1) * q)] : 0;
}

static catalog *load(const char *path) {
  const catalog_options opt = {.no_profiles = true, .no_values = true};
  source *s = NULL;
  catalog *c = NULL;
  if (source_open(path, &s, NULL) == EMEND_OK) catalog_load(s, STR("bench"), &opt, &c, NULL);
  source_close(s);
  return c;
}

static bool check_once(str sql, const catalog *cat) {
  check_report r;
  arena_reset(scratch);
  if (check_sql(sql, cat, NULL, scratch, &r, NULL) != EMEND_OK) die("a check failed");
  return r.ok;
}

static bool prepare_once(sqlite3 *db, const char *sql) {
  sqlite3_stmt *s = NULL;
  bool ok = sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK;
  sqlite3_finalize(s);
  return ok;
}

/* ---- public queries ---- */

typedef struct totals {
  double check[ROUNDS], prepare[ROUNDS];  /* milliseconds */
  double parse[ROUNDS], pg_parse[ROUNDS]; /* of PostgreSQL's dialect */
  long n, accepted, false_errors;
} totals;

static void parse_once(str sql) {
  sql_parsed p;
  arena_reset(scratch);
  if (sql_parse(sql, SQL_POSTGRES, scratch, &p, NULL) != EMEND_OK) die("a parse failed");
}

/* PostgreSQL's own grammar; nothing without the library. */
static void pg_parse_once(const char *sql) {
#ifdef HAVE_PG_QUERY
  pg_query_free_protobuf_parse_result(pg_query_parse_protobuf(sql));
#else
  (void)sql;
#endif
}

/* All queries of one database, which are given by their indexes in `all`. */
static void run_database(const char *path, const json_t *all, const char *db_id, totals *t) {
  sqlite3 *db = NULL;
  catalog *cat = load(path);
  VEC(const char *) queries = {0};
  json_t *item;
  size_t i;
  if (!cat || sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) die(path);
  json_array_foreach(all, i, item) {
    const char *sql = json_string_value(json_object_get(item, "query"));
    if (strcmp(json_string_value(json_object_get(item, "db_id")), db_id) != 0) continue;
    bool ok = check_once(str_from(sql), cat);
    t->n++;
    if (!prepare_once(db, sql)) continue;
    t->accepted++;
    t->false_errors += !ok;
    if (!vec_push(mem, &queries, sql)) die("out of memory");
  }
  for (int round = 0; round < ROUNDS; round++) {
    double start = clock_ms();
    for (size_t q = 0; q < queries.len; q++) check_once(str_from(queries.items[q]), cat);
    double middle = clock_ms();
    for (size_t q = 0; q < queries.len; q++) prepare_once(db, queries.items[q]);
    t->check[round] += middle - start;
    double end = clock_ms();
    t->prepare[round] += end - middle;
    for (size_t q = 0; q < queries.len; q++) parse_once(str_from(queries.items[q]));
    double parsed = clock_ms();
    for (size_t q = 0; q < queries.len; q++) pg_parse_once(queries.items[q]);
    t->parse[round] += parsed - end;
    t->pg_parse[round] += clock_ms() - parsed;
  }
  sqlite3_close(db);
  catalog_unref(cat);
}

static void run_public(const char *data, totals *t) {
  const char *file = arena_printf(mem, "%s/spider/train_spider.json", data);
  json_t *all = json_load_file(file, 0, NULL), *item;
  char seen[128] = "";
  size_t i;
  if (!all) return;
  json_array_foreach(all, i, item) { /* the file is ordered by database */
    const char *db_id = json_string_value(json_object_get(item, "db_id"));
    if (strcmp(seen, db_id) == 0) continue;
    snprintf(seen, sizeof seen, "%s", db_id);
    const char *path = arena_printf(mem, "%s/spider/database/%s/%s.sqlite", data, db_id, db_id);
    if (path && access(path, R_OK) == 0) run_database(path, all, db_id, t);
  }
  json_decref(all);
}

/* ---- many tables ---- */

static const char *const words[] = {"customer", "order",   "product", "invoice", "payment",
                                    "employee", "region",  "ticket",  "vendor",  "shipment",
                                    "account",  "patient", "course",  "claim",   "event"};
enum { N_WORDS = sizeof words / sizeof *words };

static catalog *many_tables(void) {
  const char *tmp = getenv("TMPDIR");
  char *path = arena_printf(mem, "%s/emend-bench-XXXXXX", tmp && *tmp ? tmp : "/tmp");
  int fd = path ? mkstemp(path) : -1;
  sqlite3 *db = NULL;
  rng r;
  rng_seed(&r, 1);
  if (fd < 0 || sqlite3_open(path, &db) != SQLITE_OK) die("no temporary file");
  sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
  for (int t = 0; t < TABLES; t++) {
    const char *a = words[rng_below(&r, N_WORDS)], *b = words[rng_below(&r, N_WORDS)];
    char *sql = arena_printf(mem,
                             "CREATE TABLE %s_%s_%d (id INTEGER PRIMARY KEY, %s_name_%d TEXT, "
                             "%s_date DATE, amount_%d REAL, status TEXT, "
                             "parent_id INTEGER REFERENCES %s (id))",
                             a, b, t, a, t, b, t, t ? "customer_root" : "other_root");
    sqlite3_exec(db, sql, NULL, NULL, NULL);
  }
  sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
  sqlite3_close(db);
  close(fd);
  catalog *c = load(path);
  unlink(path);
  return c;
}

/* One query on one of the tables: right, or with a name that lacks a letter. */
static str make_query(const catalog *c, rng *r, int kind) {
  const cat_table *t = &c->tables[rng_below(r, (uint32_t)c->n_tables)];
  const cat_column *name = &c->columns[t->first_column + 1];
  size_t table_len = t->name.len - (kind == 1), name_len = name->name.len - (kind == 2);
  return str_from(arena_printf(
      mem,
      "SELECT %.*s, COUNT(*) FROM %.*s AS t WHERE status = 'open' GROUP BY %.*s "
      "ORDER BY COUNT(*) DESC LIMIT 5",
      (int)name_len, name->name.ptr, (int)table_len, t->name.ptr, STR_ARG(name->name)));
}

static void run_single(const catalog *c, int kind, double *p50, double *p99) {
  static double us[SINGLE];
  rng r;
  rng_seed(&r, 2);
  for (int i = 0; i < SINGLE; i++) {
    str sql = make_query(c, &r, kind);
    double best = 1e9;
    for (int k = 0; k < 3; k++) {
      double start = clock_ms();
      check_once(sql, c);
      double took = (clock_ms() - start) * 1000;
      if (took < best) best = took;
    }
    us[i] = best;
  }
  *p50 = quantile(us, SINGLE, 0.5);
  *p99 = quantile(us, SINGLE, 0.99);
}

int main(int argc, char **argv) {
  totals t = {0};
  double right[2], table[2], column[2];
  mem = arena_create((size_t)1 << 28);
  scratch = arena_create((size_t)1 << 26);
  if (!mem || !scratch) die("out of memory");
  run_public(argc > 1 ? argv[1] : "../shared/data", &t);
  catalog *many = many_tables();
  if (!many) die("no schema");
  run_single(many, 0, &right[0], &right[1]);
  run_single(many, 1, &table[0], &table[1]);
  run_single(many, 2, &column[0], &column[1]);
  double n = t.accepted ? (double)t.accepted : 1;
  printf(
      "{\"cpus\":%ld,\"queries\":%ld,\"accepted_by_sqlite\":%ld,\"false_errors\":%ld,"
      "\"check_us\":%.2f,\"sqlite_prepare_us\":%.2f,"
      "\"parse_us\":%.2f,\"libpg_query_us\":%.2f,"
      "\"tables\":%d,\"right_us\":{\"p50\":%.1f,\"p99\":%.1f},"
      "\"misspelt_table_us\":{\"p50\":%.1f,\"p99\":%.1f},"
      "\"misspelt_column_us\":{\"p50\":%.1f,\"p99\":%.1f}}\n",
      sysconf(_SC_NPROCESSORS_ONLN), t.n, t.accepted, t.false_errors,
      quantile(t.check, ROUNDS, 0.5) * 1000 / n, quantile(t.prepare, ROUNDS, 0.5) * 1000 / n,
      quantile(t.parse, ROUNDS, 0.5) * 1000 / n, quantile(t.pg_parse, ROUNDS, 0.5) * 1000 / n,
      many->n_tables, right[0], right[1], table[0], table[1], column[0], column[1]);
  catalog_unref(many);
  arena_destroy(scratch);
  arena_destroy(mem);
  return 0;
}
