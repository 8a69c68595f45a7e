/* train: a tiny network learns a toy task by heart, a resumed run equals an uninterrupted one bit
 * for bit, and what it exports is what it evaluated. */
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
#include "model/grams.h"
#include "model/input.h"
#include "model/network.h"
#include "model/train.h"
#include "nn/kernels.h"

/* The toy task: of four columns, two are named in the question; answer SELECT <the column named
 * first> MAX or MIN (as the last word says) END. Relation 1 links a word to the column of its
 * name, relation 2 a column to the table. */
enum { EXAMPLES = 60, WORDS = 3, COLUMNS = 4, NODES = WORDS + COLUMNS + 1, STEPS = 4 };
enum { TOKENS = 5, STATES = 4, RELATIONS = 3 };
enum { SELECT = 1, MAX = 2, MIN = 3, END = 4 };
static const char *const lexicon[] = {"alpha", "beta", "gamma", "delta", "max", "min", "shop"};
enum { LEXICON = 7, WORD_MAX = 4, WORD_SHOP = 6 };

static char data_path[64], file_path[64];

typedef struct toy {
  int64_t ex_node[EXAMPLES + 1], ex_rel[EXAMPLES + 1], ex_step[EXAMPLES + 1];
  uint8_t ex_fold[EXAMPLES];
  uint8_t kind[EXAMPLES * NODES], used[EXAMPLES * NODES], role[EXAMPLES * NODES];
  uint16_t flags[EXAMPLES * NODES];
  int64_t word_off[EXAMPLES * NODES + 1];
  int32_t words[EXAMPLES * NODES];
  uint8_t rel[EXAMPLES * NODES * NODES];
  uint8_t step_kind[EXAMPLES * STEPS], step_state[EXAMPLES * STEPS];
  int32_t step_id[EXAMPLES * STEPS];
  char text[64];
  int32_t text_off[LEXICON + 1], count[LEXICON], gram_off[LEXICON + 1];
  uint16_t grams[LEXICON * GRAMS_MAX];
} toy;

static const uint8_t state_mask[STATES][TOKENS + 3] = {{0, 1, 0, 0, 0, 0, 0, 0},
                                                       {0, 0, 0, 0, 0, 1, 0, 0},
                                                       {0, 0, 1, 1, 0, 0, 0, 0},
                                                       {0, 0, 0, 0, 1, 0, 0, 0}};

static void toy_words(toy *t) {
  for (int i = 0; i < LEXICON; i++) {
    size_t len = strlen(lexicon[i]);
    memcpy(t->text + t->text_off[i], lexicon[i], len);
    t->text_off[i + 1] = t->text_off[i] + (int32_t)len;
    t->count[i] = i == WORD_SHOP ? 1 : 50; /* "shop" is too rare for the vocabulary */
    size_t n = grams_of(str_from(lexicon[i]), 32, t->grams + t->gram_off[i]);
    t->gram_off[i + 1] = t->gram_off[i] + (int32_t)n;
  }
}

static void toy_example(toy *t, int e, rng *r) {
  int node = e * NODES, order[COLUMNS] = {0, 1, 2, 3};
  for (int i = COLUMNS - 1; i > 0; i--) {
    int j = (int)rng_below(r, (uint32_t)i + 1), swap = order[i];
    order[i] = order[j];
    order[j] = swap;
  }
  int first = (int)rng_below(r, 4), second = (first + 1 + (int)rng_below(r, 3)) % 4;
  int extreme = (int)rng_below(r, 2), target = 0;
  int word[NODES] = {first,    second,   WORD_MAX + extreme, order[0],
                     order[1], order[2], order[3],           WORD_SHOP};
  for (int i = 0; i < NODES; i++) {
    t->kind[node + i] = i < WORDS ? INPUT_WORD : i < WORDS + COLUMNS ? INPUT_COLUMN : INPUT_TABLE;
    t->flags[node + i] = (uint16_t)(i < WORDS ? 1 << i : 0); /* its place in the question */
    t->words[node + i] = word[i];
    t->word_off[node + i + 1] = node + i + 1;
    if (i >= WORDS && i < WORDS + COLUMNS && word[i] == first) target = i;
    for (int j = 0; j < NODES; j++) {
      uint8_t rel = i != j && word[i] == word[j] ? 1 : 0;
      if (t->kind[node + i] == INPUT_COLUMN && j == NODES - 1) rel = 2;
      t->rel[(e * NODES + i) * NODES + j] = rel;
    }
  }
  t->used[node + target] = t->role[node + target] = 1;
  const uint8_t kinds[STEPS] = {0, INPUT_COLUMN, 0, 0};
  const int32_t ids[STEPS] = {SELECT, target, extreme ? MIN : MAX, END};
  for (int s = 0; s < STEPS; s++) {
    t->step_kind[e * STEPS + s] = kinds[s];
    t->step_id[e * STEPS + s] = ids[s];
    t->step_state[e * STEPS + s] = (uint8_t)s;
  }
  t->ex_node[e + 1] = (e + 1) * NODES;
  t->ex_rel[e + 1] = (e + 1) * NODES * NODES;
  t->ex_step[e + 1] = (e + 1) * STEPS;
  t->ex_fold[e] = (uint8_t)(e % 5);
}

static toy *make_toy(void) {
  rng r;
  rng_seed(&r, 21);
  toy *t = mem_alloc(sizeof *t);
  assert_non_null(t);
  toy_words(t);
  for (int e = 0; e < EXAMPLES; e++) toy_example(t, e, &r);
  return t;
}

#define VECTOR(name, type, x, n) \
  { {name, sizeof name - 1}, type, 1, {n}, 0, x, NULL }

static void write_toy(const toy *t, const char *path) {
  tensor all[] = {
      VECTOR("word_text", TENSOR_U8, t->text, (uint64_t)t->text_off[LEXICON]),
      VECTOR("word_off", TENSOR_I32, t->text_off, LEXICON + 1),
      VECTOR("word_count", TENSOR_I32, t->count, LEXICON),
      VECTOR("word_gram_off", TENSOR_I32, t->gram_off, LEXICON + 1),
      VECTOR("word_grams", TENSOR_U16, t->grams, (uint64_t)t->gram_off[LEXICON]),
      VECTOR("ex_node", TENSOR_I64, t->ex_node, EXAMPLES + 1),
      VECTOR("ex_rel", TENSOR_I64, t->ex_rel, EXAMPLES + 1),
      VECTOR("ex_step", TENSOR_I64, t->ex_step, EXAMPLES + 1),
      VECTOR("ex_fold", TENSOR_U8, t->ex_fold, EXAMPLES),
      VECTOR("node_kind", TENSOR_U8, t->kind, EXAMPLES * NODES),
      VECTOR("node_flags", TENSOR_U16, t->flags, EXAMPLES * NODES),
      VECTOR("node_word_off", TENSOR_I64, t->word_off, EXAMPLES * NODES + 1),
      VECTOR("node_words", TENSOR_I32, t->words, EXAMPLES * NODES),
      VECTOR("node_used", TENSOR_U8, t->used, EXAMPLES * NODES),
      VECTOR("node_role", TENSOR_U8, t->role, EXAMPLES * NODES),
      VECTOR("rel", TENSOR_U8, t->rel, EXAMPLES * NODES * NODES),
      VECTOR("step_kind", TENSOR_U8, t->step_kind, EXAMPLES * STEPS),
      VECTOR("step_id", TENSOR_I32, t->step_id, EXAMPLES * STEPS),
      VECTOR("step_state", TENSOR_U8, t->step_state, EXAMPLES * STEPS),
      {STR("state_mask"), TENSOR_U8, 2, {STATES, TOKENS + 3}, 0, state_mask, NULL},
  };
  emend_error err;
  str meta =
      STR("{\"kind\":\"dataset\",\"n_relations\":3,\"n_tokens\":5,\"n_states\":4,"
          "\"n_grams\":32,\"n_flags\":64,\"n_roles\":8}");
  assert_int_equal(tensor_file_write(path, meta, all, sizeof all / sizeof *all, &err), EMEND_OK);
}

static train_options toy_options(const train_source *source) {
  train_options o = train_defaults();
  o.sources = source;
  o.n_sources = 1;
  o.steps = 150;
  o.batch_nodes = 160;
  o.rate = 4e-3;
  o.dropout = o.word_dropout = 0.05;
  o.average = 0.9;
  o.width = 32;
  o.heads = 4;
  o.enc = 2;
  o.dec = 1;
  o.ff = 64;
  return o;
}

static trainer *make(const train_options *o) {
  trainer *t = NULL;
  emend_error err;
  if (trainer_create(o, &t, &err) != EMEND_OK) fail_msg("%s", err.msg);
  return t;
}

static train_report advance(trainer *t, long steps) {
  train_report r = {0};
  emend_error err;
  for (long i = 0; i < steps; i++)
    if (trainer_step(t, &r, &err) != EMEND_OK) fail_msg("%s", err.msg);
  return r;
}

static bool same_floats(const float *a, const float *b, size_t n) {
  return memcmp(a, b, n * sizeof *a) == 0;
}

static void assert_same_run(const trainer *a, const trainer *b) {
  size_t n = trainer_weights(a)->n;
  assert_int_equal(n, trainer_weights(b)->n);
  assert_true(same_floats(trainer_weights(a)->block, trainer_weights(b)->block, n));
  assert_true(same_floats(trainer_average(a), trainer_average(b), n));
  assert_int_equal(trainer_done(a), trainer_done(b));
}

static void a_toy_task_is_learnt_by_heart_and_generalises(void **state) {
  (void)state;
  train_source source = {data_path, 1, 0, 1};
  train_options o = toy_options(&source);
  emend_error err;
  train_scores before, known, held_out;
  o.fold = 0;
  trainer *t = make(&o);
  assert_int_equal(trainer_examples(t), EXAMPLES - EXAMPLES / 5);
  assert_int_equal(trainer_unusable(t), 0);
  assert_int_equal(trainer_weights(t)->shape.vocab, LEXICON); /* <unk> for "shop" */
  assert_int_equal(trainer_evaluate(t, &before, &err), EMEND_OK);
  assert_int_equal(before.examples, EXAMPLES / 5);
  train_report first = advance(t, 1), last = advance(t, o.steps - 1);
  assert_true(last.loss < first.loss / 2);
  assert_int_equal(trainer_evaluate_on(t, data_path, &known, &err), EMEND_OK);
  assert_int_equal(trainer_evaluate(t, &held_out, &err), EMEND_OK);
  print_message("exact: %.2f of all, %.2f held out (%.2f before); loss %.3f\n", known.exact,
                held_out.exact, before.exact, held_out.loss);
  assert_int_equal(known.examples, EXAMPLES);
  assert_true(known.exact > 0.95 && held_out.exact > 0.8 && before.exact < 0.5);
  trainer_free(t);
}

static void a_resumed_run_equals_an_uninterrupted_one(void **state) {
  (void)state;
  train_source source = {data_path, 1, 0, 1};
  train_options o = toy_options(&source);
  emend_error err;
  trainer *whole = make(&o), *part = make(&o), *rest = NULL;
  advance(whole, 23);
  advance(part, 11); /* in the middle of an epoch */
  assert_int_equal(trainer_checkpoint(part, file_path, &err), EMEND_OK);
  trainer_free(part);
  assert_int_equal(trainer_resume(file_path, 0, &rest, &err), EMEND_OK);
  assert_int_equal(trainer_done(rest), 11);
  advance(rest, 12);
  assert_same_run(whole, rest);
  trainer_free(whole);
  trainer_free(rest);
}

static void threads_share_a_batch_without_changing_it(void **state) {
  (void)state;
  train_source source = {data_path, 1, 0, 1};
  train_options o = toy_options(&source);
  o.threads = 1;
  trainer *one = make(&o);
  o.threads = 3;
  trainer *three = make(&o), *again = make(&o);
  train_report a = advance(one, 1), b = advance(three, 1);
  assert_true(fabs(a.loss - b.loss) < 1e-5 && fabs(a.norm - b.norm) < 1e-4);
  advance(again, 1);
  assert_same_run(three, again);
  trainer_free(one);
  trainer_free(three);
  trainer_free(again);
}

static void phases_choose_the_data_sets(void **state) {
  (void)state;
  char other[80];
  snprintf(other, sizeof other, "%s.two", data_path);
  toy *t = make_toy();
  for (int e = 0; e < EXAMPLES; e++) t->step_id[e * STEPS + 2] = MAX; /* tells the two apart */
  write_toy(t, other);
  mem_free(t);
  train_source sources[2] = {{data_path, 1, 0, 0.5}, {other, 3, 0.5, 1}};
  train_options o = toy_options(sources);
  emend_error err;
  train_scores s;
  o.n_sources = 2;
  trainer *run = make(&o);
  advance(run, o.steps);
  assert_int_equal(trainer_evaluate_on(run, other, &s, &err), EMEND_OK);
  assert_true(s.exact > 0.9); /* the later phase has replaced what the earlier taught */
  trainer_free(run);

  sources[1].to = 0.6;
  run = make(&o);
  train_report r;
  for (long i = 0; i < 90; i++) assert_int_equal(trainer_step(run, &r, &err), EMEND_OK);
  assert_int_equal(trainer_step(run, &r, &err), EMEND_EUSAGE); /* nothing is left at 60% */
  trainer_free(run);
  unlink(other);
}

static void exported_weights_are_the_average_and_can_be_tuned_further(void **state) {
  (void)state;
  train_source source = {data_path, 1, 0, 1};
  train_options o = toy_options(&source);
  emend_error err;
  trainer *t = make(&o), *tuned;
  network *net = NULL;
  advance(t, 20);
  assert_int_equal(trainer_export(t, "toy", file_path, &err), EMEND_OK);
  assert_int_equal(network_load(file_path, &net, &err), EMEND_OK);
  assert_true(str_eq(network_name(net), STR("toy")));
  network_free(net);
  o.init = file_path;
  o.width = 999; /* the file's shape counts */
  tuned = make(&o);
  assert_int_equal(trainer_weights(tuned)->shape.width, 32);
  size_t n = trainer_weights(t)->tensors[0].rows * 32, same = 0;
  const float *was = trainer_average(t), *is = trainer_weights(tuned)->block;
  for (size_t i = 0; i < n; i++) same += fabsf(was[i] - is[i]) < 1e-6f;
  assert_int_equal(same, n); /* 32 columns: kept as f32 */
  trainer_free(t);
  trainer_free(tuned);
}

/* Three words, of which the data has two, as `size` numbers each. */
static void write_vectors(uint64_t size) {
  static const float rows[] = {1, 0, 0, 2, 0, 1, .5f, 0, -1, 0, 0, 1};
  const tensor t = {STR("vectors"), TENSOR_F32, 2, {12 / size, size}, 0, rows, NULL};
  emend_error err;
  str meta = STR("{\"kind\":\"vectors\",\"words\":[\"alpha\",\"max\",\"zebra\"]}");
  assert_int_equal(tensor_file_write(file_path, meta, &t, 1, &err), EMEND_OK);
}

static float product(const weights *w, int32_t a, int32_t b) {
  size_t d = (size_t)w->shape.width;
  return kernel_dot(w->p.emb_word + (size_t)a * d, w->p.emb_word + (size_t)b * d, d);
}

static void word_vectors_made_elsewhere_stay_as_they_are(void **state) {
  (void)state;
  train_source source = {data_path, 1, 0, 1};
  train_options o = toy_options(&source);
  emend_error err;
  write_vectors(4);
  o.vectors = file_path;
  trainer *t = make(&o), *rest = NULL;
  advance(t, 20);
  const weights *w = trainer_weights(t);
  int32_t alpha = weights_word(w, STR("alpha")), max = weights_word(w, STR("max"));
  int32_t zebra = weights_word(w, STR("zebra"));
  assert_int_equal(w->shape.vocab, 4);
  assert_true(fabsf(product(w, alpha, alpha) - 5) < 1e-4f);
  assert_true(fabsf(product(w, alpha, max) - 0) < 1e-4f);
  assert_true(fabsf(product(w, alpha, zebra) - 1) < 1e-4f);
  assert_true(fabsf(product(w, max, zebra) - 0) < 1e-4f);
  assert_true(product(w, 0, 0) == 0); /* a word that has none */
  assert_int_equal(trainer_checkpoint(t, file_path, &err), EMEND_OK);
  assert_int_equal(trainer_resume(file_path, 0, &rest, &err), EMEND_OK);
  advance(t, 5);
  advance(rest, 5);
  assert_same_run(t, rest);
  trainer_free(t);
  trainer_free(rest);
}

static void vectors_that_do_not_fit_are_refused(void **state) {
  (void)state;
  train_source source = {data_path, 1, 0, 1};
  train_options o = toy_options(&source);
  trainer *t = NULL;
  emend_error err;
  o.vectors = file_path;
  write_vectors(4);
  o.width = o.heads = 2;
  assert_int_equal(trainer_create(&o, &t, &err), EMEND_EUSAGE); /* 4 numbers in 2 */
  o.width = 32;
  write_vectors(6); /* two vectors for three words */
  assert_int_equal(trainer_create(&o, &t, &err), EMEND_EFORMAT);
  o.vectors = data_path;
  assert_int_equal(trainer_create(&o, &t, &err), EMEND_EFORMAT);
  o.vectors = "/tmp/emend-no-such-vectors";
  assert_int_equal(trainer_create(&o, &t, &err), EMEND_ENOTFOUND);
  assert_null(t);
}

static void impossible_options_and_files_are_refused(void **state) {
  (void)state;
  train_source source = {data_path, 1, 0, 1};
  train_options o = toy_options(&source);
  trainer *t = NULL;
  emend_error err;
  o.heads = 5;
  assert_int_equal(trainer_create(&o, &t, &err), EMEND_EUSAGE);
  o.heads = 4;
  o.dropout = 1;
  assert_int_equal(trainer_create(&o, &t, &err), EMEND_EUSAGE);
  o.dropout = 0;
  source.path = "/tmp/emend-no-such-data";
  assert_int_equal(trainer_create(&o, &t, &err), EMEND_ENOTFOUND);
  assert_int_equal(trainer_resume(data_path, 0, &t, &err), EMEND_EFORMAT);
  assert_null(t);
}

static emend_rc try_open(toy *t) {
  train_data *d = NULL;
  emend_error err;
  write_toy(t, file_path);
  emend_rc rc = train_data_open(file_path, &d, &err);
  train_data_close(d);
  return rc;
}

static void damaged_data_is_refused(void **state) {
  (void)state;
  toy *t = make_toy();
  assert_int_equal(try_open(t), EMEND_OK);
#define DAMAGED(place, value)                     \
  do {                                            \
    __typeof__(place) old = place;                \
    place = value;                                \
    assert_int_equal(try_open(t), EMEND_EFORMAT); \
    place = old;                                  \
  } while (0)
  DAMAGED(t->ex_node[1], NODES * 3);
  DAMAGED(t->ex_node[2], -1);
  DAMAGED(t->ex_rel[1], 3);
  DAMAGED(t->ex_step[EXAMPLES], 7);
  DAMAGED(t->kind[0], INPUT_TABLE);
  DAMAGED(t->kind[1], 9);
  DAMAGED(t->role[3], 8);
  DAMAGED(t->words[5], LEXICON);
  DAMAGED(t->words[5], -1);
  DAMAGED(t->word_off[4], 100000);
  DAMAGED(t->rel[17], RELATIONS);
  DAMAGED(t->grams[2], 32);
  DAMAGED(t->step_id[0], TOKENS);
  DAMAGED(t->step_id[1], 0); /* a word */
  DAMAGED(t->step_kind[1], 4);
  DAMAGED(t->step_state[2], STATES);
#undef DAMAGED
  mem_free(t);
}

static void a_step_that_the_mask_forbids_makes_an_example_unusable(void **state) {
  (void)state;
  toy *t = make_toy();
  t->step_state[2] = 0; /* SELECT only */
  write_toy(t, file_path);
  mem_free(t);
  train_source source = {file_path, 1, 0, 1};
  train_options o = toy_options(&source);
  trainer *run = make(&o);
  assert_int_equal(trainer_unusable(run), 1);
  assert_int_equal(trainer_examples(run), EXAMPLES - 1);
  trainer_free(run);
}

static void running_out_of_memory_is_an_error(void **state) {
  (void)state;
  train_source source = {data_path, 1, 0, 1};
  train_options o = toy_options(&source);
  o.width = o.ff = 8;
  o.threads = 1; /* threads may not allocate while failures are injected */
  for (long at = 1;; at++) {
    trainer *t = NULL, *again = NULL;
    train_report r;
    train_scores s;
    emend_error err;
    mem_fail_at(at);
    emend_rc rc = trainer_create(&o, &t, &err);
    if (rc == EMEND_OK) rc = trainer_step(t, &r, &err);
    if (rc == EMEND_OK) rc = trainer_evaluate_on(t, data_path, &s, &err);
    if (rc == EMEND_OK) rc = trainer_checkpoint(t, file_path, &err);
    if (rc == EMEND_OK) rc = trainer_resume(file_path, 0, &again, &err);
    if (rc == EMEND_OK) rc = trainer_export(t, "toy", file_path, &err);
    bool through = mem_requests() < at;
    mem_fail_at(0);
    trainer_free(t);
    trainer_free(again);
    if (through) {
      assert_int_equal(rc, EMEND_OK);
      break;
    }
    assert_int_equal(rc, EMEND_ENOMEM);
  }
}

static int setup(void **state) {
  (void)state;
  snprintf(data_path, sizeof data_path, "/tmp/emend-toy-%ld.emt", (long)getpid());
  snprintf(file_path, sizeof file_path, "/tmp/emend-toy-%ld.out", (long)getpid());
  toy *t = make_toy();
  write_toy(t, data_path);
  mem_free(t);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  unlink(data_path);
  unlink(file_path);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_toy_task_is_learnt_by_heart_and_generalises),
      cmocka_unit_test(a_resumed_run_equals_an_uninterrupted_one),
      cmocka_unit_test(threads_share_a_batch_without_changing_it),
      cmocka_unit_test(phases_choose_the_data_sets),
      cmocka_unit_test(exported_weights_are_the_average_and_can_be_tuned_further),
      cmocka_unit_test(word_vectors_made_elsewhere_stay_as_they_are),
      cmocka_unit_test(vectors_that_do_not_fit_are_refused),
      cmocka_unit_test(impossible_options_and_files_are_refused),
      cmocka_unit_test(damaged_data_is_refused),
      cmocka_unit_test(a_step_that_the_mask_forbids_makes_an_example_unusable),
      cmocka_unit_test(running_out_of_memory_is_an_error),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
