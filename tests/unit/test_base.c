/* base: arenas keep their cap, maps find what was put, text is handled by length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
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
  assert_false(utf8_valid(STR("\xc0\xaf")));          /* overlong */
  assert_false(utf8_valid(STR("\xed\xa0\x80")));      /* surrogate */
  assert_false(utf8_valid(STR("cut \xe2\x82")));      /* truncated */
  str m = utf8_mend(a, STR("a\xff" "b"));
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(arena_stays_within_its_cap),
      cmocka_unit_test(arena_runs_cleanups_newest_first),
      cmocka_unit_test(map_finds_keys_by_length_and_case),
      cmocka_unit_test(every_failed_allocation_is_reported),
      cmocka_unit_test(buffer_stops_at_its_maximum),
      cmocka_unit_test(utf8_mends_bad_bytes),
      cmocka_unit_test(text_search_is_bounded_by_length),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
