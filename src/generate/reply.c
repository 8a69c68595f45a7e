/* Reading what a model replied: think blocks, fences, JSON, a refusal, prose, or a statement. A
 * statement of any kind is handed on whole: whether it may run is check's to say. */
#include <jansson.h>
#include <string.h>

#include "base/utf8.h"
#include "generate/prompt.h"

enum { LONGEST_PROSE = 300 };

static bool word_at(str s, const char *word) {
  str w = str_from(word);
  return str_starts_nocase(s, w) && (s.len == w.len || !ascii_is_alnum(s.ptr[w.len]));
}

/* A word that a statement can begin with; those that write go to check as well, to be refused. */
static bool begins_statement(str s) {
  static const char *const words[] = {
      "SELECT", "WITH",   "VALUES", "INSERT",  "UPDATE",  "DELETE",   "DROP",  "CREATE",
      "ALTER",  "PRAGMA", "ATTACH", "REPLACE", "EXPLAIN", "TRUNCATE", "GRANT", "MERGE",
      "CALL",   "EXEC",   "COPY",   "SET",     "BEGIN",   "VACUUM"};
  while (s.len && s.ptr[0] == '(') s = str_trim(str_slice(s, 1, s.len));
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (word_at(s, words[i])) return true;
  return false;
}

/* Without the comments that it opens with. */
static str after_comments(str s) {
  size_t pos = 0;
  sql_token t = sql_next_token(s, SQL_SQLITE, &pos);
  return t.kind == SQL_TOK_END ? s : str_slice(s, t.span.from, s.len);
}

/* What follows the model's thinking. An unfinished thought leaves nothing. */
static str after_thinking(str s) {
  size_t end = SIZE_MAX;
  for (size_t at = 0; (at = str_find(s, STR("</think>"), at)) != SIZE_MAX; at++) end = at + 8;
  if (end != SIZE_MAX) return str_trim(str_slice(s, end, s.len));
  size_t open = str_find(s, STR("<think>"), 0);
  return str_trim(open == SIZE_MAX ? s : str_slice(s, 0, open));
}

/* The inside of the last fenced block; `s` when there is none. *closed: its end was there. */
static str inside_fences(str s, bool *closed) {
  str last = s;
  for (size_t at = 0; (at = str_find(s, STR("```"), at)) != SIZE_MAX;) {
    size_t from = str_find(s, STR("\n"), at), end;
    size_t same_line = str_find(s, STR("```"), at + 3);
    if (from == SIZE_MAX || (same_line != SIZE_MAX && same_line < from)) from = at + 3;
    end = str_find(s, STR("```"), from);
    *closed = end != SIZE_MAX;
    if (end == SIZE_MAX) end = s.len;
    last = str_trim(str_slice(s, from, end));
    at = end + 3;
    if (at > s.len) break;
  }
  return last;
}

/* Where a statement begins in prose: a line that opens with SELECT or WITH in capitals. */
static str after_prose(str s) {
  for (size_t at = 0; at < s.len; at++) {
    str rest = str_slice(s, at, s.len);
    bool line = at == 0 || s.ptr[at - 1] == '\n' || (at > 1 && s.ptr[at - 2] == ':');
    if (line && (str_starts(rest, STR("SELECT ")) || str_starts(rest, STR("SELECT\n")) ||
                 str_starts(rest, STR("WITH "))))
      return rest;
  }
  return (str){0};
}

/* A statement without the prose behind its semicolon. What could be another statement stays. */
static str until_prose(str s, bool *closed) {
  size_t pos = 0;
  for (sql_token t; (t = sql_next_token(s, SQL_SQLITE, &pos)).kind != SQL_TOK_END;) {
    if (t.kind != SQL_TOK_OP || !str_eq(t.raw, STR(";"))) continue;
    *closed = true;
    str rest = str_trim(str_slice(s, t.span.to, s.len));
    if (rest.len == 0 || !begins_statement(rest)) return str_trim(str_slice(s, 0, t.span.from));
  }
  return s;
}

static bool take_json(str s, arena *a, gen_reply *out, emend_error *err, emend_rc *rc) {
  json_t *j = json_loadb(s.ptr, s.len, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL);
  const json_t *sql = json_object_get(j, "sql"), *reason = json_object_get(j, "reason");
  bool good = json_is_object(j) && (json_is_string(sql) || json_is_null(sql));
  if (good) {
    str text = {json_string_value(sql), json_string_length(sql)};
    out->sql = arena_str(a, str_trim(text));
    out->refused = out->sql.len == 0 || json_is_null(sql);
    out->text = arena_str(a, str_from(json_string_value(reason)));
    out->closed = true;
    if (!out->sql.ptr || !out->text.ptr) *rc = err_nomem(err, "generate");
  }
  json_decref(j);
  return good;
}

static str shorten(str s) {
  size_t n = 0;
  while (n < s.len && n < LONGEST_PROSE) utf8_next(s, &n);
  return str_slice(s, 0, n < s.len ? n : s.len);
}

static bool take_refusal(str s, gen_reply *out) {
  if (!str_starts_nocase(s, STR("CANNOT ANSWER"))) return false;
  str why = str_trim(str_slice(s, 13, s.len));
  if (why.len && (why.ptr[0] == ':' || why.ptr[0] == '.')) why = str_slice(why, 1, why.len);
  out->refused = out->closed = true;
  out->text = shorten(str_trim(why));
  return true;
}

emend_rc gen_reply_read(str text, arena *a, gen_reply *out, emend_error *err) {
  emend_rc rc = EMEND_OK;
  *out = (gen_reply){0};
  str all = utf8_valid(text) ? arena_str(a, text) : utf8_mend(a, text);
  if (!all.ptr) return err_nomem(err, "generate");
  str s = inside_fences(after_thinking(all), &out->closed);
  if (s.len && s.ptr[0] == '{' && take_json(s, a, out, err, &rc)) {
    if (!rc && out->sql.len && take_refusal(out->sql, out)) out->sql = (str){0};
    out->text = shorten(out->text);
    return rc;
  }
  if (str_starts_nocase(s, STR("SQL:"))) s = str_trim(str_slice(s, 4, s.len));
  if (take_refusal(s, out)) return EMEND_OK;
  str bare = after_comments(s);
  str sql = begins_statement(bare) ? bare : after_prose(s);
  if (sql.len)
    out->sql = until_prose(sql, &out->closed);
  else
    out->text = shorten(s);
  return EMEND_OK;
}
