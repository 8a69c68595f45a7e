/* What the network sees of a question and a schema: nodes with words and flags, and one relation a
 * pair of nodes. Made from schema linking; knows neither SQL nor weights. */
#ifndef MODEL_FEATURES_H
#define MODEL_FEATURES_H

#include "retrieve/link.h"

typedef enum relation {
#define RELATION(name) REL_##name,
#include "model/relations.def"
#undef RELATION
  N_RELATIONS
} relation;

typedef enum node_kind { NODE_WORD, NODE_COLUMN, NODE_TABLE, NODE_VALUE } node_kind;

typedef struct feature_node {
  node_kind kind;
  int index; /* word of the question, column or table of the link_schema, value candidate */
  uint16_t flags;
  const str *words;
  int n_words;
} feature_node;

/** Nodes in the order words, columns, tables, values. */
typedef struct features {
  int n, n_words, n_columns, n_tables, n_values;
  feature_node *nodes;
  uint8_t *rel; /* [n][n], row: from, column: to */
} features;

static inline int features_column(const features *f, int i) { return f->n_words + i; }
static inline int features_table(const features *f, int i) { return f->n_words + f->n_columns + i; }
static inline int features_value(const features *f, int i) {
  return f->n_words + f->n_columns + f->n_tables + i;
}

/** Owns: *out in `a`, its words point into `q`, `s`. Returns: EMEND_OK or EMEND_ENOMEM. */
emend_rc features_build(const link_question *q, const link_schema *s, const link_values *v,
                        const link_result *links, arena *a, features *out);

#endif
