/* retrieve/link: words of a question find the tables, columns and stored values they mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "model/features.h"
#include "retrieve/link.h"
#include "retrieve/retrieve.h"
#include "support/database.h"

static const char *const SCHEMA =
    "CREATE TABLE farm (farm_id INTEGER PRIMARY KEY, name TEXT, country TEXT, is_organic TEXT);"
    "CREATE TABLE harvest (harvest_id INTEGER PRIMARY KEY, farm_id INTEGER REFERENCES "
    "farm(farm_id),"
    "  crop TEXT, harvestdate DATE, total_yield REAL, deptcode TEXT);"
    "INSERT INTO farm VALUES (1,'Green Hill','France','T'),(2,'Old Mill','Italy','F'),"
    "  (3,'Salt Marsh','Europe','F'),(4,'Low Meadow','France','T');"
    "INSERT INTO harvest VALUES (1,1,'Durum Wheat','2023-05-01',10.5,'X1'),"
    "  (2,2,'Olives','2024-06-01',7.25,'X2'),(3,2,'Olive','2024-07-01',7,'X1');";

static catalog *cat;
static arena *mem;

static int make_catalog(void **state) {
  (void)state;
  cat = database_catalog(SCHEMA, NULL);
  mem = arena_create((size_t)1 << 26);
  return cat && mem ? 0 : -1;
}

static int drop_catalog(void **state) {
  (void)state;
  catalog_unref(cat);
  arena_destroy(mem);
  return 0;
}

typedef struct linked {
  link_question q;
  link_schema s;
  link_values v;
  link_result r;
} linked;

static linked link_all(const char *question, const link_options *opt) {
  linked x;
  assert_int_equal(link_question_read(str_from(question), mem, &x.q), EMEND_OK);
  assert_int_equal(link_schema_read(cat, mem, &x.s), EMEND_OK);
  assert_int_equal(link_values_find(&x.q, &x.s, cat, opt ? opt->synonyms : NULL, mem, &x.v),
                   EMEND_OK);
  assert_int_equal(link_names_find(&x.q, &x.s, &x.v, opt, mem, &x.r), EMEND_OK);
  return x;
}

static int column_of(const linked *x, const char *name) {
  for (int i = 0; i < x->s.n_columns; i++)
    if (str_eq(cat->columns[x->s.columns[i].id].name, str_from(name))) return i;
  fail_msg("no column %s", name);
  return -1;
}

static int word_of(const linked *x, const char *lower) {
  for (int i = 0; i < x->q.n; i++)
    if (str_eq(x->q.words[i].lower, str_from(lower))) return i;
  fail_msg("no word %s", lower);
  return -1;
}

static link_kind column_link(const linked *x, const char *word, const char *column) {
  return (link_kind)x->r.columns[word_of(x, word) * x->s.n_columns + column_of(x, column)];
}

static const link_value *value_of(const linked *x, const char *text) {
  for (int i = 0; i < x->v.n; i++)
    if (str_eq(x->v.items[i].text, str_from(text))) return &x->v.items[i];
  return NULL;
}

static void whole_names_beat_parts(void **state) {
  (void)state;
  linked x = link_all("What is the total yield of each harvest date?", NULL);
  assert_int_equal(column_link(&x, "total", "total_yield"), LINK_EXACT);
  assert_int_equal(column_link(&x, "yield", "total_yield"), LINK_EXACT);
  assert_int_equal(column_link(&x, "date", "harvestdate"), LINK_EXACT); /* run together */
  assert_int_equal(column_link(&x, "harvest", "harvest_id"), LINK_PARTIAL);
  assert_int_equal(column_link(&x, "each", "name"), LINK_NONE);
  linked y = link_all("Which department codes are there?", NULL);
  assert_true(column_link(&y, "codes", "deptcode") >= LINK_NONE);
}

static void plurals_name_tables(void **state) {
  (void)state;
  linked x = link_all("How many farms are there?", NULL);
  assert_int_equal(x.r.tables[word_of(&x, "farms") * x.s.n_tables + 0], LINK_EXACT);
  assert_int_equal(x.r.tables[word_of(&x, "farms") * x.s.n_tables + 1], LINK_NONE);
}

static void stored_values_are_found_longest_first(void **state) {
  (void)state;
  linked x = link_all("Show the yield of durum wheat in France", NULL);
  const link_value *wheat = value_of(&x, "durum wheat");
  assert_non_null(wheat);
  assert_true(wheat->flags & LINK_VAL_STORED);
  assert_true(str_eq(wheat->cells[0].stored, STR("Durum Wheat")));
  assert_int_equal(wheat->cells[0].column, column_of(&x, "crop"));
  assert_int_equal(column_link(&x, "wheat", "crop"), LINK_VALUE);
  assert_non_null(value_of(&x, "France"));
  assert_null(value_of(&x, "wheat"));
}

static void expect_near(const linked *x, const char *said, const char *stored) {
  const link_value *v = value_of(x, said);
  assert_non_null(v);
  assert_int_equal(v->n_cells, 1);
  assert_true(v->cells[0].near);
  assert_true(str_eq(v->cells[0].stored, str_from(stored)));
}

static void other_forms_of_a_value_are_near(void **state) {
  (void)state;
  linked x = link_all("List the Italian and European farms with French owners", NULL);
  expect_near(&x, "Italian", "Italy");
  expect_near(&x, "European", "Europe");
  expect_near(&x, "French", "France");
}

static void another_word_for_a_kind_that_is_stored_is_near(void **state) {
  (void)state;
  catalog *one = cat;
  synonyms *syn;
  cat = database_catalog(
      "CREATE TABLE member (id INTEGER PRIMARY KEY, nick TEXT, job TEXT, has TEXT);"
      "INSERT INTO member (nick, job, has) VALUES ('Ace', 'Doctor', 'dog'), ('Pal', 'Doctor', "
      "'cat'), ('Sage', 'Engineer', 'dog');",
      NULL);
  assert_non_null(cat);
  assert_int_equal(synonyms_open(EMEND_SOURCE_DIR "/models/synonyms.bin", &syn, NULL), EMEND_OK);
  const link_options opt = {.synonyms = syn};
  const char *question = "Which physicians who are no buddies have puppies in business?";
  linked x = link_all(question, &opt);
  expect_near(&x, "physicians", "Doctor");
  expect_near(&x, "puppies", "dog");
  /* "pal" is only somebody's name here, and a job's name is the column's. */
  assert_int_equal(value_of(&x, "buddies")->n_cells, 0);
  assert_int_equal(value_of(&x, "business")->n_cells, 0);
  linked without = link_all(question, NULL);
  assert_int_equal(value_of(&without, "physicians")->n_cells, 0);
  /* A capital makes a name of it. */
  linked name = link_all("What does Puppy have?", &opt);
  assert_int_equal(value_of(&name, "Puppy")->n_cells, 0);
  synonyms_close(syn);
  catalog_unref(cat);
  cat = one;
}

/* Another digit is another day, and no typing error. */
static void a_day_is_near_to_no_other(void **state) {
  (void)state;
  catalog *one = cat;
  cat = database_catalog(
      "CREATE TABLE sale (id INTEGER PRIMARY KEY, day TEXT, model TEXT);"
      "INSERT INTO sale (day, model) VALUES ('2025-06-14', 'Heron-3000'), ('2025-05-01', 'x');",
      NULL);
  assert_non_null(cat);
  linked x = link_all("Sales of 2025-06-15, of the Heron-3001 and of the Herron-3000", NULL);
  for (int i = 0; i < x.v.n; i++)
    for (int k = 0; k < x.v.items[i].n_cells; k++)
      assert_true(str_eq(x.v.items[i].cells[k].stored, STR("Heron-3000")));
  catalog_unref(cat);
  cat = one;
}

static void of_several_spellings_the_one_that_was_asked_for_is_taken(void **state) {
  (void)state;
  catalog *one = cat;
  cat = database_catalog(
      "CREATE TABLE shop (id INTEGER PRIMARY KEY, city TEXT);"
      "INSERT INTO shop (city) VALUES ('bergen '), ('bergen '), ('Bergen'),"
      "  ('Oslo'), ('OSLO'), ('OSLO');",
      NULL);
  assert_non_null(cat);
  linked x = link_all("Which shops are in Bergen or oslo?", NULL);
  const link_value *asked = value_of(&x, "Bergen"), *other = value_of(&x, "oslo");
  assert_non_null(asked);
  assert_int_equal(asked->n_cells, 1);
  assert_true(str_eq(asked->cells[0].stored, STR("Bergen")));
  assert_non_null(other);
  assert_true(str_eq(other->cells[0].stored, STR("OSLO")));
  catalog_unref(cat);
  cat = one;
}

static const char *const TRACKS =
    "CREATE TABLE track (id INTEGER PRIMARY KEY, name TEXT, milliseconds INTEGER, plays INTEGER);"
    "CREATE TABLE sale (id INTEGER PRIMARY KEY, day DATE, postal_code TEXT, model TEXT);"
    "INSERT INTO sale VALUES (1,'2010-03-01','2010','2012'),(2,'2012-05-01','2012','2010'),"
    "  (3,'2013-05-01','SW1','X5');";

static void a_year_is_no_code_that_looks_like_it(void **state) {
  (void)state;
  catalog *one = cat;
  cat = database_catalog(TRACKS, NULL);
  assert_non_null(cat);
  const char *years[] = {"How many sales in 2010?", "Sales of March 2010"};
  for (int i = 0; i < 2; i++) {
    linked x = link_all(years[i], NULL);
    const link_value *v = value_of(&x, "2010");
    assert_non_null(v);
    assert_int_equal(v->n_cells, 1);
    assert_int_equal(v->cells[0].column, column_of(&x, "model"));
  }
  linked x = link_all("How many sales with postal code 2010?", NULL);
  assert_int_equal(value_of(&x, "2010")->n_cells, 2);
  catalog_unref(cat);
  cat = one;
}

static void a_number_with_a_unit_is_what_the_column_measures_in(void **state) {
  (void)state;
  catalog *one = cat;
  cat = database_catalog(TRACKS, NULL);
  assert_non_null(cat);
  linked x = link_all("Tracks of 2 to 5 minutes with more than 7 plays", NULL);
  assert_int_equal(link_units_find(&x.q, &x.s, mem, &x.v), EMEND_OK);
  const link_value *two = value_of(&x, "2"), *five = value_of(&x, "5"), *seven = value_of(&x, "7");
  assert_int_equal(two->n_cells, 1);
  assert_int_equal(two->cells[0].column, column_of(&x, "milliseconds"));
  assert_true(str_eq(two->cells[0].stored, STR("120000")));
  assert_true(str_eq(five->cells[0].stored, STR("300000")));
  assert_int_equal(seven->n_cells, 0);
  catalog_unref(cat);
  cat = one;
}

static void numbers_quotes_and_leftovers_are_candidates(void **state) {
  (void)state;
  linked x =
      link_all("Which farms yield more than 1,000 or three with \"Blue Bird\" in ships?", NULL);
  assert_non_null(value_of(&x, "1,000"));
  assert_true(value_of(&x, "1,000")->number == 1000);
  assert_true(value_of(&x, "three")->flags & LINK_VAL_NUMBER_WORD);
  assert_true(value_of(&x, "Blue Bird")->flags & LINK_VAL_QUOTED);
  assert_true(value_of(&x, "ships")->flags & LINK_VAL_LEFTOVER);
  assert_null(value_of(&x, "farms"));
}

static void a_taught_word_links(void **state) {
  (void)state;
  linked plain = link_all("Show the tonnage of each crop", NULL);
  link_alias al = {.column = cat->columns[column_of(&plain, "total_yield")].id, .table = -1};
  assert_int_equal(link_name_read(STR("tonnage"), mem, &al.phrase), EMEND_OK);
  link_options opt = {.aliases = &al, .n_aliases = 1};
  linked taught = link_all("Show the tonnage of each crop", &opt);
  assert_int_equal(column_link(&plain, "tonnage", "total_yield"), LINK_NONE);
  assert_int_equal(column_link(&taught, "tonnage", "total_yield"), LINK_ALIAS);
}

static void a_part_of_a_schema_keeps_its_ids_and_keys(void **state) {
  (void)state;
  linked x = link_all("Durum Wheat in France", NULL);
  bool keep[16] = {false};
  int id = cat->columns[column_of(&x, "farm_id")].id;
  int crop = column_of(&x, "crop"), country = column_of(&x, "country");
  for (int i = 0; i < x.s.n_columns; i++)
    keep[i] = i == crop || i == country || str_eq(cat->columns[i].name, STR("farm_id"));
  assert_int_equal(link_schema_keep(&x.s, &x.v, keep, mem), EMEND_OK);
  assert_int_equal(x.s.n_columns, 4);
  assert_int_equal(x.s.n_tables, 2);
  assert_int_equal(x.s.n_fkeys, 1);
  assert_int_equal(x.s.columns[x.s.fkeys[0].to].id, id);
  const link_value *wheat = value_of(&x, "Durum Wheat");
  assert_true(str_eq(cat->columns[x.s.columns[wheat->cells[0].column].id].name, STR("crop")));
}

static void every_pair_of_nodes_has_its_relation(void **state) {
  (void)state;
  linked x = link_all("Total yield of Durum Wheat by farm", NULL);
  features f;
  assert_int_equal(features_build(&x.q, &x.s, &x.v, &x.r, mem, &f), EMEND_OK);
  assert_int_equal(f.n, x.q.n + x.s.n_columns + x.s.n_tables + x.v.n);
  for (int i = 0; i < f.n; i++)
    for (int j = 0; j < f.n; j++) assert_true(f.rel[i * f.n + j] < N_RELATIONS);
  int from = features_column(&f, column_of(&x, "harvest_id") + 1); /* harvest.farm_id */
  int to = features_column(&f, column_of(&x, "farm_id"));
  assert_int_equal(f.rel[from * f.n + to], REL_COLUMN_REFERENCES);
  assert_int_equal(f.rel[to * f.n + from], REL_COLUMN_REFERENCED);
  assert_int_equal(f.rel[features_table(&f, 1) * f.n + features_table(&f, 0)],
                   REL_TABLE_REFERENCES);
  int value = features_value(&f, (int)(value_of(&x, "Durum Wheat") - x.v.items));
  assert_int_equal(f.rel[value * f.n + features_column(&f, column_of(&x, "crop"))],
                   REL_VALUE_COLUMN_STORED);
}

static void other_words_link_by_how_close_they_are(void **state) {
  (void)state;
  synonyms *syn;
  assert_int_equal(synonyms_open(EMEND_SOURCE_DIR "/models/synonyms.bin", &syn, NULL), EMEND_OK);
  const link_options opt = {.synonyms = syn};
  linked x = link_all("Which produce was grown on each ranch of the state?", &opt);
  features f;
  assert_int_equal(x.r.tables[word_of(&x, "ranch") * x.s.n_tables + 0], LINK_RELATED);
  linked y = link_all("Which crop gave the most?", &opt);
  assert_int_equal(y.r.tables[word_of(&y, "crop") * y.s.n_tables + 1], LINK_SYNONYM);
  assert_int_equal(features_build(&y.q, &y.s, &y.v, &y.r, mem, &f), EMEND_OK);
  int word = word_of(&y, "crop"), table = features_table(&f, 1);
  assert_int_equal(f.rel[word * f.n + table], REL_WORD_TABLE_SYNONYM);
  assert_int_equal(f.rel[table * f.n + word], REL_TABLE_WORD_SYNONYM);
  synonyms_close(syn);
}

static void phrases_link_as_one_word_does(void **state) {
  catalog *shop = cat;
  synonyms *syn;
  (void)state;
  cat = database_catalog("CREATE TABLE t(first_name TEXT, last_name TEXT, zip TEXT);", NULL);
  assert_int_equal(synonyms_open(EMEND_SOURCE_DIR "/models/synonyms.bin", &syn, NULL), EMEND_OK);
  const link_options opt = {.synonyms = syn};
  linked x = link_all("Show the given names and surnames in each postal code", &opt);
  assert_int_equal(column_link(&x, "given", "first_name"), LINK_SYNONYM);
  assert_int_equal(column_link(&x, "given", "last_name"), LINK_NONE);
  assert_int_equal(column_link(&x, "surnames", "last_name"), LINK_SYNONYM);
  assert_int_equal(column_link(&x, "postal", "zip"), LINK_SYNONYM);
  assert_int_equal(column_link(&x, "code", "zip"), LINK_SYNONYM);
  synonyms_close(syn);
  catalog_unref(cat);
  cat = shop;
}

static void what_people_say_links_where_nothing_is_named(void **state) {
  catalog *shop = cat;
  synonyms *said;
  features f;
  (void)state;
  cat = database_catalog(
      "CREATE TABLE hall(hall_id INTEGER, customer_name TEXT, name TEXT, "
      "capacity INTEGER, age INTEGER, customer_code TEXT);",
      NULL);
  assert_int_equal(synonyms_open(EMEND_SOURCE_DIR "/models/sayings.bin", &said, NULL), EMEND_OK);
  assert_non_null(said);
  const link_options opt = {.sayings = said};
  linked x =
      link_all("How many seats have halls older than these, and what are client names?", &opt);
  assert_int_equal(column_link(&x, "seats", "capacity"), LINK_SAID);
  assert_int_equal(column_link(&x, "older", "age"), LINK_SAID);
  assert_int_equal(column_link(&x, "halls", "capacity"), LINK_NONE);
  assert_int_equal(column_link(&x, "client", "customer_name"), LINK_EXACT);
  assert_int_equal(column_link(&x, "names", "customer_name"), LINK_EXACT);
  assert_int_equal(column_link(&x, "client", "customer_code"), LINK_SAID);
  linked named = link_all("Which capacity for how many seats?", &opt);
  assert_int_equal(column_link(&named, "seats", "capacity"), LINK_NONE);
  assert_int_equal(features_build(&x.q, &x.s, &x.v, &x.r, mem, &f), EMEND_OK);
  int word = word_of(&x, "seats"), column = features_column(&f, column_of(&x, "capacity"));
  assert_int_equal(f.rel[word * f.n + column], REL_WORD_COLUMN_SAID);
  assert_int_equal(f.rel[column * f.n + word], REL_COLUMN_WORD_SAID);
  synonyms_close(said);
  catalog_unref(cat);
  cat = shop;
}

static void what_people_say_links_though_it_is_stored_somewhere(void **state) {
  catalog *shop = cat;
  synonyms *said;
  (void)state;
  cat = database_catalog(
      "CREATE TABLE hall(hall_id INTEGER, kind TEXT, capacity INTEGER);"
      "INSERT INTO hall VALUES (1, 'Seats', 10), (2, 'seats of wood', 20);",
      NULL);
  assert_int_equal(synonyms_open(EMEND_SOURCE_DIR "/models/sayings.bin", &said, NULL), EMEND_OK);
  const link_options opt = {.sayings = said};
  linked x = link_all("How many seats are there?", &opt);
  assert_int_equal(value_of(&x, "seats")->n_cells, 1);
  assert_int_equal(column_link(&x, "seats", "capacity"), LINK_SAID);
  /* One that is named or stands in a longer value is one. */
  linked quoted = link_all("How many halls have \"seats\"?", &opt);
  assert_int_equal(column_link(&quoted, "seats", "capacity"), LINK_NONE);
  linked longer = link_all("How many halls have seats of wood?", &opt);
  assert_int_equal(column_link(&longer, "seats", "capacity"), LINK_NONE);
  synonyms_close(said);
  catalog_unref(cat);
  cat = shop;
}

static void hostile_questions_are_read(void **state) {
  (void)state;
  static char long_text[1 << 16];
  memset(long_text, 'x', sizeof long_text - 1);
  for (size_t i = 5; i < sizeof long_text - 1; i += 7) long_text[i] = ' ';
  const char *asked[] = {"", "???", "\xff\xfe farms", long_text, "数 farms ñandú", "''''\"\"\""};
  for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
    linked x = link_all(asked[i], NULL);
    assert_true(x.q.n <= LINK_MAX_WORDS);
    assert_true(x.v.n <= LINK_MAX_VALUES);
  }
}

static void the_table_that_is_asked_for_ranks_first(void **state) {
  (void)state;
  retrieve_result r;
  emend_error err;
  const catalog *cats[] = {cat};
  assert_int_equal(retrieve_rank(cats, 1, STR("total yield of durum wheat"), mem, &r, &err),
                   EMEND_OK);
  assert_true(str_eq(cat->tables[r.tables.items[0].id].name, STR("harvest")));
  assert_true(str_eq(cat->columns[r.columns.items[0].id].name, STR("total_yield")) ||
              str_eq(cat->columns[r.columns.items[0].id].name, STR("crop")));
  assert_int_equal(r.values.len, 1);
  assert_true(str_eq(r.values.items[0].stored, STR("Durum Wheat")));
}

static void running_out_of_memory_is_reported(void **state) {
  (void)state;
  const catalog *cats[] = {cat};
  for (long n = 1; n < 4000; n++) {
    arena *a = arena_create((size_t)1 << 26);
    retrieve_result r;
    emend_error err;
    mem_fail_at(n);
    emend_rc rc = retrieve_rank(cats, 1, STR("farms in Italy with 3 crops"), a, &r, &err);
    long made = mem_requests();
    mem_fail_at(0);
    arena_destroy(a);
    assert_true(rc == EMEND_OK || rc == EMEND_ENOMEM);
    if (made < n) {
      assert_int_equal(rc, EMEND_OK);
      return;
    }
  }
  fail_msg("never finished");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whole_names_beat_parts),
      cmocka_unit_test(plurals_name_tables),
      cmocka_unit_test(stored_values_are_found_longest_first),
      cmocka_unit_test(other_forms_of_a_value_are_near),
      cmocka_unit_test(another_word_for_a_kind_that_is_stored_is_near),
      cmocka_unit_test(a_day_is_near_to_no_other),
      cmocka_unit_test(of_several_spellings_the_one_that_was_asked_for_is_taken),
      cmocka_unit_test(a_year_is_no_code_that_looks_like_it),
      cmocka_unit_test(a_number_with_a_unit_is_what_the_column_measures_in),
      cmocka_unit_test(numbers_quotes_and_leftovers_are_candidates),
      cmocka_unit_test(a_taught_word_links),
      cmocka_unit_test(a_part_of_a_schema_keeps_its_ids_and_keys),
      cmocka_unit_test(every_pair_of_nodes_has_its_relation),
      cmocka_unit_test(other_words_link_by_how_close_they_are),
      cmocka_unit_test(phrases_link_as_one_word_does),
      cmocka_unit_test(what_people_say_links_where_nothing_is_named),
      cmocka_unit_test(what_people_say_links_though_it_is_stored_somewhere),
      cmocka_unit_test(hostile_questions_are_read),
      cmocka_unit_test(the_table_that_is_asked_for_ranks_first),
      cmocka_unit_test(running_out_of_memory_is_reported),
  };
  return cmocka_run_group_tests(tests, make_catalog, drop_catalog);
}
