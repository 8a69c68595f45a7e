/* Flat arrays that grow, written as one tensor file. */
#include "model/dataset.h"

#include <string.h>

#include "base/mem.h"
#include "model/grams.h"
#include "nn/tensor_file.h"

/* A heap array, since data sets pass what an arena should hold. */
typedef struct column_data {
  char *data;
  size_t len, cap, width; /* elements, and bytes of one */
} column_data;

enum field {
  WORD_TEXT,
  WORD_OFF,
  WORD_COUNT,
  WORD_GRAM_OFF,
  WORD_GRAMS,
  EX_NODE,
  EX_REL,
  EX_STEP,
  EX_DB,
  EX_SRC,
  EX_ROW,
  EX_FOLD,
  NODE_KIND,
  NODE_FLAGS,
  NODE_WORD_OFF,
  NODE_WORDS,
  NODE_USED,
  NODE_ROLE,
  RELS,
  STEP_KIND,
  STEP_ID,
  STEP_STATE,
  DB_TEXT,
  DB_OFF,
  N_FIELDS
};

static const struct {
  const char *name;
  tensor_dtype type;
} fields[N_FIELDS] = {
    [WORD_TEXT] = {"word_text", TENSOR_U8},
    [WORD_OFF] = {"word_off", TENSOR_I32},
    [WORD_COUNT] = {"word_count", TENSOR_I32},
    [WORD_GRAM_OFF] = {"word_gram_off", TENSOR_I32},
    [WORD_GRAMS] = {"word_grams", TENSOR_U16},
    [EX_NODE] = {"ex_node", TENSOR_I64},
    [EX_REL] = {"ex_rel", TENSOR_I64},
    [EX_STEP] = {"ex_step", TENSOR_I64},
    [EX_DB] = {"ex_db", TENSOR_I32},
    [EX_SRC] = {"ex_src", TENSOR_U8},
    [EX_ROW] = {"ex_row", TENSOR_I32},
    [EX_FOLD] = {"ex_fold", TENSOR_U8},
    [NODE_KIND] = {"node_kind", TENSOR_U8},
    [NODE_FLAGS] = {"node_flags", TENSOR_U16},
    [NODE_WORD_OFF] = {"node_word_off", TENSOR_I64},
    [NODE_WORDS] = {"node_words", TENSOR_I32},
    [NODE_USED] = {"node_used", TENSOR_U8},
    [NODE_ROLE] = {"node_role", TENSOR_U8},
    [RELS] = {"rel", TENSOR_U8},
    [STEP_KIND] = {"step_kind", TENSOR_U8},
    [STEP_ID] = {"step_id", TENSOR_I32},
    [STEP_STATE] = {"step_state", TENSOR_U8},
    [DB_TEXT] = {"db_text", TENSOR_U8},
    [DB_OFF] = {"db_off", TENSOR_I32},
};

struct dataset {
  uint8_t mask[IR_N_STATES][IR_N_ALTERNATIVES];
  column_data at[N_FIELDS];
  arena *names;
  map *words, *databases; /* text → number + 1 */
};

static size_t width_of(tensor_dtype t) {
  switch (t) {
    case TENSOR_U16:
      return 2;
    case TENSOR_I32:
      return 4;
    case TENSOR_I64:
      return 8;
    default:
      return 1;
  }
}

static bool append(dataset *d, enum field f, const void *data, size_t n) {
  column_data *c = &d->at[f];
  if (c->len + n > c->cap) {
    size_t cap = c->cap ? c->cap * 2 : 4096;
    while (cap < c->len + n) cap *= 2;
    char *grown = mem_realloc(c->data, cap * c->width);
    if (!grown) return false;
    c->data = grown;
    c->cap = cap;
  }
  if (n) memcpy(c->data + c->len * c->width, data, n * c->width);
  c->len += n;
  return true;
}

static bool append_u8(dataset *d, enum field f, size_t v) {
  uint8_t x = (uint8_t)v;
  return append(d, f, &x, 1);
}

static bool append_i32(dataset *d, enum field f, size_t v) {
  int32_t x = (int32_t)v;
  return append(d, f, &x, 1);
}

static bool append_i64(dataset *d, enum field f, size_t v) {
  int64_t x = (int64_t)v;
  return append(d, f, &x, 1);
}

dataset *dataset_create(void) {
  enum { NAMES_MAX = 1 << 30 };
  dataset *d = mem_alloc(sizeof *d);
  if (!d) return NULL;
  for (int i = 0; i < N_FIELDS; i++) d->at[i].width = width_of(fields[i].type);
  ir_mask_table(d->mask);
  d->names = arena_create(NAMES_MAX);
  d->words = d->names ? map_create(d->names, false) : NULL;
  d->databases = d->names ? map_create(d->names, false) : NULL;
  bool ok = d->words && d->databases && append_i32(d, WORD_OFF, 0) &&
            append_i32(d, WORD_GRAM_OFF, 0) && append_i64(d, EX_NODE, 0) &&
            append_i64(d, EX_REL, 0) && append_i64(d, EX_STEP, 0) &&
            append_i64(d, NODE_WORD_OFF, 0) && append_i32(d, DB_OFF, 0);
  if (ok) return d;
  dataset_free(d);
  return NULL;
}

void dataset_free(dataset *d) {
  if (!d) return;
  for (int i = 0; i < N_FIELDS; i++) mem_free(d->at[i].data);
  arena_destroy(d->names);
  mem_free(d);
}

/* The number of a text in `m`, adding it (and its bytes to `text`, its end to `off`) when new. */
static bool intern(dataset *d, map *m, str s, enum field text, enum field off, int *number,
                   bool *added) {
  uintptr_t known = (uintptr_t)map_get(m, s);
  *added = known == 0;
  if (known) {
    *number = (int)known - 1;
    return true;
  }
  str copy = arena_str(d->names, s);
  *number = (int)map_len(m);
  return copy.ptr && map_put(m, copy, (void *)(uintptr_t)(map_len(m) + 1)) &&
         append(d, text, s.ptr, s.len) && append_i32(d, off, d->at[text].len);
}

static bool word_number(dataset *d, str word, int *number) {
  bool added;
  if (!intern(d, d->words, word, WORD_TEXT, WORD_OFF, number, &added)) return false;
  if (added) {
    uint16_t grams[GRAMS_MAX];
    size_t n = grams_of(word, GRAMS_BUCKETS, grams);
    if (!append(d, WORD_GRAMS, grams, n) || !append_i32(d, WORD_GRAM_OFF, d->at[WORD_GRAMS].len) ||
        !append_i32(d, WORD_COUNT, 0))
      return false;
  }
  int32_t *count = (int32_t *)(void *)d->at[WORD_COUNT].data + *number;
  ++*count;
  return true;
}

static bool add_nodes(dataset *d, const example *e) {
  for (int i = 0; i < e->f.n; i++) {
    const feature_node *n = &e->f.nodes[i];
    if (!append_u8(d, NODE_KIND, n->kind) || !append(d, NODE_FLAGS, &n->flags, 1)) return false;
    for (int w = 0; w < n->n_words; w++) {
      int number;
      if (!word_number(d, n->words[w], &number) || !append_i32(d, NODE_WORDS, (size_t)number))
        return false;
    }
    if (!append_i64(d, NODE_WORD_OFF, d->at[NODE_WORDS].len)) return false;
  }
  size_t n = (size_t)e->f.n;
  return append(d, NODE_USED, e->used, n) && append(d, NODE_ROLE, e->role, n) &&
         append(d, RELS, e->f.rel, n * n);
}

static bool add_steps(dataset *d, const example *e) {
  for (int i = 0; i < e->n_steps; i++)
    if (!append_u8(d, STEP_KIND, e->steps[i].kind) ||
        !append_i32(d, STEP_ID, (size_t)e->steps[i].id) ||
        !append_u8(d, STEP_STATE, e->steps[i].state))
      return false;
  return true;
}

emend_rc dataset_add(dataset *d, const example *e, str database, dataset_origin origin, int row,
                     int fold) {
  int db;
  bool added;
  bool ok = intern(d, d->databases, database, DB_TEXT, DB_OFF, &db, &added) && add_nodes(d, e) &&
            add_steps(d, e) && append_i64(d, EX_NODE, d->at[NODE_KIND].len) &&
            append_i64(d, EX_REL, d->at[RELS].len) &&
            append_i64(d, EX_STEP, d->at[STEP_KIND].len) && append_i32(d, EX_DB, (size_t)db) &&
            append_u8(d, EX_SRC, (size_t)origin) && append_i32(d, EX_ROW, (size_t)row) &&
            append_u8(d, EX_FOLD, (size_t)fold);
  return ok ? EMEND_OK : EMEND_ENOMEM;
}

size_t dataset_len(const dataset *d) { return d->at[EX_DB].len; }

emend_rc dataset_view(const dataset *d, train_data **out) {
  train_data *t = *out = mem_alloc(sizeof *t);
  if (!t) return EMEND_ENOMEM;
#define AT(field) ((const void *)d->at[field].data)
  *t = (train_data){.relations = N_RELATIONS,
                    .tokens = IR_N_TOKENS,
                    .states = IR_N_STATES,
                    .grams = GRAMS_BUCKETS,
                    .n = dataset_len(d),
                    .n_words = d->at[WORD_COUNT].len,
                    .word_text = AT(WORD_TEXT),
                    .word_off = AT(WORD_OFF),
                    .word_count = AT(WORD_COUNT),
                    .word_gram_off = AT(WORD_GRAM_OFF),
                    .word_grams = AT(WORD_GRAMS),
                    .ex_node = AT(EX_NODE),
                    .ex_rel = AT(EX_REL),
                    .ex_step = AT(EX_STEP),
                    .ex_fold = AT(EX_FOLD),
                    .node_kind = AT(NODE_KIND),
                    .node_used = AT(NODE_USED),
                    .node_role = AT(NODE_ROLE),
                    .node_flags = AT(NODE_FLAGS),
                    .node_word_off = AT(NODE_WORD_OFF),
                    .node_words = AT(NODE_WORDS),
                    .rel = AT(RELS),
                    .step_kind = AT(STEP_KIND),
                    .step_state = AT(STEP_STATE),
                    .step_id = AT(STEP_ID),
                    .state_mask = &d->mask[0][0]};
#undef AT
  return EMEND_OK;
}

emend_rc dataset_write(const dataset *d, const char *path, emend_error *err) {
  tensor out[N_FIELDS + 1];
  char meta[256];
  for (int i = 0; i < N_FIELDS; i++)
    out[i] = (tensor){.name = str_from(fields[i].name),
                      .dtype = fields[i].type,
                      .ndim = 1,
                      .dims = {d->at[i].len},
                      .data = d->at[i].data ? d->at[i].data : ""};
  out[N_FIELDS] = (tensor){.name = STR("state_mask"),
                           .dtype = TENSOR_U8,
                           .ndim = 2,
                           .dims = {IR_N_STATES, IR_N_ALTERNATIVES},
                           .data = d->mask};
  buf b;
  buf_init(&b, sizeof meta);
  buf_printf(&b,
             "{\"kind\":\"dataset\",\"n_relations\":%d,\"n_tokens\":%d,\"n_states\":%d,"
             "\"n_grams\":%d,\"n_flags\":64,\"n_roles\":%d}",
             N_RELATIONS, IR_N_TOKENS, IR_N_STATES, GRAMS_BUCKETS, N_ROLES);
  emend_rc rc =
      b.failed ? EMEND_ENOMEM : tensor_file_write(path, buf_str(&b), out, N_FIELDS + 1, err);
  buf_free(&b);
  return rc;
}
