/* The network's loss and its gradient over a batch of examples: the forward pass of
 * docs/network.md with everything kept for the backward. Buffers are made once and grow. */
#ifndef MODEL_TRAIN_GRAPH_H
#define MODEL_TRAIN_GRAPH_H

#include "model/train_data.h"

typedef struct graph graph;

typedef struct graph_item {
  train_example example; /* of a data set that train_data_bind has seen */
  uint64_t key;          /* makes what is random in it; unused without dropout */
} graph_item;

typedef struct graph_options {
  float dropout, word_dropout; /* 0: nothing is random */
  float smoothing;             /* of the step's cross-entropy */
  float used_weight, role_weight;
  float scale; /* of each example's loss: 1 / examples in the whole batch */
} graph_options;

/** Sums over the examples of a run. Each loss is a mean inside its example. */
typedef struct graph_result {
  double loss; /* what is trained: step + used_weight * used + role_weight * role */
  double step, used, role;
  int examples, exact; /* exact: every step's most probable alternative is the right one */
  int steps, right;
} graph_result;

/** A graph for networks of w's layout.
 *  Owns: the caller, until graph_free. Threads: one at a time. NULL when memory is exhausted. */
graph *graph_create(const weights *w);
/** NULL is harmless. */
void graph_free(graph *g);

/**
 * Forward, and with `grads` backward: the gradient of scale * loss is added to *grads.
 *
 * NULL:    `grads`: forward only. In it, emb_word (all embeddings of nodes with it), out_tok_w, w1
 *          and w2 may be: what is not wanted is not computed.
 * Returns: EMEND_OK or EMEND_ENOMEM.
 */
emend_rc graph_run(graph *g, const weights_view *p, const graph_item *items, size_t n,
                   const graph_options *opt, const weights_view *grads, graph_result *out);

/** Of the last run: memory [nodes, width] of the i-th item. Valid until the next run. */
const float *graph_memory(const graph *g, size_t i);
/** Of the last run, which must have been forward only: log-probabilities
 *  [steps, tokens + nodes] of the i-th item, -INFINITY where the mask forbids. */
const float *graph_logp(const graph *g, size_t i);

#endif
