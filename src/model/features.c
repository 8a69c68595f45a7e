/* Nodes and relations from schema linking. See features.h. */
#include "model/features.h"

/* What a link_kind is among the relations that begin at `none`, but for those that stand apart. */
static relation word_relation(link_kind kind, relation none, relation synonym, relation said) {
  if (kind == LINK_SYNONYM) return synonym;
  if (kind == LINK_SAID) return said;
  return (relation)((int)none + (int)kind - (kind > LINK_SAID ? 2 : 0));
}

static relation mirror(relation r, relation from, relation to) {
  return (relation)((int)r - (int)from + (int)to);
}

typedef struct builder {
  const link_question *q;
  const link_schema *s;
  const link_values *v;
  const link_result *links;
  features *f;
} builder;

static void set_pair(builder *b, int i, int j, relation ij, relation ji) {
  b->f->rel[(size_t)i * (size_t)b->f->n + (size_t)j] = (uint8_t)ij;
  b->f->rel[(size_t)j * (size_t)b->f->n + (size_t)i] = (uint8_t)ji;
}

static void relate_words(builder *b) {
  features *f = b->f;
  for (int i = 0; i < f->n_words; i++) {
    for (int j = 0; j < f->n_words; j++) {
      int d = j - i;
      d = d < -4 ? -4 : d > 4 ? 4 : d;
      f->rel[(size_t)i * (size_t)f->n + (size_t)j] = (uint8_t)(REL_WORD_SELF + d);
    }
    for (int c = 0; c < f->n_columns; c++) {
      link_kind kind = (link_kind)b->links->columns[i * f->n_columns + c];
      set_pair(
          b, i, features_column(f, c),
          word_relation(kind, REL_WORD_COLUMN_NONE, REL_WORD_COLUMN_SYNONYM, REL_WORD_COLUMN_SAID),
          word_relation(kind, REL_COLUMN_WORD_NONE, REL_COLUMN_WORD_SYNONYM, REL_COLUMN_WORD_SAID));
    }
    for (int t = 0; t < f->n_tables; t++) {
      link_kind kind = (link_kind)b->links->tables[i * f->n_tables + t];
      set_pair(
          b, i, features_table(f, t),
          word_relation(kind, REL_WORD_TABLE_NONE, REL_WORD_TABLE_SYNONYM, REL_WORD_TABLE_SAID),
          word_relation(kind, REL_TABLE_WORD_NONE, REL_TABLE_WORD_SYNONYM, REL_TABLE_WORD_SAID));
    }
    for (int k = 0; k < f->n_values; k++) {
      bool in = i >= b->v->items[k].from && i < b->v->items[k].to;
      set_pair(b, i, features_value(f, k), in ? REL_WORD_VALUE_INSIDE : REL_WORD_VALUE_NONE,
               in ? REL_VALUE_WORD_INSIDE : REL_VALUE_WORD_NONE);
    }
  }
}

static bool same_name(const link_name *x, const link_name *y) {
  if (x->n != y->n) return false;
  for (int i = 0; i < x->n; i++)
    if (!str_eq(x->words[i], y->words[i])) return false;
  return x->n > 0;
}

static void relate_columns(builder *b) {
  features *f = b->f;
  const link_schema *s = b->s;
  for (int i = 0; i < f->n_columns; i++) {
    int at = features_column(f, i);
    const link_column *c = &s->columns[i];
    set_pair(b, at, at, REL_COLUMN_SELF, REL_COLUMN_SELF);
    for (int j = i + 1; j < f->n_columns; j++) {
      relation r = c->table == s->columns[j].table            ? REL_COLUMN_SAME_TABLE
                   : same_name(&c->name, &s->columns[j].name) ? REL_COLUMN_SAME_NAME
                                                              : REL_COLUMN_COLUMN_NONE;
      set_pair(b, at, features_column(f, j), r, r);
    }
    for (int t = 0; t < f->n_tables; t++) {
      bool own = c->table == t, key = own && (c->flags & LINK_COL_PRIMARY);
      relation r = key   ? REL_COLUMN_KEY_OF_TABLE
                   : own ? REL_COLUMN_OF_TABLE
                         : REL_COLUMN_TABLE_NONE;
      set_pair(b, at, features_table(f, t), r,
               mirror(r, REL_COLUMN_TABLE_NONE, REL_TABLE_COLUMN_NONE));
    }
  }
}

static void relate_tables(builder *b) {
  features *f = b->f;
  for (int i = 0; i < f->n_tables; i++)
    for (int j = 0; j < f->n_tables; j++)
      f->rel[(size_t)features_table(f, i) * (size_t)f->n + (size_t)features_table(f, j)] =
          (uint8_t)(i == j ? REL_TABLE_SELF : REL_TABLE_TABLE_NONE);
}

static void relate_keys(builder *b) {
  features *f = b->f;
  for (int k = 0; k < b->s->n_fkeys; k++) {
    int from = b->s->fkeys[k].from, to = b->s->fkeys[k].to;
    int tf = b->s->columns[from].table, tt = b->s->columns[to].table;
    if (from != to)
      set_pair(b, features_column(f, from), features_column(f, to), REL_COLUMN_REFERENCES,
               REL_COLUMN_REFERENCED);
    if (tf == tt) continue;
    set_pair(b, features_column(f, from), features_table(f, tt), REL_COLUMN_REFERENCES_TABLE,
             REL_TABLE_REFERENCED_BY_COLUMN);
    int x = features_table(f, tf), y = features_table(f, tt);
    relation now = (relation)f->rel[(size_t)x * (size_t)f->n + (size_t)y];
    if (now == REL_TABLE_REFERENCED || now == REL_TABLE_BOTH)
      set_pair(b, x, y, REL_TABLE_BOTH, REL_TABLE_BOTH);
    else
      set_pair(b, x, y, REL_TABLE_REFERENCES, REL_TABLE_REFERENCED);
  }
}

static bool type_fits(const link_value *v, uint16_t column_flags) {
  if (!(v->flags & LINK_VAL_NUMBER)) return false;
  return (column_flags & (LINK_COL_NUMBER | LINK_COL_NUMERIC_TEXT)) ||
         ((v->flags & LINK_VAL_YEAR) && (column_flags & (LINK_COL_TIME | LINK_COL_YEAR)));
}

static void relate_values(builder *b) {
  features *f = b->f;
  for (int k = 0; k < f->n_values; k++) {
    const link_value *v = &b->v->items[k];
    int at = features_value(f, k);
    for (int j = 0; j < f->n_values; j++)
      f->rel[(size_t)at * (size_t)f->n + (size_t)features_value(f, j)] =
          (uint8_t)(j == k ? REL_VALUE_SELF : REL_VALUE_VALUE);
    for (int c = 0; c < f->n_columns; c++) {
      relation r =
          type_fits(v, b->s->columns[c].flags) ? REL_VALUE_COLUMN_TYPE : REL_VALUE_COLUMN_NONE;
      set_pair(b, at, features_column(f, c), r,
               mirror(r, REL_VALUE_COLUMN_NONE, REL_COLUMN_VALUE_NONE));
    }
    for (int t = 0; t < f->n_tables; t++)
      set_pair(b, at, features_table(f, t), REL_VALUE_TABLE_NONE, REL_TABLE_VALUE_NONE);
    for (int i = 0; i < v->n_cells; i++) {
      relation r = v->cells[i].near ? REL_VALUE_COLUMN_NEAR : REL_VALUE_COLUMN_STORED;
      int c = v->cells[i].column;
      set_pair(b, at, features_column(f, c), r,
               mirror(r, REL_VALUE_COLUMN_NONE, REL_COLUMN_VALUE_NONE));
      set_pair(b, at, features_table(f, b->s->columns[c].table), REL_VALUE_TABLE_STORED,
               REL_TABLE_VALUE_STORED);
    }
  }
}

static void fill_nodes(builder *b, str *value_words) {
  features *f = b->f;
  for (int i = 0; i < f->n_words; i++)
    f->nodes[i] = (feature_node){NODE_WORD, i, b->q->words[i].flags, &b->q->words[i].lower, 1};
  for (int i = 0; i < f->n_columns; i++) {
    const link_column *c = &b->s->columns[i];
    f->nodes[features_column(f, i)] =
        (feature_node){NODE_COLUMN, i, c->flags, c->name.words, c->name.n};
  }
  for (int i = 0; i < f->n_tables; i++) {
    const link_table *t = &b->s->tables[i];
    f->nodes[features_table(f, i)] =
        (feature_node){NODE_TABLE, i, t->flags, t->name.words, t->name.n};
  }
  for (int i = 0; i < f->n_values; i++) {
    const link_value *v = &b->v->items[i];
    str *words = value_words + i * LINK_MAX_NGRAM;
    int n = 0;
    for (int w = v->from; w < v->to && n < LINK_MAX_NGRAM; w++) words[n++] = b->q->words[w].lower;
    f->nodes[features_value(f, i)] = (feature_node){NODE_VALUE, i, v->flags, words, n};
  }
}

emend_rc features_build(const link_question *q, const link_schema *s, const link_values *v,
                        const link_result *links, arena *a, features *out) {
  *out = (features){
      .n_words = q->n, .n_columns = s->n_columns, .n_tables = s->n_tables, .n_values = v->n};
  out->n = q->n + s->n_columns + s->n_tables + v->n;
  out->nodes = ARENA_ARRAY(a, feature_node, (size_t)out->n);
  out->rel = arena_calloc(a, (size_t)out->n, (size_t)out->n);
  str *value_words = ARENA_ARRAY(a, str, (size_t)v->n * LINK_MAX_NGRAM);
  if (!out->nodes || !out->rel || !value_words) return EMEND_ENOMEM;
  builder b = {q, s, v, links, out};
  fill_nodes(&b, value_words);
  relate_words(&b);
  relate_columns(&b);
  relate_tables(&b);
  relate_keys(&b);
  relate_values(&b);
  return EMEND_OK;
}
