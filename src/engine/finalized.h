/* What the files about confirmed questions share. Private to engine/. */
#ifndef ENGINE_FINALIZED_H
#define ENGINE_FINALIZED_H

#include "engine/recall.h"
#include "engine/registry.h"

/** The state, made when it is not there. EMEND_EUSAGE for an engine without one. */
emend_rc engine_need_state(emend_engine *e, store **out, emend_error *err);
/** Checks f->query against `s`, runs it, and fills in what is known of both. In `a`.
 *  EMEND_EREFUSED says what is wrong with the query. */
emend_rc engine_describe_finalized(emend_engine *e, engine_source *s, arena *a, store_finalized *f,
                                   emend_error *err);
bool engine_add_wording(store_finalized *f, str text, str by, bool refused, arena *a);
/** On disk and in memory, all or none. */
emend_rc engine_keep_finalized(emend_engine *e, const store_finalized *items, size_t n, arena *a,
                               emend_error *err);
/** The open source with this URL; one that is not open yet is opened. */
emend_rc engine_source_by_url(emend_engine *e, str url, arena *a, engine_source **out,
                              emend_error *err);
/** A text that emend_free frees; NULL when out of memory. */
char *engine_copy_text(str s);

#endif
