/* What a "yes" teaches: the words of the question that stand for words of the
 * confirmed one. */
#include "base/clock.h"
#include "recall/snapshot.h"
#include "text/text.h"

static recall_entry *find_entry(const recall_snapshot *s, str id) {
  for (size_t i = 0; i < s->n_segments; i++)
    for (size_t k = 0; k < s->segments[i]->n; k++) {
      recall_entry *e = s->segments[i]->items[k].entry;
      if (atomic_load(&e->state) == ENTRY_ACTIVE && str_eq(e->id, id)) return e;
    }
  return NULL;
}

static str lower_at(const recall_wording *w, size_t i, arena *a) {
  return text_fold(a, str_slice(w->text, w->words[i].from, w->words[i].to));
}

/* One word left over on each side stands for the other; of more it is not known which, and two
 * names of the schema are two things. */
static bool pair_rest(const recall_lexicon *names, const recall_wording *q, const bool *q_done,
                      const recall_wording *w, const bool *w_done, arena *a,
                      recall_word_pairs *out) {
  size_t n_q = 0, n_w = 0, at_q = 0, at_w = 0;
  for (size_t i = 0; i < q->n; i++)
    if (!q_done[i] && q->words[i].kind == WORD_CONTENT) n_q++, at_q = i;
  for (size_t k = 0; k < w->n; k++)
    if (!w_done[k] && w->words[k].kind == WORD_CONTENT) n_w++, at_w = k;
  if (n_q != 1 || n_w != 1) return true;
  if (lexicon_has(names, q->words[at_q].stem) && lexicon_has(names, w->words[at_w].stem))
    return true;
  recall_word_pair p = {lower_at(q, at_q, a), lower_at(w, at_w, a)};
  return p.word.ptr && p.other.ptr && vec_push(a, out, p);
}

bool recall_compare(recall *r, str id, str question, const catalog *cat, const recall_options *opt,
                    arena *a, recall_word_pairs *out) {
  recall_wording q;
  recall_snapshot *s = snapshot_take(r);
  recall_entry *e = find_entry(s, id);
  *out = (recall_word_pairs){0};
  bool ok = e && wording_read(question, clock_now(), a, &q);
  if (ok) {
    const align_context ctx = {.cat = cat,
                               .lexicon = snapshot_lexicon(r, e->url, cat),
                               .synonyms = opt ? opt->synonyms : NULL};
    alignment al;
    bool q_done[WORDING_MAX_WORDS], w_done[WORDING_MAX_WORDS];
    ok = align_words(e, &e->wordings[0], &q, &ctx, a, &al, q_done, w_done) &&
         pair_rest(ctx.lexicon, &q, q_done, &e->wordings[0].words, w_done, a, out);
  }
  snapshot_unref(s);
  return ok;
}
