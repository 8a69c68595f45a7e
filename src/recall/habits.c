/* Conditions that go with a word. See habits.h. */
#include "recall/habits.h"

#include "base/clock.h"
#include "check/check.h"
#include "recall/wording.h"
#include "text/text.h"

enum { MOST_CONDITIONS = 8, MOST_TABLES = 16, MOST_COMPARED = 24, MOST_OWN = 3 };

typedef struct condition {
  int column;            /* of the catalog */
  const sql_expr *value; /* a literal */
} condition;

/* A taught question with its query, or one of the network's own. */
typedef struct reading {
  const recall_near *near;
  recall_wording words;
  condition silent[MOST_CONDITIONS]; /* of a value that the question does not say */
  int tables[MOST_TABLES], compared[MOST_COMPARED];
  size_t n_silent, n_tables, n_compared;
  str normal; /* the question, with a blank at either end */
  arena *a;
  bool failed;
} reading;

typedef struct habit {
  condition it;
  size_t near; /* who taught it */
  int with, without;
  str said; /* the word of the new question */
} habit;

typedef struct name_word {
  uint64_t stem;
  str of; /* the column's name; empty for a table's */
} name_word;

typedef struct habits {
  const catalog *cat;
  recall_wording words;    /* of the new question */
  struct name_word *names; /* of the schema */
  size_t n_names;
  reading *taught;
  size_t n_taught;
  arena *a;
} habits;

/* ---- reading a query ---- */

static bool is_in(const int *list, size_t n, int x) {
  for (size_t i = 0; i < n; i++)
    if (list[i] == x) return true;
  return false;
}

static void note(int *list, size_t *n, size_t most, int x) {
  if (*n < most && !is_in(list, *n, x)) list[(*n)++] = x;
}

static const sql_expr *bound_column(const sql_expr *e) {
  return e->kind == SQL_COLUMN && e->bound.item && e->bound.table >= 0 && e->bound.column >= 0
             ? e
             : NULL;
}

/* Of numbers only those that stand for yes and no: others count something. */
static bool is_value(const sql_expr *e) {
  return e->kind == SQL_STRING ||
         (e->kind == SQL_NUMBER && (str_eq(e->text, STR("0")) || str_eq(e->text, STR("1"))));
}

static bool is_said(reading *r, str value) {
  str plain = text_normalise(r->a, value);
  char *padded = plain.ptr ? arena_printf(r->a, " %.*s ", STR_ARG(plain)) : NULL;
  r->failed |= !padded;
  return !padded || str_find(r->normal, str_from(padded), 0) != SIZE_MAX;
}

static bool same_value(const condition *x, const condition *y) {
  return x->column == y->column && str_eq_nocase(x->value->text, y->value->text);
}

static void add_silent(reading *r, const sql_expr *column, const sql_expr *value) {
  const condition c = {column->bound.column, value};
  if (r->n_silent == MOST_CONDITIONS || is_said(r, value->text)) return;
  for (size_t i = 0; i < r->n_silent; i++)
    if (same_value(&r->silent[i], &c)) return;
  r->silent[r->n_silent++] = c;
}

static sql_walk_next read_condition(void *ctx, sql_expr *e) {
  reading *r = ctx;
  bool compares = e->kind == SQL_IN || e->kind == SQL_BETWEEN ||
                  (e->kind == SQL_BINARY && e->op >= SQL_OP_EQ && e->op <= SQL_OP_SIMILAR);
  if (!compares || e->args.len == 0) return SQL_WALK_ON;
  const sql_expr *left = e->args.items[0], *right = e->args.items[e->args.len - 1];
  if (!bound_column(left)) {
    const sql_expr *swap = left;
    left = right;
    right = swap;
  }
  if (!bound_column(left) || (left != right && bound_column(right))) return SQL_WALK_ON;
  note(r->compared, &r->n_compared, MOST_COMPARED, left->bound.column);
  if (e->kind == SQL_BINARY && e->op == SQL_OP_EQ && is_value(right)) add_silent(r, left, right);
  return SQL_WALK_ON;
}

static sql_walk_next read_table(void *ctx, sql_from *f) {
  reading *r = ctx;
  if (f->kind == SQL_FROM_TABLE && f->table >= 0)
    note(r->tables, &r->n_tables, MOST_TABLES, f->table);
  return SQL_WALK_ON;
}

/* NULL where it cannot be read. */
static sql_query *bind(str sql, const catalog *cat, arena *a) {
  sql_parsed p;
  if (sql_parse(sql, cat->dialect, a, &p, NULL) || p.statements.len != 1 ||
      p.statements.items[0].kind != SQL_STMT_QUERY)
    return NULL;
  sql_query *q = p.statements.items[0].query;
  return check_bind(q, cat, cat->dialect, a, NULL, NULL) ? NULL : q;
}

static bool read_taught(const habits *h, const recall_near *near, reading *out) {
  *out = (reading){.near = near, .a = h->a};
  str plain = text_normalise(h->a, near->example.question);
  char *padded = plain.ptr ? arena_printf(h->a, " %.*s ", STR_ARG(plain)) : NULL;
  if (!padded || !wording_read(near->example.question, clock_now(), h->a, &out->words))
    return false;
  out->normal = str_from(padded);
  sql_query *q = bind(near->example.sql, h->cat, h->a);
  const sql_visitor v = {.expr = read_condition, .from = read_table, .ctx = out};
  if (q) sql_walk_query(q, &v);
  return !out->failed && !arena_failed(h->a);
}

/* ---- words ---- */

static bool read_names(habits *h) {
  const catalog *cat = h->cat;
  size_t room = 0;
  for (int i = 0; i < cat->n_columns; i++) room += (size_t)cat->columns[i].n_words;
  for (int i = 0; i < cat->n_tables; i++) room += (size_t)cat->tables[i].n_words;
  h->names = ARENA_ARRAY(h->a, name_word, room + 1);
  if (!h->names) return false;
  for (int i = 0; i < cat->n_columns; i++)
    for (int k = 0; k < cat->columns[i].n_words; k++)
      h->names[h->n_names++] =
          (name_word){wording_stem(h->a, cat->columns[i].words[k]), cat->columns[i].name};
  for (int i = 0; i < cat->n_tables; i++)
    for (int k = 0; k < cat->tables[i].n_words; k++)
      h->names[h->n_names++] = (name_word){wording_stem(h->a, cat->tables[i].words[k]), STR("")};
  return !arena_failed(h->a);
}

static bool is_name(const habits *h, uint64_t stem) {
  for (size_t i = 0; i < h->n_names; i++)
    if (h->names[i].stem == stem) return true;
  return false;
}

/* Is it a word of this column's name, and of no other name? */
static bool is_own_word(const habits *h, const cat_column *c, uint64_t stem) {
  bool found = false;
  for (size_t i = 0; i < h->n_names; i++) {
    if (h->names[i].stem != stem) continue;
    if (!str_eq_nocase(h->names[i].of, c->name)) return false;
    found = true;
  }
  return found;
}

static bool carries(const recall_word *w) {
  return w->kind == WORD_CONTENT && !w->light && !w->generic && !w->numeric;
}

/* "Not official" is another word than "official". */
static bool is_turned(const recall_wording *w, size_t at) {
  return at > 0 && w->words[at - 1].kind == WORD_OP && w->words[at - 1].op == OP_NOT;
}

static bool has_word(const recall_wording *w, uint64_t stem, bool turned) {
  for (size_t i = 0; i < w->n; i++)
    if (w->words[i].stem == stem && carries(&w->words[i]) && is_turned(w, i) == turned) return true;
  return false;
}

/* Is it the one word of the taught question that neither the schema nor the query has? */
static bool is_alone(const habits *h, const reading *r, uint64_t stem) {
  str sql = text_normalise(h->a, r->near->example.sql);
  for (size_t i = 0; sql.ptr && i < r->words.n; i++) {
    const recall_word *w = &r->words.words[i];
    str word = text_normalise(h->a, str_slice(r->words.text, w->from, w->to));
    bool known = !carries(w) || w->stem == stem || is_name(h, w->stem) ||
                 (word.len && str_find(sql, word, 0) != SIZE_MAX);
    if (!known) return false;
  }
  return sql.ptr != NULL;
}

/* ---- what goes with a word ---- */

static bool holds(const reading *r, const condition *c) {
  for (size_t i = 0; i < r->n_silent; i++)
    if (same_value(&r->silent[i], c)) return true;
  return false;
}

/* Another wording of what an earlier one taught says nothing more. */
static bool is_again(const habits *h, size_t at) {
  for (size_t i = 0; i < at; i++)
    if (str_eq(h->taught[i].near->example.sql, h->taught[at].near->example.sql)) return true;
  return false;
}

/* A word of the column's own name is the better reason, where a taught question has one. */
static bool is_named(const habits *h, const reading *r, const cat_column *c) {
  for (size_t i = 0; i < r->words.n; i++)
    if (carries(&r->words.words[i]) && is_own_word(h, c, r->words.words[i].stem)) return true;
  return false;
}

static bool is_habit(const habits *h, size_t at, habit *out) {
  const recall_word *w = &h->words.words[at];
  const cat_column *c = &h->cat->columns[out->it.column];
  bool named = is_own_word(h, c, w->stem), alone = false;
  if (!named && is_name(h, w->stem)) return false;
  out->with = out->without = 0;
  for (size_t i = 0; i < h->n_taught; i++) {
    const reading *r = &h->taught[i];
    if (!has_word(&r->words, w->stem, is_turned(&h->words, at)) || is_again(h, i)) continue;
    if (holds(r, &out->it)) {
      if (!named && is_named(h, r, c)) return false;
      alone = alone || is_alone(h, r, w->stem);
      if (out->with++ == 0) out->near = i;
    } else if (is_in(r->tables, r->n_tables, c->table) &&
               !is_in(r->compared, r->n_compared, out->it.column)) {
      out->without++;
    }
  }
  if (named) return out->with > 0 && out->without * 3 <= out->with;
  return out->without == 0 && (out->with > 1 || (out->with == 1 && alone));
}

/* The word of the new question that speaks most for the condition. */
static bool find_reason(const habits *h, habit *out) {
  habit best = {0};
  for (size_t i = 0; i < h->words.n; i++) {
    habit x = *out;
    if (!carries(&h->words.words[i]) || !is_habit(h, i, &x)) continue;
    const recall_word *w = &h->words.words[i];
    x.said = str_slice(h->words.text, w->from, w->to);
    if (x.with > best.with) best = x;
  }
  if (best.with) *out = best;
  return best.with > 0;
}

/* ---- putting it in ---- */

typedef struct addition {
  const habits *h;
  const condition *it;
  str said; /* as text_normalise has it */
  int added;
  bool failed;
} addition;

static sql_expr *new_value(const addition *x) {
  const sql_expr *e = x->it->value;
  return e->kind == SQL_STRING ? sql_new_string(x->h->a, e->text)
                               : sql_new_number(x->h->a, e->text);
}

/* "state" and "billing_state" may hold the same values. */
static bool are_alike(const habits *h, int one, int other) {
  const cat_column *x = &h->cat->columns[one], *y = &h->cat->columns[other];
  return one == other || (x->n_words && y->n_words && x->type == y->type &&
                          str_eq(x->words[x->n_words - 1], y->words[y->n_words - 1]));
}

/* California is looked for where people write CA. */
static sql_walk_next replace_said(void *ctx, sql_expr *e) {
  addition *x = ctx;
  bool compares =
      (e->kind == SQL_BINARY && (e->op == SQL_OP_EQ || e->op == SQL_OP_NE)) || e->kind == SQL_IN;
  const sql_expr *column = compares && e->args.len ? bound_column(e->args.items[0]) : NULL;
  if (!column || !are_alike(x->h, column->bound.column, x->it->column)) return SQL_WALK_ON;
  for (size_t i = 1; i < e->args.len; i++) {
    if (e->args.items[i]->kind != SQL_STRING ||
        !str_eq(text_normalise(x->h->a, e->args.items[i]->text), x->said))
      continue;
    sql_expr *value = new_value(x);
    x->failed |= !value;
    if (!value) return SQL_WALK_STOP;
    e->args.items[i] = value;
    x->added++;
  }
  return SQL_WALK_ON;
}

/* The only mention of the table in this FROM; *n counts all of its items. */
static const sql_from *find_table(const sql_from *f, int table, int *n, int *found) {
  if (!f) return NULL;
  if (f->kind == SQL_FROM_JOIN) {
    const sql_from *left = find_table(f->left, table, n, found);
    const sql_from *right = find_table(f->right, table, n, found);
    return left ? left : right;
  }
  ++*n;
  if (f->kind != SQL_FROM_TABLE || f->table != table) return NULL;
  ++*found;
  return f;
}

typedef struct search {
  int column;
  bool found;
} search;

static sql_walk_next find_column(void *ctx, sql_expr *e) {
  search *s = ctx;
  s->found = s->found || (e->kind == SQL_COLUMN && e->bound.column == s->column);
  return e->query ? SQL_WALK_SKIP : SQL_WALK_ON;
}

static bool asks_of(sql_expr *where, int column) {
  search s = {column, false};
  const sql_visitor v = {.expr = find_column, .ctx = &s};
  if (where) sql_walk_expr(where, &v);
  return s.found;
}

static sql_walk_next add_here(void *ctx, sql_query *q) {
  addition *x = ctx;
  arena *a = x->h->a;
  const cat_column *c = &x->h->cat->columns[x->it->column];
  int n = 0, found = 0;
  if (q->kind != SQL_SELECT || asks_of(q->where, x->it->column)) return SQL_WALK_ON;
  const sql_from *f = find_table(q->from, c->table, &n, &found);
  if (found != 1) return SQL_WALK_ON;
  str table = n == 1 ? (str){0} : f->alias.text.len ? f->alias.text : f->name.text;
  const sql_expr *from = x->it->value;
  sql_expr *value =
      from->kind == SQL_STRING ? sql_new_string(a, from->text) : sql_new_number(a, from->text);
  sql_expr *column = sql_new_column(a, table, c->name);
  sql_expr *equal = column && value ? sql_new_binary(a, SQL_OP_EQ, column, value) : NULL;
  sql_expr *both = equal && q->where ? sql_new_binary(a, SQL_OP_AND, q->where, equal) : equal;
  x->failed |= !both;
  if (!both) return SQL_WALK_STOP;
  q->where = both;
  x->added++;
  return SQL_WALK_ON;
}

static bool is_there(const recall_own *own, const recall_candidates *list, str sql) {
  for (size_t i = 0; i < own->n; i++)
    if (str_eq_nocase(str_trim(own->sqls[i]), sql)) return true;
  for (size_t i = 0; i < list->len; i++)
    if (str_eq_nocase(str_trim(list->items[i].sql), sql)) return true;
  return false;
}

static bool change_own(const habits *h, const habit *x, const recall_own *own,
                       recall_candidates *out) {
  double belief = (x->with + 0.5) / (x->with + x->without + 1.0);
  for (size_t i = 0; i < own->n && i < MOST_OWN; i++) {
    sql_query *q = bind(own->sqls[i], h->cat, h->a);
    addition add = {h, &x->it, text_normalise(h->a, x->said), 0, false};
    const sql_visitor replaces = {.expr = replace_said, .ctx = &add};
    const sql_visitor adds = {.query = add_here, .ctx = &add};
    if (!q) continue;
    sql_walk_query(q, &replaces);
    if (!add.added && !add.failed) sql_walk_query(q, &adds);
    if (add.failed) return false;
    if (!add.added) continue;
    recall_candidate c = {.near = x->near,
                          .sql = sql_print(q, h->cat->dialect, h->a),
                          .belief = belief,
                          .trust = belief,
                          .instead = own->sqls[i]};
    if (!c.sql.ptr) return false;
    if (!is_there(own, out, c.sql) && !vec_push(h->a, out, c)) return false;
  }
  return true;
}

emend_rc recall_habits(const catalog *cat, str question, const recall_nears *nears,
                       const recall_own *own, arena *a, recall_candidates *out, emend_error *err) {
  habits h = {.cat = cat, .a = a};
  if (!nears->len || !own->n) return EMEND_OK;
  h.taught = ARENA_ARRAY(a, reading, nears->len);
  if (!h.taught || !wording_read(question, clock_now(), a, &h.words) || !read_names(&h))
    return err_nomem(err, "recall");
  for (; h.n_taught < nears->len; h.n_taught++)
    if (!read_taught(&h, &nears->items[h.n_taught], &h.taught[h.n_taught]))
      return err_nomem(err, "recall");
  for (size_t i = 0; i < h.n_taught; i++)
    for (size_t k = 0; k < h.taught[i].n_silent; k++) {
      habit x = {.it = h.taught[i].silent[k]};
      bool known = false;
      for (size_t j = 0; j < i && !known; j++) known = holds(&h.taught[j], &x.it);
      if (known || !find_reason(&h, &x)) continue;
      if (!change_own(&h, &x, own, out)) return err_nomem(err, "recall");
    }
  return arena_failed(a) ? err_nomem(err, "recall") : EMEND_OK;
}
