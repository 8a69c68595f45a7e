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

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <vector>

extern "C" {
#include "nn/kernels.h"
}

namespace {

/* Links a node, and width of the search while building: what gives recall above 0.98 on 100,000
 * questions (bench/similar.c). */
const size_t links = 16, build_effort = 120;

/* A vector as the graph holds it: small integers, and before them what one of their units is
 * worth. A quarter of the memory that a search reads; what it finds is ordered by the vectors
 * themselves afterwards. */
class coded_space : public hnswlib::SpaceInterface<float> {
 public:
  explicit coded_space(size_t n) : dim(n) {}
  size_t get_data_size() override { return dim + sizeof(float); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return distance_of; }
  void *get_dist_func_param() override { return &dim; }

  std::vector<int8_t> code(const float *vector) const {
    float most = 0;
    for (size_t i = 0; i < dim; i++) most = std::max(most, std::fabs(vector[i]));
    const float unit = most / KERNEL_MOST_CODE;
    std::vector<int8_t> out(sizeof unit + dim);
    std::memcpy(out.data(), &unit, sizeof unit);
    for (size_t i = 0; i < dim && most > 0; i++)
      out[sizeof unit + i] = static_cast<int8_t>(std::lrintf(vector[i] / unit));
    return out;
  }

 private:
  size_t dim;

  static float distance_of(const void *x, const void *y, const void *of_dim) {
    const size_t n = *static_cast<const size_t *>(of_dim);
    const int8_t *a = static_cast<const int8_t *>(x), *b = static_cast<const int8_t *>(y);
    float unit_a, unit_b;
    std::memcpy(&unit_a, a, sizeof unit_a);
    std::memcpy(&unit_b, b, sizeof unit_b);
    const int32_t product = kernel_dot_codes(a + sizeof unit_a, b + sizeof unit_b, n);
    return 1 - unit_a * unit_b * static_cast<float>(product);
  }
};

}  // namespace

struct recall_graph {
  coded_space space;
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
    g->index.addPoint(g->space.code(vector).data(), label);
    return true;
  } catch (...) {
    return false;
  }
}

size_t recall_graph_search(const recall_graph *g, const float *query, size_t k, size_t effort,
                           size_t *labels) {
  try {
    /* ef_ is the library's only setting for a search: with it as the k, k and ef are one */
    auto found = g->index.searchKnn(g->space.code(query).data(), effort > k ? effort : k);
    while (found.size() > k) found.pop();
    size_t n = found.size();
    for (size_t i = n; i > 0; found.pop()) labels[--i] = found.top().second;
    return n;
  } catch (...) {
    return 0;
  }
}
