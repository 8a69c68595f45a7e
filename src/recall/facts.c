/* What a confirmed query does. See facts.h. */
#include "recall/facts.h"

#include <stdlib.h>

#include "text/text.h"

enum { MOST_LITERALS = 64, MOST_ELEMENTS = 96, MOST_STEMS = 400, NAME_WORDS = 12, DEEPEST = 24 };

typedef struct reader {
  recall_facts *out;
  arena *a;
  uint16_t role; /* of the clause that is being read */
  bool inside;   /* an aggregate */
  int depth;     /* of queries */
  bool linking;  /* this query's select list only links it to the one around it */
  bool failed;
} reader;

static void read_query(reader *r, sql_query *q);

/* ---- names ---- */

static void add_element(reader *r, str name, uint16_t role) {
  recall_facts *f = r->out;
  if (!name.len || !role) return;
  for (int i = 0; i < f->n_elements; i++) {
    recall_element *e = &f->elements[i];
    bool table = (e->roles & ROLE_TABLE) != 0;
    if (table == (role == ROLE_TABLE) && str_eq_nocase(e->name, name)) {
      e->roles |= role;
      return;
    }
  }
  str words[NAME_WORDS];
  int n = text_split_name(name, r->a, words, NAME_WORDS);
  if (n < 0 || f->n_elements == MOST_ELEMENTS || f->n_stems + n > MOST_STEMS) {
    r->failed = true;
    return;
  }
  recall_element *e = &f->elements[f->n_elements++];
  *e = (recall_element){.name = name, .roles = role, .first = f->n_stems, .n = (uint16_t)n};
  for (int i = 0; i < n; i++) {
    str stem = text_stem(r->a, words[i]);
    r->failed = r->failed || !stem.ptr;
    f->stems[f->n_stems++] = str_hash64(stem);
  }
}

/* ---- values ---- */

static bool parse_number(str s, double *out) {
  char text[48], *end;
  if (s.len == 0 || s.len >= sizeof text) return false;
  for (size_t i = 0; i < s.len; i++) text[i] = s.ptr[i];
  text[s.len] = 0;
  *out = strtod(text, &end);
  return *end == 0 && (ascii_is_digit(text[0]) || text[0] == '-' || text[0] == '.');
}

static bool is_literal(const sql_expr *e) { return e->kind == SQL_NUMBER || e->kind == SQL_STRING; }

static void add_literal(reader *r, const sql_expr *e, const sql_expr *column, sql_op cmp,
                        bool counted) {
  recall_facts *f = r->out;
  for (int i = 0; i < f->n_literals; i++)
    if (f->literals[i].from == e->span.from) return;
  if (f->n_literals == MOST_LITERALS || e->span.to <= e->span.from) {
    r->failed = true;
    return;
  }
  recall_literal *l = &f->literals[f->n_literals++];
  *l = (recall_literal){.from = e->span.from,
                        .to = e->span.to,
                        .kind = e->kind == SQL_STRING ? LITERAL_TEXT : LITERAL_NUMBER,
                        .cmp = (uint8_t)cmp,
                        .counted = counted,
                        .text = e->text,
                        .column = column ? column->name.text : (str){0}};
  if (l->kind == LITERAL_TEXT && (cmp == SQL_OP_LIKE || cmp == SQL_OP_ILIKE)) {
    l->any_before = str_starts(l->text, STR("%"));
    l->any_after = l->text.len > 1 && str_ends(l->text, STR("%"));
    if (l->any_before) l->text = str_slice(l->text, 1, l->text.len);
    if (l->any_after) l->text = str_slice(l->text, 0, l->text.len - 1);
  }
  l->numeric = parse_number(l->text, &l->number);
}

/* The first column of an operand, and whether it is counted. */
typedef struct operand {
  const sql_expr *column;
  bool counted;
} operand;

static bool is_count(const sql_expr *e) {
  return e->kind == SQL_CALL && str_eq_nocase(e->name.text, STR("count"));
}

static sql_walk_next find_column(void *ctx, sql_expr *e) {
  operand *o = ctx;
  if (is_count(e)) o->counted = true;
  if (e->kind == SQL_COLUMN && !o->column) o->column = e;
  return e->query ? SQL_WALK_SKIP : SQL_WALK_ON;
}

/* The values among the arguments of a comparison, and what they are compared with. */
static void read_comparison(reader *r, sql_expr *e) {
  operand o = {0};
  const sql_visitor v = {.expr = find_column, .ctx = &o};
  for (size_t i = 0; i < e->args.len; i++)
    if (!is_literal(e->args.items[i])) sql_walk_expr(e->args.items[i], &v);
  sql_op cmp = e->kind == SQL_BETWEEN ? SQL_OP_GE : e->kind == SQL_IN ? SQL_OP_EQ : e->op;
  for (size_t i = 0; i < e->args.len; i++)
    if (is_literal(e->args.items[i])) add_literal(r, e->args.items[i], o.column, cmp, o.counted);
}

/* ---- expressions ---- */

static void note_call(reader *r, sql_expr *e) {
  recall_facts *f = r->out;
  str name = e->name.text;
  bool count = is_count(e);
  f->count = f->count || count;
  f->count_distinct = f->count_distinct || (count && e->distinct);
  f->count_item = f->count_item || (count && r->role == ROLE_PROJECT && r->depth == 1);
  f->sum = f->sum || str_eq_nocase(name, STR("sum")) || str_eq_nocase(name, STR("total"));
  f->avg = f->avg || str_eq_nocase(name, STR("avg"));
  f->max = f->max || str_eq_nocase(name, STR("max"));
  f->min = f->min || str_eq_nocase(name, STR("min"));
}

static bool is_aggregate(const sql_expr *e) {
  static const char *const NAMES[] = {"count", "sum", "total", "avg", "max", "min"};
  for (size_t i = 0; e->kind == SQL_CALL && i < sizeof NAMES / sizeof *NAMES; i++)
    if (str_eq_nocase(e->name.text, str_from(NAMES[i]))) return true;
  return false;
}

static void note_operator(recall_facts *f, const sql_expr *e) {
  bool negates = e->op == SQL_OP_NOT || e->op == SQL_OP_NE || e->negated;
  f->not_ = f->not_ || (negates && e->kind != SQL_IS_NULL);
  f->either = f->either || e->op == SQL_OP_OR || (e->kind == SQL_IN && !e->query);
  f->all = f->all || e->op == SQL_OP_AND;
  f->between = f->between || e->kind == SQL_BETWEEN;
  f->like = f->like || e->op == SQL_OP_LIKE || e->op == SQL_OP_ILIKE || e->op == SQL_OP_GLOB;
}

static void read_expr(reader *r, sql_expr *e);

static sql_walk_next visit_expr(void *ctx, sql_expr *e) {
  reader *r = ctx;
  if (r->failed) return SQL_WALK_STOP;
  switch (e->kind) {
    case SQL_COLUMN:
      add_element(r, e->name.text, r->inside && r->role == ROLE_PROJECT ? ROLE_AGGREGATE : r->role);
      break;
    case SQL_NUMBER:
    case SQL_STRING:
      add_literal(r, e, NULL, SQL_OP_NONE, false);
      break;
    case SQL_STAR:
      r->out->star = r->out->star || (r->role == ROLE_PROJECT && r->depth == 1);
      break;
    case SQL_CALL:
      note_call(r, e);
      if (!is_aggregate(e) || r->inside) break;
      r->inside = true;
      for (size_t i = 0; i < e->args.len; i++) read_expr(r, e->args.items[i]);
      r->inside = false;
      return SQL_WALK_SKIP;
    case SQL_IN:
      note_operator(r->out, e);
      read_comparison(r, e);
      if (!e->query) break;
      bool before = r->linking;
      r->linking = true; /* the compared column links, as a join's key does */
      read_query(r, e->query);
      r->linking = before;
      return SQL_WALK_SKIP;
    case SQL_BINARY:
    case SQL_BETWEEN:
      note_operator(r->out, e);
      read_comparison(r, e);
      break;
    case SQL_UNARY:
    case SQL_EXISTS:
      note_operator(r->out, e);
      break;
    default:
      break;
  }
  return SQL_WALK_ON;
}

static sql_walk_next visit_query(void *ctx, sql_query *q) {
  reader *r = ctx;
  bool before = r->linking;
  r->linking = false;
  read_query(r, q);
  r->linking = before;
  return SQL_WALK_SKIP;
}

static void read_expr(reader *r, sql_expr *e) {
  const sql_visitor v = {.expr = visit_expr, .query = visit_query, .ctx = r};
  if (e) sql_walk_expr(e, &v);
}

static void read_clause(reader *r, sql_expr *e, uint16_t role) {
  uint16_t before = r->role;
  r->role = role;
  read_expr(r, e);
  r->role = before;
}

/* ---- queries ---- */

static void read_from(reader *r, sql_from *f) {
  if (!f || r->failed) return;
  switch (f->kind) {
    case SQL_FROM_TABLE:
      add_element(r, f->name.text, ROLE_TABLE);
      break;
    case SQL_FROM_JOIN:
      read_from(r, f->left);
      read_from(r, f->right);
      read_clause(r, f->on, 0); /* its keys say nothing; a value in it does */
      break;
    case SQL_FROM_QUERY:
      read_query(r, f->query);
      break;
    default:
      r->failed = true;
  }
}

static void read_select(reader *r, sql_query *q) {
  recall_facts *f = r->out;
  bool outer = r->depth == 1;
  if (outer && !f->n_items) f->n_items = (uint16_t)q->items.len;
  f->distinct = f->distinct || (outer && q->distinct);
  f->group = f->group || q->group_by.len > 0;
  f->having = f->having || q->having;
  bool linking = r->linking;
  r->linking = false;
  for (size_t i = 0; i < q->items.len; i++)
    read_clause(r, q->items.items[i].expr, linking ? 0 : outer ? ROLE_PROJECT : ROLE_WHERE);
  read_from(r, q->from);
  read_clause(r, q->where, ROLE_WHERE);
  for (size_t i = 0; i < q->group_by.len; i++)
    read_clause(r, q->group_by.items[i], outer ? ROLE_GROUP : ROLE_WHERE);
  read_clause(r, q->having, ROLE_WHERE);
  r->linking = linking;
}

static void read_limit(reader *r, const sql_expr *limit) {
  if (!limit || limit->kind != SQL_NUMBER) {
    r->failed = r->failed || limit;
    return;
  }
  add_literal(r, limit, NULL, SQL_OP_NONE, false);
  if (r->failed) return;
  r->out->literals[r->out->n_literals - 1].kind = LITERAL_LIMIT;
  r->out->limit = true;
}

static void read_query(reader *r, sql_query *q) {
  if (++r->depth > DEEPEST) r->failed = true;
  if (r->failed || !q) {
    r->depth--;
    return;
  }
  if (q->ctes.len || q->windows.len || q->qualify || q->offset) r->failed = true;
  if (q->kind == SQL_COMPOUND) {
    r->depth--; /* both sides give rows of this query */
    read_query(r, q->left);
    read_query(r, q->right);
    r->depth++;
    recall_facts *f = r->out;
    f->not_ = f->not_ || q->set_op == SQL_EXCEPT || q->set_op == SQL_EXCEPT_ALL;
    f->either = f->either || q->set_op == SQL_UNION || q->set_op == SQL_UNION_ALL;
    f->all = f->all || q->set_op == SQL_INTERSECT || q->set_op == SQL_INTERSECT_ALL;
  } else {
    read_select(r, q);
  }
  for (size_t i = 0; i < q->order_by.len; i++) {
    r->out->order = true;
    r->out->desc = r->out->desc || q->order_by.items[i].desc;
    read_clause(r, q->order_by.items[i].expr, ROLE_ORDER);
  }
  read_limit(r, q->limit);
  r->depth--;
}

bool facts_read(str sql, sql_dialect_id dialect, arena *a, recall_facts *out) {
  sql_parsed parsed;
  char print[17];
  *out = (recall_facts){.literals = ARENA_ARRAY(a, recall_literal, MOST_LITERALS),
                        .elements = ARENA_ARRAY(a, recall_element, MOST_ELEMENTS),
                        .stems = ARENA_ARRAY(a, uint64_t, MOST_STEMS)};
  if (!out->literals || !out->elements || !out->stems) return false;
  if (sql_parse(sql, dialect, a, &parsed, NULL)) return false;
  if (parsed.statements.len != 1 || !parsed.statements.items[0].query) return false;
  for (size_t i = 0; i < parsed.issues.len; i++)
    if (parsed.issues.items[i].kind != SQL_ISSUE_DIALECT) return false;
  sql_query *q = parsed.statements.items[0].query;
  if (sql_fingerprint(q, a, print)) return false;
  out->fingerprint = strtoull(print, NULL, 16);
  reader r = {.out = out, .a = a};
  read_query(&r, q);
  return !r.failed;
}
