/* What is known of one database: tables, columns, keys, profiles, stored values.
 * A snapshot is immutable and reference-counted; a refresh makes another. */
#ifndef CATALOG_CATALOG_H
#define CATALOG_CATALOG_H

#include <stdatomic.h>

#include "base/map.h"
#include "source/source.h"

typedef enum cat_type {
  CAT_UNKNOWN,
  CAT_TEXT,
  CAT_INTEGER,
  CAT_REAL,
  CAT_BOOLEAN,
  CAT_DATE,
  CAT_TIME,
  CAT_TIMESTAMP,
  CAT_BLOB,
  CAT_JSON
} cat_type;

typedef struct cat_profile {
  bool known;   /* false: never looked (no database, opt-out, too large) */
  bool sampled; /* the figures below are of a sample */
  int64_t rows, nulls;
  int64_t distinct; /* of what is not NULL; estimated past the cap on values; -1: not known */
  cell min, max;    /* in SQLite's order: numbers, then text by its bytes; NULL: none */
  str samples[5];   /* most frequent values, as text */
  int n_samples;
  bool numeric_text;   /* text that holds numbers (nine in ten at least) */
  cat_type value_type; /* what the stored values look like (dates in text…) */
} cat_profile;

typedef struct cat_column {
  int id, table; /* indexes into catalog.columns and .tables */
  str name, decl_type, comment;
  cat_type type;
  bool not_null, unique; /* unique: alone in a primary key or unique index */
  bool is_fkey;          /* of a declared or inferred key */
  bool hidden;           /* the engine's own (of a virtual table): not in SELECT * */
  int pk;                /* place in the primary key from 1, or 0 */
  bool values_private;   /* opted out: no value of it is stored or shown to a model */
  cat_profile profile;
  str words[12]; /* the name in lower-case words: "customerId" → customer, id */
  int n_words;
} cat_column;

typedef struct cat_table {
  int id;
  str schema, name, comment;
  bool is_view;
  int64_t row_count;           /* -1: not known */
  int first_column, n_columns; /* its columns are contiguous */
  str words[12];
  int n_words;
} cat_table;

typedef struct cat_fkey {
  int from_table, to_table;
  int n;              /* column pairs, at most 8 */
  int from[8], to[8]; /* column ids */
  bool inferred;      /* guessed from names and types, not declared */
} cat_fkey;

/** One stored value under its normalised form. */
typedef struct cat_value {
  str text; /* the stored spelling */
  int column;
  int64_t count;
  struct cat_value *next; /* others with the same normalised form, most frequent first */
} cat_value;

typedef struct catalog {
  arena *mem;
  str source_name; /* as registered, or the file's base name */
  sql_dialect_id dialect;
  cat_table *tables;
  int n_tables;
  cat_column *columns;
  int n_columns;
  cat_fkey *fkeys; /* declared first, then inferred */
  int n_fkeys;
  char version[17]; /* hash of tables, columns, types, keys */
  bool has_values;
  map *table_by_name; /* nocase; value is cat_table * */
  map *values;        /* normalised text → cat_value *; NULL without a database */
  str *sorted;            /* keys of `values`, in order */
  size_t n_sorted;
  atomic_int refs;    /* managed by catalog_ref / catalog_unref */
} catalog;

typedef struct catalog_options {
  bool no_profiles, no_values;
  size_t max_values_per_column; /* 0: 20000 distinct; wider columns are sampled */
  size_t max_value_chars;       /* 0: 80 */
  double budget_ms;             /* 0: 20000; past it, columns stay unprofiled */
  /** Opt-out, asked before anything is read: true keeps the column's values out. May be NULL. */
  bool (*is_private)(void *ctx, str table, str column);
  /** A comment that a person gave, or the empty text. May be NULL. */
  str (*comment)(void *ctx, str table, str column);
  void *ctx;
} catalog_options;

/**
 * Read schema, profiles and values. Private columns are not read at all. A table that cannot be
 * read, or for which no time is left, keeps its columns unprofiled.
 *
 * Owns:    *out; the caller holds one reference. Nothing in it points into `s`.
 * NULL:    `opt` (all defaults) and `err`.
 * Returns: EMEND_OK; EMEND_ENOTFOUND when the database has no tables; EMEND_ECANCELED after
 *          source_cancel; EMEND_ENOMEM; what source_describe returns.
 */
emend_rc catalog_load(source *s, str name, const catalog_options *opt, catalog **out,
                      emend_error *err);
/** A schema without a database: Spider's tables.json or schema_dev.json, database `db_id`.
 *  Returns: EMEND_OK; EMEND_EIO, EMEND_EFORMAT; EMEND_ENOTFOUND, naming databases that are there.
 */
emend_rc catalog_from_json(const char *path, str db_id, catalog **out, emend_error *err);
catalog *catalog_ref(catalog *c); /* atomic */
void catalog_unref(catalog *c);   /* NULL is harmless */

/* NULL: none; names compare without regard to case. */
const cat_table *catalog_table(const catalog *c, str name);
const cat_column *catalog_column(const catalog *c, const cat_table *t, str name);
/** Are its values days, by their type or by what is stored? */
bool catalog_is_date(const cat_column *c);
/** Has it such a column? */
bool catalog_tells_days(const catalog *c);
/** Stored values whose normalised form equals that of `text`; NULL: none. */
const cat_value *catalog_value(const catalog *c, str text);
/** The same for a word that is not spelt so: a demonym, a typing error. NULL: none is meant. */
const cat_value *catalog_value_near(const catalog *c, str text);
/** Lower case, accents off, white space and punctuation folded to one space. */
str catalog_normalise(arena *a, str text);
const char *cat_type_name(cat_type t);
/** From a declared type: "VARCHAR(20)" → CAT_TEXT (SQLite's affinity rules and common names). */
cat_type cat_type_of(str decl_type);

/** Tables joined by the cheapest foreign-key tree over `tables` (declared keys cost 1, inferred
 *  1.5); writes the edges as indexes into c->fkeys and returns how many; -1 when not connected,
 *  -2 when out of memory. `out` holds at least c->n_tables. The tree may pass through tables not
 *  in `tables`. */
int catalog_join_tree(const catalog *c, const int *tables, int n_tables, int *out);

#endif
