/* What says a word of the schema otherwise in training questions: words whose vectors are near. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "nn/tensor_file.h"
#include "prepare/near.h"
#include "support/folder.h"

enum { WORDS = 6, SIZE = 3 };
#define NAMES "[\"singer\",\"singers\",\"vocalist\",\"musician\",\"bridge\",\"the\"]"
static const float vectors[WORDS][SIZE] = {{2, 0, 0},       {2, 0.1F, 0}, {1, 0.2F, 0},
                                           {1, 0.9F, 0.1F}, {0, 0, 3},    {1, 0, 0}};

static arena *mem;
static const char *folder, *path;
static near_words *words;

static void write_vectors(str meta) {
  tensor t = {.name = STR("vectors"),
              .dtype = TENSOR_F32,
              .ndim = 2,
              .dims = {WORDS, SIZE},
              .data = vectors};
  assert_int_equal(tensor_file_write(path, meta, &t, 1, NULL), EMEND_OK);
}

static int set_up(void **state) {
  (void)state;
  mem = arena_create((size_t)1 << 20);
  folder = folder_make(mem);
  path = folder_path(mem, folder, "vectors.emt");
  write_vectors(STR("{\"kind\":\"vectors\",\"words\":" NAMES "}"));
  return near_open(path, &words, NULL) == EMEND_OK ? 0 : 1;
}

static int tear_down(void **state) {
  (void)state;
  near_close(words);
  folder_remove(folder);
  arena_destroy(mem);
  return 0;
}

static void a_word_is_said_by_those_near_it_the_nearer_the_oftener(void **state) {
  (void)state;
  int vocalist = 0, musician = 0;
  rng r;
  rng_seed(&r, 1);
  for (int i = 0; i < 1000; i++) {
    str other = near_random(words, STR("singer"), &r);
    vocalist += str_eq(other, STR("vocalist"));
    musician += str_eq(other, STR("musician"));
  }
  assert_int_equal(vocalist + musician, 1000);
  assert_true(musician > 50);
  assert_true(vocalist > 2 * musician);
}

static void what_has_nothing_near_or_is_unknown_is_left_alone(void **state) {
  (void)state;
  rng r;
  rng_seed(&r, 1);
  assert_int_equal(near_random(words, STR("bridge"), &r).len, 0);
  assert_int_equal(near_random(words, STR("zeppelin"), &r).len, 0);
  assert_int_equal(near_random(NULL, STR("singer"), &r).len, 0);
}

static void words_are_alike_by_the_cosine_of_their_vectors(void **state) {
  (void)state;
  assert_float_equal(near_cosine(words, STR("singer"), STR("the")), 1, 1e-6);
  assert_float_equal(near_cosine(words, STR("singer"), STR("bridge")), 0, 1e-6);
  assert_float_equal(near_cosine(words, STR("singer"), STR("zeppelin")), 1, 0);
  assert_float_equal(near_cosine(NULL, STR("singer"), STR("bridge")), 1, 0);
}

static void a_file_of_something_else_is_refused(void **state) {
  (void)state;
  near_words *none;
  emend_error err;
  assert_int_equal(near_open(folder_path(mem, folder, "absent"), &none, &err), EMEND_ENOTFOUND);
  write_vectors(STR("{\"kind\":\"vectors\",\"words\":[\"one\"]}"));
  assert_int_equal(near_open(path, &none, &err), EMEND_EFORMAT);
  assert_null(none);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_word_is_said_by_those_near_it_the_nearer_the_oftener),
      cmocka_unit_test(what_has_nothing_near_or_is_unknown_is_left_alone),
      cmocka_unit_test(words_are_alike_by_the_cosine_of_their_vectors),
      cmocka_unit_test(a_file_of_something_else_is_refused),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
