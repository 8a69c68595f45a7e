/* How likely stored queries are the answer to a new question. See weigh.h. */
#include "recall/weigh.h"

#include <math.h>

#include <stdlib.h>

#include "base/clock.h"
#include "recall/opposed.h"
#include "recall/probe.h"
#include "recall/recall.h"
#include "recall/slots.h"
#include "sql/sql.h"
#include "text/text.h"

static const double bias = 2.31;
static const double weights[WEIGH_N] = {
    [WEIGH_BIAS] = 1,
#define WEIGH(name, weight) [WEIGH_##name] = weight,
#include "recall/weigh.def"
#undef WEIGH
};
/* Past these a log-probability says no more. */
static const double least_fit = -12, most_fit = 6;
/* Somebody gave this query for the very same question. */
static const double same_question = 0.97;
/* Less likely ones are not worth a run. */
static const double least_belief = 0.03;

/* The operations that a question's words ask for, a bit each. */
static uint64_t ops_of(const recall_wording *w) {
  uint64_t bits = 0;
  for (uint16_t i = 0; i < w->n; i++)
    if (w->words[i].kind == WORD_OP) bits |= (uint64_t)1 << w->words[i].op;
  return bits;
}

/* ---- words that name something of the schema ---- */

static int by_value(const void *x, const void *y) {
  uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
  return (a > b) - (a < b);
}

static bool has(const recall_stems *list, uint32_t stem) {
  return list->n && bsearch(&stem, list->items, list->n, sizeof stem, by_value);
}

static size_t add_name(recall_stems *out, size_t room, const link_name *name) {
  for (int i = 0; i < name->n && out->n < room; i++)
    out->items[out->n++] = str_hash(name->stems[i]);
  return out->n;
}

/* The stems of all names of the schema. */
static bool read_vocabulary(const link_schema *s, arena *a, recall_stems *out) {
  size_t room = (size_t)LINK_MAX_NAME * (size_t)(s->n_columns + s->n_tables);
  *out = (recall_stems){ARENA_ARRAY(a, uint32_t, room + 1), 0};
  if (!out->items) return false;
  for (int i = 0; i < s->n_columns; i++) add_name(out, room, &s->columns[i].name);
  for (int i = 0; i < s->n_tables; i++) add_name(out, room, &s->tables[i].name);
  qsort(out->items, out->n, sizeof *out->items, by_value);
  return true;
}

/* The stems of the words in a query's names. */
static bool read_names(str sql, sql_dialect_id dialect, arena *a, recall_stems *out) {
  enum { ROOM = 512 };
  size_t pos = 0;
  *out = (recall_stems){ARENA_ARRAY(a, uint32_t, ROOM), 0};
  if (!out->items) return false;
  for (;;) {
    str words[LINK_MAX_NAME];
    sql_token t = sql_next_token(sql, dialect, &pos);
    if (t.kind == SQL_TOK_END) break;
    if (t.kind != SQL_TOK_WORD && t.kind != SQL_TOK_QUOTED) continue;
    int n = text_split_name(t.raw, a, words, LINK_MAX_NAME);
    for (int i = 0; i < n && out->n < ROOM; i++)
      out->items[out->n++] = str_hash(text_stem(a, words[i]));
  }
  qsort(out->items, out->n, sizeof *out->items, by_value);
  return !arena_failed(a);
}

/* Words of `x` that name something and that `y` has not. Where `in_sql`, only those count that the
 * query has as well, else those that it has not. */
static int count_apart(const recall_stems *x, const recall_stems *y, const recall_stems *names,
                       const recall_stems *sql, bool in_sql) {
  int n = 0;
  for (size_t i = 0; i < x->n; i++) {
    bool again = i && x->items[i] == x->items[i - 1];
    if (!again && !has(y, x->items[i]) && has(names, x->items[i]))
      n += has(sql, x->items[i]) == in_sql;
  }
  return n;
}

typedef struct weighing {
  const recall_probe *probe;
  recall_stems stems, names;
  const recall_nears *nears;
  const recall_own *own;
  recall_wording words, masked;
  uint64_t ops;
} weighing;

static bool same_text(str x, str y) { return str_eq_nocase(str_trim(x), str_trim(y)); }

/* `*opposed`: the stored question asks for the opposite, or counts from another day: its query
 * answers no other. */
static emend_rc read_pair(const weighing *x, const catalog *cat, const recall_near *near, arena *a,
                          recall_candidate *c, bool *opposed, emend_error *err) {
  slots_result r;
  recall_wording stored, kept;
  emend_rc rc =
      slots_reslot(near->example.question, near->example.sql, x->probe->question, cat, a, &r, err);
  if (rc) return rc;
  if (!wording_read(near->example.question, clock_now(), a, &stored))
    return err_nomem(err, "recall");
  c->sql = r.aligned ? r.sql : near->example.sql;
  recall_stems old, used;
  str masked = recall_mask_stored(near->example.question, near->example.sql, a);
  if (!masked.ptr || !recall_stems_read(masked, a, &old) ||
      !read_names(c->sql, cat->dialect, a, &used) || !wording_read(masked, clock_now(), a, &kept))
    return err_nomem(err, "recall");
  const opposed_side one = {&stored, &kept}, other = {&x->words, &x->masked};
  *opposed = recall_opposed(&one, &other, &x->names, a) || (stored.relative && !r.aligned);
  c->features[WEIGH_NAMED_NEW] = count_apart(&x->stems, &old, &x->names, &used, false);
  c->features[WEIGH_NAMED_OLD] = count_apart(&old, &x->stems, &x->names, &used, true);
  uint64_t ops = ops_of(&stored);
  c->features[WEIGH_COSINE] = near->cosine;
  c->features[WEIGH_STRAY] = !r.aligned;
  c->features[WEIGH_LOOSE] = r.n_loose;
  c->features[WEIGH_CHANGED] = r.aligned ? (double)r.changes.len : 0;
  c->features[WEIGH_OPS_NEW] = __builtin_popcountll(x->ops & ~ops);
  c->features[WEIGH_OPS_OLD] = __builtin_popcountll(ops & ~x->ops);
  c->features[WEIGH_TURNED_DOWN] = x->own->n && same_text(x->own->sqls[0], near->example.wrong_sql);
  return EMEND_OK;
}

static bool is_there(const recall_candidates *list, str sql) {
  for (size_t i = 0; i < list->len; i++)
    if (same_text(list->items[i].sql, sql)) return true;
  return false;
}

/* Questions about one database are this near to one another, whatever they ask. */
static const double usual_cosine = 0.6;

/* How far the nearest question leads over the first that has another query; negative for others
 * than the nearest. Where little was taught, over what is usual. */
static void read_leads(recall_candidates *list) {
  for (size_t i = 0; i < list->len; i++) {
    double best = usual_cosine;
    for (size_t k = 0; k < list->len; k++)
      if (k != i && list->items[k].features[WEIGH_COSINE] > best)
        best = list->items[k].features[WEIGH_COSINE];
    list->items[i].features[WEIGH_LEAD] = list->items[i].features[WEIGH_COSINE] - best;
  }
}

/* The network's opinion: of each query, and of its own best beside it. */
static emend_rc read_fits(const model *m, const catalog *cat, const weighing *x,
                          recall_candidates *list, arena *a, emend_error *err) {
  str *sqls = ARENA_ARRAY(a, str, list->len + 1);
  double *logprob = ARENA_ARRAY(a, double, list->len + 1);
  size_t n = 0;
  if (!sqls || !logprob) return err_nomem(err, "recall");
  for (size_t i = 0; i < list->len; i++) sqls[n++] = list->items[i].sql;
  sqls[n++] = x->own->n ? x->own->sqls[0] : (str){0};
  for (size_t i = 0; i < n; i++) logprob[i] = -INFINITY;
  emend_rc rc =
      m ? model_score(m, cat, x->probe->question, NULL, sqls, n, a, logprob, err) : EMEND_OK;
  if (rc) return rc;
  for (size_t i = 0; i < list->len; i++) {
    double *f = list->items[i].features, fit = logprob[i] - logprob[n - 1];
    f[WEIGH_UNKNOWN] = !isfinite(fit);
    if (isfinite(fit)) f[WEIGH_FIT] = fit < least_fit ? least_fit : fit > most_fit ? most_fit : fit;
    f[WEIGH_TOP] = x->own->n ? x->own->shares[0] : 0;
    for (size_t k = 0; k < x->own->n; k++)
      if (same_text(x->own->sqls[k], sqls[i])) f[WEIGH_SAME] += x->own->shares[k];
  }
  return EMEND_OK;
}

/* Values of the new question that the network looks for, and of which neither the stored question
 * nor its query knows: jazz tracks are not all tracks. */
static bool count_new_values(const weighing *x, const catalog *cat, recall_candidate *c, arena *a) {
  str asked = text_normalise(a, x->probe->question);
  str stored = text_normalise(a, x->nears->items[c->near].example.question);
  str sql = text_normalise(a, c->sql), own = x->own->n ? x->own->sqls[0] : (str){0};
  size_t pos = 0;
  for (;;) {
    sql_token t = sql_next_token(own, cat->dialect, &pos);
    if (t.kind == SQL_TOK_END) return !arena_failed(a);
    if (t.kind != SQL_TOK_STRING) continue;
    str value = text_normalise(a, t.raw);
    c->features[WEIGH_NEW_VALUE] += value.len > 1 && str_find(asked, value, 0) != SIZE_MAX &&
                                    str_find(stored, value, 0) == SIZE_MAX &&
                                    str_find(sql, value, 0) == SIZE_MAX;
  }
}

static double belief_of(const double *features) {
  double x = 0;
  for (int i = 0; i < WEIGH_N; i++) x += weights[i] * features[i];
  return 1 / (1 + exp(-x));
}

/* The stored query looks for a value that its own question names and this one does not, which names
 * another: what is so in Oslo says nothing of Rome. */
static bool asks_of_another(const recall_candidate *c) {
  return c->features[WEIGH_STRAY] > 0 && c->features[WEIGH_NEW_VALUE] > 0;
}

static emend_rc read_beliefs(const weighing *x, const catalog *cat, recall_candidates *list,
                             arena *a, emend_error *err) {
  str asked = recall_key(x->probe->question, a);
  bool any = false;
  for (size_t i = 0; i < list->len; i++) {
    recall_candidate *c = &list->items[i];
    str stored = recall_key(x->nears->items[c->near].example.question, a);
    if (!asked.ptr || !stored.ptr || !count_new_values(x, cat, c, a))
      return err_nomem(err, "recall");
    c->belief = belief_of(c->features);
    c->same = str_eq(asked, stored);
    if (c->same && c->belief < same_question) c->belief = same_question;
    if (!c->same && asks_of_another(c)) c->belief = 0;
    any |= c->same;
  }
  /* the others answer other questions */
  for (size_t i = 0; i < list->len; i++) {
    recall_candidate *c = &list->items[i];
    bool placed = c->features[WEIGH_STRAY] <= 0 && c->features[WEIGH_LOOSE] <= 0 &&
                  c->features[WEIGH_NEW_VALUE] <= 0;
    if (any && !c->same) c->belief *= 1 - same_question;
    c->trust = c->same || placed ? c->belief : 0;
  }
  return EMEND_OK;
}

static void sort(recall_candidates *list) {
  for (size_t i = 1; i < list->len; i++)
    for (size_t k = i; k > 0 && list->items[k].belief > list->items[k - 1].belief; k--) {
      recall_candidate swap = list->items[k];
      list->items[k] = list->items[k - 1];
      list->items[k - 1] = swap;
    }
  while (list->len && list->items[list->len - 1].belief < least_belief) list->len--;
}

emend_rc recall_weigh(const model *m, const catalog *cat, const recall_probe *probe,
                      const recall_nears *nears, const recall_own *own, arena *a,
                      recall_candidates *out, emend_error *err) {
  weighing x = {.probe = probe, .nears = nears, .own = own};
  *out = (recall_candidates){0};
  if (nears->len == 0) return EMEND_OK;
  if (!wording_read(probe->question, clock_now(), a, &x.words)) return err_nomem(err, "recall");
  x.ops = ops_of(&x.words);
  if (!wording_read(probe->masked, clock_now(), a, &x.masked) ||
      !recall_stems_read(probe->masked, a, &x.stems) ||
      !read_vocabulary(&probe->schema, a, &x.names))
    return err_nomem(err, "recall");
  for (size_t i = 0; i < nears->len; i++) {
    recall_candidate c = {.near = i, .features = {[WEIGH_BIAS] = bias}};
    bool opposed = false;
    emend_rc rc = read_pair(&x, cat, &nears->items[i], a, &c, &opposed, err);
    if (rc) return rc;
    if (!opposed && !is_there(out, c.sql) && !vec_push(a, out, c)) return err_nomem(err, "recall");
  }
  read_leads(out);
  emend_rc rc = read_fits(m, cat, &x, out, a, err);
  if (!rc) rc = read_beliefs(&x, cat, out, a, err);
  if (!rc) sort(out);
  return rc;
}
