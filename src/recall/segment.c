/* Some confirmed questions with what finds them. See segment.h. */
#include "recall/segment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

typedef struct posting {
  uint64_t stem;
  uint32_t item;
} posting;

uint64_t segment_key(uint64_t url_hash, str key_or_text) {
  uint64_t h = str_hash64(key_or_text) ^ url_hash * 0x9e3779b97f4a7c15u;
  return h ? h : 1;
}

void segment_ref(recall_segment *s) { atomic_fetch_add(&s->refs, 1); }

void segment_unref(recall_segment *s) {
  if (!s || atomic_fetch_sub(&s->refs, 1) != 1) return;
  for (size_t i = 0; s->items && i < s->n; i++)
    if (s->items[i].wording == 0) entry_batch_unref(s->items[i].entry->batch);
  mem_free(s->items);
  mem_free(s->lengths);
  mem_free(s->keys);
  mem_free(s->key_items);
  mem_free(s->terms);
  mem_free(s->term_from);
  mem_free(s->term_to);
  mem_free(s->postings);
  mem_free(s);
}

static void *array(recall_segment *s, size_t n, size_t size) {
  s->bytes += n * size;
  return n <= SIZE_MAX / (size ? size : 1) ? mem_alloc((n ? n : 1) * size) : NULL;
}

static size_t table_size(size_t n) {
  size_t size = 8;
  while (size < 2 * n) size *= 2;
  return size;
}

/* ---- exact keys ---- */

static void put_key(recall_segment *s, uint64_t key, size_t item) {
  size_t at = key & (s->n_keys - 1);
  while (s->keys[at]) at = (at + 1) & (s->n_keys - 1);
  s->keys[at] = key;
  s->key_items[at] = (uint32_t)item + 1;
}

/* By key, and by the text to the letter, which spares reading the question. */
static bool index_keys(recall_segment *s) {
  s->n_keys = table_size(2 * s->n);
  s->keys = array(s, s->n_keys, sizeof *s->keys);
  s->key_items = array(s, s->n_keys, sizeof *s->key_items);
  if (!s->keys || !s->key_items) return false;
  for (size_t i = 0; i < s->n; i++) {
    const recall_entry *e = s->items[i].entry;
    const recall_wording *w = &e->wordings[s->items[i].wording].words;
    put_key(s, segment_key(e->url_hash, w->key), i);
    if (!str_eq(w->text, w->key)) put_key(s, segment_key(e->url_hash, w->text), i);
  }
  return true;
}

void segment_exact(const recall_segment *s, uint64_t key,
                   bool (*each)(void *ctx, const struct segment_item *item), void *ctx) {
  for (size_t at = key & (s->n_keys - 1); s->keys[at]; at = (at + 1) & (s->n_keys - 1))
    if (s->keys[at] == key && !each(ctx, &s->items[s->key_items[at] - 1])) return;
}

/* ---- words ---- */

static int by_stem(const void *x, const void *y) {
  const posting *a = x, *b = y;
  if (a->stem != b->stem) return a->stem < b->stem ? -1 : 1;
  return a->item < b->item ? -1 : a->item > b->item;
}

static size_t count_words(const recall_segment *s) {
  size_t n = 0;
  for (size_t i = 0; i < s->n; i++)
    n +=
        s->items[i].entry->wordings[s->items[i].wording].words.n + s->items[i].entry->facts.n_stems;
  return n;
}

/* The words that find a wording: its own, values too, and the names that its query uses. */
static size_t list_words(const recall_segment *s, posting *out) {
  size_t n = 0;
  for (size_t i = 0; i < s->n; i++) {
    const recall_entry *e = s->items[i].entry;
    const recall_wording *w = &e->wordings[s->items[i].wording].words;
    for (size_t k = 0; k < w->n; k++) {
      const recall_word *x = &w->words[k];
      bool finds = x->kind == WORD_CONTENT || x->kind == WORD_NUMBER || x->kind == WORD_DATE ||
                   (x->kind == WORD_OP && x->stem);
      if (finds) out[n++] = (posting){x->stem, (uint32_t)i};
    }
    for (size_t k = 0; k < e->facts.n_stems; k++)
      out[n++] = (posting){e->facts.stems[k], (uint32_t)i};
  }
  return n;
}

static void put_term(recall_segment *s, uint64_t stem, size_t from, size_t to) {
  size_t at = stem & (s->n_terms - 1);
  while (s->term_to[at]) at = (at + 1) & (s->n_terms - 1);
  s->terms[at] = stem;
  s->term_from[at] = (uint32_t)from;
  s->term_to[at] = (uint32_t)to;
}

static bool index_words(recall_segment *s) {
  size_t most = count_words(s), kept = 0, distinct = 0;
  posting *all = mem_alloc((most ? most : 1) * sizeof *all);
  if (!all) return false;
  size_t n = list_words(s, all);
  qsort(all, n, sizeof *all, by_stem);
  for (size_t i = 0; i < n; i++) { /* each word once a wording */
    if (kept && all[kept - 1].stem == all[i].stem && all[kept - 1].item == all[i].item) continue;
    distinct += !kept || all[kept - 1].stem != all[i].stem;
    all[kept++] = all[i];
  }
  s->n_terms = table_size(distinct);
  s->terms = array(s, s->n_terms, sizeof *s->terms);
  s->term_from = array(s, s->n_terms, sizeof *s->term_from);
  s->term_to = array(s, s->n_terms, sizeof *s->term_to);
  s->postings = array(s, kept, sizeof *s->postings);
  bool ok = s->terms && s->term_from && s->term_to && s->postings;
  for (size_t i = 0, to; ok && i < kept; i = to) {
    for (to = i; to < kept && all[to].stem == all[i].stem; to++) s->postings[to] = all[to].item;
    put_term(s, all[i].stem, i, to);
  }
  mem_free(all);
  return ok;
}

/* ---- searching ---- */

typedef struct term {
  const uint32_t *items;
  size_t n;
  float worth;
} term;

static bool find_term(const recall_segment *s, uint64_t stem, term *out) {
  for (size_t at = stem & (s->n_terms - 1); s->term_to[at]; at = (at + 1) & (s->n_terms - 1)) {
    if (s->terms[at] != stem) continue;
    out->n = s->term_to[at] - s->term_from[at];
    out->items = s->postings + s->term_from[at];
    out->worth = logf(1 + (float)s->n / (float)out->n);
    return true;
  }
  return false;
}

static int rarest_first(const void *x, const void *y) {
  size_t a = ((const term *)x)->n, b = ((const term *)y)->n;
  return a < b ? -1 : a > b;
}

static bool has_item(const term *t, uint32_t item) {
  size_t from = 0, to = t->n;
  while (from < to) {
    size_t mid = from + (to - from) / 2;
    if (t->items[mid] < item)
      from = mid + 1;
    else
      to = mid;
  }
  return from < t->n && t->items[from] == item;
}

/* A heap with its least score on top. */
static void sift_down(segment_found *heap, size_t n, size_t i) {
  for (;;) {
    size_t least = i, left = 2 * i + 1;
    for (size_t k = left; k < n && k <= left + 1; k++)
      if (heap[k].score < heap[least].score) least = k;
    if (least == i) return;
    segment_found swap = heap[i];
    heap[i] = heap[least];
    heap[i = least] = swap;
  }
}

static size_t keep_best(segment_found *heap, size_t n, segment_found it) {
  if (n < SEGMENT_POOL) {
    heap[n++] = it;
    for (size_t i = n / 2; n == SEGMENT_POOL && i-- > 0;) sift_down(heap, n, i);
  } else if (it.score > heap[0].score) {
    heap[0] = it;
    sift_down(heap, n, 0);
  }
  return n;
}

static float of_length(const recall_segment *s, uint32_t item) {
  return sqrtf((float)(s->lengths[item] + 6));
}

/* Adds up what the words of the question that stand in each wording are worth, rare ones first. A
 * word that too many share then only tells apart those that the others have found. */
size_t segment_search(const recall_segment *s, const uint64_t *stems, size_t n,
                      segment_scratch *scratch, segment_found out[SEGMENT_POOL]) {
  term terms[WORDING_MAX_WORDS];
  size_t n_terms = 0, added = 0, budget = SEGMENT_TOUCHED, seen = 0, found = 0;
  for (size_t i = 0; i < n && n_terms < WORDING_MAX_WORDS; i++)
    n_terms += find_term(s, stems[i], &terms[n_terms]);
  if (n_terms) qsort(terms, n_terms, sizeof *terms, rarest_first);
  for (; added < n_terms && (added == 0 || terms[added].n <= budget); added++) {
    size_t some = terms[added].n < budget ? terms[added].n : budget;
    for (size_t i = 0; i < some; i++) {
      uint32_t item = terms[added].items[i];
      if (scratch->score[item] == 0) scratch->touched[seen++] = item;
      scratch->score[item] += terms[added].worth;
    }
    budget -= some;
  }
  for (size_t i = 0; i < seen; i++) {
    uint32_t item = scratch->touched[i];
    segment_found it = {scratch->score[item] / of_length(s, item), item};
    scratch->score[item] = 0;
    found = keep_best(out, found, it);
  }
  for (size_t i = 0; i < found; i++)
    for (size_t t = added; t < n_terms; t++)
      if (has_item(&terms[t], out[i].item))
        out[i].score += terms[t].worth / of_length(s, out[i].item);
  return found;
}

segment_scratch *segment_scratch_make(size_t n) {
  segment_scratch *s = mem_alloc(sizeof *s);
  if (!s) return NULL;
  s->n = n;
  s->score = mem_alloc((n ? n : 1) * sizeof *s->score);
  if (s->score) return s;
  mem_free(s);
  return NULL;
}

void segment_scratch_free(segment_scratch *s) {
  if (!s) return;
  mem_free(s->score);
  mem_free(s);
}

/* ---- making ---- */

recall_segment *segment_make(recall_entry *const *entries, size_t n) {
  recall_segment *s = mem_alloc(sizeof *s);
  if (!s) return NULL;
  atomic_init(&s->refs, 1);
  size_t wordings = 0;
  for (size_t i = 0; i < n; i++) wordings += entries[i]->n_wordings;
  s->items = array(s, wordings, sizeof *s->items);
  s->lengths = array(s, wordings, sizeof *s->lengths);
  for (size_t i = 0; s->items && s->lengths && i < n; i++) {
    if (atomic_load(&entries[i]->state) == ENTRY_GONE) continue;
    entry_batch_ref(entries[i]->batch);
    for (uint16_t k = 0; k < entries[i]->n_wordings; k++) {
      uint16_t words = entries[i]->wordings[k].words.n;
      s->lengths[s->n] = (uint8_t)(words < 255 ? words : 255);
      s->items[s->n].entry = entries[i];
      s->items[s->n++].wording = k;
    }
  }
  if (s->items && s->lengths && index_keys(s) && index_words(s)) return s;
  segment_unref(s);
  return NULL;
}
