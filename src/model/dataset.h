/* Examples gathered into a file that trainers read: see docs/network.md, "data set". */
#ifndef MODEL_DATASET_H
#define MODEL_DATASET_H

#include "model/example.h"
#include "model/train_data.h"

typedef struct dataset dataset;

/** Where an example came from; part of the data set's format. */
typedef enum dataset_origin {
  ORIGIN_SPIDER,
  ORIGIN_OTHERS,
  ORIGIN_SPIDER_SYN,
  ORIGIN_WIKISQL,
  ORIGIN_SYNTHETIC,
  ORIGIN_DEV,
  ORIGIN_TAUGHT
} dataset_origin;

enum { DATASET_NEVER_HELD_OUT = 255 };

/** Owns: the caller, until dataset_free. NULL when memory is exhausted. */
dataset *dataset_create(void);
void dataset_free(dataset *d);
/** `row`: its place in the file it came from; `fold`: which held-out part its database is in. */
emend_rc dataset_add(dataset *d, const example *e, str database, dataset_origin origin, int row,
                     int fold);
size_t dataset_len(const dataset *d);
/** What was added so far, as training reads it, without a file between. Owns: *out until
 *  train_data_close; valid until the next dataset_add or dataset_free. EMEND_OK or EMEND_ENOMEM. */
emend_rc dataset_view(const dataset *d, train_data **out);
emend_rc dataset_write(const dataset *d, const char *path, emend_error *err);

#endif
