/* Cleaning of pairs: quality, duplicates, contradictions, shares, the reserved part. See pairs.h.
 */
#include "learn/pairs.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "judge/judge.h"
#include "text/text.h"

static const char STAGE[] = "learn";
enum {
  MOST_QUESTION = 4096,
  MOST_SQL = 1 << 16,
  RUN_MS = 5000,
  WORK_BYTES = 256 << 20,
  RESERVED_PERCENT = 15,
  LEAST_PEOPLE = 3, /* from so many people on, one's share is capped … */
  MOST_PERCENT = 40 /* … at this part of what people gave */
};

const char *learn_origin_name(learn_origin origin) {
  static const char *const names[] = {"feedback", "finalized", "manual", "teacher", "synthetic"};
  return names[origin];
}

bool learn_origin_find(str name, learn_origin *out) {
  for (int i = 0; i < LEARN_N_ORIGINS; i++)
    if (str_eq(name, str_from(learn_origin_name((learn_origin)i)))) {
      *out = (learn_origin)i;
      return true;
    }
  return false;
}

const char *learn_fault_name(learn_fault fault) {
  static const char *const names[] = {"no_text",   "not_sound",    "not_run",    "unlikely",
                                      "duplicate", "contradicted", "over_share", "kept_apart"};
  return names[fault];
}

bool learn_is_reserved(const char shape[17]) {
  /* The fingerprint is mixed once more: nothing else here may depend on the same bits. */
  return str_hash64((str){shape, 16}) / 7 % 100 < RESERVED_PERCENT;
}

static bool is_made_up(const learn_pair *p) {
  return p->origin == LEARN_TEACHER || p->origin == LEARN_SYNTHETIC;
}

/* ---- one pair ---- */

static bool has_text(str s, size_t most) {
  return str_trim(s).len > 0 && s.len <= most && !memchr(s.ptr, 0, s.len) && utf8_valid(s);
}

/* A made-up pair has to convince the judge, and to bring something back. */
static emend_rc judge_pair(const learn_pair *p, const check_report *report,
                           const source_result *result, arena *work, bool *likely,
                           emend_error *err) {
  judge_intent intent;
  judge_signals signals = {0};
  emend_rc rc = judge_read(p->question, work, &intent, err);
  if (!rc) rc = judge_sql(&intent, report, work, &signals, err);
  if (!rc && result) rc = judge_result(&intent, report->query, result, work, &signals, err);
  *likely = !rc &&
            judge_band_of(judge_suspicion(&signals, JUDGE_OWN), JUDGE_OWN) == JUDGE_DELIVER &&
            (!result || result->n_rows > 0);
  return rc;
}

static emend_rc run_pair(const learn_about *about, str sql, arena *work, source_result *out,
                         bool *runs, emend_error *err) {
  source_limits limits = {.timeout_ms = RUN_MS};
  emend_error why;
  emend_rc rc = source_run(about->db, sql, &limits, work, out, &why);
  *runs = rc == EMEND_OK;
  if (rc != EMEND_ECANCELED && rc != EMEND_ENOMEM) return EMEND_OK;
  if (err) *err = why;
  return rc;
}

/* One spelling of a query: as we print it, in lower case but for its values. */
static str plain_sql(const sql_query *q, sql_dialect_id dialect, arena *a, arena *work) {
  str printed = sql_print(q, dialect, work);
  char *out = arena_strndup(a, printed.ptr, printed.len);
  size_t pos = 0;
  for (sql_token t; out && (t = sql_next_token(printed, dialect, &pos)).kind != SQL_TOK_END;)
    for (uint32_t i = t.span.from; t.kind != SQL_TOK_STRING && i < t.span.to; i++)
      out[i] = ascii_lower(out[i]);
  return (str){out, printed.len};
}

static emend_rc check_in(const learn_about *about, learn_pair *p, arena *a, arena *work, bool *good,
                         learn_fault *fault, emend_error *err) {
  check_report report;
  check_options opt = {.dialect = about->cat->dialect};
  source_result result = {0};
  str mended;
  int n_mended;
  bool runs = true;
  *fault = LEARN_NOT_SOUND;
  emend_rc rc = check_sql(p->sql, about->cat, &opt, work, &report, err);
  if (rc || !report.ok || !report.safe || !report.query) return rc;
  rc = check_mend_dq_text(p->sql, &report, work, &mended, &n_mended, err);
  if (!rc && about->db) rc = run_pair(about, mended, work, &result, &runs, err);
  *fault = LEARN_NOT_RUN;
  if (rc || !runs) return rc;
  *fault = LEARN_UNLIKELY;
  *good = true;
  if (is_made_up(p)) rc = judge_pair(p, &report, about->db ? &result : NULL, work, good, err);
  if (rc || !*good) return rc;
  p->normal = text_normalise(a, p->question);
  p->plain = plain_sql(report.query, about->cat->dialect, a, work);
  rc = sql_fingerprint(report.query, work, p->shape);
  return rc || arena_failed(a) ? err_nomem(err, STAGE) : EMEND_OK;
}

emend_rc learn_pair_check(const learn_about *about, learn_pair *p, arena *a, bool *good,
                          learn_fault *fault, emend_error *err) {
  *good = false;
  *fault = LEARN_NO_TEXT;
  if (!has_text(p->question, MOST_QUESTION) || !has_text(p->sql, MOST_SQL)) return EMEND_OK;
  arena *work = arena_create(WORK_BYTES);
  if (!work) return err_nomem(err, STAGE);
  emend_rc rc = check_in(about, p, a, work, good, fault, err);
  arena_destroy(work);
  if (rc == EMEND_ELIMIT) rc = EMEND_OK; /* too deep or too long to look at: not good */
  if (rc) *good = false;
  return rc;
}

/* ---- all of them together ---- */

/* Most trusted first; among equals the newest. */
static int by_trust(const void *x, const void *y) {
  const learn_pair *p = x, *q = y;
  if (p->origin != q->origin) return p->origin < q->origin ? -1 : 1;
  int at = str_cmp(q->at, p->at);
  return at ? at : str_cmp(p->parent, q->parent);
}

/* Kept pairs of one SQL, or of one question. */
typedef VEC(size_t) places;

static places *places_of(map *m, str key, arena *a) {
  places *found = map_get(m, key);
  if (found) return found;
  found = ARENA_NEW(a, places);
  return found && map_put(m, key, found) ? found : NULL;
}

static size_t count_shared(str x, str y, size_t *n_x, size_t *n_y) {
  size_t shared = 0;
  *n_x = *n_y = 0;
  for (size_t i = 0; i <= x.len;) {
    size_t end = str_find(x, STR(" "), i);
    if (end == SIZE_MAX) end = x.len;
    str word = str_slice(x, i, end);
    (*n_x)++;
    for (size_t j = 0; j <= y.len;) {
      size_t stop = str_find(y, STR(" "), j);
      if (stop == SIZE_MAX) stop = y.len;
      if (str_eq(word, str_slice(y, j, stop))) {
        shared++;
        break;
      }
      j = stop + 1;
    }
    i = end + 1;
  }
  for (size_t j = 0; j < y.len; j++) *n_y += y.ptr[j] == ' ';
  (*n_y)++;
  return shared;
}

/* Nine words in ten the same. */
static bool nearly_same(str x, str y) {
  size_t n_x, n_y, shared = count_shared(x, y, &n_x, &n_y);
  return shared * 10 >= (n_x + n_y - shared) * 9;
}

typedef struct cleaning {
  arena *a;
  map *by_question, *by_sql, *by_person;
  learn_pairs *out;
  learn_cleaning *report;
  size_t from_people;
  bool capped;
} cleaning;

static bool is_known(const cleaning *c, const learn_pair *p, const places *same_question,
                     const places *same_sql, learn_fault *fault) {
  *fault = LEARN_DUPLICATE;
  for (size_t i = 0; i < same_sql->len; i++)
    if (nearly_same(c->out->items[same_sql->items[i]].normal, p->normal)) return true;
  *fault = LEARN_CONTRADICTED;
  return same_question->len > 0;
}

/* One person's pairs, counted; true when there are more than their share. */
static bool over_share(cleaning *c, const learn_pair *p) {
  if (is_made_up(p) || p->by.len == 0) return false;
  uintptr_t n = (uintptr_t)map_get(c->by_person, p->by);
  if (c->capped && (n + 1) * 100 > c->from_people * MOST_PERCENT) return true;
  map_put(c->by_person, p->by, (void *)(n + 1));
  return false;
}

static emend_rc keep_pair(cleaning *c, learn_pair *p, emend_error *err) {
  learn_fault fault;
  places *same_question = places_of(c->by_question, p->normal, c->a);
  places *same_sql = places_of(c->by_sql, p->plain, c->a);
  if (!same_question || !same_sql) return err_nomem(err, STAGE);
  bool reserved = learn_is_reserved(p->shape);
  bool known = is_known(c, p, same_question, same_sql, &fault);
  if (!known && over_share(c, p)) known = true, fault = LEARN_OVER_SHARE;
  if (!known && reserved && is_made_up(p)) known = true, fault = LEARN_KEPT_APART;
  if (known) {
    c->report->left_out[fault]++;
    return EMEND_OK;
  }
  p->reserved = reserved;
  if (!vec_push(c->a, same_question, c->out->len) || !vec_push(c->a, same_sql, c->out->len) ||
      !vec_push(c->a, c->out, *p))
    return err_nomem(err, STAGE);
  c->report->kept[p->origin]++;
  c->report->n_reserved += reserved;
  return EMEND_OK;
}

static bool is_canceled(const learn_about *about, unsigned before) {
  return about->cancels && atomic_load(about->cancels) != before;
}

/* The good ones of `in`, by trust. */
static emend_rc choose_good(const learn_about *about, const learn_pairs *in, arena *a,
                            learn_pairs *good, learn_cleaning *report, emend_error *err) {
  unsigned before = about->cancels ? atomic_load(about->cancels) : 0;
  for (size_t i = 0; i < in->len; i++) {
    learn_pair p = in->items[i];
    learn_fault fault;
    bool fine;
    if (is_canceled(about, before)) return err_set(err, EMEND_ECANCELED, STAGE, "canceled");
    emend_rc rc = learn_pair_check(about, &p, a, &fine, &fault, err);
    if (rc) return rc;
    if (!fine)
      report->left_out[fault]++;
    else if (!vec_push(a, good, p))
      return err_nomem(err, STAGE);
  }
  if (good->len) qsort(good->items, good->len, sizeof *good->items, by_trust);
  return EMEND_OK;
}

static void count_people(cleaning *c, const learn_pairs *good) {
  map *people = map_create(c->a, false);
  for (size_t i = 0; people && i < good->len; i++) {
    const learn_pair *p = &good->items[i];
    if (is_made_up(p)) continue;
    c->from_people++;
    if (p->by.len) map_put(people, p->by, people);
  }
  c->capped = people && map_len(people) >= LEAST_PEOPLE;
}

emend_rc learn_pairs_clean(const learn_about *about, const learn_pairs *in, arena *a,
                           learn_pairs *out, learn_cleaning *report, emend_error *err) {
  learn_pairs good = {0};
  *out = (learn_pairs){0};
  *report = (learn_cleaning){0};
  cleaning c = {.a = a,
                .by_question = map_create(a, false),
                .by_sql = map_create(a, false),
                .by_person = map_create(a, false),
                .out = out,
                .report = report};
  if (!c.by_question || !c.by_sql || !c.by_person) return err_nomem(err, STAGE);
  emend_rc rc = choose_good(about, in, a, &good, report, err);
  if (!rc) count_people(&c, &good);
  for (size_t i = 0; !rc && i < good.len; i++) rc = keep_pair(&c, &good.items[i], err);
  return rc;
}
