/* What judging costs beside running: every public gold query over its database, capped at 1,000
 * rows, then intent, signals, digest and suspicion of it, and the queries that it has run beside it
 * (probes), without a second opinion; and apart, the probes alone, as a part of what the queries
 * that call for some take themselves. JSON on standard output, milliseconds.
 *
 *   bench-judge [DATA]     DATA: the public data's folder, default ../shared/data */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask/probing.h"
#include "base/clock.h"
#include "judge/judge.h"

enum { ROUNDS = 5, MOST = 4096 };

static arena *mem, *scratch;

static void die(const char *what) {
  fprintf(stderr, "bench-judge: %s\n", what);
  exit(3);
}

static int by_size(const void *x, const void *y) {
  double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

typedef struct opened {
  char id[64];
  source *db;
  catalog *cat;
} opened;

static opened *open_db(opened *all, size_t *n, const char *data, const char *id) {
  for (size_t i = 0; i < *n; i++)
    if (strcmp(all[i].id, id) == 0) return &all[i];
  opened *o = &all[(*n)++];
  char *path = arena_printf(mem, "%s/spider/database/%s/%s.sqlite", data, id, id);
  snprintf(o->id, sizeof o->id, "%s", id);
  if (!path || source_open(path, &o->db, NULL) ||
      catalog_load(o->db, str_from(id), NULL, &o->cat, NULL))
    die("a database cannot be opened");
  return o;
}

typedef struct cost {
  double judge, probes, query; /* ms; the first with probes */
} cost;

static cost judge_once(str question, const check_report *report, const source_result *r,
                       const opened *o, size_t *probed) {
  judge_intent in;
  judge_digest digest;
  judge_probes probes;
  judge_signals signals = {0};
  cost c = {0};
  double since = clock_ms();
  if (judge_read(question, scratch, &in, NULL) || judge_sql(&in, report, scratch, &signals, NULL) ||
      judge_result(&in, report->query, r, scratch, &signals, NULL) ||
      !judge_digest_of(r, scratch, &digest) ||
      !judge_find_probes(&in, report, o->cat, scratch, &probes))
    die("judging failed");
  const ask_probing with = {.db = o->db, .own = r, .digest = &digest, .time_left = -1};
  double from = clock_ms();
  if (!ask_run_probes(&with, &probes, scratch)) die("probing failed");
  double to = clock_ms();
  if (!judge_probed(&probes, scratch, &signals)) die("judging failed");
  volatile double p = judge_suspicion(&signals, JUDGE_OWN);
  (void)p;
  c.judge = clock_ms() - since;
  *probed = probes.len;
  if (probes.len == 0) return c;
  c.probes = to - from;
  source_result again;
  since = clock_ms();
  if (source_run(o->db, sql_print(report->query, o->cat->dialect, scratch), NULL, scratch, &again,
                 NULL))
    die("a query that ran does not run");
  c.query = clock_ms() - since;
  return c;
}

static double lesser(double x, double y) { return x < y ? x : y; }

int main(int argc, char **argv) {
  const char *data = argc > 1 ? argv[1] : "../shared/data";
  static opened all[64];
  static double best[MOST];
  size_t n_dbs = 0, n = 0, most_rows = 0, probed = 0;
  double most_probes = 0, all_probes = 0, all_queries = 0;
  mem = arena_create(64 << 20);
  scratch = arena_create((size_t)512 << 20);
  char *path = mem ? arena_printf(mem, "%s/spider/dev_public.json", data) : NULL;
  json_t *items = path ? json_load_file(path, 0, NULL) : NULL;
  if (!scratch || !json_is_array(items)) die("there are no public questions; name their folder");
  for (size_t i = 0; i < json_array_size(items) && n < MOST; i++) {
    json_t *item = json_array_get(items, i);
    str question = str_from(json_string_value(json_object_get(item, "question")));
    str sql = str_from(json_string_value(json_object_get(item, "query"))), mended;
    opened *o = open_db(all, &n_dbs, data, json_string_value(json_object_get(item, "db_id")));
    check_report report;
    source_result r;
    int mends;
    arena_reset(scratch);
    if (check_sql(sql, o->cat, NULL, scratch, &report, NULL) ||
        check_mend_dq_text(sql, &report, scratch, &mended, &mends, NULL) ||
        source_run(o->db, mended, NULL, scratch, &r, NULL))
      continue;
    if (r.n_rows > most_rows) most_rows = r.n_rows;
    cost least = {1e9, 1e9, 1e9};
    size_t asked = 0;
    for (int round = 0; round < ROUNDS; round++) {
      cost c = judge_once(question, &report, &r, o, &asked);
      least = (cost){lesser(least.judge, c.judge), lesser(least.probes, c.probes),
                     lesser(least.query, c.query)};
    }
    best[n++] = least.judge;
    probed += asked > 0;
    all_probes += least.probes;
    all_queries += least.query;
    if (least.probes > most_probes) most_probes = least.probes;
  }
  if (!n) die("no query ran");
  qsort(best, n, sizeof *best, by_size);
  printf(
      "{\"queries\":%zu,\"most_rows\":%zu,\"judge_ms\":{\"p50\":%.4f,\"p95\":%.4f,\"max\":%.4f},"
      "\"probed\":%zu,\"probes_ms\":{\"max\":%.3f,\"of_queries\":%.2f}}\n",
      n, most_rows, best[n / 2], best[n * 95 / 100], best[n - 1], probed, most_probes,
      all_queries > 0 ? all_probes / all_queries : 0);
  for (size_t i = 0; i < n_dbs; i++) {
    catalog_unref(all[i].cat);
    source_close(all[i].db);
  }
  json_decref(items);
  arena_destroy(scratch);
  arena_destroy(mem);
  return 0;
}
