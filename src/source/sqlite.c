/* The SQLite driver: guards on the connection, running one SELECT, cancelling it.
 * How the file is opened is sqlite_open.c's, introspection sqlite_describe.c's, what may run
 * sqlite_statement.c's. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "source/sqlite_driver.h"

enum {
  PROGRESS_OPS = 1000,     /* virtual-machine steps between two looks at the clock */
  BUSY_WAIT_MS = 2000,     /* for another process's lock */
  WORK_MEMORY = 256 << 20, /* that a statement may add to SQLite's own */
  LONGEST_VALUE = 16 << 20,
  LONGEST_LIKE = 1000 /* patterns backtrack: time grows with their power */
};

/* ---- the authorizer ---- */

static const char *const PRAGMAS[] = {
    "table_info",       "table_xinfo",    "table_list",   "index_list", "index_info", "index_xinfo",
    "foreign_key_list", "schema_version", "data_version", "page_count", "page_size"};

/* Functions that reach out of the database; the rest only compute. */
static const char *const FUNCTIONS_REFUSED[] = {"load_extension", "readfile",       "writefile",
                                                "edit",           "fts3_tokenizer", "lsmode",
                                                "fsdir",          "eval",           "zipfile"};

static bool is_one_of(const char *name, const char *const *list, size_t n) {
  for (size_t i = 0; name && i < n; i++)
    if (sqlite3_stricmp(name, list[i]) == 0) return true;
  return false;
}

/* Writes that SQLite itself prepares when a virtual table is read: every one declares its columns
 * by an UPDATE of the schema that is never run, and an R-tree prepares the upkeep of its shadow
 * tables. Letting those be prepared is harmless: a statement that is not read-only never runs
 * here, and could not on a read-only, defensive connection. */
static bool is_of_virtual_table(int action, const char *table) {
  str name = str_from(table);
  if (action == SQLITE_UPDATE && str_eq(name, STR("sqlite_master"))) return true;
  return str_ends(name, STR("_node")) || str_ends(name, STR("_rowid")) ||
         str_ends(name, STR("_parent"));
}

static const char *action_name(int action) {
  switch (action) {
    case SQLITE_INSERT:
      return "INSERT into";
    case SQLITE_UPDATE:
      return "UPDATE of";
    case SQLITE_DELETE:
      return "DELETE from";
    case SQLITE_PRAGMA:
      return "PRAGMA";
    case SQLITE_ATTACH:
      return "ATTACH of";
    case SQLITE_DETACH:
      return "DETACH of";
    case SQLITE_FUNCTION:
      return "the function";
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
      return "transaction control:";
    default:
      return "a change of the schema:";
  }
}

static int authorize(void *ctx, int action, const char *x, const char *y, const char *db,
                     const char *trigger) {
  (void)db;
  (void)trigger;
  sqlite_source *d = ctx;
  const char *what = action == SQLITE_FUNCTION ? y : x;
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      if (!is_one_of(y, FUNCTIONS_REFUSED, sizeof FUNCTIONS_REFUSED / sizeof *FUNCTIONS_REFUSED))
        return SQLITE_OK;
      break;
    case SQLITE_PRAGMA:
      if (is_one_of(x, PRAGMAS, sizeof PRAGMAS / sizeof *PRAGMAS) &&
          (!y || sqlite3_stricmp(x, "schema_version") != 0))
        return SQLITE_OK;
      break;
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
      if (is_of_virtual_table(action, x)) return SQLITE_OK;
      break;
    default:
      break;
  }
  snprintf(d->refused, sizeof d->refused, "%s %.100s", action_name(action), what ? what : "");
  return SQLITE_DENY;
}

/* ---- stopping what runs ---- */

bool sqlite_canceled(const sqlite_source *d) { return source_cancels(d->owner) != d->cancels; }

static stop_reason must_stop(const sqlite_source *d) {
  if (sqlite_canceled(d)) return STOP_CANCEL;
  if (d->deadline > 0 && clock_ms() > d->deadline) return STOP_TIMEOUT;
  if (d->max_work > 0 && d->owner->work > d->max_work) return STOP_TIMEOUT;
  if (sqlite3_memory_used() - d->memory_at_start > WORK_MEMORY) return STOP_MEMORY;
  return STOP_NONE;
}

static int on_progress(void *ctx) {
  sqlite_source *d = ctx;
  d->owner->work += PROGRESS_OPS / 1000;
  d->stopped = must_stop(d);
  return d->stopped != STOP_NONE;
}

static int on_busy(void *ctx, int tries) {
  (void)tries;
  sqlite_source *d = ctx;
  if (must_stop(d) || clock_ms() > d->busy_until) return 0;
  sqlite3_sleep(5);
  return 1;
}

void sqlite_begin(sqlite_source *d, const source_limits *limits) {
  double now = clock_ms();
  d->cancels = source_cancels(d->owner);
  d->deadline = limits && limits->timeout_ms > 0 ? now + limits->timeout_ms : 0;
  d->max_work = limits ? limits->max_work : 0;
  d->busy_until = now + BUSY_WAIT_MS;
  d->memory_at_start = sqlite3_memory_used();
  d->stopped = STOP_NONE;
  d->refused[0] = 0;
}

void sqlite_end(sqlite_source *d) { sqlite_release(d, false); }

/* May run in a signal handler: atomics and sqlite3_interrupt only. `cancelers` keeps the
 * connection from being closed meanwhile. */
static void sqlite_cancel(source *s) {
  sqlite_source *d = s->handle;
  atomic_fetch_add(&d->cancelers, 1);
  sqlite3 *db = atomic_load(&d->running);
  if (db) sqlite3_interrupt(db);
  atomic_fetch_sub(&d->cancelers, 1);
}

/* ---- guards ---- */

emend_rc sqlite_guard(sqlite_source *d, sqlite3 *db, emend_error *err) {
  static const struct {
    int option, value;
  } CONFIG[] = {{SQLITE_DBCONFIG_DEFENSIVE, 1},       {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                {SQLITE_DBCONFIG_DQS_DML, 0},         {SQLITE_DBCONFIG_DQS_DDL, 0},
                {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0}, {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
                {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},  {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
                {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1}};
  static const struct {
    int limit, value;
  } LIMITS[] = {{SQLITE_LIMIT_LENGTH, LONGEST_VALUE},
                {SQLITE_LIMIT_SQL_LENGTH, SQLITE_LONGEST_SQL},
                {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, LONGEST_LIKE},
                {SQLITE_LIMIT_ATTACHED, 0},
                {SQLITE_LIMIT_WORKER_THREADS, 0}};
  for (size_t i = 0; i < sizeof CONFIG / sizeof *CONFIG; i++)
    sqlite3_db_config(db, CONFIG[i].option, CONFIG[i].value, NULL);
  for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++)
    sqlite3_limit(db, LIMITS[i].limit, LIMITS[i].value);
  sqlite3_busy_handler(db, on_busy, d);
  sqlite3_progress_handler(db, PROGRESS_OPS, on_progress, d);
  int rc = sqlite3_exec(db,
                        "PRAGMA temp_store=MEMORY; PRAGMA query_only=1; PRAGMA mmap_size=0;"
                        "PRAGMA cell_size_check=1",
                        NULL, NULL, NULL);
  if (rc != SQLITE_OK) return err_set(err, EMEND_EDB, "open", "%s", sqlite3_errmsg(db));
  sqlite3_set_authorizer(db, authorize, d);
  return EMEND_OK;
}

emend_rc sqlite_fail(sqlite_source *d, int rc, emend_error *err) {
  const char *msg = d->db ? sqlite3_errmsg(d->db) : sqlite3_errstr(rc);
  int64_t pos = d->db ? sqlite3_error_offset(d->db) : -1;
  bool refused = d->refused[0] != 0;
  int code = refused ? SQLITE_AUTH : rc & 0xFF;
  /* inside a virtual table both a refusal and an interrupt end as a mere SQLITE_ERROR */
  if (code == SQLITE_ERROR && sqlite_canceled(d)) code = SQLITE_INTERRUPT;
  switch (code) {
    case SQLITE_NOMEM:
      return err_nomem(err, "execute");
    case SQLITE_INTERRUPT:
      if (d->stopped == STOP_NONE) d->stopped = must_stop(d);
      if (d->stopped == STOP_TIMEOUT)
        return err_set(err, EMEND_ETIMEOUT, "execute", "the query ran out of its time");
      if (d->stopped == STOP_MEMORY)
        return err_set(err, EMEND_ELIMIT, "execute", "the query needs more than %d MiB of memory",
                       WORK_MEMORY >> 20);
      return err_set(err, EMEND_ECANCELED, "execute", "canceled");
    case SQLITE_READONLY: /* a writer died meanwhile: SQLite would recover in place */
    case SQLITE_CANTOPEN:
      d->stale = true;
      return err_set(err, EMEND_EBUSY, "execute", "%s needs recovery: try again", d->path);
    case SQLITE_AUTH:
      return err_set_at(err, EMEND_EREFUSED, "execute", pos, "refused: %s",
                        refused ? d->refused : msg);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return err_set(err, EMEND_EBUSY, "execute",
                     "%s is locked by another process: try again when that has finished", d->path);
    case SQLITE_TOOBIG:
      return err_set(err, EMEND_ELIMIT, "execute", "%s", msg);
    default:
      return err_set_at(err, EMEND_EDB, "execute", pos, "%s", msg);
  }
}

/* ---- running ---- */

typedef struct row_reader {
  sqlite3_stmt *stmt;
  size_t n;
  arena *scratch; /* one row's mended text, and the row itself */
} row_reader;

static bool announce_columns(row_reader *r, const source_sink *sink) {
  if (!sink->columns) return true;
  str *names = ARENA_ARRAY(r->scratch, str, r->n), *types = ARENA_ARRAY(r->scratch, str, r->n);
  if (!names || !types) return false;
  for (size_t i = 0; i < r->n; i++) {
    const char *name = sqlite3_column_name(r->stmt, (int)i);
    if (!name) return false;
    names[i] = str_from(name);
    types[i] = str_from(source_type_name(str_from(sqlite3_column_decltype(r->stmt, (int)i))));
  }
  sink->columns(sink->ctx, r->n, names, types);
  return true;
}

/* False when out of memory. */
static bool read_text(row_reader *r, int i, cell *out) {
  const char *text = (const char *)sqlite3_column_text(r->stmt, i);
  out->kind = CELL_TEXT;
  if (!text) return false;
  out->text = (str){text, (size_t)sqlite3_column_bytes(r->stmt, i)};
  if (!utf8_valid(out->text)) out->text = utf8_mend(r->scratch, out->text);
  return out->text.ptr != NULL;
}

static bool read_cell(row_reader *r, int i, cell *out) {
  *out = (cell){0};
  switch (sqlite3_column_type(r->stmt, i)) {
    case SQLITE_INTEGER:
      out->kind = CELL_INT;
      out->i = sqlite3_column_int64(r->stmt, i);
      return true;
    case SQLITE_FLOAT:
      out->kind = CELL_REAL;
      out->r = sqlite3_column_double(r->stmt, i);
      return true;
    case SQLITE_TEXT:
      return read_text(r, i, out);
    case SQLITE_BLOB: {
      const char *bytes = sqlite3_column_blob(r->stmt, i);
      size_t len = (size_t)sqlite3_column_bytes(r->stmt, i);
      out->kind = CELL_BLOB;
      out->text = bytes ? (str){bytes, len} : STR("");
      return true;
    }
    default:
      return true; /* CELL_NULL */
  }
}

static emend_rc step_rows(sqlite_source *d, row_reader *r, const source_sink *sink,
                          emend_error *err) {
  int rc = sqlite3_step(r->stmt); /* may compile it anew, with other columns, after a change */
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) return sqlite_fail(d, rc, err);
  r->n = (size_t)sqlite3_column_count(r->stmt);
  if (!announce_columns(r, sink)) return err_nomem(err, "execute");
  for (; rc == SQLITE_ROW; rc = sqlite3_step(r->stmt)) {
    arena_reset(r->scratch);
    cell *row = ARENA_ARRAY(r->scratch, cell, r->n);
    if (!row) return err_nomem(err, "execute");
    for (size_t i = 0; i < r->n; i++)
      if (!read_cell(r, (int)i, &row[i])) return err_nomem(err, "execute");
    if (!sink->row(sink->ctx, row, r->n)) return EMEND_OK;
  }
  return rc == SQLITE_DONE ? EMEND_OK : sqlite_fail(d, rc, err);
}

static emend_rc run_once(sqlite_source *d, str sql, const source_sink *sink, emend_error *err) {
  row_reader r = {.scratch = arena_create((size_t)256 << 20)};
  if (!r.scratch) return err_nomem(err, "execute");
  emend_rc rc = sqlite_refresh(d, err);
  if (rc) goto out;
  atomic_store(&d->running, d->db);
  rc = sqlite_prepare_select(d, sql, &r.stmt, err);
  if (!rc) rc = step_rows(d, &r, sink, err);
  if (rc)
    sqlite3_finalize(r.stmt);
  else
    sqlite_put_back(d, r.stmt);
out:
  arena_destroy(r.scratch);
  return rc;
}

static emend_rc sqlite_each(source *s, str sql, const source_limits *limits,
                            const source_sink *sink, emend_error *err) {
  sqlite_source *d = s->handle;
  sqlite_begin(d, limits);
  emend_rc rc = EMEND_OK;
  for (int i = 0; i < SQLITE_TORN_RETRIES; i++) {
    rc = run_once(d, sql, sink, err);
    bool final = rc != EMEND_OK && rc != EMEND_EDB && rc != EMEND_EBUSY;
    if (final || !d->db || !sqlite_is_torn(d)) break;
    rc = err_set(err, EMEND_EBUSY, "execute", "%s changed while it was read: try again", d->path);
  }
  sqlite_end(d);
  return rc;
}

/* ---- opening and closing ---- */

static emend_rc check_path(const char *where, emend_error *err) {
  struct stat st;
  if (stat(where, &st) != 0) {
    if (errno == EACCES) return err_set(err, EMEND_EIO, "open", "no permission to reach %s", where);
    if (errno == ENAMETOOLONG) return err_set(err, EMEND_EUSAGE, "open", "the path is too long");
    return err_set(err, EMEND_ENOTFOUND, "open", "no such file: %s", where);
  }
  if (S_ISDIR(st.st_mode))
    return err_set(err, EMEND_EFORMAT, "open",
                   "%s is a directory: give the path of a SQLite database file", where);
  if (!S_ISREG(st.st_mode))
    return err_set(err, EMEND_EFORMAT, "open", "%s is not a regular file", where);
  return EMEND_OK;
}

static void sqlite_close(source *s) {
  sqlite_source *d = s->handle;
  sqlite_release(d, true);
  mem_free(d);
  s->handle = NULL;
}

static emend_rc sqlite_open(const char *where, source *s, emend_error *err) {
  emend_rc rc = check_path(where, err);
  if (rc) return rc;
  sqlite_source *d = mem_alloc(sizeof *d);
  if (!d) return err_nomem(err, "open");
  d->owner = s;
  s->handle = d;
  if (!realpath(where, d->path))
    return err_set(err, EMEND_EIO, "open", "cannot resolve %s: %s", where, strerror(errno));
  sqlite_begin(d, NULL);
  rc = sqlite_refresh(d, err);
  sqlite_end(d);
  return rc;
}

const source_driver source_sqlite = {
    .scheme = "sqlite",
    .dialect = SQL_SQLITE,
    .open = sqlite_open,
    .close = sqlite_close,
    .cancel = sqlite_cancel,
    .describe = sqlite_describe,
    .stamp = sqlite_stamp,
    .each = sqlite_each,
};
