/* A question as what people taught is compared with it: its words without the values, its vector
 * and the shape of a query. Searches nothing; see taught.c. */
#include "recall/probe.h"

#include <stdlib.h>
#include <string.h>

#include "sql/sql.h"
#include "text/text.h"

/* ---- words ---- */

static bool add_word(buf *b, str lower) {
  if (b->len) buf_add_c(b, ' ');
  return buf_add(b, lower);
}

static str finished(buf *b, arena *a) {
  str out = b->failed ? (str){0} : arena_str(a, buf_str(b));
  buf_free(b);
  return out;
}

/* Words of values say nothing of what a question means. */
static bool is_value(const link_question *q, const link_values *v, int i) {
  if (q->words[i].flags & (LINK_WORD_NUMBER | LINK_WORD_QUOTED | LINK_WORD_IN_VALUE)) return true;
  for (int k = 0; k < v->n; k++)
    if (i >= v->items[k].from && i < v->items[k].to &&
        (v->items[k].flags & (LINK_VAL_STORED | LINK_VAL_QUOTED | LINK_VAL_NUMBER)))
      return true;
  return false;
}

static str mask(const link_question *q, const link_values *v, arena *a) {
  buf b;
  buf_init(&b, 1 << 16);
  for (int i = 0; i < q->n; i++)
    if (!is_value(q, v, i)) add_word(&b, q->words[i].lower);
  return finished(&b, a);
}

emend_rc recall_probe_read(str question, const catalog *cat, arena *a, recall_probe *out,
                           emend_error *err) {
  *out = (recall_probe){.question = question};
  emend_rc rc = link_question_read(question, a, &out->words);
  if (!rc && cat) rc = link_schema_read(cat, a, &out->schema);
  if (!rc && cat) rc = link_values_find(&out->words, &out->schema, cat, NULL, a, &out->values);
  if (rc) return err_nomem(err, "recall");
  out->masked = mask(&out->words, &out->values, a);
  return out->masked.ptr ? EMEND_OK : err_nomem(err, "recall");
}

/* Is the word part of a literal of the query? */
static bool in_literals(str lower, str literals) {
  size_t at = 0;
  while ((at = str_find(literals, lower, at)) != SIZE_MAX) {
    size_t end = at + lower.len;
    bool before = at == 0 || !ascii_is_alnum(literals.ptr[at - 1]);
    if (before && (end == literals.len || !ascii_is_alnum(literals.ptr[end]))) return true;
    at++;
  }
  return false;
}

static str literals_of(str sql, arena *a) {
  buf b;
  size_t pos = 0;
  buf_init(&b, 1 << 16);
  for (;;) {
    sql_token t = sql_next_token(sql, SQL_SQLITE, &pos);
    if (t.kind == SQL_TOK_END) break;
    if (t.kind == SQL_TOK_STRING || t.kind == SQL_TOK_QUOTED) add_word(&b, t.raw);
  }
  str raw = finished(&b, a);
  return raw.ptr ? text_normalise(a, raw) : raw;
}

str recall_mask_stored(str question, str sql, arena *a) {
  text_words words;
  buf b;
  str literals = literals_of(sql, a);
  if (!literals.ptr || !text_tokenize(question, a, &words)) return (str){0};
  buf_init(&b, 1 << 16);
  for (size_t i = 0; i < words.len; i++) {
    const text_word *w = &words.items[i];
    if (w->is_punct || w->is_number || w->is_date || w->quoted) continue;
    if (!in_literals(w->lower, literals)) add_word(&b, w->lower);
  }
  return finished(&b, a);
}

static int by_value(const void *x, const void *y) {
  uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
  return (a > b) - (a < b);
}

bool recall_stems_read(str masked, arena *a, recall_stems *out) {
  text_words words;
  *out = (recall_stems){0};
  if (!text_tokenize(masked, a, &words)) return false;
  out->items = ARENA_ARRAY(a, uint32_t, words.len + 1);
  if (!out->items) return false;
  for (size_t i = 0; i < words.len; i++)
    if (!words.items[i].is_punct && !text_is_stopword(words.items[i].lower))
      out->items[out->n++] = str_hash(words.items[i].stem);
  qsort(out->items, out->n, sizeof *out->items, by_value);
  return true;
}

size_t recall_stems_shared(const recall_stems *x, const recall_stems *y) {
  size_t i = 0, j = 0, same = 0;
  while (i < x->n && j < y->n) {
    if (x->items[i] == y->items[j])
      same++, i++, j++;
    else if (x->items[i] < y->items[j])
      i++;
    else
      j++;
  }
  return same;
}

/* ---- shapes ---- */

static const char *const shape_words[] = {
    "where", "group", "having", "order",     "limit",  "distinct", "count", "sum",     "avg",
    "min",   "max",   "join",   "in",        "not",    "union",    "like",  "between", "or",
    "and",   "desc",  "asc",    "intersect", "except", "exists",   "case",  "null"};
enum { N_SHAPE_WORDS = sizeof shape_words / sizeof *shape_words, SHAPE_OPS = 40 };

uint64_t recall_shape(str sql) {
  static const char ops[] = "=<>+-*/";
  uint64_t bits = 0;
  size_t pos = 0;
  int selects = 0;
  for (;;) {
    sql_token t = sql_next_token(sql, SQL_SQLITE, &pos);
    if (t.kind == SQL_TOK_END) break;
    if (t.kind == SQL_TOK_WORD) {
      for (int i = 0; i < N_SHAPE_WORDS; i++)
        if (str_eq_nocase(t.raw, str_from(shape_words[i]))) bits |= (uint64_t)1 << i;
      if (str_eq_nocase(t.raw, STR("select"))) selects++;
    }
    const char *op = t.kind == SQL_TOK_OP && t.raw.len ? strchr(ops, t.raw.ptr[0]) : NULL;
    if (op && *op) bits |= (uint64_t)1 << (SHAPE_OPS + (op - ops));
  }
  return bits | (uint64_t)1 << (SHAPE_OPS + 8 + (selects < 3 ? selects : 3));
}

double recall_shape_similarity(uint64_t x, uint64_t y) {
  if (!x || !y) return 0;
  int both = __builtin_popcountll(x & y), any = __builtin_popcountll(x | y);
  return (double)both / any;
}
