/* FROM: tables, derived tables, table functions, and joins in every spelling. */
#include "sql/parse.h"

/* ── joins ────────────────────────────────────────────────────────────────────── */

typedef struct join_words {
  bool natural, left, right, full, inner, cross, outer, apply, asof, odd;
} join_words;

/* T-SQL: INNER HASH JOIN, LEFT LOOP JOIN. */
static bool is_join_hint(sql_parser *p) {
  str raw = sql_peek(p, 0)->token.raw;
  if (p->d->id != SQL_TSQL || sql_peek_word(p, 1) != SQL_W_JOIN) return false;
  return str_eq_nocase(raw, STR("HASH")) || str_eq_nocase(raw, STR("LOOP")) ||
         str_eq_nocase(raw, STR("MERGE")) || str_eq_nocase(raw, STR("REMOTE"));
}

/* Takes one word before JOIN; false when it is none. */
static bool take_join_word(sql_parser *p, join_words *j) {
  sql_word w = sql_peek_word(p, 0);
  switch (w) {
    case SQL_W_NATURAL:
      j->natural = true;
      break;
    case SQL_W_LEFT:
      j->left = true;
      break;
    case SQL_W_RIGHT:
      j->right = true;
      break;
    case SQL_W_FULL:
      j->full = true;
      break;
    case SQL_W_INNER:
      j->inner = true;
      break;
    case SQL_W_CROSS:
      j->cross = true;
      break;
    case SQL_W_OUTER:
      j->outer = true;
      break;
    case SQL_W_ASOF:
      j->asof = true;
      break;
    default:
      if (!sql_word_marked(w, 'k') && !is_join_hint(p)) return false;
      j->odd = true;
  }
  sql_take(p);
  return true;
}

bool sql_at_join(sql_parser *p) {
  sql_word w = sql_peek_word(p, 0), next;
  switch (w) {
    case SQL_W_JOIN:
      return true;
    case SQL_W_STRAIGHT_JOIN:
      return p->d->mysql;
    case SQL_W_NATURAL:
    case SQL_W_LEFT:
    case SQL_W_RIGHT:
    case SQL_W_FULL:
    case SQL_W_INNER:
      return sql_peek_op(p, 1) != OP1('(');
    case SQL_W_CROSS:
    case SQL_W_OUTER:
      next = sql_peek_word(p, 1);
      return next == SQL_W_JOIN || next == SQL_W_APPLY || next == SQL_W_LEFT ||
             next == SQL_W_NATURAL || next == SQL_W_INNER || next == SQL_W_RIGHT ||
             next == SQL_W_FULL;
    default:
      return sql_word_marked(w, 'k') && sql_at_clause(p);
  }
}

static sql_join_kind join_kind(const join_words *j) {
  if (j->full || (j->left && j->right)) return SQL_JOIN_FULL;
  if (j->left) return SQL_JOIN_LEFT;
  if (j->right) return SQL_JOIN_RIGHT;
  return j->cross ? SQL_JOIN_CROSS : SQL_JOIN_INNER;
}

/* The words of a join, up to and with JOIN or APPLY. */
static void take_join(sql_parser *p, sql_from *f) {
  join_words j = {0};
  uint32_t from = sql_here(p);
  if (!sql_accept_word(p, SQL_W_STRAIGHT_JOIN)) {
    while (take_join_word(p, &j)) continue;
    j.apply = sql_peek_word(p, 0) == SQL_W_APPLY;
    if (j.apply)
      sql_take(p);
    else
      sql_expect_word(p, SQL_W_JOIN, "expected JOIN");
  }
  f->join_span = sql_span_from(p, from);
  f->join = join_kind(&j);
  f->natural = j.natural;
  f->asof = j.asof;
  if (j.odd)
    sql_report(p, SQL_ISSUE_UNKNOWN, f->join_span, "a kind of join that is not understood", NULL);
  if (f->join == SQL_JOIN_FULL)
    sql_need(p, SQL_HAS_FULL_JOIN, f->join_span, "FULL JOIN is not in this dialect",
             "use a UNION of a LEFT and a RIGHT JOIN");
  if (j.natural)
    sql_need(p, SQL_HAS_NATURAL, f->join_span, "NATURAL JOIN is not in this dialect",
             "write ON with the columns");
  if (j.outer && !(j.left || j.right || j.full || j.apply))
    sql_report(p, SQL_ISSUE_SYNTAX, f->join_span, "OUTER needs LEFT, RIGHT or FULL", NULL);
  if (!j.apply) return;
  sql_need(p, SQL_HAS_APPLY, f->join_span, "APPLY is not in this dialect", "use JOIN LATERAL");
  f->join = j.outer ? SQL_JOIN_LEFT : SQL_JOIN_CROSS;
  f->lateral = true; /* marks APPLY: no ON follows */
}

static void parse_bare_using(sql_parser *p, sql_from *f) {
  do {
    sql_name name = sql_expect_name(p, "expected a name");
    if (name.text.ptr && !vec_push(p->a, &f->using_names, name)) p->no_memory = true;
  } while (sql_accept_op(p, OP1(',')));
}

static void parse_join_condition(sql_parser *p, sql_from *f) {
  sql_span at = sql_peek(p, 0)->token.span;
  if (sql_accept_word(p, SQL_W_ON)) {
    f->on = sql_parse_expr(p);
  } else if (sql_accept_word(p, SQL_W_USING)) {
    sql_need(p, SQL_HAS_USING, at, "USING is not in this dialect", "write ON with the columns");
    if (p->d->id == SQL_CLICKHOUSE && sql_is_name(p, sql_peek(p, 0))) /* USING a, b */
      parse_bare_using(p, f);
    else if (sql_expect_op(p, OP1('('), "expected ("))
      sql_parse_names(p, &f->using_names);
    if (p->d->id == SQL_POSTGRES && sql_accept_word(p, SQL_W_AS))
      f->using_alias = sql_expect_name(p, "expected a name after AS");
  } else {
    bool free = f->natural || f->join == SQL_JOIN_CROSS || f->join == SQL_JOIN_COMMA ||
                f->lateral || p->d->id == SQL_SQLITE ||
                (p->d->mysql && f->join == SQL_JOIN_INNER) || p->d->id == SQL_CLICKHOUSE ||
                p->d->id == SQL_DUCKDB;
    if (!free) sql_report_here(p, "expected ON or USING");
    return;
  }
  if (f->natural) sql_report(p, SQL_ISSUE_SYNTAX, at, "a NATURAL JOIN takes no ON or USING", NULL);
}

static sql_from *parse_item(sql_parser *p);

/* Where a join must have its ON, `a JOIN b JOIN c ON … ON …` nests to the right. */
static sql_from *parse_right_side(sql_parser *p, const sql_from *f) {
  sql_from *right = parse_item(p);
  bool needs_on =
      f->join != SQL_JOIN_CROSS && f->join != SQL_JOIN_COMMA && !f->natural && !f->lateral;
  if (p->d->id == SQL_SQLITE || !needs_on || !sql_at_join(p) || !sql_enter(p)) return right;
  right = sql_parse_joins(p, right);
  sql_leave(p);
  return right;
}

/* Joins after `left`: all of them, and where commas bind like joins, these too. */
sql_from *sql_parse_joins(sql_parser *p, sql_from *left) {
  for (;;) {
    bool comma = p->d->comma_is_join && sql_peek_op(p, 0) == OP1(',');
    if (!comma && !sql_at_join(p)) return left;
    sql_from *f = sql_make_from(p, SQL_FROM_JOIN, left->span.from);
    f->left = left;
    if (comma) {
      f->join_span = sql_take(p).token.span;
      f->join = SQL_JOIN_COMMA;
    } else {
      take_join(p, f);
    }
    f->right = parse_right_side(p, f);
    if (f->lateral) f->right->lateral = true;
    parse_join_condition(p, f);
    left = sql_close_from(p, f);
  }
}

sql_from *sql_parse_from_list(sql_parser *p) {
  sql_from *left = sql_parse_joins(p, parse_item(p));
  sql_word w = sql_peek_word(p, 0);
  if (w == SQL_W_ON || (w == SQL_W_USING && sql_peek_word(p, 1) != SQL_W_SAMPLE)) {
    sql_report_here(p, "a JOIN must come before ON and USING");
    sql_from scrap = {.join = SQL_JOIN_INNER};
    parse_join_condition(p, &scrap);
    left = sql_parse_joins(p, left);
  }
  while (sql_peek_op(p, 0) == OP1(',')) {
    sql_from *f = sql_make_from(p, SQL_FROM_JOIN, left->span.from);
    f->join = SQL_JOIN_COMMA;
    f->join_span = sql_take(p).token.span;
    f->left = left;
    f->right = sql_parse_joins(p, parse_item(p));
    left = sql_close_from(p, f);
  }
  return left;
}

/* ── what is joined ───────────────────────────────────────────────────────────── */

/* T-SQL: FROM t (NOLOCK). */
static bool at_old_hint(sql_parser *p) {
  return p->d->id == SQL_TSQL && sql_peek_op(p, 0) == OP1('(') &&
         sql_word_marked(sql_peek_word(p, 1), 'l');
}

/* PostgreSQL: a function that gives records has its columns defined where it is called. */
static void parse_column_definitions(sql_parser *p, sql_from *f) {
  do {
    sql_name name = sql_expect_name(p, "expected a name");
    bool typed = name.text.ptr && sql_peek_op(p, 0) != OP1(',') && sql_peek_op(p, 0) != OP1(')');
    str type = typed ? sql_parse_type(p) : STR("");
    if (typed && sql_peek_word(p, 0) == SQL_W_COLLATE) {
      sql_take(p);
      sql_expect_name(p, "expected a collation's name");
    }
    if (name.text.ptr && !vec_push(p->a, &f->column_aliases, name)) p->no_memory = true;
    if (name.text.ptr && !vec_push(p->a, &f->column_types, type)) p->no_memory = true;
  } while (sql_accept_op(p, OP1(',')));
  sql_expect_op(p, OP1(')'), "expected )");
}

static bool defines_columns(const sql_parser *p, const sql_from *f) {
  return (p->d->id == SQL_POSTGRES || p->d->id == SQL_DUCKDB) &&
         (f->kind == SQL_FROM_CALL || f->kind == SQL_FROM_UNKNOWN);
}

/* f(…) AS (a int, b text), where the columns are named and the table is not. */
static bool at_bare_definitions(sql_parser *p, const sql_from *f) {
  return defines_columns(p, f) && sql_peek_word(p, 0) == SQL_W_AS && sql_peek_op(p, 1) == OP1('(');
}

static void parse_column_aliases(sql_parser *p, sql_from *f) {
  if (!f->alias.text.ptr || sql_peek_op(p, 0) != OP1('(')) return;
  if (!sql_is_name(p, sql_peek(p, 1)) || at_old_hint(p)) return;
  sql_span at = sql_take(p).token.span;
  if (defines_columns(p, f)) {
    parse_column_definitions(p, f);
    return;
  }
  sql_parse_names(p, &f->column_aliases);
  if (p->d->id == SQL_SQLITE)
    sql_report(p, SQL_ISSUE_DIALECT, sql_span_from(p, at.from),
               "a table alias takes no column names here", "name the columns inside, with AS");
}

static void take_words(sql_parser *p, int n) {
  while (n-- > 0) sql_take(p);
}

/* ( … ), whatever is in it; true when it asks for a lock. */
static bool take_group(sql_parser *p) {
  bool locks = false;
  if (!sql_accept_op(p, OP1('('))) return false;
  for (size_t open = 0; sql_peek(p, 0)->token.kind != SQL_TOK_END; sql_take(p)) {
    const sql_lexeme *t = sql_peek(p, 0);
    locks |= t->word == SQL_W_UPDLOCK || t->word == SQL_W_XLOCK || t->word == SQL_W_TABLOCKX ||
             t->word == SQL_W_TABLOCK || t->word == SQL_W_HOLDLOCK;
    if (t->op == OP1('(')) open++;
    if (t->op == OP1(';') || (t->op == OP1(')') && open-- == 0)) break;
  }
  sql_expect_op(p, OP1(')'), "expected )");
  return locks;
}

/* FOR SYSTEM_TIME AS OF x, BETWEEN x AND y, FROM x TO y; Oracle's AS OF SCN x. */
static void take_period(sql_parser *p, bool bare) {
  int level = sql_bind_level(p->d, SQL_BIND_ADD);
  if (!bare) take_words(p, 2);
  if (sql_accept_word(p, SQL_W_ALL)) return;
  bool as_of = sql_accept_word(p, SQL_W_AS);
  sql_take(p); /* OF, BETWEEN, FROM */
  if (as_of && (sql_peek_word(p, 0) == SQL_W_TIMESTAMP || sql_peek_word(p, 0) == SQL_W_SCN))
    sql_take(p);
  sql_parse_level(p, level);
  if (as_of) return;
  if (sql_accept_word(p, SQL_W_AND) || sql_accept_word(p, SQL_W_TO)) sql_parse_level(p, level);
}

/* TABLESAMPLE method (n) REPEATABLE (n); SAMPLE (n); ClickHouse's SAMPLE 1/10 OFFSET 1/2. */
static void take_sample(sql_parser *p) {
  bool plain = p->d->id == SQL_CLICKHOUSE;
  sql_take(p);
  if (plain) {
    sql_parse_level(p, sql_bind_level(p->d, SQL_BIND_ADD));
    if (sql_accept_word(p, SQL_W_OFFSET)) sql_parse_level(p, sql_bind_level(p->d, SQL_BIND_ADD));
    return;
  }
  if (sql_peek_op(p, 0) != OP1('(')) sql_take(p);
  take_group(p);
  if (sql_accept_word(p, SQL_W_REPEATABLE)) take_group(p);
}

static void take_index_hint(sql_parser *p) {
  take_words(p, 2);
  if (sql_accept_word(p, SQL_W_FOR)) {
    sql_take(p); /* JOIN, ORDER or GROUP */
    if (sql_peek_word(p, 0) == SQL_W_BY) sql_take(p);
  }
  take_group(p);
}

/* One hint or sample of a table: text that we pass over. *locks: it locks. */
static bool take_table_hint(sql_parser *p, bool *locks) {
  if (at_old_hint(p)) {
    *locks = take_group(p);
    return true;
  }
  sql_word w = sql_peek_word(p, 0), next = sql_peek_word(p, 1);
  bool group = sql_peek_op(p, 1) == OP1('(');
  sql_dialect_id id = p->d->id;
  switch (w) {
    case SQL_W_TABLESAMPLE:
      take_sample(p);
      return true;
    case SQL_W_SAMPLE:
      if (id != SQL_CLICKHOUSE && !(id == SQL_ORACLE && (group || next == SQL_W_BLOCK)))
        return false;
      take_sample(p);
      return true;
    case SQL_W_USE:
    case SQL_W_FORCE:
    case SQL_W_IGNORE:
      if (next != SQL_W_INDEX && next != SQL_W_KEY) return false;
      take_index_hint(p);
      return true;
    case SQL_W_WITH:
      if (!group || id != SQL_TSQL) return false;
      break;
    case SQL_W_PARTITION:
      if (!group || (!p->d->mysql && id != SQL_ORACLE)) return false;
      break;
    case SQL_W_FOR:
      if (next != SQL_W_SYSTEM_TIME && next != SQL_W_VERSION && next != SQL_W_TIMESTAMP)
        return false;
      take_period(p, false);
      return true;
    case SQL_W_AS:
      if (id != SQL_ORACLE || next != SQL_W_OF) return false;
      take_period(p, true);
      return true;
    default:
      return false;
  }
  sql_take(p);
  *locks = take_group(p);
  return true;
}

static void parse_table_hints(sql_parser *p) {
  for (;;) {
    uint32_t from = sql_here(p);
    bool locks = false;
    if (p->d->id == SQL_CLICKHOUSE && sql_accept_word(p, SQL_W_FINAL)) continue;
    if (!take_table_hint(p, &locks)) return;
    if (locks)
      sql_report(p, SQL_ISSUE_WRITE, sql_span_from(p, from), "a lock inside a query", NULL);
    else
      sql_report_unknown(p, from);
  }
}

static void parse_sqlite_index(sql_parser *p, sql_from *f) {
  sql_word w = sql_peek_word(p, 0), next = sql_peek_word(p, 1);
  if (p->d->id != SQL_SQLITE) return;
  if (w == SQL_W_INDEXED && next == SQL_W_BY) {
    sql_take(p);
    sql_take(p);
    f->indexed_by = sql_expect_name(p, "expected an index's name");
  } else if (w == SQL_W_NOT && next == SQL_W_INDEXED) {
    sql_take(p);
    sql_take(p);
    f->not_indexed = true;
  }
}

/* PIVOT (…), MATCH_RECOGNIZE (…): a new table out of `f`, of which we know nothing. */
static sql_from *transform_item(sql_parser *p, sql_from *f) {
  for (;;) {
    sql_word w = sql_peek_word(p, 0);
    bool known = w == SQL_W_PIVOT || w == SQL_W_UNPIVOT || w == SQL_W_MATCH_RECOGNIZE;
    if (!known || sql_peek_op(p, 1) != OP1('(')) return f;
    uint32_t from = sql_here(p);
    sql_from *made = sql_make_from(p, SQL_FROM_UNKNOWN, f->span.from);
    sql_take(p);
    take_group(p);
    sql_report_unknown(p, from);
    made->left = f;
    made->text = sql_raw(p, sql_span_from(p, f->span.from));
    made->alias = sql_parse_alias(p, false);
    f = sql_close_from(p, made);
  }
}

/* What may follow any item: WITH ORDINALITY, alias, hints, INDEXED BY. */
static sql_from *finish_item(sql_parser *p, sql_from *f) {
  if (sql_peek_word(p, 0) == SQL_W_WITH && sql_peek_word(p, 1) == SQL_W_ORDINALITY) {
    sql_take(p);
    sql_take(p);
    f->ordinality = true;
  }
  parse_table_hints(p);
  if (at_bare_definitions(p, f)) {
    sql_take(p);
    sql_take(p);
    parse_column_definitions(p, f);
  }
  sql_name alias = sql_parse_alias(p, false);
  if (alias.text.ptr) f->alias = alias;
  parse_column_aliases(p, f);
  parse_table_hints(p);
  parse_sqlite_index(p, f);
  return transform_item(p, sql_close_from(p, f));
}

static sql_from *from_query(sql_parser *p, sql_query *q, uint32_t from) {
  sql_from *f = sql_make_from(p, SQL_FROM_QUERY, from);
  f->query = q;
  return f;
}

/* ( query ), ( joins ); the alias after the ) is left to the caller. */
static sql_from *parse_paren(sql_parser *p) {
  uint32_t from = sql_take(p).token.span.from;
  sql_from *f;
  if (sql_at_query_start(p, 0) && sql_peek_op(p, 0) != OP1('(')) {
    f = from_query(p, sql_parse_query(p), from);
  } else if (sql_peek_op(p, 0) == OP1('(') && sql_enter(p)) {
    f = parse_paren(p);
    sql_leave(p);
    bool query = f->kind == SQL_FROM_QUERY && !f->alias.text.ptr;
    sql_word w = sql_peek_word(p, 0);
    if (query && (sql_at_set_op(p) || w == SQL_W_ORDER || w == SQL_W_LIMIT))
      f = from_query(p, sql_parse_query_rest(p, f->query), from);
    else
      f = sql_parse_joins(p, finish_item(p, f));
  } else {
    f = sql_parse_from_list(p);
    if (f->kind == SQL_FROM_JOIN && f->join == SQL_JOIN_COMMA && !p->d->comma_is_join &&
        !p->d->mysql)
      sql_report(p, SQL_ISSUE_DIALECT, f->join_span, "a comma cannot stand in ( ) here",
                 "write CROSS JOIN");
  }
  if (sql_peek_op(p, 0) != OP1(')') && !sql_at_query_end(p))
    sql_skip_unknown(p, false, "expected )");
  sql_expect_op(p, OP1(')'), "expected )");
  f->span = sql_span_from(p, from);
  if (f->kind == SQL_FROM_QUERY) {
    f->query->parenthesized = true;
    f->query->span = f->span;
  }
  return f;
}

static void set_call(sql_parser *p, sql_from *f, sql_expr *call) {
  f->kind = SQL_FROM_CALL;
  f->call = call;
  if (call->kind != SQL_CALL) { /* with text that we do not know; the call stays for walks */
    f->kind = SQL_FROM_UNKNOWN;
    f->text = sql_raw(p, call->span);
    return;
  }
  if (call->star && p->d->id == SQL_SQLITE)
    sql_report(p, SQL_ISSUE_SYNTAX, call->span, "* cannot stand here", NULL);
}

void sql_become_call(sql_parser *p, sql_from *f) {
  sql_expr *call = sql_make_expr(p, SQL_CALL, f->span.from);
  bool three = f->database.text.ptr != NULL;
  call->schema = three ? f->database : f->schema;
  call->table = three ? f->schema : (sql_name){0};
  call->name = f->name;
  f->database = f->schema = f->name = (sql_name){0};
  set_call(p, f, sql_parse_call(p, call));
}

/* [[database.]schema.]name, or a call. */
static sql_from *parse_table(sql_parser *p) {
  sql_from *f = sql_make_from(p, SQL_FROM_TABLE, sql_here(p));
  sql_expr *special = sql_peek_op(p, 1) == OP1('(') ? sql_parse_special_call(p) : NULL;
  if (special) {
    set_call(p, f, special);
    return finish_item(p, f);
  }
  f->name = sql_at_bracket_name(p) ? sql_take_bracket_name(p) : sql_take_name(p);
  while (sql_accept_op(p, OP1('.'))) {
    if (f->schema.text.ptr && p->d->id == SQL_SQLITE)
      sql_report(p, SQL_ISSUE_SYNTAX, sql_span_from(p, f->span.from), "a table has one schema here",
                 NULL);
    if (f->database.text.ptr)
      sql_report(p, SQL_ISSUE_UNKNOWN, f->database.span, "a name of more than three parts", NULL);
    f->database = f->schema;
    f->schema = f->name;
    f->name = (sql_name){0};
    if (sql_peek_op(p, 0) == OP1('.') && p->d->id == SQL_TSQL) continue; /* database..table */
    bool any =
        (p->d->mysql || p->d->id == SQL_POSTGRES) && sql_peek(p, 0)->token.kind == SQL_TOK_WORD;
    f->name = any ? sql_take_name(p) : sql_expect_name(p, "expected a table's name");
  }
  if (p->d->id == SQL_POSTGRES) sql_accept_op(p, OP1('*')); /* with its descendants, as always */
  if (sql_peek_op(p, 0) == OP1('(') && !at_old_hint(p)) sql_become_call(p, f);
  return finish_item(p, f);
}

static sql_from *missing_item(sql_parser *p, const char *message) {
  sql_from *f = sql_make_from(p, SQL_FROM_UNKNOWN, p->last_end);
  sql_report_here(p, message);
  f->text = STR("");
  return sql_close_from(p, f);
}

static bool names_table(sql_parser *p, const sql_lexeme *t) {
  if (t->token.kind == SQL_TOK_STRING) return p->d->id == SQL_SQLITE || p->d->id == SQL_DUCKDB;
  if (t->token.kind == SQL_TOK_PARAM) return p->d->id == SQL_TSQL; /* a table variable */
  if (t->word && sql_peek_op(p, 1) == OP1('(') &&
      (t->word == SQL_W_UNNEST || t->word == SQL_W_JSON_TABLE || t->word == SQL_W_TABLE ||
       t->word == SQL_W_OPENROWSET || t->word == SQL_W_OPENQUERY || t->word == SQL_W_OPENXML ||
       t->word == SQL_W_OPENDATASOURCE || t->word == SQL_W_LEFT || t->word == SQL_W_REPLACE))
    return true;
  return sql_is_name(p, t);
}

/* PostgreSQL: FROM current_date, FROM CAST(…). */
static sql_from *from_value(sql_parser *p) {
  sql_from *f = sql_make_from(p, SQL_FROM_CALL, sql_here(p));
  set_call(p, f, sql_parse_primary(p));
  if (f->kind == SQL_FROM_UNKNOWN) sql_report_unknown(p, f->span.from);
  return f;
}

static bool is_lone_reserved(sql_parser *p, const sql_lexeme *t) {
  if (t->token.kind != SQL_TOK_WORD) return false;
  if (t->word == SQL_W_ORDER || t->word == SQL_W_GROUP) return sql_peek_word(p, 1) != SQL_W_BY;
  return !sql_at_clause(p) && !sql_at_join(p);
}

static sql_from *parse_item(sql_parser *p) {
  uint32_t from = sql_here(p);
  bool lateral = false;
  if (sql_peek_word(p, 0) == SQL_W_LATERAL && sql_peek_word(p, 1) != SQL_W_VIEW &&
      (p->d->id != SQL_SQLITE || sql_peek_op(p, 1) == OP1('('))) {
    sql_need(p, SQL_HAS_LATERAL, sql_take(p).token.span, "LATERAL is not in this dialect", NULL);
    lateral = true;
  }
  if (sql_peek_word(p, 0) == SQL_W_ONLY && p->d->id == SQL_POSTGRES) sql_take(p);
  const sql_lexeme t = *sql_peek(p, 0);
  sql_from *f;
  if (t.op == OP1('(')) {
    if (!sql_enter(p)) {
      sql_skip_to_close(p);
      return missing_item(p, "nested too deeply");
    }
    f = finish_item(p, parse_paren(p));
    sql_leave(p);
  } else if (t.word == SQL_W_VALUES) {
    f = sql_make_from(p, SQL_FROM_VALUES_, from);
    f->query = sql_parse_query(p);
    if (p->d->id != SQL_DUCKDB)
      sql_report(p, SQL_ISSUE_DIALECT, f->query->span, "VALUES needs parentheses here",
                 "write (VALUES …)");
    f = finish_item(p, f);
  } else if (t.word == SQL_W_ROWS && sql_peek_word(p, 1) == SQL_W_FROM) { /* ROWS FROM (f(), g()) */
    sql_take(p);
    sql_take(p);
    if (sql_expect_op(p, OP1('('), "expected (")) sql_skip_to_close(p);
    sql_expect_op(p, OP1(')'), "expected )");
    f = sql_make_from(p, SQL_FROM_UNKNOWN, from);
    f->text = sql_raw(p, sql_span_from(p, from));
    sql_report_unknown(p, from);
    f = finish_item(p, f);
  } else if (t.word == SQL_W_SELECT) {
    sql_report_here(p, "expected ( around the query");
    f = finish_item(p, from_query(p, sql_parse_query(p), from));
  } else if (p->d->id == SQL_POSTGRES && sql_word_reserved(p->d, t.word) &&
             (sql_word_marked(t.word, 'b') || t.word == SQL_W_CAST)) {
    f = finish_item(p, from_value(p));
  } else if (names_table(p, &t) || sql_at_bracket_name(p)) {
    f = parse_table(p);
  } else if (is_lone_reserved(p, &t)) {
    sql_report_here(p, "a reserved word, to be quoted as a name");
    f = parse_table(p);
  } else {
    f = missing_item(p, "expected a table");
  }
  f->lateral |= lateral;
  return f;
}
