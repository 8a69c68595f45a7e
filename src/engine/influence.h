/* Whether what people taught changed an answer: noted when it was given, found out later by asking
 * again without it. Private to this folder. */
#ifndef ENGINE_INFLUENCE_H
#define ENGINE_INFLUENCE_H

#include "engine/engine.h"

/** Notes that corrections or examples had a part in `a`; nothing where none had. Never waits. */
void engine_influence_note(emend_engine *e, const emend_answer *a);
/** Writes what was noted, and asks each of those questions again without what was taught. */
emend_rc engine_influence_settle(emend_engine *e, emend_error *err);
/** Writes now what had a part in the answer `id`, so that whether it is confirmed finds its place.
 */
emend_rc engine_influence_write(emend_engine *e, str id, emend_error *err);
/** Settles what it can, and frees the rest. */
void engine_influence_free(emend_engine *e);

/** emend_ask that leaves no trace in the state. */
emend_rc engine_ask_unrecorded(emend_engine *e, const char *question, const emend_ask_options *opt,
                               emend_answer **out, emend_error *err);

#endif
