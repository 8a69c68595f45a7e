/* Faults of names: what a reference that resolves to nothing was likely meant to be.
 * Binding (bind.c, resolve.c) decides that it is a fault; here it is put into words. */
#include "check/context.h"

/** "t.c" as written, without its quotes. */
static str full_name(check_ctx *c, const sql_expr *e) {
  if (!e->table.text.ptr) return e->name.text;
  return str_from(arena_printf(c->a, "%.*s.%.*s", STR_ARG(e->table.text), STR_ARG(e->name.text)));
}

static str in_words(check_ctx *c, const char *before, str name) {
  return str_from(arena_printf(c->a, "%s%.*s", before, STR_ARG(name)));
}

/** An item of the scopes in sight, the qualified one left out, that has the column. */
static const scope_item *other_owner(check_ctx *c, const sql_expr *e) {
  for (check_scope *s = c->scope; s; s = s->outer)
    for (size_t i = s->lo; i < s->hi; i++)
      if (scope_find(c, &s->items.items[i], e->name.text) >= 0) return &s->items.items[i];
  return NULL;
}

static str item_label(const scope_item *item) {
  return item->name.len ? item->name : STR("the derived table");
}

static void names_unknown_alias(check_ctx *c, sql_expr *e) {
  diag_add(c, CHECK_UNKNOWN_ALIAS, e->table.span, e->table.text, NO_STR, NO_STR);
}

void names_unknown_column(check_ctx *c, sql_expr *e) {
  if (!c->diags) return;
  if (!e->table.text.ptr) {
    diag_add(c, CHECK_UNKNOWN_COLUMN, e->name.span, e->name.text, NO_STR, NO_STR);
    return;
  }
  int depth;
  const scope_item *item = scope_item_named(c, &e->schema, &e->table, &depth);
  if (!item) {
    names_unknown_alias(c, e);
    return;
  }
  const scope_item *owner = other_owner(c, e);
  if (owner && owner->name.len) {
    diag_add(c, CHECK_WRONG_ALIAS, e->table.span, e->table.text, e->name.text, owner->name);
    return;
  }
  diag_add(c, CHECK_UNKNOWN_COLUMN, e->name.span, e->name.text, in_words(c, " in ", e->table.text),
           NO_STR);
}

void names_ambiguous(check_ctx *c, sql_expr *e, const scope_item *x, const scope_item *y) {
  if (!c->diags) return;
  diag_add(c, CHECK_AMBIGUOUS_COLUMN, e->name.span, full_name(c, e), item_label(x), item_label(y));
}

void names_dq_string(check_ctx *c, sql_expr *e) {
  diag_add(c, CHECK_DQ_STRING, e->name.span, e->name.text, NO_STR, NO_STR);
}

void names_circular(check_ctx *c, const sql_cte *cte) {
  diag_add(c, CHECK_CIRCULAR_CTE, cte->name.span, cte->name.text, NO_STR, NO_STR);
}

void names_star(check_ctx *c, sql_expr *e) {
  for (const check_scope *s = c->scope; s; s = NULL)
    for (size_t i = s->lo; i < s->hi; i++)
      if (str_eq_nocase(s->items.items[i].name, e->table.text)) return;
  names_unknown_alias(c, e);
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

void names_unknown_tables(check_ctx *c, check_scope *s) {
  for (size_t i = 0; i < s->items.len; i++) {
    const scope_item *item = &s->items.items[i];
    if (item->unknown)
      diag_add(c, CHECK_UNKNOWN_TABLE, item->from->name.span, item->from->name.text, NO_STR,
               NO_STR);
  }
}

void names_compound_order(check_ctx *c, sql_expr *e, size_t i) {
  if (!c->diags) return;
  const char *n = arena_printf(c->a, "%zu", i + 1);
  diag_add(c, CHECK_COMPOUND_ORDER, e->span, str_from(n), NO_STR, NO_STR);
}
