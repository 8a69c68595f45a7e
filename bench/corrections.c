/* bench-corrections [--train] [--part P] [--dbs N] [DATA]: are second wordings of corrected
 * questions right at once?
 *
 * Questions of Spider that share a database and a gold query are wordings of one question. The
 * first wording of a part P of them (1) is asked, corrected with the gold query through the public
 * calls, verified and so applied; the second wordings of all are asked before and after. Right is
 * execution accuracy on the database itself. Other databases' questions are asked before and after
 * as well: their answers must be the same to the byte. --train: the held-out training databases
 * (fold 0), on which weights are chosen; otherwise the public development databases. */
#define _GNU_SOURCE
#include <emend/emend.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "learn/rows.h"

enum { MOST_ITEMS = 700, MOST_DBS = 40 };

typedef struct item {
  const char *question, *gold;
  int group, place;
} item;

typedef struct database {
  const char *name;
  item items[MOST_ITEMS];
  int n, n_groups;
} database;

typedef struct figures {
  int n, before, after, learned;
} figures;

static json_t *data;
static database dbs[MOST_DBS];
static int n_dbs;
static const char *root = "../shared/data";
static double part = 1;

static int fail(const char *what, const char *why) {
  fprintf(stderr, "bench-corrections: %s: %s\n", what, why);
  return 3;
}

static bool wanted(const char *db, bool train) {
  if (!strcmp(db, "chinook_1") || !strcmp(db, "store_1")) return false;
  return !train || str_hash(str_from(db)) % 10 == 0;
}

static database *find(const char *name) {
  for (int i = 0; i < n_dbs; i++)
    if (!strcmp(dbs[i].name, name)) return &dbs[i];
  if (n_dbs == MOST_DBS) return NULL;
  dbs[n_dbs].name = name;
  return &dbs[n_dbs++];
}

static void add_item(const json_t *o, bool train) {
  const char *name = json_string_value(json_object_get(o, "db_id"));
  item it = {json_string_value(json_object_get(o, "question")),
             json_string_value(json_object_get(o, "query")), -1, 0};
  database *d = name && wanted(name, train) ? find(name) : NULL;
  if (!d || !it.question || !it.gold || d->n == MOST_ITEMS) return;
  for (int i = 0; i < d->n; i++)
    if (!strcasecmp(d->items[i].gold, it.gold)) {
      it.group = d->items[i].group;
      it.place++;
    }
  if (it.group < 0) it.group = d->n_groups++;
  d->items[d->n++] = it;
}

static bool read_data(bool train) {
  static const char *const dev[] = {"dev_public.json", NULL};
  static const char *const fold[] = {"train_spider.json", "train_others.json", NULL};
  data = json_array();
  for (const char *const *f = train ? fold : dev; *f; f++) {
    char path[4096];
    snprintf(path, sizeof path, "%s/spider/%s", root, *f);
    json_t *j = json_load_file(path, 0, NULL);
    if (!j) return false;
    json_array_extend(data, j);
    json_decref(j);
  }
  for (size_t i = 0; i < json_array_size(data); i++) add_item(json_array_get(data, i), train);
  return true;
}

/* Every part-th group of a database is taught. */
static bool is_taught(const item *it) { return (it->group * 7919 % 1000) / 1000.0 < part; }

/* ---- asking ---- */

static bool is_right(sqlite3 *db, const char *sql, const char *gold) {
  arena *a = arena_create((size_t)1 << 31);
  rows want, got;
  bool right = a && sql && rows_run(db, str_from(gold), NULL, a, &want) &&
               rows_run(db, str_from(sql), NULL, a, &got) &&
               rows_match(&want, &got, strcasestr(gold, "order by") != NULL);
  arena_destroy(a);
  return right;
}

static double asked_ms;
static int asked;

/* Asks a wording; the SQL (freed by the caller) of what was delivered, or NULL. */
static char *ask(emend_engine *e, const database *d, const char *question, bool *learned) {
  emend_ask_options opt = {.source = d->name, .no_confirm = true};
  emend_answer *a = NULL;
  emend_error err;
  if (emend_ask(e, question, &opt, &a, &err)) return NULL;
  char *sql = a->has_rows && a->sql ? strdup(a->sql) : NULL;
  if (learned) *learned = a->learned_from != NULL;
  asked_ms += a->total_ms;
  asked++;
  emend_answer_free(a);
  return sql;
}

static void ask_seconds(emend_engine *e, const database *d, sqlite3 *db, bool after,
                        figures *taught, figures *untaught) {
  for (int i = 0; i < d->n; i++) {
    const item *it = &d->items[i];
    if (it->place != 1) continue;
    figures *f = is_taught(it) ? taught : untaught;
    bool learned = false;
    char *sql = ask(e, d, it->question, &learned);
    bool right = is_right(db, sql, it->gold);
    if (after) {
      f->n++;
      f->after += right;
      f->learned += learned;
    } else {
      f->before += right;
    }
    free(sql);
  }
}

/* From the order to apply until an answer names the correction: how often it did, and the longest.
 */
static int used;
static double slowest_ms;

static void time_use(emend_engine *e, const database *d, const char *question, const char *id,
                     double since) {
  emend_ask_options opt = {.source = d->name, .no_confirm = true};
  emend_answer *a = NULL;
  emend_error err;
  bool named = false;
  if (emend_ask(e, question, &opt, &a, &err)) return;
  for (size_t i = 0; i < a->provenance.n_corrections; i++)
    named = named || strcmp(a->provenance.corrections[i], id) == 0;
  double ms = clock_ms() - since;
  used += named;
  if (named && ms > slowest_ms) slowest_ms = ms;
  emend_answer_free(a);
}

static int teach(emend_engine *e, const database *d) {
  int n = 0;
  for (int i = 0; i < d->n; i++) {
    const item *it = &d->items[i];
    if (it->place != 0 || !is_taught(it)) continue;
    emend_feedback_new what = {
        .source = d->name, .question = it->question, .sql = it->gold, .rating = 5, .user = "bench"};
    emend_feedback *f = NULL, *moved = NULL;
    emend_error err;
    if (emend_feedback_add(e, &what, &f, &err)) continue;
    double since = clock_ms();
    if (f->id &&
        !emend_feedback_move(e, f->id, EMEND_FEEDBACK_VERIFIED, "bench", NULL, &moved, &err) &&
        moved->status == EMEND_FEEDBACK_APPLIED) {
      n++;
      time_use(e, d, it->question, f->id, since);
    }
    emend_feedback_free(moved);
    emend_feedback_free(f);
  }
  return n;
}

/* ---- one database, beside another that nothing is taught about ---- */

static uint64_t others(emend_engine *e, const database *d) {
  uint64_t hash = 0;
  for (int i = 0; i < d->n && i < 20; i++) {
    char *sql = ask(e, d, d->items[i].question, NULL);
    hash = hash * 31 + (sql ? str_hash64(str_from(sql)) : 1);
    free(sql);
  }
  return hash;
}

static bool measure(const database *d, const database *other, figures *taught, figures *untaught,
                    int *applied, int *changed) {
  char state[] = "/tmp/bench-corrections-XXXXXX", path[4096], spec[4200];
  emend_engine *e = NULL;
  emend_error err;
  sqlite3 *db = NULL;
  int fd = mkstemp(state);
  if (fd >= 0) close(fd);
  unlink(state);
  emend_options opt = {.state = state};
  bool ok = !emend_open(&opt, &e, &err);
  for (int i = 0; i < 2 && ok; i++) {
    const database *x = i ? other : d;
    snprintf(path, sizeof path, "%s/spider/database/%s/%s.sqlite", root, x->name, x->name);
    snprintf(spec, sizeof spec, "%s=%s", x->name, path);
    ok = !emend_source_add(e, spec, &err) && (i || !rows_open(path, &db, &err));
  }
  if (ok) {
    uint64_t before = others(e, other);
    ask_seconds(e, d, db, false, taught, untaught);
    *applied += teach(e, d);
    asked_ms = asked = 0;
    ask_seconds(e, d, db, true, taught, untaught);
    *changed += others(e, other) != before;
  }
  sqlite3_close(db);
  emend_close(e);
  for (int i = 0; i < 3; i++) {
    static const char *const ends[] = {"", "-wal", "-shm"};
    snprintf(path, sizeof path, "%s%s", state, ends[i]);
    unlink(path);
  }
  return ok;
}

static void print_figures(const char *name, const figures *f) {
  printf("\"%s\":{\"n\":%d,\"before\":%.4f,\"after\":%.4f,\"learned_from\":%d}", name, f->n,
         f->n ? (double)f->before / f->n : 0, f->n ? (double)f->after / f->n : 0, f->learned);
}

int main(int argc, char **argv) {
  bool train = false;
  int most = MOST_DBS;
  if (getenv("EMEND_DATA")) root = getenv("EMEND_DATA");
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--train"))
      train = true;
    else if (!strcmp(argv[i], "--part") && i + 1 < argc)
      part = strtod(argv[++i], NULL);
    else if (!strcmp(argv[i], "--dbs") && i + 1 < argc)
      most = (int)strtol(argv[++i], NULL, 10);
    else
      root = argv[i];
  }
  if (!read_data(train)) return fail(root, "no Spider there");
  figures taught = {0}, untaught = {0};
  int applied = 0, changed = 0, measured = 0;
  double ms = 0;
  for (int i = 0; i < n_dbs && i < most; i++) {
    if (!measure(&dbs[i], &dbs[(i + 1) % n_dbs], &taught, &untaught, &applied, &changed)) continue;
    measured++;
    ms += asked ? asked_ms / asked : 0;
    fprintf(stderr, "%s: taught %d/%d -> %d, others %d/%d -> %d\n", dbs[i].name, taught.before,
            taught.n, taught.after, untaught.before, untaught.n, untaught.after);
  }
  printf("{\"databases\":%d,\"applied\":%d,", measured, applied);
  print_figures("taught", &taught);
  putchar(',');
  print_figures("untaught", &untaught);
  printf(
      ",\"other_databases_changed\":%d,\"ms_per_question\":%.1f,\"used_at_once\":%d,"
      "\"slowest_apply_to_use_ms\":%.1f}\n",
      changed, measured ? ms / measured : 0, used, slowest_ms);
  json_decref(data);
  return 0;
}
