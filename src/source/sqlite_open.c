/* Opening a SQLite file so that neither it nor its folder changes, whatever state it is in.
 *
 * A plain read-only open is not enough: of a WAL database it creates -wal and -shm, and after a
 * crash it wants to roll back or recover in place. So the state is looked at first:
 *
 *   a hot journal                         a private copy, rolled back there
 *   a WAL with content and a -shm         read beside the writer, like any other reader
 *   a WAL with content and no -shm        a private copy (its writer is gone)
 *   WAL format with an empty WAL or none  immutable: all is in the file itself
 *   else                                  plain: SQLite's locks, and no side files
 *
 * Nothing here runs queries of users. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "source/sqlite_driver.h"

enum { COPY_CHUNK = 1 << 16, COPY_TRIES = 5, URI_MAX = PATH_MAX * 3 + 64 };
enum { DB, WAL, SHM, JOURNAL };

static const char *const SUFFIX[SQLITE_N_FILES] = {"", "-wal", "-shm", "-journal"};

typedef struct file_name {
  char path[PATH_MAX + 16];
} file_name;

static file_name side_file(const char *path, int which) {
  file_name f;
  size_t n = strlen(path);
  memcpy(f.path, path, n);
  memcpy(f.path + n, SUFFIX[which], strlen(SUFFIX[which]) + 1);
  return f;
}

/* ---- the state of the files ---- */

static file_stamp stamp_file(const char *path) {
  struct stat st;
  if (stat(path, &st) != 0) return (file_stamp){0};
#ifdef __APPLE__
  struct timespec changed = st.st_mtimespec;
#else
  struct timespec changed = st.st_mtim;
#endif
  return (file_stamp){.exists = true,
                      .size = (int64_t)st.st_size,
                      .mtime_s = (int64_t)changed.tv_sec,
                      .mtime_ns = (int64_t)changed.tv_nsec,
                      .inode = (uint64_t)st.st_ino,
                      .device = (uint64_t)st.st_dev,
                      .mode = (uint32_t)st.st_mode};
}

static bool same_stamp(const file_stamp *x, const file_stamp *y) {
  return x->exists == y->exists && x->size == y->size && x->mtime_s == y->mtime_s &&
         x->mtime_ns == y->mtime_ns && x->inode == y->inode && x->device == y->device;
}

/* The -shm changes with every reader and tells nothing but its presence. */
static bool same_state(const file_state *x, const file_state *y) {
  return same_stamp(&x->files[DB], &y->files[DB]) && same_stamp(&x->files[WAL], &y->files[WAL]) &&
         same_stamp(&x->files[JOURNAL], &y->files[JOURNAL]) &&
         x->files[SHM].exists == y->files[SHM].exists && x->hot_journal == y->hot_journal &&
         memcmp(x->header, y->header, sizeof x->header) == 0;
}

/* The database file through SQLite's own file layer: closing a descriptor of our own would drop
 * the locks that other connections of this process hold on the file (POSIX locks are like that). */
typedef struct raw_file {
  sqlite3_filename name;
  sqlite3_file *file;
} raw_file;

static void raw_close(raw_file *f) {
  if (f->file && f->file->pMethods) f->file->pMethods->xClose(f->file);
  mem_free(f->file);
  sqlite3_free_filename(f->name); /* NULL is harmless */
}

static int raw_open(const char *path, raw_file *f) {
  sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
  file_name wal = side_file(path, WAL), journal = side_file(path, JOURNAL);
  *f = (raw_file){sqlite3_create_filename(path, journal.path, wal.path, 0, NULL),
                  mem_alloc((size_t)vfs->szOsFile)};
  int rc = f->name && f->file
               ? vfs->xOpen(vfs, f->name, f->file, SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB, NULL)
               : SQLITE_NOMEM;
  if (rc != SQLITE_OK) raw_close(f);
  return rc;
}

/* A journal is hot when it has a header and no live writer holds the database reserved. One that
 * cannot be read counts as hot. */
static bool is_hot(const char *journal, sqlite3_file *db) {
  char first = 1;
  int fd = open(journal, O_RDONLY | O_CLOEXEC), reserved = 0;
  if (fd >= 0) {
    if (read(fd, &first, 1) != 1) first = 0;
    close(fd);
  } else if (errno == ENOENT) {
    return false;
  }
  if (!first) return false;
  return db->pMethods->xCheckReservedLock(db, &reserved) != SQLITE_OK || !reserved;
}

/* The file that the connection has open, where that is still the one at the path and as readable as
 * it was: looking through it spares opening the file again. */
static sqlite3_file *open_file(const sqlite_source *d, const file_stamp *now) {
  bool in_place = d->mode == SQLITE_MODE_PLAIN || d->mode == SQLITE_MODE_IMMUTABLE;
  const file_stamp *then = &d->seen.files[DB];
  sqlite3_file *file = NULL;
  if (!d->db || !in_place || now->inode != then->inode || now->device != then->device ||
      now->mode != then->mode ||
      sqlite3_file_control(d->db, NULL, SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK)
    return NULL;
  return file && file->pMethods ? file : NULL;
}

/* SQLITE_OK, or why the file cannot be read. A -shm counts only beside a -wal. */
static int look(const sqlite_source *d, file_state *out) {
  *out = (file_state){.files = {stamp_file(d->path)}};
  raw_file raw = {0};
  sqlite3_file *file = open_file(d, &out->files[DB]);
  int rc = SQLITE_OK;
  if (!file) {
    rc = raw_open(d->path, &raw);
    if (rc != SQLITE_OK) return rc;
    file = raw.file;
    out->files[DB] = stamp_file(d->path);
  }
  for (int i = 1; i < SQLITE_N_FILES; i++)
    if (i != SHM || out->files[WAL].exists) out->files[i] = stamp_file(side_file(d->path, i).path);
  rc = file->pMethods->xRead(file, out->header, sizeof out->header, 0);
  if (rc == SQLITE_IOERR_SHORT_READ) rc = SQLITE_OK;
  if (rc == SQLITE_OK && out->files[JOURNAL].exists && out->files[JOURNAL].size > 0)
    out->hot_journal = is_hot(side_file(d->path, JOURNAL).path, file);
  raw_close(&raw);
  return rc;
}

static sqlite_mode choose_mode(const file_state *s) {
  const file_stamp *wal = &s->files[WAL];
  bool wal_format = s->header[18] == 2 || s->header[19] == 2;
  if (s->files[DB].size == 0) return SQLITE_MODE_IMMUTABLE;
  if (s->hot_journal) return SQLITE_MODE_COPY;
  if (wal->exists && wal->size > 0)
    return s->files[SHM].exists ? SQLITE_MODE_WAL : SQLITE_MODE_COPY;
  return wal->exists || wal_format ? SQLITE_MODE_IMMUTABLE : SQLITE_MODE_PLAIN;
}

static emend_rc explain(const sqlite_source *d, int rc, emend_error *err) {
  const char *p = d->path;
  switch (rc & 0xFF) {
    case SQLITE_NOMEM:
      return err_nomem(err, "open");
    case SQLITE_NOTADB:
      return err_set(err, EMEND_EFORMAT, "open", "%s is not a SQLite database (or it is encrypted)",
                     p);
    case SQLITE_CORRUPT:
      return err_set(err, EMEND_EFORMAT, "open",
                     "%s is damaged: restore a backup, or try sqlite3's .recover", p);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return err_set(err, EMEND_EBUSY, "open",
                     "%s is locked by another process: try again when that has finished", p);
    case SQLITE_INTERRUPT:
      return err_set(err, EMEND_ECANCELED, "open", "canceled");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      if (access(p, R_OK) != 0 && errno == EACCES)
        return err_set(err, EMEND_EIO, "open", "no permission to read %s", p);
      if (access(p, F_OK) != 0) return err_set(err, EMEND_ENOTFOUND, "open", "no such file: %s", p);
      break;
    default:
      break;
  }
  return err_set(err, EMEND_EIO, "open", "cannot open %s: %s", p, sqlite3_errstr(rc));
}

/* ---- a private copy ---- */

typedef struct private_copy {
  char dir[PATH_MAX];
  file_name files[SQLITE_N_FILES];
} private_copy;

static emend_rc io_error(emend_error *err, const char *what, const char *path) {
  return err_set(err, EMEND_EIO, "open", "cannot %s %s: %s", what, path, strerror(errno));
}

static emend_rc make_private_dir(private_copy *c, emend_error *err) {
  const char *tmp = getenv("TMPDIR");
  if (!tmp || !*tmp || strlen(tmp) > PATH_MAX / 2) tmp = "/tmp";
  snprintf(c->dir, sizeof c->dir, "%s/emend-XXXXXX", tmp);
  if (!mkdtemp(c->dir)) {
    emend_rc rc = io_error(err, "make a private folder", c->dir);
    c->dir[0] = 0;
    return rc;
  }
  char base[PATH_MAX];
  snprintf(base, sizeof base, "%.*s/db", PATH_MAX - 8, c->dir);
  for (int i = 0; i < SQLITE_N_FILES; i++) c->files[i] = side_file(base, i);
  return EMEND_OK;
}

/* An open file stays readable without its name, so nothing is left even if we are killed. */
static void unlink_copy(private_copy *c) {
  if (!c->dir[0]) return;
  for (int i = 0; i < SQLITE_N_FILES; i++) unlink(c->files[i].path);
  rmdir(c->dir);
}

static bool write_all(int fd, const char *p, size_t n) {
  while (n) {
    ssize_t done = write(fd, p, n);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    p += done;
    n -= (size_t)done;
  }
  return true;
}

static bool is_canceled(const sqlite_source *d) { return source_cancels(d->owner) != d->cancels; }

static emend_rc copy_main(sqlite_source *d, sqlite3_file *from, int to, int64_t size, char *chunk,
                          emend_error *err) {
  for (int64_t at = 0; at < size; at += COPY_CHUNK) {
    int n = size - at < COPY_CHUNK ? (int)(size - at) : COPY_CHUNK;
    int rc = from->pMethods->xRead(from, chunk, n, at);
    if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ) return io_error(err, "read", d->path);
    if (!write_all(to, chunk, (size_t)n)) return io_error(err, "copy to a temporary file", d->path);
    if (is_canceled(d)) return err_set(err, EMEND_ECANCELED, "open", "canceled");
  }
  return EMEND_OK;
}

/* The -wal and the journal carry no locks: plain descriptors do. */
static emend_rc copy_side(sqlite_source *d, const char *from, const char *to, char *chunk,
                          emend_error *err) {
  emend_rc rc = EMEND_OK;
  int in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
  if (in < 0) return errno == ENOENT ? EMEND_OK : io_error(err, "read", from);
  out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (out < 0) rc = io_error(err, "write", to);
  for (ssize_t n = 1; rc == EMEND_OK && n > 0;) {
    n = read(in, chunk, COPY_CHUNK);
    if (n < 0)
      rc = io_error(err, "read", from);
    else if (!write_all(out, chunk, (size_t)n))
      rc = io_error(err, "write", to);
    if (is_canceled(d)) rc = err_set(err, EMEND_ECANCELED, "open", "canceled");
  }
  close(in);
  if (out >= 0) close(out);
  return rc;
}

/* Copies while holding SQLite's shared lock, which keeps recoveries and checkpoints off. */
static emend_rc copy_files(sqlite_source *d, private_copy *c, emend_error *err) {
  raw_file f;
  int fd = -1, sq = raw_open(d->path, &f);
  if (sq != SQLITE_OK) return explain(d, sq, err);
  char *chunk = mem_alloc(COPY_CHUNK);
  emend_rc rc = chunk ? EMEND_OK : err_nomem(err, "open");
  if (rc) goto out;
  sq = f.file->pMethods->xLock(f.file, SQLITE_LOCK_SHARED);
  if (sq != SQLITE_OK) {
    rc = explain(d, sq, err);
    goto out;
  }
  fd = open(c->files[DB].path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) rc = io_error(err, "write", c->files[DB].path);
  if (!rc) rc = copy_main(d, f.file, fd, d->seen.files[DB].size, chunk, err);
  const int sides[] = {WAL, JOURNAL};
  for (int i = 0; !rc && i < 2; i++)
    rc = copy_side(d, side_file(d->path, sides[i]).path, c->files[sides[i]].path, chunk, err);
  f.file->pMethods->xUnlock(f.file, SQLITE_LOCK_NONE);
out:
  if (fd >= 0) close(fd);
  mem_free(chunk);
  raw_close(&f);
  return rc;
}

/* ---- connections ---- */

/* "file:" and the path with what URIs give a meaning escaped. */
static void make_uri(const char *path, const char *query, char out[URI_MAX]) {
  size_t n = (size_t)snprintf(out, URI_MAX, "file:");
  for (const char *p = path; *p && n < URI_MAX - 48; p++) {
    if (strchr("?#%", *p))
      n += (size_t)snprintf(out + n, URI_MAX - n, "%%%02X", (unsigned char)*p);
    else
      out[n++] = *p;
  }
  snprintf(out + n, URI_MAX - n, "?%s", query);
}

/* Opens `path`, guards the connection and reads the schema once, which tells whether the file is
 * a sound database. */
static int connect_to(sqlite_source *d, const char *path, const char *query, int flags,
                      emend_error *err) {
  char uri[URI_MAX];
  make_uri(path, query, uri);
  sqlite3 *db = NULL;
  int rc = sqlite3_open_v2(uri, &db, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
  if (rc == SQLITE_OK && sqlite_guard(d, db, err)) rc = sqlite3_extended_errcode(db);
  if (rc == SQLITE_OK)
    rc = sqlite3_exec(db, "SELECT 1 FROM sqlite_schema LIMIT 1", NULL, NULL, NULL);
  if (rc != SQLITE_OK && db) rc = sqlite3_extended_errcode(db);
  if (rc == SQLITE_OK)
    d->db = db;
  else
    sqlite3_close(db);
  return rc;
}

static emend_rc check_unchanged(const sqlite_source *d, emend_error *err) {
  file_state now;
  int sq = look(d, &now);
  if (sq != SQLITE_OK) return explain(d, sq, err);
  if (same_state(&now, &d->seen)) return EMEND_OK;
  return err_set(err, EMEND_EBUSY, "open", "%s changed while it was read: try again", d->path);
}

static emend_rc open_copy(sqlite_source *d, emend_error *err) {
  private_copy c = {{0}, {{{0}}}};
  emend_rc rc = make_private_dir(&c, err);
  if (!rc) rc = copy_files(d, &c, err);
  if (!rc) rc = check_unchanged(d, err);
  if (!rc) {
    int sq = connect_to(d, c.files[DB].path, "mode=rw", SQLITE_OPEN_READWRITE, err);
    if (sq != SQLITE_OK) rc = explain(d, sq, err);
  }
  unlink_copy(&c);
  d->mode = SQLITE_MODE_COPY;
  return rc;
}

static emend_rc open_in_place(sqlite_source *d, sqlite_mode mode, emend_error *err) {
  bool immutable = mode == SQLITE_MODE_IMMUTABLE;
  int rc = connect_to(d, d->path, immutable ? "mode=ro&immutable=1" : "mode=ro",
                      SQLITE_OPEN_READONLY, err);
  d->mode = mode;
  if (rc == SQLITE_OK) return EMEND_OK;
  bool no_locks = (rc & 0xFF) == SQLITE_IOERR || (rc & 0xFF) == SQLITE_PROTOCOL;
  bool cannot_write = (rc & 0xFF) == SQLITE_READONLY || (rc & 0xFF) == SQLITE_CANTOPEN;
  if (mode == SQLITE_MODE_WAL && (no_locks || cannot_write)) return open_copy(d, err);
  if (mode == SQLITE_MODE_PLAIN && no_locks)
    return open_in_place(d, SQLITE_MODE_IMMUTABLE, err); /* a file system without locks */
  return explain(d, rc, err);
}

static emend_rc open_as(sqlite_source *d, sqlite_mode mode, emend_error *err) {
  return mode == SQLITE_MODE_COPY ? open_copy(d, err) : open_in_place(d, mode, err);
}

/* Whether the connection may go on serving: a plain one follows changes by its locks, the others
 * hold one state of the file. */
static bool still_good(const sqlite_source *d, const file_state *now) {
  if (!d->db || d->stale || now->files[DB].inode != d->seen.files[DB].inode) return false;
  if (d->mode == SQLITE_MODE_PLAIN) return choose_mode(now) == SQLITE_MODE_PLAIN;
  return same_state(now, &d->seen);
}

/* https://www.sqlite.org/fileformat.html, 1.3: the schema cookie */
static int64_t schema_version_in(const unsigned char *header) {
  const unsigned char *p = header + 40;
  return (int32_t)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
}

bool sqlite_knows_version(const sqlite_source *d) {
  bool in_place = d->mode == SQLITE_MODE_PLAIN || d->mode == SQLITE_MODE_IMMUTABLE;
  return in_place && d->version >= 0 && d->version == d->version_seen;
}

emend_rc sqlite_refresh(sqlite_source *d, emend_error *err) {
  emend_rc rc = EMEND_OK;
  for (int i = 0; i < COPY_TRIES; i++) {
    file_state now;
    int sq = look(d, &now);
    if (sq != SQLITE_OK) return explain(d, sq, err);
    d->version_seen = schema_version_in(now.header);
    if (still_good(d, &now)) return EMEND_OK;
    sqlite_release(d, true);
    d->seen = now;
    d->stale = false;
    d->version = -1;
    rc = open_as(d, choose_mode(&now), err);
    if (rc != EMEND_EBUSY || is_canceled(d)) break;
  }
  return rc;
}

bool sqlite_is_torn(const sqlite_source *d) {
  file_state now;
  if (d->stale) return true;
  if (d->mode != SQLITE_MODE_IMMUTABLE) return false;
  return look(d, &now) != SQLITE_OK || !same_state(&now, &d->seen);
}

/* Beside a live writer nothing stays open: the last one to leave a WAL database tidies it up, and
 * a reader must not keep the writer from being the last. */
void sqlite_release(sqlite_source *d, bool all) {
  atomic_store(&d->running, NULL);
  if (!d->db || (!all && d->mode != SQLITE_MODE_WAL)) return;
  while (atomic_load(&d->cancelers) > 0) sqlite3_sleep(1);
  sqlite_forget_statements(d);
  sqlite3_close(d->db);
  d->db = NULL;
  d->mode = SQLITE_MODE_CLOSED;
}
