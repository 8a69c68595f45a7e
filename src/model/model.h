/* The embedded text-to-SQL network as a generator: question and catalog in,
 * ranked SQL candidates out. Runs nothing on a database. */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "catalog/catalog.h"
#include "retrieve/link.h"

typedef struct model model;
typedef struct model_adapter model_adapter; /* see adapter.h */

/** Load weights (and the synonym table beside them, when it is there).
 *  Owns: the caller, until model_free. Threads: immutable, may be shared.
 *  Returns: EMEND_ENOTFOUND, EMEND_EFORMAT (damaged), EMEND_EVERSION, EMEND_ENOMEM. */
emend_rc model_load(const char *weights_path, model **out, emend_error *err);
void model_free(model *m);               /* NULL is harmless */
const char *model_name(const model *m);  /* "emend-m1", for provenance */
uint64_t model_checksum(const model *m); /* equal for equal weights, as model_embed uses them */

typedef struct model_candidate {
  str sql;           /* in the catalog's dialect */
  double logprob;    /* of the whole sequence */
  double worth;      /* logprob, and what the search adds so that short queries do not win */
  double share;      /* softmax of worth over the candidates returned: 0..1 */
  bool cross_join;   /* its tables are not connected by any key */
  int linked_unused; /* question words linked to schema or values that the query does not use */
  int stored_unused; /* further ones, stored somewhere by chance, as the network believes */
} model_candidate;

typedef struct model_candidates {
  VEC(model_candidate) items; /* of most worth first, distinct SQL */
  double answerable;          /* 0..1: how likely the schema can answer this at all */
} model_candidates;

typedef struct model_options {
  int beam;           /* 0: 10 */
  int max_candidates; /* 0: 10 */
  /* What people taught about this database: phrases that mean a table or column. */
  const link_alias *aliases;
  int n_aliases;
  const model_adapter *adapter; /* NULL: the weights as they are. Made for this model. */
} model_options;

/** Candidates for `question`. An empty list is not an error: nothing fitted the schema.
 *  Owns: all in `a`. Threads: `m` and `cat` are shared, `a` is the caller's. */
emend_rc model_generate(const model *m, const catalog *cat, str question, const model_options *opt,
                        arena *a, model_candidates *out, emend_error *err);

/**
 * How probable the network finds each query as the answer to `question`: the sum of the
 * log-probabilities of its steps, comparable with model_candidate.logprob. The question is encoded
 * once for all of them.
 *
 * logprob [n]: -INFINITY for a query that cannot be parsed, bound to `cat`, or said in the IR, and
 * for all of them when the question has no words.
 * NULL:    `opt` may be; only what concerns reading (aliases, adapter) is looked at.
 * Threads: as model_generate. Scratch memory is taken from `a`.
 * Returns: EMEND_OK or EMEND_ENOMEM.
 */
emend_rc model_score(const model *m, const catalog *cat, str question, const model_options *opt,
                     const str *sqls, size_t n, arena *a, double *logprob, emend_error *err);

/** A query to be looked at, and what it reads. */
typedef struct model_query {
  str sql;
  const bool *columns, *tables; /* [catalog columns], [catalog tables] */
  const uint8_t *use;           /* [catalog columns]: MODEL_IN_* of those that it reads */
  const str *texts;             /* its literals */
  size_t n_texts;
  const double *numbers;
  size_t n_numbers;
} model_query;

enum {
  MODEL_IN_SELECT = 1 << 0,
  MODEL_IN_WHERE = 1 << 1,
  MODEL_IN_GROUP = 1 << 2,
  MODEL_IN_ORDER = 1 << 3,
  MODEL_IN_JOIN = 1 << 4,
  MODEL_IN_HAVING = 1 << 5
};

/** What speaks for and against a query. Beliefs are log odds that a thing is used at all. */
typedef struct model_view {
  bool known;                     /* false: the question has no words, and nothing below counts */
  double logprob;                 /* as model_score */
  double least_used, most_unused; /* of its columns (keys apart); of the others */
  double least_table, most_table_unused; /* of its tables, by their columns; of the others */
  double columns_logprob;                /* that just these columns are used, each by itself */
  int unasked_columns; /* it reads, though no word of the question points at them */
  int unused_words;    /* name a table or column outright, and nothing that they name is read */
  double role_unlikely, role_unlikely_most; /* −log of what columns are for: mean, most */
  int unasked_selected, unasked_filters;    /* columns there that no word points at */
  double better_sibling; /* words more that a column has which is not read, most */
  int unexplained_words; /* with content, that nothing which is read has to do with */
  int strange_words;     /* with content, that nothing in the schema has to do with */
  int content_words;
  int unused_values;  /* stored or quoted ones of the question that it does not name */
  int unused_numbers; /* likewise */
  int idle_tables;    /* read for nothing but a join */
  /* Of both the ones that are values for certain: no name of the schema has their words, and the
   * query neither compares nor groups by a column that stores them. */
  const link_value *forgotten[LINK_MAX_VALUES];
  int n_forgotten;
} model_view;

/**
 * Look at each of `queries` as an answer to `question`, which is encoded once.
 *
 * out [n]. NULL: `opt` may be. Threads: as model_generate. Scratch memory is taken from `a`.
 * Returns: EMEND_OK or EMEND_ENOMEM.
 */
emend_rc model_witness(const model *m, const catalog *cat, str question, const model_options *opt,
                       const model_query *queries, size_t n, arena *a, model_view *out,
                       emend_error *err);

enum { MODEL_EMBED_DIM = 768 };

/**
 * A question as a direction, without any schema: questions that mean the same are near to each
 * other (dot product). On Spider's dev databases the nearest other question has the same query for
 * 85%, one of the nearest three for 96% of the questions that have another wording. Deterministic
 * for a weights file.
 *
 * out [MODEL_EMBED_DIM]: of length 1; zero for a question without words.
 * Threads: as model_generate. Scratch memory is taken from `a`.
 * Returns: EMEND_OK or EMEND_ENOMEM.
 */
emend_rc model_embed(const model *m, str question, arena *a, float *out, emend_error *err);

#endif
