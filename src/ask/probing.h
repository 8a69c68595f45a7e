/* Queries run beside one that is judged, within what they may cost. */
#ifndef ASK_PROBING_H
#define ASK_PROBING_H

#include "judge/judge.h"

/** All that one query has probed may cost so many times what the query itself did, and this much
 *  beside: about a millisecond. In thousands of the engine's steps. */
enum { ASK_PROBE_SHARE = 2, ASK_PROBE_WORK = 10 };

typedef struct ask_probing {
  source *db;
  const source_result *own; /* the query's rows */
  const judge_digest *digest;
  size_t max_rows;  /* as the query was run with; 0: 1000 */
  double time_left; /* ms; below 0: no end */
} ask_probing;

/** Fills in `ran` and `differs` of each. One that fails or costs too much shows nothing.
 *
 *  Owns:    scratch is taken from `a`.
 *  Threads: as the source's.
 *  Returns: false when out of memory. */
bool ask_run_probes(const ask_probing *with, judge_probes *probes, arena *a);

#endif
