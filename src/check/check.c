/* The whole check of one statement: parse, safety, names, calls, shape; and what the query uses. */
#include "check/check.h"

#include <string.h>

#include "base/err.h"
#include "check/facts.h"

static sql_walk_next check_one(void *ctx, sql_query *q) {
  check_ctx *c = ctx;
  calls_check(c, q);
  shape_check(c, q);
  return c->failed ? SQL_WALK_STOP : SQL_WALK_ON;
}

/** Grouping first, since some dialects reject it; the rest is of use where no fault is. */
static sql_walk_next weigh_one(void *ctx, sql_query *q) {
  check_ctx *c = ctx;
  query_facts f;
  logic_check_ctes(c, q);
  if (q->kind != SQL_SELECT || !q->scope || !facts_gather(c, q, &f)) return SQL_WALK_ON;
  group_check(&f);
  if (c->broken) return SQL_WALK_ON;
  fanout_check(&f);
  joins_check(&f);
  values_check(&f);
  logic_check(&f);
  return c->failed ? SQL_WALK_STOP : SQL_WALK_ON;
}

static bool has_error(const diag_list *l) {
  for (size_t i = 0; i < l->len; i++)
    if (l->items[i].severity == DIAG_ERROR) return true;
  return false;
}

/** SQLite never looks into a WITH query that nothing names: its faults stop nothing. */
static void excuse_unused(check_ctx *c) {
  if (c->dialect != SQL_SQLITE) return;
  for (size_t i = 0; i < c->diags->len; i++) {
    diag *d = &c->diags->items[i];
    for (size_t k = 0; k < c->unused.len; k++) {
      sql_span s = c->unused.items[k];
      bool parsed = strcmp(check_code_named(d->code)->group, "SYNTAX") != 0 && !d->safety;
      if (d->severity != DIAG_ERROR || !parsed || d->span.from < s.from || d->span.to > s.to)
        continue;
      d->severity = DIAG_WARNING;
      d->weight = 0.9;
    }
  }
}

/* ---- what it uses ---- */

typedef struct used {
  check_ctx *c;
  check_report *out;
  bool *tables, *columns; /* by catalog id: listed already */
} used;

static void use_table(used *u, int table) {
  if (table < 0 || u->tables[table]) return;
  u->tables[table] = true;
  if (!vec_push(u->c->a, &u->out->tables, u->c->cat->tables[table].name)) u->c->failed = true;
}

static void use_column(used *u, int table, int column) {
  if (table < 0 || column < 0 || u->columns[column]) return;
  u->columns[column] = true;
  str t = u->c->cat->tables[table].name, name = u->c->cat->columns[column].name;
  char *text = arena_printf(u->c->a, "%.*s.%.*s", STR_ARG(t), STR_ARG(name));
  if (!text || !vec_push(u->c->a, &u->out->columns, str_from(text))) u->c->failed = true;
}

static void use_function(used *u, str name) {
  for (size_t i = 0; i < u->out->functions.len && check_spend(u->c, 1); i++)
    if (str_eq_nocase(u->out->functions.items[i], name)) return;
  char *lower = arena_strndup(u->c->a, name.ptr, name.len);
  for (size_t i = 0; lower && i < name.len; i++) lower[i] = ascii_lower(lower[i]);
  if (!lower || !vec_push(u->c->a, &u->out->functions, (str){lower, name.len})) u->c->failed = true;
}

static sql_walk_next use_expr(void *ctx, sql_expr *e) {
  used *u = ctx;
  if (e->kind == SQL_CALL) use_function(u, e->name.text);
  if (u->c->cat && e->kind == SQL_COLUMN && e->bound.item)
    use_column(u, e->bound.table, e->bound.column);
  return SQL_WALK_ON;
}

static sql_walk_next use_from(void *ctx, sql_from *f) {
  used *u = ctx;
  if (u->c->cat && f->kind == SQL_FROM_TABLE) use_table(u, f->table);
  return SQL_WALK_ON;
}

/** The columns that a star gives. */
static sql_walk_next use_query(void *ctx, sql_query *q) {
  used *u = ctx;
  bool star = false, open;
  for (size_t i = 0; i < q->items.len; i++)
    star = star || (q->items.items[i].expr && q->items.items[i].expr->kind == SQL_STAR);
  const check_outputs *out = star && u->c->cat ? scope_outputs(u->c, q, &open) : NULL;
  for (size_t i = 0; out && i < out->len; i++)
    if (!out->items[i].item) use_column(u, out->items[i].bound.table, out->items[i].bound.column);
  return SQL_WALK_ON;
}

static void list_used(check_ctx *c, check_report *out) {
  used u = {.c = c, .out = out};
  if (c->cat) {
    u.tables = ARENA_ARRAY(c->a, bool, (size_t)c->cat->n_tables + 1);
    u.columns = ARENA_ARRAY(c->a, bool, (size_t)c->cat->n_columns + 1);
    if (!u.tables || !u.columns) {
      c->failed = true;
      return;
    }
  }
  const sql_visitor v = {use_expr, use_query, use_from, &u};
  sql_walk_query(out->query, &v);
}

/* ---- the whole ---- */

emend_rc check_sql(str sql, const catalog *cat, const check_options *opt, arena *a,
                   check_report *out, emend_error *err) {
  sql_dialect_id dialect = opt ? opt->dialect : cat ? cat->dialect : SQL_SQLITE;
  *out = (check_report){.options = opt ? *opt : (check_options){.dialect = dialect}};
  emend_rc rc = sql_parse(sql, dialect, a, &out->parsed, err);
  if (rc != EMEND_OK) return rc;
  check_ctx c = {.cat = cat,
                 .dialect = dialect,
                 .rules = check_rules_of(dialect),
                 .a = a,
                 .diags = &out->diags,
                 .sql = sql,
                 .options = opt};
  safety_check(&c, &out->parsed);
  if (out->parsed.statements.len == 1) out->query = out->parsed.statements.items[0].query;
  if (out->query) {
    rc = check_bind_with(&c, out->query, err);
    if (rc != EMEND_OK) return rc;
    const sql_visitor v = {.query = check_one, .ctx = &c};
    sql_walk_query(out->query, &v);
    dialects_check(&c, out->query);
    excuse_unused(&c);
    c.broken = has_error(&out->diags);
    const sql_visitor w = {.query = weigh_one, .ctx = &c};
    sql_walk_query(out->query, &w);
    list_used(&c, out);
  }
  rc = check_failure(&c, err);
  if (rc != EMEND_OK) return rc;
  diag_sort(&out->diags);
  out->ok = !has_error(&out->diags);
  out->safe = !c.unsafe;
  for (size_t i = 0; i < out->diags.len; i++)
    if (out->diags.items[i].safety) out->safe = false;
  return EMEND_OK;
}
