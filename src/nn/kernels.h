/* The inner loops of the network, compiled for several instruction sets and chosen at run time
 * (AVX-512, AVX2, or what the compiler's baseline has). Plain arithmetic on the caller's arrays.
 *
 * Matrices that are multiplied from the right are kept as *panels*: 16 output columns side by
 * side for each of the k inputs, so that one product needs no packing. A panel product of the
 * few rows that decoding has runs two to five times as fast as cblas_sgemm.
 *
 * Threads: all functions may be called from any number of threads at once.
 * NULL: only where said. */
#ifndef NN_KERNELS_H
#define NN_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PANEL = 16 };

/** Floats that the panels of a product with k inputs and n outputs take. */
size_t panel_size(size_t n, size_t k);

/** Panels of w [n, k] with row stride ld, for y = x wᵀ. Unused columns are zero. */
void panel_pack_rows(const float *w, size_t ld, size_t n, size_t k, float *panels);

/** Panels of w [k, n] with row stride ld, for y = x w. */
void panel_pack_cols(const float *w, size_t ld, size_t k, size_t n, float *panels);

/** y [m,n] = x [m,k] · panels (+ bias [n], which may be NULL); row strides ldx, ldy. */
void panel_gemm(size_t m, size_t n, size_t k, const float *x, size_t ldx, const float *panels,
                const float *bias, float *y, size_t ldy);
/** As panel_gemm, adding to what y holds. */
void panel_gemm_add(size_t m, size_t n, size_t k, const float *x, size_t ldx, const float *panels,
                    const float *bias, float *y, size_t ldy);

/** y = (x - mean) / sqrt(var + 1e-5) * g + b over rows of n; x and y may be the same.
 *  mean and rstd [rows] may be NULL. */
void kernel_layernorm(size_t rows, size_t n, const float *x, const float *g, const float *b,
                      float *y, float *mean, float *rstd);

/** From dy of y = kernel_layernorm(x), which gave mean and rstd: dx, dg and db are added to. */
void kernel_layernorm_backward(size_t rows, size_t n, const float *x, const float *mean,
                               const float *rstd, const float *g, const float *dy, float *dx,
                               float *dg, float *db);

/** x = softmax(scale * x) over n elements; elements at -INFINITY get 0. n ≥ 1 with one finite. */
void kernel_softmax(float *x, size_t n, float scale);

/** x_j = softmax_j(scale * (x_j + p[rel_j])). */
void kernel_relation_softmax(float *x, const uint8_t *rel, const float *p, size_t n, float scale);

/** x_j += p[rel_j] over n elements. */
void kernel_relation_add(float *x, const uint8_t *rel, const float *p, size_t n);

/** bins[r] = Σ of x_j with rel_j = r, for n_bins ≤ 256; every rel_j < n_bins. */
void kernel_relation_bins(const float *x, const uint8_t *rel, size_t n, float *bins, size_t n_bins);

/** ds_j = scale * a_j * (da_j - Σ a·da): the backward of softmax, over da in place. */
void kernel_softmax_backward(const float *a, float *da, size_t n, float scale);

float kernel_dot(const float *a, const float *b, size_t n);
enum { KERNEL_MOST_CODE = 63 };
/** As kernel_dot, of integers from -KERNEL_MOST_CODE to KERNEL_MOST_CODE. */
int32_t kernel_dot_codes(const int8_t *a, const int8_t *b, size_t n);
/** y += alpha * x */
void kernel_axpy(float alpha, const float *x, float *y, size_t n);

/** One step of AdamW on n parameters (Loshchilov and Hutter 2019). `rate` and `root` already
 *  hold the bias corrections: p -= rate * m / (sqrt(v) * root + eps) + shrink * p. */
typedef struct adamw_step {
  float beta1, beta2, eps, rate, root, shrink, grad_scale;
} adamw_step;
void kernel_adamw(const adamw_step *s, float *p, const float *grad, float *m, float *v, size_t n);

/** x_i *= 0 with probability p, else 1/(1-p), a function of (key, i) alone. */
void kernel_dropout(float *x, size_t n, float p, uint64_t key);

/** "avx512", "avx2" or "baseline": what this machine gets. */
const char *kernel_level(void);

/** For tests and benchmarks: use `level` from now on; false where the machine lacks it.
 *  Not while other threads compute. */
bool kernel_select(const char *level);

#endif
