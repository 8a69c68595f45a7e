/* Confirmed questions in the state: one by id or by the key of a wording, all of them, and in
 * pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "store/finalized.h"
#include "support/folder.h"

static arena *A;
static const char *dir;
static store *S;
static emend_error err;

static int set_up(void **state) {
  (void)state;
  A = arena_create(1 << 24);
  dir = A ? folder_make(A) : NULL;
  return !dir || store_open(folder_path(A, dir, "state.db"), &S, &err);
}

static int tear_down(void **state) {
  (void)state;
  store_close(S);
  folder_remove(dir);
  arena_destroy(A);
  return 0;
}

/* Ids of which one begins with another, put in no order. */
static const char *const IDS[] = {"fz_b", "fz_a1", "fz_c", "fz_a", "fz_a2"};
static const char *const SORTED[] = {"fz_a", "fz_a1", "fz_a2", "fz_b", "fz_c"};
enum { N = sizeof IDS / sizeof *IDS };

static void put(const char *id) {
  const str name = str_from(id);
  store_finalized f = {.id = name,
                       .url = STR("sqlite:/shop.db"),
                       .source = STR("shop"),
                       .question = arena_str(A, str_from(arena_printf(A, "what of %s?", id))),
                       .query = STR("SELECT 1"),
                       .dialect = STR("sqlite"),
                       .by = STR("ana")};
  const store_wording own = {.wording = f.question, .key = f.question},
                      more = {.wording = name, .key = name};
  assert_true(vec_push(A, &f.wordings, own) && vec_push(A, &f.wordings, more));
  assert_int_equal(store_finalized_put(S, &f, 1, A, NULL, &err), EMEND_OK);
}

static void expect(const store_finalizeds *found, size_t from, size_t n) {
  assert_int_equal(found->len, n);
  for (size_t i = 0; i < n; i++) {
    const store_finalized *f = &found->items[i];
    assert_true(str_eq(f->id, str_from(SORTED[from + i])));
    assert_int_equal(f->wordings.len, 2);
    assert_true(str_eq(f->wordings.items[0].wording, f->id) ||
                str_eq(f->wordings.items[1].wording, f->id));
  }
}

static void one_and_all_are_listed(void **state) {
  (void)state;
  store_finalizeds found;
  for (int i = 0; i < N; i++) put(IDS[i]);
  assert_int_equal(store_finalized_list(S, (str){0}, A, &found, &err), EMEND_OK);
  expect(&found, 0, N);
  assert_int_equal(store_finalized_list(S, STR("fz_a"), A, &found, &err), EMEND_OK);
  expect(&found, 0, 1);
  assert_int_equal(store_finalized_list(S, STR("fz_"), A, &found, &err), EMEND_OK);
  expect(&found, 0, 0);
  str url = STR("sqlite:/shop.db");
  assert_int_equal(store_finalized_by_key(S, url, STR("fz_a1"), A, &found, &err), EMEND_OK);
  expect(&found, 1, 1);
}

static void pages_hold_every_one_once(void **state) {
  (void)state;
  for (int i = 0; i < N; i++) put(IDS[i]);
  for (size_t most = 1; most <= N + 1; most++) {
    str last = {0};
    size_t seen = 0;
    for (;;) {
      store_finalizeds page;
      assert_int_equal(store_finalized_page(S, last, most, A, &page, &err), EMEND_OK);
      expect(&page, seen, page.len);
      seen += page.len;
      if (page.len < most) break;
      last = page.items[page.len - 1].id;
    }
    assert_int_equal(seen, N);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(one_and_all_are_listed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(pages_hold_every_one_once, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
