/* grammar DB: the decoding grammar of a SQLite database's whole schema, on standard output.
 * grammar DB LINES: does each line of that file parse, and is every table and column in it one of
 * the database's? Says how many; exit code 1 when one is not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generate/grammar.h"
#include "support/public_data.h"

typedef struct looking {
  const catalog *cat;
  str unknown; /* the first name that is not there */
} looking;

/* The table that "name", "name_2" or "name_3" is an alias of. */
static const cat_table *table_of(const catalog *cat, str alias) {
  const cat_table *t = catalog_table(cat, alias);
  if (!t && (str_ends(alias, STR("_2")) || str_ends(alias, STR("_3"))))
    t = catalog_table(cat, str_slice(alias, 0, alias.len - 2));
  return t;
}

static sql_walk_next look_at_column(void *ctx, sql_expr *e) {
  looking *x = ctx;
  if (e->kind != SQL_COLUMN && !(e->kind == SQL_STAR && e->table.text.len)) return SQL_WALK_ON;
  const cat_table *t = table_of(x->cat, e->table.text);
  if (!t)
    x->unknown = e->table.text.len ? e->table.text : e->name.text;
  else if (e->kind == SQL_COLUMN && !catalog_column(x->cat, t, e->name.text))
    x->unknown = e->name.text;
  return x->unknown.len ? SQL_WALK_STOP : SQL_WALK_ON;
}

static sql_walk_next look_at_from(void *ctx, sql_from *f) {
  looking *x = ctx;
  if (f->kind == SQL_FROM_TABLE && !catalog_table(x->cat, f->name.text)) x->unknown = f->name.text;
  return x->unknown.len ? SQL_WALK_STOP : SQL_WALK_ON;
}

static bool is_good(const catalog *cat, str line, arena *a) {
  sql_parsed p;
  looking x = {.cat = cat};
  if (str_eq(line, STR("CANNOT ANSWER"))) return true;
  if (sql_parse(line, cat->dialect, a, &p, NULL) || p.statements.len != 1 ||
      !p.statements.items[0].query || p.issues.len) {
    printf("does not parse: %.*s\n", STR_ARG(line));
    return false;
  }
  sql_visitor v = {.expr = look_at_column, .from = look_at_from, .ctx = &x};
  if (sql_walk_query(p.statements.items[0].query, &v)) return true;
  printf("no %.*s is there: %.*s\n", STR_ARG(x.unknown), STR_ARG(line));
  return false;
}

static int check_lines(const catalog *cat, const char *path, arena *a) {
  static char line[1 << 17];
  int n = 0, good = 0;
  FILE *f = fopen(path, "r");
  if (!f) return perror(path), 3;
  for (; fgets(line, sizeof line, f); n++) {
    arena_reset(a);
    good += is_good(cat, str_trim(str_from(line)), a);
  }
  fclose(f);
  printf("%d of %d parse and name only what is there\n", good, n);
  return good == n && n > 0 ? 0 : 1;
}

int main(int argc, char **argv) {
  catalog *cat = argc > 1 ? public_data_schema(argv[1]) : NULL;
  arena *a = arena_create((size_t)1 << 28);
  if (!cat || !a) return fprintf(stderr, "usage: grammar DB [LINES]\n"), 2;
  int code = 0;
  if (argc > 2) {
    code = check_lines(cat, argv[2], a);
  } else {
    int *all = ARENA_ARRAY(a, int, (size_t)cat->n_tables);
    for (int i = 0; all && i < cat->n_tables; i++) all[i] = i;
    str text = gen_grammar(cat, all, cat->n_tables, a);
    printf("%.*s", STR_ARG(text));
  }
  catalog_unref(cat);
  arena_destroy(a);
  return code;
}
