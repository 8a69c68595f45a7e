/* Training an adapter: the network's own forward and backward over weights with the change in
 * them, and AdamW on the factors alone. What comes next follows from the seed and the step, so a
 * checkpoint is the factors, their moments and a number. See adapter.h. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "model/adapter_pairs.h"
#include "model/adapter_parts.h"
#include "model/train_graph.h"
#include "nn/kernels.h"
#include "nn/ops.h"
#include "nn/team.h"

static const char STAGE[] = "adapter";
enum { BATCH = 32, MAX_THREADS = 16, SALT_ORDER = 1, SALT_ITEM };
static const double SAVE_EVERY_MS = 5000;

/* Pairs of one kind, in an order that changes each time they have all been used. */
typedef struct deck {
  size_t first, n; /* of the material */
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
  adapter_pairs material;
  const char *pairs_path; /* beside the checkpoint; NULL: none */
  uint64_t pairs_sum;     /* checksum of what is there */
  deck decks[ADAPTER_KINDS];
  size_t per_step[ADAPTER_KINDS]; /* examples of each */
  weights *w;                     /* with the change */
  float *base;                    /* the block without */
  lowrank change;
  float *d, *m, *v; /* gradient and moments of the factors */
  team *team;
  hand hands[MAX_THREADS];
  graph_item items[BATCH];
  graph_options graph_opt;
  long done;
  /* Of the pairs' words, options and weights: what a checkpoint must agree with. How the pairs were
   * read is kept beside it. */
  uint64_t identity;
  double began, saved;
  double first, last; /* sums of losses */
} training;

/* ---- pairs ---- */

static bool make_decks(training *t) {
  size_t first = 0;
  for (int kind = 0; kind < ADAPTER_KINDS; kind++) {
    deck *d = &t->decks[kind];
    *d = (deck){.first = first, .n = t->material.n[kind]};
    d->order = mem_alloc((d->n + 1) * sizeof *d->order);
    if (!d->order) return false;
    first += d->n;
  }
  return true;
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
  return train_data_at(t->material.data, d->first + d->order[at % d->n]);
}

/* ---- making one ---- */

static void fill_options(training *t, const model_adapter_options *opt) {
  model_adapter_options o = opt ? *opt : (model_adapter_options){0};
  if (o.rank <= 0) o.rank = 8;
  if (o.rank > LOWRANK_MAX_RANK) o.rank = LOWRANK_MAX_RANK;
  if (o.threads <= 0) o.threads = 2;
  if (o.threads > MAX_THREADS) o.threads = MAX_THREADS;
  if (!(o.rate > 0)) o.rate = 2e-3;
  if (!(o.replay > 0 && o.replay < 1)) o.replay = 0.5;
  if (o.steps < 0) o.steps = 0;
  t->opt = o;
}

static void identify(training *t, const adapter_material *of) {
  const uint64_t numbers[] = {(uint64_t)t->opt.rank,
                              (uint64_t)t->opt.steps,
                              (uint64_t)(t->opt.rate * 1e9),
                              (uint64_t)(t->opt.replay * 1e9),
                              (uint64_t)t->opt.threads,
                              t->opt.seed,
                              t->w->checksum};
  t->identity = adapter_pairs_words(of);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    t->identity = op_mix(t->identity, numbers[i]);
}

/* What follows from how many pairs are usable. */
static void plan_steps(training *t) {
  const size_t *n = t->material.n;
  double share = n[ADAPTER_REPLAY] ? t->opt.replay : 0;
  t->per_step[ADAPTER_REPLAY] = (size_t)(share * BATCH);
  t->per_step[ADAPTER_TAUGHT] = BATCH - t->per_step[ADAPTER_REPLAY];
  for (int kind = 0; kind < ADAPTER_KINDS; kind++)
    if (t->per_step[kind] > n[kind]) t->per_step[kind] = n[kind];
  if (t->opt.steps == 0) t->opt.steps = 30 + (long)n[ADAPTER_TAUGHT] / 2;
  t->graph_opt = (graph_options){
      .dropout = 0.1f,
      .word_dropout = 0.05f,
      .smoothing = 0.05f,
      .used_weight = 0.3f,
      .role_weight = 0.3f,
      .scale = 1.0f / (float)(t->per_step[ADAPTER_TAUGHT] + t->per_step[ADAPTER_REPLAY]),
  };
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
  for (int kind = 0; kind < ADAPTER_KINDS; kind++) mem_free(t->decks[kind].order);
  adapter_pairs_free(&t->material);
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
  size_t n = 0;
  long nodes = 0, before = 0;
  for (uint64_t k = 0; k < ADAPTER_KINDS; k++)
    for (size_t i = 0; i < t->per_step[k]; i++) {
      graph_item *item = &t->items[n];
      item->example = deal(t, &t->decks[k], k, (uint64_t)t->done * t->per_step[k] + i);
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
  const adapter_pairs *p = &t->material;
  size_t each = 2 * t->change.n_parts;
  arena *a = arena_create(1 << 22);
  tensor *tensors = a ? ARENA_ARRAY(a, tensor, 3 * each) : NULL;
  char meta[400];
  bool ok = tensors != NULL;
  for (size_t i = 0; ok && i < 3; i++)
    ok = adapter_name_tensors(&t->change, prefixes[i], blocks[i], a, tensors + i * each);
  int len = snprintf(meta, sizeof meta,
                     "{\"kind\":\"adapter-training\",\"identity\":\"%016" PRIx64
                     "\",\"done\":%ld,\"first\":%.17g,\"last\":%.17g,\"pairs\":\"%016" PRIx64
                     "\",\"counts\":[%zu,%zu,%zu,%zu]}",
                     t->identity, t->done, t->first, t->last, t->pairs_sum, p->n[0], p->n[1],
                     p->unusable[0], p->unusable[1]);
  emend_rc rc =
      ok ? tensor_file_write(t->opt.checkpoint, (str){meta, (size_t)len}, tensors, 3 * each, err)
         : err_nomem(err, STAGE);
  arena_destroy(a);
  t->saved = clock_ms();
  return rc;
}

/* What a checkpoint of this training says of itself, and its pairs; false where it is another's. */
static bool read_place(const tensor_file *f, training *t) {
  json_t *meta = json_loadb(tensor_file_meta(f).ptr, tensor_file_meta(f).len, 0, NULL);
  const char *kind = "", *identity = "", *sum = "";
  char own[20];
  json_int_t done = -1, n[4] = {0};
  double first = 0, last = 0;
  snprintf(own, sizeof own, "%016" PRIx64, t->identity);
  bool ok = json_unpack(meta, "{s:s,s:s,s:I,s:F,s:F,s:s,s:[I,I,I,I]}", "kind", &kind, "identity",
                        &identity, "done", &done, "first", &first, "last", &last, "pairs", &sum,
                        "counts", &n[0], &n[1], &n[2], &n[3]) == 0 &&
            strcmp(kind, "adapter-training") == 0 && strcmp(identity, own) == 0 && done >= 0;
  for (int i = 0; i < 4; i++) ok = ok && n[i] >= 0;
  if (ok) {
    t->done = (long)done;
    t->first = first;
    t->last = last;
    t->pairs_sum = strtoull(sum, NULL, 16);
    t->material = (adapter_pairs){.n = {(size_t)n[0], (size_t)n[1]},
                                  .unusable = {(size_t)n[2], (size_t)n[3]}};
    ok = adapter_pairs_read(&t->material, t->pairs_path, t->pairs_sum);
  }
  json_decref(meta);
  return ok;
}

/* The checkpoint, where there is one of this training with its pairs; NULL: it is begun anew. */
static tensor_file *open_checkpoint(training *t) {
  tensor_file *f = NULL;
  if (!t->opt.checkpoint || tensor_file_open(t->opt.checkpoint, &f, NULL) != EMEND_OK) return NULL;
  if (read_place(f, t)) return f;
  tensor_file_close(f);
  t->material = (adapter_pairs){0};
  t->done = 0;
  t->first = t->last = 0;
  return NULL;
}

static bool take_up(training *t, const tensor_file *f) {
  bool ok = t->done <= t->opt.steps &&
            adapter_read_tensors(&t->change, "", f, t->change.block, NULL) == EMEND_OK &&
            adapter_read_tensors(&t->change, "m.", f, t->m, NULL) == EMEND_OK &&
            adapter_read_tensors(&t->change, "v.", f, t->v, NULL) == EMEND_OK;
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

/* Links the pairs, and keeps them for whoever goes on. */
static emend_rc read_pairs(training *t, const model *m, const adapter_material *of,
                           emend_error *err) {
  emend_rc rc = adapter_pairs_link(m, of, &t->material, err);
  if (rc == EMEND_OK && t->pairs_path)
    rc = adapter_pairs_write(&t->material, t->pairs_path, &t->pairs_sum, err);
  return rc;
}

static emend_rc prepare(training *t, const model *m, const adapter_material *of,
                        const model_adapter_options *opt, bool *resumed, emend_error *err) {
  fill_options(t, opt);
  emend_rc rc = adapter_read_base(m, &t->w, err);
  if (rc != EMEND_OK) return rc;
  identify(t, of);
  tensor_file *checkpoint = open_checkpoint(t);
  if (!checkpoint) rc = read_pairs(t, m, of, err);
  if (rc == EMEND_OK) rc = train_data_bind(t->material.data, t->w, err);
  if (rc == EMEND_OK && !make_decks(t)) rc = err_nomem(err, STAGE);
  if (rc == EMEND_OK) {
    plan_steps(t);
    rc = make_buffers(t, err);
  }
  if (rc == EMEND_OK && checkpoint) *resumed = take_up(t, checkpoint);
  if (rc == EMEND_OK && !*resumed && t->opt.checkpoint) rc = save(t, err);
  tensor_file_close(checkpoint);
  return rc;
}

static void remove_checkpoint(const training *t) {
  if (!t->opt.checkpoint) return;
  unlink(t->opt.checkpoint);
  unlink(t->pairs_path);
}

static emend_rc train(training *t, const model *m, const adapter_material *of,
                      const model_adapter_options *opt, model_adapter **out, bool *resumed,
                      emend_error *err) {
  emend_rc rc = prepare(t, m, of, opt, resumed, err);
  if (rc == EMEND_OK) rc = train_all(t, err);
  if (rc != EMEND_OK) return rc;
  weights *w = t->w;
  t->w = NULL;
  lowrank_apply(&t->change, t->base, w->block);
  rc = adapter_create(m, &t->change, w, out, err);
  if (rc == EMEND_OK) remove_checkpoint(t);
  return rc;
}

emend_rc model_adapter_train(const model *m, const model_pair *pairs, size_t n,
                             const model_pair *replay, size_t n_replay,
                             const model_adapter_options *opt, model_adapter **out,
                             model_adapter_report *report, emend_error *err) {
  *out = NULL;
  if (n == 0) return err_set(err, EMEND_EUSAGE, STAGE, "there is nothing to learn from");
  training *t = mem_alloc(sizeof *t);
  arena *a = arena_create(1 << 16);
  const adapter_material of = {{pairs, replay}, {n, n_replay}};
  bool resumed = false, named = t && a;
  if (named) t->began = t->saved = clock_ms();
  if (named && opt && opt->checkpoint) {
    t->pairs_path = arena_printf(a, "%s.pairs", opt->checkpoint);
    named = t->pairs_path != NULL;
  }
  emend_rc rc = named ? train(t, m, &of, opt, out, &resumed, err) : err_nomem(err, STAGE);
  if (report && t)
    *report = (model_adapter_report){.pairs = t->material.n[ADAPTER_TAUGHT],
                                     .unusable = t->material.unusable[ADAPTER_TAUGHT],
                                     .replayed = t->material.n[ADAPTER_REPLAY],
                                     .replay_unusable = t->material.unusable[ADAPTER_REPLAY],
                                     .steps = t->done,
                                     .resumed = resumed,
                                     .first_loss = t->first,
                                     .last_loss = t->last,
                                     .elapsed_ms = clock_ms() - t->began};
  if (t) free_training(t);
  arena_destroy(a);
  return rc;
}
