/* What the state remembers of sources, and catalogs that honour it. Private to engine/. */
#ifndef ENGINE_REGISTRY_H
#define ENGINE_REGISTRY_H

#include "engine/engine.h"

/** As emend_source_add; *out (may be NULL) is the source, which the engine owns. */
emend_rc engine_source_add(emend_engine *e, const char *spec, engine_source **out,
                           emend_error *err);

/** Reads the catalog of `s` over `db` (NULL for a schema alone) with people's comments and
 *  opt-outs. The caller unrefs it. */
emend_rc engine_registry_load(emend_engine *e, engine_source *s, source *db, catalog **out,
                              emend_error *err);

#endif
