/* A reply as it comes in: Ollama's lines of JSON, or OpenAI's server-sent events. Every line may
 * be anything: too long, no JSON, bad UTF-8, an error after a good beginning. */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "llm/client.h"

enum { LONGEST_LINE = 1 << 20, MOST_THOUGHT = 512 << 10 };

void llm_stream_begin(llm_stream *s, const llm_client *c, arena *a, llm_reply *out) {
  *s = (llm_stream){.c = c, .a = a, .out = out};
  buf_init(&s->line, LONGEST_LINE);
  buf_init(&s->text, LLM_MAX_TEXT);
}

/* ---- pieces of a reply ---- */

/* True when the text went on. Past the cap the reply counts as cut. */
static bool add_text(llm_stream *s, const json_t *content) {
  str t = {json_string_value(content), json_string_length(content)};
  if (!t.ptr || t.len == 0) return false;
  if (t.len > LLM_MAX_TEXT - 1 - s->text.len) {
    t.len = LLM_MAX_TEXT - 1 - s->text.len;
    s->out->finish = LLM_CUT;
    s->done = true;
  }
  buf_add(&s->text, t);
  return true;
}

static bool add_thought(llm_stream *s, const json_t *thought) {
  size_t n = json_string_length(thought);
  s->thought += n;
  if (s->thought > MOST_THOUGHT) {
    s->out->finish = LLM_CUT;
    s->done = true;
  }
  return n > 0;
}

static size_t count_of(const json_t *j, const char *key) {
  json_int_t n = json_integer_value(json_object_get(j, key));
  return n > 0 ? (size_t)n : 0;
}

static void finish_with(llm_stream *s, const char *reason) {
  if (!reason) return;
  s->done = true;
  if (s->out->finish != LLM_CUT)
    s->out->finish = strcmp(reason, "length") == 0 ? LLM_CUT : LLM_DONE;
}

static bool take_error(llm_stream *s, const json_t *j, str line) {
  const json_t *e = json_object_get(j, "error");
  if (!e || json_is_null(e)) return false;
  llm_message_of(s->c, line, s->message, sizeof s->message);
  s->failed = s->done = true;
  return true;
}

static bool take_ollama(llm_stream *s, const json_t *j) {
  const json_t *m = json_object_get(j, "message");
  bool more = add_thought(s, json_object_get(m, "thinking"));
  if (add_text(s, json_object_get(m, "content"))) more = true;
  if (json_is_true(json_object_get(j, "done"))) {
    const char *reason = json_string_value(json_object_get(j, "done_reason"));
    s->out->prompt_tokens = count_of(j, "prompt_eval_count");
    s->out->reply_tokens = count_of(j, "eval_count");
    finish_with(s, reason ? reason : "stop");
    more = true;
  }
  if (!m && !s->done) s->bad = true;
  return more;
}

static bool take_openai(llm_stream *s, const json_t *j) {
  const json_t *choice = json_array_get(json_object_get(j, "choices"), 0);
  const json_t *delta = json_object_get(choice, "delta");
  if (!delta) delta = json_object_get(choice, "message"); /* a server that does not stream */
  const json_t *usage = json_object_get(j, "usage");
  bool more = add_thought(s, json_object_get(delta, "reasoning_content"));
  if (add_text(s, json_object_get(delta, "content"))) more = true;
  if (json_is_object(usage)) {
    s->out->prompt_tokens = count_of(usage, "prompt_tokens");
    s->out->reply_tokens = count_of(usage, "completion_tokens");
  }
  const char *reason = json_string_value(json_object_get(choice, "finish_reason"));
  if (reason && s->out->finish != LLM_CUT)
    s->out->finish = strcmp(reason, "length") == 0 ? LLM_CUT : LLM_DONE;
  if (!choice && !usage) s->bad = true;
  return more || reason;
}

/* ---- lines ---- */

/* The payload of an event's line; {NULL,0} for a comment, another field or the end. */
static str event_data(llm_stream *s, str line) {
  if (!str_starts(line, STR("data:"))) {
    bool field = line.ptr[0] == ':' || str_starts(line, STR("event:")) ||
                 str_starts(line, STR("id:")) || str_starts(line, STR("retry:"));
    if (field) s->sse = true;
    return field ? (str){0} : line;
  }
  s->sse = true;
  line = str_trim(str_slice(line, 5, line.len));
  if (!str_eq(line, STR("[DONE]"))) return line;
  s->done = true;
  return (str){0};
}

/* True when something of worth was in the line. */
static bool take_line(llm_stream *s, str line) {
  bool openai = s->c->opt.protocol == LLM_OPENAI;
  line = str_trim(line);
  if (line.len == 0) return false;
  if (openai) line = event_data(s, line);
  if (line.len == 0) return s->done;
  if (!utf8_valid(line)) line = utf8_mend(s->a, line);
  json_t *j = json_loadb(line.ptr ? line.ptr : "", line.len, JSON_ALLOW_NUL, NULL);
  bool more = false;
  if (!json_is_object(j)) {
    s->bad = true;
    if (!s->text.len && !s->message[0]) llm_message_of(s->c, line, s->message, sizeof s->message);
  } else if (!take_error(s, j, line)) {
    more = openai ? take_openai(s, j) : take_ollama(s, j);
  }
  json_decref(j);
  return more;
}

http_next llm_stream_take(void *ctx, str piece) {
  llm_stream *s = ctx;
  bool more = false;
  while (piece.len && !s->done && !s->bad) {
    size_t end = str_find(piece, STR("\n"), 0);
    str part = str_slice(piece, 0, end == SIZE_MAX ? piece.len : end);
    if (part.len > LONGEST_LINE - 1 - s->line.len) {
      s->out->finish = LLM_CUT;
      s->done = true;
      break;
    }
    buf_add(&s->line, part);
    if (end == SIZE_MAX) break;
    if (take_line(s, buf_str(&s->line))) more = true;
    buf_clear(&s->line);
    piece = str_slice(piece, end + 1, piece.len);
  }
  return s->done || s->bad || s->line.failed ? HTTP_STOP : more ? HTTP_MORE : HTTP_EMPTY;
}

/* ---- the end ---- */

static str finished_text(llm_stream *s) {
  for (size_t i = 0; i < s->text.len; i++)
    if (s->text.ptr[i] == 0) s->text.ptr[i] = ' ';
  str t = buf_str(&s->text);
  return utf8_valid(t) ? arena_str(s->a, t) : utf8_mend(s->a, t);
}

static emend_rc conclude(llm_stream *s, const http_response *r, emend_error *err) {
  const llm_client *c = s->c;
  if (s->line.failed || s->text.failed) return err_nomem(err, "generate");
  if (s->failed)
    return err_set(err, EMEND_EIO, "generate", "the model server at %.160s reports: %.240s", c->url,
                   s->message);
  if (s->bad && s->text.len == 0)
    return err_set(err, EMEND_EFORMAT, "generate",
                   "%.160s does not speak %s protocol; its answer begins: %.120s", c->url,
                   c->opt.protocol == LLM_OLLAMA ? "Ollama's" : "OpenAI's", s->message);
  if (s->out->finish == LLM_UNFINISHED) s->out->finish = s->done ? LLM_DONE : LLM_BROKEN_OFF;
  if (s->bad) s->out->finish = LLM_BROKEN_OFF;
  if (r->full && s->out->finish == LLM_BROKEN_OFF) s->out->finish = LLM_CUT;
  s->out->text = finished_text(s);
  return s->out->text.ptr ? EMEND_OK : err_nomem(err, "generate");
}

emend_rc llm_stream_end(llm_stream *s, const http_response *r, emend_error *err) {
  if (!s->done && !s->bad && s->line.len) take_line(s, buf_str(&s->line));
  emend_rc rc = conclude(s, r, err);
  buf_free(&s->line);
  buf_free(&s->text);
  return rc;
}
