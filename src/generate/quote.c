/* Making text from outside fit for a prompt: quotes, caps, masks. What goes into
 * a prompt at all is context.c's and prompt.c's to say. */
#include "generate/quote.h"

#include <stdio.h>

#include "base/jw.h"
#include "base/utf8.h"

/* ---- quoting ---- */

static void add_plain(buf *b, str s, size_t most, char doubled) {
  size_t n = 0;
  while (n < s.len) {
    size_t from = n;
    uint32_t c = utf8_next(s, &n);
    if (n > most) {
      buf_add_cstr(b, "…");
      return;
    }
    bool line_end = c == 0x2028 || c == 0x2029 || c == 0x85;
    if (c < ' ' || c == 127 || line_end)
      buf_add_c(b, ' ');
    else if (c == 0xFFFD)
      buf_add_cstr(b, "\xEF\xBF\xBD");
    else
      buf_add(b, str_slice(s, from, n));
    if (doubled && c == (uint32_t)doubled) buf_add_c(b, doubled);
  }
}

void quote_text(buf *b, str s, size_t most) {
  buf_add_c(b, '\'');
  add_plain(b, s, most, '\'');
  buf_add_c(b, '\'');
}

void quote_line(buf *b, str s, size_t most) { add_plain(b, s, most, 0); }

void quote_cell(buf *b, const cell *c, size_t most) {
  char number[32];
  switch (c->kind) {
    case CELL_NULL:
      buf_add_cstr(b, "NULL");
      break;
    case CELL_INT:
      buf_printf(b, "%lld", (long long)c->i);
      break;
    case CELL_BOOL:
      buf_add_cstr(b, c->i ? "TRUE" : "FALSE");
      break;
    case CELL_REAL:
      buf_add(b, (str){number, jw_format_real(c->r, number)});
      break;
    case CELL_TEXT:
      quote_text(b, c->text, most);
      break;
    case CELL_BLOB:
      buf_printf(b, "(%zu bytes)", c->text.len);
      break;
  }
}

str quote_name(str name, sql_dialect_id dialect, arena *a) {
  sql_expr *e = sql_new_column(a, (str){0}, name);
  return e ? sql_print_expr(e, dialect, a) : (str){0};
}

/* ---- masking ---- */

static bool is_word(char c) { return ascii_is_alnum(c) || c == '_' || (c & 0x80); }

/* Does `text` hold `part` as whole words, in any case? */
static bool holds(str text, str part) {
  for (size_t i = 0; part.len && i + part.len <= text.len; i++) {
    if (!str_eq_nocase(str_slice(text, i, i + part.len), part)) continue;
    bool open = i > 0 && is_word(text.ptr[i - 1]) && is_word(part.ptr[0]);
    size_t end = i + part.len;
    bool more = end < text.len && is_word(text.ptr[end]) && is_word(part.ptr[part.len - 1]);
    if (!open && !more) return true;
  }
  return false;
}

static bool is_column(const catalog *c, str name) {
  for (int i = 0; i < c->n_columns; i++)
    if (str_eq_nocase(c->columns[i].name, name)) return true;
  return false;
}

/* "table", "column" or "table.column". */
static bool is_name(const catalog *c, str name) {
  size_t dot = str_find(name, STR("."), 0);
  if (dot != SIZE_MAX)
    return catalog_table(c, str_slice(name, 0, dot)) &&
           is_column(c, str_slice(name, dot + 1, name.len));
  return catalog_table(c, name) || is_column(c, name);
}

static bool is_known(const quote_known *k, str text) {
  return text.len == 0 || holds(k->question, text) || holds(k->said, text);
}

/* The closing quote of what opens at `i`, doubled ones passed over; the end when there is none. */
static size_t closing(str s, size_t i) {
  char quote = s.ptr[i];
  for (size_t j = i + 1; j < s.len; j++) {
    if (s.ptr[j] != quote) continue;
    if (j + 1 < s.len && s.ptr[j + 1] == quote)
      j++;
    else
      return j;
  }
  return s.len;
}

static size_t number_end(str s, size_t i) {
  size_t j = i;
  while (j < s.len && (ascii_is_alnum(s.ptr[j]) || s.ptr[j] == '.')) j++;
  while (j > i && s.ptr[j - 1] == '.') j--;
  return j;
}

str quote_mask_message(str m, const quote_known *k, arena *a) {
  buf b;
  buf_init(&b, 1 << 20);
  for (size_t i = 0; i < m.len;) {
    char c = m.ptr[i];
    bool inside = i > 0 && is_word(m.ptr[i - 1]);
    if (c == '"' || c == '`' || (c == '\'' && !inside)) {
      size_t end = closing(m, i);
      str text = str_slice(m, i + 1, end);
      bool shown = is_name(k->cat, text) || is_known(k, text);
      buf_add(&b, shown ? str_slice(m, i, end + 1 < m.len ? end + 1 : m.len) : STR("'…'"));
      i = end + 1;
    } else if (ascii_is_digit(c) && !inside) {
      size_t end = number_end(m, i);
      str text = str_slice(m, i, end);
      buf_add(&b, is_known(k, text) ? text : STR("#"));
      i = end;
    } else {
      buf_add_c(&b, c);
      i++;
    }
  }
  str out = b.failed ? (str){0} : arena_str(a, buf_str(&b));
  buf_free(&b);
  return out;
}

/* A literal without its quotes. */
static str inside_of(str raw) {
  size_t from = str_find(raw, STR("'"), 0);
  if (from == SIZE_MAX || raw.len < from + 2) return raw;
  return str_slice(raw, from + 1, raw.len - 1);
}

static bool shows(const quote_known *k, const sql_token *t) {
  if (t->kind == SQL_TOK_STRING) return is_known(k, inside_of(t->raw));
  if (t->kind == SQL_TOK_QUOTED) {
    str name = str_slice(t->raw, 1, t->raw.len - 1);
    return is_name(k->cat, name) || is_known(k, name);
  }
  if (t->kind == SQL_TOK_BLOB || t->kind == SQL_TOK_BAD) return is_known(k, t->raw);
  if (t->kind != SQL_TOK_NUMBER) return true;
  return is_known(k, t->raw) || str_eq(t->raw, STR("0")) || str_eq(t->raw, STR("1"));
}

str quote_mask_sql(str sql, const quote_known *k, arena *a) {
  buf b;
  size_t pos = 0, end = 0;
  buf_init(&b, 4 << 20);
  for (sql_token t; (t = sql_next_token(sql, k->cat->dialect, &pos)).kind != SQL_TOK_END;) {
    if (b.len && t.span.from > end) buf_add_c(&b, ' '); /* comments go: they may hold anything */
    end = t.span.to;
    buf_add(&b, shows(k, &t) ? t.raw : t.kind == SQL_TOK_NUMBER ? STR("#") : STR("'…'"));
  }
  str out = b.failed ? (str){0} : arena_str(a, buf_str(&b));
  buf_free(&b);
  return out;
}
