/* Confirmed questions in an engine: loading them beside the first question, looking
 * questions up. What is confirmed and how is in finalized.c. */
#define _GNU_SOURCE
#include "engine/recall.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "recall/witness.h"

/* Up to so many are loaded at once, more of them by a thread of its own; and how often another
 * process is looked for that has confirmed something. */
enum {
  LOADED_AT_ONCE = 500,
  PAGE = 1000,
  PAUSE_NS = 500000,
  LOOK_AGAIN_MS = 200,
  LOAD_BYTES = 1 << 30
};

struct engine_recall {
  emend_engine *e;
  store *state;
  recall *memory;
  synonyms *synonyms;
  pthread_mutex_t lock; /* guards what follows */
  pthread_cond_t loaded;
  bool ready, threaded;
  emend_rc failed;
  emend_error why;
  pthread_t loader;
  _Atomic int64_t changes; /* the state's counter when it was read */
  _Atomic int64_t looked;  /* clock_ms when it was last looked at */
};

typedef struct engine_recall engine_recall;

/* ---- records ---- */

bool engine_recall_record(const store_finalized *f, arena *a, recall_record *out) {
  str *texts = ARENA_ARRAY(a, str, f->wordings.len + 1), *refused = texts + f->wordings.len;
  *out = (recall_record){.id = f->id,
                         .url = f->url,
                         .question = f->question,
                         .sql = f->query,
                         .by = f->by,
                         .at = f->at,
                         .facts = f->facts,
                         .dialect = SQL_SQLITE,
                         .review = f->review.len > 0,
                         .wordings = texts};
  if (!texts) return false;
  sql_dialect_find(f->dialect, &out->dialect);
  for (size_t i = 0; i < f->wordings.len; i++) {
    const store_wording *w = &f->wordings.items[i];
    if (w->refused)
      *--refused = w->wording;
    else if (!str_eq(w->wording, f->question))
      texts[out->n_wordings++] = w->wording;
    out->n_refused += w->refused;
  }
  out->refused = refused;
  return true;
}

/* In pages, with a pause between them: a question that is asked meanwhile needs the state too. */
static emend_rc list_all(engine_recall *x, arena *a, store_finalizeds *out, emend_error *err) {
  const struct timespec pause = {0, PAUSE_NS};
  str last = {0};
  *out = (store_finalizeds){0};
  for (;;) {
    store_finalizeds page;
    emend_rc rc = store_finalized_page(x->state, last, PAGE, a, &page, err);
    if (rc) return rc;
    for (size_t i = 0; i < page.len; i++)
      if (!vec_push(a, out, page.items[i])) return err_nomem(err, "recall");
    if (page.len < PAGE) return EMEND_OK;
    last = page.items[page.len - 1].id;
    nanosleep(&pause, NULL);
  }
}

static emend_rc put_all(recall *memory, const store_finalizeds *all, arena *a, emend_error *err) {
  recall_record *records = ARENA_ARRAY(a, recall_record, all->len + 1);
  if (!records) return err_nomem(err, "recall");
  for (size_t i = 0; i < all->len; i++)
    if (!engine_recall_record(&all->items[i], a, &records[i])) return err_nomem(err, "recall");
  return recall_replace(memory, records, all->len, err);
}

/* ---- loading ---- */

static emend_rc load_words(engine_recall *x, arena *a, emend_error *err) {
  store_word_pairs words;
  emend_rc rc = store_finalized_words(x->state, a, &words, err);
  for (size_t i = 0; !rc && i < words.len; i++)
    rc =
        recall_teach(x->memory, words.items[i].url, words.items[i].word, words.items[i].other, err);
  return rc;
}

static void load_synonyms(engine_recall *x, arena *a) {
  const char *weights = NULL;
  if (x->synonyms || engine_weights_path(x->e, a, &weights, NULL)) return;
  const char *slash = strrchr(weights, '/');
  size_t n = slash ? (size_t)(slash - weights) + 1 : 0;
  char *path = arena_printf(a, "%.*ssynonyms.bin", (int)n, weights);
  if (path && synonyms_open(path, &x->synonyms, NULL)) x->synonyms = NULL;
}

static emend_rc load(engine_recall *x, emend_error *err) {
  arena *a = arena_create(LOAD_BYTES);
  int64_t changes = 0;
  store_finalizeds all;
  emend_rc rc = a ? store_finalized_changes(x->state, &changes, err) : err_nomem(err, "recall");
  if (!rc) rc = list_all(x, a, &all, err);
  if (!rc) load_synonyms(x, a);
  if (!rc) rc = put_all(x->memory, &all, a, err);
  if (!rc) rc = load_words(x, a, err);
  if (!rc) atomic_store(&x->changes, changes);
  arena_destroy(a);
  return rc;
}

static void *loader_main(void *arg) {
  engine_recall *x = arg;
  emend_error err;
  emend_rc rc = load(x, &err);
  pthread_mutex_lock(&x->lock);
  x->ready = true;
  x->failed = rc;
  if (rc) x->why = err;
  pthread_cond_broadcast(&x->loaded);
  pthread_mutex_unlock(&x->lock);
  return NULL;
}

static void destroy(engine_recall *x) {
  if (!x) return;
  if (x->threaded) pthread_join(x->loader, NULL);
  recall_free(x->memory);
  synonyms_close(x->synonyms);
  pthread_cond_destroy(&x->loaded);
  pthread_mutex_destroy(&x->lock);
  mem_free(x);
}

/* With the engine's lock held. */
static emend_rc begin(emend_engine *e, store *state, engine_recall **out, emend_error *err) {
  int64_t n = 0;
  engine_recall *x = mem_alloc(sizeof *x);
  if (!x) return err_nomem(err, "recall");
  pthread_mutex_init(&x->lock, NULL);
  pthread_cond_init(&x->loaded, NULL);
  x->e = e;
  x->state = state;
  emend_rc rc = recall_create(&x->memory, err);
  if (!rc) rc = store_finalized_count(state, &n, err);
  if (!rc && n > LOADED_AT_ONCE)
    x->threaded = pthread_create(&x->loader, NULL, loader_main, x) == 0;
  if (!rc && !x->threaded) {
    rc = load(x, err);
    x->ready = true;
  }
  if (rc)
    destroy(x);
  else
    *out = x;
  return rc;
}

static emend_rc get(emend_engine *e, engine_recall **out, emend_error *err) {
  *out = atomic_load(&e->recall);
  if (*out) return EMEND_OK;
  store *state = NULL;
  emend_rc rc = engine_state(e, true, &state, err);
  if (rc || !state) return rc;
  pthread_mutex_lock(&e->lock);
  *out = atomic_load(&e->recall);
  if (!*out) {
    rc = begin(e, state, out, err);
    if (!rc) atomic_store(&e->recall, *out);
  }
  pthread_mutex_unlock(&e->lock);
  return rc;
}

void engine_recall_free(emend_engine *e) { destroy(atomic_exchange(&e->recall, NULL)); }

/* ---- in step with other processes ---- */

static void look_again(engine_recall *x) {
  int64_t now = (int64_t)clock_ms(), before = atomic_load(&x->looked), changes;
  if (now - before < LOOK_AGAIN_MS) return;
  if (!atomic_compare_exchange_strong(&x->looked, &before, now)) return;
  emend_error err;
  if (store_finalized_changes(x->state, &changes, &err) || changes == atomic_load(&x->changes))
    return;
  pthread_mutex_lock(&x->lock);
  if (load(x, &err)) log_write(LOG_WARN, "recall: %s", err.msg);
  pthread_mutex_unlock(&x->lock);
}

void engine_recall_wrote(emend_engine *e) {
  engine_recall *x = atomic_load(&e->recall);
  int64_t changes;
  if (x && !store_finalized_changes(x->state, &changes, NULL)) atomic_store(&x->changes, changes);
}

void engine_recall_look(emend_engine *e) {
  engine_recall *x = atomic_load(&e->recall);
  if (x) atomic_store(&x->looked, 0);
}

/* ---- looking up ---- */

emend_rc engine_recall_try(emend_engine *e, recall **out, bool *ready, emend_error *err) {
  engine_recall *x = NULL;
  *out = NULL;
  *ready = true;
  emend_rc rc = get(e, &x, err);
  if (rc || !x) return rc;
  if (x->threaded) {
    pthread_mutex_lock(&x->lock);
    *ready = x->ready;
    pthread_mutex_unlock(&x->lock);
  }
  if (*ready) look_again(x);
  *out = x->memory;
  return EMEND_OK;
}

emend_rc engine_recall_memory(emend_engine *e, recall **out, emend_error *err) {
  bool ready = true;
  emend_rc rc = engine_recall_try(e, out, &ready, err);
  if (rc || ready) return rc;
  engine_recall *x = atomic_load(&e->recall);
  pthread_mutex_lock(&x->lock);
  while (!x->ready) pthread_cond_wait(&x->loaded, &x->lock);
  rc = x->failed;
  if (rc && err) *err = x->why;
  pthread_mutex_unlock(&x->lock);
  return rc;
}

recall_options engine_recall_options(emend_engine *e) {
  engine_recall *x = atomic_load(&e->recall);
  return (recall_options){.synonyms = x ? x->synonyms : NULL};
}

/* The network, loaded when a match is not clear without it. */
static bool doubt(void *self, const catalog *cat, str question, str sql, arena *a, double *gap) {
  const model *net = NULL;
  return !engine_model(self, &net, NULL) && net && recall_doubt(net, cat, question, sql, a, gap);
}

/* While everything is being loaded: the question in its own words, straight from the state. */
static emend_rc match_kept(emend_engine *e, const recall_source *sources, size_t n, str question,
                           arena *a, recall_match *out, emend_error *err) {
  engine_recall *x = atomic_load(&e->recall);
  const recall_options opt = {.exact_only = true};
  recall *few = NULL;
  str key = recall_key(question, a);
  emend_rc rc = key.ptr ? recall_create(&few, err) : err_nomem(err, "recall");
  for (size_t i = 0; !rc && i < n; i++) {
    store_finalizeds found;
    rc = store_finalized_by_key(x->state, sources[i].url, key, a, &found, err);
    if (!rc) rc = put_all(few, &found, a, err);
  }
  if (!rc) rc = recall_find(few, sources, n, question, &opt, a, out, err);
  recall_free(few);
  return rc;
}

emend_rc engine_recall_match(emend_engine *e, engine_source *const *sources,
                             const ask_source *asked, size_t n, str question, arena *a,
                             recall_match *out, emend_error *err) {
  recall *memory = NULL;
  bool ready = true;
  *out = (recall_match){0};
  recall_source *list = ARENA_ARRAY(a, recall_source, n + 1);
  if (!list) return err_nomem(err, "recall");
  for (size_t i = 0; i < n; i++) list[i] = (recall_source){str_from(sources[i]->url), asked[i].cat};
  emend_rc rc = engine_recall_try(e, &memory, &ready, err);
  if (rc || !memory) return rc;
  if (!ready) {
    rc = match_kept(e, list, n, question, a, out, err);
    if (rc || out->verdict == RECALL_HIT) return rc;
    rc = engine_recall_memory(e, &memory, err);
  }
  const recall_witness witness = {e, doubt};
  recall_options opt = engine_recall_options(e);
  opt.witness = &witness;
  if (!rc) rc = recall_find(memory, list, n, question, &opt, a, out, err);
  if (!rc && out->drifted.len) {
    char *why = arena_printf(a, "%.*s", STR_ARG(out->drifted));
    engine_recall_broken(e, out->id, why ? why : "its tables have changed");
  }
  return rc;
}

void engine_recall_broken(emend_engine *e, str id, const char *why) {
  engine_recall *x = atomic_load(&e->recall);
  if (!x) return;
  emend_error err;
  recall_remove(x->memory, id);
  if (store_finalized_review(x->state, id, str_from(why), &err))
    log_write(LOG_WARN, "recall: %s", err.msg);
  engine_recall_wrote(e);
}
