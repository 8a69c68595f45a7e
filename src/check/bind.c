/* Binding: builds the scopes of a query, outermost first, and resolves each name where it stands.
 * What resolves to nothing is reported by names.c; what is unwise is not looked at here. */
#include "base/err.h"
#include "check/context.h"

enum { MAX_QUERY_DEPTH = SQL_MAX_DEPTH + 8 };

/** A join and the items [lo, hi) that it joins. */
typedef struct bound_join {
  sql_from *from;
  size_t lo, mid, hi;
} bound_join;
typedef VEC(bound_join) bound_joins;

static void bind_query(check_ctx *c, sql_query *q, check_scope *outer);
static void bind_expr(check_ctx *c, sql_expr *e);
static void bind_from(check_ctx *c, check_scope *s, sql_from *f);

/* ---- what a query gives ---- */

static void add_output(check_ctx *c, check_outputs *out, check_output o) {
  if (!vec_push(c->a, out, o)) c->failed = true;
}

/** The columns of `s` that * or t.* stands for. */
static void expand_star(check_ctx *c, const check_scope *s, const sql_expr *star,
                        check_outputs *out, bool *open) {
  for (size_t i = 0; i < s->items.len; i++) {
    const scope_item *item = &s->items.items[i];
    bool one = star && star->table.text.ptr;
    if (one && !str_eq_nocase(item->name, star->table.text)) continue;
    if (item->open) *open = true;
    sql_binding bound;
    str name;
    for (size_t k = 0; (name = scope_column_name(c, item, k, &bound)).ptr; k++) {
      bool hidden = item->table && c->cat->columns[bound.column].hidden;
      bool merged = !one && item->merges && scope_is_merged(c, s, item, name);
      if (!hidden && !merged) add_output(c, out, (check_output){.name = name, .bound = bound});
    }
    if (one) return;
  }
}

/** An unnamed column is called by its text; so SQLite does, and most others near enough. */
static str output_name(const check_ctx *c, const sql_item *item) {
  const sql_expr *e = item->expr;
  if (item->alias.text.ptr) return item->alias.text;
  if (e->kind == SQL_COLUMN) return e->name.text;
  bool known = e->span.from < e->span.to && e->span.to <= c->sql.len;
  return known ? str_slice(c->sql, e->span.from, e->span.to) : STR("");
}

static void select_outputs(check_ctx *c, check_scope *s) {
  const sql_query *q = s->query;
  for (size_t i = 0; i < q->items.len; i++) {
    sql_item *item = &q->items.items[i];
    if (!item->expr) continue;
    if (item->expr->kind == SQL_STAR)
      expand_star(c, s, item->expr, &s->outputs, &s->outputs_open);
    else
      add_output(c, &s->outputs,
                 (check_output){output_name(c, item), item, item->expr, item->expr->bound});
    if (item->expr->kind == SQL_UNKNOWN) s->outputs_open = true;
  }
}

static void values_outputs(check_ctx *c, check_scope *s) {
  const sql_query *q = s->query;
  if (!q->rows.len) {
    s->outputs_open = true;
    return;
  }
  const sql_expr *row = q->rows.items[0];
  bool many = row->kind == SQL_ROW;
  for (size_t i = 0; i < (many ? row->args.len : 1); i++) {
    sql_expr *e = many ? row->args.items[i] : q->rows.items[0];
    const char *name = arena_printf(c->a, "column%zu", i + 1);
    if (!name) c->failed = true;
    add_output(c, &s->outputs,
               (check_output){.name = str_from(name), .expr = e, .bound = e->bound});
  }
}

const check_outputs *scope_outputs(check_ctx *c, sql_query *q, bool *open) {
  while (q->kind == SQL_COMPOUND && q->left) q = q->left;
  check_scope *s = q->scope;
  if (!s) {
    *open = true;
    return NULL;
  }
  if (!s->outputs_done) {
    s->outputs_done = true;
    if (q->kind == SQL_VALUES)
      values_outputs(c, s);
    else
      select_outputs(c, s);
  }
  *open = s->outputs_open;
  return &s->outputs;
}

/* ---- WITH ---- */

static void rename_outputs(check_outputs *out, const sql_name *names, size_t n) {
  for (size_t i = 0; i < n && i < out->len; i++) out->items[i].name = names[i].text;
}

static void copy_outputs(check_ctx *c, check_outputs *to, sql_query *from, bool *open) {
  const check_outputs *given = scope_outputs(c, from, open);
  to->len = 0;
  for (size_t i = 0; given && i < given->len; i++) add_output(c, to, given->items[i]);
}

static void bind_cte(check_ctx *c, cte_frame *frame, size_t i) {
  cte_entry *entry = &frame->entries[i];
  check_scope *scope = c->scope;
  cte_frame *ctes = c->ctes;
  size_t visible = frame->visible;
  entry->state = CTE_BINDING;
  if (!c->rules->cte_forward && !frame->query->recursive)
    frame->visible = i + (c->rules->cte_self ? 1 : 0);
  check_scope *beside = c->beside;
  c->ctes = frame;
  c->beside = NULL;
  if (entry->cte->query) bind_query(c, entry->cte->query, frame->scope);
  c->ctes = ctes;
  c->beside = beside;
  c->scope = scope;
  frame->visible = visible;
  entry->state = CTE_DONE;
  if (entry->cte->query)
    copy_outputs(c, &entry->outputs, entry->cte->query, &entry->open);
  else
    entry->open = true;
  if (entry->cte->more) entry->open = true;
  rename_outputs(&entry->outputs, entry->cte->columns.items, entry->cte->columns.len);
}

/** A WITH query that names itself: its first arm, where that is bound, says what it gives. */
static void publish_seed(check_ctx *c, cte_entry *entry) {
  sql_query *q = entry->cte->query;
  while (q->kind == SQL_COMPOUND && q->left) q = q->left;
  if (q->scope && q->scope->bound) {
    copy_outputs(c, &entry->outputs, q, &entry->open);
  } else if (entry->cte->columns.len) {
    entry->outputs.len = 0;
    for (size_t i = 0; i < entry->cte->columns.len; i++)
      add_output(c, &entry->outputs, (check_output){.name = entry->cte->columns.items[i].text});
  } else {
    entry->open = true;
    names_circular(c, entry->cte);
  }
  if (entry->cte->more) entry->open = true;
  rename_outputs(&entry->outputs, entry->cte->columns.items, entry->cte->columns.len);
}

static cte_entry *find_cte(check_ctx *c, str name) {
  for (cte_frame *f = c->ctes; f; f = f->outer)
    for (size_t i = 0; i < f->visible && check_spend(c, 1); i++) {
      cte_entry *entry = &f->entries[i];
      if (!str_eq_nocase(entry->cte->name.text, name)) continue;
      entry->used = entry->used || !c->idle;
      if (entry->state == CTE_NEW)
        bind_cte(c, f, i);
      else if (entry->state == CTE_BINDING)
        publish_seed(c, entry);
      return entry;
    }
  return NULL;
}

/* ---- FROM ---- */

static scope_item *add_item(check_ctx *c, check_scope *s, scope_item item) {
  if (!vec_push(c->a, &s->items, item)) {
    c->failed = true;
    return NULL;
  }
  s->hi = s->items.len;
  return &s->items.items[s->items.len - 1];
}

/** Tables that an engine keeps about itself: there, though no catalog lists them. */
static bool is_system_table(const check_ctx *c, const sql_from *f) {
  static const char *const schemas[] = {
      "information_schema", "pg_catalog", "sys", "mysql", "performance_schema", "system",
      "INFORMATION_SCHEMA"};
  str name = f->name.text;
  if (c->dialect == SQL_SQLITE)
    return str_starts_nocase(name, STR("sqlite_")) && !f->schema.text.len;
  for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++)
    if (str_eq_nocase(f->schema.text, str_from(schemas[i]))) return true;
  if (c->dialect == SQL_ORACLE && str_eq_nocase(name, STR("dual"))) return true;
  return c->dialect == SQL_POSTGRES && str_starts_nocase(name, STR("pg_"));
}

static bool schema_fits(const check_ctx *c, const sql_from *f, const cat_table *t) {
  if (!f->schema.text.len) return true;
  if (t->schema.len && str_eq_nocase(f->schema.text, t->schema)) return true;
  if (c->rules->schema)
    return !t->schema.len && str_eq_nocase(f->schema.text, str_from(c->rules->schema));
  return !t->schema.len;
}

/** What a WITH query gives, under the names of `AS t (a, b)` where there are some. */
static const check_outputs *renamed(check_ctx *c, const check_outputs *given, const sql_from *f) {
  if (!f->column_aliases.len) return given;
  check_outputs *out = ARENA_NEW(c->a, check_outputs);
  if (!out) {
    c->failed = true;
    return given;
  }
  for (size_t i = 0; i < given->len; i++) add_output(c, out, given->items[i]);
  rename_outputs(out, f->column_aliases.items, f->column_aliases.len);
  return out;
}

static void add_table(check_ctx *c, check_scope *s, sql_from *f) {
  str name = f->alias.text.ptr ? f->alias.text : f->name.text;
  cte_entry *entry = f->schema.text.len ? NULL : find_cte(c, f->name.text);
  if (entry) {
    f->cte = entry->cte;
    add_item(c, s,
             (scope_item){.from = f,
                          .name = name,
                          .outputs = renamed(c, &entry->outputs, f),
                          .open = entry->open});
    return;
  }
  const cat_table *t = c->cat ? catalog_table(c->cat, f->name.text) : NULL;
  if (t && !schema_fits(c, f, t)) t = NULL;
  if (t) f->table = t->id;
  if (!t) names_file(c, f);
  bool unknown = c->cat && !t && !is_system_table(c, f);
  if (t && f->column_aliases.len) { /* AS t (a, b): the columns go by other names */
    add_item(c, s, (scope_item){.from = f, .name = name, .open = true});
    return;
  }
  add_item(c, s, (scope_item){.from = f, .name = name, .table = t, .open = !t, .unknown = unknown});
}

static void add_query(check_ctx *c, check_scope *s, sql_from *f) {
  check_scope *beside = c->beside;
  c->beside = f->lateral ? NULL : s;
  bind_query(c, f->query, f->lateral ? s : s->outer);
  c->beside = beside;
  check_outputs *out = ARENA_NEW(c->a, check_outputs);
  if (!out) {
    c->failed = true;
    return;
  }
  bool open = false;
  copy_outputs(c, out, f->query, &open);
  rename_outputs(out, f->column_aliases.items, f->column_aliases.len);
  add_item(c, s, (scope_item){.from = f, .name = f->alias.text, .outputs = out, .open = open});
}

static void add_call(check_ctx *c, check_scope *s, sql_from *f) {
  str name = f->alias.text;
  if (!name.ptr && f->call) name = f->call->name.text;
  add_item(c, s, (scope_item){.from = f, .name = name, .open = true});
}

/** (a JOIN b …) AS j: from outside it is one table with the columns of all. */
static void add_aliased_join(check_ctx *c, check_scope *s, sql_from *f) {
  check_scope *inner = ARENA_NEW(c->a, check_scope);
  check_outputs *out = ARENA_NEW(c->a, check_outputs);
  if (!inner || !out) {
    c->failed = true;
    return;
  }
  bool open = false;
  sql_name alias = f->alias;
  *inner = (check_scope){.outer = s->outer, .query = s->query};
  f->alias = (sql_name){0};
  bind_from(c, inner, f);
  f->alias = alias;
  expand_star(c, inner, NULL, out, &open);
  add_item(c, s, (scope_item){.from = f, .name = alias.text, .outputs = out, .open = open});
}

static void add_leaf(check_ctx *c, check_scope *s, sql_from *f) {
  f->table = -1;
  f->cte = NULL;
  if (f->kind == SQL_FROM_JOIN)
    add_aliased_join(c, s, f);
  else if (f->kind == SQL_FROM_TABLE)
    add_table(c, s, f);
  else if (f->query)
    add_query(c, s, f);
  else
    add_call(c, s, f);
}

static void merge_items(check_ctx *c, check_scope *s, const bound_join *j) {
  for (size_t i = j->mid; i < j->hi; i++) {
    scope_merge *m = ARENA_NEW(c->a, scope_merge);
    if (!m) {
      c->failed = true;
      return;
    }
    *m = (scope_merge){j->from, j->lo, j->mid, s->items.items[i].merges};
    s->items.items[i].merges = m;
  }
}

/** Adds the tables of `f` to the scope, and its joins to `joins`, in the order written. */
static void collect(check_ctx *c, check_scope *s, sql_from *f, bound_joins *joins) {
  VEC(sql_from *) spine = {0};
  size_t lo = s->items.len;
  for (; f && f->kind == SQL_FROM_JOIN && !f->alias.text.ptr; f = f->left)
    if (!vec_push(c->a, &spine, f)) c->failed = true;
  if (f) add_leaf(c, s, f);
  while (spine.len && !c->failed) {
    bound_join j = {.from = spine.items[--spine.len], .lo = lo, .mid = s->items.len};
    j.from->table = -1;
    if (j.from->right) collect(c, s, j.from->right, joins);
    j.hi = s->items.len;
    if (j.from->natural || j.from->using_names.len) merge_items(c, s, &j);
    if (j.from->using_alias.text.ptr) /* a name for the merged columns */
      add_item(c, s, (scope_item){.from = j.from, .name = j.from->using_alias.text, .open = true});
    if (!vec_push(c->a, joins, j)) c->failed = true;
  }
}

static void bind_from(check_ctx *c, check_scope *s, sql_from *f) {
  bound_joins joins = {0};
  check_scope *outer = c->scope;
  c->scope = s;
  collect(c, s, f, &joins);
  if (s->items.len > 1) names_repeated(c, s);
  for (size_t i = 0; i < s->items.len; i++)
    if (s->items.items[i].from->call) {
      if (!c->rules->on_sees_all) s->hi = i;
      bind_expr(c, s->items.items[i].from->call);
      s->hi = s->items.len;
    }
  for (size_t i = 0; i < joins.len && !c->failed; i++) {
    const bound_join *j = &joins.items[i];
    names_using(c, s, j->from, j->lo, j->mid, j->hi);
    s->aliases = c->rules->alias_in_where;
    if (!c->rules->on_sees_all) {
      s->lo = j->lo;
      s->hi = j->hi;
    }
    s->conditions = true;
    if (j->from->on) bind_expr(c, j->from->on);
    s->conditions = false;
    if (j->from->on && j->from->join == SQL_JOIN_LEFT && c->rules->on_sees_all)
      names_on_right(c, s, j->from->on, j->hi);
    s->lo = 0;
    s->hi = s->items.len;
    s->aliases = false;
  }
  c->scope = outer;
}

/* ---- expressions ---- */

static sql_walk_next on_query(void *ctx, sql_query *q) {
  check_ctx *c = ctx;
  check_scope *beside = c->beside;
  c->beside = NULL;
  bind_query(c, q, c->scope);
  c->beside = beside;
  return c->failed ? SQL_WALK_STOP : SQL_WALK_SKIP;
}

/** What EXISTS selects is never computed. */
static void bind_exists(check_ctx *c, sql_query *q) {
  check_scope *s = c->scope;
  bool conditions = s && s->conditions;
  if (s) s->conditions = false;
  on_query(c, q);
  if (s) s->conditions = conditions;
  if (q->scope) q->scope->under_exists = true;
}

static bool is_column_equality(const sql_expr *e) {
  return e->kind == SQL_BINARY && e->op == SQL_OP_EQ && e->args.len == 2 &&
         e->args.items[0]->kind == SQL_COLUMN && e->args.items[1]->kind == SQL_COLUMN;
}

/** f(name => value), f(name := value): the name is the function's. */
static bool is_named_argument(const check_ctx *c, const sql_expr *e) {
  return c->dialect != SQL_SQLITE && e->kind == SQL_BINARY && e->op == SQL_OP_OTHER &&
         e->args.len == 2 && e->args.items[0]->kind == SQL_COLUMN &&
         (str_eq(e->text, STR("=>")) || str_eq(e->text, STR(":=")));
}

/** normalize(x, NFC): a word of the call's own. */
static bool has_word_argument(const check_ctx *c, const sql_expr *e) {
  return e->kind == SQL_CALL && e->args.len == 2 && e->args.items[1]->kind == SQL_COLUMN &&
         c->dialect == SQL_POSTGRES && str_eq_nocase(e->name.text, STR("normalize"));
}

static sql_walk_next on_expr(void *ctx, sql_expr *e) {
  check_ctx *c = ctx;
  if (c->failed) return SQL_WALK_STOP;
  if (is_named_argument(c, e)) {
    bind_expr(c, e->args.items[1]);
    return SQL_WALK_SKIP;
  }
  if (has_word_argument(c, e)) {
    bind_expr(c, e->args.items[0]);
    return SQL_WALK_SKIP;
  }
  if (e->kind == SQL_EXISTS && e->query) {
    bind_exists(c, e->query);
    return SQL_WALK_SKIP;
  }
  if (e->kind == SQL_COLUMN) scope_resolve(c, e);
  if (is_column_equality(e)) {
    const sql_expr *outer = c->equality;
    c->equality = e;
    for (size_t i = 0; i < e->args.len; i++) scope_resolve(c, e->args.items[i]);
    c->equality = outer;
    return SQL_WALK_SKIP;
  }
  if (e->kind == SQL_STAR && e->table.text.ptr) names_star(c, e);
  return SQL_WALK_ON;
}

static void bind_expr(check_ctx *c, sql_expr *e) {
  const sql_visitor v = {.expr = on_expr, .query = on_query, .ctx = c};
  if (e) sql_walk_expr(e, &v);
}

static void bind_exprs(check_ctx *c, const sql_exprs *list) {
  for (size_t i = 0; i < list->len; i++) bind_expr(c, list->items[i]);
}

static sql_expr *without_collation(sql_expr *e) {
  while (e && e->kind == SQL_COLLATE && e->args.len) e = e->args.items[0];
  return e;
}

/** A column out of a star goes by its own name, as if by an alias. */
static bool bind_to_output(check_ctx *c, const check_scope *s, sql_expr *e) {
  bool open = false, stars = false;
  if (!check_spend(c, s->query->items.len)) return true;
  sql_item *alias = scope_alias(s, e->name.text);
  for (size_t i = 0; i < s->query->items.len; i++) {
    const sql_expr *x = s->query->items.items[i].expr;
    stars = stars || (x && x->kind == SQL_STAR);
    bool output = c->dialect != SQL_SQLITE && x && x->kind == SQL_COLUMN &&
                  !s->query->items.items[i].alias.text.ptr && x->bound.item &&
                  str_eq_nocase(x->name.text, e->name.text);
    if (!alias && output) { /* elsewhere a column is called by its name, as if by an alias */
      e->bound = x->bound;
      return true;
    }
  }
  if (alias) e->bound = (sql_binding){.table = -1, .column = -1, .alias = alias};
  if (alias || !stars) return alias != NULL;
  const check_outputs *out = scope_outputs(c, s->query, &open);
  if (!check_spend(c, s->query->items.len + (out ? out->len : 0))) return true;
  for (size_t i = 0; out && i < out->len; i++)
    if (!out->items[i].item && str_eq_nocase(out->items[i].name, e->name.text)) {
      e->bound = out->items[i].bound;
      return true;
    }
  return false;
}

/** ORDER BY of one SELECT: a bare word is first an alias, then a column. */
static void bind_order(check_ctx *c, check_scope *s) {
  const sql_query *q = s->query;
  s->closed = !c->rules->order_sees_outer;
  for (size_t i = 0; i < q->order_by.len; i++) {
    sql_expr *e = without_collation(q->order_by.items[i].expr);
    if (e && e->kind == SQL_COLUMN && !e->table.text.ptr && bind_to_output(c, s, e)) continue;
    s->aliases = c->rules->alias_in_order_expr;
    bind_expr(c, e);
    s->aliases = false;
  }
  s->closed = false;
}

static void bind_select(check_ctx *c, check_scope *s) {
  sql_query *q = s->query;
  if (q->from) bind_from(c, s, q->from);
  c->scope = s;
  s->aliases = true;
  bind_exprs(c, &q->distinct_on);
  s->aliases = c->rules->alias_in_select;
  for (size_t i = 0; i < q->items.len; i++) bind_expr(c, q->items.items[i].expr);
  s->aliases = c->rules->alias_in_where;
  s->conditions = true;
  bind_expr(c, q->where);
  s->aliases = c->rules->alias_in_group;
  s->closed = !c->rules->order_sees_outer;
  bind_exprs(c, &q->group_by);
  s->closed = s->conditions = false;
  s->aliases = c->rules->alias_in_having;
  bind_expr(c, q->having);
  s->aliases = c->rules->alias_in_order_expr;
  for (size_t i = 0; i < q->windows.len; i++) {
    bind_exprs(c, &q->windows.items[i]->partition_by);
    bind_exprs(c, &q->windows.items[i]->frame_args);
    for (size_t k = 0; k < q->windows.items[i]->order_by.len; k++)
      bind_expr(c, q->windows.items[i]->order_by.items[k].expr);
  }
  s->aliases = true; /* QUALIFY sees them in every dialect that has it */
  bind_expr(c, q->qualify);
  s->aliases = false;
  bind_order(c, s);
  bind_exprs(c, &q->limit_by);
  names_unknown_tables(c, s);
}

/** LIMIT and OFFSET see no column of their query; those around it, in PostgreSQL. */
static void bind_limit(check_ctx *c, sql_query *q, check_scope *outer) {
  c->scope = c->rules->order_sees_outer ? outer : NULL;
  bind_expr(c, q->by_limit);
  bind_expr(c, q->limit);
  bind_expr(c, q->offset);
}

/* ---- compounds ---- */

/** One ORDER BY term against what one arm gives. */
static bool order_matches(check_ctx *c, sql_query *arm, sql_expr *e) {
  bool open = false;
  const check_outputs *out = scope_outputs(c, arm, &open);
  if (!check_spend(c, 1 + (out ? out->len : 0))) return true;
  for (size_t i = 0; out && i < out->len; i++) {
    const check_output *o = &out->items[i];
    if (e->kind == SQL_COLUMN && !e->table.text.ptr && str_eq_nocase(o->name, e->name.text)) {
      e->bound = o->bound;
      e->bound.alias = o->item;
      if (o->item) e->bound.item = NULL;
      return true;
    }
  }
  diag_list *diags = c->diags;
  check_scope *scope = c->scope;
  bool found = open;
  if (!arm->scope) return true;
  c->diags = NULL;
  c->trial = true;
  c->scope = arm->scope;
  bind_expr(c, e);
  c->scope = scope;
  c->trial = false;
  c->diags = diags;
  for (size_t i = 0; out && i < out->len && !found; i++)
    found = out->items[i].expr ? check_same_expr(e, out->items[i].expr)
                               : check_same_column(e, &out->items[i].bound);
  return found;
}

static bool order_in_arms(check_ctx *c, sql_query *q, sql_expr *e) {
  for (; q && q->kind == SQL_COMPOUND; q = q->left)
    if (q->right && order_in_arms(c, q->right, e)) return true;
  return q && order_matches(c, q, e);
}

static void bind_compound(check_ctx *c, sql_query *q, check_scope *outer) {
  VEC(sql_query *) spine = {0};
  sql_query *arm = q;
  for (; arm && arm->kind == SQL_COMPOUND && (arm == q || !arm->ctes.len); arm = arm->left)
    if (!vec_push(c->a, &spine, arm)) c->failed = true;
  if (arm) bind_query(c, arm, outer);
  while (spine.len && !c->failed) {
    arm = spine.items[--spine.len];
    if (arm->right) bind_query(c, arm->right, outer);
    for (size_t i = 0; i < arm->order_by.len; i++) {
      sql_expr *e = without_collation(arm->order_by.items[i].expr);
      if (e && e->kind != SQL_NUMBER && !order_in_arms(c, arm, e)) names_compound_order(c, e, i);
    }
    bind_limit(c, arm, outer);
  }
}

/* ---- a query ---- */

static cte_frame *push_ctes(check_ctx *c, sql_query *q, check_scope *outer) {
  cte_frame *f = ARENA_NEW(c->a, cte_frame);
  cte_entry *entries = ARENA_ARRAY(c->a, cte_entry, q->ctes.len);
  if (!f || !entries) {
    c->failed = true;
    return NULL;
  }
  for (size_t i = 0; i < q->ctes.len; i++) entries[i].cte = q->ctes.items[i];
  *f = (cte_frame){c->ctes, outer, q, entries, q->ctes.len, q->ctes.len};
  c->ctes = f;
  names_repeated_ctes(c, q);
  return f;
}

/** WITH queries that the query does not come to: bound all the same, for what is wrong in them. */
static void bind_unused(check_ctx *c, cte_frame *frame) {
  bool idle = c->idle;
  c->idle = true;
  for (size_t i = 0; i < frame->n && !c->failed; i++) {
    if (frame->entries[i].used) continue;
    if (!idle) names_unused_cte(c, frame->entries[i].cte);
    if (frame->entries[i].state == CTE_NEW) bind_cte(c, frame, i);
  }
  c->idle = idle;
}

static void bind_query(check_ctx *c, sql_query *q, check_scope *outer) {
  check_scope *around = c->scope;
  cte_frame *ctes = c->ctes;
  if (c->failed) return;
  if (++c->depth > MAX_QUERY_DEPTH) {
    c->failed = true;
    return;
  }
  cte_frame *frame = q->ctes.len ? push_ctes(c, q, outer) : NULL;
  if (q->kind == SQL_COMPOUND) {
    bind_compound(c, q, outer);
  } else if ((q->scope = ARENA_NEW(c->a, check_scope))) {
    *q->scope = (check_scope){.outer = outer, .beside = c->beside, .query = q};
    q->scope->in_condition = outer && outer->conditions;
    c->scope = q->scope;
    if (q->kind == SQL_VALUES)
      bind_exprs(c, &q->rows);
    else
      bind_select(c, q->scope);
    q->scope->bound = true;
    bind_limit(c, q, outer);
  } else {
    c->failed = true;
  }
  if (frame) bind_unused(c, frame);
  c->ctes = ctes;
  c->scope = around;
  c->depth--;
}

emend_rc check_failure(const check_ctx *c, emend_error *err) {
  if (arena_failed(c->a)) return err_nomem(err, "check");
  if (!c->failed) return EMEND_OK;
  return err_set(err, EMEND_ELIMIT, "check", "the query is too large, or nested too deeply");
}

emend_rc check_bind_with(check_ctx *c, sql_query *q, emend_error *err) {
  bind_query(c, q, NULL);
  return check_failure(c, err);
}

emend_rc check_bind(sql_query *q, const catalog *cat, sql_dialect_id dialect, arena *a,
                    diag_list *diags, emend_error *err) {
  check_ctx c = {
      .cat = cat, .dialect = dialect, .rules = check_rules_of(dialect), .a = a, .diags = diags};
  emend_rc rc = check_bind_with(&c, q, err);
  if (rc == EMEND_OK && diags) diag_sort(diags);
  return rc;
}
