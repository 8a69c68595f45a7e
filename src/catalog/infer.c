/* Foreign keys that nobody declared, guessed from names and types, and where there are values
 * from whether one column's are contained in the other's. Precision before recall: a wrong key
 * misleads every join after it. */
#include <string.h>

#include "base/clock.h"
#include "catalog/build.h"
#include "text/text.h"

enum { MAX_WORDS = 12, MAX_DISTINCT = 200, PROBE_MS = 500, PROBE_BUDGET_MS = 3000 };

typedef struct name_stems {
  str words[MAX_WORDS];
  int n;
  int base;     /* the words before "id", "code" …; all of them when there is no such ending */
  bool generic; /* a name that every table may have, such as "id" or "name", says nothing */
} name_stems;

/* How sure a name makes it, best first; the weaker ones want the values' word for it. */
typedef enum clue {
  CLUE_OWNER, /* customer_id → customer.customer_id: the key's own name, in the table it names */
  CLUE_TABLE_ID, /* customer_id → customers.id */
  CLUE_TABLE,    /* customer → customers.id */
  CLUE_SAME,     /* the same name as another table's key */
  CLUE_ROLE, /* home_team_id → team.id, dest_airport → airports.code, parent_id → its own id */
  CLUE_NONE
} clue;

typedef struct inferrer {
  catalog *c;
  source *s; /* NULL: no values to ask */
  arena *a;
  name_stems *tables, *key_words; /* [n_tables] */
  int *keys;                      /* [n_tables]: the column that is its key, or -1 */
  double end;
  unsigned cancels;
  emend_error *err;
  emend_rc rc;
} inferrer;

static bool is_one_of(str stem, const char *const *list, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (str_eq(stem, str_from(list[i]))) return true;
  return false;
}

static bool is_key_word(str stem) {
  static const char *const WORDS[] = {"id", "key", "code", "no",    "num", "number",
                                      "nr", "fk",  "pk",   "index", "ref", "uuid"};
  return is_one_of(stem, WORDS, sizeof WORDS / sizeof *WORDS);
}

static bool is_common_word(str stem) {
  static const char *const WORDS[] = {"name", "titl", "type", "date", "year"};
  return is_key_word(stem) || is_one_of(stem, WORDS, sizeof WORDS / sizeof *WORDS);
}

static bool stem_words(arena *a, const str *words, int n, name_stems *out) {
  *out = (name_stems){.n = n, .base = n};
  for (int i = 0; i < n; i++) {
    out->words[i] = text_stem(a, words[i]);
    if (!out->words[i].ptr) return false;
  }
  if (n > 1 && is_key_word(out->words[n - 1])) out->base = n - 1;
  out->generic = n == 0 || (n == 1 && is_common_word(out->words[0]));
  return true;
}

/* Whether the words from..to of `x` are all the words of `y`. */
static bool same_words(const name_stems *x, int from, int to, const name_stems *y) {
  if (to - from != y->n || y->n == 0) return false;
  for (int i = 0; i < y->n; i++)
    if (!str_eq(x->words[from + i], y->words[i])) return false;
  return true;
}

static bool is_numeric(cat_type t) { return t == CAT_INTEGER || t == CAT_REAL; }

static bool types_fit(const cat_column *x, const cat_column *y) {
  if (x->type == CAT_UNKNOWN || y->type == CAT_UNKNOWN || x->type == y->type) return true;
  return is_numeric(x->type) && is_numeric(y->type);
}

/* ---- what the names say ---- */

static clue name_clue(const inferrer *f, const cat_column *x, const name_stems *words, int table) {
  const cat_column *key = &f->c->columns[f->keys[table]];
  const name_stems *named = &f->tables[table], *key_words = &f->key_words[table];
  int base = words->base;
  bool self = x->table == table;
  if (!self && !words->generic && str_eq_nocase(x->name, key->name))
    return same_words(key_words, 0, key_words->base, named) ? CLUE_OWNER : CLUE_SAME;
  if (!self && base < words->n && same_words(words, 0, base, named)) return CLUE_TABLE_ID;
  if (!self && same_words(words, 0, words->n, named)) return CLUE_TABLE;
  bool parent = self && words->n <= 2 && str_eq(words->words[0], STR("parent"));
  if (parent) return CLUE_ROLE;
  int skip = base - named->n; /* "home team" of "home team id" ends in the table's name */
  if (skip > 0 && same_words(words, skip, base, named)) return CLUE_ROLE;
  skip = words->n - key_words->n;
  if (skip > 0 && key_words->n > 1 && same_words(words, skip, words->n, key_words))
    return CLUE_ROLE;
  return CLUE_NONE;
}

/* ---- what the values say ---- */

typedef struct containment {
  int64_t distinct, missing;
} containment;

static bool take_counts(void *ctx, const cell *cells, size_t n) {
  containment *k = ctx;
  if (n == 2 && cells[0].kind == CELL_INT) *k = (containment){cells[0].i, cells[1].i};
  return true;
}

static void add_name(const catalog *c, const cat_column *x, bool table, buf *sql) {
  const cat_table *t = &c->tables[x->table];
  if (!table) {
    catalog_quote(c, x->name, sql);
    return;
  }
  if (t->schema.len) {
    catalog_quote(c, t->schema, sql);
    buf_add_c(sql, '.');
  }
  catalog_quote(c, t->name, sql);
}

/* How many of up to MAX_DISTINCT values of `x` there are, and how many `key` lacks. */
static bool probe_values(inferrer *f, const cat_column *x, const cat_column *key,
                         containment *out) {
  buf sql;
  *out = (containment){0};
  buf_init(&sql, 1 << 16);
  buf_add_cstr(&sql,
               "SELECT COUNT(*), COALESCE(SUM(CASE WHEN k IS NULL THEN 1 ELSE 0 END), 0) FROM "
               "(SELECT DISTINCT ");
  add_name(f->c, x, false, &sql);
  buf_add_cstr(&sql, " AS v FROM ");
  add_name(f->c, x, true, &sql);
  buf_add_cstr(&sql, " WHERE ");
  add_name(f->c, x, false, &sql);
  buf_printf(&sql, " IS NOT NULL LIMIT %d) x LEFT JOIN (SELECT ", MAX_DISTINCT);
  add_name(f->c, key, false, &sql);
  buf_add_cstr(&sql, " AS k FROM ");
  add_name(f->c, key, true, &sql);
  buf_add_cstr(&sql, ") y ON x.v = y.k");
  source_sink sink = {NULL, take_counts, out};
  emend_rc rc = sql.failed ? err_nomem(f->err, "open")
                           : source_each(f->s, buf_str(&sql),
                                         &(source_limits){.timeout_ms = PROBE_MS}, &sink, f->err);
  buf_free(&sql);
  if (rc != EMEND_ENOMEM && source_cancels(f->s) != f->cancels)
    rc = err_set(f->err, EMEND_ECANCELED, "open", "canceled");
  if (rc == EMEND_ENOMEM || rc == EMEND_ECANCELED || rc == EMEND_EBUSY) f->rc = rc;
  return rc == EMEND_OK;
}

/* Whether values, where they can be asked, bear the guess out. Weak guesses need them to, and so
 * do those whose declared types differ. */
static bool values_agree(inferrer *f, const cat_column *x, const cat_column *key, clue k) {
  bool fits = types_fit(x, key), weak = k == CLUE_ROLE || k == CLUE_TABLE || !fits;
  bool empty = key->profile.known && key->profile.rows == 0;
  bool askable =
      f->s && !x->values_private && !key->values_private && !empty && clock_ms() < f->end;
  containment found;
  if (!askable || !probe_values(f, x, key, &found) || found.distinct == 0)
    return !weak || (k == CLUE_TABLE && x->type == CAT_INTEGER && key->type == CAT_INTEGER);
  if (weak && found.distinct < 2) return false;
  return found.missing * (fits ? 10 : 100) <= found.distinct;
}

/* ---- one column ---- */

/* For each clue the table that it points to, or -1: two equally likely ones are none. */
static void find_targets(const inferrer *f, const cat_column *x, const name_stems *words,
                         int targets[CLUE_NONE]) {
  int found[CLUE_NONE + 1] = {0};
  for (int t = 0; t < f->c->n_tables; t++) {
    if (f->keys[t] < 0 || f->keys[t] == x->id) continue;
    clue k = name_clue(f, x, words, t);
    if (k == CLUE_NONE) continue;
    targets[k] = found[k]++ ? -1 : t;
  }
  for (int k = 0; k < CLUE_NONE; k++)
    if (found[k] == 0) targets[k] = -1;
}

/* A column that is its own table's key follows another table's only when that one owns the name
 * (student_id in student and in student_address), or when it merely looks like a key. */
static bool may_point(const inferrer *f, const cat_column *x, clue k) {
  bool own_key = f->keys[x->table] == x->id;
  return !own_key || k == CLUE_OWNER || k == CLUE_TABLE_ID || (k == CLUE_ROLE && x->pk == 0);
}

static bool add_key(inferrer *f, const cat_column *x, int table, size_t *cap) {
  catalog *c = f->c;
  cat_fkey key = {.from_table = x->table, .to_table = table, .n = 1, .inferred = true};
  key.from[0] = x->id;
  key.to[0] = f->keys[table];
  VEC(cat_fkey) keys = {c->fkeys, (size_t)c->n_fkeys, *cap};
  if (!vec_push(c->mem, &keys, key)) return false;
  c->fkeys = keys.items;
  c->n_fkeys++;
  *cap = keys.cap;
  c->columns[x->id].is_fkey = true;
  return true;
}

static void infer_column(inferrer *f, const cat_column *x, size_t *cap) {
  name_stems words;
  int targets[CLUE_NONE];
  if (x->is_fkey || x->hidden || x->n_words == 0 || f->c->tables[x->table].is_view) return;
  if (!stem_words(f->a, x->words, x->n_words, &words)) {
    f->rc = EMEND_ENOMEM;
    return;
  }
  find_targets(f, x, &words, targets);
  for (clue k = CLUE_OWNER; k < CLUE_NONE && !f->rc; k++) {
    int t = may_point(f, x, k) ? targets[k] : -1;
    if (t < 0 || !values_agree(f, x, &f->c->columns[f->keys[t]], k)) continue;
    if (!f->rc && !add_key(f, x, t, cap)) f->rc = EMEND_ENOMEM;
    return;
  }
}

/* ---- all ---- */

/* A column that serves as a key although none is declared: every row has another value, and the
 * name is that of a key. */
static bool acts_as_key(const cat_column *x) {
  const cat_profile *p = &x->profile;
  bool distinct = p->known && !p->sampled && p->rows > 1 && p->distinct == p->rows;
  if (x->n_words == 0 || (!x->unique && !distinct)) return false;
  str last = x->words[x->n_words - 1];
  return is_key_word(last) || (last.len > 3 && str_ends(last, STR("id")));
}

/* The only column of the declared primary key; without one, the first that acts as a key. */
static int find_key(const catalog *c, const cat_table *t) {
  int key = -1, parts = 0;
  for (int i = 0; i < t->n_columns && !t->is_view; i++)
    if (c->columns[t->first_column + i].pk) key = t->first_column + i, parts++;
  if (parts) return parts == 1 ? key : -1;
  for (int i = 0; i < t->n_columns && !t->is_view; i++)
    if (acts_as_key(&c->columns[t->first_column + i])) return t->first_column + i;
  return -1;
}

static bool prepare(inferrer *f) {
  catalog *c = f->c;
  size_t n = (size_t)c->n_tables + 1;
  f->tables = ARENA_ARRAY(f->a, name_stems, n);
  f->key_words = ARENA_ARRAY(f->a, name_stems, n);
  f->keys = ARENA_ARRAY(f->a, int, n);
  if (!f->tables || !f->key_words || !f->keys) return false;
  for (int i = 0; i < c->n_tables; i++) {
    const cat_table *t = &c->tables[i];
    f->keys[i] = find_key(c, t);
    const cat_column *key = f->keys[i] >= 0 ? &c->columns[f->keys[i]] : NULL;
    if (!stem_words(f->a, t->words, t->n_words, &f->tables[i])) return false;
    if (key && !stem_words(f->a, key->words, key->n_words, &f->key_words[i])) return false;
  }
  return true;
}

emend_rc catalog_infer_keys(catalog *c, source *s, unsigned cancels, emend_error *err) {
  inferrer f = {
      .c = c, .s = s, .a = arena_create((size_t)256 << 20), .cancels = cancels, .err = err};
  size_t cap = (size_t)c->n_fkeys;
  f.end = clock_ms() + PROBE_BUDGET_MS;
  if (!f.a || !prepare(&f)) f.rc = EMEND_ENOMEM;
  for (int i = 0; i < c->n_columns && !f.rc; i++) infer_column(&f, &c->columns[i], &cap);
  arena_destroy(f.a);
  return f.rc == EMEND_ENOMEM ? err_nomem(err, "open") : f.rc;
}
