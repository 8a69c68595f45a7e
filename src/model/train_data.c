/* Reading data sets. See train_data.h. */
#include "model/train_data.h"

#include <jansson.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/input.h"

static const char STAGE[] = "data set";

static emend_rc bad(emend_error *err, const char *what) {
  return err_set(err, EMEND_EFORMAT, STAGE, "damaged data set: %s", what);
}

/* ---- finding the arrays ---- */

static emend_rc read_sizes(train_data *d, emend_error *err) {
  str meta = tensor_file_meta(d->file);
  json_t *json = json_loadb(meta.ptr, meta.len, 0, NULL);
  const char *kind = json_string_value(json_object_get(json, "kind"));
  bool ok = kind && (strcmp(kind, "dataset") == 0 || strcmp(kind, "golden") == 0);
  struct {
    const char *key;
    int *at, most;
  } sizes[] = {{"n_relations", &d->relations, 256},
               {"n_tokens", &d->tokens, 4096},
               {"n_states", &d->states, 256},
               {"n_grams", &d->grams, 65536}};
  for (size_t i = 0; i < 4; i++) {
    json_int_t n = json_integer_value(json_object_get(json, sizes[i].key));
    ok = ok && n >= 1 && n <= sizes[i].most;
    *sizes[i].at = ok ? (int)n : 0;
  }
  json_decref(json);
  return ok ? EMEND_OK : err_set(err, EMEND_EFORMAT, STAGE, "the file is not a data set");
}

/* Arrays of one kind have one length; the first in the table sets it. */
typedef enum length {
  ANY, /* text and other tails: bounded by the offsets into them */
  WORDS,
  WORDS_1,
  EXAMPLES,
  EXAMPLES_1,
  NODES,
  NODES_1,
  STEPS,
  MASK,
  N_LENGTHS
} length;

static const struct wanted {
  const char *name;
  tensor_dtype dtype;
  length length;
  size_t field; /* offset of the pointer in train_data */
} arrays[] = {
    {"word_count", TENSOR_I32, WORDS, offsetof(train_data, word_count)},
    {"word_off", TENSOR_I32, WORDS_1, offsetof(train_data, word_off)},
    {"word_text", TENSOR_U8, ANY, offsetof(train_data, word_text)},
    {"word_gram_off", TENSOR_I32, WORDS_1, offsetof(train_data, word_gram_off)},
    {"word_grams", TENSOR_U16, ANY, offsetof(train_data, word_grams)},
    {"ex_fold", TENSOR_U8, EXAMPLES, offsetof(train_data, ex_fold)},
    {"ex_node", TENSOR_I64, EXAMPLES_1, offsetof(train_data, ex_node)},
    {"ex_rel", TENSOR_I64, EXAMPLES_1, offsetof(train_data, ex_rel)},
    {"ex_step", TENSOR_I64, EXAMPLES_1, offsetof(train_data, ex_step)},
    {"node_kind", TENSOR_U8, NODES, offsetof(train_data, node_kind)},
    {"node_flags", TENSOR_U16, NODES, offsetof(train_data, node_flags)},
    {"node_used", TENSOR_U8, NODES, offsetof(train_data, node_used)},
    {"node_role", TENSOR_U8, NODES, offsetof(train_data, node_role)},
    {"node_word_off", TENSOR_I64, NODES_1, offsetof(train_data, node_word_off)},
    {"node_words", TENSOR_I32, ANY, offsetof(train_data, node_words)},
    {"rel", TENSOR_U8, ANY, offsetof(train_data, rel)},
    {"step_kind", TENSOR_U8, STEPS, offsetof(train_data, step_kind)},
    {"step_id", TENSOR_I32, STEPS, offsetof(train_data, step_id)},
    {"step_state", TENSOR_U8, STEPS, offsetof(train_data, step_state)},
    {"state_mask", TENSOR_U8, MASK, offsetof(train_data, state_mask)},
};
enum { N_ARRAYS = sizeof arrays / sizeof *arrays };

typedef struct lengths {
  uint64_t of[N_LENGTHS];
  uint64_t text, grams, node_words, rel; /* of the ANY arrays */
} lengths;

static emend_rc find_arrays(train_data *d, lengths *len, emend_error *err) {
  for (int i = 0; i < N_LENGTHS; i++) len->of[i] = UINT64_MAX;
  len->of[MASK] = (uint64_t)d->states * (uint64_t)(d->tokens + 3);
  for (int i = 0; i < N_ARRAYS; i++) {
    const struct wanted *w = &arrays[i];
    const void *data = NULL;
    uint64_t n = 0;
    emend_rc rc = tensor_file_need(d->file, w->name, w->dtype, len->of[w->length], &data, &n, err);
    if (rc != EMEND_OK) return rc;
    memcpy((char *)d + w->field, &data, sizeof data);
    if (w->length == ANY) continue;
    len->of[w->length] = n;
    if (w->length == WORDS || w->length == EXAMPLES || w->length == NODES)
      len->of[w->length + 1] = n + 1; /* its offsets have one more */
  }
  len->text = tensor_file_find(d->file, STR("word_text"))->count;
  len->grams = tensor_file_find(d->file, STR("word_grams"))->count;
  len->node_words = tensor_file_find(d->file, STR("node_words"))->count;
  len->rel = tensor_file_find(d->file, STR("rel"))->count;
  d->n = (size_t)len->of[EXAMPLES];
  d->n_words = (size_t)len->of[WORDS];
  return EMEND_OK;
}

/* ---- checking what is in them ---- */

/* Offsets that begin at 0, never fall, and end at `end`. */
static bool rises32(const int32_t *off, uint64_t n, uint64_t end) {
  for (uint64_t i = 0; i < n; i++)
    if (off[i + 1] < off[i]) return false;
  return off[0] == 0 && (uint64_t)off[n] == end;
}

static bool rises64(const int64_t *off, uint64_t n, uint64_t end) {
  for (uint64_t i = 0; i < n; i++)
    if (off[i + 1] < off[i]) return false;
  return off[0] == 0 && (uint64_t)off[n] == end;
}

static emend_rc check_arrays(const train_data *d, const lengths *len, emend_error *err) {
  uint64_t nodes = len->of[NODES];
  if (!rises32(d->word_off, d->n_words, len->text) ||
      !rises32(d->word_gram_off, d->n_words, len->grams))
    return bad(err, "the words' offsets");
  if (!rises64(d->ex_node, d->n, nodes) || !rises64(d->ex_rel, d->n, len->rel) ||
      !rises64(d->ex_step, d->n, len->of[STEPS]))
    return bad(err, "the examples' offsets");
  if (!rises64(d->node_word_off, nodes, len->node_words)) return bad(err, "the nodes' offsets");
  for (uint64_t i = 0; i < len->grams; i++)
    if (d->word_grams[i] >= d->grams) return bad(err, "a gram is out of range");
  for (uint64_t i = 0; i < len->node_words; i++)
    if (d->node_words[i] < 0 || (uint64_t)d->node_words[i] >= d->n_words)
      return bad(err, "a word is out of range");
  for (uint64_t i = 0; i < nodes; i++)
    if (d->node_kind[i] >= INPUT_KINDS || d->node_role[i] >= WEIGHTS_ROLES)
      return bad(err, "a node's kind or role is out of range");
  for (uint64_t i = 0; i < len->rel; i++)
    if (d->rel[i] >= d->relations) return bad(err, "a relation is out of range");
  return EMEND_OK;
}

static bool example_ok(const train_data *d, size_t i) {
  int64_t nodes = d->ex_node[i + 1] - d->ex_node[i];
  if (nodes < 1 || nodes > INPUT_MAX_NODES || d->ex_rel[i + 1] - d->ex_rel[i] != nodes * nodes)
    return false;
  for (int64_t j = d->ex_node[i] + 1; j < d->ex_node[i + 1]; j++)
    if (d->node_kind[j] < d->node_kind[j - 1]) return false;
  for (int64_t s = d->ex_step[i]; s < d->ex_step[i + 1]; s++) {
    int32_t id = d->step_id[s];
    uint8_t kind = d->step_kind[s];
    if (d->step_state[s] >= d->states || kind >= INPUT_KINDS || id < 0) return false;
    if (kind == 0 ? id >= d->tokens : id >= nodes || d->node_kind[d->ex_node[i] + id] != kind)
      return false;
  }
  return true;
}

emend_rc train_data_open(const char *path, train_data **out, emend_error *err) {
  *out = NULL;
  lengths len;
  train_data *d = mem_alloc(sizeof *d);
  if (!d) return err_nomem(err, STAGE);
  emend_rc rc = tensor_file_open(path, &d->file, err);
  if (rc == EMEND_OK) rc = read_sizes(d, err);
  if (rc == EMEND_OK) rc = find_arrays(d, &len, err);
  if (rc == EMEND_OK) rc = check_arrays(d, &len, err);
  for (size_t i = 0; rc == EMEND_OK && i < d->n; i++)
    if (!example_ok(d, i)) rc = bad(err, "an example contradicts itself");
  if (rc != EMEND_OK) {
    train_data_close(d);
    return rc;
  }
  *out = d;
  return EMEND_OK;
}

void train_data_close(train_data *d) {
  if (!d) return;
  tensor_file_close(d->file);
  mem_free(d->word_id);
  mem_free(d);
}

/* ---- examples ---- */

train_example train_data_at(const train_data *d, size_t i) {
  size_t node = (size_t)d->ex_node[i], step = (size_t)d->ex_step[i];
  train_example e = {
      .data = d,
      .nodes = (int)(d->ex_node[i + 1] - d->ex_node[i]),
      .steps = (int)(d->ex_step[i + 1] - d->ex_step[i]),
      .kind = d->node_kind + node,
      .used = d->node_used + node,
      .role = d->node_role + node,
      .flags = d->node_flags + node,
      .word_off = d->node_word_off + node,
      .rel = d->rel + d->ex_rel[i],
      .step_kind = d->step_kind + step,
      .step_state = d->step_state + step,
      .step_id = d->step_id + step,
  };
  for (int k = 0; k < INPUT_KINDS; k++) {
    e.first[k + 1] = e.first[k];
    while (e.first[k + 1] < e.nodes && e.kind[e.first[k + 1]] == k) e.first[k + 1]++;
  }
  return e;
}

bool train_data_allows(const train_data *d, uint8_t state, uint8_t kind, int32_t id) {
  size_t at = kind ? (size_t)d->tokens + kind - 1 : (size_t)id;
  return d->state_mask[(size_t)state * (size_t)(d->tokens + 3) + at] != 0;
}

bool train_data_usable(const train_data *d, size_t i) {
  int64_t from = d->ex_step[i], to = d->ex_step[i + 1];
  if (to == from || to - from > WEIGHTS_MAX_STEPS) return false;
  for (int64_t s = from; s < to; s++)
    if (!train_data_allows(d, d->step_state[s], d->step_kind[s], d->step_id[s])) return false;
  return true;
}

/* ---- words ---- */

static str word_at(const train_data *d, size_t i) {
  return (str){d->word_text + d->word_off[i], (size_t)(d->word_off[i + 1] - d->word_off[i])};
}

emend_rc train_data_bind(train_data *d, const weights *w, emend_error *err) {
  const weights_shape *s = &w->shape;
  if (d->relations != s->relations || d->tokens != s->tokens || d->states != s->states ||
      d->grams != s->grams)
    return err_set(err, EMEND_EUSAGE, STAGE,
                   "the data set was made for another grammar than the weights");
  int32_t *ids = mem_alloc((d->n_words + 1) * sizeof *ids);
  if (!ids) return err_nomem(err, STAGE);
  for (size_t i = 0; i < d->n_words; i++) ids[i] = weights_word(w, word_at(d, i));
  mem_free(d->word_id);
  d->word_id = ids;
  return EMEND_OK;
}

typedef struct counted {
  str word;
  int64_t count;
} counted;

static int by_count(const void *x, const void *y) {
  const counted *a = x, *b = y;
  if (a->count != b->count) return a->count < b->count ? 1 : -1;
  return str_cmp(a->word, b->word);
}

static bool count_words(const train_data *d, map *seen, counted *all, size_t *n) {
  for (size_t i = 0; i < d->n_words; i++) {
    str word = word_at(d, i);
    counted *c = map_get(seen, word);
    if (!c) {
      c = &all[(*n)++];
      c->word = word;
      if (!map_put(seen, word, c)) return false;
    }
    c->count += d->word_count[i] > 0 ? d->word_count[i] : 0;
  }
  return true;
}

emend_rc train_data_vocabulary(train_data *const *sets, size_t n_sets, int min_count, arena *a,
                               str **out, int *n, emend_error *err) {
  size_t most = 1, found = 0;
  for (size_t i = 0; i < n_sets; i++) most += sets[i]->n_words;
  counted *all = ARENA_ARRAY(a, counted, most);
  map *seen = map_create(a, false);
  str *words = ARENA_ARRAY(a, str, most);
  if (!all || !seen || !words) return err_nomem(err, STAGE);
  for (size_t i = 0; i < n_sets; i++)
    if (!count_words(sets[i], seen, all, &found)) return err_nomem(err, STAGE);
  qsort(all, found, sizeof *all, by_count);
  *n = 1;
  words[0] = STR("<unk>");
  for (size_t i = 0; i < found && all[i].count >= min_count; i++)
    if (!str_eq(all[i].word, words[0])) words[(*n)++] = all[i].word;
  *out = words;
  return EMEND_OK;
}
