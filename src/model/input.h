/* What the network reads: nodes with words and flags, and one relation a pair of nodes.
 * Plain data, made from a question and a schema by others. */
#ifndef MODEL_INPUT_H
#define MODEL_INPUT_H

#include <stdint.h>

/* Kinds of nodes, and of what a decoder step names (a step of kind 0 is a token). */
enum { INPUT_WORD, INPUT_COLUMN, INPUT_TABLE, INPUT_VALUE, INPUT_KINDS };

enum { INPUT_MAX_NODES = 4096 };

/** One word as network_word finds it. */
typedef struct model_word {
  int32_t id;            /* in the network's vocabulary; 0 is unknown */
  int32_t n_grams;       /* ≥ 1 */
  const uint16_t *grams; /* buckets, see grams.h */
} model_word;

/** Nodes stand in the order words, columns, tables, values. */
typedef struct model_input {
  int n;                   /* 1 to INPUT_MAX_NODES */
  const uint8_t *kind;     /* [n] INPUT_* */
  const uint16_t *flags;   /* [n] bit set */
  const int32_t *word_off; /* [n + 1]: node i has words word_off[i] to word_off[i + 1] - 1 */
  const model_word *words;
  const uint8_t *rel; /* [n, n]: row from, column to */
} model_input;

#endif
