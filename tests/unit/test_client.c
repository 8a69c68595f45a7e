/* client: what is an address and a key, what is remembered of models, and refusals in words. */
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

static llm_client *open_at(llm_protocol protocol, const char *url, const char *key) {
  llm_client *c = NULL;
  llm_options opt = {.protocol = protocol, .url = url, .key = key};
  if (llm_open(&opt, &c, &err)) fail_msg("%s", err.msg);
  return c;
}

static void an_address_may_be_short(void **state) {
  (void)state;
  static const struct {
    llm_protocol protocol;
    const char *given, *used;
  } cases[] = {{LLM_OLLAMA, NULL, "http://127.0.0.1:11434"},
               {LLM_OLLAMA, "box:11434", "http://box:11434"},
               {LLM_OLLAMA, "http://box:11434/", "http://box:11434"},
               {LLM_OPENAI, NULL, "https://api.openai.com/v1"},
               {LLM_OPENAI, "https://box/v1", "https://box/v1"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    llm_client *c = open_at(cases[i].protocol, cases[i].given, NULL);
    assert_string_equal(c->url, cases[i].used);
    llm_close(c);
  }
}

static void what_is_no_address_or_key_is_turned_down(void **state) {
  (void)state;
  static const struct {
    const char *url, *key;
  } bad[] = {{"ftp://box", NULL}, {NULL, "two words"}, {NULL, "a\r\nHost: b"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    llm_client *c = NULL;
    llm_options opt = {.protocol = LLM_OPENAI, .url = bad[i].url, .key = bad[i].key};
    assert_int_equal(llm_open(&opt, &c, &err), EMEND_EUSAGE);
    assert_null(c);
  }
}

static void what_is_known_of_a_model_stays_until_there_are_too_many(void **state) {
  (void)state;
  llm_client *c = open_at(LLM_OLLAMA, NULL, NULL);
  llm_known k = {.probed = true};
  assert_false(llm_recall(c, "m0").probed);
  for (int i = 0; i <= LLM_MAX_MODELS; i++) {
    snprintf(k.model, sizeof k.model, "m%d", i);
    llm_remember(c, &k);
  }
  assert_false(llm_recall(c, "m0").probed); /* the oldest */
  assert_true(llm_recall(c, "m1").probed);
  k.no_shape = true;
  llm_remember(c, &k);
  assert_true(llm_recall(c, k.model).no_shape);
  assert_int_equal(c->n_known, LLM_MAX_MODELS);
  llm_close(c);
}

static void a_request_carries_the_clients_deadlines(void **state) {
  (void)state;
  llm_client *c = open_at(LLM_OLLAMA, "http://box", "k-1");
  llm_limits limits = {.deadline_ms = 7};
  http_request r = llm_request(c, "/api/chat", STR("{}"), &limits, mem);
  assert_string_equal(r.url, "http://box/api/chat");
  assert_string_equal(r.key, "k-1");
  assert_true(r.deadline_ms > 6 && r.connect_ms > 0 && r.first_ms > r.idle_ms);
  llm_close(c);
}

static void a_refusal_says_what_to_do(void **state) {
  (void)state;
  static const struct {
    int status;
    const char *body, *says;
    emend_rc rc;
  } cases[] = {{401, "{\"error\":{\"message\":\"bad key\"}}", "set OPENAI_API_KEY", EMEND_EIO},
               {403, "no", "refuses the key", EMEND_EIO},
               {404, "not here", "look at its address", EMEND_ENOTFOUND},
               {302, "", "it was not followed", EMEND_EIO},
               {500, "{\"message\":\"out of memory\"}", "status 500: out of memory", EMEND_EIO}};
  llm_client *c = open_at(LLM_OPENAI, "http://box/v1", "k-1");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    http_response r = {.status = cases[i].status, .body = str_from(cases[i].body)};
    assert_int_equal(llm_refusal(c, NULL, &r, &err), cases[i].rc);
    if (!strstr(err.msg, cases[i].says)) fail_msg("%d: %s", cases[i].status, err.msg);
  }
  llm_close(c);
}

static void a_servers_message_is_one_line_without_the_key(void **state) {
  (void)state;
  llm_client *c = open_at(LLM_OPENAI, "http://box/v1", "sk-secret");
  static const struct {
    const char *body, *shown;
  } cases[] = {{"{\"error\":\"key sk-secret is\\nbad\"}", "key *** is bad"},
               {"{\"error\":{\"message\":\"busy\"}}", "busy"},
               {"{\"detail\":\"no such route\"}", "no such route"},
               {"<html>\n oops", "<html>  oops"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char out[80];
    llm_message_of(c, str_from(cases[i].body), out, sizeof out);
    assert_string_equal(out, cases[i].shown);
  }
  char tiny[12];
  llm_message_of(c, STR("ééééééééééé"), tiny, sizeof tiny);
  assert_true(strlen(tiny) < sizeof tiny && strlen(tiny) % 2 == 0); /* whole characters */
  llm_close(c);
}

static void an_answer_that_is_no_json_is_named(void **state) {
  (void)state;
  llm_client *c = open_at(LLM_OLLAMA, "http://box", NULL);
  http_response good = {.status = 200, .body = STR("{\"a\":1}")};
  http_response web = {.status = 200, .body = STR("<html>")};
  json_t *j = llm_json_of(c, &good, mem, &err);
  assert_non_null(j);
  json_decref(j);
  assert_null(llm_json_of(c, &web, mem, &err));
  assert_int_equal(err.code, EMEND_EFORMAT);
  good.full = true; /* it was cut: whatever it parses as is not what was sent */
  assert_null(llm_json_of(c, &good, mem, &err));
  llm_close(c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_address_may_be_short),
      cmocka_unit_test(what_is_no_address_or_key_is_turned_down),
      cmocka_unit_test(what_is_known_of_a_model_stays_until_there_are_too_many),
      cmocka_unit_test(a_request_carries_the_clients_deadlines),
      cmocka_unit_test(a_refusal_says_what_to_do),
      cmocka_unit_test(a_servers_message_is_one_line_without_the_key),
      cmocka_unit_test(an_answer_that_is_no_json_is_named),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
