/* emend-prepare: folders of questions with SQL in, one data set for trainers out.
 * Reads Spider's and WikiSQL's formats; what is left out of training is left out here. */
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "augment.h"
#include "base/err.h"
#include "check/check.h"
#include "learn/synth.h"
#include "model/dataset.h"
#include "text/text.h"
#include "wikisql.h"

/* chinook_1 measures learning and store_1 is the same schema: neither is ever trained on. */
static const char *const never[] = {"chinook_1", "store_1"};

enum { MOST_FOLDS = 20 };

typedef struct database {
  arena *mem;
  catalog *cat;
  link_schema schema;
  augment_values *values; /* [columns] */
} database;

typedef struct options {
  const char *spider, *syn, *wikisql, *synonyms, *sayings, *out;
  int synthetic; /* made-up questions a database */
  int variants, shard, shards, folds;
  double unlinked; /* the share of examples that shows no links by meaning */
  uint64_t seed;
  bool dev, verbose;
} options;

typedef struct preparer {
  options opt;
  arena *mem;
  map *databases; /* name → database * */
  augment_names names;
  synonyms *syn;
  synonyms *sayings[MOST_FOLDS + 1]; /* by fold, learnt from the others; the last from all */
  dataset *out;
  rng rng;
  map *reasons; /* why examples were left out → count */
  int seen, made, no_ir, unknown;
} preparer;

static bool excluded(str db) {
  for (size_t i = 0; i < sizeof never / sizeof *never; i++)
    if (str_eq(db, str_from(never[i]))) return true;
  return false;
}

static bool list_values(database *d) {
  d->values = ARENA_ARRAY(d->mem, augment_values, (size_t)d->cat->n_columns);
  if (!d->values) return false;
  for (size_t i = 0; d->cat->values && i < map_len(d->cat->values); i++)
    for (const cat_value *v = map_at(d->cat->values, i)->value; v; v = v->next)
      if (d->values[v->column].len < 300 && !vec_push(d->mem, &d->values[v->column], v->text))
        return false;
  return true;
}

static database *open_database(preparer *p, str name) {
  database *d = map_get(p->databases, name);
  emend_error err;
  source *s;
  if (d) return d->cat ? d : NULL;
  d = ARENA_NEW(p->mem, database);
  str key = arena_str(p->mem, name);
  char *path = arena_printf(p->mem, "%s/database/%.*s/%.*s.sqlite", p->opt.spider, STR_ARG(name),
                            STR_ARG(name));
  if (!d || !path || !key.ptr || !map_put(p->databases, key, d)) return NULL;
  d->mem = arena_create((size_t)1 << 30);
  if (!d->mem || source_open(path, &s, &err) != EMEND_OK) return NULL;
  if (catalog_load(s, key, NULL, &d->cat, &err) != EMEND_OK) d->cat = NULL;
  source_close(s);
  bool ok = d->cat && d->cat->n_columns &&
            link_schema_read(d->cat, d->mem, &d->schema) == EMEND_OK && list_values(d);
  if (!ok) d->cat = NULL;
  return ok ? d : NULL;
}

static void note(preparer *p, const char *why) {
  str key = str_from(why);
  uintptr_t n = (uintptr_t)map_get(p->reasons, key);
  map_put(p->reasons, arena_str(p->mem, key), (void *)(n + 1));
}

/* ---- one sample to one line of the data set ---- */

/* Some examples show links by spelling and by values alone: where no table has a pair of words, the
 * network is to see by their vectors that they belong together. */
static link_options links_for(preparer *p, const sample *x, int fold) {
  link_options out = {p->syn, x->aliases, x->n_aliases,
                      p->sayings[fold == DATASET_NEVER_HELD_OUT ? MOST_FOLDS : fold]};
  if (rng_unit(&p->rng) < p->opt.unlinked) out.synonyms = out.sayings = NULL;
  return out;
}

static bool add_sample(preparer *p, const sample *x, arena *a, str db, dataset_origin origin,
                       int row, int fold) {
  link_options opt = links_for(p, x, fold);
  link_result links;
  features f;
  example e;
  if (link_names_find(&x->q, &x->s, &x->v, &opt, a, &links) != EMEND_OK ||
      features_build(&x->q, &x->s, &x->v, &links, a, &f) != EMEND_OK)
    return false;
  if (f.n > SAMPLE_MAX_NODES + LINK_MAX_WORDS || x->q.n == 0) return true;
  emend_rc rc = example_build(&f, &x->s, x->target.steps, x->target.n, a, &e);
  if (rc == EMEND_ENOMEM) return false;
  if (rc != EMEND_OK) {
    note(p, rc == EMEND_ENOTFOUND ? "column lost" : "not in the grammar");
    return true;
  }
  p->made++;
  return dataset_add(p->out, &e, db, origin, row, fold) == EMEND_OK;
}

static int fold_of(const preparer *p, str db) {
  return (int)(str_hash(db) % (uint32_t)p->opt.folds);
}

static const database *any_other(preparer *p, const database *d) {
  size_t n = map_len(p->databases);
  const database *o = map_at(p->databases, rng_below(&p->rng, (uint32_t)n))->value;
  return o->cat && o != d ? o : NULL;
}

/* Literals of a query over a database without rows, found in the question as they stand. */
typedef struct pretender {
  preparer *p;
  sample *x;
  arena *a;
} pretender;

static sql_walk_next pretend_one(void *ctx, sql_expr *e) {
  pretender *t = ctx;
  link_question part;
  if (e->kind != SQL_BINARY || e->args.len < 2 || e->args.items[0]->kind != SQL_COLUMN)
    return SQL_WALK_ON;
  const sql_expr *literal = e->args.items[1];
  bool dq = literal->kind == SQL_COLUMN && literal->name.quote == '"' && !literal->bound.item;
  if (literal->kind != SQL_STRING && !dq) return SQL_WALK_ON;
  str text = dq ? literal->name.text : literal->text;
  int column = e->args.items[0]->bound.column;
  if (e->args.items[0]->bound.table < 0 || column < 0 || column >= t->x->s.n_columns ||
      link_question_read(text, t->a, &part) != EMEND_OK || part.n == 0 || part.n > LINK_MAX_NGRAM)
    return SQL_WALK_ON;
  int at = sample_find_words(&t->x->q, &part);
  int k = at < 0 || rng_unit(&t->p->rng) < 0.1 ? -1 : sample_value_at(t->x, at, at + part.n);
  if (k >= 0) sample_pretend_stored(t->x, k, column, &t->p->rng, t->a);
  return SQL_WALK_ON;
}

static bool read_target(preparer *p, const database *d, str question, str sql, sample *x,
                        arena *a) {
  sql_parsed parsed;
  ir_reading r;
  emend_error err;
  if (sql_parse(sql, SQL_SQLITE, a, &parsed, &err) != EMEND_OK || parsed.statements.len != 1 ||
      !parsed.statements.items[0].query)
    return note(p, "not parsed"), false;
  sql_query *q = parsed.statements.items[0].query;
  if (check_bind(q, d->cat, SQL_SQLITE, a, NULL, &err) != EMEND_OK) return false;
  if (!d->cat->values || map_len(d->cat->values) == 0) {
    pretender t = {p, x, a};
    sql_visitor visit = {.expr = pretend_one, .ctx = &t};
    sql_walk_query(q, &visit);
  }
  ir_value *values = example_values(&x->v, &x->s, a);
  if (!values || ir_from_sql(q, d->cat, values, (size_t)x->v.n, a, &r, &err) != EMEND_OK)
    return false;
  if (!r.ok) return p->no_ir++, note(p, r.reason), false;
  p->unknown += r.n_unknown > 0;
  if (r.n_unknown && p->opt.verbose)
    printf("unknown value: %.*s\n  %.*s\n", STR_ARG(question), STR_ARG(sql));
  x->target = r.seq;
  return true;
}

/* Questions come in lower case and without punctuation, too. */
static str lower_case(str question, arena *a) {
  char *out = arena_strndup(a, question.ptr, question.len);
  for (size_t i = 0; out && i < question.len; i++) out[i] = ascii_lower(out[i]);
  return (str){out, question.len};
}

/* One variant of one question; false when it cannot be an example at all. */
static bool add_variant(preparer *p, const database *d, str db, str question, str sql, bool varied,
                        dataset_origin origin, int row) {
  arena *a = arena_create((size_t)1 << 28);
  sample x = {.s = d->schema};
  augment_context c = {d->cat, d->values, &p->names, p->syn, p->sayings[fold_of(p, db)], NULL};
  const database *other = any_other(p, d);
  if (!a) return false;
  if (other) c.strangers = &other->schema;
  str text = varied && rng_unit(&p->rng) < 0.1 ? lower_case(question, a) : question;
  bool ok = link_question_read(text, a, &x.q) == EMEND_OK &&
            link_values_find(&x.q, &x.s, d->cat, p->syn, a, &x.v) == EMEND_OK &&
            read_target(p, d, text, sql, &x, a);
  if (ok && varied) ok = augment_sample(&x, &c, &p->rng, a) == EMEND_OK;
  if (ok && !p->opt.dev) ok = augment_shrink(&x, &p->rng, a) == EMEND_OK;
  int fold = p->opt.dev ? DATASET_NEVER_HELD_OUT : fold_of(p, db);
  if (ok) ok = add_sample(p, &x, a, db, origin, row, fold);
  arena_destroy(a);
  return ok;
}

static void add_question(preparer *p, str db, str question, str sql, dataset_origin origin,
                         int row) {
  const database *d = excluded(db) ? NULL : open_database(p, db);
  if (!d) return;
  p->seen++;
  for (int k = 0; k < (p->opt.dev ? 1 : p->opt.variants); k++)
    if (!add_variant(p, d, db, question, sql, k > 0, origin, row)) return;
}

static bool add_synthetic(preparer *p, const database *d, str db) {
  arena *a = arena_create((size_t)1 << 28);
  const synth *s = a ? synth_create(d->cat, a) : NULL;
  for (int made = 0, tries = 0; s && made < p->opt.synthetic && tries < p->opt.synthetic * 20;
       tries++) {
    synth_pair pair;
    if (!synth_next(s, &p->rng, a, &pair)) continue;
    p->seen++;
    add_variant(p, d, db, pair.question, pair.sql, rng_unit(&p->rng) < 0.5, ORIGIN_SYNTHETIC,
                made++);
  }
  arena_destroy(a);
  return s != NULL;
}

/* ---- files ---- */

static str json_str(json_t *o, const char *key) {
  json_t *v = json_object_get(o, key);
  return json_is_string(v) ? (str){json_string_value(v), json_string_length(v)} : (str){NULL, 0};
}

static bool read_spider(preparer *p, const char *path, const char *question_key,
                        dataset_origin origin) {
  json_error_t je;
  json_t *rows = json_load_file(path, 0, &je);
  if (!json_is_array(rows)) {
    fprintf(stderr, "%s: not a JSON list of questions: %s\n", path, je.text);
    json_decref(rows);
    return false;
  }
  size_t n = json_array_size(rows);
  for (size_t i = 0; i < n; i++) {
    json_t *o = json_array_get(rows, i);
    if ((int)(i % (size_t)p->opt.shards) != p->opt.shard) continue;
    add_question(p, json_str(o, "db_id"), json_str(o, question_key), json_str(o, "query"), origin,
                 (int)i);
    if (i % 500 == 0 && isatty(2)) fprintf(stderr, "\r%s %zu/%zu", path, i, n);
  }
  fprintf(stderr, "%s: %zu questions, %d examples so far\n", path, n, p->made);
  json_decref(rows);
  return true;
}

static bool add_name(preparer *p, const link_name *n, uint16_t flags) {
  if (n->n == 0 || n->n > 4) return true;
  if (!vec_push(p->mem, &p->names.any, *n)) return false;
  if ((flags & LINK_COL_NUMBER) && !vec_push(p->mem, &p->names.number, *n)) return false;
  return !(flags & LINK_COL_TEXT) || vec_push(p->mem, &p->names.text, *n);
}

/* Every training database is opened once, so that names to rename to come from all of them. */
static bool read_names(preparer *p) {
  char *dir = arena_printf(p->mem, "%s/database", p->opt.spider);
  char *dev = arena_printf(p->mem, "%s/dev_public.json", p->opt.spider);
  json_error_t je;
  json_t *rows = dev ? json_load_file(dev, 0, &je) : NULL;
  map *held = map_create(p->mem, false);
  for (size_t i = 0; held && i < json_array_size(rows); i++)
    map_put(held, arena_str(p->mem, json_str(json_array_get(rows, i), "db_id")), held);
  json_decref(rows);
  DIR *list = dir ? opendir(dir) : NULL;
  if (!list || !held) return fprintf(stderr, "%s: no such folder\n", dir ? dir : "?"), false;
  struct dirent *entry;
  while ((entry = readdir(list))) {
    str name = str_from(entry->d_name);
    if (name.ptr[0] == '.' || excluded(name) || map_has(held, name)) continue;
    const database *d = open_database(p, name);
    if (!d) continue;
    for (int i = 0; i < d->schema.n_columns; i++)
      add_name(p, &d->schema.columns[i].name, d->schema.columns[i].flags);
    for (int i = 0; i < d->schema.n_tables; i++) add_name(p, &d->schema.tables[i].name, 0);
  }
  closedir(list);
  return !arena_failed(p->mem);
}

static bool add_wikisql(void *ctx, sample *x, arena *a, int row, str table) {
  preparer *p = ctx;
  augment_context c = {NULL, NULL, &p->names, p->syn, NULL, NULL};
  const database *other = any_other(p, NULL);
  if (other) c.strangers = &other->schema;
  p->seen++;
  if (rng_unit(&p->rng) < 0.5 && augment_sample(x, &c, &p->rng, a) != EMEND_OK) return false;
  return add_sample(p, x, a, table, ORIGIN_WIKISQL, row, DATASET_NEVER_HELD_OUT);
}

static bool prepare(preparer *p) {
  const options *o = &p->opt;
  if (o->spider && !read_names(p)) return false;
  if (o->dev) {
    char *path = arena_printf(p->mem, "%s/dev_public.json", o->spider);
    return path && read_spider(p, path, "question", ORIGIN_DEV);
  }
  if (!o->wikisql && !o->synthetic && !o->syn) {
    char *train = arena_printf(p->mem, "%s/train_spider.json", o->spider);
    char *others = arena_printf(p->mem, "%s/train_others.json", o->spider);
    if (!train || !others || !read_spider(p, train, "question", ORIGIN_SPIDER) ||
        !read_spider(p, others, "question", ORIGIN_OTHERS))
      return false;
  }
  if (o->syn && !read_spider(p, o->syn, "SpiderSynQuestion", ORIGIN_SPIDER_SYN)) return false;
  for (size_t i = 0; o->synthetic && i < map_len(p->databases); i++) {
    const map_entry *e = map_at(p->databases, i);
    const database *d = e->value;
    bool ours = (int)(i % (size_t)o->shards) == o->shard;
    if (ours && d->cat && !add_synthetic(p, d, e->key)) return false;
  }
  if (o->wikisql) {
    emend_error err;
    wikisql_options w = {o->wikisql, o->shard, o->shards, &p->names.any.items, &p->names.any.len};
    if (wikisql_read(&w, &p->rng, add_wikisql, p, &err) != EMEND_OK)
      return fprintf(stderr, "%s\n", err.msg), false;
  }
  return true;
}

static void usage(void) {
  fputs(
      "usage: emend-prepare --spider DIR [--syn FILE | --wikisql FILE | --synthetic COUNT | "
      "--dev]\n"
      "         [--variants 8] [--folds 5] [--seed 1] [--shard I/N] [--synonyms FILE] [--unlinked "
      "0]\n"
      "         [--sayings FILE: for the examples of fold F FILE.F is taken] --out FILE\n"
      "         [--verbose: show the values that no candidate is]\n"
      "With --spider alone: train_spider.json and train_others.json. The folder holds database/ "
      "too.\n",
      stderr);
}

static bool read_options(int argc, char **argv, options *o) {
  *o = (options){.variants = 8, .shards = 1, .folds = 5, .seed = 1};
  for (int i = 1; i < argc; i++) {
    const char *key = argv[i];
    if (strcmp(key, "--dev") == 0) {
      o->dev = true;
      continue;
    }
    if (strcmp(key, "--verbose") == 0) {
      o->verbose = true;
      continue;
    }
    if (i + 1 == argc) return false;
    char *value = argv[++i];
    if (strcmp(key, "--spider") == 0)
      o->spider = value;
    else if (strcmp(key, "--syn") == 0)
      o->syn = value;
    else if (strcmp(key, "--wikisql") == 0)
      o->wikisql = value;
    else if (strcmp(key, "--synthetic") == 0)
      o->synthetic = (int)strtol(value, NULL, 10);
    else if (strcmp(key, "--synonyms") == 0)
      o->synonyms = value;
    else if (strcmp(key, "--sayings") == 0)
      o->sayings = value;
    else if (strcmp(key, "--out") == 0)
      o->out = value;
    else if (strcmp(key, "--variants") == 0)
      o->variants = (int)strtol(value, NULL, 10);
    else if (strcmp(key, "--unlinked") == 0)
      o->unlinked = strtod(value, NULL);
    else if (strcmp(key, "--folds") == 0)
      o->folds = (int)strtol(value, NULL, 10);
    else if (strcmp(key, "--seed") == 0)
      o->seed = strtoull(value, NULL, 10);
    else if (strcmp(key, "--shard") == 0) {
      if (sscanf(value, "%d/%d", &o->shard, &o->shards) != 2) return false;
    } else
      return false;
  }
  return o->out && o->spider && o->unlinked >= 0 && o->unlinked <= 1 && o->variants > 0 &&
         o->folds > 0 && o->folds <= MOST_FOLDS && o->shards > 0;
}

static bool open_sayings(preparer *p, emend_error *err) {
  if (!p->opt.sayings) return true;
  for (int i = 0; i < p->opt.folds; i++) {
    char *path = arena_printf(p->mem, "%s.%d", p->opt.sayings, i);
    if (!path || synonyms_open(path, &p->sayings[i], err) != EMEND_OK) return false;
  }
  return synonyms_open(p->opt.sayings, &p->sayings[MOST_FOLDS], err) == EMEND_OK;
}

int main(int argc, char **argv) {
  preparer p = {0};
  emend_error err = {0};
  if (!read_options(argc, argv, &p.opt)) return usage(), 2;
  rng_seed(&p.rng, p.opt.seed * 1000 + (uint64_t)p.opt.shard);
  p.mem = arena_create((size_t)1 << 30);
  p.databases = map_create(p.mem, false);
  p.reasons = map_create(p.mem, false);
  p.out = dataset_create();
  if (p.opt.synonyms && synonyms_open(p.opt.synonyms, &p.syn, &err) != EMEND_OK)
    return fprintf(stderr, "%s\n", err.msg), 3;
  if (!open_sayings(&p, &err)) return fprintf(stderr, "%s\n", err.msg), 3;
  if (!prepare(&p)) return 3;
  if (dataset_write(p.out, p.opt.out, &err) != EMEND_OK) return fprintf(stderr, "%s\n", err.msg), 3;
  printf("%d questions, %d examples; %d without an IR, %d with a value that is no candidate\n",
         p.seen, p.made, p.no_ir, p.unknown);
  for (size_t i = 0; i < map_len(p.reasons); i++)
    printf("  %5zu  %.*s\n", (size_t)(uintptr_t)map_at(p.reasons, i)->value,
           STR_ARG(map_at(p.reasons, i)->key));
  for (size_t i = 0; i < map_len(p.databases); i++) {
    database *d = map_at(p.databases, i)->value;
    catalog_unref(d->cat);
    arena_destroy(d->mem);
  }
  dataset_free(p.out);
  synonyms_close(p.syn);
  for (int i = 0; i <= MOST_FOLDS; i++) synonyms_close(p.sayings[i]);
  arena_destroy(p.mem);
  return 0;
}
