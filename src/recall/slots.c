/* Values of a query in the words of questions. See slots.h. */
#include "recall/slots.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "check/check.h"
#include "recall/dates.h"
#include "text/period.h"

enum { LONGEST_VALUE = 8, LONGEST_SQUASHED = 256 };

/* ---- comparing texts by their letters ---- */

/* Letters and digits of `s` in lower case: "Post-Grad." is postgrad. False when it is too long. */
static bool squash(str s, arena *a, char *out, size_t *n) {
  str lower = text_fold(a, s);
  *n = 0;
  for (size_t i = 0; i < lower.len; i++) {
    unsigned char c = (unsigned char)lower.ptr[i];
    if (!ascii_is_alnum((char)c) && c < 0x80) continue;
    if (*n == LONGEST_SQUASHED) return false;
    out[(*n)++] = (char)c;
  }
  return lower.ptr && *n > 0;
}

static str words_text(const recall_wording *w, size_t i, size_t n) {
  return str_slice(w->text, w->words[i].from, w->words[i + n - 1].to);
}

static bool is_free(const bool *taken, size_t i, size_t n) {
  for (size_t k = i; taken && k < i + n; k++)
    if (taken[k]) return false;
  return true;
}

/* Whether the words from `i` may spell what begins with `first`: spares most of the work. */
static bool may_begin(const recall_wording *w, size_t i, char first) {
  char c = ascii_lower(w->text.ptr[w->words[i].from]);
  return c == first || !ascii_is_alnum(c) || (unsigned char)first >= 0x80;
}

static bool same_letters(const recall_wording *w, size_t i, size_t n, const char *value, size_t len,
                         arena *a) {
  char text[LONGEST_SQUASHED];
  size_t got;
  return squash(words_text(w, i, n), a, text, &got) && got == len && memcmp(text, value, len) == 0;
}

/* The words of `w` that spell `value`, fewest first; else one word with the same stem. */
static bool find_text(const recall_wording *w, str value, const bool *taken, arena *a,
                      recall_slot *out) {
  char letters[LONGEST_SQUASHED];
  size_t len;
  if (!squash(value, a, letters, &len)) return false;
  for (size_t n = 1; n <= LONGEST_VALUE; n++)
    for (size_t i = 0; i + n <= w->n; i++) {
      if (!may_begin(w, i, letters[0])) continue;
      uint32_t bytes = w->words[i + n - 1].to - w->words[i].from;
      if (bytes > 2 * len + 16 || bytes < len) continue;
      if (!is_free(taken, i, n) || !same_letters(w, i, n, letters, len, a)) continue;
      out->word = (uint16_t)i;
      out->n_words = (uint16_t)n;
      return true;
    }
  uint64_t stem = len > 2 ? wording_stem(a, (str){letters, len}) : 0;
  for (size_t i = 0; stem && i < w->n; i++)
    if (w->words[i].stem == stem && w->words[i].kind != WORD_OP && is_free(taken, i, 1)) {
      out->word = (uint16_t)i;
      out->n_words = 1;
      return true;
    }
  return false;
}

static bool find_number(const recall_wording *w, double value, const bool *taken,
                        recall_slot *out) {
  for (int pass = 0; pass < 2; pass++) /* a plain number before "first" or "one" */
    for (size_t i = 0; i < w->n; i++) {
      const recall_word *x = &w->words[i];
      if (!x->numeric || (x->kind == WORD_NUMBER) == (pass == 1)) continue;
      if (fabs(x->number - value) > 1e-9 || !is_free(taken, i, 1)) continue;
      out->word = (uint16_t)i;
      out->n_words = 1;
      return true;
    }
  return false;
}

/* The period that word `i` speaks of; one whose year is a plain number where `years` is set. */
static bool period_at(const recall_wording *w, size_t i, bool years, recall_period *out) {
  const recall_word *x = &w->words[i];
  bool year = years && x->kind == WORD_NUMBER && x->number >= 1000 && x->number <= 2999;
  if (x->kind == WORD_DATE)
    *out = w->periods[x->date - 1];
  else if (year)
    *out = (recall_period){(int32_t)x->number * 10000 + 101, (int32_t)x->number * 10000 + 1231, 'y',
                           false};
  return year || x->kind == WORD_DATE;
}

/* Which day of `own` the literal is, that reads as `p`: the day after it only where `after`. */
static bool is_edge(const recall_period *own, const recall_period *p, bool after,
                    recall_edge *out) {
  *out = RECALL_AFTER;
  if (after) return p->grain == 'd' && text_days(own->to) + 1 == text_days(p->from);
  bool first = own->from == p->from, last = own->to == p->to;
  *out = last && !first ? RECALL_LAST : RECALL_FIRST;
  if (p->grain == 'd' || (first && (last || own->grain == 'd'))) return first || last;
  *out = RECALL_FIRST;
  return p->from <= own->from && own->to <= p->to;
}

/* A period of `w` that begins or ends on the day of the literal, or before it. A date may serve two
 * literals. */
static bool find_period(const recall_wording *w, str literal, recall_slot *out) {
  recall_period p, own;
  recall_edge edge;
  if (!dates_of_literal(literal, &p)) return false;
  for (size_t pass = 0; pass < 2; pass++)
    for (size_t i = 0; i < w->n; i++) {
      if (!period_at(w, i, p.grain != 'y', &own) || !is_edge(&own, &p, pass == 1, &edge)) continue;
      out->word = (uint16_t)i;
      out->n_words = 1;
      out->period = true;
      out->edge = (uint8_t)edge;
      return true;
    }
  return false;
}

/* Where `w` speaks of the literal. */
static bool find_mention(const recall_literal *l, const recall_wording *w, const bool *taken,
                         arena *a, recall_slot *out) {
  if (l->kind != LITERAL_LIMIT && find_period(w, l->text, out)) return true;
  if (l->numeric && find_number(w, l->number, taken, out)) return true;
  return l->kind == LITERAL_TEXT && find_text(w, l->text, taken, a, out);
}

/* ---- slots of a stored question ---- */

static bool same_slot(const recall_literal *x, const recall_literal *y) {
  return x->kind == y->kind && str_eq(x->text, y->text) && str_eq_nocase(x->column, y->column);
}

bool slots_find(const recall_facts *f, const recall_wording *w, arena *a, recall_slots *out) {
  size_t most = (size_t)f->n_literals + 1;
  bool *taken = ARENA_ARRAY(a, bool, (size_t)w->n + 1);
  *out = (recall_slots){.items = ARENA_ARRAY(a, recall_slot, most),
                        .of_literal = ARENA_ARRAY(a, uint16_t, most)};
  if (!taken || !out->items || !out->of_literal) return false;
  for (uint16_t i = 0; i < f->n_literals; i++) {
    uint16_t same = 0;
    while (same < out->n && !same_slot(&f->literals[out->items[same].literal], &f->literals[i]))
      same++;
    out->of_literal[i] = same;
    if (same < out->n) continue;
    recall_slot *s = &out->items[out->n++];
    *s = (recall_slot){.literal = i, .kind = f->literals[i].kind};
    if (!find_mention(&f->literals[i], w, taken, a, s)) continue;
    for (size_t k = s->word; k < (size_t)s->word + s->n_words; k++) taken[k] = !s->period;
  }
  return true;
}

/* ---- another question's values ---- */

typedef struct filler {
  const recall_facts *f;
  const recall_slots *s;
  const recall_wording *w, *q;
  const catalog *cat;
  arena *a;
  slots_filling *out;
} filler;

static void take(filler *x, size_t slot, const recall_slot *m) {
  x->out->mentions[slot] = *m;
  for (size_t k = m->word; k < (size_t)m->word + m->n_words; k++) x->out->taken[k] = true;
}

static bool stored_in(const catalog *cat, str text, str column, str *stored) {
  for (const cat_value *v = catalog_value(cat, text); v; v = v->next) {
    const cat_column *c = &cat->columns[v->column];
    if (!str_eq_nocase(c->name, column)) continue;
    *stored = v->text;
    return true;
  }
  return false;
}

/* A stored value of the slot's column, or something quoted, that no slot has taken. */
static bool other_text(filler *x, const recall_literal *l, recall_slot *m, str *value) {
  for (size_t n = LONGEST_VALUE; n > 0; n--)
    for (size_t i = 0; i + n <= x->q->n; i++) {
      if (!is_free(x->out->taken, i, n)) continue;
      const recall_word *first = &x->q->words[i];
      str text = words_text(x->q, i, n);
      bool like = l->any_before || l->any_after;
      bool quoted = first->quoted && x->q->words[i + n - 1].quoted;
      bool named = !x->cat && first->capital && first->kind == WORD_CONTENT && i > 0;
      bool plain = first->kind == WORD_FILLER || first->kind == WORD_OP;
      if (!(like && quoted) && !named && (plain || !x->cat)) continue;
      *value = text;
      if (!(like && quoted) && !named && !stored_in(x->cat, text, l->column, value)) continue;
      m->word = (uint16_t)i;
      m->n_words = (uint16_t)n;
      return true;
    }
  return false;
}

/* The only number that no slot has taken. */
static bool other_number(filler *x, const recall_literal *l, recall_slot *m, str *value) {
  size_t found = 0;
  for (size_t i = 0; i < x->q->n; i++)
    if (x->q->words[i].kind == WORD_NUMBER && !x->out->taken[i]) {
      m->word = (uint16_t)i;
      m->n_words = 1;
      found++;
    }
  double v = found == 1 ? x->q->words[m->word].number : 0;
  bool whole = v == floor(v);
  if (found != 1 || fabs(v) > 1e15 || (l->kind == LITERAL_LIMIT && (!whole || v < 1 || v > 1e6)))
    return false;
  char *text = arena_printf(x->a, whole ? "%.0f" : "%.15g", v);
  *value = str_from(text);
  return text != NULL;
}

/* A day is one literal at both ends, and what ends today has often none for that: neither has a
 * place for another kind. */
static bool may_stand_for(const recall_period *p, const recall_period *was) {
  bool day = was->grain == 'd' || p->grain == 'd', calendar = p->grain != 'r' && was->grain != 'r';
  return p->grain == was->grain || (!day && calendar);
}

/* The only period that no slot has taken, written as the literal is. */
static bool other_period(filler *x, const recall_literal *l, const recall_slot *own, recall_slot *m,
                         str *value) {
  size_t found = 0;
  recall_period p = {0}, was;
  for (size_t i = 0; i < x->q->n; i++) {
    if (x->out->taken[i] || !period_at(x->q, i, true, &p)) continue;
    m->word = (uint16_t)i;
    m->n_words = 1;
    found++;
  }
  char text[32];
  if (found != 1) return false;
  (void)period_at(x->q, m->word, true, &p);
  if (period_at(x->w, own->word, true, &was) && !may_stand_for(&p, &was)) return false;
  if (!dates_like(&p, (recall_edge)own->edge, l->text, text)) return false;
  m->period = true;
  *value = arena_str(x->a, str_from(text));
  return value->ptr != NULL;
}

/* The slots of one period are filled together: "in 2014" is its first day and its last. */
static void share_period(filler *x, size_t from, const recall_slot *m) {
  const recall_slot *own = &x->s->items[from];
  for (size_t i = from + 1; i < x->s->n; i++) {
    const recall_slot *s = &x->s->items[i];
    const recall_literal *l = &x->f->literals[s->literal];
    recall_period p;
    char text[32];
    if (!s->period || s->word != own->word || x->out->mentions[i].n_words) continue;
    if (!period_at(x->q, m->word, true, &p) || !dates_like(&p, (recall_edge)s->edge, l->text, text))
      return;
    x->out->mentions[i] = *m;
    if (str_eq(str_from(text), l->text)) continue;
    x->out->values[i] = arena_str(x->a, str_from(text));
  }
}

/* First what is the same in both, so that what is left must be what changed. */
static void fill_same(filler *x) {
  for (size_t i = 0; i < x->s->n; i++) {
    const recall_slot *s = &x->s->items[i];
    recall_slot m = {.literal = s->literal, .kind = s->kind};
    if (!s->n_words || !find_mention(&x->f->literals[s->literal], x->q, x->out->taken, x->a, &m))
      continue;
    if (m.period != s->period || (s->period && m.edge != s->edge)) continue;
    x->out->mentions[i] = m;
    if (!m.period) take(x, i, &m);
  }
  for (size_t i = 0; i < x->s->n; i++) /* a period may be taken by several */
    if (x->out->mentions[i].period) take(x, i, &x->out->mentions[i]);
}

/* What takes the slot's place in the other question. A year may be told as "last year". */
static bool other_value(filler *x, const recall_slot *s, recall_slot *m, str *value) {
  const recall_literal *l = &x->f->literals[s->literal];
  if (s->period) return other_period(x, l, s, m, value);
  if (l->kind == LITERAL_TEXT && !l->numeric) return other_text(x, l, m, value);
  bool year = l->kind != LITERAL_LIMIT && l->text.len == 4 && l->numeric;
  return other_number(x, l, m, value) || (year && other_period(x, l, s, m, value));
}

static void fill_changed(filler *x) {
  x->out->aligned = true;
  for (size_t i = 0; i < x->s->n; i++) {
    const recall_slot *s = &x->s->items[i];
    if (!s->n_words || x->out->mentions[i].n_words) continue;
    recall_slot m = {.literal = s->literal, .kind = s->kind};
    str value = {0};
    if (!other_value(x, s, &m, &value)) {
      x->out->aligned = false;
      continue;
    }
    take(x, i, &m);
    if (!str_eq(value, x->f->literals[s->literal].text)) {
      x->out->values[i] = value;
      x->out->n_changed++;
    }
    if (s->period) share_period(x, i, &m);
  }
}

/* A day or year in the query that no words account for, where they count from today: what it was
 * when they were said, it is not on another day. */
static bool is_of_its_day(const recall_facts *f, const recall_slots *s, const recall_wording *w) {
  recall_period p;
  for (size_t i = 0; w->relative && i < s->n; i++)
    if (!s->items[i].n_words && dates_of_literal(f->literals[s->items[i].literal].text, &p))
      return true;
  return false;
}

static bool same_periods(const recall_wording *w, const recall_wording *q) {
  bool same = w->n_periods == q->n_periods;
  for (size_t i = 0; i < w->n_periods && same; i++)
    same = w->periods[i].from == q->periods[i].from && w->periods[i].to == q->periods[i].to;
  return same;
}

bool slots_fill(const recall_facts *f, const recall_slots *s, const recall_wording *w,
                const recall_wording *q, const catalog *cat, arena *a, slots_filling *out) {
  *out = (slots_filling){.taken = ARENA_ARRAY(a, bool, (size_t)q->n + 1),
                         .mentions = ARENA_ARRAY(a, recall_slot, (size_t)s->n + 1),
                         .values = ARENA_ARRAY(a, str, (size_t)s->n + 1)};
  if (!out->taken || !out->mentions || !out->values) return false;
  filler x = {f, s, w, q, cat, a, out};
  fill_same(&x);
  fill_changed(&x);
  if (is_of_its_day(f, s, w) && !same_periods(w, q)) out->aligned = false;
  for (size_t i = 0; i < q->n; i++) {
    const recall_word *v = &q->words[i];
    bool value = v->kind == WORD_NUMBER || v->kind == WORD_DATE || v->quoted;
    out->n_loose += value && !out->taken[i];
  }
  return true;
}

/* ---- writing them in ---- */

static void put_literal(buf *b, const recall_literal *l, str value) {
  if (l->kind != LITERAL_TEXT) {
    buf_add(b, value);
    return;
  }
  buf_add_c(b, '\'');
  if (l->any_before) buf_add_c(b, '%');
  for (size_t i = 0; i < value.len; i++) {
    if (value.ptr[i] == '\'') buf_add_c(b, '\'');
    buf_add_c(b, value.ptr[i]);
  }
  if (l->any_after) buf_add_c(b, '%');
  buf_add_c(b, '\'');
}

static bool add_change(arena *a, const recall_literal *l, str value, recall_match *changes) {
  str slot = l->kind == LITERAL_LIMIT ? STR("limit") : l->column.len ? l->column : STR("value");
  recall_rebound r = {slot, l->text, value};
  return vec_push(a, &changes->rebound, r);
}

str slots_write(str sql, const recall_facts *f, const recall_slots *s, const slots_filling *fill,
                arena *a, recall_match *changes) {
  buf b;
  size_t at = 0;
  bool ok = true;
  for (uint16_t i = 0; ok && i < s->n; i++)
    if (fill->values[i].ptr)
      ok = add_change(a, &f->literals[s->items[i].literal], fill->values[i], changes);
  buf_init(&b, sql.len * 4 + 4096);
  while (at < sql.len) { /* literals stand in no order: the next one each time */
    uint32_t next = UINT32_MAX;
    uint16_t which = 0;
    for (uint16_t i = 0; i < f->n_literals; i++)
      if (fill->values[s->of_literal[i]].ptr && f->literals[i].from >= at &&
          f->literals[i].from < next) {
        next = f->literals[i].from;
        which = i;
      }
    if (next == UINT32_MAX) break;
    buf_add(&b, str_slice(sql, at, next));
    put_literal(&b, &f->literals[which], fill->values[s->of_literal[which]]);
    at = f->literals[which].to;
  }
  buf_add(&b, str_slice(sql, at, sql.len));
  str out = ok && !b.failed ? arena_str(a, buf_str(&b)) : (str){0};
  buf_free(&b);
  return out;
}

/* ---- for others ---- */

/* SQLite takes a "word" that names nothing for text; here it is written as text. */
static emend_rc mend_quotes(str sql, const catalog *cat, arena *a, str *out, emend_error *err) {
  check_report report;
  int n = 0;
  *out = sql;
  if (!cat || cat->dialect != SQL_SQLITE || str_find(sql, STR("\""), 0) == SIZE_MAX)
    return EMEND_OK;
  emend_rc rc = check_sql(sql, cat, &(check_options){.dialect = SQL_SQLITE}, a, &report, err);
  return rc ? rc : check_mend_dq_text(sql, &report, a, out, &n, err);
}

emend_rc slots_reslot(str question, str sql, str new_question, const catalog *cat, arena *a,
                      slots_result *out, emend_error *err) {
  recall_facts f;
  recall_wording w, q;
  recall_slots s;
  slots_filling fill;
  recall_match changes = {0};
  *out = (slots_result){.sql = sql};
  emend_rc rc = mend_quotes(sql, cat, a, &sql, err);
  if (rc) return rc;
  sql_dialect_id dialect = cat ? cat->dialect : SQL_SQLITE;
  if (!facts_read(sql, dialect, a, &f))
    return arena_failed(a) ? err_nomem(err, "recall") : EMEND_OK;
  if (!wording_read(question, clock_now(), a, &w) ||
      !wording_read(new_question, clock_now(), a, &q) || !slots_find(&f, &w, a, &s) ||
      !slots_fill(&f, &s, &w, &q, cat, a, &fill))
    return err_nomem(err, "recall");
  out->n_loose = fill.n_loose;
  out->aligned = fill.aligned && !is_of_its_day(&f, &s, &w); /* when it was said is not known */
  for (size_t i = 0; i < s.n; i++)
    out->n_kept += s.items[i].n_words && !fill.values[i].ptr && fill.mentions[i].n_words;
  if (!out->aligned || fill.n_changed == 0) return EMEND_OK;
  out->sql = slots_write(sql, &f, &s, &fill, a, &changes);
  for (size_t i = 0; i < changes.rebound.len; i++)
    if (!vec_push(a, &out->changes, changes.rebound.items[i])) return err_nomem(err, "recall");
  return out->sql.ptr ? EMEND_OK : err_nomem(err, "recall");
}
