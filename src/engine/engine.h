/* The public face's own parts: what an engine holds, and the sources in it.
 * Private to this folder and to tests. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>

#include "ask/ask.h"
#include "catalog/catalog.h"
#include "generate/generate.h"
#include "store/store.h"

/** A connection; once made it lives as long as the engine, so that a signal handler may cancel it.
 */
typedef struct engine_connection {
  source *db;
  atomic_bool busy;
  struct engine_connection *next;
} engine_connection;

/** A promoted version of the network for one source, shared by the questions that it answers. */
typedef struct engine_adapter {
  struct model_adapter *it;
  char id[STORE_ID_MAX];
  atomic_int refs;
} engine_adapter;

/** A source; once made it lives as long as the engine, as its connections do. */
typedef struct engine_source {
  char *name, *url; /* url without secrets; a file's is absolute */
  char *spec;       /* what source_open is given */
  bool is_schema;   /* schema:FILE#DB: a catalog and no database */
  atomic_bool removed;
  sql_dialect_id dialect;
  pthread_mutex_t lock;                     /* guards cat and stamp */
  catalog *cat;                             /* NULL before it was needed */
  char *stamp;                              /* of the schema that `cat` shows */
  _Atomic(engine_connection *) connections; /* only ever grows */
  pthread_mutex_t learning;                 /* guards what follows */
  engine_adapter *learned;                  /* NULL: the weights as shipped */
  int64_t learned_stamp;                    /* of the promotions when that was looked up */
  struct engine_source *next;
} engine_source;

struct engine_recall; /* recall.c */

/** Who writes SQL when it is not the embedded network. Texts are NULL where nothing says. */
typedef struct engine_backend {
  bool is_server, is_ollama;
  char *server, *key, *model, *answer_model, *embed_model;
  size_t context_tokens;
  double connect_s, first_token_s, idle_s;
  generator *second; /* the network beside a server; guarded by the engine's lock */
} engine_backend;

struct emend_engine {
  char *state_path, *weights; /* NULL: the default */
  bool no_state;
  pthread_mutex_t lock; /* guards state, gen and adding to sources */
  store *state;
  generator *gen;
  _Atomic(struct engine_recall *) recall; /* NULL before it was needed */
  engine_backend backend;
  struct ask_known *known;        /* what was read of questions; NULL: no memory for it */
  struct engine_lessons *lessons; /* what people taught, in memory */
  struct engine_note *notes;      /* influence.c; guarded by `lock` */
  size_t n_notes;
  atomic_uint cancels;
  char **functions; /* allowed beside the databases' own; guarded by lock */
  size_t n_functions;
  _Atomic(engine_source *) sources; /* only ever grows; newest first */
};

/** The state. *out is NULL with no_state, and without `create` when there is no file yet. */
emend_rc engine_state(emend_engine *e, bool create, store **out, emend_error *err);
/** The generator, made when first needed. The engine owns it. */
emend_rc engine_generator(emend_engine *e, const generator **out, emend_error *err);
/** The embedded network beside a model server, for a second opinion. *out is NULL where it is the
 *  generator itself, or has no weights. */
emend_rc engine_second(emend_engine *e, const generator **out, emend_error *err);
/** The embedded network, whatever the generator is; NULL where it has no weights. The engine owns
 *  it. */
emend_rc engine_model(emend_engine *e, const model **out, emend_error *err);
/** Takes `g` over in place of the embedded network; for tests. */
void engine_set_generator(emend_engine *e, generator *g);
/** Where the weights are: as told, EMEND_MODEL, or where they ship. In `a`. */
emend_rc engine_weights_path(const emend_engine *e, arena *a, const char **out, emend_error *err);

/* ---- backend.c ---- */

/** EMEND_EUSAGE for options that no back end has. */
emend_rc engine_check_backend(const emend_options *opt, emend_error *err);
/** Copies what concerns the back end; the environment stands in for what is not said. A server's
 *  generator is made here. */
emend_rc engine_keep_backend(emend_engine *e, const emend_options *opt, emend_error *err);
void engine_free_backend(emend_engine *e);
emend_rc engine_make_generator(const emend_engine *e, generator **out, emend_error *err);
struct llm_client;
/** A client for the server's embeddings; NULL in *out where no model for them is named. The caller
 *  closes it. Touches no network. */
emend_rc engine_embed_client(const emend_engine *e, struct llm_client **out, emend_error *err);

/** A copy, in `a`, of the functions that were allowed beside the databases' own. */
emend_rc engine_functions(emend_engine *e, arena *a, const str **out, size_t *n, emend_error *err);
void engine_functions_free(emend_engine *e);

/* ---- sources ---- */

/** The source `name`; with NULL the only one. EMEND_ENOTFOUND for an unknown one, EMEND_EUSAGE
 * where none or several are the only one; both name those there are. */
emend_rc engine_source_find(emend_engine *e, const char *name, engine_source **out,
                            emend_error *err);
/** All that were not removed, oldest first, in `a`. */
emend_rc engine_source_all(emend_engine *e, arena *a, engine_source ***out, size_t *n,
                           emend_error *err);
/** A connection of this call's own, until engine_give. NULL in *out for a schema alone. */
emend_rc engine_take(emend_engine *e, engine_source *s, engine_connection **out, emend_error *err);
void engine_give(engine_connection *c); /* NULL is harmless */
/** What is known of `s`, read again when its schema has changed. The caller unrefs it. */
emend_rc engine_catalog(emend_engine *e, engine_source *s, catalog **out, emend_error *err);
/** Forgets what is known of `s`, so that it is read again when next needed. */
void engine_source_forget(engine_source *s);
void engine_source_free_all(emend_engine *e);

/* ---- what was learnt of a source ---- */

/** The version that answers for `s` now; NULL in *out: the weights as shipped, also when what was
 *  promoted cannot be used (which is logged). The caller drops it. */
emend_rc engine_adapter_take(emend_engine *e, engine_source *s, engine_adapter **out,
                             emend_error *err);
void engine_adapter_drop(engine_adapter *adapter); /* NULL is harmless */

/* ---- what is handed out ---- */

/** Memory for something handed out: `size` zeroed bytes in an arena of its own, which
 *  engine_handout_free finds again. NULL when out of memory. */
void *engine_handout(size_t size, arena **mem);
void engine_handout_free(void *p); /* NULL is harmless */
/** A copy that ends in NUL; NULL when out of memory (and for a NULL text). */
const char *engine_text(arena *a, str s);

#endif
