/* What adapter.c and adapter_train.c share. */
#ifndef MODEL_ADAPTER_PARTS_H
#define MODEL_ADAPTER_PARTS_H

#include "model/adapter.h"
#include "model/lowrank.h"
#include "model/network.h"

struct model_adapter {
  uint64_t base; /* checksum of the weights that it changes */
  lowrank change;
  network *net; /* those weights with the change, ready to answer */
  char name[64];
};

/** m's weights once more, as they are in its file. EMEND_EVERSION when the file has changed. */
emend_rc adapter_read_base(const model *m, weights **out, emend_error *err);
/** An adapter of `change` over `w`, which has it applied already. Takes both over, also when it
 *  fails. */
emend_rc adapter_create(const model *m, lowrank *change, weights *w, model_adapter **out,
                        emend_error *err);
/** The factors as tensors "PREFIXenc.0.wq.b" and ".a" of `block`: 2 * change->n_parts in all.
 *  False when out of memory; names live in `a`. */
bool adapter_name_tensors(const lowrank *change, const char *prefix, const float *block, arena *a,
                          tensor *out);
/** The other way round: EMEND_EFORMAT for what is missing, has another shape, or is not finite. */
emend_rc adapter_read_tensors(const lowrank *change, const char *prefix, const tensor_file *f,
                              float *block, emend_error *err);

#endif
