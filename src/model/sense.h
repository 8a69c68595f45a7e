/* What the grammar lets through and nobody means. */
#ifndef MODEL_SENSE_H
#define MODEL_SENSE_H

#include "model/features.h"
#include "model/ir.h"

/**
 * Takes out of allowed [n_tokens + f->n] what would make the query that begins with `seq`
 * meaningless: SUM or AVG of a key or a code, a column compared with itself, one condition twice, a
 * second bound on the same side, a number of the question in two conditions of a SELECT, a set
 * operation on one query twice, a value before the question's negation in what EXCEPT or NOT IN
 * leaves out, or one behind it in the rest. `state` is where the grammar stands after `seq`;
 * pointers are node numbers.
 */
void sense_forbid(const features *f, const ir_seq *seq, ir_state state, int n_tokens,
                  uint8_t *allowed);

#endif
