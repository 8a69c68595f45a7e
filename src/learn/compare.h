/* Two versions on the same questions: is the difference more than luck? Private to learn/. */
#ifndef LEARN_COMPARE_H
#define LEARN_COMPARE_H

#include <stddef.h>

/** A paired comparison of right or wrong. */
typedef struct compare_pair {
  size_t n;            /* questions */
  size_t gained, lost; /* wrong before and right now; the other way round */
  double difference;   /* (gained - lost) / n */
  double low, high;    /* exact 95% bounds of it, one-sided each */
} compare_pair;

/**
 * Exact, conditional on how many questions changed (McNemar's pairs, Clopper and Pearson's bounds
 * of the share of gains among them): with 5 gains and no loss the lower bound is above zero, with
 * 4 it is not.
 */
compare_pair compare_right(const unsigned char *before, const unsigned char *now, size_t n);

/** Clopper and Pearson: the p for which k or more (low), or k or fewer (high), of n happen in 5
 *  cases of 100. */
double compare_low(size_t k, size_t n);
double compare_high(size_t k, size_t n);

/** The middle one; sorts `x`. 0 for none. */
double compare_median(double *x, size_t n);

#endif
