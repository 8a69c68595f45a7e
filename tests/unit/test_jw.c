/* base/jw: what is written reads back as what was meant. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "base/jw.h"
#include "base/rng.h"

static void values_read_back(void **state) {
  (void)state;
  buf b;
  jw w;
  buf_init(&b, 1 << 16);
  jw_begin(&w, &b);
  jw_object(&w, NULL);
  jw_str(&w, "s", (str){"a\"\\\n\t\0\x7f\xc3\xa9\xff", 10});
  jw_int(&w, "big", INT64_MAX);
  jw_real(&w, "tenth", 0.1);
  jw_real(&w, "whole", 3.0);
  jw_real(&w, "nan", NAN);
  jw_real(&w, "inf", -INFINITY);
  jw_fixed(&w, "ms", 12.3400001, 3);
  jw_fixed(&w, "zero", -0.0001, 2);
  jw_fixed(&w, "ten", 10.0, 2);
  jw_bool(&w, "t", true);
  jw_text(&w, "none", NULL);
  jw_array(&w, "list");
  jw_array(&w, NULL);
  jw_array_end(&w);
  jw_object(&w, NULL);
  jw_object_end(&w);
  jw_array_end(&w);
  jw_blob(&w, "b", (str){"\0\xff\x10\x20", 4});
  jw_object_end(&w);
  assert_false(b.failed);
  assert_null(strchr(b.ptr, '\n'));
  assert_string_equal(
      b.ptr,
      "{\"s\":\"a\\\"\\\\\\n\\u0009\\u0000\\u007f\xc3\xa9\xef\xbf\xbd\","
      "\"big\":9223372036854775807,"
      "\"tenth\":0.1,\"whole\":3.0,\"nan\":\"NaN\",\"inf\":\"-Infinity\",\"ms\":12.34,\"zero\":0,"
      "\"ten\":10,\"t\":true,\"none\":null,\"list\":[[],{}],\"b\":{\"base64\":\"AP8QIA==\"}}");
  json_t *back = json_loads(b.ptr, JSON_ALLOW_NUL, NULL);
  assert_non_null(back);
  assert_int_equal(json_integer_value(json_object_get(back, "big")), INT64_MAX);
  json_decref(back);
  buf_free(&b);
}

static void reals_are_short_and_exact(void **state) {
  (void)state;
  rng r;
  rng_seed(&r, 7);
  for (int i = 0; i < 20000; i++) {
    double v = rng_normal(&r) * pow(10, (double)rng_below(&r, 40) - 20);
    char text[32];
    assert_true(jw_format_real(v, text) < 32);
    assert_true(strtod(text, NULL) == v);
  }
  char text[32];
  jw_format_real(0.3, text);
  assert_string_equal(text, "0.3");
  jw_format_real(1e300, text);
  assert_string_equal(text, "1e+300");
}

static void depth_and_size_are_bounded(void **state) {
  (void)state;
  buf b;
  jw w;
  buf_init(&b, 1 << 16);
  jw_begin(&w, &b);
  for (int i = 0; i < 2 * JW_MAX_DEPTH; i++) jw_array(&w, NULL);
  for (int i = 0; i < 2 * JW_MAX_DEPTH; i++) jw_array_end(&w);
  assert_true(b.failed);
  buf_free(&b);
  buf_init(&b, 8);
  jw_begin(&w, &b);
  jw_str(&w, NULL, STR("longer than eight bytes"));
  assert_true(b.failed);
  buf_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_read_back),
      cmocka_unit_test(reals_are_short_and_exact),
      cmocka_unit_test(depth_and_size_are_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
