/* A text compared with = or <> of which the column holds other spellings, in capitals, with blanks
 * around or with accents: 'shipped' beside 'Shipped', 'Luis' beside 'Luís'. Who asks for one of
 * them means all. */
#include "check/facts.h"
#include "text/text.h"

/* Shorter ones may be codes whose case counts; more spellings than that are no slips. */
enum { LEAST_LENGTH = 3, MOST_SPELLINGS = 8 };

/** Equal but for case, blanks around, and accents that nobody wrote. */
static bool spells_same(arena *a, str stored, str text) {
  bool plain = str_is_ascii(text) && !str_is_ascii(stored);
  str x = plain ? text_normalise(a, stored) : text_fold(a, str_trim(stored));
  str y = plain ? text_normalise(a, text) : text_fold(a, str_trim(text));
  return x.ptr && y.ptr && str_eq(x, y);
}

static bool add_text(buf *b, str text) {
  buf_add_c(b, '\'');
  for (size_t i = 0; i < text.len; i++) {
    if (text.ptr[i] == '\'') buf_add_c(b, '\'');
    buf_add_c(b, text.ptr[i]);
  }
  return buf_add_c(b, '\'');
}

/** The other spellings, quoted, in `b`; *first is one of them. False where there is none, or the
 *  text itself is not stored (which values.c says). */
static bool find_others(check_ctx *c, const cat_column *col, str text, buf *b, str *first) {
  int n = 0;
  bool stored = false;
  for (const cat_value *v = catalog_value(c->cat, text); v; v = v->next) {
    if (v->column != col->id) continue;
    if (str_eq(v->text, text)) {
      stored = true;
      continue;
    }
    if (!spells_same(c->a, v->text, text)) continue;
    if (n++ == 0) *first = v->text;
    buf_add_cstr(b, ", ");
    add_text(b, v->text);
  }
  return stored && n > 0 && n < MOST_SPELLINGS;
}

void spellings_check(const query_facts *f, const sql_expr *whole, const sql_expr *column, sql_op op,
                     const sql_expr *lit) {
  check_ctx *c = f->c;
  if (lit->kind != SQL_STRING || lit->text.len < LEAST_LENGTH || !c->cat->values ||
      (op != SQL_OP_EQ && op != SQL_OP_NE) || column->kind != SQL_COLUMN)
    return;
  const cat_column *col = facts_column_behind(c, column);
  bool inside = column->span.from < column->span.to && column->span.to <= c->sql.len;
  if (!col || col->values_private || !inside) return;
  buf b;
  str first = {0};
  buf_init(&b, 1 << 12);
  add_text(&b, lit->text);
  if (find_others(c, col, lit->text, &b, &first)) {
    diag *d = diag_add(c, CHECK_OTHER_SPELLINGS, whole->span, col->name, first, lit->text);
    str name = str_slice(c->sql, column->span.from, column->span.to);
    char *all = b.failed ? NULL
                         : arena_printf(c->a, "%.*s %s (%.*s)", STR_ARG(name),
                                        op == SQL_OP_EQ ? "IN" : "NOT IN", STR_ARG(buf_str(&b)));
    if (all) diag_suggest(c, d, str_from(all), whole->span, STR("all its spellings"), 0.97);
  }
  buf_free(&b);
}
