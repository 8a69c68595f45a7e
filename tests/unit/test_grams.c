/* grams: by characters, not bytes; short, long and broken words stay in bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "model/grams.h"

static uint16_t bucket(const char *gram) { return (uint16_t)(str_hash(str_from(gram)) % 8192); }

static void a_word_gives_its_padded_threes(void **state) {
  (void)state;
  uint16_t out[GRAMS_MAX];
  assert_int_equal(grams_of(STR("cats"), GRAMS_BUCKETS, out), 4);
  assert_int_equal(out[0], bucket("<ca"));
  assert_int_equal(out[1], bucket("cat"));
  assert_int_equal(out[2], bucket("ats"));
  assert_int_equal(out[3], bucket("ts>"));
}

static void characters_count_not_bytes(void **state) {
  (void)state;
  uint16_t out[GRAMS_MAX];
  assert_int_equal(grams_of(STR("né日"), GRAMS_BUCKETS, out), 3);
  assert_int_equal(out[0], bucket("<né"));
  assert_int_equal(out[1], bucket("né日"));
  assert_int_equal(out[2], bucket("é日>"));
}

static void the_shortest_words_give_one(void **state) {
  (void)state;
  uint16_t out[GRAMS_MAX];
  assert_int_equal(grams_of(STR("a"), GRAMS_BUCKETS, out), 1);
  assert_int_equal(out[0], bucket("<a>"));
  assert_int_equal(grams_of((str){NULL, 0}, GRAMS_BUCKETS, out), 1);
  assert_int_equal(out[0], bucket("<>"));
}

static void long_and_broken_words_stay_in_bounds(void **state) {
  (void)state;
  uint16_t out[GRAMS_MAX];
  char text[4000];
  static const char *const units[] = {"x", "\xf0\x9f\x98\x80", "\xff", "\xe2\x82"};
  for (size_t u = 0; u < 4; u++) {
    size_t len = 0, unit = strlen(units[u]);
    for (; len + unit <= sizeof text; len += unit) memcpy(text + len, units[u], unit);
    assert_int_equal(grams_of((str){text, len}, 65536, out), GRAMS_MAX);
    assert_int_equal(grams_of((str){text, len}, 1, out), GRAMS_MAX);
    assert_int_equal(out[GRAMS_MAX - 1], 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_word_gives_its_padded_threes),
      cmocka_unit_test(characters_count_not_bytes),
      cmocka_unit_test(the_shortest_words_give_one),
      cmocka_unit_test(long_and_broken_words_stay_in_bounds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
