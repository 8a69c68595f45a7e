/* Column references against scopes: which item of which FROM, by the dialect's rules.
 * Says nothing about faults (names.c) and builds no scopes (bind.c). */
#include "check/context.h"

static bool is_rowid(const check_ctx *c, str name) {
  return c->rules->rowid && (str_eq_nocase(name, STR("rowid")) ||
                             (c->dialect == SQL_SQLITE && (str_eq_nocase(name, STR("oid")) ||
                                                           str_eq_nocase(name, STR("_rowid_")))));
}

int scope_find(const check_ctx *c, const scope_item *item, str name) {
  if (item->table) {
    const cat_column *column = catalog_column(c->cat, item->table, name);
    return column ? column->id : -1;
  }
  if (item->outputs)
    for (size_t i = 0; i < item->outputs->len; i++)
      if (str_eq_nocase(item->outputs->items[i].name, name)) return (int)i;
  return -1;
}

bool scope_is_merged(const check_ctx *c, const check_scope *s, const scope_item *item, str name) {
  for (const scope_merge *m = item->merges; m; m = m->next) {
    if (m->join->natural) {
      for (size_t i = m->left; i < m->right; i++)
        if (scope_find(c, &s->items.items[i], name) >= 0) return true;
    }
    for (size_t i = 0; i < m->join->using_names.len; i++)
      if (str_eq_nocase(m->join->using_names.items[i].text, name)) return true;
  }
  return false;
}

str scope_column_name(const check_ctx *c, const scope_item *item, size_t i, sql_binding *bound) {
  *bound = (sql_binding){item->from, -1, (int)i, 0, NULL};
  if (item->table) {
    if (i >= (size_t)item->table->n_columns) return NO_STR;
    const cat_column *column = &c->cat->columns[item->table->first_column + (int)i];
    bound->table = item->table->id;
    bound->column = column->id;
    return column->name;
  }
  if (!item->outputs || i >= item->outputs->len) return NO_STR;
  return item->outputs->items[i].name;
}

bool scope_answers(const check_ctx *c, const scope_item *item, const sql_name *schema,
                   const sql_name *name) {
  if (!item->name.len || !str_eq_nocase(item->name, name->text)) return false;
  if (!schema->text.len) return true;
  if (item->from->kind != SQL_FROM_TABLE) return false;
  if (item->from->schema.text.len) return str_eq_nocase(item->from->schema.text, schema->text);
  if (item->table && item->table->schema.len)
    return str_eq_nocase(item->table->schema, schema->text);
  return !c->rules->schema || str_eq_nocase(schema->text, str_from(c->rules->schema));
}

/** What one scope says of a reference. */
typedef struct finding {
  scope_item *item, *second; /* second: another that it could be */
  int column;
  scope_item *open;  /* one whose columns are not known */
  scope_item *named; /* answers to the qualifier, or stands alone; for rowid */
  size_t n_named;
} finding;

static finding look(const check_ctx *c, const check_scope *s, const sql_expr *e) {
  finding f = {.column = -1};
  for (size_t i = s->lo; i < s->hi; i++) {
    scope_item *item = &s->items.items[i];
    if (e->table.text.ptr && !scope_answers(c, item, &e->schema, &e->table)) continue;
    f.named = item;
    f.n_named++;
    if (item->open && !f.open) f.open = item;
    int column = scope_find(c, item, e->name.text);
    if (column < 0) continue;
    if (f.item && scope_is_merged(c, s, item, e->name.text)) continue;
    if (f.item) {
      f.second = item;
      break;
    }
    f.item = item;
    f.column = column;
  }
  return f;
}

sql_item *scope_alias(const check_scope *s, str name) {
  if (s->query->kind != SQL_SELECT) return NULL;
  for (size_t i = 0; i < s->query->items.len; i++) {
    sql_item *item = &s->query->items.items[i];
    if (item->alias.text.ptr && str_eq_nocase(item->alias.text, name)) return item;
  }
  return NULL;
}

static void bind_to(sql_expr *e, const scope_item *item, int column, int depth) {
  e->bound = (sql_binding){item->from, item->table ? item->table->id : -1, column, depth, NULL};
}

scope_item *scope_item_named(check_ctx *c, const sql_name *schema, const sql_name *name,
                             int *depth) {
  *depth = 0;
  for (check_scope *s = c->scope; s; s = scope_outward(s), ++*depth)
    for (size_t i = s->lo; i < s->hi; i++)
      if (scope_answers(c, &s->items.items[i], schema, name)) return &s->items.items[i];
  return NULL;
}

/** Settles `e` in scope `s`; false when the scopes further out must be asked. *named counts the
 *  items, of all scopes so far, that the qualifier allows. */
static bool settle(check_ctx *c, check_scope *s, sql_expr *e, int depth, finding *f,
                   size_t *named) {
  bool aliases = s->aliases && s->query->kind == SQL_SELECT;
  if (!check_spend(c, s->hi - s->lo + (aliases ? s->query->items.len : 0))) return true;
  *f = look(c, s, e);
  if (f->item) {
    bind_to(e, f->item, f->column, depth);
    if (f->second) names_ambiguous(c, e, f->item, f->second);
    return true;
  }
  *named += f->n_named;
  if (*named == 1 && f->n_named == 1 && is_rowid(c, e->name.text) && !f->named->from->cte) {
    bind_to(e, f->named, -1, depth);
    return true;
  }
  if (e->table.text.ptr) {
    if (!f->open) return false;
    bind_to(e, f->open, -1, depth);
    if (f->open->unknown && !vec_push(c->a, &f->open->wanted, e)) c->failed = true;
    return true;
  }
  sql_item *alias = s->aliases ? scope_alias(s, e->name.text) : NULL;
  if (alias) {
    e->bound.alias = alias;
    e->bound.depth = depth;
    return true;
  }
  if (c->rules->whole_row)
    for (size_t i = s->lo; i < s->hi; i++)
      if (str_eq_nocase(s->items.items[i].name, e->name.text)) {
        bind_to(e, &s->items.items[i], -1, depth);
        return true;
      }
  return false;
}

/** SQLite takes a word in double quotes that names nothing for text, and so does the tree now. */
static void read_as_text(check_ctx *c, sql_expr *e) {
  names_dq_string(c, e);
  e->kind = SQL_STRING;
  e->text = e->name.text;
  e->quote = '\'';
  e->name = (sql_name){0};
}

void scope_resolve(check_ctx *c, sql_expr *e) {
  e->bound = (sql_binding){NULL, -1, -1, 0, NULL};
  scope_item *open = NULL;
  int depth = 0, open_depth = 0;
  size_t named = 0;
  for (check_scope *s = c->scope; s; s = scope_outward(s), depth++) {
    finding f;
    if (settle(c, s, e, depth, &f, &named)) return;
    if (f.open && !open) {
      open = f.open;
      open_depth = depth;
    }
  }
  if (open) { /* the innermost FROM whose columns are not all known may have it */
    bind_to(e, open, -1, open_depth);
    if (open->unknown && !vec_push(c->a, &open->wanted, e)) c->failed = true;
    return;
  }
  bool text = c->rules->dq_string && e->name.quote == '"' && !e->table.text.ptr;
  if (!text)
    names_unknown_column(c, e);
  else if (!c->trial)
    read_as_text(c, e);
}
