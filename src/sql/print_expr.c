/* Expressions as text: parentheses by the dialect's levels, names quoted only where they must
 * be, and what one dialect spells otherwise than another. Queries are in print.c. */
#include "sql/print.h"

#include <string.h>

void sql_put(sql_printer *p, const char *text) { buf_add_cstr(&p->out, text); }

bool sql_put_enter(sql_printer *p) {
  if (p->depth++ < 2 * SQL_MAX_HEIGHT) return true;
  p->out.failed = true;
  return false;
}

/* ── names ────────────────────────────────────────────────────────────────────── */

static bool is_plain_name(const sql_printer *p, str s) {
  bool more = (p->d->lex & SQL_LEX_HASH_NAME) != 0; /* # and @ too */
  bool dollar = p->d->id != SQL_TRINO && p->d->id != SQL_CLICKHOUSE;
  if (!s.len || ascii_is_digit(s.ptr[0]) || s.ptr[0] == '$') return false;
  if ((s.ptr[0] == '#' || s.ptr[0] == '@') && p->d->id != SQL_TSQL) return false;
  for (size_t i = 0; i < s.len; i++) {
    char c = s.ptr[i];
    bool odd = (dollar && c == '$') || (more && (c == '#' || c == '@'));
    if (!ascii_is_alnum(c) && c != '_' && !(c & 0x80) && !odd) return false;
  }
  return true;
}

/* A quoted or built name is exact: bare, it must not fold to something else. */
static bool folds(const sql_printer *p, const sql_name *n) {
  bool exact = n->quote || n->span.to == 0;
  if (!exact || p->d->fold == SQL_FOLD_NONE) return false;
  for (size_t i = 0; i < n->text.len; i++) {
    char c = n->text.ptr[i];
    if (c != (p->d->fold == SQL_FOLD_LOWER ? ascii_lower(c) : ascii_upper(c))) return true;
  }
  return false;
}

static bool must_quote(const sql_printer *p, const sql_name *n) {
  if (!is_plain_name(p, n->text) || folds(p, n)) return true;
  if (p->d->id == SQL_ORACLE && n->text.ptr[0] == '_') return true;
  if (n->quote && (n->text.ptr[0] == '@' || n->text.ptr[0] == '#')) return true;
  sql_word w = sql_word_find(n->text);
  bool pseudo = p->d->id == SQL_ORACLE && sql_word_marked(w, 'p') && !n->quote && n->span.to;
  return sql_word_reserved(p->d, w) && !pseudo; /* LEVEL, ROWNUM */
}

static void put_quoted(sql_printer *p, str text, char quote) {
  char close = quote == '[' ? ']' : quote;
  buf_add_c(&p->out, quote);
  for (size_t i = 0; i < text.len; i++) {
    if (text.ptr[i] == close) buf_add_c(&p->out, close);
    buf_add_c(&p->out, text.ptr[i]);
  }
  buf_add_c(&p->out, close);
}

static void put_lower(sql_printer *p, str s) {
  for (size_t i = 0; i < s.len; i++) buf_add_c(&p->out, ascii_lower(s.ptr[i]));
}

void sql_put_name(sql_printer *p, const sql_name *n) {
  if (p->shape) {
    put_lower(p, n->text);
  } else if (must_quote(p, n)) {
    /* In SQLite "x" that names nothing is text; what was `x` or [x] must not become that. */
    bool keep = p->d->id == SQL_SQLITE && (n->quote == '`' || n->quote == '[') &&
                !memchr(n->text.ptr, ']', n->text.len);
    put_quoted(p, n->text, keep ? n->quote : p->d->quote);
  } else {
    buf_add(&p->out, n->text);
  }
}

void sql_put_names(sql_printer *p, const sql_names *list) {
  sql_put(p, "(");
  for (size_t i = 0; i < list->len; i++) {
    if (i) sql_put(p, ", ");
    sql_put_name(p, &list->items[i]);
  }
  sql_put(p, ")");
}

static void put_qualified(sql_printer *p, const sql_expr *e) {
  if (e->schema.text.ptr) sql_put_name(p, &e->schema), sql_put(p, ".");
  if (e->table.text.ptr) sql_put_name(p, &e->table), sql_put(p, ".");
}

/* "x" in SQLite is text unless it names a column: the quotes are part of its meaning. */
static bool may_be_text(const sql_printer *p, const sql_expr *e) {
  return p->d->id == SQL_SQLITE && e->name.quote == '"' && !e->table.text.ptr && !e->bound.item;
}

static void put_column(sql_printer *p, const sql_expr *e) {
  p->saw_bound |= e->bound.item != NULL;
  if (may_be_text(p, e)) {
    p->saw_text = true;
    if (!p->shape)
      put_quoted(p, e->name.text, '"');
    else if (p->bound)
      sql_put(p, "?");
    else
      put_lower(p, e->name.text);
    return;
  }
  put_qualified(p, e);
  sql_put_name(p, &e->name);
}

/* ── literals ─────────────────────────────────────────────────────────────────── */

static void put_string(sql_printer *p, str s) {
  bool backslash = (p->d->lex & SQL_LEX_BACKSLASH) != 0;
  if (p->d->id == SQL_TSQL)
    for (size_t i = 0; i < s.len; i++)
      if (s.ptr[i] & 0x80) {
        sql_put(p, "N"); /* else the text passes through the server's code page */
        break;
      }
  buf_add_c(&p->out, '\'');
  for (size_t i = 0; i < s.len; i++) {
    char c = s.ptr[i];
    if (c == '\'' || (backslash && c == '\\')) buf_add_c(&p->out, c);
    if (backslash && c == 0)
      sql_put(p, "\\0");
    else
      buf_add_c(&p->out, c);
  }
  buf_add_c(&p->out, '\'');
}

static void put_bool(sql_printer *p, const sql_expr *e) {
  bool yes = e->text.len == 4;
  if (p->d->has & SQL_HAS_BOOL)
    sql_put(p, yes ? "TRUE" : "FALSE");
  else
    sql_put(p, yes ? "1" : "0");
}

static bool is_value(const sql_expr *e) {
  switch (e->kind) {
    case SQL_BOOL:
    case SQL_NUMBER:
    case SQL_STRING:
    case SQL_BLOB:
    case SQL_PARAM:
      return true;
    case SQL_TYPED:
      return e->text.len == 0;
    case SQL_UNARY:
      return (e->op == SQL_OP_NEG || e->op == SQL_OP_POS) && e->args.items[0]->kind == SQL_NUMBER;
    default:
      return false;
  }
}

static void put_typed(sql_printer *p, const sql_expr *e) {
  buf_add(&p->out, e->name.text);
  sql_put(p, " ");
  const sql_expr *arg = e->args.items[0];
  bool paren = arg->kind != SQL_STRING && arg->kind != SQL_NUMBER && arg->kind != SQL_PARAM;
  if (paren) sql_put(p, "(");
  sql_put_expr(p, arg);
  if (paren) sql_put(p, ")");
  if (e->text.len) sql_put(p, " "), buf_add(&p->out, e->text);
}

/* ── operators ────────────────────────────────────────────────────────────────── */

static const char *const OPS[SQL_OP_OTHER + 1] = {
    [SQL_OP_NOT] = "NOT ",    [SQL_OP_NEG] = "-",
    [SQL_OP_POS] = "+",       [SQL_OP_BITNOT] = "~",
    [SQL_OP_ADD] = "+",       [SQL_OP_SUB] = "-",
    [SQL_OP_MUL] = "*",       [SQL_OP_DIV] = "/",
    [SQL_OP_MOD] = "%",       [SQL_OP_CONCAT] = "||",
    [SQL_OP_BITAND] = "&",    [SQL_OP_BITOR] = "|",
    [SQL_OP_SHL] = "<<",      [SQL_OP_SHR] = ">>",
    [SQL_OP_JSON] = "->",     [SQL_OP_JSON_TEXT] = "->>",
    [SQL_OP_EQ] = "=",        [SQL_OP_NE] = "<>",
    [SQL_OP_LT] = "<",        [SQL_OP_LE] = "<=",
    [SQL_OP_GT] = ">",        [SQL_OP_GE] = ">=",
    [SQL_OP_LIKE] = "LIKE",   [SQL_OP_ILIKE] = "ILIKE",
    [SQL_OP_GLOB] = "GLOB",   [SQL_OP_REGEXP] = "REGEXP",
    [SQL_OP_MATCH] = "MATCH", [SQL_OP_SIMILAR] = "SIMILAR TO",
    [SQL_OP_AND] = "AND",     [SQL_OP_OR] = "OR",
};

static void put_op(sql_printer *p, const sql_expr *e) {
  sql_op op = e->op;
  if (op == SQL_OP_ILIKE && !(p->d->has & SQL_HAS_ILIKE)) op = SQL_OP_LIKE;
  if (op == SQL_OP_REGEXP && p->d->id == SQL_POSTGRES)
    sql_put(p, e->negated ? "!~" : "~");
  else if (op == SQL_OP_CONCAT && p->d->id == SQL_TSQL)
    sql_put(p, "+");
  else if (op == SQL_OP_IS || op == SQL_OP_DISTINCT_FROM)
    sql_put(p, e->negated ? "IS NOT" : "IS"), sql_put(p, op == SQL_OP_IS ? "" : " DISTINCT FROM");
  else if (op == SQL_OP_OTHER || op == SQL_OP_NONE)
    buf_add(&p->out, e->text);
  else
    sql_put(p, e->negated ? "NOT " : ""), sql_put(p, OPS[op]);
}

static sql_bind bind_of(const sql_expr *e) {
  switch (e->kind) {
    case SQL_UNARY:
    case SQL_BINARY:
    case SQL_QUANTIFIED:
      return sql_op_bind(e->op, e->text);
    case SQL_IS_NULL:
      return SQL_BIND_IS;
    case SQL_BETWEEN:
    case SQL_IN:
      return SQL_BIND_IN;
    case SQL_EXISTS:
      return e->negated ? SQL_BIND_NOT : SQL_BIND_POSTFIX;
    case SQL_COLLATE:
      return SQL_BIND_COLLATE;
    default:
      return SQL_BIND_POSTFIX;
  }
}

void sql_put_level(sql_printer *p, const sql_expr *e, int level) {
  bool paren = sql_bind_level(p->d, bind_of(e)) < level && !(p->shape && is_value(e));
  if (paren) sql_put(p, "(");
  sql_put_expr(p, e);
  if (paren) sql_put(p, ")");
}

/* The left operand of `bind`: one of the same level needs parentheses where the dialect does
 * not let comparisons follow one another. */
static void put_left(sql_printer *p, const sql_expr *e, sql_bind bind) {
  bool chain = p->d->id == SQL_SQLITE || bind < SQL_BIND_IS || bind > SQL_BIND_IN;
  sql_put_level(p, e, sql_bind_level(p->d, bind) + !chain);
}

static void put_call_of(sql_printer *p, const char *name, const sql_expr *e) {
  sql_put(p, name);
  sql_put(p, "(");
  sql_put_exprs(p, &e->args, 0);
  sql_put(p, ")");
}

/* x ILIKE y where LIKE minds case and there is no ILIKE. */
static bool put_ilike(sql_printer *p, const sql_expr *e) {
  if (e->op != SQL_OP_ILIKE || (p->d->has & SQL_HAS_ILIKE)) return false;
  if (p->d->id != SQL_ORACLE && p->d->id != SQL_TRINO) return false;
  sql_put(p, "LOWER(");
  sql_put_expr(p, e->args.items[0]);
  sql_put(p, e->negated ? ") NOT LIKE LOWER(" : ") LIKE LOWER(");
  sql_put_expr(p, e->args.items[1]);
  sql_put(p, ")");
  return true;
}

/* What the dialect writes as a call, not as an operator. */
static bool put_as_call(sql_printer *p, const sql_expr *e) {
  const char *name = NULL;
  sql_dialect_id id = p->d->id;
  if (e->op == SQL_OP_CONCAT && p->d->mysql) name = "CONCAT";
  if (e->op == SQL_OP_MOD && id == SQL_ORACLE) name = "MOD";
  if (e->op == SQL_OP_REGEXP) {
    if (id == SQL_ORACLE || id == SQL_TRINO) name = "REGEXP_LIKE";
    if (id == SQL_DUCKDB) name = "regexp_matches";
    if (id == SQL_CLICKHOUSE) name = "match";
  }
  if (!name) return false;
  if (e->negated) sql_put(p, "(NOT ");
  put_call_of(p, name, e);
  if (e->negated) sql_put(p, ")");
  return true;
}

/* x IS y over any values is SQLite's; others have it for TRUE, FALSE and NULL alone. */
static bool put_null_safe(sql_printer *p, const sql_expr *e) {
  if (e->op != SQL_OP_IS && e->op != SQL_OP_DISTINCT_FROM) return false;
  bool plain_is =
      e->op == SQL_OP_IS && (p->d->id == SQL_SQLITE || e->args.items[1]->kind == SQL_BOOL ||
                             e->args.items[1]->kind == SQL_UNKNOWN);
  if (plain_is || (e->op == SQL_OP_DISTINCT_FROM && !p->d->mysql)) return false;
  bool equal = e->op == SQL_OP_IS ? !e->negated : e->negated;
  bool inverted = !equal && p->d->mysql;
  if (inverted) sql_put(p, "(NOT ");
  put_left(p, e->args.items[0], SQL_BIND_IS);
  sql_put(p, p->d->mysql ? " <=> " : equal ? " IS NOT DISTINCT FROM " : " IS DISTINCT FROM ");
  sql_put_level(p, e->args.items[1], sql_bind_level(p->d, SQL_BIND_IS) + 1);
  if (inverted) sql_put(p, ")");
  return true;
}

/* PostgreSQL lets a subscript follow a name, a parameter or another subscript alone. */
static void put_subscripted(sql_printer *p, const sql_expr *e) {
  bool again = e->kind == SQL_BINARY && e->op == SQL_OP_OTHER && str_eq(e->text, STR("[]"));
  bool plain = e->kind == SQL_COLUMN || e->kind == SQL_PARAM || again ||
               (e->kind == SQL_CALL && p->d->id != SQL_POSTGRES) ||
               (e->kind == SQL_UNKNOWN && p->d->id != SQL_POSTGRES);
  if (!plain) sql_put(p, "(");
  sql_put_expr(p, e);
  if (!plain) sql_put(p, ")");
}

static void put_binary(sql_printer *p, const sql_expr *e) {
  sql_bind bind = bind_of(e);
  int right = sql_bind_level(p->d, bind) + 1;
  if (put_as_call(p, e) || put_null_safe(p, e) || put_ilike(p, e)) return;
  if (e->op == SQL_OP_OTHER && str_eq(e->text, STR("[]"))) {
    put_subscripted(p, e->args.items[0]);
    sql_put(p, "[");
    sql_put_expr(p, e->args.items[1]);
    sql_put(p, "]");
    return;
  }
  put_left(p, e->args.items[0], bind);
  sql_put(p, " ");
  put_op(p, e);
  sql_put(p, " ");
  sql_put_level(p, e->args.items[1], right);
  if (e->args.len < 3) return;
  sql_put(p, " ESCAPE ");
  sql_put_level(p, e->args.items[2], right);
}

static void put_unary(sql_printer *p, const sql_expr *e) {
  const sql_expr *arg = e->args.items[0];
  int level = sql_bind_level(p->d, bind_of(e));
  if (str_eq(e->text, STR("(+)"))) {
    sql_put_level(p, arg, level);
    sql_put(p, " (+)");
    return;
  }
  put_op(p, e);
  if (e->op == SQL_OP_OTHER) sql_put(p, " ");
  /* -- opens a comment, and in PostgreSQL -@ is an operator */
  if ((arg->kind == SQL_UNARY || arg->kind == SQL_PARAM) && e->op != SQL_OP_NOT) sql_put(p, " ");
  sql_put_level(p, arg, level);
}

static void put_between(sql_printer *p, const sql_expr *e) {
  int level = sql_bind_level(p->d, SQL_BIND_IN) + 1;
  put_left(p, e->args.items[0], SQL_BIND_IN);
  sql_put(p, e->negated ? " NOT BETWEEN " : " BETWEEN ");
  if (e->text.len) sql_put(p, "SYMMETRIC ");
  sql_put_level(p, e->args.items[1], level);
  sql_put(p, " AND ");
  sql_put_level(p, e->args.items[2], level);
}

static void put_in(sql_printer *p, const sql_expr *e) {
  put_left(p, e->args.items[0], SQL_BIND_IN);
  sql_put(p, e->negated ? " NOT IN (" : " IN (");
  bool values = p->shape;
  for (size_t i = 1; i < e->args.len; i++) values &= is_value(e->args.items[i]);
  if (e->query)
    sql_put_query(p, e->query);
  else if (values)
    sql_put(p, "?"); /* however many */
  else
    sql_put_exprs(p, &e->args, 1);
  sql_put(p, ")");
}

static void put_quantified(sql_printer *p, const sql_expr *e) {
  put_left(p, e->args.items[0], bind_of(e));
  sql_put(p, " ");
  put_op(p, e);
  sql_put(p, " ");
  buf_add(&p->out, e->text);
  sql_put(p, " (");
  if (e->query)
    sql_put_query(p, e->query);
  else
    sql_put_exprs(p, &e->args, 1);
  sql_put(p, ")");
}

static void put_case(sql_printer *p, const sql_expr *e) {
  size_t i = 0;
  sql_put(p, "CASE");
  if (e->has_base) sql_put(p, " "), sql_put_expr(p, e->args.items[i++]);
  for (; i + 1 < e->args.len; i += 2) {
    sql_put(p, " WHEN ");
    sql_put_expr(p, e->args.items[i]);
    sql_put(p, " THEN ");
    sql_put_expr(p, e->args.items[i + 1]);
  }
  if (e->has_else && i < e->args.len) sql_put(p, " ELSE "), sql_put_expr(p, e->args.items[i]);
  sql_put(p, " END");
}

static void put_cast(sql_printer *p, const sql_expr *e) {
  bool try = e->name.text.ptr && (p->d->has & SQL_HAS_TRY_CAST);
  sql_put(p, try ? "TRY_CAST(" : "CAST(");
  sql_put_expr(p, e->args.items[0]);
  sql_put(p, " AS ");
  if (p->shape)
    put_lower(p, e->text);
  else
    buf_add(&p->out, e->text);
  sql_put(p, ")");
}

/* ── calls ────────────────────────────────────────────────────────────────────── */

void sql_put_exprs(sql_printer *p, const sql_exprs *list, size_t from) {
  for (size_t i = from; i < list->len; i++) {
    if (i > from) sql_put(p, ", ");
    sql_put_expr(p, list->items[i]);
  }
}

/* Where the dialect has no NULLS FIRST, a sort key before the real one does the same. */
static void put_nulls_key(sql_printer *p, const sql_order *o) {
  bool by_default = (o->nulls == 1) != o->desc; /* NULL is least in the dialects without it */
  if (by_default || o->expr->kind == SQL_NUMBER) return;
  int level = sql_bind_level(p->d, SQL_BIND_IS) + 1;
  sql_put(p, "CASE WHEN ");
  sql_put_level(p, o->expr, level);
  sql_put(p, o->nulls == 1 ? " IS NULL THEN 0 ELSE 1 END, " : " IS NULL THEN 1 ELSE 0 END, ");
}

void sql_put_orders(sql_printer *p, const sql_orders *list) {
  for (size_t i = 0; i < list->len; i++) {
    const sql_order *o = &list->items[i];
    bool has_nulls = (p->d->has & SQL_HAS_NULLS_ORDER) != 0;
    if (i) sql_put(p, ", ");
    if (o->nulls && !has_nulls) put_nulls_key(p, o);
    if (p->shape && o->expr->kind == SQL_NUMBER)
      buf_add(&p->out, o->expr->text); /* an ordinal */
    else
      sql_put_expr(p, o->expr);
    if (o->desc) sql_put(p, " DESC");
    if (o->nulls && has_nulls) sql_put(p, o->nulls == 1 ? " NULLS FIRST" : " NULLS LAST");
  }
}

/* `pattern` with each % replaced by the next of `args`; gives how many were placed. */
static size_t put_pattern(sql_printer *p, str pattern, const sql_exprs *args) {
  size_t n = 0;
  int level = sql_bind_level(p->d, SQL_BIND_IN) + 1;
  for (size_t i = 0; i < pattern.len; i++) {
    if (pattern.ptr[i] != '%')
      buf_add_c(&p->out, pattern.ptr[i]);
    else if (n < args->len)
      sql_put_level(p, args->items[n++], level);
  }
  return n;
}

void sql_put_window(sql_printer *p, const sql_window *w) {
  const char *gap = "";
  sql_put(p, "(");
  if (w->base.text.ptr) sql_put_name(p, &w->base), gap = " ";
  if (w->partition_by.len) {
    sql_put(p, gap), sql_put(p, "PARTITION BY ");
    sql_put_exprs(p, &w->partition_by, 0);
    gap = " ";
  }
  if (w->order_by.len) {
    sql_put(p, gap), sql_put(p, "ORDER BY ");
    sql_put_orders(p, &w->order_by);
    gap = " ";
  }
  if (w->frame.len) sql_put(p, gap), put_pattern(p, w->frame, &w->frame_args);
  sql_put(p, ")");
}

/* f(x) FILTER (WHERE c) as f(CASE WHEN c THEN x END), for dialects without it. */
static void put_filtered_args(sql_printer *p, const sql_expr *e) {
  sql_put(p, "CASE WHEN ");
  sql_put_expr(p, e->filter);
  sql_put(p, " THEN ");
  if (e->args.len)
    sql_put_expr(p, e->args.items[0]);
  else
    sql_put(p, "1");
  sql_put(p, " END");
  if (e->args.len > 1) sql_put(p, ", "), sql_put_exprs(p, &e->args, 1);
}

static void put_args(sql_printer *p, const sql_expr *e) {
  bool filter_inside = e->filter && !(p->d->has & SQL_HAS_FILTER);
  bool separator = str_eq(e->text, STR("SEPARATOR"));
  sql_exprs args = e->args;
  if (e->distinct) sql_put(p, "DISTINCT ");
  if (separator && args.len) args.len--;
  if (e->query)
    sql_put_query(p, e->query);
  else if (filter_inside)
    put_filtered_args(p, e);
  else if (e->star)
    sql_put(p, "*");
  else if (e->text.len && !separator) {
    size_t placed = put_pattern(p, e->text, &args);
    if (placed < args.len) sql_put(p, ", "), sql_put_exprs(p, &args, placed);
  } else {
    sql_put_exprs(p, &args, 0);
  }
  if (e->order_by.len && !e->within_group)
    sql_put(p, " ORDER BY "), sql_put_orders(p, &e->order_by);
  if (!separator || args.len == e->args.len) return;
  sql_put(p, p->d->mysql ? " SEPARATOR " : ", ");
  sql_put_expr(p, e->args.items[args.len]);
}

static void put_call(sql_printer *p, const sql_expr *e) {
  bool words = e->bare || str_eq(e->name.text, STR("GROUPING SETS"));
  /* A function's name is never exact, unless it was quoted: LENGTH is PostgreSQL's length. */
  sql_word word = sql_word_find(e->name.text);
  bool callable =
      e->name.quote == 0 && (sql_word_marked(word, 'c') ||
                             (is_plain_name(p, e->name.text) && !sql_word_reserved(p->d, word)));
  put_qualified(p, e);
  if (p->shape)
    put_lower(p, e->name.text);
  else if (words || callable)
    buf_add(&p->out, e->name.text);
  else if (e->name.text.ptr)
    sql_put_name(p, &e->name);
  if (e->bare) return;
  sql_put(p, e->quote == '[' ? "[" : words ? " (" : "(");
  put_args(p, e);
  sql_put(p, e->quote == '[' ? "]" : ")");
  if (e->within_group) {
    sql_put(p, " WITHIN GROUP (ORDER BY ");
    sql_put_orders(p, &e->order_by);
    sql_put(p, ")");
  }
  if (e->filter && (p->d->has & SQL_HAS_FILTER)) {
    sql_put(p, " FILTER (WHERE ");
    sql_put_expr(p, e->filter);
    sql_put(p, ")");
  }
  if (e->nulls) sql_put(p, e->nulls == 1 ? " IGNORE NULLS" : " RESPECT NULLS");
  if (!e->over) return;
  sql_put(p, " OVER ");
  if (e->over->name.text.ptr)
    sql_put_name(p, &e->over->name);
  else
    sql_put_window(p, e->over);
}

/* ── the expression ───────────────────────────────────────────────────────────── */

static void put_text(sql_printer *p, const sql_expr *e) {
  switch (e->kind) {
    case SQL_NULL:
      sql_put(p, "NULL");
      break;
    case SQL_BOOL:
      put_bool(p, e);
      break;
    case SQL_STRING:
      put_string(p, e->text);
      break;
    case SQL_TYPED:
      put_typed(p, e);
      break;
    default:
      buf_add(&p->out, e->text);
      break; /* as written */
  }
}

static void put_kind(sql_printer *p, const sql_expr *e) {
  switch (e->kind) {
    case SQL_NULL:
    case SQL_BOOL:
    case SQL_NUMBER:
    case SQL_STRING:
    case SQL_BLOB:
    case SQL_PARAM:
    case SQL_TYPED:
    case SQL_UNKNOWN:
      put_text(p, e);
      break;
    case SQL_COLUMN:
      put_column(p, e);
      break;
    case SQL_STAR:
      put_qualified(p, e);
      sql_put(p, "*");
      break;
    case SQL_UNARY:
      put_unary(p, e);
      break;
    case SQL_BINARY:
      put_binary(p, e);
      break;
    case SQL_IS_NULL:
      put_left(p, e->args.items[0], SQL_BIND_IS);
      sql_put(p, e->negated ? " IS NOT NULL" : " IS NULL");
      break;
    case SQL_BETWEEN:
      put_between(p, e);
      break;
    case SQL_IN:
      put_in(p, e);
      break;
    case SQL_EXISTS:
      sql_put(p, e->negated ? "NOT EXISTS (" : "EXISTS (");
      sql_put_query(p, e->query);
      sql_put(p, ")");
      break;
    case SQL_SUBQUERY:
      sql_put(p, "(");
      sql_put_query(p, e->query);
      sql_put(p, ")");
      break;
    case SQL_QUANTIFIED:
      put_quantified(p, e);
      break;
    case SQL_CASE:
      put_case(p, e);
      break;
    case SQL_CAST:
      put_cast(p, e);
      break;
    case SQL_CALL:
      put_call(p, e);
      break;
    case SQL_COLLATE:
      put_left(p, e->args.items[0], SQL_BIND_COLLATE);
      sql_put(p, " COLLATE ");
      put_qualified(p, e);
      sql_put_name(p, &e->name);
      break;
    case SQL_ROW:
      sql_put(p, "(");
      sql_put_exprs(p, &e->args, 0);
      sql_put(p, ")");
      break;
  }
}

void sql_put_expr(sql_printer *p, const sql_expr *e) {
  if (!sql_put_enter(p)) return;
  if (p->shape && is_value(e))
    sql_put(p, "?");
  else
    put_kind(p, e);
  p->depth--;
}
