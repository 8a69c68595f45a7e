/* Corrections and examples in memory. Items never move and never go away before the whole does,
 * so that readers need no lock: they see the first n of them, n being published last. Small sets
 * are searched exactly; a large one gets a graph over its items, built by a thread of its own and
 * again when the set has doubled, while what is newer than the graph is searched exactly. */
#include "recall/taught.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/kernels.h"
#include "recall/graph.h"
#include "recall/probe.h"

#define TAUGHT_BYTES ((size_t)8 << 30)
enum {
  CHUNK = 512,       /* items made room for at a time */
  MAX_CHUNKS = 4096, /* two million of a source */
  EXACT_BELOW = 4000,
  EFFORT = 80, /* of a search in the graph */
  RANKED = 48  /* nearest vectors that the finer measures then order */
};
/* How much each measure counts in `similarity`, without and with a draft's shape. */
static const double by_cosine = 0.65, by_common = 0.35, by_shape = 0.15;

typedef struct item {
  store_example ex;
  const float *vector;
  recall_stems stems;
  uint64_t shape;
  atomic_bool dead;
} item;

/* A graph and how many of the first items it holds. Those replaced stay until the end, for readers
 * that still use them; as sizes double, all together are no larger than the last. */
typedef struct graph_of {
  recall_graph *graph;
  size_t n;
  struct graph_of *older;
} graph_of;

typedef struct source_set {
  str source;
  _Atomic(item *) chunks[MAX_CHUNKS];
  atomic_size_t n;
  _Atomic(graph_of *) graph;
  struct source_set *next;
} source_set;

struct recall_taught {
  recall_embedder embedder;
  arena *mem;                 /* the writer's; what is published in it is never changed */
  map *by_id;                 /* the writer's */
  _Atomic(source_set *) sets; /* only ever grows */
  atomic_llong seq;
  pthread_t builder;
  bool has_builder; /* the writer's: to be joined */
  atomic_bool stop, building;
};

/* ---- making and freeing ---- */

emend_rc recall_taught_create(const recall_embedder *e, recall_taught **out, emend_error *err) {
  recall_taught *t = mem_alloc(sizeof *t);
  *out = NULL;
  if (!t) return err_nomem(err, "recall");
  t->embedder = *e;
  t->mem = arena_create(TAUGHT_BYTES);
  t->by_id = t->mem ? map_create(t->mem, false) : NULL;
  if (!t->by_id) {
    recall_taught_free(t);
    return err_nomem(err, "recall");
  }
  *out = t;
  return EMEND_OK;
}

static void join_builder(recall_taught *t) {
  if (t->has_builder) pthread_join(t->builder, NULL);
  t->has_builder = false;
}

void recall_taught_free(recall_taught *t) {
  if (!t) return;
  atomic_store(&t->stop, true);
  join_builder(t);
  for (source_set *s = atomic_load(&t->sets); s; s = s->next)
    for (graph_of *g = atomic_load(&s->graph); g;) {
      graph_of *older = g->older;
      recall_graph_free(g->graph);
      mem_free(g);
      g = older;
    }
  arena_destroy(t->mem);
  mem_free(t);
}

static source_set *find_set(const recall_taught *t, str of) {
  for (source_set *s = atomic_load(&t->sets); s; s = s->next)
    if (str_eq(s->source, of)) return s;
  return NULL;
}

static item *item_at(const source_set *s, size_t i) {
  return &atomic_load_explicit(&s->chunks[i / CHUNK], memory_order_acquire)[i % CHUNK];
}

int64_t recall_taught_seq(const recall_taught *t) { return atomic_load(&t->seq); }

size_t recall_taught_count(const recall_taught *t, str of) {
  const source_set *s = find_set(t, of);
  return s ? atomic_load(&s->n) : 0;
}

/* ---- graphs, by a thread of their own ---- */

static bool wants_graph(const source_set *s) {
  const graph_of *g = atomic_load(&s->graph);
  size_t n = atomic_load(&s->n);
  return n >= EXACT_BELOW && (!g || n >= 2 * g->n);
}

static void build_graph(recall_taught *t, source_set *s) {
  size_t n = atomic_load(&s->n);
  graph_of *g = mem_alloc(sizeof *g);
  if (!g) return; /* searched exactly, then */
  g->n = n;
  g->graph = recall_graph_create(t->embedder.dim, n);
  bool ok = g->graph != NULL;
  for (size_t i = 0; i < n && ok; i++) {
    const item *it = item_at(s, i);
    ok = !atomic_load(&t->stop) && recall_graph_add(g->graph, it->vector, i);
  }
  if (!ok) {
    recall_graph_free(g->graph);
    mem_free(g);
    return;
  }
  g->older = atomic_load(&s->graph);
  atomic_store(&s->graph, g);
}

static void *builder_main(void *arg) {
  recall_taught *t = arg;
  for (source_set *s = atomic_load(&t->sets); s && !atomic_load(&t->stop); s = s->next)
    if (wants_graph(s)) build_graph(t, s);
  atomic_store(&t->building, false);
  return NULL;
}

static void start_builder(recall_taught *t) {
  bool any = false;
  for (source_set *s = atomic_load(&t->sets); s; s = s->next) any = any || wants_graph(s);
  if (!any || atomic_load(&t->building)) return;
  join_builder(t);
  atomic_store(&t->building, true);
  t->has_builder = pthread_create(&t->builder, NULL, builder_main, t) == 0;
  if (!t->has_builder) atomic_store(&t->building, false);
}

void recall_taught_settle(recall_taught *t) {
  do {
    join_builder(t);
    start_builder(t);
  } while (t->has_builder);
}

/* ---- bringing in ---- */

static source_set *need_set(recall_taught *t, str of) {
  source_set *s = find_set(t, of);
  if (s) return s;
  s = ARENA_NEW(t->mem, source_set);
  if (!s) return NULL;
  s->source = arena_str(t->mem, of);
  s->next = atomic_load(&t->sets);
  atomic_store(&t->sets, s);
  return s->source.ptr ? s : NULL;
}

static bool copy_example(arena *a, const store_example *from, store_example *to) {
  *to = *from;
  to->vector = (str){0};
  str *const texts[] = {&to->id,   &to->source, &to->question, &to->sql,  &to->wrong_sql,
                        &to->note, &to->origin, &to->parent,   &to->user, &to->created_at};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    *texts[i] = arena_str(a, *texts[i]);
    if (!texts[i]->ptr) return false;
  }
  return true;
}

/* The one that it came with, or a new one. */
static emend_rc fill_vector(const recall_embedder *by, const store_example *e, str masked,
                            arena *work, float *out, emend_error *err) {
  size_t size = by->dim * sizeof *out;
  if (e->vector.len == size) {
    memcpy(out, e->vector.ptr, size);
    return EMEND_OK;
  }
  emend_rc rc = by->embed(by->self, masked, work, out, err);
  if (!rc && by->made && !by->made(by->self, e->id, out)) rc = err_nomem(err, "recall");
  return rc;
}

static emend_rc fill_item(recall_taught *t, const store_example *e, arena *work, item *it,
                          emend_error *err) {
  recall_stems stems;
  float *vector = ARENA_ARRAY(t->mem, float, t->embedder.dim);
  str masked = recall_mask_stored(e->question, e->sql, work);
  if (!vector || !masked.ptr || !copy_example(t->mem, e, &it->ex) ||
      !recall_stems_read(masked, work, &stems))
    return err_nomem(err, "recall");
  it->stems = (recall_stems){ARENA_ARRAY(t->mem, uint32_t, stems.n + 1), stems.n};
  if (!it->stems.items) return err_nomem(err, "recall");
  if (stems.n) memcpy(it->stems.items, stems.items, stems.n * sizeof *stems.items);
  it->shape = recall_shape(e->sql);
  it->vector = vector;
  return fill_vector(&t->embedder, e, masked, work, vector, err);
}

static emend_rc add_item(recall_taught *t, const store_example *e, arena *work, emend_error *err) {
  source_set *s = need_set(t, e->source);
  if (!s) return err_nomem(err, "recall");
  size_t n = atomic_load(&s->n);
  if (n == (size_t)CHUNK * MAX_CHUNKS)
    return err_set(err, EMEND_ELIMIT, "recall", "there are more than %zu examples of one source",
                   n);
  if (n % CHUNK == 0) {
    item *chunk = ARENA_ARRAY(t->mem, item, CHUNK);
    if (!chunk) return err_nomem(err, "recall");
    atomic_store_explicit(&s->chunks[n / CHUNK], chunk, memory_order_release);
  }
  item *it = item_at(s, n);
  emend_rc rc = fill_item(t, e, work, it, err);
  if (rc) return rc;
  if (!map_put(t->by_id, it->ex.id, it)) return err_nomem(err, "recall");
  atomic_store(&s->n, n + 1);
  return EMEND_OK;
}

emend_rc recall_taught_update(recall_taught *t, const store_examples *changes, emend_error *err) {
  arena *work = arena_create(64 << 20);
  if (!work) return err_nomem(err, "recall");
  emend_rc rc = EMEND_OK;
  for (size_t i = 0; i < changes->len && !rc; i++) {
    const store_example *e = &changes->items[i];
    item *known = map_get(t->by_id, e->id);
    if (known) atomic_store(&known->dead, !e->active);
    if (!known && e->active) rc = add_item(t, e, work, err);
    if (!rc) atomic_store(&t->seq, e->seq);
    arena_reset(work);
  }
  arena_destroy(work);
  start_builder(t);
  return rc;
}

/* ---- finding ---- */

typedef struct scored {
  const item *it;
  double score;
} scored;

/* The best so far, the worst of them first to go. */
typedef struct best {
  scored items[RANKED];
  size_t n;
} best;

static void offer(best *b, const item *it, double score) {
  if (b->n == RANKED && score <= b->items[RANKED - 1].score) return;
  size_t i = b->n < RANKED ? b->n++ : RANKED - 1;
  for (; i > 0 && b->items[i - 1].score < score; i--) b->items[i] = b->items[i - 1];
  b->items[i] = (scored){it, score};
}

static void scan(const recall_taught *t, const source_set *s, size_t from, size_t to,
                 const float *query, best *b) {
  for (size_t i = from; i < to; i++) {
    const item *it = item_at(s, i);
    if (!atomic_load_explicit(&it->dead, memory_order_relaxed))
      offer(b, it, (double)kernel_dot(query, it->vector, t->embedder.dim));
  }
}

static void search_graph(const recall_taught *t, const source_set *s, const graph_of *g,
                         const float *query, best *b) {
  size_t labels[EFFORT];
  size_t n = recall_graph_search(g->graph, query, EFFORT, EFFORT, labels);
  for (size_t i = 0; i < n; i++) {
    const item *it = item_at(s, labels[i]);
    if (!atomic_load_explicit(&it->dead, memory_order_relaxed))
      offer(b, it, (double)kernel_dot(query, it->vector, t->embedder.dim));
  }
}

/* The finer measures, for the nearest by vector. */
static recall_near measure(const scored *c, const recall_stems *stems, uint64_t shape) {
  const item *it = c->it;
  recall_near out = {.example = it->ex, .cosine = c->score};
  size_t words = stems->n + it->stems.n;
  if (words) out.common = 2 * (double)recall_stems_shared(stems, &it->stems) / (double)words;
  out.shape = recall_shape_similarity(shape, it->shape);
  out.similarity = by_cosine * (out.cosine > 0 ? out.cosine : 0) + by_common * out.common;
  if (shape) out.similarity = (1 - by_shape) * out.similarity + by_shape * out.shape;
  return out;
}

static int by_similarity(const void *x, const void *y) {
  const recall_near *a = x, *b = y;
  if (a->similarity != b->similarity) return a->similarity < b->similarity ? 1 : -1;
  return a->example.seq < b->example.seq ? 1 : -1; /* of equals, the newer */
}

static emend_rc rank(const best *b, const recall_probe *probe, size_t k, arena *a,
                     recall_nears *out, emend_error *err) {
  recall_stems stems;
  recall_near all[RANKED];
  if (!recall_stems_read(probe->masked, a, &stems)) return err_nomem(err, "recall");
  for (size_t i = 0; i < b->n; i++) all[i] = measure(&b->items[i], &stems, probe->shape);
  if (b->n) qsort(all, b->n, sizeof *all, by_similarity);
  for (size_t i = 0; i < b->n && i < k; i++) {
    recall_near it = all[i];
    if (!copy_example(a, &all[i].example, &it.example) || !vec_push(a, out, it))
      return err_nomem(err, "recall");
  }
  return EMEND_OK;
}

emend_rc recall_similar(const recall_taught *t, str of, const recall_probe *probe, size_t k,
                        bool exact, arena *a, recall_nears *out, emend_error *err) {
  *out = (recall_nears){0};
  const source_set *s = find_set(t, of);
  if (!s) return EMEND_OK;
  float *query = ARENA_ARRAY(a, float, t->embedder.dim);
  best *b = ARENA_NEW(a, best);
  if (!query || !b) return err_nomem(err, "recall");
  emend_rc rc = t->embedder.embed(t->embedder.self, probe->masked, a, query, err);
  if (rc) return rc;
  const graph_of *g = exact ? NULL : atomic_load(&s->graph);
  size_t n = atomic_load(&s->n);
  if (g) search_graph(t, s, g, query, b);
  scan(t, s, g ? g->n : 0, n, query, b);
  return rank(b, probe, k, a, out, err);
}
