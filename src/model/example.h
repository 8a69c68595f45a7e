/* One training example: features of a question and schema, and the IR that answers it with its
 * pointers as node numbers. The same steps serve inference-time scoring of a given query. */
#ifndef MODEL_EXAMPLE_H
#define MODEL_EXAMPLE_H

#include "model/features.h"
#include "model/ir.h"

/** What a column is for in the target query; part of the weights' format. */
typedef enum column_role {
  ROLE_NONE,
  ROLE_SELECT,
  ROLE_WHERE,
  ROLE_GROUP,
  ROLE_ORDER,
  ROLE_JOIN,
  ROLE_HAVING,
  ROLE_SEVERAL,
  N_ROLES
} column_role;

typedef struct example_step {
  uint8_t kind;  /* as ir_step */
  uint8_t state; /* grammar state before it */
  int id;        /* token, or node */
} example_step;

typedef struct example {
  features f;
  example_step steps[IR_MAX_STEPS];
  int n_steps;
  uint8_t *used; /* [f.n]: 1 where a schema or value node occurs in the target */
  uint8_t *role; /* [f.n]: column_role of columns */
} example;

/** Candidates in the form that SQL ↔ IR takes. In `a`; NULL when out of memory. */
ir_value *example_values(const link_values *v, const link_schema *s, arena *a);

/**
 * `steps` point at catalog ids (and value candidates by number); nodes are found through `s`.
 *
 * Owns:    *out in `a`; `f` is taken over.
 * Returns: EMEND_OK; EMEND_ENOTFOUND when a column or table is not in `s`; EMEND_EFORMAT when
 *          the steps are not a sentence of the grammar; EMEND_ENOMEM.
 */
emend_rc example_build(const features *f, const link_schema *s, const ir_step *steps, int n_steps,
                       arena *a, example *out);

#endif
