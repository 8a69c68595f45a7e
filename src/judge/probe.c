/* Queries to run beside another: does a join repeat or drop rows that nobody asked it to? Writes
 * them and says what their rows mean; runs nothing. */
#include <string.h>

#include "base/map.h"
#include "judge/signal.h"

enum { MOST_LEAVES = 16, MOST_LINKS = 32 };

/* ---- tables that are joined, and of which nothing is asked ---- */

typedef struct leaf {
  sql_from *item, *join;
  sql_from **slot; /* where that join hangs */
  const sql_query *in;
  bool used;
} leaf;

typedef struct link_of { /* one "x.a = y.b" of a join's ON */
  const sql_expr *equal;
  const sql_from *join;
} link_of;

typedef struct seeking {
  leaf leaves[MOST_LEAVES];
  link_of links[MOST_LINKS];
  size_t n_leaves, n_links;
  bool given_up;
} seeking;

static bool is_column(const sql_expr *e) { return e->kind == SQL_COLUMN && e->bound.item; }

static bool is_link(const sql_expr *e) {
  return e->kind == SQL_BINARY && e->op == SQL_OP_EQ && e->args.len == 2 &&
         is_column(e->args.items[0]) && is_column(e->args.items[1]) &&
         e->args.items[0]->bound.item != e->args.items[1]->bound.item;
}

/* Collects the links of an ON. False where it has another condition beside them. */
static bool collect_links(seeking *s, const sql_from *join, const sql_expr *on) {
  if (on->kind == SQL_BINARY && on->op == SQL_OP_AND)
    return collect_links(s, join, on->args.items[0]) && collect_links(s, join, on->args.items[1]);
  if (!is_link(on) || s->n_links == MOST_LINKS) return false;
  s->links[s->n_links++] = (link_of){on, join};
  return true;
}

static void add_leaf(seeking *s, const sql_query *q, sql_from *item, sql_from **slot, bool linked) {
  if (item->kind != SQL_FROM_TABLE || s->n_leaves == MOST_LEAVES) return;
  s->leaves[s->n_leaves++] = (leaf){item, *slot, slot, q, !linked};
}

static sql_walk_next see_query(void *ctx, sql_query *q) {
  seeking *s = ctx;
  for (sql_from *j = q->from; j && j->kind == SQL_FROM_JOIN; j = j->left)
    if (j->natural || j->using_names.len || !j->on) return SQL_WALK_ON;
  for (sql_from **slot = &q->from; *slot && (*slot)->kind == SQL_FROM_JOIN; slot = &(*slot)->left) {
    sql_from *j = *slot;
    bool linked = collect_links(s, j, j->on);
    if (j->join == SQL_JOIN_INNER || j->join == SQL_JOIN_LEFT)
      add_leaf(s, q, j->right, slot, linked);
    if (j->join == SQL_JOIN_INNER) add_leaf(s, q, j->left, slot, linked);
  }
  return SQL_WALK_ON;
}

static sql_walk_next see_use(void *ctx, sql_expr *e) {
  seeking *s = ctx;
  for (size_t i = 0; i < s->n_links; i++)
    if (s->links[i].equal == e) return SQL_WALK_SKIP;
  bool unknown = e->kind == SQL_COLUMN && !e->bound.item && !e->bound.alias;
  if (e->kind == SQL_STAR || unknown) s->given_up = true;
  for (size_t i = 0; i < s->n_leaves && e->kind == SQL_COLUMN; i++)
    if (s->leaves[i].item == e->bound.item) s->leaves[i].used = true;
  return SQL_WALK_ON;
}

/* All links that touch the leaf are its own join's, and that join has no others: nothing else is
 * reached through it. */
static bool is_end(const seeking *s, const leaf *l) {
  for (size_t i = 0; i < s->n_links; i++) {
    const sql_expr *e = s->links[i].equal;
    bool touches =
        e->args.items[0]->bound.item == l->item || e->args.items[1]->bound.item == l->item;
    if (touches != (s->links[i].join == l->join)) return false;
  }
  return true;
}

/* Is it joined by a column that no two of its rows share? */
static bool is_joined_by_key(const seeking *s, const leaf *l, const catalog *cat) {
  for (size_t i = 0; i < s->n_links; i++)
    for (size_t k = 0; k < 2; k++) {
      const sql_expr *e = s->links[i].equal->args.items[k];
      if (e->bound.item == l->item && e->bound.column >= 0 && cat->columns[e->bound.column].unique)
        return true;
    }
  return false;
}

/* ---- does the query take an aggregate ---- */

static bool aggregates(const sql_expr *e) {
  static const char *const names[] = {"count", "sum", "avg", "total", "max", "min", "group_concat"};
  if (e->kind != SQL_CALL || e->distinct || e->over) return false;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (str_eq_nocase(e->name.text, str_from(names[i]))) return true;
  return false;
}

static sql_walk_next see_call(void *ctx, sql_expr *e) {
  if (aggregates(e)) *(bool *)ctx = true;
  return SQL_WALK_ON;
}

static sql_walk_next skip_query(void *ctx, sql_query *q) {
  (void)ctx, (void)q;
  return SQL_WALK_SKIP;
}

static bool is_figure(const sql_query *q) {
  bool found = false;
  const sql_visitor v = {see_call, skip_query, NULL, &found};
  for (size_t i = 0; i < q->items.len; i++) sql_walk_expr(q->items.items[i].expr, &v);
  sql_walk_expr(q->having, &v);
  for (size_t i = 0; i < q->order_by.len; i++) sql_walk_expr(q->order_by.items[i].expr, &v);
  return found;
}

/* Every word of the table's name is in the question. */
static bool is_named(const judge_intent *in, const sql_from *item, const catalog *cat, arena *a) {
  if (item->table < 0) return false;
  const cat_table *t = &cat->tables[item->table];
  for (int k = 0; k < t->n_words; k++) {
    str stem = text_stem(a, t->words[k]);
    bool found = false;
    for (size_t i = 0; i < in->words.len && !found; i++)
      found = str_eq(in->words.items[i].stem, stem);
    if (!found) return false;
  }
  return t->n_words > 0;
}

static bool probe_without(const judge_intent *in, sql_query *q, const catalog *cat, arena *a,
                          judge_probes *out) {
  seeking s = {.n_leaves = 0};
  const sql_visitor leaves = {NULL, see_query, NULL, &s}, uses = {see_use, NULL, NULL, &s};
  sql_walk_query(q, &leaves);
  if (s.n_leaves == 0) return true;
  sql_walk_query(q, &uses);
  for (size_t i = 0; i < s.n_leaves && !s.given_up && out->len < JUDGE_MOST_PROBES; i++) {
    const leaf *l = &s.leaves[i];
    if (l->used || !is_end(&s, l)) continue;
    *l->slot = l->join->left == l->item ? l->join->right : l->join->left;
    judge_probe p = {.kind = JUDGE_PROBE_WITHOUT,
                     .sql = sql_print(q, cat->dialect, a),
                     .table = l->item->name.text,
                     .figure = is_figure(l->in),
                     .named = is_named(in, l->item, cat, a),
                     .once = is_joined_by_key(&s, l, cat)};
    *l->slot = l->join;
    if (!p.sql.ptr || !vec_push(a, out, p)) return false;
  }
  return true;
}

/* ---- a figure over rows that a join repeats ---- */

typedef struct finding {
  sql_span span;
  const sql_expr *call;
  const sql_from *owner; /* whose columns the figure is of */
} finding;

static sql_walk_next see_figure(void *ctx, sql_expr *e) {
  finding *f = ctx;
  if (e->kind == SQL_CALL && e->span.from == f->span.from && e->span.to == f->span.to) f->call = e;
  return SQL_WALK_ON;
}

static sql_walk_next see_owner(void *ctx, sql_expr *e) {
  finding *f = ctx;
  if (is_column(e)) f->owner = e->bound.item;
  return SQL_WALK_ON;
}

static bool find_figure(sql_query *q, sql_span span, finding *out) {
  *out = (finding){.span = span};
  const sql_visitor calls = {see_figure, skip_query, NULL, out};
  for (size_t i = 0; i < q->items.len; i++) sql_walk_expr(q->items.items[i].expr, &calls);
  sql_walk_expr(q->having, &calls);
  for (size_t i = 0; i < q->order_by.len; i++) sql_walk_expr(q->order_by.items[i].expr, &calls);
  const sql_visitor owners = {see_owner, skip_query, NULL, out};
  for (size_t i = 0; out->call && i < out->call->args.len; i++)
    sql_walk_expr(out->call->args.items[i], &owners);
  return out->call && out->call->args.len == 1 && out->owner && out->owner->table >= 0;
}

/* "The average latitude of the starting points of all trips" may be meant once a trip. A sum never
 * is. */
static bool may_repeat(const judge_intent *in, const sql_query *q, const finding *f,
                       const catalog *cat, arena *a) {
  if (!str_eq_nocase(f->call->name.text, STR("avg"))) return false;
  for (const sql_from *j = q->from; j; j = j->kind == SQL_FROM_JOIN ? j->left : NULL) {
    const sql_from *item = j->kind == SQL_FROM_JOIN ? j->right : j;
    if (item != f->owner && (item->kind != SQL_FROM_TABLE || !is_named(in, item, cat, a)))
      return false;
  }
  return true;
}

static bool add_item(arena *a, sql_query *q, sql_expr *e, const char *alias) {
  sql_item it = {.expr = e, .alias = {.text = str_from(alias)}};
  return e && it.alias.text.ptr && vec_push(a, &q->items, it);
}

/* SELECT f(v) FROM (SELECT [DISTINCT keys,] x AS v, groups FROM …) GROUP BY groups */
static str figure_over(const sql_query *q, const finding *f, const catalog *cat, bool once,
                       arena *a) {
  sql_query *inner = sql_new_query(a, SQL_SELECT), *outer = sql_new_query(a, SQL_SELECT);
  sql_from *from = sql_new_from(a, SQL_FROM_QUERY);
  if (!inner || !outer || !from) return (str){0};
  inner->distinct = once;
  inner->from = q->from;
  inner->where = q->where;
  const cat_table *t = &cat->tables[f->owner->table];
  str label = f->owner->alias.text.len ? f->owner->alias.text : f->owner->name.text;
  bool ok = add_item(a, inner, f->call->args.items[0], "v");
  int keys = 0;
  for (int c = t->first_column; c < t->first_column + t->n_columns; c++)
    if (cat->columns[c].pk > 0)
      ok = ok && add_item(a, inner, sql_new_column(a, label, cat->columns[c].name),
                          arena_printf(a, "k%d", keys++));
  sql_expr *figure = sql_new_call(a, f->call->name.text, sql_new_column(a, STR("rows"), STR("v")));
  ok = ok && keys > 0 && add_item(a, outer, figure, "figure");
  for (size_t i = 0; ok && i < q->group_by.len; i++) {
    const char *name = arena_printf(a, "g%zu", i);
    sql_expr *group = sql_new_column(a, STR("rows"), str_from(name));
    ok = add_item(a, inner, q->group_by.items[i], name) && add_item(a, outer, group, name) &&
         vec_push(a, &outer->group_by, group);
  }
  from->query = inner;
  from->alias.text = STR("rows");
  outer->from = from;
  return ok ? sql_print(outer, cat->dialect, a) : (str){0};
}

static bool probe_figures(const judge_intent *in, sql_query *q, const check_report *report,
                          const catalog *cat, arena *a, judge_probes *out) {
  if (q->kind != SQL_SELECT || q->ctes.len) return true;
  for (size_t i = 0; i < report->diags.len && out->len < JUDGE_MOST_PROBES; i++) {
    finding f;
    if (strcmp(report->diags.items[i].code, "fan_out") != 0 ||
        !find_figure(q, report->diags.items[i].span, &f))
      continue;
    judge_probe p = {.kind = JUDGE_PROBE_ONCE,
                     .sql = figure_over(q, &f, cat, true, a),
                     .against = figure_over(q, &f, cat, false, a),
                     .table = f.owner->name.text,
                     .figure = true,
                     .named = may_repeat(in, q, &f, cat, a)};
    if (arena_failed(a)) return false;
    if (p.sql.ptr && p.against.ptr && !vec_push(a, out, p)) return false;
  }
  return true;
}

/* ---- groups by a name that several have ---- */

static int selected_at(const sql_query *q, const sql_expr *by) {
  for (size_t i = 0; i < q->items.len; i++) {
    const sql_expr *e = q->items.items[i].expr;
    if (e && is_column(e) && e->bound.item == by->bound.item && e->bound.column == by->bound.column)
      return (int)i;
  }
  return -1;
}

/* Two people of one name are two, unless the question is of names: the first rows that the groups
 * are made of, each as name and key. SELECT name, key FROM … WHERE … LIMIT … */
static bool probe_names(sql_query *q, const catalog *cat, arena *a, judge_probes *out) {
  if (out->len == JUDGE_MOST_PROBES) return true;
  sql_expr *key = check_merged_key(q, cat);
  if (!key) return true;
  sql_expr *by = q->group_by.items[0];
  sql_query *pairs = sql_new_query(a, SQL_SELECT);
  if (!pairs || !add_item(a, pairs, by, "name") || !add_item(a, pairs, key, "of")) return false;
  pairs->from = q->from;
  pairs->where = q->where;
  pairs->limit = sql_new_number(a, str_from(arena_printf(a, "%d", JUDGE_PROBE_ROWS)));
  judge_probe p = {.kind = JUDGE_PROBE_APART,
                   .sql = sql_print(pairs, cat->dialect, a),
                   .table = by->bound.item->name.text,
                   .column = selected_at(q, by)};
  return p.sql.ptr && vec_push(a, out, p);
}

static str text_of(const cell *c, arena *a) {
  if (c->kind == CELL_TEXT || c->kind == CELL_BLOB) return c->text;
  if (c->kind == CELL_REAL) return str_from(arena_printf(a, "%.17g", c->r));
  return str_from(arena_printf(a, "%lld", (long long)c->i));
}

static bool has_name(const source_result *r, int column, str name, arena *a) {
  if (column < 0 || (size_t)column >= r->n_columns) return true; /* it does not say which */
  for (size_t i = 0; i < r->n_rows; i++)
    if (str_eq(text_of(&r->cells[i * r->n_columns + (size_t)column], a), name)) return true;
  return false;
}

bool judge_read_pairs(judge_probe *p, const source_result *own, const source_result *pairs,
                      arena *a) {
  map *firsts = map_create(a, false); /* where a name is met first, from 1 on */
  if (!firsts) return false;
  for (size_t i = 0; i < pairs->n_rows && !p->differs && pairs->n_columns == 2; i++) {
    const cell *c = &pairs->cells[2 * i];
    if (c[0].kind == CELL_NULL) continue;
    str name = text_of(&c[0], a);
    size_t first = (size_t)map_get(firsts, name);
    if (!first && !map_put(firsts, name, (void *)(i + 1))) return false;
    p->differs = first && !str_eq(text_of(&pairs->cells[2 * first - 1], a), text_of(&c[1], a)) &&
                 has_name(own, p->column, name, a);
  }
  p->ran = p->differs || pairs->n_rows < JUDGE_PROBE_ROWS; /* of further rows nothing is known */
  return !arena_failed(a);
}

bool judge_find_probes(const judge_intent *in, const check_report *report, const catalog *cat,
                       arena *a, judge_probes *out) {
  *out = (judge_probes){0};
  return !report->query ||
         (probe_figures(in, report->query, report, cat, a, out) &&
          probe_without(in, report->query, cat, a, out) && probe_names(report->query, cat, a, out));
}

/* ---- what came of them ---- */

static void drop_signal(judge_signals *out, const char *code) {
  size_t kept = 0;
  for (size_t i = 0; i < out->len; i++)
    if (strcmp(out->items[i].code, code) != 0) out->items[kept++] = out->items[i];
  out->len = kept;
}

bool judge_probed(const judge_probes *probes, arena *a, judge_signals *out) {
  static const double perhaps_meant = 0.4;
  bool once_same = false, once_differs = false;
  double inflated = 0;
  for (size_t i = 0; i < probes->len; i++) {
    const judge_probe *p = &probes->items[i];
    if (!p->ran) continue;
    if (p->kind == JUDGE_PROBE_APART) {
      if (p->differs &&
          !judge_add(out, a, JUDGE_names_merged, 1,
                     "Several of \"%.*s\" have the same name, by which they are taken for one.",
                     STR_ARG(p->table)))
        return false;
    } else if (p->kind == JUDGE_PROBE_ONCE) {
      once_same |= !p->differs;
      once_differs |= p->differs;
      if (p->differs && inflated < 1) inflated = p->named ? perhaps_meant : 1;
    } else if (!judge_add_quiet(out, a,
                                !p->differs ? JUDGE_idle_join
                                : p->figure ? JUDGE_join_counts
                                            : JUDGE_join_changes,
                                1)) {
      return false;
    }
  }
  /* The figure is the same over each row once: what check feared did not come about. */
  if (once_same && !once_differs) drop_signal(out, "fan_out");
  return judge_add_quiet(out, a, JUDGE_inflated, inflated);
}
