/* base/sha256: the standard's own examples, and every length around a block. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/sha256.h"

static void it_is_the_standards(void **state) {
  (void)state;
  static const struct {
    const char *text, *hash;
  } known[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    char out[SHA256_HEX];
    sha256_hex(str_from(known[i].text), out);
    assert_string_equal(out, known[i].hash);
  }
}

static void lengths_around_a_block_differ(void **state) {
  (void)state;
  char text[130], last[SHA256_HEX] = "", out[SHA256_HEX];
  memset(text, 'a', sizeof text);
  for (size_t n = 50; n < 130; n++) {
    sha256_hex((str){text, n}, out);
    assert_string_not_equal(out, last);
    memcpy(last, out, sizeof last);
  }
  sha256_hex((str){text, 64}, out);
  assert_string_equal(out, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(it_is_the_standards),
                                     cmocka_unit_test(lengths_around_a_block_differ)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
