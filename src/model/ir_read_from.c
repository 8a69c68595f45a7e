/* From SQL to IR: which tables a FROM holds and how it joins them, and what of that has to be
 * said because ir_join would not find it by itself. */
#include "model/ir_read.h"

#include <limits.h>
#include <string.h>

enum { MAX_TABLES = 24, MAX_EQUALITIES = 60 };

size_t ir_read_instance_of(const ir_select *s, const sql_from *item) {
  for (size_t i = 0; i < s->instances.len; i++)
    if (s->instances.items[i].item == item) return i;
  return SIZE_MAX;
}

static ir_ref reference(const ir_instance *i) { return ir_ref_make(i->table, i->ordinal == 1); }

/* Instances of one table are told apart by who is mentioned first. */
static bool give_ordinal(ir_reader *r, ir_select *s, size_t i) {
  ir_instance *mine = &s->instances.items[i];
  if (mine->ordinal >= 0) return true;
  int taken = 0;
  for (size_t k = 0; k < s->instances.len; k++)
    if (s->instances.items[k].table == mine->table && s->instances.items[k].ordinal >= 0) taken++;
  if (taken > 1) return ir_read_fail(r, "a table joined more than twice");
  mine->ordinal = taken;
  return true;
}

bool ir_read_mention(ir_reader *r, ir_select *s, size_t i, ir_ref *out) {
  if (!give_ordinal(r, s, i)) return false;
  *out = reference(&s->instances.items[i]);
  return ir_refs_add(r->a, &s->mentioned, *out);
}

/* ---- taking the FROM apart ---- */

static bool add_equality(ir_reader *r, ir_equality e) {
  if (r->select->equalities.len >= MAX_EQUALITIES) return ir_read_fail(r, "too many join columns");
  return vec_push(r->a, &r->select->equalities, e);
}

/* column = column of two tables of this FROM. */
static bool as_equality(const ir_select *s, const ir_operand *o, ir_equality *out) {
  const sql_expr *e = o->e;
  if (o->element > 0 || o->negated || e->kind != SQL_BINARY || e->op != SQL_OP_EQ) return false;
  const sql_expr *x = e->args.items[0], *y = e->args.items[1];
  if (x->kind != SQL_COLUMN || y->kind != SQL_COLUMN || !x->bound.item || !y->bound.item ||
      x->bound.depth != 0 || y->bound.depth != 0 || x->bound.column < 0 || y->bound.column < 0)
    return false;
  *out = (ir_equality){ir_read_instance_of(s, x->bound.item), ir_read_instance_of(s, y->bound.item),
                       x->bound.column, y->bound.column};
  return out->x != SIZE_MAX && out->y != SIZE_MAX && out->x != out->y;
}

/* Takes note of an ON. That of an inner join may name tables that come after it, so which of its
 * conditions are equalities is settled when all are known. */
static bool add_on(ir_reader *r, const sql_expr *on, bool left) {
  ir_select *s = r->select;
  ir_operands operands = {0};
  if (!left) return ir_read_operands(r, on, false, SQL_OP_AND, &s->conditions);
  if (!ir_read_operands(r, on, false, SQL_OP_AND, &operands)) return false;
  for (size_t i = 0; i < operands.len; i++) {
    ir_equality e;
    if (!as_equality(s, &operands.items[i], &e))
      return ir_read_fail(r, "an outer join on more than equal columns");
    if (!add_equality(r, e)) return false;
  }
  return true;
}

static bool settle_on(ir_reader *r) {
  ir_operands *all = &r->select->conditions;
  size_t kept = 0;
  for (size_t i = 0; i < all->len; i++) {
    ir_equality e;
    if (!as_equality(r->select, &all->items[i], &e))
      all->items[kept++] = all->items[i];
    else if (!add_equality(r, e))
      return false;
  }
  all->len = kept;
  return true;
}

/* USING (name): equal in the right table and in the first of the left ones that has it. */
static bool add_using(ir_reader *r, str name, size_t first, size_t right) {
  ir_select *s = r->select;
  const cat_table *tables = r->cat->tables;
  const cat_column *there = catalog_column(r->cat, &tables[s->instances.items[right].table], name);
  for (size_t i = first; there && i < right; i++) {
    const cat_column *here = catalog_column(r->cat, &tables[s->instances.items[i].table], name);
    if (here) return add_equality(r, (ir_equality){i, right, here->id, there->id});
  }
  return ir_read_fail(r, "USING a column that is not there");
}

static bool add_natural(ir_reader *r, size_t first, size_t right) {
  ir_select *s = r->select;
  const cat_table *t = &r->cat->tables[s->instances.items[right].table];
  for (int c = 0; c < t->n_columns; c++) {
    str name = r->cat->columns[t->first_column + c].name;
    bool shared = false;
    for (size_t i = first; i < right && !shared; i++)
      shared = catalog_column(r->cat, &r->cat->tables[s->instances.items[i].table], name) != NULL;
    if (shared && !add_using(r, name, first, right)) return false;
  }
  return true;
}

static bool read_item(ir_reader *r, const sql_from *f, int depth);

static bool read_join(ir_reader *r, const sql_from *f, int depth) {
  ir_select *s = r->select;
  bool outer = f->join == SQL_JOIN_LEFT || f->join == SQL_JOIN_RIGHT;
  if (f->join == SQL_JOIN_FULL) return ir_read_fail(r, "a full outer join");
  const sql_from *first = f->left, *second = f->right;
  if (f->join == SQL_JOIN_RIGHT) first = f->right, second = f->left;
  if (outer && second->kind != SQL_FROM_TABLE) return ir_read_fail(r, "an outer join of a join");
  size_t from = s->instances.len;
  if (!read_item(r, first, depth + 1)) return false;
  size_t right = s->instances.len;
  if (!read_item(r, second, depth + 1)) return false;
  if (outer && right < s->instances.len) s->instances.items[right].left = true;
  if (f->natural || f->using_names.len > 0) {
    if (s->instances.len != right + 1) return ir_read_fail(r, "USING before a join");
    if (f->natural) return add_natural(r, from, right);
    for (size_t i = 0; i < f->using_names.len; i++)
      if (!add_using(r, f->using_names.items[i].text, from, right)) return false;
  }
  return !f->on || add_on(r, f->on, outer);
}

static bool read_item(ir_reader *r, const sql_from *f, int depth) {
  ir_select *s = r->select;
  if (depth > SQL_MAX_DEPTH) return ir_read_fail(r, "nested too deep");
  if (f->kind == SQL_FROM_JOIN && f->alias.text.ptr) return ir_read_fail(r, "a named join");
  if (f->kind == SQL_FROM_JOIN) return read_join(r, f, depth);
  const sql_query *derived = f->kind == SQL_FROM_QUERY ? f->query : f->cte ? f->cte->query : NULL;
  if (derived) {
    bool renamed = f->column_aliases.len > 0 || (f->cte && f->cte->columns.len > 0);
    if (renamed) return ir_read_fail(r, "a derived table with new column names");
    if (s->derived) return ir_read_fail(r, "two derived tables");
    s->derived = derived;
    return true;
  }
  if (f->kind != SQL_FROM_TABLE) return ir_read_fail(r, "FROM something that is no table");
  if (f->table < 0 || f->table >= r->cat->n_tables) return ir_read_fail(r, "an unknown table");
  if (s->instances.len >= MAX_TABLES) return ir_read_fail(r, "too many tables");
  return vec_push(r->a, &s->instances, (ir_instance){.item = f, .table = f->table, .ordinal = -1});
}

/* Whether equalities connect two instances already; `seen` grows with the walk. */
static bool already_joined(const ir_select *s, size_t x, size_t y, uint32_t *seen) {
  *seen |= 1u << x;
  if (x == y) return true;
  for (size_t i = 0; i < s->equalities.len; i++) {
    const ir_equality *e = &s->equalities.items[i];
    size_t next = e->x == x ? e->y : e->y == x ? e->x : SIZE_MAX;
    if (next != SIZE_MAX && !(*seen >> next & 1u) && already_joined(s, next, y, seen)) return true;
  }
  return false;
}

/* The conjuncts of WHERE; one that connects two tables that nothing has yet is a join. */
static bool read_where(ir_reader *r, const sql_expr *where) {
  ir_select *s = r->select;
  ir_operands operands = {0};
  if (!ir_read_operands(r, where, false, SQL_OP_AND, &operands)) return false;
  for (size_t i = 0; i < operands.len; i++) {
    ir_equality e;
    uint32_t seen = 0;
    bool joins = as_equality(s, &operands.items[i], &e) && !already_joined(s, e.x, e.y, &seen) &&
                 !s->instances.items[e.x].left && !s->instances.items[e.y].left;
    if (joins ? !add_equality(r, e) : !vec_push(r->a, &s->conditions, operands.items[i]))
      return false;
  }
  return true;
}

/* Whether a key leads from column x to column y. */
static bool is_key_of(const catalog *cat, int x, int y) {
  for (int i = 0; i < cat->n_fkeys; i++)
    for (int k = 0; k < cat->fkeys[i].n; k++)
      if (cat->fkeys[i].from[k] == x && cat->fkeys[i].to[k] == y) return true;
  return false;
}

static bool follow_once(const ir_reader *r, const ir_select *s, size_t *instance, int *column) {
  for (size_t i = 0; i < s->equalities.len; i++) {
    const ir_equality *e = &s->equalities.items[i];
    bool from_x = e->x == *instance && e->x_column == *column;
    if (!from_x && (e->y != *instance || e->y_column != *column)) continue;
    size_t far = from_x ? e->y : e->x;
    int far_column = from_x ? e->y_column : e->x_column;
    if (s->instances.items[far].left || s->instances.items[*instance].left ||
        !is_key_of(r->cat, *column, far_column))
      continue;
    *instance = far;
    *column = far_column;
    return true;
  }
  return false;
}

void ir_read_follow_key(const ir_reader *r, const ir_select *s, size_t *instance, int *column) {
  /* Keys may refer to each other in a ring. */
  for (int i = 0; i < MAX_TABLES && follow_once(r, s, instance, column); i++) continue;
}

bool ir_read_from(ir_reader *r, const sql_query *q) {
  ir_select *s = r->select;
  if (q->from && !(read_item(r, q->from, 0) && settle_on(r))) return false;
  if (s->derived && s->instances.len > 0)
    return ir_read_fail(r, "a derived table beside other tables");
  return !q->where || read_where(r, q->where);
}

/* ---- what COUNT(*) counts ---- */

/* 1 when column y is the key that x refers to, -1 the other way round, 0 when neither. */
static int refers(const catalog *cat, int x, int y) {
  if (is_key_of(cat, x, y)) return 1;
  if (is_key_of(cat, y, x)) return -1;
  return (cat->columns[y].pk > 0) - (cat->columns[x].pk > 0);
}

/* How far an instance is on the referring side of its joins: its rows are the most numerous. */
static int detail(const ir_reader *r, size_t instance) {
  const ir_select *s = r->select;
  int sum = 0;
  for (size_t i = 0; i < s->equalities.len; i++) {
    const ir_equality *e = &s->equalities.items[i];
    if (e->x == instance) sum += refers(r->cat, e->x_column, e->y_column);
    if (e->y == instance) sum += refers(r->cat, e->y_column, e->x_column);
  }
  return sum;
}

/* Whether the instance is, or would become, the second of its table: COUNT_STAR takes a first. */
static bool is_second(const ir_select *s, size_t i) {
  const ir_instance *mine = &s->instances.items[i];
  if (mine->ordinal >= 0) return mine->ordinal == 1;
  for (size_t k = 0; k < s->instances.len; k++)
    if (s->instances.items[k].table == mine->table && s->instances.items[k].ordinal >= 0)
      return true;
  return false;
}

/* The table that nothing else mentions, or, among several, or when there is none, the one that
 * refers to the others; left-joined ones last. The same whatever the order of FROM. */
static size_t counted_instance(const ir_reader *r) {
  const ir_select *s = r->select;
  enum { N_RANKS = 5 };
  size_t best = 0;
  int best_rank[N_RANKS] = {0};
  for (size_t i = 0; i < s->instances.len; i++) {
    const ir_instance *it = &s->instances.items[i];
    int rank[N_RANKS] = {!is_second(s, i), !it->left, it->ordinal < 0, detail(r, i), -it->table};
    int k = 0;
    while (k < N_RANKS - 1 && rank[k] == best_rank[k]) k++;
    if (i == 0 || rank[k] > best_rank[k]) {
      best = i;
      memcpy(best_rank, rank, sizeof rank);
    }
  }
  return best;
}

static bool fill_in_counts(ir_reader *r) {
  ir_select *s = r->select;
  if (s->counts.len == 0) return true;
  if (s->instances.len == 0) return ir_read_fail(r, "COUNT(*) of nothing");
  size_t i = counted_instance(r);
  if (!give_ordinal(r, s, i)) return false;
  ir_ref t = reference(&s->instances.items[i]);
  for (size_t k = 0; k < s->counts.len; k++)
    r->steps.items[s->counts.items[k]] = (ir_step){IR_STEP_TABLE, ir_ref_id(t)};
  for (size_t k = 0; k < s->mentioned.len; k++)
    if (s->mentioned.items[k] == IR_COUNTED) s->mentioned.items[k] = t;
  return true;
}

/* ---- what has to be said ---- */

/** A FROM as the query has it, and what the IR would add to the mentioned tables to get there. */
typedef struct wanted {
  ir_refs tables;
  ir_edges edges;
  ir_refs left;
  ir_refs extra;   /* FROM */
  ir_edges forced; /* VIA, ON */
} wanted;

/* Whether VIA e.from says the whole of `e`. */
static bool is_key(const catalog *cat, ir_edge e) {
  const cat_fkey *k = ir_join_key(cat, e.from);
  return k && k->n == 1 && e.to == ir_ref_make(k->to[0], false);
}

/* An equality with its ends in the order in which the IR names them. */
static ir_edge as_edge(const ir_reader *r, const ir_equality *e) {
  const ir_instance *all = r->select->instances.items;
  ir_ref x = ir_ref_make(e->x_column, all[e->x].ordinal == 1);
  ir_ref y = ir_ref_make(e->y_column, all[e->y].ordinal == 1);
  ir_edge there = {x < y ? x : y, x < y ? y : x, false}, back = {there.to, there.from, false};
  return !is_key(r->cat, there) && is_key(r->cat, back) ? back : there;
}

/* The least numbered instance that a join ties instance `i` to; INT_MAX: none. */
static ir_ref nearest(const ir_select *s, size_t i) {
  ir_ref best = INT_MAX;
  for (size_t k = 0; k < s->equalities.len; k++) {
    const ir_equality *e = &s->equalities.items[k];
    if (e->x != i && e->y != i) continue;
    const ir_instance *far = &s->instances.items[e->x == i ? e->y : e->x];
    if (far->ordinal >= 0 && reference(far) < best) best = reference(far);
  }
  return best;
}

/* Instances that nothing mentions are told apart by what they are joined to: not by the order of
 * FROM, which says nothing. */
static bool number_the_rest(ir_reader *r) {
  ir_select *s = r->select;
  for (;;) {
    size_t next = SIZE_MAX;
    for (size_t i = 0; i < s->instances.len; i++)
      if (s->instances.items[i].ordinal < 0 &&
          (next == SIZE_MAX || nearest(s, i) < nearest(s, next)))
        next = i;
    if (next == SIZE_MAX) return true;
    if (!give_ordinal(r, s, next)) return false;
  }
}

/* In ascending order, so that the order of FROM does not show. */
static bool add_sorted(ir_reader *r, ir_edges *edges, ir_edge e) {
  if (!vec_push(r->a, edges, e)) return false;
  size_t i = edges->len - 1;
  for (; i > 0; i--) {
    ir_edge before = edges->items[i - 1];
    if (before.from < e.from || (before.from == e.from && before.to <= e.to)) break;
    edges->items[i] = before;
  }
  edges->items[i] = e;
  return true;
}

static bool describe_from(ir_reader *r, wanted *w) {
  ir_select *s = r->select;
  if (!number_the_rest(r)) return false;
  for (size_t i = 0; i < s->instances.len; i++) {
    ir_ref t = reference(&s->instances.items[i]);
    if (!vec_push(r->a, &w->tables, t)) return false;
    if (s->instances.items[i].left && !vec_push(r->a, &w->left, t)) return false;
  }
  for (size_t i = 0; i < s->equalities.len; i++)
    if (!add_sorted(r, &w->edges, as_edge(r, &s->equalities.items[i]))) return false;
  return true;
}

/* What ir_write would see: the tables of items, FROM, LEFT, VIA, ON, and the clauses after it. */
static bool restore(ir_reader *r, const wanted *w, ir_join *out) {
  const ir_select *s = r->select;
  ir_refs all = {0};
  bool ok = true;
  for (size_t i = 0; ok && i < s->n_item_mentions; i++)
    ok = ir_refs_add(r->a, &all, s->mentioned.items[i]);
  for (size_t i = 0; ok && i < w->extra.len; i++) ok = ir_refs_add(r->a, &all, w->extra.items[i]);
  for (size_t i = 0; ok && i < w->left.len; i++) ok = ir_refs_add(r->a, &all, w->left.items[i]);
  for (size_t i = 0; ok && i < w->forced.len; i++)
    ok = ir_refs_add(r->a, &all, ir_ref_table(r->cat, w->forced.items[i].from)) &&
         ir_refs_add(r->a, &all, ir_ref_table(r->cat, w->forced.items[i].to));
  for (size_t i = s->n_item_mentions; ok && i < s->mentioned.len; i++)
    ok = ir_refs_add(r->a, &all, s->mentioned.items[i]);
  return ok && ir_join_make(r->cat, &all, &w->forced, r->a, out);
}

static bool same_tables(const ir_refs *x, const ir_refs *y) {
  if (x->len != y->len) return false;
  for (size_t i = 0; i < x->len; i++)
    if (!ir_refs_has(y, x->items[i])) return false;
  return true;
}

/* Equal edges one by one, as outer joins need them. */
static bool same_pairs(const ir_edges *x, const ir_edges *y) {
  if (x->len != y->len) return false;
  for (size_t i = 0; i < x->len; i++) {
    bool there = false;
    for (size_t k = 0; k < y->len && !there; k++)
      there = (x->items[i].from == y->items[k].from && x->items[i].to == y->items[k].to) ||
              (x->items[i].from == y->items[k].to && x->items[i].to == y->items[k].from);
    if (!there) return false;
  }
  return true;
}

static bool is_wanted(const wanted *w, const ir_join *join) {
  if (!same_tables(&w->tables, &join->tables)) return false;
  return w->left.len > 0 ? same_pairs(&w->edges, &join->edges)
                         : ir_edges_same(&w->edges, &join->edges);
}

static int degree(const ir_reader *r, const wanted *w, ir_ref t) {
  int n = 0;
  for (size_t i = 0; i < w->edges.len; i++)
    n += (ir_ref_table(r->cat, w->edges.items[i].from) == t) +
         (ir_ref_table(r->cat, w->edges.items[i].to) == t);
  return n;
}

/* Adds tables that restoration misses, outermost first, until it misses none; *ok says whether
 * what it then restores is what is wanted. False when out of memory. */
static bool add_missing(ir_reader *r, wanted *w, bool *ok) {
  for (;;) {
    ir_join join;
    if (!restore(r, w, &join)) return false;
    *ok = is_wanted(w, &join);
    ir_ref missing = -1;
    for (size_t i = 0; i < w->tables.len; i++) {
      ir_ref t = w->tables.items[i];
      if (ir_refs_has(&join.tables, t)) continue;
      int mine = degree(r, w, t), least = missing < 0 ? 0 : degree(r, w, missing);
      if (missing < 0 || mine < least || (mine == least && t < missing)) missing = t;
    }
    if (*ok || missing < 0) return true;
    if (!vec_push(r->a, &w->extra, missing)) return false;
  }
}

/* The edges that restoration as it stands does not imply. */
static bool force_differing(ir_reader *r, wanted *w) {
  ir_join join;
  if (!restore(r, w, &join)) return false;
  for (size_t i = 0; i < w->edges.len; i++)
    if (!ir_edges_imply(&join.edges, w->edges.items[i]) &&
        !vec_push(r->a, &w->forced, w->edges.items[i]))
      return false;
  return true;
}

/* Says as little as restores the FROM: nothing; tables; some edges; all of them. */
static bool find_least(ir_reader *r, wanted *w) {
  bool ok = false;
  if (!add_missing(r, w, &ok)) return false;
  if (ok) return true;
  if (!force_differing(r, w)) return false;
  w->extra.len = 0;
  if (!add_missing(r, w, &ok)) return false;
  if (ok) return true;
  w->forced = w->edges;
  w->extra.len = 0;
  if (!add_missing(r, w, &ok)) return false;
  return ok || ir_read_fail(r, "tables that keys connect, joined on nothing");
}

static bool insert(ir_reader *r, size_t *at, ir_step step) {
  if (!ir_read_emit(r, step)) return false;
  memmove(r->steps.items + *at + 1, r->steps.items + *at,
          (r->steps.len - 1 - *at) * sizeof *r->steps.items);
  r->steps.items[(*at)++] = step;
  return true;
}

static bool insert_ref(ir_reader *r, size_t *at, ir_kind kind, ir_ref ref) {
  if (ir_ref_second(ref) && !insert(r, at, ir_tok(IR_ALT))) return false;
  return insert(r, at, (ir_step){(uint8_t)kind, ir_ref_id(ref)});
}

bool ir_read_close_from(ir_reader *r, size_t at) {
  wanted w = {0};
  if (!fill_in_counts(r)) return false;
  if (r->select->instances.len == 0) return true;
  if (!describe_from(r, &w) || !find_least(r, &w)) return false;
  bool ok = true;
  for (size_t i = 0; ok && i < w.extra.len; i++)
    ok = insert(r, &at, ir_tok(IR_FROM)) && insert_ref(r, &at, IR_STEP_TABLE, w.extra.items[i]);
  for (size_t i = 0; ok && i < w.left.len; i++)
    ok = insert(r, &at, ir_tok(IR_LEFT)) && insert_ref(r, &at, IR_STEP_TABLE, w.left.items[i]);
  for (size_t i = 0; ok && i < w.forced.len; i++) {
    ir_edge e = w.forced.items[i];
    bool via = is_key(r->cat, e);
    ok = insert(r, &at, ir_tok(via ? IR_VIA : IR_ON)) &&
         insert_ref(r, &at, IR_STEP_COLUMN, e.from) &&
         (via || insert_ref(r, &at, IR_STEP_COLUMN, e.to));
  }
  return ok;
}
