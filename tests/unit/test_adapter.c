/* adapter: what was taught becomes likelier, the model beneath stays as it is, a stopped training
 * goes on to the same bits, and a file that does not fit is refused. */
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
#include "model/adapter.h"
#include "support/network.h"

static const char *const SCHEMA =
    "CREATE TABLE singer (singer_id INTEGER PRIMARY KEY, name TEXT, age INTEGER, country TEXT);"
    "CREATE TABLE song (song_id INTEGER PRIMARY KEY, singer_id INTEGER REFERENCES"
    "  singer(singer_id), title TEXT, sales REAL);"
    "INSERT INTO singer VALUES (1,'Ann',30,'Chile'),(2,'Bo',40,'Peru'),(3,'Cy',50,'Chile');";

enum { PAIRS = 4, STEPS = 12 };
static const char *const TAUGHT[PAIRS][2] = {
    {"How many singers are there?", "SELECT COUNT(*) FROM singer"},
    {"Titles of all songs", "SELECT title FROM song"},
    {"Names of singers from Chile", "SELECT name FROM singer WHERE country = 'Chile'"},
    {"Who is the oldest?", "SELECT name FROM singer ORDER BY age DESC LIMIT 1"}};

static const char *adapter_path, *checkpoint_path;
static model_pair pairs[PAIRS];

static int set_up(void **state) {
  (void)state;
  if (open_network(SCHEMA, 5)) return -1;
  adapter_path = folder_path(mem, folder, "a.emt");
  checkpoint_path = folder_path(mem, folder, "c.emt");
  for (int i = 0; i < PAIRS; i++)
    pairs[i] = (model_pair){cat, str_from(TAUGHT[i][0]), str_from(TAUGHT[i][1])};
  return 0;
}

/* Log-probabilities of every taught query under its question, one after another. */
static void scores(const model_adapter *ad, double out[PAIRS]) {
  model_options opt = {.adapter = ad};
  emend_error err;
  for (int i = 0; i < PAIRS; i++)
    assert_int_equal(
        model_score(m, cat, pairs[i].question, &opt, &pairs[i].sql, 1, mem, &out[i], &err),
        EMEND_OK);
}

static model_adapter *train(const model_adapter_options *opt, emend_rc expected,
                            model_adapter_report *report) {
  model_adapter *ad;
  emend_error err;
  assert_int_equal(
      model_adapter_train(m, pairs, PAIRS - 1, pairs + PAIRS - 1, 1, opt, &ad, report, &err),
      expected);
  return ad;
}

static const model_adapter_options quick = {.rank = 4, .steps = STEPS, .rate = 0.02, .seed = 7};

static void what_was_taught_becomes_likelier(void **state) {
  (void)state;
  double before[PAIRS], after[PAIRS], again[PAIRS];
  model_adapter_report report;
  scores(NULL, before);
  model_adapter *ad = train(&quick, EMEND_OK, &report);
  scores(ad, after);
  scores(NULL, again);
  for (int i = 0; i < PAIRS; i++) assert_true(after[i] > before[i] + 1);
  assert_memory_equal(before, again, sizeof before);
  assert_true(report.last_loss < report.first_loss);
  assert_int_equal(report.pairs, PAIRS - 1);
  assert_int_equal(report.replayed, 1);
  assert_int_equal(report.steps, STEPS);
  assert_false(report.resumed);
  model_adapter_free(ad);
}

static void candidates_without_the_adapter_stay_the_same_to_the_byte(void **state) {
  (void)state;
  model_candidates before, after, with;
  emend_error err;
  str question = STR("How many singers from Chile are older than 35?");
  uint64_t file = folder_hash(weights_path);
  assert_int_equal(model_generate(m, cat, question, NULL, mem, &before, &err), EMEND_OK);
  model_adapter *ad = train(&quick, EMEND_OK, NULL);
  model_options opt = {.adapter = ad};
  assert_int_equal(model_generate(m, cat, question, &opt, mem, &with, &err), EMEND_OK);
  assert_int_equal(model_generate(m, cat, question, NULL, mem, &after, &err), EMEND_OK);
  assert_int_equal(before.items.len, after.items.len);
  for (size_t i = 0; i < before.items.len; i++) {
    assert_true(str_eq(before.items.items[i].sql, after.items.items[i].sql));
    assert_memory_equal(&before.items.items[i].logprob, &after.items.items[i].logprob,
                        sizeof(double));
  }
  assert_true(file == folder_hash(weights_path));
  model_adapter_free(ad);
}

static void what_is_loaded_is_what_was_saved(void **state) {
  (void)state;
  double trained[PAIRS], loaded[PAIRS];
  emend_error err;
  model_adapter *ad = train(&quick, EMEND_OK, NULL), *copy;
  assert_int_equal(model_adapter_save(ad, adapter_path, &err), EMEND_OK);
  assert_int_equal(model_adapter_load(m, adapter_path, &copy, &err), EMEND_OK);
  scores(ad, trained);
  scores(copy, loaded);
  assert_memory_equal(trained, loaded, sizeof trained);
  model_adapter_free(ad);
  model_adapter_free(copy);
}

typedef struct stopper {
  atomic_bool stop;
  long after;
} stopper;

static void stop_after(void *arg, const model_adapter_progress *now) {
  stopper *s = arg;
  assert_int_equal(now->steps, STEPS);
  if (now->step == s->after) atomic_store(&s->stop, true);
}

static void score_whole_training(double *out) {
  model_adapter *ad = train(&quick, EMEND_OK, NULL);
  scores(ad, out);
  model_adapter_free(ad);
}

/* Trains until `s` stops it; with what is returned that goes on. */
static model_adapter_options train_until(stopper *s, model_adapter_report *report) {
  model_adapter_options opt = quick;
  opt.checkpoint = checkpoint_path;
  opt.progress = stop_after;
  opt.arg = s;
  opt.stop = &s->stop;
  assert_null(train(&opt, EMEND_ECANCELED, report));
  return opt;
}

static void a_stopped_training_goes_on_to_the_same_bits(void **state) {
  (void)state;
  double whole[PAIRS], parts[PAIRS];
  model_adapter_report report;
  stopper s = {.after = STEPS / 2};
  score_whole_training(whole);
  model_adapter_options opt = train_until(&s, &report);
  assert_int_equal(report.steps, STEPS / 2);
  assert_int_equal(access(checkpoint_path, F_OK), 0);
  atomic_store(&s.stop, false);
  model_adapter *ad = train(&opt, EMEND_OK, &report);
  assert_true(report.resumed);
  scores(ad, parts);
  assert_memory_equal(whole, parts, sizeof whole);
  assert_int_not_equal(access(checkpoint_path, F_OK), 0);
  model_adapter_free(ad);
}

/* A catalog that had no time shows nothing of what is stored: pairs read by it are others. */
static void a_training_goes_on_over_the_pairs_as_they_were_first_read(void **state) {
  (void)state;
  double whole[PAIRS], parts[PAIRS];
  model_adapter_report report;
  stopper s = {.after = 1};
  catalog *hasty = database_catalog(SCHEMA, &(catalog_options){.budget_ms = 1e-6});
  assert_non_null(hasty);
  assert_true(hasty->n_sorted < cat->n_sorted);
  score_whole_training(whole);
  model_adapter_options opt = train_until(&s, &report);
  atomic_store(&s.stop, false);
  for (int i = 0; i < PAIRS; i++) pairs[i].cat = hasty;
  model_adapter *ad = train(&opt, EMEND_OK, &report);
  for (int i = 0; i < PAIRS; i++) pairs[i].cat = cat;
  assert_true(report.resumed);
  assert_int_equal(report.pairs, PAIRS - 1);
  assert_int_equal(report.replayed, 1);
  scores(ad, parts);
  assert_memory_equal(whole, parts, sizeof whole);
  model_adapter_free(ad);
  catalog_unref(hasty);
}

/* Without the pairs that it was made over, or with others in their place, a checkpoint is worth
 * nothing. */
static void a_checkpoint_without_its_pairs_is_not_taken_up(void **state) {
  (void)state;
  double whole[PAIRS], parts[PAIRS];
  const char *kept = folder_path(mem, folder, "c.emt.pairs");
  model_adapter *ad = train(&quick, EMEND_OK, NULL);
  scores(ad, whole);
  model_adapter_free(ad);
  for (int damage = 0; damage < 3; damage++) {
    model_adapter_report report;
    stopper s = {.after = 3};
    model_adapter_options opt = train_until(&s, NULL);
    if (damage == 0) assert_int_equal(unlink(kept), 0);
    if (damage == 1) assert_int_equal(truncate(kept, 4000), 0);
    if (damage == 2) assert_int_equal(rename(weights_path, kept), 0);
    if (damage == 2) assert_int_equal(small_model_write(weights_path, small_model_shape(), 5), 0);
    s.after = 0;
    atomic_store(&s.stop, false);
    ad = train(&opt, EMEND_OK, &report);
    assert_false(report.resumed);
    scores(ad, parts);
    assert_memory_equal(whole, parts, sizeof whole);
    assert_int_not_equal(access(kept, F_OK), 0);
    model_adapter_free(ad);
  }
}

static void another_trainings_checkpoint_is_not_taken_up(void **state) {
  (void)state;
  model_adapter_report report;
  stopper s = {.after = 2};
  model_adapter_options opt = train_until(&s, NULL);
  s.after = 0;
  atomic_store(&s.stop, false);
  opt.seed++;
  model_adapter_free(train(&opt, EMEND_OK, &report));
  assert_false(report.resumed);
}

static void pairs_that_cannot_be_said_are_counted(void **state) {
  (void)state;
  model_pair odd[] = {pairs[0], pairs[1]};
  model_adapter_report report;
  model_adapter *ad;
  emend_error err;
  odd[1].sql = STR("DELETE FROM singer");
  assert_int_equal(model_adapter_train(m, odd, 2, NULL, 0, &quick, &ad, &report, &err), EMEND_OK);
  assert_int_equal(report.pairs, 1);
  assert_int_equal(report.unusable, 1);
  model_adapter_free(ad);
  assert_int_equal(model_adapter_train(m, odd + 1, 1, NULL, 0, &quick, &ad, &report, &err),
                   EMEND_EUSAGE);
  assert_null(ad);
  assert_int_equal(model_adapter_train(m, NULL, 0, NULL, 0, &quick, &ad, NULL, &err), EMEND_EUSAGE);
}

/* ---- files that do not fit ---- */

static void an_adapter_for_other_weights_is_refused(void **state) {
  (void)state;
  model *other;
  model_adapter *ad = train(&quick, EMEND_OK, NULL), *none;
  emend_error err;
  const char *path = folder_path(mem, folder, "other.emt");
  assert_int_equal(model_adapter_save(ad, adapter_path, &err), EMEND_OK);
  assert_int_equal(small_model_write(path, small_model_shape(), 6), EMEND_OK);
  assert_int_equal(model_load(path, &other, &err), EMEND_OK);
  assert_int_equal(model_adapter_load(other, adapter_path, &none, &err), EMEND_EVERSION);
  assert_null(none);
  assert_non_null(strstr(err.msg, "train it again"));
  model_free(other);
  model_adapter_free(ad);
}

static void weights_that_were_replaced_are_noticed(void **state) {
  (void)state;
  model_adapter *none;
  emend_error err;
  assert_int_equal(small_model_write(weights_path, small_model_shape(), 6), EMEND_OK);
  assert_int_equal(model_adapter_train(m, pairs, PAIRS, NULL, 0, &quick, &none, NULL, &err),
                   EMEND_EVERSION);
  assert_int_equal(small_model_write(weights_path, small_model_shape(), 5), EMEND_OK);
}

static void a_damaged_file_is_refused(void **state) {
  (void)state;
  model_adapter *ad = train(&quick, EMEND_OK, NULL), *none;
  emend_error err;
  assert_int_equal(model_adapter_save(ad, adapter_path, &err), EMEND_OK);
  model_adapter_free(ad);
  FILE *f = fopen(adapter_path, "r+b");
  assert_non_null(f);
  assert_int_equal(fseek(f, -64, SEEK_END), 0);
  assert_int_not_equal(fputc(0x5a, f), EOF);
  fclose(f);
  assert_int_equal(model_adapter_load(m, adapter_path, &none, &err), EMEND_EFORMAT);
  assert_int_equal(truncate(adapter_path, 100), 0);
  assert_int_equal(model_adapter_load(m, adapter_path, &none, &err), EMEND_EFORMAT);
  assert_int_equal(model_adapter_load(m, weights_path, &none, &err), EMEND_EFORMAT);
  assert_int_equal(model_adapter_load(m, folder_path(mem, folder, "no"), &none, &err),
                   EMEND_ENOTFOUND);
  assert_null(none);
}

/* Whole files, well-formed, that claim to be adapters of these weights. */
static void a_file_that_claims_too_much_is_refused(void **state) {
  (void)state;
  model_adapter *ad = train(&quick, EMEND_OK, NULL), *none;
  emend_error err;
  tensor_file *f;
  tensor tensors[64];
  float poison[4096];
  assert_int_equal(model_adapter_save(ad, adapter_path, &err), EMEND_OK);
  model_adapter_free(ad);
  assert_int_equal(tensor_file_open(adapter_path, &f, &err), EMEND_OK);
  size_t n = tensor_file_len(f);
  assert_in_range(n, 2, 64);
  for (size_t i = 0; i < n; i++) tensors[i] = *tensor_file_at(f, i);
  str meta = arena_str(mem, tensor_file_meta(f));
  const char *path = folder_path(mem, folder, "claims.emt");

  assert_int_equal(tensor_file_write(path, meta, tensors, n - 1, &err), EMEND_OK);
  assert_int_equal(model_adapter_load(m, path, &none, &err), EMEND_EFORMAT);
  for (size_t i = 0; i < tensors[0].count; i++) poison[i] = NAN;
  tensors[0].data = poison;
  assert_int_equal(tensor_file_write(path, meta, tensors, n, &err), EMEND_OK);
  assert_int_equal(model_adapter_load(m, path, &none, &err), EMEND_EFORMAT);
  char *huge = arena_strndup(mem, meta.ptr, meta.len), *rank = strstr(huge, "\"rank\":4");
  assert_non_null(rank);
  rank[7] = '9';
  assert_int_equal(tensor_file_write(path, str_from(huge), tensors, n, &err), EMEND_OK);
  assert_int_equal(model_adapter_load(m, path, &none, &err), EMEND_EFORMAT);
  tensor_file_close(f);
}

static void running_out_of_memory_is_reported(void **state) {
  (void)state;
  model_adapter_options once = quick;
  once.steps = 1;
  once.threads = 1;
  for (long n = 1; n < 3000; n += n < 40 ? 1 : 7) {
    model_adapter *ad;
    emend_error err;
    mem_fail_at(n);
    emend_rc rc = model_adapter_train(m, pairs, 2, NULL, 0, &once, &ad, NULL, &err);
    long made = mem_requests();
    mem_fail_at(0);
    model_adapter_free(ad);
    assert_true(rc == EMEND_OK || rc == EMEND_ENOMEM);
    if (made < n) return;
  }
  fail_msg("never finished");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_was_taught_becomes_likelier),
      cmocka_unit_test(candidates_without_the_adapter_stay_the_same_to_the_byte),
      cmocka_unit_test(what_is_loaded_is_what_was_saved),
      cmocka_unit_test(a_stopped_training_goes_on_to_the_same_bits),
      cmocka_unit_test(a_training_goes_on_over_the_pairs_as_they_were_first_read),
      cmocka_unit_test(a_checkpoint_without_its_pairs_is_not_taken_up),
      cmocka_unit_test(another_trainings_checkpoint_is_not_taken_up),
      cmocka_unit_test(pairs_that_cannot_be_said_are_counted),
      cmocka_unit_test(an_adapter_for_other_weights_is_refused),
      cmocka_unit_test(weights_that_were_replaced_are_noticed),
      cmocka_unit_test(a_damaged_file_is_refused),
      cmocka_unit_test(a_file_that_claims_too_much_is_refused),
      cmocka_unit_test(running_out_of_memory_is_reported),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
