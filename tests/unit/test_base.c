/* base: arenas keep their cap, maps find what was put, text is handled by length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/vec.h"

static int cleaned;
static void note_cleanup(void *arg) { cleaned = cleaned * 10 + *(int *)arg; }

static void arena_stays_within_its_cap(void **state) {
  (void)state;
  arena *a = arena_create(1000);
  assert_non_null(arena_alloc(a, 900));
  assert_null(arena_alloc(a, 200));
  assert_true(arena_failed(a));
  assert_null(arena_calloc(a, SIZE_MAX / 2, 16));
  arena_reset(a);
  assert_false(arena_failed(a));
  char *p = arena_alloc(a, 900);
  assert_non_null(p);
  for (int i = 0; i < 900; i++) assert_int_equal(p[i], 0);
  arena_destroy(a);
}

static void arena_runs_cleanups_newest_first(void **state) {
  (void)state;
  int one = 1, two = 2;
  arena *a = arena_create(1 << 16);
  cleaned = 0;
  assert_true(arena_on_destroy(a, note_cleanup, &one));
  assert_true(arena_on_destroy(a, note_cleanup, &two));
  arena_destroy(a);
  assert_int_equal(cleaned, 21);
}

static void map_finds_keys_by_length_and_case(void **state) {
  (void)state;
  arena *a = arena_create(1 << 20);
  map *exact = map_create(a, false), *fold = map_create(a, true);
  char *names[500];
  for (int i = 0; i < 500; i++) {
    names[i] = arena_printf(a, "Name%d", i);
    assert_true(map_put(exact, str_from(names[i]), names[i]));
    assert_true(map_put(fold, str_from(names[i]), names[i]));
  }
  assert_int_equal(map_len(exact), 500);
  assert_ptr_equal(map_get(exact, STR("Name42")), names[42]);
  assert_null(map_get(exact, STR("NAME42")));
  assert_ptr_equal(map_get(fold, STR("NAME42")), names[42]);
  assert_null(map_get(fold, STR("Name")));
  assert_string_equal(map_at(fold, 7)->value, "Name7");
  arena_destroy(a);
}

static void every_failed_allocation_is_reported(void **state) {
  (void)state;
  for (long n = 1; n < 20; n++) {
    mem_fail_at(n);
    arena *a = arena_create(1 << 20);
    bool ok = a != NULL;
    map *m = ok ? map_create(a, false) : NULL;
    ok = ok && m;
    for (int i = 0; ok && i < 2000; i++) {
      char *k = arena_printf(a, "k%d", i);
      ok = k && map_put(m, str_from(k), k);
    }
    long made = mem_requests();
    mem_fail_at(0);
    assert_int_equal(ok, made < n);
    arena_destroy(a);
    if (ok) return;
  }
}

static void buffer_stops_at_its_maximum(void **state) {
  (void)state;
  buf b;
  buf_init(&b, 10);
  assert_true(buf_printf(&b, "%s", "12345"));
  assert_false(buf_add(&b, STR("678901")));
  assert_true(b.failed);
  assert_string_equal(b.ptr, "12345");
  buf_free(&b);
}

static void utf8_mends_bad_bytes(void **state) {
  (void)state;
  arena *a = arena_create(4096);
  assert_true(utf8_valid(STR("na\xc3\xafve \xf0\x9f\x98\x80")));
  assert_false(utf8_valid(STR("\xc0\xaf")));     /* overlong */
  assert_false(utf8_valid(STR("\xed\xa0\x80"))); /* surrogate */
  assert_false(utf8_valid(STR("cut \xe2\x82"))); /* truncated */
  str m = utf8_mend(a, STR("a\xff"
                           "b"));
  assert_true(utf8_valid(m));
  assert_int_equal(utf8_length(m), 3);
  arena_destroy(a);
}

static void text_search_is_bounded_by_length(void **state) {
  (void)state;
  assert_int_equal(str_find(STR("abcabc"), STR("bc"), 2), 4);
  assert_true(str_find(STR("abc"), STR("abcd"), 0) == SIZE_MAX);
  assert_true(str_find(STR("abc"), STR("c"), 3) == SIZE_MAX);
  assert_true(str_eq(str_trim(STR("  x ")), STR("x")));
}

static void times_are_read_as_people_write_them(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t seconds; /* -1: no time */
  } cases[] = {
      {"1970-01-02", 86400},
      {"1970-01-01T00:01", 60},
      {"1970-01-01 01:00:01", 3601},
      {"2025-06-15T12:00:00Z", 1749988800},
      {"2024-02-29", 1709164800},
      {"", -1},
      {"garbage", -1},
      {"2025", -1},
      {"2025-6-15", -1},
      {"2025-13-01", -1},
      {"2025-02-29", -1},
      {"2025-06-15T24:30", -1},
      {"2025-06-15T12:00:00+02:00", -1},
      {"2025-06-15 noon", -1},
      {" 2025-06-15", -1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int64_t got = -1;
    assert_int_equal(clock_read(cases[i].text, &got), cases[i].seconds >= 0);
    assert_int_equal(got, cases[i].seconds);
  }
}

static void a_today_that_is_no_time_is_told(void **state) {
  (void)state;
  emend_error err;
  setenv("EMEND_NOW", "yesterday", 1);
  assert_int_equal(clock_check(&err), EMEND_EUSAGE);
  assert_non_null(strstr(err.msg, "yesterday"));
  assert_non_null(strstr(err.msg, "2025-06-15T12:00:00Z"));
  assert_true(clock_now() > 0); /* who sets it later is not stopped */
  setenv("EMEND_NOW", "1970-01-02", 1);
  assert_int_equal(clock_check(&err), EMEND_OK);
  assert_int_equal(clock_now(), 86400);
  setenv("EMEND_NOW", "", 1);
  assert_int_equal(clock_check(&err), EMEND_OK);
  unsetenv("EMEND_NOW");
  assert_int_equal(clock_check(&err), EMEND_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(arena_stays_within_its_cap),
      cmocka_unit_test(arena_runs_cleanups_newest_first),
      cmocka_unit_test(map_finds_keys_by_length_and_case),
      cmocka_unit_test(every_failed_allocation_is_reported),
      cmocka_unit_test(buffer_stops_at_its_maximum),
      cmocka_unit_test(utf8_mends_bad_bytes),
      cmocka_unit_test(text_search_is_bounded_by_length),
      cmocka_unit_test(times_are_read_as_people_write_them),
      cmocka_unit_test(a_today_that_is_no_time_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
