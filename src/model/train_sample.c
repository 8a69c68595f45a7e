/* Which examples come next. All that is random follows from the seed and a counter, so that a
 * run's place is a few numbers. See train_state.h. */
#include <string.h>

#include "base/err.h"
#include "model/train_state.h"

static const char STAGE[] = "train";
enum { SALT_ORDER = 1, SALT_BATCH, SALT_ITEM };

static uint64_t mixed(const trainer *t, uint64_t salt, uint64_t a, uint64_t b) {
  return op_mix(op_mix(op_mix(t->opt.seed, salt), a), b);
}

void sample_shuffle(const trainer *t, source *s) {
  rng r;
  rng_seed(&r, mixed(t, SALT_ORDER, (uint64_t)(s - t->sources), s->epoch));
  memcpy(s->order, s->base, s->n * sizeof *s->order);
  for (size_t i = s->n; i > 1; i--) {
    size_t j = rng_below(&r, (uint32_t)i);
    uint32_t swap = s->order[i - 1];
    s->order[i - 1] = s->order[j];
    s->order[j] = swap;
  }
}

emend_rc sample_begin(trainer *t, emend_error *err) {
  for (size_t k = 0; k < t->n_sources; k++) {
    source *s = &t->sources[k];
    const train_data *d = s->data;
    s->base = ARENA_ARRAY(t->mem, uint32_t, d->n + 1);
    s->order = ARENA_ARRAY(t->mem, uint32_t, d->n + 1);
    if (!s->base || !s->order) return err_nomem(err, STAGE);
    for (size_t i = 0; i < d->n; i++) {
      if (!train_data_usable(d, i))
        t->unusable++;
      else if (t->opt.fold == TRAIN_NO_FOLD || d->ex_fold[i] != t->opt.fold)
        s->base[s->n++] = (uint32_t)i;
    }
    sample_shuffle(t, s);
  }
  return EMEND_OK;
}

/* A source by the weights of those in use now; NULL when there is none. */
static source *draw_source(trainer *t, rng *r) {
  double at = (double)t->done / (double)t->opt.steps, total = 0;
  source *last = NULL;
  for (int pass = 0; pass < 2; pass++) {
    double left = pass ? rng_unit(r) * total : 0;
    for (size_t k = 0; k < t->n_sources; k++) {
      source *s = &t->sources[k];
      if (s->n == 0 || s->weight <= 0 || at < s->from || at >= s->to) continue;
      last = s;
      if (pass == 0)
        total += s->weight;
      else if ((left -= s->weight) < 0)
        return s;
    }
  }
  return last;
}

static train_example next_example(const trainer *t, source *s) {
  if (s->at == s->n) {
    s->epoch++;
    s->at = 0;
    sample_shuffle(t, s);
  }
  return train_data_at(s->data, s->order[s->at++]);
}

emend_rc sample_batch(trainer *t, int *nodes, emend_error *err) {
  rng r;
  rng_seed(&r, mixed(t, SALT_BATCH, 0, (uint64_t)t->done));
  *nodes = 0;
  t->n_items = 0;
  while (*nodes < t->opt.batch_nodes) {
    source *s = draw_source(t, &r);
    if (!s)
      return err_set(err, EMEND_EUSAGE, STAGE, "no data set has examples for step %ld", t->done);
    graph_item *item = &t->items[t->n_items];
    item->example = next_example(t, s);
    item->key = mixed(t, SALT_ITEM, (uint64_t)t->done, t->n_items++);
    *nodes += item->example.nodes;
  }
  return EMEND_OK;
}

void sample_divide(trainer *t) {
  long total = 0, before = 0;
  int n = t->opt.threads, w = 0;
  for (size_t i = 0; i < t->n_items; i++) total += t->items[i].example.nodes;
  for (int k = 0; k < n; k++) t->workers[k].first = t->workers[k].count = 0;
  for (size_t i = 0; i < t->n_items; i++) {
    long half = before + t->items[i].example.nodes / 2;
    while (w + 1 < n && half * n >= total * (w + 1)) w++;
    if (t->workers[w].count++ == 0) t->workers[w].first = i;
    before += t->items[i].example.nodes;
  }
}
