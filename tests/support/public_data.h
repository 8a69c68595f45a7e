/* The public data that tests measure with: where it lies, and what it holds. Nothing of it is
 * part of the project, so a test that needs it says SKIP loudly where it is missing. */
#ifndef SUPPORT_PUBLIC_DATA_H
#define SUPPORT_PUBLIC_DATA_H

#include <jansson.h>

#include "base/arena.h"
#include "catalog/catalog.h"

/** `file` under $EMEND_DATA (default: ../shared/data beside the sources). NULL, after a line on
 *  standard output that says SKIP, when it is not there. */
const char *public_data_path(arena *a, const char *file);

/** The JSON of such a file; NULL as above. The caller calls json_decref. Fails the running cmocka
 *  test when it is no JSON. */
json_t *public_data_json(arena *a, const char *file);

/** Path of a Spider database; NULL, silently, when it has none. */
const char *public_data_spider_db(arena *a, const char *db_id);

/** Names and keys of a SQLite database, without profiles and values; NULL when it has no tables. */
catalog *public_data_schema(const char *path);

#endif
