/* train_graph: the C network and its gradients equal the golden tensors that PyTorch made
 * (tools/train/make_golden.py), inference equals training, and gradients equal slopes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "base/mem.h"
#include "base/rng.h"
#include "model/network.h"
#include "model/train_graph.h"
#include "nn/ops.h"

static const char golden_path[] = EMEND_SOURCE_DIR "/tests/cases/network/golden.emt";
enum { EXAMPLES = 3 };

static train_data *data;
static weights *net_weights;
static graph *net_graph;
static graph_item items[EXAMPLES];
static float *grad_block;
static weights_view grads;

static const graph_options plain = {
    .smoothing = 0.1f, .used_weight = 0.3f, .role_weight = 0.3f, .scale = 1.0f / EXAMPLES};

static graph_result run(const graph_options *opt, bool backward) {
  graph_result out;
  memset(grad_block, 0, net_weights->n * sizeof *grad_block);
  assert_int_equal(
      graph_run(net_graph, &net_weights->p, items, EXAMPLES, opt, backward ? &grads : NULL, &out),
      EMEND_OK);
  return out;
}

static const tensor *golden(const char *what, size_t i) {
  char name[64];
  snprintf(name, sizeof name, "out.%s.%zu", what, i);
  const tensor *t = tensor_file_find(data->file, str_from(name));
  if (!t) fail_msg("the golden file lacks %s", name);
  return t;
}

/* Values at or below -1e29 stand for -INFINITY. */
static void assert_close(const char *what, const float *got, const tensor *want) {
  const float *w = want->data;
  for (size_t i = 0; i < want->count; i++) {
    if (w[i] < -1e29f ? got[i] == -INFINITY : fabsf(got[i] - w[i]) <= 1e-4f * (1 + fabsf(w[i])))
      continue;
    fail_msg("%s[%zu] is %.7g, PyTorch has %.7g", what, i, (double)got[i], (double)w[i]);
  }
}

static void forward_equals_the_golden_tensors(void **state) {
  (void)state;
  graph_result out = run(&plain, false);
  for (size_t i = 0; i < EXAMPLES; i++) {
    assert_close("memory", graph_memory(net_graph, i), golden("memory", i));
    assert_close("logits", graph_logp(net_graph, i), golden("logits", i));
  }
  float loss = (float)(out.loss / EXAMPLES);
  assert_close("loss", &loss, tensor_file_find(data->file, STR("out.loss")));
  assert_int_equal(out.examples, EXAMPLES);
}

static void gradients_equal_the_golden_tensors(void **state) {
  (void)state;
  int compared = 0;
  run(&plain, true);
  for (size_t i = 0; i < net_weights->n_tensors; i++) {
    const weights_tensor *t = &net_weights->tensors[i];
    char name[40];
    snprintf(name, sizeof name, "grad.%s", t->name);
    const tensor *want = tensor_file_find(data->file, str_from(name));
    if (!want) continue;
    assert_int_equal(want->count, t->rows * t->columns);
    assert_close(name, grad_block + t->offset, want);
    compared++;
  }
  assert_true(compared >= 10);
}

/* ---- inference ---- */

static weights *golden_weights(void) {
  weights *w = NULL;
  emend_error err;
  str meta = tensor_file_meta(data->file);
  json_t *json = json_loadb(meta.ptr, meta.len, 0, NULL);
  char *text = json_dumps(json_object_get(json, "weights"), JSON_COMPACT);
  if (weights_read(data->file, str_from(text), "w.", &w, &err) != EMEND_OK)
    print_error("%s\n", err.msg);
  free(text);
  json_decref(json);
  return w;
}

static model_input input_of(const train_example *e, arena *a) {
  const train_data *d = e->data;
  int64_t first = e->word_off[0];
  size_t n_words = (size_t)(e->word_off[e->nodes] - first);
  int32_t *off = ARENA_ARRAY(a, int32_t, (size_t)e->nodes + 1);
  model_word *words = ARENA_ARRAY(a, model_word, n_words + 1);
  for (int i = 0; i <= e->nodes; i++) off[i] = (int32_t)(e->word_off[i] - first);
  for (size_t i = 0; i < n_words; i++) {
    int32_t w = d->node_words[(size_t)first + i], at = d->word_gram_off[w];
    words[i] = (model_word){d->word_id[w], d->word_gram_off[w + 1] - at, d->word_grams + at};
  }
  return (model_input){e->nodes, e->kind, e->flags, off, words, e->rel};
}

/* What the mask admits at each step: [steps, tokens + nodes]. */
static uint8_t *allowed_of(const train_example *e, arena *a) {
  size_t tokens = (size_t)e->data->tokens, width = tokens + (size_t)e->nodes;
  uint8_t *out = ARENA_ARRAY(a, uint8_t, width * (size_t)e->steps);
  for (int t = 0; t < e->steps; t++)
    for (size_t i = 0; i < width; i++) {
      uint8_t kind = i < tokens ? 0 : e->kind[i - tokens];
      bool word = i >= tokens && kind == INPUT_WORD;
      out[(size_t)t * width + i] =
          !word && train_data_allows(e->data, e->step_state[t], kind, (int32_t)i);
    }
  return out;
}

static void inference_equals_the_golden_tensors(void **state) {
  (void)state;
  arena *a = arena_create((size_t)1 << 28);
  network *net = NULL;
  emend_error err;
  assert_int_equal(network_create(golden_weights(), &net, &err), EMEND_OK);
  for (size_t i = 0; i < EXAMPLES; i++) {
    const train_example *e = &items[i].example;
    model_input in = input_of(e, a);
    encoded *enc = NULL;
    assert_int_equal(network_encode(net, &in, a, &enc, &err), EMEND_OK);
    assert_close("memory", enc->memory, golden("memory", i));
    const float *used = golden("used", i)->data;
    for (int j = e->first[1]; j < e->nodes; j++)
      assert_true(fabsf(enc->used[j] - 1 / (1 + expf(-used[j]))) < 1e-4f);

    scored_step steps[WEIGHTS_MAX_STEPS];
    float logp[WEIGHTS_MAX_STEPS];
    size_t width = (size_t)(data->tokens + e->nodes);
    const uint8_t *allowed = allowed_of(e, a);
    const float *want = golden("logits", i)->data;
    decoder *d = NULL;
    float *row = ARENA_ARRAY(a, float, width);
    assert_int_equal(decoder_create(net, enc, 1, a, &d, &err), EMEND_OK);
    for (int t = 0; t < e->steps; t++) {
      steps[t] = (scored_step){e->step_kind[t], e->step_state[t], e->step_id[t]};
      decoder_row r = {0, t ? e->step_kind[t - 1] : 0, t ? e->step_id[t - 1] : 0, e->step_state[t]};
      assert_int_equal(decoder_step(d, 1, &r, allowed + (size_t)t * width, row, &err), EMEND_OK);
      tensor expected = {.data = want + (size_t)t * width, .count = width};
      assert_close("step", row, &expected);
    }
    assert_int_equal(network_score(net, enc, e->steps, steps, allowed, a, logp, &err), EMEND_OK);
    for (int t = 0; t < e->steps; t++) {
      size_t gold = (size_t)steps[t].id + (steps[t].kind ? (size_t)data->tokens : 0);
      assert_true(fabsf(logp[t] - want[(size_t)t * width + gold]) < 1e-4f);
    }
  }
  network_free(net);
  arena_destroy(a);
}

/* ---- slopes ---- */

/* Along a random direction within one tensor, the loss changes as its gradient says. */
static void check_slope(const weights_tensor *t, const graph_options *opt, rng *r) {
  size_t n = t->rows * t->columns;
  float *x = net_weights->block + t->offset, *old = mem_alloc(n * sizeof *old);
  float *direction = mem_alloc(n * sizeof *direction);
  double claimed = 0, norm = 0;
  for (size_t i = 0; i < n; i++) {
    direction[i] = (float)rng_normal(r);
    norm += (double)direction[i] * direction[i];
  }
  const float step = 0.003f / (float)sqrt(norm);
  for (size_t i = 0; i < n; i++) claimed += (double)direction[i] * grad_block[t->offset + i];
  memcpy(old, x, n * sizeof *x);
  double value[2];
  for (int side = 0; side < 2; side++) {
    graph_result out;
    for (size_t i = 0; i < n; i++) x[i] = old[i] + (side ? -step : step) * direction[i];
    assert_int_equal(graph_run(net_graph, &net_weights->p, items, EXAMPLES, opt, NULL, &out),
                     EMEND_OK);
    value[side] = out.loss / EXAMPLES;
  }
  memcpy(x, old, n * sizeof *x);
  mem_free(old);
  mem_free(direction);
  double slope = (value[0] - value[1]) / (2 * (double)step) / sqrt(norm);
  claimed /= sqrt(norm);
  if (fabs(slope - claimed) > 2e-4 + 0.03 * fabs(slope))
    fail_msg("%s: slope %.6g, gradient %.6g", t->name, slope, claimed);
}

static void every_tensor_has_the_gradient_of_its_slope(void **state) {
  (void)state;
  rng r;
  rng_seed(&r, 9);
  run(&plain, true);
  for (size_t i = 0; i < net_weights->n_tensors; i++)
    check_slope(&net_weights->tensors[i], &plain, &r);
}

/* Dropout is a fixed function of the keys, so slopes exist under it too. */
static void gradients_hold_under_dropout(void **state) {
  (void)state;
  rng r;
  rng_seed(&r, 10);
  graph_options opt = plain;
  opt.dropout = 0.2f;
  opt.word_dropout = 0.3f;
  double quiet = run(&plain, false).loss, loud = run(&opt, true).loss;
  assert_true(fabs(quiet - loud) > 1e-3);
  for (size_t i = 0; i < net_weights->n_tensors; i++)
    check_slope(&net_weights->tensors[i], &opt, &r);
}

static void gradients_add_up_over_parts_of_a_batch(void **state) {
  (void)state;
  graph_result out;
  run(&plain, true);
  float *whole = mem_alloc(net_weights->n * sizeof *whole);
  memcpy(whole, grad_block, net_weights->n * sizeof *whole);
  memset(grad_block, 0, net_weights->n * sizeof *whole);
  for (size_t i = 0; i < EXAMPLES; i++)
    assert_int_equal(graph_run(net_graph, &net_weights->p, &items[i], 1, &plain, &grads, &out),
                     EMEND_OK);
  for (size_t i = 0; i < net_weights->n; i++)
    assert_true(fabsf(whole[i] - grad_block[i]) < 1e-5f + 1e-3f * fabsf(whole[i]));
  mem_free(whole);
}

static void running_out_of_memory_is_an_error(void **state) {
  (void)state;
  for (long at = 1;; at++) {
    graph_result out;
    mem_fail_at(at);
    graph *g = graph_create(net_weights);
    emend_rc rc =
        g ? graph_run(g, &net_weights->p, items, EXAMPLES, &plain, &grads, &out) : EMEND_ENOMEM;
    bool through = mem_requests() < at;
    mem_fail_at(0);
    graph_free(g);
    assert_int_equal(rc, through ? EMEND_OK : EMEND_ENOMEM);
    if (through) break;
  }
}

static int setup(void **state) {
  (void)state;
  emend_error err;
  ops_single_thread();
  if (train_data_open(golden_path, &data, &err) != EMEND_OK) {
    print_error("%s\n", err.msg);
    return -1;
  }
  net_weights = golden_weights();
  if (!net_weights || train_data_bind(data, net_weights, &err) != EMEND_OK) return -1;
  net_graph = graph_create(net_weights);
  grad_block = mem_alloc(net_weights->n * sizeof *grad_block);
  if (!net_graph || !grad_block || data->n != EXAMPLES) return -1;
  weights_bind(net_weights, grad_block, &grads);
  for (size_t i = 0; i < EXAMPLES; i++)
    items[i] = (graph_item){train_data_at(data, i), op_mix(77, i)};
  return 0;
}

static int teardown(void **state) {
  (void)state;
  graph_free(net_graph);
  weights_free(net_weights);
  train_data_close(data);
  mem_free(grad_block);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(forward_equals_the_golden_tensors),
      cmocka_unit_test(gradients_equal_the_golden_tensors),
      cmocka_unit_test(inference_equals_the_golden_tensors),
      cmocka_unit_test(every_tensor_has_the_gradient_of_its_slope),
      cmocka_unit_test(gradients_hold_under_dropout),
      cmocka_unit_test(gradients_add_up_over_parts_of_a_batch),
      cmocka_unit_test(running_out_of_memory_is_an_error),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
