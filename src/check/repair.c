/* Mending without asking anyone: faults whose first suggestion is good and well ahead of the next,
 * put in place by editing the text, and checked again. Safety faults are left as they are. */
#include <string.h>

#include "base/err.h"
#include "check/context.h"

enum { MAX_ROUNDS = 4 };
static const double LEAD = 0.07; /* how far ahead of the next a mend must be */

typedef struct edit {
  sql_span span;
  str text;
} edit;
typedef VEC(edit) edits;

/** The suggestion that may be put in place, or NULL. */
static const diag_suggestion *clear_mend(const diag *d) {
  const check_code_info *info = check_code_named(d->code);
  if (d->safety || !info || info->mend <= 0 || !d->suggestions.len) return NULL;
  const diag_suggestion *first = &d->suggestions.items[0];
  if (first->score < info->mend) return NULL;
  if (d->suggestions.len > 1 && first->score - d->suggestions.items[1].score < LEAD) return NULL;
  return first;
}

static bool add_edit(arena *a, edits *l, sql_span span, str text) {
  size_t at = l->len;
  for (size_t i = 0; i < l->len; i++)
    if (span.from < l->items[i].span.to && l->items[i].span.from < span.to) return true;
  if (!vec_push(a, l, ((edit){span, text}))) return false;
  for (; at > 0 && l->items[at - 1].span.from > span.from; at--) l->items[at] = l->items[at - 1];
  l->items[at] = (edit){span, text};
  return true;
}

/** `sql` with the edits made; {NULL,0} when out of memory. */
static str apply(str sql, const edits *l, arena *a) {
  size_t len = sql.len, n = 0, from = 0;
  for (size_t i = 0; i < l->len; i++) len += l->items[i].text.len;
  char *out = arena_alloc(a, len + 1);
  if (!out) return NO_STR;
  for (size_t i = 0; i <= l->len; i++) {
    size_t to = i < l->len ? l->items[i].span.from : sql.len;
    if (to > from) memcpy(out + n, sql.ptr + from, to - from);
    n += to - from;
    if (i == l->len) break;
    if (l->items[i].text.len) memcpy(out + n, l->items[i].text.ptr, l->items[i].text.len);
    n += l->items[i].text.len;
    from = l->items[i].span.to;
  }
  return (str){out, n};
}

/* ---- "text" ---- */

emend_rc check_mend_dq_text(str sql, const check_report *report, arena *a, str *out, int *n,
                            emend_error *err) {
  edits l = {0};
  *out = sql;
  *n = 0;
  for (size_t i = 0; i < report->diags.len; i++) {
    const diag *d = &report->diags.items[i];
    if (strcmp(d->code, check_code_of(CHECK_DQ_STRING)->code) != 0 || !d->suggestions.len) continue;
    if (!add_edit(a, &l, d->suggestions.items[0].span, d->suggestions.items[0].text))
      return err_nomem(err, "check");
  }
  str mended = l.len ? apply(sql, &l, a) : sql;
  if (!mended.ptr && sql.len) return err_nomem(err, "check");
  *out = mended;
  *n = (int)l.len;
  return EMEND_OK;
}

/* ---- faults ---- */

static size_t count_errors(const check_report *r, const char *code) {
  size_t n = 0;
  for (size_t i = 0; i < r->diags.len; i++)
    if (code ? strcmp(r->diags.items[i].code, code) == 0 : r->diags.items[i].severity == DIAG_ERROR)
      n++;
  return n;
}

/** Another dialect's forms: what was understood is written out anew in ours. */
static str translate(const check_report *r, sql_dialect_id dialect, arena *a) {
  if (!r->query || !count_errors(r, check_code_of(CHECK_WRONG_DIALECT)->code)) return NO_STR;
  if (count_errors(r, check_code_of(CHECK_SYNTAX)->code) ||
      count_errors(r, check_code_of(CHECK_UNKNOWN_SYNTAX)->code))
    return NO_STR;
  return sql_print(r->query, dialect, a);
}

/** One round of mends; *n counts them. */
static emend_rc mend_once(str sql, const check_report *r, sql_dialect_id dialect, arena *a,
                          str *out, int *n, emend_error *err) {
  edits l = {0};
  *out = sql;
  *n = 0;
  for (size_t i = 0; i < r->diags.len; i++) {
    const diag_suggestion *s = clear_mend(&r->diags.items[i]);
    if (s && !add_edit(a, &l, s->span, s->text)) return err_nomem(err, "check");
  }
  str mended = l.len ? apply(sql, &l, a) : translate(r, dialect, a);
  if (arena_failed(a)) return err_nomem(err, "check");
  if (!mended.ptr || str_eq(mended, sql)) return EMEND_OK;
  *out = mended;
  *n = l.len ? (int)l.len : 1;
  return EMEND_OK;
}

emend_rc check_repair(str sql, const check_report *report, const catalog *cat,
                      sql_dialect_id dialect, arena *a, str *out, int *n, emend_error *err) {
  check_options opt = report->options;
  check_report now = *report;
  *out = sql;
  *n = 0;
  for (size_t i = 0; i < report->diags.len; i++)
    if (report->diags.items[i].safety) return EMEND_OK;
  opt.dialect = dialect;
  for (int round = 0; round < MAX_ROUNDS; round++) {
    str tried;
    int made;
    emend_rc rc = mend_once(*out, &now, dialect, a, &tried, &made, err);
    if (rc != EMEND_OK) return rc;
    if (!made) break;
    check_report after;
    rc = check_sql(tried, cat, &opt, a, &after, err);
    if (rc != EMEND_OK) return rc;
    size_t before = count_errors(&now, NULL), left = count_errors(&after, NULL);
    if (left > before || (left == before && after.diags.len >= now.diags.len)) break;
    *out = tried;
    *n += made;
    now = after;
  }
  return EMEND_OK;
}
