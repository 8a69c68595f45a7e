/* Checking and running a corrected SQL; see feedback_check.h. Keeps nothing. */
#include "learn/feedback_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/jw.h"

enum { RUN_MS = 10000, RUN_ROWS = 5000, SHOWN_ROWS = 5, SHOWN_COLUMNS = 12, SHOWN_TEXT = 80 };

static bool add_fault(diag_list *faults, arena *a, const char *code, const char *message) {
  diag d = {.code = code, .severity = DIAG_ERROR, .weight = 1};
  d.message = arena_str(a, str_from(message));
  return d.message.ptr && vec_push(a, faults, d);
}

static emend_rc check(const learn_subject *s, str sql, arena *a, check_report *out,
                      emend_error *err) {
  const check_options opt = {
      .dialect = s->cat->dialect, .others = s->others, .n_others = s->n_others};
  return check_sql(sql, s->cat, &opt, a, out, err);
}

static emend_rc check_all(const learn_subject *s, store_feedback *f, arena *a, check_report *report,
                          diag_list *faults, emend_error *err) {
  str mended;
  int n = 0;
  emend_rc rc = check(s, f->sql, a, report, err);
  if (!rc) rc = check_mend_dq_text(f->sql, report, a, &mended, &n, err);
  if (!rc && n) {
    f->sql = mended;
    rc = check(s, f->sql, a, report, err);
  }
  if (rc) return rc;
  for (size_t i = 0; i < report->diags.len; i++)
    if (report->diags.items[i].severity == DIAG_ERROR &&
        !vec_push(a, faults, report->diags.items[i]))
      return err_nomem(err, "feedback");
  if (!report->safe && !faults->len &&
      !add_fault(faults, a, "unsafe", "this cannot be shown to only read"))
    return err_nomem(err, "feedback");
  return EMEND_OK;
}

/* ---- results ---- */

static bool reads_private(const check_report *report, const catalog *cat) {
  for (size_t i = 0; i < report->tables.len; i++) {
    const cat_table *t = catalog_table(cat, report->tables.items[i]);
    for (int c = 0; t && c < t->n_columns; c++)
      if (cat->columns[t->first_column + c].values_private) return true;
  }
  return false;
}

static void write_cell(jw *w, const cell *c) {
  switch (c->kind) {
    case CELL_NULL:
      jw_null(w, NULL);
      break;
    case CELL_INT:
      jw_int(w, NULL, c->i);
      break;
    case CELL_BOOL:
      jw_bool(w, NULL, c->i != 0);
      break;
    case CELL_REAL:
      jw_real(w, NULL, c->r);
      break;
    case CELL_TEXT:
      jw_str(w, NULL, str_slice(c->text, 0, c->text.len < SHOWN_TEXT ? c->text.len : SHOWN_TEXT));
      break;
    case CELL_BLOB:
      jw_null(w, NULL);
      break;
  }
}

/* The first rows, for a reviewer to look at. */
static str preview(const source_result *r, arena *a) {
  buf b;
  jw w;
  size_t columns = r->n_columns < SHOWN_COLUMNS ? r->n_columns : SHOWN_COLUMNS;
  buf_init(&b, 1 << 20);
  jw_begin(&w, &b);
  jw_object(&w, NULL);
  jw_array(&w, "columns");
  for (size_t c = 0; c < columns; c++) jw_str(&w, NULL, r->names[c]);
  jw_array_end(&w);
  jw_array(&w, "rows");
  for (size_t i = 0; i < r->n_rows && i < SHOWN_ROWS; i++) {
    jw_array(&w, NULL);
    for (size_t c = 0; c < columns; c++) write_cell(&w, &r->cells[i * r->n_columns + c]);
    jw_array_end(&w);
  }
  jw_array_end(&w);
  jw_int(&w, "row_count", (int64_t)r->n_rows);
  jw_bool(&w, "truncated", r->truncated);
  jw_object_end(&w);
  str out = b.failed ? (str){0} : arena_str(a, buf_str(&b));
  buf_free(&b);
  return out;
}

static str row_text(const source_result *r, size_t row, arena *a) {
  buf b;
  jw w;
  buf_init(&b, 1 << 22);
  jw_begin(&w, &b);
  jw_array(&w, NULL);
  for (size_t c = 0; c < r->n_columns; c++) {
    const cell *x = &r->cells[row * r->n_columns + c];
    if (x->kind == CELL_TEXT || x->kind == CELL_BLOB)
      jw_str(&w, NULL, x->text);
    else
      write_cell(&w, x);
  }
  jw_array_end(&w);
  str out = b.failed ? (str){0} : arena_str(a, buf_str(&b));
  buf_free(&b);
  return out;
}

static int compare_rows(const void *x, const void *y) {
  return str_cmp(*(const str *)x, *(const str *)y);
}

/* Do the two results show the same rows (in the same order, where the query asks for one)? */
static emend_rc compare(const source_result *x, const source_result *y, bool ordered, arena *a,
                        int *differs, emend_error *err) {
  *differs = 1;
  if (x->n_rows != y->n_rows || x->n_columns != y->n_columns) return EMEND_OK;
  str *left = ARENA_ARRAY(a, str, x->n_rows + 1), *right = ARENA_ARRAY(a, str, x->n_rows + 1);
  if (!left || !right) return err_nomem(err, "feedback");
  for (size_t i = 0; i < x->n_rows; i++) {
    left[i] = row_text(x, i, a);
    right[i] = row_text(y, i, a);
    if (!left[i].ptr || !right[i].ptr) return err_nomem(err, "feedback");
  }
  if (!ordered && x->n_rows) {
    qsort(left, x->n_rows, sizeof *left, compare_rows);
    qsort(right, x->n_rows, sizeof *right, compare_rows);
  }
  for (size_t i = 0; i < x->n_rows; i++)
    if (!str_eq(left[i], right[i])) return EMEND_OK;
  *differs = 0;
  return EMEND_OK;
}

static emend_rc run(const learn_subject *s, str sql, arena *a, source_result *out, bool *ran,
                    emend_error *err) {
  const source_limits limits = {.timeout_ms = RUN_MS, .max_rows = RUN_ROWS};
  emend_rc rc = source_run(s->db, sql, &limits, a, out, err);
  *ran = rc == EMEND_OK;
  bool of_the_query =
      rc == EMEND_EDB || rc == EMEND_EREFUSED || rc == EMEND_ETIMEOUT || rc == EMEND_ELIMIT;
  return of_the_query ? EMEND_OK : rc;
}

/* What was generated, as it would have run; it need not be right, nor even run. */
static emend_rc run_wrong(const learn_subject *s, const store_feedback *f, arena *a,
                          check_report *report, source_result *out, bool *ran) {
  diag_list ignored = {0};
  store_feedback wrong = {.sql = f->wrong_sql};
  *ran = false;
  emend_rc rc = check_all(s, &wrong, a, report, &ignored, NULL);
  if (rc || ignored.len || !report->safe) return rc == EMEND_ENOMEM ? rc : EMEND_OK;
  return run(s, wrong.sql, a, out, ran, NULL);
}

static emend_rc run_both(const learn_subject *s, store_feedback *f, const check_report *report,
                         arena *a, diag_list *faults, emend_error *err) {
  source_result right, wrong;
  check_report old;
  emend_error e;
  bool ran = false;
  emend_rc rc = run(s, f->sql, a, &right, &ran, &e);
  if (rc) {
    if (err) *err = e;
    return rc;
  }
  if (!ran)
    return add_fault(faults, a, "database_error", e.msg) ? EMEND_OK : err_nomem(err, "feedback");
  bool private = reads_private(report, s->cat);
  f->result = private ? (str){0} : preview(&right, a);
  f->wrong_result = (str){0};
  f->differs = -1;
  if (!f->wrong_sql.len) return EMEND_OK;
  rc = run_wrong(s, f, a, &old, &wrong, &ran);
  if (rc) return err_set(err, rc, "feedback", "what was generated cannot be run beside it");
  f->differs = 1;
  if (!ran) return EMEND_OK;
  if (!private && !reads_private(&old, s->cat)) f->wrong_result = preview(&wrong, a);
  bool ordered = report->query && report->query->order_by.len > 0;
  return compare(&right, &wrong, ordered, a, &f->differs, err);
}

emend_rc learn_feedback_check(const learn_subject *s, store_feedback *f, arena *a,
                              diag_list *faults, bool *sound, emend_error *err) {
  check_report report;
  f->sql = str_trim(f->sql);
  f->differs = -1;
  emend_rc rc = check_all(s, f, a, &report, faults, err);
  if (!rc && !faults->len && s->db) rc = run_both(s, f, &report, a, faults, err);
  *sound = faults->len == 0;
  if (rc || !*sound) return rc;
  f->shape = report.query ? sql_print(report.query, s->cat->dialect, a) : f->sql;
  return f->shape.ptr ? EMEND_OK : err_nomem(err, "feedback");
}
