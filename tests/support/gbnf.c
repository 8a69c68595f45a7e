/* See gbnf.h. A text is matched by sets of positions: where may a node end, begun there? */
#include "support/gbnf.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/utf8.h"
#include "base/vec.h"

typedef enum kind { LITERAL, CLASS, RULE, SEQUENCE, CHOICE, REPEAT } kind;

typedef struct node {
  kind kind;
  str text;        /* LITERAL: its bytes; CLASS: its inside; RULE: its name */
  bool negated;    /* CLASS */
  int least, most; /* REPEAT */
  int rule;        /* RULE: its index */
  VEC(struct node *) parts;
} node;

typedef struct rule {
  str name;
  node *body;
} rule;

struct gbnf {
  arena *a;
  VEC(rule) rules;
  VEC(node *) uses;
};

typedef struct reading {
  gbnf *g;
  str text;
  size_t at;
  const char *why;
} reading;

/* ---- reading ---- */

static char peek(const reading *r) { return r->at < r->text.len ? r->text.ptr[r->at] : 0; }

static void skip_blanks(reading *r, bool lines) {
  while (r->at < r->text.len && (peek(r) == ' ' || peek(r) == '\t' || (lines && peek(r) == '\n')))
    r->at++;
}

static node *new_node(reading *r, kind k) {
  node *n = ARENA_NEW(r->g->a, node);
  if (n) n->kind = k;
  if (!n) r->why = "out of memory";
  return n;
}

static bool is_name(char c) { return ascii_is_alnum(c) || c == '-'; }

static str read_name(reading *r) {
  size_t from = r->at;
  while (is_name(peek(r))) r->at++;
  return str_slice(r->text, from, r->at);
}

/* The character that an escape after a backslash means. */
static uint32_t read_escape(reading *r) {
  char c = peek(r);
  r->at++;
  if (c == 'n') return '\n';
  if (c == 'r') return '\r';
  if (c == 't') return '\t';
  if (c != 'x') return (unsigned char)c;
  uint32_t v = 0;
  for (int i = 0; i < 2; i++, r->at++) {
    char h = ascii_lower(peek(r));
    v = v * 16 + (uint32_t)(ascii_is_digit(h) ? h - '0' : h - 'a' + 10);
  }
  return v;
}

static node *read_literal(reading *r) {
  node *n = new_node(r, LITERAL);
  buf b;
  buf_init(&b, 1 << 16);
  for (r->at++; peek(r) != '"';) {
    if (r->at >= r->text.len || peek(r) == '\n') {
      r->why = "a literal without its end";
      break;
    }
    if (peek(r) == '\\') {
      r->at++;
      buf_add_c(&b, (char)read_escape(r));
    } else {
      buf_add_c(&b, r->text.ptr[r->at++]);
    }
  }
  r->at++;
  if (n) n->text = arena_str(r->g->a, buf_str(&b));
  buf_free(&b);
  return n;
}

static node *read_class(reading *r) {
  node *n = new_node(r, CLASS);
  r->at++;
  if (n && peek(r) == '^') {
    n->negated = true;
    r->at++;
  }
  size_t from = r->at;
  while (r->at < r->text.len && peek(r) != ']') r->at += peek(r) == '\\' ? 2 : 1;
  if (n) n->text = str_slice(r->text, from, r->at);
  if (peek(r) != ']') r->why = "a class without its end";
  r->at++;
  return n;
}

static node *read_choice(reading *r, bool group);

static node *read_simple(reading *r, bool group) {
  if (peek(r) == '"') return read_literal(r);
  if (peek(r) == '[') return read_class(r);
  if (peek(r) == '(') {
    r->at++;
    node *n = read_choice(r, true);
    if (peek(r) != ')') r->why = "a group without its end";
    r->at++;
    return n;
  }
  (void)group;
  str name = read_name(r);
  if (!name.len) {
    r->why = "something that is no part of a rule";
    return NULL;
  }
  node *n = new_node(r, RULE);
  if (n) n->text = name;
  if (n && !vec_push(r->g->a, &r->g->uses, n)) r->why = "out of memory";
  return n;
}

static int read_count(reading *r, int otherwise) {
  int n = 0;
  bool any = false;
  for (; ascii_is_digit(peek(r)); r->at++, any = true) n = n * 10 + (peek(r) - '0');
  return any ? n : otherwise;
}

static node *read_repeat(reading *r, node *of) {
  int least = 0, most = 1 << 20;
  char c = peek(r);
  if (c != '?' && c != '*' && c != '+' && c != '{') return of;
  r->at++;
  if (c == '?') most = 1;
  if (c == '+') least = 1;
  if (c == '{') {
    least = read_count(r, 0);
    most = least;
    if (peek(r) == ',') {
      r->at++;
      most = read_count(r, 1 << 20);
    }
    if (peek(r) != '}') r->why = "a count without its end";
    r->at++;
  }
  node *n = new_node(r, REPEAT);
  if (!n || !vec_push(r->g->a, &n->parts, of)) return NULL;
  n->least = least;
  n->most = most;
  return n;
}

static node *read_sequence(reading *r, bool group) {
  node *s = new_node(r, SEQUENCE);
  while (s && !r->why) {
    skip_blanks(r, group);
    char c = peek(r);
    if (c == 0 || c == '|' || c == ')' || c == '\n') break;
    node *n = read_simple(r, group);
    if (n && !r->why) n = read_repeat(r, n);
    if (!n || !vec_push(r->g->a, &s->parts, n)) break;
  }
  return s;
}

static node *read_choice(reading *r, bool group) {
  node *c = new_node(r, CHOICE);
  while (c && !r->why) {
    node *s = read_sequence(r, group);
    if (!s || !vec_push(r->g->a, &c->parts, s)) break;
    if (peek(r) != '|') break;
    r->at++;
  }
  return c;
}

static int find_rule(const gbnf *g, str name) {
  for (size_t i = 0; i < g->rules.len; i++)
    if (str_eq(g->rules.items[i].name, name)) return (int)i;
  return -1;
}

gbnf *gbnf_read(str text, arena *a, const char **why) {
  gbnf *g = ARENA_NEW(a, gbnf);
  reading r = {.g = g, .text = text};
  *why = "out of memory";
  if (!g) return NULL;
  g->a = a;
  for (skip_blanks(&r, true); r.at < text.len && !r.why; skip_blanks(&r, true)) {
    rule x = {.name = read_name(&r)};
    skip_blanks(&r, false);
    if (!x.name.len || !str_starts(str_slice(text, r.at, text.len), STR("::="))) {
      r.why = arena_printf(a, "no rule at byte %zu", r.at);
      break;
    }
    r.at += 3;
    x.body = read_choice(&r, false);
    if (find_rule(g, x.name) >= 0) r.why = "a rule that is there twice";
    if (!r.why && !vec_push(a, &g->rules, x)) return NULL;
  }
  for (size_t i = 0; i < g->uses.len && !r.why; i++) {
    g->uses.items[i]->rule = find_rule(g, g->uses.items[i]->text);
    if (g->uses.items[i]->rule < 0)
      r.why = arena_printf(a, "no rule %.*s", STR_ARG(g->uses.items[i]->text));
  }
  *why = r.why;
  return r.why || find_rule(g, STR("root")) < 0 ? NULL : g;
}

size_t gbnf_rules(const gbnf *g) { return g->rules.len; }

/* ---- matching ---- */

/* A set of positions: one byte each. */
typedef struct matching {
  const gbnf *g;
  str text;
  size_t n;        /* positions: the text's length and one */
  uint8_t **known; /* [rule * n + position]: where it may end; NULL: not looked at yet */
  size_t reached;
} matching;

static bool in_class(const node *c, uint32_t ch) {
  bool in = false;
  for (size_t i = 0; i < c->text.len;) {
    reading r = {.text = c->text, .at = i};
    uint32_t lo = peek(&r) == '\\' ? (r.at++, read_escape(&r)) : utf8_next(c->text, &r.at);
    uint32_t hi = lo;
    if (peek(&r) == '-' && r.at + 1 < c->text.len) {
      r.at++;
      hi = peek(&r) == '\\' ? (r.at++, read_escape(&r)) : utf8_next(c->text, &r.at);
    }
    if (ch >= lo && ch <= hi) in = true;
    i = r.at;
  }
  return in != c->negated;
}

static void ends(matching *m, const node *n, size_t at, uint8_t *out);

/* Where all of `from` lead through `n`. */
static bool step(matching *m, const node *n, const uint8_t *from, uint8_t *to) {
  bool any = false;
  memset(to, 0, m->n);
  for (size_t i = 0; i < m->n; i++)
    if (from[i]) ends(m, n, i, to);
  for (size_t i = 0; i < m->n && !any; i++) any = to[i];
  return any;
}

static void add(uint8_t *to, const uint8_t *from, size_t n) {
  for (size_t i = 0; i < n; i++) to[i] |= from[i];
}

static void end_sequence(matching *m, const node *s, size_t at, uint8_t *out) {
  uint8_t *now = calloc(2, m->n), *next = now + m->n;
  if (!now) return;
  uint8_t *begin = now;
  bool any = true;
  now[at] = 1;
  for (size_t i = 0; i < s->parts.len && any; i++) {
    any = step(m, s->parts.items[i], now, next);
    uint8_t *swap = now;
    now = next;
    next = swap;
  }
  if (any) add(out, now, m->n);
  free(begin);
}

static void end_repeat(matching *m, const node *r, size_t at, uint8_t *out) {
  uint8_t *now = calloc(2, m->n), *next = now + m->n, *begin = now;
  if (!now) return;
  now[at] = 1;
  if (r->least == 0) out[at] = 1;
  for (int i = 1; i <= r->most && step(m, r->parts.items[0], now, next); i++) {
    uint8_t *swap = now;
    now = next;
    next = swap;
    if (i >= r->least) add(out, now, m->n);
  }
  free(begin);
}

static void end_rule(matching *m, int which, size_t at, uint8_t *out) {
  uint8_t **known = &m->known[(size_t)which * m->n + at];
  if (!*known) {
    *known = calloc(1, m->n);
    if (*known) ends(m, m->g->rules.items[which].body, at, *known);
  }
  if (*known) add(out, *known, m->n);
}

static void ends(matching *m, const node *n, size_t at, uint8_t *out) {
  if (at > m->reached) m->reached = at;
  switch (n->kind) {
    case LITERAL:
      if (str_starts(str_slice(m->text, at, m->text.len), n->text)) out[at + n->text.len] = 1;
      break;
    case CLASS: {
      size_t next = at;
      if (at < m->text.len && in_class(n, utf8_next(m->text, &next))) out[next] = 1;
      break;
    }
    case RULE:
      end_rule(m, n->rule, at, out);
      break;
    case SEQUENCE:
      end_sequence(m, n, at, out);
      break;
    case CHOICE:
      for (size_t i = 0; i < n->parts.len; i++) ends(m, n->parts.items[i], at, out);
      break;
    case REPEAT:
      end_repeat(m, n, at, out);
      break;
  }
}

bool gbnf_match(const gbnf *g, str text, size_t *reached) {
  matching m = {.g = g, .text = text, .n = text.len + 1};
  size_t slots = g->rules.len * m.n;
  uint8_t *out = calloc(1, m.n);
  m.known = calloc(slots, sizeof *m.known);
  if (out && m.known) end_rule(&m, find_rule(g, STR("root")), 0, out);
  bool good = out && out[text.len];
  for (size_t i = 0; m.known && i < slots; i++) free(m.known[i]);
  free(m.known);
  free(out);
  *reached = m.reached;
  return good;
}
