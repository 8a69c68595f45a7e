/* Writing files so that a crash leaves them whole. See files.h. */
#define _GNU_SOURCE
#include "learn/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char STAGE[] = "learn";
enum { PATH_BYTES = 1 << 16 };

static emend_rc cannot(const char *what, const char *path, emend_error *err) {
  return err_set(err, EMEND_EIO, STAGE, "cannot %s %s: %s", what, path, strerror(errno));
}

emend_rc files_make_folder(const char *path, emend_error *err) {
  arena *a = arena_create(PATH_BYTES);
  char *copy = a ? arena_strndup(a, path, strlen(path)) : NULL;
  emend_rc rc = copy ? EMEND_OK : err_nomem(err, STAGE);
  for (char *p = copy ? copy + 1 : NULL; !rc && p; p = *p ? p + 1 : NULL) {
    p = strchrnul(p, '/');
    char end = *p;
    *p = 0;
    struct stat st;
    if (mkdir(copy, 0700) && (stat(copy, &st) || !S_ISDIR(st.st_mode)))
      rc = cannot("make the folder", copy, err);
    *p = end;
  }
  arena_destroy(a);
  return rc;
}

/* The folder that `path` lies in is told to keep what was renamed in it. */
static void sync_parent(const char *path, arena *a) {
  const char *slash = strrchr(path, '/');
  char *folder = slash ? arena_strndup(a, path, (size_t)(slash - path) + 1) : NULL;
  int fd = open(folder ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

static bool write_all(int fd, str text) {
  while (text.len) {
    ssize_t n = write(fd, text.ptr, text.len);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text = str_slice(text, (size_t)n, text.len);
  }
  return true;
}

emend_rc files_write(const char *path, str text, emend_error *err) {
  arena *a = arena_create(PATH_BYTES);
  char *beside = a ? arena_printf(a, "%s.tmp%ld", path, (long)getpid()) : NULL;
  if (!beside) {
    arena_destroy(a);
    return err_nomem(err, STAGE);
  }
  int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  emend_rc rc = fd < 0 ? cannot("write", beside, err) : EMEND_OK;
  if (!rc && (!write_all(fd, text) || fsync(fd))) rc = cannot("write", beside, err);
  if (fd >= 0 && close(fd) && !rc) rc = cannot("write", beside, err);
  if (!rc && rename(beside, path)) rc = cannot("write", path, err);
  if (rc)
    unlink(beside);
  else
    sync_parent(path, a);
  arena_destroy(a);
  return rc;
}

emend_rc files_read(const char *path, size_t max, arena *a, str *out, emend_error *err) {
  *out = (str){0};
  FILE *f = fopen(path, "rbe");
  if (!f)
    return errno == ENOENT ? err_set(err, EMEND_ENOTFOUND, STAGE, "there is no file %s", path)
                           : cannot("read", path, err);
  buf b;
  char chunk[65536];
  size_t n;
  buf_init(&b, max);
  while (!b.failed && (n = fread(chunk, 1, sizeof chunk, f)) > 0) buf_add(&b, (str){chunk, n});
  emend_rc rc = ferror(f) ? cannot("read", path, err) : EMEND_OK;
  fclose(f);
  if (!rc && b.failed)
    rc = err_set(err, EMEND_ELIMIT, STAGE, "%s is larger than %zu bytes", path, max);
  if (!rc) {
    *out = arena_str(a, buf_str(&b));
    if (!out->ptr) rc = err_nomem(err, STAGE);
  }
  buf_free(&b);
  return rc;
}

emend_rc files_rename(const char *from, const char *to, emend_error *err) {
  arena *a = arena_create(PATH_BYTES);
  if (!a) return err_nomem(err, STAGE);
  emend_rc rc = rename(from, to) ? cannot("write", to, err) : EMEND_OK;
  if (!rc) sync_parent(to, a);
  arena_destroy(a);
  return rc;
}

emend_rc files_lock(const char *path, int *fd, emend_error *err) {
  *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (*fd < 0) return cannot("write", path, err);
  if (flock(*fd, LOCK_EX | LOCK_NB) == 0) return EMEND_OK;
  close(*fd);
  *fd = -1;
  return err_set(err, EMEND_EBUSY, STAGE, "another process is at a round of learning: %s is taken",
                 path);
}

void files_remove_folder(const char *path) {
  DIR *dir = opendir(path);
  for (struct dirent *e; dir && (e = readdir(dir));)
    if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) unlinkat(dirfd(dir), e->d_name, 0);
  if (dir) closedir(dir);
  rmdir(path);
}
