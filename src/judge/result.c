/* What came back held against the question and the query. */
#include "judge/facts.h"
#include "judge/signal.h"

enum { PROFILED_ROWS = 1000 }; /* no more are looked at */

typedef struct looking {
  const judge_intent *in;
  const source_result *r;
  const judge_facts *f; /* NULL without a query */
  arena *a;
  judge_signals *out;
} looking;

#define SIGNAL(x, code, ...) judge_add((x)->out, (x)->a, JUDGE_##code, 1, __VA_ARGS__)

static const cell *cell_at(const source_result *r, size_t row, size_t column) {
  return &r->cells[row * r->n_columns + column];
}

static bool same_cell(const cell *x, const cell *y) {
  if (x->kind != y->kind) return false;
  switch (x->kind) {
    case CELL_NULL:
      return true;
    case CELL_INT:
    case CELL_BOOL:
      return x->i == y->i;
    case CELL_REAL:
      return x->r >= y->r && x->r <= y->r;
    case CELL_TEXT:
    case CELL_BLOB:
      return str_eq(x->text, y->text);
  }
  return false;
}

static size_t looked_at(const source_result *r) {
  return r->n_rows < PROFILED_ROWS ? r->n_rows : PROFILED_ROWS;
}

static bool all_null(const source_result *r) {
  for (size_t i = 0; i < r->n_columns; i++)
    if (cell_at(r, 0, i)->kind != CELL_NULL) return false;
  return true;
}

static bool look_at_one_row(const looking *x) {
  const cell *c = cell_at(x->r, 0, 0);
  if (all_null(x->r)) return SIGNAL(x, lone_null, "The only row that came back holds nothing.");
  if (x->r->n_columns == 1 && c->kind == CELL_INT && c->i == 0 && x->f && x->f->count)
    return SIGNAL(x, lone_zero, "The count is 0.");
  return true;
}

/* Are rows only joined, all of them, with nothing that picks some? */
static bool joins_all(const judge_facts *f) {
  const sql_query *q = f->outer;
  return q && q->from && q->from->kind == SQL_FROM_JOIN && !q->where && !q->having && !q->offset &&
         !f->set_op && !f->subquery && !f->excludes && !f->n_conditions && !f->strings.len &&
         !f->numbers.len;
}

/* No row, a count of 0, a figure of none: by keys that belong together something would be there. */
static bool look_at_joins(const looking *x) {
  const source_result *r = x->r;
  bool zero = r->n_rows == 1 && r->n_columns == 1 && x->f && x->f->count &&
              r->cells[0].kind == CELL_INT && r->cells[0].i == 0;
  if (r->n_rows > 1 || !x->f || !joins_all(x->f) || !(r->n_rows == 0 || zero || all_null(r)))
    return true;
  return SIGNAL(
      x, joined_nothing,
      "Nothing picks rows, and yet none are left: what joins the tables matches nowhere.");
}

static bool look_at_columns(const looking *x) {
  size_t rows = looked_at(x->r);
  for (size_t c = 0; c < x->r->n_columns && rows >= 2; c++) {
    size_t nulls = 0, same = 0;
    for (size_t i = 0; i < rows; i++) {
      nulls += cell_at(x->r, i, c)->kind == CELL_NULL;
      same += same_cell(cell_at(x->r, i, c), cell_at(x->r, 0, c));
    }
    str name = x->r->names[c];
    if (nulls == rows) {
      if (!SIGNAL(x, null_column, "\"%.*s\" is empty in every row.", STR_ARG(name))) return false;
    } else if (same == rows && rows >= 5 && x->r->n_columns > 1) {
      if (!SIGNAL(x, constant_column, "\"%.*s\" is the same in every row.", STR_ARG(name)))
        return false;
    }
  }
  return true;
}

/* Rows are told apart by a hash of their cells. */
static uint64_t row_hash(const source_result *r, size_t row) {
  uint64_t h = 1469598103934665603u;
  for (size_t c = 0; c < r->n_columns; c++) {
    const cell *x = cell_at(r, row, c);
    uint64_t v = x->kind == CELL_TEXT || x->kind == CELL_BLOB ? str_hash64(x->text)
                 : x->kind == CELL_REAL                       ? (uint64_t)(int64_t)(x->r * 1000)
                                                              : (uint64_t)x->i;
    h = (h ^ (v + (uint64_t)x->kind * 0x9e3779b97f4a7c15u)) * 1099511628211u;
  }
  return h;
}

static bool look_at_repetition(const looking *x) {
  size_t rows = looked_at(x->r), different = 0;
  if (rows < 3) return true;
  uint64_t seen[4 * PROFILED_ROWS] = {0}; /* open addressing; 0 is free */
  for (size_t i = 0; i < rows; i++) {
    uint64_t h = row_hash(x->r, i) | 1;
    size_t at = (size_t)(h >> 8) % (sizeof seen / sizeof *seen);
    while (seen[at] && seen[at] != h) at = (at + 1) % (sizeof seen / sizeof *seen);
    different += !seen[at];
    seen[at] = h;
  }
  if (different * 2 >= rows) return true;
  return SIGNAL(x, duplicate_rows, "Only %zu of the %zu rows differ%s.", different, rows,
                different == 1 ? "s" : "");
}

static bool look_at_shape(const looking *x) {
  const judge_intent *in = x->in;
  size_t rows = x->r->n_rows;
  bool grouped = x->f && x->f->group_by;
  if (in->count && !in->per_group && !grouped && !in->superlative && !in->listed &&
      (rows > 1 || x->r->n_columns > 1) && x->f && !x->f->count)
    return SIGNAL(x, count_shape, "The question asks how many, and %zu rows came back.", rows);
  if (in->superlative && !in->top_k && !in->per_group && !grouped && rows > 10 && x->f &&
      !x->f->order_by)
    return SIGNAL(x, too_many_rows, "The question asks for an extreme, and %zu rows came back.",
                  rows);
  return true;
}

emend_rc judge_result(const judge_intent *in, sql_query *q, const source_result *r, arena *a,
                      judge_signals *out, emend_error *err) {
  judge_facts facts;
  looking x = {.in = in, .r = r, .a = a, .out = out};
  bool ok = true;
  if (q) {
    ok = judge_read_facts(q, a, &facts);
    x.f = &facts;
  }
  ok = ok && look_at_joins(&x);
  if (ok && r->n_rows == 0)
    ok = SIGNAL(&x, empty_result, "Nothing came back.");
  else if (ok)
    ok = (r->n_rows > 1 || look_at_one_row(&x)) && look_at_columns(&x) && look_at_repetition(&x) &&
         look_at_shape(&x) &&
         (!r->truncated || SIGNAL(&x, row_cap, "There are more rows than were read."));
  return ok ? EMEND_OK : err_nomem(err, "judge");
}
