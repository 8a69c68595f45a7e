/* The decoder: one step of many hypotheses, or all steps of one sequence, with the same code. A
 * row stands at a time and has ancestors: the rows of earlier times that it continues. Keys and
 * values of every row are kept, so a fork costs a list of row numbers. See network.h. */
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "model/network_parts.h"
#include "nn/kernels.h"

static const char STAGE[] = "decode";

/* Keys and values of the rows of one time, for each layer [layers][width, d]. */
typedef struct past {
  float *k, *v;
} past;

typedef uint16_t lineage[WEIGHTS_MAX_STEPS]; /* the row at each time */

/* One row of a pass. */
typedef struct place {
  int time;
  size_t slot; /* among the rows of its time */
} place;

struct decoder {
  const network *net;
  const encoded *enc;
  arena *mem;
  size_t width;    /* rows that one time can hold */
  int steps, live; /* times so far; hypotheses of the last */
  past past[WEIGHTS_MAX_STEPS];
  lineage *lines, *spare; /* [width] */
  place *places;          /* [rows], as all below: scratch of one pass */
  float *x, *h, *q, *k, *v, *o, *hidden, *scores;
};

static decoder *make_decoder(const network *net, const encoded *enc, size_t width, size_t rows,
                             arena *a) {
  size_t d = net->d, n = (size_t)enc->n, longest = n > 64 ? n : 64;
  decoder *dec = ARENA_NEW(a, decoder);
  if (!dec) return NULL;
  *dec = (decoder){.net = net, .enc = enc, .mem = a, .width = width};
  dec->places = ARENA_ARRAY(a, place, rows);
  dec->lines = ARENA_ARRAY(a, lineage, width);
  dec->spare = ARENA_ARRAY(a, lineage, width);
  dec->x = floats_alloc(a, rows * d);
  dec->h = floats_alloc(a, rows * d);
  dec->q = floats_alloc(a, rows * d);
  dec->k = floats_alloc(a, rows * d);
  dec->v = floats_alloc(a, rows * d);
  dec->o = floats_alloc(a, rows * d);
  dec->hidden = floats_alloc(a, rows * (size_t)net->shape.ff);
  dec->scores = floats_alloc(a, rows * longest);
  return arena_failed(a) ? NULL : dec;
}

emend_rc decoder_create(const network *net, const encoded *enc, int max_rows, arena *a,
                        decoder **out, emend_error *err) {
  *out = NULL;
  if (max_rows < 1 || max_rows > UINT16_MAX)
    return err_set(err, EMEND_EUSAGE, STAGE, "a beam of %d", max_rows);
  *out = make_decoder(net, enc, (size_t)max_rows, (size_t)max_rows, a);
  return *out ? EMEND_OK : err_nomem(err, STAGE);
}

int decoder_steps(const decoder *d) { return d->steps; }

static bool make_past(decoder *dec, int time) {
  size_t n = (size_t)dec->net->shape.dec * dec->width * dec->net->d;
  past *p = &dec->past[time];
  if (!p->k) p->k = floats_alloc(dec->mem, n);
  if (!p->v) p->v = floats_alloc(dec->mem, n);
  return p->k && p->v;
}

/* ---- input ---- */

/* A step that the network may be told of: an id that exists. */
static bool step_ok(const decoder *dec, uint8_t kind, int32_t id) {
  if (id < 0) return false;
  if (kind == 0) return id < dec->net->shape.tokens;
  return kind < INPUT_KINDS && id < dec->enc->n && dec->enc->keys->kind[id] == kind;
}

static void embed(const decoder *dec, uint8_t kind, int32_t id, uint8_t state, int time,
                  float *row) {
  const network *net = dec->net;
  size_t d = net->d;
  memcpy(row, (kind ? dec->enc->keys->input : net->w->p.dec_tok) + (size_t)id * d, d * sizeof *row);
  kernel_axpy(1, net->w->p.dec_state + state * d, row, d);
  kernel_axpy(1, net->w->p.dec_pos + (size_t)time * d, row, d);
}

/* ---- layers ---- */

/* Causal attention of each row over its own line, itself included. */
static void attend_self(decoder *dec, int layer, size_t rows, const place *at) {
  const network *net = dec->net;
  size_t d = net->d, dh = net->dh, base = (size_t)layer * dec->width * d;
  float scale = 1.0f / sqrtf((float)dh), *scores = dec->scores;
  for (size_t r = 0; r < rows; r++) {
    past *own = &dec->past[at[r].time];
    memcpy(own->k + base + at[r].slot * d, dec->k + r * d, d * sizeof(float));
    memcpy(own->v + base + at[r].slot * d, dec->v + r * d, d * sizeof(float));
  }
  memset(dec->o, 0, rows * d * sizeof(float));
  for (size_t r = 0; r < rows; r++) {
    const uint16_t *line = dec->lines[at[r].slot];
    size_t seen = (size_t)at[r].time + 1;
    for (size_t h = 0; h < d; h += dh) {
      for (size_t t = 0; t < seen; t++)
        scores[t] = kernel_dot(dec->q + r * d + h, dec->past[t].k + base + line[t] * d + h, dh);
      kernel_softmax(scores, seen, scale);
      for (size_t t = 0; t < seen; t++)
        kernel_axpy(scores[t], dec->past[t].v + base + line[t] * d + h, dec->o + r * d + h, dh);
    }
  }
}

static void attend_nodes(decoder *dec, int layer, size_t rows) {
  const network *net = dec->net;
  const encoded_keys *keys = dec->enc->keys;
  size_t d = net->d, dh = net->dh, n = (size_t)dec->enc->n;
  float scale = 1.0f / sqrtf((float)dh);
  for (size_t h = 0; h < (size_t)net->shape.heads; h++) {
    panel_gemm(rows, n, dh, dec->q + h * dh, d, keys->layer[layer].k + h * keys->k_size, NULL,
               dec->scores, n);
    for (size_t r = 0; r < rows; r++) kernel_softmax(dec->scores + r * n, n, scale);
    panel_gemm(rows, dh, n, dec->scores, n, keys->layer[layer].v + h * keys->v_size, NULL,
               dec->o + h * dh, d);
  }
}

/* All layers over rows in dec->x; z in dec->h. */
static void run_layers(decoder *dec, size_t rows, const place *at) {
  const network *net = dec->net;
  size_t d = net->d;
  for (int i = 0; i < net->shape.dec; i++) {
    const dec_layer *l = &net->dec[i];
    kernel_layernorm(rows, d, dec->x, l->ln1.g, l->ln1.b, dec->h, NULL, NULL);
    linear_apply(&l->sq, rows, dec->h, dec->q);
    linear_apply(&l->sk, rows, dec->h, dec->k);
    linear_apply(&l->sv, rows, dec->h, dec->v);
    attend_self(dec, i, rows, at);
    linear_add(&l->so, rows, dec->o, dec->x);
    kernel_layernorm(rows, d, dec->x, l->ln2.g, l->ln2.b, dec->h, NULL, NULL);
    linear_apply(&l->cq, rows, dec->h, dec->q);
    attend_nodes(dec, i, rows);
    linear_add(&l->co, rows, dec->o, dec->x);
    feed_forward(net, &l->ln3, &l->w1, &l->w2, rows, dec->x, dec->h, dec->hidden);
  }
  kernel_layernorm(rows, d, dec->x, net->dec_ln.g, net->dec_ln.b, dec->h, NULL, NULL);
}

/* ---- output ---- */

/* Logits to log-probabilities over what is allowed; all -INFINITY when nothing is. */
static void normalise(float *x, const uint8_t *allowed, size_t n) {
  float most = -INFINITY;
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    if (!allowed[i]) x[i] = -INFINITY;
    most = x[i] > most ? x[i] : most;
  }
  if (!(most > -INFINITY)) return;
  for (size_t i = 0; i < n; i++)
    if (allowed[i]) sum += (double)expf(x[i] - most);
  float log_sum = most + (float)log(sum);
  for (size_t i = 0; i < n; i++) x[i] -= log_sum;
}

/* Log-probabilities [rows, tokens + nodes] of z in dec->h. Words are never pointed at. */
static void output(const decoder *dec, size_t rows, const uint8_t *allowed, float *logp) {
  const network *net = dec->net;
  const encoded_keys *keys = dec->enc->keys;
  size_t d = net->d, n = (size_t)dec->enc->n, tokens = (size_t)net->shape.tokens;
  size_t width = tokens + n, first = (size_t)keys->first_node;
  panel_gemm(rows, tokens, d, dec->h, d, net->out_tok.panels, net->out_tok.bias, logp, width);
  if (n > first)
    panel_gemm(rows, n - first, d, dec->h, d, keys->pointer, NULL, logp + tokens + first, width);
  for (size_t r = 0; r < rows; r++) {
    for (size_t i = 0; i < first; i++) logp[r * width + tokens + i] = -INFINITY;
    normalise(logp + r * width, allowed + r * width, width);
  }
}

/* ---- one step of many, many steps of one ---- */

static emend_rc check_rows(const decoder *dec, int n, const decoder_row *rows, emend_error *err) {
  if (n < 1 || (size_t)n > dec->width)
    return err_set(err, EMEND_EUSAGE, STAGE, "%d hypotheses in a beam of %zu", n, dec->width);
  if (dec->steps >= WEIGHTS_MAX_STEPS)
    return err_set(err, EMEND_ELIMIT, STAGE, "%d steps are the most", WEIGHTS_MAX_STEPS);
  for (int i = 0; i < n; i++) {
    bool ok = rows[i].state < dec->net->shape.states;
    if (dec->steps > 0)
      ok = ok && rows[i].parent >= 0 && rows[i].parent < dec->live &&
           step_ok(dec, rows[i].kind, rows[i].id);
    if (!ok) return err_set(err, EMEND_EUSAGE, STAGE, "hypothesis %d is out of range", i);
  }
  return EMEND_OK;
}

/* Each row continues its parent's line. */
static void fork_lines(decoder *dec, int n, const decoder_row *rows) {
  lineage *next = dec->spare;
  for (int i = 0; i < n; i++) {
    if (dec->steps > 0)
      memcpy(next[i], dec->lines[rows[i].parent], (size_t)dec->steps * sizeof next[i][0]);
    next[i][dec->steps] = (uint16_t)i;
  }
  dec->spare = dec->lines;
  dec->lines = next;
}

emend_rc decoder_step(decoder *dec, int n, const decoder_row *rows, const uint8_t *allowed,
                      float *logp, emend_error *err) {
  emend_rc rc = check_rows(dec, n, rows, err);
  if (rc != EMEND_OK) return rc;
  if (!make_past(dec, dec->steps)) return err_nomem(err, STAGE);
  fork_lines(dec, n, rows);
  for (int i = 0; i < n; i++) {
    bool first = dec->steps == 0;
    dec->places[i] = (place){dec->steps, (size_t)i};
    embed(dec, first ? 0 : rows[i].kind, first ? 0 : rows[i].id, rows[i].state, dec->steps,
          dec->x + (size_t)i * dec->net->d);
  }
  run_layers(dec, (size_t)n, dec->places);
  output(dec, (size_t)n, allowed, logp);
  dec->steps++;
  dec->live = n;
  return EMEND_OK;
}

static emend_rc check_sequence(const decoder *dec, int n, const scored_step *steps,
                               emend_error *err) {
  for (int i = 0; i < n; i++)
    if (steps[i].state >= dec->net->shape.states || !step_ok(dec, steps[i].kind, steps[i].id))
      return err_set(err, EMEND_EUSAGE, STAGE, "step %d is out of range", i);
  return EMEND_OK;
}

emend_rc network_score(const network *net, const encoded *enc, int n, const scored_step *steps,
                       const uint8_t *allowed, arena *a, float *logp, emend_error *err) {
  if (n < 1 || n > WEIGHTS_MAX_STEPS)
    return err_set(err, EMEND_ELIMIT, STAGE, "%d steps; %d are the most", n, WEIGHTS_MAX_STEPS);
  decoder *dec = make_decoder(net, enc, 1, (size_t)n, a);
  size_t width = (size_t)(net->shape.tokens + enc->n);
  float *all = floats_alloc(a, (size_t)n * width);
  if (!dec || !all) return err_nomem(err, STAGE);
  emend_rc rc = check_sequence(dec, n, steps, err);
  if (rc != EMEND_OK) return rc;
  for (int i = 0; i < n; i++) {
    if (!make_past(dec, i)) return err_nomem(err, STAGE);
    dec->places[i] = (place){i, 0}; /* its line is row 0 at every time */
    embed(dec, i ? steps[i - 1].kind : 0, i ? steps[i - 1].id : 0, steps[i].state, i,
          dec->x + (size_t)i * net->d);
  }
  run_layers(dec, (size_t)n, dec->places);
  output(dec, (size_t)n, allowed, all);
  for (int i = 0; i < n; i++) {
    int32_t at = steps[i].id + (steps[i].kind ? net->shape.tokens : 0);
    logp[i] = all[(size_t)i * width + (size_t)at];
  }
  return EMEND_OK;
}
