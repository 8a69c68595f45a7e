/* Confirmed questions in the memory of an engine: loaded when first needed, kept in
 * step with the state. Private to engine/. */
#ifndef ENGINE_RECALL_H
#define ENGINE_RECALL_H

#include "engine/engine.h"
#include "store/finalized.h"

/** Everything confirmed, loaded. *out is NULL when nothing is, or nothing is remembered. */
emend_rc engine_recall_memory(emend_engine *e, recall **out, emend_error *err);

/** As engine_recall_memory, but does not wait while that is being loaded: *ready false then. */
emend_rc engine_recall_try(emend_engine *e, recall **out, bool *ready, emend_error *err);

/** What recall looks things up in besides. Loaded with the memory. */
recall_options engine_recall_options(emend_engine *e);

/** A kept question as recall takes it; texts are shared. In `a`; false when out of memory. */
bool engine_recall_record(const store_finalized *f, arena *a, recall_record *out);

/** After a change that this engine wrote: the change counter as it is now. */
void engine_recall_wrote(emend_engine *e);

/** After something that may have withdrawn confirmed questions: the next one looks at the state. */
void engine_recall_look(emend_engine *e);

/** The look-up for ask's loop. `self` is whatever `match` is given. */
emend_rc engine_recall_match(emend_engine *e, engine_source *const *sources,
                             const ask_source *asked, size_t n, str question, arena *a,
                             recall_match *out, emend_error *err);
/** Puts `id` up for review, here and in the state. */
void engine_recall_broken(emend_engine *e, str id, const char *why);

void engine_recall_free(emend_engine *e);

#endif
