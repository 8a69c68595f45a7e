/* Which confirmed question is this? Candidates by key and by words, each aligned,
 * and the verdict. Runs nothing. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "check/check.h"
#include "recall/snapshot.h"

enum { MOST_CANDIDATES = 24, WORK_BYTES = 64 << 20 };

/* Words without a counterpart that a hit may still have, and a rebound one; what the next best must
 * lie above; what an asked-back one may have. Tuned on half of Spider's databases: docs/recall.md
 */
static const double most_hit = 0.45, most_rebound = 0.3, least_margin = 0.65, same_margin = 0.4,
                    most_same = 0.2, witnessed_margin = 0.42, rebound_margin = 1.1,
                    wide_margin = 1.0, most_near = 2.6, most_witnessed = 2.6, most_gap = 1e-3;
static const float exact_score = 1e9f; /* above any of words */
static const double fault_price = 0.9, change_price = 0.7;

typedef struct candidate {
  const recall_entry *e;
  const entry_wording *w;
  size_t source;
  float score; /* of the words in common */
  alignment al;
  double badness; /* cost, and what faults and changes come to */
} candidate;

typedef struct finder {
  recall *r;
  recall_snapshot *now;
  const recall_source *sources;
  size_t n_sources;
  uint64_t *url_hashes; /* [n_sources] */
  const recall_options *opt;
  arena *work, *a;  /* this look-up's; the result's */
  recall_wording q; /* its words are read when the confirmed text itself was not found */
  uint64_t key_hash;
  candidate found[MOST_CANDIDATES];
  size_t n;
  float least; /* score among those found, once there are as many as are kept */
  recall_match *out;
} finder;

/* ---- reading ---- */

static bool read_words(finder *x) {
  return x->q.words || wording_read(x->q.text, clock_now(), x->work, &x->q);
}

/* A wording to the letter: its key is known. Words that count from today must be read. */
static bool note_known(void *ctx, const struct segment_item *item) {
  finder *x = ctx;
  const recall_wording *w = &item->entry->wordings[item->wording].words;
  if (w->relative || !str_eq(w->text, x->q.text)) return true;
  x->q.key = w->key;
  return false;
}

static bool read_key(finder *x) {
  for (size_t i = 0; i < x->n_sources; i++) {
    uint64_t key = segment_key(x->url_hashes[i], x->q.text);
    for (size_t s = 0; s < x->now->n_segments && !x->q.key.ptr; s++)
      segment_exact(x->now->segments[s], key, note_known, x);
  }
  if (!x->q.key.ptr && !read_words(x)) return false;
  x->key_hash = str_hash64(x->q.key);
  return true;
}

/* ---- proposing ---- */

static bool is_live(const recall_entry *e) { return atomic_load(&e->state) == ENTRY_ACTIVE; }

static bool is_refused(const finder *x, const recall_entry *e) {
  for (int i = 0; i < e->n_refused; i++)
    if (e->refused[i] == x->key_hash) return true;
  return false;
}

static bool find_source(const finder *x, const recall_entry *e, size_t *out) {
  for (size_t i = 0; i < x->n_sources; i++)
    if (x->url_hashes[i] == e->url_hash && str_eq(x->sources[i].url, e->url)) {
      *out = i;
      return true;
    }
  return false;
}

/* Keeps the best by score, in no order. */
static void propose(finder *x, const struct segment_item *item, float score) {
  size_t which, worst = 0;
  if (x->n == MOST_CANDIDATES && score <= x->least) return;
  if (!is_live(item->entry) || !find_source(x, item->entry, &which)) return;
  candidate c = {.e = item->entry,
                 .w = &item->entry->wordings[item->wording],
                 .source = which,
                 .score = score};
  if (x->n < MOST_CANDIDATES) {
    x->found[x->n++] = c;
    if (x->n < MOST_CANDIDATES) return;
  } else {
    for (size_t i = 1; i < x->n; i++)
      if (x->found[i].score < x->found[worst].score) worst = i;
    x->found[worst] = c;
  }
  x->least = x->found[0].score;
  for (size_t i = 1; i < x->n; i++)
    if (x->found[i].score < x->least) x->least = x->found[i].score;
}

static bool propose_exact(void *ctx, const struct segment_item *item) {
  finder *x = ctx;
  const entry_wording *w = &item->entry->wordings[item->wording];
  if (str_eq(w->words.key, x->q.key)) propose(x, item, exact_score);
  return true;
}

static bool propose_by_words(finder *x, const recall_segment *s) {
  segment_found found[SEGMENT_POOL];
  uint64_t stems[WORDING_MAX_WORDS];
  size_t n = 0;
  for (size_t i = 0; i < x->q.n; i++) {
    const recall_word *w = &x->q.words[i];
    if (w->kind == WORD_FILLER || w->kind == WORD_WEAK || !w->stem) continue;
    bool again = false;
    for (size_t k = 0; k < n && !again; k++) again = stems[k] == w->stem;
    if (!again) stems[n++] = w->stem;
  }
  segment_scratch *scratch = snapshot_scratch(x->r, s->n);
  if (!scratch) return false;
  n = segment_search(s, stems, n, scratch, found);
  snapshot_give_back(x->r, scratch);
  for (size_t i = 0; i < n; i++) propose(x, &s->items[found[i].item], found[i].score);
  return true;
}

/* ---- weighing ---- */

static int count_bits(unsigned v) {
  int n = 0;
  for (; v; v &= v - 1) n++;
  return n;
}

/* The confirmed words themselves: nothing to align, unless "last year" has become another one. */
static bool is_verbatim(const finder *x, const candidate *c) {
  return c->score >= exact_score && !x->q.relative && !c->w->words.relative;
}

static bool weigh(finder *x, candidate *c) {
  if (is_verbatim(x, c)) {
    c->al = (alignment){.fill.aligned = true};
    c->al.fill.values = ARENA_ARRAY(x->work, str, (size_t)c->w->slots.n + 1);
    return c->al.fill.values != NULL;
  }
  if (!read_words(x)) return false;
  const taught_words *t = snapshot_taught(x->now, c->e->url_hash);
  const recall_taught taught = {t ? (const uint64_t(*)[2])t->pairs : NULL, t ? t->n : 0};
  const recall_source *s = &x->sources[c->source];
  const align_context ctx = {.cat = s->cat,
                             .lexicon = snapshot_lexicon(x->r, s->url, s->cat),
                             .synonyms = x->opt ? x->opt->synonyms : NULL,
                             .taught = &taught};
  if (!ctx.lexicon || !align_wordings(c->e, c->w, &x->q, &ctx, x->work, &c->al, NULL)) return false;
  c->badness =
      c->al.is.cost + fault_price * count_bits(c->al.is.faults) + change_price * c->al.is.n_changed;
  return true;
}

static int best_first(const void *x, const void *y) {
  const candidate *a = x, *b = y;
  if (a->badness != b->badness) return a->badness < b->badness ? -1 : 1;
  return str_cmp(a->e->id, b->e->id);
}

/* ---- the verdict ---- */

static bool tell_match(finder *x, const candidate *c, recall_verdict verdict) {
  recall_match *o = x->out;
  o->source = c->source;
  o->cat = x->sources[c->source].cat;
  o->id = arena_str(x->a, c->e->id);
  o->question = arena_str(x->a, c->e->question);
  o->by = arena_str(x->a, c->e->by);
  o->at = arena_str(x->a, c->e->at);
  o->sql = slots_write(c->e->sql, &c->e->facts, &c->w->slots, &c->al.fill, x->work, o);
  o->sql = arena_str(x->a, o->sql);
  for (size_t i = 0; i < o->rebound.len; i++) {
    recall_rebound *r = &o->rebound.items[i];
    *r = (recall_rebound){arena_str(x->a, r->slot), arena_str(x->a, r->from),
                          arena_str(x->a, r->to)};
  }
  size_t n = o->rebound.len;
  recall_rebound *kept = ARENA_ARRAY(x->a, recall_rebound, n ? n : 1);
  if (kept && n) memcpy(kept, o->rebound.items, n * sizeof *kept);
  o->rebound.items = kept;
  o->verdict = verdict;
  o->evidence = c->al.is;
  return o->sql.ptr && kept && !arena_failed(x->a);
}

/* A changed value must be one that the column can hold. */
static bool is_sound(finder *x, const candidate *c, bool *out) {
  recall_match scratch = {0};
  check_report report;
  const catalog *cat = x->sources[c->source].cat;
  str sql = slots_write(c->e->sql, &c->e->facts, &c->w->slots, &c->al.fill, x->work, &scratch);
  check_options opt = {.dialect = cat->dialect};
  if (!sql.ptr || check_sql(sql, cat, &opt, x->work, &report, NULL)) return false;
  *out = report.ok && report.safe;
  return true;
}

/* The query of `c` with the values of the question; {NULL,0}: not all are known, or no memory. */
static str written(const finder *x, const candidate *c) {
  recall_match scratch = {0};
  if (!c->al.fill.aligned) return (str){0};
  return slots_write(c->e->sql, &c->e->facts, &c->w->slots, &c->al.fill, x->work, &scratch);
}

/* Whether the query of `c` comes to the same with this question's values: "room 107" confirmed
 * beside "room 108" says nothing against the latter. */
static bool comes_to_same(const finder *x, const candidate *best, const candidate *c) {
  if (!c->e->has_facts || c->e->facts.fingerprint != best->e->facts.fingerprint) return false;
  str one = written(x, best), other = written(x, c);
  return one.ptr && other.ptr && str_eq(one, other);
}

/* How much worse the next confirmed question fits that does something else. */
static double margin_of(const finder *x, const candidate *best) {
  for (size_t i = 1; i < x->n; i++) {
    const candidate *c = &x->found[i];
    bool same = c->e == best->e || str_eq_nocase(str_trim(c->e->sql), str_trim(best->e->sql));
    if (same && c->al.is.n_changed == best->al.is.n_changed) continue;
    if (!comes_to_same(x, best, c)) return c->badness - best->badness;
  }
  return 99;
}

/* Words without a counterpart that say nothing of the rows as far as the schema knows, when no
 * other confirmed question is anywhere near. */
static bool is_safe_rest(const recall_evidence *is) {
  int q = is->q_unknown + is->q_table, w = is->w_unknown + is->w_again;
  if (is->margin < wide_margin || is->ends || is->w_used || is->w_table || is->q_again)
    return false;
  if (is->q_modifiers || is->w_modifiers || is->q_generic || is->q_used || q > 1 || w > 1)
    return false;
  if ((is->w_again && q) || (is->q_table && w)) return false;
  if (is->replaced) return false;
  if (is->q_repeated > 1 || (is->q_repeated && w)) return false;
  if (is->unsaid && is->w_unknown) return false; /* it may stand for that value */
  return is->q_unknown == 0 || is->margin >= wide_margin * 1.5;
}

/* "How many staff", confirmed as "how many employees": a name of the query itself stands in the
 * place of a word that the schema has not, and the query narrows nothing that its own question
 * leaves unsaid. Not "the price of" for "the tag of": that may be another column. */
static bool is_own_name(const recall_evidence *is) {
  int others = is->q_unknown + is->q_again + is->q_repeated + is->q_heads + is->w_table +
               is->w_used + is->w_again + is->w_spelt + is->ends;
  return is->replaced && is->q_table + is->q_used == 1 && is->w_unknown == 1 &&
         is->w_foreign == 1 && !others && !is->q_modifiers && !is->w_modifiers && !is->unsaid;
}

/* "Loans", confirmed as "what was handed out": a table of the query stands in the place of words
 * that the schema has not. */
static bool is_own_table(const recall_evidence *is) {
  int others = is->q_unknown + is->q_used + is->q_again + is->w_used + is->w_again;
  return is->q_table && is->w_unknown && is->w_foreign == is->w_unknown && !others;
}

/* The network is asked where words are left over. What the question does not say and the confirmed
 * one did, it cannot overlook; of the question itself it overlooks a word as easily as it reads
 * one, so nothing there that may narrow or turn it is left to the network. */
static bool may_be_witnessed(const recall_evidence *is) {
  if (is->faults || is->n_changed || is->ends || is->q_heads) return false;
  if (is->q_unknown > 1 || is->q_modifiers || (is->replaced && !is_own_table(is))) return false;
  return is->margin >= witnessed_margin && is->cost <= most_witnessed;
}

/* Whether the network would have written the query itself. */
static bool ask_witness(finder *x, candidate *c) {
  const recall_witness *w = x->opt ? x->opt->witness : NULL;
  recall_match scratch = {0};
  const catalog *cat = x->sources[c->source].cat;
  if (!w) return false;
  str sql = slots_write(c->e->sql, &c->e->facts, &c->w->slots, &c->al.fill, x->work, &scratch);
  double gap;
  if (!sql.ptr || !w->doubt(w->self, cat, x->q.text, sql, x->work, &gap)) return false;
  c->al.is.witnessed = gap <= most_gap;
  return c->al.is.witnessed;
}

/* Nothing is left over on either side, and the same is done with rows. */
static bool is_all_the_same(const recall_evidence *is) {
  return is->same_ops && is->cost <= most_same && !is->n_changed;
}

static bool decide(finder *x, candidate *best) {
  recall_match *o = x->out;
  str drift = recall_drift(best->e->tables, x->sources[best->source].cat, x->a);
  if (!drift.ptr) return false;
  if (drift.len) {
    o->drifted = drift;
    o->id = arena_str(x->a, best->e->id);
    return o->id.ptr != NULL;
  }
  const recall_evidence *is = &best->al.is;
  bool same = is->faults == 0 && is->n_changed == 0 &&
              (is->cost <= most_hit || is_safe_rest(is) || is_own_name(is));
  /* "the title of the prerequisite" may be "the prerequisite of the title" when a value differs */
  bool other = is->faults == 0 && is->n_changed == 1 && is->cost <= most_rebound &&
               is->margin >= rebound_margin && !is->moved;
  if (is_refused(x, best->e)) return true;
  if (!same && !other && may_be_witnessed(is)) same = ask_witness(x, best);
  bool clear = is->witnessed || is->margin >= (is_all_the_same(is) ? same_margin : least_margin);
  if ((same || other) && clear) {
    bool sound = true;
    if (other && !is_sound(x, best, &sound)) return false;
    if (sound) return tell_match(x, best, RECALL_HIT);
  }
  return true;
}

static bool ask_back(finder *x) {
  if (!read_words(x)) return false;
  for (size_t i = 0; i < x->n; i++) {
    candidate *c = &x->found[i];
    if (c->badness > most_near) return true;
    if (is_refused(x, c->e) || c->al.is.n_changed > 1) continue;
    str drift = recall_drift(c->e->tables, x->sources[c->source].cat, x->work);
    if (!drift.ptr) return false;
    if (drift.len) continue;
    alignment again;
    const recall_source *s = &x->sources[c->source];
    const align_context ctx = {.cat = s->cat,
                               .lexicon = snapshot_lexicon(x->r, s->url, s->cat),
                               .synonyms = x->opt ? x->opt->synonyms : NULL};
    return align_wordings(c->e, c->w, &x->q, &ctx, x->a, &again, x->out) &&
           tell_match(x, c, RECALL_NEAR);
  }
  return true;
}

static bool find(finder *x) {
  if (!read_key(x)) return false;
  for (size_t i = 0; i < x->n_sources; i++) {
    uint64_t key = segment_key(x->url_hashes[i], x->q.key);
    for (size_t s = 0; s < x->now->n_segments; s++)
      segment_exact(x->now->segments[s], key, propose_exact, x);
  }
  bool exact = x->n > 0;
  if (!exact && x->opt && x->opt->exact_only) return true;
  if (!exact && !read_words(x)) return false;
  for (size_t s = 0; !exact && s < x->now->n_segments; s++)
    if (!propose_by_words(x, x->now->segments[s])) return false;
  for (size_t i = 0; i < x->n; i++)
    if (!weigh(x, &x->found[i])) return false;
  if (x->n == 0) return true;
  qsort(x->found, x->n, sizeof *x->found, best_first);
  x->found[0].al.is.margin = margin_of(x, &x->found[0]);
  if (!decide(x, &x->found[0])) return false;
  return x->out->verdict != RECALL_MISS || x->out->drifted.len || ask_back(x);
}

emend_rc recall_find(recall *r, const recall_source *sources, size_t n, str question,
                     const recall_options *opt, arena *a, recall_match *out, emend_error *err) {
  *out = (recall_match){0};
  finder x = {.r = r, .sources = sources, .n_sources = n, .opt = opt, .a = a, .out = out};
  x.now = snapshot_take(r);
  bool ok = true;
  if (x.now->n_segments) {
    x.work = arena_create(WORK_BYTES);
    x.url_hashes = x.work ? ARENA_ARRAY(x.work, uint64_t, n + 1) : NULL;
    for (size_t i = 0; x.url_hashes && i < n; i++) x.url_hashes[i] = str_hash64(sources[i].url);
    x.q.text = question;
    ok = x.url_hashes && find(&x);
    arena_destroy(x.work);
  }
  snapshot_unref(x.now);
  return ok ? EMEND_OK : err_nomem(err, "recall");
}
