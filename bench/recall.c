/* Confirmed questions, how fast: an exact hit through emend.h beside the same SQL prepared in raw
 * SQLite; rewordings among 100,000 confirmed questions; memory; loading.
 *
 * usage: bench-recall [ENTRIES]
 *
 * Prints one line of JSON; medians of seven alternating runs. Leaves nothing behind. */
#define _GNU_SOURCE
#include <emend/emend.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "recall/recall.h"
#include "source/source.h"
#include "store/finalized.h"

enum { RUNS = 7, ASKS = 400, LOOKUPS = 4000, ROWS = 2000 };

static const char *const NOUNS[] = {"orders", "parcels", "invoices", "drivers", "vans",
                                    "depots", "routes",  "claims",   "tenders", "crates"};
static const char *const TRAITS[] = {"weight", "price", "length", "volume", "rating", "delay"};
static const char *const TOWNS[] = {"Alder", "Birch", "Cedar",  "Dogwood", "Elm",
                                    "Fir",   "Gorse", "Hazel",  "Ivy",     "Juniper",
                                    "Larch", "Maple", "Myrtle", "Oak"};

static char folder[] = "/tmp/bench-recallXXXXXX", db_path[64], state_path[64];

static void fail(const char *what) {
  fprintf(stderr, "bench-recall: %s\n", what);
  exit(3);
}

static void make_database(void) {
  sqlite3 *db = NULL;
  char sql[512];
  if (sqlite3_open(db_path, &db)) fail("no database");
  sqlite3_exec(db, "PRAGMA synchronous = OFF; BEGIN", NULL, NULL, NULL);
  for (size_t i = 0; i < sizeof NOUNS / sizeof *NOUNS; i++) {
    snprintf(sql, sizeof sql,
             "CREATE TABLE %s (id INTEGER PRIMARY KEY, town TEXT, weight REAL, price REAL, length "
             "REAL, volume REAL, rating REAL, delay REAL)",
             NOUNS[i]);
    sqlite3_exec(db, sql, NULL, NULL, NULL);
    for (int k = 0; k < ROWS; k++) {
      snprintf(sql, sizeof sql, "INSERT INTO %s VALUES (%d, '%s', %d, %d, %d, %d, %d, %d)",
               NOUNS[i], k, TOWNS[k % 14], k % 997, k % 313, k % 71, k % 41, k % 11, k % 29);
      sqlite3_exec(db, sql, NULL, NULL, NULL);
    }
  }
  sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
  sqlite3_close(db);
}

/* The i-th question, confirmed and in other words, and its SQL. */
static void phrase(size_t i, char *said, char *again, char *sql, size_t size) {
  const char *noun = NOUNS[i % 10], *town = TOWNS[i / 10 % 14], *trait = TRAITS[i / 140 % 6];
  size_t n = i / 840;
  snprintf(said, size, "How many %s from %s have a %s above %zu?", noun, town, trait, n);
  snprintf(again, size, "Please count the number of %s from %s whose %s is over %zu", noun, town,
           trait, n);
  snprintf(sql, size, "SELECT count(*) FROM %s WHERE town = '%s' AND %s > %zu", noun, town, trait,
           n);
}

static int ascending(const void *x, const void *y) {
  double a = *(const double *)x, b = *(const double *)y;
  return a < b ? -1 : a > b;
}

static double at(double *values, size_t n, double share) {
  qsort(values, n, sizeof *values, ascending);
  return values[(size_t)((double)(n - 1) * share)];
}

/* Of this thread alone: what a look-up takes where nobody else wants the core. */
static double cpu_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* ---- an exact hit, end to end ---- */

static double run_raw(sqlite3 *db, const char *sql, double *cpu) {
  sqlite3_stmt *stmt = NULL;
  if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL)) fail("raw SQL");
  double since = clock_ms(), cpu_since = cpu_ms();
  for (int i = 0; i < ASKS; i++) {
    while (sqlite3_step(stmt) == SQLITE_ROW) (void)sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
  }
  double ms = (clock_ms() - since) / ASKS;
  *cpu = (cpu_ms() - cpu_since) / ASKS * 1e3;
  sqlite3_finalize(stmt);
  return ms * 1e3;
}

static double run_asked(emend_engine *e, const char *question, double *cpu) {
  double since = clock_ms(), cpu_since = cpu_ms();
  for (int i = 0; i < ASKS; i++) {
    emend_answer *a = NULL;
    emend_error err;
    if (emend_ask(e, question, NULL, &a, &err)) fail(err.msg);
    if (a->status != EMEND_FINALIZED) fail("not served");
    emend_answer_free(a);
  }
  *cpu = (cpu_ms() - cpu_since) / ASKS * 1e3;
  return (clock_ms() - since) / ASKS * 1e3;
}

static void measure_exact(emend_engine *e) {
  char said[256], again[256], sql[256];
  double raw[RUNS], asked[RUNS], raw_cpu[RUNS], asked_cpu[RUNS];
  sqlite3 *db = NULL;
  phrase(3, said, again, sql, sizeof sql);
  if (sqlite3_open_v2(db_path, &db, SQLITE_OPEN_READONLY, NULL)) fail("raw open");
  for (int i = 0; i < RUNS; i++) {
    raw[i] = run_raw(db, sql, &raw_cpu[i]);
    asked[i] = run_asked(e, said, &asked_cpu[i]);
  }
  sqlite3_close(db);
  double r = at(raw, RUNS, .5), a = at(asked, RUNS, .5);
  printf(
      "\"exact\":{\"raw_us\":%.1f,\"emend_us\":%.1f,\"allowed_us\":%.1f,\"raw_cpu_us\":%.1f,"
      "\"emend_cpu_us\":%.1f}",
      r, a, 2 * r + 50, at(raw_cpu, RUNS, .5), at(asked_cpu, RUNS, .5));
}

/* ---- among many ---- */

static recall_record *make_records(size_t n, arena *a) {
  recall_record *records = ARENA_ARRAY(a, recall_record, n);
  char said[256], again[256], sql[256];
  for (size_t i = 0; records && i < n; i++) {
    phrase(i, said, again, sql, sizeof sql);
    records[i] = (recall_record){.id = str_from(arena_printf(a, "fz_%08zu", i)),
                                 .url = STR("bench"),
                                 .question = arena_str(a, str_from(said)),
                                 .sql = arena_str(a, str_from(sql)),
                                 .at = STR("2026-01-01T00:00:00Z"),
                                 .dialect = SQL_SQLITE};
  }
  return records;
}

static void measure_many(size_t n) {
  arena *a = arena_create((size_t)4 << 30), *work = arena_create((size_t)256 << 20);
  recall_record *records = a ? make_records(n, a) : NULL;
  source *s = NULL;
  catalog *cat = NULL;
  recall *r = NULL;
  recall_figures figures;
  static double ms[LOOKUPS], cpu[LOOKUPS];
  char said[256], again[256], sql[256];
  size_t hits = 0, wrong = 0;
  rng g;
  if (!records || !work || source_open(db_path, &s, NULL) ||
      catalog_load(s, STR("bench"), NULL, &cat, NULL) || recall_create(&r, NULL))
    fail("no catalog");
  double since = clock_ms();
  if (recall_put(r, records, n, NULL)) fail("no memory");
  double load = clock_ms() - since;
  recall_source at_source = {STR("bench"), cat};
  rng_seed(&g, 1);
  for (int i = 0; i < LOOKUPS; i++) {
    recall_match m;
    phrase(rng_below(&g, (uint32_t)n), said, again, sql, sizeof sql);
    arena_reset(work);
    double cpu_since = cpu_ms();
    since = clock_ms();
    if (recall_find(r, &at_source, 1, str_from(again), NULL, work, &m, NULL)) fail("look-up");
    ms[i] = clock_ms() - since;
    cpu[i] = cpu_ms() - cpu_since;
    hits += m.verdict == RECALL_HIT;
    wrong += m.verdict == RECALL_HIT && !str_eq(m.sql, str_from(sql));
  }
  recall_measure(r, &figures);
  printf(
      ",\"many\":{\"entries\":%zu,\"reworded_p50_ms\":%.3f,\"reworded_p99_ms\":%.3f,"
      "\"reworded_p99_cpu_ms\":%.3f,\"served\":%.4f,\"wrong\":%zu,\"bytes_an_entry\":%zu,\"put_all_"
      "ms\":%.0f}",
      n, at(ms, LOOKUPS, .5), at(ms, LOOKUPS, .99), at(cpu, LOOKUPS, .99), (double)hits / LOOKUPS,
      wrong, figures.bytes / n, load);
  recall_free(r);
  catalog_unref(cat);
  source_close(s);
  arena_destroy(work);
  arena_destroy(a);
}

/* ---- loading ---- */

static void fill_state(size_t n) {
  store *s = NULL;
  arena *a = arena_create((size_t)4 << 30);
  store_finalized *items = a ? ARENA_ARRAY(a, store_finalized, n) : NULL;
  char said[256], again[256], sql[256], url[128];
  if (!items || store_open(state_path, &s, NULL)) fail("no state");
  snprintf(url, sizeof url, "%s", db_path);
  for (size_t i = 0; i < n; i++) {
    phrase(i, said, again, sql, sizeof sql);
    items[i] = (store_finalized){.id = str_from(arena_printf(a, "fz_%08zu", i)),
                                 .url = str_from(url),
                                 .source = STR("bench"),
                                 .question = arena_str(a, str_from(said)),
                                 .query = arena_str(a, str_from(sql)),
                                 .dialect = STR("sqlite")};
    store_wording w = {.wording = items[i].question, .key = recall_key(items[i].question, a)};
    if (!vec_push(a, &items[i].wordings, w)) fail("no memory");
  }
  if (store_finalized_put(s, items, n, a, NULL, NULL)) fail("cannot fill the state");
  store_close(s);
  arena_destroy(a);
}

static void measure_loading(size_t n) {
  emend_options opt = {.state = state_path};
  emend_engine *e = NULL;
  emend_answer *a = NULL;
  emend_error err;
  char said[256], again[256], sql[256];
  fill_state(n);
  double since = clock_ms();
  if (emend_open(&opt, &e, &err) || emend_source_add(e, db_path, &err)) fail(err.msg);
  double open_ms = clock_ms() - since;
  phrase(n / 2, said, again, sql, sizeof sql);
  since = clock_ms();
  if (emend_ask(e, said, NULL, &a, &err)) fail(err.msg);
  double first = clock_ms() - since;
  bool served = a->status == EMEND_FINALIZED;
  emend_answer_free(a);
  since = clock_ms();
  if (emend_ask(e, again, NULL, &a, &err)) fail(err.msg);
  double reworded = clock_ms() - since;
  printf(
      ",\"loading\":{\"open_ms\":%.1f,\"first_exact_ms\":%.1f,\"first_served\":%s,"
      "\"all_loaded_ms\":%.0f}",
      open_ms, first, served ? "true" : "false", reworded);
  emend_answer_free(a);
  emend_close(e);
}

int main(int argc, char **argv) {
  size_t n = argc > 1 ? (size_t)atol(argv[1]) : 100000;
  if (!mkdtemp(folder)) fail("no folder");
  snprintf(db_path, sizeof db_path, "%s/bench.sqlite", folder);
  snprintf(state_path, sizeof state_path, "%s/state.sqlite", folder);
  make_database();
  emend_options opt = {.state = state_path};
  emend_engine *e = NULL;
  emend_error err;
  char said[256], again[256], sql[256], command[128];
  phrase(3, said, again, sql, sizeof sql);
  emend_finalize_options it = {.question = said, .sql = sql};
  if (emend_open(&opt, &e, &err) || emend_source_add(e, db_path, &err) ||
      emend_finalize(e, &it, NULL, &err))
    fail(err.msg);
  printf("{");
  measure_exact(e);
  emend_close(e);
  measure_many(n);
  measure_loading(n);
  printf("}\n");
  snprintf(command, sizeof command, "rm -r %s", folder);
  return system(command) ? 3 : 0;
}
