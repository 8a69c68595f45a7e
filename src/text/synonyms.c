/* The table of word relations: reading it, and looking words up in it.
 *
 * The file, little endian:
 *   0  8  magic "EMENDSY1"
 *   8  u32 version, n_words, n_edges, n_slots (a power of two), text_len, 0
 *      u32 word_off[n_words + 1]   where each word's letters are in the text; words are sorted
 *      u32 edge_off[n_words + 1]   where each word's edges are
 *      u16 slot[n_slots]           open addressing by FNV-1a 32: word + 1, or 0
 *      u16 target[n_edges]         the other word
 *      u8  kind[n_edges]           synonyms_kind, or 4: the word is a form of `target`; a hypernym
 *                                  is 5 where the word is a kind of `target`, 6 the other way
 *                                  round, 3 where neither is sure
 *      text, zeros to a multiple of 8
 *      u64 checksum: FNV-1a over all before, taken as 64-bit words
 * A word's forms come first, then its relations by target. A relation is kept once, with the word
 * that comes first. */
#include "text/synonyms.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/mem.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "synonym tables are read in place");

enum { VERSION = 2, HEADER = 32, MAX_FILE = 16 << 20, MIN_STEM = 2 };
enum { FORM = 4, KIND = 5, KINDS = 6 }; /* of edges, beside synonyms_kind */
static const char MAGIC[8] = {'E', 'M', 'E', 'N', 'D', 'S', 'Y', '1'};
static const char STAGE[] = "synonyms";

typedef struct incoming {
  uint32_t word, edge;
} incoming;

struct synonyms {
  uint32_t n_words, n_edges, n_slots, text_len;
  const uint32_t *word_off, *edge_off;
  const uint16_t *slot, *target;
  const uint8_t *kind;
  const char *text;
  uint32_t *back_off; /* where each word's are in `back`, which lists the edges that lead to it */
  incoming *back;
  uint64_t bytes[]; /* the file; 8-aligned */
};

static uint64_t checksum(const uint64_t *words, size_t n) {
  uint64_t h = 14695981039346656037u;
  for (size_t i = 0; i < n; i++) h = (h ^ words[i]) * 1099511628211u;
  return h;
}

static str word_at(const synonyms *s, uint32_t i) {
  return (str){s->text + s->word_off[i], s->word_off[i + 1] - s->word_off[i]};
}

/* ---- reading ---- */

/* True when off[0..n] rises from 0 to `end`. */
static bool rises(const uint32_t *off, uint32_t n, uint32_t end) {
  if (off[0] != 0 || off[n] != end) return false;
  for (uint32_t i = 0; i < n; i++)
    if (off[i] > off[i + 1]) return false;
  return true;
}

/* Forms first, then targets in order: what the look-up relies on. */
static bool edges_are_sorted(const synonyms *s, uint32_t word) {
  for (uint32_t e = s->edge_off[word]; e < s->edge_off[word + 1]; e++) {
    if (s->target[e] >= s->n_words || s->kind[e] < SYNONYMS_SYNONYM || s->kind[e] > KINDS)
      return false;
    if (e == s->edge_off[word] || s->kind[e - 1] == FORM) continue;
    if (s->kind[e] == FORM || s->target[e] <= s->target[e - 1]) return false;
  }
  return true;
}

static const char *check_contents(const synonyms *s) {
  if (!rises(s->word_off, s->n_words, s->text_len)) return "the words are out of order";
  if (!rises(s->edge_off, s->n_words, s->n_edges)) return "the relations are out of order";
  uint32_t filled = 0;
  for (uint32_t i = 0; i < s->n_slots; i++) {
    if (s->slot[i] > s->n_words) return "a slot is out of range";
    filled += s->slot[i] != 0;
  }
  if (filled == s->n_slots) return "there is no free slot";
  for (uint32_t i = 0; i < s->n_words; i++)
    if (!edges_are_sorted(s, i)) return "a relation is out of range";
  return NULL;
}

/* Points the arrays into the file; false when they do not fill it exactly. */
static bool lay_out(synonyms *s, size_t n) {
  const char *p = (const char *)s->bytes;
  uint32_t head[6];
  memcpy(head, p + 8, sizeof head);
  s->n_words = head[1];
  s->n_edges = head[2];
  s->n_slots = head[3];
  s->text_len = head[4];
  if (s->n_words > UINT16_MAX - 1 || s->n_edges > MAX_FILE || s->n_slots > MAX_FILE ||
      s->text_len > MAX_FILE || s->n_slots == 0 || (s->n_slots & (s->n_slots - 1)) != 0)
    return false;
  size_t words = HEADER, edges = words + 4 * ((size_t)s->n_words + 1);
  size_t slots = edges + 4 * ((size_t)s->n_words + 1), targets = slots + 2 * (size_t)s->n_slots;
  size_t kinds = targets + 2 * (size_t)s->n_edges, text = kinds + s->n_edges;
  if ((text + s->text_len + 7) / 8 * 8 + 8 != n) return false;
  s->word_off = (const uint32_t *)(const void *)(p + words);
  s->edge_off = (const uint32_t *)(const void *)(p + edges);
  s->slot = (const uint16_t *)(const void *)(p + slots);
  s->target = (const uint16_t *)(const void *)(p + targets);
  s->kind = (const uint8_t *)(p + kinds);
  s->text = p + text;
  return true;
}

/* Checks the `n` bytes already in s->bytes. */
static emend_rc accept(synonyms *s, size_t n, emend_error *err) {
  uint32_t version;
  if (n < HEADER + 8 || n % 8 != 0 || memcmp(s->bytes, MAGIC, 8) != 0)
    return err_set(err, EMEND_EFORMAT, STAGE, "this is not a table of synonyms");
  memcpy(&version, s->bytes + 1, sizeof version);
  if (version != VERSION)
    return err_set(err, EMEND_EVERSION, STAGE,
                   "the table has format version %u; this program reads version %d", version,
                   VERSION);
  if (checksum(s->bytes, n / 8 - 1) != s->bytes[n / 8 - 1])
    return err_set(err, EMEND_EFORMAT, STAGE, "damaged table: the checksum differs");
  if (!lay_out(s, n))
    return err_set(err, EMEND_EFORMAT, STAGE, "damaged table: its parts do not fill it");
  const char *bad = check_contents(s);
  return bad ? err_set(err, EMEND_EFORMAT, STAGE, "damaged table: %s", bad) : EMEND_OK;
}

/* Lists the edges that lead to each word. False when out of memory. */
static bool turn_edges(synonyms *s) {
  s->back_off = mem_alloc(((size_t)s->n_words + 1) * sizeof *s->back_off);
  s->back = mem_alloc(((size_t)s->n_edges + 1) * sizeof *s->back);
  if (!s->back_off || !s->back) return false;
  uint32_t *end = s->back_off + 1; /* while they are filled, where the next goes */
  for (uint32_t e = 0; e < s->n_edges; e++)
    if (s->target[e] + 1u < s->n_words) end[s->target[e] + 1]++;
  for (uint32_t i = 1; i < s->n_words; i++) end[i] += end[i - 1];
  for (uint32_t i = 0; i < s->n_words; i++)
    for (uint32_t e = s->edge_off[i]; e < s->edge_off[i + 1]; e++)
      s->back[end[s->target[e]]++] = (incoming){i, e};
  return true;
}

/* Takes the `n` bytes that are in `s` already, and `s`. */
static emend_rc finish(synonyms *s, size_t n, synonyms **out, emend_error *err) {
  emend_rc rc = accept(s, n, err);
  if (rc == EMEND_OK && !turn_edges(s)) rc = err_nomem(err, STAGE);
  if (rc == EMEND_OK)
    *out = s;
  else
    synonyms_close(s);
  return rc;
}

emend_rc synonyms_parse(const void *bytes, size_t n, synonyms **out, emend_error *err) {
  *out = NULL;
  if (n > MAX_FILE) return err_set(err, EMEND_EFORMAT, STAGE, "the table is too large");
  synonyms *s = mem_alloc(sizeof *s + n);
  if (!s) return err_nomem(err, STAGE);
  if (n) memcpy(s->bytes, bytes, n);
  return finish(s, n, out, err);
}

emend_rc synonyms_open(const char *path, synonyms **out, emend_error *err) {
  *out = NULL;
  emend_rc rc = EMEND_OK;
  synonyms *s = NULL;
  size_t size;
  struct stat st;
  FILE *f = fopen(path, "rb");
  if (!f && errno == ENOENT) return EMEND_OK;
  if (!f) return err_set(err, EMEND_EIO, STAGE, "%s: %s", path, strerror(errno));
  if (fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
    rc = err_set(err, EMEND_EIO, STAGE, "%s: not a regular file", path);
    goto out;
  }
  if (st.st_size > MAX_FILE) {
    rc = err_set(err, EMEND_EFORMAT, STAGE, "%s: the table is too large", path);
    goto out;
  }
  size = (size_t)st.st_size;
  s = mem_alloc(sizeof *s + size);
  if (!s) {
    rc = err_nomem(err, STAGE);
    goto out;
  }
  if (fread(s->bytes, 1, size, f) != size) {
    rc = err_set(err, EMEND_EIO, STAGE, "%s: cannot be read", path);
    goto out;
  }
  rc = finish(s, size, out, err);
  s = NULL;

out:
  mem_free(s);
  fclose(f);
  return rc;
}

void synonyms_close(synonyms *s) {
  if (!s) return;
  mem_free(s->back_off);
  mem_free(s->back);
  mem_free(s);
}

size_t synonyms_len(const synonyms *s) { return s ? s->n_words : 0; }

/* ---- looking up ---- */

/* The word made of `stem` and `ending`, as an id + 1; 0 when the table lacks it. */
static uint32_t find_exact(const synonyms *s, str stem, str ending) {
  uint32_t h = str_hash(stem);
  for (size_t i = 0; i < ending.len; i++) h = (h ^ (unsigned char)ending.ptr[i]) * 16777619u;
  for (uint32_t at = h & (s->n_slots - 1); s->slot[at]; at = (at + 1) & (s->n_slots - 1)) {
    str word = word_at(s, s->slot[at] - 1u);
    if (word.len == stem.len + ending.len && str_eq(str_slice(word, 0, stem.len), stem) &&
        str_eq(str_slice(word, stem.len, word.len), ending))
      return s->slot[at];
  }
  return 0;
}

static void add_lemma(synonyms_word *out, uint16_t id) {
  for (int i = 0; i < out->n; i++)
    if (out->lemma[i] == id) return;
  if (out->n < SYNONYMS_MAX_LEMMAS) out->lemma[out->n++] = id;
}

/* Adds a word of the table and, where it is an irregular form, its lemmas. */
static void add_word(const synonyms *s, synonyms_word *out, uint32_t found) {
  if (!found) return;
  add_lemma(out, (uint16_t)(found - 1));
  for (uint32_t e = s->edge_off[found - 1]; e < s->edge_off[found] && s->kind[e] == FORM; e++)
    add_lemma(out, s->target[e]);
}

/* WordNet's rules of detachment: an ending and what stood before it in the lemma. The
 * comparison of adjectives comes last, because nouns end so too: "older" is a form of
 * "old", but "singer" is none of "sing". */
#define TEXT(literal) \
  { (literal), sizeof(literal) - 1 }
static const struct {
  str ending, lemma;
} RULES[] = {
    {TEXT("s"), TEXT("")},   {TEXT("ies"), TEXT("y")},   {TEXT("es"), TEXT("")},
    {TEXT("ed"), TEXT("e")}, {TEXT("ed"), TEXT("")},     {TEXT("ing"), TEXT("e")},
    {TEXT("ing"), TEXT("")}, {TEXT("men"), TEXT("man")}, {TEXT("er"), TEXT("e")},
    {TEXT("er"), TEXT("")},  {TEXT("est"), TEXT("e")},   {TEXT("est"), TEXT("")},
};
#undef TEXT
enum { N_RULES = sizeof RULES / sizeof *RULES, FIRST_COMPARISON = 8 };

synonyms_word synonyms_find(const synonyms *s, str lower_word) {
  synonyms_word out = {.n = 0, .sure = 0};
  if (!s || lower_word.len == 0) return out;
  add_word(s, &out, find_exact(s, lower_word, STR("")));
  for (size_t i = 0; i < N_RULES; i++) {
    if (i == FIRST_COMPARISON) out.sure = out.n;
    if (!str_ends(lower_word, RULES[i].ending)) continue;
    size_t keep = lower_word.len - RULES[i].ending.len;
    if (keep + RULES[i].lemma.len < MIN_STEM) continue;
    add_word(s, &out, find_exact(s, str_slice(lower_word, 0, keep), RULES[i].lemma));
  }
  if (out.sure == 0) out.sure = out.n;
  return out;
}

static synonyms_kind relation_of(const synonyms *s, uint16_t a, uint16_t b) {
  if (a == b) return SYNONYMS_SYNONYM;
  uint16_t first = a < b ? a : b, second = a < b ? b : a;
  uint32_t lo = s->edge_off[first], hi = s->edge_off[first + 1u], end = hi;
  while (lo < end && s->kind[lo] == FORM) lo++;
  while (lo < hi) {
    uint32_t mid = lo + (hi - lo) / 2;
    if (s->target[mid] < second)
      lo = mid + 1;
    else
      hi = mid;
  }
  if (lo == end || s->target[lo] != second) return SYNONYMS_NONE;
  return s->kind[lo] > FORM ? SYNONYMS_HYPERNYM : (synonyms_kind)s->kind[lo];
}

synonyms_kind synonyms_between(const synonyms *s, const synonyms_word *a, const synonyms_word *b) {
  synonyms_kind best = SYNONYMS_NONE;
  if (!s) return best;
  for (int i = 0; i < a->n; i++)
    for (int j = 0; j < b->n; j++) {
      synonyms_kind k = relation_of(s, a->lemma[i], b->lemma[j]);
      if (k == SYNONYMS_SYNONYM && (i >= a->sure || j >= b->sure)) k = SYNONYMS_DERIVATION;
      if (k != SYNONYMS_NONE && (best == SYNONYMS_NONE || k < best)) best = k;
    }
  return best;
}

synonyms_kind synonyms_relation(const synonyms *s, str word_a, str word_b) {
  synonyms_word a = synonyms_find(s, word_a), b = synonyms_find(s, word_b);
  return synonyms_between(s, &a, &b);
}

/* ---- what stands in a relation ---- */

typedef struct listing {
  uint16_t *out;
  int n, room;
} listing;

static void list(listing *l, uint32_t id) {
  for (int i = 0; i < l->n; i++)
    if (l->out[i] == id) return;
  if (l->n < l->room) l->out[l->n++] = (uint16_t)id;
}

/* Adds what `id` has an edge of one of `kinds` (bits) with, as seen from `id`. */
static void list_edges(const synonyms *s, uint16_t id, unsigned kinds, listing *l) {
  for (uint32_t i = s->back_off[id]; i < s->back_off[id + 1u]; i++) {
    uint8_t kind = s->kind[s->back[i].edge];
    if (kind > FORM) kind = (uint8_t)(KIND + KINDS - kind);
    if (kinds >> kind & 1) list(l, s->back[i].word);
  }
  for (uint32_t e = s->edge_off[id]; e < s->edge_off[id + 1u]; e++)
    if (kinds >> s->kind[e] & 1) list(l, s->target[e]);
}

int synonyms_list(const synonyms *s, const synonyms_word *w, synonyms_kind kind, uint16_t *out,
                  int room) {
  listing l = {out, 0, room};
  unsigned kinds = 1u << kind;
  if (kind == SYNONYMS_HYPERNYM) kinds |= 1u << KIND | 1u << KINDS;
  for (int i = 0; s && i < w->sure; i++) list_edges(s, w->lemma[i], kinds, &l);
  return l.n;
}

int synonyms_more_general(const synonyms *s, const synonyms_word *w, uint16_t *out, int room) {
  listing l = {out, 0, room};
  for (int i = 0; s && i < w->sure; i++) list_edges(s, w->lemma[i], 1u << KIND, &l);
  return l.n;
}

str synonyms_text(const synonyms *s, uint16_t lemma) { return word_at(s, lemma); }
