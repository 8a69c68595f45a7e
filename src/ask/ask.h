/* The loop: a question in, a checked, executed and judged answer out, with the
 * trace of how it came about. Opens nothing: sources, catalogs and the generator
 * are handed in. */
#ifndef ASK_ASK_H
#define ASK_ASK_H

#include <stdatomic.h>

#include "base/jw.h"
#include "generate/generate.h"
#include "judge/judge.h"
#include "recall/recall.h"
#include "recall/weigh.h"
#include "store/store.h"

/** Whose words an answer is in. */
typedef enum ask_words_fate {
  ASK_WORDS_OURS,         /* no model was asked for any, or it gave none */
  ASK_WORDS_MODELS,       /* a model's, held to the result */
  ASK_WORDS_TURNED_DOWN,  /* ours: the model's had something of neither result nor question */
  ASK_WORDS_NOT_ANSWERING /* ours: the model finds that the result does not answer the question */
} ask_words_fate;

/** One source that may be asked. */
typedef struct ask_source {
  const char *name;
  const catalog *cat;
  const struct model_adapter *adapter; /* what the network learnt of it; NULL: nothing */
  const char *adapter_id;              /* "md_…", for provenance; NULL: none */
} ask_source;

struct ask_context;

/** What people taught, looked up on the way to an answer. The engine fills it. */
typedef struct ask_recall {
  void *self;
  /** Before anything else: is the question one that a person confirmed? May fill the context's
   *  sources. What it finds is in `a`. */
  emend_rc (*match)(void *self, struct ask_context *ctx, str question, arena *a, recall_match *out,
                    emend_error *err);
  /** The confirmed query of `m` no longer runs: it is put up for review. */
  void (*broken)(void *self, const recall_match *m, const char *why);
} ask_recall;

/** Corrections and examples, looked up for the writer of SQL. The engine fills it. */
typedef struct ask_lessons {
  void *self;
  /** What people taught about a source that is near to the question, nearest first. In `a`. */
  emend_rc (*similar)(void *self, str source_name, const catalog *cat, str question, arena *a,
                      recall_nears *out, emend_error *err);
  /** Those of them that may be the answer, beside what was generated. In `a`. */
  emend_rc (*weigh)(void *self, const catalog *cat, str question, const recall_nears *nears,
                    const recall_own *own, arena *a, recall_candidates *out, emend_error *err);
} ask_lessons;

typedef struct ask_context {
  const ask_source *sources;
  size_t n_sources;
  const generator *gen;
  /** Answers independently of whoever else writes the SQL, and takes its place where that is
   *  suspected and this is not; NULL: nobody does. The same as `gen` where only drafts are
   *  another's. */
  const generator *second;
  const ask_recall *recall;   /* NULL: nothing was taught */
  struct ask_known *known;    /* what was read of questions before (known.h); NULL: nothing */
  const ask_lessons *lessons; /* NULL: nobody taught anything */
  store *state;               /* where the history goes; NULL: nowhere */
  const char *draft;          /* takes the place of the first generation; NULL: none */
  /** Fills sources and gen once the text has turned out to be a question; NULL: they are there. */
  emend_rc (*prepare)(void *ctx, struct ask_context *self, emend_error *err);
  /** A connection to source `i` for this question, given back by the caller of ask_run.
   *  *out stays NULL for a schema without a database. */
  emend_rc (*connect)(void *ctx, size_t i, source **out, emend_error *err);
  void *ctx;
  const str *functions; /* what the administrator allows beside the engine's own functions */
  size_t n_functions;
  const atomic_uint *cancels; /* how often "stop" was said; NULL: nobody can */
} ask_context;

enum { ASK_MAX_QUESTION = 4096, ASK_MAX_GENERATIONS = 3 };

/** As emend_ask: *out is a new answer that emend_answer_free frees. `opt` may not be NULL. */
emend_rc ask_run(ask_context *ctx, const char *question, const emend_ask_options *opt,
                 emend_answer **out, emend_error *err);

/* ---- what the public face shares ---- */

/** What check found, as the public header shows it. In `a`; NULL when out of memory (or n is 0). */
const emend_diagnostic *ask_diagnostics(const diag_list *diags, arena *a);
/** Signals as warnings, heaviest first, *n of them. In `a`; NULL when out of memory or without any
 *  that is shown. */
const emend_diagnostic *ask_signals(const judge_signals *signals, judge_setting setting, arena *a,
                                    size_t *n);

void ask_json_diagnostics(jw *w, const char *key, const emend_diagnostic *diags, size_t n);
void ask_json_trace(jw *w, const char *key, const emend_answer *a);
void ask_json_answer(jw *w, const emend_answer *a);
/** The finished text of `b`, in memory that emend_free frees; NULL when it failed. Frees `b`. */
char *ask_json_text(buf *b);

/** The answer to `question` in words: nothing in it that is in neither result nor question.
 *  {NULL,0} when out of memory. */
str ask_verbalise(const judge_intent *in, const source_result *r, arena *a);

/** Whose words an answer of ask_run is in, and how long a model took over them. */
ask_words_fate ask_words_of(const emend_answer *answer, double *ms);

#endif
