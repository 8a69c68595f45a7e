/* Immutable versions of what is learnt from: pairs on disk with a manifest and hashes. */
#ifndef LEARN_DATASET_H
#define LEARN_DATASET_H

#include "learn/pairs.h"
#include "store/learning.h"

/** A version as it is read back. */
typedef struct learn_dataset {
  str id, source, made_at, hash, schema_version;
  learn_pairs train, reserved;
} learn_dataset;

/**
 * Write `pairs` (as learn_pairs_clean leaves them) as a new version of `source`: a folder
 * FOLDER/datasets/ds_… with train.jsonl, reserved.jsonl and manifest.json, whole or not at all,
 * then its record in the state. Nobody's name is written.
 *
 * `id` gets the version's id.
 * Returns: EMEND_OK; EMEND_EIO; EMEND_EBUSY; EMEND_ENOMEM.
 */
emend_rc learn_dataset_write(store *s, const learn_about *about, const learn_pairs *pairs,
                             const learn_cleaning *report, char id[STORE_ID_MAX], emend_error *err);

/** The version `id`; with an empty one the newest of the source `about`. EMEND_ENOTFOUND;
 * EMEND_EFORMAT when a file is not as it was written. In `a`. */
emend_rc learn_dataset_read(store *s, str about, str id, arena *a, learn_dataset *out,
                            emend_error *err);

/** One pair as a line of our own format, without its newline, and back; for files of examples. */
void learn_pair_write(const learn_pair *p, buf *b);
emend_rc learn_pair_read(str line, arena *a, learn_pair *out, emend_error *err);
/** Every line of `text`. `what` names the file in errors. */
emend_rc learn_pairs_read(str text, const char *what, arena *a, learn_pairs *out, emend_error *err);

#endif
