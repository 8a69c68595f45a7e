/* Value candidates of a question: stored cells, quotes, numbers, capitals, and what nothing
 * explains. */
#include <string.h>

#include "retrieve/link.h"
#include "text/text.h"

static str span_text(const link_question *q, int from, int to) {
  const link_word *first = &q->words[from], *last = &q->words[to - 1];
  return (str){first->raw.ptr, (size_t)(last->raw.ptr + last->raw.len - first->raw.ptr)};
}

static bool any_flag(const link_question *q, int from, int to, uint16_t flag) {
  for (int i = from; i < to; i++)
    if (q->words[i].flags & flag) return true;
  return false;
}

static bool all_flags(const link_question *q, int from, int to, uint16_t flag) {
  for (int i = from; i < to; i++)
    if (!(q->words[i].flags & flag)) return false;
  return true;
}

static bool overlaps(const link_values *v, int from, int to, uint16_t flags) {
  for (int k = 0; k < v->n; k++)
    if ((v->items[k].flags & flags) && from < v->items[k].to && v->items[k].from < to) return true;
  return false;
}

static bool is_schema_word(const link_schema *s, str stem) {
  for (int i = 0; i < s->n_columns; i++)
    for (int k = 0; k < s->columns[i].name.n; k++)
      if (str_eq(s->columns[i].name.stems[k], stem)) return true;
  for (int i = 0; i < s->n_tables; i++)
    for (int k = 0; k < s->tables[i].name.n; k++)
      if (str_eq(s->tables[i].name.stems[k], stem)) return true;
  return false;
}

static link_value *add_value(link_values *v, const link_question *q, int from, int to,
                             uint16_t flags) {
  if (v->n == LINK_MAX_VALUES) return NULL;
  link_value *o = &v->items[v->n++];
  *o = (link_value){.from = from, .to = to, .text = span_text(q, from, to), .flags = flags};
  if (any_flag(q, from, to, LINK_WORD_QUOTED)) o->flags |= LINK_VAL_QUOTED;
  if (any_flag(q, from, to, LINK_WORD_CAPITAL)) o->flags |= LINK_VAL_CAPITAL;
  if (to == from + 1 && (q->words[from].flags & LINK_WORD_NUMBER)) {
    o->number = q->words[from].number;
    o->flags |= LINK_VAL_NUMBER;
    if (o->number >= 1500 && o->number < 2200 && o->number == (double)(int)o->number)
      o->flags |= LINK_VAL_YEAR;
    if (o->text.len && !ascii_is_digit(o->text.ptr[0]) && !str_eq(o->text, STR(".")))
      o->flags |= LINK_VAL_NUMBER_WORD;
  }
  return o;
}

/* Of several spellings in one column that of the question, or else the most frequent. */
static bool add_cells(link_value *v, const link_schema *s, const cat_value *found, bool near,
                      arena *a) {
  int n = 0, before = v->n_cells;
  for (const cat_value *c = found; c; c = c->next) n++;
  link_cell *cells = ARENA_ARRAY(a, link_cell, (size_t)(n + v->n_cells));
  if (!cells) return false;
  if (v->n_cells) memcpy(cells, v->cells, (size_t)v->n_cells * sizeof *cells);
  v->cells = cells;
  for (const cat_value *c = found; c; c = c->next) {
    int at = c->column; /* the schema read from this catalog keeps its column order */
    bool seen = at >= s->n_columns;
    for (int k = 0; k < v->n_cells && !seen; k++) {
      seen = v->cells[k].column == at;
      if (seen && k >= before && str_eq(c->text, v->text)) v->cells[k].stored = c->text;
    }
    if (!seen) v->cells[v->n_cells++] = (link_cell){at, c->text, near};
  }
  return true;
}

/* One word that is also a name of the schema, or very common, needs a capital or quotes to be a
 * value. */
static bool may_be_stored(const link_question *q, const link_schema *s, int from, int to) {
  if (to > from + 1) return !all_flags(q, from, to, LINK_WORD_STOP);
  const link_word *w = &q->words[from];
  if (w->flags & LINK_WORD_QUOTED) return true;
  bool capital = (w->flags & LINK_WORD_CAPITAL) && from > 0;
  if (w->flags & LINK_WORD_STOP) return capital;
  return capital || !is_schema_word(s, w->stem);
}

/* What people write for what databases store. */
static const struct {
  const char *said, *stored;
} customary[] = {
#define VALUE_WORD(said, stored) {said, stored},
#include "retrieve/value_words.def"
#undef VALUE_WORD
};

static const cat_value *look_up_customary(str text, const catalog *cat) {
  for (size_t i = 0; i < sizeof customary / sizeof *customary; i++) {
    if (!str_eq_nocase(text, str_from(customary[i].said))) continue;
    const cat_value *found = catalog_value(cat, str_from(customary[i].stored));
    if (found) return found;
  }
  return NULL;
}

static const cat_value *look_up_plural(str text, const catalog *cat, arena *a) {
  const cat_value *found = NULL;
  if (text.len > 3 && ascii_lower(text.ptr[text.len - 1]) == 's') {
    found = catalog_value(cat, (str){text.ptr, text.len - 1});
    if (!found && str_ends(text, STR("es")))
      found = catalog_value(cat, (str){text.ptr, text.len - 2});
  } else if (text.len > 2) {
    char *plural = arena_printf(a, "%.*ss", STR_ARG(text));
    if (plural) found = catalog_value(cat, str_from(plural));
  }
  return found;
}

/* The cells that the words [from, to) mean, and whether by another form than the stored one. */
static const cat_value *look_up(const link_question *q, const link_schema *s, int from, int to,
                                const catalog *cat, bool *near, arena *a) {
  str text = span_text(q, from, to);
  const cat_value *found = catalog_value(cat, text);
  bool single = to == from + 1;
  *near = !found;
  if (found || (q->words[to - 1].flags & LINK_WORD_NUMBER)) return found;
  found = look_up_customary(text, cat);
  if (found) return found;
  if (single && is_schema_word(s, q->words[from].stem)) return NULL;
  found = look_up_plural(text, cat, a);
  return found || !single ? found : catalog_value_near(cat, text);
}

/* "in 2010", "since 2010", "March 2010": a year, whatever code is stored that looks like it. */
static bool says_year(const link_question *q, int i) {
  static const char *const before[] = {"in",    "during", "since", "before",
                                       "after", "until",  "year",  NULL};
  const link_word *w = &q->words[i];
  if (i == 0 || !(w->flags & LINK_WORD_NUMBER) || w->raw.len != 4 || w->number < 1500 ||
      w->number >= 2200)
    return false;
  str word = q->words[i - 1].lower;
  return str_is_any(word, before) || text_month(word) > 0;
}

static bool is_code_column(const link_schema *s, int column) {
  const link_name *name = &s->columns[column].name;
  for (int k = 0; k < name->n; k++)
    if (text_is_code(name->words[k])) return true;
  return false;
}

/* Those of `found` that `keep` says; NULL when nothing is left. */
static const cat_value *only(const cat_value *found, bool (*keep)(const void *, const cat_value *),
                             const void *ctx, arena *a) {
  cat_value *kept = NULL, **end = &kept;
  for (const cat_value *c = found; c; c = c->next) {
    if (!keep(ctx, c)) continue;
    cat_value *copy = ARENA_NEW(a, cat_value);
    if (!copy) break;
    *copy = *c;
    copy->next = NULL;
    *end = copy;
    end = &copy->next;
  }
  return kept;
}

static bool is_no_code(const void *schema, const cat_value *c) {
  const link_schema *s = schema;
  return c->column >= s->n_columns || !is_code_column(s, c->column);
}

/* ---- other words ---- */

/* A word as a person writes any word: no name, no quotes, no number. */
static bool is_plain(const link_question *q, int i) {
  const uint16_t special = LINK_WORD_QUOTED | LINK_WORD_NUMBER | LINK_WORD_STOP;
  uint16_t flags = q->words[i].flags;
  return !(flags & special) && !(i > 0 && (flags & LINK_WORD_CAPITAL));
}

static bool is_other_word_for(const synonyms *syn, const synonyms_word *word,
                              const link_name *name) {
  if (name->n == 0) return false;
  synonyms_word last = synonyms_find(syn, name->words[name->n - 1]);
  return synonyms_between(syn, word, &last) == SYNONYMS_SYNONYM;
}

static bool is_other_word_for_any(const link_schema *s, const synonyms *syn,
                                  const synonyms_word *word) {
  for (int k = 0; k < s->n_tables; k++)
    if (is_other_word_for(syn, word, &s->tables[k].name)) return true;
  for (int k = 0; k < s->n_columns; k++)
    if (is_other_word_for(syn, word, &s->columns[k].name)) return true;
  return false;
}

/* In a column that holds few values and again and again: kinds of things rather than names. */
static bool says_kind(const void *catalog_of, const cat_value *c) {
  enum { FEW = 50 };
  const cat_profile *p = &((const catalog *)catalog_of)->columns[c->column].profile;
  return p->known && p->distinct > 0 && p->distinct <= FEW && p->distinct < p->rows - p->nulls;
}

/* "physicians" where Doctor is stored, "puppies" where dog is. */
static const cat_value *look_up_meaning(const link_question *q, const link_schema *s, int i,
                                        const catalog *cat, const synonyms *syn, arena *a) {
  enum { MOST = 24 };
  uint16_t meant[MOST];
  if (!syn || !is_plain(q, i) || is_schema_word(s, q->words[i].stem)) return NULL;
  synonyms_word word = synonyms_find(syn, q->words[i].lower);
  int n = synonyms_list(syn, &word, SYNONYMS_SYNONYM, meant, MOST);
  n += synonyms_more_general(syn, &word, meant + n, MOST - n);
  for (int k = 0; k < n; k++) {
    const cat_value *found =
        only(catalog_value(cat, synonyms_text(syn, meant[k])), says_kind, cat, a);
    if (found) return is_other_word_for_any(s, syn, &word) ? NULL : found;
  }
  return NULL;
}

static emend_rc find_stored(link_question *q, const link_schema *s, const catalog *cat,
                            const synonyms *syn, arena *a, link_values *out) {
  for (int len = LINK_MAX_NGRAM; len >= 1; len--) {
    for (int i = 0; i + len <= q->n; i++) {
      bool near;
      if (overlaps(out, i, i + len, LINK_VAL_STORED) || !may_be_stored(q, s, i, i + len)) continue;
      const cat_value *found = look_up(q, s, i, i + len, cat, &near, a);
      if (found && len == 1 && says_year(q, i)) found = only(found, is_no_code, s, a);
      if (!found && len == 1) found = look_up_meaning(q, s, i, cat, syn, a);
      if (!found) continue;
      link_value *v = add_value(out, q, i, i + len, LINK_VAL_STORED);
      if (!v) return EMEND_OK;
      if (!add_cells(v, s, found, near, a)) return EMEND_ENOMEM;
      for (int w = i; w < i + len; w++) q->words[w].flags |= LINK_WORD_IN_VALUE;
    }
  }
  return EMEND_OK;
}

/* Maximal runs of words that all carry `flag`, when no stored value overlaps them. */
static void find_runs(const link_question *q, uint16_t flag, int first, link_values *out) {
  for (int i = first; i < q->n;) {
    int to = i;
    while (to < q->n && (q->words[to].flags & flag)) to++;
    if (to == i) {
      i++;
      continue;
    }
    if (!overlaps(out, i, to, LINK_VAL_STORED | LINK_VAL_QUOTED | LINK_VAL_CAPITAL))
      add_value(out, q, i, to, 0);
    i = to;
  }
}

static bool same_span(const link_values *v, int from, int to) {
  for (int k = 0; k < v->n; k++)
    if (v->items[k].from == from && v->items[k].to == to) return true;
  return false;
}

static void find_numbers(const link_question *q, link_values *out) {
  for (int i = 0; i < q->n; i++)
    if ((q->words[i].flags & LINK_WORD_NUMBER) && !same_span(out, i, i + 1))
      add_value(out, q, i, i + 1, 0);
}

static void find_leftovers(const link_question *q, const link_schema *s, link_values *out) {
  enum { KEEP_FREE = 2 };
  for (int i = 1; i < q->n && out->n < LINK_MAX_VALUES - KEEP_FREE; i++) {
    const link_word *w = &q->words[i];
    if ((w->flags & (LINK_WORD_STOP | LINK_WORD_NUMBER)) || overlaps(out, i, i + 1, 0xFFFF))
      continue;
    if (!is_schema_word(s, w->stem)) add_value(out, q, i, i + 1, LINK_VAL_LEFTOVER);
  }
}

/* The word of measure that goes with the number at word i: "2 and 3 minutes", "2 to 3 minutes". */
static str unit_of(const link_question *q, int i) {
  static const char *const between[] = {"and", "or", "to", NULL};
  str next = i + 1 < q->n ? q->words[i + 1].lower : STR("");
  if (i + 3 < q->n && (q->words[i + 2].flags & LINK_WORD_NUMBER) && str_is_any(next, between))
    return q->words[i + 3].lower;
  return next;
}

/* "longer than 5 minutes" where the column holds milliseconds. */
static bool convert(link_value *v, const link_question *q, const link_schema *s, arena *a) {
  text_dimension said, held;
  double factor, other;
  if (!(v->flags & LINK_VAL_NUMBER) || !text_unit(unit_of(q, v->from), &said, &factor)) return true;
  for (int i = 0; i < s->n_columns; i++) {
    const link_column *c = &s->columns[i];
    if (!(c->flags & LINK_COL_NUMBER) || c->name.n == 0 ||
        !text_unit(c->name.words[c->name.n - 1], &held, &other) || held != said ||
        (other >= factor && other <= factor))
      continue;
    link_cell *cells = ARENA_ARRAY(a, link_cell, (size_t)v->n_cells + 1);
    char *text = arena_printf(a, "%.10g", v->number * factor / other);
    if (!cells || !text) return false;
    if (v->n_cells) memcpy(cells, v->cells, (size_t)v->n_cells * sizeof *cells);
    cells[v->n_cells++] = (link_cell){i, str_from(text), false};
    v->cells = cells;
  }
  return true;
}

emend_rc link_units_find(const link_question *q, const link_schema *s, arena *a, link_values *v) {
  for (int k = 0; k < v->n; k++)
    if (!convert(&v->items[k], q, s, a)) return EMEND_ENOMEM;
  return EMEND_OK;
}

emend_rc link_values_find(link_question *q, const link_schema *s, const catalog *cat,
                          const synonyms *syn, arena *a, link_values *out) {
  *out = (link_values){0};
  if (cat && cat->values && find_stored(q, s, cat, syn, a, out) != EMEND_OK) return EMEND_ENOMEM;
  find_runs(q, LINK_WORD_QUOTED, 0, out);
  find_numbers(q, out);
  find_runs(q, LINK_WORD_CAPITAL, 1, out);
  find_leftovers(q, s, out);
  return EMEND_OK;
}
