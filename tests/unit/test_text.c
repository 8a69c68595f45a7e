/* text: questions fall into the same words every time, identifiers into the words they are made
 * of, and similarity is symmetric and bounded. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "text/text.h"

static arena *A;

static int make_arena(void **state) {
  (void)state;
  A = arena_create((size_t)1 << 30);
  return A ? 0 : -1;
}

static int drop_arena(void **state) {
  (void)state;
  arena_destroy(A);
  return 0;
}

/* The words of `question` as "a|b|c"; numbers as "raw=value", dates "raw@", quoted "<raw>". */
static const char *shape(const char *question) {
  text_words w;
  assert_true(text_tokenize(str_from(question), A, &w));
  buf b;
  buf_init(&b, 1 << 20);
  for (size_t i = 0; i < w.len; i++) {
    const text_word *x = &w.items[i];
    if (i) buf_add_c(&b, '|');
    if (x->quoted) buf_add_c(&b, '<');
    buf_add(&b, x->raw);
    if (x->quoted) buf_add_c(&b, '>');
    if (x->is_number) buf_printf(&b, "=%g", x->number);
    if (x->is_date) buf_add_c(&b, '@');
  }
  const char *out = arena_strndup(A, b.ptr, b.len);
  buf_free(&b);
  return out;
}

static void words_and_punctuation_come_in_order(void **state) {
  (void)state;
  assert_string_equal(shape("How many singers are there?"), "How|many|singers|are|there|?");
  assert_string_equal(shape(""), "");
  assert_string_equal(shape("  \t\n"), "");
  assert_string_equal(shape("a,b (c)"), "a|,|b|(|c|)");
}

static void apostrophes_end_words_or_stay_inside(void **state) {
  (void)state;
  assert_string_equal(shape("the singer's name"), "the|singer|'s|name");
  assert_string_equal(shape("the singer’s name"), "the|singer|’s|name");
  assert_string_equal(shape("singers' names"), "singers|'|names");
  assert_string_equal(shape("O'Brien don't"), "O'Brien|don't");
  text_words w;
  assert_true(text_tokenize(STR("the singer’s name"), A, &w));
  assert_true(str_eq(w.items[2].lower, STR("'s")));
  assert_true(text_is_stopword(w.items[2].lower));
}

static void acronyms_stay_whole_and_compounds_split(void **state) {
  (void)state;
  assert_string_equal(shape("the U.S. army"), "the|U.S.|army");
  assert_string_equal(shape("in U.S.A"), "in|U.S.A");
  assert_string_equal(shape("full-time staff"), "full|time|staff");
  assert_string_equal(shape("customer_id"), "customer|id");
  assert_string_equal(shape("plan B. Then"), "plan|B|.|Then");
  assert_string_equal(shape("AT&T"), "AT|&|T");
}

static void numbers_carry_their_value(void **state) {
  (void)state;
  assert_string_equal(shape("3 1,000 2.5 .5"), "3=3|1,000=1000|2.5=2.5|.5=0.5");
  assert_string_equal(shape("$50 and 20%"), "$|50=50|and|20=20|%");
  assert_string_equal(shape("20th 1st 1990s 10k"), "20th=20|1st=1|1990s=1990|10k=10000");
  assert_string_equal(shape("below -5, not 3-5"), "below|-5=-5|,|not|3=3|5=5");
  assert_string_equal(shape("three dozen, twenty-one"), "three dozen=36|,|twenty-one=21");
  assert_string_equal(shape("two hundred or 2 million"), "two hundred=200|or|2 million=2e+06");
  assert_string_equal(shape("1,2,3 and 12,34"), "1=1|,|2=2|,|3=3|and|12=12|,|34=34");
  assert_string_equal(shape("3D A1 192.168.0.1"), "3D|A1|192.168.0.1");
  assert_string_equal(shape("it costs 5."), "it|costs|5=5|.");
  assert_string_equal(shape("１２ singers"), "１２=12|singers");
}

static void dates_are_one_word(void **state) {
  (void)state;
  assert_string_equal(shape("on 2014-03-05."), "on|2014-03-05@|.");
  assert_string_equal(shape("3/5/2014 05.03.2014"), "3/5/2014@|05.03.2014@");
  assert_string_equal(shape("2014-03 at 10:30"), "2014-03@|at|10:30@");
  assert_string_equal(shape("2014-03-05T10:30:00Z"), "2014-03-05T10:30:00Z@");
  assert_string_equal(shape("2014-2015"), "2014=2014|2015=2015");
  assert_string_equal(shape("1/2"), "1=1|/|2=2");
}

static void quotes_mark_the_words_inside(void **state) {
  (void)state;
  assert_string_equal(shape("named 'Rock Me' now"), "named|'|<Rock>|<Me>|'|now");
  assert_string_equal(shape("named \"Rock\" now"), "named|\"|<Rock>|\"|now");
  assert_string_equal(shape("named “Rock” now"), "named|“|<Rock>|”|now");
  assert_string_equal(shape("the 'Alice's Inn' bar"), "the|'|<Alice>|<'s>|<Inn>|'|bar");
  assert_string_equal(shape("students' grades in 'Art'"), "students|'|grades|in|'|<Art>|'");
  assert_string_equal(shape("the '90s"), "the|'|90s=90");
  assert_string_equal(shape("a \"b"), "a|\"|b");
}

static void spans_and_capitals_are_kept(void **state) {
  (void)state;
  text_words w;
  str q = STR("Élan of Paris");
  assert_true(text_tokenize(q, A, &w));
  assert_int_equal(w.len, 3);
  assert_true(w.items[0].capital && !w.items[1].capital && w.items[2].capital);
  assert_true(str_eq(w.items[0].lower, STR("élan")));
  for (size_t i = 0; i < w.len; i++)
    assert_true(str_eq(w.items[i].raw, str_slice(q, w.items[i].from, w.items[i].to)));
}

static void other_languages_pass_through(void **state) {
  (void)state;
  assert_string_equal(shape("有多少 singer"), "有|多|少|singer");
  assert_string_equal(shape("сколько певцов"), "сколько|певцов");
  assert_string_equal(shape("गायक कितने"), "गायक|कितने");
}

static void any_bytes_give_words_in_linear_time(void **state) {
  (void)state;
  static char big[1 << 18];
  const char *patterns[] = {"'a ", "\"a", "\xff", "“",    "1,",           "a-",   "'",
                            ".1",  "有",  "a.",   "\xc3", "two hundred ", "1-1-", "0:"};
  for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) {
    size_t n = strlen(patterns[p]);
    for (size_t i = 0; i < sizeof big; i++) big[i] = patterns[p][i % n];
    memset(big + sizeof big - 8, 'z', 8);
    arena *a = arena_create((size_t)1 << 30);
    text_words w;
    clock_t before = clock();
    assert_true(text_tokenize((str){big, sizeof big}, a, &w));
    assert_true(clock() - before < 5 * CLOCKS_PER_SEC); /* squared, it would be minutes */
    for (size_t i = 1; i < w.len; i++) assert_true(w.items[i].from >= w.items[i - 1].to);
    arena_destroy(a);
  }
  memset(big, 0, sizeof big);
  text_words w;
  assert_true(text_tokenize((str){big, 100}, A, &w));
  assert_int_equal(w.len, 0);
}

static const char *split(const char *name) {
  str words[12];
  int n = text_split_name(str_from(name), A, words, 12);
  buf b;
  buf_init(&b, 1 << 16);
  for (int i = 0; i < n; i++) buf_printf(&b, "%s%.*s", i ? " " : "", STR_ARG(words[i]));
  const char *out = arena_strndup(A, b.ptr, b.len);
  buf_free(&b);
  return out;
}

static void names_fall_into_their_words(void **state) {
  (void)state;
  const char *cases[][2] = {{"customerId", "customer id"},
                            {"CUSTOMER_ID", "customer id"},
                            {"Customer ID", "customer id"},
                            {"tblCust2", "tbl cust 2"},
                            {"HTTPServer", "http server"},
                            {"IDs", "ids"},
                            {"GNPOld", "gnp old"},
                            {"StuID", "stu id"},
                            {"first_name", "first name"},
                            {"2nd_place", "2nd place"},
                            {"address1", "address 1"},
                            {"dbo.Order-Items", "dbo order items"},
                            {"ÉcoleNom", "école nom"},
                            {"歌手", "歌手"},
                            {"__", ""},
                            {"", ""},
                            {"A", "a"},
                            {"aB", "a b"},
                            {"userIDsList", "user ids list"},
                            {"Q1Sales", "q 1 sales"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_string_equal(split(cases[i][0]), cases[i][1]);
  str two[2];
  assert_int_equal(text_split_name(STR("a_b_c"), A, two, 2), 2);
}

static const char *cstr(str s) { return arena_strndup(A, s.ptr, s.len); }

static void folding_and_normalising_ignore_spelling(void **state) {
  (void)state;
  assert_string_equal(cstr(text_fold(A, STR("ÉCOLE Straße"))), "école strasse");
  assert_string_equal(cstr(text_normalise(A, STR("  Crème--Brûlée! "))), "creme brulee");
  assert_string_equal(cstr(text_normalise(A, STR("AC/DC"))), "ac dc");
  assert_string_equal(cstr(text_normalise(A, STR("C++"))), "c++");
  assert_string_equal(cstr(text_normalise(A, STR("¿?"))), "");
  assert_string_equal(cstr(text_normalise(A, STR("नमस्ते"))), "नमस्ते");
  assert_true(utf8_valid(text_fold(A, STR("caf\xe9"))));
  assert_true(utf8_valid(text_normalise(A, STR("\xff\xfe"))));
  char wide[4000];
  for (size_t i = 0; i < sizeof wide; i += 2) memcpy(wide + i, "É", 2);
  assert_int_equal(text_normalise(A, (str){wide, sizeof wide}).len, sizeof wide / 2);
}

static void stems_join_forms_of_a_word(void **state) {
  (void)state;
  assert_string_equal(cstr(text_stem(A, STR("singers"))), "singer");
  assert_true(str_eq(text_stem(A, STR("cities")), text_stem(A, STR("city"))));
  assert_string_equal(cstr(text_stem(A, STR(""))), "");
}

static void *stem_often(void *arg) {
  arena *a = arena_create(1 << 24);
  bool *good = arg;
  for (int i = 0; i < 20000 && *good; i++) {
    *good = str_eq(text_stem(a, STR("running")), STR("run"));
    if (i % 1000 == 0) arena_reset(a);
  }
  arena_destroy(a);
  return NULL;
}

static void threads_stem_at_the_same_time(void **state) {
  (void)state;
  pthread_t threads[8];
  bool good[8];
  for (int i = 0; i < 8; i++) {
    good[i] = true;
    assert_int_equal(pthread_create(&threads[i], NULL, stem_often, &good[i]), 0);
  }
  for (int i = 0; i < 8; i++) {
    pthread_join(threads[i], NULL);
    assert_true(good[i]);
  }
}

static void number_words_have_values(void **state) {
  (void)state;
  struct {
    const char *word;
    double value;
    bool ordinal;
  } cases[] = {{"three", 3, false},        {"twenty-one", 21, false}, {"first", 1, true},
               {"thirty-third", 33, true}, {"dozen", 12, false},      {"22nd", 22, true},
               {"zero", 0, false},         {"billion", 1e9, false},   {"second", 2, true}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    double v = -1;
    bool ordinal = !cases[i].ordinal;
    assert_true(text_number_word(str_from(cases[i].word), &v, &ordinal));
    assert_true(v == cases[i].value && ordinal == cases[i].ordinal);
  }
  const char * not [] = {"", "singer", "five-one", "twenty-ten", "-", "th", "1x", "twenty-"};
  for (size_t i = 0; i < sizeof not / sizeof *not ; i++)
    assert_false(text_number_word(str_from(not [i]), NULL, NULL));
  const char *all[] = {"one",       "two",       "four",      "five",     "six",    "seven",
                       "eight",     "nine",      "ten",       "eleven",   "twelve", "thirteen",
                       "hundred",   "thousand",  "million",   "trillion", "once",   "twice",
                       "ninetieth", "eightieth", "sixteenth", "twelfth",  "fifth"};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    assert_true(text_number_word(str_from(all[i]), NULL, NULL));
}

static void stop_words_are_found(void **state) {
  (void)state;
  const char *yes[] = {"'s",    "a",      "the",     "show", "your",
                       "don't", "having", "weren't", "me",   "doing"};
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
    assert_true(text_is_stopword(str_from(yes[i])));
  assert_false(text_is_stopword(STR("singer")));
  assert_false(text_is_stopword(STR("")));
}

static void units_measure_and_codes_do_not(void **state) {
  (void)state;
  text_dimension d = TEXT_MONEY;
  double factor = 0;
  assert_true(text_unit(STR("minutes"), &d, &factor));
  assert_int_equal(d, TEXT_TIME);
  assert_float_equal(factor, 60, 0);
  assert_false(text_unit(STR("min"), &d, &factor));
  assert_float_equal(factor, 60, 0);
  assert_true(text_is_code(STR("zip")));
  assert_false(text_is_code(STR("idea")));
}

static void months_are_known_in_full_and_short(void **state) {
  (void)state;
  assert_int_equal(text_month(STR("march")), 3);
  assert_int_equal(text_month(STR("dec")), 12);
  assert_int_equal(text_month(STR("sept")), 9);
  assert_int_equal(text_month(STR("ma")), 0);
  assert_int_equal(text_month(STR("")), 0);
}

static void words_of_negation_are_known_contracted_or_not(void **state) {
  (void)state;
  assert_true(text_is_negation(STR("never")));
  assert_true(text_is_negation(STR("isn't")));
  assert_true(text_is_negation(STR("n't")));
  assert_false(text_is_negation(STR("now")));
  assert_false(text_is_negation(STR("")));
}

static void a_prefix_denies_what_follows_it(void **state) {
  (void)state;
  static const char *const cases[][2] = {{"inactive", "active"},
                                         {"unpaid", "paid"},
                                         {"unfit", "fit"},
                                         {"immature", "mature"},
                                         {"irregular", "regular"},
                                         {"illegal", "legal"},
                                         {"nonsmoking", "smoking"},
                                         {"disabled", "abled"},
                                         {"image", "age"},
                                         {"active", ""},
                                         {"into", ""},
                                         {"un", ""},
                                         {"", ""},
                                         {"Inactive", ""}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    str base = text_denied(str_from(cases[i][0]));
    assert_true(str_eq(base, str_from(cases[i][1])));
  }
}

static void edit_distance_counts_and_gives_up(void **state) {
  (void)state;
  assert_int_equal(text_edit_distance(STR("kitten"), STR("sitting"), 5), 3);
  assert_int_equal(text_edit_distance(STR("Nmae"), STR("name"), 3), 1);
  assert_int_equal(text_edit_distance(STR("abc"), STR("abc"), 0), 0);
  assert_int_equal(text_edit_distance(STR("abc"), STR("xyz"), 1), 2);
  assert_int_equal(text_edit_distance(STR(""), STR("abc"), 5), 3);
  assert_int_equal(text_edit_distance(STR(""), STR(""), 5), 0);
  assert_int_equal(text_edit_distance(STR("ca"), STR("abc"), 5), 3);
  char big[1000];
  memset(big, 'a', sizeof big);
  assert_int_equal(text_edit_distance((str){big, 1000}, (str){big, 998}, 3), 2);
  assert_int_equal(text_edit_distance((str){big, 1000}, STR("bbb"), 3000), 3001);
}

/* The textbook table, as an oracle for the banded one. */
static int slow_distance(str a, str b) {
  int d[24][24];
  for (int i = 0; i <= (int)a.len; i++)
    for (int j = 0; j <= (int)b.len; j++) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      int best = d[i - 1][j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);
      if (d[i - 1][j] + 1 < best) best = d[i - 1][j] + 1;
      if (d[i][j - 1] + 1 < best) best = d[i][j - 1] + 1;
      if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1] &&
          d[i - 2][j - 2] + 1 < best)
        best = d[i - 2][j - 2] + 1;
      d[i][j] = best;
    }
  return d[a.len][b.len];
}

static void edit_distance_agrees_with_the_full_table(void **state) {
  (void)state;
  uint32_t seed = 7;
  for (int round = 0; round < 20000; round++) {
    char x[20], y[20];
    size_t n[2];
    for (int side = 0; side < 2; side++) {
      seed = seed * 1664525u + 1013904223u;
      n[side] = (seed >> 16) % 20;
      for (size_t i = 0; i < n[side]; i++) {
        seed = seed * 1664525u + 1013904223u;
        (side ? y : x)[i] = (char)('a' + (seed >> 20) % 3);
      }
    }
    str a = {x, n[0]}, b = {y, n[1]};
    int full = slow_distance(a, b), max = (int)(seed >> 8) % 8;
    assert_int_equal(text_edit_distance(a, b, max), full <= max ? full : max + 1);
    assert_int_equal(text_edit_distance(b, a, max), text_edit_distance(a, b, max));
  }
}

static void trigram_similarity_is_a_share(void **state) {
  (void)state;
  assert_true(text_trigram_similarity(STR("singer"), STR("Singer")) == 1);
  assert_true(text_trigram_similarity(STR("singer"), STR("xyz")) == 0);
  double near = text_trigram_similarity(STR("singer"), STR("singers"));
  assert_true(near > 0.5 && near < 1);
  assert_true(near == text_trigram_similarity(STR("singers"), STR("singer")));
  assert_true(text_trigram_similarity(STR(""), STR("")) == 1);
  assert_true(text_trigram_similarity(STR(""), STR("a")) == 0);
  char big[600];
  for (size_t i = 0; i < sizeof big; i++) big[i] = (char)(' ' + i % 90);
  assert_true(text_trigram_similarity((str){big, 600}, (str){big, 600}) == 1);
}

static void memory_failure_is_reported_not_fatal(void **state) {
  (void)state;
  str q = STR("Show the singer's “Élan” names of 20 two hundred customers in 2014-03-05");
  bool done = false;
  for (long n = 1; !done && n < 1000; n++) {
    mem_fail_at(n);
    arena *a = arena_create(1 << 20);
    text_words w;
    str words[12];
    bool good = a && text_tokenize(q, a, &w) && text_normalise(a, q).ptr &&
                text_split_name(STR("ÉcoleNomDeLaRue"), a, words, 12) > 0;
    done = mem_requests() < n;
    mem_fail_at(0);
    assert_true(good == done);
    arena_destroy(a);
  }
  assert_true(done);
  arena *tiny = arena_create(64);
  text_words w;
  assert_false(text_tokenize(q, tiny, &w));
  assert_null(text_fold(tiny, q).ptr);
  arena_destroy(tiny);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(words_and_punctuation_come_in_order),
      cmocka_unit_test(apostrophes_end_words_or_stay_inside),
      cmocka_unit_test(acronyms_stay_whole_and_compounds_split),
      cmocka_unit_test(numbers_carry_their_value),
      cmocka_unit_test(dates_are_one_word),
      cmocka_unit_test(quotes_mark_the_words_inside),
      cmocka_unit_test(spans_and_capitals_are_kept),
      cmocka_unit_test(other_languages_pass_through),
      cmocka_unit_test(any_bytes_give_words_in_linear_time),
      cmocka_unit_test(names_fall_into_their_words),
      cmocka_unit_test(folding_and_normalising_ignore_spelling),
      cmocka_unit_test(stems_join_forms_of_a_word),
      cmocka_unit_test(threads_stem_at_the_same_time),
      cmocka_unit_test(number_words_have_values),
      cmocka_unit_test(stop_words_are_found),
      cmocka_unit_test(units_measure_and_codes_do_not),
      cmocka_unit_test(months_are_known_in_full_and_short),
      cmocka_unit_test(words_of_negation_are_known_contracted_or_not),
      cmocka_unit_test(a_prefix_denies_what_follows_it),
      cmocka_unit_test(edit_distance_counts_and_gives_up),
      cmocka_unit_test(edit_distance_agrees_with_the_full_table),
      cmocka_unit_test(trigram_similarity_is_a_share),
      cmocka_unit_test(memory_failure_is_reported_not_fatal),
  };
  return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
