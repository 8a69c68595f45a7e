/* The answer in words, made from the question's own words and the cells that came
 * back, and from nothing else: no figure or name in it is ours. */
#include <stdio.h>
#include <stdlib.h>

#include "ask/ask.h"
#include "base/utf8.h"

enum { LISTED = 10, LONGEST_VALUE = 80, LONGEST_SENTENCE = 4096 };

typedef struct speaking {
  const judge_intent *in;
  const source_result *r;
  buf out;
} speaking;

static const cell *cell_at(const speaking *s, size_t row, size_t column) {
  return &s->r->cells[row * s->r->n_columns + column];
}

/* ---- values, unchanged ---- */

static void say_text(buf *b, str text) {
  size_t n = 0;
  for (size_t chars = 0; n < text.len && chars < LONGEST_VALUE; chars++) utf8_next(text, &n);
  for (size_t i = 0; i < n; i++) {
    char c = text.ptr[i];
    buf_add_c(b, (unsigned char)c < ' ' ? ' ' : c);
  }
  if (n < text.len) buf_add_cstr(b, "…");
}

static void say_cell(buf *b, const cell *c) {
  char number[32];
  switch (c->kind) {
    case CELL_NULL:
      buf_add_cstr(b, "no value");
      break;
    case CELL_INT:
      buf_printf(b, "%lld", (long long)c->i);
      break;
    case CELL_BOOL:
      buf_add_cstr(b, c->i ? "yes" : "no");
      break;
    case CELL_REAL:
      snprintf(number, sizeof number, "%.15g", c->r); /* what adding up leaves behind is not said */
      buf_add(b, (str){number, jw_format_real(strtod(number, NULL), number)});
      break;
    case CELL_TEXT:
      say_text(b, c->text);
      break;
    case CELL_BLOB:
      buf_add_cstr(b, "binary data");
      break;
  }
}

/* ---- the question turned round ---- */

static str word(const speaking *s, size_t i) {
  const text_words *w = &s->in->words;
  return i < w->len && !w->items[i].is_punct && !w->items[i].quoted ? w->items[i].lower : STR("");
}

static bool word_is(const speaking *s, size_t i, const char *what) {
  return str_eq(word(s, i), str_from(what));
}

/* The question's end without its punctuation; 0 when it is more than one sentence. */
static size_t last_word(const speaking *s) {
  const text_words *w = &s->in->words;
  size_t end = w->len;
  while (end && w->items[end - 1].is_punct && !w->items[end - 1].quoted) end--;
  for (size_t i = 0; i < end; i++)
    if (w->items[i].is_punct && w->items[i].raw.len == 1 &&
        (w->items[i].raw.ptr[0] == '?' || w->items[i].raw.ptr[0] == '.' ||
         w->items[i].raw.ptr[0] == ';'))
      return 0;
  return end;
}

static str words_between(const speaking *s, size_t from, size_t to) {
  const text_words *w = &s->in->words;
  return str_slice(s->in->question, w->items[from].from, w->items[to - 1].to);
}

/* Where "are there", "do we have", "are", "were" or "have" stands after "how many NOUN"; 0:
 * nowhere, or a verb turned round ("does AC/DC have") that cannot be told so simply. */
static size_t find_verb(const speaking *s, size_t end, bool *there, size_t *rest) {
  for (size_t i = 3; i < end; i++) {
    if (word_is(s, i, "do") && word_is(s, i + 1, "we") && word_is(s, i + 2, "have")) {
      *there = true;
      *rest = i + 3;
      return i;
    }
    if (word_is(s, i, "do") || word_is(s, i, "does") || word_is(s, i, "did")) return 0;
    *there = word_is(s, i, "are") && word_is(s, i + 1, "there");
    *rest = *there ? i + 2 : i;
    if (*there || word_is(s, i, "are") || word_is(s, i, "were") || word_is(s, i, "have")) return i;
  }
  return 0;
}

/* "How many tracks are there?" → "There are 3503 tracks."; "How many are lost?" is left alone. */
static bool say_how_many(speaking *s, const cell *c) {
  bool there = false;
  size_t rest = 0, end = last_word(s);
  if (!word_is(s, 0, "how") || !word_is(s, 1, "many") || word_is(s, 2, "of") ||
      c->kind != CELL_INT || c->i == 1)
    return false;
  size_t verb = find_verb(s, end, &there, &rest);
  if (!verb || (!there && rest + 1 >= end)) return false;
  str noun = words_between(s, 2, verb);
  buf_printf(&s->out, there ? "There are %lld %.*s" : "%lld %.*s", (long long)c->i, STR_ARG(noun));
  if (rest < end) {
    str tail = words_between(s, rest, end);
    const char *after = tail.ptr + tail.len, *stop = s->in->question.ptr + s->in->question.len;
    if (after < stop && (*after == '"' || *after == '\'')) tail.len++; /* its closing quote */
    buf_printf(&s->out, " %.*s", STR_ARG(tail));
  }
  buf_add_c(&s->out, '.');
  return true;
}

/* "What is the average price?" → "The average price is 12.3." */
static bool say_what_is(speaking *s, const cell *c) {
  size_t end = last_word(s);
  bool past = word_is(s, 1, "was");
  if (!word_is(s, 0, "what") || !(past || word_is(s, 1, "is")) || !word_is(s, 2, "the") || end < 4)
    return false;
  for (size_t i = 3; i < end; i++) /* one thing only, and no clause that would dangle */
    if (word_is(s, i, "and") || word_is(s, i, "that") || word_is(s, i, "who") ||
        word_is(s, i, "which") || word_is(s, i, "whose") || word_is(s, i, "where"))
      return false;
  buf_printf(&s->out, "The %.*s %s ", STR_ARG(words_between(s, 3, end)), past ? "was" : "is");
  say_cell(&s->out, c);
  buf_add_c(&s->out, '.');
  return true;
}

/* ---- shapes of results ---- */

static void say_one_value(speaking *s) {
  const cell *c = cell_at(s, 0, 0);
  if (c->kind == CELL_NULL) {
    buf_add_cstr(&s->out, "There is no value for this.");
    return;
  }
  if (say_how_many(s, c) || say_what_is(s, c)) return;
  buf_add_cstr(&s->out, "The answer is ");
  say_cell(&s->out, c);
  buf_add_c(&s->out, '.');
}

static void say_row(speaking *s, size_t row) {
  for (size_t c = 0; c < s->r->n_columns && c < LISTED; c++) {
    if (c) buf_add_cstr(&s->out, "; ");
    say_text(&s->out, s->r->names[c]);
    buf_add_cstr(&s->out, ": ");
    say_cell(&s->out, cell_at(s, row, c));
  }
}

static bool same_cell(const cell *x, const cell *y) {
  return x->kind == y->kind && x->i == y->i && !(x->r < y->r || x->r > y->r) &&
         str_eq(x->text, y->text);
}

/* The first rows that differ from one another; *all tells whether none is left out. */
static size_t pick_different(const speaking *s, size_t rows[LISTED], bool *all) {
  size_t n = 0;
  *all = !s->r->truncated;
  for (size_t i = 0; i < s->r->n_rows; i++) {
    size_t j = 0;
    while (j < n && !same_cell(cell_at(s, rows[j], 0), cell_at(s, i, 0))) j++;
    if (j < n) continue;
    if (n == LISTED) {
      *all = false;
      break;
    }
    rows[n++] = i;
  }
  return n;
}

static void say_list(speaking *s) {
  size_t rows[LISTED];
  bool all;
  size_t n = pick_different(s, rows, &all);
  buf_add_cstr(&s->out, !all     ? "The answers begin with "
                        : n == 1 ? "The answer is always "
                                 : "The answers are ");
  for (size_t i = 0; i < n; i++) {
    if (i) buf_add_cstr(&s->out, i + 1 == n && all ? " and " : ", ");
    say_cell(&s->out, cell_at(s, rows[i], 0));
  }
  buf_add_cstr(&s->out, all ? "." : ", and there are more.");
}

static void say_table(speaking *s) {
  buf_add_cstr(&s->out, "The answer is a table; its first row is ");
  say_row(s, 0);
  buf_add_c(&s->out, '.');
}

str ask_verbalise(const judge_intent *in, const source_result *r, arena *a) {
  speaking s = {.in = in, .r = r};
  buf_init(&s.out, LONGEST_SENTENCE * 4);
  if (r->n_rows == 0 || r->n_columns == 0) {
    buf_add_cstr(&s.out, "Nothing in the database matches this.");
  } else if (r->n_columns == 1) {
    if (r->n_rows == 1)
      say_one_value(&s);
    else
      say_list(&s);
  } else if (r->n_rows == 1) {
    buf_add_cstr(&s.out, "The answer is ");
    say_row(&s, 0);
    buf_add_c(&s.out, '.');
  } else {
    say_table(&s);
  }
  if (r->truncated) buf_add_cstr(&s.out, " Only the first rows were read.");
  str out = s.out.failed ? (str){NULL, 0} : arena_str(a, buf_str(&s.out));
  buf_free(&s.out);
  return out;
}
