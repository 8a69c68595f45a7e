/* Faults of names: what a reference that resolves to nothing was likely meant to be.
 * Binding (bind.c, resolve.c) decides that it is a fault; here it is put into words. */
#include "check/context.h"
#include "check/suggest.h"

/* Wider catalogs are searched for like names among the query's own tables only. */
enum { WIDE_CATALOG = 4000, MANY_TABLES = 100 };

static str concat3(check_ctx *c, const char *before, str name, const char *after) {
  return str_from(arena_printf(c->a, "%s%.*s%s", before, STR_ARG(name), after));
}

static str full_name(check_ctx *c, const sql_expr *e) {
  if (!e->table.text.ptr) return e->name.text;
  return str_from(arena_printf(c->a, "%.*s.%.*s", STR_ARG(e->table.text), STR_ARG(e->name.text)));
}

static str item_label(const scope_item *item) {
  return item->name.len ? item->name : STR("the derived table");
}

/** "one of a, b, c": the columns of an item, the first few of many. */
static str column_list(check_ctx *c, const scope_item *item) {
  enum { MOST = 12 };
  buf b;
  buf_init(&b, 4096);
  sql_binding bound;
  str name;
  size_t i = 0;
  for (; i < MOST && (name = scope_column_name(c, item, i, &bound)).ptr; i++)
    buf_printf(&b, "%s%.*s", i ? ", " : "one of ", STR_ARG(name));
  if (scope_column_name(c, item, i, &bound).ptr) buf_add_cstr(&b, ", …");
  str out = b.len && !b.failed ? arena_str(c->a, buf_str(&b)) : NO_STR;
  buf_free(&b);
  return out;
}

/** 'text' with its quotes doubled. */
static str single_quoted(check_ctx *c, str s) {
  char *out = arena_alloc(c->a, s.len * 2 + 3);
  if (!out) return NO_STR;
  size_t n = 0;
  out[n++] = '\'';
  for (size_t i = 0; i < s.len; i++) {
    if (s.ptr[i] == '\'') out[n++] = '\'';
    out[n++] = s.ptr[i];
  }
  out[n++] = '\'';
  return (str){out, n};
}

/* ---- columns ---- */

/** Enters the columns of one item that are like what was written. */
static void like_columns(check_ctx *c, const scope_item *item, const suggest_name *wanted,
                         sql_span span, double bonus, suggest_list *l) {
  sql_binding bound;
  str name, why = concat3(c, "a column of ", item_label(item), "");
  for (size_t i = 0; (name = scope_column_name(c, item, i, &bound)).ptr; i++) {
    double score;
    if (item->table) {
      const cat_column *column = &c->cat->columns[bound.column];
      score = suggest_score(wanted, name, column->words, column->n_words);
    } else {
      score = name.len ? suggest_score_name(c->a, wanted, name) : 0;
    }
    if (score >= 0.4) suggest_enter(l, suggest_ident(c, name), span, score + bonus, why);
  }
}

/** Columns of tables that the query does not join: they need a join, and rank below the rest. */
static void columns_elsewhere(check_ctx *c, const sql_expr *e, const suggest_name *wanted,
                              suggest_list *l) {
  bool like = c->cat && c->cat->n_columns <= WIDE_CATALOG && (!l->n || l->items[0].score < 0.7);
  suggest_list found = {0};
  for (int i = 0; c->cat && c->scope && i < c->cat->n_columns; i++) {
    const cat_column *column = &c->cat->columns[i];
    bool same = column->name.len == e->name.text.len && str_eq_nocase(column->name, e->name.text);
    double score = same ? 0.7 : 0;
    if (score == 0 && like)
      score = 0.6 * suggest_score(wanted, column->name, column->words, column->n_words);
    if (score < 0.4 || (found.n == SUGGEST_MOST && found.items[found.n - 1].score >= score))
      continue;
    const cat_table *t = &c->cat->tables[column->table];
    str table = suggest_ident(c, t->name), name = suggest_ident(c, column->name);
    str text = str_from(arena_printf(c->a, "%.*s.%.*s", STR_ARG(table), STR_ARG(name)));
    suggest_enter(&found, text, (sql_span){e->span.from, (uint32_t)column->table}, score, t->name);
  }
  for (int i = 0; i < found.n; i++) { /* the table's id travelled in span.to */
    const cat_table *t = &c->cat->tables[found.items[i].span.to];
    str join = i < 2 ? suggest_join(c, c->scope, t) : NO_STR; /* a search of its own */
    str why = join.ptr ? concat3(c, "needs ", join, "") : concat3(c, "a column of ", t->name, "");
    suggest_enter(l, found.items[i].text, e->span, found.items[i].score, why);
  }
}

/** The other side of x = y, of which `e` is one; NULL elsewhere. */
static const sql_expr *other_side(const check_ctx *c, const sql_expr *e) {
  if (!c->equality) return NULL;
  const sql_expr *x = c->equality->args.items[0], *y = c->equality->args.items[1];
  return e == x ? y : e == y ? x : NULL;
}

static const cat_fkey *key_between(const catalog *cat, const cat_table *x, const cat_table *y) {
  for (int i = 0; i < cat->n_fkeys; i++) {
    const cat_fkey *k = &cat->fkeys[i];
    if (k->n == 1 && ((k->from_table == x->id && k->to_table == y->id) ||
                      (k->from_table == y->id && k->to_table == x->id)))
      return k;
  }
  return NULL;
}

/** x.a = y.b between two tables, one side of which is wrong: the key of the two was meant. */
static void suggest_key(check_ctx *c, const sql_expr *e, const scope_item *item, suggest_list *l) {
  const sql_expr *other = other_side(c, e);
  int depth;
  if (!other || !other->table.text.ptr || !item->table) return;
  const scope_item *there = scope_item_named(c, &other->schema, &other->table, &depth);
  if (!there || !there->table || there == item || there->table == item->table) return;
  const cat_fkey *k = key_between(c->cat, item->table, there->table);
  if (!k) return;
  bool from = k->from_table == item->table->id;
  const cat_column *here = &c->cat->columns[from ? k->from[0] : k->to[0]];
  const cat_column *far = &c->cat->columns[from ? k->to[0] : k->from[0]];
  str a = suggest_ident(c, here->name), b = suggest_ident(c, far->name);
  if (str_eq_nocase(far->name, other->name.text)) {
    suggest_enter(l, a, e->name.span, 0.99, STR("the key of these tables"));
    return;
  }
  str x = suggest_ident(c, item->name), y = suggest_ident(c, there->name);
  str text = str_from(
      arena_printf(c->a, "%.*s.%.*s = %.*s.%.*s", STR_ARG(x), STR_ARG(a), STR_ARG(y), STR_ARG(b)));
  suggest_enter(l, text, c->equality->span, 0.78, STR("the key of these tables"));
}

/** Suggests the qualifiers under which the column does exist. */
static const scope_item *other_owners(check_ctx *c, const sql_expr *e, suggest_list *l) {
  const scope_item *first = NULL;
  int n = 0;
  for (check_scope *s = c->scope; s; s = scope_outward(s))
    for (size_t i = s->lo; i < s->hi; i++) {
      const scope_item *item = &s->items.items[i];
      if (!item->name.len || scope_find(c, item, e->name.text) < 0) continue;
      if (!first) first = item;
      const sql_expr *other = other_side(c, e);
      bool with_itself = other && str_eq_nocase(other->table.text, item->name);
      double score = with_itself ? 0.5 : 0.96 - 0.08 * n++; /* t.a = t.a says nothing */
      suggest_enter(l, suggest_ident(c, item->name), e->table.span, score,
                    concat3(c, "it has the column ", e->name.text, ""));
    }
  return first;
}

/** The column's name is an alias of the select list that the clause may not use. */
static bool is_unseen_alias(check_ctx *c, const sql_expr *e) {
  const sql_item *item = c->scope ? scope_alias(c->scope, e->name.text) : NULL;
  if (!item || !item->expr) return false;
  const sql_expr *x = item->expr;
  diag *d = diag_add(c, CHECK_ALIAS_UNSEEN, e->name.span, e->name.text,
                     str_from(sql_dialect_name(c->dialect)), NO_STR);
  if (x->span.to > c->sql.len || x->span.from >= x->span.to || x->query) return true;
  if (x->span.from <= e->span.from && e->span.to <= x->span.to) return true; /* it is inside */
  bool plain = x->kind == SQL_COLUMN || x->kind == SQL_CALL || x->parenthesized;
  str text = str_slice(c->sql, x->span.from, x->span.to);
  diag_suggest(c, d, concat3(c, plain ? "" : "(", text, plain ? "" : ")"), e->span,
               STR("what it stands for"), 0.95);
  return true;
}

/** Where the column that `name` is compared with stores it as text. */
static const cat_value *compared_value(const check_ctx *c, const sql_expr *e) {
  const sql_expr *other = other_side(c, e);
  if (!other || other->kind != SQL_COLUMN || !c->cat || !c->scope) return NULL;
  for (const cat_value *v = catalog_value(c->cat, e->name.text); v; v = v->next) {
    if (!str_eq_nocase(c->cat->columns[v->column].name, other->name.text)) continue;
    for (size_t i = c->scope->lo; i < c->scope->hi; i++) {
      const cat_table *t = c->scope->items.items[i].table;
      if (t && v->column >= t->first_column && v->column < t->first_column + t->n_columns) return v;
    }
  }
  return NULL;
}

/** "Oslo" where nothing is called like that: in this dialect text goes in single quotes. So does
 *  Oslo without any, where a column that stores it is compared with it. */
static void suggest_text(check_ctx *c, const sql_expr *e, suggest_list *l) {
  const cat_value *stored = e->name.quote ? NULL : compared_value(c, e);
  if (stored)
    suggest_enter(l, single_quoted(c, stored->text), e->span, 0.95,
                  concat3(c, "text that ", other_side(c, e)->name.text, " holds"));
  if (e->name.quote != '"' || c->dialect == SQL_SQLITE) return;
  double score = !l->n || l->items[0].score < 0.6 ? 0.92 : 0.55;
  suggest_enter(l, single_quoted(c, e->name.text), e->span, score,
                STR("text, which goes in single quotes"));
}

static void unqualified(check_ctx *c, sql_expr *e) {
  if (is_unseen_alias(c, e)) return;
  suggest_name wanted = suggest_prepare(c->a, e->name.text);
  suggest_list l = {0};
  double bonus = 0.02;
  for (check_scope *s = c->scope; s; s = scope_outward(s), bonus = 0)
    for (size_t i = s->lo; i < s->hi; i++)
      like_columns(c, &s->items.items[i], &wanted, e->name.span, bonus, &l);
  columns_elsewhere(c, e, &wanted, &l);
  suggest_text(c, e, &l);
  const scope_item *only =
      c->scope && c->scope->hi - c->scope->lo == 1 ? &c->scope->items.items[c->scope->lo] : NULL;
  str where = only ? concat3(c, " in ", item_label(only), "") : NO_STR;
  diag *d = diag_add(c, CHECK_UNKNOWN_COLUMN, e->name.span, e->name.text, where, NO_STR);
  if (d && only) d->expected = column_list(c, only);
  suggest_give(c, &l, d);
}

/** Would the reference resolve to the item, were it in sight? */
static bool would_fit(check_ctx *c, const scope_item *item, const sql_expr *e) {
  if (e->table.text.ptr) return scope_answers(c, item, &e->schema, &e->table);
  return scope_find(c, item, e->name.text) >= 0;
}

/** A table that is near, but that this place does not see; says why in *why. */
static bool hidden_owner(check_ctx *c, const sql_expr *e, str *why) {
  bool closed = false;
  for (check_scope *s = c->scope; s; s = s->outer) {
    for (size_t i = 0; i < s->items.len; i++) {
      if ((i >= s->lo && i < s->hi && !closed) || !would_fit(c, &s->items.items[i], e)) continue;
      *why = closed ? STR("GROUP BY and ORDER BY see no outer query")
                    : STR("it is joined further right");
      return true;
    }
    closed = closed || s->closed;
    for (size_t i = 0; s->beside && i < s->beside->items.len; i++) {
      if (!would_fit(c, &s->beside->items.items[i], e)) continue;
      *why = STR("a derived table does not see the tables beside it");
      return true;
    }
  }
  return false;
}

/** Its qualifier is known, but has no such column. */
static void wrong_column(check_ctx *c, sql_expr *e, const scope_item *item) {
  suggest_name wanted = suggest_prepare(c->a, e->name.text);
  suggest_list l = {0};
  like_columns(c, item, &wanted, e->name.span, 0, &l);
  suggest_key(c, e, item, &l);
  const scope_item *owner = other_owners(c, e, &l);
  if (!owner) columns_elsewhere(c, e, &wanted, &l);
  diag *d = owner ? diag_add(c, CHECK_WRONG_ALIAS, e->span, e->table.text, e->name.text,
                             item_label(owner))
                  : diag_add(c, CHECK_UNKNOWN_COLUMN, e->name.span, e->name.text,
                             concat3(c, " in ", e->table.text, ""), NO_STR);
  if (d) d->expected = column_list(c, item);
  suggest_give(c, &l, d);
}

/** Offers the missing join at the end of FROM. */
static void offer_join(check_ctx *c, const cat_table *table, diag *d) {
  const sql_from *from = c->scope ? c->scope->query->from : NULL;
  str join = from ? suggest_join(c, c->scope, table) : NO_STR;
  if (!join.ptr) return;
  d->expected = join;
  if (from->span.to > from->span.from)
    diag_suggest(c, d, concat3(c, " ", join, ""), (sql_span){from->span.to, from->span.to},
                 STR("joins it by its keys"), 0.7);
}

/** Its qualifier is nothing here. */
static void wrong_qualifier(check_ctx *c, sql_expr *e) {
  suggest_name wanted = suggest_prepare(c->a, e->table.text);
  suggest_list l = {0};
  bool star = e->kind == SQL_STAR;
  const cat_table *table = c->cat ? catalog_table(c->cat, e->table.text) : NULL;
  bool aliased = false;
  for (check_scope *s = c->scope; s; s = scope_outward(s))
    for (size_t i = s->lo; i < s->hi; i++) {
      const scope_item *item = &s->items.items[i];
      if (!item->name.len) continue;
      bool has = !star && scope_find(c, item, e->name.text) >= 0;
      bool same = table && item->table == table;
      aliased = aliased || same;
      double score = same ? 0.9 : suggest_score_name(c->a, &wanted, item->name) * 0.75;
      if (has && score < 0.4) score = 0.55;
      str why = same  ? concat3(c, "what ", table->name, " is called in this query")
                : has ? concat3(c, "it has the column ", e->name.text, "")
                      : STR("a name of this query");
      suggest_enter(&l, suggest_ident(c, item->name), e->table.span, score + (has ? 0.2 : 0), why);
    }
  str of = star ? NO_STR : concat3(c, ": ", full_name(c, e), "");
  diag *d = diag_add(c, table && !aliased ? CHECK_NOT_IN_FROM : CHECK_UNKNOWN_ALIAS, e->table.span,
                     e->table.text, of, NO_STR);
  if (d && table && !aliased) offer_join(c, table, d);
  suggest_give(c, &l, d);
}

void names_unknown_column(check_ctx *c, sql_expr *e) {
  if (!diag_wanted(c)) return;
  int depth;
  str why;
  const scope_item *item =
      e->table.text.ptr ? scope_item_named(c, &e->schema, &e->table, &depth) : NULL;
  if (!item && hidden_owner(c, e, &why))
    diag_add(c, CHECK_OUT_OF_SCOPE, e->span, full_name(c, e), why, NO_STR);
  else if (!e->table.text.ptr)
    unqualified(c, e);
  else if (item)
    wrong_column(c, e, item);
  else
    wrong_qualifier(c, e);
}

void names_star(check_ctx *c, sql_expr *e) {
  if (!diag_wanted(c)) return;
  const scope_item *first = NULL;
  if (c->dialect != SQL_SQLITE) /* t.* may be a row of a query around this one */
    for (const check_scope *s = c->scope; s; s = scope_outward(s))
      for (size_t i = 0; i < s->items.len; i++)
        if (str_eq_nocase(s->items.items[i].name, e->table.text)) return;
  for (size_t i = 0; c->scope && i < c->scope->items.len; i++) {
    const scope_item *item = &c->scope->items.items[i];
    if (!str_eq_nocase(item->name, e->table.text)) continue;
    if (first && first->table && first->table == item->table && !item->merges)
      diag_add(c, CHECK_AMBIGUOUS_COLUMN, e->span, e->table.text, item_label(first),
               item_label(item));
    first = item;
  }
  if (!first) wrong_qualifier(c, e);
}

static bool is_written(const sql_expr *e, str table, str name) {
  return e->kind == SQL_COLUMN && str_eq_nocase(e->table.text, table) &&
         str_eq_nocase(e->name.text, name);
}

/** Does the condition make x.name = y.name hold? As written: WHERE may not be bound yet. */
static bool equates(const sql_expr *e, str x, str y, str name) {
  if (!e || e->kind != SQL_BINARY || e->args.len != 2) return false;
  const sql_expr *a = e->args.items[0], *b = e->args.items[1];
  if (e->op == SQL_OP_AND) return equates(a, x, y, name) || equates(b, x, y, name);
  return e->op == SQL_OP_EQ && ((is_written(a, x, name) && is_written(b, y, name)) ||
                                (is_written(a, y, name) && is_written(b, x, name)));
}

/** Is the column the same in both tables, since they are joined by it? An outer join keeps it on
 *  its left, which x is. */
static bool is_one_column(const check_ctx *c, const scope_item *x, const scope_item *y, str name) {
  for (const check_scope *s = c->scope; s; s = scope_outward(s)) {
    if (equates(s->query->where, x->name, y->name, name)) return true;
    for (const sql_from *f = s->query->from; f && f->kind == SQL_FROM_JOIN; f = f->left)
      if (f->join != SQL_JOIN_RIGHT && f->join != SQL_JOIN_FULL &&
          equates(f->on, x->name, y->name, name))
        return true;
  }
  return false;
}

void names_ambiguous(check_ctx *c, sql_expr *e, const scope_item *x, const scope_item *y) {
  if (!diag_wanted(c)) return;
  str name = suggest_ident(c, e->name.text);
  suggest_list l = {0};
  const scope_item *const both[] = {x, y};
  for (int i = 0; i < 2; i++) {
    str label = suggest_ident(c, both[i]->name);
    bool same = i == 0 && is_one_column(c, x, y, e->name.text);
    if (both[i]->name.len)
      suggest_enter(&l, str_from(arena_printf(c->a, "%.*s.%.*s", STR_ARG(label), STR_ARG(name))),
                    e->span, same ? 0.95 : 0.5,
                    same ? STR("the tables are joined by it, so it is the same in both")
                         : STR("one of the tables that have it"));
  }
  suggest_give(c, &l,
               diag_add(c, CHECK_AMBIGUOUS_COLUMN, e->name.span, full_name(c, e), item_label(x),
                        item_label(y)));
}

void names_dq_string(check_ctx *c, sql_expr *e) {
  if (!diag_wanted(c)) return;
  suggest_name wanted = suggest_prepare(c->a, e->name.text);
  suggest_list l = {0};
  suggest_enter(&l, single_quoted(c, e->name.text), e->span, 1, STR("text, as SQLite reads it"));
  suggest_list near = {0};
  for (check_scope *s = c->scope; s; s = scope_outward(s))
    for (size_t i = s->lo; i < s->hi; i++)
      like_columns(c, &s->items.items[i], &wanted, e->name.span, 0, &near);
  for (int i = 0; i < near.n; i++)
    if (near.items[i].score >= 0.75)
      suggest_enter(&l, near.items[i].text, e->span, near.items[i].score * 0.9, near.items[i].why);
  suggest_give(c, &l, diag_add(c, CHECK_DQ_STRING, e->span, e->name.text, NO_STR, NO_STR));
}

/* ---- tables ---- */

/** How many of the columns asked of the unknown table does `t` have, from 0 to 1? */
static double share_of_wanted(const check_ctx *c, const scope_item *item, const cat_table *t) {
  size_t has = 0;
  for (size_t i = 0; i < item->wanted.len; i++)
    if (catalog_column(c->cat, t, item->wanted.items[i]->name.text)) has++;
  return item->wanted.len ? (double)has / (double)item->wanted.len : 0;
}

typedef struct table_pick {
  const cat_table *table;
  double score;
} table_pick;

static void like_ctes(check_ctx *c, const sql_from *f, const suggest_name *wanted,
                      suggest_list *l) {
  for (const cte_frame *frame = c->ctes; frame; frame = frame->outer)
    for (size_t i = 0; i < frame->visible; i++) {
      str name = frame->entries[i].cte->name.text;
      suggest_enter(l, suggest_ident(c, name), f->name.span, suggest_score_name(c->a, wanted, name),
                    STR("a WITH query"));
    }
}

/** Enters the tables of like name or, with `by_columns`, those that have all that is asked for. */
static void rank_tables(check_ctx *c, const scope_item *item, const suggest_name *wanted,
                        bool by_columns, suggest_list *l, table_pick *best) {
  const sql_from *f = item->from;
  for (int i = 0; i < c->cat->n_tables; i++) {
    const cat_table *t = &c->cat->tables[i];
    double name = suggest_score(wanted, t->name, t->words, t->n_words);
    bool full = l->n == SUGGEST_MOST;
    if (full && 0.7 * name + 0.3 <= l->items[SUGGEST_MOST - 1].score) continue;
    double share = by_columns || name >= 0.4 ? share_of_wanted(c, item, t) : 0;
    if (name < 0.4 && share < 1) continue;
    double score = share > 0 ? 0.7 * name + 0.3 * share : name * (item->wanted.len ? 0.9 : 1);
    str why = share > 0 ? STR("it has the columns that the query asks for") : STR("a like name");
    if (name < 0.4) score = 0.5;
    suggest_enter(l, suggest_ident(c, t->name), f->name.span, score, why);
    if (score > best->score) *best = (table_pick){t, score};
  }
}

/** Tables by name, then by the columns that they have, best first in *l; gives the best one where
 *  it is clear enough to go on with. */
static const cat_table *like_tables(check_ctx *c, const scope_item *item, suggest_list *l) {
  table_pick best = {0};
  suggest_name wanted = suggest_prepare(c->a, item->from->name.text);
  like_ctes(c, item->from, &wanted, l);
  wanted.near_only = c->cat->n_tables > MANY_TABLES;
  rank_tables(c, item, &wanted, false, l, &best);
  if (best.score < 0.75 && wanted.near_only) {
    wanted.near_only = false;
    rank_tables(c, item, &wanted, false, l, &best);
  }
  if (best.score < 0.6 && item->wanted.len >= 2) rank_tables(c, item, &wanted, true, l, &best);
  bool clear = l->n && best.score >= l->items[0].score &&
               (l->n == 1 || best.score - l->items[1].score > 0.05);
  return clear && best.score >= 0.6 ? best.table : NULL;
}

void names_file(check_ctx *c, const sql_from *f) {
  bool like_path = f->name.quote == '\'';
  for (size_t i = 0; i < f->name.text.len; i++)
    like_path = like_path || f->name.text.ptr[i] == '.' || f->name.text.ptr[i] == '/';
  if (c->dialect != SQL_DUCKDB || !like_path) return;
  c->unsafe = true;
  diag_add(c, CHECK_FILE_TABLE, f->name.span, f->name.text, NO_STR, NO_STR);
}

static str table_list(check_ctx *c) {
  enum { MOST = 12 };
  buf b;
  buf_init(&b, 4096);
  for (int i = 0; i < c->cat->n_tables && i < MOST; i++)
    buf_printf(&b, "%s%.*s", i ? ", " : "one of ", STR_ARG(c->cat->tables[i].name));
  if (c->cat->n_tables > MOST) buf_add_cstr(&b, ", …");
  str out = b.len && !b.failed ? arena_str(c->a, buf_str(&b)) : NO_STR;
  buf_free(&b);
  return out;
}

/** A table that this source lacks, and another has. */
static bool in_other_source(check_ctx *c, const sql_from *f) {
  const check_options *o = c->options;
  for (size_t i = 0; o && i < o->n_others; i++) {
    if (!catalog_table(o->others[i], f->name.text)) continue;
    diag_add(c, CHECK_OTHER_SOURCE, f->name.span, f->name.text, o->others[i]->source_name,
             c->cat->source_name);
    return true;
  }
  return false;
}

void names_unknown_tables(check_ctx *c, check_scope *s) {
  for (size_t i = 0; i < s->items.len && diag_wanted(c); i++) {
    scope_item *item = &s->items.items[i];
    if (!item->unknown) continue;
    const sql_from *f = item->from;
    suggest_list l = {0};
    if (f->schema.text.len && catalog_table(c->cat, f->name.text)) {
      diag *d =
          diag_add(c, CHECK_UNKNOWN_SCHEMA, f->schema.span, f->schema.text, f->name.text, NO_STR);
      str name = suggest_ident(c, f->name.text);
      diag_suggest(c, d, name, (sql_span){f->schema.span.from, f->name.span.to}, STR("the table"),
                   0.9);
      continue;
    }
    if (in_other_source(c, f)) continue;
    const cat_table *guess = like_tables(c, item, &l);
    diag *d = diag_add(c, CHECK_UNKNOWN_TABLE, f->name.span, f->name.text, NO_STR, NO_STR);
    if (d) d->expected = table_list(c);
    suggest_give(c, &l, d);
    if (!guess) continue;
    item->table = guess; /* with it in place, what else is wrong? */
    item->open = false;
    for (size_t k = 0; k < item->wanted.len; k++)
      if (scope_find(c, item, item->wanted.items[k]->name.text) < 0)
        names_unknown_column(c, item->wanted.items[k]);
  }
}

void names_repeated(check_ctx *c, const check_scope *s) {
  for (size_t i = 1; i < s->items.len && check_spend(c, i); i++)
    for (size_t k = 0; k < i; k++) {
      const scope_item *x = &s->items.items[k], *y = &s->items.items[i];
      if (!y->name.len || !str_eq_nocase(x->name, y->name)) continue;
      bool bare = !x->from->alias.text.ptr && !y->from->alias.text.ptr;
      if (bare && !str_eq_nocase(x->from->schema.text, y->from->schema.text)) continue;
      bool lenient = c->dialect == SQL_SQLITE; /* the columns may still tell them apart */
      sql_span span = y->from->alias.text.ptr ? y->from->alias.span : y->from->name.span;
      diag_add(c, lenient ? CHECK_DUPLICATE_ALIAS : CHECK_REPEATED_ALIAS, span, y->name, NO_STR,
               NO_STR);
      break;
    }
}

/* ---- the rest ---- */

void names_circular(check_ctx *c, const sql_cte *cte) {
  diag_add(c, CHECK_CIRCULAR_CTE, cte->name.span, cte->name.text, NO_STR, NO_STR);
}

void names_repeated_ctes(check_ctx *c, const sql_query *q) {
  for (size_t i = 1; i < q->ctes.len && check_spend(c, i); i++)
    for (size_t k = 0; k < i; k++)
      if (str_eq_nocase(q->ctes.items[i]->name.text, q->ctes.items[k]->name.text)) {
        const sql_name *n = &q->ctes.items[i]->name;
        diag_add(c, CHECK_REPEATED_CTE, n->span, n->text, NO_STR, NO_STR);
        break;
      }
}

typedef struct right_of {
  check_ctx *c;
  const check_scope *scope;
  size_t hi;
} right_of;

static sql_walk_next look_right(void *ctx, sql_expr *e) {
  const right_of *r = ctx;
  for (size_t i = r->hi; e->kind == SQL_COLUMN && i < r->scope->items.len; i++)
    if (e->bound.item == r->scope->items.items[i].from)
      diag_add(r->c, CHECK_ON_RIGHT, e->span, full_name(r->c, e), NO_STR, NO_STR);
  return SQL_WALK_ON;
}

void names_on_right(check_ctx *c, const check_scope *s, sql_expr *on, size_t hi) {
  right_of r = {c, s, hi};
  const sql_visitor v = {.expr = look_right, .ctx = &r};
  if (diag_wanted(c) && hi < s->items.len) sql_walk_expr(on, &v);
}

void names_unused_cte(check_ctx *c, const sql_cte *cte) {
  diag_add(c, CHECK_UNUSED_CTE, cte->name.span, cte->name.text, NO_STR, NO_STR);
  if (!vec_push(c->a, &c->unused, cte->span)) c->failed = true;
}

static bool side_has(const check_ctx *c, const check_scope *s, size_t from, size_t to, str name) {
  for (size_t i = from; i < to; i++)
    if (s->items.items[i].open || scope_find(c, &s->items.items[i], name) >= 0) return true;
  return false;
}

void names_using(check_ctx *c, check_scope *s, const sql_from *join, size_t lo, size_t mid,
                 size_t hi) {
  for (size_t i = 0; i < join->using_names.len; i++) {
    const sql_name *n = &join->using_names.items[i];
    bool left = side_has(c, s, lo, mid, n->text), right = side_has(c, s, mid, hi, n->text);
    if (left && right) continue;
    str side = left ? STR("the right side") : STR("the left side");
    diag_add(c, CHECK_UNKNOWN_USING, n->span, n->text, side, NO_STR);
  }
}

void names_compound_order(check_ctx *c, sql_expr *e, size_t i) {
  if (!diag_wanted(c)) return;
  const char *n = arena_printf(c->a, "%zu", i + 1);
  diag_add(c, CHECK_COMPOUND_ORDER, e->span, str_from(n), NO_STR, NO_STR);
}
