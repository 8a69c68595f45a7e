/* A statement on one line: line breaks and comments between its tokens become one space, so that a
 * comment to the end of its line does not swallow what follows. */
#include <string.h>

#include "sql/sql.h"

/** Is there more than blanks between two tokens, or a line break? */
static bool is_wide(str gap) {
  for (size_t i = 0; i < gap.len; i++)
    if (gap.ptr[i] != ' ') return true;
  return false;
}

str sql_one_line(str text, sql_dialect_id dialect, arena *a) {
  char *out = arena_alloc(a, text.len + 1);
  size_t n = 0, pos = 0, before = 0;
  if (!out) return (str){NULL, 0};
  for (;;) {
    sql_token t = sql_next_token(text, dialect, &pos);
    bool end = t.kind == SQL_TOK_END;
    str gap = str_slice(text, before, end ? text.len : t.span.from);
    if (end) break;
    if (is_wide(gap) && n) out[n++] = ' ';
    if (!is_wide(gap) && gap.len) {
      memcpy(out + n, gap.ptr, gap.len);
      n += gap.len;
    }
    memcpy(out + n, t.raw.ptr, t.raw.len);
    n += t.raw.len;
    before = t.span.to;
  }
  return (str){out, n};
}
