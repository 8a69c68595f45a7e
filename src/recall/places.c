/* Where the words of two questions stand: what an operation is about, what is before a value, what
 * is asked for. See aligner.h. */
#include "recall/aligner.h"

enum { OBJECT_WORDS = 4 };

/* The words that the only operation `op` of `w` is about, as hashes of stems. */
static size_t objects_of(const recall_wording *w, const bool *taken, recall_op op,
                         uint64_t out[OBJECT_WORDS]) {
  size_t n = 0, at = 0, found = 0;
  for (size_t i = 0; i < w->n; i++)
    if (w->words[i].kind == WORD_OP && w->words[i].op == op && !(taken && taken[i])) n++, at = i;
  if (n != 1) return 0;
  if (w->words[at].stem) out[found++] = w->words[at].stem; /* "oldest" is about age */
  for (size_t i = at + 1; i < w->n && i <= at + 5 && found < OBJECT_WORDS; i++) {
    const recall_word *x = &w->words[i];
    if (x->kind == WORD_CONTENT && !(taken && taken[i]))
      out[found++] = x->stem;
    else if (found > (w->words[at].stem != 0) && !align_is_of(x))
      break;
  }
  return found;
}

static bool has_content(const recall_wording *w, uint64_t stem) {
  for (size_t i = 0; i < w->n; i++)
    if (w->words[i].stem == stem && w->words[i].kind == WORD_CONTENT) return true;
  return false;
}

/* "distinct students of courses" is not "distinct courses of students": where the words stand in
 * both questions, an operation is about the same ones. */
static void compare_objects(aligner *x) {
  static const recall_op OPS[] = {OP_COUNT, OP_DISTINCT, OP_AVG, OP_SUM, OP_HIGH, OP_LOW, OP_EACH};
  for (size_t i = 0; i < sizeof OPS / sizeof *OPS; i++) {
    uint64_t w[OBJECT_WORDS], q[OBJECT_WORDS];
    size_t n_w = objects_of(x->w, x->w_taken, OPS[i], w);
    size_t n_q = objects_of(x->q, x->out->fill.taken, OPS[i], q);
    bool shared = n_w == 0 || n_q == 0;
    for (size_t a = 0; a < n_w; a++)
      for (size_t b = 0; b < n_q; b++) shared = shared || w[a] == q[b];
    if (shared) continue;
    bool there = has_content(x->w, q[0]), here = has_content(x->q, w[0]);
    bool end = OPS[i] == OP_HIGH || OPS[i] == OP_LOW; /* "greatest height" of the "highest" */
    if (end && (align_roles(&x->e->facts, q[0]) & ROLE_ORDER) && !align_speaks_of(x->w, q[0]) &&
        (align_roles(&x->e->facts, w[0]) & ROLE_TABLE))
      continue;
    bool measures = OPS[i] != OP_COUNT && OPS[i] != OP_DISTINCT && OPS[i] != OP_EACH;
    if (measures ? there || here : there && here) x->out->is.faults |= FAULT_PLACES;
  }
}

/* The word right before a value, where it names a column that the query uses; 0: none. */
static uint64_t name_before(aligner *x, const recall_wording *w, size_t word) {
  const recall_word *c = word ? &w->words[word - 1] : NULL;
  bool named =
      c && c->kind == WORD_CONTENT && (align_roles(&x->e->facts, c->stem) & ~(unsigned)ROLE_TABLE);
  return named ? c->stem : 0;
}

/* "grade 4" is not "classroom 4". */
static void compare_neighbours(aligner *x) {
  for (size_t s = 0; s < x->ew->slots.n; s++) {
    const recall_slot *slot = &x->ew->slots.items[s], *m = &x->out->fill.mentions[s];
    if (!slot->n_words || !m->n_words) continue;
    uint64_t w = name_before(x, x->w, slot->word), q = name_before(x, x->q, m->word);
    if (w && q && w != q && align_speaks_of(x->q, w) && align_speaks_of(x->w, q))
      x->out->is.faults |= FAULT_PLACES;
  }
}

static bool is_article(const recall_word *w) {
  static const char *const WORDS[] = {"the", "a", "an", "its", "their", "all", NULL};
  return wording_is_any(w, WORDS);
}

/* Whether things are listed: "types and names", not "the names, and sort them", nor the "and" of a
 * value; of a query for one thing, not "live in Peru and have a pet" either. */
static bool is_list(const recall_wording *w, const bool *taken, bool one) {
  for (size_t i = 0; i + 1 < w->n; i++) {
    if (w->words[i].kind != WORD_OP || w->words[i].op != OP_AND || (taken && taken[i])) continue;
    size_t at = i + 1;
    while (at + 1 < w->n && is_article(&w->words[at])) at++;
    const recall_word *next = &w->words[at];
    bool clause = one && (next->kind == WORD_FILLER || next->kind == WORD_WEAK);
    bool order =
        next->kind == WORD_OP && (next->op == OP_ORDER || next->op == OP_ASCENDING ||
                                  next->op == OP_DESCENDING || next->op == OP_ALPHABETICAL);
    if (!order && !clause) return true;
  }
  return false;
}

/* "Ids, names": two words with a comma alone between them. */
static bool has_comma(const recall_wording *w) {
  for (size_t i = 0; i + 1 < w->n; i++) {
    str between = str_trim(str_slice(w->text, w->words[i].to, w->words[i + 1].from));
    bool things = (w->words[i].kind == WORD_CONTENT || w->words[i].kind == WORD_OP) &&
                  (w->words[i + 1].kind == WORD_CONTENT || w->words[i + 1].kind == WORD_OP);
    if (things && str_eq(between, STR(","))) return true;
  }
  return false;
}

/* Whether a word with this stem has no counterpart. */
static bool is_left(const recall_wording *w, const bool *done, uint64_t stem) {
  for (size_t k = 0; k < w->n; k++)
    if (!done[k] && w->words[k].stem == stem && w->words[k].kind == WORD_CONTENT) return true;
  return false;
}

/* Whether what one of them says "each" of is named there once more than in the other. */
static bool leaves_each(const aligner *x) {
  const recall_wording *sides[2] = {x->q, x->w};
  const bool *done[2] = {x->q_done, x->w_done};
  for (int i = 0; i < 2; i++) {
    uint64_t of[OBJECT_WORDS];
    size_t n = objects_of(sides[i], NULL, OP_EACH, of);
    if (n == 0 && align_has_op(sides[i], OP_EACH)) return true;
    bool again = i && !x->e->facts.group; /* said of each, and the asked one only speaks of it */
    for (size_t k = 0; k < n; k++)
      if (is_left(sides[i], done[i], of[k]) && !(again && align_speaks_of(x->q, of[k])))
        return true;
  }
  return false;
}

/* "for each city" where the other has no each needs a city there to be the same; "types and names"
 * is a list where "type names" is none. */
static void compare_lists(aligner *x) {
  recall_evidence *is = &x->out->is;
  bool each = align_has_op(x->q, OP_EACH) != align_has_op(x->w, OP_EACH);
  uint64_t of[OBJECT_WORDS] = {0};
  size_t n = objects_of(x->q, x->out->fill.taken, OP_EACH, of);
  bool named = !align_has_op(x->q, OP_EACH) || align_has_op(x->w, OP_EACH) || x->e->facts.group ||
               (n && (align_roles(&x->e->facts, of[0]) & ROLE_TABLE));
  if (each && !named) is->faults |= FAULT_GROUP;
  int named_more = is->q_again + is->q_repeated + is->q_used + is->q_table + is->q_spelt;
  if (each && named_more + is->w_again > 0 && leaves_each(x)) is->faults |= FAULT_GROUP;
  bool one = x->e->facts.n_items < 2;
  bool q = is_list(x->q, x->out->fill.taken, one), w = is_list(x->w, x->w_taken, one);
  bool listed = (q && !w && !has_comma(x->w)) || (w && !q && !has_comma(x->q));
  bool conditions = one && (x->e->facts.all || x->e->facts.not_ || x->e->facts.between);
  if (listed && !x->e->facts.group && !conditions) is->faults |= FAULT_PLACES;
}

/* "Who …?" asks for names, which the other must then do in so many words. */
static void compare_who(aligner *x) {
  static const str WHO = {"who", 3}, NAME = {"name", 4};
  const recall_wording *sides[2] = {x->q, x->w};
  for (int i = 0; i < 2; i++) {
    const recall_wording *one = sides[i], *other = sides[1 - i];
    if (!one->n || one->words[0].lower != str_hash64(WHO)) continue;
    bool fits = has_content(other, str_hash64(NAME));
    for (size_t k = 0; k < other->n; k++) fits |= other->words[k].lower == str_hash64(WHO);
    size_t noun = 1; /* "who are the nominees", where nominees are what the query gives */
    while (noun < one->n && one->words[noun].kind == WORD_FILLER) noun++;
    fits |= noun < one->n && one->words[noun].kind == WORD_CONTENT &&
            (align_roles(&x->e->facts, one->words[noun].stem) & ROLE_PROJECT) &&
            has_content(other, one->words[noun].stem);
    if (!fits) x->out->is.faults |= FAULT_PLACES;
  }
}

/* "Less than any": than one of them, or than each? */
static bool compares_any(const recall_wording *w) {
  static const str ANY = {"any", 3};
  for (size_t i = 0; i < w->n; i++) {
    if (w->words[i].lower != str_hash64(ANY)) continue;
    for (size_t back = 1; back <= 4 && back <= i; back++) {
      const recall_word *op = &w->words[i - back];
      if (op->kind == WORD_OP && (op->op == OP_MORE || op->op == OP_LESS)) return true;
    }
  }
  return false;
}

/* Whether word `i` is the first part of a name: "template ids", not "products bought". */
static bool is_part(const aligner *x, const recall_wording *w, size_t i) {
  if (i + 1 >= w->n || w->words[i + 1].kind != WORD_CONTENT) return false;
  return lexicon_has(x->ctx->lexicon, w->words[i + 1].stem) &&
         !str_ends(align_text(w, i + 1), STR("ed"));
}

/* The first word that names a table, values left out, and `whole`: parts of names; 0: none. */
static uint64_t head_of(const aligner *x, const recall_wording *w, const bool *taken, bool whole) {
  for (size_t i = 0; i < w->n; i++) {
    bool counts = w->words[i].kind == WORD_CONTENT && !(taken && taken[i]);
    bool of = i + 1 < w->n && align_is_of(&w->words[i + 1]) && /* "name of" */
              (align_roles(&x->e->facts, w->words[i].stem) & ROLE_PROJECT);
    if (!counts || of || (whole && is_part(x, w, i))) continue;
    if (lexicon_has_table(x->ctx->lexicon, w->words[i].stem)) return w->words[i].stem;
  }
  return 0;
}

static bool heads_differ(const aligner *x, bool whole) {
  uint64_t w = head_of(x, x->w, x->w_taken, whole);
  uint64_t q = head_of(x, x->q, x->out->fill.taken, whole);
  return w && q && w != q && align_speaks_of(x->w, q) && align_speaks_of(x->q, w);
}

/* "Products bought by customers" are not "customers who bought products". */
static void compare_heads(aligner *x) {
  if (align_has_op(x->q, OP_EACH) || align_has_op(x->w, OP_EACH)) return;
  if (heads_differ(x, false) && heads_differ(x, true)) x->out->is.faults |= FAULT_PLACES;
}

/* "How high is …" asks for a measure, as "the height of" does and "which" does not. */
static void compare_how(aligner *x) {
  static const str HOW = {"how", 3};
  const recall_wording *sides[2] = {x->q, x->w};
  const bool *done[2] = {x->q_done, x->w_done};
  for (int i = 0; i < 2; i++)
    for (size_t k = 0; k + 1 < sides[i]->n; k++) {
      bool how = sides[i]->words[k].lower == str_hash64(HOW);
      if (how && sides[i]->words[k + 1].kind == WORD_CONTENT && !done[i][k + 1])
        x->out->is.faults |= FAULT_PLACES;
    }
}

/* How often "all" stands where "each" might: "for all", "of all", not "show all". */
static size_t count_all(const recall_wording *w) {
  static const str ALL = {"all", 3},
                   BEFORE[] = {{"for", 3}, {"of", 2}, {"in", 2}, {"by", 2}, {"at", 2}, {"from", 4}};
  size_t n = 0;
  for (size_t i = 1; i < w->n; i++) {
    const recall_word *before = &w->words[i - 1];
    if (w->words[i].lower != str_hash64(ALL)) continue;
    bool stands = before->kind == WORD_OP; /* "number of" is one */
    for (size_t k = 0; k < 6; k++) stands |= before->lower == str_hash64(BEFORE[k]);
    n += stands;
  }
  return n;
}

/* "For all types" is not "for each type" where rows are put together. */
static void compare_all(aligner *x) {
  bool each = align_count_op(x->w, OP_EACH) > align_count_op(x->q, OP_EACH);
  if (x->e->facts.group && each && count_all(x->q) > count_all(x->w))
    x->out->is.faults |= FAULT_GROUP;
}

static bool follows_end(const recall_wording *w, size_t i) {
  return i && w->words[i - 1].kind == WORD_OP &&
         (w->words[i - 1].op == OP_HIGH || w->words[i - 1].op == OP_LOW);
}

/* Whether a word without a counterpart is what is asked for: "names of"; with `end`, only one that
 * stands where a number might: "the largest names of". */
static bool leaves_head(const recall_wording *w, const bool *done, bool end) {
  for (size_t i = 0; i + 1 < w->n; i++)
    if (w->words[i].kind == WORD_CONTENT && align_is_of(&w->words[i + 1]) &&
        (!end || follows_end(w, i)) && is_left(w, done, w->words[i].stem))
      return true;
  return false;
}

/* How often rows are counted; "the largest number of orders" may also be "the most orders". */
static size_t count_counts(const recall_wording *w, bool ends) {
  size_t n = 0;
  for (size_t i = 0; i < w->n; i++)
    n += w->words[i].kind == WORD_OP && w->words[i].op == OP_COUNT && (ends || !follows_end(w, i));
  return n;
}

/* "The largest names of credits": a name in the place of a number. */
static void compare_numbers(aligner *x) {
  for (int ends = 0; ends < 2; ends++) {
    size_t w = count_counts(x->w, ends), q = count_counts(x->q, ends);
    if ((w > q && leaves_head(x->q, x->q_done, ends)) ||
        (q > w && leaves_head(x->w, x->w_done, ends)))
      x->out->is.faults |= FAULT_AGGREGATE;
  }
}

void places_compare(aligner *x) {
  compare_objects(x);
  compare_neighbours(x);
  compare_who(x);
  compare_heads(x);
  compare_all(x);
  if (compares_any(x->w) || compares_any(x->q)) x->out->is.faults |= FAULT_COMPARE;
}

void places_compare_rest(aligner *x) {
  compare_lists(x);
  compare_how(x);
  compare_numbers(x);
}
