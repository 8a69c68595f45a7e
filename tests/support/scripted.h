/* A generator that says what a test told it to: one list of candidates a generation. */
#ifndef SUPPORT_SCRIPTED_H
#define SUPPORT_SCRIPTED_H

#include "generate/generate.h"

enum { SCRIPT_ROUNDS = 4, SCRIPT_CANDIDATES = 8 };

typedef struct script {
  const char *sql[SCRIPT_ROUNDS][SCRIPT_CANDIDATES]; /* NULL ends a list */
  int cross_joins;                                   /* so many at the head are marked as such */
  double answerable;                                 /* 0 is taken as 1 */
  /* what it was asked */
  int rounds;
  size_t forbidden[SCRIPT_ROUNDS];
  char failed[SCRIPT_ROUNDS][256], fault[SCRIPT_ROUNDS][64];
} script;

/** A generator that reads `s`, which outlives it. Candidates share belief 1/2, 1/4, 1/8, … */
generator *scripted_generator(script *s);

#endif
