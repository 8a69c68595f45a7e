/* An HTTP client: one request, with deadlines for connecting, for the first byte, for silence and
 * for the whole; streaming under a byte cap; waiting and trying again while a server is busy.
 * Follows no redirect, so that a key never goes to another host than it was meant for. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/err.h"

/** What the receiver of a piece makes of it. */
typedef enum http_next {
  HTTP_MORE,  /* something of worth: the wait for silence begins anew */
  HTTP_EMPTY, /* nothing of worth in it (a keep-alive): the clocks run on */
  HTTP_STOP   /* enough was read; not an error */
} http_next;

typedef struct http_request {
  const char *url;
  const char *key; /* sent as "Authorization: Bearer"; NULL: none */
  str body;        /* JSON, posted; {NULL,0}: a GET */
  /* Milliseconds; 0: none. `first` and `idle` count pieces that are HTTP_MORE. */
  double connect_ms, first_ms, idle_ms;
  double deadline_ms;         /* on clock_ms; 0: none */
  const atomic_uint *cancels; /* how often "stop" was said; NULL: nobody can */
  unsigned cancels_before;
  size_t max_bytes; /* of the body; 0: 4 MiB */
  int tries;        /* while the server is busy (429, 503); 0: 4 */
  /** Gets the body of a 2xx answer piece by piece; NULL: it is kept in http_response.body. */
  http_next (*on_data)(void *ctx, str piece);
  void *ctx;
} http_request;

typedef struct http_response {
  int status;
  str body;           /* without on_data, and of any answer that is not 2xx; in `a` */
  bool full;          /* max_bytes was reached, and the rest was not read */
  bool broken_off;    /* the connection ended before the body did */
  char server[64];    /* the header of that name; may be empty */
  char location[256]; /* where a redirect that was not followed leads */
  int tries;
  double ms, first_ms;
} http_response;

/**
 * Send `req` and read the answer.
 *
 * Owns:    *out's body lives in `a`.
 * Returns: EMEND_OK for every answer of the server, whatever its status; EMEND_EUSAGE for a URL
 *          that is not http or https; EMEND_EIO when no connection can be made; EMEND_ETIMEOUT,
 *          naming the deadline; EMEND_ECANCELED within 100 ms; EMEND_EBUSY when it stayed busy,
 *          or asks for a longer wait than there is time; EMEND_ENOMEM.
 */
emend_rc http_send(const http_request *req, arena *a, http_response *out, emend_error *err);

/* ---- retry.c ---- */

/** Milliseconds to wait before try number `next` (2, 3, …): what the server asked for, else
 *  doubling with jitter. */
double http_backoff_ms(int next, double retry_after_ms);
/** True for an answer that says "later". */
bool http_is_busy(int status);

#endif
