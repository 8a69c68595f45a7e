/* What model.c and the model_*.c share: a model, and a question as it reads it. */
#ifndef MODEL_MODEL_PARTS_H
#define MODEL_MODEL_PARTS_H

#include "model/beam.h"
#include "model/example.h"
#include "model/model.h"
#include "model/network.h"

struct model {
  network *net;
  network *partner; /* a second network, whose beliefs are averaged with the first's; or NULL */
  synonyms *syn, *sayings;
  char name[64];
  arena *mem;
  const char *path; /* of the weights */
};

/** The network that answers: the adapter's, or the model's own. */
const network *model_network(const model *m, const model_options *opt);

/** A question beside a schema: linked, and encoded by each network that answers. */
typedef struct reading {
  link_question q;
  link_schema s;
  link_values v;
  link_result links;
  features f;
  ir_value *values; /* v as SQL ↔ IR takes it */
  beam_member members[BEAM_MAX_MEMBERS];
  int n_members;
  const float *used, *role; /* as `encoded` has them, averaged over the members */
} reading;

/** The question linked: all of *r but the members. `kept` NULL, or columns (by catalog id) that are
 * not to be pruned. Owns: all of *r in `a`, pointing into `cat`. */
emend_rc model_link(const model *m, const catalog *cat, str question, const model_options *opt,
                    const bool *kept, arena *a, reading *r, emend_error *err);
/** Encodes what was linked: fills the members. */
emend_rc model_encode(const model *m, const model_options *opt, arena *a, reading *r,
                      emend_error *err);

/** Marks in kept [cat->n_columns] what `sql` needs of a schema that is large enough to be pruned.
 */
emend_rc model_keep_columns(const catalog *cat, str sql, arena *a, bool *kept, emend_error *err);
/** `sql` as the sequence of steps that answers the question. *ok is false for what is no query of
 *  `cat`, has no IR, or names what was pruned. Returns: EMEND_OK or EMEND_ENOMEM. */
emend_rc model_answer(const catalog *cat, const reading *r, str sql, arena *a, example *out,
                      bool *ok, emend_error *err);

/** As model_score for one query under a question that is read already; *logprob is left alone where
 *  there is none to give. */
emend_rc model_score_read(const reading *r, const catalog *cat, str sql, arena *a, double *logprob,
                          emend_error *err);

#endif
