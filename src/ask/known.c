/* What was read of confirmed questions that were served before. See known.h: one place for each
 * hash of a question, taken for the moment that a look takes. */
#include "ask/known.h"

#include <string.h>

#include "base/mem.h"

enum { PLACES = 256, LONGEST_KEPT = 16 << 10, QUESTION_BYTES = 4 << 20 };

typedef struct place {
  atomic_bool busy;
  ask_known_question *it;
} place;

struct ask_known {
  place places[PLACES];
};

ask_known *ask_known_create(void) { return mem_alloc(sizeof(ask_known)); }

void ask_known_free(ask_known *known) {
  for (size_t i = 0; known && i < PLACES; i++) ask_known_unref(known->places[i].it);
  mem_free(known);
}

void ask_known_unref(ask_known_question *q) {
  if (q && atomic_fetch_sub(&q->refs, 1) == 1) arena_destroy(q->mem);
}

static place *place_of(ask_known *known, str question) {
  return &known->places[str_hash64(question) % PLACES];
}

ask_known_question *ask_known_find(ask_known *known, str question) {
  place *p = known ? place_of(known, question) : NULL;
  if (!p || atomic_exchange(&p->busy, true)) return NULL;
  ask_known_question *k = p->it && str_eq(p->it->intent.question, question) ? p->it : NULL;
  if (k) atomic_fetch_add(&k->refs, 1);
  atomic_store(&p->busy, false);
  return k;
}

static bool copy_names(arena *a, const str *from, size_t n, check_report *to, bool tables) {
  for (size_t i = 0; i < n; i++) {
    str copy = arena_str(a, from[i]);
    bool ok =
        copy.ptr && (tables ? vec_push(a, &to->tables, copy) : vec_push(a, &to->columns, copy));
    if (!ok) return false;
  }
  return true;
}

static ask_known_question *make(str question, str sql, const char *version,
                                const check_report *report) {
  arena *mem = arena_create(QUESTION_BYTES);
  ask_known_question *k = mem ? ARENA_NEW(mem, ask_known_question) : NULL;
  str text = k ? arena_str(mem, question) : (str){0};
  bool ok = text.ptr && !judge_read(text, mem, &k->intent, NULL) &&
            copy_names(mem, report->tables.items, report->tables.len, &k->reads, true) &&
            copy_names(mem, report->columns.items, report->columns.len, &k->reads, false);
  if (ok) k->sql = arena_str(mem, sql);
  if (ok) k->version = arena_strndup(mem, version, strlen(version));
  if (!ok || arena_failed(mem)) {
    arena_destroy(mem);
    return NULL;
  }
  atomic_init(&k->refs, 1);
  k->mem = mem;
  return k;
}

void ask_known_keep(ask_known *known, str question, str sql, const char *version,
                    const check_report *report) {
  if (!known || sql.len > LONGEST_KEPT) return;
  ask_known_question *k = make(question, sql, version, report), *old = k;
  place *p = place_of(known, question);
  if (k && !atomic_exchange(&p->busy, true)) {
    old = p->it;
    p->it = k;
    atomic_store(&p->busy, false);
  }
  ask_known_unref(old);
}
