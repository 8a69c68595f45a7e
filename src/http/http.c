/* One transfer over libcurl: its deadlines, its byte cap, and how it is cancelled.
 * When to try again is retry.c's. */
#include "http/http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum {
  DEFAULT_BYTES = 4 << 20,
  ERROR_BYTES = 64 << 10, /* kept of an answer that is not 2xx */
  SLICE_MS = 25,          /* how often "stop" is looked for */
  DEFAULT_TRIES = 4
};

typedef struct transfer {
  const http_request *req;
  http_response *out;
  CURL *easy;
  CURLM *multi;
  buf body;
  size_t n_read, max_bytes;
  double began, connected, last; /* clock_ms; 0: not yet */
  double retry_after_ms;         /* as the server asks; 0: it does not */
  bool stopped;
  char why[CURL_ERROR_SIZE];
} transfer;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void begin_curl(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

/* ---- what curl hands over ---- */

static bool is_2xx(const transfer *t) {
  long status = 0;
  curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
  return status >= 200 && status < 300;
}

static http_next take_piece(transfer *t, str piece) {
  bool good = is_2xx(t);
  if (good && t->req->on_data) return t->req->on_data(t->req->ctx, piece);
  size_t room = (good ? t->max_bytes : ERROR_BYTES) - t->body.len;
  if (piece.len > room) piece.len = room;
  buf_add(&t->body, piece);
  return good ? HTTP_MORE : HTTP_EMPTY;
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx) {
  transfer *t = ctx;
  str piece = {data, size * n};
  size_t given = piece.len;
  if (given > t->max_bytes - t->n_read) {
    piece.len = t->max_bytes - t->n_read;
    t->out->full = true;
  }
  t->n_read += piece.len;
  http_next next = take_piece(t, piece);
  if (next != HTTP_EMPTY) {
    t->last = clock_ms();
    if (t->out->first_ms <= 0) t->out->first_ms = t->last - t->began;
  }
  t->stopped = next == HTTP_STOP || t->out->full || t->body.failed;
  return t->stopped ? 0 : given;
}

/* The value of the header `name` in `line`, or the empty text. */
static str header_value(str line, str name) {
  if (!str_starts_nocase(line, name)) return (str){0};
  return str_trim(str_slice(line, name.len, line.len));
}

static void keep(char *to, size_t size, str value) {
  size_t n = value.len < size - 1 ? value.len : size - 1;
  memcpy(to, value.ptr, n);
  to[n] = 0;
}

static size_t on_header(char *data, size_t size, size_t n, void *ctx) {
  transfer *t = ctx;
  str line = {data, size * n}, value = header_value(line, STR("server:"));
  if (value.len) keep(t->out->server, sizeof t->out->server, value);
  value = header_value(line, STR("location:"));
  if (value.len) keep(t->out->location, sizeof t->out->location, value);
  return line.len;
}

/* ---- setting up ---- */

/* What the environment exempts from its proxy, and this machine itself. */
static bool set_proxy_rules(CURL *easy, arena *a) {
  const char *no = getenv("no_proxy");
  if (!no) no = getenv("NO_PROXY");
  char *all = arena_printf(a, "%s%slocalhost,127.0.0.1,::1", no ? no : "", no && *no ? "," : "");
  return all && curl_easy_setopt(easy, CURLOPT_NOPROXY, all) == CURLE_OK;
}

static bool set_up(transfer *t, arena *a, struct curl_slist **headers) {
  const http_request *req = t->req;
  CURL *e = t->easy;
  struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/json");
  struct curl_slist *more = list ? curl_slist_append(list, "Expect:") : NULL;
  *headers = list;
  if (!more || !set_proxy_rules(e, a)) return false;
  if (req->key) {
    char *line = arena_printf(a, "Authorization: Bearer %s", req->key);
    if (!line || !curl_slist_append(list, line)) return false;
  }
  if (req->body.ptr) {
    curl_easy_setopt(e, CURLOPT_POST, 1L);
    curl_easy_setopt(e, CURLOPT_POSTFIELDS, req->body.ptr);
    curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body.len);
  }
  curl_easy_setopt(e, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(e, CURLOPT_USERAGENT, "emend/" EMEND_VERSION);
  curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)req->connect_ms);
  curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->why);
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
  curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
  return curl_easy_setopt(e, CURLOPT_URL, req->url) == CURLE_OK;
}

/* ---- running ---- */

static bool is_canceled(const http_request *req) {
  return req->cancels && atomic_load(req->cancels) != req->cancels_before;
}

/* Ends what has run too long, or is no longer wanted. */
static emend_rc still_in_time(const transfer *t, emend_error *err) {
  const http_request *req = t->req;
  double now = clock_ms(), since = t->last > 0 ? t->last : t->began;
  double silence = t->last > 0 ? req->idle_ms : req->first_ms;
  if (is_canceled(req)) return err_set(err, EMEND_ECANCELED, "http", "canceled");
  if (req->deadline_ms > 0 && now >= req->deadline_ms)
    return err_set(err, EMEND_ETIMEOUT, "http",
                   "the time allowed ran out while waiting for %.200s; allow more with --timeout",
                   req->url);
  if (silence > 0 && now - since >= silence)
    return err_set(err, EMEND_ETIMEOUT, "http",
                   t->last > 0 ? "%.200s fell silent for %.1f s in the middle of its answer"
                               : "%.200s did not begin to answer within %.1f s; it may be loading "
                                 "the model: ask again, or set first_token_timeout",
                   req->url, silence / 1e3);
  return EMEND_OK;
}

static emend_rc explain(const transfer *t, CURLcode code, emend_error *err) {
  const char *url = t->req->url, *why = t->why[0] ? t->why : curl_easy_strerror(code);
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return err_set(err, EMEND_EIO, "http", "there is no host as in %.200s; look at its spelling",
                     url);
    case CURLE_COULDNT_CONNECT:
      return err_set(err, EMEND_EIO, "http",
                     "nothing answers at %.200s: %.150s; is the model server running?", url, why);
    case CURLE_OPERATION_TIMEDOUT:
      return err_set(err, EMEND_ETIMEOUT, "http", "no connection to %.200s within %.1f s", url,
                     t->req->connect_ms / 1e3);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return err_set(err, EMEND_EUSAGE, "http", "\"%.200s\" is not an http:// or https:// address",
                     url);
    case CURLE_OUT_OF_MEMORY:
      return err_nomem(err, "http");
    default:
      return err_set(err, EMEND_EIO, "http", "%.200s: %.200s", url, why);
  }
}

/* What the end of the transfer means. */
static emend_rc finish(transfer *t, CURLcode code, emend_error *err) {
  curl_off_t wait = 0;
  long status = 0;
  curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &wait);
  t->out->status = (int)status;
  t->retry_after_ms = (double)wait * 1e3;
  if (t->body.failed) return err_nomem(err, "http");
  if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && t->stopped)) return EMEND_OK;
  if (status && t->n_read > 0 &&
      (code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_HTTP2_STREAM ||
       code == CURLE_GOT_NOTHING)) {
    t->out->broken_off = true;
    return EMEND_OK;
  }
  return explain(t, code, err);
}

static emend_rc run(transfer *t, emend_error *err) {
  int running = 1;
  if (curl_multi_add_handle(t->multi, t->easy)) return err_nomem(err, "http");
  while (running) {
    emend_rc rc = still_in_time(t, err);
    if (rc) return rc;
    if (curl_multi_perform(t->multi, &running) ||
        (running && curl_multi_poll(t->multi, NULL, 0, SLICE_MS, NULL)))
      return err_set(err, EMEND_EIO, "http", "the transfer from %.200s failed", t->req->url);
  }
  int left;
  CURLMsg *m = curl_multi_info_read(t->multi, &left);
  return finish(t, m ? m->data.result : CURLE_FAILED_INIT, err);
}

static emend_rc send_once(const http_request *req, arena *a, http_response *out,
                          double *retry_after_ms, emend_error *err) {
  struct curl_slist *headers = NULL;
  transfer t = {.req = req,
                .out = out,
                .easy = curl_easy_init(),
                .multi = curl_multi_init(),
                .began = clock_ms(),
                .max_bytes = req->max_bytes ? req->max_bytes : DEFAULT_BYTES};
  buf_init(&t.body, t.max_bytes + ERROR_BYTES);
  out->full = out->broken_off = false;
  emend_rc rc = EMEND_OK;
  if (!t.easy || !t.multi || !set_up(&t, a, &headers)) rc = err_nomem(err, "http");
  if (!rc) rc = run(&t, err);
  if (t.easy && t.multi) curl_multi_remove_handle(t.multi, t.easy);
  curl_easy_cleanup(t.easy);
  curl_multi_cleanup(t.multi);
  curl_slist_free_all(headers);
  *retry_after_ms = t.retry_after_ms;
  out->body = rc ? (str){0} : arena_str(a, buf_str(&t.body));
  buf_free(&t.body);
  return !rc && !out->body.ptr ? err_nomem(err, "http") : rc;
}

/* ---- and again ---- */

static emend_rc wait_for(const http_request *req, double ms, int status, emend_error *err) {
  double until = clock_ms() + ms;
  if (req->deadline_ms > 0 && until >= req->deadline_ms)
    return err_set(err, EMEND_EBUSY, "http",
                   "%.200s is busy (status %d) and asks to wait longer than there is time; ask "
                   "again later",
                   req->url, status);
  CURLM *clock = curl_multi_init();
  if (!clock) return err_nomem(err, "http");
  emend_rc rc = EMEND_OK;
  while (!rc && clock_ms() < until) {
    double left = until - clock_ms();
    curl_multi_poll(clock, NULL, 0, left < SLICE_MS ? (int)left + 1 : SLICE_MS, NULL);
    if (is_canceled(req)) rc = err_set(err, EMEND_ECANCELED, "http", "canceled");
  }
  curl_multi_cleanup(clock);
  return rc;
}

emend_rc http_send(const http_request *req, arena *a, http_response *out, emend_error *err) {
  int most = req->tries > 0 ? req->tries : DEFAULT_TRIES;
  double began = clock_ms();
  *out = (http_response){0};
  pthread_once(&once, begin_curl);
  for (;;) {
    double retry_after_ms = 0;
    out->tries++;
    emend_rc rc = send_once(req, a, out, &retry_after_ms, err);
    out->ms = clock_ms() - began;
    if (rc || !http_is_busy(out->status)) return rc;
    if (out->tries >= most)
      return err_set(err, EMEND_EBUSY, "http",
                     "%.200s stayed busy (status %d, asked %d times); ask again later", req->url,
                     out->status, out->tries);
    rc = wait_for(req, http_backoff_ms(out->tries + 1, retry_after_ms), out->status, err);
    if (rc) return rc;
  }
}
