/* hnswlib behind recall_graph; see graph.h. Knows nothing of questions. */
#include "recall/graph.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wundef"
#include <hnswlib/hnswlib.h>
#pragma GCC diagnostic pop

#include <new>

extern "C" {
#include "nn/kernels.h"
}

namespace {

/* Links a node, and width of the search while building: what gives recall above 0.98 on 100,000
 * questions (bench/similar.c). */
const size_t links = 16, build_effort = 120;

/* The distance that kernels.h has for this machine, instead of one fixed when compiling. */
float distance_of(const void *x, const void *y, const void *dim) {
  return 1 - kernel_dot(static_cast<const float *>(x), static_cast<const float *>(y),
                        *static_cast<const size_t *>(dim));
}

class dot_space : public hnswlib::SpaceInterface<float> {
 public:
  explicit dot_space(size_t n) : dim(n) {}
  size_t get_data_size() override { return dim * sizeof(float); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return distance_of; }
  void *get_dist_func_param() override { return &dim; }

 private:
  size_t dim;
};

}  // namespace

struct recall_graph {
  dot_space space;
  hnswlib::HierarchicalNSW<float> index;
  recall_graph(size_t dim, size_t capacity)
      : space(dim), index(&space, capacity, links, build_effort) {}
};

recall_graph *recall_graph_create(size_t dim, size_t capacity) {
  try {
    return new recall_graph(dim, capacity ? capacity : 1);
  } catch (...) {
    return nullptr;
  }
}

void recall_graph_free(recall_graph *g) { delete g; }

bool recall_graph_add(recall_graph *g, const float *vector, size_t label) {
  try {
    g->index.addPoint(vector, label);
    return true;
  } catch (...) {
    return false;
  }
}

size_t recall_graph_search(const recall_graph *g, const float *query, size_t k, size_t effort,
                           size_t *labels) {
  try {
    /* ef_ is the library's only setting for a search: with it as the k, k and ef are one */
    auto found = g->index.searchKnn(query, effort > k ? effort : k);
    while (found.size() > k) found.pop();
    size_t n = found.size();
    for (size_t i = n; i > 0; found.pop()) labels[--i] = found.top().second;
    return n;
  } catch (...) {
    return 0;
  }
}
