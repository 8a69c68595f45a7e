/* Words of two questions that have no counterpart: what they may mean, and what that costs. See
 * aligner.h. */
#include "recall/aligner.h"
#include "text/text.h"

static const double cost_unknown = 1.0; /* a word that the schema does not use either */
static const double cost_weak = 0.1;    /* one that says little */
static const double cost_spelt = 0.2; /* says in so many words what the other leaves to the query */
static const double cost_implied = 0.35; /* names what the query uses, unsaid in the other */
static const double cost_table = 0.5;    /* … as a table's name alone */
static const double cost_again = 0.9;    /* names it once more than the other does */

static bool is_stored_value(aligner *x, size_t i) {
  if (!x->ctx->cat || x->q->words[i].kind == WORD_WEAK) return false;
  return catalog_value(x->ctx->cat, align_text(x->q, i)) != NULL;
}

/* A light word that the schema has: "made" beside a column date_made. */
static bool is_name(const aligner *x, const recall_word *w) {
  return w->light && lexicon_has(x->ctx->lexicon, w->stem);
}

/* "named" and "located" introduce what follows, whatever else is called so. */
static bool is_said_of(aligner *x, size_t i) {
  const recall_word *w = &x->q->words[i];
  return w->kind == WORD_WEAK && !w->light && str_ends(align_text(x->q, i), STR("ed"));
}

/* Whether words `i` and `i` + 1 stand in a list: "type and weight", "type, weight". */
static bool are_listed(const recall_wording *w, size_t i) {
  if (i + 1 >= w->n) return false;
  str between = str_slice(w->text, w->words[i].to, w->words[i + 1].from);
  return w->words[i + 1].op == OP_AND || w->words[i + 1].op == OP_OR ||
         str_find(between, STR(","), 0) != SIZE_MAX;
}

static bool follows_by(const recall_wording *w, size_t i) {
  static const char *const BY[] = {"by", NULL};
  return i > 0 && wording_is_any(&w->words[i - 1], BY);
}

/* "Members from Paris", "members in the annex": by its capital, or by what is before it, a value or
 * a thing that the schema has not. */
static bool is_like_value(const recall_wording *w, size_t i) {
  static const char *const ARTICLES[] = {"the",   "a",   "an",   "this", "these", "their",
                                         "those", "any", "some", "our",  NULL},
                           *const BEFORE[] = {"in",   "from",   "at",    "by",     "to",
                                              "with", "of",     "on",    "for",    "as",
                                              "near", "around", "named", "called", NULL};
  if (i == 0 || (w->words[i].generic && !follows_by(w, i))) return false;
  str between = str_slice(w->text, w->words[i - 1].to, w->words[i].from);
  bool begins =
      str_find(between, STR("."), 0) != SIZE_MAX || str_find(between, STR("?"), 0) != SIZE_MAX;
  if (begins || w->words[i].capital) return !begins;
  size_t at = i - 1;
  if (at && wording_is_any(&w->words[at], ARTICLES)) at--;
  return wording_is_any(&w->words[at], BEFORE);
}

/* "female" of "female students", "normally", "widest": what such a word means may be a condition;
 * and what stands in a list is asked for. */
static bool is_modifier(const recall_wording *w, size_t i) {
  str text = align_text(w, i);
  bool narrows = i + 1 < w->n && w->words[i].to + 1 >= w->words[i + 1].from &&
                 (w->words[i + 1].kind == WORD_CONTENT || w->words[i + 1].kind == WORD_OP);
  bool head =
      i + 1 < w->n && align_is_of(&w->words[i + 1]); /* "height of": something else is asked */
  bool after = i && (w->words[i - 1].op == OP_AND || w->words[i - 1].op == OP_OR ||
                     w->words[i - 1].op == OP_EACH);
  if (after || are_listed(w, i)) return true;
  return narrows || head || str_ends(text, STR("ly")) || str_ends(text, STR("est"));
}

/* "Size" of "enrollment size" and "part" of "a part of"; not the names of "count the names of". */
static bool is_generic(const recall_wording *w, size_t i) {
  if (!w->words[i].generic) return false;
  for (size_t back = 1; back <= 2 && back <= i; back++)
    if (w->words[i - back].op == OP_COUNT) return false;
  bool beside = i && w->words[i - 1].kind == WORD_CONTENT;
  return beside || (i + 1 < w->n && align_is_of(&w->words[i + 1]));
}

/* Whether a name of the query with this word is what the literal is compared with. */
static bool is_of_column(const aligner *x, uint64_t stem, str column) {
  str words[12];
  int n = text_split_name(column, x->a, words, 12);
  for (int i = 0; i < n; i++) {
    str s = text_stem(x->a, words[i]);
    if (s.ptr && str_hash64(s) == stem) return true;
  }
  return false;
}

static bool may_be_year(const recall_literal *l) {
  return l->numeric && l->number >= 1000 && l->number <= 2999;
}

/* "The gender code F" is "gender F": word `i` names the column of the value that it stands by.
 * Which column a number is of may be left unsaid of a year alone. */
static bool names_column_of_value(const aligner *x, bool asked, size_t i) {
  const recall_word *w = asked ? &x->q->words[i] : &x->w->words[i];
  for (size_t s = 0; s < x->ew->slots.n; s++) {
    const recall_slot *own = &x->ew->slots.items[s], *m = &x->out->fill.mentions[s];
    const recall_slot *at = asked ? m : own;
    const recall_literal *l = &x->e->facts.literals[own->literal];
    bool clear = asked || (l->kind == LITERAL_TEXT && !l->numeric) || may_be_year(l);
    if (!own->n_words || !m->n_words || !clear || x->out->fill.values[s].ptr) continue;
    bool before = i < at->word && at->word - i <= 3;
    bool after = i >= (size_t)at->word + at->n_words && i - at->word - at->n_words <= 1;
    if ((before || after) && is_of_column(x, w->stem, l->column)) return true;
  }
  return false;
}

/* "The highest mountain" by its "height": what the query orders by, and the other leaves unsaid. */
static bool names_only_order(const aligner *x, unsigned roles) {
  const recall_facts *f = &x->e->facts;
  bool end = align_has_op(x->w, OP_HIGH) || align_has_op(x->w, OP_LOW);
  return roles == ROLE_ORDER && f->limit && end && x->out->is.same_ops;
}

/* Whether the query gives a column that is called just that: "campus", not "document_id". */
static bool is_whole_item(const recall_facts *f, uint64_t stem) {
  for (int i = 0; i < f->n_elements; i++) {
    const recall_element *e = &f->elements[i];
    if ((e->roles & ROLE_PROJECT) && e->n == 1 && f->stems[e->first] == stem) return true;
  }
  return false;
}

/* "The names of the campuses", where the campus is the one column that the query gives. */
static bool is_name_of_item(const aligner *x, const recall_wording *w, size_t i) {
  static const str NAME = {"name", 4};
  if (w->words[i].stem != str_hash64(NAME) || x->e->facts.n_items != 1) return false;
  if (align_roles(&x->e->facts, w->words[i].stem)) return false; /* a name is a column itself */
  size_t at = i + 1;
  if (at >= w->n || !align_is_of(&w->words[at])) return false;
  while (at < w->n && (w->words[at].kind == WORD_FILLER || w->words[at].op == OP_EACH)) at++;
  return at < w->n && is_whole_item(&x->e->facts, w->words[at].stem);
}

/* The question says which column of the things it wants, and that is the only one of the query. */
static bool names_only_item(const aligner *x, unsigned roles) {
  const recall_facts *f = &x->e->facts;
  bool aggregates = f->count_item || f->sum || f->avg || f->max || f->min;
  return roles == ROLE_PROJECT && f->n_items == 1 && !f->star && !aggregates;
}

/* "First name and last name" for "first and last name": a part of a list's names said once more. */
static bool is_part_again(const aligner *x, size_t i) {
  uint64_t stem = x->q->words[i].stem;
  for (size_t k = i > 4 ? i - 4 : 0; k < x->q->n && k <= i + 4; k++) {
    if (k == i || x->q->words[k].stem != stem) continue;
    for (size_t m = k < i ? k : i; m < (k < i ? i : k); m++)
      if (are_listed(x->q, m)) return align_speaks_of(x->w, stem);
  }
  return false;
}

/* Where `w` says "by" right before a word with this stem; 0: nowhere. */
static size_t find_by(const recall_wording *w, uint64_t stem) {
  for (size_t i = 1; i < w->n; i++)
    if (w->words[i].stem == stem && follows_by(w, i)) return i;
  return 0;
}

/* "How many loans by country", where the other does not say so: put together, or in order, by what
 * the query does not use for that. Not "borrowed by members". */
static bool groups_by(const aligner *x, size_t i) {
  uint64_t stem = x->q->words[i].stem;
  size_t at = find_by(x->q, stem);
  if (!at || find_by(x->w, stem)) return false;
  if (align_roles(&x->e->facts, stem) & ROLE_ORDER) return false;
  if (at < 2) return true;
  const recall_word *before = &x->q->words[at - 2];
  bool known = lexicon_has(x->ctx->lexicon, stem);
  bool orders = before->kind == WORD_OP && before->op >= OP_ORDER && before->op <= OP_ALPHABETICAL;
  if (orders) return known;
  bool done = before->kind == WORD_WEAK || str_ends(align_text(x->q, at - 2), STR("ed")) ||
              str_ends(align_text(x->q, at - 2), STR("en"));
  return !done || (known && !lexicon_has_table(x->ctx->lexicon, stem));
}

/* A word of the question that the other has no counterpart of. */
static void charge_question_word(aligner *x, size_t i) {
  const recall_word *w = &x->q->words[i];
  recall_evidence *is = &x->out->is;
  unsigned roles = align_roles(&x->e->facts, w->stem);
  str text = align_text(x->q, i);
  bool rank = w->ordinal && w->number > 1; /* the second most */
  if (groups_by(x, i)) is->faults |= FAULT_GROUP;
  if (is_name_of_item(x, x->q, i)) {
    is->q_spelt++;
    is->cost += cost_spelt;
  } else if (w->kind == WORD_NUMBER || w->kind == WORD_DATE || w->quoted || rank) {
    is->faults |= FAULT_VALUE;
    align_tell(x, "\"", text, "\" is not in the confirmed question");
  } else if ((roles & (ROLE_TABLE | ROLE_PROJECT)) && align_speaks_of(x->w, w->stem)) {
    is->q_repeated++;
    is->cost += cost_implied;
  } else if (roles && align_speaks_of(x->w, w->stem)) {
    is->q_again++;
    is->cost += cost_again;
  } else if (roles && (names_only_item(x, roles) || names_only_order(x, roles) ||
                       names_column_of_value(x, true, i))) {
    is->q_spelt++;
    is->cost += cost_spelt;
  } else if (roles) {
    is->q_used += roles != ROLE_TABLE;
    is->q_table += roles == ROLE_TABLE;
    is->cost += cost_table;
  } else if (lexicon_has(x->ctx->lexicon, w->stem) && is_part_again(x, i)) {
    is->q_again++; /* "first name and last name" */
    is->cost += cost_again;
  } else if (lexicon_has(x->ctx->lexicon, w->stem) && !is_said_of(x, i)) {
    is->faults |= FAULT_OTHER_NAME;
    align_tell(x, "\"", text, "\" names something that the confirmed query does not use");
  } else if (is_stored_value(x, i)) {
    is->faults |= FAULT_OTHER_VALUE;
    align_tell(x, "\"", text, "\" is a value that the confirmed query does not use");
  } else if (w->kind == WORD_WEAK) {
    is->q_weak++;
    is->cost += cost_weak;
  } else {
    is->q_unknown++;
    bool again = align_speaks_of(x->w, w->stem);
    bool narrows = is_modifier(x->q, i) || (!again && is_like_value(x->q, i));
    bool generic = narrows && is_generic(x->q, i);
    is->q_generic += generic;
    is->q_modifiers += narrows && !generic;
    is->cost += cost_unknown;
    align_tell(x, "\"", text, "\" is not in the confirmed question");
  }
}

/* A word of the confirmed question that the asked one has no counterpart of. */
static void charge_wording_word(aligner *x, size_t k) {
  const recall_word *w = &x->w->words[k];
  recall_evidence *is = &x->out->is;
  unsigned roles = align_roles(&x->e->facts, w->stem);
  if (w->kind == WORD_WEAK && !is_name(x, w)) {
    is->w_weak++;
    is->cost += cost_weak;
    return;
  }
  if (w->ordinal && w->number > 1) is->faults |= FAULT_VALUE;
  if (is_name_of_item(x, x->w, k)) {
    is->w_spelt++;
    is->cost += cost_spelt;
    return;
  }
  bool entity = lexicon_has_table(x->ctx->lexicon, w->stem);
  bool again = align_speaks_of(x->q, w->stem);
  if (roles && !again && names_column_of_value(x, false, k)) {
    is->w_spelt++;
    is->cost += cost_spelt;
  } else if ((roles & (ROLE_PROJECT | ROLE_AGGREGATE)) && again && !entity) {
    is->w_used++; /* asked for here, and perhaps only sorted by there */
    is->cost += cost_again;
  } else if (roles && again) {
    is->w_again++;
    is->cost += cost_implied;
  } else if (roles == ROLE_TABLE) {
    is->w_table++;
    is->cost += cost_table;
  } else if (roles) {
    is->w_used++;
    is->cost += cost_unknown;
  } else {
    is->w_unknown++;
    is->w_foreign += !lexicon_has(x->ctx->lexicon, w->stem);
    is->w_modifiers += is_modifier(x->w, k);
    is->cost += cost_unknown;
  }
  align_tell(x, "the confirmed question also says \"", align_text(x->w, k), "\"");
}

static bool is_same_word(const recall_word *x, const recall_word *y) {
  if (x->kind != y->kind) return false;
  if (x->kind == WORD_OP) return x->op == y->op;
  return x->kind == WORD_NUMBER ? x->number == y->number : x->stem == y->stem;
}

/* The nearest word from `i` on (`step` 1 or -1) that says something; NULL: none. */
static const recall_word *neighbour(const recall_wording *w, size_t i, int step) {
  for (size_t at = i + (size_t)step; at < w->n; at += (size_t)step)
    if (w->words[at].kind != WORD_FILLER && w->words[at].kind != WORD_WEAK) return &w->words[at];
  return NULL;
}

static bool may_be_left(const aligner *x, const recall_word *w) {
  if (w->kind != WORD_WEAK) return w->kind == WORD_CONTENT;
  return align_roles(&x->e->facts, w->stem) || is_name(x, w); /* "taken" */
}

/* Whether word `i` is left over, or stands for one with the same stem that is. */
static bool is_left(const aligner *x, const recall_wording *w, const bool *done, size_t i) {
  if (!may_be_left(x, &w->words[i])) return false;
  for (size_t k = 0; k < w->n; k++)
    if (!done[k] && may_be_left(x, &w->words[k]) && w->words[k].stem == w->words[i].stem)
      return true;
  return false;
}

static bool has_phrase(const recall_wording *w, const recall_word *op, bool same) {
  for (size_t i = 0; i < w->n; i++)
    if (w->words[i].kind == WORD_OP && w->words[i].op == op->op &&
        (w->words[i].lower == op->lower) == same)
      return true;
  return false;
}

/* "In alphabetical price" for "in alphabetical order": in the place of a phrase's end. */
static bool ends_phrase(const aligner *x, size_t i) {
  const recall_word *op = i ? &x->q->words[i - 1] : NULL;
  bool orders = op && op->kind == WORD_OP && op->op >= OP_ORDER && op->op <= OP_ALPHABETICAL;
  bool ends = op && op->kind == WORD_OP && (op->op == OP_HIGH || op->op == OP_LOW);
  return (orders || ends) && !has_phrase(x->w, op, true) && has_phrase(x->w, op, false);
}

static bool leaves_name(const aligner *x, const recall_wording *w, const bool *done) {
  for (size_t i = 0; i < w->n; i++)
    if (w->words[i].kind == WORD_CONTENT && lexicon_has(x->ctx->lexicon, w->words[i].stem) &&
        is_left(x, w, done, i))
      return true;
  return false;
}

/* "The lowest min" for "the lowest budget": an operation in the place of a name. */
static bool replaces_name(const aligner *x) {
  static const recall_op OPS[] = {OP_HIGH, OP_LOW, OP_AVG, OP_SUM, OP_MEDIAN};
  for (size_t i = 0; i < sizeof OPS / sizeof *OPS; i++) {
    size_t q = align_count_op(x->q, OPS[i]), w = align_count_op(x->w, OPS[i]);
    if ((q > w && leaves_name(x, x->w, x->w_done)) || (w > q && leaves_name(x, x->q, x->q_done)))
      return true;
  }
  return false;
}

/* "Last title" for "last name": one word in the place of another is not a word more. */
static bool replaces(const aligner *x) {
  if (replaces_name(x)) return true;
  for (size_t i = 0; i < x->q->n; i++) {
    if (!is_left(x, x->q, x->q_done, i)) continue;
    if (ends_phrase(x, i)) return true;
    for (size_t k = 0; k < x->w->n; k++) {
      if (!is_left(x, x->w, x->w_done, k)) continue;
      for (int step = -1; step <= 1; step += 2) {
        const recall_word *q = neighbour(x->q, i, step), *w = neighbour(x->w, k, step);
        if (q && w && is_same_word(q, w)) return true;
      }
    }
  }
  return false;
}

/* How many words are what is asked for ("names of") and are left over in one place or another. */
static int count_heads(const aligner *x) {
  int n = 0;
  for (size_t i = 0; i + 1 < x->q->n; i++) {
    unsigned roles = align_roles(&x->e->facts, x->q->words[i].stem);
    n += roles && !(roles & ROLE_PROJECT) && align_is_of(&x->q->words[i + 1]) &&
         is_left(x, x->q, x->q_done, i);
  }
  return n;
}

/* The first light word without a counterpart; NULL: none. */
static const recall_word *left_light(const recall_wording *w, const bool *done) {
  for (size_t i = 0; i < w->n; i++)
    if (!done[i] && w->words[i].light) return &w->words[i];
  return NULL;
}

/* "Who work in Lima" for "who live in Lima": each says little, but not in the place of another. */
static bool replaces_light(aligner *x) {
  const recall_word *q = left_light(x->q, x->q_done), *w = left_light(x->w, x->w_done);
  if (!q || !w) return false;
  x->out->is.q_unknown++;
  x->out->is.w_unknown++;
  x->out->is.cost += cost_unknown;
  return true;
}

static void compare_sides(aligner *x) {
  recall_evidence *is = &x->out->is;
  is->q_heads = count_heads(x);
  is->replaced = replaces_light(x) || replaces(x);
  if (!is->replaced) return;
  is->cost += (cost_table - cost_spelt) * (is->q_spelt + is->w_spelt);
  is->q_used += is->q_spelt;
  is->w_used += is->w_spelt;
}

void rest_charge(aligner *x) {
  for (size_t i = 0; i < x->q->n; i++)
    if (!x->q_done[i]) charge_question_word(x, i);
  for (size_t k = 0; k < x->w->n; k++)
    if (!x->w_done[k]) charge_wording_word(x, k);
  compare_sides(x);
}
