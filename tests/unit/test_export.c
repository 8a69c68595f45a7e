/* learn/export: training text is what inference sends, byte for byte. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "generate/prompt.h"
#include "learn/export.h"
#include "retrieve/retrieve.h"
#include "support/learning.h"

static learning_shop x;
static emend_error err;
static learn_pairs pairs;

static int set_up(void **state) {
  (void)state;
  pairs = (learn_pairs){0};
  if (!learning_open(&x)) return -1;
  learn_pair p = learning_pair(LEARN_FEEDBACK, "fb_1", "who lives in \"Rome\"?",
                               "SELECT name FROM customer WHERE city = 'Rome'");
  p.wrong_sql = STR("SELECT nam FROM customer");
  return vec_push(x.d.a, &pairs, p) ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  learning_close(&x);
  return 0;
}

static void export_as(const char *name, buf *out) {
  learn_format format;
  assert_true(learn_format_find(str_from(name), &format));
  buf_init(out, 1 << 20);
  assert_int_equal(learn_export(&x.about, &pairs, format, out, &err), EMEND_OK);
}

/* What the first request of a question sends. */
static gen_prompt prompt_of(const learn_pair *p) {
  retrieve_result context;
  gen_context c;
  gen_prompt prompt;
  gen_prompt_options opt = {.form = GEN_FORM_SQL};
  const catalog *cat = x.cat;
  assert_int_equal(retrieve_rank(&cat, 1, p->question, x.d.a, &context, &err), EMEND_OK);
  gen_request req = {.question = p->question, .cat = cat, .context = &context, .round = 1};
  assert_int_equal(gen_context_build(&req, &opt, x.d.a, &c, &err), EMEND_OK);
  assert_int_equal(gen_prompt_build(&req, &c, &opt, (str){0}, x.d.a, &prompt, &err), EMEND_OK);
  return prompt;
}

static json_t *line_of(const buf *b, size_t which) {
  size_t from = 0;
  for (size_t i = 0; i < which; i++) from = str_find(buf_str(b), STR("\n"), from) + 1;
  size_t to = str_find(buf_str(b), STR("\n"), from);
  json_t *line = json_loadb(b->ptr + from, to - from, 0, NULL);
  assert_non_null(line);
  return line;
}

static void expect_text(json_t *o, const char *key, str text) {
  json_t *v = json_object_get(o, key);
  assert_int_equal(json_string_length(v), text.len);
  assert_memory_equal(json_string_value(v), text.ptr, text.len);
}

static void chat_and_sharegpt_hold_the_prompt(void **state) {
  (void)state;
  static const struct {
    const char *format, *list, *role, *text;
  } forms[] = {{"chat", "messages", "role", "content"},
               {"sharegpt", "conversations", "from", "value"}};
  gen_prompt prompt = prompt_of(&pairs.items[0]);
  for (size_t f = 0; f < 2; f++) {
    buf out;
    export_as(forms[f].format, &out);
    json_t *line = line_of(&out, 0), *turns = json_object_get(line, forms[f].list);
    assert_int_equal(json_array_size(turns), prompt.n + 1);
    for (size_t i = 0; i < prompt.n; i++)
      expect_text(json_array_get(turns, i), forms[f].text, prompt.messages[i].text);
    expect_text(json_array_get(turns, prompt.n), forms[f].text, pairs.items[0].sql);
    json_decref(line);
    buf_free(&out);
  }
}

static void alpaca_holds_the_prompt_in_two_parts(void **state) {
  (void)state;
  buf out;
  gen_prompt prompt = prompt_of(&pairs.items[0]);
  export_as("alpaca", &out);
  json_t *line = line_of(&out, 0);
  expect_text(line, "input", prompt.messages[prompt.n - 1].text);
  expect_text(line, "output", pairs.items[0].sql);
  json_decref(line);
  buf_free(&out);
}

static void a_wrong_answer_gives_the_turn_of_correction(void **state) {
  (void)state;
  buf out;
  export_as("chat", &out);
  json_t *line = line_of(&out, 1);
  char *text = json_dumps(line, 0);
  assert_non_null(strstr(text, "SELECT nam FROM customer"));
  assert_non_null(strstr(text, "Fix only the identified error"));
  free(text);
  json_decref(line);
  buf_free(&out);
}

static void unknown_formats_are_unknown(void **state) {
  (void)state;
  learn_format format;
  assert_false(learn_format_find(STR("parquet"), &format));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(chat_and_sharegpt_hold_the_prompt),
      CASE(alpaca_holds_the_prompt_in_two_parts),
      CASE(a_wrong_answer_gives_the_turn_of_correction),
      CASE(unknown_formats_are_unknown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
