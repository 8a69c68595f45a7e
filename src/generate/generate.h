/* Who writes SQL: one interface, whatever is behind it. Candidates go through
 * check, execute and judge before anybody sees them; nothing here runs them. */
#ifndef GENERATE_GENERATE_H
#define GENERATE_GENERATE_H

#include <stdatomic.h>

#include "check/check.h"
#include "model/model.h"
#include "retrieve/link.h"
#include "retrieve/retrieve.h"

/** What people taught that is near to the question: shown to a language model as data. */
typedef struct gen_example {
  str id; /* "ex_…" or "fb_…": for provenance */
  str question, sql;
  bool is_correction;
  str wrong_sql, note; /* of a correction: what was turned down, and why; may be empty */
} gen_example;

/** What a generator is asked. A first request has no `failed`. */
typedef struct gen_request {
  str question;
  const catalog *cat;
  const retrieve_result *context; /* what retrieve found; may be NULL */
  int round;                      /* 1 for the first generation of a question */
  int samples;                 /* so many independent answers of a language model; 0 and 1: one */
  const gen_example *examples; /* nearest first */
  size_t n_examples;
  const model_adapter *adapter; /* this database's own, of the network; may be NULL */
  emend_privacy privacy;
  double deadline_ms;         /* on clock_ms; 0: none */
  const atomic_uint *cancels; /* how often "stop" was said; NULL: nobody can */
  unsigned cancels_before;    /* … when the question began */
  /** Where a generator keeps what it made for this question, from round to round: NULL before the
   *  first. It lives in the arena that `candidates` is given. `memo` itself may be NULL. */
  void **memo;
  /* the correction: what was wrong with the last try */
  str failed;             /* its SQL; empty on the first request */
  const diag_list *diags; /* why, the database's own words included; may be NULL */
  const str *forbidden;   /* every SQL tried so far: not to be given again */
  size_t n_forbidden;
  const source_result *result; /* of a suspected try: what came back; may be NULL */
  bool result_private;         /* it may hold values of private columns: its shape alone is shown */
  const str *suspicions;       /* why it is suspected, as sentences */
  size_t n_suspicions;
} gen_request;

typedef struct gen_candidate {
  str sql;
  double share;      /* 0..1: the generator's own belief, all candidates together 1 */
  double logprob;    /* the same before it was shared out, comparable with model_view's; or 0 */
  bool cross_join;   /* its tables are not connected by a key */
  int linked_unused; /* words of the question linked to the schema that it does not use */
  int stored_unused; /* further ones, stored somewhere by chance, as the network believes */
  /** Not SQL at all: the code of the fault ("no_sql", "reply_cut"), and what came instead. */
  const char *fault;
  str fault_text;
} gen_candidate;

typedef struct gen_candidates {
  VEC(gen_candidate) items; /* most likely first, distinct SQL */
  double answerable;        /* 0..1: how likely the schema can answer this at all */
  str refusal;   /* a language model says that it cannot be answered, and why; else empty */
  double llm_ms; /* spent waiting for a model server */
  str note;      /* for the trace: what was left out of a prompt; may be empty */
} gen_candidates;

/** A result that is to be put in words. The words of what is not shown cannot be in them. */
typedef struct gen_telling {
  str question;
  const source_result *result;
  double deadline_ms;
  const atomic_uint *cancels;
  unsigned cancels_before;
} gen_telling;

/** A query for which a question is wanted. */
typedef struct gen_wording {
  str sql;
  sql_dialect_id dialect;
  double deadline_ms;
  const atomic_uint *cancels;
  unsigned cancels_before;
} gen_wording;

typedef struct generator {
  const char *name;  /* "embedded": written into attempts */
  const char *model; /* "embedded@emend-m1": written into provenance */
  void *self;
  /** Candidates in `a`. An empty list is not an error. Must be safe to call from many threads. */
  emend_rc (*candidates)(void *self, const gen_request *req, arena *a, gen_candidates *out,
                         emend_error *err);
  /** The result in words, unchecked, in `a`; empty when it has none. May be NULL: it cannot. */
  emend_rc (*tell)(void *self, const gen_telling *what, arena *a, str *out, double *llm_ms,
                   emend_error *err);
  /** A question in plain words that a query answers, unchecked, in `a`; empty when it has none. May
   *  be NULL: it cannot. */
  emend_rc (*word)(void *self, const gen_wording *what, arena *a, str *out, emend_error *err);
  /** What speaks for and against each of n queries as an answer, whoever wrote it: out [n]. NULL:
   *  it has no view on others' queries. Threads as above. */
  emend_rc (*witness)(void *self, const gen_request *req, const model_query *queries, size_t n,
                      arena *a, model_view *out, emend_error *err);
  void (*destroy)(void *self); /* may be NULL */
} generator;

/** The embedded network behind the interface.
 *  Owns: *out is the caller's until gen_free; it takes `m` over, also on failure. */
emend_rc gen_embedded(model *m, generator **out, emend_error *err);
/** "The last 3 orders" as "The latest 3 orders", by which the network knows an end of time; as it
 *  is where nothing in `cat` tells time, or the question says what it orders by. In `a`; {NULL,0}
 *  when out of memory. */
str gen_name_ends(str question, const catalog *cat, arena *a);
/** `sql`, which answers `question`, with the last of each one's rows looked at, or the first, where
 *  that is asked for and `sql` looks at any ("customers whose last order was in May"). Else `sql`
 *  itself. In `a`; {NULL,0} when out of memory. */
str gen_take_ends(str question, str sql, const catalog *cat, arena *a);
/** "Orders per status" as "number of orders per status", where a table is of orders; else as it is.
 *  In `a`; {NULL,0} when out of memory. */
str gen_name_counts(str question, const catalog *cat, arena *a);
/** `sql`, which answers `question`, with the key beside the name that it groups by, where several
 *  have one name and the question means them and not their names; and without the group of what has
 *  no value, where it takes the first few groups. Else `sql` itself. In `a`; {NULL,0} when out of
 *  memory. */
str gen_tell_apart(str question, str sql, const catalog *cat, arena *a);
/** The network that `g` asks, for training and scoring; NULL when it asks something else. */
const model *gen_network(const generator *g);

struct llm_options;
/** A language model behind the interface. `sql_model` writes SQL (NULL: the only one that the
 * server has), `answer_model` puts results in words (NULL: the same). Touches no network yet. Owns:
 * *out is the caller's until gen_free; texts are copied. Returns: what llm_open does. */
emend_rc gen_llm(const struct llm_options *server, const char *sql_model, const char *answer_model,
                 generator **out, emend_error *err);

void gen_free(generator *g); /* NULL is harmless */

#endif
