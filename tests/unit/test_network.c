/* network: stepwise decoding, forks and whole-sequence scoring agree; bad input is an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/rng.h"
#include "model/network.h"

enum { N = 13, FIRST = 5, TOKENS = 11, WIDTH = TOKENS + N };

static const weights_shape shape = {.width = 24,
                                    .heads = 3,
                                    .enc = 2,
                                    .dec = 2,
                                    .ff = 40,
                                    .vocab = 4,
                                    .grams = 50,
                                    .relations = 6,
                                    .tokens = TOKENS,
                                    .states = 5};
static const str vocab[4] = {{"<unk>", 5}, {"cat", 3}, {"dog", 3}, {"name", 4}};

static arena *mem;
static network *net;
static uint8_t kind[N], rel[N * N], all_allowed[8 * WIDTH];
static uint16_t flags[N];
static int32_t word_off[N + 1];
static model_word words[2 * N];
static model_input input = {N, kind, flags, word_off, words, rel};

static weights *make_weights(void) {
  weights *w = NULL;
  emend_error err;
  assert_int_equal(weights_create(&shape, vocab, &w, &err), EMEND_OK);
  weights_randomise(w, 3);
  rng r;
  rng_seed(&r, 4);
  for (size_t i = 0; i < w->n; i++) w->block[i] += 0.05f * (float)rng_normal(&r);
  w->name = STR("test");
  w->training = STR("{\"steps\":7}");
  return w;
}

static void make_input(void) {
  static const char *const texts[] = {"cat", "dogs", "name", "x"};
  rng r;
  rng_seed(&r, 5);
  for (int i = 0; i < N; i++) {
    kind[i] = i < FIRST ? INPUT_WORD : i < 9 ? INPUT_COLUMN : i < 11 ? INPUT_TABLE : INPUT_VALUE;
    flags[i] = (uint16_t)rng_below(&r, 65536);
    word_off[i + 1] = word_off[i] + (i == 3 ? 0 : 1 + i % 2); /* node 3 has no words */
  }
  for (int i = 0; i < word_off[N]; i++)
    assert_true(network_word(net, str_from(texts[i % 4]), mem, &words[i]));
  for (int i = 0; i < N * N; i++) rel[i] = (uint8_t)rng_below(&r, 6);
  memset(all_allowed, 1, sizeof all_allowed);
}

static encoded *encode(void) {
  encoded *e = NULL;
  emend_error err;
  assert_int_equal(network_encode(net, &input, mem, &e, &err), EMEND_OK);
  return e;
}

static decoder *start(const encoded *e, int rows) {
  decoder *d = NULL;
  emend_error err;
  assert_int_equal(decoder_create(net, e, rows, mem, &d, &err), EMEND_OK);
  return d;
}

static void step(decoder *d, int n, const decoder_row *rows, float *logp) {
  emend_error err;
  assert_int_equal(decoder_step(d, n, rows, all_allowed, logp, &err), EMEND_OK);
}

static void assert_near(const float *x, const float *y, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!(x[i] == y[i] || fabsf(x[i] - y[i]) < 2e-5f))
      fail_msg("[%zu] %.8g is not %.8g", i, (double)x[i], (double)y[i]);
}

/* Three steps: token 4, column node 6, value node 12, with states 1, 2, 3. */
static const decoder_row path[3] = {{0, 0, 0, 1}, {0, 0, 4, 2}, {0, INPUT_COLUMN, 6, 3}};
static const scored_step sequence[3] = {{0, 1, 4}, {INPUT_COLUMN, 2, 6}, {INPUT_VALUE, 3, 12}};

static void words_are_known_by_id_and_grams(void **state) {
  (void)state;
  model_word w;
  assert_true(network_word(net, STR("dog"), mem, &w));
  assert_int_equal(w.id, 2);
  assert_int_equal(w.n_grams, 3);
  assert_true(network_word(net, STR("dot"), mem, &w));
  assert_int_equal(w.id, 0);
  assert_true(network_word(net, STR("<unk>"), mem, &w));
  assert_int_equal(w.id, 0);
}

static void probabilities_sum_to_one_and_words_are_never_pointed_at(void **state) {
  (void)state;
  encoded *e = encode();
  float logp[WIDTH], total = 0;
  step(start(e, 1), 1, path, logp);
  for (int i = 0; i < WIDTH; i++) total += expf(logp[i]);
  assert_true(fabsf(total - 1) < 1e-5f);
  for (int i = 0; i < FIRST; i++) assert_true(logp[TOKENS + i] == -INFINITY);
  for (int i = 0; i < N; i++) {
    assert_true(i < FIRST ? e->used[i] == 0 : e->used[i] > 0 && e->used[i] < 1);
    float roles = 0;
    for (int r = 0; r < WEIGHTS_ROLES; r++) roles += e->role[i * WEIGHTS_ROLES + r];
    assert_true(fabsf(roles - (kind[i] == INPUT_COLUMN ? 1 : 0)) < 1e-5f);
  }
}

static void what_is_not_allowed_has_no_probability(void **state) {
  (void)state;
  encoded *e = encode();
  float free_logp[WIDTH], logp[WIDTH];
  uint8_t allowed[WIDTH] = {0};
  emend_error err;
  step(start(e, 1), 1, path, free_logp);
  allowed[2] = allowed[TOKENS + 8] = allowed[TOKENS + 1] = 1; /* node 1 is a word */
  assert_int_equal(decoder_step(start(e, 1), 1, path, allowed, logp, &err), EMEND_OK);
  assert_true(fabsf(expf(logp[2]) + expf(logp[TOKENS + 8]) - 1) < 1e-5f);
  assert_true(fabsf(logp[2] - logp[TOKENS + 8] - free_logp[2] + free_logp[TOKENS + 8]) < 1e-5f);
  for (int i = 0; i < WIDTH; i++)
    if (i != 2 && i != TOKENS + 8) assert_true(logp[i] == -INFINITY);
}

static void stepping_agrees_with_scoring_the_whole(void **state) {
  (void)state;
  encoded *e = encode();
  decoder *d = start(e, 1);
  float logp[WIDTH], stepwise[3], scored[3];
  emend_error err;
  for (int i = 0; i < 3; i++) {
    step(d, 1, &path[i], logp);
    stepwise[i] = logp[sequence[i].id + (sequence[i].kind ? TOKENS : 0)];
  }
  assert_int_equal(decoder_steps(d), 3);
  assert_int_equal(network_score(net, e, 3, sequence, all_allowed, mem, scored, &err), EMEND_OK);
  assert_near(stepwise, scored, 3);
}

/* Beams that fork, cross and die give each hypothesis what it would have had alone. */
static void a_beam_gives_what_each_hypothesis_has_alone(void **state) {
  (void)state;
  encoded *e = encode();
  float alone[WIDTH], beam[4 * WIDTH];
  decoder *one = start(e, 1), *many = start(e, 4);
  for (int i = 0; i < 3; i++) step(one, 1, &path[i], alone);

  step(many, 1, path, beam);
  decoder_row second[3] = {{0, 0, 7, 4}, {0, INPUT_TABLE, 10, 0}, {0, 0, 4, 2}};
  step(many, 3, second, beam);
  decoder_row third[4] = {
      {2, INPUT_COLUMN, 6, 3}, {0, 0, 1, 1}, {2, INPUT_COLUMN, 5, 3}, {1, 0, 2, 2}};
  step(many, 4, third, beam);
  assert_near(beam, alone, WIDTH);
  float other[WIDTH];
  one = start(e, 1);
  step(one, 1, path, other);
  step(one, 1, &second[1], other);
  step(one, 1, &(decoder_row){0, 0, 2, 2}, other);
  assert_near(beam + 3 * WIDTH, other, WIDTH);
}

static void encoding_depends_on_every_part_of_the_input(void **state) {
  (void)state;
  encoded *before = encode();
  struct {
    void *at;
    size_t size;
  } parts[] = {{&flags[12], 2}, {&rel[7], 1}, {&words[0].id, 4}};
  for (size_t i = 0; i < 3; i++) {
    unsigned char old[4], *p = parts[i].at;
    memcpy(old, p, parts[i].size);
    p[0] = (unsigned char)(p[0] ^ 1);
    encoded *after = encode();
    float most = 0;
    for (int j = 0; j < N * 24; j++)
      most = fmaxf(most, fabsf(after->memory[j] - before->memory[j]));
    assert_true(most > 1e-4f);
    memcpy(p, old, parts[i].size);
  }
}

static emend_rc try_encode(model_input in) {
  encoded *e;
  emend_error err;
  return network_encode(net, &in, mem, &e, &err);
}

static void impossible_input_is_refused(void **state) {
  (void)state;
  model_input in = input;
  in.n = 0;
  assert_int_equal(try_encode(in), EMEND_ELIMIT);
  in.n = INPUT_MAX_NODES + 1;
  assert_int_equal(try_encode(in), EMEND_ELIMIT);
  rel[9] = 6;
  assert_int_equal(try_encode(input), EMEND_EUSAGE);
  rel[9] = 0;
  kind[0] = INPUT_TABLE;
  assert_int_equal(try_encode(input), EMEND_EUSAGE);
  kind[0] = INPUT_WORD;
  words[2].id = 4;
  assert_int_equal(try_encode(input), EMEND_EUSAGE);
  words[2].id = 0;
  assert_int_equal(try_encode(input), EMEND_OK);
}

static void impossible_steps_are_refused(void **state) {
  (void)state;
  encoded *e = encode();
  float logp[2 * WIDTH];
  emend_error err;
  decoder *d = start(e, 2);
  decoder_row bad = {0, 0, 0, 5};
  assert_int_equal(decoder_step(d, 1, &bad, all_allowed, logp, &err), EMEND_EUSAGE);
  assert_int_equal(decoder_step(d, 3, path, all_allowed, logp, &err), EMEND_EUSAGE);
  step(d, 1, path, logp);
  static const decoder_row wrong[] = {
      {1, 0, 1, 1},  {-1, 0, 1, 1},           {0, 0, TOKENS, 1},
      {0, 0, -1, 1}, {0, INPUT_COLUMN, 2, 1}, {0, INPUT_COLUMN, N, 1},
      {0, 4, 6, 1}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_int_equal(decoder_step(d, 1, &wrong[i], all_allowed, logp, &err), EMEND_EUSAGE);
  decoder_row fine = {0, 0, 1, 1};
  while (decoder_steps(d) < WEIGHTS_MAX_STEPS) step(d, 1, &fine, logp);
  assert_int_equal(decoder_step(d, 1, &fine, all_allowed, logp, &err), EMEND_ELIMIT);
  scored_step off = {INPUT_TABLE, 1, 6};
  assert_int_equal(network_score(net, e, 1, &off, all_allowed, mem, logp, &err), EMEND_EUSAGE);
}

static void shipped_weights_come_back_close(void **state) {
  (void)state;
  char path_name[64];
  emend_error err;
  snprintf(path_name, sizeof path_name, "/tmp/emend-weights-%ld.emt", (long)getpid());
  weights *w = make_weights(), *back = NULL;
  assert_int_equal(weights_export(w, NULL, path_name, &err), EMEND_OK);
  assert_int_equal(weights_load(path_name, &back, &err), EMEND_OK);
  unlink(path_name);
  assert_memory_equal(&back->shape, &shape, sizeof shape);
  assert_true(str_eq(back->name, STR("test")) && str_eq(back->training, w->training));
  assert_int_equal(weights_word(back, STR("dog")), 2);
  /* Width 24 is below 64: all f32, so exact. */
  for (size_t i = 0; i < w->n_tensors; i++) {
    const weights_tensor *t = &w->tensors[i];
    assert_memory_equal(back->block + t->offset, w->block + t->offset,
                        t->rows * t->columns * sizeof(float));
  }
  weights_free(w);
  weights_free(back);
}

static void weights_of_another_shape_are_refused(void **state) {
  (void)state;
  char path_name[64];
  emend_error err;
  snprintf(path_name, sizeof path_name, "/tmp/emend-weights-%ld.emt", (long)getpid());
  weights *w = make_weights(), *back = NULL;
  w->shape.ff = 41; /* the text claims it, the tensors do not */
  assert_int_equal(weights_export(w, NULL, path_name, &err), EMEND_OK);
  assert_int_equal(weights_load(path_name, &back, &err), EMEND_EFORMAT);
  w->shape.ff = 40;
  w->shape.heads = 7;
  assert_int_equal(weights_export(w, NULL, path_name, &err), EMEND_OK);
  assert_int_equal(network_load(path_name, &(network *){NULL}, &err), EMEND_EFORMAT);
  assert_int_equal(tensor_file_write(path_name, STR("{\"kind\":\"dataset\"}"), NULL, 0, &err),
                   EMEND_OK);
  assert_int_equal(weights_load(path_name, &back, &err), EMEND_EFORMAT);
  assert_int_equal(tensor_file_write(path_name, STR("[[["), NULL, 0, &err), EMEND_OK);
  assert_int_equal(weights_load(path_name, &back, &err), EMEND_EFORMAT);
  unlink(path_name);
  weights_free(w);
}

static void running_out_of_memory_is_an_error_everywhere(void **state) {
  (void)state;
  emend_error err;
  for (long at = 1;; at++) {
    arena *a = arena_create((size_t)1 << 30);
    network *fresh = NULL;
    encoded *e = NULL;
    decoder *d = NULL;
    float logp[2 * WIDTH];
    weights *w = make_weights();
    mem_fail_at(at);
    emend_rc rc = network_create(w, &fresh, &err);
    if (rc == EMEND_OK) rc = network_encode(fresh, &input, a, &e, &err);
    if (rc == EMEND_OK) rc = decoder_create(fresh, e, 2, a, &d, &err);
    if (rc == EMEND_OK) rc = decoder_step(d, 1, path, all_allowed, logp, &err);
    if (rc == EMEND_OK) rc = network_score(fresh, e, 3, sequence, all_allowed, a, logp, &err);
    bool through = mem_requests() < at;
    mem_fail_at(0);
    network_free(fresh);
    arena_destroy(a);
    if (through) {
      assert_int_equal(rc, EMEND_OK);
      break;
    }
    assert_int_equal(rc, EMEND_ENOMEM);
  }
}

static int setup(void **state) {
  (void)state;
  emend_error err;
  mem = arena_create((size_t)1 << 30);
  emend_rc rc = network_create(make_weights(), &net, &err);
  if (!mem || rc != EMEND_OK) return -1;
  make_input();
  return 0;
}

static int teardown(void **state) {
  (void)state;
  network_free(net);
  arena_destroy(mem);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(words_are_known_by_id_and_grams),
      cmocka_unit_test(probabilities_sum_to_one_and_words_are_never_pointed_at),
      cmocka_unit_test(what_is_not_allowed_has_no_probability),
      cmocka_unit_test(stepping_agrees_with_scoring_the_whole),
      cmocka_unit_test(a_beam_gives_what_each_hypothesis_has_alone),
      cmocka_unit_test(encoding_depends_on_every_part_of_the_input),
      cmocka_unit_test(impossible_input_is_refused),
      cmocka_unit_test(impossible_steps_are_refused),
      cmocka_unit_test(shipped_weights_come_back_close),
      cmocka_unit_test(weights_of_another_shape_are_refused),
      cmocka_unit_test(running_out_of_memory_is_an_error_everywhere),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
