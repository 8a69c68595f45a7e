/* Training an adapter on a data set. See train.h; the arithmetic is model/'s. */
#include "learn/train.h"

#include "base/clock.h"

static const char STAGE[] = "learn";

typedef struct training {
  const learn_training *what;
  atomic_bool stop;
  unsigned cancels;
  double began;
} training;

static void tell(void *arg, const model_adapter_progress *now) {
  training *t = arg;
  const learn_training *what = t->what;
  double part = now->steps > 0 ? (double)now->step / (double)now->steps : 0;
  double spent = now->elapsed_ms / 1000, left = part > 0 ? spent * (1 - part) / part : -1;
  const atomic_uint *cancels = what->about->cancels;
  if ((what->on_progress && what->on_progress(what->ctx, "training", part, left)) ||
      (cancels && atomic_load(cancels) != t->cancels))
    atomic_store(&t->stop, true);
}

/* The grammar's own pairs keep what is right; all others teach. Without a teacher and without
 * people it is the grammar that teaches. */
static bool is_replay(const learn_pair *p) {
  return p->origin == LEARN_SYNTHETIC && p->parent.len == 0;
}

static size_t choose(const learn_training *t, bool replay, model_pair *out) {
  size_t n = 0;
  for (size_t i = 0; i < t->dataset->train.len; i++) {
    const learn_pair *p = &t->dataset->train.items[i];
    if (is_replay(p) == replay) out[n++] = (model_pair){t->about->cat, p->question, p->sql};
  }
  return n;
}

static void write_report(buf *figures, const model_adapter_report *r) {
  jw w;
  jw_begin(&w, figures);
  jw_object(&w, NULL);
  jw_object(&w, "training");
  jw_int(&w, "pairs", (int64_t)r->pairs);
  jw_int(&w, "unusable", (int64_t)r->unusable);
  jw_int(&w, "replayed", (int64_t)r->replayed);
  jw_int(&w, "steps", r->steps);
  jw_bool(&w, "resumed", r->resumed);
  jw_fixed(&w, "first_loss", r->first_loss, 4);
  jw_fixed(&w, "last_loss", r->last_loss, 4);
  jw_fixed(&w, "seconds", r->elapsed_ms / 1000, 1);
  jw_object_end(&w);
  jw_object_end(&w);
}

emend_rc learn_train_adapter(const learn_training *what, buf *figures, emend_error *err) {
  size_t most = what->dataset->train.len + 1;
  arena *a = arena_create(most * 2 * sizeof(model_pair) + (1 << 16));
  model_pair *teach = a ? ARENA_ARRAY(a, model_pair, most) : NULL;
  model_pair *replay = a ? ARENA_ARRAY(a, model_pair, most) : NULL;
  if (!teach || !replay) {
    arena_destroy(a);
    return err_nomem(err, STAGE);
  }
  size_t n = choose(what, false, teach), n_replay = choose(what, true, replay);
  if (n == 0) { /* nobody said anything yet: the grammar's pairs are all there is */
    n = n_replay;
    teach = replay;
    n_replay = 0;
  }
  training t = {.what = what,
                .cancels = what->about->cancels ? atomic_load(what->about->cancels) : 0,
                .began = clock_ms()};
  model_adapter_options opt = {.threads = what->threads,
                               .steps = what->steps,
                               .seed = str_hash64(what->dataset->hash),
                               .checkpoint = what->checkpoint,
                               .progress = tell,
                               .arg = &t,
                               .stop = &t.stop};
  model_adapter *trained = NULL;
  model_adapter_report report = {0};
  emend_rc rc =
      model_adapter_train(what->net, teach, n, replay, n_replay, &opt, &trained, &report, err);
  if (!rc) rc = model_adapter_save(trained, what->out, err);
  if (!rc) write_report(figures, &report);
  model_adapter_free(trained);
  arena_destroy(a);
  return rc;
}
