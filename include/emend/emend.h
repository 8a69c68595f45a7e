/* emend: a question in plain language in, checked SQL and its answer out.
 *
 * The one public header. An `emend_engine` may be used from many threads; an
 * `emend_answer` belongs to the thread that asked.
 */
#ifndef EMEND_H
#define EMEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define EMEND_API __attribute__((visibility("default")))
#else
#define EMEND_API
#endif

#define EMEND_VERSION "0.1.0"

/** What a call came to. Detail is in the `emend_error` that the call fills. */
typedef enum emend_rc {
  EMEND_OK = 0,
  EMEND_ENOMEM,    /* memory is exhausted, or an arena has reached its cap */
  EMEND_EUSAGE,    /* the caller's arguments make no sense */
  EMEND_ENOTFOUND, /* a named thing (file, source, answer) is not there */
  EMEND_EIO,       /* reading or writing failed */
  EMEND_EFORMAT,   /* a file or message is not what it claims to be */
  EMEND_EDB,       /* the database asked answered with an error */
  EMEND_EBUSY,     /* locked by another process, or a server is busy */
  EMEND_ETIMEOUT,  /* the time allowed ran out */
  EMEND_ECANCELED, /* `emend_cancel` or Ctrl-C */
  EMEND_ELIMIT,    /* a row, memory, depth or length cap was reached */
  EMEND_EREFUSED,  /* unsafe, or not a question that a SELECT can answer */
  EMEND_EVERSION,  /* written by a newer or incompatible version */
  EMEND_EINTERNAL  /* a bug of ours; please report it */
} emend_rc;

/** Why a call failed. Plain data: copy it freely. */
typedef struct emend_error {
  emend_rc code;
  char stage[24]; /* "open", "retrieve", "generate", "check", "execute", … */
  int64_t pos;    /* byte offset in the SQL or file, or -1 */
  char msg[512];  /* one line that says what happened and what to do */
} emend_error;

#ifdef __cplusplus
}
#endif
#endif
