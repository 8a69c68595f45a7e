/* What the files that make a catalog share. Not for other folders. */
#ifndef CATALOG_BUILD_H
#define CATALOG_BUILD_H

#include "catalog/catalog.h"

/** A catalog without tables that holds one reference; NULL when out of memory. */
catalog *catalog_create(void);

/** Tables, columns, words and declared keys, from `schema`; then names and version.
 *  False when out of memory. `opt` may be NULL. */
bool catalog_fill(catalog *c, const source_schema *schema, const catalog_options *opt);
/** Index the tables by name and hash the schema; false when out of memory. */
bool catalog_seal(catalog *c);

/** Read every table once: profiles and the value index. `cancels` is source_cancels when the load
 *  began.
 *  Returns: EMEND_OK, EMEND_ENOMEM or EMEND_ECANCELED. */
emend_rc catalog_profile(catalog *c, source *s, const catalog_options *opt, unsigned cancels,
                         emend_error *err);

/** Append inferred foreign keys; `s` may be NULL (names and types alone must do).
 *  Returns: EMEND_OK, EMEND_ENOMEM or EMEND_ECANCELED. */
emend_rc catalog_infer_keys(catalog *c, source *s, unsigned cancels, emend_error *err);

/** `name` quoted for the catalog's dialect. */
void catalog_quote(const catalog *c, str name, buf *out);

/* ---- distinct values ---- */

typedef struct value_entry {
  uint64_t hash;
  cell value; /* text cut at the set's longest */
  size_t full_len;
  int64_t count;
} value_entry;

/** The distinct values of one column in the order of their first appearance. */
typedef struct value_set {
  arena *a;
  size_t max_values, max_text;
  VEC(value_entry) entries;
  uint32_t *slots; /* entry + 1; 0 is free */
  size_t n_slots;
  unsigned char *registers; /* a HyperLogLog sketch, once max_values is passed */
} value_set;

bool value_set_init(value_set *v, arena *a, size_t max_values, size_t max_text);
/** Counts `value`, which is not NULL. False when out of memory. */
bool value_set_add(value_set *v, const cell *value);
/** How many are distinct: exact up to max_values, then within about 3%. */
int64_t value_set_distinct(const value_set *v);

/** Puts the keys of the value index in order, for catalog_value_near. False when out of memory. */
bool catalog_sort_values(catalog *c);

#endif
