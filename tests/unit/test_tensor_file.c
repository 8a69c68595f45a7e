/* tensor_file: what is written comes back; no damaged or hostile file gets through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "nn/tensor_file.h"

static char path[64];

static const float floats[6] = {1, -2, 3.5f, 0, 1e-30f, -7};
static const int8_t bytes_q[6] = {127, -127, 3, 0, 5, -1};
static const float scales[2] = {0.5f, 0.25f};
static const int64_t longs[2] = {INT64_MIN, 42};
static const uint16_t halves[2] = {0x3f80, 0xc000}; /* bf16 1 and -2 */

static size_t sample(tensor out[4]) {
  out[0] = (tensor){STR("f"), TENSOR_F32, 2, {2, 3}, 0, floats, NULL};
  out[1] = (tensor){STR("q"), TENSOR_I8, 2, {2, 3}, 0, bytes_q, scales};
  out[2] = (tensor){STR("l"), TENSOR_I64, 1, {2}, 0, longs, NULL};
  out[3] = (tensor){STR("b"), TENSOR_BF16, 1, {2}, 0, halves, NULL};
  return 4;
}

static void write_sample(void) {
  tensor t[4];
  size_t n = sample(t);
  emend_error err;
  assert_int_equal(tensor_file_write(path, STR("{\"kind\":\"test\"}"), t, n, &err), EMEND_OK);
}

/* The file's bytes, 8-aligned; the caller frees them. */
static unsigned char *slurp(size_t *n) {
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  assert_int_equal(fseek(f, 0, SEEK_END), 0);
  *n = (size_t)ftell(f);
  rewind(f);
  unsigned char *p = mem_alloc(*n);
  assert_int_equal(fread(p, 1, *n, f), *n);
  fclose(f);
  return p;
}

/* Makes a changed file pass the checksum, so that the other checks are what is tested. */
static void reseal(unsigned char *p, size_t n) {
  uint64_t h = 14695981039346656037u, w;
  for (size_t i = 0; i + 8 < n; i += 8) {
    memcpy(&w, p + i, 8);
    h = (h ^ w) * 1099511628211u;
  }
  memcpy(p + n - 8, &h, 8);
}

static int setup(void **state) {
  (void)state;
  snprintf(path, sizeof path, "/tmp/emend-tensor-%ld.emt", (long)getpid());
  return 0;
}

static int teardown(void **state) {
  (void)state;
  unlink(path);
  return 0;
}

static void all_types_come_back(void **state) {
  (void)state;
  write_sample();
  tensor_file *f = NULL;
  emend_error err;
  assert_int_equal(tensor_file_open(path, &f, &err), EMEND_OK);
  assert_true(str_eq(tensor_file_meta(f), STR("{\"kind\":\"test\"}")));
  assert_int_equal(tensor_file_len(f), 4);
  assert_memory_equal(tensor_file_find(f, STR("f"))->data, floats, sizeof floats);
  assert_memory_equal(tensor_file_find(f, STR("l"))->data, longs, sizeof longs);
  for (size_t i = 0; i < 4; i++) assert_int_equal((uintptr_t)tensor_file_at(f, i)->data % 64, 0);

  float x[6];
  assert_true(tensor_to_f32(tensor_file_find(f, STR("q")), x));
  assert_true(x[0] == 63.5f && x[1] == -63.5f && x[4] == 1.25f && x[5] == -0.25f);
  assert_true(tensor_to_f32(tensor_file_find(f, STR("b")), x));
  assert_true(x[0] == 1.0f && x[1] == -2.0f);
  assert_false(tensor_to_f32(tensor_file_find(f, STR("l")), x));
  tensor_file_close(f);
}

static void a_need_is_met_or_explained(void **state) {
  (void)state;
  write_sample();
  tensor_file *f = NULL;
  emend_error err;
  const void *data;
  uint64_t n;
  assert_int_equal(tensor_file_open(path, &f, &err), EMEND_OK);
  assert_int_equal(tensor_file_need(f, "l", TENSOR_I64, 2, &data, NULL, &err), EMEND_OK);
  assert_int_equal(tensor_file_need(f, "f", TENSOR_F32, UINT64_MAX, &data, &n, &err), EMEND_OK);
  assert_int_equal(n, 6);
  assert_int_equal(tensor_file_need(f, "l", TENSOR_I64, 3, &data, NULL, &err), EMEND_EFORMAT);
  assert_int_equal(tensor_file_need(f, "l", TENSOR_I32, 2, &data, NULL, &err), EMEND_EFORMAT);
  assert_int_equal(tensor_file_need(f, "gone", TENSOR_I32, 2, &data, NULL, &err), EMEND_EFORMAT);
  assert_non_null(strstr(err.msg, "gone"));
  tensor_file_close(f);
}

/* Even with a checksum made to fit; only the zeros after the last tensor are dispensable. */
static void every_truncation_is_refused(void **state) {
  (void)state;
  write_sample();
  size_t n;
  unsigned char *p = slurp(&n);
  for (size_t len = 0; len < n; len++) {
    unsigned char *cut = mem_alloc(len);
    memcpy(cut, p, len);
    if (len >= 32 && len % 8 == 0) reseal(cut, len);
    tensor_file *f = NULL;
    emend_error err;
    emend_rc rc = tensor_file_parse(cut, len, &f, &err);
    if (len + 64 < n) assert_int_equal(rc, EMEND_EFORMAT);
    tensor_file_close(f);
    mem_free(cut);
  }
  mem_free(p);
}

static void any_changed_byte_is_noticed(void **state) {
  (void)state;
  write_sample();
  size_t n;
  unsigned char *p = slurp(&n);
  for (size_t i = 0; i < n; i++) {
    p[i] ^= 0x10;
    tensor_file *f = NULL;
    emend_error err;
    assert_int_not_equal(tensor_file_parse(p, n, &f, &err), EMEND_OK);
    p[i] ^= 0x10;
  }
  mem_free(p);
}

/* With a valid checksum, every byte of the header set to extremes: parsed or refused, and what
 * is parsed stays inside the file (the sanitizers watch). */
static void hostile_headers_stay_inside_the_file(void **state) {
  (void)state;
  write_sample();
  size_t n;
  unsigned char *p = slurp(&n);
  static const unsigned char values[] = {0, 1, 4, 5, 0x7f, 0x80, 0xff};
  for (size_t i = 0; i < 256 && i + 8 < n; i++)
    for (size_t v = 0; v < sizeof values; v++) {
      unsigned char old = p[i];
      p[i] = values[v];
      reseal(p, n);
      tensor_file *f = NULL;
      emend_error err;
      if (tensor_file_parse(p, n, &f, &err) == EMEND_OK) {
        unsigned total = 0;
        for (size_t e = 0; e < tensor_file_len(f); e++) {
          const tensor *t = tensor_file_at(f, e);
          const unsigned char *d = t->data;
          assert_true(d >= p && d <= p + n - 8);
          if (t->count) total += d[0] + d[t->count - 1];
          float *x = mem_alloc(t->count * sizeof *x);
          if (tensor_to_f32(t, x) && t->count) total += x[0] > 0;
          mem_free(x);
        }
        assert_true(total < UINT32_MAX);
        tensor_file_close(f);
      }
      p[i] = old;
    }
  mem_free(p);
}

static void another_version_says_so(void **state) {
  (void)state;
  write_sample();
  size_t n;
  unsigned char *p = slurp(&n);
  p[8] = 2;
  tensor_file *f = NULL;
  emend_error err;
  assert_int_equal(tensor_file_parse(p, n, &f, &err), EMEND_EVERSION);
  assert_non_null(strstr(err.msg, "version 2"));
  mem_free(p);
}

static void a_missing_or_foreign_file_is_an_error(void **state) {
  (void)state;
  tensor_file *f = NULL;
  emend_error err;
  assert_int_equal(tensor_file_open("/tmp/emend-no-such-file", &f, &err), EMEND_ENOTFOUND);
  assert_int_equal(tensor_file_open("/tmp", &f, &err), EMEND_EIO);
  assert_int_equal(tensor_file_open("/dev/null", &f, &err), EMEND_EIO);
  unlink(path);
  FILE *out = fopen(path, "wb");
  assert_non_null(out);
  fputs("PRAGMA is not a tensor file, however long it is", out);
  fclose(out);
  assert_int_equal(tensor_file_open(path, &f, &err), EMEND_EFORMAT);
}

static void a_failed_write_leaves_the_old_file(void **state) {
  (void)state;
  write_sample();
  emend_error err;
  tensor bad = {STR("f"), TENSOR_F32, 2, {UINT64_MAX, 3}, 0, floats, NULL};
  assert_int_equal(tensor_file_write(path, STR("{}"), &bad, 1, &err), EMEND_EUSAGE);
  assert_int_equal(tensor_file_write("/tmp/emend-no-dir/x", STR("{}"), NULL, 0, &err), EMEND_EIO);
  tensor_file *f = NULL;
  assert_int_equal(tensor_file_open(path, &f, &err), EMEND_OK);
  assert_int_equal(tensor_file_len(f), 4);
  tensor_file_close(f);
}

static void quantising_keeps_half_a_step(void **state) {
  (void)state;
  float x[2][5] = {{1, -3, 0.2f, 2.999f, 0}, {0, 0, 0, 0, 0}}, back[10], s[2];
  int8_t q[10];
  tensor_quantise(&x[0][0], 2, 5, q, s);
  tensor t = {STR("q"), TENSOR_I8, 2, {2, 5}, 10, q, s};
  assert_true(tensor_to_f32(&t, back));
  for (int i = 0; i < 10; i++) {
    float d = back[i] - x[i / 5][i % 5];
    assert_true(d <= s[i / 5] * 0.501f && d >= -s[i / 5] * 0.501f);
  }
}

static void lack_of_memory_is_an_error(void **state) {
  (void)state;
  write_sample();
  tensor_file *f = NULL;
  emend_error err;
  mem_fail_at(1);
  assert_int_equal(tensor_file_open(path, &f, &err), EMEND_ENOMEM);
  mem_fail_at(0);
  assert_null(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_types_come_back),
      cmocka_unit_test(a_need_is_met_or_explained),
      cmocka_unit_test(every_truncation_is_refused),
      cmocka_unit_test(any_changed_byte_is_noticed),
      cmocka_unit_test(hostile_headers_stay_inside_the_file),
      cmocka_unit_test(another_version_says_so),
      cmocka_unit_test(a_missing_or_foreign_file_is_an_error),
      cmocka_unit_test(a_failed_write_leaves_the_old_file),
      cmocka_unit_test(quantising_keeps_half_a_step),
      cmocka_unit_test(lack_of_memory_is_an_error),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
