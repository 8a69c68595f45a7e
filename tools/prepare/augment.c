/* Augmentation of training examples. See augment.h; what each kind gives is in docs/network.md. */
#include "augment.h"

#include <string.h>

#include "text/text.h"

/* How often each kind is applied. */
static const double P_VALUE = 0.35, P_NUMBER = 0.3, P_RENAME = 0.35, P_SHORTEN = 0.2,
                    P_ALIAS = 0.12, P_SYNONYM = 0.45, P_SAID = 0.5, P_STRANGERS = 0.15,
                    P_DROP = 0.6, P_COINCIDENCE = 0.12, P_MEANT = 0.15;

static bool chance(rng *r, double p) { return rng_unit(r) < p; }

static bool copy_arrays(sample *x, arena *a) {
  link_question q = x->q;
  link_schema s = x->s;
  x->q.words = ARENA_ARRAY(a, link_word, LINK_MAX_WORDS);
  x->s.columns = ARENA_ARRAY(a, link_column, (size_t)s.n_columns);
  x->s.tables = ARENA_ARRAY(a, link_table, (size_t)s.n_tables);
  if (!x->q.words || !x->s.columns || !x->s.tables) return false;
  memcpy(x->q.words, q.words, (size_t)q.n * sizeof *q.words);
  memcpy(x->s.columns, s.columns, (size_t)s.n_columns * sizeof *s.columns);
  memcpy(x->s.tables, s.tables, (size_t)s.n_tables * sizeof *s.tables);
  for (int k = 0; k < x->v.n; k++) {
    link_value *v = &x->v.items[k];
    link_cell *cells = ARENA_ARRAY(a, link_cell, (size_t)v->n_cells);
    if (!cells) return false;
    if (v->n_cells) memcpy(cells, v->cells, (size_t)v->n_cells * sizeof *cells);
    v->cells = cells;
  }
  return true;
}

static bool target_has(const sample *x, int kind, int id) {
  for (int i = 0; i < x->target.n; i++)
    if (x->target.steps[i].kind == kind && x->target.steps[i].id == id) return true;
  return false;
}

/* ---- questions ---- */

static bool in_value(const sample *x, int from, int to, int except) {
  for (int k = 0; k < x->v.n; k++)
    if (k != except && !(x->v.items[k].flags & LINK_VAL_LEFTOVER) && from < x->v.items[k].to &&
        x->v.items[k].from < to)
      return true;
  return false;
}

/* Puts `n` words in the place of [from, to) and moves the value candidates behind along. */
static bool replace_words(sample *x, int from, int to, const link_word *words, int n) {
  link_question *q = &x->q;
  int shift = n - (to - from);
  if (q->n + shift > LINK_MAX_WORDS || q->n + shift < 1) return false;
  memmove(q->words + from + n, q->words + to, (size_t)(q->n - to) * sizeof *q->words);
  memcpy(q->words + from, words, (size_t)n * sizeof *words);
  q->n += shift;
  for (int k = 0; k < x->v.n; k++) {
    link_value *v = &x->v.items[k];
    if (v->from >= to)
      v->from += shift, v->to += shift;
    else if (v->from >= from && v->to <= to)
      v->from = from, v->to = from + n;
  }
  return true;
}

static bool matches_at(const link_question *q, int from, const link_name *name) {
  if (from + name->n > q->n) return false;
  for (int i = 0; i < name->n; i++)
    if (!str_eq(q->words[from + i].stem, name->stems[i])) return false;
  return name->n > 0;
}

static int name_words(const link_name *name, bool plural, arena *a, link_word *out) {
  for (int i = 0; i < name->n; i++) {
    str w = name->words[i];
    if (plural && i == name->n - 1 && w.len > 2 && !str_ends(w, STR("s")))
      w = str_from(arena_printf(a, "%.*ss", STR_ARG(w)));
    out[i] = (link_word){.raw = w, .lower = w, .stem = text_stem(a, w)};
    if (ascii_is_digit(w.len ? w.ptr[0] : 'x')) out[i].flags |= LINK_WORD_NUMBER;
    if (text_is_stopword(w)) out[i].flags |= LINK_WORD_STOP;
  }
  return name->n;
}

static bool is_plural(const link_word *w, str singular) {
  return w->lower.len > singular.len && str_ends(w->lower, STR("s"));
}

static int rename_in_question(sample *x, const link_name *old, const link_name *new, arena *a) {
  link_word words[LINK_MAX_NAME];
  int done = 0;
  for (int i = 0; i + old->n <= x->q.n; i++) {
    if (!matches_at(&x->q, i, old) || in_value(x, i, i + old->n, -1)) continue;
    bool plural = is_plural(&x->q.words[i + old->n - 1], old->words[old->n - 1]);
    int n = name_words(new, plural, a, words);
    if (!replace_words(x, i, i + old->n, words, n)) break;
    i += n - 1;
    done++;
  }
  return done;
}

/* ---- names of the schema ---- */

static void rename_in_name(link_name *name, const link_name *old, const link_name *new) {
  for (int i = 0; i + old->n <= name->n; i++) {
    int k = 0;
    while (k < old->n && str_eq(name->stems[i + k], old->stems[k])) k++;
    if (k < old->n || name->n - old->n + new->n > LINK_MAX_NAME) continue;
    link_name out = {.n = name->n - old->n + new->n};
    for (int j = 0; j < out.n; j++) {
      const link_name *from = j >= i && j < i + new->n ? new : name;
      int at = from == new ? j - i : j < i ? j : j - new->n + old->n;
      out.words[j] = from->words[at];
      out.stems[j] = from->stems[at];
    }
    *name = out;
    i += new->n - 1;
  }
}

static void rename_in_schema(link_schema *s, const link_name *old, const link_name *new) {
  for (int i = 0; i < s->n_columns; i++) rename_in_name(&s->columns[i].name, old, new);
  for (int i = 0; i < s->n_tables; i++) rename_in_name(&s->tables[i].name, old, new);
}

static bool mentions(const sample *x, const link_name *name) {
  for (int i = 0; i < x->q.n; i++)
    if (matches_at(&x->q, i, name) && !in_value(x, i, i + name->n, -1)) return true;
  return false;
}

static const link_name *random_name(const augment_context *c, const link_column *col, rng *r) {
  const augment_names *n = c->names;
  if (col && (col->flags & LINK_COL_NUMBER) && n->number.len)
    return &n->number.items[rng_below(r, (uint32_t)n->number.len)];
  if (col && (col->flags & LINK_COL_TEXT) && n->text.len)
    return &n->text.items[rng_below(r, (uint32_t)n->text.len)];
  return n->any.len ? &n->any.items[rng_below(r, (uint32_t)n->any.len)] : NULL;
}

static bool name_is_common(const link_name *n) {
  return n->n == 0 || (n->n == 1 && (n->words[0].len < 3 || text_is_stopword(n->words[0])));
}

/* A column or table that the target uses and the question names in full gets another name in both.
 */
static void rename_jointly(sample *x, const augment_context *c, rng *r, arena *a) {
  int start = (int)rng_below(r, (uint32_t)(x->s.n_columns + x->s.n_tables));
  for (int k = 0; k < x->s.n_columns + x->s.n_tables; k++) {
    int i = (start + k) % (x->s.n_columns + x->s.n_tables);
    bool is_column = i < x->s.n_columns;
    link_column *col = is_column ? &x->s.columns[i] : NULL;
    link_name old = is_column ? col->name : x->s.tables[i - x->s.n_columns].name;
    if (name_is_common(&old) || !mentions(x, &old)) continue;
    const link_name *new = random_name(c, col, r);
    if (!new || new->n == 0 || new->n > 4 || mentions(x, new)) return;
    link_name copy = *new;
    if (rename_in_question(x, &old, &copy, a)) rename_in_schema(&x->s, &old, &copy);
    return;
  }
}

/* "department" → "dept", "dep", "dpmt": the schema alone is abbreviated. */
static str abbreviate(str w, rng *r, arena *a) {
  char out[16];
  size_t n = 0, keep = 3 + rng_below(r, 2);
  if (w.len < 6) return w;
  bool vowels = chance(r, 0.5);
  for (size_t i = 0; i < w.len && n < sizeof out && n < keep + (vowels ? 0 : 2); i++) {
    bool vowel = i > 0 && memchr("aeiou", w.ptr[i], 5) != NULL;
    if (vowels || !vowel) out[n++] = w.ptr[i];
  }
  return arena_str(a, (str){out, n});
}

static void shorten_a_word(sample *x, rng *r, arena *a) {
  link_column *c = &x->s.columns[rng_below(r, (uint32_t)x->s.n_columns)];
  if (c->name.n == 0) return;
  int k = (int)rng_below(r, (uint32_t)c->name.n);
  link_name old = {.words = {c->name.words[k]}, .stems = {c->name.stems[k]}, .n = 1};
  str shorter = abbreviate(old.words[0], r, a);
  link_name new = {.words = {shorter}, .stems = {text_stem(a, shorter)}, .n = 1};
  rename_in_schema(&x->s, &old, &new);
}

/* As if a person had taught that an unrelated phrase means the column. */
static void simulate_alias(sample *x, const augment_context *c, rng *r, arena *a) {
  for (int tries = 0; tries < 8 && x->n_aliases < SAMPLE_MAX_ALIASES; tries++) {
    const link_column *col = &x->s.columns[rng_below(r, (uint32_t)x->s.n_columns)];
    const link_name *new = random_name(c, NULL, r);
    if (!target_has(x, IR_STEP_COLUMN, col->id) || name_is_common(&col->name) || !new ||
        new->n == 0 || new->n > 3 || mentions(x, new))
      continue;
    link_name copy = *new;
    if (rename_in_question(x, &col->name, &copy, a) == 0) continue;
    x->aliases[x->n_aliases++] = (link_alias){copy, col->id, -1};
    return;
  }
}

/* ---- other words for the schema's ---- */

static bool names_word(const link_schema *s, str stem) {
  for (int i = 0; i < s->n_columns; i++)
    for (int k = 0; k < s->columns[i].name.n; k++)
      if (str_eq(s->columns[i].name.stems[k], stem)) return true;
  for (int i = 0; i < s->n_tables; i++)
    for (int k = 0; k < s->tables[i].name.n; k++)
      if (str_eq(s->tables[i].name.stems[k], stem)) return true;
  return false;
}

/* A word that WordNet holds for a synonym of `word`, a hypernym or a sister now and then; .len 0:
 * none. */
static str random_synonym(const synonyms *syn, str word, rng *r) {
  enum { MOST = 24 };
  uint16_t found[MOST];
  str none = {NULL, 0};
  bool close = chance(r, 0.75);
  synonyms_word w = synonyms_find(syn, word);
  int n = synonyms_list(syn, &w, close ? SYNONYMS_SYNONYM : SYNONYMS_HYPERNYM, found, MOST);
  return n ? synonyms_text(syn, found[rng_below(r, (uint32_t)n)]) : none;
}

/* What a training question was seen to say in the place of `word`; .len 0: nothing. */
static str random_saying(const synonyms *sayings, str word, rng *r) {
  enum { MOST = 8 };
  uint16_t found[MOST];
  synonyms_word w = synonyms_find(sayings, word);
  int n = synonyms_list(sayings, &w, SYNONYMS_SYNONYM, found, MOST);
  return n ? synonyms_text(sayings, found[rng_below(r, (uint32_t)n)]) : (str){NULL, 0};
}

static str other_word(const augment_context *c, str word, rng *r) {
  str none = {NULL, 0};
  str said = c->sayings && chance(r, P_SAID) ? random_saying(c->sayings, word, r) : none;
  return said.len || !c->synonyms ? said : random_synonym(c->synonyms, word, r);
}

/* A person says "vocalist" where the schema says "singer": the question alone changes. */
static void say_otherwise(sample *x, const augment_context *c, rng *r, arena *a) {
  for (int tries = 0; tries < 12; tries++) {
    int i = (int)rng_below(r, (uint32_t)x->q.n);
    link_word old = x->q.words[i];
    if ((old.flags & (LINK_WORD_STOP | LINK_WORD_NUMBER)) || in_value(x, i, i + 1, -1) ||
        !names_word(&x->s, old.stem))
      continue;
    str other = other_word(c, old.lower, r);
    if (other.len == 0 || names_word(&x->s, text_stem(a, other))) continue;
    link_word new[LINK_MAX_NAME];
    link_name name;
    bool plural = old.lower.len > 3 && str_ends(old.lower, STR("s"));
    if (link_name_read(other, a, &name) != EMEND_OK || name.n == 0) return;
    int n = name_words(&name, plural, a, new);
    new[0].flags |= old.flags &LINK_WORD_CAPITAL;
    for (int k = 0; k < x->q.n; k++) {
      if (!str_eq(x->q.words[k].stem, old.stem) || in_value(x, k, k + 1, -1)) continue;
      if (!replace_words(x, k, k + 1, new, n)) return;
      for (int w = k; w < k + n && x->v.n < LINK_MAX_VALUES - 2; w++) {
        int at = sample_value_at(x, w, w + 1);
        if (at >= 0) x->v.items[at].flags |= LINK_VAL_LEFTOVER;
      }
      k += n - 1;
    }
    return;
  }
}

/* ---- values ---- */

static emend_rc swap_value(sample *x, int k, const augment_context *c, rng *r, arena *a) {
  link_value *v = &x->v.items[k];
  const augment_values *stored = &c->values[x->s.columns[v->cells[0].column].id];
  link_question read;
  if (stored->len < 2) return EMEND_OK;
  str text = stored->items[rng_below(r, (uint32_t)stored->len)];
  if (link_question_read(text, a, &read) != EMEND_OK) return EMEND_ENOMEM;
  if (read.n == 0 || read.n > LINK_MAX_NGRAM || in_value(x, v->from, v->to, k)) return EMEND_OK;
  for (int i = 0; i < read.n; i++) read.words[i].flags |= LINK_WORD_IN_VALUE;
  if (!replace_words(x, v->from, v->to, read.words, read.n)) return EMEND_OK;
  uint16_t keep = v->flags & (LINK_VAL_QUOTED | LINK_VAL_STORED);
  v->flags = keep | (read.words[0].flags & LINK_WORD_CAPITAL ? LINK_VAL_CAPITAL : 0);
  if (read.n == 1 && (read.words[0].flags & LINK_WORD_NUMBER)) {
    v->number = read.words[0].number;
    v->flags |= LINK_VAL_NUMBER;
  }
  v->text = text;
  link_cell *cells = ARENA_ARRAY(a, link_cell, (size_t)x->s.n_columns);
  if (!cells) return EMEND_ENOMEM;
  v->n_cells = 0;
  v->cells = cells;
  for (const cat_value *at = catalog_value(c->cat, text); at; at = at->next) {
    bool seen = at->column >= x->s.n_columns;
    for (int i = 0; i < v->n_cells && !seen; i++) seen = cells[i].column == at->column;
    if (!seen) cells[v->n_cells++] = (link_cell){at->column, at->text, false};
  }
  return EMEND_OK;
}

static void swap_number(sample *x, int k, rng *r, arena *a) {
  link_value *v = &x->v.items[k];
  double n = v->number, spread = n < 10 ? 9 : n;
  if (v->flags & LINK_VAL_NUMBER_WORD || n != (double)(long)n || n < 0 || n > 1e9) return;
  long to = v->flags & LINK_VAL_YEAR ? 1950 + (long)rng_below(r, 75)
                                     : 1 + (long)rng_below(r, (uint32_t)(spread * 2));
  str text = str_from(arena_printf(a, "%ld", to));
  link_word w = {
      .raw = text, .lower = text, .stem = text, .flags = LINK_WORD_NUMBER, .number = (double)to};
  if (!text.ptr || !replace_words(x, v->from, v->to, &w, 1)) return;
  v->text = text;
  v->number = (double)to;
  v->flags = (uint16_t)(v->flags & ~LINK_VAL_YEAR);
  if (to >= 1500 && to < 2200) v->flags |= LINK_VAL_YEAR;
}

static emend_rc swap_values(sample *x, const augment_context *c, rng *r, arena *a) {
  for (int k = 0; k < x->v.n; k++) {
    if (!target_has(x, IR_STEP_VALUE, k)) continue;
    if (x->v.items[k].n_cells && c->values && chance(r, P_VALUE)) {
      if (swap_value(x, k, c, r, a) != EMEND_OK) return EMEND_ENOMEM;
    } else if (!x->v.items[k].n_cells && (x->v.items[k].flags & LINK_VAL_NUMBER) &&
               chance(r, P_NUMBER)) {
      swap_number(x, k, r, a);
    }
  }
  return EMEND_OK;
}

/* "puppy" where dog is stored: another word for a value, as linking finds it by meaning. */
static emend_rc say_value_otherwise(sample *x, const augment_context *c, rng *r, arena *a) {
  for (int k = 0; k < x->v.n; k++) {
    link_value *v = &x->v.items[k];
    if (!target_has(x, IR_STEP_VALUE, k) || v->n_cells == 0 || v->to != v->from + 1 ||
        (v->flags & (LINK_VAL_NUMBER | LINK_VAL_QUOTED)) || in_value(x, v->from, v->to, k))
      continue;
    str other = random_synonym(c->synonyms, x->q.words[v->from].lower, r);
    link_name name;
    link_word new[LINK_MAX_NAME];
    if (other.len == 0 || names_word(&x->s, text_stem(a, other))) continue;
    if (link_name_read(other, a, &name) != EMEND_OK) return EMEND_ENOMEM;
    if (name.n == 0 || !replace_words(x, v->from, v->to, new, name_words(&name, false, a, new)))
      continue;
    for (int w = v->from; w < v->to; w++) x->q.words[w].flags |= LINK_WORD_IN_VALUE;
    v->flags = (uint16_t)(v->flags & ~LINK_VAL_CAPITAL);
    v->text = other;
    for (int i = 0; i < v->n_cells; i++) v->cells[i].near = true;
    return EMEND_OK;
  }
  return EMEND_OK;
}

/* ---- values of tables without rows ---- */

int sample_find_words(const link_question *q, const link_question *part) {
  for (int i = 0; part->n && i + part->n <= q->n; i++) {
    int k = 0;
    while (k < part->n && str_eq(q->words[i + k].lower, part->words[k].lower)) k++;
    if (k == part->n) return i;
  }
  return -1;
}

int sample_value_at(sample *s, int from, int to) {
  link_values *v = &s->v;
  const link_question *q = &s->q;
  int n = 0, found = -1;
  for (int k = 0; k < v->n; k++) {
    link_value x = v->items[k];
    bool same = x.from == from && x.to == to;
    bool inside = x.from < to && from < x.to && !(x.flags & LINK_VAL_STORED);
    if (same) found = n;
    if (same || !inside) v->items[n++] = x;
  }
  v->n = n;
  if (found >= 0) return found;
  if (v->n == LINK_MAX_VALUES) return -1;
  const link_word *a = &q->words[from], *b = &q->words[to - 1];
  link_value x = {
      .from = from, .to = to, .text = {a->raw.ptr, (size_t)(b->raw.ptr + b->raw.len - a->raw.ptr)}};
  if (a->flags & LINK_WORD_CAPITAL) x.flags |= LINK_VAL_CAPITAL;
  if (to == from + 1 && (a->flags & LINK_WORD_NUMBER)) {
    x.flags |= LINK_VAL_NUMBER;
    x.number = a->number;
  }
  v->items[v->n] = x;
  return v->n++;
}

bool sample_pretend_stored(sample *x, int k, int column, rng *r, arena *a) {
  link_value *v = &x->v.items[k];
  link_cell *cells = ARENA_ARRAY(a, link_cell, (size_t)v->n_cells + 2);
  if (!cells) return false;
  if (v->n_cells) memcpy(cells, v->cells, (size_t)v->n_cells * sizeof *cells);
  v->cells = cells;
  cells[v->n_cells++] = (link_cell){column, v->text, false};
  if (rng_unit(r) < 0.15 && x->s.n_columns > 1) {
    int other = (int)rng_below(r, (uint32_t)x->s.n_columns);
    if (other != column) cells[v->n_cells++] = (link_cell){other, v->text, false};
  }
  v->flags = (uint16_t)((v->flags & ~LINK_VAL_LEFTOVER) | LINK_VAL_STORED);
  for (int w = v->from; w < v->to; w++) x->q.words[w].flags |= LINK_WORD_IN_VALUE;
  return true;
}

/* A word that means no value happens to be stored somewhere, as is common in large databases and
 * rare in those of training: "paper" said for a document, where Paper is a kind of template. */
static bool see_coincidence(sample *x, rng *r, arena *a) {
  const uint16_t special =
      LINK_WORD_STOP | LINK_WORD_NUMBER | LINK_WORD_QUOTED | LINK_WORD_IN_VALUE | LINK_WORD_CAPITAL;
  for (int tries = 0; tries < 12; tries++) {
    int i = (int)rng_below(r, (uint32_t)x->q.n);
    int column = (int)rng_below(r, (uint32_t)x->s.n_columns);
    if (i == 0 || (x->q.words[i].flags & special) || in_value(x, i, i + 1, -1) ||
        !(x->s.columns[column].flags & LINK_COL_TEXT) || names_word(&x->s, x->q.words[i].stem))
      continue;
    int k = sample_value_at(x, i, i + 1);
    if (k < 0 || target_has(x, IR_STEP_VALUE, k)) return true;
    if (!sample_pretend_stored(x, k, column, r, a)) return false;
    bool near = chance(r, 0.5); /* in the singular */
    for (int n = 0; n < x->v.items[k].n_cells; n++) x->v.items[k].cells[n].near = near;
    return true;
  }
  return true;
}

/* ---- columns and tables ---- */

static emend_rc add_strangers(sample *x, const link_schema *from, rng *r, arena *a) {
  enum { MOST_COLUMNS = 20 };
  int table = (int)rng_below(r, (uint32_t)from->n_tables);
  const link_table *t = &from->tables[table];
  int n = t->n_columns < MOST_COLUMNS ? t->n_columns : MOST_COLUMNS;
  link_column *columns = ARENA_ARRAY(a, link_column, (size_t)(x->s.n_columns + n));
  link_table *tables = ARENA_ARRAY(a, link_table, (size_t)(x->s.n_tables + 1));
  if (!columns || !tables) return EMEND_ENOMEM;
  memcpy(columns, x->s.columns, (size_t)x->s.n_columns * sizeof *columns);
  memcpy(tables, x->s.tables, (size_t)x->s.n_tables * sizeof *tables);
  tables[x->s.n_tables] = (link_table){t->name, -1, x->s.n_columns, n, t->flags};
  for (int i = 0; i < n; i++) {
    link_column c = from->columns[t->first_column + i];
    c.id = -1;
    c.table = x->s.n_tables;
    columns[x->s.n_columns + i] = c;
  }
  x->s.columns = columns;
  x->s.tables = tables;
  x->s.n_columns += n;
  x->s.n_tables++;
  return EMEND_OK;
}

static void choose_columns(const sample *x, rng *r, double p_table, double p_column, bool *keep) {
  bool dropped = false;
  for (int i = 0; i < x->s.n_columns; i++) {
    const link_column *c = &x->s.columns[i];
    if (i == 0 || x->s.columns[i - 1].table != c->table) {
      dropped = chance(r, p_table) && !target_has(x, IR_STEP_TABLE, x->s.tables[c->table].id);
      for (int k = 0; k < x->s.n_columns && dropped; k++)
        if (x->s.columns[k].table == c->table && target_has(x, IR_STEP_COLUMN, x->s.columns[k].id))
          dropped = false;
    }
    bool key = (c->flags & (LINK_COL_PRIMARY | LINK_COL_FOREIGN)) != 0;
    keep[i] = target_has(x, IR_STEP_COLUMN, c->id) || (!dropped && (key || !chance(r, p_column)));
  }
}

static emend_rc drop_columns(sample *x, rng *r, double p_table, double p_column, arena *a) {
  bool *keep = ARENA_ARRAY(a, bool, (size_t)x->s.n_columns);
  if (!keep) return EMEND_ENOMEM;
  choose_columns(x, r, p_table, p_column, keep);
  for (int t = 0; t < x->s.n_tables; t++) {
    const link_table *tab = &x->s.tables[t];
    bool any = !target_has(x, IR_STEP_TABLE, tab->id);
    for (int i = 0; i < tab->n_columns && !any; i++) any = keep[tab->first_column + i];
    if (!any && tab->n_columns) keep[tab->first_column] = true;
  }
  return link_schema_keep(&x->s, &x->v, keep, a);
}

emend_rc augment_shrink(sample *x, rng *r, arena *a) {
  for (int i = 0; i < 6; i++) {
    int n = x->q.n + x->s.n_columns + x->s.n_tables + x->v.n;
    if (n <= SAMPLE_MAX_NODES) return EMEND_OK;
    if (drop_columns(x, r, 0.4, 0.4, a) != EMEND_OK) return EMEND_ENOMEM;
  }
  return EMEND_OK;
}

emend_rc augment_sample(sample *x, const augment_context *c, rng *r, arena *a) {
  if (!copy_arrays(x, a) || swap_values(x, c, r, a) != EMEND_OK) return EMEND_ENOMEM;
  if (c->synonyms && chance(r, P_MEANT) && say_value_otherwise(x, c, r, a) != EMEND_OK)
    return EMEND_ENOMEM;
  if (chance(r, P_ALIAS)) simulate_alias(x, c, r, a);
  if (chance(r, P_RENAME)) rename_jointly(x, c, r, a);
  if (chance(r, P_RENAME / 2)) rename_jointly(x, c, r, a);
  if (c->synonyms && chance(r, P_SYNONYM)) {
    say_otherwise(x, c, r, a);
    if (chance(r, 0.5)) say_otherwise(x, c, r, a);
  }
  if (chance(r, P_COINCIDENCE) && !see_coincidence(x, r, a)) return EMEND_ENOMEM;
  if (chance(r, P_SHORTEN)) shorten_a_word(x, r, a);
  if (c->strangers && chance(r, P_STRANGERS) && add_strangers(x, c->strangers, r, a) != EMEND_OK)
    return EMEND_ENOMEM;
  if (chance(r, P_DROP) && drop_columns(x, r, rng_unit(r) * 0.4, rng_unit(r) * 0.5, a) != EMEND_OK)
    return EMEND_ENOMEM;
  return arena_failed(a) ? EMEND_ENOMEM : EMEND_OK;
}
