/* The operators of training, each with its backward: linear, layer norm, attention (plain, causal
 * or relation-aware), masked cross-entropy; kernel_dropout is its own backward. Products go to
 * panels, and transposed ones to BLAS. All matrices are row-major floats; gradients of parameters
 * are added to what is there.
 *
 * Threads: every function works on the caller's arrays alone; call ops_single_thread once, first,
 * when several threads train side by side. NULL: only where said. */
#ifndef NN_OPS_H
#define NN_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Process-wide: BLAS uses the calling thread only. */
void ops_single_thread(void);

/** Floats of scratch that op_linear and its backward need. */
size_t op_linear_scratch(size_t in, size_t out);
/** y [rows,out] = x [rows,in] wᵀ + b; w [out,in], b [out] or NULL. */
void op_linear(size_t rows, size_t in, size_t out, const float *x, const float *w, const float *b,
               float *y, float *scratch);
/** dw += dyᵀ x, db += Σ dy, dx = dy w, or dx += dy w with `add`; dw, db and dx may be NULL. */
void op_linear_backward(size_t rows, size_t in, size_t out, const float *x, const float *w,
                        const float *dy, float *dx, bool add, float *dw, float *db, float *scratch);

/** x = max(x, 0) */
void op_relu(float *x, size_t n);
/** dy = 0 where y, the output of op_relu, is 0. */
void op_relu_backward(const float *y, float *dy, size_t n);

/** Mixes a counter into a key. */
uint64_t op_mix(uint64_t key, uint64_t counter);

/**
 * Scaled dot-product attention of `heads` heads of width dh side by side in each row:
 *   e_ij = (q_i·k_j + q_i·rk[r_ij] + rb[r_ij,head]) / sqrt(dh)   a = softmax_j(e)
 *   o_i  = Σ_j a_ij v_j + Σ_r (Σ_{j: r_ij=r} a_ij) rv[r]
 * No array of queries × keys × dh is ever made: q rkᵀ is looked up, weights are binned.
 */
typedef struct attention {
  size_t queries, keys, heads, dh;
  bool causal;          /* query i sees keys 0..i */
  const uint8_t *rel;   /* [queries, keys]; NULL: no relations, and the next four are unused */
  size_t relations;     /* ≤ 256 */
  const float *rk, *rv; /* [relations, dh] */
  const float *rb;      /* [relations, heads] */
} attention;

/** Floats of scratch that both directions need. */
size_t op_attention_scratch(const attention *s);

/** weights [heads, queries, keys] is kept for the backward. */
void op_attention(const attention *s, const float *q, const float *k, const float *v,
                  float *weights, float *o, float *scratch);

/** Gradients; dq, dk, dv, drk, drv and drb are added to. */
typedef struct attention_grad {
  float *dq, *dk, *dv;
  float *drk, *drv, *drb; /* unused without relations */
} attention_grad;
void op_attention_backward(const attention *s, const float *q, const float *k, const float *v,
                           const float *weights, const float *d_o, const attention_grad *g,
                           float *scratch);

/**
 * Cross-entropy of a softmax over the entries with allowed[i] != 0, against 1 - smoothing on
 * `gold` plus smoothing spread evenly over all allowed entries (gold included). x holds logits and
 * becomes log-probabilities, -INFINITY where not allowed. *best receives the most probable entry.
 *
 * Returns: the loss. `gold` must be allowed.
 */
float op_cross_entropy(float *x, const uint8_t *allowed, size_t n, size_t gold, float smoothing,
                       size_t *best);
/** x, log-probabilities, becomes scale * gradient of that loss by the logits. */
void op_cross_entropy_backward(float *x, const uint8_t *allowed, size_t n, size_t gold,
                               float smoothing, float scale);

/** Binary cross-entropy of sigmoid(logit); *d receives its gradient. */
float op_binary_entropy(float logit, bool target, float *d);

#endif
