/* Which of several sources a query belongs to: where its tables are, how that source writes it,
 * and, where it mixes sources, the queries that would each read one. */
#ifndef CHECK_ATTRIBUTE_H
#define CHECK_ATTRIBUTE_H

#include "check/check.h"

typedef enum check_place {
  CHECK_AT_HOME, /* the source asked has all tables */
  CHECK_MOVED,   /* another one has */
  CHECK_MIXED,   /* they are all there, but in no one source */
  CHECK_UNPLACED /* some are nowhere, or it is no query */
} check_place;

/** A query that reads one source alone. */
typedef struct check_part {
  size_t source;
  str sql;
} check_part;

typedef struct check_attribution {
  check_place place;
  size_t source;   /* index of the source that it belongs to, or that has most of its tables */
  str sql;         /* as that source writes it; the text as given where nothing had to change */
  bool mechanical; /* AT_HOME, MOVED: `sql` says the same and has no fault of dialect */
  str moved;       /* MOVED: a table that the source asked lacks */
  VEC(check_part) parts; /* MIXED: the split that would work */
  str rest;              /* MIXED: the conditions on which the parts meet; may be empty */
} check_attribution;

enum { CHECK_MAX_SOURCES = 64 };

/**
 * Find where `sql`, written in `dialect`, belongs among `cats`. A table's qualifier may be the name
 * of a source ("shop.customers"); it is left out of what comes back.
 *
 * Owns:    *out lives in `a`, points into `sql` and `cats`.
 * asked:   index of the source that was meant; `n` when none was.
 * Returns: EMEND_OK; EMEND_EUSAGE past CHECK_MAX_SOURCES sources; EMEND_ENOMEM, EMEND_ELIMIT.
 */
emend_rc check_attribute(str sql, sql_dialect_id dialect, const catalog *const *cats, size_t n,
                         size_t asked, arena *a, check_attribution *out, emend_error *err);

/** `sql`, written in `from` for a database like `cat` (NULL: not known), as `to` writes it.
 *  *mechanical: it was understood whole, and what came out has no error in `to` that it had not in
 *  `from`. Otherwise *out is the nearest that can be had. */
emend_rc check_translate(str sql, sql_dialect_id from, const catalog *cat, sql_dialect_id to,
                         arena *a, str *out, bool *mechanical, emend_error *err);

/** The diagnostic of a query that mixes sources: its parts are the suggestions. */
emend_rc check_mixed_diag(const check_attribution *at, const catalog *const *cats, str sql,
                          arena *a, diag *out, emend_error *err);

#endif
