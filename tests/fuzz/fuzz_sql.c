/* The first byte chooses the dialect, the rest is SQL. Every token lies in the text and the lexer
 * goes on; the parser comes back with a tree or issues within its limits; a walk sees all of it;
 * what parses without an issue prints, parses again without one, and is equal; its fingerprint
 * is that of what was printed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sql/sql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static sql_walk_next count_expr(void *ctx, sql_expr *e) {
  if (!e) abort();
  ++*(size_t *)ctx;
  return SQL_WALK_ON;
}

static void read_tokens(str text, sql_dialect_id dialect) {
  for (size_t pos = 0;;) {
    size_t before = pos;
    sql_token t = sql_next_token(text, dialect, &pos);
    if (t.kind == SQL_TOK_END) break;
    if (pos <= before || pos > text.len) abort();
    if (t.span.to > text.len || t.span.from >= t.span.to) abort();
  }
}

static void come_back(const sql_query *q, sql_dialect_id dialect, arena *a) {
  sql_parsed again;
  char before[17], after[17];
  str text = sql_print(q, dialect, a);
  if (!text.ptr || sql_fingerprint(q, a, before) != EMEND_OK) return; /* out of memory */
  if (sql_parse(text, dialect, a, &again, NULL) != EMEND_OK) return;
  if (again.issues.len || again.statements.len != 1) abort();
  if (!sql_equal(q, again.statements.items[0].query)) abort();
  if (sql_fingerprint(again.statements.items[0].query, a, after) != EMEND_OK) return;
  if (strcmp(before, after) != 0) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1 || size > 1 << 16) return 0;
  sql_dialect_id dialect = (sql_dialect_id)(data[0] % SQL_N_DIALECTS);
  str text = {(const char *)data + 1, size - 1};
  arena *a = arena_create((size_t)1 << 28);
  if (!a) return 0;
  read_tokens(text, dialect);
  sql_parsed parsed = {0};
  emend_rc rc = sql_parse(text, dialect, a, &parsed, NULL);
  if (rc != EMEND_OK && rc != EMEND_ELIMIT) abort();
  for (size_t i = 0; rc == EMEND_OK && i < parsed.statements.len; i++) {
    const sql_statement *s = &parsed.statements.items[i];
    if (s->span.to > text.len) abort();
    if (s->kind == SQL_STMT_QUERY && !s->query) abort();
    size_t n = 0;
    sql_visitor v = {.expr = count_expr, .ctx = &n};
    if (s->query && !sql_walk_query(s->query, &v)) abort();
    if (s->query && parsed.issues.len == 0) come_back(s->query, dialect, a);
  }
  arena_destroy(a);
  return 0;
}
