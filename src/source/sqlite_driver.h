/* What the files of the SQLite driver share. Not for other folders. */
#ifndef SOURCE_SQLITE_DRIVER_H
#define SOURCE_SQLITE_DRIVER_H

#include <limits.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "source/source.h"

enum {
  SQLITE_N_FILES = 4, /* the database, -wal, -shm, -journal */
  SQLITE_KEPT = 8,    /* statements that may run again */
  SQLITE_LONGEST_SQL = 1 << 20,
  SQLITE_TORN_RETRIES = 3 /* when the file changes while it is read without locks */
};

/** How a file is opened so that nothing beside it changes. */
typedef enum sqlite_mode {
  SQLITE_MODE_CLOSED,
  SQLITE_MODE_PLAIN,     /* read-only with SQLite's own locks; makes no side files */
  SQLITE_MODE_IMMUTABLE, /* no locks: WAL format without a WAL; changes are found by file_state */
  SQLITE_MODE_WAL,       /* beside a live writer, whose -wal and -shm are there already */
  SQLITE_MODE_COPY       /* a private copy: after a crash, recovery would have to write */
} sqlite_mode;

typedef struct file_stamp {
  bool exists;
  int64_t size, mtime_s, mtime_ns;
  uint64_t inode, device;
  uint32_t mode;
} file_stamp;

/** All that tells whether a file still holds what was read from it. */
typedef struct file_state {
  file_stamp files[SQLITE_N_FILES];
  unsigned char header[100];
  bool hot_journal;
} file_state;

typedef enum stop_reason { STOP_NONE, STOP_CANCEL, STOP_TIMEOUT, STOP_MEMORY } stop_reason;

typedef struct sqlite_source {
  source *owner;
  char path[PATH_MAX]; /* absolute, links resolved */
  sqlite3 *db;         /* NULL while closed */
  sqlite_mode mode;
  bool stale;           /* the file's state has changed in a way that `db` cannot follow */
  file_state seen;      /* when `db` was opened */
  int64_t version;      /* of the schema, as read under a lock; -1: not yet, or below 0 */
  int64_t version_seen; /* … as the file says it now */
  sqlite3_stmt *kept[SQLITE_KEPT]; /* at rest: they hold no lock; the oldest is next to go */
  unsigned next_kept;

  _Atomic(sqlite3 *) running; /* for sqlite_cancel */
  atomic_int cancelers;       /* inside sqlite_cancel now */

  /* of the statement that runs */
  unsigned cancels;  /* owner->cancels at its start */
  double deadline;   /* clock_ms, or 0 */
  uint64_t max_work; /* as in source_limits */
  double busy_until;
  int64_t memory_at_start;
  stop_reason stopped;
  char refused[160]; /* what the authorizer said no to */
} sqlite_source;

/** Set the connection's guards: defensive, authorizer, limits, progress, busy handler. */
emend_rc sqlite_guard(sqlite_source *d, sqlite3 *db, emend_error *err);
/** Start and end of what one caller asked: clocks, caps, cancelling. */
void sqlite_begin(sqlite_source *d, const source_limits *limits);
void sqlite_end(sqlite_source *d);
/** Whether source_cancel has been called since sqlite_begin. */
bool sqlite_canceled(const sqlite_source *d);
/** Turns the result code of a call on `d->db` into ours, with SQLite's own message. */
emend_rc sqlite_fail(sqlite_source *d, int rc, emend_error *err);

/** Open `d->path`, or open it anew when the file changed under a mode that would not notice. */
emend_rc sqlite_refresh(sqlite_source *d, emend_error *err);
/** Whether the version of the schema is what it was when it was last read under a lock, as the look
 *  of sqlite_refresh tells. A writer that has yet to commit may only make it seem changed. */
bool sqlite_knows_version(const sqlite_source *d);
/** Whether what has been read since sqlite_refresh may be torn between two states of the file, or
 *  could not be read in the way it was opened: start over. */
bool sqlite_is_torn(const sqlite_source *d);
/** Close what must not stay open between statements, or (`all`) everything. */
void sqlite_release(sqlite_source *d, bool all);

/** One SELECT that may run, on the connection that is open; a kept one where there is one.
 *  Owns: *out, also after an error, until sqlite_put_back or sqlite3_finalize. */
emend_rc sqlite_prepare_select(sqlite_source *d, str sql, sqlite3_stmt **out, emend_error *err);
/** Keeps `stmt`, which has run, for the next time. NULL is harmless. */
void sqlite_put_back(sqlite_source *d, sqlite3_stmt *stmt);
void sqlite_forget_statements(sqlite_source *d);

emend_rc sqlite_describe(source *s, arena *a, source_schema *out, emend_error *err);
emend_rc sqlite_stamp(source *s, arena *a, str *out, emend_error *err);

#endif
