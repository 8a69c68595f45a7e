/* Did you mean …? Scores for names, ranked lists, and the join that reaches a table. */
#include "check/suggest.h"

#include <string.h>

#include "text/text.h"

enum { LONGEST_JOIN = 16 };

typedef struct synonym {
  const char *word;
  uint64_t groups;
} synonym;

#define G(group) (1ull << (group))
static const synonym synonyms[] = {
#define SYN(word, groups) {#word, groups},
#include "check/synonyms.def"
#undef SYN
};
#undef G

/** The groups of synonyms that the lower-case word is in, a bit for each. */
static uint64_t groups_of(str word) {
  size_t lo = 0, hi = sizeof synonyms / sizeof *synonyms;
  while (lo < hi) {
    size_t mid = lo + (hi - lo) / 2;
    int order = str_cmp(word, str_from(synonyms[mid].word));
    if (order == 0) return synonyms[mid].groups;
    if (order < 0)
      hi = mid;
    else
      lo = mid + 1;
  }
  return 0;
}

/** Which letters and digits occur: two texts are at least half as far apart as these differ. */
static uint64_t letters_of(str s) {
  uint64_t bits = 0;
  for (size_t i = 0; i < s.len; i++) bits |= (uint64_t)1 << (s.ptr[i] & 63);
  return bits;
}

static bool is_near(str x, str y) {
  size_t least = x.len < y.len ? x.len : y.len, most = x.len < y.len ? y.len : x.len;
  if (least < 4 || most - least > 2) return false;
  if (x.ptr[0] != y.ptr[0] && x.ptr[x.len - 1] != y.ptr[y.len - 1]) return false;
  int near = least >= 7 ? 2 : 1;
  if (__builtin_popcountll(letters_of(x) ^ letters_of(y)) > 2 * near) return false;
  return text_edit_distance(x, y, near) <= near;
}

/** Both in lower case; `groups` are those of x. */
static double word_score(str x, uint64_t groups, str y) {
  size_t least = x.len < y.len ? x.len : y.len;
  if (!least) return 0;
  if (x.ptr[0] == y.ptr[0]) {
    if (str_eq(x, y)) return 1;
    if (least >= 3 && (str_starts(x, y) || str_starts(y, x))) return 0.85;
  }
  if (is_near(x, y)) return 0.85;
  return groups && (groups & groups_of(y)) ? 0.7 : 0;
}

static double words_score(const suggest_name *w, const str *words, int n) {
  if (!w->n_words || !n) return 0;
  double sum = 0;
  for (int i = 0; i < w->n_words; i++) {
    double best = 0;
    for (int k = 0; k < n && best < 1; k++) {
      double s = word_score(w->words[i], w->groups[i], words[k]);
      if (s > best) best = s;
    }
    sum += best;
  }
  double score = 2 * sum / (w->n_words + n);
  return score > 1 ? 1 : score;
}

/** Letters and digits alone, in lower case. */
static str squash(str s, char out[SUGGEST_LONGEST]) {
  size_t n = 0;
  for (size_t i = 0; i < s.len && n < SUGGEST_LONGEST; i++)
    if (s.ptr[i] != '_' && s.ptr[i] != ' ' && s.ptr[i] != '-') out[n++] = ascii_lower(s.ptr[i]);
  return (str){out, n};
}

static double edit_score(const suggest_name *wanted, str name) {
  char room[SUGGEST_LONGEST];
  str x = {wanted->squashed, wanted->squashed_len}, y = squash(name, room);
  if (str_eq(x, y)) return 0.98;
  size_t longest = x.len > y.len ? x.len : y.len;
  int most = (int)(longest / 4) + 1;
  if (wanted->near_only && most > 2) most = 2;
  uint64_t differ = wanted->letters ^ letters_of(y);
  if (__builtin_popcountll(differ) > 2 * most) return 0;
  int d = text_edit_distance(x, y, most);
  return d > most ? 0 : 1 - (double)d / (double)longest;
}

suggest_name suggest_prepare(arena *a, str name) {
  suggest_name w = {.text = name};
  w.n_words = text_split_name(name, a, w.words, SUGGEST_WORDS);
  if (w.n_words < 0) w.n_words = 0;
  for (int i = 0; i < w.n_words; i++) w.groups[i] = groups_of(w.words[i]);
  w.squashed_len = squash(name, w.squashed).len;
  w.letters = letters_of((str){w.squashed, w.squashed_len});
  return w;
}

double suggest_score(const suggest_name *wanted, str name, const str *words, int n_words) {
  if (str_eq_nocase(wanted->text, name)) return 1;
  double e = edit_score(wanted, name);
  if (wanted->near_only && e == 0) return 0;
  double w = words_score(wanted, words, n_words);
  if (e >= 0.98) return e;
  double high = e > w ? e : w, low = e > w ? w : e;
  return (0.75 * high + 0.25 * low) * 0.97;
}

double suggest_score_name(arena *a, const suggest_name *wanted, str name) {
  suggest_name other = suggest_prepare(a, name);
  return suggest_score(wanted, name, other.words, other.n_words);
}

/* ---- ranked lists ---- */

void suggest_enter(suggest_list *l, str text, sql_span span, double score, str why) {
  if (score < 0.4 || !text.ptr) return;
  int at = l->n;
  for (int i = 0; i < l->n; i++)
    if (str_eq(l->items[i].text, text) && l->items[i].span.from == span.from) {
      if (l->items[i].score >= score) return;
      at = i;
      break;
    }
  if (at == SUGGEST_MOST) {
    if (l->items[at - 1].score >= score) return;
    at--;
  }
  if (at == l->n) l->n++;
  for (; at > 0 && l->items[at - 1].score < score; at--) l->items[at] = l->items[at - 1];
  l->items[at] = (suggest_pick){text, why, span, score > 1 ? 1 : score};
}

void suggest_give(check_ctx *c, const suggest_list *l, diag *d) {
  for (int i = 0; i < l->n; i++)
    diag_suggest(c, d, l->items[i].text, l->items[i].span, l->items[i].why, l->items[i].score);
}

str suggest_ident(check_ctx *c, str name) {
  bool plain = name.len && !ascii_is_digit(name.ptr[0]);
  for (size_t i = 0; i < name.len && plain; i++)
    plain = ascii_is_alnum(name.ptr[i]) || name.ptr[i] == '_';
  return plain && !sql_is_reserved(c->dialect, name) ? name : suggest_quoted(c, name);
}

str suggest_quoted(check_ctx *c, str name) {
  char open = sql_dialect_quote(c->dialect), close = open == '[' ? ']' : open;
  char *out = arena_alloc(c->a, name.len * 2 + 3);
  if (!out) return NO_STR;
  size_t n = 0;
  out[n++] = open;
  for (size_t i = 0; i < name.len; i++) {
    if (name.ptr[i] == close) out[n++] = close;
    out[n++] = name.ptr[i];
  }
  out[n++] = close;
  return (str){out, n};
}

/* ---- joins ---- */

/** What the table is called in the scope, or its own name. */
static str label(check_ctx *c, const check_scope *s, int table) {
  for (size_t i = 0; i < s->items.len; i++)
    if (s->items.items[i].table && s->items.items[i].table->id == table)
      return suggest_ident(c, s->items.items[i].name);
  return suggest_ident(c, c->cat->tables[table].name);
}

static bool in_scope(const check_scope *s, int table) {
  for (size_t i = 0; i < s->items.len; i++)
    if (s->items.items[i].table && s->items.items[i].table->id == table) return true;
  return false;
}

static void write_edge(check_ctx *c, buf *b, const check_scope *s, const cat_fkey *k, bool *known) {
  int added = known[k->from_table] ? k->to_table : k->from_table;
  known[k->from_table] = known[k->to_table] = true;
  buf_printf(b, "%sJOIN %.*s ON ", b->len ? " " : "", STR_ARG(label(c, s, added)));
  for (int i = 0; i < k->n; i++) {
    const cat_column *from = &c->cat->columns[k->from[i]], *to = &c->cat->columns[k->to[i]];
    str x = suggest_ident(c, from->name), y = suggest_ident(c, to->name);
    str left = label(c, s, k->from_table), right = label(c, s, k->to_table);
    buf_printf(b, "%s%.*s.%.*s = %.*s.%.*s", i ? " AND " : "", STR_ARG(left), STR_ARG(x),
               STR_ARG(right), STR_ARG(y));
  }
}

str suggest_join(check_ctx *c, const check_scope *s, const cat_table *table) {
  int tables[LONGEST_JOIN], n = 0;
  for (size_t i = 0; i < s->items.len && n < LONGEST_JOIN - 1; i++)
    if (s->items.items[i].table) tables[n++] = s->items.items[i].table->id;
  if (!n || n == LONGEST_JOIN - 1) return NO_STR;
  tables[n++] = table->id;
  int *edges = ARENA_ARRAY(c->a, int, (size_t)c->cat->n_tables + 1);
  bool *known = ARENA_ARRAY(c->a, bool, (size_t)c->cat->n_tables + 1);
  int n_edges = edges && known ? catalog_join_tree(c->cat, tables, n, edges) : -1;
  if (n_edges <= 0) return NO_STR;
  buf b;
  buf_init(&b, 4096);
  for (int i = 0; i < n - 1; i++) known[tables[i]] = true;
  for (int left = n_edges; left > 0;) { /* edges in an order in which each is reached */
    int before = left;
    for (int i = 0; i < n_edges; i++) {
      const cat_fkey *k = edges[i] < 0 ? NULL : &c->cat->fkeys[edges[i]];
      if (!k || (!known[k->from_table] && !known[k->to_table])) continue;
      if (!in_scope(s, k->from_table) || !in_scope(s, k->to_table)) write_edge(c, &b, s, k, known);
      edges[i] = -1;
      left--;
    }
    if (left == before) break;
  }
  str out = b.failed || !b.len ? NO_STR : arena_str(c->a, buf_str(&b));
  buf_free(&b);
  return out;
}
