/* stream: a reply read line by line, of both protocols, however it is cut into pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "llm/client.h"
#include "support/memory.h"

static emend_error err;

static llm_client ollama = {.opt.protocol = LLM_OLLAMA, .url = "http://there", .key = "sk-1"};
static llm_client openai = {.opt.protocol = LLM_OPENAI, .url = "http://there/v1", .key = "sk-1"};

typedef struct heard {
  emend_rc rc;
  llm_reply reply;
  http_next last;
} heard;

static heard hear_in(const llm_client *c, const char *text, size_t piece) {
  heard h = {.last = HTTP_EMPTY};
  http_response r = {.status = 200};
  llm_stream s;
  str all = str_from(text);
  llm_stream_begin(&s, c, mem, &h.reply);
  for (size_t i = 0; i < all.len && h.last != HTTP_STOP; i += piece)
    h.last = llm_stream_take(&s, str_slice(all, i, i + piece < all.len ? i + piece : all.len));
  h.rc = llm_stream_end(&s, &r, &err);
  return h;
}

static heard hear(const llm_client *c, const char *text) { return hear_in(c, text, SIZE_MAX / 2); }

#define OLLAMA(text) "{\"message\":{\"content\":\"" text "\"}}\n"
#define OPENAI(text) "data: {\"choices\":[{\"delta\":{\"content\":\"" text "\"}}]}\n\n"

static void lines_of_ollama_make_a_text(void **state) {
  (void)state;
  heard h = hear(&ollama, OLLAMA("SELECT ") OLLAMA("1")
                 "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\","
                 "\"prompt_eval_count\":7,\"eval_count\":2}\n");
  assert_int_equal(h.rc, EMEND_OK);
  assert_true(str_eq(h.reply.text, STR("SELECT 1")));
  assert_int_equal(h.reply.finish, LLM_DONE);
  assert_int_equal(h.reply.prompt_tokens, 7);
  assert_int_equal(h.reply.reply_tokens, 2);
  assert_int_equal(h.last, HTTP_STOP);
}

static void events_of_openai_make_a_text(void **state) {
  (void)state;
  heard h = hear(&openai, ": waiting\n\nevent: message\n" OPENAI("SELECT ") OPENAI("1")
                 "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
                 "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7}}\n\n"
                 "data: [DONE]\n\n");
  assert_int_equal(h.rc, EMEND_OK);
  assert_true(str_eq(h.reply.text, STR("SELECT 1")));
  assert_int_equal(h.reply.finish, LLM_DONE);
  assert_int_equal(h.reply.prompt_tokens, 7);
}

static void a_server_that_does_not_stream_is_understood(void **state) {
  (void)state;
  heard h = hear(&openai,
                 "{\"choices\":[{\"message\":{\"content\":\"SELECT 1\"},"
                 "\"finish_reason\":\"stop\"}]}");
  assert_int_equal(h.rc, EMEND_OK);
  assert_true(str_eq(h.reply.text, STR("SELECT 1")));
  assert_int_equal(h.reply.finish, LLM_DONE);
}

static void pieces_may_end_anywhere(void **state) {
  (void)state;
  static const char text[] = OPENAI("héllo") OPENAI(" wörld") "data: [DONE]\n";
  for (size_t piece = 1; piece < 20; piece++) {
    heard h = hear_in(&openai, text, piece);
    assert_int_equal(h.rc, EMEND_OK);
    assert_true(str_eq(h.reply.text, STR("héllo wörld")));
  }
}

static void what_only_keeps_alive_is_of_no_worth(void **state) {
  (void)state;
  assert_int_equal(hear(&openai, ": ping\n\n: ping\n\n").last, HTTP_EMPTY);
  assert_int_equal(hear(&openai, OPENAI("x")).last, HTTP_MORE);
  assert_int_equal(hear(&openai, OPENAI("")).last, HTTP_EMPTY);
  assert_int_equal(hear(&ollama, "{\"message\":{\"thinking\":\"hm\"}}\n").last, HTTP_MORE);
}

static void a_reply_at_its_limit_counts_as_cut(void **state) {
  (void)state;
  heard h =
      hear(&ollama, OLLAMA("SELECT") "{\"message\":{},\"done\":true,\"done_reason\":\"length\"}\n");
  assert_int_equal(h.reply.finish, LLM_CUT);
  h = hear(
      &openai,
      OPENAI("SELECT") "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n");
  assert_int_equal(h.reply.finish, LLM_CUT);
}

static void one_without_an_end_is_broken_off(void **state) {
  (void)state;
  heard h = hear(&ollama, OLLAMA("SELECT"));
  assert_int_equal(h.rc, EMEND_OK);
  assert_int_equal(h.reply.finish, LLM_BROKEN_OFF);
  assert_true(str_eq(h.reply.text, STR("SELECT")));
}

static void an_error_after_a_good_beginning_is_an_error(void **state) {
  (void)state;
  heard h = hear(&ollama, OLLAMA("SELECT") "{\"error\":\"out of memory, sk-1\"}\n");
  assert_int_equal(h.rc, EMEND_EIO);
  assert_non_null(strstr(err.msg, "out of memory"));
  assert_null(strstr(err.msg, "sk-1"));
}

static void another_protocol_is_named_with_how_it_begins(void **state) {
  (void)state;
  heard h = hear(&openai, "<html>hello</html>\n");
  assert_int_equal(h.rc, EMEND_EFORMAT);
  assert_non_null(strstr(err.msg, "OpenAI's protocol"));
  assert_non_null(strstr(err.msg, "<html>hello"));
  assert_int_equal(hear(&ollama, "{\"models\":[]}\n").rc, EMEND_EFORMAT);
}

static void a_text_without_end_is_cut(void **state) {
  (void)state;
  enum { TOO_LONG = 2 << 20 };
  char *line = arena_alloc(mem, TOO_LONG + 1);
  assert_non_null(line);
  memset(line, 'x', TOO_LONG);
  line[TOO_LONG] = 0;
  assert_int_equal(hear_in(&ollama, line, 4096).reply.finish, LLM_CUT);
  buf b;
  buf_init(&b, 1 << 22);
  for (int i = 0; i < 20; i++) buf_printf(&b, "{\"message\":{\"content\":\"%.*s\"}}\n", 8000, line);
  heard h = hear(&ollama, buf_str(&b).ptr);
  buf_free(&b);
  assert_int_equal(h.reply.finish, LLM_CUT);
  assert_true(h.reply.text.len < LLM_MAX_TEXT);
}

static void stray_bytes_are_mended(void **state) {
  (void)state;
  heard h = hear(&ollama, OLLAMA("a\xFF z"));
  assert_int_equal(h.rc, EMEND_OK);
  assert_true(str_starts(h.reply.text, STR("a\xEF\xBF\xBD")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines_of_ollama_make_a_text),
      cmocka_unit_test(events_of_openai_make_a_text),
      cmocka_unit_test(a_server_that_does_not_stream_is_understood),
      cmocka_unit_test(pieces_may_end_anywhere),
      cmocka_unit_test(what_only_keeps_alive_is_of_no_worth),
      cmocka_unit_test(a_reply_at_its_limit_counts_as_cut),
      cmocka_unit_test(one_without_an_end_is_broken_off),
      cmocka_unit_test(an_error_after_a_good_beginning_is_an_error),
      cmocka_unit_test(another_protocol_is_named_with_how_it_begins),
      cmocka_unit_test(a_text_without_end_is_cut),
      cmocka_unit_test(stray_bytes_are_mended),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
