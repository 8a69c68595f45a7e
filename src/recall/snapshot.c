/* What is confirmed right now. See snapshot.h. A change makes a new snapshot that
 * shares all but the smallest segments with the old one, and swaps it in. */
#include "recall/snapshot.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- readers ---- */

recall_snapshot *snapshot_take(recall *r) {
  unsigned phase = atomic_load(&r->phase) & 1;
  atomic_fetch_add(&r->readers[phase], 1);
  recall_snapshot *s = atomic_load(&r->now);
  atomic_fetch_add(&s->refs, 1);
  atomic_fetch_sub(&r->readers[phase], 1);
  return s;
}

void snapshot_unref(recall_snapshot *s) {
  if (!s || atomic_fetch_sub(&s->refs, 1) != 1) return;
  for (size_t i = 0; i < s->n_segments; i++) segment_unref(s->segments[i]);
  for (size_t i = 0; i < s->n_taught; i++) mem_free(s->taught[i].pairs);
  mem_free(s->taught);
  mem_free(s);
}

/* Swaps `fresh` in, and lets the old one go when nobody can be about to take a reference to it:
 * after two turns of the phase each reader that saw it has counted itself in and out. */
static void swap_in(recall *r, recall_snapshot *fresh) {
  recall_snapshot *old = atomic_exchange(&r->now, fresh);
  for (int turn = 0; turn < 2; turn++) {
    unsigned before = atomic_fetch_add(&r->phase, 1) & 1;
    while (atomic_load(&r->readers[before]) != 0) sched_yield();
  }
  snapshot_unref(old);
}

/* ---- copies ---- */

static bool copy_taught(recall_snapshot *to, const recall_snapshot *from, size_t room) {
  to->taught = mem_alloc((from->n_taught + room) * sizeof *to->taught + 1);
  if (!to->taught) return false;
  for (size_t i = 0; i < from->n_taught; i++) {
    taught_words *t = &to->taught[i];
    *t = from->taught[i];
    t->pairs = mem_alloc((t->n + room) * sizeof *t->pairs + 1);
    if (!t->pairs) return false;
    to->n_taught++;
    memcpy(t->pairs, from->taught[i].pairs, t->n * sizeof *t->pairs);
  }
  return true;
}

/* As the state is now, its segments shared, with room for one more taught pair. */
static recall_snapshot *copy_now(recall *r) {
  const recall_snapshot *from = atomic_load(&r->now);
  recall_snapshot *s = mem_alloc(sizeof *s);
  if (!s) return NULL;
  atomic_init(&s->refs, 1);
  if (!copy_taught(s, from, 1)) {
    snapshot_unref(s);
    return NULL;
  }
  for (size_t i = 0; i < from->n_segments; i++) {
    s->segments[s->n_segments++] = from->segments[i];
    segment_ref(from->segments[i]);
  }
  return s;
}

/* ---- adding ---- */

typedef struct entry_list {
  recall_entry **items;
  size_t n;
} entry_list;

static size_t add_segment(entry_list *l, const recall_segment *s) {
  for (size_t i = 0; i < s->n; i++)
    if (s->items[i].wording == 0) l->items[l->n++] = s->items[i].entry;
  return l->n;
}

/* Puts the batch in, merged with the segments at the end that are not much larger, so that there
 * are never more than some for each doubling of the whole. */
static bool add_batch(recall_snapshot *s, entry_batch *b) {
  size_t merged = s->n_segments, wordings = b->n, room = b->n;
  while (merged > 0 &&
         (s->segments[merged - 1]->n <= 2 * wordings || merged == SNAPSHOT_SEGMENTS)) {
    wordings += s->segments[--merged]->n;
    room += s->segments[merged]->n;
  }
  entry_list l = {.items = mem_alloc((room + 1) * sizeof *l.items)};
  if (!l.items) return false;
  for (size_t i = merged; i < s->n_segments; i++) add_segment(&l, s->segments[i]);
  for (size_t i = 0; i < b->n; i++) l.items[l.n++] = &b->entries[i];
  recall_segment *fresh = segment_make(l.items, l.n);
  mem_free(l.items);
  if (!fresh) return false;
  while (s->n_segments > merged) segment_unref(s->segments[--s->n_segments]);
  s->segments[s->n_segments++] = fresh;
  return true;
}

static void set_gone(const recall_snapshot *s, str id, const entry_batch *but) {
  for (size_t i = 0; i < s->n_segments; i++)
    for (size_t k = 0; k < s->segments[i]->n; k++) {
      recall_entry *e = s->segments[i]->items[k].entry;
      if (e->batch != but && str_eq(e->id, id)) atomic_store(&e->state, ENTRY_GONE);
    }
}

static int compare_ids(const void *x, const void *y) {
  return str_cmp(*(const str *)x, *(const str *)y);
}

/* Marks what the batch replaces, in one pass over what is there. */
static void replace_old(const recall_snapshot *s, const entry_batch *b) {
  str *ids = mem_alloc((b->n + 1) * sizeof *ids);
  if (!ids) {
    for (size_t i = 0; i < b->n; i++) set_gone(s, b->entries[i].id, b);
    return;
  }
  for (size_t i = 0; i < b->n; i++) ids[i] = b->entries[i].id;
  qsort(ids, b->n, sizeof *ids, compare_ids);
  for (size_t i = 0; i < s->n_segments; i++)
    for (size_t k = 0; k < s->segments[i]->n; k++) {
      recall_entry *e = s->segments[i]->items[k].entry;
      if (e->batch != b && bsearch(&e->id, ids, b->n, sizeof *ids, compare_ids))
        atomic_store(&e->state, ENTRY_GONE);
    }
  mem_free(ids);
}

static void set_all_gone(const recall_snapshot *s) {
  for (size_t i = 0; i < s->n_segments; i++)
    for (size_t k = 0; k < s->segments[i]->n; k++)
      atomic_store(&s->segments[i]->items[k].entry->state, ENTRY_GONE);
}

static emend_rc put(recall *r, const recall_record *records, size_t n, bool all, emend_error *err) {
  entry_batch *b = NULL;
  emend_rc rc = entry_batch_read(records, n, &b, err);
  if (rc) return rc;
  pthread_mutex_lock(&r->lock);
  recall_snapshot *fresh = copy_now(r);
  if (fresh && add_batch(fresh, b)) {
    const recall_snapshot *before = atomic_load(&r->now);
    if (all)
      set_all_gone(before);
    else
      replace_old(before, b);
    swap_in(r, fresh);
  } else {
    snapshot_unref(fresh);
    rc = err_nomem(err, "recall");
  }
  pthread_mutex_unlock(&r->lock);
  entry_batch_unref(b);
  return rc;
}

emend_rc recall_put(recall *r, const recall_record *records, size_t n, emend_error *err) {
  return n ? put(r, records, n, false, err) : EMEND_OK;
}

emend_rc recall_replace(recall *r, const recall_record *records, size_t n, emend_error *err) {
  return n || !recall_is_empty(r) ? put(r, records, n, true, err) : EMEND_OK;
}

bool recall_is_empty(recall *r) {
  recall_snapshot *s = snapshot_take(r);
  bool empty = s->n_segments == 0;
  snapshot_unref(s);
  return empty;
}

void recall_remove(recall *r, str id) {
  pthread_mutex_lock(&r->lock);
  set_gone(atomic_load(&r->now), id, NULL);
  pthread_mutex_unlock(&r->lock);
}

/* ---- taught words ---- */

static bool add_pair(taught_words *t, uint64_t low, uint64_t high) {
  size_t at = 0;
  while (at < t->n && (t->pairs[at][0] < low || (t->pairs[at][0] == low && t->pairs[at][1] < high)))
    at++;
  if (at < t->n && t->pairs[at][0] == low && t->pairs[at][1] == high) return false;
  memmove(t->pairs + at + 1, t->pairs + at, (t->n - at) * sizeof *t->pairs);
  t->pairs[at][0] = low;
  t->pairs[at][1] = high;
  t->n++;
  return true;
}

static bool teach(recall_snapshot *s, uint64_t url_hash, uint64_t x, uint64_t y) {
  size_t at = 0;
  while (at < s->n_taught && s->taught[at].url_hash != url_hash) at++;
  if (at == s->n_taught) {
    s->taught[at] = (taught_words){.url_hash = url_hash, .pairs = mem_alloc(2 * sizeof(uint64_t))};
    if (!s->taught[at].pairs) return false;
    s->n_taught++;
  }
  add_pair(&s->taught[at], x < y ? x : y, x < y ? y : x);
  return true;
}

emend_rc recall_teach(recall *r, str url, str word, str other, emend_error *err) {
  arena *a = arena_create(1 << 16);
  uint64_t x = a ? wording_stem(a, word) : 0, y = a ? wording_stem(a, other) : 0;
  arena_destroy(a);
  if (!x || !y) return err_nomem(err, "recall");
  pthread_mutex_lock(&r->lock);
  recall_snapshot *fresh = copy_now(r);
  bool ok = fresh && teach(fresh, str_hash64(url), x, y);
  if (ok)
    swap_in(r, fresh);
  else
    snapshot_unref(fresh);
  pthread_mutex_unlock(&r->lock);
  return ok ? EMEND_OK : err_nomem(err, "recall");
}

const taught_words *snapshot_taught(const recall_snapshot *s, uint64_t url_hash) {
  for (size_t i = 0; i < s->n_taught; i++)
    if (s->taught[i].url_hash == url_hash) return &s->taught[i];
  return NULL;
}

/* ---- the words of catalogs ---- */

static const recall_lexicon *find_lexicon(recall *r, uint64_t url_hash, const catalog *cat) {
  for (lexicon_node *n = atomic_load(&r->lexicons); n; n = n->next)
    if (n->url_hash == url_hash && strcmp(n->version, cat->version) == 0) return &n->words;
  return NULL;
}

const recall_lexicon *snapshot_lexicon(recall *r, str url, const catalog *cat) {
  uint64_t url_hash = str_hash64(url);
  const recall_lexicon *found = find_lexicon(r, url_hash, cat);
  if (found) return found;
  pthread_mutex_lock(&r->lock);
  found = find_lexicon(r, url_hash, cat);
  lexicon_node *node = found ? NULL : mem_alloc(sizeof *node);
  if (node && lexicon_make(cat, &node->words)) {
    node->url_hash = url_hash;
    memcpy(node->version, cat->version, sizeof node->version);
    node->next = atomic_load(&r->lexicons);
    atomic_store(&r->lexicons, node);
    found = &node->words;
  } else {
    mem_free(node);
  }
  pthread_mutex_unlock(&r->lock);
  return found;
}

/* ---- room for searches ---- */

segment_scratch *snapshot_scratch(recall *r, size_t n) {
  for (size_t i = 0; i < SNAPSHOT_SPARES; i++) {
    if (!atomic_load_explicit(&r->spare[i], memory_order_relaxed)) continue;
    segment_scratch *s = atomic_exchange(&r->spare[i], NULL);
    if (s && s->n >= n) return s;
    segment_scratch_free(s);
  }
  return segment_scratch_make(n);
}

void snapshot_give_back(recall *r, segment_scratch *s) {
  for (size_t i = 0; i < SNAPSHOT_SPARES; i++) {
    segment_scratch *none = NULL;
    if (atomic_compare_exchange_strong(&r->spare[i], &none, s)) return;
  }
  segment_scratch_free(s);
}

/* ---- beginning and end ---- */

emend_rc recall_create(recall **out, emend_error *err) {
  recall *r = mem_alloc(sizeof *r);
  recall_snapshot *empty = mem_alloc(sizeof *empty);
  *out = NULL;
  if (!r || !empty) {
    mem_free(r);
    mem_free(empty);
    return err_nomem(err, "recall");
  }
  atomic_init(&empty->refs, 1);
  atomic_init(&r->now, empty);
  pthread_mutex_init(&r->lock, NULL);
  *out = r;
  return EMEND_OK;
}

void recall_free(recall *r) {
  if (!r) return;
  snapshot_unref(atomic_load(&r->now));
  for (size_t i = 0; i < SNAPSHOT_SPARES; i++) segment_scratch_free(atomic_load(&r->spare[i]));
  for (lexicon_node *n = atomic_load(&r->lexicons); n;) {
    lexicon_node *next = n->next;
    lexicon_free(&n->words);
    mem_free(n);
    n = next;
  }
  pthread_mutex_destroy(&r->lock);
  mem_free(r);
}

void recall_measure(recall *r, recall_figures *out) {
  recall_snapshot *s = snapshot_take(r);
  const entry_batch *last = NULL;
  *out = (recall_figures){0};
  for (size_t i = 0; i < s->n_segments; i++) {
    const recall_segment *g = s->segments[i];
    out->wordings += g->n;
    out->bytes += g->bytes;
    for (size_t k = 0; k < g->n; k++) {
      const recall_entry *e = g->items[k].entry;
      out->entries += g->items[k].wording == 0;
      if (e->batch != last) out->bytes += arena_used(e->batch->mem);
      last = e->batch;
    }
  }
  snapshot_unref(s);
}
