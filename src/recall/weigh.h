/* Which of what people taught may be the answer itself: stored queries re-slotted to a new
 * question, each with the probability that it is right, from how near the questions are and how
 * probable the network finds the query. Runs nothing. */
#ifndef RECALL_WEIGH_H
#define RECALL_WEIGH_H

#include "model/model.h"
#include "recall/taught.h"

enum {
  WEIGH_BIAS,
#define WEIGH(name, weight) WEIGH_##name,
#include "recall/weigh.def"
#undef WEIGH
  WEIGH_N
};

typedef struct recall_candidate {
  size_t near;   /* index into what was found near */
  str sql;       /* with this question's values */
  double belief; /* 0..1 that it answers the question */
  double trust;  /* … where every value found its place; 0 where one may be wrong */
  bool same;     /* somebody gave it for the very same question */
  str instead;   /* this one of the network's own, changed (habits.h); empty: it is stored */
  double features[WEIGH_N];
} recall_candidate;
typedef VEC(recall_candidate) recall_candidates;

/** What the network itself would answer. */
typedef struct recall_own {
  const str *sqls;
  const double *shares; /* 0..1, together 1 */
  size_t n;             /* 0: it has nothing */
} recall_own;

/**
 * Candidates from `nears`, most likely right first; each query once.
 *
 * Owns:    *out in `a`.
 * NULL:    `m` may be: then the network's opinion counts as unknown.
 * Threads: any number at once.
 */
emend_rc recall_weigh(const model *m, const catalog *cat, const recall_probe *probe,
                      const recall_nears *nears, const recall_own *own, arena *a,
                      recall_candidates *out, emend_error *err);

#endif
