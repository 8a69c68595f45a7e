/* What the judge sees of queries with known answers, as rows to fit on. See fit.h. */
#define _GNU_SOURCE
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ask/verdict.h"
#include "base/map.h"
#include "fit.h"
#include "learn/rows.h"

enum { MOST_VARIANTS = 16, RUN_BYTES = 1 << 30 };

typedef VEC(str) str_list;

/* One database, and others with its schema and other rows, on which a right query is right too. */
typedef struct labelled_db {
  source *db;
  catalog *cat;
  sqlite3 *base[1 + MOST_VARIANTS];
  int n;
} labelled_db;

typedef struct extracting {
  const fit_options *opt;
  FILE *out;
  json_t *data;
  size_t item; /* the question that is being asked */
  map *dbs;
  map *labels; /* what is known already: "db\tgold\tsql" → "1" or "0" */
  FILE *label_file;
  arena *mem;
  bool failed;
} extracting;

/* ---- is it right ---- */

static labelled_db *open_db(extracting *x, const char *id) {
  labelled_db *d = map_get(x->dbs, str_from(id));
  if (d) return d;
  d = ARENA_NEW(x->mem, labelled_db);
  if (!d || !map_put(x->dbs, arena_str(x->mem, str_from(id)), d)) return NULL;
  char *path = arena_printf(x->mem, "%s/%s/%s.sqlite", x->opt->db_dir, id, id);
  if (!path || rows_open(path, &d->base[0], NULL)) return NULL;
  if (source_open(path, &d->db, NULL) || catalog_load(d->db, str_from(id), NULL, &d->cat, NULL))
    return NULL;
  d->n = 1;
  for (int i = 0; x->opt->variants && i < MOST_VARIANTS; i++) {
    path = arena_printf(x->mem, "%s/%s/%d.sqlite", x->opt->variants, id, i);
    FILE *there = path ? fopen(path, "rb") : NULL;
    if (!there) break;
    fclose(there);
    if (rows_open(path, &d->base[d->n], NULL) == EMEND_OK) d->n++;
  }
  return d;
}

/* The gold rows; false where they say nothing: it fails, or on a variant ties are decided by
 * chance. */
static bool gold_rows(sqlite3 *db, str gold, bool ordered, bool variant, arena *a, rows *out) {
  if (!rows_run(db, gold, NULL, a, out)) return false;
  if (!variant) return true;
  rows again;
  sqlite3_exec(db, "pragma reverse_unordered_selects=on", NULL, NULL, NULL);
  bool ran = rows_run(db, gold, NULL, a, &again);
  sqlite3_exec(db, "pragma reverse_unordered_selects=off", NULL, NULL, NULL);
  return ran && rows_match(out, &again, ordered);
}

/* 1 right everywhere, 0 wrong somewhere, -1 not known. */
static int run_label(extracting *x, const char *db_id, str gold, str sql) {
  labelled_db *d = open_db(x, db_id);
  arena *a = arena_create(RUN_BYTES);
  char *lower = a ? arena_strndup(a, gold.ptr, gold.len) : NULL;
  for (char *p = lower; p && *p; p++) *p = ascii_lower(*p);
  bool ordered = lower && strstr(lower, "order by");
  int right = d && lower ? 1 : -1;
  for (int i = 0; right == 1 && i < d->n; i++) {
    rows want, got;
    if (!gold_rows(d->base[i], gold, ordered, i > 0, a, &want)) {
      if (i == 0) right = -1;
      continue;
    }
    right = rows_run(d->base[i], sql, NULL, a, &got) && rows_match(&want, &got, ordered);
  }
  arena_destroy(a);
  return right;
}

/* Running is what costs: labels are kept in a file from one run to the next. */
static bool open_labels(extracting *x) {
  char *line = NULL;
  size_t room = 0;
  ssize_t n;
  if (!(x->labels = map_create(x->mem, false))) return false;
  if (!x->opt->labels) return true;
  x->label_file = fopen(x->opt->labels, "a+");
  if (!x->label_file) return false;
  rewind(x->label_file);
  while ((n = getline(&line, &room, x->label_file)) > 2) {
    str key = arena_str(x->mem, (str){line + 3, (size_t)n - 4});
    if (key.ptr) map_put(x->labels, key, line[0] == '-' ? "-" : line[1] == '1' ? "1" : "0");
  }
  free(line);
  return true;
}

static int label(extracting *x, const char *db_id, str gold, str sql) {
  uint64_t h = str_hash64(gold) * 31 + str_hash64(sql);
  str key = str_from(arena_printf(x->mem, "%s %016llx %016llx", db_id, (unsigned long long)h,
                                  (unsigned long long)(str_hash64(sql) * 31 + str_hash64(gold))));
  const char *known = map_get(x->labels, key);
  if (known) return known[0] == '-' ? -1 : known[0] - '0';
  int right = run_label(x, db_id, gold, sql);
  map_put(x->labels, key, (void *)(right < 0 ? "-" : right ? "1" : "0"));
  if (x->label_file) fprintf(x->label_file, "%2d %.*s\n", right, STR_ARG(key));
  return right;
}

/* ---- one row ---- */

static void write_row(extracting *x, const char *group, const char *kind, int system,
                      const ask_try *t, int right) {
  json_t *row = json_object(), *signals = json_object();
  for (size_t i = 0; i < t->signals.len; i++)
    if (!json_object_get(signals, t->signals.items[i].code))
      json_object_set_new(signals, t->signals.items[i].code, json_real(t->signals.items[i].value));
  json_object_set_new(row, "group", json_string(group));
  json_object_set_new(row, "item", json_integer((json_int_t)x->item));
  json_object_set_new(row, "kind", json_string(kind));
  json_object_set_new(row, "right", json_boolean(right));
  json_object_set_new(row, "system", json_integer(system));
  json_object_set_new(row, "failed", json_boolean(t->failed));
  json_object_set_new(row, "suspicion", json_real(t->suspicion));
  json_object_set_new(row, "sql", json_stringn(t->sql.ptr, t->sql.len));
  json_object_set_new(row, "x", signals);
  if (json_dumpf(row, x->out, JSON_COMPACT) || fputc('\n', x->out) == EOF) x->failed = true;
  json_decref(row);
}

static emend_rc give_connection(void *ctx, size_t i, source **out, emend_error *err) {
  (void)i, (void)err;
  *out = ctx;
  return EMEND_OK;
}

/* What the second opinion would have answered itself. */
static void write_own(extracting *x, const char *db, const char *kind, str gold,
                      const ask_second *second) {
  const ask_try *top = ask_choose(&second->tries);
  int right = top ? label(x, db, gold, top->sql) : -1;
  if (right >= 0) write_row(x, db, kind, 0, top, right);
}

/* The drafts of all systems for one question, and the second opinion's own answer. */
static emend_rc extract_item(extracting *x, const generator *gen, const str_list *lines,
                             emend_error *err) {
  json_t *item = json_array_get(x->data, x->item);
  const char *db = json_string_value(json_object_get(item, "db_id"));
  const char *question = json_string_value(json_object_get(item, "question"));
  str gold = str_from(json_string_value(json_object_get(item, "query")));
  labelled_db *d = open_db(x, db);
  arena *work = arena_create((size_t)1 << 30);
  if (!d || !d->cat || !work) return err_set(err, EMEND_EIO, "extract", "%s cannot be opened", db);
  ask_source only = {.name = db, .cat = d->cat};
  ask_context ctx = {
      .sources = &only, .n_sources = 1, .connect = give_connection, .ctx = d->db, .second = gen};
  ask_verdict v;
  emend_error e;
  emend_rc rc = ask_verdict_on(&ctx, question, lines->items, lines->len, 0, work, &v, &e);
  for (size_t i = 0; !rc && i < v.tries.len; i++) {
    ask_try *t = ask_final_form(v.tries.items[i]);
    int right = label(x, db, gold, t->sql);
    if (right >= 0) write_row(x, db, "draft", (int)i, t, right);
  }
  if (!rc) write_own(x, db, "own", gold, &v.second);
  arena_destroy(work);
  return rc;
}

/* ---- faults put in ---- */

typedef struct fault_count {
  size_t n, warned, alarmed; /* alarmed: in the highest band */
} fault_count;

static emend_rc extract_faults_of(extracting *x, const generator *gen, fault_count *counts,
                                  emend_error *err) {
  json_t *item = json_array_get(x->data, x->item);
  const char *db = json_string_value(json_object_get(item, "db_id"));
  const char *question = json_string_value(json_object_get(item, "question"));
  str gold = str_from(json_string_value(json_object_get(item, "query")));
  if (x->opt->fold && str_hash(str_from(db)) % 10 != 0) return EMEND_OK;
  labelled_db *d = open_db(x, db);
  arena *work = arena_create((size_t)1 << 30);
  if (!d || !d->cat || !work) return arena_destroy(work), EMEND_OK; /* it has no rows */
  str sqls[FIT_N_FAULTS];
  int kinds[FIT_N_FAULTS];
  size_t n = 0;
  for (int k = 0; k < FIT_N_FAULTS; k++) {
    str sql = fit_fault(k, gold, d->cat, x->item, work);
    int right = sql.len ? label(x, db, gold, sql) : -1;
    if (right < 0 || right != (k == FIT_FAULT_NONE)) continue;
    kinds[n] = k;
    sqls[n++] = sql;
  }
  ask_source only = {.name = db, .cat = d->cat};
  ask_context ctx = {
      .sources = &only, .n_sources = 1, .connect = give_connection, .ctx = d->db, .second = gen};
  ask_verdict v = {0};
  emend_rc rc = n ? ask_verdict_on(&ctx, question, sqls, n, 0, work, &v, err) : EMEND_OK;
  for (size_t i = 0; !rc && i < v.tries.len; i++) {
    const ask_try *t = v.tries.items[i];
    if (t->failed) continue; /* a query that cannot be run is another fault */
    counts[kinds[i]].n++;
    counts[kinds[i]].warned += judge_band_of(t->suspicion, t->setting) != JUDGE_DELIVER;
    counts[kinds[i]].alarmed += judge_band_of(t->suspicion, t->setting) == JUDGE_CORRECT;
    write_row(x, db, "fault", kinds[i], t, kinds[i] == FIT_FAULT_NONE);
  }
  if (!rc && n) write_own(x, db, "fold_own", gold, &v.second);
  arena_destroy(work);
  return rc;
}

static void close_dbs(extracting *x) {
  for (size_t i = 0; i < map_len(x->dbs); i++) {
    labelled_db *d = map_at(x->dbs, i)->value;
    for (int k = 0; k < d->n; k++) sqlite3_close(d->base[k]);
    catalog_unref(d->cat);
    source_close(d->db);
  }
}

static emend_rc read_lines(const char *path, json_t *data, arena *a, str_list *out,
                           emend_error *err) {
  FILE *f = fopen(path, "r");
  char *line = NULL;
  size_t room = 0;
  ssize_t n;
  if (!f) return err_set(err, EMEND_ENOTFOUND, "extract", "cannot read %s", path);
  while ((n = getline(&line, &room, f)) > 0) {
    str s = arena_str(a, str_trim((str){line, (size_t)n}));
    if (!s.ptr || !vec_push(a, out, s)) break;
  }
  free(line);
  fclose(f);
  return out->len == json_array_size(data)
             ? EMEND_OK
             : err_set(err, EMEND_EFORMAT, "extract", "%s has not one line a question", path);
}

emend_rc fit_extract(const fit_options *opt, const generator *gen, FILE *out, emend_error *err) {
  extracting x = {.opt = opt, .out = out, .mem = arena_create((size_t)1 << 30)};
  str_list files[FIT_MOST_FILES] = {{0}};
  emend_rc rc = EMEND_OK;
  if (!x.mem || !(x.dbs = map_create(x.mem, false))) return err_nomem(err, "extract");
  if (!open_labels(&x)) return err_set(err, EMEND_EIO, "extract", "the labels cannot be kept");
  x.data = json_load_file(opt->data, 0, NULL);
  for (int k = 0; !rc && k < opt->n_predictions; k++)
    rc = read_lines(opt->predictions[k], x.data, x.mem, &files[k], err);
  for (; !rc && x.item < json_array_size(x.data); x.item++) {
    str_list lines = {0};
    for (int k = 0; k < opt->n_predictions; k++)
      if (!vec_push(x.mem, &lines, files[k].items[x.item])) return err_nomem(err, "extract");
    if (x.item % 20 == 0) fprintf(stderr, "%zu of %zu\r", x.item, json_array_size(x.data));
    rc = extract_item(&x, gen, &lines, err);
  }
  if (!rc && x.failed) rc = err_set(err, EMEND_EIO, "extract", "the rows cannot be written");
  close_dbs(&x);
  if (x.label_file) fclose(x.label_file);
  json_decref(x.data);
  arena_destroy(x.mem);
  return rc;
}

emend_rc fit_extract_faults(const fit_options *opt, const generator *gen, FILE *out,
                            emend_error *err) {
  extracting x = {.opt = opt, .out = out, .mem = arena_create((size_t)1 << 30)};
  fault_count counts[FIT_N_FAULTS] = {{0, 0, 0}};
  emend_rc rc = EMEND_OK;
  if (!x.mem || !(x.dbs = map_create(x.mem, false))) return err_nomem(err, "extract");
  if (!open_labels(&x)) return err_set(err, EMEND_EIO, "extract", "the labels cannot be kept");
  x.data = json_load_file(opt->data, 0, NULL);
  for (; !rc && x.item < json_array_size(x.data); x.item++)
    rc = extract_faults_of(&x, gen, counts, err);
  for (int k = 0; k < FIT_N_FAULTS; k++) {
    const fault_count *c = &counts[k];
    double all = c->n ? (double)c->n : 1;
    fprintf(stderr, "%-15s n %4zu  warned of %.3f  to be corrected %.3f\n", fit_fault_name(k), c->n,
            (double)c->warned / all, (double)c->alarmed / all);
  }
  close_dbs(&x);
  if (x.label_file) fclose(x.label_file);
  json_decref(x.data);
  arena_destroy(x.mem);
  return rc;
}

/* ---- a schema alone: items carry their label ---- */

static emend_rc no_database(void *ctx, size_t i, source **out, emend_error *err) {
  (void)ctx, (void)i, (void)err;
  *out = NULL;
  return EMEND_OK;
}

static emend_rc extract_text_item(extracting *x, const generator *gen, json_t *item,
                                  emend_error *err) {
  const char *db = json_string_value(json_object_get(item, "db_id"));
  const char *question = json_string_value(json_object_get(item, "question"));
  const char *sql = json_string_value(json_object_get(item, "sql"));
  if (!db || !question || !sql) return err_set(err, EMEND_EFORMAT, "extract", "not such an item");
  catalog *cat = map_get(x->dbs, str_from(db));
  emend_rc rc = EMEND_OK;
  if (!cat) {
    rc = catalog_from_json(x->opt->schema, str_from(db), &cat, err);
    if (!rc && !map_put(x->dbs, arena_str(x->mem, str_from(db)), cat)) rc = EMEND_ENOMEM;
  }
  ask_source only = {.name = db, .cat = cat};
  ask_context ctx = {.sources = &only, .n_sources = 1, .connect = no_database, .second = gen};
  arena *work = arena_create(256 << 20);
  str query = str_from(sql);
  ask_verdict v;
  if (!rc) rc = work ? ask_verdict_on(&ctx, question, &query, 1, 0, work, &v, err) : EMEND_ENOMEM;
  if (!rc)
    write_row(x, db, x->opt->fold ? "fold_text" : "text", 0, v.tries.items[0],
              json_is_true(json_object_get(item, "label")));
  arena_destroy(work);
  return rc;
}

emend_rc fit_extract_text(const fit_options *opt, const generator *gen, FILE *out,
                          emend_error *err) {
  extracting x = {.opt = opt, .out = out, .mem = arena_create(64 << 20)};
  if (!x.mem || !(x.dbs = map_create(x.mem, false))) return err_nomem(err, "extract");
  x.data = json_load_file(opt->data, 0, NULL);
  emend_rc rc = EMEND_OK;
  for (; !rc && x.item < json_array_size(x.data); x.item++)
    rc = extract_text_item(&x, gen, json_array_get(x.data, x.item), err);
  for (size_t i = 0; i < map_len(x.dbs); i++) catalog_unref(map_at(x.dbs, i)->value);
  json_decref(x.data);
  arena_destroy(x.mem);
  return rc;
}
