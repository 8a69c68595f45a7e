/* ask/verbalise: the answer in words says nothing that is in neither rows nor question. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ask/ask.h"
#include "ask/words.h"
#include "base/mem.h"
#include "base/rng.h"
#include "support/case_file.h"
#include "support/database.h"

static cell read_cell(arena *a, str s) {
  char *text = arena_strndup(a, s.ptr, s.len);
  if (str_eq(s, STR("NULL"))) return (cell){.kind = CELL_NULL};
  if (str_starts(s, STR("i:"))) return (cell){.kind = CELL_INT, .i = strtoll(text + 2, NULL, 10)};
  if (str_starts(s, STR("r:"))) return (cell){.kind = CELL_REAL, .r = strtod(text + 2, NULL)};
  return (cell){.kind = CELL_TEXT, .text = arena_str(a, s)};
}

/* Parts of `s` between `mark`s; an empty text has none. */
static size_t split(arena *a, str s, char mark, str **out) {
  VEC(str) parts = {0};
  for (size_t from = 0; from < s.len;) {
    size_t to = from;
    while (to < s.len && s.ptr[to] != mark) to++;
    vec_push(a, &parts, str_slice(s, from, to));
    from = to + 1;
  }
  *out = parts.items;
  return parts.len;
}

static source_result read_result(arena *a, str columns, str rows) {
  source_result r = {0};
  str *lines, *cells;
  r.n_columns = split(a, columns, '|', &r.names);
  r.n_rows = split(a, rows, '\n', &lines);
  r.cells = ARENA_ARRAY(a, cell, r.n_rows * r.n_columns + 1);
  for (size_t i = 0; i < r.n_rows; i++) {
    assert_int_equal(split(a, lines[i], '|', &cells), r.n_columns);
    for (size_t c = 0; c < r.n_columns; c++) r.cells[i * r.n_columns + c] = read_cell(a, cells[c]);
  }
  return r;
}

static void words_are_as_the_cases_say(void **state) {
  (void)state;
  arena *a = arena_create(64 << 20);
  case_list cases = case_load(a, "judge");
  int seen = 0;
  for (size_t i = 0; i < cases.len; i++) {
    const case_item *c = &cases.items[i];
    if (!case_get(c, "words").ptr) continue;
    judge_intent in;
    source_result r = read_result(a, case_get(c, "columns"), case_get(c, "rows"));
    assert_int_equal(judge_read(case_get(c, "question"), a, &in, NULL), EMEND_OK);
    case_expect(c, "words", ask_verbalise(&in, &r, a));
    seen++;
  }
  assert_true(seen > 10);
  arena_destroy(a);
}

/* ---- every number and every capitalised name is in the rows or in the question ---- */

static bool is_ours(str word) {
  static const char *const ours[] = {"The", "There", "Nothing", "Only"};
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
    if (str_eq(word, str_from(ours[i]))) return true;
  return false;
}

static bool is_somewhere(str word, str question, const source_result *r, arena *a) {
  if (str_find(question, word, 0) != SIZE_MAX) return true;
  for (size_t i = 0; i < r->n_rows * r->n_columns; i++) {
    char number[32];
    const cell *c = &r->cells[i];
    str text = c->text;
    if (c->kind == CELL_INT) text = str_from(arena_printf(a, "%lld", (long long)c->i));
    double said = c->kind == CELL_REAL ? strtod(arena_printf(a, "%.15g", c->r), NULL) : 0;
    if (c->kind == CELL_REAL) text = arena_str(a, (str){number, jw_format_real(said, number)});
    if (text.len && str_find(text, word, 0) != SIZE_MAX) return true;
  }
  for (size_t i = 0; i < r->n_columns; i++)
    if (str_find(r->names[i], word, 0) != SIZE_MAX) return true;
  return false;
}

static void check_sentence(str sentence, str question, const source_result *r, arena *a) {
  for (size_t i = 0; i < sentence.len;) {
    size_t from = i;
    while (i < sentence.len &&
           (ascii_is_alnum(sentence.ptr[i]) || (sentence.ptr[i] == '.' && i + 1 < sentence.len &&
                                                ascii_is_digit(sentence.ptr[i + 1]))))
      i++;
    str word = str_slice(sentence, from, i);
    bool telling =
        word.len && (ascii_is_digit(word.ptr[0]) || (word.ptr[0] >= 'A' && word.ptr[0] <= 'Z'));
    if (telling && !is_ours(word) && !is_somewhere(word, question, r, a))
      fail_msg("\"%.*s\" in \"%.*s\" comes from nowhere", STR_ARG(word), STR_ARG(sentence));
    if (i == from) i++;
  }
}

static cell random_cell(rng *g, arena *a) {
  switch (rng_below(g, 5)) {
    case 0:
      return (cell){.kind = CELL_NULL};
    case 1:
      return (cell){.kind = CELL_INT, .i = (int64_t)rng_next(g) >> rng_below(g, 60)};
    case 2:
      return (cell){.kind = CELL_REAL, .r = rng_normal(g) * 1000};
    case 3:
      return (cell){.kind = CELL_BLOB, .text = STR("\0\1\2")};
    default:
      return (cell){.kind = CELL_TEXT,
                    .text = str_from(arena_printf(a, "Name%u", rng_below(g, 9999)))};
  }
}

static void nothing_is_invented_over_random_results(void **state) {
  (void)state;
  static const char *const questions[] = {"How many tracks are there?",
                                          "How many do we have?",
                                          "What is the price?",
                                          "What was the name of Ann's pet?",
                                          "How many people are older than 20?",
                                          "Who?",
                                          "what is the",
                                          "How many are there?",
                                          "how many",
                                          "List them. Please?",
                                          "How many of the 12 are there?"};
  rng g;
  rng_seed(&g, 42);
  for (int round = 0; round < 3000; round++) {
    arena *a = arena_create(8 << 20);
    source_result r = {.n_rows = rng_below(&g, 14),
                       .n_columns = 1 + rng_below(&g, 3),
                       .truncated = rng_below(&g, 4) == 0};
    r.names = ARENA_ARRAY(a, str, r.n_columns);
    for (size_t i = 0; i < r.n_columns; i++) r.names[i] = str_from(arena_printf(a, "col%zu", i));
    r.cells = ARENA_ARRAY(a, cell, r.n_rows * r.n_columns + 1);
    for (size_t i = 0; i < r.n_rows * r.n_columns; i++) r.cells[i] = random_cell(&g, a);
    str q = str_from(questions[rng_below(&g, sizeof questions / sizeof *questions)]);
    judge_intent in;
    assert_int_equal(judge_read(q, a, &in, NULL), EMEND_OK);
    str s = ask_verbalise(&in, &r, a);
    assert_true(s.len > 0 && s.len < 4096);
    check_sentence(s, q, &r, a);
    arena_destroy(a);
  }
}

/* ---- results that a database gave ---- */

enum { FORMS = 7 };

/* One question about a column for each form that a result can have. */
static const struct {
  const char *question, *sql;
} forms[FORMS] = {{"How many $c are there?", "SELECT count($c) FROM $t"},
                  {"What is the $c of the first one?", "SELECT $c FROM $t ORDER BY 1 LIMIT 1"},
                  {"List the $c of all of them", "SELECT $c FROM $t"},
                  {"What is the $c of those that are not there?", "SELECT $c FROM $t WHERE 0"},
                  {"What is the highest $c of none?", "SELECT max($c) FROM $t WHERE 0"},
                  {"Show every $c with its number", "SELECT $c, count(*) FROM $t GROUP BY $c"},
                  {"Which $c come first?", "SELECT DISTINCT $c FROM $t ORDER BY 1 DESC"}};

/* "$c" is the column, "$t" the table. */
static void fill(char *out, size_t room, const char *form, const char *column, const char *table) {
  size_t n = 0;
  for (const char *p = form; *p; p++) {
    bool is_column = strncmp(p, "$c", 2) == 0, is_table = strncmp(p, "$t", 2) == 0;
    n += (size_t)snprintf(out + n, room - n, is_column || is_table ? "%s" : "%.1s",
                          is_column  ? column
                          : is_table ? table
                                     : p);
    p += is_column || is_table;
  }
}

/* Twelve tables of 3 to 58 rows. */
static source *open_measures(database *files) {
  char all[8000];
  size_t n = 0;
  source *s = NULL;
  for (int t = 0; t < 12; t++)
    n += (size_t)snprintf(
        all + n, sizeof all - n,
        "CREATE TABLE t%d (name TEXT, city TEXT, price REAL, stock INT, day TEXT, note TEXT);"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
        "INSERT INTO t%d SELECT 'Name' || i, iif(i %% 3, 'Oslo', 'Sao Paulo'), i * 1.25 + %d,"
        "  i * %d, date('2024-01-01', i || ' days'), iif(i %% 4, NULL, 'Lot 7, row ' || i) "
        "FROM n;",
        t, 3 + t * 5, t, t, 7 + t);
  assert_true(n < sizeof all);
  assert_true(database_create(files, all));
  assert_int_equal(source_open(files->path, &s, NULL), EMEND_OK);
  return s;
}

static void nothing_is_invented_over_real_results(void **state) {
  (void)state;
  static const char *const columns[] = {"name", "city", "price", "stock", "day", "note"};
  database files = {0};
  source *db = open_measures(&files);
  int all = 0, empty = 0, null = 0, truncated = 0, one = 0, many = 0;
  for (int t = 0; t < 12; t++)
    for (size_t c = 0; c < 6; c++)
      for (size_t k = 0; k < FORMS; k++, all++) {
        arena *a = arena_create(8 << 20);
        char question[120], sql[200], table[16];
        source_limits limits = {.max_rows = t % 3 ? 1000 : 2};
        source_result r;
        judge_intent in;
        emend_error err;
        snprintf(table, sizeof table, "t%d", t);
        fill(question, sizeof question, forms[k].question, columns[c], table);
        fill(sql, sizeof sql, forms[k].sql, columns[c], table);
        assert_int_equal(source_run(db, str_from(sql), &limits, a, &r, &err), EMEND_OK);
        assert_int_equal(judge_read(str_from(question), a, &in, NULL), EMEND_OK);
        str s = ask_verbalise(&in, &r, a);
        check_sentence(s, str_from(question), &r, a);
        str more = str_from(arena_printf(a, "%.*s That is 98765 in Narvik.", STR_ARG(s)));
        assert_false(ask_words_hold(more, str_from(question), &r, a, NULL));
        empty += r.n_rows == 0;
        null += r.n_rows == 1 && r.cells[0].kind == CELL_NULL;
        truncated += r.truncated;
        one += r.n_rows == 1;
        many += r.n_rows > 1;
        arena_destroy(a);
      }
  source_close(db);
  database_drop(&files);
  assert_true(all > 500 && empty > 50 && null > 50 && truncated > 50 && one > 50 && many > 50);
}

static void no_memory_is_told(void **state) {
  (void)state;
  arena *a = arena_create(1 << 20);
  judge_intent in;
  cell c = {.kind = CELL_INT, .i = 5};
  str name = STR("n");
  source_result r = {.n_rows = 1, .n_columns = 1, .names = &name, .cells = &c};
  assert_int_equal(judge_read(STR("How many are there?"), a, &in, NULL), EMEND_OK);
  mem_fail_at(1);
  assert_null(ask_verbalise(&in, &r, a).ptr);
  mem_fail_at(0);
  assert_non_null(ask_verbalise(&in, &r, a).ptr);
  arena_destroy(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(words_are_as_the_cases_say),
      cmocka_unit_test(nothing_is_invented_over_random_results),
      cmocka_unit_test(nothing_is_invented_over_real_results),
      cmocka_unit_test(no_memory_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
