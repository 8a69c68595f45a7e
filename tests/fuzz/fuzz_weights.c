/* Fuzz: any bytes, sealed with the checksum that they need, as weights: their text and shapes may
 * claim anything. What is accepted becomes a network; the rest is refused without harm. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/network.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void seal(unsigned char *p, size_t n) {
  uint64_t h = 14695981039346656037u;
  for (size_t i = 0; i + 8 < n; i += 8) {
    uint64_t w = 0;
    memcpy(&w, p + i, n - 8 - i < 8 ? n - 8 - i : 8);
    h = (h ^ w) * 1099511628211u;
  }
  memcpy(p + n - 8, &h, 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  unsigned char *p = mem_alloc(size);
  tensor_file *f = NULL;
  weights *w = NULL;
  emend_error err;
  if (!p) return 0;
  if (size) memcpy(p, data, size);
  if (size >= 8) seal(p, size);
  if (tensor_file_parse(p, size, &f, &err) == EMEND_OK &&
      weights_read(f, tensor_file_meta(f), "", &w, &err) == EMEND_OK) {
    network *net = NULL;
    if (network_create(w, &net, &err) != EMEND_OK && err.code != EMEND_ENOMEM) abort();
    network_free(net);
  }
  tensor_file_close(f);
  mem_free(p);
  return 0;
}
