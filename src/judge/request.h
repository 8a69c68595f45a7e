/* Is it a question at all? Private to judge/. */
#ifndef JUDGE_REQUEST_H
#define JUDGE_REQUEST_H

#include "judge/judge.h"

/** Sets `request` and `reason` of `in` from its words. False when out of memory. */
bool judge_read_request(judge_intent *in, arena *a);

#endif
