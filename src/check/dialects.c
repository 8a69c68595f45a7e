/* What only some dialects mind: how an unquoted name is folded, and derived tables without a name.
 * Forms of other dialects are found by the parser; functions by calls.c. */
#include "check/suggest.h"

/** How a name must be written to mean a stored one. */
typedef enum name_case {
  CASE_FREE,  /* any way */
  CASE_LOWER, /* unquoted as its lower case, quoted exactly */
  CASE_UPPER, /* unquoted as its upper case, quoted exactly */
  CASE_EXACT
} name_case;

static name_case case_of(sql_dialect_id d) {
  switch (d) {
    case SQL_POSTGRES:
      return CASE_LOWER;
    case SQL_ORACLE:
      return CASE_UPPER;
    case SQL_CLICKHOUSE:
      return CASE_EXACT;
    default:
      return CASE_FREE;
  }
}

static bool means(name_case how, const sql_name *n, str stored) {
  if (how == CASE_FREE || n->text.len != stored.len) return true;
  for (size_t i = 0; i < stored.len; i++) {
    char c = n->text.ptr[i];
    if (!n->quote && how == CASE_LOWER) c = ascii_lower(c);
    if (!n->quote && how == CASE_UPPER) c = ascii_upper(c);
    if (c != stored.ptr[i]) return false;
  }
  return true;
}

static void check_case(check_ctx *c, const sql_name *n, str stored) {
  name_case how = case_of(c->dialect);
  if (means(how, n, stored) || !diag_wanted(c)) return;
  diag *d = diag_add(c, CHECK_NAME_CASE, n->span, n->text, stored, NO_STR);
  sql_name plain = {.text = stored};
  bool bare = means(how, &plain, stored); /* unquoted it would fold to itself */
  diag_suggest(c, d, bare ? suggest_ident(c, stored) : suggest_quoted(c, stored), n->span,
               STR("the name as it is stored"), 0.97);
}

static sql_walk_next on_expr(void *ctx, sql_expr *e) {
  check_ctx *c = ctx;
  if (e->kind == SQL_COLUMN && e->bound.item && e->bound.table >= 0 && e->bound.column >= 0)
    check_case(c, &e->name, c->cat->columns[e->bound.column].name);
  return SQL_WALK_ON;
}

static sql_walk_next on_from(void *ctx, sql_from *f) {
  check_ctx *c = ctx;
  if (f->kind == SQL_FROM_TABLE && f->table >= 0)
    check_case(c, &f->name, c->cat->tables[f->table].name);
  return SQL_WALK_ON;
}

/** These have always wanted a name; PostgreSQL since version 16 no longer does. */
static bool wants_derived_names(sql_dialect_id d) {
  return d == SQL_MYSQL || d == SQL_MARIADB || d == SQL_TSQL;
}

static sql_walk_next on_derived(void *ctx, sql_from *f) {
  check_ctx *c = ctx;
  if (f->kind != SQL_FROM_QUERY || f->alias.text.ptr) return SQL_WALK_ON;
  diag *d = diag_add(c, CHECK_DERIVED_NAME, f->span, NO_STR, NO_STR, NO_STR);
  str name = str_from(arena_printf(c->a, " AS derived_%u", (unsigned)f->span.from));
  diag_suggest(c, d, name, (sql_span){f->span.to, f->span.to}, STR("any name will do"), 0.95);
  return SQL_WALK_ON;
}

void dialects_check(check_ctx *c, sql_query *q) {
  bool own = c->cat && c->cat->dialect == c->dialect; /* else its case is some other engine's */
  if (own && case_of(c->dialect) != CASE_FREE) {
    const sql_visitor v = {.expr = on_expr, .from = on_from, .ctx = c};
    sql_walk_query(q, &v);
  }
  if (wants_derived_names(c->dialect)) {
    const sql_visitor v = {.from = on_derived, .ctx = c};
    sql_walk_query(q, &v);
  }
}
