/* Schema linking by names: exact, partial, similar, synonym, taught. Values are in link_values.c.
 */
#include "retrieve/link.h"

#include <string.h>

#include "text/text.h"

emend_rc link_name_read(str name, arena *a, link_name *out) {
  *out = (link_name){0};
  int n = text_split_name(name, a, out->words, LINK_MAX_NAME);
  if (n < 0) return EMEND_ENOMEM;
  out->n = n;
  for (int i = 0; i < n; i++) out->stems[i] = text_stem(a, out->words[i]);
  return arena_failed(a) ? EMEND_ENOMEM : EMEND_OK;
}

static uint16_t column_flags(const cat_column *c) {
  uint16_t f = 0;
  const cat_profile *p = &c->profile;
  switch (c->type) {
    case CAT_INTEGER:
    case CAT_REAL:
      f |= LINK_COL_NUMBER;
      break;
    case CAT_BOOLEAN:
      f |= LINK_COL_BOOLEAN;
      break;
    case CAT_DATE:
    case CAT_TIME:
    case CAT_TIMESTAMP:
      f |= LINK_COL_TIME;
      break;
    case CAT_TEXT:
      f |= LINK_COL_TEXT;
      break;
    default:
      f |= LINK_COL_OTHER;
      break;
  }
  if (c->pk) f |= LINK_COL_PRIMARY;
  if (c->is_fkey) f |= LINK_COL_FOREIGN;
  if (!p->known) return f;
  if (p->numeric_text) f |= LINK_COL_NUMERIC_TEXT;
  if (p->value_type == CAT_DATE || p->value_type == CAT_TIMESTAMP) f |= LINK_COL_TIME;
  if (p->distinct == 2 && p->rows > 2) f |= LINK_COL_TWO_VALUED;
  if (p->distinct > 0 && p->distinct <= 8 && p->rows > p->distinct * 2) f |= LINK_COL_FEW_VALUES;
  if (p->min.kind == CELL_INT && p->max.kind == CELL_INT && p->min.i > 1500 && p->max.i < 2200)
    f |= LINK_COL_YEAR;
  return f;
}

static uint16_t table_flags(const catalog *cat, const cat_table *t) {
  uint16_t f = 0;
  bool bridge = t->n_columns >= 2;
  for (int i = 0; i < t->n_columns; i++) {
    const cat_column *c = &cat->columns[t->first_column + i];
    if (!c->is_fkey) bridge = false;
  }
  if (bridge) f |= LINK_TAB_BRIDGE;
  if (t->is_view) f |= LINK_TAB_VIEW;
  if (t->row_count == 0) f |= LINK_TAB_EMPTY;
  return f;
}

emend_rc link_schema_read(const catalog *cat, arena *a, link_schema *out) {
  *out = (link_schema){.n_tables = cat->n_tables, .n_columns = cat->n_columns};
  out->tables = ARENA_ARRAY(a, link_table, (size_t)cat->n_tables);
  out->columns = ARENA_ARRAY(a, link_column, (size_t)cat->n_columns);
  size_t pairs = 0;
  for (int i = 0; i < cat->n_fkeys; i++) pairs += (size_t)cat->fkeys[i].n;
  out->fkeys = ARENA_ARRAY(a, link_fkey, pairs);
  if (arena_failed(a)) return EMEND_ENOMEM;
  for (int i = 0; i < cat->n_tables; i++) {
    const cat_table *t = &cat->tables[i];
    link_table *o = &out->tables[i];
    if (link_name_read(t->name, a, &o->name) != EMEND_OK) return EMEND_ENOMEM;
    o->id = i;
    o->first_column = t->first_column;
    o->n_columns = t->n_columns;
    o->flags = table_flags(cat, t);
  }
  for (int i = 0; i < cat->n_columns; i++) {
    const cat_column *c = &cat->columns[i];
    link_column *o = &out->columns[i];
    if (link_name_read(c->name, a, &o->name) != EMEND_OK) return EMEND_ENOMEM;
    o->id = i;
    o->table = c->table;
    o->flags = column_flags(c);
  }
  for (int i = 0; i < cat->n_fkeys; i++)
    for (int k = 0; k < cat->fkeys[i].n; k++)
      out->fkeys[out->n_fkeys++] = (link_fkey){cat->fkeys[i].from[k], cat->fkeys[i].to[k]};
  return EMEND_OK;
}

emend_rc link_question_read(str question, arena *a, link_question *out) {
  text_words words = {0};
  *out = (link_question){0};
  if (!text_tokenize(question, a, &words)) return EMEND_ENOMEM;
  size_t room = words.len < LINK_MAX_WORDS ? words.len : LINK_MAX_WORDS;
  out->words = ARENA_ARRAY(a, link_word, room);
  if (!out->words) return EMEND_ENOMEM;
  for (size_t i = 0; i < words.len && out->n < LINK_MAX_WORDS; i++) {
    const text_word *w = &words.items[i];
    if (w->is_punct || w->lower.len == 0) continue;
    link_word *o = &out->words[out->n++];
    *o = (link_word){w->raw, w->lower, w->stem, w->from, w->to, 0, w->number};
    if (w->capital) o->flags |= LINK_WORD_CAPITAL;
    if (w->quoted) o->flags |= LINK_WORD_QUOTED;
    if (w->is_number) o->flags |= LINK_WORD_NUMBER;
    if (text_is_stopword(w->lower)) o->flags |= LINK_WORD_STOP;
  }
  return EMEND_OK;
}

/* ---- the distinct words of a schema, compared once with each question word ---- */

typedef struct word_table {
  map *index; /* lower word → its number + 1 */
  VEC(str) words, stems;
  uint8_t *kind; /* [question words][schema words]: LINK_NONE, RELATED, SIMILAR, SYNONYM, PARTIAL
                    (equal) */
} word_table;

static int word_number(const word_table *t, str word) {
  return (int)((uintptr_t)map_get(t->index, word)) - 1;
}

static bool add_words(word_table *t, const link_name *n, arena *a) {
  for (int i = 0; i < n->n; i++) {
    if (map_has(t->index, n->words[i])) continue;
    if (!vec_push(a, &t->words, n->words[i]) || !vec_push(a, &t->stems, n->stems[i])) return false;
    if (!map_put(t->index, n->words[i], (void *)(uintptr_t)t->words.len)) return false;
  }
  return true;
}

/* "dept" for "department", "num" for "number": same first letter, each letter in order. */
static bool is_abbreviation(str abbr, str word) {
  if (abbr.len < 2 || abbr.len > 5 || word.len < abbr.len + 2 || abbr.ptr[0] != word.ptr[0])
    return false;
  if (str_starts(word, abbr)) return true;
  if (abbr.len < 3) return false;
  size_t k = 0;
  for (size_t i = 0; i < word.len && k < abbr.len; i++)
    if (word.ptr[i] == abbr.ptr[k]) k++;
  return k == abbr.len && abbr.ptr[1] == word.ptr[1];
}

static link_kind compare_words(const link_word *q, str word, str stem) {
  if (str_eq(q->stem, stem) || str_eq(q->lower, word)) return LINK_PARTIAL;
  if (q->flags & (LINK_WORD_STOP | LINK_WORD_NUMBER)) return LINK_NONE;
  if (q->lower.len >= 4 && word.len >= 4 && text_trigram_similarity(q->lower, word) >= 0.45)
    return LINK_SIMILAR;
  if (is_abbreviation(word, q->lower) || is_abbreviation(q->lower, word)) return LINK_SIMILAR;
  return LINK_NONE;
}

/* WordNet's relations, where spelling says nothing. Words are looked up once each. */
static bool compare_meanings(word_table *t, const link_question *q, const synonyms *syn, arena *a) {
  synonyms_word *schema = ARENA_ARRAY(a, synonyms_word, t->words.len);
  if (!schema) return false;
  for (size_t j = 0; j < t->words.len; j++) schema[j] = synonyms_find(syn, t->words.items[j]);
  for (int i = 0; i < q->n; i++) {
    if (q->words[i].flags & (LINK_WORD_STOP | LINK_WORD_NUMBER)) continue;
    synonyms_word word = synonyms_find(syn, q->words[i].lower);
    for (size_t j = 0; word.n && j < t->words.len; j++) {
      uint8_t *kind = &t->kind[(size_t)i * t->words.len + j];
      if (*kind != LINK_NONE) continue;
      synonyms_kind found = synonyms_between(syn, &word, &schema[j]);
      if (found == SYNONYMS_HYPERNYM) *kind = LINK_RELATED;
      if (found == SYNONYMS_SYNONYM || found == SYNONYMS_DERIVATION) *kind = LINK_SYNONYM;
    }
  }
  return true;
}

static bool compare_all(word_table *t, const link_question *q, const link_schema *s,
                        const synonyms *syn, arena *a) {
  *t = (word_table){.index = map_create(a, false)};
  if (!t->index) return false;
  for (int i = 0; i < s->n_tables; i++)
    if (!add_words(t, &s->tables[i].name, a)) return false;
  for (int i = 0; i < s->n_columns; i++)
    if (!add_words(t, &s->columns[i].name, a)) return false;
  t->kind = arena_calloc(a, (size_t)q->n, t->words.len);
  if (!t->kind) return false;
  for (int i = 0; i < q->n; i++)
    for (size_t j = 0; j < t->words.len; j++)
      t->kind[(size_t)i * t->words.len + j] =
          (uint8_t)compare_words(&q->words[i], t->words.items[j], t->stems.items[j]);
  return !syn || compare_meanings(t, q, syn, a);
}

static void raise_link(uint8_t *slot, link_kind kind) {
  if (*slot < (uint8_t)kind) *slot = (uint8_t)kind;
}

/* The words q[from, to) run together, as in "last name" for a column LASTNAME. */
static bool equals_joined(const link_question *q, int from, int to, const link_name *name) {
  size_t k = 0, part = 0;
  for (int i = from; i < to; i++) {
    str w = q->words[i].lower;
    for (size_t c = 0; c < w.len; c++) {
      while (part < (size_t)name->n && k == name->words[part].len) part++, k = 0;
      if (part == (size_t)name->n || name->words[part].ptr[k++] != w.ptr[c]) return false;
    }
  }
  return part + 1 == (size_t)name->n && k == name->words[part].len;
}

static bool equals_in_words(const link_question *q, int from, const link_name *name,
                            const int *numbers, const word_table *t) {
  if (from + name->n > q->n) return false;
  for (int i = 0; i < name->n; i++)
    if (t->kind[(size_t)(from + i) * t->words.len + (size_t)numbers[i]] != LINK_PARTIAL)
      return false;
  return true;
}

/* Fills one name's links with every question word: `out` steps by `stride`. */
static void link_one(const link_question *q, const link_name *name, const word_table *t,
                     uint8_t *out, size_t stride) {
  int numbers[LINK_MAX_NAME];
  if (name->n == 0) return;
  for (int i = 0; i < name->n; i++) numbers[i] = word_number(t, name->words[i]);
  for (int i = 0; i < q->n; i++) {
    bool stop = (q->words[i].flags & LINK_WORD_STOP) != 0;
    for (int k = 0; k < name->n; k++) {
      link_kind kind = (link_kind)t->kind[(size_t)i * t->words.len + (size_t)numbers[k]];
      if (kind == LINK_PARTIAL && k == name->n - 1) kind = LINK_PARTIAL_LAST;
      if (!stop) raise_link(&out[(size_t)i * stride], kind);
    }
    if (equals_in_words(q, i, name, numbers, t) && !(stop && name->n == 1))
      for (int k = 0; k < name->n; k++) raise_link(&out[(size_t)(i + k) * stride], LINK_EXACT);
    for (int len = 1; len <= 4 && i + len <= q->n; len++)
      if (len != name->n && equals_joined(q, i, i + len, name))
        for (int k = 0; k < len; k++) raise_link(&out[(size_t)(i + k) * stride], LINK_EXACT);
  }
}

/* ---- phrases: "given name" for a first_name, "surname" for a last_name ---- */

enum { MAX_PHRASE = 3 };

/* The words joined by '_', as the table of synonyms has phrases; n 0: it does not know them. */
static synonyms_word find_phrase(const synonyms *syn, const str *words, int n) {
  char text[96];
  size_t len = 0;
  for (int i = 0; i < n; i++) {
    if (len + words[i].len + 1 > sizeof text) return (synonyms_word){.n = 0};
    if (i) text[len++] = '_';
    if (words[i].len) memcpy(text + len, words[i].ptr, words[i].len);
    len += words[i].len;
  }
  return synonyms_find(syn, (str){text, len});
}

typedef struct spans { /* of one to MAX_PHRASE words, [from * MAX_PHRASE + length - 1] */
  synonyms_word *at;
  int n;
} spans;

static bool find_spans(const link_question *q, const synonyms *syn, arena *a, spans *out) {
  str words[MAX_PHRASE];
  *out = (spans){ARENA_ARRAY(a, synonyms_word, (size_t)q->n * MAX_PHRASE), q->n};
  if (!out->at) return false;
  for (int i = 0; i < q->n; i++)
    for (int len = 1; len <= MAX_PHRASE && i + len <= q->n; len++) {
      const uint16_t dull = LINK_WORD_STOP | LINK_WORD_NUMBER;
      words[len - 1] = q->words[i + len - 1].lower;
      if (len > 1 || !(q->words[i].flags & dull))
        out->at[i * MAX_PHRASE + len - 1] = find_phrase(syn, words, len);
    }
  return true;
}

/* Links what means the `n` words of `name` from `k` on, where it or they are a phrase. */
static void link_phrase(const spans *q, const synonyms *syn, const link_name *name, int k, int n,
                        uint8_t *out, size_t stride) {
  synonyms_word meant = find_phrase(syn, name->words + k, n);
  for (int i = 0; meant.n && i < q->n; i++)
    for (int len = n > 1 ? 1 : 2; len <= MAX_PHRASE; len++) {
      const synonyms_word *said = &q->at[i * MAX_PHRASE + len - 1];
      if (!said->n || synonyms_between(syn, said, &meant) != SYNONYMS_SYNONYM) continue;
      for (int w = i; w < i + len; w++) raise_link(&out[(size_t)w * stride], LINK_SYNONYM);
    }
}

static void link_phrases(const spans *q, const synonyms *syn, const link_name *name, uint8_t *out,
                         size_t stride) {
  for (int n = 1; n <= MAX_PHRASE; n++)
    for (int k = 0; k + n <= name->n; k++) link_phrase(q, syn, name, k, n, out, stride);
}

static bool phrase_at(const link_question *q, int from, const link_name *phrase) {
  if (phrase->n == 0 || from + phrase->n > q->n) return false;
  for (int i = 0; i < phrase->n; i++)
    if (!str_eq(q->words[from + i].stem, phrase->stems[i])) return false;
  return true;
}

static void link_aliases(const link_question *q, const link_schema *s, const link_options *opt,
                         link_result *out) {
  for (int k = 0; k < opt->n_aliases; k++) {
    const link_alias *al = &opt->aliases[k];
    for (int i = 0; i < q->n; i++) {
      if (!phrase_at(q, i, &al->phrase)) continue;
      for (int w = i; w < i + al->phrase.n; w++) {
        for (int c = 0; al->column >= 0 && c < s->n_columns; c++)
          if (s->columns[c].id == al->column)
            raise_link(&out->columns[w * s->n_columns + c], LINK_ALIAS);
        for (int t = 0; al->column < 0 && t < s->n_tables; t++)
          if (s->tables[t].id == al->table)
            raise_link(&out->tables[w * s->n_tables + t], LINK_ALIAS);
      }
    }
  }
}

static void link_cells(const link_values *v, const link_schema *s, link_result *out) {
  for (int k = 0; k < v->n; k++)
    for (int j = 0; j < v->items[k].n_cells; j++)
      for (int w = v->items[k].from; w < v->items[k].to; w++)
        raise_link(&out->columns[w * s->n_columns + v->items[k].cells[j].column], LINK_VALUE);
}

/* Links by phrases that the table of synonyms knows. */
static emend_rc link_all_phrases(const link_question *q, const link_schema *s, const synonyms *syn,
                                 arena *a, link_result *out) {
  spans said;
  if (!syn) return EMEND_OK;
  if (!find_spans(q, syn, a, &said)) return EMEND_ENOMEM;
  for (int c = 0; c < s->n_columns; c++)
    link_phrases(&said, syn, &s->columns[c].name, out->columns + c, (size_t)s->n_columns);
  for (int t = 0; t < s->n_tables; t++)
    link_phrases(&said, syn, &s->tables[t].name, out->tables + t, (size_t)s->n_tables);
  return EMEND_OK;
}

/* ---- what people say for a name: "seats" for a capacity ---- */

static bool is_named(uint8_t kind) { return kind >= LINK_PARTIAL && kind != LINK_VALUE; }

/* The links of one kind of schema node: [words][n]. */
typedef struct side {
  uint8_t *links;
  int n;
} side;

/* A plain word that is stored somewhere all by itself may be there by chance. */
static bool is_surely_value(const link_question *q, int word) {
  const link_word *w = &q->words[word];
  if (!(w->flags & LINK_WORD_IN_VALUE)) return false;
  if ((w->flags & LINK_WORD_QUOTED) || (word > 0 && (w->flags & LINK_WORD_CAPITAL))) return true;
  return (word > 0 && (w[-1].flags & LINK_WORD_IN_VALUE)) ||
         (word + 1 < q->n && (w[1].flags & LINK_WORD_IN_VALUE));
}

static bool word_is_free(const link_question *q, int word, const side *columns,
                         const side *tables) {
  const uint16_t dull = LINK_WORD_STOP | LINK_WORD_NUMBER;
  if ((q->words[word].flags & dull) || is_surely_value(q, word)) return false;
  for (int i = 0; i < columns->n; i++)
    if (is_named(columns->links[word * columns->n + i])) return false;
  for (int i = 0; i < tables->n; i++)
    if (is_named(tables->links[word * tables->n + i])) return false;
  return true;
}

static bool name_is_open(const link_question *q, const side *x, int i) {
  for (int w = 0; w < q->n; w++)
    if (is_named(x->links[w * x->n + i])) return false;
  return true;
}

typedef struct said {
  const synonyms *sayings;
  const link_question *q;
  const word_table *names;
  synonyms_word *words, *parts; /* of the question, where free; of the schema's names */
} said;

static void link_said(const said *x, const link_name *name, const side *to, int i) {
  if (!name_is_open(x->q, to, i)) return;
  for (int k = 0; k < name->n; k++) {
    const synonyms_word *part = &x->parts[word_number(x->names, name->words[k])];
    for (int w = 0; part->n && w < x->q->n; w++)
      if (synonyms_between(x->sayings, &x->words[w], part) != SYNONYMS_NONE)
        raise_link(&to->links[w * to->n + i], LINK_SAID);
  }
}

/* Does the word mean part `k` of the name: 2 it is the part, 1 it is another word for it? */
static int means_part(const said *x, int word, int part) {
  link_kind kind = (link_kind)x->names->kind[(size_t)word * x->names->words.len + (size_t)part];
  if (kind == LINK_PARTIAL) return 2;
  if (kind == LINK_SYNONYM) return 1;
  return x->sayings && synonyms_between(x->sayings, &x->words[word], &x->parts[part]);
}

/* "employee name" for a staff_name: the whole name, some of it in other words. */
static void link_reworded(const said *x, const link_name *name, const side *to, int i) {
  int numbers[LINK_MAX_NAME];
  if (name->n < 2) return;
  for (int k = 0; k < name->n; k++) numbers[k] = word_number(x->names, name->words[k]);
  for (int from = 0; from + name->n <= x->q->n; from++) {
    int same = 0, k = 0;
    for (; k < name->n; k++) {
      int how = means_part(x, from + k, numbers[k]);
      if (!how) break;
      same += how == 2;
    }
    if (k < name->n || same == 0 || same == name->n) continue;
    for (k = 0; k < name->n; k++) raise_link(&to->links[(from + k) * to->n + i], LINK_EXACT);
  }
}

/* Words that are no part of a name with names that no word is part of. */
static emend_rc link_sayings(const link_question *q, const link_schema *s, const word_table *names,
                             const synonyms *sayings, arena *a, link_result *out) {
  const side columns = {out->columns, s->n_columns}, tables = {out->tables, s->n_tables};
  said x = {sayings, q, names, ARENA_ARRAY(a, synonyms_word, (size_t)q->n),
            ARENA_ARRAY(a, synonyms_word, names->words.len)};
  bool any = false;
  if (!sayings) return EMEND_OK;
  if (!x.words || !x.parts) return EMEND_ENOMEM;
  for (int w = 0; w < q->n; w++) {
    if (word_is_free(q, w, &columns, &tables))
      x.words[w] = synonyms_find(sayings, q->words[w].lower);
    any = any || x.words[w].n;
  }
  for (size_t j = 0; j < names->words.len; j++)
    x.parts[j] = synonyms_find(sayings, names->words.items[j]);
  for (int i = 0; any && i < s->n_columns; i++) link_said(&x, &s->columns[i].name, &columns, i);
  for (int i = 0; any && i < s->n_tables; i++) link_said(&x, &s->tables[i].name, &tables, i);
  for (int w = 0; w < q->n; w++)
    if (!(q->words[w].flags & (LINK_WORD_STOP | LINK_WORD_NUMBER)))
      x.words[w] = synonyms_find(sayings, q->words[w].lower);
  for (int i = 0; i < s->n_columns; i++) link_reworded(&x, &s->columns[i].name, &columns, i);
  for (int i = 0; i < s->n_tables; i++) link_reworded(&x, &s->tables[i].name, &tables, i);
  return EMEND_OK;
}

emend_rc link_names_find(const link_question *q, const link_schema *s, const link_values *v,
                         const link_options *opt, arena *a, link_result *out) {
  word_table t;
  out->columns = arena_calloc(a, (size_t)q->n, (size_t)s->n_columns);
  out->tables = arena_calloc(a, (size_t)q->n, (size_t)s->n_tables);
  if (!out->columns || !out->tables || !compare_all(&t, q, s, opt ? opt->synonyms : NULL, a))
    return EMEND_ENOMEM;
  for (int c = 0; c < s->n_columns; c++)
    link_one(q, &s->columns[c].name, &t, out->columns + c, (size_t)s->n_columns);
  for (int i = 0; i < s->n_tables; i++)
    link_one(q, &s->tables[i].name, &t, out->tables + i, (size_t)s->n_tables);
  link_cells(v, s, out);
  if (opt && link_all_phrases(q, s, opt->synonyms, a, out) != EMEND_OK) return EMEND_ENOMEM;
  if (opt) link_aliases(q, s, opt, out);
  return opt ? link_sayings(q, s, &t, opt->sayings, a, out) : EMEND_OK;
}
