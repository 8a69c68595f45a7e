/* SQL text to tokens, in every dialect. One pass, no backtracking: an unterminated quote or
 * comment takes the rest of the text, so that the work stays linear. Judges no grammar. */
#include "sql/lex.h"

#include <string.h>

#include "base/utf8.h"

enum { C_SPACE = 1, C_START = 2, C_DIGIT = 4, C_OP = 8, C_HEX = 16 };

/* The classes of every byte, added up; a byte above 127 belongs to a name. */
/* clang-format off */
static const uint8_t CLASS[256] = {
     0,  0,  0,  0,  0,  0,  0,  0,  0,  1,  1,  0,  1,  1,  0,  0,
     0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
     1,  8,  0,  8,  0,  8,  8,  0,  0,  0,  8,  8,  0,  8,  0,  8,
    20, 20, 20, 20, 20, 20, 20, 20, 20, 20,  0,  0,  8,  8,  8,  8,
     8, 18, 18, 18, 18, 18, 18,  2,  2,  2,  2,  2,  2,  2,  2,  2,
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  0,  0,  0,  8,  2,
     0, 18, 18, 18, 18, 18, 18,  2,  2,  2,  2,  2,  2,  2,  2,  2,
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  0,  8,  0,  8,  0,
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
};
/* clang-format on */

static unsigned char_class(unsigned char c) { return CLASS[c]; }

typedef struct lexer {
  const char *p, *end;
  const sql_dialect *d;
} lexer;

static unsigned char at(const lexer *x, size_t i) {
  return i < (size_t)(x->end - x->p) ? (unsigned char)x->p[i] : 0;
}

static bool is_name_char(const lexer *x, size_t i) {
  unsigned char c = at(x, i);
  if (char_class(c) & (C_START | C_DIGIT)) return true;
  if (c == '$') return true;
  return (c == '#' || c == '@') && (x->d->lex & SQL_LEX_HASH_NAME);
}

static size_t name_end(const lexer *x, size_t i) {
  while (is_name_char(x, i)) i++;
  return i;
}

/* ── white space and comments ─────────────────────────────────────────────────── */

static bool at_line_comment(const lexer *x) {
  unsigned char c = at(x, 0);
  if (c == '#') return (x->d->lex & SQL_LEX_HASH_COMMENT) != 0;
  if (c != '-' || at(x, 1) != '-') return false;
  return !(x->d->lex & SQL_LEX_DASH_SPACE) || at(x, 2) <= ' ';
}

/* Length of the comment that opens at x->p, or 0 when it does not end. */
static size_t block_comment(const lexer *x) {
  size_t n = (size_t)(x->end - x->p), depth = 1, i = 2;
  bool nested = (x->d->lex & SQL_LEX_NESTED_COMMENT) != 0;
  while (i + 1 < n) {
    const char *c = x->p + i;
    if (c[0] == '*' && c[1] == '/') {
      i += 2;
      if (--depth == 0) return i;
    } else if (nested && c[0] == '/' && c[1] == '*') {
      i += 2;
      depth++;
    } else {
      i++;
    }
  }
  return (x->d->lex & SQL_LEX_OPEN_COMMENT) && n > 2 ? n : 0;
}

/* Passes over white space and comments; false at a comment that is no comment: one without an
 * end, or one whose text the server executes. */
static bool skip_space(lexer *x) {
  while (x->p < x->end) {
    if (char_class((unsigned char)*x->p) & C_SPACE) {
      x->p++;
    } else if (at_line_comment(x)) {
      const char *nl = memchr(x->p, '\n', (size_t)(x->end - x->p));
      x->p = nl ? nl + 1 : x->end;
    } else if (*x->p == '/' && at(x, 1) == '*') {
      if (at(x, 2) == '!' && (x->d->lex & SQL_LEX_CODE_COMMENT)) return false;
      if (at(x, 2) == 'M' && at(x, 3) == '!' && (x->d->lex & SQL_LEX_CODE_COMMENT)) return false;
      size_t n = block_comment(x);
      if (!n) return x->end - x->p <= 2 && (x->d->lex & SQL_LEX_OPEN_COMMENT);
      x->p += n;
    } else if (at(x, 0) == 0xEF && at(x, 1) == 0xBB && at(x, 2) == 0xBF) {
      x->p += 3; /* byte order mark */
    } else {
      return true;
    }
  }
  return true;
}

/* ── quoted things; each gives a length, with *closed false when the end was not found ──── */

static size_t quoted(const lexer *x, size_t i, char close, bool backslash, bool *closed) {
  size_t n = (size_t)(x->end - x->p);
  for (i++; i < n; i++) {
    if (backslash && x->p[i] == '\\') {
      i++;
    } else if (x->p[i] == close) {
      if (close != ']' || (x->d->id == SQL_TSQL)) {
        if (i + 1 < n && x->p[i + 1] == close) {
          i++;
          continue;
        }
      }
      *closed = true;
      return i + 1;
    }
  }
  *closed = false;
  return n;
}

static size_t until(const lexer *x, size_t from, str mark, bool *closed) {
  str rest = {x->p, (size_t)(x->end - x->p)};
  size_t found = str_find(rest, mark, from);
  *closed = found <= rest.len;
  return *closed ? found + mark.len : rest.len;
}

/* $tag$ … $tag$, or 0 when this is no opening tag. */
static size_t dollar_quoted(const lexer *x, bool *closed) {
  size_t i = 1;
  while (at(x, i) != '$' && is_name_char(x, i)) i++;
  if (at(x, i) != '$' || (char_class(at(x, 1)) & C_DIGIT)) return 0;
  return until(x, i + 1, (str){x->p, i + 1}, closed);
}

/* Oracle's q'[…]': `i` is at the quote. */
static size_t q_quoted(const lexer *x, size_t i, bool *closed) {
  static const char OPEN[] = "[({<", CLOSE[] = "])}>";
  char c = (char)at(x, i + 1);
  const char *pair = c ? strchr(OPEN, c) : NULL;
  char mark[2] = {pair ? CLOSE[pair - OPEN] : c, '\''};
  return until(x, i + 2, (str){mark, 2}, closed);
}

/* ── the kinds of token ───────────────────────────────────────────────────────── */

static size_t digits(const lexer *x, size_t i, unsigned cls) {
  while ((char_class(at(x, i)) & cls) ||
         (at(x, i) == '_' && i > 0 && (char_class(at(x, i - 1)) & cls) &&
          (char_class(at(x, i + 1)) & cls)))
    i++;
  return i;
}

static size_t number(const lexer *x, sql_token_kind *kind) {
  size_t i;
  unsigned char c1 = at(x, 1) | 32;
  *kind = SQL_TOK_NUMBER;
  if (at(x, 0) == '0' && (c1 == 'x' || c1 == 'o' || c1 == 'b') &&
      (char_class(at(x, 2)) & (c1 == 'x' ? C_HEX : C_DIGIT))) {
    i = digits(x, 2, c1 == 'x' ? C_HEX : C_DIGIT);
  } else {
    i = digits(x, 0, C_DIGIT);
    if (at(x, i) == '.') i = digits(x, i + 1, C_DIGIT);
    if ((at(x, i) | 32) == 'e') {
      size_t sign = at(x, i + 1) == '+' || at(x, i + 1) == '-';
      if (char_class(at(x, i + 1 + sign)) & C_DIGIT) i = digits(x, i + 1 + sign, C_DIGIT);
    }
  }
  if (!is_name_char(x, i)) return i;
  if (x->d->lex & SQL_LEX_STRICT_NUMBER) {
    *kind = SQL_TOK_BAD;
    return name_end(x, i);
  }
  if ((x->d->lex & SQL_LEX_DIGIT_NAME) && !memchr(x->p, '.', i)) {
    *kind = SQL_TOK_WORD;
    return name_end(x, i);
  }
  return i;
}

static bool blob_is_whole(const lexer *x, size_t len) {
  if (len % 2 == 0) return false; /* x'' around an even count of digits */
  for (size_t i = 2; i + 1 < len; i++)
    if (!(char_class(at(x, i)) & C_HEX)) return false;
  return true;
}

/* A word, or the string that a one-letter word opens. */
static size_t word(const lexer *x, sql_token_kind *kind) {
  size_t n = name_end(x, 0);
  unsigned lex = x->d->lex;
  unsigned char c = at(x, 0) | 32, second = at(x, 1) | 32;
  bool closed = true;
  *kind = SQL_TOK_WORD;
  if (c == 'u' && n == 1 && at(x, 1) == '&' && (lex & SQL_LEX_U_STRING) &&
      (at(x, 2) == '\'' || at(x, 2) == '"')) {
    n = quoted(x, 2, (char)at(x, 2), false, &closed);
    *kind = !closed ? SQL_TOK_BAD : at(x, 2) == '"' ? SQL_TOK_QUOTED : SQL_TOK_STRING;
    return n;
  }
  if (n > 2 || at(x, n) != '\'') return n;
  if (n == 1 && c == 'x') {
    n = quoted(x, 1, '\'', false, &closed);
    *kind = closed && (blob_is_whole(x, n) || x->d->id != SQL_SQLITE) ? SQL_TOK_BLOB : SQL_TOK_BAD;
    return n;
  }
  bool q = (lex & SQL_LEX_Q_STRING) && (n == 1 ? c == 'q' : c == 'n' && second == 'q');
  if (q)
    n = q_quoted(x, n, &closed);
  else if (n == 1 && c == 'e' && (lex & SQL_LEX_E_STRING))
    n = quoted(x, 1, '\'', true, &closed);
  else if (n == 1 &&
           ((c == 'n' && (lex & SQL_LEX_N_STRING)) || (c == 'b' && (lex & SQL_LEX_B_STRING))))
    n = quoted(x, 1, '\'', (lex & SQL_LEX_BACKSLASH) != 0, &closed);
  else
    return n;
  *kind = !closed ? SQL_TOK_BAD : c == 'b' ? SQL_TOK_BLOB : SQL_TOK_STRING;
  return n;
}

/* :name, @name, @@name, $name, ?1; 0 when it is none of them. */
static size_t parameter(const lexer *x) {
  unsigned char c = at(x, 0);
  size_t i = 1;
  if (c == '?') {
    if ((x->d->lex & SQL_LEX_PG_OPERATORS) && (char_class(at(x, 1)) & C_OP)) return 0;
    while (char_class(at(x, i)) & C_DIGIT) i++;
    return i;
  }
  if (c == '@' && at(x, 1) == '@') { /* @@global.name */
    i = name_end(x, 2);
    return at(x, i) == '.' && i > 2 ? name_end(x, i + 1) : i > 2 ? i : 0;
  }
  if (c == ':' && x->d->id != SQL_SQLITE && !(char_class(at(x, 1)) & C_START)) return 0;
  size_t n = name_end(x, i);
  return n > i ? n : 0;
}

/* PostgreSQL's rule: the longest run of operator characters, cut before a comment; a trailing
 * + or - belongs to it only beside one of ~ ! @ # % ^ & | ` ? */
static size_t pg_operator(const lexer *x) {
  size_t n = 0;
  bool special = false;
  while (char_class(at(x, n)) & C_OP) {
    unsigned char c = at(x, n), next = at(x, n + 1);
    if (n > 0 && ((c == '-' && next == '-') || (c == '/' && next == '*'))) break;
    if (memchr("~!@#%^&|?", c, 9)) special = true;
    n++;
  }
  if (!special)
    while (n > 1 && (at(x, n - 1) == '+' || at(x, n - 1) == '-')) n--;
  return n;
}

static size_t operator_length(const lexer *x) {
  static const char *const LONG[] = {
      "!~~*", "->>", "<=>", "~~*", "!~~", "||", "<<", ">>", "<=", ">=", "<>", "!=", "==", "->",
      "::",   ":=",  "=>",  "&&",  "!<",  "!>", "^=", "**", "//", "@>", "<@", "!~", "~~"};
  if ((x->d->lex & SQL_LEX_PG_OPERATORS) && (char_class(at(x, 0)) & C_OP)) {
    size_t n = pg_operator(x);
    if (n) return n;
  }
  if (!(char_class(at(x, 0)) & C_OP) && at(x, 0) != ':') return 1;
  for (size_t i = 0; i < sizeof LONG / sizeof *LONG; i++) {
    size_t n = strlen(LONG[i]);
    if ((size_t)(x->end - x->p) < n || memcmp(x->p, LONG[i], n) != 0) continue;
    if (x->d->id == SQL_DUCKDB || !strpbrk(LONG[i], "~@")) return n;
  }
  return 1;
}

static size_t symbol(const lexer *x, sql_token_kind *kind) {
  unsigned char c = at(x, 0);
  *kind = SQL_TOK_OP;
  switch (c) {
    case '(':
    case ')':
    case ',':
    case ';':
    case '.':
    case '+':
    case '*':
    case '%':
    case '/':
    case '-':
    case '<':
    case '>':
    case '=':
    case '!':
    case '~':
    case '&':
    case '|':
    case ':':
    case ']':
    case '{':
    case '}':
    case '[':
    case '^':
      return operator_length(x);
    case '#':
    case '@':
    case '?':
      if (x->d->id != SQL_SQLITE && x->d->id != SQL_TSQL) return operator_length(x);
      break;
    default:
      break;
  }
  *kind = SQL_TOK_BAD;
  return 1;
}

/* Length and kind of the token at x->p, which is neither space nor the end. */
static size_t measure(const lexer *x, sql_token_kind *kind) {
  unsigned char c = at(x, 0);
  unsigned cls = char_class(c);
  size_t n = 0;
  bool closed = true;
  if (cls & C_START) return word(x, kind);
  if ((cls & C_DIGIT) || (c == '.' && (char_class(at(x, 1)) & C_DIGIT))) return number(x, kind);
  switch (c) {
    case '\'':
      n = quoted(x, 0, '\'', (x->d->lex & SQL_LEX_BACKSLASH) != 0, &closed);
      *kind = SQL_TOK_STRING;
      break;
    case '"':
      n = quoted(x, 0, '"', (x->d->lex & SQL_LEX_DQUOTE_STRING) && (x->d->lex & SQL_LEX_BACKSLASH),
                 &closed);
      *kind = x->d->lex & SQL_LEX_DQUOTE_STRING ? SQL_TOK_STRING : SQL_TOK_QUOTED;
      break;
    case '`':
      n = quoted(x, 0, '`', false, &closed);
      *kind = SQL_TOK_QUOTED;
      break;
    case '[':
      if (!(x->d->lex & SQL_LEX_BRACKET_NAME)) break;
      n = quoted(x, 0, ']', false, &closed);
      *kind = SQL_TOK_QUOTED;
      break;
    case '$':
      if (x->d->lex & SQL_LEX_DOLLAR_QUOTE) n = dollar_quoted(x, &closed);
      *kind = SQL_TOK_STRING;
      break;
    default:
      break;
  }
  if (!closed) *kind = SQL_TOK_BAD;
  if (n) return n;
  if (c == '#' && (x->d->lex & SQL_LEX_HASH_NAME) && is_name_char(x, 1)) {
    *kind = SQL_TOK_WORD;
    return name_end(x, 0);
  }
  if (c == '$' && x->d->id == SQL_TSQL && (char_class(at(x, 1)) & C_DIGIT)) { /* money */
    *kind = SQL_TOK_NUMBER;
    n = digits(x, 1, C_DIGIT);
    return at(x, n) == '.' ? digits(x, n + 1, C_DIGIT) : n;
  }
  *kind = SQL_TOK_PARAM;
  if (memchr("?:@$", c, 4) && (n = parameter(x)) > 0) return n;
  return symbol(x, kind);
}

static sql_token next_token(str text, const sql_dialect *d, size_t *pos) {
  sql_token t = {SQL_TOK_END, {0, 0}, {0}};
  if (!text.len) return t;
  size_t from = *pos < text.len ? *pos : text.len, n = 0;
  lexer x = {text.ptr + from, text.ptr + text.len, d};
  if (!skip_space(&x)) { /* take the false comment, whole */
    t.kind = SQL_TOK_BAD;
    n = block_comment(&x);
    if (!n) n = (size_t)(x.end - x.p);
  } else if (x.p < x.end) {
    n = measure(&x, &t.kind);
  }
  from = (size_t)(x.p - text.ptr);
  t.raw = (str){x.p, n};
  t.span = (sql_span){(uint32_t)from, (uint32_t)(from + n)};
  *pos = from + n;
  return t;
}

sql_token sql_next_token(str text, sql_dialect_id dialect, size_t *pos) {
  return next_token(text, sql_dialect_get(dialect), pos);
}

sql_lexeme sql_next_lexeme(str text, const sql_dialect *d, size_t *pos) {
  sql_lexeme x = {next_token(text, d, pos), SQL_W_NONE, 0};
  if (x.token.kind == SQL_TOK_WORD) x.word = sql_word_find(x.token.raw);
  if (x.token.kind == SQL_TOK_OP && x.token.raw.len <= 4)
    for (size_t i = x.token.raw.len; i-- > 0;) x.op = x.op << 8 | (unsigned char)x.token.raw.ptr[i];
  return x;
}

/* ── decoding ─────────────────────────────────────────────────────────────────── */

static unsigned hex_value(char c) {
  return ascii_is_digit(c) ? (unsigned)(c - '0') : (unsigned)(ascii_lower(c) - 'a' + 10);
}

/* Digits of base `base` (a power of two, at most 16) from s[*i], at most `most` of them. */
static uint32_t code_point(str s, size_t *i, size_t most, unsigned base) {
  uint32_t c = 0;
  for (size_t n = 0; n < most && *i < s.len; n++, ++*i) {
    if (!(char_class((unsigned char)s.ptr[*i]) & C_HEX) || hex_value(s.ptr[*i]) >= base) break;
    c = c * base + hex_value(s.ptr[*i]);
  }
  return c;
}

/* The escape whose letter is s[*i], written to out; PostgreSQL has numeric ones. */
static size_t unescape(str s, size_t *i, const sql_dialect *d, char *out) {
  static const char NAMED[] = "n\nt\tr\rb\b";
  char c = s.ptr[(*i)++];
  for (const char *n = NAMED; *n; n += 2)
    if (*n == c) return *out = n[1], 1;
  if (d->mysql && (c == '0' || c == 'Z')) return *out = c == '0' ? '\0' : '\x1a', 1;
  if (d->mysql && (c == '%' || c == '_')) return out[0] = '\\', out[1] = c, 2; /* kept, for LIKE */
  if (d->id == SQL_CLICKHOUSE && c == '0') return *out = '\0', 1;
  if (d->mysql) return *out = c, 1;
  if (c == 'f') return *out = '\f', 1;
  if (c == 'x') return *out = (char)code_point(s, i, 2, 16), *out != 0;
  if (d->id != SQL_POSTGRES) return *out = c, 1;
  if (c == 'u' || c == 'U') {
    uint32_t code = code_point(s, i, c == 'u' ? 4 : 8, 16);
    return code && code < 0x110000 ? utf8_put(code, out) : 0;
  }
  if (c < '0' || c > '7') return *out = c, 1;
  --*i;
  return *out = (char)code_point(s, i, 3, 8), *out != 0;
}

static str undouble(str body, char close, bool backslash, const sql_dialect *d, arena *a) {
  bool plain =
      !memchr(body.ptr, close, body.len) && !(backslash && memchr(body.ptr, '\\', body.len));
  if (plain || !body.len) return body;
  char *out = arena_alloc(a, body.len); /* no escape is shorter than what it stands for */
  size_t n = 0;
  if (!out) return (str){NULL, 0};
  for (size_t i = 0; i < body.len;) {
    char c = body.ptr[i++];
    if (backslash && c == '\\' && i < body.len) {
      n += unescape(body, &i, d, out + n);
    } else {
      if (c == close && i < body.len && body.ptr[i] == close) i++;
      out[n++] = c;
    }
  }
  return (str){out, n};
}

/* U&'\0041' and U&'\+000041': a backslash and four digits, or a + and six. */
static str unicode_escapes(str s, arena *a) {
  if (!s.len || !memchr(s.ptr, '\\', s.len)) return s;
  char *out = arena_alloc(a, s.len);
  size_t n = 0;
  if (!out) return (str){NULL, 0};
  for (size_t i = 0; i < s.len;) {
    size_t at = i + 1, digits = 4, k = 0;
    uint32_t c = 0;
    if (s.ptr[i] == '\\' && at < s.len && s.ptr[at] == '+') at++, digits = 6;
    if (s.ptr[i] == '\\')
      while (k < digits && at + k < s.len && (char_class((unsigned char)s.ptr[at + k]) & C_HEX))
        c = c * 16 + hex_value(s.ptr[at + k++]);
    if (k == digits && c > 0 && c < 0x110000) {
      n += utf8_put(c, out + n);
      i = at + digits;
    } else {
      out[n++] = s.ptr[i++];
    }
  }
  return (str){out, n};
}

str sql_decode_token(const sql_token *t, const sql_dialect *d, arena *a) {
  str s = t->raw;
  size_t i = 0;
  bool backslash = (d->lex & SQL_LEX_BACKSLASH) != 0;
  if (s.ptr[0] == '$') {
    size_t tag = str_find(s, STR("$"), 1) + 1;
    return (str){s.ptr + tag, s.len - 2 * tag};
  }
  while (i < s.len && !memchr("'\"`[", s.ptr[i], 4)) {
    if (ascii_lower(s.ptr[i]) == 'q') return (str){s.ptr + i + 3, s.len - i - 5};
    if (ascii_lower(s.ptr[i]) == 'e') backslash = true;
    i++;
  }
  char close = s.ptr[i] == '[' ? ']' : s.ptr[i];
  bool name = t->kind == SQL_TOK_QUOTED;
  str text = undouble((str){s.ptr + i + 1, s.len - i - 2}, close, backslash && !name, d, a);
  return i == 2 && s.ptr[1] == '&' && text.ptr ? unicode_escapes(text, a) : text;
}
