/* The figures of an evaluation: shares, groups, percentiles; and its log's lines. */
#include "learn/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"

typedef struct group {
  const char *name;
  size_t n, right;
} group;
typedef VEC(group) groups;

static bool add_to_group(groups *g, arena *a, str name, bool right) {
  for (size_t i = 0; i < g->len; i++)
    if (str_eq(str_from(g->items[i].name), name)) {
      g->items[i].n++;
      g->items[i].right += right;
      return true;
    }
  const char *copy = arena_strndup(a, name.ptr, name.len);
  return copy && vec_push(a, g, (group){copy, 1, right});
}

static int by_name(const void *x, const void *y) {
  return strcmp(((const emend_eval_group *)x)->name, ((const emend_eval_group *)y)->name);
}

static const emend_eval_group *finish_groups(const groups *g, arena *a, bool sorted) {
  emend_eval_group *out = ARENA_ARRAY(a, emend_eval_group, g->len + 1);
  for (size_t i = 0; out && i < g->len; i++)
    out[i] = (emend_eval_group){g->items[i].name, g->items[i].n,
                                (double)g->items[i].right / (double)g->items[i].n};
  if (out && sorted) qsort(out, g->len, sizeof *out, by_name);
  return out;
}

static int ascending(const void *x, const void *y) {
  double a = *(const double *)x, b = *(const double *)y;
  return a < b ? -1 : a > b ? 1 : 0;
}

/* The nearest rank. */
static double percentile(const double *sorted, size_t n, double share) {
  if (n == 0) return 0;
  size_t i = (size_t)(share * (double)n);
  return sorted[i < n ? i : n - 1];
}

static void count_words(const report_rows *rows, emend_eval_report *out) {
  size_t fates[ASK_WORDS_NOT_ANSWERING + 1] = {0}, n = 0;
  double ms = 0;
  for (size_t i = 0; i < rows->len; i++) {
    const report_row *r = &rows->items[i];
    if (r->words_ms <= 0) continue;
    n++;
    ms += r->words_ms;
    fates[r->words]++;
  }
  double all = n ? (double)n : 1;
  out->n_worded = n;
  out->words = (double)fates[ASK_WORDS_MODELS] / all;
  out->words_turned_down = (double)fates[ASK_WORDS_TURNED_DOWN] / all;
  out->not_answering = (double)fates[ASK_WORDS_NOT_ANSWERING] / all;
  out->words_mean_ms = ms / all;
}

bool report_sum_up(const report_rows *rows, arena *a, emend_eval_report *out) {
  groups dbs = {0}, levels = {0};
  size_t n = 0, right = 0, first = 0, valid = 0, delivered = 0, wrong = 0, attempts = 0;
  double *ms = ARENA_ARRAY(a, double, rows->len + 1);
  static const char *const order[] = {"easy", "medium", "hard", "extra"};
  if (!ms) return false;
  for (size_t l = 0; l < 4; l++) /* in the order that people know, those that occur */
    for (size_t i = 0; i < rows->len; i++)
      if (rows->items[i].counted && strcmp(rows->items[i].level, order[l]) == 0 &&
          !add_to_group(&levels, a, str_from(order[l]), rows->items[i].right))
        return false;
  for (size_t i = 0; i < rows->len; i++) {
    const report_row *r = &rows->items[i];
    if (!r->counted) continue;
    ms[n++] = r->ms;
    right += r->right;
    first += r->first_right;
    valid += r->valid;
    delivered += r->delivered;
    wrong += r->delivered && !r->right && !r->warned;
    attempts += (size_t)r->attempts;
    if (!add_to_group(&dbs, a, r->db_id, r->right)) return false;
  }
  qsort(ms, n, sizeof *ms, ascending);
  double all = n ? (double)n : 1;
  *out = (emend_eval_report){.n = n,
                             .ex = (double)right / all,
                             .ex_first = (double)first / all,
                             .valid = (double)valid / all,
                             .delivered = (double)delivered / all,
                             .wrong_delivered = (double)wrong / all,
                             .attempts_mean = (double)attempts / all,
                             .p50_ms = percentile(ms, n, .5),
                             .p95_ms = percentile(ms, n, .95),
                             .n_dbs = dbs.len,
                             .n_hardness = levels.len,
                             .by_db = finish_groups(&dbs, a, true),
                             .by_hardness = finish_groups(&levels, a, false)};
  count_words(rows, out);
  return !arena_failed(a);
}

void report_log_line(const report_row *r, buf *b) {
  jw w;
  jw_begin(&w, b);
  jw_object(&w, NULL);
  jw_str(&w, "db_id", r->db_id);
  jw_str(&w, "question", r->question);
  if (r->sql.len)
    jw_str(&w, "sql", r->sql);
  else
    jw_null(&w, "sql");
  jw_text(&w, "status", r->status);
  jw_fixed(&w, "confidence", r->confidence, 4);
  jw_bool(&w, "warned", r->warned);
  jw_int(&w, "attempts", r->attempts);
  if (r->first_sql.len)
    jw_str(&w, "first_sql", r->first_sql);
  else
    jw_null(&w, "first_sql");
  if (r->counted)
    jw_bool(&w, "right", r->right);
  else
    jw_null(&w, "right");
  jw_fixed(&w, "ms", r->ms, 3);
  jw_object_end(&w);
}
