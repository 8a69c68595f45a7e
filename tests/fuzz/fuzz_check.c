/* SQL from a stranger against a small schema. What is reported safe begins as a query and holds no
 * second statement; every diagnostic points into the text; a repair never mends what is a matter
 * of safety (a function of another dialect it may, though no such call would have run). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "check/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const catalog *small_schema(void) {
  static catalog *c;
  if (!c && catalog_from_json(EMEND_SOURCE_DIR "/tests/fuzz/schema.json", STR("shop"), &c, NULL)) {
    fprintf(stderr, "fuzz_check: no tests/fuzz/schema.json\n");
    abort();
  }
  return c;
}

static bool is_dangerous(const check_report *r) {
  for (size_t i = 0; i < r->diags.len; i++)
    if (r->diags.items[i].safety) return true;
  return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1 || size > 1 << 16) return 0;
  check_options opt = {.dialect = (sql_dialect_id)(data[0] % SQL_N_DIALECTS)};
  const catalog *cat = small_schema();
  str text = {(const char *)data + 1, size - 1};
  arena *a = arena_create((size_t)1 << 28);
  if (!a) return 0;
  check_report r = {0};
  emend_rc rc = check_sql(text, cat, &opt, a, &r, NULL);
  if (rc != EMEND_OK && rc != EMEND_ELIMIT) abort();
  if (rc == EMEND_OK) {
    if (r.safe && (!r.query || r.parsed.statements.len != 1)) abort();
    for (size_t i = 0; i < r.diags.len; i++) {
      const diag *d = &r.diags.items[i];
      if (d->span.from > d->span.to || d->span.to > text.len) abort();
      if ((d->weight >= 1) != (d->severity == DIAG_ERROR)) abort();
    }
    str mended;
    int n = 0;
    check_report again = {0};
    if (check_repair(text, &r, cat, opt.dialect, a, &mended, &n, NULL) == EMEND_OK && n > 0 &&
        is_dangerous(&r) && check_sql(mended, cat, &opt, a, &again, NULL) == EMEND_OK &&
        !is_dangerous(&again))
      abort();
  }
  arena_destroy(a);
  return 0;
}
