/* BM25 (Robertson and Zaragoza 2009) over the words of tables and columns, stored values that the
 * question holds, and the tables needed to join what was found. */
#include "retrieve/retrieve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "retrieve/link.h"

static const double K1 = 1.2, B = 0.75;
/* A stored value says more than a word of a name; a bridge table matters as much as what it joins.
 */
static const double VALUE_WEIGHT = 2.5, CLOSURE_SHARE = 0.5, TABLE_SHARE = 0.35;

typedef struct posting {
  int doc, count;
} posting;
typedef VEC(posting) postings;

/* One set of documents: all tables, or all columns, of all catalogs. */
typedef struct doc_index {
  arena *a;
  map *by_stem; /* → postings * */
  VEC(int) lengths;
  double total;
  double *scores;
} doc_index;

typedef struct ranker {
  const catalog *const *cats;
  size_t n_cats;
  arena *a;
  link_schema *schemas;
  int *first_table, *first_column; /* [n_cats]: number of its first document */
  doc_index tables, columns;
  retrieve_result *out;
} ranker;

static bool index_open(doc_index *x, arena *a) {
  *x = (doc_index){.a = a, .by_stem = map_create(a, false)};
  return x->by_stem != NULL;
}

static bool index_doc(doc_index *x) { return vec_push(x->a, &x->lengths, 0); }

static bool index_word(doc_index *x, str stem, int count) {
  int doc = (int)x->lengths.len - 1;
  postings *p = map_get(x->by_stem, stem);
  if (!p) {
    p = ARENA_NEW(x->a, postings);
    if (!p || !map_put(x->by_stem, stem, p)) return false;
  }
  x->lengths.items[doc] += count;
  x->total += count;
  if (p->len && p->items[p->len - 1].doc == doc) return p->items[p->len - 1].count += count, true;
  return vec_push(x->a, p, ((posting){doc, count}));
}

static bool index_name(doc_index *x, const link_name *n, int count) {
  for (int i = 0; i < n->n; i++)
    if (!index_word(x, n->stems[i], count)) return false;
  return true;
}

static bool index_comment(doc_index *x, str comment) {
  link_name words;
  if (!comment.len) return true;
  return link_name_read(comment, x->a, &words) == EMEND_OK && index_name(x, &words, 1);
}

static bool index_catalog(ranker *r, size_t k) {
  const catalog *cat = r->cats[k];
  link_schema *s = &r->schemas[k];
  if (link_schema_read(cat, r->a, s) != EMEND_OK) return false;
  r->first_table[k] = (int)r->tables.lengths.len;
  r->first_column[k] = (int)r->columns.lengths.len;
  for (int t = 0; t < s->n_tables; t++) {
    const link_table *tab = &s->tables[t];
    bool ok = index_doc(&r->tables) && index_name(&r->tables, &tab->name, 3) &&
              index_comment(&r->tables, cat->tables[t].comment);
    for (int i = 0; ok && i < tab->n_columns; i++) {
      const link_column *c = &s->columns[tab->first_column + i];
      ok = index_name(&r->tables, &c->name, 1) && index_doc(&r->columns) &&
           index_name(&r->columns, &c->name, 3) && index_name(&r->columns, &tab->name, 1) &&
           index_comment(&r->columns, cat->columns[c->id].comment);
    }
    if (!ok) return false;
  }
  return true;
}

static bool index_score(doc_index *x, const link_question *q) {
  double n = (double)x->lengths.len, mean = n > 0 ? x->total / n : 1;
  x->scores = ARENA_ARRAY(x->a, double, x->lengths.len);
  if (!x->scores) return false;
  for (int w = 0; w < q->n; w++) {
    if (q->words[w].flags & LINK_WORD_STOP) continue;
    const postings *p = map_get(x->by_stem, q->words[w].stem);
    if (!p) continue;
    double df = (double)p->len, idf = log(1 + (n - df + 0.5) / (df + 0.5));
    for (size_t i = 0; i < p->len; i++) {
      double tf = p->items[i].count, len = x->lengths.items[p->items[i].doc];
      x->scores[p->items[i].doc] += idf * tf * (K1 + 1) / (tf + K1 * (1 - B + B * len / mean));
    }
  }
  return true;
}

static bool add_values(ranker *r, size_t k, str question) {
  link_question q;
  link_values found;
  if (link_question_read(question, r->a, &q) != EMEND_OK ||
      link_values_find(&q, &r->schemas[k], r->cats[k], NULL, r->a, &found) != EMEND_OK)
    return false;
  for (int i = 0; i < found.n; i++) {
    const link_value *v = &found.items[i];
    for (int c = 0; c < v->n_cells; c++) {
      const link_cell *cell_ = &v->cells[c];
      const link_column *col = &r->schemas[k].columns[cell_->column];
      double score = (cell_->near ? 0.6 : 1.0) / v->n_cells;
      retrieve_value hit = {
          (int)k, col->id, v->text, cell_->stored, q.words[v->from].from, q.words[v->to - 1].to,
          score};
      if (!vec_push(r->a, &r->out->values, hit)) return false;
      r->columns.scores[r->first_column[k] + cell_->column] += VALUE_WEIGHT * score;
      r->tables.scores[r->first_table[k] + col->table] += VALUE_WEIGHT * score;
    }
  }
  return true;
}

/* A column counts for its table too: one that names the thing outright marks the table. */
static void lift_tables(ranker *r, size_t k) {
  const link_schema *s = &r->schemas[k];
  for (int t = 0; t < s->n_tables; t++) {
    double best = 0;
    for (int i = 0; i < s->tables[t].n_columns; i++) {
      double x = r->columns.scores[r->first_column[k] + s->tables[t].first_column + i];
      if (x > best) best = x;
    }
    r->tables.scores[r->first_table[k] + t] += TABLE_SHARE * best;
  }
}

/* Tables that join the ones found get a share of the weakest one's score. */
static bool close_over_keys(ranker *r, size_t k) {
  enum { MOST = 6 };
  const catalog *cat = r->cats[k];
  double *score = r->tables.scores + r->first_table[k];
  int found[MOST], n = 0;
  double best = 0;
  for (int t = 0; t < cat->n_tables; t++)
    if (score[t] > best) best = score[t];
  for (int t = 0; t < cat->n_tables && n < MOST; t++)
    if (best > 0 && score[t] >= best / 2) found[n++] = t;
  int *edges = ARENA_ARRAY(r->a, int, (size_t)cat->n_tables + 1);
  if (!edges) return false;
  int m = n > 1 ? catalog_join_tree(cat, found, n, edges) : 0;
  for (int i = 0; i < m; i++) {
    const cat_fkey *f = &cat->fkeys[edges[i]];
    double least = best * CLOSURE_SHARE / 2;
    if (score[f->from_table] < least) score[f->from_table] = least;
    if (score[f->to_table] < least) score[f->to_table] = least;
  }
  return true;
}

static int by_score(const void *x, const void *y) {
  const retrieve_hit *a = x, *b = y;
  if (a->score != b->score) return a->score < b->score ? 1 : -1;
  if (a->source != b->source) return a->source - b->source;
  return a->id - b->id;
}

static int by_value_score(const void *x, const void *y) {
  const retrieve_value *a = x, *b = y;
  if (a->score != b->score) return a->score < b->score ? 1 : -1;
  return a->from != b->from ? (a->from < b->from ? -1 : 1) : a->column - b->column;
}

static bool collect(ranker *r) {
  for (size_t k = 0; k < r->n_cats; k++) {
    double best = 0, sum = 0;
    for (int t = 0; t < r->schemas[k].n_tables; t++) {
      retrieve_hit h = {(int)k, t, r->tables.scores[r->first_table[k] + t]};
      if (h.score > best) best = h.score;
      sum += h.score;
      if (!vec_push(r->a, &r->out->tables, h)) return false;
    }
    for (int c = 0; c < r->schemas[k].n_columns; c++) {
      retrieve_hit h = {(int)k, c, r->columns.scores[r->first_column[k] + c]};
      if (h.score > 0 && !vec_push(r->a, &r->out->columns, h)) return false;
    }
    retrieve_hit s = {(int)k, 0, best + 0.1 * sum / (1 + r->schemas[k].n_tables)};
    if (!vec_push(r->a, &r->out->sources, s)) return false;
  }
  retrieve_result *o = r->out;
  if (o->tables.len) qsort(o->tables.items, o->tables.len, sizeof *o->tables.items, by_score);
  if (o->columns.len) qsort(o->columns.items, o->columns.len, sizeof *o->columns.items, by_score);
  if (o->sources.len) qsort(o->sources.items, o->sources.len, sizeof *o->sources.items, by_score);
  if (o->values.len) qsort(o->values.items, o->values.len, sizeof *o->values.items, by_value_score);
  return true;
}

emend_rc retrieve_rank(const catalog *const *cats, size_t n_cats, str question, arena *a,
                       retrieve_result *out, emend_error *err) {
  ranker r = {.cats = cats, .n_cats = n_cats, .a = a, .out = out};
  link_question q;
  *out = (retrieve_result){0};
  r.schemas = ARENA_ARRAY(a, link_schema, n_cats);
  r.first_table = ARENA_ARRAY(a, int, n_cats);
  r.first_column = ARENA_ARRAY(a, int, n_cats);
  bool ok = r.schemas && r.first_table && r.first_column && index_open(&r.tables, a) &&
            index_open(&r.columns, a) && link_question_read(question, a, &q) == EMEND_OK;
  for (size_t k = 0; ok && k < n_cats; k++) ok = index_catalog(&r, k);
  ok = ok && index_score(&r.tables, &q) && index_score(&r.columns, &q);
  for (size_t k = 0; ok && k < n_cats; k++) {
    ok = add_values(&r, k, question);
    if (ok) lift_tables(&r, k);
    ok = ok && close_over_keys(&r, k);
  }
  return ok && collect(&r) ? EMEND_OK : err_nomem(err, "retrieve");
}
