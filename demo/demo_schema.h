/* The demo shop's tables, and the invented words that its rows are made of.
 * Everything here was made up for this project. */
#ifndef DEMO_DEMO_SCHEMA_H
#define DEMO_DEMO_SCHEMA_H

#include <stddef.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/** DDL of every table, then of the indexes; run before any row is written. */
extern const char demo_tables[];
/** DDL of the views; run after the rows. */
extern const char demo_views[];

typedef struct demo_place {
  const char *city, *country, *currency;
  double dollars; /* what one unit of the currency is worth */
} demo_place;

typedef struct demo_kind {
  const char *category, *parent; /* parent NULL: a main category */
  const char *nouns[4];
  double price; /* of a usual product, in dollars */
  double weight_kg;
} demo_kind;

extern const demo_place demo_places[];
extern const size_t demo_n_places;
extern const demo_kind demo_kinds[];
extern const size_t demo_n_kinds;
extern const char *const demo_first_names[];
extern const size_t demo_n_first_names;
extern const char *const demo_last_names[];
extern const size_t demo_n_last_names;
extern const char *const demo_models[];
extern const size_t demo_n_models;
extern const char *const demo_tags[];
extern const size_t demo_n_tags;
extern const char *const demo_suppliers[];
extern const size_t demo_n_suppliers;

#endif
