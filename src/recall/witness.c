/* The embedded network's word on a confirmed query. See witness.h. */
#include "recall/witness.h"

#include <math.h>

/* Only its own best counts, which a narrow search finds as well. */
enum { BEAM = 4 };

bool recall_doubt(const model *net, const catalog *cat, str question, str sql, arena *a,
                  double *gap) {
  model_candidates own;
  double logprob;
  const model_options opt = {.beam = BEAM, .max_candidates = 1};
  if (model_generate(net, cat, question, &opt, a, &own, NULL) || own.items.len == 0) return false;
  if (model_score(net, cat, question, NULL, &sql, 1, a, &logprob, NULL)) return false;
  if (!isfinite(logprob)) return false;
  *gap = own.items.items[0].logprob - logprob;
  return true;
}
