/* A question and a catalog as the network reads them: linked, the schema pruned to what fits, and
 * encoded. See model_parts.h. */
#include "base/err.h"
#include "model/model_parts.h"

static const char STAGE[] = "generate";
enum { MAX_COLUMNS = 110 };

/* For a schema too large to look at whole: what the question touches, and the keys around it. */
static emend_rc prune(const link_question *q, link_schema *s, link_values *v,
                      const link_options *opt, arena *a) {
  link_result links;
  if (s->n_columns <= MAX_COLUMNS) return EMEND_OK;
  bool *keep = ARENA_ARRAY(a, bool, (size_t)s->n_columns);
  int *column = ARENA_ARRAY(a, int, (size_t)s->n_columns);
  int *table = ARENA_ARRAY(a, int, (size_t)s->n_tables);
  if (!keep || !column || !table || link_names_find(q, s, v, opt, a, &links) != EMEND_OK)
    return EMEND_ENOMEM;
  for (int i = 0; i < q->n; i++) {
    for (int t = 0; t < s->n_tables; t++) table[t] += links.tables[i * s->n_tables + t];
    for (int c = 0; c < s->n_columns; c++) column[c] += links.columns[i * s->n_columns + c];
  }
  for (int c = 0; c < s->n_columns; c++)
    if (table[s->columns[c].table] < 2 * column[c]) table[s->columns[c].table] = 2 * column[c];
  /* Lower the bar until the room is used: a column counts by itself, its table, and as a key. */
  for (int bar = 64, kept = 0; bar >= 0 && kept < MAX_COLUMNS; bar--) {
    for (int c = 0; c < s->n_columns && kept < MAX_COLUMNS; c++) {
      const link_column *col = &s->columns[c];
      bool key = (col->flags & (LINK_COL_PRIMARY | LINK_COL_FOREIGN)) != 0;
      int t = table[col->table];
      int worth = 2 * column[c] + t + (key && t ? LINK_EXACT : 0);
      if (!keep[c] && worth >= bar) keep[c] = true, kept++;
    }
  }
  return link_schema_keep(s, v, keep, a);
}

static emend_rc to_input(const network *net, const features *f, arena *a, model_input *in) {
  uint8_t *kind = arena_alloc(a, (size_t)f->n);
  uint16_t *flags = ARENA_ARRAY(a, uint16_t, (size_t)f->n);
  int32_t *off = ARENA_ARRAY(a, int32_t, (size_t)f->n + 1);
  if (!kind || !flags || !off) return EMEND_ENOMEM;
  for (int i = 0; i < f->n; i++) off[i + 1] = off[i] + f->nodes[i].n_words;
  model_word *words = ARENA_ARRAY(a, model_word, (size_t)off[f->n]);
  if (!words) return EMEND_ENOMEM;
  for (int i = 0; i < f->n; i++) {
    kind[i] = (uint8_t)f->nodes[i].kind;
    flags[i] = f->nodes[i].flags;
    for (int w = 0; w < f->nodes[i].n_words; w++)
      if (!network_word(net, f->nodes[i].words[w], a, &words[off[i] + w])) return EMEND_ENOMEM;
  }
  *in = (model_input){f->n, kind, flags, off, words, f->rel};
  return EMEND_OK;
}

emend_rc model_read(const model *m, const catalog *cat, str question, const model_options *opt,
                    arena *a, reading *r, emend_error *err) {
  link_options link = {.synonyms = m->syn};
  model_input in;
  if (opt) {
    link.aliases = opt->aliases;
    link.n_aliases = opt->n_aliases;
  }
  if (link_question_read(question, a, &r->q) != EMEND_OK ||
      link_schema_read(cat, a, &r->s) != EMEND_OK ||
      link_values_find(&r->q, &r->s, cat, a, &r->v) != EMEND_OK ||
      prune(&r->q, &r->s, &r->v, &link, a) != EMEND_OK ||
      link_names_find(&r->q, &r->s, &r->v, &link, a, &r->links) != EMEND_OK ||
      features_build(&r->q, &r->s, &r->v, &r->links, a, &r->f) != EMEND_OK ||
      !(r->values = example_values(&r->v, &r->s, a)) || to_input(m->net, &r->f, a, &in) != EMEND_OK)
    return err_nomem(err, STAGE);
  return network_encode(m->net, &in, a, &r->enc, err);
}
