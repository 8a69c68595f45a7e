/* emend's own state: registered sources and what people said about them, and the
 * history of questions, attempts and failures. One SQLite file, mode 0600.
 * Knows nothing of what the texts that it keeps mean. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"

typedef struct store store;

/** Where the state is when nobody says: $XDG_DATA_HOME/emend/state.sqlite, or
 *  ~/.local/share/emend/state.sqlite. NULL when neither is known or memory is exhausted. */
char *store_default_path(arena *a);

/**
 * Open the state at `path`, making it (0600) and its folders (0700) when they are
 * not there. An older state is copied to PATH.v<N>.bak first and then migrated.
 *
 * Owns:    the caller, until store_close.
 * Threads: one store serves many.
 * Returns: EMEND_OK; EMEND_EVERSION (a newer emend wrote it); EMEND_EFORMAT (damaged,
 *          or some other database); EMEND_EBUSY; EMEND_EIO; EMEND_EUSAGE for a kind of URL that
 *          this version has not.
 */
emend_rc store_open(const char *path, store **out, emend_error *err);
/** Writes what is queued, if store_flush_briefly can, then closes. NULL is harmless. */
void store_close(store *s);
/** Puts queued history on disk now. */
emend_rc store_flush(store *s, emend_error *err);
/** As store_flush, but waits for another process that writes a second at most, from when its lock
 *  first stood in the way: EMEND_EBUSY then, and at once from then on, until a write succeeds. What
 *  was not written stays queued. */
emend_rc store_flush_briefly(store *s, emend_error *err);

/** "q_" + 26 characters: time in milliseconds, then 79 random bits. Sorts by time; what one process
 *  makes within a millisecond, in the order of the calls. */
enum { STORE_ID_MAX = 40 };
void store_new_id(const char *prefix, char out[STORE_ID_MAX]);

/* ---- sources ---- */

typedef struct store_source {
  str name, url, added_at;
} store_source;
typedef VEC(store_source) store_sources;

/** Adds it, or gives a known name its new URL. On disk when it returns. */
emend_rc store_source_put(store *s, str name, str url, emend_error *err);
/** With its annotations. EMEND_ENOTFOUND when unknown. */
emend_rc store_source_remove(store *s, str name, emend_error *err);
/** By name, in order. In `a`. */
emend_rc store_source_list(store *s, arena *a, store_sources *out, emend_error *err);

typedef struct store_annotation {
  str source, table, column; /* column empty: about the table */
  str comment;
  bool values_private;
} store_annotation;
typedef VEC(store_annotation) store_annotations;

/** `comment` NULL and `values_private` -1 leave that part as it was. */
emend_rc store_annotate(store *s, str source, str table, str column, const char *comment,
                        int values_private, str user, emend_error *err);
emend_rc store_annotation_list(store *s, str source, arena *a, store_annotations *out,
                               emend_error *err);

/* ---- history ---- */

typedef struct store_attempt {
  int n;
  str sql, generator, diagnostics; /* diagnostics as JSON */
  double ms;
} store_attempt;

typedef struct store_question {
  str id, asked_at, user, source, question, status, sql, answer, model, schema_version;
  str warnings, trace; /* JSON */
  double confidence, total_ms, db_ms;
  int64_t row_count; /* -1: no result */
  VEC(store_attempt) attempts;
  str failure_kind, failure_detail; /* kind empty: it did not fail */
} store_question;

/** Queues a copy; it is on disk within 100 ms, or at store_flush or store_close. */
emend_rc store_question_add(store *s, const store_question *q, emend_error *err);
/** EMEND_ENOTFOUND when there is no such id. Sees what is still queued. */
emend_rc store_question_get(store *s, str id, arena *a, store_question *out, emend_error *err);

/** Notes that an answer given before has turned out bad: on disk on return. */
emend_rc store_failure_add(store *s, str question_id, str kind, str detail, emend_error *err);

typedef struct store_failure {
  str id, question_id, kind, detail, at;
} store_failure;
typedef VEC(store_failure) store_failures;
/** The latest first, at most `max`. */
emend_rc store_failure_list(store *s, size_t max, arena *a, store_failures *out, emend_error *err);

#endif
