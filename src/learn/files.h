/* Files that are whole or not there: written beside, put on disk, renamed. Private to learn/. */
#ifndef LEARN_FILES_H
#define LEARN_FILES_H

#include "base/arena.h"
#include "base/err.h"

/** Makes the folder `path` and those above it, mode 0700; one that is there is no error. */
emend_rc files_make_folder(const char *path, emend_error *err);
/** `text` as the file `path`, mode 0600: after a crash the old file or the new one is there. */
emend_rc files_write(const char *path, str text, emend_error *err);
/** The file whole, in `a`. EMEND_ENOTFOUND; EMEND_ELIMIT past `max` bytes; EMEND_EIO. */
emend_rc files_read(const char *path, size_t max, arena *a, str *out, emend_error *err);
/** `from` becomes `to`, and that is on disk when the call returns. */
emend_rc files_rename(const char *from, const char *to, emend_error *err);
/** Takes the lock `path`, until `*fd` is closed or the process ends in whatever way. EMEND_EBUSY
 *  when another process has it. */
emend_rc files_lock(const char *path, int *fd, emend_error *err);
/** The folder with the files in it (no folders); one that is not there is no error. */
void files_remove_folder(const char *path);

#endif
