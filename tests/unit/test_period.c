/* period: which days the words of a question mean, whatever day it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "support/case_file.h"
#include "text/period.h"

static int32_t date_of(str s) {
  int32_t date = 0;
  for (size_t i = 0; i < s.len; i++)
    if (ascii_is_digit(s.ptr[i])) date = date * 10 + (s.ptr[i] - '0');
  return date;
}

static void add_day(buf *b, int32_t date) {
  if (date)
    buf_printf(b, "%04d-%02d-%02d", date / 10000, date / 100 % 100, date % 100);
  else
    buf_add_cstr(b, "…");
}

static void describe(str question, int64_t now, arena *a, buf *b) {
  text_words words;
  text_period found[TEXT_MAX_PERIODS];
  assert_true(text_tokenize(question, a, &words));
  int n = text_periods(&words, now, found);
  for (int i = 0; i < n; i++) {
    const text_word *first = &words.items[found[i].word];
    str said = str_slice(question, first->from, first[found[i].n_words - 1].to);
    buf_printf(b, "%s%.*s: ", i ? "; " : "", STR_ARG(said));
    add_day(b, found[i].from);
    buf_add_cstr(b, " to ");
    add_day(b, found[i].to);
    buf_printf(b, " %c%s", found[i].grain, found[i].part ? " part" : "");
  }
  buf_add_cstr(b, n ? "\n" : "-\n");
}

static void words_mean_the_days_of_the_cases(void **state) {
  (void)state;
  arena *a = arena_create(64 << 20);
  case_list cases = case_load(a, "periods");
  for (size_t i = 0; i < cases.len; i++) {
    str now = case_get(&cases.items[i], "now"), all = case_get(&cases.items[i], "questions");
    buf b;
    buf_init(&b, 1 << 16);
    for (size_t from = 0; from < all.len;) {
      size_t to = str_find(all, STR("\n"), from);
      if (to == SIZE_MAX) to = all.len;
      int64_t noon = text_days(date_of(now)) * 86400 + 43200;
      describe(str_slice(all, from, to), noon, a, &b);
      from = to + 1;
    }
    case_expect(&cases.items[i], "periods", buf_str(&b));
    buf_free(&b);
  }
  arena_destroy(a);
}

static void days_and_dates_are_each_others_inverse(void **state) {
  (void)state;
  assert_int_equal(text_days(19700101), 0);
  assert_int_equal(text_days(20000301), 11017);
  for (int64_t day = -700000; day < 400000; day += 13)
    assert_int_equal(text_days(text_date(day)), day);
  assert_int_equal(text_days_in(1900, 2), 28);
  assert_int_equal(text_days_in(2000, 2), 29);
  assert_int_equal(text_days_in(2023, 12), 31);
}

/* Before 1970 too, and in the last second of a day. */
static void a_day_ends_at_midnight(void **state) {
  (void)state;
  arena *a = arena_create(1 << 20);
  text_words words;
  text_period p;
  assert_true(text_tokenize(STR("today"), a, &words));
  assert_int_equal(text_period_at(words.items, words.len, 0, 86399, &p), 1);
  assert_int_equal(p.from, 19700101);
  assert_int_equal(text_period_at(words.items, words.len, 0, 86400, &p), 1);
  assert_int_equal(p.from, 19700102);
  assert_int_equal(text_period_at(words.items, words.len, 0, -1, &p), 1);
  assert_int_equal(p.from, 19691231);
  arena_destroy(a);
}

static void so_many_from_an_end_are_no_time_and_no_letters(void **state) {
  static const char *const yes[] = {"last 3 orders", "first ten customers", "Last 1 invoice"};
  static const char *const no[] = {"last 3 days",       "last two minutes", "first 3 letters",
                                   "last order",        "the 3 orders",     "first 3",
                                   "\"last 3 orders\"", "first 2.5 orders", "last 3 of them"};
  arena *a = arena_create(1 << 20);
  text_words w;
  (void)state;
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
    assert_true(text_tokenize(str_from(yes[i]), a, &w));
    assert_true(text_asks_for_end(w.items, w.len, 0));
  }
  for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
    assert_true(text_tokenize(str_from(no[i]), a, &w));
    for (size_t k = 0; k < w.len; k++) assert_false(text_asks_for_end(w.items, w.len, k));
  }
  arena_destroy(a);
}

/* By its days, whatever day it is; "" where none is said. */
static str fixed(const char *question, arena *a) {
  text_words words;
  text_period found[TEXT_MAX_PERIODS];
  assert_true(text_tokenize(str_from(question), a, &words));
  assert_int_equal(text_periods(&words, 0, found), 0);
  int n = text_all_periods(&words, 0, found);
  return n == 1 && found[0].fixed
             ? str_from(arena_printf(a, "%d-%d %c", found[0].from, found[0].to, found[0].grain))
             : STR("");
}

static void months_of_a_year_are_read_where_asked_for(void **state) {
  (void)state;
  static const struct {
    const char *question, *days;
  } cases[] = {{"sales in March 2025", "20250301-20250331 m"},
               {"sales since May of 2024?", "20240501-0 m"},
               {"before February, 2024", "0-20240131 m"},
               {"Q2 2025", "20250401-20250630 q"},
               {"the last quarter of 2025", "20251001-20251231 q"},
               {"in the 2nd half of 2024", "20240701-20241231 r"},
               {"between January 2025 and March 2025", "20250101-20250331 r"},
               {"on 5 March 2025", ""},
               {"the 5th of March 2025", ""},
               {"March 5, 2025", ""},
               {"from March to May 2025", ""},
               {"march 2025", ""},
               {"March", ""},
               {"in 2025", ""}};
  arena *a = arena_create(1 << 20);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    str got = fixed(cases[i].question, a);
    if (!str_eq(got, str_from(cases[i].days)))
      fail_msg("%s: %.*s", cases[i].question, STR_ARG(got));
  }
  arena_destroy(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(words_mean_the_days_of_the_cases),
      cmocka_unit_test(days_and_dates_are_each_others_inverse),
      cmocka_unit_test(a_day_ends_at_midnight),
      cmocka_unit_test(months_of_a_year_are_read_where_asked_for),
      cmocka_unit_test(so_many_from_an_end_are_no_time_and_no_letters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
