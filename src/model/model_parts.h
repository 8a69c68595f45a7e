/* What model.c, model_read.c and model_score.c share: a model, and a question as it reads it. */
#ifndef MODEL_MODEL_PARTS_H
#define MODEL_MODEL_PARTS_H

#include "model/example.h"
#include "model/model.h"
#include "model/network.h"

struct model {
  network *net;
  synonyms *syn;
  char name[64];
};

/** A question beside a schema: linked, and encoded. */
typedef struct reading {
  link_question q;
  link_schema s;
  link_values v;
  link_result links;
  features f;
  ir_value *values; /* v as SQL ↔ IR takes it */
  encoded *enc;
} reading;

/** Owns: all of *r in `a`, pointing into `cat`. NULL: `opt` may be. */
emend_rc model_read(const model *m, const catalog *cat, str question, const model_options *opt,
                    arena *a, reading *r, emend_error *err);

#endif
