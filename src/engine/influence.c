/* Influence of corrections and examples on answers; see influence.h. Off the hot path: at
 * emend_flush and emend_close. */
#include "engine/influence.h"

#include <string.h>

#include "base/log.h"
#include "store/feedback.h"

enum { MOST_NOTED = 256, NOTE_BYTES = 1 << 20 };
/* Asking again may not take longer than this. */
static const double again_s = 5;

typedef struct engine_note {
  struct engine_note *next;
  arena *mem; /* all of it lives here */
  char *question, *source;
  uint64_t rows;
  store_use *uses;
  size_t n;
} engine_note;

/* Equal for equal rows in whatever order. */
static uint64_t rows_of(const emend_answer *a) {
  uint64_t sum = a->has_rows ? a->n_rows * 31 + a->n_columns : 7;
  for (size_t i = 0; i < a->n_rows; i++) {
    uint64_t row = 0;
    for (size_t c = 0; c < a->n_columns; c++) {
      const emend_cell *x = &a->cells[i * a->n_columns + c];
      bool text = x->kind == EMEND_CELL_TEXT || x->kind == EMEND_CELL_BLOB;
      str bytes = text ? (str){x->text, x->len}
                       : (str){(const char *)(x->kind == EMEND_CELL_REAL ? (const void *)&x->r
                                                                         : (const void *)&x->i),
                               sizeof x->i};
      row = row * 31 + str_hash64(bytes) + (uint64_t)x->kind;
    }
    sum += row * 0xbf58476d1ce4e5b9u + (row >> 31);
  }
  return sum;
}

static void add_uses(engine_note *n, const emend_answer *a, const char *const *ids, size_t count,
                     const char *kind) {
  const char *chosen = a->learned_from ? a->learned_from->feedback_id : NULL;
  for (size_t i = 0; i < count; i++)
    n->uses[n->n++] = (store_use){.question_id = arena_str(n->mem, str_from(a->id)),
                                  .ref = arena_str(n->mem, str_from(ids[i])),
                                  .kind = str_from(kind),
                                  .chosen = chosen && strcmp(chosen, ids[i]) == 0};
}

void engine_influence_note(emend_engine *e, const emend_answer *a) {
  const emend_provenance *p = &a->provenance;
  if (p->n_corrections + p->n_examples == 0 || !a->source) return;
  arena *mem = arena_create(NOTE_BYTES);
  engine_note *n = mem ? ARENA_NEW(mem, engine_note) : NULL;
  if (n) {
    *n = (engine_note){.mem = mem,
                       .rows = rows_of(a),
                       .question = arena_strndup(mem, a->question, strlen(a->question)),
                       .source = arena_strndup(mem, a->source, strlen(a->source)),
                       .uses = ARENA_ARRAY(mem, store_use, p->n_corrections + p->n_examples)};
    if (n->uses) {
      add_uses(n, a, p->corrections, p->n_corrections, "correction");
      add_uses(n, a, p->examples, p->n_examples, "example");
    }
  }
  if (!n || arena_failed(mem)) {
    arena_destroy(mem);
    return;
  }
  pthread_mutex_lock(&e->lock);
  bool room = e->n_notes < MOST_NOTED;
  if (room) {
    n->next = e->notes;
    e->notes = n;
    e->n_notes++;
  }
  pthread_mutex_unlock(&e->lock);
  if (!room) arena_destroy(mem);
}

/* A copy of the uses of the answer `id`, in `a`; 0 when none are noted. */
static size_t copy_uses(emend_engine *e, str id, arena *a, store_use **out) {
  size_t n = 0;
  pthread_mutex_lock(&e->lock);
  const engine_note *it = e->notes;
  while (it && !str_eq(it->uses[0].question_id, id)) it = it->next;
  *out = it ? ARENA_ARRAY(a, store_use, it->n) : NULL;
  for (; *out && n < it->n; n++)
    (*out)[n] = (store_use){.question_id = id,
                            .ref = arena_str(a, it->uses[n].ref),
                            .kind = it->uses[n].kind,
                            .chosen = it->uses[n].chosen};
  pthread_mutex_unlock(&e->lock);
  return n;
}

emend_rc engine_influence_write(emend_engine *e, str id, emend_error *err) {
  store *st = NULL;
  store_use *uses = NULL;
  emend_rc rc = engine_state(e, false, &st, err);
  if (rc || !st) return rc;
  arena *a = arena_create(NOTE_BYTES);
  size_t n = a ? copy_uses(e, id, a, &uses) : 0;
  rc = !a || arena_failed(a) ? err_nomem(err, "influence") : EMEND_OK;
  if (!rc && n) rc = store_use_add(st, uses, n, err);
  arena_destroy(a);
  return rc;
}

static engine_note *take(emend_engine *e) {
  pthread_mutex_lock(&e->lock);
  engine_note *n = e->notes;
  if (n) {
    e->notes = n->next;
    e->n_notes--;
  }
  pthread_mutex_unlock(&e->lock);
  return n;
}

static emend_rc settle(emend_engine *e, const engine_note *n, emend_error *err) {
  store *st = NULL;
  emend_answer *again = NULL;
  emend_rc rc = engine_state(e, false, &st, err);
  if (rc || !st) return rc;
  rc = store_use_add(st, n->uses, n->n, err);
  if (rc) return rc;
  const emend_ask_options opt = {
      .source = n->source, .no_learning = true, .no_confirm = true, .timeout_s = again_s};
  emend_error ignored; /* what cannot be asked again stays unknown */
  if (engine_ask_unrecorded(e, n->question, &opt, &again, &ignored)) return EMEND_OK;
  rc = store_use_changed(st, n->uses[0].question_id, rows_of(again) != n->rows, err);
  emend_answer_free(again);
  return rc;
}

emend_rc engine_influence_settle(emend_engine *e, emend_error *err) {
  emend_rc rc = EMEND_OK;
  for (engine_note *n; !rc && (n = take(e));) {
    rc = settle(e, n, err);
    arena_destroy(n->mem);
  }
  return rc;
}

void engine_influence_free(emend_engine *e) {
  emend_error err;
  emend_rc rc = e->state && e->notes ? store_flush_briefly(e->state, &err) : EMEND_OK;
  if (!rc) rc = engine_influence_settle(e, &err); /* of questions that are on disk */
  if (rc) log_write(LOG_WARN, "influence: %s", err.msg);
  for (engine_note *n; (n = take(e));) arena_destroy(n->mem);
}
