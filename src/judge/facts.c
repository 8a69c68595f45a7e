/* What a query does, read from its tree. Judges nothing. */
#include "judge/facts.h"

#include <stdlib.h>

typedef struct reading {
  judge_facts *f;
  arena *a;
  bool ok;
  VEC(const sql_expr *) knobs; /* numbers that tell a function how: substr(x, 1, 4) */
} reading;

bool judge_contains(str text, const char *part) {
  return str_find(text, str_from(part), 0) != SIZE_MAX;
}

double judge_number_value(const sql_expr *e) {
  char text[64] = {0}; /* the text of a node does not end in NUL */
  size_t n = e->text.len < sizeof text - 1 ? e->text.len : sizeof text - 1;
  for (size_t i = 0; i < n; i++) text[i] = e->text.ptr[i];
  return strtod(text, NULL);
}

static bool is_zero(const sql_expr *e) {
  return e && e->kind == SQL_NUMBER && str_eq(e->text, STR("0"));
}

static bool is_ordering(sql_op op) {
  return op == SQL_OP_LT || op == SQL_OP_LE || op == SQL_OP_GT || op == SQL_OP_GE;
}

bool judge_is_bound(const judge_facts *f, const sql_expr *e) {
  for (size_t i = 0; i < f->bounds.len; i++)
    if (f->bounds.items[i] == e) return true;
  return false;
}

static void read_operator(reading *r, const sql_expr *e) {
  judge_facts *f = r->f;
  for (size_t i = 0; is_ordering(e->op) && i < e->args.len; i++)
    if (e->args.items[i]->kind == SQL_NUMBER)
      r->ok = r->ok && vec_push(r->a, &f->bounds, e->args.items[i]);
  if (e->op == SQL_OP_DIV) f->division = true;
  if (e->op == SQL_OP_OR) f->either = true;
  if (e->op == SQL_OP_NE || e->op == SQL_OP_NOT || e->negated) f->excludes = true;
  if (e->op == SQL_OP_EQ && e->args.len == 2 && is_zero(e->args.items[1])) f->excludes = true;
}

static void read_call(reading *r, const sql_expr *e) {
  judge_facts *f = r->f;
  str n = e->name.text;
  if (str_eq_nocase(n, STR("count"))) f->count = true;
  if (str_eq_nocase(n, STR("avg"))) f->average = true;
  if (str_eq_nocase(n, STR("sum")) || str_eq_nocase(n, STR("total"))) f->sum = true;
  if (str_eq_nocase(n, STR("max")) || str_eq_nocase(n, STR("min"))) f->extreme = true;
  if (e->distinct) f->distinct = true;
  if (e->over) f->window = true;
  for (size_t i = 1; i < e->args.len; i++)
    if (e->args.items[i]->kind == SQL_NUMBER)
      r->ok = r->ok && vec_push(r->a, &r->knobs, e->args.items[i]);
}

static bool is_knob(const reading *r, const sql_expr *e) {
  for (size_t i = 0; i < r->knobs.len; i++)
    if (r->knobs.items[i] == e) return true;
  return false;
}

/* fda_approved = 'No' */
static bool says_no(str literal) {
  static const char *const words[] = {"no", "n", "f", "false", "none", "null", NULL};
  char lower[6] = {0};
  if (literal.len >= sizeof lower) return false;
  for (size_t i = 0; i < literal.len; i++) lower[i] = ascii_lower(literal.ptr[i]);
  return str_is_any((str){lower, literal.len}, words);
}

static sql_walk_next see_expr(void *ctx, sql_expr *e) {
  reading *r = ctx;
  judge_facts *f = r->f;
  switch (e->kind) {
    case SQL_STRING:
      f->excludes = f->excludes || says_no(e->text);
      r->ok = r->ok && vec_push(r->a, &f->strings, e);
      break;
    case SQL_NUMBER:
      r->ok = r->ok && (is_knob(r, e) || vec_push(r->a, &f->numbers, e));
      break;
    case SQL_SUBQUERY:
      f->subquery = true;
      break;
    case SQL_COLUMN:
      r->ok = r->ok && vec_push(r->a, &f->names, e->name.text);
      break;
    case SQL_CALL:
      read_call(r, e);
      break;
    case SQL_IN:
      f->either = f->either || (!e->query && e->args.len > 2);
      f->excludes = f->excludes || e->negated;
      break;
    case SQL_IS_NULL:
    case SQL_EXISTS:
    case SQL_BETWEEN:
      f->excludes = f->excludes || e->negated || e->kind == SQL_IS_NULL;
      break;
    case SQL_UNARY:
    case SQL_BINARY:
      read_operator(r, e);
      break;
    default:
      break;
  }
  return r->ok ? SQL_WALK_ON : SQL_WALK_STOP;
}

static sql_walk_next see_query(void *ctx, sql_query *q) {
  reading *r = ctx;
  judge_facts *f = r->f;
  if (q->group_by.len) f->group_by = true;
  for (size_t i = 0; i < q->group_by.len && r->ok; i++)
    if (q->group_by.items[i]->kind == SQL_COLUMN && q->group_by.items[i]->bound.column >= 0)
      r->ok = vec_push(r->a, &f->groups, q->group_by.items[i]->bound.column);
  if (q->order_by.len) f->order_by = true;
  if (q->distinct) f->distinct = true;
  if (q->kind == SQL_COMPOUND) {
    f->set_op = true;
    if (q->set_op == SQL_UNION || q->set_op == SQL_UNION_ALL) f->either = true;
    if (q->set_op == SQL_EXCEPT || q->set_op == SQL_EXCEPT_ALL) f->excludes = true;
    if (q->set_op != SQL_UNION && q->set_op != SQL_UNION_ALL) f->n_conditions++; /* IN, NOT IN */
  }
  return SQL_WALK_ON;
}

static bool is_joining(const sql_expr *e) {
  return e->kind == SQL_BINARY && e->op == SQL_OP_EQ && e->args.len == 2 &&
         e->args.items[0]->kind == SQL_COLUMN && e->args.items[1]->kind == SQL_COLUMN;
}

static bool is_extreme(const sql_expr *e) {
  if (e->kind != SQL_SUBQUERY || !e->query || e->query->items.len != 1) return false;
  const sql_expr *it = e->query->items.items[0].expr;
  bool called =
      it && it->kind == SQL_CALL &&
      (str_eq_nocase(it->name.text, STR("max")) || str_eq_nocase(it->name.text, STR("min")));
  return called || (e->query->order_by.len && e->query->limit);
}

/* "x = (SELECT max(x) …)" says what ORDER BY x DESC LIMIT 1 does. */
static bool takes_extreme(const sql_expr *e) {
  return e->kind == SQL_BINARY && e->op == SQL_OP_EQ && e->args.len == 2 &&
         (is_extreme(e->args.items[0]) || is_extreme(e->args.items[1]));
}

static sql_walk_next see_condition(void *ctx, sql_expr *e) {
  reading *r = ctx;
  if (is_joining(e) || takes_extreme(e)) return SQL_WALK_SKIP;
  bool compares = e->kind == SQL_BINARY && ((e->op >= SQL_OP_EQ && e->op <= SQL_OP_SIMILAR));
  if (compares || e->kind == SQL_IN || e->kind == SQL_BETWEEN || e->kind == SQL_IS_NULL ||
      e->kind == SQL_EXISTS || e->kind == SQL_QUANTIFIED)
    r->f->n_conditions++;
  if (e->kind == SQL_COLUMN && e->bound.column >= 0)
    r->ok = r->ok && vec_push(r->a, &r->f->filtered, e->bound.column);
  return SQL_WALK_ON;
}

static sql_walk_next skip_query(void *ctx, sql_query *q) {
  (void)ctx, (void)q;
  return SQL_WALK_SKIP;
}

/* Each SELECT's own: those inside are met by themselves. */
static sql_walk_next see_conditions(void *ctx, sql_query *q) {
  const sql_visitor v = {see_condition, skip_query, NULL, ctx};
  sql_walk_expr(q->where, &v);
  sql_walk_expr(q->having, &v);
  return SQL_WALK_ON;
}

static sql_walk_next see_from(void *ctx, sql_from *from) {
  judge_facts *f = ((reading *)ctx)->f;
  if (from->kind == SQL_FROM_QUERY) f->subquery = true;
  if (from->kind == SQL_FROM_JOIN && (from->join == SQL_JOIN_LEFT || from->join == SQL_JOIN_FULL))
    f->excludes = true;
  return SQL_WALK_ON;
}

/* The literals of LIMIT and OFFSET say how many rows, not which. */
static void drop_limit(const sql_query *q, judge_facts *f) {
  size_t kept = 0;
  for (size_t i = 0; i < f->numbers.len; i++)
    if (f->numbers.items[i] != q->limit && f->numbers.items[i] != q->offset)
      f->numbers.items[kept++] = f->numbers.items[i];
  f->numbers.len = kept;
}

static sql_walk_next see_limits(void *ctx, sql_query *q) {
  reading *r = ctx;
  drop_limit(q, r->f);
  if (!q->limit) return SQL_WALK_ON;
  r->f->has_limit = true;
  if (q->limit->kind == SQL_NUMBER &&
      (!r->f->limit || judge_number_value(q->limit) > judge_number_value(r->f->limit)))
    r->f->limit = q->limit;
  return SQL_WALK_ON;
}

static int count_items(const sql_query *q) {
  for (size_t i = 0; i < q->items.len; i++)
    if (q->items.items[i].expr && q->items.items[i].expr->kind == SQL_STAR) return -1;
  return (int)q->items.len;
}

bool judge_read_facts(sql_query *q, arena *a, judge_facts *out) {
  *out = (judge_facts){0};
  reading r = {.f = out, .a = a, .ok = true};
  const sql_visitor facts = {see_expr, see_query, see_from, &r};
  const sql_visitor limits = {NULL, see_limits, NULL, &r};
  const sql_visitor conditions = {NULL, see_conditions, NULL, &r};
  sql_walk_query(q, &facts);
  sql_walk_query(q, &limits);
  sql_walk_query(q, &conditions);
  const sql_query *outer = q;
  while (outer->kind == SQL_COMPOUND && outer->left) outer = outer->left;
  out->outer = outer;
  out->n_items = count_items(outer);
  return r.ok;
}

/* ---- a literal in the question's words ---- */

/* As itself, by stem, or much alike ("France", "French"). */
static bool says_word(const judge_intent *in, str word, arena *a) {
  str stem = text_stem(a, word);
  for (size_t i = 0; i < in->words.len; i++) {
    const text_word *w = &in->words.items[i];
    if (w->is_punct) continue;
    if (str_eq(w->lower, word) || str_eq(w->stem, stem)) return true;
    if (word.len >= 4 && text_trigram_similarity(w->lower, word) >= 0.3) return true;
  }
  return false;
}

bool judge_says_alike(const judge_intent *in, str question, str literal, arena *a) {
  str plain = text_normalise(a, literal);
  if (plain.len <= 3) return true; /* codes such as 'F' stand for words */
  if (str_find(question, plain, 0) != SIZE_MAX) return true;
  text_words words;
  if (!text_tokenize(plain, a, &words)) return true;
  size_t known = 0, all = 0;
  for (size_t i = 0; i < words.len; i++) {
    const text_word *w = &words.items[i];
    if (w->is_punct) continue;
    all++;
    if (w->is_number ? str_find(question, w->lower, 0) != SIZE_MAX : says_word(in, w->lower, a))
      known++;
  }
  return known * 2 >= all;
}
