/* Finding the public data that some tests read, and saying loudly when it is not there. */
#ifndef SUPPORT_DATA_H
#define SUPPORT_DATA_H

#include <jansson.h>
#include <stdbool.h>

/** The path of `name` under the data folder (EMEND_DATA, or ../shared/data beside the sources), in
 *  a buffer of its own that the next call overwrites. NULL, after printing SKIP, when it is not
 *  there. */
const char *data_path(const char *name);

/** The JSON file `name` of the data folder; NULL, after printing SKIP, when it is not there. */
json_t *data_json(const char *name);

#endif
