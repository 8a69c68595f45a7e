/* Replacing what may point at a person. See anonymise.h. Errs towards replacing. */
#include "learn/anonymise.h"

#include "base/vec.h"

typedef struct mask {
  str text; /* what is replaced, case ignored */
  str by;
} mask;
typedef struct masks {
  VEC(mask) items;
  int mails, numbers, names, literals;
} masks;

static bool add(masks *m, arena *a, str text, const char *kind, int *n) {
  for (size_t i = 0; i < m->items.len; i++)
    if (str_eq_nocase(m->items.items[i].text, text)) return true;
  mask one = {text, str_from(arena_printf(a, "<%s_%d>", kind, ++*n))};
  return one.by.ptr && vec_push(a, &m->items, one);
}

/* ---- what looks personal ---- */

static bool is_mail_char(char c) {
  return ascii_is_alnum(c) || c == '.' || c == '_' || c == '-' || c == '+' || (c & 0x80);
}

static bool find_mails(str s, masks *m, arena *a) {
  for (size_t at = 0; (at = str_find(s, STR("@"), at)) != SIZE_MAX; at++) {
    size_t from = at, to = at + 1;
    while (from > 0 && is_mail_char(s.ptr[from - 1])) from--;
    while (to < s.len && is_mail_char(s.ptr[to])) to++;
    while (to > at + 1 && s.ptr[to - 1] == '.') to--;
    if (from < at && to > at + 1 && !add(m, a, str_slice(s, from, to), "mail", &m->mails))
      return false;
  }
  return true;
}

/* Telephone, account and card numbers: seven digits or more, with blanks, dashes, dots and
 * brackets between them. */
static bool find_numbers(str s, masks *m, arena *a) {
  for (size_t i = 0; i < s.len; i++) {
    if (!ascii_is_digit(s.ptr[i]) && s.ptr[i] != '+') continue;
    size_t to = i, last = i, digits = 0;
    while (to < s.len &&
           (ascii_is_digit(s.ptr[to]) || s.ptr[to] == ' ' || s.ptr[to] == '-' || s.ptr[to] == '(' ||
            s.ptr[to] == ')' || s.ptr[to] == '/' || s.ptr[to] == '+')) {
      if (ascii_is_digit(s.ptr[to])) digits++, last = to + 1;
      to++;
    }
    bool date = last - i == 10 && s.len > i + 4 && s.ptr[i + 4] == '-';
    if (digits >= 7 && !date && !add(m, a, str_slice(s, i, last), "number", &m->numbers))
      return false;
    i = to;
  }
  return true;
}

static bool is_capital(str s, size_t i) {
  return (s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') || (s.ptr[i] & 0x80);
}

/* "Ann Miller": two or three words with capitals and nothing else. */
static bool looks_like_name(str s) {
  size_t words = 0;
  for (size_t i = 0; i < s.len;) {
    size_t to = i;
    if (!is_capital(s, i)) return false;
    while (to < s.len && s.ptr[to] != ' ') {
      bool letter = ascii_is_alpha(s.ptr[to]) || (s.ptr[to] & 0x80) || s.ptr[to] == '\'' ||
                    s.ptr[to] == '-' || s.ptr[to] == '.';
      if (!letter) return false;
      to++;
    }
    words++;
    i = to < s.len ? to + 1 : to;
  }
  return words >= 2 && words <= 3;
}

/* The text between the quotes of a literal, without the % of patterns. */
static str inside(str raw) {
  str s = raw.len >= 2 ? str_slice(raw, 1, raw.len - 1) : raw;
  while (s.len && s.ptr[0] == '%') s = str_slice(s, 1, s.len);
  while (s.len && s.ptr[s.len - 1] == '%') s.len--;
  return s;
}

static bool find_literals(str sql, sql_dialect_id dialect, bool all, masks *m, arena *a) {
  size_t pos = 0;
  for (;;) {
    sql_token t = sql_next_token(sql, dialect, &pos);
    if (t.kind == SQL_TOK_END) return true;
    bool text = t.kind == SQL_TOK_STRING;
    str s = text ? inside(t.raw) : t.raw;
    if (s.len == 0) continue;
    if (all && (text || t.kind == SQL_TOK_NUMBER)) {
      if (!add(m, a, s, text ? "text" : "value", &m->literals)) return false;
    } else if (text && looks_like_name(s) && !add(m, a, s, "name", &m->names)) {
      return false;
    }
  }
}

/* Runs of two or three capitalised words inside a question, its first word apart. */
static bool find_names(str q, masks *m, arena *a) {
  for (size_t i = 1; i < q.len; i++) {
    if (q.ptr[i - 1] != ' ' || !is_capital(q, i)) continue;
    size_t to = i, words = 0, end = i;
    while (to < q.len && is_capital(q, to) && words < 3) {
      while (to < q.len && q.ptr[to] != ' ' && q.ptr[to] != '?' && q.ptr[to] != ',') to++;
      words++;
      end = to;
      if (to >= q.len || q.ptr[to] != ' ') break;
      to++;
    }
    str run = str_slice(q, i, end);
    if (words >= 2 && looks_like_name(run) && !add(m, a, run, "name", &m->names)) return false;
    i = end;
  }
  return true;
}

/* ---- replacing ---- */

static bool starts_word(str s, size_t i) {
  return i == 0 || !ascii_is_alnum(s.ptr[i - 1]) || !ascii_is_alnum(s.ptr[i]);
}

static str replace(str s, const masks *m, arena *a) {
  buf b;
  buf_init(&b, 4 << 20);
  for (size_t i = 0; i < s.len;) {
    const mask *hit = NULL;
    for (size_t k = 0; k < m->items.len; k++) {
      str t = m->items.items[k].text;
      size_t end = i + t.len;
      bool here = starts_word(s, i) && end <= s.len && str_eq_nocase(str_slice(s, i, end), t);
      bool whole =
          here && (end == s.len || !ascii_is_alnum(s.ptr[end]) || !ascii_is_alnum(s.ptr[end - 1]));
      if (whole && (!hit || t.len > hit->text.len)) hit = &m->items.items[k];
    }
    if (hit) {
      buf_add(&b, hit->by);
      i += hit->text.len;
    } else {
      buf_add_c(&b, s.ptr[i++]);
    }
  }
  str out = b.failed ? (str){0} : arena_str(a, buf_str(&b));
  buf_free(&b);
  return out;
}

bool learn_anonymise(str question, str sql, sql_dialect_id dialect, bool no_literals, arena *a,
                     str *question_out, str *sql_out) {
  masks m = {0};
  if (!find_mails(question, &m, a) || !find_mails(sql, &m, a) || !find_numbers(question, &m, a) ||
      !find_numbers(sql, &m, a) || !find_literals(sql, dialect, no_literals, &m, a) ||
      !find_names(question, &m, a))
    return false;
  *question_out = replace(question, &m, a);
  *sql_out = replace(sql, &m, a);
  return question_out->ptr && sql_out->ptr;
}
