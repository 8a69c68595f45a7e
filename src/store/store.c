/* Opening and closing the state: paths, rights, the connection's settings. What
 * the tables hold is in sources.c and history.c, how they came to be in migrate.c. */
#define _GNU_SOURCE
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/db.h"

static const store_migration migrations[] = {
#define STORE_MIGRATION(n, name, sql) {n, name, sql},
#include "store/migrations.def"
#undef STORE_MIGRATION
};

char *store_default_path(arena *a) {
  const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
  if (data && data[0] == '/') return arena_printf(a, "%s/emend/state.sqlite", data);
  if (home && home[0]) return arena_printf(a, "%s/.local/share/emend/state.sqlite", home);
  return NULL;
}

/* Makes the folders above `path`, those that are missing with mode 0700. */
static emend_rc make_parents(char *path, emend_error *err) {
  for (char *p = path + 1; (p = strchr(p, '/')); p++) {
    *p = 0;
    int failed = mkdir(path, 0700) && errno != EEXIST && access(path, F_OK);
    if (failed)
      err_set(err, EMEND_EIO, "state",
              "cannot make the folder %s for the state (%s); name another "
              "place with --state",
              path, strerror(errno));
    *p = '/';
    if (failed) return EMEND_EIO;
  }
  return EMEND_OK;
}

/* Makes sure that the file is there, ours alone when it is new. */
static emend_rc make_file(const char *path, emend_error *err) {
  struct stat st;
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
  if (fd < 0)
    return err_set(err, EMEND_EIO, "state", "cannot open the state %s: %s%s", path, strerror(errno),
                   errno == EISDIR ? "; name a file" : "");
  int regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
  close(fd);
  return regular ? EMEND_OK
                 : err_set(err, EMEND_EFORMAT, "state", "the state %s is not a file", path);
}

/* A file that holds somebody else's tables must never be written to. */
static emend_rc refuse_foreign(store *s, emend_error *err) {
  static const char sql[] =
      "SELECT count(*), sum(name = 'meta'), sum(name = 'migrations') FROM sqlite_master "
      "WHERE type = 'table'";
  sqlite3_stmt *stmt = NULL;
  emend_rc rc = EMEND_OK;
  if (sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL) || sqlite3_step(stmt) != SQLITE_ROW) {
    int code = sqlite3_errcode(s->db) & 0xff;
    rc = code == SQLITE_NOTADB
             ? err_set(err, EMEND_EFORMAT, "state",
                       "%s is not an emend state database; name another with --state", s->path)
             : store_db_error(s, err);
  } else if (sqlite3_column_int(stmt, 0) > 0 &&
             !(sqlite3_column_int(stmt, 1) && sqlite3_column_int(stmt, 2))) {
    rc = err_set(err, EMEND_EFORMAT, "state",
                 "%s is a database, but not emend's state, and was left alone; name another "
                 "with --state",
                 s->path);
  }
  sqlite3_finalize(stmt);
  return rc;
}

static emend_rc configure(store *s, emend_error *err) {
  static const char settings[] =
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
      "PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON;";
  sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  return sqlite3_exec(s->db, settings, NULL, NULL, NULL) ? store_db_error(s, err) : EMEND_OK;
}

static emend_rc open_file(store *s, const char *path, emend_error *err) {
  s->path = mem_alloc(strlen(path) + 1);
  if (!s->path) return err_nomem(err, "state");
  memcpy(s->path, path, strlen(path));
  emend_rc rc = make_parents(s->path, err);
  if (!rc) rc = make_file(path, err);
  if (rc) return rc;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX;
  if (sqlite3_open_v2(path, &s->db, flags, NULL)) return store_db_error(s, err);
  sqlite3_busy_timeout(s->db, STORE_PATIENCE_MS);
  rc = refuse_foreign(s, err);
  if (!rc) rc = configure(s, err);
  if (!rc) rc = store_migrate(s, migrations, sizeof migrations / sizeof *migrations, err);
  return rc;
}

emend_rc store_open(const char *path, store **out, emend_error *err) {
  *out = NULL;
  if (!path || !path[0]) return err_set(err, EMEND_EUSAGE, "state", "the state's path is empty");
  if (strstr(path, "://"))
    return err_set(err, EMEND_EUSAGE, "state",
                   "this version keeps its state in a file, not in %.*s; give --state a path",
                   (int)(strstr(path, "://") - path), path);
  store *s = mem_alloc(sizeof *s);
  if (!s) return err_nomem(err, "state");
  pthread_mutex_init(&s->lock, NULL);
  emend_rc rc = open_file(s, path, err);
  if (!rc) rc = store_history_open(s, err);
  if (rc) {
    store_close(s);
    return rc;
  }
  *out = s;
  return EMEND_OK;
}

void store_close(store *s) {
  if (!s) return;
  store_history_close(s);
  for (int i = 0; i < STORE_N_SQL; i++) sqlite3_finalize(s->stmts[i]);
  sqlite3_close(s->db);
  pthread_mutex_destroy(&s->lock);
  mem_free(s->path);
  mem_free(s);
}
