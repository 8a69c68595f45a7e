/* sql over other people's SQL: what SQLite accepts of Spider, of six systems' drafts and of
 * nl2sql-bugs parses without an issue; printing and parsing again gives an equal tree; SQLite
 * accepts what was printed and answers it with equal rows. Needs EMEND_DATA. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <jansson.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/rng.h"
#include "sql/sql.h"

enum { STEPS = 2000000 }; /* of SQLite's machine, after which rows are no longer compared */

typedef struct corpus {
  arena *memory;  /* of the whole run */
  map *databases; /* path → sqlite3 * */
  map *seen;      /* database and query → itself */
  long asked, refused, faulty, unequal, rejected, rows_differ, cut_short;
  double parse_ms;
} corpus;

static const char *data_folder(void) {
  const char *env = getenv("EMEND_DATA");
  const char *folder = env && *env ? env : EMEND_SOURCE_DIR "/../shared/data";
  if (access(folder, R_OK) == 0) return folder;
  fprintf(stderr, "SKIP: no data at %s (set EMEND_DATA); the corpus was NOT checked\n", folder);
  return NULL;
}

static void close_database(void *db) { sqlite3_close_v2(db); }

/* The database of that name, opened once; NULL when there is none. */
static sqlite3 *database(corpus *c, const char *folder, const char *name) {
  char *path = arena_printf(c->memory, "file:%s/spider/database/%s/%s.sqlite?immutable=1", folder,
                            name, name);
  if (map_has(c->databases, str_from(path))) return map_get(c->databases, str_from(path));
  sqlite3 *db = NULL;
  if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) != SQLITE_OK) {
    sqlite3_close_v2(db);
    db = NULL;
  } else {
    arena_on_destroy(c->memory, close_database, db);
  }
  map_put(c->databases, str_from(path), db);
  return db;
}

static bool accepts(sqlite3 *db, const char *sql, sqlite3_stmt **out) {
  return sqlite3_prepare_v2(db, sql, -1, out, NULL) == SQLITE_OK && *out;
}

static bool same_cell(sqlite3_stmt *x, sqlite3_stmt *y, int i) {
  int type = sqlite3_column_type(x, i);
  if (type != sqlite3_column_type(y, i)) return false;
  if (type == SQLITE_NULL) return true;
  const void *a = sqlite3_column_blob(x, i), *b = sqlite3_column_blob(y, i);
  int n = sqlite3_column_bytes(x, i);
  return n == sqlite3_column_bytes(y, i) && (n == 0 || memcmp(a, b, (size_t)n) == 0);
}

static int stop_late(void *left) { return --*(int *)left < 0; }

/* Both queries side by side; true also when SQLite ran out of steps. */
static bool same_rows(corpus *c, sqlite3 *db, sqlite3_stmt *x, sqlite3_stmt *y) {
  int left = STEPS / 1000, columns = sqlite3_column_count(x);
  if (columns != sqlite3_column_count(y)) return false;
  sqlite3_progress_handler(db, 1000, stop_late, &left);
  bool same = true;
  for (;;) {
    int a = sqlite3_step(x), b = sqlite3_step(y);
    if (a == SQLITE_INTERRUPT || b == SQLITE_INTERRUPT) {
      c->cut_short++;
      break;
    }
    same = a == b;
    for (int i = 0; same && a == SQLITE_ROW && i < columns; i++) same = same_cell(x, y, i);
    if (!same || a != SQLITE_ROW) break;
  }
  sqlite3_progress_handler(db, 0, NULL, NULL);
  return same;
}

static sql_query *parsed(corpus *c, str text, arena *a, sql_parsed *out) {
  emend_error err;
  double start = clock_ms();
  emend_rc rc = sql_parse(text, SQL_SQLITE, a, out, &err);
  c->parse_ms += clock_ms() - start;
  if (rc != EMEND_OK || out->issues.len || out->statements.len != 1) return NULL;
  return out->statements.items[0].query;
}

/* `db` NULL: only the text is checked. */
static void check(corpus *c, sqlite3 *db, const char *sql) {
  arena *a = arena_create((size_t)64 << 20);
  sqlite3_stmt *x = NULL, *y = NULL;
  sql_parsed once, again;
  sql_query *q, *q2 = NULL;
  str printed = {NULL, 0};
  c->asked++;
  if (db && !accepts(db, sql, &x)) {
    c->refused++;
    goto out;
  }
  q = parsed(c, str_from(sql), a, &once);
  if (!q) {
    c->faulty++;
    print_error("not clean: %s\n  %s\n", sql,
                once.issues.len ? once.issues.items[0].message : "not one query");
    goto out;
  }
  printed = sql_print(q, SQL_SQLITE, a);
  q2 = parsed(c, printed, a, &again);
  if (!q2 || !sql_equal(q, q2)) {
    c->unequal++;
    print_error("not equal: %s\n  printed: %.*s\n", sql, STR_ARG(printed));
  } else if (db && !accepts(db, printed.ptr, &y)) {
    c->rejected++;
    print_error("rejected: %.*s\n  %s\n", STR_ARG(printed), sqlite3_errmsg(db));
  } else if (db && !same_rows(c, db, x, y)) {
    c->rows_differ++;
    print_error("other rows: %s\n  printed: %.*s\n", sql, STR_ARG(printed));
  }
out:
  sqlite3_finalize(x);
  sqlite3_finalize(y);
  arena_destroy(a);
}

static void check_file(corpus *c, const char *folder, const char *file, const char *field,
                       bool run) {
  char *path = arena_printf(c->memory, "%s/%s", folder, file);
  json_error_t why;
  json_t *list = json_load_file(path, 0, &why), *item;
  size_t i;
  if (!list) fail_msg("%s: %s", path, why.text);
  json_array_foreach(list, i, item) {
    const char *sql = json_string_value(json_object_get(item, field));
    const char *name = json_string_value(json_object_get(item, "db_id"));
    char *key = arena_printf(c->memory, "%s %s", name, sql);
    if (!sql || !name || map_has(c->seen, str_from(key))) continue;
    map_put(c->seen, str_from(key), key);
    sqlite3 *db = run ? database(c, folder, name) : NULL;
    if (db || !run) check(c, db, sql);
  }
  json_decref(list);
}

static void check_files(void **state, const char *const *files, size_t n, const char *field,
                        bool run) {
  (void)state;
  const char *folder = data_folder();
  if (!folder) skip();
  corpus c = {.memory = arena_create((size_t)256 << 20)};
  c.databases = map_create(c.memory, false);
  c.seen = map_create(c.memory, false);
  for (size_t i = 0; i < n; i++) check_file(&c, folder, files[i], field, run);
  print_message("%ld distinct, %ld refused by SQLite, %ld compared in part; %.1f µs a parse\n",
                c.asked, c.refused, c.cut_short,
                1000 * c.parse_ms / (double)(2 * (c.asked - c.refused) + 1));
  arena_destroy(c.memory);
  assert_true(c.asked - c.refused > 500);
  assert_int_equal(c.faulty, 0);
  assert_int_equal(c.unequal, 0);
  assert_int_equal(c.rejected, 0);
  assert_int_equal(c.rows_differ, 0);
}

static void spider_gold_comes_back(void **state) {
  static const char *const FILES[] = {"spider/train_spider.json", "spider/train_others.json",
                                      "spider/dev_public.json"};
  check_files(state, FILES, 3, "query", true);
}

static void drafts_come_back(void **state) {
  static const char *const FILES[] = {
      "llm-drafts/chess_gpt-3.5-turbo.json",   "llm-drafts/dea-sql_gpt-3.5-turbo.json",
      "llm-drafts/dea-sql_gpt-4o.json",        "llm-drafts/din-sql_gpt-3.5-turbo.json",
      "llm-drafts/mac-sql_gpt-3.5-turbo.json", "llm-drafts/mac-sql_gpt-4o.json"};
  check_files(state, FILES, 6, "pred", true);
}

static void bird_queries_come_back(void **state) {
  static const char *const FILES[] = {"nl2sql-bugs/bugs_public.json"};
  check_files(state, FILES, 1, "sql", false);
}

/* ── wrong queries ──────────────────────────────────────────────────────────────── */

static const char *const SPARE[] = {",",
                                    "(",
                                    ")",
                                    "AND",
                                    "OR",
                                    "NOT",
                                    "SELECT",
                                    "FROM",
                                    "WHERE",
                                    "GROUP",
                                    "ORDER",
                                    "BY",
                                    "LIMIT 1",
                                    "x",
                                    "'s'",
                                    "\"q\"",
                                    "1",
                                    ".",
                                    "*",
                                    "=",
                                    "<",
                                    "IN",
                                    "IS",
                                    "NULL",
                                    "LIKE",
                                    "CASE",
                                    "WHEN",
                                    "THEN",
                                    "END",
                                    "JOIN",
                                    "ON",
                                    "USING",
                                    "AS",
                                    "DISTINCT",
                                    "UNION",
                                    "ALL",
                                    "-",
                                    "||",
                                    "COLLATE",
                                    "OVER ()",
                                    "t.",
                                    "(SELECT 1)",
                                    "VALUES (1)",
                                    "left",
                                    "ISNULL",
                                    "DESC",
                                    "OFFSET",
                                    "->",
                                    "?1",
                                    "BETWEEN",
                                    "ESCAPE",
                                    "HAVING",
                                    "date",
                                    "EXISTS",
                                    "count(*)",
                                    "key",
                                    "NATURAL",
                                    "CROSS",
                                    "true",
                                    "current_date",
                                    "CAST(x AS int)",
                                    "1."};

/* `sql` with one or two of its tokens dropped, doubled, swapped, or others put among them. */
static str mutate(rng *r, arena *a, str sql) {
  VEC(str) parts = {0};
  buf out;
  for (size_t pos = 0;;) {
    sql_token t = sql_next_token(sql, SQL_SQLITE, &pos);
    if (t.kind == SQL_TOK_END) break;
    vec_push(a, &parts, t.raw);
  }
  for (uint32_t edits = 1 + rng_below(r, 2); edits > 0 && parts.len > 1; edits--) {
    size_t i = rng_below(r, (uint32_t)parts.len), k = rng_below(r, (uint32_t)parts.len);
    str spare = str_from(SPARE[rng_below(r, sizeof SPARE / sizeof *SPARE)]), was = parts.items[i];
    switch (rng_below(r, 5)) {
      case 0:
        parts.items[i] = STR("");
        break;
      case 1:
        parts.items[i] = parts.items[k];
        break;
      case 2:
        parts.items[i] = parts.items[k], parts.items[k] = was;
        break;
      case 3:
        parts.items[i] = spare;
        break;
      default:
        vec_push(a, &parts, spare);
        memmove(parts.items + i + 1, parts.items + i, (parts.len - 1 - i) * sizeof(str));
        parts.items[i] = spare;
    }
  }
  buf_init(&out, 1 << 20);
  for (size_t i = 0; i < parts.len; i++) buf_add(&out, parts.items[i]), buf_add_c(&out, ' ');
  str text = arena_str(a, buf_str(&out));
  buf_free(&out);
  return text;
}

/* Does SQLite's message say that the text itself is wrong, whatever the schema? */
static bool is_about_syntax(const char *message) {
  static const char *const PARTS[] = {
      "syntax error",      "unrecognized token",        "incomplete input",
      "unknown join type", "a JOIN clause is required", "should come after"};
  for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++)
    if (strstr(message, PARTS[i])) return true;
  return false;
}

typedef struct tally {
  long wrong, missed, right, alarms, unequal;
} tally;

static void compare_verdicts(sqlite3 *db, str text, arena *a, tally *n) {
  sqlite3_stmt *stmt = NULL;
  sql_parsed p, again;
  int rc = sqlite3_prepare_v2(db, text.ptr, -1, &stmt, NULL);
  bool wrong = rc != SQLITE_OK && is_about_syntax(sqlite3_errmsg(db));
  sqlite3_finalize(stmt);
  assert_int_equal(sql_parse(text, SQL_SQLITE, a, &p, NULL), EMEND_OK);
  if (p.statements.len != 1 || p.statements.items[0].kind != SQL_STMT_QUERY) return;
  bool clean = p.issues.len == 0;
  n->wrong += wrong;
  n->right += !wrong;
  n->missed += wrong && clean;
  /* SQLite looks for the tables first, and only then minds NATURAL with ON. */
  if (!wrong && !clean && !strstr(p.issues.items[0].message, "NATURAL")) {
    n->alarms++;
    print_error("false alarm: %s\n  %s\n", text.ptr, p.issues.items[0].message);
  }
  if (!clean) return;
  str printed = sql_print(p.statements.items[0].query, SQL_SQLITE, a);
  assert_int_equal(sql_parse(printed, SQL_SQLITE, a, &again, NULL), EMEND_OK);
  if (again.issues.len ||
      !sql_equal(p.statements.items[0].query, again.statements.items[0].query)) {
    n->unequal++;
    print_error("not equal: %s\n", text.ptr);
  }
}

/* Ten thousand seeded mutations of the drafts: our verdict on the text is SQLite's. */
static void verdicts_agree_with_sqlite(void **state) {
  (void)state;
  const char *folder = data_folder();
  if (!folder) skip();
  rng r;
  tally n = {0};
  sqlite3 *db = NULL;
  json_error_t why;
  char path[4096];
  rng_seed(&r, 7);
  assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
  snprintf(path, sizeof path, "%s/spider/train_spider.json", folder);
  json_t *list = json_load_file(path, 0, &why);
  assert_non_null(list);
  arena *a = arena_create((size_t)64 << 20);
  for (long i = 0; i < 10000; i++) {
    json_t *item = json_array_get(list, rng_below(&r, (uint32_t)json_array_size(list)));
    arena_reset(a);
    compare_verdicts(db, mutate(&r, a, str_from(json_string_value(json_object_get(item, "query")))),
                     a, &n);
  }
  arena_destroy(a);
  json_decref(list);
  sqlite3_close(db);
  print_message("%ld wrong, %ld of them missed; %ld right, %ld of them reported\n", n.wrong,
                n.missed, n.right, n.alarms);
  assert_true(n.wrong > 5000 && n.right > 500);
  assert_int_equal(n.alarms, 0);
  assert_int_equal(n.unequal, 0);
  assert_true((double)n.missed < 0.001 * (double)n.wrong);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(spider_gold_comes_back),
      cmocka_unit_test(drafts_come_back),
      cmocka_unit_test(bird_queries_come_back),
      cmocka_unit_test(verdicts_agree_with_sqlite),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
