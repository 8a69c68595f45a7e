/* What the network and the links say of given queries as answers to a question: not only how
 * probable each is, but which of the question's words it leaves aside and which of its columns
 * nothing asks for. Works for queries that the IR cannot say. See model.h. */
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "model/model_parts.h"

/* Probabilities are kept away from 0 and 1, so that one mistaken belief is not everything. */
static const double least_belief = 0.02;

static double belief(const reading *r, int node) {
  double p = (double)r->used[node];
  return p < least_belief ? least_belief : p > 1 - least_belief ? 1 - least_belief : p;
}

static double log_odds(double p) { return log(p / (1 - p)); }

/* Does a word of the question, beyond mere likeness, point at this column or its values? */
static bool is_asked_for(const reading *r, int column) {
  for (int w = 0; w < r->q.n; w++) {
    if (r->q.words[w].flags & LINK_WORD_STOP) continue;
    if (r->links.columns[w * r->s.n_columns + column] >= LINK_PARTIAL) return true;
  }
  return false;
}

/* A word that names something outright, where nothing that it names is read. */
static bool is_left_aside(const reading *r, const model_query *q, int word) {
  bool named = false;
  for (int t = 0; t < r->s.n_tables; t++) {
    if (r->links.tables[word * r->s.n_tables + t] != LINK_EXACT) continue;
    if (q->tables[r->s.tables[t].id]) return false;
    named = true;
  }
  for (int c = 0; c < r->s.n_columns; c++) {
    if (r->links.columns[word * r->s.n_columns + c] != LINK_EXACT) continue;
    if (q->columns[r->s.columns[c].id]) return false;
    named = true;
  }
  return named;
}

/* Keys are read by joins, which no question mentions. */
static bool is_key(const link_column *c) {
  return (c->flags & (LINK_COL_PRIMARY | LINK_COL_FOREIGN)) != 0;
}

static void view_columns(const reading *r, const model_query *q, model_view *v) {
  double all = 0;
  v->least_used = log_odds(1 - least_belief);
  v->most_unused = log_odds(least_belief);
  for (int c = 0; c < r->s.n_columns; c++) {
    double p = belief(r, features_column(&r->f, c)), odds = log_odds(p);
    bool read = q->columns[r->s.columns[c].id];
    all += log(read ? p : 1 - p);
    if (read && !is_key(&r->s.columns[c])) {
      if (odds < v->least_used) v->least_used = odds;
      v->unasked_columns += !is_asked_for(r, c);
    }
    if (!read && odds > v->most_unused) v->most_unused = odds;
  }
  v->columns_logprob = all;
}

static void view_tables(const reading *r, const model_query *q, model_view *v) {
  v->least_table = log_odds(1 - least_belief);
  v->most_table_unused = log_odds(least_belief);
  for (int t = 0; t < r->s.n_tables; t++) {
    double best = belief(r, features_table(&r->f, t));
    for (int c = 0; c < r->s.n_columns; c++)
      if (r->s.columns[c].table == t) {
        double p = belief(r, features_column(&r->f, c));
        if (p > best) best = p;
      }
    bool read = q->tables[r->s.tables[t].id];
    if (read && log_odds(best) < v->least_table) v->least_table = log_odds(best);
    if (!read && log_odds(best) > v->most_table_unused) v->most_table_unused = log_odds(best);
  }
}

static void view_words(const reading *r, const model_query *q, model_view *v) {
  for (int w = 0; w < r->q.n; w++)
    if (!(r->q.words[w].flags & (LINK_WORD_STOP | LINK_WORD_IN_VALUE)))
      v->unused_words += is_left_aside(r, q, w);
}

/* ---- what columns are for ---- */

static int role_of(uint8_t use) {
  static const struct {
    uint8_t bit;
    column_role role;
  } roles[] = {{MODEL_IN_SELECT, ROLE_SELECT},
               {MODEL_IN_WHERE, ROLE_WHERE},
               {MODEL_IN_GROUP, ROLE_GROUP},
               {MODEL_IN_ORDER, ROLE_ORDER},
               {MODEL_IN_HAVING, ROLE_HAVING}};
  int role = ROLE_NONE;
  for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
    if (use & roles[i].bit) role = role == ROLE_NONE ? (int)roles[i].role : ROLE_SEVERAL;
  return role;
}

static void view_roles(const reading *r, const model_query *q, model_view *v) {
  int n = 0;
  for (int c = 0; c < r->s.n_columns; c++) {
    uint8_t use = q->use[r->s.columns[c].id];
    int role = role_of(use);
    if (role == ROLE_NONE) continue;
    size_t at = (size_t)features_column(&r->f, c) * WEIGHTS_ROLES;
    double p = (double)r->role[at + (size_t)role];
    double several = (double)r->role[at + ROLE_SEVERAL];
    double nats = -log(p + 0.5 * several + 1e-3);
    n++;
    v->role_unlikely += nats;
    if (nats > v->role_unlikely_most) v->role_unlikely_most = nats;
    if (is_key(&r->s.columns[c]) || is_asked_for(r, c)) continue;
    v->unasked_selected += (use & MODEL_IN_SELECT) != 0;
    v->unasked_filters += (use & (MODEL_IN_WHERE | MODEL_IN_HAVING)) != 0;
  }
  if (n) v->role_unlikely /= n;
}

/* How many words of the question belong to a column's name, weighted by how surely. */
static double covered(const reading *r, int column) {
  double sum = 0;
  for (int w = 0; w < r->q.n; w++) {
    if (r->q.words[w].flags & LINK_WORD_STOP) continue;
    uint8_t kind = r->links.columns[w * r->s.n_columns + column];
    sum += kind == LINK_EXACT          ? 1
           : kind == LINK_VALUE        ? 0.8
           : kind == LINK_ALIAS        ? 1
           : kind == LINK_PARTIAL_LAST ? 0.6
           : kind == LINK_PARTIAL      ? 0.5
           : kind != LINK_NONE         ? 0.2
                                       : 0;
  }
  return sum;
}

static void view_siblings(const reading *r, const model_query *q, double *cover, model_view *v) {
  for (int c = 0; c < r->s.n_columns; c++) cover[c] = covered(r, c);
  for (int c = 0; c < r->s.n_columns; c++) {
    if (role_of(q->use[r->s.columns[c].id]) == ROLE_NONE) continue;
    for (int other = 0; other < r->s.n_columns; other++)
      if (!q->columns[r->s.columns[other].id] && !is_key(&r->s.columns[other]) &&
          cover[other] - cover[c] > v->better_sibling)
        v->better_sibling = cover[other] - cover[c];
  }
}

/* ---- what words are for ---- */

static void view_content(const reading *r, const model_query *q, model_view *v) {
  for (int w = 0; w < r->q.n; w++) {
    if (r->q.words[w].flags & (LINK_WORD_STOP | LINK_WORD_NUMBER | LINK_WORD_IN_VALUE)) continue;
    bool linked = false, used = false;
    for (int c = 0; c < r->s.n_columns && !used; c++) {
      if (r->links.columns[w * r->s.n_columns + c] == LINK_NONE) continue;
      linked = true;
      used = q->columns[r->s.columns[c].id];
    }
    for (int t = 0; t < r->s.n_tables && !used; t++) {
      if (r->links.tables[w * r->s.n_tables + t] == LINK_NONE) continue;
      linked = true;
      used = q->tables[r->s.tables[t].id];
    }
    v->content_words++;
    v->strange_words += !linked;
    v->unexplained_words += linked && !used;
  }
}

/* ---- values ---- */

static bool is_in(str longer, str part) {
  for (size_t i = 0; part.len && i + part.len <= longer.len; i++)
    if (str_eq_nocase(str_slice(longer, i, i + part.len), part)) return true;
  return false;
}

static bool names_text(const model_query *q, str text) {
  for (size_t i = 0; i < q->n_texts; i++)
    if (is_in(q->texts[i], text) || is_in(text, q->texts[i])) return true;
  return false;
}

static bool names_value(const model_query *q, const link_value *v) {
  if (v->flags & LINK_VAL_NUMBER)
    for (size_t i = 0; i < q->n_numbers; i++)
      if (fabs(q->numbers[i] - v->number) <= 1 + 1e-9) return true;
  if (names_text(q, v->text)) return true;
  for (int c = 0; c < v->n_cells; c++)
    if (names_text(q, v->cells[c].stored)) return true;
  return false;
}

/* Two candidates may share words: one of them is enough. */
static bool is_covered(const reading *r, const model_query *q, const link_value *v) {
  for (int k = 0; k < r->v.n; k++) {
    const link_value *other = &r->v.items[k];
    if (other->from < v->to && v->from < other->to && names_value(q, other)) return true;
  }
  return false;
}

static bool is_in_name(const reading *r, int word) {
  for (int t = 0; t < r->s.n_tables; t++)
    if (r->links.tables[word * r->s.n_tables + t] >= LINK_PARTIAL) return true;
  for (int c = 0; c < r->s.n_columns; c++) {
    uint8_t kind = r->links.columns[word * r->s.n_columns + c];
    if (kind >= LINK_PARTIAL && kind != LINK_VALUE) return true;
  }
  return false;
}

/* A text of the query that is none of the question's may be what one of these is, in other words.
 */
static bool has_strange_text(const reading *r, const model_query *q) {
  for (size_t i = 0; i < q->n_texts; i++) {
    const model_query one = {.texts = &q->texts[i], .n_texts = 1};
    bool known = false;
    for (int k = 0; k < r->v.n && !known; k++) known = names_value(&one, &r->v.items[k]);
    if (!known) return true;
  }
  return false;
}

/* "male" and "female" of "how many are male and how many female" are what it groups by. */
static bool is_spoken_for(const reading *r, const model_query *q, const link_value *v) {
  uint8_t uses = MODEL_IN_GROUP;
  if (has_strange_text(r, q)) uses |= MODEL_IN_WHERE | MODEL_IN_HAVING;
  for (int c = 0; c < v->n_cells; c++)
    if (q->use[r->s.columns[v->cells[c].column].id] & uses) return true;
  return false;
}

/* Stored as it is written, or a letter for it ("female": 'F'); "times" is no 'Tim'. */
static bool is_stored(const link_value *v) {
  for (int c = 0; c < v->n_cells; c++)
    if (!v->cells[c].near || v->cells[c].stored.len == 1) return true;
  return (v->flags & LINK_VAL_CAPITAL) != 0;
}

static bool is_forgotten(const reading *r, const model_query *q, const link_value *v) {
  bool word = (v->flags & LINK_VAL_NUMBER_WORD) != 0;
  if ((v->flags & LINK_VAL_STORED) && !is_stored(v)) return false;
  if ((v->flags & LINK_VAL_NUMBER) && v->number <= (word ? 2 : 1)) return false; /* "one" of them */
  for (int w = v->from; w < v->to; w++)
    if (!(r->q.words[w].flags & LINK_WORD_STOP) && !is_in_name(r, w))
      return !is_spoken_for(r, q, v);
  return false;
}

static void view_values(const reading *r, const model_query *q, model_view *v) {
  for (int k = 0; k < r->v.n; k++) {
    const link_value *it = &r->v.items[k];
    if (is_covered(r, q, it)) continue;
    bool known = it->flags & (LINK_VAL_STORED | LINK_VAL_QUOTED | LINK_VAL_NUMBER);
    if (known && is_forgotten(r, q, it)) v->forgotten[v->n_forgotten++] = it;
    if (it->flags & (LINK_VAL_STORED | LINK_VAL_QUOTED))
      v->unused_values++;
    else if (it->flags & LINK_VAL_NUMBER)
      v->unused_numbers++;
  }
}

static void view_idle(const reading *r, const model_query *q, model_view *v) {
  for (int t = 0; t < r->s.n_tables; t++) {
    if (!q->tables[r->s.tables[t].id]) continue;
    bool busy = false, read = false;
    for (int c = 0; c < r->s.n_columns; c++) {
      if (r->s.columns[c].table != t) continue;
      uint8_t use = q->use[r->s.columns[c].id];
      busy |= (use & ~MODEL_IN_JOIN) != 0;
      read |= use != 0;
    }
    v->idle_tables += read && !busy;
  }
}

emend_rc model_witness(const model *m, const catalog *cat, str question, const model_options *opt,
                       const model_query *queries, size_t n, arena *a, model_view *out,
                       emend_error *err) {
  for (size_t i = 0; i < n; i++) out[i] = (model_view){.logprob = -INFINITY};
  if (cat->n_columns == 0 || n == 0) return EMEND_OK;
  bool *kept = ARENA_ARRAY(a, bool, (size_t)cat->n_columns);
  reading *r = ARENA_NEW(a, reading); /* what is forgotten points into it */
  if (!kept || !r) return err_nomem(err, "judge");
  for (size_t i = 0; i < n; i++)
    for (int c = 0; c < cat->n_columns; c++) kept[c] |= queries[i].columns[c];
  emend_rc rc = model_link(m, cat, question, opt, kept, a, r, err);
  if (rc == EMEND_OK && r->q.n > 0) rc = model_encode(m, opt, a, r, err);
  if (rc != EMEND_OK || r->q.n == 0) return rc;
  double *cover = ARENA_ARRAY(a, double, (size_t)r->s.n_columns);
  if (!cover) return err_nomem(err, "judge");
  for (size_t i = 0; rc == EMEND_OK && i < n; i++) {
    out[i].known = true;
    view_columns(r, &queries[i], &out[i]);
    view_tables(r, &queries[i], &out[i]);
    view_words(r, &queries[i], &out[i]);
    view_roles(r, &queries[i], &out[i]);
    view_siblings(r, &queries[i], cover, &out[i]);
    view_content(r, &queries[i], &out[i]);
    view_values(r, &queries[i], &out[i]);
    view_idle(r, &queries[i], &out[i]);
    rc = model_score_read(r, cat, queries[i].sql, a, &out[i].logprob, err);
  }
  return rc;
}
