/* bench-similar [N [QUERIES]]: how fast, and how exactly, the nearest of N (100,000) corrections
 * are found.
 *
 * Questions are made of words by a seeded generator, many of them near to one another, and turned
 * into vectors of the size that the network's have, by hashing: what is measured is the search.
 * recall@3: how many of the three that looking at every one finds the graph finds as well. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "model/model.h"
#include "nn/kernels.h"
#include "recall/taught.h"

enum { WORDS = 3000, TOPICS = 4000, MOST = 3 };

static float words[WORDS][MODEL_EMBED_DIM]; /* a random direction each */

static void make_words(void) {
  rng r;
  rng_seed(&r, 3);
  for (int w = 0; w < WORDS; w++)
    for (int i = 0; i < MODEL_EMBED_DIM; i++) words[w][i] = (float)rng_normal(&r);
}

/* The words' mean: what the network's own vector costs is not measured here. */
static emend_rc embed(void *self, str question, arena *a, float *out, emend_error *err) {
  (void)self, (void)a, (void)err;
  memset(out, 0, MODEL_EMBED_DIM * sizeof *out);
  for (size_t from = 0; from < question.len;) {
    size_t to = str_find(question, STR(" "), from);
    if (to == SIZE_MAX) to = question.len;
    kernel_axpy(1, words[str_hash(str_slice(question, from, to)) % WORDS], out, MODEL_EMBED_DIM);
    from = to + 1;
  }
  float length = sqrtf(kernel_dot(out, out, MODEL_EMBED_DIM));
  for (int i = 0; i < MODEL_EMBED_DIM && length > 0; i++) out[i] /= length;
  return EMEND_OK;
}

/* Topic `t` said in some way: five of its words, two of any. */
static void say(rng *r, uint32_t t, char *out, size_t size) {
  size_t n = 0;
  rng topic;
  rng_seed(&topic, t);
  for (int i = 0; i < 8; i++) {
    uint32_t word = rng_below(&topic, WORDS);
    if (rng_below(r, 8) > 4) continue;
    n += (size_t)snprintf(out + n, size - n, "%sw%u", n ? " " : "", word);
  }
  for (int i = 0; i < 2; i++) n += (size_t)snprintf(out + n, size - n, " w%u", rng_below(r, WORDS));
}

static int by_value(const void *x, const void *y) {
  double a = *(const double *)x, b = *(const double *)y;
  return a < b ? -1 : a > b;
}

static bool fill(recall_taught *t, size_t n, emend_error *err) {
  arena *a = arena_create((size_t)1 << 31);
  store_examples all = {0};
  rng r;
  rng_seed(&r, 1);
  for (size_t i = 0; i < n && a; i++) {
    char text[256];
    say(&r, rng_below(&r, TOPICS), text, sizeof text);
    store_example e = {.id = str_from(arena_printf(a, "ex_%zu", i)),
                       .source = STR("s"),
                       .question = arena_str(a, str_from(text)),
                       .sql = str_from(arena_printf(a, "SELECT c FROM t WHERE x = %zu", i)),
                       .origin = STR("feedback"),
                       .active = true,
                       .seq = (int64_t)i + 1};
    if (!vec_push(a, &all, e)) break;
  }
  bool ok = all.len == n && recall_taught_update(t, &all, err) == EMEND_OK;
  arena_destroy(a);
  return ok;
}

typedef struct answers {
  char ids[MOST][16];
  size_t n;
} answers;

static void search(const recall_taught *t, rng *r, bool exact, answers *out) {
  char text[256];
  recall_probe probe;
  recall_nears found = {0};
  emend_error err;
  arena *a = arena_create(1 << 24);
  say(r, rng_below(r, TOPICS), text, sizeof text);
  out->n = 0;
  if (!recall_probe_read(str_from(text), NULL, a, &probe, &err) &&
      !recall_similar(t, STR("s"), &probe, MOST, exact, a, &found, &err))
    for (; out->n < found.len; out->n++)
      snprintf(out->ids[out->n], sizeof out->ids[0], "%.*s",
               STR_ARG(found.items[out->n].example.id));
  arena_destroy(a);
}

static void count(const answers *all, const answers *near, double *wanted, double *found) {
  for (size_t i = 0; i < all->n; i++, ++*wanted)
    for (size_t k = 0; k < near->n; k++) *found += strcmp(all->ids[i], near->ids[k]) == 0;
}

static double share(double *ms, size_t n, size_t percent) {
  qsort(ms, n, sizeof *ms, by_value);
  return n ? ms[n * percent / 100] : 0;
}

int main(int argc, char **argv) {
  size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
  size_t queries = argc > 2 ? strtoul(argv[2], NULL, 10) : 2000;
  recall_embedder e = {MODEL_EMBED_DIM, embed, NULL, NULL};
  recall_taught *t = NULL;
  emend_error err = {0};
  answers all, *near = calloc(queries + 1, sizeof *near);
  double *ms = calloc(queries + 1, sizeof *ms), *cpu = calloc(queries + 1, sizeof *cpu);
  double found = 0, wanted = 0, since = clock_ms();
  rng r;
  make_words();
  if (!ms || !cpu || !near || recall_taught_create(&e, &t, &err) || !fill(t, n, &err))
    return fprintf(stderr, "bench-similar: %s\n", err.msg), 3;
  recall_taught_settle(t);
  double build_s = (clock_ms() - since) / 1e3;
  rng_seed(&r, 2);
  for (size_t q = 0; q < queries; q++) {
    double began = clock_ms(), computed = clock_thread_ms();
    search(t, &r, false, &near[q]);
    ms[q] = clock_ms() - began;
    cpu[q] = clock_thread_ms() - computed;
  }
  rng_seed(&r, 2);
  since = clock_ms();
  for (size_t q = 0; q < queries; q++) {
    search(t, &r, true, &all);
    count(&all, &near[q], &wanted, &found);
  }
  printf(
      "{\"corrections\":%zu,\"queries\":%zu,\"dim\":%d,\"build_s\":%.1f,\"p50_ms\":%.3f,"
      "\"p99_ms\":%.3f,\"p99_cpu_ms\":%.3f,\"exact_mean_ms\":%.3f,\"recall_at_3\":%.4f}\n",
      n, queries, MODEL_EMBED_DIM, build_s, share(ms, queries, 50), share(ms, queries, 99),
      share(cpu, queries, 99), (clock_ms() - since) / (double)queries,
      wanted > 0 ? found / wanted : 0);
  recall_taught_free(t);
  free(ms);
  free(cpu);
  free(near);
  return 0;
}
