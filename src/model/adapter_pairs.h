/* Pairs as a training reads them: linked to their catalogs once, and kept beside its checkpoint, so
 * that what goes on reads what it began with, whatever the catalogs show by then. */
#ifndef MODEL_ADAPTER_PAIRS_H
#define MODEL_ADAPTER_PAIRS_H

#include "model/adapter.h"
#include "model/dataset.h"

enum { ADAPTER_TAUGHT, ADAPTER_REPLAY, ADAPTER_KINDS };

typedef struct adapter_pairs {
  dataset *set;            /* NULL: read from a file */
  train_data *data;        /* what is taught, then what is replayed */
  size_t n[ADAPTER_KINDS]; /* usable ones of each kind */
  size_t unusable[ADAPTER_KINDS];
} adapter_pairs;

/** Pairs of each kind, as they are handed in. */
typedef struct adapter_material {
  const model_pair *items[ADAPTER_KINDS];
  size_t n[ADAPTER_KINDS];
} adapter_material;

/** Of the pairs' words alone: what tells one material from another. */
uint64_t adapter_pairs_words(const adapter_material *of);

/** Links them. Owns: *out until adapter_pairs_free, also when it failed.
 *  Returns: EMEND_OK; EMEND_EUSAGE when nothing of what is taught is usable; EMEND_ENOMEM. */
emend_rc adapter_pairs_link(const model *m, const adapter_material *of, adapter_pairs *out,
                            emend_error *err);
/** Writes what adapter_pairs_link made; *checksum is the file's. EMEND_EIO, EMEND_ENOMEM. */
emend_rc adapter_pairs_write(const adapter_pairs *p, const char *path, uint64_t *checksum,
                             emend_error *err);
/** What was written: `out` has the counts already and gets the data. False where the file is not
 *  there, is another one, or does not hold so many; nothing is to be freed then. */
bool adapter_pairs_read(adapter_pairs *out, const char *path, uint64_t checksum);
void adapter_pairs_free(adapter_pairs *p);

#endif
