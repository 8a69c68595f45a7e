/* Where a query belongs among several sources: by its tables' names, the qualifiers that name a
 * source, and the columns asked of them. How a mixed one is split is in split.c. */
#include "check/attribute.h"

#include <string.h>

#include "base/err.h"
#include "check/split.h"

typedef struct placing {
  const catalog *const *cats;
  size_t n;
  const sql_query *query;
  arena *a;
  split_tables tables;
  VEC(str) ctes;
  bool qualified, failed;
} placing;

/* ---- the tables of the query ---- */

static sql_walk_next note_ctes(void *ctx, sql_query *q) {
  placing *p = ctx;
  for (size_t i = 0; i < q->ctes.len; i++)
    if (!vec_push(p->a, &p->ctes, q->ctes.items[i]->name.text)) p->failed = true;
  return SQL_WALK_ON;
}

static bool is_cte(const placing *p, const sql_from *f) {
  if (f->schema.text.len) return false;
  for (size_t i = 0; i < p->ctes.len; i++)
    if (str_eq_nocase(p->ctes.items[i], f->name.text)) return true;
  return false;
}

/** Is the qualifier a schema that the catalog's tables may be in? */
static bool is_own_schema(const catalog *cat, const cat_table *t, str schema) {
  static const char *const defaults[] = {"main", "public", "dbo", "default"};
  if (t->schema.len) return str_eq_nocase(t->schema, schema);
  for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
    if (str_eq_nocase(schema, str_from(defaults[i]))) return true;
  return str_eq_nocase(schema, cat->source_name);
}

/** Does one of the sources go by the qualifier? */
static bool names_source(const placing *p, str qualifier) {
  for (size_t i = 0; i < p->n && qualifier.len; i++)
    if (str_eq_nocase(p->cats[i]->source_name, qualifier)) return true;
  return false;
}

static bool has_table(const placing *p, size_t at, const sql_from *f) {
  const catalog *cat = p->cats[at];
  const cat_table *t = catalog_table(cat, f->name.text);
  str outer = f->database.text.len ? f->database.text : f->schema.text;
  if (!t) return false;
  if (names_source(p, outer)) return str_eq_nocase(cat->source_name, outer);
  return !f->schema.text.len || is_own_schema(cat, t, f->schema.text);
}

static sql_walk_next note_table(void *ctx, sql_from *f) {
  placing *p = ctx;
  if (f->kind != SQL_FROM_TABLE || is_cte(p, f)) return SQL_WALK_ON;
  split_table t = {.from = f};
  for (size_t i = 0; i < p->n; i++)
    if (has_table(p, i, f)) t.sources |= (uint64_t)1 << i;
  str outer = f->database.text.len ? f->database.text : f->schema.text;
  if (names_source(p, outer) && t.sources) p->qualified = t.qualified = true;
  if (!vec_push(p->a, &p->tables, t)) p->failed = true;
  return SQL_WALK_ON;
}

/* ---- the source ---- */

/** How many of the columns that the query names, does the source have in these tables? */
typedef struct column_count {
  const placing *p;
  size_t source, n;
} column_count;

static sql_walk_next count_column(void *ctx, sql_expr *e) {
  column_count *k = ctx;
  const catalog *cat = k->p->cats[k->source];
  for (size_t i = 0; e->kind == SQL_COLUMN && i < k->p->tables.len; i++) {
    const cat_table *t = catalog_table(cat, k->p->tables.items[i].from->name.text);
    if (t && catalog_column(cat, t, e->name.text)) {
      k->n++;
      break;
    }
  }
  return SQL_WALK_ON;
}

static size_t columns_held(const placing *p, size_t at) {
  column_count k = {p, at, 0};
  const sql_visitor v = {.expr = count_column, .ctx = &k};
  sql_walk_query((sql_query *)(uintptr_t)p->query, &v);
  return k.n;
}

static size_t tables_held(const placing *p, size_t at) {
  size_t n = 0;
  for (size_t i = 0; i < p->tables.len; i++) n += p->tables.items[i].sources >> at & 1;
  return n;
}

/** The source with the most tables; among equals the one asked, then the most columns. */
static size_t best_source(const placing *p, size_t asked) {
  size_t best = asked < p->n ? asked : 0, held = tables_held(p, best), columns = 0;
  bool counted = asked < p->n; /* the one asked wins ties outright */
  if (!counted) columns = columns_held(p, best);
  for (size_t i = 0; i < p->n; i++) {
    size_t t = tables_held(p, i);
    if (i == best || t < held) continue;
    if (t == held && (best == asked || columns_held(p, i) <= columns)) continue;
    best = i;
    held = t;
    columns = columns_held(p, i);
  }
  return best;
}

static bool all_placed(const placing *p) {
  for (size_t i = 0; i < p->tables.len; i++)
    if (!p->tables.items[i].sources) return false;
  return true;
}

/* ---- its text there ---- */

/** Takes the sources' names off the tables. */
static void unqualify(placing *p) {
  for (size_t i = 0; i < p->tables.len; i++) {
    sql_from *f = p->tables.items[i].from;
    if (!p->tables.items[i].qualified) continue;
    if (f->database.text.len)
      f->database = (sql_name){0};
    else
      f->schema = (sql_name){0};
  }
}

/** shop.customers.id, where shop is a source: the column goes by its table alone. */
static sql_walk_next unqualify_column(void *ctx, sql_expr *e) {
  const placing *p = ctx;
  if ((e->kind == SQL_COLUMN || e->kind == SQL_STAR) && names_source(p, e->schema.text))
    e->schema = (sql_name){0};
  return SQL_WALK_ON;
}

static emend_rc write_there(placing *p, str sql, sql_dialect_id dialect, sql_query *q,
                            check_attribution *out, emend_error *err) {
  const catalog *cat = p->cats[out->source];
  out->sql = sql;
  out->mechanical = true;
  if (p->qualified) {
    const sql_visitor v = {.expr = unqualify_column, .ctx = p};
    unqualify(p);
    sql_walk_query(q, &v);
    out->sql = sql_print(q, dialect, p->a);
    if (!out->sql.ptr) return err_nomem(err, "check");
  }
  if (cat->dialect == dialect) return EMEND_OK;
  return check_translate(out->sql, dialect, cat, cat->dialect, p->a, &out->sql, &out->mechanical,
                         err);
}

emend_rc check_attribute(str sql, sql_dialect_id dialect, const catalog *const *cats, size_t n,
                         size_t asked, arena *a, check_attribution *out, emend_error *err) {
  sql_parsed parsed;
  placing p = {.cats = cats, .n = n, .a = a};
  *out = (check_attribution){.place = CHECK_UNPLACED, .source = asked < n ? asked : 0, .sql = sql};
  if (n > CHECK_MAX_SOURCES)
    return err_set(err, EMEND_EUSAGE, "check", "more than %d sources", (int)CHECK_MAX_SOURCES);
  emend_rc rc = sql_parse(sql, dialect, a, &parsed, err);
  if (rc || !n || parsed.statements.len != 1 || !parsed.statements.items[0].query) return rc;
  sql_query *q = parsed.statements.items[0].query;
  const sql_visitor names = {.query = note_ctes, .ctx = &p};
  const sql_visitor tables = {.from = note_table, .ctx = &p};
  sql_walk_query(q, &names);
  sql_walk_query(q, &tables);
  if (p.failed) return err_nomem(err, "check");
  p.query = q;
  if (!all_placed(&p)) {
    out->source = best_source(&p, asked);
    return EMEND_OK;
  }
  out->source = best_source(&p, asked);
  if (tables_held(&p, out->source) < p.tables.len) {
    out->place = CHECK_MIXED;
    unqualify(&p);
    return split_query(q, &p.tables, cats, n, out, a, err);
  }
  out->place = asked == out->source || asked >= n ? CHECK_AT_HOME : CHECK_MOVED;
  for (size_t i = 0; i < p.tables.len && out->place == CHECK_MOVED; i++)
    if (!(p.tables.items[i].sources >> asked & 1)) out->moved = p.tables.items[i].from->name.text;
  return write_there(&p, sql, dialect, q, out, err);
}

emend_rc check_mixed_diag(const check_attribution *at, const catalog *const *cats, str sql,
                          arena *a, diag *out, emend_error *err) {
  check_ctx c = {.a = a, .diags = &(diag_list){0}, .sql = sql};
  buf names;
  buf_init(&names, 4096);
  for (size_t i = 0; i < at->parts.len; i++) {
    str name = cats[at->parts.items[i].source]->source_name;
    bool named = false;
    for (size_t k = 0; k < i; k++)
      named = named || at->parts.items[k].source == at->parts.items[i].source;
    if (!named) buf_printf(&names, "%s%.*s", names.len ? ", " : "", STR_ARG(name));
  }
  str list = arena_str(a, buf_str(&names));
  buf_free(&names);
  sql_span whole = {0, (uint32_t)sql.len};
  str meet = at->rest.len
                 ? str_from(arena_printf(a, "; the parts meet where %.*s", STR_ARG(at->rest)))
                 : NO_STR;
  diag *d = diag_add(&c, CHECK_MIXED_SOURCES, whole, list, meet, NO_STR);
  if (!d) return err_nomem(err, "check");
  for (size_t i = 0; i < at->parts.len; i++) {
    const check_part *part = &at->parts.items[i];
    str why =
        str_from(arena_printf(a, "the part of %.*s", STR_ARG(cats[part->source]->source_name)));
    diag_suggest(&c, d, part->sql, whole, why, 0.5);
  }
  *out = *d;
  return c.failed || arena_failed(a) ? err_nomem(err, "check") : EMEND_OK;
}
