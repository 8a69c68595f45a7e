/* What people taught, for the questions of an engine. Private to this folder. */
#ifndef ENGINE_LESSONS_H
#define ENGINE_LESSONS_H

#include "engine/engine.h"

typedef struct engine_lessons engine_lessons;

/**
 * Hands what was taught to a question's context: brought up to date with the state, which other
 * processes may have changed, once the question needs it, since one that was confirmed does not.
 * An opted-out person's question loses its place in the history.
 *
 * `out` must live as long as the question.
 */
emend_rc engine_lessons_open(emend_engine *e, ask_context *ctx, const emend_ask_options *opt,
                             ask_lessons *out, emend_error *err);
/** NULL is harmless. */
void engine_lessons_free(engine_lessons *l);
/** Forgets what is in memory: it is read again when next needed. No question may be running. */
void engine_lessons_drop(emend_engine *e);

/** Those of a source that are near to a question. */
emend_rc engine_similar(emend_engine *e, str source_name, const catalog *cat, str question,
                        size_t k, arena *a, recall_nears *out, emend_error *err);

#endif
