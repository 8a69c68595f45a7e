/* The training step and held-out evaluation. See train.h. */
#include "model/train.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/train_state.h"
#include "model/train_vectors.h"

static const char STAGE[] = "train";
enum { CHUNK = 1 << 16 };

train_options train_defaults(void) {
  return (train_options){.fold = TRAIN_NO_FOLD,
                         .steps = 20000,
                         .batch_nodes = 1300,
                         .threads = 2,
                         .seed = 1,
                         .rate = 7e-4,
                         .warm_up = 0.05,
                         .decay = 0.01,
                         .clip = 2,
                         .average = 0.999,
                         .dropout = 0.2,
                         .word_dropout = 0.15,
                         .smoothing = 0.1,
                         .used_weight = 0.3,
                         .role_weight = 0.3,
                         .min_count = 3,
                         .width = 256,
                         .heads = 8,
                         .enc = 6,
                         .dec = 2,
                         .ff = 1024};
}

/* ---- making one ---- */

static bool within(double x, double least, double most) { return x >= least && x <= most; }

emend_rc trainer_check(const train_options *o, emend_error *err) {
  bool ok = o->n_sources >= 1 && o->n_sources <= TRAIN_MAX_SOURCES && o->steps >= 1 &&
            o->batch_nodes >= 1 && o->batch_nodes <= 1 << 20 && o->threads >= 1 &&
            o->threads <= 64 && within(o->rate, 0, 1) && within(o->warm_up, 0, 1) &&
            within(o->decay, 0, 1) && within(o->clip, 1e-9, 1e9) && within(o->average, 0, 1) &&
            within(o->dropout, 0, 0.99) && within(o->word_dropout, 0, 1) &&
            within(o->smoothing, 0, 0.99) && within(o->used_weight, 0, 1e3) &&
            within(o->role_weight, 0, 1e3) && o->min_count >= 1;
  for (size_t i = 0; ok && i < o->n_sources; i++)
    ok = within(o->sources[i].weight, 0, 1e9) && o->sources[i].path;
  return ok ? EMEND_OK : err_set(err, EMEND_EUSAGE, STAGE, "impossible training options");
}

emend_rc trainer_open(const train_options *opt, trainer **out, emend_error *err) {
  *out = NULL;
  emend_rc rc = trainer_check(opt, err);
  if (rc != EMEND_OK) return rc;
  trainer *t = mem_alloc(sizeof *t);
  if (!t) return err_nomem(err, STAGE);
  t->opt = *opt;
  t->mem = arena_create(SIZE_MAX / 4);
  if (!t->mem) rc = err_nomem(err, STAGE);
  for (size_t i = 0; rc == EMEND_OK && i < opt->n_sources; i++) {
    source *s = &t->sources[i];
    *s = (source){.path = arena_str(t->mem, str_from(opt->sources[i].path)),
                  .weight = opt->sources[i].weight,
                  .from = opt->sources[i].from,
                  .to = opt->sources[i].to};
    if (!s->path.ptr)
      rc = err_nomem(err, STAGE);
    else
      rc = train_data_open(s->path.ptr, &s->data, err);
    t->n_sources += rc == EMEND_OK;
  }
  if (rc != EMEND_OK) {
    trainer_free(t);
    return rc;
  }
  *out = t;
  return EMEND_OK;
}

static weights_shape shape_of(const train_options *o, const train_data *d) {
  return (weights_shape){.width = o->width,
                         .heads = o->heads,
                         .enc = o->enc,
                         .dec = o->dec,
                         .ff = o->ff,
                         .grams = d->grams,
                         .relations = d->relations,
                         .tokens = d->tokens,
                         .states = d->states};
}

/* Random weights over the data's vocabulary. */
static emend_rc random_weights(trainer *t, emend_error *err) {
  train_data *sets[TRAIN_MAX_SOURCES];
  weights_shape shape = shape_of(&t->opt, t->sources[0].data);
  str *words = NULL;
  for (size_t i = 0; i < t->n_sources; i++) sets[i] = t->sources[i].data;
  emend_rc rc = train_data_vocabulary(sets, t->n_sources, t->opt.min_count, t->mem, &words,
                                      &shape.vocab, err);
  if (rc == EMEND_OK) rc = weights_create(&shape, words, &t->w, err);
  if (rc == EMEND_OK) weights_randomise(t->w, t->opt.seed);
  return rc;
}

/* Random weights over the vocabulary of vectors, which they keep. */
static emend_rc weights_over_vectors(trainer *t, const char *path, emend_error *err) {
  train_vectors v;
  weights_shape shape = shape_of(&t->opt, t->sources[0].data);
  emend_rc rc = train_vectors_read(path, t->mem, &v, err);
  if (rc != EMEND_OK) return rc;
  shape.vocab = v.n;
  rc = weights_create(&shape, v.words, &t->w, err);
  if (rc != EMEND_OK) return rc;
  weights_randomise(t->w, t->opt.seed);
  t->opt.fixed_words = 1;
  return train_vectors_place(&v, t->opt.seed, t->w, err);
}

/* The weights that a run starts from. */
static emend_rc start_weights(trainer *t, const train_options *opt, emend_error *err) {
  if (opt->init) return weights_load(opt->init, &t->w, err);
  return opt->vectors ? weights_over_vectors(t, opt->vectors, err) : random_weights(t, err);
}

/* Stretches of at most CHUNK parameters, none across two tensors; what stays fixed has none. */
static bool make_chunks(trainer *t) {
  size_t most = t->w->n_tensors + t->w->n / CHUNK;
  t->chunks = ARENA_ARRAY(t->mem, chunk, most);
  if (!t->chunks) return false;
  for (size_t i = 0; i < t->w->n_tensors; i++) {
    const weights_tensor *from = &t->w->tensors[i];
    size_t n = from->rows * from->columns;
    if (t->opt.fixed_words && strcmp(from->name, "emb.word") == 0) continue;
    for (size_t at = 0; at < n; at += CHUNK)
      t->chunks[t->n_chunks++] = (chunk){.offset = from->offset + at,
                                         .n = n - at < CHUNK ? n - at : CHUNK,
                                         .decays = from->ndim == 2};
  }
  return true;
}

static bool make_workers(trainer *t) {
  size_t n = (size_t)t->opt.threads;
  t->workers = ARENA_ARRAY(t->mem, worker, n);
  if (!t->workers) return false;
  for (size_t i = 0; i < n; i++) {
    worker *w = &t->workers[i];
    w->g = graph_create(t->w);
    w->grad = mem_alloc(t->w->n * sizeof *w->grad);
    if (!w->g || !w->grad) return false;
    weights_bind(t->w, w->grad, &w->view);
  }
  t->team = team_create(t->opt.threads);
  return t->team != NULL;
}

emend_rc trainer_prepare(trainer *t, emend_error *err) {
  const train_options *o = &t->opt;
  for (size_t i = 0; i < t->n_sources; i++) {
    emend_rc rc = train_data_bind(t->sources[i].data, t->w, err);
    if (rc != EMEND_OK) return rc;
  }
  ops_single_thread();
  t->m = mem_alloc(t->w->n * sizeof *t->m);
  t->v = mem_alloc(t->w->n * sizeof *t->v);
  t->average = mem_alloc(t->w->n * sizeof *t->average);
  t->items = mem_alloc((size_t)o->batch_nodes * sizeof *t->items);
  if (!t->m || !t->v || !t->average || !t->items || !make_chunks(t) || !make_workers(t))
    return err_nomem(err, STAGE);
  memcpy(t->average, t->w->block, t->w->n * sizeof *t->average);
  t->graph_opt = (graph_options){.dropout = (float)o->dropout,
                                 .word_dropout = (float)o->word_dropout,
                                 .smoothing = (float)o->smoothing,
                                 .used_weight = (float)o->used_weight,
                                 .role_weight = (float)o->role_weight};
  return sample_begin(t, err);
}

emend_rc trainer_create(const train_options *opt, trainer **out, emend_error *err) {
  trainer *t = NULL;
  *out = NULL;
  emend_rc rc = trainer_open(opt, &t, err);
  if (rc != EMEND_OK) return rc;
  rc = start_weights(t, opt, err);
  if (rc == EMEND_OK) rc = trainer_prepare(t, err);
  if (rc != EMEND_OK) {
    trainer_free(t);
    return rc;
  }
  *out = t;
  return EMEND_OK;
}

void trainer_free(trainer *t) {
  if (!t) return;
  team_free(t->team);
  for (int i = 0; t->workers && i < t->opt.threads; i++) {
    graph_free(t->workers[i].g);
    mem_free(t->workers[i].grad);
  }
  for (size_t i = 0; i < t->n_sources; i++) train_data_close(t->sources[i].data);
  weights_free(t->w);
  mem_free(t->m);
  mem_free(t->v);
  mem_free(t->average);
  mem_free(t->items);
  arena_destroy(t->mem);
  mem_free(t);
}

/* ---- one step ---- */

static void gradients(void *arg, int number) {
  trainer *t = arg;
  worker *w = &t->workers[number];
  w->rc =
      graph_run(w->g, &t->w->p, t->items + w->first, w->count, &t->graph_opt, &w->view, &w->result);
}

static double square_sum(const float *x, size_t n) {
  enum { PIECE = 1024 };
  double sum = 0;
  for (size_t i = 0; i < n; i += PIECE) {
    size_t len = n - i < PIECE ? n - i : PIECE;
    sum += (double)kernel_dot(x + i, x + i, len);
  }
  return sum;
}

/* Sums the workers' gradients, always in their order, into the first's. */
static void reduce(void *arg, int number) {
  trainer *t = arg;
  int n = t->opt.threads;
  for (size_t c = (size_t)number; c < t->n_chunks; c += (size_t)n) {
    chunk *at = &t->chunks[c];
    float *sum = t->workers[0].grad + at->offset;
    for (int i = 1; i < n; i++) kernel_axpy(1, t->workers[i].grad + at->offset, sum, at->n);
    at->square = square_sum(sum, at->n);
  }
}

static void update(void *arg, int number) {
  trainer *t = arg;
  int n = t->opt.threads;
  for (size_t c = (size_t)number; c < t->n_chunks; c += (size_t)n) {
    const chunk *at = &t->chunks[c];
    float *p = t->w->block + at->offset, *average = t->average + at->offset;
    adamw_step step = t->adamw;
    if (!at->decays) step.shrink = 0;
    kernel_adamw(&step, p, t->workers[0].grad + at->offset, t->m + at->offset, t->v + at->offset,
                 at->n);
    for (size_t i = 0; i < at->n; i++) average[i] += t->average_rate * (p[i] - average[i]);
    for (int i = 0; i < n; i++) memset(t->workers[i].grad + at->offset, 0, at->n * sizeof(float));
  }
}

/* Linear warm-up to the peak, then linearly down. */
static double rate_at(const train_options *o, long step) {
  double warm = o->warm_up * (double)o->steps, at = (double)step;
  if (at < warm) return o->rate * at / warm;
  double rest = (double)o->steps - warm;
  return rest > 0 ? o->rate * ((double)o->steps - at + 1) / (rest + 1) : o->rate;
}

static void set_update(trainer *t, double rate, double norm) {
  const double beta1 = 0.9, beta2 = 0.98;
  double step = (double)(t->done + 1), ramp = (1 + step) / (10 + step);
  t->adamw = (adamw_step){.beta1 = (float)beta1,
                          .beta2 = (float)beta2,
                          .eps = 1e-9f,
                          .rate = (float)(rate / (1 - pow(beta1, step))),
                          .root = (float)(1 / sqrt(1 - pow(beta2, step))),
                          .shrink = (float)(rate * t->opt.decay),
                          .grad_scale = (float)(norm > t->opt.clip ? t->opt.clip / norm : 1)};
  t->average_rate = (float)(1 - (t->opt.average < ramp ? t->opt.average : ramp));
}

static emend_rc run_batch(trainer *t, train_report *out, emend_error *err) {
  t->graph_opt.scale = 1.0f / (float)t->n_items;
  sample_divide(t);
  team_run(t->team, gradients, t);
  double exact = 0;
  for (int i = 0; i < t->opt.threads; i++) {
    const worker *w = &t->workers[i];
    if (w->rc != EMEND_OK) return err_nomem(err, STAGE);
    out->loss += w->result.loss / (double)t->n_items;
    out->step_loss += w->result.step / (double)t->n_items;
    exact += w->result.exact;
  }
  out->exact = exact / (double)t->n_items;
  team_run(t->team, reduce, t);
  double square = 0;
  for (size_t c = 0; c < t->n_chunks; c++) square += t->chunks[c].square;
  out->norm = sqrt(square);
  return EMEND_OK;
}

emend_rc trainer_step(trainer *t, train_report *out, emend_error *err) {
  *out = (train_report){.step = t->done + 1};
  emend_rc rc = sample_batch(t, &out->nodes, err);
  if (rc == EMEND_OK) rc = run_batch(t, out, err);
  if (rc != EMEND_OK) return rc;
  if (!isfinite(out->norm))
    return err_set(err, EMEND_EINTERNAL, STAGE,
                   "step %ld: the gradient is not finite; "
                   "try a lower rate",
                   out->step);
  out->examples = (int)t->n_items;
  out->rate = rate_at(&t->opt, t->done + 1);
  set_update(t, out->rate, out->norm);
  team_run(t->team, update, t);
  t->done++;
  return EMEND_OK;
}

long trainer_done(const trainer *t) { return t->done; }
long trainer_total(const trainer *t) { return t->opt.steps; }
size_t trainer_unusable(const trainer *t) { return t->unusable; }
const weights *trainer_weights(const trainer *t) { return t->w; }
const float *trainer_average(const trainer *t) { return t->average; }

size_t trainer_examples(const trainer *t) {
  size_t n = 0;
  for (size_t i = 0; i < t->n_sources; i++) n += t->sources[i].n;
  return n;
}

/* ---- evaluation ---- */

typedef struct evaluation {
  trainer *t;
  weights_view average;
  graph_item *items;
  size_t n, *ends; /* items of batch b: ends[b - 1] to ends[b] */
  size_t n_batches;
  graph_result *results;
  emend_rc *rcs;
} evaluation;

static void evaluate_batches(void *arg, int number) {
  evaluation *e = arg;
  const graph_options opt = {.scale = 1};
  for (size_t b = (size_t)number; b < e->n_batches; b += (size_t)e->t->opt.threads) {
    size_t from = b ? e->ends[b - 1] : 0;
    e->rcs[b] = graph_run(e->t->workers[number].g, &e->average, e->items + from, e->ends[b] - from,
                          &opt, NULL, &e->results[b]);
  }
}

static void cut_batches(evaluation *e) {
  int nodes = 0;
  for (size_t i = 0; i < e->n; i++) {
    nodes += e->items[i].example.nodes;
    if (nodes < e->t->opt.batch_nodes && i + 1 < e->n) continue;
    e->ends[e->n_batches++] = i + 1;
    nodes = 0;
  }
}

static emend_rc evaluate_items(evaluation *e, train_scores *out, emend_error *err) {
  weights_bind(e->t->w, e->t->average, &e->average);
  cut_batches(e);
  team_run(e->t->team, evaluate_batches, e);
  graph_result sum = {0};
  for (size_t b = 0; b < e->n_batches; b++) {
    const graph_result *r = &e->results[b];
    if (e->rcs[b] != EMEND_OK) return err_nomem(err, STAGE);
    sum.step += r->step;
    sum.exact += r->exact;
    sum.right += r->right;
    sum.steps += r->steps;
  }
  double n = e->n ? (double)e->n : 1;
  *out = (train_scores){.examples = e->n,
                        .loss = sum.step / n,
                        .exact = sum.exact / n,
                        .steps_right = sum.steps ? (double)sum.right / sum.steps : 0};
  return EMEND_OK;
}

/* Usable examples of d that `fold` holds out; with TRAIN_NO_FOLD all of them. */
static void add_held_out(evaluation *e, const train_data *d, int fold) {
  for (size_t i = 0; i < d->n; i++)
    if (train_data_usable(d, i) && (fold == TRAIN_NO_FOLD || d->ex_fold[i] == fold))
      e->items[e->n++] = (graph_item){train_data_at(d, i), 0};
}

static emend_rc evaluate(trainer *t, train_data *const *sets, size_t n_sets, int fold,
                         train_scores *out, emend_error *err) {
  size_t most = 1;
  for (size_t i = 0; i < n_sets; i++) most += sets[i]->n;
  arena *a = arena_create(SIZE_MAX / 4);
  if (!a) return err_nomem(err, STAGE);
  evaluation e = {.t = t,
                  .items = ARENA_ARRAY(a, graph_item, most),
                  .ends = ARENA_ARRAY(a, size_t, most),
                  .results = ARENA_ARRAY(a, graph_result, most),
                  .rcs = ARENA_ARRAY(a, emend_rc, most)};
  emend_rc rc = EMEND_OK;
  if (arena_failed(a)) rc = err_nomem(err, STAGE);
  for (size_t i = 0; rc == EMEND_OK && i < n_sets; i++) add_held_out(&e, sets[i], fold);
  if (rc == EMEND_OK) rc = evaluate_items(&e, out, err);
  arena_destroy(a);
  return rc;
}

emend_rc trainer_evaluate(trainer *t, train_scores *out, emend_error *err) {
  train_data *sets[TRAIN_MAX_SOURCES];
  for (size_t i = 0; i < t->n_sources; i++) sets[i] = t->sources[i].data;
  *out = (train_scores){0};
  if (t->opt.fold == TRAIN_NO_FOLD) return EMEND_OK;
  return evaluate(t, sets, t->n_sources, t->opt.fold, out, err);
}

emend_rc trainer_evaluate_on(trainer *t, const char *path, train_scores *out, emend_error *err) {
  train_data *d = NULL;
  emend_rc rc = train_data_open(path, &d, err);
  if (rc == EMEND_OK) rc = train_data_bind(d, t->w, err);
  if (rc == EMEND_OK) rc = evaluate(t, &d, 1, TRAIN_NO_FOLD, out, err);
  train_data_close(d);
  return rc;
}
