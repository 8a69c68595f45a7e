/* Training an adapter: the network's own forward and backward over weights with the change in
 * them, and AdamW on the factors alone. What comes next follows from the seed and the step, so a
 * checkpoint is the factors, their moments and a number. See adapter.h. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "model/adapter_parts.h"
#include "model/dataset.h"
#include "model/model_parts.h"
#include "model/train_graph.h"
#include "nn/kernels.h"
#include "nn/ops.h"
#include "nn/team.h"

static const char STAGE[] = "adapter";
enum { BATCH = 32, MAX_THREADS = 16, SALT_ORDER = 1, SALT_ITEM };
static const double SAVE_EVERY_MS = 5000;

/* Pairs of one kind as examples, in an order that changes each time they have all been used. */
typedef struct deck {
  dataset *set;
  train_data *data;
  size_t n, unusable;
  uint32_t *order;
  uint64_t epoch; /* that `order` is of; 0: of none */
} deck;

typedef struct hand {
  graph *g;
  float *grad; /* of all weights */
  weights_view view;
  size_t first, count;
  graph_result result;
  emend_rc rc;
} hand;

typedef struct training {
  model_adapter_options opt;
  deck taught, replay;
  size_t per_step[2]; /* examples of each */
  weights *w;         /* with the change */
  float *base;        /* the block without */
  lowrank change;
  float *d, *m, *v; /* gradient and moments of the factors */
  team *team;
  hand hands[MAX_THREADS];
  graph_item items[BATCH];
  graph_options graph_opt;
  long done;
  uint64_t identity; /* of pairs, options and weights: what a checkpoint must agree with */
  double began, saved;
  double first, last; /* sums of losses */
} training;

/* ---- pairs to examples ---- */

static uint64_t mix_str(uint64_t h, str s) {
  for (size_t i = 0; i < s.len; i++) h = (h ^ (unsigned char)s.ptr[i]) * 1099511628211u;
  return op_mix(h, s.len);
}

static emend_rc add_pair(training *t, const model *m, const model_pair *p, deck *d,
                         emend_error *err) {
  arena *a = arena_create((size_t)1 << 28);
  bool *kept = a ? ARENA_ARRAY(a, bool, (size_t)p->cat->n_columns + 1) : NULL;
  const model_options opt = {0};
  reading r = {0};
  example e;
  bool ok = false;
  emend_rc rc = kept ? model_keep_columns(p->cat, p->sql, a, kept, err) : err_nomem(err, STAGE);
  if (rc == EMEND_OK && p->cat->n_columns > 0)
    rc = model_link(m, p->cat, p->question, &opt, kept, a, &r, err);
  if (rc == EMEND_OK && r.q.n > 0) rc = model_answer(p->cat, &r, p->sql, a, &e, &ok, err);
  if (rc == EMEND_OK && ok &&
      dataset_add(d->set, &e, STR("taught"), ORIGIN_TAUGHT, (int)d->n, DATASET_NEVER_HELD_OUT))
    rc = err_nomem(err, STAGE);
  d->n += ok;
  d->unusable += !ok;
  t->identity = mix_str(mix_str(t->identity, p->question), p->sql);
  if (ok) /* a catalog read in haste may show it otherwise than the last time */
    t->identity = mix_str(t->identity, (str){(const char *)e.f.rel, (size_t)e.f.n * (size_t)e.f.n});
  arena_destroy(a);
  return rc;
}

static emend_rc make_deck(training *t, const model *m, const model_pair *pairs, size_t n, deck *d,
                          emend_error *err) {
  d->set = dataset_create();
  d->order = mem_alloc((n + 1) * sizeof *d->order);
  if (!d->set || !d->order) return err_nomem(err, STAGE);
  for (size_t i = 0; i < n; i++) {
    emend_rc rc = add_pair(t, m, &pairs[i], d, err);
    if (rc != EMEND_OK) return rc;
  }
  if (dataset_view(d->set, &d->data) != EMEND_OK) return err_nomem(err, STAGE);
  return train_data_bind(d->data, t->w, err);
}

static void free_deck(deck *d) {
  train_data_close(d->data);
  dataset_free(d->set);
  mem_free(d->order);
}

/* The example at place `at` of the endless sequence of shuffled epochs. */
static train_example deal(const training *t, deck *d, uint64_t salt, uint64_t at) {
  uint64_t epoch = at / d->n + 1;
  if (d->epoch != epoch) {
    rng r;
    rng_seed(&r, op_mix(op_mix(t->opt.seed, SALT_ORDER + salt * 16), epoch));
    for (size_t i = 0; i < d->n; i++) d->order[i] = (uint32_t)i;
    for (size_t i = d->n; i > 1; i--) {
      uint32_t j = rng_below(&r, (uint32_t)i), swap = d->order[i - 1];
      d->order[i - 1] = d->order[j];
      d->order[j] = swap;
    }
    d->epoch = epoch;
  }
  return train_data_at(d->data, d->order[at % d->n]);
}

/* ---- making one ---- */

static void fill_options(training *t, const model_adapter_options *opt) {
  model_adapter_options o = opt ? *opt : (model_adapter_options){0};
  size_t n = t->taught.n;
  if (o.rank <= 0) o.rank = 8;
  if (o.rank > LOWRANK_MAX_RANK) o.rank = LOWRANK_MAX_RANK;
  if (o.threads <= 0) o.threads = 2;
  if (o.threads > MAX_THREADS) o.threads = MAX_THREADS;
  if (!(o.rate > 0)) o.rate = 2e-3;
  if (!(o.replay > 0 && o.replay < 1)) o.replay = 0.5;
  if (o.steps <= 0) o.steps = 30 + (long)n / 2;
  t->opt = o;
}

static void choose_options(training *t) {
  double share = t->replay.n ? t->opt.replay : 0;
  t->per_step[1] = (size_t)(share * BATCH);
  t->per_step[0] = BATCH - t->per_step[1];
  if (t->per_step[0] > t->taught.n) t->per_step[0] = t->taught.n;
  if (t->per_step[1] > t->replay.n) t->per_step[1] = t->replay.n;
  t->graph_opt = (graph_options){
      .dropout = 0.1f,
      .word_dropout = 0.05f,
      .smoothing = 0.05f,
      .used_weight = 0.3f,
      .role_weight = 0.3f,
      .scale = 1.0f / (float)(t->per_step[0] + t->per_step[1]),
  };
  const uint64_t numbers[] = {
      (uint64_t)t->opt.rank, (uint64_t)t->opt.steps, (uint64_t)(t->opt.rate * 1e9),
      t->per_step[0],        t->per_step[1],         (uint64_t)t->opt.threads,
      t->opt.seed,           t->w->checksum};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    t->identity = op_mix(t->identity, numbers[i]);
}

/* What no factor changes, and is large, needs no gradient. */
static void freeze(weights_view *v) {
  v->emb_word = v->out_tok_w = NULL;
  for (int l = 0; l < WEIGHTS_MAX_LAYERS; l++) {
    v->enc[l].w1 = v->enc[l].w2 = NULL;
    v->dec[l].w1 = v->dec[l].w2 = NULL;
  }
}

static bool make_hands(training *t) {
  for (int i = 0; i < t->opt.threads; i++) {
    hand *h = &t->hands[i];
    h->g = graph_create(t->w);
    h->grad = mem_alloc(t->w->n * sizeof *h->grad);
    if (!h->g || !h->grad) return false;
    weights_bind(t->w, h->grad, &h->view);
    freeze(&h->view);
  }
  t->team = team_create(t->opt.threads);
  return t->team != NULL;
}

static emend_rc make_buffers(training *t, emend_error *err) {
  if (!lowrank_create(t->w, t->opt.rank, &t->change)) return err_nomem(err, STAGE);
  lowrank_randomise(&t->change, t->opt.seed);
  t->base = mem_alloc(t->w->n * sizeof *t->base);
  t->d = mem_alloc((t->change.n + 1) * sizeof *t->d);
  t->m = mem_alloc((t->change.n + 1) * sizeof *t->m);
  t->v = mem_alloc((t->change.n + 1) * sizeof *t->v);
  if (!t->base || !t->d || !t->m || !t->v || !make_hands(t)) return err_nomem(err, STAGE);
  memcpy(t->base, t->w->block, t->w->n * sizeof *t->base);
  ops_single_thread();
  return EMEND_OK;
}

static void free_training(training *t) {
  team_free(t->team);
  for (int i = 0; i < MAX_THREADS; i++) {
    graph_free(t->hands[i].g);
    mem_free(t->hands[i].grad);
  }
  free_deck(&t->taught);
  free_deck(&t->replay);
  lowrank_free(&t->change);
  weights_free(t->w);
  mem_free(t->base);
  mem_free(t->d);
  mem_free(t->m);
  mem_free(t->v);
  mem_free(t);
}

/* ---- one step ---- */

static void deal_batch(training *t) {
  deck *decks[2] = {&t->taught, &t->replay};
  size_t n = 0;
  long nodes = 0, before = 0;
  for (uint64_t k = 0; k < 2; k++)
    for (size_t i = 0; i < t->per_step[k]; i++) {
      graph_item *item = &t->items[n];
      item->example = deal(t, decks[k], k, (uint64_t)t->done * t->per_step[k] + i);
      item->key = op_mix(op_mix(t->opt.seed, SALT_ITEM), (uint64_t)t->done * BATCH + n++);
      nodes += item->example.nodes;
    }
  int hands = t->opt.threads, h = 0;
  for (int i = 0; i < hands; i++) t->hands[i].first = t->hands[i].count = 0;
  for (size_t i = 0; i < n; i++) {
    long middle = before + t->items[i].example.nodes / 2;
    while (h + 1 < hands && middle * hands >= nodes * (h + 1)) h++;
    if (t->hands[h].count++ == 0) t->hands[h].first = i;
    before += t->items[i].example.nodes;
  }
}

static void gradients(void *arg, int number) {
  training *t = arg;
  hand *h = &t->hands[number];
  for (size_t i = 0; i < t->change.n_parts; i++) { /* of the others nobody reads the sums */
    const weights_tensor *of = &t->change.parts[i].of;
    memset(h->grad + of->offset, 0, of->rows * of->columns * sizeof *h->grad);
  }
  h->rc =
      graph_run(h->g, &t->w->p, t->items + h->first, h->count, &t->graph_opt, &h->view, &h->result);
}

/* Linear warm-up over a tenth of the steps, then linearly down. */
static double rate_at(const training *t) {
  double at = (double)(t->done + 1), all = (double)t->opt.steps, warm = all / 10;
  return t->opt.rate * (at < warm ? at / warm : (all - at + 1) / (all - warm + 1));
}

static void update(training *t) {
  const double beta1 = 0.9, beta2 = 0.98, clip = 1, decay = 0.01;
  double step = (double)(t->done + 1), rate = rate_at(t);
  double norm = sqrt((double)kernel_dot(t->d, t->d, t->change.n));
  adamw_step s = {.beta1 = (float)beta1,
                  .beta2 = (float)beta2,
                  .eps = 1e-9f,
                  .rate = (float)(rate / (1 - pow(beta1, step))),
                  .root = (float)(1 / sqrt(1 - pow(beta2, step))),
                  .shrink = (float)(rate * decay),
                  .grad_scale = (float)(norm > clip ? clip / norm : 1)};
  kernel_adamw(&s, t->change.block, t->d, t->m, t->v, t->change.n);
}

static emend_rc train_step(training *t, double *loss, emend_error *err) {
  lowrank_apply(&t->change, t->base, t->w->block);
  deal_batch(t);
  team_run(t->team, gradients, t);
  *loss = 0;
  for (int i = 0; i < t->opt.threads; i++) {
    if (t->hands[i].rc != EMEND_OK) return err_nomem(err, STAGE);
    *loss += t->hands[i].result.loss * (double)t->graph_opt.scale;
    for (size_t p = 0; i > 0 && p < t->change.n_parts; p++) {
      const weights_tensor *of = &t->change.parts[p].of;
      kernel_axpy(1, t->hands[i].grad + of->offset, t->hands[0].grad + of->offset,
                  of->rows * of->columns);
    }
  }
  if (!isfinite(*loss))
    return err_set(err, EMEND_EINTERNAL, STAGE, "step %ld: the loss is not finite", t->done + 1);
  lowrank_gradient(&t->change, t->hands[0].grad, t->d);
  update(t);
  t->done++;
  return EMEND_OK;
}

/* ---- checkpoints ---- */

static emend_rc save(training *t, emend_error *err) {
  const char *const prefixes[] = {"", "m.", "v."};
  const float *const blocks[] = {t->change.block, t->m, t->v};
  size_t each = 2 * t->change.n_parts;
  arena *a = arena_create(1 << 22);
  tensor *tensors = a ? ARENA_ARRAY(a, tensor, 3 * each) : NULL;
  char meta[256];
  bool ok = tensors != NULL;
  for (size_t i = 0; ok && i < 3; i++)
    ok = adapter_name_tensors(&t->change, prefixes[i], blocks[i], a, tensors + i * each);
  int len = snprintf(meta, sizeof meta,
                     "{\"kind\":\"adapter-training\",\"identity\":\"%016" PRIx64
                     "\",\"done\":%ld,\"first\":%.17g,\"last\":%.17g}",
                     t->identity, t->done, t->first, t->last);
  emend_rc rc =
      ok ? tensor_file_write(t->opt.checkpoint, (str){meta, (size_t)len}, tensors, 3 * each, err)
         : err_nomem(err, STAGE);
  arena_destroy(a);
  t->saved = clock_ms();
  return rc;
}

static bool read_place(const tensor_file *f, training *t) {
  json_t *meta = json_loadb(tensor_file_meta(f).ptr, tensor_file_meta(f).len, 0, NULL);
  const char *kind = "", *identity = "";
  char own[20];
  json_int_t done = -1;
  double first = 0, last = 0;
  snprintf(own, sizeof own, "%016" PRIx64, t->identity);
  bool ok = json_unpack(meta, "{s:s,s:s,s:I,s:F,s:F}", "kind", &kind, "identity", &identity, "done",
                        &done, "first", &first, "last", &last) == 0 &&
            strcmp(kind, "adapter-training") == 0 && strcmp(identity, own) == 0 && done >= 0 &&
            done <= t->opt.steps;
  if (ok) {
    t->done = (long)done;
    t->first = first;
    t->last = last;
  }
  json_decref(meta);
  return ok;
}

/* Takes up the checkpoint where there is one of this training; another's, or a damaged one, is
 * begun anew over. False only after the factors were touched in vain. */
static bool resume(training *t) {
  tensor_file *f = NULL;
  if (tensor_file_open(t->opt.checkpoint, &f, NULL) != EMEND_OK) return false;
  bool ok = read_place(f, t);
  ok = ok && adapter_read_tensors(&t->change, "", f, t->change.block, NULL) == EMEND_OK &&
       adapter_read_tensors(&t->change, "m.", f, t->m, NULL) == EMEND_OK &&
       adapter_read_tensors(&t->change, "v.", f, t->v, NULL) == EMEND_OK;
  tensor_file_close(f);
  if (ok) return true;
  lowrank_randomise(&t->change, t->opt.seed);
  memset(t->m, 0, t->change.n * sizeof *t->m);
  memset(t->v, 0, t->change.n * sizeof *t->v);
  t->done = 0;
  t->first = t->last = 0;
  return false;
}

/* ---- the whole ---- */

static bool stopped(const training *t) { return t->opt.stop && atomic_load(t->opt.stop); }

static emend_rc train_all(training *t, emend_error *err) {
  long tenth = t->opt.steps / 10 + 1;
  while (t->done < t->opt.steps) {
    double loss = 0;
    if (stopped(t)) {
      emend_rc rc = t->opt.checkpoint ? save(t, err) : EMEND_OK;
      return rc != EMEND_OK ? rc : err_set(err, EMEND_ECANCELED, STAGE, "stopped");
    }
    emend_rc rc = train_step(t, &loss, err);
    if (rc != EMEND_OK) return rc;
    if (t->done <= tenth) t->first += loss / (double)tenth;
    if (t->done > t->opt.steps - tenth) t->last += loss / (double)tenth;
    if (t->opt.progress)
      t->opt.progress(t->opt.arg, &(model_adapter_progress){t->done, t->opt.steps, loss,
                                                            clock_ms() - t->began});
    if (t->opt.checkpoint && clock_ms() - t->saved > SAVE_EVERY_MS) rc = save(t, err);
    if (rc != EMEND_OK) return rc;
  }
  return EMEND_OK;
}

static emend_rc prepare(training *t, const model *m, const model_pair *pairs, size_t n,
                        const model_pair *replay, size_t n_replay, const model_adapter_options *opt,
                        emend_error *err) {
  if (opt) t->opt = *opt;
  emend_rc rc = adapter_read_base(m, &t->w, err);
  if (rc == EMEND_OK) rc = make_deck(t, m, pairs, n, &t->taught, err);
  if (rc == EMEND_OK) rc = make_deck(t, m, replay, n_replay, &t->replay, err);
  if (rc != EMEND_OK) return rc;
  if (t->taught.n == 0)
    return err_set(err, EMEND_EUSAGE, STAGE,
                   "none of %zu pairs holds a query that the network can say", n);
  fill_options(t, opt);
  choose_options(t);
  return make_buffers(t, err);
}

emend_rc model_adapter_train(const model *m, const model_pair *pairs, size_t n,
                             const model_pair *replay, size_t n_replay,
                             const model_adapter_options *opt, model_adapter **out,
                             model_adapter_report *report, emend_error *err) {
  *out = NULL;
  if (n == 0) return err_set(err, EMEND_EUSAGE, STAGE, "there is nothing to learn from");
  training *t = mem_alloc(sizeof *t);
  if (!t) return err_nomem(err, STAGE);
  t->began = t->saved = clock_ms();
  bool resumed = false;
  emend_rc rc = prepare(t, m, pairs, n, replay, n_replay, opt, err);
  if (rc == EMEND_OK && t->opt.checkpoint) resumed = resume(t);
  if (rc == EMEND_OK) rc = train_all(t, err);
  if (report)
    *report = (model_adapter_report){.pairs = t->taught.n,
                                     .unusable = t->taught.unusable,
                                     .replayed = t->replay.n,
                                     .replay_unusable = t->replay.unusable,
                                     .steps = t->done,
                                     .resumed = resumed,
                                     .first_loss = t->first,
                                     .last_loss = t->last,
                                     .elapsed_ms = clock_ms() - t->began};
  if (rc == EMEND_OK) {
    weights *w = t->w;
    t->w = NULL;
    lowrank_apply(&t->change, t->base, w->block);
    rc = adapter_create(m, &t->change, w, out, err);
    if (rc == EMEND_OK && t->opt.checkpoint) unlink(t->opt.checkpoint);
  }
  free_training(t);
  return rc;
}
