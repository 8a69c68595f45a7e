/* Question and catalog to candidates: read, search, write SQL. See model.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/beam.h"
#include "model/model_parts.h"

enum { DEFAULT_WIDTH = 10 };

/* The tables of words, NAME.bin, stand beside the weights; without one, a kind of link is missing.
 */
static emend_rc open_words(const char *weights_path, const char *name, synonyms **out,
                           emend_error *err) {
  const char *slash = strrchr(weights_path, '/');
  int dir = slash ? (int)(slash - weights_path) + 1 : 0;
  buf path;
  buf_init(&path, 1 << 16);
  buf_printf(&path, "%.*s%s.bin", dir, weights_path, name);
  emend_rc rc = path.failed ? err_nomem(err, "open") : synonyms_open(path.ptr, out, err);
  buf_free(&path);
  return rc;
}

/* What is wrong with the file, which file, and what to do. */
static emend_rc bad_weights(emend_rc rc, const char *path, emend_error *err) {
  if (!err || rc == EMEND_ENOMEM) return rc;
  char why[sizeof err->msg];
  const char *at = strncmp(err->msg, path, strlen(path)) == 0 ? err->msg + strlen(path) : err->msg;
  snprintf(why, sizeof why, "%s", at + strspn(at, ": "));
  return err_set(err, rc, "open",
                 "%s: %.200s; put the weights that came with this version of emend there, or name "
                 "others in EMEND_MODEL",
                 path, why);
}

static emend_rc load_network(const char *path, network **out, emend_error *err) {
  emend_rc rc = network_load(path, out, err);
  if (rc == EMEND_OK) {
    const weights_shape *s = network_shape(*out);
    if (network_ir_version(*out) != IR_VERSION || s->tokens != IR_N_TOKENS ||
        s->states != IR_N_STATES || s->relations != N_RELATIONS)
      rc = err_set(err, EMEND_EVERSION, "open", "weights for another version of emend");
  }
  return rc == EMEND_OK ? rc : bad_weights(rc, path, err);
}

/* "emend-partner.emt" beside "emend.emt", where it is. */
static emend_rc load_partner(model *m, emend_error *err) {
  str path = str_from(m->path), ending = STR(".emt");
  if (str_ends(path, ending)) path.len -= ending.len;
  const char *partner = arena_printf(m->mem, "%.*s-partner.emt", STR_ARG(path));
  if (!partner) return err_nomem(err, "open");
  return access(partner, F_OK) == 0 ? load_network(partner, &m->partner, err) : EMEND_OK;
}

emend_rc model_load(const char *weights_path, model **out, emend_error *err) {
  model *m = mem_alloc(sizeof *m);
  *out = NULL;
  if (!m) return err_nomem(err, "open");
  m->mem = arena_create(1 << 16);
  m->path = m->mem ? arena_strndup(m->mem, weights_path, strlen(weights_path)) : NULL;
  emend_rc rc = m->path ? load_network(weights_path, &m->net, err) : err_nomem(err, "open");
  if (rc == EMEND_OK) rc = load_partner(m, err);
  if (rc == EMEND_OK) rc = open_words(weights_path, "synonyms", &m->syn, err);
  if (rc == EMEND_OK) rc = open_words(weights_path, "sayings", &m->sayings, err);
  if (rc != EMEND_OK) return model_free(m), rc;
  snprintf(m->name, sizeof m->name, "%.*s", STR_ARG(network_name(m->net)));
  *out = m;
  return EMEND_OK;
}

void model_free(model *m) {
  if (!m) return;
  network_free(m->net);
  network_free(m->partner);
  synonyms_close(m->syn);
  synonyms_close(m->sayings);
  arena_destroy(m->mem);
  mem_free(m);
}

const char *model_name(const model *m) { return m->name; }

uint64_t model_checksum(const model *m) { return network_checksum(m->net); }

/* ---- candidates ---- */

static ir_seq with_catalog_ids(const reading *r, const ir_seq *nodes) {
  ir_seq out = *nodes;
  for (int i = 0; i < out.n; i++) {
    ir_step *s = &out.steps[i];
    int index = s->kind == IR_STEP_TOKEN ? 0 : r->f.nodes[s->id].index;
    if (s->kind == IR_STEP_COLUMN) s->id = r->s.columns[index].id;
    if (s->kind == IR_STEP_TABLE) s->id = r->s.tables[index].id;
    if (s->kind == IR_STEP_VALUE) s->id = index;
  }
  return out;
}

/* What of the schema and the values a sequence makes use of. */
typedef struct usage {
  bool *column, *table, *value; /* by number in the link_schema, the candidates */
} usage;

static emend_rc read_usage(const reading *r, const ir_seq *nodes, arena *a, usage *out) {
  *out = (usage){ARENA_ARRAY(a, bool, (size_t)r->s.n_columns),
                 ARENA_ARRAY(a, bool, (size_t)r->s.n_tables), ARENA_ARRAY(a, bool, (size_t)r->v.n)};
  if (!out->column || !out->table || !out->value) return EMEND_ENOMEM;
  for (int i = 0; i < nodes->n; i++) {
    const ir_step *s = &nodes->steps[i];
    int at = s->kind == IR_STEP_TOKEN ? 0 : r->f.nodes[s->id].index;
    if (s->kind == IR_STEP_COLUMN) out->column[at] = out->table[r->s.columns[at].table] = true;
    if (s->kind == IR_STEP_TABLE) out->table[at] = true;
    if (s->kind == IR_STEP_VALUE) out->value[at] = true;
  }
  return EMEND_OK;
}

/* A word that names something outright, where nothing that it names is used. */
static bool is_ignored(const reading *r, const usage *u, int word) {
  const uint8_t *columns = r->links.columns + word * r->s.n_columns;
  const uint8_t *tables = r->links.tables + word * r->s.n_tables;
  bool named = false;
  for (int t = 0; t < r->s.n_tables; t++) {
    if (tables[t] == LINK_EXACT && u->table[t]) return false;
    named |= tables[t] == LINK_EXACT;
  }
  for (int c = 0; c < r->s.n_columns; c++) {
    if (columns[c] == LINK_EXACT && u->column[c]) return false;
    named |= columns[c] == LINK_EXACT;
  }
  return named;
}

/* Words that name a table or column, and values, which the sequence leaves aside. */
static emend_rc count_unused(const reading *r, const ir_seq *nodes, arena *a,
                             model_candidate *out) {
  usage u;
  if (read_usage(r, nodes, a, &u) != EMEND_OK) return EMEND_ENOMEM;
  for (int k = 0; k < r->v.n; k++) {
    uint16_t flags = r->v.items[k].flags;
    bool meant = r->used[features_value(&r->f, k)] >= 0.5f;
    if (u.value[k] || !(flags & (LINK_VAL_STORED | LINK_VAL_QUOTED | LINK_VAL_NUMBER))) continue;
    if (meant || (flags & (LINK_VAL_QUOTED | LINK_VAL_NUMBER)))
      out->linked_unused++;
    else
      out->stored_unused++;
  }
  for (int w = 0; w < r->q.n; w++)
    out->linked_unused +=
        !(r->q.words[w].flags & (LINK_WORD_STOP | LINK_WORD_IN_VALUE)) && is_ignored(r, &u, w);
  return EMEND_OK;
}

static emend_rc add_candidate(const reading *r, const catalog *cat, const beam_hypothesis *h,
                              arena *a, model_candidates *out, emend_error *err) {
  ir_writing w;
  ir_seq seq = with_catalog_ids(r, &h->seq);
  emend_rc rc = ir_to_sql(&seq, cat, r->values, (size_t)r->v.n, a, &w, err);
  if (rc != EMEND_OK || !w.query) return rc;
  str sql = sql_print(w.query, cat->dialect, a);
  if (!sql.ptr) return err_nomem(err, "generate");
  for (size_t i = 0; i < out->items.len; i++) {
    if (!str_eq(out->items.items[i].sql, sql)) continue;
    model_candidate *same = &out->items.items[i];
    same->logprob = log(exp(same->logprob) + exp(h->logprob));
    same->worth = log(exp(same->worth) + exp(h->worth));
    return EMEND_OK;
  }
  model_candidate c = {
      .sql = sql, .logprob = h->logprob, .worth = h->worth, .cross_join = w.n_cross > 0};
  if (count_unused(r, &h->seq, a, &c) != EMEND_OK) return err_nomem(err, "generate");
  return vec_push(a, &out->items, c) ? EMEND_OK : err_nomem(err, "generate");
}

static void fill_shares(model_candidates *c) {
  double total = 0;
  for (size_t i = 0; i < c->items.len; i++) total += exp(c->items.items[i].worth);
  for (size_t i = 0; i < c->items.len; i++)
    c->items.items[i].share = total > 0 ? exp(c->items.items[i].worth) / total : 0;
}

/* Does a word of the question mean anything here: a name, a stored value, a taught alias? */
static bool has_link(const reading *r, int word) {
  if (r->q.words[word].flags & LINK_WORD_IN_VALUE) return true;
  for (int c = 0; c < r->s.n_columns; c++)
    if (r->links.columns[word * r->s.n_columns + c] != LINK_NONE) return true;
  for (int t = 0; t < r->s.n_tables; t++)
    if (r->links.tables[word * r->s.n_tables + t] != LINK_NONE) return true;
  return false;
}

/* A word of no meaning to the network, to WordNet or to the values: names, which have capitals,
 * apart. */
static bool is_strange(const model *m, const reading *r, int word, arena *a) {
  const link_word *w = &r->q.words[word];
  const uint16_t known = LINK_WORD_STOP | LINK_WORD_NUMBER | LINK_WORD_IN_VALUE | LINK_WORD_QUOTED;
  model_word found;
  if ((w->flags & known) || (word > 0 && (w->flags & LINK_WORD_CAPITAL))) return false;
  if (!network_word(r->members[0].net, w->lower, a, &found)) return false;
  return found.id == 0 && synonyms_find(m->syn, w->lower).n == 0;
}

/* In another language than the network's: no word that holds English together, and words that it
 * does not know, most of them or with letters that English lacks. */
static bool is_foreign(const model *m, const reading *r, arena *a) {
  int strange = 0;
  bool letters = false;
  for (int i = 0; i < r->q.n; i++) {
    if (r->q.words[i].flags & LINK_WORD_STOP) return false;
    if (!is_strange(m, r, i, a)) continue;
    strange++;
    letters |= !str_is_ascii(r->q.words[i].lower);
  }
  return letters || (strange >= 2 && 2 * strange > r->q.n);
}

/* How likely this schema can answer: the network's strongest belief that a column or table is used
 * at all. Where the question has words with content and none of them means anything here, it is
 * about something else. */
static double answerable(const model *m, const reading *r, arena *a) {
  double best = 0;
  int content = 0, linked = 0;
  for (int i = 0; i < r->q.n; i++) {
    if (r->q.words[i].flags & (LINK_WORD_STOP | LINK_WORD_NUMBER)) continue;
    content++;
    linked += has_link(r, i);
  }
  if ((content > 0 && linked == 0) || is_foreign(m, r, a)) return 0;
  for (int i = r->f.n_words; i < r->f.n_words + r->f.n_columns + r->f.n_tables; i++)
    if ((double)r->used[i] > best) best = (double)r->used[i];
  return best;
}

emend_rc model_generate(const model *m, const catalog *cat, str question, const model_options *opt,
                        arena *a, model_candidates *out, emend_error *err) {
  int width = opt && opt->beam > 0 ? opt->beam : DEFAULT_WIDTH;
  int most = opt && opt->max_candidates > 0 ? opt->max_candidates : DEFAULT_WIDTH;
  beam_hypothesis *found = ARENA_ARRAY(a, beam_hypothesis, (size_t)width);
  reading r;
  int n = 0;
  *out = (model_candidates){0};
  if (!found) return err_nomem(err, "generate");
  if (width > BEAM_MAX_WIDTH) width = BEAM_MAX_WIDTH;
  if (cat->n_columns == 0) return EMEND_OK;
  emend_rc rc = model_link(m, cat, question, opt, NULL, a, &r, err);
  if (rc == EMEND_OK && r.q.n > 0) rc = model_encode(m, opt, a, &r, err);
  if (rc != EMEND_OK || r.q.n == 0) return rc;
  out->answerable = answerable(m, &r, a);
  rc = beam_search(r.members, r.n_members, &r.f, &r.v, width, a, found, &n, err);
  for (int i = 0; rc == EMEND_OK && i < n && (int)out->items.len < most; i++)
    rc = add_candidate(&r, cat, &found[i], a, out, err);
  fill_shares(out);
  return rc;
}
