/* Is this question that confirmed one in other words? See align.h. */
#include "recall/align.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "recall/aligner.h"
#include "text/text.h"

/* What a word costs that has no counterpart. */
static const double cost_end = 0.5;      /* "oldest", where the other does not speak of age */
static const double cost_pair = 0.25;    /* it has one, related by a dictionary */
static const double cost_derived = 0.15; /* "founded", "founder" */
static const double cost_spelling = 0.2; /* one typing error apart */

/* ---- telling ---- */

void align_tell(aligner *x, const char *before, str what, const char *after) {
  if (!x->reasons) return;
  char *text = arena_printf(x->a, "%s%.*s%s", before, STR_ARG(what), after);
  if (text) (void)vec_push(x->a, &x->reasons->differs, str_from(text));
}

str align_text(const recall_wording *w, size_t i) {
  return str_slice(w->text, w->words[i].from, w->words[i].to);
}

/* ---- words ---- */

static bool is_content(const recall_word *w) {
  return w->kind == WORD_CONTENT || w->kind == WORD_NUMBER || w->kind == WORD_DATE;
}

static bool counts(const recall_word *w) { return is_content(w) || w->kind == WORD_WEAK; }

static bool is_participle(str word) {
  return str_ends(word, STR("ed")) || str_ends(word, STR("ing"));
}

/* "claimed" beside a column "amount_claimed" is not the "claim" of another. */
static bool is_name_of_its_own(const aligner *x, size_t i, size_t k) {
  bool q = is_participle(align_text(x->q, i)), w = is_participle(align_text(x->w, k));
  if (q == w) return false;
  return lexicon_has_form(x->ctx->lexicon, q ? x->q->words[i].lower : x->w->words[k].lower);
}

static bool same_word(const aligner *x, size_t i, size_t k) {
  const recall_word *q = &x->q->words[i], *w = &x->w->words[k];
  if (q->kind == WORD_NUMBER || w->kind == WORD_NUMBER)
    return q->numeric && w->numeric && q->number == w->number;
  return q->stem == w->stem && (q->lower == w->lower || !is_name_of_its_own(x, i, k));
}

/* Values, operations and filler have no part in the comparison of words. */
static void set_aside(aligner *x) {
  for (size_t i = 0; i < x->q->n; i++)
    x->q_done[i] = x->out->fill.taken[i] || !counts(&x->q->words[i]);
  for (size_t i = 0; i < x->w->n; i++) x->w_done[i] = !counts(&x->w->words[i]);
  for (size_t s = 0; s < x->ew->slots.n; s++) {
    const recall_slot *slot = &x->ew->slots.items[s];
    for (size_t k = 0; k < slot->n_words; k++) x->w_done[slot->word + k] = true;
  }
}

/* The same forms first: "named" is "named" before it is "names". */
static void match_same(aligner *x) {
  size_t place[WORDING_MAX_WORDS], last = 0; /* 1 + that of the counterpart; 0: none */
  memset(place, 0, sizeof place);
  for (size_t i = 0; i < x->q->n; i++)
    x->out->is.n_words += !x->q_done[i] && is_content(&x->q->words[i]);
  for (int pass = 0; pass < 2; pass++)
    for (size_t i = 0; i < x->q->n; i++) {
      if (x->q_done[i]) continue;
      for (size_t k = 0; k < x->w->n; k++) {
        if (pass == 0 && x->q->words[i].lower != x->w->words[k].lower) continue;
        if (x->w_done[k] || !same_word(x, i, k)) continue;
        x->q_done[i] = x->w_done[k] = true;
        x->out->is.n_same += is_content(&x->q->words[i]);
        if (is_content(&x->q->words[i])) place[i] = k + 1;
        break;
      }
    }
  for (size_t i = 0; i < x->q->n; i++) {
    if (!place[i]) continue;
    x->out->is.moved |= place[i] < last;
    last = place[i];
  }
}

/* ---- operations that a word of the other question stands for: "oldest", "age" ---- */

/* Whether `other` has an operation or a word of the dimension; a word counts as explained. */
static bool has_dimension(const recall_wording *other, bool *done, uint64_t dimension) {
  bool found = false;
  for (size_t i = 0; i < other->n; i++) {
    if (other->words[i].stem != dimension) continue;
    done[i] = found = true;
  }
  return found;
}

size_t align_count_op(const recall_wording *w, recall_op op) {
  size_t n = 0;
  for (size_t i = 0; i < w->n; i++) n += w->words[i].kind == WORD_OP && w->words[i].op == op;
  return n;
}

bool align_has_op(const recall_wording *w, recall_op op) { return align_count_op(w, op) > 0; }

/* Both say "youngest": an age that one of them also speaks of is another matter. */
static bool has_same(const recall_wording *w, const recall_word *op) {
  for (size_t i = 0; i < w->n; i++)
    if (w->words[i].kind == WORD_OP && w->words[i].op == op->op && w->words[i].stem == op->stem)
      return true;
  return false;
}

/* "most common" is the highest count. */
static bool is_common(const recall_word *w) {
  static const str COMMON = {"common", 6};
  return w->stem == str_hash64(COMMON);
}

static void match_dimensions_of(aligner *x, const recall_wording *from, const recall_wording *to,
                                bool *to_done) {
  for (size_t i = 0; i < from->n; i++) {
    const recall_word *op = &from->words[i];
    if (op->kind != WORD_OP || !op->stem || (from == x->q && x->out->fill.taken[i])) continue;
    if (has_same(to, op)) continue;
    if (has_dimension(to, to_done, op->stem)) continue;
    if (is_common(op) && (align_has_op(to, OP_COUNT) || x->e->facts.count)) continue;
    if (op->op == OP_NOTHING) continue;
    x->out->is.ends++;
    x->out->is.cost += cost_end;
  }
}

static void match_dimensions(aligner *x) {
  match_dimensions_of(x, x->q, x->w, x->w_done);
  match_dimensions_of(x, x->w, x->q, x->q_done);
}

/* ---- names of the schema ---- */

unsigned align_roles(const recall_facts *f, uint64_t stem) {
  unsigned roles = 0;
  for (int i = 0; i < f->n_elements; i++)
    for (int k = 0; k < f->elements[i].n; k++)
      if (f->stems[f->elements[i].first + k] == stem) roles |= f->elements[i].roles;
  return roles;
}

bool align_speaks_of(const recall_wording *w, uint64_t stem) {
  for (size_t i = 0; i < w->n; i++)
    if (w->words[i].stem == stem) return true;
  return false;
}

bool align_is_of(const recall_word *w) {
  static const str OF = {"of", 2};
  return w->lower == str_hash64(OF);
}

/* ---- words that mean the same ---- */

static bool is_taught(const recall_taught *t, uint64_t x, uint64_t y) {
  uint64_t low = x < y ? x : y, high = x < y ? y : x;
  size_t from = 0, to = t ? t->n : 0;
  while (from < to) {
    size_t mid = from + (to - from) / 2;
    const uint64_t *p = t->pairs[mid];
    if (p[0] == low && p[1] == high) return true;
    if (p[0] < low || (p[0] == low && p[1] < high))
      from = mid + 1;
    else
      to = mid;
  }
  return false;
}

static str lower_word(aligner *x, const recall_wording *w, size_t i) {
  return text_fold(x->a, align_text(w, i));
}

static bool is_misspelt(aligner *x, str typed, str meant, uint64_t stem) {
  int most = typed.len >= 8 ? 2 : typed.len >= 4 ? 1 : 0;
  if (most == 0 || meant.len < 4 || lexicon_has(x->ctx->lexicon, stem)) return false;
  if (synonyms_find(x->ctx->synonyms, typed).n > 0) return false;
  return text_edit_distance(typed, meant, most) <= most;
}

/* "Perfomed in": mistyped, it is not among the words that say little. */
static bool is_misspelt_weak(aligner *x, size_t i, size_t k) {
  const recall_word *wq = &x->q->words[i], *ww = &x->w->words[k];
  if (wq->kind + ww->kind != WORD_CONTENT + WORD_WEAK) return false;
  str q = lower_word(x, x->q, i), w = lower_word(x, x->w, k);
  return wq->kind == WORD_CONTENT ? is_misspelt(x, q, w, wq->stem) : is_misspelt(x, w, q, ww->stem);
}

/* What it costs to take word `i` of the question for word `k` of the other; above 1: nothing. */
static double pair_cost(aligner *x, size_t i, size_t k) {
  const recall_word *wq = &x->q->words[i], *ww = &x->w->words[k];
  if (wq->kind != ww->kind) return is_misspelt_weak(x, i, k) ? cost_spelling : 2;
  if (wq->kind == WORD_NUMBER || wq->kind == WORD_DATE || ww->kind == WORD_DATE) return 2;
  bool names = lexicon_has(x->ctx->lexicon, wq->stem) && lexicon_has(x->ctx->lexicon, ww->stem);
  if (!names && is_taught(x->ctx->taught, wq->stem, ww->stem)) return 0;
  bool other_name = lexicon_has(x->ctx->lexicon, wq->stem) && !align_roles(&x->e->facts, wq->stem);
  str q = lower_word(x, x->q, i), w = lower_word(x, x->w, k);
  bool both = other_name && lexicon_has(x->ctx->lexicon, ww->stem);
  bool form = !both && q.len && w.len && q.ptr[0] == w.ptr[0] && text_edit_distance(q, w, 2) <= 2;
  bool own_name = align_roles(&x->e->facts, wq->stem) && lexicon_has(x->ctx->lexicon, ww->stem);
  if (!form && (other_name || own_name))
    return 2; /* whatever a dictionary says, here it is something else */
  switch (synonyms_relation(x->ctx->synonyms, q, w)) {
    case SYNONYMS_SYNONYM:
      return cost_pair;
    case SYNONYMS_DERIVATION:
      return cost_derived;
    default:
      break;
  }
  if (is_misspelt(x, q, w, wq->stem) || is_misspelt(x, w, q, ww->stem)) return cost_spelling;
  return 2;
}

static void match_related(aligner *x) {
  for (size_t i = 0; i < x->q->n; i++) {
    if (x->q_done[i]) continue;
    double best = 1;
    size_t which = 0;
    for (size_t k = 0; k < x->w->n; k++) {
      if (x->w_done[k]) continue;
      double c = pair_cost(x, i, k);
      if (c >= best) continue;
      best = c;
      which = k;
    }
    if (best >= 1) continue;
    x->q_done[i] = x->w_done[which] = true;
    x->out->is.cost += best;
    x->out->is.misspelt += best == cost_spelling;
    x->out->is.related += best != cost_spelling && best > 0;
  }
}

/* ---- values ---- */

/* "at least 4" is "more than 3" where rows are counted: no change of value then. */
static void forgive_whole_numbers(aligner *x, operations *q) {
  slots_filling *fill = &x->out->fill;
  for (size_t s = 0; s < x->ew->slots.n; s++) {
    const recall_slot *slot = &x->ew->slots.items[s];
    const recall_literal *l = &x->e->facts.literals[slot->literal];
    if (!fill->values[s].ptr || !l->counted || !slot->n_words) continue;
    recall_op before = operations_near(x->w, slot->word);
    recall_op after = operations_near(x->q, fill->mentions[s].word);
    double step = x->q->words[fill->mentions[s].word].number - l->number;
    bool same = (before == OP_MORE && after == OP_FROM && step == 1) ||
                (before == OP_FROM && after == OP_MORE && step == -1) ||
                (before == OP_LESS && after == OP_UPTO && step == -1) ||
                (before == OP_UPTO && after == OP_LESS && step == 1);
    if (!same) continue;
    fill->values[s] = (str){0};
    fill->n_changed--;
    q->n[after]--;
    q->n[before]++;
  }
}

/* "Who joined at least one club" is "who joined a club", where the query counts none. */
static void forgive_some(const aligner *x, const recall_wording *w, operations *ops) {
  for (size_t i = 0; i < w->n; i++) {
    if (w->words[i].kind != WORD_OP || w->words[i].op != OP_SOME || x->e->facts.having) continue;
    size_t of = i + 1 < w->n ? i + 1 : i;
    bool table = lexicon_has_table(x->ctx->lexicon, w->words[of].stem);
    ops->n[OP_SOME] = (uint8_t)(ops->n[OP_SOME] - (table && ops->n[OP_SOME]));
  }
}

/* Two values of a kind stand in the same comparisons, and in the same order. */
static void compare_places(aligner *x) {
  const slots_filling *fill = &x->out->fill;
  for (size_t s = 0; s < x->ew->slots.n; s++) {
    const recall_slot *slot = &x->ew->slots.items[s], *m = &fill->mentions[s];
    if (!slot->n_words || !m->n_words) continue;
    recall_op before = operations_near(x->w, slot->word), after = operations_near(x->q, m->word);
    if (before != after && before && after) x->out->is.faults |= FAULT_COMPARE;
    for (size_t t = 0; t < s; t++) {
      const recall_slot *other = &x->ew->slots.items[t], *n = &fill->mentions[t];
      if (!other->n_words || !n->n_words || other->period || slot->period) continue;
      if ((other->kind == LITERAL_LIMIT) != (slot->kind == LITERAL_LIMIT)) continue;
      if ((other->word < slot->word) != (n->word < m->word)) x->out->is.faults |= FAULT_PLACES;
    }
  }
}

static void tell_faults(aligner *x) {
  static const struct {
    unsigned fault;
    const char *text;
  } TOLD[] = {{FAULT_VALUE, "a value of the confirmed question is missing"},
              {FAULT_NOT, "one of them says not"},
              {FAULT_OR, "one of them says or"},
              {FAULT_END, "one asks for the most, the other for the least"},
              {FAULT_COMPARE, "they compare in different ways"},
              {FAULT_AGGREGATE, "they count or add up different things"},
              {FAULT_GROUP, "one of them asks for each"},
              {FAULT_DISTINCT, "one of them asks for different ones"},
              {FAULT_ORDER, "they ask for different orders"},
              {FAULT_TEXT, "they look for different parts of a text"},
              {FAULT_PLACES, "the same words stand in other places"}};
  for (size_t i = 0; i < sizeof TOLD / sizeof *TOLD; i++)
    if (x->out->is.faults & TOLD[i].fault) align_tell(x, "", str_from(TOLD[i].text), "");
}

static bool align(aligner *x) {
  alignment *out = x->out;
  operations ops_w, ops_q;
  *out = (alignment){0};
  if (!slots_fill(&x->e->facts, &x->ew->slots, x->w, x->q, x->ctx->cat, x->a, &out->fill))
    return false;
  if (!out->fill.aligned) out->is.faults |= FAULT_VALUE;
  set_aside(x);
  for (size_t s = 0; s < x->ew->slots.n; s++)
    for (size_t k = 0; k < x->ew->slots.items[s].n_words; k++)
      x->w_taken[x->ew->slots.items[s].word + k] = true;
  operations_read(x->w, x->w_taken, &ops_w);
  operations_read(x->q, out->fill.taken, &ops_q);
  forgive_whole_numbers(x, &ops_q);
  forgive_some(x, x->w, &ops_w);
  forgive_some(x, x->q, &ops_q);
  out->is.n_changed = out->fill.n_changed;
  out->is.faults |= operations_compare(&x->e->facts, &ops_w, &ops_q);
  out->is.same_ops = operations_equal(&ops_w, &ops_q);
  compare_places(x);
  places_compare(x);
  match_same(x);
  match_dimensions(x);
  match_related(x);
  return true;
}

bool align_wordings(const recall_entry *e, const entry_wording *w, const recall_wording *q,
                    const align_context *ctx, arena *a, alignment *out, recall_match *reasons) {
  aligner x = {
      .e = e, .ew = w, .w = &w->words, .q = q, .ctx = ctx, .a = a, .out = out, .reasons = reasons};
  if (!align(&x)) return false;
  rest_charge(&x);
  for (size_t i = 0; i < w->slots.n; i++)
    out->is.unsaid |= !w->slots.items[i].n_words && w->slots.items[i].kind != LITERAL_LIMIT;
  places_compare_rest(&x);
  tell_faults(&x);
  return !arena_failed(a);
}

bool align_words(const recall_entry *e, const entry_wording *w, const recall_wording *q,
                 const align_context *ctx, arena *a, alignment *out, bool *q_done, bool *w_done) {
  aligner x = {.e = e, .ew = w, .w = &w->words, .q = q, .ctx = ctx, .a = a, .out = out};
  if (!align(&x)) return false;
  memcpy(q_done, x.q_done, sizeof x.q_done);
  memcpy(w_done, x.w_done, sizeof x.w_done);
  return !arena_failed(a);
}
