/* A file of weights from a stranger: refused, or every view of it lies inside it. The checksum is
 * put right first, since a fuzzer would hardly get past it otherwise. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/tensor_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* FNV-1a over 64-bit words, as in nn/tensor_file.c, into the last eight bytes. */
static void mend_checksum(uint8_t *bytes, size_t size) {
  if (size < 8) return;
  uint64_t h = 14695981039346656037u;
  for (size_t at = 0; at < size - 8; at += 8) {
    uint64_t w = 0;
    memcpy(&w, bytes + at, size - 8 - at < 8 ? size - 8 - at : 8);
    h = (h ^ w) * 1099511628211u;
  }
  memcpy(bytes + size - 8, &h, 8);
}

static const size_t WIDTH[] = {4, 1, 1, 2, 4, 8, 2}; /* bytes of a tensor_dtype */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *bytes = mem_alloc(size); /* aligned, and its end is guarded by the sanitizer */
  if (!bytes) return 0;
  if (size) memcpy(bytes, data, size);
  mend_checksum(bytes, size);
  tensor_file *f = NULL;
  if (tensor_file_parse(bytes, size, &f, NULL) == EMEND_OK) {
    for (size_t i = 0; i < tensor_file_len(f); i++) {
      const tensor *t = tensor_file_at(f, i);
      const uint8_t *from = t->data;
      if (t->count && (from < bytes || from + t->count * WIDTH[t->dtype] > bytes + size)) abort();
      if (!tensor_file_find(f, t->name)) abort();
    }
    tensor_file_close(f);
  }
  mem_free(bytes);
  return 0;
}
