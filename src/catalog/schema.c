/* Tables, columns and declared keys of a catalog, from what a source describes.
 * Guesses nothing; that is infer.c's. */
#include <string.h>

#include "catalog/build.h"
#include "text/text.h"

enum { MAX_WORDS = 12, MAX_PAIRS = 8 };

typedef struct filler {
  catalog *c;
  const source_schema *schema;
  const catalog_options *opt;
} filler;

static str comment_of(const filler *f, str table, str column, str described) {
  str given = f->opt && f->opt->comment ? f->opt->comment(f->opt->ctx, table, column) : STR("");
  return given.len ? given : described;
}

static bool copy_text(arena *a, str *field, str from) {
  *field = arena_str(a, from);
  return field->ptr != NULL;
}

static bool fill_column(const filler *f, const cat_table *t, const source_column *from,
                        cat_column *col) {
  arena *a = f->c->mem;
  col->type = cat_type_of(from->type);
  col->not_null = from->not_null;
  col->pk = from->pk;
  col->hidden = from->hidden;
  if (f->opt && f->opt->is_private)
    col->values_private = f->opt->is_private(f->opt->ctx, t->name, from->name);
  col->n_words = text_split_name(from->name, a, col->words, MAX_WORDS);
  return col->n_words >= 0 && copy_text(a, &col->name, from->name) &&
         copy_text(a, &col->decl_type, from->type) &&
         copy_text(a, &col->comment, comment_of(f, t->name, from->name, from->comment));
}

static bool fill_table(const filler *f, const source_table *from, cat_table *t) {
  arena *a = f->c->mem;
  t->is_view = from->is_view;
  t->row_count = from->row_count;
  t->n_words = text_split_name(from->name, a, t->words, MAX_WORDS);
  if (t->n_words < 0 || !copy_text(a, &t->schema, from->schema) ||
      !copy_text(a, &t->name, from->name) ||
      !copy_text(a, &t->comment, comment_of(f, from->name, STR(""), from->comment)))
    return false;
  t->first_column = f->c->n_columns;
  t->n_columns = (int)from->columns.len;
  for (int i = 0; i < t->n_columns; i++) {
    cat_column *col = &f->c->columns[f->c->n_columns];
    col->id = f->c->n_columns;
    col->table = t->id;
    if (!fill_column(f, t, &from->columns.items[i], col)) return false;
    f->c->n_columns++;
  }
  return true;
}

/* ---- keys ---- */

static cat_column *find_column(catalog *c, const cat_table *t, str name) {
  const cat_column *col = catalog_column(c, t, name);
  return col ? &c->columns[col->id] : NULL;
}

static void mark_unique(catalog *c, const cat_table *t, const source_table *from) {
  int parts = 0;
  cat_column *only = NULL;
  for (int i = 0; i < t->n_columns; i++) {
    cat_column *col = &c->columns[t->first_column + i];
    if (col->pk) parts++, only = col;
  }
  if (parts == 1) only->unique = true;
  for (size_t i = 0; i < from->indexes.len; i++) {
    const source_index *x = &from->indexes.items[i];
    cat_column *col =
        x->unique && x->columns.len == 1 ? find_column(c, t, x->columns.items[0]) : NULL;
    if (col) col->unique = true;
  }
}

/* The column that is the n-th (from 1) of the primary key of `t`. */
static const cat_column *key_part(const catalog *c, const cat_table *t, int n) {
  for (int i = 0; i < t->n_columns; i++)
    if (c->columns[t->first_column + i].pk == n) return &c->columns[t->first_column + i];
  return NULL;
}

static const cat_table *find_table(const catalog *c, str schema, str name) {
  for (int i = 0; i < c->n_tables; i++) {
    const cat_table *t = &c->tables[i];
    if (str_eq_nocase(t->name, name) && (!schema.len || str_eq_nocase(t->schema, schema))) return t;
  }
  return NULL;
}

/* False when the key leads to a table or column that is not there, which databases allow. */
static bool resolve_key(const catalog *c, const cat_table *t, const source_fkey *from,
                        cat_fkey *key) {
  const cat_table *to = find_table(c, from->to_schema, from->to_table);
  size_t n = from->from_columns.len;
  if (!to || n == 0 || n > MAX_PAIRS) return false;
  *key = (cat_fkey){.from_table = t->id, .to_table = to->id, .n = (int)n};
  for (int i = 0; i < key->n; i++) {
    bool named = from->to_columns.len == n;
    const cat_column *x = catalog_column(c, t, from->from_columns.items[i]);
    const cat_column *y =
        named ? catalog_column(c, to, from->to_columns.items[i]) : key_part(c, to, i + 1);
    if (!x || !y) return false;
    key->from[i] = x->id;
    key->to[i] = y->id;
  }
  return true;
}

static bool fill_keys(const filler *f) {
  catalog *c = f->c;
  size_t n = 0;
  for (size_t i = 0; i < f->schema->tables.len; i++) n += f->schema->tables.items[i].fkeys.len;
  c->fkeys = ARENA_ARRAY(c->mem, cat_fkey, n + 1);
  if (!c->fkeys) return false;
  for (int i = 0; i < c->n_tables; i++) {
    const source_table *from = &f->schema->tables.items[i];
    mark_unique(c, &c->tables[i], from);
    for (size_t k = 0; k < from->fkeys.len; k++) {
      cat_fkey *key = &c->fkeys[c->n_fkeys];
      if (!resolve_key(c, &c->tables[i], &from->fkeys.items[k], key)) continue;
      for (int p = 0; p < key->n; p++) c->columns[key->from[p]].is_fkey = true;
      c->n_fkeys++;
    }
  }
  return true;
}

bool catalog_fill(catalog *c, const source_schema *schema, const catalog_options *opt) {
  filler f = {c, schema, opt};
  size_t n_tables = schema->tables.len, n_columns = 0;
  for (size_t i = 0; i < n_tables; i++) n_columns += schema->tables.items[i].columns.len;
  if (n_tables > INT32_MAX / 2 || n_columns > INT32_MAX / 2) return false;
  c->tables = ARENA_ARRAY(c->mem, cat_table, n_tables + 1);
  c->columns = ARENA_ARRAY(c->mem, cat_column, n_columns + 1);
  if (!c->tables || !c->columns) return false;
  for (size_t i = 0; i < n_tables; i++) {
    c->tables[i].id = (int)i;
    if (!fill_table(&f, &schema->tables.items[i], &c->tables[i])) return false;
    c->n_tables++;
  }
  return fill_keys(&f);
}
