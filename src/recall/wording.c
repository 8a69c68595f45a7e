/* A question as recall reads it. See wording.h; the words are in words.def and
 * weak.def, dates in dates.c. */
#include "recall/wording.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "recall/dates.h"
#include "text/text.h"

enum { LONGEST_PHRASE = 4, TABLE = 1024 };

/* ---- the tables, hashed when first needed ---- */

typedef struct phrase {
  const char *text;
  recall_op op;
  const char *dimension;
} phrase;

static const phrase PHRASES[] = {
#define RECALL_PHRASE(text, op, dimension) {text, OP_##op, dimension},
#include "recall/words.def"
#undef RECALL_PHRASE
};

#define RECALL_WEAK(word) word,
#define RECALL_LIGHT(word)
#define RECALL_LEADING(word)
#define RECALL_GENERIC(word)
static const char *const WEAK[] = {
#include "recall/weak.def"
};
#undef RECALL_WEAK
#undef RECALL_LIGHT
#define RECALL_WEAK(word)
#define RECALL_LIGHT(word) word,
static const char *const LIGHT[] = {
#include "recall/weak.def"
};
#undef RECALL_LIGHT
#undef RECALL_LEADING
#define RECALL_LIGHT(word)
#define RECALL_LEADING(word) word,
static const char *const LEADING[] = {
#include "recall/weak.def"
};
#undef RECALL_LEADING
#undef RECALL_GENERIC
#define RECALL_LEADING(word)
#define RECALL_GENERIC(word) word,
static const char *const GENERIC[] = {
#include "recall/weak.def"
};

enum {
  N_PHRASES = sizeof PHRASES / sizeof *PHRASES,
  N_WEAK = sizeof WEAK / sizeof *WEAK,
  N_LIGHT = sizeof LIGHT / sizeof *LIGHT,
  N_LEADING = sizeof LEADING / sizeof *LEADING,
  N_GENERIC = sizeof GENERIC / sizeof *GENERIC
};

static uint16_t phrase_slots[TABLE], weak_slots[TABLE]; /* 1 + index; open addressing */
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static void put_slot(uint16_t *slots, str key, size_t index) {
  size_t at = str_hash(key) % TABLE;
  while (slots[at]) at = (at + 1) % TABLE;
  slots[at] = (uint16_t)(index + 1);
}

static void make_tables(void) {
  for (size_t i = 0; i < N_PHRASES; i++) put_slot(phrase_slots, str_from(PHRASES[i].text), i);
  for (size_t i = 0; i < N_WEAK; i++) put_slot(weak_slots, str_from(WEAK[i]), i);
}

static const phrase *find_phrase(str text) {
  for (size_t at = str_hash(text) % TABLE; phrase_slots[at]; at = (at + 1) % TABLE)
    if (str_eq(text, str_from(PHRASES[phrase_slots[at] - 1].text)))
      return &PHRASES[phrase_slots[at] - 1];
  return NULL;
}

static bool is_weak(str word) {
  for (size_t at = str_hash(word) % TABLE; weak_slots[at]; at = (at + 1) % TABLE)
    if (str_eq(word, str_from(WEAK[weak_slots[at] - 1]))) return true;
  return false;
}

/* ---- words ---- */

typedef struct reader {
  arena *a;
  text_words tokens; /* without punctuation */
  recall_wording *out;
  int64_t now;
  buf key;
} reader;

uint64_t wording_stem(arena *a, str lower_word) {
  str stem = text_stem(a, lower_word);
  return stem.ptr ? str_hash64(stem) : 0;
}

bool wording_is_any(const recall_word *w, const char *const *words) {
  for (; *words; words++)
    if (w->lower == str_hash64(str_from(*words))) return true;
  return false;
}

/* "don't" and "isn’t" without their apostrophes; what comes before one elsewhere. */
static str without_apostrophe(str w, bool *negated) {
  static const str MARKS[] = {{"'", 1}, {"\xe2\x80\x99", 3}};
  *negated = false;
  for (size_t i = 0; i < 2; i++) {
    size_t at = str_find(w, MARKS[i], 0);
    if (at == SIZE_MAX || at == 0) continue;
    str tail = str_slice(w, at + MARKS[i].len, w.len);
    *negated = str_eq(tail, STR("t")) && w.ptr[at - 1] == 'n';
    if (*negated) return str_slice(w, 0, at - 1);
    bool ending = str_eq(tail, STR("s")) || str_eq(tail, STR("re")) || str_eq(tail, STR("ve")) ||
                  str_eq(tail, STR("d")) || str_eq(tail, STR("ll")) || str_eq(tail, STR("m"));
    return ending ? str_slice(w, 0, at) : w;
  }
  static const char *const BARE[] = {"dont",  "doesnt", "didnt",  "isnt",  "arent",
                                     "wasnt", "werent", "havent", "hasnt", "hadnt",
                                     "cant",  "wont",   "couldnt"};
  for (size_t i = 0; i < sizeof BARE / sizeof *BARE; i++)
    if (str_eq(w, str_from(BARE[i]))) {
      *negated = true;
      return str_slice(w, 0, w.len - 2);
    }
  return w;
}

static recall_word *push(reader *r, const text_word *t) {
  recall_wording *o = r->out;
  recall_word *w = &o->words[o->n++];
  *w = (recall_word){.from = t->from,
                     .to = t->to,
                     .capital = t->capital,
                     .quoted = t->quoted,
                     .number = t->number,
                     .numeric = t->is_number};
  return w;
}

/* At most four words from `i` as one text; how many were joined. */
static size_t join_words(const reader *r, size_t i, size_t most, char *out, size_t size) {
  size_t n = 0, len = 0;
  for (; n < most && i + n < r->tokens.len; n++) {
    const text_word *t = &r->tokens.items[i + n];
    if (t->quoted || t->lower.len + len + 2 > size) break;
    if (n) out[len++] = ' ';
    memcpy(out + len, t->lower.ptr, t->lower.len);
    len += t->lower.len;
  }
  out[len] = 0;
  return n;
}

static bool is_one_of(str word, const char *const *list, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (str_eq(word, str_from(list[i]))) return true;
  return false;
}

/* "below 3 or above 5" joins two values, "5 or above" is one. */
static bool joins_values(const reader *r, size_t i, size_t n) {
  str first = r->tokens.items[i].lower;
  bool joins = str_eq(first, STR("or")) || str_eq(first, STR("and"));
  size_t next = i + n;
  next += next < r->tokens.len && str_eq(r->tokens.items[next].lower, STR("than"));
  return joins && n > 1 && next < r->tokens.len && r->tokens.items[next].is_number;
}

/* "The phone number of" a shop is a name; "the large number of" is not, nor "what number of". */
static bool names_number(const reader *r, size_t i, const phrase *p) {
  static const char *const NAMED[] = {"phone", "id",      "serial", "registration",  "account",
                                      "card",  "version", "room",   "telephone",     "level",
                                      "code",  "flight",  "day",    "identification"};
  if (i == 0 || strcmp(p->text, "number of") != 0) return false;
  for (size_t k = 0; k < sizeof NAMED / sizeof *NAMED; k++)
    if (str_eq(r->tokens.items[i - 1].lower, str_from(NAMED[k]))) return true;
  return false;
}

/* "Customers under the new policy": what comes is no amount, nor an average of some. */
static bool leads_to_thing(const reader *r, size_t i, const phrase *p) {
  static const char *const AMOUNTS[] = {"age", "that", "those", "what"};
  if (strcmp(p->text, "under") != 0 || i + 1 >= r->tokens.len) return false;
  for (size_t k = i + 1; k < r->tokens.len && k <= i + 2; k++) {
    const text_word *t = &r->tokens.items[k];
    if (t->is_number || find_phrase(t->lower) || is_one_of(t->lower, AMOUNTS, 4)) return false;
  }
  return true;
}

/* The longest phrase that begins at token `i`; *n is how many tokens it takes. */
static const phrase *phrase_at(const reader *r, size_t i, size_t *n) {
  char text[96];
  for (size_t most = LONGEST_PHRASE + 2; most > 0; most--) {
    if (join_words(r, i, most, text, sizeof text) != most) continue;
    const phrase *p = find_phrase(str_from(text));
    if (!p || joins_values(r, i, most) || names_number(r, i, p) || leads_to_thing(r, i, p))
      continue;
    *n = most;
    return p;
  }
  return NULL;
}

static bool read_phrase(reader *r, size_t *i) {
  size_t n = 0;
  const phrase *p = phrase_at(r, *i, &n);
  if (!p) return false;
  recall_word *w = push(r, &r->tokens.items[*i]);
  w->to = r->tokens.items[*i + n - 1].to;
  w->kind = WORD_OP;
  w->op = (uint8_t)p->op;
  w->lower = str_hash64(str_from(p->text));
  w->stem = p->dimension[0] ? wording_stem(r->a, str_from(p->dimension)) : 0;
  w->numeric = false;
  *i += n;
  return true;
}

/* A date or period of one or more words. False without one; -1 in *bad when out of memory. */
static bool read_date(reader *r, size_t *i) {
  recall_period p;
  size_t n = dates_at(r->tokens.items, r->tokens.len, *i, r->now, &p);
  if (n == 0) return false;
  recall_word *w = push(r, &r->tokens.items[*i]);
  w->to = r->tokens.items[*i + n - 1].to;
  w->kind = WORD_DATE;
  w->lower = str_hash64(str_slice(r->out->text, w->from, w->to));
  w->stem = w->lower;
  r->out->periods[r->out->n_periods++] = p;
  w->date = r->out->n_periods;
  r->out->relative = r->out->relative || p.relative;
  *i += n;
  return true;
}

static bool is_ordinal(const text_word *t) {
  bool ordinal = false;
  return text_number_word(t->lower, NULL, &ordinal) && (ordinal || t->number == 1) &&
         !ascii_is_digit(t->raw.ptr[0]);
}

/* Whether the word says little unless the schema has it. */
static bool is_light(const reader *r, size_t i) {
  static const char *const BEFORE[] = {"in",     "at",     "on",     "for",     "from",   "with",
                                       "by",     "to",     "of",     "under",   "as",     "into",
                                       "within", "across", "around", "through", "during", "among",
                                       "the",    "a",      "an",     "any"};
  str word = r->tokens.items[i].lower;
  if (is_one_of(word, LIGHT, N_LIGHT)) return true;
  return i + 1 < r->tokens.len && is_one_of(word, LEADING, N_LEADING) &&
         is_one_of(r->tokens.items[i + 1].lower, BEFORE, sizeof BEFORE / sizeof *BEFORE);
}

static bool read_word(reader *r, size_t i) {
  const text_word *t = &r->tokens.items[i];
  bool negated = false;
  str base = t->quoted ? t->lower : without_apostrophe(t->lower, &negated);
  recall_word *w = push(r, t);
  w->lower = str_hash64(base);
  w->stem = base.len == t->lower.len ? str_hash64(t->stem) : wording_stem(r->a, base);
  w->ordinal = t->is_number && is_ordinal(t);
  if (negated) {
    w->kind = WORD_OP;
    w->op = OP_NOT;
    w->stem = 0;
  } else if (t->is_number && !w->ordinal) {
    char digits[32]; /* "3" and "three" are found alike */
    snprintf(digits, sizeof digits, "%.12g", t->number);
    w->stem = str_hash64(str_from(digits));
    w->kind = WORD_NUMBER;
  } else if (!t->quoted && is_weak(base)) {
    w->kind = text_is_stopword(base) ? WORD_FILLER : WORD_WEAK;
  } else if (!t->quoted && is_light(r, i)) {
    w->kind = WORD_WEAK;
    w->light = true;
  } else {
    w->kind = WORD_CONTENT;
    w->generic = !t->quoted && is_one_of(base, GENERIC, N_GENERIC);
  }
  return negated || w->stem != 0;
}

/* ---- the key ---- */

/* Words that a request may open or close with. */
static bool is_courtesy(str w) {
  static const char *const WORDS[] = {"please", "kindly", "hey",   "hi",  "hello",
                                      "thanks", "thank",  "could", "can", "would",
                                      "you",    "me",     "tell",  "us"};
  for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
    if (str_eq(w, str_from(WORDS[i]))) return true;
  return false;
}

static void add_to_key(reader *r, const text_word *t) {
  bool negated = false;
  str base = t->quoted ? t->lower : without_apostrophe(t->lower, &negated);
  if (!t->quoted && is_courtesy(base)) return;
  if (r->key.len) buf_add_c(&r->key, ' ');
  if (t->is_number && !is_ordinal(t))
    buf_printf(&r->key, "%.12g", t->number);
  else
    buf_add(&r->key, base);
  if (negated) buf_add_cstr(&r->key, " not");
  bool is = base.len < t->lower.len && !negated && !t->quoted;
  if (is && str_ends(t->lower, STR("s"))) buf_add_cstr(&r->key, " is");
}

static bool make_key(reader *r) {
  buf_init(&r->key, 1 << 16);
  for (size_t i = 0; i < r->tokens.len; i++) {
    const text_word *t = &r->tokens.items[i];
    bool asks = i && str_eq(t->lower, STR("'s")) && is_weak(r->tokens.items[i - 1].lower);
    if (asks) /* "what's" */
      buf_add_cstr(&r->key, " is");
    else
      add_to_key(r, t);
  }
  r->out->key = r->key.failed ? (str){0} : arena_str(r->a, buf_str(&r->key));
  buf_free(&r->key);
  return r->out->key.ptr != NULL;
}

/* ---- all of it ---- */

static bool tokenize(reader *r, str question) {
  text_words all;
  if (!text_tokenize(question, r->a, &all)) return false;
  for (size_t i = 0; i < all.len && r->tokens.len < WORDING_MAX_WORDS; i++) {
    const text_word *t = &all.items[i];
    if (!t->is_punct && !vec_push(r->a, &r->tokens, *t)) return false;
  }
  return true;
}

bool wording_read(str question, int64_t now, arena *a, recall_wording *out) {
  reader r = {.a = a, .out = out, .now = now};
  pthread_once(&tables_once, make_tables);
  *out = (recall_wording){.text = question};
  if (!tokenize(&r, question)) return false;
  size_t n = r.tokens.len + 1;
  out->words = ARENA_ARRAY(a, recall_word, n);
  out->periods = ARENA_ARRAY(a, recall_period, n);
  if (!out->words || !out->periods || !make_key(&r)) return false;
  for (size_t i = 0; i < r.tokens.len;) {
    if (r.tokens.items[i].quoted || (!read_date(&r, &i) && !read_phrase(&r, &i))) {
      if (!read_word(&r, i)) return false;
      i++;
    }
  }
  return true;
}
