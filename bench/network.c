/* Speed of the embedded network, as JSON on standard output: products beside cblas_sgemm at the
 * same shapes, encoding and decoding of a mean schema, and training. Quality is measured elsewhere.
 *
 *   bench-network [--weights FILE] [--train-steps 10] [--threads 2]
 *   bench-network --write-data FILE       only the data set that training is measured with */
#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "model/grams.h"
#include "model/network.h"
#include "model/train.h"
#include "nn/kernels.h"
#include "nn/ops.h"

/* About the mean example of Spider: 15 question words, 33 schema and value nodes, 8 steps;
 * multiples of 8, so that a trainer that pads has nothing to pad. */
enum { NODES = 48, FIRST_COLUMN = 15, FIRST_TABLE = 40, FIRST_VALUE = 45, STEPS = 8, BEAM = 10 };
enum { RELATIONS = 64, TOKENS = 82, STATES = 27, VOCAB = 6000, EXAMPLES = 256 };

static rng dice;
static arena *mem;

static void *take(size_t n, size_t size) {
  void *p = arena_calloc(mem, n, size);
  if (!p) exit(3);
  return p;
}

static void check(emend_rc rc, const emend_error *err) {
  if (rc == EMEND_OK) return;
  fprintf(stderr, "bench-network: %s\n", err->msg);
  exit(3);
}

static float *noise(size_t n) {
  float *x = take(n, sizeof *x);
  for (size_t i = 0; i < n; i++) x[i] = (float)rng_normal(&dice);
  return x;
}

static int by_size(const void *x, const void *y) {
  double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

static double median(double *x, size_t n) {
  qsort(x, n, sizeof *x, by_size);
  return x[n / 2];
}

/* ---- products ---- */

/* Both in turn, five times; the largest difference of their results beside the speeds. */
static void bench_product(size_t m, size_t n, size_t k) {
  enum { ROUNDS = 5 };
  float *x = noise(m * k), *w = noise(n * k);
  float *y = take(m * n, sizeof *y), *z = take(m * n, sizeof *z);
  float *panels = take(panel_size(n, k) + 16, sizeof *panels), differ = 0;
  long repeats = (long)(1e8 / (2.0 * (double)(m * n * k))) + 1;
  double work = 2e-6 * (double)(m * n * k) * (double)repeats, blas[ROUNDS], panel[ROUNDS];
  panel_pack_rows(w, k, n, k, panels);
  for (int round = 0; round < ROUNDS; round++) {
    double began = clock_ms();
    for (long i = 0; i < repeats; i++)
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)m, (int)n, (int)k, 1, x, (int)k, w,
                  (int)k, 0, y, (int)n);
    double between = clock_ms();
    for (long i = 0; i < repeats; i++) panel_gemm(m, n, k, x, k, panels, NULL, z, n);
    blas[round] = work / (between - began);
    panel[round] = work / (clock_ms() - between);
  }
  for (size_t i = 0; i < m * n; i++) differ = fmaxf(differ, fabsf(y[i] - z[i]));
  printf(
      "{\"rows\":%zu,\"out\":%zu,\"in\":%zu,\"sgemm_gflops\":%.1f,\"panel_gflops\":%.1f,"
      "\"largest_difference\":%.1e}",
      m, n, k, median(blas, ROUNDS), median(panel, ROUNDS), (double)differ);
}

static void bench_products(void) {
  static const size_t shapes[][3] = {{1, 256, 256},   {10, 256, 256},  {10, 1024, 256},
                                     {10, 256, 1024}, {50, 256, 256},  {50, 1024, 256},
                                     {50, 256, 1024}, {650, 1024, 256}};
  printf("\"products\":[");
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    if (i) printf(",");
    bench_product(shapes[i][0], shapes[i][1], shapes[i][2]);
  }
  printf("],");
}

/* ---- inference ---- */

static weights *random_weights(void) {
  weights *w = NULL;
  emend_error err;
  str *words = take(VOCAB, sizeof *words);
  for (int i = 0; i < VOCAB; i++) words[i] = str_from(arena_printf(mem, "word%d", i));
  weights_shape shape = {256, 8, 6, 2, 1024, VOCAB, GRAMS_BUCKETS, RELATIONS, TOKENS, STATES};
  check(weights_create(&shape, words, &w, &err), &err);
  weights_randomise(w, 1);
  return w;
}

static model_input random_input(const network *net) {
  uint8_t *kind = take(NODES, 1), *rel = take(NODES * NODES, 1);
  uint16_t *flags = take(NODES, sizeof *flags);
  int32_t *off = take(NODES + 1, sizeof *off);
  model_word *words = take(2 * NODES, sizeof *words);
  for (int i = 0; i < NODES; i++) {
    kind[i] = i < FIRST_COLUMN  ? INPUT_WORD
              : i < FIRST_TABLE ? INPUT_COLUMN
              : i < FIRST_VALUE ? INPUT_TABLE
                                : INPUT_VALUE;
    flags[i] = (uint16_t)(rng_next(&dice) & rng_next(&dice));
    off[i + 1] = off[i] + 1 + (i >= FIRST_COLUMN);
  }
  for (int32_t i = 0; i < off[NODES]; i++) {
    const char *word = arena_printf(mem, "word%u", rng_below(&dice, VOCAB * 5 / 4));
    if (!network_word(net, str_from(word), mem, &words[i])) exit(3);
  }
  for (int i = 0; i < NODES * NODES; i++)
    rel[i] = (uint8_t)rng_below(&dice, (uint32_t)network_shape(net)->relations);
  return (model_input){NODES, kind, flags, off, words, rel};
}

static double bench_encode(const network *net, const model_input *in, encoded **out) {
  enum { ROUNDS = 25 };
  emend_error err;
  double took[ROUNDS];
  for (int i = 0; i < ROUNDS; i++) {
    double began = clock_ms();
    check(network_encode(net, in, mem, out, &err), &err);
    took[i] = clock_ms() - began;
  }
  return median(took, ROUNDS);
}

/* One step of a beam, as the mean over a query's steps. */
static double bench_steps(const network *net, const encoded *enc, int beam) {
  enum { ROUNDS = 25 };
  emend_error err;
  size_t width = (size_t)(network_shape(net)->tokens + NODES);
  uint8_t *allowed = take((size_t)beam * width, 1);
  float *logp = take((size_t)beam * width, sizeof *logp);
  decoder_row rows[BEAM];
  double took[ROUNDS];
  memset(allowed, 1, (size_t)beam * width);
  for (int r = 0; r < ROUNDS; r++) {
    arena *a = arena_create((size_t)1 << 28);
    decoder *d = NULL;
    if (!a) exit(3);
    check(decoder_create(net, enc, beam, a, &d, &err), &err);
    double began = clock_ms();
    for (int t = 0; t < STEPS; t++) {
      for (int i = 0; i < beam; i++)
        rows[i] = (decoder_row){(i * 7) % beam, t % 2 ? INPUT_COLUMN : 0, FIRST_COLUMN, 1};
      check(decoder_step(d, beam, rows, allowed, logp, &err), &err);
    }
    took[r] = (clock_ms() - began) / STEPS;
    arena_destroy(a);
  }
  return median(took, ROUNDS);
}

static void bench_inference(const char *path) {
  char temp[64];
  emend_error err;
  network *net = NULL;
  encoded *enc = NULL;
  snprintf(temp, sizeof temp, "/tmp/emend-bench-%ld.emt", (long)getpid());
  if (!path) {
    weights *w = random_weights();
    check(weights_export(w, NULL, temp, &err), &err);
    weights_free(w);
  }
  double began = clock_ms();
  check(network_load(path ? path : temp, &net, &err), &err);
  double load = clock_ms() - began;
  if (!path) unlink(temp);
  model_input in = random_input(net);
  double encode = bench_encode(net, &in, &enc);
  printf(
      "\"inference\":{\"load_ms\":%.1f,\"nodes\":%d,\"encode_ms\":%.2f,\"beam\":%d,"
      "\"step_ms\":%.3f,\"step_of_one_ms\":%.3f},",
      load, NODES, encode, BEAM, bench_steps(net, enc, BEAM), bench_steps(net, enc, 1));
  network_free(net);
}

/* ---- training ---- */

static tensor vector(const char *name, tensor_dtype type, const void *data, size_t n) {
  return (tensor){str_from(name), type, 1, {n}, 0, data, NULL};
}

/* A data set of the right sizes; there is nothing in it to learn. */
static void write_random_data(const char *path) {
  size_t nodes = (size_t)EXAMPLES * NODES, steps = (size_t)EXAMPLES * STEPS;
  int64_t *ex_node = take(EXAMPLES + 1, 8), *ex_rel = take(EXAMPLES + 1, 8);
  int64_t *ex_step = take(EXAMPLES + 1, 8), *word_off = take(nodes + 1, 8);
  uint8_t *fold = take(EXAMPLES, 1), *kind = take(nodes, 1), *rel = take(nodes * NODES, 1);
  uint8_t *zeros = take(nodes, 1), *step_kind = take(steps, 1), *state = take(steps, 1);
  uint8_t *mask = take((size_t)STATES * (TOKENS + 3), 1);
  uint16_t *flags = take(nodes, 2), *grams = take((size_t)VOCAB * 6, 2);
  int32_t *numbers = take(EXAMPLES, 4);
  int32_t *words = take(nodes, 4), *step_id = take(steps, 4), *count = take(VOCAB, 4);
  int32_t *text_off = take(VOCAB + 1, 4), *gram_off = take(VOCAB + 1, 4);
  char *text = take(VOCAB, 4);
  for (int e = 0; e < EXAMPLES; e++) {
    ex_node[e + 1] = (e + 1) * NODES;
    ex_rel[e + 1] = (e + 1) * NODES * NODES;
    ex_step[e + 1] = (e + 1) * STEPS;
  }
  for (size_t i = 0; i < nodes; i++) {
    size_t at = i % NODES;
    kind[i] = at < FIRST_COLUMN ? 0 : at < FIRST_TABLE ? 1 : at < FIRST_VALUE ? 2 : 3;
    words[i] = (int32_t)rng_below(&dice, VOCAB);
    word_off[i + 1] = (int64_t)i + 1;
  }
  for (size_t i = 0; i < nodes * NODES; i++) rel[i] = (uint8_t)rng_below(&dice, RELATIONS);
  for (size_t i = 0; i < steps; i++) {
    step_kind[i] = i % STEPS % 3 == 1;
    step_id[i] = step_kind[i] ? FIRST_COLUMN + (int32_t)rng_below(&dice, 20) : 1;
  }
  memset(mask, 1, (size_t)STATES * (TOKENS + 3));
  for (int i = 0; i < VOCAB; i++) {
    count[i] = 9;
    text_off[i + 1] = text_off[i] + snprintf(text + text_off[i], 5, "%04x", i);
    gram_off[i + 1] = gram_off[i] + 6;
    for (int g = 0; g < 6; g++) grams[i * 6 + g] = (uint16_t)rng_below(&dice, GRAMS_BUCKETS);
  }
  tensor all[] = {
      vector("word_text", TENSOR_U8, text, (size_t)text_off[VOCAB]),
      vector("word_off", TENSOR_I32, text_off, VOCAB + 1),
      vector("word_count", TENSOR_I32, count, VOCAB),
      vector("word_gram_off", TENSOR_I32, gram_off, VOCAB + 1),
      vector("word_grams", TENSOR_U16, grams, (size_t)VOCAB * 6),
      vector("ex_node", TENSOR_I64, ex_node, EXAMPLES + 1),
      vector("ex_rel", TENSOR_I64, ex_rel, EXAMPLES + 1),
      vector("ex_step", TENSOR_I64, ex_step, EXAMPLES + 1),
      vector("ex_fold", TENSOR_U8, fold, EXAMPLES),
      vector("ex_src", TENSOR_U8, zeros, EXAMPLES),
      vector("ex_row", TENSOR_I32, numbers, EXAMPLES),
      vector("ex_db", TENSOR_I32, numbers, EXAMPLES),
      vector("node_kind", TENSOR_U8, kind, nodes),
      vector("node_flags", TENSOR_U16, flags, nodes),
      vector("node_word_off", TENSOR_I64, word_off, nodes + 1),
      vector("node_words", TENSOR_I32, words, nodes),
      vector("node_used", TENSOR_U8, zeros, nodes),
      vector("node_role", TENSOR_U8, zeros, nodes),
      vector("rel", TENSOR_U8, rel, nodes * NODES),
      vector("step_kind", TENSOR_U8, step_kind, steps),
      vector("step_id", TENSOR_I32, step_id, steps),
      vector("step_state", TENSOR_U8, state, steps),
      {STR("state_mask"), TENSOR_U8, 2, {STATES, TOKENS + 3}, 0, mask, NULL},
  };
  char meta[160];
  emend_error err;
  int len = snprintf(meta, sizeof meta,
                     "{\"kind\":\"dataset\",\"n_relations\":%d,\"n_tokens\":%d,\"n_states\":%d,"
                     "\"n_grams\":%d}",
                     RELATIONS, TOKENS, STATES, GRAMS_BUCKETS);
  check(tensor_file_write(path, (str){meta, (size_t)len}, all, sizeof all / sizeof *all, &err),
        &err);
}

static void bench_training(int threads, long steps) {
  char path[64];
  emend_error err;
  trainer *t = NULL;
  train_report r;
  long nodes = 0;
  snprintf(path, sizeof path, "/tmp/emend-bench-%ld.emt", (long)getpid());
  write_random_data(path);
  train_source source = {path, 1, 0, 1};
  train_options o = train_defaults();
  o.sources = &source;
  o.n_sources = 1;
  o.threads = threads;
  check(trainer_create(&o, &t, &err), &err);
  unlink(path);
  check(trainer_step(t, &r, &err), &err); /* buffers are made here */
  double *took = take((size_t)steps, sizeof *took);
  for (long i = 0; i < steps; i++) {
    double began = clock_ms();
    check(trainer_step(t, &r, &err), &err);
    took[i] = (clock_ms() - began) / 1e3 / r.examples;
    nodes += r.nodes;
  }
  printf(
      "\"training\":{\"threads\":%d,\"parameters\":%zu,\"steps\":%ld,\"nodes_a_step\":%ld,"
      "\"examples_per_second\":%.1f}",
      threads, trainer_weights(t)->n, steps, nodes / steps, 1 / median(took, (size_t)steps));
  trainer_free(t);
}

static void print_machine(void) {
  char line[256], model[200] = "unknown";
  FILE *f = fopen("/proc/cpuinfo", "r");
  while (f && fgets(line, sizeof line, f))
    if (sscanf(line, "model name : %199[^\n]", model) == 1) break;
  if (f) fclose(f);
  printf("\"machine\":{\"processor\":\"%s\",\"cores\":%ld,\"kernels\":\"%s\"},", model,
         sysconf(_SC_NPROCESSORS_ONLN), kernel_level());
}

int main(int argc, char **argv) {
  const char *path = NULL, *data = NULL;
  long steps = 10, threads = 2;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--weights") == 0)
      path = argv[i + 1];
    else if (strcmp(argv[i], "--write-data") == 0)
      data = argv[i + 1];
    else if (strcmp(argv[i], "--train-steps") == 0)
      steps = strtol(argv[i + 1], NULL, 10);
    else if (strcmp(argv[i], "--threads") == 0)
      threads = strtol(argv[i + 1], NULL, 10);
    else
      argc = 0;
  }
  if (argc % 2 == 0 || steps < 1 || threads < 1 || threads > 64)
    return fputs(
               "usage: bench-network [--weights FILE] [--train-steps 10] [--threads 2]\n"
               "       bench-network --write-data FILE\n",
               stderr),
           2;
  mem = arena_create((size_t)1 << 32);
  if (!mem) return 3;
  rng_seed(&dice, 1);
  if (data) return write_random_data(data), 0;
  ops_single_thread();
  printf("{");
  print_machine();
  bench_products();
  bench_inference(path);
  bench_training((int)threads, steps);
  printf("}\n");
  arena_destroy(mem);
  return 0;
}
