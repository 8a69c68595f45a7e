/* A question and a query from strangers (a line each): intent, signals and words hold together
 * whatever they are. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "ask/ask.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_result(const judge_intent *in, sql_query *q, str question, arena *a) {
  str names[2] = {STR("n"), question};
  cell cells[4] = {{.kind = CELL_INT, .i = (int64_t)question.len},
                   {.kind = CELL_TEXT, .text = question},
                   {.kind = CELL_NULL},
                   {.kind = CELL_REAL, .r = 0.1}};
  for (size_t rows = 0; rows <= 2; rows++) {
    judge_signals signals = {0};
    source_result r = {.n_columns = rows == 1 ? 1 : 2,
                       .n_rows = rows,
                       .names = names,
                       .types = names,
                       .cells = cells};
    if (judge_result(in, q, &r, a, &signals, NULL) != EMEND_OK) abort();
    str words = ask_verbalise(in, &r, a);
    if (!words.ptr || words.len == 0 || words.len > 1 << 16) abort();
    if (utf8_valid(question) && !utf8_valid(words)) abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > ASK_MAX_QUESTION) return 0;
  str all = {(const char *)data, size};
  size_t end = str_find(all, STR("\n"), 0);
  str question = str_slice(all, 0, end == SIZE_MAX ? size : end);
  str sql = end == SIZE_MAX ? STR("SELECT 1") : str_slice(all, end + 1, size);
  arena *a = arena_create((size_t)1 << 28);
  if (!a) return 0;
  judge_intent in;
  check_report report = {0};
  judge_signals signals = {0};
  check_options opt = {.dialect = SQL_SQLITE};
  if (judge_read(question, a, &in, NULL) != EMEND_OK) abort();
  if ((in.request == JUDGE_QUESTION) != (in.reason.len == 0)) abort();
  if (check_sql(sql, NULL, &opt, a, &report, NULL) == EMEND_OK) {
    if (judge_sql(&in, &report, a, &signals, NULL) != EMEND_OK) abort();
    double p = judge_suspicion(&signals, JUDGE_OWN);
    if (!(p > 0 && p < 1) || isnan(p)) abort();
    try_result(&in, report.query, question, a);
  }
  arena_destroy(a);
  return 0;
}
