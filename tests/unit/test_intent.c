/* judge: what is a question, and what it asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "judge/judge.h"
#include "support/case_file.h"
#include "support/public_data.h"

static const char *request_name(judge_request r) {
  switch (r) {
    case JUDGE_QUESTION:
      return "question";
    case JUDGE_EMPTY:
      return "empty";
    case JUDGE_WRITE:
      return "write";
    case JUDGE_OTHER:
      return "other";
  }
  return "?";
}

static void orders_are_told_from_questions(void **state) {
  (void)state;
  arena *a = arena_create(64 << 20);
  case_list cases = case_load(a, "judge");
  int lines = 0;
  for (size_t i = 0; i < cases.len; i++) {
    str text = case_get(&cases.items[i], "input"), want = case_get(&cases.items[i], "request");
    if (!want.len) continue;
    for (size_t from = 0; from < text.len; lines++) {
      size_t to = str_find(text, STR("\n"), from);
      if (to == SIZE_MAX) to = text.len;
      judge_intent in;
      str line = str_slice(text, from, to);
      assert_int_equal(judge_read(line, a, &in, NULL), EMEND_OK);
      if (!str_eq(want, str_from(request_name(in.request))))
        fail_msg("\"%.*s\" was taken as %s", STR_ARG(line), request_name(in.request));
      assert_true((in.request == JUDGE_QUESTION) == (in.reason.len == 0));
      from = to + 1;
    }
  }
  assert_true(lines > 50);
  arena_destroy(a);
}

static str describe(arena *a, const judge_intent *in) {
  buf b;
  buf_init(&b, 4096);
  const struct {
    bool on;
    const char *name;
  } flags[] = {{in->count, "count"},         {in->average, "average"},
               {in->total, "total"},         {in->superlative, "superlative"},
               {in->negated, "negated"},     {in->distinct, "distinct"},
               {in->per_group, "per_group"}, {in->percentage, "percentage"}};
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (flags[i].on) buf_printf(&b, "%s ", flags[i].name);
  if (in->top_k) buf_printf(&b, "k=%d ", in->top_k);
  if (in->listed) buf_printf(&b, "listed=%d ", in->listed);
  if (in->numbers.len) buf_printf(&b, "numbers=%zu ", in->numbers.len);
  if (in->quoted.len) buf_printf(&b, "quoted=%zu ", in->quoted.len);
  str out = arena_str(a, buf_str(&b));
  buf_free(&b);
  return out;
}

static void intent_is_read_from_words(void **state) {
  (void)state;
  arena *a = arena_create(64 << 20);
  case_list cases = case_load(a, "judge");
  for (size_t i = 0; i < cases.len; i++) {
    if (case_get(&cases.items[i], "wants").ptr == NULL) continue;
    judge_intent in;
    assert_int_equal(judge_read(case_get(&cases.items[i], "input"), a, &in, NULL), EMEND_OK);
    case_expect(&cases.items[i], "wants", describe(a, &in));
  }
  arena_destroy(a);
}

static void questions_of_people_are_not_refused(void **state) {
  (void)state;
  static const char *const files[] = {"spider/train_spider.json", "spider/train_others.json",
                                      "spider/dev_public.json", "nl2sql-bugs/bugs_public.json"};
  for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
    arena *names = arena_create(1 << 16);
    json_t *rows = public_data_json(names, files[f]);
    arena_destroy(names);
    if (!rows) skip();
    size_t refused = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
      const char *q = json_string_value(json_object_get(json_array_get(rows, i), "question"));
      arena *a = arena_create(1 << 20);
      judge_intent in;
      assert_int_equal(judge_read(str_from(q), a, &in, NULL), EMEND_OK);
      if (in.request != JUDGE_QUESTION) printf("refused: %s\n", q), refused++;
      arena_destroy(a);
    }
    json_decref(rows);
    assert_int_equal(refused, 0);
  }
}

static void any_text_is_read_without_harm(void **state) {
  (void)state;
  static const char *const texts[] = {
      "",    "\xff\xfe\xfd", "\"",         "'''", "how many", "top",    "3",
      "the", "delete",       "and delete", "set", "create a", "by 3 to"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    arena *a = arena_create(1 << 20);
    judge_intent in;
    assert_int_equal(judge_read(str_from(texts[i]), a, &in, NULL), EMEND_OK);
    arena_destroy(a);
  }
}

static void no_memory_is_an_error(void **state) {
  (void)state;
  emend_rc rc = EMEND_ENOMEM;
  for (long at = 1; rc; at++) {
    arena *a = arena_create(1 << 20);
    judge_intent in;
    mem_fail_at(at);
    rc = a ? judge_read(STR("delete the 3 youngest \"a b\""), a, &in, NULL) : EMEND_ENOMEM;
    mem_fail_at(0);
    assert_true(rc == EMEND_OK || rc == EMEND_ENOMEM);
    arena_destroy(a);
    assert_true(at < 200);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(orders_are_told_from_questions),
      cmocka_unit_test(intent_is_read_from_words),
      cmocka_unit_test(questions_of_people_are_not_refused),
      cmocka_unit_test(any_text_is_read_without_harm),
      cmocka_unit_test(no_memory_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
