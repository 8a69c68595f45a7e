/* Recall of confirmed questions over Spider: every query of a database confirmed in
 * one wording and asked in the others, in both directions; asked when it was never
 * confirmed; and changed by one word that matters. A hit is wrong when its rows
 * differ from the gold query's on the database or on a variant of its contents.
 *
 * usage: bench-recall_spider [DATA_DIR] [--half 0|1] [--log FILE] [--edits N] [--dbs N]
 *        [--most-mb N] [--model FILE] [--unseen]
 *
 * Prints one line of JSON. DATA_DIR is EMEND_DATA by default; half 0 was tuned on, half 1 (the
 * default is both, apart) is what to report. --edits N changes
 * every N-th question only, 0 none; --model gives matches their witness, --unseen leaves out the
 * databases that it was trained on. */
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/rng.h"
#include "check/check.h"
#include "learn/rows.h"
#include "recall/recall.h"
#include "recall/witness.h"
#include "text/text.h"

enum {
  VARIANTS = 4,
  MOST_QUERIES = 2000,
  MOST_WORDINGS = 24,
  MOST_EDITS = 64,
  MOST_LITERALS = 400
};

typedef struct pair {
  const char *db, *sql;
  const char *questions[MOST_WORDINGS];
  int n;
  bool dev;
} pair;

typedef struct tally {
  long asked, served, near, near_right, wrong, unclear;
} tally;

enum {
  K_REWORDED,
  K_MANY,
  K_SYNONYMS,
  K_BEFORE,
  K_AFTER,
  K_TRIVIAL,
  K_EXACT,
  K_UNTAUGHT,
  K_EDIT_FIRST
};
static const char *const KINDS[] = {
    "reworded", "many",   "synonyms",  "third_before", "third_after", "trivial", "exact",
    "untaught", "k",      "number",    "min_max",      "compare",     "and_or",  "not",
    "per",      "entity", "aggregate", "distinct",     "order"};
enum { N_KINDS = sizeof KINDS / sizeof *KINDS };

/* How the words of a rewording differ from the confirmed ones. */
enum { D_SMALL, D_DICTIONARY, D_NAMES, D_OTHER, D_OPERATIONS, D_FAR };
static const char *const DIFFERENCES[] = {"order_and_small_words", "synonym_or_spelling",
                                          "a_name_more_or_less",   "another_word",
                                          "operation_or_value",    "far"};
enum { N_DIFFERENCES = sizeof DIFFERENCES / sizeof *DIFFERENCES };

typedef struct bench {
  tally tallies[2][N_KINDS];
  tally differences[2][N_DIFFERENCES]; /* of rewordings */
  pair *pairs;
  size_t n_pairs;
  const char *root;
  json_t *syn_set;
  long most_mb;
  FILE *log;
  synonyms *syn;
  model *net;
  recall_witness witness;
  bool unseen; /* only databases that the network was not trained on */
  /* of the database at work */
  const char *db;
  int half;
  catalog *cat;
  sqlite3 *bases[VARIANTS + 1]; /* the database itself, then its variants, made when needed */
  recall_source source;
  double ms;
  long lookups;
} bench;

/* ---- reading ---- */

static void add_question(bench *b, bool dev, const char *db, const char *sql,
                         const char *question) {
  size_t from = b->n_pairs > MOST_QUERIES ? b->n_pairs - MOST_QUERIES : 0;
  for (size_t i = b->n_pairs; i-- > from;) {
    pair *p = &b->pairs[i];
    if (strcmp(p->db, db) != 0 || strcmp(p->sql, sql) != 0) continue;
    for (int k = 0; k < p->n; k++)
      if (strcmp(p->questions[k], question) == 0) return;
    if (p->n < MOST_WORDINGS) p->questions[p->n++] = question;
    return;
  }
  b->pairs[b->n_pairs++] = (pair){db, sql, {question}, 1, dev};
}

static json_t *read_questions(bench *b, const char *file) {
  char path[4096];
  snprintf(path, sizeof path, "%s/spider/%s", b->root, file);
  json_t *all = json_load_file(path, 0, NULL), *it;
  size_t i;
  b->pairs = realloc(b->pairs, (b->n_pairs + json_array_size(all) + 1) * sizeof *b->pairs);
  if (!b->pairs) exit(3);
  bool dev = strstr(file, "dev") != NULL;
  json_array_foreach(all, i, it)
      add_question(b, dev, json_string_value(json_object_get(it, "db_id")),
                   json_string_value(json_object_get(it, "query")),
                   json_string_value(json_object_get(it, "question")));
  return all;
}

/* ---- variants of the contents, as shared test suites make them ---- */

/* `format` is sqlite3_mprintf's. */
static void exec(sqlite3 *db, const char *format, ...) {
  va_list ap;
  va_start(ap, format);
  char *sql = sqlite3_vmprintf(format, ap);
  va_end(ap);
  sqlite3_exec(db, sql, NULL, NULL, NULL);
  sqlite3_free(sql);
}

/* The first text column of each row. */
static size_t names(sqlite3 *db, const char *sql, const char *bound, char out[][128], size_t most) {
  sqlite3_stmt *st = NULL;
  size_t n = 0;
  if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK) return 0;
  if (bound) sqlite3_bind_text(st, 1, bound, -1, SQLITE_STATIC);
  while (n < most && sqlite3_step(st) == SQLITE_ROW)
    snprintf(out[n++], 128, "%s", (const char *)sqlite3_column_text(st, 0));
  sqlite3_finalize(st);
  return n;
}

/* Texts of the gold queries go into columns that they may be compared with. */
static void sow(bench *b, sqlite3 *db, const char *table, const char *column, rng *r) {
  for (int i = 0; i < 3; i++) {
    const pair *p = &b->pairs[rng_below(r, (uint32_t)b->n_pairs)];
    const char *quote = strcmp(p->db, b->db) == 0 ? strpbrk(p->sql, "'\"") : NULL;
    const char *end = quote ? strchr(quote + 1, *quote) : NULL;
    if (!end || end - quote > 100) continue;
    exec(db,
         "UPDATE OR IGNORE \"%w\" SET \"%w\" = '%.*q' WHERE typeof(\"%w\") = 'text' AND "
         "rowid %% 12 = %u",
         table, column, (int)(end - quote - 1), quote + 1, column, rng_below(r, 12));
  }
}

static void shuffle_column(sqlite3 *db, const char *table, const char *column, unsigned seed) {
  exec(db,
       "CREATE TEMP TABLE s AS SELECT row_number() OVER (ORDER BY rowid) AS i, rowid AS r FROM "
       "\"%w\"; CREATE TEMP TABLE v AS SELECT row_number() OVER (ORDER BY (rowid * %u) %% 10007) "
       "AS i, \"%w\" AS x FROM \"%w\"; CREATE INDEX temp.si ON s (r); CREATE INDEX temp.vi ON v "
       "(i); UPDATE OR IGNORE \"%w\" SET \"%w\" = (SELECT x FROM v JOIN s ON s.i = v.i WHERE s.r "
       "= \"%w\".rowid); DROP TABLE s; DROP TABLE v;",
       table, seed, column, table, table, column, table);
}

/* Rows whose declared parents are gone go too: a variant is contents that the schema allows. */
static void keep_keys(sqlite3 *db, char tables[][128], size_t n) {
  static char columns[128][128], parents[128][128];
  for (int turn = 0; turn < 4; turn++)
    for (size_t t = 0; t < n; t++) {
      size_t k =
          names(db, "SELECT \"from\" FROM pragma_foreign_key_list(?1)", tables[t], columns, 128);
      names(db, "SELECT \"table\" FROM pragma_foreign_key_list(?1)", tables[t], parents, 128);
      for (size_t i = 0; i < k; i++) {
        char to[1][128];
        static const char TO[] =
            "SELECT coalesce(f.\"to\", (SELECT name FROM pragma_table_info(f.\"table\") WHERE pk "
            "= 1)) FROM pragma_foreign_key_list(?1) f LIMIT 1 OFFSET ";
        char sql[256];
        snprintf(sql, sizeof sql, "%s%zu", TO, i);
        if (names(db, sql, tables[t], to, 1) != 1) continue;
        exec(db,
             "DELETE FROM \"%w\" WHERE \"%w\" IS NOT NULL AND \"%w\" <> '' AND \"%w\" NOT IN "
             "(SELECT \"%w\" FROM \"%w\" WHERE \"%w\" IS NOT NULL)",
             tables[t], columns[i], columns[i], columns[i], to[0], parents[i], to[0]);
      }
    }
}

static void vary(bench *b, sqlite3 *db, unsigned seed) {
  static char tables[128][128], columns[128][128];
  rng r;
  rng_seed(&r, seed * 7919u + str_hash(str_from(b->db)));
  exec(db, "PRAGMA foreign_keys = OFF");
  size_t n = names(db,
                   "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE "
                   "'sqlite_%'",
                   NULL, tables, 128);
  for (size_t t = 0; t < n; t++) {
    size_t k = names(db,
                     "SELECT name FROM pragma_table_info(?1) AS c WHERE pk = 0 AND NOT EXISTS "
                     "(SELECT 1 FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE "
                     "m.type = 'table' AND f.\"table\" = ?1 AND f.\"to\" = c.name)",
                     tables[t], columns, 128);
    if (rng_below(&r, 2))
      exec(db, "DELETE FROM \"%w\" WHERE rowid %% %u = %u", tables[t], 5 + rng_below(&r, 4),
           rng_below(&r, 5));
    for (size_t c = 0; c < k; c++) {
      if (rng_below(&r, 10) < 6)
        shuffle_column(db, tables[t], columns[c], 2 * rng_below(&r, 4000) + 1);
      if (rng_below(&r, 2)) sow(b, db, tables[t], columns[c], &r);
    }
  }
  keep_keys(db, tables, n);
}

static sqlite3 *base_at(bench *b, int i) {
  if (b->bases[i]) return b->bases[i];
  char path[4096];
  emend_error err;
  snprintf(path, sizeof path, "%s/spider/database/%s/%s.sqlite", b->root, b->db, b->db);
  if (i == 0) {
    if (rows_open(path, &b->bases[0], &err)) return NULL;
    return b->bases[0];
  }
  sqlite3 *from = NULL, *to = NULL;
  sqlite3_open_v2(path, &from, SQLITE_OPEN_READONLY, NULL);
  sqlite3_open(":memory:", &to);
  sqlite3_backup *copy = sqlite3_backup_init(to, "main", from, "main");
  if (copy) sqlite3_backup_step(copy, -1), sqlite3_backup_finish(copy);
  sqlite3_close(from);
  vary(b, to, (unsigned)i);
  return b->bases[i] = to;
}

/* Whether both queries give the same rows everywhere. */
static bool same_rows(bench *b, const char *gold, str got) {
  if (str_eq_nocase(str_trim(str_from(gold)), str_trim(got))) return true;
  bool ordered = strstr(gold, "order by") || strstr(gold, "ORDER BY") || strstr(gold, "Order by");
  for (int i = 0; i <= VARIANTS; i++) {
    sqlite3 *db = base_at(b, i);
    arena *a = arena_create((size_t)1 << 30);
    rows x, y;
    bool ran = db && a && rows_run(db, str_from(gold), NULL, a, &x);
    bool same = !ran || (rows_run(db, got, NULL, a, &y) && rows_match(&x, &y, ordered));
    arena_destroy(a);
    if (!same) return false;
  }
  return true;
}

/* ---- the network ---- */

static bool doubt(void *self, const catalog *cat, str question, str sql, arena *a, double *gap) {
  return recall_doubt(self, cat, question, sql, a, gap);
}

/* Databases that the network was not trained on: tools/prepare's first fold of ten, and dev's. */
static bool is_unseen(const pair *p) { return p->dev || str_hash(str_from(p->db)) % 10 == 0; }

/* ---- asking ---- */

static int difference_of(const recall_match *m) {
  const recall_evidence *e = &m->evidence;
  if (m->verdict == RECALL_MISS) return D_FAR;
  if (e->faults || e->n_changed) return D_OPERATIONS;
  if (e->q_unknown + e->w_unknown) return D_OTHER;
  int names = e->q_table + e->q_used + e->q_again + e->q_repeated + e->q_spelt + e->w_table +
              e->w_used + e->w_again + e->w_spelt + e->ends;
  return names ? D_NAMES : e->related + e->misspelt ? D_DICTIONARY : D_SMALL;
}

static void count(tally *t, recall_verdict v, bool right, bool unclear) {
  t->asked++;
  t->served += v == RECALL_HIT;
  t->near += v == RECALL_NEAR;
  t->near_right += v == RECALL_NEAR && right;
  t->unclear += unclear;
  t->wrong += v == RECALL_HIT && !right && !unclear;
}

static const char *name_of(recall_verdict v) {
  return v == RECALL_HIT ? "hit" : v == RECALL_NEAR ? "near" : "miss";
}

/* What a change of one word is worth is not always known: `gold` NULL. What is served is wrong then
 * when it is what the unchanged question would have got, else unclear. */
static recall_verdict ask_edit(bench *b, recall *r, int kind, const char *question,
                               const char *gold, const char *was_id) {
  arena *a = arena_create((size_t)256 << 20);
  recall_match m;
  recall_options opt = {.synonyms = b->syn, .witness = b->net ? &b->witness : NULL};
  tally *t = &b->tallies[b->half][kind];
  double since = clock_ms();
  if (recall_find(r, &b->source, 1, str_from(question), &opt, a, &m, NULL)) exit(3);
  b->ms += clock_ms() - since;
  b->lookups++;
  bool right = m.verdict != RECALL_MISS && gold && same_rows(b, gold, m.sql);
  bool unclear = !gold && m.verdict == RECALL_HIT && !str_eq(m.id, str_from(was_id));
  count(t, m.verdict, right, unclear);
  if (kind == K_REWORDED || kind == K_MANY)
    count(&b->differences[b->half][difference_of(&m)], m.verdict, right, unclear);
  if (b->log) {
    fprintf(b->log, "%s\t%s\t%s\t%s\t%s\t%.*s\t%s\t%.*s\t", KINDS[kind], name_of(m.verdict),
            right     ? "right"
            : unclear ? "unclear"
                      : "wrong",
            b->db, question, STR_ARG(m.question), gold ? gold : "-", STR_ARG(m.sql));
    for (size_t i = 0; i < m.differs.len; i++)
      fprintf(b->log, "%.*s; ", STR_ARG(m.differs.items[i]));
    const recall_evidence *e = &m.evidence;
    fprintf(b->log, "\t%u\t%.2f\t%.2f\t%d %d %d %d %d\t%d %d %d %d %d\t%d %d %d\t%d\t%d %d %d\n",
            e->faults, e->cost, e->margin, e->q_unknown, e->q_table, e->q_used, e->q_again,
            e->q_weak, e->w_unknown, e->w_table, e->w_used, e->w_again, e->w_weak, e->related,
            e->misspelt, e->ends, e->witnessed, e->n_words, e->n_same, e->n_changed);
  }
  arena_destroy(a);
  return m.verdict;
}

static recall_verdict ask(bench *b, recall *r, int kind, const char *question, const char *gold) {
  return ask_edit(b, r, kind, question, gold, NULL);
}

static str mended(bench *b, const char *sql, arena *a) {
  check_report report;
  str out = str_from(sql);
  int n = 0;
  check_options opt = {.dialect = SQL_SQLITE};
  if (!check_sql(out, b->cat, &opt, a, &report, NULL))
    check_mend_dq_text(str_from(sql), &report, a, &out, &n, NULL);
  return out;
}

/* Confirms query i in wording `which` where it has that many, for i of [from, to) in steps. */
static recall *confirm(bench *b, const size_t *of_db, size_t n, int which, size_t from,
                       size_t step) {
  recall *r = NULL;
  arena *a = arena_create((size_t)512 << 20);
  recall_record *records = ARENA_ARRAY(a, recall_record, n + 1);
  size_t k = 0;
  if (recall_create(&r, NULL) || !records) exit(3);
  for (size_t i = from; i < n; i += step) {
    const pair *p = &b->pairs[of_db[i]];
    const char *question = p->questions[which < p->n ? which : 0];
    recall_record *it = &records[k++];
    *it = (recall_record){.id = str_from(arena_printf(a, "fz_%zu", i)),
                          .url = b->source.url,
                          .question = str_from(question),
                          .sql = mended(b, p->sql, a),
                          .by = STR("somebody"),
                          .at = STR("2026-11-20T00:00:00Z"),
                          .dialect = SQL_SQLITE};
    if (recall_describe(it->sql, b->cat, a, &it->facts, NULL)) exit(3);
  }
  if (recall_put(r, records, k, NULL)) exit(3);
  arena_destroy(a);
  return r;
}

/* ---- trivial rewordings ---- */

static void replace_first(char *text, size_t size, const char *what, const char *with) {
  char *at = strstr(text, what), tail[1024];
  if (!at) return;
  snprintf(tail, sizeof tail, "%s", at + strlen(what));
  snprintf(at, size - (size_t)(at - text), "%s%s", with, tail);
}

static void ask_trivial(bench *b, recall *r, const pair *p, const char *question) {
  char t[1024];
  static const char *const OPENINGS[] = {"Please ", "Can you tell me: ", "hi, "};
  for (size_t i = 0; i < 3; i++) {
    snprintf(t, sizeof t, "%s%s", OPENINGS[i], question);
    ask(b, r, K_TRIVIAL, t, p->sql);
  }
  snprintf(t, sizeof t, "%s", question);
  for (char *c = t; *c; c++) *c = ascii_lower(*c);
  ask(b, r, K_TRIVIAL, t, p->sql);
  for (char *c = t; *c; c++) *c = ascii_upper(*c);
  ask(b, r, K_TRIVIAL, t, p->sql);
  snprintf(t, sizeof t, "%s", question);
  size_t n = strlen(t);
  while (n && strchr("?. ", t[n - 1])) t[--n] = 0;
  ask(b, r, K_TRIVIAL, t, p->sql);
  static const char *const SWAPS[][2] = {
      {"What is", "What's"}, {"do not", "don't"}, {"does not", "doesn't"},
      {" three ", " 3 "},    {" two ", " 2 "},    {" 5 ", " five "},
      {" 3 ", " three "},    {" 10 ", " ten "},   {"did not", "didn't"}};
  for (size_t i = 0; i < sizeof SWAPS / sizeof *SWAPS; i++) {
    if (!strstr(question, SWAPS[i][0])) continue;
    snprintf(t, sizeof t, "%s", question);
    replace_first(t, sizeof t, SWAPS[i][0], SWAPS[i][1]);
    ask(b, r, K_TRIVIAL, t, p->sql);
  }
}

/* ---- one word that matters ---- */

typedef struct swap {
  int kind;                    /* index into KINDS */
  const char *what, *with;     /* in the question, on word borders */
  const char *in_sql, *to_sql; /* the same change in the SQL; NULL: not known */
} swap;

enum {
  K_K = K_EDIT_FIRST,
  K_NUMBER,
  K_MIN_MAX,
  K_COMPARE,
  K_AND_OR,
  K_NOT,
  K_PER,
  K_ENTITY,
  K_AGGREGATE,
  K_DISTINCT,
  K_ORDER
};

static const swap SWAPS[] = {
#define EDIT(kind, what, with, in_sql, to_sql) {K_##kind, what, with, in_sql, to_sql},
#include "recall_edits.def"
#undef EDIT
};

static bool has_nocase(const char *text, const char *what) {
  for (; *text; text++)
    if (str_starts_nocase(str_from(text), str_from(what))) return true;
  return false;
}

static char *find_word(char *text, const char *word) {
  size_t n = strlen(word);
  for (char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
    bool left = at == text || !ascii_is_alnum(at[-1]);
    bool right = word[n - 1] == ' ' || !ascii_is_alnum(at[n]);
    if (left && right) return at;
  }
  return NULL;
}

static bool edit(char *text, size_t size, const char *what, const char *with) {
  char *at = find_word(text, what), tail[2048];
  if (!at) return false;
  snprintf(tail, sizeof tail, "%s", at + strlen(what));
  snprintf(at, size - (size_t)(at - text), "%s%s", with, tail);
  return true;
}

/* The same change in the SQL, where it has one place only. */
static const char *edit_sql(char *sql, size_t size, const char *gold, const swap *s) {
  if (!s->in_sql) return NULL;
  char *at = NULL;
  size_t n = strlen(s->in_sql), found = 0;
  snprintf(sql, size, "%s ", gold);
  for (char *p = sql; *p; p++)
    if (str_starts_nocase(str_from(p), str_from(s->in_sql))) {
      if ((p[n] == '=' || (p > sql && p[-1] == '<')) && strchr("<>=", s->in_sql[0])) continue;
      found++;
      at = p;
    }
  if (found != 1) return NULL;
  char tail[4096];
  snprintf(tail, sizeof tail, "%s", at + n);
  snprintf(at, size - (size_t)(at - sql), "%s%s", s->to_sql, tail);
  return sql;
}

/* The first number of the question that stands in the SQL too, and only once, becomes another. */
static void ask_numbers(bench *b, recall *r, const pair *p, const char *question) {
  static const char *const WORDS[][2] = {{"two", "2"},  {"three", "3"}, {"four", "4"},
                                         {"five", "5"}, {"six", "6"},   {"ten", "10"}};
  char q[1024], sql[4096], digits[16], other[32];
  for (const char *at = question; *at; at++) {
    size_t n = 0;
    bool start = at == question || !ascii_is_alnum(at[-1]);
    while (start && ascii_is_digit(at[n]) && n < 9) n++;
    const char *word = NULL;
    for (size_t i = 0; start && n == 0 && i < 6; i++)
      if (strncmp(at, WORDS[i][0], strlen(WORDS[i][0])) == 0 &&
          !ascii_is_alnum(at[strlen(WORDS[i][0])]))
        word = WORDS[i][0], snprintf(digits, sizeof digits, "%s", WORDS[i][1]);
    if (n == 0 && !word) continue;
    if (!word) snprintf(digits, sizeof digits, "%.*s", (int)n, at);
    if (word) n = strlen(word);
    if (ascii_is_alnum(at[n]) || at[n] == '-' || at[n] == ',' || at[n] == '.') continue;
    snprintf(other, sizeof other, "%ld", atol(digits) + 2);
    snprintf(q, sizeof q, "%.*s%s%s", (int)(at - question), question, other, at + n);
    snprintf(sql, sizeof sql, "%s ", p->sql);
    char *first = find_word(sql, digits);
    if (!first || find_word(first + 1, digits)) continue;
    bool limit = first > sql + 6 && str_starts_nocase(str_from(first - 6), STR("limit"));
    edit(sql, sizeof sql, digits, other);
    ask(b, r, limit ? K_K : K_NUMBER, q, sql);
    return;
  }
}

/* "claim" and "claimed" are one. */
static bool is_one_word(const char *x, const char *y) {
  arena *a = arena_create(1 << 12);
  bool same = str_eq(text_stem(a, str_from(x)), text_stem(a, str_from(y)));
  arena_destroy(a);
  return same;
}

/* "number", "count" and "amount" stand for one another. */
static bool means_number(const char *word) {
  return strcmp(word, "number") == 0 || strcmp(word, "count") == 0 || strcmp(word, "amount") == 0;
}

/* Another name of the schema in the place of one that the query uses, and "for each" of one. */
static void ask_names(bench *b, recall *r, const char *id, const char *question, rng *g) {
  char q[1024], from[128], to[128];
  const catalog *c = b->cat;
  int asked = 0;
  for (int tries = 0; tries < 60 && asked < 3; tries++) {
    const cat_column *x = &c->columns[rng_below(g, (uint32_t)c->n_columns)];
    const cat_column *y = &c->columns[rng_below(g, (uint32_t)c->n_columns)];
    if (x->n_words == 0 || y->n_words == 0) continue;
    snprintf(from, sizeof from, "%.*s", STR_ARG(x->words[x->n_words - 1]));
    snprintf(to, sizeof to, "%.*s", STR_ARG(y->words[y->n_words - 1]));
    if (text_is_stopword(str_from(from)) || text_is_stopword(str_from(to)) || means_number(from) ||
        means_number(to))
      continue;
    if (strlen(from) < 3 || strlen(to) < 3 || strstr(question, to) || is_one_word(from, to))
      continue;
    snprintf(q, sizeof q, "%s", question);
    if (!edit(q, sizeof q, from, to)) continue;
    ask_edit(b, r, K_ENTITY, q, NULL, id);
    asked++;
  }
  const cat_column *y = &c->columns[rng_below(g, (uint32_t)c->n_columns)];
  if (y->n_words && text_is_stopword(y->words[y->n_words - 1])) return;
  if (!y->n_words || strstr(question, "each") || strstr(question, "per ")) return;
  size_t n = strlen(question);
  while (n && strchr("?. ", question[n - 1])) n--;
  snprintf(q, sizeof q, "%.*s for each %.*s?", (int)n, question, STR_ARG(y->words[y->n_words - 1]));
  ask_edit(b, r, K_PER, q, NULL, id);
}

static size_t count_words(const char *text, const char *word) {
  char lower[4096];
  size_t n = 0;
  snprintf(lower, sizeof lower, "%s", text);
  for (char *c = lower; *c; c++) *c = ascii_lower(*c);
  for (char *at = find_word(lower, word); at; at = find_word(at + 1, word)) n++;
  return n;
}

/* What the changed question says is what the query does, and the question did not: "different"
 * goes where the query tells nothing apart; "Rock and MPEG", whose query says Rock or MPEG, says
 * "or". That only where the one word can join nothing but two conditions of one query for one
 * thing. */
static bool says_what_gold_does(const pair *p, const char *question, const swap *s) {
  static const char *const OTHERS[] = {"and",   "union",   "intersect", "except", "group",
                                       "order", "between", "in",        "having", "like"};
  const char *comma = strchr(p->sql, ',');
  if (s->kind == K_DISTINCT && !s->with[0]) return !count_words(p->sql, "distinct");
  if (strcmp(s->what, "and") != 0 || strcmp(s->with, "or") != 0) return false;
  if (count_words(question, "and") != 1 || count_words(question, "or")) return false;
  if (comma && has_nocase(comma, " from ")) return false;
  for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
    if (count_words(p->sql, OTHERS[i])) return false;
  return count_words(p->sql, "or") == 1 && count_words(p->sql, "select") == 1;
}

static void ask_edits(bench *b, recall *r, size_t i_of_db, const pair *p, const char *question,
                      rng *g) {
  char q[1024], sql[8192], id[32];
  snprintf(id, sizeof id, "fz_%zu", i_of_db);
  for (size_t i = 0; i < sizeof SWAPS / sizeof *SWAPS; i++) {
    snprintf(q, sizeof q, "%s", question);
    if (!edit(q, sizeof q, SWAPS[i].what, SWAPS[i].with)) continue;
    if (SWAPS[i].kind == K_PER && !has_nocase(p->sql, "group by")) continue;
    if (SWAPS[i].kind == K_DISTINCT && SWAPS[i].with[0] && has_nocase(p->sql, "distinct")) continue;
    const char *gold = edit_sql(sql, sizeof sql, p->sql, &SWAPS[i]);
    if (says_what_gold_does(p, question, &SWAPS[i])) gold = p->sql;
    ask_edit(b, r, SWAPS[i].kind, q, gold, id);
  }
  ask_numbers(b, r, p, question);
  ask_names(b, r, id, question, g);
}

/* ---- words replaced by synonyms; third wordings after one confirmation ---- */

static void ask_synonyms(bench *b, recall *r, const size_t *of_db, size_t n) {
  json_t *it;
  size_t i;
  json_array_foreach(b->syn_set, i, it) {
    const char *db = json_string_value(json_object_get(it, "db_id"));
    const char *sql = json_string_value(json_object_get(it, "query"));
    const char *plain = json_string_value(json_object_get(it, "SpiderQuestion"));
    const char *other = json_string_value(json_object_get(it, "SpiderSynQuestion"));
    if (!plain || !other || strcmp(db, b->db) != 0 || strcmp(plain, other) == 0) continue;
    bool known = false; /* confirmed in the very words that were changed */
    for (size_t k = 0; k < n && !known; k++)
      known = strcmp(b->pairs[of_db[k]].questions[0], plain) == 0;
    if (known) ask(b, r, K_SYNONYMS, other, sql);
  }
}

/* Each query's second wording is confirmed as its first's, with the words that this teaches. */
static void teach_second(bench *b, recall *r, const size_t *of_db, size_t n) {
  arena *a = arena_create((size_t)512 << 20);
  recall_options opt = {.synonyms = b->syn};
  for (size_t i = 0; i < n; i++) {
    const pair *p = &b->pairs[of_db[i]];
    recall_word_pairs words = {0};
    char id[32];
    if (p->n < 3) continue;
    snprintf(id, sizeof id, "fz_%zu", i);
    str second = str_from(p->questions[1]);
    recall_compare(r, str_from(id), second, b->cat, &opt, a, &words);
    recall_record again = {.id = str_from(id),
                           .url = b->source.url,
                           .question = str_from(p->questions[0]),
                           .sql = mended(b, p->sql, a),
                           .at = STR("2026-11-20T00:00:00Z"),
                           .dialect = SQL_SQLITE,
                           .wordings = &second,
                           .n_wordings = 1};
    if (recall_describe(again.sql, b->cat, a, &again.facts, NULL)) exit(3);
    if (recall_put(r, &again, 1, NULL)) exit(3);
    for (size_t k = 0; k < words.len; k++)
      recall_teach(r, b->source.url, words.items[k].word, words.items[k].other, NULL);
  }
  arena_destroy(a);
}

static void ask_third(bench *b, recall *r, int kind, const size_t *of_db, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const pair *p = &b->pairs[of_db[i]];
    for (int k = 2; k < p->n; k++) ask(b, r, kind, p->questions[k], p->sql);
  }
}

/* ---- a database ---- */

static void measure(bench *b, const size_t *of_db, size_t n, size_t edits) {
  rng g;
  rng_seed(&g, str_hash(str_from(b->db)));
  for (int which = 0; which < 2; which++) {
    recall *r = confirm(b, of_db, n, which, 0, 1);
    for (size_t i = 0; i < n; i++) {
      const pair *p = &b->pairs[of_db[i]];
      int taught = which < p->n ? which : 0;
      for (int k = 0; k < p->n; k++)
        ask(b, r, k == taught ? K_EXACT : p->n == 2 ? K_REWORDED : K_MANY, p->questions[k], p->sql);
      if (which == 0) ask_trivial(b, r, p, p->questions[taught]);
      if (edits && i % edits == 0) ask_edits(b, r, i, p, p->questions[taught], &g);
    }
    if (which == 0) {
      ask_synonyms(b, r, of_db, n);
      ask_third(b, r, K_BEFORE, of_db, n);
      teach_second(b, r, of_db, n);
      ask_third(b, r, K_AFTER, of_db, n);
    }
    recall_free(r);
    r = confirm(b, of_db, n, which, (size_t)which, 2); /* one half taught, the other asked */
    for (size_t i = 1 - (size_t)which; i < n; i += 2) {
      const pair *p = &b->pairs[of_db[i]];
      for (int k = 0; k < p->n; k++) ask(b, r, K_UNTAUGHT, p->questions[k], p->sql);
    }
    recall_free(r);
  }
}

static bool open_db(bench *b, const char *db) {
  char path[4096];
  source *s = NULL;
  snprintf(path, sizeof path, "%s/spider/database/%s/%s.sqlite", b->root, db, db);
  struct stat st;
  if (stat(path, &st) || st.st_size >> 20 >= b->most_mb || source_open(path, &s, NULL))
    return false;
  bool ok = catalog_load(s, str_from(db), NULL, &b->cat, NULL) == EMEND_OK;
  source_close(s);
  b->db = db;
  b->source = (recall_source){str_from(db), b->cat};
  return ok;
}

static void close_db(bench *b) {
  catalog_unref(b->cat);
  for (int i = 0; i <= VARIANTS; i++) sqlite3_close(b->bases[i]);
  memset(b->bases, 0, sizeof b->bases);
}

static void run(bench *b, int half, size_t most_dbs, size_t edits) {
  static size_t of_db[MOST_QUERIES];
  size_t done = 0;
  for (size_t i = 0; i < b->n_pairs && done < most_dbs; i++) {
    const char *db = b->pairs[i].db;
    size_t n = 0, first = 0;
    while (strcmp(b->pairs[first].db, db) != 0) first++;
    b->half = (int)(str_hash(str_from(db)) >> 7 & 1);
    if (first != i || (half >= 0 && half != b->half)) continue;
    if ((b->unseen && !is_unseen(&b->pairs[i])) || !open_db(b, db)) continue;
    for (size_t k = i; k < b->n_pairs && n < MOST_QUERIES; k++)
      if (strcmp(b->pairs[k].db, db) == 0) of_db[n++] = k;
    measure(b, of_db, n, edits);
    close_db(b);
    fprintf(stderr, "%zu %s\n", ++done, db);
  }
}

/* ---- the figures ---- */

static double share(long x, long n) { return n ? round(1e4 * (double)x / (double)n) / 1e4 : 0; }

static void print_tally(const char *name, const tally *t) {
  printf(
      ",\"%s\":{\"asked\":%ld,\"served\":%ld,\"served_share\":%.4f,\"served_or_asked\":%.4f,"
      "\"near\":%ld,\"near_right\":%.4f,\"wrong\":%ld,\"unclear\":%ld}",
      name, t->asked, t->served, share(t->served, t->asked), share(t->served + t->near, t->asked),
      t->near, share(t->near_right, t->near), t->wrong, t->unclear);
}

static void print(const bench *b) {
  printf("{\"ms_a_lookup\":%.3f,\"halves\":[", b->ms / (double)(b->lookups ? b->lookups : 1));
  for (int h = 0; h < 2; h++) {
    long wrong = 0, accepted = 0, edits = 0;
    printf("%s{\"half\":\"%s\"", h ? "," : "", h ? "reported" : "tuned");
    for (int k = 0; k < N_KINDS; k++) {
      const tally *t = &b->tallies[h][k];
      wrong += t->wrong;
      accepted += t->served;
      edits += k >= K_EDIT_FIRST ? t->asked : 0;
      print_tally(KINDS[k], t);
    }
    for (int d = 0; d < N_DIFFERENCES; d++) print_tally(DIFFERENCES[d], &b->differences[h][d]);
    /* 95% upper bound by the rule of three, and its Poisson kin for more than none */
    double bound = wrong == 0 ? 3.0 : (double)wrong + 1.96 * sqrt((double)wrong) + 2;
    printf(",\"edits\":%ld,\"accepted\":%ld,\"wrong\":%ld,\"wrong_upper_95\":%.6f}", edits,
           accepted, wrong, accepted ? bound / (double)accepted : 0);
  }
  printf("]}\n");
}

int main(int argc, char **argv) {
  bench b = {.root = getenv("EMEND_DATA"), .most_mb = 1 << 20};
  int half = -1;
  size_t most = SIZE_MAX;
  size_t edits = 1;
  const char *path = NULL;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--half") == 0 && i + 1 < argc)
      half = atoi(argv[++i]);
    else if (strcmp(argv[i], "--dbs") == 0 && i + 1 < argc)
      most = (size_t)atol(argv[++i]);
    else if (strcmp(argv[i], "--most-mb") == 0 && i + 1 < argc)
      b.most_mb = atol(argv[++i]);
    else if (strcmp(argv[i], "--model") == 0 && i + 1 < argc)
      path = argv[++i];
    else if (strcmp(argv[i], "--unseen") == 0)
      b.unseen = true;
    else if (strcmp(argv[i], "--edits") == 0 && i + 1 < argc)
      edits = (size_t)atol(argv[++i]);
    else if (strcmp(argv[i], "--log") == 0 && i + 1 < argc)
      b.log = fopen(argv[++i], "w");
    else
      b.root = argv[i];
  }
  if (!b.root) return fprintf(stderr, "SKIP: no EMEND_DATA: nothing was measured\n"), 0;
  if (path && model_load(path, &b.net, NULL)) return fprintf(stderr, "no weights: %s\n", path), 2;
  b.witness = (recall_witness){b.net, doubt};
  synonyms_open(EMEND_MODELS "/synonyms.bin", &b.syn, NULL);
  json_t *sets[] = {read_questions(&b, "train_spider.json"),
                    read_questions(&b, "train_others.json"), read_questions(&b, "dev_public.json")};
  char file[4096];
  snprintf(file, sizeof file, "%s/spider-syn/train.json", b.root);
  b.syn_set = json_load_file(file, 0, NULL);
  run(&b, half, most, edits);
  print(&b);
  for (size_t i = 0; i < 3; i++) json_decref(sets[i]);
  json_decref(b.syn_set);
  free(b.pairs);
  synonyms_close(b.syn);
  model_free(b.net);
  if (b.log) fclose(b.log);
  return 0;
}
