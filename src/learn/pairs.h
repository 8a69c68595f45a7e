/* Questions with the SQL that answers them, as material to learn from: which of them are good
 * enough, which say the same, and which are set aside to measure with. */
#ifndef LEARN_PAIRS_H
#define LEARN_PAIRS_H

#include "base/vec.h"
#include "catalog/catalog.h"

/** Where a pair came from, most trusted first. */
typedef enum learn_origin {
  LEARN_FEEDBACK,  /* a correction that was verified */
  LEARN_FINALIZED, /* a query that a person confirmed */
  LEARN_MANUAL,    /* an example that a person wrote */
  LEARN_TEACHER,   /* a larger model's */
  LEARN_SYNTHETIC, /* our own grammar's */
  LEARN_N_ORIGINS
} learn_origin;

/** "feedback", "finalized", "manual", "teacher", "synthetic". */
const char *learn_origin_name(learn_origin origin);
/** False when there is no such name. */
bool learn_origin_find(str name, learn_origin *out);

typedef struct learn_pair {
  learn_origin origin;
  str parent; /* id of what it came from: fb_…, fz_…, ex_…; empty for a made-up one */
  str question, sql;
  str wrong_sql; /* what was answered before it was corrected; may be empty */
  str by, at;    /* who and when; `by` counts shares and is never written out */
  /* filled by learn_pairs_clean */
  str normal;     /* the question in lower case, without punctuation */
  str plain;      /* the SQL as we print it: equal for equal queries */
  char shape[17]; /* the SQL's fingerprint, values left out: its template */
  bool reserved;  /* measured with, never trained on */
} learn_pair;
typedef VEC(learn_pair) learn_pairs;

/** Why a pair was left out. */
typedef enum learn_fault {
  LEARN_NO_TEXT,      /* question or SQL empty, too long, or no valid UTF-8 */
  LEARN_NOT_SOUND,    /* the checks find an error */
  LEARN_NOT_RUN,      /* the database answers with an error, or not in time */
  LEARN_UNLIKELY,     /* made up, and the judge does not believe it or nothing comes back */
  LEARN_DUPLICATE,    /* the same question and SQL, or nearly the same words for the same SQL */
  LEARN_CONTRADICTED, /* the same question with other SQL, more trusted or newer */
  LEARN_OVER_SHARE,   /* more than one person's share */
  LEARN_KEPT_APART,   /* made up, of a template that is set aside */
  LEARN_N_FAULTS
} learn_fault;

/** "no_text", "not_sound", … */
const char *learn_fault_name(learn_fault fault);

/** The database that pairs are about. */
typedef struct learn_about {
  const char *name;
  const catalog *cat;
  source *db;                 /* NULL: a schema alone; then nothing is run */
  const atomic_uint *cancels; /* as in ask_context; may be NULL */
} learn_about;

typedef struct learn_cleaning {
  size_t kept[LEARN_N_ORIGINS], left_out[LEARN_N_FAULTS];
  size_t n_reserved;
} learn_cleaning;

/**
 * The pairs of `in` worth keeping: sound, run, each once, no person's beyond their share; those of
 * people whose template falls into the reserved part are marked `reserved`, and no made-up pair of
 * such a template is kept. The reserved part of a template depends on its text alone, so that what
 * was once set aside stays so. Order: most trusted first, newest first.
 *
 * Owns:    *out in `a`, pointing into `in`.
 * Returns: EMEND_OK; EMEND_ECANCELED; EMEND_ENOMEM.
 */
emend_rc learn_pairs_clean(const learn_about *about, const learn_pairs *in, arena *a,
                           learn_pairs *out, learn_cleaning *report, emend_error *err);

/** One pair by itself: is it good enough? Fills normal, plain and shape. */
emend_rc learn_pair_check(const learn_about *about, learn_pair *p, arena *a, bool *good,
                          learn_fault *fault, emend_error *err);

/** Is the template set aside to measure with? */
bool learn_is_reserved(const char shape[17]);

#endif
