/* The paired test of two versions. See compare.h. */
#include "learn/compare.h"

#include <math.h>
#include <stdlib.h>

static const double ALPHA = 0.05;

/* P(X >= k) for X binomial(n, p). */
static double at_least(size_t k, size_t n, double p) {
  if (k == 0) return 1;
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  double sum = 0, whole = lgamma((double)n + 1);
  for (size_t i = k; i <= n; i++) {
    double x = (double)i, rest = (double)(n - i);
    sum += exp(whole - lgamma(x + 1) - lgamma(rest + 1) + x * log(p) + rest * log1p(-p));
  }
  return sum < 1 ? sum : 1;
}

double compare_low(size_t k, size_t n) {
  if (k == 0 || n == 0) return 0;
  double from = 0, to = (double)k / (double)n;
  for (int i = 0; i < 60; i++) {
    double p = (from + to) / 2;
    if (at_least(k, n, p) < ALPHA)
      from = p;
    else
      to = p;
  }
  return from;
}

double compare_high(size_t k, size_t n) { return n ? 1 - compare_low(n - k, n) : 1; }

compare_pair compare_right(const unsigned char *before, const unsigned char *now, size_t n) {
  compare_pair c = {.n = n};
  for (size_t i = 0; i < n; i++) {
    c.gained += !before[i] && now[i];
    c.lost += before[i] && !now[i];
  }
  size_t changed = c.gained + c.lost;
  if (n == 0 || changed == 0) return c;
  double part = (double)changed / (double)n;
  c.difference = ((double)c.gained - (double)c.lost) / (double)n;
  c.low = (2 * compare_low(c.gained, changed) - 1) * part;
  c.high = (2 * compare_high(c.gained, changed) - 1) * part;
  return c;
}

static int by_size(const void *x, const void *y) {
  double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

double compare_median(double *x, size_t n) {
  if (n == 0) return 0;
  qsort(x, n, sizeof *x, by_size);
  return x[n / 2];
}
