/* The bodies of the kernels, included by kernels.c once for each instruction set with
 *   LANES     floats in a register          ROWS     rows of a product held in registers
 *   SPAN      panels held in registers      TARGET   the function attribute, FN(name) its name */

typedef float FN(vec) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t FN(ivec) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int16_t FN(svec) __attribute__((vector_size(4 * LANES), aligned(1), may_alias));
typedef uint16_t FN(uvec) __attribute__((vector_size(4 * LANES), aligned(1), may_alias));

#define vec FN(vec)
#define ivec FN(ivec)
#define svec FN(svec)
#define uvec FN(uvec)
#define INLINE TARGET static inline __attribute__((always_inline))
#define PER_PANEL (PANEL / LANES)
#define LOAD(p) (*(const vec *)(p))
#define STORE(p, x) (*(vec *)(p) = (x))

/* where ? a : b, element by element; comparisons give all ones or zero. */
INLINE vec FN(select)(ivec where, vec a, vec b) {
  return (vec)((where & (ivec)a) | (~where & (ivec)b));
}

/* ---- products ---- */

INLINE void FN(store_panel)(const vec *acc, float *y, size_t width) {
  if (width >= PANEL) {
    for (int i = 0; i < PER_PANEL; i++) STORE(y + i * LANES, acc[i]);
  } else {
    float part[PANEL];
    for (int i = 0; i < PER_PANEL; i++) STORE(part + i * LANES, acc[i]);
    for (size_t i = 0; i < PANEL; i++)
      if (i < width) y[i] = part[i];
  }
}

INLINE void FN(add_panel)(vec *acc, const float *y, size_t width) {
  if (width >= PANEL) {
    for (int i = 0; i < PER_PANEL; i++) acc[i] += LOAD(y + i * LANES);
  } else {
    float part[PANEL];
    for (size_t i = 0; i < PANEL; i++) part[i] = i < width ? y[i] : 0;
    for (int i = 0; i < PER_PANEL; i++) acc[i] += LOAD(part + i * LANES);
  }
}

/* `rows` and `span` are constants where this is inlined, so that acc lives in registers. */
INLINE void FN(block)(int rows, int span, size_t k, const float *x, size_t ldx, const float *w,
                      const float *bias, int add, float *y, size_t ldy, size_t width) {
  vec acc[ROWS][SPAN * PER_PANEL];
  for (int p = 0; p < span; p++) {
    size_t left = width - (size_t)p * PANEL;
    for (int r = 0; r < rows; r++) {
      vec *at = &acc[r][p * PER_PANEL];
      for (int i = 0; i < PER_PANEL; i++) at[i] = (vec){0};
      if (bias) FN(add_panel)(at, bias + p * PANEL, left);
      if (add) FN(add_panel)(at, y + (size_t)r * ldy + p * PANEL, left);
    }
  }
  for (size_t i = 0; i < k; i++) {
    vec wv[SPAN * PER_PANEL];
    for (int p = 0; p < span; p++)
      for (int q = 0; q < PER_PANEL; q++)
        wv[p * PER_PANEL + q] = LOAD(w + (size_t)p * k * PANEL + i * PANEL + q * LANES);
    for (int r = 0; r < rows; r++)
      for (int q = 0; q < span * PER_PANEL; q++) acc[r][q] += wv[q] * x[(size_t)r * ldx + i];
  }
  for (int p = 0; p < span; p++)
    for (int r = 0; r < rows; r++) {
      float *at = y + (size_t)r * ldy + p * PANEL;
      FN(store_panel)(&acc[r][p * PER_PANEL], at, width - (size_t)p * PANEL);
    }
}

/* All rows of `span` panels. */
INLINE void FN(strip)(int span, size_t m, size_t k, const float *x, size_t ldx, const float *w,
                      const float *bias, int add, float *y, size_t ldy, size_t width) {
  size_t r = 0;
  for (; r + ROWS <= m; r += ROWS)
    FN(block)(ROWS, span, k, x + r * ldx, ldx, w, bias, add, y + r * ldy, ldy, width);
  x += r * ldx;
  y += r * ldy;
  switch (m - r) {
// clang-format off
#define TAIL(n)                                                               \
  case n:                                                                     \
    if (n < ROWS) FN(block)(n, span, k, x, ldx, w, bias, add, y, ldy, width); \
    break;
    TAIL(1) TAIL(2)
#if ROWS > 3
    TAIL(3) TAIL(4) TAIL(5)
#endif
#if ROWS > 6
    TAIL(6) TAIL(7) TAIL(8) TAIL(9) TAIL(10) TAIL(11)
#endif
    default: break;
// clang-format on
#undef TAIL
  }
}

/* All panels for m rows. */
TARGET static void FN(sweep)(size_t m, size_t n, size_t k, const float *x, size_t ldx,
                             const float *panels, const float *bias, int add, float *y,
                             size_t ldy) {
  size_t c = 0;
#if SPAN == 2
  for (; c + PANEL < n; c += 2 * PANEL)
    FN(strip)(2, m, k, x, ldx, panels + c * k, bias ? bias + c : NULL, add, y + c, ldy, n - c);
#endif
  for (; c < n; c += PANEL)
    FN(strip)(1, m, k, x, ldx, panels + c * k, bias ? bias + c : NULL, add, y + c, ldy, n - c);
}

/* Rows in blocks that stay in the second cache while all panels pass by. */
static void FN(gemm)(size_t m, size_t n, size_t k, const float *x, size_t ldx, const float *panels,
                     const float *bias, int add, float *y, size_t ldy) {
  size_t block = (CACHED / (k + 1) / ROWS + 1) * ROWS;
  for (size_t r = 0; r < m; r += block) FN(sweep)
  (m - r < block ? m - r : block, n, k, x + r * ldx, ldx, panels, bias, add, y + r * ldy, ldy);
}

/* ---- rows ---- */

INLINE float FN(sum)(vec v) {
  float s = 0;
  for (int i = 0; i < LANES; i++) s += v[i];
  return s;
}

/* e^x for x ≤ 88, to about 1e-7 relative: 2^n times a polynomial (Cephes' expf). */
INLINE vec FN(exp)(vec x) {
  x = FN(select)(x < -87.0f, (vec){0} - 87.0f, x);
  vec shifted = x * 1.44269504f + 12582912.0f; /* 1.5 * 2^23: rounds to an integer */
  vec n = shifted - 12582912.0f;
  x -= n * 0.693359375f;
  x -= n * -2.12194440e-4f;
  vec p = x * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * x + 8.3334519073e-3f;
  p = p * x + 4.1665795894e-2f;
  p = p * x + 1.6666665459e-1f;
  p = p * x + 5.0000001201e-1f;
  p = p * x * x + x + 1.0f;
  ivec power = (__builtin_convertvector(n, ivec) + 127) << 23;
  return p * (vec)power;
}

INLINE float FN(exp_one)(float x) { return FN(exp)((vec){0} + x)[0]; }

/* x = exp(x - most) normalised; the shared tail of both softmaxes. */
INLINE void FN(normalise)(float *x, size_t n, float most) {
  vec total = {0};
  float sum = 0;
  size_t j = 0;
  for (; j + LANES <= n; j += LANES) {
    vec raw = LOAD(x + j) - most, e = FN(exp)(raw);
    e = FN(select)(raw < -87.0f, (vec){0}, e);
    STORE(x + j, e);
    total += e;
  }
  for (; j < n; j++) {
    float raw = x[j] - most;
    x[j] = raw < -87.0f ? 0.0f : FN(exp_one)(raw);
    sum += x[j];
  }
  float inv = 1.0f / (sum + FN(sum)(total));
  for (j = 0; j + LANES <= n; j += LANES) STORE(x + j, LOAD(x + j) * inv);
  for (; j < n; j++) x[j] *= inv;
}

INLINE float FN(largest)(vec v, float most) {
  for (int i = 0; i < LANES; i++) most = v[i] > most ? v[i] : most;
  return most;
}

TARGET static void FN(softmax)(float *x, size_t n, float scale) {
  vec top = (vec){0} - INFINITY;
  float most = -INFINITY;
  size_t j = 0;
  for (; j + LANES <= n; j += LANES) {
    vec v = LOAD(x + j) * scale;
    STORE(x + j, v);
    top = FN(select)(v > top, v, top);
  }
  for (; j < n; j++) {
    x[j] *= scale;
    most = x[j] > most ? x[j] : most;
  }
  FN(normalise)(x, n, FN(largest)(top, most));
}

TARGET static void FN(relation_softmax)(float *x, const uint8_t *rel, const float *p, size_t n,
                                        float scale) {
  vec top = (vec){0} - INFINITY;
  float most = -INFINITY;
  size_t j = 0;
  for (; j + LANES <= n; j += LANES) {
    vec looked_up;
    for (int i = 0; i < LANES; i++) looked_up[i] = p[rel[j + (size_t)i]];
    vec v = (LOAD(x + j) + looked_up) * scale;
    STORE(x + j, v);
    top = FN(select)(v > top, v, top);
  }
  for (; j < n; j++) {
    x[j] = (x[j] + p[rel[j]]) * scale;
    most = x[j] > most ? x[j] : most;
  }
  FN(normalise)(x, n, FN(largest)(top, most));
}

TARGET static float FN(dot)(const float *a, const float *b, size_t n) {
  vec total = {0}, other = {0};
  float sum = 0;
  size_t j = 0;
  for (; j + 2 * LANES <= n; j += 2 * LANES) {
    total += LOAD(a + j) * LOAD(b + j);
    other += LOAD(a + j + LANES) * LOAD(b + j + LANES);
  }
  for (; j + LANES <= n; j += LANES) total += LOAD(a + j) * LOAD(b + j);
  for (; j < n; j++) sum += a[j] * b[j];
  return sum + FN(sum)(total + other);
}

/* The lower code of each pair, as a number of 16 bits; the upper one is x >> 8. */
INLINE svec FN(lower_codes)(svec x) { return (svec)((uvec)x << 8) >> 8; }

/* Eight products of codes fit a number of 16 bits; only then are they widened. */
TARGET static int32_t FN(dot_codes)(const int8_t *a, const int8_t *b, size_t n) {
  enum { EACH = 4 * LANES, AT_ONCE = 4 };
  ivec total = {0};
  int32_t sum = 0;
  size_t j = 0;
  for (; j + AT_ONCE * EACH <= n; j += AT_ONCE * EACH) {
    svec part = {0};
    for (size_t i = j; i < j + AT_ONCE * EACH; i += EACH) {
      svec x = *(const svec *)(a + i), y = *(const svec *)(b + i);
      part += (x >> 8) * (y >> 8) + FN(lower_codes)(x) * FN(lower_codes)(y);
    }
    ivec pairs = (ivec)part;
    total += (pairs >> 16) + (pairs << 16 >> 16);
  }
  for (int i = 0; i < LANES; i++) sum += total[i];
  for (; j < n; j++) sum += a[j] * b[j];
  return sum;
}

TARGET static void FN(axpy)(float alpha, const float *x, float *y, size_t n) {
  size_t j = 0;
  for (; j + LANES <= n; j += LANES) STORE(y + j, LOAD(y + j) + LOAD(x + j) * alpha);
  for (; j < n; j++) y[j] += x[j] * alpha;
}

TARGET static void FN(softmax_backward)(const float *a, float *da, size_t n, float scale) {
  float mean = FN(dot)(a, da, n);
  size_t j = 0;
  for (; j + LANES <= n; j += LANES) STORE(da + j, LOAD(a + j) * (LOAD(da + j) - mean) * scale);
  for (; j < n; j++) da[j] = a[j] * (da[j] - mean) * scale;
}

TARGET static void FN(layernorm)(size_t rows, size_t n, const float *x, const float *g,
                                 const float *b, float *y, float *mean_out, float *rstd_out) {
  for (size_t r = 0; r < rows; r++, x += n, y += n) {
    vec total = {0}, square = {0};
    float sum = 0, sum2 = 0;
    size_t j = 0;
    for (; j + LANES <= n; j += LANES) total += LOAD(x + j);
    for (; j < n; j++) sum += x[j];
    float mean = (sum + FN(sum)(total)) / (float)n;
    for (j = 0; j + LANES <= n; j += LANES) {
      vec d = LOAD(x + j) - mean;
      square += d * d;
    }
    for (; j < n; j++) sum2 += (x[j] - mean) * (x[j] - mean);
    float rstd = 1.0f / sqrtf((sum2 + FN(sum)(square)) / (float)n + 1e-5f);
    for (j = 0; j + LANES <= n; j += LANES)
      STORE(y + j, (LOAD(x + j) - mean) * rstd * LOAD(g + j) + LOAD(b + j));
    for (; j < n; j++) y[j] = (x[j] - mean) * rstd * g[j] + b[j];
    if (mean_out) mean_out[r] = mean;
    if (rstd_out) rstd_out[r] = rstd;
  }
}

TARGET static void FN(layernorm_backward)(size_t rows, size_t n, const float *x, const float *mean,
                                          const float *rstd, const float *g, const float *dy,
                                          float *dx, float *dg, float *db) {
  for (size_t r = 0; r < rows; r++, x += n, dy += n, dx += n) {
    vec total = {0}, along = {0};
    float sum = 0, dot = 0;
    size_t j = 0;
    for (; j + LANES <= n; j += LANES) {
      vec norm = (LOAD(x + j) - mean[r]) * rstd[r], d = LOAD(dy + j) * LOAD(g + j);
      STORE(dg + j, LOAD(dg + j) + LOAD(dy + j) * norm);
      STORE(db + j, LOAD(db + j) + LOAD(dy + j));
      total += d;
      along += d * norm;
    }
    for (; j < n; j++) {
      float norm = (x[j] - mean[r]) * rstd[r], d = dy[j] * g[j];
      dg[j] += dy[j] * norm;
      db[j] += dy[j];
      sum += d;
      dot += d * norm;
    }
    sum = (sum + FN(sum)(total)) / (float)n;
    dot = (dot + FN(sum)(along)) / (float)n;
    for (j = 0; j + LANES <= n; j += LANES) {
      vec norm = (LOAD(x + j) - mean[r]) * rstd[r];
      STORE(dx + j, LOAD(dx + j) + (LOAD(dy + j) * LOAD(g + j) - sum - norm * dot) * rstd[r]);
    }
    for (; j < n; j++) {
      float norm = (x[j] - mean[r]) * rstd[r];
      dx[j] += (dy[j] * g[j] - sum - norm * dot) * rstd[r];
    }
  }
}

TARGET static void FN(adamw)(const adamw_step *s, float *p, const float *grad, float *m, float *v,
                             size_t n) {
  for (size_t i = 0; i < n; i++) {
    float g = grad[i] * s->grad_scale;
    m[i] = s->beta1 * m[i] + (1 - s->beta1) * g;
    v[i] = s->beta2 * v[i] + (1 - s->beta2) * g * g;
    p[i] -= s->rate * m[i] / (sqrtf(v[i]) * s->root + s->eps) + s->shrink * p[i];
  }
}

TARGET static void FN(dropout)(float *x, size_t n, float p, uint64_t key) {
  const uint32_t limit = (uint32_t)((double)p * 4294967296.0);
  const uint32_t low = (uint32_t)key, high = (uint32_t)(key >> 32);
  const float keep = 1.0f / (1.0f - p);
  for (size_t i = 0; i < n; i++) {
    uint32_t h = (uint32_t)i * 0x9e3779b9u + low; /* then a 32-bit finaliser in two rounds */
    h = (h ^ (h >> 16)) * 0x7feb352du;
    h = ((h ^ (h >> 15)) + high) * 0x846ca68bu;
    h ^= h >> 16;
    x[i] *= h < limit ? 0.0f : keep;
  }
}

static const kernel_table FN(table) = {
    FN(gemm),
    FN(softmax),
    FN(relation_softmax),
    FN(dot),
    FN(dot_codes),
    FN(axpy),
    FN(softmax_backward),
    FN(layernorm),
    FN(layernorm_backward),
    FN(adamw),
    FN(dropout),
};

#undef vec
#undef ivec
#undef svec
#undef uvec
#undef INLINE
#undef PER_PANEL
#undef LOAD
#undef STORE
#undef LANES
#undef ROWS
#undef SPAN
#undef TARGET
#undef FN
