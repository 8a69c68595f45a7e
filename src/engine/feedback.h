/* What the calls on feedback share. Private to this folder. */
#ifndef ENGINE_FEEDBACK_H
#define ENGINE_FEEDBACK_H

#include "engine/lessons.h"
#include "learn/feedback.h"

/** A database ready for checking and running SQL that people send. */
typedef struct engine_subject {
  learn_subject it;
  learn_critic critic;
  emend_engine *engine;
  engine_source *source;
  catalog *cat, **others;
  engine_connection *taken;
} engine_subject;

/** The source `name` (NULL: the only one); close it also after a failure. *out stays where it is
 *  until then. */
emend_rc engine_subject_open(emend_engine *e, const char *name, arena *a, engine_subject *out,
                             emend_error *err);
void engine_subject_close(engine_subject *s);
/** judge.c: a critic's `suspect`; `self` is an open engine_subject. */
emend_rc engine_suspect(void *self, str question, const str *sqls, size_t n, arena *a, double *out,
                        emend_error *err);

/** The state, which must be there. */
emend_rc engine_state_needed(emend_engine *e, store **out, emend_error *err);

/** The row as the public header shows it, without trail and figures. In `a`. */
void engine_show_feedback(emend_feedback *to, const store_feedback *from, arena *a);
void engine_json_feedback(jw *w, const emend_feedback *f);
/** Leaves the object open, for more to be added. */
void engine_json_example(jw *w, const emend_example *e);

#endif
