/* The words that a schema's names are made of. See lexicon.h. */
#include "recall/lexicon.h"

#include "text/text.h"

enum { LEXICON_BYTES = 64 << 20 };

static void put(recall_lexicon *l, uint64_t stem) {
  size_t at = stem & (l->size - 1);
  while (l->stems[at] && l->stems[at] != stem) at = (at + 1) & (l->size - 1);
  l->stems[at] = stem;
}

/* The word itself, beside stems. */
static uint64_t form_of(uint64_t lower) { return lower * 0x9e3779b97f4a7c15u | 1; }

/* A stem as part of a table's name. */
static uint64_t table_of(uint64_t stem) { return stem * 0xc2b2ae3d27d4eb4fu | 1; }

static bool put_words(recall_lexicon *l, const str *words, int n, bool table, arena *scratch) {
  for (int i = 0; i < n; i++) {
    str stem = text_stem(scratch, words[i]);
    if (!stem.ptr) return false;
    put(l, str_hash64(stem));
    if (table) put(l, table_of(str_hash64(stem)));
    put(l, form_of(str_hash64(words[i])));
  }
  return true;
}

bool lexicon_make(const catalog *cat, recall_lexicon *out) {
  *out = (recall_lexicon){.mem = arena_create(LEXICON_BYTES), .size = 64};
  arena *scratch = arena_create(LEXICON_BYTES);
  size_t most = ((size_t)cat->n_tables + (size_t)cat->n_columns) * 36;
  while (out->size < 2 * most) out->size *= 2;
  out->stems = out->mem ? ARENA_ARRAY(out->mem, uint64_t, out->size) : NULL;
  bool ok = scratch && out->stems;
  for (int i = 0; ok && i < cat->n_tables; i++)
    ok = put_words(out, cat->tables[i].words, cat->tables[i].n_words, true, scratch);
  for (int i = 0; ok && i < cat->n_columns; i++)
    ok = put_words(out, cat->columns[i].words, cat->columns[i].n_words, false, scratch);
  arena_destroy(scratch);
  if (!ok) lexicon_free(out);
  return ok;
}

void lexicon_free(recall_lexicon *l) {
  arena_destroy(l->mem);
  *l = (recall_lexicon){0};
}

bool lexicon_has_form(const recall_lexicon *l, uint64_t lower) {
  return lexicon_has(l, form_of(lower));
}

bool lexicon_has_table(const recall_lexicon *l, uint64_t stem) {
  return lexicon_has(l, table_of(stem));
}

bool lexicon_has(const recall_lexicon *l, uint64_t stem) {
  if (!l || !l->size) return false;
  for (size_t at = stem & (l->size - 1); l->stems[at]; at = (at + 1) & (l->size - 1))
    if (l->stems[at] == stem) return true;
  return false;
}
