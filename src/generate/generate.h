/* Who writes SQL: one interface, whatever is behind it. Candidates go through
 * check, execute and judge before anybody sees them; nothing here runs them. */
#ifndef GENERATE_GENERATE_H
#define GENERATE_GENERATE_H

#include "check/check.h"
#include "model/model.h"
#include "retrieve/retrieve.h"

/** What a generator is asked. A first request has no `failed`. */
typedef struct gen_request {
  str question;
  const catalog *cat;
  const retrieve_result *context; /* what retrieve found; may be NULL */
  int round;                      /* 1 for the first generation of a question */
  /* the correction: what was wrong with the last try */
  str failed;             /* its SQL; empty on the first request */
  const diag_list *diags; /* why, the database's own words included; may be NULL */
  const str *forbidden;   /* every SQL tried so far: not to be given again */
  size_t n_forbidden;
} gen_request;

typedef struct gen_candidate {
  str sql;
  double share;      /* 0..1: the generator's own belief, all candidates together 1 */
  bool cross_join;   /* its tables are not connected by a key */
  int linked_unused; /* words of the question linked to the schema that it does not use */
} gen_candidate;

typedef struct gen_candidates {
  VEC(gen_candidate) items; /* most likely first, distinct SQL */
  double answerable;        /* 0..1: how likely the schema can answer this at all */
} gen_candidates;

typedef struct generator {
  const char *name;  /* "embedded": written into attempts */
  const char *model; /* "embedded@emend-m1": written into provenance */
  void *self;
  /** Candidates in `a`. An empty list is not an error. Must be safe to call from many threads. */
  emend_rc (*candidates)(void *self, const gen_request *req, arena *a, gen_candidates *out,
                         emend_error *err);
  void (*destroy)(void *self); /* may be NULL */
} generator;

/** The embedded network behind the interface.
 *  Owns: *out is the caller's until gen_free; it takes `m` over, also on failure. */
emend_rc gen_embedded(model *m, generator **out, emend_error *err);
void gen_free(generator *g); /* NULL is harmless */

#endif
