/* A column of whole dates compared with a bare year: = is true of none of them, > of that year's
 * own days too, for '2025-03-01' comes after '2025' letter by letter. */
#include "check/facts.h"

static bool is_iso_date(str s) {
  static const char shape[] = "9999-99-99";
  if (s.len < sizeof shape - 1) return false;
  for (size_t i = 0; i < sizeof shape - 1; i++)
    if (shape[i] == '9' ? !ascii_is_digit(s.ptr[i]) : s.ptr[i] != shape[i]) return false;
  return true;
}

/** Do all values of the column look like '2024-01-31', with a time behind it or without? */
static bool holds_iso_dates(const cat_column *col) {
  const cat_profile *p = &col->profile;
  return p->known && (p->value_type == CAT_DATE || p->value_type == CAT_TIMESTAMP) &&
         p->n_samples && is_iso_date(p->samples[0]) && p->min.kind == CELL_TEXT &&
         is_iso_date(p->min.text) && p->max.kind == CELL_TEXT && is_iso_date(p->max.text);
}

static bool is_year(const sql_expr *lit) {
  if ((lit->kind != SQL_STRING && lit->kind != SQL_NUMBER) || lit->text.len != 4) return false;
  for (size_t i = 0; i < 4; i++)
    if (!ascii_is_digit(lit->text.ptr[i])) return false;
  return lit->text.ptr[0] == '1' || lit->text.ptr[0] == '2';
}

void years_check(const query_facts *f, const sql_expr *whole, const sql_expr *column, sql_op op,
                 const sql_expr *lit) {
  check_ctx *c = f->c;
  const cat_column *col = column->kind == SQL_COLUMN ? facts_column_behind(c, column) : NULL;
  bool inside = column->span.from < column->span.to && column->span.to <= c->sql.len;
  const char *sign = op == SQL_OP_EQ || op == SQL_OP_IS ? "="
                     : op == SQL_OP_NE                  ? "<>"
                     : op == SQL_OP_GT                  ? ">"
                     : op == SQL_OP_LE                  ? "<="
                                                        : NULL; /* the others mean what they say */
  if (!sign || !col || !inside || !is_year(lit) || !holds_iso_dates(col)) return;
  str name = str_slice(c->sql, column->span.from, column->span.to), year = lit->text;
  diag *d = diag_add(c, CHECK_DATE_YEAR, whole->span, col->name, col->profile.samples[0], year);
  if (c->dialect != SQL_SQLITE) return;
  char *meant =
      arena_printf(c->a, "strftime('%%Y', %.*s) %s '%.*s'", STR_ARG(name), sign, STR_ARG(year));
  diag_suggest(c, d, str_from(meant), whole->span, STR("the year of the date"), 0.97);
}
