/* Safety of the text as a whole: one statement, a query, nothing in it that the parser skipped and
 * that could write, lock, or call what is off the list. Calls in the tree are judged in calls.c. */
#include "check/functions.h"

static const char *const effect_words[] = {
    "ALTER",  "ATTACH",   "BEGIN",    "CALL",     "COMMIT", "COPY",     "CREATE",
    "DELETE", "DETACH",   "DROP",     "DUMPFILE", "EXEC",   "EXECUTE",  "GRANT",
    "INSERT", "INTO",     "KILL",     "LOAD",     "LOCK",   "MERGE",    "OUTFILE",
    "PRAGMA", "REINDEX",  "RELEASE",  "REPLACE",  "REVOKE", "ROLLBACK", "SAVEPOINT",
    "SET",    "SHUTDOWN", "TRUNCATE", "UPDATE",   "UPSERT", "VACUUM"};

static bool is_effect_word(str word) {
  for (size_t i = 0; i < sizeof effect_words / sizeof *effect_words; i++)
    if (str_eq_nocase(word, str_from(effect_words[i]))) return true;
  return false;
}

static str unquoted(sql_token t) {
  return t.kind == SQL_TOK_QUOTED && t.raw.len >= 2 ? str_slice(t.raw, 1, t.raw.len - 1) : t.raw;
}

static bool may_call(const check_ctx *c, sql_token t) {
  str name = unquoted(t);
  if (t.kind == SQL_TOK_WORD && sql_is_reserved(c->dialect, name) &&
      !function_find(c->dialect, name, 1))
    return true; /* IN (…, AND (…: no call */
  const check_function *f = function_find(c->dialect, name, 1);
  if (f) return f->class != FN_DENIED;
  for (size_t i = 0; c->options && i < c->options->n_extra_functions; i++)
    if (str_eq_nocase(c->options->extra_functions[i], name)) return true;
  return false;
}

static void unsafe_token(check_ctx *c, sql_token t, const char *what) {
  c->unsafe = true;
  if (!diag_wanted(c)) return;
  str text = str_from(arena_printf(c->a, "%s %.*s", what, STR_ARG(t.raw)));
  diag_add(c, CHECK_UNSAFE_SYNTAX, t.span, text, NO_STR, NO_STR);
}

static bool is_op(sql_token t, const char *op) {
  return t.kind == SQL_TOK_OP && str_eq(t.raw, str_from(op));
}

/* A name that ends the span may be that of a call which goes on behind it. ":name" may be the end
 * of a slice "[1:name(…)]". */
void safety_scan(check_ctx *c, sql_span span) {
  size_t pos = span.from;
  bool after_dot = false;
  sql_token t = sql_next_token(c->sql, c->dialect, &pos);
  while (t.kind != SQL_TOK_END && t.span.from < span.to) {
    sql_token next = sql_next_token(c->sql, c->dialect, &pos);
    bool name = t.kind == SQL_TOK_WORD || t.kind == SQL_TOK_QUOTED;
    if (is_op(t, ";"))
      unsafe_token(c, t, "a statement separator,");
    else if (is_op(next, "(") && (name || t.kind == SQL_TOK_PARAM)) {
      if (!name || after_dot || !may_call(c, t)) unsafe_token(c, t, "a call of");
    } else if (t.kind == SQL_TOK_WORD && !after_dot && is_effect_word(t.raw)) {
      unsafe_token(c, t, "the word");
    }
    after_dot = is_op(t, ".");
    t = next;
  }
}

static void issue(check_ctx *c, const sql_issue *i) {
  static const check_code codes[] = {[SQL_ISSUE_SYNTAX] = CHECK_SYNTAX,
                                     [SQL_ISSUE_UNKNOWN] = CHECK_UNKNOWN_SYNTAX,
                                     [SQL_ISSUE_DIALECT] = CHECK_WRONG_DIALECT,
                                     [SQL_ISSUE_TOO_DEEP] = CHECK_TOO_DEEP,
                                     [SQL_ISSUE_WRITE] = CHECK_WRITE_IN_QUERY};
  diag *d = diag_add(c, codes[i->kind], i->span, str_from(i->message), NO_STR, NO_STR);
  if (d && i->hint) d->expected = str_from(i->hint);
  if (i->kind == SQL_ISSUE_UNKNOWN || i->kind == SQL_ISSUE_SYNTAX) safety_scan(c, i->span);
  if (i->kind != SQL_ISSUE_UNKNOWN && i->kind != SQL_ISSUE_DIALECT) c->unsafe = true;
}

static void statement(check_ctx *c, const sql_statement *s) {
  check_code code = s->kind == SQL_STMT_WRITE     ? CHECK_WRITE_STATEMENT
                    : s->kind == SQL_STMT_SESSION ? CHECK_SESSION_STATEMENT
                                                  : CHECK_NOT_SQL;
  if (s->kind == SQL_STMT_QUERY) return;
  c->unsafe = true;
  diag_add(c, code, s->span, s->verb, NO_STR, NO_STR);
}

void safety_check(check_ctx *c, const sql_parsed *p) {
  if (!p->statements.len) {
    c->unsafe = true;
    diag_add(c, CHECK_NO_STATEMENT, (sql_span){0, (uint32_t)c->sql.len}, NO_STR, NO_STR, NO_STR);
  }
  for (size_t i = 0; i < p->statements.len; i++) {
    statement(c, &p->statements.items[i]);
    if (i != 1) continue;
    c->unsafe = true;
    diag_add(c, CHECK_MANY_STATEMENTS, p->statements.items[i].span, NO_STR, NO_STR, NO_STR);
  }
  for (size_t i = 0; i < p->issues.len; i++) issue(c, &p->issues.items[i]);
}
