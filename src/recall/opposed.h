/* Whether two questions ask for opposite things: "first" and "last", "active" and "inactive",
 * "with" and "without". Vectors hold such questions for near. Private to this folder. */
#ifndef RECALL_OPPOSED_H
#define RECALL_OPPOSED_H

#include "recall/probe.h"
#include "recall/wording.h"

/** A question in both readings. */
typedef struct opposed_side {
  const recall_wording *whole;
  const recall_wording *masked; /* its words without the values: what stands in a value, such as
                                   "No Doubt", turns nothing round */
} opposed_side;

/**
 * True when one of the two turns round what the other says. `names` are the stems of the schema's
 * names, sorted, by which "inactive" is known to say "not active" where the other says neither.
 *
 * Returns: false also when out of memory, which `a` then says.
 */
bool recall_opposed(const opposed_side *x, const opposed_side *y, const recall_stems *names,
                    arena *a);

#endif
