/* What must stay as it is for a confirmed query to stay confirmed: the tables that
 * it reads, and which of its values are stored. One line a fact. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "recall/facts.h"
#include "recall/recall.h"

enum { LONGEST_FACTS = 1 << 20 };

/* Changes when a column of the table comes, goes, or gets another type. */
static uint64_t table_hash(const catalog *cat, const cat_table *t) {
  uint64_t sum = 0;
  for (int i = 0; i < t->n_columns; i++) {
    const cat_column *c = &cat->columns[t->first_column + i];
    sum = sum * 1099511628211u ^ str_hash64(c->name);
    sum = sum * 1099511628211u ^ str_hash64(c->decl_type);
  }
  return sum;
}

static bool stored_in(const catalog *cat, str text, str column) {
  for (const cat_value *v = catalog_value(cat, text); v; v = v->next)
    if (str_eq_nocase(cat->columns[v->column].name, column)) return true;
  return false;
}

static void put_line(buf *b, char kind, str first, str second) {
  for (size_t i = 0; i < second.len; i++)
    if (second.ptr[i] == '\n') return; /* not worth an escape: such a value is not watched */
  buf_printf(b, "%c %.*s %.*s\n", kind, STR_ARG(first), STR_ARG(second));
}

static bool put_values(buf *b, str sql, const catalog *cat, arena *a) {
  recall_facts f;
  if (!facts_read(sql, cat->dialect, a, &f)) return !arena_failed(a);
  for (int i = 0; i < f.n_literals; i++) {
    const recall_literal *l = &f.literals[i];
    bool watched = l->kind == LITERAL_TEXT && l->cmp == SQL_OP_EQ && l->column.len;
    if (watched && stored_in(cat, l->text, l->column)) put_line(b, 'v', l->column, l->text);
  }
  return true;
}

emend_rc recall_describe(str sql, const catalog *cat, arena *a, str *out, emend_error *err) {
  check_report report;
  check_options opt = {.dialect = cat->dialect};
  emend_rc rc = check_sql(sql, cat, &opt, a, &report, err);
  if (rc) return rc;
  buf b;
  buf_init(&b, LONGEST_FACTS);
  for (size_t i = 0; i < report.tables.len; i++) {
    const cat_table *t = catalog_table(cat, report.tables.items[i]);
    char hash[20];
    snprintf(hash, sizeof hash, "%016" PRIx64, t ? table_hash(cat, t) : 0);
    if (t) put_line(&b, 't', str_from(hash), t->name);
  }
  bool ok = put_values(&b, sql, cat, a);
  *out = ok && !b.failed ? arena_str(a, buf_str(&b)) : (str){0};
  buf_free(&b);
  return out->ptr ? EMEND_OK : err_nomem(err, "recall");
}

static bool table_stands(const catalog *cat, str hash, str name) {
  char text[20];
  const cat_table *t = catalog_table(cat, name);
  if (t) snprintf(text, sizeof text, "%016" PRIx64, table_hash(cat, t));
  return t && str_eq(hash, str_from(text));
}

/* Whether the column's values are known, so that one that is missing says something. */
static bool knows_values(const catalog *cat, str column) {
  for (int i = 0; i < cat->n_columns; i++) {
    const cat_column *c = &cat->columns[i];
    if (str_eq_nocase(c->name, column) && (c->values_private || !c->profile.known)) return false;
  }
  return cat->values != NULL;
}

str recall_drift(str facts, const catalog *cat, arena *a) {
  for (size_t at = 0; at < facts.len;) {
    size_t end = str_find(facts, STR("\n"), at);
    if (end == SIZE_MAX) end = facts.len;
    str line = str_slice(facts, at, end);
    at = end + 1;
    size_t space = line.len > 2 ? str_find(line, STR(" "), 2) : SIZE_MAX;
    if (space == SIZE_MAX) continue;
    str first = str_slice(line, 2, space), second = str_slice(line, space + 1, line.len);
    char *why = NULL;
    if (line.ptr[0] == 't' && !table_stands(cat, first, second))
      why = arena_printf(a, "the table %.*s is not what it was", STR_ARG(second));
    else if (line.ptr[0] == 'v' && knows_values(cat, first) && !stored_in(cat, second, first))
      why =
          arena_printf(a, "\"%.*s\" is no longer a value of %.*s", STR_ARG(second), STR_ARG(first));
    else
      continue;
    return str_from(why);
  }
  return STR("");
}
