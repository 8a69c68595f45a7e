/* Random weights of a tiny network. See small_model.h. */
#include "support/small_model.h"

#include "model/features.h"
#include "model/grams.h"
#include "model/ir.h"

weights_shape small_model_shape(void) {
  return (weights_shape){.width = 32,
                         .heads = 4,
                         .enc = 1,
                         .dec = 1,
                         .ff = 32,
                         .vocab = 3,
                         .grams = GRAMS_BUCKETS,
                         .relations = N_RELATIONS,
                         .tokens = IR_N_TOKENS,
                         .states = IR_N_STATES};
}

emend_rc small_model_write(const char *path, weights_shape shape, uint64_t seed) {
  static const str words[] = {{"<unk>", 5}, {"singer", 6}, {"how", 3}};
  weights *w;
  emend_error err;
  emend_rc rc = weights_create(&shape, words, &w, &err);
  if (rc != EMEND_OK) return rc;
  weights_randomise(w, seed);
  rc = weights_export(w, NULL, path, &err);
  weights_free(w);
  return rc;
}
