/* A query and its rows held against what an independent generator answered. Runs
 * nothing: what the others gave was run, where it could be, by the caller. */
#include <math.h>
#include <string.h>

#include "judge/facts.h"
#include "judge/signal.h"

/* ---- digests ---- */

static uint64_t mix(uint64_t x) {
  x ^= x >> 31;
  x *= 0xbf58476d1ce4e5b9u;
  return x ^ (x >> 29);
}

static uint64_t cell_hash(const cell *c) {
  switch (c->kind) {
    case CELL_NULL:
      return 0x51ed270b;
    case CELL_INT:
    case CELL_BOOL:
      return (uint64_t)llround((double)c->i * 100) * 0x9e3779b97f4a7c15u;
    case CELL_REAL:
      return fabs(c->r) < 1e16 ? (uint64_t)llround(c->r * 100) * 0x9e3779b97f4a7c15u
                               : (uint64_t)(fabs(c->r) / 3);
    case CELL_TEXT:
    case CELL_BLOB:
      return str_hash64(c->text);
  }
  return 0;
}

/* The sum of the different ones among n hashes: a set, whatever its order. `seen` has room for
 * 2 n. */
static uint64_t sum_of_set(const uint64_t *hashes, size_t n, uint64_t *seen, size_t room) {
  uint64_t sum = 0;
  memset(seen, 0, room * sizeof *seen);
  for (size_t i = 0; i < n; i++) {
    uint64_t h = mix(hashes[i]) | 1;
    size_t at = (size_t)(h >> 8) % room;
    while (seen[at] && seen[at] != h) at = (at + 1) % room;
    if (!seen[at]) sum += h;
    seen[at] = h;
  }
  return sum;
}

bool judge_digest_of(const source_result *r, arena *a, judge_digest *out) {
  *out = (judge_digest){.known = true, .n_rows = r->n_rows, .n_columns = r->n_columns};
  size_t room = 2 * r->n_rows + 1;
  uint64_t *hashes = ARENA_ARRAY(a, uint64_t, r->n_rows + 1),
           *seen = ARENA_ARRAY(a, uint64_t, room);
  uint64_t *rows = ARENA_ARRAY(a, uint64_t, r->n_rows + 1);
  if (!hashes || !seen || !rows) return false;
  for (size_t c = 0; c < r->n_columns; c++) {
    uint64_t sum = 0;
    for (size_t i = 0; i < r->n_rows; i++) {
      hashes[i] = cell_hash(&r->cells[i * r->n_columns + c]);
      sum += mix(hashes[i]);
      rows[i] += hashes[i]; /* the order of columns does not count */
    }
    if (c >= JUDGE_DIGEST_COLUMNS) continue;
    out->columns[c] = sum;
    out->sets[c] = sum_of_set(hashes, r->n_rows, seen, room);
  }
  out->rows = r->n_rows * 31 + r->n_columns;
  for (size_t i = 0; i < r->n_rows; i++) out->rows += mix(rows[i]);
  return true;
}

static size_t digested(const judge_digest *d) {
  return d->n_columns < JUDGE_DIGEST_COLUMNS ? d->n_columns : JUDGE_DIGEST_COLUMNS;
}

/* How many of x's columns are among y's. */
static size_t columns_within(const judge_digest *x, const judge_digest *y, bool as_sets) {
  size_t n = 0;
  for (size_t i = 0; i < digested(x); i++) {
    bool found = false;
    for (size_t j = 0; j < digested(y) && !found; j++)
      found = as_sets ? x->sets[i] == y->sets[j] : x->columns[i] == y->columns[j];
    n += found;
  }
  return n;
}

/* ---- agreement of results ---- */

typedef struct holding {
  const judge_intent *in;
  str question; /* normalised */
  const check_report *mine;
  const judge_digest *digest;
  const judge_probes *probes;
  const judge_readings *others;
  const model_view *view; /* may be NULL */
  judge_facts facts;
  judge_facts *theirs; /* [n] */
  double all;          /* belief in all that could be run */
  arena *a;
  judge_signals *out;
} holding;

#define QUIET(h, code, value) judge_add_quiet((h)->out, (h)->a, JUDGE_##code, (value))

static double log_odds(double p) {
  p = p < 0.01 ? 0.01 : p > 0.99 ? 0.99 : p;
  return log(p / (1 - p));
}

static bool gives_rows(const judge_reading *r) { return r->digest.known && !r->failed; }

static double belief_in_rows(const holding *h, uint64_t rows) {
  double sum = 0;
  for (size_t i = 0; i < h->others->n; i++)
    if (gives_rows(&h->others->items[i]) && h->others->items[i].digest.rows == rows)
      sum += h->others->items[i].share;
  return h->all > 0 ? sum / h->all : 0;
}

/* How the other reading's result differs from mine. */
static bool compare_shapes(const holding *h, const judge_digest *top) {
  const judge_digest *d = h->digest;
  if (d->n_rows == 0) return QUIET(h, alone_empty, top->n_rows > 0);
  size_t mine = columns_within(d, top, false), theirs = columns_within(top, d, false);
  size_t sets = columns_within(d, top, true);
  bool same_columns = sets == digested(d) && d->n_columns == top->n_columns;
  bool wider = theirs == digested(top) && d->n_columns > top->n_columns;
  bool narrower = mine == digested(d) && d->n_columns < top->n_columns;
  if (same_columns && d->n_rows != top->n_rows)
    return d->n_rows > top->n_rows ? QUIET(h, repeats, 1) : QUIET(h, repeats_not, 1);
  if (wider) return QUIET(h, more_columns, 1);
  if (narrower) return QUIET(h, fewer_columns, 1);
  return (d->n_columns == top->n_columns || QUIET(h, other_columns, 1)) &&
         (mine == 0 || QUIET(h, some_columns_same, 1)) &&
         (d->n_rows == top->n_rows || QUIET(h, other_row_count, 1));
}

static bool hold_results(const holding *h) {
  double agree = belief_in_rows(h, h->digest->rows), rival = 0;
  const judge_reading *top = NULL;
  for (size_t i = 0; i < h->others->n; i++) {
    const judge_reading *r = &h->others->items[i];
    if (!gives_rows(r) || r->digest.rows == h->digest->rows) continue;
    double p = belief_in_rows(h, r->digest.rows);
    if (p > rival) rival = p;
  }
  if (h->others->top < h->others->n) top = &h->others->items[h->others->top];
  if (!QUIET(h, rival_share, rival)) return false;
  if (agree <= 0 && !QUIET(h, nobody_agrees, 1)) return false;
  if (agree > 0 && !QUIET(h, same_rows, log_odds(agree))) return false;
  if (agree > 0 && h->digest->n_rows == 0 && !QUIET(h, agreed_on_nothing, 1)) return false;
  if (!top || !gives_rows(top) || top->digest.rows == h->digest->rows) return true;
  return judge_add(h->out, h->a, JUDGE_other_rows, 1,
                   "An independent reading of the question gives other rows.") &&
         compare_shapes(h, &top->digest);
}

/* ---- agreement of queries ---- */

static bool reads(const check_report *r, str name, bool table) {
  size_t n = table ? r->tables.len : r->columns.len;
  for (size_t i = 0; i < n; i++)
    if (str_eq_nocase(table ? r->tables.items[i] : r->columns.items[i], name)) return true;
  return false;
}

static double belief_in_name(const holding *h, str name, bool table) {
  double sum = 0, all = 0;
  for (size_t i = 0; i < h->others->n; i++) {
    all += h->others->items[i].share;
    if (reads(h->others->items[i].report, name, table)) sum += h->others->items[i].share;
  }
  return all > 0 ? sum / all : 0;
}

/* The belief in the most believed table (or column) of theirs that mine does not read. */
static double belief_left_out(const holding *h, bool table) {
  double most = 0;
  for (size_t i = 0; i < h->others->n; i++) {
    const check_report *r = h->others->items[i].report;
    size_t n = table ? r->tables.len : r->columns.len;
    for (size_t k = 0; k < n; k++) {
      str name = table ? r->tables.items[k] : r->columns.items[k];
      if (reads(h->mine, name, table)) continue;
      double p = belief_in_name(h, name, table);
      if (p > most) most = p;
    }
  }
  return most;
}

/* A table of which nothing is asked, and whose join changes what comes back: rightly so only if
 * the question is about it. */
static bool hold_joins(const holding *h) {
  double most[2] = {0, 0};
  str table = {0};
  for (size_t i = 0; i < h->probes->len; i++) {
    const judge_probe *p = &h->probes->items[i];
    if (!p->ran || !p->differs || p->kind != JUDGE_PROBE_WITHOUT) continue;
    if (p->named && p->once) continue; /* "all gymnasts" of people: those that are some */
    double unasked = (1 - belief_in_name(h, p->table, true)) * (p->named ? 0.5 : 1);
    if (unasked <= most[p->figure]) continue;
    most[p->figure] = unasked;
    if (p->figure) table = p->table;
  }
  if (most[true] > 0 &&
      !judge_add(h->out, h->a, JUDGE_join_unasked, most[true],
                 "Nothing is asked of \"%.*s\", and joining it changes the figure.",
                 STR_ARG(table)))
    return false;
  return QUIET(h, join_unshared, most[false]);
}

static bool hold_names(const holding *h) {
  double least = 1, mean = 0, least_table = 1;
  for (size_t i = 0; i < h->mine->columns.len; i++) {
    double p = belief_in_name(h, h->mine->columns.items[i], false);
    mean += p / (double)h->mine->columns.len;
    if (p < least) least = p;
  }
  if (h->mine->columns.len == 0) mean = 1;
  for (size_t i = 0; i < h->mine->tables.len; i++) {
    double p = belief_in_name(h, h->mine->tables.items[i], true);
    if (p < least_table) least_table = p;
  }
  double left_out = belief_left_out(h, false), table_left_out = belief_left_out(h, true);
  if (!h->digest->known && (least < 0.2 || left_out > 0.8) &&
      !judge_add(h->out, h->a, JUDGE_other_query, 1,
                 "An independent reading of the question reads other columns."))
    return false;
  return hold_joins(h) && QUIET(h, column_support, 1 - least) &&
         QUIET(h, column_support_mean, 1 - mean) && QUIET(h, column_left_out, left_out) &&
         QUIET(h, table_support, 1 - least_table) && QUIET(h, table_left_out, table_left_out);
}

/* One form that a query has or has not, by the belief in readings that differ. */
typedef bool has_form(const judge_facts *f);

static bool has_group(const judge_facts *f) { return f->group_by; }
static bool has_order(const judge_facts *f) { return f->order_by; }
static bool has_distinct(const judge_facts *f) { return f->distinct; }
static bool has_count(const judge_facts *f) { return f->count; }
static bool has_figure(const judge_facts *f) { return f->sum || f->average || f->extreme; }
static bool has_nesting(const judge_facts *f) { return f->subquery || f->set_op; }
static bool has_limit(const judge_facts *f) { return f->has_limit; }
static bool has_either(const judge_facts *f) { return f->either; }
static bool has_exclusion(const judge_facts *f) { return f->excludes; }

static bool same_groups(const judge_facts *x, const judge_facts *y) {
  if (x->groups.len != y->groups.len) return false;
  for (size_t i = 0; i < x->groups.len; i++) {
    bool found = false;
    for (size_t j = 0; j < y->groups.len && !found; j++)
      found = x->groups.items[i] == y->groups.items[j];
    if (!found) return false;
  }
  return true;
}

static bool hold_forms(const holding *h) {
  static const struct {
    has_form *has;
    judge_code extra, left_out;
  } forms[] = {{has_group, JUDGE_group_extra, JUDGE_group_left_out},
               {has_order, JUDGE_order_extra, JUDGE_order_left_out},
               {has_distinct, JUDGE_distinct_extra, JUDGE_distinct_left_out},
               {has_count, JUDGE_count_extra, JUDGE_count_left_out},
               {has_figure, JUDGE_figure_extra, JUDGE_figure_left_out},
               {has_nesting, JUDGE_nested_extra, JUDGE_nested_left_out},
               {has_limit, JUDGE_limit_extra, JUDGE_limit_left_out},
               {has_either, JUDGE_either_extra, JUDGE_either_left_out},
               {has_exclusion, JUDGE_exclusion_extra, JUDGE_exclusion_left_out}};
  for (size_t k = 0; k < sizeof forms / sizeof *forms; k++) {
    bool mine = forms[k].has(&h->facts);
    double differ = 0, all = 0;
    for (size_t i = 0; i < h->others->n; i++) {
      all += h->others->items[i].share;
      if (forms[k].has(&h->theirs[i]) != mine) differ += h->others->items[i].share;
    }
    if (!judge_add_quiet(h->out, h->a, mine ? forms[k].extra : forms[k].left_out,
                         all > 0 ? differ / all : 0))
      return false;
  }
  double more = 0, fewer = 0, all = 0, groups = 0;
  for (size_t i = 0; i < h->others->n; i++) {
    all += h->others->items[i].share;
    if (h->facts.n_items > h->theirs[i].n_items) more += h->others->items[i].share;
    if (h->facts.n_items < h->theirs[i].n_items) fewer += h->others->items[i].share;
    if (h->theirs[i].group_by && !same_groups(&h->facts, &h->theirs[i]))
      groups += h->others->items[i].share;
  }
  if (all > 0 && h->facts.group_by && !QUIET(h, group_other, groups / all)) return false;
  return all <= 0 || (QUIET(h, items_extra, more / all) && QUIET(h, items_left_out, fewer / all));
}

static bool has_literal(const judge_facts *f, const sql_expr *e) {
  if (e->kind == SQL_NUMBER) {
    double v = judge_number_value(e);
    for (size_t i = 0; i < f->numbers.len; i++)
      if (fabs(judge_number_value(f->numbers.items[i]) - v) < 1e-9) return true;
    return f->limit && fabs(judge_number_value(f->limit) - v) < 1e-9;
  }
  for (size_t i = 0; i < f->strings.len; i++)
    if (str_eq_nocase(f->strings.items[i]->text, e->text)) return true;
  return false;
}

static double belief_in_literal(const holding *h, const sql_expr *e) {
  double sum = 0, all = 0;
  for (size_t i = 0; i < h->others->n; i++) {
    all += h->others->items[i].share;
    if (has_literal(&h->theirs[i], e)) sum += h->others->items[i].share;
  }
  return all > 0 ? sum / all : 0;
}

static bool hold_literals(const holding *h) {
  double extra = 0, left_out = 0;
  for (int numbers = 0; numbers < 2; numbers++) {
    size_t n = numbers ? h->facts.numbers.len : h->facts.strings.len;
    for (size_t i = 0; i < n; i++) {
      double p =
          belief_in_literal(h, numbers ? h->facts.numbers.items[i] : h->facts.strings.items[i]);
      if (1 - p > extra) extra = 1 - p;
    }
    for (size_t k = 0; k < h->others->n; k++) {
      const judge_facts *f = &h->theirs[k];
      n = numbers ? f->numbers.len : f->strings.len;
      for (size_t i = 0; i < n; i++) {
        const sql_expr *e = numbers ? f->numbers.items[i] : f->strings.items[i];
        if (has_literal(&h->facts, e)) continue;
        double p = belief_in_literal(h, e);
        if (p > left_out) left_out = p;
      }
    }
  }
  return QUIET(h, literal_extra, extra) && QUIET(h, literal_left_out, left_out);
}

/* ---- a condition that mine has not ---- */

static bool ends_word(str s, size_t at) { return at >= s.len || s.ptr[at] == ' '; }

/* Whole words: 'pop' is not in "population". */
static bool is_in_words(str longer, str part) {
  for (size_t at = 0; part.len; at++) {
    at = str_find(longer, part, at);
    if (at == SIZE_MAX) return false;
    if ((at == 0 || longer.ptr[at - 1] == ' ') && ends_word(longer, at + part.len)) return true;
  }
  return false;
}

static bool is_said(const holding *h, const sql_expr *e) {
  if (e->kind == SQL_NUMBER)
    for (size_t i = 0; i < h->in->numbers.len; i++)
      if (fabs(h->in->numbers.items[i].value - judge_number_value(e)) < 1e-9) return true;
  return is_in_words(h->question, text_normalise(h->a, e->text));
}

/* Something of mine that nobody said may stand for what is missing, in other words. */
static bool has_unsaid(const holding *h) {
  for (size_t i = 0; i < h->facts.strings.len; i++)
    if (!is_said(h, h->facts.strings.items[i])) return true;
  for (size_t i = 0; i < h->facts.numbers.len; i++)
    if (!is_said(h, h->facts.numbers.items[i])) return true;
  return false;
}

/* '%Roy%' stands for 'Roy', and a part of a title for the title. */
static bool is_covered(const holding *h, const sql_expr *e) {
  str want = text_normalise(h->a, e->text);
  for (size_t i = 0; i < h->facts.strings.len; i++) {
    str have = text_normalise(h->a, h->facts.strings.items[i]->text);
    if (have.len && (str_find(want, have, 0) != SIZE_MAX || str_find(have, want, 0) != SIZE_MAX))
      return true;
  }
  return false;
}

static bool has_column(const judge_facts *f, int column) {
  for (size_t i = 0; i < f->filtered.len; i++)
    if (f->filtered.items[i] == column) return true;
  for (size_t i = 0; i < f->groups.len; i++)
    if (f->groups.items[i] == column) return true;
  return false;
}

/* Has the i-th reading further conditions? Where its rows are mine, they come to nothing. */
static bool compares_more(const holding *h, size_t i) {
  const judge_digest *d = &h->others->items[i].digest;
  bool same = d->known && h->digest->known && d->rows == h->digest->rows;
  return h->theirs[i].n_conditions > h->facts.n_conditions && !same;
}

static double belief_in_filter(const holding *h, const sql_expr *e) {
  double sum = 0, all = 0;
  for (size_t i = 0; i < h->others->n; i++) {
    const judge_facts *f = &h->theirs[i];
    all += h->others->items[i].share;
    if (has_literal(f, e) && compares_more(h, i)) sum += h->others->items[i].share;
  }
  return all > 0 ? sum / all : 0;
}

/* Does the literal stand for that value of the question? */
static bool stands_for(const holding *h, const sql_expr *e, const link_value *v) {
  if (e->kind == SQL_NUMBER)
    return (v->flags & LINK_VAL_NUMBER) && fabs(judge_number_value(e) - v->number) < 1e-9;
  str have = text_normalise(h->a, e->text);
  if (have.len == 0) return false;
  if (is_in_words(have, text_normalise(h->a, v->text))) return true;
  for (int c = 0; c < v->n_cells; c++)
    if (str_eq(have, text_normalise(h->a, v->cells[c].stored))) return true;
  return false;
}

static bool has_value(const holding *h, const judge_facts *f, const link_value *v) {
  for (size_t i = 0; i < f->strings.len; i++)
    if (stands_for(h, f->strings.items[i], v)) return true;
  for (size_t i = 0; i < f->numbers.len; i++)
    if (stands_for(h, f->numbers.items[i], v)) return true;
  return false;
}

/* Values of the question that the query leaves out, by the belief in readings that have them. */
static bool hold_forgotten(const holding *h) {
  double most = 0;
  const link_value *missing = NULL;
  for (int k = 0; h->view && k < h->view->n_forgotten; k++) {
    double sum = 0, all = 0;
    for (size_t i = 0; i < h->others->n; i++) {
      all += h->others->items[i].share;
      if (has_value(h, &h->theirs[i], h->view->forgotten[k])) sum += h->others->items[i].share;
    }
    if (all <= 0 || sum / all <= most) continue;
    most = sum / all;
    missing = h->view->forgotten[k];
  }
  if (most <= 0.3) return QUIET(h, value_forgotten, most);
  return judge_add(h->out, h->a, JUDGE_value_forgotten, most,
                   "The question says \"%.*s\", the query does not look for it.",
                   STR_ARG(str_slice(missing->text, 0, 80)));
}

static bool is_forgotten(const holding *h, const sql_expr *e) {
  for (int k = 0; h->view && k < h->view->n_forgotten; k++)
    if (stands_for(h, e, h->view->forgotten[k])) return true;
  return false;
}

/* Is it asked for? A number of the question may belong to a name ("line 1"), a text to what is
 * grouped by. */
static bool is_asked(const holding *h, const sql_expr *e) {
  bool may_be_name = e->kind == SQL_NUMBER || h->facts.group_by;
  return is_forgotten(h, e) || (!(h->view && may_be_name) && is_said(h, e));
}

/* A reading with a text that is neither mine nor the question's made that condition up. */
static bool makes_up(const holding *h, size_t i) {
  const judge_facts *f = &h->theirs[i];
  for (size_t k = 0; k < f->strings.len; k++)
    if (!has_literal(&h->facts, f->strings.items[k]) && !is_asked(h, f->strings.items[k]))
      return true;
  return false;
}

static double belief_in_condition(const holding *h, int column) {
  double sum = 0, all = 0;
  for (size_t i = 0; i < h->others->n; i++) {
    const judge_facts *f = &h->theirs[i];
    all += h->others->items[i].share;
    if (has_column(f, column) && compares_more(h, i) && !makes_up(h, i))
      sum += h->others->items[i].share;
  }
  return all > 0 ? sum / all : 0;
}

static bool is_column_of(str column, str table) {
  return column.len > table.len && column.ptr[table.len] == '.' &&
         str_eq_nocase(str_slice(column, 0, table.len), table);
}

/* A table is joined and nothing is asked of it: the belief in readings with further conditions that
 * ask something. */
static bool hold_idle(const holding *h) {
  double most = 0;
  for (size_t i = 0; i < h->probes->len; i++) {
    const judge_probe *p = &h->probes->items[i];
    double sum = 0, all = 0;
    for (size_t k = 0; p->kind == JUDGE_PROBE_WITHOUT && k < h->others->n; k++) {
      const judge_reading *r = &h->others->items[k];
      bool asks = false;
      all += r->share;
      if (!compares_more(h, k)) continue;
      for (size_t c = 0; c < r->report->columns.len && !asks; c++)
        asks = is_column_of(r->report->columns.items[c], p->table) &&
               !reads(h->mine, r->report->columns.items[c], false);
      if (asks) sum += r->share;
    }
    if (all > 0 && sum / all > most) most = sum / all;
  }
  return QUIET(h, idle_wanted, most);
}

/* A text of a reading that the question has in other words: 'Italy' for "Italian airports". */
static bool is_alike(const holding *h, const sql_expr *e) {
  return e->kind == SQL_STRING && e->text.len > 3 && !has_literal(&h->facts, e) &&
         !is_covered(h, e) && judge_says_alike(h->in, h->question, e->text, h->a);
}

static bool looks_for_alike(const holding *h, size_t i) {
  const judge_facts *f = &h->theirs[i];
  for (size_t k = 0; k < f->strings.len; k++)
    if (is_alike(h, f->strings.items[k])) return true;
  return false;
}

static bool compares_other(const holding *h, size_t i) {
  const judge_facts *f = &h->theirs[i];
  for (size_t k = 0; k < f->filtered.len; k++)
    if (!has_column(&h->facts, f->filtered.items[k])) return true;
  return false;
}

/* The belief in further conditions, whatever they are: in readings that look for what the question
 * says in other words, and where nothing in the query picks rows. */
static bool hold_conditions(const holding *h) {
  double alike = 0, any = 0, all = 0;
  bool unsaid = has_unsaid(h);
  bool picks = h->facts.n_conditions || h->facts.order_by || h->facts.has_limit;
  for (size_t i = 0; i < h->others->n; i++) {
    double share = h->others->items[i].share;
    all += share;
    if (!compares_more(h, i)) continue;
    if (!unsaid && looks_for_alike(h, i)) alike += share;
    if (!picks && compares_other(h, i)) any += share;
  }
  return all <= 0 || (QUIET(h, alike_left_out, alike / all) && QUIET(h, unfiltered, any / all));
}

/* The belief in the most believed literal, and in a compared column, that readings with further
 * conditions have and mine has not; and in a text of the question for which nothing of mine can
 * stand. */
static bool hold_filters(const holding *h) {
  double literal = 0, column = 0, value = 0;
  const sql_expr *missing = NULL;
  bool unsaid = has_unsaid(h);
  for (size_t k = 0; k < h->others->n; k++) {
    const judge_facts *f = &h->theirs[k];
    for (size_t i = 0; i < f->strings.len + f->numbers.len; i++) {
      const sql_expr *e =
          i < f->strings.len ? f->strings.items[i] : f->numbers.items[i - f->strings.len];
      if (has_literal(&h->facts, e)) continue;
      if (e->kind == SQL_STRING && is_covered(h, e)) continue;
      if (e->kind == SQL_STRING && !unsaid && is_said(h, e)) {
        double said = belief_in_literal(h, e);
        if (said > value) value = said;
      }
      if (!is_asked(h, e)) continue; /* the reading made it up */
      double p = belief_in_filter(h, e);
      if (p <= literal) continue;
      literal = p;
      missing = e;
    }
    for (size_t i = 0; i < f->filtered.len; i++) {
      if (has_column(&h->facts, f->filtered.items[i])) continue;
      double p = belief_in_condition(h, f->filtered.items[i]);
      if (p > column) column = p;
    }
  }
  if (literal > 0.5 && !judge_add(h->out, h->a, JUDGE_filter_left_out, literal,
                                  "An independent reading asks for %.*s, the query does not.",
                                  STR_ARG(str_slice(missing->text, 0, 80))))
    return false;
  return (literal > 0.5 || QUIET(h, filter_left_out, literal)) &&
         QUIET(h, condition_left_out, column) && QUIET(h, value_left_out, value);
}

/* ---- what the network says of the query itself ---- */

static bool hold_view(const holding *h, const model_view *v, double best_logprob) {
  static const double widest_gap = 20;
  if (!v || !v->known) return true;
  double gap = best_logprob - v->logprob;
  bool scored = v->logprob > -1e300;
  if (scored && !QUIET(h, score_gap, gap < 0 ? 0 : gap > widest_gap ? widest_gap : gap))
    return false;
  double unlikely = -v->columns_logprob;
  return (scored || QUIET(h, score_none, 1)) && QUIET(h, least_used, -v->least_used) &&
         QUIET(h, most_unused, v->most_unused) && QUIET(h, least_table, -v->least_table) &&
         QUIET(h, most_table_unused, v->most_table_unused) &&
         QUIET(h, columns_unlikely, unlikely < 30 ? unlikely : 30) &&
         QUIET(h, unasked_columns, v->unasked_columns) && QUIET(h, unused_words, v->unused_words) &&
         QUIET(h, role_unlikely, v->role_unlikely) &&
         QUIET(h, role_unlikely_most, v->role_unlikely_most) &&
         QUIET(h, unasked_selected, v->unasked_selected) &&
         QUIET(h, unasked_filters, v->unasked_filters) &&
         QUIET(h, better_sibling, v->better_sibling) &&
         QUIET(h, unexplained_words, v->unexplained_words) &&
         QUIET(h, strange_words, v->strange_words) &&
         QUIET(h, content_words, v->content_words / 10.0) &&
         QUIET(h, idle_tables, v->idle_tables) && QUIET(h, unused_values, v->unused_values) &&
         QUIET(h, unused_numbers, v->unused_numbers);
}

emend_rc judge_opinion(const judge_intent *in, const check_report *mine, const judge_digest *digest,
                       const judge_probes *probes, const judge_readings *others,
                       const model_view *view, double best_logprob, arena *a, judge_signals *out,
                       emend_error *err) {
  if (!mine->query) return EMEND_OK;
  holding h = {.in = in,
               .question = text_normalise(a, in->question),
               .mine = mine,
               .digest = digest,
               .probes = probes,
               .others = others,
               .view = view && view->known ? view : NULL,
               .a = a,
               .out = out};
  bool ok = hold_view(&h, view, best_logprob);
  if (others->n) {
    h.theirs = ARENA_ARRAY(a, judge_facts, others->n);
    ok = ok && h.theirs && QUIET(&h, second_opinion, 1) &&
         judge_read_facts(mine->query, a, &h.facts);
    for (size_t i = 0; ok && i < others->n; i++) {
      if (gives_rows(&others->items[i])) h.all += others->items[i].share;
      if (others->items[i].report->query)
        ok = judge_read_facts(others->items[i].report->query, a, &h.theirs[i]);
    }
    ok = ok && (!digest->known || hold_results(&h)) && hold_names(&h) && hold_forms(&h) &&
         hold_literals(&h) && hold_filters(&h) && hold_conditions(&h) && hold_idle(&h) &&
         hold_forgotten(&h);
  }
  return ok && !arena_failed(a) ? EMEND_OK : err_nomem(err, "judge");
}

/* ---- what a query reads, and what for ---- */

typedef struct using_columns {
  const catalog *cat;
  bool *columns;
  uint8_t *use;
  uint8_t clause; /* MODEL_IN_* of what is being walked */
} using_columns;

static bool is_column(const sql_expr *e) { return e && e->kind == SQL_COLUMN; }

static void mark(const using_columns *u, const sql_expr *e, uint8_t bit) {
  int c = e->bound.column;
  if (e->bound.table < 0 || c < 0 || c >= u->cat->n_columns) return;
  u->columns[c] = true;
  u->use[c] |= bit;
}

static sql_walk_next use_expr(void *ctx, sql_expr *e) {
  const using_columns *u = ctx;
  if (e->kind == SQL_BINARY && e->op == SQL_OP_EQ && e->args.len == 2 &&
      is_column(e->args.items[0]) && is_column(e->args.items[1])) {
    mark(u, e->args.items[0], MODEL_IN_JOIN);
    mark(u, e->args.items[1], MODEL_IN_JOIN);
    return SQL_WALK_SKIP;
  }
  if (is_column(e)) mark(u, e, u->clause);
  return SQL_WALK_ON;
}

static sql_walk_next skip_query(void *ctx, sql_query *q) {
  (void)ctx, (void)q;
  return SQL_WALK_SKIP;
}

static void use_exprs(using_columns *u, const sql_exprs *list, uint8_t clause) {
  const sql_visitor v = {use_expr, skip_query, NULL, u};
  u->clause = clause;
  for (size_t i = 0; i < list->len; i++) sql_walk_expr(list->items[i], &v);
}

static void use_one(using_columns *u, sql_expr *e, uint8_t clause) {
  const sql_visitor v = {use_expr, skip_query, NULL, u};
  u->clause = clause;
  if (e) sql_walk_expr(e, &v);
}

/* Each SELECT by itself: those inside are met on their own. */
static sql_walk_next use_query(void *ctx, sql_query *q) {
  using_columns *u = ctx;
  const sql_visitor joins = {use_expr, skip_query, NULL, u};
  for (size_t i = 0; i < q->items.len; i++) use_one(u, q->items.items[i].expr, MODEL_IN_SELECT);
  use_one(u, q->where, MODEL_IN_WHERE);
  use_exprs(u, &q->group_by, MODEL_IN_GROUP);
  use_one(u, q->having, MODEL_IN_HAVING);
  for (size_t i = 0; i < q->order_by.len; i++)
    use_one(u, q->order_by.items[i].expr, MODEL_IN_ORDER);
  u->clause = MODEL_IN_JOIN;
  if (q->from) sql_walk_from(q->from, &joins);
  return SQL_WALK_ON;
}

static bool read_literals(const check_report *report, arena *a, model_query *out) {
  judge_facts f;
  if (!judge_read_facts(report->query, a, &f)) return false;
  str *texts = ARENA_ARRAY(a, str, f.strings.len + 1);
  double *numbers = ARENA_ARRAY(a, double, f.numbers.len + 1);
  if (!texts || !numbers) return false;
  for (size_t i = 0; i < f.strings.len; i++) {
    str s = f.strings.items[i]->text;
    while (s.len && s.ptr[0] == '%') s = str_slice(s, 1, s.len);
    while (s.len && s.ptr[s.len - 1] == '%') s.len--;
    texts[i] = s;
  }
  for (size_t i = 0; i < f.numbers.len; i++) numbers[i] = judge_number_value(f.numbers.items[i]);
  if (f.limit) numbers[f.numbers.len] = judge_number_value(f.limit);
  out->texts = texts;
  out->n_texts = f.strings.len;
  out->numbers = numbers;
  out->n_numbers = f.numbers.len + (f.limit != NULL);
  return true;
}

bool judge_reads(const check_report *report, const catalog *cat, arena *a, model_query *out) {
  bool *tables = ARENA_ARRAY(a, bool, (size_t)cat->n_tables + 1);
  using_columns u = {.cat = cat,
                     .columns = ARENA_ARRAY(a, bool, (size_t)cat->n_columns + 1),
                     .use = ARENA_ARRAY(a, uint8_t, (size_t)cat->n_columns + 1)};
  *out = (model_query){.columns = u.columns, .tables = tables, .use = u.use};
  if (!u.columns || !tables || !u.use) return false;
  for (size_t i = 0; i < report->tables.len; i++) {
    const cat_table *t = catalog_table(cat, report->tables.items[i]);
    if (t) tables[t->id] = true;
  }
  const sql_visitor v = {NULL, use_query, NULL, &u};
  return !report->query || (sql_walk_query(report->query, &v), read_literals(report, a, out));
}
