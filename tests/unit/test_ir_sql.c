/* Between SQL and IR: what a query is in the IR and what comes back; which candidate a literal
 * is and how it is spelt; whatever is grammatical gives a tree or a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "base/mem.h"
#include "base/rng.h"
#include "check/check.h"
#include "model/ir.h"
#include "support/case_file.h"
#include "support/database.h"
#include "support/library_db.h"

static arena *A;
static const char *dir, *path;
static source *db;
static catalog *cat;

static bool load_db(const char *file, const char *ddl, source **src, catalog **out) {
  sqlite3 *made;
  emend_error err;
  catalog_options opt = {0};
  if (sqlite3_open(file, &made) != SQLITE_OK) return false;
  bool ok = sqlite3_exec(made, ddl, NULL, NULL, NULL) == SQLITE_OK;
  if (!ok) fprintf(stderr, "%s\n%s\n", sqlite3_errmsg(made), ddl);
  sqlite3_close(made);
  return ok && source_open(file, src, &err) == EMEND_OK &&
         catalog_load(*src, STR("library"), &opt, out, &err) == EMEND_OK;
}

static int setup(void **state) {
  (void)state;
  A = arena_create((size_t)256 << 20);
  dir = A ? folder_make(A) : NULL;
  path = dir ? folder_path(A, dir, "library.sqlite") : NULL;
  return path && load_db(path, LIBRARY_SCHEMA LIBRARY_ROWS, &db, &cat) ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  catalog_unref(cat);
  source_close(db);
  folder_remove(dir);
  arena_destroy(A);
  return 0;
}

static sql_query *bound_to(const catalog *schema, str sql, arena *a) {
  emend_error err;
  sql_parsed p;
  if (sql_parse(sql, SQL_SQLITE, a, &p, &err) != EMEND_OK || p.statements.len != 1) return NULL;
  sql_query *q = p.statements.items[0].query;
  if (q && check_bind(q, schema, SQL_SQLITE, a, NULL, &err) != EMEND_OK) return NULL;
  return q;
}

static sql_query *bound(str sql, arena *a) { return bound_to(cat, sql, a); }

/* Like the query's own text, but through the IR. */
static str there_and_back(str sql, ir_reading *reading, str *ir) {
  emend_error err;
  ir_values values;
  ir_writing writing;
  sql_query *q = bound(sql, A);
  assert_non_null(q);
  assert_int_equal(ir_from_sql_alone(q, cat, A, &values, reading, &err), EMEND_OK);
  if (!reading->ok) return str_from(reading->reason);
  *ir = ir_print(&reading->seq, cat, values.items, values.len, A);
  assert_int_equal(ir_to_sql(&reading->seq, cat, values.items, values.len, A, &writing, &err),
                   EMEND_OK);
  return writing.query ? sql_print(writing.query, SQL_SQLITE, A) : str_from(writing.reason);
}

static void queries_become_the_ir_and_come_back(void **state) {
  (void)state;
  case_list cases = case_load(A, "ir");
  for (size_t i = 0; i < cases.len; i++) {
    ir_reading reading;
    str ir = {NULL, 0};
    str back = there_and_back(case_get(&cases.items[i], "sql"), &reading, &ir);
    if (case_get(&cases.items[i], "ir").ptr) case_expect(&cases.items[i], "ir", ir);
    case_expect(&cases.items[i], reading.ok ? "back" : "reason", back);
  }
}

/* ---- candidates ---- */

static int column(const char *table, const char *name) {
  const cat_table *t = catalog_table(cat, str_from(table));
  assert_non_null(t);
  const cat_column *c = catalog_column(cat, t, str_from(name));
  assert_non_null(c);
  return c->id;
}

static const char *read_with(const char *sql, const ir_value *values, size_t n) {
  emend_error err;
  ir_reading reading;
  assert_int_equal(ir_from_sql(bound(str_from(sql), A), cat, values, n, A, &reading, &err),
                   EMEND_OK);
  assert_true(reading.ok);
  return ir_print(&reading.seq, cat, values, n, A).ptr;
}

static const char *write_with(const ir_step *steps, int n, const ir_value *values,
                              size_t n_values) {
  emend_error err;
  ir_writing w;
  ir_seq s = {.n = n};
  memcpy(s.steps, steps, (size_t)n * sizeof *steps);
  assert_int_equal(ir_to_sql(&s, cat, values, n_values, A, &w, &err), EMEND_OK);
  return w.query ? sql_print(w.query, SQL_SQLITE, A).ptr : w.reason;
}

static void a_literal_is_the_candidate_that_says_the_same(void **state) {
  (void)state;
  ir_spelling peru = {column("author", "country"), STR("Peru")};
  const ir_value given[] = {
      {.text = STR("three"), .is_number = true, .number = 3},
      {.text = STR("peru"), .spellings = &peru, .n_spellings = 1},
      {.text = STR("1,985"), .is_number = true, .number = 1985},
      {.text = STR("Tide")},
  };
  assert_string_equal(read_with("SELECT name FROM author WHERE country = 'Peru'", given, 4),
                      "SELECT author.name WHERE EQ author.country [peru] END");
  assert_string_equal(read_with("SELECT title FROM book WHERE year > 1985 LIMIT 3", given, 4),
                      "SELECT book.title WHERE GT book.year [1,985] LIMIT [three] END");
  assert_string_equal(read_with("SELECT title FROM book WHERE title LIKE '%tide%'", given, 4),
                      "SELECT book.title WHERE LIKE_CONTAINS book.title [Tide] END");
}

static void what_no_candidate_is_becomes_a_constant_or_unknown(void **state) {
  (void)state;
  emend_error err;
  ir_reading r;
  assert_string_equal(read_with("SELECT title FROM book WHERE in_print = 'T'", NULL, 0),
                      "SELECT book.title WHERE EQ book.in_print V_TRUE END");
  assert_string_equal(read_with("SELECT name FROM member WHERE active = 0", NULL, 0),
                      "SELECT member.name WHERE EQ member.active V_FALSE END");
  assert_string_equal(read_with("SELECT title FROM book WHERE price > 1", NULL, 0),
                      "SELECT book.title WHERE GT book.price V_ONE END");
  assert_string_equal(read_with("SELECT name FROM author WHERE country = ''", NULL, 0),
                      "SELECT author.name WHERE EQ author.country V_EMPTY END");
  assert_int_equal(ir_from_sql(bound(STR("SELECT name FROM author WHERE born > 1970 LIMIT 5"), A),
                               cat, NULL, 0, A, &r, &err),
                   EMEND_OK);
  assert_true(r.ok);
  assert_int_equal(r.n_unknown, 2);
}

#define STEPS(...) \
  (const ir_step[]){__VA_ARGS__}, sizeof((ir_step[]){__VA_ARGS__}) / sizeof(ir_step)
#define T(name) \
  { IR_STEP_TOKEN, IR_##name }
#define C(table, name) \
  { IR_STEP_COLUMN, column(table, name) }
#define V(i) \
  { IR_STEP_VALUE, i }

static void a_value_is_spelt_as_the_compared_column_stores_it(void **state) {
  (void)state;
  ir_spelling spellings[] = {{column("author", "country"), STR("Peru")},
                             {column("book", "title"), STR("PERU!")}};
  const ir_value given[] = {
      {.text = STR("peru"), .spellings = spellings, .n_spellings = 2},
      {.text = STR("three"), .is_number = true, .number = 3},
  };
#define WHERE_EQ(table, name, value)                                                           \
  write_with(STEPS(T(SELECT), C(table, name), T(WHERE), T(EQ), C(table, name), value, T(END)), \
             given, 2)
  assert_string_equal(WHERE_EQ("author", "country", V(0)),
                      "SELECT country FROM author WHERE country = 'Peru'");
  assert_string_equal(WHERE_EQ("book", "title", V(0)),
                      "SELECT title FROM book WHERE title = 'PERU!'");
  assert_string_equal(WHERE_EQ("author", "name", V(0)),
                      "SELECT name FROM author WHERE name = 'peru'");
  assert_string_equal(WHERE_EQ("author", "born", V(1)), "SELECT born FROM author WHERE born = 3");
  assert_string_equal(WHERE_EQ("author", "name", V(1)), "SELECT name FROM author WHERE name = '3'");
  assert_string_equal(WHERE_EQ("book", "in_print", T(V_FALSE)),
                      "SELECT in_print FROM book WHERE in_print = 'F'");
  assert_string_equal(WHERE_EQ("member", "active", T(V_TRUE)),
                      "SELECT active FROM member WHERE active = 1");
}

static void each_dialect_has_its_own_words(void **state) {
  (void)state;
  static const struct {
    sql_dialect_id dialect;
    const char *sql;
  } expected[] = {
      {SQL_SQLITE,
       "SELECT CAST(strftime('%Y', joined) AS INTEGER), LENGTH(name) FROM member "
       "WHERE name LIKE '%a%' LIMIT 1"},
      {SQL_POSTGRES,
       "SELECT EXTRACT(YEAR FROM joined), LENGTH(name) FROM member WHERE name ILIKE '%a%' LIMIT 1"},
      {SQL_MYSQL, "SELECT YEAR(joined), LENGTH(name) FROM member WHERE name LIKE '%a%' LIMIT 1"},
      {SQL_TSQL, "SELECT TOP 1 YEAR(joined), LEN(name) FROM member WHERE name LIKE '%a%'"},
  };
  const ir_value a = {.text = STR("a")};
  const ir_seq s = {
      .n = 12,
      .steps = {T(SELECT), T(YEAR), C("member", "joined"), T(LENGTH), C("member", "name"), T(WHERE),
                T(LIKE_CONTAINS), C("member", "name"), V(0), T(LIMIT), T(V_ONE), T(END)}};
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    emend_error err;
    ir_writing w;
    catalog other = *cat;
    other.dialect = expected[i].dialect;
    assert_int_equal(ir_to_sql(&s, &other, &a, 1, A, &w, &err), EMEND_OK);
    assert_string_equal(sql_print(w.query, other.dialect, A).ptr, expected[i].sql);
  }
}

static void what_hangs_together_badly_is_refused_with_a_reason(void **state) {
  (void)state;
  const ir_value nothing[] = {{.text = STR("soon")}};
  const struct {
    const char *reason, *got;
  } cases[] = {
      {"not whole", write_with(STEPS(T(SELECT), C("book", "title")), nothing, 1)},
      {"not grammatical", write_with(STEPS(T(SELECT), T(END)), nothing, 1)},
      {"a pointer to what does not exist",
       write_with(STEPS(T(SELECT), {IR_STEP_COLUMN, 9999}, T(END)), nothing, 1)},
      {"a pointer to what does not exist",
       write_with(STEPS(T(SELECT), C("book", "title"), T(LIMIT), V(1), T(END)), nothing, 1)},
      {"a LIMIT that is no whole number",
       write_with(STEPS(T(SELECT), C("book", "title"), T(LIMIT), V(0), T(END)), nothing, 1)},
      {"nothing to select from", write_with(STEPS(T(SELECT), T(STAR_ALL), T(END)), nothing, 1)},
      {"an output column without FROM_QUERY",
       write_with(STEPS(T(SELECT), T(OUT_1), T(END)), nothing, 1)},
      {"a column of the query around, where there is none",
       write_with(STEPS(T(SELECT), T(OUTER), C("book", "title"), T(END)), nothing, 1)},
      {"the parts of a compound give different columns",
       write_with(STEPS(T(UNION), T(SELECT), C("book", "title"), T(END), T(SELECT),
                        C("book", "title"), C("book", "year"), T(END)),
                  nothing, 1)},
      {"a nested query that gives several columns",
       write_with(STEPS(T(SELECT), C("book", "title"), T(WHERE), T(IN), C("book", "title"),
                        T(SELECT), C("book", "title"), C("book", "year"), T(END), T(END)),
                  nothing, 1)},
      {"a value that is not known",
       write_with(STEPS(T(SELECT), C("book", "title"), T(LIMIT), T(V_UNKNOWN), T(END)), nothing,
                  1)},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_string_equal(cases[i].got, cases[i].reason);
}

static void tables_that_nothing_connects_are_counted(void **state) {
  (void)state;
  emend_error err;
  ir_writing w;
  ir_seq s = {.n = 4, .steps = {T(SELECT), {IR_STEP_COLUMN, 0}, {IR_STEP_COLUMN, 0}, T(END)}};
  s.steps[1].id = column("book", "title");
  s.steps[2].id = column("festival", "town");
  assert_int_equal(ir_to_sql(&s, cat, NULL, 0, A, &w, &err), EMEND_OK);
  assert_int_equal(w.n_cross, 1);
  assert_int_equal(w.n_tables, 2);
  s.steps[2].id = column("member", "name");
  assert_int_equal(ir_to_sql(&s, cat, NULL, 0, A, &w, &err), EMEND_OK);
  assert_int_equal(w.n_cross, 0);
  assert_int_equal(w.n_tables, 3);
}

/* Nobody asks about the first and last link of a chain without a word on what lies between. */
static void a_join_through_many_tables_is_not_made_up(void **state) {
  (void)state;
  catalog *chain = database_catalog(
      "CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT);"
      "CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INT REFERENCES a (id));"
      "CREATE TABLE c (id INTEGER PRIMARY KEY, b_id INT REFERENCES b (id));"
      "CREATE TABLE d (id INTEGER PRIMARY KEY, c_id INT REFERENCES c (id));"
      "CREATE TABLE e (id INTEGER PRIMARY KEY, d_id INT REFERENCES d (id));"
      "CREATE TABLE f (id INTEGER PRIMARY KEY, e_id INT REFERENCES e (id));"
      "CREATE TABLE g (id INTEGER PRIMARY KEY, y TEXT, f_id INT REFERENCES f (id));"
      "CREATE TABLE h (id INTEGER PRIMARY KEY, z TEXT, g_id INT REFERENCES g (id));",
      NULL);
  assert_non_null(chain);
  emend_error err;
  ir_writing w;
  ir_seq s = {.n = 4, .steps = {T(SELECT), {IR_STEP_COLUMN, 0}, {IR_STEP_COLUMN, 0}, T(END)}};
  s.steps[1].id = catalog_column(chain, catalog_table(chain, STR("a")), STR("x"))->id;
  s.steps[2].id = catalog_column(chain, catalog_table(chain, STR("g")), STR("y"))->id;
  assert_int_equal(ir_to_sql(&s, chain, NULL, 0, A, &w, &err), EMEND_OK);
  assert_int_equal(w.n_tables, 7); /* five between */
  assert_int_equal(w.n_cross, 0);
  s.steps[2].id = catalog_column(chain, catalog_table(chain, STR("h")), STR("z"))->id;
  assert_int_equal(ir_to_sql(&s, chain, NULL, 0, A, &w, &err), EMEND_OK);
  assert_int_equal(w.n_tables, 2); /* six: said to hang together by nothing, not by id = id */
  assert_int_equal(w.n_cross, 1);
  catalog_unref(chain);
}

/* ---- anything grammatical ---- */

static const ir_value values[] = {
    {.text = {"Peru", 4}},
    {.text = {"two", 3}, .is_number = true, .number = 2},
    {.text = {"it's 5%", 7}},
    {.text = {"0.5", 3}, .is_number = true, .number = 0.5},
};
enum { N_VALUES = sizeof values / sizeof *values };

static ir_seq random_sequence(rng *r, const catalog *schema) {
  ir_automaton m;
  ir_seq s = {.n = 0};
  for (ir_start(&m); !ir_done(&m);) {
    int choices[IR_N_ALTERNATIVES], n = 0;
    for (int t = 0; t < IR_N_ALTERNATIVES; t++)
      if (ir_can(&m, t)) choices[n++] = t;
    int t = choices[rng_below(r, (uint32_t)n)];
    /* Lean towards what is short and simple, or nearly all sequences run to the limit and fail on
     * compounds whose parts differ. */
    if (ir_can(&m, IR_END) && rng_below(r, 3) == 0) t = IR_END;
    if (ir_can(&m, IR_SELECT) && rng_below(r, 3) > 0) t = IR_SELECT;
    if (ir_can(&m, IR_ALT_COLUMN) && rng_below(r, 2) == 0) t = IR_ALT_COLUMN;
    ir_step step = {IR_STEP_TOKEN, t};
    if (t == IR_ALT_COLUMN)
      step = (ir_step){IR_STEP_COLUMN, (int32_t)rng_below(r, (uint32_t)schema->n_columns)};
    if (t == IR_ALT_TABLE)
      step = (ir_step){IR_STEP_TABLE, (int32_t)rng_below(r, (uint32_t)schema->n_tables)};
    if (t == IR_ALT_VALUE) step = (ir_step){IR_STEP_VALUE, (int32_t)rng_below(r, N_VALUES)};
    assert_true(ir_advance(&m, step));
    s.steps[s.n++] = step;
  }
  return s;
}

/* Tables with awkward names, of which some are others' with a number; keys at random: to
 * themselves, in rings, of two columns, several to one table. */
static const char *random_schema(rng *r, arena *a) {
  static const char *const names[] = {"order",          "a b", "x", "x_2", "x_2_", "Group",
                                      "say \"\"hi\"\"", "é"};
  static const char *const types[] = {"INTEGER", "TEXT", "REAL", "DATE", "BOOLEAN", ""};
  int n = 1 + (int)rng_below(r, 7), first = (int)rng_below(r, 8);
  const char *ddl = "";
  for (int t = 0; t < n; t++) {
    ddl = arena_printf(a, "%sCREATE TABLE \"%s\" (id INTEGER, \"%s\" %s, \"from\" %s", ddl,
                       names[(first + t) % 8], names[(first + t) % 8], types[rng_below(r, 6)],
                       types[rng_below(r, 6)]);
    int keys = (int)rng_below(r, 4);
    for (int k = 0; k < keys; k++)
      ddl = arena_printf(a, "%s, k%d INTEGER REFERENCES \"%s\"(id)", ddl, k,
                         names[(first + (int)rng_below(r, (uint32_t)n)) % 8]);
    if (keys > 1 && rng_below(r, 3) == 0)
      ddl = arena_printf(a, "%s, FOREIGN KEY (k0, k1) REFERENCES \"%s\"(id, \"from\")", ddl,
                         names[first % 8]);
    ddl = arena_printf(a, "%s, PRIMARY KEY (id%s));", ddl, rng_below(r, 4) ? "" : ", \"from\"");
  }
  return ddl;
}

typedef struct outcome {
  int trees, refused, reread;
} outcome;

static bool is_about_aggregates(const char *message) {
  return strstr(message, "misuse of aggregate") != NULL ||
         strstr(message, "aggregate functions are not allowed") != NULL;
}

/* A tree prints to SQL that SQLite prepares (aggregates may stand where they mean nothing: that is
 * for the check to say), and, where the IR has words for it again, reads and writes once more. */
static void try_sequence(const ir_seq *s, const catalog *schema, sqlite3 *raw, arena *a,
                         outcome *o) {
  emend_error err;
  ir_writing w, again;
  ir_reading reading;
  sqlite3_stmt *st = NULL;
  assert_int_equal(ir_to_sql(s, schema, values, N_VALUES, a, &w, &err), EMEND_OK);
  assert_true((w.query != NULL) != (w.reason != NULL));
  if (!w.query) {
    o->refused++;
    return;
  }
  o->trees++;
  str sql = sql_print(w.query, SQL_SQLITE, a);
  assert_non_null(sql.ptr);
  if (sqlite3_prepare_v2(raw, sql.ptr, -1, &st, NULL) != SQLITE_OK &&
      !is_about_aggregates(sqlite3_errmsg(raw)))
    fail_msg("%s: %s\n%s", sqlite3_errmsg(raw), sql.ptr,
             ir_print(s, schema, values, N_VALUES, a).ptr);
  sqlite3_finalize(st);
  sql_query *q = bound_to(schema, sql, a);
  assert_non_null(q);
  assert_int_equal(ir_from_sql(q, schema, values, N_VALUES, a, &reading, &err), EMEND_OK);
  if (!reading.ok || reading.n_unknown > 0) return;
  o->reread++;
  assert_int_equal(ir_to_sql(&reading.seq, schema, values, N_VALUES, a, &again, &err), EMEND_OK);
  if (!again.query)
    fail_msg("%s: %s", again.reason, ir_print(&reading.seq, schema, values, N_VALUES, a).ptr);
}

static void try_sequences(rng *r, int n, const char *file, const catalog *schema, outcome *o) {
  sqlite3 *raw;
  arena *a = arena_create((size_t)64 << 20);
  assert_int_equal(sqlite3_open_v2(file, &raw, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
  for (int i = 0; i < n; i++) {
    arena_reset(a);
    ir_seq s = random_sequence(r, schema);
    try_sequence(&s, schema, raw, a, o);
  }
  sqlite3_close(raw);
  arena_destroy(a);
}

static void whatever_is_grammatical_gives_a_tree_or_a_reason(void **state) {
  (void)state;
  rng r;
  outcome o = {0};
  rng_seed(&r, 11);
  try_sequences(&r, 5000, path, cat, &o);
  assert_true(o.trees > 1500 && o.refused > 100 && o.reread > 1000);
}

static void whatever_the_schema(void **state) {
  (void)state;
  rng r;
  outcome o = {0};
  rng_seed(&r, 12);
  for (int i = 0; i < 40; i++) {
    source *src = NULL;
    catalog *schema = NULL;
    const char *file = folder_path(A, dir, arena_printf(A, "random%d.sqlite", i));
    assert_true(load_db(file, random_schema(&r, A), &src, &schema));
    try_sequences(&r, 250, file, schema, &o);
    catalog_unref(schema);
    source_close(src);
  }
  assert_true(o.trees > 3000 && o.refused > 100 && o.reread > 2000);
}

/* Drops, doubles and exchanges tokens of the cases' queries: what still parses to a tree, however
 * wrong, is read or refused, and what is read is written. */
static void broken_queries_do_no_harm(void **state) {
  (void)state;
  enum { MAX_TOKENS = 128 };
  rng r;
  int read = 0, refused = 0;
  case_list cases = case_load(A, "ir");
  arena *a = arena_create((size_t)64 << 20);
  rng_seed(&r, 13);
  for (int run = 0; run < 20000; run++) {
    str sql = case_get(&cases.items[rng_below(&r, (uint32_t)cases.len)], "sql");
    str tokens[MAX_TOKENS];
    int n = 0;
    size_t pos = 0;
    for (sql_token t; n < MAX_TOKENS && (t = sql_next_token(sql, SQL_SQLITE, &pos)).kind;)
      tokens[n++] = t.raw;
    for (uint32_t edits = 1 + rng_below(&r, 3); edits > 0; edits--) {
      uint32_t i = rng_below(&r, (uint32_t)n), k = rng_below(&r, (uint32_t)n);
      str kept = tokens[i];
      tokens[i] = rng_below(&r, 4) ? tokens[k] : STR("");
      if (rng_below(&r, 2)) tokens[k] = kept;
    }
    buf b;
    buf_init(&b, 1 << 16);
    for (int i = 0; i < n; i++) buf_printf(&b, "%.*s ", STR_ARG(tokens[i]));
    arena_reset(a);
    sql_query *q = bound(buf_str(&b), a);
    emend_error err;
    ir_values own;
    ir_reading reading = {.ok = false};
    ir_writing writing;
    if (q) assert_int_equal(ir_from_sql_alone(q, cat, a, &own, &reading, &err), EMEND_OK);
    if (reading.ok) {
      assert_int_equal(ir_to_sql(&reading.seq, cat, own.items, own.len, a, &writing, &err),
                       EMEND_OK);
      read++;
    } else {
      refused++;
    }
    buf_free(&b);
  }
  arena_destroy(a);
  assert_true(read > 1000 && refused > 1000);
}

static void every_failed_allocation_is_reported(void **state) {
  (void)state;
  str sql =
      STR("SELECT a.name, COUNT(*) FROM author a JOIN book b ON a.author_id = b.author_id "
          "WHERE b.year IN (2004, 2006) AND b.title LIKE '%a%' GROUP BY a.name "
          "UNION SELECT name, 1.5 * count(*) FROM member GROUP BY name ORDER BY 2");
  sql_query *q = bound(sql, A);
  assert_non_null(q);
  for (long n = 1; n < 1000; n++) {
    emend_error err;
    ir_values own;
    ir_reading reading;
    ir_writing writing;
    arena *a = arena_create(64 << 20);
    mem_fail_at(n);
    emend_rc rc = ir_from_sql_alone(q, cat, a, &own, &reading, &err);
    if (rc == EMEND_OK) rc = ir_to_sql(&reading.seq, cat, own.items, own.len, a, &writing, &err);
    long made = mem_requests();
    mem_fail_at(0);
    arena_destroy(a);
    if (rc == EMEND_OK) {
      assert_true(made < n);
      return;
    }
    assert_int_equal(rc, EMEND_ENOMEM);
  }
  fail_msg("never succeeded");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(queries_become_the_ir_and_come_back),
      cmocka_unit_test(a_literal_is_the_candidate_that_says_the_same),
      cmocka_unit_test(what_no_candidate_is_becomes_a_constant_or_unknown),
      cmocka_unit_test(a_value_is_spelt_as_the_compared_column_stores_it),
      cmocka_unit_test(each_dialect_has_its_own_words),
      cmocka_unit_test(what_hangs_together_badly_is_refused_with_a_reason),
      cmocka_unit_test(tables_that_nothing_connects_are_counted),
      cmocka_unit_test(a_join_through_many_tables_is_not_made_up),
      cmocka_unit_test(whatever_is_grammatical_gives_a_tree_or_a_reason),
      cmocka_unit_test(whatever_the_schema),
      cmocka_unit_test(broken_queries_do_no_harm),
      cmocka_unit_test(every_failed_allocation_is_reported),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
