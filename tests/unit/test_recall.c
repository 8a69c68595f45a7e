/* Confirmed questions in memory: which question is which, ties, other sources, drift, taught words,
 * and readers beside a writer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "recall/recall.h"
#include "support/case_file.h"
#include "support/database.h"
#include "support/library_db.h"

#define URL STR("sqlite:/library.db")

typedef struct library {
  database db;
  catalog *cat;
  recall_source at;
} library;

static int set_up(void **state) {
  library *l = calloc(1, sizeof *l);
  source *s = NULL;
  assert_true(database_create(&l->db, LIBRARY_SCHEMA LIBRARY_ROWS));
  assert_int_equal(source_open(l->db.path, &s, NULL), EMEND_OK);
  assert_int_equal(catalog_load(s, STR("library"), NULL, &l->cat, NULL), EMEND_OK);
  source_close(s);
  l->at = (recall_source){URL, l->cat};
  *state = l;
  return 0;
}

static int tear_down(void **state) {
  library *l = *state;
  catalog_unref(l->cat);
  database_drop(&l->db);
  free(l);
  return 0;
}

static recall_record record(library *l, const char *id, const char *question, const char *sql) {
  recall_record r = {.id = str_from(id),
                     .url = URL,
                     .question = str_from(question),
                     .sql = str_from(sql),
                     .by = STR("ana"),
                     .at = STR("2025-06-15T00:00:00Z"),
                     .dialect = SQL_SQLITE};
  assert_int_equal(recall_describe(r.sql, l->cat, l->db.a, &r.facts, NULL), EMEND_OK);
  return r;
}

static recall_match find(library *l, recall *r, const char *question) {
  recall_match m;
  assert_int_equal(recall_find(r, &l->at, 1, str_from(question), NULL, l->db.a, &m, NULL),
                   EMEND_OK);
  return m;
}

static const char *verdict(const recall_match *m) {
  static const char *const NAMES[] = {"miss", "hit", "near"};
  return NAMES[m->verdict];
}

/* Every case is asked with all the confirmed questions of tests/cases/recall known. */
static void questions_are_told_apart(void **state) {
  library *l = *state;
  case_list cases = case_load(l->db.a, "recall");
  recall *r = NULL;
  assert_int_equal(recall_create(&r, NULL), EMEND_OK);
  int asked = 0;
  for (size_t i = 0; i < cases.len; i++) {
    const case_item *c = &cases.items[i];
    if (!case_get(c, "sql").len) continue;
    recall_record it = record(l, arena_printf(l->db.a, "fz_%zu", i), case_get(c, "confirmed").ptr,
                              case_get(c, "sql").ptr);
    assert_int_equal(recall_put(r, &it, 1, NULL), EMEND_OK);
  }
  for (size_t i = 0; i < cases.len; i++) {
    const case_item *c = &cases.items[i];
    static const char *const WANT[] = {"hit", "near", "miss", "not"};
    for (size_t k = 0; k < 4; k++) {
      str lines = case_get(c, WANT[k]);
      for (size_t from = 0; from < lines.len; asked++) {
        size_t to = str_find(lines, STR("\n"), from);
        if (to == SIZE_MAX) to = lines.len;
        char *line = arena_strndup(l->db.a, lines.ptr + from, to - from);
        recall_match m = find(l, r, line);
        bool fits = k == 3 ? m.verdict != RECALL_HIT : strcmp(verdict(&m), WANT[k]) == 0;
        if (!fits)
          fail_msg("%.*s: \"%s\" is %s (%.*s), not %s", STR_ARG(c->name), line, verdict(&m),
                   STR_ARG(m.question), WANT[k]);
        str sql = case_get(c, "rebound").len ? case_get(c, "rebound") : case_get(c, "sql");
        if (k == 0 && !str_eq(m.sql, sql))
          fail_msg("%.*s: \"%s\" gave %.*s", STR_ARG(c->name), line, STR_ARG(m.sql));
        from = to + 1;
      }
    }
  }
  assert_true(asked > 30);
  recall_free(r);
}

typedef struct heard {
  double gap;
  int asked;
} heard;

static bool tell_gap(void *self, const catalog *cat, str question, str sql, arena *a, double *gap) {
  heard *h = self;
  (void)a;
  assert_non_null(cat);
  assert_true(question.len && sql.len);
  h->asked++;
  *gap = h->gap;
  return true;
}

/* As find(), with `h` for a network to ask. */
static recall_match find_heard(library *l, recall *r, const char *question, heard *h) {
  recall_witness witness = {h, tell_gap};
  recall_options opt = {.witness = &witness};
  recall_match m;
  assert_int_equal(recall_find(r, &l->at, 1, str_from(question), &opt, l->db.a, &m, NULL),
                   EMEND_OK);
  return m;
}

/* The network is heard where words are left over, and never where something else is asked. */
static void a_witness_settles_what_words_leave_open(void **state) {
  library *l = *state;
  recall *r = NULL;
  heard h = {0};
  recall_record it = record(l, "fz_1", "Which members joined the club after 2020?",
                            "SELECT name FROM member WHERE joined > '2020-12-31'");
  assert_int_equal(recall_create(&r, NULL), EMEND_OK);
  assert_int_equal(recall_put(r, &it, 1, NULL), EMEND_OK);
  const char *less = "Which members joined after 2020?",
             *other = "Which members joined the club before 2020?",
             *more = "Which vip members joined the club after 2020?";
  assert_int_equal(find(l, r, less).verdict, RECALL_NEAR);
  recall_match m = find_heard(l, r, less, &h);
  assert_int_equal(m.verdict, RECALL_HIT);
  assert_true(m.evidence.witnessed);
  h.gap = 1.5; /* it would have written something else */
  assert_int_equal(find_heard(l, r, less, &h).verdict, RECALL_NEAR);
  h = (heard){0};
  assert_int_not_equal(find_heard(l, r, other, &h).verdict, RECALL_HIT);
  assert_int_not_equal(find_heard(l, r, more, &h).verdict, RECALL_HIT);
  assert_int_equal(find_heard(l, r, it.question.ptr, &h).verdict, RECALL_HIT);
  assert_int_equal(h.asked, 0);
  recall_free(r);
}

/* It overlooks a word as easily as it reads one: neither what stands in another's place nor what
 * narrows the question is left to it. What only the confirmed question says may be. */
static void a_witness_is_asked_of_what_it_cannot_overlook(void **state) {
  library *l = *state;
  recall *r = NULL;
  heard h = {0};
  recall_record it[2] = {
      record(l, "fz_1", "Which generous festival has the lowest visitors?",
             "SELECT town FROM festival ORDER BY visitors LIMIT 1"),
      record(l, "fz_2", "Which members were thoroughly reviewed in 2021?",
             "SELECT m.name FROM member m JOIN loan l USING (member_id) WHERE l.day LIKE '2021%'")};
  static const char *const SERVED[] = {"Which festival has the lowest visitors?",
                                       "Which festival has the lowest visitors score?",
                                       "Which members had loans in 2021?"};
  static const char *const NOT[] = {
      "Which festival has the lowest min?", "Which busy festival has the lowest visitors?",
      "Which festival has the lowest guests?", "Which members were promoted in 2021?"};
  assert_int_equal(recall_create(&r, NULL), EMEND_OK);
  assert_int_equal(recall_put(r, it, 2, NULL), EMEND_OK);
  for (size_t i = 0; i < 3; i++) {
    assert_int_not_equal(find(l, r, SERVED[i]).verdict, RECALL_HIT);
    if (find_heard(l, r, SERVED[i], &h).verdict != RECALL_HIT)
      fail_msg("\"%s\" is not served", SERVED[i]);
  }
  h = (heard){0};
  for (size_t i = 0; i < 4; i++) {
    if (find_heard(l, r, NOT[i], &h).verdict == RECALL_HIT) fail_msg("\"%s\" is served", NOT[i]);
  }
  assert_int_equal(h.asked, 0);
  recall_free(r);
}

static void two_that_fit_are_none(void **state) {
  library *l = *state;
  recall *r = NULL;
  recall_record it[2] = {
      record(l, "fz_1", "the titles of books in print", "SELECT title FROM book WHERE price > 9"),
      record(l, "fz_2", "titles of the books in print", "SELECT title FROM book WHERE year > 9")};
  assert_int_equal(recall_create(&r, NULL), EMEND_OK);
  assert_int_equal(recall_put(r, it, 2, NULL), EMEND_OK);
  recall_match m = find(l, r, "show titles of books in print");
  assert_int_not_equal(m.verdict, RECALL_HIT);
  recall_free(r);
}

/* Confirmed words are found to the letter without being read: that must not hide another question
 * that differs in case alone, nor what counts from today. */
static void the_confirmed_text_is_found_as_any_other(void **state) {
  library *l = *state;
  recall *r = NULL;
  recall_record it[3] = {
      record(l, "fz_1", "Titles of Books", "SELECT title FROM book WHERE price > 9"),
      record(l, "fz_2", "titles of books?", "SELECT title FROM book WHERE year > 9"),
      record(l, "fz_3", "Who joined last year?",
             "SELECT name FROM member WHERE joined BETWEEN '2024-01-01' AND '2024-12-31'")};
  assert_int_equal(recall_create(&r, NULL), EMEND_OK);
  assert_int_equal(recall_put(r, it, 1, NULL), EMEND_OK);
  assert_int_equal(find(l, r, it[0].question.ptr).verdict, RECALL_HIT);
  assert_int_equal(recall_put(r, it + 1, 2, NULL), EMEND_OK);
  assert_int_not_equal(find(l, r, it[0].question.ptr).verdict, RECALL_HIT);
  assert_int_not_equal(find(l, r, it[1].question.ptr).verdict, RECALL_HIT);
  setenv("EMEND_NOW", "2031-06-15T12:00:00Z", 1);
  recall_match m = find(l, r, it[2].question.ptr);
  unsetenv("EMEND_NOW");
  assert_true(m.verdict != RECALL_HIT || str_find(m.sql, STR("2030"), 0) != SIZE_MAX);
  assert_false(m.verdict == RECALL_HIT && m.rebound.len == 0);
  recall_free(r);
}

/* The same question of another value says nothing against this one; another query does. */
static void a_rival_that_comes_to_the_same_is_none(void **state) {
  library *l = *state;
  recall *r = NULL;
  recall_record it[3] = {record(l, "fz_1", "Who are the authors from France?",
                                "SELECT name FROM author WHERE country = 'France'"),
                         record(l, "fz_2", "Who are the authors from Peru?",
                                "SELECT name FROM author WHERE country = 'Peru'"),
                         record(l, "fz_3", "Who are the authors from Peru?",
                                "SELECT name FROM author WHERE country <> 'Peru'")};
  const char *asked = "Who are the authors hailing from France?";
  assert_int_equal(recall_create(&r, NULL), EMEND_OK);
  assert_int_equal(recall_put(r, it, 2, NULL), EMEND_OK);
  recall_match m = find(l, r, asked);
  assert_int_equal(m.verdict, RECALL_HIT);
  assert_true(str_eq(m.sql, it[0].sql) && m.rebound.len == 0);
  assert_int_equal(recall_put(r, it + 2, 1, NULL), EMEND_OK);
  assert_int_not_equal(find(l, r, asked).verdict, RECALL_HIT);
  recall_free(r);
}

/* Confirmed as "volumes", asked by the table's own name: the dictionary knows that they are one.
 * What the schema knows apart stays apart, whatever a dictionary says. */
static void the_schemas_own_name_stands_for_a_synonym(void **state) {
  library *l = *state;
  recall *r = NULL;
  synonyms *syn = NULL;
  recall_match m;
  recall_record it = record(l, "fz_1", "How many volumes have a price above 15?",
                            "SELECT count(*) FROM book WHERE price > 15");
  assert_int_equal(synonyms_open(EMEND_SOURCE_DIR "/models/synonyms.bin", &syn, NULL), EMEND_OK);
  assert_non_null(syn);
  const recall_options opt = {.synonyms = syn};
  assert_int_equal(recall_create(&r, NULL), EMEND_OK);
  assert_int_equal(recall_put(r, &it, 1, NULL), EMEND_OK);
  assert_int_equal(recall_find(r, &l->at, 1, STR("How many books have a price above 15?"), &opt,
                               l->db.a, &m, NULL),
                   EMEND_OK);
  assert_int_equal(m.verdict, RECALL_HIT);
  assert_int_equal(recall_find(r, &l->at, 1, STR("How many authors have a price above 15?"), &opt,
                               l->db.a, &m, NULL),
                   EMEND_OK);
  assert_int_not_equal(m.verdict, RECALL_HIT);
  recall_free(r);
  synonyms_close(syn);
}

/* "Made" says little, but not beside a column that is called so. */
static void a_light_word_of_the_schema_is_a_name(void **state) {
  (void)state;
  library l = {0};
  recall *r = NULL;
  assert_true(database_create(&l.db,
                              "CREATE TABLE claim (claim_id INTEGER, date_made DATE,"
                              "  date_settled DATE, sum_settled REAL)"));
  assert_int_equal(database_load(&l.db, NULL, &l.cat, NULL), EMEND_OK);
  l.at = (recall_source){URL, l.cat};
  recall_record it[2] = {
      record(&l, "fz_1", "What is the earliest date a claim was made?",
             "SELECT min(date_made) FROM claim"),
      record(&l, "fz_2", "Find the number of settlements made for all the claims.",
             "SELECT count(date_settled) FROM claim")};
  assert_int_equal(recall_create(&r, NULL), EMEND_OK);
  assert_int_equal(recall_put(r, it, 2, NULL), EMEND_OK);
  assert_int_not_equal(find(&l, r, "What is the earliest date a claim was settled?").verdict,
                       RECALL_HIT);
  assert_int_not_equal(
      find(&l, r, "Find the number of settlements settled for all the claims.").verdict,
      RECALL_HIT);
  recall_free(r);
  catalog_unref(l.cat);
  database_drop(&l.db);
}

static void another_source_is_a_miss(void **state) {
  library *l = *state;
  recall *r = NULL;
  recall_record it = record(l, "fz_1", "How many books are there?", "SELECT count(*) FROM book");
  assert_int_equal(recall_create(&r, NULL), EMEND_OK);
  assert_int_equal(recall_put(r, &it, 1, NULL), EMEND_OK);
  recall_source other = {STR("sqlite:/other.db"), l->cat};
  recall_match m;
  assert_int_equal(recall_find(r, &other, 1, it.question, NULL, l->db.a, &m, NULL), EMEND_OK);
  assert_int_equal(m.verdict, RECALL_MISS);
  recall_free(r);
}

static void what_is_removed_or_in_review_is_not_found(void **state) {
  library *l = *state;
  recall *r = NULL;
  recall_record it[2] = {
      record(l, "fz_1", "How many books are there?", "SELECT count(*) FROM book"),
      record(l, "fz_2", "How many loans are there?", "SELECT count(*) FROM loan")};
  it[1].review = true;
  assert_int_equal(recall_create(&r, NULL), EMEND_OK);
  assert_int_equal(recall_put(r, it, 2, NULL), EMEND_OK);
  recall_match m = find(l, r, "how many loans are there");
  assert_int_equal(m.verdict, RECALL_MISS);
  m = find(l, r, "count the books");
  assert_int_equal(m.verdict, RECALL_HIT);
  recall_remove(r, STR("fz_1"));
  m = find(l, r, "count the books");
  assert_int_equal(m.verdict, RECALL_MISS);
  recall_free(r);
}

static void a_changed_table_is_drift(void **state) {
  library *l = *state;
  str facts;
  assert_int_equal(recall_describe(STR("SELECT title FROM book JOIN author USING (author_id) WHERE "
                                       "country = 'France'"),
                                   l->cat, l->db.a, &facts, NULL),
                   EMEND_OK);
  assert_int_equal(recall_drift(facts, l->cat, l->db.a).len, 0);
  database other;
  source *s = NULL;
  catalog *cat = NULL;
  assert_true(database_create(&other, LIBRARY_SCHEMA LIBRARY_ROWS
                              "UPDATE author SET country = 'FR' WHERE country = 'France';"));
  assert_int_equal(source_open(other.path, &s, NULL), EMEND_OK);
  assert_int_equal(catalog_load(s, STR("library"), NULL, &cat, NULL), EMEND_OK);
  assert_true(str_find(recall_drift(facts, cat, l->db.a), STR("France"), 0) != SIZE_MAX);
  catalog_unref(cat);
  source_close(s);
  database_drop(&other);
  assert_true(database_create(&other, LIBRARY_SCHEMA "ALTER TABLE book ADD COLUMN isbn TEXT;"));
  assert_int_equal(source_open(other.path, &s, NULL), EMEND_OK);
  assert_int_equal(catalog_load(s, STR("library"), NULL, &cat, NULL), EMEND_OK);
  assert_true(str_find(recall_drift(facts, cat, l->db.a), STR("book"), 0) != SIZE_MAX);
  catalog_unref(cat);
  source_close(s);
  database_drop(&other);
}

static void a_taught_word_turns_near_into_hit(void **state) {
  library *l = *state;
  recall *r = NULL;
  recall_word_pairs pairs;
  recall_record it = record(l, "fz_1", "the towns with more than 500 visitors",
                            "SELECT town FROM festival WHERE visitors > 500");
  assert_int_equal(recall_create(&r, NULL), EMEND_OK);
  assert_int_equal(recall_put(r, &it, 1, NULL), EMEND_OK);
  const char *question = "the burghs with more than 500 visitors";
  recall_match m = find(l, r, question);
  assert_int_equal(m.verdict, RECALL_NEAR);
  assert_true(m.differs.len > 0);
  assert_true(recall_compare(r, it.id, str_from(question), l->cat, NULL, l->db.a, &pairs));
  assert_int_equal(pairs.len, 1);
  assert_int_equal(recall_teach(r, URL, pairs.items[0].word, pairs.items[0].other, NULL), EMEND_OK);
  m = find(l, r, question);
  assert_int_equal(m.verdict, RECALL_HIT);
  recall_free(r);
}

static void what_was_refused_is_not_asked_again(void **state) {
  library *l = *state;
  recall *r = NULL;
  str refused = STR("the burghs with more than 500 visitors");
  recall_record it = record(l, "fz_1", "the towns with more than 500 visitors",
                            "SELECT town FROM festival WHERE visitors > 500");
  it.refused = &refused;
  it.n_refused = 1;
  assert_int_equal(recall_create(&r, NULL), EMEND_OK);
  assert_int_equal(recall_put(r, &it, 1, NULL), EMEND_OK);
  recall_match m = find(l, r, refused.ptr);
  assert_int_equal(m.verdict, RECALL_MISS);
  recall_free(r);
}

/* ---- readers beside a writer ---- */

typedef struct race {
  library *l;
  recall *r;
  atomic_bool stop;
  atomic_int wrong;
} race;

static void *read_on(void *arg) {
  race *x = arg;
  arena *a = arena_create(16 << 20);
  while (!atomic_load(&x->stop)) {
    recall_match m;
    arena_reset(a);
    if (recall_find(x->r, &x->l->at, 1, STR("how many books are there"), NULL, a, &m, NULL) ||
        m.verdict != RECALL_HIT || !str_eq(m.sql, STR("SELECT count(*) FROM book")))
      atomic_fetch_add(&x->wrong, 1);
  }
  arena_destroy(a);
  return NULL;
}

static void readers_never_wait_nor_miss(void **state) {
  library *l = *state;
  race x = {.l = l};
  pthread_t threads[4];
  recall_record it = record(l, "fz_0", "How many books are there?", "SELECT count(*) FROM book");
  assert_int_equal(recall_create(&x.r, NULL), EMEND_OK);
  assert_int_equal(recall_put(x.r, &it, 1, NULL), EMEND_OK);
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, read_on, &x);
  for (int i = 1; i < 300; i++) {
    recall_record other = it;
    other.id = str_from(arena_printf(l->db.a, "fz_%d", i % 100 + 1));
    other.question = str_from(arena_printf(l->db.a, "list loans of day %d", i));
    other.sql = str_from(arena_printf(l->db.a, "SELECT * FROM loan WHERE days_late = %d", i));
    assert_int_equal(recall_put(x.r, &other, 1, NULL), EMEND_OK);
    if (i % 7 == 0) recall_remove(x.r, other.id);
  }
  atomic_store(&x.stop, true);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  assert_int_equal(atomic_load(&x.wrong), 0);
  recall_free(x.r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(questions_are_told_apart, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_witness_settles_what_words_leave_open, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_witness_is_asked_of_what_it_cannot_overlook, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(the_confirmed_text_is_found_as_any_other, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_rival_that_comes_to_the_same_is_none, set_up, tear_down),
      cmocka_unit_test_setup_teardown(the_schemas_own_name_stands_for_a_synonym, set_up, tear_down),
      cmocka_unit_test(a_light_word_of_the_schema_is_a_name),
      cmocka_unit_test_setup_teardown(two_that_fit_are_none, set_up, tear_down),
      cmocka_unit_test_setup_teardown(another_source_is_a_miss, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_is_removed_or_in_review_is_not_found, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_changed_table_is_drift, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_taught_word_turns_near_into_hit, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_was_refused_is_not_asked_again, set_up, tear_down),
      cmocka_unit_test_setup_teardown(readers_never_wait_nor_miss, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
