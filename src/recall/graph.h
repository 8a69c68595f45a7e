/* Nearest vectors in large sets: hnswlib (Malkov and Yashunin 2018) behind a plain C face. The
 * only C++ of the project; no exception leaves it. */
#ifndef RECALL_GRAPH_H
#define RECALL_GRAPH_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct recall_graph recall_graph;

/** A graph with room for `capacity` vectors of `dim` floats, each of length 1.
 *  Owns: the caller, until recall_graph_free. Returns: NULL when out of memory. */
recall_graph *recall_graph_create(size_t dim, size_t capacity);
void recall_graph_free(recall_graph *g); /* NULL is harmless */

/** Adds a copy of `vector` under `label`. One thread at a time, and before the first search.
 *  False when out of memory or past the capacity. */
bool recall_graph_add(recall_graph *g, const float *vector, size_t label);

/**
 * The labels of the `k` vectors nearest to `query`, nearest first.
 *
 * labels [k]; `effort`: how many are looked at on the way, k at least; more finds more.
 * Threads: any number at once.
 * Returns: how many were found; 0 also when out of memory.
 */
size_t recall_graph_search(const recall_graph *g, const float *query, size_t k, size_t effort,
                           size_t *labels);

#ifdef __cplusplus
}
#endif
#endif
