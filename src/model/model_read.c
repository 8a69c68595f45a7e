/* A question and a catalog as the network reads them: linked, the schema pruned to what fits, and
 * encoded. See model_parts.h. */
#include <math.h>

#include "base/err.h"
#include "check/check.h"
#include "model/model_parts.h"

static const char STAGE[] = "generate";
enum { MAX_COLUMNS = 64 };

/* ---- a schema too large to look at whole ---- */

typedef struct pruner {
  const link_question *q;
  const link_schema *s;
  const link_result *links;
  double *table, *column; /* what each is worth */
} pruner;

/* The strongest link of the question's word `i` with the table or one of its columns, for each. */
static void strongest(const pruner *p, int i, int *best) {
  const link_schema *s = p->s;
  for (int t = 0; t < s->n_tables; t++) best[t] = p->links->tables[i * s->n_tables + t];
  for (int c = 0; c < s->n_columns; c++) {
    int strength = p->links->columns[i * s->n_columns + c], *of = &best[s->columns[c].table];
    if (strength > *of) *of = strength;
  }
}

/* A table is worth the words of the question that it explains, and a word that few tables explain
 * counts for more; a column is worth its own links beside that. */
static void weigh(pruner *p, int *best) {
  const link_schema *s = p->s;
  for (int i = 0; i < p->q->n; i++) {
    int top = 0, as_good = 0;
    strongest(p, i, best);
    for (int t = 0; t < s->n_tables; t++) top = best[t] > top ? best[t] : top;
    for (int t = 0; t < s->n_tables; t++) as_good += best[t] == top;
    double rare = 1 / sqrt(as_good);
    for (int t = 0; t < s->n_tables; t++) p->table[t] += rare * best[t];
    for (int c = 0; c < s->n_columns; c++)
      p->column[c] += rare * p->links->columns[i * s->n_columns + c];
  }
  for (int c = 0; c < s->n_columns; c++) {
    const link_column *col = &s->columns[c];
    bool key = (col->flags & (LINK_COL_PRIMARY | LINK_COL_FOREIGN)) != 0;
    double of = p->table[col->table];
    p->column[c] = 2 * p->column[c] + of + (key ? of / 2 : 0);
  }
}

/* The kept, and then the columns of most worth, as they come, until there is no more room. */
static void choose_columns(const pruner *p, const bool *kept, bool *keep) {
  int n = 0;
  for (int c = 0; kept && c < p->s->n_columns; c++) n += keep[c] = kept[p->s->columns[c].id];
  for (; n < MAX_COLUMNS; n++) {
    int best = -1;
    for (int c = 0; c < p->s->n_columns; c++)
      if (!keep[c] && (best < 0 || p->column[c] > p->column[best])) best = c;
    keep[best] = true;
  }
}

static emend_rc prune(const link_question *q, link_schema *s, link_values *v,
                      const link_options *opt, const bool *kept, arena *a) {
  link_result links;
  if (s->n_columns <= MAX_COLUMNS) return EMEND_OK;
  bool *keep = ARENA_ARRAY(a, bool, (size_t)s->n_columns);
  int *best = ARENA_ARRAY(a, int, (size_t)s->n_tables);
  pruner p = {q, s, &links, ARENA_ARRAY(a, double, (size_t)s->n_tables),
              ARENA_ARRAY(a, double, (size_t)s->n_columns)};
  if (!keep || !best || !p.table || !p.column ||
      link_names_find(q, s, v, opt, a, &links) != EMEND_OK)
    return EMEND_ENOMEM;
  weigh(&p, best);
  choose_columns(&p, kept, keep);
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

emend_rc model_link(const model *m, const catalog *cat, str question, const model_options *opt,
                    const bool *kept, arena *a, reading *r, emend_error *err) {
  link_options link = {.synonyms = m->syn, .sayings = m->sayings};
  if (opt) {
    link.aliases = opt->aliases;
    link.n_aliases = opt->n_aliases;
  }
  if (link_question_read(question, a, &r->q) != EMEND_OK ||
      link_schema_read(cat, a, &r->s) != EMEND_OK ||
      link_values_find(&r->q, &r->s, cat, m->syn, a, &r->v) != EMEND_OK ||
      link_units_find(&r->q, &r->s, a, &r->v) != EMEND_OK ||
      prune(&r->q, &r->s, &r->v, &link, kept, a) != EMEND_OK ||
      link_names_find(&r->q, &r->s, &r->v, &link, a, &r->links) != EMEND_OK ||
      features_build(&r->q, &r->s, &r->v, &r->links, a, &r->f) != EMEND_OK ||
      !(r->values = example_values(&r->v, &r->s, a)))
    return err_nomem(err, STAGE);
  return EMEND_OK;
}

/* The mean of the members' n beliefs, which `pick` finds. NULL when out of memory. */
static const float *mean_of(const reading *r, const float *(*pick)(const encoded *), size_t n,
                            arena *a) {
  if (r->n_members == 1) return pick(r->members[0].enc);
  float *mean = arena_calloc(a, n, sizeof *mean);
  for (int m = 0; mean && m < r->n_members; m++)
    for (size_t i = 0; i < n; i++) mean[i] += pick(r->members[m].enc)[i] / (float)r->n_members;
  return mean;
}

static const float *used_of(const encoded *e) { return e->used; }
static const float *role_of(const encoded *e) { return e->role; }

emend_rc model_encode(const model *m, const model_options *opt, arena *a, reading *r,
                      emend_error *err) {
  const network *nets[BEAM_MAX_MEMBERS] = {model_network(m, opt), m->partner};
  r->n_members = 0;
  for (int i = 0; i < BEAM_MAX_MEMBERS && nets[i]; i++) {
    model_input in;
    encoded *enc;
    if (to_input(nets[i], &r->f, a, &in) != EMEND_OK) return err_nomem(err, STAGE);
    emend_rc rc = network_encode(nets[i], &in, a, &enc, err);
    if (rc != EMEND_OK) return rc;
    r->members[r->n_members++] = (beam_member){nets[i], enc};
  }
  r->used = mean_of(r, used_of, (size_t)r->f.n, a);
  r->role = mean_of(r, role_of, (size_t)r->f.n * WEIGHTS_ROLES, a);
  return r->used && r->role ? EMEND_OK : err_nomem(err, STAGE);
}

/* ---- a query beside it ---- */

/* The one bound query that `sql` holds; NULL in *out without. */
static emend_rc parse_query(const catalog *cat, str sql, arena *a, sql_query **out,
                            emend_error *err) {
  sql_parsed p;
  *out = NULL;
  emend_rc rc = sql_parse(sql, cat->dialect, a, &p, err);
  if (rc != EMEND_OK) return rc;
  if (p.statements.len != 1 || p.statements.items[0].kind != SQL_STMT_QUERY) return EMEND_OK;
  *out = p.statements.items[0].query;
  return check_bind(*out, cat, cat->dialect, a, NULL, err);
}

emend_rc model_keep_columns(const catalog *cat, str sql, arena *a, bool *kept, emend_error *err) {
  sql_query *query;
  ir_values values;
  ir_reading ir;
  if (cat->n_columns <= MAX_COLUMNS) return EMEND_OK; /* none is pruned */
  emend_rc rc = parse_query(cat, sql, a, &query, err);
  if (rc == EMEND_OK && query) rc = ir_from_sql_alone(query, cat, a, &values, &ir, err);
  if (rc != EMEND_OK || !query || !ir.ok) return rc == EMEND_ENOMEM ? rc : EMEND_OK;
  for (int i = 0; i < ir.seq.n; i++) {
    const ir_step *s = &ir.seq.steps[i];
    if (s->kind == IR_STEP_COLUMN) kept[s->id] = true;
    if (s->kind == IR_STEP_TABLE) kept[cat->tables[s->id].first_column] = true;
  }
  return EMEND_OK;
}

emend_rc model_answer(const catalog *cat, const reading *r, str sql, arena *a, example *out,
                      bool *ok, emend_error *err) {
  sql_query *query;
  ir_reading ir;
  *ok = false;
  emend_rc rc = parse_query(cat, sql, a, &query, err);
  if (rc == EMEND_OK && query) rc = ir_from_sql(query, cat, r->values, (size_t)r->v.n, a, &ir, err);
  if (rc != EMEND_OK || !query || !ir.ok) return rc == EMEND_ENOMEM ? rc : EMEND_OK;
  rc = example_build(&r->f, &r->s, ir.seq.steps, ir.seq.n, a, out);
  *ok = rc == EMEND_OK;
  return rc == EMEND_ENOMEM ? err_nomem(err, STAGE) : EMEND_OK;
}
