/* Confirmed questions in memory: reading a record once, and the memory that a
 * batch of them shares. See entry.h. */
#include "recall/entry.h"

#include <string.h>

#include "recall/dates.h"
#include "text/period.h"

enum { BATCH_BYTES = 1 << 30, SCRATCH_BYTES = 64 << 20 };

/* ---- copies without slack ---- */

static bool copy_str(arena *to, str *s) {
  if (!s->ptr) return true;
  *s = arena_str(to, *s);
  return s->ptr != NULL;
}

/* `n` items of `size` bytes into `to`; *items is the address of a typed pointer. */
static bool copy_array(arena *to, void *items, size_t n, size_t size) {
  void *from;
  memcpy(&from, items, sizeof from);
  void *copy = arena_calloc(to, n ? n : 1, size);
  if (copy && n) memcpy(copy, from, n * size);
  memcpy(items, &copy, sizeof copy);
  return copy != NULL;
}

static bool keep_facts(recall_facts *f, arena *to) {
  bool ok = copy_array(to, &f->literals, f->n_literals, sizeof *f->literals) &&
            copy_array(to, &f->elements, f->n_elements, sizeof *f->elements) &&
            copy_array(to, &f->stems, f->n_stems, sizeof *f->stems);
  for (int i = 0; ok && i < f->n_literals; i++)
    ok = copy_str(to, &f->literals[i].text) && copy_str(to, &f->literals[i].column);
  for (int i = 0; ok && i < f->n_elements; i++) f->elements[i].name = (str){0};
  return ok;
}

static bool keep_wording(entry_wording *w, const recall_facts *f, arena *to) {
  return copy_str(to, &w->words.text) && copy_str(to, &w->words.key) &&
         copy_array(to, &w->words.words, w->words.n, sizeof *w->words.words) &&
         copy_array(to, &w->words.periods, w->words.n_periods, sizeof *w->words.periods) &&
         copy_array(to, &w->slots.items, w->slots.n, sizeof *w->slots.items) &&
         copy_array(to, &w->slots.of_literal, f->n_literals, sizeof *w->slots.of_literal);
}

/* ---- reading ---- */

static bool read_wording(recall_entry *e, str text, int64_t when, arena *scratch, arena *to) {
  entry_wording *w = &e->wordings[e->n_wordings];
  if (!wording_read(text, when, scratch, &w->words)) return false;
  if (!slots_find(&e->facts, &w->words, scratch, &w->slots)) return false;
  e->n_wordings++;
  return keep_wording(w, &e->facts, to);
}

static bool read_refused(recall_entry *e, const recall_record *r, arena *scratch) {
  for (size_t i = 0; i < r->n_refused; i++) {
    str key = recall_key(r->refused[i], scratch);
    if (!key.ptr) return false;
    e->refused[e->n_refused++] = str_hash64(key);
  }
  return true;
}

/* Relative dates in a wording count from the day when it was confirmed. */
static int64_t when_confirmed(str at) {
  recall_period p;
  return dates_of_literal(at, &p) ? text_days(p.from) * 86400 : 0;
}

static bool read_record(recall_entry *e, const recall_record *r, arena *scratch, arena *to) {
  size_t n = r->n_wordings < ENTRY_MAX_WORDINGS ? r->n_wordings : ENTRY_MAX_WORDINGS;
  size_t refused = r->n_refused < ENTRY_MAX_WORDINGS ? r->n_refused : ENTRY_MAX_WORDINGS;
  recall_record some = *r;
  some.n_refused = refused;
  *e = (recall_entry){.dialect = r->dialect,
                      .id = r->id,
                      .url = r->url,
                      .url_hash = str_hash64(r->url),
                      .sql = r->sql,
                      .by = r->by,
                      .at = r->at,
                      .tables = r->facts,
                      .wordings = ARENA_ARRAY(to, entry_wording, n + 1),
                      .refused = ARENA_ARRAY(to, uint64_t, refused + 1)};
  atomic_init(&e->state, r->review ? ENTRY_REVIEW : ENTRY_ACTIVE);
  if (!e->wordings || !e->refused) return false;
  str *const texts[] = {&e->id, &e->url, &e->sql, &e->by, &e->at, &e->tables};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (!copy_str(to, texts[i])) return false;
  e->has_facts = facts_read(e->sql, r->dialect, scratch, &e->facts);
  if (!e->has_facts) e->facts = (recall_facts){0};
  if (arena_failed(scratch) || !keep_facts(&e->facts, to)) return false;
  int64_t when = when_confirmed(r->at);
  if (!read_wording(e, r->question, when, scratch, to)) return false;
  for (size_t i = 0; i < n; i++)
    if (!read_wording(e, r->wordings[i], when, scratch, to)) return false;
  e->question = e->wordings[0].words.text;
  return read_refused(e, &some, scratch);
}

emend_rc entry_batch_read(const recall_record *records, size_t n, entry_batch **out,
                          emend_error *err) {
  arena *mem = arena_create(BATCH_BYTES), *scratch = arena_create(SCRATCH_BYTES);
  entry_batch *b = mem ? ARENA_NEW(mem, entry_batch) : NULL;
  recall_entry *entries = b ? ARENA_ARRAY(mem, recall_entry, n ? n : 1) : NULL;
  bool ok = scratch && entries;
  for (size_t i = 0; ok && i < n; i++) {
    arena_reset(scratch);
    ok = read_record(&entries[i], &records[i], scratch, mem);
    entries[i].batch = b;
  }
  arena_destroy(scratch);
  if (!ok) {
    arena_destroy(mem);
    return err_nomem(err, "recall");
  }
  b->mem = mem;
  b->entries = entries;
  b->n = n;
  atomic_init(&b->refs, 1);
  *out = b;
  return EMEND_OK;
}

void entry_batch_ref(entry_batch *b) { atomic_fetch_add(&b->refs, 1); }

void entry_batch_unref(entry_batch *b) {
  if (b && atomic_fetch_sub(&b->refs, 1) == 1) arena_destroy(b->mem);
}

str recall_key(str question, arena *a) {
  recall_wording w;
  return wording_read(question, 0, a, &w) ? w.key : (str){0};
}
