/* Date formats of one dialect as another's: strftime('%Y', x), DATE_FORMAT(x, '%Y'),
 * TO_CHAR(x, 'YYYY'), FORMAT(x, 'yyyy'). A format that one of the two lacks has no equal. */
#include <string.h>

#include "check/functions.h"

enum { N_STYLES = 4, LONGEST_FORMAT = 64 };

/** How a dialect writes formats; STYLE_NONE: by no function that we translate. */
typedef enum style { STYLE_STRFTIME, STYLE_MYSQL, STYLE_TO_CHAR, STYLE_DOTNET, STYLE_NONE } style;

/* One piece of a date in each style; NULL: it has none. Longest first within a style. */
static const char *const pieces[][N_STYLES] = {
    {"%Y", "%Y", "YYYY", "yyyy"}, {NULL, "%M", "FMMonth", "MMMM"}, {NULL, "%b", "Mon", "MMM"},
    {"%j", "%j", "DDD", NULL},    {NULL, "%W", "FMDay", "dddd"},   {NULL, "%a", "Dy", "ddd"},
    {"%m", "%m", "MM", "MM"},     {"%d", "%d", "DD", "dd"},        {"%H", "%H", "HH24", "HH"},
    {"%M", "%i", "MI", "mm"},     {"%S", "%s", "SS", "ss"},        {"%S", "%S", "SS", "ss"},
    {NULL, "%y", "YY", "yy"},     {NULL, "%h", "HH12", "hh"},      {NULL, "%p", "AM", "tt"},
};

typedef struct formatter {
  const char *name;
  const char *dialects;
  style style;
  size_t value, format; /* which argument is which */
} formatter;

static const formatter formatters[] = {
    {"strftime", "S", STYLE_STRFTIME, 1, 0},   {"strftime", "D", STYLE_STRFTIME, 0, 1},
    {"date_format", "MAR", STYLE_MYSQL, 0, 1}, {"formatDateTime", "C", STYLE_MYSQL, 0, 1},
    {"to_char", "PO", STYLE_TO_CHAR, 0, 1},    {"format", "T", STYLE_DOTNET, 0, 1},
};

static const formatter *formatter_named(str name) {
  for (size_t i = 0; i < sizeof formatters / sizeof *formatters; i++)
    if (str_eq_nocase(str_from(formatters[i].name), name)) return &formatters[i];
  return NULL;
}

static const formatter *formatter_of(sql_dialect_id d) {
  for (size_t i = 0; i < sizeof formatters / sizeof *formatters; i++)
    if (strchr(formatters[i].dialects, function_letter(d))) return &formatters[i];
  return NULL;
}

/** The piece of `from` that the format begins with; -1 without. */
static int piece_at(str format, style from) {
  for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
    const char *p = pieces[i][from];
    if (p && str_starts(format, str_from(p))) return (int)i;
  }
  return -1;
}

/** False when some of it has no equal. */
static bool translate(str format, style from, style to, char out[LONGEST_FORMAT * 4]) {
  size_t n = 0;
  if (format.len > LONGEST_FORMAT) return false;
  while (format.len) {
    int i = piece_at(format, from);
    if (i >= 0) {
      const char *p = pieces[i][to];
      if (!p) return false;
      memcpy(out + n, p, strlen(p));
      n += strlen(p);
      format = str_slice(format, strlen(pieces[i][from]), format.len);
      continue;
    }
    char c = format.ptr[0];
    if (ascii_is_alnum(c) || c == '%' || c == '\'' || c == '"' || c == '\\') return false;
    out[n++] = c;
    format = str_slice(format, 1, format.len);
  }
  out[n] = 0;
  return true;
}

str function_format_equivalent(check_ctx *c, str sql, const sql_expr *e) {
  char format[LONGEST_FORMAT * 4];
  const formatter *from = formatter_named(e->name.text), *to = formatter_of(c->dialect);
  if (!from || !to || e->args.len != 2 || e->schema.text.len) return NO_STR;
  const sql_expr *f = e->args.items[from->format], *x = e->args.items[from->value];
  if (from->style == STYLE_STRFTIME &&
      f->kind != SQL_STRING) { /* DuckDB's has them the other way */
    const sql_expr *t = f;
    f = x;
    x = t;
  }
  if (f->kind != SQL_STRING || x->span.to > sql.len || x->span.from >= x->span.to) return NO_STR;
  if (!translate(f->text, from->style, to->style, format)) return NO_STR;
  str value = str_slice(sql, x->span.from, x->span.to);
  if (to->format == 0)
    return str_from(arena_printf(c->a, "%s('%s', %.*s)", to->name, format, STR_ARG(value)));
  return str_from(arena_printf(c->a, "%s(%.*s, '%s')", to->name, STR_ARG(value), format));
}

/* ---- intervals ---- */

/** The digits of INTERVAL 7 DAY, INTERVAL '7' DAY, INTERVAL '7 days'; its unit in *unit. */
static str interval_of(const sql_expr *e, str *unit) {
  if (e->kind != SQL_TYPED || !str_eq_nocase(e->name.text, STR("interval")) || e->args.len != 1)
    return NO_STR;
  str n = str_trim(e->args.items[0]->text);
  size_t digits = 0;
  while (digits < n.len && ascii_is_digit(n.ptr[digits])) digits++;
  *unit = e->text.len ? e->text : str_trim(str_slice(n, digits, n.len));
  bool word = unit->len > 2 && unit->len < 8;
  for (size_t i = 0; i < unit->len; i++) word = word && ascii_is_alpha(unit->ptr[i]);
  return digits && word ? str_slice(n, 0, digits) : NO_STR;
}

str function_interval_equivalent(check_ctx *c, str sql, const sql_expr *e) {
  bool add = str_eq_nocase(e->name.text, STR("date_add"));
  if (c->dialect != SQL_SQLITE || e->args.len != 2 ||
      (!add && !str_eq_nocase(e->name.text, STR("date_sub"))))
    return NO_STR;
  str unit, n = interval_of(e->args.items[1], &unit);
  sql_span x = e->args.items[0]->span;
  if (!n.ptr || x.to > sql.len || x.from >= x.to) return NO_STR;
  char first = ascii_lower(unit.ptr[0]);
  bool time = first == 'h' || first == 's' || (first == 'm' && ascii_lower(unit.ptr[1]) == 'i');
  return str_from(arena_printf(c->a, "%s(%.*s, '%c%.*s %.*s')", time ? "datetime" : "date",
                               STR_ARG(str_slice(sql, x.from, x.to)), add ? '+' : '-', STR_ARG(n),
                               STR_ARG(unit)));
}
