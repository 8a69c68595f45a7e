/* A part of a schema, for schemas too large to look at whole and for training on varied ones. */
#include "retrieve/link.h"

static bool number_kept(const link_schema *s, const bool *keep, int *column_to, int *table_to) {
  int columns = 0, tables = 0;
  for (int t = 0; t < s->n_tables; t++) table_to[t] = -1;
  for (int i = 0; i < s->n_columns; i++) {
    column_to[i] = keep[i] ? columns++ : -1;
    if (keep[i] && table_to[s->columns[i].table] < 0) table_to[s->columns[i].table] = tables++;
  }
  return columns > 0;
}

static void move_cells(link_values *v, const int *column_to) {
  for (int k = 0; k < v->n; k++) {
    int n = 0;
    for (int i = 0; i < v->items[k].n_cells; i++) {
      link_cell c = v->items[k].cells[i];
      if (column_to[c.column] < 0) continue;
      c.column = column_to[c.column];
      v->items[k].cells[n++] = c;
    }
    v->items[k].n_cells = n;
  }
}

emend_rc link_schema_keep(link_schema *s, link_values *v, const bool *keep, arena *a) {
  int *column_to = ARENA_ARRAY(a, int, (size_t)s->n_columns);
  int *table_to = ARENA_ARRAY(a, int, (size_t)s->n_tables);
  link_schema out = {0};
  out.columns = ARENA_ARRAY(a, link_column, (size_t)s->n_columns);
  out.tables = ARENA_ARRAY(a, link_table, (size_t)s->n_tables);
  out.fkeys = ARENA_ARRAY(a, link_fkey, (size_t)s->n_fkeys);
  if (!column_to || !table_to || !out.columns || !out.tables || !out.fkeys) return EMEND_ENOMEM;
  if (!number_kept(s, keep, column_to, table_to)) return EMEND_OK;
  for (int i = 0; i < s->n_columns; i++) {
    if (!keep[i]) continue;
    link_column c = s->columns[i];
    int old = c.table;
    c.table = table_to[old];
    link_table *t = &out.tables[c.table];
    if (t->n_columns == 0) {
      *t = s->tables[old];
      t->first_column = column_to[i];
      t->n_columns = 0;
      out.n_tables++;
    }
    t->n_columns++;
    out.columns[out.n_columns++] = c;
  }
  for (int k = 0; k < s->n_fkeys; k++) {
    link_fkey f = {column_to[s->fkeys[k].from], column_to[s->fkeys[k].to]};
    if (f.from >= 0 && f.to >= 0) out.fkeys[out.n_fkeys++] = f;
  }
  if (v) move_cells(v, column_to);
  *s = out;
  return EMEND_OK;
}
